//! What stays in brackets on one line, and where the comments of the rest go.

use super::quote::{self, Role};
use super::trivia::{Collection, Comment, Document, Item, Value};
use crate::scalar::{Scalar, Style};

/// Columns that a list or map in brackets may reach.
const WIDTH: usize = 120;
/// Columns of one level.
pub(super) const STEP: usize = 2;

/// Decides which collections of a document stay in brackets.
pub(super) fn settle(document: &mut Document<'_>) {
    if let Value::Collection(root) = &mut document.root {
        settle_items(root, 0);
    }
}

/// Recursion is as deep as the YAML, which has a limit.
fn settle_items(collection: &mut Collection<'_>, indent: usize) {
    for item in &mut collection.items {
        settle_item(item, indent);
    }
}

fn settle_item(item: &mut Item<'_>, indent: usize) {
    let Value::Collection(collection) = &mut item.value else {
        return;
    };
    if collection.is_flow {
        let key = item
            .key
            .map_or(0, |key| quote::write(key, Role::Key, false).chars().count());
        // A colon or a dash, and a space.
        let room = WIDTH.saturating_sub(indent + key + 2);
        let mut line = Line {
            text: String::new(),
            room,
        };
        if line.collection(collection).is_some() || collection.items.is_empty() {
            item.value = Value::Line(line.text);
            return;
        }
        if collection.is_event && item.key.is_none() {
            // Behind the dash.
            if let Some(text) = filled(collection, indent + STEP) {
                item.value = Value::Line(text);
                return;
            }
        }
        collection.is_flow = false;
    }
    settle_items(collection, indent + STEP);
    if item.key.is_none() {
        // The first item begins on the line of the dash, and no comment has room there.
        if let Some(text) = item.behind.take() {
            item.above.push(Comment { text, blank: false });
        }
        if let Some(first) = collection.items.first_mut() {
            item.above.append(&mut first.above);
            first.blank = false;
        }
    }
}

/// A map in brackets over as few lines as it needs, `indent` columns from the margin; `None` when an entry has no room
/// on a line.
fn filled(collection: &Collection<'_>, indent: usize) -> Option<String> {
    if collection.is_list {
        return None;
    }
    let mut text = String::from("{");
    // What is open at the end of the line, and the bracket or comma behind an entry.
    let width = WIDTH.checked_sub(indent + 2)?;
    let mut room = width;
    for (at, item) in collection.items.iter().enumerate() {
        let mut line = Line {
            text: String::new(),
            room: width,
        };
        line.item(item)?;
        let n = width - line.room;
        if at > 0 {
            text.push(',');
            if n + 2 > room {
                text.push('\n');
                text.extend(std::iter::repeat_n(' ', indent + 1));
                room = width;
            } else {
                text.push(' ');
                room -= 2;
            }
        }
        text.push_str(&line.text);
        room = room.checked_sub(n)?;
    }
    text.push('}');
    Some(text)
}

/// A line that must not grow too long.
#[derive(Debug)]
struct Line {
    text: String,
    /// Columns that are left.
    room: usize,
}

impl Line {
    /// Adds text; `None` when there is no room.
    fn push(&mut self, text: &str) -> Option<()> {
        self.room = self.room.checked_sub(text.chars().count())?;
        self.text.push_str(text);
        Some(())
    }

    /// Recursion is as deep as the YAML, which has a limit.
    fn collection(&mut self, collection: &Collection<'_>) -> Option<()> {
        if !collection.is_flow {
            return None;
        }
        let (open, close) = if collection.is_list {
            ("[", "]")
        } else {
            ("{", "}")
        };
        self.push(open)?;
        for (at, item) in collection.items.iter().enumerate() {
            if at > 0 {
                self.push(", ")?;
            }
            self.item(item)?;
        }
        self.push(close)
    }

    fn item(&mut self, item: &Item<'_>) -> Option<()> {
        if let Some(key) = item.key {
            self.scalar(key, Role::Key)?;
            self.push(": ")?;
        }
        match &item.value {
            Value::Scalar(scalar) => self.scalar(scalar, Role::Value),
            Value::Folded(_) => None,
            Value::Collection(inner) => self.collection(inner),
            Value::Line(text) => self.push(text),
        }
    }

    fn scalar(&mut self, scalar: &Scalar, role: Role) -> Option<()> {
        // What is longer need not be written to see that.
        let fits = scalar.text.len() / 4 <= self.room;
        (fits && scalar.style != Style::Block)
            .then(|| self.push(&quote::write(scalar, role, true)))?
    }
}
