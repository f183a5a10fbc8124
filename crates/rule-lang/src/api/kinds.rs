//! Objects by the resource that they are of, as far as their top and their `spec`. Deeper parts are open where no rule has
//! much to ask.

use super::Type;
use super::meta::OBJECT_META;
use super::pod::{LABEL_SELECTOR, POD_SPEC};
use super::rbac::{POLICY_RULE, ROLE_REF, SUBJECT};

/// The type of the objects of a resource.
pub(crate) fn of_resource(plural: &str) -> Option<&'static Type> {
    let mut kinds = KINDS.iter();
    let found = kinds.find(|(known, _)| known.eq_ignore_ascii_case(plural));
    found.map(|(_, of)| *of)
}

/// Resources with the types of their objects.
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
];

/// What else stands at the top of bodies: of deletions, lists, answers to what failed, and operations of a JSON Patch.
pub(crate) static OTHER_BODIES: &[&str] = &[
    "code",
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
    "status",
    "value",
];

types! {
    OBJECT "Object" {
        apiVersion Text, kind Text, metadata {OBJECT_META},
    }
    BINDING "RoleBinding" of OBJECT {
        roleRef {ROLE_REF}, subjects [{SUBJECT}],
    }
    CERTIFICATE_SIGNING_REQUEST "CertificateSigningRequest" of OBJECT {
        spec {CERTIFICATE_SIGNING_REQUEST_SPEC}, status Open,
    }
    CERTIFICATE_SIGNING_REQUEST_SPEC "CertificateSigningRequestSpec" {
        expirationSeconds Number, extra Map, groups [Text], request Text, signerName Text, uid Text, usages [Text],
        username Text,
    }
    CLUSTER_ROLE "ClusterRole" of OBJECT {
        aggregationRule Open, rules [{POLICY_RULE}],
    }
    CONFIG_MAP "ConfigMap" of OBJECT {
        binaryData Map, data Map, immutable Bool,
    }
    CRON_JOB "CronJob" of OBJECT {
        spec {CRON_JOB_SPEC}, status Open,
    }
    CRON_JOB_SPEC "CronJobSpec" {
        concurrencyPolicy (~ "Allow", "Forbid", "Replace"), failedJobsHistoryLimit Number,
        jobTemplate {JOB_TEMPLATE_SPEC}, schedule Text, startingDeadlineSeconds Number,
        successfulJobsHistoryLimit Number, suspend Bool, timeZone Text,
    }
    DAEMON_SET "DaemonSet" of OBJECT {
        spec {DAEMON_SET_SPEC}, status Open,
    }
    DAEMON_SET_SPEC "DaemonSetSpec" {
        minReadySeconds Number, revisionHistoryLimit Number, selector {LABEL_SELECTOR},
        template {POD_TEMPLATE_SPEC}, templateGeneration Number, updateStrategy Open,
    }
    DEPLOYMENT "Deployment" of OBJECT {
        spec {DEPLOYMENT_SPEC}, status Open,
    }
    DEPLOYMENT_SPEC "DeploymentSpec" {
        minReadySeconds Number, paused Bool, progressDeadlineSeconds Number, replicas Number,
        revisionHistoryLimit Number, rollbackTo Open, selector {LABEL_SELECTOR}, strategy Open,
        template {POD_TEMPLATE_SPEC},
    }
    INGRESS "Ingress" of OBJECT {
        spec {INGRESS_SPEC}, status Open,
    }
    INGRESS_SPEC "IngressSpec" {
        backend Open, defaultBackend Open, ingressClassName Text, rules Open, tls Open,
    }
    JOB "Job" of OBJECT {
        spec {JOB_SPEC}, status Open,
    }
    JOB_SPEC "JobSpec" {
        activeDeadlineSeconds Number, backoffLimit Number, backoffLimitPerIndex Number,
        completionMode (~ "Indexed", "NonIndexed"), completions Number, managedBy Text, manualSelector Bool,
        maxFailedIndexes Number, parallelism Number, podFailurePolicy Open, podReplacementPolicy Text,
        selector {LABEL_SELECTOR}, successPolicy Open, suspend Bool, template {POD_TEMPLATE_SPEC},
        ttlSecondsAfterFinished Number,
    }
    JOB_TEMPLATE_SPEC "JobTemplateSpec" {
        metadata {OBJECT_META}, spec {JOB_SPEC},
    }
    NAMESPACE "Namespace" of OBJECT {
        spec {NAMESPACE_SPEC}, status Open,
    }
    NAMESPACE_SPEC "NamespaceSpec" {
        finalizers [Text],
    }
    NETWORK_POLICY "NetworkPolicy" of OBJECT {
        spec {NETWORK_POLICY_SPEC}, status Open,
    }
    NETWORK_POLICY_SPEC "NetworkPolicySpec" {
        egress Open, ingress Open, podSelector {LABEL_SELECTOR}, policyTypes [Text],
    }
    NODE "Node" of OBJECT {
        spec {NODE_SPEC}, status Open,
    }
    NODE_SPEC "NodeSpec" {
        configSource Open, externalID Text, podCIDR Text, podCIDRs [Text], providerID Text, taints [{TAINT}],
        unschedulable Bool,
    }
    PERSISTENT_VOLUME_CLAIM "PersistentVolumeClaim" of OBJECT {
        spec {PERSISTENT_VOLUME_CLAIM_SPEC}, status Open,
    }
    PERSISTENT_VOLUME_CLAIM_SPEC "PersistentVolumeClaimSpec" {
        accessModes [Text], dataSource Open, dataSourceRef Open, resources Open, selector {LABEL_SELECTOR},
        storageClassName Text, volumeAttributesClassName Text, volumeMode Text, volumeName Text,
    }
    POD "Pod" of OBJECT {
        spec {POD_SPEC}, status Open,
    }
    POD_TEMPLATE "PodTemplate" of OBJECT {
        template {POD_TEMPLATE_SPEC},
    }
    POD_TEMPLATE_SPEC "PodTemplateSpec" {
        metadata {OBJECT_META}, spec {POD_SPEC},
    }
    REPLICATION_CONTROLLER "ReplicationController" of OBJECT {
        spec {REPLICATION_CONTROLLER_SPEC}, status Open,
    }
    REPLICATION_CONTROLLER_SPEC "ReplicationControllerSpec" {
        minReadySeconds Number, replicas Number, selector Map, template {POD_TEMPLATE_SPEC},
    }
    REPLICA_SET "ReplicaSet" of OBJECT {
        spec {REPLICA_SET_SPEC}, status Open,
    }
    REPLICA_SET_SPEC "ReplicaSetSpec" {
        minReadySeconds Number, replicas Number, selector {LABEL_SELECTOR}, template {POD_TEMPLATE_SPEC},
    }
    ROLE "Role" of OBJECT {
        rules [{POLICY_RULE}],
    }
    SECRET "Secret" of OBJECT {
        data Map, immutable Bool, stringData Map, type Text,
    }
    SERVICE "Service" of OBJECT {
        spec {SERVICE_SPEC}, status Open,
    }
    SERVICE_ACCOUNT "ServiceAccount" of OBJECT {
        automountServiceAccountToken Bool, imagePullSecrets Open, secrets Open,
    }
    SERVICE_SPEC "ServiceSpec" {
        allocateLoadBalancerNodePorts Bool, clusterIP Text, clusterIPs [Text], externalIPs [Text],
        externalName Text, externalTrafficPolicy (~ "Cluster", "Local"), healthCheckNodePort Number,
        internalTrafficPolicy (~ "Cluster", "Local"), ipFamilies [Text], ipFamilyPolicy Text,
        loadBalancerClass Text, loadBalancerIP Text, loadBalancerSourceRanges [Text], ports [{SERVICE_PORT}],
        publishNotReadyAddresses Bool, selector Map, sessionAffinity (~ "ClientIP", "None"),
        sessionAffinityConfig Open, topologyKeys [Text], trafficDistribution Text,
        type (~ "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
    }
    SERVICE_PORT "ServicePort" {
        appProtocol Text, name Text, nodePort Number, port Number, protocol (~ "TCP", "UDP", "SCTP"),
        targetPort Scalar,
    }
    STATEFUL_SET "StatefulSet" of OBJECT {
        spec {STATEFUL_SET_SPEC}, status Open,
    }
    STATEFUL_SET_SPEC "StatefulSetSpec" {
        minReadySeconds Number, ordinals Open, persistentVolumeClaimRetentionPolicy Open,
        podManagementPolicy (~ "OrderedReady", "Parallel"), replicas Number, revisionHistoryLimit Number,
        selector {LABEL_SELECTOR}, serviceName Text, template {POD_TEMPLATE_SPEC}, updateStrategy Open,
        volumeClaimTemplates Open,
    }
    TAINT "Taint" {
        effect (~ "NoExecute", "NoSchedule", "PreferNoSchedule"), key Text, timeAdded Text, value Text,
    }
    WEBHOOK "Webhook" {
        admissionReviewVersions [Text], clientConfig {WEBHOOK_CLIENT_CONFIG},
        failurePolicy (~ "Fail", "Ignore"), matchConditions Open, matchPolicy (~ "Equivalent", "Exact"), name Text,
        namespaceSelector {LABEL_SELECTOR}, objectSelector {LABEL_SELECTOR},
        reinvocationPolicy (~ "IfNeeded", "Never"), rules [{WEBHOOK_RULE}], sideEffects Text,
        timeoutSeconds Number,
    }
    WEBHOOK_CLIENT_CONFIG "WebhookClientConfig" {
        caBundle Text, service Open, url Text,
    }
    WEBHOOK_CONFIGURATION "WebhookConfiguration" of OBJECT {
        webhooks [{WEBHOOK}],
    }
    WEBHOOK_RULE "RuleWithOperations" {
        apiGroups [Text], apiVersions [Text], operations [Text], resources [Text], scope Text,
    }
}
