use proptest::prelude::*;

use super::*;
use crate::scan;
use crate::view::skip::skip;

/// Runs the same code with each way of looking.
fn both(bytes: &[u8]) -> [Option<usize>; 2] {
    let level = fearless_simd::Level::new();
    [
        fearless_simd::dispatch!(level, simd => skip(Vector(simd), bytes, 0, &mut ())),
        skip(Words, bytes, 0, &mut ()),
    ]
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
        let level = fearless_simd::Level::new();
        let marks = fearless_simd::dispatch!(level, simd => Vector(simd).marks(&block));
        prop_assert_eq!(marks, Words.marks(&block));
        let controls = fearless_simd::dispatch!(level, simd => Vector(simd).controls(&block));
        prop_assert_eq!(controls, Words.controls(&block));
        prop_assert_eq!(marks.has_controls, controls != 0);
        let stops = fearless_simd::dispatch!(level, simd => Vector(simd).stops(&bytes));
        prop_assert_eq!(stops, Words.stops(&bytes));
        let special = fearless_simd::dispatch!(level, simd => Vector(simd).special(&bytes));
        prop_assert_eq!(special, Words.special(&bytes));
        prop_assert_eq!(stops, (special.quotes | special.controls, special.backslashes));
        let (mut vector, mut words) = ([0; 48], [0; 48]);
        let left_out = special.backslashes | u32::from_le_bytes([more[0], more[1], more[2], more[3]]);
        let length = fearless_simd::dispatch!(level, simd => Vector(simd).without(&block, left_out, &mut vector));
        prop_assert_eq!(Words.without(&block, left_out, &mut words), length);
        prop_assert_eq!(&vector[..length], &words[..length]);
        let kept = (0..32).filter(|at| left_out >> at & 1 == 0).map(|at| bytes[at]);
        prop_assert_eq!(&words[..length], kept.collect::<Vec<_>>());
        let mut other = more;
        other[..16].copy_from_slice(&bytes[..16]);
        let same = fearless_simd::dispatch!(level, simd => Vector(simd).same(&bytes, &other));
        prop_assert_eq!(same, Words.same(&bytes, &other));
        for at in 0..32 {
            prop_assert_eq!(same >> at & 1 == 1, bytes[at] == other[at]);
        }
        let beyond = fearless_simd::dispatch!(level, simd => Vector(simd).beyond_ascii(&block));
        prop_assert_eq!(beyond, Words.beyond_ascii(&block));
        prop_assert_eq!(beyond, !block.is_ascii());
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
        let [vector, words] = both(&text);
        prop_assert_eq!(vector, words);
        // What the decoder takes and this does not has a backslash where none belongs.
        let odd = slow.is_some_and(|end| has_backslash_outside(&text[..end]));
        prop_assert_eq!(vector, slow.filter(|_| !odd));
    }
}

#[test]
fn values_of_all_lengths_end_where_they_end() {
    for n in 0..200 {
        let text = format!("[{}\"{}\"]", "[]".repeat(n % 7), "x".repeat(n));
        assert_eq!(both(text.as_bytes()), [Some(text.len()); 2]);
        assert_eq!(both(&text.as_bytes()[..text.len() - 1]), [None; 2]);
    }
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert_eq!(both(deep(64).as_bytes()), [Some(128); 2]);
    assert_eq!(both(deep(65).as_bytes()), [None; 2]);
    assert_eq!(both(b"[}"), [None; 2]);
    assert_eq!(both(b"[\"\x01\"]"), [None; 2]);
    assert_eq!(both(b"[]\"\x01\""), [Some(2); 2]);
}
