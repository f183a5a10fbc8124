//! Volumes that outlive pods.

use super::meta::{CONDITION, OBJECT};
use super::volume::PERSISTENT_VOLUME_CLAIM_SPEC;

types! {
    PERSISTENT_VOLUME_CLAIM "PersistentVolumeClaim" of OBJECT {
        spec {PERSISTENT_VOLUME_CLAIM_SPEC}, status {PERSISTENT_VOLUME_CLAIM_STATUS},
    }
    PERSISTENT_VOLUME_CLAIM_STATUS "PersistentVolumeClaimStatus" {
        accessModes [Text], allocatedResourceStatuses Map, allocatedResources Map, capacity Map,
        conditions [{CONDITION}], currentVolumeAttributesClassName Text, healthStatus Open,
        modifyVolumeStatus Open,
        phase (~ "Bound", "Lost", "Pending"), resizeStatus Text,
    }
    STORAGE_CLASS "StorageClass" of OBJECT {
        allowVolumeExpansion Bool, allowedTopologies Open, mountOptions [Text], parameters Map, provisioner Text,
        reclaimPolicy (~ "Delete", "Recycle", "Retain"),
        volumeBindingMode (~ "Immediate", "WaitForFirstConsumer"),
    }
    VOLUME_ATTACHMENT "VolumeAttachment" of OBJECT {
        spec {VOLUME_ATTACHMENT_SPEC}, status Open,
    }
    VOLUME_ATTACHMENT_SPEC "VolumeAttachmentSpec" {
        attacher Text, nodeName Text, source Open,
    }
}
