//! Rules in plain Sigma, which every engine loads: no dotted keys, no lists on the way, no modifier of ours.

use std::fmt::Write as _;

/// Rules whose values differ, as a set grows that is written for many teams: two in five name verb and resource, one in
/// five reads the body, the others name users, programs, names and paths.
///
/// ```
/// assert_eq!(benches::rules(16).len(), 16);
/// ```
pub fn rules(n: usize) -> Vec<String> {
    (0..n).map(rule).collect()
}

/// The detection of the rule at a place; the first ones match now and then, the later ones name what is rarely there.
fn detection(n: usize) -> String {
    let team = n / 20;
    // What an event of the logs shows is named by one rule and not by all that are like it.
    let first = n < 20;
    let known = if first { "dana" } else { "nobody" };
    let tool = if first {
        "kube-hunter"
    } else {
        "nothing-of-the-kind"
    };
    let mut out = String::new();
    _ = match n % 20 {
        0 => write!(
            out,
            "sel: {{verb: [create, get], objectRef.resource: pods, objectRef.subresource: exec, objectRef.namespace: team-{team}}}"
        ),
        1 => write!(
            out,
            "sel: {{verb: list, objectRef.resource: secrets, objectRef.namespace: team-{team}}}"
        ),
        2 => write!(
            out,
            "sel: {{verb: create, objectRef.resource: clusterrolebindings, user.username: [user-{n}@example.com, {known}@example.com]}}\n  other: {{userAgent|contains: 'argocd-{team}'}}\n  condition: sel and not other"
        ),
        3 => write!(
            out,
            "sel: {{verb: [create, patch, update], objectRef.resource: [deployments, daemonsets, pods], user.username: 'system:serviceaccount:team-{team}:deployer'}}"
        ),
        4 => write!(out, "sel: {{userAgent|contains: ['{tool}', 'tool-{n}/']}}"),
        5 => write!(out, "sel: {{requestURI|contains: '/proxy/team-{n}/'}}"),
        6 => write!(
            out,
            "sel: {{user.username|endswith: ':bot-{n}', verb: [create, delete]}}"
        ),
        7 => write!(
            out,
            "sel: {{verb: create, requestObject.metadata.name: 'evil-{n}'}}"
        ),
        8 => write!(
            out,
            "sel: {{verb: [create, update, patch], objectRef.resource: deployments, requestObject.spec.template.spec.serviceAccountName: 'admin-{n}'}}"
        ),
        9 => write!(
            out,
            "sel: {{responseStatus.code: 403, user.username: ['user-{n}@example.com', 'eve@example.com'], objectRef.namespace: 'team-{team}'}}"
        ),
        10 => write!(
            out,
            "sel: {{objectRef.resource: serviceaccounts, objectRef.subresource: token, objectRef.name: ['sa-{n}', 'deployer-{n}']}}"
        ),
        11 => write!(
            out,
            "sel: {{verb: delete, objectRef.resource: events, objectRef.namespace: 'team-{team}'}}\n  known: {{user.username|startswith: 'system:serviceaccount:kube-system:'}}\n  condition: sel and not known"
        ),
        12 => write!(
            out,
            "sel: {{verb: create, objectRef.resource: pods, requestObject.spec.hostNetwork: true, objectRef.namespace: 'team-{team}'}}"
        ),
        13 => write!(
            out,
            "sel: {{objectRef.resource: nodes, objectRef.subresource: proxy, objectRef.name|startswith: 'web-{n:x}'}}"
        ),
        14 => write!(
            out,
            "sel: {{objectRef.name: ['miner-{n}', 'backdoor-{n}'], verb: [create, patch]}}"
        ),
        15 => write!(
            out,
            "sel: {{user.username: 'system:anonymous', requestURI|startswith: '/api/v1/namespaces/team-{n}'}}\n  fails: {{responseStatus.code: [401, 403]}}\n  condition: sel and not fails"
        ),
        16 => write!(
            out,
            "sel: {{verb: get, objectRef.resource: secrets, objectRef.namespace: 'team-{team}', userAgent|startswith: 'kubectl/v{n}'}}"
        ),
        17 => write!(
            out,
            "sel: {{verb: patch, objectRef.resource: pods, requestObject.spec.nodeName: 'node-{n}'}}"
        ),
        18 => write!(out, "sel: {{userAgent|re: '^scanner-{n}/[0-9.]+$'}}"),
        _ => write!(
            out,
            "sel: {{user.username: 'ci-{n}@example.com'}}\n  night: {{objectRef.namespace: ['prod-{n}', 'team-{team}']}}\n  condition: sel or (night and sel)"
        ),
    };
    if !out.contains("condition:") {
        out.push_str("\n  condition: sel");
    }
    out
}

fn rule(n: usize) -> String {
    format!(
        "title: Rule {n}\nid: {n:08x}-0000-4000-8000-000000000000\nname: rule-{n}\nlogsource:\n  product: kubernetes\n  service: audit\ndetection:\n  {}\nlevel: medium\n",
        detection(n)
    )
}
