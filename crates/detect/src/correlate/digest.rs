//! A hash with a secret of whole records, which is fast: two multiplications for each sixteen bytes.
//!
//! Records with hits are hashed whole, and a keyed hash that is made for short texts would take as long for that as all
//! else together. Blocks go through NH, the universal hash of UMAC (RFC 4418), here with words of 64 bits; what comes
//! out of several blocks goes through `SipHash`. Two texts chosen without knowing the key are taken for one another once in 2⁶⁴ pairs.

use std::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::correlate::fact::Key;

/// Bytes of a pair of words.
const PAIR: usize = 16;
/// Pairs of words of a block.
const PAIRS: usize = 64;
/// An odd number whose bits are as good as random: those of the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The secret.
pub(crate) struct Digest {
    seed: Key,
    words: Box<[[u64; 2]]>,
}

impl Digest {
    pub(crate) fn new(seed: Key) -> Self {
        let [first, second] = seed;
        let words = (0..PAIRS as u64).map(|n| {
            let mut hasher = SipHasher13::new_with_keys(second, first);
            hasher.write_u64(n);
            let hash = hasher.finish128();
            [hash.h1, hash.h2]
        });
        Self {
            seed,
            words: words.collect(),
        }
    }

    pub(crate) fn hash(&self, bytes: &[u8]) -> Key {
        if bytes.len() <= PAIR * PAIRS {
            let sum = self.sum(bytes);
            return [self.mix(sum), self.mix(sum.rotate_left(64))];
        }
        let [first, second] = self.seed;
        let mut hasher = SipHasher13::new_with_keys(first, second);
        for block in bytes.chunks(PAIR * PAIRS) {
            let sum = self.block(block);
            hasher.write(&sum.to_le_bytes());
        }
        // What the last block lacks counts as zeros, so that the length says what is there.
        hasher.write(&(bytes.len() as u64).to_le_bytes());
        let hash = hasher.finish128();
        [hash.h1, hash.h2]
    }

    /// The same in 64 bits, for what only tells things apart in a table.
    pub(crate) fn short(&self, bytes: &[u8]) -> u64 {
        if bytes.len() <= PAIR * PAIRS {
            return self.mix(self.sum(bytes));
        }
        let [first, _] = self.hash(bytes);
        first
    }

    /// Of a text of one block, with its length.
    fn sum(&self, bytes: &[u8]) -> u128 {
        let length = bytes.len() as u128;
        self.block(bytes).wrapping_add(length << 64 | length)
    }

    /// Spreads a sum over all bits: what is near in sums is far apart in tables.
    fn mix(&self, sum: u128) -> u64 {
        let [first, second] = self.seed;
        let (low, high) = halves(sum);
        let (low, high) = halves(u128::from(low ^ first) * u128::from(high ^ second));
        let (low, high) = halves(u128::from(low ^ high ^ second) * u128::from(SPREAD));
        low ^ high
    }

    fn block(&self, block: &[u8]) -> u128 {
        let (pairs, rest) = block.as_chunks::<PAIR>();
        let mut sum = 0;
        for (pair, words) in pairs.iter().zip(&self.words) {
            sum = add(sum, *pair, *words);
        }
        if let Some(words) = self.words.get(pairs.len()).filter(|_| !rest.is_empty()) {
            let mut pair = [0; PAIR];
            for (place, byte) in pair.iter_mut().zip(rest) {
                *place = *byte;
            }
            sum = add(sum, pair, *words);
        }
        sum
    }
}

impl std::fmt::Debug for Digest {
    /// The secret is not shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Digest").finish_non_exhaustive()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves")]
fn halves(both: u128) -> (u64, u64) {
    (both as u64, (both >> 64) as u64)
}

fn add(sum: u128, pair: [u8; PAIR], [first, second]: [u64; 2]) -> u128 {
    let (low, high) = halves(u128::from_le_bytes(pair));
    let product = u128::from(low.wrapping_add(first)) * u128::from(high.wrapping_add(second));
    sum.wrapping_add(product)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_and_the_length_count() {
        let digest = Digest::new([1, 2]);
        let mut seen = std::collections::HashSet::new();
        let mut short = std::collections::HashSet::new();
        for length in [0, 1, 15, 16, 17, 1023, 1024, 1025, 3000] {
            let mut bytes = vec![0; length];
            assert!(seen.insert(digest.hash(&bytes)), "{length} zeros");
            for at in 0..length {
                bytes[at] = 1;
                assert!(seen.insert(digest.hash(&bytes)), "{at} of {length}");
                assert!(short.insert(digest.short(&bytes)), "{at} of {length}");
                bytes[at] = 0;
            }
        }
        assert_ne!(digest.hash(b"x"), Digest::new([1, 3]).hash(b"x"));
        assert_eq!(digest.hash(b"x"), Digest::new([1, 2]).hash(b"x"));
    }
}
