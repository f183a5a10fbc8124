//! Whose address `client.ip` is when proxies stand before the API server.

use detect::{Detection, Event, Limits, RuleSet};

use crate::support::{event, rule};

fn rules(proxies: &str) -> RuleSet {
    let seen = rule("seen", "selection: {verb: get}\ncondition: selection").replace(
        "level: high\n",
        "level: high\nmessage: '{client.ip} of {client.net}'\n",
    );
    RuleSet::builder()
        .text("seen.yaml", seen)
        .text(
            "proxies.yaml",
            format!("placeholders: {{trusted_proxies: {proxies}}}\n"),
        )
        .build()
        .unwrap()
}

/// The address in the message, and that of the detection, which must be the same.
#[track_caller]
fn client(rules: &RuleSet, ips: &str) -> String {
    let json = event(&format!(r#""verb":"get","sourceIPs":{ips}"#));
    let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
    let mut scanner = rules.scanner();
    let hit = scanner.scan(&event).next().unwrap();
    let detection = Detection::new(&hit, &event);
    let ip = detection
        .event
        .unwrap()
        .client_ip
        .unwrap_or_else(|| "-".to_owned());
    let (told, _) = hit.message().split_once(" of ").unwrap();
    assert_eq!(told, ip);
    ip
}

#[test]
fn proxies_that_are_trusted_are_passed_over() {
    let rules = rules("[10.0.0.0/24, '2001:db8:1::/48', 192.0.2.7]");
    for (ips, expected) in [
        (r#"["203.0.113.9"]"#, "203.0.113.9"),
        (r#"["203.0.113.9","10.0.0.5"]"#, "203.0.113.9"),
        (r#"["203.0.113.9","192.0.2.7","10.0.0.5"]"#, "203.0.113.9"),
        (r#"["203.0.113.9","2001:DB8:1:0::5"]"#, "203.0.113.9"),
        (r#"["203.0.113.9","::ffff:10.0.0.5"]"#, "203.0.113.9"),
        // A client that makes up X-Forwarded-For stands to the right of what it made up.
        (r#"["127.0.0.1","203.0.113.9","10.0.0.5"]"#, "203.0.113.9"),
        (r#"["10.0.0.7","203.0.113.9","10.0.0.5"]"#, "203.0.113.9"),
        // One that does not come through the proxy cannot say that it does.
        (
            r#"["198.51.100.1","10.0.0.5","203.0.113.9"]"#,
            "203.0.113.9",
        ),
        // Within the network of the proxy anything may be made up.
        (r#"["10.0.0.99","10.0.0.5"]"#, "10.0.0.5"),
        (r#"["10.0.0.5"]"#, "10.0.0.5"),
        // What is no address is nobody's proxy.
        (r#"["203.0.113.9","10.0.0.5:443"]"#, "10.0.0.5:443"),
        (r#"["203.0.113.9","[::1]:443","10.0.0.5"]"#, "[::1]:443"),
        (r#"["private","10.0.0.5"]"#, "private"),
        ("[]", "-"),
    ] {
        assert_eq!(client(&rules, ips), expected, "{ips}");
    }
}

#[test]
fn a_chain_has_a_limit() {
    let rules = rules("[10.0.0.0/24]");
    let chain = |n: usize| format!(r#"["203.0.113.9"{}]"#, r#","10.0.0.5""#.repeat(n));
    assert_eq!(client(&rules, &chain(63)), "203.0.113.9");
    assert_eq!(client(&rules, &chain(64)), "10.0.0.5");
    assert_eq!(client(&rules, &chain(100_000)), "10.0.0.5");
}

#[test]
fn without_a_list_only_the_peer_counts() {
    let ips = r#"["203.0.113.9","10.0.0.5"]"#;
    assert_eq!(client(&rules("[]"), ips), "10.0.0.5");
    let seen = rule(
        "seen",
        "selection: {client.ip: 10.0.0.5}\ncondition: selection",
    );
    let rules = RuleSet::builder().text("seen.yaml", seen).build().unwrap();
    assert_eq!(
        crate::support::scan(
            &mut rules.scanner(),
            event(&format!(r#""verb":"get","sourceIPs":{ips}"#)).as_bytes()
        ),
        ["seen"]
    );
}

#[test]
fn a_bad_entry_is_shown_where_it_stands() {
    let lists = "title: Proxies\nplaceholders:\n  trusted_proxies:\n    - 10.0.0.0/33\n    - 10.*\n    - 10.0.0.1\n  others: [10.*]\n";
    let (_, report) = RuleSet::builder().text("proxies.yaml", lists).load();
    let found: Vec<_> = report
        .diagnostics()
        .iter()
        .map(|found| {
            (
                found.code(),
                report.sources().slice(found.source(), found.span()),
            )
        })
        .collect();
    assert_eq!(
        found,
        [("bad-network", "10.0.0.0/33"), ("bad-network", "10.*")]
    );
}

#[cfg(feature = "shipped")]
#[test]
fn the_shipped_list_is_empty_and_can_be_added_to() {
    let seen = rule(
        "seen",
        "selection: {client.ip: 203.0.113.9}\ncondition: selection",
    );
    let builder = || RuleSet::builder().shipped().text("seen.yaml", seen.clone());
    let json = event(r#""verb":"get","sourceIPs":["203.0.113.9","10.0.0.5"]"#);
    let is_seen = |rules: RuleSet| {
        crate::support::scan(&mut rules.scanner(), json.as_bytes()).contains(&"seen".to_owned())
    };
    assert!(!is_seen(builder().build().unwrap()));
    let mine = "placeholders: {trusted_proxies: [10.0.0.5]}\n";
    assert!(is_seen(builder().text("mine.yaml", mine).build().unwrap()));
}

#[test]
fn correlations_group_by_the_client_and_not_by_the_proxy() {
    let rules = RuleSet::builder()
        .text(
            "burst.yaml",
            "title: Seen
name: seen
logsource: {product: kubernetes, service: audit}
detection: {s: {verb: get}, condition: s}
---
title: Burst
name: burst
correlation: {type: event_count, rules: [seen], group-by: [client.ip], timespan: 5m, condition: {gte: 2}}
message: '{client.ip}'
",
        )
        .text(
            "proxies.yaml",
            "placeholders: {trusted_proxies: [10.0.0.5]}\n",
        )
        .build()
        .unwrap();
    let lines: Vec<String> = [
        r#"["203.0.113.9","10.0.0.5"]"#,
        r#"["203.0.113.8","10.0.0.5"]"#,
        // What the client makes up opens no group of its own.
        r#"["198.51.100.1","203.0.113.9","10.0.0.5"]"#,
        // Nor does it get into another one's.
        r#"["203.0.113.8","203.0.113.7","10.0.0.5"]"#,
    ]
    .iter()
    .enumerate()
    .map(|(at, ips)| {
        event(&format!(
            r#""auditID":"{at}","verb":"get","sourceIPs":{ips},"stageTimestamp":"2026-03-14T02:00:0{at}.000000Z""#
        ))
    })
    .collect();
    let told: Vec<String> = crate::correlations::told(&rules, &lines)
        .into_iter()
        .map(|detection| detection.message)
        .collect();
    assert_eq!(told, ["203.0.113.9"]);
}
