//! Spans of time as rules write them: `30s`, `5m`, `12h`, `14d`.

use std::time::Duration;

use crate::diagnostic::{Code, Report, quoted};
use crate::limits;
use crate::scalar::Scalar;

/// Units and their seconds. A month is the 12th part of a year, a year that of the Gregorian calendar, as pySigma has
/// them.
const UNITS: [(&str, u64); 7] = [
    ("s", 1),
    ("m", 60),
    ("h", 3600),
    ("d", 86_400),
    ("w", 604_800),
    ("M", 2_629_746),
    ("y", 31_556_952),
];

/// Reads a span of time; `None` when it was reported.
pub(crate) fn read(scalar: &Scalar, report: &mut Report) -> Option<Duration> {
    let span = read_or_none(scalar, report)?;
    if span.is_zero() {
        report.add(
            Code::BadValue,
            scalar.span,
            format!("{} is no time at all", quoted(&scalar.text)),
        );
        return None;
    }
    Some(span)
}

/// Reads a span of time that may be none, such as `0s`; `None` when it was reported.
pub(crate) fn read_or_none(scalar: &Scalar, report: &mut Report) -> Option<Duration> {
    let text = scalar.text.as_str();
    let n_digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(n_digits);
    let unit = UNITS.iter().find(|(name, _)| *name == unit);
    // More digits are more than the limit in any unit.
    let number = number.get(..number.len().min(12))?.parse::<u64>().ok();
    let (Some(number), Some((_, seconds))) = (number, unit) else {
        let message = format!("{} is no span of time", quoted(text));
        report.add(Code::BadValue, scalar.span, message).set_help(
            "write a whole number and a unit: `30s`, `5m`, `12h`, `14d`, `2w`, `1M`, `1y`",
        );
        return None;
    };
    let seconds = number.saturating_mul(*seconds);
    let limit = limits::TIMESPAN_SECONDS;
    if seconds > limit {
        let message = format!("this is {seconds} seconds and the limit is {limit}");
        report.add(Code::BadValue, scalar.span, message);
        return None;
    }
    Some(Duration::from_secs(seconds))
}
