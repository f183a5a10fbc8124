//! Many bytes at a time: where quotes, escapes and brackets are.
//!
//! Whoever calls these functions must be compiled with the same vector instructions, so all of them are inlined.

mod kept;
mod words;

use std::hint::black_box;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, mask8x32, mask8x64, u8x16, u8x32, u8x64};

use kept::kept_of;
pub(crate) use words::Words;

/// What stands where in 64 bytes, one bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) quotes: u64,
    pub(crate) backslashes: u64,
    /// Opening and closing, of both kinds.
    pub(crate) brackets: u64,
    /// Whether there is a control character, which hardly any block has.
    pub(crate) has_controls: bool,
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

/// What may not stand in a string as it is, in 32 bytes, one bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Special {
    pub(crate) quotes: u32,
    pub(crate) backslashes: u32,
    pub(crate) controls: u32,
    /// What may, but is not ASCII.
    pub(crate) beyond_ascii: u32,
}

/// A way to look at many bytes at once.
pub(crate) trait Look: Copy {
    /// Does something in a function of its own that is compiled for these instructions.
    fn apart<R>(self, what: impl FnOnce() -> R) -> R;

    fn marks(self, block: &[u8; 64]) -> Marks;

    /// Where control characters are.
    fn controls(self, block: &[u8; 64]) -> u64;

    /// Endings in the form in which they are looked for.
    type Endings: Copy;

    fn endings(self, endings: &Endings) -> Self::Endings;

    fn text_ends(self, endings: &Self::Endings, window: &[u8; WINDOW]) -> Stops;

    /// Whether some byte is not ASCII.
    fn beyond_ascii(self, block: &[u8; 64]) -> bool;

    /// Where a string may end, or be ended by a control character, and where backslashes are.
    fn stops(self, block: &[u8; 32]) -> (u32, u32);

    fn special(self, block: &[u8; 32]) -> Special;

    /// Writes the first 32 bytes of a window without those of a mask; how many there are. What is written behind them counts
    /// for nothing.
    fn without(self, window: &[u8; 64], left_out: u32, out: &mut [u8; 64]) -> usize;

    /// Which bytes of the two are the same.
    fn same(self, one: &[u8; 32], other: &[u8; 32]) -> u32;
}

/// With the vector instructions of the processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vector<S: Simd>(pub(crate) S);

impl<S: Simd> Look for Vector<S> {
    #[inline(always)]
    fn apart<R>(self, what: impl FnOnce() -> R) -> R {
        self.0.vectorize(what)
    }

    #[inline(always)]
    fn marks(self, block: &[u8; 64]) -> Marks {
        let bytes = u8x64::load_array_ref(self.0, block);
        let is = |bytes: u8x64<S>, byte: u8| bytes.simd_eq(u8x64::splat(self.0, byte));
        // `[` and `{` differ in this bit only, and so do `]` and `}`.
        let both = bytes | u8x64::splat(self.0, 0x20);
        Marks {
            quotes: word(self.0, is(bytes, b'"')),
            backslashes: word(self.0, is(bytes, b'\\')),
            brackets: word(self.0, is(both, b'{') | is(both, b'}')),
            has_controls: bytes.simd_lt(u8x64::splat(self.0, 0x20)).any_true(),
        }
    }

    #[inline(always)]
    fn controls(self, block: &[u8; 64]) -> u64 {
        let bytes = u8x64::load_array_ref(self.0, block);
        word(self.0, bytes.simd_lt(u8x64::splat(self.0, 0x20)))
    }

    type Endings = [[u8x64<S>; 2]; KNOWN];

    #[inline(always)]
    fn endings(self, endings: &Endings) -> Self::Endings {
        let wide = |table: &[u8; 16]| {
            let mut all = [0; 64];
            let (chunks, _) = all.as_chunks_mut::<16>();
            for chunk in chunks {
                *chunk = *table;
            }
            u8x64::load_array(self.0, all)
        };
        let [last, second, third] = endings;
        [last, second, third].map(|[lower, upper]| [wide(lower), wide(upper)])
    }

    #[inline(always)]
    fn text_ends(self, endings: &Self::Endings, window: &[u8; WINDOW]) -> Stops {
        let load = |at: usize| {
            let bytes = window.get(at..).and_then(|rest| rest.first_chunk());
            u8x64::load_array_ref(self.0, bytes.unwrap_or(&[0; 64]))
        };
        let [last, second, third] = *endings;
        let bytes = load(KNOWN);
        // Written out, or it would be a loop.
        let found =
            self.known(last, load(2)) & self.known(second, load(1)) & self.known(third, load(0));
        let ends =
            found.simd_gt(u8x64::splat(self.0, 0)) & bytes.simd_eq(u8x64::splat(self.0, b'"'));
        Stops {
            ends: word(self.0, ends),
            backslashes: word(self.0, bytes.simd_eq(u8x64::splat(self.0, b'\\'))),
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
    fn special(self, block: &[u8; 32]) -> Special {
        let bytes = u8x32::load_array_ref(self.0, block);
        let is = |byte: u8| low(bytes.simd_eq(u8x32::splat(self.0, byte)).to_bitmask());
        let controls = bytes.simd_lt(u8x32::splat(self.0, 0x20));
        Special {
            quotes: is(b'"'),
            backslashes: is(b'\\'),
            controls: low(controls.to_bitmask()),
            beyond_ascii: low(bytes.simd_ge(u8x32::splat(self.0, 0x80)).to_bitmask()),
        }
    }

    #[inline(always)]
    fn without(self, window: &[u8; 64], left_out: u32, out: &mut [u8; 64]) -> usize {
        if S::u8s::LEN >= 64 {
            // Where there are vectors of 64 bytes, there is an instruction that does it.
            let bytes = u8x32::load_array_ref(self.0, window.first_chunk().unwrap_or(&[0; 32]));
            let kept = mask8x32::from_bitmask(self.0, u64::from(!left_out));
            if let Some(out) = out.first_chunk_mut::<32>() {
                *out = bytes.compress(kept).into();
            }
            return left_out.count_zeros() as usize;
        }
        // Written out, or it would be a loop.
        let [first, second, third, fourth] = left_out.to_le_bytes();
        let mut length = self.eight_without(window, 0, first, out, 0);
        length = self.eight_without(window, 8, second, out, length);
        length = self.eight_without(window, 16, third, out, length);
        self.eight_without(window, 24, fourth, out, length)
    }

    #[inline(always)]
    fn same(self, one: &[u8; 32], other: &[u8; 32]) -> u32 {
        let other = u8x32::load_array_ref(self.0, other);
        let same = u8x32::load_array_ref(self.0, one).simd_eq(other);
        low(same.to_bitmask())
    }
}

/// What is called more than once above. As closures they would not be inlined everywhere.
impl<S: Simd> Vector<S> {
    /// For each byte, which texts can have it, of which these are the tables.
    #[inline(always)]
    fn known(self, [lower, upper]: [u8x64<S>; 2], bytes: u8x64<S>) -> u8x64<S> {
        let half = u8x64::splat(self.0, 0xf);
        lower.swizzle_dyn_within_blocks(bytes & half)
            & upper.swizzle_dyn_within_blocks((bytes >> 4_u32) & half)
    }

    /// Writes eight bytes without those of a mask behind others; how many there are then.
    #[inline(always)]
    fn eight_without(
        self,
        window: &[u8; 64],
        at: usize,
        left_out: u8,
        out: &mut [u8; 64],
        length: usize,
    ) -> usize {
        let bytes = window.get(at..).and_then(|rest| rest.first_chunk());
        let bytes = u8x16::load_array_ref(self.0, bytes.unwrap_or(&[0; 16]));
        let places = u8x16::load_array_ref(self.0, kept_of(left_out));
        let out = out.get_mut(length..);
        if let Some(out) = out.and_then(|rest| rest.first_chunk_mut::<16>()) {
            *out = bytes.swizzle_dyn(places).into();
        }
        length + left_out.count_zeros() as usize
    }
}

/// One bit for each of 64 bytes.
///
/// Left to itself the compiler takes two masks that are put together for a vector of 64 bits, and where there is no such
/// vector it takes that apart bit by bit, with hundreds of instructions. What it knows nothing of it leaves alone.
#[inline(always)]
fn word<S: Simd>(simd: S, mask: mask8x64<S>) -> u64 {
    if S::u8s::LEN >= 64 {
        return mask.to_bitmask();
    }
    let (low, high) = simd.split_mask8x64(mask);
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

#[cfg(test)]
pub(crate) mod tests;
