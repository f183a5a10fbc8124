//! Rules and a record: whichever way it is read, with vectors or without, by the index or rule after rule, typed or where
//! it lies, in a stream or by itself, the hits are the same.
//!
//! The input is the rules, a line `===`, and the record. Rules without `detection:` are the inside of one; with no rules
//! the shipped ones are asked.

#![no_main]

use std::cell::RefCell;

use detect::audit_model::Viewer;
use detect::{Event, Hits, Level, Limits, Reader, Record, RuleSet, Scanner};
use libfuzzer_sys::fuzz_target;

#[path = "common/rules.rs"]
mod input;

thread_local! {
    static SHIPPED: RefCell<Scanner> = RefCell::new(
        RuleSet::builder().shipped().build().expect("shipped rules are right").scanner(),
    );
}

type Told = Vec<(String, Level, String)>;

fn told(hits: Hits<'_>) -> Told {
    hits.map(|hit| {
        (
            hit.rule().name().to_owned(),
            hit.level(),
            hit.message().to_owned(),
        )
    })
    .collect()
}

fn check(scanner: &mut Scanner, json: &[u8]) {
    let fast = scanner.scan_bytes(json).ok().map(told);
    // Now that its layout is known.
    assert_eq!(fast, scanner.scan_bytes(json).ok().map(told));
    let set = scanner.rules().clone();
    let mut exhaustive = set.scanner().exhaustive();
    assert_eq!(fast, exhaustive.scan_bytes(json).ok().map(told));
    let event = Event::decode(json, &Limits::default());
    let typed = event.as_ref().ok().map(|event| told(scanner.scan(event)));
    assert_eq!(fast, typed);
    let slow = event
        .as_ref()
        .ok()
        .map(|event| told(exhaustive.scan(event)));
    assert_eq!(fast, slow);
    // Where it lies, looked at with vectors and by words, before its layout is known and after that.
    let mut read = Vec::new();
    for mut viewer in [Viewer::default(), Viewer::default().without_vectors()] {
        for _ in 0..2 {
            read.push(viewer.read(json, &Limits::default()));
            if read.last() == Some(&true) {
                let viewed = told(scanner.scan(&viewer.view(json)));
                assert_eq!(fast, Some(viewed));
            }
        }
    }
    assert!(read.iter().all(|one| Some(one) == read.first()));
    // Lines at once are lines one by one, before layouts are known and after that.
    let one_by_one: Vec<_> = json
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
        .map(|line| scanner.scan_bytes(line).ok().map(told))
        .collect();
    let mut at_once = Vec::new();
    scanner.scan_batch(json, |_, found| at_once.push(found.ok().map(told)));
    assert_eq!(at_once, one_by_one);
    // What a stream makes of a line that is one event is that event.
    let mut line = json.to_vec();
    line.push(b'\n');
    let mut reader = Reader::new(&line[..]);
    let Ok(Some(Record::Event(record))) = reader.next() else {
        return;
    };
    if record.json().len() == json.trim_ascii().len() && !json.contains(&b'\n') {
        let streamed = told(scanner.scan(record.event()));
        let viewed = record.view().map(|view| told(scanner.scan(&view)));
        assert!(viewed.is_none_or(|viewed| viewed == streamed));
        if record.event().source.is_none() {
            assert_eq!(fast, Some(streamed));
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((text, json)) = input::split(bytes) else {
        return;
    };
    if text.trim().is_empty() {
        SHIPPED.with_borrow_mut(|scanner| check(scanner, json));
    } else {
        check(&mut input::rules(&text).scanner(), json);
    }
});
