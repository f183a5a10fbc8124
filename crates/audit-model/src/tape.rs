//! The first half of decoding: where each value of the envelope stands.
//!
//! Bytes are read once into a flat list of spans, which says everything that can be wrong with a record. So the
//! second half, building the event, cannot fail, and it can be repeated for each reading of a repeated key.

use std::ops::Range;

use crate::envelope::Scan;
use crate::error::{DecodeError, Kind as Error};
use crate::limits::Limits;
use crate::schema::{EVENT, Key};
use crate::text::unescape;

/// What kind of JSON value a span holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    Text,
    List,
    Object,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

/// One member of an object of the envelope, or one value of a list.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) kind: Kind,
    /// The text of the key, without its quotes.
    pub(crate) name: Range<usize>,
    /// The value as it stands, quotes included.
    pub(crate) value: Range<usize>,
    /// Whether the key holds an escape.
    pub(crate) name_escaped: bool,
    /// Whether the value is a string that holds an escape.
    pub(crate) escaped: bool,
    /// How often the same key occurred in its object before.
    pub(crate) occurrence: usize,
    /// Whether no later member of its object has the same key.
    pub(crate) last: bool,
    /// How many of the entries that follow belong to this value.
    pub(crate) inner: usize,
}

/// What a value turned out to be.
#[derive(Debug)]
pub(crate) enum Verdict {
    Event,
    /// An `EventList`; the values of its `items`.
    List(Vec<Range<usize>>),
    /// No audit event, and what it is.
    Other(Kind),
    /// An audit event that cannot be taken.
    Malformed(DecodeError),
}

/// What is asked of an object before it is taken for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// That it says it is one.
    Event,
    /// That it says nothing else: it is an item of an `EventList`, whose kind and version it inherits.
    Item,
    /// Nothing: it is a part of an event, in a test.
    Nothing,
}

/// More entries than most events have.
const USUAL: usize = 64;
/// Most entries whose memory is kept for the next record.
const KEPT: usize = 1 << 14;

/// The spans of one record, kept between records for its memory.
#[derive(Debug)]
pub(crate) struct Tape {
    pub(crate) entries: Vec<Entry>,
    /// Most occurrences of one key.
    pub(crate) most: usize,
}

impl Default for Tape {
    fn default() -> Self {
        Self {
            entries: Vec::with_capacity(USUAL),
            most: 1,
        }
    }
}

impl Tape {
    /// Reads the value that `bytes` begin with, white space before it aside; returns where it ends and what it is.
    ///
    /// An error means that the value has no end by the grammar; one at the end of the bytes, that it may go on.
    pub(crate) fn scan(
        &mut self,
        bytes: &[u8],
        ask: Ask,
        limits: &Limits,
    ) -> Result<(usize, Verdict), DecodeError> {
        if self.entries.capacity() > KEPT {
            self.entries = Vec::with_capacity(USUAL);
        }
        self.entries.clear();
        self.most = 1;
        let mut scan = Scan {
            bytes,
            at: 0,
            entries: &mut self.entries,
            limits,
            count: 0,
            most: (1, ""),
            noted: None,
        };
        scan.space();
        let start = scan.at;
        if scan.peek() != Some(b'{') {
            let (kind, _, _) = scan.any()?;
            let follows = matches!(
                scan.peek(),
                None | Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b']')
            );
            if matches!(kind, Kind::Null | Kind::Bool | Kind::Number) && !follows {
                return Err(DecodeError::syntax("a JSON value", bytes, start));
            }
            let verdict = match ask {
                Ask::Event | Ask::Item => Verdict::Other(kind),
                Ask::Nothing => Verdict::Malformed(DecodeError::wrong_type(
                    "event",
                    "an object",
                    kind.name(),
                    start,
                )),
            };
            return Ok((scan.at, verdict));
        }
        scan.object(EVENT, "", 1)?;
        let end = scan.at;
        let (most, key) = scan.most;
        let values = scan.count.saturating_mul(most);
        let noted = scan.noted.take();
        self.most = most;
        let facts = Facts::of(&self.entries, bytes);
        let verdict = if ask != Ask::Nothing && !facts.is_event(ask == Ask::Item) {
            if facts.is_list() && ask == Ask::Event {
                Verdict::List(self.items())
            } else {
                Verdict::Other(Kind::Object)
            }
        } else if let Some(error) = noted {
            Verdict::Malformed(error)
        } else if most > limits.readings() {
            let kind = Error::TooOften {
                key,
                limit: limits.readings(),
                actual: most,
            };
            Verdict::Malformed(DecodeError::new(kind, start))
        } else if values > limits.envelope_values() {
            let kind = Error::TooManyValues {
                limit: limits.envelope_values(),
                actual: values,
            };
            Verdict::Malformed(DecodeError::new(kind, start))
        } else {
            Verdict::Event
        };
        Ok((end, verdict))
    }

    /// The text of the list's `apiVersion`, once [`Tape::scan`] has found a list.
    pub(crate) fn api_version(&self, bytes: &[u8]) -> String {
        let version = top(&self.entries)
            .filter(|entry| entry.key == Key::ApiVersion && entry.kind == Kind::Text)
            .last();
        version
            .map(|entry| text_of(entry, bytes))
            .unwrap_or_default()
    }

    /// Every `items` of a list: a repeated key hides none of them.
    fn items(&self) -> Vec<Range<usize>> {
        let items =
            top(&self.entries).filter(|entry| entry.key == Key::Items && entry.kind != Kind::Null);
        items.map(|entry| entry.value.clone()).collect()
    }
}

/// The members of the outermost object.
fn top(mut entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    std::iter::from_fn(move || {
        let (first, rest) = entries.split_first()?;
        entries = rest.get(first.inner..).unwrap_or_default();
        Some(first)
    })
}

fn text_of(entry: &Entry, bytes: &[u8]) -> String {
    let mut text = String::new();
    unescape(inside(bytes, &entry.value), &mut text);
    text
}

/// The bytes between the quotes of a string.
pub(crate) fn inside<'a>(bytes: &'a [u8], value: &Range<usize>) -> &'a [u8] {
    bytes
        .get(value.start + 1..value.end.saturating_sub(1))
        .unwrap_or_default()
}

/// What an object says about itself; of a repeated key, any occurrence counts.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one fact, and none excludes another"
)]
struct Facts {
    kind_event: bool,
    kind_list: bool,
    kind_absent: bool,
    version: bool,
    version_absent: bool,
    audit_id: bool,
    stage: bool,
    verb: bool,
}

impl Facts {
    fn of(entries: &[Entry], bytes: &[u8]) -> Self {
        let mut facts = Self {
            kind_absent: true,
            version_absent: true,
            ..Self::default()
        };
        for entry in top(entries).filter(|entry| entry.kind != Kind::Null) {
            let text = entry.kind == Kind::Text;
            match entry.key {
                Key::Kind => {
                    facts.kind_absent = false;
                    facts.kind_event |= text && is_text(entry, bytes, |text| text == b"Event");
                    facts.kind_list |= text && is_text(entry, bytes, |text| text == b"EventList");
                }
                Key::ApiVersion => {
                    facts.version_absent = false;
                    facts.version |=
                        text && is_text(entry, bytes, |text| text.starts_with(b"audit.k8s.io/"));
                }
                Key::AuditId => facts.audit_id |= text,
                Key::Stage => facts.stage |= text,
                Key::Verb => facts.verb |= text,
                _ => {}
            }
        }
        facts
    }

    fn is_event(&self, inherits: bool) -> bool {
        (self.kind_event || inherits && self.kind_absent)
            && (self.version || inherits && self.version_absent)
            || (self.kind_event || self.kind_absent) && self.audit_id && self.stage && self.verb
    }

    fn is_list(&self) -> bool {
        self.kind_list && self.version
    }
}

fn is_text(entry: &Entry, bytes: &[u8], test: impl Fn(&[u8]) -> bool) -> bool {
    if entry.escaped {
        test(text_of(entry, bytes).as_bytes())
    } else {
        test(inside(bytes, &entry.value))
    }
}
