//! Lints about what a document says as a whole: whether an event can satisfy it, and whether each part of it matters.

use super::facts;
use super::solve::{Atom, Budget, Clash, Formula, Goal, Problem, Search, What};
use crate::ast::{self, Condition};
use crate::diagnostic::{Code, Report, quoted};
use crate::program::{Quantifier, Test};
use crate::source::Span;
use crate::tree;

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
    let (Some(problem), Some(condition)) = (Problem::new(ast, tree), ast.condition.as_ref()) else {
        return;
    };
    let logic = Logic {
        problem: &problem,
        ast,
        condition,
        is_rule,
        left: Budget::new((LEAST + EACH_BYTE * place.range().len()).min(DOCUMENT)),
    };
    let n_dead = logic.dead_groups(report);
    if !logic.dead_document(n_dead > 0, report) {
        if n_dead == 0 {
            logic.not_served(report);
        }
        logic.dead_in_context(report);
        logic.always(report);
        logic.dead_levels(report);
    }
    logic.implied(report);
}

struct Logic<'p, 'a> {
    problem: &'p Problem<'a>,
    ast: &'a ast::Scope,
    condition: &'a Condition,
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
            self.tell(&clashes, Some(self.condition), report);
        }
        true
    }

    /// Maps, or else the whole condition, that only a request can satisfy that Kubernetes does not serve.
    fn not_served(&self, report: &mut Report) {
        let Some(scope) = self.problem.scopes.first() else {
            return;
        };
        let uses = facts::uses(self.ast);
        let sought = scope
            .selections
            .iter()
            .zip(uses)
            .filter(|(_, used)| *used == (true, false));
        let maps = sought.flat_map(|(selection, _)| groups(selection));
        let mut told = false;
        let whole = std::iter::once(&scope.condition);
        for (formula, is_whole) in maps
            .take(MAPS)
            .map(|map| (map, false))
            .chain(whole.map(|condition| (condition, true)))
        {
            if report.is_full() || (is_whole && told) {
                return;
            }
            let goals = vec![Self::goal(formula, 0, true)];
            let Some(clashes) = self.refute_if(goals, true) else {
                continue;
            };
            let clash = clashes.first().map(|clash| (self.atoms(clash), clash));
            let Some((atoms, clash)) = clash else {
                continue;
            };
            let [first, second] = atoms.as_slice() else {
                continue;
            };
            told = true;
            let known = [
                Code::ResourceInWrongGroup,
                Code::ResourceSingular,
                Code::SubresourceInResource,
                Code::UnknownVerb,
            ];
            if atoms.iter().any(|atom| report.has_in(&known, atom.extent)) {
                continue;
            }
            let message = format!(
                "Kubernetes serves no request for both this and the test of {} before it",
                name(first)
            );
            let facts = self.facts(clash);
            let found = report.add(Code::NoSuchRequest, second.span, message);
            found.set_related(first.span);
            found.set_help(format!(
                "{facts}; a custom resource is meant when its `apiGroup` is asked for"
            ));
        }
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
        if found || self.refute(vec![goal]).is_none() {
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
            .add(Code::Tautology, span(self.condition), message)
            .set_help(help);
    }

    /// Levels that no match of the rule reaches.
    fn dead_levels(&self, report: &mut Report) {
        let Some(scope) = self.problem.scopes.first() else {
            return;
        };
        for (at, (formula, written)) in scope.extra.iter().zip(&self.ast.extra).enumerate() {
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

    /// Parts of conditions, and maps of a list, that another part makes superfluous.
    fn implied(&self, report: &mut Report) {
        let Some(scope) = self.problem.scopes.first() else {
            return;
        };
        self.implied_in(self.condition, &scope.condition, report);
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
                            text: "this map".to_owned(),
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
            (Condition::Not(written), Formula::Not(inner)) => {
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
            .filter_map(|(written, formula)| {
                Some(Part {
                    formula,
                    span: span(written),
                    text: text(written)?,
                })
            })
            .collect();
        self.superfluous(&named, all, report);
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
                    format!("{} holds wherever {} does", part.text, other.text)
                } else {
                    format!(
                        "wherever {} holds, {} does too",
                        part.text,
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

    /// Reports that nothing satisfies a part of the document.
    fn tell(&self, clashes: &[Clash], condition: Option<&Condition>, report: &mut Report) {
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
    fn atoms(&self, clash: &Clash) -> Vec<&'p Atom<'_>> {
        let literals = self.sorted(clash);
        literals.into_iter().map(|(atom, _)| atom).collect()
    }

    fn sorted(&self, clash: &Clash) -> Vec<(&'p Atom<'_>, bool)> {
        let found = clash.0.iter();
        let mut found: Vec<_> = found
            .filter_map(|literal| Some((self.problem.atoms.get(literal.atom)?, literal.want)))
            .collect();
        found.sort_by_key(|(atom, _)| atom.span);
        found
    }

    /// What clashes, in words.
    fn facts(&self, clash: &Clash) -> String {
        let literals = self.sorted(clash);
        let mut facts: Vec<String> = literals
            .iter()
            .map(|(atom, want)| format!("that {}", describe(atom, *want)))
            .collect();
        facts.dedup();
        let list = match facts.as_slice() {
            [first, second] => format!("it asks {first}, and {second}"),
            facts => format!("it asks {}", facts.join(", ")),
        };
        // Alternatives that were meant to be joined otherwise ask for one and for another value.
        let values = literals
            .iter()
            .all(|(atom, want)| *want && matches!(atom.what, What::Test(Test::OneOf(_))));
        if values && literals.len() == 2 && facts.len() == 2 {
            format!("{list}; join alternatives by `or`: two selections, or two maps in a list")
        } else {
            list
        }
    }
}

/// A part of a condition or of a list of maps.
struct Part<'p> {
    formula: &'p Formula,
    span: Span,
    text: String,
}

impl Part<'_> {
    fn as_other(&self) -> String {
        if self.text == "this map" {
            "another map of the list".to_owned()
        } else {
            self.text.clone()
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

fn first_atom(formula: &Formula) -> Option<usize> {
    match formula {
        Formula::Atom(atom) => Some(*atom),
        Formula::And(parts) | Formula::Or(parts) => parts.iter().find_map(first_atom),
        Formula::Not(inner) => first_atom(inner),
        Formula::Const(_) | Formula::Select(_) => None,
    }
}

fn name(atom: &Atom<'_>) -> String {
    if atom.name.is_empty() {
        "the keywords".to_owned()
    } else {
        quoted(atom.name)
    }
}

/// What is asked of an atom, in short.
pub(super) fn describe(atom: &Atom<'_>, want: bool) -> String {
    const SHOWN: usize = 4;
    let name = name(atom);
    let not = if want { "" } else { "not " };
    match atom.what {
        What::Test(Test::OneOf(literals)) => {
            let shown: Vec<String> = literals
                .iter()
                .take(SHOWN)
                .map(|literal| quoted(&literal.pattern.to_string()))
                .collect();
            let more = if literals.len() > SHOWN {
                " or another"
            } else {
                ""
            };
            format!("{name} is {not}{}{more}", shown.join(" or "))
        }
        What::Test(Test::Exists | Test::Present) if want => format!("{name} is there"),
        What::Test(Test::Exists) => format!("{name} is missing"),
        What::Test(Test::Present) => format!("{name} has no value"),
        What::Test(test) => format!("{not}{}", quoted(&format!("{} {test}", atom.name))),
        What::Block(Quantifier::Any, _) => format!("{not}some member of {name} passes its block"),
        What::Block(..) => format!("{not}every member of {name} passes its block"),
        What::Opaque => format!("{name} is {not}in its list"),
    }
}

/// Where a condition stands, from its first name to its last.
fn span(condition: &Condition) -> Span {
    match condition {
        Condition::Name((_, span))
        | Condition::Them(_, span)
        | Condition::Pattern(_, (_, span)) => *span,
        Condition::Not(inner) => span(inner),
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

/// What a part of a condition is called, when that is short.
fn text(condition: &Condition) -> Option<String> {
    match condition {
        Condition::Name((name, _)) => Some(quoted(name)),
        Condition::Not(inner) => match &**inner {
            Condition::Name((name, _)) => Some(quoted(&format!("not {name}"))),
            _ => None,
        },
        _ => None,
    }
}
