//! What `--stats` prints.

use std::collections::BTreeMap;

use detect::{CorrelationStats, Correlator, Counters, Detector};
use kubesift_examples::{FilterTotals, Uncounted};
use serde::Serialize;

/// The counters of `--stats`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Stats {
    /// Bytes read, after decompression.
    pub(crate) bytes: u64,
    pub(crate) events: u64,
    pub(crate) skipped: u64,
    pub(crate) malformed: u64,
    pub(crate) partial: u64,
    /// Events that break the grammar of JSON, with `--strict`.
    pub(crate) faulty: u64,
    pub(crate) rules: usize,
    pub(crate) correlations: usize,
    pub(crate) detections: u64,
    /// Per rule: events that leave out what it reads, so that it was not evaluated on them.
    pub(crate) not_evaluated: BTreeMap<String, u64>,
    /// What each filter did.
    pub(crate) filters: FilterTotals,
    pub(crate) correlated: Correlated,
    pub(crate) seconds: f64,
}

impl Stats {
    pub(crate) fn add(&mut self, counters: Counters) {
        self.bytes += counters.bytes;
        self.events += counters.events;
        self.skipped += counters.skipped;
        self.malformed += counters.malformed;
        self.partial += counters.partial;
        self.faulty += counters.faulty;
    }
}

/// What happened to the correlations.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Correlated {
    #[serde(flatten)]
    total: Losses,
    /// Events with hits that no correlation saw: they have no time, or come from one source too many.
    uncorrelated: u64,
    /// Times that events were taken before others that may have been earlier, because too many waited.
    hurried: u64,
    /// Groups and values that first-seen correlations know at the end.
    groups: u64,
    /// The same of each correlation, and of each rule with `suppress`, that lost something.
    losses: BTreeMap<String, Losses>,
    #[serde(skip)]
    pub(crate) uncounted: Uncounted,
}

/// What was not counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
struct Losses {
    /// Events that came too late to be used.
    late: u64,
    /// Events without a field that a correlation goes by.
    left_out: u64,
    /// Groups and values of one event beyond the limit.
    cut: u64,
    /// Groups that were forgotten for want of memory.
    evicted: u64,
    /// Numbers that were forgotten because a group had too many.
    forgotten: u64,
}

impl Losses {
    fn add(&mut self, other: Self) {
        self.late += other.late;
        self.left_out += other.left_out;
        self.cut += other.cut;
        self.evicted += other.evicted;
        self.forgotten += other.forgotten;
    }
}

impl Correlated {
    /// Adds what happened in a detector.
    pub(crate) fn add_detector(&mut self, detector: &Detector) {
        self.add(detector.correlations());
        self.uncorrelated += detector.uncorrelated();
        self.hurried += detector.hurried();
        self.uncounted.add_detector(detector);
    }

    /// Adds what happened in a correlator.
    pub(crate) fn add_correlator(&mut self, correlator: &Correlator) {
        self.add(correlator.correlations());
        self.uncorrelated += correlator.uncorrelated();
        self.hurried += correlator.hurried();
        self.uncounted.add_correlator(correlator);
    }

    fn add<'s>(&mut self, all: impl Iterator<Item = CorrelationStats<'s>>) {
        for one in all {
            let losses = Losses {
                late: one.late,
                left_out: one.left_out,
                cut: one.cut,
                evicted: one.evicted,
                forgotten: one.forgotten,
            };
            self.groups += one.groups;
            self.total.add(losses);
            if losses != Losses::default() {
                let place = self.losses.entry(one.name.to_owned());
                place.or_default().add(losses);
            }
        }
    }
}
