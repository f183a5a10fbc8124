//! What is wrong with a rule file, and where.

use std::collections::HashMap;
use std::fmt;

use crate::limits;
use crate::source::{SourceId, Span};

/// How bad a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// The document is not used.
    Error,
    /// The document is used, or is not for this library.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

macro_rules! codes {
    ($($code:ident $slug:literal $severity:ident;)+) => {
        /// The kinds of diagnostics.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum Code {
            $($code,)+
        }

        impl Code {
            /// Every one.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$code,)+];

            pub(crate) fn slug(self) -> &'static str {
                match self {
                    $(Self::$code => $slug,)+
                }
            }

            pub(crate) fn severity(self) -> Severity {
                match self {
                    $(Self::$code => Severity::$severity,)+
                }
            }
        }
    };
}

impl Code {
    /// Whether a document may say that its author has considered it.
    pub(crate) fn can_be_silenced(self) -> bool {
        self.severity() == Severity::Warning && self != Self::UnusedAllow
    }
}

// Slugs are stable: users silence and search by them.
codes! {
    UnreadableFile "unreadable-file" Error;
    FileTooLarge "file-too-large" Error;
    TooManyDiagnostics "too-many-diagnostics" Error;
    YamlSyntax "yaml-syntax" Error;
    YamlTooDeep "yaml-too-deep" Error;
    DuplicateKey "duplicate-key" Error;
    BadKey "bad-key" Error;
    YamlAnchor "yaml-anchor" Error;
    YamlAlias "yaml-alias" Error;
    YamlMergeKey "yaml-merge-key" Error;
    YamlTag "yaml-tag" Error;
    NotADocument "not-a-document" Error;
    AmbiguousDocument "ambiguous-document" Error;
    LegacyCollection "legacy-collection" Error;
    UnsupportedLogsource "unsupported-logsource" Warning;
    UnknownKey "unknown-key" Warning;
    MistypedKey "mistyped-key" Error;
    MissingKey "missing-key" Error;
    WrongType "wrong-type" Error;
    BadValue "bad-value" Error;
    BadId "bad-id" Warning;
    BadTag "bad-tag" Warning;
    BadDate "bad-date" Warning;
    BadRelated "bad-related" Warning;
    UnknownAttackTag "unknown-attack-tag" Warning;
    MissingMetadata "missing-metadata" Warning;
    DuplicateId "duplicate-id" Error;
    DuplicateName "duplicate-name" Error;
    UnsupportedVersion "unsupported-version" Error;
    UnknownTaxonomy "unknown-taxonomy" Warning;
    ReservedName "reserved-name" Error;
    EmptySelection "empty-selection" Error;
    TooManySelections "too-many-selections" Error;
    EmptyValues "empty-values" Error;
    TooManyValues "too-many-values" Error;
    NestedValues "nested-values" Error;
    UnknownField "unknown-field" Error;
    BadFieldName "bad-field-name" Error;
    UnknownModifier "unknown-modifier" Error;
    IllegalModifiers "illegal-modifiers" Error;
    SingleAll "single-all" Warning;
    PresenceOnly "presence-only" Error;
    NotAList "not-a-list" Error;
    UnknownMember "unknown-member" Error;
    UnknownQuantifier "unknown-quantifier" Error;
    NeedsSigmaVersion "needs-sigma-version" Error;
    BlockTooDeep "block-too-deep" Error;
    KeywordInBlock "keyword-in-block" Error;
    BadRegex "bad-regex" Error;
    BadNetwork "bad-network" Error;
    BadNumber "bad-number" Error;
    EmptyPattern "empty-pattern" Warning;
    NeverMatches "never-matches" Warning;
    UnknownVerb "unknown-verb" Warning;
    ResourceSingular "resource-singular" Warning;
    ResourceInWrongGroup "resource-in-wrong-group" Warning;
    SubresourceInResource "subresource-in-resource" Warning;
    ExecWithoutGet "exec-without-get" Warning;
    CreateWithoutOperation "create-without-operation" Warning;
    ResourceWithoutSubresource "resource-without-subresource" Warning;
    ForgedSource "forged-source" Warning;
    PodOnly "pod-only" Warning;
    MainContainersOnly "main-containers-only" Warning;
    RbacStar "rbac-star" Warning;
    FilterHidesMembers "filter-hides-members" Warning;
    Contradiction "contradiction" Warning;
    Tautology "tautology" Warning;
    ImpliedSelection "implied-selection" Warning;
    DeadLevel "dead-level" Warning;
    NoSuchRequest "no-such-request" Warning;
    BodyNotLogged "body-not-logged" Warning;
    UncorrelatedMembers "uncorrelated-members" Warning;
    UnrecordedNegation "unrecorded-negation" Warning;
    DuplicateRule "duplicate-rule" Warning;
    UnboundedRegex "unbounded-regex" Warning;
    UnknownLint "unknown-lint" Error;
    UnusedAllow "unused-allow" Warning;
    OffsetOfWhole "offset-of-whole" Warning;
    LiteralRegex "literal-regex" Warning;
    AmbiguousYaml "ambiguous-yaml" Warning;
    UnknownPlaceholder "unknown-placeholder" Error;
    NoPlaceholder "no-placeholder" Error;
    UnexpandedPlaceholder "unexpanded-placeholder" Warning;
    ConditionSyntax "condition-syntax" Error;
    ConditionTooDeep "condition-too-deep" Error;
    ConditionTooLong "condition-too-long" Error;
    LegacyAggregation "legacy-aggregation" Error;
    UnknownSelection "unknown-selection" Error;
    EmptyQuantifier "empty-quantifier" Error;
    UnusedSelection "unused-selection" Warning;
    BadMessage "bad-message" Error;
    UnknownRule "unknown-rule" Warning;
    UnknownReference "unknown-reference" Error;
    UnknownGroup "unknown-group" Error;
    DuplicateEntry "duplicate-entry" Error;
    CorrelationCycle "correlation-cycle" Error;
    HoldsAtOnce "holds-at-once" Warning;
    FilterWithoutNot "filter-without-not" Warning;
    ProgramTooLarge "program-too-large" Error;
    TooManyRules "too-many-rules" Error;
    Defect "defect" Error;
}

/// One problem of a rule file: what, how bad, and which text of the file it is about.
///
/// The message is lower case without a period, with the user's text in backticks. [`render`](crate::render()) draws it
/// with the lines of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    code: Code,
    message: String,
    source: SourceId,
    span: Span,
    related: Option<Span>,
    help: Option<String>,
}

impl Diagnostic {
    /// The stable name of every kind of problem.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        Code::ALL.iter().map(|code| code.slug())
    }

    /// A stable name of the kind of problem, such as `unknown-field`.
    pub fn code(&self) -> &'static str {
        self.code.slug()
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The file.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// The offending text in the file.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Another text of the file that the problem is about.
    pub fn related(&self) -> Option<Span> {
        self.related
    }

    /// What to write instead.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Sets the help.
    pub(crate) fn set_help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }

    /// Sets another text that the problem is about.
    pub(crate) fn set_related(&mut self, span: Span) {
        self.related = Some(span).filter(|span| *span != self.span);
    }

    fn key(&self) -> (SourceId, Span, Code) {
        (self.source, self.span, self.code)
    }
}

impl fmt::Display for Diagnostic {
    /// One line, without the place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.severity(), self.code(), self.message)
    }
}

/// Collects the diagnostics of one file.
#[derive(Debug)]
pub(crate) struct Report {
    source: SourceId,
    found: Vec<Diagnostic>,
    errors: usize,
    /// How many were not kept.
    dropped: usize,
    /// Warnings that documents silence.
    allowed: Vec<Allowed>,
}

/// A kind of warning that a document silences.
#[derive(Debug)]
struct Allowed {
    code: Code,
    document: Span,
    /// Where it says so.
    span: Span,
}

impl Report {
    pub(crate) fn new(source: SourceId) -> Self {
        Self {
            source,
            found: Vec::new(),
            errors: 0,
            dropped: 0,
            allowed: Vec::new(),
        }
    }

    pub(crate) fn source(&self) -> SourceId {
        self.source
    }

    /// Adds a diagnostic; the caller may set its help. Past the limit the last one is kept out of the list.
    pub(crate) fn add(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.errors += usize::from(code.severity() == Severity::Error);
        if self.is_full() {
            self.found.pop();
            self.dropped += 1;
        }
        self.found.push(Diagnostic {
            code,
            message: message.into(),
            source: self.source,
            span,
            related: None,
            help: None,
        });
        let last = self.found.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "an element was pushed just now")]
        &mut self.found[last]
    }

    /// Adds a diagnostic with help.
    pub(crate) fn add_with_help(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: Option<impl Into<String>>,
    ) {
        let diagnostic = self.add(code, span, message);
        if let Some(help) = help {
            diagnostic.set_help(help);
        }
    }

    /// Whether there is no room for more, so that looking for more is pointless.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() > limits::DIAGNOSTICS
    }

    /// Whether there are so many that what was meant is not looked for any more, which costs more than the rest.
    pub(crate) fn is_long(&self) -> bool {
        const LONG: usize = 100;
        self.found.len() > LONG
    }

    /// Number of errors so far, to see whether a part brought new ones.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// Whether there is an error in this range; also when not all are known.
    pub(crate) fn has_errors_in(&self, span: Span) -> bool {
        let inside = |other: Span| other.start() >= span.start() && other.end() <= span.end();
        let is_error = |found: &&Diagnostic| found.severity() == Severity::Error;
        self.is_full()
            || self
                .found
                .iter()
                .filter(is_error)
                .any(|found| inside(found.span))
    }

    /// Silences a kind of warning in a document.
    pub(crate) fn allow(&mut self, code: Code, document: Span, span: Span) {
        self.allowed.push(Allowed {
            code,
            document,
            span,
        });
    }

    /// Takes out what documents silence, and reports what silences nothing.
    fn silence(&mut self) {
        let inside =
            |inner: Span, outer: Span| inner.start() >= outer.start() && inner.end() <= outer.end();
        let allowed = std::mem::take(&mut self.allowed);
        let mut used = vec![false; allowed.len()];
        let mut by_code: HashMap<Code, Vec<usize>> = HashMap::new();
        for (at, allowed) in allowed.iter().enumerate() {
            by_code.entry(allowed.code).or_default().push(at);
        }
        self.found.retain(|found| {
            let candidates = by_code.get(&found.code).map_or(&[][..], Vec::as_slice);
            // Documents follow each other, and so do what they silence.
            let upto = candidates.partition_point(|at| {
                allowed
                    .get(*at)
                    .is_some_and(|allowed| allowed.document.start() <= found.span.start())
            });
            let last = candidates.get(upto.saturating_sub(1)).copied();
            let hit = last.filter(|at| {
                allowed
                    .get(*at)
                    .is_some_and(|allowed| inside(found.span, allowed.document))
            });
            if let Some(used) = hit.and_then(|at| used.get_mut(at)) {
                *used = true;
            }
            hit.is_none()
        });
        for (allowed, used) in allowed.iter().zip(used) {
            if used || self.is_full() || self.has_errors_in(allowed.document) {
                continue;
            }
            self.add(
                Code::UnusedAllow,
                allowed.span,
                format!(
                    "there is no {} here to silence",
                    quoted(allowed.code.slug())
                ),
            )
            .set_help("take it out, so that it hides nothing that comes later");
        }
    }

    /// Whether there is a diagnostic of one of these kinds in this range.
    pub(crate) fn has_in(&self, codes: &[Code], span: Span) -> bool {
        self.found.iter().any(|found| {
            codes.contains(&found.code)
                && found.span.start() >= span.start()
                && found.span.end() <= span.end()
        })
    }

    /// The diagnostics in file order.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        if !self.allowed.is_empty() {
            self.silence();
        }
        if self.is_full() {
            self.found.pop();
            let total = self.found.len() + self.dropped + 1;
            self.found.sort_by_key(Diagnostic::key);
            let end = self.found.last().map(|last| last.span).unwrap_or_default();
            self.add(
                Code::TooManyDiagnostics,
                end,
                format!(
                    "this file has at least {total} problems and the first {} are shown",
                    limits::DIAGNOSTICS
                ),
            );
            return self.found;
        }
        self.found.sort_by_key(Diagnostic::key);
        self.found
    }
}

/// The user's text in backticks: cut when it is long, and without control characters, because messages are printed.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut out = String::from("`");
    for (n_chars, c) in text.chars().enumerate() {
        if n_chars == LONGEST {
            out.push('…');
            break;
        }
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out.push('`');
    out
}

/// `did you mean` with the candidate nearest to `name`, when one is near.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, candidates).map(|near| format!("did you mean {}?", quoted(near)))
}

/// The candidate nearest to `name` when it is near: a third of its letters at most, three at most.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // The distance costs the product of both lengths, and sets may be large.
    const LONGEST: usize = 64;
    const MOST: usize = 10_000;
    if name.len() > LONGEST {
        return None;
    }
    let folded: Vec<char> = name.to_lowercase().chars().collect();
    candidates
        .into_iter()
        .filter(|candidate| {
            candidate.len() <= LONGEST && candidate.len().abs_diff(name.len()) <= 3 * 4
        })
        .take(MOST)
        .filter_map(|candidate| {
            let other: Vec<char> = candidate.to_lowercase().chars().collect();
            let most = (other.len() / 3).clamp(1, 3);
            let distance = distance(&other, &folded, most)?;
            (distance <= most && distance < other.len()).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters differ, unless it is plain to see that they are more than `most`.
fn distance(left: &[char], right: &[char], most: usize) -> Option<usize> {
    // What both begin or end with changes nothing and is most of names that are near each other.
    let same = |(left, right): &(&char, &char)| left == right;
    let start = left.iter().zip(right).take_while(same).count();
    let (left, right) = (left.get(start..)?, right.get(start..)?);
    let ends = left.iter().rev().zip(right.iter().rev());
    let end = ends.take_while(same).count();
    let left = left.get(..left.len() - end)?;
    let right = right.get(..right.len() - end)?;
    if left.len().abs_diff(right.len()) > most {
        return None;
    }
    // Each difference changes one letter or swaps two.
    let unlike = left.iter().filter(|letter| !right.contains(letter)).count();
    if unlike > most {
        return None;
    }
    Some(strsim::generic_damerau_levenshtein(left, right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_without_control_characters() {
        assert_eq!(quoted("a\u{1b}[31mb"), "`a\\u{1b}[31mb`");
        assert_eq!(quoted(&"x".repeat(100)), format!("`{}…`", "x".repeat(80)));
    }

    #[test]
    fn finds_what_was_meant() {
        let known = ["contains", "startswith", "cidr"];
        assert_eq!(nearest("contain", known), Some("contains"));
        assert_eq!(nearest("CIDR", known), Some("cidr"));
        assert_eq!(nearest("base64", known), None);
    }

    #[test]
    fn keeps_no_more_than_the_limit() {
        let mut sources = crate::source::Sources::default();
        let mut report = Report::new(sources.add("a", ""));
        for at in 0..limits::DIAGNOSTICS + 5 {
            report.add(Code::BadValue, Span::new(at, at), "x");
        }
        let found = report.finish();
        assert_eq!(found.len(), limits::DIAGNOSTICS + 1);
        let last = found.last().unwrap();
        assert_eq!(last.code(), "too-many-diagnostics");
        assert_eq!(
            last.message(),
            "this file has at least 1005 problems and the first 1000 are shown"
        );
    }
}
