//! Places in tables of fixed size for texts.

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

#[cfg(test)]
mod tests {
    use super::*;

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
