//! The keys of documents themselves.

use super::maps::{
    CORRELATION, DETECTION, FILTER, GENERATE, LEVEL, LINT, LOGSOURCE, OVERRIDE, RELATED, SUPPRESS,
    TEST,
};
use super::{DocumentKey, EVERY, Key, Value, key};
use crate::loaded::DocumentKind::{self, Correlation, Filter, Override, Placeholders, Rule};
use crate::rule::{AuditLevel, Level, Status};

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
