//! Records that are known and no audit events: they are named, and never searched for one.

use crate::read::SkipReason;
use crate::source::{Outer, Pieces};
use crate::tree::NodeId;

/// Objects of the Kubernetes API that stand in logs by themselves.
pub(crate) fn object(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    let reason = match outer.text(&["kind"]) {
        // `core/v1` and `events.k8s.io/v1` share the kind with audit events.
        Some("Event")
            if ["involvedObject", "regarding"]
                .iter()
                .any(|key| outer.at(&[key]).is_some()) =>
        {
            SkipReason::ClusterEvent
        }
        Some("AdmissionReview") => SkipReason::AdmissionReview,
        _ => return false,
    };
    pieces.skip(reason);
    true
}

/// Records of a cloud's own API: `CloudTrail`, Azure's activity log, Cloud Audit Logs of other services.
pub(crate) fn cloud(outer: &Outer<'_>, pieces: &mut Pieces<'_>) -> bool {
    let known = cloud_trail(outer, outer.root)
        || outer
            .at(&["detail"])
            .is_some_and(|detail| cloud_trail(outer, detail))
        || azure_activity(outer)
        || google(outer);
    if known {
        pieces.skip(SkipReason::ControlPlane);
    }
    known
}

/// A `CloudTrail` record, as in its files, or as `EventBridge` hands it out in `detail`.
fn cloud_trail(outer: &Outer<'_>, record: NodeId) -> bool {
    outer
        .text_below(record, &["eventSource"])
        .is_some_and(|source| source.ends_with(".amazonaws.com"))
        && outer.text_below(record, &["eventName"]).is_some()
}

/// A record of Azure Resource Manager: `operationName` is text, or an object with a name for people.
fn azure_activity(outer: &Outer<'_>) -> bool {
    let operation = outer
        .text(&["operationName"])
        .or_else(|| outer.text(&["operationName", "value"]))
        .or_else(|| outer.text(&["OperationNameValue"]));
    operation.is_some_and(|operation| {
        operation
            .get(..10)
            .is_some_and(|start| start.eq_ignore_ascii_case("microsoft."))
    }) && outer.at(&["properties", "log"]).is_none()
}

/// A log entry of Google Cloud that is of no Kubernetes API server.
fn google(outer: &Outer<'_>) -> bool {
    let resource = outer.text(&["resource", "type"]);
    let control_plane = matches!(
        resource,
        Some("gke_cluster" | "gke_nodepool" | "k8s_control_plane_component")
    );
    let audit = outer
        .text(&["protoPayload", "@type"])
        .is_some_and(|kind| kind.ends_with("AuditLog"));
    let other = outer
        .text(&["protoPayload", "serviceName"])
        .is_some_and(|service| service != "k8s.io");
    (control_plane && outer.at(&["logName"]).is_some()) || (audit && other)
}
