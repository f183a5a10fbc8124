//! Compiled rules as bytes: their form, and why bytes are refused.

use std::fmt::Write as _;

use rule_lang::{Compiled, Compiler, Kept, Restored, from_bytes, to_bytes};

const RULES: &str = include_str!("../data/compiled/rules.yaml");
/// Magic, version and checksum.
const HEADER: usize = 16;

fn compile(text: &str) -> Compiled {
    let mut compiler = Compiler::new();
    compiler.add("rules.yaml", text);
    let made = compiler.finish();
    let mut found = made.diagnostics.iter();
    let is_error = |found: &rule_lang::Diagnostic| found.severity() == rule_lang::Severity::Error;
    assert!(!found.any(is_error), "{}", made.render(false));
    made
}

fn bytes() -> Vec<u8> {
    let compiled = compile(RULES);
    to_bytes(
        &compiled.sources,
        Kept::all(&compiled.rules),
        &compiled.filters,
        &compiled.trusted_proxies,
        Kept::all(&compiled.correlations),
    )
}

/// What was read, written again.
fn again(restored: &Restored) -> Vec<u8> {
    fn kept<T>(list: &[Kept<T>]) -> impl Iterator<Item = Kept<&T>> {
        list.iter().map(|Kept { at, told, item }| Kept {
            at: *at,
            told: *told,
            item,
        })
    }
    to_bytes(
        &restored.sources,
        kept(&restored.rules),
        &restored.filters,
        &restored.trusted_proxies,
        kept(&restored.correlations),
    )
}

/// Bytes whose checksum fits.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = crc32fast::hash(&bytes[HEADER..]).to_le_bytes();
    bytes[12..HEADER].copy_from_slice(&checksum);
    bytes
}

/// The bytes with a text replaced by one of the same length, wherever it stands.
fn replaced(text: &str, by: &str) -> Vec<u8> {
    assert_eq!(text.len(), by.len());
    let mut bytes = bytes();
    let places: Vec<_> = bytes
        .windows(text.len())
        .enumerate()
        .filter(|(_, window)| *window == text.as_bytes())
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty(), "`{text}` is not there");
    for at in places {
        bytes[at..at + by.len()].copy_from_slice(by.as_bytes());
    }
    sealed(bytes)
}

#[track_caller]
fn error(bytes: &[u8]) -> String {
    from_bytes(bytes).unwrap_err().to_string()
}

/// Sixteen bytes a line, with what is readable of them.
fn dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (at, line) in bytes.chunks(16).enumerate() {
        write!(out, "{:06x} ", at * 16).unwrap();
        for byte in line {
            write!(out, " {byte:02x}").unwrap();
        }
        let shown = line.iter().map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        });
        writeln!(
            out,
            "{:1$}  {2}",
            "",
            3 * (16 - line.len()),
            shown.collect::<String>()
        )
        .unwrap();
    }
    out
}

/// A change here changes the form: it needs another `VERSION`, or agents misread what others have written.
#[test]
fn the_form_stays_as_it_is() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/compiled/rules.v1.txt");
    let found = dump(&bytes());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(&path).unwrap());
}

#[test]
fn every_part_comes_back() {
    let compiled = compile(RULES);
    let restored = from_bytes(&bytes()).unwrap();
    for (rule, Kept { item: restored, .. }) in compiled.rules.iter().zip(&restored.rules) {
        assert_eq!(rule.program(), restored.program());
        assert_eq!(rule.levels(), restored.levels());
        assert_eq!(rule.message(), restored.message());
        assert_eq!(rule.filters(), restored.filters());
        assert_eq!(rule.suppress(), restored.suppress());
        assert_eq!(rule.is_silenced(), restored.is_silenced());
        assert_eq!(
            (rule.source(), rule.span()),
            (restored.source(), restored.span())
        );
    }
    assert_eq!(restored.rules.len(), compiled.rules.len());
    assert_eq!(restored.trusted_proxies, compiled.trusted_proxies);
    assert_eq!(restored.trusted_proxies.len(), 3);
    let line = |sources: &rule_lang::Sources, rule: &rule_lang::Rule| {
        let place = sources.line_column(rule.source(), rule.span());
        (sources.name(rule.source()).to_owned(), place.line)
    };
    let second = (&compiled.rules[1], &restored.rules[1].item);
    assert_eq!(line(&compiled.sources, second.0).1, 43);
    assert_eq!(
        line(&restored.sources, second.1),
        line(&compiled.sources, second.0)
    );
    assert_eq!(restored.filters[0].program(), compiled.filters[0].program());
    assert_eq!(restored.filters[0].expires(), compiled.filters[0].expires());
    assert!(compiled.rules[1].is_silenced() && compiled.rules[0].suppress().is_some());
    assert_eq!(restored.correlations.len(), 4);
    for (at, kept) in restored.correlations.iter().enumerate() {
        // It has no tests that would be left out.
        assert_eq!(
            format!("{:?}", kept.item),
            format!("{:?}", compiled.correlations[at])
        );
        assert_eq!((kept.at, kept.told), (at, true));
    }
    assert_eq!(again(&restored), bytes());
}

#[test]
fn other_bytes_and_other_versions_are_refused() {
    assert_eq!(
        error(b""),
        "this is no compiled rule set: it does not begin with `KUBESIFT`"
    );
    let mut newer = bytes();
    newer[8] = 9;
    assert_eq!(
        error(&newer),
        "the rule set was compiled to version 9 of the form and this is read in version 1: compile the rules again"
    );
    let mut damaged = bytes();
    damaged[HEADER + 100] ^= 1;
    let message = error(&damaged);
    assert!(
        message.starts_with("the compiled rule set is damaged: its checksum is "),
        "{message}"
    );
    let bytes = bytes();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(from_bytes(&damaged).is_err(), "byte {at}");
        assert!(from_bytes(&bytes[..at]).is_err(), "cut at {at}");
    }
    assert_eq!(
        error(b"KUBESIFT\x01\0"),
        "the compiled rule set is malformed at byte 8: 4 bytes should follow, and there are 2"
    );
}

#[test]
fn what_does_not_hold_is_refused_where_it_stands() {
    // A field of a newer vocabulary.
    let message = error(&replaced("userAgent", "userAgemt"));
    assert_eq!(
        message,
        "the compiled rule set is malformed at byte 46: this version knows no field `userAgemt`"
    );
    let message = error(&replaced("c[au]rl", "c[au(rl"));
    assert!(
        message.contains("a regular expression cannot be used: unclosed character class"),
        "{message}"
    );
}

#[test]
fn correlations_are_held_to_the_limits_of_the_language() {
    let compiled = compile(RULES);
    let bytes = bytes();
    // Where the last section begins, whose first correlation is the only one that counts.
    let section = bytes.len() - correlations_len(&compiled);
    let mut refused = std::collections::BTreeSet::new();
    for at in section..bytes.len() {
        for value in [0, 1, 2, 3, 9, 64, 0x7f, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] = value;
            match from_bytes(&sealed(damaged)) {
                Ok(restored) => assert!(from_bytes(&again(&restored)).is_ok()),
                Err(error) => {
                    let message = error.to_string();
                    let (_, what) = message.split_once(": ").unwrap();
                    refused.insert(what.to_owned());
                }
            }
        }
    }
    for expected in [
        "a reference of a correlation does not fit it",
        "the condition of a correlation does not fit its rules",
        "a correlation names a group that it does not have",
        "rules or correlations are out of order",
        "there is no such percentile",
        "there is no CorrelationType 127",
        "correlation 2 refers to one that does not stand before it",
    ] {
        assert!(refused.contains(expected), "{expected}: {refused:#?}");
    }
}

/// How many bytes the correlations take.
fn correlations_len(compiled: &Compiled) -> usize {
    let without = to_bytes(
        &compiled.sources,
        Kept::all(&compiled.rules),
        &compiled.filters,
        &compiled.trusted_proxies,
        [],
    );
    // Their fields are among those of the rules; what is left of the section is its empty list.
    bytes().len() - without.len() + 1
}

/// No condition nests as deep as the stack would have to.
#[test]
fn conditions_are_read_as_deep_as_the_stack_allows() {
    let compiled = compile(RULES);
    let bytes = bytes();
    let condition = [2, 3, 0, 0, 1, 0, 1, 1, 0, 2];
    let found: Vec<_> = (0..bytes.len())
        .filter(|at| bytes[*at..].starts_with(&condition))
        .collect();
    let [at] = found[..] else {
        panic!("{found:?}");
    };
    let read = |n: usize| {
        let mut deep = bytes.clone();
        deep.splice(at..at, std::iter::repeat_n(1, n));
        let length = bytes.len() - correlations_len(&compiled) - 4;
        let size = u32::from_le_bytes(deep[length..length + 4].try_into().unwrap());
        let size = size + u32::try_from(n).unwrap();
        deep[length..length + 4].copy_from_slice(&size.to_le_bytes());
        from_bytes(&sealed(deep))
            .map(drop)
            .map_err(|error| error.to_string())
    };
    assert_eq!(read(200), Ok(()));
    let message = read(1_000_000).unwrap_err();
    assert!(
        message.ends_with("a condition nests deeper than 260"),
        "{message}"
    );
}

#[test]
fn lengths_are_looked_at_before_memory_is_taken() {
    let mut endless = b"KUBESIFT\x01\0\0\0\0\0\0\0\x01".to_vec();
    endless.extend(6u32.to_le_bytes());
    endless.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    assert_eq!(
        error(&sealed(endless)),
        "the compiled rule set is malformed at byte 21: 4398046511103 items should follow, and there are 0 bytes"
    );
    let mut cut = b"KUBESIFT\x01\0\0\0\0\0\0\0\x01".to_vec();
    cut.extend(u32::MAX.to_le_bytes());
    assert_eq!(
        error(&sealed(cut)),
        "the compiled rule set is malformed at byte 21: 4294967295 bytes should follow, and there are 0"
    );
    let mut more = bytes();
    more.extend(b"more");
    let message = error(&sealed(more));
    assert!(
        message.ends_with("nothing should follow, and there are 4 bytes"),
        "{message}"
    );
}
