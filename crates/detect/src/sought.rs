//! Many texts that are sought in another one, whatever its case: all in one automaton.

use std::collections::BTreeMap;

use aho_corasick::automaton::OverlappingState;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use crate::fold::folded_bytes;
use crate::gate::Gate;

/// Past this many texts the automaton is one that takes less memory.
const MANY: usize = 1000;
/// Longest text, in bytes, of an automaton with a table of all steps: the time to fill that for a text that repeats itself
/// grows with the square of its length.
const LONGEST_IN_TABLE: usize = 64;
/// Most texts of one automaton: the time to build one grows with the square of their number.
pub(crate) const MOST_TEXTS: usize = 4096;

/// The kind of automaton for texts; past `many` of them it is one that takes less memory.
pub(crate) fn kind<'t>(
    texts: impl ExactSizeIterator<Item = &'t str>,
    many: usize,
) -> AhoCorasickKind {
    let is_large = texts.len() > many;
    if is_large || texts.map(str::len).any(|length| length > LONGEST_IN_TABLE) {
        AhoCorasickKind::ContiguousNFA
    } else {
        AhoCorasickKind::DFA
    }
}

/// Texts with their case folded, each with the numbers of those who seek it.
#[derive(Debug, Default)]
pub(crate) struct Sought {
    /// Each with the number of texts in those before it.
    automata: Vec<(usize, AhoCorasick)>,
    /// Tells many bytes at a time that none of a few texts is there.
    gate: Option<Gate>,
    /// By text.
    seekers: Vec<Vec<u32>>,
}

impl Sought {
    /// Builds the automata; those whose texts do not fit into one go to `left_over`.
    pub(crate) fn new(texts: BTreeMap<String, Vec<u32>>, left_over: &mut Vec<u32>) -> Self {
        let kind = kind(texts.keys().map(String::as_str), MANY);
        let all: Vec<&String> = texts.keys().collect();
        let mut automata = Vec::new();
        let mut unfit = Vec::new();
        for (chunk, first) in all.chunks(MOST_TEXTS).zip((0..).step_by(MOST_TEXTS)) {
            let automaton = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .kind(Some(kind))
                // Its choice of rare bytes goes wrong where every text has them, as in paths.
                .prefilter(false)
                .build(chunk);
            match automaton {
                Ok(automaton) => automata.push((first, automaton)),
                Err(_) => unfit.extend(first..first + chunk.len()),
            }
        }
        let gate = Gate::new(texts.keys().map(String::as_str));
        let seekers: Vec<Vec<u32>> = texts.into_values().collect();
        for text in unfit {
            left_over.extend(seekers.get(text).into_iter().flatten());
        }
        Self {
            automata,
            gate,
            seekers,
        }
    }

    /// Whether it may be told quickly that none of the texts is there.
    pub(crate) fn has_gate(&self) -> bool {
        self.gate.is_some()
    }

    /// Whether one of the texts may stand in this one; `false` is certain.
    pub(crate) fn may_hold(&self, text: &[u8]) -> bool {
        self.gate.as_ref().is_none_or(|gate| gate.may_hold(text))
    }

    /// Adds all who seek something that stands in a text.
    pub(crate) fn find(&self, text: &[u8], memory: &mut Vec<u8>, found: &mut Vec<u32>) {
        if self.automata.is_empty() {
            return;
        }
        let text = folded_bytes(text, memory);
        for (first, automaton) in &self.automata {
            // Most texts have none, which is told without the bookkeeping for overlaps.
            if automaton.is_match(text) {
                self.collect(automaton, *first, text, found);
            }
        }
    }

    /// Adds those who seek a text of one automaton that is there.
    fn collect(&self, automaton: &AhoCorasick, first: usize, text: &[u8], found: &mut Vec<u32>) {
        let mut state = OverlappingState::start();
        while automaton
            .try_find_overlapping(Input::new(text), &mut state)
            .is_ok()
        {
            let Some(at) = state.get_match() else {
                return;
            };
            let seekers = self.seekers.get(first + at.pattern().as_usize());
            found.extend(seekers.into_iter().flatten());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_that_repeat_themselves() {
        // A table of all steps would take minutes to fill.
        let (ab, ba) = ("ab".repeat(40_000), "ba".repeat(40_000));
        let texts = [(format!("{ab}x"), vec![1]), (format!("{ba}y"), vec![2])];
        let mut left_over = Vec::new();
        let sought = Sought::new(texts.into(), &mut left_over);
        assert!(left_over.is_empty());
        let mut found = Vec::new();
        sought.find(format!("{ab}AY").as_bytes(), &mut Vec::new(), &mut found);
        assert_eq!(found, [2]);
    }

    #[test]
    fn tables_for_few_short_texts_only() {
        let (short, long) = ("x".repeat(64), "x".repeat(65));
        let kind = |texts: &[&str]| kind(texts.iter().copied(), 2);
        assert_eq!(kind(&["a", &short]), AhoCorasickKind::DFA);
        assert_eq!(kind(&["a", &long]), AhoCorasickKind::ContiguousNFA);
        assert_eq!(kind(&["a", "b", "c"]), AhoCorasickKind::ContiguousNFA);
    }
}
