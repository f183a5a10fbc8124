//! Wrappers that were cut, damaged and mixed: nothing panics, and nothing before the damage is lost.

use audit_model::{Limits, Reader, Record};
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

proptest! {
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
