//! What the index asks of who sends a request is found once for each caller.

use audit_model::FieldSource;

use super::{Asked, Dimension, Index, LAST, Probe, bits, low_bits};
use crate::spread::Recent;

/// Most dimensions that only depend on the caller.
pub(super) const MOST: usize = 4;

/// What was found of the callers that came last, by a hash of who they are.
pub(super) type OfCaller = Recent<Found, { 1 << 13 }>;

/// What was found of a caller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Dimensions that have a value that rules name, and those that have several or are not known.
    pub(super) have: u64,
    pub(super) vague: u64,
    /// The schemas that are left.
    pub(super) alive: u64,
    /// The values' numbers, in the order of the dimensions.
    ids: [u32; MOST],
}

impl Default for Found {
    /// Nothing is known.
    fn default() -> Self {
        Self {
            have: 0,
            vague: 0,
            alive: u64::MAX,
            ids: [0; MOST],
        }
    }
}

impl Index {
    /// What is found of a caller.
    pub(super) fn of_caller(
        &self,
        caller: u64,
        source: &impl FieldSource,
        probe: &mut Probe,
    ) -> Found {
        let known = probe.of_caller.get(caller).copied();
        let found = known.unwrap_or_else(|| {
            let found = self.look_at_caller(source, probe);
            probe.of_caller.put(caller, found);
            found
        });
        for (at, found) in bits(self.of_caller).zip(found.ids) {
            if let Some(id) = probe.ids.get_mut(at as usize) {
                *id = found;
            }
        }
        found
    }

    fn look_at_caller(&self, source: &impl FieldSource, probe: &mut Probe) -> Found {
        let n_single = self.dimensions.len();
        let mut found = Found::default();
        for at in bits(self.of_caller & low_bits(n_single)) {
            let at = at as usize;
            let (Some(dimension), Some(id)) = (self.dimensions.get(at), probe.ids.get_mut(at))
            else {
                continue;
            };
            *id = dimension.recorded(source, &mut probe.folded);
            if *id == 0 {
                found.alive &= !dimension.needing;
            } else {
                found.have |= 1 << at;
            }
        }
        let groups = self.of_caller >> n_single.min(LAST) & self.several.all();
        if groups != 0 {
            let ids = probe.ids.get_mut(n_single..).unwrap_or_default();
            let (unescaped, folded) = (&mut probe.unescaped, &mut probe.folded);
            let lists = &mut probe.lists;
            let (have, vague) = self
                .several
                .find(source, groups, ids, lists, unescaped, folded);
            found.have |= have << n_single;
            found.vague |= vague << n_single;
        }
        for (at, id) in bits(self.of_caller).zip(&mut found.ids) {
            *id = probe.ids.get(at as usize).copied().unwrap_or_default();
        }
        found
    }
}

impl Dimension {
    /// The number of a text as it is recorded.
    fn recorded(&self, source: &impl FieldSource, memory: &mut Vec<u8>) -> u32 {
        let Asked::Recorded(field) = self.asked else {
            return 0;
        };
        let text = source.bytes(0, field);
        text.map_or(0, |text| self.values.get_folded(text, memory))
    }
}
