//! What must not compile, with the text that the diagnostic underlines.

use rule_lang::{Compiled, Compiler, Severity};

use crate::corpus;

/// Everything that the tests here compile.
pub(crate) fn all() -> Vec<String> {
    corpus::recorded(&[
        twelve_mistakes_are_twelve_diagnostics_in_order,
        conditions,
        aggregations_name_the_correlation,
        fields_and_modifiers,
        blocks,
        errors_before_the_first_key_are_errors_of_the_document,
        documents,
        metadata,
        lints,
    ])
}

fn compile(text: &str) -> Compiled {
    corpus::record(text);
    let mut compiler = Compiler::new();
    compiler.add("rule.yaml", text);
    compiler.finish()
}

/// `code: underlined text` of each diagnostic.
fn found(compiled: &Compiled) -> Vec<String> {
    let show = |d: &rule_lang::Diagnostic| {
        format!(
            "{}: {}",
            d.code(),
            compiled.sources.slice(d.source(), d.span())
        )
    };
    compiled.diagnostics.iter().map(show).collect()
}

fn rule(detection: &str) -> String {
    format!("title: t\nlogsource: {{product: kubernetes, service: audit}}\n{detection}")
}

fn selection(items: &str) -> String {
    rule(&format!("detection:\n  s: {items}\n  condition: s\n"))
}

fn selection_v3(items: &str) -> String {
    format!("sigma-version: 3\n{}", selection(items))
}

fn condition(condition: &str) -> String {
    rule(&format!(
        "detection:\n  a: {{verb: get}}\n  b: {{verb: list}}\n  condition: {condition}\n"
    ))
}

/// The text must not compile, and this is all that is said.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let compiled = compile(text);
    assert_eq!(
        found(&compiled),
        expected,
        "\n{text}\n{}",
        compiled.render(false)
    );
    let is_error = |d: &rule_lang::Diagnostic| d.severity() == Severity::Error;
    if compiled.diagnostics.iter().any(is_error) {
        assert!(compiled.rules.is_empty());
    }
    for diagnostic in &compiled.diagnostics {
        let message = diagnostic.message();
        let first = message.chars().next().unwrap();
        assert!(
            !first.is_uppercase() && !message.ends_with('.'),
            "{message}"
        );
    }
}

#[test]
fn twelve_mistakes_are_twelve_diagnostics_in_order() {
    let text = r"title: twelve mistakes
levle: high
status: stabel
logsource: {product: kubernetes, service: audit}
detection:
  first:
    objectRef.resouce: pods
    verb|contain: get
    user.username|re: '(?<!x)y'
    sourceIPs|cidr: 10.0.0.0/33
    responseStatus.code|gte: many
    user.groups: []
    containers[any]: {image: x}
  first:
    verb: get
  unused: {verb: get}
  condition: first and (first
message: '{user.nme} did it'
";
    let expected = [
        "mistyped-key: levle",
        "bad-value: stabel",
        "unknown-field: objectRef.resouce",
        "unknown-modifier: contain",
        "bad-regex: (?<!",
        "bad-network: 10.0.0.0/33",
        "bad-number: many",
        "empty-values: []",
        "needs-sigma-version: [any]",
        "duplicate-key: first",
        "condition-syntax: (",
        "unknown-field: user.nme",
    ];
    check(text, &expected);
}

#[test]
fn conditions() {
    for (text, expected) in [
        ("a or a) and b", "condition-syntax: )"),
        ("(a or b", "condition-syntax: ("),
        ("a b", "condition-syntax: b"),
        ("a and", "condition-syntax: "),
        ("''", "condition-syntax: "),
        ("", "wrong-type: "),
        ("[a, ~]", "wrong-type: ~"),
        ("a and or b", "condition-syntax: or"),
        ("a && b", "condition-syntax: &"),
        ("'a and ''b'''", "condition-syntax: ''"),
        ("\"a \\u0061nd \\u0062 c\"", "condition-syntax: c"),
        ("a and not", "condition-syntax: "),
        ("2 of a*", "condition-syntax: 2"),
        ("1 of c*", "empty-quantifier: c*"),
        ("all of them and 1 of _*", "empty-quantifier: _*"),
        ("a*", "condition-syntax: a*"),
        (
            "a | count() by user.username > 5",
            "legacy-aggregation: | count() by user.username > 5",
        ),
        ("a | near b", "legacy-aggregation: | near b"),
    ] {
        let compiled = compile(&condition(text));
        let errors: Vec<_> = compiled
            .diagnostics
            .iter()
            .filter(|d| d.severity() == Severity::Error)
            .collect();
        assert_eq!(errors.len(), 1, "{text}\n{}", compiled.render(false));
        let shown = format!(
            "{}: {}",
            errors[0].code(),
            compiled.sources.slice(errors[0].source(), errors[0].span())
        );
        assert_eq!(shown, expected, "{text}\n{}", compiled.render(false));
    }
    check(
        &condition("a or nope) and b"),
        &["unknown-selection: nope", "condition-syntax: )"],
    );
    // What a name should have been may be the selection that nothing uses.
    check(&condition("a and c"), &["unknown-selection: c"]);
    check(
        &condition(">-\n    a\n    and c"),
        &["unknown-selection: c"],
    );
    check(&condition("|\n    a and\n    c"), &["unknown-selection: c"]);
    check(&condition("[a, b c]"), &["condition-syntax: c"]);
    check(&condition("{a: b}"), &["wrong-type: {a: b}"]);
}

#[test]
fn aggregations_name_the_correlation() {
    let help = |text| {
        compile(&condition(text)).diagnostics[0]
            .help()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        help("a | count() by user.username > 5"),
        "write a correlation with `type: event_count`, `group-by: [user.username]` that refers to this rule by its name"
    );
    assert_eq!(
        help("a | count(verb) > 5"),
        "write a correlation with `type: value_count`, `field: verb` that refers to this rule by its name"
    );
    assert!(help("a | near b").contains("`type: temporal`"));
}

#[test]
fn fields_and_modifiers() {
    for (items, expected) in [
        (
            "{verb|contains|startswith: x}",
            "illegal-modifiers: startswith",
        ),
        ("{verb|base64offset|contains: 'x*'}", "bad-value: 'x*'"),
        ("{verb|base64offset|contains: [xy, z]}", "bad-value: z"),
        ("{verb|base64: [x, null]}", "bad-value: null"),
        ("{verb|wide|contains: x}", "illegal-modifiers: wide"),
        ("{verb|base64|utf16: x}", "illegal-modifiers: utf16"),
        ("{verb|contains|base64: x}", "illegal-modifiers: base64"),
        ("{verb|windash|re: x}", "illegal-modifiers: re"),
        (
            "{exec.commandLine|windash|contains: -a -b -c -d -e -f -g}",
            "too-many-values: -a -b -c -d -e -f -g",
        ),
        ("{stageTimestamp|hour: 24}", "bad-number: 24"),
        ("{stageTimestamp|day: [1, 0]}", "bad-number: 0"),
        ("{stageTimestamp|month: May}", "bad-number: May"),
        ("{stageTimestamp|hour|gte: eight}", "bad-number: eight"),
        ("{stageTimestamp|gte|hour: 8}", "illegal-modifiers: hour"),
        (
            "{stageTimestamp|hour|minute: 8}",
            "illegal-modifiers: minute",
        ),
        ("{verb|base64url: x}", "unknown-modifier: base64url"),
        ("{'verb|': x}", "unknown-modifier: "),
        (
            "{spec.hostNetwork: true}",
            "unknown-field: spec.hostNetwork",
        ),
        ("{user: admin}", "presence-only: user"),
        ("{verb: [get, [list]]}", "nested-values: [list]"),
        ("{verb: {a: b}}", "nested-values: verb"),
        ("{verb|contains: null}", "bad-value: null"),
        ("{verb|exists: maybe}", "bad-value: maybe"),
        ("{verb|exists: [true, false]}", "bad-value: false"),
        ("{status|gt: [1, 2]}", "bad-number: 2"),
        ("{verb|re: [a, '(']}", "bad-regex: ("),
        (
            "{verb|fieldref: usr.username}",
            "unknown-field: usr.username",
        ),
        ("{verb|expand: '%nobody%'}", "unknown-placeholder: %nobody%"),
        ("{verb|expand: nobody}", "no-placeholder: nobody"),
        ("{'containers[0].image': x}", "needs-sigma-version: [0]"),
        ("{verb..x: y}", "bad-field-name: verb..x"),
        ("{}", "empty-selection: s"),
        ("[]", "empty-selection: s"),
        ("", "empty-selection: s"),
        ("[[a]]", "wrong-type: [a]"),
        ("{'|startswith': a}", "illegal-modifiers: '|startswith'"),
        ("{'|all': {a: b}}", "nested-values: '|all'"),
        ("{'': {a: b}}", "nested-values: ''"),
        ("{'|all': [a, {a: b}]}", "nested-values: {a: b}"),
    ] {
        check(&selection(items), &[expected]);
    }
}

#[test]
fn blocks() {
    for (items, expected) in [
        (
            "{'containers[some]': {image: x}}",
            "unknown-quantifier: some",
        ),
        ("{'verb[any]': x}", "not-a-list: verb"),
        ("{'user.groups[any]': {name: x}}", "unknown-member: name"),
        ("{'annotations[any]': {name: x}}", "unknown-member: name"),
        (
            "{'containers[any]|contains': {image: x}}",
            "illegal-modifiers: containers",
        ),
        (
            "{'containers[any]': [x, {image: x}]}",
            "keyword-in-block: x",
        ),
        ("{'[any].x': y}", "bad-field-name: [any]"),
        (
            "{'containers[any]': {a: {name: c}, condition: d}}",
            "unknown-selection: d",
        ),
        ("{'containers[any]': {'x[0': y}}", "bad-field-name: x[0"),
        ("{'containers[any]': {}}", "empty-selection: containers"),
    ] {
        let expected: Vec<&str> = expected.lines().collect();
        check(&selection_v3(items), &expected);
    }
    let mut nested = "{x: y}".to_owned();
    for _ in 0..9 {
        nested = format!("{{'a[any]': {nested}}}");
    }
    check(
        &selection_v3(&nested.replacen("a[any]", "object.a[any]", 1)),
        &["block-too-deep: a"],
    );
}

/// How many of these patterns, in two files, are looked at before the limit of the set, and what is said of the next.
fn regexes_before_the_limit(patterns: &[String], filler: usize) -> (usize, String) {
    let half = patterns.len() / 2;
    let mut compiler = Compiler::new();
    for (file, patterns) in ["a.yaml", "b.yaml"].iter().zip(patterns.chunks(half)) {
        let text = selection(&format!("{{name|re: [{}]}}", patterns.join(", ")));
        compiler.add(file, &(text + "#" + &"-".repeat(filler)));
    }
    let found = compiler.finish();
    let over = |code: &str| code == "too-many-values";
    let n_over = found
        .diagnostics
        .iter()
        .filter(|one| over(one.code()))
        .count();
    let first = found.diagnostics.iter().find(|one| over(one.code()));
    let message = first.map(|one| one.message().to_owned());
    (patterns.len() - n_over, message.unwrap_or_default())
}

#[test]
fn regular_expressions_of_a_set_have_a_limit_together() {
    // Half a megabyte each, once compiled.
    let patterns: Vec<String> = (0..160).map(|n| format!("'\\w{{24}}{n}'")).collect();
    let (small, message) = regexes_before_the_limit(&patterns, 0);
    assert!(
        message.ends_with("take 25165824 bytes compiled, which is the limit of a set of this size"),
        "{message}"
    );
    // A set that is larger may have more of them.
    let (large, message) = regexes_before_the_limit(&patterns, 900_000);
    assert!(message.contains("50331648 bytes"), "{message}");
    assert!(small > 40 && large > small + 30, "{small} {large}");
    // One that is too large took as long as one that is just not.
    let patterns: Vec<String> = (0..100).map(|n| format!("'\\w{{60}}{n}'")).collect();
    let (n, _) = regexes_before_the_limit(&patterns, 0);
    assert_eq!(n, 24);
}

#[test]
fn errors_before_the_first_key_are_errors_of_the_document() {
    let rule = selection("{name: a}");
    check(&format!("--- &anchor\n{rule}"), &["yaml-anchor: &anchor"]);
    check(&format!("--- !tag\n{rule}"), &["yaml-tag: !tag"]);
    assert_eq!(
        compile(&format!("--- &anchor\n{rule}---\n{rule}"))
            .rules
            .len(),
        1
    );
}

#[test]
fn documents() {
    check("", &["not-a-document: "]);
    check("# only a comment\n", &["not-a-document: "]);
    check("just text\n", &["not-a-document: just text"]);
    check(
        "title: t\ndetections: {}\n",
        &["not-a-document: detections"],
    );
    check("action: global\ntitle: t\n", &["legacy-collection: action"]);
    check(
        "detection: {}\nfilter: {}\n",
        &["ambiguous-document: filter"],
    );
    for (text, expected) in [
        (
            "override: {}\n",
            "missing-key: override\nmissing-key: override",
        ),
        ("override: x\n", "wrong-type: x"),
        ("override: {rules: any}\n", "missing-key: override"),
        ("override: {enabled: false}\n", "missing-key: override"),
        ("override: {rules: [], level: low}\n", "empty-values: []"),
        ("override: {rules: any, enabled: no}\n", "wrong-type: no"),
        ("override: {rules: any, level: lo}\n", "bad-value: lo"),
        (
            "override: {rules: any, enable: false, level: low}\n",
            "mistyped-key: enable",
        ),
        ("override: {rules: [x], level: low}\n", "unknown-rule: x"),
    ] {
        let expected: Vec<&str> = expected.lines().collect();
        check(text, &expected);
    }
    check("title: [\n", &["yaml-syntax: ["]);
    check(
        "title: t\nlogsource: {product: windows}\ndetection: {s: {Image: x}, condition: s}\n",
        &["unsupported-logsource: {product: windows}"],
    );
    check(
        "logsource: {product: kubernetes, service: audit}\ndetection: {s: {name: x}, condition: s}\n",
        &["missing-key: detection"],
    );
    check(
        "title: t\ndetection: {s: {name: x}, condition: s}\n",
        &["missing-key: title"],
    );
    check(
        &rule("detection: {s: {name: x}}\n"),
        &["missing-key: detection"],
    );
    check(
        &rule("detection: {condition: s}\n"),
        &["empty-selection: detection", "unknown-selection: s"],
    );
    check(&rule("detection: [a]\n"), &["wrong-type: [a]"]);
    check(
        &rule("detection: {and: {name: x}, condition: 1 of an*}\n"),
        &["reserved-name: and"],
    );
    check(
        &rule("detection: {s: {name: x}, timeframe: 5m, condition: s}\n"),
        &["legacy-aggregation: timeframe"],
    );
}

#[test]
fn metadata() {
    let rest = "detection: {s: {name: x}, condition: s}\n";
    for (keys, expected) in [
        ("level: hihg", "bad-value: hihg"),
        ("tags: attack.t1610", "wrong-type: attack.t1610"),
        ("tags: [attack.T1610]", "bad-tag: attack.T1610"),
        ("tags: [{a: b}]", "wrong-type: {a: b}"),
        ("tags: [attack.t16]", "unknown-attack-tag: attack.t16"),
        ("date: 21.11.2026", "bad-date: 21.11.2026"),
        ("status: stable", "missing-metadata: stable"),
        ("id: exec", "bad-id: exec"),
        ("author: [me]", "wrong-type: [me]"),
        ("author:", "wrong-type: author"),
        ("sigma-version: 4", "unsupported-version: 4"),
        ("taxonomy: ecs", "unknown-taxonomy: ecs"),
        ("custom-thing: x", "unknown-key: custom-thing"),
        ("message: 'a {verb'", "bad-message: {"),
        ("message: 'a } b'", "bad-message: }"),
        ("message: 'a {} b'", "bad-message: {}"),
        ("message: \"\\u00e9 {vreb}\"", "unknown-field: vreb"),
        ("suppress: {for: 15m}", "missing-key: suppress"),
        ("suppress: {by: [verb]}", "missing-key: suppress"),
        ("suppress: {by: [vreb], for: 15m}", "unknown-field: vreb"),
        (
            "suppress: {by: [requestObject], for: 15m}",
            "unknown-group: requestObject",
        ),
        (
            "suppress: {by: [objectRef, verb], for: 15m}",
            "unknown-group: objectRef",
        ),
        (
            "suppress: {by: [user.usrname, containers], for: 15 minutes}",
            "unknown-field: user.usrname\nunknown-group: containers\nbad-value: 15 minutes",
        ),
        ("suppress: {by: [verb], for: 15}", "bad-value: 15"),
        ("suppress: {by: [verb], for: 0s}", "bad-value: 0s"),
        ("suppress: {by: [verb], for: 2y}", "bad-value: 2y"),
        ("suppress: {by: verb, for: 5m, to: 1}", "mistyped-key: to"),
        ("suppress: 15m", "wrong-type: 15m"),
        ("requires: Everything", "bad-value: Everything"),
        ("levels: [{when: x, level: high}]", "unknown-selection: x"),
        ("levels: [{when: s, levle: high}]", "mistyped-key: levle"),
        ("tests: [{kind: hit}]", "missing-key: {kind: hit}"),
        (
            "tests: [{event: {verb: get}}]",
            "missing-key: {event: {verb: get}}",
        ),
        (
            "tests: [{kind: miss, event: {verb: get}}]",
            "bad-value: miss",
        ),
        ("tests: [{kind: hit, events: x}]", "wrong-type: x"),
        (
            "tests: [{kind: hit, event: {verb: get}, match: 1}]",
            "wrong-type: 1",
        ),
    ] {
        let expected: Vec<&str> = expected.lines().collect();
        check(&rule(&format!("{keys}\n{rest}")), &expected);
    }
}

#[test]
fn lints() {
    check(&selection("{status: ALLOW}"), &["never-matches: ALLOW"]);
    check(&selection("{exec.tty: maybe}"), &["never-matches: maybe"]);
    check(
        &selection("{annotations: x}"),
        &["never-matches: annotations"],
    );
    check(
        &selection("{verb: [GET, replace, 'p*'], outcome: sucess}"),
        &["unknown-verb: replace", "never-matches: sucess"],
    );
    check(
        &selection("{user.groups|all: a}"),
        &["single-all: user.groups"],
    );
    check(&selection("{verb|contains: ''}"), &["empty-pattern: ''"]);
    check(
        &selection("{name: '%verbs%'}"),
        &["unexpanded-placeholder: '%verbs%'"],
    );
    for (items, expected) in [
        ("{resource: [pods, \"Pod\"]}", "resource-singular: \"Pod\""),
        (
            "{resource: pods/exec}",
            "subresource-in-resource: pods/exec",
        ),
        (
            "{apiGroup: apps, resource: [jobs, deployments]}",
            "resource-in-wrong-group: jobs",
        ),
        (
            "{verb: [update, create], subresource: exec}",
            "exec-without-get: create",
        ),
        (
            "{verb: create, resource: roles}",
            "create-without-operation: create",
        ),
        (
            "{operation: create, resource: serviceaccounts}",
            "resource-without-subresource: serviceaccounts",
        ),
        ("{sourceIPs: 10.0.0.1}", "forged-source: sourceIPs"),
        (
            "{resource: pods, podSpec.hostNetwork: true}",
            "pod-only: pods",
        ),
        (
            "{object.spec.containers.image|contains: x}",
            "main-containers-only: object.spec.containers.image",
        ),
        ("{rbac.rules.verbs: [get, '*']}", "rbac-star: '*'"),
        (
            "{verb: [get, list], verb|neq: [list, get]}",
            "contradiction: verb",
        ),
        ("{name|re: '^a\\.b$'}", "literal-regex: '^a\\.b$'"),
        ("{name: [no, 'yes']}", "ambiguous-yaml: no"),
    ] {
        check(&selection(items), &[expected]);
    }
    // None of them keeps the rule from being used.
    assert_eq!(compile(&selection("{status: ALLOW}")).rules.len(), 1);
}
