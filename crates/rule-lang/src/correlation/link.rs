//! What the names in correlations stand for: rules and other correlations of the set, and their fields.

use std::cell::OnceCell;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use audit_model::Shape;

use crate::ast::Name;
use crate::correlation::{
    Column, Correlation, CorrelationDocument, CorrelationType, Presence, Reference, Target,
};
use crate::diagnostic::{Code, Report, quoted};
use crate::limits;
use crate::metadata::{Metadata, listed};
use crate::overrides::Overrides;
use crate::resolve;

/// A rule of the set, as correlations see it.
#[derive(Debug)]
pub(crate) struct RuleInfo {
    pub(crate) file: usize,
    pub(crate) metadata: Metadata,
    /// Where it stands among the compiled rules; absent when it has errors.
    pub(crate) compiled: Option<usize>,
    /// Whether it can match as the set is configured.
    pub(crate) active: bool,
}

impl RuleInfo {
    /// A rule of which it is not known yet whether it compiles.
    pub(crate) fn new(file: usize, metadata: &Metadata) -> Self {
        Self {
            file,
            metadata: metadata.clone(),
            compiled: None,
            active: false,
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

/// Looks up the names of all correlations of a set.
pub(crate) struct Linker<'s> {
    rules: &'s [RuleInfo],
    documents: &'s [(usize, CorrelationDocument)],
    /// By id or name.
    by_name: HashMap<&'s str, Found>,
    by_tag: HashMap<&'s str, Vec<usize>>,
    /// Every name and tag in order, once it is needed.
    known: OnceCell<Vec<&'s str>>,
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
        let mut by_tag: HashMap<&str, Vec<usize>> = HashMap::new();
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
            known: OnceCell::new(),
            silenced: HashSet::new(),
            found: Vec::new(),
        };
        linker.silence();
        let mut n_references = 0;
        for (file, document) in documents {
            let found = reports.get_mut(*file).and_then(|report| {
                let found = linker.targets(document, report)?;
                is_room_for(&found, &mut n_references, document, report).then_some(found)
            });
            linker.found.push(found);
        }
        linker.break_cycles(reports);
        linker
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
    }

    fn file(&self, found: Found) -> Option<usize> {
        match found {
            Found::Rule(at) => self.rules.get(at).map(|rule| rule.file),
            Found::Correlation(at) => self.documents.get(at).map(|(file, _)| *file),
        }
    }

    fn name(&self, found: Found) -> &str {
        let metadata = match found {
            Found::Rule(at) => self.rules.get(at).map(|rule| &rule.metadata),
            Found::Correlation(at) => self
                .documents
                .get(at)
                .map(|(_, document)| &document.metadata),
        };
        metadata.map_or("", Metadata::reference)
    }

    /// What each entry of `rules` stands for.
    fn targets(
        &self,
        document: &CorrelationDocument,
        report: &mut Report,
    ) -> Option<Vec<Vec<Found>>> {
        // `any` and tags are about findings; what only another correlation is made of is none.
        let told = |rule: &usize| !self.silenced.contains(&Found::Rule(*rule));
        let mut slots = Vec::new();
        let mut good = true;
        for name in &document.targets.names {
            if let Some(found) = self.by_name.get(name.text.as_str()) {
                slots.push(vec![*found]);
            } else if let Some(rules) = self.by_tag.get(name.text.as_str()) {
                slots.push(
                    rules
                        .iter()
                        .filter(|rule| told(rule))
                        .map(|rule| Found::Rule(*rule))
                        .collect(),
                );
            } else {
                good = false;
                if !report.is_full() {
                    let known = self.known.get_or_init(|| {
                        let known = self.by_name.keys().chain(self.by_tag.keys());
                        let known: BTreeSet<&str> = known.copied().collect();
                        known.into_iter().collect()
                    });
                    let help = report.did_you_mean(&name.text, known.iter().copied());
                    report.add_with_help(
                        Code::UnknownReference,
                        name.span,
                        format!(
                            "no rule or correlation of the set has the id, name or tag {}",
                            quoted(&name.text)
                        ),
                        help,
                    );
                }
            }
        }
        if document.targets.any {
            slots.push(
                (0..self.rules.len())
                    .filter(told)
                    .map(Found::Rule)
                    .collect(),
            );
        }
        self.check_repeats(document, &slots, report);
        good.then_some(slots)
    }

    /// Reports what stands in the list twice, once by its name and once by its id.
    fn check_repeats(
        &self,
        document: &CorrelationDocument,
        slots: &[Vec<Found>],
        report: &mut Report,
    ) {
        let mut seen = HashSet::new();
        for name in &document.targets.names {
            let Some(found) = self.by_name.get(name.text.as_str()) else {
                continue;
            };
            if !seen.insert(*found) {
                let message = format!("{} stands twice in `rules`", quoted(self.name(*found)));
                report.add(Code::DuplicateEntry, name.span, message);
            }
        }
        if document.kind.is_some_and(CorrelationType::is_temporal) {
            let (n, limit) = (slots.len(), limits::STEPS);
            if n > limit {
                let message = format!("`rules` has {n} entries and the limit is {limit}");
                report.add(Code::TooManyValues, document.key, message);
            }
            if n == 1 {
                report
                    .add(
                        Code::BadValue,
                        document
                            .targets
                            .names
                            .first()
                            .map_or(document.key, |name| name.span),
                        "this is one rule, and a temporal correlation is about several",
                    )
                    .set_help("to count the hits of one rule write `type: event_count`");
            }
        }
    }

    /// Reports correlations that refer to themselves, at the name that leads back, and forgets what they refer to.
    fn break_cycles(&mut self, reports: &mut [&mut Report]) {
        // The state of a search through the references: 0 new, 1 on the way, 2 done.
        let mut state = vec![0_u8; self.documents.len()];
        let mut broken = Vec::new();
        for start in 0..self.documents.len() {
            // What is on the way, with how many of its references have been followed.
            let mut way = vec![(start, 0)];
            if state.get(start) != Some(&0) {
                continue;
            }
            set(&mut state, start, 1);
            while let Some((at, followed)) = way.pop() {
                let inner = self.correlations_of(at);
                let Some(next) = inner.get(followed) else {
                    set(&mut state, at, 2);
                    continue;
                };
                way.push((at, followed + 1));
                match state.get(*next) {
                    Some(0) => {
                        set(&mut state, *next, 1);
                        way.push((*next, 0));
                    }
                    Some(1) => broken.push((at, *next)),
                    _ => {}
                }
            }
        }
        for (at, next) in broken {
            let Some((file, document)) = self.documents.get(at) else {
                continue;
            };
            let name = document.targets.names.iter().find(|name| {
                self.by_name.get(name.text.as_str()) == Some(&Found::Correlation(next))
            });
            if let (Some(report), Some(name)) = (reports.get_mut(*file), name) {
                let message = if at == next {
                    "a correlation cannot refer to itself".to_owned()
                } else {
                    format!(
                        "{} refers back to this correlation",
                        quoted(self.name(Found::Correlation(next)))
                    )
                };
                report.add(Code::CorrelationCycle, name.span, message);
            }
            if let Some(found) = self.found.get_mut(at) {
                *found = None;
            }
        }
    }

    fn correlations_of(&self, at: usize) -> Vec<usize> {
        let slots = self.found.get(at).and_then(Option::as_ref);
        let all = slots.into_iter().flatten().flatten();
        all.filter_map(|found| match found {
            Found::Correlation(inner) => Some(*inner),
            Found::Rule(_) => None,
        })
        .collect()
    }

    /// The correlations in an order in which each stands after those that it refers to; else in that of the set.
    fn order(&self) -> Vec<usize> {
        let mut order = Vec::new();
        let mut done = vec![false; self.documents.len()];
        for start in 0..self.documents.len() {
            let mut way = vec![(start, 0)];
            while let Some((at, followed)) = way.pop() {
                if done.get(at) == Some(&true) {
                    continue;
                }
                if let Some(next) = self.correlations_of(at).get(followed) {
                    way.push((at, followed + 1));
                    way.push((*next, 0));
                } else {
                    if let Some(done) = done.get_mut(at) {
                        *done = true;
                    }
                    order.push(at);
                }
            }
        }
        order
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
        let kind = document.kind?;
        let names = slot_names(document);
        let presence = presence_of(document, kind, &names, report);
        let mut columns = Columns {
            linker: self,
            document,
            done,
            aliases: self.aliases(document),
            known: HashMap::new(),
            told: HashSet::new(),
        };
        let mut references = Vec::new();
        let (mut lost, mut resting, mut seen) = (None, None, HashSet::new());
        let mut lost_of_many = None;
        for (slot, found) in slots.iter().enumerate() {
            // A tag or `any` is about whatever rules there are; one with errors is not among them.
            let name = document.targets.names.get(slot);
            let is_named = name.is_some_and(|name| self.by_name.contains_key(name.text.as_str()));
            for found in found {
                // A rule that a tag and a name bring along counts once, but may be two steps of a sequence.
                if !seen.insert((*found, if kind.is_temporal() { slot } else { 0 })) {
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
        columns.check_aliases(report);
        if report.has_errors_in(document.metadata.span) {
            return None;
        }
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

    /// Of each alias of a correlation, its name and the field of each rule; what stands first counts.
    fn aliases<'c>(
        &self,
        document: &'c CorrelationDocument,
    ) -> HashMap<&'c str, (&'c Name, HashMap<Found, &'c Name>)> {
        let mut aliases = HashMap::new();
        for alias in &document.aliases {
            let name = alias.name.text.as_str();
            let Entry::Vacant(free) = aliases.entry(name) else {
                continue;
            };
            let (_, fields) = free.insert((&alias.name, HashMap::new()));
            for (rule, field) in &alias.fields {
                if let Some(found) = self.by_name.get(rule.text.as_str()) {
                    fields.entry(*found).or_insert(field);
                }
            }
        }
        aliases
    }

    fn is_active(&self, found: Found) -> bool {
        match found {
            Found::Rule(at) => self.rules.get(at).is_some_and(|rule| rule.active),
            Found::Correlation(_) => true,
        }
    }

    /// Why a correlation cannot hold, given what of its references cannot match.
    fn inactive(
        &self,
        references: &[Reference],
        done: Done<'_>,
        (lost, lost_of_many, resting): (Option<Found>, Option<Found>, Option<Found>),
        (kind, presence): (CorrelationType, Option<&Presence>),
    ) -> Option<String> {
        let name = |found| quoted(self.name(found));
        let has_errors = |lost| format!("{}, which it refers to, has errors", name(lost));
        if let Some(lost) = lost {
            return Some(has_errors(lost));
        }
        let alive = |slot: usize| {
            references.iter().any(|reference| {
                reference.slot == slot
                    && match reference.target {
                        Target::Rule(at) => self
                            .rules
                            .iter()
                            .any(|rule| rule.compiled == Some(at) && rule.active),
                        Target::Correlation(at) => done
                            .compiled
                            .get(at)
                            .is_some_and(|inner| inner.inactive.is_none()),
                    }
            })
        };
        let can_hold = match presence {
            Some(presence) if kind.is_temporal() => can_hold(presence, &alive, false),
            _ => references.iter().any(|reference| alive(reference.slot)),
        };
        if can_hold {
            return None;
        }
        Some(match resting {
            Some(resting) => format!("{}, which it refers to, is inactive", name(resting)),
            None => lost_of_many.map_or_else(
                || "no rule of the set is meant by it".to_owned(),
                has_errors,
            ),
        })
    }
}

/// Which entries must have matched.
fn presence_of(
    document: &CorrelationDocument,
    kind: CorrelationType,
    names: &[Name],
    report: &mut Report,
) -> Option<Presence> {
    if !kind.is_temporal() {
        return None;
    }
    let Some(condition) = &document.condition else {
        return Some(Presence::all(names.len()));
    };
    let presence = Presence::resolve(condition, names, report)?;
    let mut used = HashSet::new();
    let mut positive = false;
    presence.visit(false, &mut |slot, negated| {
        used.insert(slot);
        positive |= !negated;
    });
    for (slot, name) in names.iter().enumerate() {
        if !used.contains(&slot) {
            let message = format!("the condition does not use {}", quoted(&name.text));
            report.add(Code::UnusedSelection, name.span, message);
        }
    }
    if !positive {
        report
            .add(
                Code::BadValue,
                document.key,
                "the condition asks for no rule that matches, and without one there is no event to ask it at",
            )
            .set_help("write `a and not b`");
    }
    if kind == CorrelationType::TemporalOrdered && presence.sequence().is_none() {
        report
            .add(
                Code::BadValue,
                document.key,
                "an order is that of rules joined by `and`",
            )
            .set_help("write `a and b and not c`, or `type: temporal`");
    }
    Some(presence)
}

/// Whether a condition holds for some choice of what matched among what can match.
fn can_hold(presence: &Presence, alive: &impl Fn(usize) -> bool, negated: bool) -> bool {
    match presence {
        // What must not match can always stay away.
        Presence::Slot(slot) => negated || alive(*slot),
        Presence::Not(inner) => can_hold(inner, alive, !negated),
        Presence::And(parts) if !negated => parts.iter().all(|part| can_hold(part, alive, negated)),
        Presence::Or(parts) if negated => parts.iter().all(|part| can_hold(part, alive, negated)),
        Presence::And(parts) | Presence::Or(parts) => {
            parts.iter().any(|part| can_hold(part, alive, negated))
        }
    }
}

/// What has been compiled so far.
#[derive(Clone, Copy)]
struct Done<'d> {
    compiled: &'d [Correlation],
    /// From the correlations of the set to the compiled ones.
    places: &'d HashMap<usize, usize>,
}

impl Done<'_> {
    fn target(self, rules: &[RuleInfo], found: Found) -> Option<Target> {
        match found {
            Found::Rule(at) => rules.get(at)?.compiled.map(Target::Rule),
            Found::Correlation(at) => self.places.get(&at).copied().map(Target::Correlation),
        }
    }
}

/// Looks up where values come from, and reports each name once.
struct Columns<'c, 's> {
    linker: &'c Linker<'s>,
    document: &'c CorrelationDocument,
    done: Done<'c>,
    /// Of each alias, its name and the field of each rule.
    aliases: HashMap<&'c str, (&'c Name, HashMap<Found, &'c Name>)>,
    /// Fields that have been looked up.
    known: HashMap<String, Option<Column>>,
    told: HashSet<String>,
}

impl Columns<'_, '_> {
    /// Where the values of some names come from in the hits of a rule or correlation.
    fn of(&mut self, names: &[Name], found: Found, report: &mut Report) -> Option<Vec<Column>> {
        let columns: Vec<_> = names
            .iter()
            .map(|name| self.column(name, found, report))
            .collect();
        columns.into_iter().collect()
    }

    fn column(&mut self, name: &Name, found: Found, report: &mut Report) -> Option<Column> {
        let Some((alias, fields)) = self.aliases.get(name.text.as_str()) else {
            return self.direct(name, found, report);
        };
        let (linker, alias) = (self.linker, *alias);
        if let Some(field) = fields.get(&found) {
            return self.direct(field, found, report);
        }
        if self.told.insert(name.text.clone()) {
            let message = format!(
                "the alias {} says no field for {}",
                quoted(&name.text),
                quoted(linker.name(found))
            );
            report.add(Code::UnknownGroup, alias.span, message);
        }
        None
    }

    fn direct(&mut self, name: &Name, found: Found, report: &mut Report) -> Option<Column> {
        match name.text.as_str() {
            "rule.name" => return Some(Column::RuleName),
            "rule.level" => return Some(Column::RuleLevel),
            "rule.tactics" => return Some(Column::RuleTactics),
            _ => {}
        }
        if let Found::Correlation(at) = found {
            // One that has errors has no groups to compare with.
            let inner = self.done.compiled.get(*self.done.places.get(&at)?)?;
            let group = inner.group_by.iter().position(|group| *group == name.text);
            if group.is_none() && self.told.insert(name.text.clone()) {
                let groups: Vec<&str> = inner.group_by.iter().map(String::as_str).collect();
                let message = format!(
                    "{} does not group by {}, so that its detections have none",
                    quoted(inner.name()),
                    quoted(&name.text)
                );
                let help = if groups.is_empty() {
                    "it has no `group-by`".to_owned()
                } else {
                    format!("it groups by {}", listed(&groups))
                };
                report
                    .add(Code::UnknownGroup, name.span, message)
                    .set_help(help);
            }
            return group.map(Column::Group);
        }
        if let Some(column) = self.known.get(&name.text) {
            return column.clone();
        }
        let field = resolve::field(name, report).filter(|field| {
            let plural = match field.shape() {
                Some(Shape::Struct) => "a part of the event",
                Some(Shape::Map) => "a map",
                Some(Shape::Object) => "an object",
                Some(Shape::Objects) => "a list of objects",
                _ => return true,
            };
            let message = format!(
                "{} is {plural} and has no value of its own",
                quoted(&name.text)
            );
            report.add(Code::UnknownGroup, name.span, message);
            false
        });
        let column = field.map(Column::Field);
        self.known.insert(name.text.clone(), column.clone());
        column
    }

    /// Reports aliases that name no rule of the correlation, and aliases that nothing uses.
    fn check_aliases(&self, report: &mut Report) {
        let targets = &self.document.targets;
        let listed: HashSet<&str> = targets
            .names
            .iter()
            .map(|name| name.text.as_str())
            .collect();
        let by_name = |name: &&str| self.linker.by_name.get(*name);
        let listed_found: HashSet<Found> = listed.iter().filter_map(by_name).copied().collect();
        let has_tag = listed
            .iter()
            .any(|name| self.linker.by_tag.contains_key(*name));
        for alias in &self.document.aliases {
            let names = self.document.group_by.iter().chain(&self.document.fields);
            if !names.into_iter().any(|name| name.text == alias.name.text) {
                let message = format!("nothing uses the alias {}", quoted(&alias.name.text));
                report.add(Code::UnusedSelection, alias.name.span, message);
            }
            for (rule, _) in &alias.fields {
                let rule_text = rule.text.as_str();
                let found = self.linker.by_name.get(rule_text);
                let is_listed = targets.any
                    || has_tag
                    || listed.contains(rule_text)
                    || found.is_some_and(|found| listed_found.contains(found));
                if !is_listed {
                    let message = format!("{} is not among `rules`", quoted(&rule.text));
                    let known = targets.names.iter().map(|name| name.text.as_str());
                    let help = report.did_you_mean(&rule.text, known);
                    report.add_with_help(Code::UnknownReference, rule.span, message, help);
                }
            }
        }
    }
}

/// Whether a set has room for what a correlation refers to; counts it if so, and reports it if not.
fn is_room_for(
    found: &[Vec<Found>],
    n_references: &mut usize,
    document: &CorrelationDocument,
    report: &mut Report,
) -> bool {
    let each = 1 + document.group_by.len() + document.fields.len();
    let n = *n_references + each * found.iter().map(Vec::len).sum::<usize>();
    let limit = limits::REFERENCES;
    if n > limit {
        let message = format!(
            "with this one, the correlations of the set have {n} references to rules and the limit is {limit}"
        );
        report
            .add(Code::TooManyReferences, document.key, message)
            .set_help("each rule counts once, and once for each field that is grouped by or taken a value of");
        return false;
    }
    *n_references = n;
    true
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

fn set(state: &mut [u8], at: usize, value: u8) {
    if let Some(state) = state.get_mut(at) {
        *state = value;
    }
}
