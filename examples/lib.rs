//! What the example programs share: how they load rules, and how they look on a terminal.

#![forbid(unsafe_code)]

mod filters;
mod placed;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use anstyle::{AnsiColor, Color, Style};
use detect::{Day, Level, LoadReport, LoadedDocument, RuleSetBuilder};

pub use filters::FilterTotals;
pub use placed::{MAX_WARNINGS, NOT_EVALUATED, Placed};

/// The day, in UTC.
pub fn today() -> Day {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    Day::of_unix_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// Adds rule files and directories.
pub fn add_rules(builder: RuleSetBuilder, paths: &[PathBuf]) -> RuleSetBuilder {
    paths.iter().fold(builder, RuleSetBuilder::path)
}

/// Shows on standard error what became of the documents of a set: of all, or of those that are not evaluated.
///
/// # Errors
/// When standard error cannot be written.
pub fn show_documents(
    report: &LoadReport,
    wanted: impl Fn(&LoadedDocument) -> bool,
) -> io::Result<()> {
    let mut stderr = io::stderr();
    for document in report.documents().iter().filter(|found| wanted(found)) {
        writeln!(
            stderr,
            "note: {}",
            visible(&report.describe(document).to_string())
        )?;
    }
    for expiry in report.expiries() {
        writeln!(stderr, "note: {}", visible(&expiry.to_string()))?;
    }
    writeln!(stderr, "{report}")
}

/// Whether a file or directory of rules could not be read.
pub fn is_unreadable(report: &LoadReport) -> bool {
    let mut found = report.diagnostics().iter();
    found.any(|found| found.code() == "unreadable-file")
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

/// A number of things, in words: `1 rule`, `2 rules`.
pub fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
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
