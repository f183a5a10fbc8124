//! The tree of a file together with what the reader leaves out: comments, blank lines, and who writes brackets.
//!
//! Comments are found between the scalars, where nothing else can hold a `#`. Each goes to the key or item that it
//! stands behind, or above; one that is indented like the items of a list or map goes with those.

use crate::scalar::{Scalar, Style};
use crate::source::Span;
use crate::yaml::{Kind, Node};

/// A document with its comments.
#[derive(Debug)]
pub(super) struct Document<'t> {
    /// Whether it begins with `---` in the file. Only the first one need not.
    pub(super) is_marked: bool,
    /// Above that marker; of the first document only.
    pub(super) before: Vec<Comment<'t>>,
    /// At the top, about the document and not about its first key.
    pub(super) header: Vec<Comment<'t>>,
    /// Whether a blank line parts the header from what is below it.
    pub(super) is_apart: bool,
    pub(super) root: Value<'t>,
}

/// A line of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment<'t> {
    pub(super) text: &'t str,
    /// Whether a blank line is above it.
    pub(super) blank: bool,
}

/// An entry of a map or an item of a list.
#[derive(Debug)]
pub(super) struct Item<'t> {
    pub(super) above: Vec<Comment<'t>>,
    /// Whether a blank line is above it, below the comments.
    pub(super) blank: bool,
    pub(super) key: Option<&'t Scalar>,
    pub(super) value: Value<'t>,
    /// Behind it on its line.
    pub(super) behind: Option<&'t str>,
}

#[derive(Debug)]
pub(super) enum Value<'t> {
    Scalar(&'t Scalar),
    /// A block scalar whose lines are joined.
    Folded(&'t Scalar),
    Collection(Collection<'t>),
    /// A collection in brackets, as it is written on one line.
    Line(String),
}

#[derive(Debug)]
pub(super) struct Collection<'t> {
    pub(super) is_list: bool,
    /// Whether it may stand in brackets on one line.
    pub(super) is_flow: bool,
    /// Whether it may go over several lines in brackets, since there are many like it: an event of a test.
    pub(super) is_event: bool,
    pub(super) items: Vec<Item<'t>>,
    /// Comments after the last item.
    pub(super) below: Vec<Comment<'t>>,
}

/// Joins documents, each of them a map with keys, with what is between them.
pub(super) fn documents<'t>(text: &'t str, nodes: &'t [Node]) -> Vec<Document<'t>> {
    let mut scanner = Scanner::new(text);
    for node in nodes {
        scanner.node(node);
    }
    scanner.gap(text.len());
    let markers = scanner.markers;
    let mut builder = Builder {
        text,
        lines: scanner.lines,
        comments: scanner.comments,
        folded: scanner.folded,
        next: 0,
    };
    let mut documents: Vec<Document<'t>> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let marker = markers.partition_point(|marker| *marker < node.span.start());
        let is_marked = marker > 0;
        let mut before = Vec::new();
        if documents.is_empty() && is_marked {
            before = builder.take(markers.first().copied().unwrap_or_default());
        }
        let after = markers.partition_point(|marker| *marker < node.span.end());
        let end = markers.get(after).copied().unwrap_or(text.len());
        let mut above = builder.take(node.span.start());
        let mut root = builder.value(node, Outer::default(), &mut above, end);
        let mut header = above;
        let mut is_apart = false;
        if let Value::Collection(collection) = &mut root {
            collection.is_flow = false;
            if let Some(first) = collection.items.first_mut() {
                header.append(&mut first.above);
                first.above = header.split_off(end_of_header(&header, first.blank));
                let is_below_blank = match first.above.first_mut() {
                    Some(comment) => std::mem::take(&mut comment.blank),
                    None => std::mem::take(&mut first.blank),
                };
                is_apart = is_below_blank && !header.is_empty();
            }
            collection.below.extend(builder.take(end));
        }
        documents.push(Document {
            is_marked,
            before,
            header,
            is_apart,
            root,
        });
    }
    // Documents without content may follow, with comments in them.
    if let Some(Document {
        root: Value::Collection(root),
        ..
    }) = documents.last_mut()
    {
        root.below.extend(builder.take(text.len()));
    }
    documents
}

/// How many of the comments above the first key are about the document: all that a blank line parts from the key, and
/// what editors read. The rest is about the key.
fn end_of_header(comments: &[Comment<'_>], is_apart: bool) -> usize {
    if is_apart {
        return comments.len();
    }
    let parts = |comment: &Comment<'_>| comment.blank;
    let of_editor = |comment: &Comment<'_>| {
        let text = comment.text.trim_start_matches('#').trim_start();
        text.starts_with("yaml-language-server:")
    };
    let apart = comments.iter().rposition(parts).unwrap_or_default();
    let editor = comments.iter().rposition(of_editor);
    apart.max(editor.map_or(0, |at| at + 1))
}

/// A comment as it was found.
#[derive(Clone, Copy, Debug)]
struct Found {
    span: Span,
    /// Bytes before it on its line.
    column: usize,
    line: usize,
    /// Whether nothing else is on its line.
    is_alone: bool,
}

/// Goes through the text between scalars.
#[derive(Debug)]
struct Scanner<'t> {
    text: &'t str,
    lines: Lines,
    /// Where the next gap begins.
    at: usize,
    comments: Vec<Found>,
    /// Where `---` and `...` stand.
    markers: Vec<usize>,
    /// Where folded block scalars begin.
    folded: Vec<usize>,
    /// Whether `>` was the last sign of a block scalar in this gap.
    is_folded: bool,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            lines: Lines::new(text),
            at: 0,
            comments: Vec::new(),
            markers: Vec::new(),
            folded: Vec::new(),
            is_folded: false,
        }
    }

    /// Recursion is as deep as the YAML, which has a limit.
    fn node(&mut self, node: &Node) {
        match &node.kind {
            Kind::Scalar(scalar) => self.scalar(scalar),
            Kind::List(items) => items.iter().for_each(|item| self.node(item)),
            Kind::Map(entries) => {
                for entry in entries {
                    self.scalar(&entry.key);
                    self.node(&entry.value);
                }
            }
            Kind::Refused => {}
        }
    }

    fn scalar(&mut self, scalar: &Scalar) {
        if scalar.span.start() < scalar.span.end() {
            self.is_folded = false;
            self.gap(scalar.span.start());
            if self.is_folded && scalar.style == Style::Block {
                self.folded.push(scalar.span.start());
            }
            self.at = scalar.span.end();
        }
    }

    /// Looks at the text up to the next scalar.
    fn gap(&mut self, end: usize) {
        while self.at < end {
            let Some(rest) = self.text.get(self.at..end) else {
                return;
            };
            let (line, start) = self.lines.of(self.at);
            let at_start = self.at == start;
            let line_end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            let is_marker = at_start
                && ["---", "..."].into_iter().any(|marker| {
                    rest.strip_prefix(marker).is_some_and(|rest| {
                        rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r'])
                    })
                });
            if is_marker {
                self.markers.push(self.at);
                self.at += 3;
            } else if rest.starts_with('#') {
                let raw = rest.get(..line_end).unwrap_or_default().trim_end();
                let before = self.text.get(start..self.at).unwrap_or_default();
                self.comments.push(Found {
                    span: Span::new(self.at, self.at + raw.len()),
                    column: self.at - start,
                    line,
                    is_alone: before.trim_matches([' ', '\t', '\u{feff}']).is_empty(),
                });
                self.at += line_end;
            } else if at_start && rest.starts_with('%') {
                // A directive.
                self.at += line_end;
            } else {
                // Up to what may be one of them.
                let mut steps = rest.char_indices().skip(1);
                let next = steps.find(|(at, c)| {
                    *c == '#' || matches!(rest.as_bytes().get(at - 1), Some(b'\n' | b'\r'))
                });
                let length = next.map_or(rest.len(), |(at, _)| at);
                let passed = rest.get(..length).unwrap_or_default();
                if let Some(sign) = passed.rfind(['|', '>']) {
                    self.is_folded = passed.get(sign..).is_some_and(|rest| rest.starts_with('>'));
                }
                self.at += length;
            }
        }
    }
}

/// Where lines begin and which are blank.
#[derive(Debug)]
struct Lines {
    starts: Vec<usize>,
    blank: Vec<bool>,
}

impl Lines {
    fn new(text: &str) -> Self {
        let mut starts = vec![0];
        let bytes = text.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            let ends = *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n');
            if ends {
                starts.push(at + 1);
            }
        }
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        let blank = starts
            .iter()
            .zip(ends)
            .map(|(start, end)| text.get(*start..end).unwrap_or_default().trim().is_empty())
            .collect();
        Self { starts, blank }
    }

    /// The line that holds a byte and where it begins.
    fn of(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let line = line.saturating_sub(1);
        (line, self.starts.get(line).copied().unwrap_or_default())
    }

    fn line(&self, offset: usize) -> usize {
        self.of(offset).0
    }

    fn column(&self, offset: usize) -> usize {
        offset - self.of(offset).1
    }

    /// Whether the line above is blank.
    fn is_below_blank(&self, line: usize) -> bool {
        line.checked_sub(1)
            .and_then(|above| self.blank.get(above))
            .is_some_and(|blank| *blank)
    }
}

/// The collection that something is in.
#[derive(Clone, Copy, Debug, Default)]
struct Outer {
    /// Of its items; none of a document.
    column: Option<usize>,
    is_flow: bool,
}

/// Hands the comments out, in file order.
#[derive(Debug)]
struct Builder<'t> {
    text: &'t str,
    lines: Lines,
    comments: Vec<Found>,
    folded: Vec<usize>,
    next: usize,
}

impl<'t> Builder<'t> {
    fn peek(&self, end: usize) -> Option<Found> {
        let found = self.comments.get(self.next)?;
        (found.span.start() < end).then_some(*found)
    }

    fn text(&self, found: Found) -> &'t str {
        self.text.get(found.span.range()).unwrap_or_default()
    }

    fn comment(&mut self, found: Found) -> Comment<'t> {
        self.next += 1;
        Comment {
            text: self.text(found),
            blank: found.is_alone && self.lines.is_below_blank(found.line),
        }
    }

    /// All comments up to a place.
    fn take(&mut self, end: usize) -> Vec<Comment<'t>> {
        self.take_while(end, |_| true)
    }

    fn take_while(&mut self, end: usize, wanted: impl Fn(Found) -> bool) -> Vec<Comment<'t>> {
        let mut taken = Vec::new();
        while let Some(found) = self.peek(end).filter(|found| wanted(*found)) {
            taken.push(self.comment(found));
        }
        taken
    }

    /// The next comment when it stands on a line, before the next thing on it.
    fn behind(&mut self, place: usize, end: usize) -> Option<&'t str> {
        let line = self.lines.line(place);
        let found = self.peek(end)?;
        let is_behind = !found.is_alone && found.line == line;
        is_behind.then(|| self.comment(found).text)
    }

    /// An entry or item that begins at `start`; what comes after it begins at `end`.
    fn item(
        &mut self,
        key: Option<&'t Scalar>,
        node: &'t Node,
        outer: Outer,
        end: usize,
    ) -> Item<'t> {
        let start = key.map_or(node.span.start(), |key| key.span.start());
        let mut above = self.take(start);
        let blank = self.lines.is_below_blank(self.lines.line(start));
        let mut behind = None;
        let stop = match &node.kind {
            Kind::Scalar(_) if node.span.range().is_empty() => {
                // Nothing stands nowhere.
                key.map_or(node.span.start(), |key| key.span.end())
            }
            _ => node.span.end(),
        };
        if let Some(key) = key
            && node.span.start() > key.span.end()
        {
            // `key:  # comment` above its items, and `key: |  # comment`.
            behind = self.behind(key.span.end(), node.span.start());
        }
        let value = self.value(node, outer, &mut above, end);
        if behind.is_none() {
            behind = self.behind(stop, end);
        }
        Item {
            above,
            blank,
            key,
            value,
            behind,
        }
    }

    /// A value. Comments that find no place in it go to those above the owner.
    fn value(
        &mut self,
        node: &'t Node,
        outer: Outer,
        above: &mut Vec<Comment<'t>>,
        end: usize,
    ) -> Value<'t> {
        let (is_list, n_items) = match &node.kind {
            Kind::Scalar(scalar) => {
                above.extend(self.take(node.span.start()));
                let is_folded = self.folded.binary_search(&node.span.start()).is_ok();
                return if is_folded {
                    Value::Folded(scalar)
                } else {
                    Value::Scalar(scalar)
                };
            }
            Kind::List(items) => (true, items.len()),
            Kind::Map(entries) => (false, entries.len()),
            Kind::Refused => (true, 0),
        };
        let raw = self.text.get(node.span.start()..).unwrap_or_default();
        let is_flow = outer.is_flow || raw.starts_with(['[', '{']);
        let end = if is_flow { node.span.end() } else { end };
        let column = self.lines.column(node.span.start());
        let own = Outer {
            column: Some(column),
            is_flow,
        };
        let first_comment = self.next;
        let mut items = Vec::with_capacity(n_items);
        match &node.kind {
            Kind::List(nodes) => {
                let ends = nodes.iter().skip(1).map(|next| next.span.start());
                for (node, end) in nodes.iter().zip(ends.chain([end])) {
                    items.push(self.item(None, node, own, end));
                }
            }
            Kind::Map(entries) => {
                let ends = entries.iter().skip(1).map(|next| next.key.span.start());
                for (entry, end) in entries.iter().zip(ends.chain([end])) {
                    items.push(self.item(Some(&entry.key), &entry.value, own, end));
                }
            }
            Kind::Scalar(_) | Kind::Refused => {}
        }
        // A list may be indented like the key that it belongs to.
        let least = match outer.column {
            Some(outer) if column <= outer => outer + 1,
            _ => column,
        };
        let mut below = if is_flow {
            self.take(end)
        } else {
            self.take_while(end, |found| found.column >= least)
        };
        if items.is_empty() {
            above.append(&mut below);
        }
        let has_comments = self.next > first_comment;
        Value::Collection(Collection {
            is_list,
            is_flow: is_flow && !has_comments,
            is_event: false,
            items,
            below,
        })
    }
}
