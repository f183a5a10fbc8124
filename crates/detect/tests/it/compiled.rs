//! Rule sets as bytes: the same hits, and nothing but errors from what is damaged.

use detect::{Detection, Event, Limits, RuleSet};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::generate::{Choices, event, rule, yaml};
use crate::property::{choices, config};

/// Everything that a set says of an event.
fn hits(set: &RuleSet, event: &Event<'_>) -> Vec<Detection> {
    let mut scanner = set.scanner();
    let hits = scanner.scan(event);
    hits.map(|hit| Detection::new(&hit, event)).collect()
}

/// Where the checksum and what it covers begin.
const CHECKSUM: std::ops::Range<usize> = 12..16;

/// Bytes whose checksum fits again.
fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(content) = bytes.get(CHECKSUM.end..) {
        let checksum = crc32fast::hash(content).to_le_bytes();
        bytes[CHECKSUM].copy_from_slice(&checksum);
    }
    bytes
}

fn set(numbers: &[Vec<u16>]) -> RuleSet {
    let rules = numbers.iter().enumerate();
    let rules = rules.map(|(at, numbers)| rule(&mut Choices::new(numbers), format!("rule-{at}")));
    let filter = "title: f\nname: filter\nlogsource: {product: kubernetes, service: audit}\nfilter:\n  rules: [rule-0]\n  \
                  known: {user.username: dana}\n  condition: not known\n";
    let builder = RuleSet::builder().text("filter.yaml", filter);
    let (set, report) = rules
        .fold(builder, |builder, rule| {
            builder.text(format!("{}.yaml", rule.name), yaml(&rule))
        })
        .load();
    assert!(!report.has_errors(), "{}", report.render(false));
    set
}

#[test]
fn restored_rules_pass_the_tests_of_the_shipped_ones() {
    let compiled = RuleSet::builder().shipped().build().unwrap();
    let restored = RuleSet::from_bytes(&compiled.to_bytes()).unwrap();
    assert_eq!(restored.rules().len(), compiled.rules().len());
    let mut n_hits = 0;
    let mut compare = |json: &[u8]| {
        let event = Event::decode_fragment(json, &Limits::default()).unwrap();
        let expected = hits(&compiled, &event);
        assert_eq!(hits(&restored, &event), expected);
        n_hits += expected.len();
    };
    for test in compiled.rules().flat_map(detect::Rule::tests) {
        for json in test.events() {
            compare(json.as_bytes());
        }
    }
    let sample = include_bytes!("../../../../examples/data/sample.jsonl");
    for line in sample
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        compare(line);
    }
    assert!(n_hits > 100, "only {n_hits} hits");
}

#[test]
fn what_is_kept_of_a_rule() {
    let compiled = RuleSet::builder().shipped().build().unwrap();
    let restored = RuleSet::from_bytes(&compiled.to_bytes()).unwrap();
    for (rule, kept) in compiled.rules().zip(restored.rules()) {
        let without_tests = |rule: &detect::Rule| {
            let shown = format!("{rule:#?}");
            let (before, tests) = shown.split_once("    tests: ").unwrap();
            let (_, after) = tests.split_once("    program: ").unwrap();
            format!("{before}{after}")
        };
        assert_eq!(without_tests(rule), without_tests(kept));
        assert!(!rule.tests().is_empty() && kept.tests().is_empty());
    }
    let filters = |set: &RuleSet| {
        let scanner = set.scanner();
        scanner
            .filters()
            .map(|filter| format!("{filter:?}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(filters(&restored), filters(&compiled));
}

#[test]
fn generated_rules_find_the_same() {
    let mut runner = TestRunner::new(config(128));
    let strategy = (vec(choices(100), 1..=8), vec(choices(250), 1..=6));
    let n_hits = std::cell::Cell::new(0);
    let run = runner.run(&strategy, |(of_rules, of_events)| {
        let compiled = set(&of_rules);
        let bytes = compiled.to_bytes();
        let restored = RuleSet::from_bytes(&bytes).unwrap();
        prop_assert_eq!(restored.to_bytes(), bytes);
        for numbers in &of_events {
            let json = event(&mut Choices::new(numbers));
            let event = Event::decode(&json, &Limits::default()).unwrap();
            let expected = hits(&compiled, &event);
            prop_assert_eq!(hits(&restored, &event), &expected[..]);
            n_hits.set(n_hits.get() + expected.len());
        }
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    assert!(n_hits.get() > 100, "only {} hits", n_hits.get());
}

/// One way to damage bytes.
#[derive(Clone, Debug)]
enum Damage {
    Flip(usize, u8),
    Cut(usize),
    Extend(Vec<u8>),
    Insert(usize, u8),
    Remove(usize),
    /// Writes a part over another one.
    Copy(usize, usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (any::<usize>(), 1u8..).prop_map(|(at, mask)| Damage::Flip(at, mask)),
        1 => any::<usize>().prop_map(Damage::Cut),
        1 => vec(any::<u8>(), 1..40).prop_map(Damage::Extend),
        2 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        2 => any::<usize>().prop_map(Damage::Remove),
        1 => (any::<usize>(), any::<usize>(), 1usize..16).prop_map(|(from, to, n)| Damage::Copy(from, to, n)),
    ]
}

impl Damage {
    fn apply(&self, mut bytes: Vec<u8>, from: usize) -> Vec<u8> {
        let place = |at: usize, n: usize| from + at % (n - from);
        let n = bytes.len();
        if n <= from {
            return bytes;
        }
        match self {
            Self::Flip(at, mask) => bytes[place(*at, n)] ^= mask,
            Self::Cut(at) => bytes.truncate(place(*at, n)),
            Self::Extend(more) => bytes.extend(more),
            Self::Insert(at, byte) => bytes.insert(place(*at, n), *byte),
            Self::Remove(at) => drop(bytes.remove(place(*at, n))),
            Self::Copy(source, target, length) => {
                let (source, target) = (place(*source, n), place(*target, n));
                let length = (*length).min(n - source).min(n - target);
                bytes.copy_within(source..source + length, target);
            }
        }
        bytes
    }
}

#[test]
fn damage_is_an_error() {
    let mut runner = TestRunner::new(config(2_000));
    let shipped = RuleSet::builder().shipped().build().unwrap().to_bytes();
    let run = runner.run(&damage(), |damage| {
        let damaged = damage.apply(shipped.clone(), 0);
        prop_assert!(damaged == shipped || RuleSet::from_bytes(&damaged).is_err());
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}

/// What is behind the checksum is looked at as if there were none.
#[test]
fn damage_with_a_checksum_that_fits_is_an_error_or_a_set() {
    let mut runner = TestRunner::new(config(1_500));
    let strategy = (vec(choices(100), 1..=4), vec(damage(), 1..=3), choices(250));
    let n_sets = std::cell::Cell::new(0);
    let run = runner.run(&strategy, |(of_rules, damages, of_event)| {
        let bytes = set(&of_rules).to_bytes();
        let damaged = damages
            .iter()
            .fold(bytes, |bytes, damage| damage.apply(bytes, CHECKSUM.end));
        let Ok(set) = RuleSet::from_bytes(&with_checksum(damaged)) else {
            return Ok(());
        };
        n_sets.set(n_sets.get() + 1);
        let again = RuleSet::from_bytes(&set.to_bytes()).unwrap();
        prop_assert_eq!(again.to_bytes(), set.to_bytes());
        let json = event(&mut Choices::new(&of_event));
        let event = Event::decode(&json, &Limits::default()).unwrap();
        prop_assert_eq!(hits(&again, &event), hits(&set, &event));
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    // Texts may be anything, so that some damage makes another set.
    assert!(n_sets.get() > 20, "only {} sets", n_sets.get());
}

/// Explanations name the lines of files that are not there any more.
#[test]
fn restored_rules_explain_themselves_the_same() {
    let compiled = RuleSet::builder().shipped().build().unwrap();
    let restored = RuleSet::from_bytes(&compiled.to_bytes()).unwrap();
    for rule in compiled.rules() {
        for json in rule
            .tests()
            .iter()
            .flat_map(detect::rule_lang::RuleTest::events)
            .take(3)
        {
            let event = Event::decode_fragment(json.as_bytes(), &Limits::default()).unwrap();
            let explained = restored.explain(rule.name(), &event);
            assert!(explained.is_some());
            assert_eq!(explained, compiled.explain(rule.name(), &event));
        }
    }
}
