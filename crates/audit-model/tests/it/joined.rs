//! Lines that container runtimes split, and texts of many lines.

use audit_model::Limits;

use crate::reader::{event, records};
use crate::wrappers::quote;

fn docker(stream: &str, text: &str) -> String {
    format!(
        "{{\"log\":{},\"stream\":\"{stream}\",\"time\":\"t\"}}\n",
        quote(text)
    )
}

fn cri(stream: &str, tag: char, text: &str) -> String {
    format!("2026-01-02T03:04:05.123456789Z {stream} {tag} {text}\n")
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(
        records(text.as_bytes(), Limits::default()),
        expected,
        "{text}"
    );
}

fn halves(text: &str) -> (&str, &str) {
    text.split_at(text.len() / 2)
}

#[test]
fn parts_of_two_streams_alternate() {
    let (one, two) = (event(1), event(2));
    let ((a, b), (c, d)) = (halves(&one), halves(&two));
    let text = [
        cri("stdout", 'P', a),
        cri("stderr", 'P', c),
        cri("stdout", 'F', b),
        cri("stderr", 'F', d),
    ];
    check(&text.concat(), "e1 e2");
    let text = [
        docker("stdout", a),
        docker("stderr", c),
        docker("stdout", &format!("{b}\n")),
        docker("stderr", &format!("{d}\n")),
    ];
    check(&text.concat(), "e1 e2");
}

#[test]
fn a_text_without_an_end_is_one_malformed_record() {
    let one = event(1);
    let (a, _) = halves(&one);
    check(&cri("stdout", 'P', a), "m2");
    check(&(docker("stdout", a) + &docker("stdout", "more")), "m3");
    check(
        &(cri("stdout", 'P', a) + &cri("stdout", 'F', &event(2))),
        "m2 e2",
    );
    check(
        &(docker("stdout", a)
            + &docker("stdout", &(event(2) + "\n"))
            + &docker("stdout", &event(3))),
        "m2 e2 e3",
    );
}

#[test]
fn a_part_that_a_client_made_look_like_an_event_is_a_part() {
    let filler = " ".repeat((16 << 10) - event(7).len());
    let whole = format!(
        r#"{{"requestObject":{{"a":[{}{filler},1]}},"auditID":"1","stage":"Panic","verb":"x"}}"#,
        event(7)
    );
    let start = whole.find(&event(7)).unwrap();
    let (a, rest) = whole.split_at(start);
    let (b, c) = rest.split_at(16 << 10);
    let text = docker("stdout", a) + &docker("stdout", b) + &docker("stdout", &format!("{c}\n"));
    check(&text, "e1");
    let text = cri("stdout", 'P', a) + &cri("stdout", 'P', b) + &cri("stdout", 'F', c);
    check(&text, "e1");
}

#[test]
fn texts_that_are_open_take_no_more_than_a_record() {
    let limits = Limits::default().with_record_bytes(1000);
    let part = cri("stdout", 'P', &"x".repeat(300));
    let text = part.repeat(10) + &cri("stdout", 'F', "x") + &event(1);
    let got = records(text.as_bytes(), limits);
    assert!(got.ends_with("e1"), "{got}");
    assert!(got.split(' ').count() <= 5, "{got}");
    // Each of many containers leaves one open.
    let mut text = String::new();
    for n in 0..100 {
        let line =
            docker("stdout", r#"{"kind"#).replacen('{', &format!("{{\"container_id\":\"{n}\","), 1);
        text.push_str(&line);
    }
    let got = records(text.as_bytes(), Limits::default());
    assert_eq!(got.split(' ').count(), 100, "{got}");
    assert!(got.split(' ').all(|word| word.starts_with('m')), "{got}");
}

#[test]
fn plain_texts_are_passed_over_once() {
    check(&cri("stdout", 'F', "hello"), "s");
    check(
        &(cri("stdout", 'P', "hel") + &cri("stdout", 'F', "lo")),
        "s",
    );
    check(&docker("stdout", "hello\n"), "s");
    check(&docker("stdout", "hello"), "s");
    check(&docker("stdout", "a\nb\nc\n"), "s");
    check(&docker("stdout", ""), "s");
    check(&cri("stdout", 'F', ""), "s");
}

#[test]
fn every_cut_loses_nothing_before_it() {
    let text: String = (0..4)
        .flat_map(|n| {
            let event = event(n);
            let (a, b) = event.split_at(40);
            [
                cri("stdout", 'P', a),
                docker("stderr", &(event.clone() + "\n")),
                cri("stdout", 'F', b),
            ]
        })
        .collect();
    for cut in 0..=text.len() {
        let head = text.get(..cut).unwrap();
        let whole = head.matches('\n').count();
        let got = records(head.as_bytes(), Limits::default());
        let events = got.split(' ').filter(|word| word.starts_with('e')).count();
        // Each three lines are two events, of which the second one ends with the third line.
        assert!(
            events >= whole / 3 * 2 + usize::from(whole % 3 == 2),
            "{cut}: {got}"
        );
    }
}

#[test]
fn many_lines_in_one_text_cost_linear_time() {
    // No clock: what is quadratic would take hours.
    for line in ["{\"a\":\n", "a\n", "[1,\n", "x {\n", "\"\n"] {
        let text = format!("{}{}\n", line.repeat(100_000), event(1));
        for wrapper in ["message", "event"] {
            let record = format!(r#"{{"{wrapper}":{},"index":"i"}}"#, quote(&text));
            let got = records(record.as_bytes(), Limits::default());
            assert!(got.ends_with("e1"), "{line}");
        }
    }
}
