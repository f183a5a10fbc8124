//! Text that is made to hurt: every answer is a diagnostic, and comes soon.

use std::fmt::Write;

use proptest::prelude::*;
use rule_lang::{Compiled, Compiler};

fn compile(text: &str) -> Compiled {
    let mut compiler = Compiler::new();
    compiler.add("hostile.yaml", text);
    compiler.finish()
}

fn rule(detection: &str) -> String {
    format!(
        "title: t\nsigma-version: 3\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n{detection}"
    )
}

/// The first code, for text that must be refused. No test here looks at a clock: the texts are so large that what is not
/// nearly linear would take hours.
#[track_caller]
fn refused(text: &str) -> &'static str {
    let compiled = compile(text);
    assert!(compiled.rules.is_empty());
    for diagnostic in &compiled.diagnostics {
        assert!(diagnostic.message().len() < 400, "{}", diagnostic.message());
    }
    let drawn = compiled.render(true);
    assert!(!drawn.is_empty());
    compiled.diagnostics[0].code()
}

#[test]
fn a_hundred_thousand_brackets() {
    let open = "(".repeat(100_000);
    let close = ")".repeat(100_000);
    let condition = |text: &str| rule(&format!("  s: {{verb: get}}\n  condition: {text}\n"));
    assert_eq!(
        refused(&condition(&format!("{open}s{close}"))),
        "condition-too-deep"
    );
    assert_eq!(refused(&condition(&open)), "condition-too-deep");
    assert_eq!(refused(&condition(&close)), "condition-too-long");
    assert_eq!(
        refused(&rule(&format!(
            "  s: {{'a{}': 1}}\n  condition: s\n",
            "[".repeat(1000)
        ))),
        "bad-field-name"
    );
    assert_eq!(refused(&"[".repeat(100_000)), "yaml-too-deep");
    assert_eq!(refused(&"{a: ".repeat(100_000)), "yaml-too-deep");
    assert_eq!(refused(&"- ".repeat(100_000)), "yaml-too-deep");
}

#[test]
fn long_conditions() {
    let condition = |text: &str| rule(&format!("  s: {{verb: get}}\n  condition: {text}\n"));
    let many = format!("s{}", " and s".repeat(200_000 / 6));
    assert_eq!(refused(&condition(&many)), "condition-too-long");
    let nots = format!("{}s", "not ".repeat(16_000));
    assert!(compile(&condition(&nots)).diagnostics.is_empty());
}

#[test]
fn correlations_of_every_rule() {
    // The product of the number of rules and that of correlations, grouped by two fields.
    let mut text = String::new();
    for at in 0..800 {
        writeln!(text, "title: r\nname: r{at}\nlogsource: {{product: kubernetes, service: audit}}\ndetection: {{s: {{name: n{at}}}, condition: s}}\n---").unwrap();
    }
    for at in 0..220 {
        writeln!(text, "title: c\nname: c{at}\ncorrelation: {{type: event_count, rules: any, group-by: [verb, name], timespan: 5m, condition: {{gte: 3}}}}\n---").unwrap();
    }
    let compiled = compile(&text);
    assert_eq!(compiled.correlations.len(), 218);
    let [first, _] = &*compiled.diagnostics else {
        panic!("{}", compiled.render(false));
    };
    assert_eq!(first.code(), "too-many-references");
    assert_eq!(
        first.message(),
        "with this one, the correlations of the set have 525600 references to rules and the limit is 524288"
    );
    let underlined = compiled.sources.slice(first.source(), first.span());
    assert_eq!(underlined, "correlation");
}

#[test]
fn fields_that_are_asked_of_rules_do_not_explode() {
    // The product of the numbers of rules, of correlations that name them all, and of fields that each groups by.
    let mut text = String::new();
    let mut names = String::new();
    for at in 0..400 {
        writeln!(text, "title: r\nname: r{at}\nlogsource: {{product: kubernetes, service: audit}}\ndetection: {{s: {{verb: get, name: n{at}}}, condition: s}}\n---").unwrap();
        write!(names, "r{at}, ").unwrap();
    }
    for at in 0..64 {
        let fields: Vec<String> = (0..16).map(|nth| format!("object.f{at}x{nth}")).collect();
        writeln!(text, "title: c\ncorrelation: {{type: event_count, rules: [{names}], group-by: [{}], timespan: 5m, condition: {{gte: 3}}}}\n---", fields.join(", ")).unwrap();
    }
    let compiled = compile(&text);
    // The first rules tell of every field, as far as there is room.
    assert!(compiled.correlations.is_empty());
    let errors = compiled.diagnostics.iter();
    let lacking = errors.filter(|found| found.code() == "unknown-group");
    assert!(lacking.count() > 90);
}

#[test]
fn a_rule_that_takes_too_long_to_decide_may_have_every_field() {
    // Each selection wants another value of one of the fields, and there is one selection more than there are fields. To
    // see that they cannot all hold takes as many steps as there are ways to deal them out.
    const FIELDS: [&str; 7] = [
        "auditID",
        "requestURI",
        "user.username",
        "user.uid",
        "userAgent",
        "objectRef.uid",
        "objectRef.name",
    ];
    let is_used = |n_fields: usize| {
        let mut detection = String::new();
        for at in 0..=n_fields {
            writeln!(detection, "  s{at}:").unwrap();
            for field in &FIELDS[..n_fields] {
                writeln!(detection, "  - {field}: v{at}").unwrap();
            }
        }
        let text = format!(
            "title: t\nname: r\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n{detection}  t: {{verb: get, namespace: null}}\n  condition: all of s* or t\n---\n\
             title: c\ncorrelation: {{type: event_count, rules: [r], group-by: [namespace], timespan: 5m, condition: {{gte: 3}}}}\n"
        );
        compile(&text).correlations.len() == 1
    };
    assert!(!is_used(2));
    assert!(is_used(7));
}

#[test]
fn a_bomb_of_aliases() {
    // 90 KB whose expansion would have 10^30 nodes.
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1.. {
        let name = format!("*a{},", level - 1);
        writeln!(text, "a{level}: &a{level} [{}]", name.repeat(10)).unwrap();
        if text.len() > 90 << 10 {
            break;
        }
    }
    assert_eq!(refused(&text), "yaml-anchor");
}

#[test]
fn programs_do_not_explode() {
    // Every quantifier stands for 200 selections.
    let mut detection = String::new();
    for at in 0..200 {
        writeln!(detection, "  s{at}: {{verb: get}}").unwrap();
    }
    writeln!(
        detection,
        "  condition: 1 of s*{}",
        " or not 1 of s*".repeat(4000)
    )
    .unwrap();
    assert_eq!(refused(&rule(&detection)), "program-too-large");
}

#[test]
fn lints_do_not_explode() {
    // Every map would be looked at together with every test of the other selection.
    let maps = "    - {resource: deployments, verb: list, name: x, apiGroup: apps}\n".repeat(3500);
    let others: String = ["verb", "name", "resource", "apiGroup"]
        .into_iter()
        .flat_map(|field| {
            ["", "|contains", "|startswith", "|neq"].map(|modifier| {
                format!(
                    "    {field}{modifier}: [{}]\n",
                    "z, ".repeat(90) + "list, x, apps, deployments"
                )
            })
        })
        .collect();
    let text = rule(&format!("  s:\n{maps}  t:\n{others}  condition: s and t\n"));
    let compiled = compile(&text);
    assert_eq!(compiled.rules.len(), 1, "{}", compiled.render(false));
}

#[test]
fn placeholders_do_not_explode() {
    let values: Vec<String> = (0..2000).map(|at| format!("v{at}")).collect();
    let list = format!("placeholders: {{a: [{}]}}\n---\n", values.join(", "));
    let product = rule("  s: {verb|expand: '%a%%a%'}\n  condition: s\n");
    let compiled = compile(&format!("{list}{product}"));
    assert_eq!(compiled.diagnostics[0].code(), "too-many-values");
    assert_eq!(
        compiled.diagnostics[0].message(),
        "the placeholders expand to 4000000 values and the limit is 65536"
    );
    let item = "    - {verb|expand: '%a%'}\n";
    let many = rule(&format!("  s:\n{}  condition: s\n", item.repeat(600)));
    assert_eq!(refused(&format!("{list}{many}")), "program-too-large");
}

#[test]
fn placeholders_of_many_rules_do_not_explode() {
    // Each is below the limits of a document: 62 500 values.
    let values: Vec<String> = (0..250).map(|at| format!("v{at}")).collect();
    let list = format!("title: p\nplaceholders: {{a: [{}]}}\n", values.join(", "));
    let asks = |at: usize| {
        rule(&format!(
            "  s: {{userAgent|expand|contains: '%a%-%a%{at}'}}\n  condition: s\n"
        ))
    };
    let rules: Vec<String> = (0..200).map(asks).collect();
    let found = compile(&format!("{list}---\n{}", rules.join("---\n")));
    assert_eq!(found.rules.len(), 5);
    let refused = found.diagnostics.iter();
    let refused: Vec<_> = refused
        .filter(|one| one.code() == "too-many-values")
        .collect();
    assert_eq!(refused.len(), 195);
    assert_eq!(
        refused[0].message(),
        "placeholders and modifiers before this write 312500 values and the limit of a set of this size is 262144"
    );
    let underlined = found.sources.slice(refused[0].source(), refused[0].span());
    assert_eq!(underlined, "userAgent");
}

#[test]
fn values_written_in_many_ways_do_not_explode() {
    // Each rule is below the limits of a document: 15 625 ways to write one value.
    let asks = |at: usize| {
        rule(&format!(
            "  s: {{userAgent|windash|contains: '-a -b -c -d -e -f{at}'}}\n  condition: s\n"
        ))
    };
    let rules: Vec<String> = (0..100).map(asks).collect();
    let found = compile(&rules.join("---\n"));
    assert_eq!(found.rules.len(), 17);
    assert_eq!(found.diagnostics.len(), 83, "{}", found.render(false));
    let first = &found.diagnostics[0];
    assert_eq!(
        first.to_string(),
        "error[too-many-values]: placeholders and modifiers before this write 265625 values and the limit of a set of this \
         size is 262144"
    );
    // Long values count for several.
    let long = "-a -b -c -d -e ".to_owned() + &"x".repeat(1_000);
    let asks = rule(&format!(
        "  s: {{userAgent|windash|contains: '{long}'}}\n  condition: s\n"
    ));
    let found = compile(&vec![asks; 10].join("---\n"));
    let told = found.diagnostics.iter();
    let told = told.filter(|one| one.code() == "too-many-values").count();
    assert_eq!(told, 4, "{}", found.render(false));
}

#[test]
fn large_files() {
    assert_eq!(refused(&"x".repeat((1 << 20) + 1)), "file-too-large");
    // As many unknown fields as fit.
    let mut text = rule("  s:\n");
    let mut at = 0;
    while text.len() < 1_000_000 {
        writeln!(text, "    field{at}.{}: 1", "x".repeat(100)).unwrap();
        at += 1;
    }
    text.push_str("  condition: s\n");
    let compiled = compile(&text);
    assert_eq!(compiled.diagnostics.len(), 1001);
    assert_eq!(
        compiled.diagnostics.last().unwrap().code(),
        "too-many-diagnostics"
    );
    let long = rule(&format!(
        "  s:\n    ? \"{}\"\n    : 1\n  condition: s\n",
        "x".repeat(900_000)
    ));
    assert_eq!(refused(&long), "bad-field-name");
}

#[test]
fn duplicated_keys_by_the_thousand() {
    assert_eq!(refused(&"a: 1\n".repeat(100_000)), "duplicate-key");
}

#[test]
fn limits_give_both_numbers() {
    let message = |text: &str| compile(text).diagnostics[0].message().to_owned();
    let condition = |depth: usize| {
        let (open, close) = ("(".repeat(depth), ")".repeat(depth));
        rule(&format!(
            "  s: {{verb: get}}\n  condition: {open}s{close}\n"
        ))
    };
    assert!(compile(&condition(64)).diagnostics.is_empty());
    assert_eq!(
        message(&condition(65)),
        "the condition nests 65 levels deep and the limit is 64"
    );
    let selections = |n: usize| {
        let selections: Vec<String> = (0..n)
            .map(|at| format!("  s{at}: {{verb: get}}\n"))
            .collect();
        rule(&format!("{}  condition: 1 of s*\n", selections.concat()))
    };
    assert!(compile(&selections(256)).diagnostics.is_empty());
    assert_eq!(
        message(&selections(257)),
        "there are 257 selections and the limit is 256"
    );
    let values = |n: usize| {
        rule(&format!(
            "  s: {{name: [{}]}}\n  condition: s\n",
            (0..n)
                .map(|at| format!("a{at}"))
                .collect::<Vec<_>>()
                .join(",")
        ))
    };
    assert!(compile(&values(65_536)).diagnostics.is_empty());
    assert_eq!(
        message(&values(65_537)),
        "there are 65537 values and the limit is 65536"
    );
    let regex = |n: usize| {
        let pattern = "a".repeat(n);
        rule(&format!("  s: {{name|re: '{pattern}'}}\n  condition: s\n"))
    };
    let found = compile(&regex(16_384)).diagnostics;
    assert!(found.iter().all(|one| one.code() != "bad-regex"));
    assert_eq!(
        message(&regex(16_385)),
        "the regular expression has 16385 bytes and the limit is 16384"
    );
    let blocks = |n: usize| {
        let name = "a[any].".repeat(n - 1);
        rule(&format!(
            "  s: {{'object.list[any].{name}x': 1}}\n  condition: s\n"
        ))
    };
    assert!(compile(&blocks(8)).diagnostics.is_empty());
    assert_eq!(message(&blocks(9)), "blocks nest 9 deep and the limit is 8");
    assert_eq!(
        message(&"x".repeat((1 << 20) + 1)),
        "the file has 1048577 bytes and the limit is 1048576"
    );
    assert_eq!(
        message(&format!("{}{}", "[".repeat(65), "]".repeat(65))),
        "the YAML nests 65 levels deep and the limit is 64"
    );
    assert_eq!(
        message(&rule("  s: {verb|re: '(\\w{100}){100}'}\n  condition: s\n")),
        "the regular expression cannot be used: compiled, it is larger than the limit of 1048576 bytes"
    );
    let name = "x".repeat(1020);
    assert_eq!(
        message(&rule(&format!(
            "  s:\n    ? containers.{name}\n    : 1\n  condition: s\n"
        ))),
        "this name has 1031 bytes and the limit is 1024"
    );
}

/// Pieces of rules, so that arbitrary text gets past the first check.
const WORDS: &[&str] = &[
    "title: t\n",
    "detection:\n",
    "  s:\n",
    "    verb: get\n",
    "  condition: ",
    "s",
    " and ",
    " or ",
    "not ",
    "(",
    ")",
    "1 of ",
    "them",
    "s*",
    "\n",
    "logsource: {product: kubernetes, service: audit}\n",
    "    containers[any]:\n",
    "      image: '*'\n",
    "    - x\n",
    "    user.groups[all]|",
    "contains",
    "|re: '",
    "'",
    "\"",
    "\\u00e9",
    "---\n",
    "[",
    "]",
    "{",
    "}",
    ": ",
    "- ",
    "#",
    "&a ",
    "*a",
    "!x ",
    "| ",
    ">\n",
    "%a%",
    "null",
    "expand",
    "sigma-version: 3\n",
    "message: '{verb}'\n",
    "levels: [{when: s, level: high}]\n",
    "placeholders: {a: []}\n",
    "filter:\n",
    "  rules: any\n",
    "é",
    "\t",
    "\u{feff}",
    "\r\n",
    "0",
    "-1",
    "1e999",
    "~",
    "<<: ",
    "? ",
    "%YAML 1.2\n",
    "\u{0}",
    "\u{2028}",
];

#[test]
fn a_line_of_a_list_without_a_colon_is_underlined_whole() {
    for (text, underlined) in [
        ("- get pods\n  list: x\n", "get pods"),
        ("s\r\n- \u{feff}\r\ntitle: t\ntitle: t\n", "\u{feff}"),
    ] {
        let compiled = compile(text);
        let first = &compiled.diagnostics[0];
        assert_eq!(
            text.get(first.span().range()),
            Some(underlined),
            "{first:?}"
        );
        assert!(!compiled.render(false).is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_text_panics(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..60)) {
        let compiled = compile(&words.concat());
        let drawn = compiled.render(false);
        prop_assert_eq!(drawn.is_empty(), compiled.diagnostics.is_empty());
        for diagnostic in &compiled.diagnostics {
            let text = compiled.sources.text(diagnostic.source());
            prop_assert!(text.get(diagnostic.span().range()).is_some(), "{:?}", diagnostic);
        }
        for rule in &compiled.rules {
            prop_assert_eq!(rule.program().verify(), Ok(()));
        }
    }

    #[test]
    fn no_condition_panics(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..30)) {
        let text = words.concat().replace(['\n', '\r'], " ");
        let quoted = text.replace('\'', "''");
        compile(&rule(&format!("  s: {{verb: get}}\n  condition: '{quoted}'\n"))).render(false);
    }

    #[test]
    fn no_characters_panic(text in any::<String>()) {
        compile(&text).render(false);
    }

    #[test]
    fn no_value_panics(key in "[a-z.|\\[\\]\"\\\\*]{0,20}", value in any::<String>()) {
        let quote = |text: &str| text.replace('\'', "''");
        let text = rule(&format!("  s: {{'verb{}': '{}'}}\n  condition: s\n", quote(&key), quote(&value)));
        compile(&text).render(false);
    }
}
