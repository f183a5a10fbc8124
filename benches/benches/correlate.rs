//! What correlations cost: time of a benign log with a million groups alive beside the same rules without correlations,
//! and bytes that groups and a flood of keys take, as the allocator counts them.
//!
//! The logs are those of the other benchmarks, in which nearly every event concerns some correlation, and `cluster`, in
//! which most requests are those of kubelets and controllers, as they are in a cluster.
//!
//! `cargo bench -p kubesift-benches --bench correlate` prints both.

#![expect(
    clippy::cast_precision_loss,
    reason = "numbers of bytes and events are far below 2⁵³"
)]
#![expect(
    unsafe_code,
    reason = "an allocator that counts must implement `GlobalAlloc`"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use detect::{Detector, Reader, RuleSet};

/// Rounds of which the median counts.
const ROUNDS: usize = 7;

/// Events in a second of the log.
const PER_SECOND: usize = 50;

/// What holds the groups.
const GROUPS: &str = "
title: Filling
name: filling
logsource: {product: kubernetes, service: audit}
detection: {s: {userAgent: filling}, condition: s}
---
title: Groups
name: groups
correlation: {type: event_count, rules: [filling], group-by: [user.username], timespan: 60d, condition: {gte: 100}}
";

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

fn add(bytes: usize) {
    let live = LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(live, Ordering::Relaxed);
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size);
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How long this thread has run. Where the system tells how long it was on a processor it is that, so that what else the
/// machine does is left out.
fn ran() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    benches::processor_time().unwrap_or_else(|| START.elapsed())
}

fn process(detector: &mut Detector, log: &[u8]) -> usize {
    let mut reader = Reader::new(black_box(log));
    let mut hits = 0;
    while let Ok(Some(record)) = reader.next() {
        hits += detector.process(&record).len();
    }
    hits
}

/// Makes groups with the keys from `from` to `to`, a thousand in a second. Returns the most bytes in use beside the log.
fn fill(detector: &mut Detector, from: u64, to: u64) -> usize {
    const BATCH: u64 = 1_000;
    let mut log = String::new();
    let before = LIVE.load(Ordering::Relaxed);
    let mut peak = before;
    for start in (from..to).step_by(1_000) {
        log.clear();
        let second = start / BATCH;
        let (minute, second) = (second / 60, second % 60);
        let (hour, minute) = (minute / 60, minute % 60);
        for n in start..(start + BATCH).min(to) {
            // Writing to a `String` cannot fail.
            let _ = writeln!(
                log,
                r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"7d1c0000-0000-4000-8000-{n:012x}","stage":"ResponseComplete","verb":"get","user":{{"username":"user-{n}"}},"userAgent":"filling","responseStatus":{{"code":200}},"stageTimestamp":"2026-01-01T{hour:02}:{minute:02}:{second:02}.{:06}Z"}}"#,
                n % BATCH
            );
        }
        PEAK.store(LIVE.load(Ordering::Relaxed), Ordering::Relaxed);
        process(detector, log.as_bytes());
        let beside = log.capacity();
        peak = peak.max(PEAK.load(Ordering::Relaxed).saturating_sub(beside));
    }
    peak.saturating_sub(before)
}

/// The log as it would be of a cluster on one day: events come one after the other, and an identity is at home somewhere,
/// in a pod that its token is bound to and that has an address.
fn at_home(log: &str, day: usize) -> String {
    let mut out = String::with_capacity(log.len() + log.len() / 8);
    for (n, line) in log.lines().enumerate() {
        let micros = n % PER_SECOND * (1_000_000 / PER_SECOND);
        let (hour, minute, second) = (
            n / PER_SECOND / 3600,
            n / PER_SECOND / 60 % 60,
            n / PER_SECOND % 60,
        );
        let time = |later: usize| {
            format!(
                "2026-01-{day:02}T{hour:02}:{minute:02}:{second:02}.{:06}Z",
                micros + later
            )
        };
        let user = between(line, r#""username":""#, '"').unwrap_or_default();
        let home = user
            .bytes()
            .fold(0_u32, |hash, byte| hash.wrapping_mul(31) + u32::from(byte));
        let ip = format!("10.{}.{}.{}", home % 4, home / 4 % 16, home / 64 % 250);
        let mut line = line.to_owned();
        for (key, value) in [
            (r#""requestReceivedTimestamp":""#, time(1)),
            (r#""stageTimestamp":""#, time(4321)),
            (r#""sourceIPs":[""#, ip),
            (r#"credential-id":["JTI="#, format!("{home:08x}")),
            (r#"pod-name":[""#, format!("pod-{home:08x}")),
            (r#"node-name":[""#, format!("node-{}", home % 100)),
        ] {
            let old = between(&line, key, '"').map(str::len);
            if let (Some(at), Some(old)) = (line.find(key), old) {
                let at = at + key.len();
                line.replace_range(at..at + old, &value);
            }
        }
        if user.starts_with("system:serviceaccount:") {
            let uid = format!(
                r#""authentication.kubernetes.io/pod-uid":["{home:08x}-1111-4111-8111-111111111111"],"#
            );
            if let Some(at) = line.find(r#""authentication.kubernetes.io/pod-name""#) {
                line.insert_str(at, &uid);
            }
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// What stands between a beginning and the next such character.
fn between<'l>(line: &'l str, start: &str, end: char) -> Option<&'l str> {
    let (_, rest) = line.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}

fn groups(detector: &Detector) -> u64 {
    detector.correlations().map(|one| one.groups).sum()
}

fn main() -> std::io::Result<()> {
    // `cargo test` and CI only want to know that it runs.
    let quick = std::env::args().any(|arg| arg == "--test");
    // Names of what is to be measured; everything without one.
    let names: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|one| one == name);
    let (n_events, n_groups, n_keys, rounds) = if quick {
        (50, 1_000, 5_000, 1)
    } else {
        (100_000, 1_000_000, 10_000_000, ROUNDS)
    };
    let mut out = std::io::stdout().lock();

    let with = RuleSet::builder().shipped().text("groups.yaml", GROUPS);
    let with = with.build().map_err(std::io::Error::other)?;
    let without = RuleSet::builder().shipped().text("groups.yaml", GROUPS);
    let without = without.retain_correlations(|_| false);
    let without = without.build().map_err(std::io::Error::other)?;
    let only = RuleSet::builder().text("groups.yaml", GROUPS);
    let only = only.build().map_err(std::io::Error::other)?;

    for log in ["metadata", "mixed", "cluster"]
        .into_iter()
        .filter(|log| wanted(log))
    {
        let text = match log {
            "mixed" => benches::mixed(n_events),
            "cluster" => benches::cluster(n_events),
            _ => benches::metadata(n_events),
        };
        // Requests that are folded are remembered by the bytes; each round is other bytes in both.
        let mut correlating = with.detector().with_state_bytes(1 << 30);
        let mut plain = without.detector();
        fill(&mut correlating, 0, n_groups);
        let mut times = [Vec::new(), Vec::new()];
        // The first round warms up.
        for round in 0..=rounds {
            let log = at_home(&text, 2 + round);
            for (detector, times) in [&mut plain, &mut correlating].into_iter().zip(&mut times) {
                let start = ran();
                process(detector, log.as_bytes());
                if round > 0 {
                    times.push(ran().saturating_sub(start));
                }
            }
        }
        let [plain, with] = times.map(|times| benches::median(times).as_secs_f64());
        let megabytes = |seconds: f64| text.len() as f64 / seconds / 1e6;
        let of = |seconds: f64| f64::from(u32::try_from(n_events).unwrap_or(u32::MAX)) / seconds;
        writeln!(
            out,
            "{log}: {:.0} events/s ({:.0} MB/s) without correlations, {:.0} ({:.0} MB/s) with {} groups alive, ratio {:.2}",
            of(plain),
            megabytes(plain),
            of(with),
            megabytes(with),
            groups(&correlating),
            plain / with
        )?;
    }

    for (name, what, n, budget) in [
        ("groups", "groups", n_groups, 512 << 20),
        ("flood", "keys in a flood", n_keys, 64 << 20),
    ] {
        if !wanted(name) {
            continue;
        }
        let before = LIVE.load(Ordering::Relaxed);
        let mut detector = only.detector().with_state_bytes(budget);
        let own = LIVE.load(Ordering::Relaxed) - before;
        let start = ran();
        let peak = own + fill(&mut detector, 0, n);
        writeln!(
            out,
            "{n} {what}: at most {:.1} MiB of {:.0} MiB budget ({:.2}), {} kept, {} evicted, {:.0} events/s",
            peak as f64 / f64::from(1 << 20),
            budget as f64 / f64::from(1 << 20),
            peak as f64 / budget as f64,
            groups(&detector),
            detector.correlations().map(|one| one.evicted).sum::<u64>(),
            n as f64 / ran().saturating_sub(start).as_secs_f64()
        )?;
    }
    Ok(())
}
