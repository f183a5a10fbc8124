//! Why records are passed over, and how many are.

use std::fmt;

/// Why a record is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// It is sound and something else than an audit event.
    NotAuditEvent,
    /// It is a list without items.
    EmptyList,
    /// It is of another component of the control plane, or of the cloud's own API.
    ControlPlane,
    /// It is a message by which a pipeline looks after itself.
    ControlMessage,
    /// It is an Event of a cluster (`core/v1`, `events.k8s.io/v1`), which shares the kind with audit events.
    ClusterEvent,
    /// It is what the API server asks an admission webhook, or is answered.
    AdmissionReview,
    /// It is of a node's own audit log, or of its network.
    NodeLog,
}

impl SkipReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::NotAuditEvent,
        Self::EmptyList,
        Self::ControlPlane,
        Self::ControlMessage,
        Self::ClusterEvent,
        Self::AdmissionReview,
        Self::NodeLog,
    ];
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAuditEvent => "not an audit event",
            Self::EmptyList => "empty list",
            Self::ControlPlane => "of another component of the control plane",
            Self::ControlMessage => "control message of a pipeline",
            Self::ClusterEvent => "an Event of the cluster",
            Self::AdmissionReview => "a review of an admission webhook",
            Self::NodeLog => "of a node's own log",
        })
    }
}

/// How many records were passed over for each reason, in the order of [`SkipReason::ALL`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally([u64; SkipReason::ALL.len()]);

impl Tally {
    pub(crate) fn add(&mut self, reason: SkipReason) {
        let at = SkipReason::ALL.iter().position(|other| *other == reason);
        if let Some(count) = at.and_then(|at| self.0.get_mut(at)) {
            *count += 1;
        }
    }

    /// The reasons that occurred.
    pub(crate) fn counts(self) -> impl Iterator<Item = (SkipReason, u64)> {
        SkipReason::ALL
            .into_iter()
            .zip(self.0)
            .filter(|(_, count)| *count > 0)
    }
}
