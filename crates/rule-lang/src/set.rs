//! From files to a set: what needs all of them is done at the end.

use std::collections::{BTreeSet, HashMap};

use audit_model::Network;

use crate::ast::Name;
use crate::compile::{self, Output};
use crate::correlation::{Correlation, CorrelationDocument, Linker, RuleInfo};
use crate::diagnostic::{Code, Diagnostic, Report, quoted};
use crate::document::{self, Document, FilterDocument, RuleDocument};
use crate::least;
use crate::limits;
use crate::lint;
use crate::loaded::{Loaded, LoadedDocument};
use crate::metadata::Metadata;
use crate::narrowing::Narrowing;
use crate::overrides::{Override, Overrides};
use crate::placeholder::Placeholders;
use crate::render::render;
use crate::resolve::Resolver;
use crate::rule::{AuditLevel, Filter, Rule};
use crate::source::{SourceId, Sources, Span};
use crate::suggest::Shared;
use crate::targets::Targets;
use crate::test_file::{self, Attacher, TestDocument};
use crate::tree::Tree;
use crate::yaml;

/// Compiles a set of rule files.
///
/// Files are added one by one, and [`Compiler::finish`] compiles them together, because placeholders and filters cross
/// files. Nothing fails: what is wrong comes back as diagnostics, and every good rule is compiled.
///
/// # Examples
/// ```
/// use rule_lang::Compiler;
///
/// let mut compiler = Compiler::new();
/// compiler.add(
///     "secrets.yaml",
///     "
/// title: Secrets listed
/// logsource: {product: kubernetes, service: audit}
/// detection:
///   selection: {resource: secrets, verb: list}
///   condition: selection
/// ",
/// );
/// let compiled = compiler.finish();
/// assert!(compiled.diagnostics.is_empty());
/// assert_eq!(compiled.rules[0].title(), "Secrets listed");
/// ```
#[derive(Debug)]
pub struct Compiler {
    sources: Sources,
    files: Vec<File>,
    loaded: Loaded,
    /// Other names of files, because the same text lies there too.
    copies: Vec<(String, SourceId)>,
    shared: Shared,
    /// Most rules; a test has fewer.
    most_rules: usize,
}

impl Default for Compiler {
    fn default() -> Self {
        Self {
            sources: Sources::default(),
            files: Vec::new(),
            loaded: Loaded::default(),
            copies: Vec::new(),
            shared: Shared::default(),
            most_rules: limits::RULES,
        }
    }
}

#[derive(Debug)]
pub(crate) struct File {
    pub(crate) report: Report,
    documents: Vec<Document>,
}

/// What a [`Compiler`] made of its files.
#[derive(Debug)]
#[non_exhaustive]
pub struct Compiled {
    /// The files.
    pub sources: Sources,
    /// Rules without errors, in the order in which they were added.
    pub rules: Vec<Rule>,
    /// Filters without errors, in the order in which they were added.
    pub filters: Vec<Filter>,
    /// Correlations without errors, each after those that it refers to, else in the order in which they were added.
    pub correlations: Vec<Correlation>,
    /// The proxies before the API server that are trusted to say truly whom they speak for: the placeholder list
    /// `trusted_proxies`.
    pub trusted_proxies: Vec<Network>,
    /// Every document of every file, and what became of it, by file and place.
    pub documents: Vec<LoadedDocument>,
    /// Everything that is wrong, by file and place.
    pub diagnostics: Vec<Diagnostic>,
}

/// The documents of all files by kind, each with the index of its file.
#[derive(Debug, Default)]
struct Documents {
    rules: Vec<(usize, RuleDocument)>,
    filters: Vec<(usize, FilterDocument)>,
    correlations: Vec<(usize, CorrelationDocument)>,
    overrides: Vec<(usize, Override)>,
    tests: Vec<(usize, TestDocument)>,
    placeholders: Placeholders,
}

impl Documents {
    fn take(files: &mut [File]) -> Self {
        let mut taken = Self::default();
        for (file, File { documents, .. }) in files.iter_mut().enumerate() {
            for document in documents.drain(..) {
                match document {
                    Document::Rule(rule) => taken.rules.push((file, *rule)),
                    Document::Filter(filter) => taken.filters.push((file, *filter)),
                    Document::Correlation(found) => taken.correlations.push((file, *found)),
                    Document::Override(found) => taken.overrides.push((file, found)),
                    Document::Tests(found) => taken.tests.push((file, found)),
                    Document::Placeholders(lists) => {
                        for list in lists {
                            taken.placeholders.add(list);
                        }
                    }
                }
            }
        }
        taken
    }
}

impl Compiled {
    /// All diagnostics as text, drawn with the lines of their files; see [`render`].
    pub fn render(&self, color: bool) -> String {
        let mut out = String::new();
        for diagnostic in &self.diagnostics {
            out.push_str(&render(diagnostic, &self.sources, color));
            out.push_str("\n\n");
        }
        out
    }
}

impl Compiler {
    /// A compiler without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file. Nothing is read from disk: the name is for diagnostics, and tells a file of tests, whose name ends in
    /// `.test.yaml`, and which rules they are of; see [`test_file_stem`](crate::test_file_stem).
    ///
    /// Text over 1 MiB is refused with a diagnostic.
    pub fn add(&mut self, name: &str, text: &str) -> SourceId {
        let kept = if text.len() > limits::FILE_BYTES {
            ""
        } else {
            text
        };
        let source = self.sources.add(name, kept);
        let is_tests = test_file::test_file_stem(name).is_some();
        let mut report = Report::sharing(source, &self.shared);
        let mut documents = Vec::new();
        let found = yaml::read_file(text, &mut report);
        if found.is_empty() {
            self.loaded.add(source, Span::default(), None, is_tests);
        }
        for one in &found {
            self.loaded
                .add(source, one.span, one.node.as_ref(), is_tests);
            // When there is no room for problems, none is looked for.
            let Some(node) = one.node.as_ref().filter(|_| !report.is_full()) else {
                continue;
            };
            documents.extend(if is_tests {
                test_file::read(node, text, &mut report).map(Document::Tests)
            } else {
                document::read(node, text, &mut report)
            });
        }
        self.files.push(File { report, documents });
        source
    }

    /// Says that the text of a file lies under another name too, so that tests which lie beside that one are tests of its
    /// rules.
    pub fn add_copy(&mut self, name: &str, of: SourceId) {
        self.copies.push((name.to_owned(), of));
    }

    /// Adds a file that could not be read, so that it is reported like one that is wrong.
    pub fn add_unreadable(&mut self, name: &str, reason: &str) -> SourceId {
        let source = self.sources.add(name, "");
        let mut report = Report::sharing(source, &self.shared);
        let message = format!("the file cannot be read: {reason}");
        report.add(Code::UnreadableFile, Span::default(), message);
        self.loaded.add(source, Span::default(), None, false);
        self.files.push(File {
            report,
            documents: Vec::new(),
        });
        source
    }

    /// Compiles what was added.
    pub fn finish(mut self) -> Compiled {
        let Documents {
            rules,
            filters,
            correlations,
            overrides,
            tests,
            placeholders,
        } = Documents::take(&mut self.files);
        self.check_unique(&rules, &filters, &correlations);
        self.check_targets(&rules, &filters, &correlations, &overrides);
        let overrides = Overrides::new(&overrides, &self.sources);
        let mut set = Set {
            sources: &self.sources,
            placeholders: &placeholders,
        };
        let mut narrowing = Narrowing::default();
        let mut compiled_filters = Vec::new();
        for (file, document) in filters {
            let Some(File { report, .. }) = self.files.get_mut(file) else {
                continue;
            };
            let targets = document.targets.clone();
            if let Some(mut filter) = set.filter(document, report) {
                filter.inactive = overrides.of_filter(&filter.metadata).off;
                if filter.inactive.is_none() {
                    narrowing.add(compiled_filters.len(), targets, &filter.metadata.logsource);
                }
                compiled_filters.push(filter);
            }
        }
        let mut compiled_rules = Vec::new();
        let mut infos = Vec::new();
        for (file, document) in rules {
            if !correlations.is_empty() {
                infos.push(RuleInfo::new(file, &document.metadata));
            }
            let Some(File { report, .. }) = self.files.get_mut(file) else {
                continue;
            };
            if compiled_rules.len() >= self.most_rules {
                let limit = self.most_rules;
                let message = format!(
                    "this is rule {} of the set and the limit is {limit}",
                    limit + 1
                );
                report.add(Code::TooManyRules, document.metadata.span, message);
                break;
            }
            if let Some(mut rule) = set.rule(document, report) {
                rule.filters = narrowing.of(&rule.metadata);
                let verdict = overrides.of_rule(&rule.metadata);
                if let Some(level) = verdict.level {
                    rule.level = level;
                    rule.levels.clear();
                }
                rule.inactive = verdict.off.or(rule.inactive);
                if let Some(info) = infos.last_mut() {
                    info.compiles(compiled_rules.len(), rule.inactive.is_none());
                }
                compiled_rules.push(rule);
            }
        }
        let mut correlations = Self::correlations(
            &mut self.files,
            &correlations,
            &infos,
            &mut compiled_rules,
            &overrides,
        );
        self.loaded
            .compiled(&compiled_rules, &compiled_filters, &correlations);
        Attacher {
            sources: &self.sources,
            copies: &self.copies,
            loaded: &mut self.loaded,
            rules: &mut compiled_rules,
            correlations: &mut correlations,
        }
        .attach(tests, &mut self.files);
        self.check_duplicates(&compiled_rules);
        let reports = self.files.into_iter().map(|file| file.report);
        let diagnostics: Vec<Diagnostic> = reports.flat_map(Report::finish).collect();
        Compiled {
            rules: compiled_rules,
            filters: compiled_filters,
            trusted_proxies: placeholders.trusted_proxies(),
            correlations,
            documents: self.loaded.finish(&diagnostics),
            diagnostics,
            sources: self.sources,
        }
    }

    /// Looks up what correlations refer to, and tells rules whose hits only correlations want.
    fn correlations(
        files: &mut [File],
        correlations: &[(usize, CorrelationDocument)],
        infos: &[RuleInfo],
        rules: &mut [Rule],
        overrides: &Overrides<'_>,
    ) -> Vec<Correlation> {
        if correlations.is_empty() {
            return Vec::new();
        }
        let mut reports: Vec<&mut Report> = files.iter_mut().map(|file| &mut file.report).collect();
        let linker = Linker::new(infos, correlations, &mut reports);
        for (at, info) in infos.iter().enumerate() {
            let rule = info.compiled.and_then(|compiled| rules.get_mut(compiled));
            if let Some(rule) = rule {
                rule.silenced = linker.is_silenced(at);
            }
        }
        linker.finish(&mut reports, overrides)
    }

    /// Reports ids and names that stand twice in the set, where they stand again.
    fn check_unique(
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

    /// Reports rules that ask what another rule of the set asks.
    fn check_duplicates(&mut self, rules: &[Rule]) {
        for (at, first) in lint::duplicates::duplicates(rules) {
            let (Some(rule), Some(first)) = (rules.get(at), rules.get(first)) else {
                continue;
            };
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

    /// Reports targets of filters that no rule answers to, and of overrides that no rule, filter or correlation does.
    fn check_targets(
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
        for (file, filter) in filters {
            if let Some(File { report, .. }) = self.files.get_mut(*file) {
                check_known(&filter.targets, &known, "rule", report);
            }
        }
        for (_, filter) in filters {
            known.extend(filter.metadata.answers_to());
        }
        for (_, correlation) in correlations {
            known.extend(correlation.metadata.answers_to());
        }
        for (file, found) in overrides {
            if let Some(File { report, .. }) = self.files.get_mut(*file) {
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
            }
        }
    }
}

fn check_known(targets: &Targets, known: &BTreeSet<&str>, what: &str, report: &mut Report) {
    for target in &targets.names {
        if known.contains(target.text.as_str()) || report.is_full() {
            continue;
        }
        let help = report.did_you_mean(&target.text, known.iter().copied());
        report.add_with_help(
            Code::UnknownRule,
            target.span,
            format!(
                "no {what} of the set has the id, name or tag {}",
                quoted(&target.text)
            ),
            help,
        );
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

/// What is made of the selections and the condition of a document.
struct Made {
    output: Output,
    /// The least audit levels at which the condition can hold.
    inferred: least::Levels,
    /// Why the condition cannot hold.
    inactive: Option<String>,
}

/// What documents need of the set.
struct Set<'a> {
    sources: &'a Sources,
    placeholders: &'a Placeholders,
}

impl Set<'_> {
    fn rule(&mut self, document: RuleDocument, report: &mut Report) -> Option<Rule> {
        let Made {
            output,
            inferred,
            inactive,
        } = self.program(
            document.scope.as_ref(),
            document.metadata.span,
            true,
            document.requires,
            report,
        )?;
        let levels = output.extra.into_iter().zip(document.levels).collect();
        Some(Rule {
            metadata: document.metadata,
            level: document.level,
            levels,
            message: document.message,
            requires: document.requires,
            inferred,
            tests: document.tests,
            suppress: document.suppress,
            silenced: false,
            program: output.program,
            filters: [].into(),
            inactive,
        })
    }

    fn filter(&mut self, document: FilterDocument, report: &mut Report) -> Option<Filter> {
        let Made { output, .. } = self.program(
            document.scope.as_ref(),
            document.metadata.span,
            false,
            None,
            report,
        )?;
        Some(Filter {
            metadata: document.metadata,
            expires: document.expires,
            program: output.program,
            inactive: None,
        })
    }

    /// Resolves and compiles; `None` when the document has an error, old or new.
    fn program(
        &self,
        scope: Option<&crate::ast::Scope>,
        span: Span,
        is_rule: bool,
        requires: Option<AuditLevel>,
        report: &mut Report,
    ) -> Option<Made> {
        let text = self.sources.text(report.source());
        let mut resolver = Resolver::new(text, report, self.placeholders);
        let ast = scope?;
        let scope = resolver.scope(ast);
        let empty = resolver.empty;
        if report.has_errors_in(span) {
            return None;
        }
        let scope = scope?;
        lint::document(ast, is_rule, requires, report);
        if empty.is_empty() {
            lint::logic::document(ast, &scope, is_rule, span, report);
        }
        let scope = scope.fold();
        let inactive = match (&scope.condition, empty.first()) {
            (Tree::Const(false), Some(name)) => {
                Some(format!("the placeholder {} is empty", quoted(name)))
            }
            _ => None,
        };
        let inferred = least::levels(&scope);
        let Ok(output) = compile::compile(&scope) else {
            let limit = limits::PROGRAM_OPS;
            let message =
                format!("compiled, this has more than {limit} instructions, which is the limit");
            report.add(Code::ProgramTooLarge, span, message);
            return None;
        };
        if let Err(error) = output.program.verify() {
            let message = format!("the compiler made a bad program of this: {error}");
            report
                .add(Code::Defect, span, message)
                .set_help("this is a defect of kubesift; please report it with this file");
            return None;
        }
        if is_rule && inactive.is_none() {
            let asks = lint::cost::asks_for_something(&scope);
            lint::cost::asked_of_all(ast, asks, &output.program, report);
        }
        Some(Made {
            output,
            inferred,
            inactive,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_a_most_of_rules() {
        let rule = |name: &str| {
            format!(
                "title: {name}\nname: {name}\nlogsource: {{product: kubernetes, service: audit}}\ndetection: {{s: {{verb: get, name: {name}}}, condition: s}}\n---\n"
            )
        };
        let mut set = Compiler {
            most_rules: 2,
            ..Compiler::default()
        };
        set.add("one.yaml", &rule("a"));
        set.add("more.yaml", &["b", "c", "d"].map(rule).concat());
        let compiled = set.finish();
        let names: Vec<_> = compiled.rules.iter().map(Rule::name).collect();
        assert_eq!(names, ["a", "b"]);
        let [found] = &*compiled.diagnostics else {
            panic!("{}", compiled.render(false));
        };
        assert_eq!(found.code(), "too-many-rules");
        assert_eq!(
            found.message(),
            "this is rule 3 of the set and the limit is 2"
        );
        let underlined = compiled.sources.slice(found.source(), found.span());
        assert!(underlined.starts_with("title: c\n"), "{underlined}");
        // What was left out is wrong, and says so.
        let wrong = compiled.documents.iter().skip(2);
        let reasons: Vec<_> = wrong.map(LoadedDocument::reason).collect();
        assert_eq!(
            reasons,
            [
                Some("this is rule 3 of the set and the limit is 2"),
                Some("the file or the set has too many problems or rules"),
            ]
        );
    }
}
