//! Correlations of many rules and of each other.

use super::{SOURCE, joined, lines};

pub(super) fn all() -> Vec<(&'static str, String)> {
    vec![
        ("correlations of every rule", correlations("any")),
        ("correlations of a tag", correlations("attack.t1610")),
        (
            "a correlation of one tag again and again",
            again("attack.t1610, "),
        ),
        (
            "a correlation of one correlation again and again",
            again("c, "),
        ),
        ("a correlation of itself again and again", again("self, ")),
        ("correlations of those before them", chain(false)),
        ("correlations of those behind them", chain(true)),
        ("a circle of correlations", circle()),
        (
            "correlations of rules that are off",
            of_rules_that_are_off(),
        ),
    ]
}

/// As many correlations as rules, each of all of the rules.
fn correlations(rules: &str) -> String {
    lines(|at| {
        format!(
            "title: r\nname: r{at}\ntags: [attack.t1610]\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n---\ntitle: c\ncorrelation: {{type: event_count, rules: {rules}, timespan: 5m, condition: {{gte: 3}}}}\n---\n"
        )
    })
}

/// A correlation whose list repeats itself, beside rules with one tag.
fn again(entry: &str) -> String {
    let rules = joined(2_500, |at| {
        format!(
            "title: r\nname: r{at}\ntags: [attack.t1610]\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n---\n"
        )
    });
    let entries = entry.repeat(600_000 / entry.len());
    format!(
        "{rules}title: c\nname: c\ncorrelation: {{type: event_count, rules: [r0], timespan: 5m, condition: {{gte: 3}}}}\n---\n\
         title: c\nname: self\ncorrelation: {{type: event_count, rules: [{entries}], timespan: 5m, condition: {{gte: 3}}}}\n"
    )
}

/// Each of the next one; what is at the end is a rule.
fn chain(is_backward: bool) -> String {
    let rule =
        format!("title: r\nname: c0\n{SOURCE}detection: {{s: {{verb: get}}, condition: s}}\n---\n");
    let mut correlations: Vec<String> = (1..8_000)
        .map(|at| {
            format!(
                "title: c\nname: c{at}\ncorrelation: {{type: event_count, rules: c{}, timespan: 5m, condition: {{gte: 3}}}}\n---\n",
                at - 1
            )
        })
        .collect();
    if is_backward {
        correlations.reverse();
    }
    rule + &correlations.concat()
}

/// Of which the first is of all others.
fn circle() -> String {
    let n = 7_000;
    let all = joined(n, |at| format!("c{at}, "));
    let others = joined(n, |at| {
        format!(
            "title: c\nname: c{at}\ncorrelation: {{type: event_count, rules: c{}, timespan: 5m, condition: {{gte: 3}}}}\n---\n",
            at + 1
        )
    });
    format!(
        "{others}title: c\nname: c{n}\ncorrelation: {{type: event_count, rules: [{all}], timespan: 5m, condition: {{gte: 3}}}}\n"
    )
}

/// A few correlations of many rules, none of which can match.
fn of_rules_that_are_off() -> String {
    let off = "title: o\noverride: {rules: any, enabled: false}\n---\n".to_owned();
    let rules = joined(6_000, |at| {
        format!(
            "title: r\nname: r{at}\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n---\n"
        )
    });
    let correlations = joined(80, |at| {
        format!(
            "title: c\nname: c{at}\ncorrelation: {{type: event_count, rules: any, timespan: 5m, condition: {{gte: 3}}}}\n---\n"
        )
    });
    off + &rules + &correlations
}
