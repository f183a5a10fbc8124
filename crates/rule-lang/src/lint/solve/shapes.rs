//! What texts pass a test, as patterns: regular expressions that are held to the beginning or the end of a text say with
//! which texts that begins or ends.

use std::borrow::Cow;

use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Hir, Look};

use super::Budget;
use crate::program::Test;
use crate::text::{Open, Pattern, escaped};

/// Patterns of which every text that passes matches one.
pub(super) type Shape<'t> = Vec<Cow<'t, Pattern>>;

/// Longer expressions are not worth the time.
const LONGEST: usize = 256;
/// Nor are more patterns of one.
const MOST: usize = 64;
/// Steps that it takes to read an expression.
const READ: usize = 50;

/// The shapes of the texts that pass a test, each of which is true of all of them.
pub(super) fn of<'t>(test: &'t Test, budget: &Budget) -> Vec<Shape<'t>> {
    match test {
        // A number is equal to texts that do not look like it.
        Test::OneOf(literals)
            if budget.spend(literals.len())
                && literals.iter().all(|literal| literal.number.is_none()) =>
        {
            let patterns = literals.iter();
            let shape = patterns.map(|literal| Cow::Borrowed(&literal.pattern));
            vec![shape.collect()]
        }
        Test::Regex(regexes) => {
            let mut shapes = vec![Some(Vec::new()), Some(Vec::new())];
            for regex in regexes {
                let ends = if regex.pattern.len() <= LONGEST && budget.spend(READ) {
                    regex.hir().map(|hir| ends(&hir))
                } else {
                    None
                };
                let ends = ends.unwrap_or([None, None]);
                for (shape, more) in shapes.iter_mut().zip(ends) {
                    *shape = shape.take().zip(more).map(|(mut shape, more)| {
                        shape.extend(more.into_iter().map(Cow::Owned));
                        shape
                    });
                }
            }
            let is_short = |shape: &Shape<'_>| shape.len() <= MOST;
            shapes.into_iter().flatten().filter(is_short).collect()
        }
        _ => Vec::new(),
    }
}

/// What the texts in which an expression is found begin with, and what they end with, where that can be told.
fn ends(hir: &Hir) -> [Option<Vec<Pattern>>; 2] {
    let (starts, ends) = (
        hir.properties().look_set_prefix().contains(Look::Start),
        hir.properties().look_set_suffix().contains(Look::End),
    );
    [(starts, ExtractKind::Prefix), (ends, ExtractKind::Suffix)].map(|(is_held, kind)| {
        if !is_held {
            return None;
        }
        let is_prefix = matches!(kind, ExtractKind::Prefix);
        let found = Extractor::new().kind(kind).extract(hir);
        let literals = found.literals()?.iter();
        let patterns = literals.map(|literal| {
            let is_whole = literal.is_exact() && starts && ends;
            let open = Open {
                start: !is_prefix && !is_whole,
                end: is_prefix && !is_whole,
            };
            let text = std::str::from_utf8(literal.as_bytes()).ok()?;
            Some(Pattern::parse_open(&escaped(text), true, open))
        });
        patterns.collect()
    })
}
