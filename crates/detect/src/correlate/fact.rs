//! What is kept of a hit: its time, its group, its value, and which event it was.

use std::cmp::Ordering;
use std::hash::Hasher as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::correlate::time::Time;

/// 128 bits of a keyed hash. Two keys that differ are taken to be of different things.
pub(crate) type Key = [u64; 2];

/// Hashes texts one after the other, each with its length, so that `ab` and `c` are not `a` and `bc`.
pub(crate) struct KeyHasher(SipHasher13);

impl KeyHasher {
    pub(crate) fn new(seed: Key) -> Self {
        let [first, second] = seed;
        Self(SipHasher13::new_with_keys(first, second))
    }

    /// The hasher whose results are the same everywhere and always.
    pub(crate) fn stable() -> Self {
        Self::new([0, 0])
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// What [`KeyHasher::text`] gives of a text by itself, without a seed.
    pub(crate) fn stable_text(text: &str) -> Key {
        let mut hasher = Self::stable();
        hasher.text(text);
        hasher.finish()
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.write(bytes);
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.0.write(&number.to_le_bytes());
    }

    pub(crate) fn key(&mut self, [first, second]: Key) {
        self.number(first);
        self.number(second);
    }

    pub(crate) fn finish(&self) -> Key {
        let hash = self.0.finish128();
        [hash.h1, hash.h2]
    }

    /// A number for choosing one of many shards; the same everywhere and always.
    pub(crate) fn shard(&self) -> u64 {
        let [first, _] = self.finish();
        first
    }
}

/// Texts of some columns, one after the other as `4:dana`; `-` is one that is missing.
///
/// It is shared, because most facts are of a group that came just before.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Box<str>", into = "Box<str>")]
pub(crate) struct Tuple(pub(crate) Arc<str>);

impl From<Box<str>> for Tuple {
    fn from(text: Box<str>) -> Self {
        Self(text.into())
    }
}

impl From<Tuple> for Box<str> {
    fn from(tuple: Tuple) -> Self {
        (&*tuple.0).into()
    }
}

impl Tuple {
    /// Appends a column.
    pub(crate) fn push(out: &mut String, text: Option<&str>) {
        match text {
            None => out.push('-'),
            Some(text) => {
                out.push_str(itoa::Buffer::new().format(text.len()));
                out.push(':');
                out.push_str(text);
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        let mut rest: &str = &self.0;
        std::iter::from_fn(move || {
            if let Some(after) = rest.strip_prefix('-') {
                rest = after;
                return Some(None);
            }
            let (length, after) = rest.split_once(':')?;
            let (text, after) = after.split_at_checked(length.parse().ok()?)?;
            rest = after;
            Some(Some(text))
        })
    }

    pub(crate) fn get(&self, at: usize) -> Option<&str> {
        self.iter().nth(at).flatten()
    }

    /// Bytes that it takes, were it not shared.
    pub(crate) fn heap(&self) -> usize {
        2 * size_of::<usize>() + self.0.len()
    }

    /// Some of its columns.
    pub(crate) fn project(&self, columns: &[usize]) -> Self {
        let mut out = String::new();
        for column in columns {
            Self::push(&mut out, self.get(*column));
        }
        Self(out.into())
    }
}

/// Which event it was: the `auditID`, mostly a UUID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum AuditId {
    /// None was recorded.
    None,
    Uuid([u8; 16]),
    Text(Box<str>),
    /// Those of another correlation's detection.
    Several(Box<Ids>),
}

/// Longest `auditID` that is kept; of a longer one the beginning.
const ID_BYTES: usize = 128;

impl AuditId {
    pub(crate) fn new(text: Option<&str>) -> Self {
        let Some(text) = text else {
            return Self::None;
        };
        match uuid(text) {
            Some(uuid) => Self::Uuid(uuid),
            None => Self::Text(cut(text, ID_BYTES).into()),
        }
    }

    /// Bytes beside the value itself.
    pub(crate) fn heap(&self) -> usize {
        match self {
            Self::None | Self::Uuid(_) => 0,
            Self::Text(text) => text.len(),
            Self::Several(ids) => size_of::<Ids>() + ids.heap(),
        }
    }
}

impl std::fmt::Display for AuditId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Uuid(bytes) => {
                for (at, byte) in bytes.iter().enumerate() {
                    let dash = if matches!(at, 4 | 6 | 8 | 10) {
                        "-"
                    } else {
                        ""
                    };
                    write!(f, "{dash}{byte:02x}")?;
                }
                Ok(())
            }
            Self::Several(ids) => {
                for (at, id) in ids.shown.iter().enumerate() {
                    let comma = if at > 0 { "," } else { "" };
                    write!(f, "{comma}{id}")?;
                }
                Ok(())
            }
        }
    }
}

/// A UUID as Go writes it; any other form is text, so that it comes back as it was.
fn uuid(text: &str) -> Option<[u8; 16]> {
    // Where each four of the digits stand, with the dashes between them.
    const DIGITS: [usize; 8] = [0, 4, 9, 14, 19, 24, 28, 32];
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    if DASHES.iter().any(|at| text.get(*at) != Some(&b'-')) {
        return None;
    }
    let mut bytes = [0; 16];
    let (pairs, _) = bytes.as_chunks_mut::<2>();
    for (pair, at) in pairs.iter_mut().zip(DIGITS) {
        *pair = hex(*text.get(at..)?.first_chunk()?)?.to_be_bytes();
    }
    Some(bytes)
}

/// The value of four digits, all at once; `None` unless they are lower case.
fn hex(digits: [u8; 4]) -> Option<u16> {
    const ONES: u32 = 0x0101_0101;
    let written = u32::from_be_bytes(digits);
    let values = (written & (ONES * 0xf)) + ((written >> 6) & ONES) * 9;
    // The same digits as they are written.
    let letters = ((values + ONES * (0x80 - 10)) >> 7) & ONES;
    let again = values + ONES * u32::from(b'0') + letters * u32::from(b'a' - b'0' - 10);
    if again != written || values & (ONES * 0x10) != 0 {
        return None;
    }
    let bytes = ((values >> 4) | values) & 0x00ff_00ff;
    u16::try_from(((bytes >> 8) | bytes) & 0xffff).ok()
}

/// The beginning of a text, of at most so many bytes.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Most `auditID`s that a detection shows.
const MAX_IDS: usize = 16;

/// Which events a detection is about: the first of them, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "ReadIds")]
pub(crate) struct Ids {
    pub(crate) shown: Vec<AuditId>,
    pub(crate) total: u64,
}

/// [`Ids`] as they are read: those of events only, so that what is read is not nested, however it was made.
#[derive(Deserialize)]
struct ReadIds {
    shown: Vec<EventId>,
    total: u64,
}

/// An [`AuditId`] of one event.
#[derive(Deserialize)]
enum EventId {
    None,
    Uuid([u8; 16]),
    Text(Box<str>),
}

impl From<ReadIds> for Ids {
    fn from(ids: ReadIds) -> Self {
        let shown = ids.shown.into_iter().map(|id| match id {
            EventId::None => AuditId::None,
            EventId::Uuid(uuid) => AuditId::Uuid(uuid),
            EventId::Text(text) => AuditId::Text(text),
        });
        Self {
            shown: shown.collect(),
            total: ids.total,
        }
    }
}

impl Ids {
    /// Adds an event that is not among those that were added.
    pub(crate) fn add(&mut self, id: &AuditId) {
        match id {
            AuditId::Several(ids) => {
                self.total += ids.total;
                for id in &ids.shown {
                    self.show(id);
                }
            }
            id => {
                self.total += 1;
                self.show(id);
            }
        }
    }

    fn show(&mut self, id: &AuditId) {
        if self.shown.len() < MAX_IDS && *id != AuditId::None {
            self.shown.push(id.clone());
        }
    }

    pub(crate) fn heap(&self) -> usize {
        self.shown.capacity() * size_of::<AuditId>()
            + self.shown.iter().map(AuditId::heap).sum::<usize>()
    }
}

/// What the fields of a correlation say of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum FactValue {
    /// Nothing is asked.
    None,
    /// A value that is told apart from others by its stable hash.
    Id(Key),
    Number(f64),
    /// A value that is shown, too.
    Text(Key, Tuple),
}

/// One hit as one correlation sees it, in one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fact {
    pub(crate) correlation: u32,
    /// Which of its references.
    pub(crate) reference: u32,
    /// The group's key.
    pub(crate) key: Key,
    pub(crate) id: AuditId,
    pub(crate) group: Tuple,
    pub(crate) value: FactValue,
}

impl Fact {
    /// The order in which facts of one time are taken. Nothing in it depends on a seed or on when the fact came.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let value = |fact: &Self| match &fact.value {
            FactValue::None => (0, 0, [0, 0]),
            FactValue::Id(key) | FactValue::Text(key, _) => (1, 0, *key),
            FactValue::Number(number) => (2, total(*number), [0, 0]),
        };
        (self.correlation, &self.group, self.reference, &self.id)
            .cmp(&(other.correlation, &other.group, other.reference, &other.id))
            .then_with(|| value(self).cmp(&value(other)))
    }

    pub(crate) fn heap(&self) -> usize {
        let value = match &self.value {
            FactValue::Text(_, tuple) => tuple.heap(),
            _ => 0,
        };
        self.group.heap() + self.id.heap() + value
    }
}

/// A number as an integer that is ordered like it.
fn total(number: f64) -> i64 {
    let bits = number.to_bits().cast_signed();
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

/// That an event was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) time: Time,
    pub(crate) reference: u32,
    pub(crate) id: AuditId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_were_written_and_are_not_nested() {
        let mut ids = Ids::default();
        ids.add(&AuditId::None);
        ids.add(&AuditId::new(Some("1")));
        ids.add(&AuditId::new(Some("01234567-89ab-cdef-0123-456789abcdef")));
        let mut all = ids.clone();
        all.add(&AuditId::Several(Box::new(ids)));
        assert_eq!((all.shown.len(), all.total), (4, 6));
        let id = AuditId::Several(Box::new(all));
        let bytes = postcard::to_stdvec(&id).unwrap();
        assert_eq!(postcard::from_bytes::<AuditId>(&bytes).unwrap(), id);
        // One that is several, the first of which is several, and so on: no stack has room for it.
        let nested = [3, 1].repeat(1_000_000);
        assert!(postcard::from_bytes::<AuditId>(&nested).is_err());
    }

    #[test]
    fn uuids_are_told_by_each_of_their_characters() {
        let text = "01234567-89ab-cdef-0123-456789abcdef";
        let id = AuditId::new(Some(text));
        assert!(matches!(id, AuditId::Uuid(_)));
        assert_eq!(id.to_string(), text);
        for at in 0..text.len() {
            for byte in 0..0x80_u8 {
                let mut other = text.as_bytes().to_vec();
                other[at] = byte;
                let other = String::from_utf8(other).unwrap();
                let is_digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                let is_uuid = if matches!(at, 8 | 13 | 18 | 23) {
                    byte == b'-'
                } else {
                    is_digit
                };
                let id = AuditId::new(Some(&other));
                assert_eq!(matches!(id, AuditId::Uuid(_)), is_uuid, "{other}");
                assert_eq!(id.to_string(), other);
            }
        }
        for other in ["", "0123", "é1234567-89ab-cdef-0123-456789abcde"] {
            assert_eq!(AuditId::new(Some(other)).to_string(), other);
        }
    }
}
