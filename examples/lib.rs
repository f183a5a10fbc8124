//! What the example programs share: how they load rules, and how they look on a terminal.

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use anstyle::{AnsiColor, Color, Style};
use detect::{Level, RuleSetBuilder};

/// Adds rule files and directories; `None` when one cannot be read, after standard error has said which.
///
/// # Errors
/// When standard error cannot be written.
pub fn add_rules(
    mut builder: RuleSetBuilder,
    paths: &[PathBuf],
) -> io::Result<Option<RuleSetBuilder>> {
    for path in paths {
        builder = match builder.path(path) {
            Ok(builder) => builder,
            Err(error) => {
                let cause = std::error::Error::source(&error)
                    .map_or_else(String::new, |cause| format!(": {cause}"));
                writeln!(io::stderr(), "error: {error}{cause}")?;
                return Ok(None);
            }
        };
    }
    Ok(Some(builder))
}

/// Whether diagnostics on standard error are drawn in colour.
pub fn colors_stderr() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

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
