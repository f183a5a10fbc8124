//! Finds the attacks in several audit logs on all cores, and prints what one thread would print, byte for byte.
//!
//! ```text
//! cargo run --release --example parallel -- [OPTIONS] FILE...
//! ```
//!
//! The rule set is shared and nothing in it is locked. Each file has a reader and a [`Detector`] of its own, because the
//! stages of one request stand in one log; they go from thread to thread, and each turn takes some hundred records. What
//! comes of a turn goes back in a channel: per record the lines that it gives, the signals of its hits for the
//! correlations, and how far the file has come in time. One thread puts this together in the order in which `evaluate`
//! reads the files, and runs the correlations over all of them. It looks at no record.
//!
//! One file by itself is read by one thread: what is told of a record depends on those before it.

mod merge;
mod turn;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{self, Sender};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use clap::Parser;
use detect::RuleSet;
use kubesift_examples::{add_rules, colors_stderr};

use crate::merge::Merge;
use crate::turn::{Source, Turn};

/// Find attacks in Kubernetes audit logs, on all cores.
///
/// Prints one JSON object a line for every detection, the same bytes in the same order as `evaluate --format json`,
/// whatever the number of threads.
#[derive(Debug, Parser)]
#[command(name = "parallel", version)]
struct Options {
    /// Log files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Rule file or directory, added to the shipped rules; repeatable
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Threads that evaluate; as many as there are cores if not given
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
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

fn run(options: &Options) -> io::Result<ExitCode> {
    let rules = match add_rules(RuleSet::builder().shipped(), &options.rules)?.build() {
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
    let names = options.files.iter();
    let names = names.map(|file| file.display().to_string()).collect();
    let queue = Queue::default();
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..n_threads {
            let (queue, sender) = (&queue, sender.clone());
            scope.spawn(move || work(queue, &sender));
        }
        drop(sender);
        let all_read = Merge::new(&rules, names, &queue, &receiver).run();
        // Also after an error, or the threads would wait for ever.
        queue.close();
        Ok(if all_read? {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        })
    })
}

/// Evaluates some records of whatever file is next, until there is none.
fn work(queue: &Queue, sender: &Sender<(Source, Turn)>) {
    while let Some(mut source) = queue.pop() {
        let turn = source.turn();
        // Nobody listens any more when the output cannot be written.
        if sender.send((source, turn)).is_err() {
            break;
        }
    }
}

/// Files whose next records are to be evaluated.
#[derive(Default)]
struct Queue {
    /// Those, and whether there will be no more.
    state: Mutex<(VecDeque<Source>, bool)>,
    changed: Condvar,
}

impl Queue {
    fn push(&self, source: Source) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.push_back(source);
        self.changed.notify_one();
    }

    /// Waits for a file.
    fn pop(&self) -> Option<Source> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.0.is_empty() && !state.1 {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.0.pop_front().filter(|_| !state.1)
    }

    fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.1 = true;
        self.changed.notify_all();
    }
}
