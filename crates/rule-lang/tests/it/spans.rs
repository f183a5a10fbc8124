//! What each kind of diagnostic underlines.

use std::fs;
use std::path::Path;

use rule_lang::{Compiler, Diagnostic};

const HEAD: &str = "title: t\nlogsource: {product: kubernetes, service: audit}\n";

/// Compiles a file and compares code and underlined text of each diagnostic.
#[track_caller]
fn check(yaml: &str, expected: &[(&str, &str)]) {
    let mut compiler = Compiler::new();
    compiler.add("rule.yaml", yaml);
    let all = compiler.finish();
    let found: Vec<(&str, &str)> = all
        .diagnostics
        .iter()
        .map(|found| {
            let text = all.sources.slice(found.source(), found.span());
            (found.code(), text)
        })
        .collect();
    assert_eq!(found, expected, "{}", all.render(false));
}

fn rule(detection: &str) -> String {
    format!("{HEAD}detection:\n{detection}")
}

#[test]
fn limits() {
    check(&"x".repeat((1 << 20) + 1), &[("file-too-large", "")]);
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    check(&deep, &[("yaml-too-deep", "[")]);
    let condition = |text: &str| rule(&format!("  s: {{verb: get}}\n  condition: {text}\n"));
    let nested = format!("{}s{}", "(".repeat(65), ")".repeat(65));
    check(&condition(&nested), &[("condition-too-deep", "(")]);
    let selections: Vec<String> = (0..257)
        .map(|at| format!("  s{at}: {{verb: get}}\n"))
        .collect();
    let selections = selections.concat();
    check(
        &rule(&format!("{selections}  condition: 1 of s*\n")),
        &[("too-many-selections", "s256")],
    );
}

#[test]
fn names_that_stand_twice() {
    let id = "6ad91e31-53df-4826-bd27-0166171c8040";
    let one = |at: usize| {
        format!("{HEAD}id: {id}\nname: n\ndetection: {{s: {{name: n{at}}}, condition: s}}\n---\n")
    };
    check(
        &(one(1) + &one(2)),
        &[("duplicate-id", id), ("duplicate-name", "n")],
    );
}

#[test]
fn keys_that_are_no_texts() {
    check("? [a]\n: x\n", &[("bad-key", "[a]")]);
    check("{}\n", &[("not-a-document", "{}")]);
    check(
        "? [a]\n: x\nb: y\n",
        &[("bad-key", "[a]"), ("not-a-document", "b")],
    );
}

#[test]
fn lints_that_are_silenced() {
    let document = |allow: &str| {
        format!(
            "{HEAD}lint: {{allow: {allow}}}\ndetection: {{s: {{sourceIPs: 10.0.0.1}}, condition: s}}\n"
        )
    };
    check(&document("[forged-source]"), &[]);
    check(
        &document("[forged-sorce]"),
        &[("unknown-lint", "forged-sorce")],
    );
    check(
        &document("[unknown-field]"),
        &[
            ("unknown-lint", "unknown-field"),
            ("forged-source", "sourceIPs"),
        ],
    );
    check(
        &document("[forged-source, rbac-star]"),
        &[("unused-allow", "rbac-star")],
    );
    // It goes for one document.
    let other = format!("{HEAD}detection: {{s: {{sourceIPs: 10.0.0.2}}, condition: s}}\n");
    let both = format!("{}---\n{other}", document("[forged-source]"));
    check(&both, &[("forged-source", "sourceIPs")]);
}

#[test]
fn two_texts_are_drawn() {
    let mut compiler = Compiler::new();
    compiler.add(
        "r.yaml",
        &rule("  s: {verb: get, 'verb|contains': x}\n  condition: s\n"),
    );
    let all = compiler.finish();
    let [found] = all.diagnostics.as_slice() else {
        panic!("{}", all.render(false));
    };
    let related = found.related().unwrap();
    assert!(related.start() < found.span().start());
    assert_eq!(all.sources.slice(found.source(), related), "verb");
}

/// Kinds that no file has here: what a defect of ours would be told as, and a set of a million rules, which a test inside
/// of the compiler makes of fewer.
const ELSEWHERE: &[&str] = &["defect", "too-many-rules"];

#[test]
fn every_kind_has_a_case() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut shown = String::new();
    goldens(&tests.join("data"), &mut shown);
    goldens(&tests.join("generated"), &mut shown);
    let cases = [
        include_str!("correlations.rs"),
        include_str!("rejections.rs"),
        include_str!("spans.rs"),
        include_str!("hostile.rs"),
    ]
    .concat();
    for code in Diagnostic::codes() {
        let is_shown = shown.contains(&format!("[{code}]"))
            || cases.contains(&format!("\"{code}: "))
            || cases.contains(&format!("(\"{code}\", "))
            || cases.contains(&format!("\"{code}\""));
        assert!(
            is_shown || ELSEWHERE.contains(&code),
            "no test shows what `{code}` underlines"
        );
    }
}

fn goldens(dir: &Path, shown: &mut String) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            goldens(&path, shown);
        } else if path.extension().is_some_and(|ending| ending == "txt") {
            *shown += &fs::read_to_string(&path).unwrap();
        }
    }
}
