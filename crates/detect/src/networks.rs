//! Addresses in any of many networks.

use std::net::IpAddr;

use ipnet::IpNet;

/// Networks as ranges of addresses that do not overlap, so that an address is sought by halving.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    v4: Vec<(u128, u128)>,
    v6: Vec<(u128, u128)>,
}

impl Networks {
    pub(crate) fn new(networks: &[IpNet]) -> Self {
        let (v4, v6): (Vec<IpNet>, Vec<IpNet>) = networks
            .iter()
            .partition(|network| matches!(network, IpNet::V4(_)));
        Self {
            v4: merged(&v4),
            v6: merged(&v6),
        }
    }

    /// Whether an address is in one of the networks; one of IPv4 that is written as one of IPv6 is one of IPv4.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let ranges = if address.is_ipv4() {
            &self.v4
        } else {
            &self.v6
        };
        let number = number(address);
        let after = ranges.partition_point(|(first, _)| *first <= number);
        after
            .checked_sub(1)
            .and_then(|at| ranges.get(at))
            .is_some_and(|(_, last)| number <= *last)
    }
}

fn merged(networks: &[IpNet]) -> Vec<(u128, u128)> {
    let mut ranges: Vec<(u128, u128)> = networks
        .iter()
        .map(|network| (number(network.network()), number(network.broadcast())))
        .collect();
    ranges.sort_unstable();
    let mut merged: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match merged.last_mut() {
            Some((_, end)) if first <= *end => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    merged
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_overlapping_networks() {
        let networks = [
            "10.0.0.0/8",
            "10.1.0.0/16",
            "192.168.1.7/32",
            "2001:db8::/32",
            "0.0.0.0/30",
        ];
        let networks = Networks::new(&networks.map(|network| network.parse().unwrap()));
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
            assert_eq!(
                networks.contains(address.parse().unwrap()),
                inside,
                "{address}"
            );
        }
        assert!(!Networks::new(&[]).contains("10.0.0.1".parse().unwrap()));
    }
}
