//! Texts that a container runtime has split, put together again.
//!
//! Docker's `json-file` driver splits after 16 KiB and ends the last part with a line feed; runtimes of the container
//! runtime interface mark all parts but the last with `P`. Parts of several streams may alternate.

use crate::error::DecodeError;
use crate::source::End;

/// Most streams whose texts are open at once.
const MAX_STREAMS: usize = 64;
/// Where Docker splits; a shorter part without a line feed is none of its.
pub(crate) const DOCKER_SPLIT: usize = 16 << 10;

/// A text of which parts are missing.
#[derive(Debug)]
struct Open {
    stream: Box<str>,
    text: Vec<u8>,
    /// Bytes of all parts, those that were not kept too.
    length: usize,
    line: u64,
}

/// The texts that are open, the one that was added to last at the end.
///
/// Together they hold no more than one record may: what passes that is given up and counted.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    open: Vec<Open>,
    /// Bytes that all texts hold.
    held: usize,
    /// What was given up and not reported yet.
    lost: Vec<DecodeError>,
}

/// What became of a part.
#[derive(Debug, PartialEq)]
pub(crate) enum Joined {
    /// It is a text of its own.
    Alone,
    /// More is to come.
    Open,
    /// With it, this text is whole.
    Whole(Vec<u8>),
    /// With it, a text ends that was too large to be kept.
    Lost(DecodeError),
}

impl Joiner {
    /// Whether a text of the stream is open.
    pub(crate) fn is_open(&self, stream: &str) -> bool {
        self.open.iter().any(|open| &*open.stream == stream)
    }

    /// Takes a part. `line` is where it stands, `limit` the largest record.
    pub(crate) fn add(
        &mut self,
        stream: &str,
        end: End,
        part: &[u8],
        line: u64,
        limit: usize,
    ) -> Joined {
        let at = self.open.iter().position(|open| &*open.stream == stream);
        let mut open = match at {
            Some(at) => self.open.remove(at),
            None if end == End::Last => return Joined::Alone,
            None => Open {
                stream: stream.into(),
                text: Vec::new(),
                length: 0,
                line,
            },
        };
        self.held -= open.text.len();
        let whole_so_far = open.length == open.text.len();
        open.length = open.length.saturating_add(part.len());
        if open.length > limit {
            open.text = Vec::new();
        } else if whole_so_far {
            open.text.extend_from_slice(part);
        }
        if end == End::Last {
            return if open.length > limit {
                Joined::Lost(DecodeError::too_long(limit, open.length))
            } else {
                Joined::Whole(open.text)
            };
        }
        self.held += open.text.len();
        self.open.push(open);
        while self.open.len() > MAX_STREAMS || self.held > limit {
            self.give_up_first();
        }
        Joined::Open
    }

    /// Gives up the text of a stream, because another one has begun.
    pub(crate) fn give_up(&mut self, stream: &str) {
        if let Some(at) = self.open.iter().position(|open| &*open.stream == stream) {
            self.lose(at);
        }
    }

    /// Gives up every text, because nothing more will come.
    pub(crate) fn give_up_all(&mut self) {
        while !self.open.is_empty() {
            self.give_up_first();
        }
    }

    fn give_up_first(&mut self) {
        self.lose(0);
    }

    fn lose(&mut self, at: usize) {
        let open = self.open.remove(at);
        self.held -= open.text.len();
        self.lost.push(DecodeError::unfinished(open.line));
    }

    /// Takes out one text that was given up.
    pub(crate) fn take_lost(&mut self) -> Option<DecodeError> {
        self.lost.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_streams_that_alternate() {
        let mut joiner = Joiner::default();
        assert_eq!(joiner.add("a", End::More, b"1", 1, 100), Joined::Open);
        assert_eq!(joiner.add("b", End::More, b"x", 2, 100), Joined::Open);
        assert_eq!(joiner.add("a", End::Unsaid, b"2", 3, 100), Joined::Open);
        assert_eq!(joiner.add("c", End::Last, b"!", 4, 100), Joined::Alone);
        assert_eq!(
            joiner.add("a", End::Last, b"3", 5, 100),
            Joined::Whole(b"123".to_vec())
        );
        assert!(!joiner.is_open("a"));
        assert_eq!(
            joiner.add("b", End::Last, b"y", 6, 100),
            Joined::Whole(b"xy".to_vec())
        );
        assert_eq!((joiner.held, joiner.take_lost()), (0, None));
    }

    #[test]
    fn holds_no_more_than_a_record() {
        let mut joiner = Joiner::default();
        assert_eq!(joiner.add("a", End::More, b"12345", 1, 8), Joined::Open);
        assert_eq!(joiner.add("b", End::More, b"12345", 2, 8), Joined::Open);
        assert_eq!(joiner.take_lost(), Some(DecodeError::unfinished(1)));
        assert_eq!(joiner.add("b", End::More, b"12345", 3, 8), Joined::Open);
        assert_eq!(joiner.add("b", End::More, b"1", 4, 8), Joined::Open);
        assert_eq!(joiner.held, 0);
        assert_eq!(
            joiner.add("b", End::Last, b"1", 5, 8),
            Joined::Lost(DecodeError::too_long(8, 12))
        );
        for n in 0..100 {
            joiner.add(&n.to_string(), End::More, b"", n, 8);
        }
        assert_eq!(joiner.open.len(), MAX_STREAMS);
        joiner.give_up_all();
        assert_eq!(
            std::iter::from_fn(|| joiner.take_lost()).count(),
            100,
            "each is lost once"
        );
    }
}
