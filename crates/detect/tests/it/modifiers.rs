//! Modifiers that write the value of a rule in other ways, or read a part of the value of an event.

use crate::support::{compile, event, rule, scan};

/// Whether an item holds of an event.
#[track_caller]
fn holds(item: &str, parts: &str) -> bool {
    let yaml = rule("r", &format!("s:\n  {item}\ncondition: s"));
    let mut scanner = compile(&yaml).scanner();
    !scan(&mut scanner, event(parts).as_bytes()).is_empty()
}

#[test]
fn encoded_values_are_found_at_every_offset() {
    // `x/bin/bash`, `xy/bin/bash -i` and `/bin/bash` in Base64.
    for text in ["eC9iaW4vYmFzaA==", "eHkvYmluL2Jhc2ggLWk=", "L2Jpbi9iYXNo"] {
        let parts = format!(r#""userAgent":"echo {text} | base64 -d""#);
        assert!(
            holds("userAgent|base64offset|contains|cased: /bin/bash", &parts),
            "{text}"
        );
        assert!(
            !holds("userAgent|base64offset|contains|cased: /bin/dash", &parts),
            "{text}"
        );
    }
    // `IEX` in UTF-16, as PowerShell takes it.
    let parts = r#""userAgent":"pwsh -EncodedCommand SQBFAFgA""#;
    assert!(holds(
        "userAgent|wide|base64offset|contains|cased: IEX",
        parts
    ));
    assert!(holds(
        "userAgent|windash|contains: ' /encodedcommand '",
        parts
    ));
    assert!(!holds("userAgent|windash|contains: ' /command '", parts));
}

#[test]
fn parts_of_dates() {
    let parts = r#""stageTimestamp":"2026-11-21T23:59:33.123456Z","userAgent":"2026-11-22T01:10:00+02:00 x""#;
    for (item, expected) in [
        ("stageTimestamp|hour: [22, 23]", true),
        ("stageTimestamp|hour: 22", false),
        ("stageTimestamp|hour|gte: 23", true),
        ("stageTimestamp|hour|gt: 23", false),
        ("stageTimestamp|minute|neq: 59", false),
        ("stageTimestamp|day|lt: 21.5", true),
        ("stageTimestamp|week: 47", true),
        ("stageTimestamp|month: 11", true),
        ("stageTimestamp|year|lte: 2026", true),
        // What is no date has no parts; `not` of that holds.
        ("userAgent|hour|gte: 0", false),
        ("userAgent|hour|neq: 23", true),
        ("requestReceivedTimestamp|hour|gte: 0", false),
    ] {
        assert_eq!(holds(item, parts), expected, "{item}");
    }
}
