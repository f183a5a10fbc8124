//! The documents of a text, as far as the YAML parser can follow it.

use granit_parser::{ErrorKind, Event, Parser};

use super::build::{Builder, Step, quotes, refuse};
use super::lex::Lexer;
use super::{Found, Node, syntax};
use crate::diagnostic::{Code, Report};
use crate::limits;
use crate::source::Span;

/// How deep the parser reads before it gives up by itself.
const PARSER_DEPTH: usize = 255;

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
    let mut builder = Builder::default();
    let mut documents = Vec::new();
    // Where the document begins, unless there is none, and how many errors there were before it.
    let mut begin = (None, 0);
    // Up to where there was no error.
    let mut upto = 0;
    while let Some(next) = parser.next_event() {
        let (at, step) = match next {
            Ok((event, span)) => {
                let at = span
                    .byte_range()
                    .map_or(Span::default(), |range| Span::new(range.start, range.end));
                if matches!(event, Event::DocumentStart(..)) {
                    begin = (Some(at.start()), report.errors());
                }
                upto = upto.max(at.end());
                if let Some(tag) = span.tag_span().and_then(|tag| tag.byte_range()) {
                    let tag = Span::new(tag.start, tag.end);
                    let help = quotes(text, tag, "leave the tag out");
                    refuse(report, text, tag, Code::YamlTag, "tags", &help);
                }
                (at, builder.event(event, at, text, report))
            }
            Err(error) => {
                let mut at = at_offset(text, error.marker().byte_offset().unwrap_or_default());
                if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
                    // The parser reads ahead, so that its own limit may come before ours.
                    too_deep(report, at, PARSER_DEPTH + 1);
                } else if let Some(told) = builder.told() {
                    at = both(at, told);
                } else {
                    let unread = text.get(upto..at.start()).unwrap_or_default();
                    // What an earlier document has left open is none of this one's.
                    let (from, open) = match unread.rfind("\n---") {
                        Some(marker) => (upto + marker, Vec::new()),
                        None => (upto.min(at.start()), builder.open_brackets()),
                    };
                    let lexer = Lexer::new(text, from, open);
                    let found = syntax::explain(error.kind(), text, at.start(), lexer);
                    report
                        .add(Code::YamlSyntax, found.span, found.message)
                        .set_help(found.help);
                    at = both(at, found.span);
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
                builder = Builder::default();
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

pub(super) fn too_deep(report: &mut Report, span: Span, depth: usize) {
    let limit = limits::YAML_DEPTH;
    let message = format!("the YAML nests {depth} levels deep and the limit is {limit}");
    report.add(Code::YamlTooDeep, span, message);
}

/// From the first to the last of two spans.
fn both(one: Span, other: Span) -> Span {
    Span::new(one.start().min(other.start()), one.end().max(other.end()))
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
