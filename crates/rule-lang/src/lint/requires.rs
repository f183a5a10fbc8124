//! A lint about the audit level that an author says the rule needs.

use audit_model::FieldId;

use crate::diagnostic::{Code, Report, quoted};
use crate::document::Requires;
use crate::program::{Operand, Test};
use crate::rule::AuditLevel;
use crate::tree::{Scope, Tree};

/// A level below that at which the rule can match first, or one for a body of which the rule reads nothing.
pub(crate) fn wrong(requires: Requires, least: AuditLevel, scope: &Scope, report: &mut Report) {
    let Requires::Level(claimed, span) = requires else {
        return;
    };
    let (message, help) = if claimed < least {
        (
            format!(
                "nothing that this rule finds is logged below {}",
                quoted(least.as_str())
            ),
            format!("write `requires: {least}`, or leave it out: the level is inferred"),
        )
    } else if claimed > AuditLevel::Metadata && !reads_body(scope) {
        (
            "this rule reads nothing of a body".to_owned(),
            "leave it out: the rule matches at `Metadata`".to_owned(),
        )
    } else {
        return;
    };
    if !report.is_full() {
        report
            .add(Code::WrongRequires, span, message)
            .set_help(help);
    }
}

/// Whether something of a body may be read.
fn reads_body(scope: &Scope) -> bool {
    let mut trees = scope.selections.iter().map(|(_, tree)| tree);
    trees.any(reads) || reads(&scope.condition)
}

fn reads(tree: &Tree) -> bool {
    match tree {
        Tree::And(parts) | Tree::Or(parts) => parts.iter().any(reads),
        Tree::Not(inner) => reads(inner),
        Tree::Test(operand, test, _) => {
            let other = matches!(test, Test::FieldRef { field, .. } if in_body(field.id()));
            other || of(operand)
        }
        Tree::Block(block) => of(&block.operand) || reads_body(&block.scope),
        Tree::Const(_) | Tree::Select(..) | Tree::Broken => false,
    }
}

fn of(operand: &Operand) -> bool {
    match operand {
        Operand::Field(field) => in_body(field.id()),
        // It is sought in bodies too.
        Operand::Keyword => true,
        Operand::Member(_) => false,
    }
}

/// Whether a field comes out of a body: also a name, which the server gives to what has none, and what is said of bodies.
fn in_body(field: FieldId) -> bool {
    field.reads_body()
        || matches!(
            field,
            FieldId::Name | FieldId::Ref | FieldId::EventFlags | FieldId::Outcome | FieldId::Level
        )
}
