//! JSON string contents to text, the way Go reads them.

use std::char;

/// Appends the text of a JSON string, given what stands between its quotes, to `out`.
///
/// Nothing is refused: a byte that is no UTF-8, a lone surrogate and an unknown escape each become U+FFFD, as in Go's
/// `encoding/json` (`unquoteBytes`), because a client can put them into a body that the API server accepts. Returns
/// whether the text was valid.
pub(crate) fn unescape(mut raw: &[u8], out: &mut String) -> bool {
    let mut valid = true;
    while let Some(at) = memchr::memchr(b'\\', raw) {
        let (plain, rest) = raw.split_at(at);
        valid &= push_utf8(plain, out);
        let (used, ok) = unescape_one(rest, out);
        valid &= ok;
        raw = rest.get(used..).unwrap_or_default();
    }
    push_utf8(raw, out) && valid
}

/// Appends bytes as text, U+FFFD for each byte that is no UTF-8.
fn push_utf8(bytes: &[u8], out: &mut String) -> bool {
    if let Ok(text) = std::str::from_utf8(bytes) {
        out.push_str(text);
        return true;
    }
    let mut valid = true;
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for _ in chunk.invalid() {
            out.push(char::REPLACEMENT_CHARACTER);
            valid = false;
        }
    }
    valid
}

/// Reads the escape that `raw` begins with; returns how many bytes it took and whether it was valid.
fn unescape_one(raw: &[u8], out: &mut String) -> (usize, bool) {
    let plain = match raw.get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unescape_unicode(raw, out),
        _ => {
            out.push(char::REPLACEMENT_CHARACTER);
            return (if raw.len() > 1 { 2 } else { 1 }, false);
        }
    };
    out.push(plain);
    (2, true)
}

fn unescape_unicode(raw: &[u8], out: &mut String) -> (usize, bool) {
    let Some(first) = code_unit(raw) else {
        out.push(char::REPLACEMENT_CHARACTER);
        return (2, false);
    };
    if let Some(c) = char::from_u32(u32::from(first)) {
        out.push(c);
        return (6, true);
    }
    let second = raw.get(6..).and_then(code_unit);
    if let Some(Ok(c)) = second.and_then(|second| char::decode_utf16([first, second]).next()) {
        out.push(c);
        return (12, true);
    }
    // A lone surrogate; what follows it is read for itself.
    out.push(char::REPLACEMENT_CHARACTER);
    (6, false)
}

/// The code unit of a `\uXXXX` that `raw` begins with.
fn code_unit(raw: &[u8]) -> Option<u16> {
    let hex = raw.strip_prefix(b"\\u")?.get(..4)?;
    let mut unit = 0;
    for digit in hex {
        unit = unit << 4 | char::from(*digit).to_digit(16)?;
    }
    u16::try_from(unit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &[u8], expected: &str, valid: bool) {
        let mut out = String::new();
        assert_eq!(unescape(raw, &mut out), valid);
        assert_eq!(out, expected);
    }

    #[test]
    fn reads_text_as_go_does() {
        check(br"plain", "plain", true);
        check(br#"a\"\\\/\b\f\n\r\t"#, "a\"\\/\u{8}\u{c}\n\r\t", true);
        check(br"\u0026\u00e9\ud83d\ude00", "&é😀", true);
        check(br"x\ud800y", "x\u{fffd}y", false);
        check(br"\ud800\u0041", "\u{fffd}A", false);
        check(br"\udc00\ud83d\ude00", "\u{fffd}😀", false);
        check(b"a\xff\xfeb", "a\u{fffd}\u{fffd}b", false);
        check(br"\x41", "\u{fffd}41", false);
        check(br"\u12", "\u{fffd}12", false);
        check(br"tail\", "tail\u{fffd}", false);
    }
}
