//! Tests in files of their own: whose they are, and what is said of those that are nobody's.

use rule_lang::{Compiled, Compiler, Diagnostic, DocumentKind, DocumentStatus};

const SOURCE: &str = "logsource: {product: kubernetes, service: audit}\n";

fn rule(name: &str) -> String {
    format!(
        "title: T {name}\nname: {name}\n{SOURCE}detection: {{s: {{verb: get, user.username: {name}}}, condition: s}}\n"
    )
}

const HIT: &str = "tests: [{kind: hit, event: {verb: get}}]\n";

fn compile(files: &[(&str, &str)]) -> Compiled {
    let mut compiler = Compiler::new();
    for (name, text) in files {
        compiler.add(name, text);
    }
    compiler.finish()
}

/// Rules and correlations with the files of their tests.
fn tests(compiled: &Compiled) -> Vec<(String, Vec<&str>)> {
    let rules = compiled.rules.iter();
    let rules = rules.map(|rule| (rule.name(), rule.tests()));
    let correlations = compiled.correlations.iter();
    let all = rules.chain(correlations.map(|found| (found.name(), found.tests())));
    all.map(|(name, tests)| {
        let files = tests
            .iter()
            .map(|test| compiled.sources.name(test.source()));
        (name.to_owned(), files.collect())
    })
    .collect()
}

/// The only diagnostic: its code, what it underlines, what it says and the help.
#[track_caller]
fn only(files: &[(&str, &str)]) -> [String; 4] {
    let compiled = compile(files);
    let [found] = &*compiled.diagnostics else {
        panic!("{}", compiled.render(false))
    };
    let document = compiled.documents.iter().find(|document| {
        document.source() == found.source() && document.kind() == DocumentKind::Tests
    });
    assert_eq!(document.unwrap().status(), DocumentStatus::Wrong);
    [
        found.code().to_owned(),
        compiled
            .sources
            .slice(found.source(), found.span())
            .to_owned(),
        found.message().to_owned(),
        found.help().unwrap_or_default().to_owned(),
    ]
}

#[test]
fn tests_go_to_the_rule_beside_them_in_any_order() {
    let own = rule("a") + HIT;
    let with_two = "tests:\n  - {kind: hit, event: {verb: get}}\n  - {kind: near-miss, events: [{verb: list, at: 1m}], count: 0}\n";
    let compiled = compile(&[
        ("d/a.test.yaml", with_two),
        ("d/a.yaml", &own),
        ("e/b.yml", &rule("b")),
        ("e/b.test.yml", HIT),
    ]);
    assert!(
        compiled.diagnostics.is_empty(),
        "{}",
        compiled.render(false)
    );
    assert_eq!(
        tests(&compiled),
        [
            (
                "a".to_owned(),
                vec!["d/a.yaml", "d/a.test.yaml", "d/a.test.yaml"]
            ),
            ("b".to_owned(), vec!["e/b.test.yml"]),
        ]
    );
    let documents = compiled.documents.iter();
    let found: Vec<_> = documents
        .filter(|document| document.kind() == DocumentKind::Tests)
        .map(|document| (document.status(), document.name()))
        .collect();
    assert_eq!(found, [(DocumentStatus::Active, None); 2]);
}

#[test]
fn of_several_rules_a_document_names_its_own() {
    let id = "0c6a3c1e-2b57-4a0e-9c2e-4a3f6d1f7b52";
    let rules = format!(
        "{}---\ntitle: B\nid: {id}\n{SOURCE}detection: {{s: {{verb: list}}, condition: s}}\n---\ntitle: C\nname: c\ncorrelation: {{type: event_count, rules: [a], timespan: 5m, condition: {{gte: 3}}}}\ngenerate: true\n",
        rule("a")
    );
    let found = format!(
        "rule: c\n{HIT}---\nrule: {}\n{HIT}---\nrule: a\n{HIT}",
        id.to_uppercase()
    );
    let compiled = compile(&[("x.yaml", &rules), ("x.test.yaml", &found)]);
    assert!(
        compiled.diagnostics.is_empty(),
        "{}",
        compiled.render(false)
    );
    for (name, files) in tests(&compiled) {
        assert_eq!(files, ["x.test.yaml"], "{name}");
    }
    assert_eq!(
        only(&[("x.yaml", &rules), ("x.test.yaml", HIT)]),
        [
            "missing-key",
            "tests",
            "the key `rule` is missing, and `x.yaml` has 3 rules and correlations",
            &format!("`rule` is one of `a`, `{id}`, `c`"),
        ]
    );
    assert_eq!(
        only(&[
            ("x.yaml", &rules),
            ("x.test.yaml", &format!("rule: d\n{HIT}"))
        ]),
        [
            "tests-without-rule",
            "d",
            "no rule or correlation of `x.yaml` has the id or name `d`",
            "",
        ]
    );
}

#[test]
fn tests_of_nothing_are_reported() {
    let of = |rule: &str| format!("rule: {rule}\n{HIT}");
    let alone = "there is no rule file `exce.yaml` beside this file of tests";
    let exec = rule("exec");
    assert_eq!(
        only(&[("d/exec.yaml", &exec), ("d/exce.test.yaml", HIT)]),
        [
            "tests-without-rule",
            "tests",
            alone,
            "did you mean `exec.test.yaml`?",
        ]
    );
    assert_eq!(
        only(&[("d/exec.yaml", &exec), ("e/exce.test.yaml", &of("exec"))]),
        [
            "tests-without-rule",
            "exec",
            alone,
            "it stands in `d/exec.yaml`, whose tests lie in `d/exec.test.yaml`",
        ]
    );
    assert_eq!(
        only(&[("exce.test.yaml", HIT)])[3],
        "tests of `NAME.yaml` lie beside it in `NAME.test.yaml`"
    );
    let listed = rule("secrets-listed");
    assert_eq!(
        only(&[("x.yaml", &listed), ("x.test.yaml", &of("secret-listed"))])[3],
        "did you mean `secrets-listed`?"
    );
    assert_eq!(
        only(&[
            ("d/exec.yaml", &exec),
            ("x.yaml", &listed),
            ("x.test.yaml", &of("exec"))
        ])[3],
        "it stands in `d/exec.yaml`, whose tests lie in `d/exec.test.yaml`"
    );
    let lists = "title: L\nplaceholders: {l: [a]}\n";
    assert_eq!(
        only(&[("l.yaml", lists), ("l.test.yaml", HIT)])[1..3],
        [
            "tests",
            "`l.yaml` has neither a rule nor a correlation to test"
        ]
    );
}

#[test]
fn a_file_of_tests_is_never_a_rule() {
    let x = rule("x");
    let [code, text, message, help] = only(&[("x.yaml", &x), ("x.test.yaml", &(rule("y") + HIT))]);
    assert_eq!(
        (code.as_str(), text.as_str()),
        ("not-a-document", "detection")
    );
    assert_eq!(message, "a file of tests holds `tests` and no `detection`");
    assert_eq!(
        help,
        "rules lie in a file whose name does not end in `.test.yaml`"
    );
    for (text, code, place) in [
        ("rule: x\n", "missing-key", "rule"),
        ("tests: []\n", "empty-values", "tests"),
        ("tests: {kind: hit}\n", "wrong-type", "{kind: hit}"),
        ("- kind: hit\n", "not-a-document", "- kind: hit"),
        (&format!("title: x\n{HIT}"), "mistyped-key", "title"),
        ("tests: [{kind: hit}]\n", "missing-key", "{kind: hit}"),
    ] {
        let found = only(&[("x.yaml", &x), ("x.test.yaml", text)]);
        assert_eq!([&found[0], &found[1]], [code, place], "{found:?}");
    }
    // And tests alone are no rule.
    let compiled = compile(&[("x.yaml", HIT)]);
    assert_eq!(
        compiled.diagnostics[0].help(),
        Some("tests alone lie in a file beside the rule: `NAME.test.yaml`")
    );
}

#[test]
fn tests_of_what_is_not_compiled_are_kept_out() {
    for wrong in [
        "title: W\nname: w\nlogsource: {product: windows}\ndetection: {s: {a: b}, condition: s}\n",
        "title: W\nname: w\nlogsource: {product: kubernetes, service: audit}\ndetection: {s: {verbb: get}, condition: s}\n",
    ] {
        for of in ["", "rule: w\n"] {
            let compiled = compile(&[("x.yaml", wrong), ("x.test.yaml", &format!("{of}{HIT}"))]);
            assert_eq!(compiled.diagnostics.len(), 1, "{}", compiled.render(false));
            let tests = &compiled.documents[1];
            assert_eq!(tests.status(), DocumentStatus::Filtered);
            assert_eq!(
                tests.reason(),
                Some("what it tests in `x.yaml` is not compiled")
            );
        }
    }
}

#[test]
fn tests_beside_a_copy_are_those_of_the_first_file() {
    for (own, reason) in [
        (None, None),
        (
            Some(("mine/x.test.yaml", HIT)),
            Some("its rules stand in `mine/x.yaml` too, which has its own tests"),
        ),
    ] {
        let mut set = Compiler::new();
        let first = set.add("mine/x.yaml", &rule("x"));
        if let Some((name, text)) = own {
            set.add(name, text);
        }
        set.add_copy("theirs/x.yaml", first);
        set.add("theirs/x.test.yaml", HIT);
        let compiled = set.finish();
        assert!(compiled.diagnostics.is_empty());
        assert_eq!(compiled.rules[0].tests().len(), 1);
        assert_eq!(compiled.documents.last().unwrap().reason(), reason);
    }
}

#[test]
fn no_tests_of_no_rule_are_two_mistakes() {
    let compiled = compile(&[("a.yaml", &rule("a")), ("b.test.yaml", "tests: []\n")]);
    let found: Vec<_> = compiled.diagnostics.iter().map(Diagnostic::code).collect();
    assert_eq!(found, ["empty-values", "tests-without-rule"]);
    let last = compiled.documents.last().unwrap();
    assert_eq!(last.status(), DocumentStatus::Wrong);
    assert_eq!(last.reason(), Some("`tests` has no test (and 1 more)"));
}
