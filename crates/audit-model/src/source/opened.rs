//! Records that are opened, in memory that is kept from record to record.

use std::ops::Range;
use std::sync::Arc;

use crate::error::DecodeError;
use crate::limits::Limits;
use crate::source::layout::{Found, Layouts};
use crate::source::pieces::{Form, LastSource, Piece, Pieces};
use crate::source::{Outer, Read, Source, cut, line};
use crate::tree::{NodeId, Tree, TreeError};

/// No shorter record is a wrapper with something in it.
const SHORTEST: usize = 16;
/// Most wrappers around one event.
pub(super) const MAX_DEPTH: u8 = 4;

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
    /// Wrappers that are known when they come again, and what is needed to open one.
    pub(super) layouts: Layouts,
    carried: Vec<NodeId>,
    unescaped: Vec<u8>,
}

impl Opened {
    /// Takes the next piece.
    pub(crate) fn next(&mut self) -> Option<Piece> {
        self.pending.pop()
    }

    /// Opens a record on one line that is like one that was opened before; whether it is.
    pub(crate) fn open_known(&mut self, record: &[u8], limits: &Limits) -> bool {
        self.clear();
        // Of two bytes there is at most one value.
        if !has_size(record, limits) || record.len() / 2 >= limits.body_nodes() {
            return false;
        }
        let known = self.layouts.follow(
            record,
            &mut Found {
                bytes: &mut self.bytes,
                pieces: &mut self.made,
                unescaped: &mut self.unescaped,
            },
        );
        if known {
            self.pending.extend(self.made.drain(..).rev());
        } else {
            self.clear();
        }
        known
    }

    /// Opens a record that is sound JSON and no native event; whether it is known to hold something.
    pub(crate) fn open(&mut self, record: &[u8], limits: &Limits) -> bool {
        self.clear();
        if record.len() < SHORTEST {
            return false;
        }
        self.open_value(Value::Outside(record), 0, None, limits)
    }

    /// The same of a record on one line of which nothing is known yet, in one pass. `None` if it is no sound JSON object or
    /// may be a native event.
    pub(crate) fn open_unknown(&mut self, record: &[u8], limits: &Limits) -> Option<bool> {
        if self.open_known(record, limits) {
            return Some(true);
        }
        if !has_size(record, limits) {
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
        Some(self.sniff(Ok(root), 0, None, limits, Some(record)))
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
        self.sniff(parsed, depth, source, limits, None)
    }

    /// Asks the adapters for what is in the tree, and learns how the record is to be opened that it was made of.
    fn sniff(
        &mut self,
        parsed: Result<NodeId, TreeError>,
        depth: u8,
        source: Option<&Arc<Source>>,
        limits: &Limits,
        record: Option<&[u8]>,
    ) -> bool {
        let Self {
            bytes,
            pending,
            made,
            tree,
            last_source,
            layouts,
            carried,
            ..
        } = self;
        made.clear();
        carried.clear();
        let mut pieces = Pieces {
            bytes,
            made,
            carried,
            depth: depth + 1,
            source: source.cloned(),
            last_source,
            max_bytes: limits.record_bytes().saturating_mul(2),
        };
        let known = match parsed {
            Ok(root) => {
                let read = Read::default();
                let known = pieces.open(&Outer::new(tree, root, limits, &read));
                if let Some(record) = record {
                    layouts.learn(record, &read, pieces.carried, pieces.made);
                }
                known
            }
            // Nobody knows what it holds, so it must not be counted as harmless.
            Err(error) => {
                pieces.malformed(DecodeError::not_opened(error, limits));
                true
            }
        };
        pending.extend(made.drain(..).rev());
        known
    }

    /// Opens a line of the stream that is no JSON; whether it is known to hold something.
    pub(crate) fn open_line(&mut self, line: &[u8], limits: &Limits) -> bool {
        self.clear();
        let mut pieces = Pieces {
            bytes: &mut self.bytes,
            made: &mut self.made,
            carried: &mut self.carried,
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
            carried: &mut self.carried,
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
        self.pending
            .push(Piece::new(Form::Malformed(error), 0..0, 0));
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

/// Whether a record on one line may be a wrapper with something in it.
fn has_size(record: &[u8], limits: &Limits) -> bool {
    (SHORTEST..=limits.record_bytes()).contains(&record.len())
}

/// Whether an object under such a key may say that it is an event or a list of them.
fn may_say_event(key: &str) -> bool {
    matches!(key, "kind" | "auditID")
}

enum Value<'v> {
    Outside(&'v [u8]),
    Piece(Range<usize>),
}
