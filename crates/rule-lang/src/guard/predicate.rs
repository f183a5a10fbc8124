//! What must be true of an event for a single test to hold, or for a field to be there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use audit_model::FieldId;

use super::{Conjunction, Guard, Place, SHORTEST_NEEDLE};
use crate::program::{Literal, Operand, Predicate, Test};
use crate::text::PatternKind;
use crate::{Number, fold_into};

/// What must be true for a predicate to hold.
pub(super) fn of_predicate(predicate: &Predicate) -> Guard {
    let Operand::Field(field) = &predicate.operand else {
        return Guard::anything();
    };
    let present = of_presence(field.id());
    if field.id() == FieldId::Outcome {
        return of_outcome(&predicate.test);
    }
    if let Some(place) = Place::of_several(field) {
        return match &predicate.test {
            Test::OneOf(literals) => present.and(&of_values(place, literals), &mut 0),
            _ => present,
        };
    }
    if !field.path().is_empty() || !is_single(field.id()) {
        return present;
    }
    let literals = match &predicate.test {
        Test::OneOf(literals) => literals,
        Test::Regex(regexes) => {
            let needles: Option<Vec<Vec<String>>> =
                regexes.iter().map(crate::Regex::needles).collect();
            let needles = needles.map(|needles| needles.into_iter().flatten().collect());
            return present.and(&of_needles(field.id(), needles), &mut 0);
        }
        _ => return present,
    };
    let exact: Option<BTreeSet<String>> = literals
        .iter()
        .map(|literal| texts(field.id(), literal))
        .collect::<Option<Vec<_>>>()
        .map(|texts| texts.into_iter().flatten().collect());
    if let Some(exact) = exact {
        let conjunction = Conjunction {
            equal: BTreeMap::from([(field.id().into(), Arc::new(exact))]),
            ..Conjunction::default()
        };
        return present.and(&Guard::only(conjunction), &mut 0);
    }
    let needles = literals.iter().map(|literal| {
        let (PatternKind::Exact(text)
        | PatternKind::Prefix(text)
        | PatternKind::Suffix(text)
        | PatternKind::Contains(text)
        | PatternKind::Glob(text)) = literal.pattern.kind();
        // A number also matches other ways to write it.
        (literal.number.is_none() && text.len() >= SHORTEST_NEEDLE).then(|| folded(text))
    });
    present.and(&of_needles(field.id(), needles.collect()), &mut 0)
}

/// What must be true for one of several values to be one of some literals.
fn of_values(place: Place, literals: &[Literal]) -> Guard {
    let texts = literals.iter().map(|literal| match literal.pattern.kind() {
        // A number matches however the body writes it.
        PatternKind::Exact(text) if literal.number.is_none() => Some(folded(text)),
        _ => None,
    });
    texts
        .collect::<Option<BTreeSet<_>>>()
        .map_or(Guard::anything(), |texts| {
            Guard::only(Conjunction {
                equal: BTreeMap::from([(place, Arc::new(texts))]),
                ..Conjunction::default()
            })
        })
}

/// What must be true for the outcome to be something: only refusals are told by single values.
fn of_outcome(test: &Test) -> Guard {
    let denied = |literal: &Literal| literal.pattern.kind() == PatternKind::Exact("denied");
    match test {
        Test::OneOf(literals) if literals.iter().all(denied) => {
            of_words(FieldId::Decision, &["forbid"])
                .or(of_words(FieldId::Status, &["401", "403"]), &mut 0)
        }
        _ => Guard::anything(),
    }
}

fn of_words(field: FieldId, words: &[&str]) -> Guard {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    Guard::only(Conjunction {
        equal: BTreeMap::from([(field.into(), Arc::new(words))]),
        ..Conjunction::default()
    })
}

fn of_needles(field: FieldId, needles: Option<BTreeSet<String>>) -> Guard {
    match needles {
        Some(needles) if !is_number(field) => Guard::only(Conjunction {
            contains: Some((field, Arc::new(needles))),
            ..Conjunction::default()
        }),
        _ => Guard::anything(),
    }
}

/// The texts, folded, of which a field's must be one for a literal to match it; `None` if there are others.
fn texts(field: FieldId, literal: &Literal) -> Option<Vec<String>> {
    let PatternKind::Exact(text) = literal.pattern.kind() else {
        return None;
    };
    let mut texts = vec![folded(text)];
    if is_number(field)
        && let Some(number) = literal.number
    {
        // The status is an integer, whatever the rule wrote it as.
        texts.extend(integer(number).map(|integer| integer.to_string()));
    }
    Some(texts)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "what does not fit compares unequal to every status"
)]
fn integer(number: Number) -> Option<i128> {
    match number {
        Number::Int(int) => Some(int),
        Number::Float(float) if float.fract() == 0.0 => Some(float as i128),
        Number::Float(_) => None,
    }
}

fn folded(text: &str) -> String {
    let mut out = String::new();
    fold_into(text, &mut out);
    out
}

fn is_number(field: FieldId) -> bool {
    matches!(field, FieldId::Status | FieldId::ResponseStatusCode)
}

/// Whether a field is a list of recorded texts.
pub(super) fn is_list(field: FieldId) -> bool {
    matches!(
        field,
        FieldId::UserGroups | FieldId::ImpersonatedGroups | FieldId::ActorGroups
    )
}

/// Whether a field has one value at most, a text or the status, that costs little to find.
fn is_single(field: FieldId) -> bool {
    use FieldId as F;
    matches!(
        field,
        F::Verb
            | F::Operation
            | F::Resource
            | F::Subresource
            | F::ApiGroup
            | F::Namespace
            | F::Name
            | F::Status
            | F::Decision
            | F::UserUsername
            | F::UserId
            | F::UserUid
            | F::ImpersonatedUsername
            | F::ActorUsername
            | F::ActorKind
            | F::ActorId
            | F::ServiceAccountName
            | F::ServiceAccountNamespace
            | F::NodeName
            | F::UserAgent
            | F::RequestUri
            | F::Stage
            | F::Level
            | F::ObjectRefResource
            | F::ObjectRefSubresource
            | F::ObjectRefApiGroup
            | F::ObjectRefNamespace
            | F::ObjectRefName
            | F::ResponseStatusCode
            | F::ResponseStatusReason
            | F::SourceProvider
    )
}

/// What must be true for a field to have a value at all, or anything below it.
pub(super) fn of_presence(field: FieldId) -> Guard {
    use FieldId as F;
    let present = |of: FieldId| {
        Guard::only(Conjunction {
            present: BTreeSet::from([of]),
            ..Conjunction::default()
        })
    };
    match field {
        F::RequestObject => present(F::RequestObject),
        F::ResponseObject => present(F::ResponseObject),
        F::Object
        | F::PodSpec
        | F::Containers
        | F::Volumes
        | F::HostPaths
        | F::RbacRules
        | F::RbacSubjects
        | F::RbacRoleRef => {
            of_words(F::Verb, &["create", "update", "patch"]).and(&present(F::Object), &mut 0)
        }
        F::Patch => of_words(F::Verb, &["patch"]).and(&present(F::RequestObject), &mut 0),
        F::ExecCommand
        | F::ExecProgram
        | F::ExecCommandLine
        | F::ExecContainer
        | F::ExecTty
        | F::ExecStdin => of_words(F::ObjectRefResource, &["pods"]).and(
            &of_words(F::ObjectRefSubresource, &["exec", "attach"]),
            &mut 0,
        ),
        F::ImpersonatedUser
        | F::ImpersonatedUsername
        | F::ImpersonatedUid
        | F::ImpersonatedGroups
        | F::ImpersonatedExtra => present(F::ImpersonatedUser),
        _ => Guard::anything(),
    }
}
