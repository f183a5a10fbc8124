//! How values stand in the bytes: what writes them, and what reads them.
//!
//! Whole numbers are LEB128, texts and lists have their length in front, and a variant of an enum is a byte.

mod values;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use audit_model::FieldId;

use crate::compiled::Kept;
use crate::diagnostic::quoted;
use crate::regex::Regex;
use crate::rule::FilterIdx;

/// What has a form in bytes.
pub(super) trait Wire: Sized {
    /// Appends the value. It takes one byte or more, so that no list is longer than the bytes that it stands in.
    fn write(&self, out: &mut Writer);

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed>;
}

/// Bytes that cannot be what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// Where, from the first byte of all.
    pub(super) at: usize,
    pub(super) what: Cow<'static, str>,
}

/// Bytes in the making.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    fields: Vec<FieldId>,
}

impl Writer {
    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.byte(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.byte(number.to_le_bytes()[0]);
    }

    pub(super) fn length(&mut self, length: usize) {
        self.number(length as u64);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.raw(text.as_bytes());
    }

    /// A field of the table, as its place among those that were written.
    pub(super) fn field(&mut self, id: FieldId) {
        let known = self.fields.iter().position(|known| *known == id);
        let at = known.unwrap_or_else(|| {
            self.fields.push(id);
            self.fields.len() - 1
        });
        self.length(at);
    }

    /// Writes a value and takes its bytes out.
    pub(super) fn item(&mut self, item: &impl Wire) -> Vec<u8> {
        item.write(self);
        std::mem::take(&mut self.bytes)
    }

    /// Writes a list and takes its bytes out.
    pub(super) fn items<'i, T: Wire + 'i>(
        &mut self,
        items: impl IntoIterator<Item = &'i T>,
    ) -> Vec<u8> {
        let mut n = 0;
        for item in items {
            item.write(self);
            n += 1;
        }
        self.list(n)
    }

    /// Takes out the items that were written, with their number in front.
    fn list(&mut self, n: usize) -> Vec<u8> {
        let items = std::mem::take(&mut self.bytes);
        self.length(n);
        self.raw(&items);
        std::mem::take(&mut self.bytes)
    }

    /// Writes a list of what a set keeps and takes its bytes out.
    pub(super) fn kept<'i, T: Wire + 'i>(
        &mut self,
        items: impl IntoIterator<Item = Kept<&'i T>>,
    ) -> Vec<u8> {
        let mut n = 0;
        for kept in items {
            kept.at.write(self);
            kept.told.write(self);
            kept.item.write(self);
            n += 1;
        }
        self.list(n)
    }

    /// The names of the fields that were written, and takes them out.
    pub(super) fn field_names(&mut self) -> Vec<u8> {
        let fields = std::mem::take(&mut self.fields);
        self.length(fields.len());
        for id in fields {
            FieldName(id).write(self);
        }
        std::mem::take(&mut self.bytes)
    }
}

/// Bytes that are read.
#[derive(Debug)]
pub(super) struct Input<'b> {
    rest: &'b [u8],
    /// Offset of the end of `rest`.
    end: usize,
    /// The fields by their places.
    pub(super) fields: &'b [FieldId],
    /// Filters that a rule may name.
    pub(super) n_filters: usize,
    /// Regular expressions that were built before.
    pub(super) regexes: HashSet<Regex>,
    /// The filters of the rule before, which rules that the same filters narrow share.
    pub(super) filters: Arc<[FilterIdx]>,
}

impl<'b> Input<'b> {
    /// Bytes that end at an offset.
    pub(super) fn new(rest: &'b [u8], end: usize) -> Self {
        Self {
            rest,
            end,
            fields: &[],
            n_filters: 0,
            regexes: HashSet::new(),
            filters: Arc::default(),
        }
    }

    pub(super) fn rest(&self) -> &'b [u8] {
        self.rest
    }

    /// The next bytes by themselves.
    pub(super) fn part<'p>(&mut self, length: u32) -> Result<Input<'p>, Malformed>
    where
        'b: 'p,
    {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let bytes = self.take(length)?;
        Ok(Input::new(bytes, self.at()))
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Result<(), Malformed> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(malformed(
                self.at(),
                format!("nothing should follow, and there are {left} bytes"),
            )),
        }
    }

    /// Where the next byte stands.
    pub(super) fn at(&self) -> usize {
        self.end - self.rest.len()
    }

    pub(super) fn take(&mut self, n: usize) -> Result<&'b [u8], Malformed> {
        let Some((taken, rest)) = self.rest.split_at_checked(n) else {
            let left = self.rest.len();
            return Err(malformed(
                self.at(),
                format!("{n} bytes should follow, and there are {left}"),
            ));
        };
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let at = self.at();
        // `take` gives as many as it is asked for.
        self.take(N)?
            .try_into()
            .map_err(|_| malformed(at, "a number is cut"))
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn number(&mut self) -> Result<u64, Malformed> {
        let at = self.at();
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(malformed(at, "a number is too large"))
    }

    /// How many items follow, each of which takes one byte or more.
    pub(super) fn length(&mut self) -> Result<usize, Malformed> {
        let at = self.at();
        let (length, left) = (self.number()?, self.rest.len());
        match usize::try_from(length) {
            Ok(length) if length <= left => Ok(length),
            _ => Err(malformed(
                at,
                format!("{length} items should follow, and there are {left} bytes"),
            )),
        }
    }

    pub(super) fn text(&mut self) -> Result<&'b str, Malformed> {
        let length = self.length()?;
        let at = self.at();
        let text = self.take(length)?;
        std::str::from_utf8(text)
            .map_err(|error| malformed(at + error.valid_up_to(), "a text is no UTF-8"))
    }

    pub(super) fn field(&mut self) -> Result<FieldId, Malformed> {
        let at = self.at();
        let (place, n) = (self.number()?, self.fields.len());
        let field = usize::try_from(place)
            .ok()
            .and_then(|place| self.fields.get(place));
        field
            .copied()
            .ok_or_else(|| malformed(at, format!("this is field {place} of {n}")))
    }
}

pub(super) fn malformed(at: usize, what: impl Into<Cow<'static, str>>) -> Malformed {
    Malformed {
        at,
        what: what.into(),
    }
}

/// A field of the table, by its name.
pub(super) struct FieldName(pub(super) FieldId);

impl Wire for FieldName {
    fn write(&self, out: &mut Writer) {
        out.text(self.0.info().name);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        let name = input.text()?;
        let field = FieldId::named(name).map(Self);
        field.ok_or_else(|| malformed(at, format!("this version knows no field {}", quoted(name))))
    }
}

impl<T: Wire> Wire for Kept<T> {
    fn write(&self, out: &mut Writer) {
        self.at.write(out);
        self.told.write(out);
        self.item.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            at: Wire::read(input)?,
            told: Wire::read(input)?,
            item: Wire::read(input)?,
        })
    }
}

/// The form of structs: their members, in the order given here.
macro_rules! structs {
    ($($name:ident { $($member:ident)+ })+) => {$(
        impl Wire for $name {
            fn write(&self, out: &mut Writer) {
                let Self { $($member),+ } = self;
                $($member.write(out);)+
            }

            fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
                Ok(Self { $($member: Wire::read(input)?),+ })
            }
        }
    )+};
}
pub(super) use structs;

/// The form of enums: the byte in front of a variant, then its members.
macro_rules! enums {
    ($($name:ident {
        $($tag:literal $variant:ident $(($($part:ident),+))? $({ $($member:ident)+ })?,)+
    })+) => {$(
        impl Wire for $name {
            fn write(&self, out: &mut Writer) {
                match self {
                    $(Self::$variant $(($($part),+))? $({ $($member),+ })? => {
                        out.byte($tag);
                        $($($part.write(out);)+)?
                        $($($member.write(out);)+)?
                    })+
                }
            }

            fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
                let at = input.at();
                match input.byte()? {
                    $($tag => {
                        $($(let $part = Wire::read(input)?;)+)?
                        $($(let $member = Wire::read(input)?;)+)?
                        Ok(Self::$variant $(($($part),+))? $({ $($member),+ })?)
                    })+
                    tag => Err(malformed(at, format!(concat!("there is no ", stringify!($name), " {}"), tag))),
                }
            }
        }
    )+};
}
pub(super) use enums;
