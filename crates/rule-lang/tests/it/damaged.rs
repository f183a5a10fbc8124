//! Documents that are right but for one value: what is taken for wrong has an error that says why.

use rule_lang::{Compiler, DocumentStatus, Severity};
use serde_json::{Value, json};

use crate::schema::is_test_file;
use crate::{corpus, yaml};

/// What takes the place of a value.
fn others() -> Vec<Value> {
    vec![
        json!({"a": "b"}),
        json!({}),
        json!([]),
        json!([["a"]]),
        json!([{"a": "b"}]),
        json!(null),
        json!(""),
        json!(5),
    ]
}

/// The ways to all values, as pointers.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                pointers(value, &format!("{at}/{}", escaped(key)), found);
            }
        }
        Value::Array(items) => {
            for (key, value) in items.iter().enumerate() {
                pointers(value, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
    // Events hold whatever there is.
    if !at.is_empty() && !at.contains("/event") {
        found.push(at.to_owned());
    }
}

#[test]
fn a_document_that_is_wrong_has_an_error() {
    let others = others();
    let (mut turn, mut n_wrong, mut silent) = (0, 0, Vec::new());
    for (path, text) in corpus::files() {
        if is_test_file(&path) {
            continue;
        }
        // A few of each file show what many would.
        for document in yaml::documents(&text).unwrap_or_default().iter().take(3) {
            let mut found = Vec::new();
            pointers(document, "", &mut found);
            for pointer in found.iter().step_by(3).take(20) {
                turn += 1;
                let mut damaged = document.clone();
                if let (Some(place), Some(other)) = (
                    damaged.pointer_mut(pointer),
                    others.get(turn % others.len()),
                ) {
                    *place = other.clone();
                }
                let text = damaged.to_string();
                let mut compiler = Compiler::new();
                compiler.add("rule.yaml", &text);
                let set = compiler.finish();
                let mut documents = set.documents.iter();
                if !documents.any(|one| one.status() == DocumentStatus::Wrong) {
                    continue;
                }
                n_wrong += 1;
                let mut all = set.diagnostics.iter();
                if !all.any(|one| one.severity() == Severity::Error) {
                    silent.push(text);
                }
            }
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
    assert!(n_wrong > 500, "{n_wrong}");
}
