//! The order of keys.

use super::trivia::{Document, Item, Value};
use crate::keys::{self, Table, Value as Kind};

/// What a map is, so far as its keys have an order.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Document,
    /// A map with the keys of a table.
    Map(&'static Table),
    /// A map with selections and a `condition` beside the keys of a table, or one that is below it.
    Scope(&'static Table),
    /// Events of a test, in the order of the author.
    Events,
    /// Its order is the author's, and that of everything in it.
    Free,
}

impl Shape {
    /// The rank of a key: those of a table that come first, those of the author's own, and those that come last.
    fn rank(self, key: &str) -> usize {
        match self {
            Self::Document => {
                let at = keys::DOCUMENT
                    .iter()
                    .position(|known| known.key.name == key);
                // `tests`, the last of them, comes behind those of the author's own.
                let own = keys::DOCUMENT.len() - 1;
                at.map_or(own, |at| if at == own { own + 1 } else { at })
            }
            Self::Map(table) | Self::Scope(table) => {
                let own = table.first.len();
                let at = table.names().position(|known| known == key);
                at.map_or(own, |at| if at < own { at } else { at + 1 })
            }
            Self::Events | Self::Free => 0,
        }
    }

    /// What the value of a key is. The items of a list are what the list is.
    fn below(self, key: &str) -> Self {
        let found = match self {
            Self::Document => {
                let mut all = keys::DOCUMENT.iter();
                all.find(|known| known.key.name == key)
                    .map(|known| &known.key)
            }
            Self::Map(table) | Self::Scope(table) => table.find(key),
            Self::Events | Self::Free => None,
        };
        match (self, found.map(|key| key.value)) {
            (
                _,
                Some(
                    Kind::Map(table) | Kind::Maps(table) | Kind::Likely(table) | Kind::Asked(table),
                ),
            ) => Self::Map(table),
            (_, Some(Kind::Events)) => Self::Events,
            (_, Some(Kind::Scope(table))) => Self::Scope(table),
            (Self::Scope(_), None) => Self::Scope(&keys::DETECTION),
            _ => Self::Free,
        }
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
    match shape {
        Shape::Free => return,
        Shape::Events => {
            let values = collection.items.iter_mut().map(|item| &mut item.value);
            for value in values {
                if let Value::Collection(event) = value {
                    event.is_event = true;
                }
            }
            return;
        }
        Shape::Document | Shape::Map(_) | Shape::Scope(_) => {}
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
