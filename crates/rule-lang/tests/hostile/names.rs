//! Names that are nearly known, so that what was meant is looked for.

use std::fmt::Write as _;

use super::{Files, SOURCE, joined, lines, rule};

pub(super) fn all() -> Vec<(&'static str, String)> {
    vec![
        ("unknown fields", unknown_fields()),
        ("names that are nearly known", near_names()),
        ("selections that are nearly known", near_selections()),
        ("references that are nearly known", near_references()),
        ("aliases", aliases()),
        ("placeholders that are nearly known", near_placeholders()),
        ("lints that are nearly known", near_lints()),
        ("messages", messages()),
        ("modifiers", modifiers()),
    ]
}

fn unknown_fields() -> String {
    let fields = lines(|at| format!("    objectRef.resouce{at}: x\n"));
    rule(&format!("  s:\n{fields}  condition: s\n"))
}

fn modifiers() -> String {
    let items = lines(|at| format!("    - {{'name|containz|startwith': x{at}}}\n"));
    rule(&format!("  s:\n{items}  condition: s\n"))
}

fn messages() -> String {
    let holes = lines(|at| format!("{{user.usernmae{}}} ", at % 10));
    format!(
        "message: '{holes}'\n{}",
        rule("  s: {verb: get}\n  condition: s\n")
    )
}

fn near_names() -> String {
    lines(|at| {
        format!(
            "title: f{at}\nlogsource: {{product: kubernetes, service: audit}}\nfilter: {{rules: some-long-rule-name-{at}, s: {{user.username: u}}, condition: not s}}\n---\ntitle: r\nname: some-long-rule-name{at}\nlogsource: {{product: kubernetes, service: audit}}\ndetection: {{s: {{name: n{at}}}, condition: s}}\n---\n"
        )
    })
}

fn near_selections() -> String {
    let mut text = String::new();
    for at in 0..256 {
        writeln!(text, "  selection_{at}: {{name: n}}").unwrap();
    }
    let parts: Vec<String> = (0..3500)
        .map(|at| format!("selektion_{}", at % 1000))
        .collect();
    rule(&format!("{text}  condition: {}\n", parts.join(" or ")))
}

fn near_references() -> String {
    lines(|at| {
        format!(
            "title: c\ncorrelation: {{type: event_count, rules: [some-long-rule-name-{at}], timespan: 5m, condition: {{gte: 3}}}}\n---\ntitle: r\nname: some-long-rule-name{at}\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n---\n"
        )
    })
}

fn near_placeholders() -> String {
    let lists = joined(20_000, |at| format!("  some-placeholder-{at}: [a]\n"));
    let values = joined(15_000, |at| format!("'%some-placehodler-{at}%', "));
    format!(
        "title: l\nplaceholders:\n{lists}---\n{}",
        rule(&format!(
            "  s: {{'name|expand': [{values}]}}\n  condition: s\n"
        ))
    )
}

fn near_lints() -> String {
    let lints = lines(|at| format!("forged-sorce{}, ", at % 10));
    format!(
        "lint: {{allow: [{lints}]}}\n{}",
        rule("  s: {verb: get}\n  condition: s\n")
    )
}

fn aliases() -> String {
    let rules = joined(2_500, |at| {
        format!(
            "title: r\nname: rule-number-{at}\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n---\n"
        )
    });
    let names = joined(2_500, |at| format!("rule-number-{at}, "));
    let fields = joined(20_000, |at| format!("rule-numbre-{at}: verb, "));
    format!(
        "{rules}title: c\ncorrelation: {{type: event_count, rules: [{names}], timespan: 5m, condition: {{gte: 3}}, group-by: [a], aliases: {{a: {{{fields}}}}}}}\n"
    )
}

/// Each with a rule, and with filters for rules that are called nearly the same.
pub(super) fn near_files() -> Files {
    let file = |at: usize| {
        let rules = joined(10, |n| format!("some-long-rule-name-{at}{n}, "));
        let text = format!(
            "title: r\nname: some-long-rule-name{at}\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n---\ntitle: f\n{SOURCE}filter: {{rules: [{rules}], s: {{name: u}}, condition: not s}}\n"
        );
        (format!("{at}.yaml"), text)
    };
    (0..1_800).map(file).collect()
}
