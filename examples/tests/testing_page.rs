//! The page `docs/testing-rules.md`: its files are written, its commands are run on them, and what it shows is what they
//! print.

#[cfg(test)]
mod testing_page {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use detect::testing::Suite;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/testing-rules.md");

    /// An empty directory of this test.
    fn directory() -> PathBuf {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("testing-page");
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("rules")).unwrap();
        path
    }

    /// What the program `check` prints in a directory.
    fn check(arguments: &str, dir: &Path) -> String {
        let test = std::env::current_exe().unwrap();
        let target = test.parent().and_then(Path::parent).unwrap();
        let output = Command::new(target.join("examples/check"))
            .args(arguments.split(' '))
            .current_dir(dir)
            .output()
            .unwrap();
        String::from_utf8([output.stderr, output.stdout].concat()).unwrap()
    }

    /// The file that the text before a snippet names in its last line.
    fn file(before: &str) -> &str {
        let line = before.trim_end().lines().last().unwrap();
        let name = line
            .strip_prefix('`')
            .and_then(|line| line.strip_suffix("`:"));
        name.unwrap_or_else(|| panic!("`{line}` names no file"))
    }

    #[test]
    fn what_the_page_shows_is_what_happens() {
        let page = fs::read_to_string(PAGE).unwrap();
        let dir = directory();
        let mut found = String::new();
        let mut parts = page.split("```");
        let mut n_runs = 0;
        while let Some(before) = parts.next() {
            found.push_str(before);
            let Some(snippet) = parts.next() else { break };
            let (language, text) = snippet.split_once('\n').unwrap();
            let text = match language {
                "yaml" => {
                    fs::write(dir.join(file(before)), text).unwrap();
                    text.to_owned()
                }
                "console" => {
                    n_runs += 1;
                    let command = text.lines().next().unwrap();
                    let arguments = command.strip_prefix("$ cargo run --example check -- ");
                    format!("{command}\n{}", check(arguments.unwrap(), &dir))
                }
                "text" => {
                    let report = Suite::dir(dir.join("rules")).run();
                    assert!(!report.has_passed());
                    let prefix = format!("{}/", dir.display());
                    format!("{report}\n").replace(&prefix, "")
                }
                // Compiled by the documentation tests.
                "rust,no_run" => text.to_owned(),
                other => panic!("what is {other}?"),
            };
            found.extend(["```", language, "\n", &text, "```"]);
        }
        assert!(n_runs > 2, "{n_runs}");
        if found != page && std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(PAGE, &found).unwrap();
            return;
        }
        assert!(
            found == page,
            "UPDATE_EXPECT=1 rewrites what is printed\n{found}"
        );
    }
}
