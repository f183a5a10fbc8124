//! Networks of IP addresses, for addresses that are trusted.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A network of IP addresses, or one address.
///
/// An IPv4 address is the same whether it is written as such or mapped into IPv6.
///
/// # Examples
/// ```
/// use audit_model::Network;
///
/// let network: Network = "10.0.0.0/8".parse()?;
/// assert!(network.contains("10.1.2.3".parse()?));
/// assert!(network.contains("::ffff:10.1.2.3".parse()?));
/// assert!(!network.contains("11.0.0.1".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    is_v4: bool,
    /// The address on the right, those of IPv4 in 32 bits.
    bits: u128,
    /// Bits on the right that are open.
    host_bits: u32,
}

impl Network {
    /// Whether an address lies in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (is_v4, bits) = bits(address);
        is_v4 == self.is_v4 && self.cut(bits) == self.cut(self.bits)
    }

    /// Bits without those that are open.
    fn cut(&self, bits: u128) -> u128 {
        bits.checked_shr(self.host_bits).unwrap_or(0)
    }

    /// The network with no bit set of those that are open.
    fn whole(self) -> Self {
        let bits = self.cut(self.bits).checked_shl(self.host_bits);
        Self {
            bits: bits.unwrap_or(0),
            ..self
        }
    }
}

/// The network around an address that tells where it is without telling whose it is, as text: 24 bits of IPv4, 64 of IPv6.
pub(crate) struct Around(pub(crate) IpAddr);

impl fmt::Display for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_canonical() {
            IpAddr::V4(ip) => {
                let [a, b, c, _] = ip.octets();
                write!(f, "{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(ip) => {
                let network = u128::from(ip) & !u128::from(u64::MAX);
                write!(f, "{}/64", Ipv6Addr::from(network))
            }
        }
    }
}

fn bits(address: IpAddr) -> (bool, u128) {
    match address.to_canonical() {
        IpAddr::V4(address) => (true, u128::from(u32::from(address))),
        IpAddr::V6(address) => (false, u128::from(address)),
    }
}

impl FromStr for Network {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseNetworkError(None);
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let written = if address.is_ipv4() { 32 } else { 128 };
        let length: u32 = match length {
            None => written,
            Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().map_err(|_| error())?
            }
            Some(_) => return Err(error()),
        };
        let host_bits = written.checked_sub(length).ok_or_else(error)?;
        let (is_v4, bits) = match address {
            // `::ffff:0:0/90` holds all of IPv4 and more, and is none of its networks.
            IpAddr::V6(address) if host_bits > 32 => (false, u128::from(address)),
            address => self::bits(address),
        };
        let network = Self {
            is_v4,
            bits,
            host_bits,
        };
        let whole = network.whole();
        if whole == network {
            Ok(network)
        } else {
            Err(ParseNetworkError(Some(whole)))
        }
    }
}

impl fmt::Display for Network {
    /// The address and how many of its bits count: text that reads back to the same network.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, n_bits) = match u32::try_from(self.bits) {
            Ok(bits) if self.is_v4 => (IpAddr::from(bits.to_be_bytes()), 32),
            _ => (IpAddr::from(self.bits.to_be_bytes()), 128),
        };
        write!(f, "{address}/{}", n_bits - self.host_bits)
    }
}

/// A text that is neither a network nor an address.
///
/// An address with a length, such as `10.1.2.3/8`, is neither: it may be meant as the one or as the other.
///
/// # Examples
/// ```
/// use audit_model::{Network, ParseNetworkError};
///
/// let error: ParseNetworkError = "10.1.2.3/8".parse::<Network>().unwrap_err();
/// assert_eq!(error.network(), "10.0.0.0/8".parse().ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseNetworkError(Option<Network>);

impl ParseNetworkError {
    /// The network that the address lies in, when the text is an address with a length.
    pub fn network(&self) -> Option<Network> {
        self.0
    }
}

impl fmt::Display for ParseNetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("neither a network, such as `10.0.0.0/8`, nor an address"),
            Some(network) => write!(
                f,
                "an address in the network `{network}`, and not the network"
            ),
        }
    }
}

impl std::error::Error for ParseNetworkError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        for (network, inside, outside) in [
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
            ("::ffff:192.0.2.0/120", "192.0.2.9", "::192.0.2.9"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("0.0.0.0/0", "203.0.113.1", "2001:db8::1"),
            ("::/0", "2001:db8::1", "203.0.113.1"),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert!(parsed.contains(inside.parse().unwrap()), "{network}");
            assert!(!parsed.contains(outside.parse().unwrap()), "{network}");
            assert_eq!(parsed.to_string().parse(), Ok(parsed), "{network}");
        }
    }

    #[test]
    fn an_address_with_a_length_is_no_network() {
        for (text, network) in [
            ("192.0.2.77/24", "192.0.2.0/24"),
            ("10.1.2.3/0", "0.0.0.0/0"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::1/0", "::/0"),
            ("::ffff:192.0.2.9/120", "192.0.2.0/24"),
        ] {
            let error = text.parse::<Network>().unwrap_err();
            assert_eq!(error.network(), network.parse().ok(), "{text}");
            let shown = error.to_string();
            assert!(shown.contains(&format!("`{network}`")), "{shown}");
        }
    }

    #[test]
    fn anything_else_is_no_network() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0",
            "10.*",
            "2001:db8::/129",
            "example.com",
            "10.0.0.1:443",
            "[::1]:443",
            " 10.0.0.1",
        ] {
            let error = text.parse::<Network>().unwrap_err();
            assert_eq!(error.network(), None, "{text}");
        }
    }
}
