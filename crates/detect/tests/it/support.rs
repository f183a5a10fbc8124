//! Short ways to rules and events.

use std::collections::BTreeSet;

use detect::rule_lang::SourceId;
use detect::{
    Detection, Detector, Event, Hits, Limits, LoadReport, Reader, Rule, RuleSet, Scanner,
};

/// Compiles rules; warnings are fine.
#[track_caller]
pub(crate) fn compile(yaml: &str) -> RuleSet {
    let (rules, report) = RuleSet::builder().text("rules.yaml", yaml).load();
    assert!(!report.has_errors(), "{}\n{yaml}", report.render(false));
    rules
}

/// Rules of which some are told of with a code.
pub(crate) struct Told {
    pub(crate) rules: RuleSet,
    report: LoadReport,
    /// Where that is.
    at: BTreeSet<(SourceId, usize)>,
}

impl Told {
    /// Compiles rules in files of so many: no file may have so many that some of what is told of it is left out.
    #[track_caller]
    pub(crate) fn of(rules: &[String], per_file: usize, code: &str) -> Self {
        let files = rules.chunks(per_file).enumerate();
        let builder = files.fold(RuleSet::builder(), |builder, (at, rules)| {
            builder.text(format!("{at}.yaml"), rules.concat())
        });
        let (rules, report) = builder.load();
        assert!(!report.has_errors(), "{}", report.render(false));
        let found = report.diagnostics().iter();
        let told = found.filter(|found| found.code() == code);
        let at = told
            .map(|found| (found.source(), found.span().start()))
            .collect();
        Self { rules, report, at }
    }

    pub(crate) fn is(&self, rule: &Rule) -> bool {
        let at = |offset| (rule.source(), offset);
        let (start, end) = (rule.span().start(), rule.span().end());
        self.at.range(at(start)..at(end)).next().is_some()
    }

    /// Number of rules that are told of.
    pub(crate) fn count(&self) -> usize {
        self.rules.rules().filter(|rule| self.is(rule)).count()
    }

    pub(crate) fn text(&self, rule: &Rule) -> &str {
        self.report.sources().slice(rule.source(), rule.span())
    }
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

/// What hits say: everything that a host would store of them.
pub(crate) fn tell(hits: Hits<'_>, told: &mut Vec<String>) {
    told.extend(hits.map(|hit| {
        let detection = Detection::without_event(&hit);
        serde_json::to_string(&detection).unwrap()
    }));
}

/// Takes lines, and keeps what is told of them.
pub(crate) fn process(detector: &mut Detector, lines: &[String], told: &mut Vec<String>) {
    let log = lines.join("\n");
    let mut reader = Reader::new(log.as_bytes());
    while let Some(record) = reader.next().unwrap() {
        tell(detector.process(&record), told);
    }
}
