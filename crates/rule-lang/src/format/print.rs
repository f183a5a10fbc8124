//! The tree as text.

use super::layout::STEP;
use super::quote::{self, Role};
use super::trivia::{Collection, Comment, Document, Item, Value};
use crate::diagnostic::{Code, Report, quoted};
use crate::limits;
use crate::scalar::{Scalar, Style};
use crate::source::Span;

/// Writes documents. What cannot be written is reported.
pub(super) fn print(documents: &[Document<'_>], text: &str, report: &mut Report) -> String {
    let mut printer = Printer {
        text,
        out: String::new(),
        holds_blank: false,
        is_first: true,
        report,
    };
    for document in documents {
        printer.document(document);
    }
    printer.check_size();
    printer.out
}

#[derive(Debug)]
struct Printer<'t, 'r> {
    /// The file as it was.
    text: &'t str,
    out: String,
    /// Whether a block scalar that keeps its line breaks came last, so that a blank line would become part of it.
    holds_blank: bool,
    /// Whether nothing of this document or collection was written yet.
    is_first: bool,
    report: &'r mut Report,
}

impl Printer<'_, '_> {
    fn document(&mut self, document: &Document<'_>) {
        self.is_first = self.out.is_empty();
        self.comments(&document.before, 0);
        if document.is_marked || !self.out.is_empty() {
            self.out.push_str("---\n");
        }
        self.is_first = true;
        self.comments(&document.header, 0);
        if document.is_apart {
            self.out.push('\n');
            self.is_first = true;
        }
        if let Value::Collection(root) = &document.root {
            if root.items.is_empty() {
                self.line("{}", 0);
            }
            self.items(root, 0, true);
        }
    }

    fn check_size(&mut self) -> bool {
        let (n, limit) = (self.out.len(), limits::FILE_BYTES);
        if n > limit && self.report.errors() == 0 {
            let message = format!(
                "formatted, the file would have {n} bytes or more and the limit is {limit}"
            );
            self.report
                .add(Code::FileTooLarge, Span::default(), message);
        }
        n <= limit
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn blank(&mut self, wanted: bool) {
        if wanted && !self.is_first && !self.holds_blank {
            self.out.push('\n');
        }
        self.is_first = false;
        self.holds_blank = false;
    }

    fn comments(&mut self, comments: &[Comment<'_>], indent: usize) {
        for comment in comments {
            self.blank(comment.blank);
            self.line(comment.text, indent);
        }
    }

    /// A line of its own.
    fn line(&mut self, text: &str, indent: usize) {
        self.indent(indent);
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// The rest of a line: a comment behind what was written.
    fn end_line(&mut self, behind: Option<&str>) {
        if let Some(text) = behind {
            self.out.push_str("  ");
            self.out.push_str(text);
        }
        self.out.push('\n');
    }

    /// Items on lines of their own, but the first one where it goes behind a dash. Recursion is as deep as the YAML,
    /// which has a limit.
    fn items(&mut self, collection: &Collection<'_>, indent: usize, starts_line: bool) {
        for (at, item) in collection.items.iter().enumerate() {
            if !self.check_size() || self.report.errors() > 0 {
                return;
            }
            if at > 0 || starts_line {
                self.comments(&item.above, indent);
                self.blank(item.blank);
                self.indent(indent);
            }
            self.item(item, indent);
        }
        self.comments(&collection.below, indent);
    }

    /// One item; the indentation before it is written.
    fn item(&mut self, item: &Item<'_>, indent: usize) {
        match item.key {
            Some(key) => {
                let key = self.key(key);
                self.out.push_str(&key);
                self.out.push(':');
            }
            None => self.out.push('-'),
        }
        match &item.value {
            Value::Line(text) => {
                self.out.push(' ');
                self.out.push_str(text);
                self.end_line(item.behind);
            }
            Value::Scalar(scalar) => {
                self.out.push(' ');
                let is_day = indent == 0
                    && item.key.is_some_and(|key| {
                        matches!(key.text.as_str(), "date" | "modified" | "expires")
                    });
                let role = if is_day { Role::Day } else { Role::Value };
                self.scalar(scalar, role, indent + STEP, item.behind);
            }
            Value::Folded(scalar) => {
                self.out.push(' ');
                let lines = folded_lines(self.text, scalar);
                self.block(scalar, lines, indent + STEP, item.behind);
            }
            Value::Collection(collection) => {
                if item.key.is_some() {
                    self.end_line(item.behind);
                    self.is_first = true;
                } else {
                    // Its first item follows on the line of the dash.
                    self.out.push(' ');
                }
                self.items(collection, indent + STEP, item.key.is_some());
            }
        }
    }

    fn key(&mut self, key: &Scalar) -> String {
        let shown = quote::write(key, Role::Key, false);
        let (n, limit) = (shown.len(), limits::NAME_BYTES);
        if n > limit && self.report.errors() == 0 {
            // YAML has another way to write those, and no key of a rule is so long.
            let message = format!(
                "the key {} has {n} bytes and the limit is {limit}",
                quoted(&key.text)
            );
            self.report.add(Code::BadKey, key.span, message);
        }
        shown
    }

    fn scalar(&mut self, scalar: &Scalar, role: Role, indent: usize, behind: Option<&str>) {
        let raw = self.text.get(scalar.span.range()).unwrap_or_default();
        if scalar.style == Style::Block {
            self.block(scalar, None, indent, behind);
        } else if raw.contains(['\n', '\r']) {
            // The lines of the author; how far they are indented means nothing.
            for (at, line) in lines(raw).enumerate() {
                let line = line.trim_matches([' ', '\t']);
                if at > 0 {
                    self.out.push('\n');
                    if !line.is_empty() {
                        self.indent(indent);
                    }
                }
                self.out.push_str(line);
            }
            self.end_line(behind);
        } else {
            self.out.push_str(&quote::write(scalar, role, false));
            self.end_line(behind);
        }
        self.is_first = false;
    }

    /// A block scalar: its lines as they are, moved to the indentation.
    fn block(
        &mut self,
        scalar: &Scalar,
        folded: Option<Vec<&str>>,
        indent: usize,
        behind: Option<&str>,
    ) {
        let content = scalar.text.trim_end_matches('\n');
        let n_breaks = scalar.text.len() - content.len();
        let keeps = n_breaks > 1 || content.is_empty() && n_breaks > 0;
        self.out.push(if folded.is_some() { '>' } else { '|' });
        let lines = folded.unwrap_or_else(|| content.split('\n').collect());
        if lines
            .iter()
            .find(|line| !line.is_empty())
            .is_some_and(|line| line.starts_with(' '))
        {
            self.out.push_str(&STEP.to_string());
        }
        if keeps {
            self.out.push('+');
        } else if n_breaks == 0 && !content.is_empty() {
            self.out.push('-');
        }
        self.end_line(behind);
        if content.is_empty() {
            self.out.extend(std::iter::repeat_n('\n', n_breaks));
        } else {
            for line in lines {
                if !line.is_empty() {
                    self.indent(indent);
                    self.out.push_str(line);
                }
                self.out.push('\n');
            }
            let n_more = n_breaks.saturating_sub(1);
            self.out.extend(std::iter::repeat_n('\n', n_more));
        }
        self.holds_blank = keeps;
    }
}

/// The lines of a folded block scalar without their indentation; `None` where they cannot be told.
fn folded_lines<'t>(text: &'t str, scalar: &Scalar) -> Option<Vec<&'t str>> {
    let content = scalar.text.trim_end_matches('\n');
    if content.is_empty() || content.ends_with([' ', '\t']) {
        return None;
    }
    let before = text.get(..scalar.span.start())?;
    // The scalar begins at its own indentation.
    let indent = before.len() - before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let n_blank = content.len() - content.trim_start_matches('\n').len();
    let raw = lines(text.get(scalar.span.range())?);
    let raw = raw.enumerate().map(|(at, line)| {
        let spaces = line.len() - line.trim_start_matches(' ').len();
        let outside = if at == 0 { 0 } else { spaces.min(indent) };
        line.get(outside..).unwrap_or_default()
    });
    Some(std::iter::repeat_n("", n_blank).chain(raw).collect())
}

/// The lines of a text, whatever ends them.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .flat_map(|line| line.split('\r'))
}
