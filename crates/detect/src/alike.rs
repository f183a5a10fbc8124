//! What rules that are there for correlations say of requests that are alike.
//!
//! Such rules match everyday requests by the thousand: reads, refusals, deletions. Those that only ask who sends a request,
//! what kind of object it is about and what came of it say the same of the next request of which all of that is the same,
//! and so do their filters. What they said is remembered, so that they are run when something about a request is new.

use audit_model::{Field, FieldId, FieldSource, Plain};
use rule_lang::Program;

use crate::correlate::caller::{filters_of, is_of_every_caller};
use crate::correlate::digest::Digest;
use crate::correlate::fact::Key;
use crate::correlate::plan::{index, short};
use crate::rule_set::{ActiveFilter, ActiveRule};
use crate::spread::Recent;

/// Most rules that match one of them, and most filters that take a hit away.
const MOST_RULES: usize = 4;
const MOST_FILTERS: usize = 2;

/// The rules that say the same of requests that are alike.
#[derive(Debug, Default)]
pub(crate) struct AlikeRules {
    /// By rule.
    is: Vec<bool>,
    pub(crate) reads_groups: bool,
}

impl AlikeRules {
    pub(crate) fn new(rules: &[ActiveRule], filters: &[ActiveFilter]) -> Self {
        let is: Vec<bool> = rules
            .iter()
            .map(|active| !active.told && is_settled(active, filters))
            .collect();
        let those = rules.iter().zip(&is).filter(|(_, is)| **is);
        let programs = those.flat_map(|(active, _)| {
            let filters = filters_of(active, filters).map(rule_lang::Filter::program);
            std::iter::once(active.rule.program()).chain(filters)
        });
        let mut fields = programs.flat_map(Program::fields);
        let reads_groups = fields.any(|field| field.id() == FieldId::UserGroups);
        Self { is, reads_groups }
    }

    pub(crate) fn is(&self, rule: usize) -> bool {
        self.is.get(rule) == Some(&true)
    }
}

fn is_settled(active: &ActiveRule, filters: &[ActiveFilter]) -> bool {
    let reads = |program: &Program| !program.reads_keywords() && program.fields().all(is_asked);
    let rule = &active.rule;
    rule.levels().is_empty()
        && !rule.names_stage()
        && reads(rule.program())
        && filters_of(active, filters)
            .all(|filter| filter.expires().is_none() && reads(filter.program()))
}

/// Whether a field follows from what [`Alike::key`] reads, and from the caller.
fn is_asked(field: &Field) -> bool {
    is_of_every_caller(field.id())
        || matches!(
            field.id(),
            FieldId::Verb
                | FieldId::Operation
                | FieldId::Resource
                | FieldId::ObjectRefResource
                | FieldId::Subresource
                | FieldId::ObjectRefSubresource
                | FieldId::ApiGroup
                | FieldId::ObjectRefApiGroup
                | FieldId::Status
                | FieldId::ResponseStatusCode
                | FieldId::Outcome
                | FieldId::Decision
                | FieldId::UserGroups
        )
}

/// What was said of the requests that came last.
#[derive(Debug)]
pub(crate) struct Alike {
    digest: Digest,
    said: Recent<Said, { 1 << 13 }>,
}

/// What rules say of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said {
    rules: [u32; MOST_RULES],
    filters: [u32; MOST_FILTERS],
    n_rules: u8,
    n_filters: u8,
}

impl Said {
    /// The rules that match.
    pub(crate) fn rules(&self) -> impl Iterator<Item = usize> {
        let all = self.rules.iter().take(usize::from(self.n_rules));
        all.map(|rule| index(*rule))
    }

    /// The filters that take hits away.
    pub(crate) fn filters(&self) -> impl Iterator<Item = usize> {
        let all = self.filters.iter().take(usize::from(self.n_filters));
        all.map(|filter| index(*filter))
    }

    /// Notes that a rule matches.
    pub(crate) fn matches(&mut self, rule: usize) {
        note(&mut self.rules, &mut self.n_rules, rule);
    }

    /// Notes that a filter takes a hit away.
    pub(crate) fn takes(&mut self, filter: usize) {
        note(&mut self.filters, &mut self.n_filters, filter);
    }
}

impl Alike {
    pub(crate) fn new(seed: Key) -> Self {
        Self {
            digest: Digest::new(seed),
            said: Recent::default(),
        }
    }

    /// A hash of all that the rules ask for of a request, given that of its caller, which there is none of where the event
    /// has several readings or the request was only received; `None` where the request leaves something open.
    pub(crate) fn key(&self, caller: u64, source: &dyn FieldSource) -> Option<u64> {
        let text = |field| match Plain::of(source, field)? {
            Plain::Text(text) => Some((1, text.as_bytes())),
            Plain::Missing => Some((0, &[][..])),
            Plain::Number(_) => None,
        };
        let recorded = |field| match source.bytes(0, field) {
            Some(bytes) => (1, bytes),
            None => (0, &[][..]),
        };
        let [verb, resource, subresource, group] = [
            FieldId::Verb,
            FieldId::ObjectRefResource,
            FieldId::ObjectRefSubresource,
            FieldId::ObjectRefApiGroup,
        ]
        .map(recorded);
        let code = source.code(0);
        let (outcome, decision) = (text(FieldId::Outcome)?, text(FieldId::Decision)?);
        let parts = [
            resource.0,
            subresource.0,
            group.0,
            u64::from(code.is_some()),
        ];
        let parts = parts.into_iter().fold(0, |all, one| all << 1 | one);
        Some(self.digest.parts([
            (caller, verb.1),
            (verb.0, resource.1),
            (parts, subresource.1),
            (code.unwrap_or_default().cast_unsigned(), group.1),
            outcome,
            decision,
        ]))
    }

    /// What is said of requests with this hash, if that is known.
    pub(crate) fn get(&self, hash: u64) -> Option<&Said> {
        self.said.get(hash)
    }

    /// Remembers what is said of requests with this hash, unless it is too much.
    pub(crate) fn put(&mut self, hash: u64, said: Said) {
        if usize::from(said.n_rules) <= MOST_RULES && usize::from(said.n_filters) <= MOST_FILTERS {
            self.said.put(hash, said);
        }
    }
}

/// Adds a number to a list, or counts it where there is no room.
fn note(list: &mut [u32], n: &mut u8, number: usize) {
    if let Some(place) = list.get_mut(usize::from(*n)) {
        *place = short(number);
    }
    *n = n.saturating_add(1);
}
