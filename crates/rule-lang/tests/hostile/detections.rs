//! Rules that ask much: selections, conditions, maps, blocks and levels.

use std::fmt::Write as _;

use super::{BYTES, joined, lines, rule};

pub(super) fn all() -> Vec<(&'static str, String)> {
    vec![
        ("rules of two lines", rules_of_two_lines()),
        ("selections", selections()),
        ("conditions of many names", conditions()),
        ("deep conditions", deep_conditions()),
        ("alternatives", alternatives()),
        ("maps", maps()),
        ("maps of one field", short_maps("user.username: x")),
        (
            "maps of two fields",
            short_maps("verb: get, user.username: x"),
        ),
        ("maps in some namespaces", maps_in_some_namespaces()),
        ("blocks", blocks()),
        ("deep blocks", deep_blocks()),
        ("equal levels", equal_levels()),
        ("levels", levels()),
    ]
}

fn rules_of_two_lines() -> String {
    lines(|at| {
        format!(
            "title: r{at}\nlogsource: {{product: kubernetes, service: audit}}\ndetection: {{s: {{verb: get, name: n{at}}}, condition: s}}\n---\n"
        )
    })
}

fn selections() -> String {
    let each = BYTES / 260;
    let mut text = String::new();
    for at in 0..256 {
        let values = format!("v{at}-x, ").repeat(each / 10);
        writeln!(text, "  s{at}: {{name: [{values}]}}").unwrap();
    }
    text.truncate(BYTES - 100);
    let end = text.rfind("\n  s").unwrap_or(text.len());
    text.truncate(end + 1);
    rule(&format!("{text}  condition: all of them and not 1 of s*\n"))
}

fn conditions() -> String {
    let mut text = String::new();
    for at in 0..256 {
        writeln!(text, "  s{at}: {{verb: [v{at}, w{at}]}}").unwrap();
    }
    let parts: Vec<String> = (0..5000).map(|at| format!("s{}", at * 7 % 256)).collect();
    rule(&format!("{text}  condition: {}\n", parts.join(" and not ")))
}

fn deep_conditions() -> String {
    let one = |at: usize| {
        let open = "(s and (t or not ".repeat(31);
        let close = "))".repeat(31);
        format!(
            "title: r{at}\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n  s: {{verb: get}}\n  t: {{name: n{at}}}\n  condition: {open}s{close}\n---\n"
        )
    };
    lines(one)
}

fn alternatives() -> String {
    // 2^n ways to satisfy each, and none of them can be told to fail before its end.
    let one = |at: usize| {
        let mut text = String::new();
        let mut condition = Vec::new();
        for n in 0..20 {
            writeln!(text, "  a{n}: {{user.groups: a{n}}}").unwrap();
            writeln!(text, "  b{n}: {{user.groups: b{n}}}").unwrap();
            condition.push(format!("(a{n} or b{n})"));
        }
        format!(
            "title: r{at}\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n{text}  x: {{podSpec.hostNetwork: true, verb: create}}\n  y: {{'outcome|neq': denied, status: 403}}\n  condition: {} and x and y\n---\n",
            condition.join(" and ")
        )
    };
    lines(one)
}

fn maps() -> String {
    let maps =
        lines(|at| format!("    - {{resource: deployments, verb: [list, get], name: x{at}}}\n"));
    rule(&format!(
        "  s:\n{maps}  t: {{name: y}}\n  condition: s and t\n"
    ))
}

/// As many maps as a document may have instructions for, which differ in the last value.
fn short_maps(fields: &str) -> String {
    let n = most_maps(fields.split(", ").count());
    let maps = joined(n, |at| format!("    - {{{fields}{at}}}\n"));
    rule(&format!("  s:\n{maps}  condition: s\n"))
}

/// How many maps of so many fields a document may have.
fn most_maps(n_fields: usize) -> usize {
    const INSTRUCTIONS: usize = 65_000;
    // Each field is asked and jumped behind; a map of several is one more part.
    INSTRUCTIONS / (2 * n_fields + usize::from(n_fields > 1))
}

/// Maps of which each is one of fifty alternatives.
fn maps_in_some_namespaces() -> String {
    let maps = joined(most_maps(2), |at| {
        format!("    - {{namespace: n{}, name: x{at}}}\n", at % 50)
    });
    rule(&format!("  s:\n{maps}  condition: s\n"))
}

fn blocks() -> String {
    let parts = lines(|at| {
        format!(
            "    - containers[any]: {{image: i{at}, name|neq: x}}\n      containers[none]: {{image: i{at}}}\n"
        )
    });
    rule(&format!("  s:\n{parts}  condition: s\n"))
}

fn deep_blocks() -> String {
    lines(|at| {
        format!(
            "title: r{at}\nsigma-version: 3\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n  s:\n    object.a[any].b[all].c[none].d[any].e[all].f[any].g[none].h[any].x: {at}\n    object.a[all].b[any].c[any].d[all].e[any].f[none].g[all].h[none].x: {at}\n  condition: s\n---\n"
        )
    })
}

/// Each is looked at beside those before it.
fn equal_levels() -> String {
    let levels = "  - {when: s, level: high}\n".repeat(38_000);
    let asks = rule("  s: {verb: get}\n  condition: s\n");
    format!("{asks}levels:\n{levels}")
}

fn levels() -> String {
    let levels = lines(|at| {
        format!(
            "  - {{when: s{} and not s{}, level: low}}\n",
            at % 200,
            at % 199
        )
    });
    let mut text = String::new();
    for at in 0..200 {
        writeln!(text, "  s{at}: {{name: n{at}}}").unwrap();
    }
    rule(&format!("{text}  condition: 1 of s*\nlevels:\n{levels}"))
}
