//! Facts in the order of their times, through windows, to detections.

use std::hash::{BuildHasher as _, RandomState};

use rule_lang::CorrelationType;
use smallvec::SmallVec;

use crate::correlate::digest::Digest;
use crate::correlate::fact::{Fact, Key};
use crate::correlate::fired::Fired;
use crate::correlate::known::KnownCallers;
use crate::correlate::plan::{index, short};
use crate::correlate::sources::Sources;
use crate::correlate::step::Step;
use crate::correlate::stream::Stream;
use crate::correlate::table::{Owner, Table};
use crate::correlate::time::Time;
use crate::rule_set::RuleSet;

/// Bytes of state by default.
pub(crate) const DEFAULT_BUDGET: usize = 64 << 20;
/// How late an event may come by default: a minute.
pub(crate) const DEFAULT_LATENESS: Time = 60_000_000;

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
    digest: Digest,
    pub(crate) sources: Sources,
    pub(crate) table: Table,
    /// Correlations first, then rules.
    pub(crate) tallies: Vec<Tally>,
    /// Bytes of facts that wait.
    pub(crate) waiting: usize,
    pub(crate) known: KnownCallers,
    /// Facts that were taken before their time for want of memory.
    pub(crate) hurried: u64,
    /// Events with hits that no correlation saw: without a time, or from a source for which there was no place.
    pub(crate) uncorrelated: u64,
    pub(crate) fired: Vec<Fired>,
    /// How much of that has been handed out. State that is restored, or is given less room, may tell something too.
    n_handed: usize,
    /// Facts of one time, kept for its memory.
    batch: Vec<Fact>,
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
            digest: Digest::new(seed),
            sources: Sources::default(),
            table: Table::new(n_correlations, n_rules),
            tallies: vec![Tally::default(); n_correlations + n_rules],
            waiting: 0,
            known: KnownCallers::default(),
            hurried: 0,
            uncorrelated: 0,
            fired: Vec::new(),
            n_handed: 0,
            batch: Vec::new(),
            rules,
        }
    }

    /// Hashes keys with this seed from now on, as long as there is no state yet.
    pub(crate) fn reseed(&mut self, seed: Key) {
        self.seed = seed;
        self.digest = Digest::new(seed);
    }

    /// Forgets what was handed out.
    pub(crate) fn forget_handed(&mut self) {
        let n = self.n_handed.min(self.fired.len());
        self.fired.drain(..n);
        self.n_handed = 0;
    }

    /// What is to be told, which is handed out with this.
    pub(crate) fn hand_out(&mut self) -> &[Fired] {
        self.n_handed = self.fired.len();
        &self.fired
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

    /// The key of a group of a correlation.
    pub(crate) fn key(&self, content: Key, stream: u32, group: &str) -> Key {
        let mut text: SmallVec<[u8; 256]> = SmallVec::new();
        let source = self.stream(stream).map_or([0, 0], |stream| stream.key);
        for number in content.into_iter().chain(source) {
            text.extend_from_slice(&number.to_le_bytes());
        }
        text.extend_from_slice(group.as_bytes());
        self.digest.hash(&text)
    }

    /// The key of a value of a group.
    pub(crate) fn value_key(&self, group: Key, value: Key) -> Key {
        let mut text = [[0; 8]; 4];
        for (place, number) in text.iter_mut().zip(group.into_iter().chain(value)) {
            *place = number.to_le_bytes();
        }
        self.digest.hash(text.as_flattened())
    }

    pub(crate) fn stream(&self, at: u32) -> Option<&Stream> {
        self.sources.streams.get(index(at))
    }

    pub(crate) fn stream_mut(&mut self, at: u32) -> Option<&mut Stream> {
        self.sources.streams.get_mut(index(at))
    }

    /// Whether an event of this time comes too late to be used.
    pub(crate) fn is_late(&self, stream: u32, time: Time) -> bool {
        self.stream(stream)
            .is_some_and(|stream| time < stream.watermark)
    }

    /// Takes a fact. What comes too late is counted and dropped.
    pub(crate) fn push(&mut self, stream: u32, time: Time, fact: Fact) {
        let owner = Owner::Correlation(fact.correlation);
        let Some(found) = self.stream_mut(stream) else {
            return;
        };
        if time < found.watermark {
            if let Some(tally) = self.tally(owner) {
                tally.late += 1;
            }
            return;
        }
        let before = found.waiting.bytes();
        found.wait(time, fact);
        let after = found.waiting.bytes();
        self.waiting += after - before;
        // What waits may take half of the memory.
        while self.waiting > self.budget / 2 && self.hurry(stream) {}
    }

    /// Takes the first facts of the stream, or of the one that holds most, before their time; what then comes before them
    /// is late. Returns whether there were any.
    pub(crate) fn hurry(&mut self, stream: u32) -> bool {
        let has_some = |at: &u32| {
            let found = self.stream(*at);
            found.is_some_and(|stream| stream.next().is_some())
        };
        let fullest = || {
            let all = self.sources.streams.iter().enumerate();
            let fullest = all.max_by_key(|(_, stream)| stream.waiting.bytes());
            fullest.map(|(at, _)| short(at)).filter(has_some)
        };
        let Some(stream) = Some(stream).filter(has_some).or_else(fullest) else {
            return false;
        };
        let Some(found) = self.stream_mut(stream) else {
            return false;
        };
        let Some(next) = found.next() else {
            return false;
        };
        found.watermark = found.watermark.max(next.saturating_add(1));
        self.hurried += 1;
        self.run(stream);
        true
    }

    /// That events before this time are late from now on.
    pub(crate) fn advance(&mut self, stream: u32, watermark: Time) {
        let Some(found) = self.stream_mut(stream) else {
            return;
        };
        if watermark > found.watermark {
            found.watermark = watermark;
            if found.is_due() {
                self.run(stream);
            }
        }
    }

    /// That events before this time are late from now on, wherever they come from.
    pub(crate) fn advance_all(&mut self, watermark: Time) {
        for stream in 0..short(self.sources.streams.len()) {
            self.advance(stream, watermark);
        }
    }

    /// That nothing comes any more. What begins after that has nothing to do with what was there before, but for what was
    /// learnt.
    pub(crate) fn finish(&mut self) {
        self.advance_all(Time::MAX);
        let rules = self.rules.clone();
        let correlations = rules.inner().plan.correlations.iter().enumerate();
        for (at, planned) in correlations {
            let owner = Owner::Correlation(short(at));
            while planned.kind() != CorrelationType::NewValue
                && let Some(oldest) = self.table.oldest_of(owner)
            {
                self.table.remove(oldest);
            }
        }
        for stream in &mut self.sources.streams {
            stream.watermark = Time::MIN;
        }
    }

    /// Takes every fact whose time has come.
    fn run(&mut self, stream: u32) {
        let rules = self.rules.clone();
        let mut batch = std::mem::take(&mut self.batch);
        while let Some(found) = self.stream_mut(stream) {
            let watermark = found.watermark;
            let Some(next) = found.next().filter(|next| *next < watermark) else {
                self.close(&rules, stream, watermark);
                break;
            };
            self.close(&rules, stream, next);
            if let Some(found) = self.stream_mut(stream) {
                let before = found.waiting.bytes();
                let time = found.take(&mut batch);
                let after = found.waiting.bytes();
                self.waiting -= before - after;
                if let Some(time) = time {
                    self.batch(&rules, stream, time, &mut batch);
                }
            }
        }
        self.batch = batch;
    }

    /// Takes the facts of one time, correlation by correlation; those that are made of others come later.
    fn batch(&mut self, rules: &RuleSet, stream: u32, time: Time, work: &mut Vec<Fact>) {
        while !work.is_empty() {
            work.sort_by(Fact::order);
            let first = work.first().map_or(0, |fact| fact.correlation);
            let n = work.partition_point(|fact| fact.correlation == first);
            let mut chained = Vec::new();
            if let (Some(planned), Some(facts)) = (
                rules.inner().plan.correlations.get(index(first)),
                work.get(..n),
            ) {
                let mut step = Step {
                    engine: self,
                    rules,
                    planned,
                    at: first,
                    stream,
                    time,
                    chained,
                };
                step.facts(facts);
                chained = step.chained;
                self.make_room(rules);
            }
            work.drain(..n);
            work.append(&mut chained);
        }
    }
}
