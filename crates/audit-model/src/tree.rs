//! An arena tree of JSON values in which nothing is lost: repeated keys, hostile text, the text of numbers.

mod build;
mod same;

use std::hash::RandomState;

use crate::value::Value;
use crate::write::write_text;

/// A node of a [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// The node that was made as the n-th.
    pub(crate) fn nth(n: usize) -> Option<Self> {
        u32::try_from(n).ok().map(Self)
    }

    /// How many nodes were made before.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// No node. Links use it instead of `Option`, which would double their size.
const NONE: NodeId = NodeId(u32::MAX);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number,
    /// Text; a computed part (an image's registry) hangs below as a child.
    Text,
    List,
    Object,
    /// An object or a list that JSON Patch operations set parts of: which of the two, the record does not say. A
    /// child whose key is an index or `-` is a member too.
    Parts,
    /// Readings of the same thing: the record does not decide between its children.
    Either,
    /// The same value as another node.
    Alias(NodeId),
    /// Nothing is there, in one of the readings.
    Missing,
    /// Something unknown is there.
    Unknown,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    /// Whether the node stands under a key, and whether it is an object with a repeated key.
    keyed: bool,
    repeats: bool,
    key: Span,
    text: Span,
    parent: NodeId,
    first: NodeId,
    last: NodeId,
    next: NodeId,
}

/// Why a body was not read into a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TreeError {
    /// Nested deeper than [`Limits::body_depth`].
    Depth,
    /// More values than [`Limits::body_nodes`].
    Nodes,
}

/// JSON values in one arena, reused from event to event.
///
/// After it has held the largest record, filling it again allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    text: String,
    /// Text that is being made into other text.
    aside: String,
    /// Memory in which escapes are taken out of long texts.
    unescaped: Vec<u8>,
    /// Memory for the tokens of JSON pointers.
    tokens: Vec<String>,
    /// Open containers while parsing.
    open: Vec<NodeId>,
    /// Hashes of an object's keys while looking for repeated ones.
    hashes: Vec<(u64, NodeId)>,
    hasher: RandomState,
    invalid_text: bool,
    duplicate_key: bool,
}

impl Tree {
    /// Forgets every value and keeps the memory.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.text.clear();
        self.invalid_text = false;
        self.duplicate_key = false;
    }

    /// Number of nodes.
    pub(crate) fn n_nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Whether text that was read held bad UTF-8 or a lone surrogate.
    pub(crate) fn has_invalid_text(&self) -> bool {
        self.invalid_text
    }

    /// Whether an object that was read repeats a key.
    pub(crate) fn has_duplicate_key(&self) -> bool {
        self.duplicate_key
    }

    fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.0 as usize)
    }

    fn slice(&self, span: Span) -> &str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    pub(crate) fn kind(&self, id: NodeId) -> Kind {
        self.node(id).map_or(Kind::Missing, |node| node.kind)
    }

    /// The node that an alias stands for, else the node itself.
    pub(crate) fn target(&self, mut id: NodeId) -> NodeId {
        while let Kind::Alias(target) = self.kind(id) {
            id = target;
        }
        id
    }

    /// The key that the node stands under; `None` for a list member and a root.
    pub(crate) fn key(&self, id: NodeId) -> Option<&str> {
        self.node(id)
            .filter(|node| node.keyed)
            .map(|node| self.slice(node.key))
    }

    /// Whether the node is an object that repeats a key.
    pub(crate) fn repeats(&self, id: NodeId) -> bool {
        self.node(id).is_some_and(|node| node.repeats)
    }

    pub(crate) fn first_child(&self, id: NodeId) -> Option<NodeId> {
        self.node(id)
            .map(|node| node.first)
            .filter(|first| *first != NONE)
    }

    /// The last node in what was read below one, or the node itself.
    pub(crate) fn last_below(&self, mut id: NodeId) -> NodeId {
        while let Some(node) = self.node(id).filter(|node| node.last != NONE) {
            id = node.last;
        }
        id
    }

    pub(crate) fn next(&self, id: NodeId) -> Option<NodeId> {
        self.node(id)
            .map(|node| node.next)
            .filter(|next| *next != NONE)
    }

    pub(crate) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.node(id)
            .map(|node| node.parent)
            .filter(|parent| *parent != NONE)
    }

    /// The direct children, in order.
    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let mut next = self.first_child(id);
        std::iter::from_fn(move || {
            let child = next?;
            next = self.next(child);
            Some(child)
        })
    }

    /// The direct children under a key; more than one where the key is repeated.
    pub(crate) fn children_at<'t>(
        &'t self,
        id: NodeId,
        key: &'t str,
    ) -> impl Iterator<Item = NodeId> + 't {
        let mut next = self.node(id).map_or(NONE, |node| node.first);
        std::iter::from_fn(move || {
            loop {
                let (this, node) = (next, self.node(next)?);
                next = node.next;
                // Most keys are told from others by their length.
                let Span { start, end } = node.key;
                let (start, end) = (start as usize, end as usize);
                if node.keyed
                    && end - start == key.len()
                    && self.text.as_bytes().get(start..end) == Some(key.as_bytes())
                {
                    return Some(this);
                }
            }
        })
    }

    /// The members of a list, those of lists within it instead of the lists themselves.
    ///
    /// Lists nest as deep as a body may, so this walks without a stack.
    pub(crate) fn members(&self, list: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let mut depth = 1_usize;
        let mut next = self.first_child(list);
        std::iter::from_fn(move || {
            loop {
                let node = next?;
                if self.kind(node) == Kind::List && self.first_child(node).is_some() {
                    depth += 1;
                    next = self.first_child(node);
                    continue;
                }
                next = self.next(node);
                let mut up = node;
                while next.is_none() && depth > 1 {
                    depth -= 1;
                    up = self.parent(up)?;
                    next = self.next(up);
                }
                if self.kind(node) != Kind::List {
                    return Some(node);
                }
                next?;
            }
        })
    }

    /// What the node yields; `None` for nothing.
    pub(crate) fn value(&self, id: NodeId) -> Option<Value<'_>> {
        let id = self.target(id);
        let node = self.node(id)?;
        Some(match node.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(value),
            Kind::Number => Value::Number(self.slice(node.text)),
            Kind::Text => Value::Text(self.slice(node.text)),
            Kind::List => Value::List {
                empty: node.first == NONE,
            },
            Kind::Object | Kind::Parts => Value::Object,
            Kind::Unknown => Value::Unknown,
            Kind::Either | Kind::Alias(_) | Kind::Missing => return None,
        })
    }

    /// The text of a node that is text.
    pub(crate) fn text(&self, id: NodeId) -> Option<&str> {
        match self.value(id) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The members of a list, or the children of parts that may be members of one.
    pub(crate) fn list_members(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let node = self.target(node);
        let list = (self.kind(node) == Kind::List).then(|| self.members(node));
        let parts = (self.kind(node) == Kind::Parts).then(|| self.part_members(node));
        list.into_iter()
            .flatten()
            .chain(parts.into_iter().flatten())
    }

    /// Whether a key anywhere below a node, made by one parse, passes a test.
    pub(crate) fn has_key_below(&self, node: NodeId, test: impl Fn(&str) -> bool) -> bool {
        let mut next = self.first_child(node);
        let mut depth = 1_usize;
        while let Some(this) = next {
            if self.key(this).is_some_and(&test) {
                return true;
            }
            next = self.first_child(this);
            if next.is_some() {
                depth += 1;
                continue;
            }
            next = self.next(this);
            let mut up = this;
            while next.is_none() && depth > 1 {
                depth -= 1;
                let Some(parent) = self.parent(up) else {
                    return false;
                };
                up = parent;
                next = self.next(up);
            }
        }
        false
    }

    /// The hash under which names are filed; seeded, because the names are an attacker's.
    pub(crate) fn hasher(&self) -> RandomState {
        self.hasher.clone()
    }

    /// The readings of a node: itself, unless the record leaves several.
    pub(crate) fn readings(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let node = self.target(node);
        let several = self.kind(node) == Kind::Either;
        let mut next = if several {
            self.first_child(node)
        } else {
            Some(node)
        };
        std::iter::from_fn(move || {
            let reading = next?;
            next = if several { self.next(reading) } else { None };
            Some(self.target(reading))
        })
    }

    /// Appends a value as JSON, without members under some keys. Readings that are not decided are written one after
    /// the other; computed parts are not.
    pub(crate) fn write_json(&self, root: NodeId, leave_out: &[&str], out: &mut Vec<u8>) {
        let mut depth = 0_usize;
        let mut next = Some(root);
        // Nesting is an attacker's, so this walks without recursion, up by the links to parents.
        while let Some(node) = next {
            let kind = self.kind(node);
            let container = matches!(kind, Kind::List | Kind::Object);
            let left_out = depth > 0 && self.key(node).is_some_and(|key| leave_out.contains(&key));
            if !left_out {
                if depth > 0 {
                    if !matches!(out.last(), Some(b'[' | b'{')) {
                        out.push(b',');
                    }
                    if let Some(key) = self.key(node) {
                        write_text(key, self.invalid_text, out);
                        out.push(b':');
                    }
                }
                match kind {
                    Kind::List => out.push(b'['),
                    Kind::Object => out.push(b'{'),
                    _ => self.write_scalar(node, out),
                }
                if container && self.first_child(node).is_some() {
                    depth += 1;
                    next = self.first_child(node);
                    continue;
                }
                self.close(node, out);
            }
            next = None;
            let mut up = node;
            while depth > 0 {
                next = self.next(up);
                if next.is_some() {
                    break;
                }
                let Some(parent) = self.parent(up) else {
                    return;
                };
                self.close(parent, out);
                depth -= 1;
                up = parent;
            }
        }
    }

    fn close(&self, node: NodeId, out: &mut Vec<u8>) {
        match self.kind(node) {
            Kind::List => out.push(b']'),
            Kind::Object => out.push(b'}'),
            _ => {}
        }
    }

    fn write_scalar(&self, node: NodeId, out: &mut Vec<u8>) {
        match self.value(node) {
            Some(Value::Text(text)) => write_text(text, self.invalid_text, out),
            Some(value) => out.extend_from_slice(value.as_text().unwrap_or("null").as_bytes()),
            None => out.extend_from_slice(b"null"),
        }
    }
}
