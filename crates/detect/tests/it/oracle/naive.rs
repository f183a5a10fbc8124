//! The evaluator: every event is kept, and all of them are looked at each time.

/// Rules in the order of the file, and the correlation that others may take.
const NAMES: [&str; 4] = ["a", "b", "c", "inner"];
pub(super) const INNER: usize = 3;

/// What events are grouped by.
const COLUMNS: [&str; 2] = ["user.username", "namespace"];

/// Names of objects, which are numbers, but for one.
pub(super) const OBJECTS: [&str; 5] = ["-2", "0.5", "3", "10", "x"];

/// A correlation.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    /// Of `NAMES`.
    pub(super) takes: Vec<usize>,
    /// Of `COLUMNS`.
    pub(super) group: Vec<usize>,
    pub(super) timespan: i64,
    pub(super) learning: i64,
    pub(super) percentile: usize,
    pub(super) bounds: Vec<(&'static str, f64)>,
    pub(super) condition: &'static str,
    /// Columns of the group, and for how long.
    pub(super) hold: Option<(Vec<usize>, i64)>,
    /// Whether what it takes is told by itself, too.
    pub(super) generate: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) time: i64,
    pub(super) rule: usize,
    pub(super) columns: [String; 2],
    pub(super) object: String,
    /// The events that it stands for.
    pub(super) ids: Vec<String>,
}

/// What is told: of which correlation, its group, whether it is a summary, hits and events, the number, first and last
/// time.
pub(super) type Told = (
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
    pub(super) fn yaml(&self) -> String {
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
    pub(super) fn evaluate(&self, seen: &[Seen]) -> (Vec<Told>, Vec<Seen>) {
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
