//! Records of OCI Audit with any text in their places.

#![no_main]

mod common;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

#[derive(Arbitrary, Debug)]
struct Entry {
    name: String,
    path: Option<String>,
    action: Option<String>,
    principal: Option<String>,
    ip: Option<String>,
    status: Option<String>,
}

fuzz_target!(|entry: Entry| {
    let value = json!({
        "eventType": "x", "cloudEventsVersion": "0.1", "eventTime": "2026-01-02T03:04:05Z",
        "source": "OKE API Server Admin Access",
        "data": {
            "eventName": entry.name, "resourceId": "ocid1.cluster",
            "identity": {"principalName": entry.principal, "ipAddress": entry.ip},
            "request": {"path": entry.path, "action": entry.action},
            "response": {"status": entry.status},
        },
    });
    assert_eq!(common::read(value.to_string().as_bytes(), 1 << 20), 1);
});
