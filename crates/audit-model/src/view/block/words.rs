//! Looking at many bytes where there are no vector instructions.

use crate::view::block::{Endings, KNOWN, Look, Marks, Special, Stops, WINDOW, low};

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
    fn apart<R>(self, what: impl FnOnce() -> R) -> R {
        what()
    }

    #[inline(always)]
    fn marks(self, block: &[u8; 64]) -> Marks {
        let mut marks = Marks {
            quotes: 0,
            backslashes: 0,
            brackets: 0,
            has_controls: false,
        };
        for (shift, word) in words(block) {
            let both = word | (ONES * 0x20);
            marks.quotes |= gather(equal(word, b'"')) << shift;
            marks.backslashes |= gather(equal(word, b'\\')) << shift;
            marks.brackets |= gather(equal(both, b'{') | equal(both, b'}')) << shift;
            marks.has_controls |= control(word) != 0;
        }
        marks
    }

    #[inline(always)]
    fn controls(self, block: &[u8; 64]) -> u64 {
        words(block).fold(0, |all, (shift, word)| all | gather(control(word)) << shift)
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
    fn special(self, block: &[u8; 32]) -> Special {
        let (mut quotes, mut backslashes, mut controls, mut beyond_ascii) = (0, 0, 0, 0);
        for (shift, word) in words(block) {
            quotes |= gather(equal(word, b'"')) << shift;
            backslashes |= gather(equal(word, b'\\')) << shift;
            controls |= gather(control(word)) << shift;
            beyond_ascii |= gather(word & HIGH) << shift;
        }
        Special {
            quotes: low(quotes),
            backslashes: low(backslashes),
            controls: low(controls),
            beyond_ascii: low(beyond_ascii),
        }
    }

    #[inline(always)]
    fn without(self, window: &[u8; 64], left_out: u32, out: &mut [u8; 64]) -> usize {
        let mut length = 0;
        for (at, byte) in window.iter().take(32).enumerate() {
            if let Some(place) = out.get_mut(length) {
                *place = *byte;
            }
            length += usize::from(left_out >> at & 1 == 0);
        }
        length
    }

    #[inline(always)]
    fn same(self, one: &[u8; 32], other: &[u8; 32]) -> u32 {
        let pairs = words(one).zip(words(other));
        low(pairs.fold(0, |same, ((shift, one), (_, other))| {
            same | gather(zero(one ^ other)) << shift
        }))
    }
}
