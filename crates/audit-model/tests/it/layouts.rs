//! A reader that has seen many records says of each what one says that has seen none.

use audit_model::{FIELDS, FieldSource, Limits, Viewer};
use proptest::prelude::*;

/// Everything that a record says, or `None` if it is odd.
fn answers(viewer: &mut Viewer, record: &[u8]) -> Option<Vec<String>> {
    if !viewer.read(record, &Limits::default()) {
        return None;
    }
    let view = viewer.view(record);
    let mut said = vec![format!("{:?} {}", view.code(0), view.has_invalid_text())];
    for field in FIELDS.iter().map(|info| info.id) {
        let (mut list, mut map) = (Vec::new(), Vec::new());
        let is_list = view.list(0, field, &mut |text| list.push(text.to_owned()));
        let is_map = view.map(0, field, &mut |item| map.push(format!("{item:?}")));
        said.push(format!(
            "{field:?} {:?} {:?} {is_list} {list:?} {is_map} {map:?} {} {:?}",
            view.text(0, field),
            view.bytes(0, field),
            view.has(0, field),
            view.body(0, field),
        ));
    }
    said.push(format!(
        "{:?}",
        view.annotation(0, "authorization.k8s.io/decision")
    ));
    Some(said)
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(texts)
}

/// Values as they may stand where a text does, with what is odd among them.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[a-z]{0,40}".prop_map(|text| format!("\"{text}\"")),
        2 => "[a-z]{0,33}".prop_map(|text| format!("\"{text}\\u0026\\\\\"")),
        1 => "[a-z]{0,33}".prop_map(|text| format!("\"\\\"{text}\\\\\\\"\"")),
        1 => one_of(&[
            "null", "7", "\"\u{1}\"", "\"\\\u{1}\"", "\"\\ud800\"", "\"\u{e9}\"", "{}", "[]", "\"x", "\"x\",\"stage\":\"y\"",
        ])
        .prop_map(str::to_owned),
    ]
}

/// Records of few layouts.
fn record() -> impl Strategy<Value = String> {
    let head = one_of(&[
        r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","#,
        r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","#,
        r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","#,
        r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"M\u0065tadata","#,
        r#"{"kind":"Event","apiVersion":"audit.k8s.io/v2","level":"Metadata","#,
        r#"{"kind":"Event", "apiVersion":"audit.k8s.io/v1","level":"Metadata","#,
    ]);
    let groups = prop_oneof![
        prop::collection::vec(text(), 0..3).prop_map(|texts| format!("[{}]", texts.join(","))),
        Just("null".to_owned()),
    ];
    let extra = one_of(&[
        "{}",
        "null",
        r#"{"a":["b"],"c":["d","e"]}"#,
        r#"{"a":["b"],"c":[]}"#,
        r#"{"a":["b"],"a":["d","e"]}"#,
        r#"{"a":"b"}"#,
        r#"{"\u0061":["b"]}"#,
    ]);
    let body = one_of(&[
        "",
        r#""requestObject":{"a":["]}",{"b":"\""}]},"#,
        r#""requestObject":{},"#,
        r#""requestObject":[],"#,
        r#""requestObject":null,"#,
        r#""requestObject":"{}","#,
        r#""requestObject":{"a":[1,2}},"#,
        r#""responseObject":{"kind":"Pod"},"#,
        r#""requestObject":{"kind":"Pod"},"responseObject":{"kind":"Pod"},"#,
    ]);
    let code = one_of(&["200", "403", "20", "2000", "\"200\"", "null", "099", "200 "]);
    let tail = one_of(&[
        "}",
        "} ",
        "}\r",
        "}}",
        "",
        r#","annotations":{}}"#,
        r#","annotations":{"authorization.k8s.io/decision":"allow"}}"#,
        r#","annotations":{"authorization.k8s.io/decision":"forbid","authorization.k8s.io/reason":"\"x\""}}"#,
        r#","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/decision":"forbid"}}"#,
        r#","annotations":{"authorization.k8s.io/d\u0065cision":"\u0061llow"}}"#,
        r#","annotations":{"a":null,"b":"c"}}"#,
    ]);
    (
        head,
        text(),
        text(),
        text(),
        groups,
        extra,
        body,
        code,
        text(),
        tail,
    )
        .prop_map(
            |(head, uri, verb, user, groups, extra, body, code, name, tail)| {
                format!(
                    "{head}\"stage\":\"ResponseComplete\",\"requestURI\":{uri},\"verb\":{verb},\
                     \"user\":{{\"username\":{user},\"groups\":{groups},\"extra\":{extra}}},\
                     \"objectRef\":{{\"resource\":\"pods\",\"name\":{name}}},{body}\
                     \"responseStatus\":{{\"metadata\":{{}},\"code\":{code}}}{tail}"
                )
            },
        )
}

fn same(known: &mut Viewer, record: &str) -> bool {
    let expected = answers(&mut Viewer::default(), record.as_bytes());
    let said = answers(known, record.as_bytes());
    assert_eq!(said, expected, "{record}");
    said.is_some()
}

proptest! {
    #[test]
    fn what_was_read_before_changes_nothing(records in prop::collection::vec(record(), 1..60)) {
        let mut vectors = Viewer::default();
        let mut words = Viewer::default().without_vectors();
        for record in records.iter().chain(&records) {
            same(&mut vectors, record);
            same(&mut words, record);
        }
    }

    #[test]
    fn a_broken_record_of_a_known_layout_is_read_as_if_it_were_not_known(
        record in record(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut viewer = Viewer::default();
        answers(&mut viewer, record.as_bytes());
        let mut broken = record.into_bytes();
        let at = at.index(broken.len());
        if cut {
            broken.truncate(at);
        } else {
            broken[at] = byte;
        }
        prop_assert_eq!(answers(&mut viewer, &broken), answers(&mut Viewer::default(), &broken));
    }
}

#[test]
fn more_layouts_than_are_kept_are_read_all_the_same() {
    let mut viewer = Viewer::default();
    let record = |at: usize, what: &str| {
        format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"get","annotations":{{"{}{at}":"{what}"}}}}"#,
            "x".repeat(at % 70)
        )
    };
    for at in 0..5000 {
        assert!(same(&mut viewer, &record(at, "a")));
        assert!(same(&mut viewer, &record(at / 2, "b")));
    }
    // So are many members in one layout, and long keys.
    for n in [1, 100, 600, 5000] {
        let members: Vec<String> = (0..n).map(|at| format!(r#""k{at}":["v"]"#)).collect();
        let user = format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","user":{{"extra":{{{}}}}}}}"#,
            members.join(",")
        );
        assert!(same(&mut viewer, &user));
        assert!(same(&mut viewer, &user));
    }
    let long = format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","annotations":{{"{}":"a"}}}}"#,
        "y".repeat(100_000)
    );
    assert!(same(&mut viewer, &long));
    assert!(same(&mut viewer, &long));
}
