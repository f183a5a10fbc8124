//! The rules that an event may match, run one after the other, and what is said of those that match.

use audit_model::{Doubt, FieldId, FieldSource, Scratch};
use rule_lang::Level;

use super::Scanner;
use crate::alike::Said;
use crate::hit::{Finding, Findings};
use crate::index::Selected;
use crate::rule_set::ActiveRule;
use crate::verdict::Court;
use crate::vm::Machine;
use crate::why::{Reasons, Teller};

impl Scanner {
    /// Runs the rules that were selected. What is said of requests that are alike is remembered under `unlike`.
    pub(super) fn run(
        &mut self,
        selected: Selected,
        source: &dyn FieldSource,
        pass: Pass,
        unlike: Option<u64>,
    ) {
        let Self {
            rules,
            scratch,
            answers,
            memory,
            reasons,
            findings,
            narrowing,
            probe,
            foreseen,
            judge,
            wanted,
            alike,
            ..
        } = self;
        let inner = rules.inner();
        let some = selected == Selected::Some;
        if some && probe.rules.is_empty() {
            return;
        }
        narrowing.begin(source);
        answers.begin(inner.questions.len());
        let received = is_received(source);
        let mut court = Court {
            inner,
            source,
            scratch,
            answers,
            memory,
            received,
        };
        if some {
            inner
                .foresight
                .narrow(&mut probe.rules, &mut court, foreseen);
        }
        let mut said = Said::default();
        let all = if some { 0 } else { inner.rules.len() };
        let selected = probe.rules.iter().map(|rule| *rule as usize);
        for at in selected
            .take(if some { usize::MAX } else { 0 })
            .chain(0..all)
        {
            let Some(active) = inner.rules.get(at) else {
                continue;
            };
            let is_wanted = active.told || *wanted != Wanted::Told;
            let is_of_pass = inner.plan.callers.is(at) == (pass == Pass::Callers);
            if !is_wanted || !is_of_pass || received && !active.rule.names_stage() {
                continue;
            }
            let mut machine = court.machine(&active.linked);
            if !machine.run(active.linked.program.condition()) {
                continue;
            }
            let level = level(active, &mut machine);
            let taken = narrowing.take(inner, active.rule.filters(), source, &mut |linked| {
                court.machine(linked).run(linked.program.condition())
            });
            if inner.plan.alike.is(at) {
                match taken {
                    Some(filter) => said.takes(filter),
                    None => said.matches(at),
                }
            }
            if taken.is_some() && !narrowing.keeps_hits() {
                continue;
            }
            if taken.is_none() && !active.told && *wanted == Wanted::Correlated {
                findings.quiet.push((at, level));
                continue;
            }
            let mut machine = court.machine(&active.linked);
            let finding = tell(at, active, level, &mut machine, reasons, findings);
            match taken {
                Some(filter) => findings.suppressed.push((finding, filter)),
                None => findings.all.push(finding),
            }
        }
        if let (Some(hash), Some(alike)) = (unlike, alike) {
            alike.put(hash, said);
        }
        if let (Some(judge), Pass::Others) = (judge, pass) {
            judge.judge(&mut court, findings.all.iter().map(|finding| finding.rule));
        }
        let tells = pass == Pass::Others || *wanted == Wanted::All;
        if tells && !(findings.all.is_empty() && findings.suppressed.is_empty()) {
            about_event(court.scratch, source, findings);
        }
    }
}

/// Whether a request was only received, so that nothing is known of what came of it. Rules that do not name the stage do
/// not speak of it.
pub(crate) fn is_received(source: &dyn FieldSource) -> bool {
    let mut readings = 0..source.readings();
    readings.all(|n| source.bytes(n, FieldId::Stage) == Some(b"RequestReceived"))
}

/// Rules that only ask for the caller are evaluated by themselves, where that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Others,
    Callers,
}

/// Which rules are evaluated, and what is said of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Those that are told.
    Told,
    /// All; of those that are not told it is only noted that they matched.
    Correlated,
    /// All, and each is told.
    All,
}

/// Notes what hits say of the event itself.
fn about_event(scratch: &mut Scratch, source: &dyn FieldSource, findings: &mut Findings) {
    findings.flags = scratch.flags(source);
    findings.name.clear();
    findings.client_ip.clear();
    let name = scratch.field(source, FieldId::Name);
    scratch
        .tree()
        .any_value(name.into(), &[], Doubt::AnyReading, &mut |name| {
            findings.name.push_str(name.as_text().unwrap_or_default());
            true
        });
    let ip = scratch.field(source, FieldId::ClientIp);
    scratch
        .tree()
        .any_value(ip.into(), &[], Doubt::AnyReading, &mut |ip| {
            findings
                .client_ip
                .push_str(ip.as_text().unwrap_or_default());
            true
        });
}

fn level(active: &ActiveRule, machine: &mut Machine<'_>) -> Level {
    let holds = active
        .rule
        .levels()
        .iter()
        .find(|(when, _)| machine.run(*when));
    holds.map_or(active.rule.level(), |(_, level)| *level)
}

/// Writes down a hit with its reasons.
fn tell(
    at: usize,
    active: &ActiveRule,
    level: Level,
    machine: &mut Machine<'_>,
    reasons: &mut Reasons,
    findings: &mut Findings,
) -> Finding {
    let (first_selection, first) = (findings.selections.len(), findings.evidence.len());
    let resource = machine.source.text(0, FieldId::ObjectRefResource);
    let mut teller = Teller {
        reasons,
        findings,
        first,
        resource,
        n_told: 0,
    };
    teller.selections(machine);
    let start = teller.findings.text.len();
    teller.message(machine, &active.rule);
    Finding {
        rule: at,
        level,
        selections: first_selection..findings.selections.len(),
        evidence: first..findings.evidence.len(),
        message: start..findings.text.len(),
    }
}
