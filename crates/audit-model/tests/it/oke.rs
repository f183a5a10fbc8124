//! What an event of OCI Audit says of a request to a cluster.

use audit_model::{FIELDS, Provider, Source};
use serde_json::{Value, json};

use crate::gke::{entry, event, exec, records, values};

fn audit(name: &str, path: &str) -> Value {
    json!({
        "eventType": "com.oraclecloud.oke.apiserver",
        "cloudEventsVersion": "0.1",
        "eventID": "e-1",
        "eventTime": "2026-01-02T03:04:05.123Z",
        "source": "OKE API Server Admin Access",
        "data": {
            "eventName": name,
            "resourceId": "ocid1.cluster.oc1..x",
            "identity": {
                "principalName": "dana",
                "principalId": "ocid1.user.oc1..d",
                "tenantId": "ocid1.tenancy.oc1..t",
                "ipAddress": "203.0.113.7",
                "userAgent": "kubectl",
            },
            "request": {"path": path, "action": "DELETE"},
            "response": {"status": "200"},
        },
    })
}

#[test]
fn a_whole_event() {
    let record = audit(
        "apps.v1.deployments.delete",
        "/apis/apps/v1/namespaces/shop/deployments/web?force=true",
    );
    assert_eq!(
        event(&record),
        json!({
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "auditID": "e-1",
            "requestURI": "/apis/apps/v1/namespaces/shop/deployments/web?force=true",
            "verb": "delete",
            "user": {"username": "dana"},
            "sourceIPs": ["203.0.113.7"],
            "userAgent": "kubectl",
            "objectRef": {
                "resource": "deployments",
                "namespace": "shop",
                "name": "web",
                "apiGroup": "apps",
                "apiVersion": "v1",
            },
            "responseStatus": {"code": 200},
            "requestReceivedTimestamp": "2026-01-02T03:04:05.123Z",
            "stageTimestamp": "2026-01-02T03:04:05.123Z",
        })
    );
    for (field, expected) in [
        ("source.provider", "oke"),
        ("source.cluster", "ocid1.cluster.oc1..x"),
        ("source.account", "ocid1.tenancy.oc1..t"),
        ("outcome", "success"),
    ] {
        let found = values(record.to_string().as_bytes(), Source::default(), field);
        assert_eq!(found, [expected], "{field}");
    }
}

#[test]
fn names_without_a_path() {
    for (name, expected) in [
        (
            "core.v1.pods.exec.create",
            json!({"resource": "pods", "subresource": "exec", "apiVersion": "v1"}),
        ),
        (
            "v1.secrets.list",
            json!({"resource": "secrets", "apiVersion": "v1"}),
        ),
        (
            "rbac.authorization.k8s.io.v1.roles.get",
            json!({
                "resource": "roles",
                "apiGroup": "rbac.authorization.k8s.io",
                "apiVersion": "v1",
            }),
        ),
    ] {
        let mut record = audit(name, "");
        record["data"].as_object_mut().unwrap().remove("request");
        let event = event(&record);
        assert_eq!(event["objectRef"], expected, "{name}");
        assert_eq!(event["verb"], name.rsplit('.').next().unwrap());
        assert_eq!(event.get("requestURI"), None);
    }
}

#[test]
fn a_query_tells_what_was_run() {
    let found = |path: &str, field: &str| {
        let record = audit("core.v1.pods.exec.create", path);
        values(record.to_string().as_bytes(), Source::default(), field)
    };
    let path = "/api/v1/namespaces/x/pods/y/exec";
    let query = format!("{path}?command=/bin/sh&command=-c&tty=true");
    assert_eq!(found(&query, "exec.command"), ["/bin/sh", "-c"]);
    assert_eq!(found(&query, "exec.program"), ["sh"]);
    assert_eq!(found(&query, "exec.tty"), ["true"]);
    assert_eq!(found(&query, "exec.stdin"), ["false"]);
    for unknown in ["exec.command", "exec.tty", "exec.stdin"] {
        assert_eq!(found(path, unknown), [""; 0], "{unknown}");
    }
}

#[test]
fn what_is_no_request_to_a_cluster() {
    let control_plane = "skipped: of another component of the control plane";
    for name in ["CreateCluster", "", "x.y.create", "v1"] {
        let read = records(audit(name, "").to_string().as_bytes());
        assert_eq!(read, [control_plane], "{name}");
    }
    let mut other = audit("apps.v1.deployments.delete", "");
    other["source"] = json!("ObjectStorage");
    assert_eq!(
        records(other.to_string().as_bytes()),
        ["skipped: not an audit event"]
    );
    // What cannot be read is left out, and what is of the wrong kind is told.
    let mut odd = audit("apps.v1.deployments.delete", "");
    odd["data"]["response"]["status"] = json!("OK");
    odd["data"]["identity"] = json!({"ipAddress": "private"});
    let read = event(&odd);
    assert_eq!(read.get("responseStatus"), None);
    assert_eq!(read.get("sourceIPs"), None);
    assert_eq!(read["user"], json!({}));
    odd["data"]["identity"] = json!({"principalName": 7});
    let read = records(odd.to_string().as_bytes());
    assert!(
        read[0].as_str().unwrap().starts_with("malformed"),
        "{read:?}"
    );
}

#[test]
fn what_a_provider_lacks_is_nowhere() {
    let mut run = exec();
    run["labels"]["command.gke.io/command"] = json!("sh -c id");
    let mut create = entry("io.k8s.core.v1.pods.create", "core/v1/namespaces/x/pods/y");
    let pod = json!({
        "metadata": {"name": "y", "uid": "u", "resourceVersion": "1"},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    });
    create["protoPayload"]["request"] = pod.clone();
    create["protoPayload"]["response"] = pod;
    create["protoPayload"]["authenticationInfo"]["authoritySelector"] = json!("eve");
    create["protoPayload"]["authenticationInfo"]["principalSubject"] = json!("s");
    let path = "/api/v1/namespaces/x/pods/y/exec?command=sh&tty=true&container=c";
    for (provider, record) in [
        (Provider::Gke, run),
        (Provider::Gke, create),
        (Provider::Oke, audit("core.v1.pods.exec.create", path)),
        (
            Provider::Oke,
            audit("core.v1.pods.create", "/api/v1/namespaces/x/pods"),
        ),
    ] {
        for field in FIELDS.iter().filter(|field| provider.lacks(field.id)) {
            let found = values(record.to_string().as_bytes(), Source::default(), field.name);
            assert!(found.is_empty(), "{}: {found:?}", field.name);
        }
    }
}
