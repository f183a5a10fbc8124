//! Where things stand: files that were added, and byte ranges in them.

use std::ops::Range;

/// Identifies a file that was given to the [`Compiler`](crate::Compiler).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub(crate) u32);

impl SourceId {
    /// The id as an index: files are counted from zero in the order in which they were added.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A range of bytes in a file, on character boundaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The span from `start` to before `end`. What is past the range of `u32` is cut: no file is that large.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        Self {
            start,
            end: end.max(start),
        }
    }

    /// First byte.
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// One past the last byte.
    pub fn end(self) -> usize {
        self.end as usize
    }

    /// The span as a range.
    pub fn range(self) -> Range<usize> {
        self.start()..self.end()
    }
}

/// A position for people: both count from one, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct LineColumn {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

/// The files that were added, by [`SourceId`].
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub(crate) files: Vec<File>,
}

#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: String,
    /// Offset of each line's first byte, ascending from zero.
    pub(crate) lines: Vec<u32>,
}

impl Sources {
    /// Adds a file and returns its id.
    pub(crate) fn add(&mut self, name: &str, text: &str) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let breaks = text.bytes().zip(1u32..).filter(|(byte, _)| *byte == b'\n');
        let lines = std::iter::once(0)
            .chain(breaks.map(|(_, next)| next))
            .collect();
        self.files.push(File {
            name: name.to_owned(),
            text: text.to_owned(),
            lines,
        });
        id
    }

    fn file(&self, id: SourceId) -> Option<&File> {
        self.files.get(id.index())
    }

    /// The id of every file, in order.
    pub(crate) fn ids(&self) -> impl DoubleEndedIterator<Item = SourceId> {
        let n = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        (0..n).map(SourceId)
    }

    /// Bytes of all files together.
    pub(crate) fn bytes(&self) -> usize {
        self.files.iter().map(|file| file.text.len()).sum()
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether no file was added.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The name under which a file was added.
    pub fn name(&self, id: SourceId) -> &str {
        self.file(id).map_or("", |file| &file.name)
    }

    /// The text of a file; empty when the file was over the size limit.
    pub fn text(&self, id: SourceId) -> &str {
        self.file(id).map_or("", |file| &file.text)
    }

    /// The same files without their texts: enough to say on which line a span starts, in little memory. Columns count
    /// bytes then, because there are no characters to count.
    #[must_use]
    pub fn without_texts(&self) -> Self {
        let files = self.files.iter().map(|file| File {
            name: file.name.clone(),
            text: String::new(),
            lines: file.lines.clone(),
        });
        Self {
            files: files.collect(),
        }
    }

    /// The text that a span covers.
    pub fn slice(&self, id: SourceId, span: Span) -> &str {
        self.text(id).get(span.range()).unwrap_or_default()
    }

    /// Line and column at which a span starts.
    pub fn line_column(&self, id: SourceId, span: Span) -> LineColumn {
        let (line, start) = self.line_at(id, span.start());
        let before = self.text(id).get(start..span.start()).unwrap_or_default();
        LineColumn {
            line: line + 1,
            column: column(self.text(id), before, span.start() - start),
        }
    }

    /// The line that holds a byte, counted from zero, and the offset of its first byte.
    pub(crate) fn line_at(&self, id: SourceId, offset: usize) -> (usize, usize) {
        let Some(file) = self.file(id) else {
            return (0, 0);
        };
        let line = file
            .lines
            .partition_point(|start| *start as usize <= offset)
            .saturating_sub(1);
        (
            line,
            file.lines.get(line).map_or(0, |start| *start as usize),
        )
    }
}

/// Counted in characters where the text is there.
fn column(text: &str, before: &str, n_bytes: usize) -> usize {
    if text.is_empty() {
        n_bytes + 1
    } else {
        before.chars().count() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", "ä: b\nc: d\n");
        let at = |start, end| sources.line_column(id, Span::new(start, end));
        assert_eq!(at(0, 2), LineColumn { line: 1, column: 1 });
        assert_eq!(at(4, 5), LineColumn { line: 1, column: 4 });
        assert_eq!(at(6, 7), LineColumn { line: 2, column: 1 });
        assert_eq!(at(11, 11), LineColumn { line: 3, column: 1 });
        assert_eq!(sources.slice(id, Span::new(6, 7)), "c");
        let bare = sources.without_texts();
        let place = bare.line_column(id, Span::new(9, 10));
        assert_eq!(place, LineColumn { line: 2, column: 4 });
        assert_eq!(bare.name(id), "a.yaml");
    }
}
