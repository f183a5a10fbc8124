//! What holds for any input.

use std::fmt::Write as _;

use audit_model::{Event, Limits, Reader, Record};
use proptest::prelude::*;

use crate::reader::records;

/// JSON text, with what Go accepts and strict parsers do not.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?(e[0-9]{1,4})?",
        text(),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|values| format!("[{}]", values.join(","))),
            prop::collection::vec((key(), inner), 0..4).prop_map(object),
        ]
    })
}

fn object(members: Vec<(String, String)>) -> String {
    let members: Vec<_> = members
        .into_iter()
        .map(|(key, value)| format!("{key}:{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// A string as it stands in JSON.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z0-9 :/._-]{0,12}",
        "[é😀\u{fffd}\u{7f}\u{2028}]",
        Just("\\\"".to_owned()),
        Just("\\\\".to_owned()),
        Just("\\n".to_owned()),
        "\\\\u[0-9a-f]{4}",
        Just("\\ud83d\\ude00".to_owned()),
        Just("\\ud800".to_owned()),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\"a\"".to_owned()),
        Just("\"verb\"".to_owned()),
        text()
    ]
}

/// A member of the envelope with a value of its type, or of no type.
fn member() -> impl Strategy<Value = (String, String)> {
    let named = |names: &'static [&'static str]| {
        prop::sample::select(names).prop_map(|name| format!("\"{name}\""))
    };
    let texts =
        || prop::collection::vec(text(), 0..3).prop_map(|texts| format!("[{}]", texts.join(",")));
    let inner =
        |names: &'static [&'static str]| prop::collection::vec((named(names), text()), 0..4);
    prop_oneof![
        4 => (named(&["kind", "apiVersion", "level", "auditID", "stage", "requestURI", "verb", "userAgent", "stageTimestamp"]), text()),
        1 => (named(&["verb", "user", "objectRef", "annotations", "requestObject"]), Just("null".to_owned())),
        1 => (named(&["sourceIPs"]), texts()),
        1 => (named(&["requestObject", "responseObject", "new"]), json()),
        1 => (Just("\"a\"".to_owned()), json()),
        1 => (named(&["objectRef"]), inner(&["resource", "name", "uid", "apiGroup", "z"]).prop_map(object)),
        1 => (named(&["annotations"]), prop::collection::vec((text(), text()), 0..4).prop_map(object)),
        2 => (named(&["user", "impersonatedUser"]), (inner(&["username", "uid", "w"]), texts(), prop::collection::vec((text(), texts()), 0..3))
            .prop_map(|(mut members, groups, extra)| {
                members.push(("\"groups\"".to_owned(), groups));
                members.push(("\"extra\"".to_owned(), object(extra)));
                object(members)
            })),
        1 => (named(&["responseStatus"]), (0_u32..600, json(), inner(&["message", "reason", "status"])).prop_map(|(code, details, mut members)| {
            members.push(("\"code\"".to_owned(), code.to_string()));
            members.push(("\"details\"".to_owned(), details));
            object(members)
        })),
    ]
}

fn members() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(member(), 0..10)
}

/// The same JSON, which holds no escape, with white space around its tokens and some letters escaped.
fn respaced(json: &str, choices: &[u8]) -> String {
    let mut out = String::new();
    let mut inside = false;
    for (character, choice) in json.chars().zip(choices.iter().copied().cycle()) {
        inside ^= character == '"';
        if inside && character.is_ascii_alphabetic() && choice % 5 == 0 {
            write!(out, "\\u{:04X}", u32::from(character)).unwrap();
        } else if !inside && matches!(character, '{' | '}' | '[' | ']' | ',' | ':') {
            let space = [" ", "\n", "\t", "\r\n", ""][usize::from(choice % 5)];
            write!(out, "{space}{character}{space}").unwrap();
        } else {
            out.push(character);
        }
    }
    out
}

proptest! {
    #[test]
    fn what_is_written_reads_as_it_was(members in members()) {
        let json = object(members);
        let event = Event::decode_fragment(json.as_bytes(), &Limits::default()).unwrap();
        let mut out = Vec::new();
        event.write_json(&mut out);
        let again = Event::decode_fragment(&out, &Limits::default()).unwrap();
        prop_assert_eq!(&again, &event, "{}", String::from_utf8_lossy(&out));
        prop_assert_eq!(event.clone().into_owned(), event);
    }

    #[test]
    fn keys_may_stand_in_any_order(members in members(), seed in any::<u64>()) {
        let mut unique: Vec<(String, String)> = Vec::new();
        for (key, value) in members {
            if !unique.iter().any(|(other, _)| *other == key) && key != "\"new\"" && key != "\"a\"" {
                unique.push((key, value));
            }
        }
        let json = object(unique.clone());
        unique.sort_by_key(|(key, _)| key.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)));
        let shuffled = object(unique);
        let limits = Limits::default();
        let event = Event::decode_fragment(json.as_bytes(), &limits).unwrap();
        prop_assert_eq!(Event::decode_fragment(shuffled.as_bytes(), &limits).unwrap(), event);
    }

    #[test]
    fn spaces_and_escapes_change_nothing(members in members(), choices in prop::collection::vec(any::<u8>(), 1..40)) {
        let members: Vec<_> = members.into_iter().filter(|(_, value)| !value.contains('\\')).collect();
        let opaque = ["requestObject", "responseObject", "responseStatus", "new", "a"];
        let envelope: Vec<_> = members.into_iter().filter(|(key, _)| !opaque.contains(&key.trim_matches('"'))).collect();
        let mut unique = envelope;
        unique.sort();
        unique.dedup_by(|(a, _), (b, _)| a == b);
        let json = object(unique);
        let variant = respaced(&json, &choices);
        let limits = Limits::default();
        let mut event = Event::decode_fragment(json.as_bytes(), &limits).unwrap();
        let mut other = Event::decode_fragment(variant.as_bytes(), &limits).unwrap();
        // Unknown members are kept as they were written, so their text differs.
        for event in [&mut event, &mut other] {
            event.other.clear();
            for user in [&mut event.user, &mut event.impersonated_user].into_iter().flatten() {
                user.other.clear();
            }
            if let Some(object) = &mut event.object_ref {
                object.other.clear();
            }
        }
        let words = |event: &Event<'_>| { let mut out = Vec::new(); event.write_json(&mut out); String::from_utf8(out).unwrap() };
        prop_assert_eq!(words(&other), words(&event), "{}", variant);
    }

    #[test]
    fn nothing_panics_and_places_are_true(
        pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..20),
            json().prop_map(String::into_bytes),
            members().prop_map(|members| object(members).into_bytes()),
            prop::sample::select(vec![&b"\n"[..], b"[", b"]", b"{", b"}", b",", b"\"", b"\xef\xbb\xbf", b"\xef", b"12", b"nul", b"\r\n", b"\\",
                br#"{"kind":"Event","apiVersion":"audit.k8s.io/v1"}"#, br#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":["#]).prop_map(<[u8]>::to_vec),
        ], 0..12),
        limit in prop_oneof![Just(16_usize << 20), 1_usize..200],
    ) {
        let bytes = pieces.concat();
        prop_assume!(!bytes.starts_with(b"\x1f\x8b"));
        let mut reader = Reader::new(&bytes[..]).with_limits(Limits::default().with_record_bytes(limit));
        let mut end = 0;
        let mut count = 0;
        while let Some(record) = reader.next().unwrap() {
            let (offset, line, raw) = match &record {
                Record::Event(record) => (record.offset(), record.line(), record.raw()),
                Record::Skipped(record) => (record.offset(), record.line(), record.raw()),
                Record::Malformed(record) => {
                    prop_assert!(record.error.offset() <= bytes.len() as u64);
                    (record.offset(), record.line(), record.raw())
                }
                _ => continue,
            };
            let start = usize::try_from(offset).unwrap();
            prop_assert_eq!(bytes.get(start..start + raw.len()), Some(raw));
            prop_assert_eq!(line, 1 + bytes[..start].iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>());
            prop_assert!(start >= end);
            end = start + raw.len();
            count += 1;
        }
        prop_assert!(count <= 2 * bytes.len() + 1);
        prop_assert_eq!(reader.counters().bytes, bytes.len() as u64);
    }

    #[test]
    fn a_cut_log_loses_only_its_last_record(count in 1_usize..5, wrap in 0_usize..3, cut in any::<prop::sample::Index>()) {
        let mut log = String::new();
        let mut ends = Vec::new();
        if wrap == 1 {
            log.push('[');
        }
        for n in 0..count {
            let event = crate::reader::event(n);
            log += &if wrap == 2 { event.replace(',', ",\n ") } else { event };
            ends.push(log.len());
            log += if wrap == 1 { "," } else { "\n" };
        }
        let cut = cut.index(log.len());
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let got = records(&log.as_bytes()[..cut], Limits::default());
        let events: Vec<_> = got.split(' ').filter(|word| word.starts_with('e')).map(str::to_owned).collect();
        let expected: Vec<_> = (0..whole).map(|n| format!("e{n}")).collect();
        prop_assert_eq!(events, expected);
    }

    #[test]
    fn sound_logs_stay_sound_side_by_side(texts in prop::collection::vec(members(), 0..5), between in "[ \n\t\r]{0,3}") {
        let texts: Vec<_> = texts.into_iter().map(object).collect();
        let log = texts.join(&between);
        let mut reader = Reader::new(log.as_bytes());
        while reader.next().unwrap().is_some() {}
        let counters = reader.counters();
        prop_assert_eq!(counters.events + counters.skipped, texts.len() as u64, "{}", log);
        prop_assert_eq!(counters.malformed, 0, "{}", log);
    }
}
