//! Layouts that records had before: what stands between the values of one is the same in many others.
//!
//! A log has millions of records and some dozens of layouts. What stands between two values is compared in one step and
//! not read key by key. A record in a layout that is not known is read by [`Pass`], and its layout is learned. Nothing
//! depends on what is known but the time that it takes.

use crate::view::block::Look;
use crate::view::keys::{Body, Slot};
use crate::view::read::Pass;
use crate::view::spans::{Extra, Shape, Spans};
use crate::view::steps::{self, NONE, Steps};

/// Most shapes that are kept.
const MOST_SHAPES: usize = 128;
/// Most members of `extra` of all shapes together.
const MOST_EXTRAS: usize = 512;
/// Most bytes that one layout may have, so that it does not take the place of all others.
const MOST_BYTES: usize = 4096;
/// After so many records whose layout found no place, all layouts are forgotten: the log may have become another one.
const MOST_REFUSED: u32 = 1024;

/// The layouts that are known: a tree of steps, each of which takes what is written between values, and one value.
#[derive(Debug, Default)]
pub(crate) struct Layouts {
    steps: Steps<Then>,
    shapes: Vec<Known>,
    /// Of all shapes.
    extras: Vec<Extra>,
    n_refused: u32,
    /// The values of the record that is learned.
    values: Vec<Value>,
}

/// The shape of the records of one layout.
#[derive(Debug)]
struct Known {
    shape: Shape,
    /// Their range of [`Layouts::extras`].
    extras: (usize, usize),
    /// Whether no line feed stands between the values.
    one_line: bool,
}

/// What follows the bytes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Bytes,
    /// These bytes end in a text of that length and its quote.
    Known(u16),
    Text {
        late: bool,
    },
    Code,
    Body(Body),
    /// The record is over. Which of the shapes it has.
    End(u16),
}

impl steps::Then for Then {
    const BYTES: Self = Self::Bytes;
}

/// A value of the record that is learned.
#[derive(Clone, Copy, Debug)]
struct Value {
    start: usize,
    end: usize,
    then: Then,
}

impl Layouts {
    /// Reads a record that has a known layout; where its last brace ends. `None` if it has none.
    #[inline(always)]
    pub(crate) fn follow<L: Look>(&self, pass: &mut Pass<'_, L>) -> Option<usize> {
        pass.spans.clear_values();
        let (mut at, mut next) = (0, 0);
        loop {
            let step = self
                .steps
                .find(pass.cursor.look, pass.cursor.bytes, at, next)?;
            at += usize::from(step.length);
            match step.then {
                Then::Bytes => {}
                Then::Known(length) => {
                    let end = at - 1;
                    let range = end.checked_sub(usize::from(length))?..end;
                    pass.spans.push(range, false, false);
                }
                Then::Text { late } => {
                    let text = pass.cursor.string(at)?;
                    at = text.range.end;
                    pass.spans.push(text.range, text.escaped, late);
                }
                Then::Code => at = pass.some_code(at)?,
                Then::Body(body) => at = pass.some_body(body, at)?,
                Then::End(shape) => {
                    let known = self.shapes.get(usize::from(shape))?;
                    if pass.one_line && !known.one_line {
                        return None;
                    }
                    let (start, end) = known.extras;
                    let extras = self.extras.get(start..end)?;
                    pass.spans.take_shape(&known.shape, extras);
                    pass.is_text(at)?;
                    return Some(at);
                }
            }
            next = step.first;
        }
    }

    /// Keeps the layout of a record that was read just now.
    #[cold]
    #[inline(never)]
    pub(crate) fn learn(&mut self, record: &[u8], spans: &Spans) {
        if self.steps.is_empty() {
            self.steps.reserve();
            self.shapes.reserve_exact(MOST_SHAPES);
            self.extras.reserve_exact(MOST_EXTRAS);
        }
        if self.add(record, spans).is_some() {
            return;
        }
        self.n_refused += 1;
        if self.n_refused >= MOST_REFUSED {
            self.n_refused = 0;
            self.steps.clear();
            self.shapes.clear();
            self.extras.clear();
        }
    }

    /// `None` if there is no place for it.
    fn add(&mut self, record: &[u8], spans: &Spans) -> Option<()> {
        let mut values = std::mem::take(&mut self.values);
        let listed = list(spans, &mut values);
        let added = listed.and_then(|()| self.add_path(record, spans, &values));
        self.values = values;
        added
    }

    fn add_path(&mut self, record: &[u8], spans: &Spans, values: &[Value]) -> Option<()> {
        let n_bytes = values
            .iter()
            .fold(record.len(), |n, value| match value.then {
                Then::Known(_) => n,
                _ => n.saturating_sub(value.end - value.start),
            });
        if n_bytes > MOST_BYTES {
            return None;
        }
        let (mut before, mut at) = (NONE, 0);
        let mut one_line = true;
        for value in values {
            // A text that is always the same is one of the bytes, with its quote.
            let (end, next) = match value.then {
                Then::Known(_) => (value.end + 1, value.end + 1),
                _ => (value.start, value.end),
            };
            let bytes = record.get(at..end)?;
            one_line &= !bytes.contains(&b'\n');
            before = self.steps.add(before, bytes, value.then)?;
            at = next;
        }
        let rest = record.get(at..)?.trim_ascii_end();
        one_line &= !rest.contains(&b'\n');
        let shape = u16::try_from(self.shapes.len()).ok()?;
        let (start, extras) = (self.extras.len(), spans.all_extras());
        if self.shapes.len() >= MOST_SHAPES || start + extras.len() > MOST_EXTRAS {
            return None;
        }
        self.steps.add(before, rest, Then::End(shape))?;
        self.extras.extend_from_slice(extras);
        self.shapes.push(Known {
            shape: spans.shape,
            extras: (start, start + extras.len()),
            one_line,
        });
        Some(())
    }
}

/// Lists the values of a record in the order in which they stand there; `None` if a text that ought to be known has
/// escapes.
fn list(spans: &Spans, values: &mut Vec<Value>) -> Option<()> {
    values.clear();
    for at in 0..spans.n_texts() {
        let range = spans.range(at)?;
        values.push(Value {
            start: range.start,
            end: range.end,
            then: Then::Text {
                late: spans.is_late(at),
            },
        });
    }
    let (start, end) = spans.shape.annotations.unwrap_or_default();
    let few = [Slot::Kind, Slot::ApiVersion, Slot::Level, Slot::Stage];
    let few = few.map(|slot| spans.index(slot));
    let keys = (start..end).step_by(2);
    let extras = spans.all_extras().iter().map(|extra| extra.key);
    for at in few.into_iter().chain(keys).chain(extras) {
        let Some(value) = values.get_mut(at as usize) else {
            continue;
        };
        if spans.is_escaped(at) {
            return None;
        }
        let length = u16::try_from(value.end - value.start).ok()?;
        value.then = Then::Known(length);
    }
    for (at, body) in Body::ALL.into_iter().enumerate() {
        if let Some((start, end)) = spans.bodies.get(at).copied().flatten() {
            values.push(Value {
                start: start as usize,
                end: end as usize,
                then: Then::Body(body),
            });
        }
    }
    if let Some(code) = spans.code {
        values.push(Value {
            start: code.start as usize,
            end: code.start as usize + 3,
            then: Then::Code,
        });
    }
    values.sort_unstable_by_key(|value| value.start);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::view::block::Words;
    use crate::view::cursor::Cursor;
    use crate::view::steps::MOST_WAYS;
    use crate::view::{Viewer, run};

    /// Whether the layout of a record is known.
    fn is_known(viewer: &Viewer, record: &str) -> bool {
        let mut pass = Pass {
            cursor: Cursor {
                look: Words,
                bytes: record.as_bytes(),
            },
            spans: &mut Spans::default(),
            one_line: false,
        };
        viewer.layouts.follow(&mut pass).is_some()
    }

    #[test]
    fn records_that_differ_in_their_texts_alone_have_one_layout() {
        let record = |level: &str, verb: &str, code: u16, body: &str| {
            format!(
                r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"{level}","verb":"{verb}","requestObject":{body},"responseStatus":{{"code":{code}}},"annotations":{{"authorization.k8s.io/reason":"{verb}"}}}}"#
            )
        };
        let mut viewer = Viewer::default();
        for level in ["Request", "RequestResponse"] {
            let first = record(level, "get", 200, "{}");
            assert!(!is_known(&viewer, &first));
            assert!(viewer.read(first.as_bytes(), &Limits::default()));
            for other in [
                first,
                record(level, "create", 403, r#"{"a":[1]}"#),
                record(level, &"x".repeat(100), 599, "[]"),
                record(level, "\\\"", 100, "{}"),
            ] {
                assert!(is_known(&viewer, &other), "{other}");
            }
            for unlike in [
                record("Metadata", "get", 200, "{}"),
                record(level, "get", 200, "null"),
                record(level, "get", 20, "{}"),
                record(level, "get", 200, r#""{}""#),
            ] {
                assert!(!is_known(&viewer, &unlike), "{unlike}");
            }
        }
    }

    #[test]
    fn layouts_are_forgotten_when_others_find_no_place() {
        let record = |key: usize| {
            format!(
                r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","annotations":{{"key-{key}":"a"}}}}"#
            )
        };
        let mut viewer = Viewer::default();
        for key in 0..MOST_WAYS {
            assert!(viewer.read(record(key).as_bytes(), &Limits::default()));
            assert!(is_known(&viewer, &record(key)));
        }
        let late = record(MOST_WAYS);
        for _ in 0..MOST_REFUSED {
            assert!(!is_known(&viewer, &late));
            assert!(run(
                Words,
                late.as_bytes(),
                &mut viewer.spans,
                &mut viewer.layouts
            ));
        }
        assert!(!is_known(&viewer, &record(0)));
        assert!(viewer.read(late.as_bytes(), &Limits::default()));
        assert!(is_known(&viewer, &late));
    }
}
