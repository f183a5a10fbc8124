//! The numbers of a window, and what is made of numbers.

use std::collections::VecDeque;

use rule_lang::CorrelationType;
use serde::{Deserialize, Serialize};

use crate::correlate::fact::Mark;
use crate::correlate::time::Time;
use crate::correlate::window::marks::Marks;

/// Most numbers that are remembered of a group.
pub(crate) const NUMBERS: usize = 4096;

/// The latest numbers of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "VecDeque<(f64, Mark)>", into = "VecDeque<(f64, Mark)>")]
pub(crate) struct Numbers {
    by_time: Marks<(f64, Mark)>,
    /// The same by size, so that no event makes them be sorted.
    by_size: Vec<f64>,
}

impl From<VecDeque<(f64, Mark)>> for Numbers {
    fn from(numbers: VecDeque<(f64, Mark)>) -> Self {
        let mut by_size: Vec<f64> = numbers.iter().map(|(number, _)| *number).collect();
        by_size.sort_unstable_by(f64::total_cmp);
        Self {
            by_time: numbers.into(),
            by_size,
        }
    }
}

impl From<Numbers> for VecDeque<(f64, Mark)> {
    fn from(numbers: Numbers) -> Self {
        numbers.by_time.into()
    }
}

impl Numbers {
    pub(crate) fn new() -> Self {
        Self::from(VecDeque::with_capacity(1))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(f64, Mark)> {
        self.by_time.iter()
    }

    pub(crate) fn last(&self) -> Option<&Mark> {
        self.by_time.last()
    }

    /// Adds a number after forgetting those before a time. Returns whether one had to be forgotten that was not.
    pub(crate) fn push(&mut self, number: f64, mark: Mark, start: Time) -> bool {
        self.expire(start);
        let at = self.place(number);
        self.by_size.insert(at, number);
        self.by_time.push((number, mark));
        let lost = self.by_time.len() > NUMBERS;
        if lost && let Some((number, _)) = self.by_time.pop() {
            self.remove(number);
        }
        lost
    }

    /// Forgets what came before a time.
    pub(crate) fn expire(&mut self, start: Time) {
        while let Some((number, _)) = self.by_time.pop_before(start) {
            self.remove(number);
        }
    }

    fn place(&self, number: f64) -> usize {
        let is_less = |known: &f64| known.total_cmp(&number).is_lt();
        self.by_size.partition_point(is_less)
    }

    fn remove(&mut self, number: f64) {
        let at = self.place(number);
        if at < self.by_size.len() {
            self.by_size.remove(at);
        }
    }

    pub(crate) fn measure(&self, kind: CorrelationType, percentile: Option<u8>) -> Option<f64> {
        let by_time = self.by_time.iter().map(|(number, _)| *number);
        measure(kind, percentile, &self.by_size, by_time)
    }

    pub(crate) fn heap(&self) -> usize {
        self.by_time.heap() + self.by_size.capacity() * size_of::<f64>()
    }
}

/// Sum, mean, median or percentile of numbers, which come by size and in the order in which they are added up; `None`
/// without any.
///
/// A percentile is the least number that so many percent of the numbers do not exceed; the median of an even number
/// of them is the mean of the two in the middle.
pub(crate) fn measure(
    kind: CorrelationType,
    percentile: Option<u8>,
    by_size: &[f64],
    in_order: impl Iterator<Item = f64>,
) -> Option<f64> {
    let n = by_size.len();
    let nth = |at: usize| by_size.get(at.min(n.checked_sub(1)?)).copied();
    let sum = || in_order.fold(0.0, add);
    match kind {
        CorrelationType::ValuePercentile => {
            let percent = usize::from(percentile.unwrap_or(50));
            nth((n * percent).div_ceil(100).saturating_sub(1))
        }
        // Neither the sum of two large numbers nor the distance between them need be a number.
        CorrelationType::ValueMedian => {
            Some(nth(n.saturating_sub(1) / 2)? / 2.0 + nth(n / 2)? / 2.0)
        }
        _ if n == 0 => None,
        CorrelationType::ValueAvg => {
            Some(sum() / u32::try_from(n).map_or(f64::INFINITY, f64::from))
        }
        _ => Some(sum()),
    }
}

/// A sum that stays a number however large its parts are.
pub(crate) fn add(sum: f64, number: f64) -> f64 {
    (sum + number).clamp(f64::MIN, f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::fact::AuditId;

    fn mark(time: Time) -> Mark {
        Mark {
            time,
            reference: 0,
            id: AuditId::None,
        }
    }

    #[test]
    fn large_numbers_make_a_number() {
        use CorrelationType::{ValueAvg, ValueMedian, ValuePercentile, ValueSum};
        let of = |kind, numbers: &[f64]| {
            let mut window = Numbers::new();
            for number in numbers {
                window.push(*number, mark(0), 0);
            }
            window.measure(kind, Some(50)).unwrap().to_string()
        };
        let text = |number: f64| number.to_string();
        let large = [f64::MAX, f64::MAX];
        assert_eq!(of(ValueSum, &large), text(f64::MAX));
        assert_eq!(of(ValueMedian, &large), text(f64::MAX));
        assert_eq!(of(ValuePercentile, &large), text(f64::MAX));
        assert_eq!(of(ValueAvg, &large), text(f64::MAX / 2.0));
        let apart = [f64::MIN, f64::MAX, f64::MAX, f64::MIN];
        assert_eq!(of(ValueMedian, &apart), text(0.0));
        assert_ne!(of(ValueSum, &apart), text(f64::NAN));
        assert_eq!(of(ValueMedian, &[1.0, 2.0]), text(1.5));
        assert_eq!(Numbers::new().measure(ValueMedian, None), None);
        assert_eq!(Numbers::new().measure(ValueSum, None), None);
    }

    #[test]
    fn numbers_leave_by_time_whatever_their_size() {
        let mut window = Numbers::new();
        for n in 0..20_u32 {
            let number = f64::from(n * 7 % 5);
            window.push(number, mark(n.into()), Time::from(n) - 9);
            let mut expected: Vec<f64> = window.iter().map(|(number, _)| *number).collect();
            assert_eq!(expected.len(), usize::try_from(n).unwrap().min(9) + 1);
            expected.sort_by(f64::total_cmp);
            assert_eq!(window.by_size, expected);
        }
    }
}
