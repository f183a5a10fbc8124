//! A scalar of YAML: its text, how it was written, and where each part of it stands in the file.

use std::ops::Range;

use crate::diagnostic::quoted;
use crate::number::Number;
use crate::source::Span;

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// Literal or folded.
    Block,
}

/// A scalar of YAML.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// The text without quotes and escapes.
    pub(crate) text: String,
    pub(crate) style: Style,
    /// Where it stands, with its quotes.
    pub(crate) span: Span,
}

impl Scalar {
    /// Whether this is nothing: `null`, `~` or no text at all, without quotes.
    pub(crate) fn is_null(&self) -> bool {
        self.style == Style::Plain
            && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// The boolean, when written without quotes as YAML 1.2 has them. `yes` and `on` are text.
    pub(crate) fn bool(&self) -> Option<bool> {
        if self.style != Style::Plain {
            return None;
        }
        match self.text.as_str() {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// The boolean that is meant by what other readers take for one, or by one in quotes.
    pub(crate) fn meant_bool(&self) -> Option<bool> {
        match self.text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "on" | "1" => Some(true),
            "false" | "no" | "n" | "off" | "0" => Some(false),
            _ => None,
        }
    }

    /// The number, when written without quotes as JSON has them. `007` and `0x1f` are text.
    pub(crate) fn number(&self) -> Option<Number> {
        if self.style == Style::Plain {
            Number::parse(&self.text)
        } else {
            None
        }
    }

    /// What to say of a scalar that is no number: the quotes may be all that is wrong with it.
    pub(crate) fn no_number(&self) -> String {
        let text = quoted(&self.text);
        if self.style != Style::Plain && Number::parse(&self.text).is_some() {
            format!("{text} is in quotes, and so no number")
        } else {
            format!("{text} is no number")
        }
    }

    /// What the scalar is, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        if self.is_null() {
            "nothing"
        } else if self.bool().is_some() {
            "a boolean"
        } else if self.number().is_some() {
            "a number"
        } else {
            "text"
        }
    }

    /// Where a part of the text stands in the file; the whole scalar where that cannot be told.
    ///
    /// This costs the length of the text; who asks for many parts asks [`Scalar::places`] once.
    pub(crate) fn locate(&self, file: &str, part: Range<usize>) -> Span {
        self.places(file).locate(part)
    }

    /// Where every part of the text stands in the file.
    pub(crate) fn places(&self, file: &str) -> Places {
        let raw = file.get(self.span.range()).unwrap_or_default();
        let quotes = match self.style {
            // The span of a block scalar begins with its text.
            Style::Plain | Style::Block => 0,
            Style::SingleQuoted | Style::DoubleQuoted => 1,
        };
        let mut places = Places {
            span: self.span,
            start: quotes,
            steps: Vec::new(),
            is_same: false,
        };
        // Mostly the text stands there as it is.
        let inner = raw
            .len()
            .checked_sub(quotes)
            .and_then(|end| raw.get(quotes..end));
        if inner == Some(&self.text) {
            places.is_same = true;
            return places;
        }
        // Follows the raw text and the value side by side.
        let mut at = quotes;
        for (offset, c) in self.text.char_indices() {
            let Some((from, to)) = self.step(raw, at, c) else {
                break;
            };
            places.steps.push(Step {
                text_end: offset + c.len_utf8(),
                from,
                to,
            });
            at = to;
        }
        places
    }

    /// Finds the raw text of the next character of the value: from where to where.
    fn step(&self, raw: &str, mut at: usize, c: char) -> Option<(usize, usize)> {
        loop {
            let rest = raw.get(at..)?;
            let next = rest.chars().next()?;
            if self.style == Style::SingleQuoted && rest.starts_with("''") {
                return (c == '\'').then_some((at, at + 2));
            }
            if self.style == Style::DoubleQuoted && next == '\\' {
                let length = escape(rest);
                if rest
                    .get(1..)
                    .is_some_and(|rest| rest.starts_with(['\n', '\r']))
                {
                    // A line that goes on; what follows is indentation.
                    at += length;
                    continue;
                }
                return Some((at, at + length));
            }
            if next == c {
                return Some((at, at + next.len_utf8()));
            }
            if !next.is_whitespace() {
                return None;
            }
            if c == ' ' && matches!(next, '\n' | '\r') {
                // A folded line break; the indentation behind it is passed over by the next character.
                return Some((at, at + 1));
            }
            at += next.len_utf8();
        }
    }
}

/// A text as a scalar in single quotes.
pub(crate) fn in_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Where the parts of a scalar stand in the file.
#[derive(Debug)]
pub(crate) struct Places {
    /// The whole scalar.
    span: Span,
    /// Where the text begins in the scalar.
    start: usize,
    /// One step for each character, up to where the way was lost.
    steps: Vec<Step>,
    /// Whether text and file are the same, so that no steps are needed.
    is_same: bool,
}

/// A character of the text: up to where it goes there, and from where to where it stands in the scalar.
#[derive(Clone, Copy, Debug)]
struct Step {
    text_end: usize,
    from: usize,
    to: usize,
}

impl Places {
    /// Where a part of the text stands in the file; the whole scalar where that cannot be told.
    pub(crate) fn locate(&self, part: Range<usize>) -> Span {
        let at = |start: usize, end: usize| {
            Span::new(self.span.start() + start, self.span.start() + end)
        };
        if self.is_same {
            return at(self.start + part.start, self.start + part.end);
        }
        let first = self
            .steps
            .partition_point(|step| step.text_end <= part.start);
        let before = first.checked_sub(1).and_then(|idx| self.steps.get(idx));
        if part.is_empty() {
            // An empty part stands where the character before it ends.
            let end = before.map_or(self.start, |step| step.to);
            return at(end, end);
        }
        let last = self.steps.partition_point(|step| step.text_end < part.end);
        match (self.steps.get(first), self.steps.get(last)) {
            (Some(first), Some(last)) => at(first.from, last.to),
            _ => self.span,
        }
    }
}

/// Length of the escape that `rest` begins with.
fn escape(rest: &str) -> usize {
    match rest.as_bytes().get(1) {
        Some(b'x') => 4,
        // A pair of surrogates is one character.
        Some(b'u') if rest.get(6..8) == Some("\\u") && is_high_surrogate(rest) => 12,
        Some(b'u') => 6,
        Some(b'U') => 10,
        Some(_) => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
        None => 1,
    }
}

fn is_high_surrogate(rest: &str) -> bool {
    rest.get(2..6)
        .and_then(|hex| u32::from_str_radix(hex, 16).ok())
        .is_some_and(|unit| (0xd800..0xdc00).contains(&unit))
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Report;
    use crate::source::Sources;
    use crate::yaml::read;

    /// The raw text of `part` in the value of `k`.
    #[track_caller]
    fn check(file: &str, part: &str, expected: &str) {
        let mut sources = Sources::default();
        let mut report = Report::new(sources.add("t", file));
        let nodes = read(file, &mut report);
        let root = nodes[0].node.as_ref().unwrap();
        let scalar = root.get("k").unwrap().value.scalar().unwrap().clone();
        let start = scalar.text.find(part).unwrap();
        let span = scalar.locate(file, start..start + part.len());
        let found = file.get(span.range()).unwrap();
        assert_eq!(found, expected, "in {:?}", scalar.text);
    }

    #[test]
    fn parts_are_found_in_every_style() {
        check("k: a or b\n", "b", "b");
        check("k: 'a or b'\n", "b", "b");
        check("k: 'it''s so'\n", "so", "so");
        check("k: 'it''s so'\n", "it's", "it''s");
        check("k: \"a \\\"q\\\" \\u00e9 z\"\n", "z", "z");
        check("k: \"a \\ud83d\\ude00 z\"\n", "z", "z");
        check("k: \"a \\\n   b\"\n", "b", "b");
        check("k: |\n  a or\n  b and c\n", "b and", "b and");
        check("k: >-\n  a or\n  b and c\n", "c", "c");
        check("k: >-\n  a or\n  b and c\n", "or b", "or\n  b");
        check("k: a or\n  b and c\n", "b", "b");
        check("k: äö x\n", "x", "x");
    }
}
