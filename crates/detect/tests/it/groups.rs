//! The group of a caller is remembered, and that changes nothing.

use detect::{Detector, RuleSet};
use proptest::prelude::*;

use crate::support::{process, tell};

/// A placeholder of a message for each field.
fn shown(group: &str) -> String {
    let fields = group.split(", ").filter(|field| !field.is_empty());
    let placeholders: Vec<String> = fields.map(|field| format!("{{{field}}}")).collect();
    placeholders.join(" ")
}

/// Correlations of one rule that group by what a caller is known by, by more than that, and by other things, beside one
/// that asks for the caller.
fn rules() -> RuleSet {
    let groups = [
        "user.username",
        "client.ip",
        "user.id, client.net",
        "user.username, namespace",
        "user.groups",
        "user.extra.team",
        "rule.name, user.username",
        "",
    ];
    let correlations = groups.iter().enumerate().map(|(at, group)| {
        format!(
            "
---
title: Number {at}
name: number-{at}
correlation: {{type: value_count, rules: [read, written], group-by: [{group}], timespan: 1m, condition: {{field: name, gte: 3}}}}
message: '{at} {{count}} {{first}} {{last}} {}'
",
            shown(group)
        )
    });
    let base = "
title: Request
name: request
logsource: {product: kubernetes, service: audit}
detection: {s: {user.username: '*'}, condition: s}
---
title: Of another address
name: other-address
correlation: {type: new_value, rules: [request], group-by: [user.username], timespan: 1h, learning: 1m, condition: {field: client.ip}}
---
title: Read
name: read
logsource: {product: kubernetes, service: audit}
detection: {s: {verb: get}, condition: s}
---
title: Written
name: written
logsource: {product: kubernetes, service: audit}
detection: {s: {verb: update}, condition: s}
";
    let text = std::iter::once(base.to_owned()).chain(correlations);
    let built = RuleSet::builder()
        .text("rules.yaml", text.collect::<String>())
        .build();
    built.unwrap_or_else(|error| panic!("{error:?}"))
}

/// One choice for each part of a request.
type Choices = [usize; 8];

fn line(at: usize, choices: &Choices) -> String {
    let [user, group, ip, team, verb, namespace, name, acting] = *choices;
    let pick = |all: &[&'static str], at: usize| all[at % all.len()];
    let user = pick(
        &[
            "dana",
            "eve",
            "arn:aws:sts::1:assumed-role/r/one",
            "arn:aws:sts::1:assumed-role/r/two",
        ],
        user,
    );
    let group = pick(&["", r#","groups":["a"]"#, r#","groups":["a","b"]"#], group);
    let ips = pick(&["10.0.0.1", "10.0.0.2", r#"10.9.0.1","10.0.0.2"#], ip);
    let team = pick(
        &[
            "",
            r#","extra":{"team":["x"]}"#,
            r#","extra":{"team":["y","z"]}"#,
        ],
        team,
    );
    let verb = pick(&["get", "update"], verb);
    let namespace = pick(
        &["", r#","namespace":"shop""#, r#","namespace":"bank""#],
        namespace,
    );
    let acting = pick(
        &["", "", r#""impersonatedUser":{"username":"somebody"},"#],
        acting,
    );
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id-{at:04}","stage":"ResponseComplete","verb":"{verb}","user":{{"username":"{user}"{group}{team}}},{acting}"sourceIPs":["{ips}"],"objectRef":{{"resource":"secrets","name":"n{}"{namespace}}},"responseStatus":{{"code":200}},"stageTimestamp":"2026-03-14T02:{:02}:{:02}.000000Z"}}"#,
        name % 5,
        at / 10,
        at % 10 * 6,
    )
}

/// What is told, of two parts of a log with a restart in between.
fn outcome(make: impl Fn() -> Detector, lines: &[String], restart: usize) -> Vec<String> {
    let mut told = Vec::new();
    let (before, after) = lines.split_at(restart.min(lines.len()));
    let mut detector = make();
    process(&mut detector, before, &mut told);
    let snapshot = detector.snapshot();
    // One that has seen the same callers, with another seed.
    let mut detector = make();
    process(&mut detector, before, &mut Vec::new());
    detector.restore(&snapshot).unwrap();
    process(&mut detector, after, &mut told);
    tell(detector.finish(), &mut told);
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_group_that_is_remembered_is_the_same(kinds in prop::collection::vec(prop::array::uniform8(0..60_usize), 1..4), order in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index, usize)>(), 0..90), restart in 0..90_usize) {
        let lines: Vec<String> = order.iter().enumerate().map(|(at, (kind, part, change))| {
            let mut choices = *kind.get(&kinds);
            choices[6] = change % 5;
            if change % 3 == 0 {
                choices[part.index(choices.len())] = change % 7;
            }
            line(at, &choices)
        }).collect();
        let rules = rules();
        // Of callers whose hits are kept nothing is remembered.
        let expected = outcome(|| rules.detector().with_suppressed_hits(), &lines, restart);
        prop_assert_eq!(outcome(|| rules.detector(), &lines, restart), expected);
    }
}
