//! What a group has seen within the timespan, and whether that is enough.

pub(crate) mod marks;
pub(crate) mod numbers;
pub(crate) mod sequence;

use std::collections::VecDeque;

use rule_lang::CorrelationType;
use serde::{Deserialize, Serialize};

use crate::correlate::fact::{AuditId, Fact, FactValue, Key, Mark, Tuple};
use crate::correlate::plan::Planned;
use crate::correlate::silence::Silence;
use crate::correlate::sketch::{STANDARD_ERROR, Sketch};
use crate::correlate::time::Time;
use marks::Marks;
use numbers::Numbers;
use sequence::{Sequence, forget, put};

/// Most distinct values that are counted exactly.
pub(crate) const EXACT: usize = 1024;
/// Most events that are remembered beside an estimate.
const BESIDE: usize = 16;

/// The state of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Window {
    /// Nothing yet.
    Empty,
    /// One event, which is what most groups have.
    Event(Mark),
    Events(Marks<Mark>),
    /// The latest event of each value.
    Values(Vec<(Key, Mark)>),
    /// Too many values, and the latest events.
    Sketch(Box<(Sketch, VecDeque<Mark>)>),
    Numbers(Numbers),
    /// The latest event of each entry of `rules`.
    Latest(Vec<Option<Mark>>),
    Sequence(Box<Sequence>),
    /// Of `new_value`: a group, since when it is learnt, and when it was last seen.
    Learning {
        since: Time,
        last: Time,
        group: Tuple,
    },
    /// Of `new_value`: a value that a group has had.
    Known {
        last: Time,
        texts: Box<(Tuple, Tuple)>,
    },
    /// A detection was told, and what follows is summed up.
    Open(Box<Silence>),
}

/// That a condition holds.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// The events that made it so, by time, each once.
    pub(crate) marks: Vec<Mark>,
    /// What found them, ascending.
    pub(crate) references: Vec<u32>,
    /// When the first event was, of those too that are not remembered.
    pub(crate) first: Time,
    /// How many events there were, which may be more than are remembered.
    pub(crate) count: u64,
    /// The number that was compared.
    pub(crate) value: Option<f64>,
    /// The standard error of the number, as a part of it.
    pub(crate) error: Option<f64>,
}

impl Outcome {
    pub(crate) fn new(mut marks: Vec<Mark>) -> Self {
        let mut references: Vec<u32> = marks.iter().map(|mark| mark.reference).collect();
        references.sort_unstable();
        references.dedup();
        // An event with several values, or that several rules find, is one event.
        marks.sort_by(|one, other| {
            (one.time, &one.id, one.reference).cmp(&(other.time, &other.id, other.reference))
        });
        marks.dedup_by(|one, other| {
            one.time == other.time && one.id == other.id && one.id != AuditId::None
        });
        marks.sort_by_key(|mark| (mark.time, mark.reference));
        Self {
            count: marks.len() as u64,
            first: marks.first().map_or(Time::MAX, |mark| mark.time),
            marks,
            references,
            value: None,
            error: None,
        }
    }
}

impl Window {
    /// Adds an event. Returns whether something had to be forgotten that was still in the window.
    pub(crate) fn insert(&mut self, planned: &Planned, fact: &Fact, time: Time) -> bool {
        let mark = Mark {
            time,
            reference: fact.reference,
            id: fact.id.clone(),
        };
        let mut lost = false;
        match (planned.kind(), &fact.value) {
            (CorrelationType::ValueCount, FactValue::Id(value)) => {
                self.insert_value(*value, mark, planned);
            }
            (kind, FactValue::Number(number)) if kind.is_numeric() => {
                if !matches!(self, Self::Numbers(_)) {
                    *self = Self::Numbers(Numbers::new());
                }
                if let Self::Numbers(numbers) = self {
                    lost = numbers.push(*number, mark, time.saturating_sub(planned.timespan));
                }
            }
            (CorrelationType::Temporal, _) => {
                if !matches!(self, Self::Latest(_)) {
                    *self = Self::Latest(vec![None; planned.n_slots()]);
                }
                if let Self::Latest(latest) = self {
                    put(latest, planned.slot(fact.reference), mark);
                }
            }
            (CorrelationType::TemporalOrdered, _) => {
                if !matches!(self, Self::Sequence(_)) {
                    *self = Self::Sequence(Box::default());
                }
                if let Self::Sequence(sequence) = self {
                    sequence.insert(planned, mark);
                }
            }
            _ => self.insert_event(mark),
        }
        lost
    }

    fn insert_event(&mut self, mark: Mark) {
        *self = match std::mem::replace(self, Self::Empty) {
            Self::Event(first) => Self::Events(VecDeque::from([first, mark]).into()),
            Self::Events(mut marks) => {
                marks.push(mark);
                Self::Events(marks)
            }
            _ => Self::Event(mark),
        };
    }

    fn insert_value(&mut self, value: Key, mark: Mark, planned: &Planned) {
        if let Self::Sketch(sketch) = self {
            sketch.0.add(value, mark.time);
            sketch.1.push_back(mark);
            if sketch.1.len() > BESIDE {
                sketch.1.pop_front();
            }
            return;
        }
        if !matches!(self, Self::Values(_)) {
            *self = Self::Values(Vec::with_capacity(1));
        }
        let Self::Values(values) = self else {
            return;
        };
        if let Some((_, known)) = values.iter_mut().find(|(known, _)| *known == value) {
            *known = mark;
            return;
        }
        values.push((value, mark));
        // Of fewer than that are enough, more are forgotten when the condition is asked, unless all of them come at one time.
        let most = if planned.bounds().enough() > EXACT {
            EXACT
        } else {
            2 * EXACT
        };
        if values.len() > most {
            values.sort_by_key(|(_, one)| one.time);
            let mut sketch = Sketch::new();
            for (value, mark) in values.iter() {
                sketch.add(*value, mark.time);
            }
            let recent = values.len().saturating_sub(BESIDE);
            let recent = values
                .drain(..)
                .skip(recent)
                .map(|(_, mark)| mark)
                .collect();
            *self = Self::Sketch(Box::new((sketch, recent)));
        }
    }

    /// Takes away what left the window that ends at a time, and says whether the condition holds of the rest.
    pub(crate) fn evaluate(&mut self, planned: &Planned, time: Time) -> Option<Outcome> {
        let start = time.saturating_sub(planned.timespan);
        match self {
            Self::Event(mark) if mark.time < start => *self = Self::Empty,
            Self::Events(marks) => while marks.pop_before(start).is_some() {},
            Self::Values(values) => values.retain(|(_, mark)| mark.time >= start),
            Self::Sketch(sketch) => {
                sketch.0.expire(start);
                sketch.1.retain(|mark| mark.time >= start);
            }
            Self::Numbers(numbers) => numbers.expire(start),
            Self::Latest(latest) => forget(latest, start),
            Self::Sequence(sequence) => sequence.forget(start),
            _ => {}
        }
        let outcome = self.outcome(planned);
        if outcome.is_none() {
            self.trim(planned.bounds().enough());
        }
        outcome
    }

    fn outcome(&self, planned: &Planned) -> Option<Outcome> {
        if planned.kind().is_temporal() {
            return self.matched(planned);
        }
        let (value, error) = self.measure(planned)?;
        if !planned.bounds().holds(value) {
            return None;
        }
        let mut outcome = Outcome::new(self.marks());
        (outcome.value, outcome.error) = (Some(value), error);
        if error.is_some() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "an estimate of how many there are"
            )]
            let count = value as u64;
            outcome.count = count;
        }
        if let Self::Sketch(sketch) = self {
            outcome.first = sketch
                .0
                .earliest()
                .map_or(outcome.first, |first| first.min(outcome.first));
        }
        Some(outcome)
    }

    /// The number that a condition is about, with its error.
    fn measure(&self, planned: &Planned) -> Option<(f64, Option<f64>)> {
        let count = |n: usize| u32::try_from(n).map_or(f64::INFINITY, f64::from);
        Some(match self {
            Self::Event(_) => (1.0, None),
            Self::Events(marks) => (count(marks.len()), None),
            Self::Values(values) => (count(values.len()), None),
            Self::Sketch(sketch) => (sketch.0.estimate(), Some(STANDARD_ERROR)),
            Self::Numbers(numbers) => {
                (numbers.measure(planned.kind(), planned.percentile())?, None)
            }
            _ => return None,
        })
    }

    fn matched(&self, planned: &Planned) -> Option<Outcome> {
        let (latest, sequence) = match self {
            Self::Latest(latest) => (latest, None),
            Self::Sequence(sequence) => (&sequence.latest, Some(sequence.chains.last()?)),
            _ => return None,
        };
        if sequence.is_some_and(Vec::is_empty) {
            return None;
        }
        let here = |slot: usize| latest.get(slot).is_some_and(Option::is_some);
        if !planned.presence().holds(&here) {
            return None;
        }
        let marks = if let Some(chain) = sequence {
            chain.clone()
        } else {
            let all = latest.iter().enumerate();
            all.filter_map(|(slot, mark)| mark.clone().filter(|_| planned.is_wanted(slot)))
                .collect()
        };
        Some(Outcome::new(marks))
    }

    /// The events that are remembered.
    fn marks(&self) -> Vec<Mark> {
        match self {
            Self::Event(mark) => vec![mark.clone()],
            Self::Events(marks) => marks.iter().cloned().collect(),
            Self::Values(values) => values.iter().map(|(_, mark)| mark.clone()).collect(),
            Self::Sketch(sketch) => sketch.1.iter().cloned().collect(),
            Self::Numbers(numbers) => numbers.iter().map(|(_, mark)| mark.clone()).collect(),
            Self::Latest(latest) => latest.iter().flatten().cloned().collect(),
            Self::Sequence(sequence) => sequence.latest.iter().flatten().cloned().collect(),
            Self::Empty | Self::Learning { .. } | Self::Known { .. } | Self::Open(_) => Vec::new(),
        }
    }

    /// Forgets what cannot make a difference any more, because there is more of what came later.
    fn trim(&mut self, enough: usize) {
        match self {
            Self::Events(marks) => marks.keep_last(enough),
            Self::Values(values) if values.len() > enough => {
                values.sort_by_key(|(_, one)| one.time);
                let extra = values.len() - enough;
                values.drain(..extra);
            }
            _ => {}
        }
    }

    /// Whether it is something that `new_value` knows.
    pub(crate) fn is_learnt(&self) -> bool {
        matches!(self, Self::Learning { .. } | Self::Known { .. })
    }

    /// When what `new_value` knows was there last.
    pub(crate) fn met(&mut self) -> Option<&mut Time> {
        match self {
            Self::Learning { last, .. } | Self::Known { last, .. } => Some(last),
            _ => None,
        }
    }

    /// When the state begins to say nothing any more, if nothing comes.
    pub(crate) fn expires(&self, timespan: Time) -> Time {
        let last = match self {
            Self::Empty => return Time::MIN,
            Self::Open(silence) => return silence.end,
            Self::Learning { last, .. } | Self::Known { last, .. } => Some(*last),
            Self::Event(mark) => Some(mark.time),
            Self::Events(marks) => marks.last().map(|mark| mark.time),
            Self::Values(values) => values.iter().map(|(_, mark)| mark.time).max(),
            Self::Sketch(sketch) => sketch.1.back().map(|mark| mark.time),
            Self::Numbers(numbers) => numbers.last().map(|mark| mark.time),
            Self::Latest(latest) => latest.iter().flatten().map(|mark| mark.time).max(),
            Self::Sequence(sequence) => {
                sequence.latest.iter().flatten().map(|mark| mark.time).max()
            }
        };
        last.map_or(Time::MIN, |last| last.saturating_add(timespan))
    }

    /// Bytes beside the value itself.
    pub(crate) fn heap(&self) -> usize {
        const MARK: usize = size_of::<Mark>();
        match self {
            Self::Empty => 0,
            Self::Event(mark) => mark.id.heap(),
            Self::Events(marks) => marks.heap(),
            Self::Values(values) => {
                values.capacity() * size_of::<(Key, Mark)>()
                    + ids(values.iter().map(|(_, mark)| mark))
            }
            Self::Sketch(sketch) => {
                size_of::<(Sketch, VecDeque<Mark>)>()
                    + sketch.0.heap()
                    + sketch.1.capacity() * MARK
                    + ids(&sketch.1)
            }
            Self::Numbers(numbers) => numbers.heap(),
            Self::Latest(latest) => {
                latest.capacity() * size_of::<Option<Mark>>() + ids(latest.iter().flatten())
            }
            Self::Sequence(sequence) => size_of::<Sequence>() + sequence.heap(),
            Self::Learning { group, .. } => group.heap(),
            Self::Known { texts, .. } => {
                size_of::<(Tuple, Tuple)>() + texts.0.heap() + texts.1.heap()
            }
            Self::Open(silence) => size_of::<Silence>() + silence.heap(),
        }
    }
}

fn ids<'m>(marks: impl IntoIterator<Item = &'m Mark>) -> usize {
    marks.into_iter().map(|mark| mark.id.heap()).sum()
}
