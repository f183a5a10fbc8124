//! What a whole rule set says of whole events.

#[cfg(test)]
mod detector;
#[cfg(test)]
mod filters;
#[cfg(test)]
mod support;
#[cfg(test)]
mod truth_table;
