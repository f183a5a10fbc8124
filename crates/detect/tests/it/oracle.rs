//! A naive evaluator of correlations that keeps every event and looks at all of them each time, against the engine: in one
//! process, in shards, and with a snapshot taken up again at any point.
//!
//! It shares no code with the engine. What is late is told by the same rule: an event before the watermark, which is the
//! latest time so far less the lateness.

use detect::{Correlator, Detection, Detector, Hit, Reader, RuleSet};
use proptest::prelude::*;

use crate::correlations::rules;

const LATENESS: i64 = 60;

/// Rules in the order of the file, and the correlation that others may take.
const NAMES: [&str; 4] = ["a", "b", "c", "inner"];
const INNER: usize = 3;

/// What events are grouped by.
const COLUMNS: [&str; 2] = ["user.username", "namespace"];

/// Names of objects, which are numbers, but for one.
const OBJECTS: [&str; 5] = ["-2", "0.5", "3", "10", "x"];

/// A correlation.
#[derive(Clone, Debug)]
struct Asked {
    name: &'static str,
    kind: &'static str,
    /// Of `NAMES`.
    takes: Vec<usize>,
    /// Of `COLUMNS`.
    group: Vec<usize>,
    timespan: i64,
    learning: i64,
    percentile: usize,
    bounds: Vec<(&'static str, f64)>,
    condition: &'static str,
    /// Columns of the group, and for how long.
    hold: Option<(Vec<usize>, i64)>,
    /// Whether what it takes is told by itself, too.
    generate: bool,
}

#[derive(Clone, Debug)]
struct Seen {
    time: i64,
    rule: usize,
    columns: [String; 2],
    object: String,
    /// The events that it stands for.
    ids: Vec<String>,
}

/// What is told: of which correlation, its group, whether it is a summary, hits and events, the number, first and last
/// time.
type Told = (
    String,
    Vec<String>,
    bool,
    u64,
    u64,
    Option<String>,
    i64,
    i64,
);

/// A detection, and what followed.
struct Silence {
    group: Vec<String>,
    made: Vec<Seen>,
    /// How many of them were told.
    told: usize,
    /// The numbers or values of what was told and of what followed.
    objects: Vec<String>,
    end: i64,
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap()
}

fn n_events(made: &[Seen]) -> u64 {
    count(made.iter().map(|seen| seen.ids.len()).sum())
}

impl Asked {
    fn yaml(&self) -> String {
        let of = |names: &[&str], chosen: &[usize]| {
            let chosen: Vec<&str> = chosen.iter().map(|at| names[*at]).collect();
            chosen.join(", ")
        };
        let mut parts: Vec<String> = self
            .bounds
            .iter()
            .map(|(operator, bound)| format!("{operator}: {bound}"))
            .collect();
        if let Some(field) = self.field() {
            parts.push(format!("field: {field}"));
        }
        if self.kind == "value_percentile" {
            parts.push(format!("percentile: {}", self.percentile));
        }
        let condition = match (self.condition, parts.is_empty()) {
            ("", true) => String::new(),
            ("", false) => format!(", condition: {{{}}}", parts.join(", ")),
            (condition, _) => format!(", condition: {condition}"),
        };
        let learning = match self.kind {
            "new_value" => format!(", learning: {}s", self.learning),
            _ => String::new(),
        };
        let suppress = self.hold.as_ref().map_or(String::new(), |(by, hold)| {
            format!("suppress: {{by: [{}], for: {hold}s}}\n", of(&COLUMNS, by))
        });
        format!(
            "title: Asked\nname: {}\ngenerate: {}\ncorrelation: {{type: {}, rules: [{}], group-by: [{}], timespan: {}s{condition}{learning}}}\n{suppress}",
            self.name,
            self.generate,
            self.kind,
            of(&NAMES, &self.takes),
            of(&COLUMNS, &self.group),
            self.timespan
        )
    }

    fn is_numeric(&self) -> bool {
        matches!(
            self.kind,
            "value_sum" | "value_avg" | "value_median" | "value_percentile"
        )
    }

    /// The field that is read. A detection of a correlation has no objects.
    fn field(&self) -> Option<&'static str> {
        let reads = self.is_numeric() || matches!(self.kind, "value_count" | "new_value");
        let field = if self.takes.contains(&INNER) {
            COLUMNS[1]
        } else {
            "name"
        };
        reads.then_some(field)
    }

    fn value(&self, seen: &Seen) -> String {
        match self.field() {
            Some("name") => seen.object.clone(),
            Some(_) => seen.columns[1].clone(),
            None => String::new(),
        }
    }

    fn passes(&self, number: f64) -> bool {
        self.bounds.iter().all(|(operator, bound)| match *operator {
            "gt" => number > *bound,
            "gte" => number >= *bound,
            "lt" => number < *bound,
            "lte" => number <= *bound,
            _ => number.to_bits() == bound.to_bits(),
        })
    }

    /// The number that is told of values.
    fn number(&self, values: &[String]) -> Option<f64> {
        let mut distinct = values.to_vec();
        distinct.sort();
        distinct.dedup();
        let as_float = |n: usize| f64::from(u32::try_from(n).unwrap());
        if self.kind == "value_count" {
            return Some(as_float(distinct.len()));
        }
        if !self.is_numeric() {
            return None;
        }
        let mut numbers: Vec<f64> = values.iter().map(|value| value.parse().unwrap()).collect();
        numbers.sort_by(f64::total_cmp);
        let n = numbers.len();
        let sum: f64 = numbers.iter().sum();
        Some(match self.kind {
            "value_sum" => sum,
            "value_avg" => sum / as_float(n),
            "value_median" if n.is_multiple_of(2) => {
                f64::midpoint(numbers[n / 2 - 1], numbers[n / 2])
            }
            "value_median" => numbers[n / 2],
            // The least that so many percent do not exceed.
            _ => *numbers
                .iter()
                .find(|least| {
                    let within = numbers.iter().filter(|number| number <= least).count();
                    100 * within >= self.percentile * n
                })
                .unwrap(),
        })
    }

    /// Whether the events of a window make the condition hold, and if so which of them do, with the number.
    fn holds(&self, window: &[Seen]) -> Option<(Vec<Seen>, Option<f64>)> {
        let values: Vec<String> = window.iter().map(|seen| self.value(seen)).collect();
        match self.kind {
            "event_count" => {
                let number = f64::from(u32::try_from(window.len()).unwrap());
                self.passes(number).then(|| (window.to_vec(), Some(number)))
            }
            "value_count" => {
                // The latest event of each value.
                let latest = window
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| !values[at + 1..].contains(&values[*at]))
                    .map(|(_, seen)| seen.clone());
                let number = self.number(&values)?;
                self.passes(number)
                    .then(|| (latest.collect(), Some(number)))
            }
            _ if self.is_numeric() => {
                let number = self.number(&values)?;
                self.passes(number).then(|| (window.to_vec(), Some(number)))
            }
            _ => Some((self.matched(window)?, None)),
        }
    }

    /// Of the temporal types.
    fn matched(&self, window: &[Seen]) -> Option<Vec<Seen>> {
        let latest = |at: usize| {
            let rule = self.takes[at];
            window.iter().rev().find(|seen| seen.rule == rule).cloned()
        };
        if !self.condition.is_empty() {
            return if latest(1).is_none() {
                latest(0).map(|seen| vec![seen])
            } else {
                None
            };
        }
        if self.kind == "temporal" {
            let all: Option<Vec<Seen>> = (0..self.takes.len()).map(latest).collect();
            return all.map(|mut all| {
                all.sort_by_key(|seen| seen.time);
                all
            });
        }
        // From the last step back, each time the latest that is not after the one before.
        let mut chain: Vec<Seen> = Vec::new();
        for rule in self.takes.iter().rev() {
            let end = chain.last().map_or(i64::MAX, |seen| seen.time);
            let step = window
                .iter()
                .rev()
                .find(|seen| seen.rule == *rule && seen.time <= end)?;
            chain.push(step.clone());
        }
        chain.reverse();
        Some(chain)
    }

    fn columns_of(&self, seen: &Seen) -> Vec<String> {
        let columns = self.group.iter().map(|at| seen.columns[*at].clone());
        columns.collect()
    }

    /// What goes under one silence.
    fn hold_of(&self, seen: &Seen) -> Vec<String> {
        match &self.hold {
            Some((by, _)) => by.iter().map(|at| seen.columns[*at].clone()).collect(),
            None => self.columns_of(seen),
        }
    }

    /// What is told of events, and what a correlation of this one takes.
    fn evaluate(&self, seen: &[Seen]) -> (Vec<Told>, Vec<Seen>) {
        let mut taken: Vec<Seen> = seen
            .iter()
            .filter(|seen| self.takes.contains(&seen.rule))
            .filter(|seen| !self.is_numeric() || self.value(seen).parse::<f64>().is_ok())
            .cloned()
            .collect();
        let place = |seen: &Seen| self.takes.iter().position(|rule| *rule == seen.rule);
        taken.sort_by_cached_key(|seen| {
            let group = self.columns_of(seen);
            (seen.time, group, place(seen), seen.ids.clone())
        });
        let mut holds: Vec<Vec<String>> = taken.iter().map(|seen| self.hold_of(seen)).collect();
        holds.sort();
        holds.dedup();
        let (mut told, mut fired) = (Vec::new(), Vec::new());
        for hold in holds {
            let of_it = taken.iter().filter(|seen| self.hold_of(seen) == hold);
            let of_it: Vec<Seen> = of_it.cloned().collect();
            if self.kind == "new_value" {
                self.novel(&of_it, &mut told);
            } else {
                self.held(&of_it, &mut told, &mut fired);
            }
        }
        (told, fired)
    }

    fn tell(&self, silence: &Silence, is_summary: bool, number: Option<f64>) -> Told {
        let times = || silence.made.iter().map(|seen| seen.time);
        (
            self.name.to_owned(),
            silence.group.clone(),
            is_summary,
            count(silence.made.len()),
            n_events(&silence.made),
            number.map(|number| number.to_string()),
            times().min().unwrap(),
            times().max().unwrap(),
        )
    }

    fn close(&self, silence: &Silence) -> Option<Told> {
        let follows = silence.made.len() > silence.told;
        follows.then(|| self.tell(silence, true, self.number(&silence.objects)))
    }

    /// Events that go under one silence, of whatever group.
    fn held(&self, seen: &[Seen], told: &mut Vec<Told>, fired: &mut Vec<Seen>) {
        let mut times: Vec<i64> = seen.iter().map(|seen| seen.time).collect();
        times.dedup();
        // Those that belong to nothing that was told.
        let mut free: Vec<Seen> = Vec::new();
        let mut open: Option<Silence> = None;
        for time in times {
            let now: Vec<Seen> = seen
                .iter()
                .filter(|seen| seen.time == time)
                .cloned()
                .collect();
            if let Some(silence) = &mut open
                && time < silence.end
            {
                let unwanted =
                    |seen: &Seen| !self.condition.is_empty() && seen.rule == self.takes[1];
                let wanted = now.into_iter().filter(|seen| !unwanted(seen));
                for seen in wanted {
                    silence.objects.push(self.value(&seen));
                    silence.made.push(seen);
                }
                continue;
            }
            told.extend(open.take().and_then(|silence| self.close(&silence)));
            free.extend(now.iter().cloned());
            let mut groups: Vec<Vec<String>> =
                now.iter().map(|seen| self.columns_of(seen)).collect();
            groups.dedup();
            for group in groups {
                let window: Vec<Seen> = free
                    .iter()
                    .filter(|seen| self.columns_of(seen) == group)
                    .filter(|seen| seen.time >= time - self.timespan)
                    .cloned()
                    .collect();
                let Some((made, number)) = self.holds(&window) else {
                    continue;
                };
                free.retain(|seen| self.columns_of(seen) != group);
                let objects = window.iter().map(|seen| self.value(seen));
                if let Some(silence) = &mut open {
                    silence.objects.extend(objects);
                    silence.made.extend(made);
                    continue;
                }
                let hold = self.hold.as_ref().map_or(self.timespan, |(_, hold)| *hold);
                let silence = Silence {
                    group,
                    told: made.len(),
                    objects: objects.collect(),
                    made,
                    end: time + hold,
                };
                let mut line = self.tell(&silence, false, number);
                // A detection is of the time when it held.
                line.7 = time;
                told.push(line);
                let mut columns = [String::new(), String::new()];
                for (at, value) in self.group.iter().zip(&silence.group) {
                    columns[*at].clone_from(value);
                }
                let ids = silence.made.iter().flat_map(|seen| seen.ids.clone());
                fired.push(Seen {
                    time,
                    rule: INNER,
                    columns,
                    object: String::new(),
                    ids: ids.collect(),
                });
                open = Some(silence);
            }
        }
        told.extend(open.and_then(|silence| self.close(&silence)));
    }

    /// Values that a group did not have within the timespan, once it has been learnt.
    fn novel(&self, seen: &[Seen], told: &mut Vec<Told>) {
        let mut open: Option<Silence> = None;
        for (at, now) in seen.iter().enumerate() {
            let before: Vec<&Seen> = seen[..at]
                .iter()
                .filter(|seen| self.columns_of(seen) == self.columns_of(now))
                .collect();
            let recent = |seen: &&&Seen| seen.time >= now.time - self.timespan;
            let is_known = before
                .iter()
                .filter(recent)
                .any(|seen| self.value(seen) == self.value(now));
            // Back to the first event without a gap that is longer than the timespan.
            let mut since = now.time;
            for seen in before.iter().rev() {
                if seen.time < since - self.timespan {
                    break;
                }
                since = seen.time;
            }
            if is_known
                || before.is_empty() && self.learning > 0
                || now.time < since + self.learning
            {
                continue;
            }
            if let Some(silence) = &mut open
                && now.time < silence.end
            {
                silence.made.push(now.clone());
                // Those that are shown come after the group.
                let shown = &silence.group[self.group.len()..];
                if shown.len() < 16 && !shown.contains(&self.value(now)) {
                    silence.group.push(self.value(now));
                }
                continue;
            }
            told.extend(open.take().and_then(|silence| self.close(&silence)));
            let mut silence = Silence {
                group: self.columns_of(now),
                made: vec![now.clone()],
                told: 1,
                objects: Vec::new(),
                end: now.time + self.hold.as_ref().map_or(0, |(_, hold)| *hold),
            };
            silence.group.push(self.value(now));
            told.push(self.tell(&silence, false, None));
            open = Some(silence);
        }
        told.extend(open.and_then(|silence| self.close(&silence)));
    }
}

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

fn lines(arrived: &[Seen]) -> Vec<String> {
    let verbs = ["get", "list", "watch"];
    arrived
        .iter()
        .map(|seen| {
            let (second, verb, name) = (seen.time, verbs[seen.rule], &seen.object);
            let [user, namespace] = &seen.columns;
            let time = format!(
                "2026-03-14T{:02}:{:02}:{:02}.000000Z",
                second / 3600,
                second / 60 % 60,
                second % 60
            );
            format!(
                r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{}","stage":"ResponseComplete","verb":"{verb}","user":{{"username":"{user}"}},"objectRef":{{"resource":"pods","namespace":"{namespace}","name":"{name}"}},"responseStatus":{{"code":200}},"stageTimestamp":"{time}"}}"#,
                seen.ids[0]
            )
        })
        .collect()
}

/// What a hit tells, if it is of a correlation: rules that it does not take are told by themselves.
fn told_by(hit: &Hit<'_>) -> Option<Told> {
    let found = Detection::without_event(hit).correlation?;
    let second = |time: &str| {
        let part = |range: std::ops::Range<usize>| time.get(range).unwrap().parse::<i64>().unwrap();
        part(11..13) * 3600 + part(14..16) * 60 + part(17..19)
    };
    Some((
        hit.rule().name().to_owned(),
        found
            .group
            .iter()
            .map(|group| group.value.clone())
            .collect(),
        found.summary,
        found.count,
        found.events,
        found.value.map(|value| value.to_string()),
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

/// Bounds of whole numbers and of others.
const COUNTS: [&[(&str, f64)]; 6] = [
    &[("gte", 1.0)],
    &[("gte", 3.0)],
    &[("gt", 1.0)],
    &[("eq", 2.0)],
    &[("gte", 2.0), ("lt", 4.0)],
    &[("gt", 2.0), ("lte", 3.0)],
];
const MEASURES: [&[(&str, f64)]; 6] = [
    &[("gte", 3.0)],
    &[("gt", 6.5)],
    &[("lt", 0.0)],
    &[("lte", 0.5)],
    &[("eq", 3.0)],
    &[("gt", 0.0), ("lt", 3.0)],
];

fn columns() -> impl Strategy<Value = Vec<usize>> {
    prop::sample::select(vec![vec![], vec![0], vec![1], vec![0, 1]])
}

/// A correlation that takes rules of the file.
fn asked(name: &'static str, kinds: &'static [&'static str]) -> impl Strategy<Value = Asked> {
    let hold = prop::option::of((columns(), prop::sample::select(&[1_i64, 20, 90][..])));
    (
        prop::sample::select(kinds),
        columns(),
        prop::sample::select(&[1_i64, 15, 40, 200][..]),
        prop::sample::select(&[1_i64, 10, 60][..]),
        (
            prop::sample::select(&[1_usize, 50, 75, 95, 100][..]),
            0..6_usize,
        ),
        (1..4_usize, any::<bool>()),
        hold,
    )
        .prop_map(
            move |(kind, group, timespan, learning, (percentile, bounds), (n, negated), hold)| {
                let is_temporal = kind.starts_with("temporal");
                let n = if is_temporal { n.max(2) } else { n };
                let bounds = match kind {
                    "temporal" | "temporal_ordered" | "new_value" => &[],
                    "event_count" | "value_count" => COUNTS[bounds],
                    _ => MEASURES[bounds],
                };
                // What is summed up goes by columns of the group, where it has any.
                let hold = hold.map(|(by, hold)| {
                    let by: Vec<usize> = by.into_iter().filter(|at| group.contains(at)).collect();
                    (if by.is_empty() { group.clone() } else { by }, hold)
                });
                let hold = hold.filter(|(by, _)| !by.is_empty());
                Asked {
                    name,
                    kind,
                    takes: (0..n).collect(),
                    group,
                    timespan,
                    learning,
                    percentile,
                    bounds: bounds.to_vec(),
                    condition: if is_temporal && n == 2 && negated {
                        "a and not b"
                    } else {
                        ""
                    },
                    hold,
                    generate: false,
                }
            },
        )
}

/// A correlation that takes another one, by itself or beside a rule.
fn chain() -> impl Strategy<Value = Vec<Asked>> {
    let inner = asked(
        "inner",
        &["event_count", "value_count", "temporal", "value_sum"],
    );
    let outer = asked(
        "outer",
        &["event_count", "value_count", "temporal", "temporal_ordered"],
    );
    (inner, outer, any::<bool>()).prop_map(|(mut inner, mut outer, generate)| {
        outer.generate = generate;
        outer.takes = vec![INNER];
        if outer.kind.starts_with("temporal") {
            outer.takes.push(1);
        }
        outer.condition = "";
        // What it groups by or reads, the other one must group by.
        if outer.kind == "value_count" {
            inner.group = vec![0, 1];
        }
        outer.group.retain(|at| inner.group.contains(at));
        outer.hold = outer
            .hold
            .filter(|(by, _)| by.iter().all(|at| outer.group.contains(at)));
        vec![inner, outer]
    })
}

fn correlations() -> impl Strategy<Value = Vec<Asked>> {
    let one = |kinds| asked("asked", kinds).prop_map(|asked| vec![asked]);
    prop_oneof![
        1 => one(&["event_count"]),
        1 => one(&["value_count"]),
        2 => one(&["value_sum", "value_avg", "value_median", "value_percentile"]),
        2 => one(&["temporal", "temporal_ordered"]),
        2 => one(&["new_value"]),
        2 => chain(),
    ]
}

/// Events mostly in order: times go on by little, and back by up to twice the lateness.
fn arrived() -> impl Strategy<Value = Vec<Seen>> {
    let step = prop_oneof![6 => 0..15_i64, 1 => 15..150_i64, 2 => -50..0_i64, 1 => -130..-50_i64];
    let one = (step, 0..3_usize, 0..2_usize, 0..2_usize, 0..OBJECTS.len());
    prop::collection::vec(one, 0..50).prop_map(|steps| {
        let mut time = 1000;
        steps
            .into_iter()
            .enumerate()
            .map(|(at, (step, rule, user, namespace, object))| {
                time = (time + step).max(0);
                Seen {
                    time,
                    rule,
                    columns: [format!("u{user}"), format!("n{namespace}")],
                    object: OBJECTS[object].to_owned(),
                    ids: vec![format!("id-{at:03}")],
                }
            })
            .collect()
    })
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
