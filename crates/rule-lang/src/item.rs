//! Items and keywords: values and modifiers to tests.

use std::sync::Arc;

use audit_model::Shape;

use crate::api::Value;
use crate::ast::{Item, Keywords, Name};
use crate::diagnostic::{Code, quoted};
use crate::limits;
use crate::lint;
use crate::modifier::{Chain, How};
use crate::number::Number;
use crate::program::{Comparison, Literal, Operand, Relation, Test, TimeTest};
use crate::regex::Regex;
use crate::resolve::Resolver;
use crate::scalar::{Scalar, Style};
use crate::source::Span;
use crate::text::Pattern;
use crate::time::TimePart;
use crate::tree::Tree;
use crate::values::{open, weight};

/// What is tested, for those that read values.
struct Subject<'i> {
    operand: Operand,
    name: &'i Name,
    chain: Chain,
}

impl Resolver<'_> {
    /// The tests of one item; `None` when something was reported. The values are checked also when the field is not
    /// known.
    pub(crate) fn item(
        &mut self,
        item: &Item,
        operand: Option<Operand>,
        value: Value,
    ) -> Option<Tree> {
        let known = operand.is_some();
        let subject = Subject {
            operand: operand.unwrap_or(Operand::Keyword),
            name: &item.name,
            chain: item.chain,
        };
        if known {
            lint::values(item, subject.operand.field(), value, self.report);
            self.check_shape(&subject, &item.values)?;
        }
        let values = self.expanded(item.chain, &item.values, item.name.span)?;
        let tree = self.tests(&subject, &values)?;
        if !known {
            return None;
        }
        Some(if item.chain.neq {
            Tree::Not(Box::new(tree))
        } else {
            tree
        })
    }

    /// Texts that are sought anywhere in the event.
    pub(crate) fn keywords(&mut self, keywords: &Keywords) -> Option<Tree> {
        let how = keywords.chain.how;
        let good = matches!(
            how,
            How::Text(Relation::Equals | Relation::Contains) | How::Regex { .. }
        );
        if !good || keywords.chain.neq {
            self.report
                .add(
                    Code::IllegalModifiers,
                    keywords.span,
                    "keywords are contained in the event or found by `re`, and nothing else",
                )
                .set_help("write a field name before the modifiers");
            return None;
        }
        let values = self.expanded(keywords.chain, &keywords.values, keywords.span)?;
        let name = Name {
            text: "keyword".to_owned(),
            span: keywords.span,
        };
        let mut chain = keywords.chain;
        if how == How::Text(Relation::Equals) {
            chain.how = How::Text(Relation::Contains);
        }
        let subject = Subject {
            operand: Operand::Keyword,
            name: &name,
            chain,
        };
        self.tests(&subject, &values)
    }

    /// The values with placeholders expanded.
    fn expanded(&mut self, chain: Chain, values: &[Scalar], span: Span) -> Option<Vec<Scalar>> {
        let mut expanded = Vec::new();
        if chain.expand {
            let mut good = true;
            self.check_written(span)?;
            for value in values {
                match self
                    .placeholders
                    .expand(value, self.file, self.report, &mut self.empty)
                {
                    Some(values) => expanded.extend(values),
                    None => good = false,
                }
                if expanded.len() > limits::VALUES {
                    break;
                }
            }
            let texts = expanded.iter().map(|value| value.text.len());
            self.report.written_values().take(texts.map(weight).sum());
            if !good {
                return None;
            }
        } else {
            expanded.extend_from_slice(values);
        }
        let (n, limit) = (expanded.len(), limits::VALUES);
        if n > limit {
            let message = format!("there are {n} values and the limit is {limit}");
            self.report.add(Code::TooManyValues, span, message);
            return None;
        }
        self.count_values(n, span)?;
        Some(expanded)
    }

    /// A part of the envelope with known members is not a value.
    fn check_shape(&mut self, subject: &Subject<'_>, values: &[Scalar]) -> Option<()> {
        let shape = subject.operand.field().and_then(audit_model::Field::shape);
        let asks_presence = subject.chain.how == How::Exists
            || subject.chain.how == How::Text(Relation::Equals)
                && values
                    .iter()
                    .all(|value| value.is_null() || value.text == "*");
        if shape == Some(Shape::Struct) && !asks_presence {
            let name = &subject.name.text;
            self.report
                .add(
                    Code::PresenceOnly,
                    subject.name.span,
                    format!("{} has parts and no value of its own", quoted(name)),
                )
                .set_help(format!(
                    "name one of its parts, or ask whether it is there: `{name}|exists: true`"
                ));
            return None;
        }
        Some(())
    }

    fn tests(&mut self, subject: &Subject<'_>, values: &[Scalar]) -> Option<Tree> {
        if values.is_empty() {
            // Placeholders with empty lists: nothing is in them.
            return Some(Tree::Const(false));
        }
        match subject.chain.how {
            How::Text(relation) => self.texts(subject, relation, values),
            How::Exists => self.exists(subject, values),
            How::Regex { i, m, s } => {
                let options = Regex {
                    pattern: String::new(),
                    case_insensitive: i,
                    multi_line: m,
                    dot_matches_new_line: s,
                };
                let regexes =
                    self.each(values, |resolver, value| resolver.regex(&options, value))?;
                Some(subject.lists(regexes, Test::Regex))
            }
            How::Cidr => {
                let networks = self.each(values, Self::network)?;
                Some(subject.lists(networks, Test::Cidr))
            }
            How::Compare(comparison) => self.comparison(subject, comparison, values),
            How::Time(part, comparison) => self.time(subject, part, comparison, values),
            How::FieldRef(relation) => {
                let cased = subject.chain.cased;
                let fields = self.each(values, Self::reference)?;
                let tests = fields.into_iter().map(|field| Test::FieldRef {
                    relation,
                    field,
                    cased,
                });
                let trees = tests.map(|test| subject.test(test)).collect();
                Some(subject.join(trees))
            }
        }
    }

    /// Reads every value, so that every bad one is reported.
    pub(crate) fn each<T>(
        &mut self,
        values: &[Scalar],
        mut read: impl FnMut(&mut Self, &Scalar) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut read_values = Vec::with_capacity(values.len());
        for value in values {
            // Of what is too much the rest is not looked at: a value may be written in thousands of ways.
            if self.report.is_full() || self.is_spent || self.n_values > limits::PROGRAM_VALUES {
                return None;
            }
            read_values.push(read(self, value));
        }
        read_values.into_iter().collect()
    }

    fn bad_value(&mut self, code: Code, value: &Scalar, message: String) -> Option<Tree> {
        self.report.add(code, value.span, message);
        None
    }

    fn texts(
        &mut self,
        subject: &Subject<'_>,
        relation: Relation,
        values: &[Scalar],
    ) -> Option<Tree> {
        let info = subject
            .operand
            .field()
            .filter(|field| field.path().is_empty());
        let empty_is_absent = info.is_some_and(|field| field.info().empty_is_absent);
        let tests = self.each(values, |resolver, value| {
            if value.is_null() {
                let is_plain = relation == Relation::Equals && subject.chain.encoding.is_none();
                return if is_plain && subject.operand != Operand::Keyword {
                    Some(Asked::Absent)
                } else {
                    let message = "`null` is no text to compare with";
                    resolver.report.add(Code::BadValue, value.span, message);
                    None
                };
            }
            if relation == Relation::Equals && value.text.is_empty() && empty_is_absent {
                return Some(Asked::Absent);
            }
            if !subject.chain.encoding.is_none() {
                return resolver
                    .encoded(value, relation, subject.chain)
                    .map(Asked::Any);
            }
            let literal = literal(value, relation, subject.chain.cased);
            let is_keyword = subject.operand == Operand::Keyword;
            if !literal.pattern.matches_all() || is_keyword && !value.text.is_empty() {
                return Some(Asked::Literal(literal));
            }
            if value.text.is_empty() {
                resolver
                    .report
                    .add(
                        Code::EmptyPattern,
                        value.span,
                        "every text contains the empty one",
                    )
                    .set_help("`'*'` asks for any value");
                return Some(Asked::Literal(literal));
            }
            Some(Asked::Present)
        })?;
        let mut literals = Vec::new();
        let mut trees = Vec::new();
        let (mut present, mut absent) = (false, false);
        for test in tests {
            match test {
                Asked::Literal(literal) if subject.chain.all => {
                    trees.push(subject.test(Test::OneOf(Arc::new([literal]))));
                }
                Asked::Literal(literal) => literals.push(literal),
                Asked::Any(any) if subject.chain.all => {
                    trees.push(subject.test(Test::OneOf(any.into())));
                }
                Asked::Any(any) => literals.extend(any),
                Asked::Present => present = true,
                Asked::Absent => absent = true,
            }
        }
        if !literals.is_empty() {
            trees.push(subject.test(Test::OneOf(literals.into())));
        }
        if present {
            trees.push(subject.test(Test::Present));
        }
        if absent {
            trees.push(Tree::Not(Box::new(subject.test(Test::Exists))));
        }
        Some(subject.join(trees))
    }

    fn exists(&mut self, subject: &Subject<'_>, values: &[Scalar]) -> Option<Tree> {
        let exists = subject.test(Test::Exists);
        match values {
            [value] => match value.bool() {
                Some(true) => Some(exists),
                Some(false) => Some(Tree::Not(Box::new(exists))),
                None => {
                    let what = quoted(&value.text);
                    let words = ["true", "false"];
                    let is_word = words.contains(&value.text.to_ascii_lowercase().as_str());
                    let is_quoted =
                        matches!(value.style, Style::SingleQuoted | Style::DoubleQuoted);
                    let message = if is_word && is_quoted {
                        format!("`exists` takes `true` or `false`, and {what} in quotes is text")
                    } else {
                        format!("`exists` takes `true` or `false`, and not {what}")
                    };
                    let found = self.report.add(Code::BadValue, value.span, message);
                    if let Some(meant) = value.meant_bool() {
                        found.set_help(format!("write `{meant}`"));
                    }
                    None
                }
            },
            [_, second, ..] => self.bad_value(
                Code::BadValue,
                second,
                "`exists` takes one value".to_owned(),
            ),
            [] => None,
        }
    }

    fn comparison(
        &mut self,
        subject: &Subject<'_>,
        comparison: Comparison,
        values: &[Scalar],
    ) -> Option<Tree> {
        let numbers = self.numbers(comparison, subject.chain.expand, values)?;
        let tests = numbers
            .into_iter()
            .map(|number| Test::Compare(comparison, number));
        let trees = tests.map(|test| subject.test(test)).collect();
        Some(subject.join(trees))
    }

    /// Counts values against the limit of a document.
    pub(crate) fn count_values(&mut self, n: usize, span: Span) -> Option<()> {
        self.n_values += n;
        let (n, limit) = (self.n_values, limits::PROGRAM_VALUES);
        if n <= limit {
            return Some(());
        }
        let message = format!("this document has {n} values and the limit is {limit}");
        self.report.add(Code::ProgramTooLarge, span, message);
        None
    }

    /// A part of a date.
    fn time(
        &mut self,
        subject: &Subject<'_>,
        part: TimePart,
        comparison: Option<Comparison>,
        values: &[Scalar],
    ) -> Option<Tree> {
        if let Some(comparison) = comparison {
            let numbers = self.numbers(comparison, subject.chain.expand, values)?;
            let tests = numbers
                .into_iter()
                .map(|number| Test::Time(part, TimeTest::Compare(comparison, number)));
            let trees = tests.map(|test| subject.test(test)).collect();
            return Some(subject.join(trees));
        }
        let (least, most) = part.range();
        let numbers = self.each(values, |resolver, value| {
            let number = Number::parse(&value.text);
            let is_possible = matches!(number, Some(Number::Int(int)) if (i128::from(least)..=i128::from(most)).contains(&int));
            if is_possible {
                return number;
            }
            let message = format!("{} is no {part}", quoted(&value.text));
            resolver
                .report
                .add(Code::BadNumber, value.span, message)
                .set_help(format!("it is a number from {least} to {most}"));
            None
        })?;
        Some(subject.test(Test::Time(part, TimeTest::OneOf(numbers))))
    }
}

/// What one value asks.
enum Asked {
    Literal(Literal),
    /// One of several ways to write it.
    Any(Vec<Literal>),
    Present,
    Absent,
}

fn literal(value: &Scalar, relation: Relation, cased: bool) -> Literal {
    let text = match value.bool() {
        Some(true) => "true",
        Some(false) => "false",
        None => &value.text,
    };
    Literal {
        pattern: Pattern::parse_open(text, cased, open(relation)),
        number: value.number().filter(|_| relation == Relation::Equals),
    }
}

impl Subject<'_> {
    fn test(&self, test: Test) -> Tree {
        Tree::Test(self.operand.clone(), test, self.name.span)
    }

    fn join(&self, trees: Vec<Tree>) -> Tree {
        if self.chain.all {
            Tree::And(trees)
        } else {
            Tree::Or(trees)
        }
    }

    /// One test with the whole list, or with `all` one for each.
    fn lists<T>(&self, values: Vec<T>, test: fn(Vec<T>) -> Test) -> Tree {
        if self.chain.all {
            let tests = values.into_iter().map(|value| self.test(test(vec![value])));
            Tree::And(tests.collect())
        } else {
            self.test(test(values))
        }
    }
}
