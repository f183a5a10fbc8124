//! Lists every YAML file of the crate, so that adding a rule is adding a file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn collect(dir: &Path, root: &Path, found: &mut Vec<String>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", dir.display());
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            // `target` and hidden directories hold what a tool left there, never rules.
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !matches!(&*name, "target" | "src" | "tests") && !name.starts_with('.') {
                collect(&path, root, found)?;
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            println!("cargo::rerun-if-changed={}", path.display());
            if let Ok(relative) = path.strip_prefix(root) {
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let var =
        |name| env::var_os(name).ok_or_else(|| io::Error::other(format!("`{name}` is not set")));
    let root = PathBuf::from(var("CARGO_MANIFEST_DIR")?);
    let mut found = Vec::new();
    collect(&root, &root, &mut found)?;
    found.sort();
    let mut rows = String::from("&[\n");
    for name in &found {
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            rows,
            "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/\", {name:?}))),"
        );
    }
    rows.push_str("]\n");
    let out = PathBuf::from(var("OUT_DIR")?).join("files.rs");
    fs::write(out, rows)
}
