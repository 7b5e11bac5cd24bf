//! The files of the repository.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Directories that are made, not written.
const MADE: [&str; 4] = [".git", ".local", ".tributary", "target"];

/// A file, named from the root of the repository.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: String,
}

pub(crate) fn root() -> Result<PathBuf> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(tests.parent().context("the tests lie in the repository")?.to_path_buf())
}

pub(crate) fn read(name: &str) -> Result<String> {
    std::fs::read_to_string(root()?.join(name)).with_context(|| name.to_owned())
}

/// Every file whose name ends in one of these, in the order of their names.
pub(crate) fn files(endings: &[&str]) -> Result<Vec<File>> {
    let root = root()?;
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory)? {
            let path = entry?.path();
            let name = path.strip_prefix(&root)?.to_string_lossy().into_owned();
            if path.is_dir() {
                if !MADE.contains(&name.as_str()) {
                    open.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found
                    .push(File { text: std::fs::read_to_string(&path).with_context(|| name.clone())?, name });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}
