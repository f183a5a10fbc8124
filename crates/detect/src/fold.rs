//! Case folding that costs nothing where there is nothing to fold.

use rule_lang::fold_into;

/// A text with its case folded: itself, if it is folded already, else in `memory`.
pub(crate) fn folded<'t>(text: &'t str, memory: &'t mut String) -> &'t str {
    // No branch in the loop, so that it is done many bytes at a time.
    let changes = text.bytes().fold(0, |changes, byte| {
        changes | u8::from(byte.is_ascii_uppercase()) | (byte & 0x80)
    });
    if changes == 0 {
        return text;
    }
    memory.clear();
    fold_into(text, memory);
    memory
}
