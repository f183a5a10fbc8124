//! The kinds of documents: which one a document is, and what it says, before names are looked up.

use audit_model::{Field, Network};

use crate::ast::Scope;
use crate::correlation::{CorrelationDocument, Suppress};
use crate::day::Day;
use crate::detection::Reader;
use crate::diagnostic::{Code, Report, quoted};
use crate::keys::{self, KINDS};
use crate::lint;
use crate::loaded::DocumentKind;
use crate::message;
use crate::metadata::{Keys, Logsource, Metadata};
use crate::overrides::Override;
use crate::placeholder::{self, List};
use crate::rule::{AuditLevel, Level, Message, RuleTest};
use crate::rule_test;
use crate::scalar::Scalar;
use crate::source::Span;
use crate::suggest::nearest;
use crate::targets::Targets;
use crate::test_file::TestDocument;
use crate::values::bad_network;
use crate::yaml::{Entry, Kind, Node};

/// A document of a kind that is used.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    Rule(Box<RuleDocument>),
    Filter(Box<FilterDocument>),
    Correlation(Box<CorrelationDocument>),
    Placeholders(Vec<List>),
    Override(Override),
    Tests(TestDocument),
}

/// A rule. What could not be read is missing, and was reported.
#[derive(Clone, Debug)]
pub(crate) struct RuleDocument {
    pub(crate) metadata: Metadata,
    pub(crate) level: Level,
    /// Selections, condition, and the conditions of `levels`.
    pub(crate) scope: Option<Scope>,
    /// The levels of `levels`, in the order of their conditions.
    pub(crate) levels: Vec<Level>,
    pub(crate) message: Option<Message>,
    pub(crate) requires: Requires,
    pub(crate) tests: Vec<RuleTest>,
    pub(crate) suppress: Option<Suppress<Field>>,
}

/// What a rule says of the audit level that it needs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Requires {
    Unsaid,
    /// Something that was reported.
    Broken,
    Level(AuditLevel, Span),
}

impl Requires {
    pub(crate) fn level(self) -> Option<AuditLevel> {
        match self {
            Self::Level(level, _) => Some(level),
            Self::Unsaid | Self::Broken => None,
        }
    }

    /// Whether it is known that it does not say that bodies are needed.
    pub(crate) fn claims_no_body(self) -> bool {
        matches!(self, Self::Unsaid | Self::Level(AuditLevel::Metadata, _))
    }
}

/// A filter.
#[derive(Clone, Debug)]
pub(crate) struct FilterDocument {
    pub(crate) metadata: Metadata,
    pub(crate) scope: Option<Scope>,
    pub(crate) expires: Option<Day>,
    /// The rules that it narrows.
    pub(crate) targets: Targets,
}

/// Reads a document; `None` when it is not used, which was reported.
pub(crate) fn read(node: &Node, file: &str, report: &mut Report) -> Option<Document> {
    if !is_map(node, "a rule begins with `title: …`", report) {
        return None;
    }
    let kind = kind(node, report)?;
    let mut keys = Keys { node, file, report };
    match kind.key.text.as_str() {
        "detection" => keys.rule(kind).map(|rule| Document::Rule(Box::new(rule))),
        "filter" => keys
            .filter(kind)
            .map(|filter| Document::Filter(Box::new(filter))),
        "placeholders" => Some(Document::Placeholders(keys.placeholders(kind))),
        "override" => keys.overrides(kind).map(Document::Override),
        "correlation" => keys
            .correlation(kind)
            .map(|correlation| Document::Correlation(Box::new(correlation))),
        _ => None,
    }
}

/// Whether a document is a map; what else it is, is reported.
pub(crate) fn is_map(node: &Node, help: &str, report: &mut Report) -> bool {
    if node.map().is_none() && !node.is_refused() {
        let message = format!("a document is a map, and this is {}", node.describe());
        report
            .add(Code::NotADocument, node.span, message)
            .set_help(help);
    }
    node.map().is_some()
}

/// The keys of a document that tell what it is.
pub(crate) fn kind_keys(node: &Node) -> impl Iterator<Item = &Entry> {
    KINDS.iter().filter_map(|(key, _)| node.get(key))
}

/// What kind of document a node is, as far as its keys tell.
pub(crate) fn kind_of(node: &Node) -> DocumentKind {
    let found = KINDS.iter().find(|(key, _)| node.get(key).is_some());
    found.map_or(DocumentKind::Unknown, |(_, kind)| *kind)
}

/// The key that tells what a document is.
fn kind<'n>(node: &'n Node, report: &mut Report) -> Option<&'n Entry> {
    if let Some(action) = node.get("action") {
        report
            .add(
                Code::LegacyCollection,
                action.key.span,
                "collections by `action` are not Sigma any more",
            )
            .set_help("write every rule in full");
        return None;
    }
    let mut found = kind_keys(node);
    let Some(first) = found.next() else {
        // What it might be was refused, and that is said.
        if node.map().is_some_and(<[Entry]>::is_empty) && !node.is_complete {
            return None;
        }
        let mut keys = node
            .map()
            .unwrap_or_default()
            .iter()
            .map(|entry| &entry.key);
        // The key that was nearly one of them, else the first one: the whole document is too much to underline.
        let near = keys.clone().find_map(|key| {
            nearest(&key.text, KINDS.map(|(key, _)| key)).map(|near| (key.span, near))
        });
        let span = near
            .map(|(span, _)| span)
            .or(keys.next().map(|key| key.span));
        let help = near.map(|(_, near)| format!("did you mean {}?", quoted(near)));
        let tests = node
            .get("tests")
            .map(|_| "tests alone lie in a file beside the rule: `NAME.test.yaml`".to_owned());
        report.add_with_help(
            Code::NotADocument,
            span.unwrap_or(node.span),
            "this document is neither a rule nor a correlation, filter, override or list of placeholders",
            help.or(tests)
                .or_else(|| Some("a rule has the key `detection`".to_owned())),
        );
        return None;
    };
    if let Some(second) = found.next() {
        let second = if second.key.span < first.key.span {
            first
        } else {
            second
        };
        report
            .add(
                Code::AmbiguousDocument,
                second.key.span,
                format!(
                    "a document has one kind, and this is a second: {}",
                    quoted(&second.key.text)
                ),
            )
            .set_help("put `---` between documents");
        return None;
    }
    Some(first)
}

impl<'a> Keys<'a> {
    fn rule(&mut self, detection: &'a Entry) -> Option<RuleDocument> {
        if self.is_foreign(Logsource::is_audit) {
            return None;
        }
        self.check_logged(DocumentKind::Rule);
        let metadata = self.titled(detection);
        let brackets = self.has_brackets();
        let level = self.word("level", Level::WORDS);
        if let Some(status) = self.entry("status").and_then(|entry| entry.value.scalar()) {
            let node = self.node;
            lint::metadata::ready(status, |key| node.get(key).is_some(), self.report);
        }
        for name in self.list("fields", "a list of field names") {
            if let Some(name) = name.scalar().filter(|name| !name.is_null()) {
                lint::fields::listed(name, self.report);
            }
        }
        self.list("scope", "a list of texts");
        let mut scope = Reader {
            file: self.file,
            report: self.report,
            brackets,
        }
        .scope(&detection.key, &detection.value, &[]);
        let mut levels = Vec::new();
        for item in self.list("levels", "a list of `when` and `level`") {
            let (condition, level) = self.level_entry(item);
            if let Some(scope) = &mut scope {
                scope.extra.push(condition);
            }
            levels.push(level);
        }
        let message = self.scalar("message");
        Some(RuleDocument {
            metadata,
            level: level.unwrap_or(Level::Medium),
            scope,
            levels,
            message: message.and_then(|message| message::read(message, self.file, self.report)),
            requires: self.requires(),
            suppress: self.suppress_of_rule(),
            tests: self.tests(),
        })
    }

    fn requires(&mut self) -> Requires {
        let Some(entry) = self.entry("requires") else {
            return Requires::Unsaid;
        };
        let level = self.word("requires", AuditLevel::WORDS);
        level.map_or(Requires::Broken, |level| {
            Requires::Level(level, entry.value.span)
        })
    }

    fn level_entry(&mut self, item: &Node) -> (Option<crate::ast::Condition>, Level) {
        if item.map().is_none() {
            if !item.is_refused() {
                let message = format!(
                    "this is a map of `when` and `level`, and not {}",
                    item.describe()
                );
                self.report.add(Code::WrongType, item.span, message);
            }
            return (None, Level::Medium);
        }
        let mut keys = Keys {
            node: item,
            file: self.file,
            report: self.report,
        };
        keys.check(&keys::LEVEL.names());
        for key in keys::LEVEL.names() {
            if keys.entry(key).is_none() {
                keys.missing(
                    key,
                    item.span,
                    "each of `levels` has a `when` and a `level`",
                );
            }
        }
        let level = keys.word("level", Level::WORDS);
        let condition = keys.entry("when").map(|when| {
            let mut reader = Reader {
                file: keys.file,
                report: keys.report,
                brackets: false,
            };
            reader.condition(&when.value)
        });
        (condition, level.unwrap_or(Level::Medium))
    }

    pub(crate) fn tests(&mut self) -> Vec<RuleTest> {
        let items = self.list("tests", "a list of tests");
        let mut tests = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let keys = Keys {
                node: item,
                file: self.file,
                report: self.report,
            };
            tests.extend(rule_test::read(keys, at));
        }
        tests
    }

    /// Reads metadata of a document that needs a title.
    pub(crate) fn titled(&mut self, kind: &Entry) -> Metadata {
        if self.entry("title").is_none() {
            let help = "say in a few words what is found: `title: …`";
            self.missing("title", kind.key.span, help);
        }
        self.metadata()
    }

    fn filter(&mut self, filter: &'a Entry) -> Option<FilterDocument> {
        // One that says less is for these logs and for others.
        if self.is_foreign(Logsource::has_audit) {
            return None;
        }
        self.check_logged(DocumentKind::Filter);
        let metadata = self.titled(filter);
        // A match keeps its own.
        self.word::<Level>("level", Level::WORDS);
        let brackets = self.has_brackets();
        let expires = self.scalar("expires");
        let day = expires.and_then(|expires| expires.text.parse().ok());
        if let (Some(expires), None) = (expires, day) {
            let message = format!("{} is no day", quoted(&expires.text));
            self.report
                .add(Code::BadValue, expires.span, message)
                .set_help("days are written like `2030-12-31`");
        }
        let scope = Reader {
            file: self.file,
            report: self.report,
            brackets,
        }
        .scope(&filter.key, &filter.value, &["rules"]);
        if let Some(scope) = &scope {
            let span = filter.value.get("condition").map(|entry| entry.value.span);
            lint::filter_without_not(scope, span.unwrap_or(filter.key.span), self.report);
        }
        let help = "say which rules it narrows: `rules: [name, …]` or `rules: any`";
        let targets = self.targets(filter, help);
        Some(FilterDocument {
            metadata,
            scope,
            expires: day,
            targets,
        })
    }

    fn placeholders(&mut self, placeholders: &'a Entry) -> Vec<List> {
        self.check_document(DocumentKind::Placeholders);
        self.metadata();
        let replace = self.bool("replace").unwrap_or(false);
        let Some(entries) = placeholders.value.map() else {
            self.wrong_type(placeholders, "a map of names and lists");
            return Vec::new();
        };
        let mut lists = Vec::new();
        for entry in entries {
            let name = &entry.key;
            if !placeholder::is_placeholder_name(&name.text) {
                let message = format!("{} cannot name a placeholder", quoted(&name.text));
                self.report
                    .add(Code::BadValue, name.span, message)
                    .set_help("names have letters, digits, `_`, `-` and `.`");
            }
            let mut keys = Keys {
                node: &placeholders.value,
                file: self.file,
                report: self.report,
            };
            let Kind::List(items) = &entry.value.kind else {
                keys.wrong_type(entry, "a list of values");
                continue;
            };
            let scalars = items.iter().filter_map(Node::scalar);
            let values: Vec<Scalar> = scalars
                .filter(|scalar| !scalar.is_null())
                .cloned()
                .collect();
            if let Some(bad) = items
                .iter()
                .find(|item| item.scalar().is_none() || item.is_null())
                && !bad.is_refused()
            {
                let message = format!(
                    "a placeholder stands for texts, and this is {}",
                    bad.describe()
                );
                self.report.add(Code::WrongType, bad.span, message);
            }
            if name.text == placeholder::TRUSTED_PROXIES {
                for value in &values {
                    if let Err(error) = value.text.parse::<Network>() {
                        let network = error.network().map(|network| network.to_string());
                        bad_network(value, network, self.report);
                    }
                }
            }
            lists.push(List {
                name: name.text.clone(),
                values,
                replace,
            });
        }
        lists
    }

    /// Checks the keys of a document that says which logs it is for.
    fn check_logged(&mut self, kind: DocumentKind) {
        self.check_document(kind);
        if self.entry("logsource").is_none() {
            let help = "add `logsource: {product: kubernetes, service: audit}`";
            let first = self.node.map().and_then(<[Entry]>::first);
            let span = first.map_or(self.node.span, |first| first.key.span);
            self.missing("logsource", span, help);
        }
    }

    /// Whether a document is for other logs; if so, that is reported.
    fn is_foreign(&mut self, is_ours: fn(&Logsource) -> bool) -> bool {
        let Some(entry) = self.entry("logsource") else {
            return false;
        };
        if entry.value.map().is_none() {
            self.wrong_type(entry, "a map");
            return false;
        }
        if is_ours(&Logsource::read(&entry.value)) {
            return false;
        }
        self.report
            .add(
                Code::UnsupportedLogsource,
                entry.value.span,
                "this document is not for audit logs of Kubernetes and is left out",
            )
            .set_help("those say `product: kubernetes` and `service: audit`");
        true
    }
}
