//! A day of the calendar: until when a filter applies, and when an event was.

use std::fmt;
use std::str::FromStr;

use crate::time;

/// A day of the calendar, in UTC.
///
/// # Examples
/// ```
/// use rule_lang::Day;
///
/// let last: Day = "2026-11-21".parse()?;
/// // Half past midnight in Berlin is still the day before in UTC.
/// assert_eq!(Day::of_time("2026-11-22T00:30:00+01:00"), Some(last));
/// assert_eq!(Day::of_unix_seconds(1_795_391_999), "2026-11-22".parse()?);
/// assert_eq!(last.days_until("2026-12-01".parse()?), 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day {
    /// Since 1970-01-01.
    days: i64,
}

impl Day {
    /// The day of a time written as RFC 3339 has it; `None` for anything else. Nothing is allocated.
    pub fn of_time(text: &str) -> Option<Self> {
        time::utc_days(text).map(|days| Self { days })
    }

    /// The day of a time in seconds since 1970.
    pub fn of_unix_seconds(seconds: i64) -> Self {
        Self {
            days: seconds.div_euclid(24 * 60 * 60),
        }
    }

    /// Days from this one to a later one; negative when that one is earlier.
    pub fn days_until(self, later: Self) -> i64 {
        later.days - self.days
    }
}

impl FromStr for Day {
    type Err = ParseDayError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let days = time::days_of(text).ok_or(ParseDayError(()))?;
        Ok(Self { days })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = time::date(self.days);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A text that is no day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseDayError(());

impl fmt::Display for ParseDayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a day, which is written like `2030-12-31`")
    }
}

impl std::error::Error for ParseDayError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_come_back_as_text() {
        for text in ["0000-01-01", "1969-12-31", "2024-02-29", "9999-12-31"] {
            assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "2026-02-29",
            "2026-1-1",
            "2026-01-01T00:00:00Z",
            " 2026-01-01",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }
}
