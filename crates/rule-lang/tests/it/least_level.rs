//! The least audit level at which a rule can match, as it follows from what the rule reads.

use std::collections::BTreeMap;

use rule_lang::{AuditLevel, Compiler};

use crate::shipped;

fn level(head: &str, detection: &str) -> AuditLevel {
    let mut set = Compiler::new();
    let text = format!(
        "title: t\n{head}\nsigma-version: 3\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n{detection}\n"
    );
    set.add("rule.yaml", &text);
    let compiled = set.finish();
    assert_eq!(compiled.rules.len(), 1, "{}", compiled.render(false));
    compiled.rules[0].least_level()
}

#[test]
fn by_fields() {
    use AuditLevel::{Metadata, Request, RequestResponse};
    for (item, expected) in [
        ("{verb: get, exec.program: sh, annotations.x: y}", Metadata),
        (
            "{name: x, outcome: success, credential.issued: y}",
            Metadata,
        ),
        ("{object.spec.type: NodePort}", Request),
        ("{patch.metadata.labels.x: null}", Metadata),
        ("{patch.metadata.labels.x: y}", Request),
        ("{rbac.roleRef.name: cluster-admin}", Request),
        ("{hostPaths: /etc}", Request),
        ("{responseObject.status.phase: Running}", RequestResponse),
        (
            "{user.username|fieldref: responseObject.metadata.name}",
            RequestResponse,
        ),
        ("{requestObject|exists: false}", Metadata),
        ("{containers.image|neq: x}", Metadata),
        ("{'containers[any]': {image: x}}", Request),
        ("{'containers[none]': {image: x}}", Metadata),
        ("{'containers[all]': {image: x}}", Request),
        ("{'containers[all_or_empty]': {image: x}}", Metadata),
        ("[{verb: get}, {podSpec.hostPID: true}]", Metadata),
        ("[{podSpec.hostPID: true}, {responseObject: '*'}]", Request),
        ("[a keyword]", Metadata),
    ] {
        let detection = format!("  s: {item}\n  condition: s");
        assert_eq!(level("", &detection), expected, "{item}");
        let said = level("requires: RequestResponse", &detection);
        assert_eq!(said, RequestResponse);
    }
}

#[test]
fn by_conditions() {
    use AuditLevel::{Metadata, Request, RequestResponse};
    let selections = "  meta: {verb: get}\n  body: {podSpec|exists: true}\n  answer: {responseObject|exists: true}";
    for (condition, expected) in [
        ("meta and body and not answer", Request),
        ("meta and (body or answer)", Request),
        ("all of them", RequestResponse),
        ("1 of them", Metadata),
        ("not (meta and body) and answer", RequestResponse),
        ("not (not body or not answer) and meta", RequestResponse),
        ("not not body and not answer and meta", Request),
        ("meta and not (body or answer)", Metadata),
    ] {
        let detection = format!("{selections}\n  condition: {condition}");
        assert_eq!(level("", &detection), expected, "{condition}");
    }
}

/// The table of rules in their documentation: name and least level of each.
fn documented(page: &str) -> BTreeMap<String, String> {
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let name = cells.get(1)?.strip_prefix('`')?.strip_suffix('`')?;
        // What more a higher level adds stands behind a semicolon.
        let least = cells.get(4)?.split(';').next()?;
        // The table of correlations has their time span there.
        least.parse::<AuditLevel>().ok()?;
        Some((name.to_owned(), least.to_owned()))
    });
    rows.collect()
}

#[test]
fn shipped_rules_need_what_their_table_says() {
    let Some(page) = shipped::readme() else {
        return;
    };
    let found: BTreeMap<String, String> = shipped::set()
        .finish()
        .rules
        .iter()
        // Those that only correlations use stand in their files.
        .filter(|rule| !rule.is_silenced())
        .map(|rule| (rule.name().to_owned(), rule.least_level().to_string()))
        .collect();
    assert!(found.len() >= 20);
    assert_eq!(documented(&page), found);
}
