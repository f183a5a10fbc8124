//! Rules with many values, among them those that are written in several ways each, and patterns, which take more room than
//! their texts.

use std::fmt::Write as _;

use super::{BYTES, SOURCE, joined, lines, rule};

pub(super) fn all() -> Vec<(&'static str, String)> {
    vec![
        ("one list of values", one_list()),
        ("lists with wildcards", wildcards()),
        ("negated lists", negated_lists()),
        ("regular expressions", regexes()),
        ("large regular expressions", large_regexes()),
        ("placeholders", placeholders()),
        ("placeholders of many rules", placeholders_of_rules()),
        ("dashes", dashes()),
        ("two lists of texts to contain", two_lists()),
        ("lists of large regular expressions", letter_regexes()),
        (
            "lists of base64 at every offset",
            encoded_list("wide|base64offset|contains", |at| {
                format!("some-value-that-is-long-{at:016}")
            }),
        ),
        (
            "lists of short base64 in many rules",
            encoded_rules("wide|base64offset|contains", 1_000, |at| {
                format!("{at:02x}")
            }),
        ),
        (
            "lists of long base64 in many rules",
            encoded_rules("utf16|base64offset|contains", 20, |at| {
                format!("{at:02x}{}", "x".repeat(400))
            }),
        ),
        (
            "options with dashes in many rules",
            encoded_rules("windash|contains", 5, |at| {
                format!("-a -b -c -d -e {at:02x}")
            }),
        ),
        (
            "options with dashes at every offset",
            encoded_rules("windash|wide|base64offset|contains", 5, |at| {
                format!("-a -b -c -d -e {at:02x}")
            }),
        ),
        (
            "short patterns",
            rule(&format!(
                "  s: {{'name': [{}]}}\n  condition: s\n",
                joined(60_000, |_| "'*a?', ".to_owned())
            )),
        ),
        (
            "short patterns of many selections",
            rule(&format!(
                "{}  condition: 1 of s*\n",
                joined(140, |at| {
                    format!("  s{at}: {{'name': [{}]}}\n", "'*a?', ".repeat(1_000))
                })
            )),
        ),
        (
            "a list of options with dashes",
            encoded_list("windash", |at| format!("-a -b -c value-{at:052}")),
        ),
    ]
}

fn one_list() -> String {
    let values = lines(|at| {
        if at < 65_000 {
            format!("v{at}, ")
        } else {
            "x".repeat(BYTES)
        }
    });
    rule(&format!(
        "  s: {{name: [{values}]}}\n  t: {{'name|neq': v}}\n  condition: s and t\n"
    ))
}

fn wildcards() -> String {
    let list = |seed: usize| {
        let values: Vec<String> = (0..4000)
            .map(|at| format!("'*a{at}?b{seed}*c*', "))
            .collect();
        values.concat()
    };
    let mut text = String::new();
    for at in 0..10 {
        writeln!(
            text,
            "    'name|contains{}': [{}]",
            "|cased".repeat(at % 2),
            list(at)
        )
        .unwrap();
        writeln!(text, "  s{at}:").unwrap();
    }
    rule(&format!(
        "  s:\n{text}    verb: get\n  condition: all of them\n"
    ))
}

fn negated_lists() -> String {
    let list = |seed: &str| {
        let values: Vec<String> = (0..15_000).map(|at| format!("{seed}{at}, ")).collect();
        values.concat()
    };
    rule(&format!(
        "  s: {{name: [{a}], 'userAgent|neq': [{b}]}}\n  t: {{'name|neq': [{a}], userAgent: [{b}]}}\n  condition: not s and not t\n",
        a = list("a"),
        b = list("b")
    ))
}

fn two_lists() -> String {
    let list = |seed: &str| joined(16_000, |at| format!("{seed}-value-{at:05}, "));
    rule(&format!(
        "  s: {{'name|contains': [{}]}}\n  t: {{'userAgent|contains': [{}]}}\n  condition: s and not t\n",
        list("a"),
        list("b")
    ))
}

fn regexes() -> String {
    let values: Vec<String> = (0..1024).map(|at| format!("'(x|y)[a-z]+{at}$'")).collect();
    rule(&format!(
        "  s: {{'name|re': [{}], name: [web, shop]}}\n  condition: s\n",
        values.join(", ")
    ))
}

fn large_regexes() -> String {
    let values: Vec<String> = (0..64)
        .map(|at| format!("'(\\w{{30}}){{2}}{at}'"))
        .collect();
    rule(&format!(
        "  s: {{'name|re': [{}]}}\n  condition: s\n",
        values.join(", ")
    ))
}

fn letter_regexes() -> String {
    let values: Vec<String> = (0..64).map(|at| format!(r"'\p{{L}}{{40}}{at}'")).collect();
    let lists = joined(200, |at| {
        format!("  s{at}: {{'name|re': [{}]}}\n", values.join(", "))
    });
    rule(&format!("{lists}  condition: 1 of s*\n"))
}

fn placeholders() -> String {
    let values: Vec<String> = (0..250).map(|at| format!("v{at}")).collect();
    let list = format!("placeholders: {{a: [{}]}}\n---\n", values.join(", "));
    let item = "    - {name|expand: '%a%%a%'}\n";
    format!(
        "{list}{}",
        rule(&format!("  s:\n{}  condition: s\n", item.repeat(16)))
    )
}

/// Each rule is below the limits of a document.
fn placeholders_of_rules() -> String {
    let values = joined(250, |at| format!("v{at}, "));
    let asks = rule("  s: {userAgent|expand|contains: '%a%-%a%'}\n  condition: s\n");
    format!(
        "placeholders: {{a: [{values}]}}\n{}",
        format!("---\n{asks}").repeat(200)
    )
}

fn dashes() -> String {
    let items =
        lines(|at| format!("    - {{exec.commandLine|windash|contains: '-a -b -c -d{at}'}}\n"));
    rule(&format!("  s:\n{items}  condition: s\n"))
}

/// One list whose values are written in several ways each.
fn encoded_list(modifiers: &str, value: impl Fn(usize) -> String) -> String {
    let values = lines(|at| format!("'{}', ", value(at)));
    rule(&format!(
        "  s: {{'exec.commandLine|{modifiers}': [{values}]}}\n  condition: s\n"
    ))
}

/// The same in rules of so many values.
fn encoded_rules(modifiers: &str, n: usize, value: impl Fn(usize) -> String) -> String {
    let values = joined(n, |at| format!("'{}', ", value(at)));
    lines(|at| {
        format!(
            "title: r{at}\n{SOURCE}detection: {{s: {{'exec.commandLine|{modifiers}': [{values}]}}, condition: s}}\n---\n"
        )
    })
}
