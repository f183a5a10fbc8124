//! What a test asks, in words and as the author wrote it.

use std::fmt::Display;

use crate::diagnostic::quoted;
use crate::lint::solve::{Atom, What};
use crate::modifier::How;
use crate::program::{Comparison, Literal, Quantifier, Relation, Test, TimeTest};
use crate::text::Pattern;
use crate::values::open;

/// Values that are shown.
const SHOWN: usize = 4;
/// Values among which one that is shown is looked for.
const SOUGHT: usize = 256;

pub(super) fn name(atom: &Atom<'_>) -> String {
    if atom.name.is_empty() {
        "the keywords".to_owned()
    } else {
        quoted(atom.name)
    }
}

/// What is asked of an atom, in short.
pub(in crate::lint) fn describe(atom: &Atom<'_>, want: bool) -> String {
    let name = name(atom);
    let not = if want { "" } else { "not " };
    match atom.what {
        What::Test(test) => of_test(atom, test, want),
        What::Block(Quantifier::Any, _) => format!("{not}some member of {name} passes its block"),
        What::Block(..) => format!("{not}every member of {name} passes its block"),
        What::Opaque => format!("{name} is {not}in its list"),
    }
}

fn of_test(atom: &Atom<'_>, test: &Test, want: bool) -> String {
    let name = name(atom);
    let is = if want { "is" } else { "is not" };
    let either = |does: &'static str, does_not: &'static str| if want { does } else { does_not };
    match test {
        Test::OneOf(literals) => {
            let values = any_of(literals, |literal| {
                as_written(atom, literal).unwrap_or_else(|| literal.pattern.to_string())
            });
            format!("{name} {is} {values}")
        }
        Test::Exists | Test::Present if want => format!("{name} is there"),
        Test::Exists => format!("{name} is missing"),
        Test::Present => format!("{name} has no value"),
        Test::Compare(comparison, number) => {
            format!("{name} {is} {}", compared(*comparison, number))
        }
        Test::Regex(regexes) => format!(
            "{name} {} {}",
            either("matches", "does not match"),
            any_of(regexes, |regex| regex.pattern.clone())
        ),
        Test::Cidr(networks) => format!("{name} {is} in {}", any_of(networks, ToString::to_string)),
        Test::FieldRef {
            relation, field, ..
        } => {
            let relates = match relation {
                Relation::Equals => either("is what", "is not what"),
                Relation::Contains => either("contains what", "does not contain what"),
                Relation::StartsWith => either("begins with what", "does not begin with what"),
                Relation::EndsWith => either("ends with what", "does not end with what"),
            };
            format!("{name} {relates} {} is", quoted(&field.to_string()))
        }
        Test::Time(part, TimeTest::OneOf(numbers)) => {
            let numbers = any_of(numbers, ToString::to_string);
            format!("the {part} of {name} {is} {numbers}")
        }
        Test::Time(part, TimeTest::Compare(comparison, number)) => {
            let compared = compared(*comparison, number);
            format!("the {part} of {name} {is} {compared}")
        }
    }
}

fn compared(comparison: Comparison, number: &impl Display) -> String {
    let how = match comparison {
        Comparison::Lt => "less than",
        Comparison::Lte => "at most",
        Comparison::Gt => "more than",
        Comparison::Gte => "at least",
    };
    format!("{how} {}", quoted(&number.to_string()))
}

/// The first of some values, joined.
fn any_of<T>(values: &[T], text: impl Fn(&T) -> String) -> String {
    let shown = values.iter().take(SHOWN).map(|value| quoted(&text(value)));
    let shown: Vec<String> = shown.collect();
    let more = if values.len() > SHOWN {
        " or another"
    } else {
        ""
    };
    format!("{}{more}", shown.join(" or "))
}

/// A value that is compared without its case, with the case in which it was written.
fn as_written(atom: &Atom<'_>, literal: &Literal) -> Option<String> {
    let How::Text(relation) = atom.chain.how else {
        return None;
    };
    let values = atom.values.iter().take(SOUGHT);
    let mut values = values.map(|value| value.text.as_str());
    let read = |text, cased| Pattern::parse_open(text, cased, open(relation));
    let written = values.find(|text| read(text, literal.pattern.is_cased()) == literal.pattern)?;
    Some(read(written, true).to_string())
}
