//! The programs as their users run them.

#[cfg(test)]
mod check;
#[cfg(test)]
mod correlated;

#[cfg(test)]
mod programs {
    use std::io::Write as _;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output, Stdio};

    use serde_json::Value;

    /// An example that cargo has built beside this test.
    pub(crate) fn program(name: &str) -> Command {
        let test = std::env::current_exe().unwrap();
        let target = test.parent().and_then(Path::parent).unwrap();
        let mut command = Command::new(target.join("examples").join(name));
        command
            .env("NO_COLOR", "1")
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        command
    }

    pub(crate) fn run(name: &str, arguments: &[&str]) -> Output {
        program(name)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    pub(crate) fn text(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// A file of this test, by name.
    pub(crate) fn file(name: &str, content: &[u8]) -> String {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    pub(crate) fn stats(output: &Output) -> Value {
        let stderr = text(&output.stderr);
        serde_json::from_str(stderr.lines().last().unwrap()).unwrap()
    }

    pub(crate) const EXEC: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a-1","stage":"ResponseStarted","requestURI":"/api/v1/namespaces/shop/pods/web-0/exec?command=curl&command=-u&command=--token%3Dhunter2","verb":"get","user":{"username":"dana"},"objectRef":{"resource":"pods","namespace":"shop","name":"web-0","subresource":"exec"},"responseStatus":{"code":101}}"#;

    #[test]
    fn a_body_that_is_not_read_is_told() {
        let deep = format!("{}{}", "[".repeat(10_001), "]".repeat(10_001));
        let event = format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","stage":"ResponseComplete","verb":"create","objectRef":{{"resource":"pods","namespace":"shop"}},"responseStatus":{{"code":201}},"requestObject":{{"a":{deep}}}}}"#
        );
        let input = file(
            "deep.jsonl",
            format!("{EXEC}\n{event}\n{EXEC}\n").as_bytes(),
        );
        let output = run("evaluate", &[&input]);
        assert!(output.status.success());
        assert_eq!(
            text(&output.stderr),
            format!(
                "warning: {input}:2: a body is nested too deep, too large or too costly to read, and was not evaluated\n\
                 warning: hits without a time, or from too many sources, do not count in correlations\n"
            )
        );
    }

    #[test]
    fn the_sample_tells_its_story() {
        let output = run("evaluate", &[]);
        assert!(output.status.success());
        assert_eq!(
            text(&output.stdout),
            std::fs::read_to_string("data/sample.expected.txt").unwrap()
        );
        let output = run("evaluate", &["--format", "json", "data/sample.jsonl"]);
        let expected = std::fs::read_to_string("data/sample.expected.jsonl").unwrap();
        assert_eq!(
            text(&output.stdout),
            expected.replace(r#""file":"sample.jsonl""#, r#""file":"data/sample.jsonl""#)
        );
    }

    #[test]
    fn a_json_line_has_every_key() {
        let log = file("keys.jsonl", EXEC.as_bytes());
        let output = run(
            "evaluate",
            &["--format", "json", "--only", "exec-into-pod", &log],
        );
        let line: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
        let keys = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        let sorted = |names: &str| {
            let mut names: Vec<String> = names.split(' ').map(str::to_owned).collect();
            names.sort();
            names
        };
        assert_eq!(
            keys(&line),
            sorted("schema rule time source event correlation message matched evidence file line")
        );
        assert_eq!(keys(&line["rule"]), sorted("name id title level tags"));
        assert_eq!(keys(&line["source"]), sorted("provider cluster"));
        assert_eq!(
            keys(&line["event"]),
            sorted(
                "auditID stage level verb apiGroup resource subresource namespace name user groups impersonatedUser clientIP userAgent requestURI status decision flags"
            )
        );
        assert_eq!(line["time"], Value::Null);
        assert_eq!(line["event"]["groups"], Value::Null);
        assert_eq!(line["event"]["status"], 101);
        assert_eq!(line["line"], 1);
        assert!(
            !text(&output.stdout).contains("hunter2"),
            "{}",
            text(&output.stdout)
        );
    }

    #[test]
    fn explain_shows_fields_and_values() {
        let log = file("explain.jsonl", EXEC.as_bytes());
        let output = text(&run("evaluate", &["--explain", "--only", "exec-into-pod", &log]).stdout);
        assert!(
            output.contains("    rule exec-into-pod\n    └─ ✓ all of\n"),
            "{output}"
        );
        assert!(
            output.contains("✓ resource is pods, found pods  shipped/exec-into-pod.yaml:"),
            "{output}"
        );
        // What does not hold explains nothing here.
        assert!(!output.contains('✗'), "{output}");
    }

    #[test]
    fn every_record_is_accounted_for() {
        let log = format!(
            "{EXEC}\n\n{{}}\nnot json\n{EXEC}\n{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"verb\":7}}\n{{\"cut\":"
        );
        let log = file("mixed.jsonl", log.as_bytes());
        let output = run("evaluate", &["--stats", &log]);
        assert!(output.status.success());
        let stats = stats(&output);
        assert_eq!(
            (
                &stats["events"],
                &stats["skipped"],
                &stats["malformed"],
                &stats["partial"]
            ),
            (&2.into(), &1.into(), &3.into(), &0.into())
        );
        assert_eq!(stats["rules"], 40);
        assert_eq!(stats["correlations"], 20);
        // Two rules match the first record; the second one is the same again.
        assert_eq!(stats["detections"], 2);
        let stderr = text(&output.stderr);
        assert!(stderr.contains("mixed.jsonl:4: "), "{stderr}");
        assert!(stderr.contains("`verb` must be a string"), "{stderr}");
    }

    #[test]
    fn a_body_that_is_no_json_is_told_when_asked_and_evaluated_anyhow() {
        let broken = EXEC.replacen('{', r#"{"requestObject":{"a":1,},"#, 1);
        let log = file("broken.jsonl", format!("{EXEC}\n{broken}\n").as_bytes());
        let output = run("evaluate", &["--stats", "--strict", &log]);
        let stderr = text(&output.stderr);
        assert!(
            stderr.contains("broken.jsonl:2: evaluated, but no JSON: expected JSON, found `}`"),
            "{stderr}"
        );
        assert_eq!(stats(&output)["faulty"], 1);
        assert_eq!(stats(&output)["events"], 2);
        let plain = run("evaluate", &["--stats", &log]);
        assert_eq!(stats(&plain)["faulty"], 0);
        assert_eq!(output.stdout, plain.stdout);
    }

    #[test]
    fn many_bad_records_are_summed_up() {
        let log = file("bad.jsonl", "not json\n".repeat(1_000).as_bytes());
        let output = run("evaluate", &["--stats", &log]);
        assert!(text(&output.stderr).lines().count() < 30);
        assert_eq!(stats(&output)["malformed"], 1_000);
        assert!(text(&output.stderr).contains("990 more"));
    }

    #[test]
    fn exit_codes() {
        let code = |arguments: &[&str]| run("evaluate", arguments).status.code().unwrap();
        assert_eq!(code(&["--fail-on", "critical"]), 1);
        assert_eq!(
            code(&["--fail-on", "critical", "--only", "exec-into-pod"]),
            0
        );
        assert_eq!(code(&["--no-such-option"]), 2);
        assert_eq!(code(&["--min-level", "hgih"]), 2);
        assert_eq!(code(&["--no-shipped"]), 2);
        assert_eq!(code(&["--only", "no-such-rule"]), 2);
        assert_eq!(code(&["--rules", "no/such/path"]), 2);
        let wrong = file("wrong.yaml", b"title: x\nlogsource: {product: kubernetes, service: audit}\ndetection: {a: {verb: get}, condition: b}\n");
        assert_eq!(code(&["--rules", &wrong]), 2);
        // The other files are read all the same.
        let log = file("good.jsonl", EXEC.as_bytes());
        let output = run("evaluate", &["--stats", "no/such/file", &log]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(stats(&output)["events"], 1);
        assert_eq!(code(&["data"]), 2);
    }

    #[test]
    fn every_document_is_accounted_for() {
        let rule = "title: Mine\nname: mine\nlogsource: {product: kubernetes, service: audit}\ndetection:\n  sel: {verb: get}\n  condition: sel\nlevel: low\n---\ntitle: Many\ncorrelation: {type: event_count, rules: [mine], timespan: 5m, condition: {gte: 2}}\n---\ntitle: Foreign\nlogsource: {product: windows}\ndetection: {sel: {Image: x}, condition: sel}\n";
        let rules = file("documents.yaml", rule.as_bytes());
        let unsupported = format!(
            "note: {rules}:12: rule `Foreign` is unsupported: this document is not for audit logs of Kubernetes and is left out\n3 documents in 1 file: 2 rules (1 unsupported), 1 correlation\n"
        );
        let active = format!("note: {rules}:1: rule `mine` is active\n");
        let correlation = format!("note: {rules}:9: correlation `Many` is active\n");
        for program in ["check", "evaluate"] {
            let of = |more: &[&str]| {
                let mut arguments = vec!["--no-shipped"];
                if program == "evaluate" {
                    arguments.push("--rules");
                }
                arguments.push(&rules);
                arguments.extend(more);
                text(&run(program, &arguments).stderr)
            };
            let stderr = of(&[]);
            assert!(stderr.ends_with(&unsupported), "{program}: {stderr}");
            assert!(!stderr.contains(&active), "{program}: {stderr}");
            let stderr = of(&["--documents"]);
            assert!(
                stderr.ends_with(&format!("{active}{correlation}{unsupported}")),
                "{program}: {stderr}"
            );
        }
    }

    #[test]
    fn what_filters_take_is_told() {
        let filter = |name: &str, user: &str, expires: &str| {
            format!(
                "title: {name}\nlogsource: {{product: kubernetes, service: audit}}\n{expires}filter:\n  rules: [exec-into-pod]\n  sel: {{user.username: {user}}}\n  condition: not sel\n---\n"
            )
        };
        let filters = [
            filter("Old", "dana", "expires: 2020-01-01\n"),
            filter("Dana", "dana", ""),
            filter("Erin", "erin", ""),
        ];
        let log = EXEC.replace(
            r#""stage":"#,
            r#""stageTimestamp":"2026-01-01T00:00:00Z","stage":"#,
        );
        let log = file("filtered.jsonl", log.as_bytes());
        let with = |filters: &[String], more: &[&str]| {
            let rules = file(
                &format!("filters{}.yaml", filters.len()),
                filters.concat().as_bytes(),
            );
            let mut arguments = vec![
                "--only",
                "exec-into-pod",
                "--rules",
                &rules,
                "--stats",
                &log,
            ];
            arguments.extend(more);
            run("evaluate", &arguments)
        };
        let output = with(&filters, &["--suppressed"]);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(
            stdout.contains("    taken away by filter Dana\n"),
            "{stdout}"
        );
        assert!(stdout.contains("\n0 detections in 1 event "), "{stdout}");
        assert!(stdout.contains("  1 hit taken away by filters"), "{stdout}");
        assert!(
            stderr.contains("note: filter `Old` expired on 2020-01-01\n"),
            "{stderr}"
        );
        assert!(
            stderr.contains("note: filter `Erin` took no hit away\n"),
            "{stderr}"
        );
        // Shipped filters take nothing here either, and that is no news.
        assert_eq!(stderr.matches("took no hit").count(), 2, "{stderr}");
        let filters_of = |output: &Output| stats(output)["filters"].clone();
        let dana = filters_of(&output)
            .as_array()
            .unwrap()
            .iter()
            .find(|f| f["name"] == "Dana")
            .cloned();
        assert_eq!(dana.unwrap()["suppressed"], 1);

        let output = with(&filters[..1], &[]);
        let stderr = text(&output.stderr);
        assert!(
            stderr
                .contains("note: filter `Old` expired on 2020-01-01 and would have taken 1 hit\n"),
            "{stderr}"
        );
        assert_eq!(stats(&output)["detections"], 1);

        let json = text(&with(&filters[1..2], &["--suppressed", "--format", "json"]).stdout);
        let line: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(line["suppressedBy"], "Dana");
        assert_eq!(
            text(&with(&filters[1..2], &["--format", "json"]).stdout),
            ""
        );
    }

    #[test]
    fn levels_are_filtered() {
        let output = text(&run("evaluate", &["--min-level", "critical"]).stdout);
        assert!(output.contains("\n3 detections in 42 events"), "{output}");
    }

    #[test]
    fn standard_input_is_a_file_too() {
        let mut child = program("evaluate")
            .args(["--stats", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(EXEC.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(stats(&output)["events"], 1);
    }

    #[test]
    fn check_passes_the_shipped_rules() {
        let output = run("check", &["../rules"]);
        assert!(output.status.success(), "{}", text(&output.stdout));
        assert!(
            text(&output.stdout)
                .contains("60 rules: 60 with a hit, 60 with a near miss, 60 with an evasion")
        );
    }

    #[test]
    fn check_shows_what_is_wrong() {
        let rule = "title: Mine\nname: mine\nlogsource: {product: kubernetes, service: audit}\ndetection:\n  sel:\n    objectRef.resouce: pods\n  condition: sel\n";
        let output = run("check", &[&file("typo.yaml", rule.as_bytes())]);
        assert_eq!(output.status.code(), Some(1));
        let stderr = text(&output.stderr);
        assert!(
            stderr.contains("unknown-field") && stderr.contains("typo.yaml:6:5"),
            "{stderr}"
        );
        assert!(
            stderr.contains("did you mean `objectRef.resource`?"),
            "{stderr}"
        );

        let rule = "title: Mine\nname: mine\nlogsource: {product: kubernetes, service: audit}\ndetection:\n  sel: {verb: get}\n  condition: sel\nlevel: low\ntests:\n  - {name: reads, kind: hit, event: {verb: list}}\n";
        let output = run("check", &[&file("failing.yaml", rule.as_bytes())]);
        assert_eq!(output.status.code(), Some(1));
        let stdout = text(&output.stdout);
        assert!(stdout.contains("failing.yaml:9: mine: `reads`"), "{stdout}");
        assert!(
            stdout.contains("expected a hit, and the rule did not match"),
            "{stdout}"
        );
        assert_eq!(run("check", &["no/such/file"]).status.code(), Some(2));
    }

    #[test]
    fn check_shows_what_tests_there_are_and_what_rules_need() {
        let head = "logsource: {product: kubernetes, service: audit}\nsigma-version: 3\n";
        let rules = format!(
            "title: Secrets\nname: secrets\n{head}detection: {{s: {{resource: secrets, verb: list}}, condition: s}}\ntests:\n  - {{kind: hit, event: {{verb: list, objectRef: {{resource: secrets}}}}}}\n  - {{kind: near-miss, event: {{verb: list}}}}\n---\ntitle: Images\nname: images\n{head}detection: {{a: {{'containers.image|contains': x}}, b: {{resource: pods, subresource: exec}}, condition: a or b}}\n---\ntitle: Many\nname: many\ncorrelation: {{type: event_count, rules: [secrets], timespan: 5m, condition: {{gte: 3}}}}\ngenerate: true\n"
        );
        let path = file("coverage.yaml", rules.as_bytes());
        let output = run("check", &["--no-shipped", "--coverage", &path]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(
            text(&output.stdout),
            "\
rule     hits  near misses  evasions  least audit level
secrets     1            1         0  Metadata for secrets
images      0            0         0  Metadata for pods/exec; Request for every other, */exec, pods
many        0            0         0  that of secrets
3 rules: 1 with a hit, 1 with a near miss, 0 with an evasion
without a test that matches: images, many
0 errors, 0 warnings
tests: 2 passed, 0 failed
"
        );
    }

    #[test]
    fn check_explains_a_rule_on_events() {
        let log = format!("{EXEC}\n{}\n", EXEC.replace("101", "403"));
        let log = file("explained.jsonl", log.as_bytes());
        let by_name = run("check", &["--explain", "exec-into-pod", &log]);
        assert_eq!(by_name.status.code(), Some(0));
        let stdout = text(&by_name.stdout);
        assert!(
            stdout.starts_with(&format!(
                "{log}:1\n✓ exec-into-pod: matched, level low\n└─ ✓ all of\n"
            )),
            "{stdout}"
        );
        let second =
            format!("{log}:2\n✗ exec-into-pod: not matched, its condition does not hold\n");
        assert!(stdout.contains(&second), "{stdout}");
        assert!(
            stdout.contains("✗ outcome is success | dry-run, found denied  :"),
            "{stdout}"
        );

        let id = "7fd95f04-5bbb-4b9a-8d87-8d2e7a4a0f68";
        let rule = format!(
            "title: Mine\nid: {id}\nname: mine\nlogsource: {{product: kubernetes, service: audit}}\ndetection:\n  sel: {{verb: get}}\n  condition: sel\n"
        );
        let rule = file("mine.yaml", rule.as_bytes());
        let by_file = run("check", &["--explain", &rule, &log]);
        let by_id = run("check", &[&rule, "--explain", id, &log]);
        assert_eq!(by_file.status.code(), Some(0));
        assert!(text(&by_file.stdout).contains("✓ mine: matched"));
        assert_eq!(text(&by_file.stdout), text(&by_id.stdout));

        let code = |arguments: &[&str]| run("check", arguments).status.code();
        assert_eq!(code(&["--explain", "no-such-rule", &log]), Some(2));
        assert_eq!(code(&["--explain", "exec-into-pod", "no/such"]), Some(2));
        assert_eq!(code(&["--explain", "exec-into-pod"]), Some(2));
        // Standard input is empty here, so there is no event to speak of.
        assert_eq!(code(&["--explain", "exec-into-pod", "-"]), Some(2));
        let broken = file("broken.yaml", b"title: x\n");
        assert_eq!(code(&["--explain", &broken, &log]), Some(2));
    }

    #[test]
    fn format_rules_rewrites_and_checks() {
        let path = file(
            "unformatted.yaml",
            b"tags: ['attack.execution']\ntitle: \"Mine\"  # hers\n",
        );
        let dry = run("check", &["--format-rules", "--dry-run", &path]);
        assert_eq!(dry.status.code(), Some(1));
        assert_eq!(
            text(&dry.stdout),
            format!("would change {path}\n1 rule file: 1 to change, 0 with errors\n")
        );
        let first = run("check", &["--format-rules", &path]);
        assert!(first.status.success());
        assert_eq!(
            text(&first.stdout),
            format!("changed {path}\n1 rule file: 1 changed, 0 with errors\n")
        );
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "title: Mine  # hers\ntags: [attack.execution]\n"
        );
        let again = run("check", &["--format-rules", "--dry-run", &path]);
        assert!(again.status.success(), "{}", text(&again.stdout));

        let wrong = file("unreadable.yaml", b"tags: [\ntitle: 'x'\n");
        let output = run("check", &["--format-rules", &wrong]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("error[yaml-syntax]"));
        assert_eq!(std::fs::read(&wrong).unwrap(), b"tags: [\ntitle: 'x'\n");
    }

    #[test]
    fn what_an_event_leaves_out_is_counted() {
        let create = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"m-1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods","verb":"create","user":{"username":"dana"},"objectRef":{"resource":"pods","namespace":"shop","name":"web"},"responseStatus":{"code":201}}"#;
        let log = file("metadata.jsonl", create.as_bytes());
        let only = ["--stats", "--only", "privileged-container", &log];
        let output = run("evaluate", &only);
        assert_eq!(stats(&output)["not_evaluated"]["privileged-container"], 1);
        let stdout = text(&output.stdout);
        assert!(
            stdout.contains(
                "1 rule not evaluated on some events, privileged-container on 1 (such as: containers is not logged at level Metadata)"
            ),
            "{stdout}"
        );
    }

    #[test]
    fn compiled_rules_find_the_same() {
        let rules = file("rules.compiled", b"");
        let output = run("compile", &[&rules]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(
            text(&output.stdout).contains(" rules and "),
            "{}",
            text(&output.stdout)
        );
        let output = run("evaluate", &["--compiled", &rules]);
        assert_eq!(
            text(&output.stdout),
            std::fs::read_to_string("data/sample.expected.txt").unwrap()
        );

        let mut damaged = std::fs::read(&rules).unwrap();
        damaged[1_000] ^= 1;
        let damaged = file("rules.damaged", &damaged);
        let output = run("evaluate", &["--compiled", &damaged]);
        assert_eq!(output.status.code(), Some(2));
        let stderr = text(&output.stderr);
        assert!(stderr.contains("is damaged: its checksum is"), "{stderr}");
        let output = run("evaluate", &["--compiled", "no/such/file"]);
        assert_eq!(output.status.code(), Some(2));
        let output = run("evaluate", &["--compiled", &rules, "--no-shipped"]);
        assert_eq!(output.status.code(), Some(2));
    }

    #[test]
    fn rules_that_fail_their_tests_are_not_compiled() {
        let rule = "title: Mine\nname: mine\nlogsource: {product: kubernetes, service: audit}\ndetection:\n  sel: {verb: get}\n  condition: sel\nlevel: low\ntests:\n  - {name: reads, kind: hit, event: {verb: list}}\n";
        let rule = file("untrue.yaml", rule.as_bytes());
        let compiled = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("untrue.compiled");
        let path = compiled.display().to_string();
        let output = run("compile", &["--rules", &rule, &path]);
        assert_eq!(output.status.code(), Some(2));
        let stderr = text(&output.stderr);
        assert!(stderr.contains("mine: `reads`: expected a hit"), "{stderr}");
        assert!(!compiled.exists());
    }
}
