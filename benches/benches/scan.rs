//! How fast bytes of a log become hits, beside floors that take turns with it in one process.
//!
//! `cargo bench -p kubesift-benches --bench scan [-- FILTER]` prints one table for each corpus; what it means is said in
//! docs/performance.md, into which `-- --write` puts the tables. A name that contains FILTER is run, with the floor
//! that it is compared to.

#![expect(
    clippy::cast_precision_loss,
    reason = "numbers of bytes and events are far below 2⁵³"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;

use benches::{Contender, compare};
use detect::{Event, Limits, Reader, RuleSet};
use memchr::memchr_iter;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Rounds of which the median counts.
const ROUNDS: usize = 7;
const FLOOR: &str = "serde_json, nothing kept";

/// An event as most programs read it: typed, borrowed, its bodies as they stand.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed<'a> {
    #[serde(borrow)]
    verb: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    user: Option<User<'a>>,
    #[serde(borrow, rename = "sourceIPs")]
    source_ips: Option<Vec<std::borrow::Cow<'a, str>>>,
    #[serde(borrow)]
    user_agent: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, rename = "requestURI")]
    request_uri: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    object_ref: Option<Object<'a>>,
    #[serde(borrow)]
    request_object: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow)]
    username: Option<std::borrow::Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow)]
    resource: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    namespace: Option<std::borrow::Cow<'a, str>>,
}

fn lines(log: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr_iter(b'\n', log).map(move |end| {
        let line = log.get(start..end).unwrap_or_default();
        start = end + 1;
        line
    })
}

fn count(n: usize) -> u64 {
    n as u64
}

fn floors(log: &[u8]) -> Vec<Contender<'_>> {
    let mut buffers = simd_json::Buffers::new(64 << 10);
    let mut copy = Vec::new();
    vec![
        Contender::new("line feeds (memchr)", move || {
            count(memchr_iter(b'\n', black_box(log)).count())
        }),
        Contender::new(FLOOR, move || {
            let read = |line: &&[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
            count(lines(black_box(log)).filter(read).count())
        }),
        Contender::new("serde_json, typed and borrowed", move || {
            let read = |line: &&[u8]| {
                serde_json::from_slice::<Typed<'_>>(line).is_ok_and(|event| {
                    black_box(&event).verb.is_some()
                        && event.user.is_none_or(|user| user.username.is_some())
                        && event.source_ips.is_some()
                        && event.user_agent.is_some()
                        && event.request_uri.is_some()
                        && event.object_ref.is_none_or(|object| {
                            object.resource.is_some() && object.namespace.is_some()
                        })
                        && event
                            .request_object
                            .is_none_or(|body| !body.get().is_empty())
                })
            };
            count(lines(black_box(log)).filter(read).count())
        }),
        Contender::new("simd-json, tape", move || {
            let read = |line: &&[u8]| {
                copy.clear();
                copy.extend_from_slice(line);
                simd_json::to_tape_with_buffers(&mut copy, &mut buffers).is_ok()
            };
            count(lines(black_box(log)).filter(read).count())
        }),
    ]
}

fn rule_set(n: usize) -> RuleSet {
    let mut builder = RuleSet::builder();
    for (at, rule) in benches::rules(n).into_iter().enumerate() {
        builder = builder.text(format!("rule-{at}.yaml"), rule);
    }
    let (rules, report) = builder.load();
    assert!(!report.has_errors(), "{}", report.render(false));
    rules
}

fn ours<'c>(name: &str, rules: &RuleSet, log: &'c [u8]) -> Vec<Contender<'c>> {
    let (mut slow, mut fast) = (rules.scanner(), rules.scanner());
    let limits = Limits::default();
    vec![
        Contender::new(format!("scan_bytes, {name}"), move || {
            let hits = lines(black_box(log))
                .map(|line| fast.scan_bytes(line).map_or(0, |hits| hits.len()));
            count(hits.sum())
        }),
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
    Contender::new(format!("Reader and Detector, {name}"), move || {
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

fn main() -> std::io::Result<()> {
    let filter: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    let wanted = |name: &str| {
        filter.is_empty() || filter.iter().any(|filter| name.contains(filter.as_str()))
    };
    // `cargo test` and CI only want to know that it runs.
    let quick = std::env::args().any(|arg| arg == "--test");
    let n_events = if quick { 50 } else { 20_000 };
    let rounds = if quick { 1 } else { ROUNDS };
    let shipped = RuleSet::builder()
        .shipped()
        .build()
        .map_err(std::io::Error::other)?;
    let sets: Vec<(String, RuleSet)> = [16, 100, 1_000, 10_000]
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
        ("metadata", benches::metadata(n_events)),
        ("mixed", benches::mixed(n_events)),
        ("eks", benches::eks(n_events)),
        ("aks", benches::aks(n_events)),
        ("gke", benches::gke(n_events)),
    ] {
        let wrapped = !matches!(corpus, "metadata" | "mixed");
        let log = log.as_bytes();
        let mut contenders = floors(log);
        for (name, rules) in &sets {
            if !wrapped {
                contenders.extend(ours(name, rules, log));
            }
        }
        if !wrapped {
            contenders.push(reader(log));
        }
        for (name, rules) in sets.iter().take(1) {
            contenders.push(detector(name, rules, log));
        }
        contenders.retain(|contender| {
            contender.name().contains(FLOOR) || wanted(&format!("{corpus} {}", contender.name()))
        });
        let outcomes = compare(rounds, contenders);
        let floor = outcomes
            .iter()
            .find(|outcome| outcome.name == FLOOR)
            .map_or(0.0, |floor| floor.median.as_secs_f64());
        let n_lines = lines(log).count() as f64;
        writeln!(
            out,
            "\n### {corpus}: {n_lines} lines, {:.0} bytes each\n",
            log.len() as f64 / n_lines
        )
        .map_err(std::io::Error::other)?;
        writeln!(
            out,
            "| contender | MB/s | lines/s | floor ÷ it | count |\n|---|---:|---:|---:|---:|"
        )
        .map_err(std::io::Error::other)?;
        for outcome in &outcomes {
            let seconds = outcome.median.as_secs_f64();
            writeln!(
                out,
                "| {} | {:.0} | {:.0} | {:.2} | {} |",
                outcome.name,
                log.len() as f64 / seconds / 1e6,
                n_lines / seconds,
                floor / seconds,
                outcome.count
            )
            .map_err(std::io::Error::other)?;
        }
    }
    std::io::stdout().lock().write_all(out.as_bytes())?;
    if std::env::args().any(|arg| arg == "--write") {
        put(&out)?;
    }
    Ok(())
}

/// Puts the tables into the page, between its marks.
fn put(tables: &str) -> std::io::Result<()> {
    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");
    const MARKS: [&str; 2] = ["<!-- tables -->", "<!-- end of tables -->"];
    let page = std::fs::read_to_string(PAGE)?;
    let [start, end] = MARKS.map(|mark| page.find(mark));
    let (Some(start), Some(end)) = (start, end) else {
        return Err(std::io::Error::other(
            "the page has no marks for the tables",
        ));
    };
    let before = page.get(..start + MARKS[0].len()).unwrap_or_default();
    let after = page.get(end..).unwrap_or_default();
    std::fs::write(PAGE, format!("{before}\n{tables}\n{after}"))
}
