//! Filters take hits away, count them, and take no more than they say.

use detect::{DocumentKind, DocumentStatus, Event, Limits, RuleSet, Scanner};

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
    let uses = scanner.filters();
    uses.map(|found| (found.filter.name(), found.suppressed))
        .collect()
}

/// What filters that have expired would have taken.
fn expired(scanner: &Scanner) -> Vec<(&str, u64)> {
    let uses = scanner.filters();
    uses.map(|found| (found.filter.name(), found.expired))
        .collect()
}

fn with_key(filter: &str, key: &str) -> String {
    filter.replace("filter:\n", &format!("{key}\nfilter:\n"))
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

#[test]
fn a_suppressed_hit_can_be_looked_at() {
    let body = |user| {
        format!("rules: [one, two]\nnormal: {{user.username: {user}}}\ncondition: not normal")
    };
    let set = three(
        &[
            filter("first", &body("ci")),
            filter("second", &body("'c*'")),
        ]
        .concat(),
    );
    let json = by("ci", r#","objectRef":{"resource":"pods","name":"web"}"#);
    let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
    let mut scanner = set.scanner().with_suppressed_hits();
    let hits: Vec<_> = scanner
        .scan(&event)
        .map(|hit| hit.rule().name().to_owned())
        .collect();
    assert_eq!(hits, ["three"]);
    let suppressed: Vec<_> = scanner
        .suppressed_hits()
        .map(|found| {
            let hit = found.hit();
            assert_eq!(hit.name(), Some("web"));
            assert_eq!(hit.matched().collect::<Vec<_>>(), ["selection"]);
            (hit.rule().name(), found.filter().name(), hit.message())
        })
        .collect();
    assert_eq!(
        suppressed,
        [("one", "first", "one"), ("two", "first", "two")]
    );
    // The next event has its own, and hits are kept on demand only.
    scan(&mut scanner, by("eve", "").as_bytes());
    assert_eq!(scanner.suppressed_hits().count(), 0);
    let mut scanner = set.scanner();
    scan(&mut scanner, json.as_bytes());
    assert_eq!(scanner.suppressed_hits().count(), 0);
    assert_eq!(counts(&scanner), [("first", 2), ("second", 0)]);
}

#[test]
fn a_filter_expires_with_the_time_of_the_event() {
    let body = "rules: [one]\nnormal: {user.username: ci}\ncondition: not normal";
    let set = three(&with_key(&filter("ci", body), "expires: 2026-06-30"));
    for (times, suppressed, expired_hits) in [
        (r#""stageTimestamp":"2026-06-30T23:59:59.999999Z""#, 1, 0),
        (r#""stageTimestamp":"2026-07-01T00:00:00.000000Z""#, 0, 1),
        // The day is that of UTC.
        (r#""stageTimestamp":"2026-07-01T01:00:00+02:00""#, 1, 0),
        (r#""stageTimestamp":"2026-06-30T23:30:00-01:00""#, 0, 1),
        // The stage counts before the receipt, and the receipt where there is no stage.
        (
            r#""requestReceivedTimestamp":"2026-06-30T23:59:59Z","stageTimestamp":"2026-07-01T00:00:00Z""#,
            0,
            1,
        ),
        (r#""requestReceivedTimestamp":"2026-06-30T23:59:59Z""#, 1, 0),
        (r#""requestReceivedTimestamp":"2026-07-01T00:00:00Z""#, 0, 1),
        // Without a time nothing vouches for the filter, and nothing says that it has expired.
        (r#""auditID":"1""#, 0, 0),
        (r#""stageTimestamp":"yesterday""#, 0, 0),
        (r#""stageTimestamp":"0001-01-01T00:00:00Z""#, 0, 0),
        // Doubt takes no hit away.
        (
            r#""stageTimestamp":"2026-07-01T00:00:00Z","stageTimestamp":"2026-06-30T00:00:00Z""#,
            0,
            1,
        ),
        (
            r#""stageTimestamp":"2026-06-30T00:00:00Z","stageTimestamp":"2026-07-01T00:00:00Z""#,
            0,
            1,
        ),
        (
            r#""stageTimestamp":"soon","stageTimestamp":"2026-06-30T00:00:00Z""#,
            0,
            0,
        ),
    ] {
        let mut scanner = set.scanner();
        let hits = scan(&mut scanner, by("ci", &format!(",{times}")).as_bytes());
        assert_eq!(hits.len(), 3 - suppressed, "{times}");
        assert_eq!(counts(&scanner), [("ci", suppressed as u64)], "{times}");
        assert_eq!(expired(&scanner), [("ci", expired_hits)], "{times}");
    }
}

#[test]
fn an_expired_filter_counts_only_what_no_other_takes() {
    let body = "rules: [one, two]\nnormal: {user.username: ci}\ncondition: not normal";
    let other = "rules: [two]\nnormal: {user.username: 'c*'}\ncondition: not normal";
    let set = three(
        &[
            with_key(&filter("old", body), "expires: 2020-01-01"),
            with_key(&filter("older", body), "expires: 2019-01-01"),
            filter("other", other),
        ]
        .concat(),
    );
    let mut scanner = set.scanner();
    let json = by("ci", r#","stageTimestamp":"2026-01-01T00:00:00Z""#);
    assert_eq!(scan(&mut scanner, json.as_bytes()), ["one", "three"]);
    assert_eq!(counts(&scanner), [("old", 0), ("older", 0), ("other", 1)]);
    assert_eq!(expired(&scanner), [("old", 1), ("older", 0), ("other", 0)]);
}

#[test]
fn expiries_are_told_as_of_a_day() {
    let body = "rules: any\nnormal: {user.username: ci}\ncondition: not normal";
    let rules = |days: &[&str]| {
        let filters = days.iter().enumerate().map(|(at, day)| {
            with_key(&filter(&format!("f{at}"), body), &format!("expires: {day}"))
        });
        rule("reads", "selection: {verb: get}\ncondition: selection") + &filters.collect::<String>()
    };
    let days = [
        "2026-11-24",
        "2026-11-25",
        "2026-11-26",
        "2026-12-25",
        "2026-12-26",
    ];
    let builder = || RuleSet::builder().text("filters.yaml", rules(&days));
    let (_, report) = builder().today("2026-11-25".parse().unwrap()).load();
    let told: Vec<_> = report.expiries().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "filter `f0` expired on 2026-11-24",
            "filter `f1` expires today",
            "filter `f2` expires tomorrow",
            "filter `f3` expires on 2026-12-25, in 30 days",
        ]
    );
    assert!(builder().load().1.expiries().is_empty());
}

#[test]
fn a_credential_is_an_identity_too() {
    let acting = r#","impersonatedUser":{"username":"system:admin"}"#;
    let extra = r#","user":{"username":"ci","extra":{"authentication.kubernetes.io/credential-id":["X509SHA256=1"],"authentication.kubernetes.io/pod-name":["p"],"authentication.kubernetes.io/node-name":["n"]}}"#;
    for field in ["credential.id", "credential.pod", "credential.node"] {
        let body = format!("rules: any\nnormal: {{{field}: '*'}}\ncondition: not normal");
        let set = three(&filter("ci", &body));
        let n = |more: &str| {
            let json = event(&format!(r#""verb":"get"{extra}{more}"#));
            scan(&mut set.scanner(), json.as_bytes()).len()
        };
        assert_eq!((n(""), n(acting)), (0, 3), "{field}");
    }
}

#[test]
fn a_list_of_tuples_says_what_every_member_is() {
    let body = "
rules: any
normal:
  - user.username: ci
    namespace: kube-system
    containers[all]:
      condition: known or not priv
      priv: {securityContext.privileged: true}
      known: {image.registry: registry.k8s.io, image.repository: kube-proxy}
condition: not normal";
    let set = three(&filter("proxy", body));
    let n = |containers: &str| {
        let json = event(&format!(
            r#""verb":"create","user":{{"username":"ci"}},"objectRef":{{"resource":"pods","namespace":"kube-system"}},"requestObject":{{"spec":{{"containers":[{containers}]}}}}"#
        ));
        scan(&mut set.scanner(), json.as_bytes()).len()
    };
    let known = r#"{"image":"registry.k8s.io/kube-proxy:1","securityContext":{"privileged":true}}"#;
    let plain = r#"{"image":"evil.example/x"}"#;
    let privileged = r#"{"image":"evil.example/x","securityContext":{"privileged":true}}"#;
    assert_eq!(n(known), 0);
    assert_eq!(n(&format!("{known},{plain}")), 0);
    assert_eq!(n(&format!("{known},{privileged}")), 3);
}
