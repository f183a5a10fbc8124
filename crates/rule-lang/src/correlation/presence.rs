//! `condition: a and not b`: which rules must have matched.

use crate::ast::{Condition, Name, Quantity};
use crate::diagnostic::{Code, Report, quoted};
use crate::source::Span;

/// Which entries of a correlation's list `rules` must have matched within the timespan.
///
/// Numbers are indices into [`Correlation::slots`](crate::Correlation::slots).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// This one.
    Slot(usize),
    /// Not this.
    Not(Box<Presence>),
    /// All of these.
    And(Vec<Presence>),
    /// One of these.
    Or(Vec<Presence>),
}

impl Presence {
    /// Every one of the entries.
    pub(crate) fn all(n_slots: usize) -> Self {
        Self::And((0..n_slots).map(Self::Slot).collect())
    }

    /// Whether it holds, given which entries have matched.
    pub fn holds(&self, matched: &impl Fn(usize) -> bool) -> bool {
        match self {
            Self::Slot(slot) => matched(*slot),
            Self::Not(inner) => !inner.holds(matched),
            Self::And(parts) => parts.iter().all(|part| part.holds(matched)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(matched)),
        }
    }

    /// Hands out the entries that stand in it, with whether they stand under an odd number of `not`; start with `false`.
    pub fn visit(&self, negated: bool, each: &mut dyn FnMut(usize, bool)) {
        match self {
            Self::Slot(slot) => each(*slot, negated),
            Self::Not(inner) => inner.visit(!negated, each),
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.visit(negated, each);
                }
            }
        }
    }

    /// Of a condition that names entries and negated entries joined by `and`: those that must match, ascending.
    pub fn sequence(&self) -> Option<Vec<usize>> {
        let parts = match self {
            Self::And(parts) => parts.as_slice(),
            other => std::slice::from_ref(other),
        };
        let mut steps = Vec::new();
        for part in parts {
            match part {
                Self::Slot(slot) => steps.push(*slot),
                Self::Not(inner) if matches!(**inner, Self::Slot(_)) => {}
                _ => return None,
            }
        }
        steps.sort_unstable();
        steps.dedup();
        Some(steps)
    }

    /// Looks up the names of a condition; `None` when one is not known, which was reported.
    pub(crate) fn resolve(
        condition: &Condition,
        slots: &[Name],
        report: &mut Report,
    ) -> Option<Self> {
        let many = |parts: &[Condition], report: &mut Report| -> Option<Vec<Self>> {
            let parts: Vec<_> = parts
                .iter()
                .map(|part| Self::resolve(part, slots, report))
                .collect();
            parts.into_iter().collect()
        };
        Some(match condition {
            Condition::Or(parts) => Self::Or(many(parts, report)?),
            Condition::And(parts) => Self::And(many(parts, report)?),
            Condition::Not(inner, _) => Self::Not(Box::new(Self::resolve(inner, slots, report)?)),
            Condition::Name((name, span)) => {
                let slot = slots.iter().position(|slot| slot.text == *name);
                if slot.is_none() {
                    let names = slots.iter().map(|slot| slot.text.as_str());
                    let message = format!("{} is not among `rules`", quoted(name));
                    let help = report.did_you_mean(name, names);
                    report.add_with_help(Code::UnknownSelection, *span, message, help);
                }
                Self::Slot(slot?)
            }
            Condition::Them(quantity, span) => {
                Self::quantified(*quantity, slots, *span, |_| true, report)?
            }
            Condition::Pattern(quantity, (pattern, span)) => Self::quantified(
                *quantity,
                slots,
                *span,
                |name| matches(pattern, name),
                report,
            )?,
            Condition::Broken(named, _) => {
                many(named, report);
                return None;
            }
        })
    }

    fn quantified(
        quantity: Quantity,
        slots: &[Name],
        span: Span,
        wanted: impl Fn(&str) -> bool,
        report: &mut Report,
    ) -> Option<Self> {
        let found = slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| wanted(&slot.text));
        let parts: Vec<Self> = found.map(|(at, _)| Self::Slot(at)).collect();
        if parts.is_empty() {
            let message = "no entry of `rules` has such a name";
            report.add(Code::EmptyQuantifier, span, message);
            return None;
        }
        Some(match quantity {
            Quantity::Any => Self::Or(parts),
            Quantity::All => Self::And(parts),
        })
    }
}

/// Whether a name fits a pattern in which `*` is any text. Both are short.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.len() >= last.len() && rest.ends_with(last)
}
