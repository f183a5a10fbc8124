//! What a rule file says, before names are looked up.

use crate::modifier::Chain;
use crate::scalar::Scalar;
use crate::source::Span;
use crate::tree::{self, Tree};

/// How many of the selections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    Any,
    All,
}

/// A condition. Names come with their place.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Or(Vec<Condition>),
    And(Vec<Condition>),
    /// With where the `not` stands.
    Not(Box<Condition>, Span),
    Name((String, Span)),
    Them(Quantity, Span),
    Pattern(Quantity, (String, Span)),
    /// Something that was reported, with what it names as far as that could be read, and where it stands.
    Broken(Vec<Condition>, Span),
}

/// Selections and what must hold of them: a `detection`, a `filter`, or a block with a `condition` of its own.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) selections: Vec<Selection>,
    /// `None` when it was reported.
    pub(crate) condition: Option<Condition>,
    /// Conditions of `levels`, which may use the selections too; `None` when reported.
    pub(crate) extra: Vec<Option<Condition>>,
    /// Whether the condition was written, and not made by us for a plain block.
    pub(crate) named: bool,
    /// Whether every key of the map could be read.
    pub(crate) is_complete: bool,
}

/// A named part of a scope.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) name: String,
    pub(crate) span: Span,
    /// `None` when it was reported.
    pub(crate) body: Option<Body>,
}

/// What a selection asks.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    And(Vec<Body>),
    Or(Vec<Body>),
    Item(Item),
    Keywords(Keywords),
    Block(Block),
    /// Something that was reported; the name of its field is still looked up.
    Broken(Option<Name>),
}

/// `field|modifiers: values`
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) name: Name,
    pub(crate) chain: Chain,
    pub(crate) values: Vec<Scalar>,
}

/// A field name with its place; it may come out of a longer key.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// Texts that are sought anywhere in the event.
#[derive(Clone, Debug)]
pub(crate) struct Keywords {
    pub(crate) chain: Chain,
    pub(crate) values: Vec<Scalar>,
    pub(crate) span: Span,
}

/// `field[any]: …`
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) name: Name,
    pub(crate) quantifier: BlockQuantifier,
    pub(crate) scope: Scope,
}

/// How many members of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockQuantifier {
    Any,
    All,
    AllOrEmpty,
    None,
}

impl Scope {
    /// The scope without what was reported when its names were looked up, so that lints do not look at it.
    pub(crate) fn without_broken(&self, tree: &tree::Scope) -> Self {
        let whole = (!self.named).then_some(&tree.condition);
        let trees = tree.selections.iter().map(|(_, tree)| tree).chain(whole);
        let selections = self.selections.iter().zip(trees);
        Self {
            selections: selections
                .map(|(selection, tree)| Selection {
                    name: selection.name.clone(),
                    span: selection.span,
                    body: selection
                        .body
                        .as_ref()
                        .map(|body| body.without_broken(tree)),
                })
                .collect(),
            condition: self
                .condition
                .clone()
                .filter(|_| !self.named || !matches!(tree.condition, Tree::Broken)),
            extra: self.extra.clone(),
            named: self.named,
            is_complete: self.is_complete,
        }
    }
}

impl Body {
    fn without_broken(&self, tree: &Tree) -> Self {
        let all = |parts: &[Self], trees: &[Tree]| {
            let parts = parts.iter().zip(trees);
            parts
                .map(|(part, tree)| part.without_broken(tree))
                .collect()
        };
        match (self, tree) {
            (Self::Item(Item { name, .. }) | Self::Block(Block { name, .. }), Tree::Broken) => {
                Self::Broken(Some(name.clone()))
            }
            (Self::Broken(name), _) => Self::Broken(name.clone()),
            (_, Tree::Broken) => Self::Broken(None),
            (Self::And(parts), Tree::And(trees)) => Self::And(all(parts, trees)),
            (Self::Or(parts), Tree::Or(trees)) => Self::Or(all(parts, trees)),
            (Self::Block(_), Tree::Not(inner)) => self.without_broken(inner),
            (Self::Block(block), Tree::Block(found)) => Self::Block(Block {
                name: block.name.clone(),
                quantifier: block.quantifier,
                scope: block.scope.without_broken(&found.scope),
            }),
            (other, _) => other.clone(),
        }
    }
}
