//! Regular expressions that no text matches, or every text.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, Look};

use crate::ast::Item;
use crate::diagnostic::{Code, Report, quoted};
use crate::modifier::How;

/// Longer ones are not worth the time.
const LONGEST: usize = 256;

pub(super) fn constant(item: &Item, report: &mut Report) {
    let How::Regex { i, m, s } = item.chain.how else {
        return;
    };
    let mut parser = ParserBuilder::new();
    parser
        .case_insensitive(i)
        .multi_line(m)
        .dot_matches_new_line(s);
    let values = item.values.iter().take(super::LINTED_VALUES);
    for value in values.filter(|value| value.text.len() <= LONGEST) {
        let Ok(hir) = parser.build().parse(&value.text) else {
            continue;
        };
        if never(&hir) {
            report
                .add(
                    Code::NeverMatches,
                    value.span,
                    format!("no text matches {}", quoted(&value.text)),
                )
                .set_help("`^` stands before all of a text and `$` behind it; the characters themselves are `\\^` and `\\$`");
        } else if always(&hir) && !report.has_in(&[Code::UnboundedRegex], value.span) {
            report
                .add(
                    Code::EmptyPattern,
                    value.span,
                    format!("every text matches {}", quoted(&value.text)),
                )
                .set_help("what may be missing says nothing: `+` asks for one at least, and the value `'*'` without `re` for any text");
        }
    }
}

/// Whether nothing matches.
fn never(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) => false,
        HirKind::Class(_) => hir.properties().minimum_len().is_none(),
        HirKind::Repetition(part) => part.min > 0 && never(&part.sub),
        HirKind::Capture(part) => never(&part.sub),
        HirKind::Alternation(parts) => parts.iter().all(never),
        HirKind::Concat(parts) => {
            let mut flat = Vec::new();
            flatten(hir, &mut flat);
            parts.iter().any(never) || is_cut(&flat)
        }
    }
}

/// The parts that stand behind each other, those in groups too.
fn flatten<'h>(hir: &'h Hir, out: &mut Vec<&'h Hir>) {
    match hir.kind() {
        HirKind::Concat(parts) => parts.iter().for_each(|part| flatten(part, out)),
        HirKind::Capture(group) => flatten(&group.sub, out),
        _ => out.push(hir),
    }
}

/// Whether something must stand before the beginning of the text, or behind its end.
fn is_cut(parts: &[&Hir]) -> bool {
    let is_long = |part: &&Hir| part.properties().minimum_len().is_some_and(|len| len > 0);
    let is = |part: &Hir, look| *part.kind() == HirKind::Look(look);
    parts.iter().enumerate().any(|(at, part)| {
        let (before, behind) = parts.split_at(at);
        is(part, Look::Start) && before.iter().any(is_long)
            || is(part, Look::End) && behind.iter().any(is_long)
    })
}

/// Whether every text matches: nothing is needed, at its beginning or at its end.
fn always(hir: &Hir) -> bool {
    let looks = hir.properties().look_set();
    let all = |known: [Look; 3]| looks.iter().all(|look| known.contains(&look));
    hir.properties().minimum_len() == Some(0)
        && (all([Look::Start, Look::StartLF, Look::StartCRLF])
            || all([Look::End, Look::EndLF, Look::EndCRLF]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(pattern: &str) -> Hir {
        ParserBuilder::new().build().parse(pattern).unwrap()
    }

    #[test]
    fn what_no_text_matches() {
        for pattern in [
            "^a$b",
            "a^b",
            "(^a$)b",
            "x(^a)",
            "(?:a$b|c^d)",
            "(a$b)+",
            "[^\\s\\S]",
        ] {
            assert!(never(&parsed(pattern)), "{pattern}");
            let built = regex_automata::meta::Regex::new(pattern).unwrap();
            for text in ["", "a", "b", "ab", "a\nb", "xa", "cd", "^a$b"] {
                assert!(!built.is_match(text), "{pattern} {text}");
            }
        }
        for pattern in [
            "^a$",
            "a$|b",
            "^a*$b*",
            "x*^a",
            "(?m)^a$\nb",
            "",
            "(a$b)*",
            "a\\$b",
        ] {
            assert!(!never(&parsed(pattern)), "{pattern}");
        }
    }

    #[test]
    fn what_every_text_matches() {
        for pattern in [
            "",
            "a*",
            "a?b*",
            "^",
            "^a*",
            "a*$",
            "()",
            "a|",
            "(?i)x{0,3}",
        ] {
            assert!(always(&parsed(pattern)), "{pattern}");
        }
        for pattern in ["^a*$", "a+", "\\b", "^$", "a*b", "\\Ba*"] {
            assert!(!always(&parsed(pattern)), "{pattern}");
        }
    }
}
