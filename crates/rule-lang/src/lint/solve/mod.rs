//! Decides whether an event can satisfy a formula, as far as that can be told without one.
//!
//! A [`Problem`] is a document whose tests are atoms. A [`Search`] goes through the ways to satisfy a formula over
//! them, one alternative after the other, and keeps what each way asks of each field in a store. A way is closed when
//! two atoms contradict each other, when what is asked of a field leaves it no value, when what is asked of several
//! fields cannot be said of one event, or when no member of a list can be what its blocks ask. A formula with no open
//! way is refuted: no event satisfies it. Everything else, what takes too long included, counts as possible.
//!
//! It speaks of events in which no key is repeated: where one is, the language counts doubt as a hit, and both a test
//! and its negation may hold. What is no more than hardly meant is told of events that an API server writes; what keeps
//! a document from being used is asked of all that can be read.

mod formula;
mod patterns;
mod relate;
mod shapes;
mod store;
mod value;
mod var;

pub(super) use formula::{Atom, Formula, Problem, What};
pub(super) use patterns::covers;
pub(super) use store::{Clash, Literal};
pub(super) use var::canonical;

use std::cell::Cell;

use crate::program::Quantifier;
use store::{Domain, Store};

/// Steps that a search may take; a step is about the comparison of two words.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<usize>,
}

impl Budget {
    pub(super) fn new(steps: usize) -> Self {
        Self {
            left: Cell::new(steps),
        }
    }

    /// Takes steps off; whether there were as many.
    pub(super) fn spend(&self, steps: usize) -> bool {
        let left = self.left.get().checked_sub(steps);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Puts steps on.
    pub(super) fn earn(&self, steps: usize) {
        self.left.set(self.left.get().saturating_add(steps));
    }

    pub(super) fn left(&self) -> usize {
        self.left.get()
    }
}

/// A formula of a scope that must hold, or must not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal<'p> {
    pub(super) formula: &'p Formula,
    pub(super) scope: usize,
    pub(super) want: bool,
}

/// Deepest nesting of alternatives.
const DEPTH: usize = 64;
/// Clashes that are kept to tell of.
pub(super) const CLASHES: usize = 16;

/// A search for a way to satisfy goals.
#[derive(Debug)]
pub(super) struct Search<'p, 'a> {
    problem: &'p Problem<'a>,
    budget: &'p Budget,
    /// Whether only requests count that an API server answers with what was asked for.
    served: bool,
    clashes: Vec<Clash>,
}

impl<'p, 'a> Search<'p, 'a> {
    pub(super) fn new(problem: &'p Problem<'a>, budget: &'p Budget, served: bool) -> Self {
        Self {
            problem,
            budget,
            served,
            clashes: Vec::new(),
        }
    }

    /// Why no event reaches all goals: one clash for each way to reach them; `None` when one may.
    pub(super) fn refute(mut self, goals: Vec<Goal<'p>>) -> Option<Vec<Clash>> {
        let mut store = Store::default();
        self.is_closed(&mut store, goals, Vec::new(), 0)
            .then_some(self.clashes)
    }

    /// Whether no event reaches the goals with one of each of the alternatives.
    fn is_closed(
        &mut self,
        store: &mut Store,
        goals: Vec<Goal<'p>>,
        mut open: Vec<(&'p [Formula], Goal<'p>)>,
        depth: usize,
    ) -> bool {
        let mark = store.mark();
        let clash = self
            .expand(store, goals, &mut open)
            .or_else(|| self.check(store, depth));
        let closed = match clash {
            Some(clash) => {
                if self.clashes.len() < CLASHES && !clash.0.is_empty() {
                    self.clashes.push(clash);
                }
                true
            }
            None => self.is_split(store, open, depth),
        };
        store.undo(mark);
        closed
    }

    /// Whether no way goes on from here by one of the alternatives.
    fn is_split(
        &mut self,
        store: &mut Store,
        mut open: Vec<(&'p [Formula], Goal<'p>)>,
        depth: usize,
    ) -> bool {
        // The fewest ways first.
        let fewest = open
            .iter()
            .enumerate()
            .min_by_key(|(_, (parts, _))| parts.len());
        let Some((at, _)) = fewest else {
            return false;
        };
        if depth >= DEPTH || !self.budget.spend(open.len()) {
            return false;
        }
        let (parts, goal) = open.swap_remove(at);
        parts.iter().all(|formula| {
            let goal = Goal { formula, ..goal };
            self.budget.spend(1 + open.len())
                && self.is_closed(store, vec![goal], open.clone(), depth + 1)
        })
    }

    /// Takes goals apart: what must hold goes to the store, where there is a choice it is left open.
    fn expand(
        &mut self,
        store: &mut Store,
        mut goals: Vec<Goal<'p>>,
        open: &mut Vec<(&'p [Formula], Goal<'p>)>,
    ) -> Option<Clash> {
        let problem = self.problem;
        while let Some(goal) = goals.pop() {
            if !self.budget.spend(1) {
                return None;
            }
            match goal.formula {
                Formula::Unknown => {}
                Formula::Const(value) if *value == goal.want => {}
                Formula::Const(_) => return Some(Clash(Vec::new())),
                Formula::Not(inner) => goals.push(Goal {
                    formula: inner,
                    want: !goal.want,
                    ..goal
                }),
                Formula::Select(idx) => {
                    let scope = problem.scopes.get(goal.scope)?;
                    let formula = scope.selections.get(*idx)?;
                    goals.push(Goal { formula, ..goal });
                }
                Formula::And(parts) | Formula::Or(parts)
                    if matches!(goal.formula, Formula::And(_)) == goal.want || parts.len() == 1 =>
                {
                    goals.extend(parts.iter().rev().map(|formula| Goal { formula, ..goal }));
                }
                Formula::And(parts) | Formula::Or(parts) => open.push((parts, goal)),
                Formula::Atom(atom) => {
                    let literal = Literal {
                        atom: *atom,
                        want: goal.want,
                    };
                    let clash = store.assert(problem, literal, self.budget);
                    if clash.is_some() {
                        return clash;
                    }
                }
            }
        }
        None
    }

    /// A clash among all that the store holds.
    fn check(&mut self, store: &Store, depth: usize) -> Option<Clash> {
        let problem = self.problem;
        let mut domains = Vec::new();
        for (var, literals) in store.vars() {
            if !self.budget.spend(literals.len()) {
                return None;
            }
            let domain = Store::domain(problem, var, literals, self.budget);
            if let Domain::Finite(values) = &domain
                && values.is_empty()
            {
                return Some(Store::blame(problem, var, literals, self.budget));
            }
            domains.push((var, domain));
        }
        relate::check(problem, store, &domains, self.served, self.budget)
            .or_else(|| self.check_members(store, depth))
    }

    /// A clash of the blocks over one list: a member that must be there and that what is asked of all members excludes.
    fn check_members(&mut self, store: &Store, depth: usize) -> Option<Clash> {
        let problem = self.problem;
        for (_, literals) in store.vars() {
            let blocks = || {
                literals
                    .iter()
                    .filter_map(|literal| match problem.atoms.get(literal.atom)?.what {
                        What::Block(quantifier, scope) => Some((literal, quantifier, scope)),
                        _ => None,
                    })
            };
            let goal = |scope: usize, want| {
                Some(Goal {
                    formula: &problem.scopes.get(scope)?.condition,
                    scope,
                    want,
                })
            };
            // What every member is.
            let every: Vec<(Literal, Goal<'p>)> = blocks()
                .filter_map(|(literal, quantifier, scope)| {
                    let goal = match (quantifier, literal.want) {
                        (Quantifier::All | Quantifier::AllOrEmpty, true) => goal(scope, true),
                        (Quantifier::Any, false) => goal(scope, false),
                        _ => None,
                    };
                    Some((*literal, goal?))
                })
                .collect();
            for (literal, quantifier, scope) in blocks() {
                let some = match (quantifier, literal.want) {
                    (Quantifier::Any | Quantifier::All, true) => goal(scope, true),
                    (Quantifier::AllOrEmpty, false) => goal(scope, false),
                    _ => None,
                };
                let Some(some) = some else { continue };
                let mut goals = vec![some];
                goals.extend(every.iter().map(|(_, goal)| *goal));
                if depth >= DEPTH || !self.budget.spend(goals.len()) {
                    return None;
                }
                let n_clashes = self.clashes.len();
                let closed = self.is_closed(&mut Store::default(), goals, Vec::new(), depth + 8);
                let inner: Vec<Clash> = self.clashes.drain(n_clashes..).collect();
                if closed {
                    // What clashes in the member says more than the blocks do.
                    if let [clash] = inner.as_slice() {
                        return Some(clash.clone());
                    }
                    let others = every.iter().map(|(other, _)| *other);
                    let mut blocks: Vec<Literal> = others.chain([*literal]).collect();
                    blocks.dedup();
                    return Some(Clash(blocks));
                }
            }
        }
        None
    }
}
