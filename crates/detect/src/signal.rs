//! Correlating in many processes: what the stage that matches passes on to the one that correlates.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::correlate::engine::Engine;
use crate::correlate::fact::{AuditId, Fact, FactValue, Key, KeyHasher, Tuple};
use crate::correlate::plan::Planned;
use crate::correlate::stream::Origin;
use crate::correlate::time::{self, Time};
use crate::hits::Hits;
use crate::rule_set::RuleSet;
use crate::scanner::Scanner;

/// A hit as one correlation needs it: when, in which group, with which value, and which event it was.
///
/// It can be serialized and is small; credentials in it are masked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// What the correlation is, so that a process with other rules does not mistake it for one of its own.
    correlation: Key,
    reference: u32,
    origin: Origin,
    time: Time,
    id: AuditId,
    group: Tuple,
    value: FactValue,
    partition: u64,
}

impl Signal {
    pub(crate) fn new(planned: &Planned, origin: &Origin, time: Time, fact: Fact) -> Self {
        let mut hasher = KeyHasher::stable();
        hasher.key(origin.key());
        for column in &planned.partition {
            hasher.text(fact.group.get(*column).unwrap_or_default());
        }
        Self {
            correlation: planned.content,
            reference: fact.reference,
            origin: origin.clone(),
            time,
            id: fact.id,
            partition: hasher.shard(),
            group: fact.group,
            value: fact.value,
        }
    }

    /// Who is to correlate it: signals with the same key must come to the same [`Correlator`], others need not. The key
    /// is the same in every process and version; it has no secret in it, so that somebody who chooses their own group
    /// can choose where it goes.
    pub fn partition_key(&self) -> u64 {
        self.partition
    }

    /// When the event was.
    pub fn time(&self) -> SystemTime {
        crate::correlated::clock(self.time)
    }
}

/// How far a source of events has come: no event before this time is used any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    pub(crate) origin: Origin,
    pub(crate) time: Time,
}

impl Watermark {
    /// The earlier of two, which is how far a source has come that several processes read parts of. `None` when they are
    /// of different sources.
    #[must_use]
    pub fn earlier(&self, other: &Self) -> Option<Self> {
        (self.origin.key() == other.origin.key()).then(|| Self {
            origin: self.origin.clone(),
            time: self.time.min(other.time),
        })
    }
}

/// Correlates the signals of detectors that run elsewhere: the second of two stages.
///
/// The first stage matches records anywhere ([`Detector::forwarding`](crate::Detector::forwarding)) and passes its
/// signals on, each to the owner of its [`Signal::partition_key`], and then its watermarks to everybody. The detections
/// of all owners together are those of one [`Detector`](crate::Detector) that had seen everything.
///
/// # Examples
/// ```
/// use detect::{Correlator, Reader, RuleSet};
///
/// let rules = RuleSet::builder().shipped().build()?;
/// let mut matcher = rules.detector().forwarding();
/// let mut shards: Vec<Correlator> = (0..3).map(|_| rules.correlator()).collect();
///
/// let log: &[u8] = b"";
/// let mut reader = Reader::new(log);
/// while let Some(record) = reader.next()? {
///     for hit in matcher.process(&record) {
///         println!("{}", hit.message());
///     }
///     for signal in matcher.signals() {
///         let n = signal.partition_key() % 3;
///         shards[n as usize].push(signal);
///     }
///     for watermark in matcher.watermarks() {
///         for shard in &mut shards {
///             for hit in shard.advance(&watermark) {
///                 println!("{}", hit.message());
///             }
///         }
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Correlator {
    /// Without events; hits are read through it.
    scanner: Scanner,
    pub(crate) engine: Engine,
}

impl Correlator {
    pub(crate) fn new(rules: &RuleSet) -> Self {
        Self {
            scanner: rules.scanner(),
            engine: Engine::new(rules.clone()),
        }
    }

    /// Lets the state take this many bytes instead of 64 MiB.
    #[must_use]
    pub fn with_state_bytes(mut self, bytes: usize) -> Self {
        self.engine.set_budget(bytes);
        self
    }

    /// Takes a signal. Returns whether it is of a correlation of this set; one of other rules is left alone.
    pub fn push(&mut self, signal: Signal) -> bool {
        let rules = self.engine.rules.clone();
        let plan = &rules.inner().plan;
        let Some(correlation) = plan.by_content.get(&signal.correlation) else {
            return false;
        };
        let Some(stream) = self.engine.sources.of_origin(signal.origin) else {
            self.engine.uncorrelated += 1;
            return true;
        };
        let key = self.engine.key(signal.correlation, stream, &signal.group.0);
        // Nearly every value of a first-seen correlation is one that is known: it need not wait for its turn.
        if let FactValue::Text(value, _) = &signal.value
            && self
                .engine
                .meet_value(key, *value, (signal.time, stream))
                .is_some()
        {
            return true;
        }
        let fact = Fact {
            correlation: *correlation,
            reference: signal.reference,
            key,
            id: signal.id,
            group: signal.group,
            value: signal.value,
        };
        self.engine.push(stream, signal.time, fact);
        true
    }

    /// Says how far a source has come, and yields what correlations say up to there.
    pub fn advance(&mut self, watermark: &Watermark) -> Hits<'_> {
        self.engine.forget_handed();
        if let Some(stream) = self.engine.sources.of_origin(watermark.origin.clone()) {
            self.engine.advance(stream, watermark.time);
        }
        self.hand_out()
    }

    /// Says what time it is, less the lateness that is allowed, whatever the sources say.
    pub fn flush(&mut self, now: SystemTime) -> Hits<'_> {
        self.engine.forget_handed();
        let watermark = time::of_clock(now).saturating_sub(self.engine.lateness);
        self.engine.advance_all(watermark);
        self.hand_out()
    }

    /// Says that nothing comes any more, as [`Detector::finish`](crate::Detector::finish) does.
    pub fn finish(&mut self) -> Hits<'_> {
        self.engine.forget_handed();
        self.engine.finish();
        self.hand_out()
    }

    fn hand_out(&mut self) -> Hits<'_> {
        self.scanner.hits_and(self.engine.hand_out())
    }
}
