//! Documents, by their kind.

use serde_json::{Map, Value as Json, json};

use super::detection::any_case;
use super::{described, map, name, of, set, value};
use crate::correlation::CorrelationType;
use crate::correlation::bounds::OPERATORS;
use crate::keys::{self, ASKED, CORRELATION, KINDS};
use crate::limits;
use crate::loaded::DocumentKind;
use crate::metadata::TITLE_CHARS;

/// Which schema a document must fit. One that does not say what it is must be a rule.
pub(super) fn by_kind() -> Json {
    let none = of(&definition(DocumentKind::Rule));
    KINDS.iter().rev().fold(none, |other, (key, kind)| {
        json!({
            "if": { "required": [key] },
            "then": for_audit_logs(*kind),
            "else": other,
        })
    })
}

/// A document for other logs may say what it likes.
fn for_audit_logs(kind: DocumentKind) -> Json {
    let words = json!({
        "product": { "type": "string", "pattern": format!("^{}$", any_case("kubernetes")) },
        "service": { "type": "string", "pattern": format!("^{}$", any_case("audit")) },
    });
    let logsource = match kind {
        DocumentKind::Rule => json!({ "properties": words, "required": ["product", "service"] }),
        // One that says less is for these logs and for others.
        DocumentKind::Filter => json!({ "properties": words }),
        _ => return of(&definition(kind)),
    };
    let foreign = json!({ "type": "object", "not": logsource });
    json!({
        "if": { "required": ["logsource"], "properties": { "logsource": foreign } },
        "else": of(&definition(kind)),
    })
}

fn definition(kind: DocumentKind) -> String {
    format!("{kind}-document")
}

pub(super) fn define(definitions: &mut Map<String, Json>) {
    definitions.insert(CORRELATION.name.to_owned(), correlation());
    for (key, kind) in KINDS {
        let mut document = document(kind);
        for (other, _) in KINDS.iter().filter(|(other, _)| *other != key) {
            set(&mut document, &["properties", other], false);
        }
        // Collections of old rules.
        set(&mut document, &["properties", "action"], false);
        // Beside a reference nothing counts, so that this stands by itself.
        let title = json!({ "pattern": "\\S", "maxLength": TITLE_CHARS });
        let mut all = vec![json!({ "properties": { "title": title } })];
        match kind {
            DocumentKind::Rule => {
                set(
                    &mut document,
                    &["properties", "suppress", "required"],
                    json!(["by"]),
                );
                all.push(without_brackets(key));
            }
            DocumentKind::Filter => all.push(without_brackets(key)),
            DocumentKind::Correlation => {
                let inside =
                    json!({ "correlation": { "type": "object", "required": ["generate"] } });
                set(
                    &mut document,
                    &["not"],
                    json!({ "required": ["generate"], "properties": inside }),
                );
            }
            _ => {}
        }
        set(&mut document, &["allOf"], all);
        definitions.insert(definition(kind), document);
    }
}

/// A document of a kind. Keys of one's own are allowed unless they are a slip away from one that means something.
fn document(kind: DocumentKind) -> Json {
    let known = keys::DOCUMENT.iter().filter(|key| key.of.contains(&kind));
    let names: Vec<&str> = known.clone().map(|key| key.key.name).collect();
    let needed = known.clone().filter(|key| key.needed_by.contains(&kind));
    let needed: Vec<&str> = needed.map(|key| key.key.name).collect();
    let properties: Map<_, _> = known
        .map(|key| {
            let schema = described(value(key.key.value), key.key.what);
            (key.key.name.to_owned(), schema)
        })
        .collect();
    let slips: Map<_, _> = names
        .iter()
        .map(|key| {
            let meant = format!("did you mean `{key}`?");
            (
                name::slip(key, &names),
                json!({ "not": {}, "errorMessage": meant }),
            )
        })
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": slips,
        "required": needed,
    })
}

/// Without `sigma-version: 3` brackets in field names are refused.
fn without_brackets(key: &str) -> Json {
    let version = json!({ "sigma-version": { "enum": [3, "3"] } });
    let selections = json!({ "additionalProperties": of("without-brackets") });
    json!({
        "if": { "required": ["sigma-version"], "properties": version },
        "else": { "properties": { key: selections } },
    })
}

fn correlation() -> Json {
    let mut correlation = map(&CORRELATION);
    set(
        &mut correlation,
        &["properties", "group-by", "maxItems"],
        json!(limits::GROUP_BY),
    );
    set(
        &mut correlation,
        &["properties", "rules", "uniqueItems"],
        true,
    );
    let kinds = CorrelationType::ALL.iter();
    let by_type = kinds.map(|kind| {
        json!({
            "if": { "properties": { "type": { "const": kind.as_str() } }, "required": ["type"] },
            "then": of_type(*kind),
        })
    });
    set(&mut correlation, &["allOf"], by_type.collect::<Json>());
    correlation
}

/// What a type of correlation asks for beside what all do.
fn of_type(kind: CorrelationType) -> Json {
    let mut properties = json!({ "condition": condition(kind) });
    let mut needed = vec![];
    if !kind.is_temporal() {
        needed.push("condition");
    }
    if kind == CorrelationType::NewValue {
        needed.push("learning");
    } else {
        set(&mut properties, &["learning"], false);
    }
    json!({ "properties": properties, "required": needed })
}

fn condition(kind: CorrelationType) -> Json {
    if kind.is_temporal() {
        return of("text");
    }
    let mut bounds = map(&ASKED);
    for key in ASKED.names() {
        if !kind.asks(key) {
            set(&mut bounds, &["properties", key], false);
        } else if OPERATORS.contains(&key) && kind.counts() {
            set(&mut bounds, &["properties", key, "multipleOf"], 1);
            set(&mut bounds, &["properties", key, "minimum"], 0);
            set(
                &mut bounds,
                &["properties", key, "maximum"],
                json!(limits::COUNT),
            );
        }
    }
    if kind.reads_values() {
        set(
            &mut bounds,
            &["properties", "field", "maxItems"],
            json!(if kind.is_numeric() {
                1
            } else {
                limits::GROUP_BY
            }),
        );
    }
    let mut needed = vec![];
    needed.extend(kind.reads_values().then_some("field"));
    needed.extend((kind == CorrelationType::ValuePercentile).then_some("percentile"));
    set(&mut bounds, &["required"], needed);
    if kind == CorrelationType::NewValue {
        return bounds;
    }
    let one = OPERATORS
        .iter()
        .map(|operator| json!({ "required": [operator] }));
    set(&mut bounds, &["anyOf"], one.collect::<Json>());
    bounds
}
