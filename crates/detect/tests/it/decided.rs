//! What the lint `contradiction` says of fields that are made of each other is true of events: a map of tests that it says
//! no event passes matches none of many events. Small events and small tests are gone through without a gap: each test of
//! a field beside each of every other field, and some three of them together.

mod objects;

use std::collections::BTreeSet;

use detect::{Event, Limits};

use crate::support::{Told, event, rule};

/// A field with the values that it is asked for.
type Asked = (&'static str, &'static [&'static str]);

/// Quotes a text for YAML and for JSON alike.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The tests of a field, each a line of a map.
fn tests((field, values): &Asked) -> Vec<String> {
    let mut tests = vec![
        format!("{field}: null"),
        format!("{field}|exists: true"),
        format!("{field}: '*'"),
    ];
    for (at, value) in values.iter().enumerate() {
        let is_network = value.parse::<std::net::IpAddr>().is_ok() || value.contains("::");
        if is_network && field.contains("ip") {
            tests.push(format!("{field}|cidr: {}", quoted(value)));
        }
        if value.ends_with("/8") {
            tests.push(format!("{field}|cidr: {value}"));
            tests.push(format!("{field}|cidr|neq: {value}"));
            continue;
        }
        for modifiers in ["", "|neq", "|cased"] {
            tests.push(format!("{field}{modifiers}: {}", quoted(value)));
        }
        // Of every third value parts are asked for too.
        let (start, end) = value.split_at(value.len() / 2);
        if !start.is_empty() && at % 3 == 0 {
            tests.push(format!("{field}|startswith: {}", quoted(start)));
            tests.push(format!("{field}|endswith: {}", quoted(end)));
            tests.push(format!("{field}|re: '^{start}'"));
            tests.push(format!("{field}|re|i: '{end}$'"));
        }
    }
    tests
}

/// Maps of two tests of different fields, and of three with each third field.
fn maps(fields: &[Asked]) -> Vec<Vec<String>> {
    let tests: Vec<Vec<String>> = fields.iter().map(tests).collect();
    let mut maps = Vec::new();
    for (at, one) in tests.iter().enumerate() {
        for (beside, other) in tests.iter().enumerate().skip(at + 1) {
            for (n, first) in one.iter().enumerate() {
                for (m, second) in other.iter().enumerate() {
                    let mut map = vec![first.clone(), second.clone()];
                    maps.push(map.clone());
                    // A third test now and then, another one each time.
                    let third = (beside + 1..tests.len()).nth((n + m) % tests.len());
                    let third = third.filter(|_| (n + 3 * m) % 5 == 0);
                    if let Some(third) = third.and_then(|third| tests.get(third)) {
                        map.push(third[(n * 7 + m) % third.len()].clone());
                        maps.push(map);
                    }
                }
            }
        }
    }
    maps
}

/// Every two of some tests.
fn pairs(tests: &[String]) -> Vec<Vec<String>> {
    let pairs = tests.iter().enumerate().flat_map(|(at, first)| {
        let others = tests.iter().skip(at + 1);
        others.map(|second| vec![first.clone(), second.clone()])
    });
    pairs.collect()
}

fn check(fields: &[Asked], events: &[String]) -> usize {
    check_maps(&maps(fields), events)
}

/// Checks that maps which no event is said to pass match none; how many are told.
fn check_maps(maps: &[Vec<String>], events: &[String]) -> usize {
    let rules: Vec<String> = maps
        .iter()
        .enumerate()
        .map(|(at, map)| {
            // Two tests may have one name, and a map may not.
            let names = ["s", "t", "u"].into_iter();
            let lines = map
                .iter()
                .zip(names)
                .map(|(line, name)| format!("{name}:\n  {line}\n"));
            let lines: Vec<String> = lines.collect();
            let detection = format!("{}condition: all of them", lines.concat());
            rule(&format!("rule-{at}"), &detection)
        })
        .collect();
    let told = Told::of(&rules, 100, "contradiction");
    let n_told = told.count();
    let mut scanner = told.rules.scanner();
    let mut wrong = Vec::new();
    let mut n_hits = 0;
    for json in events {
        let event = Event::decode(json.as_bytes(), &Limits::default()).unwrap();
        for hit in scanner.scan(&event) {
            n_hits += 1;
            let rule = hit.rule().as_rule().unwrap();
            if told.is(rule) {
                let text = told.text(rule);
                wrong.push(format!("{text}\n{json}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong[0]);
    assert!(n_hits > events.len());
    n_told
}

#[test]
fn parts_of_the_name_of_an_actor() {
    const NAMES: &[&str] = &[
        "dana",
        "system:node:n1",
        "System:Node:n1",
        "system:serviceaccount:shop:web",
        "system:serviceaccount:shop:web:2",
        "system:Serviceaccount:shop:web",
        "system:serviceaccount:shop",
        "system:anonymous",
        "arn:aws:sts::1:assumed-role/admin/dana",
        "ARN:aws:sts::1:assumed-role/admin/dana",
        "",
    ];
    let mut who = vec![None, Some(String::new())];
    who.extend(
        NAMES
            .iter()
            .map(|name| Some(format!(r#""username":{}"#, quoted(name)))),
    );
    let mut events = Vec::new();
    for user in &who {
        for impersonated in &who {
            let user = user.as_ref().map(|user| format!(r#""user":{{{user}}}"#));
            let impersonated = impersonated
                .as_ref()
                .map(|user| format!(r#""impersonatedUser":{{{user}}}"#));
            let parts = [Some(r#""verb":"get""#.to_owned()), user, impersonated];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            events.push(event(&parts.join(",")));
        }
    }
    let n_told = check(
        &[
            (
                "user.username",
                &[
                    "dana",
                    "System:node:n1",
                    "system:serviceaccount:shop:web",
                    "ARN:aws:sts::1:assumed-role/admin/dana",
                ],
            ),
            ("impersonatedUser", &[]),
            (
                "actor.username",
                &[
                    "dana",
                    "system:node:N1",
                    "system:serviceaccount:shop:web",
                    "arn:aws:sts::1:assumed-role/admin/dana",
                ],
            ),
            ("actor.kind", &["node", "serviceaccount", "user"]),
            ("actor.id", &["dana", "arn:aws:sts::1:assumed-role/admin"]),
            ("user.id", &["dana", "arn:aws:sts::1:assumed-role/admin"]),
            ("serviceAccount.namespace", &["shop"]),
            ("serviceAccount.name", &["web", "web:2"]),
            ("node.name", &["n1"]),
        ],
        &events,
    );
    assert!(n_told > 100, "{n_told}");
}

#[test]
fn addresses_and_the_networks_around_them() {
    const IPS: &[&str] = &[
        "10.0.0.7",
        "10.0.1.7",
        "::ffff:10.0.0.7",
        "::FFFF:a00:7",
        "192.0.2.1",
        "2001:DB8::1",
        "2001:db8:0:1::1",
        "private",
        "",
    ];
    let mut events = vec![
        event(r#""verb":"get""#),
        event(r#""verb":"get","sourceIPs":[]"#),
    ];
    for first in IPS {
        events.push(event(&format!(r#""verb":"get","sourceIPs":["{first}"]"#)));
        for second in IPS {
            events.push(event(&format!(
                r#""verb":"get","sourceIPs":["{first}","{second}"]"#
            )));
        }
    }
    let n_told = check(
        &[
            (
                "client.ip",
                &[
                    "10.0.0.7",
                    "10.0.1.7",
                    "::ffff:10.0.0.7",
                    "2001:db8::1",
                    "10.0.0.0/8",
                ],
            ),
            (
                "client.net",
                &[
                    "10.0.0.0/24",
                    "192.0.2.0/24",
                    "2001:db8::/64",
                    "2001:db8:0:1::/64",
                ],
            ),
            ("sourceIPs", &["10.0.0.7", "192.0.2.1", "10.0.0.0/8"]),
        ],
        &events,
    );
    assert!(n_told > 100, "{n_told}");
}

#[test]
fn references() {
    const NAMES: &[&str] = &["", "web", "Web", "a/b", "shop/web"];
    let mut events = Vec::new();
    for resource in ["pods", "namespaces", "Namespaces", ""] {
        for namespace in ["", "shop", "Shop", "a"] {
            for name in NAMES {
                for answered in NAMES {
                    let mut parts = Vec::new();
                    for (key, value) in [
                        ("resource", resource),
                        ("namespace", namespace),
                        ("name", name),
                    ] {
                        // What is asked of no resource has no part of one.
                        if !value.is_empty() && !resource.is_empty() {
                            parts.push(format!("{}:{}", quoted(key), quoted(value)));
                        }
                    }
                    let reference = parts.join(",");
                    events.push(event(&format!(
                        r#""verb":"create","objectRef":{{{reference}}},"responseObject":{{"kind":"Pod","metadata":{{"name":"{answered}"}}}}"#
                    )));
                }
            }
        }
    }
    let n_told = check(
        &[
            ("resource", &["pods", "namespaces"]),
            ("objectRef.namespace", &["", "shop"]),
            ("namespace", &["shop", "a"]),
            ("objectRef.name", &["", "web"]),
            ("name", &["web", "b", "a/b"]),
            ("ref", &["web", "shop/web", "a/b", "shop/a/b", "a/a/b"]),
        ],
        &events,
    );
    assert!(n_told > 100, "{n_told}");
}

#[test]
fn paths_of_uris() {
    const URIS: &[&str] = &[
        "",
        "/",
        "/api",
        "/API",
        "/api/",
        "/api/v1",
        "/apis/v1",
        "/api?limit=5",
        "/api%2Fv1",
        "/%61pi",
        "/%41pi/v1?",
        "/api/v1%3Fa?b",
        "/api/v1?a?b",
        "/%C3%A9",
        "/%c3é",
        "/é",
        "/É",
        "/%C3%89",
        "/a*i",
        "/a%2ai",
    ];
    let mut events = vec![event(r#""verb":"get""#)];
    events.extend(
        URIS.iter()
            .map(|uri| event(&format!(r#""verb":"get","requestURI":{}"#, quoted(uri)))),
    );
    let n_told = check(
        &[
            (
                "requestURI",
                &[
                    "/api",
                    "/api/v1",
                    "/apis/v1",
                    "/api\\?limit=5",
                    "/%61pi",
                    "/%c3%a9",
                    "/É",
                    "/a\\*i",
                    "/%c3é",
                ],
            ),
            (
                "uri.path",
                &[
                    "/api",
                    "/api/v1",
                    "/apis/v1",
                    "/é",
                    "/API/V1",
                    "/a\\*i",
                    "/a*",
                    "/api/v1\\?a",
                ],
            ),
        ],
        &events,
    );
    assert!(n_told > 100, "{n_told}");
}

#[test]
fn expressions_that_are_held_to_an_end() {
    const EXPRESSIONS: &[&str] = &[
        "^a",
        "^b",
        "^A",
        "^ab",
        "^a$",
        "^ab$",
        "a$",
        "b$",
        "^(a|b)",
        "^a|b",
        "^a|^b",
        "(^a)?b",
        "^[ab]c",
        "^a*b",
        "^a*$",
        "(?i)^a",
        "(?m)^a",
        "(?m)b$",
        "a|b$",
        "^$",
        "^a?",
        "\\Aa",
        "b\\z",
        "^ab?$",
        "^é",
        "^(?:ab|ba)+$",
        "^.b",
        "\\bb",
        "^a\\b",
    ];
    let letters = ["", "a", "b", "A", "c", "é", "\\n"];
    let mut agents = BTreeSet::new();
    for first in letters {
        for second in letters {
            for third in letters {
                agents.insert(format!("{first}{second}{third}"));
            }
        }
    }
    let mut events = vec![event(r#""verb":"get""#)];
    events.extend(
        agents
            .iter()
            .map(|agent| event(&format!(r#""verb":"get","userAgent":"{agent}""#))),
    );
    let mut lines = Vec::new();
    for expression in EXPRESSIONS {
        for modifiers in ["|re", "|re|i", "|re|neq"] {
            lines.push(format!("userAgent{modifiers}: {}", quoted(expression)));
        }
    }
    for value in ["a", "ab", "b*", "*b", "a*b", "?b", "É*"] {
        lines.push(format!("userAgent: {}", quoted(value)));
        lines.push(format!("userAgent|cased: {}", quoted(value)));
        lines.push(format!("userAgent|neq: {}", quoted(value)));
    }
    let n_told = check_maps(&pairs(&lines), &events);
    assert!(n_told > 100, "{n_told}");
}
