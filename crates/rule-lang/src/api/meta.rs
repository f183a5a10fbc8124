//! What every object says of itself.

types! {
    CONDITION "Condition" {
        lastHeartbeatTime Text, lastProbeTime Text, lastTransitionTime Text, lastUpdateTime Text, message Text,
        observedGeneration Number, reason Text, status (~ "False", "True", "Unknown"), type Text,
    }
    MANAGED_FIELDS_ENTRY "ManagedFieldsEntry" {
        apiVersion Text, fieldsType Text, fieldsV1 Open, manager Text, operation Text, subresource Text,
        time Text,
    }
    OBJECT "Object" {
        apiVersion Text, kind Text, metadata {OBJECT_META},
    }
    OBJECT_META "ObjectMeta" {
        annotations Map, creationTimestamp Text, deletionGracePeriodSeconds Number, deletionTimestamp Text,
        finalizers [Text], generateName Text, generation Number, labels Map,
        managedFields [{MANAGED_FIELDS_ENTRY}], name Text, namespace Text, ownerReferences [{OWNER_REFERENCE}],
        resourceVersion Text, selfLink Text, uid Text,
    }
    OBJECT_REFERENCE "ObjectReference" {
        apiVersion Text, fieldPath Text, kind Text, name Text, namespace Text, resourceVersion Text, uid Text,
    }
    OWNER_REFERENCE "OwnerReference" {
        apiVersion Text, blockOwnerDeletion Bool, controller Bool, kind Text, name Text, uid Text,
    }
}
