//! What is told of a body by its keys loses no hit: the same events with and without the index.

use detect::RuleSet;

const HEAD: &str = r#""kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete","level":"RequestResponse","responseStatus":{"code":201},"objectRef":{"resource":"pods","namespace":"a","name":"w"}"#;

fn rule(detection: &str) -> RuleSet {
    let text = format!(
        "title: t\nname: t\nsigma-version: 3\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n  s:\n{detection}\n  condition: s\n"
    );
    RuleSet::builder().text("rule.yaml", text).build().unwrap()
}

/// Number of hits by the index, which is also that of running every rule.
#[track_caller]
fn hits(rules: &RuleSet, verb: &str, body: &str) -> usize {
    let line = format!(r#"{{{HEAD},"verb":"{verb}","requestObject":{body}}}"#);
    let found = rules.scanner().scan_bytes(line.as_bytes()).unwrap().len();
    let all = rules
        .scanner()
        .exhaustive()
        .scan_bytes(line.as_bytes())
        .unwrap()
        .len();
    assert_eq!(found, all, "{line}");
    found
}

fn pod(spec: &str) -> String {
    format!(r#"{{"kind":"Pod","apiVersion":"v1","spec":{spec}}}"#)
}

#[test]
fn values_are_found_under_whatever_they_are_made_of() {
    let container = |json: &str| pod(&format!(r#"{{"initContainers":[{{"name":"c",{json}}}]}}"#));
    let volume = |path: &str| {
        pod(&format!(
            r#"{{"volumes":[{{"name":"v","hostPath":{{"path":"{path}"}}}}],"containers":[{{"name":"c","volumeMounts":[{{"name":"v"}}]}}]}}"#
        ))
    };
    for (detection, body) in [
        (
            "    podSpec.hostNetwork: true",
            pod(r#"{"hostNetwork":true}"#),
        ),
        (
            "    podSpec.terminationGracePeriodSeconds|lt: 3",
            pod(r#"{"terminationGracePeriodSeconds":2}"#),
        ),
        (
            "    containers.image.registry: docker.io",
            container(r#""image":"nginx""#),
        ),
        (
            "    containers.image.repository: library/nginx",
            container(r#""image":"nginx:1""#),
        ),
        (
            "    containers.image.tag: latest",
            container(r#""image":"ghcr.io/a/b""#),
        ),
        (
            "    containers.image.digest|startswith: 'sha256:'",
            container(r#""image":"a@sha256:00""#),
        ),
        (
            "    containers.image|re: 'ng[i]nx'",
            container(r#""image":"nginx""#),
        ),
        ("    containers.kind: init", container(r#""image":"nginx""#)),
        (
            "    containers.capabilities: SYS_ADMIN",
            container(r#""securityContext":{"capabilities":{"add":["cap_sys_admin"]}}"#),
        ),
        (
            "    containers.args|contains: xmrig",
            container(r#""args":["-c",["./XMRig"]]"#),
        ),
        (
            "    'containers[any]':\n      name: c\n      'env[any]': {name: A, value: b}",
            container(r#""env":[{"name":"A","value":"b"}]"#),
        ),
        (
            "    'containers[all]': {securityContext.privileged: true}",
            container(r#""securityContext":{"privileged":true}"#),
        ),
        ("    hostPaths: /etc", volume("//var/../etc/")),
        ("    containers.hostPaths: /etc", volume("/etc/.")),
        (
            "    object.metadata.labels.app: web",
            r#"{"metadata":{"labels":{"app":"web"}}}"#.to_owned(),
        ),
        (
            "    'object.metadata.labels[any]': {key: app, value: web}",
            r#"{"metadata":{"labels":{"app":"web"}}}"#.to_owned(),
        ),
        (
            "    object.metadata.annotations.a.b/c: x",
            r#"{"metadata":{"annotations":{"a.b/c":"x"}}}"#.to_owned(),
        ),
    ] {
        assert_eq!(hits(&rule(detection), "create", &body), 1, "{detection}");
        // The value is somewhere else: at most the tree is asked in vain.
        hits(
            &rule(detection),
            "create",
            &format!(r#"{{"other":{body}}}"#),
        );
        assert_eq!(
            hits(&rule(detection), "create", r#"{"spec":{"x":1}}"#),
            0,
            "{detection}"
        );
    }
}

#[test]
fn no_way_of_writing_hides_a_value() {
    let rules = rule("    podSpec.hostNetwork: true");
    let long = "x".repeat(100);
    for spec in [
        r#"{"hostNetwork":true}"#.to_owned(),
        r#"{ "hostNetwork" : true }"#.to_owned(),
        "{\"hostNetwork\"\t:\ntrue}".to_owned(),
        r#"{"host\u004eetwork":true}"#.to_owned(),
        r#"{"\u0068ostNetwork":true}"#.to_owned(),
        r#"{"hostNetwork":"\u0074rue"}"#.to_owned(),
        r#"{"hostNetwork":false,"hostNetwork":true}"#.to_owned(),
        r#"{"hostNetwork":true,"hostNetwork":false}"#.to_owned(),
        format!(r#"{{"{long}\\":"\\\"","hostNetwork":true}}"#),
        format!(r#"{{"k:{{\"name\":\"{long}\"}}":{{}},"hostNetwork":true}}"#),
    ] {
        assert_eq!(hits(&rules, "create", &pod(&spec)), 1, "{spec}");
    }
    // No server writes this, and what follows the backslash is there all the same.
    let broken = pod(r#"{"x":["k:(\("c\"}":{}],"hostNetwork":true}"#);
    hits(&rules, "create", &broken);
    // A JSON Patch says where in texts, and its value under a key of its own.
    let patch = r#"[{"op":"add","path":"/spec/hostNetwork","value":true}]"#;
    assert_eq!(hits(&rules, "patch", patch), 1);
    let patch = r#"[{"op":"add","path":"/spec","value":{"hostNetwork":true}}]"#;
    assert_eq!(hits(&rules, "patch", patch), 1);
}

#[test]
fn negated_tests_and_alternatives_keep_their_meaning() {
    let rules = RuleSet::builder()
        .text(
            "rule.yaml",
            "
title: t
name: t
logsource: {product: kubernetes, service: audit}
detection:
  pod: {resource: pods}
  shared: {podSpec.hostNetwork: true}
  known: {containers.image|startswith: registry.test/}
  named: {name: w}
  condition: pod and (shared or named) and not known
",
        )
        .build()
        .unwrap();
    let image = |image: &str| pod(&format!(r#"{{"containers":[{{"image":"{image}"}}]}}"#));
    assert_eq!(hits(&rules, "create", &image("nginx")), 1);
    assert_eq!(hits(&rules, "create", &image("registry.test/a")), 0);

    // Where there is no container, each of them is called `x`.
    let rules = rule("    'containers[all_or_empty]': {name: x}");
    assert_eq!(hits(&rules, "create", &pod(r#"{"containers":[]}"#)), 1);
    assert_eq!(
        hits(&rules, "create", &pod(r#"{"containers":[{"name":"y"}]}"#)),
        0
    );
}

#[test]
fn every_member_of_a_list_that_may_be_empty_may_do() {
    // In one reading there is a member, in the other none that fails.
    let rules = rule("    'rbac.subjects[all]': {kind: User, name: dana}");
    let body =
        |subjects: &str| format!(r#"{{"subjects":["x"],{subjects}"roleRef":{{"name":"r"}}}}"#);
    let hits = |body: &str| {
        let head = HEAD.replace("\"pods\"", "\"clusterrolebindings\"");
        let line = format!(r#"{{{head},"verb":"update","requestObject":{body}}}"#);
        let found = rules.scanner().scan_bytes(line.as_bytes()).unwrap().len();
        let mut exhaustive = rules.scanner().exhaustive();
        assert_eq!(found, exhaustive.scan_bytes(line.as_bytes()).unwrap().len());
        found
    };
    assert_eq!(hits(&body("\"subjects\":[],")), 1);
    assert_eq!(hits(&body("")), 0);
}
