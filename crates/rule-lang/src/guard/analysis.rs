//! What a program needs, routine by routine.

use super::predicate::{of_predicate, of_presence};
use super::{AnyOf, Guard, MOST_STEPS};
use crate::Quantifier;
use crate::outline::Outline;
use crate::program::{BlockIdx, Op, Operand, Program, RoutineIdx};

/// What a program needs; `None` when that takes too long to find out.
pub(super) fn of_program(program: &Program) -> Option<Guard> {
    let condition = program.condition();
    let mut analysis = Analysis {
        program,
        known: Vec::new(),
        steps: 0,
    };
    // Calls go backward, so what a routine calls is known before it is looked at.
    for (at, is_needed) in needed(program, condition).into_iter().enumerate() {
        let routine = RoutineIdx(u32::try_from(at).ok()?);
        let guards = is_needed.then(|| {
            let outline = program.outline(routine);
            [false, true].map(|result| match &outline {
                Some(outline) => analysis.of(outline, result),
                None => Guard::anything(),
            })
        });
        analysis.known.push(guards);
        if analysis.steps > MOST_STEPS {
            return None;
        }
    }
    let [_, holds] = analysis.known.pop().flatten()?;
    Some(holds)
}

/// Which routines the condition runs on the event itself, up to its own.
fn needed(program: &Program, condition: RoutineIdx) -> Vec<bool> {
    let mut needed = vec![false; condition.index() + 1];
    if let Some(last) = needed.last_mut() {
        *last = true;
    }
    for at in (0..needed.len()).rev() {
        let routine = u32::try_from(at).ok().map(RoutineIdx);
        let code = routine.and_then(|routine| program.routine(routine));
        let Some(code) = code.filter(|_| needed.get(at) == Some(&true)) else {
            continue;
        };
        let ops = program.ops().get(code.start.index()..code.end.index());
        for op in ops.unwrap_or_default() {
            if let Op::Call(callee) = op
                && let Some(slot) = needed.get_mut(callee.index())
            {
                *slot = true;
            }
        }
    }
    needed
}

struct Analysis<'p> {
    program: &'p Program,
    /// By routine: what must be true for it to end with `false`, and with `true`.
    known: Vec<Option<[Guard; 2]>>,
    steps: usize,
}

impl Analysis<'_> {
    /// What must be true for a part of a routine to have a result. Recursion is as deep as an outline may be.
    fn of(&mut self, outline: &Outline, result: bool) -> Guard {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Guard::anything();
        }
        match outline {
            Outline::Const(value) if *value == result => Guard::anything(),
            Outline::Const(_) => Guard::never(),
            Outline::Not(inner) => self.of(inner, !result),
            Outline::And(parts) if result => self.all(parts, result),
            Outline::Or(parts) if !result => self.all(parts, result),
            Outline::And(parts) | Outline::Or(parts) => self.any(parts, result),
            Outline::Call(routine, _) => {
                let known = self.known.get(routine.index());
                let known = known.and_then(Option::as_ref);
                known.map_or(Guard::anything(), |[fails, holds]| {
                    if result { holds } else { fails }.clone()
                })
            }
            // What is not so may be anything.
            Outline::Test(..) | Outline::Block(..) if !result => Guard::anything(),
            Outline::Test(predicate, _) => {
                let predicate = self.program.predicate(*predicate);
                predicate.map_or(Guard::anything(), of_predicate)
            }
            Outline::Block(block, _) => self.of_block(*block),
        }
    }

    fn all(&mut self, parts: &[Outline], result: bool) -> Guard {
        let mut all = Guard::anything();
        for part in parts {
            let one = self.of(part, result);
            all = one.and(&all, &mut self.steps);
            if all.is_never() {
                break;
            }
        }
        all
    }

    fn any(&mut self, parts: &[Outline], result: bool) -> Guard {
        let mut any = AnyOf::default();
        for part in parts {
            let one = self.of(part, result);
            any.add(one, &mut self.steps);
            if any.is_open {
                break;
            }
        }
        any.finish()
    }

    fn of_block(&self, block: BlockIdx) -> Guard {
        let field = self.program.block(block).and_then(|block| {
            // For no member at all, `[all_or_empty]` holds.
            (block.quantifier != Quantifier::AllOrEmpty)
                .then_some(&block.operand)
                .and_then(Operand::field)
        });
        field.map_or(Guard::anything(), |field| of_presence(field.id()))
    }
}
