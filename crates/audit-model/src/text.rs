//! JSON string contents to text, the way Go reads them.

#![expect(
    clippy::inline_always,
    reason = "code with vector instructions must be inlined into a function that is compiled for them"
)]

use std::char;

use fearless_simd::{Level, dispatch};

use crate::view::block::{Look, Special, Vector, Words, escaped_half, padded};

/// Appends the text of a JSON string, given what stands between its quotes, to `out`.
///
/// Nothing is refused: a byte that is no UTF-8, a lone surrogate and an unknown escape each become U+FFFD, as in Go's
/// `encoding/json` (`unquoteBytes`), because a client can put them into a body that the API server accepts. Returns
/// whether the text was valid.
pub(crate) fn unescape(raw: &[u8], out: &mut String) -> bool {
    match std::str::from_utf8(raw) {
        Ok(text) if !raw.contains(&b'\\') => {
            out.push_str(text);
            true
        }
        _ => unescape_bytes(raw, out),
    }
}

/// Whether what stands between the quotes of a JSON string has no escapes but those of `&`, `<` and `>`, as Go's
/// `encoding/json` writes them (`HTMLEscape`).
pub(crate) fn has_html_escapes(raw: &[u8]) -> bool {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (escape, after) = rest.split_at(at).1.split_at_checked(6).unwrap_or_default();
        if !matches!(escape, b"\\u0026" | b"\\u003c" | b"\\u003e") {
            return false;
        }
        rest = after;
    }
    true
}

/// The text of the JSON string whose text begins at `at`, written to the front of `out`; where its quote is, and how long the
/// text is, which is UTF-8. `None` if the string has no end, or holds what is no text or is seldom: a control character, an
/// escape that stands for nothing.
///
/// Quoted JSON has an escape every few bytes. To find the end in the same pass saves one over all of them.
pub(crate) fn unescape_string(
    bytes: &[u8],
    at: usize,
    out: &mut Vec<u8>,
) -> Option<(usize, usize)> {
    let level = Level::new();
    if level.is_fallback() {
        string_with(Words, bytes, at, out)
    } else {
        dispatch!(level, simd => string_with(Vector(simd), bytes, at, out))
    }
}

/// The same with the vector instructions that the caller is compiled for.
#[inline(always)]
pub(crate) fn string_with<L: Look>(
    look: L,
    bytes: &[u8],
    mut at: usize,
    out: &mut Vec<u8>,
) -> Option<(usize, usize)> {
    // What is written is never longer than what is read, but for what a block writes too much.
    let room = bytes.len().checked_sub(at)? + WINDOW;
    if out.len() < room {
        out.resize(room, 0);
    }
    let (mut length, mut beyond_ascii) = (0, 0);
    let mut last;
    loop {
        let rest = bytes.get(at..)?;
        let window = if let Some(window) = rest.first_chunk::<WINDOW>() {
            window
        } else {
            last = padded(rest);
            &last
        };
        let block = window.first_chunk::<BLOCK>()?;
        let special = look.special(block);
        let Special {
            quotes,
            backslashes,
            controls,
            ..
        } = special;
        beyond_ascii |= special.beyond_ascii;
        let place = out.get_mut(length..)?.first_chunk_mut()?;
        if controls == 0 && quotes == backslashes << 1 {
            // Each backslash escapes a quote, and each quote is escaped. A backslash at the end begins the next block.
            length += look.without(window, backslashes, place);
            at += BLOCK - (backslashes >> 31) as usize;
            continue;
        }
        let (escaped, open) = escaped_half(backslashes);
        let left_out = backslashes & !escaped;
        // An escape of something else is dealt with by itself, and so is the end.
        let others = escaped & !(quotes | backslashes);
        let stops = controls | quotes & !escaped | others >> 1;
        if stops == 0 {
            length += look.without(window, left_out, place);
            at += BLOCK - usize::from(open);
            continue;
        }
        let stop = stops.trailing_zeros();
        look.without(window, left_out, place);
        length += (stop - (left_out & ((1 << stop) - 1)).count_ones()) as usize;
        at += stop as usize;
        match bytes.get(at)? {
            b'"' => {
                if beyond_ascii != 0 {
                    std::str::from_utf8(out.get(..length)?).ok()?;
                }
                return Some((at, length));
            }
            b'\\' => {
                let (c, used) = escaped_char(bytes.get(at..)?)?;
                let mut text = [0; 4];
                let text = c.encode_utf8(&mut text).as_bytes();
                out.get_mut(length..length + text.len())?
                    .copy_from_slice(text);
                length += text.len();
                at += used;
            }
            _ => return None,
        }
    }
}

/// Bytes that are looked at together, with as many behind them.
const BLOCK: usize = 32;
const WINDOW: usize = 2 * BLOCK;

/// The character that the escape stands for with which `raw` begins, and how long the escape is.
#[inline(never)]
fn escaped_char(raw: &[u8]) -> Option<(char, usize)> {
    let byte = *raw.get(1)?;
    if byte == b'u' {
        return unicode(raw);
    }
    Some((char::from(escaped_byte(byte)?), 2))
}

fn unescape_bytes(mut raw: &[u8], out: &mut String) -> bool {
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
    if raw.get(1) == Some(&b'u') {
        return unescape_unicode(raw, out);
    }
    let Some(plain) = raw.get(1).and_then(|byte| escaped_byte(*byte)) else {
        out.push(char::REPLACEMENT_CHARACTER);
        return (if raw.len() > 1 { 2 } else { 1 }, false);
    };
    out.push(char::from(plain));
    (2, true)
}

/// What a backslash and this byte stand for.
fn escaped_byte(byte: u8) -> Option<u8> {
    Some(match byte {
        b'"' | b'\\' | b'/' => byte,
        b'b' => 0x8,
        b'f' => 0xc,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

fn unescape_unicode(raw: &[u8], out: &mut String) -> (usize, bool) {
    if let Some((c, used)) = unicode(raw) {
        out.push(c);
        return (used, true);
    }
    out.push(char::REPLACEMENT_CHARACTER);
    // A lone surrogate; what follows it is read for itself.
    let used = if code_unit(raw).is_some() { 6 } else { 2 };
    (used, false)
}

/// The character of the `\uXXXX` that `raw` begins with, or of two of them, and how long that is.
fn unicode(raw: &[u8]) -> Option<(char, usize)> {
    let first = code_unit(raw)?;
    if let Some(c) = char::from_u32(u32::from(first)) {
        return Some((c, 6));
    }
    let second = code_unit(raw.get(6..)?)?;
    let c = char::decode_utf16([first, second]).next()?.ok()?;
    Some((c, 12))
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
    use proptest::prelude::*;

    use super::*;
    use crate::scan;
    use crate::view::block::tests::levels;

    proptest! {
        #[test]
        fn text_is_read_as_bytes_are(pieces in prop::collection::vec(
            prop_oneof![
                4 => "[a-z]{0,20}", 2 => Just("\\\"".to_owned()), 1 => "[é😀]{1,3}", 1 => Just("\\u0026".to_owned()),
                1 => Just("\\".to_owned()), 1 => "[a-z]{32}", 1 => prop::sample::select(vec!["", "", "", "", "\u{1}", "\n"]).prop_map(str::to_owned), 1 => "\\\\[a-zé]", 1 => Just("\\ud800".to_owned()),
            ],
            0..200,
        ), before in 0..300_usize) {
            let text = pieces.concat();
            let quoted = format!("{text}\", rest");
            // Where it ends, found byte by byte, and what it says.
            let sound = scan::string_end(quoted.as_bytes(), 0).ok().map(|(end, _)| end);
            let mut one = "before ".to_owned();
            let raw = quoted.get(..sound.unwrap_or_default()).unwrap_or_default();
            let valid = unescape_bytes(raw.as_bytes(), &mut one);
            let read = |found: Option<(usize, usize)>, out: &[u8]| {
                found.map(|(end, length)| (end, format!("before {}", std::str::from_utf8(&out[..length]).unwrap())))
            };
            let expected = sound.filter(|_| valid).map(|end| (end, one));
            // Whatever was there before.
            let mut out = vec![b'"'; before];
            let found = string_with(Words, quoted.as_bytes(), 0, &mut out);
            prop_assert_eq!(read(found, &out), expected.clone());
            for level in levels() {
                let found = dispatch!(level, simd => string_with(Vector(simd), quoted.as_bytes(), 0, &mut out));
                prop_assert_eq!(read(found, &out), expected.clone());
            }
            let found = unescape_string(quoted.as_bytes(), 0, &mut out);
            prop_assert_eq!(read(found, &out), expected);
            // Cut before its quote it has no end.
            prop_assert_eq!(unescape_string(raw.as_bytes(), 0, &mut Vec::new()), None);
        }
    }

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
        check("é\\né".as_bytes(), "é\né", true);
        let long = "é\\\"ab".repeat(1000);
        check(long.as_bytes(), &"é\"ab".repeat(1000), true);
        check("a\\éb\\n".as_bytes(), "a\u{fffd}\u{fffd}b\n", false);
    }
}
