//! Fields that correlations group by or take values of, beside the rules whose hits they take: those that no event has
//! that a rule finds.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::filters::n_tests;
use super::logic::describe::describe;
use super::solve::{Budget, CLASHES, Clash, Goal, Literal, Problem, Search};
use crate::ast;
use crate::correlation::CorrelationDocument;
use crate::diagnostic::quoted;
use crate::metadata::Metadata;
use crate::program::Operand;
use crate::resolve;
use crate::tree;

/// Steps that one question may take, and those of a set: some, some for each rule that is asked about, and some for each
/// of its tests, so that the time is linear in the size of the set, though the number of questions is not.
const QUESTION: usize = 10_000;
const SOME: usize = 1_000_000;
const EACH_RULE: usize = 4_000;
const EACH_TEST: usize = 100;
/// What it costs to look a field up and to put it into a question.
const ASK: usize = 16;
/// Fields that are remembered of all rules; beyond that nobody asks on.
const KEPT: usize = 1 << 16;
/// Ways in which the events of a rule have no value that are told.
const SHOWN: usize = 3;

/// What correlations want to know of the rules that they name. Rules that a tag stands for are not among them: a
/// correlation of many rules is about those of their events that have what it groups by.
#[derive(Debug)]
pub(crate) struct Wanted<'d> {
    correlations: Vec<&'d CorrelationDocument>,
    /// The correlations that name a rule, by what they call it.
    by_rule: HashMap<&'d str, Vec<usize>>,
    steps: Budget,
    kept: Budget,
}

/// Fields that no event has which a rule finds, as they are written, and why.
pub(crate) type Lacking = BTreeMap<String, String>;

impl<'d> Wanted<'d> {
    pub(crate) fn new(correlations: impl Iterator<Item = &'d CorrelationDocument>) -> Self {
        let correlations: Vec<_> = correlations.collect();
        let mut by_rule: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, correlation) in correlations.iter().enumerate() {
            for name in &correlation.targets.names {
                let all = by_rule.entry(name.text.as_str()).or_default();
                if all.last() != Some(&at) {
                    all.push(at);
                }
            }
        }
        Self {
            correlations,
            by_rule,
            steps: Budget::new(SOME),
            kept: Budget::new(KEPT),
        }
    }

    /// The correlations that name a rule.
    fn about(&self, rule: &Metadata) -> impl Iterator<Item = &'d CorrelationDocument> {
        let names = rule.id.as_deref().into_iter().chain(rule.name.as_deref());
        let found = names.filter_map(|name| self.by_rule.get(name));
        let found = found.flatten();
        found.filter_map(|at| self.correlations.get(*at).copied())
    }

    /// Whether something is asked of a rule.
    pub(crate) fn is_about(&self, rule: &Metadata) -> bool {
        self.about(rule).next().is_some()
    }

    /// Which of the fields no event has that a rule finds.
    pub(crate) fn lacking(&self, rule: &Metadata, ast: &ast::Scope, tree: &tree::Scope) -> Lacking {
        let mut lacking = Lacking::new();
        let n_tests = n_tests(tree);
        self.steps.earn(EACH_RULE + EACH_TEST * n_tests);
        let fields = self.fields(rule);
        if fields.is_empty() || !self.steps.spend(n_tests) {
            return lacking;
        }
        let Some(problem) = Problem::having((ast, tree), &fields) else {
            return lacking;
        };
        let Some(scope) = problem.scopes.first() else {
            return lacking;
        };
        let goal = |formula| Goal {
            formula,
            scope: 0,
            want: true,
        };
        let refute = |goals| {
            let budget = Budget::new(self.steps.left().min(QUESTION));
            let before = budget.left();
            let found = Search::new(&problem, &budget, false).refute(goals);
            self.steps.spend(before - budget.left());
            found
        };
        let mut finds_nothing = None;
        for ((name, _), has_value) in fields.iter().zip(&scope.extra) {
            if !self.steps.spend(1) || self.kept.left() == 0 {
                break;
            }
            let rule = goal(&scope.condition);
            let Some(clashes) = refute(vec![rule, goal(has_value)]) else {
                continue;
            };
            // That a rule finds nothing at all is told where it stands.
            let finds_nothing = finds_nothing.get_or_insert_with(|| refute(vec![rule]).is_some());
            if *finds_nothing || !self.kept.spend(1) {
                break;
            }
            lacking.insert((*name).to_owned(), why(&problem, ast, &clashes));
        }
        lacking
    }

    /// What is asked of a rule, as far as there is room for it: a field of the event, under the name that was written.
    fn fields(&self, rule: &Metadata) -> Vec<(&'d str, Operand)> {
        let is_own = |name: &str| {
            let mut names = rule.id.iter().chain(&rule.name);
            names.any(|own| own == name)
        };
        let (mut fields, mut known) = (Vec::new(), HashSet::new());
        let mut add = |name: &'d str| {
            if known.insert(name)
                && self.steps.spend(ASK)
                && let Some(field) = resolve::known_with_values(name)
            {
                fields.push((name, Operand::Field(field)));
            }
        };
        for correlation in self.about(rule) {
            let names = correlation.group_by.iter().chain(correlation.value());
            for name in names {
                if !self.steps.spend(1) {
                    return fields;
                }
                add(&name.text);
            }
            for alias in &correlation.aliases {
                for (rule, field) in &alias.fields {
                    if !self.steps.spend(1) {
                        return fields;
                    }
                    if is_own(&rule.text) {
                        add(&field.text);
                    }
                }
            }
        }
        fields
    }
}

/// Why no event that a rule finds has a value, in words.
fn why(problem: &Problem<'_>, ast: &ast::Scope, clashes: &[Clash]) -> String {
    let mut ways = BTreeSet::new();
    let mut selections = BTreeSet::new();
    let is_own = |literal: &Literal| literal.atom < problem.n_first;
    for clash in clashes {
        // In a way that the rule closes by itself it finds nothing.
        if clash.0.iter().all(is_own) {
            continue;
        }
        let mut facts = BTreeSet::new();
        for literal in clash.0.iter().copied().filter(is_own) {
            let Some(atom) = problem.atoms.get(literal.atom) else {
                continue;
            };
            facts.insert(describe(atom, literal.want));
            let before = ast.selections.iter();
            let before = before.filter(|one| one.span.start() <= atom.span.start());
            let selection = before.max_by_key(|one| one.span.start());
            selections.extend(selection.map(|one| one.name.as_str()));
        }
        ways.insert(facts.into_iter().collect::<Vec<_>>().join(" and "));
    }
    let is_told =
        !ways.is_empty() && ways.len() <= SHOWN && clashes.len() < CLASHES && !ways.contains("");
    if !is_told {
        return "none of the ways in which its condition holds leaves room for one".to_owned();
    }
    let ways: Vec<String> = ways
        .into_iter()
        .map(|way| format!("of which {way}"))
        .collect();
    let selections: Vec<String> = selections.into_iter().map(quoted).collect();
    let selection = match selections.as_slice() {
        [_] => "selection",
        _ => "selections",
    };
    format!(
        "it finds only events {} ({selection} {}), and those have none",
        ways.join(" or "),
        selections.join(", ")
    )
}
