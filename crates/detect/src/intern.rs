//! Texts that rules name for one field, numbered.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::fold::folded_bytes;

/// The texts that rules name for one field, each with a number from 1 on.
#[derive(Debug, Default)]
pub(crate) struct Intern {
    /// Which lengths there are, modulo 64, and which pairs of first and last byte: most texts of events are told from
    /// all others by these.
    lengths: u64,
    edges: [u64; 4],
    numbers: HashMap<Vec<u8>, u32, FixedState>,
}

impl Intern {
    pub(crate) fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut intern = Self::default();
        for text in texts {
            intern.add(text);
        }
        intern
    }

    /// The number of a text, which is taken in if it is new.
    pub(crate) fn add(&mut self, text: &str) -> u32 {
        // 0 stands for all texts that are not known; a set has far fewer than 2³² texts.
        let next = u32::try_from(self.numbers.len() + 1).unwrap_or(u32::MAX);
        let number = *self.numbers.entry_ref(text.as_bytes()).or_insert(next);
        self.lengths |= length_bit(text.as_bytes());
        let (word, bit) = edge_bit(text.as_bytes(), |byte| byte);
        if let Some(word) = self.edges.get_mut(word) {
            *word |= bit;
        }
        number
    }

    /// The number of a text with its case folded; 0 for one that is not known.
    #[inline]
    pub(crate) fn get_folded(&self, text: &[u8], memory: &mut Vec<u8>) -> u32 {
        // Folding keeps the length of ASCII, so most texts are told from all others before it.
        if self.may_hold(text, |byte| byte.to_ascii_lowercase()) || !text.is_ascii() {
            self.get(folded_bytes(text, memory))
        } else {
            0
        }
    }

    /// The number of a text; 0 for one that is not known.
    pub(crate) fn get(&self, text: &[u8]) -> u32 {
        if !self.may_hold(text, |byte| byte) {
            return 0;
        }
        self.numbers.get(text).copied().unwrap_or_default()
    }

    /// Whether some known text is as long, and begins and ends alike.
    #[inline]
    fn may_hold(&self, text: &[u8], map: impl Fn(u8) -> u8) -> bool {
        let (word, bit) = edge_bit(text, map);
        self.lengths & length_bit(text) != 0
            && self.edges.get(word).is_some_and(|word| word & bit != 0)
    }
}

fn length_bit(text: &[u8]) -> u64 {
    1 << (text.len() & 63)
}

#[inline]
fn edge_bit(text: &[u8], map: impl Fn(u8) -> u8) -> (usize, u64) {
    let edge = match text {
        [first, .., last] => map(*first).wrapping_mul(29) ^ map(*last).rotate_left(3),
        [only] => map(*only),
        [] => 0,
    };
    (usize::from(edge >> 6), 1 << (edge & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts_have_numbers_and_others_none() {
        let intern = Intern::new(["get", "list", "", "g"]);
        assert_eq!(intern.get(b"get"), 1);
        assert_eq!(intern.get(b"list"), 2);
        assert_eq!(intern.get(b""), 3);
        assert_eq!(intern.get(b"g"), 4);
        for other in ["lisp", "gat", "l", "watch", "Get"] {
            assert_eq!(intern.get(other.as_bytes()), 0, "{other}");
        }
        let mut memory = Vec::new();
        let intern = Intern::new(["get", "k", "straße"]);
        // The sign for kelvin is folded to one byte.
        for (text, number) in [("GeT", 1), ("\u{212a}", 2), ("STRAßE", 3), ("GAT", 0)] {
            assert_eq!(
                intern.get_folded(text.as_bytes(), &mut memory),
                number,
                "{text}"
            );
        }
    }
}
