//! Filters beside the rules that they narrow: those that never take a hit of their rule away, and those that take all.
//!
//! Both are decided as one document whose condition is that of the rule together with that of the filter.

use std::collections::{BTreeSet, HashSet};

use super::logic::describe::describe;
use super::solve::{Budget, Clash, Goal, Problem, Search};
use crate::ast;
use crate::diagnostic::{Code, Report, quoted};
use crate::metadata::Metadata;
use crate::rule::FilterIdx;
use crate::set::File;
use crate::source::Span;
use crate::targets::Targets;
use crate::tree::{self, Tree};

/// Steps that one question may take, and those of a set.
const QUESTION: usize = 10_000;
const SET: usize = 1_000_000;
/// Tests of rules and filters that are looked at together: some, and for each test of a rule some more, so that the time
/// is linear in the size of the set, though the number of pairs is not.
const SOME_TESTS: usize = 1 << 15;
const EACH_TEST: usize = 4;
/// What a pair costs beside its tests.
const PAIR: usize = 16;
/// Names of rules that one diagnostic shows.
const SHOWN: usize = 3;

/// The filters of a set, and what was found of them.
#[derive(Debug)]
pub(crate) struct Filters {
    /// Nothing of those that are not compared.
    all: Vec<Option<Known>>,
    /// What rules answer to that were not compared with all of their filters.
    passed_over: HashSet<String>,
    /// Tests that may still be looked at.
    tests: usize,
    steps: Budget,
}

impl Default for Filters {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            passed_over: HashSet::new(),
            tests: SOME_TESTS,
            steps: Budget::new(SET),
        }
    }
}

/// A filter.
#[derive(Debug)]
struct Known {
    file: usize,
    n_tests: usize,
    ast: ast::Scope,
    tree: tree::Scope,
    targets: Targets,
    spares_impersonated: bool,
    /// Per target, the last is `any`.
    found: Vec<Found>,
}

/// What was found of the rules that a target of a filter stands for.
#[derive(Debug, Default)]
struct Found {
    n_rules: usize,
    n_idle: usize,
    /// The first rule of which nothing is taken, and why.
    idle: Option<(String, String)>,
    /// Rules of which everything is taken.
    taken: Vec<String>,
    n_taken: usize,
}

/// A filter that compiled.
#[derive(Debug)]
pub(crate) struct Added {
    pub(crate) file: usize,
    pub(crate) ast: ast::Scope,
    pub(crate) tree: tree::Scope,
    pub(crate) targets: Targets,
    /// Whether it leaves requests alone that impersonate somebody.
    pub(crate) spares_impersonated: bool,
}

/// What a filter does to a rule.
enum Effect {
    /// It takes none of its hits, and why.
    Nothing(String),
    All,
}

impl Filters {
    /// Adds a filter, when it can be compared; its index is how many were added before.
    pub(crate) fn add(&mut self, filter: Option<Added>) {
        let Some(filter) = filter else {
            self.all.push(None);
            return;
        };
        let mut found = Vec::new();
        found.resize_with(filter.targets.names.len() + 1, Found::default);
        self.all.push(Some(Known {
            file: filter.file,
            n_tests: n_tests(&filter.tree),
            ast: filter.ast,
            tree: filter.tree,
            targets: filter.targets,
            spares_impersonated: filter.spares_impersonated,
            found,
        }));
    }

    /// Compares a rule with the filters that narrow it.
    pub(crate) fn compare(
        &mut self,
        rule: &Metadata,
        ast: &ast::Scope,
        tree: &tree::Scope,
        filters: &[FilterIdx],
    ) {
        let own = n_tests(tree);
        self.tests = self.tests.saturating_add(EACH_TEST * own);
        let own_names: BTreeSet<&str> = rule.answers_to().collect();
        let mut is_passed_over = false;
        for at in filters {
            // The number of pairs is not linear, so that nothing is done for those that there is no room for.
            if self.tests < own + PAIR {
                is_passed_over = true;
                break;
            }
            let Some(filter) = self.all.get_mut(at.index()).and_then(Option::as_mut) else {
                continue;
            };
            let Some(left) = self.tests.checked_sub(own + filter.n_tests + PAIR) else {
                is_passed_over = true;
                continue;
            };
            self.tests = left;
            let effect = effect((ast, tree), (&filter.ast, &filter.tree), &self.steps);
            let any = filter.targets.any.then_some(filter.targets.names.len());
            let named = filter.targets.names.iter().enumerate();
            let named = named.filter(|(_, name)| own_names.contains(name.text.as_str()));
            let mut is_told = false;
            for target in named.map(|(at, _)| at).chain(any) {
                let Some(found) = filter.found.get_mut(target) else {
                    continue;
                };
                found.n_rules += 1;
                match &effect {
                    Some(Effect::Nothing(why)) => {
                        found.n_idle += 1;
                        found
                            .idle
                            .get_or_insert_with(|| (rule.reference().to_owned(), why.clone()));
                    }
                    // A rule that is meant twice is told of once.
                    Some(Effect::All) if !is_told => {
                        is_told = true;
                        found.n_taken += 1;
                        if found.taken.len() < SHOWN {
                            found.taken.push(rule.reference().to_owned());
                        }
                    }
                    _ => {}
                }
            }
        }
        if is_passed_over {
            let names = own_names.into_iter().map(str::to_owned);
            self.passed_over.extend(names);
        }
    }

    /// Reports what was found, at the names of the rules.
    pub(crate) fn finish(&self, files: &mut [File]) {
        for filter in self.all.iter().flatten() {
            let Some(File { report, .. }) = files.get_mut(filter.file) else {
                continue;
            };
            let spans = filter.targets.names.iter().map(|name| name.span);
            let spans = spans.chain([filter.targets.any_span]);
            for (at, (found, span)) in filter.found.iter().zip(spans).enumerate() {
                if report.is_full() {
                    break;
                }
                found.tell_taken(span, filter.spares_impersonated, report);
                // A filter of every rule is for those that it fits.
                let name = filter.targets.names.get(at);
                if name.is_some_and(|name| !self.passed_over.contains(&name.text)) {
                    found.tell_idle(span, report);
                }
            }
        }
    }
}

impl Found {
    fn tell_idle(&self, span: Span, report: &mut Report) {
        let Some((rule, why)) = self.idle.as_ref().filter(|_| self.n_idle == self.n_rules) else {
            return;
        };
        let of = match self.n_rules {
            1 => quoted(rule),
            n => format!("the {n} rules that this means"),
        };
        let message = format!("this filter never takes a hit of {of} away");
        report
            .add(Code::FilterWithoutEffect, span, message)
            .set_help(why.clone());
    }

    fn tell_taken(&self, span: Span, spares_impersonated: bool, report: &mut Report) {
        if self.taken.is_empty() {
            return;
        }
        let mut names: Vec<String> = self.taken.iter().map(|name| quoted(name)).collect();
        let more = self.n_taken - self.taken.len();
        if more > 0 {
            names.push(format!("{more} more"));
        }
        let last = names.pop().unwrap_or_default();
        let names = if names.is_empty() {
            last
        } else {
            format!("{} and {last}", names.join(", "))
        };
        let but = if spares_impersonated {
            ", but those of requests that impersonate somebody"
        } else {
            ""
        };
        let message = format!("this filter takes every hit of {names} away{but}");
        report
            .add(Code::FilterTakesAll, span, message)
            .set_help("narrow what it takes, or turn the rule off by an `override`");
    }
}

/// How many tests there are, those in blocks too.
pub(super) fn n_tests(scope: &tree::Scope) -> usize {
    fn of(tree: &Tree) -> usize {
        match tree {
            Tree::Const(_) | Tree::Select(..) | Tree::Broken => 0,
            Tree::Test(..) => 1,
            Tree::Not(inner) => of(inner),
            Tree::And(parts) | Tree::Or(parts) => parts.iter().map(of).sum(),
            Tree::Block(block) => 1 + n_tests(&block.scope),
        }
    }
    let selections = scope.selections.iter().map(|(_, tree)| of(tree));
    selections.sum::<usize>() + of(&scope.condition)
}

/// What a filter does to a rule, when it is the same for every event.
fn effect(
    (rule_ast, rule_tree): (&ast::Scope, &tree::Scope),
    (filter_ast, filter_tree): (&ast::Scope, &tree::Scope),
    steps: &Budget,
) -> Option<Effect> {
    let problem = Problem::joint((rule_ast, rule_tree), (filter_ast, filter_tree))?;
    let [rule, filter] = problem.scopes.first()?.extra.as_slice() else {
        return None;
    };
    let goal = |formula, want| Goal {
        formula,
        scope: 0,
        want,
    };
    let refute = |goals: Vec<Goal<'_>>| {
        let budget = Budget::new(steps.left().min(QUESTION));
        let before = budget.left();
        let found = Search::new(&problem, &budget, false).refute(goals);
        steps.spend(before - budget.left() + 1);
        found
    };
    // What holds of the filter alone, or of the rule alone, is told where it stands.
    let alone = |formula, want| refute(vec![goal(formula, want)]).is_none();
    if let Some(clashes) = refute(vec![goal(rule, true), goal(filter, false)]) {
        let is_joint = alone(rule, true) && alone(filter, false);
        return is_joint.then(|| Effect::Nothing(facts(&problem, clashes.first())));
    }
    refute(vec![goal(rule, true), goal(filter, true)])?;
    (alone(rule, true) && alone(filter, true)).then_some(Effect::All)
}

/// What of the rule and of the filter exclude each other, in words.
fn facts(problem: &Problem<'_>, clash: Option<&Clash>) -> String {
    let literals = clash.map_or(&[][..], |clash| clash.0.as_slice());
    let of = |is_first: bool| {
        let own = literals
            .iter()
            .filter(|literal| (literal.atom < problem.n_first) == is_first);
        let facts = own.filter_map(|literal| {
            let atom = problem.atoms.get(literal.atom)?;
            Some(describe(atom, literal.want))
        });
        facts.collect::<BTreeSet<String>>()
    };
    let joined = |facts: BTreeSet<String>| facts.into_iter().collect::<Vec<_>>().join(" and ");
    match (of(true), of(false)) {
        (rule, filter) if !rule.is_empty() && !filter.is_empty() => format!(
            "the rule finds only events of which {}, and the filter takes only those of which {}",
            joined(rule),
            joined(filter)
        ),
        _ => "what it takes is nothing that the rule finds".to_owned(),
    }
}
