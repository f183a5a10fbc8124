//! The scalars under some keys of a body, wherever these stand, without following paths.

use fearless_simd::{Level, dispatch};

use crate::text::unescape;
use crate::value::Value;
use crate::view::block::{self, Look, Vector, Words, escaped, inside};
use crate::view::cursor::Cursor;

/// Longest body that is read in this way: a longer one may hold more values than a tree takes, which must be noticed.
const MOST_BYTES: usize = 1 << 20;
/// Most lists within lists under a key.
const MOST_OPEN: u32 = 64;

/// Keys of a body that are looked for at every depth.
///
/// ```
/// use audit_model::{BodyLeaves, Value};
///
/// let leaves = BodyLeaves::new(["hostNetwork", "args"]);
/// let body = br#"{"spec":{"containers":[{"args":["-c",["x"]]}],"hostNetwork":true}}"#;
/// let (mut memory, mut found) = (String::new(), Vec::new());
/// assert!(leaves.read(body, &mut memory, &mut |key, value| found.push((key, value.as_text().unwrap().to_owned()))));
/// assert_eq!(found, [(1, "-c".to_owned()), (1, "x".to_owned()), (0, "true".to_owned())]);
/// ```
#[derive(Debug)]
#[doc(hidden)]
pub struct BodyLeaves {
    level: Level,
    /// Ascending, each with its number.
    keys: Vec<(Box<[u8]>, usize)>,
    /// Which lengths the keys have, modulo 64, and which pairs of first and last byte: most keys are told from all of
    /// these by that.
    lengths: u64,
    edges: [u64; 4],
}

/// Gets the number of a key and a value that stands under it.
type Each<'e> = dyn FnMut(usize, Value<'_>) + 'e;

impl BodyLeaves {
    /// Keys are known by their places in this list. None of them holds a character that JSON has a short escape for:
    /// [`Leaf`](crate::Leaf) names no such key.
    pub fn new<K: AsRef<str>>(keys: impl IntoIterator<Item = K>) -> Self {
        let mut leaves = Self {
            level: Level::new(),
            keys: Vec::new(),
            lengths: 0,
            edges: [0; 4],
        };
        for (number, key) in keys.into_iter().enumerate() {
            let key = key.as_ref().as_bytes();
            leaves.lengths |= 1 << (key.len() & 63);
            let (word, bit) = edge(key);
            if let Some(word) = leaves.edges.get_mut(word) {
                *word |= bit;
            }
            leaves.keys.push((key.into(), number));
        }
        leaves.keys.sort_unstable();
        leaves
    }

    /// Hands out every text, number and boolean that stands under one of the keys, in a list or not, with the number of
    /// the key.
    ///
    /// Returns whether that was all. If not, the body is odd, and a tree must say what it holds.
    pub fn read(&self, body: &[u8], memory: &mut String, each: &mut Each<'_>) -> bool {
        if body.len() > MOST_BYTES || body.first() != Some(&b'{') {
            return false;
        }
        let read = if self.level.is_fallback() {
            self.walk(Words, body, memory, each)
        } else {
            dispatch!(self.level, simd => self.walk(Vector(simd), body, memory, each))
        };
        read.is_some()
    }

    #[inline(always)]
    fn walk<L: Look>(
        &self,
        look: L,
        body: &[u8],
        memory: &mut String,
        each: &mut Each<'_>,
    ) -> Option<()> {
        let (mut escape, mut string) = (0, 0);
        // Of what is before a block: whether it ends in a quote, and where its last two quotes are.
        let mut ends_in_quote = 0;
        let (mut last, mut before_last) = (usize::MAX, usize::MAX);
        let mut start = 0;
        while start < body.len() {
            let rest = body.get(start..)?;
            let mut padded = [b' '; 64];
            let block = if let Some(block) = rest.first_chunk::<64>() {
                block
            } else {
                padded.get_mut(..rest.len())?.copy_from_slice(rest);
                &padded
            };
            let marks = look.marks(block);
            let quotes = marks.quotes & !escaped(marks.backslashes, &mut escape);
            let strings = inside(quotes, &mut string);
            let mut colons = look.colons(block) & !strings;
            // A key is a quote, its text, a quote and the colon, with nothing between.
            if colons & !(quotes << 1 | ends_in_quote) != 0 {
                return None;
            }
            while colons != 0 {
                let bit = colons.trailing_zeros();
                colons &= colons - 1;
                let opening = match bit.checked_sub(1) {
                    None => before_last,
                    Some(closing) => match quotes & ((1 << closing) - 1) {
                        0 => last,
                        before => start + highest(before),
                    },
                };
                let colon = start + bit as usize;
                let key = body.get(opening.checked_add(1)?..colon - 1)?;
                if (opening < start || marks.backslashes != 0) && may_be_other(key) {
                    return None;
                }
                if let Some(number) = self.number(key) {
                    let cursor = Cursor { look, bytes: body };
                    values(cursor, colon + 1, memory, &mut |value| each(number, value))?;
                }
            }
            if quotes != 0 {
                let others = quotes ^ 1 << highest(quotes);
                before_last = match others {
                    0 => last,
                    others => start + highest(others),
                };
                last = start + highest(quotes);
            }
            ends_in_quote = quotes >> 63;
            start += 64;
        }
        Some(())
    }

    /// The number of a key.
    #[inline(always)]
    fn number(&self, key: &[u8]) -> Option<usize> {
        let (word, bit) = edge(key);
        if self.lengths >> (key.len() & 63) & 1 == 0 || self.edges.get(word)? & bit == 0 {
            return None;
        }
        let at = self.keys.binary_search_by(|(known, _)| (**known).cmp(key));
        self.keys.get(at.ok()?).map(|(_, number)| *number)
    }
}

/// Whether a key may be one of those that are looked for, written with escapes. The other escapes, which the keys of
/// `managedFields` are full of, stand for what those do not hold.
#[inline(always)]
fn may_be_other(key: &[u8]) -> bool {
    key.contains(&b'\\') && key.windows(2).any(|pair| pair == b"\\u")
}

/// The place of the highest bit of a word that has one.
#[inline(always)]
fn highest(word: u64) -> usize {
    63 - word.leading_zeros() as usize
}

/// Where a pair of first and last byte is noted.
#[inline(always)]
fn edge(key: &[u8]) -> (usize, u64) {
    let [first, last] = [key.first(), key.last()].map(|byte| byte.copied().unwrap_or_default());
    let edge = first.wrapping_mul(29) ^ last.rotate_left(3);
    (usize::from(edge >> 6), 1 << (edge & 63))
}

/// Hands out the scalars of the value that begins here: itself, or the members of a list and of lists in it.
#[inline(always)]
fn values<L: Look>(
    cursor: Cursor<'_, L>,
    start: usize,
    memory: &mut String,
    each: &mut dyn FnMut(Value<'_>),
) -> Option<()> {
    let mut at = start;
    let mut depth = 0_u32;
    loop {
        let (here, byte) = cursor.next(at);
        at = match byte {
            b'[' => {
                depth += 1;
                if depth > MOST_OPEN {
                    return None;
                }
                here + 1
            }
            b']' => {
                depth = depth.checked_sub(1)?;
                here + 1
            }
            b',' => here + 1,
            // Its members have keys of their own.
            b'{' if depth == 0 => return Some(()),
            b'{' => block::skip(cursor.look, cursor.bytes, here)?,
            b'"' => {
                let text = cursor.quoted(here)?;
                let after = text.after();
                let raw = cursor.bytes.get(text.range)?;
                match std::str::from_utf8(raw) {
                    Ok(plain) if !text.escaped => each(Value::Text(plain)),
                    _ => {
                        memory.clear();
                        unescape(raw, memory);
                        each(Value::Text(memory));
                    }
                }
                after
            }
            _ => {
                let rest = cursor.bytes.get(here..)?;
                let is_in =
                    |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
                let length = rest.iter().position(|byte| !is_in(byte));
                let token = rest.get(..length.unwrap_or(rest.len()))?;
                match token {
                    b"null" => {}
                    b"true" => each(Value::Bool(true)),
                    b"false" => each(Value::Bool(false)),
                    [b'-' | b'0'..=b'9', ..] => {
                        each(Value::Number(std::str::from_utf8(token).ok()?));
                    }
                    _ => return None,
                }
                here + token.len()
            }
        };
        if depth == 0 {
            return Some(());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::Limits;
    use crate::path::Segment;
    use crate::tree::Tree;
    use crate::walk::Doubt;

    const KEYS: [&str; 3] = ["a", "bc", "hostNetwork"];

    /// What stands under the keys, by both ways of looking.
    fn read(body: &[u8]) -> Option<Vec<(usize, String)>> {
        let leaves = BodyLeaves::new(KEYS);
        let (mut memory, mut found) = (String::new(), Vec::new());
        let mut add =
            |key, value: Value<'_>| found.push((key, value.as_text().unwrap().to_owned()));
        let all = leaves.read(body, &mut memory, &mut add);
        let mut by_words = Vec::new();
        let mut add =
            |key, value: Value<'_>| by_words.push((key, value.as_text().unwrap().to_owned()));
        let is_object = body.first() == Some(&b'{');
        let words = is_object && leaves.walk(Words, body, &mut memory, &mut add).is_some();
        assert_eq!(all, words);
        assert_eq!(found, by_words);
        all.then_some(found)
    }

    /// What a tree has under one of the keys, at any depth that the tests reach.
    fn tree(body: &[u8]) -> Vec<(usize, String)> {
        let mut tree = Tree::default();
        let root = tree.parse(body, &Limits::default()).unwrap();
        let mut found = Vec::new();
        // All paths of up to four keys that end in one of those.
        let names = ["a", "bc", "hostNetwork", "x\"y", "other"];
        let mut paths: Vec<Vec<&str>> = vec![vec![]];
        for _ in 0..4 {
            let longer: Vec<_> = paths
                .iter()
                .flat_map(|path| names.map(|name| [path.as_slice(), &[name]].concat()))
                .collect();
            for path in &longer {
                let Some(number) = KEYS.iter().position(|key| path.last() == Some(key)) else {
                    continue;
                };
                let path: Vec<_> = path.iter().map(|key| Segment::Key((*key).into())).collect();
                tree.any_value(root.into(), &path, Doubt::AnyReading, &mut |value| {
                    found.extend(value.as_text().map(|text| (number, text.to_owned())));
                    false
                });
            }
            paths = longer;
        }
        found
    }

    #[track_caller]
    fn agree(body: &str) {
        let mut found = read(body.as_bytes()).unwrap_or_else(|| panic!("{body}"));
        let mut expected = tree(body.as_bytes());
        found.sort();
        found.dedup();
        expected.sort();
        expected.dedup();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn scalars_under_the_keys_are_found_at_every_depth() {
        for body in [
            r#"{"a":"x","other":{"bc":[1,[true,null],{"a":2},"y"]},"hostNetwork":{"a":-1e3}}"#,
            r#"{"a":["\u0041",{"a":["z"]},[]],"a":false}"#,
            r#"{"other":"\"a\":1","bc":"}]"}"#,
            r#"{"k:{\"a\":1}":1,"f\\":2,"a":{"x\"y":{"bc":3}}}"#,
            r#"{"a" :1}"#.replace(' ', "").as_str(),
            "{}",
        ] {
            agree(body);
        }
    }

    #[test]
    fn keys_are_found_wherever_blocks_end() {
        for n in 0..140 {
            let filler = "f".repeat(n);
            agree(&format!(
                r#"{{"other":"{filler}","hostNetwork":true,"a":"{filler}","bc":1}}"#
            ));
            agree(&format!(
                r#"{{"other":"{filler}\\","a":{{"bc":["{filler}\""]}}}}"#
            ));
        }
    }

    #[test]
    fn what_is_odd_is_left_to_the_tree() {
        for body in [
            r#"{"\u0061":1}"#,
            r#"{"a" :1}"#,
            r#"{"a":what}"#,
            r#"{"a":[1}"#,
            r#"[{"a":1}]"#,
            r#""a""#,
            "",
        ] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
        let long = format!(r#"{{"{}\u0061":1}}"#, "k".repeat(200));
        assert_eq!(read(long.as_bytes()), None);
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(65), "]".repeat(65));
        assert_eq!(read(deep.as_bytes()), None);
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            Just("-1".to_owned()),
            Just("\"x\"".to_owned()),
            Just("\"\\u00e9\\\\\"".to_owned()),
            Just("\"a\\\":1\"".to_owned()),
            "[a-z]{20,70}".prop_map(|text| format!("\"{text}\"")),
        ];
        leaf.prop_recursive(3, 40, 5, |inner| {
            let key = prop::sample::select(&["a", "bc", "hostNetwork", "other"][..]);
            let member = (key, inner.clone());
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(|all| format!("[{}]", all.join(","))),
                prop::collection::vec(member, 0..5).prop_map(|all| {
                    let all: Vec<_> = all
                        .iter()
                        .map(|(key, value)| format!("\"{key}\":{value}"))
                        .collect();
                    format!("{{{}}}", all.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn generated_scalars_are_those_of_a_tree(value in json()) {
            agree(&format!("{{\"a\":{value}}}"));
        }

        #[test]
        fn any_bytes_are_read_to_an_end(body in "\\{[{}:,\"\\\\ab\\[\\]1 ]{0,200}") {
            read(body.as_bytes());
        }
    }
}
