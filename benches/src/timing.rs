//! Contenders that take turns in one process: on a machine that others use too, only ratios within one run mean
//! something.

use std::time::{Duration, Instant};

/// Something that reads a corpus once.
pub struct Contender<'c> {
    name: String,
    run: Box<dyn FnMut() -> u64 + 'c>,
}

impl std::fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contender")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<'c> Contender<'c> {
    /// A contender; what its run returns is shown beside its time: lines, events or hits.
    pub fn new(name: impl Into<String>, run: impl FnMut() -> u64 + 'c) -> Self {
        Self {
            name: name.into(),
            run: Box::new(run),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What became of a contender.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// The median time of a run.
    pub median: Duration,
    /// What a run returned.
    pub count: u64,
}

/// Runs all contenders in turn, once to warm up and then for some rounds.
pub fn compare(rounds: usize, mut contenders: Vec<Contender<'_>>) -> Vec<Outcome> {
    let mut times: Vec<Vec<Duration>> = vec![Vec::with_capacity(rounds); contenders.len()];
    let mut counts: Vec<u64> = contenders
        .iter_mut()
        .map(|contender| (contender.run)())
        .collect();
    for _ in 0..rounds {
        for ((contender, times), count) in contenders.iter_mut().zip(&mut times).zip(&mut counts) {
            let start = Instant::now();
            *count = (contender.run)();
            times.push(start.elapsed());
        }
    }
    let outcomes = contenders.into_iter().zip(times).zip(counts);
    outcomes
        .map(|((contender, times), count)| Outcome {
            name: contender.name,
            median: median(times),
            count,
        })
        .collect()
}

/// What the thread at hand has taken of a processor so far, however many threads wait for one. Linux tells it; other
/// systems would have to be asked in ways of their own.
pub fn processor_time() -> Option<Duration> {
    // The time of a thread that runs is added up a few hundred times a second, and whenever it stops to run.
    std::thread::sleep(Duration::from_micros(1));
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = told.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// The one in the middle.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
