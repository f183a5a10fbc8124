//! Lints about names of API groups and resources that are none.

use std::collections::BTreeSet;

use super::facts::{Asked, Facts, Group, exact, is_text};
use super::requests::{GROUP, RESOURCE};
use super::resources;
use crate::api::Of;
use crate::ast::Item;
use crate::diagnostic::{Code, Report, quoted};
use crate::metadata::listed;
use crate::scalar::Scalar;
use crate::suggest::nearest;

/// `apiGroup: apps/v1`, `apiGroup: core`: what no request and no role has as an API group.
pub(super) fn groups(item: &Item, of: Of, report: &mut Report) {
    let (Of::Group, Some(values)) = (of, exact(item)) else {
        return;
    };
    let asked = |value: &&Scalar| is_text(value) && !value.text.is_empty();
    for value in values.iter().filter(asked).take(super::LINTED_VALUES) {
        if let Some((message, help)) = bad_group(&value.text) {
            report
                .add(Code::UnknownApiGroup, value.span, message)
                .set_help(help);
        }
    }
}

/// Why a text is no API group, and what to write.
fn bad_group(text: &str) -> Option<(String, String)> {
    const CORE: &str = "the core group is the empty one: `null`, or `''` in a role";
    let whole = quoted(text);
    if let Some((group, version)) = text.split_once('/') {
        let help = if version.is_empty() || group.is_empty() {
            "write the group alone".to_owned()
        } else {
            format!("write the group alone: {}", quoted(group))
        };
        return Some((format!("{whole} is a group and a version"), help));
    }
    if is_version(text) {
        let help = format!("{CORE}; a version stands in `objectRef.apiVersion`");
        return Some((format!("{whole} is a version, and no API group"), help));
    }
    if text.eq_ignore_ascii_case("core") {
        return Some((format!("no API group is called {whole}"), CORE.to_owned()));
    }
    if resources::is_group(text) {
        return None;
    }
    let begins = |group: &&str| {
        let rest = group.get(text.len()..);
        group
            .to_ascii_lowercase()
            .starts_with(&text.to_ascii_lowercase())
            && rest.is_some_and(|rest| rest.starts_with('.'))
    };
    let near = resources::groups()
        .find(begins)
        .or_else(|| near(text, resources::groups()));
    let help = match near {
        Some(near) => format!("did you mean {}?", quoted(near)),
        // The group of a custom resource is a domain.
        None if !text.contains('.') => {
            let plain: BTreeSet<&str> = resources::groups()
                .filter(|group| !group.is_empty() && !group.contains('.'))
                .collect();
            let plain: Vec<&str> = plain.into_iter().collect();
            format!("groups without a dot are {}", listed(&plain))
        }
        None => return None,
    };
    Some((format!("there is no API group {whole}"), help))
}

/// The resource and the API group of a name in which kubectl joins them: `deployments.apps`, `deployments.v1.apps`.
pub(super) fn parted(text: &str) -> Option<(&str, &str)> {
    let (resource, rest) = text.split_once('.')?;
    let group = match rest.split_once('.') {
        Some((version, group)) if is_version(version) => group,
        None if is_version(rest) => "null",
        _ => rest,
    };
    let resource = resources::meant(resource).map_or(resource, |meant| meant.plural);
    (!resource.is_empty() && !group.is_empty()).then_some((resource, group))
}

/// `v1`, `v2beta1`.
fn is_version(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(rest) = text.strip_prefix(['v', 'V']) else {
        return false;
    };
    let parts = ["alpha", "beta"]
        .iter()
        .find_map(|word| rest.split_once(word));
    match parts {
        Some((major, minor)) => digits(major) && digits(minor),
        None => digits(rest),
    }
}

/// `resource: secretes`: nearly a resource of Kubernetes. What is near to none may be a custom resource.
pub(super) fn resource(facts: &Facts<'_>, group: &Group<'_>, report: &mut Report) {
    let foreign = match facts.asked(group, GROUP) {
        Asked::Nothing => false,
        Asked::Values(groups) => groups
            .iter()
            .any(|group| !group.is_null() && !resources::is_group(&group.text)),
        Asked::Other => true,
    };
    if foreign {
        return;
    }
    for part in group.parts.iter().filter(|part| part.is(RESOURCE)) {
        let Some(values) = part.values() else {
            continue;
        };
        for value in values
            .iter()
            .filter(|value| is_text(value))
            .take(super::LINTED_VALUES)
        {
            if resources::find(&value.text).is_some() || resources::meant(&value.text).is_some() {
                continue;
            }
            if let Some(meant) = near_resource(&value.text) {
                report
                    .add(
                        Code::UnknownResource,
                        value.span,
                        format!("Kubernetes has no resource {}", quoted(&value.text)),
                    )
                    .set_help(format!(
                        "did you mean {}? a custom resource is meant when its `apiGroup` is asked for",
                        quoted(meant)
                    ));
            }
        }
    }
}

/// The name that was misspelled, when it is hardly another word: short names that differ in a letter are often both
/// right, as `rules` and `roles`.
pub(super) fn near(
    name: &str,
    known: impl Iterator<Item = &'static str> + Clone,
) -> Option<&'static str> {
    /// A letter more, less or other.
    const ONE: usize = 6;
    /// Two of them.
    const TWO: usize = 12;
    let name = name.to_ascii_lowercase();
    let found = nearest(&name, known)?;
    let known = found.to_ascii_lowercase();
    let distance = strsim::damerau_levenshtein(&name, &known);
    let letters = |text: &str| {
        let mut bytes: Vec<u8> = text.bytes().collect();
        bytes.sort_unstable();
        bytes
    };
    let is_swap = distance == 1 && letters(&name) == letters(&known);
    let is_near = match name.len() {
        ..ONE => is_swap,
        ONE..TWO => distance <= 1,
        _ => distance <= 2,
    };
    is_near.then_some(found)
}

/// The resource of Kubernetes whose name was misspelled, as in `podz`. Those of every cluster have short names that
/// hardly another resource is near to; what begins with another letter, as `codes` does, may be one.
pub(super) fn near_resource(name: &str) -> Option<&'static str> {
    const COMMON: &[&str] = &["", "apps", "batch"];
    // That spaces are too much is said of every name.
    if name.trim() != name {
        return None;
    }
    let all = resources::RESOURCES.iter();
    let common = all
        .clone()
        .filter(|resource| resource.groups.iter().any(|group| COMMON.contains(group)))
        .map(|resource| resource.plural);
    near(name, all.map(|resource| resource.plural)).or_else(|| {
        let name = name.to_ascii_lowercase();
        let found = nearest(&name, common)?;
        let is_other_start = name.len() == found.len() && name.get(..1) != found.get(..1);
        let is_near = strsim::damerau_levenshtein(&name, found) == 1;
        (is_near && !is_other_start).then_some(found)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_are_none() {
        for group in [
            "apps",
            "rbac.authorization.k8s.io",
            "example.com",
            "gateway.networking.k8s.io",
        ] {
            assert_eq!(bad_group(group), None, "{group}");
        }
        for (group, part) in [
            ("apps/v1", "`apps`"),
            ("v1", "`null`"),
            ("v2beta1", "`null`"),
            ("core", "`null`"),
            ("rbac", "`rbac.authorization.k8s.io`"),
            ("rbac.authorisation.k8s.io", "`rbac.authorization.k8s.io`"),
            ("deployments", "`apps`"),
        ] {
            let (_, help) = bad_group(group).unwrap();
            assert!(help.contains(part), "{group}: {help}");
        }
    }

    #[test]
    fn names_with_groups() {
        for (name, expected) in [
            ("deployments.apps", Some(("deployments", "apps"))),
            ("Deployment.apps", Some(("deployments", "apps"))),
            ("deploy.v1.apps", Some(("deployments", "apps"))),
            ("pods.v1", Some(("pods", "null"))),
            (
                "roles.rbac.authorization.k8s.io",
                Some(("roles", "rbac.authorization.k8s.io")),
            ),
            (
                "certificates.cert-manager.io",
                Some(("certificates", "cert-manager.io")),
            ),
            (".apps", None),
            ("pods.", None),
            ("pods", None),
        ] {
            assert_eq!(parted(name), expected, "{name}");
        }
    }

    #[test]
    fn resources_that_are_misspelled() {
        for (name, expected) in [
            ("secretes", "secrets"),
            ("deploymnets", "deployments"),
            ("pdos", "pods"),
            ("opds", "pods"),
            ("clusterolebinding", "clusterrolebindings"),
            ("podz", "pods"),
            ("Podz", "pods"),
            ("podds", "pods"),
            ("pds", "pods"),
            ("nodez", "nodes"),
            ("nods", "nodes"),
            ("jobz", "jobs"),
            ("evnts", "events"),
        ] {
            assert_eq!(near_resource(name), Some(expected), "{name}");
        }
        for name in [
            "rules",
            "routes",
            "releases",
            "podmonitors",
            "projects",
            "devices",
            "codes",
            "modes",
            "logs",
            "roads",
            "models",
            "pods ",
            "secrets ",
            "",
            "é",
        ] {
            assert_eq!(near_resource(name), None, "{name}");
        }
    }
}
