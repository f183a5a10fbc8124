//! A tree of steps: bytes that stand between the values of records, and what follows them.

use crate::view::block::Look;

/// Most steps that are kept.
const MOST_STEPS: usize = 1024;
/// Most ways to go on from one place: to try them all must not take longer than to read the record.
pub(crate) const MOST_WAYS: usize = 12;

/// No step.
pub(crate) const NONE: u16 = u16::MAX;

/// The steps that are known. The first one, if there is any, is where records begin.
#[derive(Debug)]
pub(crate) struct Steps<T>(Vec<Step<T>>);

impl<T> Default for Steps<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Bytes that must stand here, and what follows them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<T> {
    bytes: [u8; 32],
    /// Bits of the bytes that count, from the lowest.
    counts: u32,
    pub(crate) then: T,
    /// The first of the steps that may follow, and the step to try in place of this one.
    pub(crate) first: u16,
    other: u16,
    pub(crate) length: u8,
}

/// What may follow the bytes of a step.
pub(crate) trait Then: Copy + PartialEq {
    /// More of the same.
    const BYTES: Self;
}

impl<T: Then> Steps<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes all the memory that the steps may ever need.
    pub(crate) fn reserve(&mut self) {
        self.0.reserve_exact(MOST_STEPS);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The step whose bytes stand at a place, of those that are tried from one on.
    #[inline(always)]
    pub(crate) fn find<L: Look>(
        &self,
        look: L,
        bytes: &[u8],
        at: usize,
        mut next: u16,
    ) -> Option<&Step<T>> {
        let rest = bytes.get(at..)?;
        let Some(block) = rest.first_chunk::<32>() else {
            return self.find_last(rest, next);
        };
        loop {
            let step = self.0.get(usize::from(next))?;
            if look.same(block, &step.bytes) & step.counts == step.counts {
                return Some(step);
            }
            next = step.other;
        }
    }

    /// The same in the last bytes of the record.
    #[inline(never)]
    fn find_last(&self, rest: &[u8], mut next: u16) -> Option<&Step<T>> {
        loop {
            let step = self.0.get(usize::from(next))?;
            if rest.starts_with(step.bytes.get(..usize::from(step.length))?) {
                return Some(step);
            }
            next = step.other;
        }
    }

    /// Adds bytes and what follows them after a step, as far as they are not there; the last step of them. `None` if there
    /// is no place.
    pub(crate) fn add(&mut self, mut before: u16, mut bytes: &[u8], then: T) -> Option<u16> {
        while let Some((head, rest)) = bytes.split_at_checked(33).map(|_| bytes.split_at(32)) {
            before = self.add_step(before, head, T::BYTES)?;
            bytes = rest;
        }
        self.add_step(before, bytes, then)
    }

    /// Lets the same follow one step that follows another.
    pub(crate) fn follow_like(&mut self, step: u16, like: u16) {
        let first = self.0.get(usize::from(like)).map(|like| like.first);
        if let (Some(step), Some(first)) = (self.0.get_mut(usize::from(step)), first) {
            step.first = first;
        }
    }

    fn add_step(&mut self, before: u16, bytes: &[u8], then: T) -> Option<u16> {
        let mut step = Step {
            bytes: [0; 32],
            counts: u32::try_from((1_u64 << bytes.len()) - 1).ok()?,
            then,
            first: NONE,
            other: NONE,
            length: u8::try_from(bytes.len()).ok()?,
        };
        step.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let new = u16::try_from(self.0.len()).ok()?;
        let first = match self.0.get(usize::from(before)) {
            Some(before) => before.first,
            None if self.0.is_empty() => NONE,
            None => 0,
        };
        let (mut last, mut known, mut n_ways) = (NONE, first, 0);
        while let Some(other) = self.0.get(usize::from(known)) {
            if other.bytes == step.bytes && other.length == step.length && other.then == then {
                return Some(known);
            }
            (last, known) = (known, other.other);
            n_ways += 1;
        }
        if n_ways >= MOST_WAYS || self.0.len() >= MOST_STEPS {
            return None;
        }
        if let Some(last) = self.0.get_mut(usize::from(last)) {
            last.other = new;
        } else if let Some(before) = self.0.get_mut(usize::from(before)) {
            before.first = new;
        }
        self.0.push(step);
        Some(new)
    }
}
