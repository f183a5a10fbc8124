//! Who acts: whom the names of users say it is, and of which kind.

use audit_model::{FieldId, kind_of_actor};

use super::super::formula::Events;
use super::super::store::Clash;
use super::super::value::Value;
use super::Event;
use super::derived::OF_ACTOR;

const IMPERSONATED: &[FieldId] = &[
    FieldId::ImpersonatedUser,
    FieldId::ImpersonatedUsername,
    FieldId::ImpersonatedUid,
    FieldId::ImpersonatedGroups,
    FieldId::ImpersonatedExtra,
];

impl Event<'_, '_> {
    /// A name or a kind of the actor that nobody has who may be meant: the user, or who is impersonated where somebody is.
    pub(super) fn actor(&self) -> Option<Clash> {
        use FieldId as F;
        let is_asked = |field| !self.store.of(self.problem, field).is_empty();
        let mut asked = vec![F::ActorUsername, F::ActorKind];
        if let Some(names) = self.values(F::ActorUsername)
            && is_asked(F::ActorKind)
            && !names.iter().any(|name| self.has_kind(name))
        {
            return Some(self.clash(&asked));
        }
        asked.extend(OF_ACTOR);
        asked.retain(|field| is_asked(*field));
        if asked.is_empty() {
            return None;
        }
        let impersonates = IMPERSONATED
            .iter()
            .any(|field| self.required(*field).is_some());
        let who: &[FieldId] = if self.is_gone(F::ImpersonatedUser) {
            &[F::UserUsername]
        } else if impersonates && self.problem.events == Events::Written {
            &[F::ImpersonatedUsername]
        } else {
            &[F::UserUsername, F::ImpersonatedUsername]
        };
        let is_impossible = |asked: &[FieldId]| {
            !who.iter().any(|field| {
                if self.is_gone(*field) {
                    return self.can_act(&Value::Absent, asked);
                }
                let names = self.values(*field);
                names.is_none_or(|names| names.iter().any(|name| self.can_act(name, asked)))
            })
        };
        if !is_impossible(&asked) {
            return None;
        }
        let one = asked.iter().find(|field| is_impossible(&[**field]));
        let guilty = one.map_or(asked.as_slice(), std::slice::from_ref);
        Some(self.clash(&[who, guilty].concat()))
    }

    /// Whether who acts can have this name, and what comes with it.
    fn can_act(&self, name: &Value, asked: &[FieldId]) -> bool {
        let name = match name {
            // An empty name is that of nobody.
            Value::Text { text, .. } if text.is_empty() => &Value::Absent,
            name => name,
        };
        asked.iter().all(|field| match field {
            FieldId::ActorUsername => self.can_be_value(*field, name),
            FieldId::ActorKind => self.has_kind(name),
            part => self.has_parts(name, &[*part]),
        })
    }

    /// Whether an actor of this name can be of the kind that is asked for.
    fn has_kind(&self, name: &Value) -> bool {
        // Whoever is in the group of those who did not authenticate.
        if self.can_be(FieldId::ActorKind, "anonymous") {
            return true;
        }
        let Value::Text { text, exact } = name else {
            return self.can_be(FieldId::ActorKind, "");
        };
        // Names in other letters are of people, or of the system.
        let others = ["user", "system"].into_iter().filter(|_| !exact);
        std::iter::once(kind_of_actor(text))
            .chain(others)
            .any(|kind| self.can_be(FieldId::ActorKind, kind))
    }
}
