//! The grammar of what nobody reads is checked where that is asked, and costs no event.

use audit_model::{Reader, Record};

/// The audit ID of each event with its fault, and how many faults were counted.
fn faults(log: &str, strict: bool) -> (Vec<String>, u64) {
    let reader = Reader::new(log.as_bytes());
    let mut reader = if strict { reader.strict() } else { reader };
    let mut told = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        match record {
            Record::Event(record) => {
                let fault = record.fault().map(ToString::to_string);
                let id = record.event().audit_id.clone().unwrap_or_default();
                told.push(format!("{id} {}", fault.unwrap_or_default()));
            }
            other => panic!("{other:?}"),
        }
    }
    (told, reader.counters().faulty)
}

fn event(id: &str, body: &str) -> String {
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"{id}","verb":"patch","requestObject":{body}}}"#
    )
}

#[test]
fn faults_in_bodies_are_told_with_their_place() {
    // What strict parsers refuse for its values is sound all the same.
    let sound = event("a", r#"{"a":"\ud800","b":1e999,"a":[{}]}"#);
    let comma = event("b", r#"{"a":1,}"#);
    let word = event("c", r#"{"a":tru}"#);
    let log = format!("{sound}\n{comma}\n{word}\n{sound}\n");
    let place = comma.find(",}").unwrap() + 1 + sound.len() + 1;
    let (told, n) = faults(&log, true);
    assert_eq!(n, 2);
    assert_eq!(told[0], "a ");
    assert_eq!(
        told[1],
        format!("b expected JSON, found `}}` at byte {place} (line 2)")
    );
    assert!(told[2].ends_with(" (line 3)"), "{}", told[2]);
    assert_eq!(told[3], "a ");
    // The same records come out of a reader that does not look.
    let (told, n) = faults(&log, false);
    assert_eq!(
        (told, n),
        (["a ", "b ", "c ", "a "].map(str::to_owned).to_vec(), 0)
    );
}

#[test]
fn faults_in_odd_events_and_in_wrappers_are_told_too() {
    let odd = event("a", "[1 2]").replacen("\"verb\"", "\"other\":0,\"verb\":\"get\",\"verb\"", 1);
    let wrapped = serde_json::json!({"log": event("b", "{\"a\"}"), "stream": "stdout", "time": "2026-01-02T03:04:05Z"});
    let list = format!(
        r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{},{}]}}"#,
        event("c", "{}"),
        event("d", "[,]")
    );
    let (told, n) = faults(&format!("{odd}\n{wrapped}\n{list}\n"), true);
    let faulty: Vec<bool> = told.iter().map(|one| one.len() > 2).collect();
    assert_eq!((faulty, n), (vec![true, true, false, true], 3), "{told:?}");
    for (at, line) in [(0, 1), (1, 2), (3, 3)] {
        assert!(told[at].ends_with(&format!("(line {line})")), "{told:?}");
    }
}
