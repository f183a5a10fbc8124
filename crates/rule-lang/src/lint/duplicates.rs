//! Rules of a set that ask the same.

use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;

use crate::outline::Outline;
use crate::program::{Op, Predicate, PredicateIdx, Program, RoutineIdx, Test};
use crate::rule::Rule;

/// Each rule that asks what one before it asks, with the first that does. Rules that are turned off do not count.
pub(crate) fn duplicates<'r>(rules: &[&'r Rule]) -> Vec<(&'r Rule, &'r Rule)> {
    // Most rules have tests that no other has, which is found out soon.
    let mut by_tests: HashMap<u64, Vec<&Rule>> = HashMap::new();
    let rules: Vec<(&Rule, u64)> = rules
        .iter()
        .filter(|rule| rule.inactive().is_none())
        .map(|rule| (*rule, Tests::of(rule)))
        .collect();
    for (rule, tests) in &rules {
        by_tests.entry(*tests).or_default().push(rule);
    }
    let mut first: HashMap<u64, Vec<&Rule>> = HashMap::new();
    let mut found = Vec::new();
    for (rule, tests) in &rules {
        if by_tests.get(tests).is_none_or(|alike| alike.len() < 2) {
            continue;
        }
        let known = first.entry(fingerprint(rule)).or_default();
        match known.iter().find(|other| is_same(other, rule)) {
            Some(same) => found.push((*rule, *same)),
            None => known.push(rule),
        }
    }
    found
}

/// The tests of a rule, whichever way they are joined.
struct Tests<'r> {
    program: &'r Program,
    seen: Vec<bool>,
    hashes: Vec<u64>,
}

impl<'r> Tests<'r> {
    /// The same for rules that ask the same, and seldom for others.
    fn of(rule: &'r Rule) -> u64 {
        let program = rule.program();
        let mut tests = Self {
            program,
            seen: vec![false; program.routines().len()],
            hashes: Vec::new(),
        };
        tests.routine(program.condition());
        for (routine, _) in rule.levels() {
            tests.routine(*routine);
        }
        // One that stands twice is one.
        tests.hashes.sort_unstable();
        tests.hashes.dedup();
        let mut hasher = DefaultHasher::new();
        tests.hashes.hash(&mut hasher);
        hasher.finish()
    }

    /// Calls are as deep as blocks, which have a limit.
    fn routine(&mut self, idx: RoutineIdx) {
        match self.seen.get_mut(idx.index()) {
            Some(seen) if !*seen => *seen = true,
            _ => return,
        }
        let Some(routine) = self.program.routine(idx) else {
            return;
        };
        let range = routine.start.index()..routine.end.index();
        for op in self.program.ops().get(range).unwrap_or_default() {
            match op {
                Op::Test(predicate) => self.test(*predicate),
                Op::Call(routine) => self.routine(*routine),
                Op::Block(block) => {
                    if let Some(block) = self.program.block(*block) {
                        let mut hasher = DefaultHasher::new();
                        block.operand.hash(&mut hasher);
                        self.hashes.push(hasher.finish());
                        self.routine(block.routine);
                    }
                }
                _ => {}
            }
        }
    }

    /// One of several values is the one or the other.
    fn test(&mut self, predicate: PredicateIdx) {
        let Some(Predicate { operand, test, .. }) = self.program.predicate(predicate) else {
            return;
        };
        let mut hasher = DefaultHasher::new();
        operand.hash(&mut hasher);
        if let Test::OneOf(literals) = test {
            self.hashes.extend(literals.iter().map(|literal| {
                let mut hasher = hasher.clone();
                literal.hash(&mut hasher);
                hasher.finish()
            }));
        } else {
            test.hash(&mut hasher);
            self.hashes.push(hasher.finish());
        }
    }
}

/// What a program asks, whichever way it is written: split over selections, in another order, or said twice.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    Const(bool),
    /// What is read, and what is asked of it.
    Test(Rc<str>, String),
    Block(String, Rc<Form>),
    Not(Rc<Form>),
    And(BTreeSet<Rc<Form>>),
    Or(BTreeSet<Rc<Form>>),
}

/// Parts of a form; what has more of them is compared as it is written.
const PARTS: usize = 200_000;

/// Whether two rules ask the same; the names of selections do not matter.
fn is_same(left: &Rule, right: &Rule) -> bool {
    let is_written_so = |left: &Program, right: &Program| {
        left.ops() == right.ops()
            && left.predicates() == right.predicates()
            && left.blocks() == right.blocks()
            && left.condition() == right.condition()
    };
    is_written_so(left.program(), right.program())
        || matches!((forms(left), forms(right)), (Some(left), Some(right)) if left == right)
}

/// The same for rules that ask the same.
fn fingerprint(rule: &Rule) -> u64 {
    let mut writer = Writer(DefaultHasher::new());
    if let Some(forms) = forms(rule) {
        forms.hash(&mut writer.0);
    } else {
        let program = rule.program();
        // The derived form says all. Writing to a hasher cannot fail.
        let _ = write!(writer, "{:?}{:?}", program.ops(), program.predicates());
    }
    writer.0.finish()
}

/// What a rule asks, and what each of its levels does.
fn forms(rule: &Rule) -> Option<Vec<Rc<Form>>> {
    let program = rule.program();
    let mut reader = Reader {
        program,
        known: HashMap::new(),
        left: PARTS,
    };
    let levels = rule.levels().iter().map(|(routine, _)| *routine);
    std::iter::once(program.condition())
        .chain(levels)
        .map(|routine| reader.routine(routine))
        .collect()
}

struct Reader<'p> {
    program: &'p Program,
    known: HashMap<usize, Rc<Form>>,
    left: usize,
}

impl Reader<'_> {
    fn routine(&mut self, routine: RoutineIdx) -> Option<Rc<Form>> {
        if let Some(known) = self.known.get(&routine.index()) {
            return Some(Rc::clone(known));
        }
        let outline = self.program.outline(routine)?;
        let form = self.outline(&outline)?;
        self.known.insert(routine.index(), Rc::clone(&form));
        Some(form)
    }

    fn outline(&mut self, outline: &Outline) -> Option<Rc<Form>> {
        self.left = self.left.checked_sub(1)?;
        Some(match outline {
            Outline::And(parts) => self.joined(parts, true)?,
            Outline::Or(parts) => self.joined(parts, false)?,
            Outline::Not(inner) => match &*self.outline(inner)? {
                Form::Not(inner) => Rc::clone(inner),
                Form::Const(value) => Rc::new(Form::Const(!value)),
                other => Rc::new(Form::Not(Rc::new(other.clone()))),
            },
            Outline::Const(value) => Rc::new(Form::Const(*value)),
            Outline::Test(predicate, _) => self.test(self.program.predicate(*predicate)?)?,
            Outline::Block(block, _) => {
                let block = self.program.block(*block)?;
                let member = self.routine(block.routine)?;
                let list = format!("{:?}{:?}", block.operand, block.quantifier);
                Rc::new(Form::Block(list, member))
            }
            Outline::Call(routine, _) => self.routine(*routine)?,
        })
    }

    /// One of several values is the one or the other.
    fn test(&mut self, predicate: &Predicate) -> Option<Rc<Form>> {
        let operand: Rc<str> = format!("{:?}", predicate.operand).into();
        let Test::OneOf(literals) = &predicate.test else {
            return Some(Rc::new(Form::Test(
                operand,
                format!("{:?}", predicate.test),
            )));
        };
        let mut parts = BTreeSet::new();
        for literal in literals.iter() {
            self.left = self.left.checked_sub(1)?;
            let asked = format!("{literal:?}");
            parts.insert(Rc::new(Form::Test(Rc::clone(&operand), asked)));
        }
        Some(only(parts, Form::Or))
    }

    fn joined(&mut self, parts: &[Outline], all: bool) -> Option<Rc<Form>> {
        let mut forms = BTreeSet::new();
        for part in parts {
            let form = self.outline(part)?;
            match (&*form, all) {
                (Form::And(inner), true) | (Form::Or(inner), false) => {
                    self.left = self.left.checked_sub(inner.len())?;
                    forms.extend(inner.iter().cloned());
                }
                _ => {
                    forms.insert(form);
                }
            }
        }
        Some(only(forms, if all { Form::And } else { Form::Or }))
    }
}

/// Parts joined; one of them alone is itself.
fn only(mut parts: BTreeSet<Rc<Form>>, join: fn(BTreeSet<Rc<Form>>) -> Form) -> Rc<Form> {
    match parts.pop_first() {
        Some(only) if parts.is_empty() => only,
        first => {
            parts.extend(first);
            Rc::new(join(parts))
        }
    }
}

struct Writer(DefaultHasher);

impl fmt::Write for Writer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}
