//! The scalars under some keys of a body, wherever these stand, without following paths.

use fearless_simd::Level;

use crate::edges::Edges;
use crate::view::scalars::{self, Below, Each, Guide};

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
    /// Each with its number, those of one bucket together.
    keys: Vec<(Box<[u8]>, usize)>,
    /// By bucket, where its keys end.
    ends: [usize; BUCKETS],
    edges: Edges,
}

/// Buckets that keys are filed in.
const BUCKETS: usize = 64;

/// The bucket of a key.
#[inline(always)]
fn bucket(key: &[u8]) -> usize {
    let [first, last] =
        [key.first(), key.last()].map(|byte| usize::from(byte.copied().unwrap_or_default()));
    (first ^ last << 2 ^ key.len() << 3) % BUCKETS
}

impl BodyLeaves {
    /// Keys are known by their places in this list. None of them holds a character that JSON has a short escape for:
    /// [`Leaf`](crate::Leaf) names no such key.
    pub fn new<K: AsRef<str>>(keys: impl IntoIterator<Item = K>) -> Self {
        let mut leaves = Self {
            level: Level::new(),
            keys: Vec::new(),
            ends: [0; BUCKETS],
            edges: Edges::default(),
        };
        for (number, key) in keys.into_iter().enumerate() {
            let key = key.as_ref().as_bytes();
            leaves.edges.add(key);
            leaves.keys.push((key.into(), number));
        }
        leaves.keys.sort_unstable_by_key(|(key, _)| bucket(key));
        for (at, end) in leaves.ends.iter_mut().enumerate() {
            *end = leaves.keys.partition_point(|(key, _)| bucket(key) <= at);
        }
        leaves
    }

    /// Hands out every text, number and boolean that stands under one of the keys, in a list or not, with the number of
    /// the key.
    ///
    /// Returns whether that was all. If not, the body is odd, and a tree must say what it holds.
    pub fn read(&self, body: &[u8], memory: &mut String, each: &mut Each<'_>) -> bool {
        body.first() == Some(&b'{') && scalars::read(self.level, self, body, memory, each)
    }

    /// The number of a key.
    #[inline(always)]
    fn number(&self, key: &[u8]) -> Option<usize> {
        if !self.edges.may_hold(key, |byte| byte) {
            return None;
        }
        let at = bucket(key);
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before));
        let filed = self
            .keys
            .get(start.copied().unwrap_or_default()..*self.ends.get(at)?)?;
        let found = filed.iter().find(|(known, _)| **known == *key);
        found.map(|(_, number)| *number)
    }
}

impl Guide for BodyLeaves {
    /// The number of the key that a value stands under.
    type Place = Option<usize>;

    #[inline(always)]
    fn root(&self) -> Option<usize> {
        None
    }

    #[inline(always)]
    fn below(&self, _: Option<usize>, raw: &[u8], escaped: bool) -> Below<Option<usize>> {
        // The other escapes, which the keys of `managedFields` are full of, stand for what the keys do not hold.
        if escaped && raw.windows(2).any(|pair| pair == b"\\u") {
            return Below::Odd;
        }
        Below::At(self.number(raw))
    }

    #[inline(always)]
    fn enters(&self, _: Option<usize>) -> bool {
        true
    }

    #[inline(always)]
    fn wanted(&self, key: Option<usize>) -> Option<usize> {
        key
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::Limits;
    use crate::path::Segment;
    use crate::tree::Tree;
    use crate::value::Value;
    use crate::view::block::Words;
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
        let words =
            is_object && scalars::walk(Words, &leaves, body, &mut memory, &mut add).is_some();
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
