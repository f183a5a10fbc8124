//! Finds the attacks in audit logs on all cores, and prints what one thread would print, byte for byte.
//!
//! ```text
//! cargo run --release --example parallel -- [OPTIONS] FILE...
//! ```
//!
//! A rule set is shared; each thread has a [`Scanner`] or a [`Detector`] of its own, and they meet in a counter that hands
//! out work and in a channel that takes results, once for megabytes of log. Most events match nothing, so of large files
//! the threads only seek the lines that matter. Those are few. One thread folds them in their order, for which it needs no
//! other: a detector remembers hits, and a record without one changes nothing in it.

mod chunk;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::num::{NonZeroU64, NonZeroUsize};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use clap::Parser;
use detect::{Detection, Detector, Reader, Record, RuleSet, Scanner};
use kubesift_examples::{MAX_WARNINGS, NOT_EVALUATED, Placed, add_rules, colors_stderr, visible};

/// Find attacks in Kubernetes audit logs, on all cores.
///
/// Prints one JSON object a line for every detection, in the order of the files and of their records: the same bytes as
/// `evaluate --format json`, whatever the number of threads.
#[derive(Debug, Parser)]
#[command(name = "parallel", version)]
struct Options {
    /// Log files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Rule file or directory, added to the shipped rules; repeatable
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Threads that scan; as many as there are cores if not given
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Bytes of a file that a thread takes at a time; a file that is not larger is evaluated by one thread
    #[arg(long, value_name = "BYTES", default_value = "4194304")]
    chunk: NonZeroU64,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(code) => code,
        // Whoever reads the output has seen enough: `parallel … | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone there is nobody left to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

/// What one thread does at a time.
#[derive(Debug)]
enum Task {
    /// Evaluates a file by itself.
    Whole(usize),
    /// Seeks the lines that matter in a part of a file.
    Part(usize, Range<u64>),
}

/// What came of it.
enum Done {
    Whole(Output),
    Part(io::Result<chunk::Scanned>),
}

fn run(options: &Options) -> io::Result<ExitCode> {
    let rules = match add_rules(RuleSet::builder().shipped(), &options.rules).build() {
        Ok(rules) => rules,
        Err(error) => {
            let drawn = error.report().render(colors_stderr());
            writeln!(io::stderr(), "{drawn}")?;
            return Ok(ExitCode::from(2));
        }
    };
    let n_threads = match options.threads {
        Some(threads) => threads.get(),
        None => thread::available_parallelism()?.get(),
    };
    let tasks = plan(&options.files, options.chunk.get());
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..n_threads {
            let sender = sender.clone();
            let (rules, tasks, next, files) = (&rules, &tasks, &next, &options.files);
            scope.spawn(move || {
                let mut scanner = rules.scanner();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(task) = tasks.get(at) else { break };
                    let done = work(task, files, rules, &mut scanner);
                    // Nobody listens any more when the output cannot be written.
                    if sender.send((at, done)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut fold = Fold::new(&options.files, &rules);
        let mut waiting = BTreeMap::new();
        let mut turn = 0;
        for (at, done) in receiver {
            waiting.insert(at, done);
            while let (Some(task), Some(done)) = (tasks.get(turn), waiting.remove(&turn)) {
                fold.take(task, done)?;
                turn += 1;
            }
        }
        fold.end()
    })
}

/// Cuts large files into parts. What is no file of lines, each of which is an object, cannot be cut.
fn plan(files: &[PathBuf], chunk: u64) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (file, path) in files.iter().enumerate() {
        match lines_of_objects(path) {
            Ok(Some(length)) if length > chunk => {
                let starts = (0..length).step_by(usize::try_from(chunk).unwrap_or(usize::MAX));
                tasks.extend(
                    starts.map(|start| {
                        Task::Part(file, start..start.saturating_add(chunk).min(length))
                    }),
                );
            }
            // Whether it can be read is told when it is its turn.
            _ => tasks.push(Task::Whole(file)),
        }
    }
    tasks
}

/// The length of a file that begins as one of lines of objects does.
fn lines_of_objects(path: &Path) -> io::Result<Option<u64>> {
    let kind = std::fs::metadata(path)?;
    if !kind.is_file() {
        return Ok(None);
    }
    let mut first = [0];
    File::open(path)?.read_exact(&mut first)?;
    Ok((first == *b"{").then_some(kind.len()))
}

fn work(task: &Task, files: &[PathBuf], rules: &RuleSet, scanner: &mut Scanner) -> Done {
    let path = |file: &usize| files.get(*file).map_or(Path::new(""), PathBuf::as_path);
    match task {
        Task::Whole(file) => {
            let path = path(file);
            let mut output = Output::new(path);
            output.file(path, &mut rules.detector(), 0);
            Done::Whole(output)
        }
        Task::Part(file, range) => Done::Part(chunk::scan(path(file), range.clone(), scanner)),
    }
}

/// Puts results together in the order of the tasks.
struct Fold<'f> {
    files: &'f [PathBuf],
    rules: &'f RuleSet,
    out: BufWriter<io::Stdout>,
    /// The file whose parts are being folded.
    open: Option<Open>,
    all_read: bool,
}

/// A file of which some parts have been folded.
struct Open {
    file: usize,
    detector: Detector,
    output: Output,
    /// Lines in the parts so far.
    n_lines: u64,
    /// Whether a part could not be cut off and the file was read to its end.
    ended: bool,
}

impl<'f> Fold<'f> {
    fn new(files: &'f [PathBuf], rules: &'f RuleSet) -> Self {
        Self {
            files,
            rules,
            out: BufWriter::new(io::stdout()),
            open: None,
            all_read: true,
        }
    }

    fn take(&mut self, task: &Task, done: Done) -> io::Result<()> {
        match (task, done) {
            (Task::Part(file, _), Done::Part(scanned)) => self.part(*file, scanned),
            (_, Done::Whole(output)) => {
                self.close()?;
                self.write(&output)
            }
            (Task::Whole(_), Done::Part(_)) => Ok(()),
        }
    }

    fn part(&mut self, file: usize, scanned: io::Result<chunk::Scanned>) -> io::Result<()> {
        if self.open.as_ref().is_none_or(|open| open.file != file) {
            self.close()?;
        }
        let path = self.files.get(file).map_or(Path::new(""), PathBuf::as_path);
        let open = self.open.get_or_insert_with(|| Open {
            file,
            detector: self.rules.detector(),
            output: Output::new(path),
            n_lines: 0,
            ended: false,
        });
        if open.ended {
            return Ok(());
        }
        match scanned {
            Ok(chunk::Scanned {
                lines: Some(lines), ..
            }) => {
                let before = open.n_lines;
                open.output
                    .records(lines.text.as_slice(), &mut open.detector, 0, |line| {
                        let at = usize::try_from(line - 1).unwrap_or(usize::MAX);
                        lines
                            .numbers
                            .get(at)
                            .map_or(line, |number| before + number + 1)
                    });
                open.n_lines += lines.n_all;
            }
            // The same file from its start, so that offsets are right; what came before the part has been folded.
            Ok(chunk::Scanned { start, lines: None }) => {
                open.output.file(path, &mut open.detector, start);
                open.ended = true;
            }
            Err(error) => {
                open.output.fail(&error);
                open.ended = true;
            }
        }
        let found = std::mem::take(&mut open.output.found);
        self.out.write_all(&found)
    }

    /// Ends the file that is being folded.
    fn close(&mut self) -> io::Result<()> {
        match self.open.take() {
            Some(open) => self.write(&open.output),
            None => Ok(()),
        }
    }

    fn write(&mut self, output: &Output) -> io::Result<()> {
        self.out.write_all(&output.found)?;
        self.out.flush()?;
        let mut stderr = io::stderr();
        for warning in &output.warnings {
            writeln!(stderr, "{warning}")?;
        }
        if let Some(more) = output.n_warnings.checked_sub(MAX_WARNINGS + 1) {
            let (name, more) = (visible(&output.name), more + 1);
            writeln!(
                stderr,
                "warning: {name}: {more} more records could not be read as a whole"
            )?;
        }
        if let Some(error) = &output.error {
            writeln!(stderr, "{error}")?;
            self.all_read = false;
        }
        Ok(())
    }

    fn end(mut self) -> io::Result<ExitCode> {
        self.close()?;
        self.out.flush()?;
        Ok(if self.all_read {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        })
    }
}

/// What is printed of one file.
struct Output {
    name: String,
    /// Lines of JSON.
    found: Vec<u8>,
    /// The first warnings.
    warnings: Vec<String>,
    n_warnings: u64,
    error: Option<String>,
}

impl Output {
    fn new(path: &Path) -> Self {
        Self {
            name: path.display().to_string(),
            found: Vec::new(),
            warnings: Vec::new(),
            n_warnings: 0,
            error: None,
        }
    }

    /// Evaluates the records of a file that begin at an offset or behind it.
    fn file(&mut self, path: &Path, detector: &mut Detector, from: u64) {
        match File::open(path) {
            Ok(file) => self.records(file, detector, from, |line| line),
            Err(error) => {
                let name = visible(&self.name);
                self.error = Some(format!("error: cannot read `{name}`: {error}"));
            }
        }
    }

    /// Evaluates records; `number` tells the line of the file from that of the input.
    fn records(
        &mut self,
        input: impl Read,
        detector: &mut Detector,
        from: u64,
        number: impl Fn(u64) -> u64,
    ) {
        let mut reader = Reader::new(input);
        loop {
            match reader.next() {
                Ok(Some(record)) => self.record(&record, detector, from, &number),
                Ok(None) => return,
                Err(error) => return self.fail(&error),
            }
        }
    }

    fn fail(&mut self, error: &dyn std::fmt::Display) {
        let name = visible(&self.name);
        self.error = Some(format!("error: cannot read `{name}` to its end: {error}"));
    }

    fn record(
        &mut self,
        record: &Record<'_>,
        detector: &mut Detector,
        from: u64,
        number: &impl Fn(u64) -> u64,
    ) {
        let event = match record {
            Record::Event(event) | Record::Partial(event) => event,
            Record::Malformed(malformed) if malformed.offset() >= from => {
                return self.warn(number(malformed.line()), &malformed.error.to_string());
            }
            _ => return,
        };
        if event.offset() < from {
            return;
        }
        let line = number(event.line());
        for hit in detector.process(record) {
            let placed = Placed {
                detection: Detection::new(&hit, &event.event),
                file: &self.name,
                line,
                suppressed_by: None,
            };
            // Writing to memory fails for no detection.
            if serde_json::to_writer(&mut self.found, &placed).is_ok() {
                self.found.push(b'\n');
            }
        }
        if detector.scanner().not_evaluated() {
            self.warn(line, NOT_EVALUATED);
        }
    }

    fn warn(&mut self, line: u64, what: &str) {
        self.n_warnings += 1;
        if self.n_warnings <= MAX_WARNINGS {
            let (name, what) = (visible(&self.name), visible(what));
            self.warnings
                .push(format!("warning: {name}:{line}: {what}"));
        }
    }
}
