//! Tests of rules: events written as YAML become JSON text, to be decoded like a log.

use std::time::Duration;

use crate::correlation::timespan;
use crate::diagnostic::{Code, Report, quoted};
use crate::keys;
use crate::limits;
use crate::metadata::Keys;
use crate::rule::{Level, RuleTest, TestKind};
use crate::scalar::{Scalar, Style};
use crate::source::{Sources, Span};
use crate::yaml::{self, Entry, Kind, Node};

/// The key of an event that says when it comes.
const AT: &str = "at";

/// Reads one test; `None` when it was reported.
pub(crate) fn read(mut keys: Keys<'_>, at: usize) -> Option<RuleTest> {
    if keys.node.map().is_none() {
        if !keys.node.is_refused() {
            let message = format!("a test is a map, and this is {}", keys.node.describe());
            keys.report.add(Code::WrongType, keys.node.span, message);
        }
        return None;
    }
    keys.check(&keys::TEST.names());
    let kind = if keys.entry("kind").is_none() {
        let help = "a test is a `hit`, a `near-miss` or an `evasion`";
        keys.missing("kind", keys.node.span, help);
        None
    } else {
        keys.word("kind", TestKind::WORDS)
    };
    let events = events(&mut keys);
    let name = keys.text("name");
    let matches = keys.bool("match");
    let level = keys.word("level", Level::WORDS);
    let message = keys.text("message");
    let count = count(&mut keys);
    agree(&mut keys, kind, matches, count);
    let kind = kind?;
    let (events, offsets) = events?;
    Some(RuleTest {
        name: name.unwrap_or_else(|| format!("{kind} {}", at + 1)),
        kind,
        events,
        offsets,
        count,
        matches: matches.unwrap_or(kind != TestKind::NearMiss),
        level,
        message,
        source: keys.report.source(),
        span: keys.node.span,
    })
}

/// Reports a test whose kind says one thing and whose `match` or `count` another. An evasion that is not found is a gap that
/// the author knows of.
fn agree(keys: &mut Keys<'_>, kind: Option<TestKind>, matches: Option<bool>, count: Option<u64>) {
    let Some(kind) = kind else { return };
    let (what, other) = match kind {
        TestKind::Hit => ("a hit is found", TestKind::NearMiss),
        TestKind::NearMiss => ("a near miss is not found", TestKind::Hit),
        TestKind::Evasion => ("an evasion is found", TestKind::NearMiss),
    };
    let is_gap = kind == TestKind::Evasion && matches == Some(false);
    let expected = kind != TestKind::NearMiss && !is_gap;
    let mut otherwise = |key: &str, what: &str, help: String| {
        if let Some(entry) = keys.entry(key) {
            let message = format!("{what}, and this says otherwise");
            keys.report
                .add(Code::BadValue, entry.value.span, message)
                .set_help(help);
        }
    };
    if !is_gap && matches.is_some_and(|matches| matches != expected) {
        let help = format!("leave `match` out, or write `kind: {other}`");
        otherwise("match", what, help);
    }
    if count.is_some_and(|count| (count > 0) != expected) {
        let (what, help) = match kind {
            _ if is_gap => ("`match: false` is no hit", "leave `match` out".to_owned()),
            TestKind::Evasion => (
                what,
                "one that gets past the rule says `match: false`".to_owned(),
            ),
            _ => (what, format!("leave `count` out, or write `kind: {other}`")),
        };
        otherwise("count", what, help);
    }
}

/// The number of hits that is expected, if one is.
fn count(keys: &mut Keys<'_>) -> Option<u64> {
    const HELP: &str = "say how many hits all events bring, as in `count: 2`, or leave it out: then each must be one";
    let entry = keys.entry("count")?;
    let Some(scalar) = entry.value.scalar().filter(|scalar| !scalar.is_null()) else {
        if !entry.value.is_refused() {
            let message = format!(
                "`count` is a number of hits, and this is {}",
                entry.value.describe()
            );
            keys.report
                .add(Code::WrongType, entry.value.span, message)
                .set_help(HELP);
        }
        return None;
    };
    let count = scalar.text.parse().ok();
    if count.is_none() {
        let message = format!("{} is no number of hits", quoted(&scalar.text));
        keys.report
            .add(Code::BadNumber, scalar.span, message)
            .set_help(HELP);
    }
    count
}

/// The events, and how long after the first moment each comes.
type Timed = (Vec<String>, Vec<Duration>);

fn events(keys: &mut Keys<'_>) -> Option<Timed> {
    let (entry, is_list) = match (keys.entry("event"), keys.entry("events")) {
        (Some(event), None) => (event, false),
        (None, Some(events)) => (events, true),
        (None, None) if keys.has_mistyped(&["event", "events"]) => return None,
        (None, None) => {
            let help = "give the event as a map under `event`, or several under `events`";
            keys.missing("event", keys.node.span, help);
            return None;
        }
        (Some(_), Some(events)) => {
            keys.report.add(
                Code::MistypedKey,
                events.key.span,
                "a test has `event` or `events`, and not both",
            );
            return None;
        }
    };
    if let Some(span) = says_nothing(&entry.value, is_list) {
        // It would be a near miss of every rule.
        keys.report
            .add(Code::EmptyValues, span, "this event says nothing")
            .set_help(
                "write what the rule reads of it: `{verb: get, objectRef: {resource: secrets}}`",
            );
        return None;
    }
    match &entry.value.kind {
        Kind::Map(_) if !is_list => Some((vec![json(&entry.value)], vec![Duration::ZERO])),
        Kind::List(items) if is_list && items.iter().all(|item| item.map().is_some()) => {
            let offsets: Option<_> = items.iter().map(|item| offset(item, keys)).collect();
            Some((items.iter().map(json).collect(), offsets?))
        }
        // Raw lines are for what YAML cannot say: doubled keys, lone surrogates.
        Kind::Scalar(scalar) if is_list && scalar.style == Style::Block => {
            let lines = scalar.text.lines().filter(|line| !line.trim().is_empty());
            let events: Vec<_> = lines.map(str::to_owned).collect();
            let offsets = vec![Duration::ZERO; events.len()];
            Some((events, offsets))
        }
        _ if is_list => {
            keys.wrong_type(entry, "a list of maps, or lines of JSON behind `|`");
            None
        }
        _ => {
            keys.wrong_type(entry, "a map");
            None
        }
    }
}

/// Where an event stands that says nothing, or a list without events.
fn says_nothing(node: &Node, is_list: bool) -> Option<Span> {
    let is_empty = |event: &Node| {
        let entries = event.is_complete.then(|| event.map()).flatten();
        entries.is_some_and(|entries| entries.iter().all(|entry| entry.key.text == AT))
    };
    match &node.kind {
        Kind::List(events) if is_list => {
            let first = events.iter().find(|event| is_empty(event));
            let no_event = events.is_empty().then_some(node.span);
            first.map(|event| event.span).or(no_event)
        }
        Kind::Scalar(scalar) if is_list && scalar.style == Style::Block => {
            let mut lines = scalar.text.lines().map(str::trim);
            let is_written = |line: &str| !line.is_empty() && line != "{}";
            (!lines.any(is_written)).then_some(node.span)
        }
        _ => (!is_list && is_empty(node)).then_some(node.span),
    }
}

/// How long after the first moment an event comes: its `at`, which no event of an API server has.
fn offset(event: &Node, keys: &mut Keys<'_>) -> Option<Duration> {
    let Some(entry) = event.get(AT) else {
        return Some(Duration::ZERO);
    };
    if let Some(scalar) = entry.value.scalar() {
        return timespan::read_or_none(scalar, keys.report);
    }
    keys.wrong_type(entry, "a span of time such as `30s`");
    None
}

/// Writes an event as JSON: keys in their order, numbers with their text, its `at` left out.
fn json(event: &Node) -> String {
    let mut out = String::new();
    let entries = event.map().unwrap_or_default().iter();
    write_map(entries.filter(|entry| entry.key.text != AT), &mut out);
    out
}

/// Reads an event that is written in YAML, as tests have it, and writes it as JSON, its `at` left out. `None` when the text
/// is not one map, or is no YAML of rule files.
///
/// # Examples
/// ```
/// use rule_lang::event_json;
///
/// let yaml = "verb: get\nobjectRef: {resource: pods, name: '007'}\n";
/// let json = r#"{"verb":"get","objectRef":{"resource":"pods","name":"007"}}"#;
/// assert_eq!(event_json(yaml).as_deref(), Some(json));
/// assert_eq!(event_json("- verb: get"), None);
/// ```
pub fn event_json(text: &str) -> Option<String> {
    if text.len() > limits::FILE_BYTES {
        return None;
    }
    let mut sources = Sources::default();
    let mut report = Report::new(sources.add("event", text));
    let documents = yaml::read(text, &mut report);
    let [document] = documents.as_slice() else {
        return None;
    };
    let node = document.node.as_ref()?;
    (report.errors() == 0 && node.map().is_some()).then(|| json(node))
}

/// Recursion is as deep as the YAML, which has a limit.
fn write(node: &Node, out: &mut String) {
    match &node.kind {
        Kind::Scalar(scalar) => write_scalar(scalar, out),
        Kind::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Kind::Map(entries) => write_map(entries.iter(), out),
        Kind::Refused => out.push_str("null"),
    }
}

fn write_map<'n>(entries: impl Iterator<Item = &'n Entry>, out: &mut String) {
    out.push('{');
    for (at, entry) in entries.enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_text(&entry.key.text, out);
        out.push(':');
        write(&entry.value, out);
    }
    out.push('}');
}

fn write_scalar(scalar: &Scalar, out: &mut String) {
    if scalar.is_null() {
        out.push_str("null");
    } else if let Some(value) = scalar.bool() {
        out.push_str(if value { "true" } else { "false" });
    } else if scalar.number().is_some() {
        out.push_str(&scalar.text);
    } else {
        write_text(&scalar.text, out);
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let code = u32::from(c);
                let digits = [code / 16, code % 16];
                out.push_str("\\u00");
                out.extend(
                    digits
                        .into_iter()
                        .filter_map(|digit| char::from_digit(digit, 16)),
                );
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
