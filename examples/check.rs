//! Compiles rules, shows every diagnostic, and runs the tests of the rules.
//!
//! ```text
//! cargo run --example check -- [--coverage] PATH...
//! cargo run --example check -- [PATH...] --explain RULE EVENT
//! cargo run --example check -- - < RULE
//! cargo run --example check -- --format-rules [--dry-run] PATH...
//! ```

mod coverage;
mod explain;
mod format_rules;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use detect::rule_lang::{TestKind, render};
use detect::testing::Suite;
use detect::{Diagnostic, DocumentStatus, RuleSet, Severity};
use kubesift_examples::{
    add_rules, colors_stderr, counted, is_unreadable, show_documents, today, visible,
};

/// Check detection rules.
///
/// Compiles every rule file, prints what is wrong with it, and runs the tests in it and in the file `NAME.test.yaml` beside it. The shipped rules, filters and
/// placeholder lists are in scope: filters may name them, tests are run with them. Exits with 1 when something is wrong, with 2 when a file cannot be read.
#[derive(Debug, Parser)]
#[command(name = "check", version)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line, independent of the others"
)]
struct Options {
    /// Rule files and directories; `-` is one rule file on standard input
    #[arg(value_name = "PATH", required_unless_present = "explain")]
    paths: Vec<PathBuf>,
    /// Compile and run the tests of the given files alone, without the shipped rules, filters and placeholder lists
    #[arg(long)]
    no_shipped: bool,
    /// Show for each event of a log whether a rule (its name, its id or its file) matches it and why; `-` reads the log from standard input. An event
    /// may also be written as in tests, in YAML or JSON, without what is nearly always the same
    #[arg(long, value_names = ["RULE", "EVENT"], num_args = 2)]
    explain: Vec<PathBuf>,
    /// Show for each rule which kinds of test it has, and the least audit level that it needs, by resource
    #[arg(long)]
    coverage: bool,
    /// List every document with what became of it, the shipped ones too
    #[arg(long)]
    documents: bool,
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
    if let [rule, log] = options.explain.as_slice() {
        return explain::run(&options.paths, options.no_shipped, rule, log);
    }
    if options.format_rules {
        return format_rules::run(&options.paths, options.dry_run, colors_stderr());
    }
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let builder = add_rules(RuleSet::builder(), &options.paths)?.today(today());
    let mut suite = Suite::new(builder);
    if !options.no_shipped {
        suite = suite.with_shipped();
    }
    let suite = suite.run();
    let (report, tests) = (suite.load(), suite.tests());

    let color = colors_stderr();
    for diagnostic in suite.diagnostics() {
        writeln!(stderr, "{}", render(diagnostic, report.sources(), color))?;
    }
    show_documents(report, |found| {
        options.documents
            || suite.is_own(found.source()) && found.status() != DocumentStatus::Active
    })?;
    if is_unreadable(report) {
        return Ok(ExitCode::from(2));
    }

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
    if options.coverage {
        coverage::show(suite.rules(), coverage, &mut stdout)?;
    }
    let with = |kind| coverage.iter().filter(|rule| rule.count(kind) > 0).count();
    writeln!(
        stdout,
        "{}: {} with a hit, {} with a near miss, {} with an evasion",
        counted(coverage.len(), "rule"),
        with(TestKind::Hit),
        with(TestKind::NearMiss),
        with(TestKind::Evasion),
    )?;
    let untested = coverage
        .iter()
        .filter(|rule| rule.n_hits + rule.n_evasions == 0);
    let untested: Vec<String> = untested.map(|rule| visible(&rule.rule)).collect();
    if !untested.is_empty() {
        writeln!(
            stdout,
            "without a test that matches: {}",
            untested.join(", ")
        )?;
    }
    let is_error = |found: &&Diagnostic| found.severity() == Severity::Error;
    let n_errors = suite.diagnostics().filter(is_error).count();
    let n_warnings = suite.diagnostics().count() - n_errors;
    writeln!(
        stdout,
        "{}, {}",
        counted(n_errors, "error"),
        counted(n_warnings, "warning")
    )?;
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
