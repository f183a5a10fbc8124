//! Named lists of values that rules refer to by `%name%`.

use std::collections::BTreeMap;

use audit_model::Network;

use crate::ast::Name;
use crate::diagnostic::{Code, Report, quoted};
use crate::limits;
use crate::scalar::{Scalar, Style};

/// The list of proxies before the API server that are trusted to say whom they speak for: `client.ip` is read by it.
pub(crate) const TRUSTED_PROXIES: &str = "trusted_proxies";

/// One list of a `placeholders` document.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) name: String,
    pub(crate) values: Vec<Scalar>,
    /// Whether it takes the place of lists that do not say so.
    pub(crate) replace: bool,
}

/// All lists of a set, joined by name.
#[derive(Debug, Default)]
pub(crate) struct Placeholders {
    lists: BTreeMap<String, Joined>,
}

#[derive(Debug, Default)]
struct Joined {
    values: Vec<Scalar>,
    replaced: bool,
}

impl Placeholders {
    /// Adds a list. The order in which lists are added does not matter to what they hold.
    pub(crate) fn add(&mut self, list: List) {
        let joined = self.lists.entry(list.name).or_default();
        if list.replace && !joined.replaced {
            joined.values.clear();
            joined.replaced = true;
        }
        if list.replace == joined.replaced {
            joined.values.extend(list.values);
        }
    }

    /// The networks of trusted proxies. What is none was reported where it stands.
    pub(crate) fn trusted_proxies(&self) -> Vec<Network> {
        let values = self.get(TRUSTED_PROXIES).unwrap_or_default().iter();
        values.filter_map(|value| value.text.parse().ok()).collect()
    }

    fn get(&self, name: &str) -> Option<&[Scalar]> {
        self.lists.get(name).map(|joined| joined.values.as_slice())
    }

    /// Puts in the place of a value what its placeholders stand for: every combination, where it has several.
    ///
    /// `None` when something was reported. Names of lists that are empty are added to `empty`.
    pub(crate) fn expand(
        &self,
        value: &Scalar,
        file: &str,
        report: &mut Report,
        empty: &mut Vec<String>,
    ) -> Option<Vec<Scalar>> {
        let parts = parts(&value.text);
        if !parts
            .iter()
            .any(|part| matches!(part, Part::Placeholder(_)))
        {
            report
                .add(
                    Code::NoPlaceholder,
                    value.span,
                    format!("{} names no placeholder to expand", quoted(&value.text)),
                )
                .set_help("a placeholder is a name between percent signs: `%admins%`");
            return None;
        }
        // Alone it keeps the numbers of its list.
        let alone = parts.len() == 1;
        let mut expanded = vec![String::new()];
        let mut numbers = None;
        for part in parts {
            let range = match part {
                Part::Text(text) => {
                    for value in &mut expanded {
                        value.push_str(text);
                    }
                    continue;
                }
                Part::Placeholder(range) => range,
            };
            let name = Name {
                text: value.text.get(range.clone()).unwrap_or_default().to_owned(),
                span: value.locate(file, range.start - 1..range.end + 1),
            };
            let list = self.find(&name, report)?;
            if list.is_empty() {
                empty.push(name.text);
            }
            let (n, limit) = (expanded.len().saturating_mul(list.len()), limits::VALUES);
            if n > limit {
                let message =
                    format!("the placeholders expand to {n} values and the limit is {limit}");
                report.add(Code::TooManyValues, value.span, message);
                return None;
            }
            if alone {
                numbers = Some(list);
            }
            expanded = expanded
                .iter()
                .flat_map(|before| {
                    list.iter()
                        .map(move |value| format!("{before}{}", value.text))
                })
                .collect();
        }
        let at = |text, style| Scalar {
            text,
            style,
            span: value.span,
        };
        Some(match numbers {
            Some(list) => list
                .iter()
                .map(|value| at(value.text.clone(), value.style))
                .collect(),
            None => expanded
                .into_iter()
                .map(|text| at(text, Style::SingleQuoted))
                .collect(),
        })
    }

    fn find(&self, name: &Name, report: &mut Report) -> Option<&[Scalar]> {
        let list = self.get(&name.text);
        if list.is_none() {
            let help = report
                .did_you_mean(&name.text, self.lists.keys().map(String::as_str))
                .unwrap_or_else(|| {
                    format!(
                        "add a document `placeholders: {{{}: [value, …]}}` to the set",
                        name.text
                    )
                });
            report
                .add(
                    Code::UnknownPlaceholder,
                    name.span,
                    format!(
                        "no document of the set defines the placeholder {}",
                        quoted(&name.text)
                    ),
                )
                .set_help(help);
        }
        list
    }
}

enum Part<'a> {
    Text(&'a str),
    /// Where the name stands, between the percent signs.
    Placeholder(std::ops::Range<usize>),
}

/// Cuts a value at its placeholders. A percent sign that opens no name is text.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut from = 0;
    while let Some(open) = text.get(from..).and_then(|rest| rest.find('%')) {
        let open = from + open;
        let rest = text.get(open + 1..).unwrap_or_default();
        let length = rest.bytes().take_while(|byte| is_name(*byte)).count();
        let close = open + 1 + length;
        if length == 0 || !text.get(close..).is_some_and(|rest| rest.starts_with('%')) {
            from = open + 1;
            continue;
        }
        if start < open {
            parts.push(Part::Text(text.get(start..open).unwrap_or_default()));
        }
        parts.push(Part::Placeholder(open + 1..close));
        start = close + 1;
        from = start;
    }
    if start < text.len() {
        parts.push(Part::Text(text.get(start..).unwrap_or_default()));
    }
    parts
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Whether a name can be written between percent signs.
pub(crate) fn is_placeholder_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_name)
}

/// Whether a value is nothing but a placeholder.
pub(crate) fn is_placeholder(text: &str) -> bool {
    matches!(parts(text).as_slice(), [Part::Placeholder(_)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        parts(text)
            .into_iter()
            .map(|part| match part {
                Part::Text(text) => text.to_owned(),
                Part::Placeholder(range) => format!("<{}>", text.get(range).unwrap()),
            })
            .collect()
    }

    #[test]
    fn cuts_at_placeholders() {
        assert_eq!(shown("%a%"), ["<a>"]);
        assert_eq!(shown("x-%a%/%b-c%*"), ["x-", "<a>", "/", "<b-c>", "*"]);
        assert_eq!(shown("100% %a%"), ["100% ", "<a>"]);
        assert_eq!(shown("%%a%"), ["%", "<a>"]);
        assert_eq!(shown("50%"), ["50%"]);
        assert!(is_placeholder("%a%") && !is_placeholder("a%b%"));
    }
}
