//! Rules, compiled and ready; where they come from, and what was wrong with them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
#[cfg(feature = "fs")]
use std::path::Path;
use std::sync::{Arc, OnceLock};

use audit_model::{Limits, Network, Scratch};
use rule_lang::{
    Compiled, Compiler, Correlation, Day, DocumentStatus, Filter, Guard, Rule, SourceId, Sources,
    Span, Target,
};

use crate::correlate::plan::{KeptCorrelation, Plan};
use crate::foresight::Foresight;
use crate::index::Index;
use crate::load_report::{BuildError, Expiry, LoadReport, PassedOver};
use crate::predicate::Questions;
use crate::vm::Linked;
use crate::{Correlator, Detector, Scanner};

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
    /// Which of the rules that are told an event can match; made when it is asked first.
    pub(crate) told: OnceLock<Index>,
    /// The same of all rules, where correlations take hits that are not told.
    pub(crate) whole: OnceLock<Index>,
    pub(crate) foresight: Foresight,
    pub(crate) plan: Plan,
    /// Whether there are rules that are not told.
    pub(crate) has_quiet: bool,
}

#[derive(Debug)]
pub(crate) struct ActiveRule {
    pub(crate) rule: Rule,
    pub(crate) linked: Linked,
    /// Where it stood among all rules that were compiled, which is how correlations refer to it.
    pub(crate) at: usize,
    /// Whether its hits are told, and not only taken by correlations.
    pub(crate) told: bool,
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

    /// Adds a rule; correlations know it by where it stood among all that were compiled.
    pub(crate) fn add_rule(&mut self, at: usize, told: bool, rule: Rule) {
        if let Some(linked) = Linked::new(rule.program().clone(), &mut self.questions) {
            self.rules.push(ActiveRule {
                rule,
                linked,
                at,
                told,
            });
        }
    }

    /// The set of all that was added, and of the correlations, each after those that it refers to.
    pub(crate) fn finish(
        mut self,
        correlations: impl IntoIterator<Item = KeptCorrelation>,
    ) -> RuleSet {
        self.questions.finish();
        self.foresight = Foresight::new(&self.rules, &self.questions);
        self.plan = Plan::new(correlations, &self.rules, &self.filters);
        self.has_quiet = self.rules.iter().any(|active| !active.told);
        RuleSet(Arc::new(self))
    }

    /// Which rules an event can match: those that are told, or all but those that only ask for a caller, which are evaluated
    /// by themselves.
    pub(crate) fn index(&self, told: bool) -> &Index {
        let callers = &self.plan.callers;
        let index = |is_filed: &dyn Fn(usize, &ActiveRule) -> bool| {
            let rules = self.rules.iter().enumerate();
            Index::new(rules.map(|(at, active)| {
                if is_filed(at, active) {
                    Guard::of(active.rule.program())
                } else {
                    Guard::never()
                }
            }))
        };
        if told || !self.has_quiet {
            self.told.get_or_init(|| index(&|_, active| active.told))
        } else {
            self.whole.get_or_init(|| index(&|at, _| !callers.is(at)))
        }
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

    /// The correlations, each after those that it refers to, else in the order in which they were added.
    pub fn correlations(&self) -> impl ExactSizeIterator<Item = &Correlation> {
        let planned = self.0.plan.correlations.iter();
        planned.map(|planned| &planned.correlation)
    }

    /// Evaluates the rules on single events. One per thread. When the first event of a set comes the index of its rules is
    /// made, once for all scanners.
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

    /// Evaluates the correlations on the signals of detectors that run elsewhere.
    pub fn correlator(&self) -> Correlator {
        Correlator::new(self)
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

/// Why a rule is not evaluated whose hits are only for correlations that are not there.
const UNHEARD: &str = "its hits are only for correlations, and none that takes them is evaluated";

/// A test of which rules stay.
type Keep = Box<dyn FnMut(&Rule) -> bool>;
/// A test of which correlations stay.
type KeepCorrelation = Box<dyn FnMut(&Correlation) -> bool>;

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
    /// Names of files whose text another file has, with that file.
    copies: Vec<(String, usize)>,
    /// What lay in directories and was not added.
    passed_over: Vec<PassedOver>,
    keep: Option<Keep>,
    today: Option<Day>,
    keep_correlation: Option<KeepCorrelation>,
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
    /// Adds the text of a rule file. The same text again is not added twice.
    ///
    /// The name is for diagnostics, and tells files of tests: `NAME.test.yaml` holds tests of the rules in `NAME.yaml`.
    ///
    /// # Examples
    /// ```
    /// use detect::{RuleSet, testing};
    ///
    /// let rule = "
    /// title: Secrets listed
    /// logsource: {product: kubernetes, service: audit}
    /// detection: {selection: {resource: secrets, verb: list}, condition: selection}
    /// ";
    /// let tests = "
    /// tests:
    ///   - kind: hit
    ///     event: {verb: list, objectRef: {resource: secrets}}
    /// ";
    /// let rules = RuleSet::builder().text("secrets.yaml", rule).text("secrets.test.yaml", tests);
    /// assert_eq!(testing::run(&rules.build()?, |_| true).to_string(), "1 passed, 0 failed");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        let (name, text) = (name.into(), text.into());
        let hash = self.hasher.hash_one(&text);
        let same = self.texts.get(&hash).map_or(&[][..], Vec::as_slice);
        let mut same = same.iter().copied().filter(|at| {
            let known = self.files.get(*at);
            known.is_some_and(|known| known.text.as_ref() == Ok(&text))
        });
        let tested = rule_lang::test_file_stem(&name);
        let known = match tested {
            None => same.next(),
            // The same tests beside another rule file are tests of other rules.
            Some(stem) => same.find(|at| self.is_beside_copy(stem, *at)),
        };
        match known {
            Some(known) if tested.is_none() => self.copies.push((name, known)),
            Some(_) => {}
            None => {
                self.texts.entry(hash).or_default().push(self.files.len());
                self.files.push(File {
                    name,
                    text: Ok(text),
                });
            }
        }
        self
    }

    /// Whether a file of tests lies beside the rule file of this stem, or beside one of the same text.
    fn is_beside_copy(&self, stem: &str, tests: usize) -> bool {
        let Some(other) = self.files.get(tests) else {
            return false;
        };
        let Some(other) = rule_lang::test_file_stem(&other.name) else {
            return false;
        };
        let is_of = |name: &str, stem: &str| {
            let ending = name.strip_prefix(stem);
            ending.is_some_and(|ending| matches!(ending, ".yaml" | ".yml" | ".YAML" | ".YML"))
        };
        other == stem
            || self.copies.iter().any(|(name, of)| {
                let of = self.files.get(*of);
                is_of(name, stem) && of.is_some_and(|of| is_of(&of.name, other))
            })
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

    /// Notes what a directory holds and is not added.
    #[cfg(feature = "fs")]
    pub(crate) fn passes_over(mut self, what: PassedOver) -> Self {
        self.passed_over.push(what);
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
        // A file of tests is known as a copy once the rule file that it lies beside is.
        let is_tests = |name: &str| rule_lang::test_file_stem(name).is_some();
        let files = shipped_rules::FILES.iter();
        let rules = files.clone().filter(|(name, _)| !is_tests(name));
        let tests = files.filter(|(name, _)| is_tests(name));
        rules.chain(tests).fold(self, |builder, (name, text)| {
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

    /// Keeps only the correlations that pass a test. The rules that they refer to are evaluated whatever
    /// [`RuleSetBuilder::retain`] says of them, and told only if it keeps them too.
    #[must_use]
    pub fn retain_correlations(mut self, keep: impl FnMut(&Correlation) -> bool + 'static) -> Self {
        self.keep_correlation = Some(Box::new(keep));
        self
    }

    /// Compiles what is right and reports what is not. Never fails.
    pub fn load(self) -> (RuleSet, LoadReport) {
        let mut compiler = Compiler::new();
        let added = self.files.iter().map(|File { name, text }| match text {
            Ok(text) => compiler.add(name, text),
            Err(reason) => compiler.add_unreadable(name, reason),
        });
        let added: Vec<SourceId> = added.collect();
        for (name, of) in &self.copies {
            if let Some(of) = added.get(*of) {
                compiler.add_copy(name, *of);
            }
        }
        let Compiled {
            sources,
            rules,
            filters,
            correlations,
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
        let mut keep_correlation = self.keep_correlation.unwrap_or_else(|| Box::new(|_| true));
        let wanted = Wanted::new(&correlations, &mut keep_correlation);
        let mut left_out = wanted.left_out.clone();
        let mut unheard = HashSet::new();
        for (at, rule) in rules.into_iter().enumerate() {
            if rule.inactive().is_some() {
                continue;
            }
            let is_kept = keep(&rule);
            let is_used = wanted.rules.contains(&at);
            if !is_kept && !is_used {
                left_out.insert((rule.source(), rule.span()));
            }
            // What only correlations want is of no use without them.
            if !is_used && (!is_kept || rule.is_silenced()) {
                if is_kept {
                    unheard.insert((rule.source(), rule.span()));
                }
                continue;
            }
            let told = is_kept && !rule.is_silenced();
            inner.add_rule(at, told, rule);
        }
        let expired = expired(&inner.filters, self.today);
        for document in &mut documents {
            let place = (document.source(), document.span());
            if left_out.contains(&place) {
                document.keep_out(LEFT_OUT);
            } else if unheard.contains(&place) {
                document.keep_out(UNHEARD);
            } else if let Some(day) = expired.get(&place)
                && document.status() == DocumentStatus::Active
            {
                document.keep_out(format!("it expired on {day}"));
            }
        }
        let expiries = expiries(&inner.filters, self.today);
        let report = LoadReport::new(sources, documents, diagnostics)
            .with_expiries(expiries)
            .with_passed_over(self.passed_over);
        let kept = correlations
            .into_iter()
            .enumerate()
            .filter(|(at, _)| wanted.correlations.contains(at));
        let kept = kept.map(|(at, correlation)| KeptCorrelation {
            at,
            told: wanted.told.contains(&at),
            correlation,
        });
        (inner.finish(kept), report)
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

/// Where the filters stand that have expired, and the last day of each.
fn expired(filters: &[ActiveFilter], today: Option<Day>) -> HashMap<(SourceId, Span), Day> {
    let filters = filters.iter().map(|active| &active.filter);
    let expired = filters.filter_map(|filter| {
        let day = filter.expires()?;
        (today?.days_until(day) < 0).then(|| ((filter.source(), filter.span()), day))
    });
    expired.collect()
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

/// The correlations that are evaluated, and what they need.
struct Wanted {
    /// Correlations that are told, as they were compiled.
    told: HashSet<usize>,
    /// Those, and the correlations that they refer to.
    correlations: HashSet<usize>,
    /// The rules that they refer to.
    rules: HashSet<usize>,
    /// Places of the correlations that were not asked for.
    left_out: HashSet<(SourceId, Span)>,
}

impl Wanted {
    fn new(correlations: &[Correlation], keep: &mut KeepCorrelation) -> Self {
        let mut wanted = Self {
            told: HashSet::new(),
            correlations: HashSet::new(),
            rules: HashSet::new(),
            left_out: HashSet::new(),
        };
        // Each stands after those that it refers to.
        for (at, correlation) in correlations.iter().enumerate().rev() {
            let is_kept = keep(correlation);
            if is_kept && !correlation.is_silenced() {
                wanted.told.insert(at);
            }
            if correlation.inactive().is_some() {
                continue;
            }
            if !is_kept && !wanted.correlations.contains(&at) {
                wanted
                    .left_out
                    .insert((correlation.source(), correlation.span()));
                continue;
            }
            wanted.correlations.insert(at);
            for reference in correlation.references() {
                match reference.target {
                    Target::Rule(rule) => wanted.rules.insert(rule),
                    Target::Correlation(inner) => wanted.correlations.insert(inner),
                };
            }
        }
        wanted
    }
}
