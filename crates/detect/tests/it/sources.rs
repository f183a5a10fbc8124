//! What no correlation reaches across, and what has no place in any.

use detect::{Detector, Reader, RuleSet};

use crate::correlations::{event, rules};

fn twice() -> RuleSet {
    rules(
        "
title: Twice
correlation: {type: event_count, rules: [a], group-by: [user.username], timespan: 1h, condition: {gte: 2}}
",
    )
}

fn feed(detector: &mut Detector, line: &str) {
    let mut reader = Reader::new(line.as_bytes());
    let record = reader.next().unwrap().unwrap();
    detector.process(&record);
}

#[test]
fn sources_beyond_the_limit_are_counted_and_not_mixed() {
    const LIMIT: u32 = 16_384;
    let rules = twice();
    let mut detector = rules.detector();
    let mut forwarding = rules.detector().forwarding();
    let mut correlator = rules.correlator();
    let lines: Vec<String> = (0..LIMIT + 5)
        .map(|n| event(1, &format!("id-{n}"), "get", "eve", "x"))
        .collect();
    let log = lines.join("\n");
    let mut reader = Reader::new(log.as_bytes());
    for n in 0..LIMIT + 5 {
        let tenant = format!("tenant-{n}");
        let record = reader.next().unwrap().unwrap();
        detector.set_tenant(Some(&tenant));
        detector.process(&record);
        // A stage that matches has the same limit, so that more of them are needed to exceed that of an owner.
        if n == LIMIT / 2 {
            forwarding = rules.detector().forwarding();
        }
        forwarding.set_tenant(Some(&tenant));
        forwarding.process(&record);
        for signal in forwarding.signals() {
            assert!(correlator.push(signal));
        }
    }
    // Every tenant sent one event, and two of one tenant are wanted.
    assert_eq!(detector.finish().count(), 0);
    assert_eq!(detector.uncorrelated(), 5);
    assert_eq!(correlator.finish().count(), 0);
    assert_eq!(correlator.uncorrelated(), 5);
    // Those that have a place keep it.
    detector.set_tenant(Some("tenant-7"));
    for id in ["1", "2"] {
        feed(&mut detector, &event(2, id, "get", "eve", "x"));
    }
    assert_eq!(detector.finish().count(), 1);
    assert_eq!(detector.uncorrelated(), 5);
}

#[test]
fn sources_with_long_names_take_no_memory_and_are_counted() {
    let rules = twice();
    let mut detector = rules.detector();
    let mut forwarding = rules.detector().forwarding();
    let mut correlator = rules.correlator();
    let before = detector.state_bytes();
    for (name, uncorrelated) in [("x".repeat(513), 2), ("x".repeat(512), 2)] {
        detector.set_tenant(Some(&name));
        forwarding.set_tenant(Some(&name));
        for n in 0..2 {
            let line = event(1, &format!("{}-{n}", name.len()), "get", "eve", "x");
            feed(&mut detector, &line);
            feed(&mut forwarding, &line);
        }
        assert_eq!(detector.uncorrelated(), uncorrelated);
        assert_eq!(forwarding.uncorrelated(), uncorrelated);
        for signal in forwarding.signals() {
            assert!(correlator.push(signal));
        }
        let is_long = name.len() > 512;
        assert_eq!(detector.state_bytes() == before, is_long);
        assert_eq!(detector.finish().count(), usize::from(!is_long));
        assert_eq!(correlator.finish().count(), usize::from(!is_long));
    }
}

#[test]
fn events_without_a_time_are_counted() {
    let rules = twice();
    let mut detector = rules.detector();
    for n in 0..3 {
        let line = event(1, &format!("id-{n}"), "get", "eve", "x");
        let (line, _) = line.split_once(r#","requestReceivedTimestamp""#).unwrap();
        feed(&mut detector, &format!("{line}}}"));
    }
    // What has no hit would not have been used anyway.
    let other = event(1, "id", "delete", "eve", "x");
    let (other, _) = other.split_once(r#","requestReceivedTimestamp""#).unwrap();
    feed(&mut detector, &format!("{other}}}"));
    assert_eq!(detector.uncorrelated(), 3);
    assert_eq!(detector.finish().count(), 0);
}
