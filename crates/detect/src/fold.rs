//! Case folding that costs nothing where there is nothing to fold.

use rule_lang::fold_into;

/// A text with its case folded: itself, if it is folded already, else in `memory`.
pub(crate) fn folded<'t>(text: &'t str, memory: &'t mut String) -> &'t str {
    if is_folded(text.as_bytes()) {
        return text;
    }
    memory.clear();
    fold_into(text, memory);
    memory
}

/// The same for a text of which only the bytes are at hand.
pub(crate) fn folded_bytes<'t>(text: &'t [u8], memory: &'t mut Vec<u8>) -> &'t [u8] {
    if is_folded(text) {
        return text;
    }
    memory.clear();
    if text.is_ascii() {
        memory.extend_from_slice(text);
        memory.make_ascii_lowercase();
    } else if let (Ok(text), Ok(mut folded)) = (
        std::str::from_utf8(text),
        String::from_utf8(std::mem::take(memory)),
    ) {
        fold_into(text, &mut folded);
        *memory = folded.into_bytes();
    }
    memory
}

/// Whether there is nothing to fold, as far as that is told by looking at single bytes.
fn is_folded(text: &[u8]) -> bool {
    let (chunks, rest) = text.as_chunks::<8>();
    let words = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk));
    match text.last_chunk::<8>() {
        Some(last) => {
            let all = words.chain([u64::from_le_bytes(*last)]);
            all.fold(0, |changes, word| changes | changing(word)) == 0
        }
        None => rest
            .iter()
            .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()),
    }
}

/// Marks the bytes of a word that are upper case or not ASCII, by their high bits.
fn changing(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let low = word & (ONES * 0x7f);
    // From `A` on, and past `Z`.
    let from_a = low + ONES * (0x80 - 0x41);
    let past_z = low + ONES * (0x7f - 0x5a);
    (from_a & !past_z | word) & (ONES * 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_told_at_each_place() {
        for byte in 0..=u8::MAX {
            for length in 1..20 {
                for at in 0..length {
                    let mut text = vec![b'a'; length];
                    text[at] = byte;
                    let changes = !byte.is_ascii() || byte.is_ascii_uppercase();
                    assert_eq!(is_folded(&text), !changes, "{byte} at {at} of {length}");
                }
            }
        }
    }
}
