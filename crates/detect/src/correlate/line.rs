//! Facts that wait, in the order of their times.
//!
//! Logs are in order but for a little, so that most facts go to the end of a queue; only those that come after a later one
//! need a place in between.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::correlate::fact::Fact;
use crate::correlate::time::Time;

/// Facts of the first chunk of a queue. Each one after it has twice as many as the one before, up to the largest.
const SMALLEST: usize = 4;
const LARGEST: usize = 256;
/// Bytes of an entry of the map: nodes that grow at one end are little more than half full.
const NODE: usize = 2 * (size_of::<Time>() + size_of::<Vec<Fact>>());
/// What an allocator adds to what it is asked for, about.
const ALLOCATION: usize = 16;

/// Facts that wait.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Those that came in the order of their times, in chunks, so that growing copies nothing.
    chunks: VecDeque<VecDeque<(Time, Fact)>>,
    /// Those that came after a later one.
    behind: BTreeMap<Time, Vec<Fact>>,
    /// Bytes of all of them.
    #[serde(skip)]
    bytes: usize,
}

impl Line {
    /// Bytes in use.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the first one was.
    pub(crate) fn first(&self) -> Option<Time> {
        let queued = self.chunks.front().and_then(VecDeque::front);
        let queued = queued.map(|(time, _)| *time);
        let behind = self.behind.first_key_value().map(|(time, _)| *time);
        match (queued, behind) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    pub(crate) fn push(&mut self, time: Time, fact: Fact) {
        let last = self.chunks.back().and_then(VecDeque::back);
        if last.is_some_and(|(last, _)| time < *last) {
            self.push_behind(time, fact);
            return;
        }
        self.bytes += fact.heap();
        let room = |chunk: &&mut VecDeque<_>| chunk.len() < chunk.capacity();
        if let Some(chunk) = self.chunks.back_mut().filter(room) {
            chunk.push_back((time, fact));
            return;
        }
        let before = self.chunks.back().map_or(0, VecDeque::capacity);
        let mut chunk = VecDeque::with_capacity((2 * before).clamp(SMALLEST, LARGEST));
        chunk.push_back((time, fact));
        self.bytes += bytes_of_chunk(&chunk);
        self.chunks.push_back(chunk);
    }

    fn push_behind(&mut self, time: Time, fact: Fact) {
        let heap = fact.heap();
        let mut bytes = 0;
        let facts = self.behind.entry(time).or_insert_with(|| {
            bytes += NODE + ALLOCATION;
            // Most times have one fact, and growing would make room for four.
            Vec::with_capacity(1)
        });
        let before = if bytes > 0 { 0 } else { facts.capacity() };
        facts.push(fact);
        self.bytes += bytes + heap + (facts.capacity() - before) * size_of::<Fact>();
    }

    /// Takes the facts of the first time, in no order, to those that are in `out`.
    pub(crate) fn take(&mut self, out: &mut Vec<Fact>) -> Option<Time> {
        let first = self.first()?;
        while let Some(chunk) = self.chunks.front_mut() {
            while let Some((_, fact)) = chunk.pop_front_if(|(time, _)| *time == first) {
                self.bytes -= fact.heap();
                out.push(fact);
            }
            if !chunk.is_empty() {
                break;
            }
            self.bytes -= bytes_of_chunk(chunk);
            self.chunks.pop_front();
        }
        if self.behind.first_key_value().map(|(time, _)| *time) == Some(first)
            && let Some((_, facts)) = self.behind.pop_first()
        {
            self.bytes -= bytes_behind(&facts);
            out.extend(facts);
        }
        Some(first)
    }

    /// Keeps the facts that pass a test, which may change what they refer to.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&mut Fact) -> bool) {
        for chunk in &mut self.chunks {
            chunk.retain_mut(|(_, fact)| keep(fact));
        }
        self.chunks.retain(|chunk| !chunk.is_empty());
        for facts in self.behind.values_mut() {
            facts.retain_mut(&mut keep);
        }
        self.behind.retain(|_, facts| !facts.is_empty());
        let queued = self.chunks.iter().map(|chunk| {
            let facts = chunk.iter().map(|(_, fact)| fact.heap());
            bytes_of_chunk(chunk) + facts.sum::<usize>()
        });
        let behind = self.behind.values().map(bytes_behind);
        self.bytes = queued.sum::<usize>() + behind.sum::<usize>();
    }
}

/// Bytes of a chunk without those of what its facts point to.
fn bytes_of_chunk(chunk: &VecDeque<(Time, Fact)>) -> usize {
    ALLOCATION + size_of_val(chunk) + chunk.capacity() * size_of::<(Time, Fact)>()
}

/// Bytes of the facts of one time.
fn bytes_behind(facts: &Vec<Fact>) -> usize {
    let inside: usize = facts.iter().map(Fact::heap).sum();
    NODE + ALLOCATION + facts.capacity() * size_of::<Fact>() + inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::fact::{AuditId, FactValue, Tuple};

    fn fact(n: u32) -> Fact {
        Fact {
            correlation: n,
            reference: 0,
            key: [0, 0],
            id: AuditId::None,
            group: Tuple("1:a".into()),
            value: FactValue::None,
        }
    }

    #[test]
    fn facts_come_out_by_time_and_leave_nothing() {
        let mut line = Line::default();
        let mut expected: Vec<(Time, u32)> = Vec::new();
        // Mostly in order, some far behind, some at one time.
        for n in 0..2_000_u32 {
            let behind = if n % 7 == 0 { 50 } else { 0 };
            let time = Time::from(n / 3) - behind;
            line.push(time, fact(n));
            expected.push((time, n));
        }
        expected.sort_unstable();
        let copy: Line = postcard::from_bytes(&postcard::to_stdvec(&line).unwrap()).unwrap();
        let mut copy = copy;
        copy.retain(|_| true);
        for mut line in [line, copy] {
            let mut found = Vec::new();
            let mut facts = Vec::new();
            while let Some(first) = line.first() {
                assert_eq!(line.take(&mut facts), Some(first));
                facts.sort_by_key(|fact| fact.correlation);
                found.extend(facts.drain(..).map(|fact| (first, fact.correlation)));
            }
            assert_eq!(found, expected);
            assert_eq!(line.bytes(), 0);
        }
    }
}
