//! Every operator against every kind of value, written out by hand from the rule language's table of values.

use crate::support::{compile, event, rule, scan};

/// What `object.a` is, in the order of the columns of the table.
const VALUES: [&str; 16] = [
    // missing, null
    r#""b":"x""#,
    r#""a":null"#,
    // scalars
    r#""a":"x""#,
    r#""a":"""#,
    r#""a":7"#,
    r#""a":true"#,
    // lists
    r#""a":[]"#,
    r#""a":["x","y"]"#,
    r#""a":[["x"],[]]"#,
    r#""a":[null]"#,
    r#""a":[7,"x"]"#,
    // objects
    r#""a":{"x":"x"}"#,
    r#""a":[{"x":"x"}]"#,
    // a repeated key
    r#""a":"x","a":"y""#,
    r#""a":null,"a":"x""#,
    r#""a":["x"],"a":["y"]"#,
];

/// An item, its verdicts, and those under `not`: `y` is a hit. A repeated key is in doubt and doubt is a hit, so its
/// columns may say `y` both times.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &str)] = &[
    //                                    scalars     lists        objects  repeated
    //                                    -- ----    -----         --       ---
    ("object.a: x",                      "..y....yy.y..yyy", "yy.yyyy..y.yyyyy"),
    ("object.a: X",                      "..y....yy.y..yyy", "yy.yyyy..y.yyyyy"),
    ("object.a: '?'",                    "..y.y..yy.y..yyy", "yy.y.yy..y.yy.y."),
    ("object.a: 'x*'",                   "..y....yy.y..yyy", "yy.yyyy..y.yyyyy"),
    ("object.a: '\\*'",                  "................", "yyyyyyyyyyyyyyyy"),
    ("object.a|cased: x",                "..y....yy.y..yyy", "yy.yyyy..y.yyyyy"),
    ("object.a|cased: X",                "................", "yyyyyyyyyyyyyyyy"),
    ("object.a|contains: X",             "..y....yy.y..yyy", "yy.yyyy..y.yyyyy"),
    ("object.a|startswith: x",           "..y....yy.y..yyy", "yy.yyyy..y.yyyyy"),
    ("object.a|endswith: x",             "..y....yy.y..yyy", "yy.yyyy..y.yyyyy"),
    ("object.a|re: x",                   "..y....yy.y..yyy", "yy.yyyy..y.yyyyy"),
    ("object.a|re: X",                   "................", "yyyyyyyyyyyyyyyy"),
    ("object.a|re|i: X",                 "..y....yy.y..yyy", "yy.yyyy..y.yyyyy"),
    ("object.a|fieldref: object.b",      "................", "yyyyyyyyyyyyyyyy"),
    ("object.a|fieldref: object.c",      "..y....yy.y..yyy", "yy.yyyy..y.yyyyy"),
    ("object.c|fieldref: object.a",      "..y....yy.y..yyy", "yy.yyyy..y.yyyyy"),
    ("object.a|neq: x",                  "yy.yyyy..y.yyyyy", "..y....yy.y..yyy"),
    ("object.a|exists: true",            "..yyyyyyyyyyyyyy", "yy............y."),
    ("object.a|exists: false",           "yy............y.", "..yyyyyyyyyyyyyy"),
    ("object.a: null",                   "yy............y.", "..yyyyyyyyyyyyyy"),
    ("object.a|neq: null",               "..yyyyyyyyyyyyyy", "yy............y."),
    ("object.a: '*'",                    "..yyyy.yyyyyyyyy", "yy....y.......y."),
    ("object.a: ''",                     "...y............", "yyy.yyyyyyyyyyyy"),
    ("object.a: 7",                      "....y.....y.....", "yyyy.yyyyy.yyyyy"),
    ("object.a: '7'",                    "....y.....y.....", "yyyy.yyyyy.yyyyy"),
    ("object.a: 7.0",                    "....y.....y.....", "yyyy.yyyyy.yyyyy"),
    ("object.a: true",                   ".....y..........", "yyyyy.yyyyyyyyyy"),
    ("object.a: 'TRUE'",                 ".....y..........", "yyyyy.yyyyyyyyyy"),
    ("object.a|gt: 6.5",                 "....y.....y.....", "yyyy.yyyyy.yyyyy"),
    ("object.a|gte: 7",                  "....y.....y.....", "yyyy.yyyyy.yyyyy"),
    ("object.a|lt: 7",                   "................", "yyyyyyyyyyyyyyyy"),
    ("object.a|lte: 7",                  "....y.....y.....", "yyyy.yyyyy.yyyyy"),
    ("object.a|neq: 7",                  "yyyy.yyyyy.yyyyy", "....y.....y....."),
    ("object.a|windash: x",              "..y....yy.y..yyy", "yy.yyyy..y.yyyyy"),
    ("object.a|base64: x",               "................", "yyyyyyyyyyyyyyyy"),
    ("object.a|hour: 7",                 "................", "yyyyyyyyyyyyyyyy"),
    ("object.a|hour|lt: 24",             "................", "yyyyyyyyyyyyyyyy"),
    ("object.a|cidr: 10.0.0.0/8",        "................", "yyyyyyyyyyyyyyyy"),
    ("object.a: [y, x]",                 "..y....yy.y..yyy", "yy.yyyy..y.yy.y."),
    ("object.a: [x, null]",              "yyy....yy.y..yyy", "...yyyy..y.yyyyy"),
    ("object.a|contains|all: [x, y]",    ".......y.....y.y", "yyyyyyy.yyyyyyyy"),
    ("object.a[0]: x",                   ".......yy......y", "yyyyyyy..yyyyyyy"),
    ("object.a[1]: x",                   "..........y.....", "yyyyyyyyyy.yyyyy"),
    ("object.a[-1]: x",                  "..........y....y", "yyyyyyyyyy.yyyyy"),
    ("object.a[0]|exists: true",         ".......yy.y.y..y", "yyyyyyy..y.y.yy."),
    ("object.a.x: x",                    "...........yy...", "yyyyyyyyyyy..yyy"),
    ("object.a[any]: x",                 ".......yy.y....y", "yyyyyyy..y.yyyyy"),
    ("object.a[any]: {.: x}",            ".......yy.y....y", "yyyyyyy..y.yyyyy"),
    ("object.a[any]: null",              ".........y......", "yyyyyyyyy.yyyyyy"),
    ("object.a[any]: {x: x}",            "............y...", "yyyyyyyyyyyy.yyy"),
    ("object.a[any]: {key: x, value: x}","...........y....", "yyyyyyyyyyy.yyyy"),
    ("object.a[any]: {x|neq: x}",        ".......yyyyy...y", "yyyyyyy.....yyy."),
    ("object.a[all]: x",                 "........y......y", "yyyyyyyy.yyyyyyy"),
    ("object.a[all]: {x: x}",            "............y...", "yyyyyyyyyyyy.yyy"),
    ("object.a[all_or_empty]: x",        "yyyyyyy.y....yyy", ".......y.yyyy..y"),
    ("object.a[none]: x",                "yyyyyyy..y.yyyyy", ".......yy.y....y"),
    ("object.a[none]: {x: x}",           "yyyyyyyyyyyy.yyy", "............y..."),
];

/// Items that are about texts of a form, and such a text as JSON; it takes the place of `x` in the values.
#[rustfmt::skip]
const FORMS: &[(&str, &str)] = &[
    ("object.a|contains: am", r#""sample""#),
    ("object.a|startswith: Sam", r#""sample""#),
    ("object.a|endswith: PLE", r#""sample""#),
    ("object.a|cased|contains: am", r#""sample""#),
    ("object.a|all: [s*, '*e']", r#""sample""#),
    ("object.a|expand: '%samples%'", r#""sample""#),
    ("object.a|expand|cidr: '%networks%'", r#""10.1.2.3""#),
    ("object.a|cidr: 10.0.0.0/8", r#""10.1.2.3""#),
    ("object.a|cidr: 10.1.2.3", r#""10.1.2.3""#),
    ("object.a|cidr: 'fd00::/8'", r#""fd00::1""#),
    ("object.a|re: 'am.*l'", r#""sample""#),
    ("object.a|re|i: AM", r#""sample""#),
    ("object.a|re|ignorecase: AM", r#""sample""#),
    ("object.a|re|m: ^le$", r#""samp\nle""#),
    ("object.a|re|multiline: ^le$", r#""samp\nle""#),
    ("object.a|re|s: p.l", r#""samp\nle""#),
    ("object.a|re|dotall: p.l", r#""samp\nle""#),
    ("object.a|fieldref: object.c", r#""sample""#),
    ("object.a|fieldref|cased: object.c", r#""sample""#),
    ("object.a|fieldref|contains: object.c", r#""sample""#),
    ("object.a|fieldref|startswith: object.c", r#""sample""#),
    ("object.a|fieldref|endswith: object.c", r#""sample""#),
    ("object.a|lt: 5", r#""4""#),
    ("object.a|lt: 5", "4"),
    ("object.a|lte: 4", r#""4.0""#),
    ("object.a|gt: 50", r#""5e9""#),
    ("object.a|gte: 60", "60"),
    ("object.a|minute: 30", r#""2026-11-21T13:30:45Z""#),
    ("object.a|hour: 13", r#""2026-11-21T13:30:45Z""#),
    ("object.a|hour: 13", r#""2026-11-21T15:30:45+02:00""#),
    ("object.a|day: 21", r#""2026-11-21T13:30:45Z""#),
    ("object.a|week: 47", r#""2026-11-21T13:30:45Z""#),
    ("object.a|month: 11", r#""2026-11-21T13:30:45Z""#),
    ("object.a|year: 2026", r#""2026-11-21T13:30:45Z""#),
    ("object.a|hour|gte: 13", r#""2026-11-21T13:30:45Z""#),
    ("object.a|hour|lt: 14", r#""2026-11-21T13:30:45Z""#),
    ("object.a|windash: sample -x", r#""sample /x""#),
    ("object.a|windash|contains: ' -x'", r#""sample –x y""#),
    ("object.a|base64: sample", r#""c2FtcGxl""#),
    ("object.a|base64offset|contains: sample", r#""eyJzYW1wbGUifQ""#),
    ("object.a|utf16le|base64: x", r#""eAA=""#),
    ("object.a|wide|base64: x", r#""eAA=""#),
    ("object.a|utf16be|base64: x", r#""AHg=""#),
    ("object.a|utf16|base64: x", r#""//54AA==""#),
];

/// The lists that items name.
const LISTS: &str =
    "title: lists\nplaceholders: {samples: [sample], networks: [10.0.0.0/8]}\n---\n";

/// Which rules match each of the values, where another text may stand in the place of `x`.
fn hits(yaml: &str, text: &str) -> Vec<Vec<String>> {
    let rules = compile(yaml);
    let mut scanner = rules.scanner();
    let values = VALUES.iter().map(|value| {
        let value = value
            .replace(r#""x""#, text)
            .replace("{4:", r#"{"4":"#)
            .replace("{60:", r#"{"60":"#);
        let body = format!(r#""verb":"create","requestObject":{{{value},"c":{text}}}"#);
        scan(&mut scanner, event(&body).as_bytes())
    });
    values.collect()
}

/// A rule that asks for an item, and one that asks for the opposite.
fn both(at: usize, item: &str) -> String {
    let rules = [("plain", "selection"), ("not", "not selection")].map(|(kind, condition)| {
        let detection = format!("selection:\n  {item}\ncondition: {condition}");
        rule(&format!("{kind}-{at}"), &detection)
    });
    rules.concat()
}

/// What is wrong with the hits of an item.
fn wrong(hits: &[Vec<String>], at: usize, item: &str, plain: &str, negated: &str) -> Vec<String> {
    let rows = [("plain", plain), ("not", negated)];
    let wrong = rows.into_iter().filter_map(|(kind, expected)| {
        let name = format!("{kind}-{at}");
        let found: String = hits
            .iter()
            .map(|hits| if hits.contains(&name) { 'y' } else { '.' })
            .collect();
        (found != expected)
            .then(|| format!("{kind} `{item}`\n  expected {expected}\n  found    {found}"))
    });
    wrong.collect()
}

#[test]
fn every_operator_on_every_kind_of_value() {
    let rules = TABLE.iter().enumerate();
    let yaml: String = rules.map(|(at, (item, ..))| both(at, item)).collect();
    let hits = hits(&yaml, r#""x""#);
    let rows = TABLE.iter().enumerate();
    let wrong: Vec<String> = rows
        .flat_map(|(at, (item, plain, negated))| wrong(&hits, at, item, plain, negated))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_operator_on_texts_of_its_form() {
    // What is asked of the text is asked as `object.a: x` is of `x`.
    let (_, plain, negated) = TABLE[0];
    let rows = FORMS.iter().enumerate();
    let wrong: Vec<String> = rows
        .flat_map(|(at, (item, text))| {
            let hits = hits(&(LISTS.to_owned() + &both(at, item)), text);
            wrong(&hits, at, item, plain, negated)
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The names of modifiers, which the page of the language has all of.
fn modifiers() -> Vec<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/language.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, table) = page
        .split_once("| modifier | holds when | example |\n")
        .unwrap();
    let rows = table.lines().skip(1).take_while(|row| row.starts_with('|'));
    let mut names = Vec::new();
    for row in rows {
        let mut words = row.split('`');
        names.push(words.nth(1).unwrap().to_owned());
        // Other names of the same.
        if let Some((before, _)) = row.split_once("` too") {
            names.push(before.rsplit('`').next().unwrap().to_owned());
        }
    }
    names
}

#[test]
fn no_operator_is_missing() {
    let items = || {
        let table = TABLE.iter().map(|(item, ..)| *item);
        table.chain(FORMS.iter().map(|(item, _)| *item))
    };
    let names = modifiers();
    assert!(names.len() >= 30, "{names:?}");
    for name in names {
        let has = |item: &str| {
            let key = item.split(": ").next().unwrap_or_default();
            key.split('|').skip(1).any(|modifier| modifier == name)
        };
        assert!(items().any(has), "`{name}` is not in the table");
    }
    for bracket in ["any", "all", "all_or_empty", "none", "0", "-1"] {
        let bracket = format!("object.a[{bracket}]");
        assert!(items().any(|item| item.starts_with(&bracket)), "{bracket}");
    }
    for (item, plain, negated) in TABLE {
        let lengths = [plain.len(), negated.len()];
        assert_eq!(lengths, [VALUES.len(); 2], "{item}");
    }
}

#[test]
fn empty_and_missing_are_one_for_the_request() {
    let yaml = rule(
        "empty",
        "selection: {subresource: ''}\ncondition: selection",
    ) + &rule(
        "nothing",
        "selection: {subresource: null}\ncondition: selection",
    ) + &rule(
        "recorded",
        "selection: {objectRef.subresource: ''}\ncondition: selection",
    );
    let rules = compile(&yaml);
    for (parts, expected) in [
        (r#""subresource":"""#, &["empty", "nothing", "recorded"][..]),
        (r#""name":"x""#, &["empty", "nothing"]),
        (r#""subresource":"exec""#, &[]),
    ] {
        let json = event(&format!(r#""objectRef":{{"resource":"pods",{parts}}}"#));
        assert_eq!(
            scan(&mut rules.scanner(), json.as_bytes()),
            expected,
            "{parts}"
        );
    }
}

#[test]
fn every_way_to_split_a_dotted_key_counts() {
    let yaml = rule(
        "any",
        "selection: {object.metadata.labels.a.b.c: x}\ncondition: selection",
    ) + &rule(
        "none",
        "selection: {object.metadata.labels.a.b.c: x}\ncondition: not selection",
    ) + &rule(
        "one",
        "selection: {'object.metadata.labels[\"a.b.c\"]': x}\ncondition: selection",
    ) + &rule(
        "twice",
        "selection: {object.metadata.labels.a.b.c|contains|all: [x, y]}\ncondition: selection",
    );
    let rules = compile(&yaml);
    for (labels, expected) in [
        (r#""a.b.c":"x""#, &["any", "one"][..]),
        (r#""a.b":{"c":"x"}"#, &["any"]),
        (r#""a":{"b.c":"x"}"#, &["any"]),
        (r#""a":{"b":{"c":"x"}}"#, &["any"]),
        (r#""a":[{"b":{"c":"x"}}]"#, &["none"]),
        (r#""a":{"b":"x"}"#, &["none"]),
        // No key hides another.
        (r#""a.b.c":"y","a":{"b":{"c":"x"}}"#, &["any", "twice"]),
        (r#""a":{"b.c":"y"},"a.b.c":"x""#, &["any", "one", "twice"]),
        // Other ways do not settle the doubt of one.
        (
            r#""a":{"b.c":"x"},"a":{"b.c":"y"}"#,
            &["any", "none", "twice"],
        ),
        (
            r#""a":{"b.c":"x"},"a":{"b.c":"y"},"a.b":{"c":"x"}"#,
            &["any", "twice"],
        ),
    ] {
        let body =
            format!(r#""verb":"create","requestObject":{{"metadata":{{"labels":{{{labels}}}}}}}"#);
        let hits = scan(&mut rules.scanner(), event(&body).as_bytes());
        assert_eq!(hits, expected, "{labels}");
    }
}
