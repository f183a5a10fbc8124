//! The compiled form of one rule: a short, verified program over tests of fields.

use std::cmp::Ordering;
use std::sync::Arc;

use audit_model::{Field, FieldId, Path};
use ipnet::IpNet;

use crate::identity::identity;
use crate::number::{Number, compare};
use crate::regex::Regex;
use crate::source::Span;
use crate::text::Pattern;
use crate::time::TimePart;

/// Index of a [`Predicate`] in its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PredicateIdx(pub(crate) u32);

/// Index of a [`Block`] in its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockIdx(pub(crate) u32);

/// Index of a [`Routine`] in its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoutineIdx(pub(crate) u32);

/// Index of an [`Op`] in its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpIdx(pub(crate) u32);

macro_rules! index {
    ($($name:ident)+) => {$(
        impl $name {
            /// The index as a number.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}
index!(PredicateIdx BlockIdx RoutineIdx OpIdx);

/// One instruction; [`Program`] lists their effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Evaluate a predicate.
    Test(PredicateIdx),
    /// Evaluate a block.
    Block(BlockIdx),
    /// Run a routine.
    Call(RoutineIdx),
    /// Load a constant.
    Const(bool),
    /// Negate.
    Not,
    /// Go on elsewhere when false.
    JumpIfFalse(OpIdx),
    /// Go on elsewhere when true.
    JumpIfTrue(OpIdx),
    /// End the routine.
    Return,
}

/// How the readings of a duplicated key combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Polarity {
    /// In positive position: one reading that matches is enough.
    Positive,
    /// Under an odd number of negations: every reading must match.
    Negative,
}

impl Polarity {
    /// The polarity under one more negation.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Positive => Self::Negative,
            Self::Negative => Self::Positive,
        }
    }
}

/// What a predicate or a block reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A field of the event.
    Field(Field),
    /// A path in the member of the innermost block. Of an entry of a map the first step is `key` or `value`.
    Member(Path),
    /// Every text of the event, bodies included.
    Keyword,
}

/// One test of one operand.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Predicate {
    /// What is read.
    pub operand: Operand,
    /// How doubt combines.
    pub polarity: Polarity,
    /// What is asked.
    pub test: Test,
}

impl Predicate {
    /// Bytes that an equal predicate has and no other, to find those that are the same.
    #[doc(hidden)]
    pub fn identity(&self) -> Vec<u8> {
        identity(self)
    }
}

/// What a predicate asks of the values that its operand yields; true when any of them answers.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum Test {
    /// Something other than `null` is there: a scalar, an object, or a list even when it is empty.
    /// `null` as a value and `exists: false` are the negation of this.
    Exists,
    /// A scalar, an object or a list with at least one member: the value `'*'`.
    Present,
    /// The text form of a scalar, or its number, is one of these.
    OneOf(Arc<[Literal]>),
    /// A number, or a text that reads as one, compares so.
    Compare(Comparison, Number),
    /// A regular expression is found in the text form of a scalar.
    Regex(Vec<Regex>),
    /// The text is an address in one of these networks.
    Cidr(Vec<IpNet>),
    /// The text form equals, contains, begins or ends with that of another field of the event.
    FieldRef {
        /// How the two are compared.
        relation: Relation,
        /// The other field.
        field: Field,
        /// Whether case counts.
        cased: bool,
    },
    /// The text is a date, and a part of it passes.
    Time(TimePart, TimeTest),
}

/// What is asked of a part of a date.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum TimeTest {
    /// It is one of these numbers.
    OneOf(Vec<Number>),
    /// It compares so.
    Compare(Comparison, Number),
}

impl TimeTest {
    /// Whether a part passes.
    pub fn passes(&self, part: i64) -> bool {
        let ordering = |number: &Number| compare(Number::Int(part.into()), *number);
        match self {
            Self::OneOf(numbers) => numbers
                .iter()
                .any(|number| ordering(number).is_some_and(Ordering::is_eq)),
            Self::Compare(comparison, number) => {
                ordering(number).is_some_and(|ordering| comparison.holds(ordering))
            }
        }
    }
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Literal {
    /// What the text form must be.
    pub pattern: Pattern,
    /// For a value written as a number: what the number may be instead, so that `100` matches `1e2`.
    pub number: Option<Number>,
}

/// Numeric comparison, value of the field on the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
}

impl Comparison {
    /// Whether a value that is ordered so with respect to the number on the right compares.
    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Lt => ordering.is_lt(),
            Self::Lte => ordering.is_le(),
            Self::Gt => ordering.is_gt(),
            Self::Gte => ordering.is_ge(),
        }
    }
}

/// How two texts relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The same text.
    Equals,
    /// The left holds the right.
    Contains,
    /// The left begins with the right.
    StartsWith,
    /// The left ends with the right.
    EndsWith,
}

/// How many members must satisfy a block. `[none]` is the negation of [`Quantifier::Any`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// At least one.
    Any,
    /// Every one, and there is one.
    All,
    /// Every one; none at all will do.
    AllOrEmpty,
}

/// A quantifier over the members of a list or the entries of a map, all tests on one and the same member.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The list or map.
    pub operand: Operand,
    /// How many members.
    pub quantifier: Quantifier,
    /// How doubt combines.
    pub polarity: Polarity,
    /// What a member must satisfy; its [`Operand::Member`] paths start at the member.
    pub routine: RoutineIdx,
}

/// A piece of code: a selection, a condition, or what a block asks of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routine {
    /// The selection's name, `condition`, or where the block stands.
    pub name: String,
    /// First op.
    pub start: OpIdx,
    /// One past the last op, which is a `return`.
    pub end: OpIdx,
}

/// A named selection of a rule, for evidence: which of them hold of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    pub(crate) name: String,
    pub(crate) routine: RoutineIdx,
}

impl Selection {
    /// The name in the rule.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its routine, in positive polarity.
    pub fn routine(&self) -> RoutineIdx {
        self.routine
    }
}

/// The compiled form of one rule: a short, verified program over tests of fields.
///
/// It is plain data and belongs to one rule; whoever evaluates programs of many rules may share what they
/// have in common. It has one register, a truth value called the accumulator, and these ops:
///
/// | op | effect |
/// |---|---|
/// | `test p` | accumulator := predicate `p` |
/// | `block b` | accumulator := block `b`, a quantifier over the members of a list or the entries of a map |
/// | `call r` | accumulator := routine `r` |
/// | `const v` | accumulator := `v` |
/// | `not` | accumulator := its negation |
/// | `jump-if-false t` | go on at `t` when the accumulator is false |
/// | `jump-if-true t` | go on at `t` when the accumulator is true |
/// | `return` | end of the routine; its result is the accumulator |
///
/// Jumps go forward and stay in their routine, a routine calls only routines before it, and a block's routine stands
/// before every routine that holds the block: so evaluation ends, in time bounded by the program and the event.
///
/// Every predicate and block has a [`Polarity`], because a duplicated key leaves doubt about what the API server read.
/// Doubt counts as a hit: a test in positive position matches when any reading does, one under an odd number of
/// negations counts as matched only when every reading does. A selection that a condition uses in both ways is
/// compiled into two routines.
///
/// The [`Debug`](std::fmt::Debug) form is a disassembly.
#[derive(Clone)]
pub struct Program {
    pub(crate) ops: Vec<Op>,
    /// Per op: what it stands for in the file.
    pub(crate) places: Vec<Span>,
    /// Calls that a `1 of x_*` of the condition made, by op.
    pub(crate) groups: Vec<(OpIdx, Arc<str>)>,
    pub(crate) predicates: Vec<Predicate>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) routines: Vec<Routine>,
    pub(crate) selections: Vec<Selection>,
    pub(crate) condition: RoutineIdx,
}

impl Program {
    /// All instructions, routine after routine.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// One instruction.
    pub fn op(&self, idx: OpIdx) -> Option<Op> {
        self.ops.get(idx.index()).copied()
    }

    /// What a test or a block stands for in the file of its rule: the name of the field. Other ops stand for nothing.
    pub fn place(&self, idx: OpIdx) -> Option<Span> {
        let place = self.places.get(idx.index()).copied();
        place.filter(|place| place.end() > 0)
    }

    /// Of a call: the quantifier of the condition that made it, such as `1 of x_*`; neighbours that one quantifier made have
    /// the same.
    pub fn group(&self, idx: OpIdx) -> Option<&str> {
        let at = self
            .groups
            .binary_search_by_key(&idx.0, |(op, _)| op.0)
            .ok()?;
        self.groups.get(at).map(|(_, group)| &**group)
    }

    /// All predicates, each once.
    pub fn predicates(&self) -> &[Predicate] {
        &self.predicates
    }

    /// One predicate.
    pub fn predicate(&self, idx: PredicateIdx) -> Option<&Predicate> {
        self.predicates.get(idx.index())
    }

    /// All blocks.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// One block.
    pub fn block(&self, idx: BlockIdx) -> Option<&Block> {
        self.blocks.get(idx.index())
    }

    /// All routines; each calls only those before it.
    pub fn routines(&self) -> &[Routine] {
        &self.routines
    }

    /// One routine.
    pub fn routine(&self, idx: RoutineIdx) -> Option<&Routine> {
        self.routines.get(idx.index())
    }

    /// The routine that says whether the rule matches.
    pub fn condition(&self) -> RoutineIdx {
        self.condition
    }

    /// The selections in the order of the rule.
    pub fn selections(&self) -> &[Selection] {
        &self.selections
    }

    /// Every field of the event that is read, in the order of the predicates and then of the blocks; a field may come
    /// more than once.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        let of_predicates = self.predicates.iter().flat_map(|predicate| {
            let compared = match &predicate.test {
                Test::FieldRef { field, .. } => Some(field),
                _ => None,
            };
            predicate.operand.field().into_iter().chain(compared)
        });
        let of_blocks = self.blocks.iter().filter_map(|block| block.operand.field());
        of_predicates.chain(of_blocks)
    }

    /// Whether every text of the event is searched.
    pub fn reads_keywords(&self) -> bool {
        let mut operands = self.predicates.iter().map(|predicate| &predicate.operand);
        operands.any(|operand| matches!(operand, Operand::Keyword))
    }

    /// Whether a field of the table is read, or anything below it.
    pub fn reads(&self, id: FieldId) -> bool {
        self.fields().any(|field| field.id() == id)
    }
}

/// Programs are equal when they do the same, wherever their text stands.
impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        self.ops == other.ops
            && self.predicates == other.predicates
            && self.blocks == other.blocks
            && self.routines == other.routines
            && self.selections == other.selections
            && self.condition == other.condition
    }
}

impl Operand {
    /// The field of the event, if it is one.
    pub fn field(&self) -> Option<&Field> {
        match self {
            Self::Field(field) => Some(field),
            Self::Member(_) | Self::Keyword => None,
        }
    }
}
