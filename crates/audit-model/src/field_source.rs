//! What an event must answer so that rules can be evaluated on it.

use std::borrow::Cow;

use crate::body::Body;
use crate::derive::DECISION;
use crate::event::{Event, Text, UserInfo};
use crate::field::FieldId;
use crate::plain::PlainBytes;
use crate::source::Provider;
use crate::view::Jumps;

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::event::Event<'_> {}
}

pub(crate) use sealed::Sealed;

/// One item of a map, as [`FieldSource::map`] hands it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapItem<'s> {
    /// A key with a text.
    Text(&'s str, &'s str),
    /// A key with a list, whose members follow.
    List(&'s str),
    /// The next member of the list that came last.
    Member(&'s str),
}

/// What stands under one key of a recorded map of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookup<'s> {
    /// Nothing.
    Missing,
    /// A text.
    Text(&'s str),
    /// Several texts, because the key is repeated.
    Several,
}

/// An event as a source of recorded values. Everything else in the vocabulary is derived from these, in one place, so
/// that it means the same wherever an event came from.
///
/// An event whose envelope repeats a key has several readings; each method answers for one of them.
pub trait FieldSource: Sealed {
    /// Number of readings, at least one. Reading 0 is the one that the last value of each key gives.
    fn readings(&self) -> usize;

    /// The text of a recorded text field.
    fn text(&self, reading: usize, field: FieldId) -> Option<&str>;

    /// The same as bytes, for whoever need not have it shown to be text.
    #[doc(hidden)]
    fn bytes(&self, reading: usize, field: FieldId) -> Option<&[u8]> {
        self.text(reading, field).map(str::as_bytes)
    }

    /// A text as it stands in the record, where it has escapes and these stand for `&`, `<` and `>` only, which Go's
    /// `encoding/json` writes so. A text without these characters stands there if and only if it stands in the text itself,
    /// or is part of an escape. `None` for all other texts, and where the text itself is at hand.
    #[doc(hidden)]
    fn raw(&self, _reading: usize, _field: FieldId) -> Option<&[u8]> {
        None
    }

    /// The HTTP status code.
    fn code(&self, reading: usize) -> Option<i64>;

    /// Hands out the members of a recorded list; returns whether it is there.
    fn list(&self, reading: usize, field: FieldId, each: &mut dyn FnMut(&str)) -> bool;

    /// The same as bytes, for whoever need not have them shown to be text.
    #[doc(hidden)]
    fn list_bytes(&self, reading: usize, field: FieldId, each: &mut dyn FnMut(&[u8])) -> bool {
        self.list(reading, field, &mut |text| each(text.as_bytes()))
    }

    /// Hands out the items of a recorded map; returns whether it is there.
    fn map(&self, reading: usize, field: FieldId, each: &mut dyn FnMut(MapItem<'_>)) -> bool;

    /// Whether a recorded map repeats a key; `None` where that is not known.
    #[doc(hidden)]
    fn repeats_key(&self, _field: FieldId) -> Option<bool> {
        None
    }

    /// The stretch of the record that holds the groups and `extra` of the user and `sourceIPs`: two events in which it is the
    /// same have the same of each. `None` where these do not stand together, after the name and uid.
    #[doc(hidden)]
    fn caller(&self, _reading: usize) -> Option<&[u8]> {
        None
    }

    /// A list of texts as it stands in the record, from its first text to the end of its last: two lists for which it is
    /// the same have the same texts. `None` for an empty list, and where it does not stand there.
    #[doc(hidden)]
    fn list_raw(&self, _reading: usize, _field: FieldId) -> Option<&[u8]> {
        None
    }

    /// What stands under one key of the annotations.
    fn annotation(&self, reading: usize, key: &str) -> Lookup<'_>;

    /// What the authorizer decided, as the annotations say.
    #[doc(hidden)]
    fn decision(&self, reading: usize) -> PlainBytes<'_> {
        self.annotation(reading, DECISION).into()
    }

    /// Whether a part of the envelope is there.
    fn has(&self, reading: usize, field: FieldId) -> bool;

    /// The raw JSON of a body.
    fn body(&self, reading: usize, field: FieldId) -> Option<&[u8]>;

    /// What is known of the long values of a body, for [`BodyPaths::read`](crate::BodyPaths::read).
    #[doc(hidden)]
    fn jumps(&self, _reading: usize, _field: FieldId) -> Jumps<'_> {
        Jumps::default()
    }

    /// Whether text of the envelope held bad UTF-8 or a lone surrogate.
    fn has_invalid_text(&self) -> bool;

    /// Whether the source kept only the beginning of the event.
    fn is_cut(&self) -> bool;
}

impl Event<'_> {
    fn reading(&self, reading: usize) -> &Self {
        reading
            .checked_sub(1)
            .and_then(|earlier| self.earlier.get(earlier))
            .unwrap_or(self)
    }
}

fn text<'s>(text: Option<&'s Text<'_>>) -> Option<&'s str> {
    text.map(Cow::as_ref)
}

fn user_text<'s>(user: Option<&'s UserInfo<'_>>, uid: bool) -> Option<&'s str> {
    let user = user?;
    text(if uid {
        user.uid.as_ref()
    } else {
        user.username.as_ref()
    })
}

impl FieldSource for Event<'_> {
    fn readings(&self) -> usize {
        1 + self.earlier.len()
    }

    fn text(&self, reading: usize, field: FieldId) -> Option<&str> {
        let event = self.reading(reading);
        let object = event.object_ref.as_ref();
        let status = event.response_status.as_ref();
        match field {
            FieldId::Kind => text(event.kind.as_ref()),
            FieldId::ApiVersion => text(event.api_version.as_ref()),
            FieldId::Level => text(event.level.as_ref()),
            FieldId::AuditId => text(event.audit_id.as_ref()),
            FieldId::Stage => text(event.stage.as_ref()),
            FieldId::RequestUri => text(event.request_uri.as_ref()),
            FieldId::Verb => text(event.verb.as_ref()),
            FieldId::UserUsername => user_text(event.user.as_ref(), false),
            FieldId::UserUid => user_text(event.user.as_ref(), true),
            FieldId::ImpersonatedUsername => user_text(event.impersonated_user.as_ref(), false),
            FieldId::ImpersonatedUid => user_text(event.impersonated_user.as_ref(), true),
            FieldId::ImpersonationConstraint => text(
                event
                    .authentication_metadata
                    .as_ref()?
                    .impersonation_constraint
                    .as_ref(),
            ),
            FieldId::UserAgent => text(event.user_agent.as_ref()),
            FieldId::ObjectRefResource => text(object?.resource.as_ref()),
            FieldId::ObjectRefNamespace => text(object?.namespace.as_ref()),
            FieldId::ObjectRefName => text(object?.name.as_ref()),
            FieldId::ObjectRefUid => text(object?.uid.as_ref()),
            FieldId::ObjectRefApiGroup => {
                let group = text(object?.api_group.as_ref());
                group.or_else(|| Some(event.joined_group_version()?.0))
            }
            FieldId::ObjectRefApiVersion => event
                .joined_group_version()
                .map(|(_, version)| version)
                .or(text(object?.api_version.as_ref())),
            FieldId::ObjectRefResourceVersion => text(object?.resource_version.as_ref()),
            FieldId::ObjectRefSubresource => text(object?.subresource.as_ref()),
            FieldId::ResponseStatusStatus => text(status?.status.as_ref()),
            FieldId::ResponseStatusMessage => text(status?.message.as_ref()),
            FieldId::ResponseStatusReason => text(status?.reason.as_ref()),
            FieldId::RequestReceivedTimestamp => {
                let received = time(event.request_received_timestamp.as_deref());
                received.or_else(|| event.old_time("timestamp", None))
            }
            FieldId::StageTimestamp => {
                let reached = time(event.stage_timestamp.as_deref());
                reached.or_else(|| event.old_time("metadata", Some("creationTimestamp")))
            }
            FieldId::SourceProvider => Some(
                self.source
                    .as_ref()
                    .map_or(Provider::Native, |source| source.provider)
                    .as_str(),
            ),
            FieldId::SourceCluster => self.source.as_ref()?.cluster.as_deref(),
            FieldId::SourceAccount => self.source.as_ref()?.account.as_deref(),
            FieldId::SourceRegion => self.source.as_ref()?.region.as_deref(),
            FieldId::SourceProject => self.source.as_ref()?.project.as_deref(),
            _ => None,
        }
    }

    fn code(&self, reading: usize) -> Option<i64> {
        self.reading(reading).response_status.as_ref()?.code
    }

    fn list(&self, reading: usize, field: FieldId, each: &mut dyn FnMut(&str)) -> bool {
        let event = self.reading(reading);
        let groups = |user: &Option<UserInfo<'_>>, each: &mut dyn FnMut(&str)| {
            let groups = user.as_ref().and_then(|user| user.groups.as_ref());
            groups
                .map(|groups| groups.iter().for_each(|group| each(group)))
                .is_some()
        };
        match field {
            FieldId::UserGroups => groups(&event.user, each),
            FieldId::ImpersonatedGroups => groups(&event.impersonated_user, each),
            FieldId::SourceIps => event
                .source_ips
                .as_ref()
                .map(|ips| ips.iter().for_each(|ip| each(ip)))
                .is_some(),
            _ => false,
        }
    }

    fn map(&self, reading: usize, field: FieldId, each: &mut dyn FnMut(MapItem<'_>)) -> bool {
        let event = self.reading(reading);
        let extra = |user: &Option<UserInfo<'_>>, each: &mut dyn FnMut(MapItem<'_>)| {
            let Some(extra) = user.as_ref().and_then(|user| user.extra.as_ref()) else {
                return false;
            };
            for (key, members) in extra {
                each(MapItem::List(key));
                for member in members {
                    each(MapItem::Member(member));
                }
            }
            true
        };
        match field {
            FieldId::UserExtra => extra(&event.user, each),
            FieldId::ImpersonatedExtra => extra(&event.impersonated_user, each),
            FieldId::Annotations => {
                let Some(annotations) = &event.annotations else {
                    return false;
                };
                for (key, value) in annotations {
                    each(MapItem::Text(key, value));
                }
                true
            }
            _ => false,
        }
    }

    fn annotation(&self, reading: usize, key: &str) -> Lookup<'_> {
        let mut found = self
            .reading(reading)
            .annotations
            .iter()
            .flatten()
            .filter(|(known, _)| known == key);
        match (found.next(), found.next()) {
            (None, _) => Lookup::Missing,
            (Some((_, text)), None) => Lookup::Text(text),
            (Some(_), Some(_)) => Lookup::Several,
        }
    }

    fn has(&self, reading: usize, field: FieldId) -> bool {
        let event = self.reading(reading);
        match field {
            FieldId::User => event.user.is_some(),
            FieldId::ImpersonatedUser => event.impersonated_user.is_some(),
            FieldId::AuthenticationMetadata => event.authentication_metadata.is_some(),
            FieldId::ObjectRef => event.object_ref.is_some(),
            FieldId::ResponseStatus => event.response_status.is_some(),
            _ => false,
        }
    }

    fn body(&self, reading: usize, field: FieldId) -> Option<&[u8]> {
        let event = self.reading(reading);
        let body = match field {
            FieldId::RequestObject => event.request_object.as_ref(),
            FieldId::ResponseObject => event.response_object.as_ref(),
            FieldId::ResponseStatusMetadata => event.response_status.as_ref()?.metadata.as_ref(),
            FieldId::ResponseStatusDetails => event.response_status.as_ref()?.details.as_ref(),
            _ => None,
        };
        body.map(Body::as_bytes)
    }

    fn has_invalid_text(&self) -> bool {
        Event::has_invalid_text(self)
    }

    fn is_cut(&self) -> bool {
        self.cut
    }
}

/// A time that is there: Go writes the year 1 for one that is not set.
pub(crate) fn time<T: AsRef<[u8]> + ?Sized>(time: Option<&T>) -> Option<&T> {
    time.filter(|time| !time.as_ref().starts_with(b"0001-01-01T"))
}

impl Event<'_> {
    /// A time where versions before `audit.k8s.io/v1` kept it: in whole seconds, under a key of its own.
    fn old_time(&self, key: &str, member: Option<&str>) -> Option<&str> {
        let old = matches!(
            self.api_version.as_deref(),
            Some("audit.k8s.io/v1beta1" | "audit.k8s.io/v1alpha1")
        );
        let (_, value) = self.other.iter().rfind(|(other, _)| old && other == key)?;
        let json = std::str::from_utf8(value.as_bytes()).ok()?;
        let json = match member {
            None => json,
            Some(member) => {
                let (_, after) = json.split_once(member)?;
                after.strip_prefix('"')?.trim_start().strip_prefix(':')?
            }
        };
        let (time, _) = json.trim_start().strip_prefix('"')?.split_once('"')?;
        // A time holds no escape; what does is not one.
        Some(time).filter(|time| !time.contains('\\') && !time.starts_with("0001-01-01T"))
    }

    /// Group and version where `objectRef.apiVersion` holds both, as in `audit.k8s.io/v1alpha1`.
    fn joined_group_version(&self) -> Option<(&str, &str)> {
        let object = self.object_ref.as_ref()?;
        if self.api_version.as_deref() != Some("audit.k8s.io/v1alpha1")
            || object.api_group.is_some()
        {
            return None;
        }
        object.api_version.as_deref()?.rsplit_once('/')
    }
}
