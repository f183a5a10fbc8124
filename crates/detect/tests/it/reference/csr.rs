//! What a certificate request asks for, read from the base64 of its PEM of its DER without any leniency: generated
//! requests are well-formed or not requests at all.

use super::node::{Node, Value};
use super::object::object;
use super::readings::Reading;
use super::vocabulary::recorded_text;

pub(crate) fn find(reading: &Reading, name: &str) -> Option<Node> {
    let resource = recorded_text(&reading.event, &["objectRef", "resource"])?;
    if resource != "certificatesigningrequests" {
        return None;
    }
    let object = object(reading)?;
    let wanted = match name {
        "csr.signerName" => return object.at(&["spec", "signerName"]).cloned(),
        "csr.usages" => return object.at(&["spec", "usages"]).cloned(),
        "csr.commonName" => Name::Common,
        "csr.organizations" => Name::Organization,
        "csr.dnsNames" => Name::Dns,
        _ => panic!("a request has no {name}"),
    };
    let request = object.at(&["spec", "request"])?;
    if matches!(request.value, Value::Unknown) {
        return Some(request.clone());
    }
    let found = names(request.text()?);
    let found = found.into_iter().filter(|(name, _)| *name == wanted);
    let members: Vec<Node> = found
        .enumerate()
        .map(|(at, (_, text))| Node {
            choices: request.choices.clone(),
            ..Node::text_of(format!("{}/{name}/{at}", request.id), text)
        })
        .collect();
    (!members.is_empty()).then(|| Node {
        choices: request.choices.clone(),
        ..Node::new(format!("{}/{name}", request.id), Value::List(members))
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Common,
    Organization,
    Dns,
}

/// All names of all requests in the PEM.
fn names(request: &str) -> Vec<(Name, String)> {
    let pem = base64(request).and_then(|bytes| String::from_utf8(bytes).ok());
    let pem = pem.unwrap_or_default();
    let mut found = Vec::new();
    for block in pem.split("-----BEGIN CERTIFICATE REQUEST-----\n").skip(1) {
        let body = block.split("\n-----END").next().unwrap();
        of_request(&base64(body).unwrap(), &mut found);
    }
    found
}

fn of_request(request: &[u8], found: &mut Vec<(Name, String)>) {
    let [(0x30, request)] = values(request)[..] else {
        return;
    };
    let info = values(values(request)[0].1);
    let subject = info[1].1;
    for (_, set) in values(subject) {
        for (_, pair) in values(set) {
            let pair = values(pair);
            let name = match pair[0].1 {
                [0x55, 0x04, 3] => Name::Common,
                [0x55, 0x04, 10] => Name::Organization,
                _ => continue,
            };
            found.push((name, text(pair[1].1)));
        }
    }
    for (tag, attributes) in info.into_iter().skip(3) {
        assert_eq!(tag, 0xa0);
        for (_, attribute) in values(attributes) {
            let extensions = values(values(attribute)[1].1)[0].1;
            for (_, extension) in values(extensions) {
                let extension = values(extension);
                if extension[0].1 != [0x55, 0x1d, 0x11] {
                    continue;
                }
                let names = values(extension[1].1)[0].1;
                let dns = values(names).into_iter().filter(|(tag, _)| *tag == 0x82);
                found.extend(dns.map(|(_, name)| (Name::Dns, text(name))));
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The values that follow each other, with their tags.
fn values(mut der: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let [tag, rest @ ..] = der {
        let (length, rest) = match rest {
            [0x82, high, low, rest @ ..] => (usize::from(*high) << 8 | usize::from(*low), rest),
            [length, rest @ ..] => (usize::from(*length), rest),
            [] => break,
        };
        let (content, rest) = rest.split_at(length);
        found.push((*tag, content));
        der = rest;
    }
    found
}

fn base64(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    let (mut bits, mut n_bits) = (0_u32, 0);
    for digit in text.trim_end_matches('=').chars() {
        bits = bits << 6 | u32::try_from(DIGITS.find(digit)?).unwrap();
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            out.push(u8::try_from(bits >> n_bits & 0xff).unwrap());
        }
    }
    Some(out)
}
