//! What rules for correlations say of requests that are alike is remembered, and that changes nothing.

use detect::{Detection, Detector, Reader, RuleSet};
use proptest::prelude::*;

/// Two rules for correlations with a filter, beside one that only asks for the caller. With `more` they ask for something
/// that is another one in each request, so that nothing is remembered of them.
fn rules(more: &str) -> RuleSet {
    let base = format!(
        "
title: Request
name: request
logsource: {{product: kubernetes, service: audit}}
detection: {{s: {{user.username: '*'}}, condition: s}}
---
title: Of another address
name: other-address
correlation: {{type: new_value, rules: [request], group-by: [user.username], timespan: 1h, learning: 1m, condition: {{field: client.ip}}}}
---
title: Read
name: read
logsource: {{product: kubernetes, service: audit}}
detection: {{s: {{resource: [secrets, nodes], subresource: null, verb: [get, update], outcome: [success, dry-run]{more}}}, condition: s}}
---
title: Reads
name: reads
correlation: {{type: event_count, rules: [read], group-by: [auditID], timespan: 1h, condition: {{gte: 1}}}}
message: 'read {{auditID}}'
---
title: Refused
name: refused
logsource: {{product: kubernetes, service: audit}}
detection: {{s: {{outcome: denied{more}}}, known: {{user.groups: known}}, allowed: {{decision: allow}}, condition: s and not known and not allowed}}
---
title: Refusals
name: refusals
correlation: {{type: event_count, rules: [refused], group-by: [auditID], timespan: 1h, condition: {{gte: 1}}}}
message: 'refused {{auditID}}'
---
title: Secrets
name: secrets
logsource: {{product: kubernetes, service: audit}}
detection: {{s: {{resource: secrets, apiGroup: null, status: [200, 403]{more}}}, condition: s}}
---
title: Of secrets
name: of-secrets
correlation: {{type: event_count, rules: [secrets], group-by: [auditID], timespan: 1h, condition: {{gte: 1}}}}
message: 'secret {{auditID}}'
"
    );
    let filter = "
title: ours
logsource: {product: kubernetes, service: audit}
filter: {rules: [read, secrets], ours: {user.username: u0, client.ip: 10.0.0.1, operation: [get, create]}, condition: not ours}
";
    let built = RuleSet::builder()
        .text("base.yaml", base)
        .text("filter.yaml", filter)
        .build();
    built.unwrap_or_else(|error| panic!("{error:?}"))
}

const MORE: &str = ", auditID: '*'";

/// One choice for each part of a request.
type Choices = [usize; 10];

fn line(at: usize, choices: &Choices) -> String {
    let [
        user,
        group,
        ip,
        acting,
        verb,
        resource,
        parts,
        code,
        decision,
        query,
    ] = *choices;
    let pick = |all: &[&'static str], at: usize| all[at % all.len()];
    let group = pick(
        &["", r#","groups":["known"]"#, r#","groups":["other"]"#],
        group,
    );
    let ips = pick(&["10.0.0.1", r#"10.0.0.1","10.0.0.2"#], ip);
    let acting = pick(
        &["", "", r#""impersonatedUser":{"username":"somebody"},"#],
        acting,
    );
    let verb = pick(&["get", "update", "patch", "GET"], verb);
    let resource = pick(&["secrets", "nodes", "pods"], resource);
    let parts = pick(
        &["", "", r#","subresource":"status""#, r#","apiGroup":"x""#],
        parts,
    );
    let code = pick(
        &[
            r#""code":200"#,
            r#""code":201"#,
            r#""code":403"#,
            r#""status":"Failure""#,
            r#""reason":"x""#,
        ],
        code,
    );
    let decision = pick(
        &[
            "",
            r#","annotations":{"authorization.k8s.io/decision":"allow"}"#,
            r#","annotations":{"authorization.k8s.io/decision":"forbid"}"#,
        ],
        decision,
    );
    let query = pick(&["", "?dryRun=All", "?dry%52un=All"], query);
    let stage = pick(
        &["ResponseComplete", "RequestReceived"],
        usize::from(at.is_multiple_of(5)),
    );
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id-{at:04}","stage":"{stage}","requestURI":"/x{query}","verb":"{verb}","user":{{"username":"u{user}"{group}}},{acting}"sourceIPs":["{ips}"],"objectRef":{{"resource":"{resource}","name":"n{at}"{parts}}},"responseStatus":{{{code}}},"requestReceivedTimestamp":"2026-03-14T02:00:00.000000Z","stageTimestamp":"2026-03-14T02:00:00.{at:06}Z"{decision}}}"#
    )
}

/// What is told, and how many hits the filter took.
fn outcome(mut detector: Detector, lines: &[String]) -> (Vec<String>, u64) {
    let mut told = Vec::new();
    for line in lines {
        let mut reader = Reader::new(line.as_bytes());
        let record = reader.next().unwrap().unwrap();
        let hits = detector.process(&record);
        told.extend(hits.map(|hit| Detection::without_event(&hit).message));
    }
    let hits = detector.finish();
    told.extend(hits.map(|hit| Detection::without_event(&hit).message));
    told.sort_unstable();
    let taken = detector.scanner().filters().map(|filter| filter.suppressed);
    (told, taken.sum())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn remembering_tells_the_same(kinds in prop::collection::vec(prop::array::uniform10(0..60_usize), 1..5), order in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index, usize)>(), 0..80)) {
        // Few kinds of requests, each of which comes again with one part changed now and then.
        let lines: Vec<String> = order.iter().enumerate().map(|(at, (kind, part, change))| {
            let mut choices = *kind.get(&kinds);
            choices[0] %= 2;
            if change % 3 == 0 {
                choices[part.index(choices.len())] = change % 7;
            }
            line(at, &choices)
        }).collect();
        let expected = outcome(rules(MORE).detector(), &lines);
        prop_assert_eq!(&outcome(rules("").detector(), &lines), &expected);
        prop_assert_eq!(&outcome(rules("").detector().with_suppressed_hits(), &lines), &expected);
    }
}

#[test]
fn requests_that_differ_in_two_parts_are_told_apart() {
    let mut all: Vec<Choices> = vec![[0; 10]; 3];
    for (one, other) in (0..10).flat_map(|one| (0..one).map(move |other| (one, other))) {
        for (choice, of_other) in (0..5).flat_map(|choice| (0..5).map(move |other| (choice, other)))
        {
            let mut choices = [0; 10];
            (choices[one], choices[other]) = (choice, of_other);
            all.push(choices);
        }
    }
    let all = all.iter().enumerate();
    let lines: Vec<String> = all.map(|(at, choices)| line(at, choices)).collect();
    let (told, taken) = outcome(rules("").detector(), &lines);
    assert_eq!(
        (told.clone(), taken),
        outcome(rules(MORE).detector(), &lines)
    );
    for word in ["read", "refused", "secret"] {
        let of_it = told.iter().filter(|told| told.starts_with(word));
        assert!(of_it.count() > 0, "{word}");
    }
    assert!(taken > 0);
}
