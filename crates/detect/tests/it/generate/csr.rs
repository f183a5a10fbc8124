//! Certificate requests: base64 of PEM of DER, of names that rules ask for.

use super::Choices;
use super::event::{Gen, text};
use super::pools::{GROUPS, NAMES, SIGNERS, USAGES, USERS};

/// The `spec` of a `CertificateSigningRequest`.
pub(crate) fn spec(c: &mut Choices<'_>) -> Gen {
    let request = match c.below(10) {
        0 => Gen::Null,
        1 => Gen::Number("7".to_owned()),
        2 => text("no request"),
        3 => text(base64(b"no PEM")),
        4 => text(base64((pem(c) + &pem(c)).as_bytes())),
        _ => text(base64(pem(c).as_bytes())),
    };
    let mut entries = vec![("request".to_owned(), request)];
    if c.one_in(2) {
        entries.push(("signerName".to_owned(), text(c.pick(SIGNERS))));
    }
    if c.one_in(2) {
        let usages = c.any(3, |c| text(c.pick(USAGES)));
        entries.push(("usages".to_owned(), Gen::List(usages)));
    }
    Gen::Object(entries)
}

fn pem(c: &mut Choices<'_>) -> String {
    let body = base64(&request(c));
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n")
}

/// A value with its tag and length.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ ..=0x7f) => out.push(short),
        _ => out.extend([
            0x82,
            u8::try_from(content.len() >> 8).unwrap(),
            u8::try_from(content.len() & 0xff).unwrap(),
        ]),
    }
    out.extend(content);
    out
}

/// Key and signature are of no interest.
fn request(c: &mut Choices<'_>) -> Vec<u8> {
    let name = |c: &mut Choices<'_>, oid: u8, pool: &'static [&'static str]| {
        let tag = if c.one_in(2) { 0x0c } else { 0x13 };
        let value = der(tag, c.pick(pool).as_bytes());
        let pair = [der(0x06, &[0x55, 0x04, oid]), value].concat();
        der(0x31, &der(0x30, &pair))
    };
    let mut subject = c.any(2, |c| name(c, 10, GROUPS));
    subject.extend(c.any(2, |c| name(c, 3, USERS)));
    let dns = c.any(2, |c| der(0x82, c.pick(NAMES).as_bytes()));
    let attributes = if dns.is_empty() {
        Vec::new()
    } else {
        let names = der(0x04, &der(0x30, &dns.concat()));
        let extension = der(0x30, &[der(0x06, &[0x55, 0x1d, 0x11]), names].concat());
        let kind = der(
            0x06,
            &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e],
        );
        let asked = der(0x31, &der(0x30, &extension));
        der(0xa0, &der(0x30, &[kind, asked].concat()))
    };
    let info = [
        der(0x02, &[0]),
        der(0x30, &subject.concat()),
        der(0x30, &[]),
        attributes,
    ];
    let info = der(0x30, &info.concat());
    der(0x30, &[info, der(0x30, &[]), der(0x03, &[0])].concat())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let part = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = part(0) << 16 | part(1) << 8 | part(2);
        for at in 0..4 {
            let digit = usize::try_from(bits >> (18 - 6 * at) & 0x3f).unwrap();
            out.push(if usize::try_from(at).unwrap() <= chunk.len() {
                char::from(DIGITS[digit])
            } else {
                '='
            });
        }
    }
    out
}
