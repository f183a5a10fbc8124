//! A file, and what some of its records give.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::time::SystemTime;

use detect::{Detector, Hit, Reader, Record, Signal, Suppression};
use kubesift_examples::{MAX_WARNINGS, NOT_EVALUATED, Placed, Uncounted, visible};

/// Records that are evaluated in a turn.
const RECORDS: usize = 512;

/// A file that is being read. It goes from thread to thread.
pub(crate) struct Source {
    pub(crate) id: usize,
    name: String,
    reader: Reader<File>,
    detector: Detector,
    /// Records that could not be read as a whole.
    warnings: u64,
}

/// What a record gave.
#[derive(Default)]
pub(crate) struct Step {
    /// Lines for standard output, one after the other.
    pub(crate) found: Vec<u8>,
    /// Where lines stand in `found` that may be kept back, because another file has told the like.
    pub(crate) suppressions: Vec<(Range<usize>, Suppression)>,
    /// Lines for standard error.
    pub(crate) warnings: Vec<String>,
    pub(crate) signals: Vec<Signal>,
    /// Hits of a file that has ended which do not count in correlations.
    pub(crate) uncounted: Uncounted,
    /// How far the file has come.
    pub(crate) latest: Option<SystemTime>,
}

/// What some records gave, one after the other.
#[derive(Default)]
pub(crate) struct Turn {
    pub(crate) steps: Vec<Step>,
    /// Whether the file has ended, and whether it was read to its end; what its end gave is the last step.
    pub(crate) ended: Option<bool>,
}

impl Source {
    pub(crate) fn open(
        id: usize,
        name: String,
        detector: Detector,
    ) -> Result<Self, (String, io::Error)> {
        let opened = File::open(&name).and_then(|file| {
            if file.metadata()?.is_dir() {
                let kind = io::ErrorKind::IsADirectory;
                return Err(io::Error::new(kind, "it is a directory"));
            }
            Ok(file)
        });
        match opened {
            Ok(file) => Ok(Self {
                id,
                name,
                reader: Reader::new(file),
                detector,
                warnings: 0,
            }),
            Err(error) => Err((name, error)),
        }
    }

    /// Evaluates the next records.
    pub(crate) fn turn(&mut self) -> Turn {
        let mut turn = Turn::default();
        while turn.steps.len() < RECORDS && turn.ended.is_none() {
            let mut step = Step::default();
            let Self {
                name,
                reader,
                detector,
                warnings,
                ..
            } = self;
            match reader.next() {
                Ok(Some(record)) => {
                    Self::record(name, &record, detector, warnings, &mut step);
                    step.signals.extend(detector.signals());
                }
                Ok(None) => {
                    self.end(None, &mut step);
                    turn.ended = Some(true);
                }
                Err(error) => {
                    let error = error.to_string();
                    self.end(Some(&error), &mut step);
                    turn.ended = Some(false);
                }
            }
            step.latest = self.detector.latest();
            turn.steps.push(step);
        }
        turn
    }

    fn record(
        name: &str,
        record: &Record<'_>,
        detector: &mut Detector,
        warnings: &mut u64,
        step: &mut Step,
    ) {
        let event = match record {
            Record::Event(event) | Record::Partial(event) => event,
            Record::Malformed(malformed) => {
                let error = malformed.error.to_string();
                return warn(name, malformed.line(), &error, warnings, step);
            }
            _ => return,
        };
        for hit in detector.process(record) {
            let start = step.found.len();
            tell(
                &Placed::new(&hit, Some((event, name)), None),
                &mut step.found,
            );
            if let Some(suppression) = hit.suppression() {
                let line = start..step.found.len();
                step.suppressions.push((line, suppression.clone()));
            }
        }
        if detector.scanner().not_evaluated() {
            warn(name, event.line(), NOT_EVALUATED, warnings, step);
        }
    }

    fn end(&mut self, error: Option<&str>, step: &mut Step) {
        for hit in self.detector.finish() {
            tell_hit(&hit, &mut step.found);
        }
        step.uncounted.add_detector(&self.detector);
        let name = visible(&self.name);
        if let Some(more) = self.warnings.checked_sub(MAX_WARNINGS + 1) {
            let more = more + 1;
            step.warnings.push(format!(
                "warning: {name}: {more} more records could not be read as a whole"
            ));
        }
        if let Some(error) = error {
            step.warnings
                .push(format!("error: cannot read `{name}` to its end: {error}"));
        }
    }
}

fn warn(name: &str, line: u64, what: &str, n: &mut u64, step: &mut Step) {
    *n += 1;
    if *n <= MAX_WARNINGS {
        let (name, what) = (visible(name), visible(what));
        step.warnings
            .push(format!("warning: {name}:{line}: {what}"));
    }
}

/// A hit of no event that is at hand, as it is printed.
pub(crate) fn tell_hit(hit: &Hit<'_>, out: &mut Vec<u8>) {
    tell(&Placed::new(hit, None, None), out);
}

fn tell(placed: &Placed<'_>, out: &mut Vec<u8>) {
    // Writing to memory fails for no detection.
    if serde_json::to_writer(&mut *out, placed).is_ok() {
        out.push(b'\n');
    }
}
