//! What rules name of which an event may have several: groups, and what stands at paths of bodies.

use std::collections::BTreeSet;

use audit_model::{BodyPaths, FieldId, FieldSource};
use rule_lang::Place;

use super::lists::{InList, Lists};
use crate::intern::Intern;

/// Places with several values that rules ask for, each a dimension of the index.
#[derive(Debug, Default)]
pub(crate) struct Several {
    places: Vec<(Place, Intern)>,
    /// The places that are lists, one bit each.
    lists: u64,
    /// One pass for each of the bodies, with the places that its paths have above.
    passes: Vec<Pass>,
}

#[derive(Debug)]
struct Pass {
    body: FieldId,
    paths: BodyPaths,
    places: Vec<usize>,
}

impl Several {
    /// Takes places with the texts that rules name there.
    pub(crate) fn new<'p>(places: impl Iterator<Item = (&'p Place, BTreeSet<&'p str>)>) -> Self {
        let places: Vec<_> = places
            .map(|(place, texts)| (place.clone(), Intern::new(texts)))
            .collect();
        let lists = places.iter().enumerate();
        let lists = lists.filter(|(_, (place, _))| place.path.is_empty());
        let lists = lists.fold(0, |all, (at, _)| all | 1 << at);
        let mut passes = Vec::new();
        for body in [FieldId::RequestObject, FieldId::ResponseObject] {
            let of_body = places.iter().enumerate();
            let of_body =
                of_body.filter(|(_, (place, _))| place.field == body && !place.path.is_empty());
            let (at, paths): (Vec<usize>, Vec<_>) =
                of_body.map(|(at, (place, _))| (at, &place.path)).unzip();
            if !at.is_empty() {
                passes.push(Pass {
                    body,
                    paths: BodyPaths::new(paths),
                    places: at,
                });
            }
        }
        Self {
            places,
            lists,
            passes,
        }
    }

    /// Number of dimensions.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// All of them, one bit each.
    pub(crate) fn all(&self) -> u64 {
        super::low_bits(self.places.len())
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().map(|(place, _)| place)
    }

    /// The number of a text at a place.
    pub(crate) fn id(&self, place: usize, text: &str) -> u32 {
        self.places
            .get(place)
            .map_or(0, |(_, texts)| texts.get(text.as_bytes()))
    }

    /// The list that an event has at a place.
    fn list(&self, source: &impl FieldSource, at: u32) -> Option<FieldId> {
        let (place, _) = self.places.get(at as usize)?;
        Some(match place.field {
            FieldId::ActorGroups if source.has(0, FieldId::ImpersonatedUser) => {
                FieldId::ImpersonatedGroups
            }
            FieldId::ActorGroups => FieldId::UserGroups,
            field => field,
        })
    }

    /// Writes down what an event says there, as far as it is wanted; which dimensions have a text that rules name there, and which have
    /// several or are not known.
    pub(crate) fn find(
        &self,
        source: &impl FieldSource,
        wanted: u64,
        ids: &mut [u32],
        lists: &mut Lists,
        memory: &mut String,
        fold: &mut Vec<u8>,
    ) -> (u64, u64) {
        let mut seen = Seen {
            ids,
            found: 0,
            vague: 0,
        };
        let mut left = wanted & self.lists;
        while left != 0 {
            let field = self.list(source, left.trailing_zeros());
            // What stands in one list is asked by all places at once.
            let same = bits(left).filter(|at| self.list(source, *at) == field);
            let same = same.fold(0_u64, |all, at| all | 1 << at);
            left &= !same;
            let Some(field) = field else { continue };
            let recorded = source.list_raw(0, field);
            if let Some(known) = recorded.and_then(|recorded| lists.get(same, recorded)) {
                seen.take(same, known);
                continue;
            }
            source.list_bytes(0, field, &mut |text| {
                for at in bits(same) {
                    if let Some((_, texts)) = self.places.get(at as usize) {
                        seen.add(at as usize, texts.get_folded(text, fold));
                    }
                }
            });
            if let Some(recorded) = recorded {
                lists.put(same, recorded, &seen);
            }
        }
        for pass in &self.passes {
            if !pass.places.iter().any(|at| wanted >> *at & 1 == 1) {
                continue;
            }
            let Some(body) = source.body(0, pass.body) else {
                continue;
            };
            let jumps = source.jumps(0, pass.body);
            let read = pass.paths.read(body, jumps, memory, &mut |path, text| {
                let place = pass.places.get(path).copied();
                if let Some((at, (_, texts))) =
                    place.and_then(|at| Some((at, self.places.get(at)?)))
                {
                    seen.add(at, texts.get_folded(text.as_bytes(), fold));
                }
            });
            if !read {
                seen.vague |= pass.places.iter().fold(0, |all, place| all | 1 << place);
            }
        }
        (seen.found, seen.vague)
    }
}

/// The bits that are set, from the lowest.
pub(super) fn bits(mut mask: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let at = mask.trailing_zeros();
        mask &= mask.checked_sub(1)?;
        Some(at)
    })
}

/// What was found so far, one bit for each dimension.
pub(super) struct Seen<'s> {
    pub(super) ids: &'s mut [u32],
    pub(super) found: u64,
    pub(super) vague: u64,
}

impl Seen<'_> {
    /// Takes what was found in a list before.
    fn take(&mut self, places: u64, known: &InList) {
        for (at, known) in bits(places).zip(known.ids) {
            if let Some(id) = self.ids.get_mut(at as usize) {
                *id = known;
            }
        }
        self.found |= known.found;
        self.vague |= known.vague;
    }

    /// Takes the number of a text; 0 is that of one which no rule names.
    fn add(&mut self, at: usize, id: u32) {
        let bit = 1 << at;
        if let (Some(known), true) = (self.ids.get_mut(at), id != 0) {
            if self.found & bit != 0 && *known != id {
                self.vague |= bit;
            }
            *known = id;
            self.found |= bit;
        }
    }
}
