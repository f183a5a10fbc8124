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
}

fn line(at: usize, request: &Request) -> String {
    let Request {
        second,
        user,
        pod,
        ip,
        is_impersonating,
    } = request;
    let time = format!(
        "2026-03-14T{:02}:{:02}:{:02}.000000Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    );
    let pod = match pod {
        0 => String::new(),
        pod => format!(r#","extra":{{"other":["{at}"],"example.com/pod":["p{pod}"]}}"#),
    };
    let acting = if *is_impersonating {
        r#""impersonatedUser":{"username":"somebody"},"#
    } else {
        ""
    };
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id-{at}","stage":"ResponseComplete","verb":"get","user":{{"username":"u{user}","uid":"{at}"{pod}}},{acting}"sourceIPs":["10.0.0.{ip}"],"responseStatus":{{"code":200}},"requestReceivedTimestamp":"{time}","stageTimestamp":"{time}"}}"#
    )
}

/// What is told, how many hits the filter took, and how many events had no group.
fn outcome(mut detector: Detector, lines: &[String]) -> (Vec<String>, u64, u64) {
    let mut told = Vec::new();
    for line in lines {
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
    (told, taken, stats.left_out)
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let step = prop_oneof![5 => 0..40_i64, 1 => 60..900_i64, 1 => 3500..3700_i64, 1 => -55..0_i64];
    let one = (
        step,
        0..3_usize,
        0..3_usize,
        0..3_usize,
        prop::bool::weighted(0.2),
    );
    prop::collection::vec(one, 0..60).prop_map(|all| {
        let (mut latest, mut requests) = (1000_i64, Vec::new());
        for (step, user, pod, ip, is_impersonating) in all {
            let second = latest + step;
            latest = latest.max(second);
            requests.push(Request {
                second,
                user,
                pod,
                ip,
                is_impersonating,
            });
        }
        requests
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn asking_once_tells_the_same(requests in requests()) {
        let lines: Vec<String> = requests.iter().enumerate().map(|(at, one)| line(at, one)).collect();
        let each = rules(MORE);
        let once = rules(CALLER);
        let expected = outcome(each.detector(), &lines);
        prop_assert_eq!(&outcome(once.detector(), &lines), &expected);
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
