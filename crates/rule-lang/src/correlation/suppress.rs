//! `suppress: {by: [fields], for: 15m}`: one detection, then one summary.

use std::time::Duration;

use audit_model::Field;

use crate::ast::Name;
use crate::correlation::timespan;
use crate::diagnostic::{Code, quoted};
use crate::keys;
use crate::metadata::{Keys, listed};
use crate::resolve::field_with_values;
use crate::yaml::{Entry, Kind, Node};

/// What follows a detection is summed up instead of told: for how long, and what must be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Suppress<By> {
    /// What must be the same. Of a rule these are fields, of a correlation indices into its `group-by`.
    pub by: Vec<By>,
    /// For how long.
    pub window: Duration,
}

/// What was read: `by` is absent when it was not written, and `window` when it was reported.
#[derive(Clone, Debug)]
struct Read {
    by: Option<Vec<Name>>,
    window: Option<Duration>,
}

impl<'a> Keys<'a> {
    /// The `suppress` of a rule; `None` when there is none or it was reported.
    pub(crate) fn suppress_of_rule(&mut self) -> Option<Suppress<Field>> {
        let entry = self.entry("suppress")?;
        let read = self.suppress(entry)?;
        let Some(by) = read.by else {
            let help = "say what must be the same: `by: [user.username]`";
            let mut keys = Keys {
                node: &entry.value,
                file: self.file,
                report: self.report,
            };
            keys.missing("by", entry.key.span, help);
            return None;
        };
        let names = by.iter();
        let by: Vec<_> = names
            .map(|name| field_with_values(name, self.report))
            .collect();
        Some(Suppress {
            by: by.into_iter().collect::<Option<_>>()?,
            window: read.window?,
        })
    }

    /// The `suppress` of a correlation: `by` names some of its groups, by default all.
    pub(crate) fn suppress_of_correlation(&mut self, groups: &[Name]) -> Option<Suppress<usize>> {
        let entry = self.entry("suppress")?;
        let read = self.suppress(entry)?;
        let names = groups.iter().map(|group| group.text.as_str());
        let mut by = Vec::new();
        for name in read.by.as_deref().unwrap_or(groups) {
            let found = groups.iter().position(|group| group.text == name.text);
            if found.is_none() {
                let message = format!("{} is not among `group-by`", quoted(&name.text));
                let known: Vec<&str> = names.clone().collect();
                let help = self.report.did_you_mean(&name.text, names.clone());
                let help = help.or_else(|| {
                    (!known.is_empty()).then(|| format!("it holds {}", listed(&known)))
                });
                self.report
                    .add_with_help(Code::UnknownGroup, name.span, message, help);
            }
            by.push(found);
        }
        let by: Option<Vec<usize>> = by.into_iter().collect();
        let mut by = by?;
        by.sort_unstable();
        by.dedup();
        Some(Suppress {
            by,
            window: read.window?,
        })
    }

    fn suppress(&mut self, entry: &'a Entry) -> Option<Read> {
        if entry.value.map().is_none() {
            self.wrong_type(entry, "a map of `by` and `for`");
            return None;
        }
        let mut keys = Keys {
            node: &entry.value,
            file: self.file,
            report: self.report,
        };
        keys.check(&keys::SUPPRESS.names());
        let by = keys.names("by", "a list of fields");
        let window = keys.scalar("for");
        if window.is_none() && keys.entry("for").is_none() {
            let help = "say for how long: `for: 15m`";
            keys.missing("for", entry.key.span, help);
        }
        Some(Read {
            by,
            window: window.and_then(|window| timespan::read(window, keys.report)),
        })
    }

    /// A list of names, or one name; `None` when the key is not there. What is no name was reported.
    pub(crate) fn names(&mut self, key: &str, expected: &str) -> Option<Vec<Name>> {
        let entry = self.entry(key)?;
        let items: &[Node] = match &entry.value.kind {
            Kind::List(items) => items,
            Kind::Scalar(scalar) if !scalar.is_null() => std::slice::from_ref(&entry.value),
            _ => {
                self.wrong_type(entry, expected);
                return Some(Vec::new());
            }
        };
        let mut names: Vec<Name> = Vec::new();
        for item in items {
            let Some(scalar) = item.scalar().filter(|scalar| !scalar.is_null()) else {
                if !item.is_refused() {
                    let message = format!(
                        "{} is {expected}, and this is {}",
                        quoted(key),
                        item.describe()
                    );
                    self.report.add(Code::WrongType, item.span, message);
                }
                continue;
            };
            if names.iter().any(|name| name.text == scalar.text) {
                let message = format!("{} stands twice in {}", quoted(&scalar.text), quoted(key));
                self.report.add(Code::DuplicateEntry, scalar.span, message);
                continue;
            }
            names.push(Name {
                text: scalar.text.clone(),
                span: scalar.span,
            });
        }
        Some(names)
    }
}
