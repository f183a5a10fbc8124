//! No document of a file is lost: each is in the report, with what became of it.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rule_lang::{Compiled, Compiler, Diagnostic, DocumentKind, DocumentStatus};

fn compile(files: &[&str]) -> Compiled {
    let mut compiler = Compiler::new();
    for (at, text) in files.iter().enumerate() {
        compiler.add(&format!("{at}.yaml"), text);
    }
    compiler.finish()
}

/// Each document as one line.
fn shown(compiled: &Compiled) -> Vec<String> {
    let documents = compiled.documents.iter();
    documents
        .map(|document| {
            let name = document.name().unwrap_or("-");
            let reason = document.reason().unwrap_or("-");
            format!("{} {name} {}: {reason}", document.kind(), document.status())
        })
        .collect()
}

const RULE: &str = "title: Reads\nname: reads\nlogsource: {product: kubernetes, service: audit}\ndetection: {sel: {verb: get}, condition: sel}\n";

/// The documents of a file, told by its lines alone: a marker cannot stand at the start of a line of anything else.
fn count(text: &str) -> usize {
    let is_marker = |line: &str| line == "---" || line.starts_with("--- ") || line == "...";
    let mut documents = vec![false];
    for line in text.lines() {
        if is_marker(line) {
            documents.push(false);
        } else if let Some(last) = documents.last_mut() {
            let line = line.trim_start();
            *last |= !line.is_empty() && !line.starts_with('#');
        }
    }
    documents.into_iter().filter(|filled| *filled).count()
}

#[test]
fn every_document_of_every_case_is_reported() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut open = vec![
        data,
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules"),
    ];
    let mut n_files = 0;
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == "yaml") {
                let text = fs::read_to_string(&path).unwrap();
                let compiled = compile(&[&text]);
                let n = compiled.documents.len();
                assert_eq!(n, count(&text), "{}: {compiled:?}", path.display());
                // Rules that compiled are those that are said to have.
                let right = compiled.documents.iter().filter(|document| {
                    document.kind() == DocumentKind::Rule
                        && document.status() <= DocumentStatus::Filtered
                });
                assert_eq!(right.count(), compiled.rules.len(), "{}", path.display());
                n_files += 1;
            }
        }
    }
    assert!(n_files > 80, "only {n_files} files were found");
}

#[test]
fn each_document_says_what_became_of_it() {
    let wrong = "title: Typo\nname: typo\nlogsource: {product: kubernetes, service: audit}\ndetection: {sel: {verbb: get, resouce: pods}, condition: sel}\n";
    let foreign =
        "title: Windows\nlogsource: {product: windows}\ndetection: {sel: {a: b}, condition: sel}\n";
    let filter = |name: &str, rules: &str| {
        format!(
            "title: {name}\nlogsource: {{product: kubernetes, service: audit}}\nfilter: {{rules: {rules}, sel: {{user.username: ci}}, condition: not sel}}\n"
        )
    };
    let all = [
        RULE.to_owned(),
        wrong.to_owned(),
        foreign.to_owned(),
        filter("ci", "[reads]"),
        filter("nobody", "[raeds]"),
        "title: off\noverride: {rules: [gone], enabled: false}\n".to_owned(),
        "title: lists\nplaceholders: {admins: []}\n".to_owned(),
        "title: cut\ndetection: {\n".to_owned(),
        "just text\n".to_owned(),
    ]
    .join("---\n");
    let compiled = compile(&[&all, ""]);
    assert_eq!(
        shown(&compiled),
        [
            "rule reads active: -",
            "rule typo wrong: `verbb`: no audit event has this field (and 1 more)",
            "rule Windows unsupported: this document is not for audit logs of Kubernetes and is left out",
            "filter ci active: -",
            "filter nobody filtered: it is for no rule of the set",
            "override off filtered: nothing of the set is meant by it",
            "placeholders lists active: -",
            "unknown - wrong: the bracket `{` is not closed",
            "unknown - wrong: a document is a map, and this is text",
            "unknown - wrong: the file is empty",
        ]
    );
    assert!(compiled.documents[0].narrowed_by().eq(["ci"]));
}

#[test]
fn a_filter_without_an_active_rule_is_idle() {
    let filter = "title: ci\nlogsource: {product: kubernetes, service: audit}\nfilter: {rules: any, sel: {user.username: ci}, condition: not sel}\n";
    let off = "title: off\noverride: {rules: [reads], enabled: false}\n";
    assert_eq!(
        shown(&compile(&[RULE, filter, off])),
        [
            "rule reads filtered: turned off by the override at 2.yaml:2",
            "filter ci filtered: no rule that it is for is active (`reads`: turned off by the override at 2.yaml:2)",
            "override off active: -",
        ]
    );
}

#[test]
fn a_filter_says_of_the_rules_that_it_names_why_they_are_idle() {
    let filter = |rules: &str| {
        format!(
            "title: ci\nname: ci\nlogsource: {{product: kubernetes, service: audit}}\nfilter: {{rules: {rules}, sel: {{user.username: ci}}, condition: not sel}}\n"
        )
    };
    let lists = RULE.replace("Reads", "Lists").replace("reads", "lists");
    let lists = lists.replace("get", "list");
    let wrong = RULE.replace("reads", "typo").replace("verb", "verbb");
    let narrow = RULE.replace("reads", "apart");
    let off = "title: off\noverride: {rules: [reads, lists], enabled: false}\n";
    for (rules, reason) in [
        // What else it names does not matter.
        (
            "[ci, reads]",
            "no rule that it is for is active (`reads`: turned off by the override at 5.yaml:2)",
        ),
        (
            "[reads, lists, typo]",
            "no rule that it is for is active (`reads`: turned off by the override at 5.yaml:2; and 1 more)",
        ),
        ("[typo]", "each rule that it is for has an error"),
        ("[gone, typo, ci]", "each rule that it is for has an error"),
        ("[ci]", "what it names is no rule"),
        ("[gone]", "it is for no rule of the set"),
    ] {
        let compiled = compile(&[RULE, &lists, &wrong, &narrow, &filter(rules), off]);
        assert_eq!(
            shown(&compiled)[4],
            format!("filter ci filtered: {reason}"),
            "{rules}"
        );
    }
    let compiled = compile(&[&wrong, &filter("any")]);
    assert_eq!(
        shown(&compiled)[1],
        "filter ci filtered: each rule that it is for has an error"
    );
}

#[test]
fn a_filter_is_for_rules_of_its_logs() {
    let filter = |logsource: &str| {
        format!(
            "title: ci\nlogsource: {logsource}\nfilter: {{rules: any, sel: {{user.username: ci}}, condition: not sel}}\n"
        )
    };
    let in_category = RULE.replace("service: audit", "service: audit, category: application");
    for (logsource, plain, categorized) in [
        ("{product: kubernetes, service: audit}", true, true),
        ("{product: kubernetes}", true, true),
        ("{service: audit}", true, true),
        (
            "{product: Kubernetes, service: AUDIT, category: application}",
            false,
            true,
        ),
        ("{category: application}", false, true),
        (
            "{product: kubernetes, service: audit, category: other}",
            false,
            false,
        ),
    ] {
        let is_narrowed = |rule: &str| {
            let compiled = compile(&[rule, &filter(logsource)]);
            let is_narrowed = !compiled.rules[0].filters().is_empty();
            let codes: Vec<_> = compiled.diagnostics.iter().map(Diagnostic::code).collect();
            let told: &[&str] = if is_narrowed {
                &[]
            } else {
                &["filter-logsource"]
            };
            assert_eq!(codes, told, "{}", compiled.render(false));
            let reason = compiled.documents[1].reason();
            let narrow = "its `logsource` says more than that of any rule that it names";
            assert_eq!(reason, (!is_narrowed).then_some(narrow));
            is_narrowed
        };
        assert_eq!(is_narrowed(RULE), plain, "{logsource}");
        assert_eq!(is_narrowed(&in_category), categorized, "{logsource}");
    }
    let foreign = compile(&[RULE, &filter("{product: windows}")]);
    assert_eq!(foreign.documents[1].status(), DocumentStatus::Unsupported);
}

#[test]
fn a_file_that_cannot_be_read_is_one_document() {
    let mut set = Compiler::new();
    set.add_unreadable("gone.yaml", "permission denied");
    set.add("huge.yaml", &"# \n".repeat(1 << 20));
    let compiled = set.finish();
    assert_eq!(
        shown(&compiled),
        [
            "unknown - wrong: the file cannot be read: permission denied",
            "unknown - wrong: the file has 3145728 bytes and the limit is 1048576",
        ]
    );
    let codes: Vec<_> = compiled.diagnostics.iter().map(Diagnostic::code).collect();
    assert_eq!(codes, ["unreadable-file", "file-too-large"]);
}

#[test]
fn a_file_with_too_many_problems_loses_no_document() {
    let wrong = (0..1200).map(|at| {
        format!(
            "title: x\nname: r{at}\nlogsource: {{product: kubernetes, service: audit}}\ndetection: {{sel: {{nope: 1}}, condition: sel}}\n"
        )
    });
    let text: Vec<String> = wrong.chain([RULE.to_owned()]).collect();
    let text = text.join("---\n");
    let compiled = compile(&[&text]);
    assert_eq!(compiled.documents.len(), 1201);
    let wrong = compiled.documents.iter();
    assert!(
        wrong
            .clone()
            .all(|d| d.status() == DocumentStatus::Wrong && d.reason().is_some())
    );
    assert_eq!(compiled.documents[1200].name(), Some("reads"));
}

proptest! {
    /// Documents of all sorts, joined in any order, come out one by one.
    #[test]
    fn documents_in_are_documents_out(picked in prop::collection::vec(0usize..8, 1..12)) {
        let texts = [
            "title: a\nlogsource: {product: kubernetes, service: audit}\ndetection: {s: {verb: get}, condition: s}\n",
            "title: b\nfilter: 7\n",
            "correlation: {type: event_count}\n",
            "placeholders: {a: [1, &x 2]}\n",
            "override: {rules: any, enabled: no}\n",
            "a: [1, 2\n",
            "\t- x\n",
            "- [}\n",
        ];
        let picked: Vec<&str> = picked.into_iter().map(|at| texts[at]).collect();
        let text = picked.join("---\n");
        let compiled = compile(&[&text]);
        prop_assert_eq!(compiled.documents.len(), picked.len(), "{:?}\n{}", compiled.documents, text);
        let right = compiled.documents.iter().filter(|d| d.status() == DocumentStatus::Active && d.kind() == DocumentKind::Rule);
        prop_assert_eq!(right.count(), compiled.rules.len());
    }
}

#[test]
fn what_is_no_yaml_says_why() {
    let text = "title: One
detection:
  s: {operation: create, containers[any]: {securityContext.privileged: true}}
  condition: s
";
    let compiled = compile(&[text]);
    assert_eq!(
        shown(&compiled),
        [
            "unknown - wrong: between `{` and `}` the bracket in the key `containers[any]` begins a list"
        ]
    );
}

#[test]
fn a_level_of_a_filter_changes_nothing() {
    let filter = "title: F\nname: f\nlogsource: {product: kubernetes, service: audit}\nfilter: {rules: [reads], sel: {user.username: a}, condition: not sel}\n";
    for (keys, n_warnings, state) in [
        (
            "rules: [f], level: low",
            1,
            "filtered: it gives a level, and filters have none",
        ),
        (
            "rules: [f, gone], level: low",
            2,
            "filtered: it gives a level, and filters have none",
        ),
        ("rules: [f], level: low, enabled: true", 1, "active: -"),
        ("rules: [f, reads], level: low", 1, "active: -"),
        ("rules: [f], enabled: true", 0, "active: -"),
        ("rules: any, level: low", 0, "active: -"),
    ] {
        let change = format!("title: o\nname: o\noverride: {{{keys}}}\n");
        let compiled = compile(&[RULE, filter, &change]);
        let codes: Vec<_> = compiled.diagnostics.iter().map(Diagnostic::code).collect();
        assert_eq!(codes, vec!["unknown-rule"; n_warnings], "{keys}");
        let last = shown(&compiled).pop().unwrap();
        assert_eq!(last, format!("override o {state}"), "{keys}");
    }
}
