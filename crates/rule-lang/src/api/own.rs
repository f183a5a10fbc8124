//! Where types of the API begin, and what the vocabulary adds to them.

use super::container::CONTAINER as ANY_CONTAINER;
use super::meta::OBJECT_META;
use super::rbac::{ROLE_REF as ANY_ROLE_REF, SUBJECT as ANY_SUBJECT};

types! {
    BODY "Object" {
        apiVersion Text, kind Text, metadata {META},
    }
    META "ObjectMeta" of OBJECT_META {
        // Those of lists, and what old versions wrote.
        clusterName Text, continue Text, initializers Map, remainingItemCount Number,
    }
    CONTAINER "Container" of ANY_CONTAINER {
        capabilities [Text], hostPaths [(= HOST_PATH)], image Image, kind ("container", "init", "ephemeral"),
        targetContainerName Text,
    }
    ROLE_REF "RoleRef" of ANY_ROLE_REF {
        kind ("Role", "ClusterRole"),
    }
    SUBJECT "Subject" of ANY_SUBJECT {
        kind ("User", "Group", "ServiceAccount"), ref (= SUBJECT), username Text,
    }
}

/// The parts that an image is taken apart into.
pub(crate) const IMAGE_PARTS: &[&str] = &["registry", "repository", "tag", "digest"];
