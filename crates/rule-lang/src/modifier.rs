//! Modifiers of fields: one table of names and legal combinations, and what a chain of them asks for.

use crate::ast::Name;
use crate::diagnostic::{Code, Report, did_you_mean, quoted};
use crate::program::{Comparison, Relation};

/// A modifier that is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Modifier {
    All,
    Cased,
    Cidr,
    Contains,
    EndsWith,
    Exists,
    Expand,
    FieldRef,
    Gt,
    Gte,
    I,
    Lt,
    Lte,
    M,
    Neq,
    Re,
    S,
    StartsWith,
}

struct Row {
    name: &'static str,
    modifier: Modifier,
    /// Modifiers that may stand beside it. Two go together when either names the other.
    with: &'static [Modifier],
}

/// Every supported modifier. `expand`, `neq` and `all` name what they go with; so the other rows need not name them.
const TABLE: &[Row] = &[
    row(
        "all",
        Modifier::All,
        &[
            Modifier::Cased,
            Modifier::Cidr,
            Modifier::Contains,
            Modifier::EndsWith,
            Modifier::Expand,
            Modifier::FieldRef,
            Modifier::I,
            Modifier::M,
            Modifier::Neq,
            Modifier::Re,
            Modifier::S,
            Modifier::StartsWith,
        ],
    ),
    row(
        "cased",
        Modifier::Cased,
        &[
            Modifier::Contains,
            Modifier::EndsWith,
            Modifier::FieldRef,
            Modifier::StartsWith,
        ],
    ),
    row("cidr", Modifier::Cidr, &[]),
    row("contains", Modifier::Contains, &[Modifier::FieldRef]),
    row("endswith", Modifier::EndsWith, &[Modifier::FieldRef]),
    row("exists", Modifier::Exists, &[]),
    row(
        "expand",
        Modifier::Expand,
        &[
            Modifier::Cased,
            Modifier::Cidr,
            Modifier::Contains,
            Modifier::EndsWith,
            Modifier::FieldRef,
            Modifier::Gt,
            Modifier::Gte,
            Modifier::Lt,
            Modifier::Lte,
            Modifier::Neq,
            Modifier::StartsWith,
        ],
    ),
    row("fieldref", Modifier::FieldRef, &[]),
    row("gt", Modifier::Gt, &[]),
    row("gte", Modifier::Gte, &[]),
    row("i", Modifier::I, &[Modifier::M, Modifier::Re, Modifier::S]),
    row("ignorecase", Modifier::I, &[]),
    row("lt", Modifier::Lt, &[]),
    row("lte", Modifier::Lte, &[]),
    row("m", Modifier::M, &[Modifier::Re, Modifier::S]),
    row("multiline", Modifier::M, &[]),
    row(
        "neq",
        Modifier::Neq,
        &[
            Modifier::Cased,
            Modifier::Cidr,
            Modifier::Contains,
            Modifier::EndsWith,
            Modifier::FieldRef,
            Modifier::Gt,
            Modifier::Gte,
            Modifier::I,
            Modifier::Lt,
            Modifier::Lte,
            Modifier::M,
            Modifier::Re,
            Modifier::S,
            Modifier::StartsWith,
        ],
    ),
    row("re", Modifier::Re, &[]),
    row("s", Modifier::S, &[Modifier::Re]),
    row("dotall", Modifier::S, &[]),
    row("startswith", Modifier::StartsWith, &[Modifier::FieldRef]),
];

const fn row(name: &'static str, modifier: Modifier, with: &'static [Modifier]) -> Row {
    Row {
        name,
        modifier,
        with,
    }
}

/// Modifiers of Sigma that are known and not supported yet.
const UNSUPPORTED: [&str; 14] = [
    "base64",
    "base64offset",
    "day",
    "hour",
    "minute",
    "month",
    "utf16",
    "utf16be",
    "utf16le",
    "week",
    "wide",
    "windash",
    "year",
    "base64url",
];

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
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            how: How::Text(Relation::Equals),
            all: false,
            cased: false,
            neq: false,
            expand: false,
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
    if !good {
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
    } else {
        comparison.map_or(How::Text(relation), How::Compare)
    };
    Some(Chain {
        how,
        all: has(Modifier::All),
        cased: has(Modifier::Cased),
        neq: has(Modifier::Neq),
        expand: has(Modifier::Expand),
    })
}

/// Finds the row of a modifier.
fn find(name: &Name, report: &mut Report) -> Option<&'static Row> {
    let row = TABLE.iter().find(|row| row.name == name.text);
    if row.is_none() {
        if UNSUPPORTED.contains(&name.text.as_str()) {
            report.add(
                Code::UnsupportedModifier,
                name.span,
                format!("the modifier {} is not supported yet", quoted(&name.text)),
            );
        } else {
            let known = TABLE.iter().map(|row| row.name).chain(UNSUPPORTED);
            report.add_with_help(
                Code::UnknownModifier,
                name.span,
                format!("there is no modifier {}", quoted(&name.text)),
                did_you_mean(&name.text, known),
            );
        }
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
            reason(row.modifier, other.modifier),
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
    true
}

/// Why two modifiers do not go together.
fn reason(a: Modifier, b: Modifier) -> Option<&'static str> {
    use Modifier::{Cased, Contains, EndsWith, Exists, Expand, Gt, Gte, Lt, Lte, Re, StartsWith};
    let either = |modifier| a == modifier || b == modifier;
    let sides = [Contains, StartsWith, EndsWith]
        .into_iter()
        .filter(|m| either(*m));
    let comparisons = [Lt, Lte, Gt, Gte]
        .into_iter()
        .filter(|m| either(*m))
        .count();
    if either(Exists) {
        Some("`exists` stands alone: it asks whether there is a value, whichever")
    } else if either(Re) && either(Expand) {
        Some("a list of texts is no regular expression")
    } else if either(Re) && either(Cased) {
        Some("a regular expression is case-sensitive unless `i` follows")
    } else if either(Re) {
        Some("a regular expression is found anywhere in the text; `^` and `$` bind it to the ends")
    } else if sides.count() == 2 {
        Some("write one of them, or wildcards in the value")
    } else if comparisons == 2 {
        Some("for a range write a second selection and join both by `and`")
    } else if comparisons == 1 {
        Some("numbers are compared as numbers")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
    }

    #[test]
    fn illegal_chains() {
        for (text, message) in [
            ("contain", "there is no modifier `contain`"),
            (
                "base64offset|contains",
                "the modifier `base64offset` is not supported yet",
            ),
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
