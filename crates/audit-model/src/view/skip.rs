//! Passing over a value, 64 bytes at a time.
//!
//! Whoever calls these functions must be compiled with the same vector instructions, so all of them but one are inlined.

use crate::view::block::{Look, escaped, inside, padded};

/// Who wants to know of the brackets within a value that is passed over.
pub(crate) trait Watch {
    /// An opening bracket stands there, in so many open ones.
    fn opened(&mut self, depth: u32, at: usize);

    /// The bracket that opened in so many open ones is closed before a place.
    fn closed(&mut self, depth: u32, end: usize);
}

/// Nobody does.
impl Watch for () {
    #[inline(always)]
    fn opened(&mut self, _: u32, _: usize) {}

    #[inline(always)]
    fn closed(&mut self, _: u32, _: usize) {}
}

/// Most brackets that are open at a time: as many as a word has bits.
pub(crate) const MOST_OPEN: u32 = u64::BITS;

/// A value that is passed over.
struct Skip<'w, W> {
    /// The kinds of the open brackets, the innermost lowest; a set bit is an object.
    kinds: u64,
    depth: u32,
    /// What the last block leaves open.
    escape: u64,
    string: u64,
    /// Where control characters may not stand, beside strings: everywhere or nowhere.
    controls: u64,
    watch: &'w mut W,
}

/// How far a block was passed over.
enum Passed {
    Block,
    /// So many bytes of it, with which the value is over.
    Value(usize),
}

impl<W: Watch> Skip<'_, W> {
    /// Passes over a block that begins at a place; `None` as [`skip`] has it.
    #[inline(always)]
    fn block<L: Look>(&mut self, look: L, block: &[u8; 64], at: usize) -> Option<Passed> {
        let marks = look.marks(block);
        let quotes = marks.quotes & !escaped(marks.backslashes, &mut self.escape);
        let strings = inside(quotes, &mut self.string);
        // A backslash outside of a string escapes nothing, and so may not be taken for one that does.
        let mut bad = marks.backslashes & !strings;
        if marks.has_controls {
            bad |= look.controls(block) & (strings | self.controls);
        }
        let mut brackets = marks.brackets & !strings;
        while brackets != 0 {
            let bit = brackets.trailing_zeros() as usize;
            brackets &= brackets - 1;
            let byte = block.get(bit).copied()?;
            let object = u64::from(byte >> 5 & 1);
            if byte & 2 != 0 {
                self.watch.opened(self.depth, at + bit);
                self.kinds = self.kinds << 1 | object;
                self.depth += 1;
                if self.depth > MOST_OPEN {
                    return None;
                }
            } else {
                if (self.kinds ^ object) & 1 != 0 {
                    return None;
                }
                self.kinds >>= 1;
                self.depth -= 1;
                if self.depth == 0 {
                    let before = (1_u64 << bit) - 1;
                    return (bad & before == 0).then_some(Passed::Value(bit + 1));
                }
                self.watch.closed(self.depth, at + bit + 1);
            }
        }
        (bad == 0).then_some(Passed::Block)
    }
}

/// The same as [`skip`] for a value that is likely to be long. In a function of its own the loop has the registers to
/// itself.
#[inline(never)]
pub(crate) fn skip_long<L: Look>(
    look: L,
    bytes: &[u8],
    start: usize,
    one_line: bool,
    watch: &mut impl Watch,
) -> Option<usize> {
    look.apart(
        #[inline(always)]
        || skip(look, bytes, start, one_line, watch),
    )
}

/// Where a value ends that begins with a bracket; `None` if it does not, holds a control character in a string or a
/// backslash outside of one, has brackets that do not match, or nests deeper than [`MOST_OPEN`]; and where it must be
/// `one_line`, if a control character is anywhere in it.
#[inline(always)]
pub(crate) fn skip<L: Look>(
    look: L,
    bytes: &[u8],
    start: usize,
    one_line: bool,
    watch: &mut impl Watch,
) -> Option<usize> {
    let mut skip = Skip {
        kinds: 0,
        depth: 0,
        escape: 0,
        string: 0,
        controls: 0_u64.wrapping_sub(u64::from(one_line)),
        watch,
    };
    let (blocks, rest) = bytes.get(start..)?.as_chunks::<64>();
    let mut at = start;
    for block in blocks {
        match skip.block(look, block, at)? {
            Passed::Value(length) => return Some(at + length),
            Passed::Block => at += 64,
        }
    }
    if rest.is_empty() {
        return None;
    }
    match skip.block(look, &padded(rest), at)? {
        Passed::Value(length) => Some(at + length),
        Passed::Block => None,
    }
}
