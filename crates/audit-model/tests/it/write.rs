//! What an event becomes outside.

use audit_model::{Event, Limits};

const FULL: &str = r#"{"x":{"a":[1]},"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"1","stage":"ResponseComplete","requestURI":"/a?b=c\u0026d=\u003ce\u003e","verb":"patch","user":{"y":1,"username":"u\n\"\\","uid":"2","groups":["g","h"],"extra":{"k":["v","w"],"l":[]}},"impersonatedUser":{},"authenticationMetadata":{"impersonationConstraint":"impersonate:user-info"},"sourceIPs":["::1"],"userAgent":"é😀","objectRef":{"resource":"pods","namespace":"n","name":"m","uid":"3","apiGroup":"apps","apiVersion":"v1","resourceVersion":"4","subresource":"exec"},"responseStatus":{"metadata":{},"status":"Failure","message":"m","reason":"r","details":{"kind":"pods"},"code":403},"requestObject":{"a":1.0, "b":18446744073709551615,"c":[true,null,-1]},"responseObject":"s","requestReceivedTimestamp":"t","stageTimestamp":"u","annotations":{"a":"b","c":""}}"#;

fn decode(json: &[u8]) -> Event<'_> {
    Event::decode_fragment(json, &Limits::default()).unwrap()
}

fn write(event: &Event<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    event.write_json(&mut out);
    out
}

#[test]
fn an_event_of_the_api_server_comes_out_as_it_went_in() {
    let event = decode(FULL.as_bytes());
    assert_eq!(String::from_utf8(write(&event)).unwrap(), FULL);
    assert_eq!(event.clone().into_owned(), event);
}

#[test]
fn what_is_odd_is_equal_again() {
    for json in [
        &br#"{"verb":"a","verb":null}"#[..],
        br#"{"verb":null,"verb":"a"}"#,
        br#"{"verb":"a","x":1,"x":2,"verb":"b","y":null}"#,
        br#"{"user":{"username":"a","username":"b"},"user":null}"#,
        br#"{"user":{"username":"a","username":"b"},"user":{"uid":"c","uid":"d"}}"#,
        br#"{"annotations":{"a":"1","a":"2","b":null},"annotations":{}}"#,
        br#"{"verb":"\ud800","user":{"username":"\ufffd"}}"#,
        br#"{"verb":"\ud800","verb":"x","user":{"username":"\ufffd"}}"#,
        b"{\"verb\":\"\xff\xff\",\"\xffkey\":1}",
        br#"{"\u0076erb":"\u0000\u001f\u2028","items":[],"items":7}"#,
        br#"{"responseStatus":{"code":200.0,"code":404}}"#,
        br#"{"sourceIPs":["a",null],"user":{"extra":{"k":"v","l":null}}}"#,
        b"{}",
    ] {
        let event = decode(json);
        let written = write(&event);
        assert_eq!(
            decode(&written),
            event,
            "{}",
            String::from_utf8_lossy(&written)
        );
    }
}

#[test]
fn serde_says_the_same_as_the_line() {
    let event = decode(FULL.as_bytes());
    let expected: serde_json::Value = serde_json::from_str(FULL).unwrap();
    assert_eq!(serde_json::to_value(&event).unwrap(), expected);
    let text = serde_json::to_string(&event).unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&text).unwrap(),
        expected
    );
}

#[test]
fn serde_takes_the_last_of_repeated_keys() {
    let event = decode(br#"{"verb":"a","verb":"b","x":1,"x":2,"annotations":{"k":"1","k":"2"}}"#);
    assert_eq!(
        serde_json::to_string(&event).unwrap(),
        r#"{"verb":"b","annotations":{"k":"2"},"x":2}"#
    );
}

#[test]
fn bodies_that_strict_json_cannot_say_are_errors() {
    let deep = format!("{}{}", "[".repeat(2_000_000), "]".repeat(2_000_000));
    for (body, message) in [
        (
            deep.as_str(),
            "body nests 2000000 levels deep, over the limit of 128",
        ),
        ("[1e999]", "number `1e999` of a body is out of range"),
        ("[1 2]", "body is no JSON at its byte 3"),
    ] {
        let json = format!(r#"{{"requestObject":{body}}}"#);
        assert_eq!(
            serde_json::to_string(&decode(json.as_bytes()))
                .unwrap_err()
                .to_string(),
            message
        );
    }
    let json = format!(
        r#"{{"requestObject":{}{}}}"#,
        "[".repeat(128),
        "]".repeat(128)
    );
    assert_eq!(
        serde_json::to_string(&decode(json.as_bytes())).unwrap(),
        json
    );
}
