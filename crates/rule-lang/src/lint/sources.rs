//! Lints about where events come from: what audit policies and providers leave out.

use audit_model::{FieldId, Provider};

use super::facts::{Facts, Group, Part, What, is_one_of};
use crate::ast::{BlockQuantifier, Item};
use crate::diagnostic::{Code, Report, quoted};
use crate::metadata::listed;
use crate::modifier::How;
use crate::program::Relation;

const RESOURCE: &[FieldId] = &[FieldId::Resource, FieldId::ObjectRefResource];
const SUBRESOURCE: &[FieldId] = &[FieldId::Subresource, FieldId::ObjectRefSubresource];

/// Resources whose bodies hold credentials, so that audit policies log them at `Metadata`: Kubernetes' own reference
/// policy and the managed ones that follow it.
const SECRET: &[&str] = &["secrets", "configmaps", "tokenreviews"];

/// A body of a resource whose bodies are hardly ever logged.
pub(super) fn body_not_logged(facts: &Facts<'_>, report: &mut Report) {
    for group in facts.groups.iter().filter(|group| facts.is_sought(group)) {
        if report.is_full() {
            return;
        }
        let Some(names) = facts.asked(group, RESOURCE).texts() else {
            continue;
        };
        let Some(first) = names.first() else { continue };
        let token = facts.asked(group, SUBRESOURCE).has(&["token"])
            && is_one_of(first, &["serviceaccounts"]);
        let events = is_one_of(first, &["events"]);
        let all = |words: &[&str]| names.iter().all(|name| is_one_of(name, words));
        let (what, usual) = if all(SECRET) {
            (quoted(&first.text), "at `Metadata`, without bodies")
        } else if token && names.len() == 1 {
            (
                "`serviceaccounts/token`".to_owned(),
                "at `Metadata`, without bodies",
            )
        } else if events && names.len() == 1 {
            ("`events`".to_owned(), "not at all")
        } else {
            continue;
        };
        let body = group
            .parts
            .iter()
            .find(|part| is_body(part.field.id()) && asks(part));
        let Some(body) = body else { continue };
        report
            .add(
                Code::BodyNotLogged,
                body.name.span,
                format!("the usual audit policies log {what} {usual}"),
            )
            .set_help("managed clusters never show this; where your own policy does, say `requires: Request`");
    }
}

/// Subresources that connect the client to something, so that what is sent is a stream and no body.
const CONNECT: &[&str] = &["attach", "exec", "portforward", "proxy"];

/// A body of a request that has none.
pub(super) fn body_of_connection(facts: &Facts<'_>, report: &mut Report) {
    for group in facts.groups.iter().filter(|group| facts.is_sought(group)) {
        if report.is_full() {
            return;
        }
        let subresource = facts.asked(group, SUBRESOURCE);
        let Some(first) = subresource.texts().and_then(<[_]>::first) else {
            continue;
        };
        let is_sent = |part: &&Part<'_>| {
            matches!(
                part.field.id(),
                FieldId::Object | FieldId::Patch | FieldId::RequestObject
            )
        };
        let body = group.parts.iter().filter(is_sent).find(|part| asks(part));
        let Some(body) = body.filter(|_| subresource.is_only(CONNECT)) else {
            continue;
        };
        let help = if subresource.is_only(&["attach", "exec"]) {
            "the command is `exec.command`, and the container `exec.container`"
        } else {
            "what is asked for stands in `requestURI`"
        };
        report
            .add(
                Code::BodyNotLogged,
                body.name.span,
                format!(
                    "a request for {} has no body, so the API server logs none",
                    quoted(&first.text)
                ),
            )
            .set_help(help);
    }
}

fn is_body(field: FieldId) -> bool {
    matches!(
        field,
        FieldId::Object
            | FieldId::Patch
            | FieldId::RequestObject
            | FieldId::ResponseObject
            | FieldId::PodSpec
            | FieldId::Containers
            | FieldId::Volumes
            | FieldId::HostPaths
    )
}

/// Whether a part asks for something to be there.
fn asks(part: &Part<'_>) -> bool {
    match part.what {
        What::Item(item) => !denies(part, item),
        What::Block(block) => {
            matches!(
                block.quantifier,
                BlockQuantifier::Any | BlockQuantifier::All
            )
        }
    }
}

/// Whether an item holds where its field is missing.
fn denies(part: &Part<'_>, item: &Item) -> bool {
    let chain = item.chain;
    // Elsewhere an empty text is one that is there.
    let empty_is_absent = chain.how == How::Text(Relation::Equals)
        && chain.encoding.is_none()
        && part.field.path().is_empty()
        && part.field.info().empty_is_absent;
    let absent = item
        .values
        .iter()
        .any(|value| value.is_null() || empty_is_absent && value.text.is_empty());
    let not_there =
        chain.how == How::Exists && item.values.iter().all(|value| value.bool() == Some(false));
    chain.neq != (absent || not_there)
}

/// A negation of what a provider never records: there it always holds.
pub(super) fn unrecorded_negation(facts: &Facts<'_>, report: &mut Report) {
    for group in facts.groups.iter().filter(|group| facts.is_sought(group)) {
        for part in &group.parts {
            let What::Item(item) = part.what else {
                continue;
            };
            if report.is_full() {
                return;
            }
            if denies(part, item) {
                let lacking = lacking(facts, |provider| provider.lacks(part.field.id()));
                tell(part, &lacking, report);
            }
        }
    }
    for selection in excluded(facts) {
        let lacks = |group: &&Group<'_>, provider: Provider| {
            group
                .parts
                .iter()
                .any(|part| asks(part) && provider.lacks(part.field.id()))
        };
        let lacking = lacking(facts, |provider| {
            selection.iter().all(|group| lacks(group, provider))
        });
        let part = selection.first().and_then(|group| {
            group.parts.iter().find(|part| {
                asks(part)
                    && lacking
                        .iter()
                        .any(|provider| provider.lacks(part.field.id()))
            })
        });
        if let Some(part) = part {
            tell(part, &lacking, report);
        }
    }
}

/// The groups of each selection that takes away.
fn excluded<'f, 'a>(facts: &'f Facts<'a>) -> Vec<Vec<&'f Group<'a>>> {
    let mut selections: Vec<Vec<&Group<'_>>> = Vec::new();
    for group in facts.groups.iter().filter(|group| facts.is_excluded(group)) {
        match selections.last_mut() {
            Some(last)
                if last
                    .first()
                    .is_some_and(|first| first.selection == group.selection) =>
            {
                last.push(group);
            }
            _ => selections.push(vec![group]),
        }
    }
    selections
}

/// The providers that lack something and whose events the rule can match all the same.
fn lacking(facts: &Facts<'_>, lacks: impl Fn(Provider) -> bool) -> Vec<Provider> {
    let can_match = |provider: Provider| {
        let mut sought = facts.groups.iter().filter(|group| facts.is_sought(group));
        sought.all(|group| {
            facts
                .context(group)
                .all(|part| !asks(part) || !provider.lacks(part.field.id()))
        })
    };
    Provider::ALL
        .into_iter()
        .filter(|provider| lacks(*provider) && can_match(*provider))
        .collect()
}

fn tell(part: &Part<'_>, providers: &[Provider], report: &mut Report) {
    if providers.is_empty() {
        return;
    }
    let names: Vec<&str> = providers.iter().map(|provider| provider.as_str()).collect();
    let (name, names) = (quoted(&part.name.text), listed(&names));
    let (message, help) = if part.field.id().reads_body() {
        let body = part.field.info().name;
        (
            format!(
                "{name} is recorded neither by {names} nor at the audit level `Metadata`, so this negation always holds there"
            ),
            format!("ask for what is there only with a body too, such as `{body}|exists: true`"),
        )
    } else {
        (
            format!("{name} is never recorded by {names}, so this negation always holds there"),
            "ask for something that every provider records, such as `user.username`".to_owned(),
        )
    };
    report
        .add(Code::UnrecordedNegation, part.name.span, message)
        .set_help(help);
}
