//! What a field yields.

/// One value that a field yields, with missing and null kept apart.
///
/// A number keeps its text, so that nothing is lost: `9007199254740993`, `1e999` and `1.0` are what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'t> {
    /// JSON `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(&'t str),
    /// Text.
    Text(&'t str),
    /// A list, empty or not. Its members are values of their own.
    List {
        /// Whether it has no member.
        empty: bool,
    },
    /// An object.
    Object,
    /// Something is there, and the record does not say what (the target of an indirect JSON Patch operation).
    Unknown,
}

impl<'t> Value<'t> {
    /// The text form of a scalar, as comparisons use it: `true`, `401`, the text itself.
    pub fn as_text(&self) -> Option<&'t str> {
        match *self {
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Number(text) | Self::Text(text) => Some(text),
            Self::Null | Self::List { .. } | Self::Object | Self::Unknown => None,
        }
    }
}
