//! The keys of documents: one table by which documents are read, put in order, described and given a schema.
//!
//! A key that is not here does not exist. Tables are in the order in which [`format`](crate::format()) writes keys.

mod document;
mod maps;

use crate::loaded::DocumentKind::{self, Correlation, Filter, Override, Placeholders, Rule};

pub(crate) use document::DOCUMENT;
pub(crate) use maps::{
    ASKED, CORRELATION, DETECTION, FILTER, LEVEL, LINT, LOGSOURCE, OVERRIDE, RELATED, SUPPRESS,
    TEST, TEST_FILE,
};

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
