//! Lints about lists of values: what stands twice, and what another value takes in.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use audit_model::Network;

use super::solve::{Budget, covers};
use crate::ast::Item;
use crate::diagnostic::{Code, Report, quoted};
use crate::modifier::How;
use crate::scalar::Scalar;
use crate::source::Span;
use crate::text::Pattern;
use crate::values::open;

/// Values that change nothing, because another one of the list asks the same or more.
pub(super) fn implied(item: &Item, report: &mut Report) {
    if item.values.len() < 2 || item.chain.expand {
        return;
    }
    let left = repeated(item, report);
    match item.chain.how {
        How::Text(relation) if item.chain.encoding.is_none() => {
            let pattern =
                |value: &Scalar| Pattern::parse_open(&value.text, item.chain.cased, open(relation));
            // What has no wildcard takes in no other text.
            let wide =
                |pattern: &Pattern| !matches!(pattern.kind(), crate::text::PatternKind::Exact(_));
            let budget = budget(item);
            let covers = |outer: &Pattern, inner: &Pattern| covers(outer, inner, &budget);
            taken_in(item, &left, pattern, wide, covers, report);
        }
        How::Cidr => {
            let network = |value: &Scalar| Range::of(&value.text);
            let wide = |range: &Option<Range>| range.is_some_and(|range| range.network.is_some());
            let holds = |outer: &Option<Range>, inner: &Option<Range>| matches!((outer, inner), (Some(outer), Some(inner)) if outer.holds(*inner));
            taken_in(item, &left, network, wide, holds, report);
        }
        _ => {}
    }
}

/// Steps for the comparisons of one list: some for each byte, so that a file of long lists takes no longer than another.
fn budget(item: &Item) -> Budget {
    const EACH_BYTE: usize = 8;
    const LEAST: usize = 200;
    let n_bytes: usize = item.values.iter().map(|value| value.text.len()).sum();
    Budget::new(LEAST + EACH_BYTE * n_bytes)
}

/// Reports values that stand twice; the others.
fn repeated<'i>(item: &'i Item, report: &mut Report) -> Vec<&'i Scalar> {
    let mut first: HashMap<(String, bool), Span> = HashMap::new();
    let mut left = Vec::new();
    let mut n_told = 0;
    for value in &item.values {
        // Some comparisons mind case, and so do encodings and regular expressions.
        let is_folded = matches!(item.chain.how, How::Text(_))
            && item.chain.encoding.is_none()
            && !item.chain.cased;
        let mut text = value.text.clone();
        if is_folded {
            text.clear();
            crate::fold_into(&value.text, &mut text);
        }
        match first.entry((text, value.is_null())) {
            Entry::Occupied(known) => {
                n_told += 1;
                if n_told > super::LINTED_VALUES || report.is_full() {
                    continue;
                }
                let message = format!("{} stands twice in this list", quoted(&value.text));
                let found = report.add(Code::ImpliedValue, value.span, message);
                found.set_related(*known.get());
                found.set_help("take one of the two out");
            }
            Entry::Vacant(free) => {
                free.insert(value.span);
                if !value.is_null() && !value.text.is_empty() {
                    left.push(value);
                }
            }
        }
    }
    left
}

/// Reports values that another one takes in.
fn taken_in<T>(
    item: &Item,
    values: &[&Scalar],
    read: impl Fn(&Scalar) -> T,
    is_wide: impl Fn(&T) -> bool,
    covers: impl Fn(&T, &T) -> bool,
    report: &mut Report,
) {
    let values: Vec<(&Scalar, T)> = values
        .iter()
        .take(super::LINTED_VALUES)
        .map(|value| (*value, read(value)))
        .collect();
    for (at, (inner, narrow)) in values.iter().enumerate() {
        let outer = values.iter().enumerate().find(|(other, (_, wide))| {
            // Of two that take each other in the first stays.
            *other != at
                && is_wide(wide)
                && covers(wide, narrow)
                && (*other < at || !covers(narrow, wide))
        });
        let Some((_, (outer, _))) = outer else {
            continue;
        };
        if report.is_full() {
            return;
        }
        // It was meant to be something else.
        if report.has_in(&[Code::RbacStar], outer.span) {
            continue;
        }
        // With `all` each must hold, so it is the wide one that says nothing.
        let (gone, stays, message) = if item.chain.all {
            (outer, inner, "holds wherever")
        } else {
            (inner, outer, "is taken in by")
        };
        let mut message = format!("{} {message} {}", quoted(&gone.text), quoted(&stays.text));
        if item.chain.all {
            message += " does";
        }
        let found = report.add(Code::ImpliedValue, gone.span, message);
        found.set_related(stays.span);
        found.set_help("take out the one that changes nothing");
    }
}

/// A network, or one address.
#[derive(Clone, Copy)]
struct Range {
    first: std::net::IpAddr,
    network: Option<(Network, u32)>,
}

impl Range {
    fn of(text: &str) -> Option<Self> {
        let Some((first, length)) = text.split_once('/') else {
            return text.parse().ok().map(|first| Self {
                first,
                network: None,
            });
        };
        Some(Self {
            first: first.parse().ok()?,
            network: Some((text.parse().ok()?, length.parse().ok()?)),
        })
    }

    fn holds(self, other: Self) -> bool {
        let Some((network, length)) = self.network else {
            return self.first == other.first;
        };
        let is_narrower = other.network.is_none_or(|(_, other)| other >= length);
        self.first.is_ipv4() == other.first.is_ipv4()
            && is_narrower
            && network.contains(other.first)
    }
}
