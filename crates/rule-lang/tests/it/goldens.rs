//! Case directories `tests/data/<area>/<case>` with rule files and what must come of them.
//!
//! `UPDATE_EXPECT=1` rewrites the goldens. An output that is empty has no golden; one that is left over is an error.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use rule_lang::{AuditLevel, Compiled, Compiler, MessagePart};

fn directories(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn file_name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn compile(case: &Path) -> Compiled {
    let mut files: Vec<_> = fs::read_dir(case)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut compiler = Compiler::new();
    for file in &files {
        match file_name(file) {
            "diagnostics.txt" | "program.txt" => {}
            name if file
                .extension()
                .is_some_and(|extension| extension == "yaml") =>
            {
                compiler.add(name, &fs::read_to_string(file).unwrap());
            }
            other => panic!("{}: what is {other}?", case.display()),
        }
    }
    compiler.finish()
}

/// Everything that rules and filters say of themselves and that the defaults do not.
fn programs(compiled: &Compiled) -> String {
    let mut out = String::new();
    for rule in &compiled.rules {
        write!(out, "rule {} ({})", rule.name(), rule.level()).unwrap();
        for (what, set) in [("stage", rule.names_stage()), ("flags", rule.names_flags())] {
            if set {
                write!(out, " names {what}").unwrap();
            }
        }
        if rule.least_level() != AuditLevel::Metadata {
            write!(out, " needs {}", rule.least_level()).unwrap();
        }
        writeln!(out).unwrap();
        let needs: Vec<String> = rule
            .needs()
            .map(|(resource, level)| format!("{resource}: {level}"))
            .collect();
        if needs != ["*: Metadata"] {
            writeln!(out, "needs {}", needs.join(", ")).unwrap();
        }
        if let Some(inactive) = rule.inactive() {
            writeln!(out, "inactive: {inactive}").unwrap();
        }
        for (routine, level) in rule.levels() {
            writeln!(out, "level {level} when r{}", routine.index()).unwrap();
        }
        for filter in rule.filters() {
            writeln!(out, "filter {}", compiled.filters[filter.index()].name()).unwrap();
        }
        for part in rule.message().map_or(&[][..], |message| message.parts()) {
            match part {
                MessagePart::Text(text) => writeln!(out, "message text {text:?}").unwrap(),
                MessagePart::Hole(field) => writeln!(out, "message hole {field}").unwrap(),
            }
        }
        for test in rule.tests() {
            write!(
                out,
                "test {} ({}, {})",
                test.name(),
                test.kind(),
                test.matches()
            )
            .unwrap();
            if let Some(level) = test.level() {
                write!(out, " {level}").unwrap();
            }
            writeln!(out).unwrap();
            for event in test.events() {
                writeln!(out, "  {event}").unwrap();
            }
        }
        writeln!(out, "{:?}", rule.program()).unwrap();
    }
    for filter in &compiled.filters {
        let spares = if filter.spares_impersonated() {
            " spares impersonated"
        } else {
            ""
        };
        let off = filter
            .inactive()
            .map_or_else(String::new, |reason| format!(" inactive: {reason}"));
        writeln!(
            out,
            "filter {}{spares}{off}\n{:?}",
            filter.name(),
            filter.program()
        )
        .unwrap();
    }
    out
}

fn check(golden: &Path, found: &str) -> Result<(), String> {
    let expected = fs::read_to_string(golden).unwrap_or_default();
    if found == expected {
        return Ok(());
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        if found.is_empty() {
            fs::remove_file(golden).unwrap();
        } else {
            fs::write(golden, found).unwrap();
        }
        return Ok(());
    }
    Err(format!(
        "{}\n--- expected\n{expected}\n--- found\n{found}",
        golden.display()
    ))
}

#[test]
fn cases_compile_as_recorded() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut wrong = Vec::new();
    let mut n_cases = 0;
    for area in directories(&data) {
        for case in directories(&area) {
            let compiled = compile(&case);
            assert!(
                !compiled.sources.is_empty(),
                "{} has no rules",
                case.display()
            );
            for rule in &compiled.rules {
                assert_eq!(rule.program().verify(), Ok(()));
            }
            let diagnostics = compiled.render(false);
            wrong.extend(check(&case.join("diagnostics.txt"), &diagnostics).err());
            wrong.extend(check(&case.join("program.txt"), &programs(&compiled)).err());
            n_cases += 1;
        }
    }
    assert!(n_cases > 20, "only {n_cases} cases were found");
    assert!(
        wrong.is_empty(),
        "{} goldens differ; UPDATE_EXPECT=1 rewrites them\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
