//! Keys of selections: a field name, the quantifiers in its brackets, and modifiers.

use std::ops::Range;

use crate::ast::{BlockQuantifier, Name};
use crate::scalar::Scalar;
use crate::source::Span;

/// What brackets hold beside an index and a quoted key.
pub(crate) const QUANTIFIERS: [&str; 4] = ["any", "all", "all_or_empty", "none"];

/// A key of a selection, taken apart.
#[derive(Debug)]
pub(crate) struct Key {
    /// The name with its brackets.
    pub(crate) name: Name,
    /// The name cut after each quantifier; only the last part has none, and it is missing after a quantifier at the
    /// end.
    pub(crate) parts: Vec<Part>,
    pub(crate) modifiers: Vec<Name>,
    /// The first bracket that is not escaped.
    pub(crate) first_bracket: Option<Span>,
    pub(crate) problems: Vec<Problem>,
}

/// A piece of a name, up to a quantifier.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: Name,
    pub(crate) quantifier: Option<BlockQuantifier>,
}

/// What is wrong with the brackets.
#[derive(Debug)]
pub(crate) enum Problem {
    /// A word that is no quantifier.
    Quantifier(Name),
    /// Something that has no meaning.
    Malformed(Span, &'static str),
}

/// Takes a key apart.
pub(crate) fn split(key: &Scalar, file: &str) -> Key {
    let at = |part: Range<usize>| Name {
        text: key.text.get(part.clone()).unwrap_or_default().to_owned(),
        span: key.locate(file, part),
    };
    let mut pieces = bars(&key.text).into_iter();
    let whole = pieces.next().unwrap_or(0..0);
    let mut out = Key {
        name: at(whole.clone()),
        parts: Vec::new(),
        modifiers: pieces.map(&at).collect(),
        first_bracket: None,
        problems: Vec::new(),
    };
    let mut start = 0;
    let name = out.name.text.clone();
    for bracket in brackets(&name) {
        out.first_bracket = out.first_bracket.or(Some(at(bracket.clone()).span));
        let inner = name
            .get(bracket.start + 1..bracket.end.saturating_sub(1))
            .unwrap_or_default();
        if inner.starts_with('"') || inner.parse::<i32>().is_ok() {
            continue;
        }
        let Some(quantifier) = quantifier(inner) else {
            let word = at(bracket.start + 1..bracket.end - 1);
            out.problems.push(Problem::Quantifier(word));
            continue;
        };
        if bracket.start == start && start == 0 {
            let message = "a field name is missing before the bracket";
            out.problems
                .push(Problem::Malformed(at(bracket.clone()).span, message));
        }
        out.parts.push(Part {
            name: member(at(start..bracket.start)),
            quantifier: Some(quantifier),
        });
        let rest = name.get(bracket.end..).unwrap_or_default();
        start = bracket.end;
        if let Some(rest) = rest.strip_prefix('.') {
            start += 1;
            if rest.is_empty() {
                let message = "a field name has an empty part";
                let dot = at(bracket.end..bracket.end + 1).span;
                out.problems.push(Problem::Malformed(dot, message));
            }
        } else if !rest.is_empty() && !rest.starts_with('[') {
            let message = "a dot is missing behind the bracket";
            out.problems
                .push(Problem::Malformed(at(bracket).span, message));
        }
    }
    if start < name.len() || out.parts.is_empty() {
        out.parts.push(Part {
            name: at(start..name.len()),
            quantifier: None,
        });
    }
    out
}

/// Of `a[any][all]` the second quantifier is about the member itself.
fn member(name: Name) -> Name {
    if name.text.is_empty() {
        Name {
            text: ".".to_owned(),
            ..name
        }
    } else {
        name
    }
}

fn quantifier(word: &str) -> Option<BlockQuantifier> {
    Some(match word {
        "any" => BlockQuantifier::Any,
        "all" => BlockQuantifier::All,
        "all_or_empty" => BlockQuantifier::AllOrEmpty,
        "none" => BlockQuantifier::None,
        _ => return None,
    })
}

/// The ranges between bars; a bar in a quoted key is part of it.
fn bars(text: &str) -> Vec<Range<usize>> {
    let mut quoted = brackets(text)
        .into_iter()
        .filter(|bracket| {
            text.get(bracket.start + 1..)
                .is_some_and(|rest| rest.starts_with('"'))
        })
        .peekable();
    let mut ranges = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices('|') {
        while quoted.next_if(|bracket| bracket.end <= at).is_some() {}
        if !quoted.peek().is_some_and(|bracket| bracket.contains(&at)) {
            ranges.push(start..at);
            start = at + 1;
        }
    }
    ranges.push(start..text.len());
    ranges
}

/// The ranges of brackets that are closed and not escaped, with the brackets.
fn brackets(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next_if(|(_, c)| matches!(c, '[' | ']'));
            }
            '[' => {
                let rest = text.get(start..).unwrap_or_default();
                let length = if rest.starts_with("[\"") {
                    rest.find("\"]").map(|at| at + 2)
                } else {
                    rest.find(']').map(|at| at + 1)
                };
                // What is not closed is left to the reading of the path.
                let Some(length) = length else {
                    break;
                };
                ranges.push(start..start + length);
                while chars.next_if(|(at, _)| *at < start + length).is_some() {}
            }
            _ => {}
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Style;

    fn parts(text: &str) -> Vec<String> {
        let scalar = Scalar {
            text: text.to_owned(),
            style: Style::Plain,
            span: Span::new(0, text.len()),
        };
        let key = split(&scalar, text);
        let parts = key.parts.iter().map(|part| {
            let quantifier = part.quantifier.map_or(String::new(), |q| format!(" {q:?}"));
            format!("{}{quantifier}", part.name.text)
        });
        let modifiers = key.modifiers.iter().map(|name| format!("|{}", name.text));
        let problems = key.problems.iter().map(|problem| match problem {
            Problem::Quantifier(name) => format!("! {}", name.text),
            Problem::Malformed(span, message) => {
                format!("! {message}: {}", text.get(span.range()).unwrap())
            }
        });
        parts.chain(modifiers).chain(problems).collect()
    }

    #[test]
    fn takes_keys_apart() {
        assert_eq!(parts("verb|contains|all"), ["verb", "|contains", "|all"]);
        assert_eq!(parts("|all"), ["", "|all"]);
        assert_eq!(parts("a[any]"), ["a Any"]);
        assert_eq!(parts("a[any].b[0]|re"), ["a Any", "b[0]", "|re"]);
        assert_eq!(parts("a[all][none].c"), ["a All", ". None", "c"]);
        assert_eq!(parts(r"a\[any\].b"), [r"a\[any\].b"]);
        assert_eq!(parts(r#"a["x|y"]|re"#), [r#"a["x|y"]"#, "|re"]);
        assert_eq!(parts("a[-1].b"), ["a[-1].b"]);
        assert_eq!(parts("a[0][any]"), ["a[0] Any"]);
        assert_eq!(parts("a[any][0]"), ["a Any", "[0]"]);
        assert_eq!(parts("."), ["."]);
    }

    #[test]
    fn reports_what_has_no_meaning() {
        assert_eq!(parts("a[most]"), ["a[most]", "! most"]);
        assert_eq!(
            parts("[any].x"),
            [
                ". Any",
                "x",
                "! a field name is missing before the bracket: [any]"
            ]
        );
        assert_eq!(
            parts("a[any]x"),
            ["a Any", "x", "! a dot is missing behind the bracket: [any]"]
        );
        assert_eq!(
            parts("a[any]."),
            ["a Any", "! a field name has an empty part: ."]
        );
        assert_eq!(parts("a[0"), ["a[0"]);
    }
}
