//! Conditions of the temporal types: which entries they ask for, and whether they can hold.

use std::collections::HashSet;

use crate::ast::Name;
use crate::correlation::{CorrelationDocument, CorrelationType, Presence};
use crate::diagnostic::{Code, Report, quoted};

/// Which entries must have matched.
pub(super) fn presence_of(
    document: &CorrelationDocument,
    kind: CorrelationType,
    names: &[Name],
    report: &mut Report,
) -> Option<Presence> {
    if !kind.is_temporal() {
        return None;
    }
    let Some(condition) = &document.condition else {
        return Some(Presence::all(names.len()));
    };
    let presence = Presence::resolve(condition, names, report)?;
    let mut used = HashSet::new();
    let mut positive = false;
    presence.visit(false, &mut |slot, negated| {
        used.insert(slot);
        positive |= !negated;
    });
    for (slot, name) in names.iter().enumerate() {
        if !used.contains(&slot) {
            let message = format!("the condition does not use {}", quoted(&name.text));
            report.add(Code::UnusedSelection, name.span, message);
        }
    }
    if presence.holds(&|_| false) {
        let message = if positive {
            "the condition holds where no rule matched, and then there is no event to tell of"
        } else {
            "the condition asks for no rule that matches, and without one there is no event to ask it at"
        };
        report
            .add(Code::BadValue, document.key, message)
            .set_help("write `a and not b`");
    } else if never_holds(&presence, names.len()) {
        report.add(
            Code::BadValue,
            document.key,
            "the condition never holds, whichever rules match",
        );
    }
    if kind == CorrelationType::TemporalOrdered && presence.sequence().is_none() {
        report
            .add(
                Code::BadValue,
                document.key,
                "an order is that of rules joined by `and`",
            )
            .set_help("write `a and b and not c`, or `type: temporal`");
    }
    Some(presence)
}

/// Most entries of which every choice is tried.
const MOST_TRIED: usize = 12;

/// Whether a condition holds for no choice of what matched. Of many entries that is not known.
fn never_holds(presence: &Presence, n_slots: usize) -> bool {
    n_slots <= MOST_TRIED
        && (0..1_u32 << n_slots).all(|choice| !presence.holds(&|slot| choice >> slot & 1 == 1))
}

/// Whether a condition holds for some choice of what matched among what can match.
pub(super) fn can_hold(presence: &Presence, alive: &impl Fn(usize) -> bool, negated: bool) -> bool {
    match presence {
        // What must not match can always stay away.
        Presence::Slot(slot) => negated || alive(*slot),
        Presence::Not(inner) => can_hold(inner, alive, !negated),
        Presence::And(parts) if !negated => parts.iter().all(|part| can_hold(part, alive, negated)),
        Presence::Or(parts) if negated => parts.iter().all(|part| can_hold(part, alive, negated)),
        Presence::And(parts) | Presence::Or(parts) => {
            parts.iter().any(|part| can_hold(part, alive, negated))
        }
    }
}
