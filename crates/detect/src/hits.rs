//! The hits of an event, one after the other.

use crate::correlate::fired::Fired;
use crate::correlate::plan;
use crate::correlate::table::Owner;
use crate::hit::{Findings, Hit, HitKind, HitRule};
use crate::rule_set::Inner;

/// The hits of one event; of a [`Detector`](crate::Detector) also what correlations say at that time.
#[derive(Debug)]
pub struct Hits<'h> {
    inner: &'h Inner,
    findings: &'h Findings,
    fired: &'h [Fired],
    at: usize,
}

impl<'h> Hits<'h> {
    /// What was found in an event, and then what correlations say.
    pub(crate) fn new(inner: &'h Inner, findings: &'h Findings, fired: &'h [Fired]) -> Self {
        Self {
            inner,
            findings,
            fired,
            at: 0,
        }
    }
}

impl<'h> Iterator for Hits<'h> {
    type Item = Hit<'h>;

    fn next(&mut self) -> Option<Hit<'h>> {
        let at = self.at;
        self.at += 1;
        let (inner, findings) = (self.inner, self.findings);
        let kind = if let Some(finding) = findings.all.get(at) {
            HitKind::Event {
                rule: &inner.rules.get(finding.rule)?.rule,
                finding,
                findings,
            }
        } else {
            let fired = self.fired.get(at - findings.all.len())?;
            let rule = match fired.owner {
                Owner::Correlation(at) => {
                    HitRule::Correlation(&inner.plan.correlations.get(plan::index(at))?.correlation)
                }
                Owner::Rule(at) => HitRule::Rule(&inner.rules.get(plan::index(at))?.rule),
            };
            HitKind::Fired { rule, fired }
        };
        Some(Hit { kind })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let all = self.findings.all.len() + self.fired.len();
        let rest = all.saturating_sub(self.at);
        (rest, Some(rest))
    }
}

impl ExactSizeIterator for Hits<'_> {}
