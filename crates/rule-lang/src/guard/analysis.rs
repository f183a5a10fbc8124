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
    /// By op, the first that goes on to it. Ops are looked at backwards, so what it needs is not asked for afterwards.
    first_user: Vec<usize>,
    steps: usize,
}

impl<'p> Analysis<'p> {
    /// What a program needs; `None` when that takes too long to find out.
    pub(super) fn of(program: &'p Program) -> Option<Guard> {
        let before = |at: usize| at.saturating_sub(1);
        let mut first_user: Vec<usize> = (0..program.ops().len()).map(before).collect();
        for (at, op) in program.ops().iter().enumerate() {
            if let Some(first) = target(*op).and_then(|target| first_user.get_mut(target)) {
                *first = at.min(*first);
            }
        }
        let mut analysis = Self {
            program,
            known: vec![None; program.ops().len() * 4],
            first_user,
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
        if let Some(Some(known)) = self.known.get(slot(start, false, result)) {
            return Rc::clone(known);
        }
        // Backwards, because jumps go forward: what an op needs is then known of those after it.
        for at in (start..end).rev() {
            for accumulator in [false, true] {
                if self.known.get(slot(at, accumulator, result)) == Some(&None) {
                    let guard = self.op(at, accumulator, result);
                    self.put(at, accumulator, result, guard);
                }
            }
            self.forget_after(at, result);
        }
        self.from(start, false, result)
    }

    fn put(&mut self, at: usize, accumulator: bool, result: bool, guard: Rc<Guard>) {
        if let Some(known) = self.known.get_mut(slot(at, accumulator, result)) {
            *known = Some(guard);
        }
    }

    /// Forgets what the ops need that none before this one goes on to. Many guards of a long list of alternatives would
    /// hold nearly the same values, each in a copy.
    fn forget_after(&mut self, at: usize, result: bool) {
        let op = self.program.op(op_index(at));
        if matches!(op, None | Some(Op::Return)) {
            return;
        }
        for used in [Some(at + 1), op.and_then(target)].into_iter().flatten() {
            if self.first_user.get(used) == Some(&at) {
                for accumulator in [false, true] {
                    if let Some(known) = self.known.get_mut(slot(used, accumulator, result)) {
                        *known = None;
                    }
                }
            }
        }
    }

    /// What an op that `user` goes on to needs; taken away where no other goes on to it.
    fn take(&mut self, at: usize, accumulator: bool, result: bool, user: usize) -> Rc<Guard> {
        if self.first_user.get(at) == Some(&user) {
            let known = self.known.get_mut(slot(at, accumulator, result));
            if let Some(known) = known.and_then(Option::take) {
                return known;
            }
        }
        self.from(at, accumulator, result)
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
        let user = at;
        let (at, accumulator) = match self.program.op(op_index(at)) {
            None | Some(Op::Return) => {
                return Rc::new(if accumulator == result {
                    Guard::anything()
                } else {
                    Guard::never()
                });
            }
            Some(Op::Const(value)) => next(value),
            Some(Op::Not) => next(!accumulator),
            Some(op @ (Op::JumpIfFalse(_) | Op::JumpIfTrue(_))) => {
                let jumps = matches!(op, Op::JumpIfTrue(_)) == accumulator;
                let at = target(op).filter(|_| jumps).unwrap_or(at + 1);
                return self.take(at, accumulator, result, user);
            }
            Some(Op::Test(_) | Op::Block(_) | Op::Call(_)) if accumulator => {
                // A question is asked whatever the accumulator was.
                return self.from(at, false, result);
            }
            Some(question @ (Op::Test(_) | Op::Block(_) | Op::Call(_))) => {
                let held = self.answered(question, at, true, result);
                let failed = self.answered(question, at, false, result);
                self.steps += held.alternatives().map_or(0, <[_]>::len);
                return Rc::new(held.or(failed, &mut self.steps));
            }
        };
        self.from(at, accumulator, result)
    }

    /// What must be true when an op sets the accumulator by a question, and the answer is this.
    fn answered(&mut self, question: Op, at: usize, answer: bool, result: bool) -> Guard {
        let then = self.take(at + 1, answer, result, at);
        if then.is_never() {
            return Guard::never();
        }
        let asked = match question {
            Op::Call(routine) => {
                let asked = Rc::unwrap_or_clone(self.routine(routine, answer));
                return asked.and(&then, &mut self.steps);
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
        if asked.alternatives().is_none() {
            return Rc::unwrap_or_clone(then);
        }
        asked.and(&then, &mut self.steps)
    }
}

fn op_index(at: usize) -> OpIdx {
    OpIdx(u32::try_from(at).unwrap_or(u32::MAX))
}

/// Where an op may jump to.
fn target(op: Op) -> Option<usize> {
    match op {
        Op::JumpIfFalse(target) | Op::JumpIfTrue(target) => Some(target.index()),
        _ => None,
    }
}

/// Where it is noted what an op needs.
fn slot(at: usize, accumulator: bool, result: bool) -> usize {
    at * 4 + usize::from(result) * 2 + usize::from(accumulator)
}
