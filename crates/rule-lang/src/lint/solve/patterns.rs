//! How two texts with wildcards relate: whether some text matches both, and whether one matches all that the other does.

use std::borrow::Borrow;

use super::Budget;
use crate::fold::fold;
use crate::number::compare;
use crate::program::Literal;
use crate::text::{Pattern, PatternKind, Token};

/// Patterns longer than this are not compared: the time is the product of both lengths.
const LONGEST: usize = 256;

/// The tokens of a pattern, folded when the other side of a comparison ignores case.
fn tokens(pattern: &Pattern, folded: bool) -> Option<Vec<Token>> {
    let mut tokens = pattern.tokens();
    if tokens.len() > LONGEST {
        return None;
    }
    if folded && pattern.is_cased() {
        for token in &mut tokens {
            if let Token::Char(c) = token {
                *c = fold(*c);
            }
        }
    }
    Some(tokens)
}

/// Whether some text may match both. Said of texts without their case when one of the two ignores it, so `true` may be
/// too much and `false` is certain.
pub(super) fn overlap(left: &Pattern, right: &Pattern, budget: &Budget) -> bool {
    let folded = !left.is_cased() || !right.is_cased();
    let (Some(left), Some(right)) = (tokens(left, folded), tokens(right, folded)) else {
        return true;
    };
    if !budget.spend(left.len() * right.len() / 16 + 1) {
        return true;
    }
    walk(&left, &right, |left, right| match (left, right) {
        (Some(Token::Any), Some(_)) | (Some(_), Some(Token::Any)) => Step::Either,
        (Some(Token::Any), None) => Step::Left,
        (None, Some(Token::Any)) => Step::Right,
        (Some(Token::Char(left)), Some(Token::Char(right))) if left != right => Step::Stop,
        (Some(_), Some(_)) => Step::Both,
        _ => Step::Stop,
    })
}

/// Whether some text may match one of each.
pub(super) fn some_overlap(
    left: &[impl Borrow<Pattern>],
    right: &[impl Borrow<Pattern>],
    budget: &Budget,
) -> bool {
    !budget.spend(left.len().saturating_mul(right.len()))
        || left.iter().any(|left| {
            let mut right = right.iter();
            right.any(|right| overlap(left.borrow(), right.borrow(), budget))
        })
}

/// Whether a list of values certainly accepts everything that a value does.
pub(super) fn covered(inner: &Literal, outer: &[Literal], budget: &Budget) -> bool {
    let number = inner.number.is_none_or(|number| {
        outer
            .iter()
            .filter_map(|literal| literal.number)
            .any(|other| compare(number, other).is_some_and(std::cmp::Ordering::is_eq))
    });
    number
        && outer
            .iter()
            .any(|literal| covers(&literal.pattern, &inner.pattern, budget))
}

/// Whether `outer` certainly matches every text that `inner` matches: it matches `inner` itself, whose wildcards only
/// wildcards match.
pub(in crate::lint) fn covers(outer: &Pattern, inner: &Pattern, budget: &Budget) -> bool {
    if outer.matches_all() {
        return true;
    }
    if let (PatternKind::Exact(outer_text), PatternKind::Exact(inner_text)) =
        (outer.kind(), inner.kind())
        && outer.is_cased() == inner.is_cased()
    {
        return budget.spend(1) && outer_text == inner_text;
    }
    if outer.is_cased() && !inner.is_cased() {
        // The inner one matches other ways to write it too.
        return false;
    }
    let folded = !outer.is_cased();
    let (Some(outer), Some(inner)) = (tokens(outer, folded), tokens(inner, folded)) else {
        return false;
    };
    budget.spend(outer.len() * inner.len() / 16 + 1)
        && walk(&outer, &inner, |outer, inner| match (outer, inner) {
            (Some(Token::Any), Some(_)) => Step::Either,
            (Some(Token::Any), None) => Step::Left,
            (Some(Token::One), Some(Token::One | Token::Char(_))) => Step::Both,
            (Some(outer), Some(inner)) if outer == inner => Step::Both,
            _ => Step::Stop,
        })
}

/// How a walk through two texts goes on.
enum Step {
    /// The left one goes on.
    Left,
    /// The right one goes on.
    Right,
    /// One of the two goes on.
    Either,
    /// Both go on.
    Both,
    Stop,
}

/// Whether a walk through two texts can come to the end of both.
fn walk(
    left: &[Token],
    right: &[Token],
    step: impl Fn(Option<Token>, Option<Token>) -> Step,
) -> bool {
    // Whether the end can be reached from these places: a row for each place on the left, from the end.
    let mut next: Vec<bool> = Vec::new();
    for at in (0..=left.len()).rev() {
        let mut row = vec![false; right.len() + 1];
        for other in (0..=right.len()).rev() {
            let found = {
                let below = |at: usize| next.get(at).copied().unwrap_or(false);
                let beside = || row.get(other + 1).copied().unwrap_or(false);
                match (left.get(at), right.get(other)) {
                    (None, None) => true,
                    (left, right) => match step(left.copied(), right.copied()) {
                        Step::Left => below(other),
                        Step::Right => beside(),
                        Step::Either => below(other) || beside(),
                        Step::Both => below(other + 1),
                        Step::Stop => false,
                    },
                }
            };
            if let Some(slot) = row.get_mut(other) {
                *slot = found;
            }
        }
        next = row;
    }
    next.first().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text, false)
    }

    #[test]
    fn patterns_that_overlap() {
        let budget = Budget::new(1_000_000);
        for (left, right, expected) in [
            ("get", "GET", true),
            ("get", "list", false),
            ("a*", "*b", true),
            ("a*", "b*", false),
            ("*a", "*b", false),
            ("ab*", "a*", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?", "?b", true),
            ("a?", "*bc", false),
            ("a*b*c", "axb", false),
            ("a*b*c", "*x*", true),
            ("*", "", true),
            ("?", "", false),
        ] {
            assert_eq!(
                overlap(&pattern(left), &pattern(right), &budget),
                expected,
                "{left} {right}"
            );
            assert_eq!(
                overlap(&pattern(right), &pattern(left), &budget),
                expected,
                "{right} {left}"
            );
        }
        let cased = Pattern::parse("Get", true);
        assert!(overlap(&cased, &pattern("get"), &budget));
        assert!(!overlap(&cased, &Pattern::parse("get", true), &budget));
    }

    #[test]
    fn patterns_that_cover() {
        let budget = Budget::new(1_000_000);
        for (outer, inner, expected) in [
            ("*", "a*b", true),
            ("a*", "ab", true),
            ("a*", "ab*", true),
            ("ab*", "a*", false),
            ("*b*", "abc", true),
            ("*b*", "a*b*", true),
            ("a?c", "abc", true),
            ("abc", "a?c", false),
            ("a*c", "a?c", true),
            ("a?c", "a*c", false),
        ] {
            assert_eq!(
                covers(&pattern(outer), &pattern(inner), &budget),
                expected,
                "{outer} {inner}"
            );
        }
        let cased = |text| Pattern::parse(text, true);
        assert!(covers(&pattern("GET"), &cased("Get"), &budget));
        assert!(!covers(&cased("get"), &pattern("get"), &budget));
        assert!(!covers(&cased("get"), &cased("Get"), &budget));
    }
}
