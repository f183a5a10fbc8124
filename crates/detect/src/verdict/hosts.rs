//! What tests and blocks answer of an event, or of a member of a list, when an answer may be unknown.

use audit_model::{Doubt, FieldId, Member, Scratch, Segment, Unknown, Value};
use rule_lang::{Block, BlockIdx, Operand, Predicate, PredicateIdx, Quantifier, RoutineIdx, Test};

use super::judge::Bound;
use crate::predicate::{Memory, Questions};
use crate::vm::{Host, Inside, Linked, Machine, doubt, run};

/// Answers about the event.
pub(super) struct EventHost<'m, 'b, 'j> {
    pub(super) machine: Machine<'m>,
    pub(super) bound: &'b mut Bound<'j>,
}

impl EventHost<'_, '_, '_> {
    /// Whether a test that does not hold is unknown.
    fn is_unknown(&mut self, predicate: &Predicate) -> bool {
        let machine = &mut self.machine;
        let other = match &predicate.test {
            Test::FieldRef { field, .. } => Some(field),
            _ => None,
        };
        if predicate.operand == Operand::Keyword {
            let lost = machine.scratch.unknown_text(machine.source);
            return lost.is_some_and(|(field, why)| {
                self.bound.note(field, why);
                true
            });
        }
        let mut unknown = false;
        for field in predicate.operand.field().into_iter().chain(other) {
            let start = machine.scratch.field(machine.source, field.id());
            let path = field.path().segments();
            let seen = seen(machine.scratch, start.into(), path);
            let why = self.bound.why(machine.scratch, machine.source, field.id());
            if let Some(why) = seen.unknown(why) {
                self.bound.note(field.id(), why);
                unknown = true;
            }
        }
        unknown
    }
}

/// How much of what a path leads to the event shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// All that there is.
    All,
    /// Members of a list, which may have others where only a part of the object is shown.
    Some,
    /// Something of which the record does not say what it is.
    Indirect,
    Nothing,
}

impl Seen {
    /// Why there may be more to see, given why the field may be unknown.
    fn unknown(self, why: Option<Unknown>) -> Option<Unknown> {
        match self {
            Self::All => None,
            Self::Some => why.filter(|why| *why == Unknown::NotShown),
            Self::Indirect => Some(Unknown::NotShown),
            Self::Nothing => why,
        }
    }
}

fn seen(scratch: &Scratch, start: Member, path: &[Segment]) -> Seen {
    let tree = scratch.tree();
    let (mut nothing, mut indirect) = (true, false);
    tree.any_node(start, path, Doubt::AnyReading, &mut |value| {
        nothing = false;
        indirect |= value == Value::Unknown;
        false
    });
    if indirect {
        return Seen::Indirect;
    }
    if nothing {
        return Seen::Nothing;
    }
    let is_list = |n: usize| {
        let path = path.get(..n).unwrap_or_default();
        tree.any_node(start, path, Doubt::AnyReading, &mut |value| {
            matches!(value, Value::List { .. })
        })
    };
    if (0..=path.len()).any(is_list) {
        Seen::Some
    } else {
        Seen::All
    }
}

impl Host for EventHost<'_, '_, '_> {
    fn test(&mut self, predicate: PredicateIdx) -> bool {
        if self.machine.test(predicate) {
            return true;
        }
        let linked = self.machine.linked;
        let asked = linked.program.predicate(predicate);
        asked.is_some_and(|asked| self.is_unknown(asked) && self.bound.taken(asked.polarity))
    }

    fn block(&mut self, block: BlockIdx) -> bool {
        let linked = self.machine.linked;
        let Some(block) = linked.program.block(block) else {
            return false;
        };
        let Operand::Field(field) = &block.operand else {
            return false;
        };
        let machine = &mut self.machine;
        for reference in linked.references() {
            machine.scratch.field(machine.source, *reference);
            self.bound.why(machine.scratch, machine.source, *reference);
        }
        let start = machine.scratch.field(machine.source, field.id());
        self.bound.why(machine.scratch, machine.source, field.id());
        let mut within = Within {
            inside: Inside {
                questions: machine.questions,
                scratch: machine.scratch,
            },
            linked,
            memory: machine.memory,
            bound: self.bound,
            list: field.id(),
        };
        within.block(block, start.into(), field.path().segments())
    }
}

/// Blocks: every field that is needed has been found, and it is known why it may be unknown.
struct Within<'m, 'b, 'j> {
    inside: Inside<'m>,
    linked: &'m Linked,
    memory: &'m mut Memory,
    bound: &'b mut Bound<'j>,
    /// The field of the outermost block.
    list: FieldId,
}

impl Within<'_, '_, '_> {
    fn block(&mut self, block: &Block, start: Member, path: &[Segment]) -> bool {
        let tree = self.inside.scratch.tree();
        let doubt = doubt(block.polarity);
        let why = self.bound.known_why(self.list);
        let some = tree.any_member(start, path, Doubt::AnyReading, &mut |_| true);
        // Where only a part is shown there may be other members, else only where none is.
        let other = why.filter(|why| !some || *why == Unknown::NotShown);
        let holds = match block.quantifier {
            Quantifier::Any => tree.any_member(start, path, doubt, &mut |member| {
                self.member(block.routine, member)
            }),
            Quantifier::All => {
                tree.any_member(start, path, doubt, &mut |_| true)
                    && self.no_member_fails(block, start, path)
            }
            Quantifier::AllOrEmpty => self.no_member_fails(block, start, path),
        };
        // One more member cannot take an `any` away, nor save an `all` that fails.
        let settled = match block.quantifier {
            Quantifier::Any => holds,
            Quantifier::All | Quantifier::AllOrEmpty => !holds && some,
        };
        match other {
            Some(why) if !settled => {
                self.bound.note(self.list, why);
                self.bound.taken(block.polarity)
            }
            _ => holds,
        }
    }

    fn no_member_fails(&mut self, block: &Block, start: Member, path: &[Segment]) -> bool {
        let doubt = doubt(block.polarity).negated();
        let tree = self.inside.scratch.tree();
        !tree.any_member(start, path, doubt, &mut |member| {
            !self.member(block.routine, member)
        })
    }

    fn member(&mut self, routine: RoutineIdx, member: Member) -> bool {
        let linked = self.linked;
        let mut host = MemberHost {
            within: self,
            member,
        };
        run(&linked.program, routine, &mut host)
    }

    /// Whether a test of a member that does not hold is unknown.
    fn is_unknown(&mut self, predicate: &Predicate, member: Member) -> bool {
        let mut unknown = false;
        if let Operand::Member(path) = &predicate.operand {
            let seen = seen(self.inside.scratch, member, path.segments());
            // A member that is there has what it has, unless only a part of the object is shown.
            let partial = self
                .bound
                .known_why(self.list)
                .filter(|why| *why == Unknown::NotShown);
            if let Some(why) = seen.unknown(partial) {
                self.bound.note(self.list, why);
                unknown = true;
            }
        }
        if let Test::FieldRef { field, .. } = &predicate.test
            && let Some(why) = self.bound.known_why(field.id())
            && let Some(start) = self.inside.scratch.found(field.id())
            && seen(self.inside.scratch, start.into(), field.path().segments()) == Seen::Nothing
        {
            self.bound.note(field.id(), why);
            unknown = true;
        }
        unknown
    }
}

struct MemberHost<'w, 'm, 'b, 'j> {
    within: &'w mut Within<'m, 'b, 'j>,
    member: Member,
}

impl Host for MemberHost<'_, '_, '_, '_> {
    fn test(&mut self, predicate: PredicateIdx) -> bool {
        let within = &mut *self.within;
        let Some(asked) = within.linked.program.predicate(predicate) else {
            return false;
        };
        within.holds(predicate, self.member)
            || within.is_unknown(asked, self.member) && within.bound.taken(asked.polarity)
    }

    fn block(&mut self, block: BlockIdx) -> bool {
        let Some(block) = self.within.linked.program.block(block) else {
            return false;
        };
        let Operand::Member(path) = &block.operand else {
            return false;
        };
        self.within.block(block, self.member, path.segments())
    }
}

impl Within<'_, '_, '_> {
    fn holds(&mut self, predicate: PredicateIdx, member: Member) -> bool {
        let questions: &Questions = self.inside.questions;
        let Some(question) = self.linked.question(questions, predicate) else {
            return false;
        };
        let Operand::Member(path) = &question.operand else {
            return false;
        };
        let doubt = doubt(question.polarity);
        self.inside
            .ask(question, member, path.segments(), doubt, self.memory)
    }
}
