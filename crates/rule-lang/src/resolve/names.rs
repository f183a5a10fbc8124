//! The selections that a condition names.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ast::{self, Condition, Quantity};
use crate::diagnostic::{Code, Report, quoted};
use crate::limits;
use crate::source::Span;
use crate::tree::Tree;

/// The selections of a scope by name, and which of them a condition uses.
pub(super) struct Names<'s> {
    scope: &'s ast::Scope,
    by_name: HashMap<&'s str, usize>,
    pub(super) used: Vec<bool>,
    /// How often selections are used, to stop quantifiers before they fill the memory.
    n_uses: usize,
    /// Whether a condition names something that is not there.
    pub(super) is_broken: bool,
}

impl<'s> Names<'s> {
    pub(super) fn new(scope: &'s ast::Scope) -> Self {
        let names = scope.selections.iter().enumerate();
        Self {
            by_name: names
                .map(|(idx, selection)| (selection.name.as_str(), idx))
                .collect(),
            used: vec![false; scope.selections.len()],
            n_uses: 0,
            is_broken: false,
            scope,
        }
    }

    /// A condition; broken as a whole when it could not be read, or is too much to look at.
    pub(super) fn whole(&mut self, condition: Option<&Condition>, report: &mut Report) -> Tree {
        let tree = condition.map(|condition| self.condition(condition, report));
        let tree = tree.filter(|_| self.n_uses <= limits::PROGRAM_OPS);
        self.is_broken |= tree.is_none();
        tree.unwrap_or(Tree::Broken)
    }

    fn condition(&mut self, condition: &Condition, report: &mut Report) -> Tree {
        let tree = match condition {
            Condition::Or(parts) => Some(Tree::Or(self.conditions(parts, report))),
            Condition::And(parts) => Some(Tree::And(self.conditions(parts, report))),
            Condition::Not(inner, _) => Some(Tree::Not(Box::new(self.condition(inner, report)))),
            Condition::Name(name) => self.name(name, report),
            Condition::Them(quantity, span) => {
                let found = matching(self.scope, "*");
                self.quantified(*quantity, found, *span, "them", report)
            }
            Condition::Pattern(quantity, (pattern, span)) => {
                let found = matching(self.scope, pattern);
                self.quantified(*quantity, found, *span, pattern, report)
            }
        };
        self.is_broken |= tree.is_none();
        tree.unwrap_or(Tree::Broken)
    }

    fn conditions(&mut self, parts: &[Condition], report: &mut Report) -> Vec<Tree> {
        let parts = parts.iter();
        parts.map(|part| self.condition(part, report)).collect()
    }

    fn name(&mut self, (name, span): &(String, Span), report: &mut Report) -> Option<Tree> {
        if let Some(idx) = self.by_name.get(name.as_str()) {
            return Some(self.select(*idx, None));
        }
        let known = self
            .scope
            .selections
            .iter()
            .map(|selection| selection.name.as_str());
        let help = report.did_you_mean(name, known);
        report.add_with_help(
            Code::UnknownSelection,
            *span,
            format!("there is no selection {}", quoted(name)),
            help,
        );
        None
    }

    fn select(&mut self, idx: usize, group: Option<Arc<str>>) -> Tree {
        if let Some(used) = self.used.get_mut(idx) {
            *used = true;
        }
        Tree::Select(idx, group)
    }

    fn quantified(
        &mut self,
        quantity: Quantity,
        found: Vec<usize>,
        span: Span,
        pattern: &str,
        report: &mut Report,
    ) -> Option<Tree> {
        let (before, limit) = (self.n_uses, limits::PROGRAM_OPS);
        self.n_uses = before.saturating_add(found.len());
        if self.n_uses > limit {
            // Said once, where it begins.
            if before <= limit {
                let message = format!(
                    "the condition uses selections {} times and the limit is {limit}",
                    self.n_uses
                );
                report.add(Code::ProgramTooLarge, span, message);
            }
            return None;
        }
        if found.is_empty() {
            report
                .add(
                    Code::EmptyQuantifier,
                    span,
                    format!("no selection matches {}", quoted(pattern)),
                )
                .set_help("names that begin with `_` are matched only by a pattern that does too");
            return None;
        }
        let group: Arc<str> = match quantity {
            Quantity::Any => format!("1 of {pattern}"),
            Quantity::All => format!("all of {pattern}"),
        }
        .into();
        let trees = found.into_iter();
        let trees = trees
            .map(|idx| self.select(idx, Some(Arc::clone(&group))))
            .collect();
        Some(match quantity {
            Quantity::Any => Tree::Or(trees),
            Quantity::All => Tree::And(trees),
        })
    }
}

/// The selections whose name a pattern matches. Names that begin with `_` are found only by one that does too.
pub(crate) fn matching(scope: &ast::Scope, pattern: &str) -> Vec<usize> {
    let pieces: Vec<&str> = pattern.split('*').collect();
    let selections = scope.selections.iter().enumerate();
    selections
        .filter(|(_, selection)| {
            (!selection.name.starts_with('_') || pattern.starts_with('_'))
                && matches(&pieces, &selection.name)
        })
        .map(|(idx, _)| idx)
        .collect()
}

/// Whether a name is made of these pieces with anything between them.
fn matches(pieces: &[&str], name: &str) -> bool {
    let [first, middle @ .., last] = pieces else {
        return pieces.first() == Some(&name);
    };
    let rest = name
        .strip_prefix(first)
        .and_then(|rest| rest.strip_suffix(last));
    middle
        .iter()
        .try_fold(rest.unwrap_or_default(), |rest, piece| {
            rest.split_once(piece).map(|(_, rest)| rest)
        })
        .is_some()
        && rest.is_some()
}
