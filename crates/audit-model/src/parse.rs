//! Body text into a [`Tree`].
//!
//! The decoder has checked the structure: strings are closed, brackets balance. The rest is read as well as it can be
//! and never refused, because what the API server made of a malformed body is not known here.

use std::ops::Range;

use crate::limits::Limits;
use crate::scan;
use crate::tree::{Kind, NodeId, Span, Tree, TreeError};

impl Tree {
    /// Reads JSON below a new node.
    ///
    /// # Errors
    /// [`TreeError`] when the text nests too deep or holds too many values; what was read of it then hangs nowhere.
    pub(crate) fn parse(&mut self, json: &[u8], limits: &Limits) -> Result<NodeId, TreeError> {
        let (root, _) = self.parse_with::<false>(json, limits);
        root
    }

    /// The same of JSON that is to be sound and to end where the text does; `None` if it is not, or beyond the limits.
    pub(crate) fn parse_sound(&mut self, json: &[u8], limits: &Limits) -> Option<NodeId> {
        let (root, sound) = self.parse_with::<true>(json, limits);
        root.ok().filter(|_| sound)
    }

    fn parse_with<const SOUND: bool>(
        &mut self,
        json: &[u8],
        limits: &Limits,
    ) -> (Result<NodeId, TreeError>, bool) {
        let max_nodes = self.n_nodes().saturating_add(limits.body_nodes());
        let mut open = self.take_open();
        let added = self.add_json(json);
        let mut parser = Parser {
            tree: self,
            json,
            added,
            at: 0,
            max_nodes,
            max_depth: limits.body_depth(),
            sound: true,
        };
        let result = parser.run::<SOUND>(&mut open);
        let sound = parser.sound && parser.next_token().is_none();
        self.put_open(open);
        (result, sound)
    }
}

struct Parser<'t, 'j> {
    tree: &'t mut Tree,
    json: &'j [u8],
    /// Where the tree has its text, if it is text.
    added: Option<usize>,
    at: usize,
    max_nodes: usize,
    max_depth: usize,
    /// Whether the grammar has held so far, where that is asked.
    sound: bool,
}

/// What may come next by the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    /// The first value of a list, or its end.
    First,
    /// The first key of an object, or its end.
    FirstKey,
    Key,
    Colon,
    /// A comma, or the end of what is open.
    Comma,
}

impl Expect {
    /// What may come after a token that begins so; `None` if it may not come here.
    fn after(self, byte: u8, in_object: bool) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Comma, b',') if in_object => Self::Key,
            (Self::Comma, b',') | (Self::Colon, b':') => Self::Value,
            (Self::FirstKey | Self::Comma, b'}') if in_object => Self::Comma,
            (Self::First | Self::Comma, b']') if !in_object => Self::Comma,
            (Self::FirstKey | Self::Key, b'"') => Self::Colon,
            (Self::Value | Self::First, b'{') => Self::FirstKey,
            (Self::Value | Self::First, b'[') => Self::First,
            (_, b',' | b':' | b'}' | b']') => return None,
            (Self::Value | Self::First, _) => Self::Comma,
            _ => return None,
        })
    }
}

impl Parser<'_, '_> {
    fn run<const SOUND: bool>(&mut self, open: &mut Vec<NodeId>) -> Result<NodeId, TreeError> {
        let mut root = None;
        // The key that the next value stands under, when the open container is an object.
        let mut key = None;
        let mut expect = Expect::Value;
        let mut complete = false;
        // Whether what is open last is an object.
        let mut in_object = false;
        while let Some(byte) = self.next_token() {
            if SOUND {
                match expect.after(byte, in_object) {
                    Some(next) if self.sound => expect = next,
                    _ => break,
                }
            }
            let node = match byte {
                b',' | b':' => {
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    self.at += 1;
                    if let Some(closed) = open.pop() {
                        self.flush_key(closed, &mut key);
                        if self.tree.kind(closed) == Kind::Object {
                            self.tree.find_repeats(closed);
                        }
                    }
                    if open.is_empty() {
                        complete = true;
                        break;
                    }
                    in_object = self.in_object(open);
                    continue;
                }
                b'"' if key.is_none() && in_object => {
                    key = Some(self.string::<SOUND>());
                    // What mostly follows takes no step of its own, here and below.
                    if self.json.get(self.at) == Some(&b':') {
                        self.at += 1;
                        expect = Expect::Value;
                    }
                    continue;
                }
                b'"' => {
                    let span = self.string::<SOUND>();
                    self.tree.add_text_at(span)
                }
                b'{' | b'[' => {
                    self.at += 1;
                    self.tree.add(if byte == b'{' {
                        Kind::Object
                    } else {
                        Kind::List
                    })
                }
                _ => self.bare::<SOUND>(),
            };
            if self.tree.n_nodes() > self.max_nodes {
                return Err(TreeError::Nodes);
            }
            match open.last() {
                None => root = Some(node),
                Some(parent) => match key.take() {
                    Some(key) => self.tree.push_keyed(*parent, key, node),
                    None => self.tree.push(*parent, node),
                },
            }
            if matches!(byte, b'{' | b'[') {
                if open.len() >= self.max_depth {
                    return Err(TreeError::Depth);
                }
                open.push(node);
                in_object = byte == b'{';
            } else if open.is_empty() {
                complete = true;
                break;
            } else if self.json.get(self.at) == Some(&b',') {
                self.at += 1;
                expect = if in_object {
                    Expect::Key
                } else {
                    Expect::Value
                };
            }
        }
        self.sound &= complete;
        Ok(root.unwrap_or_else(|| self.tree.add(Kind::Null)))
    }

    fn in_object(&self, open: &[NodeId]) -> bool {
        open.last()
            .is_some_and(|node| self.tree.kind(*node) == Kind::Object)
    }

    /// A key at the end of an object that no value follows: there is something, not known what.
    fn flush_key(&mut self, object: NodeId, key: &mut Option<Span>) {
        if let Some(key) = key.take() {
            let unknown = self.tree.add(Kind::Unknown);
            self.tree.push_keyed(object, key, unknown);
        }
    }

    fn next_token(&mut self) -> Option<u8> {
        loop {
            match self.json.get(self.at)? {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    /// The text of a string that begins here.
    fn string<const SOUND: bool>(&mut self) -> Span {
        let start = self.at + 1;
        if let Some(end) = scan::short_end(self.json, start) {
            self.at = end + 1;
            return self.plain(start..end);
        }
        if let Some((span, end)) = self.tree.add_string(self.json, start) {
            self.at = end + 1;
            return span;
        }
        let end = if SOUND {
            let end = scan::string_end(self.json, start);
            self.sound &= end.is_ok();
            end.map_or(self.json.len(), |(end, _)| end)
        } else {
            scan::string_end_leniently(self.json, start)
        };
        self.at = end + 1;
        self.tree
            .add_key(self.json.get(start..end).unwrap_or_default())
    }

    /// A text that stands in the JSON as it is.
    fn plain(&mut self, range: Range<usize>) -> Span {
        if let Some(added) = self.added {
            return Tree::part_of_json(added, range);
        }
        self.tree.add_key(self.json.get(range).unwrap_or_default())
    }

    /// `true`, `false`, `null`, a number, or whatever stands in their place.
    fn bare<const SOUND: bool>(&mut self) -> NodeId {
        let rest = self.json.get(self.at..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|byte| {
                matches!(byte, b',' | b':' | b'"' | b'{' | b'}' | b'[' | b']')
                    || byte.is_ascii_whitespace()
            })
            .unwrap_or(rest.len())
            .max(1);
        self.at += end;
        match rest.get(..end).unwrap_or_default() {
            b"true" => self.tree.add(Kind::Bool(true)),
            b"false" => self.tree.add(Kind::Bool(false)),
            b"null" => self.tree.add(Kind::Null),
            other => {
                let start = self.at - end;
                let is_number = scan::number_end(other, 0) == Some(end);
                self.sound &= !SOUND || is_number;
                let span = if is_number {
                    self.plain(start..self.at)
                } else {
                    self.tree.add_key(other)
                };
                self.tree.add_number_at(span)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::frame::first_fault;

    fn show(tree: &Tree, node: NodeId) -> String {
        let list = |open: &str, close: &str| {
            let children: Vec<String> = tree
                .children(node)
                .map(|child| match tree.key(child) {
                    Some(key) => format!("{key:?}:{}", show(tree, child)),
                    None => show(tree, child),
                })
                .collect();
            format!("{open}{}{close}", children.join(","))
        };
        match tree.kind(node) {
            Kind::Text => format!("{:?}", tree.text(node).unwrap()),
            Kind::List => list("[", "]"),
            Kind::Object => list("{", "}"),
            Kind::Unknown => "?".to_owned(),
            Kind::Null => "null".to_owned(),
            _ => tree.value(node).unwrap().as_text().unwrap().to_owned(),
        }
    }

    #[track_caller]
    fn check(json: &str, expected: &str) {
        let mut tree = Tree::default();
        let root = tree.parse(json.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(show(&tree, root), expected);
    }

    #[test]
    fn keeps_what_strict_parsers_lose() {
        check(
            r#" {"a" : [1, -2.5e3 ,true,null,{}], "b":"x"} "#,
            r#"{"a":[1,-2.5e3,true,null,{}],"b":"x"}"#,
        );
        check(r#"{"a":1,"\u0061":2,"a":3}"#, r#"{"a":1,"a":2,"a":3}"#);
        check(
            r#"{"a":"\ud800","b":1e999}"#,
            "{\"a\":\"\u{fffd}\",\"b\":1e999}",
        );
        check(r#""alone""#, r#""alone""#);
        check(r#""a\\\"b""#, r#""a\\\"b""#);
        check("[[[]],[]]", "[[[]],[]]");
    }

    #[test]
    fn reads_on_where_the_grammar_is_broken() {
        check(r#"{"a" "b","c":tru}"#, r#"{"a":"b","c":tru}"#);
        check(r#"{"a":}"#, r#"{"a":?}"#);
        check("[1 2,,3,]", "[1,2,3]");
        check("", "null");
    }

    #[test]
    fn tells_repeated_keys_of_small_and_large_objects() {
        let repeats = |json: &str| {
            let mut tree = Tree::default();
            let root = tree.parse(json.as_bytes(), &Limits::default()).unwrap();
            (tree.repeats(root), tree.has_duplicate_key())
        };
        assert_eq!(repeats(r#"{"a":1,"b":2}"#), (false, false));
        assert_eq!(repeats(r#"{"a":1,"\u0061":2}"#), (true, true));
        assert_eq!(repeats(r#"{"x":{"a":1,"a":2}}"#), (false, true));
        assert_eq!(repeats(r#"{"":1,"b":"c","":2}"#), (true, true));
        // Whether keys are alike is not told by what they begin and end with.
        for n in 2..20 {
            let keys = (0..n).map(|n| format!("\"k{n:02}k\":{n}"));
            let keys: Vec<String> = keys.collect();
            let keys = keys.join(",");
            assert_eq!(repeats(&format!("{{{keys}}}")), (false, false));
            assert_eq!(repeats(&format!("{{{keys},\"k00k\":0}}")), (true, true));
        }
        let many: Vec<String> = (0..100).map(|n| format!("\"k{n}\":0")).collect();
        assert_eq!(repeats(&format!("{{{}}}", many.join(","))), (false, false));
        assert_eq!(
            repeats(&format!("{{{},\"k7\":1}}", many.join(","))),
            (true, true)
        );
    }

    #[test]
    fn limits_are_errors_and_depth_takes_no_stack() {
        let mut tree = Tree::default();
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(
            tree.parse(nested(10_000).as_bytes(), &Limits::default())
                .is_ok()
        );
        assert_eq!(
            tree.parse(nested(10_001).as_bytes(), &Limits::default()),
            Err(TreeError::Depth)
        );
        tree.clear();
        let wide = format!("[{}0]", "0,".repeat(2_000_000));
        assert_eq!(
            tree.parse(wide.as_bytes(), &Limits::default()),
            Err(TreeError::Nodes)
        );
    }

    #[test]
    fn members_are_found_through_nested_lists() {
        let mut tree = Tree::default();
        let root = tree
            .parse(
                br#"[1,[2,[],[[3]],{"a":[9]}],[],[[]],4]"#,
                &Limits::default(),
            )
            .unwrap();
        let members: Vec<String> = tree
            .members(root)
            .map(|member| show(&tree, member))
            .collect();
        assert_eq!(members, ["1", "2", "3", r#"{"a":[9]}"#, "4"]);
        let deep = "[".repeat(9_999) + "7" + &"]".repeat(9_999);
        let root = tree.parse(deep.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(tree.members(root).count(), 1);
    }

    proptest! {
        #[test]
        fn sound_is_what_has_no_fault(pieces in prop::collection::vec(
            prop_oneof![
                3 => Just("{"), 3 => Just("}"), 2 => Just("["), 2 => Just("]"), 3 => Just(","), 3 => Just(":"),
                4 => Just("\"a\""), 1 => Just("\"\\\""), 1 => Just("\"\u{1}\""), 2 => Just("1"), 1 => Just("-0.5e3"), 1 => Just("01"),
                1 => Just("true"), 1 => Just("tru"), 1 => Just("null"), 1 => Just(" "), 1 => Just("\u{b}"),
                2 => Just("{\"a\":1"), 1 => Just("\"b\":[1,{\"c\":\"d\"}]"),
            ],
            0..12,
        )) {
            let json = pieces.concat();
            let mut tree = Tree::default();
            let sound = tree.parse_sound(json.as_bytes(), &Limits::default());
            prop_assert_eq!(sound.is_some(), first_fault(json.as_bytes()).is_none(), "{}", &json);
            if let Some(sound) = sound {
                let mut other = Tree::default();
                let root = other.parse(json.as_bytes(), &Limits::default()).unwrap();
                prop_assert_eq!(show(&tree, sound), show(&other, root));
            }
        }
    }
}
