//! Lints about what a document says as a whole: whether an event can satisfy it, and whether each part of it matters.

pub(super) mod describe;
mod implied;
mod served;
mod tell;

use super::facts;
use super::solve::{Budget, Clash, Formula, Goal, Problem, Search};
use crate::ast::{self, Condition};
use crate::diagnostic::{Code, Report, quoted};
use crate::source::Span;
use crate::tree;
pub(super) use tell::span;

/// Steps that one question of a document may take.
const QUESTION: usize = 10_000;
/// Steps that all questions of a document may take: some for each byte, so that a file of many documents takes no longer
/// than one of few, and no more than this.
const DOCUMENT: usize = 200_000;
const EACH_BYTE: usize = 8;
const LEAST: usize = 1_000;
/// Parts that are compared with each other.
const PARTS: usize = 16;
/// Maps that are looked at together with the rest of the document.
const MAPS: usize = 64;

/// Everything that is decided of a document that resolved.
pub(crate) fn document(
    ast: &ast::Scope,
    tree: &tree::Scope,
    is_rule: bool,
    place: Span,
    report: &mut Report,
) {
    let Some(problem) = Problem::new(ast, tree) else {
        return;
    };
    let logic = Logic {
        problem: &problem,
        ast,
        condition: ast.condition.as_ref(),
        is_rule,
        left: Budget::new((LEAST + EACH_BYTE * place.range().len()).min(DOCUMENT)),
    };
    let n_dead = logic.dead_groups(report);
    if !logic.dead_document(n_dead > 0, report) {
        logic.not_served(report);
        logic.dead_in_context(report);
        logic.always(report);
        logic.dead_levels(report);
    }
    logic.implied(report);
}

struct Logic<'p, 'a> {
    problem: &'p Problem<'a>,
    ast: &'a ast::Scope,
    /// `None` when it could not be read.
    condition: Option<&'a Condition>,
    is_rule: bool,
    left: Budget,
}

impl<'p> Logic<'p, '_> {
    /// Why no event reaches the goals, if that can be told.
    fn refute(&self, goals: Vec<Goal<'p>>) -> Option<Vec<Clash>> {
        self.refute_if(goals, false)
    }

    /// The same, `served` of requests that Kubernetes serves only.
    fn refute_if(&self, goals: Vec<Goal<'p>>, served: bool) -> Option<Vec<Clash>> {
        let steps = self.left.left().min(QUESTION);
        if steps == 0 {
            return None;
        }
        let budget = Budget::new(steps);
        let found = Search::new(self.problem, &budget, served).refute(goals);
        self.left.spend(steps - budget.left() + 1);
        found
    }

    fn goal(formula: &'p Formula, scope: usize, want: bool) -> Goal<'p> {
        Goal {
            formula,
            scope,
            want,
        }
    }

    fn document(&self, want: bool) -> Option<Goal<'p>> {
        let scope = self.problem.scopes.first()?;
        Some(Self::goal(&scope.condition, 0, want))
    }

    /// Maps, in selections and in blocks, that nothing can satisfy.
    fn dead_groups(&self, report: &mut Report) -> usize {
        let mut n_dead = 0;
        // Blocks come after the blocks that they hold, so what is within is told first, and once.
        let mut told: Vec<Clash> = Vec::new();
        for (at, scope) in self
            .problem
            .scopes
            .iter()
            .enumerate()
            .skip(1)
            .chain(self.problem.scopes.iter().enumerate().take(1))
        {
            let whole = scope.selections.is_empty().then_some(&scope.condition);
            for selection in scope.selections.iter().chain(whole) {
                for group in groups(selection) {
                    if report.is_full() {
                        return n_dead;
                    }
                    let Some(clashes) = self.refute(vec![Self::goal(group, at, true)]) else {
                        continue;
                    };
                    n_dead += 1;
                    if clashes.iter().all(|clash| told.contains(clash)) {
                        continue;
                    }
                    self.tell(&clashes, None, report);
                    told.extend(clashes);
                }
            }
        }
        n_dead
    }

    /// The condition itself; whether nothing satisfies it.
    fn dead_document(&self, is_told: bool, report: &mut Report) -> bool {
        let Some(goal) = self.document(true) else {
            return false;
        };
        let Some(clashes) = self.refute(vec![goal]) else {
            return false;
        };
        if !is_told {
            self.tell(&clashes, self.condition, report);
        }
        true
    }

    /// Maps that the rest of the condition excludes.
    fn dead_in_context(&self, report: &mut Report) {
        let Some(scope) = self.problem.scopes.first() else {
            return;
        };
        let uses = facts::uses(self.ast);
        let mut n_maps = 0;
        for (selection, used) in scope.selections.iter().zip(uses) {
            if used != (true, false) {
                continue;
            }
            for group in groups(selection) {
                n_maps += 1;
                if n_maps > MAPS || report.is_full() {
                    return;
                }
                let Some(document) = self.document(true) else {
                    return;
                };
                if self.refute(vec![Self::goal(group, 0, true)]).is_some() {
                    continue;
                }
                if let Some(clashes) = self.refute(vec![Self::goal(group, 0, true), document]) {
                    self.tell(&clashes, None, report);
                }
            }
        }
    }

    /// What every event satisfies: the condition, or a selection.
    fn always(&self, report: &mut Report) {
        let Some(scope) = self.problem.scopes.first() else {
            return;
        };
        let mut found = false;
        for (formula, selection) in scope.selections.iter().zip(&self.ast.selections) {
            if report.is_full() {
                return;
            }
            if self.refute(vec![Self::goal(formula, 0, false)]).is_some() {
                found = true;
                report
                    .add(
                        Code::Tautology,
                        selection.span,
                        format!("every event satisfies {}", quoted(&selection.name)),
                    )
                    .set_help("a test that always holds says nothing: take it out or narrow it");
            }
        }
        let Some(goal) = self.document(false) else {
            return;
        };
        let Some(condition) = self.condition.filter(|_| !found) else {
            return;
        };
        if self.refute(vec![goal]).is_none() {
            return;
        }
        let (message, help) = if self.is_rule {
            (
                "every event satisfies this condition",
                "the rule matches all that is logged: one of its parts holds where another does not",
            )
        } else {
            (
                "every event satisfies this condition, so the filter takes nothing away",
                "one of its parts holds where another does not",
            )
        };
        report
            .add(Code::Tautology, span(condition), message)
            .set_help(help);
    }

    /// Levels that no match of the rule reaches.
    fn dead_levels(&self, report: &mut Report) {
        let Some(scope) = self.problem.scopes.first() else {
            return;
        };
        for (at, (formula, written)) in scope.extra.iter().zip(&self.ast.extra).enumerate() {
            // Each is asked with all those before it, which takes the square of their number to write down.
            if self.left.left() == 0 {
                return;
            }
            let (Some(document), Some(written)) = (self.document(true), written) else {
                return;
            };
            let mut goals = vec![document, Self::goal(formula, 0, true)];
            let help = if let Some(clashes) = self.refute(goals.clone()) {
                let facts = clashes.first().map(|clash| self.facts(clash));
                facts.unwrap_or_else(|| "it excludes the condition of the rule".to_owned())
            } else {
                let earlier = scope.extra.iter().take(at);
                goals.extend(earlier.map(|formula| Self::goal(formula, 0, false)));
                if at == 0 || self.refute(goals).is_none() {
                    continue;
                }
                "the first that holds counts, and one before it always does".to_owned()
            };
            report
                .add(
                    Code::DeadLevel,
                    span(written),
                    "no match of the rule has this level",
                )
                .set_help(help);
        }
    }
}

/// The ways in which a selection holds, each a formula.
fn groups(selection: &Formula) -> &[Formula] {
    match selection {
        Formula::Or(parts) if parts.len() > 1 => parts,
        other => std::slice::from_ref(other),
    }
}
