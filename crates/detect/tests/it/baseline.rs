//! What first-seen correlations know, written and taken up elsewhere.

use detect::{Detection, Detector, Reader, RuleSet};

use crate::correlations::{event, rules};

const NEW: &str = "
title: New
name: new
correlation: {type: new_value, rules: [a], group-by: [user.username], timespan: 1d, learning: 1m, condition: {field: [namespace, name]}}
message: '{user.username} {value}'
";

fn feed(detector: &mut Detector, second: u32, user: &str, name: &str) {
    let line = event(second, &format!("{second}-{name}"), "get", user, name);
    let mut reader = Reader::new(line.as_bytes());
    let record = reader.next().unwrap().unwrap();
    assert_eq!(detector.process(&record).count(), 0);
}

fn told(detector: &mut Detector) -> Vec<String> {
    let told = detector.finish().map(|hit| hit.message().to_owned());
    told.collect()
}

fn learnt(rules: &RuleSet, events: &[(u32, &str, &str)]) -> String {
    let mut detector = rules.detector();
    for (second, user, name) in events {
        feed(&mut detector, *second, user, name);
    }
    assert_eq!(told(&mut detector), [""; 0]);
    detector.baseline()
}

#[test]
fn a_baseline_comes_back_as_it_was() {
    let rules = rules(NEW);
    let baseline = learnt(
        &rules,
        &[(0, "eve", "b"), (1, "eve", "a"), (2, "dana", "a")],
    );
    let expected = [
        r#"{"format":"kubesift-baseline","version":1,"groups":2}"#,
        r#"{"correlation":"new","group":[["user.username","dana"]],"since":"2026-03-14T00:00:02.000000Z","last":"2026-03-14T00:00:02.000000Z","values":[{"value":[["namespace","shop"],["name","a"]],"last":"2026-03-14T00:00:02.000000Z"}]}"#,
        r#"{"correlation":"new","group":[["user.username","eve"]],"since":"2026-03-14T00:00:00.000000Z","last":"2026-03-14T00:00:01.000000Z","values":[{"value":[["namespace","shop"],["name","a"]],"last":"2026-03-14T00:00:01.000000Z"},{"value":[["namespace","shop"],["name","b"]],"last":"2026-03-14T00:00:00.000000Z"}]}"#,
    ];
    assert_eq!(baseline.lines().collect::<Vec<_>>(), expected);
    let mut other = rules.detector();
    let report = other.learn(&baseline).unwrap();
    assert_eq!((report.groups, report.values), (2, 3));
    assert_eq!(other.baseline(), baseline);
    let mut owner = rules.correlator();
    owner.learn(&baseline).unwrap();
    assert_eq!(owner.baseline(), baseline);
    // Known values are known, and others are new at once.
    feed(&mut other, 100, "eve", "a");
    feed(&mut other, 101, "eve", "c");
    feed(&mut other, 102, "mallory", "c");
    assert_eq!(told(&mut other), ["eve shop, c"]);
}

#[test]
fn two_baselines_are_one() {
    let rules = rules(NEW);
    let early = learnt(&rules, &[(0, "eve", "a"), (0, "eve", "b")]);
    let late = learnt(&rules, &[(1000, "eve", "b"), (1000, "dana", "c")]);
    let mut detector = rules.detector();
    let mut reverse = rules.detector();
    for (early_first, late_first) in [(&early, &late), (&late, &early)] {
        detector.learn(early_first).unwrap();
        reverse.learn(late_first).unwrap();
    }
    let all = detector.baseline();
    assert_eq!(all, reverse.baseline());
    assert!(
        all.contains(
            r#"eve"]],"since":"2026-03-14T00:00:00.000000Z","last":"2026-03-14T00:16:40.000000Z""#
        ),
        "{all}"
    );
    assert!(
        all.contains(r#"["name","b"]],"last":"2026-03-14T00:16:40.000000Z""#),
        "{all}"
    );
    assert_eq!(all.lines().count(), 3);
}

#[test]
fn what_belongs_to_no_correlation_is_reported() {
    let baseline = learnt(&rules(NEW), &[(0, "eve", "a")]);
    for other in [
        NEW.replace("name: new", "name: newer"),
        NEW.replace("[namespace, name]", "name"),
        NEW.replace("group-by: [user.username]", "group-by: [namespace]")
            .replace("{user.username} ", ""),
        NEW.replace("type: new_value", "type: value_count")
            .replace("learning: 1m, ", "")
            .replace("name]}", "name], gte: 9}"),
    ] {
        let mut detector = rules(&other).detector();
        let report = detector.learn(&baseline).unwrap();
        assert_eq!(report.unknown, ["new"], "{other}");
        assert_eq!((report.groups, detector.baseline().lines().count()), (0, 1));
    }
    // A longer memory is no other question.
    let longer = rules(&NEW.replace("timespan: 1d", "timespan: 30d"));
    assert_eq!(longer.detector().learn(&baseline).unwrap().groups, 1);
}

#[test]
fn what_is_no_baseline_is_refused() {
    let rules = rules(NEW);
    let good = learnt(&rules, &[(0, "eve", "a"), (1, "dana", "a")]);
    let cut = |n: usize| good.split_inclusive('\n').take(n).collect::<String>();
    let long = good.replacen("eve", &"e".repeat(5000), 1);
    let cases = [
        (String::new(), "this is no baseline of kubesift"),
        ("{}".to_owned(), "this is no baseline of kubesift"),
        (
            r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1"}"#.to_owned(),
            "this is no baseline of kubesift",
        ),
        (
            good.replacen(r#""version":1"#, r#""version":7"#, 1),
            "the baseline has version 7 and version 1 is supported",
        ),
        (cut(2), "the baseline has 1 groups and should have 2"),
        (
            good.replacen("2026-03-14T00:00:00", "2026-02-30T00:00:00", 1),
            "line 3 of the baseline: `2026-02-30T00:00:00.000000Z` is no time",
        ),
        (
            long,
            "line 3 of the baseline: a text has 5000 bytes and may have 4096",
        ),
    ];
    let mut detector = rules.detector();
    for (text, expected) in cases {
        let error = detector.learn(&text).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    for end in 0..good.len() - 1 {
        let (cut, _) = good.split_at(end);
        assert!(detector.learn(cut).is_err(), "{end}");
    }
    let error = detector
        .learn(&good.replacen("since", "until", 1))
        .unwrap_err();
    assert!(error.to_string().starts_with("line 2 of the baseline: "));
    assert_eq!(detector.baseline().lines().count(), 1, "nothing was taken");
}

#[test]
fn tenants_stay_apart() {
    let rules = rules(NEW);
    let mut detector = rules.detector();
    detector.set_tenant(Some("one"));
    feed(&mut detector, 0, "eve", "a");
    told(&mut detector);
    let baseline = detector.baseline();
    assert!(
        baseline.contains(r#""source":{"tenant":"one"}"#),
        "{baseline}"
    );
    let mut other = rules.detector();
    other.learn(&baseline).unwrap();
    // Of the other tenant nothing is known, so that it is learnt first.
    for (tenant, second) in [("two", 100), ("one", 101)] {
        other.set_tenant(Some(tenant));
        feed(&mut other, second, "eve", "z");
    }
    assert_eq!(told(&mut other), ["eve shop, z"]);
}

#[test]
fn what_is_told_after_a_baseline_says_which_provider_it_is_of() {
    let rules = rules(NEW);
    let baseline = learnt(&rules, &[(0, "eve", "a")]);
    let mut detector = rules.detector();
    detector.learn(&baseline).unwrap();
    feed(&mut detector, 100, "eve", "b");
    let told = detector.finish().map(|hit| Detection::without_event(&hit));
    let told: Vec<_> = told.map(|detection| detection.source.provider).collect();
    assert_eq!(told, [Some("native".to_owned())]);
}
