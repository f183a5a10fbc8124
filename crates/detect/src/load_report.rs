//! What loading made of every document, and what was wrong.

use std::fmt;

use rule_lang::{Day, Diagnostic, DocumentKind, DocumentStatus, LoadedDocument, Severity, Sources};

/// What loading found: every document of every file with what became of it, and every diagnostic.
///
/// Nothing that was added is missing from it. A document is active, or right and kept out, or not for this library, or
/// wrong, and says why. [`Display`](fmt::Display) counts them.
///
/// # Examples
/// ```
/// use detect::RuleSet;
/// use detect::rule_lang::DocumentStatus;
///
/// let mine = "
/// title: Sysmon of Windows
/// logsource: {product: windows, service: sysmon}
/// detection: {selection: {Image: cmd.exe}, condition: selection}
/// ---
/// title: Quiet evenings
/// override: {rules: [exec-into-pod], enabled: false}
/// ";
/// let (_, report) = RuleSet::builder().shipped().text("mine.yaml", mine).load();
/// let of = |status| report.documents().iter().filter(move |document| document.status() == status);
/// let foreign = of(DocumentStatus::Unsupported).next().unwrap();
/// assert_eq!(foreign.name(), Some("Sysmon of Windows"));
/// let silenced = of(DocumentStatus::Filtered).next().unwrap();
/// assert_eq!(silenced.name(), Some("exec-into-pod"));
/// assert_eq!(silenced.reason(), Some("turned off by the override at mine.yaml:7"));
/// ```
pub struct LoadReport {
    sources: Sources,
    documents: Vec<LoadedDocument>,
    diagnostics: Vec<Diagnostic>,
    expiries: Vec<Expiry>,
    passed_over: Vec<PassedOver>,
}

/// What loading a directory passes over, so that nobody takes it for loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PassedOver {
    /// The path of a hidden file with the ending of a rule file.
    HiddenFile(String),
    /// The path of a directory without any rule file, in it or below it.
    EmptyDirectory(String),
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HiddenFile(path) => {
                write!(f, "`{}` is hidden and passed over", path.escape_debug())
            }
            Self::EmptyDirectory(path) => {
                let path = path.escape_debug();
                write!(f, "no `.yaml` or `.yml` file lies below `{path}`")
            }
        }
    }
}

/// A filter that has expired or soon will.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expiry {
    /// The filter's name.
    pub filter: String,
    /// The last day on which it applies.
    pub expires: Day,
    /// Days from the day of loading to that day; negative when it has passed.
    pub days_left: i64,
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            filter, expires, ..
        } = self;
        let filter = filter.escape_debug();
        match self.days_left {
            ..0 => write!(f, "filter `{filter}` expired on {expires}"),
            0 => write!(f, "filter `{filter}` expires today"),
            1 => write!(f, "filter `{filter}` expires tomorrow"),
            n => write!(f, "filter `{filter}` expires on {expires}, in {n} days"),
        }
    }
}

impl LoadReport {
    pub(crate) fn new(
        sources: Sources,
        documents: Vec<LoadedDocument>,
        diagnostics: Vec<Diagnostic>,
    ) -> Self {
        Self {
            sources,
            documents,
            diagnostics,
            expiries: Vec::new(),
            passed_over: Vec::new(),
        }
    }

    pub(crate) fn with_expiries(mut self, expiries: Vec<Expiry>) -> Self {
        self.expiries = expiries;
        self
    }

    pub(crate) fn with_passed_over(mut self, passed_over: Vec<PassedOver>) -> Self {
        self.passed_over = passed_over;
        self
    }

    /// Whether some file holds an error. Its rules that are right are loaded all the same.
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        let found = self.diagnostics.iter();
        found.filter(|found| found.severity() == Severity::Error)
    }

    /// Every document of every file, file by file and in the order of the text.
    pub fn documents(&self) -> &[LoadedDocument] {
        &self.documents
    }

    /// Every diagnostic, file by file and in the order of the text.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Filters that have expired, or will within 30 days, as of the day that
    /// [`RuleSetBuilder::today`](crate::RuleSetBuilder::today) was given; empty without one.
    pub fn expiries(&self) -> &[Expiry] {
        &self.expiries
    }

    /// What lay in directories and was passed over: hidden rule files, and directories without any rule file. It is no
    /// error by itself.
    pub fn passed_over(&self) -> &[PassedOver] {
        &self.passed_over
    }

    /// Whether a filter of this name has expired.
    fn has_expired(&self, filter: &str) -> bool {
        let mut expiries = self.expiries.iter();
        expiries.any(|expiry| expiry.days_left < 0 && expiry.filter == filter)
    }

    /// The texts that documents and diagnostics point into.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The diagnostics drawn for a terminal, one after the other.
    pub fn render(&self, color: bool) -> String {
        let drawn = self
            .diagnostics
            .iter()
            .map(|diagnostic| rule_lang::render(diagnostic, &self.sources, color));
        drawn.collect::<Vec<_>>().join("\n")
    }

    /// One document in one line: place, kind, name, what became of it and why.
    pub fn describe<'r>(&'r self, document: &'r LoadedDocument) -> impl fmt::Display + 'r {
        Described {
            report: self,
            document,
        }
    }
}

struct Described<'r> {
    report: &'r LoadReport,
    document: &'r LoadedDocument,
}

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, document } = self;
        let sources = &report.sources;
        let line = sources.line_column(document.source(), document.span()).line;
        write!(f, "{}:{line}: ", sources.name(document.source()))?;
        match document.kind() {
            DocumentKind::Unknown => f.write_str("document")?,
            kind => write!(f, "{kind}")?,
        }
        if let Some(name) = document.name() {
            write!(f, " `{}`", name.escape_debug())?;
        }
        write!(f, " is {}", document.status())?;
        if let Some(reason) = document.reason() {
            write!(f, ": {reason}")?;
        }
        let mut before = ", narrowed by ";
        for filter in document.narrowed_by() {
            write!(f, "{before}{filter}")?;
            if report.has_expired(filter) {
                f.write_str(" (expired)")?;
            }
            before = ", ";
        }
        Ok(())
    }
}

impl fmt::Display for LoadReport {
    /// One line: how many documents of each kind there are, and how many of them are not active.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let (n, n_files) = (self.documents.len(), self.sources.len());
        write!(
            f,
            "{n} document{} in {n_files} file{}",
            plural(n),
            plural(n_files)
        )?;
        let mut before = ": ";
        for kind in DocumentKind::ALL {
            let of_kind = || self.documents.iter().filter(|found| found.kind() == kind);
            let n = of_kind().count();
            if n == 0 {
                continue;
            }
            write!(f, "{before}{n} {}", counted(kind, n))?;
            before = ", ";
            let mut open = " (";
            for status in DocumentStatus::ALL.into_iter().skip(1) {
                let n = of_kind().filter(|found| found.status() == status).count();
                if n > 0 {
                    write!(f, "{open}{n} {status}")?;
                    open = ", ";
                }
            }
            if open == ", " {
                f.write_str(")")?;
            }
        }
        Ok(())
    }
}

fn counted(kind: DocumentKind, n: usize) -> &'static str {
    match (kind, n) {
        (DocumentKind::Rule, 1) => "rule",
        (DocumentKind::Rule, _) => "rules",
        (DocumentKind::Correlation, 1) => "correlation",
        (DocumentKind::Correlation, _) => "correlations",
        (DocumentKind::Filter, 1) => "filter",
        (DocumentKind::Filter, _) => "filters",
        (DocumentKind::Override, 1) => "override",
        (DocumentKind::Override, _) => "overrides",
        (DocumentKind::Placeholders, 1) => "document of placeholders",
        (DocumentKind::Placeholders, _) => "documents of placeholders",
        (DocumentKind::Tests, 1) => "document of tests",
        (DocumentKind::Tests, _) => "documents of tests",
        (_, _) => "of no known kind",
    }
}

impl fmt::Debug for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadReport")
            .field("documents", &self.documents)
            .field("diagnostics", &self.diagnostics)
            .finish_non_exhaustive()
    }
}

/// Rules that do not compile. [`BuildError::report`] says what is wrong and where.
pub struct BuildError {
    report: LoadReport,
}

impl BuildError {
    pub(crate) fn new(report: LoadReport) -> Self {
        Self { report }
    }

    /// Everything that was found.
    pub fn report(&self) -> &LoadReport {
        &self.report
    }
}

impl fmt::Debug for BuildError {
    /// The diagnostics as they are drawn for a terminal: what a program shows whose `main` returns the error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}\n\n{}", self.report.render(false))
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.report.errors().next() else {
            return f.write_str("rules do not compile");
        };
        let sources = &self.report.sources;
        let place = sources.line_column(first.source(), first.span());
        let name = sources.name(first.source());
        write!(
            f,
            "{name}:{}:{}: {}",
            place.line,
            place.column,
            first.message()
        )?;
        match self.report.errors().count() {
            1 => Ok(()),
            n => write!(f, " (and {} more)", n - 1),
        }
    }
}

impl std::error::Error for BuildError {}
