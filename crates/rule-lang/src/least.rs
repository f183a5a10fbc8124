//! The least audit level at which a rule can match: below it, a body that the rule reads is not in the log.

use audit_model::{Field, FieldId};

use crate::program::{Operand, Quantifier, Test};
use crate::rule::AuditLevel;
use crate::tree::{Scope, Tree};

/// What it takes for something to hold, and for it not to hold; `None` when that cannot be.
#[derive(Clone, Copy, Debug)]
struct Needs {
    hold: Option<AuditLevel>,
    fail: Option<AuditLevel>,
}

/// The least level at which a document's condition can hold. One that never holds needs nothing.
pub(crate) fn level(scope: &Scope) -> AuditLevel {
    condition(scope).hold.unwrap_or(AuditLevel::Metadata)
}

fn condition(scope: &Scope) -> Needs {
    // Each selection once, however often it is used.
    let selections: Vec<Needs> = scope
        .selections
        .iter()
        .map(|(_, tree)| needs(tree, &[]))
        .collect();
    needs(&scope.condition, &selections)
}

fn needs(tree: &Tree, selections: &[Needs]) -> Needs {
    let metadata = Some(AuditLevel::Metadata);
    let parts = |parts: &[Tree]| -> Vec<Needs> {
        parts.iter().map(|part| needs(part, selections)).collect()
    };
    match tree {
        Tree::Const(true) => Needs {
            hold: metadata,
            fail: None,
        },
        Tree::Const(false) => Needs {
            hold: None,
            fail: metadata,
        },
        Tree::And(trees) => {
            let parts = parts(trees);
            Needs {
                hold: together(parts.iter().map(|part| part.hold)),
                fail: either(parts.iter().map(|part| part.fail)),
            }
        }
        Tree::Or(trees) => {
            let parts = parts(trees);
            Needs {
                hold: either(parts.iter().map(|part| part.hold)),
                fail: together(parts.iter().map(|part| part.fail)),
            }
        }
        Tree::Not(inner) => {
            let Needs { hold, fail } = needs(inner, selections);
            Needs {
                hold: fail,
                fail: hold,
            }
        }
        Tree::Test(operand, test, _) => {
            let other = match test {
                Test::FieldRef { field, .. } => of_field(field),
                _ => AuditLevel::Metadata,
            };
            // No test holds of a body that is not there.
            Needs {
                hold: Some(of_operand(operand).max(other)),
                fail: metadata,
            }
        }
        Tree::Select(idx) => selections.get(*idx).copied().unwrap_or(Needs {
            hold: metadata,
            fail: metadata,
        }),
        Tree::Block(block) => {
            let list = Some(of_operand(&block.operand));
            let member = condition(&block.scope);
            match block.quantifier {
                Quantifier::Any | Quantifier::All => Needs {
                    hold: together([list, member.hold].into_iter()),
                    fail: metadata,
                },
                Quantifier::AllOrEmpty => Needs {
                    hold: metadata,
                    fail: together([list, member.fail].into_iter()),
                },
            }
        }
    }
}

/// All of them: the highest, when each can be.
fn together(mut needs: impl Iterator<Item = Option<AuditLevel>>) -> Option<AuditLevel> {
    needs.try_fold(AuditLevel::Metadata, |highest, need| {
        Some(highest.max(need?))
    })
}

/// One of them: the lowest that can be.
fn either(needs: impl Iterator<Item = Option<AuditLevel>>) -> Option<AuditLevel> {
    needs.flatten().min()
}

fn of_operand(operand: &Operand) -> AuditLevel {
    // A member needs what its list needs, and a keyword may stand anywhere.
    operand.field().map_or(AuditLevel::Metadata, of_field)
}

fn of_field(field: &Field) -> AuditLevel {
    match field.id() {
        FieldId::ResponseObject => AuditLevel::RequestResponse,
        // Those that a patch takes from the response are in the request of a create or update.
        FieldId::Object
        | FieldId::Patch
        | FieldId::PodSpec
        | FieldId::Containers
        | FieldId::Volumes
        | FieldId::HostPaths
        | FieldId::RbacRules
        | FieldId::RbacSubjects
        | FieldId::RbacRoleRef
        | FieldId::CsrCommonName
        | FieldId::CsrOrganizations
        | FieldId::CsrDnsNames
        | FieldId::CsrSignerName
        | FieldId::CsrUsages
        | FieldId::RequestObject => AuditLevel::Request,
        _ => AuditLevel::Metadata,
    }
}
