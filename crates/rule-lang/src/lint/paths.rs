//! Paths below bodies, by the resources that a rule names: members that their objects do not have, and values that these
//! members never have.

use audit_model::{FieldId, Path, Segment};

use super::facts::{Asked, Facts, Group, Part, What};
use super::names::near;
use super::requests::{GROUP, RESOURCE, SUBRESOURCE, VERBS};
use super::{fields, never, resources};
use crate::api::{self, KINDS, Nowhere, OTHER_BODIES, Of, Type, Value};
use crate::ast::{Body, Name};
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
        let (sent, others): (Vec<_>, Vec<_>) = group
            .parts
            .iter()
            .filter(reads_body)
            .partition(|part| part.field.id() == FieldId::RequestObject);
        let mut parts = others;
        if sent.is_empty() || !deletes(facts, group) {
            parts.extend(sent);
        } else {
            for part in sent {
                of_deletion(part, report);
            }
        }
        if parts.is_empty() {
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

/// Whether a group is about requests that delete something, and nothing else.
fn deletes(facts: &Facts<'_>, group: &Group<'_>) -> bool {
    let asked = VERBS.iter().map(|verb| facts.asked(group, &[*verb]));
    let mut asked = asked
        .filter(|asked| !matches!(asked, Asked::Nothing))
        .peekable();
    asked.peek().is_some()
        && asked.all(|asked| asked.is_only(&["delete", "deletecollection"]))
        && facts.asked(group, SUBRESOURCE).is_absent()
}

/// A path in what is sent to delete something, which is decoded before it is logged: it holds nothing else.
fn of_deletion(part: &Part<'_>, report: &mut Report) {
    let segments = part.field.path().segments();
    // What GKE says of the type.
    let is_type = matches!(segments.first(), Some(Segment::Key(key)) if &**key == "@type");
    if is_type || report.is_full() {
        return;
    }
    match (Value::of_segments(api::of_deletion(), segments), part.what) {
        (Ok(value), What::Item(item)) => never::typed(item, value, report),
        (Ok(_), What::Block(_)) => {}
        (Err(nowhere), _) => {
            let help = fields::meant(part.name, nowhere, report).unwrap_or_else(|| {
                "the body of a deletion says how to delete; what is deleted is told by `resource`, `namespace` and `name`".to_owned()
            });
            fields::tell_with(part.name, nowhere, help, report);
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
    // Subresources whose body is the object.
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
        return of_subresource(facts.asked(group, RESOURCE), subresource).map(Objects::Named);
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
    // Of pods and nodes only the metrics have another kind, which nobody writes.
    let is_shared = |name: &str| {
        resources::find(name)
            .is_some_and(|found| found.is_shared() && !["nodes", "pods"].contains(&found.plural))
    };
    let any_shared = names.iter().any(|name| is_shared(&name.text));
    Some(if any_shared && matches!(groups, Asked::Nothing) {
        Objects::Shared(types)
    } else {
        Objects::Named(types)
    })
}

/// The bodies of subresources, when all that are asked for are known.
fn of_subresource(resource: Asked<'_>, subresource: Asked<'_>) -> Option<Vec<&'static Type>> {
    let subresources = subresource.texts()?;
    let of = |resource: &str| {
        let bodies = subresources.iter();
        let bodies = bodies.map(|subresource| api::of_subresource(resource, &subresource.text));
        bodies.collect::<Option<Vec<_>>>()
    };
    if matches!(resource, Asked::Nothing) {
        return of("");
    }
    let bodies = resource.texts()?.iter().map(|name| of(&name.text));
    Some(bodies.collect::<Option<Vec<_>>>()?.concat())
}

fn of_part(part: &Part<'_>, objects: &Objects, report: &mut Report) {
    let segments = part.field.path().segments();
    let Some(Segment::Key(first)) = segments.first() else {
        return;
    };
    // These are of every object.
    let is_every = ["apiVersion", "kind", "metadata"].contains(&&**first);
    // Bodies that are no such object.
    let is_bare = matches!(
        part.field.id(),
        FieldId::RequestObject | FieldId::ResponseObject
    );
    let is_status = &**first == "status";
    let is_other = is_bare
        && OTHER_BODIES.contains(&&**first)
        // The answer to what failed has a text here, and an object has an object.
        && !(is_status && segments.len() > 1);
    // Custom resources keep anything in their status.
    let is_anything = is_status && !matches!(objects, Objects::Named(_));
    if is_every || is_other || is_anything {
        return;
    }
    let mut types: Vec<&'static Type> = match objects {
        Objects::Named(types) | Objects::Shared(types) => types.clone(),
        Objects::Any => KINDS.iter().map(|(_, of)| *of).collect(),
    };
    types.dedup_by_key(|of| of.name);
    let place = Place {
        name: part.name,
        segments,
        what: part.what,
        in_member: false,
    };
    of_place(&place, &types, objects, report);
}

/// A test or a block, and the path that it asks about in objects of some types.
struct Place<'a> {
    name: &'a Name,
    segments: &'a [Segment],
    what: What<'a>,
    /// Whether the path begins in the member of a list, and not in the object.
    in_member: bool,
}

impl Place<'_> {
    /// The names on the way to a step and its own, when they begin in the object.
    fn path(&self, at: usize) -> Option<String> {
        let segments = self.segments.get(..=at).filter(|_| !self.in_member)?;
        let keys = segments.iter().filter_map(|segment| match segment {
            Segment::Key(key) => Some(&**key),
            _ => None,
        });
        Some(keys.collect::<Vec<_>>().join("."))
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Key(key) => Some(&**key),
            _ => None,
        })
    }
}

fn of_place(place: &Place<'_>, types: &[&'static Type], objects: &Objects, report: &mut Report) {
    // Directives of patches are of no object.
    if report.is_full() || place.keys().any(|key| key.starts_with('$')) {
        return;
    }
    let mut values = Vec::new();
    let mut nowhere = Vec::new();
    for of in types {
        match Value::of_segments(of, place.segments) {
            Ok(value) => values.push(value),
            Err(found) => nowhere.push(found),
        }
    }
    let Some((first, others)) = values.split_first() else {
        return match objects {
            Objects::Named(_) => missing(place, &nowhere, report),
            Objects::Shared(_) | Objects::Any => misspelled(place, &nowhere, objects, report),
        };
    };
    match place.what {
        What::Item(item) => {
            if others.iter().all(|other| other.of.is_same(first.of)) {
                never::typed(item, *first, report);
            }
        }
        What::Block(block) => {
            if let Some(types) = members(&values) {
                for body in block
                    .scope
                    .selections
                    .iter()
                    .filter_map(|found| found.body.as_ref())
                {
                    of_member(body, &types, objects, report);
                }
            } else if values
                .iter()
                .all(|value| value.of.is_single() && !value.list)
            {
                fields::no_members(place.name, report);
            }
        }
    }
}

/// The types of the members of lists, when all are lists of objects that are known.
fn members(values: &[Value]) -> Option<Vec<&'static Type>> {
    let types = values.iter().map(|value| match value.of {
        Of::Object(of) if value.list => Some(of),
        _ => None,
    });
    types.collect()
}

/// What a block asks of each member of a list, by paths in it.
fn of_member(body: &Body, types: &[&'static Type], objects: &Objects, report: &mut Report) {
    let (name, what) = match body {
        Body::And(parts) | Body::Or(parts) => {
            for part in parts {
                of_member(part, types, objects, report);
            }
            return;
        }
        Body::Item(item) => (&item.name, What::Item(item)),
        Body::Block(block) => (&block.name, What::Block(block)),
        Body::Keywords(_) | Body::Broken(_) => return,
    };
    // Without steps it is the member itself.
    if let Ok(path) = Path::parse(&name.text)
        && !path.segments().is_empty()
    {
        let segments = path.segments();
        let place = Place {
            name,
            segments,
            what,
            in_member: true,
        };
        of_place(&place, types, objects, report);
    }
}

/// A path that no object of the named resources has: a slip, or a path of other resources.
fn missing(place: &Place<'_>, nowhere: &[Nowhere<'_>], report: &mut Report) {
    let Some(found) = nowhere.iter().max_by_key(|found| found.at) else {
        return;
    };
    let who = who(*found, nowhere);
    // It may be a slip in one of several.
    let mut alike = nowhere.iter().filter(|other| other.at == found.at);
    if let Some(help) = alike.find_map(|other| fields::meant(place.name, *other, report)) {
        return fields::tell_of(place.name, *found, &who, help, report);
    }
    let upto = place.segments.get(..=found.at);
    let upto = upto.filter(|_| !place.in_member).unwrap_or_default();
    let has = |of: &'static Type| Value::is_member(of, upto);
    let others: Vec<&str> = KINDS
        .iter()
        .filter(|(_, of)| has(of))
        .map(|(plural, _)| *plural)
        .collect();
    if others.is_empty() {
        let help = fields::unknown_help(*found);
        return fields::tell_of(place.name, *found, &who, help, report);
    }
    let keys: Vec<&str> = place.keys().collect();
    let help =
        if keys.starts_with(&["spec", "template"]) || keys.starts_with(&["spec", "containers"]) {
            "`podSpec`, `containers` and `volumes` read the template of every kind".to_owned()
        } else {
            format!("it is in {}", listed(&others))
        };
    fields::tell_of(place.name, *found, &who, help, report);
}

/// Which of the objects that are named do not have a member: those whose paths lead as far.
fn who(found: Nowhere<'_>, nowhere: &[Nowhere<'_>]) -> String {
    /// More are not told by name.
    const MOST: usize = 3;
    let alike = nowhere.iter().filter(|other| other.at == found.at);
    let mut names: Vec<&str> = alike
        .filter_map(|other| match other.of {
            Of::Object(of) | Of::Partly(of) => Some(of.name),
            _ => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    let key = quoted(found.key);
    if names.len() > MOST {
        return format!("object of these resources has {key}");
    }
    let names: Vec<String> = names.into_iter().map(quoted).collect();
    format!("{} has {key}", names.join(" or "))
}

/// A path that no known object has, when it is nearly one that some have. A custom resource may have any other.
fn misspelled(place: &Place<'_>, nowhere: &[Nowhere<'_>], objects: &Objects, report: &mut Report) {
    let Some(deepest) = nowhere.iter().map(|found| found.at).max() else {
        return;
    };
    for found in nowhere.iter().filter(|found| found.at == deepest) {
        let Of::Object(of) = found.of else {
            continue;
        };
        if found.in_list
            && found.key.bytes().all(|byte| byte.is_ascii_digit())
            && let Some(help) = fields::meant(place.name, *found, report)
        {
            return fields::tell_with(place.name, *found, help, report);
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
        let whole = fields::replaced(&place.name.text, found.key, meant);
        let help = format!("did you mean {}?", quoted(&whole));
        let path = place.path(found.at);
        // Where no resource is named none is to be blamed.
        let path = path.filter(|_| matches!(objects, Objects::Any));
        let who = path.map_or_else(
            || who(*found, nowhere),
            |path| format!("object has {}", quoted(&path)),
        );
        return fields::tell_of(place.name, *found, &who, help, report);
    }
}
