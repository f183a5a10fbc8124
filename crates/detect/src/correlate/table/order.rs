//! The order of use: which entry was not touched for the longest time.

use crate::correlate::table::{Entry, NONE, Owner, Table};

/// The entries of one owner, from the newest to the oldest.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    pub(super) newest: u32,
    pub(super) oldest: u32,
    pub(super) len: usize,
}

impl Default for List {
    fn default() -> Self {
        Self {
            newest: NONE,
            oldest: NONE,
            len: 0,
        }
    }
}

impl Table {
    /// Makes an entry the newest, or leaves it among the newer ones: to touch its neighbours each time would cost more than
    /// all else.
    pub(super) fn touch(&mut self, at: u32) {
        let Some(entry) = self.get(at) else {
            return;
        };
        if self.touches - entry.touched > self.n_groups(entry.owner) as u64 / 16 {
            self.unlink(at);
            self.link(at);
        }
    }

    /// The entry that was not touched for the longest time.
    pub(crate) fn oldest(&self) -> Option<u32> {
        let oldest = self.lists.iter().map(|list| list.oldest);
        let touched = oldest.filter_map(|at| Some((self.get(at)?.touched, at)));
        touched.min().map(|(_, at)| at)
    }

    /// The entry of an owner that was not touched for the longest time.
    pub(crate) fn oldest_of(&self, owner: Owner) -> Option<u32> {
        let list = self.lists.get(self.list(owner))?;
        Some(list.oldest).filter(|at| *at != NONE)
    }

    /// Every entry, the one touched last at the end.
    pub(crate) fn by_use(&self) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = self
            .chunks
            .iter()
            .flatten()
            .filter(|entry| entry.touched > 0)
            .collect();
        entries.sort_unstable_by_key(|entry| entry.touched);
        entries
    }

    pub(super) fn unlink(&mut self, at: u32) {
        let Some(entry) = self.get(at) else {
            return;
        };
        let (owner, newer, older) = (entry.owner, entry.newer, entry.older);
        match self.get_mut(newer) {
            Some(entry) => entry.older = older,
            None => self.with_list(owner, |list| list.newest = older),
        }
        match self.get_mut(older) {
            Some(entry) => entry.newer = newer,
            None => self.with_list(owner, |list| list.oldest = newer),
        }
        self.with_list(owner, |list| list.len -= 1);
    }

    pub(super) fn link(&mut self, at: u32) {
        self.touches += 1;
        let touched = self.touches;
        let Some(owner) = self.get(at).map(|entry| entry.owner) else {
            return;
        };
        let list = self.list(owner);
        let before = self.lists.get(list).map_or(NONE, |list| list.newest);
        if let Some(entry) = self.get_mut(at) {
            entry.touched = touched;
            entry.newer = NONE;
            entry.older = before;
        }
        if let Some(entry) = self.get_mut(before) {
            entry.newer = at;
        }
        self.with_list(owner, |list| {
            list.newest = at;
            list.len += 1;
            if list.oldest == NONE {
                list.oldest = at;
            }
        });
    }

    pub(super) fn with_list(&mut self, owner: Owner, change: impl FnOnce(&mut List)) {
        let at = self.list(owner);
        if let Some(list) = self.lists.get_mut(at) {
            change(list);
        }
    }
}
