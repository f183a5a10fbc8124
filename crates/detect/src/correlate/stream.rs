//! One source of events with its own time: how far it has come, what waits for its turn, and what will close.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::correlate::fact::{Fact, Key, KeyHasher};
use crate::correlate::time::Time;

/// Where events come from: what no group ever reaches across.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Origin {
    pub(crate) provider: Option<Box<str>>,
    pub(crate) cluster: Option<Box<str>>,
    pub(crate) account: Option<Box<str>>,
    pub(crate) project: Option<Box<str>>,
    pub(crate) tenant: Option<Box<str>>,
}

impl Origin {
    pub(crate) fn key(&self) -> Key {
        let mut hasher = KeyHasher::stable();
        for part in [&self.cluster, &self.account, &self.project, &self.tenant] {
            match part {
                None => hasher.number(u64::MAX),
                Some(text) => hasher.text(text),
            }
        }
        hasher.finish()
    }
}

/// A source of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stream {
    pub(crate) origin: Origin,
    pub(crate) key: Key,
    /// Events before this are late.
    pub(crate) watermark: Time,
    /// The time of the facts that were taken last. The watermark may be far ahead of it while facts still wait.
    pub(crate) taken: Time,
    /// Facts that wait until nothing can come before them.
    pending: BTreeMap<Time, Vec<Fact>>,
    /// When detections close, with the keys of their entries.
    due: BTreeSet<(Time, Key)>,
    /// Bytes of what waits.
    bytes: usize,
}

/// Bytes of an entry of the map: nodes that grow at one end are little more than half full.
const NODE: usize = 2 * (size_of::<Time>() + size_of::<Vec<Fact>>());
/// What an allocator adds to what it is asked for, about.
const ALLOCATION: usize = 16;

/// Bytes of the facts of one time.
fn bytes_of(facts: &Vec<Fact>) -> usize {
    let inside: usize = facts.iter().map(Fact::heap).sum();
    NODE + ALLOCATION + facts.capacity() * size_of::<Fact>() + inside
}

impl Stream {
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            key: origin.key(),
            origin,
            watermark: Time::MIN,
            taken: Time::MIN,
            pending: BTreeMap::new(),
            due: BTreeSet::new(),
            bytes: 0,
        }
    }

    /// Puts a fact to those that wait.
    pub(crate) fn wait(&mut self, time: Time, fact: Fact) -> usize {
        let heap = fact.heap();
        let bytes = match self.pending.entry(time) {
            Entry::Vacant(place) => {
                // Most times have one fact, and growing would make room for four.
                bytes_of(place.insert(vec![fact]))
            }
            Entry::Occupied(mut place) => {
                let facts = place.get_mut();
                let before = facts.capacity();
                facts.push(fact);
                heap + (facts.capacity() - before) * size_of::<Fact>()
            }
        };
        self.bytes += bytes;
        bytes
    }

    /// When the first of the facts that wait was.
    pub(crate) fn next(&self) -> Option<Time> {
        self.pending.first_key_value().map(|(time, _)| *time)
    }

    /// Takes the facts of the first time.
    pub(crate) fn take(&mut self) -> Option<(Time, Vec<Fact>, usize)> {
        let (time, facts) = self.pending.pop_first()?;
        let bytes = bytes_of(&facts);
        self.bytes -= bytes;
        self.taken = time;
        Some((time, facts, bytes))
    }

    pub(crate) fn close_at(&mut self, time: Time, key: Key) {
        self.due.insert((time, key));
    }

    pub(crate) fn forget_close(&mut self, time: Time, key: Key) {
        self.due.remove(&(time, key));
    }

    /// The next detection that closes at this time or before.
    pub(crate) fn take_due(&mut self, time: Time) -> Option<(Time, Key)> {
        let first = *self.due.first()?;
        if first.0 > time {
            return None;
        }
        self.due.pop_first()
    }

    /// Keeps the facts of correlations that are still there.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&mut Fact) -> bool) {
        for facts in self.pending.values_mut() {
            facts.retain_mut(|fact| keep(fact));
        }
        self.pending.retain(|_, facts| !facts.is_empty());
        self.bytes = self.pending.values().map(bytes_of).sum();
    }

    pub(crate) fn waiting(&self) -> usize {
        self.bytes
    }
}
