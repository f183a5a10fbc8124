//! Every kind of diagnostic: its slug and its severity.

use super::Severity;

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
    UnknownResource "unknown-resource" Warning;
    UnknownApiGroup "unknown-api-group" Warning;
    ResourceInWrongGroup "resource-in-wrong-group" Warning;
    SubresourceInResource "subresource-in-resource" Warning;
    GroupInResource "group-in-resource" Warning;
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
    AskedOfAll "asked-of-all" Warning;
    ImpliedValue "implied-value" Warning;
    DeadLevel "dead-level" Warning;
    NoSuchField "no-such-field" Warning;
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
    WrongRequires "wrong-requires" Warning;
    BadMessage "bad-message" Error;
    UnknownRule "unknown-rule" Warning;
    TestsWithoutRule "tests-without-rule" Error;
    UnknownReference "unknown-reference" Error;
    UnknownGroup "unknown-group" Error;
    DuplicateEntry "duplicate-entry" Error;
    CorrelationCycle "correlation-cycle" Error;
    TooManyReferences "too-many-references" Error;
    HoldsAtOnce "holds-at-once" Warning;
    FilterWithoutNot "filter-without-not" Warning;
    FilterWithoutEffect "filter-without-effect" Warning;
    FilterTakesAll "filter-takes-all" Warning;
    FilterLogsource "filter-logsource" Warning;
    ProgramTooLarge "program-too-large" Error;
    TooManyRules "too-many-rules" Error;
    Defect "defect" Error;
}
