//! The values at some paths of a body, without making a tree of it.

use fearless_simd::{Level, dispatch};

use crate::text::unescape;
use crate::view::block::{self, Look, Vector, Words};
use crate::view::cursor::{Cursor, Quoted};

/// Most containers that are open at a time; what nests deeper is left to the tree.
const MOST_OPEN: usize = 64;
/// Longest body that is read in this way: a longer one may hold more values than a tree takes, which must be noticed.
const MOST_BYTES: usize = 1 << 20;

/// Paths of keys below a body, read together in one pass.
///
/// ```
/// use audit_model::BodyPaths;
///
/// let paths = BodyPaths::new([["metadata", "name"], ["spec", "hostNetwork"]]);
/// let body = br#"{"kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{}],"hostNetwork":true}}"#;
/// let (mut memory, mut found) = (String::new(), Vec::new());
/// assert!(paths.read(body, &mut memory, &mut |path, text| found.push((path, text.to_owned()))));
/// assert_eq!(found, [(0, "web".to_owned()), (1, "true".to_owned())]);
/// ```
#[derive(Debug)]
#[doc(hidden)]
pub struct BodyPaths {
    level: Level,
    nodes: Vec<Node>,
}

/// A key on the way, or the body itself.
#[derive(Debug, Default)]
struct Node {
    key: Box<[u8]>,
    children: Vec<usize>,
    /// The path that ends here.
    path: Option<usize>,
}

impl BodyPaths {
    /// Paths are known by their places in this list; of equal ones the last counts.
    pub fn new<P: IntoIterator<Item = K>, K: AsRef<str>>(
        paths: impl IntoIterator<Item = P>,
    ) -> Self {
        let mut nodes = vec![Node::default()];
        for (number, path) in paths.into_iter().enumerate() {
            let mut at = 0;
            for key in path {
                at = child(&mut nodes, at, key.as_ref().as_bytes());
            }
            if let Some(node) = nodes.get_mut(at) {
                node.path = Some(number);
            }
        }
        Self {
            level: Level::new(),
            nodes,
        }
    }

    /// Hands out every text, number and boolean at the end of a path, with the number of the path: those of all members
    /// where a list stands on the way or at its end, and those under each of repeated keys.
    ///
    /// Returns whether that was all. If not, the body is odd, and a tree must say what it holds.
    pub fn read(
        &self,
        body: &[u8],
        memory: &mut String,
        each: &mut dyn FnMut(usize, &str),
    ) -> bool {
        if body.len() > MOST_BYTES {
            return false;
        }
        let found = if self.level.is_fallback() {
            self.walk(Words, body, memory, each)
        } else {
            dispatch!(self.level, simd => self.walk(Vector(simd), body, memory, each))
        };
        found.is_some()
    }

    #[inline(always)]
    fn walk<L: Look>(
        &self,
        look: L,
        body: &[u8],
        memory: &mut String,
        each: &mut dyn FnMut(usize, &str),
    ) -> Option<()> {
        let cursor = Cursor { look, bytes: body };
        // The nodes whose containers are open; which of these are objects, the innermost lowest.
        let mut open = [0_usize; MOST_OPEN];
        let (mut depth, mut objects) = (0, 0_u64);
        let mut number = 0;
        let mut at = cursor.space(0);
        'value: loop {
            let node = self.nodes.get(number)?;
            let byte = cursor.byte(at);
            let goes_in = byte == b'[' || byte == b'{' && !node.children.is_empty();
            let mut first = goes_in;
            if goes_in {
                *open.get_mut(depth)? = number;
                depth += 1;
                objects = objects << 1 | u64::from(byte == b'{');
                at = cursor.space(at + 1);
            } else {
                at = value(cursor, at, |text| {
                    if let Some(path) = node.path {
                        text.tell(body, memory, &mut |text| each(path, text));
                    }
                })?;
            }
            // Behind a value, or at the beginning of a container.
            loop {
                at = cursor.space(at);
                let Some(inner) = depth.checked_sub(1) else {
                    return (at == body.len()).then_some(());
                };
                let is_object = objects & 1 == 1;
                let byte = cursor.byte(at);
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
                let parent = *open.get(inner)?;
                if !is_object {
                    number = parent;
                    continue 'value;
                }
                let key = cursor.quoted(at)?;
                if key.escaped {
                    return None;
                }
                at = cursor.space(key.after());
                if cursor.byte(at) != b':' {
                    return None;
                }
                at = cursor.space(at + 1);
                if let Some(child) = self.child(parent, body.get(key.range)?) {
                    number = child;
                    continue 'value;
                }
                at = match cursor.byte(at) {
                    b'{' | b'[' => block::skip(look, body, at)?,
                    _ => value(cursor, at, |_| {})?,
                };
            }
        }
    }

    #[inline(always)]
    fn child(&self, parent: usize, key: &[u8]) -> Option<usize> {
        let children = &self.nodes.get(parent)?.children;
        children
            .iter()
            .copied()
            .find(|child| self.nodes.get(*child).is_some_and(|node| *node.key == *key))
    }
}

/// The child of a node under a key, which is made if there is none.
fn child(nodes: &mut Vec<Node>, parent: usize, key: &[u8]) -> usize {
    let known = nodes.get(parent).and_then(|node| {
        let is = |child: &&usize| nodes.get(**child).is_some_and(|node| *node.key == *key);
        node.children.iter().find(is).copied()
    });
    if let Some(known) = known {
        return known;
    }
    let made = nodes.len();
    nodes.push(Node {
        key: key.into(),
        ..Node::default()
    });
    if let Some(node) = nodes.get_mut(parent) {
        node.children.push(made);
    }
    made
}

/// A scalar, as it stands in the body.
enum Scalar {
    Text(Quoted),
    Bare(usize, usize),
}

impl Scalar {
    #[inline(always)]
    fn tell(self, body: &[u8], memory: &mut String, each: &mut dyn FnMut(&str)) {
        let (range, escaped) = match self {
            Self::Text(text) => (text.range, text.escaped),
            Self::Bare(start, end) => (start..end, false),
        };
        let raw = body.get(range).unwrap_or_default();
        if let (false, Ok(text)) = (escaped, std::str::from_utf8(raw)) {
            each(text);
            return;
        }
        memory.clear();
        unescape(raw, memory);
        each(memory);
    }
}

/// Passes over the value that begins here and hands it out if it is a scalar other than `null`.
#[inline(always)]
fn value<L: Look>(cursor: Cursor<'_, L>, at: usize, mut each: impl FnMut(Scalar)) -> Option<usize> {
    match cursor.byte(at) {
        b'"' => {
            let text = cursor.quoted(at)?;
            let after = text.after();
            each(Scalar::Text(text));
            Some(after)
        }
        b'{' => block::skip(cursor.look, cursor.bytes, at),
        _ => {
            let rest = cursor.bytes.get(at..)?;
            // What else stands in the place of a value shows in what follows.
            let is_in =
                |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
            let is_end = |byte: &u8| !is_in(byte);
            let length = rest.iter().position(is_end).unwrap_or(rest.len());
            if length == 0 {
                return None;
            }
            if rest.get(..length)? != b"null" {
                each(Scalar::Bare(at, at + length));
            }
            Some(at + length)
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

    const PATHS: [&[&str]; 4] = [&["a"], &["a", "b"], &["b", "a", "a"], &["c"]];

    fn read(body: &[u8]) -> Option<Vec<(usize, String)>> {
        let paths = BodyPaths::new(PATHS);
        let (mut memory, mut found) = (String::new(), Vec::new());
        let all = paths.read(body, &mut memory, &mut |path, text| {
            found.push((path, text.to_owned()));
        });
        all.then_some(found)
    }

    /// What a tree yields at each path.
    fn tree(body: &[u8]) -> Vec<(usize, String)> {
        let mut tree = Tree::default();
        let root = tree.parse(body, &Limits::default()).unwrap();
        let mut found = Vec::new();
        for (number, path) in PATHS.iter().enumerate() {
            let path: Vec<_> = path.iter().map(|key| Segment::Key((*key).into())).collect();
            tree.any_value(root.into(), &path, Doubt::AnyReading, &mut |value| {
                found.extend(value.as_text().map(|text| (number, text.to_owned())));
                false
            });
        }
        found
    }

    #[track_caller]
    fn agree(body: &[u8]) -> bool {
        let Some(mut found) = read(body) else {
            return false;
        };
        let mut expected = tree(body);
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(body));
        true
    }

    #[test]
    fn values_are_those_of_a_tree() {
        for body in [
            r#"{"a":{"b":"x"},"c":[1,[true,null],{"c":2},"y"]}"#,
            r#"[{"a":[{"b":1},{"b":[2,3]}]},{"c":{}}]"#,
            r#"{"a":1,"a":{"b":2},"b":{"a":{"a":"\u0041\ud800"}}}"#,
            r#" { "z" : [ { "a" : "]" } ] , "a" : "\"" , "b" : { } , "c" : [ ] } "#,
            r#""text""#,
            "{}",
            "[]",
            "null",
            "12",
        ] {
            assert!(agree(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn what_is_odd_is_left_to_the_tree() {
        for body in [
            r#"{"\u0061":1}"#,
            r#"{"a" 1}"#,
            r#"{"a":1 "c":2}"#,
            r#"{"a":,"c":1}"#,
            r#"{"a":1,}"#,
            r#"{"a":1}}"#,
            r#"{"a":1"#,
            r#"{"a":t\ue}"#,
            "",
        ] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
        assert_eq!(
            read(format!("{}{}", "[".repeat(65), "]".repeat(65)).as_bytes()),
            None
        );
        assert_eq!(read(&vec![b'1'; MOST_BYTES + 1]), None);
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            Just("1e3".to_owned()),
            Just("\"x\"".to_owned()),
            Just("\"\\u00e9\\\\\"".to_owned()),
            Just("\"}]\"".to_owned()),
        ];
        leaf.prop_recursive(5, 60, 5, |inner| {
            let member = (
                prop_oneof![3 => Just("a"), 3 => Just("b"), 2 => Just("c"), 1 => Just("\\u0061")],
                inner.clone(),
            );
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(|all| format!("[{}]", all.join(", "))),
                prop::collection::vec(member, 0..5).prop_map(|all| {
                    let all: Vec<_> = all
                        .iter()
                        .map(|(key, value)| format!("\"{key}\": {value}"))
                        .collect();
                    format!("{{{}}}", all.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn generated_values_are_those_of_a_tree(body in json(), cut in any::<prop::sample::Index>(), byte in prop::sample::select(&b"{}[],:\"\\a1 "[..])) {
            let read = agree(body.as_bytes());
            prop_assert!(read || body.contains("\"\\u0061\":"));
            // One byte is wrong: what is read all the same is read alike.
            let mut broken = body.into_bytes();
            let at = cut.index(broken.len());
            broken[at] = byte;
            agree(&broken);
        }
    }
}
