//! Which rules an event can match: all others are left alone.
//!
//! Each rule is filed under what its guard asks for: the values of all single-valued fields that must be equal to
//! something, together, and with them those of lists and of paths below a body; where there are none, a text that a
//! field must contain; where there is neither, in a list of rules that always run. The index may select rules that do
//! not match, and never leaves out one that does.

mod lists;
mod needles;
mod of_caller;
mod plan;
mod several;

use audit_model::{Doubt, FieldId, FieldSource, Plain, PlainBytes, Recorded, Scratch};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rule_lang::Guard;

use lists::Lists;
use needles::{Memo, Needles};
use of_caller::{Found, OfCaller};
use plan::Plan;
use several::{Several, bits};

use crate::intern::Intern;
use crate::spread;

/// Which rules an event can match.
#[derive(Debug, Default)]
pub(crate) struct Index {
    dimensions: Vec<Dimension>,
    /// Dimensions after those, of which an event may have several values.
    several: Several,
    /// The dimensions that only depend on who sends a request, one bit each.
    of_caller: u64,
    schemas: Vec<Schema>,
    /// The schemas for which lists or bodies are read, as in [`Dimension::asking`].
    with_several: u64,
    needles: Vec<Needles>,
    /// Rules that nothing rules out.
    always: Vec<u32>,
    /// Rules by the key that they are filed under, range after range.
    filed: Vec<u32>,
}

/// Something about an event that has one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    /// Whether it is there.
    Present(FieldId),
    /// A text as it is recorded.
    Recorded(FieldId),
    /// A text that is made of what is recorded.
    Derived(FieldId),
}

impl Asked {
    /// The text of a field. One that has no other meaning than what is recorded is asked for under that name, so that
    /// an empty text, which is as good as none in some, may select a rule too many.
    fn text(field: FieldId) -> Self {
        Recorded::of(field).map_or(Self::Derived(field), |recorded| {
            Self::Recorded(recorded.field)
        })
    }

    /// What rules out most rules on most events at least cost is asked first.
    fn rank(self) -> u8 {
        match self {
            Self::Present(_) => 0,
            Self::Recorded(FieldId::ObjectRefSubresource) => 1,
            Self::Recorded(FieldId::ObjectRefResource) => 2,
            Self::Recorded(FieldId::Verb) => 4,
            Self::Recorded(_) => 3,
            Self::Derived(FieldId::Operation | FieldId::Status | FieldId::ResponseStatusCode) => 5,
            Self::Derived(_) => 6,
        }
    }
}

#[derive(Debug)]
struct Dimension {
    asked: Asked,
    values: Intern,
    /// Of a number, those among the values that are written as it is.
    numbers: Vec<(i64, u32)>,
    /// The schemas that ask for it, one bit each; the last bit stands for all from the 64th on.
    asking: u64,
    /// The same, those of which no rule can match without it.
    needing: u64,
}

/// The rules that are filed under the same dimensions.
#[derive(Debug)]
struct Schema {
    mask: u64,
    /// The same without those of which there may be several values.
    envelope: u64,
    keys: Keys,
    /// The rules by the envelope mask alone, where that is not all.
    coarse: Keys,
}

/// Ranges of [`Index::filed`] by the hash of the values. Two keys with one hash select each other's rules.
type Keys = HashMap<u64, (u32, u32), FixedState>;

/// Which rules are to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Selected {
    /// Every rule: the event leaves open what the index asks.
    All,
    /// Those in [`Probe::rules`].
    Some,
}

/// Memory for asking the index, one per scanner.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    /// The rules that can match, ascending.
    pub(crate) rules: Vec<u32>,
    /// Whether there is room for what the index finds.
    is_made: bool,
    /// By dimension: the value's number, 0 for one that no rule names.
    ids: Vec<u32>,
    folded: Vec<u8>,
    unescaped: String,
    memos: Vec<Memo>,
    lists: Lists,
    of_caller: OfCaller,
}

impl Index {
    /// Files rules under their guards.
    pub(crate) fn new(guards: impl Iterator<Item = Guard>) -> Self {
        let mut plan = Plan::default();
        for (rule, guard) in (0..).zip(guards) {
            plan.add(rule, &guard);
        }
        plan.finish()
    }

    fn probe(&self) -> Probe {
        Probe {
            is_made: true,
            ids: vec![0; self.dimensions.len() + self.several.len()],
            memos: self.needles.iter().map(Needles::memo).collect(),
            ..Probe::default()
        }
    }

    /// Whether it asks for the groups of whoever sends a request.
    pub(crate) fn asks_for_groups(&self) -> bool {
        self.of_caller >> self.dimensions.len().min(LAST) != 0
    }

    /// Finds the rules that an event can match. `caller` is a hash of who sends it. A probe is for one index.
    pub(crate) fn select(
        &self,
        source: &impl FieldSource,
        caller: Option<u64>,
        scratch: &mut Scratch,
        probe: &mut Probe,
    ) -> Selected {
        if !probe.is_made {
            *probe = self.probe();
        }
        probe.rules.clear();
        if source.readings() != 1 {
            return Selected::All;
        }
        let caller = caller.filter(|_| self.of_caller != 0);
        let of_caller = caller.map(|caller| self.of_caller(caller, source, probe));
        let known = of_caller.map_or(0, |_| self.of_caller);
        let Found {
            mut have,
            mut vague,
            mut alive,
            ..
        } = of_caller.unwrap_or_default();
        for (at, (dimension, id)) in self.dimensions.iter().zip(&mut probe.ids).enumerate() {
            // Nobody asks any more when no schema is left that would.
            if alive & dimension.asking == 0 || known >> at & 1 == 1 {
                continue;
            }
            match dimension.find(source, scratch, &mut probe.folded) {
                Seen::Several => return Selected::All,
                Seen::One(found) if found != 0 => {
                    *id = found;
                    have |= 1 << at;
                }
                Seen::One(_) | Seen::Missing => alive &= !dimension.needing,
            }
        }
        let n_single = self.dimensions.len();
        let unknown = self.several.all() & !(known >> n_single.min(LAST));
        if unknown != 0 {
            // Lists and bodies are read when a rule is left that could match by what else the event says.
            let is_left = |schema: &&Schema| {
                schema.envelope != schema.mask
                    && schema.envelope & !have == 0
                    && schema
                        .coarse
                        .contains_key(&key(schema.envelope, &probe.ids))
            };
            let left = self.alive(alive & self.with_several).filter(is_left);
            let wanted = left.fold(0, |all, schema| all | schema.mask);
            let wanted = wanted >> n_single.min(LAST) & unknown;
            if wanted != 0 {
                let ids = probe.ids.get_mut(n_single..).unwrap_or_default();
                let (lists, unescaped) = (&mut probe.lists, &mut probe.unescaped);
                let (found, several) =
                    self.several
                        .find(source, wanted, ids, lists, unescaped, &mut probe.folded);
                have |= found << n_single;
                vague |= several << n_single;
            }
        }
        for schema in self.alive(alive) {
            let (mask, keys) = if schema.mask & vague == 0 {
                (schema.mask, &schema.keys)
            } else {
                (schema.envelope, &schema.coarse)
            };
            if mask & !have != 0 {
                continue;
            }
            if let Some((start, end)) = keys.get(&key(mask, &probe.ids)) {
                let filed = self.filed.get(*start as usize..*end as usize);
                probe.rules.extend_from_slice(filed.unwrap_or_default());
            }
        }
        for (needles, memo) in self.needles.iter().zip(&mut probe.memos) {
            if needles.are_absent(source) {
                continue;
            }
            let Probe { rules, folded, .. } = probe;
            let seen = see(source, scratch, needles.asked(), |text| {
                needles.find(text, memo, folded, rules);
            });
            match seen {
                Seen::One(()) | Seen::Missing => {}
                Seen::Several => return Selected::All,
            }
        }
        if !self.always.is_empty() {
            probe.rules.extend_from_slice(&self.always);
        }
        if probe.rules.len() > 1 {
            probe.rules.sort_unstable();
            probe.rules.dedup();
        }
        Selected::Some
    }

    /// The schemas of which a rule may match for all that was found; the last bit stands for all from the 64th on.
    fn alive(&self, alive: u64) -> impl Iterator<Item = &Schema> {
        let (first, rest) = self.schemas.split_at(self.schemas.len().min(LAST));
        let rest = if alive >> LAST == 0 { &[] } else { rest };
        let first = bits(alive & low_bits(first.len())).filter_map(|at| first.get(at as usize));
        first.chain(rest)
    }
}

impl Dimension {
    fn find(
        &self,
        source: &impl FieldSource,
        scratch: &mut Scratch,
        memory: &mut Vec<u8>,
    ) -> Seen<u32> {
        let present = |present: bool| Seen::One(u32::from(present));
        match self.asked {
            Asked::Present(FieldId::ImpersonatedUser) => {
                present(source.has(0, FieldId::ImpersonatedUser))
            }
            Asked::Present(FieldId::Object) => present(
                source.body(0, FieldId::RequestObject).is_some()
                    || source.body(0, FieldId::ResponseObject).is_some(),
            ),
            Asked::Present(body) => present(source.body(0, body).is_some()),
            Asked::Derived(FieldId::Status | FieldId::ResponseStatusCode) => {
                let Some(code) = source.code(0) else {
                    return Seen::Missing;
                };
                let known = self.numbers.iter().find(|(number, _)| *number == code);
                Seen::One(known.map_or(0, |(_, id)| *id))
            }
            text => see(source, scratch, text, |text| {
                self.values.get_folded(text, memory)
            }),
        }
    }
}

/// What a field is found to be.
enum Seen<T> {
    Missing,
    One(T),
    Several,
}

/// Looks at the one text that is asked for.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "what to do with the text is known at each call"
)]
fn see<T>(
    source: &impl FieldSource,
    scratch: &mut Scratch,
    asked: Asked,
    each: impl FnOnce(&[u8]) -> T,
) -> Seen<T> {
    let field = match asked {
        Asked::Recorded(field) => {
            return match source.bytes(0, field) {
                Some(text) => Seen::One(each(text)),
                None => Seen::Missing,
            };
        }
        Asked::Derived(field) | Asked::Present(field) => field,
    };
    match Plain::bytes_of(source, field) {
        PlainBytes::Missing => return Seen::Missing,
        PlainBytes::Text(text) => return Seen::One(each(text)),
        PlainBytes::Open => {}
    }
    match Plain::of(source, field) {
        Some(Plain::Missing) => Seen::Missing,
        Some(Plain::Text(text)) => Seen::One(each(text.as_bytes())),
        Some(Plain::Number(number)) => {
            Seen::One(each(itoa::Buffer::new().format(number).as_bytes()))
        }
        None => {
            let node = scratch.field(source, field);
            let (mut n_values, mut text) = (0, None);
            let tree = scratch.tree();
            tree.any_value(node.into(), &[], Doubt::AnyReading, &mut |value| {
                n_values += 1;
                text = value.as_text();
                false
            });
            match (n_values, text) {
                (0, _) => Seen::Missing,
                (1, Some(text)) => Seen::One(each(text.as_bytes())),
                _ => Seen::Several,
            }
        }
    }
}

/// The hash of an event's values for the dimensions of a mask.
fn key(mask: u64, ids: &[u32]) -> u64 {
    let mut rest = mask;
    let mut key = 0;
    while rest != 0 {
        let at = rest.trailing_zeros();
        rest &= rest - 1;
        let id = ids.get(at as usize).copied().unwrap_or_default();
        key = mix(key, id);
    }
    key
}

fn mix(key: u64, id: u32) -> u64 {
    spread::mix(key, u64::from(id))
}

/// The place of the bit that stands for all schemas from there on.
const LAST: usize = u64::BITS as usize - 1;

/// That many bits, from the lowest.
fn low_bits(n: usize) -> u64 {
    u64::try_from((1_u128 << n.min(64)) - 1).unwrap_or(u64::MAX)
}
