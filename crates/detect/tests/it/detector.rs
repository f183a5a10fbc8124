//! The stages of one request are told once, and nothing that a client can do makes two requests one.

use detect::{Detector, Reader, RuleSet};

use crate::support::{compile, rule};

/// Two rules on an exec, one of which needs the code of the end, and one on arrival.
fn rules() -> RuleSet {
    compile(
        &[
            rule(
                "exec",
                "selection: {subresource: exec}\ncondition: selection",
            ),
            rule(
                "ended",
                "selection: {subresource: exec, status: 200}\ncondition: selection",
            ),
            rule(
                "arrived",
                "selection: {subresource: exec, stage: RequestReceived}\ncondition: selection",
            ),
        ]
        .concat(),
    )
}

/// One stage of an exec. Replacing a part makes another request of it.
fn exec(stage: &str, code: u16) -> String {
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a-1","stage":"{stage}","verb":"get","requestURI":"/api/v1/namespaces/shop/pods/web-0/exec?command=sh","user":{{"username":"dana","uid":"u-1"}},"objectRef":{{"resource":"pods","namespace":"shop","name":"web-0","subresource":"exec"}},"responseStatus":{{"code":{code}}},"requestReceivedTimestamp":"2026-01-02T03:04:05.000000Z","stageTimestamp":"2026-01-02T03:04:05.000000Z"}}"#
    )
}

/// The rules that are told, record by record.
#[track_caller]
fn process(detector: &mut Detector, lines: &[String]) -> Vec<Vec<String>> {
    let input = lines.join("\n");
    let mut reader = Reader::new(input.as_bytes());
    let mut all = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        let hits = detector.process(&record);
        all.push(hits.map(|hit| hit.rule().name().to_owned()).collect());
    }
    all
}

#[track_caller]
fn told(lines: &[String]) -> Vec<Vec<String>> {
    process(&mut rules().detector(), lines)
}

#[test]
fn a_later_stage_tells_only_what_is_new() {
    let mut detector = rules().detector();
    let lines = [exec("ResponseStarted", 101), exec("ResponseComplete", 101)];
    assert_eq!(process(&mut detector, &lines), [&["exec"][..], &[]]);
    assert_eq!(detector.folded(), 1);
    let lines = [exec("ResponseStarted", 101), exec("ResponseComplete", 200)];
    assert_eq!(told(&lines), [["exec"], ["ended"]]);
    // The order of the log does not matter.
    let lines = [exec("ResponseComplete", 200), exec("ResponseStarted", 101)];
    assert_eq!(told(&lines), [&["exec", "ended"][..], &[]]);
}

#[test]
fn a_stage_that_was_sent_again_is_told_once() {
    let line = exec("ResponseStarted", 101);
    assert_eq!(
        told(&[line.clone(), line.clone(), line]),
        [&["exec"][..], &[], &[]]
    );
}

#[test]
fn the_same_stage_with_other_bytes_is_another_request() {
    let first = exec("ResponseComplete", 200);
    let second = first.replace(
        r#""stageTimestamp":"2026-01-02T03:04:05"#,
        r#""stageTimestamp":"2026-01-02T03:04:06"#,
    );
    assert_ne!(first, second);
    assert_eq!(
        told(&[first.clone(), second.clone()]),
        [["exec", "ended"], ["exec", "ended"]]
    );
    // Nor does a stage that came between hide it.
    let started = exec("ResponseStarted", 101);
    assert_eq!(
        told(&[first, started, second]),
        [&["exec", "ended"][..], &[], &["exec", "ended"]]
    );
}

#[test]
fn a_reused_audit_id_hides_nothing() {
    let started = exec("ResponseStarted", 101);
    for (part, other) in [
        (r#""username":"dana""#, r#""username":"eve""#),
        (r#""uid":"u-1""#, r#""uid":"u-2""#),
        ("command=sh", "command=id"),
        (
            r#""requestReceivedTimestamp":"2026-01-02T03:04:05"#,
            r#""requestReceivedTimestamp":"2026-01-02T03:04:06"#,
        ),
        (r#""verb":"get""#, r#""verb":"create""#),
        (r#""auditID":"a-1""#, r#""auditID":"a-2""#),
    ] {
        let complete = exec("ResponseComplete", 101);
        let foreign = complete.replace(part, other);
        assert_ne!(foreign, complete);
        assert_eq!(
            told(&[started.clone(), foreign]),
            [["exec"], ["exec"]],
            "{part}"
        );
    }
}

/// An entry of GKE's log about an exec: `operation` says whether it is the first or the last of its stream.
fn gke_exec(second: u8, operation: &str, code: u8) -> String {
    format!(
        r#"{{"insertId":"{second}","timestamp":"2026-01-02T03:04:0{second}Z","labels":{{"authorization.k8s.io/decision":"allow"}},"operation":{{"id":"a-1","producer":"k8s.io",{operation}}},"protoPayload":{{"serviceName":"k8s.io","methodName":"io.k8s.core.v1.pods.exec.create","resourceName":"core/v1/namespaces/shop/pods/web-0/exec/web-0","authenticationInfo":{{"principalEmail":"dana"}},"status":{{"code":{code}}}}}}}"#
    )
}

#[test]
fn stages_of_gke_have_times_of_their_own() {
    let started = |second| gke_exec(second, r#""first":true"#, 2);
    let ended = |second| gke_exec(second, r#""last":true"#, 2);
    let hit: &[&str] = &["exec"];
    assert_eq!(told(&[started(1), ended(2)]), [hit, &[]]);
    // The same id again is another request, also in one batch.
    assert_eq!(told(&[started(1), ended(2), started(3)]), [hit, &[], hit]);
    let batch = format!(r#"{{"entries":[{},{}]}}"#, started(1), started(2));
    assert_eq!(told(&[batch]), [hit, hit]);
    // One that failed does not speak for one that did not.
    let failed = gke_exec(1, r#""first":true,"last":true"#, 5);
    assert_eq!(told(&[failed, started(2), ended(3)]), [hit, hit, &[]]);
}

#[test]
fn arrival_is_looked_at_by_rules_that_name_the_stage_only() {
    let lines = [
        exec("RequestReceived", 0).replace(r#""responseStatus":{"code":0},"#, ""),
        exec("ResponseStarted", 101),
    ];
    assert_eq!(told(&lines), [["arrived"], ["exec"]]);
}

#[test]
fn a_stage_that_is_in_doubt_is_looked_at() {
    let line = exec("RequestReceived", 101)
        .replace(r#""stage":"#, r#""stage":"ResponseStarted","stage":"#);
    assert_eq!(told(&[line]), [["exec", "arrived"]]);
}

#[test]
fn the_memory_for_requests_is_bounded() {
    let request = |n: usize, stage| exec(stage, 101).replace("a-1", &format!("a-{n}"));
    let lines = [
        request(1, "ResponseStarted"),
        request(2, "ResponseStarted"),
        request(3, "ResponseStarted"),
        // The first has been forgotten and is told again; that forgets the second.
        request(1, "ResponseComplete"),
        request(3, "ResponseComplete"),
        request(2, "ResponseComplete"),
    ];
    let mut detector = rules().detector().with_max_requests(2);
    let hit: &[&str] = &["exec"];
    assert_eq!(
        process(&mut detector, &lines),
        [hit, hit, hit, hit, &[], hit]
    );
    assert_eq!(detector.folded(), 1);
    // Without memory nothing is folded.
    let mut detector = rules().detector().with_max_requests(0);
    assert!(
        process(&mut detector, &lines)
            .iter()
            .all(|hits| hits == hit)
    );
}

#[test]
fn what_is_no_event_has_no_hits() {
    let lines = [
        exec("ResponseStarted", 101),
        r#"{"kind":"Pod","apiVersion":"v1","verb":"get","objectRef":{"subresource":"exec"}}"#
            .to_owned(),
        r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","objectRef":7}"#.to_owned(),
        "not JSON".to_owned(),
        exec("ResponseStarted", 101).replace("a-1", "a-2"),
    ];
    let hit: &[&str] = &["exec"];
    assert_eq!(told(&lines), [hit, &[], &[], &[], hit]);
}

#[test]
fn detectors_do_not_know_of_each_other() {
    let rules = rules();
    let line = [exec("ResponseStarted", 101)];
    assert_eq!(
        process(&mut rules.detector(), &line),
        process(&mut rules.detector(), &line)
    );
}

#[test]
fn rules_are_shared_between_threads_and_scanners_move() {
    fn shared<T: Send + Sync + 'static>() {}
    fn moves<T: Send + 'static>() {}
    shared::<RuleSet>();
    moves::<detect::Scanner>();
    moves::<Detector>();
}

#[test]
fn a_restored_detector_keeps_to_its_own_limit_of_requests() {
    let rules = rules();
    let request = |n: usize, stage| exec(stage, 101).replace("a-1", &format!("a-{n}"));
    let mut before = rules.detector();
    let first: Vec<String> = (0..3).map(|n| request(n, "ResponseStarted")).collect();
    process(&mut before, &first);
    let snapshot = before.snapshot();
    for (limit, folded) in [(3, 3), (1, 1), (0, 0)] {
        let mut after = rules.detector().with_max_requests(limit);
        after.restore(&snapshot).unwrap();
        // The request that came last is remembered longest, so it is asked first.
        let second: Vec<String> = (0..3)
            .rev()
            .map(|n| request(n, "ResponseComplete"))
            .collect();
        process(&mut after, &second);
        assert_eq!(after.folded(), folded, "{limit}");
    }
}
