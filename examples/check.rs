//! Compiles rules, shows every diagnostic, and runs the tests that the rules carry.
//!
//! ```text
//! cargo run --example check -- PATH...
//! cargo run --example check -- [PATH...] --explain RULE EVENT
//! cargo run --example check -- --format-rules [--dry-run] PATH...
//! ```

mod format_rules;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use detect::rule_lang::{SourceId, render};
use detect::{DocumentStatus, LoadReport, Reader, Record, Rule, RuleSet, Severity, testing};
use kubesift_examples::{add_rules, colors_stderr, is_unreadable, show_documents, today, visible};

/// Check detection rules.
///
/// Compiles every rule file, prints what is wrong with it, and runs the tests in it. The shipped rules, filters and
/// placeholder lists are in scope: filters may name them, tests are run with them. Exits with 1 when something is wrong, with 2 when a file cannot be read.
#[derive(Debug, Parser)]
#[command(name = "check", version)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line, independent of the others"
)]
struct Options {
    /// Rule files and directories
    #[arg(value_name = "PATH", required_unless_present = "explain")]
    paths: Vec<PathBuf>,
    /// Compile and run the tests of the given files alone, without the shipped rules, filters and placeholder lists
    #[arg(long)]
    no_shipped: bool,
    /// Show for each event of a log whether a rule (its name, its id or its file) matches it and why; `-` reads the log from standard input
    #[arg(long, value_names = ["RULE", "EVENT"], num_args = 2)]
    explain: Vec<PathBuf>,
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
        return explain(options, rule, log);
    }
    if options.format_rules {
        return format_rules::run(&options.paths, options.dry_run, colors_stderr());
    }
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let mut builder = add_rules(RuleSet::builder(), &options.paths);
    // The shipped files come after, so that what was given keeps its name when it is one of them.
    let n_given = builder.n_files();
    if !options.no_shipped {
        builder = builder.shipped();
    }
    let (rules, report) = builder.today(today()).load();
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
    show_documents(&report, |found| {
        options.documents || given(found.source()) && found.status() != DocumentStatus::Active
    })?;
    if is_unreadable(&report) {
        return Ok(ExitCode::from(2));
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

/// Columns of an explanation.
const EXPLAIN_WIDTH: usize = 120;

/// Explains a rule, or every rule of a file, on the events of a log. Whether they match changes nothing about the exit code.
fn explain(options: &Options, wanted: &Path, log: &Path) -> io::Result<ExitCode> {
    let mut stderr = io::stderr();
    let mut paths = options.paths.clone();
    // A rule's name may be that of a directory too, so only a file is one.
    if wanted.is_file() {
        paths.push(wanted.to_owned());
    }
    let mut builder = add_rules(RuleSet::builder(), &paths);
    if !options.no_shipped {
        builder = builder.shipped();
    }
    let (rules, report) = builder.load();
    let Some(found) = find(&rules, &report, wanted) else {
        for diagnostic in report.diagnostics() {
            let color = colors_stderr();
            writeln!(stderr, "{}", render(diagnostic, report.sources(), color))?;
        }
        let name = wanted.display().to_string();
        let mut documents = report.documents().iter();
        match documents.find(|found| found.name() == Some(&name)) {
            Some(document) => {
                let described = report.describe(document).to_string();
                writeln!(stderr, "error: {}", visible(&described))?;
            }
            None => writeln!(
                stderr,
                "error: `{}` is neither the name, the id nor the file of a rule",
                visible(&name)
            )?,
        }
        return Ok(ExitCode::from(2));
    };
    let input: Box<dyn Read> = if log == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        match File::open(log) {
            Ok(file) => Box::new(file),
            Err(error) => return unreadable(log, &error.to_string()),
        }
    };
    let mut out = BufWriter::new(io::stdout());
    let mut explainer = rules.explainer();
    let mut reader = Reader::new(input);
    let mut n_events = 0;
    loop {
        match reader.next() {
            Ok(Some(Record::Event(event) | Record::Partial(event))) => {
                n_events += 1;
                for rule in &found {
                    let Some(explanation) = explainer.explain(rule, event.event()) else {
                        continue;
                    };
                    let place = visible(&log.display().to_string());
                    writeln!(out, "{place}:{}", event.line())?;
                    writeln!(out, "{}", explanation.render(EXPLAIN_WIDTH))?;
                }
            }
            Ok(Some(Record::Malformed(malformed))) => {
                out.flush()?;
                let (log, error) = (log.display().to_string(), malformed.error.to_string());
                let (log, error) = (visible(&log), visible(&error));
                writeln!(stderr, "warning: {log}:{}: {error}", malformed.line())?;
            }
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => {
                out.flush()?;
                return unreadable(log, &error.to_string());
            }
        }
    }
    out.flush()?;
    if n_events == 0 {
        return unreadable(log, "it holds no audit event");
    }
    Ok(ExitCode::SUCCESS)
}

/// The rules that a name, an id or a file stands for.
fn find<'r>(rules: &'r RuleSet, report: &LoadReport, wanted: &Path) -> Option<Vec<&'r Rule>> {
    let name = wanted.display().to_string();
    if let Some(rule) = rules.rule(&name) {
        return Some(vec![rule]);
    }
    let of_file = rules
        .rules()
        .filter(|rule| report.sources().name(rule.source()) == name);
    let found: Vec<_> = of_file.collect();
    (!found.is_empty()).then_some(found)
}

fn unreadable(log: &Path, why: &str) -> io::Result<ExitCode> {
    let (log, why) = (visible(&log.display().to_string()), visible(why));
    writeln!(io::stderr(), "error: cannot read `{log}`: {why}")?;
    Ok(ExitCode::from(2))
}
