//! What the generator writes: bounded, counted, and with a digest.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

/// A file that never grows above what was asked for.
pub struct Sink {
    path: PathBuf,
    out: BufWriter<File>,
    digest: Sha256,
    bytes: u64,
    bytes_max: u64,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Its name below the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub digest: String,
}

impl Sink {
    /// A new file, of at most so many bytes.
    pub fn create(path: &Path, bytes_max: u64) -> Result<Sink> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let file = File::create(path).with_context(|| format!("cannot make {}", path.display()))?;
        let out = BufWriter::with_capacity(1 << 20, file);
        Ok(Sink { path: path.to_owned(), out, digest: Sha256::new(), bytes: 0, bytes_max })
    }

    /// Writes a record; false, and nothing written, if it does not fit any more.
    pub fn write(&mut self, record: &[u8]) -> Result<bool> {
        if self.bytes + record.len() as u64 > self.bytes_max {
            return Ok(false);
        }
        self.out.write_all(record).with_context(|| self.problem())?;
        self.digest.update(record);
        self.bytes += record.len() as u64;
        Ok(true)
    }

    /// Bytes written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Closes the file.
    pub fn finish(mut self) -> Result<Written> {
        self.out.flush().with_context(|| self.problem())?;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Written { name, bytes: self.bytes, digest: hex(&self.digest.finalize()) })
    }

    fn problem(&self) -> String {
        format!("cannot write {}", self.path.display())
    }
}

/// The digest of a folder: of its files' names and digests, sorted, a line each.
pub fn digest_of(files: &[Written]) -> String {
    let mut lines: Vec<String> =
        files.iter().map(|file| format!("{}  {}\n", file.digest, file.name)).collect();
    lines.sort();
    hex(&Sha256::digest(lines.concat()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Empties a folder that this program made before, or makes it.
///
/// # Errors
/// If it holds anything and was not made by this program.
pub fn fresh_folder(folder: &Path) -> Result<()> {
    // Beside the folder: what stands in it is hunted.
    let mark = folder.with_extension("made");
    let problem = |what: &str| format!("cannot {what} {}", folder.display());
    if folder.exists() {
        let empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
        ensure!(
            empty || mark.exists(),
            "{} holds what `cargo xtask corpus` did not make: it stays as it is",
            folder.display()
        );
        fs::remove_dir_all(folder).with_context(|| problem("empty"))?;
    }
    fs::create_dir_all(folder).with_context(|| problem("make"))?;
    fs::write(&mark, "").with_context(|| problem("mark"))
}

/// Stops where a file system has less than `bytes` and a tenth left. One that does not tell is trusted.
pub fn ensure_space(folder: &Path, bytes: u64) -> Result<()> {
    let mut command = Command::new("df");
    let Ok(out) = command.args(["-B1", "--output=avail"]).arg(folder).output() else {
        return Ok(());
    };
    let text = String::from_utf8_lossy(&out.stdout);
    let Some(free) = text.lines().nth(1).and_then(|line| line.trim().parse::<u64>().ok()) else {
        return Ok(());
    };
    ensure!(
        free > bytes + bytes / 10,
        "{} has {} MB free, {} MB are to be written",
        folder.display(),
        free / 1_000_000,
        bytes / 1_000_000
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_asked_and_the_digest_of_what_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/b");
        let mut sink = Sink::create(&path, 4).expect("made");
        assert!(sink.write(b"abc").expect("written"));
        assert!(!sink.write(b"de").expect("refused"));
        let written = sink.finish().expect("closed");
        assert_eq!(fs::read(&path).expect("read"), b"abc");
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(written, Written { name: "b".into(), bytes: 3, digest: abc.into() });
    }

    #[test]
    fn a_folder_of_others_is_not_emptied() {
        let folder = tempfile::tempdir().expect("a folder");
        let ours = folder.path().join("ours");
        fresh_folder(&ours).expect("made");
        fs::write(ours.join("x"), "x").expect("written");
        fresh_folder(&ours).expect("emptied");
        assert!(!ours.join("x").exists());
        fs::write(folder.path().join("y"), "y").expect("written");
        assert!(fresh_folder(folder.path()).is_err());
    }
}
