//! Texts that a field never holds because of their form, or that are nearly one of those that it holds as a rule.

use audit_model::Form;

use super::names::{near, near_resource, parted};
use super::resources;
use crate::ast::Item;
use crate::diagnostic::{Code, Report, quoted};
use crate::program::Relation;
use crate::scalar::Scalar;
use crate::text::{Pattern, Token, plain_text};
use crate::values::open;

/// What to write in place of a value that has not the form of all texts of a field.
pub(super) fn of_form(
    form: &Form,
    value: &Scalar,
    cased: bool,
    relation: Relation,
) -> Option<String> {
    let hint = |help: String| match form.hint {
        Some(hint) => format!("{help}; {hint}"),
        None => help,
    };
    if form.queryless && has_query(&value.text) {
        return Some(hint("leave the query out".to_owned()));
    }
    let whole = (relation == Relation::Equals)
        .then(|| plain_text(&value.text))
        .flatten();
    if let Some(text) = whole {
        let normal = (form.normal)(&text);
        let is_same = text.eq_ignore_ascii_case(&normal);
        return (!is_same).then(|| hint(format!("write {}", quoted(&normal))));
    }
    let pattern = Pattern::parse_open(&value.text, cased, open(relation));
    let mut runs = vec![String::new()];
    for token in pattern.tokens() {
        match token {
            Token::Char(c) => {
                if let Some(run) = runs.last_mut() {
                    run.push(c);
                }
            }
            _ => runs.push(String::new()),
        }
    }
    let prefix = form.prefix.to_ascii_lowercase();
    let first = runs.first().map(|run| run.to_ascii_lowercase());
    // A text that is shorter than what they begin with may go on so.
    let begins = first.is_none_or(|first| first.starts_with(&prefix) || prefix.starts_with(&first));
    if !begins {
        return Some(hint(format!("it begins with {}", quoted(form.prefix))));
    }
    let lacks = |part: &&&str| {
        let part = part.to_ascii_lowercase();
        runs.iter()
            .any(|run| run.to_ascii_lowercase().contains(&part))
    };
    let found = form.lacks.iter().find(lacks)?;
    Some(hint(format!("no text of it has {}", quoted(found))))
}

/// `?watch=true`: the question mark is a wildcard, and was meant as the beginning of a query.
fn has_query(text: &str) -> bool {
    let mut parts = text.split('?');
    let ends_escaped = parts.next().is_some_and(|path| path.ends_with('\\'));
    parts.next().is_some_and(|query| {
        let name = query.split_once('=').map(|(name, _)| name);
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !ends_escaped && name.is_some_and(|name| !name.is_empty() && name.chars().all(is_name))
    })
}

/// The one of the usual words that was meant by a text that is nearly one.
pub(super) fn usual(text: &str, words: &[&'static str], cased: bool) -> Option<&'static str> {
    let is_one = |word: &&&str| {
        if cased {
            **word == text
        } else {
            word.eq_ignore_ascii_case(text)
        }
    };
    if words.iter().any(|word| is_one(&word)) {
        return None;
    }
    let letters = |text: &str| -> String {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_ascii_lowercase()
    };
    let wanted = letters(text);
    let mut same = words.iter().filter(|word| letters(word) == wanted);
    same.next()
        .copied()
        .or_else(|| near(text, words.iter().copied()))
}

/// Verbs of roles beside those of most resources. Others are custom, so that only what is nearly one of these is a mistake.
const OTHER_VERBS: &[&str] = &[
    "post",
    "put",
    "head",
    "options",
    "proxy",
    "approve",
    "attest",
    "bind",
    "escalate",
    "impersonate",
    "sign",
    "use",
];

/// `rbac.rules.verbs: read`.
pub(super) fn role_verb(item: &Item, value: &Scalar, report: &mut Report) {
    let text = &value.text;
    let help = match text.to_ascii_lowercase().as_str() {
        "read" => Some("the verbs that read are `get`, `list` and `watch`".to_owned()),
        "write" => {
            Some("the verbs that write are `create`, `update`, `patch` and `delete`".to_owned())
        }
        _ => {
            let verbs = [resources::ALL, OTHER_VERBS].concat();
            usual(text, &verbs, item.chain.cased)
                .map(|near| format!("did you mean {}?", quoted(near)))
        }
    };
    if let Some(help) = help {
        report
            .add(
                Code::UnknownVerb,
                value.span,
                format!("no role has the verb {}", quoted(text)),
            )
            .set_help(help);
    }
}

/// `rbac.rules.resources: pod`.
pub(super) fn role_resource(value: &Scalar, report: &mut Report) {
    let (name, rest) = match value.text.split_once('/') {
        Some((name, rest)) => (name, format!("/{rest}")),
        None => (value.text.as_str(), String::new()),
    };
    if resources::find(name).is_some() {
        return;
    }
    if let Some((resource, group)) = parted(name) {
        report
            .add(
                Code::GroupInResource,
                value.span,
                format!("no resource has a dot in its name, as {} has", quoted(name)),
            )
            .set_help(format!(
                "write `resources: {resource}{rest}` and `apiGroups: {group}`"
            ));
        return;
    }
    if let Some(meant) = resources::meant(name) {
        report
            .add(
                Code::ResourceSingular,
                value.span,
                format!("no role names the resource {}", quoted(name)),
            )
            .set_help(format!(
                "resources are named in the plural: `{}{rest}`",
                meant.plural
            ));
        return;
    }
    if let Some(meant) = near_resource(name) {
        report
            .add(
                Code::UnknownResource,
                value.span,
                format!("Kubernetes has no resource {}", quoted(name)),
            )
            .set_help(format!(
                "did you mean {}? that of a custom resource is meant with `lint: {{allow: [unknown-resource]}}`",
                quoted(&format!("{meant}{rest}"))
            ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_nearly_usual() {
        const WORDS: &[&str] = &["client auth", "server auth", "Always", "Never"];
        for (text, expected) in [
            ("clientauth", Some("client auth")),
            ("client-auth", Some("client auth")),
            ("allways", Some("Always")),
            ("always", None),
            ("sometimes", None),
        ] {
            assert_eq!(usual(text, WORDS, false), expected, "{text}");
        }
        assert_eq!(usual("always", WORDS, true), Some("Always"));
    }

    #[test]
    fn queries_are_no_wildcards() {
        assert!(has_query("/api/v1/pods?watch=true"));
        for text in ["/api/v?/pods", r"/api\?a=b", "/a?/b=c", "/api?"] {
            assert!(!has_query(text), "{text}");
        }
    }
}
