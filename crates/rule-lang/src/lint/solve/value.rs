//! Single values, and what tests say of them.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::Budget;
use super::patterns;
use crate::fold::fold_into;
use crate::number::{Number, compare};
use crate::program::{Comparison, Literal, Test, TimeTest};
use crate::regex::Regex;
use crate::text::{Pattern, PatternKind, escaped};

/// A value that a variable may have.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Absent,
    /// A text; unless `exact` it stands for all that differ from it in case only.
    Text {
        text: String,
        exact: bool,
    },
    Int(i64),
}

impl Value {
    /// This text and no other.
    pub(super) fn word(text: &str) -> Self {
        Self::Text {
            text: text.to_owned(),
            exact: true,
        }
    }

    /// What a pattern without wildcards matches.
    pub(super) fn of_pattern(pattern: &Pattern) -> Self {
        let (PatternKind::Exact(text)
        | PatternKind::Prefix(text)
        | PatternKind::Suffix(text)
        | PatternKind::Contains(text)
        | PatternKind::Glob(text)) = pattern.kind();
        Self::Text {
            text: text.to_owned(),
            exact: pattern.is_cased(),
        }
    }
}

/// Whether a value can pass a test, or fail it: what is not known counts as yes. Of a recorded field whose empty text
/// counts as absent, an absent value may be either.
pub(super) fn accepts(test: &Test, want: bool, value: &Value, raw: bool, budget: &Budget) -> bool {
    let can = |value: &Value| holds(test, value, budget) != Some(!want);
    can(value) || (raw && *value == Value::Absent && can(&Value::word("")))
}

/// Whether a value passes a test, as far as that is known.
fn holds(test: &Test, value: &Value, budget: &Budget) -> Option<bool> {
    match (value, test) {
        (Value::Absent, _) => Some(false),
        (_, Test::Exists | Test::Present) => Some(true),
        (_, Test::FieldRef { .. }) => None,
        (Value::Text { text, exact }, _) => of_text(test, text, *exact, budget),
        (Value::Int(int), Test::Time(_, asked)) => Some(asked.passes(*int)),
        (Value::Int(int), Test::Compare(comparison, number)) => Some(
            compare(Number::Int((*int).into()), *number)
                .is_some_and(|ordering| comparison.holds(ordering)),
        ),
        (Value::Int(int), Test::OneOf(literals)) => {
            let number = Number::Int((*int).into());
            let digits = int.to_string();
            let passes = |literal: &Literal| {
                literal.pattern.matches(&digits)
                    || literal
                        .number
                        .is_some_and(|other| compare(number, other).is_some_and(Ordering::is_eq))
            };
            Some(literals.iter().any(passes))
        }
        (Value::Int(int), test) => of_text(test, &int.to_string(), true, budget),
    }
}

fn of_text(asked: &Test, text: &str, exact: bool, budget: &Budget) -> Option<bool> {
    match asked {
        Test::OneOf(literals) if !budget.spend(literals.len()) => None,
        Test::OneOf(literals) => one_of(literals, text, exact, budget),
        Test::Compare(comparison, number) => Some(
            Number::parse(text)
                .and_then(|value| compare(value, *number))
                .is_some_and(|ordering| comparison.holds(ordering)),
        ),
        Test::Cidr(networks) => Some(text.parse().is_ok_and(|ip: IpAddr| {
            let ip = ip.to_canonical();
            networks.iter().any(|network| network.contains(&ip))
        })),
        Test::Regex(regexes) => {
            /// Longer ones are not worth the time.
            const LONGEST: usize = 128;
            /// Steps that it takes to build one.
            const BUILD: usize = 100;
            if text.len() > LONGEST {
                return None;
            }
            let one_case = exact || !text.chars().any(char::is_alphabetic);
            let mut found = Some(false);
            for regex in regexes {
                if regex.pattern.len() > LONGEST || !budget.spend(BUILD) {
                    return None;
                }
                // What does not match in any case matches in none of them.
                let is_certain = one_case || regex.case_insensitive;
                let any_case = Regex {
                    case_insensitive: !one_case || regex.case_insensitive,
                    ..regex.clone()
                };
                match any_case.build() {
                    Ok(built) if built.is_match(text) && is_certain => return Some(true),
                    Ok(built) if built.is_match(text) => found = None,
                    Ok(_) => {}
                    Err(_) => found = None,
                }
            }
            found
        }
        Test::Exists | Test::Present => Some(true),
        Test::FieldRef { .. } | Test::Time(..) => None,
    }
}

fn one_of(literals: &[Literal], text: &str, exact: bool, budget: &Budget) -> Option<bool> {
    let mut folded = String::new();
    fold_into(text, &mut folded);
    let mut found = Some(false);
    for literal in literals {
        let pattern = &literal.pattern;
        if !pattern.is_cased() {
            if pattern.matches(&folded) {
                return Some(true);
            }
        } else if exact {
            if pattern.matches(text) {
                return Some(true);
            }
        } else if found.is_some() {
            let class = Pattern::parse(&escaped(&folded), false);
            if patterns::overlap(pattern, &class, budget) {
                found = None;
            }
        }
    }
    found
}

/// Status codes that others are like, for what other fields say of them.
const CODES: [i64; 14] = [
    100, 101, 200, 201, 202, 399, 400, 401, 402, 403, 404, 499, 500, 600,
];

/// Numbers among which there is one for every way to answer some tests; `None` when these are no comparisons.
pub(super) fn points<'t>(
    tests: impl Iterator<Item = &'t Test>,
    range: Option<(i64, i64)>,
) -> Option<Vec<Value>> {
    /// More numbers are not worth the time.
    const MOST: usize = 64;
    let mut edges: Vec<Number> = Vec::new();
    for test in tests {
        match test {
            Test::Exists | Test::Present => {}
            Test::Compare(_, number) | Test::Time(_, TimeTest::Compare(_, number)) => {
                edges.push(*number);
            }
            Test::OneOf(literals) => {
                for literal in literals.iter() {
                    match literal.pattern.kind() {
                        PatternKind::Exact(text) => {
                            edges.extend(literal.number.or_else(|| Number::parse(text)));
                        }
                        _ => return None,
                    }
                }
            }
            Test::Time(_, TimeTest::OneOf(numbers)) => edges.extend(numbers),
            Test::Regex(_) | Test::Cidr(_) | Test::FieldRef { .. } => return None,
        }
        if edges.len() > MOST {
            return None;
        }
    }
    let mut ints: Vec<i64> = match range {
        Some((least, most)) => vec![least, most],
        None => CODES.to_vec(),
    };
    for edge in edges {
        let int = match edge {
            Number::Int(int) => i64::try_from(int).ok(),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the cast saturates, and so far from all codes every number answers alike"
            )]
            Number::Float(float) => Some(float.floor() as i64),
        };
        let int = int.unwrap_or(i64::MAX);
        ints.extend([int.saturating_sub(1), int, int.saturating_add(1)]);
    }
    if let Some((least, most)) = range {
        ints.retain(|int| (least..=most).contains(int));
    }
    ints.sort_unstable();
    ints.dedup();
    Some(ints.into_iter().map(Value::Int).collect())
}

/// Whether whatever compares as the first does compares as the second does.
pub(super) fn compare_included(first: (Comparison, Number), second: (Comparison, Number)) -> bool {
    use Comparison::{Gt, Gte, Lt, Lte};
    let Some(ordering) = compare(first.1, second.1) else {
        return false;
    };
    match (first.0, second.0) {
        (Lt | Lte, Lte) | (Lt, Lt) => ordering.is_le(),
        (Lte, Lt) => ordering.is_lt(),
        (Gt | Gte, Gte) | (Gt, Gt) => ordering.is_ge(),
        (Gte, Gt) => ordering.is_gt(),
        (Lt | Lte, Gt | Gte) | (Gt | Gte, Lt | Lte) => false,
    }
}

/// Whether nothing compares as both do.
pub(super) fn compare_disjoint(first: (Comparison, Number), second: (Comparison, Number)) -> bool {
    use Comparison::{Gt, Gte, Lt, Lte};
    let ((below, high), (above, low)) = match (first.0, second.0) {
        (Lt | Lte, Gt | Gte) => (first, second),
        (Gt | Gte, Lt | Lte) => (second, first),
        _ => return false,
    };
    let Some(ordering) = compare(high, low) else {
        return false;
    };
    ordering.is_lt() || (ordering.is_eq() && !(below == Lte && above == Gte))
}
