//! One source of events with its own time: how far it has come, what waits for its turn, and what will close.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::correlate::fact::{Fact, Key, KeyHasher};
use crate::correlate::line::Line;
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
    /// All that is said of it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let all = [
            &self.provider,
            &self.cluster,
            &self.account,
            &self.project,
            &self.tenant,
        ];
        all.into_iter().flatten().map(|name| &**name)
    }

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
    pub(crate) waiting: Line,
    /// When detections close, with the keys of their entries.
    due: BTreeSet<(Time, Key)>,
    #[serde(skip)]
    soonest: Soonest,
}

/// A time before which nothing is due. It is no part of what a stream is: one that is too early is only of no use.
#[derive(Clone, Copy, Debug)]
struct Soonest(Time);

impl Default for Soonest {
    fn default() -> Self {
        Self(Time::MIN)
    }
}

impl PartialEq for Soonest {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Stream {
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            key: origin.key(),
            origin,
            watermark: Time::MIN,
            taken: Time::MIN,
            waiting: Line::default(),
            due: BTreeSet::new(),
            soonest: Soonest::default(),
        }
    }

    /// When the first of the facts that wait was.
    pub(crate) fn next(&self) -> Option<Time> {
        self.waiting.first()
    }

    /// Whether something is to be taken or closed before the watermark.
    pub(crate) fn is_due(&mut self) -> bool {
        if self.watermark < self.soonest.0 {
            return false;
        }
        let waits = self.next().unwrap_or(Time::MAX);
        let closes = self.due.first().map_or(Time::MAX, |(end, _)| *end);
        self.soonest = Soonest(waits.min(closes));
        waits < self.watermark || closes <= self.watermark && !self.due.is_empty()
    }

    /// Takes a fact, which waits for its turn.
    pub(crate) fn wait(&mut self, time: Time, fact: Fact) {
        self.soonest.0 = self.soonest.0.min(time);
        self.waiting.push(time, fact);
    }

    /// Takes the facts of the first time.
    pub(crate) fn take(&mut self, out: &mut Vec<Fact>) -> Option<Time> {
        let time = self.waiting.take(out)?;
        self.taken = time;
        Some(time)
    }

    pub(crate) fn close_at(&mut self, time: Time, key: Key) {
        self.soonest.0 = self.soonest.0.min(time);
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

    /// Bytes in use beside the facts that wait and beside what is due, which is counted with what closes.
    pub(crate) fn bytes(&self) -> usize {
        let names = self.origin.names().map(str::len);
        size_of::<Self>() + names.sum::<usize>()
    }
}
