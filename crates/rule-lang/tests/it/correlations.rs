//! Correlations that must not compile, with the text that the diagnostic underlines.

#[cfg(test)]
mod names;

use rule_lang::{Compiled, Compiler, Severity};

use crate::corpus;

/// Everything that the tests here compile.
pub(crate) fn all() -> Vec<String> {
    corpus::recorded(&[
        what_is_wrong_with_one,
        the_keys_around_it,
        names::a_value_is_known_where_values_are_read,
        help_names_what_was_meant,
        names::what_is_known_of_a_rule_is_proposed,
        cycles_are_told_where_they_close,
    ])
}

const RULES: &str = "
title: A
name: a
id: 11111111-1111-4111-8111-111111111111
tags: [attack.execution]
logsource: {product: kubernetes, service: audit}
detection: {s: {verb: get}, condition: s}
---
title: B
name: b
logsource: {product: kubernetes, service: audit}
detection: {s: {verb: list}, condition: s}
---
title: Inner
name: inner
correlation: {type: event_count, rules: [b], group-by: [user.username], timespan: 1m, condition: {gte: 2}}
";

fn compile(document: &str) -> Compiled {
    corpus::record(&format!("{RULES}---\n{document}"));
    let mut compiler = Compiler::new();
    compiler.add("rules.yaml", RULES);
    compiler.add("correlation.yaml", document);
    compiler.finish()
}

fn correlation(body: &str) -> String {
    format!("title: t\ncorrelation: {{{body}}}\n")
}

/// `code: underlined text` of each diagnostic.
#[track_caller]
fn check(document: &str, expected: &[&str]) -> Compiled {
    let compiled = compile(document);
    let found: Vec<String> = compiled
        .diagnostics
        .iter()
        .map(|d| {
            format!(
                "{}: {}",
                d.code(),
                compiled.sources.slice(d.source(), d.span())
            )
        })
        .collect();
    assert_eq!(found, expected, "\n{document}\n{}", compiled.render(false));
    let failed = compiled
        .diagnostics
        .iter()
        .any(|d| d.severity() == Severity::Error);
    assert_eq!(
        compiled.correlations.len(),
        1 + usize::from(!failed),
        "{document}"
    );
    compiled
}

/// What stands under `correlation`, and what is said of it.
const BODIES: &[(&str, &str)] = &[
    (
        "type: event_count, rules: [a], timespan: 1m, condition: {gte: 2}",
        "",
    ),
    (
        "type: evnt_count, rules: [a], timespan: 1m",
        "bad-value: evnt_count",
    ),
    ("rules: [a], timespan: 1m", "missing-key: correlation"),
    ("type: temporal, timespan: 1m", "missing-key: correlation"),
    (
        "type: event_count, rules: [a], condition: {gte: 2}",
        "missing-key: correlation",
    ),
    (
        "type: event_count, rules: [a], timespan: 1m",
        "missing-key: correlation",
    ),
    (
        "type: event_count, rules: [a], timespan: 1x, condition: {gte: 2}",
        "bad-value: 1x",
    ),
    (
        "type: event_count, rules: [a], timespan: 99999999999999y, condition: {gte: 2}",
        "bad-value: 99999999999999y",
    ),
    (
        "type: event_count, rules: [a], timeframe: 1m, timespan: 1m, condition: {gte: 2}",
        "mistyped-key: timeframe",
    ),
    (
        "type: event_count, rules: [a], timespan: 1m, condition: {gte: many}",
        "bad-number: many",
    ),
    (
        "type: event_count, rules: [a], timespan: 1m, condition: {gte: '2'}",
        "bad-number: '2'",
    ),
    (
        "type: event_count, rules: [a], timespan: 1m, condition: {gte: 2.5}",
        "bad-number: 2.5",
    ),
    (
        "type: event_count, rules: [a], timespan: 1m, condition: {gte: 100001}",
        "bad-number: 100001",
    ),
    (
        "type: event_count, rules: [a], timespan: 1m, condition: {}",
        "missing-key: {}",
    ),
    (
        "type: event_count, rules: [a], timespan: 1m, condition: {gt: 2, lt: 3}",
        "bad-value: {gt: 2, lt: 3}",
    ),
    (
        "type: event_count, rules: [a], timespan: 1m, condition: {lt: 3}",
        "holds-at-once: {lt: 3}",
    ),
    (
        "type: event_count, rules: [a], timespan: 1m, condition: {gte: 3, field: name}",
        "mistyped-key: field",
    ),
    (
        "type: event_count, rules: [a], timespan: 1m, condition: a",
        "wrong-type: a",
    ),
    (
        "type: value_count, rules: [a], timespan: 1m, condition: {gte: 3}",
        "missing-key: condition",
    ),
    (
        "type: value_count, rules: [a], timespan: 1m, condition: {gte: 3, field: nme}",
        "unknown-field: nme",
    ),
    (
        "type: value_count, rules: [a], timespan: 1m, condition: {gte: 3, field: user}",
        "unknown-group: user",
    ),
    (
        "type: value_sum, rules: [a], timespan: 1m, condition: {gte: 3, field: [status, name]}",
        "wrong-type: name",
    ),
    (
        "type: value_percentile, rules: [a], timespan: 1m, condition: {gte: 3, field: status}",
        "missing-key: condition",
    ),
    (
        "type: value_percentile, rules: [a], timespan: 1m, condition: {gte: 3, field: status, percentile: 101}",
        "bad-number: 101",
    ),
    (
        "type: event_count, rules: [a], timespan: 1m, learning: 1d, condition: {gte: 2}",
        "mistyped-key: learning",
    ),
    (
        "type: new_value, rules: [a], timespan: 1d, condition: {field: client.net}",
        "missing-key: correlation",
    ),
    (
        "type: new_value, rules: [a], timespan: 1d, learning: 1h, condition: {field: client.net}",
        "",
    ),
    ("type: temporal, rules: [a], timespan: 1m", "bad-value: a"),
    (
        "type: temporal, rules: [a, b], timespan: 1m, condition: {gte: 2}",
        "wrong-type: {gte: 2}",
    ),
    (
        "type: temporal, rules: [a, b], timespan: 1m, condition: a and c",
        "unknown-selection: c",
    ),
    (
        "type: temporal, rules: [a, b], timespan: 1m, condition: a and (b",
        "condition-syntax: (",
    ),
    (
        "type: temporal, rules: [a, b], timespan: 1m, condition: a",
        "unused-selection: b",
    ),
    (
        "type: temporal, rules: [a, b], timespan: 1m, condition: not a and not b",
        "bad-value: correlation",
    ),
    (
        "type: temporal_ordered, rules: [a, b], timespan: 1m, condition: a or b",
        "bad-value: correlation",
    ),
    (
        "type: temporal_ordered, rules: [a, b], timespan: 1m, condition: a and not b",
        "",
    ),
    (
        "type: event_count, rules: [c], timespan: 1m, condition: {gte: 2}",
        "unknown-reference: c",
    ),
    (
        "type: event_count, rules: [a, a], timespan: 1m, condition: {gte: 2}",
        "duplicate-entry: a",
    ),
    (
        "type: event_count, rules: [a, 11111111-1111-4111-8111-111111111111], timespan: 1m, condition: {gte: 2}",
        "duplicate-entry: 11111111-1111-4111-8111-111111111111",
    ),
    (
        "type: event_count, rules: [a, attack.execution], timespan: 1m, condition: {gte: 2}",
        "",
    ),
    (
        "type: event_count, rules: any, group-by: [rule.name, rule.level, rule.tactics], timespan: 1m, condition: {gte: 2}",
        "",
    ),
    (
        "type: event_count, rules: [a], group-by: [user.nme], timespan: 1m, condition: {gte: 2}",
        "unknown-field: user.nme",
    ),
    (
        "type: event_count, rules: [a], group-by: [podSpec], timespan: 1m, condition: {gte: 2}",
        "unknown-group: podSpec",
    ),
    (
        "type: event_count, rules: [a], group-by: [name, name], timespan: 1m, condition: {gte: 2}",
        "duplicate-entry: name",
    ),
    (
        "type: event_count, rules: [a, inner], group-by: [client.ip], timespan: 1m, condition: {gte: 2}",
        "unknown-group: client.ip",
    ),
    (
        "type: event_count, rules: [a, inner], group-by: [user.username], timespan: 1m, condition: {gte: 2}",
        "",
    ),
    (
        "type: temporal, rules: [a, b], group-by: [who], aliases: {who: {a: user.username}}, timespan: 1m",
        "unknown-group: who",
    ),
    (
        "type: temporal, rules: [a, b], group-by: [who], aliases: {who: {a: user.username, b: user.nme}}, timespan: 1m",
        "unknown-field: user.nme",
    ),
    (
        "type: temporal, rules: [a, b], aliases: {who: {a: user.username, b: name}}, timespan: 1m",
        "unused-selection: who",
    ),
    (
        "type: temporal, rules: [a, b], group-by: [who], aliases: {who: {a: name, b: name, c: name}}, timespan: 1m",
        "unknown-reference: c",
    ),
];

#[test]
fn what_is_wrong_with_one() {
    for (body, expected) in BODIES {
        let expected: Vec<&str> = expected.lines().collect();
        check(&correlation(body), &expected);
    }
}

#[test]
fn the_keys_around_it() {
    let body = "type: event_count, rules: [a], group-by: [name], timespan: 1m, condition: {gte: 2}";
    for (keys, expected) in [
        ("level: hihg", "bad-value: hihg"),
        ("generate: maybe", "wrong-type: maybe"),
        ("suppress: {for: 1h}", ""),
        ("suppress: {by: [name], for: 1h}", ""),
        (
            "suppress: {by: [client.ip], for: 1h}",
            "unknown-group: client.ip",
        ),
        (
            "suppress: {by: [client.ip], for: 1 hour}",
            "unknown-group: client.ip\nbad-value: 1 hour",
        ),
        ("message: '{name} {count} {first} {last} {rules}'", ""),
        // Nothing is compared but how many events there were.
        ("message: '{count} {value}'", "bad-message: value"),
        ("message: '{nme}'", "bad-message: nme"),
        ("mesage: x", "mistyped-key: mesage"),
    ] {
        let expected: Vec<&str> = expected.lines().collect();
        check(&format!("{}{keys}\n", correlation(body)), &expected);
    }
    check(
        &format!("title: t\ngenerate: true\ncorrelation: {{{body}, generate: true}}\n"),
        &["mistyped-key: generate"],
    );
    check("title: t\ncorrelation: x\n", &["wrong-type: x"]);
}

#[test]
fn help_names_what_was_meant() {
    let text =
        correlation("type: event_count, rules: [a, innr], timespan: 1m, condition: {gte: 2}");
    let compiled = check(&text, &["unknown-reference: innr"]);
    assert_eq!(
        compiled.diagnostics[0].help(),
        Some("did you mean `inner`?")
    );
    let text = correlation(
        "type: event_count, rules: [inner], group-by: [name], timespan: 1m, condition: {gte: 2}",
    );
    let compiled = check(&text, &["unknown-group: name"]);
    assert_eq!(
        compiled.diagnostics[0].help(),
        Some("it groups by `user.username`")
    );
}

#[test]
fn cycles_are_told_where_they_close() {
    let one = |name: &str, of: &str| {
        format!(
            "title: {name}\nname: {name}\ncorrelation: {{type: event_count, rules: [{of}], timespan: 1m, condition: {{gte: 2}}}}\n---\n"
        )
    };
    for (documents, expected) in [
        (one("x", "x"), "correlation-cycle: x"),
        (
            [one("x", "y"), one("y", "z"), one("z", "x")].concat(),
            "correlation-cycle: x",
        ),
    ] {
        let compiled = compile(documents.trim_end_matches("---\n"));
        let found = &compiled.diagnostics[0];
        let slice = compiled.sources.slice(found.source(), found.span());
        assert_eq!(format!("{}: {slice}", found.code()), expected);
        assert_eq!(compiled.diagnostics.len(), 1, "{}", compiled.render(false));
    }
}

#[test]
fn only_rules_of_the_same_file_fall_silent() {
    let compiled = compile(&correlation(
        "type: event_count, rules: [a], timespan: 1m, condition: {gte: 2}",
    ));
    let silenced: Vec<bool> = compiled
        .rules
        .iter()
        .map(rule_lang::Rule::is_silenced)
        .collect();
    assert_eq!(
        silenced,
        [false, true],
        "`a` stands elsewhere, `b` beside `inner`"
    );
}

#[test]
fn what_cannot_hold_is_inactive_with_a_reason() {
    let mut set = Compiler::new();
    set.add("rules.yaml", RULES);
    set.add(
        "more.yaml",
        "title: Turned off\noverride: {rules: [a], enabled: false}\n---\n\
         title: Both\nname: both\ncorrelation: {type: temporal, rules: [a, b], timespan: 1m}\n---\n\
         title: Either\nname: either\ncorrelation: {type: temporal, rules: [a, b], timespan: 1m, condition: a or b}\n---\n\
         title: Without\nname: without\ncorrelation: {type: temporal, rules: [a, b], timespan: 1m, condition: b and not a}\n",
    );
    let compiled = set.finish();
    assert!(
        compiled.diagnostics.is_empty(),
        "{}",
        compiled.render(false)
    );
    let found: Vec<_> = compiled
        .correlations
        .iter()
        .map(|c| (c.name(), c.inactive()))
        .collect();
    assert_eq!(
        found,
        [
            ("inner", None),
            ("both", Some("`a`, which it refers to, is inactive")),
            ("either", None),
            ("without", None),
        ]
    );
}

#[test]
fn a_rule_with_errors_is_not_among_those_that_a_tag_brings_along() {
    let mut set = Compiler::new();
    let rule = |name: &str, tag: &str, field: &str| {
        format!(
            "title: {name}\nname: {name}\ntags: [{tag}]\nlogsource: {{product: kubernetes, service: audit}}\n\
             detection: {{s: {{{field}: {name}}}, condition: s}}\n"
        )
    };
    set.add("good.yaml", &rule("good", "team.both", "name"));
    set.add("wrong.yaml", &rule("wrong", "team.both", "nmae"));
    set.add("alone.yaml", &rule("alone", "team.wrong", "nmae"));
    let counts = |name: &str, rules: &str| {
        format!(
            "title: {name}\nname: {name}\ncorrelation: {{type: event_count, rules: {rules}, timespan: 1m, condition: {{gte: 2}}}}\n---\n"
        )
    };
    set.add(
        "counts.yaml",
        &[
            counts("all", "any"),
            counts("tagged", "[team.both]"),
            counts("named", "[good, wrong]"),
            counts("lost", "[team.wrong]"),
        ]
        .concat(),
    );
    let compiled = set.finish();
    let found: Vec<_> = compiled
        .correlations
        .iter()
        .map(|c| (c.name(), c.inactive()))
        .collect();
    assert_eq!(
        found,
        [
            ("all", None),
            ("tagged", None),
            ("named", Some("`wrong`, which it refers to, has errors")),
            ("lost", Some("`alone`, which it refers to, has errors")),
        ]
    );
}
