//! The scalars under some keys of a body, wherever these stand, without following paths.

use fearless_simd::{Level, dispatch};

use crate::text::unescape;
use crate::value::Value;
use crate::view::block::{Look, Vector, Words};
use crate::view::cursor::Cursor;

/// Longest body that is read in this way: a longer one may hold more values than a tree takes, which must be noticed.
const MOST_BYTES: usize = 1 << 20;
/// Most containers that are open at a time; what nests deeper is left to the tree.
const MOST_OPEN: usize = 64;

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
        let cursor = Cursor { look, bytes: body };
        // Of the open containers: which are objects, the innermost lowest, and under which key the lists stand.
        let (mut depth, mut objects) = (0, 0_u64);
        let mut under = [None; MOST_OPEN];
        let mut key = None;
        let mut at = cursor.space(0);
        'value: loop {
            let byte = cursor.byte(at);
            let mut first = matches!(byte, b'{' | b'[');
            if first {
                *under.get_mut(depth)? = if byte == b'[' { key } else { None };
                depth += 1;
                objects = objects << 1 | u64::from(byte == b'{');
                at = cursor.space(at + 1);
            } else {
                at = scalar(cursor, at, key, memory, each)?;
            }
            // Behind a value, or at the beginning of a container.
            loop {
                let (here, byte) = cursor.next(at);
                at = here;
                let Some(inner) = depth.checked_sub(1) else {
                    return (at == body.len()).then_some(());
                };
                let is_object = objects & 1 == 1;
                if byte == if is_object { b'}' } else { b']' } {
                    depth = inner;
                    objects >>= 1;
                    at += 1;
                    first = false;
                    continue;
                }
                if !std::mem::take(&mut first) {
                    if byte != b',' {
                        return None;
                    }
                    at = cursor.space(at + 1);
                }
                if !is_object {
                    key = *under.get(inner)?;
                    continue 'value;
                }
                let name = cursor.quoted(at)?;
                at = cursor.space(name.after());
                if cursor.byte(at) != b':' {
                    return None;
                }
                at = cursor.space(at + 1);
                let text = body.get(name.range)?;
                if name.escaped && may_be_other(text) {
                    return None;
                }
                key = self.number(text);
                continue 'value;
            }
        }
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

/// Where a pair of first and last byte is noted.
#[inline(always)]
fn edge(key: &[u8]) -> (usize, u64) {
    let [first, last] = [key.first(), key.last()].map(|byte| byte.copied().unwrap_or_default());
    let edge = first.wrapping_mul(29) ^ last.rotate_left(3);
    (usize::from(edge >> 6), 1 << (edge & 63))
}

/// Passes over the scalar that begins here; one that stands under a key, and is not `null`, is handed out.
#[inline(always)]
fn scalar<L: Look>(
    cursor: Cursor<'_, L>,
    at: usize,
    key: Option<usize>,
    memory: &mut String,
    each: &mut Each<'_>,
) -> Option<usize> {
    let mut tell = |value: Value<'_>| {
        if let Some(number) = key {
            each(number, value);
        }
    };
    if let Some(text) = cursor.quoted(at) {
        let after = text.after();
        if key.is_none() {
            return Some(after);
        }
        let raw = cursor.bytes.get(text.range)?;
        if let (false, Ok(plain)) = (text.escaped, std::str::from_utf8(raw)) {
            tell(Value::Text(plain));
        } else {
            memory.clear();
            unescape(raw, memory);
            tell(Value::Text(memory));
        }
        return Some(after);
    }
    let rest = cursor.bytes.get(at..)?;
    let is_in = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let length = rest.iter().position(|byte| !is_in(byte));
    let token = rest.get(..length.unwrap_or(rest.len()))?;
    match token {
        b"null" => {}
        b"true" => tell(Value::Bool(true)),
        b"false" => tell(Value::Bool(false)),
        [b'-' | b'0'..=b'9', ..] => tell(Value::Number(std::str::from_utf8(token).ok()?)),
        _ => return None,
    }
    Some(at + token.len())
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
            r#" { "a" : [ 1 , { "bc" : "x" } ] } "#.trim_start(),
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
            r#"{"a" 1}"#,
            r#"{"a",1}"#,
            r#"{"a":,"bc":1}"#,
            r#"{"a":what}"#,
            r#"{"other":[c\"],"a":"x"}"#,
            "{\"other\":\"\n\",\"a\":1}",
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
        fn nothing_is_lost_of_what_is_broken(value in json(), changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&b"{}[],:\"\\a1( \n"[..])), 1..4)) {
            let mut body = format!("{{\"a\":{value}}}").into_bytes();
            for (at, byte) in changes {
                let at = at.index(body.len());
                body[at] = byte;
            }
            if let Some(found) = read(&body) {
                for value in tree(&body) {
                    prop_assert!(found.contains(&value), "{value:?} in {}", String::from_utf8_lossy(&body));
                }
            }
        }

        #[test]
        fn any_bytes_are_read_to_an_end(body in "\\{[{}:,\"\\\\ab\\[\\]1 ]{0,200}") {
            read(body.as_bytes());
        }
    }
}
