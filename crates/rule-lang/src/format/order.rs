//! The order of keys.

use super::trivia::{Document, Item, Value};

/// What a map is, so far as its keys have an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Document,
    Logsource,
    Related,
    Filter,
    /// A map with selections and a `condition`, or one that is below it.
    Scope,
    Level,
    Test,
    Override,
    Correlation,
    Suppress,
    /// Its order is the author's, and that of everything in it.
    Free,
}

/// Keys of a document. Those of the author's own come before `tests`, which are long.
const DOCUMENT: &[&str] = &[
    "title",
    "id",
    "name",
    "related",
    "status",
    "description",
    "license",
    "references",
    "author",
    "date",
    "modified",
    "tags",
    "logsource",
    "sigma-version",
    "taxonomy",
    "requires",
    "lint",
    "expires",
    "replace",
    "detection",
    "filter",
    "placeholders",
    "override",
    "correlation",
    "generate",
    "fields",
    "level",
    "levels",
    "message",
    "suppress",
    "falsepositives",
    "scope",
];
const CORRELATION: &[&str] = &[
    "type",
    "rules",
    "group-by",
    "timespan",
    "field",
    "condition",
    "aliases",
    "generate",
];

impl Shape {
    /// Keys that come first, in this order, and keys that come last.
    fn keys(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Document => (DOCUMENT, &["tests"]),
            Self::Logsource => (&["category", "product", "service", "definition"], &[]),
            Self::Related => (&["id", "type"], &[]),
            Self::Filter => (&["rules"], &["condition"]),
            Self::Scope => (&[], &["condition"]),
            Self::Level => (&["when", "level"], &[]),
            Self::Test => (
                &["name", "kind"],
                &["event", "events", "count", "match", "level", "message"],
            ),
            Self::Override => (&["rules", "enabled", "level"], &[]),
            Self::Correlation => (CORRELATION, &[]),
            Self::Suppress => (&["by", "for"], &[]),
            Self::Free => (&[], &[]),
        }
    }

    /// What the value of a key is. The items of a list are what the list is.
    fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::Document, "logsource") => Self::Logsource,
            (Self::Document, "related") => Self::Related,
            (Self::Document, "filter") => Self::Filter,
            (Self::Document, "detection") | (Self::Filter | Self::Scope, _) => Self::Scope,
            (Self::Document, "levels") => Self::Level,
            (Self::Document, "tests") => Self::Test,
            (Self::Document, "override") => Self::Override,
            (Self::Document, "correlation") => Self::Correlation,
            (Self::Document, "suppress") => Self::Suppress,
            _ => Self::Free,
        }
    }

    fn rank(self, key: &str) -> usize {
        let (first, last) = self.keys();
        let at = |keys: &[&str]| keys.iter().position(|known| *known == key);
        at(first)
            .or_else(|| at(last).map(|at| first.len() + 1 + at))
            .unwrap_or(first.len())
    }
}

/// Puts the keys of a document in order.
pub(super) fn sort(document: &mut Document<'_>) {
    sort_value(&mut document.root, Shape::Document);
}

/// Recursion is as deep as the YAML, which has a limit.
fn sort_value(value: &mut Value<'_>, shape: Shape) {
    let Value::Collection(collection) = value else {
        return;
    };
    if shape == Shape::Free {
        return;
    }
    for item in &mut collection.items {
        let below = item
            .key
            .as_ref()
            .map_or(shape, |key| shape.below(&key.text));
        sort_value(&mut item.value, below);
    }
    if !collection.is_list {
        let rank = |item: &Item<'_>| {
            item.key
                .as_ref()
                .map_or(usize::MAX, |key| shape.rank(&key.text))
        };
        collection.items.sort_by_key(rank);
    }
}
