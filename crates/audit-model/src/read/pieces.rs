//! What wrappers hold, piece by piece.

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use memchr::memchr;

use crate::error::{DecodeError, ReadError};
use crate::frame::first_fault;
use crate::read::framing::{Found, Framing, Look, What};
use crate::read::{Reader, SkipReason};
use crate::scan::{is_space, skip_leniently, string_end};
use crate::source::join::{DOCKER_SPLIT, Joined};
use crate::source::{End, Form, Part, Piece, Source, is_whole, says_audit};
use crate::tape::{Ask, Kind, Verdict};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// What comes next.
pub(super) enum Next {
    /// A record of the stream.
    Outer(Found),
    /// A piece of the wrapper at hand.
    Inner(Inner),
}

/// A piece of a wrapper that is a record.
pub(super) struct Inner {
    pub(super) what: What,
    /// Where its text stands in what was opened.
    pub(super) range: Range<usize>,
    /// Whether the text was cut and mended.
    pub(super) partial: bool,
    pub(super) source: Option<Arc<Source>>,
}

fn record(piece: &Piece, what: What, range: Range<usize>) -> Inner {
    Inner {
        what,
        range,
        partial: false,
        source: piece.source.clone(),
    }
}

impl<R: Read> Reader<R> {
    /// Finds the next record, in the stream or in the wrapper at hand.
    pub(super) fn advance(&mut self) -> Result<Option<Next>, ReadError> {
        loop {
            while let Some(piece) = self.opened.next() {
                if let Some(inner) = self.piece(piece) {
                    return Ok(Some(Next::Inner(inner)));
                }
            }
            let opened = &mut self.opened;
            // Of a line that was opened while it was looked at: whether it holds something.
            let mut holds = None;
            let found = self.framing.advance(&mut |line, limits, look| {
                holds = match look {
                    Look::Known => opened.open_known(line, limits).then_some(true),
                    Look::Any => opened.open_unknown(line, limits),
                };
                holds.is_some()
            })?;
            self.counters.bytes = self.framing.input.offset();
            let Some(found) = found else {
                if self.end_joining() {
                    continue;
                }
                return Ok(None);
            };
            let Framing { input, limits, .. } = &self.framing;
            let raw = input.buffer.get(found.range.clone()).unwrap_or_default();
            let known = match found.what {
                What::Skipped(SkipReason::NotAuditEvent) => match holds {
                    Some(holds) => holds,
                    None => self.opened.open(raw, limits),
                },
                What::Line(_) => self.opened.open_line(raw, limits),
                _ => false,
            };
            if !known {
                return Ok(Some(Next::Outer(found)));
            }
            self.outer = Some(found);
        }
    }

    /// Gives up the texts that the end of the stream leaves open; whether there were any.
    fn end_joining(&mut self) -> bool {
        self.joiner.give_up_all();
        self.opened.clear();
        let mut any = false;
        while let Some(error) = self.joiner.take_lost() {
            self.opened.push_malformed(error);
            any = true;
        }
        if any {
            self.outer = Some(Found {
                what: What::Skipped(SkipReason::NotAuditEvent),
                range: 0..0,
                offset: self.framing.input.offset(),
                line: self.framing.line(),
            });
        }
        any
    }

    /// Looks at a piece of the wrapper at hand; `None` if it holds pieces itself.
    fn piece(&mut self, piece: Piece) -> Option<Inner> {
        match &piece.form {
            Form::Skipped(reason) => {
                let what = What::Skipped(*reason);
                Some(record(&piece, what, piece.range.clone()))
            }
            Form::Malformed(error) => {
                let what = What::Malformed(error.clone());
                Some(record(&piece, what, piece.range.clone()))
            }
            Form::Cut => Some(self.cut(&piece)),
            Form::Part(part) => {
                let part = part.clone();
                self.part(piece, &part)
            }
            Form::Text => self.json(&piece),
            Form::Loose => self.loose(&piece),
        }
    }

    /// The beginning of an event.
    fn cut(&mut self, piece: &Piece) -> Inner {
        let Framing { tape, limits, .. } = &mut self.framing;
        let range = self.opened.mend(piece.range.clone());
        let text = self.opened.bytes.get(range.clone()).unwrap_or_default();
        let what = match tape.scan(text, Ask::Event, limits) {
            Ok((_, Verdict::Event)) => {
                return Inner {
                    partial: true,
                    ..record(piece, What::Event, range)
                };
            }
            Ok((_, Verdict::Malformed(error))) | Err(error) => What::Malformed(error),
            Ok(_) => What::Skipped(SkipReason::NotAuditEvent),
        };
        record(piece, what, piece.range.clone())
    }

    /// A part of a text that was split.
    fn part(&mut self, piece: Piece, part: &Part) -> Option<Inner> {
        let Framing { tape, limits, .. } = &mut self.framing;
        let text = self
            .opened
            .bytes
            .get(piece.range.clone())
            .unwrap_or_default();
        let mut verdict = || match tape.scan(text, Ask::Event, limits) {
            Ok((end, verdict)) => {
                let rest = text.get(end..).unwrap_or_default();
                rest.iter().all(|byte| is_space(*byte)).then_some(verdict)
            }
            Err(_) => None,
        };
        let open = self.joiner.is_open(&part.stream);
        let short = text.len() < DOCKER_SPLIT;
        let mut end = part.end;
        // What a client puts into a body may make a part look like an event, but not the last part: the end of the
        // event around the body stands in it. Nor a short one, for Docker splits at one length.
        if open && (end == End::Last || end == End::Unsaid && short) {
            if matches!(verdict(), Some(Verdict::Event)) {
                self.joiner.give_up(&part.stream);
                end = End::Last;
            }
        } else if !open && end == End::Unsaid {
            // Some pipelines remove the line feed.
            let begins = text.starts_with(b"{\"") || says_audit(text) || !short;
            let goes_on = begins && verdict().is_none() && !is_whole(text);
            end = if goes_on { End::More } else { End::Last };
        }
        let line = self.outer.as_ref().map_or(0, |outer| outer.line);
        let joined = self
            .joiner
            .add(&part.stream, end, text, line, limits.record_bytes());
        let (inner, alone) = match joined {
            Joined::Alone => (None, true),
            Joined::Open => (None, false),
            Joined::Lost(error) => {
                let what = What::Malformed(error);
                (Some(record(&piece, what, piece.range.clone())), false)
            }
            Joined::Whole(text) => {
                self.opened.push_joined(&piece, &text);
                (None, false)
            }
        };
        if alone {
            let range = piece.range.clone();
            let form = Form::Loose;
            self.opened.push(&Piece { form, ..piece }, range);
        }
        while let Some(error) = self.joiner.take_lost() {
            self.opened.push_malformed(error);
        }
        inner
    }

    /// Text that may be anything.
    fn loose(&mut self, piece: &Piece) -> Option<Inner> {
        let text = self
            .opened
            .bytes
            .get(piece.range.clone())
            .unwrap_or_default();
        let start = piece.range.start + blank(text);
        let text = text.get(blank(text)..).unwrap_or_default();
        let piece = &Piece {
            range: start..piece.range.end,
            ..piece.clone()
        };
        let quoted = text.first() == Some(&b'"')
            && string_end(text, 1).is_ok_and(|(quote, _)| quote + 1 == text.trim_ascii_end().len());
        if quoted || matches!(text.first(), Some(b'{' | b'[')) {
            return self.json(piece);
        }
        if !piece.by_line && !says_audit(text) {
            // One text of some program, however many lines it has.
            return self.line(piece, text.len(), None);
        }
        let end = self.split_line(piece, text.len());
        self.line(piece, end, None)
    }

    /// Puts what follows the first line of a piece before all other pieces; how long the line is.
    fn split_line(&mut self, piece: &Piece, length: usize) -> usize {
        let text = self
            .opened
            .bytes
            .get(piece.range.clone())
            .unwrap_or_default();
        let end = memchr(b'\n', text).unwrap_or(length);
        let rest = text.get(end..).unwrap_or_default();
        if rest.iter().any(|byte| !is_space(*byte)) {
            let by_line = Piece {
                by_line: true,
                ..piece.clone()
            };
            self.opened
                .push(&by_line, piece.range.start + end..piece.range.end);
        }
        end
    }

    /// A line that is no JSON, for the reason given if it begins like some.
    fn line(&mut self, piece: &Piece, length: usize, error: Option<DecodeError>) -> Option<Inner> {
        let range = piece.range.start..piece.range.start + length;
        let line = Piece {
            range: range.clone(),
            ..piece.clone()
        };
        let limits = self.framing.limits;
        let loose = matches!(piece.form, Form::Loose);
        if loose && self.opened.open_text(&line, &limits) {
            return None;
        }
        let text = self.opened.bytes.get(range.clone()).unwrap_or_default();
        let what = if loose && !says_audit(text) {
            What::Skipped(SkipReason::NotAuditEvent)
        } else {
            let error = error.unwrap_or_else(|| DecodeError::syntax("a JSON value", text, 0));
            What::Malformed(error)
        };
        Some(record(piece, what, range))
    }

    /// Text that is to be JSON: values one after the other.
    fn json(&mut self, piece: &Piece) -> Option<Inner> {
        let Framing {
            tape,
            viewer,
            limits,
            ..
        } = &mut self.framing;
        let text = self
            .opened
            .bytes
            .get(piece.range.clone())
            .unwrap_or_default();
        let skipped = blank(text);
        let start = piece.range.start + skipped;
        let text = text.get(skipped..).unwrap_or_default();
        let line_end = piece.by_line.then(|| memchr(b'\n', text)).flatten();
        let scanned = text.get(..line_end.unwrap_or(text.len()));
        let alone = scanned.unwrap_or_default();
        if viewer.read(alone, limits) {
            let range = start..start + alone.trim_ascii_end().len();
            let more = text.get(alone.len()..).unwrap_or_default();
            if more.iter().any(|byte| !is_space(*byte)) {
                self.opened
                    .push(piece, start + alone.len()..piece.range.end);
            }
            return Some(record(piece, What::Plain, range));
        }
        let scanned = match tape.scan(scanned.unwrap_or_default(), Ask::Event, limits) {
            // Brackets that balance may still be those of plain text.
            Ok((end, Verdict::Other(kind))) => {
                match first_fault(text.get(..end).unwrap_or_default()) {
                    Some(at) => Err(DecodeError::syntax("JSON", text, at)),
                    None => Ok((end, Verdict::Other(kind))),
                }
            }
            scanned => scanned,
        };
        let (end, verdict) = match scanned {
            Ok(scanned) => scanned,
            Err(error) => {
                let piece = &Piece {
                    range: start..piece.range.end,
                    ..piece.clone()
                };
                let length = text.len();
                // A value that spans lines is looked for once; if there is none, each line is read for itself.
                let other =
                    !piece.by_line && matches!(piece.form, Form::Loose) && !says_audit(text);
                let length = if other {
                    length
                } else {
                    self.split_line(piece, length)
                };
                return self.line(piece, length, Some(error));
            }
        };
        let range = start..start + end;
        let rest = text.get(end..).unwrap_or_default();
        let more = rest.iter().any(|byte| !is_space(*byte));
        let items = match &verdict {
            Verdict::List(lists) => Some(elements(text, lists)),
            Verdict::Other(Kind::List) => Some(elements(text, std::slice::from_ref(&(0..end)))),
            _ => None,
        };
        if more {
            // Values without a separator: a pipeline has joined them.
            self.opened.push(piece, range.end..piece.range.end);
        }
        if let Some(items) = items {
            if items.is_empty() {
                let what = What::Skipped(SkipReason::EmptyList);
                return Some(record(piece, what, range));
            }
            for item in items.into_iter().rev() {
                self.opened
                    .push(piece, range.start + item.start..range.start + item.end);
            }
            return None;
        }
        match verdict {
            Verdict::Event => Some(record(piece, What::Event, range)),
            Verdict::Malformed(error) => Some(record(piece, What::Malformed(error), range)),
            _ => {
                let whole = Piece {
                    range: range.clone(),
                    ..piece.clone()
                };
                let limits = self.framing.limits;
                if self.opened.open_piece(&whole, &limits) {
                    return None;
                }
                let what = What::Skipped(SkipReason::NotAuditEvent);
                Some(record(piece, what, range))
            }
        }
    }
}

/// How many bytes of white space and byte order marks a text begins with.
fn blank(text: &[u8]) -> usize {
    let mut rest = text;
    loop {
        let trimmed = rest.trim_ascii_start();
        let trimmed = trimmed.strip_prefix(BOM).unwrap_or(trimmed);
        if trimmed.len() == rest.len() {
            return text.len() - rest.len();
        }
        rest = trimmed;
    }
}

/// The elements of lists, whose structure is sound.
fn elements(text: &[u8], lists: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for list in lists {
        let end = list.end.saturating_sub(1);
        let mut at = list.start + 1;
        while at < end {
            match text.get(at) {
                Some(b',') => at += 1,
                Some(byte) if is_space(*byte) => at += 1,
                _ => {
                    let next = element_end(text, at, end);
                    found.push(at..next);
                    at = next.max(at + 1);
                }
            }
        }
    }
    found
}

/// Where the element of a list ends that begins at `at`.
fn element_end(text: &[u8], at: usize, end: usize) -> usize {
    let found = match text.get(at) {
        Some(b'{' | b'[') => skip_leniently(text, at).ok(),
        Some(b'"') => string_end(text, at + 1).ok().map(|(quote, _)| quote + 1),
        _ => text
            .get(at..end)
            .and_then(|rest| {
                rest.iter()
                    .position(|byte| *byte == b',' || is_space(*byte))
            })
            .map(|length| at + length),
    };
    found.unwrap_or(end).min(end)
}
