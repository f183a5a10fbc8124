//! All networks that the addresses of an operand are sought in: one search tells of all of them.
//!
//! The first addresses of networks, and those that follow the last ones, cut all addresses into stretches. A network is
//! whole stretches, so that what an address is in follows from the stretch that it lies in.

use std::net::IpAddr;

use ipnet::IpNet;

/// An address with whether it is one of IPv6: those of IPv4 come first.
type Point = (bool, u128);

/// Where stretches begin, ascending.
#[derive(Debug, Default)]
pub(crate) struct Networks(Box<[Point]>);

/// The stretches of one test: the first and the last of each run of them, ascending.
#[derive(Debug)]
pub(crate) struct Stretches(Box<[(u32, u32)]>);

impl Networks {
    /// Takes the networks of all tests, with the stretches of each.
    pub(crate) fn new(tests: &[Vec<IpNet>]) -> (Self, Vec<Stretches>) {
        let mut points = Vec::new();
        for network in tests.iter().flatten() {
            let (first, last) = (point(network.network()), point(network.broadcast()));
            points.push(first);
            // Nothing follows the last address of IPv6.
            points.extend(last.1.checked_add(1).map(|next| (last.0, next)));
        }
        points.sort_unstable();
        points.dedup();
        let networks = Self(points.into());
        let stretches = tests.iter().map(|test| networks.stretches(test)).collect();
        (networks, stretches)
    }

    fn stretches(&self, networks: &[IpNet]) -> Stretches {
        let mut runs: Vec<(u32, u32)> = networks
            .iter()
            .map(|network| {
                let [first, last] = [network.network(), network.broadcast()].map(point);
                (self.at(first), self.at(last))
            })
            .collect();
        runs.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(runs.len());
        for (first, last) in runs {
            match merged.last_mut() {
                Some((_, end)) if first <= *end => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        Stretches(merged.into())
    }

    /// The stretch that an address lies in; one of IPv4 that is written as one of IPv6 is one of IPv4.
    pub(crate) fn stretch(&self, address: IpAddr) -> u32 {
        self.at(point(address.to_canonical()))
    }

    fn at(&self, point: Point) -> u32 {
        let n_before = self.0.partition_point(|begin| *begin <= point);
        // A set has far fewer than 2³¹ networks.
        u32::try_from(n_before).unwrap_or(u32::MAX)
    }
}

impl Stretches {
    pub(crate) fn contain(&self, stretch: u32) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= stretch);
        after
            .checked_sub(1)
            .and_then(|at| self.0.get(at))
            .is_some_and(|(_, last)| stretch <= *last)
    }
}

fn point(address: IpAddr) -> Point {
    match address {
        IpAddr::V4(address) => (false, u128::from(u32::from(address))),
        IpAddr::V6(address) => (true, u128::from(address)),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    fn contains(networks: &[&str], address: &str) -> bool {
        let parsed = networks.iter().map(|network| network.parse().unwrap());
        let (networks, stretches) = Networks::new(&[parsed.collect()]);
        stretches[0].contain(networks.stretch(address.parse().unwrap()))
    }

    #[test]
    fn an_address_is_found_in_overlapping_networks() {
        let networks = [
            "10.0.0.0/8",
            "10.1.0.0/16",
            "192.168.1.7/32",
            "2001:db8::/32",
            "0.0.0.0/30",
        ];
        for (address, inside) in [
            ("10.0.0.0", true),
            ("10.1.2.3", true),
            ("10.255.255.255", true),
            ("11.0.0.0", false),
            ("9.255.255.255", false),
            ("192.168.1.7", true),
            ("192.168.1.8", false),
            ("0.0.0.0", true),
            ("0.0.0.4", false),
            ("2001:db8::1", true),
            ("2001:db9::", false),
            ("::ffff:10.1.2.3", true),
            ("::10.1.2.3", false),
        ] {
            assert_eq!(contains(&networks, address), inside, "{address}");
        }
        assert!(!contains(&[], "10.0.0.1"));
        // The ends of all addresses.
        assert!(contains(&["0.0.0.0/0"], "255.255.255.255"));
        assert!(!contains(&["0.0.0.0/0"], "::"));
        assert!(contains(
            &["::/0"],
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        ));
        assert!(!contains(&["::/0"], "255.255.255.255"));
        assert!(!contains(&["::/0"], "::ffff:10.1.2.3"));
    }

    fn address() -> impl Strategy<Value = IpAddr> {
        // Few addresses, so that they meet, at both ends.
        let bits =
            || (0..8_u32, any::<bool>()).prop_map(|(low, high)| if high { !low } else { low });
        prop_oneof![
            bits().prop_map(|bits| IpAddr::V4(Ipv4Addr::from(bits))),
            bits().prop_map(|bits| IpAddr::V6(Ipv4Addr::from(bits).to_ipv6_mapped())),
            (0..8_u128, any::<bool>()).prop_map(|(low, high)| {
                IpAddr::V6(Ipv6Addr::from(if high { !low } else { low }))
            }),
        ]
    }

    fn network() -> impl Strategy<Value = IpNet> {
        (address(), 0..=5_u8, any::<bool>()).prop_map(|(address, bits, long)| {
            let most = if address.is_ipv4() { 32 } else { 128 };
            IpNet::new(address, if long { most - bits } else { bits }).unwrap()
        })
    }

    proptest! {
        #[test]
        fn each_test_is_answered_as_if_it_were_alone(
            tests in prop::collection::vec(prop::collection::vec(network(), 0..4), 0..8), address in address(),
        ) {
            let (networks, stretches) = Networks::new(&tests);
            let stretch = networks.stretch(address);
            for (test, stretches) in tests.iter().zip(&stretches) {
                let expected = test.iter().any(|network| network.contains(&address.to_canonical()));
                prop_assert_eq!(stretches.contain(stretch), expected, "{:?} {}", test, address);
            }
        }
    }
}
