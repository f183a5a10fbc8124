//! What is known of the callers that were seen last.
//!
//! They stand in sets of a few: two of them whose hashes fall together are both remembered, where each would drive the
//! other out of a place of its own on every request.

use crate::correlate::fact::Key;
use crate::correlate::plan::{index, short};

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
    n_entries: u32,
    /// The filter that takes the hit of a rule away, plus one; 0 for none.
    taken: u32,
}

impl Known {
    pub(crate) fn new(entries: &[Met], taken: Option<usize>) -> Self {
        let mut known = Self {
            n_entries: short(entries.len().min(ENTRIES)),
            taken: taken.map_or(0, |filter| short(filter).saturating_add(1)),
            ..Self::default()
        };
        let places = known.places.iter_mut().zip(&mut known.halves);
        for ((place, half), (at, [first, _])) in places.zip(entries) {
            (*place, *half) = (*at, *first);
        }
        known
    }

    /// Where entries of the table are, and one half of their keys.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, u64)> {
        let n = index(self.n_entries);
        let all = self.places.iter().zip(&self.halves).take(n);
        all.map(|(at, half)| (*at, *half))
    }

    /// The filter that takes the hit of a rule away.
    pub(crate) fn taken(&self) -> Option<usize> {
        let filter = self.taken.checked_sub(1)?;
        Some(index(filter))
    }
}

/// Hashes of the callers of a set; 0 where there is none.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Hashes([u64; WAYS]);

/// The callers that were seen last.
#[derive(Debug, Default)]
pub(crate) struct KnownCallers {
    /// A power of two of sets, or none as long as nobody is known.
    sets: Vec<Hashes>,
    known: Vec<[Known; WAYS]>,
    /// Whose place is taken next where a set is full.
    next: usize,
}

impl KnownCallers {
    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Bytes in use.
    pub(crate) fn bytes(&self) -> usize {
        self.sets.capacity() * size_of::<Hashes>()
            + self.known.capacity() * size_of::<[Known; WAYS]>()
    }

    pub(crate) fn get(&self, hash: u64) -> Option<&Known> {
        let set = self.set(hash);
        let Hashes(hashes) = self.sets.get(set)?;
        let way = hashes.iter().position(|known| *known == hash)?;
        self.known.get(set)?.get(way).filter(|_| hash != 0)
    }

    /// Remembers a caller; who was there first of a set that is full is forgotten.
    pub(crate) fn insert(&mut self, budget: usize, hash: u64, new: Known) {
        if hash == 0 {
            return;
        }
        if self.sets.is_empty() {
            let bytes = size_of::<Hashes>() + size_of::<[Known; WAYS]>();
            let room = (budget / PART / bytes).max(1);
            let n = (1 << room.ilog2()).min(MOST);
            self.sets = vec![Hashes::default(); n];
            self.known = vec![[Known::default(); WAYS]; n];
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
        Known::new(&[(at, [u64::from(at), 7])], Some(3))
    }

    fn place(callers: &KnownCallers, hash: u64) -> Option<u32> {
        let known = callers.get(hash)?;
        known.entries().next().map(|(at, _)| at)
    }

    #[test]
    fn those_that_fall_together_are_all_known() {
        let mut callers = KnownCallers::default();
        assert!(callers.get(0).is_none());
        let together: Vec<u64> = (1..=8).map(|n| n << 32 | 5).collect();
        for (at, hash) in (0..).zip(&together) {
            callers.insert(BUDGET, *hash, known(at));
        }
        for (at, hash) in (0..).zip(&together) {
            assert_eq!(place(&callers, *hash), Some(at));
        }
        let one = callers.get(together[3]).unwrap();
        assert_eq!(one.entries().collect::<Vec<_>>(), [(3, 3)]);
        assert_eq!(one.taken(), Some(3));
        // What is learnt anew of somebody takes no second place.
        callers.insert(BUDGET, together[3], known(33));
        assert_eq!(place(&callers, together[3]), Some(33));
        let left = |callers: &KnownCallers| {
            let left = together.iter().filter(|hash| callers.get(**hash).is_some());
            left.count()
        };
        assert_eq!(left(&callers), 8);
        callers.insert(BUDGET, 9 << 32 | 5, known(9));
        assert_eq!((place(&callers, 9 << 32 | 5), left(&callers)), (Some(9), 7));
        callers.insert(BUDGET, 0, known(1));
        assert!(callers.get(0).is_none(), "no hash of anybody");
    }

    #[test]
    fn they_take_their_part_of_the_budget() {
        for budget in [1 << 16, 1 << 20, BUDGET, 1 << 40] {
            let mut callers = KnownCallers::default();
            assert_eq!(callers.bytes(), 0);
            callers.insert(budget, 1, known(1));
            let bytes = callers.bytes();
            assert!(bytes <= budget / PART, "{bytes} of {budget}");
            callers.clear();
            assert!(callers.get(1).is_none());
        }
    }
}
