//! The same attack, by way of each provider that hands out what the API server wrote.

use detect::{Detection, Reader, Record, RuleSet};
use serde_json::{Value, json};

/// An exec, a binding whose subjects are patched, and a privileged Deployment by JSON Patch.
fn attack() -> Vec<Value> {
    let event = |number: u32,
                 verb: &str,
                 uri: &str,
                 object: Value,
                 code: u16,
                 request: Value,
                 response: Value| {
        json!({
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "RequestResponse",
            "auditID": format!("00000000-0000-4000-8000-{number:012}"),
            "stage": if code == 101 { "ResponseStarted" } else { "ResponseComplete" },
            "requestURI": uri,
            "verb": verb,
            "user": {"username": "eve@example.test", "groups": ["system:authenticated"]},
            "sourceIPs": ["203.0.113.7"],
            "objectRef": object,
            "responseStatus": {"metadata": {}, "code": code},
            "requestObject": request,
            "responseObject": response,
            "requestReceivedTimestamp": format!("2026-01-02T03:04:0{number}.000001Z"),
            "stageTimestamp": format!("2026-01-02T03:04:0{number}.020001Z"),
            "annotations": {"authorization.k8s.io/decision": "allow"},
        })
    };
    let rbac = "rbac.authorization.k8s.io";
    vec![
        event(
            1,
            "get",
            "/api/v1/namespaces/shop/pods/web-0/exec?command=sh&command=-c&command=id",
            json!({"resource": "pods", "namespace": "shop", "name": "web-0", "subresource": "exec", "apiVersion": "v1"}),
            101,
            Value::Null,
            Value::Null,
        ),
        event(
            2,
            "patch",
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/ops",
            json!({"resource": "clusterrolebindings", "name": "ops", "apiGroup": rbac, "apiVersion": "v1"}),
            200,
            json!([{"op": "add", "path": "/subjects/-", "value": {"kind": "User", "name": "eve"}}]),
            json!({"kind": "ClusterRoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1", "subjects": [{"kind": "User", "name": "eve"}],
                "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "cluster-admin"}}),
        ),
        event(
            3,
            "patch",
            "/apis/apps/v1/namespaces/shop/deployments/web",
            json!({"resource": "deployments", "namespace": "shop", "name": "web", "apiGroup": "apps", "apiVersion": "v1"}),
            200,
            json!([{"op": "replace", "path": "/spec/template/spec/containers/0/securityContext", "value": {"privileged": true}}]),
            Value::Null,
        ),
    ]
}

/// Per detection the rule, the message and where the event came from.
fn detections(log: &[u8]) -> (Vec<(String, String)>, Vec<String>) {
    let rules = RuleSet::builder().shipped().build().unwrap();
    let mut detector = rules.detector();
    let mut reader = Reader::new(log);
    let (mut found, mut sources) = (Vec::new(), Vec::new());
    while let Some(record) = reader.next().unwrap() {
        let Record::Event(event) = &record else {
            panic!("{record:?}")
        };
        for hit in detector.process(&record) {
            let detection = Detection::new(&hit, event.event());
            found.push((detection.rule.name, detection.message));
            let source = detection.source;
            sources.push(format!(
                "{} {}",
                source.provider.unwrap(),
                source.cluster.unwrap_or_default()
            ));
        }
    }
    (found, sources)
}

fn lines(values: &[Value]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| format!("{value}\n").into_bytes())
        .collect()
}

#[test]
fn the_same_attack_gives_the_same_detections() {
    let events = attack();
    let (native, sources) = detections(&lines(&events));
    let rules: Vec<&str> = native.iter().map(|(rule, _)| rule.as_str()).collect();
    assert_eq!(
        rules,
        [
            "dangerous-command",
            "exec-into-pod",
            "cluster-admin-binding",
            "privileged-container"
        ]
    );
    assert!(
        sources.iter().all(|source| source == "native "),
        "{sources:?}"
    );

    let texts: Vec<String> = events.iter().map(Value::to_string).collect();
    let eks = json!({
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "logGroup": "/aws/eks/demo/cluster",
        "logStream": "kube-apiserver-audit-0a1b",
        "logEvents": texts.iter().map(|text| json!({"id": "1", "timestamp": 1, "message": text})).collect::<Vec<_>>(),
    });
    let aks = |text: &String| {
        json!({
            "time": "2026-01-02T03:04:05.1Z",
            "resourceId": "/SUBSCRIPTIONS/S/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/DEMO",
            "category": "kube-audit",
            "properties": {"log": format!("{text}\n"), "stream": "stdout", "pod": "kube-apiserver-1"},
        })
    };
    let hub = json!({"records": texts.iter().map(aks).collect::<Vec<_>>()});
    let table = |event: &Value| {
        json!({
            "AuditId": event["auditID"], "Level": event["level"], "Stage": event["stage"], "Verb": event["verb"],
            "RequestUri": event["requestURI"], "User": event["user"].to_string(), "SourceIps": event["sourceIPs"],
            "ObjectRef": event["objectRef"].to_string(), "RequestObject": event["requestObject"],
            "ResponseObject": event["responseObject"].to_string(), "ResponseStatus": event["responseStatus"],
            "RequestReceivedTime": event["requestReceivedTimestamp"], "StageReceivedTime": event["stageTimestamp"],
            "Annotations": event["annotations"], "Type": "AKSAudit",
        })
    };
    for (log, from) in [
        (lines(&[eks]), "eks demo"),
        (lines(&[hub]), "aks DEMO"),
        (
            lines(&texts.iter().map(aks).collect::<Vec<_>>()),
            "aks DEMO",
        ),
        (lines(&events.iter().map(table).collect::<Vec<_>>()), "aks "),
    ] {
        let (found, sources) = detections(&log);
        assert_eq!(found, native, "{from}");
        assert!(sources.iter().all(|source| source == from), "{sources:?}");
    }
}

#[test]
fn what_a_stream_cut_is_a_partial_event_that_is_evaluated() {
    let text = attack().remove(0).to_string();
    let (kept, _) = text.split_once("\"username\"").unwrap();
    let cut = format!("{kept}[Truncated...]");
    let log = json!({
        "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/aws/eks/demo/cluster",
        "logStream": "kube-apiserver-audit-0a1b", "logEvents": [{"id": "1", "message": cut}],
    })
    .to_string();
    let rules = RuleSet::builder()
        .text("any.yaml", "title: Any\nname: any\nlogsource: {product: kubernetes, service: audit}\ndetection: {a: {auditID|exists: true}, condition: a}\n")
        .build()
        .unwrap();
    let mut detector = rules.detector();
    let mut reader = Reader::new(log.as_bytes());
    let record = reader.next().unwrap().unwrap();
    assert!(matches!(record, Record::Partial(_)), "{record:?}");
    let flags: Vec<_> = detector
        .process(&record)
        .flat_map(|hit| hit.flags().names().collect::<Vec<_>>())
        .collect();
    assert_eq!(flags, ["body-truncated"]);
    let counters = reader.counters();
    assert_eq!(
        (
            counters.events,
            counters.partial,
            counters.skipped,
            counters.malformed
        ),
        (0, 1, 0, 0)
    );
}
