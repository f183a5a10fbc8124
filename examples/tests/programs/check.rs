//! What `check` and `evaluate` say to somebody who mistypes, or pipes.

use std::io::Write as _;
use std::process::{Output, Stdio};

use crate::programs::{EXEC, file, program, run, text};

/// Runs a program with something on its standard input.
fn pipe(name: &str, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = program(name)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

const RULES: &str = "title: Deletes
name: deletes
logsource: {product: kubernetes, service: audit}
detection: {sel: {verb: delete}, condition: sel}
tests:
  - {name: twice, kind: hit, count: 1, events: [{verb: delete}]}
---
title: Many
name: many
correlation: {type: event_count, rules: [deletes], timespan: 5m, condition: {gte: 2}}
";

/// What the program writes to standard error, which ends with 2.
#[track_caller]
fn refused(name: &str, arguments: &[&str], input: &[u8]) -> String {
    let output = pipe(name, arguments, input);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    stderr
}

#[test]
fn a_rule_is_read_from_standard_input() {
    let rule = "title: Typo\nlogsource: {product: kubernetes, service: audit}\ndetection: {sel: {verbb: get}, condition: sel}\n";
    let output = pipe("check", &["-"], rule.as_bytes());
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(" --> standard input:3:"), "{stderr}");
    let good = rule.replace("verbb", "verb");
    let output = pipe("check", &["-", "--no-shipped"], good.as_bytes());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let stderr = refused("check", &["-"], b"\xff");
    assert!(
        stderr.starts_with("error: cannot read standard input: "),
        "{stderr}"
    );
}

#[test]
fn an_expired_filter_is_told_once() {
    let filter = |title: &str, last: &str| {
        format!(
            "---\ntitle: {title}\nlogsource: {{product: kubernetes, service: audit}}\nexpires: {last}\n\
             filter: {{rules: [deletes], ci: {{user.username: ci}}, condition: not ci}}\n"
        )
    };
    let rules = format!(
        "{RULES}{}{}",
        filter("Old", "2020-01-01"),
        filter("New", "9999-12-31")
    );
    let path = file("expired.yaml", rules.as_bytes());
    for (program, arguments) in [
        ("check", &[&*path][..]),
        ("check", &["--documents", &path]),
        ("evaluate", &["--rules", &path]),
        ("evaluate", &["--documents", "--rules", &path]),
        ("evaluate", &["--only", "deletes", "--rules", &path]),
    ] {
        let stderr = text(&run(program, arguments).stderr);
        let told = stderr
            .lines()
            .filter(|line| line.contains("expired on 2020-01-01"));
        assert_eq!(told.count(), 1, "{program} {arguments:?}\n{stderr}");
        assert!(!stderr.contains("`New` expire"), "{stderr}");
    }
}

#[test]
fn an_empty_directory_is_an_error() {
    let empty = file("empty", b"");
    std::fs::remove_file(&empty).unwrap();
    std::fs::create_dir(&empty).unwrap();
    let message = format!("error: no `.yaml` or `.yml` file lies below `{empty}`\n");
    for (program, arguments) in [
        ("check", vec![empty.as_str()]),
        ("evaluate", vec!["--rules", &empty]),
        ("compile", vec!["--rules", &empty, "no/such/output"]),
    ] {
        let stderr = refused(program, &arguments, b"");
        assert!(stderr.contains(&message), "{program}: {stderr}");
    }
    std::fs::remove_dir(&empty).unwrap();
}

#[test]
fn names_that_are_no_rule_are_told_apart() {
    let rules = file("explained.yaml", RULES.as_bytes());
    let log = file("names.jsonl", EXEC.as_bytes());
    for (name, message) in [
        (
            "exec-into-pid",
            "error: `exec-into-pid` is neither the name, the id nor the file of a rule; did you mean `exec-into-pod`?\n",
        ),
        (
            "many",
            "error: `many` is a correlation, which is about several events; explain a rule that it takes the hits of: deletes\n",
        ),
    ] {
        let stderr = refused("check", &[&rules, "--explain", name, &log], b"");
        assert!(stderr.ends_with(message), "{stderr}");
    }
    let stderr = refused("evaluate", &["--only", "exec-into-pid"], b"");
    assert!(
        stderr.ends_with("error: no rule or correlation has the name or tag `exec-into-pid`; did you mean `exec-into-pod`?\n"),
        "{stderr}"
    );
    let stderr = refused("check", &["-", "--explain", "deletes", "-"], b"");
    assert_eq!(stderr, "error: standard input is either rules or a log\n");
}

#[test]
fn an_event_is_explained_as_tests_write_it() {
    for event in [
        r#"{"verb":"list","objectRef":{"resource":"pods"}}"#,
        "{\n  \"verb\": \"list\",\n  \"objectRef\": {\"resource\": \"pods\"}\n}\n",
        "# as in a test\nverb: list\nobjectRef: {resource: pods}\n",
        "{at: 5m, kind: Event, verb: list, objectRef: {resource: pods}}",
    ] {
        let output = pipe(
            "check",
            &["--explain", "exec-into-pod", "-"],
            event.as_bytes(),
        );
        let stdout = text(&output.stdout);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(
            stdout.starts_with("-:1\n✗ exec-into-pod: not matched"),
            "{stdout}"
        );
    }
    let whole = pipe(
        "check",
        &["--explain", "exec-into-pod", "-"],
        EXEC.as_bytes(),
    );
    assert!(text(&whole.stdout).starts_with("-:1\n✓ exec-into-pod: matched"));
    let stderr = refused("check", &["--explain", "exec-into-pod", "-"], b"{\"a\":1}");
    assert!(
        stderr.ends_with("error: cannot read `-`: it holds no audit event\n"),
        "{stderr}"
    );
}

#[test]
fn a_test_that_counts_says_who_takes_the_hits() {
    let output = run(
        "check",
        &["--no-shipped", &file("counted.yaml", RULES.as_bytes())],
    );
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    assert!(
        stdout.contains("expected 1 hit, found 0, because the correlation `many` of the same file takes the hits of this rule: count the hits of the correlation in its own tests, or give it `generate: true`\n"),
        "{stdout}"
    );
    let told = RULES.replace("name: many", "name: many\ngenerate: true");
    let output = run(
        "check",
        &["--no-shipped", &file("told.yaml", told.as_bytes())],
    );
    assert!(output.status.success(), "{}", text(&output.stdout));
}
