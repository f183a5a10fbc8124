//! However a text is written in a record, it is the same text.

use detect::{Flags, RuleSet};

use crate::support::{compile, event, rule};

fn rules(selection: &str) -> RuleSet {
    compile(&rule("t", &format!("s: {selection}\ncondition: s")))
}

/// What a hit says of an event with these parts.
fn flags(parts: &str) -> Flags {
    let mut scanner = rules("{verb: get}").scanner();
    let line = event(&format!(r#""verb":"get",{parts}"#));
    let mut hits = scanner.scan_bytes(line.as_bytes()).unwrap();
    hits.next().unwrap().flags()
}

/// Whether a path is a hit, by the index and without it.
#[track_caller]
fn is_hit(rules: &RuleSet, uri: &str) -> bool {
    let line = event(&format!(r#""verb":"get","requestURI":"{uri}""#));
    let found = rules.scanner().scan_bytes(line.as_bytes()).unwrap().len();
    let mut all = rules.scanner().exhaustive();
    assert_eq!(
        found,
        all.scan_bytes(line.as_bytes()).unwrap().len(),
        "{line}"
    );
    found == 1
}

#[test]
fn a_text_that_is_sought_in_a_path_with_escapes() {
    let plain = rules("{requestURI|contains: '/proxy/team-5'}");
    for (uri, expected) in [
        (r"/proxy/team-5?a=1", true),
        (r"/PROXY/Team-5?a=1\u0026b=2", true),
        (r"/a?b\u0026c=\u003c\u003e/proxy/team-5", true),
        // Nothing but the characters that Go escapes in HTML is told without reading the text.
        (r"/a\u0026b/pr\u006fxy/team-5", true),
        (r"/a\u0026b\/proxy\/team\u002d5", true),
        (r"/a\u0026b/pro\u017fy/team-5", false),
        (r"/a\u0026b/proxy/\u0026team-5", false),
        (r"/a\u0026b/pods/team-5", false),
    ] {
        assert_eq!(is_hit(&plain, uri), expected, "{uri}");
    }
    // A text that has such characters itself is looked for in what the escapes stand for.
    let escaped = rules("{requestURI|contains: 'tail=1&follow<'}");
    for (uri, expected) in [
        (r"/log?tail=1\u0026follow\u003c", true),
        (r"/log?tail=1&follow<", true),
        (r"/log?tail=1\u003cfollow\u003c", false),
    ] {
        assert_eq!(is_hit(&escaped, uri), expected, "{uri}");
    }
    // The letters of an escape are not in the text.
    let letters = rules("{requestURI|contains: 'u0026'}");
    assert!(!is_hit(&letters, r"/log?tail=1\u0026follow"));
    assert!(is_hit(&letters, r"/log?u0026\u0026"));
}

#[test]
fn a_hit_tells_of_a_key_that_is_repeated() {
    let many = |last: &str| {
        let keys = (0..40).map(|key| format!(r#""key-{key}":"x""#));
        format!("{{{},{last}}}", keys.collect::<Vec<_>>().join(","))
    };
    let user = |extra: &str| format!(r#""user":{{"username":"dana","extra":{extra}}}"#);
    for (member, expected) in [
        (r#""annotations":{"a":"x","b":"x"}"#.to_owned(), false),
        (
            r#""annotations":{"a":"x","b":"x","a":"x"}"#.to_owned(),
            true,
        ),
        (
            r#""annotations":{"a":"x","b":"x","\u0061":"x"}"#.to_owned(),
            true,
        ),
        (format!(r#""annotations":{}"#, many(r#""a":"x""#)), false),
        (format!(r#""annotations":{}"#, many(r#""key-0":"x""#)), true),
        (user(r#"{"a":["x"],"b":["x"]}"#), false),
        (user(r#"{"a":["x"],"a":["x"]}"#), true),
        (
            r#""impersonatedUser":{"username":"dana","extra":{"a":["x"],"a":["y"]}}"#.to_owned(),
            true,
        ),
    ] {
        assert_eq!(
            flags(&member).contains(Flags::DUPLICATE_KEY),
            expected,
            "{member}"
        );
    }
}

#[test]
fn a_hit_tells_of_an_event_that_was_cut() {
    for (annotations, expected) in [
        (r#"{"audit.k8s.io/truncated":"true"}"#, true),
        (r#"{"audit.k8s.io/truncated":"false"}"#, false),
        (
            r#"{"audit.k8s.io/truncated":"true","audit.k8s.io/truncated":"false"}"#,
            true,
        ),
        (r#"{"audit.k8s.io/truncate\u0064":"true"}"#, true),
        (r#"{"other":"true"}"#, false),
    ] {
        let member = format!(r#""annotations":{annotations}"#);
        assert_eq!(
            flags(&member).contains(Flags::BODY_TRUNCATED),
            expected,
            "{annotations}"
        );
    }
}
