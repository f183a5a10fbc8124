//! What is true of the fields of every event.

use audit_model::FieldId;

/// Parts of the envelope, and what is in them.
pub(super) const PARTS: &[(FieldId, &[FieldId])] = &[
    (
        FieldId::ObjectRef,
        &[
            FieldId::Resource,
            FieldId::Subresource,
            FieldId::ApiGroup,
            FieldId::Namespace,
            FieldId::ObjectRefName,
            FieldId::ObjectRefUid,
            FieldId::ObjectRefApiVersion,
            FieldId::ObjectRefResourceVersion,
        ],
    ),
    (
        FieldId::User,
        &[
            FieldId::UserUsername,
            FieldId::UserUid,
            FieldId::UserGroups,
            FieldId::UserExtra,
        ],
    ),
    (
        FieldId::ImpersonatedUser,
        &[
            FieldId::ImpersonatedUsername,
            FieldId::ImpersonatedUid,
            FieldId::ImpersonatedGroups,
            FieldId::ImpersonatedExtra,
        ],
    ),
    (
        FieldId::ResponseStatus,
        &[
            FieldId::Status,
            FieldId::ResponseStatusStatus,
            FieldId::ResponseStatusMessage,
            FieldId::ResponseStatusReason,
            FieldId::ResponseStatusDetails,
        ],
    ),
    (FieldId::Annotations, &[FieldId::Decision, FieldId::Reason]),
    (FieldId::SourceIps, &[FieldId::ClientIp, FieldId::ClientNet]),
    (FieldId::ClientIp, &[FieldId::ClientNet]),
    (FieldId::Name, &[FieldId::Ref]),
    (FieldId::RequestUri, &[FieldId::UriPath, FieldId::UriQuery]),
    (
        FieldId::ServiceAccountName,
        &[FieldId::ServiceAccountNamespace],
    ),
    (
        FieldId::ServiceAccountNamespace,
        &[FieldId::ServiceAccountName],
    ),
    (
        FieldId::ActorUsername,
        &[
            FieldId::ActorId,
            FieldId::ServiceAccountName,
            FieldId::NodeName,
        ],
    ),
];

/// Parts that an API server writes only beside another one.
pub(super) const WRITTEN_PARTS: &[(FieldId, &[FieldId])] = &[(
    FieldId::Resource,
    &[FieldId::Subresource, FieldId::ApiGroup, FieldId::Namespace],
)];

/// Fields of a field with a value from among some words: of these fields, one must be as said.
pub(super) struct Rule {
    pub(super) of: &'static [FieldId],
    pub(super) needs: &'static [(FieldId, &'static [&'static str])],
}

pub(super) const WRITES: &[&str] = &["create", "update", "patch"];

/// What must be true of other fields for some to be there, which are made of them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        of: &[
            FieldId::ExecCommand,
            FieldId::ExecProgram,
            FieldId::ExecCommandLine,
            FieldId::ExecContainer,
            FieldId::ExecTty,
            FieldId::ExecStdin,
        ],
        needs: &[
            (FieldId::Resource, &["pods"]),
            (FieldId::Subresource, &["exec", "attach"]),
        ],
    },
    Rule {
        of: &[
            FieldId::Object,
            FieldId::PodSpec,
            FieldId::Containers,
            FieldId::Volumes,
            FieldId::HostPaths,
            FieldId::RbacRules,
            FieldId::RbacSubjects,
            FieldId::RbacRoleRef,
        ],
        needs: &[(FieldId::Verb, WRITES), (FieldId::Operation, WRITES)],
    },
    Rule {
        of: &[FieldId::Patch],
        needs: &[
            (FieldId::Verb, &["patch"]),
            (FieldId::Operation, &["patch", "create"]),
        ],
    },
    Rule {
        of: &[
            FieldId::PodSpec,
            FieldId::Containers,
            FieldId::Volumes,
            FieldId::HostPaths,
        ],
        needs: &[(FieldId::Subresource, &["", "ephemeralcontainers"])],
    },
    Rule {
        of: &[FieldId::RbacRules],
        needs: &[
            (FieldId::Resource, &["roles", "clusterroles"]),
            (FieldId::Subresource, &[""]),
        ],
    },
    Rule {
        of: &[FieldId::RbacSubjects, FieldId::RbacRoleRef],
        needs: &[
            (FieldId::Resource, &["rolebindings", "clusterrolebindings"]),
            (FieldId::Subresource, &[""]),
        ],
    },
    Rule {
        of: &[
            FieldId::CsrCommonName,
            FieldId::CsrOrganizations,
            FieldId::CsrDnsNames,
            FieldId::CsrSignerName,
            FieldId::CsrUsages,
        ],
        needs: &[
            (FieldId::Verb, WRITES),
            (FieldId::Operation, WRITES),
            (FieldId::Resource, &["certificatesigningrequests"]),
        ],
    },
    Rule {
        of: &[FieldId::NodeName],
        needs: &[
            (FieldId::ActorKind, &["node", "anonymous"]),
            (FieldId::ServiceAccountName, &[""]),
            (FieldId::ServiceAccountNamespace, &[""]),
        ],
    },
    Rule {
        of: &[
            FieldId::ServiceAccountName,
            FieldId::ServiceAccountNamespace,
        ],
        needs: &[(FieldId::ActorKind, &["serviceaccount", "anonymous"])],
    },
];

/// What must be true of other fields for an API server to write some.
pub(super) const WRITTEN: &[Rule] = &[
    // Nothing is logged of what others send.
    Rule {
        of: &[FieldId::RequestObject],
        needs: &[(
            FieldId::Verb,
            &["create", "update", "patch", "delete", "deletecollection"],
        )],
    },
    Rule {
        of: &[FieldId::RequestObject],
        needs: &[(FieldId::Level, &["", "Request", "RequestResponse"])],
    },
    Rule {
        of: &[FieldId::ResponseObject],
        needs: &[(FieldId::Level, &["", "RequestResponse"])],
    },
    Rule {
        of: &[
            FieldId::Object,
            FieldId::Patch,
            FieldId::PodSpec,
            FieldId::Containers,
            FieldId::Volumes,
            FieldId::HostPaths,
            FieldId::RbacRules,
            FieldId::RbacSubjects,
            FieldId::RbacRoleRef,
        ],
        needs: &[(FieldId::Level, &["", "Request", "RequestResponse"])],
    },
    Rule {
        of: &[
            FieldId::ResponseStatus,
            FieldId::Status,
            FieldId::ResponseStatusStatus,
            FieldId::ResponseStatusMessage,
            FieldId::ResponseStatusReason,
            FieldId::RequestObject,
            FieldId::ResponseObject,
            FieldId::Decision,
            FieldId::ImpersonatedUser,
            FieldId::ImpersonatedUsername,
        ],
        needs: &[(
            FieldId::Stage,
            &["", "ResponseStarted", "ResponseComplete", "Panic"],
        )],
    },
];
