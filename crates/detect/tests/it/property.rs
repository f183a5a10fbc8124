//! Scanning says of every rule and event what the reference says.

use detect::{Event, Hits, Limits, RuleSet, rule_lang};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use crate::generate::{Choices, event, event_of, rule, yaml};
use crate::reference::{Json, Readings, Rule, matches};

pub(crate) fn config(cases: u32) -> Config {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(cases);
    Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    }
}

/// Networks of trusted proxies, as a list has them and as numbers.
pub(crate) type Proxies = &'static [(&'static str, (u32, u32))];

/// Lists that leave something of the addresses of events, and one that leaves nothing.
const PROXIES: [Proxies; 4] = [
    &[],
    &[("10.0.0.7", (0x0a00_0007, 32))],
    &[("10.0.0.0/8", (0x0a00_0000, 8))],
    &[
        ("203.0.113.0/24", (0xcb00_7100, 24)),
        ("10.1.2.3", (0x0a01_0203, 32)),
        ("10.0.0.0/24", (0x0a00_0000, 24)),
    ],
];

/// The names of the rules that match, as the reference says.
fn expected(rules: &[Rule], json: &[u8], proxies: Proxies) -> Option<Vec<String>> {
    let tree = Json::parse(json);
    let networks: Vec<(u32, u32)> = proxies.iter().map(|(_, network)| *network).collect();
    let readings = Readings::behind(&tree, &networks)?;
    let matching = rules.iter().filter(|rule| matches(rule, &tree, &readings));
    Some(matching.map(|rule| rule.name.clone()).collect())
}

/// All that hits say.
fn told(hits: Hits<'_>) -> Vec<(String, String)> {
    let told = hits.map(|hit| {
        let (matched, evidence): (Vec<_>, Vec<_>) =
            (hit.matched().collect(), hit.evidence().collect());
        let rest = (
            hit.level(),
            hit.message(),
            matched,
            evidence,
            hit.name(),
            hit.flags(),
        );
        (hit.rule().name().to_owned(), format!("{rest:?}"))
    });
    told.collect()
}

/// Compiles rules and scans events with one scanner, and each with a new one too.
pub(crate) fn check(
    rules: &[Rule],
    events: &[Vec<u8>],
    proxies: Proxies,
) -> Result<usize, TestCaseError> {
    let trusted: Vec<&str> = proxies.iter().map(|(text, _)| *text).collect();
    let mut text = format!(
        "placeholders: {{trusted_proxies: [{}]}}\n",
        trusted.join(", ")
    );
    let mut builder = RuleSet::builder().text("proxies.yaml", text.as_str());
    for rule in rules {
        let yaml = yaml(rule);
        builder = builder.text(format!("{}.yaml", rule.name), yaml.as_str());
        text += &yaml;
    }
    let (set, report) = builder.load();
    prop_assert!(!report.has_errors(), "{}\n{text}", report.render(false));
    prop_assert_eq!(set.rules().len(), rules.len(), "{}", text);
    let mut used = set.scanner();
    let mut n_hits = 0;
    for json in events {
        let shown = || format!("{}\n{text}", String::from_utf8_lossy(json));
        let event = Event::decode(json, &Limits::default())
            .map_err(|error| TestCaseError::fail(format!("{error}: {}", shown())))?;
        let Some(expected) = expected(rules, json, proxies) else {
            continue;
        };
        let mut all = Vec::new();
        for scanner in [
            &mut used,
            &mut set.scanner(),
            &mut set.scanner().exhaustive(),
        ] {
            all.push(told(scanner.scan(&event)));
            let bytes = scanner.scan_bytes(json);
            all.push(told(bytes.map_err(|error| {
                TestCaseError::fail(format!("{error}: {}", shown()))
            })?));
        }
        let first = all.first().cloned().unwrap_or_default();
        prop_assert!(all.iter().all(|one| *one == first), "{all:?}: {}", shown());
        {
            let names: Vec<_> = first.into_iter().map(|(name, _)| name).collect();
            let agree = |rule: &Rule| {
                let is = |names: &[String]| names.contains(&rule.name);
                is(&names) == is(&expected) || is(&names) && in_doubt(rule, json)
            };
            prop_assert!(
                rules.iter().all(agree),
                "expected {expected:?}, found {names:?}: {}",
                shown()
            );
        }
        n_hits += expected.len();
    }
    Ok(n_hits)
}

/// Whether a hit too many is none: of host paths, which are put together from several lists, none is sure when a key is
/// repeated.
fn in_doubt(rule: &Rule, json: &[u8]) -> bool {
    let several = Readings::of(&Json::parse(json)).is_some_and(|readings| readings.all.len() > 1);
    several && yaml(rule).contains("hostPaths")
}

/// Formats a rule: the same program comes of it, and formatting it again changes nothing.
fn check_format(rule: &Rule) -> Result<(), TestCaseError> {
    let text = yaml(rule);
    let fail = |error: rule_lang::FormatError| TestCaseError::fail(error.render(false));
    let formatted = rule_lang::format("rule.yaml", &text).map_err(fail)?;
    let again = rule_lang::format("rule.yaml", &formatted).map_err(fail)?;
    prop_assert_eq!(&again, &formatted, "{}", text);
    let program = |text: &str| {
        let (set, _) = RuleSet::builder().text("rule.yaml", text).load();
        set.rules()
            .map(|rule| format!("{:?}", rule.program()))
            .collect::<Vec<_>>()
    };
    prop_assert_eq!(
        program(&formatted),
        program(&text),
        "{}\nbecame\n{}",
        text,
        formatted
    );
    Ok(())
}

pub(crate) fn choices(most: usize) -> impl Strategy<Value = Vec<u16>> {
    vec(any::<u16>(), most / 2..=most)
}

#[test]
fn a_rule_matches_as_the_reference_says() {
    let mut runner = TestRunner::new(config(512));
    let strategy = (choices(120), vec(choices(250), 1..=4), select(&PROXIES));
    let hits = std::cell::Cell::new(0);
    let run = runner.run(&strategy, |(of_rule, of_events, proxies)| {
        let rule = rule(&mut Choices::new(&of_rule), "rule".to_owned());
        let events: Vec<_> = of_events
            .iter()
            .map(|numbers| event(&mut Choices::new(numbers)))
            .collect();
        hits.set(hits.get() + check(&[rule], &events, proxies)?);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    // What never matches proves little.
    assert!(hits.get() > 100, "only {} hits", hits.get());
}

#[test]
fn rules_of_certificate_requests_match_as_the_reference_says() {
    let mut runner = TestRunner::new(config(256));
    let strategy = (choices(120), vec(choices(250), 4), select(&PROXIES));
    let hits = std::cell::Cell::new(0);
    let run = runner.run(&strategy, |(of_rule, of_events, proxies)| {
        let rule = rule(&mut Choices::new(&of_rule), "rule".to_owned());
        if !yaml(&rule).contains("csr.") {
            return Ok(());
        }
        let events: Vec<_> = of_events
            .iter()
            .zip(["create", "create", "update", "patch"])
            .map(|(numbers, verb)| {
                event_of(
                    &mut Choices::new(numbers),
                    verb,
                    "certificatesigningrequests",
                )
            })
            .collect();
        hits.set(hits.get() + check(&[rule], &events, proxies)?);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    assert!(hits.get() > 20, "only {} hits", hits.get());
}

#[test]
fn rules_of_a_set_match_as_each_does_alone() {
    let mut runner = TestRunner::new(config(64));
    let events = vec(choices(250), 1..=6);
    let strategy = (vec(choices(60), 1..=30), events, select(&PROXIES));
    let run = runner.run(&strategy, |(of_rules, of_events, proxies)| {
        let rules: Vec<_> = of_rules
            .iter()
            .enumerate()
            .map(|(at, numbers)| rule(&mut Choices::new(numbers), format!("rule-{at}")))
            .collect();
        let events: Vec<_> = of_events
            .iter()
            .map(|numbers| event(&mut Choices::new(numbers)))
            .collect();
        check(&rules, &events, proxies)?;
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn formatting_keeps_what_a_rule_means() {
    let mut runner = TestRunner::new(config(200));
    let run = runner.run(&choices(120), |of_rule| {
        check_format(&rule(&mut Choices::new(&of_rule), "rule".to_owned()))
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}

/// Choices from a seed, for sets that are too large to be drawn and shrunk rule by rule.
pub(crate) fn seeded(seed: u64, n: usize) -> Vec<u16> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u16::try_from(state >> 48).unwrap()
    };
    (0..n).map(|_| next()).collect()
}

#[test]
fn the_index_leaves_out_no_rule_of_a_large_set() {
    let mut hits = 0;
    for (seed, n_rules) in [(1, 1), (2, 40), (3, 300), (4, 2000)] {
        let mut builder = RuleSet::builder();
        for at in 0..n_rules {
            let numbers = seeded(seed << 32 | at, 60);
            let rule = rule(&mut Choices::new(&numbers), format!("rule-{at}"));
            builder = builder.text(format!("{at}.yaml"), yaml(&rule));
        }
        let (set, report) = builder.load();
        assert!(!report.has_errors());
        let mut indexed = set.scanner();
        let mut every = set.scanner().exhaustive();
        for at in 0..30 {
            let json = event(&mut Choices::new(&seeded(seed << 40 | at, 250)));
            let expected = told(every.scan_bytes(&json).unwrap());
            assert_eq!(told(indexed.scan_bytes(&json).unwrap()), expected);
            hits += expected.len();
        }
    }
    assert!(hits > 1000, "only {hits} hits");
}
