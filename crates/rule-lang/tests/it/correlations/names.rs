//! What correlations may name beside fields: what their messages know, and what is known of a rule.

use super::{check, compile, correlation};

#[test]
pub(super) fn a_value_is_known_where_values_are_read() {
    for (body, is_known) in [
        (
            "type: event_count, rules: [a], timespan: 1m, condition: {gte: 2}",
            false,
        ),
        ("type: temporal, rules: [a, b], timespan: 1m", false),
        ("type: temporal_ordered, rules: [a, b], timespan: 1m", false),
        (
            "type: value_count, rules: [a], timespan: 1m, condition: {field: name, gte: 2}",
            true,
        ),
        (
            "type: value_sum, rules: [a], timespan: 1m, condition: {field: status, gte: 2}",
            true,
        ),
        (
            "type: new_value, rules: [a], timespan: 1d, learning: 1h, condition: {field: name}",
            true,
        ),
        // A group of that name is one everywhere.
        (
            "type: temporal, rules: [a, b], timespan: 1m, group-by: [value], aliases: {value: {a: name, b: name}}",
            true,
        ),
    ] {
        let document = format!("{}message: '{{value}}'\n", correlation(body));
        let expected: &[&str] = if is_known {
            &[]
        } else {
            &["bad-message: value"]
        };
        check(&document, expected);
    }
    let help = |body: &str, hole: &str| {
        let compiled = compile(&format!("{}message: '{{{hole}}}'\n", correlation(body)));
        let [found] = &*compiled.diagnostics else {
            panic!("{}", compiled.render(false));
        };
        (found.message().to_owned(), found.help().map(str::to_owned))
    };
    let count =
        "type: event_count, rules: [a], group-by: [name], timespan: 1m, condition: {gte: 2}";
    let told = |message: &str, help: &str| (message.to_owned(), Some(help.to_owned()));
    assert_eq!(
        help(count, "value"),
        told(
            "`value` is nothing that a correlation of type `event_count` knows",
            "it compares no values; it knows `name`, `count`, `first`, `last`, `rules`"
        )
    );
    assert_eq!(
        help(count, "vaule"),
        told(
            "`vaule` is nothing that a correlation knows",
            "it knows `name`, `count`, `first`, `last`, `rules`"
        )
    );
    assert_eq!(
        help(count, "counts"),
        told(
            "`counts` is nothing that a correlation knows",
            "did you mean `count`?"
        )
    );
}

#[test]
pub(super) fn what_is_known_of_a_rule_is_proposed() {
    for (field, proposed) in [
        ("rule.nam", "did you mean `rule.name`?"),
        ("rule.Level", "did you mean `rule.level`?"),
        ("rule.tactic", "did you mean `rule.tactics`?"),
        ("rule_name", "did you mean `rule.name`?"),
        (
            "rule.id",
            "what is known of a rule is `rule.name`, `rule.level`, `rule.tactics`",
        ),
        ("role.name", "did you mean `node.name`?"),
        ("rules.verbs", "write `rbac.rules.verbs`"),
    ] {
        for body in [
            format!(
                "type: event_count, rules: [a], group-by: ['{field}'], timespan: 1m, condition: {{gte: 2}}"
            ),
            format!(
                "type: value_count, rules: [a], timespan: 1m, condition: {{field: '{field}', gte: 2}}"
            ),
            format!(
                "type: event_count, rules: [nowhere], group-by: ['{field}'], timespan: 1m, condition: {{gte: 2}}"
            ),
            format!(
                "type: event_count, rules: [a], aliases: {{x: {{a: '{field}'}}}}, group-by: [x], timespan: 1m, condition: {{gte: 2}}"
            ),
        ] {
            let compiled = compile(&correlation(&body));
            let mut found = compiled.diagnostics.iter();
            let found = found.find(|found| found.code() == "unknown-field");
            let help = found.and_then(|found| found.help());
            assert_eq!(help, Some(proposed), "{}", compiled.render(false));
        }
    }
    // A rule that sums up by itself has no rule beside it.
    let compiled = compile(
        "title: t\nlogsource: {product: kubernetes, service: audit}\ndetection: {s: {verb: get, name: x}, condition: s}\nsuppress: {by: [rule.nam], for: 1h}\n",
    );
    assert_eq!(compiled.diagnostics[0].help(), None);
}
