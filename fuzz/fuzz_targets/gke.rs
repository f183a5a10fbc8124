//! Log entries of Cloud Logging with any text in their places.

#![no_main]

mod common;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

#[derive(Arbitrary, Debug)]
struct Entry {
    method: String,
    resource: String,
    principal: Option<String>,
    ip: Option<String>,
    labels: Vec<(String, String)>,
    first: Option<bool>,
    last: Option<bool>,
    code: Option<i64>,
    granted: Option<bool>,
    request: Option<Vec<(String, String)>>,
    response: Option<Vec<(String, String)>>,
}

fuzz_target!(|entry: Entry| {
    let object = |members: &Vec<(String, String)>| {
        members
            .iter()
            .map(|(key, value)| (key.clone(), json!(value)))
            .collect::<serde_json::Map<_, _>>()
    };
    let value = json!({
        "insertId": "1",
        "timestamp": "2026-01-02T03:04:05.1Z",
        "labels": object(&entry.labels),
        "operation": {"id": "o", "first": entry.first, "last": entry.last},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "k8s.io",
            "methodName": entry.method,
            "resourceName": entry.resource,
            "authenticationInfo": {"principalEmail": entry.principal},
            "authorizationInfo": [{"granted": entry.granted, "permission": entry.method}],
            "requestMetadata": {"callerIp": entry.ip},
            "status": {"code": entry.code},
            "request": entry.request.as_ref().map(object),
            "response": entry.response.as_ref().map(object),
        },
    });
    assert_eq!(common::read(value.to_string().as_bytes(), 1 << 20), 1);
});
