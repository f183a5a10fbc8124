//! What first-seen correlations have learnt, in a form that can be read, kept and brought elsewhere.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use rule_lang::{CorrelationType, Timestamp};
use serde::{Deserialize, Serialize};

use crate::correlate::engine::Engine;
use crate::correlate::fact::{KeyHasher, Tuple};
use crate::correlate::plan::{Planned, short};
use crate::correlate::stream::Origin;
use crate::correlate::table::Owner;
use crate::correlate::time::Time;
use crate::correlate::window::Window;
use crate::{Correlator, Detector};

/// What every baseline says that it is.
const FORMAT: &str = "kubesift-baseline";
/// The version that is written and read.
const VERSION: u64 = 1;
/// The provider that is not written: groups do not go by it, and nearly every log is of this one.
const NATIVE: &str = "native";
/// Longest text of a group or a value, in bytes. What events make is far shorter.
const MOST_TEXT: usize = 4096;

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u64,
    /// How many lines follow, so that a file that was cut is noticed.
    groups: u64,
}

/// One group: a line.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    correlation: String,
    #[serde(default, skip_serializing_if = "is_nowhere")]
    source: Source,
    /// Name and value of each field of `group-by`.
    #[serde(rename = "group")]
    columns: Vec<(String, Option<String>)>,
    /// When it was first and last seen.
    since: String,
    last: String,
    /// The values that it had, each with the last time.
    values: Vec<Value>,
}

#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cluster: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    project: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<Box<str>>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Value {
    /// Name and value of each field; a part of a tuple may be missing.
    #[serde(rename = "value")]
    columns: Vec<(String, Option<String>)>,
    last: String,
}

fn is_nowhere(source: &Source) -> bool {
    *source == Source::default()
}

/// What became of a baseline that was taken up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BaselineReport {
    /// Groups that are known now.
    pub groups: u64,
    /// Their values.
    pub values: u64,
    /// Correlations that are not in these rules, or that group by or read other fields now; what was known of them was
    /// left out.
    pub unknown: Vec<String>,
}

/// A text that is no baseline, or a damaged one. Nothing of it was taken up.
#[derive(Debug)]
pub struct BaselineError(Kind);

#[derive(Debug)]
enum Kind {
    NotABaseline,
    Version(u64),
    Cut { found: u64, expected: u64 },
    Line { line: usize, what: String },
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::NotABaseline => f.write_str("this is no baseline of kubesift"),
            Kind::Version(version) => write!(
                f,
                "the baseline has version {version} and version {VERSION} is supported"
            ),
            Kind::Cut { found, expected } => write!(
                f,
                "the baseline has {found} groups and should have {expected}"
            ),
            Kind::Line { line, what } => write!(f, "line {line} of the baseline: {what}"),
        }
    }
}

impl std::error::Error for BaselineError {}

impl Detector {
    /// Writes what first-seen correlations (`type: new_value`) have learnt: of each group since when it is known, and which
    /// values it had when. Elsewhere, or after the state was lost, [`Detector::learn`] takes it up.
    ///
    /// The text is JSON, one object a line. The first says what it is, its version, and how many lines follow; each of
    /// those is a group. The lines are sorted, so that two baselines can be compared. Unlike a
    /// [snapshot](Detector::snapshot) it is meant to be read and changed: a line that is taken out, and the number in the
    /// first one lowered, is forgotten. What still waits for its turn is not in it ([`Detector::finish`],
    /// [`Detector::flush`]).
    ///
    /// # Examples
    /// ```
    /// use detect::{Reader, RuleSet};
    ///
    /// let rules = RuleSet::builder()
    ///     .text("nets.yaml", "
    /// title: Request
    /// name: request
    /// logsource: {product: kubernetes, service: audit}
    /// detection: {s: {user.username: '*'}, condition: s}
    /// ---
    /// title: New network
    /// name: new-network
    /// correlation:
    ///   type: new_value
    ///   rules: [request]
    ///   group-by: [user.username]
    ///   timespan: 30d
    ///   learning: 7d
    ///   condition: {field: client.net}
    /// ")
    ///     .build()?;
    /// let event = |day: u32, ip: &str| format!(r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete","verb":"get","user":{{"username":"dana"}},"sourceIPs":["{ip}"],"stageTimestamp":"2026-03-{day:02}T08:00:00.000000Z"}}"#);
    ///
    /// let mut first = rules.detector();
    /// let line = event(1, "203.0.113.7");
    /// first.process(&Reader::new(line.as_bytes()).next()?.unwrap());
    /// assert_eq!(first.finish().count(), 0);
    /// let baseline = first.baseline();
    /// assert!(baseline.ends_with(concat!(
    ///     r#"{"correlation":"new-network","group":[["user.username","dana"]],"since":"2026-03-01T08:00:00.000000Z","#,
    ///     r#""last":"2026-03-01T08:00:00.000000Z","#,
    ///     r#""values":[{"value":[["client.net","203.0.113.0/24"]],"last":"2026-03-01T08:00:00.000000Z"}]}"#,
    ///     "\n"
    /// )));
    ///
    /// // Nothing has to be learnt again.
    /// let mut second = rules.detector();
    /// assert_eq!(second.learn(&baseline)?.groups, 1);
    /// let line = event(20, "198.51.100.1");
    /// second.process(&Reader::new(line.as_bytes()).next()?.unwrap());
    /// assert_eq!(second.finish().count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn baseline(&self) -> String {
        self.engine.baseline()
    }

    /// Takes up what [`Detector::baseline`] wrote, beside what is known already: of two times of one thing the wider span
    /// holds. It belongs to the correlations by their names; one that groups by or reads other fields now, or is not there,
    /// is reported and left out.
    ///
    /// # Errors
    /// [`BaselineError`] when this is no baseline, one of another version, or one that is damaged or cut. Nothing of it has
    /// been taken up then.
    pub fn learn(&mut self, baseline: &str) -> Result<BaselineReport, BaselineError> {
        self.engine.learn(baseline)
    }
}

impl Correlator {
    /// Writes what first-seen correlations have learnt here, as [`Detector::baseline`] does.
    pub fn baseline(&self) -> String {
        self.engine.baseline()
    }

    /// Takes up a baseline, as [`Detector::learn`] does. Every owner may be given the whole: what belongs to others is never
    /// asked for.
    ///
    /// # Errors
    /// As [`Detector::learn`].
    pub fn learn(&mut self, baseline: &str) -> Result<BaselineReport, BaselineError> {
        self.engine.learn(baseline)
    }
}

impl Engine {
    fn baseline(&self) -> String {
        let ahead = self.known.ahead();
        // By correlation, stream and group.
        let mut groups: BTreeMap<(u32, u32, &Tuple), Group> = BTreeMap::new();
        for entry in self.table.by_use() {
            let Owner::Correlation(at) = entry.owner else {
                continue;
            };
            let (Some(planned), Some(stream)) = (
                self.rules.inner().plan.correlation(at),
                self.stream(entry.stream),
            ) else {
                continue;
            };
            let [half, _] = entry.key;
            let ahead = ahead.get(&half).copied().unwrap_or(Time::MIN);
            let (tuple, known) = match &entry.window {
                Window::Learning { group, .. } => (group, None),
                Window::Known { last, texts } => (&texts.0, Some((&texts.1, *last))),
                _ => continue,
            };
            let group = groups
                .entry((at, entry.stream, tuple))
                .or_insert_with(|| empty(planned, &stream.origin, tuple));
            match (&entry.window, known) {
                (Window::Learning { since, last, .. }, _) => {
                    group.since = text(*since);
                    group.last = text(ahead.max(*last));
                }
                (_, Some((value, last))) => group.values.push(Value {
                    columns: named(planned.correlation.fields(), value),
                    last: text(ahead.max(last)),
                }),
                _ => {}
            }
        }
        // Of a group that was forgotten, its values say nothing.
        let mut groups: Vec<Group> = groups.into_values().collect();
        groups.retain(|group| !group.since.is_empty());
        for group in &mut groups {
            group.values.sort();
        }
        groups.sort();
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            groups: groups.len() as u64,
        };
        let mut out = line(&header);
        for group in &groups {
            out.push_str(&line(group));
        }
        out
    }

    fn learn(&mut self, baseline: &str) -> Result<BaselineReport, BaselineError> {
        let groups = read(baseline)?;
        let rules = self.rules.clone();
        let plan = &rules.inner().plan;
        let by_name: HashMap<&str, u32> = plan
            .correlations
            .iter()
            .enumerate()
            .filter(|(_, planned)| planned.kind() == CorrelationType::NewValue)
            .map(|(at, planned)| (planned.correlation.name(), short(at)))
            .collect();
        let mut report = BaselineReport::default();
        for (group, times) in &groups {
            let at = by_name.get(group.correlation.as_str()).copied();
            let fits = |planned: &&Planned| {
                let correlation = &planned.correlation;
                names(&group.columns).eq(correlation.group_by())
                    && group
                        .values
                        .iter()
                        .all(|value| names(&value.columns).eq(correlation.fields()))
            };
            let found = at.and_then(|at| Some((at, plan.correlation(at).filter(fits)?)));
            let Some((at, planned)) = found else {
                if !report.unknown.contains(&group.correlation) {
                    report.unknown.push(group.correlation.clone());
                }
                continue;
            };
            let Some(stream) = self.sources.of_origin(group.source.origin()) else {
                continue;
            };
            self.learn_group((at, planned), stream, group, times);
            report.groups += 1;
            report.values += group.values.len() as u64;
        }
        Ok(report)
    }

    fn learn_group(
        &mut self,
        (at, planned): (u32, &Planned),
        stream: u32,
        group: &Group,
        times: &Times,
    ) {
        let rules = self.rules.clone();
        let owner = Owner::Correlation(at);
        let tuple = tuple(&group.columns);
        let key = self.key(planned.content, stream, &tuple.0);
        let is_known = self.table.find(key).and_then(|at| {
            self.table.change(at, |window| {
                if let Window::Learning { since, last, .. } = window {
                    *since = times.since.min(*since);
                    *last = times.last.max(*last);
                }
            })
        });
        if is_known.is_none() {
            let window = Window::Learning {
                since: times.since,
                last: times.last,
                group: tuple.clone(),
            };
            self.insert(&rules, key, owner, stream, window);
        }
        for (value, value_last) in group.values.iter().zip(&times.values) {
            let value = self::tuple(&value.columns);
            let key = self.value_key(key, KeyHasher::stable_text(&value.0));
            let is_known = self.table.find(key).and_then(|at| {
                self.table.change(at, |window| {
                    if let Window::Known { last, .. } = window {
                        *last = (*value_last).max(*last);
                    }
                })
            });
            if is_known.is_none() {
                let window = Window::Known {
                    last: *value_last,
                    texts: Box::new((tuple.clone(), value)),
                };
                self.insert(&rules, key, owner, stream, window);
            }
        }
    }
}

/// The times of a group, read.
struct Times {
    since: Time,
    last: Time,
    values: Vec<Time>,
}

/// Reads all of a baseline, the groups that were seen last at the end.
fn read(baseline: &str) -> Result<Vec<(Group, Times)>, BaselineError> {
    let mut lines = baseline.lines();
    let header = lines
        .next()
        .and_then(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let header = header.filter(|header| header.get("format").is_some_and(|it| it == FORMAT));
    let header = header.ok_or(BaselineError(Kind::NotABaseline))?;
    let version = header.get("version").and_then(serde_json::Value::as_u64);
    match version {
        Some(VERSION) => {}
        Some(version) => return Err(BaselineError(Kind::Version(version))),
        None => return Err(BaselineError(Kind::NotABaseline)),
    }
    let at = |line: usize, what: String| BaselineError(Kind::Line { line, what });
    let header: Header =
        serde_json::from_value(header).map_err(|error| at(1, error.to_string()))?;
    let mut groups = Vec::new();
    for (nth, line) in lines.enumerate() {
        let group: Group =
            serde_json::from_str(line).map_err(|error| at(nth + 2, error.to_string()))?;
        let times = times(&group).map_err(|what| at(nth + 2, what))?;
        groups.push((group, times));
    }
    let found = groups.len() as u64;
    if found != header.groups {
        return Err(BaselineError(Kind::Cut {
            found,
            expected: header.groups,
        }));
    }
    groups.sort_by_key(|(_, times)| times.last);
    Ok(groups)
}

fn times(group: &Group) -> Result<Times, String> {
    let time = |text: &str| {
        let time = Timestamp::parse(text).map(Timestamp::micros);
        time.ok_or_else(|| format!("`{text}` is no time"))
    };
    let texts = group
        .values
        .iter()
        .flat_map(|value| &value.columns)
        .chain(&group.columns);
    for (_, text) in texts {
        let length = text.as_deref().map_or(0, str::len);
        if length > MOST_TEXT {
            return Err(format!(
                "a text has {length} bytes and may have {MOST_TEXT}"
            ));
        }
    }
    Ok(Times {
        since: time(&group.since)?,
        last: time(&group.last)?,
        values: group
            .values
            .iter()
            .map(|value| time(&value.last))
            .collect::<Result<_, _>>()?,
    })
}

impl Source {
    fn origin(&self) -> Origin {
        Origin {
            provider: self.provider.clone().or_else(|| Some(NATIVE.into())),
            cluster: self.cluster.clone(),
            account: self.account.clone(),
            project: self.project.clone(),
            tenant: self.tenant.clone(),
        }
    }
}

fn empty(planned: &Planned, origin: &Origin, group: &Tuple) -> Group {
    Group {
        correlation: planned.correlation.name().to_owned(),
        source: Source {
            provider: origin
                .provider
                .clone()
                .filter(|provider| **provider != *NATIVE),
            cluster: origin.cluster.clone(),
            account: origin.account.clone(),
            project: origin.project.clone(),
            tenant: origin.tenant.clone(),
        },
        columns: named(planned.correlation.group_by(), group),
        since: String::new(),
        last: String::new(),
        values: Vec::new(),
    }
}

fn named(names: &[String], tuple: &Tuple) -> Vec<(String, Option<String>)> {
    let values = tuple.iter().map(|value| value.map(str::to_owned));
    names.iter().cloned().zip(values).collect()
}

fn names(columns: &[(String, Option<String>)]) -> impl Iterator<Item = &String> {
    columns.iter().map(|(name, _)| name)
}

fn tuple(columns: &[(String, Option<String>)]) -> Tuple {
    let mut out = String::new();
    for (_, value) in columns {
        Tuple::push(&mut out, value.as_deref());
    }
    Tuple(out.into())
}

fn text(time: Time) -> String {
    Timestamp::from_micros(time).to_string()
}

fn line(value: &impl Serialize) -> String {
    // Only a map whose keys are no texts cannot be written, and there is none.
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    line
}
