//! Text without quotes that readers of YAML read in several ways.

use crate::diagnostic::{Code, Report, quoted};
use crate::scalar::{Scalar, Style, in_quotes};
use crate::yaml::{Entry, Kind, Node};

/// Keys of a document whose values are days, which everybody writes without quotes.
const DAYS: &[&str] = &["date", "modified", "expires"];

/// Keys of a document whose values are text, whatever they look like.
const TEXTS: &[&str] = &[
    "title",
    "name",
    "description",
    "author",
    "license",
    "message",
];

/// Finds them in a document, keys and values.
pub(crate) fn ambiguous(document: &Node, report: &mut Report) {
    for entry in document.map().unwrap_or_default() {
        key(&entry.key, report);
        let name = entry.key.text.as_str();
        match entry.value.scalar() {
            Some(value) if DAYS.contains(&name) && crate::time::is_day(&value.text) => {}
            Some(value) if TEXTS.contains(&name) && !value.is_null() => {
                if let Some(what) = other_reading(value).or_else(|| typed(value)) {
                    text(value, what, report);
                }
            }
            _ => node(&entry.value, report),
        }
    }
}

/// Maps and lists in each other are no deeper than YAML may be.
fn node(found: &Node, report: &mut Report) {
    match &found.kind {
        Kind::Scalar(scalar) => value(scalar, report),
        Kind::List(items) => {
            for item in items.iter().take(super::LINTED_VALUES) {
                node(item, report);
            }
        }
        Kind::Map(entries) => {
            for Entry { key: name, value } in entries {
                if report.is_full() {
                    return;
                }
                key(name, report);
                node(value, report);
            }
        }
        Kind::Refused => {}
    }
}

fn value(scalar: &Scalar, report: &mut Report) {
    if let Some(what) = other_reading(scalar) {
        text(scalar, what, report);
    } else if scalar.number().is_some() && scalar.text.contains(['e', 'E']) {
        report
            .add(
                Code::AmbiguousYaml,
                scalar.span,
                format!(
                    "{} is a number here and text to other readers of YAML",
                    quoted(&scalar.text)
                ),
            )
            .set_help(format!(
                "write the number without an exponent, or text in quotes: {}",
                in_quotes(&scalar.text)
            ));
    } else if scalar.number().is_some()
        && let Some(shorter) = without_zeros(&scalar.text)
    {
        report
            .add(
                Code::AmbiguousYaml,
                scalar.span,
                format!(
                    "{} keeps its zeros here and is {} to other readers of YAML",
                    quoted(&scalar.text),
                    quoted(shorter)
                ),
            )
            .set_help(format!(
                "write {} for the number, or text in quotes: {}",
                quoted(shorter),
                in_quotes(&scalar.text)
            ));
    }
}

/// A number without the zeros at the end of its fraction, when it has some: a version, as likely as not.
fn without_zeros(number: &str) -> Option<&str> {
    let shorter = number.contains('.').then(|| number.trim_end_matches('0'))?;
    let shorter = shorter.strip_suffix('.').unwrap_or(shorter);
    (shorter.len() < number.len()).then_some(shorter)
}

/// A key is text, whatever it looks like.
fn key(scalar: &Scalar, report: &mut Report) {
    if let Some(what) = other_reading(scalar).or_else(|| typed(scalar)) {
        text(scalar, what, report);
    }
}

fn text(scalar: &Scalar, what: &str, report: &mut Report) {
    report
        .add(
            Code::AmbiguousYaml,
            scalar.span,
            format!(
                "{} is text here and {what} to other readers of YAML",
                quoted(&scalar.text)
            ),
        )
        .set_help(format!("write it in quotes: {}", in_quotes(&scalar.text)));
}

/// What every reader takes a text without quotes for, where it cannot be meant.
fn typed(scalar: &Scalar) -> Option<&'static str> {
    Some(scalar.describe()).filter(|what| *what != "text")
}

/// What another reader of YAML takes a text without quotes for.
pub(crate) fn other_reading(value: &Scalar) -> Option<&'static str> {
    if value.style != Style::Plain || value.number().is_some() || value.bool().is_some() {
        return None;
    }
    let text = value.text.to_ascii_lowercase();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if matches!(text.as_str(), "yes" | "no" | "on" | "off") {
        return Some("a boolean");
    }
    if matches!(unsigned, ".inf" | ".nan") || text.starts_with('+') && digits(unsigned) {
        return Some("a number");
    }
    let based = ["0x", "0o", "0b"]
        .into_iter()
        .find_map(|prefix| unsigned.strip_prefix(prefix));
    if based.is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'_')
    }) {
        return Some("a number");
    }
    if unsigned.starts_with('0') && digits(unsigned) {
        return Some("an octal number");
    }
    if unsigned.contains('_')
        && unsigned.starts_with(|c: char| c.is_ascii_digit())
        && digits(&unsigned.replace('_', ""))
    {
        return Some("a number");
    }
    let parts: Vec<&str> = unsigned.split(':').collect();
    if let [first, rest @ ..] = parts.as_slice()
        && !rest.is_empty()
        && digits(first)
        && rest
            .iter()
            .all(|part| part.len() <= 2 && digits(part) && part.parse::<u8>().is_ok_and(|n| n < 60))
    {
        return Some("a number of base 60");
    }
    if crate::time::is_day(&text) {
        return Some("a date");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn words_with_other_readings() {
        let reading = |text: &str, style| {
            other_reading(&Scalar {
                text: text.to_owned(),
                style,
                span: Span::default(),
            })
        };
        for text in [
            "yes",
            "No",
            "ON",
            "010",
            "0x1f",
            "0o17",
            "1_000",
            "12:30:45",
            "1:20",
            "+7",
            ".inf",
            "2026-11-21",
        ] {
            assert!(reading(text, Style::Plain).is_some(), "{text}");
            assert!(reading(text, Style::SingleQuoted).is_none(), "{text}");
        }
        for text in [
            "10",
            "-1.5",
            "true",
            "null",
            "a:b",
            "10.0.0.0/8",
            "12:30:75",
            "1:200",
            "fd00::1",
            "v1",
            "_",
            "0.1.2",
            "nope",
            "eks:a",
        ] {
            assert!(reading(text, Style::Plain).is_none(), "{text}");
        }
    }
}
