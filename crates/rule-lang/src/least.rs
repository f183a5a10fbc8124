//! The least audit level at which a rule can match: below it, a body that the rule reads is not in the log.

use std::collections::BTreeSet;

use audit_model::{Field, FieldId};

use crate::fold::fold_into;
use crate::program::{Literal, Operand, Quantifier, Test};
use crate::rule::AuditLevel;
use crate::text::PatternKind;
use crate::tree::{Scope, Tree};

/// What it takes for something to hold, and for it not to hold; `None` when that cannot be.
#[derive(Clone, Copy, Debug)]
struct Needs {
    hold: Option<AuditLevel>,
    fail: Option<AuditLevel>,
}

/// The least levels at which a condition can hold.
#[derive(Clone, Debug)]
pub(crate) struct Levels {
    /// Of any request.
    pub(crate) least: AuditLevel,
    /// Of requests for each resource that can match, with its subresource where that matters, `*` for every other; by
    /// name.
    pub(crate) each: Vec<(String, AuditLevel)>,
}

/// Combinations of resource and subresource that are told apart.
const MOST: usize = 256;

/// The least levels at which a document's condition can hold. One that never holds needs nothing.
pub(crate) fn levels(scope: &Scope) -> Levels {
    let least = condition(scope, None).hold;
    let mut names = Names::default();
    for (_, tree) in &scope.selections {
        names.gather(tree);
    }
    let mut each = Vec::new();
    if names
        .resources
        .len()
        .saturating_mul(names.subresources.len() + 1)
        <= MOST
    {
        let resources = names.resources.iter().map(Some).chain([None]);
        for resource in resources {
            let subresources = names.subresources.iter().map(Some).chain([None]);
            for subresource in subresources {
                let request = Request {
                    resource: resource.map(String::as_str),
                    subresource: subresource.map(String::as_str),
                };
                let Some(level) = condition(scope, Some(&request)).hold else {
                    continue;
                };
                let mut name = request.resource.unwrap_or("*").to_owned();
                if let Some(subresource) = request.subresource {
                    name.push('/');
                    name.push_str(subresource);
                }
                each.push((name, level));
            }
        }
    } else {
        each.extend(least.map(|level| ("*".to_owned(), level)));
    }
    each.sort();
    Levels {
        least: least.unwrap_or(AuditLevel::Metadata),
        each,
    }
}

/// Resources and subresources that a document names, without wildcards.
#[derive(Debug, Default)]
struct Names {
    resources: BTreeSet<String>,
    subresources: BTreeSet<String>,
}

impl Names {
    fn gather(&mut self, tree: &Tree) {
        match tree {
            Tree::And(parts) | Tree::Or(parts) => {
                for part in parts {
                    self.gather(part);
                }
            }
            Tree::Not(inner) => self.gather(inner),
            Tree::Test(operand, Test::OneOf(literals), _) => {
                let names = match asked(operand) {
                    Some(Asked::Resource) => &mut self.resources,
                    Some(Asked::Subresource) => &mut self.subresources,
                    None => return,
                };
                for literal in literals.iter() {
                    if let PatternKind::Exact(name) = literal.pattern.kind()
                        && !name.is_empty()
                        && names.len() <= MOST
                    {
                        let mut folded = String::new();
                        fold_into(name, &mut folded);
                        names.insert(folded);
                    }
                }
            }
            Tree::Const(_) | Tree::Select(..) | Tree::Block(_) | Tree::Test(..) | Tree::Broken => {}
        }
    }
}

/// What a request is for: a resource and a subresource that the document names, or none of those.
#[derive(Debug)]
struct Request<'n> {
    resource: Option<&'n str>,
    subresource: Option<&'n str>,
}

enum Asked {
    Resource,
    Subresource,
}

fn asked(operand: &Operand) -> Option<Asked> {
    let field = operand.field().filter(|field| field.path().is_empty())?;
    match field.id() {
        FieldId::Resource | FieldId::ObjectRefResource => Some(Asked::Resource),
        FieldId::Subresource | FieldId::ObjectRefSubresource => Some(Asked::Subresource),
        _ => None,
    }
}

impl Request<'_> {
    /// What a test says of the request, where that is known.
    fn answer(&self, operand: &Operand, test: &Test) -> Option<bool> {
        let name = match asked(operand)? {
            Asked::Resource => self.resource,
            Asked::Subresource => self.subresource,
        };
        match (name, test) {
            (Some(_), Test::Exists | Test::Present) => Some(true),
            (Some(name), Test::OneOf(literals)) => {
                let is = |literal: &Literal| {
                    !literal.pattern.is_cased() && literal.pattern.matches(name)
                };
                let unknown = literals.iter().any(|literal| literal.pattern.is_cased());
                let found = literals.iter().any(is);
                (found || !unknown).then_some(found)
            }
            // Another name than those that are written, or none.
            (None, Test::OneOf(literals)) => literals
                .iter()
                .all(|literal| {
                    matches!(literal.pattern.kind(), PatternKind::Exact(name) if !name.is_empty())
                })
                .then_some(false),
            _ => None,
        }
    }
}

fn condition(scope: &Scope, request: Option<&Request<'_>>) -> Needs {
    // Each selection once, however often it is used.
    let selections: Vec<Needs> = scope
        .selections
        .iter()
        .map(|(_, tree)| needs(tree, &[], request))
        .collect();
    needs(&scope.condition, &selections, request)
}

fn needs(tree: &Tree, selections: &[Needs], request: Option<&Request<'_>>) -> Needs {
    let metadata = Some(AuditLevel::Metadata);
    let parts = |parts: &[Tree]| -> Vec<Needs> {
        parts
            .iter()
            .map(|part| needs(part, selections, request))
            .collect()
    };
    match tree {
        Tree::Const(true) => Needs {
            hold: metadata,
            fail: None,
        },
        Tree::Const(false) | Tree::Broken => Needs {
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
            let Needs { hold, fail } = needs(inner, selections, request);
            Needs {
                hold: fail,
                fail: hold,
            }
        }
        Tree::Test(operand, test, _) => {
            if let Some(answer) = request.and_then(|request| request.answer(operand, test)) {
                return Needs {
                    hold: metadata.filter(|_| answer),
                    fail: metadata.filter(|_| !answer),
                };
            }
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
        Tree::Select(idx, _) => selections.get(*idx).copied().unwrap_or(Needs {
            hold: metadata,
            fail: metadata,
        }),
        Tree::Block(block) => {
            let list = Some(of_operand(&block.operand));
            let member = condition(&block.scope, request);
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
        id if id.reads_body() => AuditLevel::Request,
        _ => AuditLevel::Metadata,
    }
}
