//! Records from any source of bytes.

mod array;
mod framing;
mod input;
mod list;
mod pieces;
mod record;
mod skip;
#[cfg(feature = "zstd")]
mod zstd;

use std::borrow::Cow;

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use crate::decode::build;
use crate::error::ReadError;
use crate::event::Event;
use crate::limits::Limits;
use crate::source::join::Joiner;
use crate::source::{Opened, Provider, Source, openshift};
use framing::{Found, Framing, What};
use pieces::{Inner, Next};
pub use record::{EventRecord, Malformed, Record, Skipped};
use record::{Place, PlainEvent};
pub use skip::SkipReason;
use skip::Tally;

/// Reads audit records from a log, a webhook's posts or any other source of bytes.
///
/// It takes one event per line, events that span lines, several on a line, JSON arrays of any length and
/// `EventList`s, in any order and each with a byte order mark in front, packed or not (features `gzip` and
/// `zstd`).
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
///         Record::Event(record) => verbs.extend(record.into_event().verb.map(String::from)),
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
    /// The record at hand, when it is a wrapper, and what it holds.
    outer: Option<Found>,
    opened: Opened,
    /// Texts of which parts are missing.
    joiner: Joiner,
    skipped: Tally,
    /// What the embedder knows about where the stream comes from.
    given: Option<Arc<Source>>,
    /// Whether the grammar of each event is checked whole.
    strict: bool,
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
    /// Events of which the source kept only the beginning, counted apart from the whole ones.
    pub partial: u64,
    /// Of the events, those that break the grammar of JSON somewhere; looked for by a [`Reader::strict`] reader only.
    pub faulty: u64,
}

impl<R: Read> Reader<R> {
    /// A reader of `input` with the default [`Limits`]. It has its own buffer.
    pub fn new(input: R) -> Self {
        Self {
            framing: Framing::new(input, Limits::default()),
            counters: Counters::default(),
            outer: None,
            opened: Opened::default(),
            joiner: Joiner::default(),
            skipped: Tally::default(),
            given: None,
            strict: false,
        }
    }

    /// Checks the grammar of each event whole, which else is checked only where something is read: that strings are
    /// closed and brackets balance is enough to know where an event ends. What is wrong is told by
    /// [`EventRecord::fault`] and counted, and the event is handed out as ever: a client can send a patch that an API
    /// server takes and writes to its log and that is no JSON.
    ///
    /// # Examples
    /// ```
    /// use audit_model::{Reader, Record};
    ///
    /// let log = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"patch","requestObject":{"a":1e}}"#;
    /// let mut reader = Reader::new(&log[..]).strict();
    /// let Some(Record::Event(record)) = reader.next()? else { panic!("an event all the same") };
    /// let fault = record.fault().map(ToString::to_string);
    /// assert_eq!(fault.as_deref(), Some("expected JSON, found `}` at byte 85 (line 1)"));
    /// assert_eq!(reader.counters().faulty, 1);
    /// # Ok::<(), audit_model::ReadError>(())
    /// ```
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Says where the stream comes from, where the embedder knows better than its records: each part that is given
    /// takes the place of what a record says.
    ///
    /// # Examples
    /// ```
    /// use audit_model::{Reader, Record, Source};
    ///
    /// let log = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"get"}"#;
    /// let source = Source { cluster: Some("shop-prod".into()), ..Source::default() };
    /// let mut reader = Reader::new(&log[..]).with_source(source);
    /// if let Some(Record::Event(record)) = reader.next()? {
    ///     let source = record.event().source.as_ref().ok_or("no source")?;
    ///     assert_eq!(source.cluster.as_deref(), Some("shop-prod"));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_source(mut self, source: Source) -> Self {
        self.given = Some(Arc::new(source));
        self
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

    /// How many records were passed over for each reason that occurred.
    ///
    /// # Examples
    /// ```
    /// use audit_model::{Reader, SkipReason};
    ///
    /// let log = br#"{"kind":"Event","apiVersion":"v1","involvedObject":{},"reason":"Killing"} {}"#;
    /// let mut reader = Reader::new(&log[..]);
    /// while reader.next()?.is_some() {}
    /// let skipped: Vec<_> = reader.skipped().collect();
    /// assert_eq!(skipped, [(SkipReason::NotAuditEvent, 1), (SkipReason::ClusterEvent, 1)]);
    /// # Ok::<(), audit_model::ReadError>(())
    /// ```
    pub fn skipped(&self) -> impl Iterator<Item = (SkipReason, u64)> + use<R> {
        self.skipped.counts()
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
        match self.advance()? {
            None => self.framing.input.failed.take().map_or(Ok(None), Err),
            Some(Next::Outer(found)) => Ok(Some(self.record(found))),
            Some(Next::Inner(inner)) => Ok(Some(self.inner_record(inner))),
        }
    }

    /// The record of something found in the stream.
    fn record(&mut self, found: Found) -> Record<'_> {
        let Found {
            what,
            range,
            offset,
            line,
        } = found;
        let Framing {
            input,
            head,
            tape,
            viewer,
            list,
            limits,
            ..
        } = &mut self.framing;
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
        match what {
            What::Event => {
                self.counters.events += 1;
                let mut event = build(place.raw, tape);
                if let Some(list) = list {
                    inherit(&mut event, &list.api_version);
                }
                event.source = match openshift::restore(&mut event, limits) {
                    None => self.given.clone(),
                    known => merge(known, self.given.as_ref()),
                };
                let record = EventRecord::new(event, place, place.raw);
                Record::Event(record.checked(self.strict, false, &mut self.counters))
            }
            What::Plain => {
                self.counters.events += 1;
                let plain = PlainEvent {
                    view: viewer.view(place.raw),
                    source: self.given.clone(),
                    limits: *limits,
                };
                let record = EventRecord::plain(plain, place, place.raw);
                Record::Event(record.checked(self.strict, false, &mut self.counters))
            }
            What::Skipped(reason) => {
                self.counters.skipped += 1;
                self.skipped.add(reason);
                Record::Skipped(Skipped { reason, place })
            }
            What::Malformed(error) | What::Line(error) | What::Oversized(error) => {
                self.counters.malformed += 1;
                Record::Malformed(Malformed { error, place })
            }
        }
    }

    /// The record of something found in a wrapper. It is where the wrapper is.
    fn inner_record(&mut self, inner: Inner) -> Record<'_> {
        let Self {
            framing,
            counters,
            outer,
            opened,
            skipped,
            given,
            strict,
            ..
        } = self;
        let (range, offset, line) = outer.as_ref().map_or((0..0, 0, 0), |outer| {
            (outer.range.clone(), outer.offset, outer.line)
        });
        let place = Place {
            offset,
            line,
            raw: framing.input.buffer.get(range).unwrap_or_default(),
        };
        match inner.what {
            What::Event => {
                let text = opened.bytes.get(inner.range).unwrap_or_default();
                let mut event = build(text, &framing.tape);
                let known = openshift::restore(&mut event, &framing.limits).or(inner.source);
                event.source = merge(known, given.as_ref());
                event.cut = inner.partial;
                let record = EventRecord::new(event, place, text);
                if inner.partial {
                    // What was cut was mended, and says nothing of how it was written.
                    counters.partial += 1;
                    Record::Partial(record)
                } else {
                    counters.events += 1;
                    Record::Event(record.checked(*strict, true, counters))
                }
            }
            What::Plain => {
                counters.events += 1;
                let text = opened.bytes.get(inner.range).unwrap_or_default();
                let plain = PlainEvent {
                    view: framing.viewer.view(text),
                    source: merge(inner.source, given.as_ref()),
                    limits: framing.limits,
                };
                let record = EventRecord::plain(plain, place, text);
                Record::Event(record.checked(*strict, true, counters))
            }
            What::Skipped(reason) => {
                counters.skipped += 1;
                skipped.add(reason);
                Record::Skipped(Skipped { reason, place })
            }
            What::Malformed(error) | What::Line(error) | What::Oversized(error) => {
                counters.malformed += 1;
                Record::Malformed(Malformed {
                    error: error.at(offset, line),
                    place,
                })
            }
        }
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

/// What a record says about where it came from, with what the embedder knows better.
fn merge(record: Option<Arc<Source>>, given: Option<&Arc<Source>>) -> Option<Arc<Source>> {
    let (Some(known), Some(given)) = (&record, given) else {
        return record.or_else(|| given.cloned());
    };
    let pick =
        |given: &Option<String>, known: &Option<String>| given.clone().or_else(|| known.clone());
    Some(Arc::new(Source {
        provider: if given.provider == Provider::Native {
            known.provider
        } else {
            given.provider
        },
        cluster: pick(&given.cluster, &known.cluster),
        account: pick(&given.account, &known.account),
        region: pick(&given.region, &known.region),
        project: pick(&given.project, &known.project),
    }))
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
                Ok(Some(Record::Event(record) | Record::Partial(record))) => {
                    return Some(Ok(record.into_event().into_owned()));
                }
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
