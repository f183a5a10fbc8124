//! Objects by the resource that they are of. Parts are open where no rule has much to ask, or where it is not certain what
//! they have.

use super::Type;
use super::admission::WEBHOOK_CONFIGURATION;
use super::cluster::{
    API_SERVICE, BINDING, CERTIFICATE_SIGNING_REQUEST, CLUSTER_ROLE, CONFIG_MAP, NAMESPACE, NODE,
    PRIORITY_CLASS, RESOURCE_QUOTA, ROLE, SECRET, SERVICE_ACCOUNT,
};
use super::network::{INGRESS, INGRESS_CLASS, NETWORK_POLICY, SERVICE};
use super::request::{
    DELETE_OPTIONS, EVICTION, POD_BINDING, SCALE, SUBJECT_ACCESS_REVIEW, TOKEN_REQUEST,
    TOKEN_REVIEW,
};
use super::storage::{PERSISTENT_VOLUME_CLAIM, STORAGE_CLASS, VOLUME_ATTACHMENT};
use super::workload::{
    CRON_JOB, DAEMON_SET, DEPLOYMENT, JOB, POD, POD_TEMPLATE, REPLICA_SET, REPLICATION_CONTROLLER,
    STATEFUL_SET,
};

/// The type of the objects of a resource.
pub(crate) fn of_resource(plural: &str) -> Option<&'static Type> {
    let mut kinds = KINDS.iter();
    let found = kinds.find(|(known, _)| known.eq_ignore_ascii_case(plural));
    found.map(|(_, of)| *of)
}

/// Resources with the types of their objects, as Kubernetes has them from 1.33 to 1.37.
pub(crate) static KINDS: &[(&str, &Type)] = &[
    ("pods", &POD),
    ("deployments", &DEPLOYMENT),
    ("daemonsets", &DAEMON_SET),
    ("statefulsets", &STATEFUL_SET),
    ("replicasets", &REPLICA_SET),
    ("replicationcontrollers", &REPLICATION_CONTROLLER),
    ("jobs", &JOB),
    ("cronjobs", &CRON_JOB),
    ("podtemplates", &POD_TEMPLATE),
    ("services", &SERVICE),
    ("serviceaccounts", &SERVICE_ACCOUNT),
    ("secrets", &SECRET),
    ("configmaps", &CONFIG_MAP),
    ("namespaces", &NAMESPACE),
    ("nodes", &NODE),
    ("persistentvolumeclaims", &PERSISTENT_VOLUME_CLAIM),
    ("roles", &ROLE),
    ("clusterroles", &CLUSTER_ROLE),
    ("rolebindings", &BINDING),
    ("clusterrolebindings", &BINDING),
    ("validatingwebhookconfigurations", &WEBHOOK_CONFIGURATION),
    ("mutatingwebhookconfigurations", &WEBHOOK_CONFIGURATION),
    ("certificatesigningrequests", &CERTIFICATE_SIGNING_REQUEST),
    ("networkpolicies", &NETWORK_POLICY),
    ("ingresses", &INGRESS),
    ("ingressclasses", &INGRESS_CLASS),
    ("apiservices", &API_SERVICE),
    ("priorityclasses", &PRIORITY_CLASS),
    ("resourcequotas", &RESOURCE_QUOTA),
    ("storageclasses", &STORAGE_CLASS),
    ("volumeattachments", &VOLUME_ATTACHMENT),
    ("tokenreviews", &TOKEN_REVIEW),
    ("localsubjectaccessreviews", &SUBJECT_ACCESS_REVIEW),
    ("selfsubjectaccessreviews", &SUBJECT_ACCESS_REVIEW),
    ("subjectaccessreviews", &SUBJECT_ACCESS_REVIEW),
];

/// The type of the bodies of a subresource, where that is not the object itself.
pub(crate) fn of_subresource(resource: &str, subresource: &str) -> Option<&'static Type> {
    let is = |name: &str| subresource.eq_ignore_ascii_case(name);
    let of = |name: &str| resource.eq_ignore_ascii_case(name);
    if is("scale") {
        Some(&SCALE)
    } else if is("eviction") && of("pods") {
        Some(&EVICTION)
    } else if is("binding") && of("pods") {
        Some(&POD_BINDING)
    } else if is("token") && of("serviceaccounts") {
        Some(&TOKEN_REQUEST)
    } else {
        None
    }
}

/// The type of what is sent to delete something.
pub(crate) fn of_deletion() -> &'static Type {
    &DELETE_OPTIONS
}

/// What else stands at the top of bodies: of deletions, lists and tables, answers to what failed, and operations of a JSON
/// Patch.
pub(crate) static OTHER_BODIES: &[&str] = &[
    // What GKE says of the type.
    "@type",
    "code",
    "columnDefinitions",
    "details",
    "dryRun",
    "from",
    "gracePeriodSeconds",
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    "items",
    "message",
    "op",
    "orphanDependents",
    "path",
    "preconditions",
    "propagationPolicy",
    "reason",
    "rows",
    "status",
    "value",
];
