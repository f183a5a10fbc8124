//! What is wrong with a text that is no YAML, in words that say what to write.
//!
//! The parser stops where it cannot go on, which is often a line or two behind the mistake. What it has not read up to
//! there is looked at again, roughly: nothing but the words of a diagnostic depends on it.

mod keys;

use granit_parser::ErrorKind;

use super::lex::{Lexer, Lines};
use crate::diagnostic::quoted;
use crate::scalar::in_quotes;
use crate::source::Span;

/// A mistake, where it was made, and what to write.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) help: String,
}

impl Mistake {
    fn new(span: Span, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            help: help.into(),
        }
    }
}

/// Longest text that is shown in quotes as what to write.
const SHOWN_BYTES: usize = 80;

/// Says what is wrong where the parser stopped; `lexer` stands where it was still right.
pub(super) fn explain(kind: &ErrorKind, text: &str, at: usize, mut lexer: Lexer<'_>) -> Mistake {
    use ErrorKind as K;
    let place = Place {
        text,
        at,
        lines: Lines(text),
    };
    lexer.run(at);
    let quotes = matches!(
        kind,
        K::UnclosedQuotedScalar
            | K::DocumentIndicatorInQuotedScalar
            | K::InvalidQuotedScalarIndent
            | K::InvalidIndentation
    );
    if let Some(open) = lexer.quote().filter(|_| quotes) {
        return place.unclosed_quote(open);
    }
    let brackets = matches!(
        kind,
        K::UnclosedFlowCollection { .. }
            | K::UnexpectedEof
            | K::UnexpectedEofFlowSequence
            | K::UnexpectedEofFlowMapping
            | K::UnexpectedEofImplicitFlowMapping
            | K::ExpectedFlowMappingSeparator
            | K::ExpectedFlowSequenceSeparator
            | K::ExpectedNodeContent
            | K::InvalidColonPlacement
            | K::InvalidIndentation
            | K::InvalidFlowScalarIndent
            | K::BlockEntryInFlowCollection
            | K::MappingValueNotAllowed
    );
    if let Some(open) = lexer.bracket().filter(|_| brackets) {
        return place.in_brackets(open, lexer);
    }
    match kind {
        K::TabNotAllowed
        | K::TabInBlockIndentation
        | K::TabInIndentation
        | K::TabInPlainScalar
        | K::TabAtBlockScalarStart => place.tab(),
        K::MissingAnchorOrAliasName | K::UnexpectedCharacter { .. } => place.reserved(),
        K::MappingValueNotAllowed | K::InvalidColonPlacement => place.colon(),
        K::SimpleKeyExpected | K::InvalidSimpleKey => place.key_without_colon(),
        K::ExpectedBlockMappingKey => place.no_key(),
        K::InvalidTrailingSingleQuotedScalar => place.behind_quotes('\''),
        K::InvalidTrailingDoubleQuotedScalar => place.behind_quotes('"'),
        K::UnknownQuotedScalarEscape
        | K::InvalidQuotedScalarHexEscape
        | K::InvalidLowSurrogateHexEscape
        | K::InvalidLowSurrogate
        | K::MissingLowSurrogate
        | K::UnpairedLowSurrogate
        | K::InvalidUnicodeEscape => place.escape(),
        _ => place.other(kind),
    }
}

/// Where the parser stopped.
#[derive(Clone, Copy)]
struct Place<'t> {
    text: &'t str,
    at: usize,
    lines: Lines<'t>,
}

impl<'t> Place<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The character at which the parser stopped; nothing at the end of a line.
    fn char(&self) -> Option<char> {
        self.rest()
            .chars()
            .next()
            .filter(|c| !matches!(c, '\n' | '\r'))
    }

    /// The span of that character.
    fn here(&self) -> Span {
        Span::new(self.at, self.at + self.char().map_or(0, char::len_utf8))
    }

    /// What stands before it in its line.
    fn before(&self) -> &'t str {
        let start = self.lines.start(self.at);
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The value that begins behind the first `: ` of the line, up to its end.
    fn value(&self) -> Option<&'t str> {
        let line = self.lines.at(self.at);
        let (_, value) = line.split_once(": ")?;
        let value = value.split(" #").next().unwrap_or_default().trim();
        (!value.is_empty()).then_some(value)
    }

    /// Help that writes a text in quotes; without the text when that is long.
    fn quote(text: Option<&str>) -> String {
        match text {
            Some(text) if text.len() <= SHOWN_BYTES && !text.contains(char::is_control) => {
                format!("write it in quotes: {}", in_quotes(text))
            }
            _ => "write it in quotes".to_owned(),
        }
    }

    fn unclosed_quote(&self, open: usize) -> Mistake {
        let mark = self.text.get(open..open + 1).unwrap_or_default();
        Mistake::new(
            Span::new(open, open + mark.len()),
            format!("the quote {} is not closed", quoted(mark)),
            format!(
                "write {} where the text ends; what goes on in further lines is indented more than its key",
                quoted(mark)
            ),
        )
    }

    /// Something between brackets.
    fn in_brackets(&self, open: usize, lexer: Lexer<'_>) -> Mistake {
        let mark = self.text.get(open..open + 1).unwrap_or_default();
        let (close, what) = if mark == "[" {
            ("]", "items of a list")
        } else {
            ("}", "keys of a map")
        };
        let is_line_of_bracket = self.lines.start(open) == self.lines.start(self.at);
        if self.char() == Some(',') {
            return Mistake::new(self.here(), "nothing stands before this `,`", "take it out");
        }
        if self.char() == Some('-') {
            return Mistake::new(
                self.here(),
                format!("a `-` has no place between brackets, where `,` parts {what}"),
                "take it out, or write the list without brackets",
            );
        }
        if !lexer.closes() {
            let help = if is_line_of_bracket && self.char().is_some() {
                format!(
                    "write `{close}` where it ends; text that begins with `{mark}` is written in quotes"
                )
            } else {
                format!("write `{close}` where it ends")
            };
            let span = Span::new(open, open + mark.len());
            return Mistake::new(span, format!("the bracket `{mark}` is not closed"), help);
        }
        if self.char() == Some(':') {
            let help =
                format!("write a `,` between {what}; text that holds `: ` is written in quotes");
            return Mistake::new(self.here(), "this `:` is one too many", help);
        }
        let help = format!("write a `,` between {what}");
        Mistake::new(self.here(), "a `,` is missing before this", help)
    }

    /// A tab, at the place or just before it.
    fn tab(&self) -> Mistake {
        let before = self.before();
        let blank = before.len() - before.trim_end_matches([' ', '\t']).len();
        let from = before
            .get(before.len() - blank..)
            .and_then(|blank| blank.find('\t'))
            .map_or(self.at, |tab| self.at - blank + tab);
        let rest = self.text.get(from..).unwrap_or_default();
        let n_tabs = rest.len() - rest.trim_start_matches('\t').len();
        Mistake::new(
            Span::new(from, from + n_tabs),
            "a tab indents nothing in YAML",
            "write spaces in its place",
        )
    }

    /// A character that has another meaning at the beginning of a text.
    fn reserved(&self) -> Mistake {
        // Behind `*` and `&` the name is missing.
        let before = self.before();
        let at = if before.ends_with(['*', '&']) {
            self.at - 1
        } else {
            self.at
        };
        let rest = self.text.get(at..).unwrap_or_default();
        let mark = rest.chars().next().unwrap_or_default();
        let end = match self.value() {
            Some(value) if value.starts_with(mark) => value,
            _ => rest.split([',', ']', '}', '\n']).next().unwrap_or_default(),
        };
        let what = match mark {
            '*' => "begins an alias",
            '&' => "begins an anchor",
            '%' => "begins a directive",
            '@' | '`' => "is reserved",
            _ => "begins no text",
        };
        Mistake::new(
            Span::new(at, at + mark.len_utf8()),
            format!("{} {what} in YAML", quoted(mark.encode_utf8(&mut [0; 4]))),
            Self::quote(Some(end.trim())),
        )
    }

    /// Text behind closing quotes.
    fn behind_quotes(&self, mark: char) -> Mistake {
        let is_inside = |value: &str| value.starts_with(mark) && value.ends_with(mark);
        let inner = self
            .value()
            .filter(|value| value.len() > 1 && is_inside(value));
        let inner = inner.and_then(|value| value.get(1..value.len() - 1));
        // What stands in single quotes, with single quotes in it.
        let help = match inner {
            Some(inner) if mark == '\'' && inner.len() <= SHOWN_BYTES && !inner.contains("' ") => {
                format!(
                    "a quote within the text is written twice: {}",
                    in_quotes(inner)
                )
            }
            _ if mark == '"' => {
                "write the whole text in one pair of quotes; a quote within it is written `\\\"`"
                    .to_owned()
            }
            _ => "write the whole text in one pair of quotes; a quote within it is written twice"
                .to_owned(),
        };
        Mistake::new(self.here(), "a text goes on behind its closing quote", help)
    }

    /// A backslash in double quotes that begins no escape.
    fn escape(&self) -> Mistake {
        let rest = self.rest();
        let mut escapes = rest.match_indices('\\');
        // Of `\\` the second is none.
        let mut after = 0;
        let bad = escapes.find(|(at, _)| {
            if *at < after {
                return false;
            }
            after = at + 2;
            let next = rest.get(at + 1..).and_then(|next| next.chars().next());
            next.is_none_or(|next| !"0abt\tnvfre \"/\\N_LPxuU\n\r".contains(next))
        });
        let (span, found) = match bad {
            Some((at, _)) => {
                let next = rest.get(at + 1..).and_then(|next| next.chars().next());
                let end = at + 1 + next.map_or(0, char::len_utf8);
                let found = rest.get(at..end).unwrap_or_default();
                (Span::new(self.at + at, self.at + end), quoted(found))
            }
            None => (self.here(), "this".to_owned()),
        };
        Mistake::new(
            span,
            format!("{found} is no escape of YAML"),
            "in single quotes a backslash is a backslash; in double quotes it is written twice",
        )
    }

    /// What is rare, in the parser's own words.
    fn other(&self, kind: &ErrorKind) -> Mistake {
        use ErrorKind as K;
        let (message, help) = match kind {
            K::BlockSequenceEntryNotAllowed => (
                "a list cannot begin here",
                "begin it in a line of its own below the key, or write it in brackets: `[a, b]`",
            ),
            K::ExpectedBlockSequenceEntry => (
                "this line is no item of the list around it",
                "items begin with `- ` in one column, and a key in the column of the keys of its map",
            ),
            K::InvalidBlockEntryWhitespace => ("a `-` is followed by a space", "write `- `"),
            K::InvalidBlockScalarHeader => (
                "the text of a block begins in the next line",
                "break the line here, or write the text in quotes",
            ),
            K::InvalidBlockScalarIndent | K::ZeroBlockScalarIndent => (
                "the lines of a block of text begin in one column",
                "indent them alike, and more than the key",
            ),
            K::MisplacedFlowCollectionEnd => (
                "there is no bracket that this one could close",
                "take it out, or write the text in quotes",
            ),
            K::FlowMappingValueAdjacentCollection | K::InvalidMappingValueWhitespace => {
                ("a space is missing behind this `:`", "write `: `")
            }
            K::CommentNotSeparated => (
                "a space is missing before this `#`",
                "write ` #` before a comment, and a text that holds `#` in quotes",
            ),
            K::CommentInterceptedScalar => (
                "a text cannot go on behind a comment",
                "write the comment before the text, or the text in quotes",
            ),
            K::PlainScalarStartsWithDashFlowIndicator => {
                ("a text cannot begin like this", "write it in quotes")
            }
            K::MappingKeyNotAllowed => ("a text cannot begin with `? `", "write it in quotes"),
            K::BomInsideDocument => (
                "a byte order mark within the text",
                "take it out: it has a place at the beginning of the file alone",
            ),
            K::InvalidDocumentEnd => (
                "something stands behind the end of a document",
                "write `---` alone in its line between documents",
            ),
            K::MismatchedFlowCollectionEnd { open, close } => {
                let right = if *open == '[' { ']' } else { '}' };
                return Mistake::new(
                    self.here(),
                    format!("the bracket `{open}` is closed by `{close}`"),
                    format!("write `{right}`"),
                );
            }
            _ => {
                return Mistake::new(
                    self.here(),
                    lower(&kind.to_string()),
                    "text that begins with one of `*&!%@|>[{-?#` or holds `: ` or ` #` is written in quotes",
                );
            }
        };
        Mistake::new(self.here(), message, help)
    }
}

/// A line as it is shown in help.
fn shown(line: &str) -> String {
    quoted(line).trim_matches('`').to_owned()
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
