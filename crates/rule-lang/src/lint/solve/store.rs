//! What is known of each variable on one way through a formula, and what values that leaves it.

use std::collections::BTreeMap;

use audit_model::FieldId;

use super::Budget;
use super::formula::{Problem, What};
use super::patterns;
use super::shapes;
use super::value::{Value, accepts, points};
use super::var::Kind;
use crate::program::{Quantifier, Test};
use crate::text::PatternKind;

/// An atom that must hold, or must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lint) struct Literal {
    pub(in crate::lint) atom: usize,
    pub(in crate::lint) want: bool,
}

/// Literals that exclude each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lint) struct Clash(pub(in crate::lint) Vec<Literal>);

/// Literals by variable.
#[derive(Debug, Default)]
pub(super) struct Store {
    by_var: BTreeMap<usize, Vec<Literal>>,
    trail: Vec<usize>,
}

/// The values that a variable can have.
#[derive(Debug)]
pub(super) enum Domain {
    /// One of these.
    Finite(Vec<Value>),
    /// Any that its literals accept.
    Open,
}

/// Values of a list that become candidates.
const CANDIDATES: usize = 256;

impl Store {
    pub(super) fn mark(&self) -> usize {
        self.trail.len()
    }

    pub(super) fn undo(&mut self, mark: usize) {
        while self.trail.len() > mark {
            let var = self.trail.pop();
            if let Some(literals) = var.and_then(|var| self.by_var.get_mut(&var)) {
                literals.pop();
            }
        }
    }

    /// Takes a literal in; a clash when one that is there contradicts it.
    pub(super) fn assert(
        &mut self,
        problem: &Problem<'_>,
        literal: Literal,
        budget: &Budget,
    ) -> Option<Clash> {
        let atom = problem.atoms.get(literal.atom)?;
        let kind = problem.vars.get(atom.var)?.kind;
        let literals = self.by_var.entry(atom.var).or_default();
        if literals.contains(&literal) {
            return None;
        }
        let known = literals
            .iter()
            .copied()
            .find(|known| budget.spend(1) && clash(problem, kind, *known, literal, budget));
        if let Some(known) = known {
            return Some(Clash(vec![known, literal]));
        }
        literals.push(literal);
        self.trail.push(atom.var);
        None
    }

    pub(super) fn vars(&self) -> impl Iterator<Item = (usize, &[Literal])> {
        self.by_var
            .iter()
            .filter(|(_, literals)| !literals.is_empty())
            .map(|(var, literals)| (*var, literals.as_slice()))
    }

    pub(super) fn of(&self, problem: &Problem<'_>, field: FieldId) -> &[Literal] {
        let var = problem.var_of(field);
        var.and_then(|var| self.by_var.get(&var))
            .map_or(&[], Vec::as_slice)
    }

    /// The values that the literals of a variable leave.
    pub(super) fn domain(
        problem: &Problem<'_>,
        var: usize,
        literals: &[Literal],
        budget: &Budget,
    ) -> Domain {
        let kind = problem.vars.get(var).map_or(Kind::Many, |var| var.kind);
        let candidates = match kind {
            Kind::Text(Some(words)) => Some(words.iter().map(|word| Value::word(word)).collect()),
            Kind::Text(None) | Kind::Member => listed(problem, literals),
            Kind::Number => points(tests(problem, literals), None),
            Kind::Part(part) => points(tests(problem, literals), Some(part.range())),
            Kind::Many => None,
        };
        let n = candidates.as_ref().map_or(1, Vec::len);
        if !budget.spend(n.saturating_mul(literals.len())) {
            return Domain::Open;
        }
        let Some(mut candidates) = candidates else {
            return Domain::Open;
        };
        if !matches!(kind, Kind::Member) {
            candidates.push(Value::Absent);
        }
        candidates.retain(|value| fits(problem, literals, value, budget));
        Domain::Finite(candidates)
    }

    /// A clash of a variable that its literals leave no value: of two of them, if two are enough.
    pub(super) fn blame(
        problem: &Problem<'_>,
        var: usize,
        literals: &[Literal],
        budget: &Budget,
    ) -> Clash {
        for (at, left) in literals.iter().enumerate() {
            for right in literals.get(at + 1..).unwrap_or_default() {
                let pair = [*left, *right];
                if let Domain::Finite(left) = Self::domain(problem, var, &pair, budget)
                    && left.is_empty()
                {
                    return Clash(pair.to_vec());
                }
            }
        }
        Clash(literals.to_vec())
    }
}

/// The tests of literals, opaque ones left out.
fn tests<'p>(
    problem: &'p Problem<'_>,
    literals: &'p [Literal],
) -> impl Iterator<Item = &'p Test> + Clone {
    literals.iter().filter_map(|literal| {
        match problem.atoms.get(literal.atom).map(|atom| atom.what) {
            Some(What::Test(test)) => Some(test),
            _ => None,
        }
    })
}

/// Whether a value passes every literal, as far as that is known.
pub(super) fn fits(
    problem: &Problem<'_>,
    literals: &[Literal],
    value: &Value,
    budget: &Budget,
) -> bool {
    literals.iter().all(|literal| {
        let Some(atom) = problem.atoms.get(literal.atom) else {
            return true;
        };
        match atom.what {
            What::Test(test) => accepts(test, literal.want, value, atom.raw, budget),
            What::Block(..) | What::Opaque => true,
        }
    })
}

/// The values of the shortest list that the variable must be in.
fn listed(problem: &Problem<'_>, literals: &[Literal]) -> Option<Vec<Value>> {
    let lists = literals.iter().filter(|literal| literal.want);
    let lists = lists.filter_map(|literal| match problem.atoms.get(literal.atom)?.what {
        What::Test(Test::OneOf(values)) => Some(values),
        _ => None,
    });
    let exact = lists.filter(|values| {
        values.len() <= CANDIDATES
            && values
                .iter()
                .all(|value| matches!(value.pattern.kind(), PatternKind::Exact(_)))
    });
    let shortest = exact.min_by_key(|values| values.len())?;
    Some(
        shortest
            .iter()
            .map(|value| Value::of_pattern(&value.pattern))
            .collect(),
    )
}

/// Whether two literals of one variable contradict each other, for certain.
fn clash(
    problem: &Problem<'_>,
    kind: Kind,
    left: Literal,
    right: Literal,
    budget: &Budget,
) -> bool {
    if left.atom == right.atom {
        return left.want != right.want;
    }
    let (Some(first), Some(second)) = (problem.atoms.get(left.atom), problem.atoms.get(right.atom))
    else {
        return false;
    };
    // What accepts the empty text of a recorded field says nothing of the field that counts it as absent.
    let is_vague = |literal: Literal, raw, what| {
        literal.want
            && raw
            && matches!(what, What::Test(test) if accepts(test, true, &Value::word(""), false, budget))
    };
    if is_vague(left, first.raw, first.what) || is_vague(right, second.raw, second.what) {
        return false;
    }
    match (left.want, right.want) {
        (true, true) => match (first.what, second.what) {
            (What::Test(first), What::Test(second)) if !matches!(kind, Kind::Many) => {
                disjoint(first, second, budget)
            }
            _ => false,
        },
        (true, false) => implies(kind, (first.what, true), second.what, budget),
        (false, true) => implies(kind, (second.what, true), first.what, budget),
        // A list of which not every member passes has one.
        (false, false) => {
            implies(kind, (first.what, false), second.what, budget)
                || implies(kind, (second.what, false), first.what, budget)
        }
    }
}

/// Whether something is there when an atom holds, or when it does not.
pub(super) fn shows_presence(what: What<'_>, want: bool) -> bool {
    match what {
        What::Block(Quantifier::AllOrEmpty, _) => !want,
        What::Test(_) | What::Block(..) => want,
        What::Opaque => false,
    }
}

/// Whether an atom that holds, or does not, makes a test of the same variable hold.
fn implies(kind: Kind, (given, want): (What<'_>, bool), then: What<'_>, budget: &Budget) -> bool {
    let What::Test(then) = then else {
        return false;
    };
    let is_many = matches!(kind, Kind::Many);
    match (given, then) {
        (What::Test(Test::Exists), Test::Present) => want && !is_many,
        (given, Test::Exists | Test::Present) => shows_presence(given, want),
        (What::Test(given), then) => want && included(given, then, budget),
        _ => false,
    }
}

/// Whether every value that passes one test passes the other.
fn included(given: &Test, then: &Test, budget: &Budget) -> bool {
    match (given, then) {
        (Test::OneOf(given), Test::OneOf(then)) => given
            .iter()
            .all(|value| patterns::covered(value, then, budget)),
        (Test::OneOf(given), Test::Compare(..) | Test::Regex(_) | Test::Cidr(_)) => {
            given.len() <= CANDIDATES
                && budget.spend(given.len())
                && given.iter().all(|literal| {
                    let is_exact = matches!(literal.pattern.kind(), PatternKind::Exact(_));
                    is_exact
                        && literal.number.is_none()
                        && !accepts(
                            then,
                            false,
                            &Value::of_pattern(&literal.pattern),
                            false,
                            budget,
                        )
                })
        }
        (Test::Compare(given, low), Test::Compare(then, high)) => {
            super::value::compare_included((*given, *low), (*then, *high))
        }
        (Test::Cidr(given), Test::Cidr(then)) => {
            budget.spend(given.len().saturating_mul(then.len()))
                && given
                    .iter()
                    .all(|inner| then.iter().any(|outer| outer.contains(inner)))
        }
        (Test::Regex(given), Test::Regex(then)) => {
            budget.spend(given.len().saturating_mul(then.len()))
                && given.iter().all(|regex| then.contains(regex))
        }
        (Test::Regex(_), Test::OneOf(then)) => shapes::of(given, budget).iter().any(|shape| {
            budget.spend(shape.len().saturating_mul(then.len()))
                && shape.iter().all(|inner| {
                    let mut outer = then.iter().map(|literal| &literal.pattern);
                    outer.any(|outer| patterns::covers(outer, inner, budget))
                })
        }),
        (given, then) => given == then,
    }
}

/// Whether no one value passes both tests.
fn disjoint(first: &Test, second: &Test, budget: &Budget) -> bool {
    match (first, second) {
        (Test::OneOf(_) | Test::Regex(_), Test::OneOf(_) | Test::Regex(_)) => {
            let second = shapes::of(second, budget);
            shapes::of(first, budget).iter().any(|one| {
                let mut others = second.iter();
                others.any(|other| !patterns::some_overlap(one, other, budget))
            })
        }
        (Test::Compare(first, low), Test::Compare(second, high)) => {
            super::value::compare_disjoint((*first, *low), (*second, *high))
        }
        (Test::Cidr(first), Test::Cidr(second)) => {
            budget.spend(first.len().saturating_mul(second.len()))
                && !first.iter().any(|one| {
                    second
                        .iter()
                        .any(|other| one.contains(other) || other.contains(one))
                })
        }
        _ => false,
    }
}
