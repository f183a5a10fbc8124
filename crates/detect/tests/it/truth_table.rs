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

#[test]
fn every_operator_on_every_kind_of_value() {
    let mut yaml = String::new();
    for (at, (item, _, _)) in TABLE.iter().enumerate() {
        for (kind, condition) in [("plain", "selection"), ("not", "not selection")] {
            let detection = format!("selection:\n  {item}\ncondition: {condition}");
            yaml += &rule(&format!("{kind}-{at}"), &detection);
        }
    }
    let rules = compile(&yaml);
    let mut scanner = rules.scanner();
    let hits = VALUES.map(|value| {
        let body = format!(r#""verb":"create","requestObject":{{{value},"c":"x"}}"#);
        scan(&mut scanner, event(&body).as_bytes())
    });
    let mut wrong = Vec::new();
    for (at, (item, plain, negated)) in TABLE.iter().enumerate() {
        for (kind, expected) in [("plain", plain), ("not", negated)] {
            let name = format!("{kind}-{at}");
            let found: String = hits
                .iter()
                .map(|hits| if hits.contains(&name) { 'y' } else { '.' })
                .collect();
            if found != **expected {
                wrong.push(format!(
                    "{kind} `{item}`\n  expected {expected}\n  found    {found}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
