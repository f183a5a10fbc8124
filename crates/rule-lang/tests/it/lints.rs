//! Lints: each has a case directory and a line on the page of lints, and no shipped rule has one.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rule_lang::DiagnosticKind;

use crate::shipped;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lints.md");

fn page() -> String {
    let mut page = String::from(
        "# Lints\n\n\
         What the compiler says of rules that are written correctly and hardly mean what they say. This page is made\n\
         from the list in `crates/rule-lang/src/diagnostic/lints.rs`; a test holds it to that, and `UPDATE_EXPECT=1 cargo test\n\
         -p kubesift-rule-lang` writes it anew. Each lint has examples in `crates/rule-lang/tests/data/lints`.\n\n\
         A warning does not keep a rule from being used.\n\n\
         What is decided of conditions (`contradiction`, `tautology`, `implied-selection`, `dead-level`) is said of\n\
         events in which no key is repeated, and only where it is certain: what takes too long to find out is not said.\n\n\
         ## Silencing\n\n\
         An author who has considered a warning says so in the document, under a key that other Sigma tools pass over.\n\
         It goes for that document alone. A name that is no lint is an error, and one that silences nothing is reported.\n\n\
         ```yaml\nlint:\n  allow: [forged-source]\n```\n\n\
         ## All lints\n\n\
         | lint | severity | what | help |\n|---|---|---|---|\n",
    );
    for lint in DiagnosticKind::LINTS {
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
    let slugs: Vec<&str> = DiagnosticKind::LINTS
        .iter()
        .map(DiagnosticKind::slug)
        .collect();
    assert!(slugs.is_sorted(), "{slugs:?}");
}

#[test]
fn every_lint_has_a_case() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lints");
    for lint in DiagnosticKind::LINTS {
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

#[test]
fn shipped_rules_have_none() {
    let found = shipped::set().finish();
    assert!(found.diagnostics.is_empty(), "{}", found.render(false));
}

#[test]
fn the_examples_of_tuning_have_none() {
    let Some(page) = shipped::readme() else {
        return;
    };
    let mut set = shipped::set();
    let blocks = page.split("```yaml\n").skip(1);
    for (at, block) in blocks.enumerate() {
        let yaml = block.split("```").next().unwrap();
        set.add(&format!("README.md, example {}", at + 1), yaml);
    }
    let found = set.finish();
    assert!(found.diagnostics.is_empty(), "{}", found.render(false));
    assert!(found.rules.iter().any(|rule| rule.inactive().is_some()));
    assert!(
        found
            .filters
            .iter()
            .any(|filter| filter.inactive().is_some())
    );
}
