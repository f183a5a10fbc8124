//! The order of correlations that refer to one another, and circles among them.

use crate::correlation::link::{Found, Linker};
use crate::diagnostic::{Code, Report, quoted};

impl Linker<'_> {
    /// Reports correlations that refer to themselves, at the name that leads back, and forgets what they refer to.
    pub(super) fn break_cycles(&mut self, reports: &mut [&mut Report]) {
        let inner = self.inner();
        // The state of a search through the references: 0 new, 1 on the way, 2 done.
        let mut state = vec![0_u8; self.documents.len()];
        let mut broken = Vec::new();
        for start in 0..self.documents.len() {
            if state.get(start) != Some(&0) {
                continue;
            }
            set(&mut state, start, 1);
            // What is on the way, with those of its references that have not been followed.
            let mut way = vec![(start, of(&inner, start).iter())];
            while let Some((at, rest)) = way.last_mut() {
                let at = *at;
                let Some((slot, next)) = rest.next() else {
                    set(&mut state, at, 2);
                    way.pop();
                    continue;
                };
                match state.get(*next) {
                    Some(0) => {
                        set(&mut state, *next, 1);
                        way.push((*next, of(&inner, *next).iter()));
                    }
                    Some(1) => broken.push((at, *slot, *next)),
                    _ => {}
                }
            }
        }
        for (at, slot, next) in broken {
            let Some((file, document)) = self.documents.get(at) else {
                continue;
            };
            // Only names stand for correlations, and they come first.
            let name = document.targets.names.get(slot);
            if let (Some(report), Some(name)) = (reports.get_mut(*file), name) {
                let message = if at == next {
                    "a correlation cannot refer to itself".to_owned()
                } else {
                    format!(
                        "{} refers back to this correlation",
                        quoted(self.name(Found::Correlation(next)))
                    )
                };
                report.add(Code::CorrelationCycle, name.span, message);
            }
            if let Some(found) = self.found.get_mut(at) {
                *found = None;
            }
        }
    }

    /// Of each correlation the others that it refers to, with the entries of `rules` that do.
    fn inner(&self) -> Vec<Vec<(usize, usize)>> {
        let of_one = |slots: &Option<Vec<Vec<Found>>>| {
            let slots = slots.iter().flatten().enumerate();
            let all = slots.flat_map(|(slot, found)| found.iter().map(move |found| (slot, found)));
            all.filter_map(|(slot, found)| match found {
                Found::Correlation(inner) => Some((slot, *inner)),
                Found::Rule(_) => None,
            })
            .collect()
        };
        self.found.iter().map(of_one).collect()
    }

    /// The correlations in an order in which each stands after those that it refers to; else in that of the set.
    pub(super) fn order(&self) -> Vec<usize> {
        let inner = self.inner();
        let mut order = Vec::new();
        let mut is_met = vec![false; self.documents.len()];
        for start in 0..self.documents.len() {
            let mut way = Vec::new();
            let mut next = Some(start);
            loop {
                if let Some(at) = next.take()
                    && let Some(is_met @ false) = is_met.get_mut(at)
                {
                    *is_met = true;
                    way.push((at, of(&inner, at).iter()));
                }
                let Some((at, rest)) = way.last_mut() else {
                    break;
                };
                if let Some((_, inner)) = rest.next() {
                    next = Some(*inner);
                } else {
                    order.push(*at);
                    way.pop();
                }
            }
        }
        order
    }
}

fn of(inner: &[Vec<(usize, usize)>], at: usize) -> &[(usize, usize)] {
    inner.get(at).map_or(&[], Vec::as_slice)
}

fn set(state: &mut [u8], at: usize, value: u8) {
    if let Some(state) = state.get_mut(at) {
        *state = value;
    }
}
