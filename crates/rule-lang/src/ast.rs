//! What a rule file says, before names are looked up.

use crate::modifier::Chain;
use crate::scalar::Scalar;
use crate::source::Span;

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
