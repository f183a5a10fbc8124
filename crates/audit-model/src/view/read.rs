//! One pass over a record: what the rules may ask for is noted, the rest is passed over.
//!
//! Nothing is refused here. Whatever is not as an API server writes it is odd, and left to the decoder.

use std::ops::Range;

use crate::view::block::{self, Look};
use crate::view::keys::{Body, EVENT, Holds, Key, List, Part, Slot};
use crate::view::spans::{MOST_TEXTS, Spans};

/// The annotation that is asked for at once.
const DECISION: &[u8] = b"authorization.k8s.io/decision";

/// A record that is read.
pub(crate) struct Pass<'p, L> {
    pub(crate) look: L,
    pub(crate) bytes: &'p [u8],
    pub(crate) spans: &'p mut Spans,
}

/// A string: what stands between its quotes, whether it holds an escape, and where it is over.
struct Quoted {
    range: Range<usize>,
    escaped: bool,
}

impl Quoted {
    #[inline(always)]
    fn after(&self) -> usize {
        self.range.end + 1
    }
}

impl<L: Look> Pass<'_, L> {
    /// Reads the record; `None` if it is odd.
    #[inline(always)]
    pub(crate) fn run(&mut self) -> Option<()> {
        self.spans.clear();
        let start = self.space(0);
        if self.byte(start) != b'{' {
            return None;
        }
        let end = self.event(start)?;
        if self.space(end) < self.bytes.len() {
            return None;
        }
        self.is_text(end)?;
        let is = |slot: Slot, text: &[u8]| {
            let found = self.spans.slot(self.bytes, "", slot);
            found.is_some_and(|found| found.as_bytes() == text)
        };
        // Older versions keep some values elsewhere, and what does not say that it is an event must be asked more.
        (is(Slot::Kind, b"Event") && is(Slot::ApiVersion, b"audit.k8s.io/v1")).then_some(())
    }

    /// Whether the envelope is text; bodies need not be.
    #[inline(always)]
    fn is_text(&self, end: usize) -> Option<()> {
        let bodies = [Body::Request, Body::Response].map(|body| {
            let body = self.spans.bodies.get(body as usize).copied().flatten();
            body.map_or((end, end), |(start, end)| (start as usize, end as usize))
        });
        let [mut first, mut second] = bodies;
        if first > second {
            std::mem::swap(&mut first, &mut second);
        }
        for (start, end) in [(0, first.0), (first.1, second.0), (second.1, end)] {
            let part = self.bytes.get(start..end)?;
            if !part.is_ascii() {
                std::str::from_utf8(part).ok()?;
            }
        }
        Some(())
    }

    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// Where white space that begins here ends.
    #[inline(always)]
    fn space(&self, at: usize) -> usize {
        if self.byte(at) > b' ' {
            at
        } else {
            self.more_space(at)
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
    fn word(&self, at: usize) -> Option<u128> {
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
    fn quoted(&self, quote: usize) -> Option<Quoted> {
        if self.byte(quote) != b'"' {
            return None;
        }
        let start = quote + 1;
        let mut at = start;
        let mut escaped = false;
        loop {
            let Some(block) = self.bytes.get(at..).and_then(<[u8]>::first_chunk::<32>) else {
                return self.last_quoted(start, at, escaped);
            };
            let (mut stops, backslashes) = self.look.stops(block);
            // How far the block goes: a backslash at its end escapes a byte of the next one.
            let mut length = 32;
            if backslashes != 0 {
                let (hidden, open) = block::escaped_half(backslashes);
                escaped |= backslashes.trailing_zeros() < (stops & !hidden).trailing_zeros();
                if stops & hidden != 0 {
                    // Of these only a quote may be escaped.
                    let mut quotes = stops & hidden;
                    while quotes != 0 {
                        if *block.get(quotes.trailing_zeros() as usize)? != b'"' {
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
                let end = at + stops.trailing_zeros() as usize;
                if end < at + length {
                    return (self.byte(end) == b'"').then_some(Quoted {
                        range: start..end,
                        escaped,
                    });
                }
            }
            at += length;
        }
    }

    /// The end of a string in the last bytes of the record.
    #[cold]
    #[inline(never)]
    fn last_quoted(&self, start: usize, mut at: usize, mut escaped: bool) -> Option<Quoted> {
        loop {
            match self.bytes.get(at)? {
                b'"' => {
                    return Some(Quoted {
                        range: start..at,
                        escaped,
                    });
                }
                b'\\' => {
                    escaped = true;
                    if *self.bytes.get(at + 1)? < 0x20 {
                        return None;
                    }
                    at += 2;
                }
                0..0x20 => return None,
                _ => at += 1,
            }
        }
    }

    /// Which key stands here; where its value begins.
    #[inline(always)]
    fn key(
        &self,
        keys: &'static [Key],
        guess: &mut usize,
        at: usize,
    ) -> Option<(usize, &'static Key)> {
        let word = self.word(at)?;
        // Servers write keys in one order, so those after the last are tried first.
        let mut next = *guess;
        while let Some(key) = keys.get(next) {
            if key.begins(word, self.bytes, at) {
                *guess = next + 1;
                return Some((next, key));
            }
            next += 1;
        }
        let found = keys
            .iter()
            .take(*guess)
            .position(|key| key.begins(word, self.bytes, at))?;
        *guess = found + 1;
        Some((found, keys.get(found)?))
    }

    /// Reads the members of the event whose brace stands here.
    #[inline(always)]
    fn event(&mut self, brace: usize) -> Option<usize> {
        let mut at = self.space(brace + 1);
        if self.byte(at) == b'}' {
            return Some(at + 1);
        }
        let (mut seen, mut guess) = (0_u32, 0);
        loop {
            let (found, key) = self.key(EVENT, &mut guess, at)?;
            // Which value of a repeated key counts is for the decoder to say.
            if seen >> found & 1 == 1 {
                return None;
            }
            seen |= 1 << found;
            let value = self.space(at + key.length);
            at = match key.holds {
                Holds::Text(slot) => self.text(slot, value)?,
                Holds::Part(part) => self.part(part, value)?,
                Holds::List(list) => self.list(list, value)?,
                Holds::Body(body) => self.body(body, value)?,
                Holds::Annotations => self.annotations(value)?,
                Holds::Code | Holds::Extra { .. } => return None,
            };
            at = self.space(at);
            match self.byte(at) {
                b',' => at = self.space(at + 1),
                b'}' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// Reads an object with known keys.
    #[inline(always)]
    fn part(&mut self, part: Part, brace: usize) -> Option<usize> {
        if self.byte(brace) != b'{' {
            return self.null(brace);
        }
        self.spans.parts |= 1 << part as u8;
        let mut at = self.space(brace + 1);
        if self.byte(at) == b'}' {
            return Some(at + 1);
        }
        let keys = part.keys();
        let (mut seen, mut guess) = (0_u32, 0);
        loop {
            let (found, key) = self.key(keys, &mut guess, at)?;
            if seen >> found & 1 == 1 {
                return None;
            }
            seen |= 1 << found;
            let value = self.space(at + key.length);
            at = match key.holds {
                Holds::Text(slot) => self.text(slot, value)?,
                Holds::Code => self.code(value)?,
                Holds::List(list) => self.list(list, value)?,
                Holds::Extra { impersonated } => self.extra(impersonated, value)?,
                Holds::Body(body) => self.body(body, value)?,
                Holds::Annotations | Holds::Part(_) => return None,
            };
            at = self.space(at);
            match self.byte(at) {
                b',' => at = self.space(at + 1),
                b'}' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    #[inline(always)]
    fn null(&self, at: usize) -> Option<usize> {
        let rest = self.bytes.get(at..)?;
        rest.starts_with(b"null").then_some(at + 4)
    }

    #[inline(always)]
    fn text(&mut self, slot: Slot, at: usize) -> Option<usize> {
        let Some(quoted) = self.quoted(at) else {
            return self.null(at);
        };
        self.spans.name(slot);
        let late = matches!(slot, Slot::RequestUri | Slot::Message);
        let after = quoted.after();
        self.spans.push(quoted.range, quoted.escaped, late);
        Some(after)
    }

    /// The status code; whatever is no plain number is odd.
    #[inline(always)]
    fn code(&mut self, at: usize) -> Option<usize> {
        let digits = self.bytes.get(at..at + 3)?;
        let [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] = digits else {
            return self.null(at);
        };
        if !matches!(self.byte(at + 3), b',' | b'}' | b' ') {
            return None;
        }
        let digit = |byte: &u8| i64::from(byte & 0xf);
        self.spans.code = Some(100 * digit(a) + 10 * digit(b) + digit(c));
        Some(at + 3)
    }

    #[inline(always)]
    fn body(&mut self, body: Body, at: usize) -> Option<usize> {
        if !matches!(self.byte(at), b'{' | b'[') {
            return self.null(at);
        }
        let end = if matches!(self.bytes.get(at..at + 2), Some(b"{}" | b"[]")) {
            at + 2
        } else {
            block::skip(self.look, self.bytes, at)?
        };
        let (start, stop) = (u32::try_from(at).ok()?, u32::try_from(end).ok()?);
        *self.spans.bodies.get_mut(body as usize)? = Some((start, stop));
        Some(end)
    }

    #[inline(always)]
    fn list(&mut self, list: List, at: usize) -> Option<usize> {
        if self.byte(at) != b'[' {
            return self.null(at);
        }
        let first = self.spans.n_texts();
        let end = self.texts(at)?;
        *self.spans.lists.get_mut(list as usize)? = Some((first, self.spans.n_texts()));
        Some(end)
    }

    /// Reads the list of texts whose bracket stands here.
    #[inline(always)]
    fn texts(&mut self, bracket: usize) -> Option<usize> {
        let mut at = self.space(bracket + 1);
        if self.byte(at) == b']' {
            return Some(at + 1);
        }
        loop {
            at = match self.quoted(at) {
                Some(quoted) => {
                    let after = quoted.after();
                    self.spans.push(quoted.range, quoted.escaped, false);
                    after
                }
                None => self.null(at)?,
            };
            at = self.space(at);
            match self.byte(at) {
                b',' => at = self.space(at + 1),
                b']' if (self.spans.n_texts() as usize) < MOST_TEXTS => return Some(at + 1),
                _ => return None,
            }
            if self.spans.n_texts() as usize >= MOST_TEXTS {
                return None;
            }
        }
    }

    /// Reads a member's key of anybody's choice; where its value begins.
    #[inline(always)]
    fn free_key(&self, at: usize) -> Option<(Quoted, usize)> {
        let key = self.quoted(at)?;
        let colon = self.space(key.after());
        (self.byte(colon) == b':').then(|| (key, self.space(colon + 1)))
    }

    #[inline(always)]
    fn annotations(&mut self, brace: usize) -> Option<usize> {
        if self.byte(brace) != b'{' {
            return self.null(brace);
        }
        let first = self.spans.n_texts();
        let mut at = self.space(brace + 1);
        if self.byte(at) == b'}' {
            at += 1;
        } else {
            loop {
                let (key, value) = self.free_key(at)?;
                at = match self.quoted(value) {
                    Some(text) => {
                        let name = self.bytes.get(key.range.clone())?;
                        let late = !key.escaped && name != DECISION;
                        self.spans.push(key.range, key.escaped, false);
                        let after = text.after();
                        self.spans.push(text.range, text.escaped, late);
                        after
                    }
                    None => self.null(value)?,
                };
                at = self.space(at);
                if self.spans.n_texts() as usize >= MOST_TEXTS {
                    return None;
                }
                match self.byte(at) {
                    b',' => at = self.space(at + 1),
                    b'}' => break,
                    _ => return None,
                }
            }
            at += 1;
        }
        self.spans.annotations = Some((first, self.spans.n_texts()));
        Some(at)
    }

    #[inline(always)]
    fn extra(&mut self, impersonated: bool, brace: usize) -> Option<usize> {
        if self.byte(brace) != b'{' {
            return self.null(brace);
        }
        let first = self.spans.n_extras();
        let mut at = self.space(brace + 1);
        if self.byte(at) == b'}' {
            at += 1;
        } else {
            loop {
                let (key, value) = self.free_key(at)?;
                let name = self.spans.n_texts();
                if self.byte(value) == b'n' {
                    at = self.null(value)?;
                } else {
                    self.spans.push(key.range, key.escaped, false);
                    let members = self.spans.n_texts();
                    at = if self.byte(value) == b'[' {
                        self.texts(value)?
                    } else {
                        // Some providers write a single value bare.
                        let text = self.quoted(value)?;
                        let after = text.after();
                        self.spans.push(text.range, text.escaped, false);
                        after
                    };
                    self.spans.push_extra(name, members);
                }
                at = self.space(at);
                if self.spans.n_texts() as usize >= MOST_TEXTS {
                    return None;
                }
                match self.byte(at) {
                    b',' => at = self.space(at + 1),
                    b'}' => break,
                    _ => return None,
                }
            }
            at += 1;
        }
        let range = (first, self.spans.n_extras());
        *self.spans.extra.get_mut(usize::from(impersonated))? = Some(range);
        Some(at)
    }
}
