//! Where records begin and end, and what each one is.

use std::io::Read;
use std::ops::Range;

use memchr::{memchr, memchr_iter};

use crate::error::{DecodeError, Found as FoundByte, Kind as Error, ReadError};
use crate::frame::{Framer, Progress, first_fault};
use crate::limits::Limits;
use crate::read::SkipReason;
use crate::read::array::{Array, Step};
use crate::read::input::Input;
use crate::read::list::{Expect, List};
use crate::scan::{Fault, is_space, skip_leniently};
use crate::tape::{Ask, Kind, Tape, Verdict};
use crate::view::Viewer;

const BOM: &[u8] = b"\xef\xbb\xbf";
/// How much of a record over the limit is kept to show it.
const HEAD: usize = 1024;
/// A value that is not complete is scanned again whenever there is more, up to this size; then when it has doubled.
const SMALL: usize = 4096;

/// A record: where it is in the buffer, and what it is.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) what: What,
    pub(crate) range: Range<usize>,
    pub(crate) offset: u64,
    pub(crate) line: u64,
}

#[derive(Debug)]
pub(crate) enum What {
    /// An event whose spans are on the tape.
    Event,
    /// A plain event, whose spans the viewer has.
    Plain,
    Skipped(SkipReason),
    Malformed(DecodeError),
    /// A whole line that is no JSON and may still be known.
    Line(DecodeError),
    /// Malformed, and so large that only its head was kept.
    Oversized(DecodeError),
}

/// Which lines are to be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Those that are like one that was opened before.
    Known,
    /// Those that are sound JSON and no event.
    Any,
}

/// Opens a line, and says whether it did; what the line holds it then knows.
pub(crate) type Open<'o> = dyn FnMut(&[u8], &Limits, Look) -> bool + 'o;

/// A record that is being passed over.
struct Passing {
    /// Finds its end; `None` if only the end of the line can be.
    framer: Option<Framer>,
    error: Option<DecodeError>,
    offset: u64,
    line: u64,
}

/// The state of reading.
pub(crate) struct Framing<R> {
    pub(crate) input: Input<R>,
    pub(crate) tape: Tape,
    pub(crate) viewer: Viewer,
    pub(crate) limits: Limits,
    pub(crate) list: Option<List>,
    /// The beginning of the last record over the limit.
    pub(crate) head: Vec<u8>,
    pub(crate) array: Option<Array>,
    passing: Option<Passing>,
    /// Up to this offset a value that spans lines was looked for and not found.
    pub(crate) no_span_before: u64,
    line: u64,
    /// Whether the last line was opened, as the next one then mostly is too.
    opens: bool,
    /// Whether nothing but white space stands before the cursor on its line.
    at_line_start: bool,
}

impl<R: Read> Framing<R> {
    pub(crate) fn new(input: R, limits: Limits) -> Self {
        Self {
            input: Input::new(input),
            tape: Tape::default(),
            viewer: Viewer::default(),
            limits,
            list: None,
            head: Vec::new(),
            array: None,
            passing: None,
            no_span_before: 0,
            line: 1,
            opens: false,
            at_line_start: true,
        }
    }

    /// The next record; `None` at the end. `open` is shown each line that is no plain event.
    pub(crate) fn advance(&mut self, open: &mut Open<'_>) -> Result<Option<Found>, ReadError> {
        loop {
            if let Some(list) = &mut self.list {
                if let Some(found) = list.next(&self.input.buffer, &mut self.tape, &self.limits) {
                    return Ok(Some(found));
                }
                self.list = None;
            }
            if self.passing.is_some() {
                return self.pass_over().map(Some);
            }
            let Some(byte) = self.skip_blank()? else {
                return Ok(self.end_of_array());
            };
            let found = if self.array.is_some() {
                match self.in_array(byte) {
                    Step::Value => self.value(open)?,
                    Step::Again => None,
                    Step::Found(found) => Some(found),
                }
            } else if byte == b'[' && self.opens_array()? {
                self.consume(1);
                self.array = Some(Array {
                    expect: Expect::First,
                    broken: false,
                });
                None
            } else {
                self.value(open)?
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// Passes over white space and byte order marks; the byte that follows, or `None` at the end.
    fn skip_blank(&mut self) -> Result<Option<u8>, ReadError> {
        loop {
            let window = self.input.window();
            let blank = window
                .iter()
                .position(|byte| !is_space(*byte))
                .unwrap_or(window.len());
            let (space, rest) = window.split_at_checked(blank).unwrap_or((window, &[]));
            let lines = memchr_iter(b'\n', space).count() as u64;
            self.line += lines;
            self.at_line_start |= lines > 0;
            let more = rest.len() < BOM.len() && BOM.starts_with(rest);
            let mark = rest.starts_with(BOM);
            let first = rest.first().copied();
            self.input.consume(blank + if mark { BOM.len() } else { 0 });
            if mark || (more && self.input.fill()?) {
                continue;
            }
            return Ok(first);
        }
    }

    /// Reads the value at the cursor; `None` if it was a list, whose items follow.
    fn value(&mut self, open: &mut Open<'_>) -> Result<Option<Found>, ReadError> {
        loop {
            if let Some(found) = self.known_line(open) {
                return Ok(Some(found));
            }
            let line_end = self.input.line_end();
            let whole = line_end.is_some() || self.input.ended();
            let window = self.input.window();
            let line = window
                .get(..line_end.unwrap_or(window.len()))
                .unwrap_or_default();
            let length = line.len();
            let error = match self.tape.scan(line, Ask::Event, &self.limits) {
                Ok((end, Verdict::Other(kind))) if !matches!(kind, Kind::Object | Kind::List) => {
                    match follows_scalar(
                        line.get(end..).unwrap_or_default(),
                        self.array.is_some(),
                        whole,
                    ) {
                        Some(true) => return Ok(self.taken(Verdict::Other(kind), end)),
                        Some(false) => {
                            return self.bad_line(DecodeError::syntax("a JSON value", line, 0));
                        }
                        None => None,
                    }
                }
                Ok((end, verdict)) => return Ok(self.taken(verdict, end)),
                Err(error) if error.is_end() => Some(error),
                Err(error) => match refused_end(line) {
                    Ok(end) => return Ok(Some(self.malformed(error, end))),
                    Err(Fault::End) if !whole => None,
                    Err(_) => return self.bad_line(error),
                },
            };
            if whole {
                let error =
                    error.unwrap_or_else(|| DecodeError::syntax("a JSON value", &[], length));
                return self.span(error, length);
            }
            if length > self.limits.record_bytes() {
                return self.start_passing(Some(Framer::default()), None);
            }
            self.wait(length)?;
        }
    }

    /// The line at the cursor, if it is there to its end and is one plain event or something else that is known.
    fn known_line(&mut self, open: &mut Open<'_>) -> Option<Found> {
        if self.array.is_some() {
            return None;
        }
        // Where a record ends is mostly found by reading it.
        if !self.opens
            && let Some(length) = self.viewer.read_line(self.input.window(), &self.limits)
        {
            self.input.note_line(length);
            return Some(self.take(What::Plain, length));
        }
        let end = self.input.line_end()?;
        let line = self.input.window().get(..end)?;
        let length = line.trim_ascii_end().len();
        // What is like a line that was opened is no event.
        let opened = self.opens && open(line, &self.limits, Look::Known);
        let plain = !opened && self.viewer.read(line, &self.limits);
        self.opens = opened || !plain && open(line, &self.limits, Look::Any);
        let what = if plain {
            What::Plain
        } else if self.opens {
            What::Skipped(SkipReason::NotAuditEvent)
        } else {
            return None;
        };
        Some(self.take(what, length))
    }

    /// Reads on until scanning a value of this length again is worth it.
    fn wait(&mut self, length: usize) -> Result<(), ReadError> {
        let enough = if length < SMALL {
            length + 1
        } else {
            length * 2
        }
        .min(self.limits.record_bytes() + 1);
        while self.input.window().len() < enough && self.input.fill()? {
            if self.input.line_end().is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Looks for a value that is open at the end of its line on the lines that follow.
    fn span(&mut self, error: DecodeError, line: usize) -> Result<Option<Found>, ReadError> {
        let offset = self.input.offset();
        if offset < self.no_span_before {
            self.break_array();
            return Ok(Some(self.malformed(error, line)));
        }
        let mut framer = Framer::default();
        let mut fed = 0;
        let failed = loop {
            let window = self.input.window();
            match framer.feed(window.get(fed..).unwrap_or_default()) {
                Progress::Invalid(at) => break fed + at,
                Progress::Complete(at) if fed + at > self.limits.record_bytes() => break fed + at,
                Progress::Complete(at) => {
                    let value = window.get(..fed + at).unwrap_or_default();
                    match self.tape.scan(value, Ask::Event, &self.limits) {
                        Ok((end, verdict)) => return Ok(self.taken(verdict, end)),
                        Err(error) => return Ok(Some(self.malformed(error, fed + at))),
                    }
                }
                Progress::More => fed = window.len(),
            }
            if fed > self.limits.record_bytes() || !self.input.fill()? {
                break fed;
            }
        };
        // The lines up to there are read again, each for itself, and never a third time.
        self.no_span_before = offset + failed as u64;
        self.break_array();
        Ok(Some(self.malformed(error, line)))
    }

    /// Takes a value of this length from the window.
    fn taken(&mut self, verdict: Verdict, length: usize) -> Option<Found> {
        let value = self.input.window().get(..length).unwrap_or_default();
        let what = if length > self.limits.record_bytes() {
            let kind = Error::TooLong {
                limit: self.limits.record_bytes(),
                actual: length as u64,
            };
            What::Malformed(DecodeError::new(kind, 0).within(self.input.offset(), self.line))
        } else {
            match verdict {
                Verdict::Event => What::Event,
                Verdict::Malformed(error) => return Some(self.malformed(error, length)),
                Verdict::Other(_) => match first_fault(value) {
                    Some(at) => {
                        let error = DecodeError::syntax("JSON", value, at);
                        return Some(self.malformed(error, length));
                    }
                    None => What::Skipped(SkipReason::NotAuditEvent),
                },
                Verdict::List(items) => {
                    let start = self.input.start();
                    let version = self.tape.api_version(value);
                    let list = List::new(
                        value,
                        &items,
                        version,
                        start,
                        self.input.offset(),
                        self.line,
                    );
                    match list {
                        Ok(Some(list)) => {
                            self.list = Some(list);
                            self.take(What::Event, length);
                            return None;
                        }
                        Ok(None) => What::Skipped(SkipReason::EmptyList),
                        Err(error) => return Some(self.malformed(error, length)),
                    }
                }
            }
        };
        Some(self.take(what, length))
    }

    /// Takes the rest of the line as one malformed record.
    fn bad_line(&mut self, error: DecodeError) -> Result<Option<Found>, ReadError> {
        self.break_array();
        let at_start = self.at_line_start;
        if let Some(line) = self.whole_line()? {
            let mut found = self.malformed(error, line);
            if at_start && let What::Malformed(error) = found.what {
                found.what = What::Line(error);
            }
            return Ok(Some(found));
        }
        let error = error.within(self.input.offset(), self.line);
        self.start_passing(None, Some(error))
    }

    /// Where the line ends; `None` if that is further away than a record may be long.
    pub(crate) fn whole_line(&mut self) -> Result<Option<usize>, ReadError> {
        loop {
            if let Some(end) = self.input.line_end() {
                return Ok(Some(end));
            }
            let length = self.input.window().len();
            if length > self.limits.record_bytes() {
                return Ok(None);
            }
            if !self.input.fill()? {
                return Ok(Some(length));
            }
        }
    }

    fn start_passing(
        &mut self,
        framer: Option<Framer>,
        error: Option<DecodeError>,
    ) -> Result<Option<Found>, ReadError> {
        self.head.clear();
        self.head.extend(self.input.window().iter().take(HEAD));
        self.passing = Some(Passing {
            framer,
            error,
            offset: self.input.offset(),
            line: self.line,
        });
        self.pass_over().map(Some)
    }

    /// Passes over the rest of a record in constant memory: to its end, or that of its line.
    fn pass_over(&mut self) -> Result<Found, ReadError> {
        loop {
            let window = self.input.window();
            let line_end = memchr(b'\n', window);
            let part = window
                .get(..line_end.unwrap_or(window.len()))
                .unwrap_or_default();
            let mut length = part.len();
            let mut done = line_end.is_some();
            let mut complete = false;
            if let Some(passing) = &mut self.passing
                && let Some(framer) = &mut passing.framer
            {
                match framer.feed(part) {
                    Progress::More => {}
                    Progress::Complete(end) => {
                        length = end;
                        done = true;
                        complete = true;
                    }
                    Progress::Invalid(_) => passing.framer = None,
                }
            }
            self.input.consume(length);
            self.at_line_start = false;
            if !done && self.input.fill()? {
                continue;
            }
            let end = self.input.offset();
            let (offset, line, error) = self
                .passing
                .take()
                .map_or((end, self.line, None), |passing| {
                    (passing.offset, passing.line, passing.error)
                });
            let error = error.unwrap_or_else(|| {
                let kind = Error::TooLong {
                    limit: self.limits.record_bytes(),
                    actual: end - offset,
                };
                DecodeError::new(kind, 0).within(offset, line)
            });
            if !complete {
                self.break_array();
            }
            return Ok(Found {
                what: What::Oversized(error),
                range: 0..self.head.len(),
                offset,
                line,
            });
        }
    }

    /// Takes a malformed record of this length; `error` counts from its start.
    fn malformed(&mut self, error: DecodeError, length: usize) -> Found {
        let record = self.input.window().get(..length).unwrap_or_default();
        let at = usize::try_from(error.offset())
            .unwrap_or(usize::MAX)
            .min(record.len());
        let before = memchr_iter(b'\n', record.get(..at).unwrap_or_default()).count() as u64;
        let error = error.within(self.input.offset(), self.line + before);
        self.take(What::Malformed(error), length)
    }

    /// An error at the cursor.
    pub(crate) fn syntax(&self, expected: &'static str) -> DecodeError {
        let found = FoundByte(self.input.window().first().copied());
        DecodeError::new(Error::Syntax { expected, found }, 0)
            .within(self.input.offset(), self.line)
    }

    pub(crate) fn take(&mut self, what: What, length: usize) -> Found {
        let start = self.input.start();
        let (offset, line) = (self.input.offset(), self.line);
        self.consume(length);
        let mut end = start + length;
        if matches!(what, What::Malformed(_))
            && self
                .input
                .buffer
                .get(start..end)
                .is_some_and(|raw| raw.ends_with(b"\r"))
        {
            end -= 1;
        }
        Found {
            what,
            range: start..end,
            offset,
            line,
        }
    }

    /// Consumes what may hold line feeds.
    pub(crate) fn consume(&mut self, length: usize) {
        let consumed = self.input.window().get(..length).unwrap_or_default();
        // A record on one line, as nearly all are, need not be searched for line feeds again.
        if self.input.line_feed_within(length) {
            self.line += memchr_iter(b'\n', consumed).count() as u64;
        }
        self.input.consume(length);
        self.at_line_start = false;
    }

    /// The line at the cursor.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }
}

/// Whether what follows a text, number or literal lets it be a value of its own; `None` if more must be seen.
///
/// `"kind": "Event"` is no two values but a line of an object that was torn apart.
fn follows_scalar(rest: &[u8], in_array: bool, whole: bool) -> Option<bool> {
    match rest.iter().find(|byte| !is_space(**byte)) {
        None => whole.then_some(true),
        Some(b',' | b']') => Some(in_array),
        Some(byte) => Some(
            !in_array
                && matches!(
                    byte,
                    b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n'
                ),
        ),
    }
}

/// Where a value ends that decoding has refused.
fn refused_end(line: &[u8]) -> Result<usize, Fault> {
    match line.first() {
        Some(b'{' | b'[') => skip_leniently(line, 0),
        _ => Err(Fault::Bracket(0)),
    }
}
