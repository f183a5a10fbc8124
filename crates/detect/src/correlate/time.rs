//! Times of events: microseconds since 1970, as audit logs have them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rule_lang::Timestamp;

/// Microseconds since 1970-01-01 in UTC.
pub(crate) type Time = i64;

/// Reads a time as RFC 3339 has it.
pub(crate) fn parse(text: &str) -> Option<Time> {
    Timestamp::parse(text).map(Timestamp::micros)
}

/// Writes a time as API servers do: `2026-03-14T02:11:04.875148Z`.
pub(crate) fn format(time: Time) -> String {
    Timestamp::from_micros(time).to_string()
}

/// The clock's time; before 1970 it is that of 1970.
pub(crate) fn of_clock(now: SystemTime) -> Time {
    of_duration(now.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// A span of time.
pub(crate) fn of_duration(span: Duration) -> Time {
    Time::try_from(span.as_micros()).unwrap_or(Time::MAX)
}
