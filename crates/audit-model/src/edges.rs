//! Telling most texts from all known ones without looking them up.

/// Which lengths, modulo 64, and which pairs of first and last byte some texts have. Most texts of events have no such
/// length or no such pair, and so are none of these.
///
/// ```
/// use audit_model::Edges;
///
/// let mut edges = Edges::default();
/// edges.add(b"secrets");
/// assert!(edges.may_hold(b"secrets", |byte| byte));
/// assert!(!edges.may_hold(b"pods", |byte| byte));
/// assert!(edges.may_hold(b"SECRETS", |byte| byte.to_ascii_lowercase()));
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[doc(hidden)]
pub struct Edges {
    lengths: u64,
    pairs: [u64; 4],
}

impl Edges {
    /// Notes a text.
    pub fn add(&mut self, text: &[u8]) {
        self.lengths |= length_bit(text);
        let (word, bit) = pair_bit(text, |byte| byte);
        if let Some(word) = self.pairs.get_mut(word) {
            *word |= bit;
        }
    }

    /// Whether some text is as long, and begins and ends as this one does when its bytes are mapped.
    #[inline]
    pub fn may_hold(&self, text: &[u8], map: impl Fn(u8) -> u8) -> bool {
        let (word, bit) = pair_bit(text, map);
        self.lengths & length_bit(text) != 0
            && self.pairs.get(word).is_some_and(|word| word & bit != 0)
    }
}

#[inline]
fn length_bit(text: &[u8]) -> u64 {
    1 << (text.len() & 63)
}

/// Where a pair of first and last byte is noted.
#[inline]
fn pair_bit(text: &[u8], map: impl Fn(u8) -> u8) -> (usize, u64) {
    let pair = match text {
        [first, .., last] => map(*first).wrapping_mul(29) ^ map(*last).rotate_left(3),
        [only] => map(*only),
        [] => 0,
    };
    (usize::from(pair >> 6), 1 << (pair & 63))
}
