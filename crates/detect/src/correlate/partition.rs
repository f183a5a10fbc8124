//! Which owner a group belongs to, where many processes correlate.

use rule_lang::Column;

use crate::correlate::plan::{Plan, index};

impl Plan {
    /// Chooses the columns that a shard is chosen by, so that everything that belongs together comes to one shard: a
    /// correlation goes with the one that takes its detections, which groups by some of its columns.
    pub(crate) fn partition(&mut self) {
        for at in (0..self.correlations.len()).rev() {
            let Some(planned) = self.correlations.get(at) else {
                continue;
            };
            let own = match &planned.hold_by {
                Some(by) => by.clone(),
                None => (0..planned.correlation.group_by().len()).collect(),
            };
            let outers = planned.outers.clone();
            let columns = match outers.as_slice() {
                [] => own,
                [outer] => self.through(*outer, &own),
                _ => Vec::new(),
            };
            if let Some(planned) = self.correlations.get_mut(at) {
                planned.partition = columns;
            }
        }
        // What one member of a chain cannot go by, no member can: to a fixed point, since chains branch.
        loop {
            let mut changed = false;
            for at in 0..self.correlations.len() {
                let Some(planned) = self.correlations.get(at) else {
                    continue;
                };
                let n = planned.partition.len();
                for (outer, _) in planned.outers.clone() {
                    let fewer = self
                        .correlations
                        .get(index(outer))
                        .is_some_and(|outer| outer.partition.len() != n);
                    if fewer {
                        changed |= self.clear(at) | self.clear(index(outer));
                    }
                }
            }
            if !changed {
                break;
            }
        }
    }

    fn clear(&mut self, at: usize) -> bool {
        let Some(planned) = self.correlations.get_mut(at) else {
            return false;
        };
        let had = !planned.partition.is_empty();
        planned.partition.clear();
        had
    }

    /// The partition of an outer correlation in the columns of one that it refers to; empty when that cannot be said.
    fn through(&self, (outer, reference): (u32, u32), own: &[usize]) -> Vec<usize> {
        let Some(outer) = self.correlations.get(index(outer)) else {
            return Vec::new();
        };
        let Some(reference) = outer.reference(reference) else {
            return Vec::new();
        };
        let columns = outer
            .partition
            .iter()
            .map(|column| match reference.group.get(*column) {
                Some(Column::Group(inner)) if own.contains(inner) => Some(*inner),
                _ => None,
            });
        columns.collect::<Option<_>>().unwrap_or_default()
    }
}
