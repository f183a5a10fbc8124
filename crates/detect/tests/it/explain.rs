//! An explanation says what the engine says, and says it without secrets.

use detect::{Because, Event, Explanation, Limits, Node, RuleSet, What};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::generate::{Choices, event as generated, rule as generated_rule, yaml};
use crate::property::{choices, config};
use crate::support::{compile, event, rule};

/// Every node is what its parts make it.
fn check_node(node: &Node) -> Result<(), TestCaseError> {
    let all = |parts: &[Node]| parts.iter().try_for_each(check_node);
    match &node.what {
        What::And { parts } => {
            prop_assert_eq!(node.holds, parts.iter().all(|part| part.holds));
            all(parts)
        }
        What::Or { parts } => {
            prop_assert_eq!(node.holds, parts.iter().any(|part| part.holds));
            all(parts)
        }
        What::Not { part } => {
            prop_assert_eq!(node.holds, !part.holds);
            check_node(part)
        }
        What::Selection { part, .. } | What::Group { part, .. } => {
            prop_assert_eq!(node.holds, part.holds);
            check_node(part)
        }
        What::Block { members, .. } => members
            .iter()
            .try_for_each(|member| check_node(&member.node)),
        _ => Ok(()),
    }
}

fn check(set: &RuleSet, json: &[u8], shown: &str) -> Result<usize, TestCaseError> {
    let decoded = Event::decode(json, &Limits::default())
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    let mut scanner = set.scanner().with_verdicts();
    let hits: Vec<_> = scanner
        .scan(&decoded)
        .map(|hit| {
            let matched: Vec<_> = hit.matched().map(str::to_owned).collect();
            (hit.rule().name().to_owned(), hit.level(), matched)
        })
        .collect();
    let mut explainer = set.explainer();
    let verdicts: Vec<_> = scanner.verdicts().collect();
    for (rule, verdict) in set.rules().zip(verdicts) {
        let explanation = explainer.explain(rule, &decoded).unwrap();
        let hit = hits.iter().find(|(name, ..)| name == rule.name());
        let context = || format!("{explanation}\n{}\n{shown}", String::from_utf8_lossy(json));
        prop_assert_eq!(explanation.matched, hit.is_some(), "{}", context());
        if let Some((_, level, _)) = hit {
            prop_assert_eq!(explanation.level, *level, "{}", context());
        }
        let reasons: Vec<String> = verdict.reasons().iter().map(ToString::to_string).collect();
        prop_assert_eq!(&explanation.missing, &reasons, "{}", context());
        check_node(&explanation.condition)?;
        for filter in &explanation.filters {
            check_node(&filter.condition)?;
        }
        for line in explanation.render(100).lines() {
            prop_assert!(!line.chars().any(char::is_control), "{}", context());
        }
        prop_assert!(serde_json::to_string(&explanation).is_ok());
    }
    Ok(hits.len())
}

#[test]
fn the_verdict_is_the_engine_s() {
    let mut runner = TestRunner::new(config(256));
    let strategy = (vec(choices(90), 1..=4), vec(choices(250), 1..=3));
    let hits = std::cell::Cell::new(0);
    let run = runner.run(&strategy, |(of_rules, of_events)| {
        let mut builder = RuleSet::builder();
        let mut text = String::new();
        for (at, numbers) in of_rules.iter().enumerate() {
            // The first of several is a filter for all of them.
            let rule = generated_rule(&mut Choices::new(numbers), format!("rule-{at}"));
            let mut yaml = yaml(&rule);
            if at > 0 && at + 1 == of_rules.len() {
                yaml = yaml.replacen("\ndetection:\n", "\nfilter:\n  rules: any\n", 1);
            }
            builder = builder.text(format!("{at}.yaml"), yaml.as_str());
            text += &yaml;
        }
        let (set, report) = builder.load();
        prop_assert!(!report.has_errors(), "{}\n{text}", report.render(false));
        for numbers in &of_events {
            let json = generated(&mut Choices::new(numbers));
            hits.set(hits.get() + check(&set, &json, &text)?);
        }
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    // What never matches proves little.
    assert!(hits.get() > 10, "only {} hits", hits.get());
}

fn explain(rules: &RuleSet, name: &str, json: &str) -> Explanation {
    let decoded = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
    rules.explain(name, &decoded).unwrap()
}

#[test]
fn everything_that_decides_is_told() {
    let text = rule(
        "sees",
        "read:\n  verb: get\nlist:\n  verb: list\ncondition: read or list",
    )
    .replace(
        "level: high\n",
        "level: high\nlevels: [{when: list, level: critical}]\n",
    ) + "title: Quiet\nname: quiet\nlogsource: {product: kubernetes, service: audit}\nfilter:\n  rules: [sees]\n  \
          known: {user.username: dana}\n  condition: not known\n";
    let rules = compile(&text);
    let user = r#""user":{"username":"dana"}"#;
    let taken = explain(&rules, "sees", &event(&format!(r#"{user},"verb":"list""#)));
    assert_eq!(
        (taken.matched, taken.because.clone()),
        (false, Because::Filter("quiet".to_owned()))
    );
    assert_eq!(
        taken.to_string(),
        "\
✗ sees: not matched, the filter quiet takes it away
├─ ✓ any of
│  ├─ ✗ selection read
│  │  └─ ✗ verb is get, found list  rules.yaml:8
│  └─ ✓ selection list
│     └─ ✓ verb is list, found list  :10
├─ ✓ level critical when
│  └─ ✓ selection list
│     └─ ✓ verb is list, found list  :10
└─ ✗ filter quiet takes it away
   └─ ✗ not
      └─ ✓ selection known
         └─ ✓ user.username is dana, found dana  :20
"
    );
    // A filter that vouches for who holds the credential is not asked when they act as somebody else.
    let spared = explain(
        &rules,
        "sees",
        &event(&format!(
            r#"{user},"impersonatedUser":{{"username":"eve"}},"verb":"get""#
        )),
    );
    assert!(spared.matched && spared.filters[0].spared);
    assert!(
        spared
            .to_string()
            .contains("✓ filter quiet is not asked: the request impersonates somebody"),
        "{spared}"
    );
    let received = event(r#""verb":"get""#).replace("ResponseComplete", "RequestReceived");
    let received = explain(&rules, "sees", &received);
    assert_eq!(
        (received.matched, received.because),
        (false, Because::Stage)
    );
    assert!(received.condition.holds);
}

#[test]
fn what_the_event_leaves_out_is_told() {
    let rules = compile(&rule(
        "privileged",
        "made:\n  verb: create\nlax:\n  containers.securityContext.privileged: true\nmember:\n  \
         containers[any]: {image.tag: latest}\nwords: [xmrig]\ncondition: made and (lax or member or words)",
    ));
    let request = r#""verb":"create","objectRef":{"resource":"pods"}"#;
    let metadata = event(&format!(r#""level":"Metadata",{request}"#));
    let explanation = explain(&rules, "privileged", &metadata);
    assert_eq!(
        explanation.to_string(),
        "\
? privileged: not evaluated, containers is not logged at level Metadata
└─ ✗ all of
   ├─ ✓ selection made
   │  └─ ✓ verb is create, found create  rules.yaml:8
   └─ ✗ any of
      ├─ ✗ selection lax
      │  └─ ✗ containers.securityContext.privileged is true, not evaluated: not logged at level Metadata  :10
      ├─ ✗ selection member
      │  └─ ✗ containers[any], no member, not evaluated: not logged at level Metadata  :12
      └─ ✗ selection words
         └─ ✗ keywords contains xmrig, absent  :13
"
    );
    let cut = event(&format!(
        r#"{request},"annotations":{{"audit.k8s.io/truncated":"true"}}"#
    ));
    let explanation = explain(&rules, "privileged", &cut);
    assert_eq!(explanation.missing, ["containers was truncated"]);
    assert!(
        explanation
            .to_string()
            .contains("keywords contains xmrig, not evaluated: truncated"),
        "{explanation}"
    );
    // What is there is judged, and what has nothing to do with it is not asked for.
    let whole = event(&format!(
        r#"{request},"requestObject":{{"spec":{{"containers":[]}}}}"#
    ));
    assert_eq!(explain(&rules, "privileged", &whole).missing, [""; 0]);
}

#[test]
fn quantifiers_of_the_condition_are_named() {
    let rules = compile(&rule(
        "grouped",
        "get_a: {name: a}\nget_b: {name: b}\nonly_c: {name: c}\nread: {verb: get}\n_x: {namespace: shop}\n\
         condition: (read or 1 of get_*) and not all of only_* and any of _*",
    ));
    let json =
        event(r#""verb":"list","objectRef":{"resource":"pods","name":"b","namespace":"shop"}"#);
    assert_eq!(
        explain(&rules, "grouped", &json).to_string(),
        "\
✓ grouped: matched, level high
└─ ✓ all of
   ├─ ✓ any of
   │  ├─ ✗ selection read
   │  │  └─ ✗ verb is get, found list  rules.yaml:10
   │  └─ ✓ 1 of get_*
   │     ├─ ✗ selection get_a
   │     │  └─ ✗ name is a, found b  :7
   │     └─ ✓ selection get_b
   │        └─ ✓ name is b, found b  :8
   ├─ ✓ not
   │  └─ ✗ all of only_*
   │     └─ ✗ selection only_c
   │        └─ ✗ name is c, found b  :9
   └─ ✓ 1 of _*
      └─ ✓ selection _x
         └─ ✓ namespace is shop, found shop  :11
"
    );
    let whole = compile(&rule(
        "whole",
        "get_a: {name: a}\nget_b: {name: b}\ncondition: 1 of them",
    ));
    let shown = explain(&whole, "whole", &json).to_string();
    assert!(
        shown.contains("└─ ✓ 1 of them\n   ├─ ✗ selection get_a"),
        "{shown}"
    );
}

#[test]
fn a_filter_that_has_expired_takes_nothing() {
    let text = rule("sees", "read:\n  verb: get\ncondition: read")
        + "title: Quiet\nname: quiet\nexpires: 2026-01-31\nlogsource: {product: kubernetes, service: audit}\n\
           filter:\n  rules: [sees]\n  known: {user.username: dana}\n  condition: not known\n";
    let rules = compile(&text);
    for (day, matched) in [("2026-01-31", false), ("2026-02-01", true)] {
        let json = event(&format!(
            r#""user":{{"username":"dana"}},"verb":"get","stageTimestamp":"{day}T10:00:00.000000Z""#
        ));
        let decoded = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(rules.scanner().scan(&decoded).len() == 1, matched);
        let explanation = explain(&rules, "sees", &json);
        assert_eq!(explanation.matched, matched, "{explanation}");
        assert_eq!(explanation.filters[0].expired, matched);
    }
}

#[test]
fn members_are_told_one_by_one() {
    let rules = compile(&rule(
        "foreign",
        "written:\n  containers[any]:\n    image.registry|neq: registry.example.com\n    securityContext.privileged: true\n\
         condition: written",
    ));
    let json = event(
        r#""verb":"create","objectRef":{"resource":"pods"},"requestObject":{"spec":{"containers":[{"image":"nginx"},{"image":"registry.example.com/x","securityContext":{"privileged":true}}]}}"#,
    );
    let explanation = explain(&rules, "foreign", &json);
    assert_eq!(
        explanation.to_string(),
        "\
✗ foreign: not matched, its condition does not hold
└─ ✗ selection written
   └─ ✗ containers[any], 2 members  rules.yaml:8
      ├─ ✗ member 0
      │  └─ ✗ all of
      │     ├─ ✓ not containers[].image.registry is registry.example.com, found docker.io  :9
      │     └─ ✗ containers[].securityContext.privileged is true, absent  :10
      └─ ✗ member 1
         └─ ✗ all of
            ├─ ✗ not containers[].image.registry is registry.example.com, found registry.example.com  :9
            └─ ✓ containers[].securityContext.privileged is true, found true  :10
"
    );
    let lines = explanation.render(60);
    assert!(
        lines.lines().all(|line| line.chars().count() <= 60),
        "{lines}"
    );
}

#[test]
fn no_secret_is_told() {
    let detection = "whole: {exec.command: xyz}\nnone: {exec.command: zyx}\n\
         each:\n  exec.command[any]: {.: xyz}\n\
         env: {'containers.env.value': xyz}\n\
         entry:\n  object.data[any]: {value: xyz}\n\
         nested:\n  containers[any]:\n    env[any]: {value: xyz}\n\
         args:\n  containers[any]:\n    args[any]: {.: xyz}\n\
         uri: {requestURI: xyz}\n\
         same: {requestURI|fieldref: requestURI}\n\
         words:\n  - xyz\n\
         condition: 1 of them and not none";
    let rules = compile(&rule("secretive", detection));
    let exec = event(
        r#""verb":"get","requestURI":"/api/v1/namespaces/x/pods/p/exec?command=mysql&command=--password&command=hunter2","objectRef":{"resource":"pods","subresource":"exec","namespace":"x","name":"p"}"#,
    );
    let pod = event(
        r#""verb":"create","objectRef":{"resource":"pods"},"requestObject":{"spec":{"containers":[{"args":["--token","hunter2"],"env":[{"name":"A","value":"hunter2"}]}]}}"#,
    );
    let secret = event(
        r#""verb":"create","objectRef":{"resource":"secrets"},"requestObject":{"data":{"k":"hunter2"}}"#,
    );
    // A repeated key: under one reading it is a Secret.
    let twice = event(
        r#""verb":"create","objectRef":{"resource":"secrets"},"objectRef":{"resource":"pods"},"requestObject":{"data":{"k":"hunter2"}}"#,
    );
    for json in [exec, pod, secret, twice] {
        let explanation = explain(&rules, "secretive", &json);
        let text = format!(
            "{explanation}\n{}",
            serde_json::to_string(&explanation).unwrap()
        );
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("redacted"), "{text}");
    }
}

#[test]
fn what_is_large_is_shortened() {
    let many: Vec<String> = (0..100).map(|n| format!("v{n}")).collect();
    let rules = compile(&rule(
        "large",
        &format!(
            "a:\n  user.groups: [{}]\nb:\n  user.groups[all]: {{.|startswith: g}}\ncondition: a or b",
            many.join(", ")
        ),
    ));
    let groups: Vec<String> = (0..100).map(|n| format!("\"g{n}\"")).collect();
    let json = event(&format!(
        r#""verb":"get","user":{{"username":"x","groups":[{}]}}"#,
        groups.join(",")
    ));
    let explanation = explain(&rules, "large", &json);
    let text = explanation.to_string();
    assert!(
        text.contains("v0 | v1 | v2 | v3 | v4 | … 95 more"),
        "{text}"
    );
    assert!(text.contains("user.groups[all], 100 members"), "{text}");
    assert!(text.contains("… and 84 more"), "{text}");

    // A condition that uses one selection thousands of times does not make an explanation of millions of lines.
    let uses = vec!["(b or a)"; 5_000].join(" and ");
    let rules = compile(&rule(
        "repeated",
        &format!("a:\n  verb: get\nb:\n  verb: list\ncondition: {uses}"),
    ));
    let explanation = explain(&rules, "repeated", &event(r#""verb":"get""#));
    assert!(explanation.matched);
    assert!(explanation.to_string().lines().count() < 10_000);
}

#[test]
fn a_value_is_told_once_when_another_key_is_repeated() {
    let rules = compile(&rule(
        "repeated",
        "s:\n  resource: pods\n  name: other\n  user.groups: a\n  podSpec.hostNetwork: true\n  containers.image: x\n\
         condition: s",
    ));
    let json = event(
        r#""verb":"create","level":"Request","user":{"username":"dana","groups":["a","b","a"]},"objectRef":{"resource":"pods","name":"n","name":"other","name":"n"},"requestObject":{"kind":"Pod","metadata":{"a":{}},"spec":{"hostNetwork":true,"containers":[{"name":"c","image":"x"},{"name":"d","image":"y"}]}}"#,
    );
    let text = explain(&rules, "repeated", &json).to_string();
    for found in [
        "resource is pods, found pods  ",
        "name is other, found n, other  ",
        "user.groups is a, found a, b, a  ",
        "podSpec.hostNetwork is true, found true  ",
        "containers.image is x, found x, y  ",
    ] {
        assert!(text.contains(found), "{found}\n{text}");
    }
}
