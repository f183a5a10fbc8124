//! Filters take hits away, count them, and take no more than they say.

use detect::{DocumentKind, DocumentStatus, RuleSet, Scanner};

use crate::support::{compile, event, indent, rule, scan};

const KNOWN: &str = "11111111-1111-4111-8111-111111111111";

fn filter(name: &str, body: &str) -> String {
    let body = indent(body);
    format!(
        "title: {name}\nname: {name}\nlogsource: {{product: kubernetes, service: audit}}\nsigma-version: 3\n\
         taxonomy: kubesift\nfilter:\n{body}\n---\n"
    )
}

/// A rule that everything matches, with an id and a tag.
fn tagged(name: &str, id: &str, tag: &str) -> String {
    rule(name, "selection: {verb: '*'}\ncondition: selection").replace(
        &format!("name: {name}\n"),
        &format!("name: {name}\nid: {id}\ntags: [{tag}]\n"),
    )
}

fn by(username: &str, more: &str) -> String {
    event(&format!(
        r#""verb":"get","user":{{"username":"{username}"}}{more}"#
    ))
}

fn counts(scanner: &Scanner) -> Vec<(&str, u64)> {
    scanner.suppressed().collect()
}

fn three(filter_text: &str) -> RuleSet {
    compile(
        &[
            tagged("one", KNOWN, "attack.execution").as_str(),
            &tagged(
                "two",
                "22222222-2222-4222-8222-222222222222",
                "attack.execution",
            ),
            &tagged(
                "three",
                "33333333-3333-4333-8333-333333333333",
                "attack.impact",
            ),
            filter_text,
        ]
        .concat(),
    )
}

#[test]
fn a_filter_is_for_the_rules_that_it_names() {
    for (rules, kept) in [
        (format!("[{KNOWN}]"), &["two", "three"][..]),
        ("[two]".to_owned(), &["one", "three"]),
        ("[one, three]".to_owned(), &["two"]),
        ("[attack.execution]".to_owned(), &["three"]),
        ("any".to_owned(), &[]),
    ] {
        let body = format!("rules: {rules}\nnormal: {{user.username: ci}}\ncondition: not normal");
        let set = three(&filter("ci", &body));
        let mut scanner = set.scanner();
        assert_eq!(scan(&mut scanner, by("ci", "").as_bytes()), kept, "{rules}");
        assert_eq!(counts(&scanner), [("ci", 3 - kept.len() as u64)]);
        assert_eq!(
            scan(&mut scanner, by("eve", "").as_bytes()),
            ["one", "two", "three"]
        );
        assert_eq!(counts(&scanner), [("ci", 3 - kept.len() as u64)]);
    }
}

#[test]
fn an_allow_list_is_a_list_of_tuples() {
    let body = "rules: any\nnormal:\n  - {user.username: ci, namespace: build}\n  - {user.username: gc}\ncondition: not normal";
    let set = three(&filter("known", body));
    let mut scanner = set.scanner();
    let in_namespace = |name| format!(r#","objectRef":{{"resource":"pods","namespace":"{name}"}}"#);
    assert!(scan(&mut scanner, by("ci", &in_namespace("build")).as_bytes()).is_empty());
    assert!(scan(&mut scanner, by("gc", "").as_bytes()).is_empty());
    assert_eq!(
        scan(&mut scanner, by("ci", &in_namespace("shop")).as_bytes()).len(),
        3
    );
    assert_eq!(
        scan(&mut scanner, by("eve", &in_namespace("build")).as_bytes()).len(),
        3
    );
}

#[test]
fn selections_of_a_filter_are_its_own() {
    // Each names a selection as the other does, and `them` is all of its own.
    let of_rule = rule(
        "reads",
        "selection: {verb: get}\nmore: {user.username: '*'}\ncondition: all of them",
    );
    let of_filter = filter(
        "ci",
        "rules: any\nselection: {user.username: ci}\ncondition: not 1 of them",
    );
    let rules = compile(&(of_rule + &of_filter));
    let mut scanner = rules.scanner();
    assert!(scan(&mut scanner, by("ci", "").as_bytes()).is_empty());
    assert_eq!(scan(&mut scanner, by("eve", "").as_bytes()), ["reads"]);
    assert_eq!(counts(&scanner), [("ci", 1)]);
}

#[test]
fn an_impersonated_request_is_never_allowed_by_who_asks() {
    let acting = r#","impersonatedUser":{"username":"system:admin"}"#;
    // What is suppressed of an impersonated request, and of a plain one.
    for (selection, impersonated, plain) in [
        ("{user.username: ci}", false, true),
        ("{user.username: ci, impersonatedUser: null}", false, true),
        (
            "{user.username: ci, impersonatedUser.username: 'system:*'}",
            true,
            false,
        ),
        // It names no identity.
        ("{verb: get}", true, true),
    ] {
        let body = format!("rules: any\nnormal: {selection}\ncondition: not normal");
        let set = three(&filter("ci", &body));
        let suppresses = |json: String| scan(&mut set.scanner(), json.as_bytes()).is_empty();
        assert_eq!(suppresses(by("ci", acting)), impersonated, "{selection}");
        assert_eq!(suppresses(by("ci", "")), plain, "{selection}");
    }
}

#[test]
fn the_first_filter_that_takes_a_hit_counts_it() {
    let body =
        |user| format!("rules: [one]\nnormal: {{user.username: {user}}}\ncondition: not normal");
    let set = three(
        &[
            filter("first", &body("'c*'")),
            filter("second", &body("'*i'")),
        ]
        .concat(),
    );
    let mut scanner = set.scanner();
    for user in ["ci", "cd", "hi", "eve"] {
        scan(&mut scanner, by(user, "").as_bytes());
    }
    assert_eq!(counts(&scanner), [("first", 2), ("second", 1)]);
    // A scanner counts what it saw, and not what another did.
    assert_eq!(counts(&set.scanner()), [("first", 0), ("second", 0)]);
}

#[test]
fn a_filter_on_members_speaks_of_every_one() {
    let body = "rules: any\nnormal:\n  containers[all]: {image.registry: registry.k8s.io}\ncondition: not normal";
    let set = three(&filter("known", body));
    let pod = |images: &[&str]| {
        let containers: Vec<_> = images
            .iter()
            .map(|image| format!(r#"{{"image":"{image}"}}"#))
            .collect();
        event(&format!(
            r#""verb":"create","objectRef":{{"resource":"pods"}},"requestObject":{{"spec":{{"containers":[{}]}}}}"#,
            containers.join(",")
        ))
    };
    let n = |images: &[&str]| scan(&mut set.scanner(), pod(images).as_bytes()).len();
    assert_eq!(n(&["registry.k8s.io/pause:3"]), 0);
    assert_eq!(n(&["registry.k8s.io/pause:3", "evil.example/x"]), 3);
    assert_eq!(n(&[]), 3);
}

#[test]
fn doubt_takes_no_hit_away() {
    let body = "rules: any\nnormal: {object.metadata.name: known}\ncondition: not normal";
    let set = three(&filter("known", body));
    let n = |names: &str| {
        let json = event(&format!(
            r#""verb":"create","requestObject":{{"metadata":{{{names}}}}}"#
        ));
        scan(&mut set.scanner(), json.as_bytes()).len()
    };
    assert_eq!(n(r#""name":"known""#), 0);
    assert_eq!(n(r#""name":"known","name":"KNOWN""#), 0);
    assert_eq!(n(r#""name":"known","name":"evil""#), 3);
    assert_eq!(n(r#""name":"evil","name":"known""#), 3);
}

#[test]
fn overrides_turn_rules_and_filters_off() {
    let rules = [
        tagged("one", KNOWN, "attack.execution"),
        tagged(
            "two",
            "22222222-2222-4222-8222-222222222222",
            "attack.impact",
        ),
        filter(
            "alice",
            "rules: any\nnormal: {user.username: alice}\ncondition: not normal",
        ),
    ]
    .concat();
    let overrides = "override: {rules: [two, alice], enabled: false}\n";
    let (set, report) = RuleSet::builder()
        .text("rules.yaml", rules)
        .text("mine.yaml", overrides)
        .load();
    assert!(report.diagnostics().is_empty(), "{}", report.render(false));
    let reason = "turned off by the override at mine.yaml:1";
    let filtered: Vec<_> = report
        .documents()
        .iter()
        .filter(|document| document.status() == DocumentStatus::Filtered)
        .map(|document| (document.kind(), document.name(), document.reason()))
        .collect();
    assert_eq!(
        filtered,
        [
            (DocumentKind::Rule, Some("two"), Some(reason)),
            (DocumentKind::Filter, Some("alice"), Some(reason)),
        ]
    );
    let mut scanner = set.scanner();
    assert_eq!(scan(&mut scanner, by("alice", "").as_bytes()), ["one"]);
    assert_eq!(counts(&scanner), []);
}
