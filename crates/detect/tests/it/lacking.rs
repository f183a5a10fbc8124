//! A correlation is refused for a field that no event has which a rule finds. That is true of events: none of many that
//! such a rule finds makes a group by that field, whoever may have written them.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use detect::{Event, Limits, Reader, RuleSet};
use proptest::collection::vec;
use proptest::test_runner::TestRunner;

use crate::generate::{self, Choices, yaml};
use crate::property::{choices, config};
use crate::reference::{Json, Readings};
use crate::support::{event, rule};

/// What is grouped by.
const FIELDS: &[&str] = &[
    "verb",
    "operation",
    "resource",
    "objectRef.resource",
    "subresource",
    "apiGroup",
    "namespace",
    "objectRef.namespace",
    "name",
    "ref",
    "stage",
    "level",
    "status",
    "outcome",
    "decision",
    "user.username",
    "user.groups",
    "user.id",
    "impersonatedUser.username",
    "actor.username",
    "actor.kind",
    "serviceAccount.name",
    "node.name",
    "credential.id",
    "client.ip",
    "client.net",
    "uri.path",
    "uri.query.command",
    "exec.command",
    "exec.program",
    "exec.tty",
    "requestObject.kind",
    "responseObject.kind",
    "object.metadata.name",
    "patch.spec.nodeName",
    "podSpec.nodeName",
    "containers.image",
    "containers.image.registry",
    "volumes.name",
    "hostPaths",
    "rbac.rules.verbs",
    "rbac.subjects.name",
    "rbac.roleRef.name",
    "csr.signerName",
    "csr.usages",
];

/// Most fields that one correlation groups by.
const GROUPS: usize = 16;

/// Correlations that group the hits of a rule by every field.
fn grouped(name: &str) -> String {
    let mut out = String::new();
    for fields in FIELDS.chunks(GROUPS) {
        writeln!(
            out,
            "title: t\ncorrelation: {{type: event_count, rules: [{name}], group-by: [{}], timespan: 1m, condition: {{gte: 2}}}}\ngenerate: true\n---",
            fields.join(", ")
        )
        .unwrap();
    }
    out
}

/// Rules, and for which fields correlations of each are refused.
struct Refused {
    rules: RuleSet,
    by_rule: BTreeMap<String, BTreeSet<String>>,
}

impl Refused {
    /// Compiles rules in files of which none has more to tell than is shown.
    fn of(rules: &[(String, String)]) -> Self {
        let files = rules.chunks(2).enumerate();
        let builder = files.fold(RuleSet::builder(), |builder, (at, rules)| {
            let texts = rules
                .iter()
                .map(|(name, text)| format!("{text}{}", grouped(name)));
            builder.text(format!("{at}.yaml"), texts.collect::<String>())
        });
        let (rules, report) = builder.load();
        let mut by_rule: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for found in report.diagnostics() {
            if found.code() != "unknown-group" {
                let is_warning = found.severity() == detect::Severity::Warning;
                assert!(is_warning, "{}", report.render(false));
                continue;
            }
            let mut names = found.message().split('`');
            let (rule, field) = (names.nth(1).unwrap(), names.nth(1).unwrap());
            let fields = by_rule.entry(rule.to_owned()).or_default();
            fields.insert(field.to_owned());
        }
        Self { rules, by_rule }
    }

    fn count(&self) -> usize {
        self.by_rule.values().map(BTreeSet::len).sum()
    }

    /// Fields that an event groups by, though it is found by a rule that they are refused for; nothing of an event that
    /// no rule finds for which some are.
    fn wrong(&self, json: &[u8], groups: &Groups) -> Option<Vec<String>> {
        let event = Event::decode(json, &Limits::default()).unwrap();
        let mut scanner = self.rules.scanner();
        let hits = scanner.scan(&event);
        let refused: Vec<_> = hits
            .filter_map(|hit| self.by_rule.get_key_value(hit.rule().name()))
            .collect();
        if refused.is_empty() {
            return None;
        }
        let has = groups.of(json);
        let all = refused.into_iter().flat_map(|(rule, fields)| {
            let wrong = fields.intersection(&has);
            wrong.map(move |field| format!("{rule} finds {field}"))
        });
        Some(all.collect())
    }
}

/// Tells by which fields an event is grouped: a correlation for each, which the first event of a group sets off.
struct Groups {
    rules: RuleSet,
}

impl Groups {
    fn new() -> Self {
        let mut text = rule(
            "all",
            "s: {auditID: '1'}\nt: {stage: '*'}\ncondition: s or t",
        );
        for field in FIELDS {
            writeln!(
                text,
                "title: {field}\nname: {field}\ncorrelation: {{type: event_count, rules: [all], group-by: [{field}], timespan: 1m, condition: {{gte: 1}}}}\n---"
            )
            .unwrap();
        }
        let (rules, report) = RuleSet::builder().text("all.yaml", text).load();
        assert!(!report.has_errors(), "{}", report.render(false));
        Self { rules }
    }

    fn of(&self, json: &[u8]) -> BTreeSet<String> {
        // Events have no time as they are generated.
        let json = String::from_utf8_lossy(json).replacen(
            '{',
            r#"{"stageTimestamp":"2026-03-14T02:11:04.000000Z","#,
            1,
        );
        let mut detector = self.rules.detector();
        let mut reader = Reader::new(json.as_bytes());
        while let Some(record) = reader.next().unwrap() {
            assert_eq!(detector.process(&record).count(), 0);
        }
        let hits = detector.finish();
        hits.map(|hit| hit.rule().name().to_owned()).collect()
    }
}

/// Tests, of which rules join two.
const TESTS: &[&str] = &[
    "verb: get",
    "verb: [create, patch]",
    "verb: [delete, CREATE]",
    "verb|neq: [create, update, patch]",
    "operation: create",
    "operation: delete",
    "resource: pods",
    "resource: secrets",
    "resource: deployments",
    "resource: [clusterrolebindings, roles]",
    "resource: certificatesigningrequests",
    "resource|startswith: p",
    "resource: null",
    "apiGroup: null",
    "apiGroup: apps",
    "apiGroup: [example.com, Example.K8s.io]",
    "subresource: exec",
    "subresource: [ephemeralcontainers, status]",
    "subresource: null",
    "namespace: null",
    "namespace|exists: true",
    "objectRef.namespace: null",
    "objectRef.namespace: ''",
    "name: null",
    "stage: RequestReceived",
    "stage|neq: [RequestReceived, ResponseStarted, ResponseComplete, Panic]",
    "level: Metadata",
    "status: 403",
    "status: null",
    "outcome: success",
    "outcome|neq: [success, denied, failure]",
    "decision|neq: [allow, forbid]",
    "user.username: dana",
    "user.username|startswith: 'system:node:'",
    "actor.kind: serviceaccount",
    "actor.kind|neq: [user, serviceaccount, node, system, anonymous]",
    "user.groups: null",
    "user.groups|neq: '*'",
    "impersonatedUser: null",
    "impersonatedUser.username|exists: true",
    "sourceIPs: null",
    "client.ip: 10.0.0.7",
    "requestURI: /api",
    "requestObject: null",
    "responseObject: null",
    "object: null",
    "object|exists: true",
    "podSpec: null",
    "containers: null",
    "containers|exists: true",
    "rbac.roleRef.name: null",
    "exec.tty|neq: [true, false]",
];

/// Bodies that have something for every kind, and odd ones.
const BODIES: &[&str] = &[
    "",
    r#"{"kind":"X","metadata":{"name":"n"},"template":{"spec":POD},"subjects":[{"kind":"User","name":"u"}],"roleRef":{"name":"r"},"rules":[{"verbs":["get"]}],"spec":{"nodeName":"n1","signerName":"s","usages":["u"],"containers":[{"name":"c","image":"nginx"}],"ephemeralContainers":[{"name":"e","image":"nginx"}],"volumes":[{"name":"v","hostPath":{"path":"/etc"}}],"template":{"spec":POD},"jobTemplate":{"spec":{"template":{"spec":POD}}}}}"#,
    "null",
    r#"[{"op":"add","path":"/spec/nodeName","value":"n1"},{"op":"add","path":"/spec/containers/-","value":{"image":"nginx"}}]"#,
    r#""text""#,
];
const POD: &str = r#"{"nodeName":"n1","containers":[{"name":"c","image":"nginx"}],"volumes":[{"name":"v","hostPath":{"path":"/etc"}}]}"#;

const REFERENCES: &[&str] = &[
    "",
    "{}",
    r#"{"resource":"pods","namespace":"shop","name":"web"}"#,
    r#"{"resource":"pods","namespace":"","subresource":""}"#,
    r#"{"resource":"pods","namespace":"shop","name":"web","subresource":"exec"}"#,
    r#"{"resource":"pods","subresource":"ephemeralcontainers"}"#,
    r#"{"resource":"PODS","subresource":"exec"}"#,
    r#"{"resource":"secrets","name":"web"}"#,
    r#"{"resource":"secrets","apiGroup":"example.com"}"#,
    r#"{"resource":"secrets","apiGroup":"EXAMPLE.K8s.io","namespace":"shop"}"#,
    r#"{"resource":"deployments","apiGroup":"apps"}"#,
    r#"{"resource":"Deployments","apiGroup":"Apps"}"#,
    r#"{"resource":"things","apiGroup":"apps"}"#,
    r#"{"resource":"podtemplates"}"#,
    r#"{"resource":"clusterrolebindings","apiGroup":"rbac.authorization.k8s.io"}"#,
    r#"{"resource":"roles"}"#,
    r#"{"resource":"certificatesigningrequests","subresource":"approval"}"#,
    // Nobody writes a part of no resource.
    r#"{"namespace":"shop","subresource":"exec","apiGroup":"apps","name":"web"}"#,
];

const USERS: &[&str] = &[
    "",
    r#""user":{}"#,
    r#""user":{"username":"dana","groups":[]}"#,
    r#""user":{"username":"dana","groups":["devs"],"extra":{"authentication.kubernetes.io/credential-id":["x"]}}"#,
    r#""user":{"username":"system:node:n1"},"sourceIPs":["10.0.0.7"]"#,
    r#""user":{"username":"system:serviceaccount:shop:web"},"sourceIPs":[]"#,
    r#""user":{"username":"dana"},"impersonatedUser":{"username":"system:node:n1"}"#,
    r#""user":{"username":"system:serviceaccount:shop:web","groups":["system:unauthenticated"]},"impersonatedUser":{}"#,
];

const ANSWERS: &[&str] = &[
    r#""stage":"ResponseComplete""#,
    r#""stage":"ResponseComplete","level":"RequestResponse","responseStatus":{"code":200},"annotations":{"authorization.k8s.io/decision":"allow"}"#,
    r#""stage":"ResponseComplete","level":"Metadata","responseStatus":{"code":403},"annotations":{"authorization.k8s.io/decision":"perhaps"}"#,
    r#""stage":"RequestReceived","level":"Metadata","responseStatus":{"code":201}"#,
    r#""stage":"Later","level":"None","responseStatus":{"status":"Failure"},"annotations":{}"#,
];

/// Events of every request with every body; the rest changes from one to the next.
fn events() -> Vec<String> {
    let mut all = Vec::new();
    let verbs = ["get", "create", "patch", "update", "delete", "CREATE", ""];
    for verb in verbs {
        for reference in REFERENCES {
            for request in BODIES {
                for response in &BODIES[..3] {
                    let at = all.len();
                    let pick = |from: &[&'static str], by: usize| from[at / by % from.len()];
                    let mut parts = vec![pick(USERS, 1).to_owned(), pick(ANSWERS, 3).to_owned()];
                    let query = ["", "?command=id&tty=true&dryRun=All"][at % 2];
                    parts.push(format!(r#""requestURI":"/api{query}""#));
                    for (key, value) in [
                        ("verb", format!("\"{verb}\"")),
                        ("objectRef", (*reference).to_owned()),
                        ("requestObject", request.replace("POD", POD)),
                        ("responseObject", response.replace("POD", POD)),
                    ] {
                        if !matches!(value.as_str(), "" | "\"\"") {
                            parts.push(format!("\"{key}\":{value}"));
                        }
                    }
                    parts.retain(|part| !part.is_empty());
                    all.push(event(&parts.join(",")).replacen(
                        r#""stage":"ResponseComplete","#,
                        "",
                        1,
                    ));
                }
            }
        }
    }
    all
}

#[test]
fn no_event_that_a_rule_finds_has_a_field_that_is_refused_for_it() {
    let mut rules = Vec::new();
    for (at, first) in TESTS.iter().enumerate() {
        for second in &TESTS[at + 1..] {
            let name = format!("rule-{}", rules.len());
            let detection = format!("s:\n  {first}\nt:\n  {second}\ncondition: s and t");
            rules.push((name.clone(), rule(&name, &detection)));
        }
    }
    let refused = Refused::of(&rules);
    let groups = Groups::new();
    let mut n_found = 0;
    for json in events() {
        let Some(wrong) = refused.wrong(json.as_bytes(), &groups) else {
            continue;
        };
        n_found += 1;
        assert!(wrong.is_empty(), "{wrong:?}\n{json}");
    }
    let n_refused = refused.count();
    assert!(n_refused > 5000, "{n_refused}");
    assert!(n_found > 1000, "{n_found}");
}

#[test]
fn generated_events_have_no_field_that_is_refused() {
    let mut runner = TestRunner::new(config(96));
    let groups = Groups::new();
    let n_found = Cell::new(0);
    let strategy = (vec(choices(60), 12), vec(choices(250), 24));
    let run = runner.run(&strategy, |(of_rules, of_events)| {
        let rules = of_rules.iter().enumerate().map(|(at, numbers)| {
            let name = format!("rule-{at}");
            let made = generate::rule(&mut Choices::new(numbers), name.clone());
            (name, format!("{}---\n", yaml(&made)))
        });
        let refused = Refused::of(&rules.collect::<Vec<_>>());
        for numbers in &of_events {
            let json = generate::event(&mut Choices::new(numbers));
            // Of a repeated key both what is asked and what is not may hold.
            let readings = Readings::of(&Json::parse(&json));
            if readings.is_none_or(|readings| readings.all.len() > 1) {
                continue;
            }
            if let Some(wrong) = refused.wrong(&json, &groups) {
                n_found.set(n_found.get() + 1);
                let json = String::from_utf8_lossy(&json);
                proptest::prop_assert!(wrong.is_empty(), "{:?}\n{}", wrong, json);
            }
        }
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    // What is never refused proves nothing.
    assert!(n_found.get() > 50, "{n_found:?}");
}
