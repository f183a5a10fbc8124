//! Draws diagnostics the way rustc does.

use std::borrow::Cow;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Sources, Span};

/// Longest line that is shown; of a longer one only the place is given.
const LONGEST_LINE: usize = 4096;
/// Most lines that are drawn for one span.
const MOST_LINES: usize = 12;

/// Draws a diagnostic with the lines that it is about, like rustc does; with ANSI colours when `color` is set.
///
/// # Examples
/// ```
/// use rule_lang::{Compiler, render};
///
/// let mut compiler = Compiler::new();
/// compiler.add("rule.yaml", "title: [\n");
/// let compiled = compiler.finish();
/// let drawn = render(&compiled.diagnostics[0], &compiled.sources, false);
/// assert!(drawn.starts_with("error[yaml-syntax]: "));
/// ```
pub fn render(diagnostic: &Diagnostic, sources: &Sources, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.message())
        .id(diagnostic.code());
    let mut group = place(title, diagnostic, sources);
    if let Some(help) = diagnostic.help() {
        group = group.element(Level::HELP.message(help));
    }
    renderer.render(&[group])
}

/// A file's name as it may be printed: whoever names files must not steer a terminal.
fn shown(name: &str) -> Cow<'_, str> {
    if name.chars().any(char::is_control) {
        Cow::Owned(name.escape_debug().to_string())
    } else {
        Cow::Borrowed(name)
    }
}

/// The group with the excerpt of the file that the span touches. Only the excerpt is handed on, because laying out
/// costs time in proportion to the text.
fn place<'a>(
    title: annotate_snippets::Title<'a>,
    diagnostic: &Diagnostic,
    sources: &'a Sources,
) -> Group<'a> {
    let id = diagnostic.source();
    let text = sources.text(id);
    let span = diagnostic.span();
    // Another text is drawn where both fit.
    let related = diagnostic.related().filter(|related| {
        let (first, last) = (span.min(*related), span.max(*related));
        let (_, start) = sources.line_at(id, first.start());
        let between = text.get(start..last.end()).unwrap_or_default();
        between.lines().count() <= MOST_LINES
    });
    let first = related.map_or(span, |related| related.min(span));
    let until = related.map_or(span.end(), |related| related.end().max(span.end()));
    let (line, start) = sources.line_at(id, first.start());
    let rest = text.get(start..).unwrap_or_default();
    let mut end = start;
    for piece in rest.split_inclusive('\n').take(MOST_LINES) {
        end += piece.len();
        if end >= until {
            break;
        }
    }
    let excerpt = text.get(start..end).unwrap_or_default();
    if excerpt.lines().any(|line| line.len() > LONGEST_LINE) {
        let at = sources.line_column(id, span);
        let origin = Origin::path(shown(sources.name(id)))
            .line(at.line)
            .char_column(at.column);
        return title.element(origin);
    }
    let clamp = |offset: usize| offset.saturating_sub(start).min(excerpt.len());
    let range = |span: Span| clamp(span.start())..clamp(span.end());
    let other = related.map(|related| AnnotationKind::Context.span(range(related)));
    title.element(
        Snippet::source(excerpt)
            .path(shown(sources.name(id)))
            .line_start(line + 1)
            .annotation(AnnotationKind::Primary.span(range(span)))
            .annotations(other),
    )
}
