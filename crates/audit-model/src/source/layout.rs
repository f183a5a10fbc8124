//! Layouts of wrappers that were opened before: what stands between the values of one is the same in many others.
//!
//! What adapters make of a wrapper follows from its keys, from what kinds of values it has, and from the values that they
//! look at; of the text that it carries, that it is JSON. So all of that is kept of a wrapper that was opened, and the next
//! one that is like it is known by comparing bytes: its other values are passed over, and what it carries is taken out.
//! Nothing depends on what is known but the time that it takes.

#![expect(
    clippy::inline_always,
    reason = "code with vector instructions must be inlined into a function that is compiled for them"
)]

use std::ops::Range;
use std::sync::Arc;

use fearless_simd::{Level, dispatch};

use crate::scan::{is_space, literal, number_end, string_end};
use crate::source::Source;
use crate::source::outer::Read;
use crate::source::pieces::{Form, Piece};
use crate::text::string_with;
use crate::tree::NodeId;
use crate::view::block::{Look, Vector, Words};
use crate::view::cursor::Cursor;
use crate::view::steps::{self, NONE, Steps};

/// Most places that records come from.
const MOST_SOURCES: usize = 128;
/// Most bytes that one layout may have, so that it does not take the place of all others.
const MOST_BYTES: usize = 4096;
/// Of the wrappers whose layout finds no place, so many are opened before another is tried.
const WAIT: u32 = 16;
/// After so many that were tried for nothing all layouts are forgotten: the log may have become another one.
const MOST_REFUSED: u32 = 64;

/// The layouts that are known.
#[derive(Debug, Default)]
pub(crate) struct Layouts {
    steps: Steps<Then>,
    /// Where records come from.
    sources: Vec<Option<Arc<Source>>>,
    /// How many found no place, and how many were not tried since.
    n_refused: u32,
    n_waited: u32,
    /// The values of the wrapper that is learned.
    values: Vec<Value>,
}

/// What follows the bytes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Bytes,
    /// A text at which nobody looks.
    Text,
    Number,
    /// A text that is carried, in so many wrappers.
    Carried {
        loose: bool,
        depth: u8,
    },
    /// The record is over. Which of the sources it has.
    End(u16),
}

impl steps::Then for Then {
    const BYTES: Self = Self::Bytes;
}

/// A value of the wrapper that is learned, and what stands in the layout for it.
#[derive(Clone, Copy, Debug)]
struct Value {
    start: usize,
    end: usize,
    then: Then,
}

/// Where what is found is put.
pub(crate) struct Found<'f> {
    pub(crate) bytes: &'f mut Vec<u8>,
    pub(crate) pieces: &'f mut Vec<Piece>,
    /// Memory in which escapes are taken out.
    pub(crate) unescaped: &'f mut Vec<u8>,
}

impl Layouts {
    /// Opens a wrapper that has a known layout; whether it has one. If not, what was found counts for nothing.
    pub(crate) fn follow(&self, record: &[u8], found: &mut Found<'_>) -> bool {
        if self.steps.is_empty() {
            return false;
        }
        let level = Level::new();
        let followed = if level.is_fallback() {
            self.follow_with(Words, record, found)
        } else {
            dispatch!(level, simd => self.follow_with(Vector(simd), record, found))
        };
        followed.is_some()
    }

    #[inline(always)]
    fn follow_with<L: Look>(&self, look: L, record: &[u8], found: &mut Found<'_>) -> Option<()> {
        let cursor = Cursor {
            look,
            bytes: record,
        };
        let (mut at, mut next) = (0, 0);
        loop {
            let step = self.steps.find(look, record, at, next)?;
            at += usize::from(step.length);
            match step.then {
                Then::Bytes => {}
                Then::Text => at = cursor.string(at)?.range.end,
                Then::Number => at = number_end(record, at)?,
                Then::Carried { loose, depth } => {
                    let (end, length) = string_with(look, record, at, found.unescaped)?;
                    let text = found.unescaped.get(..length)?;
                    if !looks_whole(text) {
                        return None;
                    }
                    let start = found.bytes.len();
                    found.bytes.extend_from_slice(text);
                    let form = if loose { Form::Loose } else { Form::Text };
                    let range = start..found.bytes.len();
                    found.pieces.push(Piece::new(form, range, depth));
                    at = end;
                }
                Then::End(source) => {
                    let rest = record.get(at..)?;
                    if !rest.iter().all(|byte| is_space(*byte)) {
                        return None;
                    }
                    let source = self.sources.get(usize::from(source))?;
                    for piece in found.pieces.iter_mut() {
                        piece.source.clone_from(source);
                    }
                    return Some(());
                }
            }
            next = step.first;
        }
    }

    /// Forgets all layouts.
    pub(crate) fn clear(&mut self) {
        self.steps.clear();
        self.sources.clear();
        self.n_refused = 0;
        self.n_waited = 0;
    }

    /// Keeps the layout of a wrapper, sound JSON that was opened just now: which of its values were looked at, which of them
    /// became the pieces, and these.
    pub(crate) fn learn(
        &mut self,
        record: &[u8],
        read: &Read,
        carried: &[NodeId],
        pieces: &[Piece],
    ) {
        let source = pieces.first().and_then(|piece| piece.source.as_ref());
        let is_like = |piece: &Piece| piece.source.as_ref() == source;
        if pieces.is_empty() || carried.len() != pieces.len() || !pieces.iter().all(is_like) {
            return;
        }
        if self.n_refused > 0 && self.n_waited < WAIT {
            self.n_waited += 1;
            return;
        }
        self.n_waited = 0;
        self.try_learning(record, read, carried, pieces);
    }

    #[cold]
    #[inline(never)]
    fn try_learning(&mut self, record: &[u8], read: &Read, carried: &[NodeId], pieces: &[Piece]) {
        if self.steps.is_empty() {
            self.steps.reserve();
            self.sources.reserve_exact(MOST_SOURCES);
        }
        let mut values = std::mem::take(&mut self.values);
        let carried = carried.iter().zip(pieces).map(|(node, piece)| {
            let loose = matches!(piece.form, Form::Loose);
            let depth = piece.depth;
            (node.index(), Then::Carried { loose, depth })
        });
        let listed = list(record, read, carried, &mut values);
        let source = pieces.first().and_then(|piece| piece.source.as_ref());
        let added = listed.and_then(|()| self.add(record, &values, source));
        self.values = values;
        if added.is_none() {
            self.n_refused += 1;
            if self.n_refused >= MOST_REFUSED {
                self.clear();
            }
        }
    }

    /// `None` if there is no place for it.
    fn add(&mut self, record: &[u8], values: &[Value], source: Option<&Arc<Source>>) -> Option<()> {
        let is_carried = |value: &Value| matches!(value.then, Then::Carried { .. });
        let first = values.iter().position(is_carried)?;
        let last = values.iter().rposition(is_carried)?;
        let n_more = values.iter().filter(|value| is_carried(value)).count() - 1;
        // Where a list has several, what stands before each must be the same, and may be there any number of times.
        let period = (last - first).checked_div(n_more).unwrap_or_default();
        let again = first + 1..first + 1 + period;
        let is_regular = (first..last).all(|at| {
            let like = again.start + (at - first) % period;
            part(record, values, at + 1) == part(record, values, like)
        });
        let (head, tail) = (0..first + 1, last + 1..values.len());
        let end = values.last()?.end;
        let rest = record.get(end..)?.trim_ascii_end();
        let parts = [head.clone(), again.clone(), tail.clone()];
        let parts = parts.into_iter().flatten();
        let n_bytes = parts.filter_map(|at| Some(part(record, values, at)?.0.len()));
        if !is_regular || n_bytes.sum::<usize>() + rest.len() > MOST_BYTES {
            return None;
        }
        let known = self
            .sources
            .iter()
            .position(|known| known.as_ref() == source);
        let place = known.unwrap_or(self.sources.len());
        if place >= MOST_SOURCES {
            return None;
        }
        let begun = self.add_parts(NONE, record, values, head)?;
        let ended = self.add_parts(begun, record, values, tail)?;
        self.steps
            .add(ended, rest, Then::End(u16::try_from(place).ok()?))?;
        if known.is_none() {
            self.sources.push(source.cloned());
        }
        if n_more > 0 {
            let again = self.add_parts(begun, record, values, again)?;
            self.steps.follow_like(again, begun);
        }
        Some(())
    }

    /// Adds some of the values after a step, each with what stands before it; the last step.
    fn add_parts(
        &mut self,
        mut before: u16,
        record: &[u8],
        values: &[Value],
        some: Range<usize>,
    ) -> Option<u16> {
        for at in some {
            let (bytes, then) = part(record, values, at)?;
            before = self.steps.add(before, bytes, then)?;
        }
        Some(before)
    }
}

/// What stands before a value, and what it is.
fn part<'r>(record: &'r [u8], values: &[Value], at: usize) -> Option<(&'r [u8], Then)> {
    let start = at.checked_sub(1).and_then(|before| values.get(before));
    let value = values.get(at)?;
    let bytes = record.get(start.map_or(0, |before| before.end)..value.start)?;
    Some((bytes, value.then))
}

/// Whether a text looks like one JSON object from its beginning to its end: so do events, and adapters ask no more of what
/// they [carry](crate::source::Pieces::carry).
fn looks_whole(text: &[u8]) -> bool {
    text.starts_with(b"{") && text.trim_ascii_end().ends_with(b"}")
}

/// Lists the values of a wrapper that differ between those of its layout; `None` if it has too many.
fn list(
    record: &[u8],
    read: &Read,
    mut carried: impl Iterator<Item = (usize, Then)>,
    values: &mut Vec<Value>,
) -> Option<()> {
    values.clear();
    let mut next_carried = carried.next();
    // Values are numbered as the tree does it: in the order of the text, each before those in it.
    let (mut at, mut n) = (0, 0);
    while let Some(byte) = record.get(at) {
        if n >= Read::MOST {
            return None;
        }
        let (range, then) = match byte {
            b'"' => {
                let (end, _) = string_end(record, at + 1).ok()?;
                let range = at + 1..end;
                at = end + 1;
                let mut after = record.get(at..)?.iter();
                if after.find(|byte| !is_space(**byte)) == Some(&b':') {
                    continue;
                }
                (range, Then::Text)
            }
            b'-' | b'0'..=b'9' => {
                let start = at;
                at = number_end(record, at)?;
                (start..at, Then::Number)
            }
            b',' | b':' | b'}' | b']' => {
                at += 1;
                continue;
            }
            byte if is_space(*byte) => {
                at += 1;
                continue;
            }
            b'{' | b'[' => {
                at += 1;
                n += 1;
                continue;
            }
            byte => {
                at += literal(*byte)?.len();
                n += 1;
                continue;
            }
        };
        let then = match next_carried {
            Some((node, then)) if node == n => {
                next_carried = carried.next();
                Some(then)
            }
            // What was looked at is to be the same, as is what stands between the values.
            _ => (!read.has(n)).then_some(then),
        };
        if let Some(then) = then {
            values.push(Value {
                start: range.start,
                end: range.end,
                then,
            });
        }
        n += 1;
    }
    // Each was met, or what is carried has another order.
    next_carried.is_none().then_some(())
}

#[cfg(test)]
mod tests;
