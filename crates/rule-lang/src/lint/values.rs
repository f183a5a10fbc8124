//! Lints about values: contradictions, regular expressions that need none, and words that YAML reads in several ways.

use std::collections::{HashMap, HashSet};

use audit_model::{FieldId, Shape};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, Look};

use super::facts::{Facts, Group, Part, What, exact, is_text};
use crate::ast::Item;
use crate::diagnostic::{Code, Report, quoted};
use crate::fold::fold_into;
use crate::modifier::How;
use crate::number::{Number, compare};
use crate::program::Relation;
use crate::scalar::{Scalar, Style};
use crate::text::{Pattern, escaped};
use crate::values::open;

/// Tests of one field that are compared with each other.
const TESTS: usize = 16;

/// Comparisons of a value with a value that a document is worth.
const COMPARISONS: usize = 100_000;

struct Search {
    /// Pairs of tests that were reported.
    told: HashSet<(usize, usize)>,
    /// Comparisons that are left.
    left: usize,
}

/// Tests of a field that has one value, which no value passes together.
pub(super) fn contradictions(facts: &Facts<'_>, report: &mut Report) {
    let mut search = Search {
        told: HashSet::new(),
        left: COMPARISONS,
    };
    for group in &facts.groups {
        if report.is_full() {
            return;
        }
        for (items, with_context) in by_field(facts, group) {
            contradiction(&items, with_context, &mut search, report);
        }
    }
}

/// The items of each field that has one value: those of the group first, and how many of them there are.
fn by_field<'f>(facts: &'f Facts<'_>, group: &'f Group<'_>) -> Vec<(Vec<&'f Item>, usize)> {
    let mut fields: Vec<(Vec<&Item>, usize)> = Vec::new();
    let mut at: HashMap<FieldId, usize> = HashMap::new();
    for part in &group.parts {
        if let Some((id, item)) = single(part) {
            let idx = *at.entry(id).or_insert_with(|| {
                fields.push((Vec::new(), 0));
                fields.len() - 1
            });
            if let Some((items, n_own)) = fields.get_mut(idx)
                && items.len() < TESTS
            {
                items.push(item);
                *n_own += 1;
            }
        }
    }
    if facts.is_sought(group) {
        for part in facts.context(group).skip(group.parts.len()) {
            if let Some((id, item)) = single(part)
                && let Some((items, _)) = at.get(&id).and_then(|idx| fields.get_mut(*idx))
                && items.len() < TESTS
            {
                items.push(item);
            }
        }
    }
    fields
}

/// The field of an item, when it has one value; of two names for the same field the shorter one.
fn single<'p>(part: &'p Part<'_>) -> Option<(FieldId, &'p Item)> {
    let What::Item(item) = part.what else {
        return None;
    };
    if !matches!(
        part.field.shape(),
        Some(Shape::Text | Shape::Number | Shape::Bool)
    ) {
        return None;
    }
    let id = match part.field.id() {
        FieldId::ObjectRefResource => FieldId::Resource,
        FieldId::ObjectRefSubresource => FieldId::Subresource,
        FieldId::ObjectRefApiGroup => FieldId::ApiGroup,
        FieldId::ObjectRefNamespace => FieldId::Namespace,
        FieldId::ResponseStatusCode => FieldId::Status,
        id => id,
    };
    Some((id, item))
}

fn contradiction(items: &[&Item], n_own: usize, search: &mut Search, report: &mut Report) {
    for (at, item) in items.iter().enumerate() {
        if at < n_own {
            several_at_once(item, report);
        }
        let Some(values) = exact(item).filter(|values| values.iter().all(is_text)) else {
            continue;
        };
        for (other_at, other) in items.iter().enumerate() {
            if other_at == at || (at >= n_own && other_at >= n_own) {
                continue;
            }
            let n = values.len().saturating_mul(other.values.len());
            let Some(left) = search.left.checked_sub(n) else {
                continue;
            };
            search.left = left;
            if values.iter().any(|value| passes(other, value)) {
                continue;
            }
            let (first, second) = if item.name.span < other.name.span {
                (item, other)
            } else {
                (other, item)
            };
            if search
                .told
                .insert((first.name.span.start(), second.name.span.start()))
            {
                report
                    .add(
                        Code::Contradiction,
                        second.name.span,
                        format!(
                            "{} has one value, and none passes both this and {} before it",
                            quoted(&second.name.text),
                            quoted(&first.name.text)
                        ),
                    )
                    .set_help("join alternatives by `or`: two selections, or two maps in a list");
            }
        }
    }
}

/// `verb|all: [get, list]`.
fn several_at_once(item: &Item, report: &mut Report) {
    let chain = item.chain;
    let is_equality = chain.how == How::Text(Relation::Equals) && chain.encoding.is_none();
    if !chain.all || !is_equality || chain.neq || chain.expand || !item.values.iter().all(is_text) {
        return;
    }
    let mut values = item.values.iter();
    let Some(first) = values.next() else {
        return;
    };
    if let Some(other) = values.find(|value| !value.text.eq_ignore_ascii_case(&first.text)) {
        report
            .add(
                Code::Contradiction,
                other.span,
                format!(
                    "{} has one value, so it is never {} and {} at once",
                    quoted(&item.name.text),
                    quoted(&first.text),
                    quoted(&other.text)
                ),
            )
            .set_help("leave `all` out, and any of the values will do");
    }
}

/// Whether a field with this value passes a test, as far as that is known.
fn passes(item: &Item, value: &Scalar) -> bool {
    let chain = item.chain;
    if chain.expand || !chain.encoding.is_none() {
        return true;
    }
    let test = |asked: &Scalar| match chain.how {
        How::Text(relation) => {
            if asked.is_null() {
                return false;
            }
            let numbers = Number::parse(&value.text).zip(asked.number());
            let same = numbers.and_then(|(left, right)| compare(left, right));
            if relation == Relation::Equals && same.is_some_and(std::cmp::Ordering::is_eq) {
                return true;
            }
            let mut text = value.text.clone();
            if !chain.cased {
                text.clear();
                fold_into(&value.text, &mut text);
            }
            Pattern::parse_open(&asked.text, chain.cased, open(relation)).matches(&text)
        }
        How::Compare(comparison) => Number::parse(&value.text)
            .zip(Number::parse(&asked.text))
            .and_then(|(left, right)| compare(left, right))
            .is_some_and(|ordering| comparison.holds(ordering)),
        How::Exists => asked.bool() != Some(false),
        _ => !chain.neq,
    };
    // With `all` each value must pass, so one that does not is enough; without, one that does.
    let passes = if chain.all {
        item.values.iter().all(test)
    } else {
        item.values.iter().any(test)
    };
    passes != chain.neq
}

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
                quote(&literal)
            ));
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

/// A text as YAML, in quotes.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A word without quotes that one reader of YAML takes for text and another for something else.
pub(super) fn ambiguous_yaml(item: &Item, report: &mut Report) {
    for value in item.values.iter().take(super::LINTED_VALUES) {
        let Some(what) = other_reading(value) else {
            continue;
        };
        report
            .add(
                Code::AmbiguousYaml,
                value.span,
                format!(
                    "{} is text here and {what} to other readers of YAML",
                    quoted(&value.text)
                ),
            )
            .set_help(format!("write it in quotes: {}", quote(&value.text)));
    }
}

/// What another reader of YAML takes a text without quotes for.
pub(crate) fn other_reading(value: &Scalar) -> Option<&'static str> {
    if value.style != Style::Plain || value.number().is_some() || value.bool().is_some() {
        return None;
    }
    let text = value.text.to_ascii_lowercase();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if matches!(text.as_str(), "yes" | "no" | "on" | "off") {
        return Some("a boolean");
    }
    if matches!(unsigned, ".inf" | ".nan") || text.starts_with('+') && digits(unsigned) {
        return Some("a number");
    }
    let based = ["0x", "0o", "0b"]
        .into_iter()
        .find_map(|prefix| unsigned.strip_prefix(prefix));
    if based.is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'_')
    }) {
        return Some("a number");
    }
    if unsigned.starts_with('0') && digits(unsigned) {
        return Some("an octal number");
    }
    if unsigned.contains('_')
        && unsigned.starts_with(|c: char| c.is_ascii_digit())
        && digits(&unsigned.replace('_', ""))
    {
        return Some("a number");
    }
    let parts: Vec<&str> = unsigned.split(':').collect();
    if let [first, rest @ ..] = parts.as_slice()
        && !rest.is_empty()
        && digits(first)
        && rest
            .iter()
            .all(|part| part.len() <= 2 && digits(part) && part.parse::<u8>().is_ok_and(|n| n < 60))
    {
        return Some("a number of base 60");
    }
    if crate::time::is_day(&text) {
        return Some("a date");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

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
    fn words_with_other_readings() {
        let reading = |text: &str, style| {
            other_reading(&Scalar {
                text: text.to_owned(),
                style,
                span: Span::default(),
            })
        };
        for text in [
            "yes",
            "No",
            "ON",
            "010",
            "0x1f",
            "0o17",
            "1_000",
            "12:30:45",
            "1:20",
            "+7",
            ".inf",
            "2026-11-21",
        ] {
            assert!(reading(text, Style::Plain).is_some(), "{text}");
            assert!(reading(text, Style::SingleQuoted).is_none(), "{text}");
        }
        for text in [
            "10",
            "-1.5",
            "true",
            "null",
            "a:b",
            "10.0.0.0/8",
            "12:30:75",
            "1:200",
            "fd00::1",
            "v1",
            "_",
            "0.1.2",
            "nope",
            "eks:a",
        ] {
            assert!(reading(text, Style::Plain).is_none(), "{text}");
        }
    }
}
