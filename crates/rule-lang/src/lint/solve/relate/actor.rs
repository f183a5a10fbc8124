//! Who acts: what the name of a user says of its kind.

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
    /// A kind of actor that no name has which is left. Who impersonates acts under another name; where nothing is said of
    /// that, it counts only when all events do.
    pub(super) fn actor(&self, usual: bool) -> Option<Clash> {
        let is_asked = |field| !self.store.of(self.problem, field).is_empty();
        let impersonates = IMPERSONATED.iter().any(|field| is_asked(*field));
        let is_alone = self.is_gone(FieldId::ImpersonatedUser) || (usual && !impersonates);
        let alone = [FieldId::UserUsername, FieldId::ActorUsername];
        let names = if is_alone { &alone[..] } else { &alone[1..] };
        for name in names {
            let Some(values) = self.values(*name) else {
                continue;
            };
            if is_asked(FieldId::ActorKind) && !values.iter().any(|value| self.has_kind(value)) {
                return Some(self.clash(&[*name, FieldId::ActorKind]));
            }
        }
        if !is_alone || !alone.iter().all(|field| is_asked(*field)) {
            return None;
        }
        let values = self.values(FieldId::UserUsername)?;
        let can_be = |value: &Value| {
            let literals = self.store.of(self.problem, FieldId::ActorUsername);
            fits(self.problem, literals, value, self.budget)
        };
        (!values.iter().any(can_be)).then(|| self.clash(&alone))
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
