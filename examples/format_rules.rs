//! `check --format-rules`: writes rule files in the one layout, or says which are not.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use detect::rule_lang;
use kubesift_examples::counted;

/// How deep directories are followed.
const MAX_DEPTH: usize = 64;

/// Formats rule files and those below directories. With `only_check` no file is written. Files that cannot be formatted
/// are left alone, after standard error has said why.
pub(crate) fn run(paths: &[PathBuf], only_check: bool, color: bool) -> io::Result<ExitCode> {
    let mut files = Vec::new();
    for path in paths {
        if let Err(error) = find(path, 0, &mut files) {
            writeln!(
                io::stderr(),
                "error: cannot read `{}`: {error}",
                path.display()
            )?;
            return Ok(ExitCode::from(2));
        }
    }
    files.sort();
    files.dedup();
    let (mut n_changed, mut n_wrong) = (0, 0);
    for file in &files {
        let shown = file.display();
        let done = fs::read(file).and_then(|bytes| {
            // A file that is no UTF-8 would not be the same when written.
            let text = String::from_utf8(bytes)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            match rule_lang::format(&shown.to_string(), &text) {
                Ok(formatted) if formatted == text => {}
                Ok(formatted) => {
                    n_changed += 1;
                    if !only_check {
                        fs::write(file, formatted)?;
                    }
                    let word = if only_check {
                        "would change"
                    } else {
                        "changed"
                    };
                    writeln!(io::stdout(), "{word} {shown}")?;
                }
                Err(error) => {
                    n_wrong += 1;
                    writeln!(io::stderr(), "{}\n", error.render(color))?;
                }
            }
            Ok(())
        });
        if let Err(error) = done {
            writeln!(io::stderr(), "error: cannot format `{shown}`: {error}")?;
            return Ok(ExitCode::from(2));
        }
    }
    let changed = if only_check { "to change" } else { "changed" };
    writeln!(
        io::stdout(),
        "{}: {n_changed} {changed}, {n_wrong} with errors",
        counted(files.len(), "rule file")
    )?;
    Ok(if n_wrong > 0 || only_check && n_changed > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Finds rule files, the files of tests among them; hidden files and directories are left out.
fn find(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let extension = path.extension().unwrap_or_default();
        let endings = ["yaml", "yml"];
        let is_yaml = endings
            .iter()
            .any(|ending| extension.eq_ignore_ascii_case(ending));
        if !name.starts_with('.') && depth < MAX_DEPTH && (is_yaml || path.is_dir()) {
            find(&path, depth + 1, found)?;
        }
    }
    Ok(())
}
