//! The page of fields is what the table of fields says.

use std::fmt::Write as _;

use audit_model::{FIELDS, Provider, Shape};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fields.md");

fn page() -> String {
    let mut page = String::from(
        "# Fields\n\n\
         What rules may read of an event. This page is made from the table in `crates/audit-model/src/field.rs`; a test\n\
         holds it to that, and `UPDATE_EXPECT=1 cargo test -p kubesift-audit-model` writes it anew.\n\n\
         Below a field that is a *map*, an *object* or *objects* any path may follow: `annotations.authorization.k8s.io/decision`,\n\
         `podSpec.hostNetwork`, `containers.image.registry`. A *part* can be tested for presence only. A field that a\n\
         source never records is absent on it: a rule that needs it cannot match there.\n\n\
         | field | is | what | never on |\n|---|---|---|---|\n",
    );
    for field in FIELDS {
        let shape = match field.shape {
            Shape::Text => "text",
            Shape::Number => "number",
            Shape::Bool => "true or false",
            Shape::List => "list",
            Shape::Map => "map",
            Shape::Struct => "part",
            Shape::Object => "object",
            Shape::Objects => "objects",
            other => panic!("{other:?} has no name here"),
        };
        let lacking: Vec<_> = Provider::ALL
            .into_iter()
            .filter(|provider| provider.lacks(field.id))
            .map(Provider::as_str)
            .collect();
        let empty = if field.empty_is_absent {
            "; empty is absent"
        } else {
            ""
        };
        writeln!(
            page,
            "| `{}` | {shape} | {}{empty} | {} |",
            field.name,
            field.doc,
            lacking.join(", ")
        )
        .unwrap();
    }
    page
}

#[test]
fn the_page_is_up_to_date() {
    let page = page();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    // Only in a checkout: a package does not hold the page.
    if let Ok(kept) = std::fs::read_to_string(PAGE) {
        assert_eq!(
            kept, page,
            "`UPDATE_EXPECT=1 cargo test` writes the page anew"
        );
    }
}
