//! Lints about values: regular expressions that need none.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, Look};

use crate::ast::Item;
use crate::diagnostic::{Code, Report, quoted};
use crate::modifier::How;
use crate::scalar::in_quotes;
use crate::text::escaped;

/// A regular expression that says no more than a text with modifiers.
pub(super) fn literal_regexes(item: &Item, report: &mut Report) {
    let How::Regex { m, .. } = item.chain.how else {
        return;
    };
    let values = item.values.iter().take(super::LINTED_VALUES);
    // One that is needed keeps the others of its list.
    let literals: Option<Vec<_>> = values
        .map(|value| literal(&value.text, m).map(|found| (value, found)))
        .collect();
    for (value, (literal, at_start, at_end)) in literals.unwrap_or_default() {
        let modifier = match (at_start, at_end) {
            (false, false) => "|contains",
            (true, false) => "|startswith",
            (false, true) => "|endswith",
            (true, true) => "",
        };
        let cased = match item.chain.how {
            How::Regex { i: true, .. } => "",
            _ => "|cased",
        };
        report
            .add(
                Code::LiteralRegex,
                value.span,
                format!(
                    "{} is a regular expression without need",
                    quoted(&value.text)
                ),
            )
            .set_help(format!(
                "write `{modifier}{cased}: {}` in place of `re`",
                in_quotes(&literal)
            ));
    }
}

/// A regular expression that begins or ends with what matches anything.
pub(super) fn unbounded_regexes(item: &Item, report: &mut Report) {
    if !matches!(item.chain.how, How::Regex { .. }) {
        return;
    }
    for value in item.values.iter().take(super::LINTED_VALUES) {
        let mut rest = value.text.as_str();
        while let Some(shorter) = rest.strip_prefix(".*") {
            rest = shorter.trim_start_matches('?');
        }
        while let Some(shorter) = rest.strip_suffix(".*").or_else(|| rest.strip_suffix(".*?")) {
            // A dot that is escaped is a dot.
            let escapes = shorter.len() - shorter.trim_end_matches('\\').len();
            if escapes % 2 == 1 {
                break;
            }
            rest = shorter;
        }
        // Alternatives bind least: what stands before the first is part of it alone.
        if rest.len() == value.text.len() || rest.contains('|') {
            continue;
        }
        let help = if rest.is_empty() {
            "`'*'` asks for any value".to_owned()
        } else {
            format!("write {}", in_quotes(rest))
        };
        report
            .add(
                Code::UnboundedRegex,
                value.span,
                "a regular expression is found anywhere in the text, so `.*` at its end says nothing",
            )
            .set_help(help);
    }
}

/// The text that a regular expression seeks, and to which ends it is bound.
fn literal(pattern: &str, multi_line: bool) -> Option<(String, bool, bool)> {
    /// Longer ones are not worth the time.
    const LONGEST: usize = 256;
    if pattern.len() > LONGEST {
        return None;
    }
    let hir = ParserBuilder::new()
        .multi_line(multi_line)
        .build()
        .parse(pattern)
        .ok()?;
    let single = [hir.clone()];
    let mut parts: &[Hir] = match hir.kind() {
        HirKind::Concat(parts) => parts,
        _ => &single,
    };
    let is =
        |part: Option<&Hir>, look| part.is_some_and(|part| *part.kind() == HirKind::Look(look));
    let at_start = is(parts.first(), Look::Start);
    if at_start {
        parts = parts.get(1..)?;
    }
    let at_end = is(parts.last(), Look::End);
    if at_end {
        parts = parts.get(..parts.len() - 1)?;
    }
    let [part] = parts else {
        return None;
    };
    let HirKind::Literal(literal) = part.kind() else {
        return None;
    };
    let text = std::str::from_utf8(&literal.0).ok()?;
    Some((escaped(text), at_start, at_end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regexes_that_are_texts() {
        let shown = |pattern| {
            literal(pattern, false).map(|(text, start, end)| {
                let bound = |is: bool| if is { "|" } else { "" };
                format!("{}{text}{}", bound(start), bound(end))
            })
        };
        for (pattern, expected) in [
            ("abc", Some("abc")),
            (r"a\.b\*", Some(r"a.b\*")),
            ("^abc", Some("|abc")),
            ("abc$", Some("abc|")),
            ("^abc$", Some("|abc|")),
            ("^a.c", None),
            ("a|b", None),
            ("(?i)abc", None),
            (r"\babc", None),
            ("", None),
            ("^$", None),
            ("[a]", Some("a")),
            ("a+", None),
        ] {
            assert_eq!(shown(pattern).as_deref(), expected, "{pattern}");
        }
        assert!(literal("^a", true).is_none(), "a line is not the text");
    }
}
