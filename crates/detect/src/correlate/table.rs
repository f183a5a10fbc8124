//! The state of all groups, within a budget of bytes: what was not touched for the longest time goes first.

mod order;

use hashbrown::HashTable;

use crate::correlate::fact::Key;
use crate::correlate::plan::index;
use crate::correlate::time::Time;
use crate::correlate::window::Window;
use order::List;

/// No entry.
const NONE: u32 = u32::MAX;
/// Entries that are allocated together, so that growing copies nothing.
const CHUNK: usize = 1024;
/// Most places that are kept free. With more of them the last chunk is emptied and given back.
const MOST_FREE: usize = 2 * CHUNK;
/// Bytes of a chunk.
const CHUNK_BYTES: usize = CHUNK * size_of::<Entry>() + size_of::<Vec<Entry>>();

/// The state of a group, with its neighbours in the order of use.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    /// Who owns it: a correlation, or a rule with `suppress`.
    pub(crate) owner: Owner,
    /// The stream that it belongs to.
    pub(crate) stream: u32,
    pub(crate) window: Window,
    /// Bytes of the window that have been counted.
    heap: usize,
    /// When it was touched last, in the order of touches; 0 for a place that is free.
    touched: u64,
    newer: u32,
    older: u32,
}

impl Entry {
    /// Whether this is in use, and the entry of this key.
    pub(crate) fn is(&self, key: Key) -> bool {
        self.touched > 0 && self.key == key
    }
}

/// Who an entry belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Owner {
    Correlation(u32),
    Rule(u32),
}

/// The state of all groups.
#[derive(Debug)]
pub(crate) struct Table {
    index: HashTable<u32>,
    chunks: Vec<Vec<Entry>>,
    free: Vec<u32>,
    lists: Vec<List>,
    /// Owners of lists: correlations first, then rules.
    n_correlations: usize,
    touches: u64,
    /// Bytes of the windows.
    heap: usize,
    /// Changes whenever something is forgotten that `new_value` knew, or moved.
    age: u32,
}

impl Table {
    pub(crate) fn new(n_correlations: usize, n_rules: usize) -> Self {
        Self {
            index: HashTable::new(),
            chunks: Vec::new(),
            free: Vec::with_capacity(MOST_FREE),
            lists: vec![List::default(); n_correlations + n_rules],
            n_correlations,
            touches: 0,
            heap: 0,
            age: 0,
        }
    }

    pub(crate) fn n_groups(&self, owner: Owner) -> usize {
        self.lists.get(self.list(owner)).map_or(0, |list| list.len)
    }

    /// A number that is another one as soon as something that `new_value` knew is not where it was.
    pub(crate) fn age(&self) -> u32 {
        self.age
    }

    /// Bytes in use.
    pub(crate) fn bytes(&self) -> usize {
        self.chunks.len() * CHUNK_BYTES + self.index.allocation_size() + self.heap
    }

    /// Bytes that one more entry would take beside its window, those of a table that is copied to grow among them.
    pub(crate) fn bytes_to_grow(&self) -> usize {
        let chunk =
            if self.free.is_empty() && self.chunks.last().is_none_or(|last| last.len() >= CHUNK) {
                CHUNK_BYTES
            } else {
                0
            };
        let index = if self.index.len() >= self.index.capacity() {
            2 * self.index.allocation_size()
        } else {
            0
        };
        chunk + index
    }

    fn list(&self, owner: Owner) -> usize {
        match owner {
            Owner::Correlation(at) => index(at),
            Owner::Rule(at) => self.n_correlations.saturating_add(index(at)),
        }
    }

    pub(crate) fn get(&self, at: u32) -> Option<&Entry> {
        let at = index(at);
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    fn get_mut(&mut self, at: u32) -> Option<&mut Entry> {
        entry(&mut self.chunks, at)
    }

    pub(crate) fn find(&self, key: Key) -> Option<u32> {
        let is = |at: &u32| self.get(*at).is_some_and(|entry| entry.key == key);
        self.index.find(hash(key), is).copied()
    }

    /// Changes the window of an entry and makes it one of the newest.
    pub(crate) fn change<R>(
        &mut self,
        at: u32,
        change: impl FnOnce(&mut Window) -> R,
    ) -> Option<R> {
        self.touch(at);
        let entry = entry(&mut self.chunks, at)?;
        let result = change(&mut entry.window);
        let heap = entry.window.heap();
        self.heap = self.heap - entry.heap + heap;
        entry.heap = heap;
        Some(result)
    }

    /// That what `new_value` knows under a key that begins so was there at a time, if it was there not before `since` and was not
    /// forgotten.
    pub(crate) fn meet(&mut self, at: u32, half: u64, since: Time, time: Time) -> bool {
        let is_it = |entry: &&mut Entry| {
            let [first, _] = entry.key;
            first == half
        };
        let Some(entry) = self.get_mut(at).filter(is_it) else {
            return false;
        };
        let Some(last) = entry.window.met().filter(|last| **last >= since) else {
            return false;
        };
        *last = time.max(*last);
        self.touch(at);
        true
    }

    /// That what `new_value` knows was there at a time: under a key that begins so, which stood at a place before.
    pub(crate) fn catch_up(&mut self, at: u32, half: u64, time: Time) {
        if self.meet(at, half, Time::MIN, time) {
            return;
        }
        // What was taken out has made others move.
        let is = |at: &u32| {
            let entry = self.get(*at);
            entry.is_some_and(|entry| hash(entry.key) == half)
        };
        if let Some(at) = self.index.find(half, is).copied() {
            self.meet(at, half, Time::MIN, time);
        }
    }

    /// Adds an entry that is not there yet.
    pub(crate) fn insert(&mut self, key: Key, owner: Owner, stream: u32, window: Window) -> u32 {
        let heap = window.heap();
        let entry = Entry {
            key,
            owner,
            stream,
            window,
            heap,
            touched: 0,
            newer: NONE,
            older: NONE,
        };
        self.heap += heap;
        let at = self.place(entry);
        let chunks = &self.chunks;
        let hash_of = |at: &u32| hash_at(chunks, *at);
        self.index.insert_unique(hash(key), at, hash_of);
        self.link(at);
        at
    }

    fn place(&mut self, new: Entry) -> u32 {
        if let Some(at) = self.free.pop() {
            if let Some(entry) = self.get_mut(at) {
                *entry = new;
            }
            return at;
        }
        if self.chunks.last().is_none_or(|last| last.len() >= CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let at = (self.chunks.len() - 1) * CHUNK + self.chunks.last().map_or(0, Vec::len);
        if let Some(last) = self.chunks.last_mut() {
            last.push(new);
        }
        crate::correlate::plan::short(at)
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, at: u32) -> Option<(Owner, u32, Window)> {
        let key = self.get(at)?.key;
        self.unlink(at);
        if let Ok(found) = self.index.find_entry(hash(key), |other| *other == at) {
            found.remove();
        }
        let entry = self.get_mut(at)?;
        let window = std::mem::replace(&mut entry.window, Window::Empty);
        let (owner, stream, heap) = (entry.owner, entry.stream, entry.heap);
        entry.heap = 0;
        entry.touched = 0;
        self.heap -= heap;
        self.grow_old(&window);
        self.free.push(at);
        if self.free.len() >= MOST_FREE {
            self.trim();
        }
        Some((owner, stream, window))
    }

    fn grow_old(&mut self, window: &Window) {
        if window.is_learnt() {
            self.age = self.age.wrapping_add(1);
        }
    }

    /// Gives the last chunk back when the others have room for what is in it; whether it was given back.
    pub(crate) fn give_back(&mut self) -> bool {
        self.free.len() >= CHUNK && self.trim()
    }

    /// Gives the last chunk back, after what is in it has moved to places that are free; whether there was one.
    fn trim(&mut self) -> bool {
        let Some(first) = self.chunks.len().checked_sub(1).map(|last| last * CHUNK) else {
            return false;
        };
        self.free.retain(|at| index(*at) < first);
        let end = first + self.chunks.last().map_or(0, Vec::len);
        for from in first..end {
            let from = crate::correlate::plan::short(from);
            let is_used = self.get(from).is_some_and(|entry| entry.touched > 0);
            if is_used && let Some(to) = self.free.pop() {
                self.relocate(from, to);
            }
        }
        self.chunks.pop();
        if self.index.len() < self.index.capacity() / 4 {
            let chunks = &self.chunks;
            let hash_of = |at: &u32| hash_at(chunks, *at);
            self.index.shrink_to(2 * self.index.len(), hash_of);
        }
        true
    }

    /// Moves an entry to a place that is free.
    fn relocate(&mut self, from: u32, to: u32) {
        let Some(entry) = self.get_mut(from) else {
            return;
        };
        let empty = Entry {
            window: Window::Empty,
            heap: 0,
            touched: 0,
            ..*entry
        };
        let entry = std::mem::replace(entry, empty);
        let (key, owner, newer, older) = (entry.key, entry.owner, entry.newer, entry.older);
        self.grow_old(&entry.window);
        if let Some(place) = self.get_mut(to) {
            *place = entry;
        }
        if let Ok(mut found) = self.index.find_entry(hash(key), |other| *other == from) {
            *found.get_mut() = to;
        }
        match self.get_mut(newer) {
            Some(entry) => entry.older = to,
            None => self.with_list(owner, |list| list.newest = to),
        }
        match self.get_mut(older) {
            Some(entry) => entry.newer = to,
            None => self.with_list(owner, |list| list.oldest = to),
        }
    }
}

fn entry(chunks: &mut [Vec<Entry>], at: u32) -> Option<&mut Entry> {
    let at = index(at);
    chunks.get_mut(at / CHUNK)?.get_mut(at % CHUNK)
}

fn hash_at(chunks: &[Vec<Entry>], at: u32) -> u64 {
    let at = index(at);
    let entry = chunks
        .get(at / CHUNK)
        .and_then(|chunk| chunk.get(at % CHUNK));
    entry.map_or(0, |entry| hash(entry.key))
}

/// Keys are results of a seeded hash already.
fn hash([first, _]: Key) -> u64 {
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::fact::{AuditId, Mark};

    fn window(time: i64) -> Window {
        Window::Event(Mark {
            time,
            reference: 0,
            id: AuditId::None,
        })
    }

    #[test]
    fn the_oldest_is_what_was_not_touched() {
        let mut table = Table::new(2, 0);
        let owners = [Owner::Correlation(0), Owner::Correlation(1)];
        let entries: Vec<u32> = (0..6_u64)
            .map(|n| {
                table.insert(
                    [n, 0],
                    owners[usize::try_from(n % 2).unwrap()],
                    0,
                    window(0),
                )
            })
            .collect();
        assert_eq!(table.oldest(), Some(entries[0]));
        table.change(entries[0], |_| ());
        assert_eq!(table.oldest(), Some(entries[1]));
        assert_eq!(table.oldest_of(owners[0]), Some(entries[2]));
        for expected in [1, 2, 3, 4, 5, 0] {
            let oldest = table.oldest().unwrap();
            assert_eq!(oldest, entries[expected]);
            table.remove(oldest);
        }
        assert_eq!((table.oldest(), table.index.len()), (None, 0));
        assert_eq!(table.find([0, 0]), None);
        let again = table.insert([0, 0], owners[1], 0, window(1));
        assert_eq!(table.find([0, 0]), Some(again));
        assert_eq!(table.n_groups(owners[1]), 1);
    }

    #[test]
    fn what_is_free_is_given_back_and_the_order_stays() {
        let mut table = Table::new(1, 0);
        let owner = Owner::Correlation(0);
        let n = 20 * CHUNK as u64;
        for key in 0..n {
            table.insert([key, 0], owner, 0, window(0));
        }
        let full = table.bytes();
        // Every tenth one stays, from all chunks.
        for key in (0..n).filter(|key| key % 10 != 0) {
            let at = table.find([key, 0]).unwrap();
            table.remove(at);
        }
        assert!(table.bytes() < full / 3, "{} of {full}", table.bytes());
        assert!(table.free.capacity() == MOST_FREE);
        for key in (0..n).filter(|key| key % 10 == 0) {
            let oldest = table.oldest().unwrap();
            assert_eq!(table.get(oldest).unwrap().key, [key, 0]);
            assert_eq!(table.find([key, 0]), Some(oldest));
            table.remove(oldest);
        }
        assert_eq!(table.oldest(), None);
    }

    #[test]
    fn what_is_met_is_remembered_longer() {
        let mut table = Table::new(1, 0);
        let known = |last| Window::Known {
            last,
            texts: Box::default(),
        };
        let owner = Owner::Correlation(0);
        let at = table.insert([1, 0], owner, 0, known(10));
        for key in 2..6 {
            table.insert([key, 0], owner, 0, known(10));
        }
        assert!(!table.meet(at, 1, 11, 20), "too long ago");
        assert!(!table.meet(at, 7, 5, 20), "another one");
        assert!(table.meet(at, 1, 5, 20));
        assert!(table.meet(at, 1, 5, 15), "earlier, out of order");
        assert_eq!(table.get(at).unwrap().window, known(20));
        assert_ne!(table.oldest(), Some(at));
    }
}
