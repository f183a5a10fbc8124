//! The members of columns, and every choice of one from each, in memory that is used again.

use std::ops::Range;

use crate::correlate::fact::Tuple;

/// Most groups, and most values, of one event.
pub(crate) const MEMBERS: usize = 64;

/// Texts, one after the other. A column is a range of them.
#[derive(Debug, Default)]
pub(crate) struct Members {
    text: String,
    spans: Vec<Range<usize>>,
}

/// The members of a column.
pub(crate) type Column = Range<usize>;

impl Members {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
    }

    /// How many there are: where the next column begins.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(crate) fn push(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.spans.push(start..self.text.len());
    }

    pub(crate) fn contains(&self, column: Column, text: &str) -> bool {
        self.iter(column).any(|known| known == text)
    }

    pub(crate) fn iter(&self, column: Column) -> impl Iterator<Item = &str> {
        let spans = self.spans.get(column).unwrap_or_default();
        let texts = spans.iter().map(|span| self.text.get(span.clone()));
        texts.map(Option::unwrap_or_default)
    }

    fn get(&self, at: usize) -> &str {
        let span = self.spans.get(at).cloned();
        span.and_then(|span| self.text.get(span))
            .unwrap_or_default()
    }
}

/// Every choice of one member from each column, the last column changing first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choices<'m> {
    members: &'m Members,
    columns: &'m [Column],
    total: usize,
}

impl<'m> Choices<'m> {
    /// With `missing_is_a_value` a column without members is one that is missing; else there is no choice then.
    pub(crate) fn new(
        members: &'m Members,
        columns: &'m [Column],
        missing_is_a_value: bool,
    ) -> Self {
        let least = usize::from(missing_is_a_value);
        let sizes = columns.iter().map(|column| column.len().max(least));
        Self {
            members,
            columns,
            total: sizes.fold(1, usize::saturating_mul),
        }
    }

    /// How many there are, up to the limit.
    pub(crate) fn len(&self) -> usize {
        self.total.min(MEMBERS)
    }

    /// How many there are beyond it.
    pub(crate) fn over(&self) -> u64 {
        (self.total - self.len()) as u64
    }

    /// Writes the nth as a [`Tuple`] has it.
    pub(crate) fn write(&self, nth: usize, out: &mut String) {
        out.clear();
        for (at, column) in self.columns.iter().enumerate() {
            if column.is_empty() {
                Tuple::push(out, None);
                continue;
            }
            let later = self.columns.get(at + 1..).unwrap_or_default();
            let sizes = later.iter().map(|column| column.len().max(1));
            let stride = sizes.fold(1, usize::saturating_mul);
            let member = column.start + nth / stride % column.len();
            Tuple::push(out, Some(self.members.get(member)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(columns: &[&[&str]], missing_is_a_value: bool) -> (Vec<String>, u64) {
        let mut members = Members::default();
        let mut ranges = Vec::new();
        for column in columns {
            let start = members.len();
            for member in *column {
                members.push(member);
            }
            ranges.push(start..members.len());
        }
        let choices = Choices::new(&members, &ranges, missing_is_a_value);
        let mut out = String::new();
        let all = (0..choices.len()).map(|nth| {
            choices.write(nth, &mut out);
            out.clone()
        });
        (all.collect(), choices.over())
    }

    #[test]
    fn every_choice_once() {
        let all = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let found = choices(&[&["a", "bc"], &["d"], &["e", "f"]], false);
        let expected = all(&["1:a1:d1:e", "1:a1:d1:f", "2:bc1:d1:e", "2:bc1:d1:f"]);
        assert_eq!(found, (expected, 0));
        assert_eq!(choices(&[], false), (all(&[""]), 0));
        assert_eq!(choices(&[&["a"], &[]], false), (vec![], 0));
        assert_eq!(choices(&[&["a"], &[]], true), (all(&["1:a-"]), 0));
    }

    #[test]
    fn what_is_beyond_the_limit_is_counted() {
        let many: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let (found, over) = choices(&[&["x", "y"], &many], false);
        assert_eq!((found.len(), over), (64, 136));
        assert_eq!(found.last().unwrap(), "1:x2:63");
        let columns = [many.as_slice(); 12];
        assert_eq!(choices(&columns, false).0.len(), 64);
    }
}
