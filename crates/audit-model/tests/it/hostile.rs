//! Text that is there to cost time, memory or events.

use std::io::{self, Read};

use audit_model::{Event, Limits, Reader, Record};

use crate::reader::{event, line_of, records};

/// Bytes that are made as they are read, so that only the reader's memory counts.
struct Repeat<'a>(Vec<(&'a [u8], usize)>, usize);

impl Read for Repeat<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < out.len() {
            let Some((piece, left)) = self.0.first_mut() else {
                break;
            };
            if *left == 0 {
                self.0.remove(0);
                continue;
            }
            let rest = &piece[self.1..];
            let count = rest.len().min(out.len() - done);
            out[done..done + count].copy_from_slice(&rest[..count]);
            done += count;
            self.1 += count;
            if self.1 == piece.len() {
                self.1 = 0;
                *left -= 1;
            }
        }
        Ok(done)
    }
}

/// Records by kind. No test here looks at a clock: the inputs are so large that what is not linear would take hours.
fn counts(input: impl Read) -> (u64, u64, u64) {
    limited_counts(input, Limits::default())
}

fn limited_counts(input: impl Read, limits: Limits) -> (u64, u64, u64) {
    let mut reader = Reader::new(input).with_limits(limits);
    while reader.next().unwrap().is_some() {}
    let counters = reader.counters();
    (counters.events, counters.skipped, counters.malformed)
}

#[test]
fn lines_that_open_brackets_cost_linear_time() {
    let n = 200_000_u64;
    for line in [
        "{\"a\":\n",
        "{\n",
        "[[\n",
        "{\"a\":[\n",
        "[{\"a\":\n",
        "x[\n",
        "[1,\n",
    ] {
        let (_, _, malformed) = counts(Repeat(vec![(line.as_bytes(), 200_000)], 0));
        assert!(malformed >= n / 2, "{line}: {malformed}");
    }
    let last = event(1);
    let (events, _, _) = counts(Repeat(vec![(b"[\n", 200_000), (last.as_bytes(), 1)], 0));
    assert_eq!(events, 1);
}

#[test]
fn brackets_over_the_limit_are_read_again_once() {
    let line = event(1) + "\n";
    let open = b"{\"a\":\n";
    let limits = Limits::default().with_record_bytes(1 << 20);
    let n = (2 << 20) / open.len();
    let input = Repeat(vec![(open, n), (line.as_bytes(), 2)], 0);
    let (events, _, malformed) = limited_counts(input, limits);
    assert_eq!((events, usize::try_from(malformed).unwrap()), (2, n));
}

#[test]
fn many_values_on_one_line_cost_linear_time() {
    let (_, skipped, _) = counts(Repeat(vec![(b"{}", 200_000)], 0));
    assert_eq!(skipped, 200_000);
    let event = event(1) + ",";
    let (events, _, malformed) = counts(Repeat(vec![(b"[", 1), (event.as_bytes(), 200_000)], 0));
    assert_eq!((events, malformed), (200_000, 1));
}

#[test]
fn long_lines_are_passed_over() {
    let (first, last) = (event(1) + "\n", format!("\n{}", event(2)));
    let long = 100 << 20;
    let over = 33 << 20;
    for (open, filler, size) in [
        (&b"{\"verb\":\""[..], &b"xxxxxxxx"[..], long),
        (b"{\"a\":[", b"[],     ", over),
        (b"x", b"garbage{", over),
        (b"7", b"77777777", over),
    ] {
        let pieces = vec![
            (first.as_bytes(), 1),
            (open, 1),
            (filler, size / 8),
            (last.as_bytes(), 1),
        ];
        assert_eq!(counts(Repeat(pieces, 0)), (2, 0, 1));
    }
}

#[test]
fn long_records_name_both_numbers() {
    let limits = Limits::default().with_record_bytes(100);
    let long = format!(r#"{{"verb":"{}"}}"#, "x".repeat(200));
    for text in [
        format!("{}\n{long}\n{}", event(1), event(2)),
        format!("{}{long}{}", event(1), event(2)),
        format!("[{},{long},{}]", event(1), event(2)),
    ] {
        let mut reader = Reader::new(text.as_bytes()).with_limits(limits);
        let mut messages = Vec::new();
        while let Some(record) = reader.next().unwrap() {
            if let Record::Malformed(record) = record {
                assert_eq!(record.raw()[..20], long.as_bytes()[..20]);
                messages.push(record.error.to_string());
            }
        }
        let start = text.find("{\"verb").unwrap();
        assert_eq!(
            messages,
            [format!(
                "a record of {} bytes, over the limit of 100, starts at byte {start} (line {})",
                long.len(),
                line_of(&text, start)
            )]
        );
        assert_eq!(reader.counters().events, 2);
    }
    let message = Event::decode(long.as_bytes(), &limits)
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "a record of 211 bytes, over the limit of 100, starts at byte 0"
    );
}

#[test]
fn values_over_lines_and_the_limit_are_lines() {
    let limits = Limits::default().with_record_bytes(100);
    let text = format!("{{\n\"a\":\"{}\"\n}}\n{}", "x".repeat(120), event(1));
    assert_eq!(records(text.as_bytes(), limits), "m1 m2 m3 e1");
}

#[test]
fn bodies_may_hold_what_go_lets_through() {
    let deep = format!("{}{}", "[".repeat(9_000), "]".repeat(9_000));
    let deeper = format!("{}{}", "[".repeat(2_000_000), "]".repeat(2_000_000));
    for body in [
        r#"{"a":1,"a":2}"#,
        r#""\ud800""#,
        "1e999",
        "[tru, 01]",
        "\"\\x\"",
        &deep,
        &deeper,
        "{\"a\":\"\u{7f}\"}",
    ] {
        let text = format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","requestObject":{body}}}"#
        );
        let text = text.as_bytes();
        let event = Event::decode(text, &Limits::default()).unwrap();
        assert_eq!(
            event.request_object.as_ref().unwrap().as_bytes(),
            body.as_bytes()
        );
        assert_eq!(records(text, Limits::default()), "e1");
    }
    let invalid = [
        &br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","responseObject":["#[..],
        b"\"\xff\xfe\"]}",
    ]
    .concat();
    assert_eq!(records(&invalid[..], Limits::default()), "e1");
}

#[test]
fn structure_is_checked_in_bodies() {
    for body in [
        "{]",
        "[}",
        "[",
        "{\"a\":\"b}",
        "\"\n\"",
        "\"\u{1}\"",
        "]",
        "",
    ] {
        let text =
            format!(r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","requestObject":{body}}}"#);
        let error = Event::decode(text.as_bytes(), &Limits::default()).unwrap_err();
        assert!(!error.is_not_audit_event(), "{body}: {error}");
    }
}

#[test]
fn a_million_values_are_refused_with_both_numbers() {
    let addresses = vec!["\"::\""; 400_000].join(",");
    let text = format!(r#"{{"sourceIPs":[{addresses}]}}"#);
    let event = Event::decode_fragment(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(event.source_ips.unwrap().len(), 400_000);
    let text = format!(r#"{{"sourceIPs":[{addresses}],"verb":"a","verb":"b","verb":"c"}}"#);
    let message = Event::decode_fragment(text.as_bytes(), &Limits::default())
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "the envelope holds 1200012 values in all its readings, over the limit of 1000000, at byte 0"
    );
}
