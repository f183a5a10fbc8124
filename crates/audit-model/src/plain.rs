//! Fields whose value takes no memory to say: recorded texts, and what is cut out of one.

use crate::field::FieldId;
use crate::field_source::{FieldSource, Lookup};
use crate::network::Around;
use crate::source::Provider;
use crate::uri::{percent_decode, split_query};

const ANONYMOUS: &str = "system:anonymous";
const UNAUTHENTICATED: &str = "system:unauthenticated";
pub(crate) const SERVICE_ACCOUNT: &str = "system:serviceaccount:";
pub(crate) const NODE: &str = "system:node:";

/// The annotation in which the authorizer says why it decided so.
const REASON: &str = "authorization.k8s.io/reason";
/// The annotation that names a token by which a service account may be used from now on (KEP-4193).
const ISSUED: &str = "authentication.kubernetes.io/issued-credential-id";

/// The one value of a field, where saying it takes no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain<'s> {
    /// The event has no such value.
    Missing,
    /// A text.
    Text(&'s str),
    /// A number.
    Number(i64),
}

impl<'s> Plain<'s> {
    /// Finds a field of an event, or says that it must be found in a [`Scratch`](crate::Scratch): because it is made of
    /// other values, has several, or the event leaves it open.
    ///
    /// # Examples
    /// ```
    /// use audit_model::{Event, FieldId, Limits, Plain};
    ///
    /// let event = Event::decode_fragment(br#"{"verb":"get","user":{"username":"system:node:n1"}}"#, &Limits::default())?;
    /// assert_eq!(Plain::of(&event, FieldId::NodeName), Some(Plain::Text("n1")));
    /// assert_eq!(Plain::of(&event, FieldId::Resource), Some(Plain::Missing));
    /// assert_eq!(Plain::of(&event, FieldId::UserGroups), None);
    /// # Ok::<(), audit_model::DecodeError>(())
    /// ```
    pub fn of(source: &'s (impl FieldSource + ?Sized), field: FieldId) -> Option<Self> {
        (source.readings() == 1)
            .then(|| Self::of_reading(source, 0, field))
            .flatten()
    }

    pub(crate) fn of_reading(
        source: &'s (impl FieldSource + ?Sized),
        reading: usize,
        field: FieldId,
    ) -> Option<Self> {
        use FieldId as F;
        if let Some(recorded) = Recorded::of(field) {
            let text = source
                .text(reading, recorded.field)
                .filter(|text| recorded.may_be_empty || !text.is_empty());
            return Some(text.map_or(Self::Missing, Self::Text));
        }
        let recorded = |field| source.text(reading, field);
        let some = |field| recorded(field).filter(|text| !text.is_empty());
        let text = match field {
            F::Name | F::Operation | F::Decision | F::Outcome => {
                match Self::bytes_of_reading(source, reading, field) {
                    PlainBytes::Open => return None,
                    PlainBytes::Missing => None,
                    PlainBytes::Text(bytes) => std::str::from_utf8(bytes).ok(),
                }
            }
            F::ActorUsername => actor_name(source, reading),
            F::ActorKind => actor_kind(source, reading),
            F::UserId => some(F::UserUsername).map(without_session),
            F::ActorId => actor_name(source, reading).map(without_session),
            F::ServiceAccountNamespace => {
                service_account(source, reading).map(|(namespace, _)| namespace)
            }
            F::ServiceAccountName => service_account(source, reading).map(|(_, name)| name),
            F::NodeName => actor_name(source, reading).and_then(|name| name.strip_prefix(NODE)),
            F::Reason => return annotation(source, reading, REASON),
            F::CredentialIssued => return annotation(source, reading, ISSUED),
            F::Status | F::ResponseStatusCode => {
                return Some(source.code(reading).map_or(Self::Missing, Self::Number));
            }
            _ => return None,
        };
        Some(text.map_or(Self::Missing, Self::Text))
    }

    /// The text of some of these fields, of which nobody need show that it is one.
    #[doc(hidden)]
    pub fn bytes_of(source: &'s (impl FieldSource + ?Sized), field: FieldId) -> PlainBytes<'s> {
        if source.readings() == 1 {
            Self::bytes_of_reading(source, 0, field)
        } else {
            PlainBytes::Open
        }
    }

    fn bytes_of_reading(
        source: &'s (impl FieldSource + ?Sized),
        reading: usize,
        field: FieldId,
    ) -> PlainBytes<'s> {
        use FieldId as F;
        let some = |field| {
            let recorded = source.bytes(reading, field);
            recorded.filter(|text| !text.is_empty())
        };
        let text = match field {
            F::Name => match some(F::ObjectRefName) {
                // With `generateName` the URL and the request know no name, the answer does.
                None if some(F::Verb) == Some(b"create")
                    && source.body(reading, F::ResponseObject).is_some() =>
                {
                    return PlainBytes::Open;
                }
                name => name,
            },
            F::Operation => match some(F::Verb) {
                // What a patch or update came to.
                Some(b"patch" | b"update") if source.code(reading) == Some(201) => {
                    Some(b"create".as_slice())
                }
                verb => verb,
            },
            F::Decision => return source.decision(reading),
            F::Outcome => return outcome(source, reading),
            _ => return PlainBytes::Open,
        };
        text.map_or(PlainBytes::Missing, PlainBytes::Text)
    }
}

/// What [`Plain::bytes_of`] knows of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub enum PlainBytes<'s> {
    /// The event has no such value.
    Missing,
    /// A text.
    Text(&'s [u8]),
    /// [`Plain::of`] may know.
    Open,
}

impl<'s> From<Lookup<'s>> for PlainBytes<'s> {
    fn from(found: Lookup<'s>) -> Self {
        match found {
            Lookup::Missing => Self::Missing,
            Lookup::Text(text) => Self::Text(text.as_bytes()),
            Lookup::Several => Self::Open,
        }
    }
}

/// A field whose value is a recorded text as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub struct Recorded {
    /// The recorded field.
    pub field: FieldId,
    /// Whether an empty text is a value.
    pub may_be_empty: bool,
}

impl Recorded {
    /// What a field is recorded as; `None` if it is made of other values.
    pub fn of(field: FieldId) -> Option<Self> {
        use FieldId as F;
        let recorded = match field {
            F::Verb => F::Verb,
            F::Resource => F::ObjectRefResource,
            F::Subresource => F::ObjectRefSubresource,
            F::ApiGroup => F::ObjectRefApiGroup,
            F::Namespace => F::ObjectRefNamespace,
            F::Kind
            | F::ApiVersion
            | F::Level
            | F::AuditId
            | F::Stage
            | F::RequestUri
            | F::UserUsername
            | F::UserUid
            | F::ImpersonatedUsername
            | F::ImpersonatedUid
            | F::ImpersonationConstraint
            | F::UserAgent
            | F::ObjectRefResource
            | F::ObjectRefNamespace
            | F::ObjectRefName
            | F::ObjectRefUid
            | F::ObjectRefApiGroup
            | F::ObjectRefApiVersion
            | F::ObjectRefResourceVersion
            | F::ObjectRefSubresource
            | F::ResponseStatusStatus
            | F::ResponseStatusMessage
            | F::ResponseStatusReason
            | F::RequestReceivedTimestamp
            | F::StageTimestamp
            | F::SourceProvider
            | F::SourceCluster
            | F::SourceAccount
            | F::SourceRegion
            | F::SourceProject => {
                return Some(Self {
                    field,
                    may_be_empty: true,
                });
            }
            _ => return None,
        };
        Some(Self {
            field: recorded,
            may_be_empty: false,
        })
    }
}

/// What stands under a key of the annotations; `None` where that is several values.
pub(crate) fn annotation<'s>(
    source: &'s (impl FieldSource + ?Sized),
    reading: usize,
    key: &str,
) -> Option<Plain<'s>> {
    match source.annotation(reading, key) {
        Lookup::Missing => Some(Plain::Missing),
        Lookup::Text(text) => Some(Plain::Text(text)),
        Lookup::Several => None,
    }
}

/// The fields of the impersonated user when there is one, else of the user: name and groups.
pub(crate) fn actor(source: &(impl FieldSource + ?Sized), reading: usize) -> (FieldId, FieldId) {
    if source.has(reading, FieldId::ImpersonatedUser) {
        (FieldId::ImpersonatedUsername, FieldId::ImpersonatedGroups)
    } else {
        (FieldId::UserUsername, FieldId::UserGroups)
    }
}

fn actor_name(source: &(impl FieldSource + ?Sized), reading: usize) -> Option<&str> {
    let (name, _) = actor(source, reading);
    source.text(reading, name).filter(|name| !name.is_empty())
}

fn service_account(source: &(impl FieldSource + ?Sized), reading: usize) -> Option<(&str, &str)> {
    split_service_account(actor_name(source, reading)?)
}

/// Namespace and name of the service account with this user name.
pub(crate) fn split_service_account(username: &str) -> Option<(&str, &str)> {
    username.strip_prefix(SERVICE_ACCOUNT)?.split_once(':')
}

/// What a field that is a part of another recorded text, or another form of it, has when that text is `of`: the parts of
/// an actor's name of that name ([`FieldId::ServiceAccountName`], [`FieldId::ServiceAccountNamespace`],
/// [`FieldId::NodeName`], [`FieldId::ActorId`]), [`FieldId::UserId`] of `user.username`, [`FieldId::UriPath`] of
/// `requestURI`, [`FieldId::ClientNet`] of `client.ip`. `None` when there is no such part, and for other fields.
///
/// # Examples
/// ```
/// use audit_model::{FieldId, part_of_text};
///
/// let part = |field, of| part_of_text(field, of);
/// assert_eq!(part(FieldId::NodeName, "system:node:n1").as_deref(), Some("n1"));
/// assert_eq!(part(FieldId::NodeName, "system:serviceaccount:shop:web"), None);
/// assert_eq!(part(FieldId::UriPath, "/api/v1/pods?limit=5").as_deref(), Some("/api/v1/pods"));
/// assert_eq!(part(FieldId::ClientNet, "192.0.2.7").as_deref(), Some("192.0.2.0/24"));
/// ```
pub fn part_of_text(field: FieldId, of: &str) -> Option<String> {
    use FieldId as F;
    let name = || Some(of).filter(|name| !name.is_empty());
    let part = match field {
        F::ServiceAccountNamespace => split_service_account(of)?.0,
        F::ServiceAccountName => split_service_account(of)?.1,
        F::NodeName => of.strip_prefix(NODE)?,
        F::ActorId | F::UserId => without_session(name()?),
        F::UriPath => {
            let mut out = String::new();
            percent_decode(split_query(of).0, false, &mut out);
            return Some(out);
        }
        F::ClientNet => return Some(Around(of.parse().ok()?).to_string()),
        _ => return None,
    };
    Some(part.to_owned())
}

fn actor_kind(source: &(impl FieldSource + ?Sized), reading: usize) -> Option<&'static str> {
    let mut unauthenticated = false;
    let (_, groups) = actor(source, reading);
    source.list(reading, groups, &mut |group| {
        unauthenticated |= group == UNAUTHENTICATED;
    });
    Some(match actor_name(source, reading) {
        _ if unauthenticated => "anonymous",
        Some(name) => kind_of_actor(name),
        None => return None,
    })
}

/// What a user name says of [`FieldId::ActorKind`]. Whoever is in the group `system:unauthenticated` is `anonymous`,
/// whatever the name.
///
/// ```
/// use audit_model::kind_of_actor;
///
/// assert_eq!(kind_of_actor("system:serviceaccount:shop:web"), "serviceaccount");
/// assert_eq!(kind_of_actor("system:kube-scheduler"), "system");
/// assert_eq!(kind_of_actor("dana"), "user");
/// ```
pub fn kind_of_actor(name: &str) -> &'static str {
    match name {
        ANONYMOUS => "anonymous",
        _ if split_service_account(name).is_some() => "serviceaccount",
        _ if name.starts_with(NODE) => "node",
        _ if name.starts_with("system:") => "system",
        _ => "user",
    }
}

/// A name without the session of an assumed role, which changes with each login.
fn without_session(name: &str) -> &str {
    if name.starts_with("arn:") && name.contains(":assumed-role/") {
        // arn:aws:sts::<account>:assumed-role/<role>/<session>
        let mut slashes = name.match_indices('/').map(|(at, _)| at);
        if let Some(second) = slashes.nth(1) {
            return name.get(..second).unwrap_or(name);
        }
    }
    name
}

/// What came of a request; see [`FieldId::Outcome`].
fn outcome(source: &(impl FieldSource + ?Sized), reading: usize) -> PlainBytes<'_> {
    let text = match (source.decision(reading), answer(source, reading)) {
        (PlainBytes::Open, _) => return PlainBytes::Open,
        (PlainBytes::Text(b"forbid"), _) | (_, Answer::Denied) => "denied",
        (_, Answer::None) => return PlainBytes::Missing,
        (_, Answer::Failure) => "failure",
        (_, Answer::Good) if may_be_dry_run(source, reading) => return PlainBytes::Open,
        (_, Answer::Good) => "success",
    };
    PlainBytes::Text(text.as_bytes())
}

/// What the status says of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    None,
    Denied,
    Failure,
    Good,
}

pub(crate) fn answer(source: &(impl FieldSource + ?Sized), reading: usize) -> Answer {
    match source.code(reading) {
        Some(401 | 403) => Answer::Denied,
        Some(400..) => Answer::Failure,
        None if source.bytes(reading, FieldId::ResponseStatusStatus) == Some(b"Failure") => {
            Answer::Failure
        }
        None => Answer::None,
        Some(_) => Answer::Good,
    }
}

/// Whether a request heeds `dryRun`: those that write an object do; a parameter on a read or on a stream such as exec
/// changes nothing, and must not make it look harmless.
pub(crate) fn heeds_dry_run(source: &(impl FieldSource + ?Sized), reading: usize) -> bool {
    matches!(
        source.bytes(reading, FieldId::Verb),
        Some(b"create" | b"update" | b"patch" | b"delete" | b"deletecollection")
    ) && source.has(reading, FieldId::ObjectRef)
        && !matches!(
            source.bytes(reading, FieldId::ObjectRefSubresource),
            Some(b"exec" | b"attach" | b"portforward" | b"proxy" | b"token")
        )
}

fn may_be_dry_run(source: &(impl FieldSource + ?Sized), reading: usize) -> bool {
    if !heeds_dry_run(source, reading) {
        return false;
    }
    let uri = source.bytes(reading, FieldId::RequestUri);
    let uri = uri.unwrap_or_default();
    let query = memchr::memchr(b'?', uri).and_then(|at| uri.get(at..));
    // A name that is encoded is not looked into here.
    let may_name_it = |query| {
        memchr::memchr2(b'%', b'R', query).is_some()
            && (query.contains(&b'%') || memchr::memmem::find(query, b"dryRun").is_some())
    };
    query.is_some_and(may_name_it)
        || source.bytes(reading, FieldId::SourceProvider) == Some(Provider::Gke.as_str().as_bytes())
        || source.body(reading, FieldId::RequestObject).is_some()
            && matches!(
                source.bytes(reading, FieldId::Verb),
                Some(b"delete" | b"deletecollection")
            )
}
