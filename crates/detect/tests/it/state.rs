//! The state of correlations: its clock, its bounds, and how it outlives a process.

use std::time::{Duration, SystemTime};

use detect::{Detector, Hit, Hits, Reader};

use crate::correlations::{MANY, event, rules};

/// A second of the day of [`event`].
fn clock(second: u64) -> SystemTime {
    // 2026-03-14T00:00:00Z
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_773_446_400 + second)
}

fn feed(detector: &mut Detector, second: u32, user: &str) -> usize {
    let line = event(second, &format!("id-{second}"), "get", user, "x");
    let mut reader = Reader::new(line.as_bytes());
    let record = reader.next().unwrap().unwrap();
    detector.process(&record).count()
}

/// Of each, whether it is a summary and how many events it counts.
fn counts(hits: Hits<'_>) -> Vec<(bool, u64)> {
    let count = |hit: Hit<'_>| {
        let found = hit.correlated().unwrap();
        (found.is_summary(), found.count())
    };
    hits.map(count).collect()
}

#[test]
fn a_clock_that_goes_on_tells_and_closes_though_no_event_comes() {
    let rules = rules(MANY);
    let mut detector = rules.detector();
    for second in [10, 20, 30] {
        assert_eq!(feed(&mut detector, second, "eve"), 0);
    }
    // Events may be a minute late, and the condition held at 20 seconds.
    assert_eq!(counts(detector.flush(clock(80))), []);
    assert_eq!(counts(detector.flush(clock(81))), [(false, 2)]);
    // What followed is told when a minute after the detection has passed, and another for what is late.
    assert_eq!(counts(detector.flush(clock(139))), []);
    assert_eq!(counts(detector.flush(clock(200))), [(true, 3)]);
    assert_eq!(counts(detector.flush(clock(4000))), []);
    // What is behind the clock is late, and a clock that goes back changes nothing.
    assert_eq!(counts(detector.flush(clock(10))), []);
    assert_eq!(feed(&mut detector, 100, "eve"), 0);
    assert_eq!(counts(detector.finish()), []);
    let stats = detector.correlations().next().unwrap();
    assert_eq!((stats.late, stats.fired), (1, 1));
}

#[test]
fn what_is_forgotten_for_want_of_memory_is_counted_for_each() {
    const BYTES: usize = 1 << 18;
    const N: u32 = 6_000;
    let many = MANY.replace("1m", "1d");
    let other = many.replace("Many", "Other").replace("many", "other");
    let other = other.replace("[a]", "[b]");
    let rules = rules(&format!("{many}---{other}"));
    let mut detector = rules.detector().with_state_bytes(BYTES);
    for second in 0..N {
        feed(&mut detector, second, &format!("u{second}"));
        let bytes = detector.state_bytes();
        assert!(bytes <= BYTES + BYTES / 5, "{bytes}");
    }
    detector.flush(clock(u64::from(N) + 61));
    let stats: Vec<_> = detector.correlations().collect();
    let [many, other] = stats.as_slice() else {
        panic!("{stats:?}");
    };
    assert!(many.evicted > 0, "{many:?}");
    // Each group has one event of the day: it lives or was forgotten.
    assert_eq!((many.evicted + many.groups, many.late), (u64::from(N), 0));
    assert_eq!((other.name, other.evicted), ("other", 0));
}

#[test]
fn a_snapshot_that_is_no_such_is_refused() {
    let rules = rules(MANY);
    let good = rules.detector().snapshot();
    let mut damaged = good.clone();
    damaged[30] ^= 1;
    let mut newer = good.clone();
    newer[12] = 9;
    let mut detector = rules.detector();
    for (bytes, expected) in [
        (&b"nonsense"[..], "this is no snapshot of kubesift"),
        (
            &newer,
            "the snapshot has version 9 and version 3 is supported",
        ),
        (&damaged, "the snapshot is damaged: its checksum is another"),
    ] {
        assert_eq!(detector.restore(bytes).unwrap_err().to_string(), expected);
    }
    for cut in 0..good.len() {
        assert!(detector.restore(&good[..cut]).is_err(), "{cut}");
    }
    assert_eq!(detector.restore(&good).unwrap().kept, ["many"]);
}

#[test]
fn what_changed_is_reset_and_the_rest_goes_on() {
    let other = MANY
        .replace("Many", "Other")
        .replace("many", "other")
        .replace("[a]", "[b]");
    let before = rules(&format!("{MANY}---{other}"));
    let after = rules(&format!("{MANY}---{}", other.replace("gte: 2", "gte: 3")));
    let mut detector = before.detector();
    let feed = |detector: &mut detect::Detector, second, verb| {
        let line = event(second, &format!("{verb}-{second}"), verb, "eve", "x");
        let mut reader = Reader::new(line.as_bytes());
        let record = reader.next().unwrap().unwrap();
        detector.process(&record).count()
    };
    feed(&mut detector, 0, "get");
    feed(&mut detector, 0, "list");
    let mut next = after.detector();
    let report = next.restore(&detector.snapshot()).unwrap();
    assert_eq!(
        (report.kept, report.reset),
        (vec!["many".to_owned()], vec!["other".to_owned()])
    );
    feed(&mut next, 1, "get");
    feed(&mut next, 1, "list");
    feed(&mut next, 2, "list");
    let told: Vec<String> = next
        .finish()
        .map(|hit| hit.rule().name().to_owned())
        .collect();
    assert_eq!(told, ["many"]);
}

#[test]
fn a_flood_of_groups_stays_within_its_memory_and_is_counted() {
    const BYTES: usize = 1 << 18;
    let rules = rules(MANY);
    let mut detector = rules.detector().with_state_bytes(BYTES);
    for n in 0..6_000_u32 {
        let line = event(n / 10, &format!("id-{n}"), "get", &format!("u{n}"), "x");
        let mut reader = Reader::new(line.as_bytes());
        let record = reader.next().unwrap().unwrap();
        detector.process(&record);
        assert!(
            detector.state_bytes() <= BYTES + BYTES / 5,
            "{}",
            detector.state_bytes()
        );
    }
    let stats = detector.correlations().next().unwrap();
    assert!(stats.groups > 100, "{stats:?}");
    assert_eq!(stats.fired, 0);
}

#[test]
fn what_signals_bring_about_is_not_lost() {
    let rules = rules(MANY);
    // So little room that signals are taken before their time.
    let mut correlator = rules.correlator().with_state_bytes(1 << 18);
    let mut matcher = rules.detector().forwarding();
    for n in 0..3000_u32 {
        let line = event(n, &format!("{n}"), "get", &format!("u{}", n / 2), "x");
        let mut reader = Reader::new(line.as_bytes());
        let record = reader.next().unwrap().unwrap();
        assert_eq!(matcher.process(&record).count(), 0);
        for signal in matcher.signals() {
            assert!(correlator.push(signal));
        }
    }
    let told = correlator.finish().count();
    let fired = correlator.correlations().next().unwrap().fired;
    assert!(fired > 0);
    assert_eq!(told, usize::try_from(fired).unwrap());
}

#[test]
fn a_snapshot_of_a_detector_is_none_of_a_correlator() {
    let rules = rules(MANY);
    let (mut detector, mut correlator) = (rules.detector(), rules.correlator());
    let error = correlator.restore(&detector.snapshot()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the snapshot is of a detector and cannot be restored into a correlator"
    );
    let error = detector.restore(&correlator.snapshot()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the snapshot is of a correlator and cannot be restored into a detector"
    );
}

#[test]
fn what_is_restored_fits_into_less_memory() {
    const BYTES: usize = 1 << 18;
    const N: u32 = 6_000;
    let many = MANY.replace("1m", "1d");
    let rules = rules(&format!("{many}message: '{{user.username}} {{count}}'\n"));
    let mut large = rules.detector();
    for second in 0..N {
        feed(&mut large, second, &format!("u{second}"));
    }
    large.flush(clock(u64::from(N) + 61));
    assert!(large.state_bytes() > 2 * BYTES);

    let mut small = rules.detector().with_state_bytes(BYTES);
    small.restore(&large.snapshot()).unwrap();
    let bytes = small.state_bytes();
    assert!(bytes <= BYTES, "{bytes}");
    let stats = small.correlations().next().unwrap();
    assert!(stats.groups > 100, "{stats:?}");
    assert_eq!(stats.evicted + stats.groups, u64::from(N));
    // The groups that were touched last are those that are kept.
    assert_eq!(feed(&mut small, N + 100, &format!("u{}", N - 1)), 0);
    assert_eq!(feed(&mut small, N + 100, "u0"), 0);
    let told = small.finish().map(|hit| hit.message().to_owned());
    assert_eq!(told.collect::<Vec<_>>(), ["u5999 2"]);
    // So it is where a detector that has state is given less.
    let large = large.with_state_bytes(BYTES);
    assert!(large.state_bytes() <= BYTES);
    assert!(large.correlations().next().unwrap().evicted > 0);
}

#[test]
fn what_waits_is_taken_before_its_time_where_there_is_less_memory() {
    const BYTES: usize = 320 << 10;
    let rules = rules(&MANY.replace("1m", "1d"));
    let mut large = rules.detector().with_lateness(Duration::from_hours(24));
    // Each of 3000 users twice, which is told when the time of the second has come.
    for second in 0..6_000 {
        assert_eq!(feed(&mut large, second, &format!("u{}", second / 2)), 0);
    }
    let snapshot = large.snapshot();
    let small = || {
        let small = rules.detector().with_state_bytes(BYTES);
        small.with_lateness(Duration::from_hours(24))
    };
    let mut next = small();
    next.restore(&snapshot).unwrap();
    let bytes = next.state_bytes();
    assert!(bytes <= BYTES, "{bytes}");
    assert!(next.hurried() > 0);
    assert!(next.correlations().next().unwrap().fired > 0);
    // What it says is told with the next record, and once.
    let n_told = feed(&mut next, 6_000, "eve");
    assert_eq!(n_told as u64, next.correlations().next().unwrap().fired);
    let rest: u64 = counts(next.finish())
        .iter()
        .map(|(is_summary, _)| u64::from(!is_summary))
        .sum();
    assert_eq!(n_told as u64 + rest, 3_000);

    let mut correlator = rules.correlator().with_state_bytes(BYTES);
    let mut matcher = rules.detector().forwarding();
    let mut whole = rules.correlator();
    for second in 0..6_000 {
        feed(&mut matcher, second, &format!("u{}", second / 2));
        for signal in matcher.signals() {
            whole.push(signal);
        }
    }
    correlator.restore(&whole.snapshot()).unwrap();
    assert!(correlator.state_bytes() <= BYTES);
    assert!(correlator.hurried() > 0);
    let told = counts(correlator.finish());
    assert_eq!(
        told.iter().filter(|(is_summary, _)| !is_summary).count(),
        3_000
    );
}

#[test]
fn a_summary_for_which_there_is_no_memory_is_told_after_restoring() {
    const BYTES: usize = 1 << 17;
    const N: u32 = 2_000;
    let rules = rules(&MANY.replace("1m", "1d"));
    let mut large = rules.detector();
    for second in 0..3 * N {
        feed(&mut large, second, &format!("u{}", second / 3));
    }
    let told = counts(large.flush(clock(u64::from(3 * N) + 61)));
    assert!(told.iter().all(|(is_summary, _)| !is_summary));
    let mut small = rules.detector().with_state_bytes(BYTES);
    small.restore(&large.snapshot()).unwrap();
    let n_kept = small.correlations().next().unwrap().groups;
    assert!(n_kept < u64::from(N), "{n_kept}");
    let summaries = counts(small.flush(clock(u64::from(3 * N) + 61)));
    assert_eq!(summaries.len() as u64, u64::from(N) - n_kept);
    assert!(summaries.iter().all(|it| *it == (true, 3)), "{summaries:?}");
    assert_eq!(counts(small.finish()).len() as u64, n_kept);
}
