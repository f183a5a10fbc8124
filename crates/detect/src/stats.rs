//! What happened to correlations, so that nothing is lost in silence.

use crate::correlate::engine::Engine;
use crate::correlate::plan::short;
use crate::correlate::table::Owner;
use crate::{Correlator, Detector};

/// What happened to a correlation, or to a rule with `suppress`, so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CorrelationStats<'d> {
    /// Its name.
    pub name: &'d str,
    /// Detections, without summaries.
    pub fired: u64,
    /// Groups that are remembered, detections that have not been summed up yet among them.
    pub groups: u64,
    /// Events that came later than is allowed, and were not used.
    pub late: u64,
    /// Events without a field that it groups by or reads.
    pub left_out: u64,
    /// Groups and values of one event beyond the limit of 64.
    pub cut: u64,
    /// Groups that were forgotten for want of memory while they still meant something.
    pub evicted: u64,
    /// Numbers that were forgotten because one group had more than 4096 in its window.
    pub forgotten: u64,
}

impl Engine {
    fn stats(&self) -> impl Iterator<Item = CorrelationStats<'_>> {
        let inner = self.rules.inner();
        let correlations = inner.plan.correlations.iter().enumerate();
        let correlations = correlations
            .map(|(at, planned)| (Owner::Correlation(short(at)), planned.correlation.name()));
        let suppressing = inner.rules.iter().zip(&inner.plan.suppressing).enumerate();
        let rules = suppressing.filter_map(|(at, (active, suppressing))| {
            let owner = Owner::Rule(short(at));
            suppressing.as_ref().map(|_| (owner, active.rule.name()))
        });
        correlations.chain(rules).map(|(owner, name)| {
            let tally = self.tally_of(owner).unwrap_or_default();
            CorrelationStats {
                name,
                fired: tally.fired,
                groups: self.table.n_groups(owner) as u64,
                late: tally.late,
                left_out: tally.left_out,
                cut: tally.cut,
                evicted: tally.evicted,
                forgotten: tally.forgotten,
            }
        })
    }
}

impl Detector {
    /// What happened to each correlation, and to each rule with `suppress`.
    pub fn correlations(&self) -> impl Iterator<Item = CorrelationStats<'_>> {
        self.engine.stats()
    }

    /// Bytes that the state of correlations takes.
    pub fn state_bytes(&self) -> usize {
        self.engine.bytes()
    }

    /// How many times events were taken before their time because too many waited; what came before them after that
    /// is late.
    pub fn hurried(&self) -> u64 {
        self.engine.hurried
    }

    /// How many events with hits were not correlated since this detector was made: they had no time that could be read,
    /// or there were 16 384 other sources already, or theirs has a name of more than 512 bytes. Their hits are told, also those that `suppress` would keep back.
    pub fn uncorrelated(&self) -> u64 {
        self.engine.uncorrelated
    }
}

impl Correlator {
    /// What happened to each correlation.
    pub fn correlations(&self) -> impl Iterator<Item = CorrelationStats<'_>> {
        self.engine.stats()
    }

    /// Bytes that the state takes.
    pub fn state_bytes(&self) -> usize {
        self.engine.bytes()
    }

    /// How many times signals were taken before their time, as [`Detector::hurried`] says.
    pub fn hurried(&self) -> u64 {
        self.engine.hurried
    }

    /// How many signals were not correlated since this was made, because there were 16 384 other sources already, or
    /// theirs has a name of more than 512 bytes.
    pub fn uncorrelated(&self) -> u64 {
        self.engine.uncorrelated
    }
}
