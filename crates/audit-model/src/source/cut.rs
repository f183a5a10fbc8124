//! The beginning of an event, made into JSON that can be read.

use std::ops::Range;

use crate::scan::{is_space, string_end};

/// Appends the text at `range` as far as its last complete member, with what is open then closed.
pub(crate) fn mend(bytes: &mut Vec<u8>, range: Range<usize>) {
    let text = bytes.get(range.clone()).unwrap_or_default();
    let mut open = Vec::new();
    // Up to where the text is complete, and how many brackets are open there. Closing one makes a new such place, so
    // those below it are still the same.
    let (mut safe, mut depth) = (0, 0);
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => {
                if open.pop() != Some(*byte) {
                    break;
                }
                (safe, depth) = (at + 1, open.len());
            }
            b',' => (safe, depth) = (at, open.len()),
            b'"' => match string_end(text, at + 1) {
                Ok((end, _)) => at = end,
                Err(_) => break,
            },
            _ => {}
        }
        at += 1;
    }
    let closers: Vec<u8> = open.iter().take(depth).rev().copied().collect();
    let end = text
        .iter()
        .take(safe)
        .rposition(|byte| !is_space(*byte))
        .map_or(0, |last| last + 1);
    bytes.extend_from_within(range.start..range.start + end);
    bytes.extend_from_slice(&closers);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut bytes = text.as_bytes().to_vec();
        mend(&mut bytes, 0..text.len());
        assert_eq!(
            String::from_utf8(bytes.split_off(text.len())).unwrap(),
            expected
        );
    }

    #[test]
    fn keeps_what_is_complete() {
        check(r#"{"a":1,"b":{"c":[1,2,"x"#, r#"{"a":1,"b":{"c":[1,2]}}"#);
        check(r#"{"a":1,"b":{"c":"d"},"e":"#, r#"{"a":1,"b":{"c":"d"}}"#);
        check(r#"{"a":{"b":1},"c"#, r#"{"a":{"b":1}}"#);
        check(r#"{"a":"x,}","b":"y"#, r#"{"a":"x,}"}"#);
        check(r#"{"a":[{"b":1}"#, r#"{"a":[{"b":1}]}"#);
        check(r#"{"a":1"#, "");
        check("", "");
    }

    #[test]
    fn mends_every_cut_of_an_event() {
        let text = r#"{"kind":"Event","a":{"b":[1,{"c":"\""},[]]},"d":null,"e":"f"}"#;
        for cut in 0..text.len() {
            let mut bytes = text.as_bytes()[..cut].to_vec();
            mend(&mut bytes, 0..cut);
            let mended = &bytes[cut..];
            assert!(
                mended.is_empty() || serde_json::from_slice::<serde_json::Value>(mended).is_ok(),
                "{cut}"
            );
        }
    }
}
