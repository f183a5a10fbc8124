//! How long it takes until rules can be evaluated: from their text, and from the bytes of a compiled set.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use detect::{RuleSet, RuleSetBuilder};

/// Rules that differ in their values; every tenth has a regular expression.
fn rules(n: usize) -> RuleSetBuilder {
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

fn load(criterion: &mut Criterion) {
    for (name, builder) in [
        ("shipped", RuleSetBuilder::shipped as fn(_) -> _),
        ("1000 rules", |_| rules(1_000)),
        ("10000 rules", |_| rules(10_000)),
    ] {
        let make = || builder(RuleSet::builder());
        let Ok(set) = make().build() else {
            continue;
        };
        let bytes = set.to_bytes();
        let mut group = criterion.benchmark_group(format!("load/{name}, {} bytes", bytes.len()));
        group.sample_size(10);
        group.bench_function("text", |bencher| {
            bencher.iter_batched(make, |builder| builder.load().0, BatchSize::PerIteration);
        });
        group.bench_function("from_bytes", |bencher| {
            bencher.iter(|| RuleSet::from_bytes(black_box(&bytes)));
        });
        group.bench_function("from_bytes without automata", |bencher| {
            bencher.iter(|| rule_lang::from_bytes(black_box(&bytes)));
        });
        group.bench_function("to_bytes", |bencher| {
            bencher.iter(|| black_box(&set).to_bytes());
        });
        group.finish();
    }
}

criterion_group!(benches, load);
criterion_main!(benches);
