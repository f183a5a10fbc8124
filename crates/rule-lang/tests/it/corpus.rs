//! What documents there are: in files of the repository, and in tests that compile text of their own.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

thread_local! {
    static RECORDED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Notes what a test compiles, where that is asked for.
pub(crate) fn record(text: &str) {
    RECORDED.with_borrow_mut(|recorded| {
        if let Some(recorded) = recorded {
            recorded.push(text.to_owned());
        }
    });
}

/// What some tests compile.
pub(crate) fn recorded(tests: &[fn()]) -> Vec<String> {
    RECORDED.set(Some(Vec::new()));
    for test in tests {
        test();
    }
    RECORDED.take().unwrap_or_default()
}

/// Rule files, the cases of tests, and whole documents in pages.
pub(crate) fn files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    let mut directories: Vec<_> = ["rules", "crates", "docs", "examples"]
        .map(|name| root.join(name))
        .into();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            if path.is_dir() {
                directories.push(path);
            } else if extension == Some("yaml") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            } else if extension == Some("md") {
                let page = fs::read_to_string(&path).unwrap();
                let blocks = page.split("```yaml").skip(1);
                let blocks =
                    blocks.filter_map(|block| block.split_once('\n')?.1.split("```").next());
                let whole = blocks.filter(|block| block.starts_with("title:"));
                found.extend(whole.map(|block| (path.clone(), block.to_owned())));
            }
        }
    }
    found.sort();
    found
}
