//! The scalars under some keys of a body, found by seeking the keys and reading what stands behind them.
//!
//! Which quotes do not end a wanted key is told by the bytes before them, for many at a time. So a body in which no such key stands is passed
//! over and not read.

use crate::view::block::{Endings, KNOWN, Look, WINDOW};
use crate::view::cursor::Cursor;
use crate::view::scalars::{Each, Texts, scalar};
use crate::view::skip::skip;

/// Which keys are sought.
#[derive(Debug)]
pub(super) struct Sought {
    endings: Endings,
    longest: usize,
}

impl Sought {
    pub(super) fn new<'k>(keys: impl Iterator<Item = &'k [u8]>) -> Self {
        let mut sought = Self {
            endings: [[[0; 16]; 2]; KNOWN],
            longest: 0,
        };
        for key in keys {
            // What stands before a short key is its quote, and before that any byte.
            let mut before = key.iter().rev().copied().map(Some).chain([Some(b'"')]);
            let bits = key.iter().rev().take(KNOWN);
            let bit = 1 << (bits.fold(0, |hash: u8, byte| hash.rotate_left(3) ^ byte) & 7);
            for [lower, upper] in &mut sought.endings {
                let byte = before.next().flatten();
                let is_in =
                    |half: u8| move |nth: u8| byte.is_none_or(|byte| byte >> half & 0xf == nth);
                for (table, half) in [(lower, 0), (upper, 4)] {
                    let is_in = is_in(half);
                    for (bits, nth) in table.iter_mut().zip(0..) {
                        *bits |= if is_in(nth) { bit } else { 0 };
                    }
                }
            }
            sought.longest = sought.longest.max(key.len());
        }
        sought
    }

    /// Where a key begins that ends at a place; `None` if it is longer than all.
    #[inline(always)]
    fn start(&self, bytes: &[u8], end: usize) -> Option<usize> {
        let from = end.saturating_sub(self.longest + 1);
        let quote = bytes
            .get(from..end)?
            .iter()
            .rposition(|byte| *byte == b'"')?;
        Some(from + quote + 1)
    }
}

/// Hands out every text, number and boolean under the keys that `number` knows, in a list or not. One that stands
/// elsewhere may be handed out too, where a text ends in a key's bytes. `None` if that may not be all: a key may be written
/// in another way (`is_odd` says of which characters keys are made), or what stands around one is not what stands around
/// a key, so that it is a text or the grammar is broken.
#[inline(always)]
pub(super) fn seek<L: Look>(
    look: L,
    body: &[u8],
    sought: &Sought,
    is_odd: impl Fn(u16) -> bool,
    number: impl Fn(&[u8]) -> Option<usize>,
    memory: &mut String,
    each: &mut Each<'_>,
) -> Option<()> {
    let cursor = Cursor { look, bytes: body };
    let mut texts = Texts::new(body);
    let endings = look.endings(&sought.endings);
    let mut start = 0;
    while start < body.len() {
        let stops = match start
            .checked_sub(KNOWN)
            .and_then(|from| body.get(from..)?.first_chunk())
        {
            Some(window) => look.text_ends(&endings, window),
            None => look.text_ends(&endings, &window(body, start)),
        };
        let mut escapes = stops.backslashes;
        while escapes != 0 {
            let at = start + escapes.trailing_zeros() as usize;
            escapes &= escapes - 1;
            if cursor.byte(at + 1) == b'u' && is_odd(escape(body, at + 2)?) {
                return None;
            }
        }
        let mut quotes = stops.ends;
        while quotes != 0 {
            let end = start + quotes.trailing_zeros() as usize;
            quotes &= quotes - 1;
            let key = sought.start(body, end);
            let key = key.and_then(|start| number(body.get(start..end)?));
            let Some(key) = key else { continue };
            let at = cursor.space(end + 1);
            if cursor.byte(at) != b':' {
                return None;
            }
            let at = cursor.space(at + 1);
            let end = match cursor.byte(at) {
                // It has keys of its own.
                b'{' => continue,
                b'[' => list(cursor, &mut texts, at, key, memory, each)?,
                _ => scalar(cursor, &mut texts, at, Some(key), memory, each)?,
            };
            if !matches!(cursor.next(end).1, b',' | b'}') {
                return None;
            }
        }
        start += 64;
    }
    Some(())
}

/// The bytes around a place where there are fewer than a window has.
#[cold]
#[inline(never)]
fn window(body: &[u8], start: usize) -> [u8; WINDOW] {
    let mut window = [0; WINDOW];
    for (at, byte) in window.iter_mut().enumerate() {
        let from = (start + at).checked_sub(KNOWN);
        *byte = from
            .and_then(|from| body.get(from))
            .copied()
            .unwrap_or_default();
    }
    window
}

/// What an escape stands for that has four digits from here on.
fn escape(body: &[u8], at: usize) -> Option<u16> {
    let digits = std::str::from_utf8(body.get(at..at + 4)?).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

/// Hands out the scalars of a list and of lists in it, and returns where it ends. Objects have keys of their own.
#[inline(always)]
fn list<L: Look>(
    cursor: Cursor<'_, L>,
    texts: &mut Texts<'_>,
    start: usize,
    key: usize,
    memory: &mut String,
    each: &mut Each<'_>,
) -> Option<usize> {
    let mut at = start + 1;
    let mut depth = 1_usize;
    // Whether a value must follow, may follow or has just been there.
    let (mut first, mut after) = (true, false);
    loop {
        let (here, byte) = cursor.next(at);
        at = here + 1;
        match byte {
            b']' if first || after => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
                (first, after) = (false, true);
            }
            b',' if after => (first, after) = (false, false),
            _ if after => return None,
            b'[' => {
                depth += 1;
                first = true;
            }
            b'{' => {
                at = skip(cursor.look, cursor.bytes, here, false, &mut ())?;
                (first, after) = (false, true);
            }
            _ => {
                at = scalar(cursor, texts, here, Some(key), memory, each)?;
                (first, after) = (false, true);
            }
        }
    }
}
