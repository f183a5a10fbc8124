//! Tests of the language reference, `docs/language.md` and `docs/correlations.md`: its rules compile, its diagnostics are
//! those of the compiler, and its tables are those of the code.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Compiled, Compiler, Severity, limits, modifier};

fn path(page: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(page)
}

fn book() -> String {
    fs::read_to_string(path("language.md")).unwrap()
}

/// A rule file of a snippet: a whole one, the inside of a detection, or of a selection.
fn file(snippet: &str) -> String {
    if snippet.starts_with("title:") {
        return snippet.to_owned();
    }
    let indented = |by: &str| -> String {
        let lines = snippet.lines().map(|line| format!("{by}{line}\n"));
        lines.collect::<Vec<_>>().concat()
    };
    let is_detection = snippet.lines().any(|line| line.starts_with("condition:"));
    let detection = if is_detection {
        indented("  ")
    } else {
        format!("  s:\n{}  condition: s\n", indented("    "))
    };
    format!(
        "title: t\nlogsource: {{product: kubernetes, service: audit}}\nsigma-version: 3\ndetection:\n{detection}"
    )
}

fn compile(snippet: &str) -> Compiled {
    let mut compiler = Compiler::new();
    compiler.add("rule.yaml", &file(snippet));
    compiler.finish()
}

/// What is printed for a snippet.
fn drawn(compiled: &Compiled) -> String {
    compiled.render(false).trim_end().to_owned() + "\n"
}

#[test]
fn snippets_compile_and_wrong_ones_are_told_so() {
    snippets("language.md", compile);
}

#[test]
fn correlations_compile_beside_the_rules_that_they_name() {
    let book = fs::read_to_string(path("correlations.md")).unwrap();
    let (_, rules) = book.split_once("```yaml\n").unwrap();
    let (rules, _) = rules.split_once("```\n").unwrap();
    snippets("correlations.md", |snippet| {
        let mut compiler = Compiler::new();
        compiler.add("rule.yaml", snippet);
        if snippet != rules {
            compiler.add("rules.yaml", rules);
        }
        compiler.finish()
    });
}

/// Compiles the snippets of a page, and compares what is shown of the wrong ones.
fn snippets(page: &str, compile: impl Fn(&str) -> Compiled) {
    let book = fs::read_to_string(path(page)).unwrap();
    let mut found = String::new();
    let mut parts = book.split_inclusive("```\n");
    let (mut n_good, mut n_wrong) = (0, 0);
    while let Some(part) = parts.next() {
        found.push_str(part);
        let Some((_, fenced)) = part.split_once("```yaml") else {
            assert!(!part.contains("```text"), "no wrong snippet before\n{part}");
            continue;
        };
        let (kind, snippet) = fenced.split_once('\n').unwrap();
        let snippet = snippet.strip_suffix("```\n").unwrap();
        let compiled = compile(snippet);
        if kind.is_empty() {
            n_good += 1;
            assert_eq!(compiled.diagnostics, [], "{snippet}{}", drawn(&compiled));
            continue;
        }
        assert_eq!(kind, ",wrong", "{snippet}");
        let is_error = |one: &crate::Diagnostic| one.severity() == Severity::Error;
        assert!(compiled.diagnostics.iter().any(is_error), "{snippet}");
        let next = parts.next().unwrap();
        assert!(next.starts_with("\n```text\n"), "{snippet}is not explained");
        for piece in ["\n```text\n", &drawn(&compiled), "```\n"] {
            found.push_str(piece);
        }
        n_wrong += 1;
    }
    assert!(n_good >= 10 && n_wrong >= 3, "{n_good} and {n_wrong}");
    if found != book && std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path(page), &found).unwrap();
        return;
    }
    assert!(
        found == book,
        "UPDATE_EXPECT=1 rewrites what the compiler prints\n{found}"
    );
}

/// The rows below a head.
fn rows(book: &str, head: &str) -> Vec<Vec<String>> {
    let (_, table) = book.split_once(head).unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let row = row.replace("\\|", "\u{0}");
        let cells = row.trim_matches('|').split('|');
        cells
            .map(|cell| cell.trim().replace('\u{0}', "|"))
            .collect()
    })
    .collect()
}

#[test]
fn every_modifier_has_a_row_with_an_example_that_compiles() {
    let book = book();
    let rows = rows(&book, "| modifier | holds when | example |");
    let team = "---\ntitle: l\nplaceholders: {team: [x]}\n";
    for row in &rows {
        let example = row[2].trim_matches('`');
        let compiled = compile(&(file(example) + team));
        assert_eq!(compiled.rules.len(), 1, "{example}\n{}", drawn(&compiled));
        assert_eq!(compiled.diagnostics, [], "{}", drawn(&compiled));
    }
    for name in modifier::names() {
        let quoted = format!("`{name}`");
        let is_named = rows
            .iter()
            .any(|row| row[0] == quoted || row[1].contains(&format!("{quoted} too")));
        assert!(is_named, "{name} is not in the table of modifiers");
    }
    for row in &rows {
        let name = row[0].trim_matches('`');
        assert!(modifier::names().any(|known| known == name), "{name}");
    }
}

#[test]
fn limits_are_those_of_the_code() {
    let book = book();
    let rows = rows(&book, "| limit | is |");
    let found: Vec<usize> = rows.iter().map(|row| row[1].parse().unwrap()).collect();
    assert_eq!(
        found,
        [
            limits::FILE_BYTES,
            limits::YAML_DEPTH,
            limits::DIAGNOSTICS,
            limits::CONDITION_DEPTH,
            limits::CONDITION_BYTES,
            limits::NAME_BYTES,
            limits::SELECTIONS,
            limits::VALUES,
            limits::REGEX_BYTES,
            limits::REGEXES,
            limits::BLOCK_DEPTH,
            limits::PROGRAM_OPS,
            limits::PROGRAM_VALUES,
            limits::RULES,
        ]
    );
}
