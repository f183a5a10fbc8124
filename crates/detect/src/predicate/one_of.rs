//! Lists of values that a predicate compares with.

use aho_corasick::AhoCorasick;
use rule_lang::{Literal, Number, Pattern, PatternKind};

use crate::fold::folded;
use crate::gate::Gate;
use crate::intern::Intern;
use crate::predicate::bounds::{Bounds, Rank};
use crate::sought::{MOST_TEXTS, kind};

/// A list of values. Those without wildcards are numbers of the texts of their field, so that a value is looked up once
/// for all predicates.
#[derive(Debug, Default)]
pub(crate) struct OneOf {
    /// Numbers in [`Texts::folded`], ascending.
    folded: Box<[u32]>,
    /// Numbers in [`Texts::cased`], ascending.
    cased: Box<[u32]>,
    patterns: Vec<Pattern>,
    /// Texts that must stand somewhere in a value, where there are many: with their case folded, and as they are.
    words: [Vec<AhoCorasick>; 2],
    /// Tells texts that none of the patterns and words match.
    gate: Option<Box<Gate>>,
    /// While predicates are taken in.
    numbers: Vec<Number>,
    /// Where the numbers stand among the bounds of the operand, ascending.
    ranks: Box<[Rank]>,
    /// Whether some value is compared without regard to case.
    folds: bool,
    /// The place of the texts in [`Questions::texts`].
    pub(crate) texts: usize,
}

/// The texts that values of one field are compared with, those of all predicates.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    pub(crate) folded: Intern,
    pub(crate) cased: Intern,
}

impl OneOf {
    pub(crate) fn new(literals: &[Literal], at: usize, texts: &mut Texts) -> Self {
        let mut one_of = Self {
            texts: at,
            ..Self::default()
        };
        let (mut folded, mut cased) = (Vec::new(), Vec::new());
        let mut words = [Vec::new(), Vec::new()];
        for literal in literals {
            let pattern = &literal.pattern;
            one_of.folds |= !pattern.is_cased();
            one_of.numbers.extend(literal.number);
            match pattern.kind() {
                PatternKind::Exact(text) if pattern.is_cased() => {
                    cased.push(texts.cased.add(text));
                }
                PatternKind::Exact(text) => folded.push(texts.folded.add(text)),
                PatternKind::Contains(_) => {
                    let [folded, cased] = &mut words;
                    let words = if pattern.is_cased() { cased } else { folded };
                    words.push(pattern.clone());
                }
                _ => one_of.patterns.push(pattern.clone()),
            }
        }
        for (words, automata) in words.into_iter().zip(&mut one_of.words) {
            *automata = together(&words);
            if automata.is_empty() {
                one_of.patterns.extend(words);
            }
        }
        let parts = literals.iter().map(|literal| &literal.pattern);
        let parts = parts.filter(|pattern| !matches!(pattern.kind(), PatternKind::Exact(_)));
        // There is none where one has no text that is long enough.
        one_of.gate = Gate::new(parts.map(part)).map(Box::new);
        folded.sort_unstable();
        cased.sort_unstable();
        one_of.folded = folded.into();
        one_of.cased = cased.into();
        one_of
    }

    /// The numbers that values are compared with.
    pub(crate) fn numbers(&self) -> &[Number] {
        &self.numbers
    }

    /// Once all bounds of the operand are known.
    pub(crate) fn finish(&mut self, bounds: &Bounds) {
        let numbers = std::mem::take(&mut self.numbers);
        let mut ranks: Vec<Rank> = numbers
            .into_iter()
            .map(|number| bounds.rank(number))
            .collect();
        ranks.sort_unstable();
        self.ranks = ranks.into();
    }

    pub(crate) fn has_numbers(&self) -> bool {
        !self.ranks.is_empty()
    }

    pub(crate) fn has_rank(&self, rank: Rank) -> bool {
        self.ranks.binary_search(&rank).is_ok()
    }

    /// Whether a text that stands by itself is one of these.
    pub(crate) fn matches(&self, text: &str, texts: &Texts, memory: &mut String) -> bool {
        if !self.cased.is_empty() && holds(&self.cased, texts.cased.get(text.as_bytes())) {
            return true;
        }
        let may_be_known = !self.folded.is_empty() && texts.folded.may_know(text.as_bytes());
        let may_hold_part = self.may_hold_part(text);
        // Most texts are none of these, which is told without folding them.
        if !may_be_known && !may_hold_part {
            return false;
        }
        let folded = if self.folds { folded(text, memory) } else { "" };
        may_be_known && holds(&self.folded, texts.folded.get(folded.as_bytes()))
            || may_hold_part && self.holds_part(text, folded)
    }

    /// The same for a text whose numbers among those of its field are known.
    pub(crate) fn matches_text(&self, text: &str, folded: &str, known: u32, cased: u32) -> bool {
        holds(&self.folded, known)
            || holds(&self.cased, cased)
            || self.may_hold_part(text) && self.holds_part(text, folded)
    }

    /// Whether a text may match a word or a pattern; `false` is certain.
    fn may_hold_part(&self, text: &str) -> bool {
        let has_words = self.words.iter().any(|words| !words.is_empty());
        (has_words || !self.patterns.is_empty())
            && self
                .gate
                .as_ref()
                .is_none_or(|gate| gate.may_hold(text.as_bytes()))
    }

    fn holds_part(&self, text: &str, folded: &str) -> bool {
        let [in_folded, in_text] = &self.words;
        let is_matched =
            |pattern: &Pattern| pattern.matches(if pattern.is_cased() { text } else { folded });
        in_folded.iter().any(|words| words.is_match(folded))
            || in_text.iter().any(|words| words.is_match(text))
            || self.patterns.iter().any(is_matched)
    }
}

/// A text that whatever a pattern matches contains; it may be empty.
fn part(pattern: &Pattern) -> &str {
    match pattern.kind() {
        PatternKind::Exact(text)
        | PatternKind::Prefix(text)
        | PatternKind::Suffix(text)
        | PatternKind::Contains(text)
        | PatternKind::Glob(text) => text,
        _ => "",
    }
}

/// Automata for texts that are sought anywhere in a value; none for so few that each is sought by itself.
fn together(words: &[Pattern]) -> Vec<AhoCorasick> {
    /// From this many texts on one automaton is faster.
    const SOME: usize = 4;
    /// Past this many an automaton with a table of all steps takes too much memory.
    const MANY: usize = 256;
    if words.len() < SOME {
        return Vec::new();
    }
    let kind = kind(words.iter().map(part), MANY);
    let automata = words.chunks(MOST_TEXTS).map(|words| {
        AhoCorasick::builder()
            .kind(Some(kind))
            // Most values are short, so that getting ready to look for rare bytes takes longer than looking at all.
            .prefilter(false)
            .build(words.iter().map(part))
    });
    // What does not fit into an automaton is sought text by text.
    automata.collect::<Result<_, _>>().unwrap_or_default()
}

/// Whether a text's number is among some; 0 is that of a text that no rule names.
fn holds(numbers: &[u32], number: u32) -> bool {
    number != 0 && numbers.binary_search(&number).is_ok()
}
