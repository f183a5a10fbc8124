//! What must be true of an event for a program to hold of it: where an index may file a rule.
//!
//! The whole condition is looked at. A guard may let through events of which the program does not hold, and never the
//! other way round; so where something cannot be told, it asks for nothing.

mod analysis;
mod predicate;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use audit_model::FieldId;

use crate::program::Program;
use predicate::is_list;

/// Most alternatives of a guard; past it, it asks for what they have in common or for nothing.
const MOST_ALTERNATIVES: usize = 64;
/// Most work on one program, in parts that are looked at, alternatives that are compared and values that are moved or
/// copied; past it, the guard asks for nothing. The longest list of maps takes less.
const MOST_STEPS: usize = 1_000_000;
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
        let Some(guard) = analysis::of_program(program) else {
            return Self(Form::Anything);
        };
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

    /// Either. The work, in alternatives that are compared and values that are copied, is added to `steps`.
    fn or(self, other: Self, steps: &mut usize) -> Self {
        let mut any = AnyOf::default();
        any.add(self, steps);
        any.add(other, steps);
        any.finish()
    }

    fn is_never(&self) -> bool {
        matches!(&self.0, Form::OneOf(all) if all.is_empty())
    }

    /// Both. The work is added to `steps`, as for either.
    fn and(self, other: &Self, steps: &mut usize) -> Self {
        let (left, right) = match (self.0, &other.0) {
            (form, Form::Anything) => return Self(form),
            (Form::Anything, form) => return Self(form.clone()),
            (Form::OneOf(left), Form::OneOf(right)) => (left, right),
        };
        if left.len() * right.len() > MOST_ALTERNATIVES {
            // Either side alone must hold too; the one with fewer alternatives says more.
            return Self(Form::OneOf(if left.len() <= right.len() {
                left
            } else {
                right.clone()
            }));
        }
        let mut guard = Self::never();
        for left in &left {
            for right in right {
                if let Some(pair) = left.and(right, steps) {
                    guard = guard.or(Self::only(pair), steps);
                }
            }
        }
        guard
    }
}

/// Guards of which any must hold, put together one by one.
#[derive(Debug, Default)]
struct AnyOf {
    all: Vec<Conjunction>,
    /// Whether there were too many alternatives, so that there is only what they have in common.
    is_common: bool,
    /// Whether nothing is asked.
    is_open: bool,
}

impl AnyOf {
    fn add(&mut self, guard: Guard, steps: &mut usize) {
        let Form::OneOf(others) = guard.0 else {
            self.is_open = true;
            return;
        };
        for mut one in others {
            self.is_open |= *steps > MOST_STEPS;
            if self.is_open {
                return;
            }
            if self.is_common {
                self.all.push(one);
            } else if self
                .all
                .iter_mut()
                .any(|known| known.absorb(&mut one, steps))
            {
                continue;
            } else {
                self.all.push(one);
                self.is_common = self.all.len() > MOST_ALTERNATIVES;
            }
            if self.is_common {
                let all = std::mem::take(&mut self.all).into_iter();
                let common = all.reduce(|common, one| common.common(one, steps));
                self.is_open = common.as_ref().is_some_and(Conjunction::is_empty);
                self.all.extend(common);
            }
        }
    }

    fn finish(self) -> Guard {
        if self.is_open {
            Guard::anything()
        } else {
            Guard(Form::OneOf(self.all))
        }
    }
}

/// Adds values to others, of which the fewer are moved. What is shared with another guard is copied first, and both are
/// work.
fn unite(values: &mut Arc<BTreeSet<String>>, more: &mut Arc<BTreeSet<String>>, steps: &mut usize) {
    if more.len() > values.len() {
        std::mem::swap(values, more);
    }
    *steps += more.len();
    if Arc::get_mut(values).is_none() {
        *steps += values.len();
    }
    let more = Arc::unwrap_or_clone(std::mem::take(more));
    Arc::make_mut(values).extend(more);
}

impl Conjunction {
    fn is_empty(&self) -> bool {
        self.equal.is_empty() && self.contains.is_none() && self.present.is_empty()
    }

    /// Both; `None` when no event can be so.
    fn and(&self, other: &Self, steps: &mut usize) -> Option<Self> {
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
                    *steps += known.len();
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
    fn absorb(&mut self, other: &mut Self, steps: &mut usize) -> bool {
        *steps += 1;
        if self.present != other.present || self.equal.len() != other.equal.len() {
            return false;
        }
        let mut differing = None;
        for ((place, values), (other_place, others)) in self.equal.iter().zip(&other.equal) {
            if place != other_place {
                return false;
            }
            if values.len() == others.len() && !Arc::ptr_eq(values, others) {
                *steps += values.len();
            }
            if values != others && differing.replace(place).is_some() {
                return false;
            }
        }
        let differing = differing.cloned();
        match (differing, &mut self.contains, &mut other.contains) {
            (None, mine, theirs) if mine == theirs => true,
            (None, Some((field, needles)), Some((other, more))) if field == other => {
                unite(needles, more, steps);
                true
            }
            (Some(place), mine, theirs) if mine == theirs => {
                if let (Some(values), Some(more)) =
                    (self.equal.get_mut(&place), other.equal.get_mut(&place))
                {
                    unite(values, more, steps);
                }
                true
            }
            _ => false,
        }
    }

    /// What both say.
    fn common(mut self, mut other: Self, steps: &mut usize) -> Self {
        self.equal.retain(|field, values| {
            let others = other.equal.get_mut(field);
            others.map(|others| unite(values, others, steps)).is_some()
        });
        self.contains = match (self.contains, other.contains) {
            (Some((field, mut needles)), Some((same, mut more))) if field == same => {
                unite(&mut needles, &mut more, steps);
                Some((field, needles))
            }
            _ => None,
        };
        self.present.retain(|field| other.present.contains(field));
        self
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::Compiler;

    /// How many values each alternative of a list of maps asks of some fields.
    fn lengths(map: impl Fn(usize) -> String, fields: &[FieldId]) -> Vec<Vec<usize>> {
        let mut text = "title: t\nlogsource: {product: kubernetes, service: audit}\ndetection:\n  condition: s\n  s:\n".to_owned();
        for at in 0..13_000 {
            writeln!(text, "    - {{{}}}", map(at)).unwrap();
        }
        let mut compiler = Compiler::new();
        compiler.add("long.yaml", &text);
        let guard = Guard::of(compiler.finish().rules[0].program());
        let alternatives = guard.alternatives().unwrap_or_default().iter();
        let lengths = |one: &Conjunction| {
            let of = |field: &FieldId| one.equal.get(&(*field).into()).map_or(0, |all| all.len());
            fields.iter().map(of).collect()
        };
        alternatives.map(lengths).collect()
    }

    #[test]
    fn a_long_list_of_maps_keeps_its_guard() {
        use FieldId::{Name, Namespace, Resource, UserUsername, Verb};

        let verbs = [Verb, UserUsername];
        for map in [
            |at| format!("user.username: u{at}, verb: get"),
            |at| format!("verb: get, user.username: u{at}"),
        ] {
            assert_eq!(lengths(map, &verbs), [[1, 13_000]]);
        }
        // What differs in two fields is joined where there is too much of it.
        let both = |at| format!("resource: r{at}, name: n{at}");
        assert_eq!(lengths(both, &[Resource, Name]), [[13_000, 13_000]]);
        let in_some = |at| format!("namespace: n{}, name: n{at}", at % 50);
        assert_eq!(lengths(in_some, &[Namespace, Name]), vec![[1, 260]; 50]);
    }

    #[test]
    fn what_is_asked_by_negations_is_found() {
        let guard = |condition: &str| {
            let mut compiler = Compiler::new();
            compiler.add(
                "a.yaml",
                &format!(
                    "title: t\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n  a: {{verb: get}}\n  \
                     b: {{resource: pods}}\n  c: {{namespace: shop}}\n  condition: {condition}\n"
                ),
            );
            let guard = Guard::of(compiler.finish().rules[0].program());
            let alternatives = guard.alternatives().map(|all| {
                let fields = all.iter().map(|one| {
                    let places = one.equal.keys().map(|place| place.field.info().name);
                    places.collect::<Vec<_>>().join(" ")
                });
                fields.collect::<Vec<_>>()
            });
            alternatives.map_or("anything".to_owned(), |all| all.join(" | "))
        };
        for (condition, expected) in [
            ("a and b", "verb resource"),
            ("a or b", "verb | resource"),
            ("a and not b", "verb"),
            ("not (not a or b)", "verb"),
            ("not (not a and not b)", "verb | resource"),
            ("not a", "anything"),
            ("not (a and b)", "anything"),
            ("a and (b or not c)", "verb"),
            ("(a and b) or (a and c)", "verb resource | verb namespace"),
        ] {
            assert_eq!(guard(condition), expected, "{condition}");
        }
    }
}
