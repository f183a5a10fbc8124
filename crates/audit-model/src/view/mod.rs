//! The same event without its typed form: one pass over the bytes, which notes where the values stand.
//!
//! Only records that are plain are read so: no repeated key, no unknown one, every value of its type, valid text, in
//! the version that servers write today. All others are left to [`Event::decode`](crate::Event::decode), so that there
//! is one place that says what an odd record means.

#![expect(
    clippy::inline_always,
    reason = "code with vector instructions must be inlined into a function that is compiled for them"
)]

pub(crate) mod block;
pub(crate) mod cursor;
mod jumps;
mod keys;
mod late;
mod layout;
mod leaves;
mod paths;
mod read;
mod scalars;
mod seek;
mod skip;
mod source;
mod spans;
pub(crate) mod steps;

use fearless_simd::{Level, dispatch};

use crate::limits::Limits;
use crate::source::Source;
use block::{Look, Vector, Words};
use cursor::Cursor;
pub use jumps::Jumps;
use layout::Layouts;
pub use leaves::BodyLeaves;
pub use paths::BodyPaths;
use read::Pass;
use spans::Spans;

/// Longest record that is read in this way: spans are 32 bits.
const MOST_BYTES: usize = 1 << 30;

/// Reads plain events without making a typed [`Event`](crate::Event) of them.
///
/// One per thread, reused from record to record: after it has held the largest one it allocates nothing.
///
/// # Examples
/// ```
/// use audit_model::{FieldId, FieldSource, Limits, Viewer};
///
/// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"get","user":{"username":"dana"}}"#;
/// let mut viewer = Viewer::default();
/// assert!(viewer.read(line, &Limits::default()));
/// assert_eq!(viewer.view(line).text(0, FieldId::UserUsername), Some("dana"));
///
/// // What is odd is for `Event::decode`.
/// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"get","verb":"delete"}"#;
/// assert!(!viewer.read(line, &Limits::default()));
/// ```
#[derive(Debug)]
pub struct Viewer {
    level: Level,
    /// Whether to look at words though there are vector instructions.
    words: bool,
    spans: Spans,
    layouts: Layouts,
}

impl Default for Viewer {
    fn default() -> Self {
        let level = Level::new();
        Self {
            level,
            words: level.is_fallback(),
            spans: Spans::default(),
            layouts: Layouts::default(),
        }
    }
}

impl Viewer {
    /// Does without vector instructions, to show that it makes no difference.
    #[must_use]
    pub fn without_vectors(mut self) -> Self {
        self.words = true;
        self
    }

    /// Reads a record; whether it is a plain event. If not, nothing is said about what it is.
    pub fn read(&mut self, record: &[u8], limits: &Limits) -> bool {
        if record.len() > limits.record_bytes().min(MOST_BYTES) {
            return false;
        }
        let (spans, layouts) = (&mut self.spans, &mut self.layouts);
        if self.words {
            return run(Words, record, spans, layouts);
        }
        dispatch!(self.level, simd => run(Vector(simd), record, spans, layouts))
    }

    /// Reads the record that a line begins with, where that takes no more than to know its layout; how long it is, its line
    /// feed behind it. `None` where it may be anything: then the line must be found and [read](Self::read).
    #[doc(hidden)]
    pub fn read_line(&mut self, lines: &[u8], limits: &Limits) -> Option<usize> {
        let most = limits.record_bytes().min(MOST_BYTES);
        let lines = lines.get(..=most).unwrap_or(lines);
        let (spans, layouts) = (&mut self.spans, &self.layouts);
        let end = if self.words {
            follow(Words, lines, spans, layouts)
        } else {
            dispatch!(self.level, simd => follow(Vector(simd), lines, spans, layouts))
        };
        end.filter(|end| *end <= most && lines.get(*end).is_none_or(|byte| *byte == b'\n'))
    }

    /// The event that was read last, which must be this record.
    pub fn view<'v>(&'v mut self, record: &'v [u8]) -> EventView<'v> {
        self.spans.prepare(record);
        EventView {
            spans: &self.spans,
            record,
            source: None,
        }
    }
}

/// The quote that closes the string whose text begins or goes on here, and whether there is an escape before it; `None` if
/// the string is not sound.
pub(crate) fn string_end(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let level = Level::new();
    let quoted = if level.is_fallback() {
        let look = Words;
        Cursor { look, bytes }.string(at)
    } else {
        dispatch!(level, simd => {
            let look = Vector(simd);
            Cursor { look, bytes }.string(at)
        })
    };
    quoted.map(|quoted| (quoted.range.end, quoted.escaped))
}

#[inline(always)]
fn follow<L: Look>(look: L, lines: &[u8], spans: &mut Spans, layouts: &Layouts) -> Option<usize> {
    layouts.follow(&mut Pass {
        cursor: Cursor { look, bytes: lines },
        spans,
        one_line: true,
    })
}

#[inline(always)]
fn run<L: Look>(look: L, record: &[u8], spans: &mut Spans, layouts: &mut Layouts) -> bool {
    let mut pass = Pass {
        cursor: Cursor {
            look,
            bytes: record,
        },
        spans,
        one_line: false,
    };
    let end = layouts.follow(&mut pass);
    if end.is_some_and(|end| pass.cursor.space(end) >= record.len()) {
        return true;
    }
    let plain = pass.run().is_some();
    if plain {
        layouts.learn(record, spans);
    }
    plain
}

/// A plain event as a [`Viewer`] has read it.
#[derive(Clone, Copy, Debug)]
pub struct EventView<'v> {
    spans: &'v Spans,
    record: &'v [u8],
    source: Option<&'v Source>,
}

impl<'v> EventView<'v> {
    /// The same event, known to come from somewhere.
    #[must_use]
    pub fn with_source(mut self, source: Option<&'v Source>) -> Self {
        self.source = source;
        self
    }
}
