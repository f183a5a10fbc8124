//! Events of a window by time, with a count of the bytes that they point to: to add it up anew for each event would cost
//! more than the event.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::correlate::fact::Mark;
use crate::correlate::time::Time;

/// What belongs to an event of a window.
pub(crate) trait Marked {
    fn mark(&self) -> &Mark;
}

impl Marked for Mark {
    fn mark(&self) -> &Mark {
        self
    }
}

impl Marked for (f64, Mark) {
    fn mark(&self) -> &Mark {
        &self.1
    }
}

/// Events by time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "VecDeque<T>", into = "VecDeque<T>")]
#[serde(bound(serialize = "T: Marked + Clone + Serialize"))]
#[serde(bound(deserialize = "T: Marked + Deserialize<'de>"))]
pub(crate) struct Marks<T> {
    queue: VecDeque<T>,
    /// Bytes that they point to.
    ids: usize,
}

impl<T: Marked> From<VecDeque<T>> for Marks<T> {
    fn from(queue: VecDeque<T>) -> Self {
        let ids = queue.iter().map(|one| one.mark().id.heap()).sum();
        Self { queue, ids }
    }
}

impl<T> From<Marks<T>> for VecDeque<T> {
    fn from(marks: Marks<T>) -> Self {
        marks.queue
    }
}

impl<T: Marked> Marks<T> {
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.queue.iter()
    }

    pub(crate) fn last(&self) -> Option<&Mark> {
        self.queue.back().map(Marked::mark)
    }

    pub(crate) fn push(&mut self, one: T) {
        self.ids += one.mark().id.heap();
        self.queue.push_back(one);
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let first = self.queue.pop_front()?;
        self.ids -= first.mark().id.heap();
        Some(first)
    }

    /// Takes the first one if it was before a time.
    pub(crate) fn pop_before(&mut self, start: Time) -> Option<T> {
        let first = self.queue.front()?;
        if first.mark().time < start {
            self.pop()
        } else {
            None
        }
    }

    /// Forgets the first ones until so many are left.
    pub(crate) fn keep_last(&mut self, n: usize) {
        while self.queue.len() > n {
            self.pop();
        }
    }

    pub(crate) fn heap(&self) -> usize {
        self.queue.capacity() * size_of::<T>() + self.ids
    }
}
