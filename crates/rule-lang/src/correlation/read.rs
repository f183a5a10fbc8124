//! A correlation as its document says it, before names are looked up.

use std::time::Duration;

use crate::ast::{Condition, Name};
use crate::condition;
use crate::correlation::{
    Bounds, CorrelationMessagePart, CorrelationType, Suppress, bounds, timespan,
};
use crate::diagnostic::{Code, Report, quoted};
use crate::keys;
use crate::limits;
use crate::loaded::DocumentKind;
use crate::message::{self, Piece};
use crate::metadata::{Keys, Metadata, listed};
use crate::rule::{Level, RuleTest};
use crate::source::Span;
use crate::targets::Targets;
use crate::yaml::{Entry, Kind};

/// A correlation. What could not be read is missing, and was reported.
#[derive(Clone, Debug)]
pub(crate) struct CorrelationDocument {
    pub(crate) metadata: Metadata,
    pub(crate) level: Level,
    pub(crate) tests: Vec<RuleTest>,
    /// Where to point when the whole of it is meant.
    pub(crate) key: Span,
    pub(crate) kind: Option<CorrelationType>,
    pub(crate) targets: Targets,
    pub(crate) group_by: Vec<Name>,
    pub(crate) fields: Vec<Name>,
    /// Whether all of its names could be read: those of `group-by` and of `field`.
    pub(crate) names_are_known: bool,
    pub(crate) aliases: Vec<Alias>,
    pub(crate) timespan: Option<Duration>,
    pub(crate) learning: Option<Duration>,
    pub(crate) bounds: Option<Bounds>,
    pub(crate) percentile: Option<u8>,
    pub(crate) condition: Option<Condition>,
    pub(crate) suppress: Option<Suppress<usize>>,
    pub(crate) message: Option<Vec<CorrelationMessagePart>>,
    /// What it says of `generate`.
    pub(crate) generate: Option<bool>,
}

impl CorrelationDocument {
    /// The field without a value of which an event says nothing. Where there are several, one that is missing is a value
    /// too.
    pub(crate) fn value(&self) -> Option<&Name> {
        match self.fields.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// One name for fields that are called otherwise in each rule.
#[derive(Clone, Debug)]
pub(crate) struct Alias {
    pub(crate) name: Name,
    /// Rule and field.
    pub(crate) fields: Vec<(Name, Name)>,
}

/// The holes of a message that are not among `group-by`.
const HOLES: [(&str, CorrelationMessagePart); 5] = [
    ("count", CorrelationMessagePart::Count),
    ("value", CorrelationMessagePart::Value),
    ("first", CorrelationMessagePart::First),
    ("last", CorrelationMessagePart::Last),
    ("rules", CorrelationMessagePart::Rules),
];

/// What a condition says, whatever its form.
#[derive(Default)]
struct Asked {
    bounds: Option<Bounds>,
    percentile: Option<u8>,
    fields: Vec<Name>,
    condition: Option<Condition>,
}

impl<'a> Keys<'a> {
    /// Reads a correlation.
    pub(crate) fn correlation(&mut self, owner: &'a Entry) -> Option<CorrelationDocument> {
        self.check_document(DocumentKind::Correlation);
        let metadata = self.titled(owner);
        let level = self.word("level", Level::WORDS).unwrap_or(Level::Medium);
        let tests = self.tests();
        if owner.value.map().is_none() {
            self.wrong_type(owner, "a map");
            return None;
        }
        let help = "say whose hits it takes: `rules: [name, …]`";
        let targets = self.targets(owner, help);
        let mut keys = Keys {
            node: &owner.value,
            file: self.file,
            report: self.report,
        };
        keys.check(&keys::CORRELATION.names());
        let kind = keys.word::<CorrelationType>("type", CorrelationType::WORDS);
        for (key, help) in [
            ("type", "say what is sought: `type: event_count`"),
            ("timespan", "say within what time: `timespan: 5m`"),
        ] {
            if keys.entry(key).is_none() {
                keys.missing(key, owner.key.span, help);
            }
        }
        let group_by = keys.names("group-by", "a list of fields");
        let groups_are_known = group_by.is_some() || keys.entry("group-by").is_none();
        let group_by = group_by.unwrap_or_default();
        keys.few(&group_by, "group-by", limits::GROUP_BY);
        let timespan = keys.span_of_time("timespan");
        let learning = keys.span_of_time("learning");
        match (kind, keys.entry("learning")) {
            (Some(CorrelationType::NewValue), None) => {
                let help =
                    "say how long a group is learnt before a value of it is new: `learning: 7d`";
                keys.missing("learning", owner.key.span, help);
            }
            (Some(kind), Some(entry)) if kind != CorrelationType::NewValue => {
                let message = format!("{} has nothing to learn", quoted(kind.as_str()));
                keys.report.add(Code::MistypedKey, entry.key.span, message);
            }
            _ => {}
        }
        let aliases = keys.aliases();
        let asked = kind.map(|kind| keys.asked(kind, owner)).unwrap_or_default();
        let inside = keys.bool("generate");
        let outside = self.bool("generate");
        if let (Some(_), Some(_), Some(entry)) = (inside, outside, self.entry("generate")) {
            let message = "`generate` stands here and under `correlation`";
            self.report.add(Code::MistypedKey, entry.key.span, message);
        }
        let suppress = self.suppress_of_correlation(&group_by);
        Some(CorrelationDocument {
            metadata,
            level,
            tests,
            key: owner.key.span,
            kind,
            targets,
            names_are_known: groups_are_known
                && kind.is_some_and(|kind| !kind.reads_values() || !asked.fields.is_empty()),
            fields: asked.fields,
            aliases,
            timespan,
            learning,
            bounds: asked.bounds,
            percentile: asked.percentile,
            condition: asked.condition,
            suppress,
            message: self.correlation_message(&group_by, kind),
            generate: inside.or(outside),
            group_by,
        })
    }

    fn span_of_time(&mut self, key: &str) -> Option<Duration> {
        let scalar = self.scalar(key)?;
        timespan::read(scalar, self.report)
    }

    fn few(&mut self, names: &[Name], what: &str, limit: usize) {
        if let Some(extra) = names.get(limit) {
            let n = names.len();
            let message = format!("{} has {n} entries and the limit is {limit}", quoted(what));
            self.report.add(Code::TooManyValues, extra.span, message);
        }
    }

    /// The condition, which is a map of comparisons, or for temporal types text.
    fn asked(&mut self, kind: CorrelationType, owner: &Entry) -> Asked {
        let Some(entry) = self.entry("condition") else {
            let help = match kind {
                _ if kind.is_temporal() => return Asked::default(),
                CorrelationType::EventCount => "say how many: `condition: {gte: 10}`",
                CorrelationType::NewValue => "say of what: `condition: {field: client.net}`",
                _ => "say how much of what: `condition: {field: name, gte: 10}`",
            };
            self.missing("condition", owner.key.span, help);
            return Asked::default();
        };
        if kind.is_temporal() {
            let Kind::Scalar(scalar) = &entry.value.kind else {
                self.wrong_type(entry, "text about the rules, such as `a and not b`");
                return Asked::default();
            };
            return Asked {
                condition: Some(condition::parse(scalar, self.file, self.report)),
                ..Asked::default()
            };
        }
        if entry.value.map().is_none() {
            self.wrong_type(entry, "a map, such as `{gte: 10}`");
            return Asked::default();
        }
        let mut keys = Keys {
            node: &entry.value,
            file: self.file,
            report: self.report,
        };
        keys.check(&keys::ASKED.names().filter(|key| kind.asks(key)));
        let mut asked = Asked::default();
        if kind.reads_values() {
            asked.fields = keys
                .names("field", "a field or a list of fields")
                .unwrap_or_default();
            keys.few(&asked.fields, "field", limits::GROUP_BY);
            if keys.entry("field").is_none() {
                keys.missing("field", entry.key.span, "say of what: `field: name`");
            } else if let Some(list) = keys.entry("field").filter(|field| is_empty_list(field)) {
                let message = "`field` names nothing";
                let span = list.value.span;
                keys.report.add(Code::EmptyValues, span, message);
            } else if let (true, Some(second)) = (kind.is_numeric(), asked.fields.get(1)) {
                let message = format!("{} reads one field", quoted(kind.as_str()));
                keys.report.add(Code::WrongType, second.span, message);
            }
        }
        if kind == CorrelationType::ValuePercentile {
            asked.percentile = keys.percentile(entry);
        }
        if kind != CorrelationType::NewValue {
            asked.bounds = bounds::read(&mut keys, kind.counts());
        }
        asked
    }

    fn percentile(&mut self, owner: &Entry) -> Option<u8> {
        if self.entry("percentile").is_none() {
            self.missing("percentile", owner.key.span, "say which: `percentile: 95`");
            return None;
        }
        let scalar = self.scalar("percentile")?;
        let number = scalar.number();
        let percentile = number.and_then(|_| scalar.text.parse::<u8>().ok());
        let percentile = percentile.filter(|number| (1..=100).contains(number));
        if percentile.is_none() {
            let message = match number {
                Some(_) => format!("{} is no percentile", quoted(&scalar.text)),
                None => scalar.no_number(),
            };
            self.report
                .add(Code::BadNumber, scalar.span, message)
                .set_help("it is a whole number from 1 to 100");
        }
        percentile
    }

    fn aliases(&mut self) -> Vec<Alias> {
        let Some(entry) = self.entry("aliases") else {
            return Vec::new();
        };
        let Some(entries) = entry.value.map() else {
            self.wrong_type(entry, "a map of names, each with a map of rules and fields");
            return Vec::new();
        };
        let name = |scalar: &crate::scalar::Scalar| Name {
            text: scalar.text.clone(),
            span: scalar.span,
        };
        let mut aliases = Vec::new();
        for alias in entries {
            let Some(rules) = alias.value.map() else {
                self.wrong_type(alias, "a map of rules and fields");
                continue;
            };
            let mut keys = Keys {
                node: &alias.value,
                file: self.file,
                report: self.report,
            };
            let mut fields = Vec::new();
            for rule in rules {
                match rule.value.scalar().filter(|scalar| !scalar.is_null()) {
                    Some(field) => fields.push((name(&rule.key), name(field))),
                    None => keys.wrong_type(rule, "a field"),
                }
            }
            aliases.push(Alias {
                name: name(&alias.key),
                fields,
            });
        }
        aliases
    }

    fn correlation_message(
        &mut self,
        group_by: &[Name],
        kind: Option<CorrelationType>,
    ) -> Option<Vec<CorrelationMessagePart>> {
        let scalar = self.scalar("message")?;
        let pieces = message::pieces(scalar, self.file, self.report, &mut |name, report| {
            let group = group_by.iter().position(|group| group.text == name.text);
            let hole = holes(kind).find(|(hole, _)| *hole == name.text);
            let part = group
                .map(CorrelationMessagePart::Group)
                .or_else(|| hole.map(|(_, part)| part.clone()));
            if part.is_none() {
                unknown_hole(name, group_by, kind, report);
            }
            part
        })?;
        let parts = pieces.into_iter().map(|piece| match piece {
            Piece::Text(text) => CorrelationMessagePart::Text(text),
            Piece::Hole(part) => part,
        });
        Some(parts.collect())
    }
}

fn is_empty_list(entry: &Entry) -> bool {
    matches!(&entry.value.kind, Kind::List(items) if items.is_empty())
}

/// The holes that a correlation of a type has something for.
fn holes(
    kind: Option<CorrelationType>,
) -> impl Iterator<Item = &'static (&'static str, CorrelationMessagePart)> + Clone {
    let has_value = kind.is_none_or(CorrelationType::reads_values);
    HOLES
        .iter()
        .filter(move |(_, part)| has_value || *part != CorrelationMessagePart::Value)
}

fn unknown_hole(
    name: &Name,
    group_by: &[Name],
    kind: Option<CorrelationType>,
    report: &mut Report,
) {
    let known = group_by.iter().map(|group| group.text.as_str());
    let known = known.chain(holes(kind).map(|(hole, _)| *hole));
    let all = || format!("it knows {}", listed(&known.clone().collect::<Vec<_>>()));
    let is_of_others = HOLES.iter().any(|(hole, _)| *hole == name.text);
    let hole = quoted(&name.text);
    let (message, help) = match kind.filter(|_| is_of_others) {
        Some(kind) => (
            format!(
                "{hole} is nothing that a correlation of type {} knows",
                quoted(kind.as_str())
            ),
            format!("it compares no values; {}", all()),
        ),
        None => (
            format!("{hole} is nothing that a correlation knows"),
            report
                .did_you_mean(&name.text, known.clone())
                .unwrap_or_else(all),
        ),
    };
    report
        .add(Code::BadMessage, name.span, message)
        .set_help(help);
}
