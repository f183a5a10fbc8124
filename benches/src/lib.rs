//! What the benchmarks run on and how they measure: audit logs and rules that are made up the same way every time, with
//! no clock and no randomness from outside, and contenders that take turns in one process. Criterion measures one after the
//! other, and numbers that are minutes apart have no ratio on a machine that others use too; so it is not used.
//!
//! The logs' proportions follow real clusters: most events are reads at level `Metadata`, of about a kilobyte each, by a
//! few dozen identities; one in a hundred is something that an attacker might do.

#![forbid(unsafe_code)]

mod log;
mod page;
mod random;
mod rules;
mod timing;

pub use log::{aks, cluster, eks, gke, lines, metadata, mixed};
pub use page::{put, table};
pub use rules::rules;
pub use timing::{Contender, Outcome, compare, median, processor_time};
