//! Correlations: hits over time.
//!
//! A hit of a rule that some correlation refers to is reduced to *facts* ([`fact`]): its time, its group, its value and
//! which event it was. Facts wait in their [`stream`] until nothing can come before them, then go through the [`window`]
//! of their group in the order of their times, which makes the result the same whatever order they came in. All groups
//! lie in one [`table`] with a budget. When a condition holds, that is told once ([`fired`]); what follows is summed up
//! ([`silence`]).

pub(crate) mod caller;
mod content;
pub(crate) mod digest;
pub(crate) mod engine;
pub(crate) mod fact;
pub(crate) mod fired;
pub(crate) mod groups;
pub(crate) mod known;
mod line;
mod members;
mod partition;
pub(crate) mod plan;
pub(crate) mod reader;
mod room;
pub(crate) mod silence;
mod sketch;
mod sources;
mod step;
pub(crate) mod stream;
mod summary;
pub(crate) mod table;
pub(crate) mod time;
pub(crate) mod window;
