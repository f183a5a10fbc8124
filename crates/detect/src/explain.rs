//! Why a rule matches an event or does not: the whole tree, with nothing left out because something else decided.

mod build;
mod expected;
mod render;

use audit_model::{FieldId, FieldSource, Scratch};
use rule_lang::{Level, Rule, SourceId};
use serde::Serialize;

use crate::RuleSet;
use crate::narrow::is_over;
use crate::predicate::Memory;
use crate::redact::Redactor;
use crate::rule_set::ActiveRule;
use crate::scanner::is_received;
use crate::verdict::{Court, Judge, Reason};
use crate::vm::{Answers, Linked, Machine};
use build::Builder;

/// Explains rules of one set on events.
///
/// It keeps the memory that this needs, so that explaining many events costs little more than evaluating them without
/// stopping early; it is no part of a [`Scanner`](crate::Scanner) and may run beside one.
///
/// # Examples
/// ```
/// use detect::{Event, Limits, RuleSet};
///
/// let rules = RuleSet::builder()
///     .text("exec.yaml", "
/// title: Exec
/// name: exec
/// logsource: {product: kubernetes, service: audit}
/// detection:
///   exec: {resource: pods, subresource: exec}
///   admins: {user.groups: 'system:masters'}
///   condition: exec and not admins
/// ")
///     .build()?;
/// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete","verb":"get",
///     "user":{"username":"dana"},"objectRef":{"resource":"pods","name":"p","subresource":"log"}}"#;
/// let event = Event::decode(line, &Limits::default())?;
///
/// let explanation = rules.explain("exec", &event).ok_or("no such rule")?;
/// assert!(!explanation.matched);
/// assert_eq!(explanation.to_string(), "\
/// ✗ exec: not matched, its condition does not hold
/// └─ ✗ all of
///    ├─ ✗ selection exec
///    │  └─ ✗ all of
///    │     ├─ ✓ resource is pods, found pods  exec.yaml:6
///    │     └─ ✗ subresource is exec, found log  :6
///    └─ ✓ not
///       └─ ✗ selection admins
///          └─ ✗ user.groups is system:masters, absent  :7
/// ");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Explainer {
    rules: RuleSet,
    scratch: Scratch,
    answers: Answers,
    memory: Memory,
    redactor: Redactor,
}

/// Why a rule matches an event, or why it does not.
///
/// Its verdict is the engine's: [`Explanation::matched`] is true exactly when a [`Scanner`](crate::Scanner) reports a
/// hit. The tree is complete: what one part has decided does not hide the others. Values are redacted as in
/// [`Evidence`](crate::Evidence), and texts are cut at 200 characters.
///
/// What is large is shortened and says so: of a list of expected values the first five are kept, of the members that a
/// block looked at 16 that hold and 16 that do not, and behind 4 096 nodes [`What::Omitted`] stands for a part, with its
/// truth value.
///
/// The [`Display`](std::fmt::Display) form is a tree for people, 120 columns wide.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The rule's name.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// Whether the rule matches.
    pub matched: bool,
    /// What decided that.
    pub because: Because,
    /// What the event leaves out, though the rule asks for it: of a rule that does not match it was not evaluated for
    /// these reasons, and with what is missing it might match; of one that does, what was taken not to be there. They are
    /// those of [`RuleVerdict::reasons`](crate::RuleVerdict::reasons) as sentences.
    pub missing: Vec<String>,
    /// The level of the match, or the level that it would have had.
    pub level: Level,
    /// The rule's condition.
    pub condition: Node,
    /// The rule's `levels`, in order; the first that holds gives the level.
    pub levels: Vec<ExplainedLevel>,
    /// The filters that narrow the rule; each must hold or be spared.
    pub filters: Vec<ExplainedFilter>,
}

/// What decided whether a rule matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Because {
    /// The rule's condition.
    Condition,
    /// The event is logged at `RequestReceived`, and the rule does not name `stage`.
    Stage,
    /// This filter takes the match away.
    Filter(String),
}

/// One entry of a rule's `levels`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExplainedLevel {
    /// The level.
    pub level: Level,
    /// When it counts.
    pub when: Node,
}

/// A filter that narrows the rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExplainedFilter {
    /// The filter's name.
    pub filter: String,
    /// Whether it is not asked, because the request impersonates somebody and the filter vouches for an identity.
    pub spared: bool,
    /// Whether it is not asked, because it expired before the event, or the event has no time to tell.
    pub expired: bool,
    /// What must hold for a match to stay.
    pub condition: Node,
}

impl ExplainedFilter {
    /// Whether the filter lets a match stay.
    pub fn is_kept(&self) -> bool {
        self.spared || self.expired || self.condition.holds
    }
}

/// A part of a condition with its truth value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Node {
    /// Whether it holds.
    pub holds: bool,
    /// What it is.
    #[serde(flatten)]
    pub what: What,
}

/// What a [`Node`] is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum What {
    /// All of these: an `and`, the keys of a map, an `all of`.
    And {
        /// The parts.
        parts: Vec<Node>,
    },
    /// Any of these: an `or`, a list of maps, a `1 of`.
    Or {
        /// The parts.
        parts: Vec<Node>,
    },
    /// The negation of this: a `not`, `neq`, `null`, `exists: false`, `[none]`.
    Not {
        /// What is negated.
        part: Box<Node>,
    },
    /// A `1 of` or `all of` in the condition.
    Group {
        /// As the condition says it: `1 of x_*`.
        name: String,
        /// The selections that it stands for, joined.
        part: Box<Node>,
    },
    /// A constant: a test against an empty placeholder list holds of nothing.
    Const,
    /// A named selection.
    Selection {
        /// Its name.
        name: String,
        /// What it asks.
        part: Box<Node>,
    },
    /// A test of a field.
    Test {
        /// The field; of a member of a list with the list before it, as in `containers[].image`.
        field: String,
        /// How it is compared: `is`, `contains`, `startswith`, `re`, `exists` …
        operator: String,
        /// What it is compared with, the first five values.
        expected: Vec<String>,
        /// How many more values it is compared with.
        more_expected: usize,
        /// What the event has.
        found: Found,
        /// Where the rule says so.
        place: Option<Place>,
    },
    /// A block over the members of a list or the entries of a map.
    Block {
        /// The list or map.
        field: String,
        /// `any`, `all` or `all_or_empty`.
        quantifier: &'static str,
        /// The members that were looked at.
        members: Vec<ExplainedMember>,
        /// How many more there are.
        more_members: usize,
        /// Of a block without members: why the event may not say of any.
        missing: Option<String>,
        /// Where the rule says so.
        place: Option<Place>,
    },
    /// A part that is left out because the explanation is long enough.
    Omitted,
}

/// A member of a list, or an entry of a map, that a block looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExplainedMember {
    /// Its position in the list, counted from zero.
    pub index: usize,
    /// What the block asks of it.
    pub node: Node,
}

/// What an event has at the place that a test reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Found {
    /// Nothing.
    Absent,
    /// Nothing, which says nothing: the body is absent or truncated, or it is not recorded. The text is a sentence, such as
    /// `containers is not logged at level Metadata`.
    NotEvaluated(String),
    /// JSON `null`, and nothing else.
    Null,
    /// These values, redacted and joined by commas.
    Values(String),
}

/// A line in a rule file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Place {
    /// The file's name.
    pub file: String,
    /// The line, counted from one.
    pub line: usize,
}

impl RuleSet {
    /// The rule of this name or id.
    pub fn rule(&self, name_or_id: &str) -> Option<&Rule> {
        let is = |rule: &&Rule| rule.name() == name_or_id;
        let has_id = |rule: &&Rule| {
            rule.id()
                .is_some_and(|id| id.eq_ignore_ascii_case(name_or_id))
        };
        self.rules().find(is).or_else(|| self.rules().find(has_id))
    }

    /// Explains why a rule, found by its name or id, matches an event or does not; `None` when the set has no such rule.
    /// Take an [`Explainer`] for many events.
    pub fn explain(&self, name_or_id: &str, event: &impl FieldSource) -> Option<Explanation> {
        let rule = self.rule(name_or_id)?;
        self.explainer().explain(rule, event)
    }

    /// Explains rules on many events.
    pub fn explainer(&self) -> Explainer {
        Explainer {
            rules: self.clone(),
            scratch: self.scratch(),
            answers: Answers::default(),
            memory: self.inner().questions.memory(),
            redactor: Redactor::new(),
        }
    }
}

impl Explainer {
    /// Explains why a rule matches an event or does not; `None` when the rule is not of this set.
    pub fn explain(&mut self, rule: &Rule, event: &impl FieldSource) -> Option<Explanation> {
        self.begin();
        let rules = self.rules.clone();
        let active = rules
            .inner()
            .rules
            .iter()
            .find(|active| std::ptr::eq(&raw const active.rule, rule))?;
        Some(self.tell(&rules, active, event))
    }

    fn begin(&mut self) {
        self.scratch.begin();
        self.answers.begin(self.rules.inner().questions.len());
    }

    fn tell(
        &mut self,
        rules: &RuleSet,
        active: &ActiveRule,
        event: &dyn FieldSource,
    ) -> Explanation {
        let rule = &active.rule;
        let received = is_received(event);
        let impersonated = (0..event.readings()).any(|n| event.has(n, FieldId::ImpersonatedUser));
        let mut builder = self.builder(rules, &active.linked, rule.source(), event);
        let condition = builder.routine(active.linked.program.condition());
        let levels: Vec<_> = rule
            .levels()
            .iter()
            .map(|(when, level)| ExplainedLevel {
                level: *level,
                when: builder.routine(*when),
            })
            .collect();
        let mut filters = Vec::new();
        for filter in active.rule.filters() {
            let Some(filter) = rules.inner().filters.get(filter.index()) else {
                continue;
            };
            let (program, source) = (&filter.linked, filter.filter.source());
            let condition = program.program.condition();
            filters.push(ExplainedFilter {
                filter: filter.filter.name().to_owned(),
                spared: impersonated && filter.filter.spares_impersonated(),
                expired: is_over(&filter.filter, event),
                condition: self
                    .builder(rules, program, source, event)
                    .routine(condition),
            });
        }
        let because = if received && !rule.names_stage() {
            Because::Stage
        } else if !condition.holds {
            Because::Condition
        } else {
            let takes = filters.iter().find(|filter| !filter.is_kept());
            takes.map_or(Because::Condition, |filter| {
                Because::Filter(filter.filter.clone())
            })
        };
        let matched = because == Because::Condition && condition.holds;
        let court = Court {
            inner: rules.inner(),
            source: event,
            scratch: &mut self.scratch,
            answers: &mut self.answers,
            memory: &mut self.memory,
            received,
        };
        let (_, reasons) = Judge::one(active, matched, court);
        let level = levels
            .iter()
            .find(|level| level.when.holds)
            .map_or(rule.level(), |level| level.level);
        Explanation {
            rule: rule.name().to_owned(),
            title: rule.title().to_owned(),
            matched,
            because,
            missing: reasons.iter().map(ToString::to_string).collect(),
            level,
            condition,
            levels,
            filters,
        }
    }

    fn builder<'b>(
        &'b mut self,
        rules: &'b RuleSet,
        linked: &'b Linked,
        file: SourceId,
        event: &'b dyn FieldSource,
    ) -> Builder<'b> {
        let inner = rules.inner();
        // Where the readings differ, what is secret under one of them is.
        let resource = event.text(0, FieldId::ObjectRefResource);
        let same =
            (1..event.readings()).all(|n| event.text(n, FieldId::ObjectRefResource) == resource);
        Builder {
            machine: Machine {
                questions: &inner.questions,
                linked,
                source: event,
                scratch: &mut self.scratch,
                answers: &mut self.answers,
                memory: &mut self.memory,
            },
            redactor: &mut self.redactor,
            places: &inner.places,
            file,
            resource: resource.filter(|_| same),
            about: Reason::about(event),
            n_nodes: 0,
        }
    }
}
