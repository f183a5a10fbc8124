//! The specification of a pod, but for its containers and volumes.

use super::container::{
    APP_ARMOR_PROFILE, CONTAINER, EPHEMERAL_CONTAINER, RESOURCE_REQUIREMENTS, SE_LINUX_OPTIONS,
    SECCOMP_PROFILE, WINDOWS_SECURITY_CONTEXT_OPTIONS,
};
use super::volume::{LOCAL_OBJECT_REFERENCE, VOLUME};

types! {
    AFFINITY "Affinity" {
        nodeAffinity {NODE_AFFINITY}, podAffinity {POD_AFFINITY}, podAntiAffinity {POD_ANTI_AFFINITY},
    }
    EVICTION_RESPONDER "EvictionResponder" {
        name Text, priority Number,
    }
    HOST_ALIAS "HostAlias" {
        hostnames [Text], ip Text,
    }
    LABEL_SELECTOR "LabelSelector" {
        matchExpressions [{LABEL_SELECTOR_REQUIREMENT}], matchLabels Map,
    }
    LABEL_SELECTOR_REQUIREMENT "LabelSelectorRequirement" {
        key Text, operator Text, values [Text],
    }
    NODE_AFFINITY "NodeAffinity" {
        preferredDuringSchedulingIgnoredDuringExecution [{PREFERRED_SCHEDULING_TERM}],
        requiredDuringSchedulingIgnoredDuringExecution {NODE_SELECTOR},
    }
    NODE_SELECTOR "NodeSelector" {
        nodeSelectorTerms [{NODE_SELECTOR_TERM}],
    }
    NODE_SELECTOR_REQUIREMENT "NodeSelectorRequirement" {
        key Text, operator Text, values [Text],
    }
    NODE_SELECTOR_TERM "NodeSelectorTerm" {
        matchExpressions [{NODE_SELECTOR_REQUIREMENT}], matchFields [{NODE_SELECTOR_REQUIREMENT}],
    }
    POD_AFFINITY "PodAffinity" {
        preferredDuringSchedulingIgnoredDuringExecution [{WEIGHTED_POD_AFFINITY_TERM}],
        requiredDuringSchedulingIgnoredDuringExecution [{POD_AFFINITY_TERM}],
    }
    POD_AFFINITY_TERM "PodAffinityTerm" {
        labelSelector {LABEL_SELECTOR}, matchLabelKeys [Text], mismatchLabelKeys [Text], namespaces [Text],
        namespaceSelector {LABEL_SELECTOR}, topologyKey Text,
    }
    POD_ANTI_AFFINITY "PodAntiAffinity" {
        preferredDuringSchedulingIgnoredDuringExecution [{WEIGHTED_POD_AFFINITY_TERM}],
        requiredDuringSchedulingIgnoredDuringExecution [{POD_AFFINITY_TERM}],
    }
    POD_DNS_CONFIG "PodDNSConfig" {
        nameservers [Text], options [{POD_DNS_CONFIG_OPTION}], searches [Text],
    }
    POD_DNS_CONFIG_OPTION "PodDNSConfigOption" {
        name Text, value Text,
    }
    POD_OS "PodOS" {
        name Text,
    }
    POD_READINESS_GATE "PodReadinessGate" {
        conditionType Text,
    }
    POD_RESOURCE_CLAIM "PodResourceClaim" {
        name Text, resourceClaimName Text, resourceClaimTemplateName Text,
    }
    POD_SCHEDULING_GATE "PodSchedulingGate" {
        name Text,
    }
    POD_SCHEDULING_GROUP "PodSchedulingGroup" {
        podGroupName Text,
    }
    POD_SECURITY_CONTEXT "PodSecurityContext" {
        appArmorProfile {APP_ARMOR_PROFILE}, fsGroup Number, fsGroupChangePolicy Text, runAsGroup Number,
        runAsNonRoot Bool, runAsUser Number, seccompProfile {SECCOMP_PROFILE}, seLinuxChangePolicy Text,
        seLinuxOptions {SE_LINUX_OPTIONS}, supplementalGroups [Number], supplementalGroupsPolicy Text,
        sysctls [{SYSCTL}], windowsOptions {WINDOWS_SECURITY_CONTEXT_OPTIONS},
    }
    POD_SPEC "PodSpec" {
        activeDeadlineSeconds Number, affinity {AFFINITY}, automountServiceAccountToken Bool,
        containers [{CONTAINER}], dnsConfig {POD_DNS_CONFIG}, dnsPolicy (~ "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"), enableServiceLinks Bool,
        ephemeralContainers [{EPHEMERAL_CONTAINER}], evictionResponders [{EVICTION_RESPONDER}],
        hostAliases [{HOST_ALIAS}], hostIPC Bool, hostname Text, hostnameOverride Text, hostNetwork Bool,
        hostPID Bool, hostUsers Bool, imagePullSecrets [{LOCAL_OBJECT_REFERENCE}], initContainers [{CONTAINER}],
        nodeName Text, nodeSelector Map, os {POD_OS}, overhead Map, preemptionPolicy (~ "Never", "PreemptLowerPriority"), priority Number,
        priorityClassName Text, readinessGates [{POD_READINESS_GATE}], resourceClaims [{POD_RESOURCE_CLAIM}],
        resources {RESOURCE_REQUIREMENTS}, restartPolicy (~ "Always", "Never", "OnFailure"), runtimeClassName Text, schedulerName Text,
        schedulingGates [{POD_SCHEDULING_GATE}], schedulingGroup {POD_SCHEDULING_GROUP},
        securityContext {POD_SECURITY_CONTEXT}, serviceAccount Text, serviceAccountName Text,
        setHostnameAsFQDN Bool, shareProcessNamespace Bool, subdomain Text,
        terminationGracePeriodSeconds Number, tolerations [{TOLERATION}],
        topologySpreadConstraints [{TOPOLOGY_SPREAD_CONSTRAINT}], volumes [{VOLUME}],
        workloadRef {WORKLOAD_REFERENCE},
    }
    PREFERRED_SCHEDULING_TERM "PreferredSchedulingTerm" {
        preference {NODE_SELECTOR_TERM}, weight Number,
    }
    SYSCTL "Sysctl" {
        name Text, value Text,
    }
    TOLERATION "Toleration" {
        effect (~ "NoExecute", "NoSchedule", "PreferNoSchedule"), key Text, operator (~ "Equal", "Exists"), tolerationSeconds Number, value Text,
    }
    TOPOLOGY_SPREAD_CONSTRAINT "TopologySpreadConstraint" {
        labelSelector {LABEL_SELECTOR}, matchLabelKeys [Text], maxSkew Number, minDomains Number,
        nodeAffinityPolicy Text, nodeTaintsPolicy Text, topologyKey Text, whenUnsatisfiable Text,
    }
    WEIGHTED_POD_AFFINITY_TERM "WeightedPodAffinityTerm" {
        podAffinityTerm {POD_AFFINITY_TERM}, weight Number,
    }
    WORKLOAD_REFERENCE "WorkloadReference" {
        name Text, podGroup Text, podGroupReplicaKey Text,
    }
}
