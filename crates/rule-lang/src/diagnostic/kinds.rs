//! The kinds of diagnostics, for documentation.

use super::errors::ERRORS;
use super::lints::LINTS;
use super::{Code, Severity};

/// A kind of diagnostic.
#[derive(Clone, Copy, Debug)]
pub struct DiagnosticKind {
    code: Code,
    what: &'static str,
    help: &'static str,
}

impl DiagnosticKind {
    /// What keeps a document from being used, by slug.
    pub const ERRORS: &'static [Self] = ERRORS;

    /// Every lint, by slug: what is written correctly and hardly meant.
    pub const LINTS: &'static [Self] = LINTS;

    /// The stable name, as in [`Diagnostic::code`](crate::Diagnostic::code).
    pub fn slug(&self) -> &'static str {
        self.code.slug()
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// What is found.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        self.help
    }
}

pub(super) const fn kind(code: Code, what: &'static str, help: &'static str) -> DiagnosticKind {
    DiagnosticKind { code, what, help }
}
