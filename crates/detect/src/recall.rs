//! Which tests the values of bodies pass, for values that come again and again.
//!
//! The containers of a pod are much alike, and so are the pods of a cluster. What is remembered changes nothing but the
//! time that it takes.

use audit_model::Value;

use crate::predicate::PredicateId;
use crate::spread::{mix, place, spread};

/// Entries; a power of two.
const ENTRIES: usize = 1024;
/// Longest text of a value that is remembered.
const MOST_BYTES: usize = 64;
/// Most tests that are remembered with a value.
const MOST_TESTS: usize = 4;
/// Most selections of rules that are told apart; past it the oldest is forgotten.
const MOST_SELECTIONS: usize = 32;

/// Remembers which of the tests of some rules values pass.
///
/// It is a table of fixed size, so that a value that no one has seen before costs no memory.
#[derive(Debug, Default)]
pub(crate) struct Recall {
    entries: Vec<Entry>,
    /// Rules whose tests were asked, with a number for them.
    selections: Vec<(u64, Vec<u32>)>,
    /// The number of those that are asked now, and the highest one so far.
    selection: u64,
    n_selections: u64,
    /// The place of the value that is looked at, if it is one to remember, and what it passes.
    place: Option<usize>,
    passed: Vec<PredicateId>,
}

#[derive(Clone, Debug)]
struct Entry {
    selection: u64,
    key: u32,
    length: u8,
    kind: u8,
    n_passed: u8,
    passed: [PredicateId; MOST_TESTS],
    text: [u8; MOST_BYTES],
}

/// What a value says, and of which kind it is.
fn said<'v>(value: &'v Value<'_>) -> Option<(u8, &'v [u8])> {
    let kind = match value {
        Value::Text(_) => 0,
        Value::Number(_) => 1,
        Value::Bool(_) => 2,
        _ => return None,
    };
    let text = value.as_text()?.as_bytes();
    (text.len() <= MOST_BYTES).then_some((kind, text))
}

/// The place for a text that stands under a key.
fn slot(key: usize, text: &[u8]) -> usize {
    let hash = mix(key as u64, spread(text));
    place(hash, ENTRIES)
}

impl Recall {
    /// Begins with an event on which the tests of these rules are asked.
    pub(crate) fn begin(&mut self, rules: &[u32]) {
        if self.entries.is_empty() {
            let none = Entry {
                selection: 0,
                key: 0,
                length: 0,
                kind: 0,
                n_passed: 0,
                passed: [PredicateId(0); MOST_TESTS],
                text: [0; MOST_BYTES],
            };
            self.entries = vec![none; ENTRIES];
        }
        let mut known = self.selections.iter();
        if let Some((number, _)) = known.find(|(_, known)| *known == rules) {
            self.selection = *number;
            return;
        }
        // One that was forgotten has another number when it comes again.
        let place = usize::try_from(self.n_selections).unwrap_or_default() % MOST_SELECTIONS;
        self.n_selections += 1;
        self.selection = self.n_selections;
        if let Some((number, known)) = self.selections.get_mut(place) {
            *number = self.selection;
            known.clear();
            known.extend_from_slice(rules);
        } else {
            self.selections.push((self.selection, rules.to_vec()));
        }
    }

    /// The tests that a value under a key passes, if that is remembered.
    pub(crate) fn get(&mut self, key: usize, value: Value<'_>) -> Option<&[PredicateId]> {
        self.passed.clear();
        self.place = None;
        let (kind, text) = said(&value)?;
        let place = slot(key, text);
        self.place = Some(place);
        let entry = self.entries.get(place)?;
        let is_it = entry.selection == self.selection
            && entry.key as usize == key
            && entry.kind == kind
            && usize::from(entry.length) == text.len()
            && entry.text.get(..text.len()) == Some(text);
        if is_it {
            entry.passed.get(..usize::from(entry.n_passed))
        } else {
            None
        }
    }

    /// Notes a test that the value passes that was asked for last.
    pub(crate) fn note(&mut self, test: PredicateId) {
        self.passed.push(test);
    }

    /// Remembers what was noted of the value that was asked for last.
    pub(crate) fn put(&mut self, key: usize, value: Value<'_>) {
        let Some((kind, text)) = said(&value) else {
            return;
        };
        let place = self.place.take();
        let Some(entry) = place.and_then(|place| self.entries.get_mut(place)) else {
            return;
        };
        let (Some(passed), Some(bytes)) = (
            entry.passed.get_mut(..self.passed.len()),
            entry.text.get_mut(..text.len()),
        ) else {
            return;
        };
        passed.copy_from_slice(&self.passed);
        bytes.copy_from_slice(text);
        entry.n_passed = u8::try_from(self.passed.len()).unwrap_or_default();
        entry.length = u8::try_from(text.len()).unwrap_or_default();
        entry.key = u32::try_from(key).unwrap_or(u32::MAX);
        entry.kind = kind;
        entry.selection = self.selection;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: PredicateId = PredicateId(7);

    #[test]
    fn a_value_is_known_under_its_key_for_the_rules_that_were_asked() {
        let mut recall = Recall::default();
        recall.begin(&[1, 2]);
        for value in [Value::Text("true"), Value::Number("1"), Value::Text("")] {
            assert!(recall.get(3, value).is_none());
            recall.note(TEST);
            recall.put(3, value);
            assert_eq!(recall.get(3, value), Some(&[TEST][..]));
            assert!(recall.get(4, value).is_none());
        }
        assert!(recall.get(3, Value::Bool(true)).is_none());
        recall.put(3, Value::Bool(true));
        assert_eq!(recall.get(3, Value::Bool(true)), Some(&[][..]));
        recall.begin(&[1]);
        assert!(recall.get(3, Value::Text("")).is_none());
        recall.begin(&[1, 2]);
        assert_eq!(recall.get(3, Value::Text("")), Some(&[TEST][..]));
        // What no longer is told apart is not known, and what fills the table is no worse.
        for rule in 0..100 {
            recall.begin(&[rule, rule]);
        }
        recall.begin(&[1, 2]);
        assert!(recall.get(3, Value::Text("")).is_none());
    }

    #[test]
    fn long_values_and_those_that_pass_much_are_not_remembered() {
        let mut recall = Recall::default();
        recall.begin(&[1]);
        let long = "x".repeat(MOST_BYTES + 1);
        assert!(recall.get(0, Value::Text(&long)).is_none());
        recall.put(0, Value::Text(&long));
        assert!(recall.get(0, Value::Text(&long)).is_none());
        assert!(recall.get(0, Value::Text("a")).is_none());
        for _ in 0..=MOST_TESTS {
            recall.note(TEST);
        }
        recall.put(0, Value::Text("a"));
        assert!(recall.get(0, Value::Text("a")).is_none());
    }
}
