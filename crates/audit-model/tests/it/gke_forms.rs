//! What entries of Google's audit log come in, and what only looks like them.

use audit_model::Source;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::gke::{entry, event, exec, records, values};

const CONTROL_PLANE: &str = "skipped: of another component of the control plane";
const NO_EVENT: &str = "skipped: not an audit event";

/// A record that is one event with its bodies.
fn create() -> Value {
    let mut entry = entry("io.k8s.core.v1.pods.create", "core/v1/namespaces/x/pods/y");
    entry["protoPayload"]["request"] = json!({"@type": "core.k8s.io/v1.Pod", "kind": "Pod"});
    entry["protoPayload"]["response"] = json!({"@type": "core.k8s.io/v1.Pod", "a": "\"\\\n"});
    entry
}

#[track_caller]
fn check(record: &Value, expected: &[Value]) {
    assert_eq!(records(record.to_string().as_bytes()), expected, "{record}");
}

/// Keys as the proto files spell them, down to a depth.
fn snake(value: &Value, depth: usize) -> Value {
    let Some(object) = value.as_object().filter(|_| depth > 0) else {
        return match value.as_array().filter(|_| depth > 0) {
            Some(list) => list.iter().map(|value| snake(value, depth - 1)).collect(),
            None => value.clone(),
        };
    };
    let rename = |key: &String| {
        key.chars()
            .flat_map(|character| {
                let upper = character.is_ascii_uppercase().then_some('_');
                upper.into_iter().chain([character.to_ascii_lowercase()])
            })
            .collect::<String>()
    };
    object
        .iter()
        .map(|(key, value)| (rename(key), snake(value, depth - 1)))
        .collect()
}

#[test]
fn one_event_in_every_form() {
    let entry = create();
    let expected = [event(&entry)];
    let packed = STANDARD.encode(entry.to_string());
    let mut snaked = snake(&entry, 3);
    snaked["proto_payload"]["request"] = entry["protoPayload"]["request"].clone();
    snaked["proto_payload"]["response"] = entry["protoPayload"]["response"].clone();
    let forms = [
        json!([entry]),
        json!({"entries": [entry], "nextPageToken": "x"}),
        json!({"receivedMessages": [{"ackId": "a", "message": {"data": packed}}]}),
        json!([{"ackId": "a", "message": {"data": packed, "messageId": "1"}}]),
        json!({
            "message": {
                "data": packed,
                "attributes": {"logging.googleapis.com/timestamp": "2026-01-02T03:04:05Z"},
            },
            "subscription": "projects/shop/subscriptions/s",
        }),
        snaked,
        json!({
            "Entry": {
                "Timestamp": entry["timestamp"],
                "InsertID": entry["insertId"],
                "Labels": entry["labels"],
                "Operation": entry["operation"],
                "Resource": entry["resource"],
                "LogName": entry["logName"],
                "Payload": {"service_name": "k8s.io"},
                "Trace": "",
            },
            "AuditPayload": entry["protoPayload"].to_string(),
        }),
    ];
    for form in forms {
        check(&form, &expected);
        // Wrapped once more.
        let packed = STANDARD.encode(form.to_string());
        check(
            &json!({"message": {"data": packed}, "subscription": "s"}),
            &expected,
        );
        let cluster = values(
            form.to_string().as_bytes(),
            Source::default(),
            "source.cluster",
        );
        assert_eq!(cluster, ["prod"], "{form}");
    }
}

#[test]
fn a_row_of_an_export_keeps_bodies_as_text() {
    let entry = create();
    let mut row = entry.clone();
    let payload = row
        .as_object_mut()
        .and_then(|row| row.remove("protoPayload"));
    let mut payload = payload.unwrap();
    for body in ["request", "response"] {
        let json = payload[body].to_string();
        payload.as_object_mut().unwrap().remove(body);
        payload[format!("{body}Json")] = json!(json);
    }
    row["protopayload_auditlog"] = payload;
    check(&row, &[event(&entry)]);
    let cut = json!(r#"{"a":"#);
    row["protopayload_auditlog"]["requestJson"] = cut;
    let read = records(row.to_string().as_bytes());
    assert!(
        read.iter().all(|record| record
            .as_str()
            .is_some_and(|text| text.starts_with("malformed"))),
        "{read:?}"
    );
    row["protopayload_auditlog"]["requestJson"] = json!("no JSON");
    let read = records(row.to_string().as_bytes());
    assert!(
        read[0].as_str().unwrap().starts_with("malformed"),
        "{read:?}"
    );
}

#[test]
fn several_entries_of_one_wrapper() {
    let mut other = create();
    other["protoPayload"]["serviceName"] = json!("container.googleapis.com");
    let bad = json!({"protoPayload": {"serviceName": "k8s.io"}});
    let list = json!({"entries": [create(), other, {"textPayload": "x"}, bad, exec()]});
    let records = records(list.to_string().as_bytes());
    assert_eq!(records.len(), 5);
    assert_eq!(records[0], event(&create()));
    assert_eq!(records[1], CONTROL_PLANE);
    assert_eq!(records[2], NO_EVENT);
    assert!(records[3].as_str().unwrap().starts_with("malformed"));
    assert_eq!(records[4], event(&exec()));
}

#[test]
fn messages_that_hold_no_entry() {
    for (message, expected) in [
        (json!({"data": STANDARD.encode("hello")}), NO_EVENT),
        (json!({"data": STANDARD.encode("{}")}), NO_EVENT),
        (json!({"data": ""}), NO_EVENT),
        (json!({"data": 7}), "skipped: control message of a pipeline"),
    ] {
        check(
            &json!({"message": message, "subscription": "s"}),
            &[json!(expected)],
        );
    }
    let packed = json!({"message": {"data": "%%"}, "subscription": "s"});
    let read = records(packed.to_string().as_bytes());
    assert!(
        read[0].as_str().unwrap().starts_with("malformed"),
        "{read:?}"
    );
    check(
        &json!({"receivedMessages": [{"ackId": "a", "message": {}}]}),
        &[json!("skipped: control message of a pipeline")],
    );
    // A log line that has a message is none of Pub/Sub's.
    check(&json!({"message": {"data": "x"}}), &[json!(NO_EVENT)]);
}

#[test]
fn records_of_the_clouds_themselves() {
    let kind = "type.googleapis.com/google.cloud.audit.AuditLog";
    for record in [
        json!({"protoPayload": {"@type": kind, "serviceName": "container.googleapis.com"}}),
        json!({"protoPayload": {"@type": kind, "serviceName": "compute.googleapis.com"}}),
        json!({"protoPayload": {"@type": kind}, "resource": {"type": "gke_cluster"}}),
        json!({"jsonPayload": {}, "resource": {"type": "gke_cluster"}}),
        json!({"textPayload": "I0102 x", "resource": {"type": "k8s_control_plane_component"}}),
        json!({"eventSource": "eks.amazonaws.com", "eventName": "CreateCluster"}),
        json!({"Records": [{"eventSource": "eks.amazonaws.com", "eventName": "CreateCluster"}]}),
        json!({"operationName": "MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/WRITE"}),
        json!({"operationName": {"value": "Microsoft.ContainerService/managedClusters/write"}}),
    ] {
        check(&record, &[json!(CONTROL_PLANE)]);
    }
}

#[test]
fn what_only_looks_like_an_entry() {
    for record in [
        json!({"protoPayload": {}}),
        json!({"protoPayload": null}),
        json!({"protoPayload": "k8s.io"}),
        json!({"protoPayload": ["k8s.io"]}),
        json!({"protoPayload": {"@type": "x", "methodName": "io.k8s.get"}}),
        json!({"entries": []}),
        json!({"entries": {}}),
        json!({"entries": [7]}),
        json!({"receivedMessages": []}),
        json!({"Entry": {}}),
        json!({"protopayload_auditlog": 7}),
        json!({"resource": {"type": "k8s_container"}, "textPayload": "x"}),
    ] {
        check(&record, &[json!(NO_EVENT)]);
    }
    for record in [
        json!({"protoPayload": {"serviceName": "k8s.io"}}),
        json!({"protoPayload": {"@type": "a.AuditLog"}}),
        json!({"Entry": {}, "AuditPayload": "no JSON"}),
        json!({"Entry": {}, "AuditPayload": "{\"serviceName\":"}),
    ] {
        let read = records(record.to_string().as_bytes());
        let malformed = |record: &Value| {
            record
                .as_str()
                .is_some_and(|text| text.starts_with("malformed"))
        };
        assert!(!read.is_empty() && read.iter().all(malformed), "{read:?}");
    }
}

/// Every pointer to a value in an entry.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                pointers(value, &format!("{at}/{}", escape(key)), found);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                pointers(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn no_value_anywhere_brings_a_record_down() {
    let whole = create();
    let mut all = Vec::new();
    pointers(&whole, "", &mut all);
    let odd = [
        json!(null),
        json!(true),
        json!(-7),
        json!(1e300),
        json!(""),
        json!("."),
        json!("...."),
        json!("a.b.v1.c.v1.d"),
        json!("/////"),
        json!("namespaces/namespaces/namespaces"),
        json!([]),
        json!([[{}]]),
        json!({}),
        json!({"": {"": ""}}),
    ];
    for pointer in &all {
        for odd in &odd {
            let mut entry = whole.clone();
            *entry.pointer_mut(pointer).unwrap() = odd.clone();
            assert_eq!(records(entry.to_string().as_bytes()).len(), 1, "{entry}");
        }
    }
}

#[test]
fn an_entry_cut_anywhere_is_no_event() {
    let text = create().to_string();
    for cut in 1..text.len() {
        let read = records(text.as_bytes().get(..cut).unwrap());
        assert!(read.iter().all(Value::is_string), "{cut}: {read:?}");
    }
}
