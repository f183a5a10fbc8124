//! Messages with holes: `{user.username} read {ref}`.

use crate::ast::Name;
use crate::diagnostic::{Code, Report};
use crate::resolve::field;
use crate::rule::{Message, MessagePart};
use crate::scalar::Scalar;

/// A part of a message whose holes stand for something.
pub(crate) enum Piece<T> {
    Text(String),
    Hole(T),
}

/// Reads the message of a rule, whose holes are fields. `None` when something was reported.
pub(crate) fn read(scalar: &Scalar, file: &str, report: &mut Report) -> Option<Message> {
    let pieces = pieces(scalar, file, report, &mut |name, report| {
        field(name, report)
    })?;
    let parts = pieces.into_iter().map(|piece| match piece {
        Piece::Text(text) => MessagePart::Text(text),
        Piece::Hole(field) => MessagePart::Hole(field),
    });
    Some(Message {
        parts: parts.collect(),
    })
}

/// Reads a message; `{{` and `}}` are single braces, and what a hole stands for is looked up by `resolve`, which reports
/// what it does not know. `None` when something was reported.
pub(crate) fn pieces<T>(
    scalar: &Scalar,
    file: &str,
    report: &mut Report,
    resolve: &mut dyn FnMut(&Name, &mut Report) -> Option<T>,
) -> Option<Vec<Piece<T>>> {
    let text = &scalar.text;
    let places = scalar.places(file);
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut good = true;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(['{', '}'])) {
        let brace = at + found;
        plain.push_str(text.get(at..brace).unwrap_or_default());
        let rest = text.get(brace..).unwrap_or_default();
        at = brace + 1;
        if rest.starts_with("{{") || rest.starts_with("}}") {
            plain.extend(rest.chars().next());
            at += 1;
            continue;
        }
        let end = rest.find('}').filter(|_| rest.starts_with('{'));
        let Some(end) = end else {
            let what = if rest.starts_with('{') {
                "this `{` is not closed"
            } else {
                "this `}` closes nothing"
            };
            report
                .add(Code::BadMessage, places.locate(brace..brace + 1), what)
                .set_help("a brace itself is written twice");
            return None;
        };
        at = brace + end + 1;
        if !plain.is_empty() {
            parts.push(Piece::Text(std::mem::take(&mut plain)));
        }
        let inside = brace + 1..brace + end;
        let name = text.get(inside.clone()).unwrap_or_default();
        if name.trim().is_empty() {
            report.add(
                Code::BadMessage,
                places.locate(brace..at),
                "a hole names a field, and this is empty",
            );
            good = false;
            continue;
        }
        let name = Name {
            text: name.to_owned(),
            span: places.locate(inside),
        };
        match resolve(&name, report) {
            Some(hole) => parts.push(Piece::Hole(hole)),
            None => good = false,
        }
        if report.is_full() {
            return None;
        }
    }
    plain.push_str(text.get(at..).unwrap_or_default());
    if !plain.is_empty() {
        parts.push(Piece::Text(plain));
    }
    good.then_some(parts)
}
