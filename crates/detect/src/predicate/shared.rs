//! What all tests of one operand compare its values with.

use std::net::IpAddr;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use ipnet::IpNet;
use rule_lang::{Number, Regex};

use crate::predicate::bounds::{Bounds, Rank};
use crate::predicate::networks::{Networks, Stretches};
use crate::predicate::regexes::{Budget, Regexes, Search};
use crate::predicate::seen::Seen;

/// What the tests of one operand ask, while they are taken in.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    numbers: Vec<Number>,
    networks: Vec<Vec<IpNet>>,
    regexes: Vec<Regex>,
    by_regex: HashMap<Regex, u32, FixedState>,
}

impl Gathered {
    pub(crate) fn numbers(&mut self, numbers: &[Number]) {
        self.numbers.extend_from_slice(numbers);
    }

    /// The number of a list of networks.
    pub(crate) fn networks(&mut self, networks: &[IpNet]) -> usize {
        self.networks.push(networks.to_vec());
        self.networks.len() - 1
    }

    /// The numbers of expressions, each of which is taken in once.
    pub(crate) fn regexes(&mut self, regexes: &[Regex]) -> Vec<u32> {
        let numbers = regexes.iter().map(|regex| {
            let next = u32::try_from(self.regexes.len()).unwrap_or(u32::MAX);
            let number = *self.by_regex.entry_ref(regex).or_insert(next);
            if number == next {
                self.regexes.push(regex.clone());
            }
            number
        });
        numbers.collect()
    }

    /// Puts together what was taken in; `number` gives an expression that is asked by itself a number.
    pub(crate) fn finish(
        self,
        budget: &mut Budget,
        number: impl FnMut(&Regex) -> Option<usize>,
    ) -> Shared {
        let n_values = self.numbers.len() + self.networks.len();
        let (networks, stretches) = Networks::new(&self.networks);
        Shared {
            bounds: Bounds::new(self.numbers),
            networks,
            stretches,
            regexes: Regexes::new(&self.regexes, budget, number),
            remembers: n_values > 1 || !self.regexes.is_empty(),
        }
    }
}

/// What the values of one operand are compared with.
#[derive(Debug)]
pub(crate) struct Shared {
    bounds: Bounds,
    networks: Networks,
    /// By list of networks.
    stretches: Vec<Stretches>,
    regexes: Regexes,
    /// Whether it pays to remember what values are.
    remembers: bool,
}

impl Shared {
    /// Memory for values of the operand.
    pub(crate) fn memory(&self) -> Seen {
        if self.remembers {
            Seen::new(self.regexes.width())
        } else {
            Seen::default()
        }
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Where a text stands among the numbers, if it is one.
    pub(crate) fn rank(&self, text: &str, seen: &mut Seen) -> Option<Rank> {
        let find = || Number::parse(text).map(|number| self.bounds.rank(number));
        match seen.of(text) {
            Some((notes, _)) => notes.rank.get_or_read(find),
            None => find(),
        }
    }

    /// Whether a text is an address in one of the networks of a list.
    pub(crate) fn is_within(&self, list: usize, text: &str, seen: &mut Seen) -> bool {
        let find = || {
            let address: Option<IpAddr> = text.parse().ok();
            address.map(|address| self.networks.stretch(address))
        };
        let stretch = match seen.of(text) {
            Some((notes, _)) => notes.stretch.get_or_read(find),
            None => find(),
        };
        let list = self.stretches.get(list);
        stretch
            .zip(list)
            .is_some_and(|(stretch, list)| list.contain(stretch))
    }

    /// Whether a text matches one of some expressions.
    pub(crate) fn matches_any(
        &self,
        regexes: &[u32],
        text: &str,
        seen: &mut Seen,
        search: Search<'_>,
    ) -> bool {
        seen.of(text)
            .is_some_and(|known| self.regexes.any(regexes, text, known, search))
    }
}
