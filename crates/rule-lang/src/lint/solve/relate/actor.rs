//! Who acts: whom the names of users say it is, and of which kind.

use audit_model::{FieldId, kind_of_actor};

use super::super::store::{Clash, fits};
use super::super::value::Value;
use super::Event;

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
        let asked = [F::ActorUsername, F::ActorKind];
        if !asked.into_iter().any(is_asked) {
            return None;
        }
        if let Some(names) = self.values(F::ActorUsername)
            && is_asked(F::ActorKind)
            && !names.iter().any(|name| self.has_kind(name))
        {
            return Some(self.clash(&asked));
        }
        let impersonates = IMPERSONATED
            .iter()
            .any(|field| self.required(*field).is_some());
        let who: &[FieldId] = if self.is_gone(F::ImpersonatedUser) {
            &[F::UserUsername]
        } else if impersonates {
            &[F::ImpersonatedUsername]
        } else {
            &[F::UserUsername, F::ImpersonatedUsername]
        };
        let can_act = |field: &FieldId| {
            if self.is_gone(*field) {
                return self.can_act(&Value::Absent);
            }
            let names = self.values(*field);
            names.is_none_or(|names| names.iter().any(|name| self.can_act(name)))
        };
        if who.iter().any(can_act) {
            return None;
        }
        Some(self.clash(&[who, &asked].concat()))
    }

    /// Whether who acts can have this name and the kind that comes with it.
    fn can_act(&self, name: &Value) -> bool {
        let literals = self.store.of(self.problem, FieldId::ActorUsername);
        let name = match name {
            // An empty name is that of nobody.
            Value::Text { text, .. } if text.is_empty() => &Value::Absent,
            name => name,
        };
        fits(self.problem, literals, name, self.budget) && self.has_kind(name)
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
