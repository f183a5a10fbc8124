//! One event against all rules.

mod run;

use audit_model::{
    DecodeError, Doubt, Event, Field, FieldSource, Flags, Limits, Scratch, Value, Viewer,
};
use rule_lang::Level;

use crate::alike::Alike;
use crate::correlate::fact::Key;
use crate::correlate::fired::Fired;
use crate::foresight::Foreseen;
use crate::hit::{Finding, Findings, Hit, HitKind};
use crate::hits::Hits;
use crate::index::{Probe, Selected};
use crate::narrow::{FilterUse, Narrowing, SuppressedHit};
use crate::predicate::Memory;
use crate::rule_set::RuleSet;
use crate::suppression::Suppression;
use crate::verdict::Judge;
use crate::vm::Answers;
use crate::why::Reasons;
pub(crate) use run::is_received;
use run::{Pass, Wanted};

/// Evaluates the rules of a set on events, one at a time.
///
/// It keeps the memory that this needs and no state between events: one per thread, as many as you like. After it has
/// seen the largest event, a scan allocates nothing, hit or miss. Two stages of one request are two events to it;
/// [`Detector`](crate::Detector) folds them.
///
/// # Examples
/// ```
/// use detect::{Event, Limits, RuleSet};
///
/// let rules = RuleSet::builder()
///     .text("nodes.yaml", "
/// title: Node proxied
/// name: node-proxied
/// logsource: {product: kubernetes, service: audit}
/// detection:
///   selection: {resource: nodes, subresource: proxy}
///   condition: selection
/// level: high
/// ")
///     .build()?;
/// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete","verb":"get",
///     "objectRef":{"resource":"nodes","name":"n1","subresource":"proxy"},"responseStatus":{"code":200}}"#;
/// let event = Event::decode(line, &Limits::default())?;
///
/// let mut scanner = rules.scanner();
/// let names: Vec<_> = scanner.scan(&event).map(|hit| hit.rule().name()).collect();
/// assert_eq!(names, ["node-proxied"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Scanner {
    rules: RuleSet,
    scratch: Scratch,
    answers: Answers,
    memory: Memory,
    reasons: Reasons,
    findings: Findings,
    narrowing: Narrowing,
    wanted: Wanted,
    probe: Probe,
    foreseen: Foreseen,
    /// Whether the index is asked which rules to run.
    indexed: bool,
    /// Taken out while it is lent to an event.
    viewer: Option<Box<Viewer>>,
    /// What rules for correlations say of requests that are alike, where they are asked.
    alike: Option<Alike>,
    /// The verdicts of the last event, when they are asked for.
    judge: Option<Judge>,
}

impl Scanner {
    pub(crate) fn new(rules: RuleSet) -> Self {
        Self {
            scratch: rules.scratch(),
            answers: Answers::default(),
            memory: rules.inner().questions.memory(),
            reasons: Reasons::new(),
            findings: Findings::default(),
            narrowing: Narrowing::new(rules.inner().filters.len()),
            wanted: Wanted::Told,
            probe: Probe::default(),
            foreseen: Foreseen::default(),
            indexed: true,
            viewer: None,
            alike: None,
            judge: None,
            rules,
        }
    }

    /// Runs every rule on every event, and not only those that can match by what the event is about. The hits are the
    /// same, which is what this is for: to show it, and to measure what it saves.
    #[must_use]
    pub fn exhaustive(mut self) -> Self {
        self.indexed = false;
        self
    }

    /// Keeps the verdict of every rule on the last event: [`Scanner::verdicts`]. A scan then takes longer, up to twice
    /// as long where many rules read what an event leaves out.
    #[must_use]
    pub fn with_verdicts(mut self) -> Self {
        self.judge = Some(Judge::default());
        // A rule that cannot match may still be one that nobody can judge.
        self.indexed = false;
        self
    }

    pub(crate) fn judge(&self) -> Option<&Judge> {
        self.judge.as_ref()
    }

    /// The rules.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Evaluates every rule on an event; the hits are in the order of the rules. Rules that are there for correlations
    /// only ([`rule_lang::Rule::is_silenced`]) are left out.
    pub fn scan(&mut self, event: &impl FieldSource) -> Hits<'_> {
        self.evaluate(event);
        self.hits()
    }

    /// Evaluates every rule on the event that a record holds: what [`Event::decode`] and [`Scanner::scan`] do, without
    /// making an event of a record that no rule matches.
    ///
    /// # Errors
    /// Those of [`Event::decode`].
    ///
    /// # Examples
    /// ```
    /// use detect::RuleSet;
    ///
    /// let rules = RuleSet::builder().shipped().build()?;
    /// let mut scanner = rules.scanner();
    /// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseStarted","verb":"get",
    ///     "user":{"username":"dana@example.test"},"responseStatus":{"code":101},
    ///     "requestURI":"/api/v1/namespaces/shop/pods/web-0/exec?command=sh",
    ///     "objectRef":{"resource":"pods","namespace":"shop","name":"web-0","subresource":"exec"}}"#;
    /// assert!(scanner.scan_bytes(line)?.any(|hit| hit.rule().name() == "exec-into-pod"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scan_bytes(&mut self, record: &[u8]) -> Result<Hits<'_>, DecodeError> {
        let limits = Limits::default();
        let read = |viewer: &mut Viewer| viewer.read(record, &limits).then_some(record.len());
        if self.evaluate_plain(record, read).is_none() {
            self.clear();
            self.evaluate(&Event::decode(record, &limits)?);
        }
        Ok(self.hits())
    }

    /// Evaluates every rule on each line of a log, as [`Scanner::scan_bytes`] does, and hands over the line with what it
    /// brought. A line is to be one event; [`Reader`](crate::Reader) reads logs that are not of that form. Empty lines are
    /// passed over.
    ///
    /// # Examples
    /// ```
    /// use detect::RuleSet;
    ///
    /// let rules = RuleSet::builder()
    ///     .text("secrets.yaml", "
    /// title: Secrets listed
    /// name: secrets-listed
    /// logsource: {product: kubernetes, service: audit}
    /// detection: {selection: {resource: secrets, verb: list}, condition: selection}
    /// ")
    ///     .build()?;
    /// let log = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"list","objectRef":{"resource":"secrets"}}
    /// {"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"list","objectRef":{"resource":"pods"}}
    /// {"kind":"Event"
    /// "#;
    /// let (mut hits, mut bad) = (0, 0);
    /// rules.scanner().scan_batch(log, |_, found| match found {
    ///     Ok(found) => hits += found.len(),
    ///     Err(_) => bad += 1,
    /// });
    /// assert_eq!((hits, bad), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scan_batch(
        &mut self,
        lines: &[u8],
        mut each: impl FnMut(&[u8], Result<Hits<'_>, DecodeError>),
    ) {
        let limits = Limits::default();
        let mut rest = lines;
        while !rest.is_empty() {
            // Where a record ends is mostly found by reading it.
            let read = self.evaluate_plain(rest, |viewer| viewer.read_line(rest, &limits));
            let end = read.or_else(|| memchr::memchr(b'\n', rest));
            let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
            if read.is_some() {
                each(line, Ok(self.hits()));
            } else if !line.trim_ascii().is_empty() {
                each(line, self.scan_bytes(line));
            }
            rest = after.get(1..).unwrap_or_default();
        }
    }

    /// Evaluates every rule on the record that these bytes begin with, if `read` says how long it is.
    fn evaluate_plain(
        &mut self,
        bytes: &[u8],
        read: impl FnOnce(&mut Viewer) -> Option<usize>,
    ) -> Option<usize> {
        let mut viewer = self.viewer.take().unwrap_or_default();
        let length = read(&mut viewer);
        if let Some(record) = length.and_then(|length| bytes.get(..length)) {
            self.evaluate(&viewer.view(record));
        }
        self.viewer = Some(viewer);
        length
    }

    /// Evaluates every rule and tells of all of them.
    pub(crate) fn scan_all(&mut self, event: &impl FieldSource) -> Hits<'_> {
        self.wanted = Wanted::All;
        self.clear();
        self.run(Selected::All, event, Pass::Others, None);
        let rules = self.rules.clone();
        self.scan_also(event, &rules.inner().plan.callers.rules);
        self.wanted = Wanted::Told;
        self.hits()
    }

    /// Evaluates every rule from now on, and only notes the hits of those that are there for correlations.
    pub(crate) fn for_correlations(mut self, seed: Key) -> Self {
        self.wanted = Wanted::Correlated;
        self.alike = Some(Alike::new(seed));
        self
    }

    /// Evaluates the rules on an event of a caller with this hash.
    pub(crate) fn scan_of(&mut self, event: &impl FieldSource, caller: Option<u64>) {
        let selected = self.select(event, caller);
        let unlike = self.recall(selected, event, caller);
        self.run(selected, event, Pass::Others, unlike);
    }

    /// Takes what rules say of requests like this one for granted, if it is known. Else returns under which hash it is to
    /// be remembered.
    fn recall(
        &mut self,
        selected: Selected,
        source: &dyn FieldSource,
        caller: Option<u64>,
    ) -> Option<u64> {
        let inner = self.rules.inner();
        let rules = &inner.plan.alike;
        let is_alike = |rule: &u32| rules.is(*rule as usize);
        if selected == Selected::All
            || self.narrowing.keeps_hits()
            || !self.probe.rules.iter().any(is_alike)
        {
            return None;
        }
        let alike = self.alike.as_ref()?;
        let hash = alike.key(caller?, source)?;
        let Some(said) = alike.get(hash) else {
            return Some(hash);
        };
        self.probe.rules.retain(|rule| !is_alike(rule));
        for rule in said.rules() {
            if let Some(active) = inner.rules.get(rule) {
                self.findings.quiet.push((rule, active.rule.level()));
            }
        }
        for filter in said.filters() {
            self.narrowing.count(filter);
        }
        None
    }

    /// Evaluates rules that only ask for the caller on the event that was scanned just now. A scan leaves them out.
    pub(crate) fn scan_also(&mut self, source: &dyn FieldSource, rules: &[u32]) {
        self.probe.rules.clear();
        self.probe.rules.extend_from_slice(rules);
        self.run(Selected::Some, source, Pass::Callers, None);
    }

    /// The filters that took hits away in the last scan.
    pub(crate) fn taken(&self) -> &[usize] {
        self.narrowing.taken()
    }

    /// Counts a hit that a filter would have taken away, had it been looked for.
    pub(crate) fn count_taken(&mut self, filter: usize) {
        self.narrowing.count(filter);
    }

    pub(crate) fn keeps_suppressed_hits(&self) -> bool {
        self.narrowing.keeps_hits()
    }

    /// Hands out the values of a field of the last event until `each` says that it has enough.
    pub(crate) fn read(
        &mut self,
        source: &dyn FieldSource,
        field: &Field,
        each: &mut dyn FnMut(Value<'_>) -> bool,
    ) {
        let start = self.scratch.field(source, field.id());
        let path = field.path().segments();
        let tree = self.scratch.tree();
        tree.any_value(start.into(), path, Doubt::AnyReading, &mut |value| {
            each(value)
        });
    }

    /// Forgets the last event.
    pub(crate) fn clear(&mut self) {
        self.scratch.begin();
        self.findings.clear();
        if let Some(judge) = &mut self.judge {
            judge.clear();
        }
    }

    /// The hits of the last event.
    pub(crate) fn hits(&self) -> Hits<'_> {
        self.hits_and(&[])
    }

    /// The hits of the last event, and then what correlations say.
    pub(crate) fn hits_and<'h>(&'h self, fired: &'h [Fired]) -> Hits<'h> {
        Hits::new(self.rules.inner(), &self.findings, fired)
    }

    /// Notes of a rule of which there is a hit what says elsewhere whether it is told.
    pub(crate) fn may_be_suppressed(&mut self, rule: usize, suppression: Suppression) {
        self.findings.suppressions.push((rule, suppression));
    }

    pub(crate) fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Drops hits of the last event.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Finding) -> bool) {
        self.findings.all.retain(keep);
    }

    /// Drops hits of the last event that are there for correlations only.
    pub(crate) fn retain_quiet(&mut self, keep: impl FnMut(&(usize, Level)) -> bool) {
        self.findings.quiet.retain(keep);
    }

    /// Whether a rule asked for a body of the last event that is beyond the limits, so that a quiet scan does not mean
    /// that nothing is there.
    pub fn not_evaluated(&self) -> bool {
        self.scratch.flags_so_far().contains(Flags::BODY_OPAQUE)
    }

    /// Keeps the hits that filters take away, for [`Scanner::suppressed_hits`]. Without it they are counted only: to tell
    /// of a hit costs more than to find it, and filters take what is common.
    #[must_use]
    pub fn with_suppressed_hits(mut self) -> Self {
        self.keep_suppressed_hits();
        self
    }

    pub(crate) fn keep_suppressed_hits(&mut self) {
        self.narrowing.keep_hits();
    }

    /// The hits of the last event that filters took away, in the order of the rules, when they are kept.
    ///
    /// # Examples
    /// ```
    /// use detect::{Event, Limits, RuleSet};
    ///
    /// let rules = RuleSet::builder()
    ///     .text("reads.yaml", "
    /// title: Secret read
    /// name: secret-read
    /// logsource: {product: kubernetes, service: audit}
    /// detection: {selection: {resource: secrets, verb: get}, condition: selection}
    /// message: '{user.username} read {ref}'
    /// ---
    /// title: backups
    /// logsource: {product: kubernetes, service: audit}
    /// filter: {rules: [secret-read], ours: {user.username: backup}, condition: not ours}
    /// ")
    ///     .build()?;
    /// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete","verb":"get",
    ///     "user":{"username":"backup"},"objectRef":{"resource":"secrets","namespace":"shop","name":"tls"}}"#;
    /// let event = Event::decode(line, &Limits::default())?;
    ///
    /// let mut scanner = rules.scanner().with_suppressed_hits();
    /// assert_eq!(scanner.scan(&event).len(), 0);
    /// let suppressed = scanner.suppressed_hits().next().unwrap();
    /// assert_eq!(suppressed.filter().name(), "backups");
    /// assert_eq!(suppressed.hit().message(), "backup read shop/tls");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn suppressed_hits(&self) -> impl Iterator<Item = SuppressedHit<'_>> {
        let inner = self.rules.inner();
        self.findings
            .suppressed
            .iter()
            .filter_map(|(finding, filter)| {
                let hit = Hit {
                    kind: HitKind::Event {
                        rule: &inner.rules.get(finding.rule)?.rule,
                        finding,
                        findings: &self.findings,
                    },
                };
                Some(SuppressedHit::new(hit, &inner.filters.get(*filter)?.filter))
            })
    }

    /// What each filter did so far, without filters that are turned off. Stages of one request count one by one.
    pub fn filters(&self) -> impl Iterator<Item = FilterUse<'_>> {
        self.narrowing.uses(self.rules.inner())
    }

    fn evaluate(&mut self, source: &impl FieldSource) {
        let selected = self.select(source, None);
        self.run(selected, source, Pass::Others, None);
    }

    /// Forgets the last event, and finds the rules that this one can match.
    fn select(&mut self, source: &impl FieldSource, caller: Option<u64>) -> Selected {
        self.clear();
        if self.indexed {
            let index = self.rules.inner().index(self.wanted == Wanted::Told);
            index.select(source, caller, &mut self.scratch, &mut self.probe)
        } else {
            Selected::All
        }
    }
}
