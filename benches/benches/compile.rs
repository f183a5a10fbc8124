//! How long rules take to load, lints included: sets of 100, 1 000 and 10 000 rules, whose time per rule must not
//! grow, and files of 1 MiB that ask for as much work as they can.
//!
//! A plain program, because what counts is how runs compare and not what one takes to the nanosecond.

#![expect(clippy::print_stdout, reason = "a benchmark tells what it measured")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rule_lang::Compiler;

#[path = "../../crates/rule-lang/tests/hostile/mod.rs"]
#[expect(clippy::unwrap_used, reason = "the files are shared with a test")]
mod hostile;

/// Rules that differ in their values, of the size and shape of those that are shipped.
fn rules(n: usize) -> Vec<(String, String)> {
    let one = |at: usize| {
        let mut text = String::new();
        write!(
            text,
            "title: Rule {at}\nid: 00000000-0000-4000-8000-{at:012}\nname: rule-{at}\nstatus: experimental\n\
             description: A workload that is not expected here.\nlevel: high\nsigma-version: 3\ntags: [attack.t1610]\n\
             logsource: {{product: kubernetes, service: audit}}\n\
             detection:\n  write:\n    operation: create\n    outcome: success\n    resource: [pods, deployments]\n    subresource: null\n  \
             risky:\n    - containers[any]:\n        image.repository|startswith: [miner{at}, pool{at}]\n        securityContext.privileged: true\n    \
             - podSpec.hostNetwork: true\n      user.username|contains: team-{at}\n  \
             normal:\n    namespace: [kube-system, shop-{at}]\n    user.groups: system:nodes\n  \
             condition: write and risky and not normal\n"
        )
        .unwrap_or_default();
        (format!("{at}.yaml"), text)
    };
    (0..n).map(one).collect()
}

fn load<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> (Duration, usize, usize) {
    let start = Instant::now();
    let mut compiler = Compiler::new();
    for (name, text) in files {
        compiler.add(name, text);
    }
    let found = compiler.finish();
    let time = start.elapsed();
    (time, found.rules.len(), found.diagnostics.len())
}

fn main() {
    // `cargo bench --bench compile -- filters` is about those files alone whose name says so. Cargo adds a flag.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let mut least = Duration::MAX;
    let sizes: &[usize] = if wanted.is_empty() {
        &[100, 1_000, 10_000]
    } else {
        &[]
    };
    for n in sizes.iter().copied() {
        let files = rules(n);
        let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
        let texts = || {
            files
                .iter()
                .map(|(name, text)| (name.as_str(), text.as_str()))
        };
        let runs = if n < 10_000 { 5 } else { 2 };
        let (time, found, told) = (0..runs)
            .map(|_| load(texts()))
            .min_by_key(|(time, ..)| *time)
            .unwrap_or_default();
        let each = time / u32::try_from(n).unwrap_or(u32::MAX);
        least = least.min(each);
        println!(
            "{n:>6} rules, {:>4} KB: {time:>10.1?}, {each:>8.1?} a rule, {:.2} times the least; {found} compiled, {told} diagnostics",
            bytes / 1000,
            each.as_secs_f64() / least.as_secs_f64(),
        );
    }
    for (name, files) in hostile::all() {
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let size: usize = files.iter().map(|(_, text)| text.len()).sum();
        let files = files.iter();
        let files = files.map(|(name, text)| (name.as_str(), text.as_str()));
        let (time, found, told) = load(files);
        let mark = if time > Duration::from_secs(1) {
            " OVER A SECOND"
        } else {
            ""
        };
        println!(
            "{size:>7} bytes of {name}: {time:.1?}{mark}; {found} compiled, {told} diagnostics"
        );
    }
}
