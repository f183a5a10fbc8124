//! Comparing texts and numbers, without haste.

use super::model::{Pieces, ReKind, RePiece};

/// Characters without their case, as far as generated texts need it.
pub(crate) fn fold(text: &str) -> Vec<char> {
    text.chars()
        .map(|c| c.to_lowercase().next().unwrap())
        .collect()
}

pub(crate) fn glob(pattern: &[Pieces], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((Pieces::Any, rest)) => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        Some((Pieces::One, rest)) => !text.is_empty() && glob(rest, &text[1..]),
        Some((Pieces::Char(c), rest)) => text.first() == Some(c) && glob(rest, &text[1..]),
    }
}

pub(crate) fn re(re: &ReKind, text: &[char], ignore_case: bool) -> bool {
    let fold_if = |text: &str| {
        if ignore_case {
            fold(text)
        } else {
            text.chars().collect()
        }
    };
    let text = if ignore_case {
        fold(&text.iter().collect::<String>())
    } else {
        text.to_vec()
    };
    let starts = if re.from_start { 0 } else { text.len() };
    (0..=starts).any(|start| here(&re.pieces, &text[start..], re.to_end, &fold_if))
}

fn here(
    pieces: &[RePiece],
    text: &[char],
    to_end: bool,
    fold_if: &dyn Fn(&str) -> Vec<char>,
) -> bool {
    let Some((piece, rest)) = pieces.split_first() else {
        return !to_end || text.is_empty();
    };
    let literal = |word: &str| {
        let word = fold_if(word);
        text.starts_with(&word) && here(rest, &text[word.len()..], to_end, fold_if)
    };
    match piece {
        RePiece::Text(word) => literal(word),
        RePiece::Either(words) => words.iter().any(|word| literal(word)),
        RePiece::Any => (0..=text.len()).any(|skip| here(rest, &text[skip..], to_end, fold_if)),
        RePiece::Digits => (1..=text.len())
            .take_while(|end| text[end - 1].is_ascii_digit())
            .any(|end| here(rest, &text[end..], to_end, fold_if)),
    }
}

/// A number of JSON, in millionths, which is as fine as generated numbers are; huge ones are all alike.
pub(crate) fn number(text: &str) -> Option<i128> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let is_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leading_zero || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let scale = exponent - i32::try_from(fraction.len()).ok()? + 6;
    let millionths = match u32::try_from(scale) {
        Ok(scale) if scale > 20 && digits != 0 => i128::MAX,
        Ok(scale) => digits * 10_i128.checked_pow(scale)?,
        Err(_) => return None,
    };
    Some(if negative { -millionths } else { millionths })
}

pub(crate) fn ipv4(text: &str) -> Option<u32> {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() != 4 {
        return None;
    }
    let mut address = 0;
    for part in parts {
        let leading_zero = part.len() > 1 && part.starts_with('0');
        if leading_zero || !part.chars().all(|c| c.is_ascii_digit()) {
            return None;
        }
        address = address << 8 | u32::from(part.parse::<u8>().ok()?);
    }
    Some(address)
}

/// The bits of an address, and how many they are.
fn address(text: &str) -> Option<(u128, u32)> {
    match ipv4(text) {
        Some(address) => Some((u128::from(address), 32)),
        None => Some((u128::from(text.parse::<std::net::Ipv6Addr>().ok()?), 128)),
    }
}

/// An address of IPv4 may be written as one of IPv6; a network may not.
pub(crate) fn in_network(text: &str, network: &str) -> bool {
    let (network, prefix) = network.split_once('/').unwrap();
    let (network, n_bits) = address(network).unwrap();
    let rest = n_bits - prefix.parse::<u32>().unwrap();
    let cut = |address: u128| address.checked_shr(rest).unwrap_or(0);
    address(text).is_some_and(|(address, found_bits)| {
        let (address, found_bits) = match address >> 32 {
            0xffff if found_bits == 128 => (address & 0xffff_ffff, 32),
            _ => (address, found_bits),
        };
        found_bits == n_bits && cut(address) == cut(network)
    })
}

/// Decodes `%xx` once, and `+` to a space when asked.
pub(crate) fn percent_decode(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| {
            let good = pair.iter().all(u8::is_ascii_hexdigit);
            good.then(|| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        });
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (b'+', _) if plus => {
                out.push(b' ');
                at += 1;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A host path without `.`, `..` and needless slashes.
pub(crate) fn clean_path(path: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
