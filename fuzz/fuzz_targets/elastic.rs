//! Records of Elastic's integration, nested and flat, with any text in their places.

#![no_main]

mod common;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

#[derive(Arbitrary, Debug)]
struct Log {
    flat: bool,
    original: Option<String>,
    members: Vec<(String, String)>,
}

fuzz_target!(|log: Log| {
    let value = if log.flat {
        let flat: serde_json::Map<_, _> = log
            .members
            .iter()
            .map(|(key, value)| (format!("kubernetes.audit.{key}"), json!(value)))
            .chain([("kubernetes.audit.verb".to_owned(), json!("get"))])
            .collect();
        json!(flat)
    } else {
        let audit: serde_json::Map<_, _> = log
            .members
            .iter()
            .map(|(key, value)| (key.clone(), json!(value)))
            .collect();
        json!({"kubernetes": {"audit": audit}, "event": {"original": log.original}})
    };
    assert!(common::read(value.to_string().as_bytes(), 1 << 20) > 0);
});
