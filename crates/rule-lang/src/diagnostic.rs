//! What is wrong with a rule file, and where.

mod code;
mod errors;
mod kinds;
mod lints;

use std::collections::HashMap;
use std::fmt;

pub(crate) use code::Code;
pub use kinds::DiagnosticKind;

use crate::limits;
use crate::source::{SourceId, Span};
use crate::suggest::{Share, Shared};

/// How bad a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// The document is not used.
    Error,
    /// The document is used, or is not for this library.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One problem of a rule file: what, how bad, and which text of the file it is about.
///
/// The message is lower case without a period, with the user's text in backticks. [`render`](crate::render()) draws it
/// with the lines of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    code: Code,
    message: String,
    source: SourceId,
    span: Span,
    related: Option<Span>,
    help: Option<String>,
}

impl Diagnostic {
    /// The stable name of every kind of problem.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        Code::ALL.iter().map(|code| code.slug())
    }

    /// A stable name of the kind of problem, such as `unknown-field`.
    pub fn code(&self) -> &'static str {
        self.code.slug()
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The file.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// The offending text in the file.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Another text of the file that the problem is about.
    pub fn related(&self) -> Option<Span> {
        self.related
    }

    /// What to write instead.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Sets the help.
    pub(crate) fn set_help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }

    /// Sets another text that the problem is about.
    pub(crate) fn set_related(&mut self, span: Span) {
        self.related = Some(span).filter(|span| *span != self.span);
    }

    fn key(&self) -> (SourceId, Span, Code) {
        (self.source, self.span, self.code)
    }
}

impl fmt::Display for Diagnostic {
    /// One line, without the place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.severity(), self.code(), self.message)
    }
}

/// Collects the diagnostics of one file.
#[derive(Debug)]
pub(crate) struct Report {
    source: SourceId,
    found: Vec<Diagnostic>,
    errors: usize,
    /// How many were not kept.
    dropped: usize,
    /// Warnings that documents silence.
    allowed: Vec<Allowed>,
    shared: Shared,
}

/// A kind of warning that a document silences.
#[derive(Debug)]
struct Allowed {
    code: Code,
    document: Span,
    /// Where it says so.
    span: Span,
}

impl Report {
    /// What the set may still spend on compiled regular expressions.
    pub(crate) fn regex_bytes(&self) -> &Share {
        &self.shared.regex_bytes
    }

    /// What placeholders and modifiers of the set may still write.
    pub(crate) fn written_values(&self) -> &Share {
        &self.shared.written_values
    }

    pub(crate) fn new(source: SourceId) -> Self {
        Self::sharing(source, &Shared::default())
    }

    /// A report of one of the files of a set, which share what may be spent.
    pub(crate) fn sharing(source: SourceId, shared: &Shared) -> Self {
        Self {
            shared: shared.clone(),
            source,
            found: Vec::new(),
            errors: 0,
            dropped: 0,
            allowed: Vec::new(),
        }
    }

    pub(crate) fn source(&self) -> SourceId {
        self.source
    }

    /// Adds a diagnostic; the caller may set its help. Past the limit the last one is kept out of the list.
    pub(crate) fn add(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.errors += usize::from(code.severity() == Severity::Error);
        if self.is_full() {
            self.found.pop();
            self.dropped += 1;
        }
        self.found.push(Diagnostic {
            code,
            message: message.into(),
            source: self.source,
            span,
            related: None,
            help: None,
        });
        let last = self.found.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "an element was pushed just now")]
        &mut self.found[last]
    }

    /// Adds a diagnostic with help.
    pub(crate) fn add_with_help(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: Option<impl Into<String>>,
    ) {
        let diagnostic = self.add(code, span, message);
        if let Some(help) = help {
            diagnostic.set_help(help);
        }
    }

    /// Whether there is no room for more, so that looking for more is pointless.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() > limits::DIAGNOSTICS
    }

    /// The candidate nearest to `name`, when one is near. After many problems of a file or a long search in the files of a
    /// set it is not looked for any more, which costs more than the rest.
    pub(crate) fn nearest<'a>(
        &self,
        name: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        const LONG: usize = 100;
        if self.found.len() > LONG {
            return None;
        }
        self.shared.suggestions.nearest(name, candidates)
    }

    /// `did you mean` with the candidate nearest to `name`, as [`Report::nearest`] finds it.
    pub(crate) fn did_you_mean<'a>(
        &self,
        name: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        let near = self.nearest(name, candidates)?;
        Some(format!("did you mean {}?", quoted(near)))
    }

    /// Adds that no document answers to a name. One that would, were it not wrong, is told as such.
    pub(crate) fn no_such_document<'a>(
        &mut self,
        code: Code,
        (name, span): (&str, Span),
        what: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        let unused = self.shared.unused.get().and_then(|unused| unused.get(name));
        let (message, help) = if let Some(place) = unused {
            (
                format!("{} is there and cannot be used", quoted(name)),
                Some(format!("see what is wrong with it: it begins at {place}")),
            )
        } else {
            (
                format!(
                    "no {what} of the set has the id, name or tag {}",
                    quoted(name)
                ),
                self.did_you_mean(name, known),
            )
        };
        self.add_with_help(code, span, message, help);
    }

    /// Number of errors so far, to see whether a part brought new ones.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// Whether there is an error in this range; also when not all are known.
    pub(crate) fn has_errors_in(&self, span: Span) -> bool {
        let inside = |other: Span| other.start() >= span.start() && other.end() <= span.end();
        let is_error = |found: &&Diagnostic| found.severity() == Severity::Error;
        self.is_full()
            || self
                .found
                .iter()
                .filter(is_error)
                .any(|found| inside(found.span))
    }

    /// Silences a kind of warning in a document.
    pub(crate) fn allow(&mut self, code: Code, document: Span, span: Span) {
        self.allowed.push(Allowed {
            code,
            document,
            span,
        });
    }

    /// Takes out what documents silence, and reports what silences nothing.
    fn silence(&mut self) {
        let inside =
            |inner: Span, outer: Span| inner.start() >= outer.start() && inner.end() <= outer.end();
        let allowed = std::mem::take(&mut self.allowed);
        let mut used = vec![false; allowed.len()];
        let mut by_code: HashMap<Code, Vec<usize>> = HashMap::new();
        for (at, allowed) in allowed.iter().enumerate() {
            by_code.entry(allowed.code).or_default().push(at);
        }
        self.found.retain(|found| {
            let candidates = by_code.get(&found.code).map_or(&[][..], Vec::as_slice);
            // Documents follow each other, and so do what they silence.
            let upto = candidates.partition_point(|at| {
                allowed
                    .get(*at)
                    .is_some_and(|allowed| allowed.document.start() <= found.span.start())
            });
            let last = candidates.get(upto.saturating_sub(1)).copied();
            let hit = last.filter(|at| {
                allowed
                    .get(*at)
                    .is_some_and(|allowed| inside(found.span, allowed.document))
            });
            if let Some(used) = hit.and_then(|at| used.get_mut(at)) {
                *used = true;
            }
            hit.is_none()
        });
        for (allowed, used) in allowed.iter().zip(used) {
            if used || self.is_full() || self.has_errors_in(allowed.document) {
                continue;
            }
            self.add(
                Code::UnusedAllow,
                allowed.span,
                format!(
                    "there is no {} here to silence",
                    quoted(allowed.code.slug())
                ),
            )
            .set_help("take it out, so that it hides nothing that comes later");
        }
    }

    /// Whether there is a diagnostic of one of these kinds in this range.
    pub(crate) fn has_in(&self, codes: &[Code], span: Span) -> bool {
        self.found.iter().any(|found| {
            codes.contains(&found.code)
                && found.span.start() >= span.start()
                && found.span.end() <= span.end()
        })
    }

    /// The diagnostics in file order.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        if !self.allowed.is_empty() {
            self.silence();
        }
        if self.is_full() {
            self.found.pop();
            let total = self.found.len() + self.dropped + 1;
            self.found.sort_by_key(Diagnostic::key);
            let end = self.found.last().map(|last| last.span).unwrap_or_default();
            self.add(
                Code::TooManyDiagnostics,
                end,
                format!(
                    "this file has at least {total} problems and the first {} are shown",
                    limits::DIAGNOSTICS
                ),
            );
            return self.found;
        }
        self.found.sort_by_key(Diagnostic::key);
        self.without_doubles()
    }

    /// The diagnostics in order, without those on how others read a value that is an error here.
    fn without_doubles(self) -> Vec<Diagnostic> {
        let mut wrong = None;
        let mut found = self.found;
        found.retain(|found| {
            if found.severity() == Severity::Error {
                wrong = Some(found.span);
            }
            found.code != Code::AmbiguousYaml || wrong != Some(found.span)
        });
        found
    }
}

/// The user's text in backticks: cut when it is long, and without control characters, because messages are printed.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.is_empty() {
        return "`''`".to_owned();
    }
    let mut out = String::from("`");
    for (n_chars, c) in text.chars().enumerate() {
        if n_chars == LONGEST {
            out.push('…');
            break;
        }
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out.push('`');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_without_control_characters() {
        assert_eq!(quoted(""), "`''`");
        assert_eq!(quoted("a\u{1b}[31mb"), "`a\\u{1b}[31mb`");
        assert_eq!(quoted(&"x".repeat(100)), format!("`{}…`", "x".repeat(80)));
    }

    #[test]
    fn keeps_no_more_than_the_limit() {
        let mut sources = crate::source::Sources::default();
        let mut report = Report::new(sources.add("a", ""));
        for at in 0..limits::DIAGNOSTICS + 5 {
            report.add(Code::BadValue, Span::new(at, at), "x");
        }
        let found = report.finish();
        assert_eq!(found.len(), limits::DIAGNOSTICS + 1);
        let last = found.last().unwrap();
        assert_eq!(last.code(), "too-many-diagnostics");
        assert_eq!(
            last.message(),
            "this file has at least 1005 problems and the first 1000 are shown"
        );
    }
}
