//! Where events come from, each source with its own time.

use std::hash::RandomState;
use std::sync::Arc;

use audit_model::Source;
use hashbrown::HashMap;

use crate::correlate::fact::Key;
use crate::correlate::plan::{index, short};
use crate::correlate::stream::{Origin, Stream};

/// Most sources of events with a time of their own. What comes from others is not correlated, and counted.
const MAX_STREAMS: usize = 16_384;
/// Longest name of a tenant, a cluster, an account or a project, in bytes: sources are never forgotten, so that their names
/// must not take memory without bounds. Names in use have 63 to 253.
const MAX_NAME: usize = 512;

/// Where the last event came from.
#[derive(Debug, Default)]
enum Last {
    /// That is not known.
    #[default]
    Unknown,
    /// Its record says nothing.
    Unsaid,
    Said(Arc<Source>),
}

/// The sources of events.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) streams: Vec<Stream>,
    by_key: HashMap<Key, u32, RandomState>,
    /// The stream of the last event; most events are of the same.
    current: u32,
    /// Where the last event came from as its record has it, if that is the current stream.
    last: Last,
    /// Bytes of the streams themselves.
    bytes: usize,
}

impl Sources {
    /// The stream of an event from here; `None` when there are too many.
    pub(crate) fn of(
        &mut self,
        source: Option<&Arc<Source>>,
        is: impl Fn(&Origin) -> bool,
        make: impl FnOnce() -> Origin,
    ) -> Option<u32> {
        let is_last = match (&self.last, source) {
            (Last::Unsaid, None) => true,
            (Last::Said(last), Some(source)) => Arc::ptr_eq(last, source),
            _ => false,
        };
        if is_last {
            return Some(self.current);
        }
        self.last = Last::Unknown;
        let current = self.streams.get(index(self.current));
        if !current.is_some_and(|stream| is(&stream.origin)) {
            self.current = self.of_origin(make())?;
        }
        self.last = match source {
            Some(source) => Last::Said(Arc::clone(source)),
            None => Last::Unsaid,
        };
        Some(self.current)
    }

    /// That the next event may be of another stream though its record is of the same source.
    pub(crate) fn forget_last(&mut self) {
        self.last = Last::Unknown;
    }

    /// The stream of an origin; `None` when there are too many, or a name is too long. Sharing one would count across
    /// tenants.
    pub(crate) fn of_origin(&mut self, origin: Origin) -> Option<u32> {
        if origin.names().any(|name| name.len() > MAX_NAME) {
            return None;
        }
        let key = origin.key();
        if let Some(at) = self.by_key.get(&key) {
            return Some(*at);
        }
        if self.streams.len() >= MAX_STREAMS {
            return None;
        }
        let at = short(self.streams.len());
        self.add(Stream::new(origin));
        Some(at)
    }

    pub(crate) fn add(&mut self, stream: Stream) {
        self.bytes += stream.bytes();
        self.by_key.insert(stream.key, short(self.streams.len()));
        self.streams.push(stream);
    }

    /// Bytes in use, without the facts that wait.
    pub(crate) fn bytes(&self) -> usize {
        let spare = self.streams.capacity() - self.streams.len();
        self.bytes + spare * size_of::<Stream>() + self.by_key.allocation_size()
    }
}
