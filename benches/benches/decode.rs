//! How fast a log becomes events, beside two floors measured in the same process: finding the lines, and a JSON
//! parser that keeps nothing.

use std::hint::black_box;

use audit_model::{Event, Limits, Reader, Record};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use memchr::memchr_iter;

/// Larger than the caches that matter, small enough for a quick run.
const EVENTS: u64 = 7_000;

fn lines(log: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr_iter(b'\n', log).map(move |end| {
        let line = log.get(start..end).unwrap_or_default();
        start = end + 1;
        line
    })
}

fn decode(criterion: &mut Criterion) {
    for (name, log) in [
        ("metadata", benches::metadata(EVENTS)),
        ("mixed", benches::mixed(EVENTS)),
    ] {
        let log = log.as_bytes();
        let limits = Limits::default();
        let mut group = criterion.benchmark_group(format!("decode/{name}"));
        group
            .throughput(Throughput::Bytes(log.len() as u64))
            .sample_size(10);
        group.bench_function("floor: line feeds", |bencher| {
            bencher.iter(|| memchr_iter(b'\n', black_box(log)).count());
        });
        group.bench_function("floor: serde_json, nothing kept", |bencher| {
            bencher.iter(|| {
                let read =
                    |line: &&[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
                lines(black_box(log)).filter(read).count()
            });
        });
        group.bench_function("Event::decode", |bencher| {
            bencher.iter(|| {
                lines(black_box(log))
                    .filter(|line| Event::decode(line, &limits).is_ok())
                    .count()
            });
        });
        group.bench_function("Reader", |bencher| {
            bencher.iter(|| {
                let mut reader = Reader::new(black_box(log));
                let mut events = 0;
                while let Ok(Some(record)) = reader.next() {
                    events += usize::from(matches!(black_box(record), Record::Event(_)));
                }
                events
            });
        });
        group.finish();
    }
}

criterion_group!(benches, decode);
criterion_main!(benches);
