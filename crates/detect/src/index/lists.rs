//! What rules name of lists that come again and again: the groups of whoever sends a request.

use super::several::{Seen, bits};
use crate::spread::{place, spread};

/// Lists that are remembered; a power of two.
const ENTRIES: usize = 256;
/// Longest list that is remembered, in bytes.
const MOST_BYTES: usize = 120;
/// Most dimensions that are asked of one list.
const MOST_PLACES: usize = 4;

/// The lists that came last, as they stood in the records.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    entries: Vec<InList>,
}

/// What rules name of a list.
#[derive(Clone, Debug)]
pub(super) struct InList {
    /// The dimensions that were asked, one bit each; 0 where nothing is remembered.
    places: u64,
    pub(super) found: u64,
    pub(super) vague: u64,
    /// The numbers of what was found, in the order of the dimensions.
    pub(super) ids: [u32; MOST_PLACES],
    length: u8,
    text: [u8; MOST_BYTES],
}

impl Lists {
    /// What is known of a list for these dimensions.
    pub(super) fn get(&self, places: u64, list: &[u8]) -> Option<&InList> {
        if list.len() > MOST_BYTES {
            return None;
        }
        let entry = self.entries.get(place(spread(list), ENTRIES))?;
        let is_it = entry.places == places
            && usize::from(entry.length) == list.len()
            && entry.text.get(..list.len()) == Some(list);
        is_it.then_some(entry)
    }

    /// Remembers what was found in a list, unless it is long or much is asked of it.
    pub(super) fn put(&mut self, places: u64, list: &[u8], seen: &Seen<'_>) {
        let mut text = [0; MOST_BYTES];
        let (Some(bytes), Ok(length)) = (text.get_mut(..list.len()), u8::try_from(list.len()))
        else {
            return;
        };
        if places.count_ones() as usize > MOST_PLACES {
            return;
        }
        bytes.copy_from_slice(list);
        let mut known = InList {
            places,
            found: seen.found & places,
            vague: seen.vague & places,
            ids: [0; MOST_PLACES],
            length,
            text,
        };
        for (at, id) in bits(places).zip(&mut known.ids) {
            *id = seen.ids.get(at as usize).copied().unwrap_or_default();
        }
        let none = InList {
            places: 0,
            found: 0,
            vague: 0,
            ids: [0; MOST_PLACES],
            length: 0,
            text: [0; MOST_BYTES],
        };
        self.entries.resize(ENTRIES, none);
        if let Some(entry) = self.entries.get_mut(place(spread(list), ENTRIES)) {
            *entry = known;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_known_by_all_its_bytes_and_what_was_asked() {
        let mut lists = Lists::default();
        assert!(lists.get(0b101, b"").is_none());
        let mut ids = [7, 8, 9];
        let seen = Seen {
            ids: &mut ids,
            found: 0b111,
            vague: 0b110,
        };
        let list = br#"system:nodes","system:authenticated"#;
        lists.put(0b101, list, &seen);
        let known = lists.get(0b101, list).unwrap();
        assert_eq!((known.found, known.vague), (0b101, 0b100));
        assert_eq!(known.ids.get(..2), Some(&[7, 9][..]));
        assert!(lists.get(0b111, list).is_none());
        // In whatever place another list is looked for, this one stands.
        let known = known.clone();
        lists.entries.fill(known);
        for at in 0..list.len() {
            let mut other = list.to_vec();
            other[at] ^= 1;
            assert!(lists.get(0b101, list).is_some());
            assert!(lists.get(0b101, &other).is_none(), "{at}");
            assert!(lists.get(0b101, &list[..at]).is_none(), "{at}");
        }
    }

    #[test]
    fn long_lists_and_those_of_which_much_is_asked_are_not_remembered() {
        let mut lists = Lists::default();
        let mut ids = [1; 8];
        let seen = Seen {
            ids: &mut ids,
            found: 0xff,
            vague: 0,
        };
        let long = [b'x'; MOST_BYTES + 1];
        lists.put(1, &long, &seen);
        assert!(lists.get(1, &long).is_none());
        lists.put(0b11111, b"x", &seen);
        assert!(lists.get(0b11111, b"x").is_none());
        let (longest, _) = long.split_at(MOST_BYTES);
        lists.put(0b1111, longest, &seen);
        assert!(lists.get(0b1111, longest).is_some());
    }
}
