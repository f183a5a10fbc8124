//! OpenShift: events that its logging operator has flattened into records of its data model (`ViaQ`).
//!
//! Such a record has all members of the event, so it is read as one. But its `level` is the severity that collectors
//! give every audit record, `default`; the event's own is kept in `k8s_audit_level` or `openshift_audit_level`
//! (`cluster-logging-operator`, `docs/reference/datamodels/viaq`).

use std::borrow::Cow;
use std::sync::Arc;

use crate::event::{Event, Text};
use crate::limits::Limits;
use crate::read::SkipReason;
use crate::source::{Outer, Pieces, Provider, Read, Source};
use crate::tree::Tree;

const LEVELS: &[&str] = &["k8s_audit_level", "openshift_audit_level"];
/// What a collector writes over the level.
const SEVERITY: &str = "default";
/// Sources of the operator's audit log whose records are no events of an API server.
const NODE_SOURCES: &[&str] = &["auditd", "ovn"];

/// Names the records of other sources.
pub(crate) fn open(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    let node = outer
        .text(&["log_source"])
        .is_some_and(|source| NODE_SOURCES.contains(&source));
    // Before the data model named its sources, records of auditd were told by what was parsed out of them.
    let old = outer.text(&["log_type"]) == Some("audit") && outer.at(&["audit.linux"]).is_some();
    if node || old {
        pieces.skip(SkipReason::NodeLog);
    }
    node || old
}

/// Whether an attribute of a log record names such a source.
pub(crate) fn is_node_source(source: &str) -> bool {
    NODE_SOURCES.contains(&source)
}

/// Gives a flattened event its level back; where it came from, if it is one.
pub(crate) fn restore(event: &mut Event<'_>, limits: &Limits) -> Option<Arc<Source>> {
    // Nearly all events come from an API server and have no other members.
    if event.other.is_empty() {
        return None;
    }
    let has = |key: &str| event.other.iter().any(|(other, _)| other == key);
    let flattened = has("log_source") && LEVELS.iter().any(|level| has(level))
        || has("openshift") && has("log_type");
    if !flattened {
        return None;
    }
    let mut tree = Tree::default();
    let level = LEVELS
        .iter()
        .find_map(|level| text_of(event, &mut tree, level, &[], limits));
    set_level(event, level.as_deref());
    let cluster = text_of(event, &mut tree, "openshift", &["cluster_id"], limits);
    Some(Arc::new(Source {
        cluster,
        ..Source::from(Provider::OpenShift)
    }))
}

/// Sets the level in each reading of a record.
fn set_level(event: &mut Event<'_>, level: Option<&str>) {
    let set = |old: &mut Option<Text<'_>>| match level {
        Some(level) => *old = Some(Cow::Owned(level.to_owned())),
        // The severity is no level, and nothing says what the level was.
        None if old.as_deref() == Some(SEVERITY) => *old = None,
        None => {}
    };
    set(&mut event.level);
    for reading in &mut event.earlier {
        set(&mut reading.level);
    }
}

/// The text of a member that events do not have, or of a value below it.
fn text_of(
    event: &Event<'_>,
    tree: &mut Tree,
    key: &str,
    below: &[&str],
    limits: &Limits,
) -> Option<String> {
    let (_, body) = event.other.iter().rev().find(|(other, _)| other == key)?;
    tree.clear();
    let root = tree.parse(body.as_bytes(), limits).ok()?;
    let read = Read::default();
    let outer = Outer::new(tree, root, limits, &read);
    outer.text(below).map(str::to_owned)
}
