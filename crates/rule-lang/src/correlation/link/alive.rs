//! Which of the rules and correlations that one refers to can match, and whether it can.

use std::collections::{HashMap, HashSet};

use super::condition::can_hold;
use super::{Found, Linker, RuleInfo};
use crate::correlation::{Correlation, CorrelationType, Presence, Reference, Target};
use crate::diagnostic::quoted;

impl Linker<'_> {
    pub(super) fn is_active(&self, found: Found) -> bool {
        match found {
            Found::Rule(at) => self.rules.get(at).is_some_and(|rule| rule.active),
            Found::Correlation(_) => true,
        }
    }

    /// Why a correlation cannot hold, given what of its references cannot match.
    pub(super) fn inactive(
        &self,
        references: &[Reference],
        done: Done<'_>,
        (lost, lost_of_many, resting): (Option<Found>, Option<Found>, Option<Found>),
        (kind, presence): (CorrelationType, Option<&Presence>),
    ) -> Option<String> {
        let name = |found| quoted(self.name(found));
        let has_errors = |lost| format!("{}, which it refers to, has errors", name(lost));
        if let Some(lost) = lost {
            return Some(has_errors(lost));
        }
        let is_active = |reference: &&Reference| match reference.target {
            Target::Rule(at) => self.active.contains(&at),
            Target::Correlation(at) => done
                .compiled
                .get(at)
                .is_some_and(|inner| inner.inactive.is_none()),
        };
        let alive = references.iter().filter(is_active);
        let alive: HashSet<usize> = alive.map(|reference| reference.slot).collect();
        let can_hold = match presence {
            Some(presence) if kind.is_temporal() => {
                can_hold(presence, &|slot| alive.contains(&slot), false)
            }
            _ => !alive.is_empty(),
        };
        if can_hold {
            return None;
        }
        Some(match resting {
            Some(resting) => format!("{}, which it refers to, is inactive", name(resting)),
            None => lost_of_many.map_or_else(
                || "no rule of the set is meant by it".to_owned(),
                has_errors,
            ),
        })
    }
}

/// What has been compiled so far.
#[derive(Clone, Copy)]
pub(super) struct Done<'d> {
    pub(super) compiled: &'d [Correlation],
    /// From the correlations of the set to the compiled ones.
    pub(super) places: &'d HashMap<usize, usize>,
}

impl Done<'_> {
    pub(super) fn target(self, rules: &[RuleInfo], found: Found) -> Option<Target> {
        match found {
            Found::Rule(at) => rules.get(at)?.compiled.map(Target::Rule),
            Found::Correlation(at) => self.places.get(&at).copied().map(Target::Correlation),
        }
    }
}
