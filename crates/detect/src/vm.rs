//! The machine that runs programs: one loop, one match over the ops.

use audit_model::{Doubt, FieldSource, Member, Plain, Scratch, Segment, Tree, Value};
use rule_lang::{BlockIdx, Op, Operand, Polarity, PredicateIdx, Program, Quantifier, RoutineIdx};

use crate::predicate::{Ask, Memory, PredicateId, Question, Questions, relates};

/// What the loop needs from outside: answers.
pub(crate) trait Host {
    fn test(&mut self, predicate: PredicateIdx) -> bool;
    fn block(&mut self, block: BlockIdx) -> bool;
}

/// Runs a routine. A program has been verified, so it ends.
pub(crate) fn run(program: &Program, routine: RoutineIdx, host: &mut dyn Host) -> bool {
    let Some(code) = program.routine(routine) else {
        return false;
    };
    let mut at = code.start.index();
    let mut accumulator = false;
    while let Some(op) = program.ops().get(at) {
        at += 1;
        match *op {
            Op::Test(predicate) => accumulator = host.test(predicate),
            Op::Block(block) => accumulator = host.block(block),
            Op::Call(routine) => accumulator = run(program, routine, host),
            Op::Const(value) => accumulator = value,
            Op::Not => accumulator = !accumulator,
            Op::JumpIfFalse(target) if !accumulator => at = target.index(),
            Op::JumpIfTrue(target) if accumulator => at = target.index(),
            Op::JumpIfFalse(_) | Op::JumpIfTrue(_) => {}
            Op::Return => break,
        }
    }
    accumulator
}

/// A program with the ids of its predicates among those of all rules.
#[derive(Debug)]
pub(crate) struct Linked {
    pub(crate) program: Program,
    ids: Vec<PredicateId>,
    /// Fields that tests within blocks compare with; they are found before a block is entered.
    references: Vec<audit_model::FieldId>,
}

impl Linked {
    pub(crate) fn new(program: Program, questions: &mut Questions) -> Option<Self> {
        let ids = program
            .predicates()
            .iter()
            .map(|predicate| questions.intern(predicate))
            .collect::<Option<_>>()?;
        let references = program
            .predicates()
            .iter()
            .filter_map(|predicate| match &predicate.test {
                rule_lang::Test::FieldRef { field, .. } => Some(field.id()),
                _ => None,
            })
            .collect();
        Some(Self {
            program,
            ids,
            references,
        })
    }

    /// Fields that tests within blocks compare with.
    pub(crate) fn references(&self) -> &[audit_model::FieldId] {
        &self.references
    }

    pub(crate) fn question<'q>(
        &self,
        questions: &'q Questions,
        predicate: PredicateIdx,
    ) -> Option<&'q Question> {
        questions.get(self.id(predicate)?)
    }

    /// The ids of all predicates.
    pub(crate) fn ids(&self) -> &[PredicateId] {
        &self.ids
    }

    pub(crate) fn id(&self, predicate: PredicateIdx) -> Option<PredicateId> {
        self.ids.get(predicate.index()).copied()
    }
}

/// Answers that have been given for the event at hand, by predicate.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// The event's number and the answer. A slot of an older event counts as empty, so that nothing is cleared.
    slots: Vec<(u64, bool)>,
    event: u64,
}

impl Answers {
    pub(crate) fn begin(&mut self, n_predicates: usize) {
        self.event += 1;
        self.slots.resize(n_predicates, (0, false));
    }

    fn get(&self, id: PredicateId) -> Option<bool> {
        self.slots
            .get(id.0 as usize)
            .filter(|(event, _)| *event == self.event)
            .map(|(_, answer)| *answer)
    }

    fn put(&mut self, id: PredicateId, answer: bool) {
        if let Some(slot) = self.slots.get_mut(id.0 as usize) {
            *slot = (self.event, answer);
        }
    }
}

pub(crate) fn doubt(polarity: Polarity) -> Doubt {
    match polarity {
        Polarity::Positive => Doubt::AnyReading,
        Polarity::Negative => Doubt::EveryReading,
    }
}

/// The machine at the level of the event.
pub(crate) struct Machine<'m> {
    pub(crate) questions: &'m Questions,
    pub(crate) linked: &'m Linked,
    pub(crate) source: &'m dyn FieldSource,
    pub(crate) scratch: &'m mut Scratch,
    pub(crate) answers: &'m mut Answers,
    pub(crate) memory: &'m mut Memory,
}

impl Machine<'_> {
    pub(crate) fn run(&mut self, routine: RoutineIdx) -> bool {
        let linked = self.linked;
        run(&linked.program, routine, self)
    }

    fn ask(&mut self, question: &Question) -> bool {
        if let Ask::FieldRef { field, .. } = &question.ask {
            self.scratch.field(self.source, field.id());
        }
        if let Some(answer) = self.ask_plain(question) {
            return answer;
        }
        let doubt = doubt(question.polarity);
        match &question.operand {
            Operand::Field(field) => {
                let start = self.scratch.field(self.source, field.id());
                let inside = Inside {
                    questions: self.questions,
                    scratch: self.scratch,
                };
                inside.ask(
                    question,
                    start.into(),
                    field.path().segments(),
                    doubt,
                    self.memory,
                )
            }
            Operand::Keyword => {
                let (questions, memory) = (self.questions, &mut *self.memory);
                self.scratch.any_text(self.source, &mut |text| {
                    questions.matches(question, Value::Text(text), memory)
                })
            }
            // Verified programs have no such test outside of a block.
            Operand::Member(_) => false,
        }
    }
}

impl Machine<'_> {
    /// The answer to a question, if it has been given or needs no memory to be found.
    pub(crate) fn known(&mut self, id: PredicateId) -> Option<bool> {
        if let Some(answer) = self.answers.get(id) {
            return Some(answer);
        }
        let answer = self.ask_plain(self.questions.get(id)?)?;
        self.answers.put(id, answer);
        Some(answer)
    }

    /// Answers a question about a field that needs no memory to be found.
    fn ask_plain(&mut self, question: &Question) -> Option<bool> {
        let (field, at) = question.whole?;
        let value = Plain::of(self.source, field)?;
        Some(match &question.ask {
            Ask::FieldRef { .. } => return None,
            Ask::Exists | Ask::Present => value != Plain::Missing,
            _ => {
                let (event, memory) = (self.answers.event, &mut *self.memory);
                self.questions
                    .matches_plain(question, at, value, event, memory)
            }
        })
    }
}

impl Host for Machine<'_> {
    fn test(&mut self, predicate: PredicateIdx) -> bool {
        let Some(id) = self.linked.id(predicate) else {
            return false;
        };
        if let Some(answer) = self.answers.get(id) {
            return answer;
        }
        let answer = self
            .questions
            .get(id)
            .is_some_and(|question| self.ask(question));
        self.answers.put(id, answer);
        answer
    }

    fn block(&mut self, block: BlockIdx) -> bool {
        let Some(block) = self.linked.program.block(block) else {
            return false;
        };
        let Operand::Field(field) = &block.operand else {
            return false;
        };
        for reference in &self.linked.references {
            self.scratch.field(self.source, *reference);
        }
        let start = self.scratch.field(self.source, field.id());
        let inside = Inside {
            questions: self.questions,
            scratch: self.scratch,
        };
        inside.block(
            self.linked,
            block,
            start.into(),
            field.path().segments(),
            self.memory,
        )
    }
}

/// The machine within a block: every field it needs has been found.
#[derive(Clone, Copy)]
pub(crate) struct Inside<'m> {
    pub(crate) questions: &'m Questions,
    pub(crate) scratch: &'m Scratch,
}

impl<'m> Inside<'m> {
    fn tree(self) -> &'m Tree {
        self.scratch.tree()
    }

    pub(crate) fn ask(
        self,
        question: &Question,
        start: Member,
        path: &[Segment],
        doubt: Doubt,
        memory: &mut Memory,
    ) -> bool {
        let (questions, ask) = (self.questions, &question.ask);
        match ask {
            Ask::Exists | Ask::Present => self.tree().any_node(start, path, doubt, &mut |value| {
                questions.matches(question, value, memory)
            }),
            Ask::FieldRef {
                relation,
                field,
                cased,
            } => {
                let Some(other) = self.scratch.found(field.id()) else {
                    return false;
                };
                let other_path = field.path().segments();
                self.tree().any_value(start, path, doubt, &mut |left| {
                    left.as_text().is_some_and(|left| {
                        self.tree()
                            .any_value(other.into(), other_path, doubt, &mut |right| {
                                right.as_text().is_some_and(|right| {
                                    relates(*relation, *cased, left, right, memory)
                                })
                            })
                    })
                })
            }
            _ => self.tree().any_value(start, path, doubt, &mut |value| {
                questions.matches(question, value, memory)
            }),
        }
    }

    pub(crate) fn block(
        self,
        linked: &Linked,
        block: &rule_lang::Block,
        start: Member,
        path: &[Segment],
        memory: &mut Memory,
    ) -> bool {
        let doubt = doubt(block.polarity);
        let member = |member: Member, memory: &mut Memory| {
            self.member(linked, block.routine, member, memory)
        };
        let tree = self.tree();
        match block.quantifier {
            Quantifier::Any => {
                tree.any_member(start, path, doubt, &mut |each| member(each, memory))
            }
            // Every member is one that no member fails to be; what fails is in the opposite position.
            Quantifier::All => {
                tree.any_member(start, path, doubt, &mut |_| true)
                    && !tree.any_member(start, path, doubt.negated(), &mut |each| {
                        !member(each, memory)
                    })
            }
            Quantifier::AllOrEmpty => !tree.any_member(start, path, doubt.negated(), &mut |each| {
                !member(each, memory)
            }),
        }
    }

    /// Whether one member satisfies a block's routine.
    pub(crate) fn member(
        self,
        linked: &Linked,
        routine: RoutineIdx,
        member: Member,
        memory: &mut Memory,
    ) -> bool {
        let mut host = MemberHost {
            inside: self,
            linked,
            member,
            memory,
        };
        run(&linked.program, routine, &mut host)
    }
}

struct MemberHost<'m, 'h> {
    inside: Inside<'m>,
    linked: &'h Linked,
    member: Member,
    memory: &'h mut Memory,
}

impl Host for MemberHost<'_, '_> {
    fn test(&mut self, predicate: PredicateIdx) -> bool {
        let Some(question) = self.linked.question(self.inside.questions, predicate) else {
            return false;
        };
        let Operand::Member(path) = &question.operand else {
            return false;
        };
        self.inside.ask(
            question,
            self.member,
            path.segments(),
            doubt(question.polarity),
            self.memory,
        )
    }

    fn block(&mut self, block: BlockIdx) -> bool {
        let Some(block) = self.linked.program.block(block) else {
            return false;
        };
        let Operand::Member(path) = &block.operand else {
            return false;
        };
        self.inside.block(
            self.linked,
            block,
            self.member,
            path.segments(),
            self.memory,
        )
    }
}
