//! Diagnostic records and tables of Azure, around any text.

#![no_main]

mod common;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

#[derive(Arbitrary, Debug)]
struct Log {
    form: u8,
    resource: String,
    category: String,
    logs: Vec<String>,
}

fuzz_target!(|log: Log| {
    let Log {
        form,
        resource,
        category,
        logs,
    } = log;
    let record = |text: &String| json!({"category": category, "resourceId": resource, "properties": {"log": text}});
    let value = match form % 4 {
        0 => json!({"records": logs.iter().map(record).collect::<Vec<_>>()}),
        1 => json!({"category": category, "resourceId": resource, "properties": logs.concat()}),
        2 => json!({"Category": category, "ResourceId": resource, "log_s": logs.concat()}),
        _ => {
            let column = |at: usize| logs.get(at).cloned().unwrap_or_default();
            json!({"AuditId": column(0), "RequestUri": column(1), "Verb": column(2), "User": column(3), "ObjectRef": column(4), "RequestObject": column(5)})
        }
    };
    assert!(common::read(value.to_string().as_bytes(), 1 << 20) > 0);
});
