//! The schema of rule files: kept in `docs/schema`, and held to the compiler in both directions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use rule_lang::{Compiled, Compiler, Severity};
use serde_json::Value;

use crate::{corpus, correlations, rejections, yaml};

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema");

fn validator(schema: &str) -> Validator {
    let schema: Value = serde_json::from_str(schema).unwrap();
    jsonschema::draft7::meta::validate(&schema).unwrap();
    jsonschema::draft7::new(&schema).unwrap()
}

static RULES: LazyLock<Validator> = LazyLock::new(|| validator(&rule_lang::schema()));
static TESTS: LazyLock<Validator> = LazyLock::new(|| validator(&rule_lang::test_schema()));

#[test]
fn the_kept_schemas_are_up_to_date() {
    for (name, schema) in [
        ("rules.schema.json", rule_lang::schema()),
        ("tests.schema.json", rule_lang::test_schema()),
    ] {
        let kept = Path::new(KEPT).join(name);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::create_dir_all(KEPT).unwrap();
            fs::write(&kept, &schema).unwrap();
        }
        // Only in a checkout: a package does not hold it.
        if let Ok(kept) = fs::read_to_string(kept) {
            assert!(
                kept == schema,
                "`UPDATE_EXPECT=1 cargo test` writes {name} anew"
            );
        }
    }
}

pub(crate) fn is_test_file(path: &Path) -> bool {
    rule_lang::test_file_stem(&path.display().to_string()).is_some()
}

#[test]
fn files_of_tests_are_valid_when_they_are_taken() {
    let mut n_files = 0;
    for (path, text) in corpus::files() {
        let name = path.display().to_string();
        let Some(stem) = rule_lang::test_file_stem(&name) else {
            continue;
        };
        let rules = format!("{stem}.yaml");
        let Ok(rules) = fs::read_to_string(rules) else {
            continue;
        };
        let mut compiler = Compiler::new();
        compiler.add("rule.yaml", &rules);
        compiler.add("rule.test.yaml", &text);
        let is_taken = codes(&compiler.finish()).is_empty();
        for document in yaml::documents(&text).unwrap_or_default() {
            let problems = errors(&TESTS, &document);
            assert!(!is_taken || problems.is_empty(), "{name}\n{problems:#?}");
        }
        n_files += usize::from(is_taken);
    }
    assert!(n_files > 2, "{n_files}");
    let rule = "title: t\nname: t\nlogsource: {product: kubernetes, service: audit}\n\
                detection: {s: {verb: get}, condition: s}\n";
    for (text, is_good) in [
        ("tests: [{kind: hit, event: {verb: get}}]", true),
        ("rule: t\ntests: [{kind: hit, event: {verb: get}}]", true),
        ("rule: t", false),
        ("tests: []", false),
        ("rule: [t]\ntests: [{kind: hit, event: {verb: get}}]", false),
        ("rules: t\ntests: [{kind: hit, event: {verb: get}}]", false),
        ("tests: [{kind: hti, event: {verb: get}}]", false),
        ("tests: [{kind: hit, evnt: {verb: get}}]", false),
        ("tests: [{kind: hit, event: get}]", false),
        ("tests: [{kind: hit, event: {}}]", false),
        ("tests: [{kind: hit, events: []}]", false),
        ("tests: [{kind: hit, events: [{}]}]", false),
        ("title: t\ntests: [{kind: hit, event: {verb: get}}]", false),
    ] {
        let mut set = Compiler::new();
        set.add("rule.yaml", rule);
        set.add("rule.test.yaml", text);
        let compiled = set.finish();
        assert_eq!(
            codes(&compiled).is_empty(),
            is_good,
            "{text}\n{}",
            compiled.render(false)
        );
        let documents = yaml::documents(text).unwrap();
        let problems = errors(&TESTS, &documents[0]);
        assert_eq!(problems.is_empty(), is_good, "{text}\n{problems:#?}");
    }
}

/// Editors that read the language server's line find the schema by it.
#[test]
fn every_shipped_document_names_the_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut n_files = 0;
    for (path, text) in corpus::files() {
        let Ok(below) = path.strip_prefix(root.join("rules")) else {
            continue;
        };
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let up = "../".repeat(below.components().count());
        let schema = if is_test_file(&path) {
            "tests"
        } else {
            "rules"
        };
        let line =
            format!("# yaml-language-server: $schema={up}docs/schema/{schema}.schema.json\n");
        for document in text.split_inclusive("\n---\n") {
            assert!(
                document.starts_with(&line),
                "{} has no\n{line}",
                path.display()
            );
        }
        n_files += 1;
    }
    assert!(n_files > 20, "{n_files}");
}

/// How much of a kind of error the schema sees. What is not here it refuses always, or is about several files together.
const SEEN: &[(&str, Seen, &str)] = &[
    ("bad-field-name", Seen::Partly, "what stands in a free path"),
    ("bad-message", Seen::Never, "what a message names"),
    ("bad-network", Seen::Never, "addresses"),
    (
        "bad-number",
        Seen::Partly,
        "ranges of parts of a time, and numbers behind other modifiers",
    ),
    ("bad-regex", Seen::Never, "regular expressions"),
    (
        "bad-value",
        Seen::Partly,
        "what modifiers ask of a value, and the largest span of time",
    ),
    ("block-too-deep", Seen::Never, "depth"),
    ("condition-syntax", Seen::Never, "conditions"),
    ("condition-too-deep", Seen::Never, "conditions"),
    ("condition-too-long", Seen::Never, "conditions"),
    ("correlation-cycle", Seen::Never, "other documents"),
    ("duplicate-entry", Seen::Partly, "several names of one rule"),
    ("duplicate-id", Seen::Never, "other documents"),
    ("duplicate-key", Seen::Never, "the text of YAML"),
    ("duplicate-name", Seen::Never, "other documents"),
    ("empty-quantifier", Seen::Never, "conditions"),
    (
        "illegal-modifiers",
        Seen::Partly,
        "which modifiers go together, but not that a block has none",
    ),
    (
        "keyword-in-block",
        Seen::Partly,
        "lists of maps and texts, but not of what a list has members",
    ),
    (
        "legacy-aggregation",
        Seen::Partly,
        "conditions, but not `timeframe`",
    ),
    (
        "mistyped-key",
        Seen::Partly,
        "a key of a document that is a slip away only without regard to case",
    ),
    ("no-placeholder", Seen::Never, "what a value holds"),
    ("not-a-list", Seen::Partly, "what is a list below objects"),
    ("presence-only", Seen::Never, "which values a field has"),
    ("program-too-large", Seen::Never, "size"),
    (
        "too-many-values",
        Seen::Partly,
        "values that come of placeholders and modifiers",
    ),
    (
        "unknown-field",
        Seen::Partly,
        "names in messages, `fieldref`, `suppress`, correlations, and parts of an image",
    ),
    ("unknown-group", Seen::Never, "what else the document says"),
    ("unknown-member", Seen::Never, "what members of a list have"),
    ("unknown-placeholder", Seen::Never, "other documents"),
    ("unknown-reference", Seen::Never, "other documents"),
    ("unknown-selection", Seen::Never, "conditions"),
    ("wrong-type", Seen::Partly, "in which quotes a text stands"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Partly,
    Never,
}

fn errors(validator: &Validator, document: &Value) -> Vec<String> {
    let errors = validator.iter_errors(document);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Errors that nothing else shows by themselves.
fn more() -> Vec<String> {
    let rule = |before: &str, selection: &str| {
        format!(
            "title: t\nlogsource: {{product: kubernetes, service: audit}}\nsigma-version: 3\n{before}\
             detection:\n  s: {selection}\n  condition: s\n"
        )
    };
    let correlation = |body: &str| format!("---\ntitle: t\ncorrelation: {{{body}}}\n");
    let good = rule("", "{verb: get}");
    let twice = |key: &str| [&*rule(key, "{verb: get}"), "---\n", &rule(key, "{name: a}")].concat();
    let listed: Vec<String> = (0..17).map(|at| format!("annotations.a{at}")).collect();
    let groups = listed.join(", ");
    let large: Vec<String> = (0..200)
        .map(|at| format!("  s{at}: {{verb: get}}\n"))
        .collect();
    let large = large.concat();
    let large = good.replace(
        "  condition: s",
        &format!("{large}  condition: s{}", " or 1 of s*".repeat(4000)),
    );
    let deep = good.replace(
        "condition: s",
        &format!("condition: {}s{}", "(".repeat(65), ")".repeat(65)),
    );
    let long = good.replace(
        "condition: s",
        &format!("condition: s{}", " and s".repeat(11_000)),
    );
    let blocks = format!(
        "{{'containers[any]': {}{{x: y}}{}}}",
        "{'a[any]': ".repeat(8),
        "}".repeat(8)
    );
    vec![
        rule("", "{object..x: a}"),
        rule("", "{client.ip|cidr: 10.0.0.0/33}"),
        rule("", "{'object.spec.replicas[any]': 3}"),
        rule("", "{verb: get, verb: list}"),
        rule("", "{userAgent|base64offset|contains: x}"),
        rule("", "{'containers[any]|contains': {image: x}}"),
        rule("LEVEL: high\n", "{verb: get}"),
        rule("tests: [{kind: hit, events: '{}'}]\n", "{verb: get}"),
        rule("", "{'user.groups[0][any]': a}"),
        rule("", &blocks),
        twice("id: 6ad91e31-53df-4826-bd27-0166171c8040\n"),
        twice("name: n\n"),
        large,
        deep,
        long,
        good + &correlation(&format!(
            "type: event_count, rules: any, timespan: 1m, condition: {{gte: 2}}, group-by: [{groups}]"
        )),
    ]
}

fn compile(text: &str) -> Compiled {
    let mut compiler = Compiler::new();
    compiler.add("rule.yaml", text);
    compiler.finish()
}

/// The kinds of errors in a file.
fn codes(compiled: &Compiled) -> BTreeSet<&'static str> {
    let all = compiled.diagnostics.iter();
    let errors = all.filter(|one| one.severity() == Severity::Error);
    errors.map(rule_lang::Diagnostic::code).collect()
}

#[test]
fn what_is_taken_is_valid_and_what_is_refused_is_not() {
    let files = corpus::files()
        .into_iter()
        .filter(|(path, _)| !is_test_file(path))
        .map(|(path, text)| (path.display().to_string(), text));
    let compiled = rejections::all().into_iter().chain(correlations::all());
    let compiled = compiled.chain(more());
    let files = files.chain(compiled.map(|text| ("a test".to_owned(), text)));
    let (mut wrong, mut n_valid) = (Vec::new(), 0);
    // Of each kind of error, how many documents with no other are valid and how many are not.
    let mut seen: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    for (name, text) in files {
        // What is no YAML an editor says by itself; a schema is asked of documents.
        let documents = yaml::documents(&text).unwrap_or_default();
        if documents.is_empty() {
            continue;
        }
        let found = codes(&compile(&text));
        let problems: Vec<String> = documents
            .iter()
            .flat_map(|document| errors(&RULES, document))
            .collect();
        if found.is_empty() {
            n_valid += documents.len();
            if !problems.is_empty() {
                wrong.push(format!(
                    "{name} is taken\n{text}\n{}\n",
                    problems.join("\n")
                ));
            }
            continue;
        }
        let only = found.first().filter(|_| found.len() == 1).copied();
        if let Some(code) = only {
            let (valid, refused) = seen.entry(code).or_default();
            *if problems.is_empty() { valid } else { refused } += 1;
        }
        let listed = |code: &&str| {
            SEEN.iter()
                .find(|(slug, ..)| slug == code)
                .map(|(_, seen, _)| *seen)
        };
        if problems.is_empty() && found.iter().any(|code| listed(code).is_none()) {
            wrong.push(format!(
                "{name} is refused for {found:?} and valid\n{text}\n"
            ));
        }
        if !problems.is_empty() && found.iter().all(|code| listed(code) == Some(Seen::Never)) {
            wrong.push(format!(
                "{name} is refused for {found:?}, which the schema sees\n{text}\n{}\n",
                problems.join("\n")
            ));
        }
    }
    for (slug, what, _) in SEEN {
        let (valid, refused) = seen.get(slug).copied().unwrap_or_default();
        let holds = match what {
            Seen::Never => valid > 0,
            Seen::Partly => valid > 0 && refused > 0,
        };
        if !holds {
            wrong.push(format!(
                "{slug}: seen {what:?}, but {valid} are valid and {refused} are not\n"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(n_valid > 200, "{n_valid}");
}

/// A field without a name is keywords, with modifiers or without.
#[test]
fn fields_without_a_name_are_taken_by_both_or_neither() {
    for (item, is_good) in [
        ("'': xmrig", true),
        ("'': [xmrig, 5, true]", true),
        ("'|all': [xmrig, stratum]", true),
        ("'|re': 'xm?rig[0-9]'", true),
        ("'|contains|cased': xmrig", true),
        ("'': []", false),
        ("'': {a: b}", false),
        ("'': [{a: b}]", false),
        ("'|all': {a: b}", false),
        ("'|': xmrig", false),
        ("'|any': xmrig", false),
    ] {
        let text = format!(
            "title: t\nlogsource: {{product: kubernetes, service: audit}}\n\
             detection: {{s: {{verb: get, {item}}}, condition: s}}\n"
        );
        let compiled = compile(&text);
        let found = codes(&compiled);
        assert_eq!(found.is_empty(), is_good, "{item}: {found:?}");
        let documents = yaml::documents(&text).unwrap();
        let problems = errors(&RULES, &documents[0]);
        assert_eq!(problems.is_empty(), is_good, "{item}: {problems:#?}");
    }
}

/// Characters are counted, and not bytes.
#[test]
fn the_longest_title_is_the_same_for_both() {
    for (n, is_good) in [(256, true), (257, false)] {
        let text = format!(
            "title: {}\nlogsource: {{product: kubernetes, service: audit}}\n\
             detection: {{s: {{verb: get}}, condition: s}}\n",
            "ä".repeat(n)
        );
        assert_eq!(codes(&compile(&text)).is_empty(), is_good, "{n}");
        let documents = yaml::documents(&text).unwrap();
        assert_eq!(errors(&RULES, &documents[0]).is_empty(), is_good, "{n}");
    }
}

/// What a text is given as, everywhere where one belongs: both the loader and the schema take it, or neither does.
#[test]
fn texts_given_as_something_else_are_taken_by_both_or_neither() {
    let values = [
        "3",
        "1.5",
        "-1",
        "1e3",
        "0x10",
        "true",
        "False",
        "yes",
        "null",
        "~",
        "''",
        "[]",
        "[3]",
        "[null]",
        "{}",
        "{a: b}",
        "2024-01-01",
        "text",
    ];
    let source = "logsource: {product: kubernetes, service: audit}\n";
    let detection = "detection: {s: {verb: get}, condition: s}\n";
    let (mut taken, mut refused, mut wrong) = (0, 0, Vec::new());
    for key in [
        "title",
        "name",
        "description",
        "author",
        "message",
        "references",
        "falsepositives",
        "fields",
        "license",
    ] {
        for value in values {
            let title = if key == "title" { "" } else { "title: t\n" };
            let text = format!("{title}{key}: {value}\n{source}{detection}");
            let found = codes(&compile(&text));
            let documents = yaml::documents(&text).unwrap();
            let problems: Vec<String> = documents
                .iter()
                .flat_map(|document| errors(&RULES, document))
                .collect();
            if found.is_empty() {
                taken += 1;
            } else {
                refused += 1;
            }
            if found.is_empty() != problems.is_empty() {
                wrong.push(format!("{key}: {value}: {found:?} and {problems:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(taken > 50 && refused > 20, "{taken} {refused}");
}
