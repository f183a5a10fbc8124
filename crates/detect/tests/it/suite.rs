//! A project's rules tested in one call: what makes it fail, and how that reads.

use detect::rule_lang::TestKind;
use detect::testing::Suite;
use detect::{RuleSet, RuleSetBuilder};

use crate::support::rule;

const HIT: &str = "tests: [{kind: hit, event: {verb: get}}]\n";
const FOREIGN: &str = "title: Sysmon\nlogsource: {product: windows, service: sysmon}\ndetection: {s: {Image: x}, condition: s}\n";

fn reads(name: &str) -> String {
    rule(name, "selection: {verb: get}\ncondition: selection")
}

fn one_rule() -> RuleSetBuilder {
    let builder = RuleSet::builder().text("reads.yaml", reads("reads"));
    builder.text("reads.test.yaml", HIT)
}

/// The report of a suite that fails.
#[track_caller]
fn failing(suite: Suite) -> String {
    let report = suite.run();
    assert!(!report.has_passed(), "{report}");
    report.to_string()
}

#[track_caller]
fn passing(suite: Suite) -> String {
    let report = suite.run();
    report.assert_passed();
    report.to_string()
}

#[test]
fn what_is_right_passes() {
    assert_eq!(passing(Suite::new(one_rule())), "1 rule, 1 test");
}

#[test]
fn an_empty_set_does_not_pass() {
    assert_eq!(
        failing(Suite::new(RuleSet::builder())),
        "no rule or correlation was found that can be tested\n0 rules, 0 tests"
    );
}

#[test]
fn errors_are_drawn() {
    let wrong = reads("wrong").replace("verb", "verbb");
    let report = failing(Suite::new(one_rule().text("wrong.yaml", wrong)));
    assert_eq!(
        report,
        "\
error[unknown-field]: `verbb`: no audit event has this field
 --> wrong.yaml:7:15
  |
7 |   selection: {verbb: get}
  |               ^^^^^
  |
  = help: did you mean `verb`?

1 rule, 1 test: 1 error"
    );
}

#[test]
fn a_mistyped_key_of_an_event_fails_its_test() {
    for (event, key) in [
        ("{vreb: get}", "vreb"),
        (
            "{verb: list, objectRef: {resuorce: pods}}",
            "objectRef.resuorce",
        ),
        ("{verb: list, user: {name: dana}}", "user.name"),
        (
            "{verb: list, responseStatus: {codes: 200}}",
            "responseStatus.codes",
        ),
    ] {
        let tests = format!("tests: [{{name: quiet, kind: near-miss, event: {event}}}]\n");
        let rules = RuleSet::builder().text("reads.yaml", reads("reads"));
        let rules = rules.text("reads.test.yaml", tests);
        let report = failing(Suite::new(rules));
        assert!(
            report.contains(&format!("no audit event has the key `{key}`")),
            "{report}"
        );
    }
}

#[test]
fn a_key_that_occurs_twice_is_no_mistyped_one() {
    let events = [
        r#"{"verb":"list","verb":"get","objectRef":{"resource":"secrets"}}"#,
        r#"{"verb":"get","objectRef":{"resource":"pods"},"objectRef":{"resource":"pods","resource":"secrets"}}"#,
        r#"{"verb":"get","user":{"username":"a","username":"b"},"responseStatus":{"code":200,"code":201}}"#,
    ];
    for event in events {
        let tests = format!("tests:\n  - kind: hit\n    events: |\n      {event}\n");
        let rules = RuleSet::builder().text("reads.yaml", reads("reads"));
        let rules = rules.text("reads.test.yaml", tests);
        assert_eq!(passing(Suite::new(rules)), "1 rule, 1 test", "{event}");
    }
}

#[test]
fn a_summary_is_a_hit_and_called_by_its_name() {
    let suppressed = reads("reads").replace("---", "suppress: {by: [user.username], for: 5m}");
    let event = |at: u64| format!("{{at: {at}s, verb: get, user: {{username: a}}}}");
    let events: Vec<String> = (0..4).map(event).collect();
    let tests = format!(
        "tests: [{{kind: hit, count: 1, events: [{}]}}]\n",
        events.join(", ")
    );
    let rules = RuleSet::builder().text("reads.yaml", suppressed);
    let report = failing(Suite::new(rules.text("reads.test.yaml", tests)));
    assert!(
        report.contains("expected 1 hit, found 2, one of them a summary"),
        "{report}"
    );
}

#[test]
fn warnings_fail_on_demand() {
    let warned = || {
        let text = "title: Unused\nname: u\nlogsource: {product: kubernetes, service: audit}\ndetection: {a: {verb: get}, b: {verb: list}, condition: a}\n";
        RuleSet::builder().text("u.yaml", text.to_owned() + HIT)
    };
    assert_eq!(passing(Suite::new(warned())), "1 rule, 1 test");
    let report = failing(Suite::new(warned()).deny_warnings());
    assert!(
        report.starts_with("warning[unused-selection]: "),
        "{report}"
    );
    assert!(report.ends_with("\n1 rule, 1 test: 1 warning"), "{report}");
}

#[test]
fn unsupported_documents_fail_unless_they_are_allowed() {
    let suite = || Suite::new(one_rule().text("sysmon.yaml", FOREIGN));
    assert_eq!(
        failing(suite()),
        "\
sysmon.yaml:1: rule `Sysmon` is unsupported: this document is not for audit logs of Kubernetes and is left out
1 rule, 1 test: 1 unsupported document"
    );
    assert_eq!(passing(suite().allow_unsupported()), "1 rule, 1 test");
    let allowed = suite().allow_unsupported().deny_warnings();
    assert_eq!(passing(allowed), "1 rule, 1 test");
}

#[test]
fn failing_tests_have_their_place_and_reason() {
    let tests = "# both of the set\nrule: reads\ntests:\n  - {name: reads, kind: near-miss, event: {verb: get}}\n  - {name: lists, kind: hit, event: {verb: list}}\n";
    let builder = RuleSet::builder().text("reads.yaml", reads("reads"));
    assert_eq!(
        failing(Suite::new(builder.text("reads.test.yaml", tests))),
        "\
reads.test.yaml:4: `reads`: test `reads` failed: expected no hit, and the rule matched: reads
reads.test.yaml:5: `reads`: test `lists` failed: expected a hit, and the rule did not match
1 rule, 2 tests: 2 failed tests"
    );
}

#[test]
fn kinds_of_test_are_chosen() {
    let builder = || {
        let text = reads("reads")
            + "title: Many\nname: many\ncorrelation: {type: event_count, rules: [reads], timespan: 5m, condition: {gte: 3}}\ngenerate: true\n";
        let tests = format!("rule: reads\n{HIT}");
        RuleSet::builder()
            .text("reads.yaml", text)
            .text("reads.test.yaml", tests)
    };
    let report = failing(Suite::new(builder()));
    assert_eq!(
        report,
        "reads.yaml:11: `many` has no test of kind `hit`\n2 rules, 1 test: 1 missing test"
    );
    assert_eq!(
        passing(Suite::new(builder()).require(&[])),
        "2 rules, 1 test"
    );
    let all = Suite::new(builder()).require(TestKind::ALL);
    assert!(failing(all).ends_with("2 rules, 1 test: 5 missing tests"));
}

#[test]
fn rules_whose_tests_are_not_run_are_noted() {
    let off = "title: Off\noverride: {rules: [off], enabled: false}\n";
    let builder = one_rule()
        .text("off.yaml", reads("off").replace("---\n", HIT))
        .text("overrides.yaml", off);
    assert_eq!(
        passing(Suite::new(builder)),
        "note: off.yaml:1: rule `off` is filtered: turned off by the override at overrides.yaml:2\n1 rule, 1 test"
    );
}

#[cfg(feature = "shipped")]
#[test]
fn shipped_rules_are_in_scope_and_not_tested() {
    let filter = "title: Everybody may\nname: may\nlogsource: {product: kubernetes, service: audit}\nfilter: {rules: [exec-into-pod], s: {'user.username|startswith': dana}, condition: not s}\n";
    let suite = Suite::new(one_rule().text("filter.yaml", filter)).deny_warnings();
    assert!(failing(suite).starts_with("warning[unknown-rule]: "));
    let suite = Suite::new(one_rule().text("filter.yaml", filter)).deny_warnings();
    assert_eq!(passing(suite.with_shipped()), "1 rule, 1 test");
}

#[cfg(feature = "fs")]
#[test]
fn a_directory_is_asserted_in_one_line() {
    use std::fs;
    use std::path::Path;

    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("suite");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(dir.join("below")).unwrap();
    fs::write(dir.join("below/reads.yaml"), reads("reads")).unwrap();
    fs::write(dir.join("below/reads.test.yaml"), HIT).unwrap();
    detect::testing::assert_dir(&dir);
    fs::write(
        dir.join("below/reads.test.yaml"),
        HIT.replace("get", "list"),
    )
    .unwrap();
    let failed = std::panic::catch_unwind(|| detect::testing::assert_dir(&dir)).unwrap_err();
    let message = failed.downcast_ref::<String>().unwrap();
    assert!(
        message.contains("reads.test.yaml:1: `reads`: test `hit 1` failed: expected a hit, and the rule did not match\n1 rule, 1 test: 1 failed test\n"),
        "{message}"
    );
}
