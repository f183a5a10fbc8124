//! Facts in the order of their times, through windows, to detections.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use crate::correlate::fact::{Fact, Key, KeyHasher};
use crate::correlate::fired::Fired;
use crate::correlate::plan::{Planned, index, short};
use crate::correlate::silence::Silence;
use crate::correlate::step::Step;
use crate::correlate::stream::{Origin, Stream};
use crate::correlate::table::{Owner, Table};
use crate::correlate::time::Time;
use crate::correlate::window::Window;
use crate::rule_set::RuleSet;

/// Bytes of state by default.
pub(crate) const DEFAULT_BUDGET: usize = 64 << 20;
/// How late an event may come by default: a minute.
pub(crate) const DEFAULT_LATENESS: Time = 60_000_000;
/// Most sources of events with a time of their own. What comes from others is not correlated, and counted.
const MAX_STREAMS: usize = 16_384;

/// What happened to one correlation, or to one rule with `suppress`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Tally {
    /// Events that came too late to be used.
    pub(crate) late: u64,
    /// Events without a field that the correlation groups by or reads.
    pub(crate) left_out: u64,
    /// Groups or values of an event beyond the limit.
    pub(crate) cut: u64,
    /// Groups that were forgotten for want of memory while they still meant something.
    pub(crate) evicted: u64,
    /// Values that were forgotten because a group had too many.
    pub(crate) forgotten: u64,
    /// Detections, without summaries.
    pub(crate) fired: u64,
}

/// The state of all correlations.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) rules: RuleSet,
    pub(crate) lateness: Time,
    pub(crate) budget: usize,
    pub(crate) seed: Key,
    pub(crate) streams: Vec<Stream>,
    by_key: HashMap<Key, u32>,
    /// The stream of the last event; most events are of the same.
    current: u32,
    pub(crate) table: Table,
    /// Correlations first, then rules.
    pub(crate) tallies: Vec<Tally>,
    /// Bytes of facts that wait.
    pub(crate) waiting: usize,
    /// Facts that were taken before their time for want of memory.
    pub(crate) hurried: u64,
    /// Events with hits that no correlation saw: without a time, or from a source for which there was no place.
    pub(crate) uncorrelated: u64,
    pub(crate) fired: Vec<Fired>,
    /// Whether detections are told that are there for other correlations only.
    pub(crate) tells_all: bool,
}

impl Engine {
    pub(crate) fn new(rules: RuleSet) -> Self {
        // The only source of randomness that needs neither an operating system's interface nor a crate.
        let random = RandomState::new();
        let seed = [random.hash_one(0_u8), random.hash_one(1_u8)];
        let n_correlations = rules.inner().plan.correlations.len();
        let n_rules = rules.inner().rules.len();
        Self {
            lateness: DEFAULT_LATENESS,
            budget: DEFAULT_BUDGET,
            tells_all: false,
            seed,
            streams: Vec::new(),
            by_key: HashMap::new(),
            current: 0,
            table: Table::new(n_correlations, n_rules),
            tallies: vec![Tally::default(); n_correlations + n_rules],
            waiting: 0,
            hurried: 0,
            uncorrelated: 0,
            fired: Vec::new(),
            rules,
        }
    }

    pub(crate) fn tally(&mut self, owner: Owner) -> Option<&mut Tally> {
        let at = self.tally_at(owner);
        self.tallies.get_mut(at)
    }

    pub(crate) fn tally_of(&self, owner: Owner) -> Option<Tally> {
        self.tallies.get(self.tally_at(owner)).copied()
    }

    fn tally_at(&self, owner: Owner) -> usize {
        match owner {
            Owner::Correlation(at) => index(at),
            Owner::Rule(at) => self.rules.inner().plan.correlations.len() + index(at),
        }
    }

    /// The stream of an event from here; `None` when there are too many.
    pub(crate) fn stream(
        &mut self,
        is: impl Fn(&Origin) -> bool,
        make: impl FnOnce() -> Origin,
    ) -> Option<u32> {
        if self
            .streams
            .get(index(self.current))
            .is_some_and(|stream| is(&stream.origin))
        {
            return Some(self.current);
        }
        self.current = self.stream_of(make())?;
        Some(self.current)
    }

    /// The stream of an origin; `None` when there are too many. Sharing one would count across tenants.
    pub(crate) fn stream_of(&mut self, origin: Origin) -> Option<u32> {
        let key = origin.key();
        if let Some(at) = self.by_key.get(&key) {
            return Some(*at);
        }
        if self.streams.len() >= MAX_STREAMS {
            return None;
        }
        let at = short(self.streams.len());
        self.streams.push(Stream::new(origin));
        self.by_key.insert(key, at);
        Some(at)
    }

    pub(crate) fn add_stream(&mut self, stream: Stream) {
        self.by_key.insert(stream.key, short(self.streams.len()));
        self.waiting += stream.waiting();
        self.streams.push(stream);
    }

    /// The key of a group of a correlation.
    pub(crate) fn key(&self, content: Key, stream: u32, group: &str) -> Key {
        let mut hasher = KeyHasher::new(self.seed);
        hasher.key(content);
        hasher.key(
            self.streams
                .get(index(stream))
                .map_or([0, 0], |stream| stream.key),
        );
        hasher.text(group);
        hasher.finish()
    }

    /// Bytes in use.
    pub(crate) fn bytes(&self) -> usize {
        let streams: usize = self.streams.len() * (size_of::<Stream>() + 256);
        self.table.bytes() + self.waiting + streams
    }

    /// Takes a fact. What comes too late is counted and dropped.
    pub(crate) fn push(&mut self, stream: u32, time: Time, fact: Fact) {
        let owner = Owner::Correlation(fact.correlation);
        let Some(found) = self.streams.get_mut(index(stream)) else {
            return;
        };
        if time < found.watermark {
            if let Some(tally) = self.tally(owner) {
                tally.late += 1;
            }
            return;
        }
        self.waiting += found.wait(time, fact);
        // What waits may take half of the memory.
        while self.waiting > self.budget / 2 {
            self.hurry(stream);
        }
    }

    /// Takes the first facts of the stream that holds most before their time; what then comes before them is late.
    fn hurry(&mut self, stream: u32) {
        let fullest = |engine: &Self| {
            let all = engine.streams.iter().enumerate();
            all.max_by_key(|(_, stream)| stream.waiting())
                .map(|(at, _)| short(at))
        };
        let has_some = |at: u32| {
            self.streams
                .get(index(at))
                .is_some_and(|stream| stream.next().is_some())
        };
        let stream = if has_some(stream) {
            stream
        } else {
            fullest(self).unwrap_or(stream)
        };
        let Some(found) = self.streams.get_mut(index(stream)) else {
            return;
        };
        let Some(next) = found.next() else {
            self.waiting = 0;
            return;
        };
        found.watermark = found.watermark.max(next.saturating_add(1));
        self.hurried += 1;
        self.run(stream);
    }

    /// That events before this time are late from now on.
    pub(crate) fn advance(&mut self, stream: u32, watermark: Time) {
        let Some(found) = self.streams.get_mut(index(stream)) else {
            return;
        };
        if watermark > found.watermark {
            found.watermark = watermark;
            self.run(stream);
        }
    }

    /// That nothing comes any more.
    pub(crate) fn finish(&mut self) {
        for stream in 0..short(self.streams.len()) {
            self.advance(stream, Time::MAX);
        }
        for stream in &mut self.streams {
            stream.watermark = Time::MIN;
        }
    }

    /// Takes every fact whose time has come.
    fn run(&mut self, stream: u32) {
        let rules = self.rules.clone();
        loop {
            let Some(found) = self.streams.get_mut(index(stream)) else {
                return;
            };
            let watermark = found.watermark;
            if let Some(next) = found.next().filter(|next| *next < watermark) {
                self.close(&rules, stream, next);
                let taken = self.streams.get_mut(index(stream)).and_then(Stream::take);
                if let Some((time, facts, bytes)) = taken {
                    self.waiting -= bytes;
                    self.batch(&rules, stream, time, facts);
                }
            } else {
                self.close(&rules, stream, watermark);
                return;
            }
        }
    }

    /// Takes the facts of one time, correlation by correlation; those that are made of others come later.
    fn batch(&mut self, rules: &RuleSet, stream: u32, time: Time, mut work: Vec<Fact>) {
        while !work.is_empty() {
            work.sort_by(Fact::order);
            let first = work.first().map_or(0, |fact| fact.correlation);
            let n = work
                .iter()
                .take_while(|fact| fact.correlation == first)
                .count();
            let rest = work.split_off(n);
            let facts = std::mem::replace(&mut work, rest);
            let Some(planned) = rules.inner().plan.correlations.get(index(first)) else {
                continue;
            };
            let mut step = Step {
                engine: self,
                planned,
                at: first,
                stream,
                time,
                chained: Vec::new(),
            };
            step.facts(&facts);
            work.append(&mut step.chained);
            self.make_room(rules);
        }
    }

    /// Closes what is to be closed at this time or before, earliest first.
    fn close(&mut self, rules: &RuleSet, stream: u32, time: Time) {
        let start = self.fired.len();
        let due = |engine: &mut Self| {
            let found = engine.streams.get_mut(index(stream));
            found.and_then(|found| found.take_due(time))
        };
        while let Some((_, key)) = due(self) {
            if let Some(at) = self.table.find(key)
                && let Some((owner, _, Window::Open(silence))) = self.table.remove(at)
            {
                self.sum_up(rules, owner, stream, &silence, silence.end);
            }
        }
        // Keys are random; the order of what is told is not.
        if let Some(closed) = self.fired.get_mut(start..) {
            closed.sort_by(|one, other| {
                (one.end, one.owner, &one.group).cmp(&(other.end, other.owner, &other.group))
            });
        }
    }

    /// Tells what followed a detection, if something did.
    fn sum_up(&mut self, rules: &RuleSet, owner: Owner, stream: u32, silence: &Silence, end: Time) {
        let Some(found) = self.streams.get(index(stream)) else {
            return;
        };
        if silence.count <= silence.told {
            return;
        }
        let mut fired = Fired {
            owner,
            summary: true,
            id: silence.id,
            level: rule_lang::Level::Medium,
            origin: found.origin.clone(),
            group: silence.group.clone(),
            start: silence.start,
            end,
            first: silence.first,
            last: silence.last,
            count: silence.count,
            value: None,
            error: None,
            novel: silence.novel.clone(),
            ids: silence.ids.clone(),
            rules: Vec::new(),
            message: String::new(),
            shown: Vec::new(),
        };
        match owner {
            Owner::Correlation(at) => {
                let Some(planned) = rules.inner().plan.correlations.get(index(at)) else {
                    return;
                };
                if !planned.told && !self.tells_all {
                    return;
                }
                fired.level = planned.correlation.level();
                (fired.value, fired.error) = silence.sum.read(planned.kind(), planned.percentile());
                fired.rules = names(planned, &silence.references);
                fired.tell(planned);
            }
            Owner::Rule(at) => {
                let Some(active) = rules.inner().rules.get(index(at)) else {
                    return;
                };
                fired.level = active.rule.level();
                fired.rules = vec![active.rule.name().to_owned()];
                let by = active
                    .rule
                    .suppress()
                    .map(|suppress| suppress.by.as_slice());
                let values = silence
                    .group
                    .iter()
                    .map(|value| value.unwrap_or("-").to_owned());
                fired.shown = by
                    .unwrap_or_default()
                    .iter()
                    .map(ToString::to_string)
                    .zip(values)
                    .collect();
                let told = silence.message.as_deref().unwrap_or(active.rule.title());
                fired.message.push_str(told);
                let mut message = std::mem::take(&mut fired.message);
                fired.sum_up(&mut message);
                fired.message = message;
            }
        }
        self.fired.push(fired);
    }

    /// Forgets what was not touched for the longest time until the rest fits.
    pub(crate) fn make_room(&mut self, rules: &RuleSet) {
        while self.bytes().saturating_add(self.table.bytes_to_grow()) > self.budget {
            let Some(oldest) = self.table.oldest() else {
                return;
            };
            self.evict(rules, oldest, false);
        }
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
        let taken = self
            .streams
            .get(index(stream))
            .map_or(Time::MIN, |it| it.taken);
        let expired = entry.window.expires(timespan) < taken;
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
            if let Some(stream) = self.streams.get_mut(index(stream)) {
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
            if let Some(stream) = self.streams.get_mut(index(stream)) {
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
        if let Some(stream) = self.streams.get_mut(index(stream)) {
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

pub(crate) fn names(planned: &Planned, references: &[u32]) -> Vec<String> {
    let mut names: Vec<String> = references
        .iter()
        .filter_map(|reference| planned.target(*reference))
        .map(|target| target.name.clone())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
