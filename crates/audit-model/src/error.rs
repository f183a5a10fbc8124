//! What can go wrong while a log is read.

use std::{fmt, io};

use crate::limits::Limits;
use crate::tree::TreeError;

/// Longest piece of a record that a message repeats, in characters.
const SHOWN: usize = 64;

/// Why bytes are no audit event.
///
/// It says where, and gives both numbers where a limit was passed:
///
/// ```
/// use audit_model::{Event, Limits};
///
/// let line = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":7}"#;
/// let error = Event::decode(line, &Limits::default()).unwrap_err();
/// assert_eq!(error.to_string(), "`verb` must be a string, found a number at byte 54");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    kind: Kind,
    offset: u64,
    line: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Kind {
    #[error("{found} is not a Kubernetes audit event, which starts")]
    NotAuditEvent { found: &'static str },
    #[error("expected {expected}, found {found}")]
    Syntax {
        expected: &'static str,
        found: Found,
    },
    #[error("a string holds the control character 0x{0:02x}")]
    Control(u8),
    #[error("a bracket is closed by {0}")]
    Bracket(Found),
    #[error("`{key}` must be {expected}, found {found}")]
    Type {
        key: String,
        expected: &'static str,
        found: &'static str,
    },
    #[error("the envelope nests {actual} levels deep, over the limit of {limit},")]
    TooDeep { limit: usize, actual: usize },
    #[error("`{key}` occurs {actual} times, over the limit of {limit},")]
    TooOften {
        key: &'static str,
        limit: usize,
        actual: usize,
    },
    #[error("the envelope holds {actual} values in all its readings, over the limit of {limit},")]
    TooManyValues { limit: usize, actual: usize },
    #[error("a record of {actual} bytes, over the limit of {limit}, starts")]
    TooLong { limit: usize, actual: u64 },
    #[error("what a record packs is {actual} bytes or more, over the limit of {limit}; it starts")]
    Unpacked { limit: usize, actual: usize },
    #[error(
        "a record that is no event itself has more than {limit} {what}, so what it wraps is not read; it starts"
    )]
    NotOpened { limit: usize, what: &'static str },
    #[error("a record that began on line {0} was split and never ended, seen")]
    Unfinished(u64),
    #[error("a record holds what is no {0}; it starts")]
    Packed(&'static str),
    #[error("a record packs gzip, and this build lacks the feature `gzip`; it starts")]
    #[cfg_attr(
        feature = "gzip",
        expect(dead_code, reason = "only a build without gzip says so")
    )]
    GzipDisabled,
}

/// The byte that stood where another was expected; `None` is the end of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found(pub(crate) Option<u8>);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("the end"),
            Some(b'`') => f.write_str("a backtick"),
            Some(byte) if byte.is_ascii_graphic() => write!(f, "`{}`", char::from(byte)),
            Some(byte) => write!(f, "the byte 0x{byte:02x}"),
        }
    }
}

impl DecodeError {
    pub(crate) fn new(kind: Kind, offset: usize) -> Self {
        Self {
            kind,
            offset: offset as u64,
            line: None,
        }
    }

    pub(crate) fn syntax(expected: &'static str, bytes: &[u8], at: usize) -> Self {
        Self::new(
            Kind::Syntax {
                expected,
                found: Found(bytes.get(at).copied()),
            },
            at,
        )
    }

    pub(crate) fn wrong_type(
        key: &str,
        expected: &'static str,
        found: &'static str,
        offset: usize,
    ) -> Self {
        let key = if key.chars().count() > SHOWN {
            key.chars().take(SHOWN).chain(['…']).collect()
        } else {
            key.to_owned()
        };
        Self::new(
            Kind::Type {
                key,
                expected,
                found,
            },
            offset,
        )
    }

    /// What a record packs, when unpacked, is over the limit.
    pub(crate) fn unpacked(limit: usize, actual: usize) -> Self {
        Self::new(Kind::Unpacked { limit, actual }, 0)
    }

    /// A record that may be a wrapper is too large to be opened.
    pub(crate) fn not_opened(error: TreeError, limits: &Limits) -> Self {
        let (limit, what) = match error {
            TreeError::Depth => (limits.body_depth(), "levels"),
            TreeError::Nodes => (limits.body_nodes(), "values"),
        };
        Self::new(Kind::NotOpened { limit, what }, 0)
    }

    /// A record is over the limit.
    pub(crate) fn too_long(limit: usize, actual: usize) -> Self {
        let actual = actual as u64;
        Self::new(Kind::TooLong { limit, actual }, 0)
    }

    /// A record was split, began on this line, and its end did not come.
    pub(crate) fn unfinished(line: u64) -> Self {
        Self::new(Kind::Unfinished(line), 0)
    }

    /// What a record packs is not what it should be.
    pub(crate) fn packed(what: &'static str) -> Self {
        Self::new(Kind::Packed(what), 0)
    }

    #[cfg(not(feature = "gzip"))]
    pub(crate) fn gzip_disabled() -> Self {
        Self::new(Kind::GzipDisabled, 0)
    }

    /// Whether the bytes ended before the value did.
    pub(crate) fn is_end(&self) -> bool {
        matches!(
            self.kind,
            Kind::Syntax {
                found: Found(None),
                ..
            }
        )
    }

    /// The same error for a record that begins at this byte and line of its stream.
    pub(crate) fn within(mut self, offset: u64, line: u64) -> Self {
        self.offset += offset;
        self.line = Some(line);
        self
    }

    /// The same error in a wrapper that begins at this byte and line of its stream: nearer than that it has no place.
    pub(crate) fn at(mut self, offset: u64, line: u64) -> Self {
        self.offset = offset;
        self.line = Some(line);
        self
    }

    /// Where the error is, in bytes: from the start of what was decoded, or of the decompressed stream if it comes
    /// from a [`Reader`](crate::Reader).
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The line where the error is, the first being 1; known only if it comes from a [`Reader`](crate::Reader).
    pub fn line(&self) -> Option<u64> {
        self.line
    }

    /// Whether the bytes are sound and only something else than an audit event.
    pub fn is_not_audit_event(&self) -> bool {
        matches!(self.kind, Kind::NotAuditEvent { .. })
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)?;
        match self.line {
            Some(line) => write!(f, " (line {line})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Why a stream cannot be read on.
///
/// Bad records are no error of the stream: they come as [`Record::Malformed`](crate::Record::Malformed).
#[derive(Debug)]
pub struct ReadError {
    kind: ReadKind,
    offset: u64,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadKind {
    #[error("the source failed")]
    Io(#[source] io::Error),
    #[error("the source is {0}, which needs the feature `{0}` of `kubesift-audit-model`, seen")]
    Disabled(&'static str),
    #[cfg(any(feature = "gzip", feature = "zstd"))]
    #[error("the source is packed {actual} times or more, over the limit of {limit},")]
    Layers { limit: usize, actual: usize },
}

impl ReadError {
    pub(crate) fn new(kind: ReadKind, offset: u64) -> Self {
        Self { kind, offset }
    }

    /// Bytes of the decompressed stream that arrived before the error.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.kind)
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error.kind {
            ReadKind::Io(error) => error,
            ReadKind::Disabled(_) => Self::new(io::ErrorKind::Unsupported, error),
            #[cfg(any(feature = "gzip", feature = "zstd"))]
            ReadKind::Layers { .. } => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}
