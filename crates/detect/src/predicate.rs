//! The tests of all rules, each distinct one once.
//!
//! Rules ask the same questions: `verb`, `resource` and `outcome` stand in nearly all of them. A predicate that several
//! programs hold is kept once here, under one id, and its answer is remembered while an event is looked at.

use std::net::IpAddr;

use audit_model::{Field, Value};

use ipnet::IpNet;
use regex_automata::Input;
use regex_automata::meta;
use rule_lang::{
    Comparison, Literal, Number, Operand, Pattern, PatternKind, Polarity, Predicate, Relation,
    Test, TimePart, TimeTest, compare, fold_into,
};
use std::collections::{HashMap, HashSet};

/// A predicate among those of all rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PredicateId(pub(crate) u32);

/// A predicate, ready to be asked.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) operand: Operand,
    pub(crate) polarity: Polarity,
    pub(crate) ask: Ask,
}

#[derive(Debug)]
pub(crate) enum Ask {
    Exists,
    Present,
    OneOf(OneOf),
    Compare(Comparison, Number),
    /// Indices of [`Questions::regexes`].
    Regex(Vec<usize>),
    Cidr(Vec<IpNet>),
    FieldRef {
        relation: Relation,
        field: Field,
        cased: bool,
    },
    Time(TimePart, TimeTest),
}

/// A list of values, those without wildcards in sets.
#[derive(Debug, Default)]
pub(crate) struct OneOf {
    folded: HashSet<Box<str>>,
    cased: HashSet<Box<str>>,
    patterns: Vec<Pattern>,
    numbers: Vec<Number>,
    /// Whether some value is compared without regard to case.
    folds: bool,
}

/// All predicates of a rule set.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    all: Vec<Question>,
    regexes: Vec<meta::Regex>,
    by_text: HashMap<String, PredicateId>,
    regex_by_text: HashMap<String, usize>,
}

impl Questions {
    /// The id of a predicate, which is taken in if it is new.
    pub(crate) fn intern(&mut self, predicate: &Predicate) -> Option<PredicateId> {
        // The debug form is injective: it names every part of a predicate.
        let text = format!("{predicate:?}");
        if let Some(id) = self.by_text.get(&text) {
            return Some(*id);
        }
        let ask = match &predicate.test {
            Test::Exists => Ask::Exists,
            Test::Present => Ask::Present,
            Test::OneOf(literals) => Ask::OneOf(OneOf::new(literals)),
            Test::Compare(comparison, number) => Ask::Compare(*comparison, *number),
            Test::Regex(regexes) => Ask::Regex(
                regexes
                    .iter()
                    .filter_map(|regex| self.regex(regex))
                    .collect(),
            ),
            Test::Cidr(networks) => Ask::Cidr(networks.clone()),
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
        self.all.push(Question {
            operand: predicate.operand.clone(),
            polarity: predicate.polarity,
            ask,
        });
        self.by_text.insert(text, id);
        Some(id)
    }

    fn regex(&mut self, regex: &rule_lang::Regex) -> Option<usize> {
        let text = format!("{regex:?}");
        if let Some(at) = self.regex_by_text.get(&text) {
            return Some(*at);
        }
        // The compiler has built it before, under the same limits.
        let built = regex.build().ok()?;
        self.regexes.push(built);
        self.regex_by_text.insert(text, self.regexes.len() - 1);
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
        }
    }
}

/// Memory for matching, one per scanner.
#[derive(Debug)]
pub(crate) struct Memory {
    text: String,
    other: String,
    caches: Vec<meta::Cache>,
}

impl OneOf {
    fn new(literals: &[Literal]) -> Self {
        let mut one_of = Self::default();
        for literal in literals {
            let pattern = &literal.pattern;
            one_of.folds |= !pattern.is_cased();
            one_of.numbers.extend(literal.number);
            match pattern.kind() {
                PatternKind::Exact(text) if pattern.is_cased() => {
                    one_of.cased.insert(text.into());
                }
                PatternKind::Exact(text) => {
                    one_of.folded.insert(text.into());
                }
                _ => one_of.patterns.push(pattern.clone()),
            }
        }
        one_of
    }

    fn matches(&self, value: Value<'_>, folded: &mut String) -> bool {
        let Some(text) = value.as_text() else {
            return false;
        };
        if let Value::Number(number) = value
            && !self.numbers.is_empty()
            && let Some(number) = Number::parse(number)
            && self
                .numbers
                .iter()
                .any(|one| compare(number, *one).is_some_and(std::cmp::Ordering::is_eq))
        {
            return true;
        }
        folded.clear();
        if self.folds {
            fold_into(text, folded);
        }
        self.folded.contains(folded.as_str())
            || (!self.cased.is_empty() && self.cased.contains(text))
            || self
                .patterns
                .iter()
                .any(|pattern| pattern.matches(if pattern.is_cased() { text } else { folded }))
    }
}

impl Questions {
    /// Whether a value answers a question; those about presence and other fields are asked elsewhere.
    pub(crate) fn matches(&self, ask: &Ask, value: Value<'_>, memory: &mut Memory) -> bool {
        match ask {
            Ask::Exists => value != Value::Null,
            Ask::Present => !matches!(value, Value::Null | Value::List { empty: true }),
            Ask::OneOf(one_of) => one_of.matches(value, &mut memory.text),
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
                .is_some_and(|ip: IpAddr| {
                    let ip = ip.to_canonical();
                    networks.iter().any(|network| network.contains(&ip))
                }),
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
