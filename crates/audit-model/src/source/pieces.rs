//! What adapters make of a record, in memory that is kept from record to record.

use std::ops::Range;
use std::sync::Arc;

use crate::error::DecodeError;
use crate::limits::Limits;
use crate::read::SkipReason;
use crate::source::{Outer, Provider, Source, cut, line, sniff};
use crate::tree::{NodeId, Tree, TreeError};

/// No shorter record is a wrapper with something in it.
const SHORTEST: usize = 16;
/// Most wrappers around one event.
pub(super) const MAX_DEPTH: u8 = 4;

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
    /// Where its text stands in [`Opened::bytes`].
    pub(crate) range: Range<usize>,
    /// How many wrappers stand around it.
    pub(crate) depth: u8,
    pub(crate) source: Option<Arc<Source>>,
}

/// The pieces of the record at hand, with memory that is kept between records.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// The text of all pieces.
    pub(crate) bytes: Vec<u8>,
    /// Pieces that are still to be taken, the next one last.
    pending: Vec<Piece>,
    made: Vec<Piece>,
    tree: Tree,
    last_source: LastSource,
}

/// Where the last record of a service came from, with the text that said so: most come from one place.
#[derive(Debug, Default)]
struct LastSource {
    text: String,
    source: Option<Arc<Source>>,
}

/// Where an adapter puts what it found.
pub(crate) struct Pieces<'p> {
    bytes: &'p mut Vec<u8>,
    made: &'p mut Vec<Piece>,
    depth: u8,
    source: Option<Arc<Source>>,
    last_source: &'p mut LastSource,
    max_bytes: usize,
}

impl Opened {
    /// Takes the next piece.
    pub(crate) fn next(&mut self) -> Option<Piece> {
        self.pending.pop()
    }

    /// Opens a record that is sound JSON and no native event; whether it is known to hold something.
    pub(crate) fn open(&mut self, record: &[u8], limits: &Limits) -> bool {
        self.clear();
        if record.len() < SHORTEST {
            return false;
        }
        self.open_value(Value::Outside(record), 0, None, limits)
    }

    /// The same of a record of which nothing is known yet, in one pass. `None` if it is no sound JSON object or may be a
    /// native event.
    pub(crate) fn open_unknown(&mut self, record: &[u8], limits: &Limits) -> Option<bool> {
        self.clear();
        if record.len() < SHORTEST || record.len() > limits.record_bytes() {
            return None;
        }
        // What events begin with, so that odd ones are not read for nothing.
        let inside = record.strip_prefix(b"{")?.trim_ascii_start();
        if inside.starts_with(b"\"kind\"") {
            return None;
        }
        self.tree.clear();
        let root = self.tree.parse_sound(record, limits)?;
        let says_event = |member| self.tree.key(member).is_some_and(may_say_event);
        if self.tree.children(root).any(says_event) {
            return None;
        }
        Some(self.sniff(Ok(root), 0, None, limits))
    }

    /// Opens a piece further; whether it is known to hold something.
    pub(crate) fn open_piece(&mut self, piece: &Piece, limits: &Limits) -> bool {
        piece.depth < MAX_DEPTH
            && self.open_value(
                Value::Piece(piece.range.clone()),
                piece.depth,
                piece.source.as_ref(),
                limits,
            )
    }

    fn open_value(
        &mut self,
        value: Value<'_>,
        depth: u8,
        source: Option<&Arc<Source>>,
        limits: &Limits,
    ) -> bool {
        let Self { bytes, tree, .. } = self;
        tree.clear();
        let json = match value {
            Value::Outside(json) => json,
            Value::Piece(range) => bytes.get(range).unwrap_or_default(),
        };
        let parsed = tree.parse(json, limits);
        self.sniff(parsed, depth, source, limits)
    }

    /// Asks the adapters for what is in the tree.
    fn sniff(
        &mut self,
        parsed: Result<NodeId, TreeError>,
        depth: u8,
        source: Option<&Arc<Source>>,
        limits: &Limits,
    ) -> bool {
        let Self {
            bytes,
            pending,
            made,
            tree,
            last_source,
        } = self;
        made.clear();
        let mut pieces = Pieces {
            bytes,
            made,
            depth: depth + 1,
            source: source.cloned(),
            last_source,
            max_bytes: limits.record_bytes().saturating_mul(2),
        };
        let known = match parsed {
            Ok(root) => sniff::open(&Outer::new(tree, root, limits), &mut pieces),
            // Nobody knows what it holds, so it must not be counted as harmless.
            Err(error) => {
                pieces.malformed(DecodeError::not_opened(error, limits));
                true
            }
        };
        if known && pieces.len() == 0 {
            // A wrapper that holds nothing is a record too.
            pieces.skip(SkipReason::EmptyList);
        }
        pending.extend(made.drain(..).rev());
        known
    }

    /// Opens a line of the stream that is no JSON; whether it is known to hold something.
    pub(crate) fn open_line(&mut self, line: &[u8], limits: &Limits) -> bool {
        self.clear();
        let mut pieces = Pieces {
            bytes: &mut self.bytes,
            made: &mut self.made,
            depth: 1,
            source: None,
            last_source: &mut self.last_source,
            max_bytes: limits.record_bytes().saturating_mul(2),
        };
        let known = line::open(line, "", &mut pieces);
        self.pending.extend(self.made.drain(..).rev());
        known
    }

    /// Opens a piece that is no JSON; whether it is known to hold something.
    pub(crate) fn open_text(&mut self, piece: &Piece, limits: &Limits) -> bool {
        let text = self
            .bytes
            .get(piece.range.clone())
            .unwrap_or_default()
            .to_vec();
        self.made.clear();
        let mut pieces = Pieces {
            bytes: &mut self.bytes,
            made: &mut self.made,
            depth: piece.depth + 1,
            source: piece.source.clone(),
            last_source: &mut self.last_source,
            max_bytes: limits.record_bytes().saturating_mul(2),
        };
        let known = piece.depth < MAX_DEPTH && line::open(&text, "", &mut pieces);
        self.pending.extend(self.made.drain(..).rev());
        known
    }

    /// Forgets the record at hand.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.pending.clear();
        self.made.clear();
    }

    /// Puts something that cannot be read before all other pieces.
    pub(crate) fn push_malformed(&mut self, error: DecodeError) {
        self.pending.push(Piece {
            form: Form::Malformed(error),
            by_line: false,
            range: 0..0,
            depth: 0,
            source: None,
        });
    }

    /// Puts text that was joined before all other pieces.
    pub(crate) fn push_joined(&mut self, like: &Piece, text: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        self.pending.push(Piece {
            form: Form::Loose,
            range: start..self.bytes.len(),
            ..like.clone()
        });
    }

    /// Closes what is open at the end of a text that was cut; where the result stands.
    pub(crate) fn mend(&mut self, range: Range<usize>) -> Range<usize> {
        let start = self.bytes.len();
        cut::mend(&mut self.bytes, range);
        start..self.bytes.len()
    }

    /// Puts what follows a piece's first value, or the items of a list, before all other pieces.
    pub(crate) fn push(&mut self, like: &Piece, range: Range<usize>) {
        self.pending.push(Piece {
            range,
            ..like.clone()
        });
    }
}

/// Whether an object under such a key may say that it is an event or a list of them.
fn may_say_event(key: &str) -> bool {
    matches!(key, "kind" | "auditID")
}

enum Value<'v> {
    Outside(&'v [u8]),
    Piece(Range<usize>),
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

    /// Adds a JSON value to be sniffed.
    pub(crate) fn node(&mut self, tree: &Tree, node: NodeId) {
        self.write(Form::Text, |bytes| tree.write_json(node, &[], bytes));
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
            form,
            by_line: false,
            range,
            depth: self.depth,
            source: self.source.clone(),
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
