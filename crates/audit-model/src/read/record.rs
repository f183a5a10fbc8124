//! What a reader hands out.

use std::sync::{Arc, OnceLock};

use crate::error::DecodeError;
use crate::event::Event;
use crate::frame::first_fault;
use crate::limits::Limits;
use crate::read::{Counters, SkipReason};
use crate::source::Source;
use crate::view::EventView;

/// One record of a stream.
#[derive(Debug)]
#[non_exhaustive]
pub enum Record<'a> {
    /// An audit event.
    Event(EventRecord<'a>),
    /// The beginning of an audit event, all that its source kept: what it lacks may have been there.
    Partial(EventRecord<'a>),
    /// Sound JSON that is no audit event.
    Skipped(Skipped<'a>),
    /// Text that is no JSON, or an audit event that cannot be taken.
    Malformed(Malformed<'a>),
}

/// Where a record is in its stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) offset: u64,
    pub(super) line: u64,
    pub(super) raw: &'a [u8],
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
    /// Elsewhere, because it is large and most records are handed from one to the next without it.
    event: OnceLock<Box<Event<'a>>>,
    /// What the event can be made of, where it is plain.
    plain: Option<PlainEvent<'a>>,
    place: Place<'a>,
    json: &'a [u8],
    fault: Option<Box<DecodeError>>,
}

/// A plain event where it lies.
#[derive(Debug)]
pub(super) struct PlainEvent<'a> {
    pub(super) view: EventView<'a>,
    pub(super) source: Option<Arc<Source>>,
    pub(super) limits: Limits,
}

impl<'a> EventRecord<'a> {
    pub(super) fn new(event: Event<'a>, place: Place<'a>, json: &'a [u8]) -> Self {
        Self {
            event: OnceLock::from(Box::new(event)),
            plain: None,
            place,
            json,
            fault: None,
        }
    }

    pub(super) fn plain(plain: PlainEvent<'a>, place: Place<'a>, json: &'a [u8]) -> Self {
        Self {
            event: OnceLock::new(),
            plain: Some(plain),
            place,
            json,
            fault: None,
        }
    }

    /// Looks for what breaks the grammar, and notes where in the stream it is; `inside` of a wrapper it has no place of its
    /// own.
    pub(super) fn checked(mut self, strict: bool, inside: bool, counters: &mut Counters) -> Self {
        let fault = strict.then(|| first_fault(self.json)).flatten();
        if let Some(at) = fault {
            counters.faulty += 1;
            let error = DecodeError::syntax("JSON", self.json, at);
            let Place { offset, line, .. } = self.place;
            self.fault = Some(Box::new(if inside {
                error.at(offset, line)
            } else {
                let before = self.json.get(..at).unwrap_or_default();
                let lines = memchr::memchr_iter(b'\n', before).count() as u64;
                error.within(offset, line + lines)
            }));
        }
        self
    }

    /// What breaks the grammar of JSON in the event, be it in a body that no rule reads; `None` unless the reader is
    /// [`Reader::strict`](crate::Reader::strict). The event is there all the same, and what could be read of it.
    pub fn fault(&self) -> Option<&DecodeError> {
        self.fault.as_deref()
    }

    /// The event. As an item of an `EventList` it has the list's `apiVersion` and the kind `Event`, where it lacks them
    /// itself.
    ///
    /// Most records are only looked at where they lie in the buffer; the typed event is made when it is first asked for.
    pub fn event(&self) -> &Event<'a> {
        self.event.get_or_init(|| Box::new(self.decode()))
    }

    /// The event by itself.
    pub fn into_event(mut self) -> Event<'a> {
        match self.event.take() {
            Some(event) => *event,
            None => self.decode(),
        }
    }

    fn decode(&self) -> Event<'a> {
        // A record that is not plain has its event from the beginning, and whatever is plain can be decoded: a test
        // holds the two to each other.
        let Some(plain) = &self.plain else {
            return Event::default();
        };
        let mut event = Event::decode(self.json, &plain.limits).unwrap_or_default();
        event.source.clone_from(&plain.source);
        event
    }

    /// The event as its bytes show it; `None` for one that is odd, which [`EventRecord::event`] tells of.
    #[doc(hidden)]
    pub fn view(&self) -> Option<EventView<'_>> {
        let plain = self.plain.as_ref()?;
        Some(plain.view.with_source(plain.source.as_deref()))
    }

    /// Where the event comes from.
    #[doc(hidden)]
    pub fn source(&self) -> Option<&Arc<Source>> {
        match &self.plain {
            Some(plain) => plain.source.as_ref(),
            None => self.event().source.as_ref(),
        }
    }

    /// The event's own JSON: the record itself, or what was found in it when it is a wrapper.
    pub fn json(&self) -> &'a [u8] {
        self.json
    }
}

/// A record that is no audit event.
#[derive(Debug)]
#[non_exhaustive]
pub struct Skipped<'a> {
    /// Why it is passed over.
    pub reason: SkipReason,
    pub(super) place: Place<'a>,
}

/// A record that cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub struct Malformed<'a> {
    /// What is wrong with it, and where in the stream.
    pub error: DecodeError,
    pub(super) place: Place<'a>,
}
