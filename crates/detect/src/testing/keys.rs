//! Keys that events of tests may have.

use audit_model::Event;

/// Keys of an audit event (`audit.k8s.io/v1` `Event`) and of its parts (`authentication.k8s.io/v1` `UserInfo`,
/// `audit.k8s.io/v1` `ObjectReference`, `meta/v1` `Status`).
const EVENT_KEYS: &[&str] = &[
    "kind",
    "apiVersion",
    "level",
    "auditID",
    "stage",
    "requestURI",
    "verb",
    "user",
    "impersonatedUser",
    "authenticationMetadata",
    "sourceIPs",
    "userAgent",
    "objectRef",
    "responseStatus",
    "requestObject",
    "responseObject",
    "requestReceivedTimestamp",
    "stageTimestamp",
    "annotations",
];
const USER_KEYS: &[&str] = &["username", "uid", "groups", "extra"];
const OBJECT_KEYS: &[&str] = &[
    "resource",
    "namespace",
    "name",
    "uid",
    "apiGroup",
    "apiVersion",
    "resourceVersion",
    "subresource",
];
const STATUS_KEYS: &[&str] = &["metadata", "status", "message", "reason", "details", "code"];

/// A key that audit events do not have, with the object in which it stands.
pub(super) fn unknown_key(event: &Event<'_>) -> Option<String> {
    let user = event.user.as_ref().map(|user| &user.other);
    let impersonated = event.impersonated_user.as_ref().map(|user| &user.other);
    let object = event.object_ref.as_ref().map(|object| &object.other);
    let status = event.response_status.as_ref().map(|status| &status.other);
    let parts = [
        ("user", USER_KEYS, user),
        ("impersonatedUser", USER_KEYS, impersonated),
        ("", EVENT_KEYS, Some(&event.other)),
        ("objectRef", OBJECT_KEYS, object),
        ("responseStatus", STATUS_KEYS, status),
    ];
    parts.into_iter().find_map(|(part, known, other)| {
        // Of a key that is repeated the earlier values stand there.
        let mut keys = other?.iter().map(|(key, _)| key);
        let key = keys.find(|key| !known.contains(&key.as_ref()))?;
        Some(if part.is_empty() {
            key.to_string()
        } else {
            format!("{part}.{key}")
        })
    })
}
