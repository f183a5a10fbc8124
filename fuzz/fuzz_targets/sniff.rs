//! Wrappers in any order around any text, as JSON and as lines.

#![no_main]

mod common;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

#[derive(Arbitrary, Debug)]
struct Log {
    layers: Vec<u8>,
    text: String,
}

fuzz_target!(|log: Log| {
    let mut text = log.text;
    for layer in log.layers.iter().take(6) {
        text = match layer % 14 {
            0 => json!({"log": text, "stream": "stdout", "time": "2026-01-02T03:04:05Z"}).to_string(),
            1 => format!("2026-01-02T03:04:05.1Z stdout F {text}\n"),
            2 => format!("2026-01-02T03:04:05.1Z stdout P {text}\n"),
            3 => json!({"message": text, "agent": {}}).to_string(),
            4 => json!({"event": text, "sourcetype": "x"}).to_string(),
            5 => json!({"result": {"_raw": text}}).to_string(),
            6 => json!({"topic": "t", "partition": 0, "offset": 1, "payload": text}).to_string(),
            7 => json!({"specversion": "1.0", "type": "x", "data": text}).to_string(),
            8 => json!({"Type": "Notification", "Message": text}).to_string(),
            9 => json!({"streams": [{"stream": {}, "values": [["1", text]]}]}).to_string(),
            10 => json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": text}}]}]}]}).to_string(),
            11 => format!("<13>Jan  2 03:04:05 host app[1]: {text}"),
            12 => format!("{text}{text}"),
            _ => format!("[{text},{text}]"),
        };
        if text.len() > 1 << 16 {
            return;
        }
    }
    common::read(text.as_bytes(), 1 << 20);
});
