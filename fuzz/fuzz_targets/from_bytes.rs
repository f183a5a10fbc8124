//! Any bytes as a compiled rule set, and real sets with damage: an error, or a set that evaluates without a panic, and that
//! is the same when it is written and read again. The checksum is made right, so that the verification is what is tried.

#![no_main]

use std::sync::LazyLock;

use detect::{Detector, Reader, RuleSet};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

/// What stands before the content: magic, version and checksum.
const HEAD: &[u8; 12] = b"KUBESIFT\x01\0\0\0";
const HEADER: usize = 16;
/// Bytes that an edit puts in, at most.
const MOST_INSERTED: usize = 64;

#[derive(Arbitrary, Debug)]
enum Input {
    Bytes(Vec<u8>),
    Content(Vec<u8>),
    Damaged { of: u8, edits: Vec<Edit> },
}

/// A change at a place, which counts from the start and goes on there when it is past the end.
#[derive(Arbitrary, Debug)]
enum Edit {
    Set {
        at: u16,
        byte: u8,
    },
    Add {
        at: u16,
        to: i8,
    },
    Insert {
        at: u16,
        bytes: Vec<u8>,
    },
    Remove {
        at: u16,
        length: u8,
    },
    /// A number of variable length that is huge.
    Huge {
        at: u16,
    },
    /// Content from elsewhere.
    Copy {
        at: u16,
        from: u16,
        length: u8,
    },
}

/// Every part of the form: all kinds of tests, blocks, filters, levels, suppression, and correlations of several types.
const RULES: [&str; 3] = [
    r#"
title: Every kind of test
name: every-kind
logsource: {product: kubernetes, service: audit}
sigma-version: 3
detection:
  regex: {userAgent|re: ['^(curl|kubectl)/[0-9.]+', 'a.*b']}
  wild: {user.username: '*a?i*e*', requestURI|contains: [api, exec]}
  cased: {user.username|cased: Alice}
  number: {responseStatus.code|gte: 100, status|lt: 600, object.spec.replicas: [1, 2.5]}
  network: {client.ip|cidr: [203.0.113.0/24, '2001:db8::/32']}
  same: {objectRef.name|fieldref: name}
  member: {'annotations[any]': {key|startswith: authorization, value: allow}}
  all: {'containers[all_or_empty]': {image|endswith: ':latest', 'env[none]': {name: A}}}
  absent: {user.extra.nothing: null}
  keywords: [xmrig, kubectl]
  condition: 1 of them and not (cased and same)
level: low
message: "{user.username} {exec.commandLine} {containers.image} {ref}"
"#,
    r#"
title: A
name: a
logsource: {product: kubernetes, service: audit}
detection: {s: {verb: [get, create], namespace|exists: true}, condition: s}
suppress: {by: [user.username], for: 1h}
level: high
---
title: F
logsource: {product: kubernetes, service: audit}
expires: 2030-01-01
filter: {rules: [a], ours: {user.username: backup, user.groups: [x, y]}, condition: not ours}
---
placeholders: {trusted_proxies: [10.0.0.0/8, '2001:db8::1']}
"#,
    r#"
title: A
name: a
logsource: {product: kubernetes, service: audit}
detection: {s: {verb: create}, condition: s}
---
title: B
name: b
logsource: {product: kubernetes, service: audit}
detection: {s: {verb: get}, condition: s}
---
title: Count
name: count
generate: true
correlation: {type: event_count, rules: [a, b], group-by: [user.username], timespan: 1m, condition: {gte: 2}}
---
title: Values
name: values
correlation: {type: value_count, rules: [a], group-by: [user.username, namespace], timespan: 5m, condition: {gt: 1, field: name}}
---
title: Order
name: order
correlation: {type: temporal_ordered, rules: [a, b], group-by: [user.username], timespan: 1h}
level: critical
---
title: New
name: new
correlation: {type: new_value, rules: [b], group-by: [user.username], timespan: 1d, learning: 1h, condition: {field: namespace}}
"#,
];

static SETS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let sets = RULES.iter().map(|text| {
        let set = RuleSet::builder().text("rules.yaml", *text).build();
        set.expect("the rules are right").to_bytes()
    });
    sets.collect()
});

/// Events whose parts all kinds of tests ask for, three times with odd keys among them.
const LOG: &[u8] = br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"1","stage":"ResponseComplete","stageTimestamp":"2026-01-02T03:04:05.678901Z","verb":"create","requestURI":"/api/v1/namespaces/x/pods?a=b","user":{"username":"Alice","groups":["a","b"],"extra":{"k":["v"]}},"sourceIPs":["10.0.0.1","203.0.113.7"],"userAgent":"curl/8.1","annotations":{"authorization.k8s.io/decision":"allow"},"objectRef":{"resource":"pods","namespace":"x","name":"p"},"responseStatus":{"code":201},"requestObject":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","labels":{"a.b/c":"x"}},"spec":{"hostNetwork":true,"replicas":2.5,"containers":[{"name":"a","image":"reg/xmrig:latest","env":[{"name":"A","value":"x"}],"securityContext":{"privileged":true}}]}},"responseObject":{"kind":"Status","code":201}}
{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"2","stage":"ResponseStarted","stageTimestamp":"2026-01-02T03:04:15.678901Z","verb":"get","requestURI":"/api/v1/namespaces/x/pods/p/exec?command=sh&tty=true","user":{"username":"backup","groups":["x"]},"userAgent":"kubectl/v1.30","objectRef":{"resource":"pods","namespace":"x","name":"p","subresource":"exec"},"responseStatus":{"code":101}}
{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"3","stage":"ResponseComplete","stageTimestamp":"2026-01-02T03:05:00.000000Z","verb":"patch","verb":"create","user":{"username":"Alice"},"objectRef":{"resource":"deployments","namespace":"y","name":"d"},"requestObject":[{"op":"add","path":"/spec/template/spec/hostNetwork","value":true}]}
"#;

fn damage(bytes: &mut Vec<u8>, edits: Vec<Edit>) {
    let place = |at: u16, bytes: &[u8]| usize::from(at) % bytes.len().max(1);
    for edit in edits {
        match edit {
            Edit::Set { at, byte } => {
                let at = place(at, bytes);
                if let Some(known) = bytes.get_mut(at) {
                    *known = byte;
                }
            }
            Edit::Add { at, to } => {
                let at = place(at, bytes);
                if let Some(known) = bytes.get_mut(at) {
                    *known = known.wrapping_add_signed(to);
                }
            }
            Edit::Insert { at, bytes: new } => {
                let at = place(at, bytes);
                let new = new.into_iter().take(MOST_INSERTED);
                bytes.splice(at..at, new.collect::<Vec<_>>());
            }
            Edit::Remove { at, length } => {
                let at = place(at, bytes);
                let end = (at + usize::from(length)).min(bytes.len());
                bytes.drain(at..end);
            }
            Edit::Huge { at } => {
                let at = place(at, bytes);
                bytes.splice(at..at, [0xff, 0xff, 0xff, 0xff, 0x0f]);
            }
            Edit::Copy { at, from, length } => {
                let (at, from) = (place(at, bytes), place(from, bytes));
                let end = (from + usize::from(length)).min(bytes.len());
                let part = bytes.get(from..end).unwrap_or_default().to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
}

/// A set's bytes with this content.
fn with_header(content: &[u8]) -> Vec<u8> {
    let mut bytes = HEAD.to_vec();
    bytes.extend(crc32fast::hash(content).to_le_bytes());
    bytes.extend(content);
    bytes
}

/// Lets a set tell of the log whatever it does.
fn run(detector: &mut Detector) {
    let mut reader = Reader::new(LOG);
    while let Ok(Some(record)) = reader.next() {
        for hit in detector.process(&record) {
            assert!(hit.message().len() < 1 << 20);
            assert!(hit.evidence().count() < 1 << 10);
        }
    }
    for hit in detector.finish() {
        assert!(hit.message().len() < 1 << 20);
    }
}

fn check(bytes: &[u8]) {
    let Ok(set) = RuleSet::from_bytes(bytes) else {
        return;
    };
    let mut scanner = set.scanner();
    for line in LOG.split(|byte| *byte == b'\n') {
        let found = scanner.scan_bytes(line).map_or(0, |hits| hits.len());
        let mut exhaustive = set.scanner().exhaustive();
        let expected = exhaustive.scan_bytes(line).map_or(0, |hits| hits.len());
        assert_eq!(found, expected);
    }
    run(&mut set.detector());
    let written = set.to_bytes();
    let again = RuleSet::from_bytes(&written).expect("what is written can be read");
    assert_eq!(again.to_bytes(), written);
}

fuzz_target!(|input: Input| {
    match input {
        Input::Bytes(bytes) => check(&bytes),
        Input::Content(content) => check(&with_header(&content)),
        Input::Damaged { of, edits } => {
            let set = SETS.get(usize::from(of) % SETS.len());
            let content = set.and_then(|set| set.get(HEADER..)).unwrap_or_default();
            let mut content = content.to_vec();
            damage(&mut content, edits);
            check(&with_header(&content));
        }
    }
});
