//! The pack as a ZIP archive: written so that the same files make the same bytes, read within bounds.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Most files of a pack.
pub const FILES_MAX: usize = 20_000;
/// Most bytes of all files together.
pub const BYTES_MAX: u64 = 512 << 20;

/// The end of an archive without a comment (APPNOTE, 4.3.16).
const END_BYTES: usize = 22;
const END_MARK: &[u8] = b"PK\x05\x06";

/// Why a pack cannot be read or written at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No ZIP archive, or a damaged one; the reader's words are part of it, so that they stand once.
    #[error("no ZIP archive, or a damaged one: {0}")]
    Archive(String),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// More than is read.
    #[error("more than {0} files")]
    TooMany(usize),
    /// Programs would unpack different files from it.
    #[error("{0}: programs would unpack different files from it")]
    Ambiguous(&'static str),
}

impl From<zip::result::ZipError> for Error {
    fn from(error: zip::result::ZipError) -> Self {
        let said = error.to_string();
        // "invalid Zip archive: …" says again what stands before it.
        Error::Archive(said.strip_prefix("invalid Zip archive: ").unwrap_or(&said).to_owned())
    }
}

/// The files of a pack, by path; in place of what cannot be read, the reason.
pub type Files = BTreeMap<String, Result<Vec<u8>, String>>;

/// Reads a pack.
///
/// # Errors
/// If it is no archive at all. What is wrong with one file stands in its place.
pub fn read(bytes: &[u8]) -> Result<Files, Error> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    if archive.len() > FILES_MAX {
        return Err(Error::TooMany(FILES_MAX));
    }
    if archive.has_duplicate_names() {
        return Err(Error::Ambiguous("a file stands in it twice"));
    }
    if archive.offset() != 0 {
        return Err(Error::Ambiguous("something stands before the archive"));
    }
    // Its end has a fixed length without a comment; behind it, nothing is anybody's to say.
    let end = bytes.len().checked_sub(END_BYTES).and_then(|at| bytes.get(at..at + 4));
    if !archive.comment().is_empty() || end != Some(END_MARK) {
        return Err(Error::Ambiguous("something stands behind the archive"));
    }
    let mut files = Files::new();
    let mut left = BYTES_MAX;
    for i in 0..archive.len() {
        let name = match archive.name_for_index(i) {
            Some(Ok(name)) => name.into_owned(),
            _ => format!("file {i}"),
        };
        let content = content(&mut archive, i, &mut left);
        if files.insert(name.clone(), content).is_some() {
            files.insert(name, Err("stands in the archive twice".to_owned()));
        }
    }
    Ok(files)
}

fn content(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    i: usize,
    left: &mut u64,
) -> Result<Vec<u8>, String> {
    let file = archive.by_index(i).map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    // One byte more than is left: who sends more is caught, and not read to the end.
    let read = file.take(*left + 1).read_to_end(&mut bytes);
    // What was unpacked counts, whether or not it was whole: many damaged files are as many bytes.
    let is_too_much = bytes.len() as u64 > *left;
    *left = left.saturating_sub(bytes.len() as u64);
    read.map_err(|e| e.to_string())?;
    if is_too_much {
        return Err(format!("the files have more than {BYTES_MAX} bytes"));
    }
    Ok(bytes)
}

/// Writes a pack: by path, without times.
///
/// # Errors
/// If the archive cannot be written.
pub fn write(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, Error> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    for (path, bytes) in files {
        writer.start_file(path.as_str(), options)?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let files: BTreeMap<String, Vec<u8>> =
            [("a/b.json".to_owned(), b"{}".to_vec()), ("c".to_owned(), vec![7; 100_000])].into();
        let pack = write(&files).expect("written");
        assert_eq!(pack, write(&files).expect("written"), "the same files make the same bytes");
        let read = read(&pack).expect("an archive");
        assert_eq!(read.len(), 2);
        assert_eq!(read["c"].as_deref(), Ok(&[7; 100_000][..]));
        let short = super::read(&pack[..pack.len() / 2]).expect_err("cut off");
        assert!(std::error::Error::source(&short).is_none(), "its reason is told once: {short}");
        assert!(super::read(b"PK").is_err());
    }

    #[test]
    fn what_programs_would_unpack_differently_is_no_pack() {
        let files: BTreeMap<String, Vec<u8>> =
            [("a.html".to_owned(), b"false".to_vec()), ("b.html".to_owned(), b"true".to_vec())]
                .into();
        let mut pack = write(&files).expect("written");
        for at in 0..pack.len() - 6 {
            if &pack[at..at + 6] == b"b.html" {
                pack[at] = b'a';
            }
        }
        assert!(matches!(super::read(&pack), Err(Error::Ambiguous(_))));
        let whole = write(&files).expect("written");
        let before = [b"something ".to_vec(), whole.clone()].concat();
        assert!(super::read(&before).is_err());
        let behind = [whole.clone(), b" something".to_vec()].concat();
        assert!(matches!(super::read(&behind), Err(Error::Ambiguous(_))));
        let mut commented = [whole, b"signed".to_vec()].concat();
        let length = commented.len() - 8;
        commented[length] = 6;
        assert!(matches!(super::read(&commented), Err(Error::Ambiguous(_))));
    }
}
