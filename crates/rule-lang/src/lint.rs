//! What is written correctly and still cannot be meant.

mod bodies;
pub(crate) mod duplicates;
mod facts;
pub(crate) mod filters;
pub(crate) mod logic;
pub(crate) mod metadata;
mod requests;
mod resources;
mod solve;
mod sources;
mod values;
pub(crate) mod yaml;

use audit_model::{Field, FieldId, Shape};

use crate::ast::{Condition, Item, Scope};
use crate::diagnostic::{Code, Report, quoted};
use crate::encode::Base64;
use crate::metadata::listed;
use crate::modifier::How;
use crate::number::Number;
use crate::placeholder;
use crate::program::{Operand, Relation};
use crate::rule::AuditLevel;
use crate::scalar::Scalar;
use crate::source::Span;
use crate::suggest::did_you_mean;

/// What can be told only of a whole document that has no errors.
pub(crate) fn document(
    scope: &Scope,
    is_rule: bool,
    requires: Option<AuditLevel>,
    report: &mut Report,
) {
    let facts = facts::Facts::new(scope);
    if is_rule {
        if requires.is_none_or(|level| level == AuditLevel::Metadata) {
            sources::body_not_logged(&facts, report);
        }
        sources::unrecorded_negation(&facts, report);
    }
    requests::all(&facts, is_rule, report);
    bodies::all(&facts, is_rule, report);
    for_each_item(scope, &mut |item| {
        if !report.is_full() {
            values::literal_regexes(item, report);
            values::unbounded_regexes(item, report);
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
pub(crate) fn unused_selections(scope: &Scope, used: &[bool], report: &mut Report) {
    for (selection, used) in scope.selections.iter().zip(used) {
        if !used && !selection.name.is_empty() {
            report
                .add(
                    Code::UnusedSelection,
                    selection.span,
                    format!(
                        "no condition uses the selection {}",
                        quoted(&selection.name)
                    ),
                )
                .set_help("use it in the condition or take it out");
        }
    }
}

/// Verbs of Kubernetes, and HTTP methods in lower case, which stand for them in requests without a resource.
const VERBS: &[&str] = &[
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "proxy",
    "post",
    "put",
    "head",
    "options",
    "connect",
    "trace",
];

/// All values of a field that has few.
pub(crate) fn words(field: FieldId) -> Option<&'static [&'static str]> {
    Some(match field {
        FieldId::Verb | FieldId::Operation => VERBS,
        FieldId::Stage => &[
            "RequestReceived",
            "ResponseStarted",
            "ResponseComplete",
            "Panic",
        ],
        FieldId::Level => &["Metadata", "Request", "RequestResponse"],
        FieldId::Outcome => &["denied", "failure", "dry-run", "success"],
        FieldId::Decision => &["allow", "forbid"],
        FieldId::ActorKind => &["user", "serviceaccount", "node", "system", "anonymous"],
        _ => return None,
    })
}

/// A value that a field with few values does not have; case does not count, as in the comparison.
fn unknown_word(name: &str, field: &Field, value: &Scalar, report: &mut Report) {
    let Some(words) = words(field.id()) else {
        return;
    };
    if value.text.is_empty()
        || words
            .iter()
            .any(|word| word.eq_ignore_ascii_case(&value.text))
    {
        return;
    }
    if matches!(field.id(), FieldId::Verb | FieldId::Operation) {
        metadata::verb(name, &value.text, words, value.span, report);
        return;
    }
    let help = did_you_mean(&value.text, words.iter().copied());
    report.add_with_help(
        Code::NeverMatches,
        value.span,
        format!("{} is never {}", quoted(name), quoted(&value.text)),
        help.or_else(|| Some(format!("it is one of {}", listed(words)))),
    );
}

/// Values of one item that are looked at: what is wrong with one is wrong with most, and a long list of warnings would
/// leave no room for errors.
const LINTED_VALUES: usize = 100;

/// A part of a date asked of a field that holds none.
fn no_date(item: &Item, operand: &Operand, report: &mut Report) {
    let Some(field) = operand.field() else {
        return;
    };
    let is_date = matches!(
        field.id(),
        FieldId::RequestReceivedTimestamp | FieldId::StageTimestamp
    );
    let is_known = matches!(
        field.shape(),
        Some(Shape::Text | Shape::Number | Shape::Bool)
    );
    if matches!(item.chain.how, How::Time(..)) && is_known && !is_date {
        report
            .add(
                Code::NeverMatches,
                item.name.span,
                format!("{} is never a date", quoted(&item.name.text)),
            )
            .set_help("the dates of an event are `requestReceivedTimestamp` and `stageTimestamp`");
    }
}

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

/// Values that no field of this kind has.
pub(crate) fn values(item: &Item, operand: &Operand, report: &mut Report) {
    no_date(item, operand, report);
    offset_of_whole(item, report);
    if let Some(field) = operand.field() {
        wrong_type(item, field, report);
    }
    if item.chain.how != How::Text(Relation::Equals) || !item.chain.encoding.is_none() {
        return;
    }
    for value in item.values.iter().take(LINTED_VALUES) {
        if !item.chain.expand && placeholder::is_placeholder(&value.text) {
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
        if item.chain.expand || value.is_null() || has_wildcard(value) {
            continue;
        }
        if let Some(field) = operand.field() {
            unknown_word(&item.name.text, field, value, report);
        }
        let shape = operand.field().and_then(Field::shape);
        let what = match shape {
            Some(Shape::Number) if Number::parse(&value.text).is_none() => "a number",
            Some(Shape::Bool)
                if !matches!(value.text.to_ascii_lowercase().as_str(), "true" | "false") =>
            {
                "`true` or `false`"
            }
            _ => continue,
        };
        report.add(
            Code::NeverMatches,
            value.span,
            format!(
                "{} is always {what}, so {} never matches",
                quoted(&item.name.text),
                quoted(&value.text)
            ),
        );
    }
}

/// A comparison that no value of the field can pass: of objects with texts, of words with numbers or networks.
fn wrong_type(item: &Item, field: &Field, report: &mut Report) {
    let how = item.chain.how;
    let asks_presence = how == How::Exists
        || how == How::Text(Relation::Equals)
            && item
                .values
                .iter()
                .all(|value| value.is_null() || value.text == "*");
    let Some(shape) = field.shape().filter(|_| !asks_presence) else {
        return;
    };
    let is_word = words(field.id()).is_some()
        || matches!(
            field.id(),
            FieldId::Resource
                | FieldId::Subresource
                | FieldId::ApiGroup
                | FieldId::Namespace
                | FieldId::ObjectRefResource
                | FieldId::ObjectRefSubresource
                | FieldId::ObjectRefApiGroup
                | FieldId::ObjectRefNamespace
                | FieldId::SourceProvider
                | FieldId::Kind
                | FieldId::ApiVersion
        );
    let is_time = matches!(
        field.id(),
        FieldId::RequestReceivedTimestamp | FieldId::StageTimestamp
    );
    let (is, asked) = match (shape, how) {
        (Shape::Map | Shape::Object | Shape::Objects, How::FieldRef(_)) => return,
        (Shape::Map | Shape::Object | Shape::Objects, _) => {
            ("an object or a list of them", "compared with values")
        }
        (Shape::Bool, How::Compare(_)) => ("`true` or `false`", "a number"),
        (Shape::Bool | Shape::Number, How::Cidr) => ("no text", "an address"),
        (Shape::Text, How::Compare(_)) if is_word || is_time => ("text", "a number"),
        (Shape::Text, How::Cidr) if is_word || is_time || field.id() == FieldId::ClientNet => {
            ("no address", "in a network")
        }
        _ => return,
    };
    let found = report.add(
        Code::NeverMatches,
        item.name.span,
        format!(
            "{} is {is}, so it is never {asked}",
            quoted(&item.name.text)
        ),
    );
    match (shape, how) {
        (Shape::Text, How::Cidr) if field.id() == FieldId::ClientNet => {
            found.set_help("`client.net` is a network itself; `client.ip` is the address");
        }
        (Shape::Text, How::Compare(_)) if is_time => {
            let name = &item.name.text;
            let field = name.split('|').next().unwrap_or_default();
            found.set_help(format!(
                "a part of the time is a number: `{field}|hour|gte: 22`; the parts are `minute`, `hour`, `day`, `week`, `month` and `year`"
            ));
        }
        (Shape::Text, How::Cidr) => found.set_help("the address of the client is `client.ip`"),
        (Shape::Map | Shape::Object | Shape::Objects, _) => {
            found.set_help("name a part of it");
        }
        _ => {}
    }
}

fn has_wildcard(value: &Scalar) -> bool {
    value.text.contains(['*', '?'])
}

/// A filter whose condition asks for what it should take away.
pub(crate) fn filter_without_not(condition: &Condition, span: Span, report: &mut Report) {
    fn negates(condition: &Condition) -> bool {
        match condition {
            Condition::Not(_) => true,
            Condition::Or(parts) | Condition::And(parts) => parts.iter().any(negates),
            Condition::Name(_) | Condition::Them(..) | Condition::Pattern(..) => false,
        }
    }
    if !negates(condition) {
        report
            .add(
                Code::FilterWithoutNot,
                span,
                "this filter keeps only what its selections match",
            )
            .set_help("what a filter takes away stands under `not`: `condition: not selection`");
    }
}
