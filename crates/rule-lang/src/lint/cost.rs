//! Lints about what a rule costs.

use super::logic::span;
use crate::ast;
use crate::diagnostic::{Code, Report};
use crate::guard::Guard;
use crate::program::{Program, Quantifier};
use crate::tree::{Scope, Tree};

/// A rule that matches where nothing of what it names is there, as negations do: no index leaves it alone.
pub(crate) fn asked_of_all(
    written: &ast::Scope,
    asks_for_something: bool,
    program: &Program,
    report: &mut Report,
) {
    let Some(condition) = &written.condition else {
        return;
    };
    let span = span(condition);
    // What always holds is told as such.
    let is_told = report.has_in(&[Code::Tautology], span);
    if asks_for_something || report.is_full() || is_told {
        return;
    }
    if Guard::of(program).alternatives().is_some() {
        return;
    }
    report
        .add(
            Code::AskedOfAll,
            span,
            "this holds of events that have nothing of what it names, so the rule is asked of every event",
        )
        .set_help("say what is sought too, such as a `verb` or a `resource`");
}

/// Whether a condition holds only of events in which something that it asks for is there.
pub(crate) fn asks_for_something(scope: &Scope) -> bool {
    let selections: Vec<(bool, bool)> = scope
        .selections
        .iter()
        .map(|(_, tree)| (needs(tree, true, &[]), needs(tree, false, &[])))
        .collect();
    needs(&scope.condition, true, &selections)
}

/// Whether a tree comes out as wanted only where something is there; of each selection both are known.
fn needs(tree: &Tree, want: bool, selections: &[(bool, bool)]) -> bool {
    let parts = |trees: &[Tree], any: bool| {
        let mut trees = trees.iter();
        if any {
            trees.any(|tree| needs(tree, want, selections))
        } else {
            trees.all(|tree| needs(tree, want, selections))
        }
    };
    match tree {
        // What cannot come out so needs whatever one likes.
        Tree::Const(value) => *value != want,
        Tree::Broken => false,
        Tree::And(trees) => parts(trees, want),
        Tree::Or(trees) => parts(trees, !want),
        Tree::Not(inner) => needs(inner, !want, selections),
        Tree::Test(..) => want,
        Tree::Block(block) => want == (block.quantifier != Quantifier::AllOrEmpty),
        Tree::Select(at, _) => selections
            .get(*at)
            .is_some_and(|(holds, fails)| if want { *holds } else { *fails }),
    }
}
