//! A project's rules tested as a whole: one line in its own tests.

use std::fmt;
#[cfg(feature = "fs")]
use std::path::Path;

use rule_lang::{
    Diagnostic, DocumentStatus, LoadedDocument, Severity, SourceId, Span, TestKind, render,
};

use super::{Coverage, TestReport, counted, run};
use crate::{LoadReport, RuleSet, RuleSetBuilder};

/// Loads every rule file of a directory and of those below it and runs all tests; panics with everything that is wrong.
///
/// It is `Suite::dir(path).run().assert_passed()`: [`Suite`] says what is wrong, and has more to choose. A relative path
/// is taken from the directory of the package when cargo runs the test.
///
/// # Panics
/// When [`SuiteReport::has_passed`] is false; the message is the report.
///
/// # Examples
/// The whole of a project's test, in `tests/rules.rs`:
/// ```no_run
/// #[test]
/// fn rules() {
///     detect::testing::assert_dir("rules");
/// }
/// ```
#[cfg(feature = "fs")]
#[track_caller]
pub fn assert_dir(path: impl AsRef<Path>) {
    Suite::dir(path).run().assert_passed();
}

/// Rules that are loaded and tested as a whole.
///
/// It passes when every document is right and for this library, every test goes as it says, and every rule and
/// correlation has a test of each kind that is required: a hit, unless [`Suite::require`] says otherwise.
///
/// # Examples
/// ```
/// use detect::{RuleSet, testing::Suite};
/// use detect::rule_lang::TestKind;
///
/// let rule = "
/// title: Secrets listed
/// logsource: {product: kubernetes, service: audit}
/// detection: {selection: {resource: secrets, verb: list}, condition: selection}
/// tests:
///   - kind: hit
///     event: {verb: list, objectRef: {resource: secrets}}
///   - name: one secret
///     kind: near-miss
///     event: {verb: list, objectRef: {resource: secrets}}
/// ";
/// let suite = Suite::new(RuleSet::builder().text("rules/secrets.yaml", rule));
/// let report = suite.require(&[TestKind::Hit, TestKind::Evasion]).run();
/// assert!(!report.has_passed());
/// assert_eq!(
///     report.to_string(),
///     "\
/// rules/secrets.yaml:8: `Secrets listed`: test `one secret` failed: expected no hit, and the rule matched: Secrets listed
/// rules/secrets.yaml:2: `Secrets listed` has no test of kind `evasion`
/// 1 rule, 2 tests: 1 failed test, 1 missing test"
/// );
/// ```
#[derive(Debug)]
pub struct Suite {
    builder: RuleSetBuilder,
    n_own: usize,
    kinds: Vec<TestKind>,
    allow_unsupported: bool,
    deny_warnings: bool,
}

impl Suite {
    /// The rules of a builder.
    pub fn new(builder: RuleSetBuilder) -> Self {
        Self {
            n_own: builder.n_files(),
            builder,
            kinds: vec![TestKind::Hit],
            allow_unsupported: false,
            deny_warnings: false,
        }
    }

    /// The rules of every file below a directory, or of a file.
    #[cfg(feature = "fs")]
    pub fn dir(path: impl AsRef<Path>) -> Self {
        Self::new(RuleSet::builder().path(path))
    }

    /// Adds the shipped rules, filters and lists, so that filters and correlations can name them and tests are run with
    /// them. Nothing is asked of them, and their own tests are not run.
    #[cfg(feature = "shipped")]
    #[must_use]
    pub fn with_shipped(mut self) -> Self {
        self.builder = self.builder.shipped();
        self
    }

    /// Which kinds of test every rule and correlation must have, at least one of each; without this it is a hit.
    #[must_use]
    pub fn require(mut self, kinds: &[TestKind]) -> Self {
        self.kinds = kinds.to_vec();
        self
    }

    /// Lets a directory hold rules that are not for this library, such as those for other logs.
    #[must_use]
    pub fn allow_unsupported(mut self) -> Self {
        self.allow_unsupported = true;
        self
    }

    /// Lets warnings fail too.
    #[must_use]
    pub fn deny_warnings(mut self) -> Self {
        self.deny_warnings = true;
        self
    }

    /// Loads the rules and runs their tests.
    pub fn run(self) -> SuiteReport {
        let Self {
            builder,
            n_own,
            kinds,
            allow_unsupported,
            deny_warnings,
        } = self;
        let (rules, load) = builder.load();
        let tests = run(&rules, |rule| rule.source().index() < n_own);
        SuiteReport {
            rules,
            load,
            tests,
            n_own,
            kinds,
            allow_unsupported,
            deny_warnings,
        }
    }
}

/// What a [`Suite`] found. [`Display`](fmt::Display) writes everything that makes it fail with its place, and a summary.
#[derive(Debug)]
pub struct SuiteReport {
    rules: RuleSet,
    load: LoadReport,
    tests: TestReport,
    n_own: usize,
    kinds: Vec<TestKind>,
    allow_unsupported: bool,
    deny_warnings: bool,
}

impl SuiteReport {
    /// The rules, those that were added beside the suite's own too.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// What became of every document of every file.
    pub fn load(&self) -> &LoadReport {
        &self.load
    }

    /// How the tests went.
    pub fn tests(&self) -> &TestReport {
        &self.tests
    }

    /// Whether a file is one of those that are tested.
    pub fn is_own(&self, source: SourceId) -> bool {
        source.index() < self.n_own
    }

    /// The errors of the files that are tested, and the warnings.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        let all = self.load.diagnostics().iter();
        all.filter(|found| self.is_own(found.source()))
    }

    /// The documents that are tested.
    fn documents(&self, status: DocumentStatus) -> impl Iterator<Item = &LoadedDocument> {
        let all = self.load.documents().iter();
        all.filter(move |found| self.is_own(found.source()) && found.status() == status)
    }

    /// Diagnostics that make the suite fail.
    fn denied(&self) -> impl Iterator<Item = &Diagnostic> {
        // What is not for this library is told of as a document.
        let all = self.diagnostics();
        all.filter(|found| {
            found.severity() == Severity::Error
                || self.deny_warnings && found.code() != "unsupported-logsource"
        })
    }

    /// Documents that make the suite fail, because they are not for this library.
    fn foreign(&self) -> impl Iterator<Item = &LoadedDocument> {
        let foreign = self.documents(DocumentStatus::Unsupported);
        foreign.filter(|_| !self.allow_unsupported)
    }

    /// Rules and correlations without a test of a kind that is required, and the kind.
    fn missing(&self) -> impl Iterator<Item = (&Coverage, TestKind)> {
        let all = self.tests.coverage().iter();
        all.flat_map(|rule| {
            let kinds = self.kinds.iter().copied();
            let missing = kinds.filter(|kind| !rule.has(*kind));
            missing.map(move |kind| (rule, kind))
        })
    }

    /// Whether a rule or correlation was found, and nothing is wrong with any.
    pub fn has_passed(&self) -> bool {
        !self.tests.coverage().is_empty()
            && self.denied().next().is_none()
            && self.foreign().next().is_none()
            && self.tests.failures().is_empty()
            && self.missing().next().is_none()
    }

    /// Does nothing when the suite has passed.
    ///
    /// # Panics
    /// When it has not; the message is the report.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.has_passed(), "\n{self}\n");
    }

    /// File and line.
    fn place(&self, source: SourceId, span: Span) -> String {
        let sources = self.load.sources();
        let line = sources.line_column(source, span).line;
        format!("{}:{line}", sources.name(source))
    }
}

impl fmt::Display for SuiteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for found in self.denied() {
            writeln!(f, "{}\n", render(found, self.load.sources(), false))?;
        }
        for document in self.foreign() {
            writeln!(f, "{}", self.load.describe(document))?;
        }
        // Whose tests are not run, for a reason that is none to fail.
        for document in self.documents(DocumentStatus::Filtered) {
            writeln!(f, "note: {}", self.load.describe(document))?;
        }
        for failure in self.tests.failures() {
            let place = self.place(failure.source, failure.span);
            let (rule, test) = (failure.rule.escape_debug(), failure.test.escape_debug());
            let reason = &failure.reason;
            writeln!(f, "{place}: `{rule}`: test `{test}` failed: {reason}")?;
        }
        for (rule, kind) in self.missing() {
            let place = self.place(rule.source, rule.span);
            let name = rule.rule.escape_debug();
            writeln!(f, "{place}: `{name}` has no test of kind `{kind}`")?;
        }
        for passed in self.load.passed_over() {
            writeln!(f, "note: {passed}")?;
        }
        if self.tests.coverage().is_empty() {
            writeln!(f, "no rule or correlation was found that can be tested")?;
        }
        let is = |severity| move |found: &&Diagnostic| found.severity() == severity;
        let n_rules = self.tests.coverage().len();
        write!(
            f,
            "{}, {}",
            counted(n_rules, "rule"),
            counted(self.tests.n_tests(), "test")
        )?;
        let wrong = [
            (self.denied().filter(is(Severity::Error)).count(), "error"),
            (
                self.denied().filter(is(Severity::Warning)).count(),
                "warning",
            ),
            (self.foreign().count(), "unsupported document"),
            (self.tests.failures().len(), "failed test"),
            (self.missing().count(), "missing test"),
        ];
        let mut before = ": ";
        for (n, what) in wrong.into_iter().filter(|(n, _)| *n > 0) {
            write!(f, "{before}{}", counted(n, what))?;
            before = ", ";
        }
        Ok(())
    }
}
