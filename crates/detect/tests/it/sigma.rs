//! What Sigma says of values and conditions, and where other engines go wrong.

use detect::RuleSet;

use crate::support::{compile, event, rule, scan};

/// Whether a detection matches an event.
#[track_caller]
fn matches(detection: &str, parts: &str) -> bool {
    let rules = compile(&rule("r", detection));
    !scan(&mut rules.scanner(), event(parts).as_bytes()).is_empty()
}

/// Whether one item matches an event with this user agent.
#[track_caller]
fn agent(item: &str, text: &str) -> bool {
    let text = text.replace('\\', "\\\\");
    let detection = format!("s:\n  {item}\ncondition: s");
    matches(&detection, &format!(r#""verb":"get","userAgent":"{text}""#))
}

#[test]
fn escapes_and_wildcards() {
    for (value, text, expected) in [
        (r"a\*b", "a*b", true),
        (r"a\*b", "axb", false),
        (r"a\?b", "a?b", true),
        (r"a\?b", "axb", false),
        // One backslash, before a letter or doubled.
        (r"a\b", r"a\b", true),
        (r"a\\b", r"a\b", true),
        (r"a\\b", r"a\\b", false),
        // A backslash and a wildcard; a backslash and a star.
        (r"a\\*", r"a\anything", true),
        (r"a\\*", "a*", false),
        (r"a\\\*", r"a\*", true),
        (r"a\\\*", r"a\x", false),
        // At the end it is itself.
        (r"a\", r"a\", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*", "", true),
        ("a*", "A", true),
        // The whole value must match.
        ("a", "ab", false),
        // A matcher of wildcards has to go back.
        ("a*?", "abc", true),
        ("*b?d*", "abxbcd", true),
        ("*ab*ab", "ababxab", true),
        ("*a*a*b", "aaaaaaaaaaaaaaaa", false),
        // Nothing of a value is a flag.
        ("image", "image", true),
        ("image", "mage", false),
    ] {
        assert_eq!(
            agent(&format!("userAgent: '{value}'"), text),
            expected,
            "{value} on {text}"
        );
    }
}

#[test]
fn numbers_and_words_are_compared_as_text_too() {
    for (value, json, expected) in [
        ("401", "401", true),
        ("'401'", "401", true),
        ("401", r#""401""#, true),
        ("true", "true", true),
        ("'true'", "true", true),
        ("True", r#""TRUE""#, true),
        ("null", "null", true),
        ("null", r#""null""#, false),
        ("'null'", r#""null""#, true),
        ("~", "0", false),
        ("''", r#""""#, true),
        ("''", "null", false),
        ("4*", "401", true),
        ("12345678901234567890", "12345678901234567890", true),
        ("12345678901234567890", "12345678901234567891", false),
    ] {
        let detection = format!("s:\n  object.x: {value}\ncondition: s");
        let parts = format!(r#""verb":"create","requestObject":{{"x":{json}}}"#);
        assert_eq!(matches(&detection, &parts), expected, "{value} on {json}");
    }
    let absent = r#""verb":"create","requestObject":{}"#;
    for (item, expected) in [
        ("object.x: null", true),
        ("object.x: ''", false),
        ("object.x: '*'", false),
        ("object.x|neq: a", true),
        ("object.x|exists: false", true),
        ("object.x|lt: 5", false),
    ] {
        assert_eq!(
            matches(&format!("s:\n  {item}\ncondition: s"), absent),
            expected,
            "{item}"
        );
    }
}

#[test]
fn comparisons_do_not_ask_for_one_kind_of_number() {
    for (item, json, expected) in [
        ("gt: 5", "7.5", true),
        ("gt: 5", r#""7.5""#, true),
        ("gte: 5", "5.0", true),
        ("lt: 5.5", "5", true),
        ("gt: 5", r#""many""#, false),
        ("gt: 5", "[1, 9]", true),
        ("lte: 9223372036854775807", "9223372036854775808", false),
    ] {
        let detection = format!("s:\n  object.x|{item}\ncondition: s");
        let parts = format!(r#""verb":"create","requestObject":{{"x":{json}}}"#);
        assert_eq!(matches(&detection, &parts), expected, "{item} on {json}");
    }
}

#[test]
fn and_binds_tighter_than_or_and_not_tighter_than_both() {
    let detection = |condition| {
        format!("a: {{verb: get}}\nb: {{resource: pods}}\nc: {{name: x}}\ncondition: {condition}")
    };
    let parts = r#""verb":"get""#;
    for (condition, expected) in [
        ("a or b and c", true),
        ("(a or b) and c", false),
        ("not b and a", true),
        ("not (b and a)", true),
        ("not a or a", true),
        ("not not a", true),
        ("a AND Not b", true),
        ("[b, a]", true),
        ("1 of *", true),
        ("any of them", true),
        ("all of them", false),
    ] {
        assert_eq!(
            matches(&detection(condition), parts),
            expected,
            "{condition}"
        );
    }
}

#[test]
fn selections_are_maps_lists_and_keywords() {
    let parts = r#""verb":"get","userAgent":"Curl/8","requestURI":"/api/v1/pods?x=Mine%20r","user":{"groups":["dev","ops"]},"requestObject":{"deep":[{"er":"XMRig!"}],"n":4242}"#;
    for (selection, expected) in [
        ("{verb: get, userAgent: 'curl*'}", true),
        ("{verb: get, userAgent: curl}", false),
        ("[{verb: list}, {userAgent: 'curl*'}]", true),
        ("[xmrig]", true),
        ("xmrig", true),
        ("4242", true),
        ("[nothing, {verb: get}]", true),
        ("[nothing, {verb: list}]", false),
        ("{'|all': [xmrig, curl]}", true),
        ("{'|all': [xmrig, nothing]}", false),
        ("{'|re': 'XMR[a-z]g'}", true),
        ("{'|cased': xmrig}", false),
        // A list has a value when a member does; `all` is about values of the rule, not of the event.
        ("{user.groups: [ops, other]}", true),
        ("{user.groups|all: [dev, ops]}", true),
        ("{user.groups|all: [dev, other]}", false),
        ("{user.groups|contains: p}", true),
        ("{user.groups|neq: dev}", false),
    ] {
        let detection = format!("s: {selection}\ncondition: s");
        assert_eq!(matches(&detection, parts), expected, "{selection}");
    }
}

#[test]
fn regular_expressions_search_and_know_case() {
    for (item, expected) in [
        ("userAgent|re: 'url.8'", true),
        ("userAgent|re: '^url'", false),
        ("userAgent|re: 'CURL.8'", false),
        ("userAgent|re|i: 'CURL.8'", true),
        ("userAgent|re|ignorecase: 'CURL.8'", true),
        ("userAgent|re: ['x+y', '[0-9]$']", true),
        ("userAgent|re|all: ['x+y', '[0-9]$']", false),
        ("userAgent|re|neq: 'x+y'", true),
        // Nothing of it is a wildcard or an escape of Sigma.
        ("userAgent|re: 'cur*/8'", false),
        ("userAgent|re: 'cur.*/8'", true),
    ] {
        assert_eq!(agent(item, "curl/8"), expected, "{item}");
    }
    let lines = r#""verb":"get","userAgent":"one\ntwo""#;
    for (item, expected) in [
        ("userAgent|re: '^tw[o]'", false),
        ("userAgent|re|m: '^tw[o]'", true),
        ("userAgent|re|multiline: '^tw[o]'", true),
        ("userAgent|re: 'e.t'", false),
        ("userAgent|re|s: 'e.t'", true),
        ("userAgent|re|dotall: 'e.t'", true),
    ] {
        assert_eq!(
            matches(&format!("s:\n  {item}\ncondition: s"), lines),
            expected,
            "{item}"
        );
    }
}

#[test]
fn dashes_are_written_in_other_ways() {
    for (item, text, expected) in [
        ("userAgent|windash|contains: ' -enc '", "pwsh /enc x", true),
        ("userAgent|contains|windash: ' -enc '", "pwsh /enc x", true),
        (
            "userAgent|contains|windash: ' -enc '",
            "pwsh \u{2014}enc x",
            true,
        ),
        ("userAgent|contains|windash: ' -enc '", "pwsh enc x", false),
        ("userAgent|endswith|windash: ' /c'", "cmd -c", true),
        (
            "userAgent|contains|windash|all: [' -a', ' /b']",
            "x /a -b",
            true,
        ),
    ] {
        assert_eq!(agent(item, text), expected, "{item} on {text}");
    }
}

#[test]
fn what_others_accept_in_silence_is_an_error() {
    let base = "s: {verb: get}\ncondition: ";
    for (detection, code) in [
        (
            "a: {verb: get}\ncondition: a or a) and nope",
            "condition-syntax",
        ),
        (&format!("{base}all of nothing*"), "empty-quantifier"),
        (&format!("{base}s and not 1 of filtr_*"), "empty-quantifier"),
        (&format!("{base}s and nope"), "unknown-selection"),
        (
            "s: {verb: get}\ns: {verb: list}\ncondition: s",
            "duplicate-key",
        ),
        ("s: {verb|contians: get}\ncondition: s", "unknown-modifier"),
        ("s: {verb: []}\ncondition: s", "empty-values"),
        (&format!("{base}s | count() > 5"), "legacy-aggregation"),
        (
            &format!("{base}{}s{}", "(".repeat(8000), ")".repeat(8000)),
            "condition-too-deep",
        ),
    ] {
        let (rules, report) = RuleSet::builder()
            .text("r.yaml", rule("r", detection))
            .load();
        assert_eq!(rules.rules().len(), 0, "{detection:.80}");
        let codes: Vec<_> = report
            .diagnostics()
            .iter()
            .map(detect::Diagnostic::code)
            .collect();
        assert!(codes.contains(&code), "{detection:.80}: {codes:?}");
    }
    let typo = rule("r", &format!("{base}s")).replace("level:", "levle:");
    assert!(RuleSet::builder().text("r.yaml", typo).build().is_err());
}
