//! Which keys the envelope has, and what each one holds.

/// A key of the envelope, in any of its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Kind,
    ApiVersion,
    Level,
    AuditId,
    Stage,
    RequestUri,
    Verb,
    User,
    ImpersonatedUser,
    AuthenticationMetadata,
    SourceIps,
    UserAgent,
    ObjectRef,
    ResponseStatus,
    RequestObject,
    ResponseObject,
    RequestReceivedTimestamp,
    StageTimestamp,
    Annotations,
    /// Of an `EventList`; to an event it is unknown.
    Items,
    Username,
    Uid,
    Groups,
    Extra,
    ImpersonationConstraint,
    Resource,
    Namespace,
    Name,
    ApiGroup,
    ResourceVersion,
    Subresource,
    Metadata,
    Status,
    Message,
    Reason,
    Details,
    Code,
    Unknown,
}

/// What a key's value is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Want {
    Text,
    Integer,
    /// A list of texts.
    Texts,
    /// An object from text to text.
    TextMap,
    /// An object from text to lists of texts.
    TextsMap,
    /// An object with known keys.
    Object(&'static [Member]),
    /// Anything, kept as it stands and never judged.
    Body,
    /// Anything, kept as it stands, within the limits of the envelope.
    Raw,
}

impl Want {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Integer => "an integer",
            Self::Texts => "a list of strings",
            Self::TextMap | Self::TextsMap | Self::Object(_) => "an object",
            Self::Body | Self::Raw => "a value",
        }
    }
}

/// One key of an object.
#[derive(Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) key: Key,
    pub(crate) name: &'static str,
    pub(crate) want: Want,
}

const fn member(key: Key, name: &'static str, want: Want) -> Member {
    Member { key, name, want }
}

/// Size of the largest table below.
pub(crate) const MOST_MEMBERS: usize = 20;

/// `audit.k8s.io/v1` `Event`, in the order in which the API server writes it.
pub(crate) static EVENT: &[Member] = &[
    member(Key::Kind, "kind", Want::Text),
    member(Key::ApiVersion, "apiVersion", Want::Text),
    member(Key::Level, "level", Want::Text),
    member(Key::AuditId, "auditID", Want::Text),
    member(Key::Stage, "stage", Want::Text),
    member(Key::RequestUri, "requestURI", Want::Text),
    member(Key::Verb, "verb", Want::Text),
    member(Key::User, "user", Want::Object(USER)),
    member(
        Key::ImpersonatedUser,
        "impersonatedUser",
        Want::Object(USER),
    ),
    member(
        Key::AuthenticationMetadata,
        "authenticationMetadata",
        Want::Object(AUTHENTICATION),
    ),
    member(Key::SourceIps, "sourceIPs", Want::Texts),
    member(Key::UserAgent, "userAgent", Want::Text),
    member(Key::ObjectRef, "objectRef", Want::Object(OBJECT)),
    member(Key::ResponseStatus, "responseStatus", Want::Object(STATUS)),
    member(Key::RequestObject, "requestObject", Want::Body),
    member(Key::ResponseObject, "responseObject", Want::Body),
    member(
        Key::RequestReceivedTimestamp,
        "requestReceivedTimestamp",
        Want::Text,
    ),
    member(Key::StageTimestamp, "stageTimestamp", Want::Text),
    member(Key::Annotations, "annotations", Want::TextMap),
    member(Key::Items, "items", Want::Raw),
];

/// `authentication.k8s.io/v1` `UserInfo`.
pub(crate) static USER: &[Member] = &[
    member(Key::Username, "username", Want::Text),
    member(Key::Uid, "uid", Want::Text),
    member(Key::Groups, "groups", Want::Texts),
    member(Key::Extra, "extra", Want::TextsMap),
];

/// `audit.k8s.io/v1` `AuthenticationMetadata`.
pub(crate) static AUTHENTICATION: &[Member] = &[member(
    Key::ImpersonationConstraint,
    "impersonationConstraint",
    Want::Text,
)];

/// `audit.k8s.io/v1` `ObjectReference`.
pub(crate) static OBJECT: &[Member] = &[
    member(Key::Resource, "resource", Want::Text),
    member(Key::Namespace, "namespace", Want::Text),
    member(Key::Name, "name", Want::Text),
    member(Key::Uid, "uid", Want::Text),
    member(Key::ApiGroup, "apiGroup", Want::Text),
    member(Key::ApiVersion, "apiVersion", Want::Text),
    member(Key::ResourceVersion, "resourceVersion", Want::Text),
    member(Key::Subresource, "subresource", Want::Text),
];

/// `meta/v1` `Status`, as far as audit events embed it.
pub(crate) static STATUS: &[Member] = &[
    member(Key::Metadata, "metadata", Want::Body),
    member(Key::Status, "status", Want::Text),
    member(Key::Message, "message", Want::Text),
    member(Key::Reason, "reason", Want::Text),
    member(Key::Details, "details", Want::Body),
    member(Key::Code, "code", Want::Integer),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_table_is_larger_than_said() {
        for table in [EVENT, USER, AUTHENTICATION, OBJECT, STATUS] {
            assert!(table.len() <= MOST_MEMBERS);
        }
    }
}
