//! Why a rule matched: its selections, the fields and values behind them, and its message.

use std::fmt::Write as _;

use audit_model::{Doubt, Field, Member, Segment, Value};
use rule_lang::{Block, BlockIdx, MessagePart, Op, Operand, PredicateIdx, RoutineIdx, Rule};

use crate::hit::{Findings, Shown};
use crate::predicate::{Ask, Memory, Question};
use crate::redact::{Redactor, is_secret_place, push_hidden};
use crate::vm::{Host as _, Inside, Linked, Machine, doubt};

/// Most values that one hit shows.
const MAX_EVIDENCE: usize = 64;
/// Most values that one test of it shows.
pub(crate) const MAX_VALUES: usize = 8;
/// Most characters of a value, and of a hole in a message.
pub(crate) const MAX_CHARS: usize = 200;

/// Memory for telling why.
#[derive(Debug)]
pub(crate) struct Reasons {
    redactor: Redactor,
    /// Members that made a block of the rule at hand true.
    members: Vec<(BlockIdx, Member)>,
    text: String,
}

impl Reasons {
    pub(crate) fn new() -> Self {
        Self {
            redactor: Redactor::new(),
            members: Vec::new(),
            text: String::new(),
        }
    }
}

/// What is being told, and where to.
pub(crate) struct Teller<'t> {
    pub(crate) reasons: &'t mut Reasons,
    pub(crate) findings: &'t mut Findings,
    /// First piece of evidence of this hit.
    pub(crate) first: usize,
    pub(crate) resource: Option<&'t str>,
    /// Pieces of evidence told, those that were known already among them.
    pub(crate) n_told: usize,
}

impl Teller<'_> {
    /// Notes the selections that match, and what made them.
    pub(crate) fn selections(&mut self, machine: &mut Machine<'_>) {
        self.reasons.members.clear();
        let linked = machine.linked;
        for (at, selection) in linked.program.selections().iter().enumerate() {
            if machine.run(selection.routine()) {
                self.findings.selections.push(at);
                self.routine(machine, selection.routine());
            }
        }
    }

    fn routine(&mut self, machine: &mut Machine<'_>, routine: RoutineIdx) {
        let linked = machine.linked;
        for (op, negated) in ops(linked, routine) {
            match op {
                Op::Test(predicate) if machine.test(predicate) != negated => {
                    self.test(machine, predicate, negated);
                }
                Op::Block(block) if !negated && machine.block(block) => self.block(machine, block),
                Op::Call(routine) if !negated => self.routine(machine, routine),
                _ => {}
            }
        }
    }

    fn test(&mut self, machine: &mut Machine<'_>, predicate: PredicateIdx, negated: bool) {
        let Some(question) = machine.linked.question(machine.questions, predicate) else {
            return;
        };
        match &question.operand {
            Operand::Field(field) => {
                let start = machine.scratch.field(machine.source, field.id());
                let inside = Inside {
                    questions: machine.questions,
                    scratch: machine.scratch,
                };
                let path = field.path().segments();
                let name = self.name(field);
                self.values(
                    inside,
                    machine.memory,
                    question,
                    &name,
                    start.into(),
                    path,
                    negated,
                );
                self.reasons.text = name;
            }
            Operand::Keyword if !negated => {
                // The text around a keyword may be anything, a Secret too; that it is there says enough.
                self.show("keywords", |text, _| text.push_str("found"));
            }
            Operand::Keyword | Operand::Member(_) => {}
        }
    }

    fn block(&mut self, machine: &mut Machine<'_>, at: BlockIdx) {
        let linked = machine.linked;
        let Some(block) = linked.program.block(at) else {
            return;
        };
        let Operand::Field(field) = &block.operand else {
            return;
        };
        let start = machine.scratch.field(machine.source, field.id());
        let inside = Inside {
            questions: machine.questions,
            scratch: machine.scratch,
        };
        let memory = &mut *machine.memory;
        let tree = machine.scratch.tree();
        tree.any_member(
            start.into(),
            field.path().segments(),
            doubt(block.polarity),
            &mut |member| {
                if inside.member(linked, block.routine, member, memory) {
                    self.reasons.members.push((at, member));
                    self.member(inside, linked, block, member, memory, Place::of(field));
                }
                self.findings.evidence.len() - self.first >= MAX_EVIDENCE
            },
        );
    }

    /// What one member has that a block asks for. Where that is nothing to point at, as after a negation, the member.
    fn member(
        &mut self,
        inside: Inside<'_>,
        linked: &Linked,
        block: &Block,
        member: Member,
        memory: &mut Memory,
        place: Place<'_>,
    ) {
        let before = self.n_told;
        self.member_routine(inside, linked, block.routine, member, memory, place);
        if self.n_told == before {
            let name = self.member_name(place, &[]);
            inside
                .scratch
                .tree()
                .any_node(member, &[], Doubt::AnyReading, &mut |value| {
                    let hidden =
                        value.as_text().is_some() && is_secret_place(&name, self.resource, None);
                    self.show_value(&name, value, hidden);
                    true
                });
            self.reasons.text = name;
        }
    }

    fn member_routine(
        &mut self,
        inside: Inside<'_>,
        linked: &Linked,
        routine: RoutineIdx,
        member: Member,
        memory: &mut Memory,
        place: Place<'_>,
    ) {
        for (op, negated) in ops(linked, routine) {
            match op {
                Op::Test(predicate) => {
                    let Some(question) = linked.question(inside.questions, predicate) else {
                        continue;
                    };
                    let Operand::Member(path) = &question.operand else {
                        continue;
                    };
                    let path = path.segments();
                    if inside.ask(question, member, path, doubt(question.polarity), memory)
                        != negated
                    {
                        let name = self.member_name(place, path);
                        self.values(inside, memory, question, &name, member, path, negated);
                        self.reasons.text = name;
                    }
                }
                Op::Block(nested) if !negated => {
                    let Some(nested) = linked.program.block(nested) else {
                        continue;
                    };
                    let Operand::Member(path) = &nested.operand else {
                        continue;
                    };
                    let tree = inside.scratch.tree();
                    let place = Place {
                        field: place.field,
                        path: path.segments(),
                        outer: Some(&place),
                    };
                    tree.any_member(
                        member,
                        path.segments(),
                        doubt(nested.polarity),
                        &mut |each| {
                            if inside.member(linked, nested.routine, each, memory) {
                                self.member_routine(
                                    inside,
                                    linked,
                                    nested.routine,
                                    each,
                                    memory,
                                    place,
                                );
                            }
                            self.is_full()
                        },
                    );
                }
                Op::Call(routine) if !negated && inside.member(linked, routine, member, memory) => {
                    self.member_routine(inside, linked, routine, member, memory, place);
                }
                _ => {}
            }
        }
    }

    /// Shows the values that answered a question, or under a negation those that are there instead.
    #[expect(
        clippy::too_many_arguments,
        reason = "one walk, told apart by where it starts"
    )]
    fn values(
        &mut self,
        inside: Inside<'_>,
        memory: &mut Memory,
        question: &Question,
        name: &str,
        start: Member,
        path: &[Segment],
        negated: bool,
    ) {
        let tree = inside.scratch.tree();
        let hidden = is_secret_place(name, self.resource, start.key(tree));
        let mut n_values = 0;
        let mut show = |value: Value<'_>, matched: bool| {
            if matched && value != Value::Null && n_values < MAX_VALUES {
                n_values += 1;
                self.show_value(name, value, hidden);
            }
            n_values >= MAX_VALUES
        };
        if matches!(question.ask, Ask::Exists | Ask::Present) {
            tree.any_node(start, path, Doubt::AnyReading, &mut |value| {
                show(value, true)
            });
        } else {
            tree.any_value(start, path, Doubt::AnyReading, &mut |value| {
                let all = negated || matches!(question.ask, Ask::FieldRef { .. });
                let matched = all || inside.questions.matches(question, value, memory);
                show(value, matched)
            });
        }
    }

    fn show_value(&mut self, name: &str, value: Value<'_>, hidden: bool) {
        self.show(name, |text, redactor| match value.as_text() {
            Some(value) if hidden => push_hidden(value, text),
            Some(value) => push_cut(value, redactor, text),
            None => text.push_str(stand_in(value)),
        });
    }

    /// The name of a field, in memory that is to be given back to [`Reasons::text`].
    fn name(&mut self, field: &Field) -> String {
        let mut out = std::mem::take(&mut self.reasons.text);
        out.clear();
        push_field(field, &mut out);
        out
    }

    /// The name of a path in a member, in the same memory.
    fn member_name(&mut self, place: Place<'_>, path: &[Segment]) -> String {
        let mut out = std::mem::take(&mut self.reasons.text);
        out.clear();
        place.write(&mut out);
        write_path(path, &mut out);
        out
    }

    fn is_full(&self) -> bool {
        self.findings.evidence.len() - self.first >= MAX_EVIDENCE
    }

    /// Adds a piece of evidence, unless it has been shown.
    fn show(&mut self, field: &str, value: impl FnOnce(&mut String, &mut Redactor)) {
        self.n_told += 1;
        if self.is_full() {
            return;
        }
        let findings = &mut *self.findings;
        let start = findings.text.len();
        findings.text.push_str(field);
        let middle = findings.text.len();
        value(&mut findings.text, &mut self.reasons.redactor);
        let shown = Shown {
            field: start..middle,
            value: middle..findings.text.len(),
        };
        let (new_field, new_value) = (findings.slice(&shown.field), findings.slice(&shown.value));
        let earlier = findings.evidence.get(self.first..).unwrap_or_default();
        let known = earlier.iter().any(|earlier| {
            findings.slice(&earlier.field) == new_field
                && findings.slice(&earlier.value) == new_value
        });
        if known {
            findings.text.truncate(start);
        } else {
            findings.evidence.push(shown);
        }
    }

    /// Fills the holes of the rule's message.
    pub(crate) fn message(&mut self, machine: &mut Machine<'_>, rule: &Rule) {
        let Some(message) = rule.message() else {
            self.findings.text.push_str(rule.title());
            return;
        };
        for part in message.parts() {
            match part {
                MessagePart::Text(text) => self.findings.text.push_str(text),
                MessagePart::Hole(field) => self.hole(machine, field),
            }
        }
    }

    fn hole(&mut self, machine: &mut Machine<'_>, field: &Field) {
        let start = machine.scratch.field(machine.source, field.id());
        let tree = machine.scratch.tree();
        let mut name = std::mem::take(&mut self.reasons.text);
        name.clear();
        push_field(field, &mut name);
        let hidden = is_secret_place(&name, self.resource, None);
        // Gathered first and redacted as a whole: one argument says that the next one is a password.
        let mut gathered = name;
        gathered.clear();
        let mut fill = |value: Value<'_>| {
            let Some(text) = value.as_text() else {
                return false;
            };
            if !gathered.is_empty() {
                gathered.push_str(", ");
            }
            if hidden {
                push_hidden(text, &mut gathered);
            } else {
                gathered.push_str(text);
            }
            // What is cut off anyway need not be gathered.
            gathered.len() > 4 * MAX_CHARS
        };
        // Of a list that a block tested, the members that matched.
        let path = field.path().segments();
        let mut by_members = false;
        let members = &self.reasons.members;
        for (nth, (at, member)) in members.iter().enumerate() {
            let Some(Operand::Field(tested)) = machine
                .linked
                .program
                .block(*at)
                .map(|block| &block.operand)
            else {
                continue;
            };
            if tested.id() == field.id()
                && let Some(rest) = path.strip_prefix(tested.path().segments())
            {
                by_members = true;
                // Several selections may have found the same member.
                if members
                    .iter()
                    .take(nth)
                    .any(|(_, earlier)| earlier == member)
                {
                    continue;
                }
                tree.any_value(*member, rest, Doubt::AnyReading, &mut fill);
            }
        }
        if !by_members {
            tree.any_value(start.into(), path, Doubt::AnyReading, &mut fill);
        }
        let out = &mut self.findings.text;
        let begin = out.len();
        push_cut(&gathered, &mut self.reasons.redactor, out);
        self.reasons.text = gathered;
        if out.len() == begin {
            out.push('-');
        }
    }
}

/// The ops of a routine, each with whether the next one negates it.
fn ops(linked: &Linked, routine: RoutineIdx) -> impl Iterator<Item = (Op, bool)> + '_ {
    let code = linked.program.routine(routine);
    let range = code.map_or(0..0, |code| code.start.index()..code.end.index());
    let ops = linked.program.ops().get(range).unwrap_or_default();
    ops.iter()
        .zip(ops.iter().skip(1))
        .map(|(op, next)| (*op, matches!(next, Op::Not)))
}

/// Where a member stands: in the list of a field, or in a list of another member.
#[derive(Clone, Copy)]
struct Place<'p> {
    field: &'p Field,
    /// The path of the list in the member that it stands in.
    path: &'p [Segment],
    outer: Option<&'p Place<'p>>,
}

impl<'p> Place<'p> {
    fn of(field: &'p Field) -> Self {
        Self {
            field,
            path: &[],
            outer: None,
        }
    }

    /// Appends the name of a member. Blocks nest 8 deep at most.
    fn write(&self, out: &mut String) {
        match self.outer {
            Some(outer) => outer.write(out),
            None => push_field(self.field, out),
        }
        write_path(self.path, out);
        out.push_str("[]");
    }
}

/// Appends the name of a field. Formatting takes longer than all else about most of them, which have no path.
fn push_field(field: &Field, out: &mut String) {
    if field.path().is_empty() {
        out.push_str(field.info().name);
    } else {
        // Writing to a `String` cannot fail.
        let _ = write!(out, "{field}");
    }
}

/// Appends a path in a member.
pub(crate) fn write_path(path: &[Segment], out: &mut String) {
    for segment in path {
        let _ = match segment {
            Segment::Index(_) => write!(out, "{segment}"),
            _ => write!(out, ".{segment}"),
        };
    }
}

/// What is shown of a value that is no text.
pub(crate) fn stand_in(value: Value<'_>) -> &'static str {
    match value {
        Value::Null => "null",
        Value::List { empty: true } => "[]",
        Value::List { .. } => "[…]",
        Value::Unknown => "(unknown)",
        _ => "{…}",
    }
}

/// Appends a value, redacted and cut.
pub(crate) fn push_cut(value: &str, redactor: &mut Redactor, out: &mut String) {
    let begin = out.len();
    // A secret may begin before the cut and end behind it, so the cut comes last, within reason.
    redactor.push(first_chars(value, 4 * MAX_CHARS), out);
    cut(begin, out);
}

/// Cuts what was appended after `begin` to [`MAX_CHARS`] characters.
pub(crate) fn cut(begin: usize, out: &mut String) {
    let Some(text) = out.get(begin..) else {
        return;
    };
    let length = first_chars(text, MAX_CHARS).len();
    if length < text.len() {
        out.truncate(begin + length);
        out.push('…');
    }
}

/// A text up to so many characters.
fn first_chars(text: &str, most: usize) -> &str {
    // It has no more characters than bytes, which need not be counted.
    if text.len() <= most {
        return text;
    }
    let end = text.char_indices().nth(most);
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}
