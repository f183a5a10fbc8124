//! Formatting: every file keeps its meaning, and formatting twice is formatting once.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rule_lang::{Compiled, Compiler, CorrelationType, format};
use serde_json::{Map, Value};

use crate::yaml;

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
        .filter(|path| path.is_dir())
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
    for correlation in &compiled.correlations {
        // Everything but where it stands: the places are in the metadata alone.
        out.push(format!(
            "{:?} {:?} {:?} {} {:?} {:?}",
            correlation.name(),
            correlation.title(),
            correlation.tags(),
            correlation.level(),
            correlation.kind(),
            correlation.references(),
        ));
        out.push(format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            correlation.group_by(),
            correlation.fields(),
            correlation.timespan(),
            correlation.learning(),
            correlation.bounds(),
            correlation.percentile(),
            correlation.presence(),
        ));
        out.push(format!(
            "{:?} {:?} {:?} {:?}",
            correlation.suppress(),
            correlation.message(),
            correlation.is_silenced(),
            correlation.inactive().map(|_| ()),
        ));
        for test in correlation.tests() {
            out.push(format!(
                "{} {:?} {:?}",
                test.kind(),
                test.events(),
                test.count()
            ));
        }
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

/// Documents of every kind, with every key that they may have.
const DOCUMENTS: &str = include_str!("../format/every-key.yaml");

/// Writes a document in one of many ways: its keys in any order, in brackets or line by line, texts in quotes or not.
#[derive(Debug)]
struct Writer {
    random: u64,
    out: String,
}

impl Writer {
    fn choose(&mut self, n: usize) -> usize {
        // Knuth's generator; the upper bits are the better ones.
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.random >> 33).unwrap() % n
    }

    fn document(&mut self, document: &Value) {
        self.out.push_str("---\n");
        self.block(document, 0, "");
    }

    fn scalar(&mut self, scalar: &Value) {
        let json = scalar.to_string();
        let text = scalar.as_str().unwrap_or_default();
        let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
            && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text);
        match self.choose(3) {
            0 if is_plain => self.out.push_str(text),
            1 if scalar.is_string() && !text.contains(|c: char| c.is_control()) => {
                let text = text.replace('\'', "''");
                self.out.extend(["'", &text, "'"]);
            }
            _ => self.out.push_str(&json),
        }
    }

    fn entries<'v>(&mut self, map: &'v Map<String, Value>) -> Vec<(&'v String, &'v Value)> {
        let mut entries: Vec<_> = map.iter().collect();
        for at in 1..entries.len() {
            let other = self.choose(at + 1);
            entries.swap(at, other);
        }
        entries
    }

    fn flow(&mut self, value: &Value) {
        match value {
            Value::Array(items) => {
                self.out.push('[');
                for item in items {
                    self.flow(item);
                    self.out.push_str(", ");
                }
                self.out.push(']');
            }
            Value::Object(map) => {
                self.out.push('{');
                for (key, value) in self.entries(map) {
                    self.scalar(&Value::from(key.as_str()));
                    self.out.push_str(": ");
                    self.flow(value);
                    self.out.push_str(", ");
                }
                self.out.push('}');
            }
            scalar => self.scalar(scalar),
        }
    }

    /// `before` parts the value from what stands before it on its line.
    fn block(&mut self, value: &Value, indent: usize, before: &str) {
        let is_empty = match value {
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => true,
        };
        if is_empty || indent > 0 && self.choose(3) == 0 {
            self.out.push_str(before);
            self.flow(value);
            self.out.push('\n');
            return;
        }
        if !before.is_empty() {
            self.out.push('\n');
        }
        let by = 1 + self.choose(4);
        let margin = " ".repeat(indent);
        match value {
            Value::Array(items) => {
                for item in items {
                    self.out.push_str(&margin);
                    self.out.push('-');
                    self.block(item, indent + by, " ");
                }
            }
            Value::Object(map) => {
                for (key, value) in self.entries(map) {
                    self.out.push_str(&margin);
                    self.scalar(&Value::from(key.as_str()));
                    self.out.push(':');
                    self.block(value, indent + by, " ");
                }
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn documents_written_in_any_way_are_formatted_alike(random in any::<u64>()) {
        let documents = yaml::documents(DOCUMENTS).unwrap();
        let mut writer = Writer { random, out: String::new() };
        for document in &documents {
            writer.document(document);
        }
        let formatted = check_round_trip(&writer.out);
        let compiled = compile(&formatted);
        prop_assert_eq!(&compiled.diagnostics, &[], "{}", compiled.render(false));
    }
}

#[test]
fn the_documents_have_every_key_and_kind() {
    let compiled = compile(DOCUMENTS);
    assert_eq!(compiled.diagnostics, [], "{}", compiled.render(false));
    let kinds: Vec<_> = compiled
        .correlations
        .iter()
        .map(rule_lang::Correlation::kind)
        .collect();
    for kind in CorrelationType::ALL {
        assert!(kinds.contains(kind), "{kind}");
    }
    // Keys of an order are those that a schema has.
    let schema: Value = serde_json::from_str(&rule_lang::schema()).unwrap();
    for (name, definition) in schema["definitions"].as_object().unwrap() {
        for key in definition["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key)
        {
            let is_field = definition["patternProperties"].is_object()
                && name.contains("selection")
                || name == "fields-of-event";
            let is_foreign = definition["properties"][key] == false
                || ["regression_tests_path", "simulation", "timeframe"].contains(&key.as_str());
            let is_there = DOCUMENTS.contains(&format!("{key}:"));
            assert!(
                is_field || is_foreign || is_there,
                "{key} of {name} is in none of them"
            );
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
            "events",
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
