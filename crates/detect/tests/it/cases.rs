//! Case directories `tests/data/<area>/<case>`: rules, events, and which rules match each of them.
//!
//! Of an event a line of `events.jsonl` gives the parts that matter. `expected` has one line for each event: the rules
//! that match, with the level of the match and its message where the rule has one; `-` where none does.
//! `UPDATE_EXPECT=1` rewrites it.

use std::fs;
use std::path::{Path, PathBuf};

use detect::{Event, Limits, RuleSet, Scanner};

use crate::support::event;

fn directories(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn rules(case: &Path) -> RuleSet {
    let entries = fs::read_dir(case).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut builder = RuleSet::builder();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        match name {
            "events.jsonl" | "expected" => {}
            name if file
                .extension()
                .is_some_and(|extension| extension == "yaml") =>
            {
                builder = builder.text(name, fs::read_to_string(&file).unwrap());
            }
            other => panic!("{}: what is {other}?", case.display()),
        }
    }
    let (rules, report) = builder.load();
    let shown = || format!("{}\n{}", case.display(), report.render(false));
    assert!(!report.has_errors(), "{}", shown());
    rules
}

/// The line of `expected` for an event.
fn outcome(scanner: &mut Scanner, parts: &str) -> String {
    let parts = parts
        .strip_prefix('{')
        .and_then(|parts| parts.strip_suffix('}'));
    let json = event(parts.expect("an event is a JSON object"));
    let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
    let hits: Vec<String> = scanner
        .scan(&event)
        .map(|hit| match hit.rule().as_rule().unwrap().message() {
            Some(_) => format!("{} {}: {}", hit.rule().name(), hit.level(), hit.message()),
            None => format!("{} {}", hit.rule().name(), hit.level()),
        })
        .collect();
    if hits.is_empty() {
        "-\n".to_owned()
    } else {
        hits.join(", ") + "\n"
    }
}

#[test]
fn cases_match_as_recorded() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut wrong = Vec::new();
    let mut n_cases = 0;
    for case in directories(&data).iter().flat_map(|area| directories(area)) {
        let rules = rules(&case);
        let events = fs::read_to_string(case.join("events.jsonl")).unwrap();
        let mut scanner = rules.scanner();
        let found: String = events
            .lines()
            .map(|line| outcome(&mut scanner, line))
            .collect();
        n_cases += 1;
        let golden = case.join("expected");
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if found == expected {
            continue;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&golden, found).unwrap();
            continue;
        }
        let mut difference = String::new();
        for (at, (line, found)) in events.lines().zip(found.lines()).enumerate() {
            let expected = expected.lines().nth(at).unwrap_or_default();
            if found != expected {
                difference += &[
                    line,
                    "\n  expected ",
                    expected,
                    "\n  found    ",
                    found,
                    "\n",
                ]
                .concat();
            }
        }
        wrong.push(format!("{}\n{difference}", case.display()));
    }
    assert!(n_cases > 40, "only {n_cases} cases were found");
    assert!(
        wrong.is_empty(),
        "UPDATE_EXPECT=1 rewrites what is expected\n{}",
        wrong.join("\n")
    );
}
