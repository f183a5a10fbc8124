//! How long it takes until rules can be evaluated, and how much memory: from their text, and from the bytes of a compiled
//! set.
//!
//! `cargo bench -p kubesift-benches --bench load` prints the tables; `-- --write` puts them into docs/performance.md.
//! What a load takes is asked of a process of its own, which does nothing else: this program, started anew. Linux says
//! what its processes take; elsewhere there is no such number.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{Error, Result, Write as _};
use std::process::Command;

use benches::{Contender, compare, processor_time};
use detect::{RuleSet, RuleSetBuilder};

/// Rounds of which the median counts.
const ROUNDS: usize = 5;
/// What starts this program as the process that loads.
const ALONE: &str = "--alone";

/// Rules by their number and what they are like.
struct Set {
    name: &'static str,
    n: usize,
    builder: fn(usize) -> RuleSetBuilder,
}

const SETS: &[Set] = &[
    Set {
        name: "shipped",
        n: 0,
        builder: |_| RuleSet::builder().shipped(),
    },
    Set {
        name: "1000 of teams",
        n: 1_000,
        builder: teams,
    },
    Set {
        name: "10000 of teams",
        n: 10_000,
        builder: teams,
    },
    Set {
        name: "10000 as in the other tables",
        n: 10_000,
        builder: plain,
    },
];

/// Rules that differ in their values; every tenth has a regular expression.
fn teams(n: usize) -> RuleSetBuilder {
    let mut builder = RuleSet::builder();
    let mut text = String::new();
    for at in 0..n {
        let regex = if at % 10 == 0 {
            format!("\n    requestURI|re: '^/api/v1/namespaces/team-{at}-[a-z0-9]+/secrets'")
        } else {
            String::new()
        };
        // Writing to a string cannot fail.
        _ = write!(
            text,
            "title: Team {at} touched\nname: team-{at}\nlogsource: {{product: kubernetes, service: audit}}\n\
             taxonomy: kubesift\ntags: [attack.t1552.007]\ndescription: What is of team {at} is for its accounts alone.\n\
             detection:\n  touched:\n    verb: [get, list, watch]\n    resource: [secrets, configmaps]\n    \
             namespace: team-{at}{regex}\n  known:\n    user.username|startswith: 'system:serviceaccount:team-{at}:'\n  \
             condition: touched and not known\nlevel: high\nmessage: '{{user.username}} read {{ref}}'\n---\n"
        );
        if at % 100 == 99 || at == n - 1 {
            text.truncate(text.len() - "---\n".len());
            builder = builder.text(format!("rules-{at}.yaml"), std::mem::take(&mut text));
        }
    }
    builder
}

fn plain(n: usize) -> RuleSetBuilder {
    let rules = benches::rules(n).into_iter().enumerate();
    rules.fold(RuleSet::builder(), |builder, (at, rule)| {
        builder.text(format!("rule-{at}.yaml"), rule)
    })
}

/// The most memory that this process has taken, in KiB.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mut lines = status.lines();
    let peak = lines.find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.split_whitespace().next()?.parse().ok()
}

/// How many rules a set has that has seen its first event, for which the index is made.
fn ready(rules: &RuleSet) -> u64 {
    let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"get"}"#;
    let scanned = rules.scanner().scan_bytes(line).is_ok();
    rules.rules().len() as u64 + u64::from(!scanned)
}

/// Loads a set, from bytes if there is a file of them, and prints what that took.
fn load_alone(set: usize, n: usize, bytes: Option<&str>) -> Result<()> {
    let set = SETS.get(set).ok_or_else(|| Error::other("no such set"))?;
    let builder = match bytes {
        Some(_) => RuleSet::builder(),
        None => (set.builder)(n),
    };
    let before = processor_time();
    let rules = match bytes {
        Some(path) => RuleSet::from_bytes(&std::fs::read(path)?).map_err(Error::other)?,
        None => builder.load().0,
    };
    ready(&rules);
    let after = processor_time();
    let (Some(before), Some(after), Some(peak)) = (before, after, most_memory()) else {
        return Err(Error::other(
            "this system does not say what a process takes",
        ));
    };
    let seconds = after.saturating_sub(before).as_secs_f64();
    writeln!(std::io::stdout(), "{seconds} {peak}")?;
    drop(black_box(rules));
    Ok(())
}

/// What a process takes that loads a set and does nothing else: seconds of a processor, and MB of memory at most.
fn alone(set: usize, n: usize, bytes: Option<&str>) -> Result<(f64, f64)> {
    let output = Command::new(std::env::current_exe()?)
        .args([ALONE, &set.to_string(), &n.to_string()])
        .args(bytes)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let (Some(Ok(seconds)), Some(Ok(kib))) = (numbers.next(), numbers.next()) else {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Error::other(format!("a load alone failed: {said}")));
    };
    Ok((seconds, kib * 1024.0 / 1e6))
}

fn measure(at: usize, set: &Set, quick: bool, out: &mut String) -> Result<()> {
    let n = if quick { set.n.min(100) } else { set.n };
    let make = || (set.builder)(n);
    let rules = make().build().map_err(Error::other)?;
    let bytes = rules.to_bytes();
    let path = std::env::temp_dir().join(format!("kubesift-load-{}-{at}", std::process::id()));
    std::fs::write(&path, &bytes)?;
    let taken = [None, path.to_str()].map(|bytes| alone(at, n, bytes));
    std::fs::remove_file(&path)?;
    let [text_taken, bytes_taken] = taken;
    let outcomes = compare(
        if quick { 1 } else { ROUNDS },
        vec![
            Contender::new("text", || ready(&make().load().0)),
            Contender::new("bytes", || {
                RuleSet::from_bytes(black_box(&bytes)).map_or(0, |rules| ready(&rules))
            }),
            Contender::new("bytes, without automata", || {
                u64::from(rule_lang::from_bytes(black_box(&bytes)).is_ok())
            }),
            Contender::new("to bytes", || black_box(&rules).to_bytes().len() as u64),
        ],
    );
    let text = outcomes
        .first()
        .map_or(f64::NAN, |text| text.median.as_secs_f64());
    for (outcome, taken) in outcomes
        .iter()
        .zip([Some(text_taken), Some(bytes_taken), None, None])
    {
        let seconds = outcome.median.as_secs_f64();
        let taken = match taken.transpose()? {
            Some((cpu, peak)) => format!("{cpu:.3} | {peak:.0}"),
            None => "|".to_owned(),
        };
        // Writing to a string cannot fail.
        _ = writeln!(
            out,
            "| {} ({} rules, {} KB compiled) | {} | {:.1} | {:.1} | {taken} |",
            set.name,
            rules.rules().len(),
            bytes.len() / 1000,
            outcome.name,
            seconds * 1e3,
            text / seconds,
        );
    }
    Ok(())
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [alone, set, n, bytes @ ..] = args.as_slice()
        && alone == ALONE
    {
        let [set, n] = [set, n].map(|text| text.parse().map_err(Error::other));
        return load_alone(set?, n?, bytes.first().map(String::as_str));
    }
    let quick = args.iter().any(|arg| arg == "--test");
    let mut out = String::from(
        "| rules | from | ms | text ÷ it | CPU s alone | most MB alone |\n|---|---|---:|---:|---:|---:|\n",
    );
    for (at, set) in SETS.iter().enumerate() {
        measure(at, set, quick, &mut out)?;
    }
    std::io::stdout().lock().write_all(out.as_bytes())?;
    if args.iter().any(|arg| arg == "--write") {
        benches::put("load", &out)?;
    }
    Ok(())
}
