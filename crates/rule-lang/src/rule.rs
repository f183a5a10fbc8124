//! What comes out of the compiler: rules and filters with their programs.

mod filter;
mod words;

use std::sync::Arc;
use std::time::Duration;

use audit_model::{Field, FieldId};

use crate::correlation::Suppress;
use crate::least::Levels;
use crate::metadata::Metadata;
use crate::program::{Program, RoutineIdx};
use crate::source::{SourceId, Span};

pub use filter::{Filter, FilterIdx};
pub(crate) use words::words;
pub use words::{
    AuditLevel, Level, ParseAuditLevelError, ParseLevelError, ParseStatusError, ParseTestKindError,
    Status, TestKind,
};

/// A rule that compiled.
#[derive(Clone, Debug)]
pub struct Rule {
    pub(crate) metadata: Metadata,
    pub(crate) level: Level,
    pub(crate) levels: Vec<(RoutineIdx, Level)>,
    pub(crate) message: Option<Message>,
    pub(crate) requires: Option<AuditLevel>,
    pub(crate) inferred: Levels,
    pub(crate) tests: Vec<RuleTest>,
    pub(crate) suppress: Option<Suppress<Field>>,
    pub(crate) silenced: bool,
    pub(crate) program: Program,
    pub(crate) filters: Arc<[FilterIdx]>,
    pub(crate) inactive: Option<String>,
}

impl Rule {
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

    /// How bad a match is, unless one of [`Rule::levels`] says otherwise.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Levels that take the place of [`Rule::level`]: the first whose routine holds.
    pub fn levels(&self) -> &[(RoutineIdx, Level)] {
        &self.levels
    }

    /// How far the rule has come.
    pub fn status(&self) -> Option<Status> {
        self.metadata.status
    }

    /// What the rule finds, and why that matters.
    pub fn description(&self) -> Option<&str> {
        self.metadata.description.as_deref()
    }

    /// Who wrote it.
    pub fn author(&self) -> Option<&str> {
        self.metadata.author.as_deref()
    }

    /// Tags, such as `attack.t1610`.
    pub fn tags(&self) -> &[String] {
        &self.metadata.tags
    }

    /// Where to read more.
    pub fn references(&self) -> &[String] {
        &self.metadata.references
    }

    /// What else may look like this.
    pub fn falsepositives(&self) -> &[String] {
        &self.metadata.falsepositives
    }

    /// The sentence that tells of a match.
    pub fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }

    /// The audit level that the rule says it needs, where the compiler's own inference is wrong.
    pub fn requires(&self) -> Option<AuditLevel> {
        self.requires
    }

    /// The least audit level at which the rule can match: what it says itself, else what follows from the fields that
    /// it reads. Alternatives that need more do not count, and neither does what must not be there.
    ///
    /// # Examples
    /// ```
    /// use rule_lang::{AuditLevel, Compiler};
    ///
    /// let mut compiler = Compiler::new();
    /// compiler.add(
    ///     "network.yaml",
    ///     "
    /// title: Host network
    /// logsource: {product: kubernetes, service: audit}
    /// detection:
    ///   selection: {operation: create, podSpec.hostNetwork: true}
    ///   condition: selection
    /// ",
    /// );
    /// assert_eq!(compiler.finish().rules[0].least_level(), AuditLevel::Request);
    /// ```
    pub fn least_level(&self) -> AuditLevel {
        self.requires.unwrap_or(self.inferred.least)
    }

    /// The least audit level at which the rule can match, for each resource that it can match, by name: a resource, a
    /// resource with a subresource as in `pods/exec`, or `*` for every other. Where the rule says itself what it needs,
    /// that goes for all of them.
    ///
    /// An audit policy that logs each of them at its level leaves nothing out that the rule looks for.
    ///
    /// # Examples
    /// ```
    /// use rule_lang::{AuditLevel, Compiler};
    ///
    /// let mut compiler = Compiler::new();
    /// compiler.add(
    ///     "ways-in.yaml",
    ///     "
    /// title: Ways into a pod
    /// logsource: {product: kubernetes, service: audit}
    /// detection:
    ///   exec: {resource: pods, subresource: exec}
    ///   debug: {resource: pods, subresource: ephemeralcontainers, 'containers.image|contains': debug}
    ///   condition: exec or debug
    /// ",
    /// );
    /// let compiled = compiler.finish();
    /// let needs: Vec<_> = compiled.rules[0].needs().collect();
    /// assert_eq!(
    ///     needs,
    ///     [("pods/ephemeralcontainers", AuditLevel::Request), ("pods/exec", AuditLevel::Metadata)]
    /// );
    /// ```
    pub fn needs(&self) -> impl ExactSizeIterator<Item = (&str, AuditLevel)> {
        let requires = self.requires;
        let each = self.inferred.each.iter();
        each.map(move |(name, level)| (name.as_str(), requires.unwrap_or(*level)))
    }

    /// By which fields, and for how long, what follows a hit is summed up instead of told.
    pub fn suppress(&self) -> Option<&Suppress<Field>> {
        self.suppress.as_ref()
    }

    /// Whether its own hits are not told, because a correlation of the same file takes them without `generate`.
    pub fn is_silenced(&self) -> bool {
        self.silenced
    }

    /// Whether a test reads `stage`. A rule that does not is for completed requests.
    pub fn names_stage(&self) -> bool {
        self.program.reads(FieldId::Stage)
    }

    /// Whether a test reads `event.flags`, so that they must be computed before the rule is evaluated.
    pub fn names_flags(&self) -> bool {
        self.program.reads(FieldId::EventFlags)
    }

    /// What is evaluated.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The tests that the rule brings along.
    pub fn tests(&self) -> &[RuleTest] {
        &self.tests
    }

    /// The filters that narrow it, in the order of the set.
    pub fn filters(&self) -> &[FilterIdx] {
        &self.filters
    }

    /// Why the rule is not to be evaluated as the set is configured: a placeholder that it needs has an empty list, or
    /// an override turned it off.
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

/// A sentence with holes for fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub(crate) parts: Vec<MessagePart>,
}

impl Message {
    /// Texts and holes in order.
    pub fn parts(&self) -> &[MessagePart] {
        &self.parts
    }
}

/// A part of a [`Message`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessagePart {
    /// Text as it stands.
    Text(String),
    /// The value of a field.
    Hole(Field),
}

/// A test that a rule brings along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTest {
    pub(crate) name: String,
    pub(crate) kind: TestKind,
    pub(crate) events: Vec<String>,
    pub(crate) offsets: Vec<Duration>,
    pub(crate) count: Option<u64>,
    pub(crate) matches: bool,
    pub(crate) level: Option<Level>,
    pub(crate) message: Option<String>,
    pub(crate) source: SourceId,
    pub(crate) span: Span,
}

impl RuleTest {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it shows.
    pub fn kind(&self) -> TestKind {
        self.kind
    }

    /// The events as JSON text: written from YAML in the order of their keys, or lines as they stand in the rule.
    pub fn events(&self) -> &[String] {
        &self.events
    }

    /// How long after the first moment each event comes, in the order of the events.
    pub fn offsets(&self) -> &[Duration] {
        &self.offsets
    }

    /// How many hits all events together must bring; without it, each event must match, or none.
    pub fn count(&self) -> Option<u64> {
        self.count
    }

    /// Whether the rule must match one of the events.
    pub fn matches(&self) -> bool {
        self.matches
    }

    /// The level that the match must have.
    pub fn level(&self) -> Option<Level> {
        self.level
    }

    /// The message that the match must have.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The file: that of the rule, or one of tests beside it.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// Where it stands in the file.
    pub fn span(&self) -> Span {
        self.span
    }
}
