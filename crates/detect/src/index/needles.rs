//! Texts that must stand somewhere in a field for rules to match.

use std::collections::BTreeMap;

use audit_model::{FieldId, FieldSource};

use crate::index::Asked;
use crate::sought::Sought;
use crate::spread::{mix, place};

/// Entries of a [`Memo`]; a power of two.
const MEMO_ENTRIES: usize = 1024;
/// Longest text that is remembered.
const MEMO_TEXT: usize = 128;
/// Most rules that are remembered with a text.
const MEMO_RULES: usize = 4;

/// The rules that ask for a text in one field.
#[derive(Debug)]
pub(crate) struct Needles {
    asked: Asked,
    sought: Sought,
    /// Whether it may be told without taking the escapes out of a field that none of the texts is there.
    reads_raw: bool,
}

/// What was found in texts that come again and again: user agents and names of users are few, paths are not.
///
/// It is a table of fixed size, so that a text that no one has seen before costs no memory.
#[derive(Debug)]
pub(crate) struct Memo {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    length: u16,
    n_rules: u8,
    rules: [u32; MEMO_RULES],
    text: [u8; MEMO_TEXT],
}

impl Needles {
    /// Builds the automata; rules whose texts do not fit into one go to `always`.
    pub(crate) fn new(
        field: FieldId,
        needles: BTreeMap<String, Vec<u32>>,
        always: &mut Vec<u32>,
    ) -> Self {
        let is_escaped = needles.keys().any(|text| text.contains(['&', '<', '>']));
        let sought = Sought::new(needles, always);
        Self {
            asked: Asked::text(field),
            reads_raw: !is_escaped && sought.has_gate(),
            sought,
        }
    }

    pub(crate) fn asked(&self) -> Asked {
        self.asked
    }

    /// Whether the field holds none of the texts, as far as that is told without taking the escapes out of it.
    pub(crate) fn are_absent(&self, source: &impl FieldSource) -> bool {
        let Asked::Recorded(field) = self.asked else {
            return false;
        };
        self.reads_raw
            && source
                .raw(0, field)
                .is_some_and(|raw| !self.sought.may_hold(raw))
    }

    /// A memory for this field's texts.
    pub(crate) fn memo(&self) -> Memo {
        let varies = [FieldId::RequestUri, FieldId::ObjectRefName, FieldId::Name];
        let remembered = !varies.map(Asked::text).contains(&self.asked);
        let entry = Entry {
            length: u16::MAX,
            n_rules: 0,
            rules: [0; MEMO_RULES],
            text: [0; MEMO_TEXT],
        };
        Memo {
            entries: vec![entry; if remembered { MEMO_ENTRIES } else { 0 }],
        }
    }

    /// Adds the rules that ask for something in a text, whatever its case.
    pub(crate) fn find(
        &self,
        text: &[u8],
        memo: &mut Memo,
        memory: &mut Vec<u8>,
        found: &mut Vec<u32>,
    ) {
        // Most texts hold none, which is told without folding them.
        if !self.sought.may_hold(text) {
            return;
        }
        let first = found.len();
        let Some(entry) = memo.entry(text) else {
            self.sought.find(text, memory, found);
            return;
        };
        if entry.is(text) {
            found.extend(entry.rules.iter().take(usize::from(entry.n_rules)));
            return;
        }
        self.sought.find(text, memory, found);
        entry.put(text, found.get(first..).unwrap_or_default());
    }
}

impl Memo {
    /// The entry for a text; `None` for one that is not remembered.
    fn entry(&mut self, bytes: &[u8]) -> Option<&mut Entry> {
        if bytes.len() > MEMO_TEXT {
            return None;
        }
        let word = |chunk: Option<&[u8; 8]>| chunk.map_or(0, |chunk| u64::from_le_bytes(*chunk));
        let middle = bytes.get(bytes.len() / 2..).unwrap_or_default();
        let chunks = [
            bytes.first_chunk(),
            middle.first_chunk(),
            bytes.last_chunk(),
        ];
        let hash = chunks
            .into_iter()
            .fold(bytes.len() as u64, |hash, chunk| mix(hash, word(chunk)));
        let place = place(hash, self.entries.len());
        self.entries.get_mut(place)
    }
}

impl Entry {
    fn is(&self, text: &[u8]) -> bool {
        usize::from(self.length) == text.len() && self.text.get(..text.len()) == Some(text)
    }

    fn put(&mut self, text: &[u8], rules: &[u32]) {
        let (Some(kept), Some(bytes)) = (
            self.rules.get_mut(..rules.len()),
            self.text.get_mut(..text.len()),
        ) else {
            self.length = u16::MAX;
            return;
        };
        kept.copy_from_slice(rules);
        bytes.copy_from_slice(text);
        self.n_rules = u8::try_from(rules.len()).unwrap_or_default();
        self.length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    }
}
