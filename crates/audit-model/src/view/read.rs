//! One pass over a record: what the rules may ask for is noted, the rest is passed over.
//!
//! Nothing is refused here. Whatever is not as an API server writes it is odd, and left to the decoder.

use crate::derive::DECISION;
use crate::view::block::{self, Look};
use crate::view::cursor::{Cursor, Quoted};
use crate::view::jumps::Noting;
use crate::view::keys::{Body, EVENT, Holds, Key, List, Part, Slot};
use crate::view::skip::skip_long;
use crate::view::spans::{Code, Decision, MOST_TEXTS, Spans};

/// A record that is read.
pub(crate) struct Pass<'p, L> {
    pub(crate) cursor: Cursor<'p, L>,
    pub(crate) spans: &'p mut Spans,
    /// Whether the record ends with its line, and what follows is another one.
    pub(crate) one_line: bool,
}

impl<L: Look> Pass<'_, L> {
    /// Reads the record; `None` if it is odd.
    #[inline(always)]
    pub(crate) fn run(&mut self) -> Option<()> {
        self.spans.clear();
        let start = self.cursor.space(0);
        if self.cursor.byte(start) != b'{' {
            return None;
        }
        let end = self.event(start)?;
        if self.cursor.space(end) < self.cursor.bytes.len() {
            return None;
        }
        self.is_text(end)?;
        let is =
            |slot: Slot, text: &[u8]| self.spans.slot_bytes(self.cursor.bytes, slot) == Some(text);
        // Older versions keep some values elsewhere, and what does not say that it is an event must be asked more.
        (is(Slot::Kind, b"Event") && is(Slot::ApiVersion, b"audit.k8s.io/v1")).then_some(())
    }

    /// Whether the envelope is text; bodies need not be.
    #[inline(always)]
    pub(crate) fn is_text(&self, end: usize) -> Option<()> {
        let bodies = [Body::Request, Body::Response].map(|body| {
            let body = self.spans.bodies.get(body as usize).copied().flatten();
            body.map_or((end, end), |(start, end)| (start as usize, end as usize))
        });
        let [mut first, mut second] = bodies;
        if first > second {
            std::mem::swap(&mut first, &mut second);
        }
        for (start, end) in [(0, first.0), (first.1, second.0), (second.1, end)] {
            let part = self.cursor.bytes.get(start..end)?;
            if !block::is_ascii(self.cursor.look, part) {
                std::str::from_utf8(part).ok()?;
            }
        }
        Some(())
    }

    /// Which key stands here; where its value begins.
    #[inline(always)]
    fn key(
        &self,
        keys: &'static [Key],
        guess: &mut usize,
        at: usize,
    ) -> Option<(usize, &'static Key)> {
        let word = self.cursor.word(at)?;
        // Servers write keys in one order, so those after the last are tried first.
        let mut next = *guess;
        while let Some(key) = keys.get(next) {
            if key.begins(word, self.cursor.bytes, at) {
                *guess = next + 1;
                return Some((next, key));
            }
            next += 1;
        }
        let found = keys
            .iter()
            .take(*guess)
            .position(|key| key.begins(word, self.cursor.bytes, at))?;
        *guess = found + 1;
        Some((found, keys.get(found)?))
    }

    /// Reads the members of the event whose brace stands here.
    #[inline(always)]
    fn event(&mut self, brace: usize) -> Option<usize> {
        let mut at = self.cursor.space(brace + 1);
        if self.cursor.byte(at) == b'}' {
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
            let value = self.cursor.space(at + key.length);
            at = match key.holds {
                Holds::Text(slot) => self.text(slot, value)?,
                Holds::Part(part) => self.part(part, value)?,
                Holds::List(list) => self.list(list, value)?,
                Holds::Body(body) => self.body(body, value)?,
                Holds::Annotations => self.annotations(value)?,
                Holds::Code | Holds::Extra { .. } => return None,
            };
            let (next, byte) = self.cursor.next(at);
            at = next;
            match byte {
                b',' => at = self.cursor.space(at + 1),
                b'}' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// Reads an object with known keys.
    #[inline(always)]
    fn part(&mut self, part: Part, brace: usize) -> Option<usize> {
        if self.cursor.byte(brace) != b'{' {
            return self.null(brace);
        }
        self.spans.shape.parts |= 1 << part as u8;
        let mut at = self.cursor.space(brace + 1);
        if self.cursor.byte(at) == b'}' {
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
            let value = self.cursor.space(at + key.length);
            at = match key.holds {
                Holds::Text(slot) => self.text(slot, value)?,
                Holds::Code => self.code(value)?,
                Holds::List(list) => self.list(list, value)?,
                Holds::Extra { impersonated } => self.extra(impersonated, value)?,
                Holds::Body(body) => self.body(body, value)?,
                Holds::Annotations | Holds::Part(_) => return None,
            };
            let (next, byte) = self.cursor.next(at);
            at = next;
            match byte {
                b',' => at = self.cursor.space(at + 1),
                b'}' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    #[inline(always)]
    fn null(&self, at: usize) -> Option<usize> {
        let rest = self.cursor.bytes.get(at..)?;
        rest.starts_with(b"null").then_some(at + 4)
    }

    #[inline(always)]
    fn text(&mut self, slot: Slot, at: usize) -> Option<usize> {
        let Some(quoted) = self.cursor.quoted(at) else {
            return self.null(at);
        };
        self.spans.name(slot);
        let late = slot.is_late();
        let after = quoted.after();
        self.spans.push(quoted.range, quoted.escaped, late);
        Some(after)
    }

    /// The status code; whatever is no plain number is odd.
    #[inline(always)]
    fn code(&mut self, at: usize) -> Option<usize> {
        match self.cursor.byte(at) {
            b'n' => self.null(at),
            _ => self.some_code(at),
        }
    }

    #[inline(always)]
    pub(crate) fn some_code(&mut self, at: usize) -> Option<usize> {
        let digits = self.cursor.bytes.get(at..at + 3)?;
        let [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] = digits else {
            return None;
        };
        if !matches!(self.cursor.byte(at + 3), b',' | b'}' | b' ') {
            return None;
        }
        let digit = |byte: &u8| i64::from(byte & 0xf);
        self.spans.code = Some(Code {
            value: 100 * digit(a) + 10 * digit(b) + digit(c),
            start: u32::try_from(at).ok()?,
        });
        Some(at + 3)
    }

    #[inline(always)]
    fn body(&mut self, body: Body, at: usize) -> Option<usize> {
        match self.cursor.byte(at) {
            b'n' => self.null(at),
            _ => self.some_body(body, at),
        }
    }

    #[inline(always)]
    pub(crate) fn some_body(&mut self, body: Body, at: usize) -> Option<usize> {
        if !matches!(self.cursor.byte(at), b'{' | b'[') {
            return None;
        }
        let end = if matches!(self.cursor.bytes.get(at..at + 2), Some(b"{}" | b"[]")) {
            at + 2
        } else {
            let mut noting = Noting::new(&mut self.spans.jumps);
            skip_long(
                self.cursor.look,
                self.cursor.bytes,
                at,
                self.one_line,
                &mut noting,
            )?
        };
        let (start, stop) = (u32::try_from(at).ok()?, u32::try_from(end).ok()?);
        *self.spans.bodies.get_mut(body as usize)? = Some((start, stop));
        Some(end)
    }

    #[inline(always)]
    fn list(&mut self, list: List, at: usize) -> Option<usize> {
        if self.cursor.byte(at) != b'[' {
            return self.null(at);
        }
        let first = self.spans.n_texts();
        let end = self.texts(at)?;
        *self.spans.shape.lists.get_mut(list as usize)? = Some((first, self.spans.n_texts()));
        Some(end)
    }

    /// Reads the list of texts whose bracket stands here.
    #[inline(always)]
    fn texts(&mut self, bracket: usize) -> Option<usize> {
        let mut at = self.cursor.space(bracket + 1);
        if self.cursor.byte(at) == b']' {
            return Some(at + 1);
        }
        loop {
            at = match self.cursor.quoted(at) {
                Some(quoted) => {
                    let after = quoted.after();
                    self.spans.push(quoted.range, quoted.escaped, false);
                    after
                }
                None => self.null(at)?,
            };
            let (next, byte) = self.cursor.next(at);
            at = next;
            match byte {
                b',' => at = self.cursor.space(at + 1),
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
        let key = self.cursor.quoted(at)?;
        let colon = self.cursor.space(key.after());
        (self.cursor.byte(colon) == b':').then(|| (key, self.cursor.space(colon + 1)))
    }

    #[inline(always)]
    fn annotations(&mut self, brace: usize) -> Option<usize> {
        if self.cursor.byte(brace) != b'{' {
            return self.null(brace);
        }
        let first = self.spans.n_texts();
        let mut decision = Decision::Missing;
        let mut at = self.cursor.space(brace + 1);
        if self.cursor.byte(at) == b'}' {
            at += 1;
        } else {
            loop {
                let (key, value) = self.free_key(at)?;
                at = match self.cursor.quoted(value) {
                    Some(text) => {
                        let name = self.cursor.bytes.get(key.range.clone())?;
                        // The decision is asked for at once.
                        let may_be_decision = key.escaped || name == DECISION.as_bytes();
                        let late = !may_be_decision;
                        if may_be_decision {
                            let is_first = !key.escaped && decision == Decision::Missing;
                            decision = if is_first {
                                Decision::At(self.spans.n_texts() + 1)
                            } else {
                                Decision::Open
                            };
                        }
                        self.spans.push(key.range, key.escaped, false);
                        let after = text.after();
                        self.spans.push(text.range, text.escaped, late);
                        after
                    }
                    None => self.null(value)?,
                };
                at = self.cursor.space(at);
                if self.spans.n_texts() as usize >= MOST_TEXTS {
                    return None;
                }
                match self.cursor.byte(at) {
                    b',' => at = self.cursor.space(at + 1),
                    b'}' => break,
                    _ => return None,
                }
            }
            at += 1;
        }
        self.spans.shape.annotations = Some((first, self.spans.n_texts()));
        self.spans.shape.decision = decision;
        Some(at)
    }

    #[inline(always)]
    fn extra(&mut self, impersonated: bool, brace: usize) -> Option<usize> {
        if self.cursor.byte(brace) != b'{' {
            return self.null(brace);
        }
        let first = self.spans.n_extras();
        let mut at = self.cursor.space(brace + 1);
        if self.cursor.byte(at) == b'}' {
            at += 1;
        } else {
            loop {
                let (key, value) = self.free_key(at)?;
                let name = self.spans.n_texts();
                if self.cursor.byte(value) == b'n' {
                    at = self.null(value)?;
                } else {
                    self.spans.push(key.range, key.escaped, false);
                    let members = self.spans.n_texts();
                    at = if self.cursor.byte(value) == b'[' {
                        self.texts(value)?
                    } else {
                        // Some providers write a single value bare.
                        let text = self.cursor.quoted(value)?;
                        let after = text.after();
                        self.spans.push(text.range, text.escaped, false);
                        after
                    };
                    self.spans.push_extra(name, members);
                }
                at = self.cursor.space(at);
                if self.spans.n_texts() as usize >= MOST_TEXTS {
                    return None;
                }
                match self.cursor.byte(at) {
                    b',' => at = self.cursor.space(at + 1),
                    b'}' => break,
                    _ => return None,
                }
            }
            at += 1;
        }
        let range = (first, self.spans.n_extras());
        *self.spans.shape.extra.get_mut(usize::from(impersonated))? = Some(range);
        Some(at)
    }
}
