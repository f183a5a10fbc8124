//! What never leaves, whatever way a rule asks for it.

use detect::{Detection, Event, Limits};

use crate::support::{compile, event, rule};

const SECRET: &str = "hunter2";

/// All that is told of an event that a rule with this detection and message matches.
#[track_caller]
fn told(detection: &str, message: &str, parts: &str) -> Detection {
    let rule = rule("x", detection).replace("---", &format!("message: \"{message}\""));
    let rules = compile(&rule);
    let json = event(parts);
    let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
    let mut scanner = rules.scanner();
    let hit = scanner.scan(&event).next().unwrap();
    let detection = Detection::new(&hit, &event);
    let all = format!("{detection:?}");
    assert!(!all.contains(SECRET), "{all}");
    detection
}

#[test]
fn an_argument_after_the_option_of_a_password() {
    let exec = r#""verb":"create","objectRef":{"resource":"pods","subresource":"exec"},"requestURI":"/exec?command=mysql&command=--password&command=hunter2""#;
    let detection = told(
        "a: {exec.program: mysql}\ncondition: a",
        "{exec.command} / {exec.commandLine}",
        exec,
    );
    assert_eq!(
        detection.message,
        "mysql, --password, [redacted] / mysql --password [redacted]"
    );
    let pod = r#""verb":"create","objectRef":{"resource":"pods"},"requestObject":{"spec":{"containers":[{"args":["--token","hunter2"]}]}}"#;
    told(
        "a: {containers.args: --token}\ncondition: a",
        "{containers.args}",
        pod,
    );
}

#[test]
fn variables_in_nested_blocks() {
    let pod = r#""verb":"create","objectRef":{"resource":"pods"},"requestObject":{"spec":{"containers":[{"name":"a","env":[{"name":"KEY","value":"hunter2"}]}]}}"#;
    let detection = told(
        "a:\n  containers[any]:\n    env[any]:\n      name: KEY\n      value|contains: hunter\ncondition: a",
        "{containers.env.value}",
        pod,
    );
    let fields: Vec<_> = detection.evidence.iter().map(|it| &*it.field).collect();
    assert_eq!(
        fields,
        ["containers[].env[].name", "containers[].env[].value"]
    );
}

#[test]
fn what_operations_set() {
    let patch = r#""verb":"patch","objectRef":{"resource":"secrets"},"requestObject":[{"op":"replace","path":"/data/k","value":"hunter2"}]"#;
    told(
        "a: {requestObject.value: '*', object.data.k: '*'}\ncondition: a",
        "{requestObject.value} {patch.data.k}",
        patch,
    );
}
