//! A second evaluation of rules, slow and plain, written from the language's description alone.
//!
//! It knows nothing of the compiler, the machine or the tree that scanning uses. Where a key is repeated, it makes every
//! event that the record may stand for, each without repeated keys, and asks a test of all of them: one that matches is
//! enough in positive position, under a negation all must.

mod csr;
mod evaluate;
mod json;
mod model;
mod node;
mod object;
mod patch;
mod readings;
mod text;
mod vocabulary;

pub(crate) use evaluate::matches;
pub(crate) use json::Json;
pub(crate) use model::{
    Block, Body, Condition, Entry, How, Inner, Item, Literal, Pieces, Quantifier, ReKind, RePiece,
    Relation, Rule, Scope,
};
pub(crate) use readings::Readings;
