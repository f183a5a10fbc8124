//! Bytes that tell values apart, to find what was there before.

use std::hash::{Hash, Hasher};

/// What a value hands to a hasher: the same for values that are equal, and for no others, as types tell their parts and
/// their lengths.
pub(crate) fn identity(value: &impl Hash) -> Vec<u8> {
    let mut bytes = Bytes(Vec::with_capacity(64));
    value.hash(&mut bytes);
    bytes.0
}

struct Bytes(Vec<u8>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Number;
    use crate::program::{Literal, Test};
    use crate::text::Pattern;

    #[test]
    fn values_that_differ_have_other_bytes() {
        let literal = |text: &str, cased, number| Literal {
            pattern: Pattern::parse(text, cased),
            number,
        };
        let tests = [
            Test::Exists,
            Test::Present,
            Test::OneOf([literal("ab", false, None)].into()),
            Test::OneOf([literal("ab", true, None)].into()),
            Test::OneOf([literal("a", false, None), literal("b", false, None)].into()),
            Test::OneOf([literal("a*b", false, None)].into()),
            Test::OneOf([literal("a?b", false, None)].into()),
            Test::OneOf([literal("ab*", false, None)].into()),
            Test::OneOf([literal("1", false, Some(Number::Int(1)))].into()),
            Test::OneOf([literal("1", false, Some(Number::Float(1.0)))].into()),
            Test::OneOf([literal("1", false, None)].into()),
        ];
        for (at, test) in tests.iter().enumerate() {
            assert_eq!(identity(test), identity(&test.clone()));
            for other in &tests[..at] {
                assert_ne!(identity(test), identity(other), "{test:?} {other:?}");
            }
        }
        assert_eq!(
            identity(&Number::Float(0.0)),
            identity(&Number::Float(-0.0))
        );
    }
}
