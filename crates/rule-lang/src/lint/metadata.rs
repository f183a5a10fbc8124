//! Lints about what a document says of itself.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::attack;
use crate::diagnostic::{Code, DiagnosticKind, Report, quoted};
use crate::metadata::{is_uuid, listed};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::suggest::{did_you_mean, nearest};
use crate::time;
use crate::yaml::Node;

/// Tactics of ATT&CK as tags name them. Version 19 renamed defense evasion and took defense impairment out of it.
const TACTICS: [&str; 16] = [
    "collection",
    "command-and-control",
    "credential-access",
    "defense-evasion",
    "defense-impairment",
    "discovery",
    "execution",
    "exfiltration",
    "impact",
    "initial-access",
    "lateral-movement",
    "persistence",
    "privilege-escalation",
    "reconnaissance",
    "resource-development",
    "stealth",
];

/// A tag of ATT&CK that is none.
pub(crate) fn attack_tag(tag: &Scalar, report: &mut Report) {
    let Some(name) = tag.text.strip_prefix("attack.") else {
        return;
    };
    if let Some(message) = attack::unknown(name).filter(|_| is_attack_id(name)) {
        report
            .add(Code::UnknownAttackTag, tag.span, message)
            .set_help("the table is of version 18.1; of a later number, `lint: {allow: [unknown-attack-tag]}` says that it is meant");
        return;
    }
    if TACTICS.contains(&name) || is_attack_id(name) {
        return;
    }
    let dashed = name.replace('_', "-");
    let help = match nearest(&dashed, TACTICS) {
        Some("defense-evasion") => {
            "did you mean `attack.defense-evasion`? version 19 calls it `attack.stealth`, and `attack.defense-impairment` where defenses are broken".to_owned()
        }
        Some(near) => format!("did you mean `attack.{near}`?"),
        None => "write a technique such as `attack.t1552.007`, or a tactic such as `attack.credential-access`".to_owned(),
    };
    report
        .add(
            Code::UnknownAttackTag,
            tag.span,
            format!(
                "{} is neither a technique nor a tactic of ATT&CK",
                quoted(&tag.text)
            ),
        )
        .set_help(help);
}

/// `t1552`, `t1552.007`, and the ids of tactics, groups, software, campaigns, mitigations and data sources.
fn is_attack_id(name: &str) -> bool {
    let is_number =
        |text: &str, n| text.len() == n && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(technique) = name.strip_prefix('t')
        && let Some((technique, part)) = technique.split_once('.')
    {
        return is_number(technique, 4) && is_number(part, 3);
    }
    ["ta", "t", "g", "s", "c", "m", "ds"]
        .into_iter()
        .filter_map(|prefix| name.strip_prefix(prefix))
        .any(|number| is_number(number, 4))
}

/// A tag that stands twice.
pub(crate) fn repeated_tags(tags: &[&Scalar], report: &mut Report) {
    let mut first: HashMap<&str, Span> = HashMap::new();
    for tag in tags {
        if report.is_full() {
            return;
        }
        match first.entry(&tag.text) {
            Entry::Occupied(known) => {
                let message = format!("the tag {} stands twice", quoted(&tag.text));
                let found = report.add(Code::BadTag, tag.span, message);
                found.set_related(*known.get());
                found.set_help("take one of the two out");
            }
            Entry::Vacant(free) => {
                free.insert(tag.span);
            }
        }
    }
}

/// The UUID of nothing.
pub(crate) fn nil_id(id: &Scalar, report: &mut Report) {
    if is_uuid(&id.text) && id.text.bytes().all(|byte| matches!(byte, b'0' | b'-')) {
        report
            .add(Code::BadId, id.span, "the nil UUID stands for no document")
            .set_help("make a new one, as `uuidgen` does");
    }
}

/// An entry of `related` that does not say what is related and how.
pub(crate) fn related(items: &[Node], report: &mut Report) {
    const TYPES: [&str; 6] = [
        "correlation",
        "derived",
        "merged",
        "obsolete",
        "renamed",
        "similar",
    ];
    for item in items {
        if report.is_full() || item.is_refused() {
            return;
        }
        let value = |key| item.get(key).and_then(|entry| entry.value.scalar());
        let (id, kind) = (value("id"), value("type"));
        let help = format!("each has an `id` and a `type`, one of {}", listed(&TYPES));
        let (span, message) = match (id, kind) {
            (Some(id), _) if !is_uuid(&id.text) => (
                id.span,
                format!("the id {} is not a UUID", quoted(&id.text)),
            ),
            (_, Some(kind)) if !TYPES.contains(&kind.text.as_str()) => (
                kind.span,
                format!("rules are never related as {}", quoted(&kind.text)),
            ),
            (Some(_), Some(_)) => continue,
            _ => (
                item.span,
                format!(
                    "this does not say {}",
                    if id.is_none() {
                        "what is related"
                    } else {
                        "how it is related"
                    }
                ),
            ),
        };
        report.add(Code::BadRelated, span, message).set_help(help);
    }
}

/// A kind of warning that a document silences.
pub(crate) fn allow(slug: &Scalar, document: Span, report: &mut Report) {
    let found = Code::ALL.iter().find(|code| code.slug() == slug.text);
    match found {
        _ if report.is_full() => {}
        Some(code) if code.can_be_silenced() => {
            report.allow(*code, document, slug.span);
        }
        Some(_) => {
            report.add(
                Code::UnknownLint,
                slug.span,
                format!("{} cannot be silenced", quoted(&slug.text)),
            );
        }
        None => {
            let slugs = DiagnosticKind::LINTS.iter().map(DiagnosticKind::slug);
            let near = nearest(&slug.text, slugs);
            // That one is not told: the author has seen it, most likely.
            let meant = Code::ALL.iter().find(|code| Some(code.slug()) == near);
            if let Some(code) = meant.filter(|code| code.can_be_silenced()) {
                report.allow(*code, document, slug.span);
            }
            let help = near.map(|near| format!("did you mean {}?", quoted(near)));
            report.add_with_help(
                Code::UnknownLint,
                slug.span,
                format!("there is no lint {}", quoted(&slug.text)),
                help.or_else(|| Some("docs/lints.md lists them".to_owned())),
            );
        }
    }
}

/// A date that is none, or a change before the beginning.
pub(crate) fn dates(date: Option<&Scalar>, modified: Option<&Scalar>, report: &mut Report) {
    for scalar in [date, modified].into_iter().flatten() {
        if time::is_day(&scalar.text) {
            continue;
        }
        let dashed = scalar.text.replace('/', "-");
        let help = if time::is_day(&dashed) {
            format!("write `{dashed}`")
        } else {
            "days are written like `2026-11-21`".to_owned()
        };
        report
            .add(
                Code::BadDate,
                scalar.span,
                format!("{} is no day", quoted(&scalar.text)),
            )
            .set_help(help);
    }
    if let (Some(date), Some(modified)) = (date, modified)
        && time::is_day(&date.text)
        && time::is_day(&modified.text)
        && modified.text < date.text
    {
        let message = format!("it was modified before {}, its date", quoted(&date.text));
        report.add(Code::BadDate, modified.span, message);
    }
}

/// A rule that calls itself ready and lacks what others need to work with it.
pub(crate) fn ready(status: &Scalar, has: impl Fn(&str) -> bool, report: &mut Report) {
    if !matches!(status.text.as_str(), "stable" | "test") {
        return;
    }
    let missing: Vec<&str> = ["id", "description", "level"]
        .into_iter()
        .filter(|key| !has(key))
        .collect();
    if missing.is_empty() {
        return;
    }
    report
        .add(
            Code::MissingMetadata,
            status.span,
            format!(
                "a rule whose status is {} has {} too",
                quoted(&status.text),
                listed(&missing)
            ),
        )
        .set_help("add what is missing, or call the rule `experimental`");
}

/// A value that is no verb of an event.
pub(super) fn verb(
    name: &str,
    value: &str,
    verbs: &[&'static str],
    span: Span,
    report: &mut Report,
) {
    let known = super::requests::NO_VERBS
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(value));
    let help = known.map_or_else(
        || {
            did_you_mean(value, verbs.iter().copied())
                .unwrap_or_else(|| format!("it is one of {}", listed(verbs)))
        },
        |(_, help)| (*help).to_owned(),
    );
    report
        .add(
            Code::UnknownVerb,
            span,
            format!("{} is never {}", quoted(name), quoted(value)),
        )
        .set_help(help);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_attack() {
        for name in [
            "t1610",
            "t1552.007",
            "ta0005",
            "g0139",
            "s0601",
            "m1036",
            "ds0017",
        ] {
            assert!(is_attack_id(name), "{name}");
        }
        for name in [
            "t161", "t16100", "t1552.07", "t1552.", "x1610", "tactic", "t",
        ] {
            assert!(!is_attack_id(name), "{name}");
        }
    }
}
