//! The page of names of other tools is what the compiler answers to them.

use std::fmt::Write as _;
use std::fs;

use super::{cell, path};
use crate::foreign::{FIELDS, MODIFIERS, PREFIXES};

const PAGE: &str = "names-of-other-tools.md";

/// Text as code.
fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

fn page() -> String {
    let prefixes: Vec<String> = PREFIXES.iter().map(|prefix| code(prefix)).collect();
    let mut out = format!(
        "# Names of other tools

What to write in place of names that Falco, the Elastic Common Schema, Datadog, clouds, log shippers and other rule
languages have. The compiler knows them: a rule that uses one gets an error with what to write. This page is made from
`crates/rule-lang/src/foreign.rs`; a test holds it to that, and `UPDATE_EXPECT=1 cargo test -p kubesift-rule-lang` writes it
anew.

## Fields

Names are known in any case. What is below a name is below ours too: `ka.req.role.rules.verbs` is `rbac.rules.verbs`.
Before a field of the event, {} is left out: `kubernetes.audit.verb` is `verb`.

| name | write |
|---|---|
",
        prefixes.join(", ")
    );
    for (name, ours) in FIELDS {
        writeln!(out, "| {} | {} |", code(name), code(ours)).unwrap();
    }
    out += "
## Modifiers

| modifier | what to do |
|---|---|
";
    for (names, help) in MODIFIERS {
        let names: Vec<String> = names.iter().map(|name| code(name)).collect();
        writeln!(out, "| {} | {} |", names.join(", "), cell(help)).unwrap();
    }
    out
}

#[test]
fn names_of_other_tools_are_those_of_the_code() {
    let (path, expected) = (path(PAGE), page());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "UPDATE_EXPECT=1 writes the page anew\n{expected}"
    );
}
