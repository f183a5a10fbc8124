//! What a view answers.

use crate::field::FieldId;
use crate::field_source::{FieldSource, Lookup, MapItem, Sealed, time};
use crate::source::Provider;
use crate::view::EventView;
use crate::view::keys::{Body, List, Part, Slot};

impl Sealed for EventView<'_> {}

impl EventView<'_> {
    fn slot(&self, slot: Slot) -> Option<&str> {
        self.spans.slot(self.record, slot)
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let (start, end) = self.spans.shape.annotations.unwrap_or_default();
        (start..end).step_by(2).filter_map(|key| {
            let key_text = self.spans.get(self.record, key)?;
            Some((key_text, self.spans.get(self.record, key + 1)?))
        })
    }
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
            F::RequestReceivedTimestamp => time(self.slot(Slot::Received)),
            F::StageTimestamp => time(self.slot(Slot::Reached)),
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
            None => self.text(reading, field).map(str::as_bytes),
        }
    }

    fn code(&self, _: usize) -> Option<i64> {
        self.spans.code.map(|code| code.value)
    }

    fn list(&self, _: usize, field: FieldId, each: &mut dyn FnMut(&str)) -> bool {
        let list = match field {
            FieldId::UserGroups => List::UserGroups,
            FieldId::ImpersonatedGroups => List::ImpersonatedGroups,
            FieldId::SourceIps => List::SourceIps,
            _ => return false,
        };
        let Some((start, end)) = self.spans.shape.lists.get(list as usize).copied().flatten()
        else {
            return false;
        };
        for at in start..end {
            if let Some(text) = self.spans.get(self.record, at) {
                each(text);
            }
        }
        true
    }

    fn map(&self, _: usize, field: FieldId, each: &mut dyn FnMut(MapItem<'_>)) -> bool {
        let [user, impersonated] = self.spans.shape.extra;
        let extra = match field {
            FieldId::UserExtra => user,
            FieldId::ImpersonatedExtra => impersonated,
            FieldId::Annotations => {
                for (key, value) in self.pairs() {
                    each(MapItem::Text(key, value));
                }
                return self.spans.shape.annotations.is_some();
            }
            _ => None,
        };
        let Some(range) = extra else {
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

    fn annotation(&self, _: usize, key: &str) -> Lookup<'_> {
        let (start, end) = self.spans.shape.annotations.unwrap_or_default();
        let is_it = |at: &u32| self.spans.bytes(self.record, *at) == Some(key.as_bytes());
        let mut found = (start..end)
            .step_by(2)
            .filter(is_it)
            .filter_map(|at| self.spans.get(self.record, at + 1));
        match (found.next(), found.next()) {
            (None, _) => Lookup::Missing,
            (Some(text), None) => Lookup::Text(text),
            (Some(_), Some(_)) => Lookup::Several,
        }
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
        let body = match field {
            FieldId::RequestObject => Body::Request,
            FieldId::ResponseObject => Body::Response,
            FieldId::ResponseStatusMetadata => Body::StatusMetadata,
            FieldId::ResponseStatusDetails => Body::StatusDetails,
            _ => return None,
        };
        let (start, end) = self.spans.bodies.get(body as usize).copied().flatten()?;
        self.record.get(start as usize..end as usize)
    }

    fn has_invalid_text(&self) -> bool {
        self.spans.invalid
    }

    fn is_cut(&self) -> bool {
        false
    }
}
