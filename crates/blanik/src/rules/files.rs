//! Which files are rule files, and their text.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use blanik_detect::Document;

/// A rule file longer than this is none.
const RULE_FILE_BYTES_MAX: u64 = 16 << 20;
/// Folders below the one given.
const FOLDER_DEPTH_MAX: usize = 64;

/// Each path given, and below folders each `.yml` and `.yaml`, sorted. Errors where a path is not
/// there, or a folder has none.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let kind = fs::metadata(path)
            .with_context(|| format!("cannot read rules from {}", path.display()))?;
        if kind.is_dir() {
            let before = files.len();
            walk(path, 0, &mut files)?;
            if files.len() == before {
                bail!("there is no .yml or .yaml file below {}", path.display());
            }
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    if depth > FOLDER_DEPTH_MAX {
        bail!("{} lies too deep: a folder linked into itself?", folder.display());
    }
    let context = || format!("cannot read the folder {}", folder.display());
    let mut entries: Vec<(OsString, bool)> = fs::read_dir(folder)
        .and_then(|d| d.map(|e| e.and_then(|e| Ok((e.file_name(), is_dir(&e)?)))).collect())
        .with_context(context)?;
    entries.sort_unstable();
    for (name, is_dir) in entries {
        let path = folder.join(name);
        if is_dir {
            walk(&path, depth + 1, files)?;
        } else if path.extension().is_some_and(|e| e == "yml" || e == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}

/// A link is what it leads to; one that leads nowhere is no folder.
fn is_dir(entry: &fs::DirEntry) -> std::io::Result<bool> {
    let kind = entry.file_type()?;
    Ok(kind.is_dir() || (kind.is_symlink() && entry.path().is_dir()))
}

/// The text of a rule file. Errors where it cannot be read, or is too long.
pub fn read(path: &Path) -> Result<Document> {
    let context = || format!("cannot read the rule file {}", path.display());
    let mut file = File::open(path).with_context(context)?;
    let len = file.metadata().with_context(context)?.len();
    if len > RULE_FILE_BYTES_MAX {
        bail!("{} has {len} bytes: no rule file is so long", path.display());
    }
    // A byte more than expected, so that the end is seen without growing.
    let mut bytes = Vec::with_capacity(len as usize + 1);
    file.read_to_end(&mut bytes).with_context(context)?;
    // Invalid UTF-8 becomes U+FFFD here; the parser then names what it cannot read.
    let mut text = String::from_utf8(bytes)
        .unwrap_or_else(|invalid| String::from_utf8_lossy(invalid.as_bytes()).into_owned());
    if text.starts_with('\u{FEFF}') {
        text.drain(..'\u{FEFF}'.len_utf8());
    }
    Ok(Document { origin: path.display().to_string(), text })
}
