//! Running the tests that rules carry.
//!
//! ```
//! use detect::{RuleSet, testing};
//!
//! let rules = RuleSet::builder().shipped().build()?;
//! let report = testing::run(&rules, |_| true);
//! assert!(report.failures().is_empty(), "{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use audit_model::{Event, Limits};
use rule_lang::{Level, Rule, RuleTest, SourceId, Span, TestKind};

use crate::{RuleSet, Scanner};

/// What running the tests of a rule set found.
#[derive(Clone, Debug, Default)]
pub struct TestReport {
    n_tests: usize,
    coverage: Vec<Coverage>,
    failures: Vec<TestFailure>,
}

/// Which kinds of test a rule has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Coverage {
    /// The rule's name.
    pub rule: String,
    /// Tests that show what it is for.
    pub n_hits: usize,
    /// Tests that come close and must not match.
    pub n_near_misses: usize,
    /// Tests that try to get past it.
    pub n_evasions: usize,
}

/// A test that did not go as it says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestFailure {
    /// The rule's name.
    pub rule: String,
    /// The test's name.
    pub test: String,
    /// The file that holds it.
    pub source: SourceId,
    /// Where in the file.
    pub span: Span,
    /// What went otherwise.
    pub reason: String,
}

impl TestReport {
    /// Tests that were run.
    pub fn n_tests(&self) -> usize {
        self.n_tests
    }

    /// Per rule, which kinds of test it has.
    pub fn coverage(&self) -> &[Coverage] {
        &self.coverage
    }

    /// The tests that failed.
    pub fn failures(&self) -> &[TestFailure] {
        &self.failures
    }
}

impl fmt::Display for TestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            writeln!(
                f,
                "{}: `{}`: {}",
                failure.rule, failure.test, failure.reason
            )?;
        }
        write!(
            f,
            "{} passed, {} failed",
            self.n_tests - self.failures.len(),
            self.failures.len()
        )
    }
}

/// Runs the tests of the rules that pass `wanted`, each against the whole set: a filter that silences a rule where its
/// test expects a hit is a failure too.
pub fn run(rules: &RuleSet, wanted: impl Fn(&Rule) -> bool) -> TestReport {
    let mut report = TestReport::default();
    let mut scanner = rules.scanner();
    for rule in rules.rules().filter(|rule| wanted(rule)) {
        let count = |kind| {
            rule.tests()
                .iter()
                .filter(|test| test.kind() == kind)
                .count()
        };
        report.coverage.push(Coverage {
            rule: rule.name().to_owned(),
            n_hits: count(TestKind::Hit),
            n_near_misses: count(TestKind::NearMiss),
            n_evasions: count(TestKind::Evasion),
        });
        for test in rule.tests() {
            report.n_tests += 1;
            if let Err(reason) = check(&mut scanner, rule, test) {
                report.failures.push(TestFailure {
                    rule: rule.name().to_owned(),
                    test: test.name().to_owned(),
                    source: rule.source(),
                    span: test.span(),
                    reason,
                });
            }
        }
    }
    report
}

/// Runs one test: each of its events must match, or none.
fn check(scanner: &mut Scanner, rule: &Rule, test: &RuleTest) -> Result<(), String> {
    if test.events().is_empty() {
        return Err("the test has no event".to_owned());
    }
    for (at, json) in test.events().iter().enumerate() {
        let of = if test.events().len() > 1 {
            format!(" (event {})", at + 1)
        } else {
            String::new()
        };
        let mut event = Event::decode_fragment(json.as_bytes(), &Limits::default())
            .map_err(|error| format!("the event cannot be read{of}: {error}"))?;
        fill_in(&mut event);
        let Some((level, message)) = outcome(scanner, &event, rule) else {
            if test.matches() {
                return Err(format!("expected a hit, and the rule did not match{of}"));
            }
            continue;
        };
        if !test.matches() {
            return Err(format!(
                "expected no hit, and the rule matched{of}: {message}"
            ));
        }
        if let Some(expected) = test.level().filter(|expected| *expected != level) {
            return Err(format!("expected level `{expected}`, found `{level}`{of}"));
        }
        if let Some(expected) = test.message().filter(|expected| *expected != message) {
            return Err(format!(
                "expected message `{expected}`, found `{message}`{of}"
            ));
        }
    }
    Ok(())
}

/// The level and message of the rule's hit on an event, if it has one.
fn outcome(scanner: &mut Scanner, event: &Event<'_>, rule: &Rule) -> Option<(Level, String)> {
    let mut hits = scanner.scan_all(event);
    hits.find(|hit| {
        hit.rule()
            .as_rule()
            .is_some_and(|it| std::ptr::eq(it, rule))
    })
    .map(|hit| (hit.level(), hit.message().to_owned()))
}

/// Fills in what a test may leave out because it is nearly always the same.
fn fill_in(event: &mut Event<'_>) {
    for (part, usual) in [
        (&mut event.kind, "Event"),
        (&mut event.api_version, "audit.k8s.io/v1"),
        (&mut event.audit_id, "00000000-0000-4000-8000-000000000000"),
        (&mut event.stage, "ResponseComplete"),
        (&mut event.level, "RequestResponse"),
        (
            &mut event.request_received_timestamp,
            "2026-01-02T03:04:05.000000Z",
        ),
        (&mut event.stage_timestamp, "2026-01-02T03:04:05.000000Z"),
    ] {
        part.get_or_insert(usual.into());
    }
}
