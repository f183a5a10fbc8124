//! Compiles rules, shows every diagnostic, and runs the tests that the rules carry.
//!
//! ```text
//! cargo run --example check -- PATH...
//! cargo run --example check -- --format-rules [--dry-run] PATH...
//! ```

mod format_rules;

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use detect::rule_lang::{SourceId, render};
use detect::{RuleSet, Severity, testing};
use kubesift_examples::{add_rules, colors_stderr};

/// Check detection rules.
///
/// Compiles every rule file, prints what is wrong with it, and runs the tests in it. The shipped rules, filters and
/// placeholder lists are in scope: filters may name them, tests are run with them. Exits with 1 when something is wrong, with 2 when a file cannot be read.
#[derive(Debug, Parser)]
#[command(name = "check", version)]
struct Options {
    /// Rule files and directories
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Compile and run the tests of the given files alone, without the shipped rules, filters and placeholder lists
    #[arg(long)]
    no_shipped: bool,
    /// Write the files in the layout of all rules, and do nothing else; prints which have changed
    #[arg(long)]
    format_rules: bool,
    /// With --format-rules: write nothing, and exit with 1 when a file would change
    #[arg(long, requires = "format_rules")]
    dry_run: bool,
}

fn main() -> ExitCode {
    match check(&Options::parse()) {
        Ok(code) => code,
        Err(error) => {
            // With standard error gone there is nobody left to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

fn check(options: &Options) -> io::Result<ExitCode> {
    if options.format_rules {
        return format_rules::run(&options.paths, options.dry_run, colors_stderr());
    }
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let Some(mut builder) = add_rules(RuleSet::builder(), &options.paths)? else {
        return Ok(ExitCode::from(2));
    };
    // The shipped files come after, so that what was given keeps its name when it is one of them.
    let n_given = builder.n_files();
    if !options.no_shipped {
        builder = builder.shipped();
    }
    let (rules, report) = builder.load();
    let given = |source: SourceId| source.index() < n_given;

    let color = colors_stderr();
    let diagnostics: Vec<_> = report
        .diagnostics()
        .iter()
        .filter(|found| given(found.source()))
        .collect();
    for diagnostic in &diagnostics {
        writeln!(stderr, "{}", render(diagnostic, report.sources(), color))?;
    }
    for inactive in report.inactive() {
        writeln!(
            stderr,
            "note: rule `{}` is inactive: {}",
            inactive.rule, inactive.reason
        )?;
    }

    let tests = testing::run(&rules, |rule| given(rule.source()));
    for failure in tests.failures() {
        let place = report.sources().line_column(failure.source, failure.span);
        let file = report.sources().name(failure.source);
        writeln!(
            stdout,
            "FAILED {file}:{}: {}: `{}`",
            place.line, failure.rule, failure.test
        )?;
        writeln!(stdout, "       {}", failure.reason)?;
    }
    let coverage = tests.coverage();
    let with = |count: fn(&testing::Coverage) -> usize| {
        coverage.iter().filter(|rule| count(rule) > 0).count()
    };
    writeln!(
        stdout,
        "{} rules: {} with a hit, {} with a near miss, {} with an evasion",
        coverage.len(),
        with(|rule| rule.n_hits),
        with(|rule| rule.n_near_misses),
        with(|rule| rule.n_evasions),
    )?;
    let untested: HashSet<&str> = coverage
        .iter()
        .filter(|rule| rule.n_hits + rule.n_evasions == 0)
        .map(|rule| rule.rule.as_str())
        .collect();
    if !untested.is_empty() {
        let names: Vec<&str> = rules
            .rules()
            .map(detect::Rule::name)
            .filter(|name| untested.contains(name))
            .collect();
        writeln!(stdout, "without a test that matches: {}", names.join(", "))?;
    }
    let n_errors = diagnostics
        .iter()
        .filter(|found| found.severity() == Severity::Error)
        .count();
    let n_warnings = diagnostics.len() - n_errors;
    writeln!(stdout, "{n_errors} errors, {n_warnings} warnings")?;
    let n_failed = tests.failures().len();
    writeln!(
        stdout,
        "tests: {} passed, {n_failed} failed",
        tests.n_tests() - n_failed
    )?;
    Ok(if n_errors + n_failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
