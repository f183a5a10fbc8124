//! Rule files on disk. Nothing fails: what cannot be read is reported when the set is loaded, like what is wrong.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::{PassedOver, RuleSetBuilder};

/// Largest rule file, in bytes, as the compiler has it: nothing of a larger one is read.
const MAX_BYTES: u64 = 1 << 20;

impl RuleSetBuilder {
    /// Adds a rule file, and the file of tests beside it, if there is one: `NAME.test.yaml` beside `NAME.yaml`.
    ///
    /// One that cannot be read, or is no UTF-8, is an error in the report and so of [`RuleSetBuilder::build`].
    #[must_use]
    pub fn file(self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let builder = self.one_file(path);
        let endings = ["test.yaml", "test.yml", "TEST.YAML", "TEST.YML"];
        let beside = endings.map(|ending| path.with_extension(ending));
        let is_rules = tested(path).is_none();
        let tests = beside.iter().filter(|tests| is_rules && tests.is_file());
        tests.fold(builder, |builder, tests| builder.one_file(tests))
    }

    /// Adds a file as it is.
    fn one_file(self, path: &Path) -> Self {
        let name = path.display().to_string();
        match read(path) {
            Ok(text) => self.text(name, text),
            Err(reason) => self.unreadable(name, reason),
        }
    }

    /// Adds every `.yaml` and `.yml` file below a directory, in the order of their paths; a file of tests stands behind the
    /// rule file that it is beside. The ending may be in upper case.
    ///
    /// Hidden directories, such as `.git` or the `..data` of a mounted `ConfigMap`, are not looked into. A hidden file, such
    /// as an editor leaves, is passed over, and so is a directory without any rule file:
    /// [`LoadReport::passed_over`](crate::LoadReport::passed_over) lists them. What cannot be read is an error in the report and so of [`RuleSetBuilder::build`].
    #[must_use]
    pub fn dir(self, path: impl AsRef<Path>) -> Self {
        let mut tree = Tree::default();
        tree.walk(path.as_ref());
        tree.files.sort_by_cached_key(|path| {
            let stem = tested(path);
            (
                stem.clone().unwrap_or_else(|| path.with_extension("")),
                stem.is_some(),
                path.clone(),
            )
        });
        let files = tree.files.iter();
        let builder = files.fold(self, |builder, path| builder.one_file(path));
        tree.hidden.sort();
        let hidden = tree.hidden.iter().map(|path| path.display().to_string());
        let hidden = hidden.map(PassedOver::HiddenFile);
        let mut builder = hidden.fold(builder, RuleSetBuilder::passes_over);
        if tree.files.is_empty() && tree.unreadable.is_empty() {
            let name = path.as_ref().display().to_string();
            builder = builder.passes_over(PassedOver::EmptyDirectory(name));
        }
        tree.unreadable.sort();
        let unreadable = tree.unreadable.into_iter();
        unreadable.fold(builder, |builder, (path, reason)| {
            builder.unreadable(path.display().to_string(), reason)
        })
    }

    /// Adds a rule file or every rule file below a directory.
    #[must_use]
    pub fn path(self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        if path.is_dir() {
            self.dir(path)
        } else {
            self.file(path)
        }
    }
}

/// The path of a file of tests without its ending.
fn tested(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_string_lossy();
    rule_lang::test_file_stem(&name).map(|stem| path.with_file_name(stem))
}

/// The text of a file, or why there is none.
fn read(path: &Path) -> Result<String, String> {
    let bytes = read_bytes(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("it is not UTF-8 at byte {at}")
    })
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    // A pipe or a device may never end, or wait for ever.
    if !metadata.is_file() {
        return Err(io::Error::other("it is neither a file nor a directory"));
    }
    let mut bytes = Vec::new();
    // What the file system says of the size may be wrong by now, or from the start.
    let read = File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    let n = metadata.len().max(read as u64);
    if n > MAX_BYTES {
        let reason = format!("it has {n} bytes and the limit is {MAX_BYTES}");
        return Err(io::Error::other(reason));
    }
    Ok(bytes)
}

/// What lies below a directory.
#[derive(Debug, Default)]
struct Tree {
    files: Vec<PathBuf>,
    unreadable: Vec<(PathBuf, String)>,
    /// Hidden files that look like rule files.
    hidden: Vec<PathBuf>,
    /// Directories that were seen: a link can make one its own ancestor.
    seen: HashSet<PathBuf>,
}

impl Tree {
    /// A stack in place of recursion, so that no tree is too deep.
    fn walk(&mut self, root: &Path) {
        let mut open = vec![root.to_owned()];
        while let Some(dir) = open.pop() {
            let read = fs::canonicalize(&dir).and_then(|real| {
                Ok(if self.seen.insert(real) {
                    fs::read_dir(&dir)?.collect::<io::Result<Vec<_>>>()?
                } else {
                    Vec::new()
                })
            });
            match read {
                Ok(entries) => {
                    let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
                    // Which of two links to one directory is followed does not depend on the file system.
                    paths.sort_by(|a, b| b.cmp(a));
                    for path in paths {
                        self.entry(path, &mut open);
                    }
                }
                Err(error) => self.unreadable.push((dir, error.to_string())),
            }
        }
    }

    fn entry(&mut self, path: PathBuf, open: &mut Vec<PathBuf>) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_hidden = name.starts_with('.');
        let extension = path.extension().unwrap_or_default();
        let is_yaml = ["yaml", "yml"]
            .iter()
            .any(|ending| extension.eq_ignore_ascii_case(ending));
        if path.is_dir() {
            if !is_hidden {
                open.push(path);
            }
        } else if is_yaml && is_hidden {
            self.hidden.push(path);
        } else if is_yaml {
            self.files.push(path);
        }
    }
}
