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
    /// Those that a condition may have meant by a name that is not there are used too.
    used: Vec<bool>,
    /// How often selections are used, to stop quantifiers before they fill the memory.
    n_uses: usize,
    /// Whether a condition names something that is not there.
    pub(super) is_broken: bool,
    /// Whether there is a part of a condition of which nobody knows what it names.
    is_unread: bool,
    /// Names and patterns that no selection is near to.
    n_strangers: usize,
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
            is_unread: false,
            n_strangers: 0,
            scope,
        }
    }

    /// The selections that no condition uses, nor can mean by a name that is not there.
    pub(super) fn unused(&self) -> impl Iterator<Item = &'s ast::Selection> {
        let selections = self.scope.selections.iter().zip(&self.used);
        let unused = selections.filter(|(_, used)| !**used);
        let n_unused = unused.clone().count();
        let is_known = self.scope.is_complete && !self.is_unread && n_unused > self.n_strangers;
        unused
            .filter(move |_| is_known)
            .map(|(selection, _)| selection)
    }

    /// A condition; broken as a whole when it could not be read, or is too much to look at.
    pub(super) fn whole(&mut self, condition: Option<&Condition>, report: &mut Report) -> Tree {
        let tree = condition.map(|condition| self.condition(condition, report));
        let tree = tree.filter(|_| self.n_uses <= limits::PROGRAM_OPS);
        self.is_broken |= tree.is_none();
        self.is_unread |= tree.is_none();
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
            Condition::Broken(named, _) => {
                self.is_unread = true;
                self.conditions(named, report);
                None
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
        let near = report.nearest(name, known);
        match near.and_then(|near| self.by_name.get(near)) {
            Some(idx) => drop(self.select(*idx, None)),
            None => self.n_strangers += 1,
        }
        report.add_with_help(
            Code::UnknownSelection,
            *span,
            format!("there is no selection {}", quoted(name)),
            near.map(|near| format!("did you mean {}?", quoted(near))),
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
            let message = format!("no selection matches {}", quoted(pattern));
            let help = self.instead_of(pattern, report);
            self.n_strangers += usize::from(help.is_none());
            report.add_with_help(Code::EmptyQuantifier, span, message, help);
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

    /// What to know of the selections that a pattern or `them`, which matches none, may have meant.
    fn instead_of(&mut self, pattern: &str, report: &Report) -> Option<String> {
        let wanted = if pattern == "them" { "*" } else { pattern };
        let hidden = matching(self.scope, &format!("_{wanted}"));
        if !hidden.is_empty() {
            for idx in hidden {
                self.select(idx, None);
            }
            let help = "names that begin with `_` are matched only by a pattern that does too";
            return Some(help.to_owned());
        }
        // The text that the names would begin with is compared with as much of them.
        let begin = wanted.split_once('*').map_or(wanted, |(begin, _)| begin);
        let n_letters = begin.chars().count();
        let scope = self.scope;
        let beginnings = || {
            scope.selections.iter().map(|selection| {
                let name = selection.name.as_str();
                let end = name.char_indices().nth(n_letters);
                end.and_then(|(end, _)| name.get(..end)).unwrap_or(name)
            })
        };
        let best = report.nearest(begin, beginnings())?;
        let mut nearest = None;
        for (idx, beginning) in beginnings().enumerate() {
            if report.nearest(begin, [beginning]).is_some() {
                self.select(idx, None);
            }
            if beginning == best {
                nearest = nearest.or_else(|| scope.selections.get(idx));
            }
        }
        nearest.map(|nearest| format!("the nearest selection is {}", quoted(&nearest.name)))
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
