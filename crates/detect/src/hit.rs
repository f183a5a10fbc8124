//! A rule that matched an event: which, why, and what to say about it.

use std::fmt;

use audit_model::Flags;
use rule_lang::{Level, Rule};

/// What a scan keeps of one hit; ranges point into [`Findings`].
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) rule: usize,
    pub(crate) level: Level,
    pub(crate) selections: std::ops::Range<usize>,
    pub(crate) evidence: std::ops::Range<usize>,
    pub(crate) message: std::ops::Range<usize>,
}

/// The hits of one event, in memory that is reused.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) all: Vec<Finding>,
    /// Hits that filters took away, each with the filter's index, when they are kept.
    pub(crate) suppressed: Vec<(Finding, usize)>,
    /// Indices of matched selections in their program.
    pub(crate) selections: Vec<usize>,
    pub(crate) evidence: Vec<Shown>,
    pub(crate) text: String,
    /// The object's name.
    pub(crate) name: String,
    /// `client.ip`.
    pub(crate) client_ip: String,
    pub(crate) flags: Flags,
}

/// A field and a value as shown, as ranges of [`Findings::text`].
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) field: std::ops::Range<usize>,
    pub(crate) value: std::ops::Range<usize>,
}

impl Findings {
    pub(crate) fn clear(&mut self) {
        self.all.clear();
        self.suppressed.clear();
        self.selections.clear();
        self.evidence.clear();
        self.text.clear();
        self.name.clear();
        self.client_ip.clear();
        self.flags = Flags::default();
    }

    pub(crate) fn slice(&self, range: &std::ops::Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

/// One field and the value that made a rule match, redacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence<'h> {
    /// The field, as the rule names it.
    pub field: &'h str,
    /// The value, with credentials masked and control characters escaped.
    pub value: &'h str,
}

/// A rule that matched an event.
///
/// It points into the memory of the scanner that found it; [`Detection`](crate::Detection) is the form that can be kept.
#[derive(Clone, Copy)]
pub struct Hit<'h> {
    pub(crate) rule: &'h Rule,
    pub(crate) finding: &'h Finding,
    pub(crate) findings: &'h Findings,
}

impl<'h> Hit<'h> {
    /// The rule that matched.
    pub fn rule(&self) -> &'h Rule {
        self.rule
    }

    /// How severe the hit is: the first of the rule's `levels` that holds, else its `level`.
    pub fn level(&self) -> Level {
        self.finding.level
    }

    /// The rule's message with its holes filled, redacted; the rule's title when it has no message.
    pub fn message(&self) -> &'h str {
        self.findings.slice(&self.finding.message)
    }

    /// The names of the rule's selections that matched, in the order of the rule.
    pub fn matched(&self) -> impl Iterator<Item = &'h str> + use<'h> {
        let selections = self.rule.program().selections();
        let matched = self
            .findings
            .selections
            .get(self.finding.selections.clone())
            .unwrap_or_default();
        matched
            .iter()
            .filter_map(move |at| selections.get(*at))
            .map(rule_lang::Selection::name)
    }

    /// The fields and values that made the rule match.
    pub fn evidence(&self) -> impl Iterator<Item = Evidence<'h>> + use<'h> {
        let findings = self.findings;
        let evidence = findings
            .evidence
            .get(self.finding.evidence.clone())
            .unwrap_or_default();
        evidence.iter().map(|shown| Evidence {
            field: findings.slice(&shown.field),
            value: findings.slice(&shown.value),
        })
    }

    /// The object's name; of one created with `generateName`, the name that the server gave it.
    pub fn name(&self) -> Option<&'h str> {
        Some(self.findings.name.as_str()).filter(|name| !name.is_empty())
    }

    /// The client's address, `client.ip`: the last source address that is no trusted proxy.
    pub fn client_ip(&self) -> Option<&'h str> {
        Some(self.findings.client_ip.as_str()).filter(|ip| !ip.is_empty())
    }

    /// What is odd about the record.
    pub fn flags(&self) -> Flags {
        self.findings.flags
    }
}

impl fmt::Debug for Hit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hit")
            .field("rule", &self.rule.name())
            .field("level", &self.level())
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}
