//! Short ways to rules and events.

use detect::{Event, Limits, RuleSet, Scanner};

/// Compiles rules; warnings are fine.
#[track_caller]
pub(crate) fn compile(yaml: &str) -> RuleSet {
    let (rules, report) = RuleSet::builder().text("rules.yaml", yaml).load();
    assert!(!report.has_errors(), "{}\n{yaml}", report.render(false));
    rules
}

/// Text with every line moved to the right by two.
pub(crate) fn indent(text: &str) -> String {
    let lines: Vec<_> = text
        .trim()
        .lines()
        .map(|line| format!("  {line}"))
        .collect();
    lines.join("\n")
}

/// A rule of this name. The detection is written without indentation.
pub(crate) fn rule(name: &str, detection: &str) -> String {
    let detection = indent(detection);
    format!(
        "title: {name}\nname: {name}\nlogsource: {{product: kubernetes, service: audit}}\nsigma-version: 3\n\
         taxonomy: kubesift\ndetection:\n{detection}\nlevel: high\n---\n"
    )
}

/// A whole event around the parts that a test is about.
pub(crate) fn event(parts: &str) -> String {
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete",{parts}}}"#
    )
}

/// The names of the rules that match an event.
#[track_caller]
pub(crate) fn scan(scanner: &mut Scanner, json: &[u8]) -> Vec<String> {
    let event = Event::decode(json, &Limits::default()).unwrap();
    scanner
        .scan(&event)
        .map(|hit| hit.rule().name().to_owned())
        .collect()
}
