//! What adapters make of a record.

use std::ops::Range;
use std::sync::Arc;

use crate::error::DecodeError;
use crate::read::SkipReason;
use crate::source::opened::MAX_DEPTH;
use crate::source::{Outer, Provider, Source, sniff};
use crate::tree::{Kind, NodeId};

/// What a piece of a record is.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// Text to be sniffed like a record.
    Text,
    /// Text of a wrapper that many programs use: it may be anything, and is no event if it is no JSON.
    Loose,
    /// A part of a text that a container runtime has split.
    Part(Part),
    /// The beginning of an event, all that its source kept.
    Cut,
    /// Known and no audit event.
    Skipped(SkipReason),
    /// Not readable.
    Malformed(DecodeError),
}

/// Which part of a split text a piece is.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// What the parts of one text share.
    pub(crate) stream: Box<str>,
    pub(crate) end: End,
}

/// Whether a text goes on after a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The part is the last one.
    Last,
    /// It is not.
    More,
    /// It is not, unless a pipeline has removed the line feed that would say so.
    Unsaid,
}

/// A piece of a record.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) form: Form,
    /// Whether a value that spans lines was looked for and not found, so that each line is read for itself.
    pub(crate) by_line: bool,
    /// Where its text stands in [`Opened::bytes`](crate::source::Opened::bytes).
    pub(crate) range: Range<usize>,
    /// How many wrappers stand around it.
    pub(crate) depth: u8,
    pub(crate) source: Option<Arc<Source>>,
}

impl Piece {
    /// A piece of which nobody knows where it is from.
    pub(crate) fn new(form: Form, range: Range<usize>, depth: u8) -> Self {
        Self {
            form,
            by_line: false,
            range,
            depth,
            source: None,
        }
    }
}

/// Where the last record of a service came from, with the text that said so: most come from one place.
#[derive(Debug, Default)]
pub(super) struct LastSource {
    text: String,
    source: Option<Arc<Source>>,
}

/// Where an adapter puts what it found.
pub(crate) struct Pieces<'p> {
    pub(super) bytes: &'p mut Vec<u8>,
    pub(super) made: &'p mut Vec<Piece>,
    /// Of the pieces, those that are carried: the values that they are.
    pub(super) carried: &'p mut Vec<NodeId>,
    pub(super) depth: u8,
    pub(super) source: Option<Arc<Source>>,
    pub(super) last_source: &'p mut LastSource,
    pub(super) max_bytes: usize,
}

impl Pieces<'_> {
    /// Says where the pieces that follow come from.
    pub(crate) fn set_source(&mut self, source: Source) {
        self.source = Some(Arc::new(source));
    }

    /// Says where the pieces that follow come from, if it follows from the provider and a text alone.
    pub(crate) fn set_source_of(
        &mut self,
        provider: Provider,
        text: &str,
        make: impl FnOnce() -> Source,
    ) {
        let last = &mut *self.last_source;
        let known = last.source.as_ref();
        let known = known.filter(|known| known.provider == provider && last.text == text);
        if known.is_none() {
            text.clone_into(&mut last.text);
            last.source = Some(Arc::new(make()));
        }
        self.source.clone_from(&last.source);
    }

    /// Says again what was known at an earlier time.
    pub(crate) fn restore_source(&mut self, source: Option<Arc<Source>>) {
        self.source = source;
    }

    /// What has been said about where the pieces come from.
    pub(crate) fn source(&self) -> Option<&Arc<Source>> {
        self.source.as_ref()
    }

    /// Adds text to be sniffed.
    pub(crate) fn text(&mut self, text: &str) {
        self.write(Form::Text, |bytes| bytes.extend_from_slice(text.as_bytes()));
    }

    /// Adds the text of a value as it is. By this an adapter says that of any other text there that begins with a brace and
    /// ends with one it would make the same, if it is [`Form::Text`] or [`Form::Loose`].
    pub(crate) fn carry(&mut self, form: Form, outer: &Outer<'_>, node: NodeId) {
        let text = outer.text_of(node).unwrap_or_default();
        self.carried.push(node);
        self.write(form, |bytes| bytes.extend_from_slice(text.as_bytes()));
    }

    /// Adds text to be sniffed, as bytes that may be no UTF-8.
    pub(crate) fn raw(&mut self, text: &[u8]) {
        self.write(Form::Text, |bytes| bytes.extend_from_slice(text));
    }

    /// Adds text that may be anything.
    pub(crate) fn loose(&mut self, text: &[u8]) {
        self.write(Form::Loose, |bytes| bytes.extend_from_slice(text));
    }

    /// Adds a part of a text that was split.
    pub(crate) fn part(&mut self, stream: &str, end: End, text: &[u8]) {
        let part = Part {
            stream: stream.into(),
            end,
        };
        self.write(Form::Part(part), |bytes| bytes.extend_from_slice(text));
    }

    /// Adds the beginning of an event, which is all that its source kept.
    pub(crate) fn cut(&mut self, text: &str) {
        self.write(Form::Cut, |bytes| bytes.extend_from_slice(text.as_bytes()));
    }

    /// Asks the adapters for what is in a record; whether it is known to hold something.
    pub(super) fn open(&mut self, outer: &Outer<'_>) -> bool {
        let before = self.len();
        let known = sniff::open(outer, self);
        if known && self.len() == before {
            // A wrapper that holds nothing is a record too.
            self.skip(SkipReason::EmptyList);
        }
        known
    }

    /// Adds a JSON value to be sniffed.
    pub(crate) fn node(&mut self, outer: &Outer<'_>, node: NodeId) {
        let within = outer.within(node);
        if self.depth >= MAX_DEPTH || outer.kind(node) != Kind::Object || within.may_be_event() {
            self.write(Form::Text, |bytes| outer.write_json(node, bytes));
            return;
        }
        // It is a wrapper or nothing, and is opened at once.
        let source = self.source.clone();
        self.depth += 1;
        if !self.open(&within) {
            self.skip(SkipReason::NotAuditEvent);
        }
        self.depth -= 1;
        self.source = source;
    }

    /// Adds text that `write` makes.
    pub(crate) fn write(&mut self, form: Form, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(self.bytes);
        let end = self.bytes.len();
        let form = if end > self.max_bytes {
            self.bytes.truncate(start);
            Form::Malformed(DecodeError::unpacked(self.max_bytes, end))
        } else {
            form
        };
        let range = start..self.bytes.len();
        self.made.push(Piece {
            source: self.source.clone(),
            ..Piece::new(form, range, self.depth)
        });
    }

    /// Adds something that is known and no audit event.
    pub(crate) fn skip(&mut self, reason: SkipReason) {
        self.write(Form::Skipped(reason), |_| {});
    }

    /// Adds something that cannot be read.
    pub(crate) fn malformed(&mut self, error: DecodeError) {
        self.write(Form::Malformed(error), |_| {});
    }

    /// Number of pieces so far.
    pub(crate) fn len(&self) -> usize {
        self.made.len()
    }
}
