//! `CloudWatch` in every form, around any text.

#![no_main]

mod common;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

#[derive(Arbitrary, Debug)]
struct Log {
    form: u8,
    group: String,
    stream: String,
    messages: Vec<String>,
}

fuzz_target!(|log: Log| {
    let Log {
        form,
        group,
        stream,
        messages,
    } = log;
    let events: Vec<_> = messages
        .iter()
        .map(|message| json!({"id": "1", "timestamp": 1, "message": message, "logStreamName": stream}))
        .collect();
    let value = match form % 5 {
        0 => {
            json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": group, "logStream": stream, "logEvents": events})
        }
        1 => json!({"events": events, "nextForwardToken": "x"}),
        2 => json!({"awslogs": {"data": messages.concat()}}),
        3 => {
            json!({"Records": messages.iter().map(|data| json!({"kinesis": {"data": data}})).collect::<Vec<_>>()})
        }
        _ => {
            json!({"results": messages.iter().map(|text| json!([{"field": "@message", "value": text}])).collect::<Vec<_>>(), "statistics": {}})
        }
    };
    assert!(common::read(value.to_string().as_bytes(), 1 << 20) > 0);
});
