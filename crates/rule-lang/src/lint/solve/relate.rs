//! What the fields of one event have to do with each other: where they come from, and what an API server writes.

mod actor;
mod derived;
mod facts;
mod request;
mod template;

use audit_model::FieldId;

use facts::{PARTS, RULES, WRITTEN, WRITTEN_PARTS};

use super::Budget;
use super::formula::{Events, Problem, What};
use super::store::{Clash, Domain, Literal, Store, fits, shows_presence};
use super::value::Value;

/// A clash between what is asked of several fields.
pub(super) fn check(
    problem: &Problem<'_>,
    store: &Store,
    domains: &[(usize, Domain)],
    served: bool,
    budget: &Budget,
) -> Option<Clash> {
    /// Steps that it takes to go through the rules, for each field that must be there.
    const EACH: usize = 16;
    let mut event = Event {
        problem,
        store,
        domains,
        budget,
        required: Vec::new(),
        required_bits: 0,
    };
    let n_fields = event.gather();
    if n_fields == 0 || !budget.spend(n_fields * EACH) {
        return None;
    }
    event
        .parts()
        .or_else(|| event.rules())
        .or_else(|| event.template())
        .or_else(|| event.operation())
        .or_else(|| event.outcome())
        .or_else(|| event.actor())
        .or_else(|| event.derived())
        .or_else(|| if served { event.not_served() } else { None })
}

/// What is asked of the fields of one event.
struct Event<'e, 'a> {
    problem: &'e Problem<'a>,
    store: &'e Store,
    domains: &'e [(usize, Domain)],
    budget: &'e Budget,
    /// Fields that must be there themselves or by something below them, with a literal that says so.
    required: Vec<(FieldId, Literal)>,
    /// The same fields, a bit for each.
    required_bits: u128,
}

/// The bit of a field.
fn bit(field: FieldId) -> u128 {
    const { assert!(FieldId::COUNT <= 128) };
    1 << field.index()
}

impl Event<'_, '_> {
    /// Finds the fields that must be there; how many fields something is asked of.
    fn gather(&mut self) -> usize {
        let mut n_fields = 0;
        for (var, literals) in self.store.vars() {
            let Some(known) = self.problem.vars.get(var) else {
                continue;
            };
            let Some(field) = known.field else { continue };
            n_fields += 1;
            let has_value = known.whole
                && matches!(self.domain(var), Some(Domain::Finite(values)) if !values.contains(&Value::Absent));
            let shows = |literal: &&Literal| {
                let atom = self.problem.atoms.get(literal.atom);
                atom.is_some_and(|atom| {
                    let is_vague = atom.raw
                        && matches!(atom.what, What::Test(test) if super::value::accepts(test, true, &Value::word(""), false, self.budget));
                    !is_vague && shows_presence(atom.what, literal.want)
                })
            };
            let literal = if has_value {
                literals.last()
            } else {
                literals.iter().find(shows)
            };
            if let Some(literal) = literal {
                self.required.push((field, *literal));
                self.required_bits |= bit(field);
            }
        }
        n_fields
    }

    /// A literal that wants the field, or something below it, to be there.
    fn required(&self, field: FieldId) -> Option<Literal> {
        if self.required_bits & bit(field) == 0 {
            return None;
        }
        let mut found = self.required.iter().filter(|(known, _)| *known == field);
        found.next().map(|(_, literal)| *literal)
    }

    fn domain(&self, var: usize) -> Option<&Domain> {
        self.domains
            .iter()
            .find(|(known, _)| *known == var)
            .map(|(_, domain)| domain)
    }

    /// Whether a field can be this text, or with no text be absent.
    fn can_be(&self, field: FieldId, text: &str) -> bool {
        let literals = self.store.of(self.problem, field);
        if text.is_empty() {
            return fits(self.problem, literals, &Value::Absent, self.budget);
        }
        fits(self.problem, literals, &Value::word(text), self.budget)
    }

    fn can_be_absent(&self, field: FieldId) -> bool {
        self.can_be(field, "")
    }

    /// The literal to name for what a field cannot be.
    fn last(&self, field: FieldId) -> Option<Literal> {
        self.store.of(self.problem, field).last().copied()
    }

    fn clash(&self, fields: &[FieldId]) -> Clash {
        Clash(
            fields
                .iter()
                .filter_map(|field| self.last(*field))
                .collect(),
        )
    }

    /// The values that a field is left, when they are few.
    fn values(&self, field: FieldId) -> Option<&[Value]> {
        match self.domain(self.problem.var_of(field)?)? {
            Domain::Finite(values) => Some(values),
            Domain::Open => None,
        }
    }

    /// Something is asked of a part of what must not be there.
    fn parts(&self) -> Option<Clash> {
        // Also of a path below a field.
        for (var, literals) in self.store.vars() {
            let known = self.problem.vars.get(var)?;
            let Some(field) = known.field.filter(|_| known.whole) else {
                continue;
            };
            if literals.is_empty() || !self.is_gone(field) {
                continue;
            }
            let written = self.if_written(WRITTEN_PARTS);
            let below = PARTS
                .iter()
                .chain(written)
                .filter(|(part, _)| *part == field)
                .flat_map(|(_, fields)| fields.iter().copied());
            for inner in below.chain([field]) {
                if let Some(wanted) = self.required(inner)
                    && let Some(gone) = self.last(field)
                    && gone != wanted
                {
                    return Some(Clash(vec![gone, wanted]));
                }
            }
        }
        None
    }

    /// What holds of events that an API server writes, unless it is asked about others too.
    fn if_written<T>(&self, facts: &'static [T]) -> &'static [T] {
        match self.problem.events {
            Events::Written => facts,
            Events::Any => &[],
        }
    }

    /// Whether a field must not be there.
    fn is_gone(&self, field: FieldId) -> bool {
        let Some(var) = self.problem.var_of(field) else {
            return false;
        };
        if let Some(Domain::Finite(values)) = self.domain(var) {
            return values.iter().all(|value| *value == Value::Absent);
        }
        self.store.of(self.problem, field).iter().any(|literal| {
            !literal.want
                && matches!(
                    self.problem.atoms.get(literal.atom).map(|atom| atom.what),
                    Some(What::Test(crate::program::Test::Exists))
                )
        })
    }

    fn rules(&self) -> Option<Clash> {
        for rule in RULES.iter().chain(self.if_written(WRITTEN)) {
            let Some(wanted) = rule.of.iter().find_map(|field| self.required(*field)) else {
                continue;
            };
            for (field, words) in rule.needs {
                if !words.iter().any(|word| self.can_be(*field, word))
                    && let Some(other) = self.last(*field)
                {
                    return Some(Clash(vec![other, wanted]));
                }
            }
        }
        None
    }

    /// `operation` is the verb, or `create` for a patch or an update that was answered with 201.
    fn operation(&self) -> Option<Clash> {
        let created = || fits_status(self, &|code| code == 201);
        let fields = [FieldId::Verb, FieldId::Status, FieldId::Operation];
        if let Some(values) = self.values(FieldId::Operation) {
            let possible = values.iter().any(|value| match value {
                Value::Text { text, .. } => {
                    self.can_be_value(FieldId::Verb, value)
                        || text.eq_ignore_ascii_case("create")
                            && (self.can_be(FieldId::Verb, "patch")
                                || self.can_be(FieldId::Verb, "update"))
                            && created()
                }
                _ => self.can_be_absent(FieldId::Verb),
            });
            if !possible {
                return Some(self.clash(&fields));
            }
        }
        let possible = self.values(FieldId::Verb)?.iter().any(|value| match value {
            Value::Text { text, .. } => {
                self.can_be_value(FieldId::Operation, value)
                    || (text.eq_ignore_ascii_case("patch") || text.eq_ignore_ascii_case("update"))
                        && self.can_be(FieldId::Operation, "create")
                        && created()
            }
            _ => self.can_be_absent(FieldId::Operation),
        });
        (!possible).then(|| self.clash(&fields))
    }

    fn can_be_value(&self, field: FieldId, value: &Value) -> bool {
        fits(
            self.problem,
            self.store.of(self.problem, field),
            value,
            self.budget,
        )
    }

    /// `outcome` follows from the status code, the decision and the verb.
    fn outcome(&self) -> Option<Clash> {
        let values = self.values(FieldId::Outcome)?;
        let may_pass = match self.problem.events {
            Events::Written => ["", "allow"]
                .iter()
                .any(|word| self.can_be(FieldId::Decision, word)),
            Events::Any => true,
        };
        let possible = values.iter().any(|value| {
            let Value::Text { text, .. } = value else {
                return may_pass && self.can_be_absent(FieldId::Status);
            };
            match text.as_str() {
                "denied" => {
                    self.can_be(FieldId::Decision, "forbid")
                        || fits_status(self, &|code| matches!(code, 401 | 403))
                }
                "failure" => {
                    may_pass
                        && (fits_status(self, &|code| code >= 400 && !matches!(code, 401 | 403))
                            || self.can_be_absent(FieldId::Status)
                                && self.can_be(FieldId::ResponseStatusStatus, "Failure"))
                }
                "dry-run" => {
                    let writes = ["create", "update", "patch", "delete", "deletecollection"];
                    may_pass
                        && fits_status(self, &|code| code < 400)
                        && !self.is_gone(FieldId::ObjectRef)
                        && writes.iter().any(|verb| self.can_be(FieldId::Verb, verb))
                }
                _ => may_pass && fits_status(self, &|code| code < 400),
            }
        });
        (!possible).then(|| {
            self.clash(&[
                FieldId::Decision,
                FieldId::Verb,
                FieldId::ResponseStatusStatus,
                FieldId::Status,
                FieldId::Outcome,
            ])
        })
    }
}

/// Whether the status code can be one of these.
fn fits_status(event: &Event<'_, '_>, is: &dyn Fn(i64) -> bool) -> bool {
    if event.store.of(event.problem, FieldId::Status).is_empty() {
        return true;
    }
    match event.values(FieldId::Status) {
        Some(values) => values
            .iter()
            .any(|value| matches!(value, Value::Int(code) if is(*code))),
        None => true,
    }
}
