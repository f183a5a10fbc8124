//! What lints look at: for each way in which a selection can hold, the tests that must hold together.

mod unread;

use audit_model::{Field, FieldId, Segment};

use crate::ast::{Block, Body, Condition, Item, Name, Quantity, Scope};
use crate::modifier::How;
use crate::program::Relation;
use crate::resolve;
use crate::scalar::Scalar;
use unread::Unread;

/// A test or a block, with the field of the event that it reads.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) field: Field,
    pub(super) name: &'a Name,
    pub(super) what: What<'a>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What<'a> {
    Item(&'a Item),
    Block(&'a Block),
}

/// Parts that must hold together: the items of one map.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) selection: usize,
    pub(super) parts: Vec<Part<'a>>,
}

/// The groups of a document's selections, and how the condition uses these.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) groups: Vec<Group<'a>>,
    /// Per selection: whether the condition uses it as it is, and under `not`.
    uses: Vec<(bool, bool)>,
    /// Groups that hold of every match.
    required: Vec<usize>,
    /// Selections of which one alone makes a match.
    alone: Vec<usize>,
    /// Whether these are all.
    pub(super) is_whole: bool,
    unread: Unread<'a>,
}

/// Parts of other selections that are looked at together with those of one, so that long rules cost no more than that.
const CONTEXT: usize = 64;

impl<'a> Facts<'a> {
    pub(super) fn new(scope: &'a Scope, is_whole: bool) -> Self {
        let mut groups = Vec::new();
        let mut sole = Vec::new();
        for (selection, found) in scope.selections.iter().enumerate() {
            let before = groups.len();
            let mut add = |parts: &'a [Body]| {
                let parts = parts.iter().filter_map(part).collect();
                groups.push(Group { selection, parts });
            };
            match &found.body {
                Some(Body::And(parts)) => add(parts),
                Some(Body::Or(maps)) => {
                    for map in maps {
                        if let Body::And(parts) = map {
                            add(parts);
                        }
                    }
                }
                _ => {}
            }
            let is_sole = matches!(&found.body, Some(Body::And(_)));
            sole.push(is_sole.then_some(before));
        }
        let mut required = Vec::new();
        if let Some(condition) = &scope.condition {
            require(condition, scope, &mut required);
        }
        required.truncate(CONTEXT);
        let mut alone = Vec::new();
        if let Some(condition) = &scope.condition {
            suffice(condition, scope, &mut alone);
        }
        alone.sort_unstable();
        let mut unread = Unread::default();
        if !is_whole {
            unread.find(scope, &groups);
        }
        Self {
            groups,
            is_whole,
            unread,
            uses: uses(scope),
            alone,
            required: required
                .into_iter()
                .filter_map(|selection| *sole.get(selection)?)
                .collect(),
        }
    }

    /// Whether it is known that nothing but what was read asks for one of these fields. If not, nothing is told for what is
    /// not asked.
    pub(super) fn knows(&self, ids: &[FieldId]) -> bool {
        !self.unread.nameless && !ids.iter().any(|id| self.unread.meant.contains(id))
    }

    /// The names of what could not be read; `None` when something has none.
    pub(super) fn unread(&self) -> Option<&[&str]> {
        (!self.unread.nameless).then_some(&self.unread.names)
    }

    /// Whether what a selection finds is what the rule finds: it is never used under `not`.
    pub(super) fn is_sought(&self, group: &Group<'_>) -> bool {
        self.uses.get(group.selection) == Some(&(true, false))
    }

    /// Whether a group makes a match, whatever else is asked: it is one of alternatives.
    pub(super) fn is_alone(&self, group: &Group<'_>) -> bool {
        self.alone.binary_search(&group.selection).is_ok()
    }

    /// Whether a selection takes away: it is used under `not`.
    pub(super) fn is_excluded(&self, group: &Group<'_>) -> bool {
        self.uses
            .get(group.selection)
            .is_some_and(|(_, negative)| *negative)
    }

    /// The parts of a group, and those of other selections that hold whenever the rule matches.
    pub(super) fn context<'s>(
        &'s self,
        group: &'s Group<'a>,
    ) -> impl Iterator<Item = &'s Part<'a>> {
        let others = self
            .required
            .iter()
            .filter_map(|idx| self.groups.get(*idx))
            .filter(|other| other.selection != group.selection)
            .flat_map(|other| &other.parts)
            .take(CONTEXT);
        group.parts.iter().chain(others)
    }

    /// What is asked of a field in the context of a group.
    pub(super) fn asked<'s>(&'s self, group: &'s Group<'a>, ids: &[FieldId]) -> Asked<'s> {
        let found = self.context(group).find(|part| part.is(ids));
        match found.map(|part| part.what) {
            None => Asked::Nothing,
            // Long lists are not looked through for every group again.
            Some(What::Item(item)) => exact(item)
                .filter(|values| values.len() <= super::LINTED_VALUES)
                .map_or(Asked::Other, Asked::Values),
            Some(What::Block(_)) => Asked::Other,
        }
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Part<'a>> {
        self.groups.iter().flat_map(|group| &group.parts)
    }
}

impl Part<'_> {
    /// Whether it reads one of some fields, and nothing below it.
    pub(super) fn is(&self, ids: &[FieldId]) -> bool {
        self.field.path().is_empty() && ids.contains(&self.field.id())
    }

    /// The values that it asks to be one of.
    pub(super) fn values(&self) -> Option<&[Scalar]> {
        match self.what {
            What::Item(item) => exact(item),
            What::Block(_) => None,
        }
    }

    /// The keys of the path below the field.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.field
            .path()
            .segments()
            .iter()
            .filter_map(|segment| match segment {
                Segment::Key(key) => Some(&**key),
                _ => None,
            })
    }
}

/// What is asked of a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked<'a> {
    /// Nothing.
    Nothing,
    /// To be one of these values.
    Values(&'a [Scalar]),
    /// Something else.
    Other,
}

impl<'a> Asked<'a> {
    /// The values, when they are all plain texts.
    pub(super) fn texts(self) -> Option<&'a [Scalar]> {
        match self {
            Self::Values(values) if values.iter().all(is_text) => Some(values),
            _ => None,
        }
    }

    /// Whether one of the values is one of some words.
    pub(super) fn has(self, words: &[&str]) -> bool {
        self.texts()
            .is_some_and(|values| values.iter().any(|value| is_one_of(value, words)))
    }

    /// Whether every value is one of some words.
    pub(super) fn is_only(self, words: &[&str]) -> bool {
        self.texts()
            .is_some_and(|values| values.iter().all(|value| is_one_of(value, words)))
    }

    /// Whether nothing is asked, or only to be missing.
    pub(super) fn is_absent(self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Values(values) => values
                .iter()
                .all(|value| value.is_null() || value.text.is_empty()),
            Self::Other => false,
        }
    }
}

/// Whether a value is a text without wildcards.
pub(super) fn is_text(value: &Scalar) -> bool {
    !value.is_null() && !super::has_wildcard(value)
}

pub(super) fn is_one_of(value: &Scalar, words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| word.eq_ignore_ascii_case(&value.text))
}

/// The values of an item that asks a field to be one of them.
pub(super) fn exact(item: &Item) -> Option<&[Scalar]> {
    let chain = item.chain;
    let is_exact = chain.how == How::Text(Relation::Equals) && chain.encoding.is_none();
    (is_exact && !chain.neq && !chain.expand && !chain.all).then_some(item.values.as_slice())
}

fn part(body: &Body) -> Option<Part<'_>> {
    let (name, what) = match body {
        Body::Item(item) => (&item.name, What::Item(item)),
        Body::Block(block) => (&block.name, What::Block(block)),
        _ => return None,
    };
    let field = resolve::known(&name.text)?;
    Some(Part { field, name, what })
}

/// Per selection: whether the condition uses it as it is, and under `not`.
pub(super) fn uses(scope: &Scope) -> Vec<(bool, bool)> {
    let mut uses = vec![(false, false); scope.selections.len()];
    if let Some(condition) = &scope.condition {
        mark(condition, scope, true, &mut uses);
    }
    uses
}

/// Notes which selections a condition uses, as they are or under `not`.
fn mark(condition: &Condition, scope: &Scope, positive: bool, uses: &mut [(bool, bool)]) {
    match condition {
        Condition::Or(parts) | Condition::And(parts) => {
            for part in parts {
                mark(part, scope, positive, uses);
            }
        }
        Condition::Not(inner, _) => mark(inner, scope, !positive, uses),
        _ => {
            for idx in named(condition, scope) {
                if let Some((used, negated)) = uses.get_mut(idx) {
                    *(if positive { used } else { negated }) = true;
                }
            }
        }
    }
}

/// The selections that hold whenever a condition does.
fn require(condition: &Condition, scope: &Scope, required: &mut Vec<usize>) {
    match condition {
        Condition::And(parts) => {
            for part in parts {
                require(part, scope, required);
            }
        }
        Condition::Or(parts) => {
            if let [part] = parts.as_slice() {
                require(part, scope, required);
            }
        }
        Condition::Not(..) | Condition::Broken(..) => {}
        Condition::Name(_) | Condition::Them(..) | Condition::Pattern(..) => {
            let found = named(condition, scope);
            let is_any = matches!(
                condition,
                Condition::Them(Quantity::Any, _) | Condition::Pattern(Quantity::Any, _)
            );
            if !is_any || found.len() == 1 {
                required.extend(found);
            }
        }
    }
}

/// The selections of which each alone makes a condition hold.
fn suffice(condition: &Condition, scope: &Scope, alone: &mut Vec<usize>) {
    match condition {
        Condition::Or(parts) => {
            for part in parts {
                suffice(part, scope, alone);
            }
        }
        Condition::And(parts) => {
            if let [part] = parts.as_slice() {
                suffice(part, scope, alone);
            }
        }
        Condition::Not(..) | Condition::Broken(..) => {}
        Condition::Name(_)
        | Condition::Them(Quantity::Any, _)
        | Condition::Pattern(Quantity::Any, _) => alone.extend(named(condition, scope)),
        Condition::Them(..) | Condition::Pattern(..) => {
            let found = named(condition, scope);
            if found.len() == 1 {
                alone.extend(found);
            }
        }
    }
}

/// The selections that the end of a condition names.
fn named(condition: &Condition, scope: &Scope) -> Vec<usize> {
    match condition {
        Condition::Name((name, _)) => {
            let mut selections = scope.selections.iter();
            selections
                .position(|selection| selection.name == *name)
                .into_iter()
                .collect()
        }
        Condition::Them(..) => resolve::matching(scope, "*"),
        Condition::Pattern(_, (pattern, _)) => resolve::matching(scope, pattern),
        Condition::Or(_) | Condition::And(_) | Condition::Not(..) | Condition::Broken(..) => {
            Vec::new()
        }
    }
}

/// Whether everything that a condition names is there.
pub(super) fn is_known(condition: &Condition, scope: &Scope) -> bool {
    match condition {
        Condition::Or(parts) | Condition::And(parts) => {
            parts.iter().all(|part| is_known(part, scope))
        }
        Condition::Not(inner, _) => is_known(inner, scope),
        Condition::Broken(..) => false,
        Condition::Name(_) | Condition::Them(..) | Condition::Pattern(..) => {
            !named(condition, scope).is_empty()
        }
    }
}
