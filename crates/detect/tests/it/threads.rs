//! One rule set for many threads, and the same answers in all of them.

use detect::{Detection, Event, Limits, RuleSet};

use crate::support::{compile, event, rule};

/// No scanner has an order of its own: what is hashed to be found is told in the order of the text.
#[test]
fn every_scanner_tells_the_same() {
    let set = compile(&rule(
        "query",
        "sel:\n  uri.query[any]:\n    value|contains: a\ncondition: sel",
    ));
    let json = event(
        r#""verb":"get","requestURI":"/api?z=a1&b=a2&z=a3&m=a4&a=a5&y=a6&b=a7","objectRef":{"resource":"pods"},"responseStatus":{"code":200}"#,
    );
    let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
    for _ in 0..16 {
        let mut scanner = set.scanner();
        let hit = scanner.scan(&event).next().unwrap();
        let values: Vec<_> = hit.evidence().map(|shown| shown.value).collect();
        assert_eq!(values, ["a1", "a3", "a2", "a7", "a4", "a5", "a6"]);
    }
}

#[test]
fn threads_find_what_one_finds() {
    let set = RuleSet::builder().shipped().build().unwrap();
    let sample = include_str!("../../../../examples/data/sample.jsonl");
    let lines: Vec<_> = sample.lines().collect();
    let scan = |lines: &[&str]| {
        let mut scanner = set.scanner();
        let mut found = Vec::new();
        for line in lines {
            let event = Event::decode(line.as_bytes(), &Limits::default()).unwrap();
            found.extend(scanner.scan(&event).map(|hit| Detection::new(&hit, &event)));
        }
        found
    };
    let expected = scan(&lines);
    let found: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = lines
            .chunks(7)
            .map(|part| scope.spawn(|| scan(part)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(expected.len() > 10);
    assert_eq!(found, expected);
}
