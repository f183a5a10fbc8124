//! Selections, blocks and their fields.

use audit_model::{FIELDS, FieldInfo, Shape, Texts};
use serde_json::{Map, Value as Json, json};

use super::{described, map, most_selections, name, of, set};
use crate::condition::RESERVED;
use crate::keys::{self, Table};
use crate::{modifier, resolve};

pub(super) fn define(definitions: &mut Map<String, Json>) {
    let scalar = json!(["string", "number", "boolean", "null"]);
    let values = json!({
        "type": ["string", "number", "boolean", "null", "array"],
        "items": { "type": scalar },
        "minItems": 1,
    });
    definitions.insert("values".to_owned(), values);
    // A list in a selection is of maps, which are alternatives, and of keywords.
    let some = |mut selection: Json, types: &[&str], items: Json| {
        set(&mut selection, &["type"], types);
        set(&mut selection, &["items"], items);
        set(&mut selection, &["minItems"], 1);
        selection
    };
    let either = json!(["object", "string", "number", "boolean"]);
    definitions.insert("fields-of-event".to_owned(), typed(fields(), &either));
    definitions.insert(
        "selection".to_owned(),
        some(
            fields(),
            &["object", "array", "string", "number", "boolean"],
            of("fields-of-event"),
        ),
    );
    definitions.insert(
        "fields-of-member".to_owned(),
        typed(members(), &json!("object")),
    );
    definitions.insert(
        "selection-of-members".to_owned(),
        some(members(), &["object", "array"], of("fields-of-member")),
    );
    let alternatives = json!([
        { "items": of("fields-of-member") },
        { "items": { "type": scalar } },
    ]);
    definitions.insert(
        "block".to_owned(),
        json!({
            "if": { "type": "object", "required": ["condition"] },
            "then": of("block-with-condition"),
            "else": {
                "if": { "type": "object" },
                "then": of("fields-of-member"),
                "else": {
                    "type": ["array", "string", "number", "boolean", "null"],
                    "minItems": 1,
                    "anyOf": alternatives,
                },
            },
        }),
    );
    definitions.insert(
        "block-with-condition".to_owned(),
        scope(&keys::DETECTION, "selection-of-members"),
    );
    for table in [&keys::DETECTION, &keys::FILTER] {
        let mut scope = scope(table, "selection");
        // An aggregation of old rules; a selection of this name is no scalar.
        set(
            &mut scope,
            &["properties", "timeframe"],
            json!({ "allOf": [of("selection")], "type": ["object", "array"] }),
        );
        definitions.insert(table.name.to_owned(), scope);
    }
    definitions.insert(
        "without-brackets".to_owned(),
        json!({
            "propertyNames": { "not": { "pattern": name::brackets() } },
            "items": of("without-brackets"),
        }),
    );
}

fn typed(mut schema: Json, types: &Json) -> Json {
    set(&mut schema, &["type"], types.clone());
    schema
}

/// Named selections beside the keys of a table.
fn scope(table: &Table, selection: &str) -> Json {
    let mut scope = map(table);
    let reserved: Vec<String> = RESERVED.iter().map(|word| any_case(word)).collect();
    set(
        &mut scope,
        &["propertyNames"],
        json!({ "not": { "pattern": format!("^(?:{})$", reserved.join("|")) } }),
    );
    set(&mut scope, &["additionalProperties"], of(selection));
    set(
        &mut scope,
        &["minProperties"],
        json!(table.keys().count() + 1),
    );
    set(
        &mut scope,
        &["maxProperties"],
        json!(most_selections(table)),
    );
    scope
}

/// An expression for a word in letters of any case.
pub(super) fn any_case(word: &str) -> String {
    let letters = word.chars();
    let letters: Vec<_> = letters
        .map(|c| format!("[{c}{}]", c.to_ascii_uppercase()))
        .collect();
    letters.concat()
}

/// A map of fields of the event.
fn fields() -> Json {
    let (field, modifiers) = (name::field(), name::modifiers());
    let mut fields = patterns(&field, &modifiers);
    // Keywords: a field without a name.
    fields.insert(format!(r"^{modifiers}$"), of("values"));
    let mut properties = Map::new();
    for info in FIELDS {
        let what = about(info);
        let values = usual(info);
        properties.insert(info.name.to_owned(), described(values, &what));
        fields.insert(
            format!(r"^{}\|", name::literal(info.name)),
            json!({ "description": what }),
        );
    }
    for (short, long) in resolve::SHORT_NAMES {
        let what = format!("old name of `{long}`");
        properties.insert(short.to_owned(), described(of("values"), &what));
    }
    json!({
        "minProperties": 1,
        "properties": properties,
        "patternProperties": fields,
        "propertyNames": {
            "pattern": format!(r"^(?:{field})?{modifiers}$"),
            "patternErrorMessage": "no audit event has this field, or a modifier of it is not known",
        },
    })
}

/// A map of fields of a member.
fn members() -> Json {
    json!({
        "minProperties": 1,
        "patternProperties": patterns(&name::member(), &name::modifiers()),
        "additionalProperties": false,
    })
}

/// What stands behind field names, by their modifiers.
fn patterns(field: &str, modifiers: &str) -> Map<String, Json> {
    let block = name::block();
    let compared: Vec<&str> = modifier::comparisons().collect();
    let compared = compared.join("|");
    let number = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$";
    Map::from_iter([
        (format!("^{block}{field}$"), of("block")),
        (format!("^(?!{block}){field}{modifiers}$"), of("values")),
        (
            r"\|exists$".to_owned(),
            described(
                json!({ "type": "boolean" }),
                "whether there is a value, whichever",
            ),
        ),
        (
            format!(r"^(?!.*\|expand).*\|(?:{compared})$"),
            described(
                json!({ "anyOf": [
                    { "type": ["number", "string"], "pattern": number },
                    { "type": "array", "minItems": 1, "maxItems": 1, "items": { "type": ["number", "string"], "pattern": number } },
                ] }),
                "a number",
            ),
        ),
    ])
}

/// What an editor shows of a field.
fn about(info: &FieldInfo) -> String {
    let shape = match info.shape {
        Shape::Text => "text",
        Shape::Number => "a number",
        Shape::Bool => "`true` or `false`",
        Shape::List => "a list of texts",
        Shape::Map => "a map with free keys",
        Shape::Struct => "an object, with known members",
        Shape::Object => "an object",
        Shape::Objects => "a list of objects",
        _ => return info.doc.to_owned(),
    };
    format!("{} ({shape})", info.doc)
}

/// What a field is compared with. An editor proposes the words that it may be.
fn usual(info: &FieldInfo) -> Json {
    let Texts::Words(words, _) = info.id.texts() else {
        return of("values");
    };
    json!({ "anyOf": [
        { "enum": words },
        { "type": "array", "items": { "anyOf": [{ "enum": words }, {}] } },
        of("values"),
    ], "allOf": [of("values")] })
}
