//! Lints about values: regular expressions that need none.

use regex_syntax::ParserBuilder;
use regex_syntax::ast::{self, AssertionKind, Ast, RepetitionKind};
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
        let Some((rest, what)) = bounded(&value.text) else {
            continue;
        };
        let help = if rest.is_empty() {
            "`'*'` asks for any value".to_owned()
        } else {
            format!("write {}", in_quotes(&rest))
        };
        report
            .add(
                Code::UnboundedRegex,
                value.span,
                format!(
                    "a regular expression is found anywhere in the text, so {} says nothing",
                    quoted(what)
                ),
            )
            .set_help(help);
    }
}

/// A pattern without what matches anything at its ends, and what that was; `None` when there is no such end.
fn bounded(pattern: &str) -> Option<(String, &str)> {
    /// Longer ones are not worth the time.
    const LONGEST: usize = 4096;
    const STARTS: [AssertionKind; 2] = [AssertionKind::StartLine, AssertionKind::StartText];
    const ENDS: [AssertionKind; 2] = [AssertionKind::EndLine, AssertionKind::EndText];
    if pattern.len() > LONGEST || !pattern.contains(".*") {
        return None;
    }
    let parsed = ast::parse::Parser::new().parse(pattern).ok()?;
    let single = [parsed];
    // Alternatives bind least: what stands before the first is part of it alone.
    let mut parts: &[Ast] = match &single {
        [Ast::Concat(concat)] => &concat.asts,
        other => other,
    };
    // Flags go for what follows.
    let n_flags = parts
        .iter()
        .take_while(|part| matches!(part, Ast::Flags(_)))
        .count();
    let flags = parts.get(..n_flags)?;
    parts = parts.get(n_flags..)?;
    let is_anchor = |part: Option<&Ast>, kinds: [AssertionKind; 2]| matches!(part, Some(Ast::Assertion(found)) if kinds.contains(&found.kind));
    let (first, last) = (parts.first()?, parts.last()?);
    let (start, end) = (first.span().start.offset, last.span().end.offset);
    // An anchor before what matches anything binds nothing.
    let n_anchors = usize::from(is_anchor(Some(first), STARTS));
    let n_any =
        |parts: &mut dyn Iterator<Item = &Ast>| parts.take_while(|part| is_any(part)).count();
    let n_front = n_any(&mut parts.iter().skip(n_anchors));
    if n_front > 0 {
        parts = parts.get(n_anchors + n_front..)?;
    }
    if n_front > 0 && parts.len() == 1 && is_anchor(parts.first(), ENDS) {
        parts = &[];
    }
    let n_ends = usize::from(is_anchor(parts.last(), ENDS));
    let n_back = n_any(&mut parts.iter().rev().skip(n_ends));
    if n_back > 0 {
        parts = parts.get(..parts.len() - n_ends - n_back)?;
    }
    let text = |from: usize, to: usize| pattern.get(from..to).unwrap_or_default();
    let (Some(from), Some(to)) = (
        parts.first().map(|part| part.span().start.offset),
        parts.last().map(|part| part.span().end.offset),
    ) else {
        return Some((String::new(), text(start, end)));
    };
    let what = match (n_front, n_back) {
        (0, 0) => return None,
        (0, _) => text(to, end),
        _ => text(start, from),
    };
    let flags: String = flags
        .iter()
        .map(|part| text(part.span().start.offset, part.span().end.offset))
        .collect();
    Some((flags + text(from, to), what))
}

/// `.*`, also lazy or in a group.
fn is_any(part: &Ast) -> bool {
    match part {
        Ast::Repetition(found) => {
            matches!(found.op.kind, RepetitionKind::ZeroOrMore) && matches!(*found.ast, Ast::Dot(_))
        }
        Ast::Group(group) => is_any(&group.ast),
        _ => false,
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

    #[test]
    fn regexes_with_open_ends() {
        for (pattern, expected) in [
            ("^.*web[0-9]", Some(("web[0-9]", "^.*"))),
            ("(.*)web[0-9]", Some(("web[0-9]", "(.*)"))),
            ("(?:.*?)web", Some(("web", "(?:.*?)"))),
            (r"\A.*.*web$", Some(("web$", r"\A.*.*"))),
            ("(?i)^.*web", Some(("(?i)web", "^.*"))),
            ("^web.*$", Some(("^web", ".*$"))),
            ("web(.*)", Some(("web", "(.*)"))),
            (".*web.*", Some(("web", ".*"))),
            ("^.*$", Some(("", "^.*$"))),
            (".*", Some(("", ".*"))),
            ("^web$", None),
            (r"web\.*", None),
            ("a.*b", None),
            (".*a|b", None),
            ("(.*a)", None),
            ("(", None),
        ] {
            let found = bounded(pattern);
            let found = found.as_ref().map(|(rest, what)| (rest.as_str(), *what));
            assert_eq!(found, expected, "{pattern}");
        }
    }
}
