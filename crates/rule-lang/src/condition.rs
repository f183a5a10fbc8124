//! Condition text to a tree.

mod names;

use std::ops::Range;

use pest::Parser as _;
use pest::error::InputLocation;
use pest::iterators::Pair;

use crate::ast::{Condition, Quantity};
use crate::diagnostic::{Code, Report, quoted};
use crate::limits;
use crate::scalar::{Places, Scalar};

mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "condition.pest"]
    pub(super) struct Grammar;
}
use grammar::{Grammar, Rule};

/// Words that cannot name a selection, in lower case.
pub(crate) const RESERVED: [&str; 5] = ["and", "or", "not", "of", "them"];

/// Reads a condition. What could not be read was reported and is broken in it.
pub(crate) fn parse(scalar: &Scalar, file: &str, report: &mut Report) -> Condition {
    let mut reader = Reader {
        scalar,
        places: scalar.places(file),
        report,
    };
    let condition =
        reader
            .scan()
            .and_then(|()| match Grammar::parse(Rule::condition, &scalar.text) {
                Ok(mut pairs) => pairs.next().map(|pair| reader.condition(pair)),
                Err(error) => {
                    let (InputLocation::Pos(at) | InputLocation::Span((at, _))) = error.location;
                    reader.unexpected(at);
                    None
                }
            });
    condition.unwrap_or_else(|| {
        let whole = reader.places.locate(0..scalar.text.len());
        let is_short = scalar.text.len() <= limits::CONDITION_BYTES;
        let text = if is_short { scalar.text.as_str() } else { "" };
        let named = names::named(text, |part| reader.places.locate(part));
        Condition::Broken(named, whole)
    })
}

/// Whether a character is one of a word, be it one that a name can have or not.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '*')
}

struct Reader<'a> {
    scalar: &'a Scalar,
    places: Places,
    report: &'a mut Report,
}

impl Reader<'_> {
    fn error(&mut self, code: Code, part: Range<usize>, message: String, help: Option<&str>) {
        let span = self.places.locate(part);
        self.report.add_with_help(code, span, message, help);
    }

    /// Checks length and parentheses before the parser runs, because it recurses once for each of them.
    fn scan(&mut self) -> Option<()> {
        let mut open = Vec::new();
        let mut deepest = (0, 0);
        let mut stray = None;
        for (at, byte) in self.scalar.text.bytes().enumerate() {
            match byte {
                b'(' => {
                    open.push(at);
                    if open.len() > deepest.0 {
                        deepest = (open.len(), at);
                    }
                }
                b')' if open.pop().is_none() => stray = stray.or(Some(at)),
                // An aggregation has parentheses of its own, and one that is not closed is not what is wrong with it.
                b'|' => break,
                _ => {}
            }
        }
        let (depth, at) = deepest;
        let (limit, length) = (limits::CONDITION_DEPTH, self.scalar.text.len());
        if depth > limit {
            let message =
                format!("the condition nests {depth} levels deep and the limit is {limit}");
            self.error(Code::ConditionTooDeep, at..at + 1, message, None);
        } else if length > limits::CONDITION_BYTES {
            let limit = limits::CONDITION_BYTES;
            let message = format!("the condition has {length} bytes and the limit is {limit}");
            let help = "`1 of name*` stands for many selections";
            self.error(Code::ConditionTooLong, 0..0, message, Some(help));
        } else if let Some(at) = stray {
            let message = "unexpected `)`: no `(` is open".to_owned();
            self.error(Code::ConditionSyntax, at..at + 1, message, None);
        } else if let Some(at) = open.pop() {
            let message = "this `(` is not closed".to_owned();
            self.error(Code::ConditionSyntax, at..at + 1, message, None);
        } else {
            return Some(());
        }
        None
    }

    /// Reports the word at which the parser gave up.
    fn unexpected(&mut self, at: usize) {
        let rest = self.scalar.text.get(at..).unwrap_or_default();
        let Some(first) = rest.chars().next() else {
            let message = if self.scalar.text.trim().is_empty() {
                "the condition is empty".to_owned()
            } else {
                "the condition ends where a selection should follow".to_owned()
            };
            return self.error(Code::ConditionSyntax, at..at, message, None);
        };
        let mut before = self.scalar.text.get(..at).unwrap_or_default();
        let mut end = at + first.len_utf8();
        if is_letter(first) {
            // What no name has stands in a word that may begin with what names have.
            if !first.is_ascii() || first == '*' {
                before = before.trim_end_matches(is_letter);
            }
            end = at + rest.find(|c| !is_letter(c)).unwrap_or(rest.len());
        }
        let at = before.len();
        let word = self.scalar.text.get(at..end).unwrap_or_default();
        let help = if is_letter(first) && !first.is_ascii() {
            Some(
                "a condition can name selections with the letters from `a` to `z`, digits, `_`, `-` and `.`: rename this one",
            )
        } else if word.contains('*') {
            Some("a pattern needs a quantifier: `1 of name*` or `all of name*`")
        } else if matches!(first, '&' | '!') {
            Some("conditions say `and`, `or` and `not`")
        } else if is_letter(first)
            && before
                .trim_end()
                .ends_with(|c: char| is_letter(c) || c == ')')
        {
            Some("selections are joined by `and` or `or`")
        } else {
            None
        };
        let message = format!("unexpected {} in the condition", quoted(word));
        self.error(Code::ConditionSyntax, at..end, message, help);
    }

    fn condition(&mut self, pair: Pair<'_, Rule>) -> Condition {
        let whole = self.text(&pair).1;
        let mut pairs = pair.into_inner();
        let Some(expression) = pairs.next() else {
            return Condition::Broken(Vec::new(), whole);
        };
        let expression = self.expression(expression);
        match pairs.next() {
            Some(pair) if pair.as_rule() == Rule::aggregation => {
                let (span, place) = (pair.as_span(), self.text(&pair).1);
                let help = correlation_for(pair.as_str());
                let message = format!(
                    "the aggregation {} is not Sigma any more",
                    quoted(pair.as_str().trim())
                );
                self.error(
                    Code::LegacyAggregation,
                    span.start()..span.end(),
                    message,
                    Some(&help),
                );
                Condition::And(vec![expression, Condition::Broken(Vec::new(), place)])
            }
            _ => expression,
        }
    }

    fn expression(&mut self, pair: Pair<'_, Rule>) -> Condition {
        let parts = pair
            .into_inner()
            .filter(|pair| pair.as_rule() == Rule::conjunction);
        let parts: Vec<_> = parts.map(|pair| self.conjunction(pair)).collect();
        joined(parts, Condition::Or)
    }

    fn conjunction(&mut self, pair: Pair<'_, Rule>) -> Condition {
        let parts = pair
            .into_inner()
            .filter(|pair| pair.as_rule() == Rule::negation);
        let parts: Vec<_> = parts.map(|pair| self.negation(pair)).collect();
        joined(parts, Condition::And)
    }

    fn negation(&mut self, pair: Pair<'_, Rule>) -> Condition {
        let whole = self.text(&pair).1;
        let mut negated = false;
        let mut first = None;
        for pair in pair.into_inner() {
            let inner = match pair.as_rule() {
                Rule::not => {
                    // Two cancel each other, so that a thousand of them do not make a deep tree.
                    negated = !negated;
                    first = first.or_else(|| Some(self.text(&pair).1));
                    continue;
                }
                Rule::expression => self.expression(pair),
                Rule::quantified => self.quantified(pair),
                _ => Condition::Name(self.text(&pair)),
            };
            return match first {
                Some(not) if negated => Condition::Not(Box::new(inner), not),
                _ => inner,
            };
        }
        Condition::Broken(Vec::new(), whole)
    }

    fn quantified(&mut self, pair: Pair<'_, Rule>) -> Condition {
        let whole = self.text(&pair).1;
        let mut pairs = pair.into_inner().filter(|pair| pair.as_rule() != Rule::of);
        let (Some(quantifier), Some(target)) = (pairs.next(), pairs.next()) else {
            return Condition::Broken(Vec::new(), whole);
        };
        let quantity = match quantifier.as_str().to_ascii_lowercase().as_str() {
            "1" | "any" => Quantity::Any,
            "all" => Quantity::All,
            count => {
                let span = quantifier.as_span();
                self.error(
                    Code::ConditionSyntax,
                    span.start()..span.end(),
                    format!("{} is no quantifier", quoted(&format!("{count} of"))),
                    Some("the quantifiers are `1 of`, `any of` and `all of`"),
                );
                return Condition::Broken(Vec::new(), whole);
            }
        };
        if target.as_rule() == Rule::them {
            Condition::Them(quantity, self.text(&target).1)
        } else {
            Condition::Pattern(quantity, self.text(&target))
        }
    }

    fn text(&self, pair: &Pair<'_, Rule>) -> (String, crate::source::Span) {
        let span = pair.as_span();
        (
            pair.as_str().to_owned(),
            self.places.locate(span.start()..span.end()),
        )
    }
}

/// Joins the parts, where there are several.
fn joined(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            join(parts)
        }
    }
}

/// What to write in place of `| count() by user > 5`.
fn correlation_for(aggregation: &str) -> String {
    let text = aggregation.trim_start_matches('|').trim();
    let lower = text.to_ascii_lowercase();
    let argument = text
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(argument, _)| argument.trim())
        .unwrap_or_default();
    let kind = if lower.starts_with("near") {
        "temporal"
    } else if lower.starts_with("count") && argument.is_empty() {
        "event_count"
    } else if lower.starts_with("sum") {
        "value_sum"
    } else if lower.starts_with("avg") {
        "value_avg"
    } else {
        "value_count"
    };
    let mut help = format!("write a correlation with `type: {kind}`");
    if kind.starts_with("value_") && !argument.is_empty() {
        help.extend([", `field: ", argument, "`"]);
    }
    let mut words = text.split_whitespace();
    if words.any(|word| word.eq_ignore_ascii_case("by"))
        && let Some(field) = words.next()
    {
        help.extend([", `group-by: [", field, "]`"]);
    }
    help.push_str(" that refers to this rule by its name");
    help
}
