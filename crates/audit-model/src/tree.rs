//! An arena tree of JSON values in which nothing is lost: repeated keys, hostile text, the text of numbers.

use std::hash::{BuildHasher, RandomState};

use crate::text::unescape;
use crate::value::Value;

/// A node of a [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeId(u32);

impl NodeId {
    /// The node that was made as the n-th.
    pub(crate) fn nth(n: usize) -> Option<Self> {
        u32::try_from(n).ok().map(Self)
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
        self.children(id)
            .filter(move |child| self.key(*child) == Some(key))
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

    // Building.

    fn span(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        self.span_from(start)
    }

    fn span_from(&self, start: usize) -> Span {
        // Limits keep a record far below 4 GiB; past it, text would be empty rather than wrong.
        match (u32::try_from(start), u32::try_from(self.text.len())) {
            (Ok(start), Ok(end)) => Span { start, end },
            _ => Span::default(),
        }
    }

    pub(crate) fn add(&mut self, kind: Kind) -> NodeId {
        let id = u32::try_from(self.nodes.len()).map_or(NONE, NodeId);
        self.nodes.push(Node {
            kind,
            keyed: false,
            repeats: false,
            key: Span::default(),
            text: Span::default(),
            parent: NONE,
            first: NONE,
            last: NONE,
            next: NONE,
        });
        id
    }

    pub(crate) fn add_text(&mut self, text: &str) -> NodeId {
        let span = self.span(text);
        self.add_span(Kind::Text, span)
    }

    pub(crate) fn add_number(&mut self, number: impl std::fmt::Display) -> NodeId {
        let start = self.text.len();
        // Writing to a `String` cannot fail.
        let _ = std::fmt::Write::write_fmt(&mut self.text, format_args!("{number}"));
        let span = self.span_from(start);
        self.add_span(Kind::Number, span)
    }

    /// Text that `write` appends.
    pub(crate) fn add_text_with(&mut self, write: impl FnOnce(&mut String)) -> NodeId {
        let start = self.text.len();
        write(&mut self.text);
        let span = self.span_from(start);
        self.add_span(Kind::Text, span)
    }

    /// Text made from the text of another node.
    pub(crate) fn add_text_from(
        &mut self,
        of: NodeId,
        map: impl FnOnce(&str, &mut String),
    ) -> NodeId {
        // One buffer cannot be read and appended to at once, so the source is copied aside, into reused memory.
        let mut aside = std::mem::take(&mut self.aside);
        aside.clear();
        aside.push_str(self.text(of).unwrap_or_default());
        let made = self.add_text_with(|out| map(&aside, out));
        self.aside = aside;
        made
    }

    fn add_span(&mut self, kind: Kind, span: Span) -> NodeId {
        let id = self.add(kind);
        if let Some(node) = self.node_mut(id) {
            node.text = span;
        }
        id
    }

    pub(crate) fn add_alias(&mut self, of: NodeId) -> NodeId {
        self.add(Kind::Alias(of))
    }

    /// Hangs a node, made just now, below another.
    pub(crate) fn push(&mut self, parent: NodeId, child: NodeId) {
        let last = self.node(parent).map_or(NONE, |node| node.last);
        if let Some(node) = self.node_mut(child) {
            node.parent = parent;
        }
        if let Some(last) = self.node_mut(last) {
            last.next = child;
        }
        if let Some(node) = self.node_mut(parent) {
            node.last = child;
            if node.first == NONE {
                node.first = child;
            }
        }
    }

    /// Hangs a node below an object, under a key.
    pub(crate) fn push_at(&mut self, parent: NodeId, key: &str, child: NodeId) {
        let key = self.span(key);
        self.push_keyed(parent, key, child);
    }

    /// Hangs a node below an object, under the key of another node.
    pub(crate) fn push_like(&mut self, parent: NodeId, like: NodeId, child: NodeId) {
        let key = self.node(like).map_or(Span::default(), |node| node.key);
        self.push_keyed(parent, key, child);
    }

    pub(crate) fn push_keyed(&mut self, parent: NodeId, key: Span, child: NodeId) {
        if let Some(node) = self.node_mut(child) {
            node.key = key;
            node.keyed = true;
        }
        self.push(parent, child);
    }

    /// Makes an object know that it repeats a key.
    pub(crate) fn set_repeats(&mut self, object: NodeId) {
        if let Some(node) = self.node_mut(object) {
            node.repeats = true;
        }
    }

    /// Turns a node into an alias of another, dropping what hung below it.
    pub(crate) fn become_alias(&mut self, id: NodeId, of: NodeId) {
        self.become_kind(id, Kind::Alias(of));
    }

    /// Turns a node into one of another kind without children.
    pub(crate) fn become_kind(&mut self, id: NodeId, kind: Kind) {
        if let Some(node) = self.node_mut(id) {
            node.kind = kind;
            node.first = NONE;
            node.last = NONE;
        }
    }

    /// A new node with the value and the children of another, so that the other can change.
    pub(crate) fn snapshot(&mut self, id: NodeId) -> NodeId {
        let copy = self.add(Kind::Missing);
        if let Some(node) = self.node(id).copied()
            && let Some(copy) = self.node_mut(copy)
        {
            *copy = Node {
                keyed: false,
                parent: NONE,
                next: NONE,
                ..node
            };
        }
        copy
    }

    /// Takes the children that fail the test out of an object or a list.
    pub(crate) fn retain(&mut self, id: NodeId, keep: impl Fn(&Self, NodeId) -> bool) {
        let mut child = self.first_child(id);
        let mut last = NONE;
        if let Some(node) = self.node_mut(id) {
            node.first = NONE;
        }
        while let Some(this) = child {
            child = self.next(this);
            if !keep(self, this) {
                continue;
            }
            if let Some(node) = self.node_mut(this) {
                node.next = NONE;
            }
            match self.node_mut(last) {
                Some(last) => last.next = this,
                None => {
                    if let Some(node) = self.node_mut(id) {
                        node.first = this;
                    }
                }
            }
            last = this;
        }
        if let Some(node) = self.node_mut(id) {
            node.last = last;
        }
    }

    /// A key, given what stands between its quotes.
    pub(crate) fn add_key(&mut self, raw: &[u8]) -> Span {
        let start = self.text.len();
        self.invalid_text |= !unescape(raw, &mut self.text);
        self.span_from(start)
    }

    /// Text, given what stands between its quotes.
    pub(crate) fn add_unescaped(&mut self, raw: &[u8]) -> NodeId {
        let span = self.add_key(raw);
        self.add_span(Kind::Text, span)
    }

    /// A number, or what stands in the place of one.
    pub(crate) fn add_number_text(&mut self, raw: &[u8]) -> NodeId {
        let span = self.add_key(raw);
        self.add_span(Kind::Number, span)
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

    /// A key that `write` appends.
    pub(crate) fn add_key_with(&mut self, write: impl FnOnce(&mut String)) -> Span {
        let start = self.text.len();
        write(&mut self.text);
        self.span_from(start)
    }

    /// The texts of a list's members, joined.
    pub(crate) fn add_joined(&mut self, list: NodeId, separator: &str) -> NodeId {
        let mut aside = std::mem::take(&mut self.aside);
        aside.clear();
        for (at, member) in self.members(list).enumerate() {
            if at > 0 {
                aside.push_str(separator);
            }
            aside.push_str(self.text(member).unwrap_or_default());
        }
        let joined = self.add_text(&aside);
        self.aside = aside;
        joined
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

    /// The memory for a stack of open containers, emptied; to be given back with [`Tree::put_open`].
    pub(crate) fn take_open(&mut self) -> Vec<NodeId> {
        let mut open = std::mem::take(&mut self.open);
        open.clear();
        open
    }

    /// Memory for a token of a JSON pointer; to be given back with [`Tree::put_token`].
    pub(crate) fn take_token(&mut self) -> String {
        self.tokens.pop().unwrap_or_default()
    }

    pub(crate) fn put_token(&mut self, token: String) {
        self.tokens.push(token);
    }

    pub(crate) fn put_open(&mut self, open: Vec<NodeId>) {
        self.open = open;
    }

    /// Looks for repeated keys in an object that is complete.
    pub(crate) fn find_repeats(&mut self, object: NodeId) {
        // Most objects are small, and comparing a few keys pairwise is cheaper than hashing them.
        const PAIRWISE: usize = 12;
        let n_children = self.children(object).take(PAIRWISE + 1).count();
        let repeats = if n_children <= PAIRWISE {
            self.children(object).any(|child| {
                let key = self.key(child);
                let mut later = self.next(child);
                std::iter::from_fn(|| {
                    let this = later?;
                    later = self.next(this);
                    Some(this)
                })
                .any(|other| self.key(other) == key)
            })
        } else {
            self.hash_repeats(object)
        };
        if repeats {
            self.duplicate_key = true;
            self.set_repeats(object);
        }
    }

    /// Makes the values under one key into a list of that key, wherever a key is repeated.
    pub(crate) fn gather_repeats(&mut self, map: NodeId) {
        let mut hashes = std::mem::take(&mut self.hashes);
        hashes.clear();
        hashes.extend(
            self.children(map)
                .map(|child| (self.hasher.hash_one(self.key(child)), child)),
        );
        // By key in full, then in the order of the text.
        hashes.sort_unstable_by(|(hash_a, a), (hash_b, b)| {
            hash_a
                .cmp(hash_b)
                .then_with(|| self.key(*a).cmp(&self.key(*b)))
                .then(a.0.cmp(&b.0))
        });
        self.become_kind(map, Kind::Object);
        let mut rest = hashes.as_slice();
        while let Some(((_, first), _)) = rest.split_first() {
            let n_same = rest
                .iter()
                .take_while(|(_, other)| self.key(*other) == self.key(*first))
                .count();
            let (same, others) = rest.split_at(n_same);
            rest = others;
            let value = if n_same == 1 {
                self.detach(*first)
            } else {
                self.add(Kind::List)
            };
            let key = self.node(*first).map_or(Span::default(), |node| node.key);
            self.push_keyed(map, key, value);
            for (_, member) in same.iter().filter(|_| n_same > 1) {
                let member = self.detach(*member);
                self.push(value, member);
            }
        }
        self.hashes = hashes;
    }

    /// Takes a node out of where it hangs; the caller hangs it elsewhere.
    fn detach(&mut self, node: NodeId) -> NodeId {
        if let Some(node) = self.node_mut(node) {
            node.next = NONE;
            node.keyed = false;
        }
        node
    }

    fn hash_repeats(&mut self, object: NodeId) -> bool {
        let mut hashes = std::mem::take(&mut self.hashes);
        hashes.clear();
        // The keys are an attacker's, so the hash is seeded; equal hashes are compared as text all the same.
        hashes.extend(
            self.children(object)
                .map(|child| (self.hasher.hash_one(self.key(child)), child)),
        );
        hashes.sort_unstable_by_key(|(hash, _)| *hash);
        let repeats = hashes
            .chunk_by(|(a, _), (b, _)| a == b)
            .any(|same| same.len() > 1 && self.any_equal_keys(same));
        self.hashes = hashes;
        repeats
    }

    fn any_equal_keys(&self, nodes: &[(u64, NodeId)]) -> bool {
        // Under one hash all keys are equal unless two collide, so neighbours tell.
        nodes
            .windows(2)
            .any(|pair| matches!(pair, [(_, a), (_, b)] if self.key(*a) == self.key(*b)))
    }
}
