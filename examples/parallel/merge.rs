//! Puts together what the files give, in the order in which one thread would have read them.

use std::collections::VecDeque;
use std::io::{self, BufWriter, Write};
use std::sync::mpsc::Receiver;
use std::time::{Duration, SystemTime};

use detect::{Correlator, RuleSet};
use kubesift_examples::{Uncounted, visible};

use crate::Queue;
use crate::turn::{Source, Step, Turn, tell_hit};

/// Files that are open at the same time, as many as `evaluate` has.
const MAX_OPEN: usize = 64;
/// Records of a file that are evaluated ahead, beside those of one turn.
const AHEAD: usize = 2048;

/// A file of which some records have been evaluated.
struct Open {
    id: usize,
    /// How far what has been put together goes.
    latest: Option<SystemTime>,
    steps: VecDeque<Step>,
    /// The file while it is in no thread's hands, because enough is evaluated ahead.
    resting: Option<Source>,
    /// Whether its last step has come, and whether it was read to its end.
    ended: Option<bool>,
}

/// The order of a run.
pub(crate) struct Merge<'r> {
    rules: &'r RuleSet,
    waiting: VecDeque<String>,
    n_opened: usize,
    open: Vec<Open>,
    queue: &'r Queue,
    turns: &'r Receiver<(Source, Turn)>,
    correlator: Option<Correlator>,
    /// Up to when the correlations have been told.
    told: Option<SystemTime>,
    out: BufWriter<io::Stdout>,
    all_read: bool,
    uncounted: Uncounted,
}

impl<'r> Merge<'r> {
    pub(crate) fn new(
        rules: &'r RuleSet,
        names: Vec<String>,
        queue: &'r Queue,
        turns: &'r Receiver<(Source, Turn)>,
    ) -> Self {
        Self {
            rules,
            n_opened: 0,
            // A single file needs none: its own detector correlates.
            correlator: (names.len() > 1).then(|| rules.correlator()),
            waiting: names.into(),
            open: Vec::new(),
            queue,
            turns,
            told: None,
            out: BufWriter::new(io::stdout()),
            all_read: true,
            uncounted: Uncounted::default(),
        }
    }

    /// Prints everything; returns whether all files could be read to their end.
    pub(crate) fn run(mut self) -> io::Result<bool> {
        loop {
            self.open_files()?;
            // Of files without a time, and of several that have come equally far, the first goes on.
            let all = self.open.iter().enumerate();
            let Some((at, _)) = all.min_by_key(|(_, open)| open.latest) else {
                break;
            };
            let Some(step) = self.step(at) else {
                break;
            };
            self.put(&step)?;
            if let Some(correlator) = &mut self.correlator {
                for signal in step.signals {
                    correlator.push(signal);
                }
            }
            let Some(open) = self.open.get_mut(at) else {
                break;
            };
            open.latest = step.latest;
            self.uncounted.also(step.uncounted);
            if let (Some(was_read), true) = (open.ended, open.steps.is_empty()) {
                self.all_read &= was_read;
                self.open.remove(at);
            }
            self.flush()?;
        }
        if let Some(correlator) = &mut self.correlator {
            let mut found = Vec::new();
            for hit in correlator.finish() {
                tell_hit(&hit, &mut found);
            }
            self.out.write_all(&found)?;
            self.uncounted.add_correlator(correlator);
        }
        self.out.flush()?;
        for warning in self.uncounted.warnings() {
            writeln!(io::stderr(), "{warning}")?;
        }
        Ok(self.all_read)
    }

    /// Opens files as long as there is room.
    fn open_files(&mut self) -> io::Result<()> {
        while self.open.len() < MAX_OPEN {
            let Some(name) = self.waiting.pop_front() else {
                break;
            };
            let detector = match self.correlator {
                Some(_) => self.rules.detector().forwarding(),
                None => self.rules.detector(),
            };
            self.n_opened += 1;
            match Source::open(self.n_opened, name, detector) {
                Ok(source) => {
                    self.open.push(Open {
                        id: source.id,
                        latest: None,
                        steps: VecDeque::new(),
                        resting: None,
                        ended: None,
                    });
                    self.queue.push(source);
                }
                Err((name, error)) => {
                    self.all_read = false;
                    let name = visible(&name);
                    writeln!(io::stderr(), "error: cannot read `{name}`: {error}")?;
                }
            }
        }
        Ok(())
    }

    /// The next step of a file, for which others may be taken in; `None` when no thread is left to give one.
    fn step(&mut self, at: usize) -> Option<Step> {
        loop {
            let open = self.open.get_mut(at)?;
            let step = open.steps.pop_front();
            if open.steps.len() < AHEAD
                && let Some(source) = open.resting.take()
            {
                self.queue.push(source);
            }
            if step.is_some() {
                return step;
            }
            let (source, turn) = self.turns.recv().ok()?;
            let mut all = self.open.iter_mut();
            if let Some(open) = all.find(|open| open.id == source.id) {
                open.steps.extend(turn.steps);
                open.ended = turn.ended;
                if turn.ended.is_none() {
                    open.resting = Some(source);
                }
            }
        }
    }

    fn put(&mut self, step: &Step) -> io::Result<()> {
        let mut done = 0;
        for (line, suppression) in &step.suppressions {
            let correlator = self.correlator.as_mut();
            if correlator.is_some_and(|correlator| correlator.suppresses(suppression)) {
                self.out
                    .write_all(step.found.get(done..line.start).unwrap_or_default())?;
                done = line.end;
            }
        }
        self.out
            .write_all(step.found.get(done..).unwrap_or_default())?;
        if step.warnings.is_empty() {
            return Ok(());
        }
        // Standard output may be a terminal too: what came before goes first.
        self.out.flush()?;
        for warning in &step.warnings {
            writeln!(io::stderr(), "{warning}")?;
        }
        Ok(())
    }

    /// Tells what the correlations have found, once for each second of the logs.
    fn flush(&mut self) -> io::Result<()> {
        let Some(correlator) = &mut self.correlator else {
            return Ok(());
        };
        let times = self.open.iter().map(|open| open.latest);
        let Some(reached) = times.min().flatten() else {
            return Ok(());
        };
        let step = |told: SystemTime| told + Duration::from_secs(1) <= reached;
        if self.told.is_none_or(step) {
            self.told = Some(reached);
            let mut found = Vec::new();
            for hit in correlator.flush(reached) {
                tell_hit(&hit, &mut found);
            }
            self.out.write_all(&found)?;
        }
        Ok(())
    }
}
