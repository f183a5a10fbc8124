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

    /// Compares what is printed for files, over numbers of threads and sizes of parts.
    #[track_caller]
    fn check(files: &[&str]) {
        let expected = run("evaluate", &[&["--format", "json"], files].concat());
        assert!(!expected.stdout.is_empty());
        for (threads, chunk) in [("1", "5000"), ("2", "700"), ("5", "9000"), ("2", "4194304")] {
            let options = ["--threads", threads, "--chunk", chunk];
            let found = run("parallel", &[&options, files].concat());
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let shown = format!("{threads} threads, parts of {chunk} bytes");
            assert_eq!(text(&found.stdout), text(&expected.stdout), "{shown}");
            assert_eq!(text(&found.stderr), text(&expected.stderr), "{shown}");
            assert_eq!(found.status.code(), expected.status.code(), "{shown}");
        }
    }

    /// The sample several times over, as requests of other days.
    fn long() -> String {
        let day = |day: u32| SAMPLE.replace("2026-03-14", &format!("2026-03-{day:02}"));
        (10..14).map(day).collect()
    }

    #[test]
    fn one_file_and_several() {
        let (sample, long) = (file("sample.jsonl", SAMPLE), file("long.jsonl", long()));
        check(&[&sample, &long, &sample]);
    }

    /// Stages of a request that lie far apart are still one finding.
    #[test]
    fn stages_are_folded_over_parts() {
        let stage = |stage: &str| {
            format!(
                r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a-1","stage":"{stage}","requestURI":"/api/v1/namespaces/shop/pods/web-0/exec?command=sh","verb":"get","user":{{"username":"dana"}},"objectRef":{{"resource":"pods","namespace":"shop","name":"web-0","subresource":"exec"}},"responseStatus":{{"code":101}},"requestReceivedTimestamp":"2026-01-02T03:04:05.000001Z"}}"#
            )
        };
        let (started, complete) = (stage("ResponseStarted"), stage("ResponseComplete"));
        let log = file("stages.jsonl", format!("{started}\n{}{complete}\n", long()));
        check(&[&log]);
    }

    /// Where records are not lines, a file is read as one.
    #[test]
    fn what_is_no_line_by_itself_is_not_cut() {
        let long = long();
        let malformed: String = long
            .lines()
            .enumerate()
            .map(|(at, line)| match at % 90 {
                40 => format!("{}\n", line.split_at(line.len() / 2).0),
                41 => format!("\r\n{line}\r\n\n"),
                42 => "{}\nnot json\n".to_owned(),
                _ => format!("{line}\n"),
            })
            .collect();
        let lines: Vec<&str> = long.lines().collect();
        let list = format!(
            "{{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"items\":[\n{}\n]}}\n{SAMPLE}",
            lines[20..].join(",\n"),
        );
        check(&[
            &file("malformed.jsonl", malformed),
            &file("array.json", format!("[\n{}\n]\n", lines.join("\n,\n"))),
            &file(
                "spread.jsonl",
                long.replacen("{\"kind\"", "{\n\"kind\"", 100),
            ),
            &file("list.json", list),
            &file("no-end.jsonl", long.trim_end()),
        ]);
    }

    /// Docker splits long lines, and the parts of one may lie in two parts of the file.
    #[test]
    fn split_lines_are_joined_over_parts() {
        const SPLIT: usize = 16 << 10;
        let mut log = String::new();
        for (at, line) in long().lines().enumerate() {
            if at % 3 == 0 {
                let padding = format!("{{\"pad\":\"{}\",", "x".repeat(SPLIT));
                let padded = line.replacen('{', &padding, 1);
                let (first, rest) = padded.split_at(SPLIT);
                log += &docker(first);
                log += &docker(&format!("{rest}\n"));
            } else {
                log += &docker(&format!("{line}\n"));
            }
        }
        check(&[&file("docker.log", log)]);
    }

    fn docker(text: &str) -> String {
        let log = serde_json::to_string(text).unwrap();
        format!(
            "{{\"log\":{log},\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05.000001Z\"}}\n"
        )
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let sample = file("readable.jsonl", SAMPLE);
        check(&[&sample, "no/such/file", &sample]);
        let deep = format!("{}{}", "[".repeat(10_001), "]".repeat(10_001));
        let event = format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","stage":"ResponseComplete","verb":"create","objectRef":{{"resource":"pods","namespace":"shop"}},"responseStatus":{{"code":201}},"requestObject":{{"a":{deep}}}}}"#
        );
        let opaque = file("opaque.jsonl", format!("{SAMPLE}{event}\n{SAMPLE}"));
        check(&[&opaque]);
    }
}
