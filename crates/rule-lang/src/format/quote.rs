//! Quotes: which text needs them.

use crate::lint::yaml::other_reading;
use crate::scalar::{Scalar, Style, in_quotes};
use crate::time;

/// Where a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Key,
    Value,
    /// The value of a key that Sigma has for days, which everybody writes without quotes.
    Day,
}

/// Writes a scalar on one line.
pub(super) fn write(scalar: &Scalar, role: Role, in_flow: bool) -> String {
    let text = scalar.text.as_str();
    let typed = role != Role::Key && (scalar.is_null() || scalar.describe() != "text");
    if typed {
        return if scalar.is_null() {
            "null".to_owned()
        } else {
            text.to_owned()
        };
    }
    let plain = Scalar {
        style: Style::Plain,
        ..scalar.clone()
    };
    // A key is text, whatever it looks like.
    let is_text = plain.describe() == "text";
    let is_day = role == Role::Day && time::is_day(text);
    let keeps = if scalar.style == Style::Plain {
        is_text && (is_day || other_reading(&plain).is_none()) && is_printable(text)
    } else {
        is_text && (is_day || reads_as_text(&plain)) && is_simple(text, role, in_flow)
    };
    if keeps {
        text.to_owned()
    } else if is_printable(text) {
        in_quotes(text)
    } else {
        double_quoted(text)
    }
}

/// Whether no reader of YAML takes the text for something else when it has no quotes. Stricter than the lint, which must
/// not find fault with what nobody reads another way.
fn reads_as_text(plain: &Scalar) -> bool {
    const WORDS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "true", "false"];
    let text = plain.text.as_str();
    let lower = text.to_ascii_lowercase();
    let like_a_number = text.bytes().all(|byte| {
        byte.is_ascii_hexdigit() || matches!(byte, b'.' | b'_' | b':' | b'+' | b'-' | b'x' | b'o')
    }) && lower
        .bytes()
        .next()
        .is_some_and(|first| first.is_ascii_digit() || matches!(first, b'.' | b'+' | b'-'));
    let like_a_time = text.get(..10).is_some_and(time::is_day);
    !WORDS.contains(&lower.as_str())
        && lower != "null"
        && (!like_a_number || is_uuid_like(text))
        && !like_a_time
        && other_reading(plain).is_none()
}

/// A UUID begins with a digit as often as not, and is a number to nobody.
fn is_uuid_like(text: &str) -> bool {
    text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4
}

/// Whether a text may stand without quotes: it begins like a word or a path, and has none of the characters that YAML,
/// or a regular expression, has a use for. A key has brackets of its own.
fn is_simple(text: &str, role: Role, in_flow: bool) -> bool {
    let begins = text.starts_with(|c: char| {
        c.is_alphanumeric() || matches!(c, '/' | '_') || c == '.' && text.len() > 1
    });
    let plain = |c: char| {
        c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | ':' | '=' | '+' | '*' | '@' | ';' | '~' | '%' | '$' | '(' | ')' | '<' | '>')
            || !in_flow && c == ','
            || !in_flow && role == Role::Key && matches!(c, '[' | ']')
            // Modifiers.
            || matches!(c, '|')
    };
    begins
        && text.chars().all(plain)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains("  ")
        && is_printable(text)
}

/// Whether single quotes can hold the text on one line.
fn is_printable(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control()
            // Line breaks to some readers, marks of direction, and what is no character.
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
    })
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c.encode_utf8(&mut [0; 4])) => out.push(c),
            c => {
                // None of them has more than four digits.
                out.push_str("\\u");
                let code = u32::from(c);
                let digits = [12, 8, 4, 0].map(|shift| code >> shift & 0xf);
                out.extend(
                    digits
                        .iter()
                        .filter_map(|digit| char::from_digit(*digit, 16)),
                );
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[track_caller]
    fn check(text: &str, style: Style, role: Role, in_flow: bool, expected: &str) {
        let scalar = Scalar {
            text: text.to_owned(),
            style,
            span: Span::default(),
        };
        assert_eq!(write(&scalar, role, in_flow), expected);
    }

    #[test]
    fn quotes_go_where_they_say_nothing() {
        for text in [
            "pods",
            "system:masters",
            "/api/v1/*",
            "a b",
            "x=1",
            "2miners.com",
            "10.0.0.0/8",
            "4f219cc2-a359-4c99-9f51-aa66dfdd9bac",
            "user.username|cased",
            "é",
        ] {
            for style in [Style::Plain, Style::SingleQuoted, Style::DoubleQuoted] {
                check(text, style, Role::Value, true, text);
            }
        }
        check("a, b", Style::SingleQuoted, Role::Value, false, "a, b");
        check("a, b", Style::SingleQuoted, Role::Value, true, "'a, b'");
        check("a[any]", Style::SingleQuoted, Role::Key, false, "a[any]");
        check("a[any]", Style::SingleQuoted, Role::Key, true, "'a[any]'");
    }

    #[test]
    fn quotes_stay_where_they_say_something() {
        for text in [
            "yes",
            "No",
            "y",
            "null",
            "~",
            "true",
            "7",
            "7.0",
            "010",
            "0x1f",
            "12:30:45",
            "1_000",
            ".",
            "",
            " x",
            "x ",
            "a: b",
            "a #b",
            "*x",
            "%x%",
            "- x",
            "? x",
            "x:",
            "[x]",
            "{x}",
            "a\\b",
            "^a$",
            "'x",
            "2026-11-21",
            "1.2.3",
            "!x",
            "&x",
            "|x",
            ">x",
            "@x",
            "`x",
            "::1",
            ".inf",
            ".NaN",
            "2026-11-21T10:00:00Z",
            "2026-11-21 10:00:00",
        ] {
            let quoted = format!("'{}'", text.replace('\'', "''"));
            for style in [Style::SingleQuoted, Style::DoubleQuoted] {
                check(text, style, Role::Value, false, &quoted);
            }
        }
        check(
            "a\nb\u{1}\"",
            Style::DoubleQuoted,
            Role::Value,
            false,
            "\"a\\nb\\u0001\\\"\"",
        );
        check(
            "\u{feff}",
            Style::SingleQuoted,
            Role::Value,
            false,
            "\"\\ufeff\"",
        );
    }

    #[test]
    fn words_that_are_read_in_several_ways_get_quotes() {
        for text in ["yes", "010", "12:30:45", "0x1f", ".inf"] {
            check(text, Style::Plain, Role::Value, false, &format!("'{text}'"));
        }
        check(
            "2026-11-21",
            Style::Plain,
            Role::Value,
            false,
            "'2026-11-21'",
        );
        check("2026-11-21", Style::Plain, Role::Day, false, "2026-11-21");
        check(
            "2026-11-21",
            Style::SingleQuoted,
            Role::Day,
            false,
            "2026-11-21",
        );
    }

    #[test]
    fn what_is_no_text_stays_so() {
        for text in ["true", "FALSE", "7", "-7.50", "1e3"] {
            check(text, Style::Plain, Role::Value, false, text);
            check(text, Style::Plain, Role::Key, false, &format!("'{text}'"));
        }
        for text in ["", "~", "Null"] {
            check(text, Style::Plain, Role::Value, false, "null");
        }
    }
}
