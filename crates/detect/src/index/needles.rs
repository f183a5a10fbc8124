//! Texts that must stand somewhere in a field: all of a field's in one automaton.

use std::collections::BTreeMap;

use aho_corasick::automaton::OverlappingState;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use audit_model::FieldId;

use crate::fold::folded_bytes;
use crate::index::Asked;
use crate::index::gate::Gate;
use crate::spread::{mix, place};

/// Past this many texts the automaton is one that takes less memory.
const MANY: usize = 1000;
/// Most texts of one automaton: the time to build one grows with the square of their number.
pub(crate) const MOST_TEXTS: usize = 4096;
/// Entries of a [`Memo`]; a power of two.
const MEMO_ENTRIES: usize = 1024;
/// Longest text that is remembered.
const MEMO_TEXT: usize = 128;
/// Most rules that are remembered with a text.
const MEMO_RULES: usize = 4;

/// The rules that ask for a text in one field.
#[derive(Debug)]
pub(crate) struct Needles {
    asked: Asked,
    /// Each with the number of texts in those before it.
    automata: Vec<(usize, AhoCorasick)>,
    /// Tells many bytes at a time that none of a few texts is there.
    gate: Option<Gate>,
    /// By text.
    rules: Vec<Vec<u32>>,
}

/// What was found in texts that come again and again: user agents and names of users are few, paths are not.
///
/// It is a table of fixed size, so that a text that no one has seen before costs no memory.
#[derive(Debug)]
pub(crate) struct Memo {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    length: u16,
    n_rules: u8,
    rules: [u32; MEMO_RULES],
    text: [u8; MEMO_TEXT],
}

impl Needles {
    /// Builds the automata; rules whose texts do not fit into one go to `always`.
    pub(crate) fn new(
        field: FieldId,
        needles: BTreeMap<String, Vec<u32>>,
        always: &mut Vec<u32>,
    ) -> Self {
        let kind = if needles.len() > MANY {
            AhoCorasickKind::ContiguousNFA
        } else {
            AhoCorasickKind::DFA
        };
        let texts: Vec<&String> = needles.keys().collect();
        let mut automata = Vec::new();
        let mut left_over = Vec::new();
        for (chunk, first) in texts.chunks(MOST_TEXTS).zip((0..).step_by(MOST_TEXTS)) {
            let automaton = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .kind(Some(kind))
                // Its choice of rare bytes goes wrong where every text has them, as in paths.
                .prefilter(false)
                .build(chunk);
            match automaton {
                Ok(automaton) => automata.push((first, automaton)),
                Err(_) => left_over.extend(first..first + chunk.len()),
            }
        }
        let gate = Gate::new(needles.keys().map(String::as_str));
        let rules: Vec<Vec<u32>> = needles.into_values().collect();
        for text in left_over {
            always.extend(rules.get(text).into_iter().flatten());
        }
        Self {
            asked: Asked::text(field),
            automata,
            gate,
            rules,
        }
    }

    pub(crate) fn asked(&self) -> Asked {
        self.asked
    }

    /// A memory for this field's texts.
    pub(crate) fn memo(&self) -> Memo {
        let varies = [FieldId::RequestUri, FieldId::ObjectRefName, FieldId::Name];
        let remembered = !varies.map(Asked::text).contains(&self.asked);
        let entry = Entry {
            length: u16::MAX,
            n_rules: 0,
            rules: [0; MEMO_RULES],
            text: [0; MEMO_TEXT],
        };
        Memo {
            entries: vec![entry; if remembered { MEMO_ENTRIES } else { 0 }],
        }
    }

    /// Adds the rules that ask for something in a text, whatever its case.
    pub(crate) fn find(
        &self,
        text: &[u8],
        memo: &mut Memo,
        memory: &mut Vec<u8>,
        found: &mut Vec<u32>,
    ) {
        // Most texts hold none, which is told without folding them.
        if self.gate.as_ref().is_some_and(|gate| !gate.may_hold(text)) {
            return;
        }
        let first = found.len();
        let Some(entry) = memo.entry(text) else {
            self.search(folded_bytes(text, memory), found);
            return;
        };
        if entry.is(text) {
            found.extend(entry.rules.iter().take(usize::from(entry.n_rules)));
            return;
        }
        self.search(folded_bytes(text, memory), found);
        entry.put(text, found.get(first..).unwrap_or_default());
    }

    fn search(&self, text: &[u8], found: &mut Vec<u32>) {
        for (first, automaton) in &self.automata {
            // Nor have most texts that come here any, which is told without the bookkeeping for overlaps.
            if automaton.is_match(text) {
                self.collect(automaton, *first, text, found);
            }
        }
    }

    /// Adds the rules of all texts of one automaton that are there.
    fn collect(&self, automaton: &AhoCorasick, first: usize, text: &[u8], found: &mut Vec<u32>) {
        let mut state = OverlappingState::start();
        while automaton
            .try_find_overlapping(Input::new(text), &mut state)
            .is_ok()
        {
            let Some(at) = state.get_match() else {
                return;
            };
            let rules = self.rules.get(first + at.pattern().as_usize());
            found.extend(rules.into_iter().flatten());
        }
    }
}

impl Memo {
    /// The entry for a text; `None` for one that is not remembered.
    fn entry(&mut self, bytes: &[u8]) -> Option<&mut Entry> {
        if bytes.len() > MEMO_TEXT {
            return None;
        }
        let word = |chunk: Option<&[u8; 8]>| chunk.map_or(0, |chunk| u64::from_le_bytes(*chunk));
        let middle = bytes.get(bytes.len() / 2..).unwrap_or_default();
        let chunks = [
            bytes.first_chunk(),
            middle.first_chunk(),
            bytes.last_chunk(),
        ];
        let hash = chunks
            .into_iter()
            .fold(bytes.len() as u64, |hash, chunk| mix(hash, word(chunk)));
        let place = place(hash, self.entries.len());
        self.entries.get_mut(place)
    }
}

impl Entry {
    fn is(&self, text: &[u8]) -> bool {
        usize::from(self.length) == text.len() && self.text.get(..text.len()) == Some(text)
    }

    fn put(&mut self, text: &[u8], rules: &[u32]) {
        let (Some(kept), Some(bytes)) = (
            self.rules.get_mut(..rules.len()),
            self.text.get_mut(..text.len()),
        ) else {
            self.length = u16::MAX;
            return;
        };
        kept.copy_from_slice(rules);
        bytes.copy_from_slice(text);
        self.n_rules = u8::try_from(rules.len()).unwrap_or_default();
        self.length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    }
}
