//! Correlations: what several hits say together that one of them does not.

pub(crate) mod bounds;
mod link;
mod presence;
mod read;
mod suppress;
pub(crate) mod timespan;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use audit_model::Field;
use serde::{Deserialize, Serialize};

pub use bounds::Bounds;
pub(crate) use link::{Linker, RuleInfo};
pub use presence::Presence;
pub(crate) use read::CorrelationDocument;
pub use suppress::Suppress;

use crate::metadata::Metadata;
use crate::rule::{Level, RuleTest, Status, words};
use crate::source::{SourceId, Span};

words! {
    /// What a correlation looks for among the hits of the rules that it refers to.
    CorrelationType ParseCorrelationTypeError "type of correlation" {
        /// How many events there are.
        EventCount "event_count",
        /// How many distinct values a field has.
        ValueCount "value_count",
        /// The sum of the numbers in a field.
        ValueSum "value_sum",
        /// Their mean.
        ValueAvg "value_avg",
        /// One of their percentiles.
        ValuePercentile "value_percentile",
        /// Their median.
        ValueMedian "value_median",
        /// Whether every rule matched, in any order.
        Temporal "temporal",
        /// Whether every rule matched, in the order of the list.
        TemporalOrdered "temporal_ordered",
        /// A value that its group has not had before. This is an extension of ours.
        NewValue "new_value",
    }
}

impl CorrelationType {
    /// Whether it asks which rules matched, and not how much of something there was.
    pub fn is_temporal(self) -> bool {
        matches!(self, Self::Temporal | Self::TemporalOrdered)
    }

    /// Whether it reads numbers.
    pub fn is_numeric(self) -> bool {
        matches!(
            self,
            Self::ValueSum | Self::ValueAvg | Self::ValuePercentile | Self::ValueMedian
        )
    }

    /// Whether it reads values of fields.
    pub fn reads_values(self) -> bool {
        !self.is_temporal() && self != Self::EventCount
    }

    /// Whether it compares a number of events or values.
    pub(crate) fn counts(self) -> bool {
        matches!(self, Self::EventCount | Self::ValueCount)
    }

    /// Whether its condition has a key, if it is a map.
    pub(crate) fn asks(self, key: &str) -> bool {
        match key {
            "field" => self.reads_values(),
            "percentile" => self == Self::ValuePercentile,
            _ => self != Self::NewValue,
        }
    }
}

/// A correlation that compiled.
#[derive(Clone, Debug)]
pub struct Correlation {
    pub(crate) metadata: Metadata,
    pub(crate) level: Level,
    pub(crate) kind: CorrelationType,
    pub(crate) references: Vec<Reference>,
    pub(crate) slots: Vec<String>,
    pub(crate) group_by: Vec<String>,
    pub(crate) fields: Vec<String>,
    pub(crate) timespan: Duration,
    pub(crate) learning: Duration,
    pub(crate) bounds: Bounds,
    pub(crate) percentile: Option<u8>,
    pub(crate) presence: Presence,
    pub(crate) suppress: Option<Suppress<usize>>,
    pub(crate) message: Option<Vec<CorrelationMessagePart>>,
    pub(crate) silenced: bool,
    pub(crate) tests: Vec<RuleTest>,
    pub(crate) inactive: Option<String>,
}

/// A rule, or another correlation, whose hits a correlation takes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference {
    /// Which.
    pub target: Target,
    /// Which entry of the list `rules` named it. An entry that is a tag names many.
    pub slot: usize,
    /// Where the values of `group-by` come from, in its order.
    pub group: Vec<Column>,
    /// Where the values of `field` come from, in its order.
    pub values: Vec<Column>,
}

/// What a [`Reference`] refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A rule, as an index into [`Compiled::rules`](crate::Compiled::rules).
    Rule(usize),
    /// A correlation that stands before this one, as an index into
    /// [`Compiled::correlations`](crate::Compiled::correlations).
    Correlation(usize),
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// A field of the event.
    Field(Field),
    /// `rule.name`: what matched.
    RuleName,
    /// `rule.level`: how bad the match is.
    RuleLevel,
    /// `rule.tactics`: the tactics among the tags of what matched, such as `credential-access`.
    RuleTactics,
    /// A value that the correlation referred to groups by, as an index into its [`Correlation::group_by`].
    Group(usize),
}

/// A part of the message of a correlation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorrelationMessagePart {
    /// Text as it stands.
    Text(String),
    /// A value of the group, as an index into [`Correlation::group_by`].
    Group(usize),
    /// `{count}`: how many events there were.
    Count,
    /// `{value}`: the number that was compared, or the value that is new.
    Value,
    /// `{first}`: the time of the first event.
    First,
    /// `{last}`: the time of the last event.
    Last,
    /// `{rules}`: the names of the rules that matched.
    Rules,
}

impl Correlation {
    /// What others refer to it by: Sigma's `name`, else the `id`, else the title.
    pub fn name(&self) -> &str {
        self.metadata.reference()
    }

    /// The `id`, a UUID.
    pub fn id(&self) -> Option<&str> {
        self.metadata.id.as_deref()
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.metadata.title
    }

    /// How bad it is when the correlation holds.
    pub fn level(&self) -> Level {
        self.level
    }

    /// How far the correlation has come.
    pub fn status(&self) -> Option<Status> {
        self.metadata.status
    }

    /// What it finds, and why that matters.
    pub fn description(&self) -> Option<&str> {
        self.metadata.description.as_deref()
    }

    /// Who wrote it.
    pub fn author(&self) -> Option<&str> {
        self.metadata.author.as_deref()
    }

    /// Tags, such as `attack.t1110`.
    pub fn tags(&self) -> &[String] {
        &self.metadata.tags
    }

    /// Where to read more.
    pub fn further_reading(&self) -> &[String] {
        &self.metadata.references
    }

    /// What else may look like this.
    pub fn falsepositives(&self) -> &[String] {
        &self.metadata.falsepositives
    }

    /// What it looks for.
    pub fn kind(&self) -> CorrelationType {
        self.kind
    }

    /// The rules and correlations whose hits it takes.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// The entries of the list `rules`, as written.
    pub fn slots(&self) -> &[String] {
        &self.slots
    }

    /// The names by which events are grouped: fields, aliases, `rule.name` and the like.
    pub fn group_by(&self) -> &[String] {
        &self.group_by
    }

    /// The fields whose values are counted, summed or compared.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// How far apart the events may be, both ends included. Of `new_value`: how long a value is known.
    pub fn timespan(&self) -> Duration {
        self.timespan
    }

    /// Of `new_value`: how long a group is learnt before a value of it is new.
    pub fn learning(&self) -> Duration {
        self.learning
    }

    /// What the number must be.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Which percentile is compared, 1 to 100.
    pub fn percentile(&self) -> Option<u8> {
        self.percentile
    }

    /// Which entries of the list `rules` must have matched.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// For how long, and by which values of the group (as indices into [`Correlation::group_by`]), what follows a
    /// detection is summed up instead of told. Without it that is the timespan, by all of them; for `new_value` nothing
    /// is held back.
    pub fn suppress(&self) -> Option<&Suppress<usize>> {
        self.suppress.as_ref()
    }

    /// The sentence that tells of a detection.
    pub fn message(&self) -> Option<&[CorrelationMessagePart]> {
        self.message.as_deref()
    }

    /// Whether its own detections are not told, because a correlation of the same file takes them without `generate`.
    pub fn is_silenced(&self) -> bool {
        self.silenced
    }

    /// The tests that the correlation brings along.
    pub fn tests(&self) -> &[RuleTest] {
        &self.tests
    }

    /// Why it can never hold as the set is configured.
    pub fn inactive(&self) -> Option<&str> {
        self.inactive.as_deref()
    }

    /// The file.
    pub fn source(&self) -> SourceId {
        self.metadata.source
    }

    /// The document in the file.
    pub fn span(&self) -> Span {
        self.metadata.span
    }
}

/// The tactics among tags: `attack.execution` is `execution`; techniques, groups and software are none.
///
/// ```
/// let tags = ["attack.execution", "attack.t1609", "mstm.ta9006"].map(str::to_owned);
/// assert_eq!(rule_lang::tactics(&tags).collect::<Vec<_>>(), ["execution"]);
/// ```
pub fn tactics(tags: &[String]) -> impl Iterator<Item = &str> {
    tags.iter()
        .filter_map(|tag| tag.strip_prefix("attack."))
        .filter(|name| !name.chars().any(|c| c.is_ascii_digit()))
}
