//! What the lint `no-such-request` says is true of requests: a rule of which it says that Kubernetes serves no request for
//! it matches none of those that Kubernetes serves. The requests are written down here, from its reference of the API.

use std::fmt::Write;

use detect::{Event, Limits, RuleSet};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::property::config;
use crate::support::{Told, event, rule};

const ALL: &str = "create get list watch update patch delete deletecollection";
const STATUS: (&str, &str) = ("status", "get update patch");
const SCALE: (&str, &str) = ("scale", "get update patch");

/// A resource: its group, its name, whether it lies in namespaces, its verbs, and its subresources with theirs.
type Resource = (
    &'static str,
    &'static str,
    bool,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const RESOURCES: &[Resource] = &[
    (
        "",
        "pods",
        true,
        ALL,
        &[
            STATUS,
            ("exec", "create get"),
            ("attach", "create get"),
            ("portforward", "create get"),
            ("log", "get"),
            ("proxy", "create get update patch delete"),
            ("eviction", "create"),
            ("binding", "create"),
            ("ephemeralcontainers", "get update patch"),
        ],
    ),
    ("", "secrets", true, ALL, &[]),
    ("", "configmaps", true, ALL, &[]),
    ("", "serviceaccounts", true, ALL, &[("token", "create")]),
    (
        "",
        "services",
        true,
        ALL,
        &[STATUS, ("proxy", "create get update patch delete")],
    ),
    (
        "",
        "nodes",
        false,
        ALL,
        &[STATUS, ("proxy", "create get update patch delete")],
    ),
    (
        "",
        "namespaces",
        false,
        "create get list watch update patch delete",
        &[STATUS, ("finalize", "update")],
    ),
    ("", "persistentvolumes", false, ALL, &[STATUS]),
    ("", "persistentvolumeclaims", true, ALL, &[STATUS]),
    ("", "events", true, ALL, &[]),
    ("", "replicationcontrollers", true, ALL, &[STATUS, SCALE]),
    ("events.k8s.io", "events", true, ALL, &[]),
    ("apps", "deployments", true, ALL, &[STATUS, SCALE]),
    ("apps", "daemonsets", true, ALL, &[STATUS]),
    ("apps", "statefulsets", true, ALL, &[STATUS, SCALE]),
    ("apps", "replicasets", true, ALL, &[STATUS, SCALE]),
    ("batch", "jobs", true, ALL, &[STATUS]),
    ("batch", "cronjobs", true, ALL, &[STATUS]),
    ("rbac.authorization.k8s.io", "roles", true, ALL, &[]),
    ("rbac.authorization.k8s.io", "rolebindings", true, ALL, &[]),
    ("rbac.authorization.k8s.io", "clusterroles", false, ALL, &[]),
    (
        "rbac.authorization.k8s.io",
        "clusterrolebindings",
        false,
        ALL,
        &[],
    ),
    (
        "certificates.k8s.io",
        "certificatesigningrequests",
        false,
        ALL,
        &[STATUS, ("approval", "get update patch")],
    ),
    (
        "authorization.k8s.io",
        "subjectaccessreviews",
        false,
        "create",
        &[],
    ),
    (
        "authorization.k8s.io",
        "selfsubjectaccessreviews",
        false,
        "create",
        &[],
    ),
    (
        "authorization.k8s.io",
        "localsubjectaccessreviews",
        true,
        "create",
        &[],
    ),
    (
        "authentication.k8s.io",
        "tokenreviews",
        false,
        "create",
        &[],
    ),
    ("coordination.k8s.io", "leases", true, ALL, &[]),
    ("networking.k8s.io", "ingresses", true, ALL, &[STATUS]),
    ("networking.k8s.io", "networkpolicies", true, ALL, &[]),
    ("policy", "poddisruptionbudgets", true, ALL, &[STATUS]),
    (
        "admissionregistration.k8s.io",
        "validatingwebhookconfigurations",
        false,
        ALL,
        &[],
    ),
    // Resources of one's own: another one called as one of Kubernetes, too.
    ("example.com", "widgets", true, ALL, &[STATUS, SCALE]),
    ("longhorn.io", "nodes", true, ALL, &[STATUS]),
];

/// Every request, answered with success.
fn requests() -> Vec<String> {
    let mut all = Vec::new();
    for (group, resource, namespaced, verbs, subresources) in RESOURCES {
        let whole = ("", *verbs);
        for (subresource, verbs) in std::iter::once(&whole).chain(*subresources) {
            for verb in verbs.split(' ') {
                let is_many = matches!(verb, "list" | "watch" | "deletecollection");
                let mut parts = vec![format!(r#""resource":"{resource}","apiVersion":"v1""#)];
                for (key, value) in [("apiGroup", group), ("subresource", subresource)] {
                    if !value.is_empty() {
                        parts.push(format!(r#""{key}":"{value}""#));
                    }
                }
                if !is_many {
                    parts.push(r#""name":"shop""#.to_owned());
                }
                let plain = parts.join(",");
                let within = format!(r#"{plain},"namespace":"shop""#);
                let mut references = Vec::new();
                // Lists of all namespaces have none; a namespace is said to lie in itself.
                if !namespaced || is_many && verb != "deletecollection" {
                    references.push(&plain);
                }
                if *namespaced || *resource == "namespaces" && !is_many {
                    references.push(&within);
                }
                // An apply creates what is not there.
                let codes: &[u16] = if verb == "patch" { &[200, 201] } else { &[200] };
                for (reference, code) in references
                    .iter()
                    .flat_map(|reference| codes.iter().map(move |code| (reference, code)))
                {
                    all.push(event(&format!(
                        r#""level":"Metadata","verb":"{verb}","user":{{"username":"dana"}},"objectRef":{{{reference}}},"responseStatus":{{"code":{code}}}"#
                    )));
                }
            }
        }
    }
    all
}

/// What may be asked of each field.
fn values(field: &str) -> Vec<String> {
    let mut values: Vec<&str> = match field {
        "resource" => RESOURCES.iter().map(|(_, name, ..)| *name).collect(),
        "apiGroup" => RESOURCES.iter().map(|(group, ..)| *group).collect(),
        "subresource" => {
            let of = RESOURCES.iter().flat_map(|(.., of)| *of);
            of.map(|(name, _)| *name).chain(["null"]).collect()
        }
        "operation" => vec![
            "create", "update", "patch", "delete", "get", "list", "watch",
        ],
        "namespace" => vec!["shop", "null", "'*'"],
        _ => ALL.split(' ').collect(),
    };
    values.sort_unstable();
    values.dedup();
    let quoted = |value: &str| match value {
        "" => "''".to_owned(),
        value => value.to_owned(),
    };
    values.into_iter().map(quoted).collect()
}

const FIELDS: [&str; 6] = [
    "resource",
    "subresource",
    "verb",
    "apiGroup",
    "namespace",
    "operation",
];

/// Whether a request is for a custom resource that has the name of one of Kubernetes and lies in namespaces where that one
/// does not. Who means it asks for its group, as the help says; a rule that does not is told of the one of Kubernetes.
fn is_namesake(json: &str, rule: &str) -> bool {
    json.contains(r#""apiGroup":"longhorn.io""#)
        && rule.contains("  namespace:")
        && !rule.contains("  apiGroup:")
}

#[test]
fn a_request_that_is_not_served_is_none_of_those_that_are() {
    let requests = requests();
    let decoded: Vec<Event<'_>> = requests
        .iter()
        .map(|json| Event::decode(json.as_bytes(), &Limits::default()).unwrap())
        .collect();
    assert!(decoded.len() > 300, "{}", decoded.len());
    let values = FIELDS.map(values);
    let mut runner = TestRunner::new(config(1_500));
    let (told, hits) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    // Of each field: whether it is asked, for one or two values, and in which of two selections.
    let field = (any::<u8>(), vec(any::<u16>(), 1..=2), any::<bool>());
    let run = runner.run(&vec(field, FIELDS.len()), |asked| {
        let mut selections = [String::new(), String::new()];
        for ((name, known), (odds, picks, first)) in FIELDS.iter().zip(&values).zip(&asked) {
            // The resource is asked for nearly always: without it little can be told.
            if *odds < if *name == "resource" { 230 } else { 90 } {
                let picked = picks
                    .iter()
                    .map(|pick| known[usize::from(*pick) % known.len()].as_str());
                let picked: Vec<&str> = picked.collect();
                let selection = &mut selections[usize::from(!first)];
                writeln!(selection, "  {name}: [{}]", picked.join(", ")).unwrap();
            }
        }
        let mut detection = String::new();
        let mut condition = Vec::new();
        for (name, selection) in ["a", "b"].iter().zip(&selections) {
            if !selection.is_empty() {
                write!(detection, "{name}:\n{selection}").unwrap();
                condition.push(*name);
            }
        }
        if condition.is_empty() {
            return Ok(());
        }
        let text = rule(
            "sought",
            &format!("{detection}condition: {}", condition.join(" and ")),
        );
        let (set, report) = RuleSet::builder().text("rule.yaml", text.as_str()).load();
        prop_assert!(!report.has_errors(), "{}", report.render(false));
        let is_told = report
            .diagnostics()
            .iter()
            .any(|found| found.code() == "no-such-request");
        told.set(told.get() + u32::from(is_told));
        let mut scanner = set.scanner();
        for (event, json) in decoded.iter().zip(&requests) {
            if scanner.scan(event).next().is_some() {
                hits.set(hits.get() + 1);
                prop_assert!(
                    !is_told || is_namesake(json, &text),
                    "{}\n{json}\n{text}",
                    report.render(false)
                );
            }
        }
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    // What is never told, and what never matches, proves nothing.
    assert!(told.get() > 100 && hits.get() > 100, "{told:?} {hits:?}");
}

#[test]
fn every_pair_that_is_told_is_served_by_no_request() {
    let mut rules = Vec::new();
    let mut add = |parts: &[(&str, &str)]| {
        let parts = parts
            .iter()
            .map(|(field, value)| format!("  {field}: {value}\n"));
        let parts: Vec<String> = parts.collect();
        let detection = format!("a:\n{}condition: a", parts.concat());
        rules.push(rule(&format!("rule-{}", rules.len()), &detection));
    };
    let values = FIELDS.map(values);
    for (at, (field, values_of)) in FIELDS.iter().zip(&values).enumerate() {
        for (other, values_of_other) in FIELDS.iter().zip(&values).skip(at + 1) {
            for value in values_of {
                for value_of_other in values_of_other {
                    add(&[(field, value), (other, value_of_other)]);
                }
            }
        }
    }
    // And what a resource or subresource is asked, in and out of namespaces.
    for resource in &values[0] {
        for verb in &values[2] {
            for namespace in &values[4] {
                add(&[
                    ("resource", resource),
                    ("verb", verb),
                    ("namespace", namespace),
                ]);
            }
        }
    }
    let told = Told::of(&rules, 500, "no-such-request");
    let n_told = told.count();
    assert!(n_told > 300, "{n_told} of {}", rules.len());
    let mut scanner = told.rules.scanner();
    let mut wrong = Vec::new();
    for json in requests() {
        let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
        for hit in scanner.scan(&event) {
            let rule = hit.rule().as_rule().unwrap();
            let text = told.text(rule);
            if told.is(rule) && !is_namesake(&json, text) {
                wrong.push(format!("{text}\n{json}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are served\n{}", wrong.len(), wrong[0]);
}
