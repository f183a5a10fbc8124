//! Modifiers that write a value in other ways: `windash`, `utf16le` and its like, `base64`, `base64offset`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::limits;
use crate::text::plain_text;

/// How characters become bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Charset {
    #[default]
    Utf8,
    Utf16Le,
    Utf16Be,
    /// Little-endian behind a byte order mark.
    Utf16,
}

/// How bytes become text again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base64 {
    /// The value by itself.
    Whole,
    /// The value in the middle of something longer, at each of three offsets.
    Offset,
}

/// What is made of a value before it is compared, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Encoding {
    pub(crate) windash: bool,
    pub(crate) charset: Charset,
    pub(crate) base64: Option<Base64>,
}

/// Why a value cannot be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EncodeError {
    /// It has a wildcard, which has no bytes.
    Wildcard,
    /// Nothing is left of it at some offset.
    TooShort,
    /// It has more dashes than variants are allowed for.
    TooMany,
}

impl Encoding {
    /// Whether values are compared as they are written.
    pub(crate) fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Every way to write a value, as Sigma strings.
    pub(crate) fn variants(self, text: &str) -> Result<Vec<String>, EncodeError> {
        let dashed = if self.windash {
            dashes(text)?
        } else {
            vec![text.to_owned()]
        };
        let Some(base64) = self.base64 else {
            return Ok(dashed);
        };
        let mut variants = Vec::new();
        for text in dashed {
            let plain = plain_text(&text).ok_or(EncodeError::Wildcard)?;
            let bytes = self.charset.bytes(&plain);
            match base64 {
                Base64::Whole => variants.push(STANDARD.encode(&bytes)),
                Base64::Offset => variants.extend(offsets(&bytes)?),
            }
            if variants.len() > limits::VALUES {
                return Err(EncodeError::TooMany);
            }
        }
        Ok(variants)
    }
}

impl Charset {
    fn bytes(self, text: &str) -> Vec<u8> {
        let units = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect();
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf16Le => units(u16::to_le_bytes),
            Self::Utf16Be => units(u16::to_be_bytes),
            Self::Utf16 => {
                let mut bytes = vec![0xff, 0xfe];
                bytes.extend(units(u16::to_le_bytes) as Vec<u8>);
                bytes
            }
        }
    }
}

/// What Base64 shows of the bytes behind none, one and two others, without the characters that these others and what
/// follows have a part in.
fn offsets(bytes: &[u8]) -> Result<Vec<String>, EncodeError> {
    let mut found = Vec::with_capacity(3);
    for (offset, from_start) in [0, 2, 3].into_iter().enumerate() {
        let mut padded = vec![b' '; offset];
        padded.extend_from_slice(bytes);
        let encoded = STANDARD.encode(&padded);
        // By the length in bytes, not in characters: a character may have several.
        let from_end = match padded.len() % 3 {
            0 => 0,
            1 => 3,
            _ => 2,
        };
        let shown = encoded.get(from_start..encoded.len().saturating_sub(from_end));
        match shown {
            Some(shown) if !shown.is_empty() => found.push(shown.to_owned()),
            _ => return Err(EncodeError::TooShort),
        }
    }
    Ok(found)
}

/// What Windows and people write before an option.
const DASHES: [char; 5] = ['-', '/', '–', '—', '―'];

/// Every way to write the dashes that begin an option: those before a word and not within one.
fn dashes(text: &str) -> Result<Vec<String>, EncodeError> {
    // Counted before any is written: a file may hold thousands of values with too many.
    let n_dashes = options(text).filter(|(_, begins)| *begins).count();
    let n_ways = u32::try_from(n_dashes)
        .ok()
        .and_then(|n_dashes| DASHES.len().checked_pow(n_dashes));
    if n_ways.is_none_or(|n_ways| n_ways > limits::VALUES) {
        return Err(EncodeError::TooMany);
    }
    let mut variants = vec![String::with_capacity(text.len())];
    for (c, begins) in options(text) {
        if !begins {
            for variant in &mut variants {
                variant.push(c);
            }
            continue;
        }
        // As written first.
        let others = DASHES.into_iter().filter(|other| *other != c);
        let dashes: Vec<char> = [c].into_iter().chain(others).collect();
        variants = variants
            .iter()
            .flat_map(|variant| dashes.iter().map(move |dash| format!("{variant}{dash}")))
            .collect();
    }
    Ok(variants)
}

/// The characters of a text, and whether each is a dash that begins an option.
fn options(text: &str) -> impl Iterator<Item = (char, bool)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut before = None;
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        let c = chars.next()?;
        let begins = DASHES.contains(&c)
            && !before.is_some_and(is_word)
            && chars.peek().copied().is_some_and(is_word);
        before = Some(c);
        Some((c, begins))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding(windash: bool, charset: Charset, base64: Option<Base64>) -> Encoding {
        Encoding {
            windash,
            charset,
            base64,
        }
    }

    fn base64(charset: Charset, text: &str) -> String {
        encoding(false, charset, Some(Base64::Whole))
            .variants(text)
            .unwrap()
            .join(" ")
    }

    fn offset(text: &str) -> Result<Vec<String>, EncodeError> {
        encoding(false, Charset::Utf8, Some(Base64::Offset)).variants(text)
    }

    #[test]
    fn base64_of_bytes() {
        assert_eq!(base64(Charset::Utf8, "/bin/bash"), "L2Jpbi9iYXNo");
        assert_eq!(base64(Charset::Utf8, "foo"), "Zm9v");
        assert_eq!(base64(Charset::Utf8, "ü"), "w7w=");
        assert_eq!(base64(Charset::Utf8, r"a\*b\\c"), "YSpiXGM=");
        assert_eq!(base64(Charset::Utf16Le, "ping"), "cABpAG4AZwA=");
        assert_eq!(base64(Charset::Utf16Be, "ping"), "AHAAaQBuAGc=");
        assert_eq!(base64(Charset::Utf16, "ping"), "//5wAGkAbgBnAA==");
        assert_eq!(base64(Charset::Utf16Le, "😀"), "PdgA3g==");
    }

    #[test]
    fn offsets_by_bytes() {
        // The example of Sigma's specification.
        assert_eq!(
            offset("/bin/bash").unwrap(),
            ["L2Jpbi9iYXNo", "9iaW4vYmFza", "vYmluL2Jhc2"]
        );
        // Two characters of four bytes: counted as characters, the ends would be cut in the wrong place.
        assert_eq!(offset("üü").unwrap(), ["w7zDv", "O8w7", "DvMO8"]);
    }

    #[test]
    fn every_offset_is_found_in_what_holds_the_value() {
        for text in [
            "ab",
            "abc",
            "abcd",
            "/bin/bash",
            "üü",
            "é",
            "日本語",
            "a\\*b",
        ] {
            let shown = offset(text).unwrap();
            let plain = plain_text(text).unwrap();
            for before in ["", "x", "xy", "xyz", "ü"] {
                for after in ["", "1", "12", "123"] {
                    let whole = STANDARD.encode(format!("{before}{plain}{after}"));
                    let found = shown.iter().any(|part| whole.contains(part.as_str()));
                    assert!(found, "{shown:?} in {whole} of {before}{plain}{after}");
                }
            }
        }
    }

    #[test]
    fn what_has_no_bytes() {
        assert_eq!(offset("a*"), Err(EncodeError::Wildcard));
        assert_eq!(offset("a"), Err(EncodeError::TooShort));
        assert_eq!(offset(""), Err(EncodeError::TooShort));
    }

    #[test]
    fn dashes_before_words() {
        let windash = |text: &str| {
            encoding(true, Charset::Utf8, None)
                .variants(text)
                .map(|variants| variants.join(" "))
        };
        assert_eq!(windash("-x").unwrap(), "-x /x –x —x ―x");
        assert_eq!(windash("/x").unwrap(), "/x -x –x —x ―x");
        for same in ["a-b", "a/b", "- x", "--", "a-", "x"] {
            assert_eq!(windash(same).unwrap(), same);
        }
        // Of two dashes the second stands before the word.
        assert_eq!(windash("--x").unwrap(), "--x -/x -–x -—x -―x");
        let two = encoding(true, Charset::Utf8, None)
            .variants("*-a -b*")
            .unwrap();
        assert_eq!(two.len(), 25);
        assert_eq!(two[0], "*-a -b*");
        assert_eq!(windash(&" -a".repeat(7)), Err(EncodeError::TooMany));
    }

    #[test]
    fn one_after_the_other() {
        let all = encoding(true, Charset::Utf16Le, Some(Base64::Offset));
        assert_eq!(all.variants("-enc").unwrap().len(), 15);
    }
}
