//! Correlations over hits, as a detector tells them.

use detect::{Detection, Reader, RuleSet};

/// Rules `a`, `b` and `c`, each for one verb, in the file of the correlations.
pub(crate) const RULES: &str = "
title: A
name: a
logsource: {product: kubernetes, service: audit}
detection: {s: {verb: get}, condition: s}
---
title: B
name: b
logsource: {product: kubernetes, service: audit}
detection: {s: {verb: list}, condition: s}
---
title: C
name: c
logsource: {product: kubernetes, service: audit}
detection: {s: {verb: watch}, condition: s}
---
";

pub(crate) fn rules(correlations: &str) -> RuleSet {
    let built = RuleSet::builder()
        .text("rules.yaml", format!("{RULES}{correlations}"))
        .build();
    built.unwrap_or_else(|error| panic!("{error:?}"))
}

/// An event at a second after midnight.
pub(crate) fn event(second: u32, id: &str, verb: &str, user: &str, name: &str) -> String {
    let time = format!(
        "2026-03-14T{:02}:{:02}:{:02}.000000Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    );
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{id}","stage":"ResponseComplete","verb":"{verb}","requestURI":"/api/v1/namespaces/shop/pods/{name}","user":{{"username":"{user}"}},"objectRef":{{"resource":"pods","namespace":"shop","name":"{name}"}},"responseStatus":{{"code":200}},"requestReceivedTimestamp":"{time}","stageTimestamp":"{time}"}}"#
    )
}

/// What is told, in order, with that of the end.
pub(crate) fn told(rules: &RuleSet, lines: &[String]) -> Vec<Detection> {
    let log = lines.join("\n");
    let mut detector = rules.detector();
    let mut reader = Reader::new(log.as_bytes());
    let mut all = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        all.extend(
            detector
                .process(&record)
                .map(|hit| Detection::without_event(&hit)),
        );
    }
    all.extend(detector.finish().map(|hit| Detection::without_event(&hit)));
    all
}

fn messages(rules: &RuleSet, lines: &[String]) -> Vec<String> {
    told(rules, lines)
        .into_iter()
        .map(|detection| detection.message)
        .collect()
}

#[test]
fn a_count_fires_once_per_window_and_is_summed_up() {
    let rules = rules(
        "
title: Many
correlation: {type: event_count, rules: [a], group-by: [user.username], timespan: 1m, condition: {gte: 3}}
message: '{user.username} {count}'
",
    );
    let at = |second: u32, user| event(second, &format!("{user}-{second}"), "get", user, "x");
    let lines = [
        at(0, "eve"),
        at(10, "dana"),
        at(30, "eve"),
        at(60, "eve"),
        at(70, "eve"),
        at(119, "eve"),
        // The window has closed, and it takes three again.
        at(120, "eve"),
        at(130, "eve"),
        at(180, "eve"),
    ];
    assert_eq!(
        messages(&rules, &lines),
        [
            "eve 3",
            "eve 5 (in all 5 events from 2026-03-14T00:00:00.000000Z to 2026-03-14T00:01:59.000000Z)",
            "eve 3",
        ]
    );
    let first = &told(&rules, &lines)[0];
    let correlation = first.correlation.as_ref().unwrap();
    assert_eq!(correlation.audit_ids, ["eve-0", "eve-30", "eve-60"]);
    assert_eq!((correlation.events, correlation.count), (3, 3));
    assert_eq!(correlation.rules, ["a"]);
    assert!(first.event.is_none());
}

#[test]
fn temporal_types_want_every_rule() {
    let of = |kind: &str, condition: &str| {
        rules(&format!(
            "
title: All
correlation: {{type: {kind}, rules: [a, b], group-by: [user.username], timespan: 1m{condition}}}
"
        ))
    };
    let lines = |verbs: [&str; 2], second: u32| {
        [
            event(0, "1", verbs[0], "eve", "x"),
            event(second, "2", verbs[1], "eve", "x"),
        ]
    };
    for (kind, verbs, second, expected) in [
        ("temporal", ["get", "list"], 60, 1),
        ("temporal", ["list", "get"], 60, 1),
        ("temporal", ["list", "get"], 61, 0),
        ("temporal_ordered", ["get", "list"], 60, 1),
        ("temporal_ordered", ["list", "get"], 60, 0),
        // Equal times are in order.
        ("temporal_ordered", ["list", "get"], 0, 1),
    ] {
        let found = told(&of(kind, ""), &lines(verbs, second));
        assert_eq!(found.len(), expected, "{kind} {verbs:?} {second}");
    }
    let not = of("temporal", ", condition: a and not b");
    assert_eq!(told(&not, &lines(["get", "list"], 1)).len(), 1);
    assert_eq!(told(&not, &lines(["list", "get"], 1)).len(), 0);
}
