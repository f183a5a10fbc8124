//! What filters take away from the hits of rules, and what they did so far.

use std::fmt;

use audit_model::{FieldId, FieldSource};
use rule_lang::{Day, Filter, FilterIdx};

use crate::hit::Hit;
use crate::rule_set::Inner;
use crate::vm::Linked;

/// The filters of a set at work.
#[derive(Debug)]
pub(crate) struct Narrowing {
    /// Per filter.
    counts: Vec<Count>,
    keeps_hits: bool,
    /// Whether the request acts as somebody else, in any reading of the event.
    impersonated: bool,
    /// When the event was.
    time: Time,
    /// The filters that took hits of the event at hand.
    taken: Vec<usize>,
}

/// When an event was. That is read when a filter that expires asks for it.
#[derive(Clone, Copy, Debug)]
enum Time {
    NotRead,
    Unknown,
    On(Day),
}

#[derive(Clone, Debug, Default)]
struct Count {
    suppressed: u64,
    expired: u64,
}

impl Narrowing {
    pub(crate) fn new(n_filters: usize) -> Self {
        Self {
            counts: vec![Count::default(); n_filters],
            keeps_hits: false,
            impersonated: false,
            time: Time::NotRead,
            taken: Vec::new(),
        }
    }

    pub(crate) fn keep_hits(&mut self) {
        self.keeps_hits = true;
    }

    pub(crate) fn keeps_hits(&self) -> bool {
        self.keeps_hits
    }

    /// Turns to the next event.
    pub(crate) fn begin(&mut self, source: &dyn FieldSource) {
        let mut readings = 0..source.readings();
        self.impersonated = readings.any(|n| source.has(n, FieldId::ImpersonatedUser));
        self.time = Time::NotRead;
        self.taken.clear();
    }

    /// The filters that took hits away since the last beginning.
    pub(crate) fn taken(&self) -> &[usize] {
        &self.taken
    }

    /// Counts a hit that a filter takes away.
    pub(crate) fn count(&mut self, filter: usize) {
        if let Some(count) = self.counts.get_mut(filter) {
            count.suppressed += 1;
        }
    }

    /// The filter that takes a rule's hit away, if one does, and counts it. `holds` evaluates a filter's condition.
    pub(crate) fn take(
        &mut self,
        inner: &Inner,
        filters: &[FilterIdx],
        source: &dyn FieldSource,
        holds: &mut dyn FnMut(&Linked) -> bool,
    ) -> Option<usize> {
        // The first one that would have taken the hit, had it not expired.
        let mut expired = None;
        for at in filters.iter().map(|at| at.index()) {
            let Some(active) = inner.filters.get(at) else {
                continue;
            };
            if self.impersonated && active.filter.spares_impersonated() || holds(&active.linked) {
                continue;
            }
            if let Some(last) = active.filter.expires() {
                if matches!(self.time, Time::NotRead) {
                    self.time = day(source).map_or(Time::Unknown, Time::On);
                }
                match self.time {
                    Time::On(day) if day <= last => {}
                    Time::On(_) => {
                        expired.get_or_insert(at);
                        continue;
                    }
                    Time::NotRead | Time::Unknown => continue,
                }
            }
            self.count(at);
            self.taken.push(at);
            return Some(at);
        }
        if let Some(count) = expired.and_then(|at| self.counts.get_mut(at)) {
            count.expired += 1;
        }
        None
    }

    pub(crate) fn uses<'s>(&'s self, inner: &'s Inner) -> impl Iterator<Item = FilterUse<'s>> {
        let all = inner.filters.iter().zip(&self.counts);
        all.map(|(active, count)| FilterUse {
            filter: &active.filter,
            suppressed: count.suppressed,
            expired: count.expired,
        })
        .filter(|found| found.filter.inactive().is_none())
    }
}

/// Whether a filter takes nothing away from an event any more, because it expired before, or may have.
pub(crate) fn is_over(filter: &Filter, source: &dyn FieldSource) -> bool {
    filter
        .expires()
        .is_some_and(|last| day(source).is_none_or(|day| day > last))
}

/// The day of an event: the latest one of its readings; `None` when a reading has no time, so that nothing is known.
fn day(source: &dyn FieldSource) -> Option<Day> {
    let mut latest = None;
    for reading in 0..source.readings() {
        let reached = source.text(reading, FieldId::StageTimestamp);
        let time = reached.or_else(|| source.text(reading, FieldId::RequestReceivedTimestamp))?;
        latest = latest.max(Some(Day::of_time(time)?));
    }
    latest
}

/// What a filter did so far.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FilterUse<'s> {
    /// The filter.
    pub filter: &'s Filter,
    /// Hits that it took away. Of several filters that would, the first one counts.
    pub suppressed: u64,
    /// Hits that it would have taken away if it had not expired, and that no other filter took.
    pub expired: u64,
}

/// A hit that a filter took away.
#[derive(Clone, Copy)]
pub struct SuppressedHit<'h> {
    hit: Hit<'h>,
    filter: &'h Filter,
}

impl<'h> SuppressedHit<'h> {
    pub(crate) fn new(hit: Hit<'h>, filter: &'h Filter) -> Self {
        Self { hit, filter }
    }

    /// The hit as it would have been.
    pub fn hit(&self) -> Hit<'h> {
        self.hit
    }

    /// The filter: the first one of the rule that takes the hit.
    pub fn filter(&self) -> &'h Filter {
        self.filter
    }
}

impl fmt::Debug for SuppressedHit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuppressedHit")
            .field("hit", &self.hit)
            .field("filter", &self.filter.name())
            .finish()
    }
}
