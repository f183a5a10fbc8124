//! The regular expressions that the values of one operand are searched with, all together.
//!
//! Those that cannot match without some text, which few others share, wait until that text is found: all texts are sought
//! in one pass. The others are put together into automata that answer for many in one pass. What fits into none, and what
//! is alone, is asked one by one. What a value answered is remembered.

use std::collections::{BTreeMap, HashMap};

use regex_automata::dfa::dense::DFA;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::{Input, MatchKind, meta};
use rule_lang::Regex;

use crate::predicate::seen::Notes;
use crate::sought::Sought;

/// From this many expressions on it pays to ask them together.
const SOME: usize = 4;
/// Most expressions that one text makes ask.
const MOST_SHARING: usize = 4;
/// Expressions that an automaton answers for, at most: as many as a word has bits. With more, most of what it answers is
/// for nothing, and the time to build it grows with the square of their number.
const BATCH: usize = 64;
/// Expressions of an automaton where each multiplies the states of the others.
const SMALL_BATCH: usize = 8;
/// Largest automaton, in bytes, and what may be used to build it.
const BATCH_BYTES: usize = 1 << 20;
/// The same for one expression by itself: with a larger one it is not put together with others.
const SINGLE_BYTES: usize = 64 << 10;

/// What may be spent on the automata of a rule set, in bytes.
#[derive(Debug)]
pub(crate) struct Budget {
    /// For automata.
    memory: usize,
    /// For those that turn out to be too large: building them takes the most time.
    waste: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            memory: 32 << 20,
            waste: 16 << 20,
        }
    }
}

/// The expressions of one operand.
#[derive(Debug, Default)]
pub(crate) struct Regexes {
    /// By expression.
    places: Vec<Place>,
    /// Those that are asked one by one, by their number among those of the set.
    each: Vec<usize>,
    /// Which of these are asked of any value, one bit each.
    always: Vec<u64>,
    /// Texts without which the others of them do not match.
    sought: Sought,
    batches: Vec<Batch>,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Each(usize),
    /// An automaton, and which of its expressions.
    Batch(usize, usize),
}

/// An automaton for some expressions.
type Batch = DFA<Vec<u32>>;

/// What searching takes.
pub(crate) struct Search<'m> {
    pub(crate) regexes: &'m [meta::Regex],
    pub(crate) caches: &'m mut [meta::Cache],
    pub(crate) folded: &'m mut Vec<u8>,
    pub(crate) found: &'m mut Vec<u32>,
}

impl Search<'_> {
    fn is_match(&mut self, at: usize, text: &str) -> bool {
        match (self.regexes.get(at), self.caches.get_mut(at)) {
            (Some(regex), Some(cache)) => regex
                .search_half_with(cache, &Input::new(text).earliest(true))
                .is_some(),
            _ => false,
        }
    }
}

impl Regexes {
    /// Takes expressions; `number` gives one that is asked by itself its number among those of the set.
    pub(crate) fn new(
        regexes: &[Regex],
        budget: &mut Budget,
        mut number: impl FnMut(&Regex) -> Option<usize>,
    ) -> Self {
        let together = regexes.len() >= SOME;
        let needles: Vec<Option<Vec<String>>> = regexes
            .iter()
            .map(|regex| regex.needles().filter(|_| together))
            .collect();
        let mut n_sharing: HashMap<&str, usize> = HashMap::new();
        for needle in needles.iter().flatten().flatten() {
            *n_sharing.entry(needle).or_default() += 1;
        }
        let is_telling = |needles: &Vec<String>| {
            let is_shared = |needle: &String| n_sharing.get(needle.as_str()) > Some(&MOST_SHARING);
            !needles.iter().any(is_shared)
        };
        let telling: Vec<bool> = needles
            .iter()
            .map(|needles| needles.as_ref().is_some_and(is_telling))
            .collect();
        let left = (0..regexes.len()).filter(|at| together && telling.get(*at) == Some(&false));
        let mut made = Self::default();
        let mut places = made.batches(regexes, left.collect(), budget);
        let mut texts: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut always = Vec::new();
        for (at, (regex, needles)) in regexes.iter().zip(needles).enumerate() {
            if places.contains_key(&at) {
                continue;
            }
            // The compiler has built it before, under the same limits.
            let Some(regex) = number(regex) else { continue };
            places.insert(at, Place::Each(made.each.len()));
            let seeker = u32::try_from(made.each.len()).unwrap_or(u32::MAX);
            made.each.push(regex);
            match needles.filter(|_| telling.get(at) == Some(&true)) {
                Some(needles) => {
                    for needle in needles {
                        texts.entry(needle).or_default().push(seeker);
                    }
                }
                None => always.push(seeker),
            }
        }
        made.sought = Sought::new(texts, &mut always);
        made.always = vec![0; made.n_words()];
        for at in always {
            set(&mut made.always, at as usize);
        }
        // One that is in no place does not match; there is none, as all were built before.
        let missing = Place::Each(usize::MAX);
        let place = |at| places.get(&at).copied().unwrap_or(missing);
        made.places = (0..regexes.len()).map(place).collect();
        made
    }

    /// Puts expressions into automata, as far as they fit.
    fn batches(
        &mut self,
        regexes: &[Regex],
        left: Vec<usize>,
        budget: &mut Budget,
    ) -> HashMap<usize, Place> {
        let mut places = HashMap::new();
        if left.len() < SOME {
            return places;
        }
        let mut compiler = thompson::Compiler::new();
        let config = thompson::Config::new()
            .nfa_size_limit(Some(BATCH_BYTES))
            .which_captures(WhichCaptures::None);
        compiler.configure(config);
        // Those that are bound to the start, so that an automaton stops at the first byte that none has there; those that
        // may go on in any of many ways; and the rest.
        let (mut bound, mut wide, mut free) = (Vec::new(), Vec::new(), Vec::new());
        for at in left {
            let Some((regex, hir)) = regexes
                .get(at)
                .and_then(|regex| Some((regex, regex.hir()?)))
            else {
                continue;
            };
            let properties = hir.properties();
            // One that matches an empty text may do so within a character, and automata of this kind have no Unicode word
            // boundaries beside characters beyond ASCII.
            if properties.minimum_len().is_none_or(|length| length == 0)
                || properties.look_set().contains_word_unicode()
            {
                continue;
            }
            let nfa = compiler.build_many_from_hir(&[&hir]).ok();
            if nfa
                .and_then(|nfa| budget.automaton(&nfa, SINGLE_BYTES))
                .is_none()
            {
                continue;
            }
            let list = if [".*", ".+"].iter().any(|any| regex.pattern.contains(any)) {
                &mut wide
            } else if properties.look_set_prefix().contains_anchor_haystack() {
                &mut bound
            } else {
                &mut free
            };
            list.push((at, hir));
        }
        let chunks = bound.chunks(BATCH).chain(free.chunks(BATCH));
        let mut chunks: Vec<&[_]> = chunks.chain(wide.chunks(SMALL_BATCH)).collect();
        chunks.reverse();
        while let Some(chunk) = chunks.pop() {
            if chunk.len() < SOME {
                continue;
            }
            let hirs: Vec<_> = chunk.iter().map(|(_, hir)| hir).collect();
            let nfa = compiler.build_many_from_hir(&hirs).ok();
            if let Some(batch) = nfa.and_then(|nfa| budget.automaton(&nfa, BATCH_BYTES)) {
                budget.memory = budget.memory.saturating_sub(batch.memory_usage());
                for (bit, (at, _)) in chunk.iter().enumerate() {
                    places.insert(*at, Place::Batch(self.batches.len(), bit));
                }
                self.batches.push(batch);
            } else {
                chunks.extend(chunk.chunks(chunk.len().div_ceil(4)).rev());
            }
        }
        places
    }

    /// Words for one bit of each that is asked one by one.
    fn n_words(&self) -> usize {
        self.each.len().div_ceil(64)
    }

    /// Words that are to be remembered of a value.
    pub(crate) fn width(&self) -> usize {
        // Three bits of those that are asked one by one; of each automaton a bit and a word.
        3 * self.n_words() + self.batches.len().div_ceil(64) + self.batches.len()
    }

    /// Whether a text matches one of some expressions, given what is known of it.
    pub(crate) fn any(
        &self,
        wanted: &[u32],
        text: &str,
        (notes, words): (&mut Notes, &mut [u64]),
        mut search: Search<'_>,
    ) -> bool {
        let n_words = self.n_words();
        let (candidates, words) = words.split_at_mut(n_words.min(words.len()));
        let (asked, words) = words.split_at_mut(n_words.min(words.len()));
        let (answers, words) = words.split_at_mut(n_words.min(words.len()));
        let n_batch_words = self.batches.len().div_ceil(64);
        let (run, bits) = words.split_at_mut(n_batch_words.min(words.len()));
        wanted.iter().any(|at| match self.places.get(*at as usize) {
            Some(Place::Each(each)) => {
                if !notes.sought {
                    notes.sought = true;
                    self.seek(text, candidates, &mut search);
                }
                if !is_set(candidates, *each) {
                    return false;
                }
                if !is_set(asked, *each) {
                    set(asked, *each);
                    let regex = self.each.get(*each);
                    if regex.is_some_and(|regex| search.is_match(*regex, text)) {
                        set(answers, *each);
                    }
                }
                is_set(answers, *each)
            }
            Some(Place::Batch(batch, bit)) => {
                if !is_set(run, *batch) {
                    set(run, *batch);
                    if let (Some(dfa), Some(bits)) =
                        (self.batches.get(*batch), bits.get_mut(*batch))
                    {
                        *bits = found(dfa, text);
                    }
                }
                bits.get(*batch).is_some_and(|bits| bits >> bit & 1 == 1)
            }
            None => false,
        })
    }

    /// Notes which of those that are asked one by one may match.
    fn seek(&self, text: &str, candidates: &mut [u64], search: &mut Search<'_>) {
        candidates.copy_from_slice(&self.always);
        if self.sought.may_hold(text.as_bytes()) {
            search.found.clear();
            self.sought
                .find(text.as_bytes(), search.folded, search.found);
            for at in &*search.found {
                set(candidates, *at as usize);
            }
        }
    }
}

fn is_set(words: &[u64], at: usize) -> bool {
    words
        .get(at / 64)
        .is_some_and(|word| word >> (at % 64) & 1 == 1)
}

fn set(words: &mut [u64], at: usize) {
    if let Some(word) = words.get_mut(at / 64) {
        *word |= 1 << (at % 64);
    }
}

impl Budget {
    /// An automaton that finds which of some expressions match, if it is not too large.
    fn automaton(&mut self, nfa: &NFA, most_bytes: usize) -> Option<Batch> {
        if self.memory < most_bytes || self.waste < most_bytes {
            return None;
        }
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Unanchored)
            .accelerate(false)
            .dfa_size_limit(Some(most_bytes))
            .determinize_size_limit(Some(most_bytes));
        let built = dense::Builder::new().configure(config).build_from_nfa(nfa);
        if built.is_err() {
            self.waste -= most_bytes;
        }
        built.ok()
    }
}

/// Which expressions of an automaton a text matches, one bit each.
fn found(batch: &Batch, text: &str) -> u64 {
    let mut bits = 0;
    let Ok(mut state) = batch.start_state_forward(&Input::new(text)) else {
        return bits;
    };
    let mut note = |state| {
        for nth in 0..batch.match_len(state) {
            bits |= 1 << batch.match_pattern(state, nth).as_usize();
        }
    };
    for byte in text.bytes() {
        state = batch.next_state(state, byte);
        if batch.is_special_state(state) {
            if batch.is_match_state(state) {
                note(state);
            } else if batch.is_dead_state(state) {
                return bits;
            }
        }
    }
    // A match is told one byte after its end.
    state = batch.next_eoi_state(state);
    if batch.is_match_state(state) {
        note(state);
    }
    bits
}

#[cfg(test)]
mod tests;
