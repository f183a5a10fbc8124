//! Telling many bytes at a time that none of a few texts stands in another, whatever the case.
//!
//! Each text is known by three of its bytes that stand together, the rarest ones or else the first. A byte is looked up by
//! its two halves, in tables that say for which texts it can be the first, second or third of these (the search is known
//! as Teddy, from the Hyperscan library). Upper and lower case are in the tables, so that a path need not be folded to find
//! nothing in it.

#![expect(
    clippy::inline_always,
    reason = "code with vector instructions must be inlined into a function that is compiled for them"
)]

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, u8x32};

/// Bytes by which a text is known.
const KNOWN: usize = 3;
/// Most runs of that many bytes: with more, most texts hold what may be one of them.
const MOST: usize = 48;
/// What paths, names and user agents are mostly made of, the most common first.
const COMMON: &[u8] = b"eastnioprcldm/-.ubgvk1h0:2yf3w";
/// Bytes that are looked at together, with those that follow the last of them.
const BLOCK: usize = 32 + KNOWN - 1;

/// Tells texts that hold none of some others.
#[derive(Debug)]
pub(crate) struct Gate {
    level: Level,
    /// By place in a text: by lower and by upper half of a byte, which texts can have it there, one bit for some.
    tables: [[[u8; 16]; 2]; KNOWN],
}

impl Gate {
    /// For texts with their case folded; `None` where a text is too short or has no run of ASCII that is long enough, and
    /// where they have too little in common.
    pub(crate) fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<Self> {
        let mut gate = Self {
            level: Level::new(),
            tables: [[[0; 16]; 2]; KNOWN],
        };
        if gate.level.is_fallback() {
            return None;
        }
        let texts: Vec<&[u8]> = texts.into_iter().map(str::as_bytes).collect();
        // Texts that are varied by number or name begin alike.
        let known = known(&texts, rarest).or_else(|| known(&texts, first))?;
        for (at, known) in known.iter().enumerate() {
            let bit = 1 << (at % 8);
            for ([low, high], byte) in gate.tables.iter_mut().zip(known) {
                for byte in [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
                    *low.get_mut(usize::from(byte & 0xf))? |= bit;
                    *high.get_mut(usize::from(byte >> 4))? |= bit;
                }
            }
        }
        Some(gate)
    }

    /// Whether one of the texts may stand in this one; `false` is certain.
    pub(crate) fn may_hold(&self, text: &[u8]) -> bool {
        dispatch!(self.level, simd => may_hold(simd, &self.tables, text))
    }
}

/// By which runs of bytes texts are known; `None` if one has none, or there are too many.
fn known(texts: &[&[u8]], choose: fn(&[u8]) -> Option<&[u8]>) -> Option<Vec<[u8; KNOWN]>> {
    let mut all = Vec::new();
    for text in texts {
        all.push(<[u8; KNOWN]>::try_from(choose(text)?).ok()?);
    }
    all.sort_unstable();
    all.dedup();
    (all.len() <= MOST).then_some(all)
}

fn runs(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.windows(KNOWN).filter(|run| run.is_ascii())
}

fn first(text: &[u8]) -> Option<&[u8]> {
    runs(text).next()
}

fn rarest(text: &[u8]) -> Option<&[u8]> {
    runs(text).max_by_key(|run| run.iter().map(|byte| rarity(*byte)).sum::<usize>())
}

fn rarity(byte: u8) -> usize {
    let place = COMMON.iter().position(|common| *common == byte);
    place.unwrap_or(COMMON.len())
}

#[inline(always)]
fn may_hold<S: Simd>(simd: S, tables: &[[[u8; 16]; 2]; KNOWN], text: &[u8]) -> bool {
    let wide = |table: &[u8; 16]| {
        let mut both = [0; 32];
        let (chunks, _) = both.as_chunks_mut::<16>();
        for chunk in chunks {
            *chunk = *table;
        }
        u8x32::load_array(simd, both)
    };
    let tables = tables.map(|[low, high]| [wide(&low), wide(&high)]);
    let mut rest = text;
    while let Some(block) = rest.first_chunk::<BLOCK>() {
        if begins(simd, &tables, block) {
            return true;
        }
        rest = rest.get(32..).unwrap_or_default();
    }
    if rest.len() < KNOWN {
        // A text folds to a shorter one only where it is not ASCII.
        return !rest.is_ascii();
    }
    if let Some(block) = text.last_chunk::<BLOCK>() {
        return begins(simd, &tables, block);
    }
    let mut block = [0; BLOCK];
    for (to, from) in block.iter_mut().zip(rest) {
        *to = *from;
    }
    begins(simd, &tables, &block)
}

/// Whether one of the texts may begin at one of 32 bytes, or a byte is not ASCII and folds to who knows what.
#[inline(always)]
fn begins<S: Simd>(simd: S, tables: &[[u8x32<S>; 2]; KNOWN], block: &[u8; BLOCK]) -> bool {
    let mut found = u8x32::splat(simd, 0xff);
    let mut beyond = u8x32::splat(simd, 0);
    for ([low, high], bytes) in tables.iter().zip(block.windows(32)) {
        let Some(bytes) = bytes.first_chunk::<32>() else {
            return true;
        };
        let bytes = u8x32::load_array_ref(simd, bytes);
        beyond |= bytes;
        let half = u8x32::splat(simd, 0xf);
        found &= low.swizzle_dyn_within_blocks(bytes & half)
            & high.swizzle_dyn_within_blocks((bytes >> 4_u32) & half);
    }
    let odd = beyond.simd_ge(u8x32::splat(simd, 0x80));
    (found.simd_gt(u8x32::splat(simd, 0)) | odd).any_true()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The vector instructions of this processor, and those of lesser ones.
    fn levels() -> Vec<Level> {
        let best = Level::new();
        let mut levels = vec![best];
        #[cfg(target_arch = "x86_64")]
        {
            levels.extend(best.as_avx2().map(Level::Avx2));
            levels.extend(best.as_sse4_2().map(Level::Sse4_2));
        }
        levels
    }

    proptest! {
        #[test]
        fn no_text_is_passed_over(
            needles in prop::collection::vec("[a-c/=]{3,6}", 1..20), before in "[a-cA-C/=x]{0,80}", after in "[a-cA-C/=x]{0,80}",
            at in any::<prop::sample::Index>(), upper in any::<bool>(),
        ) {
            let Some(gate) = Gate::new(needles.iter().map(String::as_str)) else {
                return Ok(());
            };
            let needle = at.get(&needles);
            let needle = if upper { needle.to_uppercase() } else { needle.clone() };
            let text = format!("{before}{needle}{after}");
            for level in levels() {
                let gate = Gate { level, ..gate };
                prop_assert!(gate.may_hold(text.as_bytes()), "{text} {level:?}");
            }
        }
    }

    #[test]
    fn texts_without_any_are_told() {
        let Some(gate) = Gate::new(["/proxy/", "command="]) else {
            return;
        };
        for n in 0..200 {
            let text: String = "/api/v1/namespaces/shop/pods/web?limit=5"
                .chars()
                .cycle()
                .take(n)
                .collect();
            assert!(!gate.may_hold(text.as_bytes()), "{n}");
            let found = format!("{text}/PROXY/");
            assert!(gate.may_hold(found.as_bytes()), "{n}");
            // Folding turns the sign for kelvin into a letter.
            let odd = format!("{text}\u{212a}");
            assert!(gate.may_hold(odd.as_bytes()), "{n}");
        }
        let varied: Vec<String> = (0..1000).map(|n| format!(":bot-{n:03}")).collect();
        let gate = Gate::new(varied.iter().map(String::as_str)).unwrap();
        assert!(gate.may_hold(b"system:serviceaccount:x:bot-7"));
        assert!(!gate.may_hold(b"system:serviceaccount:x:app-007"));
        let unlike: Vec<String> = (0..1000).map(|n| format!("{n:03}")).collect();
        assert!(Gate::new(unlike.iter().map(String::as_str)).is_none());
        assert!(Gate::new(["ab"]).is_none());
        assert!(Gate::new(["a\u{e9}bc"]).is_none());
    }
}
