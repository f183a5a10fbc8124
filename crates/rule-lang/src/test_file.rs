//! Files of tests: which rule file each lies beside, what its documents say, and which rule each of them tests.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use crate::ast::Name;
use crate::correlation::Correlation;
use crate::diagnostic::{Code, Report, quoted};
use crate::document;
use crate::keys;
use crate::lint;
use crate::loaded::{DocumentKind, Loaded, LoadedDocument};
use crate::metadata::{Keys, Metadata, is_uuid, listed};
use crate::rule::{Rule, RuleTest};
use crate::set::File;
use crate::source::{SourceId, Sources, Span};
use crate::yaml::{Entry, Node};

/// The name of a file of tests without its ending `.test.yaml` or `.test.yml`; `None` for every other file.
///
/// Its tests are those of the rules in the file of this name and the ending `.yaml` or `.yml`. Endings may be in upper case.
///
/// ```
/// use rule_lang::test_file_stem;
///
/// assert_eq!(test_file_stem("rules/exec.test.yaml"), Some("rules/exec"));
/// assert_eq!(test_file_stem("rules/exec.yaml"), None);
/// ```
pub fn test_file_stem(name: &str) -> Option<&str> {
    [".test.yaml", ".test.yml"]
        .iter()
        .find_map(|ending| {
            let (stem, end) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
            end.eq_ignore_ascii_case(ending).then_some(stem)
        })
        .filter(|stem| !stem.is_empty() && !stem.ends_with(['/', '\\']))
}

/// The names that the rule file of a stem can have.
fn rule_files(stem: &str) -> [String; 4] {
    [".yaml", ".yml", ".YAML", ".YML"].map(|ending| format!("{stem}{ending}"))
}

/// A document of a file of tests.
#[derive(Clone, Debug)]
pub(crate) struct TestDocument {
    /// The rule or correlation that is tested, when the document says it.
    rule: Option<Name>,
    /// Where to point when it does not.
    key: Span,
    span: Span,
    tests: Vec<RuleTest>,
}

/// Reads a document of a file of tests; `None` when it is no such document, which was reported.
pub(crate) fn read(node: &Node, file: &str, report: &mut Report) -> Option<TestDocument> {
    if !document::is_map(
        node,
        "tests are written `tests: [{name: …, kind: …}]`",
        report,
    ) {
        return None;
    }
    if let Some(kind) = document::kind_keys(node).next() {
        let kind = &kind.key;
        report
            .add(
                Code::NotADocument,
                kind.span,
                format!(
                    "a file of tests holds `tests` and no {}",
                    quoted(&kind.text)
                ),
            )
            .set_help("rules lie in a file whose name does not end in `.test.yaml`");
        return None;
    }
    lint::yaml::ambiguous(node, report);
    let mut keys = Keys { node, file, report };
    keys.check(&keys::TEST_FILE.names());
    let rule = keys.scalar("rule").map(|scalar| Name {
        text: scalar.text.clone(),
        span: scalar.span,
    });
    let Some(entry) = keys.entry("tests") else {
        let first = node.map().and_then(<[Entry]>::first);
        let span = first.map_or(node.span, |first| first.key.span);
        keys.missing("tests", span, "a file of tests is a list under `tests`");
        return None;
    };
    let key = entry.key.span;
    let errors = keys.report.errors();
    let tests = keys.tests();
    if tests.is_empty() && keys.report.errors() == errors {
        let message = "`tests` has no test";
        keys.report.add(Code::EmptyValues, key, message);
    }
    Some(TestDocument {
        rule,
        key,
        span: node.span,
        tests,
    })
}

/// What is tested.
#[derive(Clone, Copy, Debug)]
enum Tested {
    Rule(usize),
    Correlation(usize),
    /// Something with an error, or for other logs.
    NotCompiled,
}

/// The rules and correlations of a file.
#[derive(Debug, Default)]
struct Candidates {
    /// What each answers to: its id, and what others refer to it by.
    by_name: HashMap<String, Tested>,
    /// What each is called, in the order of the file.
    names: Vec<String>,
    /// The only one, if there is one.
    first: Option<Tested>,
    n_not_compiled: usize,
}

impl Candidates {
    fn add(&mut self, document: &LoadedDocument, tested: Tested, metadata: Option<&Metadata>) {
        if let Some(id) = metadata.and_then(|metadata| metadata.id.as_deref()) {
            self.by_name
                .entry(id.to_ascii_lowercase())
                .or_insert(tested);
        }
        let name = document.name().unwrap_or_default();
        self.by_name.entry(name.to_owned()).or_insert(tested);
        self.names.push(name.to_owned());
        self.first.get_or_insert(tested);
        self.n_not_compiled += usize::from(matches!(tested, Tested::NotCompiled));
    }

    fn get(&self, name: &str) -> Option<Tested> {
        let found = self.by_name.get(name);
        let by_id = || self.by_name.get(&name.to_ascii_lowercase());
        found.or_else(|| is_uuid(name).then(by_id)?).copied()
    }
}

/// Gives the tests of files of tests to the rules and correlations that they are of.
pub(crate) struct Attacher<'a> {
    pub(crate) sources: &'a Sources,
    /// Other names of files, because the same text lies there too.
    pub(crate) copies: &'a [(String, SourceId)],
    pub(crate) loaded: &'a mut Loaded,
    pub(crate) rules: &'a mut [Rule],
    pub(crate) correlations: &'a mut [Correlation],
}

/// The file of the rules that a file of tests is for.
#[derive(Clone, Copy, Debug)]
enum Beside {
    File(SourceId),
    /// The file that it lies beside is a copy of this one, which has tests of its own.
    Copy(SourceId),
    Nothing,
}

impl Attacher<'_> {
    /// Attaches the tests of documents of some of the files.
    pub(crate) fn attach(&mut self, documents: Vec<(usize, TestDocument)>, files: &mut [File]) {
        if documents.is_empty() {
            return;
        }
        let beside = self.beside();
        let candidates = self.candidates(&beside);
        let mut helper = Helper::default();
        for (file, document) in documents {
            let Some(File { report, .. }) = files.get_mut(file) else {
                continue;
            };
            let source = report.source();
            let tested = match beside.get(&source).copied().unwrap_or(Beside::Nothing) {
                Beside::File(file) => {
                    let found = candidates.get(&file);
                    let found = found.and_then(|of_file| {
                        self.find(file, of_file, &document, &mut helper, report)
                    });
                    // Without a test it is wrong by itself.
                    if let Some(Tested::NotCompiled) = found
                        && !document.tests.is_empty()
                    {
                        let name = quoted(file_name(self.sources.name(file)));
                        let reason = format!("what it tests in {name} is not compiled");
                        self.loaded.keep_out(source, document.span, &reason);
                    }
                    found
                }
                Beside::Copy(_) if document.tests.is_empty() => None,
                Beside::Copy(file) => {
                    let name = quoted(self.sources.name(file));
                    let reason = format!("its rules stand in {name} too, which has its own tests");
                    self.loaded.keep_out(source, document.span, &reason);
                    None
                }
                Beside::Nothing => {
                    self.report_alone(&document, &mut helper, report);
                    None
                }
            };
            match tested {
                Some(Tested::Rule(at)) => {
                    if let Some(rule) = self.rules.get_mut(at) {
                        rule.tests.extend(document.tests);
                    }
                }
                Some(Tested::Correlation(at)) => {
                    if let Some(correlation) = self.correlations.get_mut(at) {
                        correlation.tests.extend(document.tests);
                    }
                }
                Some(Tested::NotCompiled) | None => {}
            }
        }
    }

    /// What a document tests; `None` when nothing is found, which is reported.
    fn find(
        &self,
        file: SourceId,
        of_file: &Candidates,
        document: &TestDocument,
        helper: &mut Helper,
        report: &mut Report,
    ) -> Option<Tested> {
        let name = quoted(file_name(self.sources.name(file)));
        let names = || of_file.names.iter().map(String::as_str);
        if let Some(rule) = &document.rule {
            if let Some(found) = of_file.get(&rule.text) {
                return Some(found);
            }
            // It may be what has an error, which is reported there.
            if of_file.n_not_compiled > 0 {
                return Some(Tested::NotCompiled);
            }
            let near = || report.did_you_mean(&rule.text, names());
            let help = helper.home(&rule.text, self).or_else(near);
            let what = quoted(&rule.text);
            report.add_with_help(
                Code::TestsWithoutRule,
                rule.span,
                format!("no rule or correlation of {name} has the id or name {what}"),
                help,
            );
            return None;
        }
        match of_file.names.len() {
            0 => {
                let message = format!("{name} has neither a rule nor a correlation to test");
                report.add(Code::TestsWithoutRule, document.key, message);
                None
            }
            1 => of_file.first,
            n => {
                /// Most names that are shown.
                const SHOWN: usize = 8;
                let shown: Vec<&str> = names().take(SHOWN).collect();
                let more = if n > SHOWN { ", …" } else { "" };
                let message =
                    format!("the key `rule` is missing, and {name} has {n} rules and correlations");
                report
                    .add(Code::MissingKey, document.key, message)
                    .set_help(format!("`rule` is one of {}{more}", listed(&shown)));
                None
            }
        }
    }

    /// Reports tests beside which there is no rule file.
    fn report_alone(&self, document: &TestDocument, helper: &mut Helper, report: &mut Report) {
        let stem = test_file_stem(self.sources.name(report.source())).unwrap_or_default();
        let rule = document.rule.as_ref();
        let help = helper.near(report, self);
        let help = help.or_else(|| helper.home(&rule?.text, self));
        let help = help
            .unwrap_or_else(|| "tests of `NAME.yaml` lie beside it in `NAME.test.yaml`".to_owned());
        let yaml = quoted(&format!("{}.yaml", file_name(stem)));
        let span = rule.map_or(document.key, |rule| rule.span);
        let message = format!("there is no rule file {yaml} beside this file of tests");
        report
            .add(Code::TestsWithoutRule, span, message)
            .set_help(help);
    }

    /// For each file of tests, the file of its rules.
    fn beside(&self) -> HashMap<SourceId, Beside> {
        let names: HashMap<&str, SourceId> = self
            .sources
            .ids()
            .map(|id| (self.sources.name(id), id))
            .rev()
            .collect();
        let copies: HashMap<&str, SourceId> = self
            .copies
            .iter()
            .map(|(name, id)| (name.as_str(), *id))
            .collect();
        let stems = || {
            let ids = self.sources.ids();
            ids.filter_map(|id| Some((id, test_file_stem(self.sources.name(id))?)))
        };
        let find = |among: &HashMap<&str, SourceId>, stem: &str| {
            let files = rule_files(stem);
            files
                .iter()
                .find_map(|name| among.get(name.as_str()).copied())
        };
        let have_tests: HashSet<SourceId> =
            stems().filter_map(|(_, stem)| find(&names, stem)).collect();
        let beside = stems().map(|(id, stem)| {
            let found = match (find(&names, stem), find(&copies, stem)) {
                (None, Some(file)) if have_tests.contains(&file) => Beside::Copy(file),
                (Some(file), _) | (None, Some(file)) => Beside::File(file),
                (None, None) => Beside::Nothing,
            };
            (id, found)
        });
        beside.collect()
    }

    /// What there is to test in the files that have tests beside them.
    fn candidates(&self, beside: &HashMap<SourceId, Beside>) -> HashMap<SourceId, Candidates> {
        let files = beside.values().filter_map(|beside| match beside {
            Beside::File(file) => Some((*file, Candidates::default())),
            Beside::Copy(_) | Beside::Nothing => None,
        });
        let mut found: HashMap<SourceId, Candidates> = files.collect();
        let rules = self.rules.iter().enumerate();
        let rules = rules.map(|(at, rule)| (Tested::Rule(at), &rule.metadata));
        let correlations = self.correlations.iter().enumerate();
        let correlations =
            correlations.map(|(at, found)| (Tested::Correlation(at), &found.metadata));
        let compiled: HashMap<(SourceId, Span), (Tested, &Metadata)> = rules
            .chain(correlations)
            .filter(|(_, metadata)| found.contains_key(&metadata.source))
            .map(|(tested, metadata)| ((metadata.source, metadata.span), (tested, metadata)))
            .collect();
        for document in self.loaded.iter() {
            let is_tested = matches!(
                document.kind(),
                DocumentKind::Rule | DocumentKind::Correlation
            );
            let Some(of_file) = found.get_mut(&document.source()).filter(|_| is_tested) else {
                continue;
            };
            match compiled.get(&(document.source(), document.span())) {
                Some((tested, metadata)) => of_file.add(document, *tested, Some(metadata)),
                None => of_file.add(document, Tested::NotCompiled, None),
            }
        }
        found
    }
}

/// What help is made of, found once and when it is needed.
#[derive(Debug, Default)]
struct Helper {
    /// Where each rule and correlation of the set stands.
    homes: OnceCell<HashMap<String, SourceId>>,
    /// The names of rule files without their endings, by directory.
    stems: OnceCell<HashMap<String, Vec<String>>>,
    /// The name that a file of tests was meant to have.
    near: HashMap<SourceId, Option<String>>,
}

impl Helper {
    /// Which file the tests of a rule belong beside, when the rule stands in another one.
    fn home(&self, rule: &str, set: &Attacher<'_>) -> Option<String> {
        let homes = self.homes.get_or_init(|| {
            let rules = set.rules.iter().map(|rule| &rule.metadata);
            let correlations = set.correlations.iter().map(|found| &found.metadata);
            let names = rules.chain(correlations).flat_map(|metadata| {
                let id = metadata.id.as_deref();
                let names = id.into_iter().chain([metadata.reference()]);
                names.map(|name| (name.to_owned(), metadata.source))
            });
            names.collect()
        });
        let file = set.sources.name(*homes.get(rule)?);
        let (stem, _) = file.rsplit_once('.')?;
        let beside = quoted(&format!("{stem}.test.yaml"));
        let file = quoted(file);
        Some(format!("it stands in {file}, whose tests lie in {beside}"))
    }

    /// The rule file of the same directory whose name is nearly that of a file of tests.
    fn near(&mut self, report: &Report, set: &Attacher<'_>) -> Option<String> {
        let source = report.source();
        if let Some(near) = self.near.get(&source) {
            return near.clone();
        }
        let stems = self.stems.get_or_init(|| {
            let mut stems: HashMap<String, Vec<String>> = HashMap::new();
            for name in set.sources.ids().map(|id| set.sources.name(id)) {
                if let Some((stem, _)) = name.rsplit_once('.')
                    && test_file_stem(name).is_none()
                {
                    let beside = stems.entry(directory(stem).to_owned()).or_default();
                    beside.push(file_name(stem).to_owned());
                }
            }
            stems
        });
        let own = test_file_stem(set.sources.name(source))?;
        let beside = stems.get(directory(own));
        let beside = beside.into_iter().flatten().map(String::as_str);
        let near = report
            .nearest(file_name(own), beside)
            .map(|near| format!("did you mean {}?", quoted(&format!("{near}.test.yaml"))));
        self.near.insert(source, near.clone());
        near
    }
}

/// A path without its last part.
fn directory(path: &str) -> &str {
    path.strip_suffix(file_name(path)).unwrap_or_default()
}

/// The last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
