//! Where the values of one record stand.

use std::ops::Range;

use crate::text::{has_html_escapes, unescape};
use crate::view::jumps::Jump;
use crate::view::keys::{BODIES, LISTS, PARTS, SLOTS, Slot};
use crate::view::late::Late;

/// Most texts of a record that is read in this way; one with more goes to the decoder, which has limits of its own.
pub(crate) const MOST_TEXTS: usize = 1 << 14;

/// A text of the record: where it stands, there or in [`Spans::unescaped`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    start: u32,
    end: u32,
    place: Place,
    /// Whether it is seldom asked for, so that its escapes are left until it is.
    late: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Record,
    /// In the record, with escapes.
    Escaped,
    Unescaped,
}

/// Index of a [`Text`]; a text that is not there has none.
const NONE: u32 = u32::MAX;

/// One member of a map, and the texts of its list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extra {
    pub(crate) key: u32,
    members: (u32, u32),
}

impl Extra {
    pub(crate) fn members(self) -> Range<u32> {
        self.members.0..self.members.1
    }
}

/// Which of a record's texts is what: the same for all records that differ in their texts alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) slots: [u32; SLOTS],
    /// Ranges of texts.
    pub(crate) lists: [Option<(u32, u32)>; LISTS],
    /// The range of texts of the annotations: a key, its value, and so on.
    pub(crate) annotations: Option<(u32, u32)>,
    pub(crate) decision: Decision,
    /// Of the user and of the impersonated one, ranges of extras.
    pub(crate) extra: [Option<(u32, u32)>; 2],
    /// Which objects are there, one bit each.
    pub(crate) parts: u8,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            slots: [NONE; SLOTS],
            lists: [None; LISTS],
            annotations: None,
            decision: Decision::Missing,
            extra: [None; 2],
            parts: 0,
        }
    }
}

/// Which of the texts says what the authorizer decided, which is asked of most records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Decision {
    #[default]
    Missing,
    At(u32),
    /// The annotations must be looked at.
    Open,
}

/// A status code, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    pub(crate) value: i64,
    pub(crate) start: u32,
}

/// Where the values of one record stand, in memory that is reused.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    texts: Vec<Text>,
    pub(crate) shape: Shape,
    extras: Vec<Extra>,
    pub(crate) bodies: [Option<(u32, u32)>; BODIES],
    /// The long values within bodies.
    pub(crate) jumps: Vec<Jump>,
    pub(crate) code: Option<Code>,
    /// Texts with escapes that are asked for at once.
    escaped: Vec<u32>,
    unescaped: String,
    /// The path, which some rules ask for on every event, and the texts that hardly any do.
    uri: Late,
    others: Late,
    /// Whether an escape stood for no character, of those that are asked for at once.
    invalid: bool,
}

const _: () = assert!(PARTS <= 8);

impl Spans {
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.shape = Shape::default();
        self.clear_values();
        self.extras.clear();
    }

    /// Forgets the values and leaves their shape.
    #[inline(always)]
    pub(crate) fn clear_values(&mut self) {
        self.texts.clear();
        self.bodies = [None; BODIES];
        self.jumps.clear();
        self.code = None;
        self.escaped.clear();
        self.unescaped.clear();
        self.uri.clear();
        self.others.clear();
        self.invalid = false;
    }

    /// Number of texts so far.
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "there are never more than `MOST_TEXTS`"
    )]
    pub(crate) fn n_texts(&self) -> u32 {
        self.texts.len() as u32
    }

    /// Adds a text; `late` if it is seldom asked for.
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a record of more than 4 GiB is not read in this way"
    )]
    pub(crate) fn push(&mut self, range: Range<usize>, escaped: bool, late: bool) {
        if escaped && !late {
            self.escaped.push(self.n_texts());
        }
        self.texts.push(Text {
            start: range.start as u32,
            end: range.end as u32,
            place: if escaped {
                Place::Escaped
            } else {
                Place::Record
            },
            late,
        });
    }

    /// Gives the text that is added next a slot.
    #[inline(always)]
    pub(crate) fn name(&mut self, slot: Slot) {
        let at = self.n_texts();
        if let Some(slot) = self.shape.slots.get_mut(slot as usize) {
            *slot = at;
        }
    }

    /// Takes the shape of a record that was read before.
    #[inline(always)]
    pub(crate) fn take_shape(&mut self, shape: &Shape, extras: &[Extra]) {
        self.shape = *shape;
        self.extras.clear();
        self.extras.extend_from_slice(extras);
    }

    pub(crate) fn push_extra(&mut self, key: u32, first: u32) {
        let members = (first, self.n_texts());
        self.extras.push(Extra { key, members });
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "there are never more than `MOST_TEXTS`"
    )]
    pub(crate) fn n_extras(&self) -> u32 {
        self.extras.len() as u32
    }

    pub(crate) fn all_extras(&self) -> &[Extra] {
        &self.extras
    }

    pub(crate) fn extras(&self, range: (u32, u32)) -> &[Extra] {
        self.extras
            .get(range.0 as usize..range.1 as usize)
            .unwrap_or_default()
    }

    /// Where a text stands in the record; to be asked before texts are unescaped.
    pub(crate) fn range(&self, at: u32) -> Option<Range<usize>> {
        let text = self.texts.get(at as usize)?;
        (text.place != Place::Unescaped).then_some(text.start as usize..text.end as usize)
    }

    /// The record from one text up to another, or to its end; `None` if there is no such text or it was moved.
    pub(crate) fn between<'r>(&self, record: &'r [u8], texts: Range<u32>) -> Option<&'r [u8]> {
        let start = self.range(texts.start)?.start;
        if texts.end == self.n_texts() {
            return record.get(start..);
        }
        record.get(start..self.range(texts.end)?.start)
    }

    pub(crate) fn is_escaped(&self, at: u32) -> bool {
        let text = self.texts.get(at as usize);
        text.is_some_and(|text| text.place != Place::Record)
    }

    pub(crate) fn is_late(&self, at: u32) -> bool {
        self.texts.get(at as usize).is_some_and(|text| text.late)
    }

    /// The index of the text of a slot.
    pub(crate) fn index(&self, slot: Slot) -> u32 {
        let index = self.shape.slots.get(slot as usize);
        index.copied().unwrap_or(NONE)
    }

    /// A text.
    ///
    /// All of the envelope has been found to be text; to keep it as such would cost more than to find it again for the
    /// few texts that are asked for.
    #[inline]
    pub(crate) fn get<'s>(&'s self, record: &'s [u8], at: u32) -> Option<&'s str> {
        std::str::from_utf8(self.bytes(record, at)?).ok()
    }

    /// The bytes of a text.
    #[inline]
    pub(crate) fn bytes<'s>(&'s self, record: &'s [u8], at: u32) -> Option<&'s [u8]> {
        let text = self.texts.get(at as usize)?;
        let range = text.start as usize..text.end as usize;
        match text.place {
            Place::Record => record.get(range),
            Place::Unescaped => self.unescaped.as_bytes().get(range),
            Place::Escaped if text.late => self.late(record, at),
            Place::Escaped => None,
        }
    }

    #[cold]
    fn late<'s>(&'s self, record: &'s [u8], at: u32) -> Option<&'s [u8]> {
        let raw = |at| record.get(self.range(at)?);
        if at == self.index(Slot::RequestUri) {
            self.uri.get(std::iter::once(at), at, &raw)
        } else {
            self.others.get(self.other_late(), at, &raw)
        }
    }

    /// Texts that hardly anybody asks for and that have escapes.
    fn other_late(&self) -> impl Iterator<Item = u32> {
        let uri = self.index(Slot::RequestUri);
        let texts = (0..).zip(&self.texts);
        texts.filter_map(move |(at, text)| {
            (text.late && text.place == Place::Escaped && at != uri).then_some(at)
        })
    }

    /// Whether some escape stands for no character.
    pub(crate) fn is_invalid(&self, record: &[u8]) -> bool {
        let uri = self.index(Slot::RequestUri);
        let of = |at: u32| {
            self.bytes(record, at);
        };
        if self.is_escaped(uri) {
            of(uri);
        }
        if let Some(first) = self.other_late().next() {
            of(first);
        }
        self.invalid || self.uri.is_invalid() || self.others.is_invalid()
    }

    /// The text of a slot with its escapes, as [`FieldSource::raw`](crate::FieldSource::raw) has it.
    pub(crate) fn raw<'r>(&self, record: &'r [u8], slot: Slot) -> Option<&'r [u8]> {
        let at = self.index(slot);
        let text = self.texts.get(at as usize)?;
        let is_asked_for = slot == Slot::RequestUri && self.uri.is_found();
        if text.place != Place::Escaped || !text.late || is_asked_for {
            return None;
        }
        let raw = record.get(text.start as usize..text.end as usize)?;
        has_html_escapes(raw).then_some(raw)
    }

    /// The bytes of the text of a slot.
    #[inline]
    pub(crate) fn slot_bytes<'s>(&'s self, record: &'s [u8], slot: Slot) -> Option<&'s [u8]> {
        self.bytes(record, *self.shape.slots.get(slot as usize)?)
    }

    /// The text of a slot.
    #[inline]
    pub(crate) fn slot<'s>(&'s self, record: &'s [u8], slot: Slot) -> Option<&'s str> {
        self.get(record, *self.shape.slots.get(slot as usize)?)
    }

    /// Unescapes the texts that are asked for at once.
    #[inline]
    pub(crate) fn prepare(&mut self, record: &[u8]) {
        for n in 0..self.escaped.len() {
            self.unescape(record, self.escaped.get(n).copied());
        }
        self.escaped.clear();
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "unescaped text is no longer than the record, and that is below 4 GiB"
    )]
    fn unescape(&mut self, record: &[u8], at: Option<u32>) {
        let text = at.and_then(|at| self.texts.get_mut(at as usize));
        let Some(text) = text.filter(|text| text.place == Place::Escaped) else {
            return;
        };
        let raw = record.get(text.start as usize..text.end as usize);
        text.start = self.unescaped.len() as u32;
        self.invalid |= !unescape(raw.unwrap_or_default(), &mut self.unescaped);
        text.end = self.unescaped.len() as u32;
        text.place = Place::Unescaped;
    }
}
