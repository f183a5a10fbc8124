//! Numbers of rules and events, compared without loss.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A number without loss: an integer where the text is one, else a float.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer.
    Int(i128),
    /// Anything else that reads as a JSON number; past the range of a double it is infinity.
    Float(f64),
}

impl Number {
    /// Reads a number as JSON writes it; `1e999` is infinity.
    ///
    /// # Examples
    /// ```
    /// use rule_lang::Number;
    ///
    /// assert_eq!(Number::parse("401"), Some(Number::Int(401)));
    /// assert_eq!(Number::parse("7.5"), Some(Number::Float(7.5)));
    /// assert_eq!(Number::parse("007"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let whole = digits(unsigned);
        if whole == 0 || (whole > 1 && unsigned.starts_with('0')) {
            return None;
        }
        let mut rest = unsigned.get(whole..)?;
        if rest.is_empty()
            && let Ok(int) = text.parse()
        {
            return Some(Self::Int(int));
        }
        if let Some(fraction) = rest.strip_prefix('.') {
            let n_digits = digits(fraction);
            if n_digits == 0 {
                return None;
            }
            rest = fraction.get(n_digits..)?;
        }
        if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let n_digits = digits(exponent);
            if n_digits == 0 {
                return None;
            }
            rest = exponent.get(n_digits..)?;
        }
        if rest.is_empty() {
            text.parse().ok().map(Self::Float)
        } else {
            None
        }
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Int(int) => int.hash(state),
            // Both zeros are equal.
            Self::Float(float) => (float + 0.0).to_bits().hash(state),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(int) => int.fmt(f),
            // Keeps the point, so that it does not look like an integer.
            Self::Float(float) => write!(f, "{float:?}"),
        }
    }
}

/// Orders two numbers, exactly also between an integer and a float; `None` only for what is not a number.
///
/// # Examples
/// ```
/// use std::cmp::Ordering;
/// use rule_lang::{Number, compare};
///
/// assert_eq!(compare(Number::Int(100), Number::Float(1e2)), Some(Ordering::Equal));
/// // As floats the two would be equal.
/// let next = Number::Int((1 << 53) + 1);
/// assert_eq!(compare(next, Number::Float(9_007_199_254_740_992.0)), Some(Ordering::Greater));
/// ```
pub fn compare(left: Number, right: Number) -> Option<Ordering> {
    match (left, right) {
        (Number::Int(left), Number::Int(right)) => Some(left.cmp(&right)),
        (Number::Float(left), Number::Float(right)) => left.partial_cmp(&right),
        (Number::Int(left), Number::Float(right)) => compare_mixed(left, right),
        (Number::Float(left), Number::Int(right)) => {
            compare_mixed(right, left).map(Ordering::reverse)
        }
    }
}

fn compare_mixed(int: i128, float: f64) -> Option<Ordering> {
    /// 2^127: one past the largest `i128`, exact as a float.
    const BOUND: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    if float.is_nan() {
        return None;
    }
    if float >= BOUND {
        return Some(Ordering::Less);
    }
    if float < -BOUND {
        return Some(Ordering::Greater);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the value is whole and within the range of the type"
    )]
    let whole = float.trunc() as i128;
    Some(int.cmp(&whole).then_with(|| {
        // The whole parts are equal: the fraction decides.
        0.0_f64
            .partial_cmp(&float.fract())
            .unwrap_or(Ordering::Equal)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_json_numbers_only() {
        for (text, expected) in [
            ("0", Some(Number::Int(0))),
            ("-0", Some(Number::Int(0))),
            ("18446744073709551616", Some(Number::Int(1 << 64))),
            ("1.0", Some(Number::Float(1.0))),
            ("-1.5e3", Some(Number::Float(-1500.0))),
            ("1e999", Some(Number::Float(f64::INFINITY))),
            ("1E+2", Some(Number::Float(100.0))),
        ] {
            assert_eq!(Number::parse(text), expected, "{text}");
        }
        let long = "9".repeat(60);
        assert!(matches!(Number::parse(&long), Some(Number::Float(_))));
        for text in [
            "", "-", "+1", "01", ".5", "1.", "1e", "1e+", "0x1", "1_000", " 1", "1 ", "NaN", "inf",
            "١",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn compares_without_loss() {
        let max = i128::MAX;
        for (int, float, expected) in [
            (5, 7.5, Ordering::Less),
            (8, 7.5, Ordering::Greater),
            (-7, -7.5, Ordering::Greater),
            (7, 7.0, Ordering::Equal),
            (max, f64::INFINITY, Ordering::Less),
            (max, 1.701_411_834_604_692_3e38, Ordering::Less),
            (i128::MIN, -1.701_411_834_604_692_3e38, Ordering::Equal),
            (i128::MIN, f64::NEG_INFINITY, Ordering::Greater),
        ] {
            let (int, float) = (Number::Int(int), Number::Float(float));
            assert_eq!(compare(int, float), Some(expected), "{int} {float}");
            assert_eq!(compare(float, int), Some(expected.reverse()));
        }
        assert_eq!(compare(Number::Int(0), Number::Float(f64::NAN)), None);
    }
}
