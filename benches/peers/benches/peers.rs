//! How fast other engines find the same hits in the same bytes, and whether they do.
//!
//! `cargo bench` in this directory prints the tables; what they mean is said in docs/performance.md, into which
//! `cargo bench -- --write` puts them.

#![expect(
    clippy::cast_precision_loss,
    reason = "numbers of bytes and events are far below 2⁵³"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hint::black_box;

use benches::{Contender, compare, lines};
use peers::{CASES, Contestant, Engine, OURS, PEERS, quietly};

/// Rounds of which the median counts.
const ROUNDS: usize = 5;

/// How much is run: numbers of rules and of events.
struct Plan {
    rounds: usize,
    sets: &'static [usize],
    n_events: u64,
    /// Events of which each rule of a set sees one in a round of an engine whose work grows with the rules.
    n_questions: usize,
}

const WHOLE: Plan = Plan {
    rounds: ROUNDS,
    sets: &[16, 100, 1_000, 10_000],
    n_events: 20_000,
    n_questions: 2_000_000,
};

/// `cargo test` and CI only want to know that it runs.
const QUICK: Plan = Plan {
    rounds: 1,
    sets: &[20],
    n_events: 50,
    n_questions: 2_000_000,
};

/// Every so many-th line, so that as many are left as wanted.
fn slice<'l>(lines: &[&'l [u8]], wanted: usize) -> Vec<&'l [u8]> {
    let step = lines.len().div_ceil(wanted.max(1)).max(1);
    lines.iter().step_by(step).copied().collect()
}

/// Hits as pairs of a line's and a rule's place, in the lines that an engine is given.
fn hits(engine: &mut dyn Engine, lines: &[&[u8]]) -> BTreeSet<(usize, usize)> {
    let mut found = BTreeSet::new();
    for (at, line) in lines.iter().enumerate() {
        engine.hits(line, &mut |rule| {
            found.insert((at, rule));
        });
    }
    found
}

fn speed(plan: &Plan, corpus: &str, log: &[u8], out: &mut String) -> std::fmt::Result {
    let all: Vec<&[u8]> = lines(log).collect();
    writeln!(
        out,
        "\n### Peers, {corpus}: {} events, {:.0} bytes each\n",
        all.len(),
        log.len() as f64 / all.len() as f64
    )?;
    writeln!(
        out,
        "| engine | rules | loaded | events in a round | events/s | MB/s | ours ÷ it |\n|---|---:|---:|---:|---:|---:|---:|"
    )?;
    for &n in plan.sets {
        let rules = benches::rules(n);
        let mut shown = Vec::new();
        let mut contenders = Vec::new();
        let mut absent = Vec::new();
        for contestant in [OURS].iter().chain(&PEERS) {
            let loaded = (contestant.load)(&rules);
            let wanted = if contestant.linear {
                plan.n_questions / n
            } else if contestant.name == OURS.name {
                all.len()
            } else {
                10 * plan.n_questions / n
            };
            let lines = slice(&all, wanted.min(all.len()));
            let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
            let taken = n - loaded.refused.len();
            if taken == 0 {
                absent.push(contestant.name);
                continue;
            }
            shown.push((taken, lines.len(), bytes));
            let mut engine = loaded.engine;
            contenders.push(Contender::new(contestant.name, move || {
                let mut hits = 0;
                for line in black_box(&lines) {
                    engine.hits(line, &mut |_| hits += 1);
                }
                hits
            }));
        }
        eprintln!("{corpus}: {n} rules are loaded");
        let outcomes = compare(plan.rounds, contenders);
        let rate = |at: usize| shown[at].1 as f64 / outcomes[at].median.as_secs_f64();
        for (at, (outcome, (loaded, n_lines, bytes))) in outcomes.iter().zip(&shown).enumerate() {
            writeln!(
                out,
                "| {} | {n} | {loaded} | {n_lines} | {:.0} | {:.1} | {:.1} |",
                outcome.name,
                rate(at),
                *bytes as f64 / outcome.median.as_secs_f64() / 1e6,
                rate(0) / rate(at),
            )?;
        }
        for name in absent {
            writeln!(out, "| {name} | {n} | 0 | | | | |")?;
        }
    }
    Ok(())
}

/// The tables that say which hits are the same.
fn agreement(plan: &Plan, corpora: &[(&str, &str)], out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "\n### Peers: do the hits agree?\n\n| engine | log | rules | not loaded | events | hits of ours | missing | added |\n|---|---|---:|---:|---:|---:|---:|---:|"
    )?;
    let mut reasons: BTreeMap<(usize, String), BTreeSet<usize>> = BTreeMap::new();
    for (corpus, log) in corpora {
        let all: Vec<&[u8]> = lines(log.as_bytes()).collect();
        for &n in plan.sets.iter().rev().take(2).rev() {
            let rules = benches::rules(n);
            let ours = (OURS.load)(&rules);
            assert!(ours.refused.is_empty(), "{}", ours.refused[0].1);
            let mut ours = ours.engine;
            // Where not all lines are given to all engines, those are that matter.
            let matching: BTreeSet<usize> = hits(&mut *ours, &all)
                .iter()
                .map(|(line, _)| *line)
                .collect();
            let few = plan.n_questions.saturating_mul(8) / n;
            let step = all
                .len()
                .div_ceil(few.saturating_sub(matching.len()).max(1))
                .max(1);
            let given = all.iter().enumerate();
            let given = given.filter(|(at, _)| matching.contains(at) || at % step == 0);
            let given: Vec<&[u8]> = given.map(|(_, line)| *line).collect();
            let ours = hits(&mut *ours, &given);
            for (peer, contestant) in PEERS.iter().enumerate() {
                eprintln!("{corpus}: hits of {} with {n} rules", contestant.name);
                let mut loaded = (contestant.load)(&rules);
                let theirs = hits(&mut *loaded.engine, &given);
                let refused: BTreeSet<usize> = loaded.refused.iter().map(|(at, _)| *at).collect();
                let expected: BTreeSet<_> = ours
                    .iter()
                    .filter(|(_, rule)| !refused.contains(rule))
                    .copied()
                    .collect();
                let missing: Vec<_> = expected.difference(&theirs).collect();
                let added: Vec<_> = theirs.difference(&expected).collect();
                writeln!(
                    out,
                    "| {} | {corpus} | {n} | {} | {} | {} | {} | {} |",
                    contestant.name,
                    refused.len(),
                    given.len(),
                    expected.len(),
                    missing.len(),
                    added.len()
                )?;
                for (at, reason) in loaded.refused {
                    let shape = format!("not loaded: {reason}");
                    reasons.entry((peer, shape)).or_default().insert(at % 20);
                }
                for (what, pairs) in [("missing", missing), ("added", added)] {
                    for (_, rule) in pairs {
                        let shapes = reasons.entry((peer, format!("hits {what}"))).or_default();
                        shapes.insert(rule % 20);
                    }
                }
            }
        }
    }
    writeln!(
        out,
        "\nThe rules have twenty shapes, by their number modulo 20. Those that an engine does not load or finds other hits of:\n"
    )?;
    for ((peer, what), shapes) in reasons {
        let shapes: Vec<String> = shapes.iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "- {}: shapes {} ({what})",
            PEERS[peer].name,
            shapes.join(", ")
        )?;
    }
    Ok(())
}

fn cases(out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "\n### Peers: what rules for Kubernetes need\n\n`–` is a rule that an engine does not load.\n"
    )?;
    write!(out, "| rule and event | must match |")?;
    for contestant in [OURS].iter().chain(&PEERS) {
        write!(out, " {} |", contestant.name)?;
    }
    writeln!(out, "\n|---|---|{}", ":-:|".repeat(PEERS.len() + 1))?;
    for (at, case) in CASES.iter().enumerate() {
        write!(
            out,
            "| {} | {} |",
            case.name,
            if case.matches { "yes" } else { "no" }
        )?;
        for contestant in [OURS].iter().chain(&PEERS) {
            let verdict = verdict(contestant, &case.rule(at), &case.line(), case.matches);
            assert!(
                contestant.name != OURS.name || verdict == "right",
                "{}: {verdict}",
                case.name
            );
            write!(out, " {verdict} |")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn verdict(contestant: &Contestant, rule: &str, line: &str, must_match: bool) -> &'static str {
    let found = quietly(|| {
        let mut loaded = (contestant.load)(&[rule.to_owned()]);
        let found = !hits(&mut *loaded.engine, &[line.as_bytes()]).is_empty();
        loaded.refused.is_empty().then_some(found)
    });
    match found {
        Ok(Some(found)) if found == must_match => "right",
        Ok(Some(_)) => "**wrong**",
        Ok(None) => "–",
        Err(_) => "**panics**",
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let plan = if std::env::args().any(|arg| arg == "--test") {
        QUICK
    } else {
        WHOLE
    };
    let (metadata, mixed) = (
        benches::metadata(plan.n_events),
        benches::mixed(plan.n_events),
    );
    let corpora = [("metadata", metadata.as_str()), ("mixed", mixed.as_str())];
    let mut out = String::new();
    for (corpus, log) in corpora {
        speed(&plan, corpus, log.as_bytes(), &mut out)?;
    }
    agreement(&plan, &corpora, &mut out)?;
    cases(&mut out)?;
    println!("{out}");
    if std::env::args().any(|arg| arg == "--write") {
        benches::put("peers", &out)?;
    }
    Ok(())
}
