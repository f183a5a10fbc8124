//! Reading JSON text piece by piece: white space, words, strings.

use std::ops::Range;

use crate::view::block::{self, Look};

/// JSON text that is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'c, L> {
    pub(crate) look: L,
    pub(crate) bytes: &'c [u8],
}

/// A string: what stands between its quotes, whether it holds an escape, and where it is over.
pub(crate) struct Quoted {
    pub(crate) range: Range<usize>,
    pub(crate) escaped: bool,
}

impl Quoted {
    #[inline(always)]
    pub(crate) fn after(&self) -> usize {
        self.range.end + 1
    }
}

impl<L: Look> Cursor<'_, L> {
    #[inline(always)]
    pub(crate) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// Where white space that begins here ends.
    #[inline(always)]
    pub(crate) fn space(&self, at: usize) -> usize {
        if self.byte(at) > b' ' {
            at
        } else {
            self.more_space(at)
        }
    }

    /// The first byte from here on that is no white space, and where it stands.
    #[inline(always)]
    pub(crate) fn next(&self, at: usize) -> (usize, u8) {
        let byte = self.byte(at);
        if byte > b' ' {
            (at, byte)
        } else {
            let at = self.more_space(at);
            (at, self.byte(at))
        }
    }

    #[cold]
    #[inline(never)]
    fn more_space(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), b' ' | b'\t' | b'\r' | b'\n') {
            at += 1;
        }
        at
    }

    #[inline(always)]
    pub(crate) fn word(&self, at: usize) -> Option<u128> {
        let rest = self.bytes.get(at..)?;
        match rest.first_chunk::<16>() {
            Some(chunk) => Some(u128::from_le_bytes(*chunk)),
            None => self.last_word(at),
        }
    }

    #[cold]
    #[inline(never)]
    fn last_word(&self, at: usize) -> Option<u128> {
        let rest = self.bytes.get(at..)?;
        let mut chunk = [0; 16];
        chunk.get_mut(..rest.len())?.copy_from_slice(rest);
        Some(u128::from_le_bytes(chunk))
    }

    /// The string whose opening quote stands here.
    #[inline(always)]
    pub(crate) fn quoted(&self, quote: usize) -> Option<Quoted> {
        if self.byte(quote) != b'"' {
            return None;
        }
        self.string(quote + 1)
    }

    /// The string whose opening quote stands before this place.
    #[inline(always)]
    pub(crate) fn string(&self, start: usize) -> Option<Quoted> {
        let mut rest = self.bytes.get(start..)?;
        let mut at = start;
        let mut escaped = false;
        loop {
            let (mut stops, backslashes) = match rest.first_chunk::<32>() {
                Some(block) => self.look.stops(block),
                None if rest.is_empty() => return None,
                None => self.look.stops(&block::padded(rest)),
            };
            // How far the block goes: a backslash at its end escapes a byte of the next one.
            let mut length = 32;
            if backslashes != 0 {
                let (hidden, open) = block::escaped_half(backslashes);
                escaped |= backslashes.trailing_zeros() < (stops & !hidden).trailing_zeros();
                if stops & hidden != 0 {
                    // Of these only a quote may be escaped.
                    let mut quotes = stops & hidden;
                    while quotes != 0 {
                        if self.byte(at + quotes.trailing_zeros() as usize) != b'"' {
                            return None;
                        }
                        quotes &= quotes - 1;
                    }
                    stops &= !hidden;
                }
                if open {
                    length = 31;
                }
            }
            if stops != 0 {
                let stop = stops.trailing_zeros() as usize;
                if stop < length {
                    return (self.byte(at + stop) == b'"').then_some(Quoted {
                        range: start..at + stop,
                        escaped,
                    });
                }
            }
            at += length;
            rest = rest.get(length..)?;
        }
    }
}
