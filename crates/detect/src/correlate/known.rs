//! What is known of the callers that were seen last.
//!
//! They stand in sets of a few: two of them whose hashes fall together are both remembered, where each would drive the
//! other out of a place of its own on every request.

use std::collections::HashMap;

use crate::correlate::fact::Key;
use crate::correlate::plan::{index, short};
use crate::correlate::time::Time;

/// Callers of a set. Their hashes fill a line of a cache.
const WAYS: usize = 8;
/// Most sets, and the part of the budget that they may take at most.
const MOST: usize = 1 << 10;
const PART: usize = 64;
/// Most entries of the table that one caller stands for.
pub(crate) const ENTRIES: usize = 4;

/// An entry of the table: where it is, and its key, by which it is known to be still that one.
pub(crate) type Met = (u32, Key);

/// What is known of a caller; as much as a line of a cache holds, since nearly every event asks for one.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(crate) struct Known {
    /// Where entries of the table are, and one half of their keys.
    places: [u32; ENTRIES],
    halves: [u64; ENTRIES],
    /// When the caller was there last, as far as that is not later in the entries.
    pub(crate) last: Time,
    /// The age of the table in which all entries were there.
    pub(crate) age: u32,
    /// The filter that takes the hit of a rule away, plus one; 0 for none.
    taken: u16,
    n_entries: u8,
    /// Whether the entries have yet to be told of `last`.
    is_ahead: bool,
}

const _: () = assert!(size_of::<Known>() == 64);

impl Known {
    /// `None` if it cannot be remembered: its filter comes after too many others.
    pub(crate) fn new(entries: &[Met], taken: Option<usize>, last: Time, age: u32) -> Option<Self> {
        let taken = match taken {
            Some(filter) => u16::try_from(filter + 1).ok()?,
            None => 0,
        };
        let mut known = Self {
            n_entries: u8::try_from(entries.len().min(ENTRIES)).ok()?,
            taken,
            last,
            age,
            ..Self::default()
        };
        let places = known.places.iter_mut().zip(&mut known.halves);
        for ((place, half), (at, [first, _])) in places.zip(entries) {
            (*place, *half) = (*at, *first);
        }
        Some(known)
    }

    /// Where entries of the table are, and one half of their keys.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, u64)> {
        let n = usize::from(self.n_entries);
        let all = self.places.iter().zip(&self.halves).take(n);
        all.map(|(at, half)| (*at, *half))
    }

    /// The filter that takes the hit of a rule away.
    pub(crate) fn taken(&self) -> Option<usize> {
        self.taken.checked_sub(1).map(usize::from)
    }
}

/// Hashes of the callers of a set; 0 where there is none.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Hashes([u64; WAYS]);

/// The callers that were seen last.
///
/// To tell the table of each request would cost more than all else, because its entries lie all over it. That a caller was
/// there is noted here, and the table is told before anybody asks it ([`KnownCallers::take_ahead`]).
#[derive(Debug, Default)]
pub(crate) struct KnownCallers {
    /// A power of two of sets, or none as long as nobody is known.
    sets: Vec<Hashes>,
    known: Vec<[Known; WAYS]>,
    /// Whose place is taken next where a set is full.
    next: usize,
    /// Places of those of whom the table has yet to be told.
    ahead: Vec<u32>,
}

impl KnownCallers {
    /// Bytes in use.
    pub(crate) fn bytes(&self) -> usize {
        self.sets.capacity() * size_of::<Hashes>()
            + self.known.capacity() * size_of::<[Known; WAYS]>()
            + self.ahead.capacity() * size_of::<u32>()
    }

    /// Where a caller stands.
    pub(crate) fn find(&self, hash: u64) -> Option<u32> {
        let set = self.set(hash);
        let Hashes(hashes) = self.sets.get(set)?;
        let way = hashes.iter().position(|known| *known == hash)?;
        (hash != 0).then(|| short(set * WAYS + way))
    }

    pub(crate) fn get(&self, at: u32) -> Option<&Known> {
        self.known.get(index(at) / WAYS)?.get(index(at) % WAYS)
    }

    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut Known> {
        let set = self.known.get_mut(index(at) / WAYS)?;
        set.get_mut(index(at) % WAYS)
    }

    /// Notes that a caller was there, of which the table is told later.
    pub(crate) fn meet(&mut self, at: u32, time: Time) {
        let Some(known) = self.get_mut(at).filter(|known| time > known.last) else {
            return;
        };
        known.last = time;
        let is_new = known.n_entries > 0 && !known.is_ahead;
        known.is_ahead |= is_new;
        if is_new {
            self.ahead.push(at);
        }
    }

    /// Whether there is anything that the table has yet to be told.
    pub(crate) fn is_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// When entries were there of which the table has yet to be told, by one half of their keys.
    pub(crate) fn ahead(&self) -> HashMap<u64, Time> {
        let mut ahead = HashMap::new();
        for known in self.ahead.iter().filter_map(|at| self.get(*at)) {
            for (_, half) in known.entries() {
                let last = ahead.entry(half).or_insert(known.last);
                *last = known.last.max(*last);
            }
        }
        ahead
    }

    /// Hands out what the table has yet to be told, in the order of time.
    pub(crate) fn take_ahead(&mut self, mut tell: impl FnMut(&Known)) {
        let mut ahead = std::mem::take(&mut self.ahead);
        ahead.sort_by_key(|at| self.get(*at).map(|known| known.last));
        for at in ahead.drain(..) {
            if let Some(known) = self.get_mut(at) {
                known.is_ahead = false;
                tell(known);
            }
        }
        self.ahead = ahead;
    }

    /// Remembers a caller; who was there first of a set that is full is forgotten. The table must know all.
    pub(crate) fn insert(&mut self, budget: usize, hash: u64, new: Known) {
        debug_assert!(!self.is_ahead(), "a caller that is ahead would be lost");
        if hash == 0 {
            return;
        }
        if self.sets.is_empty() {
            let bytes = size_of::<Hashes>() + size_of::<[Known; WAYS]>() + WAYS * size_of::<u32>();
            let room = (budget / PART / bytes).max(1);
            let n = (1 << room.ilog2()).min(MOST);
            self.sets = vec![Hashes::default(); n];
            self.known = vec![[Known::default(); WAYS]; n];
            self.ahead = Vec::with_capacity(n * WAYS);
        }
        let set = self.set(hash);
        let (Some(Hashes(hashes)), Some(known)) = (self.sets.get_mut(set), self.known.get_mut(set))
        else {
            return;
        };
        let place = |wanted: u64| hashes.iter().position(|known| *known == wanted);
        let way = place(hash).or_else(|| place(0)).unwrap_or_else(|| {
            self.next = (self.next + 1) % WAYS;
            self.next
        });
        if let (Some(place), Some(known)) = (hashes.get_mut(way), known.get_mut(way)) {
            (*place, *known) = (hash, new);
        }
    }

    fn set(&self, hash: u64) -> usize {
        let mask = (self.sets.len() as u64).wrapping_sub(1);
        usize::try_from(hash & mask).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: usize = 64 << 20;

    fn known(at: u32) -> Known {
        Known::new(&[(at, [u64::from(at), 7])], Some(3), 10, 0).unwrap()
    }

    fn get(callers: &KnownCallers, hash: u64) -> Option<&Known> {
        callers.get(callers.find(hash)?)
    }

    fn place(callers: &KnownCallers, hash: u64) -> Option<u32> {
        let known = get(callers, hash)?;
        known.entries().next().map(|(at, _)| at)
    }

    #[test]
    fn those_that_fall_together_are_all_known() {
        let mut callers = KnownCallers::default();
        assert!(get(&callers, 0).is_none());
        let together: Vec<u64> = (1..=8).map(|n| n << 32 | 5).collect();
        for (at, hash) in (0..).zip(&together) {
            callers.insert(BUDGET, *hash, known(at));
        }
        for (at, hash) in (0..).zip(&together) {
            assert_eq!(place(&callers, *hash), Some(at));
        }
        let one = get(&callers, together[3]).unwrap();
        assert_eq!(one.entries().collect::<Vec<_>>(), [(3, 3)]);
        assert_eq!(one.taken(), Some(3));
        // What is learnt anew of somebody takes no second place.
        callers.insert(BUDGET, together[3], known(33));
        assert_eq!(place(&callers, together[3]), Some(33));
        let left = |callers: &KnownCallers| {
            let left = together
                .iter()
                .filter(|hash| get(callers, **hash).is_some());
            left.count()
        };
        assert_eq!(left(&callers), 8);
        callers.insert(BUDGET, 9 << 32 | 5, known(9));
        assert_eq!((place(&callers, 9 << 32 | 5), left(&callers)), (Some(9), 7));
        callers.insert(BUDGET, 0, known(1));
        assert!(get(&callers, 0).is_none(), "no hash of anybody");
    }

    #[test]
    fn they_take_their_part_of_the_budget() {
        for budget in [1 << 16, 1 << 20, BUDGET, 1 << 40] {
            let mut callers = KnownCallers::default();
            assert_eq!(callers.bytes(), 0);
            callers.insert(budget, 1, known(1));
            let bytes = callers.bytes();
            assert!(bytes <= budget / PART, "{bytes} of {budget}");
        }
    }

    #[test]
    fn the_table_is_told_of_each_once_and_in_order() {
        let mut callers = KnownCallers::default();
        for hash in 1..4 {
            callers.insert(BUDGET, hash, known(u32::try_from(hash).unwrap()));
        }
        let silent = Known::new(&[], None, 10, 0).unwrap();
        callers.insert(BUDGET, 4, silent);
        for (hash, time) in [(1, 20), (2, 30), (4, 31), (1, 40), (1, 35), (3, 10)] {
            let at = callers.find(hash).unwrap();
            callers.meet(at, time);
        }
        let mut told = Vec::new();
        callers.take_ahead(|known| told.push((known.entries().next().unwrap().0, known.last)));
        // The third one was there no later than is known, and of the fourth there is nothing in the table.
        assert_eq!(told, [(2, 30), (1, 40)]);
        assert!(!callers.is_ahead());
        callers.take_ahead(|_| panic!("told again"));
        callers.meet(callers.find(2).unwrap(), 41);
        assert!(callers.is_ahead());
    }

    #[test]
    fn a_filter_beyond_what_fits_is_not_remembered() {
        assert!(
            Known::new(&[], Some(65_534), 0, 0).is_some_and(|known| known.taken() == Some(65_534))
        );
        assert!(Known::new(&[], Some(65_535), 0, 0).is_none());
    }
}
