//! Rules of a set that ask the same.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hasher as _};

use crate::program::Program;
use crate::rule::Rule;

/// Each rule that asks what one before it asks, with the first that does. Rules that are turned off do not count.
pub(crate) fn duplicates(rules: &[Rule]) -> Vec<(usize, usize)> {
    let mut first: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut found = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        if rule.inactive().is_some() {
            continue;
        }
        let known = first.entry(fingerprint(rule.program())).or_default();
        let same = known.iter().copied().find(|known| {
            rules
                .get(*known)
                .is_some_and(|other| is_same(other.program(), rule.program()))
        });
        match same {
            Some(same) => found.push((at, same)),
            None => known.push(at),
        }
    }
    found
}

/// Whether two programs do the same in the same way; the names of selections do not matter.
fn is_same(left: &Program, right: &Program) -> bool {
    left.ops() == right.ops()
        && left.predicates() == right.predicates()
        && left.blocks() == right.blocks()
        && left.condition() == right.condition()
}

/// The same for programs that are the same.
fn fingerprint(program: &Program) -> u64 {
    let mut writer = Writer(DefaultHasher::new());
    // The derived form says all. Writing to a hasher cannot fail.
    let _ = write!(writer, "{:?}{:?}", program.ops(), program.predicates());
    writer.0.finish()
}

struct Writer(DefaultHasher);

impl fmt::Write for Writer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}
