//! What is odd about a record.

use std::fmt;

/// What is odd about a record: signs that somebody wrote it so that a strict or a careless reader goes wrong.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(u8);

impl Flags {
    /// A JSON object repeats a key, in the envelope or in a body.
    pub const DUPLICATE_KEY: Self = Self(1);
    /// Text holds bad UTF-8 or a lone surrogate; it reads as U+FFFD.
    pub const INVALID_TEXT: Self = Self(1 << 1);
    /// A body is neither an object nor, in a patch, a list of operations.
    pub const BODY_NOT_OBJECT: Self = Self(1 << 2);
    /// A body was dropped or cut before it was logged.
    pub const BODY_TRUNCATED: Self = Self(1 << 3);
    /// A body is nested too deep or has too many values to be read, so nothing in it was evaluated.
    pub const BODY_OPAQUE: Self = Self(1 << 4);
    /// A JSON Patch copies or moves from a place that the patch does not set.
    pub const PATCH_INDIRECT: Self = Self(1 << 5);
    /// A `CertificateSigningRequest` holds no certificate request, or one that is malformed; names that stand before the
    /// defect are read.
    pub const CSR_UNREADABLE: Self = Self(1 << 6);

    const NAMES: [(Self, &'static str); 7] = [
        (Self::DUPLICATE_KEY, "duplicate-key"),
        (Self::INVALID_TEXT, "invalid-text"),
        (Self::BODY_NOT_OBJECT, "body-not-object"),
        (Self::BODY_TRUNCATED, "body-truncated"),
        (Self::BODY_OPAQUE, "body-opaque"),
        (Self::PATCH_INDIRECT, "patch-indirect"),
        (Self::CSR_UNREADABLE, "csr-unreadable"),
    ];

    #[cfg(test)]
    pub(crate) fn all() -> Self {
        Self(u8::MAX)
    }

    /// Whether every flag of `other` is set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether none is set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn set(&mut self, other: Self, on: bool) {
        if on {
            self.0 |= other.0;
        }
    }

    /// The names of the flags that are set, as `event.flags` yields them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .into_iter()
            .filter(move |(flag, _)| self.contains(*flag))
            .map(|(_, name)| name)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
