//! The keys of the maps in documents.

use super::{Alternatives, Table, Value, key, needed};
use crate::correlation::CorrelationType;
use crate::correlation::bounds::OPERATORS;
use crate::diagnostic::Code;
use crate::rule::{Level, TestKind};

pub(super) const GENERATE: &str = "whether rules of the same file that the correlation refers to go on to be told by themselves; without it they are not";

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
