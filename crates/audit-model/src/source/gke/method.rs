//! The names under which Google's audit log files a request, turned back into the request.
//!
//! `methodName` is `<reversed group>.<version>.<resource>[.<subresource>].<verb>`, or `io.k8s.<http method>` for a
//! request that is about no resource. `resourceName` is the request's path with the group in the place of `api` or
//! `apis/<group>`. Neither alone says all: the method has the subresource and the verb, the name has the group as it
//! is spelled.

use std::borrow::Cow;

use crate::source::request::{Target, escape_path, is_version};

/// Groups without a dot, which a method spells like groups below `k8s.io` (`k8s.io/api`).
const DOTLESS: &[&str] = &["apps", "batch", "policy", "autoscaling", "extensions"];

/// As many parts as nearly all names have, and as many bytes as nearly all paths.
const MOST_PARTS: usize = 16;
const LONGEST: usize = 128;

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call<'c> {
    pub(super) verb: &'c str,
    /// What it is about, unless that is no resource.
    pub(super) target: Option<Target<'c>>,
    /// What follows the target: the path behind a proxy, or the whole path where there is no target.
    rest: Cow<'c, str>,
}

impl<'c> Call<'c> {
    /// Reads the two names; `None` if the method follows no known form.
    pub(super) fn read(method: &'c str, name: &'c str) -> Option<Self> {
        let (before, verb) = method.rsplit_once('.')?;
        let mut tokens = Vec::with_capacity(MOST_PARTS);
        tokens.extend(before.split('.'));
        let mut parts = Vec::with_capacity(MOST_PARTS);
        parts.extend(name.split('/'));
        // A group may hold what looks like a version; the version of the name tells which one is it.
        let named = parts.get(1).copied().unwrap_or_default();
        let versions = || {
            let last = tokens.len().saturating_sub(1);
            (2..last).filter(|at| tokens.get(*at).copied().is_some_and(is_version))
        };
        let at = versions()
            .find(|at| tokens.get(*at) == Some(&named))
            .or_else(|| versions().next());
        let Some((at, version)) = at.and_then(|at| Some((at, *tokens.get(at)?))) else {
            return (!verb.is_empty()).then_some(Self {
                verb,
                target: None,
                rest: Cow::Borrowed(name),
            });
        };
        let (resource, subresource) = tokens.get(at + 1..)?.split_first()?;
        if resource.is_empty() {
            return None;
        }
        let group = match parts.first() {
            Some(group) if named == version && !group.is_empty() => match *group {
                "core" => Cow::Borrowed(""),
                group => Cow::Borrowed(group),
            },
            _ => unreversed(tokens.get(..at).unwrap_or_default()),
        };
        let path = if is_version(named) {
            parts.get(2..).unwrap_or_default()
        } else {
            &[]
        };
        let (namespace, name, after) = place(path, resource);
        // Some subresources repeat the pod's name behind them; only behind a proxy is there more of the path.
        let rest = match subresource {
            ["proxy"] => after.strip_prefix(&["proxy"]).unwrap_or_default(),
            _ => &[],
        };
        Some(Self {
            verb,
            target: Some(Target {
                group,
                version: Cow::Borrowed(version),
                resource: Cow::Borrowed(resource),
                subresource: joined(subresource),
                namespace: Cow::Borrowed(namespace),
                name: Cow::Borrowed(name),
            }),
            rest: joined(rest),
        })
    }

    /// The path that was requested, as far as the names tell; they say nothing of a query.
    pub(super) fn uri(&self) -> String {
        let mut uri = String::with_capacity(LONGEST);
        let Some(target) = &self.target else {
            if !self.rest.starts_with('/') {
                uri.push('/');
            }
            escape_path(&self.rest, &mut uri);
            return uri;
        };
        uri.push_str(if target.group.is_empty() {
            "/api"
        } else {
            "/apis"
        });
        let mut push = |part: &str| {
            if !part.is_empty() {
                uri.push('/');
                escape_path(part, &mut uri);
            }
        };
        push(&target.group);
        push(&target.version);
        if !target.namespace.is_empty() && target.resource != "namespaces" {
            push("namespaces");
            push(&target.namespace);
        }
        push(&target.resource);
        // An object is created at its collection: what names it is its body.
        if self.verb != "create" || !target.subresource.is_empty() {
            push(&target.name);
        }
        push(&target.subresource);
        push(&self.rest);
        uri
    }
}

/// The namespace, the name and what follows it, of a path without its group and version.
fn place<'p, 'r>(path: &'r [&'p str], resource: &str) -> (&'p str, &'p str, &'r [&'p str]) {
    let (namespace, path) = match path {
        ["namespaces", namespace, rest @ ..] if resource != "namespaces" => (*namespace, rest),
        _ => ("", path),
    };
    match path {
        // A namespace is in itself, as `RequestInfo` has it.
        ["namespaces", name, rest @ ..] if resource == "namespaces" => (name, name, rest),
        [first, name, rest @ ..] if *first == resource => (namespace, name, rest),
        _ => (namespace, "", &[]),
    }
}

/// The group that the first tokens of a method spell from its end.
fn unreversed<'t>(tokens: &[&'t str]) -> Cow<'t, str> {
    match tokens {
        ["io", "k8s", "core"] => Cow::Borrowed(""),
        ["io", "k8s", group] if DOTLESS.contains(group) => Cow::Borrowed(group),
        _ => {
            let reversed: Vec<&str> = tokens.iter().rev().copied().collect();
            Cow::Owned(reversed.join("."))
        }
    }
}

fn joined<'p>(parts: &[&'p str]) -> Cow<'p, str> {
    match parts {
        [] => Cow::Borrowed(""),
        [one] => Cow::Borrowed(one),
        _ => Cow::Owned(parts.join("/")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_the_version_that_the_name_has() {
        let method = "io.example.v1.sub.v2.widgets.get";
        let call = |name| {
            Call::read(method, name)
                .and_then(|call| call.target)
                .unwrap()
        };
        let by_name = call("sub.v1.example.io/v2/widgets/w");
        assert_eq!(
            (&*by_name.group, &*by_name.resource),
            ("sub.v1.example.io", "widgets")
        );
        // Without a name the first one is taken.
        let alone = call("");
        assert_eq!((&*alone.group, &*alone.resource), ("example.io", "sub"));
        assert_eq!(alone.subresource, "v2/widgets");
    }

    #[test]
    fn refuses_what_follows_no_form() {
        for method in ["", "get", "io.k8s.", "io.k8s.core.v1..get"] {
            assert_eq!(Call::read(method, "core/v1/pods"), None, "{method}");
        }
    }
}
