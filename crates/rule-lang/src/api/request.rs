//! What is posted to be answered, and the bodies of subresources.

use super::meta::{OBJECT, OBJECT_REFERENCE};

types! {
    DELETE_OPTIONS "DeleteOptions" {
        apiVersion Text, dryRun [Text], gracePeriodSeconds Number,
        ignoreStoreReadErrorWithClusterBreakingPotential Bool, kind Text, orphanDependents Bool,
        preconditions {PRECONDITIONS}, propagationPolicy (~ "Background", "Foreground", "Orphan"),
    }
    EVICTION "Eviction" of OBJECT {
        deleteOptions Open,
    }
    NON_RESOURCE_ATTRIBUTES "NonResourceAttributes" {
        path Text, verb Text,
    }
    POD_BINDING "Binding" of OBJECT {
        target {OBJECT_REFERENCE},
    }
    PRECONDITIONS "Preconditions" {
        resourceVersion Text, uid Text,
    }
    RESOURCE_ATTRIBUTES "ResourceAttributes" {
        fieldSelector Open, group Text, labelSelector Open, name Text, namespace Text, resource Text,
        subresource Text, verb Text, version Text,
    }
    SCALE "Scale" of OBJECT {
        spec {SCALE_SPEC}, status {SCALE_STATUS},
    }
    SCALE_SPEC "ScaleSpec" {
        replicas Number,
    }
    SCALE_STATUS "ScaleStatus" {
        replicas Number, selector Open, targetSelector Text,
    }
    SUBJECT_ACCESS_REVIEW "SubjectAccessReview" of OBJECT {
        spec {SUBJECT_ACCESS_REVIEW_SPEC}, status {SUBJECT_ACCESS_REVIEW_STATUS},
    }
    SUBJECT_ACCESS_REVIEW_SPEC "SubjectAccessReviewSpec" {
        extra Map, group [Text], groups [Text], nonResourceAttributes {NON_RESOURCE_ATTRIBUTES},
        resourceAttributes {RESOURCE_ATTRIBUTES}, uid Text, user Text,
    }
    SUBJECT_ACCESS_REVIEW_STATUS "SubjectAccessReviewStatus" {
        allowed Bool, denied Bool, evaluationError Text, reason Text,
    }
    TOKEN_REQUEST "TokenRequest" of OBJECT {
        spec {TOKEN_REQUEST_SPEC}, status {TOKEN_REQUEST_STATUS},
    }
    TOKEN_REQUEST_SPEC "TokenRequestSpec" {
        attestations Map, audiences [Text], boundObjectRef {OBJECT_REFERENCE}, expirationSeconds Number,
    }
    TOKEN_REQUEST_STATUS "TokenRequestStatus" {
        expirationTimestamp Text, token Text,
    }
    TOKEN_REVIEW "TokenReview" of OBJECT {
        spec {TOKEN_REVIEW_SPEC}, status {TOKEN_REVIEW_STATUS},
    }
    TOKEN_REVIEW_SPEC "TokenReviewSpec" {
        audiences [Text], token Text,
    }
    TOKEN_REVIEW_STATUS "TokenReviewStatus" {
        audiences [Text], authenticated Bool, error Text, user Open,
    }
}
