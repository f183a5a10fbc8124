//! What a condition names that could not be read: names that are not there are told all the same.

use std::ops::Range;

use super::{RESERVED, is_letter};
use crate::ast::{Condition, Quantity};
use crate::source::Span;

/// A word of a condition, or a sign between words.
enum Token<'t> {
    Word(&'t str, Range<usize>),
    Sign,
}

/// The names and patterns that stand where a condition has one: at its beginning, and behind an operator or a bracket.
pub(super) fn named(text: &str, locate: impl Fn(Range<usize>) -> Span) -> Vec<Condition> {
    let mut found = Vec::new();
    let mut tokens = tokens(text).peekable();
    let mut is_place = true;
    while let Some(token) = tokens.next() {
        let Token::Word(word, at) = token else {
            is_place = true;
            continue;
        };
        let is = |known: &&str| word.eq_ignore_ascii_case(known);
        if ["and", "or", "not"].iter().any(is) {
            is_place = true;
            continue;
        }
        if !std::mem::replace(&mut is_place, false) {
            continue;
        }
        let is_of = |token: &Token<'_>| matches!(token, Token::Word(word, _) if word.eq_ignore_ascii_case("of"));
        let is_quantifier = |word: &str| {
            ["any", "all"].iter().any(is) || word.bytes().all(|byte| byte.is_ascii_digit())
        };
        if is_quantifier(word) && tokens.next_if(is_of).is_some() {
            // What these two match is the same.
            let quantity = Quantity::Any;
            if let Some(Token::Word(pattern, at)) = tokens.next() {
                if pattern.eq_ignore_ascii_case("them") {
                    found.push(Condition::Them(quantity, locate(at)));
                } else if pattern.is_ascii() && !is_reserved(pattern) {
                    let pattern = (pattern.to_owned(), locate(at));
                    found.push(Condition::Pattern(quantity, pattern));
                }
            }
        } else if word.is_ascii() && !word.contains('*') && !is_reserved(word) {
            found.push(Condition::Name((word.to_owned(), locate(at))));
        }
    }
    found
}

fn is_reserved(word: &str) -> bool {
    RESERVED
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word))
}

/// The tokens before an aggregation.
fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let text = text.split('|').next().unwrap_or_default();
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let blank = rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        let start = at + blank;
        let first = rest.chars().next()?;
        let end = rest.find(|c| !is_letter(c)).unwrap_or(rest.len());
        at = start + end.max(first.len_utf8());
        Some(match rest.get(..end) {
            Some(word) if end > 0 => Token::Word(word, start..at),
            _ => Token::Sign,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let found = named(text, |range| Span::new(range.start, range.end));
        let names = found.into_iter().map(|condition| match condition {
            Condition::Name((name, span)) | Condition::Pattern(_, (name, span)) => {
                assert_eq!(text.get(span.range()), Some(name.as_str()));
                name
            }
            Condition::Them(..) => "them".to_owned(),
            other => panic!("{other:?}"),
        });
        names.collect()
    }

    #[test]
    fn names_stand_where_a_condition_has_one() {
        for (text, expected) in [
            ("a and (b or 1 of c_*) and d e", "a b c_* d"),
            ("a and", "a"),
            ("(a or not b", "a b"),
            ("a && b || c", "a b"),
            ("a, b", "a b"),
            ("all of them and and x", "them x"),
            ("any", "any"),
            ("1 of", ""),
            ("3 of x* y", "x*"),
            ("a of b", "a"),
            ("a in the last 5 minutes", "a"),
            ("NOT a AND OF", "a"),
            ("a* or \u{fc}nused or b", "b"),
            ("x | count() by y > 1", "x"),
            ("", ""),
        ] {
            assert_eq!(names(text).join(" "), expected, "{text}");
        }
    }
}
