//! What reading and detecting takes, by the form that a log has.
//!
//! A form whose number is not zero allocates today; the number may only shrink.

use detect::{Reader, Record, RuleSet};

use crate::counting::allocations;

/// Records that warm buffers up, and as many again that are counted.
const RECORDS: usize = 32;

/// Not all forms say what was asked for; all say who asked.
const DANA: &str = "
title: Dana
name: dana
logsource: {product: kubernetes, service: audit}
detection: {s: {user.username|startswith: dana}, condition: s}
message: '{user.username} {ref}'
";

/// A form, and how often it allocates at most in [`RECORDS`] records after warm-up: for hits, and for misses.
struct Form {
    name: &'static str,
    /// Makes a record of a place's event.
    record: fn(usize, Kind) -> String,
    /// `Scanner::scan_bytes`, where it takes the form.
    direct: Option<[u64; 2]>,
    /// `Reader::next`.
    reader: [u64; 2],
    /// `Detector::process`.
    detector: [u64; 2],
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Hit,
    Miss,
}

/// A native event: a shell in a pod, or a look at whether the server is there.
fn event(at: usize, kind: Kind) -> String {
    let of_kind = match kind {
        Kind::Hit => {
            r#""requestURI":"/api/v1/namespaces/shop/pods/web-0/exec?command=sh\u0026stdin=true\u0026tty=true","verb":"create","user":{"username":"dana@example.test","groups":["devs","system:authenticated"]},"objectRef":{"resource":"pods","namespace":"shop","name":"web-0","apiVersion":"v1","subresource":"exec"},"responseStatus":{"metadata":{},"code":101}"#
        }
        Kind::Miss => {
            r#""requestURI":"/api/v1/namespaces/shop/services/web","verb":"get","user":{"username":"system:serviceaccount:shop:web","groups":["system:serviceaccounts","system:authenticated"]},"objectRef":{"resource":"services","namespace":"shop","name":"web","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":200}"#
        }
    };
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{at:08x}-0000-4000-8000-000000000000","stage":"ResponseComplete",{of_kind},"sourceIPs":["203.0.113.7"],"userAgent":"kubectl/v1.34.0","requestReceivedTimestamp":"2026-01-02T03:04:{:02}.000001Z","stageTimestamp":"2026-01-02T03:04:{:02}.004321Z","annotations":{{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":""}}}}"#,
        at % 60,
        at % 60
    )
}

/// A text as it stands within a JSON string.
fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn quoted(at: usize, kind: Kind) -> String {
    quote(&event(at, kind))
}

/// Members that an object has at its end beside those of the event.
fn with(event: &str, members: &str) -> String {
    format!("{},{members}}}", event.strip_suffix('}').unwrap())
}

fn gke(at: usize, kind: Kind) -> String {
    let (method, resource, user) = match kind {
        Kind::Hit => (
            "pods.exec.create",
            "pods/web-0/exec/web-0",
            "dana@example.test",
        ),
        Kind::Miss => (
            "services.get",
            "services/web",
            "system:serviceaccount:shop:web",
        ),
    };
    format!(
        r#"{{"insertId":"{at:08x}","logName":"projects/shop/logs/cloudaudit.googleapis.com%2Factivity","timestamp":"2026-01-02T03:04:{:02}.123456Z","receiveTimestamp":"2026-01-02T03:05:09Z","resource":{{"type":"k8s_cluster","labels":{{"project_id":"shop","location":"europe-west1","cluster_name":"prod"}}}},"labels":{{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"x"}},"operation":{{"id":"{at:08x}-0000-4000-8000-000000000000","producer":"k8s.io","first":true,"last":true}},"protoPayload":{{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"k8s.io","methodName":"io.k8s.core.v1.{method}","resourceName":"core/v1/namespaces/shop/{resource}","authenticationInfo":{{"principalEmail":"{user}"}},"authorizationInfo":[{{"granted":true,"permission":"io.k8s.core.v1.{method}","resource":"core/v1/namespaces/shop/{resource}"}}],"requestMetadata":{{"callerIp":"203.0.113.7","callerSuppliedUserAgent":"kubectl"}},"status":{{}}}}}}"#,
        at % 60
    )
}

fn oke(at: usize, kind: Kind) -> String {
    let (name, user, path, action) = match kind {
        Kind::Hit => (
            "v1.pods.exec.create",
            "dana",
            "/api/v1/namespaces/shop/pods/web-0/exec?command=sh",
            "POST",
        ),
        Kind::Miss => (
            "v1.services.get",
            "web",
            "/api/v1/namespaces/shop/services/web",
            "GET",
        ),
    };
    format!(
        r#"{{"eventType":"com.oraclecloud.oke.apiserver","cloudEventsVersion":"0.1","eventID":"{at:08x}","eventTime":"2026-01-02T03:04:{:02}.123Z","source":"OKE API Server Admin Access","data":{{"eventName":"{name}","resourceId":"ocid1.cluster.oc1..x","identity":{{"principalName":"{user}","principalId":"ocid1.user.oc1..d","tenantId":"ocid1.tenancy.oc1..t","ipAddress":"203.0.113.7","userAgent":"kubectl"}},"request":{{"path":"{path}","action":"{action}"}},"response":{{"status":"200"}}}}}}"#,
        at % 60
    )
}

const FORMS: &[Form] = &[
    Form {
        name: "native",
        record: event,
        direct: Some([0, 0]),
        reader: [0, 0],
        detector: [80, 0],
    },
    Form {
        name: "native, several lines",
        record: |at, kind| event(at, kind).replace(",\"", ",\n  \""),
        direct: Some([0, 0]),
        reader: [160, 128],
        detector: [80, 0],
    },
    Form {
        name: "native, a list of the API server",
        record: |at, kind| {
            format!(
                r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{{}},"items":[{}]}}"#,
                event(at, kind)
            )
        },
        direct: None,
        reader: [256, 224],
        detector: [80, 0],
    },
    Form {
        name: "native, an array",
        record: |at, kind| format!("[{}]", event(at, kind)),
        direct: None,
        reader: [160, 128],
        detector: [80, 0],
    },
    Form {
        name: "native, v1beta1",
        record: |at, kind| event(at, kind).replace("audit.k8s.io/v1", "audit.k8s.io/v1beta1"),
        direct: Some([160, 128]),
        reader: [160, 128],
        detector: [80, 0],
    },
    Form {
        name: "native, the legacy text line",
        record: |at, kind| {
            let (verb, user, uri) = match kind {
                Kind::Hit => (
                    "create",
                    "dana",
                    "/api/v1/namespaces/shop/pods/web-0/exec?command=sh",
                ),
                Kind::Miss => ("get", "web", "/api/v1/namespaces/shop/services/web"),
            };
            format!(
                r#"2026-01-02T03:04:{:02}.082432661Z AUDIT: id="{at:08x}" stage="ResponseComplete" ip="203.0.113.7" method="{verb}" user="{user}" groups="\"devs\"" as="<self>" asgroups="<lookup>" namespace="shop" uri="{uri}" response="200""#,
                at % 60
            )
        },
        direct: None,
        reader: [1056, 1056],
        detector: [135, 133],
    },
    Form {
        name: "GKE, an entry",
        record: gke,
        direct: None,
        reader: [256, 256],
        detector: [171, 0],
    },
    Form {
        name: "EKS, a subscription of CloudWatch",
        record: |at, kind| {
            format!(
                r#"{{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"/aws/eks/demo/cluster","logStream":"kube-apiserver-audit-0a1b","subscriptionFilters":["all"],"logEvents":[{{"id":"1","timestamp":1,"message":{}}}]}}"#,
                quoted(at, kind)
            )
        },
        direct: None,
        reader: [0, 0],
        detector: [80, 0],
    },
    Form {
        name: "EKS, a row of Logs Insights",
        record: |at, kind| {
            format!(
                r#"[{{"@timestamp":"t","@message":{},"@logStream":"kube-apiserver-audit-0a"}}]"#,
                quoted(at, kind)
            )
        },
        direct: None,
        reader: [32, 32],
        detector: [80, 0],
    },
    Form {
        name: "AKS, a diagnostic record",
        record: |at, kind| {
            format!(
                r#"{{"time":"2026-01-02T03:04:05Z","resourceId":"/SUBSCRIPTIONS/0/RESOURCEGROUPS/SHOP/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/PROD","category":"kube-audit","operationName":"Microsoft.ContainerService/managedClusters/diagnosticLogs/Read","properties":{{"log":{},"stream":"stdout","pod":"kube-apiserver-7"}}}}"#,
                quote(&format!("{}\n", event(at, kind))).replace('\n', "\\n")
            )
        },
        direct: None,
        reader: [0, 0],
        detector: [80, 0],
    },
    Form {
        name: "AKS, a message of an event hub",
        record: |at, kind| {
            format!(
                r#"{{"records":[{{"category":"kube-audit","properties":{{"log":{}}}}}]}}"#,
                quoted(at, kind)
            )
        },
        direct: None,
        reader: [0, 0],
        detector: [80, 0],
    },
    Form {
        name: "OpenShift Logging (ViaQ)",
        record: |at, kind| {
            with(
                &event(at, kind).replace(r#""level":"Metadata""#, r#""level":"default""#),
                r#""@timestamp":"2026-01-02T03:04:05.004321Z","hostname":"master-0","k8s_audit_level":"Metadata","log_source":"kubeAPI","log_type":"audit","openshift":{"cluster_id":"c-1","sequence":1}"#,
            )
        },
        direct: Some([224, 192]),
        reader: [480, 448],
        detector: [80, 0],
    },
    Form {
        name: "Elastic, nested",
        record: |at, kind| {
            format!(
                r#"{{"@timestamp":"2026-01-02T03:04:05Z","event":{{"dataset":"kubernetes.audit_logs"}},"kubernetes":{{"audit":{}}}}}"#,
                event(at, kind)
            )
        },
        direct: None,
        reader: [1312, 1312],
        detector: [80, 0],
    },
    Form {
        name: "Elastic, flat",
        record: |at, kind| {
            let text = event(at, kind);
            let members = text
                .strip_prefix('{')
                .and_then(|text| text.strip_suffix('}'));
            let mut out = members.unwrap().to_owned();
            for key in [
                "kind",
                "apiVersion",
                "level",
                "auditID",
                "stage",
                "requestURI",
                "verb",
                "user",
                "objectRef",
                "responseStatus",
                "sourceIPs",
                "userAgent",
                "requestReceivedTimestamp",
                "stageTimestamp",
                "annotations",
            ] {
                out = out.replacen(
                    &format!("\"{key}\":"),
                    &format!("\"kubernetes.audit.{key}\":"),
                    1,
                );
            }
            format!("{{{out}}}")
        },
        direct: None,
        reader: [640, 640],
        detector: [80, 0],
    },
    Form {
        name: "OKE, an event of OCI Audit",
        record: oke,
        direct: None,
        reader: [512, 448],
        detector: [400, 133],
    },
    Form {
        name: "Docker's log driver",
        record: |at, kind| {
            format!(
                r#"{{"log":{},"stream":"stdout","time":"2026-01-02T03:04:05.1Z"}}"#,
                quote(&format!("{}\n", event(at, kind))).replace('\n', "\\n")
            )
        },
        direct: None,
        reader: [96, 96],
        detector: [80, 0],
    },
    Form {
        name: "a line of the runtime interface",
        record: |at, kind| {
            format!(
                "2026-01-02T03:04:05.123456789Z stdout F {}",
                event(at, kind)
            )
        },
        direct: None,
        reader: [96, 96],
        detector: [80, 0],
    },
    Form {
        name: "syslog",
        record: |at, kind| format!("<14>Jan  2 03:04:05 cp1 apiserver[1]: {}", event(at, kind)),
        direct: None,
        reader: [0, 0],
        detector: [80, 0],
    },
    Form {
        name: "Vector",
        record: |at, kind| {
            format!(
                r#"{{"file":"/var/log/a","host":"h","message":{},"source_type":"file","timestamp":"t"}}"#,
                quoted(at, kind)
            )
        },
        direct: None,
        reader: [0, 0],
        detector: [80, 0],
    },
    Form {
        name: "Logstash",
        record: |at, kind| {
            format!(
                r#"{{"@timestamp":"t","@version":"1","event":{{"original":{}}}}}"#,
                quoted(at, kind)
            )
        },
        direct: None,
        reader: [0, 0],
        detector: [80, 0],
    },
    Form {
        name: "journald",
        record: |at, kind| {
            format!(
                r#"{{"MESSAGE":{},"_SYSTEMD_UNIT":"kubelet.service"}}"#,
                quoted(at, kind)
            )
        },
        direct: None,
        reader: [0, 0],
        detector: [80, 0],
    },
    Form {
        name: "OTLP",
        record: |at, kind| {
            format!(
                r#"{{"resourceLogs":[{{"resource":{{"attributes":[]}},"scopeLogs":[{{"scope":{{}},"logRecords":[{{"timeUnixNano":"1","body":{{"stringValue":{}}}}}]}}]}}]}}"#,
                quoted(at, kind)
            )
        },
        direct: None,
        reader: [0, 0],
        detector: [80, 0],
    },
    Form {
        name: "Loki",
        record: |at, kind| {
            format!(
                r#"{{"streams":[{{"stream":{{"job":"a"}},"values":[["1",{}]]}}]}}"#,
                quoted(at, kind)
            )
        },
        direct: None,
        reader: [0, 0],
        detector: [80, 0],
    },
    Form {
        name: "Splunk",
        record: |at, kind| {
            format!(
                r#"{{"time":1,"sourcetype":"kube:audit","event":{}}}"#,
                event(at, kind)
            )
        },
        direct: None,
        reader: [0, 0],
        detector: [80, 0],
    },
    Form {
        name: "Kafka Connect",
        record: |at, kind| format!(r#"{{"schema":null,"payload":{}}}"#, event(at, kind)),
        direct: None,
        reader: [0, 0],
        detector: [80, 0],
    },
];

/// What `count` says of the records after warm-up, together.
fn after_warm_up(mut count: impl FnMut(usize) -> [u64; 2]) -> [u64; 2] {
    let mut sum = [0; 2];
    for at in 0..2 * RECORDS {
        let [first, second] = count(at);
        if at >= RECORDS {
            sum = [sum[0] + first, sum[1] + second];
        }
    }
    sum
}

#[test]
fn allocations_by_form() {
    let rules = RuleSet::builder().shipped().text("dana.yaml", DANA);
    let rules = rules.build().unwrap();
    let mut over = Vec::new();
    for form in FORMS {
        let mut found = (Some([0; 2]), [0; 2], [0; 2]);
        for (at_kind, kind) in [Kind::Hit, Kind::Miss].into_iter().enumerate() {
            let shown = format!("{}, {kind:?}", form.name);
            let records: Vec<String> = (0..2 * RECORDS)
                .map(|at| (form.record)(at, kind) + "\n")
                .collect();
            let log = records.concat();
            let mut reader = Reader::new(log.as_bytes());
            let mut detector = rules.detector();
            let mut scanner = rules.scanner();
            [found.1[at_kind], found.2[at_kind]] = after_warm_up(|_| {
                let before = allocations();
                let record = reader.next().unwrap().unwrap();
                let reading = allocations() - before;
                let before = allocations();
                let n_hits = detector.process(&record).len();
                let detecting = allocations() - before;
                assert_eq!(n_hits > 0, kind == Kind::Hit, "{shown}");
                [reading, detecting]
            });
            assert!(reader.next().unwrap().is_none(), "{shown}");
            // The scan of an event takes nothing, wherever the event is from.
            let mut reader = Reader::new(log.as_bytes());
            let scanning = after_warm_up(|_| {
                let Some(Record::Event(record)) = reader.next().unwrap() else {
                    panic!("{shown}: no event");
                };
                let event = record.event();
                let before = allocations();
                let n_hits = scanner.scan(event).len();
                assert_eq!(n_hits > 0, kind == Kind::Hit, "{shown}");
                [allocations() - before, 0]
            });
            assert_eq!(scanning, [0, 0], "{shown}");
            let mut taken = true;
            let [direct, _] = after_warm_up(|at| {
                let before = allocations();
                let hits = scanner.scan_bytes(records[at].as_bytes());
                taken &= hits.is_ok_and(|hits| (hits.len() > 0) == (kind == Kind::Hit));
                [allocations() - before, 0]
            });
            match &mut found.0 {
                Some(found) if taken => found[at_kind] = direct,
                found => *found = None,
            }
        }
        let within = |found: [u64; 2], stated: [u64; 2]| {
            found
                .iter()
                .zip(stated)
                .all(|(found, stated)| *found <= stated)
        };
        let direct_within = match (found.0, form.direct) {
            (Some(found), Some(stated)) => within(found, stated),
            (found, stated) => found == stated,
        };
        if !direct_within || !within(found.1, form.reader) || !within(found.2, form.detector) {
            over.push(format!("{}: {found:?}", form.name));
        }
    }
    assert!(over.is_empty(), "{over:#?}");
}
