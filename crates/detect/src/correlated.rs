//! What is known of the events behind a correlation.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::correlate::fired::Fired;
use crate::correlate::time::Time;

/// The events behind a [`Hit`](crate::Hit) of a correlation, or behind a summary.
#[derive(Clone, Copy, Debug)]
pub struct Correlated<'h> {
    pub(crate) fired: &'h Fired,
}

impl<'h> Correlated<'h> {
    /// Identifies the detection: 32 hexadecimal digits made from its rule, its group, the begin of its window and its
    /// source, so that it is the same wherever the same events are seen. A summary has the id of what it sums up.
    pub fn id(&self) -> String {
        let [first, second] = self.fired.id;
        format!("{first:016x}{second:016x}")
    }

    /// Whether it sums up what followed a detection that was told before.
    pub fn is_summary(&self) -> bool {
        self.fired.summary
    }

    /// How many events there were; of a summary those of the detection among them. Where [`Correlated::error`] is
    /// something, an estimate.
    pub fn count(&self) -> u64 {
        self.fired.count
    }

    /// The number that the condition is about: a count, a sum, a mean or a percentile.
    pub fn value(&self) -> Option<f64> {
        self.fired.value
    }

    /// The standard error of the number, and of the count, as a part of it, when they are estimates: more than 1024
    /// distinct values are not remembered one by one. A message says so too: `about 5012 (±2.3 %)`.
    pub fn error(&self) -> Option<f64> {
        self.fired.error
    }

    /// The values of `group-by`, in its order, then of `new_value` the value that is new; of a summary every one that was
    /// new, up to 16. Credentials are masked.
    pub fn group(&self) -> impl Iterator<Item = (&'h str, &'h str)> + use<'h> {
        self.fired
            .shown
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Where the window begins: at its first event.
    pub fn start(&self) -> SystemTime {
        clock(self.fired.start)
    }

    /// Where the window ends: at the event that made the condition hold; of a summary where it closed.
    pub fn end(&self) -> SystemTime {
        clock(self.fired.end)
    }

    /// When the first of the events was.
    pub fn first(&self) -> SystemTime {
        clock(self.fired.first)
    }

    /// When the last of the events was.
    pub fn last(&self) -> SystemTime {
        clock(self.fired.last)
    }

    /// The `auditID`s of the first of the events, by time; 16 at most. [`Correlated::n_events`] says how many there are.
    pub fn audit_ids(&self) -> impl Iterator<Item = String> + use<'h> {
        self.fired.ids.shown.iter().map(ToString::to_string)
    }

    /// How many events are behind it; those behind the detections that it is made of, if it is made of such.
    pub fn n_events(&self) -> u64 {
        self.fired.ids.total
    }

    /// The names of the rules and correlations that matched.
    pub fn rules(&self) -> impl Iterator<Item = &'h str> + use<'h> {
        self.fired.rules.iter().map(String::as_str)
    }
}

/// A time as the clock has it.
pub(crate) fn clock(time: Time) -> SystemTime {
    let span = Duration::from_micros(time.unsigned_abs());
    let found = if time < 0 {
        UNIX_EPOCH.checked_sub(span)
    } else {
        UNIX_EPOCH.checked_add(span)
    };
    found.unwrap_or(UNIX_EPOCH)
}
