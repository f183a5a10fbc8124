//! Following a path through a tree: lists fan out, readings of a duplicated key combine.

use crate::path::Segment;
use crate::tree::{Kind, NodeId, Tree};
use crate::value::Value;

/// How the readings of a duplicated key combine.
///
/// A repeated key leaves it open which value the API server took. A test that looks for something bad asks for
/// [`Doubt::AnyReading`], one under a negation for [`Doubt::EveryReading`]: either way doubt ends in a hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// One reading that answers yes is enough.
    AnyReading,
    /// Every reading must answer yes, and there must be one.
    EveryReading,
}

impl Doubt {
    /// The same under one more negation.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::AnyReading => Self::EveryReading,
            Self::EveryReading => Self::AnyReading,
        }
    }

    fn combine(
        self,
        readings: impl Iterator<Item = NodeId>,
        mut each: impl FnMut(NodeId) -> bool,
    ) -> bool {
        match self {
            Self::AnyReading => readings.into_iter().any(each),
            Self::EveryReading => {
                let mut some = false;
                for reading in readings {
                    some = true;
                    if !each(reading) {
                        return false;
                    }
                }
                some
            }
        }
    }
}

/// A member of a list or an entry of a map: where a path of a block starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    node: NodeId,
    /// Whether it is read as `{key, value}`.
    entry: bool,
}

impl From<NodeId> for Member {
    fn from(node: NodeId) -> Self {
        Self { node, entry: false }
    }
}

impl Member {
    /// The key, of an entry of a map.
    pub fn key(self, tree: &Tree) -> Option<&str> {
        if self.entry {
            tree.key(self.node)
        } else {
            None
        }
    }
}

/// What a walk stops at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// The values at the end of the path, a list's members instead of the list.
    Values,
    /// The nodes at the end of the path, lists as lists.
    Nodes,
    /// The members or entries of what stands at the end of the path.
    Members,
}

impl Tree {
    /// Whether `each` says yes to some value at the end of the path. A list yields its members, those of lists within
    /// it too.
    pub fn any_value<'t>(
        &'t self,
        start: Member,
        path: &[Segment],
        doubt: Doubt,
        each: &mut dyn FnMut(Value<'t>) -> bool,
    ) -> bool {
        self.any(Goal::Values, start, path, doubt, each)
    }

    /// Whether `each` says yes to something at the end of the path, a list counted as one value.
    pub fn any_node<'t>(
        &'t self,
        start: Member,
        path: &[Segment],
        doubt: Doubt,
        each: &mut dyn FnMut(Value<'t>) -> bool,
    ) -> bool {
        self.any(Goal::Nodes, start, path, doubt, each)
    }

    fn any<'t>(
        &'t self,
        goal: Goal,
        start: Member,
        path: &[Segment],
        doubt: Doubt,
        each: &mut dyn FnMut(Value<'t>) -> bool,
    ) -> bool {
        let mut visit = |value: Option<Value<'t>>, _: Member| value.is_some_and(&mut *each);
        Walk {
            tree: self,
            goal,
            doubt,
            each: &mut visit,
        }
        .start(start, path)
    }

    /// Whether `each` says yes to some member of the lists, or some entry of the maps, at the end of the path.
    pub fn any_member(
        &self,
        start: Member,
        path: &[Segment],
        doubt: Doubt,
        each: &mut dyn FnMut(Member) -> bool,
    ) -> bool {
        let mut visit = |_: Option<Value<'_>>, member: Member| each(member);
        Walk {
            tree: self,
            goal: Goal::Members,
            doubt,
            each: &mut visit,
        }
        .start(start, path)
    }

    /// Whether `each` says yes to some text or number at or below a recorded field, in any reading.
    pub(crate) fn any_text(&self, field: NodeId, each: &mut dyn FnMut(&str) -> bool) -> bool {
        self.readings(field)
            .any(|reading| self.any_text_below(reading, each))
    }

    // Bodies nest as deep as they may, so this walks without a stack.
    fn any_text_below(&self, root: NodeId, each: &mut dyn FnMut(&str) -> bool) -> bool {
        let mut node = root;
        loop {
            let found = match self.kind(node) {
                Kind::Text | Kind::Number => self
                    .value(node)
                    .and_then(|value| value.as_text())
                    .is_some_and(&mut *each),
                _ => false,
            };
            if found {
                return true;
            }
            let mut next = self.first_child(node);
            while next.is_none() {
                if node == root {
                    return false;
                }
                next = self.next(node);
                if next.is_none() {
                    let Some(parent) = self.parent(node) else {
                        return false;
                    };
                    node = parent;
                }
            }
            let Some(this) = next else { return false };
            node = this;
        }
    }
}

struct Walk<'w, 't> {
    tree: &'t Tree,
    goal: Goal,
    doubt: Doubt,
    each: &'w mut dyn FnMut(Option<Value<'t>>, Member) -> bool,
}

impl Walk<'_, '_> {
    fn start(&mut self, start: Member, path: &[Segment]) -> bool {
        if !start.entry {
            return self.follow(start.node, path);
        }
        match path.split_first() {
            None => (self.each)(Some(Value::Object), start),
            Some((Segment::Key(key), [])) if &**key == "key" && self.goal != Goal::Members => {
                (self.each)(self.tree.key(start.node).map(Value::Text), start)
            }
            Some((Segment::Key(key), rest)) if &**key == "value" => self.follow(start.node, rest),
            Some(_) => false,
        }
    }

    fn combine(
        &mut self,
        readings: impl Iterator<Item = NodeId>,
        mut each: impl FnMut(&mut Self, NodeId) -> bool,
    ) -> bool {
        let doubt = self.doubt;
        doubt.combine(readings, |reading| each(self, reading))
    }

    // The recursion is as deep as the path is long: nested lists are walked flat, and readings do not nest.
    fn follow(&mut self, node: NodeId, path: &[Segment]) -> bool {
        let tree = self.tree;
        let node = tree.target(node);
        match tree.kind(node) {
            Kind::Either => {
                return self.combine(tree.children(node), |walk, reading| {
                    walk.follow(reading, path)
                });
            }
            Kind::Missing => return false,
            // Whatever is below something unknown is unknown as well.
            Kind::Unknown => return (self.each)(Some(Value::Unknown), node.into()),
            _ => {}
        }
        let Some((segment, rest)) = path.split_first() else {
            return self.arrive(node);
        };
        match (tree.kind(node), segment) {
            (Kind::List, Segment::Index(index)) => {
                Self::at_index(tree, node, *index).is_some_and(|member| self.follow(member, rest))
            }
            (Kind::List, _) => tree.members(node).any(|member| self.follow(member, path)),
            (Kind::Parts, Segment::Index(index)) => {
                let at = tree.children(node).filter(|child| {
                    tree.key(*child)
                        .is_some_and(|key| key.parse() == Ok(*index))
                });
                self.combine(at, |walk, child| walk.follow(child, rest))
            }
            // A text has computed parts, an image its registry.
            (Kind::Object | Kind::Parts | Kind::Text, Segment::Key(key)) => {
                self.combine(tree.children_at(node, key), |walk, child| {
                    walk.follow(child, rest)
                }) || self.parts(node, path)
            }
            (Kind::Object | Kind::Parts, Segment::Split(name)) => {
                self.split(node, name, rest) || self.parts(node, path)
            }
            _ => false,
        }
    }

    /// Fans out over the members of what may be a list.
    fn parts(&mut self, node: NodeId, path: &[Segment]) -> bool {
        let tree = self.tree;
        tree.kind(node) == Kind::Parts
            && tree
                .part_members(node)
                .any(|member| self.follow(member, path))
    }

    /// Tries every way to split a dotted name that exists.
    fn split(&mut self, node: NodeId, name: &str, rest: &[Segment]) -> bool {
        let tree = self.tree;
        let node = tree.target(node);
        if !matches!(tree.kind(node), Kind::Object | Kind::Parts) {
            return tree.kind(node) == Kind::Unknown
                && (self.each)(Some(Value::Unknown), node.into());
        }
        let dots = name.match_indices('.').map(|(at, _)| at);
        dots.chain([name.len()]).any(|end| {
            let (Some(key), remaining) = (name.get(..end), name.get(end + 1..)) else {
                return false;
            };
            // Not `children_at`: its iterator would borrow the key for as long as the tree.
            let found = tree
                .children(node)
                .filter(|child| tree.key(*child) == Some(key));
            self.combine(found, |walk, child| match remaining {
                Some(remaining) => walk.split(child, remaining, rest),
                None => walk.follow(child, rest),
            })
        })
    }

    fn at_index(tree: &Tree, list: NodeId, index: i32) -> Option<NodeId> {
        let nth = usize::try_from(index.unsigned_abs()).ok()?;
        if index >= 0 {
            return tree.children(list).nth(nth);
        }
        let n_members = tree.children(list).count();
        tree.children(list).nth(n_members.checked_sub(nth)?)
    }

    /// At the end of the path.
    fn arrive(&mut self, node: NodeId) -> bool {
        let tree = self.tree;
        let kind = tree.kind(node);
        match (self.goal, kind) {
            (Goal::Nodes, _) => (self.each)(tree.value(node), node.into()),
            (_, Kind::List) => tree.members(node).any(|member| self.member(member)),
            (Goal::Values, Kind::Parts) => {
                tree.part_members(node).any(|member| self.member(member))
                    || (self.each)(tree.value(node), node.into())
            }
            (Goal::Values, _) => (self.each)(tree.value(node), node.into()),
            (Goal::Members, Kind::Parts) if tree.part_members(node).next().is_some() => {
                tree.part_members(node).any(|member| self.member(member))
            }
            (Goal::Members, Kind::Object | Kind::Parts) => self.entries(node),
            (Goal::Members, _) => false,
        }
    }

    /// A member of a list.
    fn member(&mut self, member: NodeId) -> bool {
        let tree = self.tree;
        let target = tree.target(member);
        match tree.kind(target) {
            Kind::Either => self.combine(tree.children(target), Walk::member),
            // A list that stands for members, not one that a body nests: those are walked flat.
            Kind::List => tree.members(target).any(|member| self.member(member)),
            Kind::Missing => false,
            _ => (self.each)(tree.value(target), target.into()),
        }
    }

    /// The entries of a map, those under a repeated key as readings of one.
    fn entries(&mut self, map: NodeId) -> bool {
        let tree = self.tree;
        let entry = |node| Member { node, entry: true };
        if !tree.repeats(map) || self.doubt == Doubt::AnyReading {
            return tree
                .children(map)
                .any(|child| (self.each)(tree.value(child), entry(child)));
        }
        // The entries of one key are looked at when its first one comes by.
        tree.children(map).any(|child| {
            let key = tree.key(child).unwrap_or_default();
            let first = tree.children_at(map, key).next() == Some(child);
            first && {
                let each = &mut self.each;
                self.doubt.combine(tree.children_at(map, key), |same| {
                    each(tree.value(same), entry(same))
                })
            }
        })
    }
}

impl Tree {
    /// The children of a [`Kind::Parts`] node that may be members of a list.
    pub(crate) fn part_members(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.children(node)
            .filter(|child| self.is_part_member(*child))
    }

    /// Whether a child of a [`Kind::Parts`] node may be a member of a list.
    pub(crate) fn is_part_member(&self, child: NodeId) -> bool {
        self.key(child)
            .is_some_and(|key| key == "-" || is_index(key))
    }
}

/// Whether a token of a JSON pointer is an index to the API server's library, which reads it with `strconv.Atoi`: a sign
/// may stand before the digits, and a negative index counts from the end.
pub(crate) fn is_index(token: &str) -> bool {
    let digits = token.strip_prefix(['+', '-']).unwrap_or(token);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
