//! Rule sets as bytes: the same hits, and nothing but errors from what is damaged.

use detect::{Detection, Detector, Event, Limits, Reader, RuleSet};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::correlations;
use crate::generate::{Choices, event, rule, yaml};
use crate::property::{choices, config};

/// Everything that a set says of an event.
fn hits(set: &RuleSet, event: &Event<'_>) -> Vec<Detection> {
    let mut scanner = set.scanner();
    let hits = scanner.scan(event);
    hits.map(|hit| Detection::new(&hit, event)).collect()
}

/// What a detector tells of the records of a log, without what comes at the end.
fn processed(detector: &mut Detector, log: &[u8]) -> Vec<Detection> {
    let mut reader = Reader::new(log);
    let mut all = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        let hits = detector.process(&record);
        all.extend(hits.map(|hit| Detection::without_event(&hit)));
    }
    all
}

/// What a detector tells at the end.
fn finished(detector: &mut Detector) -> Vec<Detection> {
    let hits = detector.finish();
    hits.map(|hit| Detection::without_event(&hit)).collect()
}

/// How often each filter took a hit away.
fn uses(detector: &Detector) -> Vec<String> {
    let filters = detector.scanner().filters();
    filters.map(|filter| format!("{filter:?}")).collect()
}

const SAMPLE: &[u8] = include_bytes!("../../../../examples/data/sample.jsonl");

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
    let correlation = "title: c\ncorrelation: {type: event_count, rules: [rule-0], group-by: [verb], timespan: 1m, \
                       condition: {gte: 1}}\n";
    let builder = RuleSet::builder()
        .text("filter.yaml", filter)
        .text("correlation.yaml", correlation);
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
    for line in SAMPLE
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        compare(line);
    }
    assert!(n_hits > 100, "only {n_hits} hits");
}

/// Correlations, what is summed up, what is not told, and what filters take away, over a whole log.
#[test]
fn restored_rules_tell_the_same_of_a_log() {
    let narrowing = "title: f\nname: narrowing\nlogsource: {product: kubernetes, service: audit}\nexpires: 2030-01-01\n\
                     filter:\n  rules: any\n  pods: {resource: pods}\n  condition: not pods\n";
    let summing = "title: s\nname: summing\nlogsource: {product: kubernetes, service: audit}\n\
                   detection: {s: {user.username|exists: true}, condition: s}\nsuppress: {by: [user.username], for: 1h}\n";
    let compiled = RuleSet::builder()
        .shipped()
        .text("narrowing.yaml", narrowing)
        .text("summing.yaml", summing)
        .build()
        .unwrap();
    let restored = RuleSet::from_bytes(&compiled.to_bytes()).unwrap();
    assert_eq!(restored.correlations().len(), compiled.correlations().len());
    let (mut of_compiled, mut of_restored) = (compiled.detector(), restored.detector());
    let told = processed(&mut of_compiled, SAMPLE);
    assert_eq!(processed(&mut of_restored, SAMPLE), told);
    let rest = finished(&mut of_compiled);
    assert_eq!(finished(&mut of_restored), rest);
    assert_eq!(uses(&of_restored), uses(&of_compiled));
    let mut correlated = told.iter().chain(&rest);
    assert!(correlated.any(|detection| detection.correlation.is_some()));
}

const CORRELATIONS: &str = "
title: Many
name: many
correlation: {type: event_count, rules: [a], group-by: [user.username], timespan: 1m, condition: {gte: 3}}
suppress: {by: [user.username], for: 10m}
message: '{user.username} {count} {rules} {first} {last}'
---
title: Different
name: different
correlation: {type: value_count, rules: [a, b], group-by: [user.username], timespan: 5m, condition: {field: name, gte: 4}}
generate: true
---
title: Median
name: median
correlation: {type: value_median, rules: [b], group-by: [rule.name], timespan: 5m, condition: {field: status, gte: 200}}
---
title: Then
name: then
correlation: {type: temporal_ordered, rules: [many, c], group-by: [user.username], timespan: 5m}
---
title: Not
name: not
correlation: {type: temporal, rules: [a, b, c], group-by: [user.username], timespan: 5m, condition: a and b and not c}
---
title: New
name: new
correlation: {type: new_value, rules: [a], group-by: [user.username], timespan: 1d, learning: 1m, condition: {field: name}}
message: '{value} is new'
";

fn log() -> Vec<u8> {
    let mut log = String::new();
    for second in 0..400_u32 {
        let verb = ["get", "get", "list", "get", "watch"][second as usize % 5];
        let (user, name) = (
            ["eve", "dana", "mia"][second as usize / 50 % 3],
            second % 23,
        );
        log += &correlations::event(
            second,
            &second.to_string(),
            verb,
            user,
            &format!("pod-{name}"),
        );
        log.push('\n');
    }
    log.into_bytes()
}

/// Everything that correlations have, whatever is left out of the set: places and targets stay.
#[test]
fn restored_correlations_tell_the_same_with_every_choice_of_rules() {
    let log = log();
    let mut n_correlated = 0;
    for left_out in [
        "",
        "a",
        "b",
        "c",
        "many",
        "different",
        "median",
        "then",
        "not",
        "new",
    ] {
        let compiled = RuleSet::builder()
            .text(
                "rules.yaml",
                format!("{}{CORRELATIONS}", correlations::RULES),
            )
            .retain(move |rule| rule.name() != left_out)
            .retain_correlations(move |correlation| correlation.name() != left_out)
            .build()
            .unwrap();
        let bytes = compiled.to_bytes();
        let restored = RuleSet::from_bytes(&bytes).unwrap();
        assert_eq!(restored.to_bytes(), bytes);
        let (mut of_compiled, mut of_restored) = (compiled.detector(), restored.detector());
        let mut told = processed(&mut of_compiled, &log);
        told.extend(finished(&mut of_compiled));
        let mut found = processed(&mut of_restored, &log);
        found.extend(finished(&mut of_restored));
        assert_eq!(found, told, "{left_out}");
        n_correlated += told
            .iter()
            .filter(|told| told.correlation.is_some())
            .count();
        let shown = |set: &RuleSet| format!("{:#?}", set.correlations().collect::<Vec<_>>());
        assert_eq!(shown(&restored), shown(&compiled));
    }
    assert!(
        n_correlated > 100,
        "only {n_correlated} detections of correlations"
    );
}

/// An agent that starts with bytes goes on where one with text stopped, and the other way round.
#[test]
fn state_goes_from_a_set_to_the_restored_one_and_back() {
    let log = log();
    let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let (before, after) = (lines[..200].concat(), lines[200..].concat());
    let compiled = correlations::rules(CORRELATIONS);
    let restored = RuleSet::from_bytes(&compiled.to_bytes()).unwrap();
    let goes_on = |from: &RuleSet, to: &RuleSet| {
        let mut detector = from.detector();
        processed(&mut detector, &before);
        let state = detector.snapshot();
        let mut detector = to.detector();
        let report = detector.restore(&state).unwrap();
        assert!(report.reset.is_empty(), "{report:?}");
        let mut told = processed(&mut detector, &after);
        told.extend(finished(&mut detector));
        told
    };
    let expected = goes_on(&compiled, &compiled);
    assert!(expected.iter().any(|told| told.correlation.is_some()));
    assert_eq!(goes_on(&compiled, &restored), expected);
    assert_eq!(goes_on(&restored, &compiled), expected);
}

#[test]
fn what_is_kept_of_a_rule() {
    let compiled = RuleSet::builder().shipped().build().unwrap();
    let restored = RuleSet::from_bytes(&compiled.to_bytes()).unwrap();
    for (rule, kept) in compiled.rules().zip(restored.rules()) {
        let without_tests = |rule: &detect::Rule| {
            let shown = format!("{rule:#?}");
            let (before, tests) = shown.split_once("    tests: ").unwrap();
            let (_, after) = tests.split_once("    suppress: ").unwrap();
            format!("{before}{after}")
        };
        assert_eq!(without_tests(rule), without_tests(kept));
        assert!(kept.tests().is_empty());
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
    let config = config(128);
    let n_cases = config.cases as usize;
    let mut runner = TestRunner::new(config);
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
    assert!(
        n_hits.get() >= n_cases,
        "only {} hits of {n_cases} sets",
        n_hits.get()
    );
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
    let config = config(1_500);
    let n_cases = config.cases;
    let mut runner = TestRunner::new(config);
    let strategy = (vec(choices(100), 1..=4), vec(damage(), 1..=3), choices(250));
    let n_sets = std::cell::Cell::new(0_u32);
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
        let (mut of_set, mut of_again) = (set.detector(), again.detector());
        prop_assert_eq!(
            processed(&mut of_again, &json),
            processed(&mut of_set, &json)
        );
        prop_assert_eq!(finished(&mut of_again), finished(&mut of_set));
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    // Texts may be anything, so that some damage makes another set.
    assert!(
        n_sets.get() >= n_cases / 75,
        "only {} sets of {n_cases}",
        n_sets.get()
    );
}

/// Correlations stand in the second half: whatever they say there, they run.
#[test]
fn damaged_correlations_are_an_error_or_run() {
    let config = config(2_000);
    let n_cases = config.cases;
    let mut runner = TestRunner::new(config);
    let compiled = correlations::rules(CORRELATIONS);
    let bytes = compiled.to_bytes();
    let log = log();
    let log: Vec<u8> = log
        .split_inclusive(|byte| *byte == b'\n')
        .take(60)
        .flatten()
        .copied()
        .collect();
    let n_sets = std::cell::Cell::new(0_u32);
    let run = runner.run(&vec(damage(), 1..=2), |damages| {
        let damaged = damages.iter().fold(bytes.clone(), |bytes, damage| {
            let from = bytes.len() / 2;
            damage.apply(bytes, from)
        });
        let Ok(set) = RuleSet::from_bytes(&with_checksum(damaged)) else {
            return Ok(());
        };
        n_sets.set(n_sets.get() + 1);
        let mut detector = set.detector();
        processed(&mut detector, &log);
        finished(&mut detector);
        prop_assert!(RuleSet::from_bytes(&set.to_bytes()).is_ok());
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    assert!(
        n_sets.get() >= n_cases / 75,
        "only {} sets of {n_cases}",
        n_sets.get()
    );
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
