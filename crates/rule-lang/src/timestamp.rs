//! Points of time as RFC 3339 has them: the one place where the times of events are read.

use std::fmt;

use crate::time::{date, days};

/// Microseconds of a minute.
const MINUTE: i64 = 60_000_000;
/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// A point of time: microseconds since 1970-01-01 in UTC, which is how exact audit logs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    micros: i64,
}

impl Timestamp {
    /// Reads a time as RFC 3339 has it, with up to nine digits of a second's fraction, of which those below a microsecond
    /// are dropped. `None` for anything else, days that their month does not have among it. A leap second is the first
    /// second of the next minute. Nothing is allocated.
    ///
    /// # Examples
    /// ```
    /// use rule_lang::Timestamp;
    ///
    /// let one = Timestamp::parse("2026-03-14T02:11:04.875148Z").unwrap();
    /// let other = Timestamp::parse("2026-03-14T03:11:04.875149+01:00").unwrap();
    /// assert_eq!(other.micros() - one.micros(), 1);
    /// assert_eq!(Timestamp::parse("2026-02-30T00:00:00Z"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let utc = Utc::parse(text)?;
        let minutes = DAY * utc.days + utc.minutes;
        Some(Self {
            micros: MINUTE * minutes + utc.micros,
        })
    }

    /// So many microseconds after the beginning of 1970 in UTC.
    pub fn from_micros(micros: i64) -> Self {
        Self { micros }
    }

    /// Microseconds since the beginning of 1970 in UTC.
    pub fn micros(self) -> i64 {
        self.micros
    }
}

impl fmt::Display for Timestamp {
    /// As API servers write it: `2026-03-14T02:11:04.875148Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (minutes, micros) = (
            self.micros.div_euclid(MINUTE),
            self.micros.rem_euclid(MINUTE),
        );
        let (days, of_day) = (minutes.div_euclid(DAY), minutes.rem_euclid(DAY));
        let (year, month, day) = date(days);
        let (hour, minute) = (of_day / 60, of_day % 60);
        let (second, micros) = (micros / 1_000_000, micros % 1_000_000);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"
        )
    }
}

/// A point of time in parts.
pub(crate) struct Utc {
    /// Days since 1970-01-01.
    pub(crate) days: i64,
    /// Minutes of the day.
    pub(crate) minutes: i64,
    /// Microseconds of the minute, of which a leap second has more than others.
    micros: i64,
}

impl Utc {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rest = Rest(text.as_bytes());
        let days = rest.day()?;
        rest.byte(b"Tt ")?;
        let hour = rest.number(2)?;
        rest.byte(b":")?;
        let minute = rest.number(2)?;
        rest.byte(b":")?;
        let second = rest.number(2)?;
        let mut micros = 1_000_000 * second;
        if rest.byte(b".").is_some() {
            micros += rest.micros()?;
        }
        let offset = match rest.byte(b"Zz+-")? {
            sign @ (b'+' | b'-') => {
                let hours = rest.number(2)?;
                rest.byte(b":")?;
                let minutes = rest.number(2)?;
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let offset = 60 * hours + minutes;
                if sign == b'+' { offset } else { -offset }
            }
            _ => 0,
        };
        // A leap second is the 60th.
        if !rest.0.is_empty() || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let minutes = 60 * hour + minute - offset;
        Some(Self {
            days: days + minutes.div_euclid(DAY),
            minutes: minutes.rem_euclid(DAY),
            micros,
        })
    }
}

/// What is still to be read.
pub(crate) struct Rest<'t>(pub(crate) &'t [u8]);

impl Rest<'_> {
    /// One of some bytes.
    fn byte(&mut self, allowed: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        if !allowed.contains(first) {
            return None;
        }
        self.0 = rest;
        Some(*first)
    }

    /// A number of this many digits.
    fn number(&mut self, n_digits: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(n_digits)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| 10 * number + i64::from(digit - b'0'))
        })
    }

    /// A day, since 1970-01-01.
    pub(crate) fn day(&mut self) -> Option<i64> {
        let year = self.number(4)?;
        self.byte(b"-")?;
        let month = self.number(2)?;
        self.byte(b"-")?;
        let day = self.number(2)?;
        // The 28th is a day of every month; another one that the month does not have comes back as one of the next.
        let known = (1..=28).contains(&day) && (1..=12).contains(&month);
        let days = days(year, month, day);
        (known || date(days) == (year, month, day)).then_some(days)
    }

    /// One to nine digits of a fraction, as microseconds.
    fn micros(&mut self) -> Option<i64> {
        let n_digits = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        if !(1..=9).contains(&n_digits) {
            return None;
        }
        let micros = self.number(n_digits.min(6))?;
        self.0 = self.0.get(n_digits.saturating_sub(6)..)?;
        let missing = u32::try_from(6_usize.saturating_sub(n_digits)).ok()?;
        Some(micros * 10_i64.pow(missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back() {
        for text in [
            "2026-03-14T02:11:04.875148Z",
            "1969-12-31T23:59:59.999999Z",
            "2024-02-29T00:00:00.000000Z",
            "0000-01-01T00:00:00.000000Z",
            "9999-12-31T23:59:59.000001Z",
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn every_form_is_read() {
        let micros = |text| Timestamp::parse(text).map(Timestamp::micros);
        for (text, expected) in [
            ("1970-01-01T00:00:01Z", 1_000_000),
            ("1970-01-01T00:00:00.5Z", 500_000),
            ("1970-01-01T00:00:00.123456789Z", 123_456),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1969-12-31t23:00:00.000001-01:00", 1),
            ("1970-01-01T00:00:60Z", 60_000_000),
        ] {
            assert_eq!(micros(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "now",
            "1970-01-01",
            "1970-01-01T00:00:00",
            "1970-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-04-31T00:00:00Z",
        ] {
            assert_eq!(micros(text), None, "{text}");
        }
    }
}
