//! What clashes, in words, and where it stands.

use super::Logic;
use super::describe::{describe, name};
use crate::ast::Condition;
use crate::diagnostic::{Code, Report};
use crate::lint::solve::{Atom, Clash, What};
use crate::program::Test;
use crate::source::Span;

impl<'p> Logic<'p, '_> {
    /// Reports that nothing satisfies a part of the document.
    pub(super) fn tell(
        &self,
        clashes: &[Clash],
        condition: Option<&Condition>,
        report: &mut Report,
    ) {
        let is_one = clashes.iter().all(|clash| Some(clash) == clashes.first());
        let Some(clash) = clashes.first() else {
            if let Some(condition) = condition {
                report.add(
                    Code::Contradiction,
                    span(condition),
                    "no event satisfies this condition",
                );
            }
            return;
        };
        let found = match (self.atoms(clash).as_slice(), condition) {
            (atoms, Some(condition)) if !is_one || atoms.is_empty() => report.add(
                Code::Contradiction,
                span(condition),
                "no event satisfies this condition",
            ),
            // A value that the field never has was told of where it stands.
            (atoms, _)
                if atoms.iter().any(|atom| {
                    report.has_in(&[Code::NeverMatches, Code::UnknownVerb], atom.extent)
                }) =>
            {
                return;
            }
            ([only], _) => {
                let message = format!("no event passes this test of {}", name(only));
                report.add(Code::Contradiction, only.span, message)
            }
            ([first, .., last], _) if first.span == last.span => report.add(
                Code::Contradiction,
                last.span,
                format!("no event passes all that this asks of {}", name(last)),
            ),
            ([first, .., last], _) => {
                let message = format!(
                    "no event passes both this and the test of {} before it",
                    name(first)
                );
                let found = report.add(Code::Contradiction, last.span, message);
                found.set_related(first.span);
                found
            }
            ([], _) => return,
        };
        found.set_help(self.facts(clash));
    }

    /// The atoms of a clash in the order of the file.
    pub(super) fn atoms(&self, clash: &Clash) -> Vec<&'p Atom<'_>> {
        let literals = self.sorted(clash);
        literals.into_iter().map(|(atom, _)| atom).collect()
    }

    pub(super) fn sorted(&self, clash: &Clash) -> Vec<(&'p Atom<'_>, bool)> {
        let found = clash.0.iter();
        let mut found: Vec<_> = found
            .filter_map(|literal| Some((self.problem.atoms.get(literal.atom)?, literal.want)))
            .collect();
        found.sort_by_key(|(atom, _)| atom.span);
        found
    }

    /// What clashes, in words.
    pub(super) fn asked(&self, clash: &Clash) -> String {
        let literals = self.sorted(clash);
        let mut facts: Vec<String> = literals
            .iter()
            .map(|(atom, want)| format!("that {}", describe(atom, *want)))
            .collect();
        facts.dedup();
        match facts.as_slice() {
            [first, second] => format!("it asks {first}, and {second}"),
            facts => format!("it asks {}", facts.join(", ")),
        }
    }

    /// The same, and what may have been meant.
    pub(super) fn facts(&self, clash: &Clash) -> String {
        let list = self.asked(clash);
        let literals = self.sorted(clash);
        // Alternatives that were meant to be joined otherwise ask for one and for another value.
        let values = literals
            .iter()
            .all(|(atom, want)| *want && matches!(atom.what, What::Test(Test::OneOf(_))));
        if values && literals.len() == 2 {
            format!("{list}; join alternatives by `or`: two selections, or two maps in a list")
        } else {
            list
        }
    }
}

/// Where a condition stands, from its first name to its last.
pub(in crate::lint) fn span(condition: &Condition) -> Span {
    match condition {
        Condition::Name((_, span))
        | Condition::Them(_, span)
        | Condition::Pattern(_, (_, span))
        | Condition::Broken(_, span) => *span,
        Condition::Not(inner, not) => Span::new(not.start(), span(inner).end()),
        Condition::Or(parts) | Condition::And(parts) => {
            // Each part once: asked twice on every level, the time would double with each.
            let whole = parts.iter().map(span).reduce(|left, right| {
                let start = left.start().min(right.start());
                Span::new(start, left.end().max(right.end()))
            });
            whole.unwrap_or_default()
        }
    }
}
