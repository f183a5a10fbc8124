//! Finds the attacks in audit logs and says why.
//!
//! ```text
//! cargo run --release --example evaluate -- [OPTIONS] [FILE|-]...
//! ```

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anstream::AutoStream;
use anstyle::Style;
use clap::{Parser, ValueEnum};
use detect::audit_model::EventRecord;
use detect::{
    Correlator, Detector, Explainer, Hit, Level, ReadError, Record, RuleSet, Scanner, Verdict,
};
use kubesift_examples::{MAX_WARNINGS, NOT_EVALUATED, Placed, counted, level_style, visible};

use crate::counters::Stats;
use crate::inputs::{Input, Inputs, open};
use crate::loading::load;

mod baseline;
mod counters;
mod hit;
mod inputs;
mod loading;

/// Columns of the tree of `--explain`.
const EXPLAIN_WIDTH: usize = 116;
/// What stands in the place of a file name when the sample is evaluated.
const SAMPLE_NAME: &str = "sample.jsonl";

/// Find attacks in Kubernetes audit logs.
///
/// Reads audit logs (JSON lines, arrays, event lists, gzip) and prints a detection for every rule that matches. With no
/// FILE it evaluates a small sample log that comes with it.
#[derive(Debug, Parser)]
#[command(name = "evaluate", version)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
struct Options {
    /// Log files; `-` is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Rule file or directory, added to the shipped rules; repeatable
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Use only the rules given with --rules
    #[arg(long)]
    no_shipped: bool,
    /// Use the rules that `compile` has written to this file, and no others
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rules", "no_shipped", "only", "documents"])]
    compiled: Option<PathBuf>,
    /// Only rules with this name or tag; repeatable
    #[arg(long, value_name = "NAME|TAG")]
    only: Vec<String>,
    /// List every rule, filter and other document with what became of it
    #[arg(long)]
    documents: bool,
    /// Leave out detections below this level
    #[arg(long, value_name = "LEVEL", default_value = "informational")]
    min_level: Level,
    /// Text for a person, or JSON with one detection a line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Show the part of each rule that made it match, with the values that it found
    #[arg(long)]
    explain: bool,
    /// What first-seen correlations know already, as `--update-baseline` wrote it: nothing has to be learnt again
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write to the file of `--baseline` at the end what is known then; it need not be there before
    #[arg(long, requires = "baseline")]
    update_baseline: bool,
    /// Show the hits that filters took away too
    #[arg(long)]
    suppressed: bool,
    /// Warn of events that break the grammar of JSON anywhere, as bodies of patches may; they are evaluated all the same
    #[arg(long)]
    strict: bool,
    /// Print counters as one JSON object on standard error at the end
    #[arg(long)]
    stats: bool,
    /// Exit with 1 when a detection is at least this severe
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<Level>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match Evaluation::run(&options) {
        Ok(code) => code,
        // Whoever reads the output has seen enough: `evaluate … | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone there is nobody left to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

/// One run over all files.
struct Evaluation<'o> {
    options: &'o Options,
    rules: RuleSet,
    explainer: Explainer,
    /// Why the first rule was not evaluated on an event.
    gap: Option<String>,
    out: AutoStream<Box<dyn Write>>,
    stats: Stats,
    /// Detections by level, most severe first, then by rule.
    summary: BTreeMap<(std::cmp::Reverse<Level>, String), u64>,
    /// Whether a detection reached the level of `--fail-on`.
    failed: bool,
}

impl<'o> Evaluation<'o> {
    fn run(options: &'o Options) -> io::Result<ExitCode> {
        let Some((rules, n_before)) = load(options)? else {
            return Ok(ExitCode::from(2));
        };
        let stdout = io::stdout();
        let choice = AutoStream::choice(&stdout);
        let out: Box<dyn Write> = Box::new(BufWriter::new(stdout));
        let out = AutoStream::new(out, choice);
        let stats = Stats {
            rules: rules.rules().len(),
            correlations: rules.correlations().len(),
            ..Stats::default()
        };
        let mut this = Self {
            options,
            explainer: rules.explainer(),
            gap: None,
            rules,
            out,
            stats,
            summary: BTreeMap::new(),
            failed: false,
        };
        let started = Instant::now();
        let readable = this.files()?;
        this.stats.seconds = started.elapsed().as_secs_f64();
        if options.format == Format::Text {
            this.summarize()?;
        }
        this.out.flush()?;
        this.stats.filters.show(n_before)?;
        for warning in this.stats.correlated.uncounted.warnings() {
            writeln!(io::stderr(), "{warning}")?;
        }
        if options.stats {
            serde_json::to_writer(io::stderr(), &this.stats)?;
            writeln!(io::stderr())?;
        }
        Ok(match (readable, this.failed) {
            (false, _) => ExitCode::from(2),
            (true, true) => ExitCode::FAILURE,
            (true, false) => ExitCode::SUCCESS,
        })
    }

    /// Evaluates every file; returns whether all could be read to their end.
    fn files(&mut self) -> io::Result<bool> {
        let names = self.options.files.iter();
        let mut names: Vec<String> = names.map(|file| file.display().to_string()).collect();
        if names.is_empty() {
            names.push(SAMPLE_NAME.to_owned());
        }
        let sample = self.options.files.is_empty();
        let mut readable = true;
        let mut inputs = Inputs::new(
            &self.rules,
            names,
            self.options.suppressed,
            self.options.stats,
            self.options.strict,
        );
        if !baseline::learn(self.options, &mut inputs)? {
            return Ok(false);
        }
        let mut known = None;
        let mut told = None;
        loop {
            let open = |name: &str| open(name, sample);
            let next = inputs.next(open, |name, error| {
                readable = false;
                let name = visible(name);
                writeln!(io::stderr(), "error: cannot read `{name}`: {error}")
            });
            let Some(at) = next? else {
                break;
            };
            let Some((input, correlator)) = inputs.get(at) else {
                break;
            };
            let ended = match input.reader.next() {
                Ok(Some(record)) => {
                    let (detector, warnings) = (&mut input.detector, &mut input.warnings);
                    self.record(&input.name, &record, (detector, correlator), warnings)?;
                    None
                }
                Ok(None) => Some(None),
                Err(error) => Some(Some(error)),
            };
            inputs.pass_on(at);
            if let Some(error) = ended {
                let mut input = inputs.close(at);
                readable &= self.end(&mut input, error.as_ref())?;
                self.stats.correlated.add_detector(&input.detector);
                if inputs.correlator.is_none() {
                    known = Some(input.detector.baseline());
                }
            }
            // A second of the log at a time; more often would say the same.
            let reached = inputs.correlator.as_ref().and_then(|_| inputs.reached());
            let step = |told| Some(told + Duration::from_secs(1)) <= reached;
            if let (Some(correlator), Some(reached)) = (&mut inputs.correlator, reached)
                && told.is_none_or(step)
            {
                told = Some(reached);
                for hit in correlator.flush(reached) {
                    self.tell(&hit, None)?;
                }
            }
        }
        if let Some(correlator) = &mut inputs.correlator {
            for hit in correlator.finish() {
                self.tell(&hit, None)?;
            }
            self.stats.correlated.add_correlator(correlator);
            known = Some(correlator.baseline());
        }
        // What was read in part only is not what is normal.
        if let (true, Some(known)) = (readable, known) {
            baseline::keep(self.options, &known)?;
        }
        Ok(readable)
    }

    /// Ends a file; returns whether it was read to its end.
    fn end(&mut self, input: &mut Input, error: Option<&ReadError>) -> io::Result<bool> {
        for hit in input.detector.finish() {
            self.tell(&hit, None)?;
        }
        self.stats.add(input.reader.counters());
        self.stats.filters.add(input.detector.scanner());
        self.out.flush()?;
        let name = visible(&input.name);
        if let Some(more) = input.warnings.checked_sub(MAX_WARNINGS + 1) {
            let more = counted(more + 1, "more record");
            let what = if self.options.strict {
                "could not be read as a whole or are no JSON"
            } else {
                "could not be read as a whole"
            };
            writeln!(io::stderr(), "warning: {name}: {more} {what}")?;
        }
        if let Some(error) = error {
            writeln!(
                io::stderr(),
                "error: cannot read `{name}` to its end: {error}"
            )?;
        }
        Ok(error.is_none())
    }

    fn record(
        &mut self,
        name: &str,
        record: &Record<'_>,
        (detector, mut correlator): (&mut Detector, Option<&mut Correlator>),
        warnings: &mut u64,
    ) -> io::Result<()> {
        let event = match record {
            Record::Event(event) | Record::Partial(event) => event,
            Record::Malformed(malformed) => {
                let error = malformed.error.to_string();
                return self.warn(name, malformed.line(), &error, warnings);
            }
            _ => return Ok(()),
        };
        if let Some(fault) = event.fault() {
            let fault = format!("evaluated, but no JSON: {fault}");
            self.warn(name, event.line(), &fault, warnings)?;
        }
        for hit in detector.process(record) {
            // What another file has told not long ago is kept back as well.
            if let (Some(correlator), Some(suppression)) = (&mut correlator, hit.suppression())
                && correlator.suppresses(suppression)
            {
                continue;
            }
            self.tell(&hit, Some((event, name)))?;
        }
        for suppressed in detector.scanner().suppressed_hits() {
            let hit = suppressed.hit();
            if hit.level() >= self.options.min_level {
                let filter = suppressed.filter().name();
                self.show(&hit, Some((event, name)), Some(filter))?;
            }
        }
        self.count_gaps(detector.scanner());
        if detector.scanner().not_evaluated() {
            self.warn(name, event.line(), NOT_EVALUATED, warnings)?;
        }
        Ok(())
    }

    /// Counts and shows a hit, with its event and the file when it is of one event.
    fn tell(&mut self, hit: &Hit<'_>, of: Option<(&EventRecord<'_>, &str)>) -> io::Result<()> {
        if hit.level() < self.options.min_level {
            return Ok(());
        }
        self.stats.detections += 1;
        self.failed |= self
            .options
            .fail_on
            .is_some_and(|level| hit.level() >= level);
        let rule = (
            std::cmp::Reverse(hit.level()),
            hit.rule().title().to_owned(),
        );
        *self.summary.entry(rule).or_default() += 1;
        self.show(hit, of, None)
    }

    /// Shows a hit in the format that was asked for.
    fn show(
        &mut self,
        hit: &Hit<'_>,
        of: Option<(&EventRecord<'_>, &str)>,
        suppressed_by: Option<&str>,
    ) -> io::Result<()> {
        let of = of.filter(|_| hit.correlated().is_none());
        let placed = Placed::new(hit, of, suppressed_by);
        if self.options.format == Format::Json {
            serde_json::to_writer(&mut self.out, &placed)?;
            return writeln!(self.out);
        }
        hit::print(&mut self.out, hit, &placed)?;
        if self.options.explain {
            writeln!(self.out, "    rule {}", visible(hit.rule().name()))?;
            let rule = hit.rule().as_rule();
            if let (Some((event, _)), Some(rule)) = (of, rule) {
                let explained = self.explainer.explain(rule, event.event());
                let held = explained.map(|explanation| explanation.render_held(EXPLAIN_WIDTH));
                for line in held.iter().flat_map(|held| held.lines()) {
                    writeln!(self.out, "    {line}")?;
                }
            } else {
                let matched = placed.detection.matched.join(", ");
                let matched = visible(&matched);
                writeln!(self.out, "      a correlation, of the hits of {matched}")?;
            }
        }
        writeln!(self.out)
    }

    /// Counts the rules that the last event leaves open.
    fn count_gaps(&mut self, scanner: &Scanner) {
        let open = scanner
            .verdicts()
            .filter(|verdict| verdict.verdict() == Verdict::NotEvaluated);
        for verdict in open {
            let counts = &mut self.stats.not_evaluated;
            match counts.get_mut(verdict.rule().name()) {
                Some(n) => *n += 1,
                None => _ = counts.insert(verdict.rule().name().to_owned(), 1),
            }
            if self.gap.is_none() {
                self.gap = verdict.reasons().first().map(ToString::to_string);
            }
        }
    }

    /// Tells of a record that could not be read as a whole, or is no JSON.
    fn warn(&mut self, name: &str, line: u64, what: &str, n: &mut u64) -> io::Result<()> {
        *n += 1;
        if *n > MAX_WARNINGS {
            return Ok(());
        }
        // Standard output may be a terminal too: what came before goes first.
        self.out.flush()?;
        let (name, what) = (visible(name), visible(what));
        writeln!(io::stderr(), "warning: {name}:{line}: {what}")
    }

    /// The table at the end.
    fn summarize(&mut self) -> io::Result<()> {
        let Stats {
            events,
            skipped,
            malformed,
            detections,
            ..
        } = self.stats;
        let bold = Style::new().bold();
        writeln!(
            self.out,
            "{bold}{}{bold:#} in {} ({} skipped, {malformed} malformed), {}{}",
            counted(detections, "detection"),
            counted(events, "event"),
            counted(skipped, "record"),
            counted(self.stats.rules, "rule"),
            match self.stats.correlations {
                0 => String::new(),
                n => format!(", {}", counted(n, "correlation")),
            },
        )?;
        if self.options.suppressed {
            let n = self.stats.filters.suppressed();
            writeln!(self.out, "  {} taken away by filters", counted(n, "hit"))?;
        }
        for ((level, title), count) in &self.summary {
            let (style, level) = (level_style(level.0), level.0.to_string());
            writeln!(
                self.out,
                "  {style}{level:<13}{style:#} {count:>5}  {}",
                visible(title)
            )?;
        }
        let most = self.stats.not_evaluated.iter().max_by_key(|(_, n)| **n);
        if let (Some((rule, n_events)), Some(gap)) = (most, &self.gap) {
            let n_rules = self.stats.not_evaluated.len();
            writeln!(
                self.out,
                "  {} not evaluated on some events, {} on {n_events} (such as: {gap})",
                counted(n_rules, "rule"),
                visible(rule),
            )?;
        }
        Ok(())
    }
}
