//! What is promised of allocations: none in a scan, and what reading and detecting takes, by the form of the log.
//!
//! The claims are about one thread, so the allocator counts per thread and the tests need no quiet process.

#[cfg(test)]
mod counting;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod scan;

#[cfg(test)]
#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;
