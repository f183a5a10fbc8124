//! What the benchmarks run on and how they measure: audit logs and rules that are made up the same way every time, with
//! no clock and no randomness from outside, and contenders that take turns in one process.
//!
//! The logs' proportions follow real clusters: most events are reads at level `Metadata`, of about a kilobyte each, by a
//! few dozen identities; one in a hundred is something that an attacker might do.

#![forbid(unsafe_code)]

mod log;
mod random;
mod rules;
mod timing;

pub use log::{aks, cluster, eks, gke, metadata, mixed};
pub use rules::rules;
pub use timing::{Contender, Outcome, compare};
