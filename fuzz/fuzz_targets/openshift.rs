//! Flattened records of OpenShift Logging and records of OpenTelemetry, with any text in their places.

#![no_main]

mod common;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

#[derive(Arbitrary, Debug)]
struct Log {
    form: bool,
    level: Option<String>,
    source: String,
    cluster: Option<String>,
    members: Vec<(String, String)>,
    body: String,
}

fuzz_target!(|log: Log| {
    let value = if log.form {
        let mut value: serde_json::Map<_, _> = log
            .members
            .iter()
            .map(|(key, value)| (key.clone(), json!(value)))
            .collect();
        value.insert("log_type".into(), json!("audit"));
        value.insert("log_source".into(), json!(log.source));
        value.insert("k8s_audit_level".into(), json!(log.level));
        value.insert("openshift".into(), json!({"cluster_id": log.cluster}));
        json!(value)
    } else {
        let attributes: Vec<_> = log
            .members
            .iter()
            .map(|(key, value)| json!({"key": key, "value": {"stringValue": value}}))
            .collect();
        json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [
            {"body": {"stringValue": log.body}, "attributes": attributes},
            {"body": {"kvlistValue": {"values": attributes}}},
        ]}]}]})
    };
    assert!(common::read(value.to_string().as_bytes(), 1 << 20) > 0);
});
