//! Texts with escapes that hardly anybody asks for: they are taken out when somebody does.

use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::text::unescape;

/// Some texts of one record, without their escapes as soon as one of them is asked for.
///
/// Whoever asks only borrows the record's spans. The memory is used again, in which the lock is never waited for: it
/// is taken once for a record, and only by whoever asks first.
#[derive(Debug, Default)]
pub(crate) struct Late {
    found: OnceLock<Unescaped>,
    spare: Mutex<Unescaped>,
}

/// Texts without their escapes.
#[derive(Debug, Default)]
struct Unescaped {
    text: String,
    /// Which text is where.
    places: Vec<(u32, Range<usize>)>,
    /// Whether an escape stood for no character.
    invalid: bool,
}

impl Late {
    /// Forgets the texts.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        if self.found.get().is_some() {
            self.recycle();
        }
    }

    #[cold]
    fn recycle(&mut self) {
        let Some(mut found) = self.found.take() else {
            return;
        };
        found.text.clear();
        found.places.clear();
        found.invalid = false;
        *self.spare.get_mut().unwrap_or_else(PoisonError::into_inner) = found;
    }

    /// One of the texts, given all of them and what stands in the record for each.
    pub(crate) fn get<'r>(
        &self,
        texts: impl Iterator<Item = u32>,
        wanted: u32,
        raw: &dyn Fn(u32) -> Option<&'r [u8]>,
    ) -> Option<&[u8]> {
        let found = self.found.get_or_init(|| {
            let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
            let mut found = std::mem::take(&mut *spare);
            for at in texts {
                let start = found.text.len();
                let raw = raw(at).unwrap_or_default();
                found.invalid |= !unescape(raw, &mut found.text);
                found.places.push((at, start..found.text.len()));
            }
            found
        });
        // They are in the order of the record.
        let place = found.places.binary_search_by_key(&wanted, |(at, _)| *at);
        let (_, range) = found.places.get(place.ok()?)?;
        found.text.as_bytes().get(range.clone())
    }

    /// Whether one of the texts has been asked for.
    pub(crate) fn is_found(&self) -> bool {
        self.found.get().is_some()
    }

    /// Whether an escape of the texts stood for no character, as far as they have been asked for.
    pub(crate) fn is_invalid(&self) -> bool {
        self.found.get().is_some_and(|found| found.invalid)
    }
}
