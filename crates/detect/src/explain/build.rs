//! Makes the tree of an explanation: every part is asked, whatever the parts before it said.

use audit_model::{Doubt, FieldId, Member, Segment, Unknown, Value};
use rule_lang::{
    BlockIdx, OpIdx, Operand, Outline, PredicateIdx, Quantifier, RoutineIdx, SourceId, Sources,
    Test,
};

use super::expected::described;
use super::{ExplainedMember, Found, Node, Place, What};
use crate::redact::{MASK, Redactor, is_secret_place, push_hidden};
use crate::verdict::Reason;
use crate::vm::{Host as _, Inside, Machine, doubt};
use crate::why::{MAX_CHARS, MAX_VALUES, push_cut, stand_in, write_path};

/// Most nodes of one routine's explanation.
const MAX_NODES: usize = 4096;
/// Most members that are kept of those that a block holds of, and of those that it does not.
const MAX_MEMBERS: usize = 16;

pub(super) struct Builder<'b> {
    pub(super) machine: Machine<'b>,
    pub(super) redactor: &'b mut Redactor,
    pub(super) places: &'b Sources,
    /// The file of the program at hand.
    pub(super) file: SourceId,
    pub(super) resource: Option<&'b str>,
    /// A reason with the event's part filled in.
    pub(super) about: Reason,
    pub(super) n_nodes: usize,
}

/// What the tests of a routine read: the event, or a member of a list.
#[derive(Clone, Copy)]
enum Ground<'g> {
    Event,
    Member(Here<'g>),
}

#[derive(Clone, Copy)]
struct Here<'g> {
    member: Member,
    /// How the member is called: `containers[]`.
    name: &'g str,
    /// The texts of the members before it, by commas: they may say that it is a password.
    before: &'g str,
}

/// Where an operand is read, and what it is called.
type Start<'o> = (Member, &'o [Segment], String);

impl Builder<'_> {
    /// Explains a routine of the program.
    pub(super) fn routine(&mut self, routine: RoutineIdx) -> Node {
        self.call(routine, Ground::Event)
    }

    fn call(&mut self, routine: RoutineIdx, ground: Ground<'_>) -> Node {
        match self.machine.linked.program.outline(routine) {
            Some(outline) => self.node(&outline, ground),
            None => omitted(self.holds_routine(routine, ground)),
        }
    }

    /// Recursion is as deep as conditions and blocks nest, which both have limits.
    fn node(&mut self, outline: &Outline, ground: Ground<'_>) -> Node {
        self.n_nodes += 1;
        if self.n_nodes > MAX_NODES {
            return omitted(self.holds(outline, ground));
        }
        let (holds, what) = match outline {
            Outline::And(of) => return self.parts(of, ground, all_of),
            Outline::Or(of) => return self.parts(of, ground, any_of),
            Outline::Not(part) => {
                let part = Box::new(self.node(part, ground));
                (!part.holds, What::Not { part })
            }
            Outline::Const(value) => (*value, What::Const),
            // Alone it may stand for a `1 of x_*` that found one selection.
            Outline::Call(..) => return self.parts(std::slice::from_ref(outline), ground, all_of),
            Outline::Test(predicate, at) => return self.test(*predicate, *at, ground),
            Outline::Block(block, at) => return self.block(*block, *at, ground),
        };
        Node { holds, what }
    }

    fn selection(&mut self, routine: RoutineIdx, ground: Ground<'_>) -> Node {
        self.n_nodes += 1;
        if self.n_nodes > MAX_NODES {
            return omitted(self.holds_routine(routine, ground));
        }
        let part = Box::new(self.call(routine, ground));
        let code = self.machine.linked.program.routine(routine);
        let name = code.map_or_else(String::new, |code| code.name.clone());
        Node {
            holds: part.holds,
            what: What::Selection { name, part },
        }
    }

    /// Parts that are joined. Those that one `1 of x_*` stands for are a part together.
    fn parts(
        &mut self,
        parts: &[Outline],
        ground: Ground<'_>,
        join: fn(Vec<Node>) -> Node,
    ) -> Node {
        let linked = self.machine.linked;
        let group = |part: &Outline| match part {
            Outline::Call(_, at) => linked.program.group(*at),
            _ => None,
        };
        let mut joined = Vec::new();
        for alike in parts.chunk_by(|left, right| group(left) == group(right)) {
            let nodes = alike.iter().map(|part| match part {
                Outline::Call(routine, _) => self.selection(*routine, ground),
                part => self.node(part, ground),
            });
            let nodes: Vec<Node> = nodes.collect();
            let Some(name) = alike.first().and_then(group) else {
                joined.extend(nodes);
                continue;
            };
            let part = Box::new(join(nodes));
            joined.push(Node {
                holds: part.holds,
                what: What::Group {
                    name: name.to_owned(),
                    part,
                },
            });
        }
        join(joined)
    }

    /// The truth value alone.
    fn holds(&mut self, outline: &Outline, ground: Ground<'_>) -> bool {
        match outline {
            Outline::And(parts) => parts.iter().all(|part| self.holds(part, ground)),
            Outline::Or(parts) => parts.iter().any(|part| self.holds(part, ground)),
            Outline::Not(part) => !self.holds(part, ground),
            Outline::Const(value) => *value,
            Outline::Call(routine, _) => self.holds_routine(*routine, ground),
            Outline::Test(predicate, _) => self.holds_test(*predicate, ground),
            Outline::Block(block, _) => self.holds_block(*block, ground),
        }
    }

    fn holds_routine(&mut self, routine: RoutineIdx, ground: Ground<'_>) -> bool {
        let Ground::Member(here) = ground else {
            return self.machine.run(routine);
        };
        let inside = Inside {
            questions: self.machine.questions,
            scratch: self.machine.scratch,
        };
        let (linked, memory) = (self.machine.linked, &mut *self.machine.memory);
        inside.member(linked, routine, here.member, memory)
    }

    fn holds_test(&mut self, predicate: PredicateIdx, ground: Ground<'_>) -> bool {
        let Ground::Member(here) = ground else {
            return self.machine.test(predicate);
        };
        let linked = self.machine.linked;
        let Some(question) = linked.question(self.machine.questions, predicate) else {
            return false;
        };
        let Operand::Member(path) = &question.operand else {
            return false;
        };
        let inside = Inside {
            questions: self.machine.questions,
            scratch: self.machine.scratch,
        };
        let (doubt, memory) = (doubt(question.polarity), &mut *self.machine.memory);
        inside.ask(question, here.member, path.segments(), doubt, memory)
    }

    fn holds_block(&mut self, block: BlockIdx, ground: Ground<'_>) -> bool {
        let Ground::Member(here) = ground else {
            return self.machine.block(block);
        };
        let linked = self.machine.linked;
        let Some(block) = linked.program.block(block) else {
            return false;
        };
        let Operand::Member(path) = &block.operand else {
            return false;
        };
        let inside = Inside {
            questions: self.machine.questions,
            scratch: self.machine.scratch,
        };
        let memory = &mut *self.machine.memory;
        inside.block(linked, block, here.member, path.segments(), memory)
    }

    fn place(&self, at: OpIdx) -> Option<Place> {
        let span = self.machine.linked.program.place(at)?;
        Some(Place {
            file: self.places.name(self.file).to_owned(),
            line: self.places.line_column(self.file, span).line,
        })
    }

    fn start<'o>(&mut self, operand: &'o Operand, ground: Ground<'_>) -> Option<Start<'o>> {
        match (operand, ground) {
            (Operand::Field(field), _) => {
                let machine = &mut self.machine;
                let start = machine.scratch.field(machine.source, field.id());
                Some((start.into(), field.path().segments(), field.to_string()))
            }
            (Operand::Member(path), Ground::Member(here)) => {
                let mut name = here.name.to_owned();
                write_path(path.segments(), &mut name);
                Some((here.member, path.segments(), name))
            }
            _ => None,
        }
    }

    fn test(&mut self, predicate: PredicateIdx, at: OpIdx, ground: Ground<'_>) -> Node {
        let holds = self.holds_test(predicate, ground);
        let place = self.place(at);
        let Some(asked) = self.machine.linked.program.predicate(predicate) else {
            return omitted(holds);
        };
        let (operator, mut expected, more_expected) = described(&asked.test);
        if let Test::FieldRef { field, .. } = &asked.test {
            let other = Operand::Field(field.clone());
            expected.push(match self.found(&other, Ground::Event, false) {
                Found::Absent => format!("{field} (absent)"),
                Found::Null => format!("{field} (null)"),
                Found::NotEvaluated(why) => format!("{field} ({why})"),
                Found::Values(values) => format!("{field} ({values})"),
            });
        }
        let (field, found) = if asked.operand == Operand::Keyword {
            // The text around a keyword may be anything, a Secret too; that it is there says enough.
            let machine = &mut self.machine;
            let found = if holds {
                Found::Values("found".to_owned())
            } else if let Some((field, why)) = machine.scratch.unknown_text(machine.source) {
                Found::NotEvaluated(self.reason(field, why))
            } else {
                Found::Absent
            };
            ("keywords".to_owned(), found)
        } else {
            let whole = matches!(asked.test, Test::Exists | Test::Present);
            let name = self.start(&asked.operand, ground).map(|(_, _, name)| name);
            let found = self.found(&asked.operand, ground, whole);
            (name.unwrap_or_default(), found)
        };
        let what = What::Test {
            field,
            operator,
            expected,
            more_expected,
            found,
            place,
        };
        Node { holds, what }
    }

    /// The values that a test reads; `whole` takes a list as one value.
    fn found(&mut self, operand: &Operand, ground: Ground<'_>, whole: bool) -> Found {
        let Some((start, path, name)) = self.start(operand, ground) else {
            return Found::Absent;
        };
        let tree = self.machine.scratch.tree();
        let hidden = is_secret_place(&name, self.resource, start.key(tree));
        let (mut n_values, mut null) = (0, false);
        // Gathered first and redacted as a whole: one argument says that the next one is a password.
        let mut gathered = String::new();
        let mut gather = |value: Value<'_>| {
            if value == Value::Null {
                null = true;
                return false;
            }
            n_values += 1;
            if n_values > 1 {
                gathered.push_str(", ");
            }
            if n_values > MAX_VALUES {
                gathered.push('…');
                return true;
            }
            match value.as_text() {
                Some(text) if hidden => push_hidden(text, &mut gathered),
                Some("") => gathered.push_str("''"),
                Some(text) => gathered.push_str(text),
                None => gathered.push_str(stand_in(value)),
            }
            gathered.len() > 4 * MAX_CHARS
        };
        if whole {
            tree.any_node(start, path, Doubt::AnyReading, &mut gather);
        } else {
            tree.any_value(start, path, Doubt::AnyReading, &mut gather);
        }
        match (n_values, null) {
            (0, true) => return Found::Null,
            (0, false) => {
                return self
                    .missing(operand)
                    .map_or(Found::Absent, Found::NotEvaluated);
            }
            _ => {}
        }
        if let Ground::Member(here) = ground
            && matches!(operand, Operand::Member(_))
            && self.is_secret_behind(here.before, &gathered)
        {
            return Found::Values(MASK.to_owned());
        }
        let mut shown = String::new();
        push_cut(&gathered, self.redactor, &mut shown);
        Found::Values(shown)
    }

    /// Why something that is not found may have been there all the same. Of members everything is known, because the list
    /// that they are in is there.
    fn missing(&mut self, operand: &Operand) -> Option<String> {
        let field = operand.field()?.id();
        let machine = &mut self.machine;
        let why = machine.scratch.unknown(machine.source, field)?;
        Some(self.reason(field, why))
    }

    fn reason(&self, field: FieldId, why: Unknown) -> String {
        let reason = Reason {
            field,
            why,
            ..self.about
        };
        reason.to_string()
    }

    /// Whether what stands before a text makes it a secret.
    fn is_secret_behind(&mut self, before: &str, text: &str) -> bool {
        if before.is_empty() {
            return false;
        }
        let (mut together, mut alone) = (String::new(), String::new());
        self.redactor
            .push(&format!("{before}, {text}"), &mut together);
        self.redactor.push(text, &mut alone);
        !together.ends_with(&alone)
    }

    fn block(&mut self, at: BlockIdx, op: OpIdx, ground: Ground<'_>) -> Node {
        // This also finds the fields that tests in the block compare with.
        let holds = self.holds_block(at, ground);
        let place = self.place(op);
        let Some(block) = self.machine.linked.program.block(at) else {
            return omitted(holds);
        };
        let Some((start, path, name)) = self.start(&block.operand, ground) else {
            return omitted(holds);
        };
        let mut all = Vec::new();
        let tree = self.machine.scratch.tree();
        tree.any_member(start, path, Doubt::AnyReading, &mut |member| {
            all.push(member);
            false
        });
        let called = format!("{name}[]");
        let mut before = String::new();
        let (mut n_held, mut n_failed) = (0, 0);
        let mut members = Vec::new();
        for (index, member) in all.iter().enumerate() {
            let here = Ground::Member(Here {
                member: *member,
                name: &called,
                before: &before,
            });
            let n_alike = if self.holds_routine(block.routine, here) {
                &mut n_held
            } else {
                &mut n_failed
            };
            *n_alike += 1;
            if *n_alike <= MAX_MEMBERS {
                let node = self.call(block.routine, here);
                members.push(ExplainedMember { index, node });
            }
            self.remember(*member, &mut before);
        }
        let missing = all.is_empty().then(|| self.missing(&block.operand));
        let what = What::Block {
            field: name,
            missing: missing.flatten(),
            quantifier: match block.quantifier {
                Quantifier::Any => "any",
                Quantifier::All => "all",
                Quantifier::AllOrEmpty => "all_or_empty",
            },
            more_members: all.len() - members.len(),
            members,
            place,
        };
        Node { holds, what }
    }

    /// Adds the text of a member to those before the next one, of which the end is enough.
    fn remember(&self, member: Member, before: &mut String) {
        let tree = self.machine.scratch.tree();
        tree.any_node(member, &[], Doubt::AnyReading, &mut |value| {
            if let Some(text) = value.as_text() {
                if !before.is_empty() {
                    before.push_str(", ");
                }
                before.push_str(text);
            }
            false
        });
        let surplus = before.len().saturating_sub(4 * MAX_CHARS);
        if surplus > 0 {
            let mut starts = before.char_indices().map(|(at, _)| at);
            let from = starts.find(|at| *at >= surplus).unwrap_or(0);
            before.drain(..from);
        }
    }
}

/// Nodes joined by `and`; one alone is itself.
fn all_of(parts: Vec<Node>) -> Node {
    joined(parts, true)
}

/// Nodes joined by `or`; one alone is itself.
fn any_of(parts: Vec<Node>) -> Node {
    joined(parts, false)
}

fn joined(mut parts: Vec<Node>, and: bool) -> Node {
    if parts.len() == 1
        && let Some(only) = parts.pop()
    {
        return only;
    }
    let holds = if and {
        parts.iter().all(|part| part.holds)
    } else {
        parts.iter().any(|part| part.holds)
    };
    let what = if and {
        What::And { parts }
    } else {
        What::Or { parts }
    };
    Node { holds, what }
}

/// A node of which only the truth value is told.
fn omitted(holds: bool) -> Node {
    Node {
        holds,
        what: What::Omitted,
    }
}
