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

    /// A hash in 64 bits of several texts, each with a number, none of which is copied: for what only tells things apart in
    /// a table.
    pub(crate) fn parts<const N: usize>(&self, parts: [(u64, &[u8]); N]) -> u64 {
        let (mut sum, mut at) = (0, 2 * N);
        for (nth, (number, text)) in parts.into_iter().enumerate() {
            sum = self.pair(sum, nth, [text.len() as u64, number]);
            let end = at + text.len().div_ceil(PAIR);
            if let Some(words) = self.words.get(at..end) {
                sum = whole(sum, words, text);
                at = end;
            } else {
                // The lengths tell for which of them there is no room.
                sum = self.pair(sum, N + nth, self.hash(text));
            }
        }
        self.mix(sum)
    }

    fn pair(&self, sum: u128, at: usize, pair: [u64; 2]) -> u128 {
        let words = self.words.get(at).copied().unwrap_or_default();
        add_pair(sum, pair, words)
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
            if let Some(last) = block.last_chunk::<PAIR>() {
                let last = u128::from_le_bytes(*last) >> (8 * (PAIR - rest.len()));
                return add(sum, last.to_le_bytes(), *words);
            }
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

fn add(sum: u128, pair: [u8; PAIR], words: [u64; 2]) -> u128 {
    let (low, high) = halves(u128::from_le_bytes(pair));
    add_pair(sum, [low, high], words)
}

fn add_pair(sum: u128, [low, high]: [u64; 2], [first, second]: [u64; 2]) -> u128 {
    let product = u128::from(low.wrapping_add(first)) * u128::from(high.wrapping_add(second));
    sum.wrapping_add(product)
}

/// Adds a text whose length is added elsewhere: what is left after the last pair is taken with bytes before it, which
/// costs less than to pad it.
fn whole(sum: u128, words: &[[u64; 2]], text: &[u8]) -> u128 {
    let (pairs, rest) = text.as_chunks::<PAIR>();
    let all = pairs.iter().zip(words);
    let sum = all.fold(sum, |sum, (pair, words)| add(sum, *pair, *words));
    let Some(words) = words.get(pairs.len()).filter(|_| !rest.is_empty()) else {
        return sum;
    };
    let word = |chunk: &[u8; 8]| u64::from_le_bytes(*chunk);
    let half = |chunk: &[u8; 4]| u64::from(u32::from_le_bytes(*chunk));
    let pair = if let Some(last) = text.last_chunk::<PAIR>() {
        return add(sum, *last, *words);
    } else if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        [word(first), word(last)]
    } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        [half(first), half(last)]
    } else {
        let bytes = text.iter();
        [bytes.fold(0, |word, byte| word << 8 | u64::from(*byte)), 0]
    };
    add_pair(sum, pair, *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_part_ends_and_its_number_count() {
        let digest = Digest::new([1, 2]);
        let parts = |one: (u64, &str), other: (u64, &str)| {
            let [one, other] = [one, other].map(|(number, text)| (number, text.as_bytes()));
            digest.parts([one, other])
        };
        let long = "x".repeat(PAIR * PAIRS);
        let all = [
            parts((1, "ab"), (2, "c")),
            parts((1, "a"), (2, "bc")),
            parts((1, ""), (2, "abc")),
            parts((1, "abc"), (2, "")),
            parts((3, "ab"), (2, "c")),
            parts((1, "ab"), (3, "c")),
            parts((2, "ab"), (1, "c")),
            parts((1, &long), (2, "c")),
            parts((1, &long), (2, "d")),
            parts((1, "c"), (2, &long)),
            parts((1, &long), (2, &long)),
        ];
        let distinct: std::collections::HashSet<_> = all.into_iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn every_byte_and_the_length_count() {
        let digest = Digest::new([1, 2]);
        let mut seen = std::collections::HashSet::new();
        let mut split = std::collections::HashSet::new();
        for length in [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 1023, 1024, 1025, 3000] {
            let mut bytes = vec![0; length];
            let parts = |bytes: &[u8]| digest.parts([(7, b"ab"), (8, bytes), (9, b"")]);
            assert!(split.insert(parts(&bytes)), "{length} zeros");
            assert!(seen.insert(digest.hash(&bytes)), "{length} zeros");
            for at in 0..length {
                bytes[at] = 1;
                assert!(seen.insert(digest.hash(&bytes)), "{at} of {length}");
                assert!(split.insert(parts(&bytes)), "{at} of {length}");
                bytes[at] = 0;
            }
        }
        assert_ne!(digest.hash(b"x"), Digest::new([1, 3]).hash(b"x"));
        assert_eq!(digest.hash(b"x"), Digest::new([1, 2]).hash(b"x"));
    }
}
