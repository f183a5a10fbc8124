//! Every rule judged on an event, by two runs of its program.

use std::ops::Range;

use audit_model::{FieldId, FieldSource, Scratch, Unknown};
use rule_lang::Polarity;

use super::hosts::EventHost;
use super::{Reason, Verdict};
use crate::narrow::is_over;
use crate::predicate::Memory;
use crate::rule_set::{ActiveRule, Inner};
use crate::vm::{Answers, Linked, Machine, run};

/// Memory for verdicts, and those of the last event.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    /// Per rule.
    verdicts: Vec<(Verdict, Range<usize>)>,
    reasons: Vec<Reason>,
    /// Per field: why it may be unknown.
    unknown: Vec<Asked>,
}

/// Whether it has been asked why a field may be unknown, and the answer.
#[derive(Clone, Copy, Debug, Default)]
enum Asked {
    #[default]
    No,
    Known,
    Unknown(Unknown),
}

/// What judging shares with the scan.
pub(crate) struct Court<'c> {
    pub(crate) inner: &'c Inner,
    pub(crate) source: &'c dyn FieldSource,
    pub(crate) scratch: &'c mut Scratch,
    pub(crate) answers: &'c mut Answers,
    pub(crate) memory: &'c mut Memory,
    /// Whether rules that do not name `stage` leave the event alone.
    pub(crate) received: bool,
}

impl<'c> Court<'c> {
    /// The machine for a program of the set.
    pub(crate) fn machine<'m>(&'m mut self, linked: &'m Linked) -> Machine<'m>
    where
        'c: 'm,
    {
        Machine {
            questions: &self.inner.questions,
            linked,
            source: self.source,
            scratch: self.scratch,
            answers: self.answers,
            memory: self.memory,
        }
    }
}

impl Judge {
    pub(crate) fn clear(&mut self) {
        self.verdicts.clear();
        self.reasons.clear();
    }

    /// The verdict of each rule in the order of the rules, with its reasons.
    pub(super) fn verdicts(&self) -> impl Iterator<Item = (Verdict, &[Reason])> {
        self.verdicts.iter().map(|(verdict, range)| {
            let reasons = self.reasons.get(range.clone());
            (*verdict, reasons.unwrap_or_default())
        })
    }

    /// Judges every rule on the event that has been scanned. `hits` are indices of rules, ascending.
    pub(crate) fn judge(&mut self, court: &mut Court<'_>, mut hits: impl Iterator<Item = usize>) {
        self.clear();
        self.unknown.clear();
        self.unknown.resize(FieldId::COUNT, Asked::No);
        let about = Reason::about(court.source);
        let mut hit = hits.next();
        let inner = court.inner;
        for (at, active) in inner.rules.iter().enumerate() {
            let mut matched = hit == Some(at);
            if matched {
                hit = hits.next();
            } else if !active.told {
                // Of those that are there for correlations a scan tells nothing, whether they match or not.
                matched = self.matches(active, about, court);
            }
            self.rule(active, about, matched, court);
        }
    }

    /// Whether a rule matches, with what the event does not say taken not to be there.
    fn matches(&mut self, active: &ActiveRule, about: Reason, court: &mut Court<'_>) -> bool {
        let first = self.reasons.len();
        let mut bound = Bound {
            judge: self,
            about,
            first,
            taken: Taken::Absent,
        };
        let matches = (!court.received || active.rule.names_stage()) && bound.rule(active, court);
        self.reasons.truncate(first);
        matches
    }

    /// Judges one rule on an event, of which it is known whether it matches.
    pub(crate) fn one(
        active: &ActiveRule,
        matched: bool,
        mut court: Court<'_>,
    ) -> (Verdict, Vec<Reason>) {
        let mut judge = Self {
            unknown: vec![Asked::No; FieldId::COUNT],
            ..Self::default()
        };
        let about = Reason::about(court.source);
        let verdict = judge.rule(active, about, matched, &mut court);
        (verdict, judge.reasons)
    }

    fn rule(
        &mut self,
        active: &ActiveRule,
        about: Reason,
        matched: bool,
        court: &mut Court<'_>,
    ) -> Verdict {
        let first = self.reasons.len();
        let is_asked = !court.received || active.rule.names_stage();
        let mut bound = Bound {
            judge: self,
            about,
            first,
            taken: if matched { Taken::Worse } else { Taken::Better },
        };
        // Of a hit it is asked whether it is certain, of a miss whether it is.
        let holds = is_asked && bound.rule(active, court);
        let verdict = match (matched, holds) {
            (true, _) => Verdict::Matched,
            (false, true) => Verdict::NotEvaluated,
            (false, false) => Verdict::NotMatched,
        };
        // Of a certain verdict the reasons for doubt are none.
        if holds == matched {
            self.reasons.truncate(first);
        }
        self.verdicts.push((verdict, first..self.reasons.len()));
        verdict
    }
}

/// One run of a rule in which what is unknown is taken for its better or its worse.
pub(super) struct Bound<'b> {
    judge: &'b mut Judge,
    /// A reason with the event's part filled in.
    about: Reason,
    /// The first reason of the rule at hand.
    first: usize,
    taken: Taken,
}

/// What unknown tests are taken for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// So that the rule matches.
    Better,
    /// So that it does not.
    Worse,
    /// For what is not there, as the scan does.
    Absent,
}

impl Bound<'_> {
    /// Whether a match of the rule stays, filters included.
    fn rule(&mut self, active: &ActiveRule, court: &mut Court<'_>) -> bool {
        if !self.run(&active.linked, court) {
            return false;
        }
        for filter in active.rule.filters() {
            let Some(filter) = court.inner.filters.get(filter.index()) else {
                continue;
            };
            let spares = filter.filter.spares_impersonated();
            let source = court.source;
            let impersonated =
                (0..source.readings()).any(|n| source.has(n, FieldId::ImpersonatedUser));
            if spares && impersonated
                || is_over(&filter.filter, source)
                || self.run(&filter.linked, court)
            {
                continue;
            }
            // A filter that takes the match away is not asked when the request impersonates somebody.
            let field = FieldId::ImpersonatedUser;
            let why = self.why(court.scratch, court.source, field);
            let Some(why) = why.filter(|_| spares && self.taken == Taken::Better) else {
                return false;
            };
            self.note(field, why);
        }
        true
    }

    fn run(&mut self, linked: &Linked, court: &mut Court<'_>) -> bool {
        let mut host = EventHost {
            machine: court.machine(linked),
            bound: self,
        };
        run(&linked.program, linked.program.condition(), &mut host)
    }

    /// Why what is not found of a field may have been there all the same.
    pub(super) fn why(
        &mut self,
        scratch: &mut Scratch,
        source: &dyn FieldSource,
        field: FieldId,
    ) -> Option<Unknown> {
        let slot = self.judge.unknown.get_mut(field.index())?;
        if matches!(slot, Asked::No) {
            *slot = scratch
                .unknown(source, field)
                .map_or(Asked::Known, Asked::Unknown);
        }
        self.known_why(field)
    }

    /// The same of a field that has been asked for.
    pub(super) fn known_why(&self, field: FieldId) -> Option<Unknown> {
        match self.judge.unknown.get(field.index()) {
            Some(Asked::Unknown(why)) => Some(*why),
            _ => None,
        }
    }

    pub(super) fn note(&mut self, field: FieldId, why: Unknown) {
        let reason = Reason {
            field,
            why,
            ..self.about
        };
        let known = self.judge.reasons.get(self.first..).unwrap_or_default();
        if !known.contains(&reason) {
            self.judge.reasons.push(reason);
        }
    }

    /// What something unknown is taken for.
    pub(super) fn taken(&self, polarity: Polarity) -> bool {
        match self.taken {
            Taken::Better => polarity == Polarity::Positive,
            Taken::Worse => polarity == Polarity::Negative,
            Taken::Absent => false,
        }
    }
}
