//! All cores print what one thread prints.

#[cfg(test)]
mod parallel {
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};

    const SAMPLE: &str = include_str!("../data/sample.jsonl");

    fn run(name: &str, arguments: &[&str]) -> Output {
        let test = std::env::current_exe().unwrap();
        let target = test.parent().and_then(Path::parent).unwrap();
        Command::new(target.join("examples").join(name))
            .args(arguments)
            .env("NO_COLOR", "1")
            .output()
            .unwrap()
    }

    fn file(name: &str, content: impl AsRef<[u8]>) -> String {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("parallel-{name}"));
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// Compares what is printed for files, over numbers of threads; returns the output.
    #[track_caller]
    fn check(options: &[&str], files: &[&str]) -> String {
        let expected = run(
            "evaluate",
            &[&["--format", "json"], options, files].concat(),
        );
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        for threads in ["1", "2", "7"] {
            let found = run(
                "parallel",
                &[&["--threads", threads], options, files].concat(),
            );
            let shown = format!("{threads} threads");
            assert_eq!(text(&found.stdout), text(&expected.stdout), "{shown}");
            // What became of documents and what filters did is told by `evaluate` alone.
            let told = |output: &Output| -> Vec<String> {
                let all = text(&output.stderr);
                let lines = all
                    .lines()
                    .filter(|line| !line.starts_with("note: ") && !line.contains(" documents in "));
                lines.map(str::to_owned).collect()
            };
            assert_eq!(told(&found), told(&expected), "{shown}");
            assert_eq!(found.status.code(), expected.status.code(), "{shown}");
        }
        assert!(!expected.stdout.is_empty());
        text(&expected.stdout)
    }

    /// The sample several times over, as requests of other days.
    fn long() -> String {
        let day = |day: u32| SAMPLE.replace("2026-03-14", &format!("2026-03-{day:02}"));
        (10..20).map(day).collect()
    }

    #[test]
    fn one_file_and_several_with_their_correlations() {
        let (sample, long) = (file("sample.jsonl", SAMPLE), file("long.jsonl", long()));
        for files in [&[&*long][..], &[&sample, &long, &sample], &[&long, &long]] {
            let found = check(&[], files);
            assert!(found.contains("\"correlation\":{"), "{files:?}");
        }
    }

    /// What correlates lies in several files, more of them than are open at a time.
    #[test]
    fn correlations_over_many_files() {
        let lines: Vec<&str> = SAMPLE.lines().collect();
        let files: Vec<String> = (0..80)
            .map(|at| {
                let own = lines.iter().skip(at).step_by(80).copied();
                let own: Vec<&str> = own.collect();
                file(&format!("many-{at}.jsonl"), own.join("\n"))
            })
            .collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let found = check(&[], &files);
        assert!(found.contains("\"correlation\":{"));
    }

    #[test]
    fn rules_that_sum_up() {
        let rule = "title: Mine\nname: mine\nlogsource: {product: kubernetes, service: audit}\n\
                    detection: {s: {verb: get}, condition: s}\nlevel: low\nsuppress: {by: [user.username], for: 10m}\n";
        let rule = file("summing.yaml", rule);
        let (sample, long) = (
            file("summed.jsonl", SAMPLE),
            file("summed-long.jsonl", long()),
        );
        check(&["--rules", &rule], &[&sample, &long]);
        check(&["--rules", &rule], &[&long, &long, &sample]);
        check(&["--rules", &rule], &[&long]);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let sample = file("readable.jsonl", SAMPLE);
        check(&[], &[&sample, "no/such/file", &sample]);
        let deep = format!("{}{}", "[".repeat(10_001), "]".repeat(10_001));
        let event = format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","stage":"ResponseComplete","verb":"create","objectRef":{{"resource":"pods","namespace":"shop"}},"responseStatus":{{"code":201}},"requestObject":{{"a":{deep}}}}}"#
        );
        let opaque = file("opaque.jsonl", format!("{SAMPLE}{event}\n{SAMPLE}"));
        let malformed = "{\nnot json\n".repeat(40);
        let malformed = file("malformed.jsonl", format!("{malformed}{SAMPLE}"));
        check(&[], &[&opaque]);
        check(&[], &[&malformed]);
        check(&[], &[&malformed, &sample]);
    }
}
