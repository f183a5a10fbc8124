//! Tests of the language reference, `docs/language.md` and `docs/correlations.md`: its rules compile, its diagnostics are
//! those of the compiler, and its tables are those of the code.

mod foreign;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{
    Compiled, Compiler, Diagnostic, DiagnosticKind, DocumentKind, Severity, keys, limits, modifier,
    resolve,
};

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
            assert!(
                !part.contains("```text\nerror"),
                "no wrong snippet before\n{part}"
            );
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

/// A cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The table that a comment in the page asks for.
fn table(asked: &str) -> String {
    let mut out = String::new();
    if asked == "diagnostics" {
        out += "| diagnostic | severity | what | help |\n|---|---|---|---|\n";
        for kind in DiagnosticKind::ERRORS {
            let (slug, severity) = (kind.slug(), kind.severity());
            // They are written as they stand, with bars escaped where they are.
            writeln!(
                out,
                "| `{slug}` | {severity} | {} | {} |",
                cell(kind.what()),
                cell(kind.help())
            )
            .unwrap();
        }
        return out;
    }
    let names = asked.strip_prefix("keys: ").unwrap();
    if names == "document" {
        out += "| key | of | what |\n|---|---|---|\n";
        for key in keys::DOCUMENT {
            let listed = |kinds: &[DocumentKind]| -> String {
                let all = DocumentKind::ALL.iter().filter(|kind| kinds.contains(kind));
                let all: Vec<String> = all
                    .map(|kind| {
                        if key.needed_by.contains(kind) {
                            format!("**{kind}**")
                        } else {
                            kind.to_string()
                        }
                    })
                    .collect();
                if all.len() == keys::EVERY.len() && key.needed_by.is_empty() {
                    return "all".to_owned();
                }
                all.join(", ")
            };
            writeln!(
                out,
                "| `{}` | {} | {} |",
                key.key.name,
                listed(key.of),
                cell(key.key.what)
            )
            .unwrap();
        }
        return out;
    }
    let several = names.contains(", ");
    let tables = [
        &keys::RELATED,
        &keys::LOGSOURCE,
        &keys::LINT,
        &keys::LEVEL,
        &keys::TEST,
        &keys::TEST_FILE,
        &keys::SUPPRESS,
        &keys::FILTER,
        &keys::OVERRIDE,
    ];
    out += "| key | what |\n|---|---|\n";
    for name in names.split(", ") {
        let table = tables.iter().find(|table| table.name == name).unwrap();
        for key in table.keys() {
            let name = if several {
                format!("{}.{}", table.name, key.name)
            } else {
                key.name.to_owned()
            };
            let name = if key.is_needed {
                format!("**`{name}`**")
            } else {
                format!("`{name}`")
            };
            writeln!(out, "| {name} | {} |", cell(key.what)).unwrap();
        }
    }
    out
}

#[test]
fn tables_are_those_of_the_code() {
    let book = book();
    let mut found = String::new();
    let mut rest = book.as_str();
    while let Some((before, after)) = rest.split_once("<!-- ") {
        let (asked, after) = after.split_once(" -->\n").unwrap();
        write!(found, "{before}<!-- {asked} -->\n\n{}", table(asked)).unwrap();
        // What stands there now.
        let lines = after.trim_start_matches('\n');
        let n_kept: usize = lines
            .split_inclusive('\n')
            .take_while(|line| line.starts_with('|'))
            .map(str::len)
            .sum();
        rest = lines.split_at(n_kept).1.trim_start_matches('\n');
        if !rest.is_empty() {
            found.push('\n');
        }
    }
    found.push_str(rest);
    if found != book && std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path("language.md"), &found).unwrap();
        return;
    }
    assert!(
        found == book,
        "UPDATE_EXPECT=1 writes the tables anew\n{found}"
    );
    let n_codes = Diagnostic::codes().count();
    assert_eq!(
        DiagnosticKind::ERRORS.len() + DiagnosticKind::LINTS.len(),
        n_codes
    );
    let slugs = DiagnosticKind::ERRORS.iter().map(DiagnosticKind::slug);
    assert!(slugs.is_sorted());
}

#[test]
fn short_names_are_those_of_the_code() {
    let rows = rows(&book(), "| short name | stands for |");
    let found: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (row[0].trim_matches('`'), row[1].trim_matches('`')))
        .collect();
    assert_eq!(found, resolve::SHORT_NAMES);
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
        let mut compiled = compile(&(file(example) + team));
        // A negation alone says so little that every event is asked about it.
        let is_other = |found: &crate::Diagnostic| found.code() != "asked-of-all";
        compiled.diagnostics.retain(is_other);
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
            limits::PATTERN_BYTES,
            limits::REGEX_BYTES,
            limits::REGEXES,
            limits::SET_REGEX_BYTES,
            limits::SET_WRITTEN_VALUES,
            limits::BLOCK_DEPTH,
            limits::PROGRAM_OPS,
            limits::PROGRAM_VALUES,
            limits::RULES,
            limits::REFERENCES,
        ]
    );
}
