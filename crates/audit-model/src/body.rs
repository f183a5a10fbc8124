//! A body as the record holds it: JSON text that nobody has judged yet.

use std::borrow::Cow;

/// Raw JSON of a request or response body.
///
/// In a PATCH the text is the client's own: it may repeat keys, hold lone surrogates or be no object at all. So it
/// stays text until it is read into a [`Tree`](crate::Tree).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body<'a>(Cow<'a, [u8]>);

impl<'a> Body<'a> {
    /// A body from JSON text, not checked here.
    pub fn new(json: impl Into<Cow<'a, [u8]>>) -> Self {
        Self(json.into())
    }

    /// The text as it stood in the record.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same body, owning its text.
    pub fn into_owned(self) -> Body<'static> {
        Body(Cow::Owned(self.0.into_owned()))
    }
}
