//! A repeated key is in doubt, and so is what follows from it.

use crate::support::{compile, event, rule, scan};

/// The names of the rules that match a patch of a deployment, which the server answered with a whole object.
#[track_caller]
fn patched(rules: &str, patch: &str) -> Vec<String> {
    let parts = format!(
        r#""verb":"patch","objectRef":{{"resource":"deployments","apiGroup":"apps"}},"requestObject":{patch},"responseObject":{{"spec":{{"template":{{"spec":{{"hostNetwork":true,"containers":[{{"name":"web"}}]}}}}}}}}"#
    );
    scan(&mut compile(rules).scanner(), event(&parts).as_bytes())
}

#[test]
fn whether_a_patch_touches_the_pods_may_be_in_doubt() {
    let rules = rule("is", "s: {podSpec.hostNetwork: true}\ncondition: s")
        + &rule("is-not", "s: {podSpec.hostNetwork: true}\ncondition: not s")
        + &rule("some", "s: {containers: '*'}\ncondition: s")
        + &rule("none", "s: {containers: '*'}\ncondition: not s");
    let touch = r#""template":{"spec":{"hostNetwork":true}}"#;
    assert_eq!(
        patched(&rules, &format!(r#"{{"spec":{{{touch}}}}}"#)),
        ["is", "some"]
    );
    assert_eq!(patched(&rules, r#"{"metadata":{}}"#), ["is-not", "none"]);
    for doubt in [r#"{},"spec":"#, r#"null,"spec":"#, r#""x","spec":"#] {
        let patch = format!(r#"{{"spec":{doubt}{{{touch}}}}}"#);
        assert_eq!(
            patched(&rules, &patch),
            ["is", "is-not", "some", "none"],
            "{patch}"
        );
    }
}

#[test]
fn whether_a_patch_touches_a_binding_may_be_in_doubt() {
    let rules = rule("is", "s: {rbac.roleRef.name: cluster-admin}\ncondition: s")
        + &rule(
            "is-not",
            "s: {rbac.roleRef.name: cluster-admin}\ncondition: not s",
        );
    let touched = |patch: &str| {
        let parts = format!(
            r#""verb":"patch","objectRef":{{"resource":"clusterrolebindings"}},"requestObject":{patch},"responseObject":{{"roleRef":{{"name":"cluster-admin"}}}}"#
        );
        scan(&mut compile(&rules).scanner(), event(&parts).as_bytes())
    };
    assert_eq!(touched(r#"{"subjects":[]}"#), ["is"]);
    assert_eq!(touched(r#"{"metadata":{}}"#), ["is-not"]);
    assert_eq!(
        touched(r#"{"subjects":[],"subjects":null}"#),
        ["is", "is-not"]
    );
}

#[test]
fn lists_of_containers_that_are_null_are_no_containers() {
    let rules = rule("there", "s: {containers|exists: true}\ncondition: s")
        + &rule("missing", "s: {containers: null}\ncondition: s");
    let containers = |lists: &str| {
        let parts = format!(
            r#""verb":"create","objectRef":{{"resource":"pods"}},"requestObject":{{"spec":{{{lists}}}}}"#
        );
        scan(&mut compile(&rules).scanner(), event(&parts).as_bytes())
    };
    assert_eq!(containers(r#""containers":[]"#), ["there"]);
    assert_eq!(
        containers(r#""containers":null,"initContainers":[]"#),
        ["there"]
    );
    assert_eq!(containers(r#""containers":null"#), ["missing"]);
    assert_eq!(containers(""), ["missing"]);
    assert_eq!(
        containers(r#""containers":null,"containers":[]"#),
        ["there", "missing"]
    );
}

#[test]
fn host_paths_that_only_some_readings_have_are_in_doubt() {
    let rules = rule("is", "s: {hostPaths: /etc}\ncondition: s")
        + &rule("is-not", "s: {hostPaths|neq: /etc}\ncondition: s")
        + &rule(
            "mounts",
            "s:\n  containers[any]: {hostPaths: /etc}\ncondition: s",
        )
        + &rule(
            "mounts-other",
            "s:\n  containers[any]: {hostPaths|neq: /etc}\ncondition: s",
        );
    let pod = |volumes: &str| {
        let parts = format!(
            r#""verb":"create","objectRef":{{"resource":"pods"}},"requestObject":{{"spec":{{"containers":[{{"volumeMounts":[{{"name":"v"}}]}}],{volumes}}}}}"#
        );
        scan(&mut compile(&rules).scanner(), event(&parts).as_bytes())
    };
    let volume = r#""volumes":[{"name":"v","hostPath":{"path":"/etc/"}}]"#;
    assert_eq!(pod(volume), ["is", "mounts"]);
    let all = ["is", "is-not", "mounts", "mounts-other"];
    assert_eq!(pod(&format!(r#"{volume},"volumes":[]"#)), all);
    assert_eq!(
        pod(&volume.replace("/etc/\"", "/etc/\",\"path\":\"/tmp\"")),
        all
    );
}

#[test]
fn capabilities_and_usernames_are_texts() {
    let rules = rule("capable", "s: {containers.capabilities: '*'}\ncondition: s")
        + &rule(
            "unnamed",
            "s:\n  rbac.subjects[any]: {username: null}\ncondition: s",
        )
        + &rule(
            "named",
            "s:\n  rbac.subjects[any]: {username: '*'}\ncondition: s",
        );
    let written = |resource: &str, body: &str| {
        let parts = format!(
            r#""verb":"create","objectRef":{{"resource":"{resource}"}},"requestObject":{body}"#
        );
        scan(&mut compile(&rules).scanner(), event(&parts).as_bytes())
    };
    let added = |added: &str| {
        format!(
            r#"{{"spec":{{"containers":[{{"securityContext":{{"capabilities":{{"add":{added}}}}}}}]}}}}"#
        )
    };
    assert_eq!(written("pods", &added(r#"["net_raw"]"#)), ["capable"]);
    for none in ["[7]", "[]", r#"{"x":"net_raw"}"#] {
        assert!(written("pods", &added(none)).is_empty(), "{none}");
    }
    let subject = |namespace: &str| {
        let subject = r#"{"kind":"ServiceAccount","name":"web""#;
        format!(r#"{{"subjects":[{subject}{namespace}}}]}}"#)
    };
    let binding = |namespace: &str| written("rolebindings", &subject(namespace));
    assert_eq!(binding(r#","namespace":"shop""#), ["named"]);
    assert_eq!(binding(""), ["unnamed"]);
    assert_eq!(
        binding(r#","namespace":7,"namespace":"shop""#),
        ["unnamed", "named"]
    );
}

#[test]
fn keywords_are_sought_in_what_is_recorded() {
    let rules = rule(
        "derived",
        "s: [dry-run, library/nginx, shop/web]\ncondition: s",
    ) + &rule("recorded", "s: [NGINX]\ncondition: s");
    let parts = r#""verb":"create","requestURI":"/x?dryRun=All","objectRef":{"resource":"pods","namespace":"shop","name":"web"},"responseStatus":{"code":201},"requestObject":{"spec":{"containers":[{"image":"nginx"}]}}"#;
    let hits = scan(&mut compile(&rules).scanner(), event(parts).as_bytes());
    assert_eq!(hits, ["recorded"]);
}
