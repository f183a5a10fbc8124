//! What a request is about, as the API server works it out of a path (`RequestInfo`), and native events in the making.

use std::borrow::Cow;

use crate::tree::{NodeId, Tree};
use crate::uri::{percent_decode, split_query};
use crate::write::write_text;

/// A request for a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target<'t> {
    /// Empty for the core group.
    pub(crate) group: Cow<'t, str>,
    pub(crate) version: Cow<'t, str>,
    pub(crate) resource: Cow<'t, str>,
    pub(crate) subresource: Cow<'t, str>,
    pub(crate) namespace: Cow<'t, str>,
    pub(crate) name: Cow<'t, str>,
}

impl Target<'static> {
    /// Reads the path of a request for a resource, as `RequestInfoFactory.NewRequestInfo` of the API server does;
    /// `None` for any other path.
    pub(crate) fn from_uri(uri: &str) -> Option<Self> {
        let mut path = String::new();
        percent_decode(split_query(uri).0, false, &mut path);
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (group, version, mut rest) = match parts.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
            ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
            _ => return None,
        };
        let mut proxy = false;
        // Prefixes of old, which stand for the verb.
        if let ["watch" | "proxy", after @ ..] = rest {
            proxy = rest.first() == Some(&"proxy");
            rest = after;
        }
        let mut namespace = "";
        if let ["namespaces", of, after @ ..] = rest {
            namespace = of;
            if !matches!(after, [] | ["status" | "finalize", ..]) {
                rest = after;
            }
        }
        let part = |n: usize| rest.get(n).copied().unwrap_or_default();
        let own = |text: &str| Cow::Owned(text.to_owned());
        Some(Self {
            group: own(group),
            version: own(version),
            resource: own(rest.first()?),
            subresource: own(if proxy { "" } else { part(2) }),
            namespace: own(namespace),
            name: own(part(1)),
        })
    }
}

/// A native event that an adapter writes.
pub(crate) struct Draft<'d> {
    out: &'d mut Vec<u8>,
    tree: &'d Tree,
}

impl<'d> Draft<'d> {
    /// Begins the event.
    pub(crate) fn open(out: &'d mut Vec<u8>, tree: &'d Tree) -> Self {
        out.extend_from_slice(br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1""#);
        Self { out, tree }
    }

    /// Goes on with an object that was begun.
    pub(crate) fn of(out: &'d mut Vec<u8>, tree: &'d Tree) -> Self {
        Self { out, tree }
    }

    /// Ends the event.
    pub(crate) fn close(self) {
        self.out.push(b'}');
    }

    /// Begins a member; the caller writes its value next.
    pub(crate) fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.push(b',');
        }
        write_text(key, self.tree.has_invalid_text(), self.out);
        self.out.push(b':');
        self.out
    }

    /// Writes a member of text.
    pub(crate) fn text(&mut self, key: &str, text: &str) {
        let invalid = self.tree.has_invalid_text();
        write_text(text, invalid, self.key(key));
    }

    /// Writes a member of text, unless it is empty.
    pub(crate) fn some_text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.text(key, text);
        }
    }

    /// Writes a member as the record has it, without parts under some keys. What is of the wrong kind there is told by
    /// whoever reads the event.
    pub(crate) fn node(&mut self, key: &str, node: Option<NodeId>, leave_out: &[&str]) {
        if let Some(node) = node {
            let tree = self.tree;
            tree.write_json(node, leave_out, self.key(key));
        }
    }

    /// Writes a member whose value is JSON already.
    pub(crate) fn raw(&mut self, key: &str, json: &str) {
        self.key(key).extend_from_slice(json.as_bytes());
    }

    /// Writes a member that is an object.
    pub(crate) fn object(&mut self, key: &str, members: impl FnOnce(&mut Self)) {
        self.key(key).push(b'{');
        members(self);
        self.out.push(b'}');
    }

    /// Writes a member that is a list of one text.
    pub(crate) fn list_of(&mut self, key: &str, text: &str) {
        let invalid = self.tree.has_invalid_text();
        let out = self.key(key);
        out.push(b'[');
        write_text(text, invalid, out);
        out.push(b']');
    }

    /// Writes `objectRef`.
    pub(crate) fn target(&mut self, target: &Target<'_>) {
        self.object("objectRef", |draft| {
            draft.some_text("resource", &target.resource);
            draft.some_text("namespace", &target.namespace);
            draft.some_text("name", &target.name);
            draft.some_text("apiGroup", &target.group);
            draft.some_text("apiVersion", &target.version);
            draft.some_text("subresource", &target.subresource);
        });
    }
}

/// Appends a piece of a path, escaped so that a reader finds the same text again and neither a query nor a fragment
/// begins where none was.
pub(crate) fn escape_path(path: &str, out: &mut String) {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte);
    if path.bytes().all(is_plain) {
        out.push_str(path);
        return;
    }
    for byte in path.bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = std::fmt::Write::write_fmt(out, format_args!("%{byte:02X}"));
        }
    }
}

/// Whether a token is `v1`, `v2beta1` and the like.
pub(crate) fn is_version(token: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    token.strip_prefix('v').is_some_and(|rest| {
        if !rest.starts_with(|first: char| first.is_ascii_digit()) {
            return false;
        }
        // Most have no stage, and to look for one takes longer.
        let stage = || rest.split_once("alpha").or_else(|| rest.split_once("beta"));
        number(rest) || stage().is_some_and(|(major, minor)| number(major) && number(minor))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of a path: group, version, resource, subresource, namespace, name.
    fn parts(uri: &str) -> Option<[String; 6]> {
        let target = Target::from_uri(uri)?;
        Some(
            [
                target.group,
                target.version,
                target.resource,
                target.subresource,
                target.namespace,
                target.name,
            ]
            .map(Cow::into_owned),
        )
    }

    #[test]
    fn reads_paths_as_the_api_server_does() {
        for (uri, expected) in [
            ("/api/v1/nodes", ["", "v1", "nodes", "", "", ""]),
            (
                "/api/v1/namespaces/x",
                ["", "v1", "namespaces", "", "x", "x"],
            ),
            (
                "/api/v1/namespaces/x/finalize",
                ["", "v1", "namespaces", "finalize", "x", "x"],
            ),
            (
                "/api/v1/namespaces/x/pods/y/exec?command=id",
                ["", "v1", "pods", "exec", "x", "y"],
            ),
            (
                "/apis/apps/v1/namespaces/x/deployments/d%2Fe/",
                ["apps", "v1", "deployments", "e", "x", "d"],
            ),
            ("/api/v1/watch/pods", ["", "v1", "pods", "", "", ""]),
            (
                "/api/v1/proxy/nodes/n/metrics",
                ["", "v1", "nodes", "", "", "n"],
            ),
            (
                "/apis/batch/v1/namespaces/x/jobs",
                ["batch", "v1", "jobs", "", "x", ""],
            ),
        ] {
            assert_eq!(parts(uri), Some(expected.map(str::to_owned)), "{uri}");
        }
        for uri in [
            "",
            "/",
            "/api",
            "/api/v1",
            "/apis/apps/v1",
            "/healthz/a/b/c",
        ] {
            assert_eq!(parts(uri), None, "{uri}");
        }
    }

    #[test]
    fn knows_versions() {
        for version in ["v1", "v10", "v1beta1", "v2alpha12"] {
            assert!(is_version(version), "{version}");
        }
        for other in ["", "v", "1", "vv1", "v1beta", "valpha1", "v1gamma1", "v1.2"] {
            assert!(!is_version(other), "{other}");
        }
    }

    #[test]
    fn escapes_what_would_change_a_path() {
        let mut out = String::new();
        escape_path("a/b:c?dryRun=All#x%y é", &mut out);
        assert_eq!(out, "a/b:c%3FdryRun=All%23x%25y%20%C3%A9");
        let mut back = String::new();
        percent_decode(&out, false, &mut back);
        assert_eq!(back, "a/b:c?dryRun=All#x%y é");
    }
}
