//! Texts that rules name for one field, numbered.

use audit_model::Edges;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::fold::folded_bytes;

/// The texts that rules name for one field, each with a number from 1 on.
#[derive(Debug, Default)]
pub(crate) struct Intern {
    edges: Edges,
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
        self.edges.add(text.as_bytes());
        number
    }

    /// The number of a text with its case folded; 0 for one that is not known.
    #[inline]
    pub(crate) fn get_folded(&self, text: &[u8], memory: &mut Vec<u8>) -> u32 {
        if self.may_know(text) {
            self.get(folded_bytes(text, memory))
        } else {
            0
        }
    }

    /// Whether a text may be known once its case is folded; `false` is certain.
    #[inline]
    pub(crate) fn may_know(&self, text: &[u8]) -> bool {
        // Folding keeps the length of ASCII, so most texts are told from all others before it.
        self.edges.may_hold(text, |byte| byte.to_ascii_lowercase()) || !text.is_ascii()
    }

    /// The number of a text; 0 for one that is not known.
    pub(crate) fn get(&self, text: &[u8]) -> u32 {
        if !self.edges.may_hold(text, |byte| byte) {
            return 0;
        }
        self.numbers.get(text).copied().unwrap_or_default()
    }
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
