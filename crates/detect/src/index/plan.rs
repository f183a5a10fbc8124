//! Filing rules under their guards.

use std::collections::{BTreeMap, BTreeSet};

use audit_model::FieldId;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rule_lang::{Conjunction, Guard, Place};

use super::needles::Needles;
use super::several::Several;
use super::{Asked, Dimension, Index, Keys, LAST, Schema, low_bits, mix, of_caller};
use crate::intern::Intern;

/// Most keys under which one alternative of a guard is filed; past it, fields with many values are left out.
const MOST_KEYS: usize = 4096;
/// Most fields that rules are filed under. Masks are words.
const MOST_DIMENSIONS: usize = 64;

/// What is filed where, before the tables are made.
#[derive(Debug, Default)]
pub(super) struct Plan {
    equal: Vec<(u32, Conjunction)>,
    contains: BTreeMap<FieldId, BTreeMap<String, Vec<u32>>>,
    always: Vec<u32>,
}

impl Plan {
    pub(super) fn add(&mut self, rule: u32, guard: &Guard) {
        let Some(alternatives) = guard.alternatives() else {
            self.always.push(rule);
            return;
        };
        for alternative in alternatives {
            let selective = alternative.equal.keys().any(is_selective);
            match &alternative.contains {
                Some((field, needles)) if !selective => {
                    let filed = self.contains.entry(*field).or_default();
                    for needle in needles.iter() {
                        filed.entry(needle.clone()).or_default().push(rule);
                    }
                }
                _ => {
                    let mut alternative = alternative.clone();
                    alternative.contains = None;
                    self.equal.push((rule, narrow(alternative)));
                }
            }
        }
    }

    pub(super) fn finish(self) -> Index {
        let mut index = Index {
            always: self.always,
            ..Index::default()
        };
        let mut values: BTreeMap<Asked, BTreeSet<&str>> = BTreeMap::new();
        let mut several: BTreeMap<&Place, BTreeSet<&str>> = BTreeMap::new();
        for (_, alternative) in &self.equal {
            for (place, texts) in &alternative.equal {
                let known = if place.has_several() {
                    several.entry(place).or_default()
                } else {
                    values.entry(Asked::text(place.field)).or_default()
                };
                known.extend(texts.iter().map(String::as_str));
            }
            for field in &alternative.present {
                values.entry(Asked::Present(*field)).or_default();
            }
        }
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by_key(|(asked, _)| asked.rank());
        index.dimensions = values
            .into_iter()
            .take(MOST_DIMENSIONS)
            .map(|(asked, values)| {
                let texts = Intern::new(values.iter().copied());
                let number = |text: &&str| {
                    let number = text.parse::<i64>().ok()?;
                    let is_plain = itoa::Buffer::new().format(number) == *text;
                    is_plain.then(|| (number, texts.get(text.as_bytes())))
                };
                Dimension {
                    asked,
                    numbers: values.iter().filter_map(number).collect(),
                    values: texts,
                    asking: 0,
                    needing: 0,
                }
            })
            .collect();
        let left = MOST_DIMENSIONS - index.dimensions.len();
        index.several = Several::new(several.into_iter().take(left));
        index.link_caller();
        let mut schemas: BTreeMap<u64, BTreeMap<u64, Vec<u32>>> = BTreeMap::new();
        let mut coarse: BTreeMap<u64, BTreeMap<u64, Vec<u32>>> = BTreeMap::new();
        let file = |filed: &mut BTreeMap<u64, Vec<u32>>, keys: Vec<u64>, rule: u32| {
            for key in keys {
                let rules = filed.entry(key).or_default();
                if rules.last() != Some(&rule) {
                    rules.push(rule);
                }
            }
        };
        for (rule, alternative) in &self.equal {
            let (envelope, keys) = index.keys(alternative);
            let (mask, full) = index.several_keys(alternative, envelope, &keys);
            if mask == 0 {
                index.always.push(*rule);
                continue;
            }
            file(schemas.entry(mask).or_default(), full, *rule);
            if mask != envelope {
                file(coarse.entry(mask).or_default(), keys, *rule);
            }
        }
        for (mask, keys) in schemas {
            let keys = index.ranges(keys);
            let coarse = index.ranges(coarse.remove(&mask).unwrap_or_default());
            let envelope = mask & low_bits(index.dimensions.len());
            index.schemas.push(Schema {
                mask,
                envelope,
                keys,
                coarse,
            });
        }
        index.link_dimensions();
        index.needles = self
            .contains
            .into_iter()
            .map(|(field, needles)| Needles::new(field, needles, &mut index.always))
            .collect();
        index.always.sort_unstable();
        index.always.dedup();
        index
    }
}

impl Index {
    /// Tells the dimensions which schemas ask for them.
    fn link_dimensions(&mut self) {
        for (n, schema) in self.schemas.iter().enumerate() {
            self.with_several |= u64::from(schema.envelope != schema.mask) << n.min(LAST);
        }
        for (at, dimension) in self.dimensions.iter_mut().enumerate() {
            let asks = |schema: &Schema| schema.mask >> at & 1 == 1;
            for (n, schema) in self.schemas.iter().enumerate() {
                dimension.asking |= u64::from(asks(schema)) << n.min(LAST);
            }
            dimension.needing = dimension.asking;
            if !self.schemas.iter().skip(LAST).all(asks) {
                dimension.needing &= !(1 << LAST);
            }
        }
    }

    /// Notes the dimensions that only depend on who sends a request, as far as they are few.
    fn link_caller(&mut self) {
        let single = self.dimensions.iter().map(|dimension| {
            let field = [FieldId::UserUsername, FieldId::SourceProvider];
            field.map(Asked::Recorded).contains(&dimension.asked)
        });
        let several = self.several.places();
        let several =
            several.map(|place| place.field == FieldId::UserGroups && place.path.is_empty());
        let all = single.chain(several).enumerate();
        let all = all.filter_map(|(at, is_of_caller)| is_of_caller.then_some(at));
        self.of_caller = all.take(of_caller::MOST).fold(0, |all, at| all | 1 << at);
    }

    /// Files rules, range after range.
    fn ranges(&mut self, keys: BTreeMap<u64, Vec<u32>>) -> Keys {
        let mut ranges = HashMap::with_capacity_and_hasher(keys.len(), FixedState::default());
        for (key, rules) in keys {
            let start = self.filed.len();
            self.filed.extend(rules);
            // A set has far fewer than 2³² keys; what would not fit runs always.
            match (u32::try_from(start), u32::try_from(self.filed.len())) {
                (Ok(start), Ok(end)) => {
                    ranges.insert(key, (start, end));
                }
                _ => self.always.extend(self.filed.drain(start..)),
            }
        }
        ranges
    }

    /// The mask and the keys with what there may be several values of, given those without.
    fn several_keys(
        &self,
        alternative: &Conjunction,
        envelope: u64,
        keys: &[u64],
    ) -> (u64, Vec<u64>) {
        let mut mask = envelope;
        let mut keys = keys.to_vec();
        for (at, place) in self.several.places().enumerate() {
            let Some(texts) = alternative.equal.get(place) else {
                continue;
            };
            let ids: Vec<u32> = texts.iter().map(|text| self.several.id(at, text)).collect();
            mask |= 1 << (self.dimensions.len() + at);
            keys = keys
                .iter()
                .flat_map(|key| ids.iter().map(|id| mix(*key, *id)))
                .collect();
        }
        (mask, keys)
    }

    /// The mask and the keys under which an alternative is filed by what it asks of the envelope.
    fn keys(&self, alternative: &Conjunction) -> (u64, Vec<u64>) {
        let mut mask = 0;
        let mut keys = vec![0];
        for (at, dimension) in self.dimensions.iter().enumerate() {
            let ids: Vec<u32> = match dimension.asked {
                Asked::Present(field) if alternative.present.contains(&field) => vec![1],
                Asked::Present(_) => continue,
                text => {
                    let is_asked =
                        |place: &Place| !place.has_several() && Asked::text(place.field) == text;
                    // Of two names for one text either one is enough.
                    let named = alternative.equal.iter().find(|(place, _)| is_asked(place));
                    let Some((_, texts)) = named else { continue };
                    let ids = texts
                        .iter()
                        .map(|text| dimension.values.get(text.as_bytes()));
                    ids.collect()
                }
            };
            mask |= 1 << at;
            keys = keys
                .iter()
                .flat_map(|key| ids.iter().map(|id| mix(*key, *id)))
                .collect();
        }
        (mask, keys)
    }
}

/// Leaves out fields with many values, until an alternative has few keys; the last field may have as many as it has.
fn narrow(mut alternative: Conjunction) -> Conjunction {
    loop {
        let n_keys = alternative
            .equal
            .values()
            .try_fold(1_usize, |n, values| n.checked_mul(values.len()));
        if alternative.equal.len() <= 1 || n_keys.is_some_and(|n| n <= MOST_KEYS) {
            return alternative;
        }
        // One that is shared by most events goes first, whatever its number of values.
        let widest = alternative
            .equal
            .iter()
            .max_by_key(|(field, values)| (!is_selective(field) && values.len() > 1, values.len()))
            .map(|(field, _)| field.clone());
        let Some(widest) = widest else {
            return alternative;
        };
        alternative.equal.remove(&widest);
    }
}

/// Whether an event that has one given value at a place is rare.
fn is_selective(place: &Place) -> bool {
    !matches!(
        place.field,
        FieldId::Verb
            | FieldId::Operation
            | FieldId::Stage
            | FieldId::Level
            | FieldId::Status
            | FieldId::ResponseStatusCode
            | FieldId::Outcome
            | FieldId::Decision
            | FieldId::ActorKind
            | FieldId::SourceProvider
    )
}
