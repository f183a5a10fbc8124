use fearless_simd::{Level, dispatch};
use proptest::prelude::*;

use super::*;
use crate::scan;
use crate::view::skip::skip;

/// The vector instructions of this processor, and those of lesser ones.
pub(crate) fn levels() -> Vec<Level> {
    let best = Level::new();
    let mut levels = vec![best];
    #[cfg(target_arch = "x86_64")]
    {
        levels.extend(best.as_avx2().map(Level::Avx2));
        levels.extend(best.as_sse4_2().map(Level::Sse4_2));
    }
    levels
}

/// Where a value ends, which is the same by each way of looking.
fn end(bytes: &[u8]) -> Option<usize> {
    let words = skip(Words, bytes, 0, false, &mut ());
    for level in levels() {
        let vector = dispatch!(level, simd => skip(Vector(simd), bytes, 0, false, &mut ()));
        assert_eq!(vector, words, "{level:?}");
    }
    words
}

fn naive_escaped(bytes: &[u8]) -> Vec<bool> {
    let mut escaped = vec![false; bytes.len() + 1];
    for at in 0..bytes.len() {
        escaped[at + 1] = bytes[at] == b'\\' && !escaped[at];
    }
    escaped
}

fn has_backslash_outside(mut bytes: &[u8]) -> bool {
    while let Some(at) = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        if bytes[at] == b'\\' {
            return true;
        }
        let (end, _) = scan::string_end(bytes, at + 1).unwrap();
        bytes = &bytes[end + 1..];
    }
    false
}

/// Text with many of the bytes that matter.
fn text(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        6 => Just(b'"'), 6 => Just(b'\\'), 3 => Just(b'{'), 3 => Just(b'}'), 2 => Just(b'['), 2 => Just(b']'),
        8 => Just(b'a'), 1 => any::<u8>(),
    ];
    prop::collection::vec(byte, 0..most)
}

proptest! {
    #[test]
    fn both_ways_of_looking_see_the_same(bytes in prop::array::uniform32(any::<u8>()), more in prop::array::uniform32(any::<u8>())) {
        let mut block = [0; 64];
        block[..32].copy_from_slice(&bytes);
        block[32..].copy_from_slice(&more);
        let mut other = more;
        other[..16].copy_from_slice(&bytes[..16]);
        let left_out = u32::from_le_bytes([more[0], more[1], more[2], more[3]]);
        let marks = Words.marks(&block);
        let controls = Words.controls(&block);
        prop_assert_eq!(marks.has_controls, controls != 0);
        let stops = Words.stops(&bytes);
        let special = Words.special(&bytes);
        prop_assert_eq!(stops, (special.quotes | special.controls, special.backslashes));
        for (at, byte) in bytes.iter().enumerate() {
            prop_assert_eq!(special.beyond_ascii >> at & 1 == 1, !byte.is_ascii());
        }
        let same = Words.same(&bytes, &other);
        for at in 0..32 {
            prop_assert_eq!(same >> at & 1 == 1, bytes[at] == other[at]);
        }
        let beyond = Words.beyond_ascii(&block);
        prop_assert_eq!(beyond, !block.is_ascii());
        let mut words = [0; 64];
        let length = Words.without(&block, left_out, &mut words);
        let kept = (0..32).filter(|at| left_out >> at & 1 == 0).map(|at| bytes[at]);
        prop_assert_eq!(&words[..length], kept.collect::<Vec<_>>());
        for level in levels() {
            dispatch!(level, simd => {
                let look = Vector(simd);
                prop_assert_eq!(look.marks(&block), marks);
                prop_assert_eq!(look.controls(&block), controls);
                prop_assert_eq!(look.stops(&bytes), stops);
                prop_assert_eq!(look.special(&bytes), special);
                prop_assert_eq!(look.same(&bytes, &other), same);
                prop_assert_eq!(look.beyond_ascii(&block), beyond);
                let mut vector = [0; 64];
                prop_assert_eq!(look.without(&block, left_out, &mut vector), length);
                prop_assert_eq!(&vector[..length], &words[..length]);
                Ok(())
            })?;
        }
        prop_assert_eq!(is_ascii(Words, &block[..bytes[0] as usize % 65]), block[..bytes[0] as usize % 65].is_ascii());
    }

    #[test]
    fn escapes_are_those_that_one_finds_byte_by_byte(bytes in text(200)) {
        let naive = naive_escaped(&bytes);
        let mut carry = 0;
        for (at, chunk) in bytes.chunks(64).enumerate() {
            let mut backslashes = 0;
            for (bit, byte) in chunk.iter().enumerate() {
                backslashes |= u64::from(*byte == b'\\') << bit;
            }
            let mask = escaped(backslashes, &mut carry);
            for bit in 0..chunk.len() {
                prop_assert_eq!(mask >> bit & 1 == 1, naive[at * 64 + bit]);
            }
        }
        if bytes.len() >= 32 {
            let mut backslashes = 0;
            for (bit, byte) in bytes[..32].iter().enumerate() {
                backslashes |= u32::from(*byte == b'\\') << bit;
            }
            let (mask, open) = escaped_half(backslashes);
            for (bit, naive) in naive.iter().take(32).enumerate() {
                prop_assert_eq!(mask >> bit & 1 == 1, *naive);
            }
            prop_assert_eq!(open, naive[32]);
        }
    }

    #[test]
    fn a_value_ends_where_the_decoder_says(bytes in text(300), open in prop_oneof![Just(b'{'), Just(b'[')]) {
        let mut text = vec![open];
        text.extend(bytes);
        let slow = scan::skip(&text, 0).ok().filter(|(_, depth)| *depth <= 64).map(|(end, _)| end);
        let end = end(&text);
        // What the decoder takes and this does not has a backslash where none belongs.
        let odd = slow.is_some_and(|slow| has_backslash_outside(&text[..slow]));
        prop_assert_eq!(end, slow.filter(|_| !odd));
    }
}

#[test]
fn values_of_all_lengths_end_where_they_end() {
    for n in 0..200 {
        let text = format!("[{}\"{}\"]", "[]".repeat(n % 7), "x".repeat(n));
        assert_eq!(end(text.as_bytes()), Some(text.len()));
        assert_eq!(end(&text.as_bytes()[..text.len() - 1]), None);
    }
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert_eq!(end(deep(64).as_bytes()), Some(128));
    assert_eq!(end(deep(65).as_bytes()), None);
    assert_eq!(end(b"[}"), None);
    assert_eq!(end(b"[\"\x01\"]"), None);
    assert_eq!(end(b"[]\"\x01\""), Some(2));
}
