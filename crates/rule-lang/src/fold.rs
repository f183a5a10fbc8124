//! Case folding.

/// Appends `text` to `out` with its case folded: Unicode simple folding, one character for one.
///
/// Both sides of a comparison that ignores case go through here. `ß` stays itself and `ẞ` becomes `ß`; the Kelvin sign
/// becomes `k`. What [`str::to_lowercase`] does is for people and differs.
///
/// # Examples
/// ```
/// let mut folded = String::new();
/// rule_lang::fold_into("Σίσυφος ẞ", &mut folded);
/// assert_eq!(folded, "σίσυφοσ ß");
/// ```
pub fn fold_into(text: &str, out: &mut String) {
    out.reserve(text.len());
    if text.is_ascii() {
        let start = out.len();
        out.push_str(text);
        if let Some(added) = out.get_mut(start..) {
            added.make_ascii_lowercase();
        }
    } else {
        out.extend(text.chars().map(fold));
    }
}

/// Folds one character.
pub(crate) fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    unicode_case_mapping::case_folded(c)
        .and_then(|folded| char::from_u32(folded.get()))
        .unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        fold_into(text, &mut out);
        out
    }

    #[test]
    fn folds_one_for_one() {
        assert_eq!(folded("ABC"), "abc");
        assert_eq!(folded("İ"), "İ");
        assert_eq!(folded("\u{212a}ſẞßΣς"), "ksßßσσ");
        let mut out = "X".to_owned();
        fold_into("Y", &mut out);
        assert_eq!(out, "Xy");
    }
}
