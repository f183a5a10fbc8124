//! The keys of documents: one table by which documents are read, put in order, described and given a schema.
//!
//! A key that is not here does not exist. Tables are in the order in which [`format`](crate::format()) writes keys.

use crate::correlation::CorrelationType;
use crate::correlation::bounds::OPERATORS;
use crate::diagnostic::Code;
use crate::loaded::DocumentKind::{self, Correlation, Filter, Override, Placeholders, Rule};
use crate::rule::{AuditLevel, Level, Status, TestKind};

/// A key of some map.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    pub(crate) is_needed: bool,
    /// What it is for, in one sentence without its end.
    pub(crate) what: &'static str,
}

/// What may stand behind a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// Whatever its author likes.
    Any,
    /// A scalar that is something.
    Text,
    /// A list of such scalars.
    Texts,
    /// A list of whatever its author likes.
    List,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// How many hits.
    Count,
    /// A whole number from 1 to 100.
    Percentile,
    /// A span of time that is not nothing, such as `5m`.
    Timespan,
    /// `2` or `3`.
    Version,
    /// A day, such as `2030-12-31`.
    Day,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of these words.
    Words(fn() -> Vec<&'static str>),
    /// A text; these are usual.
    Usual(&'static [&'static str]),
    /// Names of fields, or one.
    Fields,
    /// One field, or several where they are a tuple.
    Rules,
    /// A map with these keys.
    Map(&'static Table),
    /// A list of maps with these keys.
    Maps(&'static Table),
    /// A list of what should be maps with these keys.
    Likely(&'static Table),
    /// A map with named selections beside these keys.
    Scope(&'static Table),
    /// A condition over selections, or a list of them.
    Condition,
    /// A map of comparisons, or text about rules.
    Asked(&'static Table),
    /// A map of names and lists of texts.
    Lists,
    /// A map of names, each with a map of rules and fields.
    Aliases,
    /// An event as a map.
    Event,
    /// A list of events as maps, or lines of JSON.
    Events,
}

/// The keys of a map.
#[derive(Debug)]
pub(crate) struct Table {
    /// What such a map is called in the schema.
    pub(crate) name: &'static str,
    /// Keys that come first.
    pub(crate) first: &'static [Key],
    /// Keys that come behind those of the author's own.
    pub(crate) last: &'static [Key],
    /// Whether other keys may stand beside them.
    pub(crate) is_open: bool,
    /// Keys of which there must be some.
    pub(crate) alternatives: Alternatives,
}

/// Keys that can stand for each other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Alternatives {
    None,
    /// At least one.
    Some(&'static [&'static str]),
    /// Exactly one.
    One(&'static [&'static str]),
}

impl Table {
    /// All keys, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static Key> + Clone + use<> {
        self.first.iter().chain(self.last)
    }

    /// The names of all keys.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + Clone + use<> {
        self.keys().map(|key| key.name)
    }

    pub(crate) fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }
}

const fn key(name: &'static str, value: Value, what: &'static str) -> Key {
    Key {
        name,
        value,
        is_needed: false,
        what,
    }
}

const fn needed(name: &'static str, value: Value, what: &'static str) -> Key {
    Key {
        is_needed: true,
        ..key(name, value, what)
    }
}

/// A key of a document.
#[derive(Debug)]
pub(crate) struct DocumentKey {
    pub(crate) key: Key,
    /// The kinds of documents that have it.
    pub(crate) of: &'static [DocumentKind],
    /// The kinds that must have it.
    pub(crate) needed_by: &'static [DocumentKind],
}

pub(crate) const EVERY: &[DocumentKind] = &[Rule, Correlation, Filter, Placeholders, Override];

const fn on(of: &'static [DocumentKind], key: Key) -> DocumentKey {
    DocumentKey {
        key,
        of,
        needed_by: &[],
    }
}

/// A key that tells of which kind a document is.
const fn tells(of: &'static [DocumentKind], key: Key) -> DocumentKey {
    DocumentKey {
        key,
        of,
        needed_by: of,
    }
}

/// Keys of documents, in order; those of the author's own come before `tests`, which are long.
pub(crate) const DOCUMENT: &[DocumentKey] = &[
    DocumentKey {
        needed_by: &[Rule, Correlation, Filter],
        ..on(
            EVERY,
            key(
                "title",
                Value::Text,
                "what is found, in a few words; at most 256 characters",
            ),
        )
    },
    on(
        EVERY,
        key(
            "id",
            Value::Text,
            "a UUID that stays the same when everything else changes",
        ),
    ),
    on(
        EVERY,
        key(
            "name",
            Value::Text,
            "what correlations, filters and overrides refer to the document by",
        ),
    ),
    on(
        EVERY,
        key(
            "related",
            Value::Likely(&RELATED),
            "other rules that it came from or stands for",
        ),
    ),
    on(
        EVERY,
        key(
            "status",
            Value::Word(Status::WORDS),
            "how far it has come; `stable` and `test` need `id`, `description` and `level`",
        ),
    ),
    on(
        EVERY,
        key(
            "description",
            Value::Text,
            "what happened when it matches, why that matters, and what it cannot see",
        ),
    ),
    on(
        EVERY,
        key("license", Value::Text, "the SPDX name of its licence"),
    ),
    on(EVERY, key("references", Value::Texts, "where to read more")),
    on(EVERY, key("author", Value::Text, "who wrote it")),
    on(
        EVERY,
        key(
            "date",
            Value::Text,
            "the day on which it was written, such as `2026-11-21`",
        ),
    ),
    on(
        EVERY,
        key(
            "modified",
            Value::Text,
            "the day on which what it finds was last changed",
        ),
    ),
    on(
        EVERY,
        key(
            "tags",
            Value::Texts,
            "a namespace and a name each: `attack.t1610`, `attack.execution`",
        ),
    ),
    DocumentKey {
        needed_by: &[Rule, Filter],
        ..on(
            &[Rule, Filter],
            key(
                "logsource",
                Value::Map(&LOGSOURCE),
                "which logs it is for: `{product: kubernetes, service: audit}`",
            ),
        )
    },
    on(
        EVERY,
        key(
            "sigma-version",
            Value::Version,
            "`3` gives brackets in field names their meaning; without it a document is Sigma 2",
        ),
    ),
    on(
        EVERY,
        key(
            "taxonomy",
            Value::Usual(&["kubesift", "sigma"]),
            "`kubesift`: where the field names come from",
        ),
    ),
    on(
        &[Rule],
        key(
            "requires",
            Value::Word(AuditLevel::WORDS),
            "the audit level that the rule needs, where the compiler's own inference is wrong",
        ),
    ),
    on(
        EVERY,
        key(
            "lint",
            Value::Map(&LINT),
            "which warnings its author has considered",
        ),
    ),
    on(
        &[Filter],
        key(
            "expires",
            Value::Day,
            "the last day on which the filter takes anything away, such as `2030-12-31`",
        ),
    ),
    on(
        &[Placeholders],
        key(
            "replace",
            Value::Bool,
            "whether these lists take the place of those of the same names, instead of adding to them",
        ),
    ),
    tells(
        &[Rule],
        key(
            "detection",
            Value::Scope(&DETECTION),
            "what to look for: named selections, and a condition that joins them",
        ),
    ),
    tells(
        &[Filter],
        key(
            "filter",
            Value::Scope(&FILTER),
            "which rules it narrows, and by what",
        ),
    ),
    tells(
        &[Placeholders],
        key(
            "placeholders",
            Value::Lists,
            "lists of values that rules name by `expand`",
        ),
    ),
    tells(
        &[Override],
        key(
            "override",
            Value::Map(&OVERRIDE),
            "what becomes of rules or filters of other files",
        ),
    ),
    tells(
        &[Correlation],
        key(
            "correlation",
            Value::Map(&CORRELATION),
            "what to look for among the hits of other rules",
        ),
    ),
    on(&[Correlation], key("generate", Value::Bool, GENERATE)),
    on(
        &[Rule],
        key(
            "fields",
            Value::List,
            "fields that help who looks at a match",
        ),
    ),
    on(
        &[Rule, Correlation, Filter],
        key(
            "level",
            Value::Word(Level::WORDS),
            "how bad it is; without it `medium`",
        ),
    ),
    on(
        &[Rule],
        key(
            "levels",
            Value::Maps(&LEVEL),
            "other levels for some of the matches: the first whose condition holds takes the place of `level`",
        ),
    ),
    on(
        &[Rule, Correlation],
        key(
            "message",
            Value::Text,
            "one sentence about a match, with `{field}` for values",
        ),
    ),
    on(
        &[Rule, Correlation],
        key(
            "suppress",
            Value::Map(&SUPPRESS),
            "tells the first match and sums up those that follow",
        ),
    ),
    on(
        EVERY,
        key("falsepositives", Value::Texts, "what else looks like this"),
    ),
    on(
        &[Rule],
        key("scope", Value::List, "where it is meant to be used"),
    ),
    on(
        &[Rule],
        key(
            "regression_tests_path",
            Value::Any,
            "written by tools of others and passed over",
        ),
    ),
    on(
        &[Rule],
        key(
            "simulation",
            Value::Any,
            "written by tools of others and passed over",
        ),
    ),
    on(
        &[Rule, Correlation],
        key(
            "tests",
            Value::Maps(&TEST),
            "events that it finds or leaves alone",
        ),
    ),
];

const GENERATE: &str = "whether rules of the same file that the correlation refers to go on to be told by themselves; without it they are not";

/// The keys that tell what a document is, and of which kind it then is.
pub(crate) const KINDS: [(&str, DocumentKind); 5] = [
    ("detection", Rule),
    ("correlation", Correlation),
    ("filter", Filter),
    ("placeholders", Placeholders),
    ("override", Override),
];

/// What a kind of document may say.
pub(crate) fn document(kind: DocumentKind) -> impl Iterator<Item = &'static str> + Clone {
    let keys = DOCUMENT.iter().filter(move |key| key.of.contains(&kind));
    keys.map(|key| key.key.name)
}

pub(crate) const LOGSOURCE: Table = Table {
    name: "logsource",
    first: &[
        key(
            "category",
            Value::Any,
            "kind of logs; those of audit have none",
        ),
        key("product", Value::Any, "`kubernetes`"),
        key("service", Value::Any, "`audit`"),
        key(
            "definition",
            Value::Any,
            "what must be switched on for these logs to be written; not read",
        ),
    ],
    last: &[],
    is_open: true,
    alternatives: Alternatives::None,
};

pub(crate) const RELATED: Table = Table {
    name: "related",
    first: &[
        key("id", Value::Any, "the UUID of the other rule"),
        key(
            "type",
            Value::Any,
            "`correlation`, `derived`, `merged`, `obsolete`, `renamed` or `similar`",
        ),
    ],
    last: &[],
    is_open: true,
    alternatives: Alternatives::None,
};

pub(crate) const LINT: Table = Table {
    name: "lint",
    first: &[key(
        "allow",
        Value::Words(lints),
        "names of lints that are silent in this document",
    )],
    last: &[],
    is_open: false,
    alternatives: Alternatives::None,
};

/// Every warning, since those of the compiler can be silenced like those of the linter.
fn lints() -> Vec<&'static str> {
    let codes = Code::ALL.iter().filter(|code| code.can_be_silenced());
    codes.map(|code| code.slug()).collect()
}

/// What stands beside the selections of a rule.
pub(crate) const DETECTION: Table = Table {
    name: "detection",
    first: &[],
    last: &[needed("condition", Value::Condition, CONDITION)],
    is_open: true,
    alternatives: Alternatives::None,
};

const CONDITION: &str = "which selections must hold: `a and (b or not c)`, `1 of x_*`, `all of them`; of a list one must";

pub(crate) const FILTER: Table = Table {
    name: "filter",
    first: &[needed(
        "rules",
        Value::Rules,
        "ids, names and tags of the rules that it narrows, or `any`",
    )],
    last: &[needed(
        "condition",
        Value::Condition,
        "which matches stay, and so mostly `not` of a selection",
    )],
    is_open: true,
    alternatives: Alternatives::None,
};

pub(crate) const OVERRIDE: Table = Table {
    name: "override",
    first: &[
        needed(
            "rules",
            Value::Rules,
            "ids, names and tags of rules or filters, or `any` for all rules",
        ),
        key("enabled", Value::Bool, "`false` turns them off"),
        key(
            "level",
            Value::Word(Level::WORDS),
            "their level from now on",
        ),
    ],
    last: &[],
    is_open: false,
    alternatives: Alternatives::Some(&["enabled", "level"]),
};

pub(crate) const LEVEL: Table = Table {
    name: "levels",
    first: &[
        needed(
            "when",
            Value::Condition,
            "a condition over the selections of the rule",
        ),
        needed(
            "level",
            Value::Word(Level::WORDS),
            "the level of matches for which it holds",
        ),
    ],
    last: &[],
    is_open: false,
    alternatives: Alternatives::None,
};

pub(crate) const SUPPRESS: Table = Table {
    name: "suppress",
    first: &[
        key(
            "by",
            Value::Fields,
            "what must be the same: of a rule fields, of a correlation some of `group-by`, without it all of them",
        ),
        needed("for", Value::Timespan, "for how long, such as `15m`"),
    ],
    last: &[],
    is_open: false,
    alternatives: Alternatives::None,
};

pub(crate) const TEST: Table = Table {
    name: "test",
    first: &[
        key("name", Value::Text, "what the events show"),
        needed(
            "kind",
            Value::Word(TestKind::WORDS),
            "whether it is found, looks alike and is left alone, or is an attempt to get past the rule and is found",
        ),
    ],
    last: &[
        key(
            "event",
            Value::Event,
            "one event; what every event has may be left out",
        ),
        key(
            "events",
            Value::Events,
            "several events, each with an `at` such as `5m` if they are apart; or lines of JSON behind `|`",
        ),
        key(
            "count",
            Value::Count,
            "how many hits there are of all events together",
        ),
        key(
            "match",
            Value::Bool,
            "whether it matches, where `kind` does not say so",
        ),
        key(
            "level",
            Value::Word(Level::WORDS),
            "the level that the match has",
        ),
        key("message", Value::Text, "the message that the match has"),
    ],
    is_open: false,
    alternatives: Alternatives::One(&["event", "events"]),
};

/// A document of a file of tests beside a rule file.
pub(crate) const TEST_FILE: Table = Table {
    name: "test-file",
    first: &[key(
        "rule",
        Value::Text,
        "the name or id of the rule or correlation that is tested, where the rule file has several",
    )],
    last: &[needed(
        "tests",
        Value::Maps(&TEST),
        "events that it finds or leaves alone",
    )],
    is_open: false,
    alternatives: Alternatives::None,
};

pub(crate) const CORRELATION: Table = Table {
    name: "correlation",
    first: &[
        needed(
            "type",
            Value::Word(CorrelationType::WORDS),
            "what is sought",
        ),
        needed(
            "rules",
            Value::Rules,
            "names, ids and tags of the rules and correlations whose hits it takes, or `any`",
        ),
        key(
            "group-by",
            Value::Fields,
            "fields or aliases that must be the same; each group is looked at by itself",
        ),
        needed(
            "timespan",
            Value::Timespan,
            "within what time, such as `5m`; of `new_value` how long a value is known",
        ),
        key(
            "learning",
            Value::Timespan,
            "of `new_value`: how long a group is learnt before a value of it is new",
        ),
        key(
            "condition",
            Value::Asked(&ASKED),
            "what the number must be; of `temporal` and `temporal_ordered` text about the rules, such as `a and not b`",
        ),
        key(
            "aliases",
            Value::Aliases,
            "names for what each rule calls by another field: `{who: {rule-a: user.username}}`",
        ),
        key("generate", Value::Bool, GENERATE),
    ],
    last: &[],
    is_open: false,
    alternatives: Alternatives::None,
};

/// What the condition of a correlation asks of a number.
pub(crate) const ASKED: Table = Table {
    name: "bounds",
    first: &[
        key(
            "field",
            Value::Fields,
            "of what: one field, or several whose values count together",
        ),
        key(
            "percentile",
            Value::Percentile,
            "of `value_percentile`: which, from 1 to 100",
        ),
        key(OPERATORS[0], Value::Number, "more than this"),
        key(OPERATORS[1], Value::Number, "at least this"),
        key(OPERATORS[2], Value::Number, "less than this"),
        key(OPERATORS[3], Value::Number, "at most this"),
        key(OPERATORS[4], Value::Number, "exactly this"),
        key(OPERATORS[5], Value::Number, "anything but this"),
    ],
    last: &[],
    is_open: false,
    alternatives: Alternatives::None,
};
