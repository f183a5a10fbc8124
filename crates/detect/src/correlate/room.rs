//! The budget: what state takes, and what is forgotten to keep to it.

use std::cmp::Reverse;

use crate::correlate::engine::Engine;
use crate::correlate::fact::Key;
use crate::correlate::plan::{index, short};
use crate::correlate::silence::Silence;
use crate::correlate::stream::Stream;
use crate::correlate::table::{Entry, Owner};
use crate::correlate::time::Time;
use crate::correlate::window::Window;
use crate::rule_set::RuleSet;

impl Engine {
    /// Bytes in use.
    pub(crate) fn bytes(&self) -> usize {
        self.table.bytes() + self.waiting + self.sources.bytes() + self.known.bytes()
    }

    /// Forgets what was not touched for the longest time until the rest fits.
    pub(crate) fn make_room(&mut self, rules: &RuleSet) {
        while self.bytes().saturating_add(self.table.bytes_to_grow()) > self.budget {
            self.tell_table();
            if self.table.give_back() {
                continue;
            }
            let Some(oldest) = self.table.oldest() else {
                return;
            };
            self.evict(rules, oldest, false);
        }
    }

    /// Lets the state take so many bytes, and makes what is there fit.
    pub(crate) fn set_budget(&mut self, bytes: usize) {
        // What waits is taken first, beside all windows that it may belong to.
        self.budget = usize::MAX;
        let waiting = |stream: &Stream| stream.waiting.bytes();
        let streams = self.sources.streams.iter().enumerate();
        let mut fullest: Vec<(usize, u32)> = streams
            .map(|(at, stream)| (waiting(stream), short(at)))
            .collect();
        fullest.sort_by_key(|(bytes, at)| (Reverse(*bytes), *at));
        for (_, at) in fullest {
            let has_some = |engine: &Self| {
                let stream = engine.stream(at);
                stream.is_some_and(|stream| stream.next().is_some())
            };
            while self.waiting > bytes / 2 && has_some(self) {
                self.hurry(at);
            }
        }
        self.budget = bytes;
        let rules = self.rules.clone();
        self.make_room(&rules);
    }

    /// Forgets an entry; with `quietly` only when it says nothing any more. Returns whether it was forgotten.
    fn evict(&mut self, rules: &RuleSet, at: u32, quietly: bool) -> bool {
        let Some(entry) = self.table.get(at) else {
            return false;
        };
        let timespan = match entry.owner {
            Owner::Correlation(at) => rules
                .inner()
                .plan
                .correlations
                .get(index(at))
                .map_or(0, |it| it.timespan),
            Owner::Rule(_) => 0,
        };
        let stream = entry.stream;
        let taken = self.stream(stream).map_or(Time::MIN, |it| it.taken);
        let has_expired = |entry: &Entry| entry.window.expires(timespan) < taken;
        if quietly && entry.window.is_learnt() && has_expired(entry) {
            // Unless somebody was there of whom the table was not told.
            self.tell_table();
        }
        let Some(entry) = self.table.get(at) else {
            return false;
        };
        let expired = has_expired(entry);
        if quietly && (!expired || matches!(entry.window, Window::Open(_))) {
            return false;
        }
        let key = entry.key;
        let Some((owner, _, window)) = self.table.remove(at) else {
            return false;
        };
        if !expired && let Some(tally) = self.tally(owner) {
            tally.evicted += 1;
        }
        if let Window::Open(silence) = window {
            if let Some(stream) = self.stream_mut(stream) {
                stream.forget_close(silence.end, key);
            }
            // What it had summed up is told rather than lost.
            self.sum_up(rules, owner, stream, &silence, silence.last);
        }
        true
    }

    /// Adds an entry, and takes away one or two that have run out.
    pub(crate) fn insert(
        &mut self,
        rules: &RuleSet,
        key: Key,
        owner: Owner,
        stream: u32,
        window: Window,
    ) -> u32 {
        for _ in 0..2 {
            let oldest = self.table.oldest_of(owner);
            if !oldest.is_some_and(|oldest| self.evict(rules, oldest, true)) {
                break;
            }
        }
        self.make_room(rules);
        self.table.insert(key, owner, stream, window)
    }

    /// Closes a detection whose window has ended, before another takes its place.
    pub(crate) fn settle(&mut self, rules: &RuleSet, key: Key) {
        if let Some(at) = self.table.find(key)
            && let Some((owner, stream, Window::Open(silence))) = self.table.remove(at)
        {
            if let Some(stream) = self.stream_mut(stream) {
                stream.forget_close(silence.end, key);
            }
            self.sum_up(rules, owner, stream, &silence, silence.end);
        }
    }

    /// Opens a silence.
    pub(crate) fn open(
        &mut self,
        rules: &RuleSet,
        key: Key,
        owner: Owner,
        stream: u32,
        silence: Silence,
    ) {
        if let Some(stream) = self.stream_mut(stream) {
            stream.close_at(silence.end, key);
        }
        let window = Window::Open(Box::new(silence));
        match self.table.find(key) {
            Some(at) => {
                self.table.change(at, |place| *place = window);
            }
            None => {
                self.insert(rules, key, owner, stream, window);
            }
        }
    }
}
