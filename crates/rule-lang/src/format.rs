//! Rule files in one layout: order of keys, quotes, indentation. What a file says stays as it is.
//!
//! `text → tree of YAML → tree with its comments → keys in order → text`, and the new text is read again and compared
//! with the old one before it is handed out.

mod layout;
mod order;
mod print;
mod quote;
mod trivia;

use std::collections::HashMap;
use std::fmt;

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::limits;
use crate::render::render;
use crate::scalar::{Scalar, Style};
use crate::source::{Sources, Span};
use crate::yaml::{self, Kind, Node};

/// Writes a rule file the way that all of them are written. Files of filters, placeholders, overrides and correlations
/// are rule files too.
///
/// - Keys of a document, of its tests, `levels`, `logsource` and the like stand in one order; `condition` is the last
///   key of its map. The fields of a selection, the selections, and keys of one's own stay in the order of the author.
/// - A text is in quotes only where it needs them: single ones, or double ones around escapes. What some reader of YAML
///   takes for something else than text (`yes`, `010`, `12:30:45`) gets quotes; text with characters that YAML or
///   regular expressions have a use for keeps those it has.
/// - Two spaces of indentation; one blank line where there were several.
/// - A list or map in brackets stays so while it fits into 120 columns and has no comment inside, and is written line
///   by line otherwise. One of the `events` of a test goes over several lines in brackets instead. Block scalars and texts over several lines keep their lines.
/// - A comment stays with the key or item below it, or behind which it stands. What a blank line parts from the first key is
///   about the document and stays on top, and so does a line for editors (`# yaml-language-server: …`).
///
/// Formatting what is formatted changes nothing.
///
/// # Errors
/// When the text cannot be read as YAML, or has a document that is no map; the error has every such diagnostic.
///
/// # Examples
/// ```
/// let text = "detection: {s: {verb: \"get\"}, condition: s}   # one selection\ntitle: 'Reads'\n";
/// assert_eq!(
///     rule_lang::format("reads.yaml", text)?,
///     "title: Reads\ndetection: {s: {verb: get}, condition: s}  # one selection\n",
/// );
/// assert!(rule_lang::format("wrong.yaml", "title: [").is_err());
/// # Ok::<(), rule_lang::FormatError>(())
/// ```
pub fn format(name: &str, text: &str) -> Result<String, FormatError> {
    let mut sources = Sources::default();
    let kept = if text.len() > limits::FILE_BYTES {
        ""
    } else {
        text
    };
    let mut report = Report::new(sources.add(name, kept));
    let nodes = nodes(text, &mut report);
    for node in &nodes {
        if node.map().is_none() && !node.is_refused() {
            let message = format!("a document is a map, and this is {}", node.describe());
            report.add(Code::NotADocument, node.span, message);
        }
    }
    let mut formatted = String::new();
    if report.errors() == 0 {
        let mut documents = trivia::documents(text, &nodes);
        for document in &mut documents {
            order::sort(document);
            layout::settle(document);
        }
        formatted = print::print(&documents, text, &mut report);
        if report.errors() == 0 && !is_same(&formatted, &nodes) {
            report
                .add(
                    Code::Defect,
                    Span::default(),
                    "formatting would change what this file says",
                )
                .set_help("this is a defect of kubesift; please report it with this file");
        }
    }
    if report.errors() > 0 {
        return Err(FormatError {
            sources,
            diagnostics: report.finish(),
        });
    }
    Ok(formatted)
}

/// Why a file was not formatted.
#[derive(Clone, Debug)]
pub struct FormatError {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
}

impl FormatError {
    /// Everything that is wrong, in file order. Never empty.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The file.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// All diagnostics as text, drawn with the lines of the file; see [`render`].
    pub fn render(&self, color: bool) -> String {
        let drawn = self.diagnostics.iter();
        let drawn: Vec<String> = drawn.map(|one| render(one, &self.sources, color)).collect();
        drawn.join("\n\n")
    }
}

impl fmt::Display for FormatError {
    /// The first diagnostic with its place, and how many more there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.diagnostics.first() else {
            return Ok(());
        };
        let place = self.sources.line_column(first.source(), first.span());
        let name = self.sources.name(first.source());
        write!(f, "{name}:{}:{}: {first}", place.line, place.column)?;
        match self.diagnostics.len() {
            1 => Ok(()),
            n => write!(f, " (and {} more)", n - 1),
        }
    }
}

impl std::error::Error for FormatError {}

/// The documents of a file whose YAML is right.
fn nodes(text: &str, report: &mut Report) -> Vec<Node> {
    let found = yaml::read_file(text, report).into_iter();
    found.filter_map(|found| found.node).collect()
}

/// Whether a formatted text says what the documents said.
fn is_same(formatted: &str, documents: &[Node]) -> bool {
    let mut sources = Sources::default();
    let mut report = Report::new(sources.add("", ""));
    let found = nodes(formatted, &mut report);
    report.errors() == 0
        && found.len() == documents.len()
        && found
            .iter()
            .zip(documents)
            .all(|(found, document)| same_node(found, document))
}

/// Recursion is as deep as the YAML, which has a limit.
fn same_node(found: &Node, expected: &Node) -> bool {
    match (&found.kind, &expected.kind) {
        (Kind::Scalar(found), Kind::Scalar(expected)) => same_scalar(found, expected),
        (Kind::List(found), Kind::List(expected)) => {
            let mut pairs = found.iter().zip(expected);
            found.len() == expected.len()
                && pairs.all(|(found, expected)| same_node(found, expected))
        }
        (Kind::Map(found), Kind::Map(expected)) => {
            let expected: HashMap<&str, &Node> = expected
                .iter()
                .map(|entry| (entry.key.text.as_str(), &entry.value))
                .collect();
            found.len() == expected.len()
                && found.iter().all(|entry| {
                    let other = expected.get(entry.key.text.as_str());
                    other.is_some_and(|other| same_node(&entry.value, other))
                })
        }
        _ => false,
    }
}

fn same_scalar(found: &Scalar, expected: &Scalar) -> bool {
    let is_block = |scalar: &Scalar| scalar.style == Style::Block;
    let same_text = found.text == expected.text || found.is_null() && expected.is_null();
    same_text && found.describe() == expected.describe() && is_block(found) == is_block(expected)
}
