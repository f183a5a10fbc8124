//! The way of an event: rules, stages, facts for the correlations, hits that are kept back.

use std::sync::Arc;

use audit_model::{FieldId, FieldSource, Source};

use crate::correlate::fact::{AuditId, Fact, Tuple};
use crate::correlate::groups::{Group, Groups};
use crate::correlate::plan::short;
use crate::correlate::reader::{Given, RuleHit, id_of};
use crate::correlate::stream::Origin;
use crate::correlate::table::Owner;
use crate::correlate::time::Time;
use crate::detector::Detector;
use crate::rule_set::RuleSet;
use crate::scanner::is_received;
use crate::signal::Signal;
use crate::suppression::Suppression;

impl Detector {
    pub(super) fn event(
        &mut self,
        event: &impl FieldSource,
        source: Option<&Arc<Source>>,
        raw: &[u8],
    ) {
        if !self.correlates {
            self.scanner.scan(event);
            self.folding.fold(&mut self.scanner, event, raw, &|_| false);
            return;
        }
        let time = self.clock.time_of(event);
        self.latest = self.latest.max(time);
        let placed = time.and_then(|time| Some((time, self.stream(event, source)?)));
        let is_known = self.ask_for_caller(event, placed);
        self.scanner.scan_of(event, self.callers.at_hand());
        if !is_known {
            let asking = &self.rules.inner().plan.callers;
            self.scanner.scan_also(event, &asking.rules);
        }
        if self.has_hits() {
            self.hits(event, raw, placed);
        }
        if let Some((time, stream)) = placed {
            self.callers
                .remember(&mut self.engine, time, self.scanner.taken());
            let watermark = time.saturating_sub(self.engine.lateness);
            self.engine.advance(stream, watermark);
        }
    }

    /// Whether the rules that only ask who sends a request say nothing but what is known.
    fn ask_for_caller(&mut self, event: &dyn FieldSource, placed: Option<(Time, u32)>) -> bool {
        let Self {
            rules,
            scanner,
            callers,
            engine,
            forwarding,
            ..
        } = self;
        let asking = &rules.inner().plan.callers;
        callers.begin();
        // None of them speaks of a request that was only received, which says nothing of its caller either.
        if asking.is_empty() || is_received(event) {
            return true;
        }
        let remembers = !*forwarding && !scanner.keeps_suppressed_hits();
        placed.filter(|_| remembers).is_some_and(|placed| {
            let taken = |filter| scanner.count_taken(filter);
            callers.are_met(asking, event, placed, engine, taken)
        })
    }

    fn has_hits(&self) -> bool {
        let findings = self.scanner.findings();
        !findings.all.is_empty() || !findings.quiet.is_empty()
    }

    /// Takes the hits of an event.
    fn hits(&mut self, event: &dyn FieldSource, raw: &[u8], placed: Option<(Time, u32)>) {
        let rules = self.engine.rules.clone();
        let callers = &rules.inner().plan.callers;
        // That somebody was there is the same however often it is said.
        self.folding
            .fold(&mut self.scanner, event, raw, &|rule| callers.is(rule));
        let Some((time, stream)) = placed else {
            self.engine.uncorrelated += u64::from(self.has_hits());
            return;
        };
        let findings = self.scanner.findings();
        let told = findings.all.iter();
        let told = told.map(|finding| (finding.rule, finding.level));
        let all = told.chain(findings.quiet.iter().copied());
        self.hits.clear();
        self.hits
            .extend(all.map(|(rule, level)| RuleHit { rule, level }));
        self.reader.begin(&rules.inner().plan);
        self.correlate(&rules, event, time, stream);
        self.suppress(&rules, event, time, stream);
    }

    /// Where the event comes from; `None` when there are too many sources.
    fn stream(&mut self, event: &dyn FieldSource, source: Option<&Arc<Source>>) -> Option<u32> {
        let part = |field| event.text(0, field);
        let tenant = self.tenant.as_deref();
        let is = |origin: &Origin| {
            origin.cluster.as_deref() == part(FieldId::SourceCluster)
                && origin.account.as_deref() == part(FieldId::SourceAccount)
                && origin.project.as_deref() == part(FieldId::SourceProject)
                && origin.tenant.as_deref() == tenant
        };
        let owned = |text: Option<&str>| text.map(Into::into);
        self.engine.sources.of(source, is, || Origin {
            provider: owned(part(FieldId::SourceProvider)),
            cluster: owned(part(FieldId::SourceCluster)),
            account: owned(part(FieldId::SourceAccount)),
            project: owned(part(FieldId::SourceProject)),
            tenant: owned(tenant),
        })
    }

    /// Hands the hits to the correlations that take them.
    fn correlate(&mut self, rules: &RuleSet, event: &dyn FieldSource, time: Time, stream: u32) {
        let plan = &rules.inner().plan;
        self.hits.sort_unstable_by_key(|hit| hit.rule);
        self.made.clear();
        let mut id = None;
        let Self {
            hits,
            reader,
            scanner,
            engine,
            callers,
            groups,
            made,
            signals,
            ..
        } = self;
        for hit in hits.iter() {
            let is_of_caller = plan.callers.is(hit.rule);
            for (at, reference) in plan.feeds.get(hit.rule).into_iter().flatten() {
                let Some(planned) = plan.correlation(*at) else {
                    continue;
                };
                // An event that several rules find is one event, unless it is asked which rules did.
                let before = made.len();
                let is_once = !planned.kind().is_temporal();
                let forwards = self.forwarding;
                let caller = callers.at_hand();
                let caller = caller.filter(|_| planned.groups_by_caller(*reference));
                let hash = caller.map(|caller| Groups::hash(caller, *at, *reference));
                let known = hash.and_then(|hash| groups.get(hash));
                // A caller is in one group.
                let mut new: Option<Group> = None;
                let mut each = |group: &str, given: Given<'_>| {
                    let key = match known {
                        Some(known) => known.key,
                        None => engine.key(planned.content, stream, group),
                    };
                    let this = (*at, key, given.key());
                    let earlier = made.get(..before).unwrap_or_default();
                    if is_once && earlier.contains(&this) {
                        return;
                    }
                    made.push(this);
                    if let (Given::Text(value, _), false) = (given, forwards) {
                        let met = engine.meet_value(key, value, (time, stream));
                        if is_of_caller {
                            callers.note(met);
                        }
                        if met.is_some() {
                            return;
                        }
                    }
                    let id: &AuditId = id.get_or_insert_with(|| id_of(event));
                    let fact = Fact {
                        correlation: *at,
                        reference: *reference,
                        key: if forwards { [0, 0] } else { key },
                        id: id.clone(),
                        group: match known {
                            Some(known) => known.text.clone(),
                            None => Tuple(group.into()),
                        },
                        value: given.keep(),
                    };
                    if hash.is_some() && known.is_none() {
                        let text = fact.group.clone();
                        new = Some(Group { key, text });
                    }
                    if !forwards {
                        engine.push(stream, time, fact);
                    } else if let Some(stream) = engine.stream(stream) {
                        signals.push(Signal::new(planned, &stream.origin, time, fact));
                    }
                };
                let found = reader.read(
                    plan,
                    (planned, *reference, known.is_some()),
                    hit.level,
                    scanner,
                    event,
                    &mut each,
                );
                if let (Some(hash), Some(new)) = (hash, new) {
                    groups.put(hash, new);
                }
                if is_of_caller && (found.facts == 0 || found.cut > 0) {
                    callers.note(None);
                }
                if let Some(tally) = engine.tally(Owner::Correlation(*at)) {
                    tally.cut += found.cut;
                    tally.left_out += u64::from(found.facts == 0);
                }
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
                let values = self.reader.shown(plan, *field, &mut self.scanner, event);
                is_complete &= values.is_some();
                Tuple::push(&mut group, Some(&values.unwrap_or_default()));
            }
            let owner = Owner::Rule(short(rule));
            if !is_complete {
                // What has no such field cannot be told apart from others, and is told.
                if let Some(tally) = self.engine.tally(owner) {
                    tally.left_out += 1;
                }
                continue;
            }
            let message = self
                .scanner
                .findings()
                .all
                .iter()
                .find(|finding| finding.rule == rule)
                .map(|finding| self.scanner.findings().slice(&finding.message));
            let Some(source) = self.engine.stream(stream) else {
                continue;
            };
            let suppression = Suppression {
                rule: suppressing.content,
                origin: source.origin.clone(),
                time,
                id: id_of(event),
                group: Tuple(group.into()),
                message: message.unwrap_or_default().into(),
            };
            if self.forwarding {
                self.scanner.may_be_suppressed(rule, suppression);
            } else if self.engine.suppresses(rule, stream, &suppression) {
                self.scanner.retain(|finding| finding.rule != rule);
            }
        }
    }
}
