//! Rules that only ask for the caller are evaluated once for each caller, and that changes nothing.

use detect::{Detection, Detector, Reader, RuleSet};
use proptest::prelude::*;

/// A first-seen correlation over a rule of these tests, with a filter.
fn rules(tests: &str) -> RuleSet {
    let base = format!(
        "
title: Request
name: request
logsource: {{product: kubernetes, service: audit}}
detection: {{s: {{{tests}}}, condition: s}}
---
title: Of another address
name: other-address
correlation: {{type: new_value, rules: [request], group-by: [user.username, 'user.extra[\"example.com/pod\"]'], timespan: 1h, learning: 1m, condition: {{field: client.ip}}}}
message: '{{user.username}} {{value}}'
"
    );
    let filter = "
title: ours
logsource: {product: kubernetes, service: audit}
filter: {rules: [request], ours: {user.username: u0}, condition: not ours}
";
    let built = RuleSet::builder()
        .text("base.yaml", base)
        .text("filter.yaml", filter)
        .build();
    built.unwrap_or_else(|error| panic!("{error:?}"))
}

/// Only the caller is asked for.
const CALLER: &str = "user.username: '*'";
/// The same, and something that every event has.
const MORE: &str = "user.username: '*', verb: '*'";

#[derive(Clone, Debug)]
struct Request {
    second: i64,
    user: usize,
    pod: usize,
    ip: usize,
    is_impersonating: bool,
    /// That the request came in was recorded, and nothing yet of what came of it.
    is_received: bool,
}

fn line(at: usize, request: &Request) -> String {
    let Request {
        second,
        user,
        pod,
        ip,
        is_impersonating,
        is_received,
    } = request;
    let time = clock(*second);
    let pod = match pod {
        0 => String::new(),
        // A key that nobody reads is another one now and then.
        pod => format!(
            r#","extra":{{"other":["{}"],"example.com/pod":["p{pod}"]}}"#,
            at / 7
        ),
    };
    let acting = if *is_impersonating {
        r#""impersonatedUser":{"username":"somebody"},"#
    } else {
        ""
    };
    let stage = if *is_received {
        "RequestReceived"
    } else {
        "ResponseComplete"
    };
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id-{at}","stage":"{stage}","verb":"get","user":{{"username":"u{user}","uid":"{at}"{pod}}},{acting}"sourceIPs":["10.0.0.{ip}"],"responseStatus":{{"code":200}},"requestReceivedTimestamp":"{time}","stageTimestamp":"{time}"}}"#
    )
}

/// What is told, how many hits the filter took, and how many events had no group.
type Outcome = (Vec<String>, u64, u64);

fn outcome(detector: Detector, lines: &[String]) -> Outcome {
    let (outcome, _) = outcome_and_baseline(detector, lines, 3600, None);
    outcome
}

/// What was learnt and counts at a time. What has run out is forgotten sooner or later.
fn learnt(detector: &Detector, latest: i64) -> Vec<String> {
    let first = clock(latest - 3600);
    let mut learnt = Vec::new();
    for line in detector.baseline().lines().skip(1) {
        let group: serde_json::Value = serde_json::from_str(line).unwrap();
        let counts = |one: &serde_json::Value| one["last"].as_str().unwrap() >= first.as_str();
        if !counts(&group) {
            continue;
        }
        let values = group["values"].as_array().unwrap().iter();
        let values: Vec<_> = values.filter(|value| counts(value)).collect();
        learnt.push(format!(
            "{} {} {} {values:?}",
            group["group"], group["since"], group["last"]
        ));
    }
    learnt
}

fn clock(second: i64) -> String {
    format!(
        "2026-03-14T{:02}:{:02}:{:02}.000000Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// The same with what was learnt in the end, of a detector that is replaced by one in the same state after some events.
fn outcome_and_baseline(
    mut detector: Detector,
    lines: &[String],
    latest: i64,
    restart: Option<usize>,
) -> (Outcome, Vec<String>) {
    let mut told = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if restart == Some(at) {
            let snapshot = detector.snapshot();
            detector.restore(&snapshot).unwrap();
        }
        let mut reader = Reader::new(line.as_bytes());
        let record = reader.next().unwrap().unwrap();
        let hits = detector.process(&record);
        told.extend(hits.map(|hit| Detection::without_event(&hit)));
    }
    let hits = detector.finish();
    told.extend(hits.map(|hit| Detection::without_event(&hit)));
    let told = told.iter().map(|one| {
        let found = one.correlation.as_ref().unwrap();
        format!(
            "{} {} {}",
            one.message,
            found.first,
            found.audit_ids.join(",")
        )
    });
    let told = told.collect();
    let taken = detector.scanner().filters().map(|filter| filter.suppressed);
    let (taken, stats) = (taken.sum(), detector.correlations().next().unwrap());
    assert_eq!((stats.late, stats.cut), (0, 0));
    let left_out = stats.left_out;
    ((told, taken, left_out), learnt(&detector, latest))
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let step = prop_oneof![5 => 0..40_i64, 1 => 60..900_i64, 1 => 3500..3700_i64, 1 => -55..0_i64];
    let one = (
        step,
        0..3_usize,
        0..3_usize,
        0..3_usize,
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.3),
    );
    prop::collection::vec(one, 0..60).prop_map(|all| {
        let (mut latest, mut requests) = (1000_i64, Vec::new());
        for (step, user, pod, ip, is_impersonating, is_received) in all {
            let second = latest + step;
            latest = latest.max(second);
            requests.push(Request {
                second,
                user,
                pod,
                ip,
                is_impersonating,
                is_received,
            });
        }
        requests
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn asking_once_tells_the_same(requests in requests(), restart in 0..60_usize) {
        let lines: Vec<String> = requests.iter().enumerate().map(|(at, one)| line(at, one)).collect();
        let latest = requests.iter().map(|one| one.second).max().unwrap_or(3600).max(3600);
        let each = rules(MORE);
        let once = rules(CALLER);
        let (expected, learnt) = outcome_and_baseline(each.detector(), &lines, latest, None);
        let (told, baseline) = outcome_and_baseline(once.detector(), &lines, latest, None);
        prop_assert_eq!(&told, &expected);
        prop_assert_eq!(&baseline, &learnt);
        let (told, baseline) = outcome_and_baseline(once.detector(), &lines, latest, Some(restart));
        prop_assert_eq!(&told.0, &expected.0);
        prop_assert_eq!(&baseline, &learnt);
        prop_assert_eq!(&outcome(once.detector().with_suppressed_hits(), &lines), &expected);
    }
}

#[test]
fn what_a_filter_takes_is_counted_and_shown_each_time() {
    let request = |second| Request {
        second,
        user: 0,
        pod: 1,
        ip: 1,
        is_impersonating: false,
        is_received: false,
    };
    let lines: Vec<String> = (0..300)
        .map(|n| line(n, &request(i64::try_from(n).unwrap())))
        .collect();
    let rules = rules(CALLER);
    assert_eq!(outcome(rules.detector(), &lines), (vec![], 300, 0));
    let mut detector = rules.detector().with_suppressed_hits();
    for line in &lines {
        let mut reader = Reader::new(line.as_bytes());
        let record = reader.next().unwrap().unwrap();
        detector.process(&record);
        assert_eq!(detector.scanner().suppressed_hits().count(), 1);
    }
}
