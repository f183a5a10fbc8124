//! Many texts that are sought in another one, whatever its case: all in one automaton.

use std::collections::BTreeMap;

use aho_corasick::automaton::OverlappingState;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use crate::fold::folded_bytes;
use crate::gate::Gate;

/// Past this many texts the automaton is one that takes less memory.
const MANY: usize = 1000;
/// Most texts of one automaton: the time to build one grows with the square of their number.
pub(crate) const MOST_TEXTS: usize = 4096;

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
        let kind = if texts.len() > MANY {
            AhoCorasickKind::ContiguousNFA
        } else {
            AhoCorasickKind::DFA
        };
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
