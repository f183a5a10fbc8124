//! Requests that Kubernetes does not serve: told by the finite sets of its verbs and resources.

use audit_model::{FieldId, Texts};

use super::super::formula::What;
use super::super::store::{Clash, Literal, fits};
use super::super::value::Value;
use super::{Event, fits_status};
use crate::lint::resources::{self, Resource};
use crate::program::Test;

impl Event<'_, '_> {
    /// What nothing is that Kubernetes serves.
    pub(super) fn not_served(&self) -> Option<Clash> {
        self.verbs()
            .or_else(|| self.resources())
            .or_else(|| self.request())
    }

    /// What texts a field is asked to be or to contain. Who says what it is not may seek what is new or made up.
    fn texts(&self, field: FieldId) -> Vec<Literal> {
        let is_text = |literal: &&Literal| {
            let what = self.problem.atoms.get(literal.atom).map(|atom| atom.what);
            literal.want && matches!(what, Some(What::Test(Test::OneOf(_) | Test::Regex(_))))
        };
        let literals = self.store.of(self.problem, field).iter();
        literals.filter(is_text).copied().collect()
    }

    fn has_one(&self, words: &[&str], literals: &[Literal]) -> bool {
        let is = |word: &&str| fits(self.problem, literals, &Value::word(word), self.budget);
        words.iter().any(is)
    }

    /// Texts that no verb has which an API server writes: a client may make up a method of HTTP, but none for this.
    fn verbs(&self) -> Option<Clash> {
        let Texts::Words(words, _) = FieldId::Verb.texts() else {
            return None;
        };
        let verb = self.texts(FieldId::Verb);
        let operation = self.texts(FieldId::Operation);
        let n_literals = verb.len() + operation.len();
        if n_literals == 0 || !self.budget.spend(words.len() * n_literals) {
            return None;
        }
        for asked in [&verb, &operation] {
            if !self.has_one(words, asked) {
                return Some(self.least(words, asked));
            }
        }
        // The operation is the verb, or `create` for what was applied.
        let can_be_both = |word: &str| {
            let is_applied = matches!(word, "update" | "patch");
            self.has_one(&[word], &verb)
                && (self.has_one(&[word], &operation)
                    || is_applied && self.has_one(&["create"], &operation))
        };
        (!words.iter().any(|word| can_be_both(word))).then(|| Clash([verb, operation].concat()))
    }

    /// The fewest literals of some that leave no word: one, two or all.
    fn least(&self, words: &[&str], literals: &[Literal]) -> Clash {
        for literal in literals {
            if !self.has_one(words, &[*literal]) {
                return Clash(vec![*literal]);
            }
        }
        for (at, left) in literals.iter().enumerate() {
            for right in literals.get(at + 1..).unwrap_or_default() {
                let pair = [*left, *right];
                if !self.budget.spend(words.len()) {
                    break;
                }
                if !self.has_one(words, &pair) {
                    return Clash(pair.to_vec());
                }
            }
        }
        Clash(literals.to_vec())
    }

    /// Texts that no resource has of the groups that are asked for, where these groups get no new ones.
    fn resources(&self) -> Option<Clash> {
        let asked = self.texts(FieldId::Resource);
        let groups = self.values(FieldId::ApiGroup)?;
        if asked.is_empty() || groups.is_empty() {
            return None;
        }
        let mut names = Vec::new();
        for group in groups {
            let Value::Text { text, .. } = group else {
                return None;
            };
            names.extend(resources::of_closed(text)?);
        }
        if !self.budget.spend(names.len() * asked.len()) || self.has_one(&names, &asked) {
            return None;
        }
        let mut clash = self.least(&names, &asked);
        clash.0.extend(self.last(FieldId::ApiGroup));
        Some(clash)
    }

    /// A request that Kubernetes does not serve, so that only one that fails can be it: a resource with a group, a
    /// subresource, a namespace or a verb that it does not have.
    fn request(&self) -> Option<Clash> {
        let outcomes = ["", "success", "dry-run"];
        let may_succeed = outcomes
            .iter()
            .any(|outcome| self.can_be(FieldId::Outcome, outcome))
            && (self.can_be_absent(FieldId::Status) || fits_status(self, &|code| code < 400));
        let values = self.values(FieldId::Resource)?;
        if !may_succeed || values.is_empty() {
            return None;
        }
        let mut missing: &[FieldId] = &[];
        for value in values {
            let Value::Text { text, .. } = value else {
                return None;
            };
            let found = self.served(resources::find(text)?);
            missing = found.err()?;
        }
        let mut clash = self.clash(&[FieldId::Resource]);
        let others = self.clash(missing).0;
        if others.is_empty() {
            return None;
        }
        clash.0.extend(others);
        Some(clash)
    }

    /// Whether a resource is served as it is asked for; else what of it is not.
    fn served(&self, resource: &'static Resource) -> Result<(), &'static [FieldId]> {
        let group = self.store.of(self.problem, FieldId::ApiGroup);
        let is_known = resource
            .groups
            .iter()
            .any(|group| self.can_be(FieldId::ApiGroup, group));
        if !is_known {
            // A group that does not come with Kubernetes may have a resource of that name too.
            let values = self.values(FieldId::ApiGroup);
            let is_foreign = values.is_none_or(|values| {
                values.iter().any(
                    |value| matches!(value, Value::Text { text, .. } if !resources::is_group(text)),
                )
            });
            return if is_foreign {
                Ok(())
            } else {
                Err(&[FieldId::ApiGroup])
            };
        }
        let is_own = resource.plural == "namespaces";
        if !resource.namespaced && !is_own && self.required(FieldId::Namespace).is_some() {
            return Err(&[FieldId::Namespace]);
        }
        let mut found: Result<_, &'static [FieldId]> = Err(&[FieldId::Subresource]);
        let custom = group.is_empty() && resource.is_shared();
        for (subresource, verbs) in resource.served_if(custom) {
            if !self.can_be(FieldId::Subresource, subresource) {
                continue;
            }
            // The verb may stand under another name.
            found = Err(&[FieldId::Subresource, FieldId::Verb, FieldId::Operation]);
            let is_possible = |verb: &&str| {
                let created = matches!(*verb, "update" | "patch")
                    && self.can_be(FieldId::Operation, "create");
                self.can_be(FieldId::Verb, verb)
                    && (self.can_be(FieldId::Operation, verb) || created)
            };
            if verbs.iter().any(is_possible) {
                return Ok(());
            }
        }
        found
    }
}
