//! Keys and their colons.

use granit_parser::ErrorKind;

use super::{Mistake, Place, shown};
use crate::diagnostic::quoted;
use crate::source::Span;

impl Place<'_> {
    /// A `:` where none can be.
    pub(super) fn colon(&self) -> Mistake {
        let before = self.before();
        let begins_plain = |value: &str| !value.starts_with(['"', '\'', '[', '{', '|', '>']);
        if before.contains(": ") {
            let value = self.value().filter(|value| begins_plain(value));
            return Mistake::new(
                self.here(),
                "a text without quotes cannot hold `: `",
                Self::quote(value),
            );
        }
        let Some((start, above)) = self.lines.above(self.at) else {
            return self.other(&ErrorKind::MappingValueNotAllowed);
        };
        let text = above.trim_start();
        let indent = above.len() - text.len();
        let text = text.strip_prefix("- ").unwrap_or(text);
        let start = start + above.len() - text.len();
        let text = text.trim_end();
        if let Some(found) = self.missing_space(text, start) {
            return found;
        }
        let own = before.len() - before.trim_start().len();
        match text.split_once(": ") {
            Some((key, _)) if own > indent => Mistake::new(
                self.here(),
                "a key cannot stand below a key that has a value",
                format!("begin it in the column of {}", quoted(key)),
            ),
            None if !text.ends_with(':') => Mistake::new(
                Span::new(start, start + text.len()),
                "this line has no `: `, so the text goes on in the next one",
                format!("a key and its value are written `{}: …`", shown(text)),
            ),
            _ => Mistake::new(
                self.here(),
                "no key can stand here",
                "keys of one map begin in one column",
            ),
        }
    }

    /// A key whose `:` has no space behind it, in a line that has no other.
    pub(super) fn missing_space(&self, line: &str, start: usize) -> Option<Mistake> {
        if line.contains(": ") || line.ends_with(':') {
            return None;
        }
        let (key, value) = line.split_once(':')?;
        let colon = line.find(':').unwrap_or_default();
        let colon = start + self.text.get(start..)?.find(line)? + colon;
        let whole = format!("{key}: {value}");
        Some(Mistake::new(
            Span::new(colon, colon + 1),
            "a space is missing behind this `:`",
            format!("write {}", quoted(&whole)),
        ))
    }

    /// A line that is no key, among keys.
    pub(super) fn key_without_colon(&self) -> Mistake {
        let line = self.lines.at(self.at).trim();
        let start = self.lines.start(self.at);
        if let Some(found) = self.missing_space(line, start) {
            return found;
        }
        let rest = self.rest().lines().next().unwrap_or_default().trim_end();
        Mistake::new(
            Span::new(self.at, self.at + rest.len()),
            "this is no key, because it has no `: `",
            format!(
                "write `{0}: …`, or `- {0}` when it is an item of a list",
                shown(rest)
            ),
        )
    }

    /// Something else where the next key of a map should be.
    pub(super) fn no_key(&self) -> Mistake {
        if !self.before().trim().is_empty() {
            return Mistake::new(
                self.here(),
                "a text goes on behind what is complete",
                Self::quote(self.value()),
            );
        }
        if self.rest().starts_with("- ") {
            return Mistake::new(
                self.here(),
                "an item of a list stands among the keys of a map",
                "items stand below their key, and the next key behind the last of them",
            );
        }
        Mistake::new(
            self.here(),
            "no map around this line has its keys in this column",
            "begin it in the column of the keys that it belongs to",
        )
    }
}
