//! Archives with members: zip and tar. Each member is visited in the archive's order; what a
//! damaged archive still gives is read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use blanik_model::Timestamp;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use crate::clock::civil;
use crate::feeder::Stopped;
use crate::meter::{Counted, Exact, Expanding, Peeked};
use crate::open::{Nest, Opener, damaged, join, told};
use crate::rejection::{Place, Rejection};

/// Bytes of a long name or of a pax header in a tar archive; both are read into memory.
const TAR_HEADER_BYTES_MAX: u64 = 1 << 20;

const ENCRYPTED: &str =
    "the member is encrypted: unpack the archive with its password and read the folder";

impl Opener {
    /// Visits the members of a zip archive, from disk where it lies there.
    pub(crate) fn zip(
        &mut self,
        nest: Nest<'_>,
        reader: &mut Peeked<'_>,
        file: Option<&File>,
    ) -> Result<(), Stopped> {
        let spooled;
        let file = match file {
            Some(file) => file,
            None => match self.spool(nest, reader) {
                Ok(spool) => {
                    spooled = spool;
                    &spooled
                }
                Err(error) => {
                    let reason = format!("cannot be spooled to a temporary file: {error}");
                    self.outlet.reject(Rejection::loss(nest.source, Place::File, 0, reason));
                    return Ok(());
                }
            },
        };
        let shared = self.outlet.shared.clone();
        let counted = || Counted { inner: file, budget: nest.budget, total: &shared.bytes_read };
        match ZipArchive::new(io::BufReader::new(counted())) {
            Ok(archive) => self.zip_members(nest, archive),
            Err(error) => {
                let reason = format!(
                    "its table of contents cannot be read ({error}): members are read one after \
                     another as far as they go"
                );
                self.outlet.reject(Rejection::loss(nest.source, Place::File, 0, reason));
                let mut from_start = counted();
                match from_start.seek(SeekFrom::Start(0)) {
                    Ok(_) => self.zip_stream(nest, io::BufReader::new(from_start)),
                    Err(_) => Ok(()),
                }
            }
        }
    }

    /// Copies an archive that cannot be sought to an unnamed temporary file. What stands before a
    /// damage is kept.
    fn spool(&mut self, nest: Nest<'_>, reader: &mut dyn Read) -> io::Result<File> {
        let max = self.limits().spool_bytes_max;
        let mut file = tempfile::tempfile()?;
        let mut piece = vec![0; 1 << 16];
        let mut total = 0;
        let stop = loop {
            match reader.read(&mut piece) {
                Ok(0) => break None,
                Ok(n) if total + n as u64 > max => {
                    break Some(format!("longer than {max} bytes inside an archive (limit)"));
                }
                Ok(n) => {
                    io::Write::write_all(&mut file, &piece[..n])?;
                    total += n as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(damaged(&error, total)),
            }
        };
        if let Some(reason) = stop {
            self.outlet.reject(Rejection::loss(nest.source, Place::Offset(total), 0, reason));
        }
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }

    fn zip_members<R: Read + Seek>(
        &mut self,
        nest: Nest<'_>,
        mut archive: ZipArchive<R>,
    ) -> Result<(), Stopped> {
        if let Some(what) = document(&archive) {
            self.outlet.reject(Rejection::skipped(nest.source, what));
            return Ok(());
        }
        let members = archive.len() as u64;
        for i in 0..members.min(self.limits().members_max) {
            match archive.by_index_raw(i as usize) {
                Ok(member) if member.is_dir() => continue,
                Ok(member) if member.encrypted() => {
                    let name = join(nest.name, &zip_name(&member));
                    drop(member);
                    self.reject_member(&name, ENCRYPTED.to_owned());
                    continue;
                }
                Ok(_) => {}
                Err(error) => {
                    let reason = format!("member {i} cannot be found: {error}");
                    self.outlet.reject(Rejection::loss(nest.source, Place::File, 0, reason));
                    continue;
                }
            }
            let name = archive.name_for_index(i as usize).and_then(Result::ok);
            let name = name.map_or_else(|| format!("member {i}"), |n| n.into_owned());
            match archive.by_index(i as usize) {
                Ok(mut member) => self.zip_member(nest, &name, &mut member)?,
                Err(error) => self.reject_member(&join(nest.name, &name), zip_reason(&error)),
            }
        }
        self.too_many(nest, members);
        Ok(())
    }

    /// Reads members from the start of the file on, without the table of contents.
    fn zip_stream(&mut self, nest: Nest<'_>, mut reader: impl Read) -> Result<(), Stopped> {
        for _ in 0..self.limits().members_max {
            match zip::read::read_zipfile_from_stream(&mut reader) {
                Ok(None) => return Ok(()),
                Ok(Some(member)) if member.is_dir() => {}
                Ok(Some(mut member)) => {
                    let name = zip_name(&member);
                    self.zip_member(nest, &name, &mut member)?;
                }
                Err(error) => {
                    let reason = format!(
                        "no further member can be read: {}; what came before was read",
                        zip_reason(&error)
                    );
                    self.outlet.reject(Rejection::loss(nest.source, Place::File, 0, reason));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn zip_member<R: Read>(
        &mut self,
        nest: Nest<'_>,
        name: &str,
        member: &mut ZipFile<'_, R>,
    ) -> Result<(), Stopped> {
        let limits = self.limits();
        let written = member.last_modified().and_then(zip_time).and_then(told);
        let reader: Box<dyn Read + '_> = Box::new(member);
        let mut reader = Expanding { inner: reader, budget: nest.budget, limits: &limits };
        self.member(Nest { written, ..nest }, name, &mut reader)
    }

    /// Visits the members of a tar archive.
    pub(crate) fn tar(&mut self, nest: Nest<'_>, reader: &mut dyn Read) -> Result<(), Stopped> {
        let mut archive = tar::Archive::new(reader);
        // The archive is at its start, where alone this can fail.
        let Ok(entries) = archive.entries() else { return Ok(()) };
        let mut long_name = None;
        let mut members = 0;
        // Raw, because the crate reads long names into memory at whatever length they claim.
        for entry in entries.raw(true) {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let reason =
                        format!("damaged or cut off: {error}; the members before this were read");
                    self.outlet.reject(Rejection::loss(nest.source, Place::File, 0, reason));
                    return Ok(());
                }
            };
            members += 1;
            if members > self.limits().members_max {
                self.too_many(nest, members);
                return Ok(());
            }
            let kind = entry.header().entry_type();
            if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
                let mut text = Vec::new();
                // A name that cannot be read leaves the short one, and the next entry the error.
                let _ = Read::take(&mut entry, TAR_HEADER_BYTES_MAX).read_to_end(&mut text);
                long_name = if kind.is_gnu_longname() { gnu_name(&text) } else { pax_name(&text) };
                continue;
            }
            let short = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let name = long_name.take().unwrap_or(short);
            if kind.is_file() || kind.is_contiguous() {
                let left = entry.header().entry_size().unwrap_or(0);
                let seconds = entry.header().mtime().ok().and_then(|t| i64::try_from(t).ok());
                let seconds = seconds.and_then(Timestamp::from_seconds);
                let written = seconds.and_then(told);
                let mut reader = Exact { inner: &mut entry, left };
                self.member(Nest { written, ..nest }, &name, &mut reader)?;
            } else if kind.is_gnu_sparse() {
                let reason = "a sparse member of a tar archive: unpack it with tar first";
                self.reject_member(&join(nest.name, &name), reason.to_owned());
            }
        }
        Ok(())
    }

    fn member(&mut self, nest: Nest<'_>, name: &str, reader: &mut dyn Read) -> Result<(), Stopped> {
        let name = join(nest.name, name.trim_start_matches("./"));
        let source = self.outlet.source(&name);
        self.visit(Nest { name: &name, source, ..nest }, reader, None)
    }

    fn reject_member(&mut self, name: &str, reason: String) {
        let source = self.outlet.source(name);
        self.outlet.reject(Rejection::loss(source, Place::File, 0, reason));
    }

    fn too_many(&mut self, nest: Nest<'_>, members: u64) {
        let max = self.limits().members_max;
        if members > max {
            let reason = format!("more than {max} members (limit): the rest is unread");
            self.outlet.reject(Rejection::loss(nest.source, Place::File, 0, reason));
        }
    }
}

/// When a member was last written to: in the zone of whoever packed it, which counts as UTC.
fn zip_time(time: zip::DateTime) -> Option<Timestamp> {
    let of_day = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60;
    civil(i32::from(time.year()), time.month(), time.day(), of_day * 1_000_000_000)
}

fn zip_name<R: Read>(member: &ZipFile<'_, R>) -> String {
    match member.name() {
        Ok(name) => name.into_owned(),
        Err(_) => String::from_utf8_lossy(member.name_raw()).into_owned(),
    }
}

fn zip_reason(error: &ZipError) -> String {
    match error {
        ZipError::UnsupportedArchive(reason) if *reason == ZipError::PASSWORD_REQUIRED => {
            ENCRYPTED.to_owned()
        }
        error => error.to_string(),
    }
}

/// Zip archives that are something else, and hold no logs.
fn document<R: Read + Seek>(archive: &ZipArchive<R>) -> Option<&'static str> {
    let has = |name| archive.index_for_name(name).is_some();
    if has("[Content_Types].xml") {
        return Some("an Office document, no log");
    }
    if has("AndroidManifest.xml") {
        return Some("an Android package, no log");
    }
    has("META-INF/MANIFEST.MF").then_some("a Java archive, no log")
}

fn gnu_name(text: &[u8]) -> Option<String> {
    let end = text.iter().position(|&b| b == 0).unwrap_or(text.len());
    Some(String::from_utf8_lossy(&text[..end]).into_owned())
}

fn pax_name(text: &[u8]) -> Option<String> {
    let mut extensions = tar::PaxExtensions::new(text).filter_map(Result::ok);
    let path = extensions.find(|e| e.key_bytes() == b"path")?;
    Some(String::from_utf8_lossy(path.value_bytes()).into_owned())
}
