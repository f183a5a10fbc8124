//! The page that holds the tables, and how they are put into it.

use std::fmt::Write as _;
use std::io::{Error, Result};

use crate::timing::Outcome;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");

/// Puts tables into docs/performance.md, between the marks `<!-- NAME -->` and `<!-- end of NAME -->`.
///
/// # Errors
/// Those of reading and writing the page; an error too where it has no such marks, or in another order.
pub fn put(name: &str, tables: &str) -> Result<()> {
    let page = std::fs::read_to_string(PAGE)?;
    let page = between(&page, name, tables)
        .ok_or_else(|| Error::other(format!("the page has no marks for `{name}`")))?;
    std::fs::write(PAGE, page)
}

fn between(page: &str, name: &str, tables: &str) -> Option<String> {
    let (start, end) = (
        format!("<!-- {name} -->"),
        format!("<!-- end of {name} -->"),
    );
    let (before, rest) = page.split_once(&start)?;
    let (_, after) = rest.split_once(&end)?;
    let tables = tables.trim();
    Some(format!("{before}{start}\n\n{tables}\n\n{end}{after}"))
}

/// A table of what became of contenders on a log of some bytes and events. The ratio is the time of the floor divided by
/// theirs: above 1, a contender is faster than the floor.
///
/// ```
/// use benches::{Contender, compare, table};
///
/// let outcomes = compare(1, vec![Contender::new("counting", || (0..9_u64).sum())]);
/// let shown = table(&outcomes, "counting", 1_000, 9);
/// assert!(shown.contains("| 1.00 | 36 |"), "{shown}");
/// ```
#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of bytes and events are far below 2⁵³"
)]
pub fn table(outcomes: &[Outcome], floor: &str, bytes: usize, events: u64) -> String {
    let floor = outcomes.iter().find(|outcome| outcome.name == floor);
    let floor = floor.map_or(f64::NAN, |floor| floor.median.as_secs_f64());
    let mut out = String::from(
        "| contender | MB/s | events/s | floor ÷ it | count |\n|---|---:|---:|---:|---:|\n",
    );
    for outcome in outcomes {
        let seconds = outcome.median.as_secs_f64();
        // Writing to a string cannot fail.
        _ = writeln!(
            out,
            "| {} | {:.0} | {:.0} | {:.2} | {} |",
            outcome.name,
            bytes as f64 / seconds / 1e6,
            events as f64 / seconds,
            floor / seconds,
            outcome.count
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::between;

    #[test]
    fn tables_replace_what_stands_between_their_marks() {
        let page = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n<!-- y -->\n<!-- end of y -->\n";
        let once = between(page, "x", "\nnew\n").unwrap();
        assert_eq!(
            once,
            "a\n<!-- x -->\n\nnew\n\n<!-- end of x -->\nb\n<!-- y -->\n<!-- end of y -->\n"
        );
        assert_eq!(between(&once, "x", "new").as_deref(), Some(once.as_str()));
        assert_eq!(between(page, "z", "new"), None);
    }
}
