//! A scan allocates nothing once its scratch has held the largest event, hit or miss.

use detect::audit_model::Viewer;
use detect::{Event, Limits, RuleSet};

use crate::counting::allocations;

/// Rules that use every kind of test beside the shipped ones.
const RULES: &str = r#"
title: Every kind of test
name: every-kind
logsource: {product: kubernetes, service: audit}
sigma-version: 3
detection:
  regex: {userAgent|re: '^(curl|kubectl)/[0-9.]+'}
  wild: {user.username: '*a?i*e*', requestURI|contains: [api, exec]}
  cased: {user.username|cased: Alice}
  number: {responseStatus.code|gte: 100, status|lt: 600}
  network: {client.ip|cidr: [203.0.113.0/24, '2001:db8::/32']}
  same: {objectRef.name|fieldref: name}
  member: {'annotations[any]': {key|startswith: authorization, value: allow}}
  not_there: {user.extra.nothing: null}
  deep: {requestObject.metadata.labels.app.kubernetes.io/name|exists: true}
  keywords: [xmrig, kubectl]
  odd: {event.flags: duplicate-key}
  asked: {csr.organizations: 'system:masters', csr.dnsNames|endswith: .svc}
  condition: 1 of them
level: low
message: "{user.username} {exec.commandLine} {containers.image} {ref} {user.groups}"
---
title: Taken away
name: taken
logsource: {product: kubernetes, service: audit}
detection: {all: {user.username: Alice}, condition: all}
level: low
message: "{user.username} {containers.image}"
---
title: Alice until yesterday
logsource: {product: kubernetes, service: audit}
expires: 2020-01-01
filter: {rules: [taken], alice: {user.username: Alice}, condition: not alice}
---
title: Alice
logsource: {product: kubernetes, service: audit}
expires: 2030-01-01
filter: {rules: [taken], alice: {user.username: Alice}, condition: not alice}
"#;

fn event(parts: &str) -> String {
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"1","stage":"ResponseComplete","stageTimestamp":"2026-01-02T03:04:05.678901+01:00","user":{{"username":"Alice","groups":["a","b"],"extra":{{"k":["v"]}}}},"sourceIPs":["10.0.0.1","203.0.113.7"],"userAgent":"curl/8.1","annotations":{{"authorization.k8s.io/decision":"allow"}},"responseStatus":{{"code":200}},{parts}}}"#
    )
}

fn write(verb: &str, resource: &str, request: &str, response: &str) -> String {
    event(&format!(
        r#""verb":"{verb}","requestURI":"/apis/x?a=b%20c&%61=d","objectRef":{{"resource":"{resource}","namespace":"kube-system","name":"n"}},"requestObject":{request},"responseObject":{response}"#
    ))
}

fn events() -> Vec<String> {
    let pod = r#"{"hostNetwork":true,"volumes":[{"name":"v","hostPath":{"path":"/etc/../etc"}}],"containers":[{"name":"a","image":"reg/xmrig:1","command":["sh","--password","hunter2"],"env":[{"name":"K","value":"AKIAIOSFODNN7EXAMPLE"}],"volumeMounts":[{"name":"v"}],"securityContext":{"privileged":true,"capabilities":{"add":["CAP_SYS_ADMIN"]}}}],"initContainers":[{"image":"x","image":"y"}]}"#;
    let template = format!(
        r#"{{"metadata":{{"labels":{{"app.kubernetes.io/name":"x"}}}},"spec":{{"template":{{"spec":{pod}}}}}}}"#
    );
    let many: Vec<String> = (0..40).map(|n| format!(r#""k{n}":"\u00e9 {n}""#)).collect();
    vec![
        event(r#""verb":"get","requestURI":"/readyz""#),
        event(
            r#""verb":"get","requestURI":"/api/v1/namespaces/x/pods/p/exec?command=sh&command=-c&command=id%20-a&tty=true","objectRef":{"resource":"pods","subresource":"exec","namespace":"x","name":"p"}"#,
        ),
        event(r#""verb":"list","requestURI":"/api/v1/secrets","objectRef":{"resource":"secrets"}"#),
        event(
            r#""verb":"get","verb":"list","requestURI":"/api/v1/secrets","objectRef":{"resource":"secrets"}"#,
        ),
        write("create", "pods", &format!(r#"{{"spec":{pod}}}"#), "null"),
        write("create", "deployments", &template, &template),
        write(
            "patch",
            "deployments",
            &template,
            r#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1"}"#,
        ),
        write(
            "patch",
            "deployments",
            r#"[{"op":"add","path":"/spec/template/spec/hostNetwork","value":true},{"op":"add","path":"/metadata/labels/a~1b","value":"x"},{"op":"copy","from":"/x","path":"/spec/template/spec/containers/-"},{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"xmrig"}]"#,
            "null",
        ),
        write(
            "patch",
            "deployments",
            r#"{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"a","$patch":"delete"},{"name":"b","securityContext":{"privileged":true}}]}}}}"#,
            "null",
        ),
        write(
            "create",
            "clusterrolebindings",
            r#"{"roleRef":{"kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"ServiceAccount","name":"a","namespace":"b"}]}"#,
            "null",
        ),
        write(
            "create",
            "certificatesigningrequests",
            r#"{"spec":{"request":"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQlBEQ0I0Z0lCQURBbk1SY3dGUVlEVlFRS0RBNXplWE4wWlcwNmJXRnpkR1Z5Y3pFTU1Bb0dBMVVFQXd3RApaWFpsTUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFbm5vSkQ2VGt1dVNLMFUxM2ZFdUVMV0ZzCm1uc0ltNXF0d0EvSWphaEl4bkkxeU9XVGtCSWQ3SnpxWWpVbUgrbkRMUzM2OGFaemgrZEZxanQ4ZVVDWC82QloKTUZjR0NTcUdTSWIzRFFFSkRqRktNRWd3T1FZRFZSMFJCREl3TUlJUVpYWnBiQzVsZUdGdGNHeGxMbU52YllJVwphM1ZpWlhKdVpYUmxjeTVrWldaaGRXeDBMbk4yWTRjRUNnQUFBVEFMQmdOVkhROEVCQU1DQjRBd0NnWUlLb1pJCnpqMEVBd0lEU1FBd1JnSWhBUHI2MDhsMXAzM3ZqTHFPejJhWHJOV3RBUXY1bTdtVlM5VFFBMVE5ZnJZQUFpRUEKMnFjRlFwYnNJSVhQM1FaWTA3Y3dFRzhTTnk0ZmZQelJKbzFDRW45a2EwTT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg=="}}"#,
            "null",
        ),
        write(
            "create",
            "configmaps",
            &format!(r#"{{"data":{{{}}}}}"#, many.join(",")),
            "null",
        ),
        write(
            "create",
            "pods",
            r#"{"spec":{"a":"\ud800"},"spec":{"hostNetwork":true},"x":1e999}"#,
            r#""skipped-too-big-size-object""#,
        ),
    ]
}

#[test]
fn a_scan_allocates_nothing_after_warm_up() {
    let loud = RuleSet::builder()
        .shipped()
        .text("every-kind.yaml", RULES)
        .build()
        .unwrap();
    let quiet = RuleSet::builder().shipped().build().unwrap();
    let texts = events();
    let limits = Limits::default();
    let events: Vec<Event<'_>> = texts
        .iter()
        .map(|text| Event::decode(text.as_bytes(), &limits).unwrap())
        .collect();
    let (mut n_hits, mut n_misses, mut n_suppressed, mut n_plain) = (0, 0, 0, 0);
    let mut n_reasons = 0;
    // Only without verdicts the index chooses the rules.
    for which in 0..4 {
        let mut scanner = match which {
            0 => loud.scanner().with_suppressed_hits(),
            1 => loud.scanner().with_suppressed_hits().with_verdicts(),
            2 => quiet.scanner().with_suppressed_hits(),
            _ => quiet.scanner().with_verdicts(),
        };
        // Several rounds, because buffers are handed around between their users.
        for _ in 0..3 {
            for event in &events {
                scanner.scan(event);
            }
        }
        for (at, event) in events.iter().enumerate() {
            let before = allocations();
            let shown = scanner
                .scan(event)
                .map(|hit| hit.message().len() + hit.evidence().count());
            let n = shown.filter(|n| *n > 0).count();
            let suppressed = scanner.suppressed_hits().map(|found| found.hit().message());
            n_suppressed += suppressed.filter(|message| !message.is_empty()).count();
            let judged = scanner.verdicts().map(|verdict| verdict.reasons().len());
            n_reasons += judged.sum::<usize>();
            assert_eq!(allocations() - before, 0, "event {at}: {:.300}", texts[at]);
            n_hits += n;
            n_misses += usize::from(n == 0);
            // The same from its bytes, unless it is odd and so made into an event first.
            if !Viewer::default().read(texts[at].as_bytes(), &limits) {
                continue;
            }
            for _ in 0..2 {
                scanner.scan_bytes(texts[at].as_bytes()).unwrap();
            }
            let before = allocations();
            let n_of_bytes = scanner.scan_bytes(texts[at].as_bytes()).unwrap().len();
            assert_eq!(allocations() - before, 0, "bytes {at}: {:.300}", texts[at]);
            assert_eq!(n_of_bytes, n);
            n_plain += 1;
        }
    }
    // The events are there to reach code: hits of many rules, and misses.
    assert!(n_hits > 40, "{n_hits} hits");
    assert!(n_misses > 0);
    assert!(n_plain > 20, "{n_plain} plain events");
    assert!(n_suppressed >= events.len(), "{n_suppressed} suppressed");
    assert!(n_reasons > 0);
}

/// Rules that ask many things of the same few fields.
fn crowd() -> RuleSet {
    let mut builder = RuleSet::builder();
    for n in 0..60 {
        let test = match n % 6 {
            0 => format!("userAgent|re: 'tool-{n}/[0-9]+'"),
            1 => format!("userAgent|re: '^[a-z]+-{n}/'"),
            2 => format!("userAgent|re|i: 'KUBE.*{n}$'"),
            3 => format!("responseStatus.code|gt: {n}"),
            4 => format!("requestObject.ports|lt: {n}"),
            _ => format!("sourceIPs|cidr: ['10.{n}.0.0/16', '2001:db8:{n}::/48']"),
        };
        let rule = format!(
            "title: T\nname: rule-{n}\nlogsource: {{product: kubernetes, service: audit}}\ndetection: {{s: {{verb: [get, create], {test}}}, condition: s}}\n"
        );
        builder = builder.text(format!("{n}.yaml"), rule);
    }
    builder.build().unwrap()
}

#[test]
fn values_that_no_one_has_seen_before_allocate_nothing() {
    let rules = crowd();
    let line = |n: usize, name: &str| {
        let agent = format!("{name}{}-{n}/{n}", "x".repeat(n % 90));
        format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"1","stage":"ResponseComplete","verb":"create","requestURI":"/x","user":{{"username":"a"}},"userAgent":"{agent}","sourceIPs":["10.{}.1.2","2001:db8:{}::7"],"responseStatus":{{"code":{}}},"requestObject":{{"ports":[{n},{}]}}}}"#,
            n % 256,
            n % 999,
            200 + n,
            n / 2
        )
    };
    let mut scanner = rules.scanner();
    // Several rounds, because buffers are handed around between their users.
    for n in (0..300).chain(0..300).chain(0..300) {
        scanner.scan_bytes(line(n, "KUBE").as_bytes()).unwrap();
    }
    let mut n_hits = 0;
    for n in 0..300 {
        let line = line(n, "kube");
        let before = allocations();
        n_hits += scanner.scan_bytes(line.as_bytes()).unwrap().len();
        assert_eq!(allocations() - before, 0, "{line}");
    }
    assert!(n_hits > 1000, "{n_hits} hits");
}
