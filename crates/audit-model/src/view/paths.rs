//! The values at some paths of a body, without making a tree of it.

use fearless_simd::Level;

use crate::view::jumps::Jumps;
use crate::view::scalars::{self, Below, Guide};

/// Paths of keys below a body, read together in one pass.
///
/// ```
/// use audit_model::{BodyPaths, Jumps};
///
/// let paths = BodyPaths::new([["metadata", "name"], ["spec", "hostNetwork"]]);
/// let body = br#"{"kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{}],"hostNetwork":true}}"#;
/// let (mut memory, mut found) = (String::new(), Vec::new());
/// assert!(paths.read(body, Jumps::default(), &mut memory, &mut |path, text| found.push((path, text.to_owned()))));
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
    /// `jumps` are those of this body, or none. Returns whether that was all. If not, the body is odd, and a tree must say
    /// what it holds.
    pub fn read(
        &self,
        body: &[u8],
        jumps: Jumps<'_>,
        memory: &mut String,
        each: &mut dyn FnMut(usize, &str),
    ) -> bool {
        scalars::read(self.level, self, body, jumps, memory, &mut |path, value| {
            // Every scalar has a text.
            each(path, value.as_text().unwrap_or_default());
        })
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

impl Guide for BodyPaths {
    /// A node.
    type Place = usize;

    #[inline(always)]
    fn root(&self) -> usize {
        0
    }

    #[inline(always)]
    fn below(&self, object: usize, raw: &[u8], escaped: bool) -> Below<usize> {
        if escaped {
            return Below::Odd;
        }
        self.child(object, raw).map_or(Below::Nothing, Below::At)
    }

    #[inline(always)]
    fn enters(&self, object: usize) -> bool {
        self.nodes
            .get(object)
            .is_some_and(|node| !node.children.is_empty())
    }

    #[inline(always)]
    fn wanted(&self, at: usize) -> Option<usize> {
        self.nodes.get(at)?.path
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::Limits;
    use crate::path::Segment;
    use crate::tree::Tree;
    use crate::view::block::Words;
    use crate::view::jumps::Noting;
    use crate::view::skip::skip;
    use crate::walk::Doubt;

    const PATHS: [&[&str]; 4] = [&["a"], &["a", "b"], &["b", "a", "a"], &["c"]];

    /// What is found without jumps and, where the body is sound, with them.
    fn read(body: &[u8]) -> Option<Vec<(usize, String)>> {
        let found = read_with(body, Jumps::default());
        let mut jumps = Vec::new();
        let is_container = matches!(body.first(), Some(b'{' | b'['));
        if is_container
            && skip(Words, body, 0, false, &mut Noting::new(&mut jumps)) == Some(body.len())
        {
            let jumps = Jumps {
                jumps: &jumps,
                start: 0,
            };
            assert_eq!(read_with(body, jumps), found);
        }
        found
    }

    fn read_with(body: &[u8], jumps: Jumps<'_>) -> Option<Vec<(usize, String)>> {
        let paths = BodyPaths::new(PATHS);
        let (mut memory, mut found) = (String::new(), Vec::new());
        let all = paths.read(body, jumps, &mut memory, &mut |path, text| {
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
        assert_eq!(read(&vec![b'1'; scalars::MOST_BYTES + 1]), None);
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            Just("1e3".to_owned()),
            Just("\"x\"".to_owned()),
            Just("\"\\u00e9\\\\\"".to_owned()),
            Just("\"}]\"".to_owned()),
            // What it stands in is long.
            Just(format!("\"{}\"", "\\\"}x".repeat(150))),
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
