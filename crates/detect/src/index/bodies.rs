//! What stands at the paths of bodies that rules name.

use std::collections::BTreeSet;

use audit_model::{BodyPaths, FieldId, FieldSource};
use rule_lang::Place;

use crate::fold::folded;
use crate::intern::Intern;

/// The paths below bodies that rules ask for, each a dimension of the index.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    places: Vec<(Place, Intern)>,
    /// One pass for each of the bodies, with the places that its paths have above.
    passes: Vec<Pass>,
}

#[derive(Debug)]
struct Pass {
    body: FieldId,
    paths: BodyPaths,
    places: Vec<usize>,
}

impl Bodies {
    /// Takes places with the texts that rules name there.
    pub(crate) fn new<'p>(places: impl Iterator<Item = (&'p Place, BTreeSet<&'p str>)>) -> Self {
        let places: Vec<_> = places
            .map(|(place, texts)| (place.clone(), Intern::new(texts)))
            .collect();
        let mut passes = Vec::new();
        for body in [FieldId::RequestObject, FieldId::ResponseObject] {
            let of_body = places.iter().enumerate();
            let of_body = of_body.filter(|(_, (place, _))| place.field == body);
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
        Self { places, passes }
    }

    /// Number of dimensions.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().map(|(place, _)| place)
    }

    /// The number of a text at a place.
    pub(crate) fn id(&self, place: usize, text: &str) -> u32 {
        self.places
            .get(place)
            .map_or(0, |(_, texts)| texts.get(text))
    }

    /// Writes down what the bodies of an event say; which dimensions have a text that rules name there, and which have
    /// several or are not known.
    pub(crate) fn find(
        &self,
        source: &impl FieldSource,
        ids: &mut [u32],
        [memory, fold]: [&mut String; 2],
    ) -> (u64, u64) {
        let (mut found, mut vague) = (0_u64, 0_u64);
        for pass in &self.passes {
            let Some(body) = source.body(0, pass.body) else {
                continue;
            };
            let read = pass.paths.read(body, memory, &mut |path, text| {
                let Some(place) = pass.places.get(path) else {
                    return;
                };
                let id = self.id(*place, folded(text, fold));
                if let (Some(known), true) = (ids.get_mut(*place), id != 0) {
                    let bit = 1 << place;
                    if found & bit != 0 && *known != id {
                        vague |= bit;
                    }
                    *known = id;
                    found |= bit;
                }
            });
            if !read {
                vague |= pass.places.iter().fold(0, |all, place| all | 1 << place);
            }
        }
        (found, vague)
    }
}
