//! The tests of all rules, each distinct one once.
//!
//! Rules ask the same questions: `verb`, `resource` and `outcome` stand in nearly all of them. A predicate that several
//! programs hold is kept once here, under one id, and its answer is remembered while an event is looked at.

use std::net::IpAddr;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use audit_model::{Field, FieldId, Plain, Value};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use regex_automata::Input;
use regex_automata::meta;
use rule_lang::{
    Comparison, Literal, Number, Operand, Pattern, PatternKind, Polarity, Predicate, Relation,
    Test, TimePart, TimeTest, compare, fold_into,
};

use crate::fold::folded;
use crate::index::MOST_TEXTS;
use crate::intern::Intern;
use crate::networks::Networks;

/// A predicate among those of all rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PredicateId(pub(crate) u32);

impl PredicateId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A predicate, ready to be asked.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) operand: Operand,
    pub(crate) polarity: Polarity,
    pub(crate) ask: Ask,
    /// The field itself, with nothing below it, and its place in [`Questions::texts`].
    pub(crate) whole: Option<(FieldId, usize)>,
}

#[derive(Debug)]
pub(crate) enum Ask {
    Exists,
    Present,
    OneOf(OneOf),
    Compare(Comparison, Number),
    /// Indices of [`Questions::regexes`].
    Regex(Vec<usize>),
    Cidr(Networks),
    FieldRef {
        relation: Relation,
        field: Field,
        cased: bool,
    },
    Time(TimePart, TimeTest),
}

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
    numbers: Vec<Number>,
    /// Whether some value is compared without regard to case.
    folds: bool,
    /// The place of the texts in [`Questions::texts`].
    texts: usize,
}

/// The texts that values of one field are compared with, those of all predicates.
#[derive(Debug, Default)]
struct Texts {
    folded: Intern,
    cased: Intern,
}

/// All predicates of a rule set.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    all: Vec<Question>,
    regexes: Vec<meta::Regex>,
    texts: Vec<Texts>,
    by_identity: HashMap<Vec<u8>, PredicateId, FixedState>,
    by_regex: HashMap<rule_lang::Regex, usize, FixedState>,
    texts_by_field: HashMap<Option<FieldId>, usize, FixedState>,
}

impl Questions {
    /// The id of a predicate, which is taken in if it is new.
    pub(crate) fn intern(&mut self, predicate: &Predicate) -> Option<PredicateId> {
        let identity = predicate.identity();
        if let Some(id) = self.by_identity.get(&identity) {
            return Some(*id);
        }
        let ask = match &predicate.test {
            Test::Exists => Ask::Exists,
            Test::Present => Ask::Present,
            Test::OneOf(literals) => {
                let at = self.texts_of(predicate.operand.field().map(Field::id));
                Ask::OneOf(OneOf::new(literals, at, self.texts.get_mut(at)?))
            }
            Test::Compare(comparison, number) => Ask::Compare(*comparison, *number),
            Test::Regex(regexes) => Ask::Regex(
                regexes
                    .iter()
                    .filter_map(|regex| self.regex(regex))
                    .collect(),
            ),
            Test::Cidr(networks) => Ask::Cidr(Networks::new(networks)),
            Test::FieldRef {
                relation,
                field,
                cased,
            } => Ask::FieldRef {
                relation: *relation,
                field: field.clone(),
                cased: *cased,
            },
            Test::Time(part, asked) => Ask::Time(*part, asked.clone()),
        };
        let id = PredicateId(u32::try_from(self.all.len()).ok()?);
        let whole = predicate
            .operand
            .field()
            .filter(|field| field.path().is_empty())
            .map(|field| (field.id(), self.texts_of(Some(field.id()))));
        self.all.push(Question {
            operand: predicate.operand.clone(),
            polarity: predicate.polarity,
            ask,
            whole,
        });
        self.by_identity.insert(identity, id);
        Some(id)
    }

    /// The place of a field's texts; those of members and keywords have one in common.
    fn texts_of(&mut self, field: Option<FieldId>) -> usize {
        let next = self.texts.len();
        let at = *self.texts_by_field.entry(field).or_insert(next);
        if at == next {
            self.texts.push(Texts::default());
        }
        at
    }

    /// Forgets what is needed only while predicates are taken in.
    pub(crate) fn finish(&mut self) {
        self.by_identity = HashMap::default();
        self.by_regex = HashMap::default();
        self.texts_by_field = HashMap::default();
    }

    fn regex(&mut self, regex: &rule_lang::Regex) -> Option<usize> {
        if let Some(at) = self.by_regex.get(regex) {
            return Some(*at);
        }
        // The compiler has built it before, under the same limits.
        let built = regex.build().ok()?;
        self.regexes.push(built);
        self.by_regex.insert(regex.clone(), self.regexes.len() - 1);
        Some(self.regexes.len() - 1)
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, id: PredicateId) -> Option<&Question> {
        self.all.get(id.0 as usize)
    }

    /// The memory that matching needs.
    pub(crate) fn memory(&self) -> Memory {
        Memory {
            text: String::new(),
            other: String::new(),
            caches: self.regexes.iter().map(meta::Regex::create_cache).collect(),
            values: vec![Known::default(); self.texts.len()],
        }
    }
}

/// Memory for matching, one per scanner.
#[derive(Debug)]
pub(crate) struct Memory {
    text: String,
    other: String,
    caches: Vec<meta::Cache>,
    /// By place in [`Questions::texts`]: what the value of the field itself is, once it was looked at.
    values: Vec<Known>,
}

/// A text, as far as predicates are concerned with it.
#[derive(Clone, Debug, Default)]
struct Known {
    event: u64,
    folded: u32,
    cased: u32,
    /// The text with its case folded.
    text: String,
}

impl OneOf {
    fn new(literals: &[Literal], at: usize, texts: &mut Texts) -> Self {
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
        folded.sort_unstable();
        cased.sort_unstable();
        one_of.folded = folded.into();
        one_of.cased = cased.into();
        one_of
    }

    fn matches(&self, value: Value<'_>, texts: &Texts, memory: &mut String) -> bool {
        let Some(text) = value.as_text() else {
            return false;
        };
        if self.matches_number(value) {
            return true;
        }
        let cased = if self.cased.is_empty() {
            0
        } else {
            texts.cased.get(text.as_bytes())
        };
        let folded = if self.folds { folded(text, memory) } else { "" };
        let known = if self.folded.is_empty() {
            0
        } else {
            texts.folded.get(folded.as_bytes())
        };
        self.matches_text(text, folded, known, cased)
    }

    fn matches_number(&self, value: Value<'_>) -> bool {
        if let Value::Number(number) = value
            && !self.numbers.is_empty()
            && let Some(number) = Number::parse(number)
        {
            let equals =
                |one: &Number| compare(number, *one).is_some_and(std::cmp::Ordering::is_eq);
            return self.numbers.iter().any(equals);
        }
        false
    }

    fn has_word(&self, text: &str, folded: &str) -> bool {
        let [in_folded, in_text] = &self.words;
        in_folded.iter().any(|words| words.is_match(folded))
            || in_text.iter().any(|words| words.is_match(text))
    }

    fn matches_text(&self, text: &str, folded: &str, known: u32, cased: u32) -> bool {
        holds(&self.folded, known)
            || holds(&self.cased, cased)
            || self.has_word(text, folded)
            || self
                .patterns
                .iter()
                .any(|pattern| pattern.matches(if pattern.is_cased() { text } else { folded }))
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
    let kind = if words.len() > MANY {
        AhoCorasickKind::ContiguousNFA
    } else {
        AhoCorasickKind::DFA
    };
    let automata = words.chunks(MOST_TEXTS).map(|words| {
        let texts = words.iter().filter_map(|word| match word.kind() {
            PatternKind::Contains(text) => Some(text),
            _ => None,
        });
        AhoCorasick::builder()
            .kind(Some(kind))
            // Most values are short, so that getting ready to look for rare bytes takes longer than looking at all.
            .prefilter(false)
            .build(texts)
    });
    // What does not fit into an automaton is sought text by text.
    automata.collect::<Result<_, _>>().unwrap_or_default()
}

/// Whether a text's number is among some; 0 is that of a text that no rule names.
fn holds(numbers: &[u32], number: u32) -> bool {
    number != 0 && numbers.binary_search(&number).is_ok()
}

impl Questions {
    /// Whether the one value of a whole field answers a question. What the value is, is remembered with the number of the
    /// event.
    pub(crate) fn matches_plain(
        &self,
        question: &Question,
        at: usize,
        value: Plain<'_>,
        event: u64,
        memory: &mut Memory,
    ) -> bool {
        let text = match value {
            Plain::Missing => return false,
            Plain::Text(text) => text,
            Plain::Number(number) => {
                let mut digits = std::mem::take(&mut memory.other);
                digits.clear();
                // Writing to a `String` cannot fail.
                let _ = std::fmt::Write::write_fmt(&mut digits, format_args!("{number}"));
                let matches = self.matches(&question.ask, Value::Number(&digits), memory);
                memory.other = digits;
                return matches;
            }
        };
        let Ask::OneOf(one_of) = &question.ask else {
            return self.matches(&question.ask, Value::Text(text), memory);
        };
        let (Some(texts), Some(known)) = (self.texts.get(at), memory.values.get_mut(at)) else {
            return false;
        };
        if known.event != event {
            known.event = event;
            known.text.clear();
            fold_into(text, &mut known.text);
            known.folded = texts.folded.get(known.text.as_bytes());
            known.cased = texts.cased.get(text.as_bytes());
        }
        one_of.matches_text(text, &known.text, known.folded, known.cased)
    }
}

impl Questions {
    /// Whether a value answers a question; those about presence and other fields are asked elsewhere.
    pub(crate) fn matches(&self, ask: &Ask, value: Value<'_>, memory: &mut Memory) -> bool {
        match ask {
            Ask::Exists => value != Value::Null,
            Ask::Present => !matches!(value, Value::Null | Value::List { empty: true }),
            Ask::OneOf(one_of) => self
                .texts
                .get(one_of.texts)
                .is_some_and(|texts| one_of.matches(value, texts, &mut memory.text)),
            Ask::Compare(comparison, bound) => compares(value, *comparison, *bound),
            Ask::Regex(regexes) => value.as_text().is_some_and(|text| {
                regexes.iter().any(
                    |at| match (self.regexes.get(*at), memory.caches.get_mut(*at)) {
                        (Some(regex), Some(cache)) => regex
                            .search_half_with(cache, &Input::new(text).earliest(true))
                            .is_some(),
                        _ => false,
                    },
                )
            }),
            Ask::Cidr(networks) => value
                .as_text()
                .and_then(|text| text.parse().ok())
                .is_some_and(|ip: IpAddr| networks.contains(ip)),
            Ask::Time(part, test) => value
                .as_text()
                .and_then(|text| part.of(text))
                .is_some_and(|part| test.passes(part)),
            Ask::FieldRef { .. } => false,
        }
    }
}

/// Whether two texts relate as asked.
pub(crate) fn relates(
    relation: Relation,
    cased: bool,
    left: &str,
    right: &str,
    memory: &mut Memory,
) -> bool {
    let (left, right) = if cased {
        (left, right)
    } else {
        memory.text.clear();
        memory.other.clear();
        fold_into(left, &mut memory.text);
        fold_into(right, &mut memory.other);
        (memory.text.as_str(), memory.other.as_str())
    };
    match relation {
        Relation::Equals => left == right,
        Relation::Contains => left.contains(right),
        Relation::StartsWith => left.starts_with(right),
        Relation::EndsWith => left.ends_with(right),
    }
}

fn compares(value: Value<'_>, comparison: Comparison, bound: Number) -> bool {
    let (Value::Number(text) | Value::Text(text)) = value else {
        return false;
    };
    Number::parse(text)
        .and_then(|number| compare(number, bound))
        .is_some_and(|ordering| comparison.holds(ordering))
}
