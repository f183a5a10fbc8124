use proptest::prelude::*;

use super::*;
use crate::limits::Limits;
use crate::path::Segment;
use crate::tree::Tree;
use crate::view::block::tests::levels;
use crate::walk::Doubt;

const KEYS: [&str; 3] = ["a", "bc", "hostNetwork"];

type Found = Option<Vec<(usize, String)>>;

/// What is found by words and with each of the vector instructions, which is the same.
fn found_by(mut find: impl FnMut(Option<Level>, &mut Each<'_>) -> bool) -> Found {
    let mut find = |level| {
        let mut found = Vec::new();
        let all = find(level, &mut |key, value| {
            found.push((key, value.as_text().unwrap().to_owned()));
        });
        (all, found)
    };
    let words = find(None);
    for level in levels() {
        assert_eq!(find(Some(level)), words, "{level:?}");
    }
    let (all, found) = words;
    all.then_some(found)
}

fn leaves(level: Option<Level>) -> BodyLeaves {
    let leaves = BodyLeaves::new(KEYS);
    BodyLeaves {
        level: level.unwrap_or(leaves.level),
        ..leaves
    }
}

/// What stands under the keys.
fn read(body: &[u8]) -> Found {
    let mut memory = String::new();
    found_by(|level, each| {
        let leaves = leaves(level);
        if level.is_some() {
            return leaves.read(body, &mut memory, each);
        }
        let jumps = Jumps::default();
        body.first() == Some(&b'{')
            && scalars::walk(Words, &leaves, body, jumps, &mut memory, each).is_some()
    })
}

/// What a tree has under one of the keys, at any depth that the tests reach.
fn tree(body: &[u8]) -> Vec<(usize, String)> {
    let mut tree = Tree::default();
    let root = tree.parse(body, &Limits::default()).unwrap();
    let mut found = Vec::new();
    // All paths of up to four keys that end in one of those.
    let names = ["a", "bc", "hostNetwork", "x\"y", "other"];
    let mut paths: Vec<Vec<&str>> = vec![vec![]];
    for _ in 0..4 {
        let longer: Vec<_> = paths
            .iter()
            .flat_map(|path| names.map(|name| [path.as_slice(), &[name]].concat()))
            .collect();
        for path in &longer {
            let Some(number) = KEYS.iter().position(|key| path.last() == Some(key)) else {
                continue;
            };
            let path: Vec<_> = path.iter().map(|key| Segment::Key((*key).into())).collect();
            tree.any_value(root.into(), &path, Doubt::AnyReading, &mut |value| {
                found.extend(value.as_text().map(|text| (number, text.to_owned())));
                false
            });
        }
        paths = longer;
    }
    found
}

/// What is found of some keys by seeking them.
fn sought(body: &[u8], asked: &dyn Fn(usize) -> bool) -> Found {
    let mut memory = String::new();
    found_by(|level, each| {
        let leaves = leaves(level);
        if level.is_some() {
            return leaves.seek(body, asked, &mut memory, each);
        }
        let found = leaves.seek_by(Words, body, asked, &mut memory, each);
        found.is_some()
    })
}

/// Seeking finds at least what a tree has, and gives up only where something is odd.
fn check_sought(body: &[u8]) {
    let expected = tree(body);
    for only in 0..=KEYS.len() {
        let asked = |key| only == KEYS.len() || key == only;
        let Some(found) = sought(body, &asked) else {
            continue;
        };
        for value in expected.iter().filter(|(key, _)| asked(*key)) {
            let shown = String::from_utf8_lossy(body);
            assert!(found.contains(value), "{value:?} in {shown}");
        }
        assert!(found.iter().all(|(key, _)| asked(*key)));
    }
}

#[track_caller]
fn agree(body: &str) {
    check_sought(body.as_bytes());
    assert!(
        sought(body.as_bytes(), &|_| true).is_some() || body.contains("\\u0"),
        "{body}"
    );
    let mut found = read(body.as_bytes()).unwrap_or_else(|| panic!("{body}"));
    let mut expected = tree(body.as_bytes());
    found.sort();
    found.dedup();
    expected.sort();
    expected.dedup();
    assert_eq!(found, expected, "{body}");
}

#[test]
fn scalars_under_the_keys_are_found_at_every_depth() {
    for body in [
        r#"{"a":"x","other":{"bc":[1,[true,null],{"a":2},"y"]},"hostNetwork":{"a":-1e3}}"#,
        r#"{"a":["\u0041",{"a":["z"]},[]],"a":false}"#,
        r#"{"other":"\"a\":1","bc":"}]"}"#,
        r#"{"k:{\"a\":1}":1,"f\\":2,"a":{"x\"y":{"bc":3}}}"#,
        r#" { "a" : [ 1 , { "bc" : "x" } ] } "#.trim_start(),
        "{}",
    ] {
        agree(body);
    }
}

#[test]
fn keys_are_found_wherever_blocks_end() {
    for n in 0..140 {
        let filler = "f".repeat(n);
        agree(&format!(
            r#"{{"other":"{filler}","hostNetwork":true,"a":"{filler}","bc":1}}"#
        ));
        agree(&format!(
            r#"{{"other":"{filler}\\","a":{{"bc":["{filler}\""]}}}}"#
        ));
    }
}

#[test]
fn what_is_odd_is_left_to_the_tree() {
    for body in [
        r#"{"\u0061":1}"#,
        r#"{"a" 1}"#,
        r#"{"a",1}"#,
        r#"{"a":,"bc":1}"#,
        r#"{"a":what}"#,
        r#"{"other":[c\"],"a":"x"}"#,
        "{\"other\":\"\n\",\"a\":1}",
        r#"{"a":[1}"#,
        r#"[{"a":1}]"#,
        r#""a""#,
        "",
    ] {
        assert_eq!(read(body.as_bytes()), None, "{body}");
    }
    let long = format!(r#"{{"{}\u0061":1}}"#, "k".repeat(200));
    assert_eq!(read(long.as_bytes()), None);
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(65), "]".repeat(65));
    assert_eq!(read(deep.as_bytes()), None);
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("-1".to_owned()),
        Just("\"x\"".to_owned()),
        Just("\"\\u00e9\\\\\"".to_owned()),
        Just("\"a\\\":1\"".to_owned()),
        "[a-z]{20,70}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(3, 40, 5, |inner| {
        let key = prop::sample::select(&["a", "bc", "hostNetwork", "other"][..]);
        let member = (key, inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|all| format!("[{}]", all.join(","))),
            prop::collection::vec(member, 0..5).prop_map(|all| {
                let all: Vec<_> = all
                    .iter()
                    .map(|(key, value)| format!("\"{key}\":{value}"))
                    .collect();
                format!("{{{}}}", all.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn generated_scalars_are_those_of_a_tree(value in json()) {
        agree(&format!("{{\"a\":{value}}}"));
    }

    #[test]
    fn nothing_is_lost_of_what_is_broken(value in json(), changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&b"{}[],:\"\\a1( \n"[..])), 1..4)) {
        let mut body = format!("{{\"a\":{value}}}").into_bytes();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        check_sought(&body);
        if let Some(found) = read(&body) {
            for value in tree(&body) {
                prop_assert!(found.contains(&value), "{value:?} in {}", String::from_utf8_lossy(&body));
            }
        }
    }

    #[test]
    fn any_bytes_are_read_to_an_end(body in "\\{[{}:,\"\\\\ab\\[\\]1 ]{0,200}") {
        read(body.as_bytes());
        sought(body.as_bytes(), &|_| true);
    }

    #[test]
    fn no_way_of_writing_hides_a_key(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
        let body = format!("{{{}}}", pieces.concat());
        if Tree::default().parse(body.as_bytes(), &Limits::default()).is_ok() {
            check_sought(body.as_bytes());
        }
    }
}

/// What keys and values are written with, well or badly.
const PIECES: &[&str] = &[
    "\"a\"",
    "\"bc\"",
    "\"hostNetwork\"",
    "\"\\u0061\"",
    "\"b\\u0063\"",
    "\"\\u0026\"",
    "\"x\\\"a\"",
    "\"\\\\a\"",
    ":",
    ":",
    ":",
    " : ",
    "\n:\t",
    ",",
    ",",
    "1",
    "\"x\"",
    "true",
    "[",
    "]",
    "{",
    "}",
    "[1,[\"y\"],{\"a\":2}]",
    "{\"bc\":\"z\"}",
    "\"a\":1",
    "\"bc\":[\"x\"]",
    "\"other\":{\"a\":[]}",
    "\"                                        \"",
];

#[test]
fn a_key_is_sought_where_blocks_end_and_told_from_a_text() {
    for n in 0..140 {
        let filler = "f".repeat(n);
        let body = format!(r#"{{"o":"{filler}","bc" : ["x"],"t":["b"],"u\"a":2,"z":"\\"}}"#);
        let found = sought(body.as_bytes(), &|_| true).unwrap();
        assert_eq!(found, [(1, "x".to_owned()), (0, "2".to_owned())], "{body}");
    }
    // An escape that could stand for a character of a key, and those that clients write for others.
    for (body, is_all) in [
        (r#"{"\u0061":1}"#, false),
        (r#"{"x":"\u0061"}"#, false),
        (r#"{"x":"\u003c\u0026\u00e9\ud83d\ude00\n\t\"\\"}"#, true),
        (r#"{"x":"\u00"#, false),
        (r#"{"x":"\u00zz"}"#, false),
        (r#"{"a":what}"#, false),
        (r#"{"a":[1"#, false),
        (r#"{"a":{"#, true),
        (r#"{"o":"a"}"#, false),
        (r#"{"a",1}"#, false),
        (r#"{"a" 1}"#, false),
        (r#"{"a":1 2}"#, false),
        (r#"{"a":[1 2]}"#, false),
        (r#"{"a":[1,]}"#, false),
        (r#"{"a":[,]}"#, false),
        (r#"{"a":[[],[1,[]],{},"x"]}"#, true),
        (r#"[{"a":1}]"#, false),
    ] {
        assert_eq!(
            sought(body.as_bytes(), &|_| true).is_some(),
            is_all,
            "{body}"
        );
    }
    // A key that is not asked for is not read.
    assert_eq!(
        sought(br#"{"a":what,"bc":1}"#, &|key| key == 1),
        Some(vec![(1, "1".to_owned())])
    );
}
