//! What `evaluate` tells over several events and several files.

use std::path::PathBuf;

use serde_json::Value;

use crate::programs::{file, run, stats, text};

/// A read of a pod, minutes after midnight on a day of March.
fn read(day: u32, minute: u32, user: &str, ip: &str) -> String {
    let time = format!("2026-03-{day:02}T00:{minute:02}:00.000000Z");
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{user}-{day}-{minute}","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods/web-0","verb":"get","user":{{"username":"{user}"}},"sourceIPs":["{ip}"],"objectRef":{{"resource":"pods","namespace":"shop","name":"web-0"}},"responseStatus":{{"code":200}},"requestReceivedTimestamp":"{time}","stageTimestamp":"{time}"}}"#
    ) + "\n"
}

#[test]
fn several_files_tell_once_and_sum_up_together() {
    let rule = file(
        "once.yaml",
        b"title: Pod read\nname: pod-read\nlogsource: {product: kubernetes, service: audit}\n\
          detection: {s: {resource: pods}, condition: s}\nmessage: '{user.username}'\n\
          suppress: {by: [user.username], for: 20m}\n",
    );
    let first = [(0, "eve"), (30, "eve")].map(|(minute, user)| read(1, minute, user, "10.0.0.1"));
    let second = [(5, "eve"), (6, "dana"), (31, "eve")];
    let second = second.map(|(minute, user)| read(1, minute, user, "10.0.0.1"));
    let (one, other) = (
        file("once-1.jsonl", first.concat().as_bytes()),
        file("once-2.jsonl", second.concat().as_bytes()),
    );
    let mut all: Vec<String> = first.into_iter().chain(second).collect();
    all.sort_by_key(|line| line.split_once("2026-").map(|(_, time)| time.to_owned()));
    let both = file("once-both.jsonl", all.concat().as_bytes());
    let told = |files: &[&str]| {
        let options = ["--no-shipped", "--rules", &rule, "--format", "json"];
        let output = run("evaluate", &[&options, files].concat());
        let mut told: Vec<String> = text(&output.stdout)
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|one| one["message"].as_str().unwrap().to_owned())
            .collect();
        told.sort();
        told
    };
    let expected = [
        "dana",
        "eve",
        "eve",
        "eve (in all 2 events from 2026-03-01T00:00:00.000000Z to 2026-03-01T00:05:00.000000Z)",
        "eve (in all 2 events from 2026-03-01T00:30:00.000000Z to 2026-03-01T00:31:00.000000Z)",
    ];
    assert_eq!(told(&[&both]), expected);
    assert_eq!(told(&[&one, &other]), expected);
    assert_eq!(told(&[&other, &one]), expected);
}

#[test]
fn what_correlations_lose_is_counted_for_each() {
    let rules = file(
        "losses.yaml",
        b"title: Pod read\nname: pod-read\nlogsource: {product: kubernetes, service: audit}\n\
          detection: {s: {resource: pods}, condition: s}\n\
          ---\ntitle: Reads\nname: reads\ncorrelation: {type: event_count, rules: [pod-read],\n  \
          group-by: [user.username], timespan: 1h, condition: {gte: 100}}\n\
          ---\ntitle: Reads of a node\nname: node-reads\ncorrelation: {type: event_count, rules: [pod-read],\n  \
          group-by: [credential.node], timespan: 1h, condition: {gte: 100}}\n",
    );
    // The second is ten minutes late, and none says which node its credential is bound to.
    let log = [(20, "eve"), (10, "eve"), (21, "dana")];
    let log = log.map(|(minute, user)| read(1, minute, user, "10.0.0.1"));
    let log = file("losses.jsonl", log.concat().as_bytes());
    let output = run(
        "evaluate",
        &["--no-shipped", "--rules", &rules, "--stats", &log],
    );
    let correlated = &stats(&output)["correlated"];
    assert_eq!(correlated["late"], 1, "{correlated}");
    assert_eq!(correlated["left_out"], 3);
    assert_eq!(correlated["losses"]["reads"]["late"], 1);
    assert_eq!(correlated["losses"]["reads"]["left_out"], 0);
    assert_eq!(correlated["losses"]["node-reads"]["left_out"], 3);
    assert_eq!(correlated["losses"]["node-reads"]["evicted"], 0);
    // What has no time is told by itself only, and what is lost is said though nobody asks for counters.
    let untimed = read(1, 22, "eve", "10.0.0.1").replace("Timestamp\"", "Tim\"");
    let untimed = file("untimed.jsonl", untimed.as_bytes());
    let options = ["--no-shipped", "--rules", &rules];
    let output = run("evaluate", &[&options[..], &[&log]].concat());
    assert_eq!(
        text(&output.stderr).lines().last().unwrap(),
        "warning: hits that came more than a minute behind later ones do not count in correlations; \
         `evaluate --stats` says in which"
    );
    let output = run(
        "evaluate",
        &[&options[..], &["--stats", &log, &untimed]].concat(),
    );
    let correlated = &stats(&output)["correlated"];
    assert_eq!(correlated["uncorrelated"], 1, "{correlated}");
    assert_eq!(correlated["hurried"], 0);
    assert_eq!(correlated["losses"]["node-reads"]["left_out"], 3);
    assert!(text(&output.stderr).contains("warning: hits without a time"));
}

#[test]
fn a_baseline_is_kept_when_that_is_asked_for() {
    let weeks = [1, 5, 9].map(|day| read(day, 0, "dana@example.com", "203.0.113.50"));
    let known = file("known.jsonl", weeks.concat().as_bytes());
    let later = [(10, "203.0.113.9"), (11, "198.51.100.7")];
    let later = later.map(|(day, ip)| read(day, 0, "dana@example.com", ip));
    let log = file("later.jsonl", later.concat().as_bytes());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("baseline.jsonl");
    let _ = std::fs::remove_file(&path);
    let baseline = path.display().to_string();
    let only = ["--only", "unusual-source-for-user", "--baseline", &baseline];
    let evaluate = |options: &[&str], files: &[&str]| {
        let output = run("evaluate", &[&only, options, files].concat());
        (
            output.status.code(),
            text(&output.stdout).contains("was used from 198.51.100.0/24"),
            text(&output.stderr),
        )
    };
    // Without a file there is nothing to read, unless one is to be written.
    let (code, _, error) = evaluate(&[], &[&log]);
    assert_eq!(code, Some(2));
    assert!(error.contains("cannot read `"), "{error}");
    assert_eq!(
        evaluate(&["--update-baseline"], &[&known]),
        (Some(0), false, String::new())
    );
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains("203.0.113.0/24"), "{written}");
    // With it, a network is new at once; and looking for an attack does not make it normal.
    let expected = (Some(0), true, String::new());
    assert_eq!(evaluate(&[], &[&log]), expected);
    assert_eq!(evaluate(&[], &[&log, &log]), expected);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
    assert_eq!(evaluate(&["--update-baseline"], &[&log]), expected);
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains("198.51.100.0/24"), "{written}");
    assert_eq!(evaluate(&[], &[&log]), (Some(0), false, String::new()));
    let (half, _) = written.split_at(written.len() / 2);
    std::fs::write(&path, half).unwrap();
    let (code, _, error) = evaluate(&[], &[&log]);
    assert_eq!(code, Some(2));
    assert!(error.contains("cannot use `"), "{error}");
}
