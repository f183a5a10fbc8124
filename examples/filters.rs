//! What the filters of a set did over all inputs.

use std::io::{self, Write};

use detect::{Day, Scanner};
use serde::Serialize;

use crate::{counted, visible};

/// What each filter did, in the order of the set.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct FilterTotals(Vec<FilterTotal>);

/// What one filter did.
#[derive(Debug, Serialize)]
struct FilterTotal {
    name: String,
    /// Hits that it took away.
    suppressed: u64,
    /// Hits that it would have taken away, had it not expired.
    expired: u64,
    #[serde(skip)]
    expires: Option<Day>,
    /// The file that it comes from, counted from zero.
    #[serde(skip)]
    source: usize,
}

impl FilterTotals {
    /// Adds what the filters did in one scanner of the set.
    pub fn add(&mut self, scanner: &Scanner) {
        for (at, found) in scanner.filters().enumerate() {
            if self.0.len() <= at {
                self.0.push(FilterTotal {
                    name: found.filter.name().to_owned(),
                    suppressed: 0,
                    expired: 0,
                    expires: found.filter.expires(),
                    source: found.filter.source().index(),
                });
            }
            if let Some(total) = self.0.get_mut(at) {
                total.suppressed += found.suppressed;
                total.expired += found.expired;
            }
        }
    }

    /// Hits that were taken away.
    pub fn suppressed(&self) -> u64 {
        self.0.iter().map(|total| total.suppressed).sum()
    }

    /// Says on standard error which filters have expired and are missed, and which of those from `own_from` on took
    /// nothing.
    ///
    /// # Errors
    /// When standard error cannot be written.
    pub fn show(&self, own_from: usize) -> io::Result<()> {
        let mut stderr = io::stderr();
        for total in &self.0 {
            let FilterTotal { expired, .. } = total;
            let name = visible(&total.name);
            match total.expires {
                Some(expires) if *expired > 0 => writeln!(
                    stderr,
                    "note: filter `{name}` expired on {expires} and would have taken {}",
                    counted(*expired, "hit")
                )?,
                _ if total.suppressed == 0 && total.source >= own_from => {
                    writeln!(stderr, "note: filter `{name}` took no hit away")?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
