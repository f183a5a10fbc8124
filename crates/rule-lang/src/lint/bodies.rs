//! Lints about bodies: pod templates, containers, roles, and the members of lists.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use audit_model::{FieldId, Segment};

use super::facts::{Facts, Group, Part, What, exact, is_one_of, is_text};
use super::requests::{RESOURCE, SUBRESOURCE, VERBS};
use crate::ast::{BlockQuantifier, Body, Item, Name, Scope};
use crate::diagnostic::{Code, Report, quoted};
use crate::modifier::How;

/// Resources beside pods that carry a template of pods.
const WORKLOADS: &[&str] = &[
    "deployments",
    "daemonsets",
    "statefulsets",
    "replicasets",
    "replicationcontrollers",
    "jobs",
    "cronjobs",
    "podtemplates",
];

/// Parts of a pod's specification that are in every template too.
const TEMPLATE: &[&str] = &[
    "containers",
    "ephemeralContainers",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "initContainers",
    "runtimeClassName",
    "securityContext",
    "serviceAccountName",
    "shareProcessNamespace",
    "tolerations",
    "volumes",
];

pub(super) fn all(facts: &Facts<'_>, is_rule: bool, report: &mut Report) {
    let others = ["initContainers", "ephemeralContainers"];
    let reads_others = facts
        .parts()
        .any(|part| part.keys().any(|key| others.contains(&key)))
        || facts.unread().is_none_or(|names| {
            let mut names = names.iter();
            names.any(|name| others.iter().any(|other| name.contains(other)))
        });
    let knows_request = [RESOURCE, SUBRESOURCE, VERBS]
        .iter()
        .all(|ids| facts.knows(ids));
    let names_workload = facts.parts().any(|part| {
        let What::Item(item) = part.what else {
            return false;
        };
        part.is(RESOURCE) && item.values.iter().any(|value| is_one_of(value, WORKLOADS))
    });
    for group in &facts.groups {
        if report.is_full() {
            return;
        }
        if !reads_others {
            main_containers_only(group, report);
        }
        rbac_star(group, report);
        if is_rule && facts.is_sought(group) {
            uncorrelated_members(group, report);
        }
        if is_rule && facts.is_sought(group) {
            if !names_workload && knows_request {
                pod_only(facts, group, report);
            }
        } else if !is_rule && facts.is_excluded(group) {
            filter_hides_members(facts, group, report);
        }
    }
}

/// A part of a pod's template sought in pods alone. What changes pods that run is sought in pods with good reason: an
/// update can swap an image of them, and a change of the template makes new ones.
fn pod_only(facts: &Facts<'_>, group: &Group<'_>, report: &mut Report) {
    let own = group.parts.iter().find(|part| part.is(RESOURCE));
    let Some(What::Item(item)) = own.map(|part| part.what) else {
        return;
    };
    let Some([value]) = exact(item) else {
        return;
    };
    let reads_template = facts.context(group).any(|part| match part.field.id() {
        FieldId::PodSpec | FieldId::Containers | FieldId::Volumes | FieldId::HostPaths => true,
        FieldId::Object | FieldId::Patch | FieldId::RequestObject | FieldId::ResponseObject => {
            let mut keys = part.keys();
            keys.next() == Some("spec") && keys.next().is_some_and(|key| TEMPLATE.contains(&key))
        }
        _ => false,
    });
    if !is_one_of(value, &["pods"]) || !reads_template {
        return;
    }
    let names_subresource = facts.context(group).any(|part| {
        part.is(&[FieldId::Subresource, FieldId::ObjectRefSubresource])
            && matches!(part.what, What::Item(item) if item.values.iter().any(|value| is_text(value) && !value.text.is_empty()))
    });
    if names_subresource || facts.asked(group, VERBS).is_only(&["update", "patch"]) {
        return;
    }
    report
        .add(
            Code::PodOnly,
            value.span,
            "deployments, jobs and others carry the same template, and a controller makes the pod",
        )
        .set_help("leave `resource` out: `podSpec`, `containers`, `volumes` and `hostPaths` read every template");
}

/// `spec.containers` without init and ephemeral containers.
fn main_containers_only(group: &Group<'_>, report: &mut Report) {
    for part in &group.parts {
        let mut keys = part.keys();
        let is_main = match part.field.id() {
            FieldId::PodSpec => keys.next() == Some("containers"),
            FieldId::Object | FieldId::Patch | FieldId::RequestObject | FieldId::ResponseObject => {
                let keys: Vec<&str> = keys.collect();
                keys.windows(2).any(|pair| pair == ["spec", "containers"])
            }
            _ => false,
        };
        if is_main {
            report
                .add(
                    Code::MainContainersOnly,
                    part.name.span,
                    format!(
                        "{} has neither init nor ephemeral containers",
                        quoted(&part.name.text)
                    ),
                )
                .set_help("`containers` reads containers of every kind, in every template");
        }
    }
}

/// Keys of bodies whose values are lists of maps.
const MEMBERS: &[&str] = &[
    "containers",
    "env",
    "envFrom",
    "ephemeralContainers",
    "initContainers",
    "ownerReferences",
    "ports",
    "rules",
    "subjects",
    "tolerations",
    "volumeMounts",
    "volumes",
    "webhooks",
];

/// A list: a field, and the path to the list below it.
type List<'a> = (FieldId, &'a [Segment]);

/// Two tests of the members of one list, each of which another member may pass.
fn uncorrelated_members(group: &Group<'_>, report: &mut Report) {
    // Of each list the test that came first.
    let mut lists: HashMap<List<'_>, &Part<'_>> = HashMap::new();
    for part in &group.parts {
        let asks_one = match part.what {
            What::Item(item) => !item.chain.neq && !is_missing(item),
            // A map has one block of a kind: a second one is the beginning of a longer name.
            What::Block(block) => block.quantifier == BlockQuantifier::Any && !block.scope.named,
        };
        let Some(list) = list_of(part).filter(|_| asks_one) else {
            continue;
        };
        let first = match lists.entry(list) {
            Entry::Occupied(first) => *first.get(),
            Entry::Vacant(free) => {
                free.insert(part);
                continue;
            }
        };
        let list = list_name(part.field.info().name, list.1);
        let message = format!(
            "one member of {} may pass this and another the test of {} before it",
            quoted(&list),
            quoted(&first.name.text)
        );
        let found = report.add(Code::UncorrelatedMembers, part.name.span, message);
        found.set_related(first.name.span);
        found.set_help(format!(
            "write both into one block, `{list}[any]:`, with `sigma-version: 3` at the top"
        ));
    }
}

/// The list of whose members a part asks something, and not of one at a certain place.
fn list_of<'a>(part: &'a Part<'_>) -> Option<List<'a>> {
    let (id, path) = (part.field.id(), part.field.path().segments());
    let is_block = matches!(part.what, What::Block(_));
    let is_below = |at: usize| {
        let below = path.get(at);
        matches!(below, Some(Segment::Key(_) | Segment::Split(_)))
    };
    let end = match id {
        FieldId::Containers | FieldId::Volumes | FieldId::RbacRules | FieldId::RbacSubjects => {
            let is_whole = path.is_empty();
            (if is_block { is_whole } else { is_below(0) }).then_some(0)
        }
        FieldId::Object | FieldId::Patch | FieldId::RequestObject | FieldId::ResponseObject => {
            let is_list = |at: &usize| {
                let Some(Segment::Key(key)) = path.get(*at) else {
                    return false;
                };
                MEMBERS.contains(&&**key) && is_below(at + 1)
            };
            let whole = (is_block && !path.is_empty()).then_some(path.len());
            let first = (0..path.len()).find(is_list).map(|at| at + 1);
            first.or(whole)
        }
        _ => None,
    }?;
    Some((id, path.get(..end)?))
}

/// What a list is called.
fn list_name(field: &str, path: &[Segment]) -> String {
    path.iter().fold(field.to_owned(), |mut name, segment| {
        match segment {
            Segment::Key(key) | Segment::Split(key) => name.extend([".", key]),
            Segment::Index(at) => name.extend(["[", &at.to_string(), "]"]),
        }
        name
    })
}

/// The lists of a rule of a role in which a star stands for everything.
const RBAC_LISTS: [&str; 4] = ["apiGroups", "nonResourceURLs", "resources", "verbs"];

/// `verbs: '*'`, which every verb matches.
fn rbac_star(group: &Group<'_>, report: &mut Report) {
    for part in &group.parts {
        let mut keys = part.keys();
        let in_rules = match part.field.id() {
            FieldId::RbacRules => true,
            FieldId::Object | FieldId::Patch | FieldId::RequestObject | FieldId::ResponseObject => {
                keys.next() == Some("rules")
            }
            _ => false,
        };
        if !in_rules {
            continue;
        }
        let in_list = keys.next().is_some_and(|key| RBAC_LISTS.contains(&key));
        match part.what {
            What::Item(item) if in_list => unescaped_stars(item, report),
            What::Item(_) => {}
            What::Block(block) => stars_of_members(&block.scope, in_list, report),
        }
    }
}

/// The stars in a block over rules, or over one of their lists.
fn stars_of_members(scope: &Scope, in_list: bool, report: &mut Report) {
    let bodies = scope.selections.iter();
    for body in bodies.filter_map(|selection| selection.body.as_ref()) {
        stars_of_member(body, in_list, report);
    }
}

fn stars_of_member(body: &Body, in_list: bool, report: &mut Report) {
    let names_list = |name: &Name| match name.text.as_str() {
        "." => in_list,
        name => RBAC_LISTS.contains(&name),
    };
    match body {
        Body::And(parts) | Body::Or(parts) => {
            for part in parts {
                stars_of_member(part, in_list, report);
            }
        }
        Body::Item(item) if names_list(&item.name) => unescaped_stars(item, report),
        Body::Block(block) => stars_of_members(&block.scope, names_list(&block.name), report),
        Body::Item(_) | Body::Keywords(_) | Body::Broken(_) => {}
    }
}

fn unescaped_stars(item: &Item, report: &mut Report) {
    let chain = item.chain;
    let is_text = matches!(chain.how, How::Text(_)) && chain.encoding.is_none();
    if !is_text || chain.neq || chain.expand {
        return;
    }
    for value in item.values.iter().take(super::LINTED_VALUES) {
        let rest = value.text.strip_prefix('*');
        if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            continue;
        }
        report
            .add(
                Code::RbacStar,
                value.span,
                format!(
                    "{} is a wildcard and matches every role",
                    quoted(&value.text)
                ),
            )
            .set_help(format!(
                "the star that a role holds is written `'\\{}'`",
                value.text
            ));
    }
}

/// A filter that takes an object away because one of its members is known.
fn filter_hides_members(facts: &Facts<'_>, group: &Group<'_>, report: &mut Report) {
    let lists = |id| {
        matches!(
            id,
            FieldId::Containers
                | FieldId::Volumes
                | FieldId::HostPaths
                | FieldId::RbacRules
                | FieldId::RbacSubjects
                | FieldId::CsrCommonName
                | FieldId::CsrOrganizations
                | FieldId::CsrDnsNames
                | FieldId::CsrUsages
        )
    };
    let asks_all = |part: &Part<'_>| matches!(part.what, What::Block(block) if block.quantifier != BlockQuantifier::Any);
    for part in group.parts.iter().filter(|part| lists(part.field.id())) {
        let hides = match part.what {
            // Of a negation every member is asked already.
            What::Item(item) => !item.chain.neq && !is_missing(item),
            What::Block(block) => block.quantifier == BlockQuantifier::Any,
        };
        let is_bound = group
            .parts
            .iter()
            .any(|other| other.field.id() == part.field.id() && asks_all(other));
        if !hides || is_bound || !facts.knows(&[part.field.id()]) {
            continue;
        }
        let list = part.field.info().name;
        report
            .add(
                Code::FilterHidesMembers,
                part.name.span,
                format!(
                    "one member of {} that is known hides every other",
                    quoted(list)
                ),
            )
            .set_help(format!(
                "say it of all members: `{list}[all]:`, with `sigma-version: 3` at the top"
            ));
    }
}

/// Whether an item asks for a field that is not there.
fn is_missing(item: &Item) -> bool {
    item.values
        .iter()
        .all(|value| value.is_null() || value.bool() == Some(false))
}

/// Calls for every item below a body, those in blocks too.
pub(super) fn for_each(body: &Body, visit: &mut dyn FnMut(&Item)) {
    match body {
        Body::And(parts) | Body::Or(parts) => {
            for part in parts {
                for_each(part, visit);
            }
        }
        Body::Item(item) => visit(item),
        Body::Block(block) => super::for_each_item(&block.scope, visit),
        Body::Keywords(_) | Body::Broken(_) => {}
    }
}
