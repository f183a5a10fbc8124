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
fn who_writes_what_another_is_shown_as_is_another() {
    let rules = rules(
        "
title: Many
correlation: {type: event_count, rules: [a], group-by: [user.username], timespan: 1m, condition: {gte: 2}}
message: '{user.username} {count}'
",
    );
    // A line feed, and the two characters that it is shown as; and so for what turns the direction of text.
    for (raw, shown) in [(r"eve\n", r"eve\\n"), (r"eve\u202e", r"eve\\u{202e}")] {
        let at = |second: u32, user| event(second, &format!("{second}"), "get", user, "x");
        assert_eq!(messages(&rules, &[at(0, raw), at(10, shown)]).len(), 0);
        let told = messages(&rules, &[at(0, raw), at(10, raw)]);
        assert!(
            told[0].starts_with("eve") && !told[0].contains('\n'),
            "{told:?}"
        );
        let told = messages(&rules, &[at(0, shown), at(10, shown)]);
        assert_eq!(told[0], format!("{} 2", shown.replace(r"\\", r"\")));
    }
    let told = messages(
        &rules,
        &[
            event(0, "1", "get", "josé", "x"),
            event(1, "2", "get", "josé", "x"),
        ],
    );
    assert_eq!(told[0], "josé 2");
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

pub(crate) const MANY: &str = "
title: Many
name: many
correlation: {type: event_count, rules: [a], group-by: [user.username], timespan: 1m, condition: {gte: 2}}
";

#[test]
fn what_is_late_is_counted_and_not_used() {
    let rules = rules(MANY);
    let mut detector = rules.detector();
    for (second, id) in [(100, "1"), (200, "2"), (139, "3"), (201, "4")] {
        let line = event(second, id, "get", "eve", "x");
        let mut reader = Reader::new(line.as_bytes());
        let record = reader.next().unwrap().unwrap();
        assert_eq!(detector.process(&record).count(), 0);
    }
    assert_eq!(detector.correlations().next().unwrap().late, 1);
    let told: Vec<_> = detector
        .finish()
        .map(|hit| hit.correlated().unwrap().count())
        .collect();
    assert_eq!(told, [2]);
}

#[test]
fn a_rule_with_suppress_is_told_once_and_summed_up() {
    let rules = RuleSet::builder()
        .text(
            "s.yaml",
            "
title: Read
name: read
logsource: {product: kubernetes, service: audit}
detection: {s: {verb: get}, condition: s}
suppress: {by: [user.username], for: 1m}
message: '{user.username} read {name}'
",
        )
        .build()
        .unwrap();
    let lines = [
        event(0, "1", "get", "eve", "x"),
        event(10, "2", "get", "eve", "y"),
        event(20, "3", "get", "dana", "z"),
        event(59, "4", "get", "eve", "y"),
        event(60, "5", "get", "eve", "w"),
    ];
    let mut found = messages(&rules, &lines);
    found.sort();
    assert_eq!(
        found,
        [
            "dana read z",
            "eve read w",
            "eve read x",
            "eve read x (in all 3 events from 2026-03-14T00:00:00.000000Z to 2026-03-14T00:00:59.000000Z)",
        ]
    );
}

#[test]
fn a_new_value_is_told_once_its_group_has_been_learnt() {
    let rules = rules(
        "
title: New
correlation:
  type: new_value
  rules: [a]
  group-by: [user.username]
  timespan: 1h
  learning: 1m
  condition: {field: name}
message: '{user.username} {value}'
",
    );
    let lines = [
        event(0, "1", "get", "eve", "x"),
        event(59, "2", "get", "eve", "y"),
        event(60, "3", "get", "eve", "x"),
        event(61, "4", "get", "eve", "z"),
        event(62, "5", "get", "eve", "z"),
        event(63, "6", "get", "dana", "z"),
        event(2000, "8", "get", "eve", "x"),
        // `y` was not seen for more than an hour.
        event(3700, "7", "get", "eve", "y"),
    ];
    assert_eq!(messages(&rules, &lines), ["eve z", "eve y"]);
}

#[test]
fn a_chain_takes_the_detections_of_another() {
    let rules = rules(
        "
title: Burst
name: burst
correlation: {type: event_count, rules: [a], group-by: [user.username, name], timespan: 10s, condition: {gte: 2}}
---
title: Bursts
name: bursts
correlation: {type: event_count, rules: [burst], group-by: [user.username], timespan: 1m, condition: {gte: 2}}
message: '{user.username} {rules}'
",
    );
    let lines = [
        event(0, "1", "get", "eve", "x"),
        event(1, "2", "get", "eve", "x"),
        event(5, "3", "get", "eve", "y"),
        event(6, "4", "get", "eve", "y"),
    ];
    let found = told(&rules, &lines);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "eve burst");
    let correlation = found[0].correlation.as_ref().unwrap();
    assert_eq!((correlation.count, correlation.events), (2, 4));
    assert_eq!(correlation.audit_ids, ["1", "2", "3", "4"]);
}

#[test]
fn new_values_are_summed_up_and_their_group_stays_learnt() {
    let rules = rules(
        "
title: New
correlation:
  type: new_value
  rules: [a]
  group-by: [user.username]
  timespan: 1h
  learning: 1m
  condition: {field: name}
suppress: {for: 10s}
message: '{user.username} {value}'
",
    );
    let lines = [
        event(0, "1", "get", "eve", "x"),
        event(60, "2", "get", "eve", "v"),
        // Not new, and so nothing that follows.
        event(61, "3", "get", "eve", "x"),
        event(62, "4", "get", "eve", "w"),
        // Summed up, and so not new any more.
        event(80, "5", "get", "eve", "w"),
        event(81, "6", "get", "eve", "z"),
    ];
    assert_eq!(
        messages(&rules, &lines),
        [
            "eve v",
            "eve v; w (in all 2 events from 2026-03-14T00:01:00.000000Z to 2026-03-14T00:01:02.000000Z)",
            "eve z",
        ]
    );
}

#[test]
fn numbers_are_measured_over_the_window() {
    let of = |condition: &str, kind: &str| {
        rules(&format!(
            "
title: Measured
correlation: {{type: value_{kind}, rules: [a], group-by: [user.username], timespan: 10s, condition: {{field: name, {condition}}}}}
message: '{{value}} of {{count}}'
"
        ))
    };
    let lines: Vec<String> = [
        (0, "100"),
        (11, "1"),
        (12, "x"),
        (13, "4"),
        (14, "2.5"),
        (15, "7"),
    ]
    .into_iter()
    .map(|(second, name)| event(second, &format!("id-{second}"), "get", "eve", name))
    .collect();
    for (kind, condition, expected) in [
        ("sum", "gte: 14", "100 of 1"),
        ("sum", "lt: 8, gt: 7", "7.5 of 3"),
        ("avg", "gte: 3.625, lt: 50", "3.625 of 4"),
        ("median", "eq: 3.25", "3.25 of 4"),
        ("percentile", "percentile: 75, eq: 4", "4 of 2"),
        ("percentile", "percentile: 50, eq: 2.5", "2.5 of 3"),
    ] {
        let told = messages(&of(condition, kind), &lines);
        assert_eq!(
            told.first().map(String::as_str),
            Some(expected),
            "{kind} {condition}"
        );
    }
}

#[test]
fn a_summary_of_new_values_names_them() {
    let rules = rules(
        "
title: New
correlation: {type: new_value, rules: [a], group-by: [user.username], timespan: 1d, learning: 1s, condition: {field: name}}
suppress: {for: 1h}
message: '{user.username} from {value}'
",
    );
    let at = |second: u32, name| event(second, &format!("{second}"), "get", "eve", name);
    let lines = [
        at(0, "home"),
        at(60, "cafe"),
        at(70, "cafe"),
        at(80, "train"),
    ];
    assert_eq!(
        messages(&rules, &lines),
        [
            "eve from cafe",
            "eve from cafe; train (in all 2 events from 2026-03-14T00:01:00.000000Z to 2026-03-14T00:01:20.000000Z)",
        ]
    );
    let summary = told(&rules, &lines).pop().unwrap();
    let group = summary.correlation.unwrap().group;
    let values: Vec<&str> = group.iter().map(|one| one.value.as_str()).collect();
    assert_eq!(values, ["eve", "cafe", "train"]);
}

#[test]
fn an_estimate_is_told_as_one() {
    let rules = rules(
        "
title: Many names
correlation: {type: value_count, rules: [a], group-by: [user.username], timespan: 1h, condition: {field: name, gte: 2000}}
message: '{user.username} {count} {value}'
",
    );
    let lines: Vec<String> = (0..2200)
        .map(|n| event(n / 4, &format!("{n}"), "get", "eve", &format!("n{n}")))
        .collect();
    let told = told(&rules, &lines);
    let found = told[0].correlation.as_ref().unwrap();
    assert_eq!(found.error, Some(0.023));
    let count = found.count;
    assert!((1900..2100).contains(&count), "{count}");
    let expected = format!("eve about {count} (±2.3 %) about {count} (±2.3 %)");
    assert_eq!(told[0].message, expected);
    // The last 16 events are remembered beside the estimate, and it began long before them.
    assert!(
        found.first.as_str() < "2026-03-14T00:00:10",
        "{}",
        found.first
    );
    assert_eq!(found.audit_ids.len(), 16);
}

#[test]
fn thousands_of_values_at_one_time_are_an_estimate_however_few_are_enough() {
    let rules = rules(
        "
title: Some names
correlation: {type: value_count, rules: [a], group-by: [user.username], timespan: 1h, condition: {field: name, gte: 800}}
",
    );
    let of = |n: u32| {
        let lines = (0..n).map(|n| event(0, &format!("{n}"), "get", "eve", &format!("n{n}")));
        let told = told(&rules, &lines.collect::<Vec<_>>());
        let found = told.first().unwrap().correlation.as_ref().unwrap();
        (found.error, found.count)
    };
    assert_eq!(of(800), (None, 800));
    assert_eq!(of(2_000), (None, 2_000));
    let (error, count) = of(5_000);
    assert_eq!(error, Some(0.023));
    assert!((4_700..5_300).contains(&count), "{count}");
}

#[test]
fn an_event_on_a_day_that_is_none_has_no_time() {
    let rules = rules(MANY);
    let mut detector = rules.detector();
    let line = event(0, "1", "get", "eve", "x").replace("2026-03-14", "2026-02-30");
    let mut reader = Reader::new(line.as_bytes());
    let record = reader.next().unwrap().unwrap();
    detector.process(&record);
    assert_eq!((detector.uncorrelated(), detector.latest()), (1, None));
}

#[test]
fn an_event_that_several_rules_find_is_one_event_and_every_rule_is_named() {
    let rules = rules(
        "
title: Pod
name: pod
logsource: {product: kubernetes, service: audit}
detection: {s: {resource: pods}, condition: s}
---
title: Kinds
name: kinds
correlation:
  type: value_count
  rules: [a, pod]
  group-by: [user.username]
  timespan: 1m
  condition: {field: [rule.name, name], gte: 4}
---
title: Names
name: names
correlation:
  type: value_count
  rules: [a, pod]
  group-by: [user.username]
  timespan: 1m
  condition: {field: rule.name, gte: 2}
---
title: Both
name: both
correlation: {type: temporal, rules: [a, pod], group-by: [user.username], timespan: 1m}
",
    );
    // Two events at each time, and both rules find each of them.
    let lines = [(0, "1"), (0, "2"), (1, "3"), (1, "4")];
    let lines = lines.map(|(second, id)| event(second, id, "get", "eve", id));
    let found = told(&rules, &lines);
    let all = found.iter().map(|detection| {
        let found = detection.correlation.as_ref().unwrap();
        let name = format!(
            "{}{}",
            detection.rule.name,
            if found.summary { "+" } else { "" }
        );
        (
            name,
            found.count,
            found.audit_ids.join(" "),
            found.rules.join(" "),
        )
    });
    let expected = |name: &str, count, ids: &str| {
        let both = String::from("a pod");
        (name.to_owned(), count, ids.to_owned(), both)
    };
    let mut all: Vec<_> = all.collect();
    all.sort();
    assert_eq!(
        all,
        [
            expected("both", 1, "2"),
            expected("both+", 3, "2 3 4"),
            expected("kinds", 2, "1 2"),
            expected("kinds+", 4, "1 2 3 4"),
            expected("names", 1, "2"),
            expected("names+", 3, "2 3 4"),
        ]
    );
}

#[test]
fn a_log_that_begins_after_another_has_ended_begins_anew() {
    let rules = rules(MANY_OF_TWO);
    let mut detector = rules.detector();
    let mut of = |lines: &[String]| {
        let log = lines.join("\n");
        let mut reader = Reader::new(log.as_bytes());
        let mut told = 0;
        while let Some(record) = reader.next().unwrap() {
            told += detector
                .process(&record)
                .filter(|hit| hit.correlated().is_some())
                .count();
        }
        told + detector.finish().count()
    };
    // The second log is of an earlier hour: its event and that of the first are not within a minute.
    assert_eq!(of(&[event(7200, "1", "get", "eve", "x")]), 0);
    assert_eq!(of(&[event(3600, "2", "get", "eve", "x")]), 0);
    assert_eq!(
        of(&[
            event(3600, "3", "get", "eve", "x"),
            event(3601, "4", "get", "eve", "x")
        ]),
        1
    );
}

const MANY_OF_TWO: &str = "
title: Many
correlation: {type: event_count, rules: [a], group-by: [user.username], timespan: 1m, condition: {gte: 2}}
---
title: Sequence
correlation: {type: temporal_ordered, rules: [b, c], group-by: [user.username], timespan: 1m}
";

#[test]
fn what_came_long_before_a_match_that_was_told_does_not_follow_it() {
    let rules = rules(
        "
title: Of a pod
name: pod
logsource: {product: kubernetes, service: audit}
detection: {s: {resource: pods, verb: delete}, condition: s}
suppress: {by: [user.username], for: 1h}
",
    );
    let at = |second: u32, id: &str| event(second, id, "delete", "eve", "x");
    let lines = [
        at(36_000, "told"),
        // Out of order, and no hour before.
        at(32_401, "follows"),
        // The log of the night before, put behind.
        at(28_000, "told before"),
        at(28_100, "follows before"),
        at(36_010, "told again"),
    ];
    let found = told(&rules, &lines);
    let all = found.iter().map(|detection| match &detection.correlation {
        Some(found) => format!("{} {}", found.count, found.audit_ids.join(", ")),
        None => "told".to_owned(),
    });
    assert_eq!(
        all.collect::<Vec<_>>(),
        [
            "told",
            "told",
            "2 told, follows",
            "told",
            "2 told before, follows before",
        ]
    );
}
