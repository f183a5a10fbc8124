//! What a view answers.

use crate::derive::DECISION;
use crate::field::FieldId;
use crate::field_source::{FieldSource, Lookup, MapItem, Sealed, time};
use crate::plain::PlainBytes;
use crate::source::Provider;
use crate::view::EventView;
use crate::view::jumps::Jumps;
use crate::view::keys::{Body, List, Part, Slot};
use crate::view::spans::Decision;

impl Sealed for EventView<'_> {}

impl EventView<'_> {
    fn slot(&self, slot: Slot) -> Option<&str> {
        self.spans.slot(self.record, slot)
    }

    fn time(&self, slot: Slot) -> Option<&[u8]> {
        time(self.spans.slot_bytes(self.record, slot))
    }

    /// The range of texts of a list.
    fn texts_of(&self, list: List) -> Option<(u32, u32)> {
        *self.spans.shape.lists.get(list as usize)?
    }

    /// The range of extras of a user.
    fn extra(&self, field: FieldId) -> Option<(u32, u32)> {
        let [user, impersonated] = self.spans.shape.extra;
        match field {
            FieldId::UserExtra => user,
            FieldId::ImpersonatedExtra => impersonated,
            _ => None,
        }
    }

    /// Where a body stands in the record.
    fn body_span(&self, field: FieldId) -> Option<(u32, u32)> {
        let body = match field {
            FieldId::RequestObject => Body::Request,
            FieldId::ResponseObject => Body::Response,
            FieldId::ResponseStatusMetadata => Body::StatusMetadata,
            FieldId::ResponseStatusDetails => Body::StatusDetails,
            _ => return None,
        };
        self.spans.bodies.get(body as usize).copied().flatten()
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let (start, end) = self.spans.shape.annotations.unwrap_or_default();
        (start..end).step_by(2).filter_map(|key| {
            let key_text = self.spans.get(self.record, key)?;
            Some((key_text, self.spans.get(self.record, key + 1)?))
        })
    }
}

/// The list that a field is.
#[inline]
fn list(field: FieldId) -> Option<List> {
    Some(match field {
        FieldId::UserGroups => List::UserGroups,
        FieldId::ImpersonatedGroups => List::ImpersonatedGroups,
        FieldId::SourceIps => List::SourceIps,
        _ => return None,
    })
}

/// The slot of a text that is taken as it stands.
#[inline]
fn slot(field: FieldId) -> Option<Slot> {
    use FieldId as F;
    Some(match field {
        F::Kind => Slot::Kind,
        F::ApiVersion => Slot::ApiVersion,
        F::Level => Slot::Level,
        F::AuditId => Slot::AuditId,
        F::Stage => Slot::Stage,
        F::RequestUri => Slot::RequestUri,
        F::Verb => Slot::Verb,
        F::UserUsername => Slot::UserUsername,
        F::UserUid => Slot::UserUid,
        F::ImpersonatedUsername => Slot::ImpersonatedUsername,
        F::ImpersonatedUid => Slot::ImpersonatedUid,
        F::ImpersonationConstraint => Slot::ImpersonationConstraint,
        F::UserAgent => Slot::UserAgent,
        F::ObjectRefResource => Slot::Resource,
        F::ObjectRefNamespace => Slot::Namespace,
        F::ObjectRefName => Slot::Name,
        F::ObjectRefUid => Slot::Uid,
        F::ObjectRefApiGroup => Slot::ApiGroup,
        F::ObjectRefApiVersion => Slot::Version,
        F::ObjectRefResourceVersion => Slot::ResourceVersion,
        F::ObjectRefSubresource => Slot::Subresource,
        F::ResponseStatusStatus => Slot::Status,
        F::ResponseStatusMessage => Slot::Message,
        F::ResponseStatusReason => Slot::Reason,
        _ => return None,
    })
}

impl FieldSource for EventView<'_> {
    fn readings(&self) -> usize {
        1
    }

    fn text(&self, _: usize, field: FieldId) -> Option<&str> {
        use FieldId as F;
        match field {
            F::RequestReceivedTimestamp => std::str::from_utf8(self.time(Slot::Received)?).ok(),
            F::StageTimestamp => std::str::from_utf8(self.time(Slot::Reached)?).ok(),
            F::SourceProvider => {
                let provider = self
                    .source
                    .map_or(Provider::Native, |source| source.provider);
                Some(provider.as_str())
            }
            F::SourceCluster => self.source?.cluster.as_deref(),
            F::SourceAccount => self.source?.account.as_deref(),
            F::SourceRegion => self.source?.region.as_deref(),
            F::SourceProject => self.source?.project.as_deref(),
            _ => self.slot(slot(field)?),
        }
    }

    #[inline]
    fn bytes(&self, reading: usize, field: FieldId) -> Option<&[u8]> {
        match slot(field) {
            Some(slot) => self.spans.slot_bytes(self.record, slot),
            None => match field {
                FieldId::RequestReceivedTimestamp => self.time(Slot::Received),
                FieldId::StageTimestamp => self.time(Slot::Reached),
                _ => self.text(reading, field).map(str::as_bytes),
            },
        }
    }

    fn raw(&self, _: usize, field: FieldId) -> Option<&[u8]> {
        self.spans.raw(self.record, slot(field)?)
    }

    fn code(&self, _: usize) -> Option<i64> {
        self.spans.code.map(|code| code.value)
    }

    fn list(&self, _: usize, field: FieldId, each: &mut dyn FnMut(&str)) -> bool {
        let Some((start, end)) = list(field).and_then(|list| self.texts_of(list)) else {
            return false;
        };
        for at in start..end {
            if let Some(text) = self.spans.get(self.record, at) {
                each(text);
            }
        }
        true
    }

    fn list_bytes(&self, _: usize, field: FieldId, each: &mut dyn FnMut(&[u8])) -> bool {
        let Some((start, end)) = list(field).and_then(|list| self.texts_of(list)) else {
            return false;
        };
        for at in start..end {
            if let Some(text) = self.spans.bytes(self.record, at) {
                each(text);
            }
        }
        true
    }

    fn list_raw(&self, _: usize, field: FieldId) -> Option<&[u8]> {
        let (start, end) = self.texts_of(list(field)?)?;
        let last = end.checked_sub(1).filter(|last| start <= *last)?;
        let (first, last) = (self.spans.range(start)?, self.spans.range(last)?);
        self.record.get(first.start..last.end)
    }

    fn map(&self, _: usize, field: FieldId, each: &mut dyn FnMut(MapItem<'_>)) -> bool {
        if field == FieldId::Annotations {
            for (key, value) in self.pairs() {
                each(MapItem::Text(key, value));
            }
            return self.spans.shape.annotations.is_some();
        }
        let Some(range) = self.extra(field) else {
            return false;
        };
        for entry in self.spans.extras(range) {
            if let Some(key) = self.spans.get(self.record, entry.key) {
                each(MapItem::List(key));
            }
            for at in entry.members() {
                if let Some(member) = self.spans.get(self.record, at) {
                    each(MapItem::Member(member));
                }
            }
        }
        true
    }

    fn caller(&self, _: usize) -> Option<&[u8]> {
        let (addresses, end) = self.texts_of(List::SourceIps)?;
        let names = [Slot::UserUsername, Slot::UserUid].map(|slot| self.spans.index(slot));
        let names = names.into_iter().filter(|at| *at < self.spans.n_texts());
        let start = names.max().map_or(0, |last| last + 1);
        let [extra, _] = self.spans.shape.extra;
        let extras = self.spans.extras(extra.unwrap_or_default()).iter();
        let groups = self.texts_of(List::UserGroups);
        let mut parts = extras
            .map(|extra| extra.key)
            .chain(groups.map(|(first, _)| first));
        // Lists and objects are written in one piece, so that it is enough to know where they begin.
        let all = addresses < end && parts.all(|at| start <= at && at < end);
        if !all || start > addresses {
            return None;
        }
        self.spans.between(self.record, start..end)
    }

    fn repeats_key(&self, field: FieldId) -> Option<bool> {
        /// Most keys that are compared each with each.
        const FEW: usize = 16;
        let mut keys: [&[u8]; FEW] = [&[]; FEW];
        let mut n_keys = 0;
        let mut repeats = |key: u32| {
            let key = self.spans.bytes(self.record, key)?;
            let known = keys.get(..n_keys)?.contains(&key);
            *keys.get_mut(n_keys)? = key;
            n_keys += 1;
            Some(known)
        };
        if field == FieldId::Annotations {
            let (start, end) = self.spans.shape.annotations.unwrap_or_default();
            for key in (start..end).step_by(2) {
                if repeats(key)? {
                    return Some(true);
                }
            }
            return Some(false);
        }
        let extras = self.extra(field).map(|range| self.spans.extras(range));
        for extra in extras.unwrap_or_default() {
            if repeats(extra.key)? {
                return Some(true);
            }
        }
        Some(false)
    }

    #[inline]
    fn decision(&self, reading: usize) -> PlainBytes<'_> {
        let text = match self.spans.shape.decision {
            Decision::Missing => None,
            Decision::At(at) => self.spans.bytes(self.record, at),
            Decision::Open => return self.annotation(reading, DECISION).into(),
        };
        text.map_or(PlainBytes::Missing, PlainBytes::Text)
    }

    fn annotation(&self, _: usize, key: &str) -> Lookup<'_> {
        let (mut at, end) = self.spans.shape.annotations.unwrap_or_default();
        let mut found = None;
        while at < end {
            if self.spans.bytes(self.record, at) == Some(key.as_bytes()) {
                if found.is_some() {
                    return Lookup::Several;
                }
                found = self.spans.get(self.record, at + 1);
            }
            at += 2;
        }
        found.map_or(Lookup::Missing, Lookup::Text)
    }

    fn has(&self, _: usize, field: FieldId) -> bool {
        let part = match field {
            FieldId::User => Part::User,
            FieldId::ImpersonatedUser => Part::ImpersonatedUser,
            FieldId::AuthenticationMetadata => Part::Authentication,
            FieldId::ObjectRef => Part::Object,
            FieldId::ResponseStatus => Part::Status,
            _ => return false,
        };
        self.spans.shape.parts >> part as u8 & 1 == 1
    }

    fn body(&self, _: usize, field: FieldId) -> Option<&[u8]> {
        let (start, end) = self.body_span(field)?;
        self.record.get(start as usize..end as usize)
    }

    fn jumps(&self, _: usize, field: FieldId) -> Jumps<'_> {
        self.body_span(field)
            .map_or_else(Jumps::default, |(start, _)| Jumps {
                jumps: &self.spans.jumps,
                start,
            })
    }

    fn has_invalid_text(&self) -> bool {
        self.spans.is_invalid(self.record)
    }

    fn is_cut(&self) -> bool {
        false
    }
}
