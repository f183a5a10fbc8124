//! YAML text to a tree in which every node knows where it stands.
//!
//! Rules need neither references nor types of their own, so anchors, aliases, merge keys and tags are refused: the tree
//! is never larger than the text. Whether a scalar is text, a number, a boolean or nothing is told from its text and
//! its quotes when it is used.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StructureStyle};

use crate::diagnostic::{Code, Report, quoted};
use crate::limits;
use crate::scalar::{Scalar, Style};
use crate::source::Span;

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Something that was refused and reported.
    Refused,
}

/// A key of a map and its value. Keys of one map are distinct.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Scalar,
    pub(crate) value: Node,
}

impl Node {
    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    pub(crate) fn map(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.map()?.iter().find(|entry| entry.key.text == key)
    }

    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.kind, Kind::Refused)
    }

    pub(crate) fn is_null(&self) -> bool {
        self.scalar().is_some_and(Scalar::is_null)
    }

    /// What the node is, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.describe(),
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
            Kind::Refused => "something else",
        }
    }
}

/// How deep the parser reads before it gives up by itself.
const PARSER_DEPTH: usize = 255;

/// A document of a file.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where it stands; every problem of its YAML lies within.
    pub(crate) span: Span,
    /// What is in it; `None` when its YAML is wrong as a whole.
    pub(crate) node: Option<Node>,
}

/// Reads the documents of a file that is not too large and says something.
pub(crate) fn read_file(text: &str, report: &mut Report) -> Vec<Found> {
    let (n, limit) = (text.len(), limits::FILE_BYTES);
    if n > limit {
        let message = format!("the file has {n} bytes and the limit is {limit}");
        report.add(Code::FileTooLarge, Span::default(), message);
        return Vec::new();
    }
    let documents = read(text, report);
    if documents.is_empty() {
        report
            .add(Code::NotADocument, Span::default(), "the file is empty")
            .set_help("a rule begins with `title: …`");
    }
    documents
}

/// Reads the documents of a file. Empty documents are left out.
pub(crate) fn read(text: &str, report: &mut Report) -> Vec<Found> {
    // Our own count of the depth comes first; the parser's limit is only a net below it.
    let mut options = granit_parser::options! {
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        simple_key_max_lookahead: limits::NAME_BYTES,
        block_nesting_limit: PARSER_DEPTH,
        flow_nesting_limit: PARSER_DEPTH,
    };
    options.set_emit_comments(false);
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader::default();
    let mut documents = Vec::new();
    // Where the document begins, unless there is none, and how many errors there were before it.
    let mut begin = (None, 0);
    while let Some(next) = parser.next_event() {
        let (at, step) = match next {
            Ok((event, span)) => {
                let at = span
                    .byte_range()
                    .map_or(Span::default(), |range| Span::new(range.start, range.end));
                if matches!(event, Event::DocumentStart(..)) {
                    begin = (Some(at.start()), report.errors());
                }
                if let Some(tag) = span.tag_span().and_then(|tag| tag.byte_range()) {
                    let tag = Span::new(tag.start, tag.end);
                    refuse(
                        report,
                        text,
                        tag,
                        Code::YamlTag,
                        "tags",
                        "leave the tag out",
                    );
                }
                (at, reader.event(event, at, text, report))
            }
            Err(error) => {
                let at = at_offset(text, error.marker().byte_offset().unwrap_or_default());
                if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
                    // The parser reads ahead, so that its own limit may come before ours.
                    too_deep(report, at, PARSER_DEPTH + 1);
                } else {
                    report.add(Code::YamlSyntax, at, lower(&error.kind().to_string()));
                }
                (at, Step::Abandon)
            }
        };
        match step {
            Step::Next => {}
            Step::Document(root) => {
                let (start, errors) = std::mem::take(&mut begin);
                documents.extend(finished(root, start, report.errors() > errors, at));
            }
            Step::Abandon => {
                let start = begin.0.take().unwrap_or(at.start()).min(at.start());
                documents.push(Found {
                    span: Span::new(start, at.end()),
                    node: None,
                });
                reader = Reader::default();
                if !matches!(parser.proceed_next_document(), Ok(true)) {
                    break;
                }
            }
        }
    }
    documents
}

/// A document that was read to its end.
fn finished(root: Option<Node>, start: Option<usize>, is_wrong: bool, end: Span) -> Option<Found> {
    let start = start.unwrap_or(end.start());
    match root {
        Some(mut root) if !root.is_null() => {
            if is_wrong {
                // An anchor or a tag of the whole document stands before it, and is an error of it.
                root.span = Span::new(start.min(root.span.start()), root.span.end());
            }
            Some(Found {
                span: root.span,
                node: Some(root),
            })
        }
        // Nothing, but an anchor or a tag of it.
        _ if is_wrong => Some(Found {
            span: Span::new(start, end.end()),
            node: None,
        }),
        _ => None,
    }
}

fn too_deep(report: &mut Report, span: Span, depth: usize) {
    let limit = limits::YAML_DEPTH;
    let message = format!("the YAML nests {depth} levels deep and the limit is {limit}");
    report.add(Code::YamlTooDeep, span, message);
}

/// A message of the YAML parser in the style of ours.
fn lower(message: &str) -> String {
    let mut message = message.trim_end_matches('.').to_owned();
    if !message.contains("n't") {
        // Its quotes are around characters of the file.
        message = message.replace('\'', "`");
    }
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

/// The span of the character at an offset; empty at the end.
fn at_offset(text: &str, offset: usize) -> Span {
    let rest = text.get(offset..).unwrap_or_default();
    let length = rest
        .chars()
        .next()
        .filter(|c| *c != '\n')
        .map_or(0, char::len_utf8);
    Span::new(offset, offset + length)
}

fn refuse(report: &mut Report, text: &str, span: Span, code: Code, what: &str, help: &str) {
    let found = text.get(span.range()).unwrap_or_default();
    report
        .add(
            code,
            span,
            format!("{} is refused: rules have no {what}", quoted(found)),
        )
        .set_help(help);
}

enum Step {
    Next,
    Document(Option<Node>),
    Abandon,
}

/// Builds one document; a stack in place of recursion.
#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    root: Option<Node>,
}

/// A collection that is being read.
struct Open {
    start: usize,
    end: usize,
    flow: bool,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// Where each key stands.
        seen: HashMap<String, Span>,
        /// The key whose value comes next.
        key: Key,
    },
}

/// What is known of the key whose value comes next.
#[derive(Default)]
enum Key {
    /// It comes first itself.
    #[default]
    Missing,
    /// It was read.
    Read(Scalar),
    /// It was reported, and its value goes with it.
    Refused,
}

impl Reader {
    fn event(&mut self, event: Event<'_>, span: Span, text: &str, report: &mut Report) -> Step {
        match event {
            Event::DocumentEnd => return Step::Document(self.root.take()),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let help =
                    "write the value again, or move a long list into a `placeholders` document";
                refuse(report, text, span, Code::YamlAlias, "aliases", help);
                self.push(span, Kind::Refused, report);
            }
            Event::Anchor(..) => {
                let help = "leave the anchor out";
                refuse(report, text, span, Code::YamlAnchor, "anchors", help);
            }
            Event::Scalar(value, style, _, _) => {
                let scalar = Scalar {
                    text: value.into_owned(),
                    style: self::style(style),
                    span: trimmed(span, style, text),
                };
                self.push(scalar.span, Kind::Scalar(scalar), report);
            }
            Event::SequenceStart(style, ..) => {
                return self.start(style, Content::List(Vec::new()), span, report);
            }
            Event::MappingStart(style, ..) => {
                let content = Content::Map {
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    key: Key::Missing,
                };
                return self.start(style, content, span, report);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let end = if open.flow { span.end() } else { open.end };
                    let kind = match open.content {
                        Content::List(items) => Kind::List(items),
                        Content::Map { entries, .. } => Kind::Map(entries),
                    };
                    self.push(Span::new(open.start, end), kind, report);
                }
            }
            _ => {}
        }
        Step::Next
    }

    fn start(
        &mut self,
        style: StructureStyle,
        content: Content,
        span: Span,
        report: &mut Report,
    ) -> Step {
        let depth = self.open.len() + 1;
        if depth > limits::YAML_DEPTH {
            too_deep(report, span, depth);
            return Step::Abandon;
        }
        self.open.push(Open {
            start: span.start(),
            end: span.end(),
            flow: style == StructureStyle::Flow,
            content,
        });
        Step::Next
    }

    /// Puts a finished node where it belongs.
    fn push(&mut self, span: Span, kind: Kind, report: &mut Report) {
        let node = Node { span, kind };
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        open.end = open.end.max(span.end());
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, seen, key } => match std::mem::take(key) {
                Key::Missing => {
                    *key = as_key(node, seen, report).map_or(Key::Refused, Key::Read);
                }
                Key::Read(key) => entries.push(Entry { key, value: node }),
                Key::Refused => {}
            },
        }
    }
}

/// Checks a key; `None` when it was reported.
fn as_key(node: Node, seen: &mut HashMap<String, Span>, report: &mut Report) -> Option<Scalar> {
    let span = node.span;
    let scalar = match node.kind {
        Kind::Scalar(scalar) => scalar,
        Kind::Refused => return None,
        _ => {
            report.add(
                Code::BadKey,
                span,
                format!("a key is text, and this is {}", node.describe()),
            );
            return None;
        }
    };
    if scalar.style == Style::Plain && scalar.text == "<<" {
        report
            .add(
                Code::YamlMergeKey,
                span,
                "`<<` is refused: rules have no merge keys",
            )
            .set_help("write the keys where they belong");
        return None;
    }
    if scalar.style == Style::Plain && scalar.text.is_empty() {
        report.add(Code::BadKey, span, "a key is missing before the `:`");
        return None;
    }
    if seen.contains_key(&scalar.text) {
        report
            .add(
                Code::DuplicateKey,
                span,
                format!("the key {} stands twice in one map", quoted(&scalar.text)),
            )
            .set_help("a map has each key once; alternatives are a list of maps");
        return None;
    }
    seen.insert(scalar.text.clone(), span);
    Some(scalar)
}

fn style(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        ScalarStyle::Plain => Style::Plain,
    }
}

/// The span of a scalar without the line breaks after a block scalar.
fn trimmed(span: Span, style: ScalarStyle, text: &str) -> Span {
    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
        let raw = text.get(span.range()).unwrap_or_default();
        Span::new(span.start(), span.start() + raw.trim_end().len())
    } else {
        span
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    /// The documents that could be read, and what was reported.
    fn read_all(text: &str) -> (Vec<Node>, Vec<String>) {
        let mut sources = Sources::default();
        let mut report = Report::new(sources.add("t", text));
        let nodes = read(text, &mut report).into_iter();
        let nodes = nodes.filter_map(|found| found.node).collect();
        let found = report.finish();
        let shown = found
            .iter()
            .map(|d| format!("{} {:?}", d.code(), text.get(d.span().range()).unwrap()))
            .collect();
        (nodes, shown)
    }

    #[test]
    fn spans_cover_the_text() {
        let text = "a: 'x'\nb:\n  - [1, {c: d}]\n  - |\n    lines\n    more\n\ne: f\n";
        let (nodes, found) = read_all(text);
        assert!(found.is_empty(), "{found:?}");
        let root = &nodes[0];
        assert_eq!(text.get(root.span.range()).unwrap(), text.trim_end());
        let Kind::List(items) = &root.get("b").unwrap().value.kind else {
            panic!("a list");
        };
        assert_eq!(text.get(items[0].span.range()).unwrap(), "[1, {c: d}]");
        assert_eq!(text.get(items[1].span.range()).unwrap(), "lines\n    more");
        assert_eq!(
            text.get(root.get("a").unwrap().value.span.range()).unwrap(),
            "'x'"
        );
    }

    #[test]
    fn refuses_what_rules_do_not_need() {
        let (_, found) =
            read_all("a: &x 1\nb: *x\nc: *y\nd: !!str 2\n<<: {e: 1}\nf: 1\nf: 2\n[g]: 1\n");
        assert_eq!(
            found,
            [
                "yaml-anchor \"&x\"",
                "yaml-alias \"*x\"",
                "yaml-alias \"*y\"",
                "yaml-tag \"!!str\"",
                "yaml-merge-key \"<<\"",
                "duplicate-key \"f\"",
                "bad-key \"[g]\"",
            ]
        );
    }

    #[test]
    fn goes_on_with_the_next_document() {
        let (nodes, found) = read_all("a: [\n---\nb: 1\n---\nc: ]\n---\nd: 2\n");
        assert_eq!(nodes.len(), 2, "{found:?}");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn depth_has_a_limit() {
        let deep = |n: usize| format!("a: {}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(read_all(&deep(63)).1.len(), 0);
        let (nodes, found) = read_all(&deep(64));
        assert!(nodes.is_empty());
        assert_eq!(found, ["yaml-too-deep \"[\""]);
        assert_eq!(read_all(&deep(100_000)).1.len(), 1);
    }
}
