//! What crosses files: filters, placeholders, ids and names.

use rule_lang::{Compiled, Compiler, Rule};

fn compile(files: &[&str]) -> Compiled {
    let mut compiler = Compiler::new();
    for (at, text) in files.iter().enumerate() {
        compiler.add(&format!("{at}.yaml"), text);
    }
    compiler.finish()
}

fn rule(head: &str, selection: &str) -> String {
    format!(
        "title: t\n{head}\nlogsource: {{product: kubernetes, service: audit}}\n\
         detection: {{s: {{{selection}}}, condition: s}}\n"
    )
}

fn filter(rules: &str, selection: &str) -> String {
    format!(
        "title: f\nlogsource: {{product: kubernetes, service: audit}}\n\
         filter: {{rules: {rules}, s: {{{selection}}}, condition: not s}}\n"
    )
}

fn codes(compiled: &Compiled) -> Vec<&str> {
    compiled
        .diagnostics
        .iter()
        .map(rule_lang::Diagnostic::code)
        .collect()
}

/// Which filters narrow a rule.
fn filters_of(rule: &Rule) -> Vec<usize> {
    let filters = rule.filters().iter();
    filters.map(|filter| filter.index()).collect()
}

#[test]
fn filters_find_rules_by_id_name_tag_or_any() {
    let id = "6ad91e31-53df-4826-bd27-0166171c8040";
    let rules = [
        rule(&format!("id: {id}"), "verb: get"),
        rule("name: lister", "verb: list"),
        rule("tags: [attack.t1610]", "verb: create"),
    ];
    let filters = [
        filter(&format!("[{id}, lister]"), "user.username: a"),
        filter("attack.t1610", "client.ip: 10.0.0.1"),
        filter("any", "user.username: a, impersonatedUser.username: null"),
    ];
    let files: Vec<&str> = filters.iter().chain(&rules).map(String::as_str).collect();
    let compiled = compile(&files);
    assert!(
        compiled.diagnostics.is_empty(),
        "{}",
        compiled.render(false)
    );
    let applied: Vec<_> = compiled.rules.iter().map(filters_of).collect();
    assert_eq!(applied, [&[0, 2][..], &[0, 2], &[1, 2]]);
    let spares: Vec<bool> = compiled
        .filters
        .iter()
        .map(rule_lang::Filter::spares_impersonated)
        .collect();
    assert_eq!(spares, [true, false, false]);
}

#[test]
fn filters_that_miss_are_reported() {
    let compiled = compile(&[
        &rule("name: lister", "verb: list"),
        &filter("[listr]", "name: x"),
    ]);
    assert_eq!(codes(&compiled), ["unknown-rule"]);
    assert_eq!(
        compiled.diagnostics[0].help(),
        Some("did you mean `lister`?")
    );
    let without = filter("any", "name: x").replace("not s", "s");
    assert_eq!(
        codes(&compile(&[&rule("", "name: x"), &without])),
        ["filter-without-not"]
    );
}

#[test]
fn a_bad_filter_shifts_no_index() {
    let compiled = compile(&[
        &filter("any", "vreb: x"),
        &filter("any", "name: x"),
        &rule("", "name: y"),
    ]);
    assert_eq!(codes(&compiled), ["unknown-field"]);
    assert_eq!(filters_of(&compiled.rules[0]), [0]);
    assert_eq!(compiled.filters.len(), 1);
}

#[test]
fn ids_and_names_are_unique_in_the_set() {
    let id = "id: 6ad91e31-53df-4826-bd27-0166171c8040\nname: n";
    let compiled = compile(&[&rule(id, "verb: get"), &rule(id, "verb: list")]);
    assert_eq!(codes(&compiled), ["duplicate-id", "duplicate-name"]);
    assert_eq!(
        compiled.diagnostics[0].help(),
        Some("it is also at 0.yaml:2")
    );
    assert_eq!(compiled.rules.len(), 1, "the first one stays");
}

/// The one value list of the first rule.
fn values(compiled: &Compiled) -> String {
    let predicates = compiled.rules[0].program().predicates();
    let shown: Vec<String> = predicates.iter().map(|p| p.test.to_string()).collect();
    shown.join("; ")
}

#[test]
fn placeholders_add_up_or_are_replaced() {
    let rule = rule("", "user.username|expand: '%admins%'");
    let one = "placeholders: {admins: [alice, 7]}\n";
    let two = "placeholders: {admins: ['bob-*']}\n";
    let instead = "placeholders: {admins: [carol]}\nreplace: true\n";
    let compiled = compile(&[&rule, one, two]);
    assert!(
        compiled.diagnostics.is_empty(),
        "{}",
        compiled.render(false)
    );
    assert_eq!(
        values(&compiled),
        r#"is ["alice", "7" or number 7, "bob-*"]"#
    );
    for files in [[one, instead, &rule], [instead, &rule, two]] {
        assert_eq!(values(&compile(&files)), r#"is "carol""#);
    }
}

#[test]
fn placeholders_stand_in_the_middle_of_values() {
    let rule = rule("", "user.username|expand|startswith: 'system:%ns%:%name%'");
    let lists = "placeholders: {ns: [a, b], name: [x, y]}\n";
    assert_eq!(
        values(&compile(&[&rule, lists])),
        r#"is ["system:a:x*", "system:a:y*", "system:b:x*", "system:b:y*"]"#
    );
    let cidr = self::rule("", "client.ip|expand|cidr: '%nets%'");
    assert_eq!(
        values(&compile(&[
            &cidr,
            "placeholders: {nets: [10.0.0.0/8, 'fd00::1']}\n"
        ])),
        "in [10.0.0.0/8, fd00::1/128]"
    );
}

#[test]
fn a_rule_that_needs_an_empty_list_is_inactive() {
    let lists = "placeholders: {admins: []}\n";
    let needs = compile(&[&rule("", "user.username|expand: '%admins%'"), lists]);
    assert!(needs.diagnostics.is_empty());
    assert_eq!(
        needs.rules[0].inactive(),
        Some("the placeholder `admins` is empty")
    );
    let either = compile(&[
        &rule("", "user.username|expand: ['%admins%', '%others%']"),
        lists,
        "placeholders: {others: [x]}\n",
    ]);
    assert_eq!(either.rules[0].inactive(), None);
    let negated = compile(&[
        &rule("", "verb: get, user.username|expand|neq: '%admins%'"),
        lists,
    ]);
    assert_eq!(negated.rules[0].inactive(), None);
    assert_eq!(negated.rules[0].program().predicates().len(), 1);
}

#[test]
fn unknown_placeholders_have_suggestions() {
    let compiled = compile(&[
        &rule("", "verb|expand: '%admin%'"),
        "placeholders: {admins: [x]}\n",
    ]);
    assert_eq!(codes(&compiled), ["unknown-placeholder"]);
    assert_eq!(
        compiled.diagnostics[0].help(),
        Some("did you mean `admins`?")
    );
    assert!(compiled.rules.is_empty());
}

/// Level of each rule, or why it is off.
fn states(compiled: &Compiled) -> Vec<String> {
    let state = |rule: &rule_lang::Rule| match rule.inactive() {
        Some(reason) => reason.to_owned(),
        None => rule.level().to_string(),
    };
    compiled.rules.iter().map(state).collect()
}

#[test]
fn overrides_find_rules_by_id_name_tag_or_any() {
    let id = "6ad91e31-53df-4826-bd27-0166171c8040";
    let rules = [
        rule(&format!("id: {id}"), "verb: get"),
        rule("name: lister", "verb: list"),
        rule("tags: [attack.t1610]", "verb: delete"),
    ]
    .join("---\n");
    let off = "turned off by the override at 1.yaml:1";
    for (text, expected) in [
        ("rules: any, level: low", ["low", "low", "low"]),
        ("rules: [lister], enabled: false", ["medium", off, "medium"]),
        ("rules: lister, enabled: false", ["medium", off, "medium"]),
        (
            "rules: [attack.t1610], level: high",
            ["medium", "medium", "high"],
        ),
    ] {
        let compiled = compile(&[&rules, &format!("override: {{{text}}}\n")]);
        assert!(
            compiled.diagnostics.is_empty(),
            "{}",
            compiled.render(false)
        );
        assert_eq!(states(&compiled), expected, "{text}");
    }
    let by_id = format!("override: {{rules: [{id}], enabled: false, level: low}}\n");
    assert_eq!(
        states(&compile(&[&rules, &by_id])),
        [off, "medium", "medium"]
    );
}

#[test]
fn the_last_override_counts() {
    let rules = [rule("name: a", "verb: get"), rule("name: b", "verb: list")].join("---\n");
    let all = "title: Nothing but b\noverride: {rules: any, enabled: false}\n";
    let one = "override: {rules: [b], enabled: true}\n---\noverride: {rules: [b], level: high}\n";
    assert_eq!(
        states(&compile(&[&rules, all, one])),
        ["turned off by the override at 1.yaml:2", "high"]
    );
    // In the other order nothing is left.
    let off = "turned off by the override at 2.yaml:2";
    assert_eq!(states(&compile(&[&rules, one, all])), [off, off]);
}

#[test]
fn an_override_replaces_levels() {
    let rule = rule("name: a\nlevels: [{when: s, level: critical}]", "verb: get");
    let compiled = compile(&[&rule, "override: {rules: [a], level: low}\n"]);
    assert_eq!(states(&compiled), ["low"]);
    assert!(compiled.rules[0].levels().is_empty());
    assert_eq!(compiled.rules[0].program().verify(), Ok(()));
}

#[test]
fn overrides_turn_filters_off_that_they_name() {
    let rule = rule("name: a", "verb: get");
    let filters = ["name: f", "name: g"]
        .map(|name| filter("any", "name: x").replacen("title: f", &format!("title: f\n{name}"), 1));
    let applied = |text: &str| {
        let compiled = compile(&[&filters[0], &filters[1], &rule, text]);
        assert!(
            compiled.diagnostics.is_empty(),
            "{}",
            compiled.render(false)
        );
        let off = compiled.filters[0].inactive().map(str::to_owned);
        (filters_of(&compiled.rules[0]), off)
    };
    let (kept, off) = applied("override: {rules: [f], enabled: false}\n");
    assert_eq!(kept, [1]);
    assert_eq!(off.unwrap(), "turned off by the override at 3.yaml:1");
    // `any` means rules.
    assert_eq!(
        applied("override: {rules: any, enabled: false}\n"),
        (vec![0, 1], None)
    );
}

#[test]
fn overrides_that_miss_are_reported() {
    let filter = filter("any", "name: x").replacen("title: f", "title: f\nname: addons", 1);
    let compiled = compile(&[
        &rule("name: lister", "verb: list"),
        &filter,
        "override: {rules: [listr, adons, lister], enabled: false}\n",
    ]);
    assert_eq!(codes(&compiled), ["unknown-rule", "unknown-rule"]);
    let helps: Vec<_> = compiled
        .diagnostics
        .iter()
        .map(|found| found.help().unwrap())
        .collect();
    assert_eq!(helps, ["did you mean `lister`?", "did you mean `addons`?"]);
    // What it names and is there is off all the same.
    assert!(compiled.rules[0].inactive().is_some());
}
