//! A JSON Schema of rule files, for editors: made from the tables by which documents are read.
//!
//! It is draft 7, which is what editors know. A schema sees the keys, the kinds of values and the words of closed lists;
//! what it cannot see (whether a selection is there, which modifiers go together) only the compiler tells.

mod detection;
mod document;
mod name;

use serde_json::{Map, Value as Json, json};

use crate::keys::{self, Table, Value};
use crate::limits;

/// A JSON Schema (draft 7) of rule files: of each of their documents, be it a rule, correlation, filter, override or
/// list of placeholders.
///
/// Every document that the compiler takes is valid by it. Of documents that the compiler refuses it refuses those whose
/// keys or values are of the wrong kind; it knows nothing of conditions, of what goes together, and of other files. Its
/// descriptions are what an editor shows of a key.
///
/// # Examples
/// ```
/// let schema = rule_lang::schema();
/// assert!(schema.starts_with("{\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\""));
/// ```
pub fn schema() -> String {
    let mut definitions = Map::new();
    common(&mut definitions);
    detection::define(&mut definitions);
    document::define(&mut definitions);
    let root = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Rule files of kubesift",
        "description": "A Sigma rule for Kubernetes audit logs, or a correlation, filter, override or list of placeholders",
        "type": "object",
        "allOf": [document::by_kind()],
        "definitions": definitions,
    });
    format!("{root:#}\n")
}

/// A JSON Schema (draft 7) of the files of tests that lie beside rule files, `NAME.test.yaml`. It is to them what
/// [`schema`] is to rule files.
///
/// # Examples
/// ```
/// assert!(rule_lang::test_schema().contains("\"evasion\""));
/// ```
pub fn test_schema() -> String {
    let mut definitions = Map::new();
    common(&mut definitions);
    definitions.retain(|name, _| TEST_DEFINITIONS.contains(&name.as_str()));
    let mut root = map(&keys::TEST_FILE);
    set(&mut root, &["properties", "tests", "minItems"], 1);
    for (key, value) in [
        ("$schema", json!("http://json-schema.org/draft-07/schema#")),
        ("title", json!("Files of tests of kubesift")),
        (
            "description",
            json!("Tests of a rule or correlation in the file beside it"),
        ),
        ("definitions", Json::Object(definitions)),
    ] {
        set(&mut root, &[key], value);
    }
    format!("{root:#}\n")
}

/// The definitions that tests need.
const TEST_DEFINITIONS: [&str; 4] = ["text", "event", "events", "test"];

/// A reference to a definition.
fn of(name: &str) -> Json {
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// A schema with what an editor shows of it. Beside a reference draft 7 reads nothing, so that it goes into a list.
fn described(schema: Json, what: &str) -> Json {
    let mut described = match schema {
        Json::Object(schema) if !schema.contains_key("$ref") => schema,
        other => Map::from_iter([("allOf".to_owned(), json!([other]))]),
    };
    described.insert("description".to_owned(), json!(what));
    Json::Object(described)
}

/// Sets what stands at the end of some keys.
fn set(schema: &mut Json, keys: &[&str], value: impl Into<Json>) {
    let mut at = schema;
    for key in keys {
        // Where it says nothing yet.
        if !at.is_object() {
            *at = json!({});
        }
        let Json::Object(map) = at else {
            return;
        };
        at = map.entry(*key).or_insert(Json::Null);
    }
    *at = value.into();
}

/// What is neither a list nor a map, and not `null`.
fn text() -> Json {
    json!({ "type": ["string", "number", "boolean"] })
}

/// Definitions that many keys share.
fn common(definitions: &mut Map<String, Json>) {
    let texts = json!({ "type": "array", "items": text() });
    let some =
        json!({ "type": ["array", "string", "number", "boolean"], "items": text(), "minItems": 1 });
    for (name, schema) in [
        ("text", text()),
        ("texts", texts.clone()),
        (
            "timespan",
            described(
                json!({ "type": "string", "pattern": "^0*[1-9][0-9]*[smhdwMy]$" }),
                "a whole number and a unit: `30s`, `5m`, `12h`, `14d`, `2w`, `1M`, `1y`",
            ),
        ),
        (
            "fields",
            json!({
                "type": ["array", "string", "number", "boolean"],
                "items": text(),
                "uniqueItems": true,
            }),
        ),
        ("rules", some.clone()),
        ("condition", some),
        (
            "lists",
            json!({
                "type": "object",
                "propertyNames": { "pattern": "^[A-Za-z0-9_.-]+$" },
                "additionalProperties": texts,
            }),
        ),
        (
            "aliases",
            json!({
                "type": "object",
                "additionalProperties": { "type": "object", "additionalProperties": text() },
            }),
        ),
        (
            "event",
            described(
                json!({ "type": "object", "minProperties": 1 }),
                "an audit event; `kind`, `apiVersion`, `auditID`, `stage`, `level` and times may be left out",
            ),
        ),
        (
            "events",
            json!({
                "type": ["array", "string"],
                "minItems": 1,
                "items": {
                    "type": "object",
                    "minProperties": 1,
                    "properties": {
                        "at": {
                            "type": "string",
                            "pattern": "^[0-9]+[smhdwMy]$",
                            "description": "how long after the first moment it comes: `30s`, `5m`",
                        },
                    },
                },
                "pattern": r"^\s*\{",
            }),
        ),
    ] {
        definitions.insert(name.to_owned(), schema);
    }
    for table in [
        &keys::LOGSOURCE,
        &keys::RELATED,
        &keys::LINT,
        &keys::LEVEL,
        &keys::SUPPRESS,
        &keys::OVERRIDE,
        &keys::TEST,
    ] {
        definitions.insert(table.name.to_owned(), map(table));
    }
}

/// What may stand behind a key.
fn value(value: Value) -> Json {
    match value {
        // What is asked depends on the type.
        Value::Any | Value::Asked(_) => json!({}),
        Value::Text => of("text"),
        Value::Texts => of("texts"),
        Value::List => json!({ "type": "array" }),
        Value::Bool => json!({ "type": "boolean" }),
        Value::Number => json!({ "type": "number" }),
        Value::Count => {
            json!({ "type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]+$" })
        }
        Value::Percentile => json!({ "type": "integer", "minimum": 1, "maximum": 100 }),
        Value::Timespan => of("timespan"),
        Value::Version => json!({ "enum": [2, 3, "2", "3"] }),
        Value::Day => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        Value::Word(words) => json!({ "enum": words }),
        Value::Words(words) => {
            json!({ "type": "array", "items": { "enum": words() } })
        }
        Value::Usual(words) => json!({ "anyOf": [{ "enum": words }, of("text")] }),
        Value::Fields => of("fields"),
        Value::Rules => of("rules"),
        Value::Map(table) | Value::Scope(table) => of(table.name),
        Value::Maps(table) => json!({ "type": "array", "items": of(table.name) }),
        Value::Likely(table) => {
            json!({ "type": "array", "items": { "anyOf": [of(table.name), {}] } })
        }
        Value::Condition => of("condition"),
        Value::Lists => of("lists"),
        Value::Aliases => of("aliases"),
        Value::Event => of("event"),
        Value::Events => of("events"),
    }
}

/// A map with the keys of a table.
fn map(table: &Table) -> Json {
    let properties: Map<_, _> = table
        .keys()
        .map(|key| (key.name.to_owned(), described(value(key.value), key.what)))
        .collect();
    let needed = table.keys().filter(|key| key.is_needed);
    let mut map = json!({
        "type": "object",
        "properties": properties,
        "required": needed.map(|key| key.name).collect::<Vec<_>>(),
    });
    if !table.is_open {
        set(&mut map, &["additionalProperties"], false);
    }
    let one = |keys: &[&str]| {
        keys.iter()
            .map(|key| json!({ "required": [key] }))
            .collect()
    };
    match table.alternatives {
        keys::Alternatives::None => {}
        keys::Alternatives::One(keys) => set(&mut map, &["oneOf"], Json::Array(one(keys))),
        keys::Alternatives::Some(keys) => set(&mut map, &["anyOf"], Json::Array(one(keys))),
    }
    map
}

/// The longest list of selections, and what stands beside them.
fn most_selections(table: &Table) -> usize {
    limits::SELECTIONS + table.keys().count()
}
