//! What became of each YAML document of a set, so that none is lost in silence.

use std::fmt;
use std::sync::Arc;

use crate::correlation::Correlation;
use crate::diagnostic::{Code, Diagnostic, Severity, quoted};
use crate::document;
use crate::rule::{Filter, FilterIdx, Rule};
use crate::source::{SourceId, Span};
use crate::yaml::Node;

/// What a document is, by the key that tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DocumentKind {
    /// `detection`: a rule.
    Rule,
    /// `correlation`: a rule about the matches of others.
    Correlation,
    /// `filter`: what narrows rules.
    Filter,
    /// `override`: what turns rules and filters off, or gives them another level.
    Override,
    /// `placeholders`: named lists of values.
    Placeholders,
    /// `tests` of a rule or correlation, in a file of their own.
    Tests,
    /// None of these, or not to be read at all.
    Unknown,
}

impl DocumentKind {
    /// Every kind, in order.
    pub const ALL: [Self; 7] = [
        Self::Rule,
        Self::Correlation,
        Self::Filter,
        Self::Override,
        Self::Placeholders,
        Self::Tests,
        Self::Unknown,
    ];

    /// One word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Correlation => "correlation",
            Self::Filter => "filter",
            Self::Override => "override",
            Self::Placeholders => "placeholders",
            Self::Tests => "tests",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DocumentStatus {
    /// It takes part in the evaluation.
    Active,
    /// It is right and takes no part as the set is configured.
    Filtered,
    /// It is not for this library, such as a rule for other logs.
    Unsupported,
    /// It has errors.
    Wrong,
}

impl DocumentStatus {
    /// Every status, in order.
    pub const ALL: [Self; 4] = [Self::Active, Self::Filtered, Self::Unsupported, Self::Wrong];

    /// One word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Filtered => "filtered",
            Self::Unsupported => "unsupported",
            Self::Wrong => "wrong",
        }
    }
}

impl fmt::Display for DocumentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One YAML document of a set, and what became of it.
///
/// [`Compiled::documents`](crate::Compiled::documents) has one for every document of every file, whatever is in it. A
/// file that is empty, too large or cannot be read counts as one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedDocument {
    kind: DocumentKind,
    name: Option<String>,
    source: SourceId,
    span: Span,
    status: Option<DocumentStatus>,
    reason: Option<String>,
    narrowed_by: Arc<[FilterIdx]>,
    /// The names of all filters of the set.
    filters: Arc<[String]>,
}

impl LoadedDocument {
    /// What it is.
    pub fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// What others refer to it by: `name`, else the `id`, else the title; of tests, what they say that they are of. `None`
    /// when it has none of them but empty ones, or could not be read.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The file.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// The document in the file; of one that is no YAML the part before the error.
    pub fn span(&self) -> Span {
        self.span
    }

    /// What became of it.
    pub fn status(&self) -> DocumentStatus {
        self.status.unwrap_or(DocumentStatus::Wrong)
    }

    /// Why it is not active.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Of a rule, the names of the filters that narrow it.
    pub fn narrowed_by(&self) -> impl ExactSizeIterator<Item = &str> {
        let name = |at: &FilterIdx| self.filters.get(at.index()).map_or("", String::as_str);
        self.narrowed_by.iter().map(name)
    }

    /// Says that the document is right and takes no part in the evaluation, and why.
    pub fn keep_out(&mut self, reason: impl Into<String>) {
        self.status = Some(DocumentStatus::Filtered);
        self.reason = Some(reason.into());
    }
}

/// The documents of a set while it is compiled, in the order in which they stand.
#[derive(Debug, Default)]
pub(crate) struct Loaded(Vec<LoadedDocument>);

impl Loaded {
    /// Notes a document; without a node it could not be read.
    pub(crate) fn add(
        &mut self,
        source: SourceId,
        span: Span,
        node: Option<&Node>,
        is_tests: bool,
    ) {
        let named: &[&str] = if is_tests {
            &["rule"]
        } else {
            &["name", "id", "title"]
        };
        let name = named.iter().find_map(|key| {
            let scalar = node?.get(key)?.value.scalar()?;
            let is_name = !scalar.is_null() && !scalar.text.trim().is_empty();
            is_name.then(|| scalar.text.clone())
        });
        self.0.push(LoadedDocument {
            kind: match node {
                Some(_) if is_tests => DocumentKind::Tests,
                Some(node) => document::kind_of(node),
                None => DocumentKind::Unknown,
            },
            name,
            source,
            span,
            status: None,
            reason: None,
            narrowed_by: [].into(),
            filters: [].into(),
        });
    }

    /// The documents so far.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, LoadedDocument> {
        self.0.iter()
    }

    /// The document that a place lies in.
    fn find(&mut self, source: SourceId, span: Span) -> Option<&mut LoadedDocument> {
        let key = (source, span.start());
        let after = self
            .0
            .partition_point(|document| (document.source, document.span.start()) <= key);
        let document = self.0.get_mut(after.checked_sub(1)?)?;
        (document.source == source).then_some(document)
    }

    /// Says that a document is right and takes no part, and why.
    pub(crate) fn keep_out(&mut self, source: SourceId, span: Span, reason: &str) {
        if let Some(document) = self.find(source, span) {
            document.keep_out(reason);
        }
    }

    /// Notes why a document will take no part, should that turn out.
    pub(crate) fn note(&mut self, source: SourceId, span: Span, reason: &str) {
        if let Some(document) = self.find(source, span) {
            document.reason = Some(reason.to_owned());
        }
    }

    /// Notes what was compiled, and what of it takes no part.
    pub(crate) fn compiled(
        &mut self,
        rules: &[Rule],
        filters: &[Filter],
        correlations: &[Correlation],
    ) {
        for correlation in correlations {
            if let Some(document) = self.find(correlation.source(), correlation.span()) {
                document.compiled(correlation.inactive());
            }
        }
        let mut used = vec![Use::default(); filters.len()];
        let names = filters.iter().map(|filter| filter.name().to_owned());
        let names: Arc<[String]> = names.collect();
        for rule in rules {
            for at in rule.filters() {
                if let Some(used) = used.get_mut(at.index()) {
                    used.n_active += usize::from(rule.inactive.is_none());
                    used.n_idle += usize::from(rule.inactive.is_some());
                    used.first_idle = used
                        .first_idle
                        .or_else(|| Some((rule.name(), rule.inactive()?)));
                }
            }
            if let Some(document) = self.find(rule.source(), rule.span()) {
                document.narrowed_by = Arc::clone(&rule.filters);
                document.filters = Arc::clone(&names);
                document.compiled(rule.inactive());
            }
        }
        for (filter, used) in filters.iter().zip(used) {
            if let Some(document) = self.find(filter.source(), filter.span()) {
                let noted = document.reason.take();
                let idle = used.idle(noted);
                document.compiled(filter.inactive().or(idle.as_deref()));
            }
        }
    }

    /// Settles what became of documents of which nothing was said so far. The diagnostics are in the order of files and
    /// places.
    pub(crate) fn finish(mut self, diagnostics: &[Diagnostic]) -> Vec<LoadedDocument> {
        for document in &mut self.0 {
            if document.status.is_none() {
                document.settle(diagnostics);
            }
        }
        self.0
    }
}

/// The rules that a filter is for.
#[derive(Clone, Copy, Debug, Default)]
struct Use<'r> {
    n_active: usize,
    n_idle: usize,
    /// What the first that takes no part is called, and why it does not.
    first_idle: Option<(&'r str, &'r str)>,
}

impl Use<'_> {
    /// Why the filter takes no part; what was noted is why it is for no rule.
    fn idle(self, noted: Option<String>) -> Option<String> {
        if self.n_active > 0 {
            return None;
        }
        let Some((name, reason)) = self.first_idle else {
            return Some(noted.unwrap_or_else(|| "it is for no rule of the set".to_owned()));
        };
        let more = match self.n_idle - 1 {
            0 => String::new(),
            n => format!("; and {n} more"),
        };
        let name = quoted(name);
        Some(format!(
            "no rule that it is for is active ({name}: {reason}{more})"
        ))
    }
}

impl LoadedDocument {
    fn compiled(&mut self, inactive: Option<&str>) {
        self.status = Some(DocumentStatus::Active);
        if let Some(reason) = inactive {
            self.keep_out(reason);
        }
    }

    fn settle(&mut self, diagnostics: &[Diagnostic]) {
        let first = diagnostics
            .partition_point(|found| (found.source(), found.span()) < (self.source, self.start()));
        let own = diagnostics.get(first..).unwrap_or_default().iter();
        let own = own.take_while(|found| {
            found.source() == self.source && found.span().start() <= self.span.end()
        });
        let own: Vec<&Diagnostic> = own
            .filter(|found| found.span().end() <= self.span.end())
            .collect();
        let mut errors = own
            .iter()
            .filter(|found| found.severity() == Severity::Error);
        if let Some(first) = errors.next() {
            self.status = Some(DocumentStatus::Wrong);
            self.reason = Some(match errors.count() {
                0 => first.message().to_owned(),
                n => format!("{} (and {n} more)", first.message()),
            });
            return;
        }
        let foreign = own
            .iter()
            .find(|found| found.code() == Code::UnsupportedLogsource.slug());
        if let Some(foreign) = foreign {
            self.status = Some(DocumentStatus::Unsupported);
            self.reason = Some(foreign.message().to_owned());
            return;
        }
        match self.kind {
            DocumentKind::Override | DocumentKind::Placeholders | DocumentKind::Tests => {
                self.status = Some(DocumentStatus::Active);
            }
            // What is wrong with it was said in a diagnostic past their limit.
            _ => {
                self.status = Some(DocumentStatus::Wrong);
                self.reason = Some("the file or the set has too many problems or rules".to_owned());
            }
        }
    }

    /// The first span that can lie in the document.
    fn start(&self) -> Span {
        Span::new(self.span.start(), self.span.start())
    }
}
