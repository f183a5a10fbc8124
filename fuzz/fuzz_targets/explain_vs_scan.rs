//! Rules and an event: an explanation has the verdict and the level of the scan, each of its nodes is what its parts make
//! it, and it can be drawn.
//!
//! The input is the rules, a line `===`, and the event. Rules without `detection:` are the inside of one.

#![no_main]

use detect::{Event, Explanation, Limits, Node, What};
use libfuzzer_sys::fuzz_target;

#[path = "common/rules.rs"]
mod input;

/// Every node is what its parts make it.
fn check(node: &Node) {
    match &node.what {
        What::And { parts } => {
            assert_eq!(node.holds, parts.iter().all(|part| part.holds));
            parts.iter().for_each(check);
        }
        What::Or { parts } => {
            assert_eq!(node.holds, parts.iter().any(|part| part.holds));
            parts.iter().for_each(check);
        }
        What::Not { part } => {
            assert_eq!(node.holds, !part.holds);
            check(part);
        }
        What::Selection { part, .. } => {
            assert_eq!(node.holds, part.holds);
            check(part);
        }
        What::Block { members, .. } => members.iter().for_each(|member| check(&member.node)),
        _ => {}
    }
}

fn check_whole(explanation: &Explanation) {
    check(&explanation.condition);
    for filter in &explanation.filters {
        check(&filter.condition);
    }
    let drawn = explanation.render(100);
    assert!(
        drawn
            .lines()
            .all(|line| !line.chars().any(char::is_control)),
        "{drawn:?}"
    );
    assert!(serde_json::to_string(explanation).is_ok());
}

fuzz_target!(|bytes: &[u8]| {
    let Some((text, json)) = input::split(bytes) else {
        return;
    };
    let Ok(event) = Event::decode_fragment(json, &Limits::default()) else {
        return;
    };
    let set = input::rules(&text);
    let mut scanner = set.scanner();
    let hits: Vec<_> = scanner
        .scan(&event)
        .filter_map(|hit| Some((hit.rule().as_rule()?.span(), hit.level())))
        .collect();
    let mut explainer = set.explainer();
    for rule in set.rules() {
        let explanation = explainer
            .explain(rule, &event)
            .expect("it is a rule of the set");
        let hit = hits.iter().find(|(span, _)| *span == rule.span());
        assert_eq!(explanation.matched, hit.is_some(), "{explanation}");
        if let Some((_, level)) = hit {
            assert_eq!(explanation.level, *level, "{explanation}");
        }
        check_whole(&explanation);
    }
});
