//! A process that is killed in the middle of the sample log, and another one that goes on from its last snapshot.

use std::fs;

use detect::RuleSet;

use crate::support::{process, tell};

/// The sample log, line by line.
fn sample() -> Vec<String> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/data/sample.jsonl"
    );
    let log = fs::read_to_string(path).unwrap();
    log.lines().map(str::to_owned).collect()
}

#[test]
fn a_run_that_is_killed_anywhere_and_restored_tells_what_one_run_does() {
    let rules = RuleSet::builder().shipped().build().unwrap();
    let lines = sample();
    let mut expected = Vec::new();
    let mut detector = rules.detector();
    process(&mut detector, &lines, &mut expected);
    tell(detector.finish(), &mut expected);
    let correlated = |told: &&String| told.contains("\"correlation\":{");
    assert!(expected.iter().filter(correlated).count() > 0);

    for cut in 0..=lines.len() {
        let (before, after) = lines.split_at(cut);
        let mut told = Vec::new();
        let mut killed = rules.detector();
        process(&mut killed, before, &mut told);
        let snapshot = killed.snapshot();
        // What it does between the snapshot and its end is lost, and done again by the next one.
        process(&mut killed, after, &mut Vec::new());
        drop(killed);
        let mut next = rules.detector();
        let report = next.restore(&snapshot).unwrap();
        assert!(report.reset.is_empty(), "{report:?}");
        process(&mut next, after, &mut told);
        tell(next.finish(), &mut told);
        assert_eq!(told, expected, "killed after {cut} lines");
    }
}
