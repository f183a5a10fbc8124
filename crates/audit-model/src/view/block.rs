//! Bytes taken 64 at a time: where strings, escapes and brackets are.
//!
//! Whoever calls these functions must be compiled with the same vector instructions, so all of them are inlined.

use std::hint::black_box;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, mask8x32, u8x32, u8x64};

/// What stands where in 64 bytes, one bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) quotes: u64,
    pub(crate) backslashes: u64,
    /// Opening and closing, of both kinds.
    pub(crate) brackets: u64,
    pub(crate) controls: u64,
}

/// A way to look at many bytes at once.
pub(crate) trait Look: Copy {
    fn marks(self, block: &[u8; 64]) -> Marks;

    /// Whether some byte is not ASCII.
    fn beyond_ascii(self, block: &[u8; 64]) -> bool;

    /// Where a string may end, or be ended by a control character, and where backslashes are.
    fn stops(self, block: &[u8; 32]) -> (u32, u32);

    /// Which bytes of the two are the same.
    fn same(self, one: &[u8; 32], other: &[u8; 32]) -> u32;
}

/// With the vector instructions of the processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vector<S: Simd>(pub(crate) S);

impl<S: Simd> Look for Vector<S> {
    #[inline(always)]
    fn marks(self, block: &[u8; 64]) -> Marks {
        let bytes = u8x64::load_array_ref(self.0, block);
        let (low, high) = self.0.split_u8x64(bytes);
        let is = |bytes: u8x32<S>, byte: u8| bytes.simd_eq(u8x32::splat(self.0, byte));
        // `[` and `{` differ in this bit only, and so do `]` and `}`.
        let both = |bytes: u8x32<S>| bytes | u8x32::splat(self.0, 0x20);
        let brackets = |bytes| is(both(bytes), b'{') | is(both(bytes), b'}');
        let controls = |bytes: u8x32<S>| bytes.simd_lt(u8x32::splat(self.0, 0x20));
        Marks {
            quotes: joined(is(low, b'"'), is(high, b'"')),
            backslashes: joined(is(low, b'\\'), is(high, b'\\')),
            brackets: joined(brackets(low), brackets(high)),
            controls: joined(controls(low), controls(high)),
        }
    }

    #[inline(always)]
    fn beyond_ascii(self, block: &[u8; 64]) -> bool {
        let bytes = u8x64::load_array_ref(self.0, block);
        bytes.simd_ge(u8x64::splat(self.0, 0x80)).any_true()
    }

    #[inline(always)]
    fn stops(self, block: &[u8; 32]) -> (u32, u32) {
        let bytes = u8x32::load_array_ref(self.0, block);
        let quotes = bytes.simd_eq(u8x32::splat(self.0, b'"'));
        let controls = bytes.simd_lt(u8x32::splat(self.0, 0x20));
        let backslashes = bytes.simd_eq(u8x32::splat(self.0, b'\\'));
        (
            low((quotes | controls).to_bitmask()),
            low(backslashes.to_bitmask()),
        )
    }

    #[inline(always)]
    fn same(self, one: &[u8; 32], other: &[u8; 32]) -> u32 {
        let other = u8x32::load_array_ref(self.0, other);
        let same = u8x32::load_array_ref(self.0, one).simd_eq(other);
        low(same.to_bitmask())
    }
}

/// One bit for each of 64 bytes.
///
/// Left to itself the compiler takes two masks that are put together for a vector of 64 bits, and where there is no such
/// vector it takes that apart bit by bit, with hundreds of instructions. What it knows nothing of it leaves alone.
#[inline(always)]
fn joined<S: Simd>(low: mask8x32<S>, high: mask8x32<S>) -> u64 {
    low.to_bitmask() | black_box(high.to_bitmask()) << 32
}

/// The bits of the 32 bytes that were looked at.
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "a mask of 32 bytes has 32 bits"
)]
fn low(mask: u64) -> u32 {
    mask as u32
}

/// With ordinary words, where there are no vector instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte of a word that is a certain one.
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    zero(word ^ (ONES * u64::from(byte)))
}

/// The high bit of each byte that is zero.
#[inline(always)]
fn zero(word: u64) -> u64 {
    !((((word & !HIGH) + !HIGH) | word) | !HIGH)
}

/// The high bit of each byte that is below 0x20.
#[inline(always)]
fn control(word: u64) -> u64 {
    !(((word & !HIGH) + ONES * 0x60) | word) & HIGH
}

/// One bit for each high bit.
#[inline(always)]
fn gather(high: u64) -> u64 {
    (high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[inline(always)]
fn words<const N: usize>(block: &[u8; N]) -> impl Iterator<Item = (usize, u64)> + '_ {
    let (chunks, _) = block.as_chunks::<8>();
    chunks
        .iter()
        .enumerate()
        .map(|(at, chunk)| (at * 8, u64::from_le_bytes(*chunk)))
}

impl Look for Words {
    #[inline(always)]
    fn marks(self, block: &[u8; 64]) -> Marks {
        let mut marks = Marks {
            quotes: 0,
            backslashes: 0,
            brackets: 0,
            controls: 0,
        };
        for (shift, word) in words(block) {
            let both = word | (ONES * 0x20);
            marks.quotes |= gather(equal(word, b'"')) << shift;
            marks.backslashes |= gather(equal(word, b'\\')) << shift;
            marks.brackets |= gather(equal(both, b'{') | equal(both, b'}')) << shift;
            marks.controls |= gather(control(word)) << shift;
        }
        marks
    }

    #[inline(always)]
    fn beyond_ascii(self, block: &[u8; 64]) -> bool {
        words(block).fold(0, |all, (_, word)| all | word) & HIGH != 0
    }

    #[inline(always)]
    fn stops(self, block: &[u8; 32]) -> (u32, u32) {
        let (mut stops, mut backslashes) = (0, 0);
        for (shift, word) in words(block) {
            stops |= gather(equal(word, b'"') | control(word)) << shift;
            backslashes |= gather(equal(word, b'\\')) << shift;
        }
        (low(stops), low(backslashes))
    }

    #[inline(always)]
    fn same(self, one: &[u8; 32], other: &[u8; 32]) -> u32 {
        let pairs = words(one).zip(words(other));
        low(pairs.fold(0, |same, ((shift, one), (_, other))| {
            same | gather(zero(one ^ other)) << shift
        }))
    }
}

/// Whether there are no bytes beyond ASCII.
#[inline(always)]
pub(crate) fn is_ascii<L: Look>(look: L, bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<64>();
    let mut beyond = false;
    for block in blocks {
        beyond |= look.beyond_ascii(block);
    }
    !beyond && rest.is_ascii()
}

/// Which bytes a backslash escapes; `carry` says whether the block before ended in a backslash that escapes.
#[inline(always)]
pub(crate) fn escaped(backslashes: u64, carry: &mut u64) -> u64 {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    if backslashes == 0 {
        return std::mem::take(carry);
    }
    // A backslash that is escaped itself begins no escape; runs alternate from their first one.
    let begins = backslashes & !*carry;
    let alternating = ((begins << 1) | ODD).wrapping_sub(begins) ^ ODD;
    let escaped = alternating ^ (backslashes | *carry);
    *carry = (alternating & backslashes) >> 63;
    escaped
}

/// The same for the 32 bytes at the beginning of which no escape is open; and whether one is open at their end.
#[inline(always)]
pub(crate) fn escaped_half(backslashes: u32) -> (u32, bool) {
    let mut carry = 0;
    // What would be the 33rd byte tells whether the last one escapes.
    let escaped = escaped(u64::from(backslashes), &mut carry);
    (low(escaped), escaped >> 32 & 1 == 1)
}

/// Which bytes are within strings, the opening quotes among them and the closing ones not; `carry` is all ones when a
/// string is open.
#[inline(always)]
pub(crate) fn inside(quotes: u64, carry: &mut u64) -> u64 {
    let mut mask = quotes;
    for shift in [1, 2, 4, 8, 16, 32] {
        mask ^= mask << shift;
    }
    mask ^= *carry;
    *carry = 0_u64.wrapping_sub(mask >> 63);
    mask
}

/// The last bytes of a text, of which there are fewer than a block has. What follows them ends no string and is no bracket.
#[cold]
#[inline(never)]
pub(crate) fn padded<const N: usize>(rest: &[u8]) -> [u8; N] {
    let mut block = [0; N];
    for (to, from) in block.iter_mut().zip(rest) {
        *to = *from;
    }
    block
}

/// Which brackets are open in a value that is passed over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Nesting {
    /// The kinds of the open ones, the innermost lowest; a set bit is an object.
    kinds: u64,
    depth: u32,
}

/// Where a value ends that begins with a bracket; `None` if it does not, holds a control character in a string or a
/// backslash outside of one, has brackets that do not match, or nests deeper than a word has bits.
#[inline(always)]
pub(crate) fn skip<L: Look>(look: L, bytes: &[u8], start: usize) -> Option<usize> {
    let mut nesting = Nesting::default();
    let (mut escape, mut string) = (0, 0);
    let mut at = start;
    loop {
        let rest = bytes.get(at..)?;
        let marks = match rest.first_chunk::<64>() {
            Some(block) => look.marks(block),
            None if rest.is_empty() => return None,
            None => look.marks(&padded(rest)),
        };
        let quotes = marks.quotes & !escaped(marks.backslashes, &mut escape);
        let strings = inside(quotes, &mut string);
        // A backslash outside of a string escapes nothing, and so may not be taken for one that does.
        let bad = (marks.controls & strings) | (marks.backslashes & !strings);
        let mut brackets = marks.brackets & !strings;
        while brackets != 0 {
            let bit = brackets.trailing_zeros() as usize;
            brackets &= brackets - 1;
            let byte = *rest.get(bit)?;
            let object = u64::from(byte >> 5 & 1);
            if byte & 2 != 0 {
                nesting.kinds = nesting.kinds << 1 | object;
                nesting.depth += 1;
                if nesting.depth > u64::BITS {
                    return None;
                }
            } else {
                if (nesting.kinds ^ object) & 1 != 0 {
                    return None;
                }
                nesting.kinds >>= 1;
                nesting.depth -= 1;
                if nesting.depth == 0 {
                    let before = (1_u64 << bit) - 1;
                    return (bad & before == 0).then_some(at + bit + 1);
                }
            }
        }
        if bad != 0 {
            return None;
        }
        at += 64;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scan;

    /// Runs the same code with each way of looking.
    fn both(bytes: &[u8]) -> [Option<usize>; 2] {
        let level = fearless_simd::Level::new();
        [
            fearless_simd::dispatch!(level, simd => skip(Vector(simd), bytes, 0)),
            skip(Words, bytes, 0),
        ]
    }

    fn naive_escaped(bytes: &[u8]) -> Vec<bool> {
        let mut escaped = vec![false; bytes.len() + 1];
        for at in 0..bytes.len() {
            escaped[at + 1] = bytes[at] == b'\\' && !escaped[at];
        }
        escaped
    }

    fn has_backslash_outside(mut bytes: &[u8]) -> bool {
        while let Some(at) = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
            if bytes[at] == b'\\' {
                return true;
            }
            let (end, _) = scan::string_end(bytes, at + 1).unwrap();
            bytes = &bytes[end + 1..];
        }
        false
    }

    /// Text with many of the bytes that matter.
    fn text(most: usize) -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            6 => Just(b'"'), 6 => Just(b'\\'), 3 => Just(b'{'), 3 => Just(b'}'), 2 => Just(b'['), 2 => Just(b']'),
            8 => Just(b'a'), 1 => any::<u8>(),
        ];
        prop::collection::vec(byte, 0..most)
    }

    proptest! {
        #[test]
        fn both_ways_of_looking_see_the_same(bytes in prop::array::uniform32(any::<u8>()), more in prop::array::uniform32(any::<u8>())) {
            let mut block = [0; 64];
            block[..32].copy_from_slice(&bytes);
            block[32..].copy_from_slice(&more);
            let level = fearless_simd::Level::new();
            let marks = fearless_simd::dispatch!(level, simd => Vector(simd).marks(&block));
            prop_assert_eq!(marks, Words.marks(&block));
            let stops = fearless_simd::dispatch!(level, simd => Vector(simd).stops(&bytes));
            prop_assert_eq!(stops, Words.stops(&bytes));
            let mut other = more;
            other[..16].copy_from_slice(&bytes[..16]);
            let same = fearless_simd::dispatch!(level, simd => Vector(simd).same(&bytes, &other));
            prop_assert_eq!(same, Words.same(&bytes, &other));
            for at in 0..32 {
                prop_assert_eq!(same >> at & 1 == 1, bytes[at] == other[at]);
            }
            let beyond = fearless_simd::dispatch!(level, simd => Vector(simd).beyond_ascii(&block));
            prop_assert_eq!(beyond, Words.beyond_ascii(&block));
            prop_assert_eq!(beyond, !block.is_ascii());
            prop_assert_eq!(is_ascii(Words, &block[..bytes[0] as usize % 65]), block[..bytes[0] as usize % 65].is_ascii());
        }

        #[test]
        fn escapes_are_those_that_one_finds_byte_by_byte(bytes in text(200)) {
            let naive = naive_escaped(&bytes);
            let mut carry = 0;
            for (at, chunk) in bytes.chunks(64).enumerate() {
                let mut backslashes = 0;
                for (bit, byte) in chunk.iter().enumerate() {
                    backslashes |= u64::from(*byte == b'\\') << bit;
                }
                let mask = escaped(backslashes, &mut carry);
                for bit in 0..chunk.len() {
                    prop_assert_eq!(mask >> bit & 1 == 1, naive[at * 64 + bit]);
                }
            }
            if bytes.len() >= 32 {
                let mut backslashes = 0;
                for (bit, byte) in bytes[..32].iter().enumerate() {
                    backslashes |= u32::from(*byte == b'\\') << bit;
                }
                let (mask, open) = escaped_half(backslashes);
                for (bit, naive) in naive.iter().take(32).enumerate() {
                    prop_assert_eq!(mask >> bit & 1 == 1, *naive);
                }
                prop_assert_eq!(open, naive[32]);
            }
        }

        #[test]
        fn a_value_ends_where_the_decoder_says(bytes in text(300), open in prop_oneof![Just(b'{'), Just(b'[')]) {
            let mut text = vec![open];
            text.extend(bytes);
            let slow = scan::skip(&text, 0).ok().filter(|(_, depth)| *depth <= 64).map(|(end, _)| end);
            let [vector, words] = both(&text);
            prop_assert_eq!(vector, words);
            // What the decoder takes and this does not has a backslash where none belongs.
            let odd = slow.is_some_and(|end| has_backslash_outside(&text[..end]));
            prop_assert_eq!(vector, slow.filter(|_| !odd));
        }
    }

    #[test]
    fn values_of_all_lengths_end_where_they_end() {
        for n in 0..200 {
            let text = format!("[{}\"{}\"]", "[]".repeat(n % 7), "x".repeat(n));
            assert_eq!(both(text.as_bytes()), [Some(text.len()); 2]);
            assert_eq!(both(&text.as_bytes()[..text.len() - 1]), [None; 2]);
        }
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(both(deep(64).as_bytes()), [Some(128); 2]);
        assert_eq!(both(deep(65).as_bytes()), [None; 2]);
        assert_eq!(both(b"[}"), [None; 2]);
        assert_eq!(both(b"[\"\x01\"]"), [None; 2]);
        assert_eq!(both(b"[]\"\x01\""), [Some(2); 2]);
    }
}
