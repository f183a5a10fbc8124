//! What the example programs share: how they load rules, and how they look on a terminal.

#![forbid(unsafe_code)]

mod filters;
mod placed;
mod uncounted;

use std::fmt::Display;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anstyle::{AnsiColor, Color, Style};
use detect::{
    Day, DocumentStatus, Expiry, Level, LoadReport, LoadedDocument, PassedOver, RuleSetBuilder,
};

pub use filters::FilterTotals;
pub use placed::{MAX_WARNINGS, NOT_EVALUATED, Placed};
pub use uncounted::Uncounted;

/// The day, in UTC.
pub fn today() -> Day {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    Day::of_unix_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// Longest rule file on standard input, in bytes.
const MAX_RULE_BYTES: u64 = 1 << 20;

/// Adds rule files and directories; `-` is a rule file on standard input.
///
/// # Errors
/// When standard input cannot be read, or is no UTF-8.
pub fn add_rules(mut builder: RuleSetBuilder, paths: &[PathBuf]) -> io::Result<RuleSetBuilder> {
    for path in paths {
        builder = if path == Path::new("-") {
            let mut text = String::new();
            // One byte more, so that the compiler sees what is too large.
            let stdin = io::stdin().lock();
            let read = stdin.take(MAX_RULE_BYTES + 1).read_to_string(&mut text);
            read.map_err(|error| io::Error::other(format!("cannot read standard input: {error}")))?;
            builder.text("standard input", text)
        } else {
            builder.path(path)
        };
    }
    Ok(builder)
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
    let mut filtered = Vec::new();
    for document in report.documents().iter().filter(|found| wanted(found)) {
        writeln!(
            stderr,
            "note: {}",
            visible(&report.describe(document).to_string())
        )?;
        if document.status() == DocumentStatus::Filtered {
            filtered.extend(document.name());
        }
    }
    for passed in report.passed_over() {
        let severity = match passed {
            PassedOver::EmptyDirectory(_) => "error",
            _ => "note",
        };
        writeln!(stderr, "{severity}: {}", visible(&passed.to_string()))?;
    }
    // That a filter has expired is also why its document is filtered.
    let is_told = |expiry: &Expiry| expiry.days_left < 0 && filtered.contains(&&*expiry.filter);
    for expiry in report.expiries().iter().filter(|found| !is_told(found)) {
        writeln!(stderr, "note: {}", visible(&expiry.to_string()))?;
    }
    writeln!(stderr, "{report}")
}

/// Whether a file or directory of rules could not be read, or there is nothing in it: the wrong one, as likely as not.
pub fn is_unreadable(report: &LoadReport) -> bool {
    let is_empty = |passed: &PassedOver| matches!(passed, PassedOver::EmptyDirectory(_));
    let mut found = report.diagnostics().iter();
    found.any(|found| found.code() == "unreadable-file")
        || report.passed_over().iter().any(is_empty)
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
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(n: N, what: &str) -> String {
    format!("{n} {what}{}", if n == N::from(1) { "" } else { "s" })
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
