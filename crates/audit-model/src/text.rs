//! JSON string contents to text, the way Go reads them.

#![expect(
    clippy::inline_always,
    reason = "code with vector instructions must be inlined into a function that is compiled for them"
)]

use std::char;

use fearless_simd::{Level, dispatch};

use crate::view::block::{Look, Special, Vector, Words, escaped_half};

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

/// Appends the text of the JSON string whose text begins at `at`; where its quote is. `None` if the string has no end, or
/// holds what is no text or is seldom: a control character, an escape that stands for nothing. Nothing is appended then.
///
/// Quoted JSON has an escape every few bytes. To find the end in the same pass saves one over all of them.
pub(crate) fn unescape_string(bytes: &[u8], at: usize, out: &mut String) -> Option<usize> {
    let start = out.len();
    let level = Level::new();
    let end = if level.is_fallback() {
        string_with(Words, bytes, at, out)
    } else {
        dispatch!(level, simd => string_with(Vector(simd), bytes, at, out))
    };
    if end.is_none() {
        out.truncate(start);
    }
    end
}

#[inline(always)]
fn string_with<L: Look>(look: L, bytes: &[u8], mut at: usize, out: &mut String) -> Option<usize> {
    let mut held = Held {
        bytes: [0; HELD],
        length: 0,
        out,
    };
    'blocks: while let Some(window) = bytes.get(at..)?.first_chunk::<{ 2 * BLOCK }>() {
        held.make_room()?;
        let block = window.first_chunk::<BLOCK>()?;
        let Special {
            quotes,
            backslashes,
            controls,
        } = look.special(block);
        let (escaped, open) = escaped_half(backslashes);
        if (controls | quotes & !escaped | escaped & !(quotes | backslashes)) == 0 {
            // Of all that is escaped here, which is mostly quotes, nothing is left out but the backslash before it.
            let place = held.bytes.get_mut(held.length..)?.first_chunk_mut()?;
            held.length += look.without(window, backslashes & !escaped, place);
            at += BLOCK - usize::from(open);
            continue;
        }
        let mut special = quotes | backslashes | controls;
        let mut from = 0;
        loop {
            // The bytes up to the next special one, with what follows it.
            let place = held.bytes.get_mut(held.length..held.length + BLOCK)?;
            place.copy_from_slice(window.get(from..from + BLOCK)?);
            if special == 0 {
                held.length += BLOCK - from;
                at += BLOCK;
                continue 'blocks;
            }
            let bit = special.trailing_zeros();
            let stop = bit as usize;
            held.length += stop - from;
            if backslashes >> bit & 1 == 0 {
                held.finish()?;
                return (block.get(stop) == Some(&b'"')).then_some(at + stop);
            }
            special &= u32::MAX << bit << 2;
            let escaped = *window.get(stop + 1)?;
            let Some(plain) = escaped_byte(escaped) else {
                at += stop + held.unicode(bytes.get(at + stop..)?)?;
                continue 'blocks;
            };
            held.push(plain)?;
            from = stop + 2;
            if from >= BLOCK {
                at += from;
                continue 'blocks;
            }
        }
    }
    loop {
        match *bytes.get(at)? {
            b'"' => {
                held.finish()?;
                return Some(at);
            }
            b'\\' => {
                let escape = bytes.get(at..)?;
                if let Some(plain) = escape.get(1).and_then(|byte| escaped_byte(*byte)) {
                    held.push(plain)?;
                    at += 2;
                } else {
                    at += held.unicode(escape)?;
                }
            }
            0..0x20 => return None,
            byte => {
                held.push(byte)?;
                at += 1;
            }
        }
    }
}

/// Bytes that are looked at together.
const BLOCK: usize = 32;
/// Bytes that are gathered before they are added to a text.
const HELD: usize = 1024;

struct Held<'o> {
    bytes: [u8; HELD],
    length: usize,
    out: &'o mut String,
}

impl Held<'_> {
    /// Makes room for what a block says and for the block after it.
    #[inline(always)]
    fn make_room(&mut self) -> Option<()> {
        if self.length > HELD - 3 * BLOCK {
            self.flush()?;
        }
        Some(())
    }

    /// `None` if what was held before is no text.
    #[inline(always)]
    fn push(&mut self, byte: u8) -> Option<()> {
        if self.length == HELD {
            self.flush()?;
        }
        *self.bytes.get_mut(self.length)? = byte;
        self.length += 1;
        Some(())
    }

    /// Takes the `\uXXXX` that stands here; how long it is. `None` if it is none, or stands for nothing.
    #[inline(never)]
    fn unicode(&mut self, escape: &[u8]) -> Option<usize> {
        self.finish()?;
        let (used, valid) = unescape_one(escape, self.out);
        valid.then_some(used)
    }

    /// Adds what is held to the text, but for the beginning of a character whose end is not here yet; `None` if it is no text.
    #[inline(never)]
    fn flush(&mut self) -> Option<()> {
        let held = self.bytes.get(..self.length)?;
        let whole = match std::str::from_utf8(held) {
            Ok(text) => {
                self.out.push_str(text);
                held.len()
            }
            Err(error) if error.error_len().is_none() => {
                let (text, _) = held.split_at(error.valid_up_to());
                self.out.push_str(std::str::from_utf8(text).ok()?);
                text.len()
            }
            Err(_) => return None,
        };
        self.bytes.copy_within(whole..self.length, 0);
        self.length -= whole;
        Some(())
    }

    /// Adds all that is held.
    fn finish(&mut self) -> Option<()> {
        self.flush()?;
        (self.length == 0).then_some(())
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
    use crate::scan;
    use crate::view::block::tests::levels;

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
            let quoted = format!("{text}\", rest");
            // Where it ends, found byte by byte, and what it says.
            let sound = scan::string_end(quoted.as_bytes(), 0).ok().map(|(end, _)| end);
            let mut one = "before ".to_owned();
            let raw = quoted.get(..sound.unwrap_or_default()).unwrap_or_default();
            let valid = unescape_bytes(raw.as_bytes(), &mut one);
            let mut words = "before ".to_owned();
            let end = string_with(Words, quoted.as_bytes(), 0, &mut words);
            prop_assert_eq!(end, sound.filter(|_| valid));
            if end.is_some() {
                prop_assert_eq!(&words, &one);
            }
            for level in levels() {
                let mut vector = "before ".to_owned();
                let found = dispatch!(level, simd => string_with(Vector(simd), quoted.as_bytes(), 0, &mut vector));
                prop_assert_eq!(found, end);
                if end.is_some() {
                    prop_assert_eq!(&vector, &one);
                }
            }
            let mut whole = "before ".to_owned();
            prop_assert_eq!(unescape_string(quoted.as_bytes(), 0, &mut whole), end);
            if end.is_none() {
                prop_assert_eq!(whole, "before ");
            }
            // Cut before its quote it has no end.
            prop_assert_eq!(unescape_string(raw.as_bytes(), 0, &mut String::new()), None);
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
