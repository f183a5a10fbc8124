//! What the list of a correlation may hold: each name once, and no more than there is room for.

use std::collections::HashSet;

use crate::correlation::link::{Linker, Slot};
use crate::correlation::{CorrelationDocument, CorrelationType};
use crate::diagnostic::{Code, Report, quoted};
use crate::limits;

impl Linker<'_> {
    /// Reports what stands in the list twice, as once by its name and once by its id.
    pub(super) fn check_repeats(
        &self,
        document: &CorrelationDocument,
        slots: &[Slot<'_>],
        report: &mut Report,
    ) {
        let (mut seen, mut tags) = (HashSet::new(), HashSet::new());
        for name in &document.targets.names {
            let found = self.by_name.get(name.text.as_str());
            let (is_new, text) = match found {
                Some(found) => (seen.insert(*found), self.name(*found)),
                None if self.by_tag.contains_key(name.text.as_str()) => {
                    (tags.insert(name.text.as_str()), name.text.as_str())
                }
                None => continue,
            };
            if !is_new {
                let message = format!("{} stands twice in `rules`", quoted(text));
                report.add(Code::DuplicateEntry, name.span, message);
            }
        }
        if document.kind.is_some_and(CorrelationType::is_temporal) {
            let (n, limit) = (slots.len(), limits::STEPS);
            if n > limit {
                let message = format!("`rules` has {n} entries and the limit is {limit}");
                report.add(Code::TooManyValues, document.key, message);
            }
            if n == 1 {
                report
                    .add(
                        Code::BadValue,
                        document
                            .targets
                            .names
                            .first()
                            .map_or(document.key, |name| name.span),
                        "this is one rule, and a temporal correlation is about several",
                    )
                    .set_help("to count the hits of one rule write `type: event_count`");
            }
        }
    }
}

/// Whether a set has room for what a correlation refers to; counts it if so, and reports it if not.
pub(super) fn is_room_for(
    slots: &[Slot<'_>],
    n_references: &mut usize,
    document: &CorrelationDocument,
    report: &mut Report,
) -> bool {
    let each = 1 + document.group_by.len() + document.fields.len();
    let n = *n_references + each * slots.iter().map(Slot::len).sum::<usize>();
    let limit = limits::REFERENCES;
    if n > limit {
        let message = format!(
            "with this one, the correlations of the set have {n} references to rules and the limit is {limit}"
        );
        report
            .add(Code::TooManyReferences, document.key, message)
            .set_help("each rule counts once, and once for each field that is grouped by or taken a value of");
        return false;
    }
    *n_references = n;
    true
}
