//! From the events of the YAML parser to a tree; what rules do not need is refused.

use std::collections::HashMap;

use granit_parser::{Event, ScalarStyle, StructureStyle};

use super::read::too_deep;
use super::{Entry, Kind, Node};
use crate::diagnostic::{Code, Report, quoted};
use crate::limits;
use crate::scalar::{Scalar, Style, in_quotes};
use crate::source::Span;

pub(super) fn refuse(
    report: &mut Report,
    text: &str,
    span: Span,
    code: Code,
    what: &str,
    help: &str,
) {
    let found = text.get(span.range()).unwrap_or_default();
    report
        .add(
            code,
            span,
            format!("{} is refused: rules have no {what}", quoted(found)),
        )
        .set_help(help);
}

/// Help for what is refused and may be meant as text.
pub(super) fn quotes(text: &str, span: Span, otherwise: &str) -> String {
    let found = text.get(span.range()).unwrap_or_default();
    format!("{otherwise}, or write text in quotes: {}", in_quotes(found))
}

pub(super) enum Step {
    Next,
    Document(Option<Node>),
    Abandon,
}

/// Builds one document; a stack in place of recursion.
#[derive(Default)]
pub(super) struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    /// Where the mistake stands at which the parser is going to stop, when it is told.
    told: Option<Span>,
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
        /// Whether no key was refused.
        is_complete: bool,
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

impl Builder {
    pub(super) fn event(
        &mut self,
        event: Event<'_>,
        span: Span,
        text: &str,
        report: &mut Report,
    ) -> Step {
        match event {
            Event::DocumentEnd => return Step::Document(self.root.take()),
            Event::Alias(_) => {
                let help =
                    "write the value again, or move a long list into a `placeholders` document";
                refuse(report, text, span, Code::YamlAlias, "aliases", help);
                self.push(Node::leaf(span, Kind::Refused), text, report);
            }
            // There is no such anchor, so that it is rather a wildcard.
            Event::UnresolvedAlias(_) => {
                let help = quotes(text, span, "write the value itself");
                refuse(report, text, span, Code::YamlAlias, "aliases", &help);
                self.push(Node::leaf(span, Kind::Refused), text, report);
            }
            Event::Anchor(..) => {
                let help = quotes(text, span, "leave the anchor out");
                refuse(report, text, span, Code::YamlAnchor, "anchors", &help);
            }
            Event::Scalar(value, style, _, _) => {
                let scalar = Scalar {
                    text: value.into_owned(),
                    style: self::style(style),
                    span: trimmed(span, style, text),
                };
                self.push(Node::leaf(scalar.span, Kind::Scalar(scalar)), text, report);
            }
            Event::SequenceStart(style, ..) => {
                return self.start(style, Content::List(Vec::new()), span, report);
            }
            Event::MappingStart(style, ..) => {
                let content = Content::Map {
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    key: Key::Missing,
                    is_complete: true,
                };
                return self.start(style, content, span, report);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let end = if open.flow { span.end() } else { open.end };
                    // Most collections are small, and what a vector keeps free is several times that.
                    let (kind, is_complete) = match open.content {
                        Content::List(mut items) => {
                            items.shrink_to_fit();
                            (Kind::List(items), true)
                        }
                        Content::Map {
                            mut entries,
                            is_complete,
                            ..
                        } => {
                            entries.shrink_to_fit();
                            (Kind::Map(entries), is_complete)
                        }
                    };
                    let node = Node {
                        span: Span::new(open.start, end),
                        kind,
                        is_complete,
                    };
                    self.push(node, text, report);
                }
            }
            _ => {}
        }
        Step::Next
    }

    /// Where the brackets stand that are open.
    pub(super) fn open_brackets(&self) -> Vec<usize> {
        let flow = self.open.iter().filter(|open| open.flow);
        flow.map(|open| open.start).collect()
    }

    /// Where the mistake stands at which the parser stopped, when it is told.
    pub(super) fn told(&self) -> Option<Span> {
        self.told
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
    fn push(&mut self, node: Node, text: &str, report: &mut Report) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        open.end = open.end.max(node.span.end());
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map {
                entries,
                seen,
                key,
                is_complete,
            } => match std::mem::take(key) {
                Key::Missing => {
                    *key = as_key(node, seen, report).map_or(Key::Refused, Key::Read);
                    *is_complete &= matches!(key, Key::Read(_));
                }
                Key::Read(key) if open.flow && is_missing(&key, &node, text) => {
                    let bracket = has_bracket(&key, text, report);
                    if bracket.is_none() {
                        without_value(&key, report);
                    }
                    self.told = self.told.max(bracket);
                    *is_complete = false;
                }
                Key::Read(key) => entries.push(Entry { key, value: node }),
                Key::Refused => {}
            },
        }
    }
}

/// Whether a key in brackets has no value, and no `:` before it either.
fn is_missing(key: &Scalar, value: &Node, text: &str) -> bool {
    let between = text.get(key.span.end()..value.span.start());
    let is_nothing = value.span.range().is_empty() && key.style == Style::Plain;
    is_nothing && between.is_some_and(|between| !between.contains(':'))
}

fn without_value(key: &Scalar, report: &mut Report) {
    let help = match key.text.split_once(':') {
        Some((name, value)) => {
            let whole = format!("{name}: {value}");
            format!(
                "a space is missing behind the `:`: write {}",
                quoted(&whole)
            )
        }
        None => "write `key: value`".to_owned(),
    };
    let message = format!("{} is a key without a value", quoted(&key.text));
    report.add(Code::BadKey, key.span, message).set_help(help);
}

/// Reports a key such as `containers[any].image` between braces, where a bracket begins a list; where it stands if it is one.
fn has_bracket(key: &Scalar, text: &str, report: &mut Report) -> Option<Span> {
    let rest = text.get(key.span.end()..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let end = line
        .find(": ")
        .or_else(|| line.find(":{"))
        .filter(|_| line.starts_with('[') && key.style == Style::Plain);
    let end = end.filter(|end| !line.get(..*end).unwrap_or_default().contains([',', ' ']))?;
    let span = Span::new(key.span.start(), key.span.end() + end);
    let whole = text.get(span.range()).unwrap_or_default();
    report
        .add(
            Code::YamlSyntax,
            span,
            format!(
                "between `{{` and `}}` the bracket in the key {} begins a list",
                quoted(whole)
            ),
        )
        .set_help(format!(
            "write the key in quotes: {}",
            quoted(&in_quotes(whole))
        ));
    Some(span)
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
