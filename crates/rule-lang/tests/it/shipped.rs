//! The shipped rules as a set, where they are there: a package does not hold them.

use std::fs;
use std::path::{Path, PathBuf};

use rule_lang::Compiler;

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules");

/// Every shipped rule, filter and list.
pub(crate) fn set() -> Compiler {
    let mut files = Vec::new();
    rule_files(Path::new(RULES), &mut files);
    files.sort();
    assert!(files.is_empty() || files.len() > 30, "{files:?}");
    let mut set = Compiler::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        set.add(&file.display().to_string(), &text);
    }
    set
}

/// The page about them.
pub(crate) fn readme() -> Option<String> {
    fs::read_to_string(Path::new(RULES).join("README.md")).ok()
}

fn rule_files(dir: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rule_files(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            found.push(path);
        }
    }
}
