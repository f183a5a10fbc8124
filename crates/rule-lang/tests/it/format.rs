//! Formatting: every file keeps its meaning, and formatting twice is formatting once.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rule_lang::{Compiled, Compiler, format};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What comes of a file: its new text, or what is wrong with it.
fn outcome(text: &str) -> String {
    match format("before.yaml", text) {
        Ok(formatted) => formatted,
        Err(error) => error.render(false) + "\n",
    }
}

/// Cases `tests/format/<case>` with a file before and after; `UPDATE_EXPECT=1` rewrites what comes after.
#[test]
fn cases_are_formatted_as_recorded() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format");
    let mut wrong = Vec::new();
    for case in fs::read_dir(data)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        let text = fs::read_to_string(case.join("before.yaml")).unwrap();
        let found = outcome(&text);
        let golden = case.join("after.yaml");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        if fs::read_to_string(&golden).unwrap_or_default() != found {
            wrong.push(format!("{}\n{found}", golden.display()));
        }
        if format("t", &text).is_ok() {
            check_round_trip(&text);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every rule file below a directory.
fn rule_files(of: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(of)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rule_files(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            found.push(path);
        }
    }
}

fn compile(text: &str) -> Compiled {
    let mut compiler = Compiler::new();
    compiler.add("rule.yaml", text);
    compiler.finish()
}

/// What a file says when it is compiled, without the places.
fn meaning(text: &str) -> String {
    let compiled = compile(text);
    let mut out = Vec::new();
    for rule in &compiled.rules {
        // A reason may say where an override stands.
        let inactive = rule.inactive().and_then(|reason| reason.split(':').next());
        let (title, id, name) = (rule.title(), rule.id(), rule.name());
        out.push(format!(
            "{title:?} {id:?} {name:?} {} {:?} {:?}",
            rule.level(),
            rule.status(),
            rule.levels()
        ));
        out.push(format!(
            "{:?} {:?} {:?}",
            rule.description(),
            rule.author(),
            rule.tags()
        ));
        out.push(format!(
            "{:?} {:?} {:?}",
            rule.references(),
            rule.falsepositives(),
            rule.message()
        ));
        out.push(format!("{:?} {:?}", rule.requires(), inactive));
        for test in rule.tests() {
            out.push(format!(
                "{:?} {} {:?}",
                test.name(),
                test.kind(),
                test.events()
            ));
            out.push(format!(
                "{} {:?} {:?}",
                test.matches(),
                test.level(),
                test.message()
            ));
        }
        out.push(format!("{:?}", rule.program()));
    }
    for filter in &compiled.filters {
        out.push(format!(
            "{:?} {:?} {:?}",
            filter.name(),
            filter.title(),
            filter.expires()
        ));
        out.push(format!("{:?} {:?}", filter.description(), filter.program()));
    }
    // Which of two keys is in the way of the other may change, and formatting solves the problem of words without quotes.
    let mut found: Vec<&str> = compiled
        .diagnostics
        .iter()
        .map(rule_lang::Diagnostic::code)
        .collect();
    found.retain(|code| *code != "ambiguous-yaml");
    found.sort_unstable();
    out.push(found.join(" "));
    out.join("\n")
}

#[track_caller]
fn check_round_trip(text: &str) -> String {
    let formatted =
        format("t", text).unwrap_or_else(|error| panic!("{}\n{text}", error.render(false)));
    let again = format("t", &formatted)
        .unwrap_or_else(|error| panic!("{}\n{formatted}", error.render(false)));
    assert_eq!(again, formatted, "formatting is not idempotent for\n{text}");
    assert_eq!(
        meaning(&formatted),
        meaning(text),
        "{text}\nbecame\n{formatted}"
    );
    formatted
}

#[test]
fn every_rule_file_keeps_its_meaning() {
    let mut files = Vec::new();
    rule_files(&root().join("rules"), &mut files);
    rule_files(&root().join("crates"), &mut files);
    assert!(files.len() > 60, "{files:?}");
    let mut n_formatted = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        if format("t", &text).is_ok() {
            check_round_trip(&text);
            n_formatted += 1;
        }
    }
    assert!(n_formatted > 60);
}

/// Edits that a file may see in an editor. What then cannot be read is no matter here.
#[derive(Clone, Debug)]
enum Edit {
    Comment(usize, usize),
    CommentBehind(usize),
    Blank(usize),
    Remove(usize),
    Indent(usize),
    Replace(usize, char, char),
    Windows,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = || any::<usize>();
    let sign = || {
        prop::sample::select(
            "'\"[]{}|>#:-, \\?*%&a\t7\u{85}\u{e9}"
                .chars()
                .collect::<Vec<_>>(),
        )
    };
    let edit = prop_oneof![
        4 => (at(), 0..8usize).prop_map(|(line, column)| Edit::Comment(line, column)),
        4 => at().prop_map(Edit::CommentBehind),
        2 => at().prop_map(Edit::Blank),
        2 => at().prop_map(Edit::Remove),
        2 => at().prop_map(Edit::Indent),
        4 => (at(), sign(), sign()).prop_map(|(at, from, to)| Edit::Replace(at, from, to)),
        1 => Just(Edit::Windows),
    ];
    prop::collection::vec(edit, 1..8)
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut ending = "\n";
    for edit in edits {
        let n = lines.len().max(1);
        match edit {
            Edit::Comment(at, column) => {
                lines.insert(at % n, format!("{}# added {at}", " ".repeat(*column)));
            }
            Edit::CommentBehind(at) => lines[at % n] += " # behind",
            Edit::Blank(at) => lines.insert(at % n, String::new()),
            Edit::Remove(at) if n > 1 => drop(lines.remove(at % n)),
            Edit::Remove(_) => {}
            Edit::Indent(at) => lines[at % n].insert(0, ' '),
            Edit::Replace(at, from, to) => {
                let line = &mut lines[at % n];
                *line = line.replacen(*from, &to.to_string(), 1);
            }
            Edit::Windows => ending = "\r\n",
        }
    }
    lines.join(ending)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn edited_files_keep_their_meaning(file in any::<prop::sample::Index>(), edits in edits()) {
        let texts = small_files();
        let text = edited(&texts[file.index(texts.len())], &edits);
        if format("t", &text).is_ok() {
            check_round_trip(&text);
        }
    }
}

/// Files of every kind that are not long.
fn small_files() -> Vec<String> {
    let mut files = Vec::new();
    rule_files(&root().join("rules"), &mut files);
    rule_files(&root().join("crates/rule-lang/tests"), &mut files);
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let mut texts: Vec<String> = texts
        .map(|text| text.split_inclusive('\n').take(120).collect())
        .collect();
    // The cases of the formatter have most of what is rare.
    for _ in 0..40 {
        for case in [
            "comments",
            "order",
            "quotes",
            "brackets",
            "block-scalars",
            "documents",
        ] {
            let path = root().join("crates/rule-lang/tests/format").join(case);
            texts.push(fs::read_to_string(path.join("before.yaml")).unwrap());
        }
    }
    texts
}

#[test]
fn shipped_rules_are_formatted() {
    let mut files = Vec::new();
    rule_files(&root().join("rules"), &mut files);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let formatted = format(&file.display().to_string(), &text).unwrap();
        assert!(
            formatted == text,
            "{}: `cargo run --example check -- --format-rules rules` formats it",
            file.display()
        );
    }
}
