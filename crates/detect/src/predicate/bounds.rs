//! The numbers that values are compared with, in order: one search tells how a value stands to all of them.

use std::cmp::Ordering;

use rule_lang::{Number, compare};

/// Numbers, ascending, each once.
#[derive(Debug, Default)]
pub(crate) struct Bounds(Box<[Number]>);

/// Where a number stands among the bounds. Odd ranks are those of the bounds themselves, even ones lie between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(u32);

fn order(left: Number, right: Number) -> Ordering {
    // What is not a number is refused wherever numbers are read.
    compare(left, right).unwrap_or(Ordering::Equal)
}

impl Bounds {
    pub(crate) fn new(mut numbers: Vec<Number>) -> Self {
        numbers.sort_by(|left, right| order(*left, *right));
        numbers.dedup_by(|left, right| order(*left, *right).is_eq());
        Self(numbers.into())
    }

    pub(crate) fn rank(&self, number: Number) -> Rank {
        let n_less = self
            .0
            .partition_point(|bound| order(*bound, number).is_lt());
        let equals = self
            .0
            .get(n_less)
            .is_some_and(|bound| order(*bound, number).is_eq());
        // A set has far fewer than 2³¹ numbers.
        Rank(u32::try_from(2 * n_less + usize::from(equals)).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number() -> impl Strategy<Value = Number> {
        prop_oneof![
            (-3..3_i128).prop_map(Number::Int),
            (-3..3_i32).prop_map(|halves| Number::Float(f64::from(halves) / 2.0)),
            Just(Number::Float(-0.0)),
            Just(Number::Int((1 << 53) + 1)),
            Just(Number::Float(9_007_199_254_740_992.0)),
            Just(Number::Int(i128::MAX)),
            Just(Number::Int(i128::MIN)),
            Just(Number::Float(f64::INFINITY)),
            Just(Number::Float(f64::NEG_INFINITY)),
        ]
    }

    proptest! {
        #[test]
        fn ranks_are_ordered_as_numbers_are(numbers in prop::collection::vec(number(), 0..12), value in number()) {
            let bounds = Bounds::new(numbers.clone());
            let rank = bounds.rank(value);
            for bound in numbers {
                prop_assert_eq!(Some(rank.cmp(&bounds.rank(bound))), compare(value, bound), "{} to {}", value, bound);
            }
        }
    }
}
