//! How fast bytes of a log become hits, beside floors that take turns with it in one process.
//!
//! `cargo bench -p kubesift-benches --bench scan [-- FILTER]` prints one table for each corpus, one of what a managed
//! service's wrapper costs, and one of what a second thread brings; what they mean is said in docs/performance.md, into
//! which `-- --write` puts them. A contender whose name contains FILTER is run, with the one that it is compared to.

mod floors;

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use benches::{Contender, Outcome, compare, lines, median, processor_time, table};
use detect::{Event, Limits, Reader, RuleSet, Scanner};

use crate::floors::{NOTHING_KEPT, count, floors};

/// Rounds of which the median counts.
const ROUNDS: usize = 7;

fn rule_set(n: usize) -> RuleSet {
    let mut builder = RuleSet::builder();
    for (at, rule) in benches::rules(n).into_iter().enumerate() {
        builder = builder.text(format!("rule-{at}.yaml"), rule);
    }
    let (rules, report) = builder.load();
    assert!(!report.has_errors(), "{}", report.render(false));
    rules
}

fn scan(scanner: &mut Scanner, log: &[u8]) -> u64 {
    let mut hits = 0;
    scanner.scan_batch(black_box(log), |_, found| {
        hits += found.map_or(0, |hits| hits.len());
    });
    count(hits)
}

fn ours<'c>(name: &str, rules: &RuleSet, log: &'c [u8]) -> Vec<Contender<'c>> {
    let (mut slow, mut fast) = (rules.scanner(), rules.scanner());
    let limits = Limits::default();
    vec![
        Contender::new(format!("scan_batch, {name}"), move || scan(&mut fast, log)),
        Contender::new(format!("Event::decode and scan, {name}"), move || {
            let mut hits = 0;
            for line in lines(black_box(log)) {
                if let Ok(event) = Event::decode(line, &limits) {
                    hits += slow.scan(&event).len();
                }
            }
            count(hits)
        }),
    ]
}

/// The whole way of a program that embeds the library, over a log in any form.
fn detector<'c>(name: &str, rules: &RuleSet, log: &'c [u8]) -> Contender<'c> {
    let rules = rules.clone();
    Contender::new(name, move || {
        let mut detector = rules.detector();
        let mut reader = Reader::new(black_box(log));
        let mut hits = 0;
        while let Ok(Some(record)) = reader.next() {
            hits += detector.process(&record).len();
        }
        count(hits)
    })
}

fn reader(log: &[u8]) -> Contender<'_> {
    let mut viewer = detect::audit_model::Viewer::default();
    let limits = Limits::default();
    Contender::new("Viewer::read, no rules", move || {
        count(
            lines(black_box(log))
                .filter(|line| viewer.read(line, &limits))
                .count(),
        )
    })
}

/// What a run took: by the clock, of the processor by the thread that took most of it, and how many hits it found.
struct Took {
    clock: Duration,
    processor: Duration,
    hits: u64,
}

/// Runs a scanner on a thread of its own over each of some parts of a log.
fn on_threads(parts: &[&[u8]], scanners: &mut [Scanner]) -> Took {
    let start = Instant::now();
    let (processor, hits) = std::thread::scope(|scope| {
        let threads: Vec<_> = parts
            .iter()
            .zip(scanners)
            .map(|(part, scanner)| {
                scope.spawn(|| {
                    let before = processor_time().unwrap_or_default();
                    let hits = scan(scanner, part);
                    let taken = processor_time().unwrap_or_default();
                    (taken.saturating_sub(before), hits)
                })
            })
            .collect();
        threads.into_iter().fold(
            Default::default(),
            |(most, hits): (Duration, u64), thread| {
                let (taken, found) = thread.join().unwrap_or_default();
                (most.max(taken), hits + found)
            },
        )
    });
    Took {
        clock: start.elapsed(),
        processor,
        hits,
    }
}

/// How much is run.
struct Run {
    rounds: usize,
    n_events: u64,
    /// Contenders are run whose names contain one of these, or all.
    filter: Vec<String>,
}

impl Run {
    fn wanted(&self, name: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|part| name.contains(part.as_str()))
    }

    fn compare(
        &self,
        corpus: &str,
        floor: &str,
        mut contenders: Vec<Contender<'_>>,
    ) -> Vec<Outcome> {
        contenders.retain(|contender| {
            let name = contender.name();
            name == floor || self.wanted(&format!("{corpus} {name}"))
        });
        compare(self.rounds, contenders)
    }

    /// One corpus, beside the floors.
    fn corpus(&self, corpus: &str, log: &str, sets: &[(String, RuleSet)]) -> String {
        let bytes = log.as_bytes();
        let mut contenders = floors(bytes);
        if matches!(corpus, "metadata" | "mixed") {
            for (name, rules) in sets {
                contenders.extend(ours(name, rules, bytes));
            }
            contenders.push(reader(bytes));
        }
        for (name, rules) in sets.iter().take(1) {
            contenders.push(detector(
                &format!("Reader and Detector, {name}"),
                rules,
                bytes,
            ));
        }
        let outcomes = self.compare(corpus, NOTHING_KEPT, contenders);
        format!(
            "\n### {corpus}: {} events in {} lines, {} bytes an event\n\n{}",
            self.n_events,
            lines(bytes).count(),
            log.len() as u64 / self.n_events,
            table(&outcomes, NOTHING_KEPT, log.len(), self.n_events)
        )
    }

    /// The same events in the wrappers of managed services, by the bytes of the events and not of the wrappers.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of bytes and events are far below 2⁵³"
    )]
    fn wrapped(&self, name: &str, rules: &RuleSet) -> String {
        let native = benches::metadata(self.n_events);
        let logs = [
            ("native", native.clone()),
            ("eks", benches::eks(self.n_events)),
            ("aks", benches::aks(self.n_events)),
            ("gke", benches::gke(self.n_events)),
        ];
        let contenders = logs.iter();
        let contenders = contenders.map(|(form, log)| detector(form, rules, log.as_bytes()));
        let outcomes = self.compare("wrapped", "native", contenders.collect());
        let native_time = outcomes
            .first()
            .map_or(f64::NAN, |one| one.median.as_secs_f64());
        let mut out = format!(
            "\n### wrapped: Reader and Detector, {name}, the same events\n\n| form | events/s | ns an event | ns a byte of the native event | it ÷ native | count |\n|---|---:|---:|---:|---:|---:|\n"
        );
        for outcome in &outcomes {
            let seconds = outcome.median.as_secs_f64();
            // Writing to a string cannot fail.
            _ = writeln!(
                out,
                "| {} | {:.0} | {:.0} | {:.3} | {:.2} | {} |",
                outcome.name,
                self.n_events as f64 / seconds,
                seconds * 1e9 / self.n_events as f64,
                seconds * 1e9 / native.len() as f64,
                seconds / native_time,
                outcome.count
            );
        }
        out
    }

    /// What a second thread brings: by the clock, which needs two idle processors, and by the time that the threads get
    /// of one, which does not.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of events are far below 2⁵³"
    )]
    fn threads(&self, sets: &[&(String, RuleSet)]) -> String {
        let mut out = String::from(
            "\n### two threads\n\n| log and rules | one thread, events/s | two threads, events/s | two ÷ one | two ÷ one, by processor time | hits |\n|---|---:|---:|---:|---:|---:|\n",
        );
        for (corpus, log) in [
            ("metadata", benches::metadata(self.n_events)),
            ("mixed", benches::mixed(self.n_events)),
        ] {
            let log = log.as_bytes();
            let middle = memchr::memrchr(b'\n', log.get(..log.len() / 2).unwrap_or_default());
            let (first, second) = log
                .split_at_checked(middle.map_or(0, |at| at + 1))
                .unwrap_or((log, &[]));
            for (name, rules) in sets {
                if !self.wanted(&format!("two threads, {corpus}, {name}")) {
                    continue;
                }
                let mut scanners = [rules.scanner(), rules.scanner()];
                let mut took: [Vec<Took>; 2] = Default::default();
                for round in 0..=self.rounds {
                    for (parts, took) in [&[log][..], &[first, second]].into_iter().zip(&mut took) {
                        let this = on_threads(parts, &mut scanners);
                        // The first round warms up.
                        if round > 0 {
                            took.push(this);
                        }
                    }
                }
                let of = |took: &[Took], time: fn(&Took) -> Duration| {
                    median(took.iter().map(time).collect()).as_secs_f64()
                };
                let clock = took.each_ref().map(|took| of(took, |took| took.clock));
                let processor = took.each_ref().map(|took| of(took, |took| took.processor));
                let hits = took.map(|took| took.last().map_or(0, |took| took.hits));
                assert_eq!(hits[0], hits[1], "both find the same");
                // Writing to a string cannot fail.
                _ = writeln!(
                    out,
                    "| {corpus}, {name} | {:.0} | {:.0} | {:.2} | {:.2} | {} |",
                    self.n_events as f64 / clock[0],
                    self.n_events as f64 / clock[1],
                    clock[0] / clock[1],
                    processor[0] / processor[1],
                    hits[0]
                );
            }
        }
        out
    }
}

fn main() -> std::io::Result<()> {
    // `cargo test` and CI only want to know that it runs.
    let quick = std::env::args().any(|arg| arg == "--test");
    let run = Run {
        rounds: if quick { 1 } else { ROUNDS },
        n_events: if quick { 50 } else { 20_000 },
        filter: std::env::args()
            .skip(1)
            .filter(|arg| !arg.starts_with("--"))
            .collect(),
    };
    let shipped = RuleSet::builder()
        .shipped()
        .build()
        .map_err(std::io::Error::other)?;
    let sets: Vec<(String, RuleSet)> = [16, 100, 300, 1_000, 10_000]
        .into_iter()
        .map(|n| {
            (
                format!("{n} rules"),
                rule_set(if quick { n.min(100) } else { n }),
            )
        })
        .chain([("shipped rules".to_owned(), shipped)])
        .collect();
    let mut out = String::new();
    for (corpus, log) in [
        ("metadata", benches::metadata(run.n_events)),
        ("mixed", benches::mixed(run.n_events)),
        ("eks", benches::eks(run.n_events)),
        ("aks", benches::aks(run.n_events)),
        ("gke", benches::gke(run.n_events)),
    ] {
        out += &run.corpus(corpus, &log, &sets);
    }
    if let [first, .., shipped] = sets.as_slice() {
        out += &run.wrapped(&first.0, &first.1);
        out += &run.threads(&[first, shipped]);
    }
    std::io::stdout().lock().write_all(out.as_bytes())?;
    if std::env::args().any(|arg| arg == "--write") {
        benches::put("scan", &out)?;
    }
    Ok(())
}
