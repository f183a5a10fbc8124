//! Lints about requests: verbs, resources, subresources and where they come from.

use audit_model::{FieldId, Segment};

use super::facts::{Asked, Facts, Group, Part, What, exact, is_one_of, is_text};
use super::names;
use super::resources;
use crate::ast::BlockQuantifier;
use crate::diagnostic::{Code, Report, quoted};
use crate::metadata::listed;
use crate::modifier::How;
use crate::scalar::Scalar;

pub(super) const RESOURCE: &[FieldId] = &[FieldId::Resource, FieldId::ObjectRefResource];
pub(super) const SUBRESOURCE: &[FieldId] = &[FieldId::Subresource, FieldId::ObjectRefSubresource];
pub(super) const GROUP: &[FieldId] = &[FieldId::ApiGroup, FieldId::ObjectRefApiGroup];
const VERB: &[FieldId] = &[FieldId::Verb];
pub(super) const VERBS: &[FieldId] = &[FieldId::Verb, FieldId::Operation];

/// Subresources that are a stream, which a client opens by POST or, as a WebSocket, by GET.
const STREAMS: &[&str] = &["exec", "attach", "portforward"];

/// Words that look like verbs and that no event has, and what to write instead.
pub(super) const NO_VERBS: &[(&str, &str)] = &[
    (
        "apply",
        "apply is logged as `patch`; `operation: create` tells that it created",
    ),
    (
        "approve",
        "a certificate is approved by `update` of `subresource: approval`",
    ),
    (
        "attach",
        "attaching is `resource: pods` with `subresource: attach`",
    ),
    (
        "bind",
        "this is a right in a role; who binds one writes `resource: rolebindings` or `clusterrolebindings`",
    ),
    ("edit", "edits are logged as `update` or `patch`"),
    (
        "escalate",
        "this is a right in a role; who uses it writes `resource: roles` or `clusterroles`",
    ),
    ("evict", "evictions are `create` of `subresource: eviction`"),
    (
        "exec",
        "commands are `resource: pods` with `subresource: exec`",
    ),
    ("impersonate", "write `impersonatedUser|exists: true`"),
    ("read", "reads are logged as `get`, `list` or `watch`"),
    (
        "remove",
        "deletions are logged as `delete` or `deletecollection`",
    ),
    ("replace", "a replacement is logged as `update`"),
    (
        "scale",
        "scaling is `update` or `patch` of `subresource: scale`",
    ),
    (
        "sign",
        "this is a right in a role; signing is `update` of `subresource: status`",
    ),
    (
        "write",
        "writes are logged as `create`, `update` or `patch`",
    ),
];

pub(super) fn all(facts: &Facts<'_>, is_rule: bool, report: &mut Report) {
    let names_subresource = facts.parts().any(tells_subresource);
    let knows_subresource = facts.knows(SUBRESOURCE);
    let knows_all = facts.knows(TELL_SUBRESOURCE);
    let knows_group = facts.knows(GROUP);
    for group in &facts.groups {
        if report.is_full() {
            return;
        }
        resource_names(group, report);
        if knows_group {
            names::resource(facts, group, report);
        }
        wrong_group(facts, group, report);
        forged_source(group, report);
        if is_rule && facts.is_sought(group) {
            stream_without_get(facts, group, report);
            if knows_subresource {
                create_without_operation(facts, group, report);
            }
            if knows_all && (!names_subresource || facts.is_alone(group)) {
                without_subresource(facts, group, report);
            }
        }
    }
}

/// `resource: pod`, `resource: pods/exec`.
fn resource_names(group: &Group<'_>, report: &mut Report) {
    for part in group.parts.iter().filter(|part| part.is(RESOURCE)) {
        let What::Item(item) = part.what else {
            continue;
        };
        if !matches!(item.chain.how, How::Text(_)) || item.chain.expand {
            continue;
        }
        for value in item.values.iter().take(super::LINTED_VALUES) {
            if let Some((resource, subresource)) = value.text.split_once('/') {
                let mut help = format!("write `subresource: {subresource}` beside it");
                if is_text(value) && !resource.is_empty() {
                    help = match names::parted(resource) {
                        Some((resource, group)) => format!(
                            "write `resource: {resource}`, `apiGroup: {group}` and `subresource: {subresource}`"
                        ),
                        None => {
                            format!("write `resource: {resource}` and `subresource: {subresource}`")
                        }
                    };
                }
                report
                    .add(
                        Code::SubresourceInResource,
                        value.span,
                        format!(
                            "no resource has a slash in its name, as {} has",
                            quoted(&value.text)
                        ),
                    )
                    .set_help(help);
            } else if value.text.contains('.') {
                let what = "no resource has a dot in its name, as";
                let is_whole = exact(item).is_some() && is_text(value);
                let help = names::parted(&value.text).filter(|_| is_whole).map_or_else(
                    || "the group stands in `apiGroup`".to_owned(),
                    |(resource, group)| {
                        format!("write `resource: {resource}` and `apiGroup: {group}`")
                    },
                );
                report
                    .add(
                        Code::GroupInResource,
                        value.span,
                        format!("{what} {} has", quoted(&value.text)),
                    )
                    .set_help(help);
            } else if exact(item).is_some()
                && is_text(value)
                && let Some(meant) = resources::meant(&value.text)
            {
                report
                    .add(
                        Code::ResourceSingular,
                        value.span,
                        format!("no request is for the resource {}", quoted(&value.text)),
                    )
                    .set_help(format!(
                        "resources are named in the plural: `{}`",
                        meant.plural
                    ));
            }
        }
    }
}

/// `apiGroup: apps` with `resource: pods`.
fn wrong_group(facts: &Facts<'_>, group: &Group<'_>, report: &mut Report) {
    let own = group.parts.iter().find(|part| part.is(RESOURCE));
    let Some(What::Item(item)) = own.map(|part| part.what) else {
        return;
    };
    let (Some(values), Asked::Values(groups)) = (exact(item), facts.asked(group, GROUP)) else {
        return;
    };
    let name = |value: &'_ Scalar| {
        if value.is_null() {
            String::new()
        } else {
            value.text.clone()
        }
    };
    let groups: Vec<String> = groups.iter().map(name).collect();
    if groups.iter().any(|group| !resources::is_group(group)) {
        return;
    }
    for value in values
        .iter()
        .filter(|value| is_text(value))
        .take(super::LINTED_VALUES)
    {
        let Some(resource) = resources::find(&value.text) else {
            continue;
        };
        let fits = |group: &String| {
            resource
                .groups
                .iter()
                .any(|known| known.eq_ignore_ascii_case(group))
        };
        if groups.iter().any(fits) {
            continue;
        }
        let help = match resource.groups {
            [""] | ["", ..] => "it is in the core group: `apiGroup: null`".to_owned(),
            groups => format!("it is in {}", listed(groups)),
        };
        let where_sought = match groups.as_slice() {
            [core] if core.is_empty() => "the core group".to_owned(),
            groups => format!("the group {}", quoted(&groups.join(", "))),
        };
        let message = format!("{where_sought} has no {}", quoted(&value.text));
        report
            .add(Code::ResourceInWrongGroup, value.span, message)
            .set_help(help);
    }
}

/// `sourceIPs`, all but the last of which the caller may make up.
fn forged_source(group: &Group<'_>, report: &mut Report) {
    for part in &group.parts {
        let is_last = matches!(part.field.path().segments(), [Segment::Index(-1)]);
        if part.field.id() != FieldId::SourceIps || is_last || !asks_of_some(part.what) {
            continue;
        }
        report
            .add(
                Code::ForgedSource,
                part.name.span,
                "a client can put any address into `sourceIPs`, except for the last",
            )
            .set_help("`client.ip` is the address that can be trusted");
    }
}

/// Whether one address of a list can decide. To be one of those of which all are asked, the last must be one too.
fn asks_of_some(what: What<'_>) -> bool {
    match what {
        What::Item(item) => item.chain.how != How::Exists,
        What::Block(block) => {
            let is_some = matches!(
                block.quantifier,
                BlockQuantifier::Any | BlockQuantifier::None
            );
            let mut found = false;
            super::for_each_item(&block.scope, &mut |item| {
                found |= item.chain.how != How::Exists && (is_some || item.chain.neq);
            });
            found
        }
    }
}

/// Exec by `create` only, which misses those who open a `WebSocket`.
fn stream_without_get(facts: &Facts<'_>, group: &Group<'_>, report: &mut Report) {
    let Some((verbs, values)) = own_values(group, VERBS) else {
        return;
    };
    if !facts.asked(group, SUBRESOURCE).has(STREAMS)
        || !values.iter().any(|value| is_one_of(value, &["create"]))
        || values
            .iter()
            .any(|value| is_one_of(value, &["get"]) || !is_text(value))
    {
        return;
    }
    report
        .add(
            Code::ExecWithoutGet,
            verbs,
            "over a WebSocket, which kubectl prefers, this request is logged as `get`",
        )
        .set_help("leave the verb out, or write `[create, get]`");
}

/// `verb: create` of what apply may create.
fn create_without_operation(facts: &Facts<'_>, group: &Group<'_>, report: &mut Report) {
    let Some((verbs, values)) = own_values(group, VERB) else {
        return;
    };
    let creates = values.iter().any(|value| is_one_of(value, &["create"]));
    let patches = values
        .iter()
        .any(|value| is_one_of(value, &["patch"]) || !is_text(value));
    if !creates || patches || !facts.asked(group, SUBRESOURCE).is_absent() {
        return;
    }
    let Some(names) = facts.asked(group, RESOURCE).texts() else {
        return;
    };
    let is_applied =
        |value: &Scalar| resources::find(&value.text).is_some_and(|found| found.applied);
    let Some(applied) = names
        .iter()
        .take(super::LINTED_VALUES)
        .find(|value| is_applied(value))
    else {
        return;
    };
    report
        .add(
            Code::CreateWithoutOperation,
            verbs,
            format!(
                "server-side apply creates {} by `patch`",
                quoted(&applied.text)
            ),
        )
        .set_help("write `operation: create`, which is true of every way to create");
}

/// `resource: serviceaccounts` with `verb: create`, which is `serviceaccounts/token` too.
fn without_subresource(facts: &Facts<'_>, group: &Group<'_>, report: &mut Report) {
    let Some((_, names)) = own_values(group, RESOURCE) else {
        return;
    };
    if facts.context(group).any(tells_subresource) {
        return;
    }
    let verbs = facts.asked(group, VERBS);
    let groups = facts.asked(group, GROUP).texts();
    for value in names.iter().take(super::LINTED_VALUES) {
        // The same name in another group is another resource, without these.
        let own = resources::find(&value.text).and_then(|found| found.groups.first());
        let is_other = own
            .zip(groups)
            .is_some_and(|(own, groups)| !groups.iter().any(|group| is_one_of(group, &[own])));
        if is_other {
            continue;
        }
        let hidden = resources::SUBRESOURCES
            .iter()
            .find(|(name, of, _)| is_one_of(value, &[name]) && verbs.has(of));
        if let Some((_, _, subresources)) = hidden {
            report
                .add(
                    Code::ResourceWithoutSubresource,
                    value.span,
                    format!(
                        "this also means the subresources of {}, such as {}",
                        quoted(&value.text),
                        listed(subresources)
                    ),
                )
                .set_help(
                    "write `subresource: null` for the resource itself, or name the subresources",
                );
        }
    }
}

/// Fields that say which subresources a rule means, or read requests without a subresource, or those of one.
const TELL_SUBRESOURCE: &[FieldId] = &[
    FieldId::Subresource,
    FieldId::ObjectRefSubresource,
    FieldId::PodSpec,
    FieldId::Containers,
    FieldId::Volumes,
    FieldId::HostPaths,
    FieldId::RbacRules,
    FieldId::RbacSubjects,
    FieldId::RbacRoleRef,
    FieldId::Object,
    FieldId::Patch,
    FieldId::RequestObject,
    FieldId::ResponseObject,
    FieldId::ExecCommand,
    FieldId::ExecProgram,
    FieldId::ExecCommandLine,
    FieldId::ExecContainer,
    FieldId::ExecTty,
    FieldId::ExecStdin,
    FieldId::RequestUri,
    FieldId::UriPath,
    FieldId::UriQuery,
];

fn tells_subresource(part: &Part<'_>) -> bool {
    TELL_SUBRESOURCE.contains(&part.field.id())
}

/// The values that a group itself asks of a field, and where they stand.
fn own_values<'g>(
    group: &'g Group<'_>,
    ids: &[FieldId],
) -> Option<(crate::source::Span, &'g [Scalar])> {
    let part = group.parts.iter().find(|part| part.is(ids))?;
    let What::Item(item) = part.what else {
        return None;
    };
    let values = exact(item)?;
    let create = values.iter().find(|value| is_one_of(value, &["create"]));
    let span = create.or(values.first())?.span;
    Some((span, values))
}
