//! What the index asks of who sends a request is found once for each caller.

use crate::spread::place;

/// Callers that are remembered; a power of two.
const ENTRIES: usize = 1 << 13;
/// Most dimensions that only depend on the caller.
pub(super) const MOST: usize = 4;

/// What was found of the callers that came last, by a hash of who they are. Its size is fixed.
#[derive(Debug, Default)]
pub(super) struct OfCaller {
    /// None as long as nobody is known.
    entries: Vec<Found>,
}

/// What was found of a caller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// 0 where there is none.
    hash: u64,
    /// Dimensions that have a value that rules name, and those that have several or are not known.
    pub(super) have: u64,
    pub(super) vague: u64,
    /// The schemas that are left.
    pub(super) alive: u64,
    /// The values' numbers, in the order of the dimensions.
    pub(super) ids: [u32; MOST],
}

impl Default for Found {
    /// Nothing is known.
    fn default() -> Self {
        Self {
            hash: 0,
            have: 0,
            vague: 0,
            alive: u64::MAX,
            ids: [0; MOST],
        }
    }
}

impl OfCaller {
    pub(super) fn get(&self, hash: u64) -> Option<Found> {
        let found = self.entries.get(place(hash, ENTRIES))?;
        (found.hash == hash && hash != 0).then_some(*found)
    }

    pub(super) fn put(&mut self, hash: u64, found: Found) {
        self.entries.resize(ENTRIES, Found::default());
        if let Some(entry) = self.entries.get_mut(place(hash, ENTRIES)) {
            *entry = Found { hash, ..found };
        }
    }
}
