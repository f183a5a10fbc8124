//! Parts of a date: what the modifiers `minute`, `hour`, `day`, `week`, `month` and `year` read.

use std::fmt;

use crate::timestamp::{Rest, Utc};

/// A part of a date, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimePart {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// The day of the month, 1 to 31.
    Day,
    /// The week of ISO 8601, 1 to 53: the first one of a year holds its first Thursday.
    Week,
    /// 1 to 12.
    Month,
    /// The year of the calendar, which in the days around New Year may differ from that of the week.
    Year,
}

impl TimePart {
    /// The modifier.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The least and the largest number that the part can be.
    pub(crate) fn range(self) -> (i64, i64) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::Day => (1, 31),
            Self::Week => (1, 53),
            Self::Month => (1, 12),
            // An offset can carry the first and the last year of four digits over their ends.
            Self::Year => (-1, 10_000),
        }
    }

    /// The part of a date written as RFC 3339 has it, with up to nine digits of a second's fraction; `None` for
    /// anything else. Nothing is allocated.
    ///
    /// # Examples
    /// ```
    /// use rule_lang::TimePart;
    ///
    /// // Half past midnight in Berlin is still the day before in UTC.
    /// assert_eq!(TimePart::Hour.of("2026-11-22T00:30:00+01:00"), Some(23));
    /// assert_eq!(TimePart::Day.of("2026-11-22T00:30:00+01:00"), Some(21));
    /// assert_eq!(TimePart::Week.of("2027-01-01T12:00:00.000001Z"), Some(53));
    /// assert_eq!(TimePart::Year.of("yesterday"), None);
    /// ```
    pub fn of(self, text: &str) -> Option<i64> {
        let Utc { days, minutes, .. } = Utc::parse(text)?;
        Some(match self {
            Self::Minute => minutes % 60,
            Self::Hour => minutes / 60,
            Self::Day => date(days).2,
            Self::Week => week(days),
            Self::Month => date(days).1,
            Self::Year => date(days).0,
        })
    }
}

impl fmt::Display for TimePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a text is a day, `2026-11-21`.
pub(crate) fn is_day(text: &str) -> bool {
    days_of(text).is_some()
}

/// Days from 1970-01-01 to a day, `2026-11-21`.
pub(crate) fn days_of(text: &str) -> Option<i64> {
    let mut rest = Rest(text.as_bytes());
    let days = rest.day()?;
    rest.0.is_empty().then_some(days)
}

/// Days from 1970-01-01 to a time as RFC 3339 has it.
pub(crate) fn utc_days(text: &str) -> Option<i64> {
    Utc::parse(text).map(|utc| utc.days)
}

/// Days in 400 years.
const ERA: i64 = 146_097;

/// Days since 1970-01-01. Years are counted from March here, so that the leap day is the last one.
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    era * ERA + day_of_era - 719_468
}

/// Year, month and day of a day since 1970-01-01.
pub(crate) fn date(days: i64) -> (i64, i64, i64) {
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
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The week of ISO 8601: that of the Thursday between Monday and Sunday.
fn week(days: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    let from_monday = (days + 3).rem_euclid(7);
    let thursday = days - from_monday + 3;
    let (year, ..) = date(thursday);
    (thursday - self::days(year, 1, 1)) / 7 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part() {
        use TimePart::{Day, Hour, Minute, Month, Week, Year};
        let parts = [Year, Month, Week, Day, Hour, Minute];
        for (text, expected) in [
            ("2026-11-21T23:59:33Z", [2026, 11, 47, 21, 23, 59]),
            ("2026-11-21T23:59:33.123456Z", [2026, 11, 47, 21, 23, 59]),
            (
                "2026-11-21T23:59:33.123456789+00:00",
                [2026, 11, 47, 21, 23, 59],
            ),
            ("2026-11-21T23:59:33-00:01", [2026, 11, 47, 22, 0, 0]),
            ("2024-02-29t12:00:00z", [2024, 2, 9, 29, 12, 0]),
            ("2024-03-01 00:00:00+14:00", [2024, 2, 9, 29, 10, 0]),
            ("2016-12-31T23:59:60Z", [2016, 12, 52, 31, 23, 59]),
            ("1969-12-31T00:00:00Z", [1969, 12, 1, 31, 0, 0]),
            // The days around New Year may belong to a week of the other year.
            ("2020-12-31T00:00:00Z", [2020, 12, 53, 31, 0, 0]),
            ("2021-01-03T00:00:00Z", [2021, 1, 53, 3, 0, 0]),
            ("2021-01-04T00:00:00Z", [2021, 1, 1, 4, 0, 0]),
            ("2024-12-30T00:00:00Z", [2024, 12, 1, 30, 0, 0]),
            ("0000-01-01T00:00:00+01:00", [-1, 12, 52, 31, 23, 0]),
            ("9999-12-31T23:30:00-01:00", [10_000, 1, 52, 1, 0, 30]),
        ] {
            let found = parts.map(|part| part.of(text).unwrap());
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_date() {
        for text in [
            "",
            "2026-11-21",
            "2026-11-21T23:59Z",
            "2026-11-21T23:59:33",
            "2026-11-21T23:59:33.Z",
            "2026-11-21T23:59:33.1234567890Z",
            "2026-11-21T23:59:33+0100",
            "2026-11-21T23:59:33+24:00",
            "2026-11-21T23:59:33Z ",
            "2026-11-21T24:00:00Z",
            "2026-11-21T23:60:00Z",
            "2026-11-21T23:59:61Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "+026-01-01T00:00:00Z",
            "1790000000",
        ] {
            assert_eq!(TimePart::Hour.of(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_comes_back() {
        let mut last = (0, 0, 0);
        for day in days(1899, 1, 1)..days(2101, 1, 1) {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), day);
            assert!((year, month, of_month) > last);
            last = (year, month, of_month);
            assert!((1..=53).contains(&week(day)));
        }
    }
}
