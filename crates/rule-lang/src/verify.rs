//! The contract between compiler and evaluation, in code.

use std::fmt;

use crate::limits;
use crate::program::{Op, Program, RoutineIdx};

impl Program {
    /// Checks what evaluation relies on: every index is in range, jumps go forward and stay in their routine, a routine
    /// ends with a return, and calls and blocks go to routines before their own and nest no deeper than the stack allows.
    ///
    /// The compiler makes no program that fails; this is the contract in code, and runs on everything it makes.
    ///
    /// # Errors
    /// [`VerifyError`] for the first violation.
    pub fn verify(&self) -> Result<(), VerifyError> {
        let fail = |at: usize, what| Err(VerifyError { at, what });
        let mut next = 0;
        // Per routine: how deep the routines nest that it runs.
        let mut depths: Vec<usize> = Vec::with_capacity(self.routines.len());
        let deeper =
            |depths: &[usize], idx: RoutineIdx| depths.get(idx.index()).map(|depth| depth + 1);
        for (idx, routine) in self.routines.iter().enumerate() {
            let (start, end) = (routine.start.index(), routine.end.index());
            if start != next || end <= start {
                return fail(start, "routines do not follow each other");
            }
            next = end;
            let Some(ops) = self.ops.get(start..end) else {
                return fail(start, "a routine is out of range");
            };
            if ops.last() != Some(&Op::Return) {
                return fail(end, "a routine does not end with a return");
            }
            let mut depth = 0;
            for (at, op) in (start..).zip(ops) {
                let inner = match op {
                    Op::Call(callee) => deeper(&depths, *callee),
                    Op::Block(block) => self
                        .block(*block)
                        .and_then(|block| deeper(&depths, block.routine)),
                    _ => None,
                };
                depth = depth.max(inner.unwrap_or_default());
                let (good, what) = match op {
                    Op::Test(predicate) => (
                        self.predicate(*predicate).is_some(),
                        "there is no such predicate",
                    ),
                    Op::Block(block) => {
                        let block = self.block(*block);
                        let before = block.is_some_and(|block| block.routine.index() < idx);
                        (before, "a block does not go to a routine before its own")
                    }
                    Op::Call(callee) => (
                        callee.index() < idx,
                        "a call does not go to a routine before its own",
                    ),
                    Op::JumpIfFalse(target) | Op::JumpIfTrue(target) => {
                        let inside = target.index() > at && target.index() < end;
                        (inside, "a jump does not go forward in its routine")
                    }
                    Op::Const(_) | Op::Not | Op::Return => (true, ""),
                };
                if !good {
                    return fail(at, what);
                }
            }
            if depth > limits::CALL_DEPTH {
                return fail(start, "routines nest too deep");
            }
            depths.push(depth);
        }
        if next != self.ops.len() {
            return fail(next, "there are ops outside of routines");
        }
        let named = self.selections.iter().map(|selection| selection.routine);
        if named
            .chain([self.condition])
            .any(|idx| self.routine(idx).is_none())
        {
            return fail(next, "there is no such routine");
        }
        Ok(())
    }
}

/// A program that cannot be evaluated; see [`Program::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    at: usize,
    what: &'static str,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at op {}", self.what, self.at)
    }
}

impl std::error::Error for VerifyError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{BlockIdx, OpIdx, PredicateIdx, Routine, RoutineIdx};
    use crate::source::Span;

    fn program(ops: Vec<Op>) -> Program {
        let end = OpIdx(u32::try_from(ops.len()).unwrap());
        Program {
            places: vec![Span::default(); ops.len()],
            groups: Vec::new(),
            ops,
            predicates: Vec::new(),
            blocks: Vec::new(),
            routines: vec![Routine {
                name: "condition".to_owned(),
                start: OpIdx(0),
                end,
            }],
            selections: Vec::new(),
            condition: RoutineIdx(0),
        }
    }

    #[test]
    fn verify_refuses_what_would_not_end() {
        let verify = |ops| program(ops).verify().map_err(|error| error.to_string());
        assert_eq!(verify(vec![Op::Const(true), Op::Return]), Ok(()));
        for (ops, message) in [
            (
                vec![Op::Const(true)],
                "a routine does not end with a return at op 1",
            ),
            (
                vec![Op::JumpIfTrue(OpIdx(0)), Op::Return],
                "a jump does not go forward in its routine at op 0",
            ),
            (
                vec![Op::JumpIfTrue(OpIdx(2)), Op::Return],
                "a jump does not go forward in its routine at op 0",
            ),
            (
                vec![Op::Call(RoutineIdx(0)), Op::Return],
                "a call does not go to a routine before its own at op 0",
            ),
            (
                vec![Op::Test(PredicateIdx(0)), Op::Return],
                "there is no such predicate at op 0",
            ),
            (
                vec![Op::Block(BlockIdx(0)), Op::Return],
                "a block does not go to a routine before its own at op 0",
            ),
        ] {
            assert_eq!(verify(ops), Err(message.to_owned()));
        }
    }

    #[test]
    fn routines_nest_as_deep_as_the_stack_allows() {
        let verify = |n_routines: u32| {
            let mut made = program(Vec::new());
            made.routines.clear();
            for idx in 0..n_routines {
                let callee = idx.checked_sub(1).map(RoutineIdx);
                made.ops
                    .extend([callee.map_or(Op::Not, Op::Call), Op::Return]);
                made.routines.push(Routine {
                    name: String::new(),
                    start: OpIdx(2 * idx),
                    end: OpIdx(2 * idx + 2),
                });
            }
            made.verify().map_err(|error| error.to_string())
        };
        let limit = u32::try_from(limits::CALL_DEPTH).unwrap();
        assert_eq!(verify(limit + 1), Ok(()));
        let at = 2 * (limit + 1);
        assert_eq!(
            verify(limit + 2),
            Err(format!("routines nest too deep at op {at}"))
        );
    }
}
