//! Finds the attacks in audit logs and says why.
//!
//! ```text
//! cargo run --release --example evaluate -- [OPTIONS] [FILE|-]...
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anstream::AutoStream;
use anstyle::Style;
use clap::{Parser, ValueEnum};
use detect::{
    Counters, Detection, Detector, DocumentStatus, Event, Explainer, Hit, Level, LoadReport,
    LoadedDocument, Reader, Record, Rule, RuleSet, RuleSetBuilder, Scanner, Verdict,
};
use kubesift_examples::{
    FilterTotals, MAX_WARNINGS, NOT_EVALUATED, Placed, add_rules, colors_stderr, level_style,
    show_documents, today, visible,
};
use serde::Serialize;

/// A log in which an attack hides among normal traffic, for a first look.
const SAMPLE: &[u8] = include_bytes!("data/sample.jsonl");
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
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rules", "no_shipped", "only"])]
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
    /// Show the hits that filters took away too
    #[arg(long)]
    suppressed: bool,
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

/// The counters of `--stats`.
#[derive(Debug, Default, Serialize)]
struct Stats {
    /// Bytes read, after decompression.
    bytes: u64,
    events: u64,
    skipped: u64,
    malformed: u64,
    partial: u64,
    rules: usize,
    detections: u64,
    /// Per rule: events that leave out what it reads, so that it was not evaluated on them.
    not_evaluated: BTreeMap<String, u64>,
    /// What each filter did.
    filters: FilterTotals,
    seconds: f64,
}

impl Stats {
    fn add(&mut self, counters: Counters) {
        self.bytes += counters.bytes;
        self.events += counters.events;
        self.skipped += counters.skipped;
        self.malformed += counters.malformed;
        self.partial += counters.partial;
    }
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
    /// Records of the file at hand that could not be read as a whole.
    warnings: u64,
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
            warnings: 0,
        };
        let started = Instant::now();
        let readable = this.files()?;
        this.stats.seconds = started.elapsed().as_secs_f64();
        if options.format == Format::Text {
            this.summarize()?;
        }
        this.out.flush()?;
        this.stats.filters.show(n_before)?;
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
        if self.options.files.is_empty() {
            return self.stream(SAMPLE_NAME, SAMPLE);
        }
        let mut readable = true;
        for file in &self.options.files {
            let name = file.display().to_string();
            readable &= if file == Path::new("-") {
                self.stream("-", io::stdin().lock())?
            } else {
                match open(file) {
                    Ok(input) => self.stream(&name, input)?,
                    Err(error) => {
                        self.out.flush()?;
                        writeln!(
                            io::stderr(),
                            "error: cannot read `{}`: {error}",
                            visible(&name)
                        )?;
                        false
                    }
                }
            };
        }
        Ok(readable)
    }

    fn stream(&mut self, name: &str, input: impl Read) -> io::Result<bool> {
        // A detector for each file: stages of one request stand in one log.
        let mut detector: Detector = self.rules.detector().with_verdicts();
        if self.options.suppressed {
            detector = detector.with_suppressed_hits();
        }
        let mut reader = Reader::new(input);
        let result = loop {
            match reader.next() {
                Ok(Some(record)) => self.record(name, &record, &mut detector)?,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.stats.add(reader.counters());
        self.stats.filters.add(detector.scanner());
        self.out.flush()?;
        if let Some(more) = std::mem::take(&mut self.warnings).checked_sub(MAX_WARNINGS + 1) {
            writeln!(
                io::stderr(),
                "warning: {}: {} more records could not be read as a whole",
                visible(name),
                more + 1
            )?;
        }
        if let Err(error) = &result {
            writeln!(
                io::stderr(),
                "error: cannot read `{}` to its end: {error}",
                visible(name)
            )?;
        }
        Ok(result.is_ok())
    }

    fn record(
        &mut self,
        name: &str,
        record: &Record<'_>,
        detector: &mut Detector,
    ) -> io::Result<()> {
        let event = match record {
            Record::Event(event) | Record::Partial(event) => event,
            Record::Malformed(malformed) => {
                let error = malformed.error.to_string();
                return self.warn(name, malformed.line(), &error);
            }
            _ => return Ok(()),
        };
        for hit in detector
            .process(record)
            .filter(|hit| hit.level() >= self.options.min_level)
        {
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
            let placed = Placed {
                detection: Detection::new(&hit, &event.event),
                file: name,
                line: event.line(),
                suppressed_by: None,
            };
            self.show(&hit, &placed, &event.event)?;
        }
        for suppressed in detector.scanner().suppressed_hits() {
            let hit = suppressed.hit();
            if hit.level() < self.options.min_level {
                continue;
            }
            let placed = Placed {
                detection: Detection::new(&hit, &event.event),
                file: name,
                line: event.line(),
                suppressed_by: Some(suppressed.filter().name()),
            };
            self.show(&hit, &placed, &event.event)?;
        }
        self.count_gaps(detector.scanner());
        if detector.scanner().not_evaluated() {
            self.warn(name, event.line(), NOT_EVALUATED)?;
        }
        Ok(())
    }

    /// Shows a hit in the format that was asked for.
    fn show(&mut self, hit: &Hit<'_>, placed: &Placed<'_>, event: &Event<'_>) -> io::Result<()> {
        if self.options.format == Format::Json {
            serde_json::to_writer(&mut self.out, placed)?;
            return writeln!(self.out);
        }
        print_hit(&mut self.out, hit, placed)?;
        if self.options.explain {
            let held = self
                .explainer
                .explain(hit.rule(), event)
                .map(|explanation| explanation.render_held(EXPLAIN_WIDTH));
            writeln!(self.out, "    rule {}", visible(hit.rule().name()))?;
            for line in held.iter().flat_map(|held| held.lines()) {
                writeln!(self.out, "    {line}")?;
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

    /// Tells of a record that could not be read as a whole.
    fn warn(&mut self, name: &str, line: u64, what: &str) -> io::Result<()> {
        self.warnings += 1;
        if self.warnings > MAX_WARNINGS {
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
            "{bold}{detections} detection{}{bold:#} in {events} events ({skipped} records skipped, {malformed} malformed), {} rules",
            if detections == 1 { "" } else { "s" },
            self.stats.rules,
        )?;
        if self.options.suppressed {
            let n = self.stats.filters.suppressed();
            writeln!(self.out, "  {n} hits taken away by filters")?;
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
                if n_rules == 1 {
                    "1 rule".to_owned()
                } else {
                    format!("{n_rules} rules")
                },
                visible(rule),
            )?;
        }
        Ok(())
    }
}

fn print_hit(out: &mut impl Write, hit: &Hit<'_>, placed: &Placed<'_>) -> io::Result<()> {
    let Placed {
        detection,
        file,
        line,
        suppressed_by,
    } = placed;
    let (style, bold, dim) = (
        level_style(hit.level()),
        Style::new().bold(),
        Style::new().dimmed(),
    );
    let time = visible(detection.time.as_deref().unwrap_or("-"));
    let (level, title) = (hit.level().to_string(), visible(hit.rule().title()));
    writeln!(
        out,
        "{style}{level:<13}{style:#} {time}  {bold}{title}{bold:#}"
    )?;
    writeln!(out, "    {}", hit.message())?;
    let event = &detection.event;
    // Writing to a `String` cannot fail.
    let mut place = format!("{}:{line}", visible(file));
    for (name, value) in [
        ("from", &event.client_ip),
        ("as", &event.impersonated_user),
        ("audit ID", &event.audit_id),
    ] {
        if let Some(value) = value {
            let _ = write!(place, "  {name} {}", visible(value));
        }
    }
    if !event.flags.is_empty() {
        let _ = write!(place, "  flags {}", event.flags.join(", "));
    }
    writeln!(out, "    {dim}{place}{dim:#}")?;
    if let Some(filter) = suppressed_by {
        let filter = visible(filter);
        writeln!(out, "    {bold}taken away{bold:#} by filter {filter}")?;
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    // Opening a directory works on some systems and reading it never does; this says so on all.
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a directory",
        ));
    }
    Ok(file)
}

/// Compiles the rules, and says how many files there are before those of `--rules`; `None` when some do not compile, after
/// their diagnostics have been shown.
fn load(options: &Options) -> io::Result<Option<(RuleSet, usize)>> {
    let mut stderr = io::stderr();
    if let Some(path) = &options.compiled {
        // Which of its files were somebody's own is not known.
        return Ok(load_compiled(path)?.map(|rules| (rules, usize::MAX)));
    }
    let mut builder = RuleSet::builder();
    if !options.no_shipped {
        builder = builder.shipped();
    }
    let n_before = builder.n_files();
    let builder = add_rules(builder, &options.rules).today(today());
    let (rules, report) = only(builder, options).load();
    show(&report, options)?;
    if report.has_errors() {
        return Ok(None);
    }
    if rules.rules().len() == 0 {
        let which = if options.only.is_empty() {
            "no rules: give some with --rules"
        } else {
            "no rule has that name or tag"
        };
        writeln!(stderr, "error: {which}")?;
        return Ok(None);
    }
    Ok(Some((rules, n_before)))
}

/// Reads compiled rules; `None` when that fails, after standard error has said why.
fn load_compiled(path: &Path) -> io::Result<Option<RuleSet>> {
    let name = visible(&path.display().to_string());
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            writeln!(io::stderr(), "error: cannot read `{name}`: {error}")?;
            return Ok(None);
        }
    };
    match RuleSet::from_bytes(&bytes) {
        Ok(rules) => Ok(Some(rules)),
        Err(error) => {
            writeln!(io::stderr(), "error: cannot load `{name}`: {error}")?;
            Ok(None)
        }
    }
}

/// Leaves only the rules that `--only` names.
fn only(builder: RuleSetBuilder, options: &Options) -> RuleSetBuilder {
    if options.only.is_empty() {
        return builder;
    }
    let only = options.only.clone();
    builder.retain(move |rule: &Rule| {
        only.iter().any(|wanted| {
            rule.name().eq_ignore_ascii_case(wanted)
                || rule
                    .tags()
                    .iter()
                    .any(|tag| tag.eq_ignore_ascii_case(wanted))
        })
    })
}

/// Shows what is wrong with the rules, and what became of their documents.
fn show(report: &LoadReport, options: &Options) -> io::Result<()> {
    if !report.diagnostics().is_empty() {
        let color = colors_stderr();
        writeln!(io::stderr(), "{}", report.render(color))?;
    }
    let is_wrong = |found: &LoadedDocument| found.status() == DocumentStatus::Wrong;
    if options.rules.is_empty() && !options.documents && !report.documents().iter().any(is_wrong) {
        return Ok(());
    }
    show_documents(report, |found| match found.status() {
        _ if options.documents => true,
        DocumentStatus::Active => false,
        // With `--only` most rules are left out, on demand.
        DocumentStatus::Filtered => options.only.is_empty(),
        _ => true,
    })
}
