//! Modifiers of fields: one table of names and legal combinations, and what a chain of them asks for.

use crate::ast::Name;
use crate::diagnostic::{Code, Report, quoted};
use crate::encode::{Base64, Encoding};
use crate::foreign;
use crate::program::{Comparison, Relation};
use crate::suggest::did_you_mean;
use crate::time::TimePart;

mod reason;
mod table;

use reason::reason;
use table::{Modifier, Row, TABLE};

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// The text, with wildcards; modifiers may open its sides.
    Text(Relation),
    /// Presence.
    Exists,
    /// A regular expression.
    Regex { i: bool, m: bool, s: bool },
    /// A network.
    Cidr,
    /// As numbers.
    Compare(Comparison),
    /// With another field.
    FieldRef(Relation),
    /// A part of a date, as a number.
    Time(TimePart, Option<Comparison>),
}

/// What a chain of modifiers asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a modifier that is there or not, independent of the others"
)]
pub(crate) struct Chain {
    pub(crate) how: How,
    pub(crate) all: bool,
    pub(crate) cased: bool,
    pub(crate) neq: bool,
    pub(crate) expand: bool,
    /// What is made of the values before they are compared.
    pub(crate) encoding: Encoding,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            how: How::Text(Relation::Equals),
            all: false,
            cased: false,
            neq: false,
            expand: false,
            encoding: Encoding::default(),
        }
    }
}

/// Reads a chain; `None` when it was reported.
pub(crate) fn read(names: &[Name], report: &mut Report) -> Option<Chain> {
    let mut found: Vec<(&Name, &Row)> = Vec::new();
    let mut good = true;
    for name in names {
        match find(name, report) {
            Some(row) => {
                good &= fits(name, row, &found, report);
                found.push((name, row));
            }
            None => good = false,
        }
    }
    if !good || !is_encoded(&found, report) {
        return None;
    }
    let has = |modifier| found.iter().any(|(_, row)| row.modifier == modifier);
    let relation = if has(Modifier::Contains) {
        Relation::Contains
    } else if has(Modifier::StartsWith) {
        Relation::StartsWith
    } else if has(Modifier::EndsWith) {
        Relation::EndsWith
    } else {
        Relation::Equals
    };
    let comparison = [
        (Modifier::Lt, Comparison::Lt),
        (Modifier::Lte, Comparison::Lte),
        (Modifier::Gt, Comparison::Gt),
        (Modifier::Gte, Comparison::Gte),
    ];
    let comparison = comparison
        .into_iter()
        .find_map(|(modifier, comparison)| has(modifier).then_some(comparison));
    let how = if has(Modifier::Exists) {
        How::Exists
    } else if has(Modifier::Re) {
        let (i, m, s) = (has(Modifier::I), has(Modifier::M), has(Modifier::S));
        How::Regex { i, m, s }
    } else if has(Modifier::Cidr) {
        How::Cidr
    } else if has(Modifier::FieldRef) {
        How::FieldRef(relation)
    } else if let Some(part) = found.iter().find_map(|(_, row)| row.modifier.time()) {
        How::Time(part, comparison)
    } else {
        comparison.map_or(How::Text(relation), How::Compare)
    };
    Some(Chain {
        how,
        all: has(Modifier::All),
        cased: has(Modifier::Cased),
        neq: has(Modifier::Neq),
        expand: has(Modifier::Expand),
        encoding: Encoding {
            windash: has(Modifier::Windash),
            charset: found
                .iter()
                .find_map(|(_, row)| row.modifier.charset())
                .unwrap_or_default(),
            base64: if has(Modifier::Base64) {
                Some(Base64::Whole)
            } else {
                has(Modifier::Base64Offset).then_some(Base64::Offset)
            },
        },
    })
}

/// Whether UTF-16 becomes text again, as it must to be found in one.
fn is_encoded(found: &[(&Name, &Row)], report: &mut Report) -> bool {
    let utf16 = found
        .iter()
        .find(|(_, row)| row.modifier.charset().is_some());
    let has_base64 = found
        .iter()
        .any(|(_, row)| matches!(row.modifier, Modifier::Base64 | Modifier::Base64Offset));
    if let Some((name, row)) = utf16
        && !has_base64
    {
        let this = quoted(row.name);
        report
            .add(
                Code::IllegalModifiers,
                name.span,
                format!("{this} makes bytes, and no field of an audit event holds bytes"),
            )
            .set_help("write `base64` or `base64offset` behind it");
        return false;
    }
    true
}

/// The names of modifiers that compare numbers.
pub(crate) fn comparisons() -> impl Iterator<Item = &'static str> {
    let rows = TABLE.iter();
    let rows = rows.filter(|row| {
        matches!(
            row.modifier,
            Modifier::Lt | Modifier::Lte | Modifier::Gt | Modifier::Gte
        )
    });
    rows.map(|row| row.name)
}

/// The name of every modifier.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.name)
}

/// Finds the row of a modifier.
fn find(name: &Name, report: &mut Report) -> Option<&'static Row> {
    let row = TABLE.iter().find(|row| row.name == name.text);
    if row.is_none() && name.text.is_empty() {
        report
            .add(
                Code::UnknownModifier,
                name.span,
                "the name of a modifier is missing",
            )
            .set_help("write one after the `|`, or take the `|` out");
    } else if row.is_none() {
        report.add_with_help(
            Code::UnknownModifier,
            name.span,
            format!("there is no modifier {}", quoted(&name.text)),
            foreign::modifier(&name.text)
                .map(str::to_owned)
                .or_else(|| did_you_mean(&name.text, TABLE.iter().map(|row| row.name))),
        );
    }
    row
}

/// Whether a modifier may follow those before it.
fn fits(name: &Name, row: &Row, before: &[(&Name, &Row)], report: &mut Report) -> bool {
    let mut illegal = |message: String, help: Option<&str>| {
        report.add_with_help(Code::IllegalModifiers, name.span, message, help);
        false
    };
    let this = quoted(row.name);
    if before
        .iter()
        .any(|(_, other)| other.modifier == row.modifier)
    {
        return illegal(format!("the modifier {this} stands twice"), None);
    }
    let clash = before.iter().find(|(_, other)| {
        !other.with.contains(&row.modifier) && !row.with.contains(&other.modifier)
    });
    if let Some((_, other)) = clash {
        let that = quoted(other.name);
        return illegal(
            format!("{this} does not go with {that}"),
            Some(reason(row.modifier, other.modifier)),
        );
    }
    let is_flag = matches!(row.modifier, Modifier::I | Modifier::M | Modifier::S);
    if is_flag
        && !before
            .iter()
            .any(|(_, other)| other.modifier == Modifier::Re)
    {
        return illegal(
            format!("{this} is an option of `re`"),
            Some("write `re` before it"),
        );
    }
    if row.modifier == Modifier::Expand && !before.is_empty() {
        return illegal(
            "`expand` comes first".to_owned(),
            Some("placeholders are expanded before other modifiers see the values"),
        );
    }
    let later = before.iter().find(|(_, other)| {
        row.modifier
            .place()
            .is_some_and(|place| other.modifier.place() > Some(place))
            && !row.modifier.commutes(other.modifier)
    });
    if let Some((_, other)) = later {
        return illegal(
            format!("{this} comes before {}", quoted(other.name)),
            Some("modifiers work from left to right, each on what the one before it made"),
        );
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Charset;
    use crate::source::{Sources, Span};

    fn chain(text: &str) -> Result<Chain, String> {
        let mut sources = Sources::default();
        let mut report = Report::new(sources.add("t", text));
        let names: Vec<Name> = text
            .split('|')
            .filter(|text| !text.is_empty())
            .map(|text| Name {
                text: text.to_owned(),
                span: Span::default(),
            })
            .collect();
        let chain = read(&names, &mut report);
        chain.ok_or_else(|| report.finish()[0].message().to_owned())
    }

    #[test]
    fn legal_chains() {
        assert_eq!(chain(""), Ok(Chain::default()));
        let all = chain("contains|all|cased").unwrap();
        assert!(all.all && all.cased && all.how == How::Text(Relation::Contains));
        assert!(chain("expand|cidr|neq").unwrap().expand);
        let re = chain("re|i|s|all").unwrap();
        assert_eq!(
            re.how,
            How::Regex {
                i: true,
                m: false,
                s: true
            }
        );
        assert_eq!(
            chain("fieldref|startswith|neq").unwrap().how,
            How::FieldRef(Relation::StartsWith)
        );
        assert_eq!(chain("gte").unwrap().how, How::Compare(Comparison::Gte));
        assert_eq!(
            chain("expand|hour|gte|neq").unwrap().how,
            How::Time(TimePart::Hour, Some(Comparison::Gte))
        );
        // The long names are those of pySigma, in any order and beside the short ones.
        for text in ["re|ignorecase|dotall", "re|dotall|i", "re|s|ignorecase"] {
            assert_eq!(chain(text), chain("re|i|s"), "{text}");
        }
        assert_eq!(chain("re|multiline"), chain("re|m"));
        assert_eq!(chain("contains|windash|all"), chain("windash|contains|all"));
        assert_eq!(chain("endswith|windash"), chain("windash|endswith"));
        let encoded = chain("expand|windash|wide|base64offset|contains|all|cased|neq").unwrap();
        assert_eq!(encoded.how, How::Text(Relation::Contains));
        assert_eq!(
            encoded.encoding,
            Encoding {
                windash: true,
                charset: Charset::Utf16Le,
                base64: Some(Base64::Offset)
            }
        );
    }

    #[test]
    fn illegal_chains() {
        for (text, message) in [
            ("contain", "there is no modifier `contain`"),
            ("base64url", "there is no modifier `base64url`"),
            ("base64|re", "`re` does not go with `base64`"),
            ("base64|cidr", "`cidr` does not go with `base64`"),
            ("base64|exists", "`exists` does not go with `base64`"),
            (
                "base64|base64offset",
                "`base64offset` does not go with `base64`",
            ),
            ("base64|wide", "`wide` comes before `base64`"),
            ("contains|base64", "`base64` comes before `contains`"),
            ("base64|windash", "`windash` comes before `base64`"),
            ("wide|utf16le|base64", "the modifier `utf16le` stands twice"),
            ("wide|utf16|base64", "`utf16` does not go with `wide`"),
            (
                "wide|contains",
                "`wide` makes bytes, and no field of an audit event holds bytes",
            ),
            ("windash|re", "`re` does not go with `windash`"),
            ("hour|day", "`day` does not go with `hour`"),
            ("hour|contains", "`contains` does not go with `hour`"),
            ("gte|hour", "`hour` comes before `gte`"),
            ("hour|all", "`all` does not go with `hour`"),
            (
                "contains|startswith",
                "`startswith` does not go with `contains`",
            ),
            ("exists|neq", "`neq` does not go with `exists`"),
            ("exists|all", "`all` does not go with `exists`"),
            ("re|contains", "`contains` does not go with `re`"),
            ("re|cased", "`cased` does not go with `re`"),
            ("expand|re", "`re` does not go with `expand`"),
            ("i", "`i` is an option of `re`"),
            ("re|i|ignorecase", "the modifier `ignorecase` stands twice"),
            ("dotall", "`dotall` is an option of `re`"),
            (
                "contains|base64|windash",
                "`base64` comes before `contains`",
            ),
            ("contains|expand", "`expand` comes first"),
            ("all|all", "the modifier `all` stands twice"),
            ("gt|lt", "`lt` does not go with `gt`"),
            ("gt|all", "`all` does not go with `gt`"),
            ("cidr|contains", "`contains` does not go with `cidr`"),
        ] {
            assert_eq!(chain(text), Err(message.to_owned()), "{text}");
        }
    }
}
