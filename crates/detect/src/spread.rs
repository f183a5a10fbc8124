//! Places in tables of fixed size.

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Adds a word to a hash. Its high bits depend on all of the word, its low ones on less.
#[inline]
pub(crate) fn mix(hash: u64, word: u64) -> u64 {
    (hash ^ word).wrapping_mul(FACTOR).rotate_left(29)
}

/// The place in a table of `size`, a power of two, for a hash.
#[inline]
pub(crate) fn place(hash: u64, size: usize) -> usize {
    let spread = hash.wrapping_mul(FACTOR) >> 32;
    usize::try_from(spread).unwrap_or_default() & size.wrapping_sub(1)
}

/// A hash of bytes.
#[inline]
pub(crate) fn spread(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let rest = rest.iter().fold(bytes.len() as u64, |word, byte| {
        word << 8 | u64::from(*byte)
    });
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    words.chain([rest]).fold(0, mix)
}

/// What was found out of the things that came last, by hashes that nobody can make up.
///
/// It is a table of `N` places, a power of two, so that one that came never before costs no memory; and none as long as
/// nothing was found out.
#[derive(Debug, Default)]
pub(crate) struct Recent<T, const N: usize> {
    /// 0 stands for no hash.
    entries: Vec<(u64, T)>,
}

impl<T: Clone + Default, const N: usize> Recent<T, N> {
    pub(crate) fn get(&self, hash: u64) -> Option<&T> {
        let (known, found) = self.entries.get(place(hash, N))?;
        (*known == hash && hash != 0).then_some(found)
    }

    pub(crate) fn put(&mut self, hash: u64, found: T) {
        self.entries.resize(N, (0, T::default()));
        if let Some(entry) = self.entries.get_mut(place(hash, N)) {
            *entry = (hash, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_last_is_known_by_its_whole_hash() {
        let mut recent = Recent::<u8, 4>::default();
        assert_eq!((recent.get(0), recent.get(7)), (None, None));
        recent.put(7, 1);
        assert_eq!((recent.get(0), recent.get(7)), (None, Some(&1)));
        let other = (8..100).find(|other| place(*other, 4) == place(7, 4));
        let other = other.unwrap();
        assert_eq!(recent.get(other), None);
        recent.put(other, 2);
        assert_eq!((recent.get(7), recent.get(other)), (None, Some(&2)));
        recent.put(0, 3);
        assert_eq!(recent.get(0), None);
    }

    #[test]
    fn words_that_differ_in_one_byte_have_many_places() {
        for shift in (0..64).step_by(8) {
            let places: std::collections::BTreeSet<_> = (0..64_u64)
                .map(|byte| place(mix(7, 0x6162_6364_6566_6768 ^ byte << shift), 512))
                .collect();
            assert!(places.len() > 32, "{shift}: {}", places.len());
        }
    }
}
