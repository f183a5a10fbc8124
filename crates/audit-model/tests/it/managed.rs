//! Every form in which Amazon's and Azure's logging hand out audit events.

#![cfg(feature = "gzip")]

use audit_model::{
    Counters, Event, FieldId, FieldSource, Limits, Provider, Reader, Record, SkipReason, Source,
};
use serde_json::{Value, json};

use crate::packed::gzip;

fn event(verb: &str) -> String {
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1","stage":"ResponseComplete","requestURI":"/api/v1/secrets?a=\u0026b","verb":"{verb}","user":{{"username":"dana"}}}}"#
    )
}

/// What a record holds: `verb provider cluster`, or why it is none.
fn read(log: &[u8]) -> (Vec<String>, Counters) {
    let mut reader = Reader::new(log);
    let mut found = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        found.push(match record {
            Record::Event(record) => of(record.event()),
            Record::Partial(record) => format!("partial {}", of(record.event())),
            Record::Skipped(record) => record.reason.to_string(),
            Record::Malformed(record) => format!("malformed: {}", record.error),
            other => panic!("{other:?}"),
        });
    }
    let counters = reader.counters();
    let n = counters.events + counters.partial + counters.skipped + counters.malformed;
    assert_eq!(usize::try_from(n).unwrap(), found.len());
    (found, counters)
}

fn of(event: &Event<'_>) -> String {
    let text = |field| event.text(0, field).unwrap_or_default();
    let fields = [
        FieldId::Verb,
        FieldId::SourceProvider,
        FieldId::SourceCluster,
    ];
    fields.map(text).join(" ").trim_end().to_owned()
}

#[track_caller]
fn check(value: &Value, expected: &[&str]) {
    assert_eq!(read(value.to_string().as_bytes()).0, expected, "{value}");
    // The order of keys and white space mean nothing.
    let pretty = serde_json::to_string_pretty(value).unwrap();
    assert_eq!(read(pretty.as_bytes()).0, expected, "{pretty}");
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn subscription(messages: &[&str]) -> Value {
    let events: Vec<_> = messages
        .iter()
        .map(|text| json!({"id": "1", "timestamp": 1, "message": text}))
        .collect();
    json!({"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "/aws/eks/demo/cluster",
        "logStream": "kube-apiserver-audit-0a1b", "subscriptionFilters": ["all"], "logEvents": events})
}

#[test]
fn forms_of_cloudwatch() {
    let (get, list) = (event("get"), event("list"));
    let klog = "I0102 03:04:05.000001       1 controller.go:1] text";
    check(
        &subscription(&[&get, &list]),
        &["get eks demo", "list eks demo"],
    );
    check(
        &json!({"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logEvents": []}),
        &["control message of a pipeline"],
    );
    check(&subscription(&[]), &["empty list"]);
    // GetLogEvents names no stream, FilterLogEvents does.
    let tail = json!({"events": [{"timestamp": 1, "message": get, "ingestionTime": 2}], "nextForwardToken": "f/1"});
    check(&tail, &["get native"]);
    let filtered = json!({"events": [
        {"logStreamName": "kube-apiserver-audit-0a", "timestamp": 1, "message": get, "eventId": "1"},
        {"logStreamName": "kube-scheduler-0a", "timestamp": 1, "message": klog, "eventId": "2"},
    ], "searchedLogStreams": []});
    check(
        &filtered,
        &["get eks", "of another component of the control plane"],
    );
    let row = |text: &str| json!([{"field": "@timestamp", "value": "t"}, {"field": "@message", "value": text}]);
    check(
        &json!({"results": [row(&get), row(&list)], "statistics": {}, "status": "Complete"}),
        &["get native", "list native"],
    );
    check(
        &json!([{"@timestamp": "t", "@message": get, "@logStream": "kube-apiserver-audit-0a"}]),
        &["get eks"],
    );
    let packed = base64(&gzip(subscription(&[&get]).to_string().as_bytes()));
    check(&json!({"awslogs": {"data": packed}}), &["get eks demo"]);
    check(
        &json!({"Records": [{"kinesis": {"data": packed}}, {"kinesis": {"data": packed}}]}),
        &["get eks demo"; 2],
    );
    check(
        &json!({"records": [{"recordId": "1", "data": packed}]}),
        &["get eks demo"],
    );
    let twice = base64(&gzip(&gzip(subscription(&[&get]).to_string().as_bytes())));
    check(
        &json!({"records": [{"recordId": "1", "data": twice}]}),
        &["get eks demo"],
    );
    check(
        &json!({"awslogs": {"data": "no base64!"}}),
        &["malformed: a record holds what is no base64; it starts at byte 0 (line 1)"],
    );
    // A delivery stream puts objects side by side.
    let both = format!("{}{}", subscription(&[&get]), subscription(&[&list]));
    assert_eq!(read(both.as_bytes()).0, ["get eks demo", "list eks demo"]);
    assert_eq!(
        read(&gzip(both.as_bytes())).0,
        ["get eks demo", "list eks demo"]
    );
}

#[test]
fn a_message_that_was_cut_is_a_partial_event() {
    let get = event("get");
    let (kept, _) = get.split_once(r#""user""#).unwrap();
    let (found, counters) = read(
        subscription(&[&format!("{kept}[Truncated...]")])
            .to_string()
            .as_bytes(),
    );
    assert_eq!(found, ["partial get eks demo"]);
    assert_eq!((counters.events, counters.partial), (0, 1));
    // Before the event says what it is, there is nothing to recover.
    let (found, _) = read(
        subscription(&[r#"{"kind":"Ev[Truncated...]"#])
            .to_string()
            .as_bytes(),
    );
    assert!(
        found[0].starts_with("malformed") || found[0] == "not an audit event",
        "{found:?}"
    );
}

fn resource() -> &'static str {
    "/SUBSCRIPTIONS/S-1/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/DEMO"
}

fn diagnostic(category: &str, log: &Value) -> Value {
    json!({"time": "2026-01-02T03:04:05.1234567Z", "resourceId": resource(), "category": category,
        "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
        "properties": {"log": log, "stream": "stdout", "pod": "kube-apiserver-1", "containerID": "abc"}})
}

#[test]
fn forms_of_azure() {
    let get = event("get");
    let line = format!("{get}\n");
    let object: Value = serde_json::from_str(&get).unwrap();
    let klog = json!("I0102 03:04:05.000001       1 controller.go:1] text");
    check(&diagnostic("kube-audit", &json!(line)), &["get aks DEMO"]);
    check(&diagnostic("kube-audit-admin", &object), &["get aks DEMO"]);
    check(
        &diagnostic("kube-controller-manager", &klog),
        &["of another component of the control plane"],
    );
    check(
        &diagnostic("kube-audit", &json!("")),
        &["not an audit event"],
    );
    check(
        &json!({"records": [diagnostic("kube-audit", &json!(line)), diagnostic("kube-scheduler", &klog)]}),
        &["get aks DEMO", "of another component of the control plane"],
    );
    // What one record holds says nothing of the next one.
    check(
        &json!({"records": [diagnostic("kube-audit", &json!(line)), {"a": "b"}, {"messageType": "DATA_MESSAGE",
            "logEvents": []}, {"category": "kube-audit", "properties": {"log": get}}]}),
        &[
            "get aks DEMO",
            "not an audit event",
            "empty list",
            "get aks",
        ],
    );
    let mut quoted = diagnostic("kube-audit", &json!(line));
    quoted["properties"] = json!(quoted["properties"].to_string());
    check(&quoted, &["get aks DEMO"]);
    check(
        &json!({"Category": "kube-audit", "ResourceId": resource(), "TimeGenerated": "t", "log_s": get, "pod_s": "p", "Type": "AzureDiagnostics"}),
        &["get aks DEMO"],
    );
    let row = json!({"AuditId": "1", "Level": "Metadata", "Stage": "ResponseComplete", "RequestUri": "/x", "Verb": "get",
        "User": object["user"].to_string(), "ObjectRef": {"resource": "pods"}, "Annotations": "", "_ResourceId": resource(), "Type": "AKSAudit"});
    check(&row, &["get aks DEMO"]);
    let columns: Vec<_> = row
        .as_object()
        .unwrap()
        .keys()
        .map(|name| json!({"name": name, "type": "string"}))
        .collect();
    let cells: Vec<_> = row.as_object().unwrap().values().collect();
    check(
        &json!({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": [cells, cells]}]}),
        &["get aks DEMO"; 2],
    );
    // A blob of a storage account: one record a line, the last one perhaps cut.
    let record = diagnostic("kube-audit", &json!(line)).to_string();
    let (cut, _) = record.split_at(record.len() - 30);
    let (found, _) = read(format!("{record}\n{record}\n{cut}").as_bytes());
    assert_eq!(
        (found.len(), &found[0], &found[1]),
        (3, &"get aks DEMO".to_owned(), &"get aks DEMO".to_owned())
    );
    assert!(found[2].starts_with("malformed"), "{found:?}");
}

#[test]
fn a_resource_says_where_it_is() {
    let log = diagnostic("kube-audit", &json!(event("get"))).to_string();
    let mut reader = Reader::new(log.as_bytes());
    let Some(Record::Event(record)) = reader.next().unwrap() else {
        panic!("no event")
    };
    let source = Source {
        cluster: Some("DEMO".into()),
        account: Some("S-1".into()),
        project: Some("RG".into()),
        ..Source::from(Provider::Aks)
    };
    assert_eq!(record.event().source.as_deref(), Some(&source));
}

#[test]
fn what_the_embedder_knows_better_wins() {
    let given = Source {
        cluster: Some("shop-prod".into()),
        ..Source::default()
    };
    let log = format!("{}\n{}", subscription(&[&event("get")]), event("list"));
    let mut reader = Reader::new(log.as_bytes()).with_source(given);
    let mut found = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        let Record::Event(record) = record else {
            panic!("{record:?}")
        };
        found.push(of(record.event()));
    }
    assert_eq!(found, ["get eks shop-prod", "list native shop-prod"]);
}

#[test]
fn a_row_keeps_a_body_that_azure_left_out() {
    let row = json!({"AuditId": "1", "RequestUri": "/x", "Verb": "create", "Stage": "ResponseComplete",
        "RequestObject": "skipped-too-big-size-object", "Type": "AKSAudit"});
    let log = row.to_string();
    let mut reader = Reader::new(log.as_bytes());
    let Some(Record::Event(record)) = reader.next().unwrap() else {
        panic!("no event")
    };
    let mut scratch = audit_model::Scratch::with_limits(Limits::default());
    scratch.begin();
    assert!(scratch.flags(record.event()).names().eq(["body-truncated"]));
    assert_eq!(SkipReason::EmptyList.to_string(), "empty list");
}
