//! Texts that rules name for one field, numbered.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// The texts that rules name for one field, each with a number from 1 on.
#[derive(Debug, Default)]
pub(crate) struct Intern {
    /// Which lengths there are, modulo 64, and which pairs of first and last byte: most texts of events are told from
    /// all others by these.
    lengths: u64,
    edges: [u64; 4],
    numbers: HashMap<String, u32, FixedState>,
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
        let number = *self.numbers.entry_ref(text).or_insert(next);
        self.lengths |= length_bit(text);
        let (word, bit) = edge_bit(text);
        if let Some(word) = self.edges.get_mut(word) {
            *word |= bit;
        }
        number
    }

    /// The number of a text; 0 for one that is not known.
    pub(crate) fn get(&self, text: &str) -> u32 {
        let (word, bit) = edge_bit(text);
        let edge = self.edges.get(word).is_some_and(|word| word & bit != 0);
        if self.lengths & length_bit(text) == 0 || !edge {
            return 0;
        }
        self.numbers.get(text).copied().unwrap_or_default()
    }
}

fn length_bit(text: &str) -> u64 {
    1 << (text.len() & 63)
}

fn edge_bit(text: &str) -> (usize, u64) {
    let edge = match text.as_bytes() {
        [first, .., last] => first.wrapping_mul(29) ^ last.rotate_left(3),
        [only] => *only,
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
        assert_eq!(intern.get("get"), 1);
        assert_eq!(intern.get("list"), 2);
        assert_eq!(intern.get(""), 3);
        assert_eq!(intern.get("g"), 4);
        for other in ["lisp", "gat", "l", "watch", "Get"] {
            assert_eq!(intern.get(other), 0, "{other}");
        }
    }
}
