//! The groups of callers that came last.
//!
//! Nearly every correlation groups by who sends a request. Which group that is, and its key, is remembered of a caller, so
//! that they are not made again for each of its hits.

use crate::correlate::fact::{Key, Tuple};
use crate::spread::{self, Recent};

/// Longest text of a group that is remembered, in bytes.
const MOST_BYTES: usize = 256;

/// A group of a correlation.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) key: Key,
    pub(crate) text: Tuple,
}

/// The groups of callers that came last.
#[derive(Debug, Default)]
pub(crate) struct Groups(Recent<Option<Group>, { 1 << 12 }>);

impl Groups {
    /// What the group of a caller is known by in one reference of a correlation.
    pub(crate) fn hash(caller: u64, correlation: u32, reference: u32) -> u64 {
        spread::mix(caller, u64::from(correlation) << 32 | u64::from(reference))
    }

    pub(crate) fn get(&self, hash: u64) -> Option<&Group> {
        self.0.get(hash)?.as_ref()
    }

    pub(crate) fn put(&mut self, hash: u64, group: Group) {
        if group.text.0.len() <= MOST_BYTES {
            self.0.put(hash, Some(group));
        }
    }
}
