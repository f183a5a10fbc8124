//! Rules that only ask who sends a request, and from where.
//!
//! What a first-seen correlation stands on matches nearly every request of the identities that it watches, and nearly every
//! one of them says what was known. Such rules are not evaluated on each event: what was found of a caller is remembered,
//! and while all of it is still known, the event only makes it known for longer.

use audit_model::{Field, FieldId, FieldSource, MapItem, Segment};
use rule_lang::{CorrelationType, Filter, Program};

use crate::correlate::digest::Digest;
use crate::correlate::engine::Engine;
use crate::correlate::fact::Key;
use crate::correlate::known::{ENTRIES, Known, Met};
use crate::correlate::plan::{Col, Plan, index, short};
use crate::correlate::table::Owner;
use crate::correlate::time::Time;
use crate::folding;
use crate::rule_set::{ActiveFilter, ActiveRule};

/// The rules that only ask for a caller, and what makes one.
#[derive(Debug, Default)]
pub(crate) struct CallerRules {
    /// Ascending.
    pub(crate) rules: Vec<u32>,
    /// By rule.
    is: Vec<bool>,
    /// Keys of `user.extra` that are read; `None` for all.
    extra: Option<Vec<Box<str>>>,
    pub(crate) reads_groups: bool,
    reads_uid: bool,
    /// The shortest of the timespans of their correlations.
    shortest: Time,
}

impl CallerRules {
    pub(crate) fn new(plan: &Plan, rules: &[ActiveRule], filters: &[ActiveFilter]) -> Self {
        let is: Vec<bool> = (0..rules.len())
            .map(|at| only_asks_for_caller(plan, rules, filters, at))
            .collect();
        let those = || {
            rules
                .iter()
                .zip(&is)
                .enumerate()
                .filter(|(_, (_, is))| **is)
        };
        let mut extra = Some(Vec::new());
        let (mut reads_groups, mut reads_uid) = (plan.alike.reads_groups, false);
        let mut shortest = Time::MAX;
        let mut note = |field: &Field| match (field.id(), field.path().segments()) {
            (FieldId::UserExtra, [Segment::Key(key), ..]) => {
                if let Some(keys) = &mut extra {
                    keys.push(key.clone());
                }
            }
            (
                FieldId::UserExtra
                | FieldId::CredentialId
                | FieldId::CredentialPod
                | FieldId::CredentialNode,
                _,
            ) => extra = None,
            (FieldId::UserGroups, _) => reads_groups = true,
            (FieldId::UserUid, _) => reads_uid = true,
            _ => {}
        };
        for (at, (active, _)) in those() {
            active.rule.program().fields().for_each(&mut note);
            for filter in filters_of(active, filters) {
                filter.program().fields().for_each(&mut note);
            }
            for (correlation, reference) in plan.feeds.get(at).into_iter().flatten() {
                let planned = plan.correlations.get(index(*correlation));
                shortest = shortest.min(planned.map_or(0, |planned| planned.timespan));
                for column in columns(plan, *correlation, *reference) {
                    if let Col::Field(field) = column
                        && let Some(field) = plan.fields.get(field)
                    {
                        note(&field.field);
                    }
                }
            }
        }
        let numbers = those().map(|(at, _)| short(at));
        Self {
            rules: numbers.collect(),
            extra,
            reads_groups,
            reads_uid,
            shortest,
            is,
        }
    }

    pub(crate) fn is(&self, rule: usize) -> bool {
        self.is.get(rule) == Some(&true)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

fn columns(plan: &Plan, correlation: u32, reference: u32) -> impl Iterator<Item = Col> {
    let planned = plan.correlations.get(index(correlation));
    let columns = planned.and_then(|planned| planned.columns.get(index(reference)));
    columns
        .into_iter()
        .flat_map(|columns| columns.group.iter().chain(&columns.values))
        .copied()
}

pub(crate) fn filters_of<'f>(
    active: &'f ActiveRule,
    filters: &'f [ActiveFilter],
) -> impl Iterator<Item = &'f Filter> {
    let places = active.rule.filters().iter();
    places.filter_map(|at| Some(&filters.get(at.index())?.filter))
}

fn only_asks_for_caller(
    plan: &Plan,
    rules: &[ActiveRule],
    filters: &[ActiveFilter],
    at: usize,
) -> bool {
    let (Some(active), Some(feeds)) = (rules.get(at), plan.feeds.get(at)) else {
        return false;
    };
    let rule = &active.rule;
    let reads_caller =
        |program: &Program| !program.reads_keywords() && program.fields().all(is_of_caller);
    let is_plain = !active.told && rule.levels().is_empty() && rule.suppress().is_none();
    is_plain
        && !feeds.is_empty()
        && reads_caller(rule.program())
        && filters_of(active, filters)
            .all(|filter| filter.expires().is_none() && reads_caller(filter.program()))
        && feeds.iter().all(|(correlation, reference)| {
            let planned = plan.correlations.get(index(*correlation));
            planned.is_some_and(|planned| planned.kind() == CorrelationType::NewValue)
                && columns(plan, *correlation, *reference).all(|column| match column {
                    Col::Field(at) => plan
                        .fields
                        .get(at)
                        .is_some_and(|planned| is_of_caller(&planned.field)),
                    Col::RuleName | Col::RuleLevel | Col::RuleTactics => true,
                    Col::Group => false,
                })
        })
}

/// Whether a field follows from what [`Callers::key`] reads.
fn is_of_caller(field: &Field) -> bool {
    is_of_every_caller(field.id())
        || matches!(
            field.id(),
            FieldId::UserUid
                | FieldId::UserGroups
                | FieldId::UserExtra
                | FieldId::CredentialId
                | FieldId::CredentialPod
                | FieldId::CredentialNode
        )
}

/// Whether a field follows from what [`Callers::key`] reads whatever the rules ask for.
pub(crate) fn is_of_every_caller(field: FieldId) -> bool {
    matches!(
        field,
        FieldId::UserUsername
            | FieldId::UserId
            | FieldId::ClientIp
            | FieldId::ClientNet
            | FieldId::SourceProvider
    )
}

/// The caller of the event at hand.
#[derive(Debug)]
pub(crate) struct Callers {
    digest: Digest,
    /// Whether somebody asks for the groups of a caller.
    reads_groups: bool,
    text: Vec<u8>,
    /// The hash of the caller at hand.
    at_hand: Option<u64>,
    /// The same, when it is not known yet.
    unknown: Option<u64>,
    /// What is known of it so far.
    entries: Vec<Met>,
}

impl Callers {
    /// `reads_groups` says whether somebody asks for the groups of a caller.
    pub(crate) fn new(seed: Key, reads_groups: bool) -> Self {
        Self {
            digest: Digest::new(seed),
            reads_groups,
            text: Vec::new(),
            at_hand: None,
            unknown: None,
            entries: Vec::new(),
        }
    }

    /// Begins an event of which nothing is known yet.
    pub(crate) fn begin(&mut self) {
        self.at_hand = None;
        self.unknown = None;
        self.entries.clear();
    }

    /// What the caller at hand is known by.
    pub(crate) fn at_hand(&self) -> Option<u64> {
        self.at_hand
    }

    /// Whether nothing but what is known can come of the caller of an event, which then is known for longer. `taken` is
    /// told which filter takes a hit of it away.
    pub(crate) fn are_met(
        &mut self,
        rules: &CallerRules,
        event: &dyn FieldSource,
        (time, stream): (Time, u32),
        engine: &mut Engine,
        taken: impl FnOnce(usize),
    ) -> bool {
        let Some(source) = engine.stream(stream).map(|stream| stream.key) else {
            return false;
        };
        if event.readings() != 1 || engine.is_late(stream, time) {
            return false;
        }
        let key = self.key(rules, event, source);
        self.at_hand = Some(key);
        let met = engine.meet_caller(key, time, rules.shortest);
        match met.as_ref().map(Known::taken) {
            None => self.unknown = Some(key),
            Some(Some(filter)) => taken(filter),
            Some(None) => {}
        }
        met.is_some()
    }

    /// Notes what a fact of the caller at hand is known by.
    pub(crate) fn note(&mut self, entries: Option<[Met; 2]>) {
        match entries {
            Some(entries) if self.entries.len() + entries.len() <= ENTRIES => {
                self.entries.extend(entries);
            }
            _ => self.unknown = None,
        }
    }

    /// Remembers the caller at hand, unless something of it was not known.
    pub(crate) fn remember(&mut self, engine: &mut Engine, time: Time, taken: &[usize]) {
        let (Some(key), [] | [_]) = (self.unknown.take(), taken) else {
            return;
        };
        engine.tell_table();
        let age = engine.table.age();
        if let Some(known) = Known::new(&self.entries, taken.first().copied(), time, age) {
            engine.known.insert(engine.budget, key, known);
        }
    }

    /// Hashes everything that the rules can ask for.
    fn key(&mut self, rules: &CallerRules, event: &dyn FieldSource, [first, second]: Key) -> u64 {
        let Self {
            digest,
            text,
            reads_groups,
            ..
        } = self;
        let name = event.bytes(0, FieldId::UserUsername);
        // Two ways to write the same are two callers, which costs a little memory; one way has one meaning.
        let recorded = event
            .caller(0)
            .filter(|recorded| !rules.reads_uid && recorded.len() <= MOST_RECORDED);
        // Filters spare who acts as somebody else.
        let facts = [
            event.has(0, FieldId::ImpersonatedUser),
            name.is_some(),
            recorded.is_some(),
        ];
        let facts = facts
            .into_iter()
            .fold(0, |facts, fact| facts << 1 | u64::from(fact));
        let rest = recorded.unwrap_or_else(|| {
            text.clear();
            // Some authenticators give a user another one each time.
            if rules.reads_uid {
                folding::push_bytes(text, event.bytes(0, FieldId::UserUid));
            }
            push_list(text, event, FieldId::SourceIps);
            if *reads_groups {
                push_list(text, event, FieldId::UserGroups);
            }
            push_extra(text, event, rules.extra.as_deref());
            text
        });
        let provider = event.bytes(0, FieldId::SourceProvider).unwrap_or_default();
        digest.parts([
            (first, provider),
            (second, name.unwrap_or_default()),
            (facts, rest),
        ])
    }
}

/// Longest stretch of a record that tells of a caller.
const MOST_RECORDED: usize = 2048;

fn push_list(text: &mut Vec<u8>, event: &dyn FieldSource, field: FieldId) {
    event.list_bytes(0, field, &mut |member| {
        folding::push_bytes(text, Some(member));
    });
    folding::push(text, None);
}

/// Appends the keys of `user.extra` that are read, with their members; `None` for all keys.
fn push_extra(text: &mut Vec<u8>, event: &dyn FieldSource, keys: Option<&[Box<str>]>) {
    let is_read = |key: &str| keys.is_none_or(|keys| keys.iter().any(|known| **known == *key));
    let mut reads = false;
    event.map(0, FieldId::UserExtra, &mut |item| match item {
        MapItem::Text(key, value) if is_read(key) => {
            folding::push(text, Some(key));
            folding::push(text, Some(value));
        }
        MapItem::List(key) => {
            reads = is_read(key);
            if reads {
                folding::push(text, None);
                folding::push(text, Some(key));
            }
        }
        MapItem::Member(member) if reads => folding::push(text, Some(member)),
        _ => {}
    });
}

impl Engine {
    /// That a caller was there; what is known of it, if all of that still is.
    fn meet_caller(&mut self, key: u64, time: Time, shortest: Time) -> Option<Known> {
        let at = self.known.find(key)?;
        let known = *self.known.get(at)?;
        let age = self.table.age();
        if known.age == age && known.last >= time.saturating_sub(shortest) {
            self.known.meet(at, time);
            return Some(known);
        }
        self.tell_table();
        let mut entries = known.entries();
        let all = entries.all(|(at, half)| self.meet(at, half, time));
        if let Some(known) = self.known.get_mut(at).filter(|_| all) {
            known.age = age;
            known.last = time.max(known.last);
        }
        all.then_some(known)
    }

    /// Tells the table which callers were there since it was told last.
    pub(crate) fn tell_table(&mut self) {
        let Self { known, table, .. } = self;
        known.take_ahead(|known| {
            for (at, half) in known.entries() {
                table.catch_up(at, half, known.last);
            }
        });
    }

    /// That an entry of `new_value` was there at a time, unless it is not known any more.
    fn meet(&mut self, at: u32, half: u64, time: Time) -> bool {
        let Some(entry) = self.table.get(at) else {
            return false;
        };
        let Owner::Correlation(owner) = entry.owner else {
            return false;
        };
        let rules = self.rules.inner();
        let Some(planned) = rules.plan.correlations.get(index(owner)) else {
            return false;
        };
        let since = time.saturating_sub(planned.timespan);
        self.table.meet(at, half, since, time)
    }

    /// Takes a value that its group has had, of a group that is known: it only makes both known for longer, so that it
    /// need not wait for its turn. Returns where they are; `None` when there is more to it.
    pub(crate) fn meet_value(
        &mut self,
        group: Key,
        value: Key,
        (time, stream): (Time, u32),
    ) -> Option<[Met; 2]> {
        if self.is_late(stream, time) {
            return None;
        }
        let value = self.value_key(group, value);
        let (group_at, value_at) = (self.table.find(group)?, self.table.find(value)?);
        let ([group_half, _], [value_half, _]) = (group, value);
        let met = self.meet(group_at, group_half, time) && self.meet(value_at, value_half, time);
        met.then_some([(group_at, group), (value_at, value)])
    }
}
