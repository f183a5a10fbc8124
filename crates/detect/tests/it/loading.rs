//! A whole directory is loaded in one call, and nothing in it is lost.

use std::fs;
use std::path::{Path, PathBuf};

use detect::{DocumentKind, DocumentStatus, LoadReport, PassedOver, RuleSet};

use crate::support::rule;

/// An empty directory of this test.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn reads(name: &str) -> String {
    rule(name, "selection: {verb: get}\ncondition: selection")
}

/// Each document as one line, without the directory.
fn shown(report: &LoadReport, dir: &Path) -> Vec<String> {
    let prefix = format!("{}{}", dir.display(), std::path::MAIN_SEPARATOR);
    let lines = report.documents().iter().map(|document| {
        let line = report.describe(document).to_string();
        line.replace(&prefix, "").replace('\\', "/")
    });
    lines.collect()
}

#[test]
fn a_tree_is_loaded_whole() {
    let dir = directory("tree");
    for path in ["a/b/c", ".git", "lists"] {
        fs::create_dir_all(dir.join(path)).unwrap();
    }
    let filter = "title: ci\nlogsource: {product: kubernetes, service: audit}\nfilter: {rules: [deep], sel: {user.username: ci}, condition: not sel}\n---\ntitle: Many\ncorrelation: {type: event_count, rules: [deep], timespan: 5m, condition: {gte: 3}}\n";
    for (path, text) in [
        ("top.yml", reads("top").as_str()),
        ("a/b/c/deep.yaml", &reads("deep")),
        ("a/filters.yaml", filter),
        (
            "lists/admins.yaml",
            "title: Admins\nplaceholders: {admins: [root]}\n",
        ),
        (
            "a/b/c/deep.test.yaml",
            "tests: [{kind: hit, event: {verb: get}}]\n",
        ),
        (".git/hidden.yaml", "nothing\n"),
        ("notes.txt", "nothing\n"),
        ("wrong.yaml", "title: [\n"),
    ] {
        fs::write(dir.join(path), text).unwrap();
    }
    fs::write(dir.join("latin1.yaml"), b"title: caf\xe9\n").unwrap();
    let (rules, report) = RuleSet::load_dir(&dir);
    assert_eq!(
        shown(&report, &dir),
        [
            "a/b/c/deep.yaml:1: rule `deep` is active, narrowed by ci",
            "a/b/c/deep.test.yaml:1: tests is active",
            "a/filters.yaml:1: filter `ci` is active",
            "a/filters.yaml:5: correlation `Many` is active",
            "latin1.yaml:1: document is wrong: the file cannot be read: it is not UTF-8 at byte 10",
            "lists/admins.yaml:1: placeholders `Admins` is active",
            "top.yml:1: rule `top` is active",
            "wrong.yaml:1: document is wrong: the bracket `[` is not closed",
        ]
    );
    assert_eq!(
        report.to_string(),
        "8 documents in 7 files: 2 rules, 1 correlation, 1 filter, 1 document of placeholders, 1 document of tests, 2 of no known kind (2 wrong)"
    );
    assert_eq!(rules.rules().len(), 2);
}

#[test]
fn what_cannot_be_read_makes_building_fail() {
    let dir = directory("unreadable");
    let missing = dir.join("missing.yaml");
    let error = RuleSet::builder().file(&missing).build().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("missing.yaml:1:1: the file cannot be read: "),
        "{error}"
    );
    assert!(RuleSet::builder().dir(dir.join("missing")).build().is_err());
    // A directory without rules is no error: the set is empty, and says so.
    let (rules, report) = RuleSet::load_dir(&dir);
    assert_eq!((rules.rules().len(), report.has_errors()), (0, false));
    assert_eq!(report.to_string(), "0 documents in 0 files");
    let passed: Vec<_> = report
        .passed_over()
        .iter()
        .map(ToString::to_string)
        .collect();
    let expected = format!("no `.yaml` or `.yml` file lies below `{}`", dir.display());
    assert_eq!(passed, [expected]);
}

#[test]
fn endings_are_upper_case_too_and_hidden_files_are_told() {
    let dir = directory("endings");
    for directory in [".git", "empty"] {
        fs::create_dir_all(dir.join(directory)).unwrap();
    }
    for (path, text) in [
        ("UP.YAML", reads("up").as_str()),
        ("UP.TEST.YML", "tests: [{kind: hit, event: {verb: get}}]\n"),
        ("Other.Yml", &reads("other")),
        (".swap.yaml", "nothing\n"),
        (".hidden.YML", "nothing\n"),
        (".git/config.yaml", "nothing\n"),
        (".editorconfig", "nothing\n"),
    ] {
        fs::write(dir.join(path), text).unwrap();
    }
    let (rules, report) = RuleSet::load_dir(&dir);
    assert_eq!(
        shown(&report, &dir),
        [
            "Other.Yml:1: rule `other` is active",
            "UP.YAML:1: rule `up` is active",
            "UP.TEST.YML:1: tests is active",
        ]
    );
    let passed = report.passed_over().iter().map(|passed| match passed {
        PassedOver::HiddenFile(path) => Path::new(path).file_name().unwrap().to_str().unwrap(),
        other => panic!("{other}"),
    });
    assert_eq!(passed.collect::<Vec<_>>(), [".hidden.YML", ".swap.yaml"]);
    assert_eq!(rules.rule("up").unwrap().tests().len(), 1);
    let alone = RuleSet::builder()
        .file(dir.join("UP.YAML"))
        .build()
        .unwrap();
    assert_eq!(alone.rule("up").unwrap().tests().len(), 1);
}

#[test]
fn a_rule_that_only_a_missing_correlation_wants_is_not_called_active() {
    let correlation = |timespan: &str| {
        format!(
            "{}---\ntitle: Many\nname: many\ncorrelation: {{type: event_count, rules: [one], timespan: {timespan}, condition: {{gte: 5}}}}\n",
            reads("one")
        )
    };
    let off = "title: Off\noverride: {rules: [many], enabled: false}\n";
    let first = |texts: &[&str]| {
        let builder = RuleSet::builder();
        let named = texts.iter().enumerate();
        let builder = named.fold(builder, |builder, (at, text)| {
            builder.text(format!("{at}.yaml"), *text)
        });
        let (rules, report) = builder.load();
        (
            rules.rule("one").is_some(),
            report.describe(&report.documents()[0]).to_string(),
        )
    };
    let active = (true, "0.yaml:1: rule `one` is active".to_owned());
    assert_eq!(first(&[&correlation("5m")]), active);
    let unheard = "0.yaml:1: rule `one` is filtered: its hits are only for correlations, and none that takes them is evaluated";
    for texts in [
        &[correlation("5mm").as_str()][..],
        &[&correlation("5m"), off],
    ] {
        assert_eq!(first(texts), (false, unheard.to_owned()));
    }
}

#[test]
fn an_expired_filter_takes_no_part() {
    let filter = "title: Old\nlogsource: {product: kubernetes, service: audit}\nexpires: 2026-11-24\nfilter: {rules: [one], sel: {user.username: ci}, condition: not sel}\n";
    let text = format!("{}---\n{filter}", reads("one"));
    let lines = |today: &str| {
        let builder = RuleSet::builder().text("f.yaml", text.as_str());
        let (_, report) = builder.today(today.parse().unwrap()).load();
        let documents = report.documents().iter();
        documents
            .map(|found| report.describe(found).to_string())
            .collect::<Vec<_>>()
    };
    let [rule, filter] = &*lines("2026-11-24") else {
        panic!("two documents");
    };
    assert!(rule.ends_with("is active, narrowed by Old"), "{rule}");
    assert!(filter.ends_with("filter `Old` is active"), "{filter}");
    let [rule, filter] = &*lines("2026-11-25") else {
        panic!("two documents");
    };
    assert!(
        rule.ends_with("is active, narrowed by Old (expired)"),
        "{rule}"
    );
    assert!(
        filter.ends_with("filter `Old` is filtered: it expired on 2026-11-24"),
        "{filter}"
    );
}

#[test]
fn a_file_that_is_too_large_is_not_read_to_its_end() {
    let dir = directory("large");
    fs::write(dir.join("large.yaml"), "#".repeat(3 << 20)).unwrap();
    let (_, report) = RuleSet::load_dir(&dir);
    assert_eq!(
        shown(&report, &dir),
        [
            "large.yaml:1: document is wrong: the file cannot be read: it has 3145728 bytes and the limit is 1048576"
        ]
    );
}

/// The tests of the only rule, by file.
fn tests_by_file(rules: &RuleSet, report: &LoadReport) -> Vec<String> {
    let rule = rules.rules().next().unwrap();
    let files = rule.tests().iter().map(detect::rule_lang::RuleTest::source);
    files
        .map(|file| report.sources().name(file).to_owned())
        .collect()
}

#[test]
fn a_file_brings_the_tests_beside_it() {
    let dir = directory("beside");
    fs::write(dir.join("one.yml"), reads("one")).unwrap();
    fs::write(dir.join("one.test.yaml"), HIT).unwrap();
    let (rules, report) = RuleSet::builder().file(dir.join("one.yml")).load();
    let tests = dir.join("one.test.yaml").display().to_string();
    assert_eq!(tests_by_file(&rules, &report), [tests.as_str()]);
    // Asked for once more, they are not run twice.
    let builder = RuleSet::builder().dir(&dir).file(dir.join("one.test.yaml"));
    let (rules, report) = builder.file(dir.join("one.yml")).load();
    assert_eq!(tests_by_file(&rules, &report), [tests.as_str()]);
    assert_eq!(report.documents().len(), 2);
    // Alone they are nobody's.
    let (_, report) = RuleSet::builder().file(dir.join("one.test.yaml")).load();
    assert!(report.has_errors());
}

const HIT: &str = "tests: [{kind: hit, event: {verb: get}}]\n";
const MISS: &str = "tests: [{kind: near-miss, event: {verb: list}}]\n";

#[test]
fn the_same_tests_beside_another_rule_are_its_own() {
    let (rules, report) = RuleSet::builder()
        .text("one.yaml", reads("one"))
        .text("one.test.yaml", HIT)
        .text("two.yaml", reads("two"))
        .text("two.test.yaml", HIT)
        .load();
    assert!(!report.has_errors(), "{}", report.render(false));
    let n_tests: Vec<_> = rules.rules().map(|rule| rule.tests().len()).collect();
    assert_eq!(n_tests, [1, 1]);
}

#[test]
fn of_a_rule_that_is_there_twice_the_tests_of_the_first_count() {
    for (tests, documents) in [
        (
            HIT,
            &[
                "mine/one.yaml:1: rule `one` is active",
                "mine/one.test.yaml:1: tests is active",
            ][..],
        ),
        (
            MISS,
            &[
                "mine/one.yaml:1: rule `one` is active",
                "mine/one.test.yaml:1: tests is active",
                "shipped/one.test.yaml:1: tests is filtered: its rules stand in `mine/one.yaml` too, which has its own tests",
            ],
        ),
    ] {
        let (rules, report) = RuleSet::builder()
            .text("mine/one.yaml", reads("one"))
            .text("mine/one.test.yaml", HIT)
            .text("shipped/one.yaml", reads("one"))
            .text("shipped/one.test.yaml", tests)
            .load();
        assert_eq!(shown(&report, Path::new("none")), documents);
        assert_eq!(tests_by_file(&rules, &report), ["mine/one.test.yaml"]);
    }
    // Where the first has none, those beside the copy are run.
    let (rules, report) = RuleSet::builder()
        .text("mine/one.yaml", reads("one"))
        .text("shipped/one.yaml", reads("one"))
        .text("shipped/one.test.yaml", HIT)
        .load();
    assert_eq!(tests_by_file(&rules, &report), ["shipped/one.test.yaml"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_once_and_pipes_never() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    let dir = directory("links");
    fs::write(dir.join("one.yaml"), reads("one")).unwrap();
    for name in ["up", "again"] {
        symlink(&dir, dir.join(name)).unwrap();
    }
    symlink(dir.join("gone"), dir.join("broken.yaml")).unwrap();
    let _socket = UnixListener::bind(dir.join("s.yaml")).unwrap();
    let (_, report) = RuleSet::load_dir(&dir);
    let shown = shown(&report, &dir);
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert!(shown[0].starts_with("broken.yaml:1: document is wrong: the file cannot be read: "));
    assert_eq!(shown[1], "one.yaml:1: rule `one` is active");
    assert_eq!(
        shown[2],
        "s.yaml:1: document is wrong: the file cannot be read: it is neither a file nor a directory"
    );
}

#[test]
fn rules_that_are_not_kept_are_filtered() {
    let (rules, report) = RuleSet::builder()
        .text("a.yaml", reads("one") + &reads("two"))
        .text("b.yaml", reads("three"))
        .retain(|rule| rule.name() == "two")
        .load();
    assert_eq!(rules.rules().len(), 1);
    let of = |status| {
        let documents = report.documents().iter();
        let found = documents.filter(move |document| document.status() == status);
        found
            .filter_map(|document| document.name())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(DocumentStatus::Active), ["two"]);
    assert_eq!(of(DocumentStatus::Filtered), ["one", "three"]);
}

#[cfg(feature = "shipped")]
#[test]
fn every_shipped_document_is_active() {
    let (rules, report) = RuleSet::builder().shipped().load();
    for document in report.documents() {
        assert_eq!(
            document.status(),
            DocumentStatus::Active,
            "{}",
            report.describe(document)
        );
        assert_ne!(document.kind(), DocumentKind::Unknown);
    }
    let n_rules = report
        .documents()
        .iter()
        .filter(|d| d.kind() == DocumentKind::Rule)
        .count();
    assert_eq!(n_rules, rules.rules().len());
}
