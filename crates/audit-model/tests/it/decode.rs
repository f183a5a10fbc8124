//! What the bytes of one record become.

use std::borrow::Cow;

use audit_model::{DecodeError, Event, Limits};

fn fragment(json: &str) -> Result<Event<'_>, DecodeError> {
    Event::decode_fragment(json.as_bytes(), &Limits::default())
}

#[track_caller]
fn fails(json: &str, message: &str) {
    assert_eq!(fragment(json).unwrap_err().to_string(), message, "{json}");
}

#[test]
fn repeated_keys_are_all_readable() {
    let event = fragment(
        r#"{"verb":"a","x":1,"user":{"username":"p","username":"q"},"verb":"b","user":{"uid":"u"},"verb":"c"}"#,
    );
    let event = event.unwrap();
    let verbs: Vec<_> = event
        .readings()
        .map(|reading| reading.verb.as_deref().unwrap())
        .collect();
    assert_eq!(verbs, ["c", "a", "b"]);
    let names: Vec<_> = event
        .readings()
        .map(|r| r.user.as_ref().unwrap().username.as_deref())
        .collect();
    assert_eq!(names, [None, Some("p"), None]);
    let other: Vec<_> = event
        .other
        .iter()
        .map(|(key, value)| (&**key, value.as_bytes()))
        .collect();
    let user = br#"{"username":"p","username":"q"}"#;
    assert_eq!(
        other,
        [
            ("verb", &br#""a""#[..]),
            ("x", b"1"),
            ("user", user),
            ("verb", br#""b""#)
        ]
    );
    assert!(event.has_duplicate_key());
}

#[test]
fn a_null_after_a_value_is_the_last_value() {
    let event = fragment(r#"{"verb":"a","verb":null}"#).unwrap();
    assert_eq!(event.verb, None);
    assert_eq!(event.other.len(), 2);
    assert_eq!(event.readings().last().unwrap().verb.as_deref(), Some("a"));
}

#[test]
fn too_many_repetitions_are_refused() {
    let members = vec![r#""verb":"x""#; 17].join(",");
    fails(
        &format!("{{{members}}}"),
        "`verb` occurs 17 times, over the limit of 16, at byte 0",
    );
    let members = vec![r#""verb":"x""#; 16].join(",");
    assert_eq!(
        fragment(&format!("{{{members}}}"))
            .unwrap()
            .readings()
            .count(),
        16
    );
}

#[test]
fn wrong_types_say_where() {
    fails(
        r#"{"verb": 7}"#,
        "`verb` must be a string, found a number at byte 9",
    );
    fails(
        r#"{"sourceIPs":7}"#,
        "`sourceIPs` must be a list of strings, found a number at byte 13",
    );
    fails(
        r#"{"user":{"groups":["a",{}]}}"#,
        "`user.groups` must be a list of strings, found an object at byte 23",
    );
    fails(
        r#"{"user":[]}"#,
        "`user` must be an object, found a list at byte 8",
    );
    fails(
        r#"{"annotations":{"k":true}}"#,
        "`annotations.k` must be a string, found a boolean at byte 20",
    );
    fails(
        r#"{"user":{"extra":{"k":[1]}}}"#,
        "`user.extra.k` must be a list of strings, found a number at byte 23",
    );
    fails(
        r#"{"responseStatus":{"code":"1"}}"#,
        "`responseStatus.code` must be an integer, found a string at byte 26",
    );
    fails(
        r#"{"responseStatus":{"code":1.5}}"#,
        "`responseStatus.code` must be an integer, found a number at byte 26",
    );
    fails("[]", "`event` must be an object, found a list at byte 0");
    let long = format!(r#"{{"annotations":{{"{}":1}}}}"#, "k".repeat(1000));
    assert!(fragment(&long).unwrap_err().to_string().len() < 200);
}

#[test]
fn types_are_judged_only_in_audit_events() {
    let json = br#"{"kind":"Pod","verb":7,"user":[[[]]]}"#;
    assert!(
        Event::decode(json, &Limits::default())
            .unwrap_err()
            .is_not_audit_event()
    );
}

#[test]
fn depth_is_judged_outside_bodies_only() {
    let nest = |key: &str, n: usize| format!(r#"{{"{key}":{}{}}}"#, "[".repeat(n), "]".repeat(n));
    assert!(fragment(&nest("x", 63)).is_ok());
    fails(
        &nest("x", 64),
        "the envelope nests 65 levels deep, over the limit of 64, at byte 5",
    );
    for key in ["requestObject", "responseObject"] {
        assert!(fragment(&nest(key, 1_000_000)).is_ok());
    }
}

#[test]
fn nulls_are_absent() {
    let json = r#"{"verb":null,"user":null,"annotations":{"a":null},"sourceIPs":[null],"requestObject":null}"#;
    let event = fragment(json).unwrap();
    assert_eq!(
        (event.verb, event.user, event.request_object),
        (None, None, None)
    );
    assert_eq!(
        (event.annotations, event.source_ips),
        (Some(vec![]), Some(vec![]))
    );
}

#[test]
fn syntax_errors_say_where() {
    fails("", "expected a JSON value, found the end at byte 0");
    fails("{", "expected a key, found the end at byte 1");
    fails(r#"{"a" 1}"#, "expected `:`, found `1` at byte 5");
    fails(
        r#"{"a":1 "b":2}"#,
        "expected `,` or `}`, found the byte 0x22 at byte 7"
            .replace("the byte 0x22", "`\"`")
            .as_str(),
    );
    fails(r#"{"a":1,}"#, "expected a key, found `}` at byte 7");
    fails(r#"{"a":tru}"#, "expected a JSON value, found `t` at byte 5");
    fails(r#"{"a":[}"#, "a bracket is closed by `}` at byte 6");
    fails(
        "{\"a\":\"\n\"}",
        "a string holds the control character 0x0a at byte 6",
    );
    fails(
        "{} x",
        "expected nothing after the value, found `x` at byte 3",
    );
    fails(
        r#"{"requestObject":{"a":"b}"#,
        "expected the rest of a JSON value, found the end at byte 25",
    );
}

#[test]
fn keys_and_values_may_be_escaped_or_invalid() {
    let json = br#"{"\u0076erb":"g\u0065t","user":{"username":"a\ud800"},"userAgent":""#;
    let json = [json, &b"\xff"[..], br#""}"#].concat();
    let event = Event::decode_fragment(&json, &Limits::default()).unwrap();
    assert_eq!(event.verb.as_deref(), Some("get"));
    assert_eq!(
        event.user.as_ref().unwrap().username.as_deref(),
        Some("a\u{fffd}")
    );
    assert_eq!(event.user_agent.as_deref(), Some("\u{fffd}"));
    assert!(event.has_invalid_text() && !event.has_duplicate_key());
}

#[test]
fn single_extra_values_are_lists_of_one() {
    let event = fragment(r#"{"user":{"extra":{"a":"b","c":["d","e"],"a":[]}}}"#).unwrap();
    let extra = event.user.as_ref().unwrap().extra.as_ref().unwrap();
    assert_eq!(
        extra
            .iter()
            .map(|(key, values)| (&**key, values.len()))
            .collect::<Vec<_>>(),
        [("a", 1), ("c", 2), ("a", 0)]
    );
    assert!(event.has_duplicate_key() && event.readings().count() == 1);
}

#[test]
fn plain_text_borrows() {
    let event = fragment(r#"{"verb":"get","level":"\u0061"}"#).unwrap();
    assert!(matches!(event.verb, Some(Cow::Borrowed("get"))));
    assert!(matches!(event.level, Some(Cow::Owned(_))));
}
