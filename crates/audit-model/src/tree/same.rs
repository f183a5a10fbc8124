//! Whether two values are one.

use super::{Kind, NodeId, Tree};

impl Tree {
    /// Whether two nodes are one value: the same members under the same keys, in the same order.
    pub(crate) fn is_same(&self, left: NodeId, right: NodeId) -> bool {
        /// Values made of others stand for them, and those do not.
        const ALIASES: usize = 4;
        self.is_same_below(left, right, ALIASES)
    }

    fn is_same_below(&self, left: NodeId, right: NodeId, aliases: usize) -> bool {
        let (left, right) = (self.target(left), self.target(right));
        if left == right {
            return true;
        }
        let (mut a, mut b) = (left, right);
        // Nesting is an attacker's, so this walks without recursion, up by the links to parents.
        loop {
            let is_root = a == left;
            let mut below = match (self.kind(a), self.kind(b)) {
                (Kind::Alias(_), Kind::Alias(_)) => {
                    let Some(aliases) = aliases.checked_sub(1) else {
                        return false;
                    };
                    if !self.is_same_below(a, b, aliases) {
                        return false;
                    }
                    (None, None)
                }
                (kind, other) if kind == other => (self.first_child(a), self.first_child(b)),
                _ => return false,
            };
            if self.value(a) != self.value(b) || (!is_root && self.key(a) != self.key(b)) {
                return false;
            }
            (a, b) = loop {
                match below {
                    (Some(a), Some(b)) => break (a, b),
                    (None, None) if a == left => return true,
                    (None, None) => {
                        below = (self.next(a), self.next(b));
                        if let ((None, None), Some(up), Some(beside)) =
                            (below, self.parent(a), self.parent(b))
                        {
                            (a, b) = (up, beside);
                        }
                    }
                    _ => return false,
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn values_are_one_when_all_of_them_is() {
        let texts = [
            r#"{"a":[1,{"b":null}],"c":"x"}"#,
            r#"{"a":[1,{"b":null}],"c":"y"}"#,
            r#"{"a":[1,{"b":null}]}"#,
            r#"{"a":[1,{"b":null},2],"c":"x"}"#,
            r#"{"a":[1,{"b":[]}],"c":"x"}"#,
            r#"{"a":[1,{"d":null}],"c":"x"}"#,
            r#"{"a":[[1],{"b":null}],"c":"x"}"#,
            r#"{"c":"x","a":[1,{"b":null}]}"#,
            "[]",
            "{}",
            "1",
            "1.0",
            r#""1""#,
        ];
        let mut tree = Tree::default();
        let mut parse = |text: &str| tree.parse(text.as_bytes(), &Limits::default()).unwrap();
        let first = texts.map(&mut parse);
        let second = texts.map(&mut parse);
        for (at, left) in first.into_iter().enumerate() {
            for (beside, right) in second.into_iter().enumerate() {
                assert_eq!(tree.is_same(left, right), at == beside, "{at} {beside}");
                let mut list = || {
                    let list = tree.add(Kind::List);
                    for node in [first[0], left] {
                        let alias = tree.add_alias(node);
                        tree.push(list, alias);
                    }
                    list
                };
                let (one, other) = (list(), list());
                assert!(tree.is_same(one, other));
                let other = tree.add(Kind::List);
                for node in [second[0], right] {
                    let alias = tree.add_alias(node);
                    tree.push(other, alias);
                }
                assert_eq!(tree.is_same(one, other), at == beside, "{at} {beside}");
            }
        }
    }
}
