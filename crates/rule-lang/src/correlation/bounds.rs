//! `condition: {gte: 10, lt: 100}`: what a number must be.

use std::fmt;

use crate::diagnostic::{Code, quoted};
use crate::limits;
use crate::metadata::Keys;

/// The comparisons, in the order in which they are written back.
pub(crate) const OPERATORS: [&str; 6] = ["gt", "gte", "lt", "lte", "eq", "neq"];

/// What a number must be: every comparison of it must hold.
///
/// # Examples
/// ```
/// use rule_lang::{Compiler, Bounds};
///
/// let mut compiler = Compiler::new();
/// compiler.add("many.yaml", "
/// title: Denied
/// name: denied
/// logsource: {product: kubernetes, service: audit}
/// detection: {s: {outcome: denied}, condition: s}
/// ---
/// title: Many denied
/// correlation: {type: event_count, rules: [denied], timespan: 5m, condition: {gte: 10, lt: 100}}
/// ");
/// let compiled = compiler.finish();
/// let bounds = compiled.correlations[0].bounds();
/// assert!(bounds.holds(10.0) && !bounds.holds(9.0) && !bounds.holds(100.0));
/// assert_eq!(bounds.to_string(), "gte 10, lt 100");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Operator and number.
    pub(crate) all: Vec<(Operator, f64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Gt,
    Gte,
    Lt,
    Lte,
    Eq,
    Neq,
}

impl Operator {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "gt" => Self::Gt,
            "gte" => Self::Gte,
            "lt" => Self::Lt,
            "lte" => Self::Lte,
            "eq" => Self::Eq,
            "neq" => Self::Neq,
            _ => return None,
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Eq => "eq",
            Self::Neq => "neq",
        }
    }
}

impl Bounds {
    /// Whether a number passes.
    #[expect(
        clippy::float_cmp,
        reason = "`eq` is asked of whole numbers, and of others it means what it says"
    )]
    pub fn holds(&self, number: f64) -> bool {
        self.all.iter().all(|(operator, bound)| match operator {
            Operator::Gt => number > *bound,
            Operator::Gte => number >= *bound,
            Operator::Lt => number < *bound,
            Operator::Lte => number <= *bound,
            Operator::Eq => number == *bound,
            Operator::Neq => number != *bound,
        })
    }

    /// A count at which, and above which, nothing changes any more: so many are worth remembering.
    pub fn enough(&self) -> usize {
        let largest = self.all.iter().map(|(_, bound)| *bound).fold(0.0, f64::max);
        // Counts are checked against a limit that is far below what a float counts exactly.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a checked count, at least 0"
        )]
        let largest = largest.min(1e9) as usize;
        let at_once = |(operator, _): &(Operator, f64)| *operator == Operator::Gte;
        if self.all.len() == 1 && self.all.iter().all(at_once) {
            largest.max(1)
        } else {
            largest + 1
        }
    }

    /// Whether there is no bound from below, so that it holds of the first event already.
    pub(crate) fn only_from_above(&self) -> bool {
        !self.all.is_empty()
            && self.all.iter().all(|(operator, _)| {
                matches!(operator, Operator::Lt | Operator::Lte | Operator::Neq)
            })
    }

    /// Whether no number can pass. A count is whole, and 1 at least, because it is asked for at an event that counts.
    #[expect(clippy::float_cmp, reason = "bounds are compared as they were written")]
    fn is_empty_range(&self, whole: bool) -> bool {
        let least = if whole { 1.0 } else { f64::NEG_INFINITY };
        let (mut low, mut high) = (least, f64::INFINITY);
        let (mut low_open, mut high_open) = (false, false);
        for (operator, bound) in &self.all {
            let bound = *bound;
            match operator {
                Operator::Gt if whole => low = low.max(bound + 1.0),
                Operator::Lt if whole => high = high.min(bound - 1.0),
                Operator::Gt if bound >= low => (low, low_open) = (bound, true),
                Operator::Lt if bound <= high => (high, high_open) = (bound, true),
                Operator::Gte if bound > low => (low, low_open) = (bound, false),
                Operator::Lte if bound < high => (high, high_open) = (bound, false),
                Operator::Eq => {
                    if bound > low {
                        (low, low_open) = (bound, false);
                    }
                    if bound < high {
                        (high, high_open) = (bound, false);
                    }
                }
                _ => {}
            }
        }
        let one_point = low == high;
        let excluded = one_point
            && self.all.iter().any(|(operator, bound)| {
                *operator == Operator::Neq && *bound >= low && *bound <= low
            });
        low > high || (one_point && (low_open || high_open)) || excluded
    }
}

impl fmt::Display for Bounds {
    /// `gte 10, lt 100`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (operator, bound)) in self.all.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(f, "{comma}{} {bound}", operator.as_str())?;
        }
        Ok(())
    }
}

/// Reads the comparisons of a condition. Counts are whole and have a limit.
pub(crate) fn read(keys: &mut Keys<'_>, counts: bool) -> Option<Bounds> {
    let mut bounds = Bounds::default();
    let errors = keys.report.errors();
    for name in OPERATORS {
        let Some(scalar) = keys.scalar(name) else {
            continue;
        };
        let number = scalar
            .number()
            .and_then(|_| scalar.text.parse::<f64>().ok());
        let (Some(number), Some(operator)) = (
            number.filter(|number| number.is_finite()),
            Operator::parse(name),
        ) else {
            keys.report
                .add(Code::BadNumber, scalar.span, scalar.no_number());
            continue;
        };
        let limit = limits::COUNT;
        #[expect(clippy::cast_precision_loss, reason = "the limit is small")]
        let too_many = number > limit as f64;
        if counts && (number < 0.0 || number.fract() != 0.0) {
            let message = format!("{} is no count", quoted(&scalar.text));
            keys.report.add(Code::BadNumber, scalar.span, message);
        } else if counts && too_many {
            let message = format!("the count is {} and the limit is {limit}", scalar.text);
            keys.report.add(Code::BadNumber, scalar.span, message);
        } else {
            bounds.all.push((operator, number));
        }
    }
    if keys.report.errors() > errors {
        return None;
    }
    if bounds.all.is_empty() && keys.has_mistyped(&OPERATORS) {
        return None;
    }
    if bounds.all.is_empty() {
        let help = "say what the number must be: `gte: 10`";
        keys.missing("gte", keys.node.span, help);
        return None;
    }
    if bounds.is_empty_range(counts) {
        let message = format!("no number is {bounds}");
        let diagnostic = keys.report.add(Code::BadValue, keys.node.span, message);
        if counts && !bounds.is_empty_range(false) {
            diagnostic.set_help(
                "a count is a whole number, and 1 at least at each event at which it is asked for",
            );
        }
        return None;
    }
    if counts && bounds.only_from_above() {
        keys.report
            .add(
                Code::HoldsAtOnce,
                keys.node.span,
                "this holds from the first event on",
            )
            .set_help(
                "the condition is asked at each event; give it a bound from below, such as `gte`",
            );
    }
    Some(bounds)
}
