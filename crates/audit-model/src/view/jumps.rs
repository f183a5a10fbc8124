//! Long objects and lists within bodies, noted where a body is passed over, so that whoever reads it again need not.

use crate::view::skip::{MOST_OPEN, Watch};

/// Shortest value that is noted: to find a shorter one costs as much as to pass over it.
const LONG: u32 = 512;
/// Most values of one record that are noted.
const MOST_JUMPS: usize = 32;

/// Where a value begins that starts with a bracket, and where it ends, in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Jump {
    start: u32,
    end: u32,
}

/// Notes the long values of a body, the inner ones before those around them.
pub(crate) struct Noting<'j> {
    jumps: &'j mut Vec<Jump>,
    /// Number of those that belong to bodies before.
    before: usize,
    /// By depth, where the value begins that is open.
    starts: [u32; MOST_OPEN as usize],
}

impl<'j> Noting<'j> {
    #[inline(always)]
    pub(crate) fn new(jumps: &'j mut Vec<Jump>) -> Self {
        Self {
            before: jumps.len(),
            jumps,
            starts: [0; MOST_OPEN as usize],
        }
    }

    #[cold]
    fn note(&mut self, jump: Jump) {
        if self.jumps.len() >= MOST_JUMPS {
            // Who passes over a value does not ask for those in it, so that it may take their place.
            let inner = |other: &&Jump| other.start > jump.start;
            let own = self.jumps.get(self.before..).unwrap_or_default();
            let n_inner = own.iter().rev().take_while(inner).count();
            if n_inner == 0 {
                return;
            }
            self.jumps.truncate(self.jumps.len() - n_inner);
        }
        self.jumps.push(jump);
    }
}

impl Watch for Noting<'_> {
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a record of more than 4 GiB is not read in this way"
    )]
    fn opened(&mut self, depth: u32, at: usize) {
        if let Some(start) = self.starts.get_mut((depth % MOST_OPEN) as usize) {
            *start = at as u32;
        }
    }

    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a record of more than 4 GiB is not read in this way"
    )]
    fn closed(&mut self, depth: u32, end: usize) {
        let start = self.starts.get((depth % MOST_OPEN) as usize);
        let start = start.copied().unwrap_or_default();
        let end = end as u32;
        if end.wrapping_sub(start) >= LONG {
            self.note(Jump { start, end });
        }
    }
}

/// The long values of a body, as far as they are known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jumps<'j> {
    pub(crate) jumps: &'j [Jump],
    /// Where the body begins in the record.
    pub(crate) start: u32,
}

impl Jumps<'_> {
    /// Where the value ends that begins at a place of the body, if it is known.
    #[inline(always)]
    pub(crate) fn over(self, at: usize) -> Option<usize> {
        let start = self.start as usize;
        let begins = |jump: &&Jump| jump.start as usize == start + at;
        let jump = self.jumps.iter().rev().find(begins)?;
        Some(jump.end as usize - start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::block::Words;
    use crate::view::skip::skip;

    /// The values that are noted of a body at the beginning of a record.
    fn noted(body: &str) -> Vec<&str> {
        let mut jumps = Vec::new();
        let end = skip(
            Words,
            body.as_bytes(),
            0,
            false,
            &mut Noting::new(&mut jumps),
        );
        assert_eq!(end, Some(body.len()));
        let texts = jumps.iter();
        texts
            .map(|jump| body.get(jump.start as usize..jump.end as usize).unwrap())
            .collect()
    }

    fn long() -> String {
        "x".repeat(LONG as usize)
    }

    #[test]
    fn long_values_are_noted_and_short_ones_and_the_body_are_not() {
        let (list, object) = (
            format!("[\"{}\"]", long()),
            format!("{{\"a\":\"{}\"}}", long()),
        );
        let body = format!("{{\"a\":{list},\"b\":[1],\"c\":{{\"d\":{object},\"e\":{{}}}}}}");
        let outer = format!("{{\"d\":{object},\"e\":{{}}}}");
        assert_eq!(noted(&body), [&list, &object, &outer]);
    }

    #[test]
    fn what_is_around_takes_the_place_of_what_is_within() {
        let inner = format!("[\"{}\"]", long());
        let list = format!("[{}]", vec![&*inner; MOST_JUMPS + 8].join(","));
        assert_eq!(
            noted(&format!("{{\"a\":{list},\"b\":{inner}}}")),
            [&list, &inner]
        );
        let behind = format!("{{\"a\":{inner},\"b\":{list}}}");
        assert_eq!(noted(&behind), [&inner, &list]);
        // Nothing is around these but the body.
        assert_eq!(noted(&list), vec![&*inner; MOST_JUMPS]);
    }

    #[test]
    fn a_body_does_not_take_the_place_of_another() {
        let inner = format!("[\"{}\"]", long());
        let list = format!("[{}]", vec![&*inner; MOST_JUMPS].join(","));
        let mut jumps = Vec::new();
        let mut note = |body: &str| {
            skip(
                Words,
                body.as_bytes(),
                0,
                false,
                &mut Noting::new(&mut jumps),
            )
            .unwrap();
            jumps.clone()
        };
        let first = note(&list);
        assert_eq!(first.len(), MOST_JUMPS);
        assert_eq!(note(&format!("[{list}]")), first);
    }
}
