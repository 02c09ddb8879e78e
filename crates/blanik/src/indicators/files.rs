//! The files in which lists stand: those that are named, and all in folders that are named.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Files of all folders.
const FILES_MAX: usize = 100_000;
/// Folders in folders.
const DEPTH_MAX: usize = 32;

/// A file with a list in it.
#[derive(Clone, Debug)]
pub struct ListFile {
    /// Its path as people know it: as it was named, and on from there.
    pub list: String,
    path: PathBuf,
}

impl ListFile {
    /// Its bytes.
    pub fn read(&self) -> Result<Vec<u8>> {
        fs::read(&self.path).with_context(|| format!("cannot read {}", self.path.display()))
    }
}

/// The files of these paths, in order of their names.
pub fn of(paths: &[PathBuf]) -> Result<Vec<ListFile>> {
    let mut files = Vec::new();
    for path in paths {
        walk(path, &list_name(path), 0, &mut files)?;
    }
    Ok(files)
}

/// The path as it was named; of an absolute one, the folders that say something are its last.
fn list_name(path: &Path) -> String {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let named = if path.is_absolute() || path.as_os_str() == "." { &absolute } else { path };
    let parts: Vec<_> = named
        .components()
        .filter_map(|part| match part {
            std::path::Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        })
        .collect();
    let few = parts.len().saturating_sub(4);
    parts[few..].join("/")
}

fn walk(path: &Path, list: &str, depth: usize, files: &mut Vec<ListFile>) -> Result<()> {
    let context = || format!("cannot open {}", path.display());
    let meta = fs::metadata(path).with_context(context)?;
    if !meta.is_dir() {
        if files.len() >= FILES_MAX {
            bail!("more than {FILES_MAX} files of indicators (limit)");
        }
        files.push(ListFile { list: list.to_owned(), path: path.to_owned() });
        return Ok(());
    }
    if depth >= DEPTH_MAX {
        bail!("{}: more than {DEPTH_MAX} folders in each other (limit)", path.display());
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).with_context(context)? {
        let entry = entry.with_context(context)?;
        // A link could lead in circles.
        let is_link = entry.file_type().with_context(context)?.is_symlink();
        if !is_link && !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push(entry.file_name());
        }
    }
    entries.sort();
    for name in entries {
        let below = format!("{list}/{}", name.to_string_lossy());
        walk(&path.join(&name), &below, depth + 1, files)?;
    }
    Ok(())
}
