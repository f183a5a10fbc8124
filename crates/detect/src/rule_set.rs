//! Rules, compiled and ready; where they come from, and what was wrong with them.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
#[cfg(feature = "fs")]
use std::path::Path;
use std::sync::Arc;

use audit_model::{Limits, Network, Scratch};
use rule_lang::{Compiled, Compiler, Day, DocumentKind, Filter, Guard, Rule, Sources};

use crate::index::Index;
use crate::load_report::{BuildError, Expiry, LoadReport};
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
    pub(crate) trusted_proxies: Arc<[Network]>,
    pub(crate) index: Index,
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

impl Inner {
    /// Adds a filter; its index is how many were added before.
    pub(crate) fn add_filter(&mut self, filter: Filter) {
        // A program with more predicates than an index can count is refused by the compiler's limits.
        if let Some(linked) = Linked::new(filter.program().clone(), &mut self.questions) {
            self.filters.push(ActiveFilter { filter, linked });
        }
    }

    /// Adds a rule, after the filters that narrow it.
    pub(crate) fn add_rule(&mut self, rule: Rule) {
        if let Some(linked) = Linked::new(rule.program().clone(), &mut self.questions) {
            let filters = rule.filters().to_vec();
            self.rules.push(ActiveRule {
                rule,
                linked,
                filters,
            });
        }
    }
}

impl From<Inner> for RuleSet {
    /// The set of all that was added.
    fn from(mut inner: Inner) -> Self {
        inner.questions.finish();
        let guards = inner
            .rules
            .iter()
            .map(|active| Guard::of(active.rule.program()));
        inner.index = Index::new(guards);
        Self(Arc::new(inner))
    }
}

impl RuleSet {
    /// Starts an empty set.
    pub fn builder() -> RuleSetBuilder {
        RuleSetBuilder::default()
    }

    /// Loads every rule, filter, correlation, override and list of placeholders of a file or below a directory, and says
    /// what became of each document. Never fails: what cannot be read is a document that is wrong.
    ///
    /// [`RuleSetBuilder`] adds the shipped rules, or loads several places together.
    ///
    /// # Examples
    /// ```
    /// use detect::RuleSet;
    /// use detect::rule_lang::DocumentStatus;
    ///
    /// let (rules, report) = RuleSet::load_dir("no/such/directory");
    /// assert_eq!(rules.rules().len(), 0);
    /// assert_eq!(report.documents()[0].status(), DocumentStatus::Wrong);
    /// ```
    #[cfg(feature = "fs")]
    pub fn load_dir(path: impl AsRef<Path>) -> (Self, LoadReport) {
        Self::builder().path(path).load()
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

    /// Memory in which events are read as the set says.
    pub(crate) fn scratch(&self) -> Scratch {
        Scratch::with_limits(Limits::default()).with_trusted_proxies(self.0.trusted_proxies.clone())
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

/// Why a rule that `retain` drops is not evaluated.
const LEFT_OUT: &str = "it was not asked for";

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
    files: Vec<File>,
    /// Hashes of the texts, with the files that have them.
    texts: HashMap<u64, Vec<usize>>,
    hasher: RandomState,
    keep: Option<Keep>,
    today: Option<Day>,
}

/// A file that was added.
struct File {
    name: String,
    /// Its text, or why it cannot be read.
    text: Result<String, String>,
}

impl fmt::Debug for RuleSetBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
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
        let same = self.texts.entry(self.hasher.hash_one(&text)).or_default();
        let is_known = |at: &usize| {
            let known = self.files.get(*at);
            known.is_some_and(|known| known.text.as_ref() == Ok(&text))
        };
        if !same.iter().any(is_known) {
            same.push(self.files.len());
            self.files.push(File {
                name,
                text: Ok(text),
            });
        }
        self
    }

    /// Adds a file that cannot be read, and why.
    #[cfg(feature = "fs")]
    pub(crate) fn unreadable(mut self, name: String, reason: String) -> Self {
        self.files.push(File {
            name,
            text: Err(reason),
        });
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

    /// Keeps only the rules that pass a test, after all have been compiled.
    #[must_use]
    pub fn retain(mut self, keep: impl FnMut(&Rule) -> bool + 'static) -> Self {
        self.keep = Some(Box::new(keep));
        self
    }

    /// Lets the report list filters that have expired or soon will. Nothing else depends on it: whether a filter applies is
    /// told by the time of each event, so that a log gives the same detections whenever it is read.
    #[must_use]
    pub fn today(mut self, today: Day) -> Self {
        self.today = Some(today);
        self
    }

    /// Compiles what is right and reports what is not. Never fails.
    pub fn load(self) -> (RuleSet, LoadReport) {
        let mut compiler = Compiler::new();
        for File { name, text } in &self.files {
            match text {
                Ok(text) => compiler.add(name, text),
                Err(reason) => compiler.add_unreadable(name, reason),
            };
        }
        let Compiled {
            sources,
            rules,
            filters,
            trusted_proxies,
            mut documents,
            diagnostics,
            ..
        } = compiler.finish();
        let mut inner = Inner {
            places: sources.without_texts(),
            trusted_proxies: trusted_proxies.into(),
            ..Inner::default()
        };
        for filter in filters {
            inner.add_filter(filter);
        }
        let mut keep = self.keep.unwrap_or_else(|| Box::new(|_| true));
        let mut left_out = Vec::new();
        for rule in rules.into_iter().filter(|rule| rule.inactive().is_none()) {
            if !keep(&rule) {
                left_out.push((rule.source(), rule.span()));
                continue;
            }
            inner.add_rule(rule);
        }
        // Both are in the order of files and places.
        let mut left_out = left_out.into_iter().peekable();
        for document in &mut documents {
            let place = (document.source(), document.span());
            if document.kind() == DocumentKind::Rule && left_out.next_if_eq(&place).is_some() {
                document.keep_out(LEFT_OUT);
            }
        }
        let expiries = expiries(&inner.filters, self.today);
        let report = LoadReport::new(sources, documents, diagnostics, expiries);
        (inner.into(), report)
    }

    /// Compiles the rules; any mistake in any of them is an error.
    ///
    /// # Errors
    /// [`BuildError`] with the whole report, when it holds an error. Warnings are none.
    pub fn build(self) -> Result<RuleSet, BuildError> {
        let (rules, report) = self.load();
        if report.has_errors() {
            Err(BuildError::new(report))
        } else {
            Ok(rules)
        }
    }
}

/// Filters that have expired or soon will.
fn expiries(filters: &[ActiveFilter], today: Option<Day>) -> Vec<Expiry> {
    /// How many days before.
    const SOON: i64 = 30;
    let filters = filters.iter().map(|active| &active.filter);
    let expiries = filters.filter_map(|filter| {
        let expires = filter.expires().filter(|_| filter.inactive().is_none())?;
        let days_left = today?.days_until(expires);
        (days_left <= SOON).then(|| Expiry {
            filter: filter.name().to_owned(),
            expires,
            days_left,
        })
    });
    expiries.collect()
}
