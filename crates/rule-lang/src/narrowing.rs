//! Which filters narrow which rules.

use std::collections::HashMap;
use std::sync::Arc;

use crate::metadata::{Logsource, Metadata};
use crate::rule::FilterIdx;
use crate::targets::Targets;

/// The filters of a set by what they are for. Rules that the same filters narrow share the list of them: sets with many
/// rules often have many filters too, and lists of their own would take the product of both.
#[derive(Debug, Default)]
pub(crate) struct Narrowing {
    /// Of each target the filters that name it, ascending.
    lists: Vec<Vec<FilterIdx>>,
    by_target: HashMap<String, usize>,
    /// The list of filters that are for every rule.
    any: Option<usize>,
    /// Of each filter, which of the log sources it is for.
    sources_of: Vec<usize>,
    sources: Vec<Logsource>,
    by_source: HashMap<Logsource, usize>,
    /// What was found, by lists and log source.
    found: HashMap<(Vec<usize>, Logsource), Arc<[FilterIdx]>>,
}

impl Narrowing {
    /// Adds a filter; each stands behind those that were added before.
    pub(crate) fn add(&mut self, filter: usize, targets: Targets, logsource: &Logsource) {
        let n_sources = self.sources.len();
        let source = *self.by_source.entry(logsource.clone()).or_insert(n_sources);
        if source == n_sources {
            self.sources.push(logsource.clone());
        }
        self.sources_of.resize(filter, source);
        self.sources_of.push(source);
        let filter = FilterIdx::new(filter);
        if targets.any {
            let list = *self.any.get_or_insert(self.lists.len());
            self.put(list, filter);
            return;
        }
        for target in targets.names {
            let list = *self
                .by_target
                .entry(target.text)
                .or_insert(self.lists.len());
            self.put(list, filter);
        }
    }

    fn put(&mut self, list: usize, filter: FilterIdx) {
        if list == self.lists.len() {
            self.lists.push(Vec::new());
        }
        if let Some(list) = self.lists.get_mut(list)
            && list.last() != Some(&filter)
        {
            list.push(filter);
        }
    }

    /// The filters that narrow a rule, ascending.
    pub(crate) fn of(&mut self, metadata: &Metadata) -> Arc<[FilterIdx]> {
        let named = metadata.answers_to();
        let named = named.filter_map(|name| self.by_target.get(name).copied());
        let mut lists: Vec<usize> = named.chain(self.any).collect();
        lists.sort_unstable();
        lists.dedup();
        let (all, sources, sources_of) = (&self.lists, &self.sources, &self.sources_of);
        let key = (lists, metadata.logsource.clone());
        if let Some(found) = self.found.get(&key) {
            return Arc::clone(found);
        }
        let fits = sources.iter().map(|source| source.covers(&key.1));
        let fits: Vec<bool> = fits.collect();
        let lists = key.0.iter().filter_map(|list| all.get(*list)).flatten();
        let mut found: Vec<FilterIdx> = lists
            .filter(|filter| {
                let source = sources_of.get(filter.index());
                source.and_then(|source| fits.get(*source)) == Some(&true)
            })
            .copied()
            .collect();
        // Each list is in order, which makes of sorting a merge.
        found.sort();
        found.dedup();
        let found: Arc<[FilterIdx]> = found.into();
        self.found.insert(key, Arc::clone(&found));
        found
    }
}
