//! What the names in correlations stand for: rules and other correlations of the set, and their fields.

mod alive;
mod check;
mod columns;
mod condition;
mod cycles;
mod lacking;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use crate::ast::Name;
use crate::correlation::{
    Column, Correlation, CorrelationDocument, CorrelationType, Presence, Reference, Target,
};
use crate::diagnostic::{Code, Report};
use crate::lint;
use crate::lint::grouped::Lacking;
use crate::metadata::Metadata;
use crate::overrides::Overrides;
use alive::Done;
use check::is_room_for;
use columns::Columns;
use condition::presence_of;

/// A rule of the set, as correlations see it.
#[derive(Debug)]
pub(crate) struct RuleInfo {
    pub(crate) file: usize,
    pub(crate) metadata: Metadata,
    /// Where it stands among the compiled rules; absent when it has errors.
    pub(crate) compiled: Option<usize>,
    /// Whether it can match as the set is configured.
    pub(crate) active: bool,
    /// Fields that correlations want of it and that no event has which it finds.
    pub(crate) lacking: Lacking,
}

impl RuleInfo {
    /// A rule of which it is not known yet whether it compiles.
    pub(crate) fn new(file: usize, metadata: &Metadata) -> Self {
        Self {
            file,
            metadata: metadata.clone(),
            compiled: None,
            active: false,
            lacking: Lacking::new(),
        }
    }

    /// Notes that it compiled.
    pub(crate) fn compiles(&mut self, at: usize, active: bool) {
        self.compiled = Some(at);
        self.active = active;
    }
}

/// What a name stands for, before what has errors is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Found {
    Rule(usize),
    Correlation(usize),
}

/// What an entry of `rules` stands for. Lists are not copied before there is known to be room for them: an entry may
/// stand there again and again.
enum Slot<'l> {
    One(Found),
    Rules(&'l [usize]),
}

impl Slot<'_> {
    fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Rules(rules) => rules.len(),
        }
    }

    fn all(&self) -> Vec<Found> {
        match self {
            Self::One(found) => vec![*found],
            Self::Rules(rules) => rules.iter().copied().map(Found::Rule).collect(),
        }
    }
}

/// Looks up the names of all correlations of a set.
pub(crate) struct Linker<'s> {
    rules: &'s [RuleInfo],
    documents: &'s [(usize, CorrelationDocument)],
    /// By id or name.
    by_name: HashMap<&'s str, Found>,
    /// What a tag means, without rules whose hits are not told.
    by_tag: BTreeMap<&'s str, Vec<usize>>,
    /// What `any` means, likewise.
    any: Vec<usize>,
    /// Compiled rules that can match, as they are numbered there.
    active: HashSet<usize>,
    /// Every name and tag in order, once it is needed.
    known: OnceCell<Vec<&'s str>>,
    /// How often correlations group by each name, once it is needed.
    groups: OnceCell<HashMap<&'s str, usize>>,
    /// Rules and correlations whose hits are not told, as they stand in the set.
    silenced: HashSet<Found>,
    /// Per correlation: what each entry of `rules` stands for; absent when one is not known.
    found: Vec<Option<Vec<Vec<Found>>>>,
}

impl<'s> Linker<'s> {
    pub(crate) fn new(
        rules: &'s [RuleInfo],
        documents: &'s [(usize, CorrelationDocument)],
        reports: &mut [&mut Report],
    ) -> Self {
        let mut by_name = HashMap::new();
        let mut by_tag: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let names = |metadata: &'s Metadata| {
            let id = metadata.id.as_deref();
            id.into_iter().chain(metadata.name.as_deref())
        };
        for (at, rule) in rules.iter().enumerate() {
            for name in names(&rule.metadata) {
                by_name.entry(name).or_insert(Found::Rule(at));
            }
            for tag in &rule.metadata.tags {
                by_tag.entry(tag).or_default().push(at);
            }
        }
        for (at, (_, document)) in documents.iter().enumerate() {
            for name in names(&document.metadata) {
                by_name.entry(name).or_insert(Found::Correlation(at));
            }
        }
        let mut linker = Self {
            rules,
            documents,
            by_name,
            by_tag,
            any: (0..rules.len()).collect(),
            active: HashSet::new(),
            known: OnceCell::new(),
            groups: OnceCell::new(),
            silenced: HashSet::new(),
            found: Vec::new(),
        };
        linker.active = rules
            .iter()
            .filter(|rule| rule.active)
            .filter_map(|rule| rule.compiled)
            .collect();
        linker.silence();
        let mut n_references = 0;
        for (file, document) in documents {
            let found = reports.get_mut(*file).and_then(|report| {
                let slots = linker.targets(document, report);
                is_room_for(&slots, &mut n_references, document, report)
                    .then(|| slots.iter().map(Slot::all).collect())
            });
            linker.found.push(found);
        }
        linker.break_cycles(reports);
        linker
    }

    /// How often correlations of the set group by a name.
    fn n_groups(&self, name: &str) -> usize {
        let groups = self.groups.get_or_init(|| {
            let mut groups = HashMap::new();
            for (_, document) in self.documents {
                for group in &document.group_by {
                    *groups.entry(group.text.as_str()).or_insert(0) += 1;
                }
            }
            groups
        });
        groups.get(name).copied().unwrap_or_default()
    }

    /// Whether the hits of a rule are not told.
    pub(crate) fn is_silenced(&self, rule: usize) -> bool {
        self.silenced.contains(&Found::Rule(rule))
    }

    /// Finds out whose hits are not told: what a correlation of the same file names without `generate`.
    fn silence(&mut self) {
        let mut spoken: HashSet<Found> = HashSet::new();
        for (file, document) in self.documents {
            for name in &document.targets.names {
                let Some(found) = self.by_name.get(name.text.as_str()) else {
                    continue;
                };
                if self.file(*found) != Some(*file) {
                    continue;
                }
                if document.generate == Some(true) {
                    spoken.insert(*found);
                } else {
                    self.silenced.insert(*found);
                }
            }
        }
        self.silenced.retain(|found| !spoken.contains(found));
        // `any` and tags are about findings; what only another correlation is made of is none.
        let told = |rule: &usize| !self.silenced.contains(&Found::Rule(*rule));
        self.any.retain(told);
        for rules in self.by_tag.values_mut() {
            rules.retain(told);
        }
    }

    fn file(&self, found: Found) -> Option<usize> {
        match found {
            Found::Rule(at) => self.rules.get(at).map(|rule| rule.file),
            Found::Correlation(at) => self.documents.get(at).map(|(file, _)| *file),
        }
    }

    fn metadata(&self, found: Found) -> Option<&Metadata> {
        match found {
            Found::Rule(at) => self.rules.get(at).map(|rule| &rule.metadata),
            Found::Correlation(at) => self
                .documents
                .get(at)
                .map(|(_, document)| &document.metadata),
        }
    }

    fn name(&self, found: Found) -> &str {
        self.metadata(found).map_or("", Metadata::reference)
    }

    /// What each entry of `rules` stands for.
    fn targets(&self, document: &CorrelationDocument, report: &mut Report) -> Vec<Slot<'_>> {
        let mut slots = Vec::new();
        for name in &document.targets.names {
            if let Some(found) = self.by_name.get(name.text.as_str()) {
                slots.push(Slot::One(*found));
            } else if let Some(rules) = self.by_tag.get(name.text.as_str()) {
                slots.push(Slot::Rules(rules));
            } else {
                // It stands for nothing, and what else is wrong is told too.
                slots.push(Slot::Rules(&[]));
                if !report.is_full() {
                    let known = self.known.get_or_init(|| {
                        let known = self.by_name.keys().chain(self.by_tag.keys());
                        let known: BTreeSet<&str> = known.copied().collect();
                        known.into_iter().collect()
                    });
                    report.no_such_document(
                        Code::UnknownReference,
                        (&name.text, name.span),
                        "rule or correlation",
                        known.iter().copied(),
                    );
                }
            }
        }
        if document.targets.any {
            slots.push(Slot::Rules(&self.any));
        }
        self.check_repeats(document, &slots, report);
        slots
    }

    /// Looks up the rest, and gives the correlations without errors, each after those that it refers to.
    pub(crate) fn finish(
        &self,
        reports: &mut [&mut Report],
        overrides: &Overrides<'_>,
    ) -> Vec<Correlation> {
        let mut compiled: Vec<Correlation> = Vec::new();
        let mut places: HashMap<usize, usize> = HashMap::new();
        for at in self.order() {
            let Some((file, document)) = self.documents.get(at) else {
                continue;
            };
            let Some(report) = reports.get_mut(*file) else {
                continue;
            };
            let done = Done {
                compiled: &compiled,
                places: &places,
            };
            if let Some(mut correlation) = self.correlation(at, document, done, report) {
                correlation.silenced = self.silenced.contains(&Found::Correlation(at));
                let verdict = overrides.of_rule(&correlation.metadata);
                correlation.level = verdict.level.unwrap_or(correlation.level);
                correlation.inactive = verdict.off.or(correlation.inactive);
                places.insert(at, compiled.len());
                compiled.push(correlation);
            }
        }
        compiled
    }

    fn correlation(
        &self,
        at: usize,
        document: &CorrelationDocument,
        done: Done<'_>,
        report: &mut Report,
    ) -> Option<Correlation> {
        let slots = self.found.get(at)?.as_ref()?;
        // What could be read is looked at, though the rest is wrong.
        let names = slot_names(document);
        let kind = document.kind.filter(|_| !names.is_empty());
        let presence = kind.and_then(|kind| presence_of(document, kind, &names, report));
        let is_temporal = document.kind.is_some_and(CorrelationType::is_temporal);
        let aliases = self.aliases(document, report);
        let mut columns = Columns::new(self, document, done, aliases);
        let mut references = Vec::new();
        let (mut lost, mut resting, mut seen) = (None, None, HashSet::new());
        let mut lost_of_many = None;
        for (slot, found) in slots.iter().enumerate() {
            // A tag or `any` is about whatever rules there are; one with errors is not among them.
            let name = document.targets.names.get(slot);
            let is_named = name.is_some_and(|name| self.by_name.contains_key(name.text.as_str()));
            for found in found {
                if is_named {
                    columns.check_values(*found, report);
                }
                // A rule that a tag and a name bring along counts once, but may be two steps of a sequence.
                if !seen.insert((*found, if is_temporal { slot } else { 0 })) {
                    continue;
                }
                let group = columns.of(&document.group_by, *found, report);
                let values = columns.of(&document.fields, *found, report);
                let Some(target) = done.target(self.rules, *found) else {
                    let lost = if is_named {
                        &mut lost
                    } else {
                        &mut lost_of_many
                    };
                    lost.get_or_insert(*found);
                    continue;
                };
                let active = match target {
                    Target::Rule(_) => self.is_active(*found),
                    Target::Correlation(inner) => done
                        .compiled
                        .get(inner)
                        .is_some_and(|inner| inner.inactive.is_none()),
                };
                if !active {
                    resting = resting.or(Some(*found));
                }
                references.push(Reference {
                    target,
                    slot,
                    group: group.unwrap_or_default(),
                    values: values.unwrap_or_default(),
                });
            }
        }
        if slots.is_empty() || slots.iter().any(Vec::is_empty) {
            columns.check_fields(&document.group_by, report);
            columns.check_fields(&document.fields, report);
        }
        columns.check_aliases(report);
        if let (true, Some(name)) = (
            document.kind.is_some_and(CorrelationType::is_numeric),
            document.fields.first(),
        ) {
            let fields = references.iter().map(|found| match found.values.first() {
                Some(Column::Field(field)) => Some(field),
                _ => None,
            });
            lint::fields::no_numbers(name, fields, report);
        }
        if report.has_errors_in(document.metadata.span) {
            return None;
        }
        let kind = document.kind?;
        let inactive = self.inactive(
            &references,
            done,
            (lost, lost_of_many, resting),
            (kind, presence.as_ref()),
        );
        Some(Correlation {
            metadata: document.metadata.clone(),
            level: document.level,
            kind,
            references,
            slots: names.into_iter().map(|name| name.text).collect(),
            group_by: texts(&document.group_by),
            fields: texts(&document.fields),
            timespan: document.timespan?,
            learning: document.learning.unwrap_or(Duration::ZERO),
            bounds: document.bounds.clone().unwrap_or_default(),
            percentile: document.percentile,
            presence: presence.unwrap_or_else(|| Presence::all(slots.len())),
            suppress: document.suppress.clone(),
            message: document.message.clone(),
            silenced: false,
            tests: document.tests.clone(),
            inactive,
        })
    }
}

/// The entries of `rules`.
fn slot_names(document: &CorrelationDocument) -> Vec<Name> {
    let mut names = document.targets.names.clone();
    if document.targets.any {
        names.push(Name {
            text: "any".to_owned(),
            span: document.key,
        });
    }
    names
}

fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(|name| name.text.clone()).collect()
}
