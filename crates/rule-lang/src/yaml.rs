//! YAML text to a tree in which every node knows where it stands.
//!
//! Rules need neither references nor types of their own, so anchors, aliases, merge keys and tags are refused: the tree
//! is never larger than the text. Whether a scalar is text, a number, a boolean or nothing is told from its text and
//! its quotes when it is used.

mod build;
mod lex;
mod read;
mod syntax;

pub(crate) use read::read;

use crate::diagnostic::{Code, Report};
use crate::limits;
use crate::scalar::Scalar;
use crate::source::Span;

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
    /// Whether it is no map of which a key was refused, which was reported.
    pub(crate) is_complete: bool,
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
    /// Something without parts.
    fn leaf(span: Span, kind: Kind) -> Self {
        Self {
            span,
            kind,
            is_complete: true,
        }
    }

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

/// A document of a file.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where it stands; every problem of its YAML lies within.
    pub(crate) span: Span,
    /// What is in it; `None` when its YAML is wrong as a whole.
    pub(crate) node: Option<Node>,
}

impl Found {
    /// The id, the name and the tags of a document; where its YAML is wrong, what looks like an id and a name.
    pub(crate) fn names(&self, text: &str) -> Vec<String> {
        if let Some(node) = &self.node {
            let tags = match node.get("tags").map(|tags| &tags.value.kind) {
                Some(Kind::List(items)) => items.as_slice(),
                _ => &[],
            };
            let named = ["id", "name"].into_iter().filter_map(|key| node.get(key));
            let scalars = named.map(|entry| &entry.value).chain(tags);
            return scalars
                .filter_map(Node::scalar)
                .map(|scalar| scalar.text.clone())
                .collect();
        }
        let rest = text.get(self.span.start()..).unwrap_or_default();
        let lines = rest.lines().enumerate();
        let lines = lines.take_while(|(at, line)| *at == 0 || !line.starts_with("---"));
        lines
            .filter_map(|(_, line)| {
                let value = line.strip_prefix("id:").or(line.strip_prefix("name:"))?;
                let value = value.split(" #").next().unwrap_or_default().trim();
                Some(value.trim_matches(['\'', '"']).to_owned())
            })
            .collect()
    }
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
