//! Files we write. Evidence is never overwritten: a file that is among the inputs is refused, before
//! anything is read. A file appears under its name only when it is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::NamedTempFile;

/// Where an output will go. Made before the hunt, so that what cannot work fails at once.
#[derive(Clone, Debug)]
pub struct Target {
    path: PathBuf,
}

impl Target {
    /// Checks that the file can be written and is none of the inputs.
    pub fn new(path: &Path, inputs: &[PathBuf]) -> Result<Self> {
        if let Ok(existing) = path.canonicalize() {
            refuse_input(path, &existing, inputs)?;
        }
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => bail!("cannot write {}: it is a folder", path.display()),
            // A terminal, a pipe, /dev/null: nothing to prepare.
            Ok(meta) if !meta.is_file() => {}
            _ => drop(temporary(path)?),
        }
        Ok(Target { path: path.to_owned() })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it. Call [`OutFile::finish`] at the end.
    pub fn create(&self) -> Result<OutFile> {
        let special = fs::metadata(&self.path).is_ok_and(|meta| !meta.is_file());
        let inner = if special {
            let file = File::options().write(true).open(&self.path);
            Inner::Special(file.with_context(|| format!("cannot write {}", self.path.display()))?)
        } else {
            Inner::Temporary(temporary(&self.path)?)
        };
        Ok(OutFile { inner: BufWriter::new(inner), path: self.path.clone() })
    }
}

/// Writes a file that appears under its name only when it is whole and on disk.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let context = || format!("cannot write {}", path.display());
    let folder = path.parent().with_context(context)?;
    fs::create_dir_all(folder).with_context(context)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(context)?;
    file.write_all(bytes).with_context(context)?;
    file.as_file().sync_all().with_context(context)?;
    file.persist(path).map_err(|e| e.error).with_context(context)?;
    // The folder's entry, too: a record may name the file. Windows has no such thing.
    if cfg!(windows) {
        return Ok(());
    }
    fs::File::open(folder).and_then(|folder| folder.sync_all()).with_context(context)
}

fn refuse_input(path: &Path, existing: &Path, inputs: &[PathBuf]) -> Result<()> {
    for input in inputs.iter().filter_map(|i| i.canonicalize().ok()) {
        if existing == input
            || (input.is_dir() && existing.starts_with(&input) && existing.is_file())
        {
            bail!(
                "will not overwrite {}: it is among the inputs; name a file elsewhere",
                path.display()
            );
        }
    }
    Ok(())
}

/// A temporary file beside the one to be, with the rights a new file has.
fn temporary(path: &Path) -> Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".blanik-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder).with_context(|| format!("cannot write {}", path.display()))
}

/// An output being written.
pub struct OutFile {
    inner: BufWriter<Inner>,
    path: PathBuf,
}

enum Inner {
    Temporary(NamedTempFile),
    Special(File),
}

impl OutFile {
    /// Flushes, and gives the file its name.
    pub fn finish(self) -> Result<()> {
        let context = || format!("cannot write {}", self.path.display());
        let inner = self.inner.into_inner().map_err(io::IntoInnerError::into_error);
        match inner.with_context(context)? {
            Inner::Special(mut file) => file.flush().with_context(context),
            Inner::Temporary(file) => {
                file.persist(&self.path).map(drop).map_err(|e| e.error).with_context(context)
            }
        }
    }
}

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Write for Inner {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Inner::Temporary(file) => file.write(bytes),
            Inner::Special(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Inner::Temporary(file) => file.flush(),
            Inner::Special(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_not_overwritten() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = folder.path().join("log.json");
        fs::write(&log, "{}").expect("written");
        for inputs in [vec![log.clone()], vec![folder.path().to_owned()]] {
            let refused = Target::new(&log, &inputs).expect_err("it is an input");
            assert!(refused.to_string().contains("will not overwrite"), "{refused}");
        }
        Target::new(&folder.path().join("new.json"), &[folder.path().to_owned()])
            .expect("a new file");
    }

    #[test]
    fn a_file_appears_when_it_is_whole() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("out");
        let mut file = Target::new(&path, &[]).expect("writable").create().expect("opened");
        file.write_all(b"whole").expect("written");
        assert!(!path.exists());
        file.finish().expect("finished");
        assert_eq!(fs::read(&path).expect("it is there"), b"whole");
    }

    #[test]
    fn what_cannot_be_written_is_said_before() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(Target::new(&folder.path().join("no/such/folder/out"), &[]).is_err());
        assert!(Target::new(folder.path(), &[]).is_err());
    }
}
