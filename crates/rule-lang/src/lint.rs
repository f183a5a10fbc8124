//! What is written correctly and still cannot be meant.

mod attack;
mod bodies;
pub(crate) mod cost;
pub(crate) mod duplicates;
mod facts;
pub(crate) mod fields;
pub(crate) mod filters;
mod forms;
pub(crate) mod grouped;
mod lists;
pub(crate) mod logic;
pub(crate) mod metadata;
mod names;
mod never;
mod paths;
mod regexes;
mod requests;
pub(crate) mod requires;
mod resources;
mod solve;
mod sources;
mod values;
pub(crate) mod yaml;

use audit_model::Field;

use crate::api::Value;
use crate::ast::{Condition, Item, Scope, Selection};
use crate::diagnostic::{Code, Report, quoted};
use crate::encode::Base64;
use crate::modifier::How;
use crate::placeholder;
use crate::program::Relation;
use crate::resolve;
use crate::scalar::Scalar;
use crate::source::Span;

use solve::canonical;

/// What lints need to know of a document beside its selections and its condition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    pub(crate) is_rule: bool,
    /// Whether it does not say that it needs bodies.
    pub(crate) claims_no_body: bool,
    /// Whether nothing of the selections and the condition was reported. What a document does not ask can be told of no
    /// other.
    pub(crate) is_whole: bool,
}

/// What is told of a document as a whole, as far as it was read.
pub(crate) fn document(scope: &Scope, of: About, report: &mut Report) {
    let facts = facts::Facts::new(scope, of.is_whole);
    let is_rule = of.is_rule;
    if is_rule {
        if of.claims_no_body {
            sources::body_not_logged(&facts, report);
        }
        sources::body_of_connection(&facts, report);
        if facts.is_whole {
            sources::unrecorded_negation(&facts, report);
        }
    }
    requests::all(&facts, is_rule, report);
    bodies::all(&facts, is_rule, report);
    paths::all(&facts, report);
    for_each_item(scope, &mut |item| {
        if !report.is_full() {
            values::literal_regexes(item, report);
            values::unbounded_regexes(item, report);
            regexes::constant(item, report);
            lists::implied(item, report);
        }
    });
}

/// Calls for every item of a scope, those in blocks too.
fn for_each_item(scope: &Scope, visit: &mut dyn FnMut(&Item)) {
    for body in scope
        .selections
        .iter()
        .filter_map(|selection| selection.body.as_ref())
    {
        bodies::for_each(body, visit);
    }
}

/// Selections that no condition uses.
pub(crate) fn unused_selections<'s>(
    unused: impl Iterator<Item = &'s Selection>,
    report: &mut Report,
) {
    /// Keys of a document that somebody may take for some of what is asked.
    const BESIDE: &[&str] = &["expires", "level", "logsource", "suppress", "tags", "title"];
    for selection in unused.filter(|selection| !selection.name.is_empty()) {
        let name = quoted(&selection.name);
        let message = format!("no condition uses the selection {name}");
        report
            .add(Code::UnusedSelection, selection.span, message)
            .set_help(if BESIDE.contains(&selection.name.as_str()) {
                "if it is to be that of the document, write it beside `detection` or `filter`, not in it"
            } else {
                "use it in the condition or take it out"
            });
    }
}

/// Values of one item that are looked at: what is wrong with one is wrong with most, and a long list of warnings would
/// leave no room for errors.
const LINTED_VALUES: usize = 100;

/// `base64offset` of a whole value, of which it shows the middle only.
fn offset_of_whole(item: &Item, report: &mut Report) {
    let chain = item.chain;
    if chain.encoding.base64 == Some(Base64::Offset) && chain.how == How::Text(Relation::Equals) {
        report
            .add(
                Code::OffsetOfWhole,
                item.name.span,
                "`base64offset` leaves out the ends, so it is hardly ever the whole value",
            )
            .set_help("write `contains` behind it, or `base64` in its place");
    }
}

/// What is hardly meant of the values of an item, and what the field never has.
pub(crate) fn values(item: &Item, field: Option<&Field>, value: Value, report: &mut Report) {
    offset_of_whole(item, report);
    unexpanded_placeholders(item, report);
    if let Some(field) = field {
        compared_with_itself(item, field, report);
    }
    never::all(item, field, value, report);
    names::groups(item, value.of, report);
}

/// `user.username|fieldref: user.username`.
fn compared_with_itself(item: &Item, field: &Field, report: &mut Report) {
    if !matches!(item.chain.how, How::FieldRef(_)) {
        return;
    }
    let key = |field: &Field| (canonical(field.id()), field.path().clone());
    let own = key(field);
    for value in item.values.iter().take(LINTED_VALUES) {
        if resolve::known(&value.text).is_none_or(|other| key(&other) != own) {
            continue;
        }
        let name = &item.name.text;
        let (what, asks) = if item.chain.neq {
            ("missing", "false")
        } else {
            ("there", "true")
        };
        let message = format!(
            "{} is compared with itself, which asks no more than whether it is {what}",
            quoted(name)
        );
        report
            .add(Code::Tautology, value.span, message)
            .set_help(format!(
                "name another field, or write `{name}|exists: {asks}`"
            ));
    }
}

/// What looks like a placeholder and is none.
fn unexpanded_placeholders(item: &Item, report: &mut Report) {
    let chain = item.chain;
    let is_plain = chain.how == How::Text(Relation::Equals) && chain.encoding.is_none();
    if !is_plain || chain.expand {
        return;
    }
    for value in item.values.iter().take(LINTED_VALUES) {
        if !placeholder::is_placeholder(&value.text) {
            continue;
        }
        report
            .add(
                Code::UnexpandedPlaceholder,
                value.span,
                format!(
                    "{} looks like a placeholder and is compared as text",
                    quoted(&value.text)
                ),
            )
            .set_help("add the modifier `expand` to the field");
    }
}

/// Whether an item asks no more than whether something is there.
fn asks_presence(item: &Item) -> bool {
    let is_open = |value: &Scalar| value.is_null() || value.text == "*";
    item.chain.how == How::Exists
        || item.chain.how == How::Text(Relation::Equals) && item.values.iter().all(is_open)
}

fn has_wildcard(value: &Scalar) -> bool {
    value.text.contains(['*', '?'])
}

/// A filter whose condition asks for what it should take away. What could not be read, or names what is not there, may
/// have been meant otherwise.
pub(crate) fn filter_without_not(scope: &Scope, span: Span, report: &mut Report) {
    fn negates(condition: &Condition) -> bool {
        match condition {
            Condition::Not(..) => true,
            Condition::Or(parts) | Condition::And(parts) => parts.iter().any(negates),
            Condition::Name(_)
            | Condition::Them(..)
            | Condition::Pattern(..)
            | Condition::Broken(..) => false,
        }
    }
    let Some(condition) = &scope.condition else {
        return;
    };
    if facts::is_known(condition, scope) && !negates(condition) {
        report
            .add(
                Code::FilterWithoutNot,
                span,
                "this filter keeps only what its selections match",
            )
            .set_help("what a filter takes away stands under `not`: `condition: not selection`");
    }
}
