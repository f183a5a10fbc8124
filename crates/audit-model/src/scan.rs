//! Where strings, numbers and brackets end: the byte level that decoding and framing share.

use crate::view;

/// Why a scan stopped short of the end of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes ended first.
    End,
    /// A control character stands inside a string.
    Control(usize),
    /// A bracket closes one of the other kind.
    Bracket(usize),
}

/// Where a string is this long, it is worth it to get ready for taking many bytes at a time.
const LONG: usize = 64;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte of `word` that a string's plain text cannot hold, exact up to the lowest one set.
#[inline]
fn marks(word: u64) -> u64 {
    let quote = word ^ (ONES * u64::from(b'"'));
    let backslash = word ^ (ONES * u64::from(b'\\'));
    let zero = (quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (zero | control) & HIGH
}

/// Position of the first quote, backslash or control character at or after `at`; the end of `bytes` if there is none, or
/// a place past `most` before which there is none.
///
/// Most strings of an event are shorter than a vector register's warm-up, so words beat calls to `memchr` here.
#[inline]
fn plain_end(bytes: &[u8], mut at: usize, most: usize) -> usize {
    let mut rest = bytes.get(at..).unwrap_or_default();
    while at < most
        && let Some((chunk, tail)) = rest.split_first_chunk::<8>()
    {
        let marks = marks(u64::from_le_bytes(*chunk));
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
        rest = tail;
    }
    if at >= most {
        return at;
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    at + rest.iter().position(special).unwrap_or(rest.len())
}

/// Where a string ends whose text begins at `at`, if it is short and has no escape.
#[inline]
pub(crate) fn short_end(bytes: &[u8], at: usize) -> Option<usize> {
    let end = plain_end(bytes, at, at.saturating_add(LONG));
    (bytes.get(end) == Some(&b'"')).then_some(end)
}

/// Position of the quote that closes the string whose text begins at `at`, whatever it holds; the end of `bytes` if none
/// does.
#[inline]
pub(crate) fn string_end_leniently(bytes: &[u8], at: usize) -> usize {
    match string_end_with::<false>(bytes, at) {
        Ok((end, _)) => end,
        Err(_) => bytes.len(),
    }
}

/// Position of the quote that closes the string whose text begins at `at`, and whether it holds an escape.
pub(crate) fn string_end(bytes: &[u8], at: usize) -> Result<(usize, bool), Fault> {
    string_end_with::<true>(bytes, at)
}

#[inline]
fn string_end_with<const STRICT: bool>(
    bytes: &[u8],
    mut at: usize,
) -> Result<(usize, bool), Fault> {
    let mut escaped = false;
    let long = at.saturating_add(LONG);
    let mut tried = false;
    loop {
        at = plain_end(bytes, at, if tried { usize::MAX } else { long });
        if at >= long && !tried {
            if let Some((end, more)) = view::string_end(bytes, at) {
                return Ok((end, escaped | more));
            }
            // It has a fault, which is to be found.
            tried = true;
            continue;
        }
        match bytes.get(at) {
            None => return Err(Fault::End),
            Some(b'"') => return Ok((at, escaped)),
            Some(b'\\') => {
                escaped = true;
                match bytes.get(at + 1) {
                    None => return Err(Fault::End),
                    Some(0..0x20) if STRICT => return Err(Fault::Control(at + 1)),
                    Some(_) => at += 2,
                }
            }
            Some(_) if STRICT => return Err(Fault::Control(at)),
            Some(_) => at += 1,
        }
    }
}

/// Where the list or object that begins at `at` ends, and how deep it nests.
///
/// Only structure is looked at: strings closed, brackets balanced and of the right kind.
pub(crate) fn skip(bytes: &[u8], at: usize) -> Result<(usize, usize), Fault> {
    skip_with::<true>(bytes, at)
}

/// As [`skip`], with control characters inside strings passed over: where a record ends that was already refused.
pub(crate) fn skip_leniently(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    skip_with::<false>(bytes, at).map(|(end, _)| end)
}

fn skip_with<const STRICT: bool>(bytes: &[u8], mut at: usize) -> Result<(usize, usize), Fault> {
    let mut stack = BitStack::default();
    let mut deepest = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end_with::<STRICT>(bytes, at + 1)?.0,
            b'{' | b'[' => {
                stack.push(*byte == b'{');
                deepest = deepest.max(stack.depth());
            }
            b'}' | b']' => {
                if stack.pop() != Some(*byte == b'}') {
                    return Err(Fault::Bracket(at));
                }
                if stack.depth() == 0 {
                    return Ok((at + 1, deepest));
                }
            }
            _ => {}
        }
        at += 1;
    }
    Err(Fault::End)
}

/// Which brackets are open, one bit each, so that two million of them cost 250 KB and no recursion.
#[derive(Clone, Debug, Default)]
pub(crate) struct BitStack {
    top: u64,
    depth: usize,
    spilled: Vec<u64>,
}

impl BitStack {
    pub(crate) fn push(&mut self, bit: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.spilled.push(self.top);
        }
        self.top = self.top << 1 | u64::from(bit);
        self.depth += 1;
    }

    pub(crate) fn pop(&mut self) -> Option<bool> {
        let bit = self.last()?;
        self.top >>= 1;
        self.depth -= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.top = self.spilled.pop().unwrap_or_default();
        }
        Some(bit)
    }

    pub(crate) fn last(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.top & 1 == 1)
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }
}

/// Where the number that begins at `at` ends, by the grammar of RFC 8259; `None` if there is none.
pub(crate) fn number_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let digits = |mut at: usize| {
        let start = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        (at > start).then_some(at)
    };
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = if bytes.get(at) == Some(&b'0') {
        at + 1
    } else {
        digits(at)?
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        at = digits(at)?;
    }
    Some(at)
}

/// The literal that `byte` begins.
pub(crate) fn literal(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b't' => Some(b"true"),
        b'f' => Some(b"false"),
        b'n' => Some(b"null"),
        _ => None,
    }
}

/// Whether JSON allows the byte between tokens.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_ends_are_found_at_every_length() {
        for length in 0..40 {
            let mut text = vec![b'x'; length];
            text.extend(br#"\"" tail, long enough for a word"#);
            assert_eq!(string_end(&text, 0), Ok((length + 2, true)));
            let mut text = vec![0xff; length];
            text.extend(b"\x1f\"");
            assert_eq!(string_end(&text, 0), Err(Fault::Control(length)));
            assert_eq!(string_end(&vec![b'x'; length], 0), Err(Fault::End));
        }
        assert_eq!(string_end(b"a\\\n\"", 0), Err(Fault::Control(2)));
        assert_eq!(string_end(b"a\\", 0), Err(Fault::End));
    }

    #[test]
    fn brackets_must_balance_and_match() {
        assert_eq!(skip(br#"[{"a":"]"},[]] tail"#, 0), Ok((14, 2)));
        assert_eq!(skip(b"[{]", 0), Err(Fault::Bracket(2)));
        assert_eq!(skip(b"[[]", 0), Err(Fault::End));
        assert_eq!(skip(b"[\"\x01\"]", 0), Err(Fault::Control(2)));
        assert_eq!(skip_leniently(b"[\"\x01\"]", 0), Ok(5));
    }

    #[test]
    fn two_million_brackets_are_no_recursion() {
        let n = 2_000_000;
        let mut text = "[{".repeat(n / 2).into_bytes();
        text.extend("}]".repeat(n / 2).bytes());
        assert_eq!(skip(&text, 0), Ok((2 * n, n)));
        let last = text.len() - 65;
        text[last] ^= b'}' ^ b']';
        assert_eq!(skip(&text, 0), Err(Fault::Bracket(last)));
    }

    #[test]
    fn numbers_follow_the_grammar() {
        for (text, end) in [
            ("0", Some(1)),
            ("-0.5e+10,", Some(8)),
            ("01", Some(1)),
            ("1e999", Some(5)),
            ("-", None),
            ("1.", None),
            ("1e", None),
            (".5", None),
        ] {
            assert_eq!(number_end(text.as_bytes(), 0), end, "{text}");
        }
    }
}
