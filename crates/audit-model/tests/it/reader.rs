//! What a stream's records are.

use std::io::{self, Read};

use audit_model::{Limits, Reader, Record};

/// An event that says which it is.
pub(crate) fn event(n: usize) -> String {
    format!(r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"{n}","verb":"get"}}"#)
}

/// The line on which a byte stands.
pub(crate) fn line_of(text: &str, at: usize) -> u64 {
    1 + text
        .bytes()
        .take(at)
        .map(|byte| u64::from(byte == b'\n'))
        .sum::<u64>()
}

/// A reader's records, one word each: `e` and its audit ID, `s`kipped, `m`alformed with its line, `!` an error.
pub(crate) fn records(input: impl Read, limits: Limits) -> String {
    let mut reader = Reader::new(input).with_limits(limits);
    let mut words = Vec::new();
    loop {
        words.push(match reader.next() {
            Ok(None) => return words.join(" "),
            Ok(Some(Record::Event(record))) => {
                format!("e{}", record.into_event().audit_id.unwrap_or_default())
            }
            Ok(Some(Record::Skipped(_))) => "s".to_owned(),
            Ok(Some(Record::Malformed(record))) => format!("m{}", record.line()),
            Ok(Some(_)) => "?".to_owned(),
            Err(error) => format!("!{error}"),
        });
    }
}

/// A source that gives a few bytes at a time.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(out.len());
        self.0.read(&mut out[..count])
    }
}

/// `E1` and the like in the text stand for events.
#[track_caller]
fn check(text: &str, expected: &str) {
    check_bytes(fill(text).as_bytes(), expected);
}

#[track_caller]
fn check_bytes(bytes: &[u8], expected: &str) {
    assert_eq!(
        records(bytes, Limits::default()),
        expected,
        "{}",
        String::from_utf8_lossy(bytes)
    );
    for step in [1, 2, 7, 1000] {
        assert_eq!(
            records(Drip(bytes, step), Limits::default()),
            expected,
            "{step} bytes at a time"
        );
    }
}

fn fill(text: &str) -> String {
    (0..10).fold(text.to_owned(), |text, n| {
        text.replace(&format!("E{n}"), &event(n))
    })
}

#[test]
fn lines() {
    check("", "");
    check("E1", "e1");
    check("E1\nE2\n", "e1 e2");
    check("E1\r\nE2\r\n", "e1 e2");
    check("\n\n  \n\tE1\n\n\n", "e1");
    check("\u{feff}E1\n\u{feff}E2\n  \u{feff} E3", "e1 e2 e3");
    check("\u{feff}", "");
}

#[test]
fn several_values_on_a_line() {
    check("E1E2 E3", "e1 e2 e3");
    check("E1{}E2\nE3", "e1 s e2 e3");
    check("E1 garbage E2\nE3", "e1 m1 e3");
    check("E1}\nE2", "e1 m1 e2");
    check("null \"x\" 12 true E1", "s s s s e1");
    check(r#""verb": "get","#, "m1");
}

#[test]
fn other_json_is_skipped_once_per_value() {
    check("{}\nnull\n\"x\"\n12\n-1.5e3\ntrue\n[]\n", "s s s s s s s");
    check(r#"{"kind":"Pod","verb":[[]],"user":7}"#, "s");
    check(
        r#"{"kind":"Event","apiVersion":"v1","involvedObject":{},"reason":"x"}"#,
        "s",
    );
    check(r#"{"kind":"AdmissionReview","request":{"uid":"u"}}"#, "s");
    check(r#"{"kind":"List","apiVersion":"v1","items":[{}]}"#, "s");
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    check(&format!(r#"{{"a":{deep}}}"#), "s");
    check(r#"{"auditID":"7","stage":"Panic","verb":""}"#, "e7");
    check(
        r#"{"kind":"Event","auditID":"7","stage":"Panic","verb":"x","apiVersion":"x"}"#,
        "e7",
    );
    check(r#"{"auditID":7,"stage":"Panic","verb":"x"}"#, "s");
}

#[test]
fn text_that_is_no_json_is_malformed() {
    check("hello\nE1\n\0\0\nE2", "m1 e1 m3 e2");
    check("2024-01-01T00:00:00Z x F E\nE2", "m1 e2");
    check("tru\nnul\n+1\n'x'\nE1", "m1 m2 m3 m4 e1");
    check(r#"{"a":[1 2]}"#, "m1");
    check("{\"a\":\u{1}}\nE1", "m1 e1");
}

#[test]
fn values_over_lines() {
    let pretty = event(1).replace(',', ",\n  ").replace('{', "{\r\n");
    check(&format!("{pretty}\n{pretty}\nE2"), "e1 e1 e2");
    check(&format!("{pretty}{pretty}E2"), "e1 e1 e2");
    check("{\n}\n[\n]\nE1", "s s e1");
}

#[test]
fn a_cut_line_costs_itself() {
    let whole = event(1);
    for cut in 1..whole.len() {
        check(
            &format!("{}\nE2\nE3\n", whole.get(..cut).unwrap()),
            "m1 e2 e3",
        );
    }
    let pretty = event(2).replace(',', ",\n");
    check(&format!("{{\"user\":\n{pretty}\nE3"), "m1 m2 m3 m4 m5 e3");
    check(&format!("{{\"kind\":\"Event\"\n{pretty}\nE3"), "m1 e2 e3");
}

#[test]
fn arrays() {
    check("[E1,E2]", "e1 e2");
    check("[\n  E1,\n  E2\n]\n", "e1 e2");
    check("[E1]\n[E2]\nE3", "e1 e2 e3");
    check("[E1][E2]E3", "e1 e2 e3");
    check("[1, \"x\", {}, [E1], E2]", "s s s s e2");
    check(" [ ] []\n[\n\n]", "s s s");
    check("\u{feff}[\u{feff}E1,\u{feff}E2]", "e1 e2");
    let pretty = event(1).replace(',', ",\n  ");
    check(&format!("[\n{pretty},\n{pretty}\n]"), "e1 e1");
}

#[test]
fn arrays_go_on_after_bad_values() {
    check("[E1,{\"a\" 1},E2]\nE3", "e1 m1 e2 e3");
    check("[E1,{\"a\":\"\u{1}\"},E2]", "e1 m1 e2");
    check("[E1,\n{\"a\":\"b\nE2,\nE3\n]\nE4", "e1 m2 e2 e3 e4");
    check("[E1,\nnonsense\nE2,\nE3]\nE4", "e1 m2 e2 e3 e4");
    check("[E1,,E2]", "e1 m1 e2");
    check("[E1,E2,]E3", "e1 e2 m1 e3");
    check("[E1\nE2\nE3\n", "e1 m2 e2 e3");
    check("[E1,", "e1 m1");
    check("[E1", "e1 m1");
    check("[", "m1");
    check("[INFO] E1\nE2", "m1 e2");
    check("[2024-01-01] E1\nE2\n[E3]\n", "m1 e2 e3");
    check("[1] hello", "s m1");
}

#[test]
fn event_lists() {
    let list = |items: &str| {
        format!(
            r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{{}},"items":{items}}}"#
        )
    };
    let bare = r#"{"level":"Metadata","auditID":"8","stage":"Panic","verb":"get"}"#;
    check(&list(&format!("[E1,{bare}, E2 ]")), "e1 e8 e2");
    check(&format!("{}{}\nE3", list("[E1]"), list("[E2]")), "e1 e2 e3");
    check(&list("[]"), "s");
    check(&list("null"), "s");
    check(
        r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1"}"#,
        "s",
    );
    check(&list("7"), "m1");
    check(
        &list(r#"[E1,{"kind":"Pod"},"x",{"verb":7},E2]"#),
        "e1 s s m1 e2",
    );
    check(&list("[E1 E2]"), "e1 m1 e2");
    check(&list("[E1,]"), "e1 m1");
    check(&list("[E1,x,E2]"), "e1 m1");
    check(
        r#"{"items":[E1],"apiVersion":"audit.k8s.io/v1","items":[E2],"kind":"EventList"}"#,
        "e1 e2",
    );
    check(&format!("[{},E3]", list("[E1,E2]")), "e1 e2 e3");
    check(&list("[\n\nE1,\n{\"verb\":7}]"), "e1 m4");
}

#[test]
fn items_inherit_what_they_lack() {
    let text = br#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1beta1","items":[
        {"verb":"get"},{"verb":"get","apiVersion":"audit.k8s.io/v1"}]} {"auditID":"1","stage":"Panic","verb":"get"}"#;
    let mut reader = Reader::new(&text[..]);
    let mut seen = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        let Record::Event(record) = record else {
            panic!("{record:?}")
        };
        let line = record.line();
        let event = record.into_event();
        seen.push((
            event.kind.map(String::from),
            event.api_version.map(String::from),
            line,
        ));
    }
    let row = |kind: Option<&str>, version: Option<&str>, line| {
        (kind.map(String::from), version.map(String::from), line)
    };
    let expected = [
        row(Some("Event"), Some("audit.k8s.io/v1beta1"), 2),
        row(Some("Event"), Some("audit.k8s.io/v1"), 2),
        row(None, None, 2),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn records_say_where_they_are() {
    let text = fill(
        "\u{feff}E1 \r\n\n x\r\n[E2,\n {\"verb\": 7}]\n{\"kind\":\"Event\",\n\"apiVersion\":\"audit.k8s.io/v1\",\n\"verb\":7}",
    );
    let mut reader = Reader::new(text.as_bytes());
    let mut seen = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        let (offset, line, raw) = match &record {
            Record::Event(record) => (record.offset(), record.line(), record.raw()),
            Record::Skipped(record) => (record.offset(), record.line(), record.raw()),
            Record::Malformed(record) => {
                seen.push(record.error.to_string());
                (record.offset(), record.line(), record.raw())
            }
            _ => panic!("{record:?}"),
        };
        let start = usize::try_from(offset).unwrap();
        assert_eq!(&text.as_bytes()[start..start + raw.len()], raw);
        assert_eq!(line_of(&text, start), line);
    }
    let x = text.find(" x").unwrap() + 1;
    let verb = text.rfind('7').unwrap();
    assert_eq!(
        seen,
        [
            format!("expected a JSON value, found `x` at byte {x} (line 3)"),
            format!("`verb` must be a string, found a number at byte {verb} (line 8)"),
        ]
    );
    let counters = reader.counters();
    assert_eq!(
        (
            counters.events,
            counters.skipped,
            counters.malformed,
            counters.partial
        ),
        (2, 1, 2, 0)
    );
    assert_eq!(counters.bytes, text.len() as u64);
}

#[test]
fn sources_that_fail_lose_nothing() {
    struct Failing<'a>(&'a [u8], Vec<io::ErrorKind>);
    impl Read for Failing<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.len() {
                0 => self.1.pop().map_or(Ok(0), |kind| Err(kind.into())),
                // Every third byte has to be asked for again.
                n if n % 3 == 0 && self.1.len() > 1 => Err(self.1.pop().unwrap().into()),
                _ => self.0.read(&mut out[..1]),
            }
        }
    }
    let text = fill("E1\nE2");
    let source = Failing(text.as_bytes(), vec![io::ErrorKind::BrokenPipe; 1]);
    let expected = format!("e1 e2 !the source failed at byte {}", text.len());
    assert_eq!(records(source, Limits::default()), expected);

    let mut kinds = vec![io::ErrorKind::Interrupted; 20];
    kinds.extend([io::ErrorKind::WouldBlock; 1]);
    let got = records(Failing(text.as_bytes(), kinds), Limits::default());
    assert_eq!(
        got.split(' ').filter(|word| word.starts_with('e')).count(),
        2,
        "{got}"
    );
}

#[cfg(not(feature = "gzip"))]
#[test]
fn gzip_asks_for_its_feature() {
    let got = records(&b"\x1f\x8b\x08\x00"[..], Limits::default());
    assert_eq!(
        got,
        "!the source is gzip, which needs the feature `gzip` of `kubesift-audit-model`, seen at byte 0"
    );
}

#[cfg(feature = "gzip")]
mod gzip {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn pack(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn is_unpacked_nested_and_concatenated() {
        let mut packed = pack(fill("E1\nE2\n").as_bytes());
        packed.extend(pack(fill("E3\n").as_bytes()));
        for _ in 0..4 {
            check_bytes(&packed, "e1 e2 e3");
            packed = pack(&packed);
        }
        let got = records(&packed[..], Limits::default());
        assert_eq!(
            got,
            "!the source is packed 5 times or more, over the limit of 4, at byte 0"
        );
    }

    #[test]
    fn a_cut_end_comes_after_the_records() {
        let text: String = (0..2000).map(|n| event(n * 7919 % 10007) + "\n").collect();
        let packed = pack(text.as_bytes());
        let got = records(&packed[..packed.len() - 20], Limits::default());
        assert!(got.starts_with("e0 e7919 "), "{got}");
        let (last, error) = got.split_once('!').unwrap();
        assert!(error.starts_with("the source failed at byte "), "{error}");
        assert!(last.split(' ').filter(|word| word.starts_with('e')).count() > 1000);
    }
}

#[test]
fn readers_and_what_they_give_may_cross_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Reader<io::Empty>>();
    check::<Record<'static>>();
    check::<audit_model::DecodeError>();
    check::<audit_model::ReadError>();
}
