//! Values that a field never has: of another type, out of range, or none of its few words.

use std::net::IpAddr;

use audit_model::{Field, FieldId, Network};

use super::forms;
use crate::api::{Of, Value};
use crate::ast::Item;
use crate::diagnostic::{Code, Report, quoted};
use crate::metadata::listed;
use crate::modifier::How;
use crate::number::{Number, compare};
use crate::program::{Comparison, Relation};
use crate::scalar::Scalar;
use crate::suggest::did_you_mean;
use crate::text::Pattern;
use crate::values::open;

const BOOLS: &[&str] = &["true", "false"];

/// The least and the greatest code of an answer over HTTP.
const STATUS: (i128, i128) = (100, 599);

/// What an item asks that no value passes.
pub(super) fn all(item: &Item, field: Option<&Field>, value: Value, report: &mut Report) {
    no_date(item, field, report);
    if wrong_type(item, field, value.of, report) {
        return;
    }
    let id = field.filter(|field| field.path().is_empty()).map(Field::id);
    let never = Never {
        item,
        of: value.of,
        is_verb: matches!(id, Some(FieldId::Verb | FieldId::Operation)),
        is_lower: field.is_some_and(is_name),
        is_status: matches!(id, Some(FieldId::Status | FieldId::ResponseStatusCode)),
    };
    match item.chain.how {
        How::Text(relation) if item.chain.encoding.is_none() && !item.chain.expand => {
            let asked = |value: &&Scalar| !value.is_null() && !value.text.is_empty();
            for value in item.values.iter().filter(asked).take(super::LINTED_VALUES) {
                if let Some(help) = never.text(value, relation) {
                    never.tell(value, help, report);
                } else if relation == Relation::Equals && !super::has_wildcard(value) {
                    match never.of {
                        Of::RoleVerb => forms::role_verb(item, value, report),
                        Of::RoleResource => forms::role_resource(value, report),
                        _ => {}
                    }
                }
            }
        }
        How::Compare(comparison) if never.is_status => {
            for value in &item.values {
                if Number::parse(&value.text).is_some_and(|number| beyond(comparison, number)) {
                    never.tell(value, status_help(), report);
                }
            }
        }
        _ => {}
    }
}

/// The same of a path whose values are known by the resource that a rule names.
pub(super) fn typed(item: &Item, value: Value, report: &mut Report) {
    all(item, None, value, report);
}

/// Whether no status compares so.
fn beyond(comparison: Comparison, number: Number) -> bool {
    let (least, most) = STATUS;
    ![least, most].iter().any(|edge| {
        compare(Number::Int(*edge), number).is_some_and(|ordering| comparison.holds(ordering))
    })
}

fn status_help() -> String {
    let (least, most) = STATUS;
    format!("they are numbers from {least} to {most}")
}

struct Never<'i> {
    item: &'i Item,
    of: Of,
    is_verb: bool,
    /// Whether it has no capital letters.
    is_lower: bool,
    is_status: bool,
}

impl Never<'_> {
    /// What to write in place of a value that is never had.
    fn text(&self, value: &Scalar, relation: Relation) -> Option<String> {
        /// No word has more letters, so what asks for more is cheap to refuse.
        const LONGEST: usize = 64;
        let text = match value.bool() {
            Some(true) => "true",
            Some(false) => "false",
            None => value.text.as_str(),
        };
        let is_whole = relation == Relation::Equals && !super::has_wildcard(value);
        if self.has_capitals(text) {
            return Some(format!(
                "names of the API are in lower case: {}",
                quoted(&text.to_lowercase())
            ));
        }
        let words = match self.of {
            Of::Words(words, _) => words,
            Of::Form(form) => return forms::of_form(form, value, self.item.chain.cased, relation),
            Of::Usual(words) if is_whole => {
                let near = forms::usual(text, words, self.item.chain.cased);
                return near.map(|near| format!("did you mean {}?", quoted(near)));
            }
            Of::Bool => BOOLS,
            Of::Number if is_whole => return self.number(text),
            Of::Address => return address(text, is_whole, &self.item.name.text),
            Of::Network => return network(text, is_whole),
            _ => return None,
        };
        let pattern = Pattern::parse_open(text, self.item.chain.cased, open(relation));
        let matches = |word: &&str| pattern.matches(&folded(word, pattern.is_cased()));
        if text.len() <= LONGEST && words.iter().any(matches) {
            return None;
        }
        let near = did_you_mean(text, words.iter().copied());
        Some(match (near, self.of, words) {
            (Some(near), ..) => near,
            (None, Of::Words(_, Some(hint)), _) => hint.to_owned(),
            (None, _, [only]) => format!("it is always {}", quoted(only)),
            (None, ..) => format!("it is one of {}", listed(words)),
        })
    }

    /// Whether it asks for capitals where there are none.
    fn has_capitals(&self, text: &str) -> bool {
        self.is_lower && self.item.chain.cased && text.contains(char::is_uppercase)
    }

    fn number(&self, text: &str) -> Option<String> {
        let Some(number) = Number::parse(text) else {
            return Some(if self.is_status {
                "write a number such as `403`, or ask for the `outcome`".to_owned()
            } else {
                "write a number".to_owned()
            });
        };
        let (least, most) = STATUS;
        let is = |edge, comparison: Comparison| {
            compare(number, Number::Int(edge)).is_some_and(|ordering| comparison.holds(ordering))
        };
        let is_code = is(least, Comparison::Gte) && is(most, Comparison::Lte);
        (self.is_status && !is_code).then(status_help)
    }

    fn tell(&self, value: &Scalar, help: String, report: &mut Report) {
        let name = &self.item.name.text;
        let whole = matches!(self.item.chain.how, How::Text(Relation::Equals));
        if let (Of::Words(words, _), true) = (self.of, self.is_verb) {
            return super::metadata::verb(name, &value.text, words, value.span, report);
        }
        let message = match self.of {
            _ if self.has_capitals(&value.text) => format!(
                "{} never has capitals, as {} has",
                quoted(name),
                quoted(&value.text)
            ),
            Of::Words(..) | Of::Usual(_) if whole => {
                format!("{} is never {}", quoted(name), quoted(&value.text))
            }
            of => format!(
                "{} is always {}, so {} never matches",
                quoted(name),
                if self.is_status {
                    "a code of HTTP".to_owned()
                } else {
                    what(of)
                },
                quoted(&value.text)
            ),
        };
        report
            .add(Code::NeverMatches, value.span, message)
            .set_help(help);
    }
}

/// What is always found in a field.
fn what(of: Of) -> String {
    match of {
        Of::Words(words, _) => format!("one of {}", listed(words)),
        Of::Form(form) => form.what.to_owned(),
        Of::Bool => "`true` or `false`".to_owned(),
        Of::Address => "an IP address".to_owned(),
        Of::Network => "a network of /24 or /64".to_owned(),
        _ => "a number".to_owned(),
    }
}

fn folded(word: &str, cased: bool) -> String {
    if cased {
        word.to_owned()
    } else {
        word.to_ascii_lowercase()
    }
}

/// What to write in place of a text that is in no address.
fn address(text: &str, is_whole: bool, name: &str) -> Option<String> {
    if !is_whole {
        return strange(text, ":.");
    }
    if text.parse::<IpAddr>().is_ok() {
        return None;
    }
    Some(if text.parse::<Network>().is_ok() {
        format!("a network is asked for by `{name}|cidr`")
    } else {
        "an event has the address of the client, and not its name".to_owned()
    })
}

/// What to write in place of a text that is in no network.
fn network(text: &str, is_whole: bool) -> Option<String> {
    if !is_whole {
        return strange(text, ":./");
    }
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let is_cut = match (address.parse(), length) {
        (Ok(IpAddr::V4(address)), "24") => address.octets()[3] == 0,
        (Ok(IpAddr::V6(address)), "64") => address.segments()[4..].iter().all(|part| *part == 0),
        _ => false,
    };
    (!is_cut).then(|| {
        "it is written like `192.0.2.0/24` or `2001:db8::/64`; other networks are asked for by `client.ip|cidr`"
            .to_owned()
    })
}

/// What to say of a part of an address with characters that no address has.
fn strange(text: &str, marks: &str) -> Option<String> {
    let known =
        |c: char| c.is_ascii_hexdigit() || marks.contains(c) || matches!(c, '*' | '?' | '\\');
    (!text.chars().all(known)).then(|| "addresses have digits, `.` and `:`".to_owned())
}

/// A part of a date asked of a field that holds none.
fn no_date(item: &Item, field: Option<&Field>, report: &mut Report) {
    let Some(field) = field else {
        return;
    };
    let is_known = matches!(
        field.shape(),
        Some(audit_model::Shape::Text | audit_model::Shape::Number | audit_model::Shape::Bool)
    );
    if matches!(item.chain.how, How::Time(..)) && is_known && !is_time(field) {
        report
            .add(
                Code::NeverMatches,
                item.name.span,
                format!("{} is never a date", quoted(&item.name.text)),
            )
            .set_help("the dates of an event are `requestReceivedTimestamp` and `stageTimestamp`");
    }
}

fn is_time(field: &Field) -> bool {
    matches!(
        field.id(),
        FieldId::RequestReceivedTimestamp | FieldId::StageTimestamp
    )
}

/// Whether the values of a field are names in the URL of a request, all in lower case.
fn is_name(field: &Field) -> bool {
    matches!(
        field.id(),
        FieldId::Resource
            | FieldId::Subresource
            | FieldId::ApiGroup
            | FieldId::Namespace
            | FieldId::ObjectRefResource
            | FieldId::ObjectRefSubresource
            | FieldId::ObjectRefApiGroup
            | FieldId::ObjectRefNamespace
    )
}

/// Whether the values of a field are texts that neither a number nor an address is.
fn is_word(field: &Field) -> bool {
    is_name(field)
        || matches!(
            field.id(),
            FieldId::SourceProvider | FieldId::Kind | FieldId::ApiVersion
        )
}

/// Whether a field has texts that are no numbers.
pub(super) fn is_no_number(field: &Field) -> bool {
    let of = Value::of_field(field).map_or(Of::Open, |value| value.of);
    let is_known = matches!(
        of,
        Of::Bool | Of::Words(..) | Of::Address | Of::Network | Of::Image
    );
    is_known || is_word(field) || is_time(field)
}

/// A comparison that no value of the field can pass: of objects with texts, of words with numbers or networks.
fn wrong_type(item: &Item, field: Option<&Field>, of: Of, report: &mut Report) -> bool {
    let how = item.chain.how;
    if super::asks_presence(item) {
        return false;
    }
    let is_word = matches!(of, Of::Words(..)) || field.is_some_and(is_word);
    let is_time = field.is_some_and(is_time);
    let (is, asked, help) = match (of, how) {
        (Of::Object(_) | Of::Partly(_) | Of::Map, How::FieldRef(_)) => return false,
        (Of::Object(_) | Of::Partly(_) | Of::Map, _) => (
            "an object or a list of them",
            "compared with values",
            "name a part of it",
        ),
        (Of::Bool, How::Compare(_)) => ("`true` or `false`", "a number", "write `true` or `false`"),
        (Of::Bool | Of::Number, How::Cidr) => (
            "no text",
            "an address",
            "the address of the client is `client.ip`",
        ),
        (_, How::Compare(_)) if is_word => ("text", "a number", "write the text, or a part of it"),
        (Of::Address | Of::Network, How::Compare(_)) => (
            "an address",
            "a number",
            "a range of addresses is asked for by `client.ip|cidr`",
        ),
        (_, How::Compare(_)) if is_time => (
            "text",
            "a number",
            "a part of the time is a number: write `hour|gte: 22`; the parts are `minute`, `hour`, `day`, `week`, `month` and `year`",
        ),
        (Of::Network, How::Cidr) => (
            "no address",
            "in a network",
            "`client.net` is a network itself; `client.ip` is the address",
        ),
        (_, How::Cidr) if is_word || is_time => (
            "no address",
            "in a network",
            "the address of the client is `client.ip`",
        ),
        _ => return false,
    };
    let name = quoted(&item.name.text);
    report
        .add(
            Code::NeverMatches,
            item.name.span,
            format!("{name} is {is}, so it is never {asked}"),
        )
        .set_help(help);
    true
}
