//! Single values: numbers, regular expressions, networks, field names, and texts written in other ways.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::ast::Name;
use crate::diagnostic::{Code, Report, quoted};
use crate::encode::EncodeError;
use crate::limits;
use crate::modifier::Chain;
use crate::number::Number;
use crate::program::{Comparison, Literal, Relation};
use crate::regex::Regex;
use crate::resolve::{Resolver, field};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::text::{Open, Pattern};

impl Resolver<'_> {
    /// The numbers to compare with: one, unless they come out of placeholders.
    pub(crate) fn numbers(
        &mut self,
        comparison: Comparison,
        expand: bool,
        values: &[Scalar],
    ) -> Option<Vec<Number>> {
        if let [_, second, ..] = values
            && !expand
        {
            let message = format!("`{comparison}` compares with one number");
            self.report.add(Code::BadNumber, second.span, message);
            return None;
        }
        self.each(values, |resolver, value| {
            let number = Number::parse(&value.text);
            if number.is_none() {
                let message = format!("{} is no number", quoted(&value.text));
                resolver.report.add(Code::BadNumber, value.span, message);
            }
            number
        })
    }

    /// Whether placeholders and modifiers of the set may write more values.
    pub(crate) fn check_written(&mut self, span: Span) -> Option<()> {
        let share = self.report.written_values();
        let Some(limit) = share.reached() else {
            return Some(());
        };
        let message = format!(
            "placeholders and modifiers before this write {} values and the limit of a set of this size is {limit}",
            share.taken()
        );
        if std::mem::replace(&mut self.is_spent, true) {
            return None;
        }
        self.report
            .add(Code::TooManyValues, span, message)
            .set_help("several placeholders or dashes in a value make every combination: name one, or use shorter lists");
        None
    }

    /// Every way to write a value that its modifiers ask for.
    pub(crate) fn encoded(
        &mut self,
        value: &Scalar,
        relation: Relation,
        chain: Chain,
    ) -> Option<Vec<Literal>> {
        self.check_written(value.span)?;
        let error = match chain.encoding.variants(&value.text) {
            Ok(variants) => {
                let written = variants.iter().map(|text| weight(text.len()));
                self.report.written_values().take(written.sum());
                // What is written in several ways counts as often.
                self.count_values(variants.len().saturating_sub(1), value.span)?;
                let literals = variants.iter().map(|text| Literal {
                    pattern: Pattern::parse_open(text, chain.cased, open(relation)),
                    number: None,
                });
                return Some(literals.collect());
            }
            Err(error) => error,
        };
        let text = quoted(&value.text);
        let (code, message, help) = match error {
            EncodeError::Wildcard => (
                Code::BadValue,
                format!("{text} has a wildcard, which cannot be written in Base64"),
                "write `\\*` for the character; `contains`, `startswith` and `endswith` behind the modifier leave the sides open",
            ),
            EncodeError::TooShort => (
                Code::BadValue,
                format!("{text} is too short to show in the middle of Base64"),
                "two bytes are the least",
            ),
            EncodeError::TooMany => (
                Code::TooManyValues,
                format!(
                    "there are more ways to write {text} than the limit of {} values",
                    limits::VALUES
                ),
                "every dash before a word has five; use several values with `all`",
            ),
        };
        self.report.add(code, value.span, message).set_help(help);
        None
    }

    pub(crate) fn regex(&mut self, options: &Regex, value: &Scalar) -> Option<Regex> {
        let regex = Regex {
            pattern: value.text.clone(),
            ..options.clone()
        };
        if value.is_null() {
            self.report.add(
                Code::BadRegex,
                value.span,
                "a regular expression is missing",
            );
            return None;
        }
        let (length, limit) = (regex.pattern.len(), limits::PATTERN_BYTES);
        if length > limit {
            let message =
                format!("the regular expression has {length} bytes and the limit is {limit}");
            self.report
                .add(Code::BadRegex, value.span, message)
                .set_help("a list of texts is a list of values, without `re`");
            return None;
        }
        self.n_regexes += 1;
        let limit = limits::REGEXES;
        if self.n_regexes > limit {
            if self.n_regexes == limit + 1 {
                let message = format!(
                    "this document has more than {limit} regular expressions, which is the limit"
                );
                self.report.add(Code::TooManyValues, value.span, message);
            }
            return None;
        }
        if let Some(limit) = self.report.regex_bytes().reached() {
            let message = format!(
                "the regular expressions before this one take {limit} bytes compiled, which is the limit of a set of this size"
            );
            self.report
                .add(Code::TooManyValues, value.span, message)
                .set_help("classes such as `\\w` hold all of Unicode; `[0-9A-Za-z_]` takes a hundredth of the memory");
            return None;
        }
        match regex.build() {
            Ok(built) => {
                self.report.regex_bytes().take(built.memory_usage());
                Some(regex)
            }
            Err(error) => {
                if error.is_too_large {
                    self.report.regex_bytes().take(limits::REGEX_BYTES);
                }
                let span = error
                    .part()
                    .map_or(value.span, |part| value.locate(self.file, part));
                self.report.add_with_help(
                    Code::BadRegex,
                    span,
                    format!("the regular expression cannot be used: {error}"),
                    error.help(),
                );
                None
            }
        }
    }

    pub(crate) fn network(&mut self, value: &Scalar) -> Option<IpNet> {
        let network = value.text.parse::<IpNet>();
        let network = network.or_else(|_| value.text.parse::<IpAddr>().map(IpNet::from));
        let network = network.ok();
        let whole = network.map(|network| network.trunc());
        if whole.is_none() || whole != network {
            bad_network(value, whole.map(|whole| whole.to_string()), self.report);
            return None;
        }
        whole
    }

    pub(crate) fn reference(&mut self, value: &Scalar) -> Option<audit_model::Field> {
        let name = Name {
            text: value.text.clone(),
            span: value.span,
        };
        field(&name, self.report)
    }
}

/// As how many values one counts that a placeholder or a modifier writes: long ones take the memory of several.
pub(crate) fn weight(length: usize) -> usize {
    const LONG: usize = 64;
    1 + length / LONG
}

/// Reports what is neither a network nor an address, but perhaps an address in a network.
pub(crate) fn bad_network(value: &Scalar, network: Option<String>, report: &mut Report) {
    let text = quoted(&value.text);
    let address = value.text.split('/').next().unwrap_or_default();
    let (message, help) = match network {
        Some(network) => (
            format!("{text} is an address with the length of a network"),
            format!(
                "write `{network}` for the whole network, or `{address}` for this address alone"
            ),
        ),
        None => (
            format!("{text} is neither a network nor an address"),
            "write a network like `10.0.0.0/8` or `fd00::/8`, or an address alone".to_owned(),
        ),
    };
    report
        .add(Code::BadNetwork, value.span, message)
        .set_help(help);
}

/// The sides that a modifier leaves open.
pub(crate) fn open(relation: Relation) -> Open {
    Open {
        start: matches!(relation, Relation::Contains | Relation::EndsWith),
        end: matches!(relation, Relation::Contains | Relation::StartsWith),
    }
}
