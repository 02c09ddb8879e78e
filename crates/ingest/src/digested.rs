//! What a file was when it was read: its length and the SHA-256 of all of its bytes, made of the very
//! bytes that the reading takes, so that what was hunted is what was hashed.
//!
//! What the reading leaves out (the rest of a file that is no log) is read for the digest alone. Of a zip
//! archive, which is read here and there, all is read once more, and it is told if it changed meanwhile.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Small enough that what was copied is still near when it is hashed.
const HASHED_AT_ONCE: usize = 1 << 17;

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digested {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

impl Digested {
    /// Reads a file for its digest alone.
    pub fn of(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        Ok(Hashing::new(&file).finish(path)?.0)
    }
}

/// Reads a file from its start, and hashes what it gives out.
pub(crate) struct Hashing<'f> {
    file: &'f File,
    // None if that cannot be asked.
    opened: Option<Metadata>,
    hasher: Sha256,
    size: u64,
    ended: bool,
}

/// Whether all that was read of a file can be what was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Constancy {
    /// It is.
    Same,
    /// The file was written to, and read twice.
    Changed,
}

impl<'f> Hashing<'f> {
    pub fn new(file: &'f File) -> Self {
        let (opened, hasher) = (file.metadata().ok(), Sha256::new());
        Hashing { file, opened, hasher, size: 0, ended: false }
    }

    /// Hashes what was not read through this.
    pub fn finish(mut self, path: &Path) -> io::Result<(Digested, Constancy)> {
        let mut constancy = Constancy::Same;
        if !self.ended {
            // Who seeks in the file has moved its cursor.
            self.file.seek(SeekFrom::Start(self.size))?;
            let mut buffer = vec![0; HASHED_AT_ONCE];
            while !self.ended {
                match self.read(&mut buffer) {
                    Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                    _ => {}
                }
            }
            if !self.is_as_opened() {
                constancy = Constancy::Changed;
            }
        }
        let (path, sha256) = (path.to_owned(), self.hasher.finalize().into());
        Ok((Digested { path, size: self.size, sha256 }, constancy))
    }

    fn is_as_opened(&self) -> bool {
        let (Some(opened), Ok(now)) = (&self.opened, self.file.metadata()) else { return false };
        self.size == opened.len()
            && self.size == now.len()
            && now.modified().ok() == opened.modified().ok()
    }
}

impl Read for Hashing<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(out)?;
        self.hasher.update(&out[..n]);
        self.size += n as u64;
        // What is written to its end from now on is neither read nor hashed.
        self.ended |= n == 0 && !out.is_empty();
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn sha256(bytes: &[u8]) -> [u8; 32] {
        Sha256::digest(bytes).into()
    }

    fn file_of(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("writable");
        file.write_all(bytes).expect("writable");
        file
    }

    #[test]
    fn all_of_the_file_however_much_of_it_is_read() {
        let bytes: Vec<u8> = (0..300_000u32).map(|i| (i * 7 % 251) as u8).collect();
        let named = file_of(&bytes);
        for read in [0, 1, 65_536, 300_000] {
            let file = File::open(named.path()).expect("there");
            let mut hashing = Hashing::new(&file);
            hashing.read_exact(&mut vec![0; read]).expect("as long");
            // As the reader of a zip archive does.
            (&file).seek(SeekFrom::Start(17)).expect("a file");
            let (digested, constancy) = hashing.finish(named.path()).expect("readable");
            assert_eq!((digested.size, digested.sha256), (300_000, sha256(&bytes)), "{read}");
            assert_eq!(constancy, Constancy::Same);
        }
    }

    #[test]
    fn what_is_written_behind_the_end_that_was_read_is_not_hashed() {
        let mut named = file_of(b"one");
        let file = File::open(named.path()).expect("there");
        let mut hashing = Hashing::new(&file);
        io::copy(&mut hashing, &mut io::sink()).expect("readable");
        named.write_all(b" more").expect("writable");
        let (digested, constancy) = hashing.finish(named.path()).expect("readable");
        assert_eq!((digested.size, digested.sha256), (3, sha256(b"one")));
        assert_eq!(constancy, Constancy::Same);
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_here_and_there_is_told() {
        let mut named = file_of(b"PK");
        let file = File::open(named.path()).expect("there");
        let hashing = Hashing::new(&file);
        named.write_all(b" and more").expect("writable");
        let (digested, constancy) = hashing.finish(named.path()).expect("readable");
        assert_eq!((digested.size, constancy), (11, Constancy::Changed));
    }
}
