//! What the fields of the vocabulary yield, event by event.

use audit_model::{Doubt, Event, Field, Flags, Limits, Scratch, Value};

/// A whole event around the parts that a test is about.
fn event(parts: &str) -> String {
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete",{parts}}}"#
    )
}

fn show(value: Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::List { empty } => if empty { "[]" } else { "[…]" }.to_owned(),
        Value::Object => "{}".to_owned(),
        Value::Unknown => "?".to_owned(),
        Value::Text(text) => text.to_owned(),
        other => format!("<{}>", other.as_text().unwrap()),
    }
}

#[track_caller]
fn values(json: &str, field: &str) -> Vec<String> {
    let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
    let mut scratch = Scratch::default();
    scratch.begin();
    let field = Field::resolve(field).unwrap();
    let node = scratch.field(&event, field.id());
    let mut found = Vec::new();
    scratch.tree().any_value(
        node.into(),
        field.path().segments(),
        Doubt::AnyReading,
        &mut |value| {
            found.push(show(value));
            false
        },
    );
    found
}

#[track_caller]
pub(crate) fn check(parts: &str, expected: &[(&str, &[&str])]) {
    let json = event(parts);
    for (field, expected) in expected {
        assert_eq!(values(&json, field), *expected, "{field} of {json}");
    }
}

pub(crate) fn flags(parts: &str) -> Vec<&'static str> {
    let json = event(parts);
    let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
    let mut scratch = Scratch::default();
    scratch.begin();
    scratch.flags(&event).names().collect()
}

#[test]
fn the_request() {
    check(
        r#""verb":"patch","objectRef":{"resource":"deployments","namespace":"shop","name":"web","apiGroup":"apps","subresource":""},"responseStatus":{"code":201}"#,
        &[
            ("verb", &["patch"]),
            ("operation", &["create"]),
            ("resource", &["deployments"]),
            ("subresource", &[]),
            ("apiGroup", &["apps"]),
            ("ref", &["shop/web"]),
            ("status", &["<201>"]),
            ("objectRef", &["{}"]),
            ("impersonatedUser", &[]),
            ("source.provider", &["native"]),
        ],
    );
    check(
        r#""verb":"delete","objectRef":{"resource":"namespaces","namespace":"shop","name":"shop"},"responseStatus":{"code":200}"#,
        &[("ref", &["shop"]), ("operation", &["delete"])],
    );
    check(
        r#""verb":"create","objectRef":{"resource":"pods","namespace":"shop"},"responseObject":{"metadata":{"name":"web-x1"}}"#,
        &[("name", &["web-x1"]), ("ref", &["shop/web-x1"])],
    );
    check(
        r#""verb":"list","objectRef":{"resource":"secrets"}"#,
        &[("ref", &[]), ("name", &[])],
    );
}

#[test]
fn who_acts() {
    check(
        r#""user":{"username":"ci","groups":["devs"]},"impersonatedUser":{"username":"system:serviceaccount:kube-system:default","groups":["system:serviceaccounts"]}"#,
        &[
            ("user.username", &["ci"]),
            (
                "actor.username",
                &["system:serviceaccount:kube-system:default"],
            ),
            ("actor.groups", &["system:serviceaccounts"]),
            ("actor.kind", &["serviceaccount"]),
            ("serviceAccount.namespace", &["kube-system"]),
            ("serviceAccount.name", &["default"]),
        ],
    );
    for (name, kind) in [
        ("dana@example.test", "user"),
        ("system:node:n1", "node"),
        ("system:kube-scheduler", "system"),
        ("system:anonymous", "anonymous"),
        ("system:serviceaccount:x", "system"),
    ] {
        check(
            &format!(r#""user":{{"username":"{name}"}}"#),
            &[("actor.kind", &[kind])],
        );
    }
    check(
        r#""user":{"username":"eve","groups":["system:unauthenticated"]}"#,
        &[("actor.kind", &["anonymous"])],
    );
    check(
        r#""user":{}"#,
        &[
            ("actor.kind", &[]),
            ("user", &["{}"]),
            ("actor.username", &[]),
        ],
    );
    check(
        r#""user":{"username":"arn:aws:sts::1:assumed-role/Admin/dana@example.test"}"#,
        &[
            ("actor.id", &["arn:aws:sts::1:assumed-role/Admin"]),
            ("user.id", &["arn:aws:sts::1:assumed-role/Admin"]),
        ],
    );
    check(
        r#""user":{"username":"arn:aws:sts::1:assumed-role/Admin/dana"},"impersonatedUser":{"username":"eve"}"#,
        &[
            ("actor.id", &["eve"]),
            ("user.id", &["arn:aws:sts::1:assumed-role/Admin"]),
        ],
    );
    check(
        r#""user":{"username":"system:node:n1","extra":{"authentication.kubernetes.io/node-name":["n1"],"a.b":["x","y"]}}"#,
        &[
            ("node.name", &["n1"]),
            ("user.extra.authentication.kubernetes.io/node-name", &["n1"]),
            ("user.extra.a.b", &["x", "y"]),
            (r#"user.extra["a.b"]"#, &["x", "y"]),
        ],
    );
}

#[test]
fn only_the_last_address_counts() {
    check(
        r#""sourceIPs":["10.0.0.1","203.0.113.7"]"#,
        &[
            ("client.ip", &["203.0.113.7"]),
            ("client.net", &["203.0.113.0/24"]),
        ],
    );
    check(
        r#""sourceIPs":["2001:db8:1:2:3::4"]"#,
        &[("client.net", &["2001:db8:1:2::/64"])],
    );
    check(
        r#""sourceIPs":["::ffff:203.0.113.7"]"#,
        &[("client.net", &["203.0.113.0/24"])],
    );
    check(
        r#""sourceIPs":["private"]"#,
        &[("client.ip", &["private"]), ("client.net", &[])],
    );
    check(
        r#""sourceIPs":[]"#,
        &[("client.ip", &[]), ("sourceIPs", &[])],
    );
}

#[test]
fn the_query_and_exec() {
    let exec = |uri: &str| {
        format!(
            r#""verb":"get","requestURI":"{uri}","objectRef":{{"resource":"pods","namespace":"x","name":"p","subresource":"exec"}}"#
        )
    };
    check(
        &exec(
            "/api/v1/namespaces/x/pods/p/exec?command=%2Fbin%2Fsh&command=-c&command=id+-a%26&container=web&stdin=true&tty=0&a.b=c",
        ),
        &[
            ("exec.command", &["/bin/sh", "-c", "id -a&"]),
            ("exec.program", &["sh"]),
            ("exec.commandLine", &["/bin/sh -c id -a&"]),
            ("exec.container", &["web"]),
            ("exec.stdin", &["<true>"]),
            ("exec.tty", &["<false>"]),
            ("uri.path", &["/api/v1/namespaces/x/pods/p/exec"]),
            ("uri.query.command", &["/bin/sh", "-c", "id -a&"]),
            ("uri.query.a.b", &["c"]),
        ],
    );
    check(
        &exec("/x?command=ls"),
        &[
            ("exec.command", &["ls"]),
            ("exec.commandLine", &["ls"]),
            ("exec.tty", &["<false>"]),
        ],
    );
    check(
        &exec("/x?%63ommand=ls&command=-l"),
        &[("exec.command", &["ls", "-l"])],
    );
    check(
        &exec("/x?stdin=FALSE&tty=yes"),
        &[
            ("exec.stdin", &["<false>"]),
            ("exec.tty", &["<true>"]),
            ("exec.command", &[]),
        ],
    );
    check(
        r#""requestURI":"/a%2fb?command=ls""#,
        &[
            ("uri.path", &["/a/b"]),
            ("exec.command", &[]),
            ("exec.tty", &[]),
        ],
    );
}

#[test]
fn a_query_with_many_parameters_stays_whole() {
    let many: Vec<String> = (0..50_000).map(|n| format!("p{n}=x")).collect();
    let uri = format!("/x?{}&command=id&{}", many.join("&"), many.join("&"));
    let json = event(&format!(
        r#""verb":"get","requestURI":"{uri}","objectRef":{{"resource":"pods","subresource":"exec"}}"#
    ));
    assert_eq!(values(&json, "exec.command"), ["id"]);
    assert_eq!(values(&json, "uri.query.p7"), ["x", "x"]);
}

#[test]
fn how_it_ended() {
    let outcome = |parts: &str, expected: &[&str]| check(parts, &[("outcome", expected)]);
    let decided = |decision: &str, code: u16| {
        format!(
            r#""annotations":{{"authorization.k8s.io/decision":"{decision}"}},"responseStatus":{{"code":{code}}}"#
        )
    };
    outcome(&decided("allow", 200), &["success"]);
    outcome(&decided("allow", 101), &["success"]);
    outcome(&decided("allow", 403), &["denied"]);
    outcome(&decided("allow", 404), &["failure"]);
    outcome(&decided("forbid", 200), &["denied"]);
    outcome(r#""responseStatus":{"code":401}"#, &["denied"]);
    outcome(r#""responseStatus":{"status":"Failure"}"#, &["failure"]);
    outcome(r#""responseStatus":{}"#, &[]);
    outcome(r#""verb":"create""#, &[]);
    check(
        &decided("allow", 200),
        &[("decision", &["allow"]), ("reason", &[])],
    );
}

#[test]
fn a_trial_is_one_only_where_something_would_be_written() {
    let request = |verb: &str, uri: &str, object: &str, body: &str| {
        event(&format!(
            r#""verb":"{verb}","requestURI":"{uri}","objectRef":{{{object}}},"requestObject":{body},"responseStatus":{{"code":200}}"#
        ))
    };
    let pods = r#""resource":"pods""#;
    for (verb, uri, object, body, expected) in [
        ("create", "/x?dryRun=All", pods, "null", "dry-run"),
        (
            "create",
            "/x?fieldManager=a&dryRun=%41ll",
            pods,
            "null",
            "dry-run",
        ),
        ("create", "/x?dryRun=", pods, "null", "success"),
        ("create", "/x", pods, r#"{"dryRun":["All"]}"#, "success"),
        ("delete", "/x", pods, r#"{"dryRun":["All"]}"#, "dry-run"),
        (
            "delete",
            "/x",
            pods,
            r#"{"dryRun":["All"],"dryRun":[]}"#,
            "success",
        ),
        // An exec runs and a read reads, whatever the query says.
        (
            "create",
            "/x?dryRun=All",
            r#""resource":"pods","subresource":"exec""#,
            "null",
            "success",
        ),
        (
            "get",
            "/x?dryRun=All",
            r#""resource":"secrets""#,
            "null",
            "success",
        ),
        (
            "create",
            "/x?dryRun=All",
            r#""resource":"serviceaccounts","subresource":"token""#,
            "null",
            "success",
        ),
    ] {
        assert_eq!(
            values(&request(verb, uri, object, body), "outcome"),
            [expected],
            "{verb} {uri} {object}"
        );
    }
}

/// A write of an object.
fn write(verb: &str, resource: &str, group: &str, request: &str, response: &str) -> String {
    format!(
        r#""verb":"{verb}","objectRef":{{"resource":"{resource}","apiGroup":"{group}","namespace":"x","name":"n"}},"requestObject":{request},"responseObject":{response},"responseStatus":{{"code":200}}"#
    )
}

#[test]
fn pod_templates_of_every_kind() {
    let spec = r#"{"hostNetwork":true,"containers":[{"name":"a"}],"initContainers":[{"name":"i"}],"ephemeralContainers":[{"name":"e"}]}"#;
    for (resource, group, object) in [
        ("pods", "", format!(r#"{{"spec":{spec}}}"#)),
        (
            "deployments",
            "apps",
            format!(r#"{{"spec":{{"template":{{"spec":{spec}}}}}}}"#),
        ),
        (
            "replicationcontrollers",
            "",
            format!(r#"{{"spec":{{"template":{{"spec":{spec}}}}}}}"#),
        ),
        (
            "jobs",
            "batch",
            format!(r#"{{"spec":{{"template":{{"spec":{spec}}}}}}}"#),
        ),
        (
            "cronjobs",
            "batch",
            format!(r#"{{"spec":{{"jobTemplate":{{"spec":{{"template":{{"spec":{spec}}}}}}}}}}}"#),
        ),
        (
            "podtemplates",
            "",
            format!(r#"{{"template":{{"spec":{spec}}}}}"#),
        ),
        (
            "rollouts",
            "argoproj.io",
            format!(r#"{{"kind":"Pod","spec":{{"template":{{"spec":{spec}}}}}}}"#),
        ),
    ] {
        check(
            &write("create", resource, group, &object, "null"),
            &[
                ("podSpec.hostNetwork", &["<true>"]),
                ("containers.name", &["a", "i", "e"]),
                ("containers.kind", &["container", "init", "ephemeral"]),
                ("containers[1].name", &["i"]),
                ("containers[-1].kind", &["ephemeral"]),
            ],
        );
    }
    check(
        &write(
            "create",
            "services",
            "",
            r#"{"spec":{"type":"NodePort"}}"#,
            "null",
        ),
        &[
            ("podSpec", &[]),
            ("containers", &[]),
            ("object.spec.type", &["NodePort"]),
        ],
    );
}

#[test]
fn computed_parts_of_containers() {
    let pod = r#"{"spec":{
        "volumes":[{"name":"v","hostPath":{"path":"/etc/../etc//kubernetes/"}},{"name":"w","emptyDir":{}},{"name":"u","hostPath":{"path":"//"}}],
        "containers":[
            {"name":"a","kind":"forged","image":"nginx","securityContext":{"capabilities":{"add":["cap_sys_admin","NET_ADMIN"]}},
             "volumeMounts":[{"name":"v","mountPath":"/x"},{"name":"w","mountPath":"/y"}]},
            {"name":"b","image":"reg.example:5000/x/y:z@sha256:ab","hostPaths":["/forged"]}]}}"#;
    check(
        &write("create", "pods", "", &pod.replace('\n', " "), "null"),
        &[
            ("containers[0].kind", &["container"]),
            ("containers[0].image", &["nginx"]),
            ("containers[0].image.registry", &["docker.io"]),
            ("containers[0].image.repository", &["library/nginx"]),
            ("containers[0].image.tag", &["latest"]),
            ("containers[0].image.digest", &[]),
            ("containers[0].capabilities", &["SYS_ADMIN", "NET_ADMIN"]),
            ("containers[0].hostPaths", &["/etc/kubernetes"]),
            ("containers[1].image.registry", &["reg.example:5000"]),
            ("containers[1].image.digest", &["sha256:ab"]),
            ("containers[1].hostPaths", &[]),
            ("hostPaths", &["/etc/kubernetes", "/"]),
            ("volumes.name", &["v", "w", "u"]),
        ],
    );
}

#[test]
fn a_patch_counts_where_it_touches() {
    let privileged = r#"{"kind":"Deployment","apiVersion":"apps/v1","spec":{"template":{"spec":{"containers":[{"name":"a","securityContext":{"privileged":true}}]}}}}"#;
    let field = "containers.securityContext.privileged";
    let patch =
        |request: &str, response: &str| write("patch", "deployments", "apps", request, response);
    // A label on a privileged Deployment is no finding, its image is.
    check(
        &patch(r#"{"metadata":{"labels":{"a":"b"}}}"#, privileged),
        &[
            (field, &[]),
            ("object.kind", &["Deployment"]),
            ("patch.metadata.labels.a", &["b"]),
        ],
    );
    check(
        &patch(
            r#"{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"x"}]}}}}"#,
            privileged,
        ),
        &[(field, &["<true>"]), ("containers.image", &[])],
    );
    // The client may ask for an answer that does not show the object.
    let hidden = r#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{}}"#;
    let request = r#"{"spec":{"template":{"spec":{"hostNetwork":true,"containers":[{"name":"a","securityContext":{"privileged":true}}]}}}}"#;
    for response in [
        hidden,
        "null",
        r#"{"kind":"Status","status":"Success"}"#,
        r#""skipped-too-big-size-object""#,
    ] {
        check(
            &patch(request, response),
            &[(field, &["<true>"]), ("podSpec.hostNetwork", &["<true>"])],
        );
    }
    // What cannot be looked at may have touched anything.
    check(&patch("null", privileged), &[(field, &["<true>"])]);
    // A removal sets nothing.
    check(
        &patch(r#"{"spec":{"template":{"spec":null}}}"#, privileged),
        &[(field, &[])],
    );
    // The status of a workload is not the workload.
    let status =
        patch(request, "null").replace(r#""name":"n""#, r#""name":"n","subresource":"status""#);
    check(&status, &[(field, &[]), ("podSpec", &[])]);
}

#[test]
fn json_patches_answer_in_the_paths_of_the_object() {
    let patch = |operations: &str| write("patch", "deployments", "apps", operations, "null");
    check(
        &patch(
            r#"[{"op":"test","path":"/spec/template/spec/hostPID","value":true},
            {"op":"add","path":"/spec/template/spec/hostNetwork","value":true},
            {"op":"replace","path":"/metadata/labels/app.kubernetes.io~1name","value":"x"},
            {"op":"remove","path":"/spec/template/spec/hostIPC"}]"#
                .replace('\n', "")
                .as_str(),
        ),
        &[
            ("podSpec.hostNetwork", &["<true>"]),
            ("podSpec.hostPID", &[]),
            ("podSpec.hostIPC", &["null"]),
            ("patch.metadata.labels.app.kubernetes.io/name", &["x"]),
        ],
    );
    // Operations on one index are one member; each `-` is a new one.
    check(
        &patch(
            r#"[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"evil"},{"op":"add","path":"/spec/template/spec/containers/0/securityContext","value":{"privileged":true}},{"op":"add","path":"/spec/template/spec/initContainers/-","value":{"name":"i","image":"x"}},{"op":"add","path":"/spec/template/spec/initContainers/-","value":{"name":"j"}}]"#,
        ),
        &[
            ("containers.image", &["evil", "x"]),
            ("containers.kind", &["container", "init", "init"]),
            ("containers.securityContext.privileged", &["<true>"]),
            ("containers[2].name", &["j"]),
        ],
    );
    // Later operations change what earlier ones set.
    check(
        &patch(
            r#"[{"op":"add","path":"/spec/template","value":{"spec":{"containers":[{"name":"a"}]}}},{"op":"add","path":"/spec/template/spec/hostNetwork","value":true},{"op":"add","path":"/spec/template/spec/containers/-","value":{"name":"b"}},{"op":"replace","path":"/spec/template/spec/containers/-1/name","value":"c"},{"op":"move","from":"/spec/template/spec/hostNetwork","path":"/spec/template/spec/hostPID"}]"#,
        ),
        &[
            ("containers.name", &["a", "c"]),
            ("podSpec.hostNetwork", &["null"]),
            ("podSpec.hostPID", &["<true>"]),
        ],
    );
    // The API server's library does not look at what stands before the first slash.
    check(
        &patch(r#"[{"op":"add","path":"x/spec/template/spec/hostNetwork","value":true}]"#),
        &[("podSpec.hostNetwork", &["<true>"])],
    );
    // The whole document.
    check(
        &patch(
            r#"[{"op":"replace","path":"","value":{"spec":{"template":{"spec":{"hostNetwork":true}}}}}]"#,
        ),
        &[("podSpec.hostNetwork", &["<true>"])],
    );
    // A repeated key in an operation has every value.
    check(
        &patch(
            r#"[{"op":"test","op":"add","path":"/x","path":"/spec/template/spec/hostNetwork","value":false,"value":true}]"#,
        ),
        &[
            ("podSpec.hostNetwork", &["<true>"]),
            ("patch.x", &["<true>"]),
        ],
    );
    // An index is what Go's `Atoi` reads, and a negative one counts from an end that is not known.
    for index in ["-1", "+0", "-01", "00"] {
        check(
            &patch(
                &r#"[{"op":"replace","path":"/spec/template/spec/containers/INDEX/securityContext/privileged","value":true},{"op":"add","path":"/spec/template/spec/initContainers/INDEX","value":{"name":"a"}},{"op":"add","path":"/spec/template/spec/initContainers/INDEX","value":{"name":"b"}}]"#
                    .replace("INDEX", index),
            ),
            &[
                ("containers.securityContext.privileged", &["<true>"]),
                ("containers.name", &["a", "b"]),
            ],
        );
    }
    // What is inserted or removed moves the members behind it, so the same index is another member.
    check(
        &patch(
            r#"[{"op":"replace","path":"/spec/template/spec/containers/1","value":{"name":"evil"}},{"op":"add","path":"/spec/template/spec/containers/2/securityContext/privileged","value":true},{"op":"add","path":"/spec/template/spec/containers/0","value":{"name":"a"}},{"op":"replace","path":"/spec/template/spec/containers/1","value":{"name":"b"}},{"op":"replace","path":"/spec/template/spec/containers/2/securityContext/privileged","value":false}]"#,
        ),
        &[
            ("containers.name", &["evil", "a", "b"]),
            (
                "containers.securityContext.privileged",
                &["<true>", "<false>"],
            ),
        ],
    );
    let indirect =
        r#"[{"op":"copy","from":"/spec/other","path":"/spec/template/spec/hostNetwork"}]"#;
    check(&patch(indirect), &[("podSpec.hostNetwork", &["?"])]);
    assert_eq!(flags(&patch(indirect)), ["patch-indirect"]);
    assert!(flags(&patch(r#"[{"op":"add","path":"/a","value":1}]"#)).is_empty());
}

#[test]
fn directives_of_strategic_merge_are_no_fields() {
    check(
        &write(
            "patch",
            "pods",
            "",
            r#"{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"gone","$patch":"delete"},{"$patch":"merge","name":"a"}],"volumes":null},"metadata":{"$retainKeys":["x"],"labels":{"$patch":"delete"}}}"#,
            "null",
        ),
        &[
            ("containers.name", &["a"]),
            ("patch.spec", &["{}"]),
            ("patch.metadata.labels", &["null"]),
            ("requestObject.spec.containers.name", &["gone", "a"]),
            ("volumes", &["null"]),
        ],
    );
}

#[test]
fn a_directive_does_not_hide_what_stands_beside_it() {
    // A merge patch knows no directives, and the content type is not logged.
    check(
        &write(
            "patch",
            "pods",
            "",
            r#"{"spec":{"containers":[{"name":"a","image":"x","$patch":"delete"},{"name":"b","securityContext":{"privileged":true,"$patch":"delete"}}]}}"#,
            "null",
        ),
        &[
            ("containers.name", &["a", "b"]),
            ("containers.securityContext.privileged", &["<true>"]),
        ],
    );
    // Nor does a strategic one in a list that it replaces.
    check(
        &write(
            "patch",
            "clusterrolebindings",
            "rbac.authorization.k8s.io",
            r#"{"subjects":[{"kind":"User","name":"eve","$patch":"delete"}]}"#,
            "null",
        ),
        &[("rbac.subjects.name", &["eve"])],
    );
}

#[test]
fn ephemeral_containers_are_read_of_their_subresource() {
    let parts = write(
        "patch",
        "pods",
        "",
        r#"{"spec":{"ephemeralContainers":[{"name":"debug","image":"busybox"}]}}"#,
        r#"{"kind":"Pod","apiVersion":"v1","spec":{"containers":[{"name":"web"}],"ephemeralContainers":[{"name":"debug","image":"busybox"}]}}"#,
    );
    let parts = parts.replace(
        r#""name":"n""#,
        r#""name":"n","subresource":"ephemeralcontainers""#,
    );
    check(
        &parts,
        &[
            ("containers.name", &["debug"]),
            ("containers.kind", &["ephemeral"]),
        ],
    );
}

#[test]
fn roles_and_bindings() {
    let binding = r#"{"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","roleRef":{"kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"User","name":"eve"}]}"#;
    let rbac = "rbac.authorization.k8s.io";
    check(
        &write(
            "patch",
            "clusterrolebindings",
            rbac,
            r#"{"subjects":[{"kind":"User","name":"eve"}]}"#,
            binding,
        ),
        &[
            ("rbac.roleRef.name", &["cluster-admin"]),
            ("rbac.subjects.name", &["eve"]),
        ],
    );
    check(
        &write(
            "patch",
            "clusterrolebindings",
            rbac,
            r#"[{"op":"add","path":"/subjects/-","value":{"kind":"User","name":"eve"}}]"#,
            binding,
        ),
        &[("rbac.roleRef.name", &["cluster-admin"])],
    );
    check(
        &write(
            "patch",
            "clusterrolebindings",
            rbac,
            r#"{"metadata":{"labels":{}}}"#,
            binding,
        ),
        &[("rbac.roleRef.name", &[])],
    );
    check(
        &write(
            "create",
            "rolebindings",
            rbac,
            r#"{"subjects":[{"kind":"ServiceAccount","name":"ci","namespace":"build"},{"kind":"Group","name":"devs"},{"kind":"User","name":"dana","username":"forged","ref":"forged/forged"},{"kind":"User","name":"system:serviceaccount:shop:web"},{"kind":"User","name":"system:serviceaccount:shop"}]}"#,
            "null",
        ),
        &[
            (
                "rbac.subjects.username",
                &[
                    "system:serviceaccount:build:ci",
                    "dana",
                    "system:serviceaccount:shop:web",
                    "system:serviceaccount:shop",
                ],
            ),
            ("rbac.subjects.ref", &["build/ci", "shop/web"]),
        ],
    );
    check(
        &write(
            "create",
            "clusterroles",
            rbac,
            r#"{"rules":[{"verbs":["get"]}]}"#,
            "null",
        ),
        &[("rbac.rules.verbs", &["get"]), ("rbac.roleRef", &[])],
    );
}

#[test]
fn every_reading_of_a_repeated_key_is_seen() {
    let doubt = |parts: &str, field: &str, doubt: Doubt, wanted: &str| {
        let json = event(parts);
        let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
        let mut scratch = Scratch::default();
        scratch.begin();
        let field = Field::resolve(field).unwrap();
        let node = scratch.field(&event, field.id());
        scratch
            .tree()
            .any_value(node.into(), field.path().segments(), doubt, &mut |value| {
                show(value) == wanted
            })
    };
    let two = |parts: &str, field: &str, wanted: &str| {
        assert!(
            doubt(parts, field, Doubt::AnyReading, wanted),
            "{field} of {parts}"
        );
        assert!(
            !doubt(parts, field, Doubt::EveryReading, wanted),
            "{field} of {parts}"
        );
    };
    let pod = write(
        "create",
        "pods",
        "",
        r#"{"spec":{"hostNetwork":true},"\u0073pec":{"hostNetwork":false}}"#,
        "null",
    );
    two(&pod, "podSpec.hostNetwork", "<true>");
    two(&pod, "object.spec.hostNetwork", "<true>");
    let image = write(
        "create",
        "pods",
        "",
        r#"{"spec":{"containers":[{"image":"good","image":"evil"},{"image":"good"}]}}"#,
        "null",
    );
    two(&image, "containers[0].image.repository", "library/evil");
    assert!(doubt(
        &image,
        "containers.image",
        Doubt::EveryReading,
        "good"
    ));
    let lists = write(
        "create",
        "pods",
        "",
        r#"{"spec":{"containers":[{"name":"a"}],"containers":[{"name":"b"}],"initContainers":[{"name":"c"}]}}"#,
        "null",
    );
    two(&lists, "containers.name", "a");
    assert!(doubt(&lists, "containers.name", Doubt::EveryReading, "c"));
    let paths = write(
        "create",
        "pods",
        "",
        r#"{"spec":{"volumes":[{"hostPath":{"path":"/etc","path":"/tmp"}}]}}"#,
        "null",
    );
    two(&paths, "hostPaths", "/etc");
    let capabilities = write(
        "create",
        "pods",
        "",
        r#"{"spec":{"containers":[{"securityContext":{"capabilities":{"add":["SYS_ADMIN"],"add":[]}}}]}}"#,
        "null",
    );
    two(&capabilities, "containers.capabilities", "SYS_ADMIN");
    let verb = r#""verb":"get","verb":"create","objectRef":{"resource":"pods"}"#;
    two(verb, "verb", "get");
    two(verb, "verb", "create");
    let decision = r#""annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/decision":"forbid"}"#;
    two(decision, "decision", "allow");
    let answered = format!(r#"{decision},"responseStatus":{{"code":200}}"#);
    two(&answered, "outcome", "success");
    two(&answered, "outcome", "denied");
    // A decoy key with dots is another key.
    let decoy = write(
        "create",
        "pods",
        "",
        r#"{"spec.hostNetwork":false,"spec":{"hostNetwork":true}}"#,
        "null",
    );
    assert!(doubt(
        &decoy,
        "object.spec.hostNetwork",
        Doubt::EveryReading,
        "<true>"
    ));
}

#[test]
fn flags_tell_what_is_odd() {
    let body = |request: &str| flags(&write("create", "pods", "", request, "null"));
    assert!(body(r#"{"a":1}"#).is_empty());
    assert!(body("null").is_empty());
    assert_eq!(body(r#"{"a":1,"\u0061":2}"#), ["duplicate-key"]);
    assert_eq!(body(r#"{"a":"\ud800"}"#), ["invalid-text"]);
    assert_eq!(body("[]"), ["body-not-object"]);
    assert_eq!(body(r#""text""#), ["body-not-object"]);
    assert_eq!(body(r#""skipped-too-big-size-object""#), ["body-truncated"]);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(body(&deep), ["body-opaque"]);
    assert_eq!(flags(r#""verb":"get","verb":"list""#), ["duplicate-key"]);
    assert_eq!(flags(r#""userAgent":"\udc00""#), ["invalid-text"]);
    assert_eq!(
        flags(r#""annotations":{"audit.k8s.io/truncated":"true"}"#),
        ["body-truncated"]
    );
    assert!(Flags::default().is_empty());
}

#[test]
fn hostile_bodies_do_not_hide_a_container() {
    let privileged = r#"{"name":"x","securityContext":{"privileged":true}}"#;
    let brackets = format!("{}{}", "[".repeat(9_000), "]".repeat(9_000));
    for beside in [
        r#""a":"\ud800""#.to_owned(),
        r#""a":1e999"#.to_owned(),
        format!(r#""a":{brackets}"#),
        r#""spec.containers":[]"#.to_owned(),
        r#""spec":{"containers":[]}"#.to_owned(),
        r#""\u0073pec":{}"#.to_owned(),
    ] {
        let request = format!(r#"{{{beside},"spec":{{"containers":[{privileged}]}},{beside}}}"#);
        let json = event(&write("create", "pods", "", &request, "null"));
        assert_eq!(
            values(&json, "containers.securityContext.privileged"),
            ["<true>"],
            "{beside:.40}"
        );
    }
}

#[test]
fn credentials() {
    check(
        r#""user":{"username":"system:serviceaccount:shop:web","extra":{"authentication.kubernetes.io/credential-id":["JTI=1"],"authentication.kubernetes.io/pod-name":["web-0"],"authentication.kubernetes.io/node-name":["n1"]}},"annotations":{"authentication.kubernetes.io/issued-credential-id":"JTI=2"}"#,
        &[
            ("credential.id", &["JTI=1"]),
            ("credential.pod", &["web-0"]),
            ("credential.node", &["n1"]),
            ("credential.issued", &["JTI=2"]),
        ],
    );
    check(
        r#""user":{"username":"dana","extra":{"accessKeyId":["ASIA1"],"sessionName":["dana@example.test"]}}"#,
        &[("credential.id", &["ASIA1"]), ("credential.pod", &[])],
    );
    check(
        r#""user":{"username":"dana","extra":{"accessKeyId":[""]}}"#,
        &[("credential.id", &[])],
    );
}

#[test]
fn old_versions_answer_as_v1() {
    let old = |version: &str, parts: &str| {
        format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/{version}","auditID":"1","stage":"ResponseComplete","verb":"get",{parts}}}"#
        )
    };
    let times = r#""metadata":{"creationTimestamp":"2017-10-01T10:00:01Z"},"timestamp":"2017-10-01T10:00:00Z""#;
    for version in ["v1alpha1", "v1beta1"] {
        let json = old(version, times);
        assert_eq!(
            values(&json, "requestReceivedTimestamp"),
            ["2017-10-01T10:00:00Z"]
        );
        assert_eq!(values(&json, "stageTimestamp"), ["2017-10-01T10:00:01Z"]);
        let json = old(
            version,
            &format!(
                r#"{times},"requestReceivedTimestamp":"0001-01-01T00:00:00Z","stageTimestamp":"2017-10-01T10:00:01.5Z""#
            ),
        );
        assert_eq!(
            values(&json, "requestReceivedTimestamp"),
            ["2017-10-01T10:00:00Z"]
        );
        assert_eq!(values(&json, "stageTimestamp"), ["2017-10-01T10:00:01.5Z"]);
    }
    // In v1 these keys mean nothing.
    assert!(values(&old("v1", times), "stageTimestamp").is_empty());
    let object = r#""objectRef":{"resource":"deployments","namespace":"x","name":"d","apiVersion":"apps/v1beta1"}"#;
    assert_eq!(values(&old("v1alpha1", object), "apiGroup"), ["apps"]);
    assert_eq!(
        values(&old("v1alpha1", object), "objectRef.apiVersion"),
        ["v1beta1"]
    );
    assert!(values(&old("v1beta1", object), "apiGroup").is_empty());
}

#[test]
fn repeated_keys_of_an_operation_do_not_make_a_patch_opaque() {
    let readings = |key: &str| format!(r#""{key}":"/a","#).repeat(1_200);
    let operations = format!(
        r#"[{{"op":"add",{}{}"path":"/b","value":1}},{{"op":"add","path":"/a","path":"/spec/template/spec/hostNetwork","value":true}}]"#,
        readings("path"),
        readings("value"),
    );
    let json = event(&write("patch", "deployments", "apps", &operations, "null"));
    assert_eq!(values(&json, "podSpec.hostNetwork"), ["<true>"]);
}

#[test]
fn a_large_patch_is_read() {
    let path = "/spec/template/spec/affinity/nodeAffinity/required/a/b/c/d/e";
    let replace = format!(r#"{{"op":"replace","path":"{path}","value":"a"}},"#);
    let operations = format!(
        r#"[{}{{"op":"add","path":"/spec/template/spec/hostNetwork","value":true}}]"#,
        replace.repeat(9_000)
    );
    let json = event(&write("patch", "deployments", "apps", &operations, "null"));
    assert_eq!(values(&json, "podSpec.hostNetwork"), ["<true>"]);
}

#[test]
fn a_patch_that_costs_too_much_is_opaque() {
    let list = "0,".repeat(300_000);
    let replace: Vec<String> = (0..2_000)
        .map(|n| {
            format!(
                r#",{{"op":"replace","path":"/l/{}","value":1}}"#,
                299_999 - n
            )
        })
        .collect();
    let replace = replace.concat();
    let operations = format!(r#"[{{"op":"add","path":"/l","value":[{list}0]}}{replace}]"#);
    let parts = write("patch", "deployments", "apps", &operations, "null");
    assert_eq!(flags(&parts), ["body-opaque"]);
}

#[test]
fn volumes_of_one_name_do_not_multiply() {
    let volume = r#"{"name":"v","hostPath":{"path":"/etc/"}}"#;
    let pod = |n: usize| {
        let many = |text: &str| vec![text; n].join(",");
        let (volumes, mounts) = (many(volume), many(r#"{"name":"v"}"#));
        let spec = format!(
            r#"{{"spec":{{"volumes":[{volumes}],"containers":[{{"volumeMounts":[{mounts}]}}]}}}}"#
        );
        event(&write("create", "pods", "", &spec, "null"))
    };
    assert_eq!(values(&pod(2), "containers.hostPaths"), ["/etc"; 4]);
    let paths = values(&pod(300), "containers.hostPaths");
    assert_eq!(paths.len(), 300 * 16);
    // What was left out is something, and equals nothing.
    assert!(paths.contains(&"?".to_owned()));
    assert_eq!(values(&pod(300), "hostPaths").len(), 300);
}
