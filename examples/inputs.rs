//! The files of a run, read side by side: the one that has come least far goes on, so that the logs of several API
//! servers, or of several days, are one story.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::time::SystemTime;

use detect::{BaselineError, BaselineReport, Correlator, Detector, Reader, RuleSet};

/// A log in which an attack hides among normal traffic, for a first look.
const SAMPLE: &[u8] = include_bytes!("data/sample.jsonl");
/// Files that are open at the same time. What is beyond them is opened when one ends.
const MAX_OPEN: usize = 64;

/// A file that is being read.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) reader: Reader<Box<dyn Read>>,
    /// One for each file: the stages of one request stand in one log.
    pub(crate) detector: Detector,
    /// Records that could not be read as a whole, and those that are no JSON where that is asked.
    pub(crate) warnings: u64,
}

/// The files of a run.
pub(crate) struct Inputs {
    rules: RuleSet,
    /// Whether hits that filters take away are kept.
    suppressed: bool,
    /// Whether rules that an event leaves open are told from those that do not match.
    verdicts: bool,
    /// Whether the grammar of each event is checked whole.
    strict: bool,
    /// What first-seen correlations know already; taken by whoever correlates.
    known: Option<String>,
    /// Names of files that are not open yet.
    waiting: VecDeque<String>,
    open: Vec<Input>,
    /// What the files say together. A single file needs none: its own detector correlates.
    pub(crate) correlator: Option<Correlator>,
}

impl Inputs {
    pub(crate) fn new(
        rules: &RuleSet,
        names: Vec<String>,
        suppressed: bool,
        verdicts: bool,
        strict: bool,
    ) -> Self {
        Self {
            correlator: (names.len() > 1).then(|| rules.correlator()),
            rules: rules.clone(),
            suppressed,
            verdicts,
            strict,
            known: None,
            waiting: names.into(),
            open: Vec::new(),
        }
    }

    /// Takes up what first-seen correlations know already.
    pub(crate) fn learn(&mut self, baseline: String) -> Result<BaselineReport, BaselineError> {
        if let Some(correlator) = &mut self.correlator {
            return correlator.learn(&baseline);
        }
        // The detector is made when the file is opened, and then the text is known to be good.
        let report = self.rules.detector().learn(&baseline);
        self.known = Some(baseline);
        report
    }

    /// The file to read the next record of. Opens files as long as there is room; one that cannot be opened is handed to
    /// `fail`.
    pub(crate) fn next(
        &mut self,
        mut open: impl FnMut(&str) -> io::Result<Box<dyn Read>>,
        mut fail: impl FnMut(&str, &io::Error) -> io::Result<()>,
    ) -> io::Result<Option<usize>> {
        while self.open.len() < MAX_OPEN {
            let Some(name) = self.waiting.pop_front() else {
                break;
            };
            match open(&name) {
                Err(error) => fail(&name, &error)?,
                Ok(input) => {
                    let mut detector = self.rules.detector();
                    if self.suppressed {
                        detector = detector.with_suppressed_hits();
                    }
                    let mut reader = Reader::new(input);
                    if self.strict {
                        reader = reader.strict();
                    }
                    if self.verdicts {
                        detector = detector.with_verdicts();
                    }
                    if let Some(known) = self.known.take() {
                        detector.learn(&known).map_err(io::Error::other)?;
                    }
                    let shared = self.correlator.is_some();
                    self.open.push(Input {
                        name,
                        reader,
                        detector: if shared {
                            detector.forwarding()
                        } else {
                            detector
                        },
                        warnings: 0,
                    });
                }
            }
        }
        if let [_] = *self.open {
            return Ok(Some(0));
        }
        // Of files without a time, and of several that have come equally far, the first goes on.
        let all = self.open.iter().enumerate();
        let first = all.min_by_key(|(_, input)| input.detector.latest());
        Ok(first.map(|(at, _)| at))
    }

    /// A file, and who correlates it with the others.
    pub(crate) fn get(&mut self, at: usize) -> Option<(&mut Input, Option<&mut Correlator>)> {
        Some((self.open.get_mut(at)?, self.correlator.as_mut()))
    }

    /// Hands the signals of a file to the correlator.
    pub(crate) fn pass_on(&mut self, at: usize) {
        if let (Some(correlator), Some(input)) = (&mut self.correlator, self.open.get_mut(at)) {
            for signal in input.detector.signals() {
                correlator.push(signal);
            }
        }
    }

    /// Takes out a file that has ended.
    pub(crate) fn close(&mut self, at: usize) -> Input {
        self.open.remove(at)
    }

    /// How far all open files have come; `None` as long as one has not told its time.
    pub(crate) fn reached(&self) -> Option<SystemTime> {
        let times = self.open.iter().map(|input| input.detector.latest());
        times.min().flatten()
    }
}

/// Opens a file by its name, which `-` is for standard input; or the sample.
pub(crate) fn open(name: &str, sample: bool) -> io::Result<Box<dyn Read>> {
    if sample {
        return Ok(Box::new(SAMPLE));
    }
    if name == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(name)?;
    // Opening a directory works on some systems and reading it never does; this says so on all.
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a directory",
        ));
    }
    Ok(Box::new(file))
}
