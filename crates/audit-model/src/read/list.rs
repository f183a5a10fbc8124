//! The items of an `EventList`, one after the other.

use std::ops::Range;

use memchr::memchr_iter;

use crate::error::DecodeError;
use crate::frame::first_fault;
use crate::limits::Limits;
use crate::read::SkipReason;
use crate::read::framing::{Found, What};
use crate::scan::{is_space, skip_leniently};
use crate::tape::{Ask, Tape, Verdict};

/// What may stand next in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// A value or the end.
    First,
    /// A value.
    Value,
    /// A comma or the end.
    Separator,
}

/// A list whose text is in the buffer.
pub(crate) struct List {
    /// The lists of items still to be read, without their brackets; places in the buffer.
    items: Vec<Range<usize>>,
    expect: Expect,
    /// What its items inherit.
    pub(crate) api_version: String,
    /// Offset in the stream of the first byte of the buffer.
    base: u64,
    /// The line on which the byte at `counted` stands.
    line: u64,
    counted: usize,
}

impl List {
    /// A list that stands at `start` in the buffer; `None` if it has no item.
    pub(crate) fn new(
        list: &[u8],
        items: &[Range<usize>],
        api_version: String,
        start: usize,
        offset: u64,
        line: u64,
    ) -> Result<Option<Self>, DecodeError> {
        let mut places = Vec::new();
        for range in items {
            let text = list.get(range.clone()).unwrap_or_default();
            let Some(inner) = text
                .strip_prefix(b"[")
                .and_then(|text| text.strip_suffix(b"]"))
            else {
                return Err(DecodeError::wrong_type(
                    "items",
                    "a list",
                    "another value",
                    range.start,
                ));
            };
            if inner.iter().any(|byte| !is_space(*byte)) {
                places.push(start + range.start + 1..start + range.end - 1);
            }
        }
        if places.is_empty() {
            return Ok(None);
        }
        places.reverse();
        let base = offset - start as u64;
        Ok(Some(Self {
            items: places,
            expect: Expect::First,
            api_version,
            base,
            line,
            counted: start,
        }))
    }

    /// The next item.
    pub(crate) fn next(
        &mut self,
        buffer: &[u8],
        tape: &mut Tape,
        limits: &Limits,
    ) -> Option<Found> {
        loop {
            let places = self.items.last_mut()?;
            let rest = buffer.get(places.clone()).unwrap_or_default();
            let Some(blank) = rest.iter().position(|byte| !is_space(*byte)) else {
                let end = places.end;
                self.items.pop();
                if std::mem::replace(&mut self.expect, Expect::First) == Expect::Value {
                    return Some(self.malformed(
                        buffer,
                        end..end,
                        DecodeError::syntax("a JSON value", b"]", 0),
                    ));
                }
                continue;
            };
            places.start += blank;
            let start = places.start;
            let rest = rest.get(blank..).unwrap_or_default();
            match (rest.first(), self.expect) {
                (Some(b','), Expect::Separator) => {
                    places.start += 1;
                    self.expect = Expect::Value;
                }
                (Some(b','), _) => {
                    places.start += 1;
                    let error = DecodeError::syntax("a JSON value", rest, 0);
                    return Some(self.malformed(buffer, start..start + 1, error));
                }
                (_, Expect::Separator) => {
                    self.expect = Expect::First;
                    let error = DecodeError::syntax("`,` or `]`", rest, 0);
                    return Some(self.malformed(buffer, start..start, error));
                }
                _ => {
                    self.expect = Expect::Separator;
                    return Some(self.item(buffer, rest, start, tape, limits));
                }
            }
        }
    }

    fn item(
        &mut self,
        buffer: &[u8],
        rest: &[u8],
        start: usize,
        tape: &mut Tape,
        limits: &Limits,
    ) -> Found {
        match tape.scan(rest, Ask::Item, limits) {
            Ok((end, verdict)) => {
                self.pass(start + end);
                let range = start..start + end;
                let fault = || first_fault(rest.get(..end).unwrap_or_default());
                match verdict {
                    Verdict::Event => self.found(buffer, range, What::Event),
                    Verdict::Malformed(error) => self.malformed(buffer, range, error),
                    Verdict::Other(_) | Verdict::List(_) => match fault() {
                        Some(at) => {
                            self.malformed(buffer, range, DecodeError::syntax("JSON", rest, at))
                        }
                        None => self.found(buffer, range, What::Skipped(SkipReason::NotAuditEvent)),
                    },
                }
            }
            Err(error) => {
                // The brackets of the whole list are sound, so an object or list has an end; of anything else nobody
                // knows it, and the rest of the items goes with it.
                let end = match rest.first() {
                    Some(b'{' | b'[') => skip_leniently(rest, 0).unwrap_or(rest.len()),
                    _ => rest.len(),
                };
                self.pass(start + end);
                self.malformed(buffer, start..start + end, error)
            }
        }
    }

    fn pass(&mut self, to: usize) {
        if let Some(places) = self.items.last_mut() {
            places.start = to;
        }
    }

    fn malformed(&mut self, buffer: &[u8], range: Range<usize>, error: DecodeError) -> Found {
        let mut found = self.found(buffer, range.clone(), What::Event);
        let at = usize::try_from(error.offset()).unwrap_or(usize::MAX);
        let before = buffer
            .get(range)
            .unwrap_or_default()
            .iter()
            .take(at)
            .filter(|byte| **byte == b'\n')
            .count();
        found.what = What::Malformed(error.within(found.offset, found.line + before as u64));
        found
    }

    fn found(&mut self, buffer: &[u8], range: Range<usize>, what: What) -> Found {
        let between = buffer.get(self.counted..range.start).unwrap_or_default();
        self.line += memchr_iter(b'\n', between).count() as u64;
        // A repeated `items` key may stand before what was counted; its lines are then those of the later one.
        self.counted = self.counted.max(range.start);
        Found {
            what,
            offset: self.base + range.start as u64,
            range,
            line: self.line,
        }
    }
}
