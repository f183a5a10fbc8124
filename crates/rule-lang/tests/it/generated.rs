//! What is said of files that are too large to be kept: each is made here, and `tests/generated/<slug>.txt` holds what is
//! drawn. `UPDATE_EXPECT=1` rewrites it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use rule_lang::{Compiled, Compiler, render};

fn rule(detection: &str) -> String {
    format!("title: t\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n{detection}")
}

fn compile(text: &str) -> Compiled {
    let mut compiler = Compiler::new();
    compiler.add("rule.yaml", text);
    compiler.finish()
}

/// Compares what is drawn of the only diagnostic of a kind, and of nothing that is compiled.
#[track_caller]
fn check(slug: &str, compiled: &Compiled) {
    let mut found = compiled.diagnostics.iter().filter(|one| one.code() == slug);
    let (Some(one), None) = (found.next(), found.next()) else {
        panic!("not one {slug} among {:?}", compiled.diagnostics);
    };
    assert!(compiled.rules.is_empty());
    let drawn = render(one, &compiled.sources, false) + "\n";
    // A terminal shows it whole, however long the line is that it stands in.
    assert!(drawn.len() < 1000, "{drawn}");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/generated")
        .join(format!("{slug}.txt"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&golden, &drawn).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(
        drawn,
        expected,
        "UPDATE_EXPECT=1 rewrites {}",
        golden.display()
    );
}

#[test]
fn file_too_large() {
    let comments = "# a comment\n".repeat(100_000);
    let whole = rule("  s: {verb: get}\n  condition: s\n");
    check("file-too-large", &compile(&(whole + &comments)));
}

#[test]
fn too_many_diagnostics() {
    let mut fields = String::new();
    for at in 0..1200 {
        writeln!(fields, "    nothing{at}: x").unwrap();
    }
    let text = rule(&format!("  s:\n{fields}  condition: s\n"));
    check("too-many-diagnostics", &compile(&text));
}

#[test]
fn condition_too_long() {
    let many = " and s".repeat(20_000);
    let text = rule(&format!("  s: {{verb: get}}\n  condition: s{many}\n"));
    check("condition-too-long", &compile(&text));
}

#[test]
fn program_too_large() {
    let mut selections = String::new();
    for at in 0..200 {
        writeln!(selections, "  s{at}: {{verb: get}}").unwrap();
    }
    let each = " or not 1 of s*".repeat(400);
    let text = rule(&format!("{selections}  condition: 1 of s*{each}\n"));
    check("program-too-large", &compile(&text));
}

#[test]
fn too_many_references() {
    let mut text = String::new();
    for at in 0..800 {
        let detection = rule(&format!("  s: {{name: n{at}}}\n  condition: s\n"));
        writeln!(text, "{detection}name: r{at}\n---").unwrap();
    }
    for at in 0..656 {
        writeln!(
            text,
            "title: c\nname: c{at}\ncorrelation: {{type: event_count, rules: any, timespan: 5m, condition: {{gte: 3}}}}\n---"
        )
        .unwrap();
    }
    let mut compiled = compile(&text);
    compiled.rules.clear();
    check("too-many-references", &compiled);
}

#[test]
fn unreadable_file() {
    let mut compiler = Compiler::new();
    compiler.add_unreadable("rule.yaml", "permission denied");
    check("unreadable-file", &compiler.finish());
}
