//! Documents in great number, of all kinds, and what they say of themselves.

use super::{Files, SOURCE, lines, rule};

pub(super) fn all() -> Vec<(&'static str, String)> {
    vec![
        ("filters and rules", filters("attack.t1610", false)),
        ("filters of every rule", filters("any", false)),
        (
            "filters of every rule and of their own",
            filters("attack.t1610", true),
        ),
        ("empty documents", empty_documents()),
        ("documents that are no YAML", broken_documents()),
        ("tests", tests()),
        ("keys", keys()),
        ("tags", tags()),
    ]
}

/// As many filters as rules, each for all of the rules, so that there are millions of pairs; and also for one of them by
/// name, so that no two rules are narrowed for the same reasons.
fn filters(rules: &str, own: bool) -> String {
    let source = "logsource: {product: kubernetes, service: audit}";
    lines(|at| {
        let rules = if own {
            format!("[{rules}, r{at}]")
        } else {
            rules.to_owned()
        };
        format!(
            "title: r\nname: r{at}\ntags: [attack.t1610]\n{source}\ndetection: {{s: {{name: n{at}}}, condition: s}}\n---\ntitle: f\n{source}\nfilter: {{rules: {rules}, s: {{name: u}}, condition: not s}}\n---\n"
        )
    })
}

fn keys() -> String {
    let keys = lines(|at| format!("somekey{at}: x\n"));
    format!("{keys}{}", rule("  s: {verb: get}\n  condition: s\n"))
}

fn tags() -> String {
    let tags = lines(|at| format!("  - attack.credential-acess{at}\n"));
    format!(
        "tags:\n{tags}{}",
        rule("  s: {verb: get}\n  condition: s\n")
    )
}

fn tests() -> String {
    let tests = lines(|at| {
        format!(
            "  - {{name: t{at}, kind: hit, match: true, event: {{verb: get, user: {{username: a}}}}}}\n"
        )
    });
    rule(&format!(
        "  s: {{verb: get}}\n  condition: s\ntests:\n{tests}"
    ))
}

fn empty_documents() -> String {
    lines(|_| "a:\n---\n".to_owned())
}

fn broken_documents() -> String {
    lines(|at| format!("a: [{at}\nb: c\n---\n"))
}

/// Each beside a rule file of nearly the same name.
pub(super) fn lonely_tests() -> Files {
    let file = |at: usize| {
        let rule = format!(
            "title: r\nname: r{at}\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n"
        );
        let tests = format!("rule: r{at}\ntests: [{{kind: hit, event: {{verb: get}}}}]\n");
        [
            (format!("some-long-rule-name{at}.yaml"), rule),
            (format!("some-long-rule-name-{at}.test.yaml"), tests),
        ]
    };
    (0..5_000).flat_map(file).collect()
}
