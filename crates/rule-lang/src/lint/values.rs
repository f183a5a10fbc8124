//! Lints about values: regular expressions that need none.

use regex_syntax::ParserBuilder;
use regex_syntax::ast::{self, AssertionKind, Ast, RepetitionKind};
use regex_syntax::hir::{Hir, HirKind, Look};

use crate::ast::Item;
use crate::diagnostic::{Code, Report, quoted};
use crate::modifier::How;
use crate::scalar::in_quotes;
use crate::text::escaped;

/// A regular expression that says no more than texts with modifiers.
pub(super) fn literal_regexes(item: &Item, report: &mut Report) {
    let How::Regex { i, m, .. } = item.chain.how else {
        return;
    };
    let values = item.values.iter().take(super::LINTED_VALUES);
    // One that is needed keeps the others of its list.
    let literals: Option<Vec<_>> = values
        .map(|value| literal(&value.text, m).map(|found| (value, found)))
        .collect();
    for (value, literal) in literals.unwrap_or_default() {
        let modifier = match (literal.at_start, literal.at_end) {
            (false, false) => "|contains",
            (true, false) => "|startswith",
            (false, true) => "|endswith",
            (true, true) => "",
        };
        let cased = if i || literal.any_case { "" } else { "|cased" };
        let texts: Vec<String> = literal.texts.iter().map(|text| in_quotes(text)).collect();
        let asked = match texts.as_slice() {
            [text] => text.clone(),
            // A list under `all` asks for all of them.
            _ if item.chain.all => continue,
            texts => format!("[{}]", texts.join(", ")),
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
                "write `{modifier}{cased}: {asked}` in place of `re`"
            ));
    }
}

/// A regular expression that begins or ends with what matches anything.
pub(super) fn unbounded_regexes(item: &Item, report: &mut Report) {
    if !matches!(item.chain.how, How::Regex { .. }) {
        return;
    }
    for value in item.values.iter().take(super::LINTED_VALUES) {
        if let Some((rest, what)) = shortened(&value.text) {
            report
                .add(
                    Code::UnboundedRegex,
                    value.span,
                    format!(
                        "a regular expression is found anywhere in the text, so {} says no more than `.`",
                        quoted(what)
                    ),
                )
                .set_help(format!("write {}", in_quotes(&rest)));
            continue;
        }
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

/// A pattern that begins or ends with `.+`, with `.` in its place, and what that was.
fn shortened(pattern: &str) -> Option<(String, &str)> {
    /// Longer ones are not worth the time.
    const LONGEST: usize = 4096;
    if pattern.len() > LONGEST || !pattern.contains('+') {
        return None;
    }
    let parsed = ast::parse::Parser::new().parse(pattern).ok()?;
    let single = [parsed];
    let parts: &[Ast] = match &single {
        [Ast::Concat(concat)] => &concat.asts,
        other => other,
    };
    let ends =
        |found: Option<&Ast>| matches!(found, Some(Ast::Assertion(found)) if is_end(&found.kind));
    let n_flags = parts
        .iter()
        .take_while(|part| matches!(part, Ast::Flags(_)))
        .count();
    let n_front = n_flags + usize::from(ends(parts.get(n_flags)));
    let n_back = parts.len() - usize::from(parts.len() > n_front && ends(parts.last()));
    let (flags, last) = (parts.get(..n_flags)?, n_back.checked_sub(1)?);
    let text = |from: usize, to: usize| pattern.get(from..to).unwrap_or_default();
    let offset = |at: usize| parts.get(at).map(|part| part.span().start.offset);
    let after = |at: usize| {
        parts
            .get(at)
            .map_or(pattern.len(), |part| part.span().start.offset)
    };
    let flags_end = flags.last().map_or(0, |part| part.span().end.offset);
    if parts.get(n_front).is_some_and(is_some) {
        let begin = if n_front + 1 == n_back {
            pattern.len()
        } else {
            after(n_front + 1)
        };
        let what = text(flags_end, begin);
        return Some((
            format!("{}.{}", text(0, flags_end), text(begin, pattern.len())),
            what,
        ));
    }
    if last > n_front && parts.get(last).is_some_and(is_some) {
        let start = offset(last)?;
        return Some((format!("{}.", text(0, start)), text(start, pattern.len())));
    }
    None
}

fn is_end(kind: &AssertionKind) -> bool {
    matches!(
        kind,
        AssertionKind::StartLine
            | AssertionKind::StartText
            | AssertionKind::EndLine
            | AssertionKind::EndText
    )
}

/// A pattern without what matches anything at its ends, and what that was; `None` when there is no such end.
fn bounded(pattern: &str) -> Option<(String, &str)> {
    /// Longer ones are not worth the time.
    const LONGEST: usize = 4096;
    const STARTS: [AssertionKind; 2] = [AssertionKind::StartLine, AssertionKind::StartText];
    const ENDS: [AssertionKind; 2] = [AssertionKind::EndLine, AssertionKind::EndText];
    if pattern.len() > LONGEST || !pattern.contains(['*', '+']) {
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
            matches!(found.op.kind, RepetitionKind::ZeroOrMore) && is_any_character(&found.ast)
        }
        Ast::Group(group) => is_any(&group.ast),
        _ => false,
    }
}

/// `.+`, which needs one character and says nothing of the others.
fn is_some(part: &Ast) -> bool {
    match part {
        Ast::Repetition(found) => {
            matches!(found.op.kind, RepetitionKind::OneOrMore) && is_any_character(&found.ast)
        }
        Ast::Group(group) => is_some(&group.ast),
        _ => false,
    }
}

/// `.`, or a class of a kind of characters and all others.
fn is_any_character(part: &Ast) -> bool {
    use ast::{ClassPerlKind as Kind, ClassSet, ClassSetItem};
    let Ast::ClassBracketed(class) = part else {
        return matches!(part, Ast::Dot(_));
    };
    let ClassSet::Item(ClassSetItem::Union(union)) = &class.kind else {
        return false;
    };
    let perl = |item: &ClassSetItem| match item {
        ClassSetItem::Perl(found) => Some((found.kind.clone(), found.negated)),
        _ => None,
    };
    let kinds = [Kind::Digit, Kind::Space, Kind::Word];
    !class.negated
        && kinds.into_iter().any(|kind| {
            let has = |negated| {
                let wanted = Some((kind.clone(), negated));
                union.items.iter().any(|item| perl(item) == wanted)
            };
            has(true) && has(false)
        })
}

/// What a regular expression seeks that needs none.
struct Literal {
    /// One of these texts, with their wildcards escaped.
    texts: Vec<String>,
    /// Whether it is bound to the beginning.
    at_start: bool,
    at_end: bool,
    any_case: bool,
}

/// The texts that a regular expression seeks, when it seeks nothing else.
fn literal(pattern: &str, multi_line: bool) -> Option<Literal> {
    /// Longer ones are not worth the time.
    const LONGEST: usize = 256;
    if pattern.len() > LONGEST {
        return None;
    }
    let (any_case, pattern) = match pattern.strip_prefix("(?i)") {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
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
    let within = match part.kind() {
        HirKind::Capture(group) => &*group.sub,
        _ => part,
    };
    let alternatives = match within.kind() {
        HirKind::Alternation(parts) => parts.as_slice(),
        _ => std::slice::from_ref(within),
    };
    let text = |part: &Hir| match part.kind() {
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().map(escaped),
        _ => None,
    };
    Some(Literal {
        texts: alternatives.iter().map(text).collect::<Option<_>>()?,
        at_start,
        at_end,
        any_case,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regexes_that_are_texts() {
        let shown = |pattern| {
            literal(pattern, false).map(|found| {
                let bound = |is: bool| if is { "|" } else { "" };
                let any_case = if found.any_case { " in any case" } else { "" };
                format!(
                    "{}{}{}{any_case}",
                    bound(found.at_start),
                    found.texts.join(","),
                    bound(found.at_end)
                )
            })
        };
        for (pattern, expected) in [
            ("abc", Some("abc")),
            (r"a\.b\*", Some(r"a.b\*")),
            ("^abc", Some("|abc")),
            ("abc$", Some("abc|")),
            ("^abc$", Some("|abc|")),
            ("^(web|api)$", Some("|web,api|")),
            ("(?:web|api)", Some("web,api")),
            ("web|api", Some("web,api")),
            ("^web|api$", None),
            ("^(web|a+)$", None),
            ("(?i)curl", Some("curl in any case")),
            ("(?i)^(curl|wget)", Some("|curl,wget in any case")),
            ("^a.c", None),
            ("a|b", None),
            ("a(?i)bc", None),
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
            (r"[\s\S]*web[0-9]", Some(("web[0-9]", r"[\s\S]*"))),
            (r"web[\d\D]*?$", Some(("web", r"[\d\D]*?$"))),
            (r"[\s\d]*web", None),
            (r"[^\s\S]*web", None),
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

    #[test]
    fn regexes_with_ends_of_one_character_at_least() {
        for (pattern, expected) in [
            (".+web[0-9]", Some((".web[0-9]", ".+"))),
            ("(?i)^.+web", Some(("(?i).web", "^.+"))),
            ("web.+?$", Some(("web.", ".+?$"))),
            ("(.+)web", Some((".web", "(.+)"))),
            (".+", Some((".", ".+"))),
            ("^.+$", Some((".", "^.+$"))),
            ("a.+b", None),
            ("a+", None),
            (".+a|b", None),
        ] {
            let found = shortened(pattern);
            let found = found.as_ref().map(|(rest, what)| (rest.as_str(), *what));
            assert_eq!(found, expected, "{pattern}");
        }
    }
}
