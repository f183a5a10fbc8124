//! What is known of values that were looked at: names, programs and addresses come again and again, and so do the members
//! of a list when one test after another walks through it.

use crate::predicate::bounds::Rank;
use crate::spread::{place, spread};

/// Values that are remembered; a power of two.
const SLOTS: usize = 16;
/// Longest text of one; of longer ones the last is remembered.
const MOST_BYTES: usize = 64;

/// What is known of values of one operand. Its size is fixed, but for the longest value.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    short: Vec<Short>,
    long: String,
    /// By slot, the last for the long one.
    notes: Vec<Notes>,
    /// Words that belong to each slot, and those of all slots.
    width: usize,
    words: Vec<u64>,
}

#[derive(Clone, Debug)]
struct Short {
    /// One that is too long for any text, at first.
    length: u8,
    text: [u8; MOST_BYTES],
}

/// What is known of a value; nothing at first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Notes {
    /// Where it stands among numbers, if it is one.
    pub(crate) rank: Once<Rank>,
    /// Where it lies among networks, if it is an address.
    pub(crate) stretch: Once<u32>,
    /// Whether texts were sought in it.
    pub(crate) sought: bool,
}

/// What is read of a value when it is first asked for, if it can be.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Once<T> {
    #[default]
    NotRead,
    Read(Option<T>),
}

impl<T: Copy> Once<T> {
    pub(crate) fn get_or_read(&mut self, read: impl FnOnce() -> Option<T>) -> Option<T> {
        if let Self::Read(value) = *self {
            return value;
        }
        let value = read();
        *self = Self::Read(value);
        value
    }
}

impl Seen {
    /// Room for values with so many words each.
    pub(crate) fn new(width: usize) -> Self {
        let empty = Short {
            length: u8::MAX,
            text: [0; MOST_BYTES],
        };
        Self {
            short: vec![empty; SLOTS],
            long: String::new(),
            notes: vec![Notes::default(); SLOTS + 1],
            width,
            words: vec![0; width * (SLOTS + 1)],
        }
    }

    /// What is known of a value: of a new one nothing, and all words are 0. `None` where nothing is remembered.
    pub(crate) fn of(&mut self, text: &str) -> Option<(&mut Notes, &mut [u64])> {
        let bytes = text.as_bytes();
        let (slot, known) = if bytes.len() > MOST_BYTES {
            let known = self.long == text;
            if !known {
                self.long.clear();
                self.long.push_str(text);
            }
            (SLOTS, known)
        } else {
            let slot = place(spread(bytes), SLOTS);
            let short = self.short.get_mut(slot)?;
            let kept = short.text.get_mut(..bytes.len())?;
            let known = usize::from(short.length) == bytes.len() && kept == bytes;
            if !known {
                kept.copy_from_slice(bytes);
                short.length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
            }
            (slot, known)
        };
        let notes = self.notes.get_mut(slot)?;
        let words = self
            .words
            .get_mut(slot * self.width..(slot + 1) * self.width)?;
        if !known {
            *notes = Notes::default();
            words.fill(0);
        }
        Some((notes, words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_known_until_another_takes_its_place() {
        let mut seen = Seen::new(2);
        let long = "x".repeat(MOST_BYTES + 1);
        let other = "y".repeat(MOST_BYTES + 1);
        for text in ["", "a", "b", &"x".repeat(MOST_BYTES), &long, &other] {
            let (notes, words) = seen.of(text).unwrap();
            assert!(!notes.sought && words == [0, 0], "{text}");
            notes.sought = true;
            words[1] = 7;
            let (notes, words) = seen.of(text).unwrap();
            assert!(notes.sought && words == [0, 7], "{text}");
        }
        assert!(!seen.of(&long).unwrap().0.sought);
        // More than there is room for.
        for n in 0..1000 {
            assert!(!seen.of(&n.to_string()).unwrap().0.sought, "{n}");
        }
        assert!(Seen::default().of("a").is_none());
    }
}
