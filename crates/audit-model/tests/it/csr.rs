//! Certificate signing requests: what is asked for in the base64 of the PEM of the DER.

use audit_model::{Event, FieldId, Limits, Scratch};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

use crate::vocabulary::{check, flags};

/// Made with `openssl req`: O=system:masters, CN=eve, two DNS names and an address.
const REAL: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQlBEQ0I0Z0lCQURBbk1SY3dGUVlEVlFRS0RBNXplWE4wWlcwNmJXRnpkR1Z5Y3pFTU1Bb0dBMVVFQXd3RApaWFpsTUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFbm5vSkQ2VGt1dVNLMFUxM2ZFdUVMV0ZzCm1uc0ltNXF0d0EvSWphaEl4bkkxeU9XVGtCSWQ3SnpxWWpVbUgrbkRMUzM2OGFaemgrZEZxanQ4ZVVDWC82QloKTUZjR0NTcUdTSWIzRFFFSkRqRktNRWd3T1FZRFZSMFJCREl3TUlJUVpYWnBiQzVsZUdGdGNHeGxMbU52YllJVwphM1ZpWlhKdVpYUmxjeTVrWldaaGRXeDBMbk4yWTRjRUNnQUFBVEFMQmdOVkhROEVCQU1DQjRBd0NnWUlLb1pJCnpqMEVBd0lEU1FBd1JnSWhBUHI2MDhsMXAzM3ZqTHFPejJhWHJOV3RBUXY1bTdtVlM5VFFBMVE5ZnJZQUFpRUEKMnFjRlFwYnNJSVhQM1FaWTA3Y3dFRzhTTnk0ZmZQelJKbzFDRW45a2EwTT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==";

/// A value with its tag and length.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    if let Ok(short @ ..=0x7f) = u8::try_from(content.len()) {
        out.push(short);
    } else {
        out.push(0x84);
        out.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
    }
    out.extend(content);
    out
}

fn name(oid: u8, tag: u8, text: &[u8]) -> Vec<u8> {
    let oid = der(0x06, &[0x55, 0x04, oid]);
    der(0x31, &der(0x30, &[oid, der(tag, text)].concat()))
}

const COMMON_NAME: u8 = 3;
const ORGANIZATION: u8 = 10;
const UTF8: u8 = 0x0c;

/// A request with this subject and these attributes; key and signature are of no interest.
fn request(subject: &[Vec<u8>], attributes: &[u8]) -> Vec<u8> {
    let info = [
        der(0x02, &[0]),
        der(0x30, &subject.concat()),
        der(0x30, &[]),
        attributes.to_vec(),
    ];
    let info = der(0x30, &info.concat());
    der(0x30, &[info, der(0x30, &[]), der(0x03, &[0])].concat())
}

fn pem(der: &[u8]) -> String {
    let body = BASE64_STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n")
}

fn created(request: &str) -> String {
    format!(
        r#""verb":"create","objectRef":{{"resource":"certificatesigningrequests","apiGroup":"certificates.k8s.io"}},"requestObject":{{"spec":{{"signerName":"kubernetes.io/kube-apiserver-client","usages":["client auth"],"request":{request}}}}}"#
    )
}

/// The parts of an event that creates a request of this PEM.
fn of_pem(pem: &str) -> String {
    created(&format!("{:?}", BASE64_STANDARD.encode(pem)))
}

const READABLE: [&str; 0] = [];

#[test]
fn names_signer_and_usages_are_read() {
    let parts = created(&format!("{REAL:?}"));
    check(
        &parts,
        &[
            ("csr.commonName", &["eve"]),
            ("csr.organizations", &["system:masters"]),
            (
                "csr.dnsNames",
                &["evil.example.com", "kubernetes.default.svc"],
            ),
            ("csr.signerName", &["kubernetes.io/kube-apiserver-client"]),
            ("csr.usages", &["client auth"]),
        ],
    );
    assert_eq!(flags(&parts), READABLE);
}

#[test]
fn an_approval_shows_the_request_too() {
    let object = format!(r#"{{"kind":"CertificateSigningRequest","spec":{{"request":{REAL:?}}}}}"#);
    let reference = r#""objectRef":{"resource":"certificatesigningrequests","name":"x","subresource":"approval"}"#;
    let expected: &[(&str, &[&str])] = &[("csr.organizations", &["system:masters"])];
    check(
        &format!(r#""verb":"update",{reference},"requestObject":{object}"#),
        expected,
    );
    check(
        &format!(
            r#""verb":"patch",{reference},"requestObject":{{"status":{{}}}},"responseObject":{object}"#
        ),
        expected,
    );
    // Of another kind it is no such request, whatever it says of itself.
    check(
        &format!(
            r#""verb":"create","objectRef":{{"resource":"configmaps"}},"requestObject":{object}"#
        ),
        &[("csr.organizations", &[]), ("csr.signerName", &[])],
    );
}

#[test]
fn every_type_of_string_is_read() {
    let utf16: Vec<u8> = "mästers"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let utf32: Vec<u8> = "mästers"
        .chars()
        .flat_map(|c| u32::from(c).to_be_bytes())
        .collect();
    for (tag, bytes) in [
        (UTF8, "mästers".as_bytes()),
        // Teletex and the like: UTF-8, as Go's parser takes it, else Latin-1.
        (0x14, "mästers".as_bytes()),
        (0x14, b"m\xe4sters"),
        (0x16, b"m\xe4sters"),
        (0x1e, &utf16),
        (0x1c, &utf32),
    ] {
        let subject = [name(ORGANIZATION, tag, bytes)];
        let parts = of_pem(&pem(&request(&subject, &[])));
        check(&parts, &[("csr.organizations", &["mästers"])]);
        assert_eq!(flags(&parts), READABLE, "{tag:x}");
    }
}

#[test]
fn several_names_of_a_kind_are_all_read() {
    // Go takes the last common name, others the first.
    let subject = [
        name(COMMON_NAME, 0x13, b"nobody"),
        name(ORGANIZATION, 0x13, b"devs"),
        name(ORGANIZATION, UTF8, b"system:masters"),
        name(COMMON_NAME, 0x13, b"system:admin"),
    ];
    check(
        &of_pem(&pem(&request(&subject, &[]))),
        &[
            ("csr.commonName", &["nobody", "system:admin"]),
            ("csr.organizations", &["devs", "system:masters"]),
            ("csr.dnsNames", &[]),
        ],
    );
}

#[test]
fn what_a_lenient_reader_takes_is_read() {
    let subject = [name(ORGANIZATION, UTF8, b"system:masters")];
    let request = request(&subject, &[]);
    let body = BASE64_STANDARD.encode(&request);
    let pieces = body.as_bytes().chunks(7);
    let pieces: Vec<_> = pieces.map(|piece| str::from_utf8(piece).unwrap()).collect();
    let spaced = pieces.join("\t\r\n ");
    let label = "CERTIFICATE REQUEST-----";
    for pem in [
        format!("-----BEGIN {label}\n{spaced}-----END {label}"),
        format!(
            "some words\n-----BEGIN {label}\nProc-Type: 4\nDEK-Info: x\n\n{body}\n-----END {label}\nmore"
        ),
        format!(
            "-----BEGIN {label}\n{}\n-----END {label}",
            body.trim_end_matches('=')
        ),
    ] {
        let parts = of_pem(&pem);
        check(&parts, &[("csr.organizations", &["system:masters"])]);
        assert_eq!(flags(&parts), READABLE, "{pem}");
    }
    // The outer base64 may be broken into lines too.
    let outer = BASE64_STANDARD.encode(pem(&request));
    let (left, right) = outer.split_at(40);
    check(
        &created(&format!(r#""{left}\r\n{right}""#)),
        &[("csr.organizations", &["system:masters"])],
    );
}

#[test]
fn a_block_in_front_hides_nothing() {
    let plain = request(&[name(COMMON_NAME, UTF8, b"dana")], &[]);
    let privileged = request(&[name(ORGANIZATION, UTF8, b"system:masters")], &[]);
    let parts = of_pem(&format!("{}{}", pem(&plain), pem(&privileged)));
    check(
        &parts,
        &[
            ("csr.commonName", &["dana"]),
            ("csr.organizations", &["system:masters"]),
        ],
    );
    let spoilt = pem(&plain).replacen("MB", "M*", 1);
    assert_ne!(spoilt, pem(&plain));
    let parts = of_pem(&format!("{spoilt}{}", pem(&privileged)));
    check(&parts, &[("csr.organizations", &["system:masters"])]);
    assert_eq!(flags(&parts), ["csr-unreadable"]);
}

#[test]
fn what_stands_before_a_defect_is_read_and_the_defect_is_flagged() {
    let subject = [name(ORGANIZATION, UTF8, b"system:masters")];
    let whole = request(&subject, &der(0xa0, &der(0x30, &der(0x06, &[1]))));
    let parts = of_pem(&pem(&whole));
    check(&parts, &[("csr.organizations", &["system:masters"])]);
    assert_eq!(flags(&parts), READABLE);
    let spoilt = request(&subject, &der(0xa0, &[0x30, 0x7f]));
    let parts = of_pem(&pem(&spoilt));
    check(&parts, &[("csr.organizations", &["system:masters"])]);
    assert_eq!(flags(&parts), ["csr-unreadable"]);
    for request in [r#""""#, r#""AAAA""#, "7", "{}", r#""%%%""#] {
        let parts = created(request);
        check(&parts, &[("csr.commonName", &[])]);
        assert_eq!(flags(&parts), ["csr-unreadable"], "{request}");
    }
    // Nothing there is nothing unreadable.
    assert_eq!(flags(&created("null")), READABLE);
}

#[test]
fn every_reading_of_a_repeated_request_is_read() {
    let other = pem(&request(&[name(COMMON_NAME, UTF8, b"dana")], &[]));
    let other = BASE64_STANDARD.encode(other);
    check(
        &created(&format!(r#"{REAL:?},"request":{other:?}"#)),
        &[
            ("csr.commonName", &["eve", "dana"]),
            ("csr.organizations", &["system:masters"]),
        ],
    );
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(mut bytes in Just(request(
        &[name(COMMON_NAME, UTF8, b"dana"), name(ORGANIZATION, 0x1e, b"\0d\0e")],
        &[],
    )), at in any::<prop::sample::Index>(), to in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let at = at.index(bytes.len());
        bytes[at] = to;
        bytes.truncate(cut.index(bytes.len() + 1));
        let json = format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete",{}}}"#,
            of_pem(&pem(&bytes))
        );
        let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
        let mut scratch = Scratch::default();
        scratch.begin();
        scratch.field(&event, FieldId::CsrCommonName);
    }
}
