//! Files of up to 1 MiB that ask for as much work as they can. The test of memory and the benchmark of time share them.

use std::fmt::Write as _;

/// Close to the limit of a file.
const BYTES: usize = 1_000_000;

fn rule(detection: &str) -> String {
    format!(
        "title: t\nsigma-version: 3\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n{detection}"
    )
}

/// Repeats lines until the file is full.
fn lines(mut line: impl FnMut(usize) -> String) -> String {
    let mut text = String::new();
    for at in 0.. {
        let line = line(at);
        if text.len() + line.len() > BYTES {
            break;
        }
        text.push_str(&line);
    }
    text
}

/// Files of a set: their names and texts.
pub(crate) type Files = Vec<(String, String)>;

/// What each set is about, and its files. Together they are no larger than one may be.
pub(crate) fn all() -> Vec<(&'static str, Files)> {
    let one = |(about, text)| (about, vec![("hostile.yaml".to_owned(), text)]);
    let mut sets: Vec<(&str, Files)> = single().into_iter().chain(written()).map(one).collect();
    sets.push(("names that are nearly known, in many files", near_files()));
    sets.push(("tests beside nothing", lonely_tests()));
    sets
}

fn single() -> Vec<(&'static str, String)> {
    vec![
        ("rules of two lines", rules_of_two_lines()),
        ("selections", selections()),
        ("conditions of many names", conditions()),
        ("deep conditions", deep_conditions()),
        ("alternatives", alternatives()),
        ("one list of values", one_list()),
        ("lists with wildcards", wildcards()),
        ("maps", maps()),
        ("maps of one field", short_maps("user.username: x")),
        (
            "maps of two fields",
            short_maps("verb: get, user.username: x"),
        ),
        ("negated lists", negated_lists()),
        ("regular expressions", regexes()),
        ("large regular expressions", large_regexes()),
        ("filters and rules", filters("attack.t1610", false)),
        ("filters of every rule", filters("any", false)),
        (
            "filters of every rule and of their own",
            filters("attack.t1610", true),
        ),
        ("unknown fields", unknown_fields()),
        ("names that are nearly known", near_names()),
        ("selections that are nearly known", near_selections()),
        ("blocks", blocks()),
        ("deep blocks", deep_blocks()),
        ("equal levels", equal_levels()),
        ("placeholders", placeholders()),
        ("placeholders of many rules", placeholders_of_rules()),
        ("dashes", dashes()),
        ("two lists of texts to contain", two_lists()),
        ("empty documents", empty_documents()),
        ("documents that are no YAML", broken_documents()),
        ("lists of large regular expressions", letter_regexes()),
        ("levels", levels()),
        ("tests", tests()),
        ("keys", keys()),
        ("tags", tags()),
        ("references that are nearly known", near_references()),
        ("aliases", aliases()),
        ("placeholders that are nearly known", near_placeholders()),
        ("lints that are nearly known", near_lints()),
        ("messages", messages()),
        ("modifiers", modifiers()),
        ("correlations of every rule", correlations("any")),
        ("correlations of a tag", correlations("attack.t1610")),
        (
            "a correlation of one tag again and again",
            again("attack.t1610, "),
        ),
        (
            "a correlation of one correlation again and again",
            again("c, "),
        ),
        ("a correlation of itself again and again", again("self, ")),
        ("correlations of those before them", chain(false)),
        ("correlations of those behind them", chain(true)),
        ("a circle of correlations", circle()),
        (
            "correlations of rules that are off",
            of_rules_that_are_off(),
        ),
    ]
}

/// Values that are written in several ways each, and patterns, which take more room than their texts.
fn written() -> Vec<(&'static str, String)> {
    vec![
        (
            "lists of base64 at every offset",
            encoded_list("wide|base64offset|contains", |at| {
                format!("some-value-that-is-long-{at:016}")
            }),
        ),
        (
            "lists of short base64 in many rules",
            encoded_rules("wide|base64offset|contains", 1_000, |at| {
                format!("{at:02x}")
            }),
        ),
        (
            "lists of long base64 in many rules",
            encoded_rules("utf16|base64offset|contains", 20, |at| {
                format!("{at:02x}{}", "x".repeat(400))
            }),
        ),
        (
            "options with dashes in many rules",
            encoded_rules("windash|contains", 5, |at| {
                format!("-a -b -c -d -e {at:02x}")
            }),
        ),
        (
            "options with dashes at every offset",
            encoded_rules("windash|wide|base64offset|contains", 5, |at| {
                format!("-a -b -c -d -e {at:02x}")
            }),
        ),
        (
            "short patterns",
            rule(&format!(
                "  s: {{'name': [{}]}}\n  condition: s\n",
                joined(60_000, |_| "'*a?', ".to_owned())
            )),
        ),
        (
            "short patterns of many selections",
            rule(&format!(
                "{}  condition: 1 of s*\n",
                joined(140, |at| {
                    format!("  s{at}: {{'name': [{}]}}\n", "'*a?', ".repeat(1_000))
                })
            )),
        ),
        (
            "a list of options with dashes",
            encoded_list("windash", |at| format!("-a -b -c value-{at:052}")),
        ),
    ]
}

fn rules_of_two_lines() -> String {
    lines(|at| {
        format!(
            "title: r{at}\nlogsource: {{product: kubernetes, service: audit}}\ndetection: {{s: {{verb: get, name: n{at}}}, condition: s}}\n---\n"
        )
    })
}

fn selections() -> String {
    let each = BYTES / 260;
    let mut text = String::new();
    for at in 0..256 {
        let values = format!("v{at}-x, ").repeat(each / 10);
        writeln!(text, "  s{at}: {{name: [{values}]}}").unwrap();
    }
    text.truncate(BYTES - 100);
    let end = text.rfind("\n  s").unwrap_or(text.len());
    text.truncate(end + 1);
    rule(&format!("{text}  condition: all of them and not 1 of s*\n"))
}

fn conditions() -> String {
    let mut text = String::new();
    for at in 0..256 {
        writeln!(text, "  s{at}: {{verb: [v{at}, w{at}]}}").unwrap();
    }
    let parts: Vec<String> = (0..5000).map(|at| format!("s{}", at * 7 % 256)).collect();
    rule(&format!("{text}  condition: {}\n", parts.join(" and not ")))
}

fn deep_conditions() -> String {
    let one = |at: usize| {
        let open = "(s and (t or not ".repeat(31);
        let close = "))".repeat(31);
        format!(
            "title: r{at}\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n  s: {{verb: get}}\n  t: {{name: n{at}}}\n  condition: {open}s{close}\n---\n"
        )
    };
    lines(one)
}

fn alternatives() -> String {
    // 2^n ways to satisfy each, and none of them can be told to fail before its end.
    let one = |at: usize| {
        let mut text = String::new();
        let mut condition = Vec::new();
        for n in 0..20 {
            writeln!(text, "  a{n}: {{user.groups: a{n}}}").unwrap();
            writeln!(text, "  b{n}: {{user.groups: b{n}}}").unwrap();
            condition.push(format!("(a{n} or b{n})"));
        }
        format!(
            "title: r{at}\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n{text}  x: {{podSpec.hostNetwork: true, verb: create}}\n  y: {{'outcome|neq': denied, status: 403}}\n  condition: {} and x and y\n---\n",
            condition.join(" and ")
        )
    };
    lines(one)
}

fn one_list() -> String {
    let values = lines(|at| {
        if at < 65_000 {
            format!("v{at}, ")
        } else {
            "x".repeat(BYTES)
        }
    });
    rule(&format!(
        "  s: {{name: [{values}]}}\n  t: {{'name|neq': v}}\n  condition: s and t\n"
    ))
}

fn wildcards() -> String {
    let list = |seed: usize| {
        let values: Vec<String> = (0..4000)
            .map(|at| format!("'*a{at}?b{seed}*c*', "))
            .collect();
        values.concat()
    };
    let mut text = String::new();
    for at in 0..10 {
        writeln!(
            text,
            "    'name|contains{}': [{}]",
            "|cased".repeat(at % 2),
            list(at)
        )
        .unwrap();
        writeln!(text, "  s{at}:").unwrap();
    }
    rule(&format!(
        "  s:\n{text}    verb: get\n  condition: all of them\n"
    ))
}

fn maps() -> String {
    let maps =
        lines(|at| format!("    - {{resource: deployments, verb: [list, get], name: x{at}}}\n"));
    rule(&format!(
        "  s:\n{maps}  t: {{name: y}}\n  condition: s and t\n"
    ))
}

/// As many maps as a document may have instructions for, which differ in the last value.
fn short_maps(fields: &str) -> String {
    let n = 60_000 / (2 * fields.split(", ").count());
    let maps = joined(n, |at| format!("    - {{{fields}{at}}}\n"));
    rule(&format!("  s:\n{maps}  condition: s\n"))
}

fn negated_lists() -> String {
    let list = |seed: &str| {
        let values: Vec<String> = (0..15_000).map(|at| format!("{seed}{at}, ")).collect();
        values.concat()
    };
    rule(&format!(
        "  s: {{name: [{a}], 'userAgent|neq': [{b}]}}\n  t: {{'name|neq': [{a}], userAgent: [{b}]}}\n  condition: not s and not t\n",
        a = list("a"),
        b = list("b")
    ))
}

fn regexes() -> String {
    let values: Vec<String> = (0..1024).map(|at| format!("'(x|y)[a-z]+{at}$'")).collect();
    rule(&format!(
        "  s: {{'name|re': [{}], name: [web, shop]}}\n  condition: s\n",
        values.join(", ")
    ))
}

fn large_regexes() -> String {
    let values: Vec<String> = (0..64)
        .map(|at| format!("'(\\w{{30}}){{2}}{at}'"))
        .collect();
    rule(&format!(
        "  s: {{'name|re': [{}]}}\n  condition: s\n",
        values.join(", ")
    ))
}

/// As many filters as rules, each for all of the rules, so that there are millions of pairs; and also for one of them by
/// name, so that no two rules are narrowed for the same reasons.
fn filters(rules: &str, own: bool) -> String {
    let source = "logsource: {product: kubernetes, service: audit}";
    lines(|at| {
        let rules = if own {
            format!("[{rules}, r{at}]")
        } else {
            rules.to_owned()
        };
        format!(
            "title: r\nname: r{at}\ntags: [attack.t1610]\n{source}\ndetection: {{s: {{name: n{at}}}, condition: s}}\n---\ntitle: f\n{source}\nfilter: {{rules: {rules}, s: {{name: u}}, condition: not s}}\n---\n"
        )
    })
}

fn unknown_fields() -> String {
    let fields = lines(|at| format!("    objectRef.resouce{at}: x\n"));
    rule(&format!("  s:\n{fields}  condition: s\n"))
}

fn near_names() -> String {
    lines(|at| {
        format!(
            "title: f{at}\nlogsource: {{product: kubernetes, service: audit}}\nfilter: {{rules: some-long-rule-name-{at}, s: {{user.username: u}}, condition: not s}}\n---\ntitle: r\nname: some-long-rule-name{at}\nlogsource: {{product: kubernetes, service: audit}}\ndetection: {{s: {{name: n{at}}}, condition: s}}\n---\n"
        )
    })
}

fn near_selections() -> String {
    let mut text = String::new();
    for at in 0..256 {
        writeln!(text, "  selection_{at}: {{name: n}}").unwrap();
    }
    let parts: Vec<String> = (0..3500)
        .map(|at| format!("selektion_{}", at % 1000))
        .collect();
    rule(&format!("{text}  condition: {}\n", parts.join(" or ")))
}

fn blocks() -> String {
    let parts = lines(|at| {
        format!(
            "    - containers[any]: {{image: i{at}, name|neq: x}}\n      containers[none]: {{image: i{at}}}\n"
        )
    });
    rule(&format!("  s:\n{parts}  condition: s\n"))
}

fn deep_blocks() -> String {
    lines(|at| {
        format!(
            "title: r{at}\nsigma-version: 3\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n  s:\n    object.a[any].b[all].c[none].d[any].e[all].f[any].g[none].h[any].x: {at}\n    object.a[all].b[any].c[any].d[all].e[any].f[none].g[all].h[none].x: {at}\n  condition: s\n---\n"
        )
    })
}

/// Each is looked at beside those before it.
fn equal_levels() -> String {
    let levels = "  - {when: s, level: high}\n".repeat(38_000);
    let asks = rule("  s: {verb: get}\n  condition: s\n");
    format!("{asks}levels:\n{levels}")
}

fn placeholders() -> String {
    let values: Vec<String> = (0..250).map(|at| format!("v{at}")).collect();
    let list = format!("placeholders: {{a: [{}]}}\n---\n", values.join(", "));
    let item = "    - {name|expand: '%a%%a%'}\n";
    format!(
        "{list}{}",
        rule(&format!("  s:\n{}  condition: s\n", item.repeat(16)))
    )
}

/// Each rule is below the limits of a document.
fn placeholders_of_rules() -> String {
    let values = joined(250, |at| format!("v{at}, "));
    let asks = rule("  s: {userAgent|expand|contains: '%a%-%a%'}\n  condition: s\n");
    format!(
        "placeholders: {{a: [{values}]}}\n{}",
        format!("---\n{asks}").repeat(200)
    )
}

fn dashes() -> String {
    let items =
        lines(|at| format!("    - {{exec.commandLine|windash|contains: '-a -b -c -d{at}'}}\n"));
    rule(&format!("  s:\n{items}  condition: s\n"))
}

/// One list whose values are written in several ways each.
fn encoded_list(modifiers: &str, value: impl Fn(usize) -> String) -> String {
    let values = lines(|at| format!("'{}', ", value(at)));
    rule(&format!(
        "  s: {{'exec.commandLine|{modifiers}': [{values}]}}\n  condition: s\n"
    ))
}

/// The same in rules of so many values.
fn encoded_rules(modifiers: &str, n: usize, value: impl Fn(usize) -> String) -> String {
    let values = joined(n, |at| format!("'{}', ", value(at)));
    lines(|at| {
        format!(
            "title: r{at}\n{SOURCE}detection: {{s: {{'exec.commandLine|{modifiers}': [{values}]}}, condition: s}}\n---\n"
        )
    })
}

fn two_lists() -> String {
    let list = |seed: &str| joined(16_000, |at| format!("{seed}-value-{at:05}, "));
    rule(&format!(
        "  s: {{'name|contains': [{}]}}\n  t: {{'userAgent|contains': [{}]}}\n  condition: s and not t\n",
        list("a"),
        list("b")
    ))
}

fn empty_documents() -> String {
    lines(|_| "a:\n---\n".to_owned())
}

fn broken_documents() -> String {
    lines(|at| format!("a: [{at}\nb: c\n---\n"))
}

fn letter_regexes() -> String {
    let values: Vec<String> = (0..64).map(|at| format!(r"'\p{{L}}{{40}}{at}'")).collect();
    let lists = joined(200, |at| {
        format!("  s{at}: {{'name|re': [{}]}}\n", values.join(", "))
    });
    rule(&format!("{lists}  condition: 1 of s*\n"))
}

fn levels() -> String {
    let levels = lines(|at| {
        format!(
            "  - {{when: s{} and not s{}, level: low}}\n",
            at % 200,
            at % 199
        )
    });
    let mut text = String::new();
    for at in 0..200 {
        writeln!(text, "  s{at}: {{name: n{at}}}").unwrap();
    }
    rule(&format!("{text}  condition: 1 of s*\nlevels:\n{levels}"))
}

fn tests() -> String {
    let tests = lines(|at| {
        format!(
            "  - {{name: t{at}, kind: hit, match: true, event: {{verb: get, user: {{username: a}}}}}}\n"
        )
    });
    rule(&format!(
        "  s: {{verb: get}}\n  condition: s\ntests:\n{tests}"
    ))
}

fn keys() -> String {
    let keys = lines(|at| format!("somekey{at}: x\n"));
    format!("{keys}{}", rule("  s: {verb: get}\n  condition: s\n"))
}

fn tags() -> String {
    let tags = lines(|at| format!("  - attack.credential-acess{at}\n"));
    format!(
        "tags:\n{tags}{}",
        rule("  s: {verb: get}\n  condition: s\n")
    )
}

const SOURCE: &str = "logsource: {product: kubernetes, service: audit}\n";

fn near_references() -> String {
    lines(|at| {
        format!(
            "title: c\ncorrelation: {{type: event_count, rules: [some-long-rule-name-{at}], timespan: 5m, condition: {{gte: 3}}}}\n---\ntitle: r\nname: some-long-rule-name{at}\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n---\n"
        )
    })
}

fn joined(n: usize, one: impl FnMut(usize) -> String) -> String {
    let all: Vec<String> = (0..n).map(one).collect();
    all.concat()
}

fn aliases() -> String {
    let rules = joined(2_500, |at| {
        format!(
            "title: r\nname: rule-number-{at}\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n---\n"
        )
    });
    let names = joined(2_500, |at| format!("rule-number-{at}, "));
    let fields = joined(20_000, |at| format!("rule-numbre-{at}: verb, "));
    format!(
        "{rules}title: c\ncorrelation: {{type: event_count, rules: [{names}], timespan: 5m, condition: {{gte: 3}}, group-by: [a], aliases: {{a: {{{fields}}}}}}}\n"
    )
}

fn near_placeholders() -> String {
    let lists = joined(20_000, |at| format!("  some-placeholder-{at}: [a]\n"));
    let values = joined(15_000, |at| format!("'%some-placehodler-{at}%', "));
    format!(
        "title: l\nplaceholders:\n{lists}---\n{}",
        rule(&format!(
            "  s: {{'name|expand': [{values}]}}\n  condition: s\n"
        ))
    )
}

fn near_lints() -> String {
    let lints = lines(|at| format!("forged-sorce{}, ", at % 10));
    format!(
        "lint: {{allow: [{lints}]}}\n{}",
        rule("  s: {verb: get}\n  condition: s\n")
    )
}

fn messages() -> String {
    let holes = lines(|at| format!("{{user.usernmae{}}} ", at % 10));
    format!(
        "message: '{holes}'\n{}",
        rule("  s: {verb: get}\n  condition: s\n")
    )
}

fn modifiers() -> String {
    let items = lines(|at| format!("    - {{'name|containz|startwith': x{at}}}\n"));
    rule(&format!("  s:\n{items}  condition: s\n"))
}

/// As many correlations as rules, each of all of the rules.
fn correlations(rules: &str) -> String {
    lines(|at| {
        format!(
            "title: r\nname: r{at}\ntags: [attack.t1610]\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n---\ntitle: c\ncorrelation: {{type: event_count, rules: {rules}, timespan: 5m, condition: {{gte: 3}}}}\n---\n"
        )
    })
}

/// A correlation whose list repeats itself, beside rules with one tag.
fn again(entry: &str) -> String {
    let rules = joined(2_500, |at| {
        format!(
            "title: r\nname: r{at}\ntags: [attack.t1610]\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n---\n"
        )
    });
    let entries = entry.repeat(600_000 / entry.len());
    format!(
        "{rules}title: c\nname: c\ncorrelation: {{type: event_count, rules: [r0], timespan: 5m, condition: {{gte: 3}}}}\n---\n\
         title: c\nname: self\ncorrelation: {{type: event_count, rules: [{entries}], timespan: 5m, condition: {{gte: 3}}}}\n"
    )
}

/// Each of the next one; what is at the end is a rule.
fn chain(is_backward: bool) -> String {
    let rule =
        format!("title: r\nname: c0\n{SOURCE}detection: {{s: {{verb: get}}, condition: s}}\n---\n");
    let mut correlations: Vec<String> = (1..8_000)
        .map(|at| {
            format!(
                "title: c\nname: c{at}\ncorrelation: {{type: event_count, rules: c{}, timespan: 5m, condition: {{gte: 3}}}}\n---\n",
                at - 1
            )
        })
        .collect();
    if is_backward {
        correlations.reverse();
    }
    rule + &correlations.concat()
}

/// Of which the first is of all others.
fn circle() -> String {
    let n = 7_000;
    let all = joined(n, |at| format!("c{at}, "));
    let others = joined(n, |at| {
        format!(
            "title: c\nname: c{at}\ncorrelation: {{type: event_count, rules: c{}, timespan: 5m, condition: {{gte: 3}}}}\n---\n",
            at + 1
        )
    });
    format!(
        "{others}title: c\nname: c{n}\ncorrelation: {{type: event_count, rules: [{all}], timespan: 5m, condition: {{gte: 3}}}}\n"
    )
}

/// A few correlations of many rules, none of which can match.
fn of_rules_that_are_off() -> String {
    let off = "title: o\noverride: {rules: any, enabled: false}\n---\n".to_owned();
    let rules = joined(6_000, |at| {
        format!(
            "title: r\nname: r{at}\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n---\n"
        )
    });
    let correlations = joined(80, |at| {
        format!(
            "title: c\nname: c{at}\ncorrelation: {{type: event_count, rules: any, timespan: 5m, condition: {{gte: 3}}}}\n---\n"
        )
    });
    off + &rules + &correlations
}

/// Each with a rule, and with filters for rules that are called nearly the same.
fn near_files() -> Files {
    let file = |at: usize| {
        let rules = joined(10, |n| format!("some-long-rule-name-{at}{n}, "));
        let text = format!(
            "title: r\nname: some-long-rule-name{at}\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n---\ntitle: f\n{SOURCE}filter: {{rules: [{rules}], s: {{name: u}}, condition: not s}}\n"
        );
        (format!("{at}.yaml"), text)
    };
    (0..1_800).map(file).collect()
}

/// Each beside a rule file of nearly the same name.
fn lonely_tests() -> Files {
    let file = |at: usize| {
        let rule = format!(
            "title: r\nname: r{at}\n{SOURCE}detection: {{s: {{name: n{at}}}, condition: s}}\n"
        );
        let tests = format!("rule: r{at}\ntests: [{{kind: hit, event: {{verb: get}}}}]\n");
        [
            (format!("some-long-rule-name{at}.yaml"), rule),
            (format!("some-long-rule-name-{at}.test.yaml"), tests),
        ]
    };
    (0..5_000).flat_map(file).collect()
}
