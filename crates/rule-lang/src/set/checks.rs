//! What can be told only of all documents of a set: what stands twice, and names that nothing has.

use std::collections::{BTreeSet, HashMap};

use super::{Compiler, File};
use crate::ast::Name;
use crate::correlation::CorrelationDocument;
use crate::diagnostic::{Code, Report, quoted};
use crate::document::{FilterDocument, RuleDocument};
use crate::lint;
use crate::metadata::{Logsource, Metadata};
use crate::overrides::Override;
use crate::rule::Rule;
use crate::source::{SourceId, Span};
use crate::targets::Targets;

impl Compiler {
    /// Reports ids and names that stand twice in the set, where they stand again.
    pub(super) fn check_unique(
        &mut self,
        rules: &[(usize, RuleDocument)],
        filters: &[(usize, FilterDocument)],
        correlations: &[(usize, CorrelationDocument)],
    ) {
        let rules = rules.iter().map(|(file, rule)| (*file, &rule.metadata));
        let filters = filters
            .iter()
            .map(|(file, filter)| (*file, &filter.metadata));
        let correlations = correlations
            .iter()
            .map(|(file, correlation)| (*file, &correlation.metadata));
        let mut all: Vec<(usize, &Metadata)> = rules.chain(filters).chain(correlations).collect();
        all.sort_by_key(|(file, metadata)| (*file, metadata.span));
        let mut ids: HashMap<String, (SourceId, Span)> = HashMap::new();
        let mut names: HashMap<String, (SourceId, Span)> = HashMap::new();
        for (file, metadata) in all {
            let source = metadata.source;
            if let Some(id) = &metadata.id {
                let first = *ids
                    .entry(id.to_ascii_lowercase())
                    .or_insert((source, metadata.id_span));
                self.check_first(file, first, (Code::DuplicateId, "id", id, metadata.id_span));
            }
            if let Some(name) = &metadata.name {
                let first = *names
                    .entry(name.clone())
                    .or_insert((source, metadata.name_span));
                self.check_first(
                    file,
                    first,
                    (Code::DuplicateName, "name", name, metadata.name_span),
                );
            }
        }
    }

    fn check_first(
        &mut self,
        file: usize,
        first: (SourceId, Span),
        (code, what, text, span): (Code, &str, &str, Span),
    ) {
        let Some(File { report, .. }) = self.files.get_mut(file) else {
            return;
        };
        if first == (report.source(), span) {
            return;
        }
        let (source, first) = first;
        let at = self.sources.line_column(source, first);
        report
            .add(
                code,
                span,
                format!("the {what} {} stands twice in the set", quoted(text)),
            )
            .set_help(format!(
                "it is also at {}:{}",
                self.sources.name(source),
                at.line
            ));
    }

    /// Reports rules that ask what another rule of the set asks, in whichever order they come.
    pub(super) fn check_duplicates<'r>(&mut self, rules: impl Iterator<Item = &'r Rule>) {
        let mut rules: Vec<&Rule> = rules.collect();
        rules.sort_by_key(|rule| (rule.source(), rule.span()));
        for (rule, first) in lint::duplicates::duplicates(&rules) {
            let source = rule.source();
            let own = self.files.get_mut(source.index());
            let Some(File { report, .. }) = own.filter(|file| !file.report.is_full()) else {
                continue;
            };
            let place = self
                .sources
                .line_column(first.source(), first.metadata.title_span);
            report
                .add(
                    Code::DuplicateRule,
                    rule.metadata.title_span,
                    format!("this rule asks the same as {}", quoted(first.name())),
                )
                .set_help(format!(
                    "that one is at {}:{}; take one of the two out",
                    self.sources.name(first.source()),
                    place.line
                ));
        }
    }

    /// Reports what filters name that they cannot narrow: what is no rule, and rules of which they are not for all logs.
    fn check_filters(
        &mut self,
        rules: &[(usize, RuleDocument)],
        filters: &[(usize, FilterDocument)],
        correlations: &[(usize, CorrelationDocument)],
        known: &BTreeSet<&str>,
    ) {
        // What filters call something else; a name that a rule has too means the rule.
        let mut others: HashMap<&str, Other<'_>> = HashMap::new();
        for (_, filter) in filters {
            let names = named(&filter.metadata);
            others.extend(names.map(|name| (name, Other::Filter)));
        }
        for (_, correlation) in correlations {
            let names = named(&correlation.metadata);
            others.extend(names.map(|name| (name, Other::Correlation(correlation))));
        }
        // The log sources of the rules that answer to a name; most are the same.
        let mut sources: HashMap<&str, Vec<&Logsource>> = HashMap::new();
        let mut all: Vec<&Logsource> = Vec::new();
        for (_, rule) in rules {
            let logsource = &rule.metadata.logsource;
            let of_names = rule.metadata.answers_to();
            for name in of_names {
                add_new(sources.entry(name).or_default(), logsource);
            }
            add_new(&mut all, logsource);
        }
        for (file, filter) in filters {
            let Some(File { report, .. }) = self.files.get_mut(*file) else {
                continue;
            };
            let own = &filter.metadata.logsource;
            let fits = |sources: &[&Logsource]| sources.iter().any(|source| own.covers(source));
            let mut targets = Targets::default();
            let mut reason = None;
            // It is for a rule, though perhaps for none that compiles.
            let mut is_meant = filter.targets.any && fits(&all);
            for name in &filter.targets.names {
                if report.is_full() {
                    break;
                }
                match (
                    sources.get(name.text.as_str()),
                    others.get(name.text.as_str()),
                ) {
                    (Some(sources), _) if fits(sources) => is_meant = true,
                    (Some(_), _) => {
                        narrow_logsource(name.span, Some(&name.text), report);
                        reason.get_or_insert(NARROW);
                    }
                    (None, Some(other)) => {
                        other.tell(name, report);
                        reason.get_or_insert("what it names is no rule");
                    }
                    (None, None) => targets.names.push(name.clone()),
                }
            }
            check_known(&targets, known, "rule", report);
            if filter.targets.any && !all.is_empty() && !fits(&all) {
                narrow_logsource(filter.targets.any_span, None, report);
                reason.get_or_insert(NARROW);
            }
            if is_meant {
                reason = Some("each rule that it is for has an error");
            }
            if let Some(reason) = reason {
                let metadata = &filter.metadata;
                self.loaded.note(metadata.source, metadata.span, reason);
            }
        }
    }

    /// Reports targets of filters that no rule answers to, and of overrides that no rule, filter or correlation does.
    pub(super) fn check_targets(
        &mut self,
        rules: &[(usize, RuleDocument)],
        filters: &[(usize, FilterDocument)],
        correlations: &[(usize, CorrelationDocument)],
        overrides: &[(usize, Override)],
    ) {
        if filters.is_empty() && overrides.is_empty() {
            return;
        }
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for (_, rule) in rules {
            known.extend(rule.metadata.answers_to());
        }
        self.check_filters(rules, filters, correlations, &known);
        for (_, correlation) in correlations {
            known.extend(correlation.metadata.answers_to());
        }
        let of_filters = filters
            .iter()
            .flat_map(|(_, filter)| filter.metadata.answers_to());
        let only_filters: BTreeSet<&str> =
            of_filters.filter(|name| !known.contains(name)).collect();
        known.extend(&only_filters);
        for (file, found) in overrides {
            if let Some(File { report, .. }) = self.files.get_mut(*file) {
                if found.level.is_some() {
                    level_of_filters(&found.targets, &only_filters, report);
                }
                check_known(
                    &found.targets,
                    &known,
                    "rule, filter or correlation",
                    report,
                );
            }
            let is_known = |name: &Name| known.contains(name.text.as_str());
            if !found.targets.any && !found.targets.names.iter().any(is_known) {
                let reason = "nothing of the set is meant by it";
                self.loaded.keep_out(found.source, found.span, reason);
            } else if !found.targets.any && found.enabled.is_none() {
                let has_level =
                    |name: &Name| is_known(name) && !only_filters.contains(name.text.as_str());
                if !found.targets.names.iter().any(has_level) {
                    let reason = "it gives a level, and filters have none";
                    self.loaded.keep_out(found.source, found.span, reason);
                }
            }
        }
    }
}

/// Why a filter is for no rule of those that it names.
const NARROW: &str = "its `logsource` says more than that of any rule that it names";

/// What a filter may name that is no rule.
#[derive(Clone, Copy)]
enum Other<'d> {
    Filter,
    Correlation(&'d CorrelationDocument),
}

impl Other<'_> {
    fn tell(self, name: &Name, report: &mut Report) {
        let quoted_name = quoted(&name.text);
        let (what, help) = match self {
            Self::Filter => (
                "a filter",
                "name the rules of that filter; an `override` turns a filter off".to_owned(),
            ),
            Self::Correlation(correlation) => {
                let rules = correlation
                    .targets
                    .names
                    .iter()
                    .map(|name| quoted(&name.text));
                let rules: Vec<String> = rules.take(8).collect();
                let help = "narrow the rules that it takes the hits of".to_owned();
                let help = match rules.as_slice() {
                    [] => help,
                    rules => format!("{help}: {}", rules.join(", ")),
                };
                ("a correlation", help)
            }
        };
        let message = format!("{quoted_name} is {what}, and filters narrow rules");
        report
            .add(Code::UnknownRule, name.span, message)
            .set_help(help);
    }
}

/// Reports a filter that is not for all logs of the rules that it names.
fn narrow_logsource(span: Span, name: Option<&str>, report: &mut Report) {
    let rule = name.map_or_else(|| "every rule".to_owned(), quoted);
    let message = format!(
        "the `logsource` of this filter says more than that of {rule}, so the filter is not for it"
    );
    report
        .add(Code::FilterLogsource, span, message)
        .set_help("write no more than the rule does: `{product: kubernetes, service: audit}`");
}

/// The id and the name of a document.
fn named(metadata: &Metadata) -> impl Iterator<Item = &str> {
    let id = metadata.id.as_deref();
    id.into_iter().chain(metadata.name.as_deref())
}

fn add_new<'d>(sources: &mut Vec<&'d Logsource>, source: &'d Logsource) {
    if !sources.contains(&source) {
        sources.push(source);
    }
}

/// Reports filters to which an override gives a level.
fn level_of_filters(targets: &Targets, filters: &BTreeSet<&str>, report: &mut Report) {
    for target in &targets.names {
        if !filters.contains(target.text.as_str()) || report.is_full() {
            continue;
        }
        let name = quoted(&target.text);
        let message = format!("{name} is a filter, and a match keeps the level of its rule");
        report
            .add(Code::UnknownRule, target.span, message)
            .set_help("name the rules; `enabled: false` turns a filter off");
    }
}

fn check_known(targets: &Targets, known: &BTreeSet<&str>, what: &str, report: &mut Report) {
    for target in &targets.names {
        if known.contains(target.text.as_str()) || report.is_full() {
            continue;
        }
        let name = (target.text.as_str(), target.span);
        report.no_such_document(Code::UnknownRule, name, what, known.iter().copied());
    }
}

impl Metadata {
    /// What a filter or an override may name it by.
    pub(crate) fn answers_to(&self) -> impl Iterator<Item = &str> {
        let tags = self.tags.iter().map(String::as_str);
        self.id
            .as_deref()
            .into_iter()
            .chain(self.name.as_deref())
            .chain(tags)
    }
}
