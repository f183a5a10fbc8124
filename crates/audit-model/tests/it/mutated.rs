//! Wrappers that were cut, damaged and mixed: nothing panics, and nothing before the damage is lost.

use audit_model::{DecodeError, Limits, Reader, Record};
use proptest::prelude::*;

use crate::reader::{event, records};
use crate::wrappers::{JSON, LINES};

/// Reads all of a stream; the records that came out and those that the counters know.
fn read(bytes: &[u8], limits: Limits) -> (u64, u64) {
    let mut reader = Reader::new(bytes).with_limits(limits);
    let mut count = 0;
    while let Ok(Some(record)) = reader.next() {
        count += 1;
        if let Record::Event(record) = record {
            assert!(record.event().to_owned_json().len() > 2);
        }
    }
    let counters = reader.counters();
    let skipped: u64 = reader.skipped().map(|(_, count)| count).sum();
    assert_eq!(skipped, counters.skipped);
    assert_eq!(counters.bytes, bytes.len() as u64);
    (
        count,
        counters.events + counters.partial + counters.skipped + counters.malformed,
    )
}

trait ToJson {
    fn to_owned_json(&self) -> Vec<u8>;
}

impl ToJson for audit_model::Event<'_> {
    fn to_owned_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_json(&mut out);
        out
    }
}

fn wrapped(n: usize, at: usize) -> String {
    let mut all = JSON.iter().chain(LINES).cycle();
    let (_, wrap) = all.nth(at).unwrap();
    wrap(&event(n))
}

#[test]
fn every_cut_loses_nothing_before_it() {
    for at in 0..JSON.len() + LINES.len() {
        let before = wrapped(1, at);
        let after = wrapped(2, at + 1);
        let text = format!("{before}\n{after}\n");
        for cut in (before.len()..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            let got = records(&text.as_bytes()[..cut], Limits::default());
            assert!(got.starts_with("e1"), "{cut}: {got}\n{text}");
        }
    }
}

#[test]
fn a_line_that_was_cut_costs_itself() {
    for at in 0..JSON.len() + LINES.len() {
        let broken = wrapped(1, at);
        // Of what is split over lines, the lines that are left may be taken for a beginning.
        if broken.contains('\n') {
            continue;
        }
        for cut in (1..broken.len())
            .step_by(7)
            .filter(|cut| broken.is_char_boundary(*cut))
        {
            let text = format!(
                "{}\n{}\n{}\n",
                broken.get(..cut).unwrap(),
                event(2),
                wrapped(3, at)
            );
            let got = records(text.as_bytes(), Limits::default());
            assert!(got.contains("e2") && got.ends_with("e3"), "{got}\n{text}");
        }
    }
}

/// What comes out of a stream: each record, with where its event is from and what is wrong with it.
fn told(bytes: &[u8]) -> Vec<String> {
    // Without its place, which is another one.
    let placeless = |error: &DecodeError| {
        let error = error.to_string().replace("on line 2", "on line 1");
        error.split(" at ").next().unwrap_or_default().to_owned()
    };
    let mut reader = Reader::new(bytes).strict();
    let mut told = Vec::new();
    while let Ok(Some(record)) = reader.next() {
        told.push(match record {
            Record::Event(record) | Record::Partial(record) => {
                let event = record.event();
                let json = String::from_utf8_lossy(&event.to_owned_json()).into_owned();
                let fault = record.fault().map(placeless);
                format!("{json} {:?} {fault:?}", event.source)
            }
            Record::Skipped(record) => format!("{:?}", record.reason),
            Record::Malformed(record) => placeless(&record.error),
            _ => "another".to_owned(),
        });
    }
    told
}

/// Members that make of a wrapper something else, or nothing else.
const MEMBERS: &[&str] = &[
    r#""kind":"Event","#,
    r#""kind":null,"#,
    r#""KIND":"Event","apiVersion":"audit.k8s.io/v1","#,
    r#""kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[],"#,
    r#""auditID":"a","stage":"b","verb":"c","#,
    r#""\u0061uditID":"a","stage":"b","verb":"c","#,
    r#""a":1,"\u006bind":"Event","apiVersion":"audit.k8s.io/v1","#,
    r#""a":1,"#,
    r#""log":"x","#,
    r#""log":"x","log":{},"#,
];

proptest! {
    /// A line that is one wrapper is read in one pass; as a member of an array it is read step by step.
    #[test]
    fn a_line_says_what_it_says_in_an_array(
        (outer, inner) in (0..60_usize, 0..60_usize),
        nested in any::<bool>(),
        members in prop::collection::vec((prop::option::of(any::<prop::sample::Index>()), prop::sample::select(MEMBERS)), 0..3),
        damage in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"x1\"\\{ \xff".to_vec())), 0..2),
    ) {
        let ((_, outer), (_, wrap)) = (JSON[outer % JSON.len()], JSON[inner % JSON.len()]);
        let inside = event(inner);
        let mut text = if nested { outer(&wrap(&inside)) } else { outer(&inside) };
        for (at, member) in members {
            // In the wrapper itself, or somewhere in it.
            let braces: Vec<usize> = text.match_indices('{').map(|(at, _)| at + 1).collect();
            if !braces.is_empty() {
                let at = at.map_or(0, |at| at.index(braces.len()));
                text.insert_str(braces[at], member);
            }
        }
        let mut bytes = text.into_bytes();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let is_sound = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok();
        if is_sound && bytes.starts_with(b"{") && !bytes.contains(&b'\n') {
            let line = [bytes.as_slice(), b"\n"].concat();
            let array = [b"[", bytes.as_slice(), b"]"].concat();
            let alone = told(&line);
            prop_assert_eq!(&alone, &told(&array), "{}", String::from_utf8_lossy(&bytes));
            // After a line of the same form its layout is known.
            let first = format!("{}\n", if nested { outer(&wrap(&inside)) } else { outer(&inside) });
            let mut both = told(first.as_bytes());
            both.extend(alone);
            let after = [first.as_bytes(), &line].concat();
            prop_assert_eq!(told(&after), both, "{}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn damage_is_counted(
        parts in prop::collection::vec((0..60_usize, 0..60_usize), 1..4),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        small in any::<bool>(),
    ) {
        let texts: Vec<_> = parts
            .iter()
            .map(|(outer, inner)| {
                let (_, wrap) = JSON[inner % JSON.len()];
                let mut all = JSON.iter().chain(LINES).cycle();
                let (_, outer) = all.nth(*outer).unwrap();
                outer(&wrap(&event(*inner)))
            })
            .collect();
        let mut bytes = texts.join("\n").into_bytes();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let limits = Limits::default();
        let limits = if small { limits.with_record_bytes(300) } else { limits };
        let (count, counted) = read(&bytes, limits);
        prop_assert_eq!(count, counted);
    }

    #[test]
    fn text_of_any_kind_is_counted(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "2026-01-02T03:04:05Z stdout P ", "stderr F ", "{\"log\":\"", "\",\"stream\":\"stdout\"}",
                "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\"}", "\n", "{", "}", "[", "]", "\"", "\\",
                " AUDIT: id=\"", "\\x41", "\" method=\"get\"", "I0102 03:04:05.1", "{\"message\":\"", "\"}", ":", ",",
                "{\"kubernetes.audit.verb\":\"x\"}", "[Truncated...]", "\u{feff}", "auditID",
            ]),
            0..24,
        ),
    ) {
        let (count, counted) = read(pieces.concat().as_bytes(), Limits::default());
        prop_assert_eq!(count, counted);
    }
}
