//! A record that may be a wrapper, as adapters ask for what is in it.

use std::cell::Cell;

use crate::edges::Edges;
use crate::limits::Limits;
use crate::tree::{Kind, NodeId, Tree};
use crate::value::Value;

/// A record, or a piece of one, that may be a wrapper.
///
/// It notes which texts and numbers adapters look at: two records that differ in others alone are opened alike.
pub(crate) struct Outer<'o> {
    tree: &'o Tree,
    pub(crate) root: NodeId,
    pub(crate) limits: &'o Limits,
    /// What the keys of the root are like: adapters ask for many keys, and most records have none of them.
    keys: Edges,
    read: &'o Read,
}

/// Words of bits in [`Read`].
const WORDS: usize = 16;

/// Which values of a record were looked at, one bit each.
#[derive(Debug, Default)]
pub(crate) struct Read([Cell<u64>; WORDS]);

impl Read {
    /// Number of values of which it is noted. Others are taken for looked at.
    pub(crate) const MOST: usize = WORDS * 64;

    fn note(&self, node: NodeId) {
        if let Some(word) = self.0.get(node.index() / 64) {
            word.set(word.get() | 1 << (node.index() % 64));
        }
    }

    /// Whether the value that is the n-th in the record was looked at.
    pub(crate) fn has(&self, n: usize) -> bool {
        let word = self.0.get(n / 64);
        word.is_none_or(|word| word.get() >> (n % 64) & 1 == 1)
    }
}

impl<'o> Outer<'o> {
    pub(crate) fn new(tree: &'o Tree, root: NodeId, limits: &'o Limits, read: &'o Read) -> Self {
        let mut keys = Edges::default();
        for member in tree.children(root) {
            keys.add(tree.key(member).unwrap_or_default().as_bytes());
        }
        Self {
            tree,
            root,
            limits,
            keys,
            read,
        }
    }

    /// One of its values as a record of its own.
    pub(crate) fn within(&self, root: NodeId) -> Self {
        Self::new(self.tree, root, self.limits, self.read)
    }

    /// Whether it may say that it is an event or a list of them.
    pub(crate) fn may_be_event(&self) -> bool {
        self.has("kind") || self.has("auditID")
    }

    /// The value at a path of keys; of a repeated key the last one, as the pipelines read it.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<NodeId> {
        self.below(self.root, keys)
    }

    /// The value at a path of keys below a node.
    pub(crate) fn below(&self, node: NodeId, keys: &[&str]) -> Option<NodeId> {
        if node == self.root && keys.first().is_some_and(|key| !self.may_have(key)) {
            return None;
        }
        let found = keys
            .iter()
            .try_fold(node, |node, key| self.tree.children_at(node, key).last())?;
        (self.kind(found) != Kind::Null).then_some(found)
    }

    fn may_have(&self, key: &str) -> bool {
        self.keys.may_hold(key.as_bytes(), |byte| byte)
    }

    /// What a value is.
    pub(crate) fn kind(&self, node: NodeId) -> Kind {
        self.tree.kind(node)
    }

    /// The key that a value stands under.
    pub(crate) fn key(&self, node: NodeId) -> Option<&'o str> {
        self.tree.key(node)
    }

    /// The members of an object or a list.
    pub(crate) fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<'o> {
        self.tree.children(node)
    }

    /// What a value yields.
    pub(crate) fn value_of(&self, node: NodeId) -> Option<Value<'o>> {
        self.read.note(node);
        self.tree.value(node)
    }

    /// The text of a value that is one.
    pub(crate) fn text_of(&self, node: NodeId) -> Option<&'o str> {
        self.read.note(node);
        self.tree.text(node)
    }

    /// The text at a path of keys.
    pub(crate) fn text(&self, keys: &[&str]) -> Option<&'o str> {
        self.text_of(self.at(keys)?)
    }

    /// The text at a path of keys below a node.
    pub(crate) fn text_below(&self, node: NodeId, keys: &[&str]) -> Option<&'o str> {
        self.text_of(self.below(node, keys)?)
    }

    /// Whether there is a text at a path of keys below a node.
    pub(crate) fn has_text_below(&self, node: NodeId, keys: &[&str]) -> bool {
        self.below(node, keys)
            .is_some_and(|node| self.kind(node) == Kind::Text)
    }

    /// Whether there is a text at a path of keys.
    pub(crate) fn has_text(&self, keys: &[&str]) -> bool {
        self.has_text_below(self.root, keys)
    }

    /// The members of the list at a path of keys; none where there is no list.
    pub(crate) fn list(&self, keys: &[&str]) -> impl Iterator<Item = NodeId> + use<'o> {
        self.members_below(self.root, keys)
    }

    /// The members of the list at a path of keys below a node; none where there is no list.
    pub(crate) fn members_below(
        &self,
        node: NodeId,
        keys: &[&str],
    ) -> impl Iterator<Item = NodeId> + use<'o> {
        let tree = self.tree;
        self.below(node, keys)
            .filter(|list| tree.kind(*list) == Kind::List)
            .into_iter()
            .flat_map(move |list| tree.children(list))
    }

    /// Whether the record has a member, be it null.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.may_have(key) && self.tree.children_at(self.root, key).next().is_some()
    }

    /// Whether there is a list at a path of keys.
    pub(crate) fn has_list(&self, keys: &[&str]) -> bool {
        self.at(keys)
            .is_some_and(|node| self.kind(node) == Kind::List)
    }

    /// Appends a value as JSON.
    pub(crate) fn write_json(&self, node: NodeId, out: &mut Vec<u8>) {
        self.all_in(node).for_each(|node| self.read.note(node));
        self.tree.write_json(node, &[], out);
    }

    /// A value and every one in it.
    fn all_in(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        let last = self.tree.last_below(node);
        (node.index()..=last.index()).filter_map(NodeId::nth)
    }

    /// Every value.
    pub(crate) fn all(&self) -> impl Iterator<Item = NodeId> + use<> {
        self.all_in(self.root)
    }

    /// All that the record holds, whoever looks at what of it.
    pub(crate) fn tree(&self) -> &'o Tree {
        self.all().for_each(|node| self.read.note(node));
        self.tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which values were looked at, of `{"a":"b","c":[1,{"d":null}],"e":{"f":"g"}}` and its parts in this order.
    #[track_caller]
    fn check(look: impl FnOnce(&Outer<'_>), expected: &[usize]) {
        let mut tree = Tree::default();
        let limits = Limits::default();
        let json = br#"{"a":"b","c":[1,{"d":null}],"e":{"f":"g"}}"#;
        let root = tree.parse(json, &limits).unwrap();
        let read = Read::default();
        look(&Outer::new(&tree, root, &limits, &read));
        let read: Vec<usize> = (0..8).filter(|n| read.has(*n)).collect();
        assert_eq!(read, expected);
        assert!(Read::default().has(Read::MOST));
    }

    #[test]
    fn what_is_looked_at_is_noted() {
        check(
            |outer| {
                assert!(outer.at(&["a"]).is_some() && outer.has("c"));
                assert!(outer.has_text(&["e", "f"]) && outer.has_list(&["c"]));
                assert_eq!(outer.list(&["c"]).count(), 2);
            },
            &[],
        );
        check(|outer| assert_eq!(outer.text(&["a"]), Some("b")), &[1]);
        check(
            |outer| {
                let list: Vec<NodeId> = outer.list(&["c"]).collect();
                assert!(outer.value_of(list[0]).is_some());
                assert_eq!(outer.text_below(list[1], &["d"]), None);
                assert_eq!(outer.text(&["e", "f"]), Some("g"));
            },
            &[3, 7],
        );
        check(
            |outer| {
                let within = outer.within(outer.at(&["e"]).unwrap());
                assert_eq!(within.text(&["f"]), Some("g"));
                assert_eq!(within.all().count(), 2);
            },
            &[7],
        );
        check(
            |outer| outer.write_json(outer.at(&["c"]).unwrap(), &mut Vec::new()),
            &[2, 3, 4, 5],
        );
        check(
            |outer| assert_eq!(outer.tree().n_nodes(), 8),
            &[0, 1, 2, 3, 4, 5, 6, 7],
        );
    }
}
