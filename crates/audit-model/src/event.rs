//! The typed event: what a Kubernetes API server wrote, field by field.

use std::borrow::Cow;
use std::sync::Arc;

use crate::body::Body;
use crate::schema::{self, Key};
use crate::source::Source;

/// Text that borrows from the record where it can.
pub type Text<'a> = Cow<'a, str>;

/// A member that the type does not know, or an earlier value of a repeated key: the key and its JSON as it stood.
pub type Other<'a> = (Text<'a>, Body<'a>);

/// One audit event (`audit.k8s.io/v1` `Event`, or an older version as it was read).
///
/// JSON `null` and an absent key are both `None`: the API server writes either. Where a key is repeated, the typed
/// field holds the last value, as Go's decoder would; the earlier ones stand in [`Event::other`], and rules see them
/// through [`FieldSource`](crate::FieldSource).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Event<'a> {
    /// `Event`; absent in the items of a webhook's `EventList` unless inherited from the list.
    pub kind: Option<Text<'a>>,
    /// `audit.k8s.io/v1`, or an older version.
    pub api_version: Option<Text<'a>>,
    /// The audit level that the policy chose: `Metadata`, `Request` or `RequestResponse`.
    pub level: Option<Text<'a>>,
    /// Identifies the request over its stages. The client may choose it (`Audit-ID` header).
    pub audit_id: Option<Text<'a>>,
    /// `RequestReceived`, `ResponseStarted`, `ResponseComplete` or `Panic`.
    pub stage: Option<Text<'a>>,
    /// Path and raw query as sent.
    pub request_uri: Option<Text<'a>>,
    /// The Kubernetes verb, or the lower-case HTTP method of a non-resource request.
    pub verb: Option<Text<'a>>,
    /// The authenticated requester, never the impersonated one.
    pub user: Option<UserInfo<'a>>,
    /// Whom the requester acts as, once impersonation was authorised.
    pub impersonated_user: Option<UserInfo<'a>>,
    /// How the requester authenticated (1.35 and later).
    pub authentication_metadata: Option<AuthenticationMetadata<'a>>,
    /// Addresses from forwarding headers, then the TCP peer. Only the last one cannot be forged.
    pub source_ips: Option<Vec<Text<'a>>>,
    /// Client text, cut at 1024 bytes by the API server.
    pub user_agent: Option<Text<'a>>,
    /// The object of a resource request.
    pub object_ref: Option<ObjectReference<'a>>,
    /// The outcome; absent at `RequestReceived`.
    pub response_status: Option<Status<'a>>,
    /// The request body, from level `Request` on.
    pub request_object: Option<Body<'a>>,
    /// The response body, at level `RequestResponse`.
    pub response_object: Option<Body<'a>>,
    /// When the request arrived, as written (RFC 3339).
    pub request_received_timestamp: Option<Text<'a>>,
    /// When the stage was reached, as written (RFC 3339).
    pub stage_timestamp: Option<Text<'a>>,
    /// Annotations of the event, in the order read, repeated keys kept.
    pub annotations: Option<Vec<(Text<'a>, Text<'a>)>>,
    /// Unknown keys and earlier values of repeated ones, in the order read.
    pub other: Vec<Other<'a>>,
    /// Where the event came from; `None` for an API server's own log that nobody said more about.
    pub source: Option<Arc<Source>>,
    /// What the event says when each repeated envelope key is read at an earlier occurrence.
    pub(crate) earlier: Vec<Event<'a>>,
    /// Whether some text of the envelope, in any reading, was not valid UTF-8 or held a lone surrogate.
    pub(crate) invalid_text: bool,
    /// Whether the source kept only the beginning of the event.
    pub(crate) cut: bool,
}

/// An identity (`authentication.k8s.io/v1` `UserInfo`).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct UserInfo<'a> {
    /// The name that the authenticator gave, `system:serviceaccount:<namespace>:<name>` for a service account.
    pub username: Option<Text<'a>>,
    /// Stable identifier of the user, where the authenticator has one.
    pub uid: Option<Text<'a>>,
    /// Groups, as the authenticator gave them.
    pub groups: Option<Vec<Text<'a>>>,
    /// Further facts of the authenticator, in the order read.
    pub extra: Option<Vec<(Text<'a>, Vec<Text<'a>>)>>,
    /// Unknown keys and earlier values of repeated ones.
    pub other: Vec<Other<'a>>,
}

/// How the requester authenticated (`audit.k8s.io/v1` `AuthenticationMetadata`, 1.35 and later).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct AuthenticationMetadata<'a> {
    /// The constrained impersonation verb, for example `impersonate:serviceaccount`.
    pub impersonation_constraint: Option<Text<'a>>,
    /// Unknown keys and earlier values of repeated ones.
    pub other: Vec<Other<'a>>,
}

/// What a request was about (`audit.k8s.io/v1` `ObjectReference`).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ObjectReference<'a> {
    /// Plural lower-case resource name, from the URL.
    pub resource: Option<Text<'a>>,
    /// The namespace; for a request on a namespace itself both this and `name`.
    pub namespace: Option<Text<'a>>,
    /// The object's name; empty when the server generates it.
    pub name: Option<Text<'a>>,
    /// UID, when the request body carried one.
    pub uid: Option<Text<'a>>,
    /// API group; absent for the core group.
    pub api_group: Option<Text<'a>>,
    /// API version; in `audit.k8s.io/v1alpha1` it holds `group/version`.
    pub api_version: Option<Text<'a>>,
    /// Resource version, when the request body carried one.
    pub resource_version: Option<Text<'a>>,
    /// First path segment after the name.
    pub subresource: Option<Text<'a>>,
    /// Unknown keys and earlier values of repeated ones.
    pub other: Vec<Other<'a>>,
}

/// The outcome of a request (`meta/v1` `Status`, as audit events embed it).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Status<'a> {
    /// Always `{}` from an API server; kept as read.
    pub metadata: Option<Body<'a>>,
    /// `Success` or `Failure`; often absent.
    pub status: Option<Text<'a>>,
    /// Text for a person.
    pub message: Option<Text<'a>>,
    /// Machine-readable reason, for example `Forbidden`.
    pub reason: Option<Text<'a>>,
    /// Details of a failure, as read.
    pub details: Option<Body<'a>>,
    /// HTTP status code.
    pub code: Option<i64>,
    /// Unknown keys and earlier values of repeated ones.
    pub other: Vec<Other<'a>>,
}

impl<'a> Event<'a> {
    /// Every reading of the record: the event itself, then what it says when each repeated key of the envelope is
    /// read at an earlier occurrence.
    ///
    /// A record that honest software wrote has one. The n-th further reading takes the n-th occurrence of every repeated
    /// key, or the last of those that occur less often; `other` says the same in each. Whoever must not miss what any parser could read looks at all:
    /// ```
    /// use audit_model::{Event, Limits};
    ///
    /// let event = Event::decode_fragment(br#"{"verb":"get","verb":"delete"}"#, &Limits::default())?;
    /// assert_eq!(event.verb.as_deref(), Some("delete"));
    /// let verbs: Vec<_> = event.readings().map(|reading| reading.verb.as_deref()).collect();
    /// assert_eq!(verbs, [Some("delete"), Some("get")]);
    /// # Ok::<(), audit_model::DecodeError>(())
    /// ```
    pub fn readings(&self) -> impl Iterator<Item = &Event<'a>> {
        std::iter::once(self).chain(&self.earlier)
    }

    /// Whether a key of the envelope, of the annotations or of `user.extra` stands twice.
    pub fn has_duplicate_key(&self) -> bool {
        let extra = [&self.user, &self.impersonated_user]
            .into_iter()
            .flatten()
            .filter_map(|user| user.extra.as_ref());
        !self.earlier.is_empty()
            || self
                .annotations
                .as_ref()
                .is_some_and(|pairs| repeats(pairs))
            || extra.into_iter().any(|pairs| repeats(pairs))
    }

    /// Whether some text of the envelope was not valid UTF-8 or held a lone surrogate, and so reads U+FFFD.
    pub fn has_invalid_text(&self) -> bool {
        self.invalid_text
    }
}

/// Whether a key stands twice; near-linear, since a hostile log may hold a million of them.
fn repeats<V>(pairs: &[(Text<'_>, V)]) -> bool {
    let mut keys: Vec<_> = pairs.iter().map(|(key, _)| key).collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair.first() == pair.last())
}

fn owned(text: Text<'_>) -> Text<'static> {
    Cow::Owned(text.into_owned())
}

fn owned_list(texts: Vec<Text<'_>>) -> Vec<Text<'static>> {
    texts.into_iter().map(owned).collect()
}

fn owned_other(other: Vec<Other<'_>>) -> Vec<Other<'static>> {
    other
        .into_iter()
        .map(|(key, value)| (owned(key), value.into_owned()))
        .collect()
}

impl Event<'_> {
    /// Keys that no audit event has, each with the object that it stands in; that of the event itself is `""`. What is only
    /// an earlier value of a repeated key is left out.
    ///
    /// # Examples
    /// With a mistyped key a test of what must not match would pass and show nothing:
    /// ```
    /// use audit_model::{Event, Limits};
    ///
    /// let event = br#"{"verb":"get","verb":"list","objectRef":{"resuorce":"pods"}}"#;
    /// let event = Event::decode_fragment(event, &Limits::default())?;
    /// assert_eq!(event.unknown_keys().next(), Some(("objectRef", "resuorce")));
    /// # Ok::<(), audit_model::DecodeError>(())
    /// ```
    pub fn unknown_keys(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let user = self.user.as_ref().map(|user| &user.other);
        let impersonated = self.impersonated_user.as_ref().map(|user| &user.other);
        let object = self.object_ref.as_ref().map(|object| &object.other);
        let status = self.response_status.as_ref().map(|status| &status.other);
        let parts = [
            ("user", schema::USER, user),
            ("impersonatedUser", schema::USER, impersonated),
            ("", schema::EVENT, Some(&self.other)),
            ("objectRef", schema::OBJECT, object),
            ("responseStatus", schema::STATUS, status),
        ];
        parts.into_iter().flat_map(|(part, members, other)| {
            // `items` are those of a list of events.
            let is_known = move |key: &str| {
                let mut members = members.iter();
                members.any(|member| member.name == key && member.key != Key::Items)
            };
            let keys = other.into_iter().flatten().map(|(key, _)| key.as_ref());
            keys.filter(move |key| !is_known(key))
                .map(move |key| (part, key))
        })
    }

    /// The same event, owning its text.
    pub fn into_owned(self) -> Event<'static> {
        Event {
            kind: self.kind.map(owned),
            api_version: self.api_version.map(owned),
            level: self.level.map(owned),
            audit_id: self.audit_id.map(owned),
            stage: self.stage.map(owned),
            request_uri: self.request_uri.map(owned),
            verb: self.verb.map(owned),
            user: self.user.map(UserInfo::into_owned),
            impersonated_user: self.impersonated_user.map(UserInfo::into_owned),
            authentication_metadata: self
                .authentication_metadata
                .map(AuthenticationMetadata::into_owned),
            source_ips: self.source_ips.map(owned_list),
            user_agent: self.user_agent.map(owned),
            object_ref: self.object_ref.map(ObjectReference::into_owned),
            response_status: self.response_status.map(Status::into_owned),
            request_object: self.request_object.map(Body::into_owned),
            response_object: self.response_object.map(Body::into_owned),
            request_received_timestamp: self.request_received_timestamp.map(owned),
            stage_timestamp: self.stage_timestamp.map(owned),
            annotations: self.annotations.map(|pairs| {
                pairs
                    .into_iter()
                    .map(|(k, v)| (owned(k), owned(v)))
                    .collect()
            }),
            other: owned_other(self.other),
            source: self.source,
            earlier: self.earlier.into_iter().map(Event::into_owned).collect(),
            invalid_text: self.invalid_text,
            cut: self.cut,
        }
    }
}

impl UserInfo<'_> {
    /// The same identity, owning its text.
    pub fn into_owned(self) -> UserInfo<'static> {
        UserInfo {
            username: self.username.map(owned),
            uid: self.uid.map(owned),
            groups: self.groups.map(owned_list),
            extra: self.extra.map(|pairs| {
                pairs
                    .into_iter()
                    .map(|(k, v)| (owned(k), owned_list(v)))
                    .collect()
            }),
            other: owned_other(self.other),
        }
    }
}

impl AuthenticationMetadata<'_> {
    /// The same facts, owning their text.
    pub fn into_owned(self) -> AuthenticationMetadata<'static> {
        AuthenticationMetadata {
            impersonation_constraint: self.impersonation_constraint.map(owned),
            other: owned_other(self.other),
        }
    }
}

impl ObjectReference<'_> {
    /// The same reference, owning its text.
    pub fn into_owned(self) -> ObjectReference<'static> {
        ObjectReference {
            resource: self.resource.map(owned),
            namespace: self.namespace.map(owned),
            name: self.name.map(owned),
            uid: self.uid.map(owned),
            api_group: self.api_group.map(owned),
            api_version: self.api_version.map(owned),
            resource_version: self.resource_version.map(owned),
            subresource: self.subresource.map(owned),
            other: owned_other(self.other),
        }
    }
}

impl Status<'_> {
    /// The same outcome, owning its text.
    pub fn into_owned(self) -> Status<'static> {
        Status {
            metadata: self.metadata.map(Body::into_owned),
            status: self.status.map(owned),
            message: self.message.map(owned),
            reason: self.reason.map(owned),
            details: self.details.map(Body::into_owned),
            code: self.code,
            other: owned_other(self.other),
        }
    }
}
