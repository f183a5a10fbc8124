//! Forms in which platforms hand out events, and records that are known and none.

use audit_model::{Provider, Reader, Record, SkipReason, Source};

use crate::reader::event;
use crate::wrappers::{JSON, LINES, quote};

/// The only event of a text, as JSON without the members that are none of an event's, and where it came from.
#[track_caller]
fn one(text: &str) -> (serde_json::Value, Option<Source>) {
    let mut reader = Reader::new(text.as_bytes());
    let mut found = None;
    while let Some(record) = reader.next().unwrap() {
        match record {
            Record::Event(record) => {
                assert!(found.is_none(), "{text}");
                let mut event = record.into_event();
                event.other.clear();
                let source = event.source.as_deref().cloned();
                let mut out = Vec::new();
                event.write_json(&mut out);
                found = Some((serde_json::from_slice(&out).unwrap(), source));
            }
            Record::Malformed(record) => panic!("{}: {text}", record.error),
            Record::Skipped(record) => panic!("{}: {text}", record.reason),
            _ => panic!("{text}"),
        }
    }
    found.unwrap_or_else(|| panic!("no event: {text}"))
}

#[track_caller]
fn check(text: &str, expected: &str, source: Option<&Source>) {
    let (event, found) = one(text);
    let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
    assert_eq!(event, expected, "{text}");
    assert_eq!(found.as_ref(), source, "{text}");
}

fn openshift(cluster: Option<&str>) -> Source {
    Source {
        cluster: cluster.map(str::to_owned),
        ..Source::from(Provider::OpenShift)
    }
}

#[test]
fn a_flattened_event_has_its_level_back() {
    let viaq = |level: &str, more: &str| {
        format!(
            r#"{{"@timestamp":"t","log_type":"audit","hostname":"h",{more}"kind":"Event","apiVersion":"audit.k8s.io/v1","level":{level},"auditID":"1","stage":"Panic","verb":"get"}}"#
        )
    };
    let native = |level: &str| {
        format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1",{level}"auditID":"1","stage":"Panic","verb":"get"}}"#
        )
    };
    let cluster = r#""openshift":{"cluster_id":"c-1","sequence":7},"#;
    for key in ["k8s_audit_level", "openshift_audit_level"] {
        let more = format!(r#"{cluster}"log_source":"kubeAPI","{key}":"Request","#);
        let record = viaq(r#""default""#, &more);
        let expected = native(r#""level":"Request","#);
        check(&record, &expected, Some(&openshift(Some("c-1"))));
        // Inside wrappers too.
        for (_, wrap) in JSON.iter().chain(LINES) {
            check(&wrap(&record), &expected, Some(&openshift(Some("c-1"))));
        }
    }
    let more = r#""log_source":"openshiftAPI","openshift_audit_level":"Metadata","#;
    check(
        &viaq(r#""default""#, more),
        &native(r#""level":"Metadata","#),
        Some(&openshift(None)),
    );
    check(
        &viaq(r#""default""#, cluster),
        &native(""),
        Some(&openshift(Some("c-1"))),
    );
    // What an API server wrote keeps what it says.
    check(
        &native(r#""level":"Metadata","#),
        &native(r#""level":"Metadata","#),
        None,
    );
}

#[test]
fn the_embedder_knows_better_than_a_record() {
    let record = r#"{"log_source":"kubeAPI","k8s_audit_level":"Request","openshift":{"cluster_id":"c"},"auditID":"1","stage":"Panic","verb":"get","level":"default"}"#;
    let given = Source {
        cluster: Some("mine".into()),
        ..Source::default()
    };
    let mut reader = Reader::new(record.as_bytes()).with_source(given);
    let Some(Record::Event(record)) = reader.next().unwrap() else {
        panic!()
    };
    assert_eq!(record.event().level.as_deref(), Some("Request"));
    assert_eq!(
        record.event().source.as_deref(),
        Some(&openshift(Some("mine")))
    );
}

#[test]
fn log_records_say_where_they_come_from() {
    let otlp = |attributes: &str| {
        format!(
            r#"{{"resourceLogs":[{{"resource":{{"attributes":[{attributes}]}},"scopeLogs":[{{"logRecords":[{{"body":{{"stringValue":{}}}}}]}}]}}]}}"#,
            quote(&event(1))
        )
    };
    let attribute = |key: &str, value: &str| {
        format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#)
    };
    let cluster = attribute("openshift.cluster.uid", "c-1");
    check(&otlp(&cluster), &event(1), Some(&openshift(Some("c-1"))));
    check(
        &otlp(&attribute("openshift.log.type", "audit")),
        &event(1),
        Some(&openshift(None)),
    );
    check(&otlp(&attribute("service.name", "x")), &event(1), None);
    let node = attribute("openshift.log.source", "auditd");
    counted(&otlp(&node), &[(SkipReason::NodeLog, 1)]);
}

const ANNOTATED: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"1","stage":"ResponseComplete","verb":"create","user":{"username":"dana","groups":["devs"],"extra":{"authentication.kubernetes.io/pod-name":["p"]}},"sourceIPs":["203.0.113.7"],"objectRef":{"resource":"pods"},"responseStatus":{"code":201},"requestObject":{"kind":"Pod","spec":{"hostPID":true}},"annotations":{"authorization.k8s.io/decision":"allow","mutation.webhook.admission.k8s.io/round_0_index_1":"x","my_own/key":"y"}}"#;

#[test]
fn documents_of_elastic() {
    let elastic = Source::from(Provider::Elastic);
    let renamed = ANNOTATED
        .replace("authorization.k8s.io", "authorization_k8s_io")
        .replace(
            "mutation.webhook.admission.k8s.io",
            "mutation_webhook_admission_k8s_io",
        );
    let nested = format!(
        r#"{{"@timestamp":"t","kubernetes":{{"audit":{renamed}}},"event":{{"kind":"event","action":"create"}}}}"#
    );
    check(&nested, ANNOTATED, Some(&elastic));
    check(
        &format!(r#"{{"hits":{{"hits":[{{"_source":{nested}}}]}}}}"#),
        ANNOTATED,
        Some(&elastic),
    );
    // The text that the API server wrote is better than the copy.
    let original = format!(
        r#"{{"kubernetes":{{"audit":{{"verb":"x"}}}},"event":{{"original":{}}}}}"#,
        quote(ANNOTATED)
    );
    check(&original, ANNOTATED, Some(&elastic));
    let cut = format!(
        r#"{{"kubernetes":{{"audit":{renamed}}},"event":{{"original":{}}}}}"#,
        quote(ANNOTATED.get(..100).unwrap())
    );
    check(&cut, ANNOTATED, Some(&elastic));
}

#[test]
fn documents_of_elastic_with_dotted_keys() {
    let value: serde_json::Value = serde_json::from_str(ANNOTATED).unwrap();
    let mut flat = serde_json::Map::new();
    flatten("kubernetes.audit", &value, &mut flat);
    let renamed = |text: &str| {
        text.replace(
            "audit.annotations.authorization.k8s.io",
            "audit.annotations.authorization_k8s_io",
        )
        .replace(
            "annotations.mutation.webhook.admission.k8s.io",
            "annotations.mutation_webhook_admission_k8s_io",
        )
    };
    let elastic = Source::from(Provider::Elastic);
    let record = renamed(&serde_json::Value::Object(flat.clone()).to_string());
    check(&record, ANNOTATED, Some(&elastic));
    // A search that asks for fields gives each as a list; of those in bodies nobody knows what they were.
    let mut lists = serde_json::Map::new();
    for (key, value) in flat {
        let keep = value.is_array() || key.contains("requestObject");
        let value = if keep { value } else { vec![value].into() };
        lists.insert(key, value);
    }
    let fields = renamed(&serde_json::Value::Object(lists).to_string());
    check(
        &format!(r#"{{"_index":"i","fields":{fields}}}"#),
        ANNOTATED,
        Some(&elastic),
    );
}

fn flatten(
    path: &str,
    value: &serde_json::Value,
    out: &mut serde_json::Map<String, serde_json::Value>,
) {
    match value.as_object() {
        Some(members) => {
            for (key, value) in members {
                flatten(&format!("{path}.{key}"), value, out);
            }
        }
        None => {
            out.insert(path.to_owned(), value.clone());
        }
    }
}

#[test]
fn text_lines_of_old_api_servers() {
    let line = r#"2026-01-02T03:04:05.123456789Z AUDIT: id="a-1" stage="ResponseComplete" ip="203.0.113.7" method="create" user="da\"na" groups="\"devs\",\"system:authenticated\"" as="root" asgroups="\"system:masters\"" user-agent="kubectl/v1.8 \u00e9\x41" namespace="shop" uri="/api/v1/namespaces/shop/pods" response="201""#;
    let expected = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a-1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods","verb":"create","user":{"username":"da\"na","groups":["devs","system:authenticated"]},"impersonatedUser":{"username":"root","groups":["system:masters"]},"sourceIPs":["203.0.113.7"],"userAgent":"kubectl/v1.8 éA","responseStatus":{"code":201},"requestReceivedTimestamp":"2026-01-02T03:04:05.123456789Z"}"#;
    check(line, expected, None);
    // Some wrappers hold JSON only.
    let json_only = [
        "fluentd object",
        "OTLP map",
        "HEC object",
        "Connect",
        "CloudEvents",
        "records",
        "events",
        "search hits",
        "list kind",
        "unknown",
        "JSON in JSON",
    ];
    for (name, wrap) in JSON.iter().chain(LINES) {
        if !json_only.contains(name) {
            assert_eq!(one(&wrap(line)).0, one(line).0, "{name}");
        }
    }
    let placeholders = r#"2026-01-02T03:04:05Z AUDIT: id="b" stage="RequestReceived" ip="<unknown>" method="get" user="<none>" groups="<none>" as="<self>" asgroups="<lookup>" user-agent="" namespace="<none>" uri="/" response="<deferred>""#;
    check(
        placeholders,
        r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"b","stage":"RequestReceived","requestURI":"/","verb":"get","requestReceivedTimestamp":"2026-01-02T03:04:05Z"}"#,
        None,
    );
    // A user agent may hold anything, quoted.
    let hostile = placeholders.replace(
        r#"user-agent="""#,
        r#"user-agent="\" user=\"system:admin {\"kind\":\"Event\"}""#,
    );
    assert_eq!(
        one(&hostile).0["userAgent"],
        "\" user=\"system:admin {\"kind\":\"Event\"}"
    );
    assert!(one(&hostile).0.get("user").is_none());
}

/// What a text's records are counted as.
#[track_caller]
fn counted(text: &str, expected: &[(SkipReason, u64)]) {
    let mut reader = Reader::new(text.as_bytes());
    while let Some(record) = reader.next().unwrap() {
        assert!(matches!(record, Record::Skipped(_)), "{text}: {record:?}");
    }
    assert_eq!(reader.skipped().collect::<Vec<_>>(), expected, "{text}");
    let total: u64 = expected.iter().map(|(_, count)| count).sum();
    assert_eq!(reader.counters().skipped, total);
}

/// Records that are known and no audit events.
const OTHERS: &[(&str, SkipReason)] = &[
    (
        r#"{"kind":"Event","apiVersion":"v1","metadata":{},"involvedObject":{"kind":"Pod"},"reason":"Killing"}"#,
        SkipReason::ClusterEvent,
    ),
    (
        r#"{"kind":"Event","apiVersion":"events.k8s.io/v1","regarding":{"kind":"Pod"},"note":"x"}"#,
        SkipReason::ClusterEvent,
    ),
    (
        r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","object":{"a":"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\"}"}}}"#,
        SkipReason::AdmissionReview,
    ),
    (
        r#"{"eventVersion":"1.08","eventSource":"eks.amazonaws.com","eventName":"CreateAccessEntry","awsRegion":"r"}"#,
        SkipReason::ControlPlane,
    ),
    (
        r#"{"source":"aws.eks","detail-type":"AWS API Call via CloudTrail","detail":{"eventSource":"eks.amazonaws.com","eventName":"X"}}"#,
        SkipReason::ControlPlane,
    ),
    (
        r#"{"time":"t","operationName":"MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/WRITE","category":"Administrative"}"#,
        SkipReason::ControlPlane,
    ),
    (
        r#"{"log_type":"audit","log_source":"auditd","level":"default","message":"type=SYSCALL"}"#,
        SkipReason::NodeLog,
    ),
    (
        r#"{"log":"I0102 03:04:05.678901       1 httplog.go:132] \"HTTP\" verb=\"GET\" {\"a\":1}\n","stream":"stderr","time":"t"}"#,
        SkipReason::ControlPlane,
    ),
    (
        "2026-01-02T03:04:05Z stderr F E0102 03:04:05.678901 1 x.go:1] text",
        SkipReason::ControlPlane,
    ),
    (
        r#"{"message":"[INFO] all {is} well","kubernetes":{}}"#,
        SkipReason::NotAuditEvent,
    ),
    (r#"{"log":"{not json","x":1}"#, SkipReason::NotAuditEvent),
    (r#"{"a":"b","c":{"d":["e"]}}"#, SkipReason::NotAuditEvent),
    (
        r#"{"kind":"PodList","apiVersion":"v1","items":[]}"#,
        SkipReason::EmptyList,
    ),
    (
        r#"{"Type":"SubscriptionConfirmation","Message":"x","Token":"t"}"#,
        SkipReason::ControlMessage,
    ),
    (
        "Jan  2 03:04:05 host app[1]: {\"a\":1}",
        SkipReason::NotAuditEvent,
    ),
];

#[test]
fn what_is_known_is_named_and_counted_once() {
    for (record, reason) in OTHERS {
        counted(record, &[(*reason, 1)]);
    }
    let all: Vec<_> = OTHERS.iter().map(|(record, _)| *record).collect();
    let mut expected: Vec<(SkipReason, u64)> = Vec::new();
    for reason in SkipReason::ALL {
        let count = OTHERS.iter().filter(|(_, other)| *other == reason).count();
        if count > 0 {
            expected.push((reason, count as u64));
        }
    }
    counted(&all.join("\n"), &expected);
}

#[test]
fn what_is_known_is_named_in_wrappers_too() {
    for (record, reason) in OTHERS.iter().filter(|(record, _)| record.starts_with('{')) {
        for (name, wrap) in JSON.iter().chain(LINES) {
            if *name == "unknown" {
                continue;
            }
            let text = wrap(record);
            counted(&text, &[(*reason, 1)]);
        }
    }
}

#[test]
fn a_batch_is_counted_record_by_record() {
    let text = format!(
        "{}\n{}\nnothing of this\n{}\n",
        format_args!(
            r#"{{"streams":[{{"stream":{{}},"values":[["1",{0}],["2","plain"],["3",{0}]]}}]}}"#,
            quote(&event(1))
        ),
        format_args!(r#"{{"records":[{},{{"a":1}},{}]}}"#, event(2), event(3)),
        format_args!(
            r#"{{"event":{},"sourcetype":"x"}}{{"event":"{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",","index":"x"}}"#,
            event(4)
        ),
    );
    let mut reader = Reader::new(text.as_bytes());
    let mut lines = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if let Record::Malformed(record) = record {
            lines.push(record.line());
        }
    }
    let counters = reader.counters();
    assert_eq!(
        (counters.events, counters.skipped, counters.malformed),
        (5, 2, 2)
    );
    assert_eq!(lines, [3, 4]);
}

#[test]
fn several_lines_in_one_text() {
    let text = format!("{}\nbroken {{\n{}\n", event(1), event(2));
    let record = format!(r#"{{"message":{}}}"#, quote(&text));
    let mut reader = Reader::new(record.as_bytes());
    while reader.next().unwrap().is_some() {}
    let counters = reader.counters();
    assert_eq!(
        (counters.events, counters.skipped, counters.malformed),
        (2, 1, 0)
    );
}
