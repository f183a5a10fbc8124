//! A naive evaluator of correlations that keeps every event and looks at all of them each time, against the engine: in one
//! process, in shards, and with a snapshot taken up again at any point.
//!
//! It shares no code with the engine. What is late is told by the same rule: an event before the watermark, which is the
//! latest time so far less the lateness.

#[cfg(test)]
mod engine;
#[cfg(test)]
mod made;
#[cfg(test)]
mod naive;

use proptest::prelude::*;

use self::engine::{alone, lines, sharded};
use self::made::{arrived, correlations};
use self::naive::{Asked, Seen, Told};
use crate::correlations::rules;

const LATENESS: i64 = 60;

/// What is told of events in the order in which they came; the last correlation is the outermost.
fn evaluate(all: &[Asked], arrived: &[Seen]) -> Vec<Told> {
    let mut latest = i64::MIN;
    let mut seen: Vec<Seen> = Vec::new();
    for one in arrived {
        if one.time >= latest.saturating_sub(LATENESS) {
            seen.push(one.clone());
        }
        latest = latest.max(one.time);
    }
    let mut told = Vec::new();
    for (at, asked) in all.iter().enumerate() {
        let (lines, fired) = asked.evaluate(&seen);
        if all.get(at + 1).is_none_or(|outer| outer.generate) {
            told.extend(lines);
        }
        seen.extend(fired);
    }
    told.sort();
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn the_engine_tells_what_the_oracle_does(all in correlations(), arrived in arrived(), cut in 0..50_usize) {
        let yaml: Vec<String> = all.iter().map(Asked::yaml).collect();
        let yaml = yaml.join("---\n");
        let rules = rules(&yaml);
        let lines = lines(&arrived);
        let expected = evaluate(&all, &arrived);
        prop_assert_eq!(alone(&rules, &lines, None), expected.clone(), "{}", yaml);
        prop_assert_eq!(alone(&rules, &lines, Some(cut)), expected.clone(), "restored at {}", cut);
        for n in [1, 2, 7] {
            prop_assert_eq!(sharded(&rules, &lines, n, cut), expected.clone(), "{} shards", n);
        }
    }
}
