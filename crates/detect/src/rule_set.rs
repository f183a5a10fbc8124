//! Rules, compiled and ready; where they come from, and what was wrong with them.

use std::fmt;
#[cfg(feature = "fs")]
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use rule_lang::{Compiled, Compiler, Diagnostic, Filter, Rule, Severity, Sources};

use crate::predicate::Questions;
use crate::vm::Linked;
use crate::{Detector, Scanner};

/// A set of rules, compiled: immutable, cheap to clone, shared between threads.
///
/// [`RuleSet::scanner`] evaluates it on events, [`RuleSet::detector`] on a stream of them.
#[derive(Clone)]
pub struct RuleSet(Arc<Inner>);

#[derive(Debug, Default)]
pub(crate) struct Inner {
    pub(crate) rules: Vec<ActiveRule>,
    pub(crate) filters: Vec<ActiveFilter>,
    pub(crate) questions: Questions,
    /// The files of the rules, to say on which line something stands.
    pub(crate) places: Sources,
}

#[derive(Debug)]
pub(crate) struct ActiveRule {
    pub(crate) rule: Rule,
    pub(crate) linked: Linked,
    /// Indices of the filters that narrow it.
    pub(crate) filters: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct ActiveFilter {
    pub(crate) filter: Filter,
    pub(crate) linked: Linked,
}

impl RuleSet {
    /// Starts an empty set.
    pub fn builder() -> RuleSetBuilder {
        RuleSetBuilder::default()
    }

    /// The rules, in the order in which they were added.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.0.rules.iter().map(|active| &active.rule)
    }

    /// Evaluates the rules on single events. One per thread.
    pub fn scanner(&self) -> Scanner {
        Scanner::new(self.clone())
    }

    /// Evaluates the rules on the records of one stream, where a request shows up at several stages.
    pub fn detector(&self) -> Detector {
        Detector::new(self)
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }
}

impl fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleSet")
            .field("rules", &self.0.rules.len())
            .finish_non_exhaustive()
    }
}

/// A test of which rules stay.
type Keep = Box<dyn FnMut(&Rule) -> bool>;

/// Gathers rule files, then compiles them together: placeholders and filters reach across files.
///
/// # Examples
/// ```
/// use detect::RuleSet;
///
/// // Strict: the first mistake in any file is an error that shows every mistake.
/// let rules = RuleSet::builder().shipped().build()?;
/// assert!(rules.rules().any(|rule| rule.name() == "exec-into-pod"));
///
/// // Lenient: what is right is loaded, and the report says what is not.
/// let (rules, report) = RuleSet::builder().text("typo.yaml", "titel: Typo").load();
/// assert_eq!(rules.rules().len(), 0);
/// assert!(report.has_errors());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct RuleSetBuilder {
    files: Vec<(String, String)>,
    keep: Option<Keep>,
}

impl fmt::Debug for RuleSetBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<&str> = self.files.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("RuleSetBuilder")
            .field("files", &files)
            .finish_non_exhaustive()
    }
}

impl RuleSetBuilder {
    /// Adds the text of a rule file; the name is for diagnostics. The same text again is not added twice.
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        let (name, text) = (name.into(), text.into());
        if !self.files.iter().any(|(_, known)| *known == text) {
            self.files.push((name, text));
        }
        self
    }

    /// Number of files added so far; the sources of diagnostics are counted in the same order.
    pub fn n_files(&self) -> usize {
        self.files.len()
    }

    /// Adds the rules, filters and placeholder lists that come with kubesift.
    #[cfg(feature = "shipped")]
    #[must_use]
    pub fn shipped(self) -> Self {
        let files = shipped_rules::FILES.iter();
        files.fold(self, |builder, (name, text)| {
            builder.text(format!("shipped/{name}"), *text)
        })
    }

    /// Adds a rule file.
    ///
    /// # Errors
    /// [`LoadError`] when the file cannot be read. What is wrong with its rules is told when the set is built.
    #[cfg(feature = "fs")]
    pub fn file(self, path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = path.as_ref();
        // Not as text: a file that is no UTF-8 is a mistake in the rules and is shown as one.
        let bytes = std::fs::read(path).map_err(|error| LoadError {
            path: path.to_owned(),
            error,
        })?;
        Ok(self.text(path.display().to_string(), String::from_utf8_lossy(&bytes)))
    }

    /// Adds every `.yaml` and `.yml` file below a directory, in the order of their paths. `*.test.yaml` files hold tests
    /// and are left out, hidden files and directories too.
    ///
    /// # Errors
    /// [`LoadError`] when the directory or a file in it cannot be read.
    #[cfg(feature = "fs")]
    pub fn dir(mut self, path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let mut files = Vec::new();
        find_rule_files(path.as_ref(), 0, &mut files)?;
        files.sort();
        for file in files {
            self = self.file(file)?;
        }
        Ok(self)
    }

    /// Adds a rule file or every rule file below a directory.
    ///
    /// # Errors
    /// [`LoadError`] when it cannot be read.
    #[cfg(feature = "fs")]
    pub fn path(self, path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = path.as_ref();
        if path.is_dir() {
            self.dir(path)
        } else {
            self.file(path)
        }
    }

    /// Keeps only the rules that pass a test, after all have been compiled.
    #[must_use]
    pub fn retain(mut self, keep: impl FnMut(&Rule) -> bool + 'static) -> Self {
        self.keep = Some(Box::new(keep));
        self
    }

    /// Compiles what is right and reports what is not. Never fails.
    pub fn load(self) -> (RuleSet, LoadReport) {
        let mut compiler = Compiler::new();
        for (name, text) in &self.files {
            compiler.add(name, text);
        }
        let Compiled {
            sources,
            rules,
            filters,
            diagnostics,
            ..
        } = compiler.finish();
        let mut report = LoadReport {
            sources,
            diagnostics,
            inactive: Vec::new(),
            inactive_filters: Vec::new(),
        };
        let mut inner = Inner {
            places: report.sources.without_texts(),
            ..Inner::default()
        };
        for filter in filters {
            if let Some(reason) = filter.inactive() {
                report.inactive_filters.push(InactiveFilter {
                    filter: filter.name().to_owned(),
                    reason: reason.to_owned(),
                });
            }
            // A program with more predicates than an index can count is refused by the compiler's limits.
            if let Some(linked) = Linked::new(filter.program().clone(), &mut inner.questions) {
                inner.filters.push(ActiveFilter { filter, linked });
            }
        }
        let mut keep = self.keep.unwrap_or_else(|| Box::new(|_| true));
        for rule in rules {
            if let Some(reason) = rule.inactive() {
                report.inactive.push(Inactive {
                    rule: rule.name().to_owned(),
                    reason: reason.to_owned(),
                });
                continue;
            }
            if !keep(&rule) {
                continue;
            }
            if let Some(linked) = Linked::new(rule.program().clone(), &mut inner.questions) {
                let filters = rule.filters().to_vec();
                inner.rules.push(ActiveRule {
                    rule,
                    linked,
                    filters,
                });
            }
        }
        (RuleSet(Arc::new(inner)), report)
    }

    /// Compiles the rules; any mistake in any of them is an error.
    ///
    /// # Errors
    /// [`BuildError`] with the whole report, when it holds an error. Warnings are none.
    pub fn build(self) -> Result<RuleSet, BuildError> {
        let (rules, report) = self.load();
        if report.has_errors() {
            Err(BuildError { report })
        } else {
            Ok(rules)
        }
    }
}

#[cfg(feature = "fs")]
fn find_rule_files(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), LoadError> {
    /// A link can make a directory its own ancestor.
    const MAX_DEPTH: usize = 32;
    let at = |error| LoadError {
        path: dir.to_owned(),
        error,
    };
    for entry in std::fs::read_dir(dir).map_err(at)? {
        let path = entry.map_err(at)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            if depth < MAX_DEPTH {
                find_rule_files(&path, depth + 1, found)?;
            }
        } else if matches!(
            path.extension().and_then(|extension| extension.to_str()),
            Some("yaml" | "yml")
        ) && !name.ends_with(".test.yaml")
            && !name.ends_with(".test.yml")
        {
            found.push(path);
        }
    }
    Ok(())
}

/// A rule that is right and is not evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inactive {
    /// The rule's name.
    pub rule: String,
    /// Why: a placeholder list that it needs is empty, or an override turned it off.
    pub reason: String,
}

/// A filter that is right and narrows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InactiveFilter {
    /// The filter's name.
    pub filter: String,
    /// Why: an override turned it off.
    pub reason: String,
}

/// What loading found: every diagnostic of every file, and the rules and filters that are inactive.
pub struct LoadReport {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
    inactive: Vec<Inactive>,
    inactive_filters: Vec<InactiveFilter>,
}

impl LoadReport {
    /// Whether some file holds an error. Its rules that are right are loaded all the same.
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity() == Severity::Error)
    }

    /// Every diagnostic, file by file and in the order of the text.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The texts that the diagnostics point into.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Rules that are right and are not evaluated.
    pub fn inactive(&self) -> &[Inactive] {
        &self.inactive
    }

    /// Filters that are right and narrow nothing.
    pub fn inactive_filters(&self) -> &[InactiveFilter] {
        &self.inactive_filters
    }

    /// The diagnostics drawn for a terminal, one after the other.
    pub fn render(&self, color: bool) -> String {
        let drawn = self
            .diagnostics
            .iter()
            .map(|diagnostic| rule_lang::render(diagnostic, &self.sources, color));
        drawn.collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Debug for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadReport")
            .field("diagnostics", &self.diagnostics)
            .field("inactive", &self.inactive)
            .field("inactive_filters", &self.inactive_filters)
            .finish_non_exhaustive()
    }
}

/// Rules that do not compile. [`BuildError::report`] says what is wrong and where.
pub struct BuildError {
    report: LoadReport,
}

impl BuildError {
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
        let errors = || {
            self.report
                .diagnostics
                .iter()
                .filter(|found| found.severity() == Severity::Error)
        };
        let Some(first) = errors().next() else {
            return f.write_str("rules do not compile");
        };
        let place = self
            .report
            .sources
            .line_column(first.source(), first.span());
        let name = self.report.sources.name(first.source());
        write!(
            f,
            "{name}:{}:{}: {}",
            place.line,
            place.column,
            first.message()
        )?;
        match errors().count() {
            1 => Ok(()),
            n => write!(f, " (and {} more)", n - 1),
        }
    }
}

impl std::error::Error for BuildError {}

/// A rule file or directory that cannot be read.
#[derive(Debug)]
pub struct LoadError {
    path: PathBuf,
    error: std::io::Error,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read `{}`", self.path.display())
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
