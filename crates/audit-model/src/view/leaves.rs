//! The scalars under some keys of a body, wherever these stand, without following paths.

use fearless_simd::{Level, dispatch};

use crate::edges::Edges;
use crate::view::block::{Look, Vector, Words};
use crate::view::jumps::Jumps;
use crate::view::scalars::{self, Below, Each, Guide, MOST_BYTES};
use crate::view::seek::{Sought, seek};

/// Keys of a body that are looked for at every depth.
///
/// ```
/// use audit_model::{BodyLeaves, Value};
///
/// let leaves = BodyLeaves::new(["hostNetwork", "args"]);
/// let body = br#"{"spec":{"containers":[{"args":["-c",["x"]]}],"hostNetwork":true}}"#;
/// let (mut memory, mut found) = (String::new(), Vec::new());
/// assert!(leaves.read(body, &mut memory, &mut |key, value| found.push((key, value.as_text().unwrap().to_owned()))));
/// assert_eq!(found, [(1, "-c".to_owned()), (1, "x".to_owned()), (0, "true".to_owned())]);
/// ```
#[derive(Debug)]
#[doc(hidden)]
pub struct BodyLeaves {
    level: Level,
    /// Each with its number, those of one bucket together.
    keys: Vec<(Box<[u8]>, usize)>,
    /// By bucket, where its keys end.
    ends: [usize; BUCKETS],
    edges: Edges,
    /// The ASCII characters of the keys, one bit each, and whether there are others.
    characters: u128,
    beyond_ascii: bool,
}

/// Buckets that keys are filed in.
const BUCKETS: usize = 64;

/// The bucket of a key.
#[inline(always)]
fn bucket(key: &[u8]) -> usize {
    let [first, last] =
        [key.first(), key.last()].map(|byte| usize::from(byte.copied().unwrap_or_default()));
    (first ^ last << 2 ^ key.len() << 3) % BUCKETS
}

impl BodyLeaves {
    /// Keys are known by their places in this list. None of them holds a character that JSON has a short escape for:
    /// [`Leaf`](crate::Leaf) names no such key.
    pub fn new<K: AsRef<str>>(keys: impl IntoIterator<Item = K>) -> Self {
        let mut leaves = Self {
            level: Level::new(),
            keys: Vec::new(),
            ends: [0; BUCKETS],
            edges: Edges::default(),
            characters: 0,
            beyond_ascii: false,
        };
        for (number, key) in keys.into_iter().enumerate() {
            let key = key.as_ref().as_bytes();
            leaves.edges.add(key);
            for byte in key {
                match 1_u128.checked_shl(u32::from(*byte)) {
                    Some(bit) => leaves.characters |= bit,
                    None => leaves.beyond_ascii = true,
                }
            }
            leaves.keys.push((key.into(), number));
        }
        leaves.keys.sort_unstable_by_key(|(key, _)| bucket(key));
        for (at, end) in leaves.ends.iter_mut().enumerate() {
            *end = leaves.keys.partition_point(|(key, _)| bucket(key) <= at);
        }
        leaves
    }

    /// Hands out every text, number and boolean that stands under one of the keys, in a list or not, with the number of
    /// the key.
    ///
    /// Returns whether that was all. If not, the body is odd, and a tree must say what it holds.
    pub fn read(&self, body: &[u8], memory: &mut String, each: &mut Each<'_>) -> bool {
        body.first() == Some(&b'{')
            && scalars::read(self.level, self, body, Jumps::default(), memory, each)
    }

    /// The same for those of the keys that are asked for, without reading all of the body: they are sought in it. What
    /// stands under another key may be handed out too, as if it stood under one of these.
    ///
    /// Returns whether that was all. If not, the body must be [read](Self::read).
    pub fn seek(
        &self,
        body: &[u8],
        asked: &dyn Fn(usize) -> bool,
        memory: &mut String,
        each: &mut Each<'_>,
    ) -> bool {
        let done = if self.level.is_fallback() {
            self.seek_by(Words, body, asked, memory, each)
        } else {
            dispatch!(self.level, simd => self.seek_by(Vector(simd), body, asked, memory, each))
        };
        done.is_some()
    }

    #[inline(always)]
    fn seek_by<L: Look>(
        &self,
        look: L,
        body: &[u8],
        asked: &dyn Fn(usize) -> bool,
        memory: &mut String,
        each: &mut Each<'_>,
    ) -> Option<()> {
        if body.first() != Some(&b'{') || body.len() > MOST_BYTES {
            return None;
        }
        let keys = self.keys.iter().filter(|(_, number)| asked(*number));
        let sought = Sought::new(keys.map(|(key, _)| &**key));
        let is_odd = |unit: u16| match 1_u128.checked_shl(u32::from(unit)) {
            Some(bit) => self.characters & bit != 0,
            None => self.beyond_ascii,
        };
        let number = |key: &[u8]| self.number(key).filter(|number| asked(*number));
        seek(look, body, &sought, is_odd, number, memory, each)
    }

    /// The number of a key.
    #[inline(always)]
    fn number(&self, key: &[u8]) -> Option<usize> {
        if !self.edges.may_hold(key, |byte| byte) {
            return None;
        }
        let at = bucket(key);
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before));
        let filed = self
            .keys
            .get(start.copied().unwrap_or_default()..*self.ends.get(at)?)?;
        let found = filed.iter().find(|(known, _)| **known == *key);
        found.map(|(_, number)| *number)
    }
}

impl Guide for BodyLeaves {
    /// The number of the key that a value stands under.
    type Place = Option<usize>;

    #[inline(always)]
    fn root(&self) -> Option<usize> {
        None
    }

    #[inline(always)]
    fn below(&self, _: Option<usize>, raw: &[u8], escaped: bool) -> Below<Option<usize>> {
        // The other escapes, which the keys of `managedFields` are full of, stand for what the keys do not hold.
        if escaped && raw.windows(2).any(|pair| pair == b"\\u") {
            return Below::Odd;
        }
        Below::At(self.number(raw))
    }

    #[inline(always)]
    fn enters(&self, _: Option<usize>) -> bool {
        true
    }

    #[inline(always)]
    fn wanted(&self, key: Option<usize>) -> Option<usize> {
        key
    }
}

#[cfg(test)]
mod tests;
