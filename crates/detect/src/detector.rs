//! A stream of records: stages are folded, hits are correlated, and what repeats is summed up.

use std::time::{Duration, SystemTime};

use audit_model::{FieldId, FieldSource, Record};

use crate::correlate::engine::Engine;
use crate::correlate::fact::{AuditId, Ids, KeyHasher, Mark, Tuple};
use crate::correlate::fired;
use crate::correlate::plan::{index, short};
use crate::correlate::reader::{FactReader, RuleHit, id_of, time_of};
use crate::correlate::silence::{Silence, Sum};
use crate::correlate::stream::Origin;
use crate::correlate::table::Owner;
use crate::correlate::time::{self, Time};
use crate::correlate::window::Window;
use crate::folding::Folding;
use crate::rule_set::RuleSet;
use crate::scanner::{Hits, Scanner};
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
    scanner: Scanner,
    pub(crate) folding: Folding,
    pub(crate) engine: Engine,
    reader: FactReader,
    hits: Vec<RuleHit>,
    tenant: Option<Box<str>>,
    pub(crate) latest: Option<Time>,
    /// Whether facts are handed out as signals instead of being correlated here.
    forwarding: bool,
    signals: Vec<Signal>,
}

impl Detector {
    pub(crate) fn new(rules: &RuleSet) -> Self {
        let engine = Engine::new(rules.clone());
        Self {
            scanner: rules.scanner().for_correlations(),
            folding: Folding::new(engine.seed),
            engine,
            reader: FactReader::new(),
            hits: Vec::new(),
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
        self.engine.budget = bytes;
        self
    }

    /// Says whose events come from now on. Like the cluster, the account and the project that a source records, the
    /// tenant is a part of every group: nothing is counted across them, and each has a time of its own.
    ///
    /// There can be 16 384 such sources. What comes from others after that is not correlated, and counted
    /// ([`Detector::uncorrelated`]); more of them are for several detectors.
    pub fn set_tenant(&mut self, tenant: Option<&str>) {
        self.tenant = tenant.map(Into::into);
    }

    /// Hands out what correlations need ([`Detector::signals`]) instead of correlating: the first of the two stages in
    /// which many processes share the work. See [`Correlator`](crate::Correlator).
    #[must_use]
    pub fn forwarding(mut self) -> Self {
        self.forwarding = true;
        self
    }

    /// Evaluates the rules on a record, and the correlations on what it brings. Records that are no events have no hits.
    pub fn process(&mut self, record: &Record<'_>) -> Hits<'_> {
        self.engine.fired.clear();
        match record {
            Record::Event(record) | Record::Partial(record) => match record.view() {
                Some(view) => self.event(&view, record.json()),
                None => self.event(record.event(), record.json()),
            },
            _ => self.scanner.clear(),
        }
        self.scanner.hits_and(&self.engine.fired)
    }

    /// Says what time it is, so that correlations are told and windows close though no event comes. Events that are later
    /// than the allowed lateness before `now` are not used any more.
    pub fn flush(&mut self, now: SystemTime) -> Hits<'_> {
        self.scanner.clear();
        self.engine.fired.clear();
        let watermark = time::of_clock(now).saturating_sub(self.engine.lateness);
        for stream in 0..short(self.engine.streams.len()) {
            self.engine.advance(stream, watermark);
        }
        self.scanner.hits_and(&self.engine.fired)
    }

    /// Says that nothing comes any more: correlations are told and windows close.
    pub fn finish(&mut self) -> Hits<'_> {
        self.scanner.clear();
        self.engine.fired.clear();
        self.engine.finish();
        self.scanner.hits_and(&self.engine.fired)
    }

    /// Takes the signals of the records since the last call, of a detector that is [`forwarding`](Detector::forwarding).
    pub fn signals(&mut self) -> impl Iterator<Item = Signal> {
        self.signals.drain(..)
    }

    /// How far each source has come, for the stage that correlates. To be taken after the signals.
    pub fn watermarks(&self) -> impl Iterator<Item = Watermark> {
        let streams = self.engine.streams.iter();
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

    fn event(&mut self, event: &impl FieldSource, raw: &[u8]) {
        self.scanner.scan(event);
        self.folding.fold(&mut self.scanner, event, raw);
        let rules = self.engine.rules.clone();
        let plan = &rules.inner().plan;
        if plan.is_empty() {
            return;
        }
        let findings = self.scanner.findings();
        let has_hits = !findings.all.is_empty() || !findings.quiet.is_empty();
        let time = time_of(event);
        self.latest = self.latest.max(time);
        let placed = time.and_then(|time| Some((time, self.stream(event)?)));
        let Some((time, stream)) = placed else {
            self.engine.uncorrelated += u64::from(has_hits);
            return;
        };
        if has_hits {
            let findings = self.scanner.findings();
            self.hits.clear();
            let told = findings
                .all
                .iter()
                .map(|finding| (finding.rule, finding.level));
            let all = told.chain(findings.quiet.iter().copied());
            self.hits
                .extend(all.map(|(rule, level)| RuleHit { rule, level }));
            self.correlate(&rules, event, time, stream);
            self.suppress(&rules, event, time, stream);
        }
        let watermark = time.saturating_sub(self.engine.lateness);
        self.engine.advance(stream, watermark);
    }

    /// Where the event comes from; `None` when there are too many sources.
    fn stream(&mut self, event: &dyn FieldSource) -> Option<u32> {
        let part = |field| event.text(0, field);
        let (cluster, account, project) = (
            part(FieldId::SourceCluster),
            part(FieldId::SourceAccount),
            part(FieldId::SourceProject),
        );
        let tenant = self.tenant.as_deref();
        let is = |origin: &Origin| {
            origin.cluster.as_deref() == cluster
                && origin.account.as_deref() == account
                && origin.project.as_deref() == project
                && origin.tenant.as_deref() == tenant
        };
        let owned = |text: Option<&str>| text.map(Into::into);
        self.engine.stream(is, || Origin {
            provider: owned(part(FieldId::SourceProvider)),
            cluster: owned(cluster),
            account: owned(account),
            project: owned(project),
            tenant: owned(tenant),
        })
    }

    /// Hands the hits to the correlations that take them.
    fn correlate(&mut self, rules: &RuleSet, event: &dyn FieldSource, time: Time, stream: u32) {
        let plan = &rules.inner().plan;
        self.hits.sort_unstable_by_key(|hit| hit.rule);
        let wanted = |hit: &RuleHit| {
            plan.feeds
                .get(hit.rule)
                .is_some_and(|feeds| !feeds.is_empty())
        };
        if !self.hits.iter().any(wanted) {
            return;
        }
        let id = id_of(event);
        for read in self.reader.read(plan, &self.hits, &mut self.scanner, event) {
            let Some(planned) = plan.correlations.get(index(read.correlation)) else {
                continue;
            };
            if let Some(tally) = self.engine.tally(Owner::Correlation(read.correlation)) {
                tally.cut += read.made.cut;
                tally.left_out += u64::from(read.made.pairs.is_empty());
            }
            let at = (read.correlation, read.reference);
            if self.forwarding {
                let origin = self
                    .engine
                    .streams
                    .get(index(stream))
                    .map(|stream| &stream.origin);
                let Some(origin) = origin else {
                    continue;
                };
                for fact in read.made.into_facts(at, &id, |_| [0, 0]) {
                    self.signals.push(Signal::new(planned, origin, time, fact));
                }
                continue;
            }
            let engine = &self.engine;
            let facts = read.made.into_facts(at, &id, |group| {
                engine.key(planned.content, stream, &group.0)
            });
            let facts: Vec<_> = facts.collect();
            for fact in facts {
                self.engine.push(stream, time, fact);
            }
        }
    }

    /// Keeps back the hits of rules with `suppress` that were told not long ago.
    fn suppress(&mut self, rules: &RuleSet, event: &dyn FieldSource, time: Time, stream: u32) {
        let plan = &rules.inner().plan;
        let wanted: Vec<usize> = self
            .scanner
            .findings()
            .all
            .iter()
            .map(|finding| finding.rule)
            .filter(|rule| plan.suppressing.get(*rule).is_some_and(Option::is_some))
            .collect();
        for rule in wanted {
            let Some(Some(suppressing)) = plan.suppressing.get(rule) else {
                continue;
            };
            let mut group = String::new();
            let mut is_complete = true;
            for field in &suppressing.by {
                let values = self.reader.field(plan, *field, &mut self.scanner, event);
                is_complete &= !values.is_empty();
                Tuple::push(&mut group, Some(&values.join(", ")));
            }
            let owner = Owner::Rule(short(rule));
            if !is_complete {
                // What has no such field cannot be told apart from others, and is told.
                if let Some(tally) = self.engine.tally(owner) {
                    tally.left_out += 1;
                }
                continue;
            }
            let group = Tuple(group.into());
            let key = self.engine.key(suppressing.content, stream, &group.0);
            let mark = Mark {
                time,
                reference: 0,
                id: id_of(event),
            };
            let held = self.engine.table.find(key).and_then(|at| {
                self.engine.table.change(at, |window| match window {
                    Window::Open(silence) if time < silence.end => {
                        silence.absorb(&mark, &crate::correlate::fact::FactValue::None);
                        true
                    }
                    _ => false,
                })
            });
            if held == Some(true) {
                self.scanner.retain(|finding| finding.rule != rule);
                continue;
            }
            let message = self.scanner.hits().find_map(|hit| {
                let is_this = rules.inner().rules.get(rule).is_some_and(|active| {
                    hit.rule()
                        .as_rule()
                        .is_some_and(|it| std::ptr::eq(it, &raw const active.rule))
                });
                is_this.then(|| hit.message().into())
            });
            let name = rules
                .inner()
                .rules
                .get(rule)
                .map_or("", |active| active.rule.name());
            let origin = self
                .engine
                .streams
                .get(index(stream))
                .map(|stream| stream.origin.clone());
            let mut ids = Ids::default();
            ids.add(&mark.id);
            let silence = Silence {
                id: fired::id(name, &origin.unwrap_or_default(), &group, time),
                group,
                start: time,
                end: time.saturating_add(suppressing.hold),
                count: 1,
                told: 1,
                first: time,
                last: time,
                newest: AuditId::None,
                ids,
                references: Vec::new(),
                sum: Sum::Nothing,
                novel: Vec::new(),
                message,
            };
            if let Some(tally) = self.engine.tally(owner) {
                tally.fired += 1;
            }
            // The window before may have ended and not been closed yet, since events may still be late.
            self.engine.settle(rules, key);
            self.engine.open(rules, key, owner, stream, silence);
        }
    }
}

impl KeyHasher {
    /// A number for choosing one of many shards; the same everywhere and always.
    pub(crate) fn shard(&self) -> u64 {
        let [first, _] = self.finish();
        first
    }
}
