//! What a rule or a correlation is, as a hash: state is kept as long as it stays.

use std::fmt::Write as _;

use rule_lang::Correlation;

use crate::correlate::fact::{Key, KeyHasher};
use crate::rule_set::{ActiveFilter, ActiveRule};

/// What a rule matches, filters included.
pub(crate) fn content(active: &ActiveRule, filters: &[ActiveFilter]) -> Key {
    let mut hasher = KeyHasher::stable();
    hasher.text(active.rule.name());
    let mut text = String::new();
    // Writing to a `String` cannot fail.
    let _ = write!(text, "{:?}", active.linked.program);
    let _ = write!(text, "{:?}", active.rule.suppress());
    for filter in active
        .rule
        .filters()
        .iter()
        .filter_map(|at| filters.get(at.index()))
    {
        let _ = write!(text, "{:?}", filter.linked.program);
    }
    hasher.text(&text);
    hasher.finish()
}

/// What a correlation says, without what it refers to.
pub(crate) fn describe(correlation: &Correlation) -> KeyHasher {
    let mut hasher = KeyHasher::stable();
    hasher.text(correlation.name());
    let mut text = String::new();
    let _ = write!(
        text,
        "{:?} {:?} {:?} {:?} {:?} {} {:?} {:?} {:?}",
        correlation.kind(),
        correlation.group_by(),
        correlation.fields(),
        correlation.timespan(),
        correlation.learning(),
        correlation.bounds(),
        correlation.percentile(),
        correlation.presence(),
        correlation.suppress(),
    );
    for reference in correlation.references() {
        let _ = write!(
            text,
            " {} {:?} {:?}",
            reference.slot, reference.group, reference.values
        );
    }
    hasher.text(&text);
    hasher
}
