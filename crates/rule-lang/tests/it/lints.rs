//! Lints: each has a case directory and a line on the page of lints, and no shipped rule has one.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use rule_lang::{Compiler, Lint};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lints.md");
const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules");

fn page() -> String {
    let mut page = String::from(
        "# Lints\n\n\
         What the compiler says of rules that are written correctly and hardly mean what they say. This page is made\n\
         from the list in `crates/rule-lang/src/lint/list.rs`; a test holds it to that, and `UPDATE_EXPECT=1 cargo test\n\
         -p kubesift-rule-lang` writes it anew. Each lint has examples in `crates/rule-lang/tests/data/lints`.\n\n\
         A warning does not keep a rule from being used.\n\n\
         | lint | severity | what | help |\n|---|---|---|---|\n",
    );
    for lint in Lint::ALL {
        writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            lint.slug(),
            lint.severity(),
            lint.what(),
            lint.help()
        )
        .unwrap();
    }
    page
}

#[test]
fn the_page_is_up_to_date() {
    let page = page();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(PAGE, &page).unwrap();
    }
    // Only in a checkout: a package does not hold the page.
    if let Ok(kept) = fs::read_to_string(PAGE) {
        assert_eq!(
            kept, page,
            "`UPDATE_EXPECT=1 cargo test` writes the page anew"
        );
    }
}

#[test]
fn the_list_is_in_order() {
    let slugs: Vec<&str> = Lint::ALL.iter().map(Lint::slug).collect();
    assert!(slugs.is_sorted(), "{slugs:?}");
}

#[test]
fn every_lint_has_a_case() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lints");
    for lint in Lint::ALL {
        let case = cases.join(lint.slug().replace('-', "_"));
        let found = fs::read_to_string(case.join("diagnostics.txt")).unwrap_or_default();
        let code = format!("[{}]", lint.slug());
        assert!(found.contains(&code), "{} does not show it", case.display());
        // A case is about one lint.
        let headings = found.lines().filter(|line| line.starts_with("warning["));
        for heading in headings {
            assert!(heading.contains(&code), "{}: {heading}", case.display());
        }
    }
}

fn rule_files(dir: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
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

#[test]
fn shipped_rules_have_none() {
    let mut files = Vec::new();
    rule_files(Path::new(RULES), &mut files);
    files.sort();
    // Only in a checkout: a package does not hold the rules.
    assert!(files.is_empty() || files.len() > 30, "{files:?}");
    let mut set = Compiler::new();
    for file in &files {
        set.add(
            &file.display().to_string(),
            &fs::read_to_string(file).unwrap(),
        );
    }
    let compiled = set.finish();
    assert!(
        compiled.diagnostics.is_empty(),
        "{}",
        compiled.render(false)
    );
}
