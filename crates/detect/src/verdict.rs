//! Three answers for a rule instead of two: what an event cannot say is neither yes nor no.
//!
//! A condition over tests that may be unknown is bounded from both sides. In the upper bound every unknown test is taken
//! so that the rule matches, in the lower one so that it does not; which way that is follows from its polarity, which
//! the compiler has noted. Where both bounds agree the condition is certain, and where they do not it is unknown: that
//! is Kleene's logic, by two runs of the machine that there is.

mod hosts;
mod judge;

use std::fmt;

use audit_model::{FieldId, FieldSource, Provider, Unknown};
use rule_lang::{AuditLevel, Rule};

use crate::Scanner;
pub(crate) use judge::{Court, Judge};

/// What a rule says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It matches: the scan reports a hit.
    Matched,
    /// It does not match, whatever the event leaves out.
    NotMatched,
    /// The scan reports no hit, and that says nothing: with what the event leaves out, the rule might match.
    NotEvaluated,
}

/// The verdict of one rule, with what it rests on.
#[derive(Clone, Copy, Debug)]
pub struct RuleVerdict<'v> {
    rule: &'v Rule,
    verdict: Verdict,
    reasons: &'v [Reason],
}

impl<'v> RuleVerdict<'v> {
    /// The rule.
    pub fn rule(&self) -> &'v Rule {
        self.rule
    }

    /// What it says of the event.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What the event leaves out: of a rule that was not evaluated, what it would have needed; of one that matched, what
    /// was taken not to be there, so that the hit is not certain. Else nothing.
    pub fn reasons(&self) -> &'v [Reason] {
        self.reasons
    }
}

/// Why a field of an event is unknown. Its [`Display`](fmt::Display) form is a sentence: `user.groups is not recorded by
/// gke`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Reason {
    /// The field that a rule reads.
    pub field: FieldId,
    /// Why the event does not say what it is.
    pub why: Unknown,
    /// Where the event came from.
    pub provider: Provider,
    /// The event's level, when it has one.
    pub level: Option<AuditLevel>,
}

impl Reason {
    /// What a reason says of the event, whatever field it will be about.
    pub(crate) fn about(source: &dyn FieldSource) -> Self {
        let provider = source.text(0, FieldId::SourceProvider).unwrap_or_default();
        Self {
            field: FieldId::Verb,
            why: Unknown::NotRecorded,
            provider: Provider::ALL
                .into_iter()
                .find(|known| known.as_str() == provider)
                .unwrap_or_default(),
            level: source
                .text(0, FieldId::Level)
                .and_then(|level| level.parse().ok()),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.info().name)?;
        match (self.why, self.level) {
            (Unknown::NotRecorded, _) => {
                write!(f, " is not recorded by {}", self.provider.as_str())
            }
            (Unknown::NotLogged, Some(level)) => write!(f, " is not logged at level {level}"),
            (Unknown::NotLogged, None) => f.write_str(" is not logged"),
            (Unknown::Truncated, _) => f.write_str(" was truncated"),
            (Unknown::Opaque, _) => f.write_str(" is beyond the limits"),
            _ => f.write_str(" is not all shown by the patch, and no response shows it"),
        }
    }
}

impl Scanner {
    /// The verdict of every rule on the last event, in the order of the rules; nothing unless the scanner was told to
    /// keep them by [`Scanner::with_verdicts`].
    ///
    /// [`Verdict::Matched`] is told of exactly those rules that the scan found. The scan reads what an event leaves out
    /// as missing; that is no answer, so a rule that it did not find may be [`Verdict::NotEvaluated`], never silently
    /// clean. A hit that rests on a negation of something unknown is a hit with [`RuleVerdict::reasons`].
    ///
    /// # Examples
    /// ```
    /// use detect::{Event, Limits, RuleSet, Verdict};
    ///
    /// let rules = RuleSet::builder()
    ///     .text("network.yaml", "
    /// title: Host network
    /// logsource: {product: kubernetes, service: audit}
    /// detection:
    ///   selection: {operation: create, podSpec.hostNetwork: true}
    ///   condition: selection
    /// ")
    ///     .build()?;
    /// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1",
    ///     "stage":"ResponseComplete","verb":"create","objectRef":{"resource":"pods","namespace":"shop"}}"#;
    /// let event = Event::decode(line, &Limits::default())?;
    ///
    /// let mut scanner = rules.scanner().with_verdicts();
    /// assert_eq!(scanner.scan(&event).count(), 0);
    /// let verdict = scanner.verdicts().next().ok_or("no rule")?;
    /// assert_eq!(verdict.verdict(), Verdict::NotEvaluated);
    /// assert_eq!(verdict.reasons()[0].to_string(), "podSpec is not logged at level Metadata");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verdicts(&self) -> impl Iterator<Item = RuleVerdict<'_>> {
        let rules = self.rules().rules();
        let judged = self.judge().into_iter().flat_map(Judge::verdicts);
        rules
            .zip(judged)
            .map(|(rule, (verdict, reasons))| RuleVerdict {
                rule,
                verdict,
                reasons,
            })
    }
}
