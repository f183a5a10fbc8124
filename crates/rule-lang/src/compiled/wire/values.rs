//! Numbers, texts and lists as bytes.

use std::sync::Arc;

use super::{Input, Malformed, Wire, Writer, malformed};

impl Wire for bool {
    fn write(&self, out: &mut Writer) {
        out.byte(u8::from(*self));
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        match input.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(malformed(at, "this is neither true nor false")),
        }
    }
}

impl Wire for u8 {
    fn write(&self, out: &mut Writer) {
        out.byte(*self);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        input.byte()
    }
}

impl Wire for u32 {
    fn write(&self, out: &mut Writer) {
        out.number(u64::from(*self));
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        input
            .number()?
            .try_into()
            .map_err(|_| malformed(at, "a number is too large"))
    }
}

impl Wire for usize {
    fn write(&self, out: &mut Writer) {
        out.length(*self);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let at = input.at();
        input
            .number()?
            .try_into()
            .map_err(|_| malformed(at, "a number is too large"))
    }
}

impl Wire for i32 {
    fn write(&self, out: &mut Writer) {
        out.raw(&self.to_le_bytes());
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        input.array().map(Self::from_le_bytes)
    }
}

impl Wire for i128 {
    fn write(&self, out: &mut Writer) {
        out.raw(&self.to_le_bytes());
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        input.array().map(Self::from_le_bytes)
    }
}

impl Wire for String {
    fn write(&self, out: &mut Writer) {
        out.text(self);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        input.text().map(Self::from)
    }
}

impl Wire for Box<str> {
    fn write(&self, out: &mut Writer) {
        out.text(self);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        input.text().map(Self::from)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, out: &mut Writer) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        bool::read(input)?.then(|| T::read(input)).transpose()
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write(&self, out: &mut Writer) {
        out.length(self.len());
        for item in self {
            item.write(out);
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        /// What is allocated before the first item has been read.
        const FIRST: usize = 64;
        let length = input.length()?;
        let mut items = Self::with_capacity(length.min(FIRST));
        for _ in 0..length {
            items.push(T::read(input)?);
        }
        Ok(items)
    }
}

impl<T: Wire> Wire for Arc<[T]> {
    fn write(&self, out: &mut Writer) {
        out.length(self.len());
        for item in self.iter() {
            item.write(out);
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Vec::read(input).map(Self::from)
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn write(&self, out: &mut Writer) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok((A::read(input)?, B::read(input)?))
    }
}
