//! The files below a path, in sorted order; safe against loops of symbolic links.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One thing met on the way.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Walked {
    /// A file to read.
    File { path: PathBuf, bytes: u64 },
    /// Something that is no file: a pipe, a device, a socket, a link that leads back.
    Skipped { path: PathBuf, reason: String },
    /// An entry of a folder that cannot be looked into.
    Unreadable { path: PathBuf, reason: String },
    /// The path given does not exist.
    Missing { path: PathBuf, reason: String },
}

/// The files that reading this path would open, in order.
pub fn files_below(path: &Path, depth_max: usize) -> Vec<PathBuf> {
    let file = |walked| match walked {
        Walked::File { path, .. } => Some(path),
        _ => None,
    };
    walk(path, depth_max).into_iter().filter_map(file).collect()
}

/// Walks a path given by the caller.
pub(crate) fn walk(path: &Path, depth_max: usize) -> Vec<Walked> {
    let mut out = Vec::new();
    match fs::metadata(path) {
        Err(error) => {
            let reason = match error.kind() {
                io::ErrorKind::NotFound => "does not exist".to_owned(),
                _ => format!("cannot be opened: {error}"),
            };
            out.push(Walked::Missing { path: path.to_owned(), reason });
        }
        Ok(_) => enter(path, depth_max, &mut Vec::new(), &mut out),
    }
    out
}

fn enter(path: &Path, depth_left: usize, above: &mut Vec<PathBuf>, out: &mut Vec<Walked>) {
    let owned = || path.to_owned();
    if let Some(reason) = leads_out(path, above) {
        return out.push(Walked::Skipped { path: owned(), reason });
    }
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => {
            let reason = format!("cannot be opened: {error}");
            return out.push(Walked::Unreadable { path: owned(), reason });
        }
    };
    if metadata.is_file() {
        return out.push(Walked::File { path: owned(), bytes: metadata.len() });
    }
    if !metadata.is_dir() {
        let reason = "is a pipe, socket or device, not a file".to_owned();
        return out.push(Walked::Skipped { path: owned(), reason });
    }
    if depth_left == 0 {
        let reason = "nested too many folders deep (limit)".to_owned();
        return out.push(Walked::Unreadable { path: owned(), reason });
    }
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) => {
            let reason = format!("cannot be opened: {error}");
            return out.push(Walked::Unreadable { path: owned(), reason });
        }
    };
    if above.contains(&real) {
        let reason = "is a link back to a folder above it".to_owned();
        return out.push(Walked::Skipped { path: owned(), reason });
    }
    above.push(real);
    match entries(path) {
        Ok(entries) => entries.iter().for_each(|e| enter(e, depth_left - 1, above, out)),
        Err(error) => {
            let reason = format!("cannot be listed: {error}");
            out.push(Walked::Unreadable { path: owned(), reason });
        }
    }
    above.pop();
}

/// A collection comes from machines that were broken into: a link in it must not draw the
/// investigator's own files into the evidence.
fn leads_out(path: &Path, above: &[PathBuf]) -> Option<String> {
    let root = above.first()?;
    let is_link = fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink());
    let target = is_link.then(|| path.canonicalize().ok()).flatten()?;
    (!target.starts_with(root)).then(|| {
        "is a link that leads out of the folder named; name its target to read it".to_owned()
    })
}

fn entries(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries: Vec<_> =
        fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect::<io::Result<_>>()?;
    entries.sort();
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_safe_against_loops() {
        let dir = tempfile::tempdir().expect("writable");
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("b")).expect("new");
        fs::write(at("b/2"), "x").expect("new");
        fs::write(at("a"), "").expect("new");
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path(), at("b/loop")).expect("new");
        let walked = walk(dir.path(), 9);
        assert_eq!(walked[0], Walked::File { path: at("a"), bytes: 0 });
        assert_eq!(walked[1], Walked::File { path: at("b/2"), bytes: 1 });
        #[cfg(unix)]
        assert!(matches!(&walked[2], Walked::Skipped { path, .. } if *path == at("b/loop")));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_not_followed() {
        let (inside, outside) =
            (tempfile::tempdir().expect("new"), tempfile::tempdir().expect("new"));
        fs::write(outside.path().join("own"), "x").expect("new");
        std::os::unix::fs::symlink(outside.path(), inside.path().join("out")).expect("new");
        std::os::unix::fs::symlink(outside.path().join("own"), inside.path().join("own"))
            .expect("new");
        let walked = walk(inside.path(), 9);
        assert!(walked.iter().all(|w| matches!(w, Walked::Skipped { .. })), "{walked:?}");
        assert_eq!(walked.len(), 2);
        // The path that the caller names may itself be a link.
        assert!(matches!(&walk(&inside.path().join("own"), 9)[..], [Walked::File { .. }]));
    }

    #[test]
    fn what_is_not_there_is_missing() {
        let walked = walk(Path::new("/nowhere/at/all"), 9);
        assert!(matches!(&walked[..], [Walked::Missing { .. }]));
    }
}
