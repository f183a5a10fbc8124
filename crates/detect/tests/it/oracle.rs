//! A naive evaluator of correlations that keeps every event and looks at all of them each time, against the engine: in one
//! process, in shards, and with a snapshot taken up again at any point.
//!
//! It shares no code with the engine. What is late is told by the same rule: an event before the watermark, which is the
//! latest time so far less the lateness.

use detect::{Correlator, Detection, Detector, Hit, Reader, RuleSet};
use proptest::prelude::*;

use crate::correlations::{event, rules};

const LATENESS: i64 = 60;

/// What is asked: everything by `user.username`.
#[derive(Clone, Debug)]
struct Asked {
    kind: &'static str,
    /// Of `rules`, the first so many.
    n_rules: usize,
    timespan: i64,
    bound: usize,
    condition: &'static str,
    hold: Option<i64>,
}

#[derive(Clone, Debug)]
struct Seen {
    time: i64,
    rule: usize,
    user: usize,
    name: usize,
    id: String,
}

/// A detection: group, whether it is a summary, events and number, first and last time.
type Told = (String, bool, u64, Option<i64>, i64, i64);

impl Asked {
    fn yaml(&self) -> String {
        let rules = ["a", "b", "c"][..self.n_rules].join(", ");
        let condition = match self.kind {
            "event_count" => format!(", condition: {{gte: {}}}", self.bound),
            "value_count" => format!(", condition: {{field: name, gte: {}}}", self.bound),
            _ if self.condition.is_empty() => String::new(),
            _ => format!(", condition: {}", self.condition),
        };
        let suppress = self.hold.map_or(String::new(), |hold| {
            format!("suppress: {{for: {hold}s}}\n")
        });
        format!(
            "title: Asked\nname: asked\ncorrelation: {{type: {}, rules: [{rules}], group-by: [user.username], timespan: {}s{condition}}}\n{suppress}",
            self.kind, self.timespan
        )
    }

    /// Whether the events of a window make the condition hold, and if so which of them do, with the number.
    fn holds(&self, window: &[Seen]) -> Option<(Vec<Seen>, Option<i64>)> {
        let number = |n: usize| Some(i64::try_from(n).unwrap());
        match self.kind {
            "event_count" => {
                (window.len() >= self.bound).then(|| (window.to_vec(), number(window.len())))
            }
            "value_count" => {
                // The latest event of each value.
                let latest: Vec<Seen> = window
                    .iter()
                    .enumerate()
                    .filter(|(at, seen)| {
                        !window[at + 1..].iter().any(|later| later.name == seen.name)
                    })
                    .map(|(_, seen)| seen.clone())
                    .collect();
                (latest.len() >= self.bound).then(|| (latest.clone(), number(latest.len())))
            }
            _ => {
                let latest =
                    |rule: usize| window.iter().rev().find(|seen| seen.rule == rule).cloned();
                let without_b = self.condition == "a and not b";
                if without_b {
                    return if latest(1).is_none() {
                        latest(0).map(|seen| (vec![seen], None))
                    } else {
                        None
                    };
                }
                if self.kind == "temporal" {
                    let all: Option<Vec<Seen>> = (0..self.n_rules).map(latest).collect();
                    return all.map(|mut all| {
                        all.sort_by_key(|seen| seen.time);
                        (all, None)
                    });
                }
                // From the last step back, each time the latest that is not after the one before.
                let mut chain: Vec<Seen> = Vec::new();
                for rule in (0..self.n_rules).rev() {
                    let end = chain.last().map_or(i64::MAX, |seen| seen.time);
                    let step = window
                        .iter()
                        .rev()
                        .find(|seen| seen.rule == rule && seen.time <= end)?;
                    chain.push(step.clone());
                }
                chain.reverse();
                Some((chain, None))
            }
        }
    }

    /// What is told of events in the order in which they came.
    fn evaluate(&self, arrived: &[Seen]) -> Vec<Told> {
        let mut latest = i64::MIN;
        let mut kept: Vec<Seen> = Vec::new();
        for seen in arrived {
            if seen.rule < self.n_rules && seen.time >= latest.saturating_sub(LATENESS) {
                kept.push(seen.clone());
            }
            latest = latest.max(seen.time);
        }
        kept.sort_by(|one, other| {
            (one.time, one.rule, &one.id).cmp(&(other.time, other.rule, &other.id))
        });
        let mut told = Vec::new();
        for user in 0..3 {
            let group: Vec<Seen> = kept
                .iter()
                .filter(|seen| seen.user == user)
                .cloned()
                .collect();
            self.group(&group, user, &mut told);
        }
        told.sort();
        told
    }

    fn group(&self, group: &[Seen], user: usize, told: &mut Vec<Told>) {
        let hold = self.hold.unwrap_or(self.timespan);
        let name = format!("u{user}");
        // Events before this have been told, or summed up.
        let mut from = i64::MIN;
        let mut times: Vec<i64> = group.iter().map(|seen| seen.time).collect();
        times.dedup();
        for time in times {
            if time < from {
                continue;
            }
            let window: Vec<Seen> = group
                .iter()
                .filter(|seen| seen.time >= from.max(time - self.timespan) && seen.time <= time)
                .cloned()
                .collect();
            let Some((made, value)) = self.holds(&window) else {
                continue;
            };
            let count = |n: usize| u64::try_from(n).unwrap();
            told.push((
                name.clone(),
                false,
                count(made.len()),
                value,
                made[0].time,
                time,
            ));
            from = time + hold;
            let wanted = |seen: &&Seen| !(self.condition == "a and not b" && seen.rule == 1);
            let after: Vec<Seen> = group
                .iter()
                .filter(|seen| seen.time > time && seen.time < from)
                .filter(wanted)
                .cloned()
                .collect();
            if let Some(last) = after.last() {
                let value = (self.kind == "value_count").then(|| {
                    let mut names: Vec<usize> =
                        made.iter().chain(&after).map(|seen| seen.name).collect();
                    names.sort_unstable();
                    names.dedup();
                    i64::try_from(names.len()).unwrap()
                });
                told.push((
                    name.clone(),
                    true,
                    count(made.len() + after.len()),
                    value,
                    made[0].time,
                    last.time,
                ));
            }
        }
    }
}

fn lines(arrived: &[Seen]) -> Vec<String> {
    let verbs = ["get", "list", "watch"];
    arrived
        .iter()
        .map(|seen| {
            let second = u32::try_from(seen.time).unwrap();
            event(
                second,
                &seen.id,
                verbs[seen.rule],
                &format!("u{}", seen.user),
                &format!("n{}", seen.name),
            )
        })
        .collect()
}

/// What a hit tells, if it is of the correlation: rules that it does not take are told by themselves.
fn told_by(hit: &Hit<'_>) -> Option<Told> {
    let found = Detection::without_event(hit).correlation?;
    let second = |time: &str| {
        let part = |range: std::ops::Range<usize>| time.get(range).unwrap().parse::<i64>().unwrap();
        part(11..13) * 3600 + part(14..16) * 60 + part(17..19)
    };
    #[expect(clippy::cast_possible_truncation, reason = "a count")]
    let value = found.value.map(|value| value as i64);
    Some((
        found.group[0].value.clone(),
        found.summary,
        found.count,
        value,
        second(&found.first),
        second(&found.last),
    ))
}

fn process(detector: &mut Detector, lines: &[String], told: &mut Vec<Told>) {
    let log = lines.join("\n");
    let mut reader = Reader::new(log.as_bytes());
    while let Some(record) = reader.next().unwrap() {
        told.extend(detector.process(&record).filter_map(|hit| told_by(&hit)));
    }
}

/// One process; at `cut` its state is written and taken up by another.
fn alone(rules: &RuleSet, lines: &[String], cut: Option<usize>) -> Vec<Told> {
    let mut told = Vec::new();
    let mut detector = rules.detector();
    let (before, after) = lines.split_at(cut.unwrap_or(0).min(lines.len()));
    process(&mut detector, before, &mut told);
    if cut.is_some() {
        let snapshot = detector.snapshot();
        detector = rules.detector();
        assert!(detector.restore(&snapshot).unwrap().reset.is_empty());
    }
    process(&mut detector, after, &mut told);
    told.extend(detector.finish().filter_map(|hit| told_by(&hit)));
    told.sort();
    told
}

/// So many owners of groups, each of which is killed and taken up again at `cut`.
fn sharded(rules: &RuleSet, lines: &[String], n: usize, cut: usize) -> Vec<Told> {
    let mut told = Vec::new();
    let mut matcher = rules.detector().forwarding();
    let mut shards: Vec<Correlator> = (0..n).map(|_| rules.correlator()).collect();
    for (at, line) in lines.iter().enumerate() {
        let mut reader = Reader::new(line.as_bytes());
        while let Some(record) = reader.next().unwrap() {
            let told = matcher.process(&record).filter_map(|hit| told_by(&hit));
            assert_eq!(told.count(), 0);
        }
        for signal in matcher.signals() {
            let shard = usize::try_from(signal.partition_key() % n as u64).unwrap();
            assert!(shards[shard].push(signal));
        }
        let watermarks: Vec<_> = matcher.watermarks().collect();
        for shard in &mut shards {
            for watermark in &watermarks {
                told.extend(shard.advance(watermark).filter_map(|hit| told_by(&hit)));
            }
            if at == cut {
                let snapshot = shard.snapshot();
                *shard = rules.correlator();
                shard.restore(&snapshot).unwrap();
            }
        }
    }
    for shard in &mut shards {
        told.extend(shard.finish().filter_map(|hit| told_by(&hit)));
    }
    told.sort();
    told
}

fn asked() -> impl Strategy<Value = Asked> {
    let of = |kind: &'static str, conditions: &'static [(usize, &'static str)]| {
        let condition = prop::sample::select(conditions);
        let hold = prop::option::of(prop::sample::select(&[1_i64, 20, 90][..]));
        (
            condition,
            prop::sample::select(&[1_i64, 15, 40, 200][..]),
            1..5_usize,
            hold,
        )
            .prop_map(move |((n_rules, condition), timespan, bound, hold)| Asked {
                kind,
                n_rules,
                timespan,
                bound,
                condition,
                hold,
            })
    };
    prop_oneof![
        of("event_count", &[(1, ""), (2, "")]),
        of("value_count", &[(1, ""), (2, "")]),
        of("temporal", &[(2, ""), (3, ""), (2, "a and not b")]),
        of("temporal_ordered", &[(2, ""), (3, ""), (2, "a and not b")]),
    ]
}

/// Events mostly in order: times go on by little, and back by up to twice the lateness.
fn arrived() -> impl Strategy<Value = Vec<Seen>> {
    let step = prop_oneof![6 => 0..15_i64, 1 => 15..150_i64, 2 => -50..0_i64, 1 => -130..-50_i64];
    let one = (step, 0..3_usize, 0..3_usize, 0..5_usize);
    prop::collection::vec(one, 0..50).prop_map(|steps| {
        let mut time = 1000;
        steps
            .into_iter()
            .enumerate()
            .map(|(at, (step, rule, user, name))| {
                time = (time + step).max(0);
                Seen {
                    time,
                    rule,
                    user,
                    name,
                    id: format!("id-{at:03}"),
                }
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_engine_tells_what_the_oracle_does(asked in asked(), arrived in arrived(), cut in 0..50_usize) {
        let rules = rules(&asked.yaml());
        let lines = lines(&arrived);
        let expected = asked.evaluate(&arrived);
        prop_assert_eq!(alone(&rules, &lines, None), expected.clone(), "{}", asked.yaml());
        prop_assert_eq!(alone(&rules, &lines, Some(cut)), expected.clone(), "restored at {}", cut);
        for n in [1, 2, 7] {
            prop_assert_eq!(sharded(&rules, &lines, n, cut), expected.clone(), "{} shards", n);
        }
    }
}
