//! The table of modifiers: their names and what they go with.

use crate::encode::Charset;
use crate::time::TimePart;

/// A modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Modifier {
    All,
    Base64,
    Base64Offset,
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
    Time(TimePart),
    Utf16(Charset),
    Windash,
}

pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) modifier: Modifier,
    /// Modifiers that may stand beside it. Two go together when either names the other.
    pub(super) with: &'static [Modifier],
}

/// Every modifier. `expand`, `neq` and `all` name what they go with; so the other rows need not name them.
pub(super) const TABLE: &[Row] = &[
    row(
        "all",
        Modifier::All,
        &[
            Modifier::Base64,
            Modifier::Base64Offset,
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
            UTF16_LE,
            UTF16_BE,
            UTF16,
            Modifier::Windash,
        ],
    ),
    row("base64", Modifier::Base64, &BEHIND_BASE64),
    row("base64offset", Modifier::Base64Offset, &BEHIND_BASE64),
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
    row("day", Modifier::Time(TimePart::Day), &COMPARISONS),
    row("contains", Modifier::Contains, &[Modifier::FieldRef]),
    row("endswith", Modifier::EndsWith, &[Modifier::FieldRef]),
    row("exists", Modifier::Exists, &[]),
    row(
        "expand",
        Modifier::Expand,
        &[
            Modifier::Base64,
            Modifier::Base64Offset,
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
            Modifier::Time(TimePart::Minute),
            Modifier::Time(TimePart::Hour),
            Modifier::Time(TimePart::Day),
            Modifier::Time(TimePart::Week),
            Modifier::Time(TimePart::Month),
            Modifier::Time(TimePart::Year),
            UTF16_LE,
            UTF16_BE,
            UTF16,
            Modifier::Windash,
        ],
    ),
    row("fieldref", Modifier::FieldRef, &[]),
    row("gt", Modifier::Gt, &[]),
    row("gte", Modifier::Gte, &[]),
    row("hour", Modifier::Time(TimePart::Hour), &COMPARISONS),
    row("i", Modifier::I, &FLAG_OF_RE),
    row("ignorecase", Modifier::I, &FLAG_OF_RE),
    row("lt", Modifier::Lt, &[]),
    row("lte", Modifier::Lte, &[]),
    row("m", Modifier::M, &FLAG_OF_RE),
    row("minute", Modifier::Time(TimePart::Minute), &COMPARISONS),
    row("month", Modifier::Time(TimePart::Month), &COMPARISONS),
    row("multiline", Modifier::M, &FLAG_OF_RE),
    row(
        "neq",
        Modifier::Neq,
        &[
            Modifier::Base64,
            Modifier::Base64Offset,
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
            UTF16_LE,
            UTF16_BE,
            UTF16,
            Modifier::Windash,
        ],
    ),
    row("re", Modifier::Re, &[]),
    row("s", Modifier::S, &FLAG_OF_RE),
    row("dotall", Modifier::S, &FLAG_OF_RE),
    row("startswith", Modifier::StartsWith, &[Modifier::FieldRef]),
    row("utf16", UTF16, &BEHIND_UTF16),
    row("utf16be", UTF16_BE, &BEHIND_UTF16),
    row("utf16le", UTF16_LE, &BEHIND_UTF16),
    row("week", Modifier::Time(TimePart::Week), &COMPARISONS),
    row("wide", UTF16_LE, &BEHIND_UTF16),
    row(
        "windash",
        Modifier::Windash,
        &[
            Modifier::Base64,
            Modifier::Base64Offset,
            Modifier::Cased,
            Modifier::Contains,
            Modifier::EndsWith,
            Modifier::StartsWith,
            UTF16_LE,
            UTF16_BE,
            UTF16,
        ],
    ),
    row("year", Modifier::Time(TimePart::Year), &COMPARISONS),
];

const UTF16_LE: Modifier = Modifier::Utf16(Charset::Utf16Le);
const UTF16_BE: Modifier = Modifier::Utf16(Charset::Utf16Be);
const UTF16: Modifier = Modifier::Utf16(Charset::Utf16);

const FLAG_OF_RE: [Modifier; 4] = [Modifier::I, Modifier::M, Modifier::Re, Modifier::S];

const BEHIND_BASE64: [Modifier; 4] = [
    Modifier::Cased,
    Modifier::Contains,
    Modifier::EndsWith,
    Modifier::StartsWith,
];

const BEHIND_UTF16: [Modifier; 6] = [
    Modifier::Base64,
    Modifier::Base64Offset,
    Modifier::Cased,
    Modifier::Contains,
    Modifier::EndsWith,
    Modifier::StartsWith,
];

const COMPARISONS: [Modifier; 5] = [
    Modifier::Gt,
    Modifier::Gte,
    Modifier::Lt,
    Modifier::Lte,
    Modifier::Neq,
];

const fn row(name: &'static str, modifier: Modifier, with: &'static [Modifier]) -> Row {
    Row {
        name,
        modifier,
        with,
    }
}

impl Modifier {
    pub(super) fn time(self) -> Option<TimePart> {
        match self {
            Self::Time(part) => Some(part),
            _ => None,
        }
    }

    pub(super) fn charset(self) -> Option<Charset> {
        match self {
            Self::Utf16(charset) => Some(charset),
            _ => None,
        }
    }

    /// Whether the order of two modifiers means nothing though each has its place: whole rule sets are written with
    /// `contains|windash`, and a dash is written in other ways within what is sought, on whichever side that is open.
    pub(super) fn commutes(self, other: Self) -> bool {
        let opens = |m| matches!(m, Self::Contains | Self::StartsWith | Self::EndsWith);
        matches!(self, Self::Windash) && opens(other)
            || matches!(other, Self::Windash) && opens(self)
    }

    /// Of modifiers whose order means something, the place among them: each works on what those before it made.
    pub(super) fn place(self) -> Option<u8> {
        match self {
            Self::Expand => Some(0),
            Self::Windash => Some(1),
            Self::Utf16(_) => Some(2),
            Self::Base64 | Self::Base64Offset | Self::Time(_) => Some(3),
            Self::Contains
            | Self::StartsWith
            | Self::EndsWith
            | Self::Lt
            | Self::Lte
            | Self::Gt
            | Self::Gte => Some(4),
            _ => None,
        }
    }
}
