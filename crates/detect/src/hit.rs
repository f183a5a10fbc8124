//! A rule that matched an event: which, why, and what to say about it.

use std::fmt;

use audit_model::Flags;
use rule_lang::{Correlation, Level, Rule, SourceId, Status};

use crate::correlate::fired::Fired;
use crate::correlated::Correlated;
use crate::suppression::Suppression;

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
    /// Rules that matched and are not told, because they are there for correlations only; with their levels.
    pub(crate) quiet: Vec<(usize, Level)>,
    /// Indices of matched selections in their program.
    pub(crate) selections: Vec<usize>,
    pub(crate) evidence: Vec<Shown>,
    pub(crate) text: String,
    /// The object's name.
    pub(crate) name: String,
    /// `client.ip`.
    pub(crate) client_ip: String,
    pub(crate) flags: Flags,
    /// Of rules with `suppress`: what says elsewhere whether their hits are told.
    pub(crate) suppressions: Vec<(usize, Suppression)>,
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
        self.quiet.clear();
        self.selections.clear();
        self.evidence.clear();
        self.text.clear();
        self.name.clear();
        self.client_ip.clear();
        self.flags = Flags::default();
        self.suppressions.clear();
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

/// What a [`Hit`] is of: a rule that matched an event, or a correlation that holds of several.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum HitRule<'h> {
    /// A rule.
    Rule(&'h Rule),
    /// A correlation.
    Correlation(&'h Correlation),
}

macro_rules! both {
    ($($(#[$doc:meta])* $name:ident $correlation:ident -> $type:ty;)+) => {
        impl<'h> HitRule<'h> {
            $($(#[$doc])*
            pub fn $name(self) -> $type {
                match self {
                    Self::Rule(rule) => rule.$name(),
                    Self::Correlation(correlation) => correlation.$correlation(),
                }
            })+
        }
    };
}

both! {
    /// What others refer to it by.
    name name -> &'h str;
    /// The `id`, a UUID.
    id id -> Option<&'h str>;
    /// The title.
    title title -> &'h str;
    /// What it finds, and why that matters.
    description description -> Option<&'h str>;
    /// Who wrote it.
    author author -> Option<&'h str>;
    /// How far it has come.
    status status -> Option<Status>;
    /// Tags, such as `attack.t1610`.
    tags tags -> &'h [String];
    /// Where to read more.
    references further_reading -> &'h [String];
    /// The file that it stands in.
    source source -> SourceId;
    /// What else may look like this.
    falsepositives falsepositives -> &'h [String];
}

impl<'h> HitRule<'h> {
    /// The rule, if it is one.
    pub fn as_rule(self) -> Option<&'h Rule> {
        match self {
            Self::Rule(rule) => Some(rule),
            Self::Correlation(_) => None,
        }
    }

    /// The correlation, if it is one.
    pub fn as_correlation(self) -> Option<&'h Correlation> {
        match self {
            Self::Rule(_) => None,
            Self::Correlation(correlation) => Some(correlation),
        }
    }
}

/// A rule that matched an event, or a correlation that holds of several.
///
/// It points into the memory of the scanner or detector that found it; [`Detection`](crate::Detection) is the form that
/// can be kept.
#[derive(Clone, Copy)]
pub struct Hit<'h> {
    pub(crate) kind: HitKind<'h>,
}

/// What a hit points to.
#[derive(Clone, Copy)]
pub(crate) enum HitKind<'h> {
    /// A rule matched the event at hand.
    Event {
        rule: &'h Rule,
        finding: &'h Finding,
        findings: &'h Findings,
    },
    /// A correlation holds, or something is summed up.
    Fired { rule: HitRule<'h>, fired: &'h Fired },
}

impl<'h> Hit<'h> {
    /// What matched. Of the summary of a rule with `suppress` it is the rule.
    pub fn rule(&self) -> HitRule<'h> {
        match self.kind {
            HitKind::Event { rule, .. } => HitRule::Rule(rule),
            HitKind::Fired { rule, .. } => rule,
        }
    }

    /// How severe the hit is: of a rule the first of its `levels` that holds, else its `level`.
    pub fn level(&self) -> Level {
        match self.kind {
            HitKind::Event { finding, .. } => finding.level,
            HitKind::Fired { fired, .. } => fired.level,
        }
    }

    /// The message with its holes filled, redacted; the title when there is no message.
    pub fn message(&self) -> &'h str {
        match self.kind {
            HitKind::Event {
                finding, findings, ..
            } => findings.slice(&finding.message),
            HitKind::Fired { fired, .. } => &fired.message,
        }
    }

    /// Of a rule with `suppress`, when the detector is [`forwarding`](crate::Detector::forwarding): what a
    /// [`Correlator`](crate::Correlator) is asked with whether the hit is to be kept back.
    pub fn suppression(&self) -> Option<&'h Suppression> {
        let HitKind::Event {
            finding, findings, ..
        } = self.kind
        else {
            return None;
        };
        let mut all = findings.suppressions.iter();
        all.find(|(rule, _)| *rule == finding.rule)
            .map(|(_, suppression)| suppression)
    }

    /// What is known of the events behind a hit that is not of one event only: of a correlation, or of a summary.
    pub fn correlated(&self) -> Option<Correlated<'h>> {
        match self.kind {
            HitKind::Event { .. } => None,
            HitKind::Fired { fired, .. } => Some(Correlated { fired }),
        }
    }

    /// The names of the rule's selections that matched, in the order of the rule; of a correlation the names of the
    /// rules that matched.
    pub fn matched(&self) -> impl Iterator<Item = &'h str> + use<'h> {
        let (rule, matched, names) = match self.kind {
            HitKind::Event {
                rule,
                finding,
                findings,
            } => {
                let matched = findings.selections.get(finding.selections.clone());
                (Some(rule), matched.unwrap_or_default(), &[][..])
            }
            HitKind::Fired { fired, .. } => (None, &[][..], fired.rules.as_slice()),
        };
        let selections = rule.map_or(&[][..], |rule| rule.program().selections());
        matched
            .iter()
            .filter_map(move |at| selections.get(*at))
            .map(rule_lang::Selection::name)
            .chain(names.iter().map(String::as_str))
    }

    /// The fields and values that made the rule match; of a correlation the values of its group.
    pub fn evidence(&self) -> impl Iterator<Item = Evidence<'h>> + use<'h> {
        let (findings, evidence, shown) = match self.kind {
            HitKind::Event {
                finding, findings, ..
            } => {
                let evidence = findings.evidence.get(finding.evidence.clone());
                (Some(findings), evidence.unwrap_or_default(), &[][..])
            }
            HitKind::Fired { fired, .. } => (None, &[][..], fired.shown.as_slice()),
        };
        let of_event = evidence.iter().filter_map(move |shown| {
            let findings = findings?;
            Some(Evidence {
                field: findings.slice(&shown.field),
                value: findings.slice(&shown.value),
            })
        });
        of_event.chain(shown.iter().map(|(field, value)| Evidence { field, value }))
    }

    /// The object's name; of one created with `generateName`, the name that the server gave it.
    pub fn name(&self) -> Option<&'h str> {
        match self.kind {
            HitKind::Event { findings, .. } => {
                Some(findings.name.as_str()).filter(|name| !name.is_empty())
            }
            HitKind::Fired { .. } => None,
        }
    }

    /// The client's address, `client.ip`: the last source address that is no trusted proxy.
    pub fn client_ip(&self) -> Option<&'h str> {
        match self.kind {
            HitKind::Event { findings, .. } => {
                Some(findings.client_ip.as_str()).filter(|ip| !ip.is_empty())
            }
            HitKind::Fired { .. } => None,
        }
    }

    /// What is odd about the record.
    pub fn flags(&self) -> Flags {
        match self.kind {
            HitKind::Event { findings, .. } => findings.flags,
            HitKind::Fired { .. } => Flags::default(),
        }
    }
}

impl fmt::Debug for Hit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hit")
            .field("rule", &self.rule().name())
            .field("level", &self.level())
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}
