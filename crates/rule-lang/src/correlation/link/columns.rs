//! Where the values of groups and fields come from, in each rule or correlation that is referred to.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::ast::Name;
use crate::correlation::link::{Done, Found, Linker};
use crate::correlation::{Column, CorrelationDocument};
use crate::diagnostic::{Code, Report, quoted};
use crate::metadata::listed;
use crate::resolve;

/// Of each alias, its name and the field of each rule.
pub(super) type Aliases<'c> = HashMap<&'c str, (&'c Name, HashMap<Found, &'c Name>)>;

impl Linker<'_> {
    /// Of each alias of a correlation, its name and the field of each rule; what stands first counts. A rule by two of its
    /// names is reported.
    pub(super) fn aliases<'c>(
        &self,
        document: &'c CorrelationDocument,
        report: &mut Report,
    ) -> Aliases<'c> {
        let mut aliases = HashMap::new();
        for alias in &document.aliases {
            let name = alias.name.text.as_str();
            let Entry::Vacant(free) = aliases.entry(name) else {
                continue;
            };
            let (_, fields) = free.insert((&alias.name, HashMap::new()));
            for (rule, field) in &alias.fields {
                let Some(found) = self.by_name.get(rule.text.as_str()) else {
                    continue;
                };
                match fields.entry(*found) {
                    Entry::Vacant(free) => _ = free.insert(field),
                    Entry::Occupied(_) => {
                        let (rule_name, alias) = (quoted(&rule.text), quoted(name));
                        let message =
                            format!("{alias} has a field of the rule {rule_name} already");
                        report.add(Code::DuplicateEntry, rule.span, message);
                    }
                }
            }
        }
        aliases
    }
}

/// Looks up where values come from, and reports each name once.
pub(super) struct Columns<'c, 's> {
    pub(super) linker: &'c Linker<'s>,
    pub(super) document: &'c CorrelationDocument,
    done: Done<'c>,
    aliases: Aliases<'c>,
    /// Fields that have been looked up.
    known: HashMap<String, Option<Column>>,
    pub(super) told: HashSet<String>,
}

impl<'c, 's> Columns<'c, 's> {
    pub(super) fn new(
        linker: &'c Linker<'s>,
        document: &'c CorrelationDocument,
        done: Done<'c>,
        aliases: Aliases<'c>,
    ) -> Self {
        Self {
            linker,
            document,
            done,
            aliases,
            known: HashMap::new(),
            told: HashSet::new(),
        }
    }

    /// Where the values of some names come from in the hits of a rule or correlation.
    pub(super) fn of(
        &mut self,
        names: &[Name],
        found: Found,
        report: &mut Report,
    ) -> Option<Vec<Column>> {
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

    /// What a name is called in the hits of a rule or correlation, unless its alias does not say.
    pub(super) fn named(&self, name: &'c Name, found: Found) -> Option<&'c Name> {
        match self.aliases.get(name.text.as_str()) {
            Some((_, fields)) => fields.get(&found).copied(),
            None => Some(name),
        }
    }

    fn direct(&mut self, name: &Name, found: Found, report: &mut Report) -> Option<Column> {
        if let Some(column) = of_rule(&name.text) {
            return Some(column);
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
        self.field(name, report)
    }

    /// Looks up names of which it is not known in whose hits they stand, because what is referred to is not there. One by which
    /// no other correlation groups must be a field.
    pub(super) fn check_fields(&mut self, names: &[Name], report: &mut Report) {
        for name in names {
            let text = name.text.as_str();
            let own = self.document.group_by.iter();
            let n_own = own.filter(|group| group.text == text).count();
            let is_known = self.aliases.contains_key(text)
                || of_rule(text).is_some()
                || self.linker.n_groups(text) > n_own;
            if !is_known {
                self.field(name, report);
            }
        }
    }

    fn field(&mut self, name: &Name, report: &mut Report) -> Option<Column> {
        if let Some(column) = self.known.get(&name.text) {
            return column.clone();
        }
        let of_rule = OF_RULE.map(|(name, _)| name);
        let field = resolve::field_of_correlation(name, &of_rule, report);
        let column = field.map(Column::Field);
        self.known.insert(name.text.clone(), column.clone());
        column
    }

    /// Reports aliases that name no rule of the correlation, and aliases that nothing uses.
    pub(super) fn check_aliases(&self, report: &mut Report) {
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
            let is_used = names.into_iter().any(|name| name.text == alias.name.text);
            if self.document.names_are_known && !is_used {
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

/// What stands beside the fields of an event: what is known of the rule that matched.
const OF_RULE: [(&str, Column); 3] = [
    ("rule.name", Column::RuleName),
    ("rule.level", Column::RuleLevel),
    ("rule.tactics", Column::RuleTactics),
];

/// The column of such a name.
pub(super) fn of_rule(name: &str) -> Option<Column> {
    let mut all = OF_RULE.into_iter();
    all.find(|(known, _)| *known == name)
        .map(|(_, column)| column)
}
