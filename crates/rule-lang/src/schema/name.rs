//! Regular expressions for field names, in the dialect of ECMAScript that schemas have.

use audit_model::{FIELDS, Shape};

use crate::name::QUANTIFIERS;
use crate::{modifier, resolve};

/// A sign of a name that is not in brackets. A bar begins modifiers, and a backslash takes the meaning of what follows.
const SIGN: &str = r"(?:[^|\[\]\\]|\\.)";

/// Any modifiers.
pub(super) fn modifiers() -> String {
    let names: Vec<&str> = modifier::names().collect();
    format!(r"(?:\|(?:{}))*", names.join("|"))
}

fn quantifiers() -> String {
    QUANTIFIERS.join("|")
}

/// What stands in brackets.
fn bracket() -> String {
    format!(r#"\[(?:{}|-?[0-9]+|"[^"]*")\]"#, quantifiers())
}

/// A path in a member of a list.
pub(super) fn member() -> String {
    format!("(?:{SIGN}|{})+", bracket())
}

/// The name of a field, with what is below it where anything is.
pub(super) fn field() -> String {
    let names = |shapes: &[Shape]| {
        let found = FIELDS.iter().filter(|info| shapes.contains(&info.shape));
        let names: Vec<String> = found.map(|info| literal(info.name)).collect();
        names.join("|")
    };
    let short: Vec<&str> = resolve::SHORT_NAMES
        .iter()
        .map(|(short, _)| *short)
        .collect();
    let closed = names(&[Shape::Text, Shape::Number, Shape::Bool, Shape::Struct]);
    let list = names(&[Shape::List]);
    let open = names(&[Shape::Map, Shape::Object, Shape::Objects]);
    let (short, bracket) = (short.join("|"), bracket());
    format!(
        r"(?:{closed}|(?:{list})(?:{bracket})*|(?:{open}|{short})(?:(?=[.\[])(?:{SIGN}|{bracket})*)?)"
    )
}

/// Looks ahead for a quantifier at the end, behind which stands a block.
pub(super) fn block() -> String {
    format!(r"(?=.*\[(?:{})\]$)", quantifiers())
}

/// Looks ahead for brackets that mean something.
pub(super) fn brackets() -> String {
    r"^(?:[^\[\\]|\\.)*\[".to_owned()
}

/// A text as an expression for it.
pub(super) fn literal(text: &str) -> String {
    text.replace('.', r"\.")
}

/// An expression for what is one slip away from a key, and is no other key.
pub(super) fn slip(key: &str, keys: &[&str]) -> String {
    let chars: Vec<char> = key.chars().collect();
    let part = |range: &[char]| range.iter().collect::<String>();
    let mut slips = vec![format!("{key}.")];
    for (at, sign) in chars.iter().enumerate() {
        let (before, rest) = chars.split_at(at);
        let (before, after) = (part(before), part(rest.get(1..).unwrap_or_default()));
        // Another letter or none, and one too many.
        slips.push(format!("{before}.?{after}"));
        slips.push(format!("{before}.{sign}{after}"));
        if let [_, second, rest @ ..] = rest {
            slips.push(format!("{before}{second}{sign}{}", part(rest)));
        }
    }
    let near = keys
        .iter()
        .filter(|other| strsim::damerau_levenshtein(other, key) <= 1);
    let near: Vec<&str> = near.copied().collect();
    format!("^(?!(?:{})$)(?:{})$", near.join("|"), slips.join("|"))
}
