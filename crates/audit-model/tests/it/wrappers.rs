//! Every wrapper around an event, and every wrapper around every other.

use std::fmt::Write as _;

use audit_model::{Limits, Reader, Record};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const EVENT: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"a-1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods?x=1","verb":"create","user":{"username":"dana@example.test","groups":["devs"]},"sourceIPs":["203.0.113.7"],"userAgent":"kubectl/v1.34.0","objectRef":{"resource":"pods","namespace":"shop","name":"web-0","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":201},"requestObject":{"kind":"Pod","metadata":{"name":"web-0"},"spec":{"containers":[{"name":"a","image":"x:1","command":["sh","-c","echo \"hi\\n\" 'there' é"],"tty":true,"x":1.5,"n":null}]}},"requestReceivedTimestamp":"2026-01-02T03:04:05.000001Z","stageTimestamp":"2026-01-02T03:04:05.020001Z","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":""}}"#;

/// A JSON string that holds this text.
pub(crate) fn quote(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

pub(crate) type Wrapper = (&'static str, fn(&str) -> String);

/// What puts a value into one JSON record.
pub(crate) const JSON: &[Wrapper] = &[
    ("docker", |v| {
        format!(
            r#"{{"log":{},"stream":"stdout","time":"2026-01-02T03:04:05.1Z"}}"#,
            quote(&format!("{v}\n"))
        )
    }),
    ("docker without line feed", |v| {
        format!(
            r#"{{"log":{},"stream":"stderr","time":"2026-01-02T03:04:05.1Z"}}"#,
            quote(v)
        )
    }),
    ("docker in CRI", |v| {
        format!(
            r#"{{"log":{},"stream":"stderr","time":"x"}}"#,
            quote(&format!("2026-01-02T03:04:05.123456789Z stderr F {v}"))
        )
    }),
    ("fluentd log", |v| {
        format!(
            r#"{{"log":{},"kubernetes":{{"pod_name":"p"}},"tag":"kube.x"}}"#,
            quote(v)
        )
    }),
    ("fluentd object", |v| {
        format!(r#"{{"kubernetes":{{"pod_name":"p"}},"log":{v}}}"#)
    }),
    ("fluent-bit CRI", |v| {
        format!(
            r#"{{"time":"2026-01-02T03:04:05Z","stream":"stdout","_p":"F","log":{}}}"#,
            quote(v)
        )
    }),
    ("vector", |v| {
        format!(
            r#"{{"file":"/var/log/a","host":"h","message":{},"source_type":"file","timestamp":"t"}}"#,
            quote(v)
        )
    }),
    ("logstash", |v| {
        format!(
            r#"{{"@timestamp":"t","@version":"1","event":{{"original":{}}},"log":{{"file":{{"path":"/x"}}}}}}"#,
            quote(v)
        )
    }),
    ("flat original", |v| {
        format!(r#"{{"event.original":{}}}"#, quote(v))
    }),
    ("filebeat", |v| {
        format!(
            r#"{{"@timestamp":"t","agent":{{"type":"filebeat"}},"host":{{"name":"h"}},"log":{{"offset":1}},"message":{}}}"#,
            quote(v)
        )
    }),
    ("journald", |v| {
        format!(
            r#"{{"MESSAGE":{},"_SYSTEMD_UNIT":"kubelet.service","PRIORITY":"6"}}"#,
            quote(v)
        )
    }),
    ("journald bytes", |v| {
        format!(r#"{{"MESSAGE":{:?}}}"#, v.as_bytes())
    }),
    ("syslog in a field", |v| {
        format!(
            r#"{{"message":{}}}"#,
            quote(&format!("<14>Jan  2 03:04:05 cp1 apiserver[1]: {v}"))
        )
    }),
    ("OTLP text", |v| {
        format!(
            r#"{{"resourceLogs":[{{"resource":{{"attributes":[]}},"scopeLogs":[{{"scope":{{}},"logRecords":[{{"timeUnixNano":"1","body":{{"stringValue":{}}}}}]}}]}}]}}"#,
            quote(v)
        )
    }),
    ("OTLP map", |v| {
        let value: serde_json::Value = serde_json::from_str(v).unwrap();
        format!(
            r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{}}}]}}]}}]}}"#,
            any_value(&value)
        )
    }),
    ("Loki push", |v| {
        format!(
            r#"{{"streams":[{{"stream":{{"job":"a"}},"values":[["1",{}]]}}]}}"#,
            quote(v)
        )
    }),
    ("Loki query", |v| {
        format!(
            r#"{{"status":"success","data":{{"resultType":"streams","result":[{{"stream":{{}},"values":[["1",{},{{"m":"n"}}]]}}]}}}}"#,
            quote(v)
        )
    }),
    ("logcli", |v| {
        format!(
            r#"{{"labels":{{"job":"a"}},"line":{},"timestamp":"2026-01-02T03:04:05Z"}}"#,
            quote(v)
        )
    }),
    ("HEC object", |v| {
        format!(r#"{{"time":1,"sourcetype":"kube:audit","event":{v}}}"#)
    }),
    ("HEC text", |v| {
        format!(r#"{{"host":"h","index":"k","event":{}}}"#, quote(v))
    }),
    ("Splunk export", |v| {
        format!(
            r#"{{"preview":false,"result":{{"_raw":{},"_time":"t"}}}}"#,
            quote(v)
        )
    }),
    ("kcat", |v| {
        format!(
            r#"{{"topic":"t","partition":0,"offset":7,"key":null,"payload":{}}}"#,
            quote(v)
        )
    }),
    ("Connect", |v| format!(r#"{{"schema":null,"payload":{v}}}"#)),
    ("CloudEvents", |v| {
        format!(r#"{{"specversion":"1.0","type":"t","source":"s","id":"1","data":{v}}}"#)
    }),
    ("CloudEvents base64", |v| {
        format!(
            r#"{{"specversion":"1.0","type":"t","source":"s","id":"1","data_base64":"{}"}}"#,
            STANDARD.encode(v)
        )
    }),
    ("SNS", |v| {
        format!(
            r#"{{"Type":"Notification","MessageId":"m","TopicArn":"a","Message":{}}}"#,
            quote(v)
        )
    }),
    ("SQS", |v| {
        format!(r#"{{"Records":[{{"messageId":"m","body":{}}}]}}"#, quote(v))
    }),
    ("SNS to Lambda", |v| {
        format!(
            r#"{{"Records":[{{"EventSource":"aws:sns","Sns":{{"Message":{}}}}}]}}"#,
            quote(v)
        )
    }),
    ("Pub/Sub push", |v| {
        format!(
            r#"{{"message":{{"data":"{}","messageId":"1"}},"subscription":"s"}}"#,
            STANDARD.encode(v)
        )
    }),
    ("Pub/Sub pull", |v| {
        format!(
            r#"{{"receivedMessages":[{{"ackId":"a","message":{{"data":"{}"}}}}]}}"#,
            STANDARD.encode(v)
        )
    }),
    ("records", |v| format!(r#"{{"records":[{v}]}}"#)),
    ("events", |v| format!(r#"{{"events":[{v}],"x":1}}"#)),
    ("search hits", |v| {
        format!(r#"{{"took":1,"hits":{{"hits":[{{"_index":"i","_source":{v}}}]}}}}"#)
    }),
    ("list kind", |v| {
        format!(r#"{{"kind":"List","apiVersion":"v1","items":[{v}]}}"#)
    }),
    ("unknown", |v| {
        format!(r#"{{"a":[1,{{"b":{}}}]}}"#, quote(v))
    }),
    ("JSON in JSON", quote),
    ("CloudWatch", |v| {
        format!(
            r#"{{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":[{{"id":"1","timestamp":1,"message":{}}}]}}"#,
            quote(v)
        )
    }),
    ("Azure", |v| {
        format!(
            r#"{{"category":"kube-audit","properties":{{"log":{}}}}}"#,
            quote(v)
        )
    }),
];

/// What puts a value on a line that is no JSON.
pub(crate) const LINES: &[Wrapper] = &[
    ("CRI", |v| {
        format!("2026-01-02T03:04:05.123456789Z stdout F {v}")
    }),
    ("CRI in parts", |v| {
        let mut lines = String::new();
        let mut rest = v;
        while rest.len() > 100 {
            let mut at = 100;
            while !rest.is_char_boundary(at) {
                at += 1;
            }
            let (part, more) = rest.split_at(at);
            writeln!(lines, "2026-01-02T03:04:05.1Z stdout P {part}").unwrap();
            rest = more;
        }
        lines + &format!("2026-01-02T03:04:05.1Z stdout F {rest}")
    }),
    ("docker in parts", |v| {
        let chars: Vec<char> = format!("{v}\n").chars().collect();
        let lines = chars.chunks(64).map(|part| {
            let part: String = part.iter().collect();
            format!(r#"{{"log":{},"stream":"stdout","time":"t"}}"#, quote(&part))
        });
        lines.collect::<Vec<_>>().join("\n")
    }),
    ("syslog", |v| {
        format!("Jan  2 03:04:05 cp1 kube-apiserver[1]: {v}")
    }),
    ("syslog RFC 5424", |v| {
        format!("<165>1 2026-01-02T03:04:05Z host app 1 ID47 - {v}")
    }),
    ("aws logs tail", |v| {
        format!("2026-01-02T03:04:05+00:00 kube-apiserver-audit-0a1b2c {v}")
    }),
    ("CloudWatch export", |v| {
        format!("2026-01-02T03:04:05.000Z {v}")
    }),
    ("mark in front", |v| format!("\u{feff}{v}")),
];

/// The `AnyValue` of OTLP for a value.
fn any_value(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Null => "{}".to_owned(),
        Value::Bool(value) => format!(r#"{{"boolValue":{value}}}"#),
        Value::Number(number) if number.is_f64() => format!(r#"{{"doubleValue":{number}}}"#),
        Value::Number(number) => format!(r#"{{"intValue":"{number}"}}"#),
        Value::String(text) => format!(r#"{{"stringValue":{}}}"#, quote(text)),
        Value::Array(values) => {
            let values: Vec<_> = values.iter().map(any_value).collect();
            format!(r#"{{"arrayValue":{{"values":[{}]}}}}"#, values.join(","))
        }
        Value::Object(members) => {
            let pairs: Vec<_> = members
                .iter()
                .map(|(key, value)| {
                    format!(r#"{{"key":{},"value":{}}}"#, quote(key), any_value(value))
                })
                .collect();
            format!(r#"{{"kvlistValue":{{"values":[{}]}}}}"#, pairs.join(","))
        }
    }
}

/// The only record of a text, which must be an event, as JSON in a fixed order of keys.
#[track_caller]
fn check(text: &str, names: &str) {
    let mut reader = Reader::new(text.as_bytes());
    let mut events = Vec::new();
    loop {
        match reader.next().unwrap() {
            None => break,
            Some(Record::Event(record)) => {
                let mut out = Vec::new();
                record.event().write_json(&mut out);
                events.push(out);
            }
            Some(Record::Skipped(record)) => panic!("{names}: {}\n{text}", record.reason),
            Some(Record::Malformed(record)) => panic!("{names}: {}\n{text}", record.error),
            Some(_) => panic!("{names}: no whole event\n{text}"),
        }
    }
    assert_eq!(events.len(), 1, "{names}");
    let got: serde_json::Value = serde_json::from_slice(&events[0]).unwrap();
    let expected: serde_json::Value = serde_json::from_str(EVENT).unwrap();
    assert_eq!(got, expected, "{names}");
}

#[test]
fn the_event_is_what_it_says() {
    check(EVENT, "bare");
    audit_model::Event::decode(EVENT.as_bytes(), &Limits::default()).unwrap();
}

#[test]
fn each_gives_the_event() {
    for (name, wrap) in JSON.iter().chain(LINES) {
        check(&wrap(EVENT), name);
    }
}

#[test]
fn each_in_each_gives_the_event() {
    // Of what is unknown, only text is searched, and only for what begins as an event does.
    let known = JSON.iter().filter(|(name, _)| *name != "unknown");
    for (outer_name, outer) in known.chain(LINES) {
        for (inner_name, inner) in JSON {
            check(
                &outer(&inner(EVENT)),
                &format!("{outer_name} around {inner_name}"),
            );
        }
    }
}

#[test]
fn four_deep_give_the_event() {
    for n in 0..JSON.len() {
        let mut text = EVENT.to_owned();
        let mut names = Vec::new();
        for step in 0..4 {
            let (name, wrap) = JSON[(n + step * 7) % JSON.len()];
            if name == "docker in CRI" || step > 0 && name == "unknown" {
                continue;
            }
            text = wrap(&text);
            names.push(name);
        }
        check(&text, &names.join(" in "));
    }
}

#[test]
fn what_is_deeper_is_not_opened() {
    for (n, opened) in [(3, true), (4, true), (5, false), (6, false)] {
        for event in [EVENT.to_owned(), format!(r#"{{"log":{}}}"#, quote(EVENT))] {
            let records = format!("{}{event}{}", "{\"records\":[".repeat(n), "]}".repeat(n));
            let mut reader = Reader::new(records.as_bytes());
            let record = reader.next().unwrap();
            // The text is in one wrapper more.
            let opened = opened && (event == EVENT || n < 4);
            match record {
                Some(Record::Event(_)) => assert!(opened, "{records}"),
                Some(Record::Skipped(_)) => assert!(!opened, "{records}"),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_wrapper_that_is_too_large_to_open_is_not_called_harmless() {
    let log = |filler: String| {
        format!(
            r#"{{"a":{filler},"log":{}}}"#,
            quote(&crate::reader::event(1))
        )
    };
    for (filler, limit) in [
        (format!("[{}0]", "0,".repeat(2_000_000)), "2000000 values"),
        (
            format!("{}{}", "[".repeat(10_001), "]".repeat(10_001)),
            "10000 levels",
        ),
    ] {
        let text = log(filler);
        let mut reader = Reader::new(text.as_bytes());
        let Some(Record::Malformed(record)) = reader.next().unwrap() else {
            panic!("not malformed");
        };
        let message = record.error.to_string();
        assert!(message.contains(limit), "{message}");
    }
}
