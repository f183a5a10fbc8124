//! What a correlation says when it holds, and when its window closes.

use std::fmt::Write as _;

use rule_lang::{CorrelationMessagePart, Level};

use crate::correlate::fact::{Ids, Key, KeyHasher, Tuple};
use crate::correlate::plan::Planned;
use crate::correlate::stream::Origin;
use crate::correlate::table::Owner;
use crate::correlate::time::{self, Time};

/// A detection of a correlation, or the summary of what followed one.
#[derive(Clone, Debug)]
pub(crate) struct Fired {
    pub(crate) owner: Owner,
    /// Whether it sums up what followed a detection that was told.
    pub(crate) summary: bool,
    pub(crate) id: Key,
    pub(crate) level: Level,
    pub(crate) origin: Origin,
    pub(crate) group: Tuple,
    /// The window: from its first event to when it held, of a summary to when it closed.
    pub(crate) start: Time,
    pub(crate) end: Time,
    pub(crate) first: Time,
    pub(crate) last: Time,
    pub(crate) count: u64,
    pub(crate) value: Option<f64>,
    pub(crate) error: Option<f64>,
    /// The values that are new: one, or of a summary several.
    pub(crate) novel: Vec<Tuple>,
    pub(crate) ids: Ids,
    /// What matched.
    pub(crate) rules: Vec<String>,
    pub(crate) message: String,
    /// The group as it is shown: name and value.
    pub(crate) shown: Vec<(String, String)>,
}

/// The id of a detection: the same wherever and whenever the same events are seen.
pub(crate) fn id(name: &str, origin: &Origin, group: &Tuple, start: Time) -> Key {
    let mut hasher = KeyHasher::stable();
    hasher.text(name);
    hasher.key(origin.key());
    hasher.text(&group.0);
    hasher.number(start.cast_unsigned());
    hasher.finish()
}

impl Fired {
    /// Fills in what is shown.
    pub(crate) fn tell(&mut self, planned: &Planned) {
        let names = planned.correlation.group_by().iter();
        let values = self
            .group
            .iter()
            .map(|value| value.unwrap_or("-").to_owned());
        self.shown = names.cloned().zip(values).collect();
        for novel in &self.novel {
            let values = novel.iter().map(|value| value.unwrap_or("-").to_owned());
            self.shown
                .extend(planned.correlation.fields().iter().cloned().zip(values));
        }
        let mut out = String::new();
        match planned.correlation.message() {
            Some(parts) => {
                for part in parts {
                    self.part(part, &mut out);
                }
            }
            None => out.push_str(planned.correlation.title()),
        }
        if self.summary {
            self.sum_up(&mut out);
        }
        self.message = out;
    }

    /// What a summary adds to a message.
    pub(crate) fn sum_up(&self, out: &mut String) {
        let events = if self.count == 1 { "event" } else { "events" };
        let (first, last) = (time::format(self.first), time::format(self.last));
        // Writing to a `String` cannot fail.
        let _ = write!(
            out,
            " (in all {} {events} from {first} to {last})",
            self.estimated(self.count)
        );
    }

    /// A count; where it is an estimate, with its error.
    fn estimated(&self, count: impl std::fmt::Display) -> String {
        match self.error {
            Some(error) => format!("about {count} (±{:.1} %)", 100.0 * error),
            None => count.to_string(),
        }
    }

    fn part(&self, part: &CorrelationMessagePart, out: &mut String) {
        match part {
            CorrelationMessagePart::Text(text) => out.push_str(text),
            CorrelationMessagePart::Group(at) => {
                out.push_str(self.group.get(*at).unwrap_or("-"));
            }
            CorrelationMessagePart::Count => {
                out.push_str(&self.estimated(self.count));
            }
            CorrelationMessagePart::Value => match (self.novel.as_slice(), self.value) {
                ([], Some(value)) => out.push_str(&self.estimated(value)),
                ([], None) => out.push('-'),
                (novel, _) => {
                    for (nth, tuple) in novel.iter().enumerate() {
                        out.push_str(if nth > 0 { "; " } else { "" });
                        for (at, value) in tuple.iter().enumerate() {
                            out.push_str(if at > 0 { ", " } else { "" });
                            out.push_str(value.unwrap_or("-"));
                        }
                    }
                }
            },
            CorrelationMessagePart::First => out.push_str(&time::format(self.first)),
            CorrelationMessagePart::Last => out.push_str(&time::format(self.last)),
            CorrelationMessagePart::Rules => out.push_str(&self.rules.join(", ")),
        }
    }
}
