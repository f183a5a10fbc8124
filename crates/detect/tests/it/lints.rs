//! What lints decide is true of events: a condition that no event can satisfy has no hit, one that every event satisfies
//! has no miss.

use detect::{Event, Limits, RuleSet};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::generate::{Choices, event, rule, yaml};
use crate::reference::{Condition, Json, Readings, Rule};

/// Compiles a rule and tells whether a lint says that every event satisfies its condition.
fn is_told_to_always_hold(rule: &Rule) -> (RuleSet, bool) {
    let builder = RuleSet::builder().text("rule.yaml", yaml(rule));
    let (set, report) = builder.load();
    assert!(!report.has_errors(), "{}", report.render(false));
    let told = report.diagnostics().iter().any(|found| {
        found.code() == "tautology" && found.message().ends_with("satisfies this condition")
    });
    (set, told)
}

/// Events that an API server may write: no key of theirs is repeated, before there is an answer they hold none, and what
/// names a part of a resource names the resource.
fn events(numbers: &[Vec<u16>]) -> Vec<Vec<u8>> {
    let is_honest = |json: &Vec<u8>| {
        let readings = Readings::of(&Json::parse(json));
        let Some([reading]) = readings.as_ref().map(|readings| readings.all.as_slice()) else {
            return false;
        };
        let has = |name| reading.field(name).is_some();
        let received = reading.field("stage").and_then(|stage| stage.scalar())
            == Some("RequestReceived".to_owned());
        let answered = [
            "responseStatus",
            "requestObject",
            "responseObject",
            "decision",
        ];
        // What is asked of no resource has no part of one.
        let parts = ["subresource", "apiGroup", "namespace"];
        let torn = !has("resource") && parts.into_iter().any(has);
        !torn && !(received && (answered.into_iter().any(has) || has("impersonatedUser")))
    };
    let events = numbers
        .iter()
        .map(|numbers| event(&mut Choices::new(numbers)));
    events.filter(is_honest).collect()
}

/// Whether an event was logged before there is an answer; rules that name no stage are not for it.
fn is_received(json: &[u8]) -> bool {
    let event = Event::decode(json, &Limits::default()).unwrap();
    event.stage.as_deref() == Some("RequestReceived")
}

fn matches(set: &RuleSet, json: &[u8]) -> bool {
    let event = Event::decode(json, &Limits::default()).unwrap();
    set.scanner().scan(&event).next().is_some()
}

#[test]
fn what_is_decided_of_conditions_is_true_of_events() {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(768);
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let choices = |most| vec(any::<u16>(), most / 2..=most);
    let (never, always) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let strategy = (choices(160), vec(choices(250), 24));
    let run = runner.run(&strategy, |(of_rule, of_events)| {
        let sought = rule(&mut Choices::new(&of_rule), "rule".to_owned());
        let mut negated = sought.clone();
        negated.scope.condition = Condition::Not(Box::new(sought.scope.condition.clone()));
        let (set, holds) = is_told_to_always_hold(&sought);
        let (_, fails) = is_told_to_always_hold(&negated);
        prop_assert!(!(holds && fails), "{}", yaml(&sought));
        if !holds && !fails {
            return Ok(());
        }
        never.set(never.get() + u32::from(fails));
        always.set(always.get() + u32::from(holds));
        for json in events(&of_events) {
            let text = String::from_utf8_lossy(&json);
            if fails || (holds && !is_received(&json)) {
                prop_assert_eq!(matches(&set, &json), holds, "{}\n{}", text, yaml(&sought));
            }
        }
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    // What is never decided proves nothing.
    assert!(never.get() > 10, "{never:?} {always:?}");
}

#[test]
fn a_stage_is_read_however_it_is_written() {
    let is = |stage: &str, verb: &str| {
        let json = format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"{stage}","verb":"{verb}"}}"#
        );
        is_received(json.as_bytes())
    };
    assert!(is(r"Requ\u0065stReceived", "get"));
    assert!(!is("ResponseComplete", "RequestReceived"));
}
