//! What must be true of an event for a program to hold of it: where an index may file a rule.
//!
//! The whole condition is looked at. A guard may let through events of which the program does not hold, and never the
//! other way round; so where something cannot be told, it asks for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use audit_model::FieldId;

use crate::program::{Literal, Op, OpIdx, Operand, Predicate, Program, RoutineIdx, Test};
use crate::text::PatternKind;
use crate::{Number, fold_into};

/// Most alternatives of a guard; past it, it asks for what they have in common or for nothing.
const MOST_ALTERNATIVES: usize = 64;
/// Most work on one program, in steps; past it, the guard asks for nothing.
const MOST_STEPS: usize = 200_000;
/// The shortest text that is worth looking for.
pub(crate) const SHORTEST_NEEDLE: usize = 3;

/// What must be true of an event for a program to hold of it.
///
/// # Examples
/// ```
/// use audit_model::FieldId;
/// use rule_lang::{Compiler, Guard};
///
/// let mut compiler = Compiler::new();
/// compiler.add("secrets.yaml", "
/// title: Secrets read
/// logsource: {product: kubernetes, service: audit}
/// detection:
///   selection: {resource: secrets, verb: [get, list]}
///   known: {namespace: kube-system}
///   condition: selection and not known
/// ");
/// let guard = Guard::of(compiler.finish().rules[0].program());
/// let [only] = guard.alternatives().unwrap_or_default() else { panic!("one alternative") };
/// let verbs: Vec<_> = only.equal[&FieldId::Verb.into()].iter().map(String::as_str).collect();
/// assert_eq!(verbs, ["get", "list"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// Nothing is asked.
    Anything,
    /// One of these must hold; none of none does.
    OneOf(Vec<Conjunction>),
}

/// Where a text stands: in a field that has one value; or where several may, in a list or at the end of a path below a
/// body.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The field.
    pub field: FieldId,
    /// Keys below the body. Lists on the way are gone through.
    pub path: Vec<Box<str>>,
}

impl From<FieldId> for Place {
    fn from(field: FieldId) -> Self {
        Self {
            field,
            path: Vec::new(),
        }
    }
}

impl Place {
    /// Whether several texts may stand there.
    pub fn has_several(&self) -> bool {
        !self.path.is_empty() || is_list(self.field)
    }

    /// The place where an operand looks for one of several values; `None` for one that is not told by keys alone.
    fn of_several(field: &audit_model::Field) -> Option<Self> {
        if is_list(field.id()) && field.path().is_empty() {
            return Some(field.id().into());
        }
        let is_body = matches!(field.id(), FieldId::RequestObject | FieldId::ResponseObject);
        let segments = field.path().segments();
        if !is_body || segments.is_empty() {
            return None;
        }
        let keys = segments.iter().map(|segment| match segment {
            // A byte of a key that is no text reads as U+FFFD.
            audit_model::Segment::Key(key) if !key.contains(char::REPLACEMENT_CHARACTER) => {
                Some(key.clone())
            }
            audit_model::Segment::Split(name)
                if !name.contains(['.', char::REPLACEMENT_CHARACTER]) =>
            {
                Some(name.clone())
            }
            _ => None,
        });
        Some(Self {
            field: field.id(),
            path: keys.collect::<Option<_>>()?,
        })
    }
}

/// One alternative of a [`Guard`]: all that it says must be true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conjunction {
    /// The text at a place, its case folded, is one of these. A number's text is its shortest.
    pub equal: BTreeMap<Place, Arc<BTreeSet<String>>>,
    /// The text of this field, its case folded, contains one of these.
    pub contains: Option<(FieldId, Arc<BTreeSet<String>>)>,
    /// These are there: a body, [`FieldId::Object`] for one of the two, the impersonated user.
    pub present: BTreeSet<FieldId>,
}

impl Guard {
    /// The guard of a program.
    pub fn of(program: &Program) -> Self {
        let mut analysis = Analysis {
            program,
            known: BTreeMap::new(),
            steps: 0,
        };
        let guard = analysis.routine(program.condition(), true);
        if analysis.steps > MOST_STEPS {
            return Self(Form::Anything);
        }
        match guard.0 {
            // What says nothing makes the others superfluous.
            Form::OneOf(all) if all.iter().any(Conjunction::is_empty) => Self(Form::Anything),
            form => Self(form),
        }
    }

    /// The alternatives, of which one must hold; `None` when nothing is asked.
    pub fn alternatives(&self) -> Option<&[Conjunction]> {
        match &self.0 {
            Form::Anything => None,
            Form::OneOf(all) => Some(all),
        }
    }

    /// A guard that lets nothing through.
    pub fn never() -> Self {
        Self(Form::OneOf(Vec::new()))
    }

    fn anything() -> Self {
        Self(Form::Anything)
    }

    fn only(conjunction: Conjunction) -> Self {
        if conjunction.is_empty() {
            Self::anything()
        } else {
            Self(Form::OneOf(vec![conjunction]))
        }
    }

    fn or(self, other: Self) -> Self {
        let (Form::OneOf(mut all), Form::OneOf(others)) = (self.0, other.0) else {
            return Self::anything();
        };
        for one in others {
            if !all.iter_mut().any(|known| known.absorb(&one)) {
                all.push(one);
            }
        }
        if all.len() > MOST_ALTERNATIVES {
            let common = all.split_off(1).into_iter().fold(all.pop(), |common, one| {
                common.map(|common| common.common(&one))
            });
            return Self::only(common.unwrap_or_default());
        }
        Self(Form::OneOf(all))
    }

    fn and(self, other: Self) -> Self {
        let (left, right) = match (self.0, other.0) {
            (Form::Anything, form) | (form, Form::Anything) => return Self(form),
            (Form::OneOf(left), Form::OneOf(right)) => (left, right),
        };
        if left.len() * right.len() > MOST_ALTERNATIVES {
            // Either side alone must hold too; the one with fewer alternatives says more.
            return Self(Form::OneOf(if left.len() <= right.len() {
                left
            } else {
                right
            }));
        }
        let pairs = left
            .iter()
            .flat_map(|left| right.iter().filter_map(|right| left.and(right)));
        pairs.fold(Self::never(), |guard, pair| guard.or(Self::only(pair)))
    }
}

impl Conjunction {
    fn is_empty(&self) -> bool {
        self.equal.is_empty() && self.contains.is_none() && self.present.is_empty()
    }

    /// Both; `None` when no event can be so.
    fn and(&self, other: &Self) -> Option<Self> {
        let mut both = self.clone();
        for (field, values) in &other.equal {
            if let Some(known) = both.equal.get_mut(field) {
                if field.has_several() {
                    // There may be several values, one for each of the two.
                    if values.len() < known.len() {
                        known.clone_from(values);
                    }
                    continue;
                }
                // The fields that are looked at have one value.
                if !Arc::ptr_eq(known, values) {
                    Arc::make_mut(known).retain(|value| values.contains(value));
                }
                if known.is_empty() {
                    return None;
                }
            } else {
                both.equal.insert(field.clone(), values.clone());
            }
        }
        let shortest = |needles: &Option<(FieldId, Arc<BTreeSet<String>>)>| {
            let all = needles.iter().flat_map(|(_, all)| all.iter());
            all.map(String::len).min().unwrap_or_default()
        };
        if shortest(&other.contains) > shortest(&both.contains) {
            both.contains.clone_from(&other.contains);
        }
        both.present.extend(&other.present);
        Some(both)
    }

    /// Takes in another alternative that differs in the values of one field at most; whether it did.
    fn absorb(&mut self, other: &Self) -> bool {
        let same_fields = self.equal.keys().eq(other.equal.keys()) && self.present == other.present;
        if !same_fields {
            return false;
        }
        let differing = self
            .equal
            .iter()
            .filter(|(field, values)| other.equal.get(*field) != Some(*values));
        let differing: Vec<Place> = differing.map(|(field, _)| field.clone()).collect();
        match (differing.as_slice(), &mut self.contains, &other.contains) {
            ([], mine, theirs) if mine == theirs => true,
            ([], Some((field, needles)), Some((other, more))) if field == other => {
                Arc::make_mut(needles).extend(more.iter().cloned());
                true
            }
            ([field], mine, theirs) if mine == theirs => {
                if let (Some(values), Some(more)) =
                    (self.equal.get_mut(field), other.equal.get(field))
                {
                    Arc::make_mut(values).extend(more.iter().cloned());
                }
                true
            }
            _ => false,
        }
    }

    /// What both say.
    fn common(mut self, other: &Self) -> Self {
        self.equal.retain(|field, values| {
            let others = other.equal.get(field);
            if let Some(others) = others {
                Arc::make_mut(values).extend(others.iter().cloned());
            }
            others.is_some()
        });
        self.contains = match (self.contains, &other.contains) {
            (Some((field, mut needles)), Some((same, more))) if field == *same => {
                Arc::make_mut(&mut needles).extend(more.iter().cloned());
                Some((field, needles))
            }
            _ => None,
        };
        self.present.retain(|field| other.present.contains(field));
        self
    }
}

/// What a program needs, routine by routine and op by op.
struct Analysis<'p> {
    program: &'p Program,
    /// By op, accumulator and wanted result: what must be true for the routine to end so.
    known: BTreeMap<(usize, bool, bool), Guard>,
    steps: usize,
}

impl Analysis<'_> {
    /// What must be true for a routine to end with a result.
    fn routine(&mut self, routine: RoutineIdx, result: bool) -> Guard {
        let Some(routine) = self.program.routine(routine) else {
            return Guard::anything();
        };
        let (start, end) = (routine.start.index(), routine.end.index());
        // Backwards, because jumps go forward: what an op needs is then known of those after it.
        for at in (start..end).rev() {
            for accumulator in [false, true] {
                if !self.known.contains_key(&(at, accumulator, result)) {
                    let guard = self.op(at, accumulator, result);
                    self.known.insert((at, accumulator, result), guard);
                }
            }
        }
        self.from(start, false, result)
    }

    fn from(&self, at: usize, accumulator: bool, result: bool) -> Guard {
        self.known
            .get(&(at, accumulator, result))
            .cloned()
            .unwrap_or(Guard::anything())
    }

    fn op(&mut self, at: usize, accumulator: bool, result: bool) -> Guard {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Guard::anything();
        }
        let next = |accumulator| (at + 1, accumulator);
        let index = OpIdx(u32::try_from(at).unwrap_or(u32::MAX));
        let (at, accumulator) = match self.program.op(index) {
            None | Some(Op::Return) => {
                return if accumulator == result {
                    Guard::anything()
                } else {
                    Guard::never()
                };
            }
            Some(Op::Const(value)) => next(value),
            Some(Op::Not) => next(!accumulator),
            Some(Op::JumpIfFalse(target)) if !accumulator => (target.index(), accumulator),
            Some(Op::JumpIfTrue(target)) if accumulator => (target.index(), accumulator),
            Some(Op::JumpIfFalse(_) | Op::JumpIfTrue(_)) => next(accumulator),
            Some(Op::Test(predicate)) => {
                let holds = self
                    .program
                    .predicate(predicate)
                    .map_or(Guard::anything(), of_predicate);
                return self.branch(at, holds, Guard::anything(), result);
            }
            Some(Op::Block(block)) => {
                let field = self.program.block(block).and_then(|block| {
                    // For no member at all, `[all_or_empty]` holds.
                    (block.quantifier != crate::Quantifier::AllOrEmpty)
                        .then_some(&block.operand)
                        .and_then(Operand::field)
                });
                let holds = field.map_or(Guard::anything(), |field| of_presence(field.id()));
                return self.branch(at, holds, Guard::anything(), result);
            }
            Some(Op::Call(routine)) => {
                let holds = self.routine(routine, true);
                let fails = self.routine(routine, false);
                return self.branch(at, holds, fails, result);
            }
        };
        self.from(at, accumulator, result)
    }

    /// What must be true when an op sets the accumulator by a question.
    fn branch(&mut self, at: usize, holds: Guard, fails: Guard, result: bool) -> Guard {
        let held = holds.and(self.from(at + 1, true, result));
        let failed = fails.and(self.from(at + 1, false, result));
        self.steps += held.alternatives().map_or(0, <[_]>::len);
        held.or(failed)
    }
}

/// What must be true for a predicate to hold.
fn of_predicate(predicate: &Predicate) -> Guard {
    let Operand::Field(field) = &predicate.operand else {
        return Guard::anything();
    };
    let present = of_presence(field.id());
    if field.id() == FieldId::Outcome {
        return of_outcome(&predicate.test);
    }
    if let Some(place) = Place::of_several(field) {
        return match &predicate.test {
            Test::OneOf(literals) => present.and(of_values(place, literals)),
            _ => present,
        };
    }
    if !field.path().is_empty() || !is_single(field.id()) {
        return present;
    }
    let literals = match &predicate.test {
        Test::OneOf(literals) => literals,
        Test::Regex(regexes) => {
            let needles: Option<Vec<Vec<String>>> =
                regexes.iter().map(crate::Regex::needles).collect();
            let needles = needles.map(|needles| needles.into_iter().flatten().collect());
            return present.and(of_needles(field.id(), needles));
        }
        _ => return present,
    };
    let exact: Option<BTreeSet<String>> = literals
        .iter()
        .map(|literal| texts(field.id(), literal))
        .collect::<Option<Vec<_>>>()
        .map(|texts| texts.into_iter().flatten().collect());
    if let Some(exact) = exact {
        let conjunction = Conjunction {
            equal: BTreeMap::from([(field.id().into(), Arc::new(exact))]),
            ..Conjunction::default()
        };
        return present.and(Guard::only(conjunction));
    }
    let needles = literals.iter().map(|literal| {
        let (PatternKind::Exact(text)
        | PatternKind::Prefix(text)
        | PatternKind::Suffix(text)
        | PatternKind::Contains(text)
        | PatternKind::Glob(text)) = literal.pattern.kind();
        // A number also matches other ways to write it.
        (literal.number.is_none() && text.len() >= SHORTEST_NEEDLE).then(|| folded(text))
    });
    present.and(of_needles(field.id(), needles.collect()))
}

/// What must be true for one of several values to be one of some literals.
fn of_values(place: Place, literals: &[Literal]) -> Guard {
    let texts = literals.iter().map(|literal| match literal.pattern.kind() {
        // A number matches however the body writes it.
        PatternKind::Exact(text) if literal.number.is_none() => Some(folded(text)),
        _ => None,
    });
    texts
        .collect::<Option<BTreeSet<_>>>()
        .map_or(Guard::anything(), |texts| {
            Guard::only(Conjunction {
                equal: BTreeMap::from([(place, Arc::new(texts))]),
                ..Conjunction::default()
            })
        })
}

/// What must be true for the outcome to be something: only refusals are told by single values.
fn of_outcome(test: &Test) -> Guard {
    let denied = |literal: &Literal| literal.pattern.kind() == PatternKind::Exact("denied");
    match test {
        Test::OneOf(literals) if literals.iter().all(denied) => {
            of_words(FieldId::Decision, &["forbid"]).or(of_words(FieldId::Status, &["401", "403"]))
        }
        _ => Guard::anything(),
    }
}

fn of_words(field: FieldId, words: &[&str]) -> Guard {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    Guard::only(Conjunction {
        equal: BTreeMap::from([(field.into(), Arc::new(words))]),
        ..Conjunction::default()
    })
}

fn of_needles(field: FieldId, needles: Option<BTreeSet<String>>) -> Guard {
    match needles {
        Some(needles) if !is_number(field) => Guard::only(Conjunction {
            contains: Some((field, Arc::new(needles))),
            ..Conjunction::default()
        }),
        _ => Guard::anything(),
    }
}

/// The texts, folded, of which a field's must be one for a literal to match it; `None` if there are others.
fn texts(field: FieldId, literal: &Literal) -> Option<Vec<String>> {
    let PatternKind::Exact(text) = literal.pattern.kind() else {
        return None;
    };
    let mut texts = vec![folded(text)];
    if is_number(field)
        && let Some(number) = literal.number
    {
        // The status is an integer, whatever the rule wrote it as.
        texts.extend(integer(number).map(|integer| integer.to_string()));
    }
    Some(texts)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "what does not fit compares unequal to every status"
)]
fn integer(number: Number) -> Option<i128> {
    match number {
        Number::Int(int) => Some(int),
        Number::Float(float) if float.fract() == 0.0 => Some(float as i128),
        Number::Float(_) => None,
    }
}

fn folded(text: &str) -> String {
    let mut out = String::new();
    fold_into(text, &mut out);
    out
}

fn is_number(field: FieldId) -> bool {
    matches!(field, FieldId::Status | FieldId::ResponseStatusCode)
}

/// Whether a field is a list of recorded texts.
fn is_list(field: FieldId) -> bool {
    matches!(
        field,
        FieldId::UserGroups | FieldId::ImpersonatedGroups | FieldId::ActorGroups
    )
}

/// Whether a field has one value at most, a text or the status, that costs little to find.
fn is_single(field: FieldId) -> bool {
    use FieldId as F;
    matches!(
        field,
        F::Verb
            | F::Operation
            | F::Resource
            | F::Subresource
            | F::ApiGroup
            | F::Namespace
            | F::Name
            | F::Status
            | F::Decision
            | F::UserUsername
            | F::UserId
            | F::UserUid
            | F::ImpersonatedUsername
            | F::ActorUsername
            | F::ActorKind
            | F::ActorId
            | F::ServiceAccountName
            | F::ServiceAccountNamespace
            | F::NodeName
            | F::UserAgent
            | F::RequestUri
            | F::Stage
            | F::Level
            | F::ObjectRefResource
            | F::ObjectRefSubresource
            | F::ObjectRefApiGroup
            | F::ObjectRefNamespace
            | F::ObjectRefName
            | F::ResponseStatusCode
            | F::ResponseStatusReason
            | F::SourceProvider
    )
}

/// What must be true for a field to have a value at all, or anything below it.
fn of_presence(field: FieldId) -> Guard {
    use FieldId as F;
    let present = |of: FieldId| {
        Guard::only(Conjunction {
            present: BTreeSet::from([of]),
            ..Conjunction::default()
        })
    };
    match field {
        F::RequestObject => present(F::RequestObject),
        F::ResponseObject => present(F::ResponseObject),
        F::Object
        | F::PodSpec
        | F::Containers
        | F::Volumes
        | F::HostPaths
        | F::RbacRules
        | F::RbacSubjects
        | F::RbacRoleRef => {
            of_words(F::Verb, &["create", "update", "patch"]).and(present(F::Object))
        }
        F::Patch => of_words(F::Verb, &["patch"]).and(present(F::RequestObject)),
        F::ExecCommand
        | F::ExecProgram
        | F::ExecCommandLine
        | F::ExecContainer
        | F::ExecTty
        | F::ExecStdin => of_words(F::ObjectRefResource, &["pods"])
            .and(of_words(F::ObjectRefSubresource, &["exec", "attach"])),
        F::ImpersonatedUser
        | F::ImpersonatedUsername
        | F::ImpersonatedUid
        | F::ImpersonatedGroups
        | F::ImpersonatedExtra => present(F::ImpersonatedUser),
        _ => Guard::anything(),
    }
}
