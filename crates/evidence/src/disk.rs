//! What the log asks of a disk, in steps small enough that each can fail, and the folder that gives it.
//!
//! Paths are relative, with `/`. What a step did is sure to be there after a power cut only when the
//! file, and the folder that names it, are synced.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;

use crate::error::{Error, Result};

/// See the module.
pub trait Disk {
    /// A file's bytes; [`io::ErrorKind::NotFound`] if there is none.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
    /// Makes the file, or makes it anew. May leave any beginning of the bytes if it fails.
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()>;
    /// Makes the file's bytes durable.
    fn sync(&self, path: &str) -> io::Result<()>;
    /// The same of many files: all of them when it returns, in any order.
    fn sync_all(&self, paths: &[String]) -> io::Result<()> {
        paths.iter().try_for_each(|path| self.sync(path))
    }
    /// Gives a file another name in its folder, in place of what had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, path: &str) -> io::Result<()>;
    /// Makes a folder and those above it, durable when it returns.
    fn make_folder(&self, path: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &str) -> io::Result<()>;
    /// Names of the files in a folder, sorted; none if there is no folder.
    fn list(&self, path: &str) -> io::Result<Vec<String>>;
}

/// Files that are made durable at a time.
const SYNCED_AT_ONCE: usize = 16;
/// Ends the names of files that are being written.
pub(crate) const TEMPORARY: &str = ".tmp";

/// Makes files of these bytes, durable when it returns, none of them ever seen half.
pub(crate) fn put<D: Disk + ?Sized>(disk: &D, files: &[(String, Vec<u8>)]) -> Result<()> {
    let mut folders = BTreeSet::new();
    for (path, bytes) in files {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if folders.insert(folder) && !folder.is_empty() {
            disk.make_folder(folder).map_err(Error::io(folder))?;
        }
        disk.write(&temporary(path), bytes).map_err(Error::io(path))?;
    }
    let written: Vec<String> = files.iter().map(|(path, _)| temporary(path)).collect();
    disk.sync_all(&written).map_err(Error::io(folders.first().copied().unwrap_or_default()))?;
    for (path, _) in files {
        disk.rename(&temporary(path), path).map_err(Error::io(path))?;
    }
    folders.into_iter().try_for_each(|folder| disk.sync_folder(folder).map_err(Error::io(folder)))
}

fn temporary(path: &str) -> String {
    format!("{path}{TEMPORARY}")
}

/// The bytes of a file that has to be there.
pub(crate) fn get<D: Disk + ?Sized>(disk: &D, path: &str) -> Result<Vec<u8>> {
    disk.read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::Missing(path.to_owned()),
        _ => Error::io(path)(error),
    })
}

/// The same, as text.
pub(crate) fn get_text<D: Disk + ?Sized>(disk: &D, path: &str) -> Result<String> {
    String::from_utf8(get(disk, path)?)
        .map_err(|e| Error::wrong(path, e.utf8_error().valid_up_to(), "no UTF-8"))
}

/// A folder of the file system.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// Held by the one process that writes a folder, until it is dropped.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the lock is the open file")] File);

impl Folder {
    /// The folder of this path.
    pub fn new(path: &Path) -> Self {
        Folder(path.to_owned())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Keeps other processes from writing here.
    pub fn lock(&self) -> Result<Lock> {
        let path = self.0.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(Error::io("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(Error::Locked),
            Err(TryLockError::Error(error)) => Err(Error::io("lock")(error)),
        }
    }

    fn at(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.0.clone() } else { self.0.join(path) }
    }
}

impl Disk for Folder {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.at(path))
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        File::create(self.at(path))?.write_all(bytes)
    }

    fn sync(&self, path: &str) -> io::Result<()> {
        // Opened for writing: Windows syncs nothing else.
        OpenOptions::new().write(true).open(self.at(path))?.sync_all()
    }

    /// Several at a time: a journal makes durable together what waits together.
    fn sync_all(&self, paths: &[String]) -> io::Result<()> {
        let lot = paths.len().div_ceil(SYNCED_AT_ONCE).max(1);
        thread::scope(|scope| {
            let sync_lot = |lot: &[String]| lot.iter().try_for_each(|path| self.sync(path));
            let mut lots = paths.chunks(lot);
            let own = lots.next().unwrap_or_default();
            let others: Vec<_> = lots.map(|lot| scope.spawn(move || sync_lot(lot))).collect();
            let own = sync_lot(own);
            let joined = others.into_iter().map(|lot| lot.join().expect("syncing does not panic"));
            joined.fold(own, |all: io::Result<()>, one| all.and(one))
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.at(from), self.at(to))
    }

    fn sync_folder(&self, path: &str) -> io::Result<()> {
        // Windows has no such thing: there the file system's journal keeps names.
        if cfg!(windows) { Ok(()) } else { File::open(self.at(path))?.sync_all() }
    }

    fn make_folder(&self, path: &str) -> io::Result<()> {
        let mut made = String::new();
        for part in path.split('/') {
            let parent = made.clone();
            made = if parent.is_empty() { part.to_owned() } else { format!("{parent}/{part}") };
            match fs::create_dir(self.at(&made)) {
                Ok(()) => self.sync_folder(&parent)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.at(path))
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.at(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string().ok());
            }
        }
        names.sort();
        Ok(names)
    }
}
