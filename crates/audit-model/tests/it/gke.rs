//! What an entry of Google's audit log says, as a native event.

use audit_model::{Doubt, Field, Reader, Record, Scratch, Source};
use serde_json::{Value, json};

/// An entry about an allowed request, to be changed by a test.
pub(crate) fn entry(method: &str, name: &str) -> Value {
    json!({
        "insertId": "op-1",
        "logName": "projects/shop/logs/cloudaudit.googleapis.com%2Factivity",
        "timestamp": "2026-01-02T03:04:05.123456Z",
        "receiveTimestamp": "2026-01-02T03:04:09Z",
        "resource": {
            "type": "k8s_cluster",
            "labels": {"project_id": "shop", "location": "europe-west1", "cluster_name": "prod"},
        },
        "labels": {
            "authorization.k8s.io/decision": "allow",
            "authorization.k8s.io/reason": "x",
        },
        "operation": {"id": "op-1", "producer": "k8s.io", "first": true, "last": true},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "k8s.io",
            "methodName": method,
            "resourceName": name,
            "authenticationInfo": {"principalEmail": "dana@example.test"},
            "authorizationInfo": [{"granted": true, "permission": method, "resource": name}],
            "requestMetadata": {"callerIp": "203.0.113.7", "callerSuppliedUserAgent": "kubectl"},
            "status": {},
        },
    })
}

pub(crate) fn exec() -> Value {
    let mut entry = entry(
        "io.k8s.core.v1.pods.exec.create",
        "core/v1/namespaces/shop/pods/web-0/exec/web-0",
    );
    entry["protoPayload"]["status"] = json!({"code": 2, "message": "UNKNOWN"});
    entry
}

/// A reader's records: events as JSON, others in words.
pub(crate) fn records(text: &[u8]) -> Vec<Value> {
    let mut reader = Reader::new(text);
    let mut records = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        records.push(match record {
            Record::Event(record) => serde_json::from_slice(record.json()).unwrap(),
            Record::Skipped(record) => json!(format!("skipped: {}", record.reason)),
            Record::Malformed(record) => json!(format!("malformed: {}", record.error)),
            other => json!(format!("{other:?}")),
        });
    }
    records
}

/// The one event that an entry holds.
#[track_caller]
pub(crate) fn event(entry: &Value) -> Value {
    let mut records = records(entry.to_string().as_bytes());
    assert_eq!(records.len(), 1, "{records:?}");
    let event = records.remove(0);
    assert!(event.is_object(), "{event} of {entry}");
    event
}

/// What a field yields, of the first event of a text.
#[track_caller]
pub(crate) fn values(text: &[u8], source: Source, field: &str) -> Vec<String> {
    let mut reader = Reader::new(text).with_source(source);
    let Some(Record::Event(record)) = reader.next().unwrap() else {
        panic!("no event in {}", String::from_utf8_lossy(text));
    };
    let mut scratch = Scratch::default();
    scratch.begin();
    let field = Field::resolve(field).unwrap();
    let node = scratch.field(record.event(), field.id());
    let mut found = Vec::new();
    scratch.tree().any_value(
        node.into(),
        field.path().segments(),
        Doubt::AnyReading,
        &mut |value| {
            found.push(value.as_text().unwrap_or("…").to_owned());
            false
        },
    );
    found
}

#[track_caller]
fn check_fields(entry: &Value, expected: &[(&str, &[&str])]) {
    for (field, expected) in expected {
        let found = values(entry.to_string().as_bytes(), Source::default(), field);
        assert_eq!(found, *expected, "{field} of {entry}");
    }
}

#[test]
fn a_whole_entry() {
    let mut entry = entry(
        "io.k8s.authorization.rbac.v1.clusterrolebindings.create",
        "rbac.authorization.k8s.io/v1/clusterrolebindings/evil",
    );
    entry["protoPayload"]["request"] = json!({
        "@type": "rbac.authorization.k8s.io/v1.ClusterRoleBinding",
        "metadata": {"name": "evil"},
    });
    assert_eq!(
        event(&entry),
        json!({
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "Request",
            "auditID": "op-1",
            "stage": "ResponseComplete",
            "requestURI": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            "verb": "create",
            "user": {"username": "dana@example.test"},
            "sourceIPs": ["203.0.113.7"],
            "userAgent": "kubectl",
            "objectRef": {
                "resource": "clusterrolebindings",
                "name": "evil",
                "apiGroup": "rbac.authorization.k8s.io",
                "apiVersion": "v1",
            },
            "responseStatus": {"metadata": {}, "code": 201},
            "requestObject": {"metadata": {"name": "evil"}},
            "requestReceivedTimestamp": "2026-01-02T03:04:05.123456Z",
            "stageTimestamp": "2026-01-02T03:04:05.123456Z",
            "annotations": {
                "authorization.k8s.io/decision": "allow",
                "authorization.k8s.io/reason": "x",
            },
        })
    );
    check_fields(
        &entry,
        &[
            ("source.provider", &["gke"]),
            ("source.cluster", &["prod"]),
            ("source.region", &["europe-west1"]),
            ("source.project", &["shop"]),
            ("source.account", &[]),
            ("user.groups", &[]),
            ("user.uid", &[]),
            ("user.extra", &[]),
            ("outcome", &["success"]),
        ],
    );
}

/// A method and a resource name, and what they say: group, version, resource, subresource, namespace, name, verb, and
/// the URI. A hyphen is nothing.
const NAMES: &str = "
io.k8s.core.v1.pods.create core/v1/namespaces/x/pods/y - v1 pods - x y create /api/v1/namespaces/x/pods
io.k8s.core.v1.pods.exec.create core/v1/namespaces/x/pods/y/exec/y - v1 pods exec x y create /api/v1/namespaces/x/pods/y/exec
io.k8s.core.v1.namespaces.delete core/v1/namespaces/x - v1 namespaces - x x delete /api/v1/namespaces/x
io.k8s.core.v1.namespaces.finalize.update core/v1/namespaces/x/finalize - v1 namespaces finalize x x update /api/v1/namespaces/x/finalize
io.k8s.core.v1.nodes.proxy.get core/v1/nodes/n/proxy/metrics - v1 nodes proxy - n get /api/v1/nodes/n/proxy/metrics
io.k8s.apps.v1.deployments.deletecollection apps/v1/namespaces/x/deployments apps v1 deployments - x - deletecollection /apis/apps/v1/namespaces/x/deployments
io.gke.networking.v1.managedcertificates.status.update networking.gke.io/v1/namespaces/x/managedcertificates/m/status networking.gke.io v1 managedcertificates status x m update /apis/networking.gke.io/v1/namespaces/x/managedcertificates/m/status
io.k8s.get readyz - - - - - - get /readyz
io.k8s.get apis/apps/v1 - - - - - - get /apis/apps/v1
io.k8s.post HNAP1 - - - - - - post /HNAP1
io.k8s.get - - - - - - - get /
io.k8s.core.v1.pods.exec.get core/v1/namespaces/x/pods/y/exec - v1 pods exec x y get /api/v1/namespaces/x/pods/y/exec
io.k8s.core.v1.pods.list core/v1/pods - v1 pods - - - list /api/v1/pods
io.k8s.core.v1.namespaces.list core/v1/namespaces - v1 namespaces - - - list /api/v1/namespaces
io.k8s.core.v1.nodes.proxy.get core/v1/nodes/n/proxy/metrics/cadvisor - v1 nodes proxy - n get /api/v1/nodes/n/proxy/metrics/cadvisor
io.k8s.core.v1.serviceaccounts.token.create core/v1/namespaces/x/serviceaccounts/s/token - v1 serviceaccounts token x s create /api/v1/namespaces/x/serviceaccounts/s/token
io.k8s.certificates.v1.certificatesigningrequests.approval.update certificates.k8s.io/v1/certificatesigningrequests/c/approval certificates.k8s.io v1 certificatesigningrequests approval - c update /apis/certificates.k8s.io/v1/certificatesigningrequests/c/approval
io.k8s.apiserver.flowcontrol.v1beta3.flowschemas.patch flowcontrol.apiserver.k8s.io/v1beta3/flowschemas/f flowcontrol.apiserver.k8s.io v1beta3 flowschemas - - f patch /apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas/f
io.cert-manager.v1.certificates.get cert-manager.io/v1/namespaces/x/certificates/c cert-manager.io v1 certificates - x c get /apis/cert-manager.io/v1/namespaces/x/certificates/c
io.k8s.authorization.v1.selfsubjectaccessreviews.create - authorization.k8s.io v1 selfsubjectaccessreviews - - - create /apis/authorization.k8s.io/v1/selfsubjectaccessreviews
io.k8s.authorization.rbac.v1.roles.list - rbac.authorization.k8s.io v1 roles - - - list /apis/rbac.authorization.k8s.io/v1/roles
io.k8s.policy.v1.poddisruptionbudgets.list - policy v1 poddisruptionbudgets - - - list /apis/policy/v1/poddisruptionbudgets
io.k8s.core.v1.pods.list - - v1 pods - - - list /api/v1/pods
";

#[test]
fn methods_and_resource_names() {
    for row in NAMES.lines().filter(|row| !row.is_empty()) {
        let mut columns = row
            .split(' ')
            .map(|cell| if cell == "-" { "" } else { cell });
        let mut next = || columns.next().unwrap();
        let event = event(&entry(next(), next()));
        let reference: serde_json::Map<String, Value> = [
            ("apiGroup", next()),
            ("apiVersion", next()),
            ("resource", next()),
            ("subresource", next()),
            ("namespace", next()),
            ("name", next()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (key.to_owned(), json!(value)))
        .collect();
        let reference = (!reference.is_empty()).then_some(Value::Object(reference));
        assert_eq!(event.get("objectRef"), reference.as_ref(), "{row}");
        assert_eq!(event["verb"], next(), "{row}");
        assert_eq!(event["requestURI"], next(), "{row}");
    }
}

#[test]
fn a_generated_name_is_in_the_answer() {
    let mut entry = entry("io.k8s.core.v1.pods.create", "core/v1/namespaces/x/pods");
    entry["protoPayload"]["request"] = json!({"metadata": {"generateName": "web-"}});
    assert_eq!(event(&entry)["objectRef"].get("name"), None);
    entry["protoPayload"]["response"] = json!({"metadata": {"name": "web-1"}});
    assert_eq!(event(&entry)["objectRef"]["name"], "web-1");
    // The name of a list is the name of no object.
    entry["protoPayload"]["methodName"] = json!("io.k8s.core.v1.pods.deletecollection");
    assert_eq!(event(&entry)["objectRef"].get("name"), None);
}

/// The HTTP codes that the numbers of `google.rpc.Code` stand for.
const CODES: [(i64, i64); 17] = [
    (0, 200),
    (1, 499),
    (2, 500),
    (3, 400),
    (4, 504),
    (5, 404),
    (6, 409),
    (7, 403),
    (8, 429),
    (9, 400),
    (10, 409),
    (11, 400),
    (12, 501),
    (13, 500),
    (14, 503),
    (15, 500),
    (16, 401),
];

#[test]
fn codes_of_google() {
    let mut entry = entry("io.k8s.core.v1.pods.get", "core/v1/namespaces/x/pods/y");
    for (rpc, http) in CODES {
        for code in [json!(rpc), json!(rpc.to_string())] {
            entry["protoPayload"]["status"] = json!({"code": code, "message": "m"});
            assert_eq!(
                event(&entry)["responseStatus"],
                json!({"metadata": {}, "message": "m", "code": http}),
            );
        }
    }
    for none in [json!({}), json!(null)] {
        entry["protoPayload"]["status"] = none;
        assert_eq!(
            event(&entry)["responseStatus"],
            json!({"metadata": {}, "code": 200})
        );
    }
    // A number that stands for no code is no success.
    for odd in [json!(17), json!(-1), json!(true), json!("x"), json!([])] {
        entry["protoPayload"]["status"] = json!({"code": odd});
        let event = event(&entry);
        assert_eq!(
            event["responseStatus"],
            json!({"metadata": {}, "status": "Failure"}),
            "{odd}"
        );
        check_fields(&entry, &[("outcome", &["failure"]), ("status", &[])]);
    }
}

#[test]
fn codes_of_creates_and_streams() {
    let code = |entry: &Value| event(entry)["responseStatus"]["code"].clone();
    let create = entry("io.k8s.core.v1.pods.create", "core/v1/namespaces/x/pods/y");
    assert_eq!(code(&create), 201);
    assert_eq!(code(&exec()), 101);
    assert_eq!(event(&exec())["responseStatus"].get("message"), None);
    for (subresource, verb, expected) in [
        ("exec", "get", 101),
        ("attach", "create", 101),
        ("portforward", "get", 101),
        ("log", "get", 500),
        ("proxy", "get", 500),
        ("eviction", "create", 500),
    ] {
        let mut entry = exec();
        let method = format!("io.k8s.core.v1.pods.{subresource}.{verb}");
        entry["protoPayload"]["methodName"] = json!(method);
        assert_eq!(code(&entry), expected, "{method}");
    }
    // Whoever was not allowed got no stream.
    let mut denied = exec();
    denied["labels"]["authorization.k8s.io/decision"] = json!("forbid");
    assert_eq!(code(&denied), 500);
    check_fields(&denied, &[("outcome", &["denied"])]);
    denied["protoPayload"]["status"] = json!({"code": 7, "message": "PERMISSION_DENIED"});
    assert_eq!(code(&denied), 403);
}

#[test]
fn the_api_servers_own_status_wins() {
    let mut entry = entry("io.k8s.core.v1.pods.create", "core/v1/namespaces/x/pods");
    let status = json!({
        "@type": "core.k8s.io/v1.Status",
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "invalid",
        "reason": "Invalid",
        "details": {"@type": "x", "kind": "pods"},
        "code": 422,
    });
    entry["protoPayload"]["status"] = json!({"code": 3, "message": "INVALID_ARGUMENT"});
    entry["protoPayload"]["response"] = status.clone();
    let expected = json!({
        "metadata": {},
        "status": "Failure",
        "message": "invalid",
        "reason": "Invalid",
        "details": {"kind": "pods"},
        "code": 422,
    });
    assert_eq!(event(&entry)["responseStatus"], expected);
    assert_eq!(event(&entry)["responseObject"]["kind"], "Status");
    // A status without a code leaves that to Google's.
    let mut code = |code: Value| {
        let mut status = status.clone();
        status["code"] = code;
        entry["protoPayload"]["response"] = status;
        event(&entry)["responseStatus"]["code"].clone()
    };
    for odd in [json!(null), json!("x"), json!(7), json!(1e9), json!([])] {
        assert_eq!(code(odd), 400);
    }
    assert_eq!(code(json!(409.0)), 409);
    // Another kind of that name is a body and no status.
    entry["protoPayload"]["response"] =
        json!({"@type": "example.io/v1.Status", "kind": "Status", "apiVersion": "v1", "code": 200});
    assert_eq!(event(&entry)["responseStatus"]["code"], 400);
}
