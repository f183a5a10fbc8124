//! What a test asks, in the words of the rule language.

use rule_lang::{Literal, PatternKind, Relation, Test, TimeTest};

use crate::redact::push_visible;
use crate::why::cut;

/// Most expected values that a test shows.
const MAX_EXPECTED: usize = 5;

/// How a test compares, the first values that it compares with, and how many more there are.
pub(super) fn described(test: &Test) -> (String, Vec<String>, usize) {
    match test {
        Test::Exists => ("exists".to_owned(), Vec::new(), 0),
        Test::Present => ("has a value".to_owned(), Vec::new(), 0),
        Test::OneOf(literals) => {
            let word = word(literals);
            let cased = literals.iter().all(|literal| literal.pattern.is_cased());
            let (shown, more) = listed(literals, |literal| text(literal, word));
            (operator(word, cased), shown, more)
        }
        Test::Compare(comparison, number) => (comparison.to_string(), vec![number.to_string()], 0),
        Test::Regex(regexes) => {
            let (shown, more) = listed(regexes, ToString::to_string);
            ("re".to_owned(), shown, more)
        }
        Test::Cidr(networks) => {
            let (shown, more) = listed(networks, ToString::to_string);
            ("cidr".to_owned(), shown, more)
        }
        Test::FieldRef {
            relation, cased, ..
        } => {
            let word = match relation {
                Relation::Equals => "is the same as",
                Relation::Contains => "contains",
                Relation::StartsWith => "startswith",
                Relation::EndsWith => "endswith",
            };
            (operator(word, *cased), Vec::new(), 0)
        }
        Test::Time(part, TimeTest::OneOf(numbers)) => {
            let (shown, more) = listed(numbers, ToString::to_string);
            (format!("{part} is"), shown, more)
        }
        Test::Time(part, TimeTest::Compare(comparison, number)) => {
            (format!("{part} {comparison}"), vec![number.to_string()], 0)
        }
    }
}

fn operator(word: &str, cased: bool) -> String {
    let cased = if cased { " (cased)" } else { "" };
    format!("{word}{cased}")
}

/// What a list of values has in common: a modifier's name when they all have one, else `matches`.
fn word(literals: &[Literal]) -> &'static str {
    let of = |literal: &Literal| match literal.pattern.kind() {
        PatternKind::Exact(_) => "is",
        PatternKind::Prefix(_) => "startswith",
        PatternKind::Suffix(_) => "endswith",
        PatternKind::Contains(_) => "contains",
        _ => "matches",
    };
    let mut words = literals.iter().map(of);
    match words.next() {
        Some(first) if words.all(|word| word == first) => first,
        _ => "matches",
    }
}

/// A value behind its word: with wildcards only where the word does not say them.
fn text(literal: &Literal, word: &str) -> String {
    match literal.pattern.kind() {
        PatternKind::Exact(text)
        | PatternKind::Prefix(text)
        | PatternKind::Suffix(text)
        | PatternKind::Contains(text)
            if word != "matches" =>
        {
            text.to_owned()
        }
        _ => literal.pattern.to_string(),
    }
}

/// The first values as they are shown, and how many more there are.
fn listed<T>(values: &[T], text: impl Fn(&T) -> String) -> (Vec<String>, usize) {
    let first = values.iter().take(MAX_EXPECTED).map(|value| {
        let mut shown = String::new();
        push_visible(&text(value), &mut shown);
        cut(0, &mut shown);
        if shown.is_empty() {
            shown.push_str("''");
        }
        shown
    });
    (first.collect(), values.len().saturating_sub(MAX_EXPECTED))
}
