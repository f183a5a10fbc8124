//! The facts of one correlation at one time: into windows, conditions asked, detections told.

use rule_lang::{Column, CorrelationType};
use smallvec::SmallVec;

use crate::correlate::engine::Engine;
use crate::correlate::fact::{AuditId, Fact, FactValue, Ids, Key, Mark, Tuple};
use crate::correlate::fired::{self, Fired};
use crate::correlate::plan::{Planned, index};
use crate::correlate::reader::Combiner;
use crate::correlate::silence::{Silence, Sum};
use crate::correlate::summary::names;
use crate::correlate::table::Owner;
use crate::correlate::time::Time;
use crate::correlate::window::{Outcome, Window};
use crate::rule_set::RuleSet;

/// The facts of one correlation at one time.
pub(crate) struct Step<'s> {
    pub(crate) engine: &'s mut Engine,
    pub(crate) rules: &'s RuleSet,
    pub(crate) planned: &'s Planned,
    pub(crate) at: u32,
    pub(crate) stream: u32,
    pub(crate) time: Time,
    /// Facts of the correlations that take these detections.
    pub(crate) chained: Vec<Fact>,
}

impl Step<'_> {
    pub(crate) fn facts(&mut self, facts: &[Fact]) {
        if self.planned.kind() == CorrelationType::NewValue {
            for fact in facts {
                self.novel(fact);
            }
            return;
        }
        // What follows a detection is added event by event, so that each counts once whatever found it.
        let mut held: SmallVec<[(Key, u32, &Fact); 4]> = SmallVec::new();
        let mut free: SmallVec<[&Fact; 4]> = SmallVec::new();
        for fact in facts {
            match self.held_by(fact) {
                Some((key, at)) => held.push((key, at, fact)),
                None => free.push(fact),
            }
        }
        if held.len() > 1 {
            held.sort_by(|(one_key, _, one), (other_key, _, other)| {
                (one_key, &one.id)
                    .cmp(&(other_key, &other.id))
                    .then_with(|| one.order(other))
            });
        }
        for (_, at, fact) in held {
            self.absorb(at, fact);
        }
        // The last fact of each group, in the order of the groups, and where the group is.
        let mut touched: SmallVec<[(&Fact, u32); 4]> = SmallVec::new();
        for fact in free {
            let found = self.engine.table.find(fact.key);
            let (planned, time) = (self.planned, self.time);
            let (at, lost) = if let Some(at) = found {
                let insert = |window: &mut Window| window.insert(planned, fact, time);
                (at, self.engine.table.change(at, insert).unwrap_or(false))
            } else {
                let mut window = Window::Empty;
                window.insert(planned, fact, time);
                let owner = Owner::Correlation(self.at);
                let (engine, rules) = (&mut *self.engine, self.rules);
                let at = engine.insert(rules, fact.key, owner, self.stream, window);
                (at, false)
            };
            if lost && let Some(tally) = self.engine.tally(Owner::Correlation(self.at)) {
                tally.forgotten += 1;
            }
            match touched.last_mut() {
                Some((newest, place)) if newest.key == fact.key => (*newest, *place) = (fact, at),
                _ => touched.push((fact, at)),
            }
        }
        for (fact, at) in touched {
            self.evaluate(fact, at);
        }
    }

    /// The key under which what follows a detection is summed up.
    fn hold_key(&self, fact: &Fact) -> Key {
        // Under the group itself the window lies, which a detection ends, but for what was learnt of the group. A part of
        // the group has a place of its own.
        let [first, second] = self.planned.content;
        let key = |by: &str| self.engine.key([first, !second], self.stream, by);
        match &self.planned.hold_by {
            Some(by) => key(&fact.group.project(by).0),
            None if self.planned.kind() == CorrelationType::NewValue => key(&fact.group.0),
            None => fact.key,
        }
    }

    /// Under which key what follows a detection that was told not long ago is summed up, and where.
    fn held_by(&self, fact: &Fact) -> Option<(Key, u32)> {
        if self.planned.hold == 0 {
            return None;
        }
        let key = self.hold_key(fact);
        let at = self.engine.table.find(key)?;
        let entry = self.engine.table.get(at)?;
        matches!(entry.window, Window::Open(_)).then_some((key, at))
    }

    /// Adds a fact to what followed a detection, which is summed up at a place.
    fn absorb(&mut self, at: u32, fact: &Fact) {
        if !self.planned.is_wanted(self.planned.slot(fact.reference)) {
            return;
        }
        let mark = self.mark(fact);
        self.engine.table.change(at, |window| {
            if let Window::Open(silence) = window {
                silence.absorb(&mark, &fact.value);
            }
        });
    }

    fn mark(&self, fact: &Fact) -> Mark {
        Mark {
            time: self.time,
            reference: fact.reference,
            id: fact.id.clone(),
        }
    }

    /// Asks the condition of a group to which facts were added. `place` is where it was then.
    fn evaluate(&mut self, fact: &Fact, place: u32) {
        let table = &self.engine.table;
        // Room that was made for another group may have moved it, or taken it away.
        let is_there = table.get(place).is_some_and(|entry| entry.is(fact.key));
        let found = is_there.then_some(place);
        let Some(at) = found.or_else(|| table.find(fact.key)) else {
            return;
        };
        let (planned, time) = (self.planned, self.time);
        let outcome = self
            .engine
            .table
            .change(at, |window| window.evaluate(planned, time))
            .flatten();
        let Some(outcome) = outcome else {
            return;
        };
        let Some((_, _, window)) = self.engine.table.remove(at) else {
            return;
        };
        // Another group with the same `by` may have been told at this very time.
        let key = self.hold_key(fact);
        if planned.hold > 0
            && let Some(at) = self.engine.table.find(key)
        {
            let held = self.engine.table.change(at, |open| match open {
                Window::Open(silence) => {
                    silence.absorb_outcome(&outcome, &window);
                    true
                }
                _ => false,
            });
            if held == Some(true) {
                return;
            }
        }
        self.fire(fact, &outcome, Some(&window), None);
    }

    /// Tells that a condition holds, and keeps what follows.
    fn fire(
        &mut self,
        fact: &Fact,
        outcome: &Outcome,
        window: Option<&Window>,
        novel: Option<Tuple>,
    ) {
        let planned = self.planned;
        let owner = Owner::Correlation(self.at);
        let first = outcome.first.min(self.time);
        let Some(stream) = self.engine.stream(self.stream) else {
            return;
        };
        let mut ids = Ids::default();
        for mark in &outcome.marks {
            ids.add(&mark.id);
        }
        ids.total += outcome.count.saturating_sub(outcome.marks.len() as u64);
        let id_group = match &novel {
            // Of one group several values may be new at one time.
            Some(novel) => Tuple(format!("{}{}", fact.group.0, novel.0).into()),
            None => fact.group.clone(),
        };
        let id = fired::id(planned.correlation.name(), &stream.origin, &id_group, first);
        let mut fired = Fired {
            owner,
            summary: false,
            id,
            level: planned.correlation.level(),
            origin: stream.origin.clone(),
            group: fact.group.clone(),
            start: first,
            end: self.time,
            first,
            last: self.time,
            count: outcome.count,
            value: outcome.value,
            error: outcome.error,
            novel: novel.iter().cloned().collect(),
            ids: ids.clone(),
            rules: names(planned, &outcome.references),
            message: String::new(),
            shown: Vec::new(),
        };
        self.chain(fact, &ids);
        if planned.told || self.engine.tells_all {
            fired.tell(planned);
            self.engine.fired.push(fired);
        }
        if let Some(tally) = self.engine.tally(owner) {
            tally.fired += 1;
        }
        if planned.hold > 0 {
            let key = self.hold_key(fact);
            let mut silence = Silence {
                id,
                group: fact.group.clone(),
                start: first,
                end: self.time.saturating_add(planned.hold),
                count: 0,
                told: outcome.count,
                first,
                last: first,
                newest: AuditId::None,
                ids: Ids::default(),
                references: Vec::new(),
                sum: Sum::new(planned.kind()),
                novel: novel.into_iter().collect(),
                message: None,
            };
            if let Some(window) = window {
                silence.absorb_outcome(outcome, window);
            } else {
                silence.absorb_outcome(outcome, &Window::Empty);
            }
            silence.told = silence.count;
            self.engine
                .open(self.rules, key, owner, self.stream, silence);
        }
    }

    /// Hands a detection to the correlations that take it.
    fn chain(&mut self, fact: &Fact, ids: &Ids) {
        let mut combiner = Combiner::default();
        for (outer, reference) in &self.planned.outers {
            let Some(planned) = self.rules.inner().plan.correlations.get(index(*outer)) else {
                continue;
            };
            let Some(columns) = planned.reference(*reference) else {
                continue;
            };
            let Some(facts) = planned.target(*reference) else {
                continue;
            };
            combiner.clear();
            let Combiner {
                members,
                group,
                values,
                ..
            } = &mut combiner;
            let mut column = |column: &Column| {
                let start = members.len();
                match column {
                    Column::Group(at) => fact
                        .group
                        .get(*at)
                        .into_iter()
                        .for_each(|text| members.push(text)),
                    Column::RuleName => members.push(&facts.name),
                    Column::RuleLevel => members.push(facts.level.as_str()),
                    Column::RuleTactics => facts.tactics.iter().for_each(|text| members.push(text)),
                    Column::Field(_) => {}
                }
                start..members.len()
            };
            group.extend(columns.group.iter().map(&mut column));
            values.extend(columns.values.iter().map(&mut column));
            let (engine, chained, stream) = (&*self.engine, &mut self.chained, self.stream);
            let made = combiner.each(planned, &mut |group, given| {
                chained.push(Fact {
                    correlation: *outer,
                    reference: *reference,
                    key: engine.key(planned.content, stream, group),
                    id: AuditId::Several(Box::new(ids.clone())),
                    group: Tuple(group.into()),
                    value: given.keep(),
                });
            });
            if let Some(tally) = self.engine.tally(Owner::Correlation(*outer)) {
                tally.cut += made.cut;
                tally.left_out += u64::from(made.facts == 0);
            }
        }
    }

    /// Takes a value of a group: is it new?
    fn novel(&mut self, fact: &Fact) {
        let FactValue::Text(value, text) = &fact.value else {
            return;
        };
        let (planned, time, owner) = (self.planned, self.time, Owner::Correlation(self.at));
        let before = time.saturating_sub(planned.timespan);
        self.engine.tell_table();
        let learning = if let Some(at) = self.engine.table.find(fact.key) {
            self.engine.table.change(at, |window| match window {
                Window::Learning { since, last, .. } => {
                    // A group that was away for so long is not known any more.
                    if *last < before {
                        *since = time;
                    }
                    *last = time.max(*last);
                    time < since.saturating_add(planned.learning)
                }
                _ => false,
            })
        } else {
            let window = Window::Learning {
                since: time,
                last: time,
                group: fact.group.clone(),
            };
            self.engine
                .insert(self.rules, fact.key, owner, self.stream, window);
            Some(planned.learning > 0)
        };
        let key = self.engine.value_key(fact.key, *value);
        let known = if let Some(at) = self.engine.table.find(key) {
            self.engine.table.change(at, |window| match window {
                Window::Known { last, .. } => {
                    let known = *last >= before;
                    *last = time.max(*last);
                    known
                }
                _ => false,
            })
        } else {
            let window = Window::Known {
                last: time,
                texts: Box::new((fact.group.clone(), text.clone())),
            };
            self.engine
                .insert(self.rules, key, owner, self.stream, window);
            Some(false)
        };
        // What is summed up has been learnt, too, and what is not new follows no detection.
        if learning != Some(false) || known != Some(false) {
            return;
        }
        if let Some((_, at)) = self.held_by(fact) {
            self.absorb(at, fact);
        } else {
            let outcome = Outcome::new(vec![self.mark(fact)]);
            self.fire(fact, &outcome, None, Some(text.clone()));
        }
    }
}
