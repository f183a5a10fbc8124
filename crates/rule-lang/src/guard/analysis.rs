//! What a program needs, op by op.

use std::rc::Rc;

use super::predicate::{of_predicate, of_presence};
use super::{Guard, MOST_STEPS};
use crate::program::{Op, OpIdx, Operand, Program, RoutineIdx};

/// What a program needs, routine by routine and op by op.
pub(super) struct Analysis<'p> {
    program: &'p Program,
    /// By op, wanted result and accumulator: what must be true for the routine to end so.
    known: Vec<Option<Rc<Guard>>>,
    steps: usize,
}

impl<'p> Analysis<'p> {
    /// What a program needs; `None` when that takes too long to find out.
    pub(super) fn of(program: &'p Program) -> Option<Guard> {
        let mut analysis = Self {
            program,
            known: vec![None; program.ops().len() * 4],
            steps: 0,
        };
        let guard = analysis.routine(program.condition(), true);
        (analysis.steps <= MOST_STEPS).then(|| Rc::unwrap_or_clone(guard))
    }

    /// What must be true for a routine to end with a result.
    fn routine(&mut self, routine: RoutineIdx, result: bool) -> Rc<Guard> {
        let Some(routine) = self.program.routine(routine) else {
            return Rc::new(Guard::anything());
        };
        let (start, end) = (routine.start.index(), routine.end.index());
        // Backwards, because jumps go forward: what an op needs is then known of those after it.
        for at in (start..end).rev() {
            for accumulator in [false, true] {
                if self.known.get(slot(at, accumulator, result)) == Some(&None) {
                    let guard = self.op(at, accumulator, result);
                    self.put(at, accumulator, result, guard);
                }
            }
        }
        self.from(start, false, result)
    }

    fn put(&mut self, at: usize, accumulator: bool, result: bool, guard: Rc<Guard>) {
        if let Some(known) = self.known.get_mut(slot(at, accumulator, result)) {
            *known = Some(guard);
        }
    }

    fn from(&self, at: usize, accumulator: bool, result: bool) -> Rc<Guard> {
        let known = self.known.get(slot(at, accumulator, result));
        let known = known.and_then(Clone::clone);
        known.unwrap_or_else(|| Rc::new(Guard::anything()))
    }

    fn op(&mut self, at: usize, accumulator: bool, result: bool) -> Rc<Guard> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Rc::new(Guard::anything());
        }
        let next = |accumulator| (at + 1, accumulator);
        let index = OpIdx(u32::try_from(at).unwrap_or(u32::MAX));
        let (at, accumulator) = match self.program.op(index) {
            None | Some(Op::Return) => {
                return Rc::new(if accumulator == result {
                    Guard::anything()
                } else {
                    Guard::never()
                });
            }
            Some(Op::Const(value)) => next(value),
            Some(Op::Not) => next(!accumulator),
            Some(Op::JumpIfFalse(target)) if !accumulator => (target.index(), accumulator),
            Some(Op::JumpIfTrue(target)) if accumulator => (target.index(), accumulator),
            Some(Op::JumpIfFalse(_) | Op::JumpIfTrue(_)) => next(accumulator),
            Some(Op::Test(_) | Op::Block(_) | Op::Call(_)) if accumulator => {
                // A question is asked whatever the accumulator was.
                return self.from(at, false, result);
            }
            Some(question @ (Op::Test(_) | Op::Block(_) | Op::Call(_))) => {
                let held = self.answered(question, at, true, result);
                let failed = self.answered(question, at, false, result);
                self.steps += held.alternatives().map_or(0, <[_]>::len);
                return Rc::new(held.or(failed));
            }
        };
        self.from(at, accumulator, result)
    }

    /// What must be true when an op sets the accumulator by a question, and the answer is this.
    fn answered(&mut self, question: Op, at: usize, answer: bool, result: bool) -> Guard {
        let then = self.from(at + 1, answer, result);
        if then.is_never() {
            return Guard::never();
        }
        let asked = match question {
            Op::Call(routine) => {
                return Rc::unwrap_or_clone(self.routine(routine, answer)).and(&then);
            }
            Op::Test(predicate) if answer => self
                .program
                .predicate(predicate)
                .map_or(Guard::anything(), of_predicate),
            Op::Block(block) if answer => {
                let field = self.program.block(block).and_then(|block| {
                    // For no member at all, `[all_or_empty]` holds.
                    (block.quantifier != crate::Quantifier::AllOrEmpty)
                        .then_some(&block.operand)
                        .and_then(Operand::field)
                });
                field.map_or(Guard::anything(), |field| of_presence(field.id()))
            }
            _ => Guard::anything(),
        };
        asked.and(&then)
    }
}

/// Where it is noted what an op needs.
fn slot(at: usize, accumulator: bool, result: bool) -> usize {
    at * 4 + usize::from(result) * 2 + usize::from(accumulator)
}
