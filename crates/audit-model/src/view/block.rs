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

/// Bytes before a quote by which it is told whether it may end a text that is sought.
pub(crate) const KNOWN: usize = 3;

/// The last bytes of some texts, by the place before their end: for the lower and the upper half of a byte, which texts
/// can have it there, one bit for some of them.
pub(crate) type Endings = [[[u8; 16]; 2]; KNOWN];

/// What a block is read with that stands before it.
pub(crate) const WINDOW: usize = 64 + KNOWN;

/// Where quotes are that may end a text, and where backslashes are, in the 64 bytes at the end of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stops {
    pub(crate) ends: u64,
    pub(crate) backslashes: u64,
}

/// A way to look at many bytes at once.
pub(crate) trait Look: Copy {
    fn marks(self, block: &[u8; 64]) -> Marks;

    /// Endings in the form in which they are looked for.
    type Endings: Copy;

    fn endings(self, endings: &Endings) -> Self::Endings;

    fn text_ends(self, endings: &Self::Endings, window: &[u8; WINDOW]) -> Stops;

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

    type Endings = [[u8x32<S>; 2]; KNOWN];

    #[inline(always)]
    fn endings(self, endings: &Endings) -> Self::Endings {
        let wide = |table: &[u8; 16]| {
            let mut both = [0; 32];
            let (chunks, _) = both.as_chunks_mut::<16>();
            for chunk in chunks {
                *chunk = *table;
            }
            u8x32::load_array(self.0, both)
        };
        let [last, second, third] = endings;
        [last, second, third].map(|[lower, upper]| [wide(lower), wide(upper)])
    }

    #[inline(always)]
    fn text_ends(self, endings: &Self::Endings, window: &[u8; WINDOW]) -> Stops {
        let (first, _) = window.split_at(32 + KNOWN);
        let (_, second) = window.split_at(32);
        let [ends, backslashes] = self.half_ends(endings, first);
        let [more_ends, more_backslashes] = self.half_ends(endings, second);
        Stops {
            ends: joined(ends, more_ends),
            backslashes: joined(backslashes, more_backslashes),
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

impl<S: Simd> Vector<S> {
    /// The same as [`Look::text_ends`] for 32 bytes and those before them.
    #[inline(always)]
    fn half_ends(self, endings: &[[u8x32<S>; 2]; KNOWN], window: &[u8]) -> [mask8x32<S>; 2] {
        let load = |at: usize| {
            let bytes = window.get(at..).and_then(|rest| rest.first_chunk());
            u8x32::load_array_ref(self.0, bytes.unwrap_or(&[0; 32]))
        };
        let half = u8x32::splat(self.0, 0xf);
        // Written out, or it would be a loop.
        let known = |[lower, upper]: [u8x32<S>; 2], bytes: u8x32<S>| {
            lower.swizzle_dyn_within_blocks(bytes & half)
                & upper.swizzle_dyn_within_blocks((bytes >> 4_u32) & half)
        };
        let [last, second, third] = *endings;
        let bytes = load(KNOWN);
        let quote = u8x32::splat(self.0, b'"');
        let found = known(last, load(2)) & known(second, load(1)) & known(third, load(0));
        let ends = found.simd_gt(u8x32::splat(self.0, 0)) & bytes.simd_eq(quote);
        let backslashes = bytes.simd_eq(u8x32::splat(self.0, b'\\'));
        [ends, backslashes]
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

    type Endings = Endings;

    #[inline(always)]
    fn endings(self, endings: &Endings) -> Endings {
        *endings
    }

    #[inline(always)]
    fn text_ends(self, endings: &Endings, window: &[u8; WINDOW]) -> Stops {
        let mut stops = Stops {
            ends: 0,
            backslashes: 0,
        };
        for (at, places) in window.windows(KNOWN + 1).enumerate() {
            let Some((last, before)) = places.split_last() else {
                continue;
            };
            if *last == b'\\' {
                stops.backslashes |= 1 << at;
            } else if *last == b'"' {
                let is_known = |(halves, byte): (&[[u8; 16]; 2], &u8)| {
                    let [lower, upper] = halves;
                    let lower = lower.get(usize::from(byte & 0xf)).copied();
                    let upper = upper.get(usize::from(byte >> 4)).copied();
                    lower.unwrap_or_default() & upper.unwrap_or_default()
                };
                let known = endings.iter().zip(before.iter().rev()).map(is_known);
                if known.fold(0xff, |all, bits| all & bits) != 0 {
                    stops.ends |= 1 << at;
                }
            }
        }
        stops
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
mod tests;
