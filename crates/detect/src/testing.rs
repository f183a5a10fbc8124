//! Running the tests of rules: those inside them, and those in files beside them.
//!
//! ```
//! use detect::{RuleSet, testing};
//!
//! let rules = RuleSet::builder().shipped().build()?;
//! let report = testing::run(&rules, |_| true);
//! assert!(report.failures().is_empty(), "{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A project tests its own rules in one line: [`assert_dir`]; [`Suite`] is the same with more to choose.

mod suite;

use std::fmt;
use std::time::Duration;

use audit_model::{DecodeError, Event, Limits, Reader};
use rule_lang::{Level, Rule, RuleTest, SourceId, Span, Target, TestKind};

use crate::correlate::time;
#[cfg(feature = "fs")]
pub use suite::assert_dir;
pub use suite::{Suite, SuiteReport};

use crate::{HitRule, Hits, RuleSet, Scanner};

/// What running the tests of a rule set found.
#[derive(Clone, Debug, Default)]
pub struct TestReport {
    n_tests: usize,
    coverage: Vec<Coverage>,
    failures: Vec<TestFailure>,
}

/// Which kinds of test a rule or correlation has and passes: a test that fails shows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Coverage {
    /// The name of the rule or correlation.
    pub rule: String,
    /// Its file.
    pub source: SourceId,
    /// Its document in the file.
    pub span: Span,
    /// Tests that show what it is for.
    pub n_hits: usize,
    /// Tests that come close and must not match.
    pub n_near_misses: usize,
    /// Tests that try to get past it.
    pub n_evasions: usize,
    /// The kinds of the tests that failed.
    failed: Vec<TestKind>,
}

impl Coverage {
    /// Counts a test that passed. An evasion that is expected to get past the rule is none that the rule stands.
    fn add(&mut self, test: &RuleTest) {
        match test.kind() {
            TestKind::Hit => self.n_hits += 1,
            TestKind::NearMiss => self.n_near_misses += 1,
            TestKind::Evasion => self.n_evasions += usize::from(test.matches()),
        }
    }

    /// Whether there is a test of a kind, passed or failed.
    pub(crate) fn has(&self, kind: TestKind) -> bool {
        self.count(kind) > 0 || self.failed.contains(&kind)
    }

    /// How many tests of a kind passed.
    pub fn count(&self, kind: TestKind) -> usize {
        match kind {
            TestKind::Hit => self.n_hits,
            TestKind::NearMiss => self.n_near_misses,
            TestKind::Evasion => self.n_evasions,
        }
    }
}

/// A test that did not go as it says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestFailure {
    /// The name of the rule or correlation.
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
    /// Begins with the tests of a rule or correlation.
    fn cover(&mut self, name: &str, (source, span): (SourceId, Span)) {
        self.coverage.push(Coverage {
            rule: name.to_owned(),
            source,
            span,
            n_hits: 0,
            n_near_misses: 0,
            n_evasions: 0,
            failed: Vec::new(),
        });
    }

    fn add(&mut self, name: &str, test: &RuleTest, result: Result<(), String>) {
        self.n_tests += 1;
        match result {
            Ok(()) => {
                if let Some(covered) = self.coverage.last_mut() {
                    covered.add(test);
                }
            }
            Err(reason) => {
                if let Some(covered) = self.coverage.last_mut() {
                    covered.failed.push(test.kind());
                }
                self.failures.push(TestFailure {
                    rule: name.to_owned(),
                    test: test.name().to_owned(),
                    source: test.source(),
                    span: test.span(),
                    reason,
                });
            }
        }
    }

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

/// Runs the tests of the rules and correlations that pass `wanted`, each against the whole set: a filter that silences a
/// rule where its test expects a hit is a failure too.
///
/// A test with a `count`, and every test of a correlation, lets its events go through a [`Detector`](crate::Detector) one after the other,
/// at the times that they say, and counts hits. Otherwise each event of a test must match, or none.
pub fn run(rules: &RuleSet, wanted: impl Fn(HitRule<'_>) -> bool) -> TestReport {
    let mut report = TestReport::default();
    let mut scanner = rules.scanner();
    for rule in rules.rules().filter(|rule| wanted(HitRule::Rule(rule))) {
        report.cover(rule.name(), (rule.source(), rule.span()));
        for test in rule.tests() {
            let result = match test.count() {
                Some(_) => check_count(rules, rule.name(), test).map_err(|reason| {
                    let taken = taken_by(rules, rule).unwrap_or_default();
                    format!("{reason}{taken}")
                }),
                None => check(&mut scanner, rule, test),
            };
            report.add(rule.name(), test, result);
        }
    }
    let correlations = rules.correlations();
    for found in correlations.filter(|found| wanted(HitRule::Correlation(found))) {
        report.cover(found.name(), (found.source(), found.span()));
        for test in found.tests() {
            let result = check_count(rules, found.name(), test);
            report.add(found.name(), test, result);
        }
    }
    report
}

/// Which correlation takes the hits of a rule, so that a test does not see them, and what to do about it.
fn taken_by(rules: &RuleSet, rule: &Rule) -> Option<String> {
    if !rule.is_silenced() {
        return None;
    }
    let at = rules.inner().rules.iter();
    let at = at.filter(|active| std::ptr::eq(&raw const active.rule, rule));
    let at = Target::Rule(at.map(|active| active.at).next()?);
    let mut correlations = rules.correlations();
    let taking = correlations.find(|found| {
        let mut references = found.references().iter();
        found.source() == rule.source() && references.any(|reference| reference.target == at)
    })?;
    Some(format!(
        ", because the correlation `{}` of the same file takes the hits of this rule: count the hits of the correlation in its own tests, or give it `generate: true`",
        taking.name().escape_debug()
    ))
}

/// Reads an event as tests have it: what is nearly always the same may be left out and is filled in, such as the stage, the
/// level, the audit id and the times.
///
/// # Errors
/// When the text is no JSON object, or beyond the limits of [`Event::decode`].
///
/// # Examples
/// ```
/// use detect::{RuleSet, testing};
///
/// let rules = RuleSet::builder().shipped().build()?;
/// let event = testing::event(br#"{"verb":"get","objectRef":{"resource":"pods"}}"#)?;
/// assert_eq!(event.stage.as_deref(), Some("ResponseComplete"));
/// assert!(!rules.explain("exec-into-pod", &event).unwrap().matched);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn event(json: &[u8]) -> Result<Event<'_>, DecodeError> {
    let mut event = Event::decode_fragment(json, &Limits::default())?;
    fill_in(&mut event, Duration::ZERO);
    Ok(event)
}

/// A number of things.
fn counted<N: Copy + fmt::Display + PartialEq + From<u8>>(n: N, what: &str) -> String {
    format!("{n} {what}{}", if n == N::from(1) { "" } else { "s" })
}

/// Runs one test whose events are looked at together.
fn check_count(rules: &RuleSet, name: &str, test: &RuleTest) -> Result<(), String> {
    let mut log = Vec::new();
    for (at, (json, offset)) in test.events().iter().zip(test.offsets()).enumerate() {
        let mut event = decode(json, test, at)?;
        // Requests that say nothing of themselves are several all the same.
        event
            .audit_id
            .get_or_insert_with(|| format!("00000000-0000-4000-8000-{at:012}").into());
        fill_in(&mut event, *offset);
        event.write_json(&mut log);
        log.push(b'\n');
    }
    let mut detector = rules.detector().telling_all();
    let mut reader = Reader::new(log.as_slice());
    let mut seen = Seen::default();
    while let Some(record) = reader.next().map_err(|error| error.to_string())? {
        seen.take(name, test, detector.process(&record))?;
    }
    seen.take(name, test, detector.finish())?;
    let n = seen.n_hits;
    match test.count() {
        Some(expected) if expected != n => {
            let expected = counted(expected, "hit");
            let summaries = match seen.n_summaries {
                0 => String::new(),
                1 => ", one of them a summary".to_owned(),
                n => format!(", {n} of them summaries"),
            };
            Err(format!("expected {expected}, found {n}{summaries}"))
        }
        None if test.matches() && n == 0 => Err("expected a hit, and there was none".to_owned()),
        None if !test.matches() && n > 0 => Err(format!("expected no hit, found {n}")),
        _ => Ok(()),
    }
}

/// The hits of one test.
#[derive(Default)]
struct Seen {
    n_hits: u64,
    /// Of the hits, those that sum up what followed a detection.
    n_summaries: u64,
}

impl Seen {
    /// Counts the hits of the rule or correlation that is tested.
    fn take(&mut self, name: &str, test: &RuleTest, hits: Hits<'_>) -> Result<(), String> {
        for hit in hits.filter(|hit| hit.rule().name() == name) {
            self.n_hits += 1;
            let is_summary = hit.correlated().is_some_and(|it| it.is_summary());
            self.n_summaries += u64::from(is_summary);
            agree(test, hit.level(), hit.message(), "")?;
        }
        Ok(())
    }
}

/// Runs one test: each of its events must match, or none.
fn check(scanner: &mut Scanner, rule: &Rule, test: &RuleTest) -> Result<(), String> {
    if test.events().is_empty() {
        return Err("the test has no event".to_owned());
    }
    for (at, json) in test.events().iter().enumerate() {
        let of = which(test, at);
        let mut event = decode(json, test, at)?;
        fill_in(&mut event, Duration::ZERO);
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
        agree(test, level, &message, &of)?;
    }
    Ok(())
}

/// Whether a hit is as severe as the test says, and says what the test says.
fn agree(test: &RuleTest, level: Level, message: &str, of: &str) -> Result<(), String> {
    if let Some(expected) = test.level().filter(|expected| *expected != level) {
        return Err(format!("expected level `{expected}`, found `{level}`{of}"));
    }
    if let Some(expected) = test.message().filter(|expected| *expected != message) {
        return Err(format!(
            "expected message `{expected}`, found `{message}`{of}"
        ));
    }
    Ok(())
}

/// Which event of a test, where it has several.
fn which(test: &RuleTest, at: usize) -> String {
    if test.events().len() > 1 {
        format!(" (event {})", at + 1)
    } else {
        String::new()
    }
}

fn decode<'e>(json: &'e str, test: &RuleTest, at: usize) -> Result<Event<'e>, String> {
    let of = which(test, at);
    let event = Event::decode_fragment(json.as_bytes(), &Limits::default())
        .map_err(|error| format!("the event cannot be read{of}: {error}"))?;
    // With a mistyped key a near miss would pass and show nothing.
    let unknown = event.unknown_keys().next().map(|(part, key)| {
        let key = key.escape_debug();
        match part {
            "" => key.to_string(),
            part => format!("{part}.{key}"),
        }
    });
    match unknown {
        Some(key) => Err(format!("no audit event has the key `{key}`{of}")),
        None => Ok(event),
    }
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

/// The first moment of a test: 2026-01-02T03:04:05Z.
const FIRST_MOMENT: Duration = Duration::from_secs(1_767_323_045);

/// Fills in what a test may leave out because it is nearly always the same; the event comes some time after the first
/// moment.
fn fill_in(event: &mut Event<'_>, offset: Duration) {
    let moment = time::format(time::of_duration(FIRST_MOMENT + offset));
    for (part, usual) in [
        (&mut event.kind, "Event"),
        (&mut event.api_version, "audit.k8s.io/v1"),
        (&mut event.audit_id, "00000000-0000-4000-8000-000000000000"),
        (&mut event.stage, "ResponseComplete"),
        (&mut event.level, "RequestResponse"),
        (&mut event.request_received_timestamp, &moment),
        (&mut event.stage_timestamp, &moment),
    ] {
        part.get_or_insert_with(|| usual.to_owned().into());
    }
}
