//! Paths below bodies, by the resources that a rule names: members that their objects do not have, and values that these
//! members never have.

use audit_model::{FieldId, Segment};

use super::facts::{Asked, Facts, Group, Part, What};
use super::names::near;
use super::requests::{GROUP, RESOURCE, SUBRESOURCE};
use super::{fields, never, resources};
use crate::api::{self, KINDS, Nowhere, OTHER_BODIES, Of, Type, Value};
use crate::diagnostic::{Report, quoted};
use crate::metadata::listed;

/// What objects a path can lead through.
enum Objects {
    /// Those of the resources that are named.
    Named(Vec<&'static Type>),
    /// The same, of resources whose names custom ones have too.
    Shared(Vec<&'static Type>),
    /// Of any resource.
    Any,
}

pub(super) fn all(facts: &Facts<'_>, report: &mut Report) {
    for group in &facts.groups {
        let reads_body = |part: &&Part<'_>| {
            let segments = part.field.path().segments();
            is_body(part.field.id()) && matches!(segments.first(), Some(Segment::Key(_)))
        };
        let mut parts = group.parts.iter().filter(reads_body).peekable();
        if parts.peek().is_none() {
            continue;
        }
        let Some(objects) = objects(facts, group) else {
            continue;
        };
        for part in parts {
            if report.is_full() {
                return;
            }
            of_part(part, &objects, report);
        }
    }
}

fn is_body(id: FieldId) -> bool {
    matches!(
        id,
        FieldId::Object | FieldId::Patch | FieldId::RequestObject | FieldId::ResponseObject
    )
}

/// The objects that a group is about; `None` when these are not known.
fn objects(facts: &Facts<'_>, group: &Group<'_>) -> Option<Objects> {
    // A subresource has a body of its own, but for these.
    let same = [
        "",
        "status",
        "ephemeralcontainers",
        "resize",
        "approval",
        "finalize",
    ];
    let subresource = facts.asked(group, SUBRESOURCE);
    if !subresource.is_absent() && !subresource.is_only(&same) {
        return None;
    }
    let groups = facts.asked(group, GROUP);
    let is_own = match groups {
        Asked::Nothing => true,
        Asked::Values(groups) => groups
            .iter()
            .all(|group| group.is_null() || resources::is_group(&group.text)),
        Asked::Other => false,
    };
    if !is_own {
        return None;
    }
    let asked = facts.asked(group, RESOURCE);
    let Some(names) = asked.texts() else {
        return matches!(asked, Asked::Nothing).then_some(Objects::Any);
    };
    // The request for a token has another body.
    let is_account = |name: &str| name.eq_ignore_ascii_case("serviceaccounts");
    if matches!(subresource, Asked::Nothing) && names.iter().any(|name| is_account(&name.text)) {
        return None;
    }
    let types = names.iter().map(|name| api::of_resource(&name.text));
    let types = types.collect::<Option<Vec<_>>>()?;
    // Of pods only the metrics have another kind, which nobody writes.
    let is_shared = |name: &str| {
        resources::find(name).is_some_and(|found| found.is_shared() && found.plural != "pods")
    };
    let any_shared = names.iter().any(|name| is_shared(&name.text));
    Some(if any_shared && matches!(groups, Asked::Nothing) {
        Objects::Shared(types)
    } else {
        Objects::Named(types)
    })
}

fn of_part(part: &Part<'_>, objects: &Objects, report: &mut Report) {
    let segments = part.field.path().segments();
    let Some(Segment::Key(first)) = segments.first() else {
        return;
    };
    // These are of every object, and directives of patches of none.
    let is_every = ["apiVersion", "kind", "metadata"].contains(&&**first);
    let is_directive =
        |segment: &Segment| matches!(segment, Segment::Key(key) if key.starts_with('$'));
    // Bodies that are no such object.
    let is_bare = matches!(
        part.field.id(),
        FieldId::RequestObject | FieldId::ResponseObject
    );
    let is_other = is_bare && OTHER_BODIES.contains(&&**first);
    if is_every || is_other || segments.iter().any(is_directive) {
        return;
    }
    let mut types: Vec<&'static Type> = match objects {
        Objects::Named(types) | Objects::Shared(types) => types.clone(),
        Objects::Any => KINDS.iter().map(|(_, of)| *of).collect(),
    };
    types.dedup_by_key(|of| of.name);
    let mut values = Vec::new();
    let mut nowhere = Vec::new();
    for of in types {
        match Value::of_segments(of, segments) {
            Ok(value) => values.push(value),
            Err(found) => nowhere.push(found),
        }
    }
    if let Some((first, others)) = values.split_first() {
        let is_same = |other: &Value| other.of.is_same(first.of);
        if let What::Item(item) = part.what
            && others.iter().all(is_same)
        {
            never::typed(item, *first, report);
        }
        return;
    }
    match objects {
        Objects::Named(_) => missing(part, &nowhere, report),
        Objects::Shared(_) | Objects::Any => misspelled(part, &nowhere, report),
    }
}

/// A path that no object of the named resources has: a slip, or a path of other resources.
fn missing(part: &Part<'_>, nowhere: &[Nowhere<'_>], report: &mut Report) {
    let Some(found) = nowhere.iter().max_by_key(|found| found.at) else {
        return;
    };
    if let Some(help) = fields::meant(part.name, *found, report) {
        return fields::tell_with(part.name, *found, help, report);
    }
    let upto = part.field.path().segments().get(..=found.at);
    let upto = upto.unwrap_or_default();
    let has = |of: &'static Type| Value::is_member(of, upto);
    let others: Vec<&str> = KINDS
        .iter()
        .filter(|(_, of)| has(of))
        .map(|(plural, _)| *plural)
        .collect();
    if others.is_empty() {
        return;
    }
    let keys: Vec<&str> = part.keys().collect();
    let help =
        if keys.starts_with(&["spec", "template"]) || keys.starts_with(&["spec", "containers"]) {
            "`podSpec`, `containers` and `volumes` read the template of every kind".to_owned()
        } else {
            format!("it is in {}", listed(&others))
        };
    fields::tell_with(part.name, *found, help, report);
}

/// A path that no known object has, when it is nearly one that some have. A custom resource may have any other.
fn misspelled(part: &Part<'_>, nowhere: &[Nowhere<'_>], report: &mut Report) {
    let Some(deepest) = nowhere.iter().map(|found| found.at).max() else {
        return;
    };
    for found in nowhere.iter().filter(|found| found.at == deepest) {
        let Of::Object(of) = found.of else {
            continue;
        };
        if found.in_list
            && found.key.bytes().all(|byte| byte.is_ascii_digit())
            && let Some(help) = fields::meant(part.name, *found, report)
        {
            return fields::tell_with(part.name, *found, help, report);
        }
        let names: Vec<&'static str> = of.names().collect();
        let Some(meant) = near(found.key, names.iter().copied()) else {
            continue;
        };
        // One of a list, or the same word otherwise put together, is as good a name.
        let stem = |name: &str| name.to_ascii_lowercase().trim_end_matches('s').to_owned();
        if stem(meant) == stem(found.key) {
            continue;
        }
        let whole = fields::replaced(&part.name.text, found.key, meant);
        let help = format!("did you mean {}?", quoted(&whole));
        return fields::tell_with(part.name, *found, help, report);
    }
}
