//! Who asked, from where, at which stage: the parts of an entry of Google's audit log that are about no object.

use audit_model::{Provider, Source};
use serde_json::{Value, json};

use crate::gke::{entry, event, exec, records, values};

const POD: (&str, &str) = ("io.k8s.core.v1.pods.get", "core/v1/namespaces/x/pods/y");
const DECISION: &str = "authorization.k8s.io/decision";

fn pod() -> Value {
    entry(POD.0, POD.1)
}

#[track_caller]
fn check(entry: &Value, field: &str, expected: &[&str]) {
    let found = values(entry.to_string().as_bytes(), Source::default(), field);
    assert_eq!(found, expected, "{field} of {entry}");
}

fn remove(from: &mut Value, key: &str) {
    from.as_object_mut().unwrap().remove(key).unwrap();
}

#[test]
fn decisions() {
    // What is granted, and whether a status is there, without a label: the decision and the code.
    for (info, status, decision, code) in [
        (json!([{"granted": true}]), None, Some("allow"), 200),
        (json!([{}]), None, Some("forbid"), 403),
        (json!([{"granted": false}]), None, Some("forbid"), 403),
        (json!([{"granted": "true"}]), None, Some("forbid"), 403),
        (json!([{}]), Some(7), Some("forbid"), 403),
        (json!([{}]), Some(0), Some("forbid"), 200),
        (json!([]), None, None, 200),
        (json!(null), None, None, 200),
        (json!({"granted": true}), None, None, 200),
    ] {
        let mut entry = pod();
        remove(&mut entry["labels"], DECISION);
        entry["protoPayload"]["authorizationInfo"] = info.clone();
        entry["protoPayload"]["status"] =
            status.map_or(Value::Null, |status| json!({"code": status}));
        let event = event(&entry);
        let told = event["annotations"].get(DECISION).and_then(Value::as_str);
        assert_eq!(told, decision, "{info}");
        assert_eq!(event["responseStatus"]["code"], code, "{info} {status:?}");
        assert_eq!(event["annotations"]["authorization.k8s.io/reason"], "x");
    }
    // The label wins.
    let mut entry = pod();
    remove(&mut entry["protoPayload"], "status");
    entry["protoPayload"]["authorizationInfo"] = json!([{}]);
    assert_eq!(event(&entry)["responseStatus"]["code"], 200);
    entry["labels"][DECISION] = json!("forbid");
    entry["protoPayload"]["authorizationInfo"] = json!([{"granted": true}]);
    assert_eq!(event(&entry)["responseStatus"]["code"], 403);
    assert_eq!(event(&entry)["annotations"][DECISION], "forbid");
    // Without any label the annotations hold the decision alone.
    remove(&mut entry, "labels");
    assert_eq!(event(&entry)["annotations"], json!({DECISION: "allow"}));
}

#[test]
fn whoever_is_not_authenticated_has_no_name() {
    let mut entry = pod();
    remove(&mut entry, "labels");
    entry["protoPayload"]["authenticationInfo"] = json!({});
    entry["protoPayload"]["authorizationInfo"] = json!([{}]);
    entry["protoPayload"]["status"] = json!({"code": 16, "message": "UNAUTHENTICATED"});
    for known in [json!({}), json!({"principalEmail": ""}), json!(null)] {
        entry["protoPayload"]["authenticationInfo"] = known;
        let event = event(&entry);
        assert_eq!(event["user"], json!({}));
        assert_eq!(event["responseStatus"]["code"], 401);
        assert_eq!(event.get("annotations"), None);
        check(&entry, "outcome", &["denied"]);
        check(&entry, "actor.kind", &[]);
    }
}

#[test]
fn impersonation_and_subjects() {
    let mut entry = pod();
    entry["protoPayload"]["authenticationInfo"] = json!({
        "principalEmail": "dana@example.test",
        "authoritySelector": "system:serviceaccount:kube-system:admin",
        "principalSubject": "principal://iam.googleapis.com/x",
    });
    let event = event(&entry);
    assert_eq!(
        event["user"],
        json!({
            "username": "dana@example.test",
            "extra": {"principalSubject": ["principal://iam.googleapis.com/x"]},
        })
    );
    assert_eq!(
        event["impersonatedUser"],
        json!({"username": "system:serviceaccount:kube-system:admin"})
    );
    check(&entry, "actor.kind", &["serviceaccount"]);
    check(&entry, "user.username", &["dana@example.test"]);
    check(
        &entry,
        "user.extra.principalSubject",
        &["principal://iam.googleapis.com/x"],
    );
}

#[test]
fn addresses() {
    for (text, expected) in [
        (json!("203.0.113.7"), Some("203.0.113.7")),
        (json!("::1"), Some("::1")),
        (json!("2001:db8::7"), Some("2001:db8::7")),
        (json!("private"), None),
        (json!("gce-internal-ip"), None),
        (json!(""), None),
        (json!("203.0.113.7:443"), None),
        (json!(7), None),
        (json!(null), None),
    ] {
        for key in ["callerIp", "callerIP", "caller_ip"] {
            let mut entry = pod();
            entry["protoPayload"]["requestMetadata"] = json!({ key: text });
            let event = event(&entry);
            assert_eq!(
                event.get("sourceIPs"),
                expected.map(|ip| json!([ip])).as_ref(),
                "{text}"
            );
            assert_eq!(event.get("userAgent"), None);
        }
    }
}

#[test]
fn stages() {
    for (operation, expected) in [
        (json!({"first": true, "last": true}), "ResponseComplete"),
        (json!({"first": true}), "ResponseStarted"),
        (json!({"last": true}), "ResponseComplete"),
        (json!({}), "ResponseComplete"),
        (json!(null), "ResponseComplete"),
        (json!({"first": true, "last": false}), "ResponseStarted"),
    ] {
        let mut entry = exec();
        entry["operation"] = operation.clone();
        assert_eq!(event(&entry)["stage"], expected, "{operation}");
    }
}

#[test]
fn ids_and_times() {
    let mut entry = pod();
    entry["insertId"] = json!("insert");
    assert_eq!(event(&entry)["auditID"], "op-1");
    for none in [json!({}), json!({"id": ""}), json!(null)] {
        entry["operation"] = none;
        assert_eq!(event(&entry)["auditID"], "insert");
    }
    remove(&mut entry, "insertId");
    remove(&mut entry, "timestamp");
    let event = event(&entry);
    for absent in ["auditID", "stageTimestamp", "requestReceivedTimestamp"] {
        assert_eq!(event.get(absent), None, "{absent}");
    }
}

#[test]
fn bodies() {
    let mut entry = pod();
    let level = |entry: &Value| event(entry)["level"].clone();
    assert_eq!(level(&entry), "Metadata");
    entry["protoPayload"]["request"] = json!([{"op": "add", "path": "/a", "value": {}}]);
    assert_eq!(level(&entry), "Request");
    entry["protoPayload"]["response"] =
        json!({"@type": "core.k8s.io/v1.PodList", "items": [{"@type": "x", "a": [{"@type": 1}]}]});
    assert_eq!(level(&entry), "RequestResponse");
    let read = event(&entry);
    assert_eq!(
        read["requestObject"],
        json!([{"op": "add", "path": "/a", "value": {}}])
    );
    assert_eq!(read["responseObject"], json!({"items": [{"a": [{}]}]}));
    entry["protoPayload"]["request"] = json!(null);
    entry["protoPayload"]["response"] = json!(null);
    assert_eq!(level(&entry), "Metadata");
}

#[test]
fn text_is_escaped_again() {
    let odd = "a\"b\\c\n\u{0}\u{7f}é\u{1f600}</script>";
    let mut entry = pod();
    entry["protoPayload"]["authenticationInfo"]["principalEmail"] = json!(odd);
    entry["protoPayload"]["requestMetadata"]["callerSuppliedUserAgent"] = json!(odd);
    entry["labels"][odd] = json!(odd);
    entry["protoPayload"]["resourceName"] = json!(format!("core/v1/namespaces/{odd}/pods/{odd}x"));
    entry["protoPayload"]["request"] = json!({ odd: odd });
    let event = event(&entry);
    assert_eq!(event["user"]["username"], odd);
    assert_eq!(event["userAgent"], odd);
    assert_eq!(event["annotations"][odd], odd);
    assert_eq!(event["requestObject"][odd], odd);
    // A slash parts the name.
    assert_eq!(
        event["objectRef"]["namespace"],
        "a\"b\\c\n\u{0}\u{7f}é\u{1f600}<"
    );

    // A key too: the decision is added to labels that are copied one by one.
    let mut entry = pod();
    entry["labels"] = json!({ "KEY": "x" });
    let key = entry.to_string().replace("KEY", "a\\ud800b");
    assert_eq!(
        values(key.as_bytes(), Source::default(), "event.flags"),
        ["invalid-text"]
    );

    let lone = pod().to_string().replace("kubectl", "a\\ud800b");
    assert_eq!(
        values(lone.as_bytes(), Source::default(), "userAgent"),
        ["a\u{fffd}b"]
    );
    assert_eq!(
        values(lone.as_bytes(), Source::default(), "event.flags"),
        ["invalid-text"]
    );
}

#[test]
fn a_path_makes_no_query() {
    for (method, name) in [
        ("io.k8s.get", "healthz?command=id&dryRun=All#x%41"),
        (
            "io.k8s.core.v1.pods.exec.create",
            "core/v1/namespaces/x/pods/y?command=id/exec",
        ),
    ] {
        let entry = entry(method, name);
        check(&entry, "uri.query.command", &[]);
        check(&entry, "uri.query.dryRun", &[]);
        check(&entry, "exec.command", &[]);
    }
    let odd = entry("io.k8s.get", "healthz?a=b#x%41");
    assert_eq!(event(&odd)["requestURI"], "/healthz%3Fa=b%23x%2541");
    check(&odd, "uri.path", &["/healthz?a=b#x%41"]);
}

#[test]
fn a_rendered_command() {
    let mut entry = exec();
    check(&entry, "exec.commandLine", &[]);
    check(&entry, "exec.program", &[]);
    // No query is recorded, so that it asked for no terminal is not known either.
    for unknown in ["exec.command", "exec.container", "exec.tty", "exec.stdin"] {
        check(&entry, unknown, &[]);
    }
    let line = " /bin/bash -c 'id; cat /etc/shadow'";
    entry["labels"]["command.gke.io/command"] = json!(line);
    check(&entry, "exec.commandLine", &[line]);
    check(&entry, "exec.program", &["bash"]);
    check(&entry, "exec.command", &[]);
    assert_eq!(
        event(&entry)["requestURI"],
        "/api/v1/namespaces/shop/pods/web-0/exec"
    );
    for empty in ["", "  "] {
        entry["labels"]["command.gke.io/command"] = json!(empty);
        check(&entry, "exec.program", &[]);
    }
    // A label that is there twice hides nothing.
    let twice = exec().to_string().replace(
        r#""labels":{"authorization"#,
        r#""labels":{"command.gke.io/command":"/a/sh -c x","command.gke.io/command":"ls","authorization"#,
    );
    let twice = |field| values(twice.as_bytes(), Source::default(), field);
    assert_eq!(twice("exec.program"), ["sh", "ls"]);
    assert_eq!(twice("exec.commandLine"), ["/a/sh -c x", "ls"]);
}

#[test]
fn a_trial_is_told_by_its_label() {
    let outcome = |method: &str, label: &str, expected: &str| {
        let mut entry = entry(method, "core/v1/namespaces/x/pods/y/eviction");
        entry["labels"]["command.gke.io/dryRun"] = json!(label);
        check(&entry, "outcome", &[expected]);
    };
    for verb in ["create", "update", "patch", "delete", "deletecollection"] {
        outcome(&format!("io.k8s.core.v1.pods.{verb}"), "All", "dry-run");
    }
    outcome("io.k8s.core.v1.pods.create", "true", "dry-run");
    outcome("io.k8s.core.v1.pods.eviction.create", "All", "dry-run");
    outcome("io.k8s.core.v1.pods.create", "", "success");
    outcome("io.k8s.core.v1.pods.create", "false", "success");
    outcome("io.k8s.core.v1.pods.get", "All", "success");
    outcome("io.k8s.post", "All", "success");
    for stream in ["exec", "attach", "portforward", "proxy"] {
        outcome(
            &format!("io.k8s.core.v1.pods.{stream}.create"),
            "All",
            "success",
        );
    }
    outcome(
        "io.k8s.core.v1.serviceaccounts.token.create",
        "All",
        "success",
    );
}

#[test]
fn labels_of_gke_mean_nothing_elsewhere() {
    let native = |verb: &str, subresource: &str| {
        json!({
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "stage": "ResponseComplete",
            "verb": verb,
            "objectRef": {"resource": "pods", "name": "y", "subresource": subresource},
            "responseStatus": {"code": 200},
            "annotations": {
                "command.gke.io/dryRun": "All",
                "command.gke.io/command": "sh",
            },
        })
    };
    for source in [Source::default(), Source::from(Provider::Eks)] {
        let found =
            |event: &Value, field| values(event.to_string().as_bytes(), source.clone(), field);
        assert_eq!(found(&native("create", ""), "outcome"), ["success"]);
        let exec = native("create", "exec");
        assert_eq!(found(&exec, "exec.program"), [""; 0]);
        assert_eq!(found(&exec, "exec.commandLine"), [""; 0]);
        assert_eq!(found(&exec, "exec.tty"), ["false"]);
    }
}

#[test]
fn values_of_the_wrong_kind_make_no_event() {
    // What the record has and what is wrong with it.
    for (path, odd) in [
        ("/protoPayload/methodName", json!(7)),
        ("/protoPayload/methodName", json!(null)),
        ("/protoPayload/methodName", json!("")),
        ("/protoPayload/methodName", json!("io.k8s.")),
        ("/protoPayload/methodName", json!(["io.k8s.get"])),
        ("/protoPayload/resourceName", json!(7)),
        ("/protoPayload/status", json!("x")),
        ("/protoPayload/serviceName", json!(7)),
        ("/protoPayload/serviceName", json!(null)),
        ("/protoPayload/authenticationInfo/principalEmail", json!(7)),
        (
            "/protoPayload/requestMetadata/callerSuppliedUserAgent",
            json!({}),
        ),
        ("/labels", json!([])),
        ("/labels/authorization.k8s.io~1reason", json!(7)),
        ("/operation/id", json!(7)),
        ("/timestamp", json!(1_767_323_045)),
    ] {
        let mut entry = pod();
        *entry.pointer_mut(path).unwrap() = odd.clone();
        let records = records(entry.to_string().as_bytes());
        let [record] = records.as_slice() else {
            panic!("{records:?}");
        };
        let text = record.as_str().unwrap_or_default();
        assert!(text.starts_with("malformed: "), "{path} {odd}: {record}");
    }
}
