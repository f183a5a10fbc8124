//! The code of a routine read back as the truth values that it joins.

use crate::limits;
use crate::program::{BlockIdx, Op, OpIdx, PredicateIdx, Program, RoutineIdx};

/// What a routine says, as a tree: what its ops compute when none is jumped over.
///
/// A machine that wants an answer runs the ops. Who wants to tell why walks this.
///
/// # Examples
/// ```
/// use rule_lang::{Compiler, Outline};
///
/// let mut compiler = Compiler::new();
/// compiler.add("a.yaml", "
/// title: Reads by others than admins
/// logsource: {product: kubernetes, service: audit}
/// detection:
///   reads: {verb: [get, list]}
///   admins: {user.groups: 'system:masters'}
///   condition: reads and not admins
/// ");
/// let compiled = compiler.finish();
/// let program = compiled.rules[0].program();
/// let Some(Outline::And(parts)) = program.outline(program.condition()) else { panic!() };
/// assert!(matches!(parts[0], Outline::Call(..)));
/// assert!(matches!(&parts[1], Outline::Not(inner) if matches!(**inner, Outline::Call(..))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outline {
    /// All of them.
    And(Vec<Outline>),
    /// Any of them.
    Or(Vec<Outline>),
    /// Its negation.
    Not(Box<Outline>),
    /// A constant.
    Const(bool),
    /// A predicate, and the op that asks it.
    Test(PredicateIdx, OpIdx),
    /// A block, and the op that asks it.
    Block(BlockIdx, OpIdx),
    /// A routine: a selection, and the op that calls it.
    Call(RoutineIdx, OpIdx),
}

impl Program {
    /// Reads a routine's code back as a tree; `None` for one that the compiler did not make.
    pub fn outline(&self, routine: RoutineIdx) -> Option<Outline> {
        let code = self.routine(routine)?;
        let mut reader = Reader {
            ops: self.ops(),
            at: code.start.index(),
        };
        // The last op is a return.
        let end = code.end.index().checked_sub(1)?;
        let outline = reader.part(None, 0)?;
        (reader.at == end).then_some(outline)
    }
}

/// The chain that a part stands in: whether it is joined by `and`, and where it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Chain {
    and: bool,
    end: usize,
}

/// How deep chains stand in each other: an `and` in an `or` for each bracket of a condition, and what selections add.
const DEPTH: usize = 4 * limits::CONDITION_DEPTH;

struct Reader<'o> {
    ops: &'o [Op],
    at: usize,
}

impl Reader<'_> {
    /// Reads one part, up to what belongs to the chain around it.
    fn part(&mut self, around: Option<Chain>, depth: usize) -> Option<Outline> {
        if depth > DEPTH {
            return None;
        }
        let idx = OpIdx(u32::try_from(self.at).ok()?);
        let mut part = match *self.ops.get(self.at)? {
            Op::Test(predicate) => Outline::Test(predicate, idx),
            Op::Block(block) => Outline::Block(block, idx),
            Op::Call(routine) => Outline::Call(routine, idx),
            Op::Const(value) => Outline::Const(value),
            _ => return None,
        };
        self.at += 1;
        loop {
            // Where the chain around ends, what follows is about all of it.
            if around.is_some_and(|around| around.end == self.at) {
                return Some(part);
            }
            let chain = match *self.ops.get(self.at)? {
                Op::Not => {
                    self.at += 1;
                    part = Outline::Not(Box::new(part));
                    continue;
                }
                Op::JumpIfFalse(target) => Chain {
                    and: true,
                    end: target.index(),
                },
                Op::JumpIfTrue(target) => Chain {
                    and: false,
                    end: target.index(),
                },
                _ => return Some(part),
            };
            if around == Some(chain) {
                return Some(part);
            }
            let parts = self.chain(part, chain, depth + 1)?;
            part = if chain.and {
                Outline::And(parts)
            } else {
                Outline::Or(parts)
            };
        }
    }

    /// Reads the parts of a chain behind its first one.
    fn chain(&mut self, first: Outline, chain: Chain, depth: usize) -> Option<Vec<Outline>> {
        let mut parts = vec![first];
        while self.at < chain.end {
            let (Op::JumpIfFalse(target) | Op::JumpIfTrue(target)) = *self.ops.get(self.at)? else {
                return None;
            };
            if target.index() != chain.end {
                return None;
            }
            self.at += 1;
            parts.push(self.part(Some(chain), depth)?);
        }
        Some(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Compiler;

    fn outline(condition: &str) -> String {
        let mut compiler = Compiler::new();
        compiler.add(
            "a.yaml",
            &format!(
                "title: x\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n  a: {{verb: get}}\n  \
                 b: {{verb: list}}\n  c: {{verb: watch}}\n  d: {{verb: patch}}\n  condition: {condition}\n"
            ),
        );
        let rules = compiler.finish().rules;
        let program = rules[0].program();
        written(program, &program.outline(program.condition()).unwrap())
    }

    fn written(program: &Program, outline: &Outline) -> String {
        let joined = |parts: &[Outline], word: &str| {
            let parts: Vec<_> = parts.iter().map(|part| written(program, part)).collect();
            format!("({})", parts.join(word))
        };
        match outline {
            Outline::And(parts) => joined(parts, " and "),
            Outline::Or(parts) => joined(parts, " or "),
            Outline::Not(inner) => format!("not {}", written(program, inner)),
            Outline::Call(routine, _) => program.routine(*routine).unwrap().name.clone(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_forged_program_is_not_read_deeper_than_a_compiled_one() {
        use crate::program::Routine;
        use crate::source::Span;

        let made = |depth: u32| {
            // Each chain ends where the one around it does, but for an op.
            let end = 3 * depth + 1;
            let mut ops = Vec::new();
            for at in 0..depth {
                ops.push(Op::Const(true));
                let target = OpIdx(end - at);
                ops.push(if at % 2 == 0 {
                    Op::JumpIfFalse(target)
                } else {
                    Op::JumpIfTrue(target)
                });
            }
            ops.push(Op::Const(true));
            ops.extend((0..depth).map(|_| Op::Not));
            ops.push(Op::Return);
            let program = Program {
                places: vec![Span::default(); ops.len()],
                groups: Vec::new(),
                routines: vec![Routine {
                    name: String::new(),
                    start: OpIdx(0),
                    end: OpIdx(u32::try_from(ops.len()).unwrap()),
                }],
                ops,
                predicates: Vec::new(),
                blocks: Vec::new(),
                selections: Vec::new(),
                condition: RoutineIdx(0),
            };
            assert_eq!(program.verify(), Ok(()));
            program.outline(program.condition()).is_some()
        };
        assert!(made(100));
        assert!(!made(20_000));
    }

    #[test]
    fn reads_back_what_was_compiled() {
        for condition in [
            "a",
            "not a",
            "(a and b)",
            "(a and b and c and d)",
            "((a or b) and (c or d))",
            "((a and b) or (c and d))",
            "(a and (b or (c and d)))",
            "(((a and b) or c) and d)",
            "(not (a and b) or (c and not d))",
            "not (not (a or b) and not (c or d))",
            "(a and not (b or c) and d)",
            "(a or not (b or c))",
            "(a and not (b and not (c and d)))",
            "(not (not (a and b) or c) and d)",
        ] {
            assert_eq!(outline(condition), condition);
        }
        assert_eq!(outline("a and 1 of them"), "(a and (a or b or c or d))");
    }
}
