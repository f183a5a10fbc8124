//! Certificate requests (PKCS#10, RFC 2986) as `spec.request` of a `CertificateSigningRequest` holds them: base64 of PEM
//! of DER.
//!
//! This reads no stricter than any server may: whoever wrote the request chose its line breaks, its string types and how
//! it writes lengths, and what another reader takes must not be out of sight here. A DER library refuses some of that, so
//! the few lines that take values apart are our own. Nothing is allocated once the buffers are large enough, and the work
//! is linear in the size of the request.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;

/// Padding may be there or not, and what does not fill the last byte may be anything.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What a certificate is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Common,
    Organization,
    Dns,
}

/// Some part of a request cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// Buffers for unpacking, reused from event to event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffers {
    /// Base64 without what may stand between its digits.
    digits: Vec<u8>,
    pem: Vec<u8>,
    der: Vec<u8>,
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// `id-at-commonName`, 2.5.4.3 (RFC 5280, appendix A.1).
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// `id-at-organizationName`, 2.5.4.10 (RFC 5280, appendix A.1).
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];
/// `pkcs-9-at-extensionRequest`, 1.2.840.113549.1.9.14 (RFC 2985, section 5.4.2).
const EXTENSION_REQUEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e];
/// `id-ce-subjectAltName`, 2.5.29.17 (RFC 5280, section 4.2.1.6).
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
const ATTRIBUTES: u8 = 0xa0;
/// `dNSName [2] IA5String` of a `GeneralName`.
const DNS_NAME: u8 = 0x82;

/// Hands out what a request asks for, as a tag and the bytes of a string; see [`push_string`].
///
/// A server reads the first block of PEM that it can, and which one that is depends on how strict it is: so every block
/// counts. What stands before a defect is handed out all the same.
///
/// # Errors
/// [`Unreadable`] when there is no certificate request, or some part of one is malformed.
pub(crate) fn read(
    request: &str,
    buffers: &mut Buffers,
    each: &mut dyn FnMut(Subject, u8, &[u8]),
) -> Result<(), Unreadable> {
    let Buffers { digits, pem, der } = buffers;
    unpack(request.as_bytes(), digits, pem)?;
    let mut n_blocks = 0_usize;
    let mut n_read = 0;
    let mut rest = pem.as_slice();
    while let Some((body, behind)) = block(rest) {
        rest = behind;
        n_blocks += 1;
        if unpack(body, digits, der).is_ok() && certification_request(der, each).is_ok() {
            n_read += 1;
        }
    }
    if n_blocks > 0 && n_read == n_blocks {
        Ok(())
    } else {
        Err(Unreadable)
    }
}

/// Decodes base64 between whose digits there may be blanks and line breaks.
fn unpack(text: &[u8], digits: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), Unreadable> {
    digits.clear();
    digits.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
    out.clear();
    LENIENT.decode_vec(digits, out).map_err(|_| Unreadable)
}

/// The body of the next block of PEM, its headers passed over, and what is behind it.
fn block(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let begin = memmem::find(text, BEGIN)?;
    let label = text.get(begin + BEGIN.len()..)?;
    let (_, body) = split(label, DASHES)?;
    let end = memmem::find(body, END)?;
    let behind = body.get(end + END.len()..)?;
    let mut body = body.get(..end)?;
    // `Proc-Type: 4,ENCRYPTED` and the like (RFC 1421); base64 has no colon.
    while let Some(colon) = memchr::memchr(b':', body) {
        let line_end = memchr::memchr(b'\n', body.get(colon..)?)?;
        body = body.get(colon + line_end + 1..)?;
    }
    Some((body, behind))
}

fn split<'t>(text: &'t [u8], at: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let start = memmem::find(text, at)?;
    Some((text.get(..start)?, text.get(start + at.len()..)?))
}

/// `CertificationRequest` (RFC 2986, section 4).
fn certification_request(
    der: &[u8],
    each: &mut dyn FnMut(Subject, u8, &[u8]),
) -> Result<(), Unreadable> {
    let mut request = Values(Values(der).expect(SEQUENCE)?);
    let mut info = Values(request.expect(SEQUENCE)?);
    let _version = info.next()?;
    let mut subject = Values(info.expect(SEQUENCE)?);
    while !subject.is_empty() {
        let mut set = Values(subject.expect(SET)?);
        while !set.is_empty() {
            let mut attribute = Values(set.expect(SEQUENCE)?);
            let name = match attribute.expect(OBJECT_IDENTIFIER)? {
                COMMON_NAME => Subject::Common,
                ORGANIZATION => Subject::Organization,
                _ => continue,
            };
            let (tag, value) = attribute.next()?;
            each(name, tag, value);
        }
    }
    let _public_key = info.next()?;
    if info.is_empty() {
        return Ok(());
    }
    let mut attributes = Values(info.expect(ATTRIBUTES)?);
    while !attributes.is_empty() {
        let mut attribute = Values(attributes.expect(SEQUENCE)?);
        if attribute.expect(OBJECT_IDENTIFIER)? != EXTENSION_REQUEST {
            continue;
        }
        let mut values = Values(attribute.expect(SET)?);
        while !values.is_empty() {
            extensions(values.expect(SEQUENCE)?, each)?;
        }
    }
    Ok(())
}

/// `Extensions` (RFC 5280, section 4.1), of which the alternative names are of interest.
fn extensions(der: &[u8], each: &mut dyn FnMut(Subject, u8, &[u8])) -> Result<(), Unreadable> {
    let mut extensions = Values(der);
    while !extensions.is_empty() {
        let mut extension = Values(extensions.expect(SEQUENCE)?);
        if extension.expect(OBJECT_IDENTIFIER)? != SUBJECT_ALT_NAME {
            continue;
        }
        // `critical` may stand between the two.
        let mut value = extension.next()?;
        if value.0 != OCTET_STRING {
            value = extension.next()?;
        }
        let mut names = Values(Values(value.1).expect(SEQUENCE)?);
        while !names.is_empty() {
            if let (DNS_NAME, name) = names.next()? {
                each(Subject::Dns, DNS_NAME, name);
            }
        }
    }
    Ok(())
}

/// Values that stand one behind the other, each with a tag and a length.
struct Values<'d>(&'d [u8]);

impl<'d> Values<'d> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag and the content of the next value. Tags of more than one byte occur in no request.
    fn next(&mut self) -> Result<(u8, &'d [u8]), Unreadable> {
        let [tag, length, rest @ ..] = self.0 else {
            return Err(Unreadable);
        };
        let (length, rest) = match length {
            0..=0x7f => (usize::from(*length), rest),
            // The length in as many bytes as the low bits say, which need not be the fewest.
            0x81..=0x88 => {
                let n_bytes = usize::from(length & 0x7f);
                let (bytes, rest) = rest.split_at_checked(n_bytes).ok_or(Unreadable)?;
                let length = bytes
                    .iter()
                    .fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
                (usize::try_from(length).map_err(|_| Unreadable)?, rest)
            }
            _ => return Err(Unreadable),
        };
        let (content, rest) = rest.split_at_checked(length).ok_or(Unreadable)?;
        self.0 = rest;
        Ok((*tag, content))
    }

    /// The content of the next value, which has this tag.
    fn expect(&mut self, tag: u8) -> Result<&'d [u8], Unreadable> {
        match self.next()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(Unreadable),
        }
    }
}

/// Appends the text of a string of any type (X.680, table 8).
pub(crate) fn push_string(tag: u8, bytes: &[u8], out: &mut String) {
    /// `UniversalString`: four bytes a character.
    const UNIVERSAL: u8 = 0x1c;
    /// `BMPString`: two bytes a character.
    const BMP: u8 = 0x1e;
    let known = |code: u32| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    match tag {
        BMP => {
            let units = bytes.as_chunks::<2>().0.iter();
            let units = units.map(|unit| u16::from_be_bytes(*unit));
            out.extend(
                char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)),
            );
        }
        UNIVERSAL => {
            let units = bytes.as_chunks::<4>().0.iter();
            out.extend(units.map(|unit| known(u32::from_be_bytes(*unit))));
        }
        // The others hold ASCII, or what their writer took for it: UTF-8 where it is, else Latin-1.
        _ => match str::from_utf8(bytes) {
            Ok(text) => out.push_str(text),
            Err(_) => out.extend(bytes.iter().copied().map(char::from)),
        },
    }
}
