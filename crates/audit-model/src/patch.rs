//! What a patch itself sets, as a tree in the paths of the object.
//!
//! The content type is not logged: a list is a JSON Patch (RFC 6902), an object a merge, strategic-merge or apply patch.

use std::cell::Cell;

use crate::field::FieldId;
use crate::flags::Flags;
use crate::scratch::Reading;
use crate::tree::{Kind, NodeId, Tree};
use crate::walk::is_index;

/// Most operations of a JSON Patch that an API server accepts (`maxJSONPatchOperations`, `handlers/patch.go`).
const MAX_OPERATIONS: usize = 10_000;

/// Steps after which of the readings of a repeated key only the last counts, which is the one that the API server takes:
/// multiplied out, a few repeated keys would otherwise cost as much as a large patch.
const MANY_STEPS: usize = 1_000_000;

/// Most steps that one patch may cost, among them the children that are passed on the way to the place of a pointer. A
/// patch of as many operations and bytes as an API server accepts takes some millions, unless it is made to cost more.
const MAX_STEPS: usize = 100_000_000;

/// Keys of strategic-merge patches that steer the merge and are no fields.
fn is_directive(key: &str) -> bool {
    matches!(key, "$patch" | "$retainKeys")
        || key.starts_with("$setElementOrder/")
        || key.starts_with("$deleteFromPrimitiveList/")
}

impl Reading<'_> {
    pub(crate) fn make_patch(&mut self, request: NodeId) -> NodeId {
        let tree = &self.scratch.tree;
        match tree.kind(request) {
            Kind::List => {
                if tree.children(request).nth(MAX_OPERATIONS).is_some() {
                    return self.opaque();
                }
                // A second copy, because operations change values that earlier ones set.
                let operations = self.find_body(FieldId::RequestObject);
                let root = self.tree().add(Kind::Parts);
                let mut applied = Apply {
                    tree: &mut self.scratch.tree,
                    root,
                    indirect: false,
                    n_steps: Cell::new(0),
                };
                let complete = applied.all(operations);
                let (root, indirect) = (applied.root, applied.indirect);
                self.scratch.flags.set(Flags::PATCH_INDIRECT, indirect);
                if complete { root } else { self.opaque() }
            }
            Kind::Object if tree.has_key_below(request, is_directive) => {
                let first = tree.n_nodes();
                let copy = self.find_body(FieldId::RequestObject);
                self.tree().obey_directives(first);
                copy
            }
            Kind::Object => request,
            _ => self.missing(),
        }
    }

    fn opaque(&mut self) -> NodeId {
        self.scratch.flags.set(Flags::BODY_OPAQUE, true);
        self.tree().add(Kind::Unknown)
    }
}

impl Tree {
    /// Takes directives out of every node from `first` on, and what they delete.
    fn obey_directives(&mut self, first: usize) {
        // Parents come before children, so a deletion is seen before the key that orders it is gone.
        for node in (first..self.n_nodes()).filter_map(NodeId::nth) {
            match self.kind(node) {
                Kind::List => self.retain(node, |tree, member| !tree.is_deleted(member)),
                Kind::Object => {
                    let mut next = self.first_child(node);
                    while let Some(child) = next {
                        next = self.next(child);
                        if self.is_deleted(child) {
                            self.become_kind(child, Kind::Null);
                        }
                    }
                    self.retain(node, |tree, child| {
                        !tree.key(child).is_some_and(is_directive)
                    });
                }
                _ => {}
            }
        }
    }

    /// Whether every reading of a node's `$patch` says `delete`, and the node says nothing else than which one it is.
    ///
    /// What says more is taken as there: a merge patch knows no directives, nor does a strategic one in a list that it
    /// replaces as a whole (`subjects`, `rules`), and which of them a client sent is not logged.
    fn is_deleted(&self, node: NodeId) -> bool {
        let mut some = false;
        let all = self.children_at(node, "$patch").all(|directive| {
            some = true;
            self.text(directive) == Some("delete")
        });
        let mut others = self
            .children(node)
            .filter(|child| self.key(*child) != Some("$patch"));
        let names = others
            .next()
            .is_none_or(|name| matches!(self.kind(self.target(name)), Kind::Text | Kind::Number));
        some && all && names && others.next().is_none()
    }
}

/// A JSON Patch while it is applied to an object that is not known.
struct Apply<'t> {
    tree: &'t mut Tree,
    root: NodeId,
    /// Whether a value came from a place that the patch does not set.
    indirect: bool,
    n_steps: Cell<usize>,
}

impl Apply<'_> {
    /// Applies all operations; false when they cost too much.
    fn all(&mut self, operations: NodeId) -> bool {
        let mut next = self.tree.first_child(operations);
        while let Some(operation) = next {
            next = self.tree.next(operation);
            self.each(operation, "op", |apply, kind| {
                apply.each(operation, "path", |apply, path| {
                    apply.one(operation, kind, path);
                });
            });
            if self.n_steps.get() > MAX_STEPS {
                return false;
            }
        }
        true
    }

    fn step(&self, n: usize) {
        self.n_steps.set(self.n_steps.get().saturating_add(n));
    }

    /// Calls with each text under a key: more than one when the key is repeated.
    fn each(&mut self, object: NodeId, key: &str, mut call: impl FnMut(&mut Self, NodeId)) {
        let mut last = None;
        let mut next = self.tree.first_child(object);
        while let Some(child) = next {
            next = self.tree.next(child);
            self.step(1);
            if self.tree.key(child) == Some(key) {
                if self.n_steps.get() <= MANY_STEPS {
                    call(self, child);
                } else {
                    last = Some(child);
                }
            }
        }
        if let Some(last) = last.filter(|_| self.n_steps.get() <= MAX_STEPS) {
            call(self, last);
        }
    }

    fn one(&mut self, operation: NodeId, kind: NodeId, path: NodeId) {
        match self.tree.text(kind) {
            Some("add") => self.each(operation, "value", |apply, value| {
                apply.set(path, value, true);
            }),
            Some("replace") => self.each(operation, "value", |apply, value| {
                apply.set(path, value, false);
            }),
            Some("remove") => {
                let null = self.tree.add(Kind::Null);
                self.set(path, null, false);
            }
            Some("copy") => self.each(operation, "from", |apply, from| {
                let value = apply.get(from);
                apply.set(path, value, true);
            }),
            Some("move") => self.each(operation, "from", |apply, from| {
                let value = apply.get(from);
                let null = apply.tree.add(Kind::Null);
                apply.set(from, null, false);
                apply.set(path, value, true);
            }),
            // `test` sets nothing, and another operation is refused.
            _ => {}
        }
    }

    /// The value that an earlier operation put at a pointer, kept as it is now; else an unknown one.
    fn get(&mut self, pointer: NodeId) -> NodeId {
        let mut node = Some(self.root);
        let mut tokens = Tokens::of(self.tree, pointer);
        let mut token = self.tree.take_token();
        while let Some(at) = node
            && tokens.next(self.tree, &mut token)
        {
            node = self.find(at, &token);
        }
        self.tree.put_token(token);
        match node.map(|node| self.tree.target(node)) {
            // Parts that are not known make the whole unknown as well.
            Some(node) if self.tree.kind(node) != Kind::Parts => self.tree.snapshot(node),
            _ => {
                self.indirect = true;
                self.tree.add(Kind::Unknown)
            }
        }
    }

    /// The child of a container that a token names.
    fn find(&self, container: NodeId, token: &str) -> Option<NodeId> {
        let tree = &*self.tree;
        let container = tree.target(container);
        if tree.kind(container) == Kind::List {
            let index: i64 = token.parse().ok()?;
            // The API server's library counts from the end where an index is negative.
            let index = if index < 0 {
                let n_members = tree.children(container).count();
                self.step(n_members);
                index + i64::try_from(n_members).ok()?
            } else {
                index
            };
            let index = usize::try_from(index).ok()?;
            self.step(index);
            return tree.children(container).nth(index);
        }
        if token == "-" {
            return None;
        }
        tree.children(container)
            .inspect(|_| self.step(1))
            .filter(|child| tree.key(*child).is_some_and(|key| is_same(key, token)))
            .last()
    }

    fn set(&mut self, pointer: NodeId, value: NodeId, insert: bool) {
        let (mut token, mut following) = (self.tree.take_token(), self.tree.take_token());
        let mut tokens = Tokens::of(self.tree, pointer);
        if tokens.next(self.tree, &mut token) {
            let mut container = self.container(self.root);
            // Where a list is not known, neither is what an index stands for once a member has been inserted or removed
            // before it. Then a value does not take the place of an earlier one, it stands beside it.
            let mut indexed = self.is_unknown_member(container, &token);
            while tokens.next(self.tree, &mut following) && self.n_steps.get() <= MAX_STEPS {
                let child = self.find(container, &token).unwrap_or_else(|| {
                    let part = self.tree.add(Kind::Parts);
                    self.hang(container, &token, part);
                    part
                });
                container = self.container(child);
                std::mem::swap(&mut token, &mut following);
                indexed |= self.is_unknown_member(container, &token);
                self.step(1);
            }
            self.put(
                container,
                &token,
                value,
                insert && is_index(&token) || indexed,
            );
        } else {
            self.root = value;
        }
        self.tree.put_token(token);
        self.tree.put_token(following);
    }

    fn is_unknown_member(&self, container: NodeId, token: &str) -> bool {
        self.tree.kind(container) == Kind::Parts && is_index(token)
    }

    /// Puts a value into a container, in the place of an earlier one or beside it. Inserting at an index moves what was
    /// there; both are members of the result.
    fn put(&mut self, container: NodeId, token: &str, value: NodeId, beside: bool) {
        match self.find(container, token) {
            Some(slot) if !beside => self.tree.become_alias(slot, value),
            earlier => {
                let slot = self.tree.add_alias(value);
                self.hang(container, token, slot);
                if earlier.is_some() && self.tree.kind(container) != Kind::List {
                    self.tree.set_repeats(container);
                }
            }
        }
    }

    /// The node below which parts can hang: what stands there, or parts in its place where it holds none.
    fn container(&mut self, node: NodeId) -> NodeId {
        let target = self.tree.target(node);
        if !matches!(
            self.tree.kind(target),
            Kind::Object | Kind::List | Kind::Parts
        ) {
            if target == self.root {
                self.root = self.tree.add(Kind::Parts);
                return self.root;
            }
            self.tree.become_kind(target, Kind::Parts);
        }
        target
    }

    fn hang(&mut self, container: NodeId, token: &str, node: NodeId) {
        if self.tree.kind(container) == Kind::List {
            self.tree.push(container, node);
        } else {
            self.tree.push_at(container, token, node);
        }
    }
}

/// Whether two tokens name one place: to the API server's library `0`, `00` and `+0` are the same index.
fn is_same(key: &str, token: &str) -> bool {
    let digits = |index: &'_ str| index.trim_start_matches('+').trim_start_matches('0').len();
    key == token
        || (is_index(key)
            && is_index(token)
            && !key.starts_with('-')
            && !token.starts_with('-')
            && digits(key) == digits(token)
            && key.ends_with(token.get(token.len() - digits(token)..).unwrap_or_default()))
}

/// The tokens of a JSON pointer. What stands before the first slash is not looked at, as the API server's library does.
struct Tokens {
    pointer: NodeId,
    at: Option<usize>,
}

impl Tokens {
    fn of(tree: &Tree, pointer: NodeId) -> Self {
        Self {
            pointer,
            at: tree
                .text(pointer)
                .and_then(|text| text.find('/'))
                .map(|slash| slash + 1),
        }
    }

    /// Reads the next token into `token`, `~1` and `~0` unescaped; false at the end.
    fn next(&mut self, tree: &Tree, token: &mut String) -> bool {
        let Some(rest) = self.at.and_then(|at| tree.text(self.pointer)?.get(at..)) else {
            return false;
        };
        let mut raw = if let Some((raw, _)) = rest.split_once('/') {
            self.at = self.at.map(|at| at + raw.len() + 1);
            raw
        } else {
            self.at = None;
            rest
        };
        token.clear();
        while let Some((before, after)) = raw.split_once('~') {
            token.push_str(before);
            let (unescaped, used) = match after.bytes().next() {
                Some(b'1') => ('/', 1),
                Some(b'0') => ('~', 1),
                _ => ('~', 0),
            };
            token.push(unescaped);
            raw = after.get(used..).unwrap_or_default();
        }
        token.push_str(raw);
        true
    }
}
