//! How fast a log becomes events, beside floors that take turns with it in one process.
//!
//! `cargo bench -p kubesift-benches --bench decode` prints a table for each corpus.

mod floors;

use std::hint::black_box;
use std::io::Write as _;

use audit_model::{Event, Limits, Reader, Record, Viewer};
use benches::{Contender, compare, lines, table};

use crate::floors::{NOTHING_KEPT, count, floors};

/// Rounds of which the median counts.
const ROUNDS: usize = 7;

fn ours(log: &[u8]) -> Vec<Contender<'_>> {
    let limits = Limits::default();
    let mut viewer = Viewer::default();
    vec![
        Contender::new("Viewer::read", move || {
            let read = |line: &&[u8]| viewer.read(line, &limits);
            count(lines(black_box(log)).filter(read).count())
        }),
        Contender::new("Event::decode", move || {
            let read = |line: &&[u8]| Event::decode(line, &limits).is_ok();
            count(lines(black_box(log)).filter(read).count())
        }),
        Contender::new("Reader", move || {
            let mut reader = Reader::new(black_box(log));
            let mut events = 0;
            while let Ok(Some(record)) = reader.next() {
                events += usize::from(matches!(black_box(record), Record::Event(_)));
            }
            count(events)
        }),
    ]
}

fn main() -> std::io::Result<()> {
    // `cargo test` and CI only want to know that it runs.
    let quick = std::env::args().any(|arg| arg == "--test");
    let (n_events, rounds) = if quick { (50, 1) } else { (20_000, ROUNDS) };
    for (corpus, log) in [
        ("metadata", benches::metadata(n_events)),
        ("mixed", benches::mixed(n_events)),
    ] {
        let mut contenders = floors(log.as_bytes());
        contenders.extend(ours(log.as_bytes()));
        let outcomes = compare(rounds, contenders);
        let table = table(&outcomes, NOTHING_KEPT, log.len(), n_events);
        writeln!(std::io::stdout(), "\n### {corpus}\n\n{table}")?;
    }
    Ok(())
}
