//! Hits that do not count in correlations.

use detect::{CorrelationStats, Correlator, Detector};

/// Whether there were hits that do not count in correlations, which is said though nobody asks for counters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uncounted {
    late: bool,
    uncorrelated: bool,
}

impl Uncounted {
    /// Adds those of a detector.
    pub fn add_detector(&mut self, detector: &Detector) {
        self.add(detector.correlations(), detector.uncorrelated());
    }

    /// Adds those of a correlator.
    pub fn add_correlator(&mut self, correlator: &Correlator) {
        self.add(correlator.correlations(), correlator.uncorrelated());
    }

    /// Adds others.
    pub fn also(&mut self, other: Self) {
        self.late |= other.late;
        self.uncorrelated |= other.uncorrelated;
    }

    fn add<'s>(&mut self, mut all: impl Iterator<Item = CorrelationStats<'s>>, uncorrelated: u64) {
        self.late |= all.any(|one| one.late > 0);
        self.uncorrelated |= uncorrelated > 0;
    }

    /// What to say of them.
    pub fn warnings(self) -> impl Iterator<Item = &'static str> {
        let late = "warning: hits that came more than a minute behind later ones do not count in correlations; \
                    `evaluate --stats` says in which";
        let uncorrelated =
            "warning: hits without a time, or from too many sources, do not count in correlations";
        let all = [(self.late, late), (self.uncorrelated, uncorrelated)];
        all.into_iter()
            .filter_map(|(is_so, warning)| is_so.then_some(warning))
    }
}
