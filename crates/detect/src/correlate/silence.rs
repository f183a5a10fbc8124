//! What follows a detection, summed up until its window closes.

use rule_lang::CorrelationType;
use serde::{Deserialize, Serialize};

use crate::correlate::fact::{AuditId, FactValue, Ids, Key, Mark, Tuple};
use crate::correlate::sketch::{STANDARD_ERROR, Sketch};
use crate::correlate::time::Time;
use crate::correlate::window::numbers::{NUMBERS, add, measure};
use crate::correlate::window::{EXACT, Outcome, Window};

/// Most new values that a summary shows.
const MAX_NOVEL: usize = 16;

/// A detection was told, and what follows is summed up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Silence {
    /// The id of the detection.
    pub(crate) id: Key,
    pub(crate) group: Tuple,
    /// Where the window of the detection begins.
    pub(crate) start: Time,
    /// From when on the group may be told again.
    pub(crate) end: Time,
    /// The events so far, those of the detection among them.
    pub(crate) count: u64,
    /// How many of them the detection had.
    pub(crate) told: u64,
    pub(crate) first: Time,
    pub(crate) last: Time,
    /// The event that was added last.
    pub(crate) newest: AuditId,
    pub(crate) ids: Ids,
    /// References that they came from, ascending.
    pub(crate) references: Vec<u32>,
    pub(crate) sum: Sum,
    /// The values that are new, as far as they are shown.
    pub(crate) novel: Vec<Tuple>,
    /// What a rule said of the hit that was told.
    pub(crate) message: Option<Box<str>>,
}

/// A number over all events, as far as it can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Sum {
    Nothing,
    Values(Vec<Key>),
    Sketch(Box<Sketch>),
    Total {
        n: u64,
        sum: f64,
    },
    Numbers(Vec<f64>),
    /// There were too many numbers to remember.
    TooMany,
}

impl Sum {
    pub(crate) fn new(kind: CorrelationType) -> Self {
        match kind {
            CorrelationType::ValueCount => Self::Values(Vec::new()),
            CorrelationType::ValueSum | CorrelationType::ValueAvg => Self::Total { n: 0, sum: 0.0 },
            CorrelationType::ValuePercentile | CorrelationType::ValueMedian => {
                Self::Numbers(Vec::new())
            }
            _ => Self::Nothing,
        }
    }

    fn value(&mut self, value: Key) {
        match self {
            Self::Values(values) => {
                if values.contains(&value) {
                    return;
                }
                values.push(value);
                if values.len() > EXACT {
                    let mut sketch = Sketch::new();
                    for value in values.iter() {
                        sketch.add(*value, 0);
                    }
                    *self = Self::Sketch(Box::new(sketch));
                }
            }
            Self::Sketch(sketch) => sketch.add(value, 0),
            _ => {}
        }
    }

    fn number(&mut self, number: f64) {
        match self {
            Self::Total { n, sum } => {
                *n += 1;
                *sum = add(*sum, number);
            }
            Self::Numbers(numbers) if numbers.len() < NUMBERS => numbers.push(number),
            Self::Numbers(_) => *self = Self::TooMany,
            _ => {}
        }
    }

    /// Takes what a window holds.
    pub(crate) fn window(&mut self, window: &Window) {
        match window {
            Window::Values(values) => {
                // By time: whatever the order of insertion was, the result is the same.
                for (value, _) in values {
                    self.value(*value);
                }
            }
            Window::Sketch(sketch) => {
                let mut sketch = sketch.0.clone();
                sketch.flatten();
                *self = Self::Sketch(Box::new(sketch));
            }
            Window::Numbers(numbers) => {
                for (number, _) in numbers.iter() {
                    self.number(*number);
                }
            }
            _ => {}
        }
    }

    /// The number and its error.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of events are far below 2^53"
    )]
    pub(crate) fn read(
        &self,
        kind: CorrelationType,
        percentile: Option<u8>,
    ) -> (Option<f64>, Option<f64>) {
        match self {
            Self::Nothing | Self::TooMany => (None, None),
            Self::Values(values) => (Some(values.len() as f64), None),
            Self::Sketch(sketch) => (Some(sketch.estimate()), Some(STANDARD_ERROR)),
            Self::Total { n, sum } if kind == CorrelationType::ValueAvg => {
                (Some(sum / *n as f64), None)
            }
            Self::Total { sum, .. } => (Some(*sum), None),
            Self::Numbers(numbers) => {
                let mut by_size = numbers.clone();
                by_size.sort_unstable_by(f64::total_cmp);
                let in_order = numbers.iter().copied();
                (measure(kind, percentile, &by_size, in_order), None)
            }
        }
    }

    fn heap(&self) -> usize {
        match self {
            Self::Nothing | Self::TooMany | Self::Total { .. } => 0,
            Self::Values(values) => values.capacity() * size_of::<Key>(),
            Self::Sketch(sketch) => size_of::<Sketch>() + sketch.heap(),
            Self::Numbers(numbers) => numbers.capacity() * size_of::<f64>(),
        }
    }
}

impl Silence {
    /// Adds one more event.
    pub(crate) fn absorb(&mut self, mark: &Mark, value: &FactValue) {
        self.mark(mark);
        match value {
            FactValue::Id(value) => self.sum.value(*value),
            FactValue::Number(number) => self.sum.number(*number),
            FactValue::Text(_, text)
                if self.novel.len() < MAX_NOVEL && !self.novel.contains(text) =>
            {
                self.novel.push(text.clone());
            }
            FactValue::None | FactValue::Text(..) => {}
        }
    }

    /// Adds the events of a detection: the one that is told, or of a group that would have been told now.
    pub(crate) fn absorb_outcome(&mut self, outcome: &Outcome, window: &Window) {
        let before = self.count;
        for mark in &outcome.marks {
            self.mark(mark);
        }
        for reference in &outcome.references {
            self.found_by(*reference);
        }
        self.count = before + outcome.count;
        self.first = self.first.min(outcome.first);
        self.ids.total += outcome.count.saturating_sub(outcome.marks.len() as u64);
        self.sum.window(window);
    }

    fn mark(&mut self, mark: &Mark) {
        self.found_by(mark.reference);
        // An event with several values comes once for each of them, and once for each rule that finds it.
        if mark.time == self.last && mark.id == self.newest && mark.id != AuditId::None {
            return;
        }
        self.newest = mark.id.clone();
        self.count += 1;
        self.first = self.first.min(mark.time);
        self.last = self.last.max(mark.time);
        self.ids.add(&mark.id);
    }

    fn found_by(&mut self, reference: u32) {
        if let Err(at) = self.references.binary_search(&reference) {
            self.references.insert(at, reference);
        }
    }

    pub(crate) fn heap(&self) -> usize {
        // What says when it closes, too.
        64 + self.group.heap()
            + self.ids.heap()
            + self.newest.heap()
            + self.references.capacity() * size_of::<u32>()
            + self.sum.heap()
            + self.novel.capacity() * size_of::<Tuple>()
            + self.novel.iter().map(Tuple::heap).sum::<usize>()
            + self.message.as_ref().map_or(0, |message| message.len())
    }
}
