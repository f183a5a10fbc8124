//! One pass over the bytes of a record: the grammar of the envelope, and the types of its keys.

use std::ops::Range;

use crate::error::{DecodeError, Found, Kind as Error};
use crate::limits::Limits;
use crate::scan::{self, Fault};
use crate::schema::{Key, Member, Want};
use crate::tape::{Entry, Kind};
use crate::text::unescape;

/// One pass over a record.
pub(crate) struct Scan<'s> {
    pub(crate) bytes: &'s [u8],
    pub(crate) at: usize,
    pub(crate) entries: &'s mut Vec<Entry>,
    pub(crate) limits: &'s Limits,
    /// Values of the envelope, those over the limit included.
    pub(crate) count: usize,
    pub(crate) most: (usize, &'static str),
    /// The first thing wrong that does not keep the value from having an end.
    pub(crate) noted: Option<DecodeError>,
}

impl Scan<'_> {
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(crate) fn space(&mut self) {
        while self.peek().is_some_and(scan::is_space) {
            self.at += 1;
        }
    }

    fn note(&mut self, error: DecodeError) {
        self.noted.get_or_insert(error);
    }

    fn fail(&self, expected: &'static str) -> DecodeError {
        DecodeError::syntax(expected, self.bytes, self.at)
    }

    fn fault(&self, fault: Fault) -> DecodeError {
        let byte = |at: usize| self.bytes.get(at).copied();
        match fault {
            Fault::End => DecodeError::syntax("the rest of a JSON value", &[], self.bytes.len()),
            Fault::Control(at) => {
                DecodeError::new(Error::Control(byte(at).unwrap_or_default()), at)
            }
            Fault::Bracket(at) => DecodeError::new(Error::Bracket(Found(byte(at))), at),
        }
    }

    fn push(&mut self, entry: Entry) -> usize {
        self.count += 1;
        let index = self.entries.len();
        if index < self.limits.envelope_values() {
            self.entries.push(entry);
        }
        index
    }

    /// The string at the cursor: the span between its quotes, and whether it holds an escape.
    fn string(&mut self) -> Result<(Range<usize>, bool), DecodeError> {
        let start = self.at + 1;
        let (end, escaped) =
            scan::string_end(self.bytes, start).map_err(|fault| self.fault(fault))?;
        self.at = end + 1;
        Ok((start..end, escaped))
    }

    /// The value at the cursor, whatever it is: its kind, whether it holds an escape, how deep it nests.
    pub(crate) fn any(&mut self) -> Result<(Kind, bool, usize), DecodeError> {
        let kind = match self.peek() {
            Some(b'"') => return self.string().map(|(_, escaped)| (Kind::Text, escaped, 0)),
            Some(byte @ (b'{' | b'[')) => {
                let (end, depth) =
                    scan::skip(self.bytes, self.at).map_err(|fault| self.fault(fault))?;
                self.at = end;
                return Ok((
                    if byte == b'{' {
                        Kind::Object
                    } else {
                        Kind::List
                    },
                    false,
                    depth,
                ));
            }
            Some(b'-' | b'0'..=b'9') => {
                let number =
                    scan::number_end(self.bytes, self.at).ok_or_else(|| self.number_fails())?;
                self.at = number;
                Kind::Number
            }
            Some(byte) => {
                let literal = scan::literal(byte).ok_or_else(|| self.fail("a JSON value"))?;
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                if !rest.starts_with(literal) {
                    if literal.starts_with(rest) {
                        self.at = self.bytes.len();
                    }
                    return Err(self.fail("a JSON value"));
                }
                self.at += literal.len();
                if byte == b'n' { Kind::Null } else { Kind::Bool }
            }
            None => return Err(self.fail("a JSON value")),
        };
        Ok((kind, false, 0))
    }

    /// The error for a number that has no end: at the end of the bytes if it may go on there.
    fn number_fails(&mut self) -> DecodeError {
        let number = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.iter().all(number) {
            self.at = self.bytes.len();
        }
        self.fail("a number")
    }

    /// Reads the object at the cursor, whose brackets are the `depth`th to be open.
    pub(crate) fn object(
        &mut self,
        members: &'static [Member],
        parent: &'static str,
        depth: usize,
    ) -> Result<(), DecodeError> {
        let mut seen = [None; crate::schema::MOST_MEMBERS];
        let mut guess = 0;
        self.each_member(|scan, name, name_escaped| {
            let found = scan.lookup(members, guess, &name, name_escaped);
            let (key, want, member) = found.map_or((Key::Unknown, Want::Raw, ""), |index| {
                guess = index + 1;
                members
                    .get(index)
                    .map_or((Key::Unknown, Want::Raw, ""), |m| (m.key, m.want, m.name))
            });
            let index = scan.member(key, name, name_escaped);
            if let Some(slot) = found.and_then(|found| seen.get_mut(found))
                && let Some(earlier) = slot.replace(index)
                && key != Key::Items
            {
                scan.repeated(earlier, index, member);
            }
            let start = scan.at;
            let (kind, escaped) = scan.value(want, parent, member, depth)?;
            scan.finish(index, kind, escaped, start);
            Ok(())
        })
    }

    /// Visits the members of the object at the cursor; `visit` reads the value.
    fn each_member(
        &mut self,
        mut visit: impl FnMut(&mut Self, Range<usize>, bool) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.fail("a key"));
            }
            let (name, escaped) = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.fail("`:`"));
            }
            self.at += 1;
            self.space();
            visit(self, name, escaped)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.fail("`,` or `}`")),
            }
            self.space();
        }
    }

    /// Visits the values of the list at the cursor; `visit` reads the value.
    fn each_value(
        &mut self,
        mut visit: impl FnMut(&mut Self) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            visit(self)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.fail("`,` or `]`")),
            }
            self.space();
        }
    }

    /// Which member the key is. Servers write keys in one order, so the one after the last is tried first.
    fn lookup(
        &self,
        members: &[Member],
        guess: usize,
        name: &Range<usize>,
        escaped: bool,
    ) -> Option<usize> {
        let raw = self.bytes.get(name.clone()).unwrap_or_default();
        if escaped {
            let mut text = String::new();
            unescape(raw, &mut text);
            return members.iter().position(|member| member.name == text);
        }
        let is = |member: &Member| member.name.as_bytes() == raw;
        let after = members
            .get(guess..)
            .unwrap_or_default()
            .iter()
            .position(is)
            .map(|index| index + guess);
        after.or_else(|| members.get(..guess).unwrap_or_default().iter().position(is))
    }

    fn member(&mut self, key: Key, name: Range<usize>, name_escaped: bool) -> usize {
        self.push(Entry {
            key,
            kind: Kind::Null,
            name,
            value: 0..0,
            name_escaped,
            escaped: false,
            occurrence: 0,
            last: true,
            inner: 0,
        })
    }

    fn repeated(&mut self, earlier: usize, now: usize, name: &'static str) {
        let Some(before) = self.entries.get_mut(earlier) else {
            return;
        };
        before.last = false;
        let occurrence = before.occurrence + 1;
        if let Some(entry) = self.entries.get_mut(now) {
            entry.occurrence = occurrence;
        }
        if occurrence + 1 > self.most.0 {
            self.most = (occurrence + 1, name);
        }
    }

    fn finish(&mut self, index: usize, kind: Kind, escaped: bool, start: usize) {
        let (at, count) = (self.at, self.entries.len());
        if let Some(entry) = self.entries.get_mut(index) {
            entry.kind = kind;
            entry.escaped = escaped;
            entry.value = start..at;
            entry.inner = count - index - 1;
        }
    }

    /// Reads the value at the cursor as what is wanted of it, and notes where it is something else.
    fn value(
        &mut self,
        want: Want,
        parent: &'static str,
        name: &'static str,
        depth: usize,
    ) -> Result<(Kind, bool), DecodeError> {
        let start = self.at;
        match (want, self.peek()) {
            (Want::Object(members), Some(b'{')) => {
                self.object(members, name, depth + 1)?;
                return Ok((Kind::Object, false));
            }
            (Want::Texts, Some(b'[')) => {
                self.texts(&[parent, name])?;
                return Ok((Kind::List, false));
            }
            (Want::TextMap | Want::TextsMap, Some(b'{')) => {
                self.map(want, parent, name)?;
                return Ok((Kind::Object, false));
            }
            _ => {}
        }
        let (kind, escaped, inner) = self.any()?;
        let wrong = match (want, kind) {
            (_, Kind::Null) | (Want::Raw | Want::Body, _) | (Want::Text, Kind::Text) => None,
            (Want::Integer, Kind::Number) => {
                let number = self.bytes.get(start..self.at).unwrap_or_default();
                integer(number).is_none().then_some("an integer")
            }
            _ => Some(want.name()),
        };
        if let Some(expected) = wrong {
            self.wrong_type(&[parent, name], expected, kind, start);
        }
        if want != Want::Body && depth + inner > self.limits.envelope_depth() {
            let kind = Error::TooDeep {
                limit: self.limits.envelope_depth(),
                actual: depth + inner,
            };
            self.note(DecodeError::new(kind, start));
        }
        Ok((kind, escaped))
    }

    fn wrong_type(&mut self, path: &[&str], expected: &'static str, found: Kind, at: usize) {
        if self.noted.is_none() {
            let path: Vec<_> = path
                .iter()
                .copied()
                .filter(|part| !part.is_empty())
                .collect();
            self.note(DecodeError::wrong_type(
                &path.join("."),
                expected,
                found.name(),
                at,
            ));
        }
    }

    /// Reads the list at the cursor, of texts.
    fn texts(&mut self, path: &[&str]) -> Result<(), DecodeError> {
        self.each_value(|scan| {
            let index = scan.member(Key::Unknown, 0..0, false);
            let start = scan.at;
            let (kind, escaped, _) = scan.any()?;
            if !matches!(kind, Kind::Text | Kind::Null) {
                scan.wrong_type(path, "a list of strings", kind, start);
            }
            scan.finish(index, kind, escaped, start);
            Ok(())
        })
    }

    /// Reads the object at the cursor, with keys of anybody's choice.
    fn map(
        &mut self,
        want: Want,
        parent: &'static str,
        name: &'static str,
    ) -> Result<(), DecodeError> {
        self.each_member(|scan, key, key_escaped| {
            let index = scan.member(Key::Unknown, key.clone(), key_escaped);
            let start = scan.at;
            let bytes = scan.bytes;
            let text = || String::from_utf8_lossy(bytes.get(key.clone()).unwrap_or_default());
            let (kind, escaped) = if want == Want::TextsMap && scan.peek() == Some(b'[') {
                scan.each_value(|scan| {
                    let index = scan.member(Key::Unknown, 0..0, false);
                    let start = scan.at;
                    let (kind, escaped, _) = scan.any()?;
                    if !matches!(kind, Kind::Text | Kind::Null) {
                        scan.wrong_type(&[parent, name, &text()], "a list of strings", kind, start);
                    }
                    scan.finish(index, kind, escaped, start);
                    Ok(())
                })?;
                (Kind::List, false)
            } else {
                let (kind, escaped, _) = scan.any()?;
                if !matches!(kind, Kind::Text | Kind::Null) {
                    let expected = if want == Want::TextMap {
                        "a string"
                    } else {
                        "a list of strings"
                    };
                    scan.wrong_type(&[parent, name, &text()], expected, kind, start);
                }
                (kind, escaped)
            };
            scan.finish(index, kind, escaped, start);
            Ok(())
        })
    }
}

/// The integer that a number says; `200.0` is one, as some log shippers write it.
pub(crate) fn integer(number: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(number).ok()?;
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        _ => text,
    };
    whole.parse().ok()
}
