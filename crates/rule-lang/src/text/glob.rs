//! Texts with wildcards in them.

use super::Token;
use crate::fold::fold;

/// Segments that stand in this order, with anything between them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Glob {
    pub(super) segments: Box<[Segment]>,
    /// Whether a `*` stands before the first segment.
    pub(super) open_start: bool,
    /// Whether a `*` stands after the last segment.
    pub(super) open_end: bool,
}

/// A run of text and `?`, without `*`. Texts are not empty and not next to each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Segment(pub(super) Box<[Piece]>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Piece {
    Text(Box<str>),
    /// This many characters, whichever.
    Skip(usize),
}

impl Glob {
    pub(super) fn longest_text(&self) -> &str {
        let pieces = self.segments.iter().flat_map(|segment| segment.0.iter());
        let texts = pieces.filter_map(|piece| match piece {
            Piece::Text(text) => Some(&**text),
            Piece::Skip(_) => None,
        });
        texts
            .reduce(|longest, text| {
                if text.len() > longest.len() {
                    text
                } else {
                    longest
                }
            })
            .unwrap_or_default()
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let mut segments = &*self.segments;
        let mut rest = text;
        if !self.open_start
            && let Some((first, more)) = segments.split_first()
        {
            let Some(after) = first.at_start(rest) else {
                return false;
            };
            rest = after;
            segments = more;
            if segments.is_empty() && !self.open_end {
                return rest.is_empty();
            }
        }
        if !self.open_end
            && let Some((last, more)) = segments.split_last()
        {
            let Some(before) = last.at_end(rest) else {
                return false;
            };
            rest = before;
            segments = more;
        }
        // The leftmost place of each segment leaves the most room to those after it.
        for segment in segments {
            let Some(after) = segment.find(rest) else {
                return false;
            };
            rest = after;
        }
        true
    }
}

impl Segment {
    pub(super) fn new(tokens: &[Token], cased: bool) -> Self {
        let is_char = |token: &Token| matches!(token, Token::Char(_));
        let runs = tokens.chunk_by(|left, right| is_char(left) == is_char(right));
        let pieces = runs.map(|run| {
            let text = run.iter().filter_map(|token| match token {
                Token::Char(c) if cased => Some(*c),
                Token::Char(c) => Some(fold(*c)),
                Token::One | Token::Any => None,
            });
            match run.first() {
                Some(Token::Char(_)) => Piece::Text(text.collect::<String>().into()),
                _ => Piece::Skip(run.len()),
            }
        });
        Self(pieces.collect())
    }

    /// What follows the segment, when `text` begins with it.
    fn at_start<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.0.iter().try_fold(text, |rest, piece| match piece {
            Piece::Text(known) => rest.strip_prefix(&**known),
            Piece::Skip(n) => skip(rest, *n),
        })
    }

    /// What precedes the segment, when `text` ends with it.
    fn at_end<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.0
            .iter()
            .rev()
            .try_fold(text, |rest, piece| match piece {
                Piece::Text(known) => rest.strip_suffix(&**known),
                Piece::Skip(n) => {
                    let (at, _) = rest.char_indices().nth_back(n - 1)?;
                    rest.get(..at)
                }
            })
    }

    /// What follows the first occurrence.
    fn find<'t>(&self, mut text: &'t str) -> Option<&'t str> {
        // Characters before the first text are skipped once; after that only places of the text are tried.
        let mut pieces = &*self.0;
        if let Some((Piece::Skip(n), more)) = pieces.split_first() {
            text = skip(text, *n)?;
            pieces = more;
        }
        let Some((Piece::Text(first), more)) = pieces.split_first() else {
            return Some(text);
        };
        loop {
            let at = text.find(&**first)?;
            let after = text.get(at + first.len()..)?;
            let rest = more.iter().try_fold(after, |rest, piece| match piece {
                Piece::Text(known) => rest.strip_prefix(&**known),
                Piece::Skip(n) => skip(rest, *n),
            });
            if rest.is_some() {
                return rest;
            }
            let step = text.get(at..)?.chars().next().map_or(1, char::len_utf8);
            text = text.get(at + step..)?;
        }
    }
}

/// The text without its first `n` characters, when it has as many.
fn skip(text: &str, n: usize) -> Option<&str> {
    let (at, c) = text.char_indices().nth(n.checked_sub(1)?)?;
    text.get(at + c.len_utf8()..)
}
