use proptest::prelude::*;

use super::*;
use crate::limits::Limits;
use crate::source::Opened;

mod forms;

use forms::{FORMS, OTHERS};

const EVENT: &str =
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"get","requestURI":"/a?b\u0026c"}"#;

/// A JSON string that holds this text.
fn quote(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// All that a record is opened as, with how much memory it takes.
fn opened(opened: &mut Opened, record: &[u8], limits: &Limits) -> Option<(bool, Vec<String>)> {
    let known = opened.open_unknown(record, limits)?;
    let mut pieces = vec![format!("{} bytes", opened.bytes.len())];
    while let Some(piece) = opened.next() {
        let text = String::from_utf8_lossy(opened.bytes.get(piece.range.clone()).unwrap());
        let Piece {
            form,
            by_line,
            depth,
            source,
            ..
        } = &piece;
        pieces.push(format!("{form:?} {by_line} {depth} {source:?} {text}"));
    }
    Some((known, pieces))
}

/// Whether a record has a layout that is known.
fn is_known(opened: &Opened, record: &str) -> bool {
    let mut found = (Vec::new(), Vec::new(), Vec::new());
    let (bytes, pieces, unescaped) = (&mut found.0, &mut found.1, &mut found.2);
    opened.layouts.follow(
        record.as_bytes(),
        &mut Found {
            bytes,
            pieces,
            unescaped,
        },
    )
}

/// Opens a record after others and by itself, and says whether its layout was known.
#[track_caller]
fn check(known: &mut Opened, record: &str, limits: &Limits) -> bool {
    let was_known = is_known(known, record);
    let expected = opened(&mut Opened::default(), record.as_bytes(), limits);
    assert_eq!(
        opened(known, record.as_bytes(), limits),
        expected,
        "{record}"
    );
    was_known
}

#[test]
fn records_that_differ_in_what_nobody_looks_at_are_opened_alike() {
    let limits = Limits::default();
    for (name, record) in FORMS {
        let mut opened = Opened::default();
        let event = quote(EVENT);
        let two = [event.clone(), quote(&format!("{EVENT}\n"))];
        assert!(
            !check(&mut opened, &record("a", &two), &limits),
            "{name}: nothing is known"
        );
        for id in [
            "a",
            "",
            "another \\\" id, which is longer than a block has bytes",
        ] {
            for texts in [
                &[event.clone()][..],
                &two,
                &[quote("{}"), event.clone(), event.clone(), event.clone()],
            ] {
                let record = record(id, texts);
                assert!(check(&mut opened, &record, &limits), "{name}: {record}");
                let spaced = format!("{record} \r");
                assert!(check(&mut opened, &spaced, &limits), "{name}: {spaced}");
            }
        }
    }
    for (name, record) in OTHERS {
        let mut opened = Opened::default();
        let event = [quote(EVENT)];
        for id in ["a", "b", "a"] {
            check(&mut opened, &record(id, &event), &limits);
        }
        assert!(!is_known(&opened, &record("c", &event)), "{name}");
    }
}

/// A record of a known layout with something else in it.
#[track_caller]
fn unlike(form: &str, from: &str, to: &str) {
    let (_, record) = FORMS.iter().find(|(name, _)| *name == form).unwrap();
    let record = record("1", &[quote(EVENT)]);
    let other = record.replace(from, to);
    assert_ne!(record, other);
    let mut opened = Opened::default();
    check(&mut opened, &record, &Limits::default());
    assert!(is_known(&opened, &record));
    assert!(!check(&mut opened, &other, &Limits::default()), "{other}");
}

#[test]
fn what_adapters_look_at_must_be_the_same() {
    unlike("AKS", "kube-audit", "kube-scheduler");
    unlike("AKS", "MANAGEDCLUSTERS/PROD", "MANAGEDCLUSTERS/TEST");
    unlike("EKS", "DATA_MESSAGE", "CONTROL_MESSAGE");
    unlike("EKS", "/aws/eks/demo/", "/aws/eks/test/");
    unlike("EKS", "111122223333", "111122223334");
    unlike("EKS", "kube-apiserver-audit-0a1b", "authenticator-0a1b");
    unlike("SNS", "Notification", "UnsubscribeConfirmation");
}

#[test]
fn values_are_as_sound_as_a_tree_has_them() {
    for text in ["\u{1}", "\\\u{1}", "x\",\"y\":\"z", "x\",", "\\"] {
        unlike("AKS", r#""time":"1""#, &format!(r#""time":"{text}""#));
    }
    for number in [
        "", "01", "1.", "-", "+1", "1e", "\"1\"", "null", "0x0", "1 1",
    ] {
        unlike("EKS", ":10.0", &format!(":{number}"));
    }
    for end in ["}}}", "}}x", "}", "}},", "}} {}"] {
        let from = r#"apiserver-1"}}"#;
        unlike("AKS", from, &from.replace("}}", end));
    }
}

#[test]
fn what_is_carried_is_text_that_looks_like_an_object() {
    let event = quote(EVENT);
    for text in [
        "",
        "x",
        " {}",
        "[{}]",
        "{} x",
        "{\"a\":1}[Truncated...]",
        "\u{feff}{}",
        "I0102 03:04:05.000001       1 controller.go:1] text",
        "2026-01-02T03:04:05.123456789Z stdout F {}",
    ] {
        unlike("AKS", &event, &quote(text));
        unlike("EKS", &event, &quote(text));
        unlike("Vector", &event, &quote(text));
    }
    for text in [
        r#""{\ud800}""#,
        r#""{\x}""#,
        "\"{\u{1}}\"",
        r#""{}"#,
        r#"{"a":1}"#,
        "null",
        "1",
    ] {
        unlike("AKS", &event, text);
    }
    let (_, record) = FORMS[0];
    let mut opened = Opened::default();
    let sound = record("1", &[event]);
    check(&mut opened, &sound, &Limits::default());
    // Bytes that are no text, in what is carried.
    let mut bytes = record("1", &[quote("{\u{e9}}")]).into_bytes();
    assert_eq!(
        opened_alike(&mut opened, &bytes),
        (true, true),
        "text beyond ASCII"
    );
    let at = bytes.iter().position(|byte| *byte == 0xc3).unwrap();
    bytes[at] = 0xff;
    assert_eq!(opened_alike(&mut opened, &bytes), (true, false));
}

/// Whether a record is opened after others as by itself, and whether its layout was known.
fn opened_alike(known: &mut Opened, record: &[u8]) -> (bool, bool) {
    let mut found = (Vec::new(), Vec::new(), Vec::new());
    let was_known = known.layouts.follow(
        record,
        &mut Found {
            bytes: &mut found.0,
            pieces: &mut found.1,
            unescaped: &mut found.2,
        },
    );
    let limits = Limits::default();
    let expected = opened(&mut Opened::default(), record, &limits);
    (opened(known, record, &limits) == expected, was_known)
}

#[test]
fn lists_whose_members_are_unlike_are_not_learned() {
    let record = |ids: [&str; 3]| {
        let events = ids.map(|id| format!(r#"{{{id}"timestamp":1,"message":{}}}"#, quote(EVENT)));
        format!(
            r#"{{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":[{}]}}"#,
            events.join(",")
        )
    };
    let limits = Limits::default();
    let (like, unlike) = (
        record([r#""id":"1","#; 3]),
        record([r#""id":"1","#, r#""id":"1","#, ""]),
    );
    let mut opened = Opened::default();
    for _ in 0..2 {
        assert!(!check(&mut opened, &unlike, &limits));
    }
    // Of what is between two that are alike, nothing is taken for what is between others.
    let (first, _) = like.split_once("},").unwrap();
    let broken = format!(r#"{first}}},{{"id":"1","timestamp":1"}}]}}"#);
    assert!(!check(&mut opened, &broken, &limits));
    for _ in 0..=WAIT {
        check(&mut opened, &like, &limits);
    }
    assert!(is_known(&opened, &like));
    assert!(!check(&mut opened, &unlike, &limits));
    // Nor those whose members come from several places.
    let record = |stream: &str| {
        let event = |stream: &str| {
            format!(
                r#"{{"logStreamName":"{stream}","timestamp":1,"message":{}}}"#,
                quote(EVENT)
            )
        };
        let (one, other) = (event("kube-apiserver-audit-0a"), event(stream));
        format!(r#"{{"events":[{other},{one}]}}"#)
    };
    for _ in 0..2 {
        assert!(!check(&mut Opened::default(), &record("other"), &limits));
    }
    let mut opened = Opened::default();
    check(&mut opened, &record("other"), &limits);
    assert!(!is_known(&opened, &record("other")));
}

#[test]
fn what_is_carried_in_another_order_is_not_learned() {
    let record = |id: &str| {
        let logs = |id: &str| {
            let body = quote(&EVENT.replace("get", id));
            format!(r#"[{{"logRecords":[{{"body":{{"stringValue":{body}}}}}]}}]"#)
        };
        let (one, other) = (logs(id), logs("list"));
        format!(
            r#"{{"resourceLogs":[{{"instrumentationLibraryLogs":{one},"scopeLogs":{other}}}]}}"#
        )
    };
    let mut opened = Opened::default();
    for id in ["a", "b", "a"] {
        assert!(!check(&mut opened, &record(id), &Limits::default()));
    }
}

#[test]
fn limits_are_those_of_a_tree() {
    let (_, record) = FORMS[0];
    let record = record("1", &[quote(EVENT)]);
    let mut opened = Opened::default();
    check(&mut opened, &record, &Limits::default());
    assert!(is_known(&opened, &record));
    let short = Limits::default().with_record_bytes(record.len() - 1);
    assert_eq!(opened.open_unknown(record.as_bytes(), &short), None);
    // A record may be so short that nothing is looked for in it.
    let record = |text: &str| format!(r#"{{"msg":{}}}"#, quote(text));
    check(&mut opened, &record(EVENT), &Limits::default());
    assert!(is_known(&opened, &record("{}")));
    check(&mut opened, &record("{}"), &Limits::default());
    // A list may have more values than the one that was learned, and more than are ever read.
    let (_, record) = FORMS.iter().find(|(name, _)| *name == "Loki").unwrap();
    let mut opened = Opened::default();
    let texts = vec![quote("{}"); 2];
    check(&mut opened, &record("", &texts), &Limits::default());
    let many = vec![quote("{}"); Limits::default().body_nodes() / 3];
    let many = record("", &many);
    assert!(is_known(&opened, &many));
    let limits = Limits::default();
    assert_eq!(opened.open_unknown(many.as_bytes(), &limits), None);
    assert_eq!(
        Opened::default().open_unknown(many.as_bytes(), &limits),
        None
    );
}

#[test]
fn a_record_with_too_many_values_is_not_learned() {
    let record = |id: &str| {
        format!(
            r#"{{"a":[{}],"id":"{id}","message":{}}}"#,
            vec!["[]"; Read::MOST].join(","),
            quote(EVENT)
        )
    };
    let mut opened = Opened::default();
    for id in ["a", "b", "a"] {
        assert!(!check(&mut opened, &record(id), &Limits::default()));
    }
}

#[test]
fn layouts_are_forgotten_when_others_find_no_place() {
    let limits = Limits::default();
    let record = |key: usize| format!(r#"{{"key-{key}":"a","message":{}}}"#, quote(EVENT));
    let mut opened = Opened::default();
    for key in 0..steps::MOST_WAYS {
        assert!(!check(&mut opened, &record(key), &limits));
        assert!(check(&mut opened, &record(key), &limits));
    }
    let late = record(steps::MOST_WAYS);
    let mut n_late = 0;
    while is_known(&opened, &record(0)) {
        assert!(!check(&mut opened, &late, &limits));
        n_late += 1;
        assert!(n_late <= MOST_REFUSED * (WAIT + 1));
    }
    // Most were not tried, which takes longer than to open them.
    assert!(n_late > (MOST_REFUSED - 1) * WAIT);
    assert!(!is_known(&opened, &record(0)));
    check(&mut opened, &late, &limits);
    assert!(is_known(&opened, &late));
}

#[test]
fn more_places_than_are_kept_are_told_all_the_same() {
    let record =
        |owner: usize| FORMS[2].1("1", &[quote(EVENT)]).replace("111122223333", &owner.to_string());
    let mut opened = Opened::default();
    for owner in 0..2 * MOST_SOURCES {
        check(&mut opened, &record(owner), &Limits::default());
        check(&mut opened, &record(owner / 2), &Limits::default());
    }
}

/// Texts that a wrapper may carry, as they stand in it.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-z\\\\\"é]{0,40}".prop_map(|text| {
            quote(&EVENT.replace("get", &serde_json::to_string(&text).unwrap().replace('"', "")))
        }),
        2 => Just(quote(EVENT)),
        2 => Just(quote(&format!("{EVENT}\n"))),
        1 => Just(quote(&FORMS[0].1("1", &[quote(EVENT)]))),
        1 => "[a-z{} \\[\\]]{0,12}".prop_map(|text| quote(&text)),
        1 => prop::sample::select(vec![
            "null", "7", "{}", "[]", "{\"a\":1}", "\"{\\ud800}\"", "\"{\\u00e9}\"", "\"{\u{1}}\"",
            "\"{}[Truncated...]\"", "\"{}", "\"{\\n}\\n\\t\"",
        ]).prop_map(str::to_owned),
    ]
}

/// Members that make of a wrapper something else, or nothing else.
const MEMBERS: &[&str] = &[
    r#""kind":"Event","#,
    r#""kind":"Event","involvedObject":{},"#,
    r#""log_source":"auditd","#,
    r#""category":"x","#,
    r#""stream":"stdout","#,
    r#""message":"{}","#,
    r#""\u006cog":"{}","#,
    r#""log":null,"#,
    r#""a":1,"#,
    r#""a":[{"b":true},-0.5],"#,
];

prop_compose! {
    fn wrapper()(
        (_, form) in prop::sample::select(FORMS.iter().chain(OTHERS).copied().collect::<Vec<_>>()),
        id in "[a-zé0-9]{0,36}",
        texts in prop::collection::vec(text(), 1..4),
        members in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(MEMBERS)), 0..2),
        damage in prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>())),
    ) -> Vec<u8> {
        let mut record = form(&id, &texts);
        for (at, member) in members {
            let braces: Vec<usize> = record.match_indices('{').map(|(at, _)| at + 1).collect();
            record.insert_str(braces[at.index(braces.len())], member);
        }
        let mut bytes = record.into_bytes();
        if let Some((at, byte)) = damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    }
}

proptest! {
    #[test]
    fn what_was_opened_before_changes_nothing(records in prop::collection::vec(wrapper(), 1..24)) {
        let mut known = Opened::default();
        let limits = Limits::default();
        for record in records.iter().chain(&records) {
            let expected = opened(&mut Opened::default(), record, &limits);
            prop_assert_eq!(opened(&mut known, record, &limits), expected, "{}", String::from_utf8_lossy(record));
        }
    }

    #[test]
    fn a_damaged_record_of_a_known_layout_is_opened_as_if_it_were_not_known(
        (_, form) in prop::sample::select(FORMS),
        id in "[a-zé]{0,36}",
        text in text(),
        n_texts in 1..4_usize,
        at in any::<prop::sample::Index>(),
        byte in prop_oneof![any::<u8>(), prop::sample::select(b"\"\\{}[],:x1 \n".to_vec())],
        cut in any::<bool>(),
    ) {
        let mut known = Opened::default();
        let limits = Limits::default();
        for texts in [&[quote(EVENT)][..], &[quote(EVENT), quote(EVENT)]] {
            opened(&mut known, form("1", texts).as_bytes(), &limits);
        }
        let mut record = form(&id, &vec![text; n_texts]).into_bytes();
        let at = at.index(record.len());
        if cut {
            record.truncate(at);
        } else {
            record[at] = byte;
        }
        let expected = opened(&mut Opened::default(), &record, &limits);
        prop_assert_eq!(opened(&mut known, &record, &limits), expected);
    }
}
