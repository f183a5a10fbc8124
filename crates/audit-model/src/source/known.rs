//! Records that are known and no audit events: they are named, and never searched for one.

use crate::read::SkipReason;
use crate::source::{Outer, Pieces};

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
