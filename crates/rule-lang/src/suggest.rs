//! What was meant by a name that is not known.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::diagnostic::quoted;

/// What the files of a set may spend together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared {
    pub(crate) suggestions: Suggestions,
    pub(crate) regex_bytes: Share,
    pub(crate) written_values: Share,
    pub(crate) unused: Unused,
}

/// Where documents begin that are there and cannot be used, by the names that they have, or seem to have.
pub(crate) type Unused = Arc<OnceLock<HashMap<String, String>>>;

/// How much of something the files of a set take, and may take. Clones share it: a pattern of ten bytes can be a megabyte
/// compiled, so what one may take does not bound what many do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Share(Arc<Amounts>);

#[derive(Debug, Default)]
struct Amounts {
    taken: AtomicUsize,
    limit: AtomicUsize,
}

impl Share {
    /// Lets files of this many bytes together take so much for each MiB that is begun.
    pub(crate) fn allow(&self, file_bytes: usize, each_mib: usize) {
        let n_mib = file_bytes.div_ceil(1 << 20).max(1);
        let limit = n_mib.saturating_mul(each_mib);
        self.0.limit.store(limit, Ordering::Relaxed);
    }

    /// The limit, when it is reached.
    pub(crate) fn reached(&self) -> Option<usize> {
        let limit = self.0.limit.load(Ordering::Relaxed);
        (self.taken() >= limit).then_some(limit)
    }

    /// How much was taken.
    pub(crate) fn taken(&self) -> usize {
        self.0.taken.load(Ordering::Relaxed)
    }

    /// Counts so much more.
    pub(crate) fn take(&self, amount: usize) {
        self.0.taken.fetch_add(amount, Ordering::Relaxed);
    }
}

/// Looks for what was meant, as long as there is something left to spend on it. Clones share it, so that all files of a set
/// together look at no more names than one that is large and full of mistakes: their number is that of the names times
/// that of the mistakes.
#[derive(Clone, Debug)]
pub(crate) struct Suggestions(Arc<AtomicUsize>);

impl Suggestions {
    /// What there is to spend: half a million comparisons, which take a fraction of a second.
    const ALL: usize = Self::COMPARED << 19;
    /// What it costs to compare a name, of which looking at its length is one part.
    const COMPARED: usize = 32;
    /// Longest name that is compared, because that costs the product of both lengths.
    const LONGEST: usize = 64;

    /// The candidate nearest to `name` when it is near: a third of its letters at most, three at most.
    pub(crate) fn nearest<'a>(
        &self,
        name: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        if name.len() > Self::LONGEST {
            return None;
        }
        let mut left = self.0.load(Ordering::Relaxed);
        let folded: Vec<char> = name.to_lowercase().chars().collect();
        let mut best = None;
        for candidate in candidates {
            // A search that is not finished says nothing.
            let Some(rest) = left.checked_sub(Self::COMPARED) else {
                best = None;
                break;
            };
            // Each letter that differs has four bytes at most.
            if candidate.len() > Self::LONGEST || candidate.len().abs_diff(name.len()) > 3 * 4 {
                left -= 1;
                continue;
            }
            left = rest;
            let other: Vec<char> = candidate.to_lowercase().chars().collect();
            let most = (other.len() / 3).clamp(1, 3);
            let near = distance(&other, &folded, most)
                .filter(|distance| *distance <= most && *distance < other.len())
                .map(|distance| (distance, candidate));
            best = [best, near].into_iter().flatten().min();
        }
        self.0.store(left, Ordering::Relaxed);
        best.map(|(_, candidate)| candidate)
    }
}

impl Default for Suggestions {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(Self::ALL)))
    }
}

/// `did you mean` with the one of a few known words that is nearest to `name`, when one is near. For names of a set there is
/// [`Report::did_you_mean`](crate::diagnostic::Report::did_you_mean).
pub(crate) fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, candidates).map(|near| format!("did you mean {}?", quoted(near)))
}

/// The one of some known words that is nearest to `name`, when one is near: what diagnostics ask after with `did you mean`,
/// for programs that are given names of rules.
///
/// ```
/// use rule_lang::nearest;
///
/// assert_eq!(nearest("exec-into-pid", ["exec-into-pod", "host-network"]), Some("exec-into-pod"));
/// assert_eq!(nearest("exec", ["exec-into-pod", "host-network"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    Suggestions::default().nearest(name, candidates)
}

/// How many letters differ, unless it is plain to see that they are more than `most`.
fn distance(left: &[char], right: &[char], most: usize) -> Option<usize> {
    // What both begin or end with changes nothing and is most of names that are near each other.
    let same = |(left, right): &(&char, &char)| left == right;
    let start = left.iter().zip(right).take_while(same).count();
    let (left, right) = (left.get(start..)?, right.get(start..)?);
    let ends = left.iter().rev().zip(right.iter().rev());
    let end = ends.take_while(same).count();
    let left = left.get(..left.len() - end)?;
    let right = right.get(..right.len() - end)?;
    if left.len().abs_diff(right.len()) > most {
        return None;
    }
    // Each difference changes one letter or swaps two.
    let unlike = left.iter().filter(|letter| !right.contains(letter)).count();
    if unlike > most {
        return None;
    }
    Some(strsim::generic_damerau_levenshtein(left, right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["contains", "startswith", "cidr"];
        assert_eq!(nearest("contain", known), Some("contains"));
        assert_eq!(nearest("CIDR", known), Some("cidr"));
        assert_eq!(nearest("base64", known), None);
    }

    #[test]
    fn looks_no_further_than_there_is_to_spend() {
        let found = Suggestions::default();
        let known: Vec<String> = (0..1000).map(|at| format!("some-rule-{at}")).collect();
        let look = || found.nearest("some-rule-500x", known.iter().map(String::as_str));
        for _ in 0..(1 << 19) / 1000 {
            assert_eq!(look(), Some("some-rule-500"));
        }
        assert_eq!(look(), None);
        // What is shared is spent for all.
        assert_eq!(found.clone().nearest("contain", ["contains"]), None);
        assert_eq!(nearest("contain", ["contains"]), Some("contains"));
    }
}
