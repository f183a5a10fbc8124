//! Lints about names of fields: members of objects that the Kubernetes API does not have.

use audit_model::{Field, Path};

use super::never;
use crate::api::{IMAGE_PARTS, Nowhere, Of, Type, Value};
use crate::ast::{Item, Name};
use crate::diagnostic::{Code, Report, quoted};
use crate::metadata::listed as words;
use crate::resolve;
use crate::scalar::Scalar;

/// A path below a field of the vocabulary that leads nowhere.
pub(crate) fn of_event(name: &Name, field: &Field, report: &mut Report) {
    if let Err(nowhere) = Value::of_field(field) {
        tell(name, nowhere, report);
    }
}

/// A name in `fields` that no event has. It keeps no rule from being used: nothing is asked of it.
pub(crate) fn listed(name: &Scalar, report: &mut Report) {
    if report.is_full() {
        return;
    }
    let as_name = Name {
        text: name.text.clone(),
        span: name.span,
    };
    if let Some(field) = resolve::known(&name.text) {
        return of_event(&as_name, &field, report);
    }
    let near = match resolve::suggestions(&name.text).as_slice() {
        [] => None,
        [near, ..] => Some(format!("did you mean {}?", quoted(near))),
    };
    report
        .add(
            Code::NoSuchField,
            name.span,
            format!("{}: no audit event has this field", quoted(&name.text)),
        )
        .set_help(near.unwrap_or_else(|| "docs/fields.md lists the fields".to_owned()));
}

/// A path in a member of a list that leads nowhere; `None` when that is an error.
pub(crate) fn of_member(
    name: &Name,
    of: &'static Type,
    path: &Path,
    report: &mut Report,
) -> Option<()> {
    let Err(nowhere) = Value::of_member(of, path) else {
        return Some(());
    };
    let of_event = resolve::known(&name.text);
    if of_event.is_some() && meant(name, nowhere, report).is_none() {
        let help = format!(
            "names in a block are paths in the member: {} of the event stands beside the block",
            quoted(&name.text)
        );
        tell_with(name, nowhere, help, report);
    } else {
        tell(name, nowhere, report);
    }
    (!matches!(nowhere.of, Of::Image)).then_some(())
}

/// A block over what the API has as a single text, number or truth value.
pub(crate) fn no_members(name: &Name, report: &mut Report) {
    report
        .add(
            Code::NeverMatches,
            name.span,
            format!(
                "{} is neither a list nor a map, so it has no members",
                if name.text == "." {
                    "a member of this list".to_owned()
                } else {
                    quoted(&name.text)
                }
            ),
        )
        .set_help("leave its brackets out");
}

/// A field whose values a correlation computes with, and that has no numbers in any of the rules.
pub(crate) fn no_numbers<'f>(
    name: &Name,
    mut fields: impl ExactSizeIterator<Item = Option<&'f Field>>,
    report: &mut Report,
) {
    if fields.len() == 0 || !fields.all(|field| field.is_some_and(never::is_no_number)) {
        return;
    }
    report
        .add(
            Code::NeverMatches,
            name.span,
            format!("{} is never a number to compute with", quoted(&name.text)),
        )
        .set_help("to count its values write `type: value_count`");
}

/// A member that is an object, compared with values: often keywords that strayed into a block.
pub(crate) fn whole_member(item: &Item, report: &mut Report) -> Option<()> {
    if item.name.text != "." {
        return Some(());
    }
    if super::asks_presence(item) {
        let mut values = item.values.iter();
        if let Some(null) = values
            .find(|value| value.is_null())
            .filter(|_| !item.chain.neq)
        {
            report
                .add(
                    Code::NeverMatches,
                    null.span,
                    "a member of this list is an object, so it is never `null`",
                )
                .set_help(
                    "that there are no members is a selection under `not`, with the value `'*'`",
                );
        }
        return Some(());
    }
    report
        .add(
            Code::KeywordInBlock,
            item.values.first().map_or(item.name.span, |value| value.span),
            "a member of this list is an object, so it is never a text, and a keyword cannot stand in a block",
        )
        .set_help("name a field of the member, or seek the keyword in a selection of its own");
    None
}

pub(super) fn tell(name: &Name, nowhere: Nowhere<'_>, report: &mut Report) {
    let help = meant(name, nowhere, report).unwrap_or_else(|| unknown_help(nowhere));
    tell_with(name, nowhere, help, report);
}

/// What to know of a step that leads nowhere and is near to nothing.
pub(super) fn unknown_help(nowhere: Nowhere<'_>) -> String {
    match nowhere.of {
        Of::Image => format!("its parts are {}", words(IMAGE_PARTS)),
        _ => "a field that is newer than this library is used all the same, and `lint: {allow: [no-such-field]}` says that it is meant".to_owned(),
    }
}

/// What was meant by a step that leads nowhere, when that can be told.
pub(super) fn meant(name: &Name, nowhere: Nowhere<'_>, report: &mut Report) -> Option<String> {
    let key = nowhere.key;
    if nowhere.in_list && key.bytes().all(|byte| byte.is_ascii_digit()) {
        let index = format!(".{key}");
        let meant = name.text.replacen(&index, &format!("[{key}]"), 1);
        return Some(format!(
            "one member of a list is {}; without a number any member counts",
            quoted(&meant)
        ));
    }
    let names: Vec<&str> = match nowhere.of {
        Of::Object(of) | Of::Partly(of) => of.names().collect(),
        Of::Image => IMAGE_PARTS.to_vec(),
        _ => Vec::new(),
    };
    let near = report.nearest(key, names)?;
    Some(format!(
        "did you mean {}?",
        quoted(&replaced(&name.text, key, near))
    ))
}

pub(super) fn tell_with(name: &Name, nowhere: Nowhere<'_>, help: String, report: &mut Report) {
    let who = match nowhere.of {
        Of::Object(of) | Of::Partly(of) => {
            format!("{} has {}", quoted(of.name), quoted(nowhere.key))
        }
        _ => String::new(),
    };
    tell_of(name, nowhere, &who, help, report);
}

/// The same, with who it is that does not have what.
pub(super) fn tell_of(
    name: &Name,
    Nowhere { key, of, .. }: Nowhere<'_>,
    who: &str,
    help: String,
    report: &mut Report,
) {
    let (whole, part) = (quoted(&name.text), quoted(key));
    let (code, message) = match of {
        Of::Object(_) | Of::Partly(_) => (
            Code::NoSuchField,
            format!("{whole}: in the Kubernetes API no {who}"),
        ),
        // The parts of an image are ours, so there are no newer ones.
        Of::Image => (Code::UnknownField, format!("{whole}: no image has {part}")),
        _ => (
            Code::NoSuchField,
            format!("{whole}: what stands before {part} is no object"),
        ),
    };
    report.add(code, name.span, message).set_help(help);
}

/// A dotted name with one of its parts changed for another.
pub(super) fn replaced(name: &str, part: &str, by: &str) -> String {
    let mut parts: Vec<&str> = name.split('.').collect();
    let is = |found: &&str| {
        *found == part
            || found
                .strip_prefix(part)
                .is_some_and(|rest| rest.starts_with('['))
    };
    let Some(found) = parts.iter().position(is) else {
        return by.to_owned();
    };
    let rest = parts.get(found).and_then(|found| found.get(part.len()..));
    let new = format!("{by}{}", rest.unwrap_or_default());
    if let Some(slot) = parts.get_mut(found) {
        *slot = &new;
    }
    parts.join(".")
}
