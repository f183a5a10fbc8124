//! The latest events of several rules, and chains of them in order.

use serde::{Deserialize, Serialize};

use crate::correlate::fact::Mark;
use crate::correlate::plan::Planned;
use crate::correlate::time::Time;
use crate::correlate::window::ids;

/// The latest event of each entry of `rules`, and for each step the chain of events up to it that began last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sequence {
    pub(crate) latest: Vec<Option<Mark>>,
    pub(crate) chains: Vec<Vec<Mark>>,
}

impl Sequence {
    /// Facts of one time come in the order of the steps, so that equal times are in order.
    pub(crate) fn insert(&mut self, planned: &Planned, mark: Mark) {
        self.latest.resize(planned.n_slots(), None);
        self.chains.resize_with(planned.steps().len(), Vec::new);
        let slot = planned.slot(mark.reference);
        if let Some(step) = planned.steps().iter().position(|step| *step == slot) {
            let start = mark.time.saturating_sub(planned.timespan);
            let before = step.checked_sub(1).map(|before| self.chains.get(before));
            let chain = match before {
                None => Some(Vec::new()),
                Some(before) => before
                    .filter(|chain| chain.first().is_some_and(|first| first.time >= start))
                    .cloned(),
            };
            // The chain before never began earlier than the one that is replaced.
            if let (Some(mut chain), Some(place)) = (chain, self.chains.get_mut(step)) {
                chain.push(mark.clone());
                *place = chain;
            }
        }
        put(&mut self.latest, slot, mark);
    }

    pub(crate) fn forget(&mut self, start: Time) {
        forget(&mut self.latest, start);
        for chain in &mut self.chains {
            if chain.first().is_some_and(|first| first.time < start) {
                chain.clear();
            }
        }
    }

    pub(crate) fn heap(&self) -> usize {
        let chains = self.chains.iter();
        let inside = chains
            .clone()
            .map(|chain| chain.capacity() * size_of::<Mark>() + ids(chain));
        self.latest.capacity() * size_of::<Option<Mark>>()
            + ids(self.latest.iter().flatten())
            + self.chains.capacity() * size_of::<Vec<Mark>>()
            + inside.sum::<usize>()
    }
}

/// Puts an event to its entry.
pub(crate) fn put(marks: &mut [Option<Mark>], at: usize, mark: Mark) {
    if let Some(slot) = marks.get_mut(at) {
        *slot = Some(mark);
    }
}

/// Takes away what came before a time.
pub(crate) fn forget(latest: &mut [Option<Mark>], start: Time) {
    for slot in latest {
        if slot.as_ref().is_some_and(|mark| mark.time < start) {
            *slot = None;
        }
    }
}
