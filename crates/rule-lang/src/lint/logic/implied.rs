//! Parts of a document that another part makes superfluous.

use super::tell::span;
use super::{Logic, PARTS};
use crate::ast::Condition;
use crate::diagnostic::{Code, Report, quoted};
use crate::lint::solve::Formula;
use crate::source::Span;

impl<'p> Logic<'p, '_> {
    /// Parts of conditions, and maps of a list, that another part makes superfluous.
    pub(super) fn implied(&self, report: &mut Report) {
        let Some(scope) = self.problem.scopes.first() else {
            return;
        };
        if let Some(condition) = self.condition {
            self.implied_in(condition, &scope.condition, report);
        }
        for selection in &scope.selections {
            if let Formula::Or(maps) = selection
                && maps.len() <= PARTS
            {
                let parts: Vec<Part<'_>> = maps
                    .iter()
                    .filter_map(|map| {
                        let atom = first_atom(map)?;
                        let atom = self.problem.atoms.get(atom)?;
                        Some(Part {
                            formula: map,
                            span: atom.span,
                            name: None,
                            is_map: true,
                        })
                    })
                    .collect();
                self.superfluous(&parts, false, report);
            }
        }
    }

    fn implied_in(&self, condition: &Condition, formula: &'p Formula, report: &mut Report) {
        let (parts, written, all) = match (condition, formula) {
            (Condition::Or(written), Formula::Or(parts)) => (parts, written, false),
            (Condition::And(written), Formula::And(parts)) => (parts, written, true),
            (Condition::Not(written, _), Formula::Not(inner)) => {
                return self.implied_in(written, inner, report);
            }
            _ => return,
        };
        for (written, formula) in written.iter().zip(parts) {
            self.implied_in(written, formula, report);
        }
        if parts.len() > PARTS {
            return;
        }
        let named: Vec<Part<'_>> = written
            .iter()
            .zip(parts)
            .map(|(written, formula)| Part {
                formula,
                span: span(written),
                name: text(written),
                is_map: false,
            })
            .collect();
        let is_told = self.constants(&named, report);
        if !is_told {
            self.superfluous(&named, all, report);
        }
    }

    /// Parts of a condition that always hold, or never, though what they are made of does not; whether there is one.
    fn constants(&self, parts: &[Part<'p>], report: &mut Report) -> bool {
        let mut is_told = false;
        for part in parts.iter().filter(|part| part.name.is_none()) {
            if self.has_constant(part.formula) {
                continue;
            }
            let is = |want| {
                self.refute(vec![Self::goal(part.formula, 0, want)])
                    .is_some()
            };
            let (code, message, help) = if is(false) {
                (
                    Code::Tautology,
                    "every event satisfies this part of the condition",
                    "leave it out: it says nothing",
                )
            } else if is(true) {
                (
                    Code::Contradiction,
                    "no event satisfies this part of the condition",
                    "leave it out, or join its parts by `or`",
                )
            } else {
                continue;
            };
            is_told = true;
            let known = [Code::Tautology, Code::Contradiction];
            if !report.has_in(&known, part.span) && !report.is_full() {
                report.add(code, part.span, message).set_help(help);
            }
        }
        is_told
    }

    /// Whether a part of a formula always holds, or never, which is told of that part.
    fn has_constant(&self, formula: &'p Formula) -> bool {
        match formula {
            Formula::Not(inner) => self.has_constant(inner),
            Formula::And(parts) | Formula::Or(parts) => parts.iter().any(|part| {
                let is = |want| self.refute(vec![Self::goal(part, 0, want)]).is_some();
                is(true) || is(false)
            }),
            _ => false,
        }
    }

    /// Reports parts of an `and` that another part implies, or parts of an `or` that imply another part.
    fn superfluous(&self, parts: &[Part<'p>], all: bool, report: &mut Report) {
        let mut gone = vec![false; parts.len()];
        // What nothing or everything satisfies is told elsewhere.
        let plain: Vec<bool> = parts
            .iter()
            .map(|part| {
                [true, false].iter().all(|want| {
                    self.refute(vec![Self::goal(part.formula, 0, *want)])
                        .is_none()
                })
            })
            .collect();
        let is_plain = |at: usize| plain.get(at).copied().unwrap_or(false);
        for (at, part) in parts.iter().enumerate().rev() {
            let mut before = parts.iter().take(at);
            if let Some(twin) = before.find(|other| part.is_named_as(other)) {
                if let Some(gone) = gone.get_mut(at) {
                    *gone = true;
                }
                let message = format!("{} stands twice in this condition", part.this());
                let found = report.add(Code::ImpliedSelection, part.span, message);
                found.set_related(twin.span);
                found.set_help("leave one of the two out");
                continue;
            }
            for (other_at, other) in parts.iter().enumerate() {
                let is_gone = |at: usize| gone.get(at).copied().unwrap_or(true);
                if at == other_at || is_gone(other_at) || !is_plain(at) || !is_plain(other_at) {
                    continue;
                }
                let (given, then) = if all { (other, part) } else { (part, other) };
                let goals = vec![
                    Self::goal(given.formula, 0, true),
                    Self::goal(then.formula, 0, false),
                ];
                if self.refute(goals).is_none() {
                    continue;
                }
                if let Some(gone) = gone.get_mut(at) {
                    *gone = true;
                }
                let message = if all {
                    format!("{} holds wherever {} does", part.this(), other.as_other())
                } else {
                    format!(
                        "wherever {} holds, {} does too",
                        part.this(),
                        other.as_other()
                    )
                };
                report
                    .add(Code::ImpliedSelection, part.span, message)
                    .set_help(if all {
                        "leave it out, or ask for something that the other part does not"
                    } else {
                        "leave it out, or ask for something that the other part does not find"
                    });
                break;
            }
        }
    }
}

/// A part of a condition or of a list of maps.
struct Part<'p> {
    formula: &'p Formula,
    span: Span,
    /// What it is called, when that is short.
    name: Option<String>,
    /// Whether it is one of a list of maps.
    is_map: bool,
}

impl Part<'_> {
    fn this(&self) -> &str {
        let unnamed = if self.is_map { "this map" } else { "this part" };
        self.name.as_deref().unwrap_or(unnamed)
    }

    fn is_named_as(&self, other: &Self) -> bool {
        self.name.is_some() && self.name == other.name
    }

    fn as_other(&self) -> &str {
        let unnamed = if self.is_map {
            "another map of the list"
        } else {
            "another part of the condition"
        };
        self.name.as_deref().unwrap_or(unnamed)
    }
}

fn first_atom(formula: &Formula) -> Option<usize> {
    match formula {
        Formula::Atom(atom) => Some(*atom),
        Formula::And(parts) | Formula::Or(parts) => parts.iter().find_map(first_atom),
        Formula::Not(inner) => first_atom(inner),
        Formula::Const(_) | Formula::Select(_) | Formula::Unknown => None,
    }
}

/// What a part of a condition is called, when that is short.
fn text(condition: &Condition) -> Option<String> {
    match condition {
        Condition::Name((name, _)) => Some(quoted(name)),
        Condition::Not(inner, _) => match &**inner {
            Condition::Name((name, _)) => Some(quoted(&format!("not {name}"))),
            _ => None,
        },
        _ => None,
    }
}
