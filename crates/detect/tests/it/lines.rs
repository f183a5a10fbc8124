//! A log that is scanned at once is scanned like its lines one by one, and read as if each record were the first.

use detect::{Reader, Record, RuleSet, Scanner};
use proptest::prelude::*;

use crate::support::{compile, rule};

const START: &str =
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete""#;

fn rules() -> RuleSet {
    let detection =
        "s: {requestObject.spec.hostNetwork: true}\no: {verb: delete}\ncondition: 1 of them";
    compile(&rule("t", detection))
}

/// What is said of each line: the line, and its hits if it is an event.
type Said = Vec<(Vec<u8>, Option<usize>)>;

fn at_once(scanner: &mut Scanner, log: &[u8]) -> Said {
    let mut said = Vec::new();
    scanner.scan_batch(log, |line, found| {
        said.push((line.to_vec(), found.ok().map(|hits| hits.len())));
    });
    said
}

fn one_by_one(scanner: &mut Scanner, log: &[u8]) -> Said {
    log.split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
        .map(|line| {
            let found = scanner.scan_bytes(line).ok().map(|hits| hits.len());
            (line.to_vec(), found)
        })
        .collect()
}

/// The log is scanned twice, as layouts are known the second time; and then by a scanner that has seen its records with
/// line feeds in them.
#[track_caller]
fn check(log: &[u8]) {
    let rules = rules();
    let expected = one_by_one(&mut rules.scanner(), log);
    let mut scanner = rules.scanner();
    for _ in 0..2 {
        assert_eq!(at_once(&mut scanner, log), expected);
    }
    let mut scanner = rules.scanner();
    let _ = scanner.scan_bytes(log);
    for record in log.split(|byte| *byte == b'#') {
        let _ = scanner.scan_bytes(record);
    }
    assert_eq!(at_once(&mut scanner, log), expected);
    let sound = |record: &&[u8]| rules.scanner().scan_bytes(record).is_ok();
    let whole = log.split(|byte| *byte == b'#').filter(sound);
    let lines = log.split(|byte| *byte == b'\n').filter(sound);
    let known: Vec<&[u8]> = whole.chain(lines).collect();
    assert_eq!(read_after(&[], log), read_after(&known, log));
}

/// What a reader tells of each record of a log that comes after others: what it is, where it begins, and what stands there.
fn read_after(known: &[&[u8]], log: &[u8]) -> Vec<(char, u64, u64, Vec<u8>)> {
    let mut text = known.join(&b'\n');
    if !known.is_empty() {
        text.push(b'\n');
    }
    let start = text.len() as u64;
    let before = text.split(|byte| *byte == b'\n').count() as u64 - 1;
    text.extend_from_slice(log);
    let mut reader = Reader::new(text.as_slice());
    let mut told = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        let (kind, offset, line, raw) = match &record {
            Record::Event(event) => {
                // What is read where it lies is what the typed event says.
                let verb = event.event().verb.as_deref();
                let verb = verb.and_then(|verb| verb.chars().next());
                (
                    verb.unwrap_or('e'),
                    event.offset(),
                    event.line(),
                    event.raw(),
                )
            }
            Record::Skipped(other) => ('s', other.offset(), other.line(), other.raw()),
            Record::Malformed(other) => ('m', other.offset(), other.line(), other.raw()),
            other => panic!("{other:?}"),
        };
        if let Some(offset) = offset.checked_sub(start) {
            told.push((kind, offset, line - before, raw.to_vec()));
        }
    }
    told
}

fn record() -> impl Strategy<Value = String> {
    let gap = || prop_oneof![12 => Just(""), 1 => Just("\n"), 1 => Just(" "), 1 => Just("\r\n")];
    let body = prop_oneof![
        2 => Just(r#"{"spec":{"hostNetwork":true}}"#),
        2 => Just(r#"{"spec":{"hostNetwork":false}}"#),
        1 => Just("{\"spec\":\n{\"hostNetwork\":true}}"),
        1 => Just("{\"spec\":{\"hostNetwork\":true}\n}"),
        1 => Just("{\"spec\":\t{\"hostNetwork\":true}}"),
        1 => Just("{\"spec\":{\"hostNetwork\":true}"),
        1 => Just("{\"spec\":\"a\nb\"}"),
    ];
    let verb = prop_oneof![
        Just("delete"),
        Just("create"),
        Just("de\nlete"),
        Just("delete\\")
    ];
    let end = prop_oneof![6 => Just("}\n"), 1 => Just("}"), 1 => Just("}#"), 1 => Just("} \n"), 1 => Just("}\r\n"), 1 => Just("}}\n"), 1 => Just("")];
    (verb, body, gap(), gap(), gap(), end).prop_map(|(verb, body, a, b, c, end)| {
        format!(r#"{a}{START}{b},"verb":"{verb}","requestObject":{body}{c}{end}"#)
    })
}

proptest! {
    #[test]
    fn a_log_is_its_lines(records in prop::collection::vec(record(), 1..8)) {
        check(records.concat().as_bytes());
    }
}

#[test]
fn lines_of_all_lengths() {
    for n in 0..200 {
        let record = format!(
            r#"{START},"verb":"delete","requestObject":{{"a":"{}"}}}}"#,
            "x".repeat(n)
        );
        check(format!("{record}\n{record}\n\n{record}").as_bytes());
        check(format!("{record}\r\n{record} \n{record}{record}\n").as_bytes());
    }
    check(b"");
    check(b"\n\n");
}
