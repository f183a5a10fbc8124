//! The order of correlations that refer to one another, and circles among them.

use crate::correlation::link::{Found, Linker};
use crate::diagnostic::{Code, Report, quoted};

impl Linker<'_> {
    /// Reports correlations that refer to themselves, at the name that leads back, and forgets what they refer to.
    pub(super) fn break_cycles(&mut self, reports: &mut [&mut Report]) {
        // The state of a search through the references: 0 new, 1 on the way, 2 done.
        let mut state = vec![0_u8; self.documents.len()];
        let mut broken = Vec::new();
        for start in 0..self.documents.len() {
            // What is on the way, with how many of its references have been followed.
            let mut way = vec![(start, 0)];
            if state.get(start) != Some(&0) {
                continue;
            }
            set(&mut state, start, 1);
            while let Some((at, followed)) = way.pop() {
                let inner = self.correlations_of(at);
                let Some(next) = inner.get(followed) else {
                    set(&mut state, at, 2);
                    continue;
                };
                way.push((at, followed + 1));
                match state.get(*next) {
                    Some(0) => {
                        set(&mut state, *next, 1);
                        way.push((*next, 0));
                    }
                    Some(1) => broken.push((at, *next)),
                    _ => {}
                }
            }
        }
        for (at, next) in broken {
            let Some((file, document)) = self.documents.get(at) else {
                continue;
            };
            let name = document.targets.names.iter().find(|name| {
                self.by_name.get(name.text.as_str()) == Some(&Found::Correlation(next))
            });
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

    fn correlations_of(&self, at: usize) -> Vec<usize> {
        let slots = self.found.get(at).and_then(Option::as_ref);
        let all = slots.into_iter().flatten().flatten();
        all.filter_map(|found| match found {
            Found::Correlation(inner) => Some(*inner),
            Found::Rule(_) => None,
        })
        .collect()
    }

    /// The correlations in an order in which each stands after those that it refers to; else in that of the set.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut order = Vec::new();
        let mut done = vec![false; self.documents.len()];
        for start in 0..self.documents.len() {
            let mut way = vec![(start, 0)];
            while let Some((at, followed)) = way.pop() {
                if done.get(at) == Some(&true) {
                    continue;
                }
                if let Some(next) = self.correlations_of(at).get(followed) {
                    way.push((at, followed + 1));
                    way.push((*next, 0));
                } else {
                    if let Some(done) = done.get_mut(at) {
                        *done = true;
                    }
                    order.push(at);
                }
            }
        }
        order
    }
}

fn set(state: &mut [u8], at: usize, value: u8) {
    if let Some(state) = state.get_mut(at) {
        *state = value;
    }
}
