//! What a rule says of an event that does not say all: never that it is clean.

use detect::{Event, Limits, RuleSet, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::generate::{Choices, event as generated, rule as generated_rule, yaml};
use crate::property::{choices, config};
use crate::support::{compile, event, rule};

/// The verdict of the only rule, with its reasons.
fn verdict(rules: &RuleSet, json: &str) -> (Verdict, Vec<String>) {
    let decoded = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
    let mut scanner = rules.scanner().with_verdicts();
    let n_hits = scanner.scan(&decoded).len();
    let verdict = scanner.verdicts().next().unwrap();
    assert_eq!(verdict.verdict() == Verdict::Matched, n_hits > 0);
    let reasons = verdict.reasons().iter().map(ToString::to_string);
    (verdict.verdict(), reasons.collect())
}

#[track_caller]
fn check(detection: &str, json: &str, expected: Verdict, reasons: &[&str]) {
    let rules = compile(&rule("r", detection));
    assert_eq!(
        verdict(&rules, json),
        (
            expected,
            reasons.iter().map(|text| (*text).to_owned()).collect()
        ),
        "{json}"
    );
}

fn write(verb: &str, resource: &str, level: &str, more: &str) -> String {
    let group = match resource {
        "deployments" => r#","apiGroup":"apps""#,
        "clusterrolebindings" => r#","apiGroup":"rbac.authorization.k8s.io""#,
        _ => "",
    };
    event(&format!(
        r#""level":"{level}","verb":"{verb}","objectRef":{{"resource":"{resource}","name":"n"{group}}}{more}"#
    ))
}

const PRIVILEGED: &str = "a:\n  operation: [create, update, patch]\n  containers[any]: {securityContext.privileged: true}\ncondition: a";
const ADMIN: &str =
    "a:\n  resource: clusterrolebindings\n  rbac.roleRef.name: cluster-admin\ncondition: a";

#[test]
fn a_body_that_is_not_logged() {
    use Verdict::{Matched, NotEvaluated, NotMatched};
    let not_logged = ["containers is not logged at level Metadata"];
    for verb in ["create", "update", "patch"] {
        let json = write(verb, "pods", "Metadata", "");
        check(PRIVILEGED, &json, NotEvaluated, &not_logged);
    }
    // What the event does say decides.
    check(
        PRIVILEGED,
        &write("get", "pods", "Metadata", ""),
        NotMatched,
        &[],
    );
    check(
        PRIVILEGED,
        &write("create", "secrets", "Metadata", ""),
        NotMatched,
        &[],
    );
    check(
        PRIVILEGED,
        &write("create", "pods", "Request", ""),
        NotMatched,
        &[],
    );
    let harmless = r#","requestObject":{"spec":{"containers":[{"image":"x"}]}}"#;
    check(
        PRIVILEGED,
        &write("create", "pods", "Request", harmless),
        NotMatched,
        &[],
    );
    let bad =
        r#","requestObject":{"spec":{"containers":[{"securityContext":{"privileged":true}}]}}"#;
    check(
        PRIVILEGED,
        &write("create", "pods", "Request", bad),
        Matched,
        &[],
    );
}

#[test]
fn a_body_that_was_cut_or_is_beyond_the_limits() {
    let truncated = r#","annotations":{"audit.k8s.io/truncated":"true"}"#;
    let skipped = r#","requestObject":"skipped-too-big-size-object""#;
    for more in [truncated, skipped] {
        check(
            PRIVILEGED,
            &write("create", "deployments", "RequestResponse", more),
            Verdict::NotEvaluated,
            &["containers was truncated"],
        );
    }
    let deep = format!(
        r#","requestObject":{{"a":{}{}}}"#,
        "[".repeat(10_001),
        "]".repeat(10_001)
    );
    let json = write("create", "pods", "RequestResponse", &deep);
    let beyond = ["containers is beyond the limits"];
    check(PRIVILEGED, &json, Verdict::NotEvaluated, &beyond);
    let keyword = "a: [xmrig]\ncondition: a";
    let beyond = ["requestObject is beyond the limits"];
    check(keyword, &json, Verdict::NotEvaluated, &beyond);
}

#[test]
fn what_a_patch_does_not_show() {
    use Verdict::{Matched, NotEvaluated, NotMatched};
    let subject = r#","requestObject":{"subjects":[{"kind":"User","name":"eve"}]}"#;
    let not_shown = ["rbac.roleRef is not all shown by the patch, and no response shows it"];
    let json = write("patch", "clusterrolebindings", "Request", subject);
    check(ADMIN, &json, NotEvaluated, &not_shown);
    let json = write("patch", "clusterrolebindings", "Metadata", "");
    let not_logged = ["rbac.roleRef is not logged at level Metadata"];
    check(ADMIN, &json, NotEvaluated, &not_logged);
    let label = r#","requestObject":{"metadata":{"labels":{"a":"b"}}}"#;
    let json = write("patch", "clusterrolebindings", "Request", label);
    check(ADMIN, &json, NotMatched, &[]);
    let shown = format!(r#"{subject},"responseObject":{{"roleRef":{{"name":"cluster-admin"}}}}"#);
    let json = write("patch", "clusterrolebindings", "RequestResponse", &shown);
    check(ADMIN, &json, Matched, &[]);
    let other = format!(r#"{subject},"responseObject":{{"roleRef":{{"name":"view"}}}}"#);
    let json = write("patch", "clusterrolebindings", "RequestResponse", &other);
    check(ADMIN, &json, NotMatched, &[]);
    // The containers that a patch names may not be all; that one is bad is certain.
    let one = r#","requestObject":{"spec":{"containers":[{"name":"a","securityContext":{"privileged":false}}]}}"#;
    let json = write("patch", "pods", "Request", one);
    let not_shown = ["containers is not all shown by the patch, and no response shows it"];
    check(PRIVILEGED, &json, NotEvaluated, &not_shown);
    let json = write("patch", "pods", "Request", &one.replace("false", "true"));
    check(PRIVILEGED, &json, Matched, &[]);
}

/// What a body holds where workloads keep their pods is a pod template when the kind has one, and the same kinds are not
/// judged when the body is not there.
#[test]
fn kinds_that_keep_pods_and_kinds_that_do_not() {
    use Verdict::{Matched, NotEvaluated, NotMatched};
    let body = r#","requestObject":{"spec":{"template":{"spec":{"containers":[{"securityContext":{"privileged":true}}]}}}}"#;
    for (keeps, resource, group) in [
        (true, "deployments", "apps"),
        (true, "replicationcontrollers", ""),
        (true, "jobs", "batch"),
        (true, "services", "serving.knative.dev"),
        (true, "jobsets", "jobset.x-k8s.io"),
        (true, "podsets", "apps"),
        (false, "controllerrevisions", "apps"),
        (false, "configmaps", ""),
        (false, "clusterrolebindings", "rbac.authorization.k8s.io"),
        (false, "poddisruptionbudgets", "policy"),
        (false, "pods", "metrics.k8s.io"),
    ] {
        for verb in ["create", "patch"] {
            let write = |level: &str, body: &str| {
                event(&format!(
                    r#""level":"{level}","verb":"{verb}","objectRef":{{"resource":"{resource}","apiGroup":"{group}"}}{body}"#
                ))
            };
            let (shown, hidden) = if keeps {
                (Matched, NotEvaluated)
            } else {
                (NotMatched, NotMatched)
            };
            check(PRIVILEGED, &write("Request", body), shown, &[]);
            let reasons: &[&str] = if keeps {
                &["containers is not logged at level Metadata"]
            } else {
                &[]
            };
            check(PRIVILEGED, &write("Metadata", ""), hidden, reasons);
        }
    }
}

/// The approval of a request for a certificate shows the request.
#[test]
fn approvals_without_their_body() {
    let rule = "a:\n  csr.signerName: kubernetes.io/kube-apiserver-client\ncondition: a";
    let approval = |level: &str, body: &str| {
        event(&format!(
            r#""level":"{level}","verb":"update","objectRef":{{"resource":"certificatesigningrequests","apiGroup":"certificates.k8s.io","subresource":"approval"}}{body}"#
        ))
    };
    let body = r#","requestObject":{"spec":{"signerName":"kubernetes.io/kube-apiserver-client"}}"#;
    check(rule, &approval("Request", body), Verdict::Matched, &[]);
    let reasons = ["csr.signerName is not logged at level Metadata"];
    check(
        rule,
        &approval("Metadata", ""),
        Verdict::NotEvaluated,
        &reasons,
    );
}

#[test]
fn what_a_provider_does_not_record() {
    let masters = "a:\n  verb: create\n  user.groups: 'system:masters'\ncondition: a";
    let others = "a:\n  verb: create\nb:\n  user.groups: 'system:masters'\ncondition: a and not b";
    let log = r#"{"insertId":"1","timestamp":"2026-01-02T03:04:05.1Z","resource":{"type":"k8s_cluster","labels":{}},"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"k8s.io","methodName":"io.k8s.core.v1.pods.create","resourceName":"core/v1/namespaces/x/pods/p","authenticationInfo":{"principalEmail":"dana"},"status":{}}}"#;
    let mut reader = detect::Reader::new(log.as_bytes());
    let Some(detect::Record::Event(record)) = reader.next().unwrap() else {
        panic!("no event")
    };
    for (detection, expected) in [
        (masters, Verdict::NotEvaluated),
        // A hit that rests on what is not recorded is a hit, and says so.
        (others, Verdict::Matched),
    ] {
        let rules = compile(&rule("r", detection));
        let mut scanner = rules.scanner().with_verdicts();
        scanner.scan(record.event());
        let verdict = scanner.verdicts().next().unwrap();
        assert_eq!(verdict.verdict(), expected);
        let reasons: Vec<_> = verdict.reasons().iter().map(ToString::to_string).collect();
        assert_eq!(reasons, ["user.groups is not recorded by gke"]);
    }
}

#[test]
fn filters_take_part() {
    let with = |filter: &str| {
        rule("r", "a:\n  resource: pods\ncondition: a")
            + "title: f\nname: f\nlogsource: {product: kubernetes, service: audit}\nsigma-version: 3\nfilter:\n  rules: any\n  ok: "
            + filter
            + "\n  condition: not ok\n"
    };
    let json = write("create", "pods", "Metadata", "");
    // The filter might take the hit away, if it saw the body; it does not, so the hit stays and says so.
    let rules = compile(&with("{podSpec.hostNetwork: false}"));
    assert_eq!(
        verdict(&rules, &json),
        (
            Verdict::Matched,
            vec!["podSpec is not logged at level Metadata".to_owned()]
        )
    );
    // It takes the hit away because of what it does not see.
    let rules = compile(&with("{podSpec.hostNetwork: null}"));
    assert_eq!(
        verdict(&rules, &json),
        (
            Verdict::NotEvaluated,
            vec!["podSpec is not logged at level Metadata".to_owned()]
        )
    );
}

#[test]
fn nothing_is_kept_that_was_not_asked_for() {
    let rules = compile(&rule("r", ADMIN));
    let json = write("create", "pods", "Metadata", "");
    let decoded = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
    let mut scanner = rules.scanner();
    scanner.scan(&decoded);
    assert_eq!(scanner.verdicts().count(), 0);
}

/// A rule that tests how the event was logged, or finds out by way of it.
fn sees_the_log(yaml: &str) -> bool {
    [
        "level",
        "annotations",
        "event.flags",
        "keyword",
        "outcome",
        "\n    - ",
    ]
    .iter()
    .any(|word| yaml.replace("\nlevel: high", "").contains(word))
}

#[test]
fn less_in_the_log_makes_nothing_clean() {
    let mut runner = TestRunner::new(config(512));
    let strategy = (vec(choices(90), 1..=3), vec(choices(250), 1..=3));
    let unevaluated = std::cell::Cell::new(0);
    let run = runner.run(&strategy, |(of_rules, of_events)| {
        let mut builder = RuleSet::builder();
        let mut text = String::new();
        for (at, numbers) in of_rules.iter().enumerate() {
            let yaml = yaml(&generated_rule(
                &mut Choices::new(numbers),
                format!("rule-{at}"),
            ));
            if !sees_the_log(&yaml) {
                builder = builder.text(format!("{at}.yaml"), yaml.as_str());
                text += &yaml;
            }
        }
        let (set, report) = builder.load();
        prop_assert!(!report.has_errors(), "{}\n{text}", report.render(false));
        let mut scanner = set.scanner().with_verdicts();
        for numbers in &of_events {
            let json = generated(&mut Choices::new(numbers));
            let shown = || format!("{}\n{text}", String::from_utf8_lossy(&json));
            let mut whole = Event::decode(&json, &Limits::default())
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            // Parts of the event are taken away by hand, which the other readings would not notice.
            if whole.readings().count() > 1 {
                continue;
            }
            // No server logs the body of a read, or of a request for no resource.
            let writes = matches!(
                whole.verb.as_deref(),
                Some("create" | "update" | "patch" | "delete" | "deletecollection")
            );
            if !writes || whole.object_ref.is_none() {
                whole.request_object = None;
                whole.response_object = whole
                    .response_object
                    .take()
                    .filter(|_| whole.object_ref.is_some());
            }
            whole.level = Some("RequestResponse".into());
            let mut cut = whole.clone();
            cut.level = Some("Metadata".into());
            cut.request_object = None;
            cut.response_object = None;
            let hits = |scanner: &mut detect::Scanner, event: &Event<'_>| -> Vec<bool> {
                let names: Vec<_> = scanner
                    .scan(event)
                    .map(|hit| hit.rule().name().to_owned())
                    .collect();
                set.rules()
                    .map(|rule| names.iter().any(|name| name == rule.name()))
                    .collect()
            };
            let of_whole = hits(&mut scanner, &whole);
            let of_cut = hits(&mut scanner, &cut);
            for ((verdict, whole), cut) in scanner.verdicts().zip(of_whole).zip(of_cut) {
                prop_assert_eq!(verdict.verdict() == Verdict::Matched, cut, "{}", shown());
                match verdict.verdict() {
                    Verdict::NotMatched => prop_assert!(!whole, "clean? {}", shown()),
                    Verdict::Matched if verdict.reasons().is_empty() => {
                        prop_assert!(whole, "certain? {}", shown());
                    }
                    Verdict::NotEvaluated => {
                        prop_assert!(!verdict.reasons().is_empty());
                        unevaluated.set(unevaluated.get() + 1);
                    }
                    Verdict::Matched => {}
                }
            }
        }
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    // What never happens proves little.
    assert!(unevaluated.get() > 20, "only {}", unevaluated.get());
}

#[test]
fn rules_that_are_there_for_correlations_are_judged_by_themselves() {
    let text = "
title: Secret read
name: read
logsource: {product: kubernetes, service: audit}
detection: {s: {resource: secrets, verb: get}, condition: s}
---
title: Many secrets read
correlation: {type: event_count, rules: [read], group-by: [user.username], timespan: 5m, condition: {gte: 9}}
---
title: Odd secret
name: odd
logsource: {product: kubernetes, service: audit}
detection: {s: {resource: secrets, verb: get, responseObject.type: odd}, condition: s}
";
    let rules = RuleSet::builder().text("rules.yaml", text).build().unwrap();
    let mut scanner = rules.scanner().with_verdicts();
    let line = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","stage":"ResponseComplete","verb":"get","objectRef":{"resource":"secrets"},"responseStatus":{"code":200}}"#;
    assert_eq!(scanner.scan_bytes(line.as_bytes()).unwrap().len(), 0);
    let verdicts: Vec<_> = scanner
        .verdicts()
        .map(|of| (of.rule().name(), of.verdict(), of.reasons().len()))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("read", Verdict::Matched, 0),
            ("odd", Verdict::NotEvaluated, 1)
        ]
    );
}
