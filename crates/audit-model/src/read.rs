//! Records from any source of bytes.

mod array;
mod framing;
mod input;
mod list;

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use crate::decode::build;
use crate::error::{DecodeError, ReadError};
use crate::event::Event;
use crate::limits::Limits;
use framing::{Found, Framing, What};

/// Reads audit records from a log, a webhook's posts or any other source of bytes.
///
/// It takes one event per line, events that span lines, several on a line, JSON arrays of any length and
/// `EventList`s, in any order and each with a byte order mark in front, packed with gzip or not (feature `gzip`).
/// Nothing is passed over silently: all that is in the source comes out as some [`Record`], and a bad one never ends
/// the stream. A line that is cut costs itself and no other.
///
/// Memory is bounded by [`Limits::record_bytes`], whatever the source holds, and time is linear in its bytes.
///
/// The records borrow from the reader's buffer, so it is no [`Iterator`]; [`Reader::owned_events`] gives one.
///
/// # Examples
/// ```
/// use audit_model::{Reader, Record};
///
/// let log = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"get"}
/// {"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"del
/// {"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"list"}
/// "#;
/// let mut reader = Reader::new(&log[..]);
/// let mut verbs = Vec::new();
/// while let Some(record) = reader.next()? {
///     match record {
///         Record::Event(record) => verbs.extend(record.event.verb.map(String::from)),
///         Record::Malformed(record) => assert_eq!(record.line(), 2),
///         _ => {}
///     }
/// }
/// assert_eq!(verbs, ["get", "list"]);
/// assert_eq!(reader.counters().malformed, 1);
/// # Ok::<(), audit_model::ReadError>(())
/// ```
pub struct Reader<R> {
    framing: Framing<R>,
    counters: Counters,
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}

/// What a [`Reader`] has seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Bytes of the decompressed stream that the records so far take up, with what stands between them.
    pub bytes: u64,
    /// Audit events.
    pub events: u64,
    /// Sound JSON that is no audit event.
    pub skipped: u64,
    /// Text that is no JSON, and audit events that cannot be taken.
    pub malformed: u64,
    /// Events of which a source kept only a part that says what it is; 0 for sources from which nothing can be
    /// recovered, as an API server's own log.
    pub partial: u64,
}

/// One record of a stream.
#[derive(Debug)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all records are events, and a box would be an allocation each"
)]
pub enum Record<'a> {
    /// An audit event.
    Event(EventRecord<'a>),
    /// Sound JSON that is no audit event.
    Skipped(Skipped<'a>),
    /// Text that is no JSON, or an audit event that cannot be taken.
    Malformed(Malformed<'a>),
}

/// Where a record is in its stream.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    offset: u64,
    line: u64,
    raw: &'a [u8],
}

macro_rules! place {
    ($name:ident) => {
        impl<'a> $name<'a> {
            /// Where the record begins, in bytes of the decompressed stream.
            pub fn offset(&self) -> u64 {
                self.place.offset
            }

            /// The line on which the record begins, the first being 1.
            pub fn line(&self) -> u64 {
                self.place.line
            }

            /// The record's bytes as they stood in the decompressed stream; of one over [`Limits::record_bytes`], the
            /// beginning.
            pub fn raw(&self) -> &'a [u8] {
                self.place.raw
            }
        }
    };
}

place!(EventRecord);
place!(Skipped);
place!(Malformed);

/// An audit event and where it was.
#[derive(Debug)]
#[non_exhaustive]
pub struct EventRecord<'a> {
    /// The event. As an item of an `EventList` it has the list's `apiVersion` and the kind `Event`, where it lacks
    /// them itself.
    pub event: Event<'a>,
    place: Place<'a>,
}

/// A record that is no audit event.
#[derive(Debug)]
#[non_exhaustive]
pub struct Skipped<'a> {
    /// Why it is passed over.
    pub reason: SkipReason,
    place: Place<'a>,
}

/// Why a record is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// It is sound JSON and something else.
    NotAuditEvent,
    /// It is a list without items.
    EmptyList,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAuditEvent => "not an audit event",
            Self::EmptyList => "empty list",
        })
    }
}

/// A record that cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub struct Malformed<'a> {
    /// What is wrong with it, and where in the stream.
    pub error: DecodeError,
    place: Place<'a>,
}

impl<R: Read> Reader<R> {
    /// A reader of `input` with the default [`Limits`]. It has its own buffer.
    pub fn new(input: R) -> Self {
        Self {
            framing: Framing::new(input, Limits::default()),
            counters: Counters::default(),
        }
    }

    /// Sets the limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.framing.limits = limits;
        self
    }

    /// What was seen so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The next record; `None` at the end of the stream.
    ///
    /// # Errors
    /// [`ReadError`] if the source fails, and only then. All records that arrived before come first; after it the
    /// stream is over. If the source would block or timed out, the call may be repeated, and nothing is lost.
    #[expect(
        clippy::should_implement_trait,
        reason = "records borrow from the reader, which `Iterator` cannot say"
    )]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, ReadError> {
        let found = self.framing.advance()?;
        self.counters.bytes = self.framing.input.offset();
        let Some(Found {
            what,
            range,
            offset,
            line,
        }) = found
        else {
            return self.framing.input.failed.take().map_or(Ok(None), Err);
        };
        let Framing {
            input,
            head,
            tape,
            list,
            ..
        } = &self.framing;
        let bytes = if matches!(what, What::Oversized(_)) {
            head
        } else {
            &input.buffer
        };
        let place = Place {
            offset,
            line,
            raw: bytes.get(range).unwrap_or_default(),
        };
        Ok(Some(match what {
            What::Event => {
                self.counters.events += 1;
                let mut event = build(place.raw, tape);
                if let Some(list) = list {
                    inherit(&mut event, &list.api_version);
                }
                Record::Event(EventRecord { event, place })
            }
            What::Skipped(reason) => {
                self.counters.skipped += 1;
                Record::Skipped(Skipped { reason, place })
            }
            What::Malformed(error) | What::Oversized(error) => {
                self.counters.malformed += 1;
                Record::Malformed(Malformed { error, place })
            }
        }))
    }

    /// The events alone, each owning its text; [`Reader::counters`] tells afterwards what else there was.
    ///
    /// # Examples
    /// ```
    /// use audit_model::Reader;
    ///
    /// let log = br#"[{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"get"}, {}]"#;
    /// let mut reader = Reader::new(&log[..]);
    /// let events: Vec<_> = reader.owned_events().collect::<Result<_, _>>()?;
    /// assert_eq!(events.len(), 1);
    /// assert_eq!(reader.counters().skipped, 1);
    /// # Ok::<(), audit_model::ReadError>(())
    /// ```
    pub fn owned_events(&mut self) -> OwnedEvents<'_, R> {
        OwnedEvents { reader: self }
    }
}

/// Gives an item of a webhook's list what it leaves out (`audit.k8s.io/v1` `EventList`).
///
/// A key that is there and null only at its last occurrence is not left out: its other values are to be seen.
fn inherit(event: &mut Event<'_>, api_version: &str) {
    let kept = |key: &str| event.other.iter().any(|(other, _)| other == key);
    let kind = event.kind.is_none() && !kept("kind");
    let version = event.api_version.is_none() && !kept("apiVersion");
    fill_in(event, kind, version.then_some(api_version));
    for reading in &mut event.earlier {
        fill_in(reading, kind, version.then_some(api_version));
    }
}

fn fill_in(event: &mut Event<'_>, kind: bool, api_version: Option<&str>) {
    if kind {
        event.kind = Some(Cow::Borrowed("Event"));
    }
    if let Some(version) = api_version {
        event.api_version = Some(match version {
            "audit.k8s.io/v1" => Cow::Borrowed("audit.k8s.io/v1"),
            other => Cow::Owned(other.to_owned()),
        });
    }
}

/// Iterator over the events of a [`Reader`]; made by [`Reader::owned_events`].
#[derive(Debug)]
pub struct OwnedEvents<'r, R> {
    reader: &'r mut Reader<R>,
}

impl<R: Read> Iterator for OwnedEvents<'_, R> {
    type Item = Result<Event<'static>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.reader.next() {
                Ok(Some(Record::Event(record))) => return Some(Ok(record.event.into_owned())),
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
