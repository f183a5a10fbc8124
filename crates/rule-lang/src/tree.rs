//! A rule with every name looked up: what is left is truth values, tests and blocks.

use std::sync::Arc;

use crate::program::{Operand, Quantifier, Test};
use crate::source::Span;

/// A truth value of an event, or of a member in a block.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Const(bool),
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
    /// A test, and the name of its field in the file.
    Test(Operand, Test, Span),
    /// A selection of the innermost scope, and the `1 of x_*` that stands for it and others, if one does.
    Select(usize, Option<Arc<str>>),
    Block(Box<Block>),
    /// Something that was reported: nobody knows of which events it is true. A document with one is linted as far as that
    /// goes, and never compiled.
    Broken,
}

/// A quantifier over the members of a list.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) operand: Operand,
    pub(crate) quantifier: Quantifier,
    pub(crate) scope: Scope,
    /// The name of the list in the file.
    pub(crate) span: Span,
}

/// Selections and conditions over them.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// Distinct for every scope of a document.
    pub(crate) id: usize,
    /// Name and content.
    pub(crate) selections: Vec<(String, Tree)>,
    pub(crate) condition: Tree,
    /// Further conditions over the selections: those of `levels`.
    pub(crate) extra: Vec<Tree>,
}

impl Tree {
    /// Folds constants. `constants` are the selections that came out constant.
    pub(crate) fn fold(self, constants: &[Option<bool>]) -> Self {
        match self {
            Self::And(parts) => Self::join(parts, true, constants),
            Self::Or(parts) => Self::join(parts, false, constants),
            Self::Not(inner) => match inner.fold(constants) {
                Self::Const(value) => Self::Const(!value),
                Self::Not(inner) => *inner,
                other => Self::Not(Box::new(other)),
            },
            Self::Select(idx, group) => match constants.get(idx) {
                Some(Some(value)) => Self::Const(*value),
                _ => Self::Select(idx, group),
            },
            Self::Block(mut block) => {
                block.scope = block.scope.fold();
                match (block.quantifier, &block.scope.condition) {
                    // No member can satisfy it; `all-or-empty` still holds of a list without members.
                    (Quantifier::Any | Quantifier::All, Self::Const(false)) => Self::Const(false),
                    (Quantifier::AllOrEmpty, Self::Const(true)) => Self::Const(true),
                    _ => Self::Block(block),
                }
            }
            other @ (Self::Const(_) | Self::Test(..) | Self::Broken) => other,
        }
    }

    /// Joins by `and` or by `or`; `neutral` is the value of no parts.
    fn join(parts: Vec<Tree>, neutral: bool, constants: &[Option<bool>]) -> Self {
        let mut kept = Vec::with_capacity(parts.len());
        for part in parts {
            match part.fold(constants) {
                Self::Const(value) if value == neutral => {}
                Self::Const(value) => return Self::Const(value),
                Self::And(inner) if neutral => kept.extend(inner),
                Self::Or(inner) if !neutral => kept.extend(inner),
                other => kept.push(other),
            }
        }
        match kept.len() {
            0 => Self::Const(neutral),
            1 => kept.pop().unwrap_or(Self::Const(neutral)),
            _ if neutral => Self::And(kept),
            _ => Self::Or(kept),
        }
    }
}

impl Scope {
    /// Folds constants in all parts.
    pub(crate) fn fold(mut self) -> Self {
        let mut constants = Vec::with_capacity(self.selections.len());
        for (_, tree) in &mut self.selections {
            // A selection does not refer to others.
            *tree = std::mem::replace(tree, Tree::Const(false)).fold(&[]);
            constants.push(match tree {
                Tree::Const(value) => Some(*value),
                _ => None,
            });
        }
        self.condition = self.condition.fold(&constants);
        self.extra = self
            .extra
            .into_iter()
            .map(|tree| tree.fold(&constants))
            .collect();
        self
    }
}
