//! The tests of all rules, each distinct one once.
//!
//! Rules ask the same questions: `verb`, `resource` and `outcome` stand in nearly all of them. A predicate that several
//! programs hold is kept once here, under one id, and its answer is remembered while an event is looked at.

mod bounds;
mod networks;
mod one_of;
mod regexes;
mod seen;
mod shared;

use audit_model::{Field, FieldId, Plain, Value};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use regex_automata::meta;
use rule_lang::{
    Comparison, Number, Operand, Polarity, Predicate, Relation, Test, TimePart, TimeTest, fold_into,
};

use bounds::Rank;
use one_of::{OneOf, Texts};
use regexes::{Budget, Search};
use seen::Seen;
use shared::{Gathered, Shared};

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
    /// What its operand is compared with, in [`Questions::shared`].
    shared: usize,
    /// The field itself, with nothing below it, and its place in [`Questions::texts`].
    pub(crate) whole: Option<(FieldId, usize)>,
}

#[derive(Debug)]
pub(crate) enum Ask {
    Exists,
    Present,
    OneOf(OneOf),
    Compare(Bound),
    /// Numbers of expressions among those of the operand.
    Regex(Vec<u32>),
    /// The number of the list of networks among those of the operand.
    Cidr(usize),
    FieldRef {
        relation: Relation,
        field: Field,
        cased: bool,
    },
    Time(TimePart, TimeTest),
}

/// A number that values are compared with.
#[derive(Debug)]
pub(crate) struct Bound {
    comparison: Comparison,
    number: Number,
    /// Where it stands among those of the operand, once all are known.
    rank: Rank,
}

/// All predicates of a rule set.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    all: Vec<Question>,
    /// Expressions that are asked by themselves.
    regexes: Vec<meta::Regex>,
    texts: Vec<Texts>,
    /// By operand.
    shared: Vec<Shared>,
    gathered: Vec<Gathered>,
    by_identity: HashMap<Vec<u8>, PredicateId, FixedState>,
    by_operand: HashMap<Operand, usize, FixedState>,
    texts_by_field: HashMap<Option<FieldId>, usize, FixedState>,
}

impl Questions {
    /// The id of a predicate, which is taken in if it is new.
    pub(crate) fn intern(&mut self, predicate: &Predicate) -> Option<PredicateId> {
        let identity = predicate.identity();
        if let Some(id) = self.by_identity.get(&identity) {
            return Some(*id);
        }
        let next = self.gathered.len();
        let shared = *self
            .by_operand
            .entry_ref(&predicate.operand)
            .or_insert(next);
        if shared == next {
            self.gathered.push(Gathered::default());
        }
        let ask = match &predicate.test {
            Test::Exists => Ask::Exists,
            Test::Present => Ask::Present,
            Test::OneOf(literals) => {
                let at = self.texts_of(predicate.operand.field().map(Field::id));
                let one_of = OneOf::new(literals, at, self.texts.get_mut(at)?);
                self.gathered.get_mut(shared)?.numbers(one_of.numbers());
                Ask::OneOf(one_of)
            }
            Test::Compare(comparison, number) => {
                self.gathered.get_mut(shared)?.numbers(&[*number]);
                Ask::Compare(Bound {
                    comparison: *comparison,
                    number: *number,
                    rank: Rank::default(),
                })
            }
            Test::Regex(regexes) => Ask::Regex(self.gathered.get_mut(shared)?.regexes(regexes)),
            Test::Cidr(networks) => Ask::Cidr(self.gathered.get_mut(shared)?.networks(networks)),
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
            shared,
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

    /// Puts together what predicates ask of the same operands, and forgets what is needed only while they are taken in.
    pub(crate) fn finish(&mut self) {
        let mut budget = Budget::default();
        let mut numbers = HashMap::with_hasher(FixedState::default());
        let regexes = &mut self.regexes;
        let mut number = |regex: &rule_lang::Regex| {
            if let Some(number) = numbers.get(regex) {
                return Some(*number);
            }
            // The compiler has built it before, under the same limits.
            regexes.push(regex.build().ok()?);
            numbers.insert(regex.clone(), regexes.len() - 1);
            Some(regexes.len() - 1)
        };
        self.shared = std::mem::take(&mut self.gathered)
            .into_iter()
            .map(|gathered| gathered.finish(&mut budget, &mut number))
            .collect();
        for question in &mut self.all {
            let Some(shared) = self.shared.get(question.shared) else {
                continue;
            };
            match &mut question.ask {
                Ask::OneOf(one_of) => one_of.finish(shared.bounds()),
                Ask::Compare(bound) => bound.rank = shared.bounds().rank(bound.number),
                _ => {}
            }
        }
        self.by_identity = HashMap::default();
        self.by_operand = HashMap::default();
        self.texts_by_field = HashMap::default();
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
            folded: Vec::new(),
            found: Vec::new(),
            caches: self.regexes.iter().map(meta::Regex::create_cache).collect(),
            seen: self.shared.iter().map(Shared::memory).collect(),
            values: vec![Known::default(); self.texts.len()],
        }
    }
}

/// Memory for matching, one per scanner.
#[derive(Debug)]
pub(crate) struct Memory {
    text: String,
    other: String,
    folded: Vec<u8>,
    found: Vec<u32>,
    caches: Vec<meta::Cache>,
    /// By operand.
    seen: Vec<Seen>,
    /// By place in [`Questions::texts`]: what the value of the field itself is, once it was looked at.
    values: Vec<Known>,
}

/// A text, as far as predicates are concerned with it.
#[derive(Clone, Debug, Default)]
struct Known {
    event: u64,
    folded: u32,
    cased: u32,
    /// Where a number stands among those of the operand.
    rank: Rank,
    /// The text with its case folded, or the digits of a number.
    text: String,
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
        match (value, &question.ask) {
            (Plain::Missing, _) => return false,
            (Plain::Text(_), Ask::OneOf(_)) | (Plain::Number(_), _) => {}
            (Plain::Text(text), _) => return self.matches(question, Value::Text(text), memory),
        }
        let (Some(texts), Some(known)) = (self.texts.get(at), memory.values.get_mut(at)) else {
            return false;
        };
        if known.event != event {
            known.event = event;
            known.text.clear();
            match value {
                Plain::Text(text) => {
                    fold_into(text, &mut known.text);
                    known.cased = texts.cased.get(text.as_bytes());
                }
                Plain::Number(number) => {
                    // Writing to a `String` cannot fail.
                    let _ = std::fmt::Write::write_fmt(&mut known.text, format_args!("{number}"));
                    known.cased = texts.cased.get(known.text.as_bytes());
                    let shared = self.shared.get(question.shared);
                    let rank = |shared: &Shared| shared.bounds().rank(Number::Int(number.into()));
                    known.rank = shared.map(rank).unwrap_or_default();
                }
                Plain::Missing => {}
            }
            known.folded = texts.folded.get(known.text.as_bytes());
        }
        match (&question.ask, value) {
            (Ask::OneOf(one_of), Plain::Text(text)) => {
                one_of.matches_text(text, &known.text, known.folded, known.cased)
            }
            (Ask::OneOf(one_of), _) => {
                one_of.has_rank(known.rank)
                    || one_of.matches_text(&known.text, &known.text, known.folded, known.cased)
            }
            (Ask::Compare(bound), _) => bound.comparison.holds(known.rank.cmp(&bound.rank)),
            _ => {
                let digits = std::mem::take(&mut known.text);
                let matches = self.matches(question, Value::Number(&digits), memory);
                if let Some(known) = memory.values.get_mut(at) {
                    known.text = digits;
                }
                matches
            }
        }
    }

    /// Whether a value answers a question; those about presence and other fields are asked elsewhere.
    pub(crate) fn matches(
        &self,
        question: &Question,
        value: Value<'_>,
        memory: &mut Memory,
    ) -> bool {
        let operand = self
            .shared
            .get(question.shared)
            .zip(memory.seen.get_mut(question.shared));
        match &question.ask {
            Ask::Exists => value != Value::Null,
            Ask::Present => !matches!(value, Value::Null | Value::List { empty: true }),
            Ask::OneOf(one_of) => {
                if let (Value::Number(number), Some((shared, seen))) = (value, operand)
                    && one_of.has_numbers()
                    && shared
                        .rank(number, seen)
                        .is_some_and(|rank| one_of.has_rank(rank))
                {
                    return true;
                }
                let texts = self.texts.get(one_of.texts);
                value
                    .as_text()
                    .zip(texts)
                    .is_some_and(|(text, texts)| one_of.matches(text, texts, &mut memory.text))
            }
            Ask::Compare(bound) => match (value, operand) {
                (Value::Number(text) | Value::Text(text), Some((shared, seen))) => shared
                    .rank(text, seen)
                    .is_some_and(|rank| bound.comparison.holds(rank.cmp(&bound.rank))),
                _ => false,
            },
            Ask::Regex(regexes) => {
                let search = Search {
                    regexes: &self.regexes,
                    caches: &mut memory.caches,
                    folded: &mut memory.folded,
                    found: &mut memory.found,
                };
                value
                    .as_text()
                    .zip(operand)
                    .is_some_and(|(text, (shared, seen))| {
                        shared.matches_any(regexes, text, seen, search)
                    })
            }
            Ask::Cidr(networks) => value
                .as_text()
                .zip(operand)
                .is_some_and(|(text, (shared, seen))| shared.is_within(*networks, text, seen)),
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
