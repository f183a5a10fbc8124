//! How many distinct values there are, when there are too many to remember.

use smallvec::SmallVec;

use crate::correlate::fact::Key;
use crate::correlate::time::Time;

/// Bits of a hash that choose a register.
const BITS: u32 = 11;
/// Registers.
const REGISTERS: usize = 1 << BITS;

/// Standard error of an estimate, as a part of it: 1.04 / √2048.
pub(crate) const STANDARD_ERROR: f64 = 0.023;

/// `HyperLogLog` over the values of a window that slides: each register keeps, beside its largest rank, the smaller ones
/// that came later and will be the largest when the window has moved on.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Sketch {
    /// Per register: times ascending, ranks descending.
    registers: Vec<SmallVec<[(Time, u8); 1]>>,
}

impl Sketch {
    pub(crate) fn new() -> Self {
        Self {
            registers: vec![SmallVec::new(); REGISTERS],
        }
    }

    /// Adds a value by its hash. Times do not go back.
    pub(crate) fn add(&mut self, [hash, _]: Key, time: Time) {
        let register = usize::try_from(hash >> (u64::BITS - BITS)).unwrap_or_default();
        let rest = hash << BITS;
        // The sentinel keeps the rank within the bits that are left.
        let rank = (rest | 1 << (BITS - 1)).leading_zeros() + 1;
        let rank = u8::try_from(rank).unwrap_or(u8::MAX);
        if let Some(register) = self.registers.get_mut(register) {
            while register.last().is_some_and(|(_, known)| *known <= rank) {
                register.pop();
            }
            register.push((time, rank));
        }
    }

    /// Forgets what came before a time.
    pub(crate) fn expire(&mut self, before: Time) {
        for register in &mut self.registers {
            let old = register
                .iter()
                .take_while(|(time, _)| *time < before)
                .count();
            register.drain(..old);
        }
    }

    /// When the first of the values was by which the estimate goes.
    pub(crate) fn earliest(&self) -> Option<Time> {
        let first = self
            .registers
            .iter()
            .filter_map(|register| register.first());
        first.map(|(time, _)| *time).min()
    }

    /// Forgets the times, so that nothing ever leaves.
    pub(crate) fn flatten(&mut self) {
        for register in &mut self.registers {
            register.truncate(1);
            if let Some((time, _)) = register.first_mut() {
                *time = 0;
            }
        }
    }

    /// About how many distinct values there are.
    #[expect(clippy::cast_precision_loss, reason = "there are 2048 registers")]
    pub(crate) fn estimate(&self) -> f64 {
        const N: f64 = REGISTERS as f64;
        let ranks = self
            .registers
            .iter()
            .map(|register| register.first().map_or(0, |(_, rank)| *rank));
        let (mut sum, mut empty) = (0.0, 0_u32);
        for rank in ranks {
            sum += 0.5_f64.powi(i32::from(rank));
            empty += u32::from(rank == 0);
        }
        let estimate = 0.7213 / (1.0 + 1.079 / N) * N * N / sum;
        // Few values leave registers empty, and counting those is better then.
        if estimate <= 2.5 * N && empty > 0 {
            (N * (N / f64::from(empty)).ln()).round()
        } else {
            estimate.round()
        }
    }

    /// Bytes beside the value itself.
    pub(crate) fn heap(&self) -> usize {
        let spilled = self.registers.iter().filter(|register| register.spilled());
        let more: usize = spilled.map(SmallVec::capacity).sum();
        REGISTERS * size_of::<SmallVec<[(Time, u8); 1]>>() + more * size_of::<(Time, u8)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::fact::KeyHasher;

    fn key(n: u64) -> Key {
        let mut hasher = KeyHasher::stable();
        hasher.number(n);
        hasher.finish()
    }

    #[test]
    fn estimates_are_within_three_standard_errors() {
        for n in [10_u32, 1000, 5000, 20_000, 200_000] {
            let mut sketch = Sketch::new();
            for value in 0..n {
                sketch.add(key(value.into()), 0);
                sketch.add(key(value.into()), 1);
            }
            let error = (sketch.estimate() - f64::from(n)).abs() / f64::from(n);
            assert!(error < 3.0 * STANDARD_ERROR, "{n}: {error}");
        }
    }

    #[test]
    fn what_left_the_window_does_not_count() {
        let mut sketch = Sketch::new();
        let mut recent = Sketch::new();
        for value in 0..50_000 {
            let time = Time::try_from(value).unwrap();
            sketch.add(key(value), time);
            if time >= 40_000 {
                recent.add(key(value), time);
            }
        }
        sketch.expire(40_000);
        let difference = (sketch.estimate() - recent.estimate()).abs();
        assert!(difference < 0.5, "{difference}");
    }
}
