//! A stream of records: stages are folded, hits are correlated, and what repeats is summed up.

mod feed;

use std::time::{Duration, SystemTime};

use audit_model::Record;

use crate::correlate::caller::Callers;
use crate::correlate::engine::Engine;
use crate::correlate::fact::Key;
use crate::correlate::groups::Groups;
use crate::correlate::reader::{Clock, FactReader, RuleHit};
use crate::correlate::time::{self, Time};
use crate::folding::Folding;
use crate::hits::Hits;
use crate::rule_set::RuleSet;
use crate::scanner::Scanner;
use crate::signal::{Signal, Watermark};

/// A [`Scanner`] for one stream: a request that hits at several stages is told once per rule, and correlations are
/// evaluated over the hits.
///
/// # Stages
/// An exec is logged when it starts and again when it ends; a webhook sends a batch again when it saw no answer. A hit is
/// folded into an earlier one only when source, `auditID`, time of receipt (on GKE, which records none, the status
/// code), verb, request URI and user are the same and the stage is another one, or the event is the same byte for
/// byte. A client chooses some of these and not all: it cannot make two requests look like one. The requests with hits
/// that came last are remembered, 65 536 of them by default.
///
/// # Correlations
/// [`Detector::process`] yields the hits of a record, and after them what correlations say at that time: there is no
/// second place to look. Correlations go by the times of the events (`stageTimestamp`), not by a clock. An event may come
/// up to a minute ([`Detector::with_lateness`]) after others that are later than it, and the result is as if it had come
/// in order; therefore a correlation is told when an event that is a minute later has come, or when
/// [`Detector::flush`] says how late it is. What comes later still is counted and not used. [`Detector::finish`] is for
/// the end of a log.
///
/// Memory for correlations is bounded ([`Detector::with_state_bytes`], 64 MiB by default); what was not touched for the
/// longest time is forgotten first, and counted ([`Detector::correlations`]).
///
/// # Examples
/// ```
/// use detect::{Reader, RuleSet};
///
/// let rules = RuleSet::builder()
///     .text("denied.yaml", "
/// title: Request denied
/// name: denied
/// logsource: {product: kubernetes, service: audit}
/// detection:
///   selection: {outcome: denied}
///   condition: selection
/// ---
/// title: Many requests denied
/// name: many-denied
/// correlation:
///   type: event_count
///   rules: [denied]
///   group-by: [user.username]
///   timespan: 5m
///   condition: {gte: 3}
/// level: high
/// message: '{user.username} was denied {count} times'
/// ")
///     .build()?;
/// let log: String = (1..=5)
///     .map(|n| format!(r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"{n}","stage":"ResponseComplete","verb":"get","user":{{"username":"eve"}},"responseStatus":{{"code":403}},"stageTimestamp":"2026-03-14T02:0{n}:00.000000Z"}}"#) + "\n")
///     .collect();
///
/// let mut detector = rules.detector();
/// let mut reader = Reader::new(log.as_bytes());
/// let mut told = Vec::new();
/// while let Some(record) = reader.next()? {
///     told.extend(detector.process(&record).map(|hit| hit.message().to_owned()));
/// }
/// // The single denials are not told, because the correlation stands in the same file and does not say `generate: true`.
/// assert_eq!(told, ["eve was denied 3 times"]);
/// let summaries: Vec<_> = detector.finish().map(|hit| hit.correlated().map(|it| it.count())).collect();
/// assert_eq!(summaries, [Some(5)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Detector {
    rules: RuleSet,
    scanner: Scanner,
    pub(crate) folding: Folding,
    pub(crate) engine: Engine,
    reader: FactReader,
    clock: Clock,
    pub(crate) callers: Callers,
    pub(crate) groups: Groups,
    /// Hits of the event at hand.
    hits: Vec<RuleHit>,
    /// Facts that the event at hand has made so far: of which correlation, in which group, with which value.
    made: Vec<(u32, Key, Key)>,
    /// Whether there is anything to do beside evaluating rules.
    correlates: bool,
    tenant: Option<Box<str>>,
    pub(crate) latest: Option<Time>,
    /// Whether facts are handed out as signals instead of being correlated here.
    forwarding: bool,
    signals: Vec<Signal>,
}

impl Detector {
    pub(crate) fn new(rules: &RuleSet) -> Self {
        let engine = Engine::new(rules.clone());
        let inner = rules.inner();
        let reads_groups = inner.plan.callers.reads_groups || inner.index(false).asks_for_groups();
        Self {
            rules: rules.clone(),
            scanner: rules.scanner().for_correlations(engine.seed),
            folding: Folding::new(engine.seed),
            reader: FactReader::new(),
            clock: Clock::default(),
            callers: Callers::new(engine.seed, reads_groups),
            groups: Groups::default(),
            hits: Vec::new(),
            made: Vec::new(),
            correlates: !rules.inner().plan.is_empty(),
            engine,
            tenant: None,
            latest: None,
            forwarding: false,
            signals: Vec::new(),
        }
    }

    /// Remembers this many requests with hits instead of 65 536. At 0 nothing is folded.
    #[must_use]
    pub fn with_max_requests(mut self, requests: usize) -> Self {
        self.folding.max_requests = requests;
        self
    }

    /// Keeps the hits that filters take away, as [`Scanner::with_suppressed_hits`] does. They are not folded.
    #[must_use]
    pub fn with_suppressed_hits(mut self) -> Self {
        self.scanner.keep_suppressed_hits();
        self
    }

    /// Keeps the verdict of every rule on the last event: [`Scanner::verdicts`] of [`Detector::scanner`]. Folding drops
    /// hits and changes no verdict.
    #[must_use]
    pub fn with_verdicts(mut self) -> Self {
        self.scanner = self.scanner.with_verdicts();
        self
    }

    /// Tells also of correlations that are there for others only, so that they can be tested.
    pub(crate) fn telling_all(mut self) -> Self {
        self.engine.tells_all = true;
        self
    }

    /// Lets events be this late instead of a minute. With none, a correlation is told as soon as a later event comes.
    #[must_use]
    pub fn with_lateness(mut self, lateness: Duration) -> Self {
        self.engine.lateness = time::of_duration(lateness);
        self
    }

    /// Lets the state of correlations take this many bytes instead of 64 MiB.
    #[must_use]
    pub fn with_state_bytes(mut self, bytes: usize) -> Self {
        self.engine.set_budget(bytes);
        self
    }

    /// Says whose events come from now on. Like the cluster, the account and the project that a source records, the
    /// tenant is a part of every group: nothing is counted across them, and each has a time of its own.
    ///
    /// There can be 16 384 such sources, with names of 512 bytes. What comes from others is not correlated, and counted
    /// ([`Detector::uncorrelated`]); more of them are for several detectors.
    pub fn set_tenant(&mut self, tenant: Option<&str>) {
        self.tenant = tenant.map(Into::into);
        self.engine.sources.forget_last();
    }

    /// Hands out what correlations need ([`Detector::signals`]) instead of correlating: the first of the two stages in
    /// which many processes share the work. Hits of rules with `suppress` are all told, each with what says whether it is to be
    /// kept back ([`Hit::suppression`](crate::Hit::suppression)). See [`Correlator`](crate::Correlator).
    #[must_use]
    pub fn forwarding(mut self) -> Self {
        self.forwarding = true;
        self
    }

    /// Evaluates the rules on a record, and the correlations on what it brings. Records that are no events have no hits.
    pub fn process(&mut self, record: &Record<'_>) -> Hits<'_> {
        self.engine.forget_handed();
        match record {
            Record::Event(record) | Record::Partial(record) => match record.view() {
                Some(view) => self.event(&view, record.source(), record.json()),
                None => self.event(record.event(), record.source(), record.json()),
            },
            _ => self.scanner.clear(),
        }
        self.scanner.hits_and(self.engine.hand_out())
    }

    /// Says what time it is, so that correlations are told and windows close though no event comes. Events that are later
    /// than the allowed lateness before `now` are not used any more.
    pub fn flush(&mut self, now: SystemTime) -> Hits<'_> {
        self.scanner.clear();
        self.engine.forget_handed();
        let watermark = time::of_clock(now).saturating_sub(self.engine.lateness);
        self.engine.advance_all(watermark);
        self.scanner.hits_and(self.engine.hand_out())
    }

    /// Says that nothing comes any more: correlations are told and windows close. What comes all the same is another log:
    /// nothing of it is counted together with what was there before, and what first-seen correlations have learnt stays.
    pub fn finish(&mut self) -> Hits<'_> {
        self.scanner.clear();
        self.engine.forget_handed();
        self.engine.finish();
        self.scanner.hits_and(self.engine.hand_out())
    }

    /// Takes the signals of the records since the last call, of a detector that is [`forwarding`](Detector::forwarding).
    pub fn signals(&mut self) -> impl Iterator<Item = Signal> {
        self.signals.drain(..)
    }

    /// How far each source has come, for the stage that correlates. To be taken after the signals.
    pub fn watermarks(&self) -> impl Iterator<Item = Watermark> {
        let streams = self.engine.sources.streams.iter();
        streams.map(|stream| Watermark {
            origin: stream.origin.clone(),
            time: stream.watermark,
        })
    }

    /// When the latest event so far was.
    pub fn latest(&self) -> Option<SystemTime> {
        let latest = self.latest?;
        Some(crate::correlated::clock(latest))
    }

    /// The rules, and what the filters suppressed.
    pub fn scanner(&self) -> &Scanner {
        &self.scanner
    }

    /// How many hits were folded into earlier ones.
    pub fn folded(&self) -> u64 {
        self.folding.folded
    }
}
