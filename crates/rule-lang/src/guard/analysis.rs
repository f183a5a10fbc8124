//! What a program needs, op by op.

use std::collections::BTreeMap;

use super::predicate::{of_predicate, of_presence};
use super::{Guard, MOST_STEPS};
use crate::program::{Op, OpIdx, Operand, Program, RoutineIdx};

/// What a program needs, routine by routine and op by op.
pub(super) struct Analysis<'p> {
    program: &'p Program,
    /// By op, accumulator and wanted result: what must be true for the routine to end so.
    known: BTreeMap<(usize, bool, bool), Guard>,
    steps: usize,
}

impl<'p> Analysis<'p> {
    /// What a program needs; `None` when that takes too long to find out.
    pub(super) fn of(program: &'p Program) -> Option<Guard> {
        let mut analysis = Self {
            program,
            known: BTreeMap::new(),
            steps: 0,
        };
        let guard = analysis.routine(program.condition(), true);
        (analysis.steps <= MOST_STEPS).then_some(guard)
    }

    /// What must be true for a routine to end with a result.
    fn routine(&mut self, routine: RoutineIdx, result: bool) -> Guard {
        let Some(routine) = self.program.routine(routine) else {
            return Guard::anything();
        };
        let (start, end) = (routine.start.index(), routine.end.index());
        // Backwards, because jumps go forward: what an op needs is then known of those after it.
        for at in (start..end).rev() {
            for accumulator in [false, true] {
                if !self.known.contains_key(&(at, accumulator, result)) {
                    let guard = self.op(at, accumulator, result);
                    self.known.insert((at, accumulator, result), guard);
                }
            }
        }
        self.from(start, false, result)
    }

    fn from(&self, at: usize, accumulator: bool, result: bool) -> Guard {
        self.known
            .get(&(at, accumulator, result))
            .cloned()
            .unwrap_or(Guard::anything())
    }

    fn op(&mut self, at: usize, accumulator: bool, result: bool) -> Guard {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Guard::anything();
        }
        let next = |accumulator| (at + 1, accumulator);
        let index = OpIdx(u32::try_from(at).unwrap_or(u32::MAX));
        let (at, accumulator) = match self.program.op(index) {
            None | Some(Op::Return) => {
                return if accumulator == result {
                    Guard::anything()
                } else {
                    Guard::never()
                };
            }
            Some(Op::Const(value)) => next(value),
            Some(Op::Not) => next(!accumulator),
            Some(Op::JumpIfFalse(target)) if !accumulator => (target.index(), accumulator),
            Some(Op::JumpIfTrue(target)) if accumulator => (target.index(), accumulator),
            Some(Op::JumpIfFalse(_) | Op::JumpIfTrue(_)) => next(accumulator),
            Some(Op::Test(predicate)) => {
                let holds = self
                    .program
                    .predicate(predicate)
                    .map_or(Guard::anything(), of_predicate);
                return self.branch(at, holds, Guard::anything(), result);
            }
            Some(Op::Block(block)) => {
                let field = self.program.block(block).and_then(|block| {
                    // For no member at all, `[all_or_empty]` holds.
                    (block.quantifier != crate::Quantifier::AllOrEmpty)
                        .then_some(&block.operand)
                        .and_then(Operand::field)
                });
                let holds = field.map_or(Guard::anything(), |field| of_presence(field.id()));
                return self.branch(at, holds, Guard::anything(), result);
            }
            Some(Op::Call(routine)) => {
                let holds = self.routine(routine, true);
                let fails = self.routine(routine, false);
                return self.branch(at, holds, fails, result);
            }
        };
        self.from(at, accumulator, result)
    }

    /// What must be true when an op sets the accumulator by a question.
    fn branch(&mut self, at: usize, holds: Guard, fails: Guard, result: bool) -> Guard {
        let held = holds.and(self.from(at + 1, true, result));
        let failed = fails.and(self.from(at + 1, false, result));
        self.steps += held.alternatives().map_or(0, <[_]>::len);
        held.or(failed)
    }
}
