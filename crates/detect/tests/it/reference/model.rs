//! A rule as its author thinks of it.

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) scope: Scope,
}

/// Named selections and what must hold of them.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) selections: Vec<(String, Body)>,
    pub(crate) condition: Condition,
}

#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Name(String),
    Not(Box<Condition>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    /// One or all of the selections whose names begin so.
    Of {
        all: bool,
        prefix: String,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// A map.
    And(Vec<Entry>),
    /// A list of maps.
    Or(Vec<Vec<Entry>>),
    Keywords(Vec<String>),
}

#[derive(Clone, Debug)]
pub(crate) enum Entry {
    Item(Item),
    Block(Block),
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The field, or a path in a member.
    pub(crate) name: String,
    pub(crate) how: How,
    pub(crate) all: bool,
    pub(crate) cased: bool,
    pub(crate) neq: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Equals,
    Contains,
    StartsWith,
    EndsWith,
}

#[derive(Clone, Debug)]
pub(crate) enum How {
    Text(Relation, Vec<Literal>),
    Exists(bool),
    /// Patterns, and whether case is ignored.
    Re(Vec<ReKind>, bool),
    /// Networks, each an address and the length of its prefix.
    Cidr(Vec<String>),
    /// `lt`, `lte`, `gt` or `gte`, and a number.
    Compare(&'static str, String),
    FieldRef(Relation, String),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Text(Vec<Pieces>),
    /// Without quotes.
    Number(String),
    Bool(bool),
    Null,
}

/// A part of a Sigma string.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pieces {
    Char(char),
    /// `?`
    One,
    /// `*`
    Any,
}

/// A regular expression of the kind that rules use.
#[derive(Clone, Debug)]
pub(crate) struct ReKind {
    pub(crate) from_start: bool,
    pub(crate) to_end: bool,
    pub(crate) pieces: Vec<RePiece>,
}

#[derive(Clone, Debug)]
pub(crate) enum RePiece {
    Text(String),
    /// `.*`
    Any,
    /// `[0-9]+`
    Digits,
    /// `(a|b)`
    Either(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantifier {
    Any,
    All,
    AllOrEmpty,
    None,
}

#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) quantifier: Quantifier,
    pub(crate) inner: Inner,
}

#[derive(Clone, Debug)]
pub(crate) enum Inner {
    /// Of the member itself: values stand where the map would.
    Member(Item),
    Body(Body),
    Scope(Scope),
}
