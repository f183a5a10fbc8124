//! Compiles rules into one file, which an agent loads in milliseconds instead of rule text.
//!
//! ```text
//! cargo run --release --example compile -- [OPTIONS] OUTPUT
//! ```

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use detect::{RuleSet, testing};
use kubesift_examples::{
    add_rules, colors_stderr, counted, is_unreadable, show_documents, visible,
};

/// Compile rules into one file.
///
/// Nothing is written when a rule does not compile or a test inside a rule fails: what an agent loads has been tested.
/// `evaluate --compiled` reads the file.
#[derive(Debug, Parser)]
#[command(name = "compile", version)]
struct Options {
    /// Where to write the compiled rules
    #[arg(value_name = "OUTPUT")]
    output: PathBuf,
    /// Rule file or directory, added to the shipped rules; repeatable
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Use only the rules given with --rules
    #[arg(long)]
    no_shipped: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            // With standard error gone there is nobody left to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether the file was written.
fn run(options: &Options) -> io::Result<bool> {
    let mut stderr = io::stderr();
    let mut builder = RuleSet::builder();
    if !options.no_shipped {
        builder = builder.shipped();
    }
    let (rules, report) = add_rules(builder, &options.rules)?.load();
    if !report.diagnostics().is_empty() {
        writeln!(stderr, "{}", report.render(colors_stderr()))?;
    }
    if report.has_errors() || is_unreadable(&report) {
        show_documents(&report, |_| false)?;
        return Ok(false);
    }
    let tests = testing::run(&rules, |_| true);
    if !tests.failures().is_empty() {
        writeln!(stderr, "{}", visible(&tests.to_string()))?;
        return Ok(false);
    }
    let bytes = rules.to_bytes();
    let path = visible(&options.output.display().to_string());
    if let Err(error) = std::fs::write(&options.output, &bytes) {
        writeln!(stderr, "error: cannot write `{path}`: {error}")?;
        return Ok(false);
    }
    let n_rules = counted(rules.rules().len(), "rule");
    let n_correlations = counted(rules.correlations().len(), "correlation");
    let n_bytes = bytes.len();
    writeln!(
        io::stdout(),
        "{n_rules} and {n_correlations} in {n_bytes} bytes: {path}"
    )?;
    Ok(true)
}
