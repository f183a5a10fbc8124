//! What the example programs share: how they look on a terminal.

#![forbid(unsafe_code)]

use anstyle::{AnsiColor, Color, Style};
use detect::Level;

/// The colour of a level.
pub fn level_style(level: Level) -> Style {
    let color = match level {
        Level::Critical => AnsiColor::BrightMagenta,
        Level::High => AnsiColor::BrightRed,
        Level::Medium => AnsiColor::Yellow,
        Level::Low => AnsiColor::Cyan,
        Level::Informational => AnsiColor::BrightBlack,
    };
    Style::new().bold().fg_color(Some(Color::Ansi(color)))
}

/// Text for a terminal: control characters escaped, so that a log cannot write to it, and those that turn the direction
/// of text, so that it reads as it is.
pub fn visible(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, c| {
            if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
                out.extend(c.escape_default());
            } else {
                out.push(c);
            }
            out
        })
}
