//! JSON string contents to text, the way Go reads them.

use std::char;

use crate::scan;

/// Appends the text of a JSON string, given what stands between its quotes, to `out`.
///
/// Nothing is refused: a byte that is no UTF-8, a lone surrogate and an unknown escape each become U+FFFD, as in Go's
/// `encoding/json` (`unquoteBytes`), because a client can put them into a body that the API server accepts. Returns
/// whether the text was valid.
pub(crate) fn unescape(raw: &[u8], out: &mut String) -> bool {
    /// Shorter texts have few escapes.
    const LONG: usize = 256;
    match std::str::from_utf8(raw) {
        Ok(text) if raw.len() >= LONG => unescape_text(text, out),
        _ => unescape_bytes(raw, out),
    }
}

/// The same for what is text.
///
/// Quoted JSON has an escape every few bytes, so runs between them are copied a word at a time.
fn unescape_text(text: &str, out: &mut String) -> bool {
    let mut valid = true;
    let mut rest = text.as_bytes();
    let mut held = Held {
        bytes: [0; HELD],
        length: 0,
        out,
    };
    loop {
        held.copy_plain(&mut rest);
        if let [_, escaped, after @ ..] = rest
            && let Some(plain) = escaped_byte(*escaped)
        {
            held.push(plain);
            rest = after;
            continue;
        }
        held.flush();
        if rest.is_empty() {
            return valid;
        }
        let (used, ok) = unescape_one(rest, held.out);
        valid &= ok;
        rest = rest.get(used..).unwrap_or_default();
        if rest.first().is_some_and(|byte| (0x80..0xc0).contains(byte)) {
            // A backslash before a character of several bytes.
            return unescape_bytes(rest, held.out) && valid;
        }
    }
}

/// Bytes that are gathered before they are added to a text.
const HELD: usize = 512;

struct Held<'o> {
    bytes: [u8; HELD],
    length: usize,
    out: &'o mut String,
}

impl Held<'_> {
    /// Takes what stands before the next backslash.
    fn copy_plain(&mut self, rest: &mut &[u8]) {
        while let Some((word, after)) = rest.split_first_chunk::<8>() {
            let Some(place) = self.bytes.get_mut(self.length..self.length + 8) else {
                self.flush();
                continue;
            };
            place.copy_from_slice(word);
            let Some(plain) = scan::backslash(*word) else {
                self.length += 8;
                *rest = after;
                continue;
            };
            self.length += plain;
            *rest = rest.get(plain..).unwrap_or_default();
            return;
        }
        while let Some((byte, after)) = rest.split_first()
            && *byte != b'\\'
        {
            self.push(*byte);
            *rest = after;
        }
    }

    fn push(&mut self, byte: u8) {
        if self.length == HELD {
            self.flush();
        }
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// Adds what is held to the text, but for the beginning of a character whose end is not here yet.
    fn flush(&mut self) {
        let held = self.bytes.get(..self.length).unwrap_or_default();
        let whole = match std::str::from_utf8(held) {
            Ok(text) => {
                self.out.push_str(text);
                held.len()
            }
            Err(error) => {
                let (text, _) = held.split_at(error.valid_up_to());
                self.out
                    .push_str(std::str::from_utf8(text).unwrap_or_default());
                text.len()
            }
        };
        self.bytes.copy_within(whole..self.length, 0);
        self.length -= whole;
    }
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_is_read_as_bytes_are(pieces in prop::collection::vec(
            prop_oneof![
                4 => "[a-z]{0,20}", 2 => Just("\\\"".to_owned()), 1 => "[é😀]{1,3}", 1 => Just("\\u0026".to_owned()),
                1 => Just("\\".to_owned()), 1 => "\\\\[a-zé]", 1 => Just("\\ud800".to_owned()),
            ],
            0..200,
        )) {
            let text = pieces.concat();
            let (mut one, mut other) = (String::new(), String::new());
            prop_assert_eq!(unescape_text(&text, &mut one), unescape_bytes(text.as_bytes(), &mut other));
            prop_assert_eq!(one, other);
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
