//! Typed tree to [`Program`].

use std::collections::HashMap;
use std::sync::Arc;

use crate::identity::identity;
use crate::limits;
use crate::program::{
    Block, BlockIdx, Op, OpIdx, Operand, Polarity, Predicate, PredicateIdx, Program, Quantifier,
    Routine, RoutineIdx, Selection, Test,
};
use crate::source::Span;
use crate::tree::{self, Scope, Tree};

/// A program over the limit of ops.
#[derive(Debug)]
pub(crate) struct TooLarge;

/// A program, and a routine for each further condition of the scope.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) program: Program,
    pub(crate) extra: Vec<RoutineIdx>,
}

/// Compiles a scope whose constants are folded.
pub(crate) fn compile(scope: &Scope) -> Result<Output, TooLarge> {
    let mut emitter = Emitter {
        program: Program {
            ops: Vec::new(),
            places: Vec::new(),
            groups: Vec::new(),
            predicates: Vec::new(),
            blocks: Vec::new(),
            routines: Vec::new(),
            selections: Vec::new(),
            condition: RoutineIdx(0),
        },
        predicates: HashMap::new(),
        routines: HashMap::new(),
        blocks: HashMap::new(),
        n_pending: 0,
    };
    for (idx, (name, _)) in scope.selections.iter().enumerate() {
        let routine = emitter.selection(scope, idx, Polarity::Positive)?;
        emitter.program.selections.push(Selection {
            name: name.clone(),
            routine,
        });
    }
    let mut extra = Vec::with_capacity(scope.extra.len());
    for tree in &scope.extra {
        extra.push(emitter.routine("level", tree, scope, Polarity::Positive)?);
    }
    emitter.program.condition = emitter.condition(scope, Polarity::Positive, "condition")?;
    Ok(Output {
        program: emitter.program,
        extra,
    })
}

/// Which code of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Condition,
    Selection(usize),
}

/// Ops, what each stands for in the file, and the `1 of x_*` that it is a part of.
type Code = Vec<(Op, Span, Option<Arc<str>>)>;

struct Emitter {
    program: Program,
    /// Predicates by all that they are.
    predicates: HashMap<Vec<u8>, PredicateIdx>,
    /// Routines that exist already: scope, part of it, polarity.
    routines: HashMap<(usize, Part, Polarity), RoutineIdx>,
    /// Blocks by the index of their routine.
    blocks: HashMap<u32, BlockIdx>,
    /// Ops of routines that are not finished.
    n_pending: usize,
}

impl Emitter {
    fn selection(
        &mut self,
        scope: &Scope,
        idx: usize,
        polarity: Polarity,
    ) -> Result<RoutineIdx, TooLarge> {
        let key = (scope.id, Part::Selection(idx), polarity);
        if let Some(known) = self.routines.get(&key) {
            return Ok(*known);
        }
        let (name, tree) = scope.selections.get(idx).ok_or(TooLarge)?;
        let routine = self.routine(name, tree, scope, polarity)?;
        self.routines.insert(key, routine);
        Ok(routine)
    }

    fn condition(
        &mut self,
        scope: &Scope,
        polarity: Polarity,
        name: &str,
    ) -> Result<RoutineIdx, TooLarge> {
        let key = (scope.id, Part::Condition, polarity);
        if let Some(known) = self.routines.get(&key) {
            return Ok(*known);
        }
        let routine = self.routine(name, &scope.condition, scope, polarity)?;
        self.routines.insert(key, routine);
        Ok(routine)
    }

    /// Emits code of its own for a tree. What it calls is emitted first, so that calls go backward.
    fn routine(
        &mut self,
        name: &str,
        tree: &Tree,
        scope: &Scope,
        polarity: Polarity,
    ) -> Result<RoutineIdx, TooLarge> {
        let mut code = Vec::new();
        self.tree(tree, scope, polarity, &mut code)?;
        code.push((Op::Return, Span::default(), None));
        self.n_pending = self.n_pending.saturating_sub(code.len());
        let start = index(self.program.ops.len())?;
        let moved = |target: OpIdx| OpIdx(target.0 + start);
        for (op, place, group) in code {
            if let Some(group) = group {
                let at = OpIdx(index(self.program.ops.len())?);
                self.program.groups.push((at, group));
            }
            self.program.ops.push(match op {
                Op::JumpIfFalse(target) => Op::JumpIfFalse(moved(target)),
                Op::JumpIfTrue(target) => Op::JumpIfTrue(moved(target)),
                other => other,
            });
            self.program.places.push(place);
        }
        let routine = RoutineIdx(index(self.program.routines.len())?);
        self.program.routines.push(Routine {
            name: name.to_owned(),
            start: OpIdx(start),
            end: OpIdx(index(self.program.ops.len())?),
        });
        Ok(routine)
    }

    fn tree(
        &mut self,
        tree: &Tree,
        scope: &Scope,
        polarity: Polarity,
        code: &mut Code,
    ) -> Result<(), TooLarge> {
        self.n_pending += 1;
        if self.program.ops.len() + self.n_pending > limits::PROGRAM_OPS {
            return Err(TooLarge);
        }
        match tree {
            Tree::Const(value) => code.push((Op::Const(*value), Span::default(), None)),
            // No document with an error gets here.
            Tree::Broken => code.push((Op::Const(false), Span::default(), None)),
            Tree::And(parts) => self.chain(parts, Op::JumpIfFalse, scope, polarity, code)?,
            Tree::Or(parts) => self.chain(parts, Op::JumpIfTrue, scope, polarity, code)?,
            Tree::Not(inner) => {
                self.tree(inner, scope, polarity.negated(), code)?;
                code.push((Op::Not, Span::default(), None));
            }
            Tree::Test(operand, test, place) => {
                let test = Op::Test(self.predicate(operand, test, polarity)?);
                code.push((test, *place, None));
            }
            Tree::Select(idx, group) => {
                let selection = self.selection(scope, *idx, polarity)?;
                code.push((Op::Call(selection), Span::default(), group.clone()));
            }
            Tree::Block(block) => {
                let op = Op::Block(self.block(block, polarity)?);
                code.push((op, block.span, None));
            }
        }
        Ok(())
    }

    /// Emits parts that are joined; the first that decides jumps over the rest.
    fn chain(
        &mut self,
        parts: &[Tree],
        jump: fn(OpIdx) -> Op,
        scope: &Scope,
        polarity: Polarity,
        code: &mut Code,
    ) -> Result<(), TooLarge> {
        let mut jumps = Vec::with_capacity(parts.len());
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                self.n_pending += 1;
                jumps.push(code.len());
                code.push((jump(OpIdx(0)), Span::default(), None));
            }
            self.tree(part, scope, polarity, code)?;
        }
        let end = OpIdx(index(code.len())?);
        for at in jumps {
            if let Some((op, ..)) = code.get_mut(at) {
                *op = jump(end);
            }
        }
        Ok(())
    }

    fn predicate(
        &mut self,
        operand: &Operand,
        test: &Test,
        polarity: Polarity,
    ) -> Result<PredicateIdx, TooLarge> {
        let key = identity(&(operand, polarity, test));
        if let Some(known) = self.predicates.get(&key) {
            return Ok(*known);
        }
        let idx = PredicateIdx(index(self.program.predicates.len())?);
        self.program.predicates.push(Predicate {
            operand: operand.clone(),
            polarity,
            test: test.clone(),
        });
        self.predicates.insert(key, idx);
        Ok(idx)
    }

    fn block(&mut self, block: &tree::Block, polarity: Polarity) -> Result<BlockIdx, TooLarge> {
        let quantifier = match block.quantifier {
            Quantifier::Any => "any",
            Quantifier::All => "all",
            Quantifier::AllOrEmpty => "all_or_empty",
        };
        let name = format!("{}[{quantifier}]", block.operand);
        let routine = self.condition(&block.scope, polarity, &name)?;
        let compiled = Block {
            operand: block.operand.clone(),
            quantifier: block.quantifier,
            polarity,
            routine,
        };
        // A routine belongs to one block, so it finds the block again.
        let known = self.blocks.get(&routine.0).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let idx = BlockIdx(index(self.program.blocks.len())?);
        self.program.blocks.push(compiled);
        self.blocks.insert(routine.0, idx);
        Ok(idx)
    }
}

fn index(at: usize) -> Result<u32, TooLarge> {
    u32::try_from(at).map_err(|_| TooLarge)
}
