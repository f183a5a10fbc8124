//! Times of events: microseconds since 1970, as audit logs have them.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970-01-01 in UTC.
pub(crate) type Time = i64;

/// Reads a time as RFC 3339 has it; digits below a microsecond are dropped.
pub(crate) fn parse(text: &str) -> Option<Time> {
    let mut rest = Rest(text.as_bytes());
    let year = rest.number(4)?;
    rest.byte(b"-")?;
    let month = rest.number(2)?;
    rest.byte(b"-")?;
    let day = rest.number(2)?;
    rest.byte(b"Tt ")?;
    let hour = rest.number(2)?;
    rest.byte(b":")?;
    let minute = rest.number(2)?;
    rest.byte(b":")?;
    let second = rest.number(2)?;
    let micros = if rest.byte(b".").is_some() {
        rest.micros()?
    } else {
        0
    };
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
    // A leap second is the 60th, and here the first of the next minute.
    let is_time = hour <= 23 && minute <= 59 && second <= 60;
    if !rest.0.is_empty() || !is_time || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let minutes = 24 * 60 * days(year, month, day) + 60 * hour + minute - offset;
    Some((60 * minutes + second) * 1_000_000 + micros)
}

/// Writes a time as API servers do: `2026-03-14T02:11:04.875148Z`.
pub(crate) fn format(time: Time) -> String {
    let (days, of_day) = (time.div_euclid(DAY), time.rem_euclid(DAY));
    let (year, month, day) = date(days);
    let (seconds, micros) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut out = String::with_capacity(27);
    // Writing to a `String` cannot fail.
    let _ = write!(
        out,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"
    );
    out
}

/// The clock's time; before 1970 it is that of 1970.
pub(crate) fn of_clock(now: SystemTime) -> Time {
    of_duration(now.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// A span of time.
pub(crate) fn of_duration(span: Duration) -> Time {
    Time::try_from(span.as_micros()).unwrap_or(Time::MAX)
}

/// Microseconds of a day.
const DAY: Time = 86_400_000_000;
/// Days in 400 years.
const ERA: i64 = 146_097;

/// Days since 1970-01-01. Years are counted from March, so that the leap day is the last one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    era * ERA + day_of_era - 719_468
}

/// Year, month and day of a day since 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// What is still to be read.
struct Rest<'t>(&'t [u8]);

impl Rest<'_> {
    fn byte(&mut self, allowed: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        if !allowed.contains(first) {
            return None;
        }
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self, n_digits: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(n_digits)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| 10 * number + i64::from(digit - b'0'))
        })
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
            assert_eq!(format(parse(text).unwrap()), text);
        }
        assert_eq!(parse("1970-01-01T00:00:01Z"), Some(1_000_000));
        assert_eq!(parse("1970-01-01T00:00:00.5Z"), Some(500_000));
        assert_eq!(parse("1970-01-01T00:00:00.123456789Z"), Some(123_456));
        assert_eq!(parse("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(parse("1970-01-01T00:00:60Z"), parse("1970-01-01T00:01:00Z"));
        for text in [
            "",
            "1970-01-01",
            "1970-01-01T00:00:00",
            "1970-13-01T00:00:00Z",
            "now",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
