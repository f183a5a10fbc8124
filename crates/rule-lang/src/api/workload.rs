//! Pods and what makes them.

use super::meta::{CONDITION, OBJECT, OBJECT_META, OBJECT_REFERENCE};
use super::pod::{LABEL_SELECTOR, POD_SPEC};
use super::storage::PERSISTENT_VOLUME_CLAIM;

types! {
    CONTAINER_STATUS "ContainerStatus" {
        allocatedResources Map, allocatedResourcesStatus Open, containerID Text, image Text, imageID Text,
        lastState Open, name Text, ready Bool, resources Open, restartCount Number, started Bool, state Open,
        stopSignal Text, user Open, volumeMounts Open,
    }
    CRON_JOB "CronJob" of OBJECT {
        spec {CRON_JOB_SPEC}, status {CRON_JOB_STATUS},
    }
    CRON_JOB_SPEC "CronJobSpec" {
        concurrencyPolicy (~ "Allow", "Forbid", "Replace"), failedJobsHistoryLimit Number,
        jobTemplate {JOB_TEMPLATE_SPEC}, schedule Text, startingDeadlineSeconds Number,
        successfulJobsHistoryLimit Number, suspend Bool, timeZone Text,
    }
    CRON_JOB_STATUS "CronJobStatus" {
        active [{OBJECT_REFERENCE}], lastScheduleTime Text, lastSuccessfulTime Text,
    }
    DAEMON_SET "DaemonSet" of OBJECT {
        spec {DAEMON_SET_SPEC}, status {DAEMON_SET_STATUS},
    }
    DAEMON_SET_SPEC "DaemonSetSpec" {
        minReadySeconds Number, revisionHistoryLimit Number, selector {LABEL_SELECTOR},
        template {POD_TEMPLATE_SPEC}, templateGeneration Number, updateStrategy {UPDATE_STRATEGY},
    }
    DAEMON_SET_STATUS "DaemonSetStatus" {
        collisionCount Number, conditions [{CONDITION}], currentNumberScheduled Number,
        desiredNumberScheduled Number, numberAvailable Number, numberMisscheduled Number, numberReady Number,
        numberUnavailable Number, observedGeneration Number, updatedNumberScheduled Number,
    }
    DEPLOYMENT "Deployment" of OBJECT {
        spec {DEPLOYMENT_SPEC}, status {DEPLOYMENT_STATUS},
    }
    DEPLOYMENT_SPEC "DeploymentSpec" {
        minReadySeconds Number, paused Bool, progressDeadlineSeconds Number, replicas Number,
        revisionHistoryLimit Number, rollbackTo Open, selector {LABEL_SELECTOR}, strategy {UPDATE_STRATEGY},
        template {POD_TEMPLATE_SPEC},
    }
    DEPLOYMENT_STATUS "DeploymentStatus" {
        availableReplicas Number, collisionCount Number, conditions [{CONDITION}], observedGeneration Number,
        readyReplicas Number, replicas Number, terminatingReplicas Number, unavailableReplicas Number,
        updatedReplicas Number,
    }
    JOB "Job" of OBJECT {
        spec {JOB_SPEC}, status {JOB_STATUS},
    }
    JOB_SPEC "JobSpec" {
        activeDeadlineSeconds Number, backoffLimit Number, backoffLimitPerIndex Number,
        completionMode (~ "Indexed", "NonIndexed"), completions Number, managedBy Text, manualSelector Bool,
        maxFailedIndexes Number, parallelism Number, podFailurePolicy Open, podReplacementPolicy Text,
        scheduling Open, selector {LABEL_SELECTOR}, successPolicy Open, suspend Bool, template {POD_TEMPLATE_SPEC},
        ttlSecondsAfterFinished Number,
    }
    JOB_TEMPLATE_SPEC "JobTemplateSpec" {
        metadata {OBJECT_META}, spec {JOB_SPEC},
    }
    JOB_STATUS "JobStatus" {
        active Number, completedIndexes Text, completionTime Text, conditions [{CONDITION}], failed Number,
        failedIndexes Text, ready Number, startTime Text, succeeded Number, terminating Number,
        uncountedTerminatedPods Open,
    }
    POD "Pod" of OBJECT {
        spec {POD_SPEC}, status {POD_STATUS},
    }
    POD_STATUS "PodStatus" {
        allocatedResources Map, conditions [{CONDITION}], containerStatuses [{CONTAINER_STATUS}],
        ephemeralContainerStatuses [{CONTAINER_STATUS}], extendedResourceClaimStatus Open, hostIP Text,
        hostIPs Open, initContainerStatuses [{CONTAINER_STATUS}], message Text,
        nodeAllocatableResourceClaimStatuses Open, nominatedNodeName Text, observedGeneration Number, phase (~ "Failed", "Pending", "Running", "Succeeded", "Unknown"),
        podIP Text, podIPs Open, qosClass (~ "BestEffort", "Burstable", "Guaranteed"), reason Text, resize Text,
        resourceClaimStatuses Open, resources Open, startTime Text, volumeHealth Open,
    }
    POD_TEMPLATE "PodTemplate" of OBJECT {
        template {POD_TEMPLATE_SPEC},
    }
    POD_TEMPLATE_SPEC "PodTemplateSpec" {
        metadata {OBJECT_META}, spec {POD_SPEC},
    }
    REPLICATION_CONTROLLER "ReplicationController" of OBJECT {
        spec {REPLICATION_CONTROLLER_SPEC}, status {REPLICATION_CONTROLLER_STATUS},
    }
    REPLICATION_CONTROLLER_SPEC "ReplicationControllerSpec" {
        minReadySeconds Number, replicas Number, selector Map, template {POD_TEMPLATE_SPEC},
    }
    REPLICATION_CONTROLLER_STATUS "ReplicationControllerStatus" {
        availableReplicas Number, conditions [{CONDITION}], fullyLabeledReplicas Number,
        observedGeneration Number, readyReplicas Number, replicas Number,
    }
    REPLICA_SET "ReplicaSet" of OBJECT {
        spec {REPLICA_SET_SPEC}, status {REPLICA_SET_STATUS},
    }
    REPLICA_SET_SPEC "ReplicaSetSpec" {
        minReadySeconds Number, replicas Number, selector {LABEL_SELECTOR}, template {POD_TEMPLATE_SPEC},
    }
    REPLICA_SET_STATUS "ReplicaSetStatus" {
        availableReplicas Number, conditions [{CONDITION}], fullyLabeledReplicas Number,
        observedGeneration Number, readyReplicas Number, replicas Number, terminatingReplicas Number,
    }
    STATEFUL_SET "StatefulSet" of OBJECT {
        spec {STATEFUL_SET_SPEC}, status {STATEFUL_SET_STATUS},
    }
    STATEFUL_SET_SPEC "StatefulSetSpec" {
        minReadySeconds Number, ordinals Open, persistentVolumeClaimRetentionPolicy Open,
        podManagementPolicy (~ "OrderedReady", "Parallel"), replicas Number, revisionHistoryLimit Number,
        selector {LABEL_SELECTOR}, serviceName Text, template {POD_TEMPLATE_SPEC}, updateStrategy {UPDATE_STRATEGY},
        volumeClaimTemplates [{PERSISTENT_VOLUME_CLAIM}],
    }
    STATEFUL_SET_STATUS "StatefulSetStatus" {
        availableReplicas Number, collisionCount Number, conditions [{CONDITION}], currentReplicas Number,
        currentRevision Text, observedGeneration Number, readyReplicas Number, replicas Number,
        updateRevision Text, updatedReplicas Number,
    }
    UPDATE_STRATEGY "UpdateStrategy" {
        rollingUpdate Open, type (~ "OnDelete", "Recreate", "RollingUpdate"),
    }
}
