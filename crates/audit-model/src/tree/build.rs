//! Making values in a tree.

use std::hash::BuildHasher;
use std::ops::Range;

use crate::text::{unescape, unescape_string};
use crate::tree::{Kind, NONE, Node, NodeId, Span, Tree};

/// Limits keep a record far below 4 GiB; past it, text would be empty rather than wrong.
fn span(start: usize, end: usize) -> Span {
    match (u32::try_from(start), u32::try_from(end)) {
        (Ok(start), Ok(end)) => Span { start, end },
        _ => Span::default(),
    }
}

impl Tree {
    fn span(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        self.span_from(start)
    }

    fn span_from(&self, start: usize) -> Span {
        span(start, self.text.len())
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

    /// Adds the text of JSON, of which [`Tree::part_of_json`] are parts; where it is. `None` if it is no text.
    pub(crate) fn add_json(&mut self, json: &[u8]) -> Option<usize> {
        let start = self.text.len();
        self.text.push_str(std::str::from_utf8(json).ok()?);
        Some(start)
    }

    /// A text that stands in JSON as it is, whose text was added.
    pub(crate) fn part_of_json(added: usize, part: Range<usize>) -> Span {
        span(added + part.start, added + part.end)
    }

    /// The text of a JSON string that begins at `at`, and where its quote is; `None` if it is not a sound one.
    pub(crate) fn add_string(&mut self, json: &[u8], at: usize) -> Option<(Span, usize)> {
        let (end, length) = unescape_string(json, at, &mut self.unescaped)?;
        let start = self.text.len();
        let text = self.unescaped.get(..length)?;
        self.text.push_str(std::str::from_utf8(text).ok()?);
        Some((self.span_from(start), end))
    }

    /// A text that has been added.
    pub(crate) fn add_text_at(&mut self, span: Span) -> NodeId {
        self.add_span(Kind::Text, span)
    }

    /// A number, or what stands in the place of one, whose text has been added.
    pub(crate) fn add_number_at(&mut self, span: Span) -> NodeId {
        self.add_span(Kind::Number, span)
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
        let (n_children, may_repeat) = self.first_keys(object, PAIRWISE + 1);
        let repeats = if !may_repeat && n_children <= PAIRWISE {
            false
        } else if n_children <= PAIRWISE {
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
        // Each child with the first one of its key, so that keys keep the order of the text.
        let mut children = std::mem::take(&mut self.hashes);
        children.clear();
        children.extend(self.children(map).map(|child| (0, child)));
        children
            .sort_unstable_by(|(_, a), (_, b)| self.key(*a).cmp(&self.key(*b)).then(a.0.cmp(&b.0)));
        let mut of_key: Option<NodeId> = None;
        for (first, child) in &mut children {
            let known = of_key.filter(|known| self.key(*known) == self.key(*child));
            let node = *of_key.insert(known.unwrap_or(*child));
            *first = u64::from(node.0);
        }
        children.sort_unstable();
        self.become_kind(map, Kind::Object);
        let mut rest = children.as_slice();
        while let Some(((key, first), _)) = rest.split_first() {
            let n_same = rest.iter().take_while(|(other, _)| other == key).count();
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
        self.hashes = children;
    }

    /// Takes a node out of where it hangs; the caller hangs it elsewhere.
    fn detach(&mut self, node: NodeId) -> NodeId {
        if let Some(node) = self.node_mut(node) {
            node.next = NONE;
            node.keyed = false;
        }
        node
    }

    /// How many of the first children there are, and whether their keys may repeat. Most keys are told from all before them
    /// by their length and the bytes at their ends.
    fn first_keys(&self, object: NodeId, most: usize) -> (usize, bool) {
        let text = self.text.as_bytes();
        let (mut seen, mut n_children, mut may_repeat) = ([0_u64; 8], 0, false);
        let mut next = self.node(object).map_or(NONE, |node| node.first);
        while n_children < most
            && let Some(node) = self.node(next)
        {
            let Span { start, end } = node.key;
            let key = text.get(start as usize..end as usize).unwrap_or_default();
            let byte = |byte: Option<&u8>| u32::from(byte.copied().unwrap_or_default());
            let ends = byte(key.first()) | byte(key.last()) << 8 | (end - start) << 16;
            let hash = ends.wrapping_mul(0x9e37_79b1) >> 23;
            if let Some(word) = seen.get_mut(hash as usize / 64) {
                let bit = 1 << (hash % 64);
                may_repeat |= *word & bit != 0;
                *word |= bit;
            }
            n_children += 1;
            next = node.next;
        }
        (n_children, may_repeat)
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
