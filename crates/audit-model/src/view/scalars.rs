//! One pass over a body by its grammar, which hands out the scalars that somebody wants.

use std::ops::Range;

use fearless_simd::{Level, dispatch};

use crate::text::unescape;
use crate::value::Value;
use crate::view::block::{Look, Vector, Words};
use crate::view::cursor::Cursor;
use crate::view::jumps::Jumps;
use crate::view::skip::skip;

/// Most containers that are open at a time; what nests deeper is left to the tree.
const MOST_OPEN: usize = 64;
/// Longest body that is read in this way: a longer one may hold more values than a tree takes, which must be noticed.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// Who wants scalars: knows by the keys on the way to a value whether it is wanted.
pub(super) trait Guide {
    /// What is known of a value by the keys on the way to it.
    type Place: Copy;

    /// The place of the body itself.
    fn root(&self) -> Self::Place;

    /// The place of what stands under a key, `raw` as it is between its quotes.
    fn below(&self, object: Self::Place, raw: &[u8], escaped: bool) -> Below<Self::Place>;

    /// Whether something may be wanted in an object.
    fn enters(&self, object: Self::Place) -> bool;

    /// The number under which a scalar is handed out, if it is wanted.
    fn wanted(&self, at: Self::Place) -> Option<usize>;
}

/// What stands under a key.
pub(super) enum Below<P> {
    At(P),
    /// Nothing that is wanted.
    Nothing,
    /// The key may be another one, written in another way: a tree must say.
    Odd,
}

/// Gets the number of a scalar and what it is.
pub(super) type Each<'e> = dyn FnMut(usize, Value<'_>) + 'e;

/// Hands out every text, number and boolean that is wanted; of a list, its members. What is known to be sound and of which
/// nothing is wanted is jumped over. Returns whether that was all: if
/// not, the body is odd or breaks the grammar, and a tree must say what it holds.
pub(super) fn read(
    level: Level,
    guide: &impl Guide,
    body: &[u8],
    jumps: Jumps<'_>,
    memory: &mut String,
    each: &mut Each<'_>,
) -> bool {
    if body.len() > MOST_BYTES {
        return false;
    }
    let read = if level.is_fallback() {
        walk(Words, guide, body, jumps, memory, each)
    } else {
        dispatch!(level, simd => walk(Vector(simd), guide, body, jumps, memory, each))
    };
    read.is_some()
}

#[inline(always)]
pub(super) fn walk<L: Look, G: Guide>(
    look: L,
    guide: &G,
    body: &[u8],
    jumps: Jumps<'_>,
    memory: &mut String,
    each: &mut Each<'_>,
) -> Option<()> {
    let cursor = Cursor { look, bytes: body };
    let pass_over = |at| match jumps.over(at) {
        None => skip(look, body, at, false, &mut ()),
        known => known,
    };
    let mut texts = Texts::new(body);
    let mut place = guide.root();
    // The places of the containers that are open; which of these are objects, the innermost lowest.
    let mut open = [place; MOST_OPEN];
    let (mut depth, mut objects) = (0, 0_u64);
    let mut at = cursor.space(0);
    'value: loop {
        let byte = cursor.byte(at);
        let mut first = byte == b'[' || byte == b'{' && guide.enters(place);
        if first {
            *open.get_mut(depth)? = place;
            depth += 1;
            objects = objects << 1 | u64::from(byte == b'{');
            at = cursor.space(at + 1);
        } else if byte == b'{' {
            at = pass_over(at)?;
        } else {
            at = scalar(cursor, &mut texts, at, guide.wanted(place), memory, each)?;
        }
        // Behind a value, or at the beginning of a container.
        loop {
            let (here, byte) = cursor.next(at);
            at = here;
            let Some(inner) = depth.checked_sub(1) else {
                return (at == body.len()).then_some(());
            };
            let is_object = objects & 1 == 1;
            if byte == if is_object { b'}' } else { b']' } {
                depth = inner;
                objects >>= 1;
                at += 1;
                first = false;
                continue;
            }
            if !std::mem::take(&mut first) {
                if byte != b',' {
                    return None;
                }
                at = cursor.space(at + 1);
            }
            let container = *open.get(inner)?;
            if !is_object {
                place = container;
                continue 'value;
            }
            let key = cursor.quoted(at)?;
            at = cursor.space(key.after());
            if cursor.byte(at) != b':' {
                return None;
            }
            at = cursor.space(at + 1);
            match guide.below(container, body.get(key.range)?, key.escaped) {
                Below::At(found) => {
                    place = found;
                    continue 'value;
                }
                Below::Odd => return None,
                Below::Nothing => {
                    at = match cursor.byte(at) {
                        b'{' | b'[' => pass_over(at)?,
                        _ => scalar(cursor, &mut texts, at, None, memory, each)?,
                    };
                }
            }
        }
    }
}

/// The texts of a body.
pub(super) struct Texts<'b> {
    body: &'b [u8],
    /// Bytes that were asked for, and what it takes to ask.
    n_asked: usize,
    /// All of it, once it is known to be text.
    whole: Option<&'b str>,
}

impl<'b> Texts<'b> {
    pub(super) fn new(body: &'b [u8]) -> Self {
        Self {
            body,
            n_asked: 0,
            whole: None,
        }
    }

    #[inline(always)]
    fn get(&mut self, range: Range<usize>) -> Option<&'b str> {
        /// What it costs to ask for one, in bytes.
        const EACH: usize = 64;
        // Where so much is asked for, that all of it is text costs less to find than that each of them is.
        let before = self.n_asked;
        self.n_asked += range.len() + EACH;
        if before <= self.body.len() && self.n_asked > self.body.len() {
            self.whole = std::str::from_utf8(self.body).ok();
        }
        match self.whole {
            Some(whole) => whole.get(range),
            None => std::str::from_utf8(self.body.get(range)?).ok(),
        }
    }
}

/// Passes over the scalar that begins here; one that is wanted, and is not `null`, is handed out.
#[inline(always)]
pub(super) fn scalar<L: Look>(
    cursor: Cursor<'_, L>,
    texts: &mut Texts<'_>,
    at: usize,
    wanted: Option<usize>,
    memory: &mut String,
    each: &mut Each<'_>,
) -> Option<usize> {
    let mut tell = |value: Value<'_>| {
        if let Some(number) = wanted {
            each(number, value);
        }
    };
    if let Some(text) = cursor.quoted(at) {
        let after = text.after();
        if wanted.is_none() {
            return Some(after);
        }
        let plain = if text.escaped {
            None
        } else {
            texts.get(text.range.clone())
        };
        if let Some(plain) = plain {
            tell(Value::Text(plain));
        } else {
            memory.clear();
            unescape(cursor.bytes.get(text.range)?, memory);
            tell(Value::Text(memory));
        }
        return Some(after);
    }
    let rest = cursor.bytes.get(at..)?;
    let is_in = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let length = rest.iter().position(|byte| !is_in(byte));
    let token = rest.get(..length.unwrap_or(rest.len()))?;
    match token {
        b"null" => {}
        b"true" => tell(Value::Bool(true)),
        b"false" => tell(Value::Bool(false)),
        [b'-' | b'0'..=b'9', ..] => tell(Value::Number(std::str::from_utf8(token).ok()?)),
        _ => return None,
    }
    Some(at + token.len())
}
