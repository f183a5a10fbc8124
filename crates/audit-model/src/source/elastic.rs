//! Elastic: events as documents of its Kubernetes integration, nested under `kubernetes.audit` or with dotted keys.
//!
//! The integration copies the event, writes `_` for `.` in annotation keys, and drops empty values and the metadata
//! of bodies; the text itself survives where `event.original` is kept (`elastic/integrations`,
//! `packages/kubernetes/data_stream/audit_logs`).

use std::collections::BTreeMap;

use crate::scan::skip_leniently;
use crate::source::{Form, Outer, Pieces, Provider, Source, line};
use crate::tree::{Kind, NodeId};
use crate::write::write_text;

const FLAT: &str = "kubernetes.audit.";
/// Deepest nesting that dotted keys make; what is deeper stays one key.
const MAX_LEVELS: usize = 32;
/// Members of an event below which keys have dots of their own.
const MAPS: &[&[&str]] = &[
    &["annotations"],
    &["user", "extra"],
    &["impersonatedUser", "extra"],
];
/// Members that are lists even where a search hands every field out as one.
const LISTS: &[&[&str]] = &[
    &["sourceIPs"],
    &["user", "groups"],
    &["impersonatedUser", "groups"],
];
/// The domains of the annotation keys that the API server writes.
const DOMAINS: &[&str] = &[
    "apiserver.k8s.io",
    "apiserver.latency.k8s.io",
    "audit.k8s.io",
    "authentication.k8s.io",
    "authentication.kubernetes.io",
    "authentication.openshift.io",
    "authorization.k8s.io",
    "failed-open.mutation.webhook.admission.k8s.io",
    "failed-open.validating.webhook.admission.k8s.io",
    "imagepolicywebhook.image-policy.k8s.io",
    "insecure-sha1.invalid-cert.kubernetes.io",
    "k8s.io",
    "missing-san.invalid-cert.kubernetes.io",
    "mutation.webhook.admission.k8s.io",
    "patch.webhook.admission.k8s.io",
    "pod-security.kubernetes.io",
    "podsecuritypolicy.admission.k8s.io",
    "validation.policy.admission.k8s.io",
];

pub(crate) fn open(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    let nested = outer
        .at(&["kubernetes", "audit"])
        .or_else(|| outer.at(&["kubernetes.audit"]))
        .filter(|node| outer.kind(*node) == Kind::Object);
    // A search that asks for fields hands them out below `fields`, each as a list.
    let fields = [Some(outer.root), outer.at(&["fields"])]
        .into_iter()
        .flatten()
        .find(|node| is_flat(outer, *node));
    if nested.is_none() && fields.is_none() {
        return false;
    }
    pieces.set_source(Source::from(Provider::Elastic));
    let original = outer
        .text(&["event", "original"])
        .or_else(|| outer.text(&["event.original"]))
        .filter(|text| is_whole_event(text));
    match (original, nested, fields) {
        (Some(text), ..) => pieces.text(text),
        (None, Some(audit), _) => pieces.write(Form::Text, |out| copy(outer, audit, out)),
        (None, None, Some(fields)) => {
            let mut event = Members::default();
            for node in outer.children(fields) {
                let key = outer.key(node).and_then(|key| key.strip_prefix(FLAT));
                if let Some(key) = key {
                    event.set(key, node);
                }
            }
            pieces.write(Form::Text, |out| event.write(outer, &mut Vec::new(), out));
        }
        (None, None, None) => return false,
    }
    true
}

fn is_flat(outer: &Outer<'_>, node: NodeId) -> bool {
    outer.kind(node) == Kind::Object
        && ["kubernetes.audit.auditID", "kubernetes.audit.verb"]
            .iter()
            .any(|key| outer.below(node, &[key]).is_some())
}

fn is_whole_event(text: &str) -> bool {
    let text = text.trim().as_bytes();
    text.starts_with(b"{") && line::says_audit(text) && skip_leniently(text, 0) == Ok(text.len())
}

/// Writes a nested event with the annotation keys of the API server.
fn copy(outer: &Outer<'_>, audit: NodeId, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, member) in outer.children(audit).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let key = outer.key(member).unwrap_or_default();
        write_key(key, out);
        if key != "annotations" || outer.kind(member) != Kind::Object {
            outer.write_json(member, out);
            continue;
        }
        out.push(b'{');
        for (at, annotation) in outer.children(member).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let key = outer.key(annotation).unwrap_or_default();
            write_key(&annotation_key(key), out);
            outer.write_json(annotation, out);
        }
        out.push(b'}');
    }
    out.push(b'}');
}

/// The key that an annotation had; unchanged where the domain is none of the API server's.
fn annotation_key(key: &str) -> String {
    let Some((domain, name)) = key.split_once('/') else {
        return key.to_owned();
    };
    let known = DOMAINS
        .iter()
        .find(|known| known.replace('.', "_") == domain);
    format!("{}/{name}", known.unwrap_or(&domain))
}

fn write_key(key: &str, out: &mut Vec<u8>) {
    write_text(key, false, out);
    out.push(b':');
}

/// The members of an object that dotted keys describe.
#[derive(Default)]
struct Members<'o> {
    value: Option<NodeId>,
    members: BTreeMap<&'o str, Members<'o>>,
}

impl<'o> Members<'o> {
    fn set(&mut self, key: &'o str, value: NodeId) {
        let mut at = self;
        let mut path: Vec<&str> = Vec::new();
        let mut rest = key;
        loop {
            let whole = MAPS.contains(&path.as_slice()) || path.len() >= MAX_LEVELS;
            let (name, more) = match rest.split_once('.') {
                Some((name, more)) if !whole => (name, Some(more)),
                _ => (rest, None),
            };
            at = at.members.entry(name).or_default();
            path.push(name);
            match more {
                Some(more) => rest = more,
                None => break,
            }
        }
        at.value = Some(value);
    }

    /// Writes the object. It nests no deeper than [`MAX_LEVELS`], so it may call itself.
    fn write(&self, outer: &Outer<'_>, path: &mut Vec<&'o str>, out: &mut Vec<u8>) {
        if self.members.is_empty()
            && let Some(value) = self.value
        {
            let mut only = outer.children(value);
            let single = outer.kind(value) == Kind::List && !is_list(path);
            match (single, only.next(), only.next()) {
                (true, Some(member), None) => outer.write_json(member, out),
                _ => outer.write_json(value, out),
            }
            return;
        }
        out.push(b'{');
        for (at, (name, member)) in self.members.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            if path.as_slice() == ["annotations"] {
                write_key(&annotation_key(name), out);
            } else {
                write_key(name, out);
            }
            path.push(name);
            member.write(outer, path, out);
            path.pop();
        }
        out.push(b'}');
    }
}

/// Whether a member of an event is a list. In bodies nobody knows, and they stay as they are.
fn is_list(path: &[&str]) -> bool {
    LISTS.contains(&path)
        || path.get(1) == Some(&"extra")
        || matches!(path.first(), Some(&"requestObject" | &"responseObject"))
}
