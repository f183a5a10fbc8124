//! From files to a set: what needs all of them is done at the end.

mod checks;
mod one;

use std::collections::HashMap;

use audit_model::Network;

use crate::correlation::{Correlation, CorrelationDocument, Linker, RuleInfo};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::document::{self, Document, FilterDocument, RuleDocument};
use crate::limits;
use crate::lint::grouped::Wanted;
use crate::loaded::{Loaded, LoadedDocument};
use crate::overrides::{Override, Overrides};
use crate::placeholder::Placeholders;
use crate::render::render;
use crate::rule::{Filter, Rule};
use crate::source::{SourceId, Sources, Span};
use crate::suggest::Shared;
use crate::test_file::{self, Attacher, TestDocument};
use crate::yaml;

use one::{Set, Whole};

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
    /// What documents that are not used are called, and where they stand.
    unused: Vec<(String, SourceId, Span)>,
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
            unused: Vec::new(),
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
            let document = match one.node.as_ref().filter(|_| !report.is_full()) {
                Some(node) if is_tests => {
                    test_file::read(node, text, &mut report).map(Document::Tests)
                }
                Some(node) => document::read(node, text, &mut report),
                None => None,
            };
            if document.is_none() && !is_tests {
                let names = one.names(text).into_iter();
                self.unused
                    .extend(names.map(|name| (name, source, one.span)));
            }
            documents.extend(document);
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
        self.note_unused();
        let n_bytes = self.sources.bytes();
        let shared = &self.shared;
        shared.regex_bytes.allow(n_bytes, limits::SET_REGEX_BYTES);
        shared
            .written_values
            .allow(n_bytes, limits::SET_WRITTEN_VALUES);
        self.check_unique(&rules, &filters, &correlations);
        self.check_targets(&rules, &filters, &correlations, &overrides);
        let overrides = Overrides::new(&overrides, &self.sources);
        let wanted = Wanted::new(correlations.iter().map(|(_, document)| document));
        let mut set = Set::new(&self.sources, &placeholders, !filters.is_empty(), wanted);
        let mut compiled_filters = Vec::new();
        for (file, document) in filters {
            if let Some(File { report, .. }) = self.files.get_mut(file) {
                let off = overrides.of_filter(&document.metadata).off;
                compiled_filters.extend(set.filter(document, file, off, report));
            }
        }
        let (mut compiled_rules, mut wrong_rules) = (Vec::new(), Vec::new());
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
            let Some(whole) = set.rule(document, report) else {
                continue;
            };
            let Whole {
                rule,
                lacking,
                is_good,
            } = whole;
            if let Some(info) = infos.last_mut() {
                info.lacking = lacking;
            }
            let rule = overrides.of_rule(&rule.metadata).applied_to(rule);
            if !is_good {
                wrong_rules.push(rule);
                continue;
            }
            if let Some(info) = infos.last_mut() {
                info.compiles(compiled_rules.len(), rule.inactive.is_none());
            }
            compiled_rules.push(rule);
        }
        set.finish(&mut self.files);
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
        self.check_duplicates(compiled_rules.iter().chain(&wrong_rules));
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

    /// Lets all files know which documents are there and cannot be used.
    fn note_unused(&mut self) {
        let mut places = HashMap::new();
        for (name, source, span) in std::mem::take(&mut self.unused) {
            places.entry(name).or_insert_with(|| {
                let line = self.sources.line_column(source, span).line;
                format!("{}:{line}", self.sources.name(source))
            });
        }
        // It is set once: a set is finished once.
        let _ = self.shared.unused.set(places);
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
