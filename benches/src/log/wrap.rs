//! What managed services make of an event.

use std::fmt::Write as _;

use super::Event;

/// Messages in one subscription object.
const MESSAGES: usize = 16;

/// Appends an entry of Cloud Logging.
pub(super) fn gke(event: &Event, out: &mut String) {
    let group = if event.group.is_empty() {
        "core"
    } else {
        event.group
    };
    let resource = if event.subresource.is_empty() {
        event.resource.to_owned()
    } else {
        format!("{}.{}", event.resource, event.subresource)
    };
    let path = event.uri(false);
    let path = path
        .trim_start_matches("/apis/")
        .trim_start_matches("/api/");
    let path = if event.group.is_empty() {
        format!("core/{path}")
    } else {
        path.to_owned()
    };
    _ = write!(
        out,
        r#"{{"insertId":"{:08x}-{}","labels":{{"authorization.k8s.io/decision":"{}","authorization.k8s.io/reason":"RBAC: allowed"}},"logName":"projects/shop/logs/cloudaudit.googleapis.com%2Fdata_access","operation":{{"first":true,"id":"{:08x}-2222-4333-8444-{:012x}","last":true,"producer":"k8s.io"}},"protoPayload":{{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","authenticationInfo":{{"principalEmail":"{}"}},"authorizationInfo":[{{"granted":{},"permission":"io.k8s.{group}.v1.{resource}.{}","resource":"{path}"}}],"methodName":"io.k8s.{group}.v1.{resource}.{}","requestMetadata":{{"callerIp":"{}","callerSuppliedUserAgent":"{}"}},"resourceName":"{path}","serviceName":"k8s.io","status":{{"code":{}}}}},"receiveTimestamp":"2026-01-02T03:04:05.123456789Z","resource":{{"labels":{{"cluster_name":"prod","location":"europe-west1","project_id":"shop"}},"type":"k8s_cluster"}},"timestamp":"2026-01-02T03:04:05.004321Z"}}"#,
        event.seed,
        event.n,
        if event.code == 403 { "forbid" } else { "allow" },
        event.seed,
        event.n,
        event.user,
        event.code != 403,
        event.verb,
        event.verb,
        event.ip,
        event.agent,
        if event.code == 403 { 7 } else { 0 },
    );
}

/// A log as subscription objects of `CloudWatch`.
pub(super) fn eks(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let mut out = String::new();
    for (n, lines) in lines.chunks(MESSAGES).enumerate() {
        out.push_str(r#"{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/aws/eks/prod/cluster","logStream":"kube-apiserver-audit-5f2a","subscriptionFilters":["audit"],"logEvents":["#);
        for (at, line) in lines.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            _ = write!(
                out,
                r#"{comma}{{"id":"{:056}","timestamp":{},"message":""#,
                n * MESSAGES + at,
                1_767_323_045_000_u64 + n as u64
            );
            escape(line, &mut out);
            out.push_str("\"}");
        }
        out.push_str("]}\n");
    }
    out
}

/// A log as records of a diagnostic setting.
pub(super) fn aks(log: &str) -> String {
    let mut out = String::new();
    for line in log.lines() {
        out.push_str(r#"{"time":"2026-01-02T03:04:05.0000000Z","resourceId":"/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000000/RESOURCEGROUPS/SHOP/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/PROD","category":"kube-audit","operationName":"Microsoft.ContainerService/managedClusters/diagnosticLogs/Read","properties":{"log":""#);
        escape(line, &mut out);
        out.push_str("\\n\",\"stream\":\"stdout\",\"pod\":\"kube-apiserver-7d9c8f6b5-x2x9z\"}}\n");
    }
    out
}

/// Appends text as it stands within a JSON string.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
}
