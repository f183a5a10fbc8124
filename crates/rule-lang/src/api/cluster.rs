//! Roles, identities, nodes and what is of the whole cluster.

use super::admission::SERVICE_REFERENCE;
use super::meta::{CONDITION, OBJECT, OBJECT_REFERENCE};
use super::pod::LABEL_SELECTOR;
use super::rbac::{POLICY_RULE, ROLE_REF, SUBJECT};
use super::volume::LOCAL_OBJECT_REFERENCE;

types! {
    AGGREGATION_RULE "AggregationRule" {
        clusterRoleSelectors [{LABEL_SELECTOR}],
    }
    API_SERVICE "APIService" of OBJECT {
        spec {API_SERVICE_SPEC}, status Open,
    }
    API_SERVICE_SPEC "APIServiceSpec" {
        caBundle Text, group Text, groupPriorityMinimum Number, insecureSkipTLSVerify Bool,
        service {SERVICE_REFERENCE}, version Text, versionPriority Number,
    }
    BINDING "RoleBinding" of OBJECT {
        roleRef {ROLE_REF}, subjects [{SUBJECT}],
    }
    CERTIFICATE_SIGNING_REQUEST "CertificateSigningRequest" of OBJECT {
        spec {CERTIFICATE_SIGNING_REQUEST_SPEC}, status {CERTIFICATE_SIGNING_REQUEST_STATUS},
    }
    CERTIFICATE_SIGNING_REQUEST_SPEC "CertificateSigningRequestSpec" {
        expirationSeconds Number, extra Map, groups [Text], request Text, signerName Text, uid Text, usages [Text],
        username Text,
    }
    CERTIFICATE_SIGNING_REQUEST_STATUS "CertificateSigningRequestStatus" {
        certificate Text, conditions [{CONDITION}],
    }
    CLUSTER_ROLE "ClusterRole" of OBJECT {
        aggregationRule {AGGREGATION_RULE}, rules [{POLICY_RULE}],
    }
    CONFIG_MAP "ConfigMap" of OBJECT {
        binaryData Map, data Map, immutable Bool,
    }
    NAMESPACE "Namespace" of OBJECT {
        spec {NAMESPACE_SPEC}, status {NAMESPACE_STATUS},
    }
    NAMESPACE_SPEC "NamespaceSpec" {
        finalizers [Text],
    }
    NAMESPACE_STATUS "NamespaceStatus" {
        conditions [{CONDITION}], phase (~ "Active", "Terminating"),
    }
    NODE "Node" of OBJECT {
        spec {NODE_SPEC}, status {NODE_STATUS},
    }
    NODE_SPEC "NodeSpec" {
        configSource Open, externalID Text, podCIDR Text, podCIDRs [Text], podPreemptionPolicy Open,
        providerID Text, taints [{TAINT}],
        unschedulable Bool,
    }
    NODE_STATUS "NodeStatus" {
        addresses Open, allocatable Map, capacity Map, conditions [{CONDITION}], config Open,
        daemonEndpoints Open, declaredFeatures [Text], features Open, images Open, nodeInfo Open, phase Text,
        runtimeHandlers Open, volumesAttached Open, volumesInUse [Text],
    }
    PRIORITY_CLASS "PriorityClass" of OBJECT {
        description Text, globalDefault Bool, preemptionPolicy (~ "Never", "PreemptLowerPriority"), value Number,
    }
    RESOURCE_QUOTA "ResourceQuota" of OBJECT {
        spec {RESOURCE_QUOTA_SPEC}, status Open,
    }
    RESOURCE_QUOTA_SPEC "ResourceQuotaSpec" {
        hard Map, scopeSelector Open, scopes [Text],
    }
    ROLE "Role" of OBJECT {
        rules [{POLICY_RULE}],
    }
    SECRET "Secret" of OBJECT {
        data Map, immutable Bool, stringData Map, type Text,
    }
    SERVICE_ACCOUNT "ServiceAccount" of OBJECT {
        automountServiceAccountToken Bool, imagePullSecrets [{LOCAL_OBJECT_REFERENCE}], secrets [{OBJECT_REFERENCE}],
    }
    TAINT "Taint" {
        effect (~ "NoExecute", "NoSchedule", "PreferNoSchedule"), key Text, timeAdded Text, value Text,
    }
}
