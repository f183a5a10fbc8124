//! One event against all rules.

use audit_model::{Doubt, FieldId, FieldSource, Flags, Limits, Scratch};
use rule_lang::Level;

use crate::hit::{Finding, Findings, Hit};
use crate::predicate::Memory;
use crate::rule_set::{ActiveRule, RuleSet};
use crate::vm::{Answers, Linked, Machine};
use crate::why::{Reasons, Teller};

/// Evaluates the rules of a set on events, one at a time.
///
/// It keeps the memory that this needs and no state between events: one per thread, as many as you like. After it has
/// seen the largest event, a scan allocates nothing, hit or miss. Two stages of one request are two events to it;
/// [`Detector`](crate::Detector) folds them.
///
/// # Examples
/// ```
/// use detect::{Event, Limits, RuleSet};
///
/// let rules = RuleSet::builder()
///     .text("nodes.yaml", "
/// title: Node proxied
/// name: node-proxied
/// logsource: {product: kubernetes, service: audit}
/// detection:
///   selection: {resource: nodes, subresource: proxy}
///   condition: selection
/// level: high
/// ")
///     .build()?;
/// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete","verb":"get",
///     "objectRef":{"resource":"nodes","name":"n1","subresource":"proxy"},"responseStatus":{"code":200}}"#;
/// let event = Event::decode(line, &Limits::default())?;
///
/// let mut scanner = rules.scanner();
/// let names: Vec<_> = scanner.scan(&event).map(|hit| hit.rule().name()).collect();
/// assert_eq!(names, ["node-proxied"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Scanner {
    rules: RuleSet,
    scratch: Scratch,
    answers: Answers,
    memory: Memory,
    reasons: Reasons,
    findings: Findings,
    /// Per filter: hits that it suppressed.
    suppressed: Vec<u64>,
}

impl Scanner {
    pub(crate) fn new(rules: RuleSet) -> Self {
        Self {
            scratch: Scratch::with_limits(Limits::default()),
            answers: Answers::default(),
            memory: rules.inner().questions.memory(),
            reasons: Reasons::new(),
            findings: Findings::default(),
            suppressed: vec![0; rules.inner().filters.len()],
            rules,
        }
    }

    /// The rules.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Evaluates every rule on an event; the hits are in the order of the rules.
    pub fn scan(&mut self, event: &impl FieldSource) -> Hits<'_> {
        self.evaluate(event);
        self.hits()
    }

    /// Forgets the last event.
    pub(crate) fn clear(&mut self) {
        self.scratch.begin();
        self.findings.clear();
    }

    /// The hits of the last event.
    pub(crate) fn hits(&self) -> Hits<'_> {
        Hits {
            scanner: self,
            at: 0,
        }
    }

    pub(crate) fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Drops hits of the last event.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Finding) -> bool) {
        self.findings.all.retain(keep);
    }

    /// Whether a rule asked for a body of the last event that is beyond the limits, so that a quiet scan does not mean
    /// that nothing is there.
    pub fn not_evaluated(&self) -> bool {
        self.scratch.flags_so_far().contains(Flags::BODY_OPAQUE)
    }

    /// How many hits each filter has suppressed, by the filter's name; without filters that are turned off.
    pub fn suppressed(&self) -> impl Iterator<Item = (&str, u64)> {
        self.rules
            .inner()
            .filters
            .iter()
            .zip(&self.suppressed)
            .filter(|(filter, _)| filter.filter.inactive().is_none())
            .map(|(filter, n)| (filter.filter.name(), *n))
    }

    fn evaluate(&mut self, source: &dyn FieldSource) {
        let Self {
            rules,
            scratch,
            answers,
            memory,
            reasons,
            findings,
            suppressed,
        } = self;
        let inner = rules.inner();
        scratch.begin();
        findings.clear();
        answers.begin(inner.questions.len());
        let received = (0..source.readings())
            .all(|n| source.text(n, FieldId::Stage) == Some("RequestReceived"));
        let impersonated = (0..source.readings()).any(|n| source.has(n, FieldId::ImpersonatedUser));
        for (at, active) in inner.rules.iter().enumerate() {
            if received && !active.rule.names_stage() {
                continue;
            }
            let mut machine = machine(
                &inner.questions,
                &active.linked,
                source,
                scratch,
                answers,
                memory,
            );
            if !machine.run(active.linked.program.condition()) {
                continue;
            }
            let level = level(active, &mut machine);
            let mut kept = true;
            for filter in &active.filters {
                let Some(active_filter) = inner.filters.get(*filter) else {
                    continue;
                };
                if impersonated && active_filter.filter.spares_impersonated() {
                    continue;
                }
                let mut machine = self::machine(
                    &inner.questions,
                    &active_filter.linked,
                    source,
                    scratch,
                    answers,
                    memory,
                );
                if !machine.run(active_filter.linked.program.condition()) {
                    kept = false;
                    if let Some(n) = suppressed.get_mut(*filter) {
                        *n += 1;
                    }
                    break;
                }
            }
            if kept {
                let mut machine = self::machine(
                    &inner.questions,
                    &active.linked,
                    source,
                    scratch,
                    answers,
                    memory,
                );
                tell(at, active, level, &mut machine, reasons, findings);
            }
        }
        if !findings.all.is_empty() {
            findings.flags = scratch.flags(source);
            let name = scratch.field(source, FieldId::Name);
            scratch
                .tree()
                .any_value(name.into(), &[], Doubt::AnyReading, &mut |name| {
                    findings.name.push_str(name.as_text().unwrap_or_default());
                    true
                });
        }
    }
}

fn machine<'m>(
    questions: &'m crate::predicate::Questions,
    linked: &'m Linked,
    source: &'m dyn FieldSource,
    scratch: &'m mut Scratch,
    answers: &'m mut Answers,
    memory: &'m mut Memory,
) -> Machine<'m> {
    Machine {
        questions,
        linked,
        source,
        scratch,
        answers,
        memory,
    }
}

fn level(active: &ActiveRule, machine: &mut Machine<'_>) -> Level {
    let holds = active
        .rule
        .levels()
        .iter()
        .find(|(when, _)| machine.run(*when));
    holds.map_or(active.rule.level(), |(_, level)| *level)
}

/// Notes a hit with its reasons.
fn tell(
    at: usize,
    active: &ActiveRule,
    level: Level,
    machine: &mut Machine<'_>,
    reasons: &mut Reasons,
    findings: &mut Findings,
) {
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
    findings.all.push(Finding {
        rule: at,
        level,
        selections: first_selection..findings.selections.len(),
        evidence: first..findings.evidence.len(),
        message: start..findings.text.len(),
    });
}

/// The hits of one event.
#[derive(Debug)]
pub struct Hits<'h> {
    scanner: &'h Scanner,
    at: usize,
}

impl<'h> Iterator for Hits<'h> {
    type Item = Hit<'h>;

    fn next(&mut self) -> Option<Hit<'h>> {
        let finding = self.scanner.findings.all.get(self.at)?;
        self.at += 1;
        let rule = &self.scanner.rules.inner().rules.get(finding.rule)?.rule;
        Some(Hit {
            rule,
            finding,
            findings: &self.scanner.findings,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let rest = self.scanner.findings.all.len() - self.at;
        (rest, Some(rest))
    }
}

impl ExactSizeIterator for Hits<'_> {}
