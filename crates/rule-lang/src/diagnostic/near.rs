//! What was meant by a name that is not known.

use super::quoted;

/// `did you mean` with the candidate nearest to `name`, when one is near.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, candidates).map(|near| format!("did you mean {}?", quoted(near)))
}

/// The candidate nearest to `name` when it is near: a third of its letters at most, three at most.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // The distance costs the product of both lengths, and sets may be large.
    const LONGEST: usize = 64;
    const MOST: usize = 10_000;
    if name.len() > LONGEST {
        return None;
    }
    let folded: Vec<char> = name.to_lowercase().chars().collect();
    candidates
        .into_iter()
        .filter(|candidate| {
            candidate.len() <= LONGEST && candidate.len().abs_diff(name.len()) <= 3 * 4
        })
        .take(MOST)
        .filter_map(|candidate| {
            let other: Vec<char> = candidate.to_lowercase().chars().collect();
            let most = (other.len() / 3).clamp(1, 3);
            let distance = distance(&other, &folded, most)?;
            (distance <= most && distance < other.len()).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
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
}
