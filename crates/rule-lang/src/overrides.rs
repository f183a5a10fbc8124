//! Overrides: documents that turn rules or filters off, or give rules another level, without touching their files.

use std::collections::{BTreeSet, HashMap};

use crate::ast::Name;
use crate::keys;
use crate::loaded::DocumentKind;
use crate::metadata::{Keys, Metadata};
use crate::rule::{Level, Rule};
use crate::source::{SourceId, Sources, Span};
use crate::targets::Targets;
use crate::yaml::Entry;

/// What an `override` document says.
#[derive(Clone, Debug)]
pub(crate) struct Override {
    pub(crate) source: SourceId,
    pub(crate) span: Span,
    pub(crate) targets: Targets,
    pub(crate) enabled: Option<bool>,
    pub(crate) level: Option<Level>,
}

impl<'a> Keys<'a> {
    /// Reads an override; `None` when it has errors, since half of one would not be what was meant.
    pub(crate) fn overrides(&mut self, entry: &'a Entry) -> Option<Override> {
        let before = self.report.errors();
        self.check_document(DocumentKind::Override);
        self.metadata();
        if entry.value.map().is_none() {
            self.wrong_type(entry, "a map of `rules`, `enabled` and `level`");
            return None;
        }
        let mut keys = Keys {
            node: &entry.value,
            file: self.file,
            report: self.report,
        };
        keys.check(&keys::OVERRIDE.names());
        let enabled = keys.bool("enabled");
        let level = keys.word("level", Level::WORDS);
        let says = ["enabled", "level"];
        if says.iter().all(|key| keys.entry(key).is_none()) && !keys.has_mistyped(&says) {
            let help = "say what becomes of the rules: `enabled: false` or `level: low`";
            keys.missing("enabled", entry.key.span, help);
        }
        let help = "say which rules or filters it is about: `rules: [name, …]`, or `rules: any` for all rules";
        let targets = self.targets(entry, help);
        (self.report.errors() == before).then_some(Override {
            source: self.report.source(),
            span: entry.key.span,
            targets,
            enabled,
            level,
        })
    }
}

/// What the overrides of a set make of a rule or filter.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) level: Option<Level>,
    /// Why it is turned off.
    pub(crate) off: Option<String>,
}

impl Verdict {
    /// A rule with the level that it was given, which holds for all of its matches.
    pub(crate) fn applied_to(self, mut rule: Rule) -> Rule {
        if let Some(level) = self.level {
            rule.level = level;
            rule.levels.clear();
        }
        rule.inactive = self.off.or(rule.inactive);
        rule
    }
}

/// All overrides of a set, by what they name.
#[derive(Debug)]
pub(crate) struct Overrides<'o> {
    all: &'o [(usize, Override)],
    any: Vec<usize>,
    by_target: HashMap<&'o str, Vec<usize>>,
    sources: &'o Sources,
}

impl<'o> Overrides<'o> {
    pub(crate) fn new(all: &'o [(usize, Override)], sources: &'o Sources) -> Self {
        let mut any = Vec::new();
        let mut by_target: HashMap<&str, Vec<usize>> = HashMap::new();
        for (idx, (_, one)) in all.iter().enumerate() {
            if one.targets.any {
                any.push(idx);
            }
            for Name { text, .. } in &one.targets.names {
                by_target.entry(text).or_default().push(idx);
            }
        }
        Self {
            all,
            any,
            by_target,
            sources,
        }
    }

    /// What becomes of a rule. Of overrides that contradict each other the last one counts.
    pub(crate) fn of_rule(&self, metadata: &Metadata) -> Verdict {
        self.verdict(metadata, &self.any)
    }

    /// What becomes of a filter. `any` means rules.
    pub(crate) fn of_filter(&self, metadata: &Metadata) -> Verdict {
        self.verdict(metadata, &[])
    }

    fn verdict(&self, metadata: &Metadata, any: &[usize]) -> Verdict {
        let named = metadata
            .answers_to()
            .filter_map(|name| self.by_target.get(name));
        let applied: BTreeSet<usize> = named.flatten().chain(any).copied().collect();
        let mut verdict = Verdict::default();
        for (_, one) in applied.into_iter().filter_map(|idx| self.all.get(idx)) {
            verdict.level = one.level.or(verdict.level);
            match one.enabled {
                Some(true) => verdict.off = None,
                Some(false) => {
                    let line = self.sources.line_column(one.source, one.span).line;
                    let file = self.sources.name(one.source);
                    verdict.off = Some(format!("turned off by the override at {file}:{line}"));
                }
                None => {}
            }
        }
        verdict
    }
}
