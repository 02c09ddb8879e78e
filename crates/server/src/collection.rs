//! A collection: an append-only file of JSON lines, and the index made of it. What is answered as taken is on disk; writers take
//! turns; a line that broke off as the machine stopped is dropped, and said so: nobody was told that it was taken.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use blanik_model::{Timestamp, Tlp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::folder::Settings;
use crate::index::{self, Entry, Extent, Filter, Index, Page, Place};
use crate::object::Facts;
use crate::strict;

const FILE: &str = "objects.jsonl";
/// Longest part of an id that is given back for an object that was refused.
const ID_BYTES_SHOWN: usize = 128;

/// What times are told in.
const MICROSECOND: i64 = 1_000;

/// A line of the file.
#[derive(Deserialize, Serialize)]
struct Line<'l> {
    seq: u64,
    date_added: Timestamp,
    #[serde(borrow, skip_serializing_if = "Option::is_none", default)]
    object: Option<&'l RawValue>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    deleted: Option<Deleted>,
}

/// What was deleted, and how far up.
#[derive(Debug, Deserialize, Serialize)]
struct Deleted {
    id: String,
    /// `None` for an object without versions.
    version: Option<Timestamp>,
    clearance: Tlp,
}

/// What became of an object that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is kept.
    Stored {
        /// Its id.
        id: String,
        /// Its version.
        version: String,
    },
    /// One of this id and version was there.
    Held {
        /// Its id.
        id: String,
        /// Its version.
        version: String,
        /// What it needs to be seen.
        level: Tlp,
    },
    /// It is none that can be kept.
    Refused {
        /// Its id, as far as it has one; else its place in the envelope.
        id: String,
        /// Why.
        reason: String,
    },
}

struct Writer {
    file: File,
    length: u64,
    seq: u64,
    last: Timestamp,
    is_stuck: bool,
}

/// See the module.
pub struct Collection {
    settings: Settings,
    path: PathBuf,
    index: RwLock<Index>,
    writer: Mutex<Writer>,
}

impl Collection {
    /// Opens the collection of a folder. What could not be read is told in `remarks`.
    ///
    /// # Errors
    /// If the disk does not let it.
    pub fn open(folder: &Path, settings: Settings, remarks: &mut Vec<String>) -> Result<Self> {
        let path = folder.join(FILE);
        let open = OpenOptions::new().read(true).append(true).create(true).open(&path);
        let file = open.map_err(Error::io("open", &path))?;
        File::open(folder).and_then(|f| f.sync_all()).map_err(Error::io("sync", folder))?;
        let mut reading = Reading {
            settings: &settings,
            path: &path,
            index: Index::default(),
            seq: 0,
            last: Timestamp::from_nanos(0),
            remarks,
        };
        let length = reading.all(&file)?;
        let (index, seq, last) = (reading.index, reading.seq, reading.last);
        let on_disk = file.metadata().map_err(Error::io("read", &path))?.len();
        if on_disk > length {
            remarks.push(format!(
                "{}: the last line broke off, {} bytes are dropped; nobody was told that they were taken",
                path.display(),
                on_disk - length
            ));
            file.set_len(length).and_then(|()| file.sync_all()).map_err(Error::io("cut", &path))?;
        }
        let writer = Writer { file, length, seq, last, is_stuck: false };
        Ok(Collection { settings, path, index: RwLock::new(index), writer: Mutex::new(writer) })
    }

    /// What it is called, and how it treats markings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Takes in objects, as whoever sends them. They are on disk when this returns.
    ///
    /// # Errors
    /// If the disk does not let it; then none is taken.
    pub fn add(&self, objects: &[&RawValue], now: Timestamp) -> Result<Vec<Added>> {
        let markings = &self.settings.markings();
        let read = |(i, raw): (usize, &&RawValue)| read_object(i, raw, markings);
        // The dear part, before the lock.
        let objects: Vec<_> = objects.iter().enumerate().map(read).collect();
        let mut writer = self.lock()?;
        let added = writer.time(now);
        let mut staged = Staged::default();
        let mut outcome = Vec::with_capacity(objects.len());
        for object in objects {
            let (facts, text) = match object {
                Ok(object) => object,
                Err(refused) => {
                    outcome.push(refused);
                    continue;
                }
            };
            let (id, level) = (facts.id.clone(), facts.level);
            let version = facts.version.clone().unwrap_or_else(|| index::microseconds(added));
            if self.read().holds(&facts) || staged.index.holds(&facts) {
                outcome.push(Added::Held { id, version, level });
                continue;
            }
            staged.push(&mut writer, added, facts, &text);
            outcome.push(Added::Stored { id, version });
        }
        if !staged.bytes.is_empty() {
            let start = writer.append(&staged.bytes, &self.path)?;
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            for (facts, place) in staged.objects {
                index.insert(&facts, Place { offset: start + place.offset, ..place }, added);
            }
        }
        Ok(outcome)
    }

    /// Deletes versions of an object, as far as a clearance sees and reaches. How many.
    ///
    /// # Errors
    /// If the disk does not let it; then none is deleted.
    pub fn delete(&self, filter: &Filter, clearance: Tlp, now: Timestamp) -> Result<usize> {
        let mut writer = self.lock()?;
        let whole = Extent { from: 0, limit: usize::MAX, bytes_max: u64::MAX };
        let page = self.read().select(clearance, filter, whole);
        let date_added = writer.time(now);
        let mut bytes = Vec::new();
        let mut deleted = Vec::new();
        for entry in page.entries {
            let version = entry.is_versioned.then_some(entry.version_at);
            let one = Deleted { id: entry.id.clone(), version, clearance };
            let line = Line { seq: writer.next(), date_added, object: None, deleted: Some(one) };
            push_line(&mut bytes, &line);
            deleted.push((entry.id, version));
        }
        if !bytes.is_empty() {
            writer.append(&bytes, &self.path)?;
        }
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        for (id, version) in &deleted {
            index.remove(id, *version, clearance);
        }
        Ok(deleted.len())
    }

    /// What a filter leaves of what a clearance sees.
    pub fn select(&self, clearance: Tlp, filter: &Filter, extent: Extent) -> Page {
        self.read().select(clearance, filter, extent)
    }

    /// True if a clearance sees some version of it.
    pub fn shows(&self, id: &str, clearance: Tlp) -> bool {
        self.read().shows(id, clearance)
    }

    /// How many positions a clearance knows.
    pub fn positions(&self, clearance: Tlp) -> usize {
        self.read().positions(clearance)
    }

    /// How many versions of objects were ever kept.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// True if nothing was ever kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The objects of a page, as they were sent, joined by commas.
    ///
    /// # Errors
    /// If the disk does not let it.
    pub fn bytes_of(&self, entries: &[Entry]) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut read = || {
            let mut file = File::open(&self.path)?;
            for (i, entry) in entries.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                let start = out.len();
                out.resize(start + entry.place.length as usize, 0);
                file.seek(SeekFrom::Start(entry.place.offset))?;
                file.read_exact(&mut out[start..])?;
            }
            Ok(())
        };
        read().map_err(Error::io("read", &self.path))?;
        Ok(out)
    }

    fn read(&self) -> RwLockReadGuard<'_, Index> {
        // No writer leaves the index half done: what it holds is right whoever panicked.
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> Result<MutexGuard<'_, Writer>> {
        let writer = self.writer.lock().map_err(|_| Error::Stuck)?;
        if writer.is_stuck { Err(Error::Stuck) } else { Ok(writer) }
    }
}

impl Writer {
    fn next(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    /// Now, to the microsecond, and after all that was: whoever saw one request's objects asks for what was added after them.
    /// The objects of one request have one time; they appear together.
    fn time(&mut self, now: Timestamp) -> Timestamp {
        let micros = now.as_nanos() - now.as_nanos().rem_euclid(MICROSECOND);
        let next = self.last.as_nanos().saturating_add(MICROSECOND);
        self.last = Timestamp::from_nanos(micros.max(next));
        self.last
    }

    /// Writes whole lines and waits for the disk. Where they begin.
    fn append(&mut self, bytes: &[u8], path: &Path) -> Result<u64> {
        let start = self.length;
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // What of it reached the disk is not known: it goes, or nothing more is taken.
            let cut = self.file.set_len(start).and_then(|()| self.file.sync_all());
            self.is_stuck = cut.is_err();
            return Err(Error::io("write", path)(error));
        }
        self.length += bytes.len() as u64;
        Ok(start)
    }
}

/// What is about to be written.
#[derive(Default)]
struct Staged {
    bytes: Vec<u8>,
    objects: Vec<(Facts, Place)>,
    // What the same request brought before.
    index: Index,
}

impl Staged {
    fn push(&mut self, writer: &mut Writer, date_added: Timestamp, facts: Facts, text: &RawValue) {
        let start = self.bytes.len();
        let line = Line { seq: writer.next(), date_added, object: Some(text), deleted: None };
        push_line(&mut self.bytes, &line);
        // The object is the line's last value: behind it stand `}` and the line's end.
        let length = text.get().len();
        let offset = self.bytes.len() - 2 - length;
        debug_assert!(offset > start);
        let length = u32::try_from(length).expect("a request's size is bounded");
        let place = Place { offset: offset as u64, length };
        self.index.insert(&facts, place, date_added);
        self.objects.push((facts, place));
    }
}

fn push_line(bytes: &mut Vec<u8>, line: &Line<'_>) {
    serde_json::to_writer(&mut *bytes, line).expect("a line makes JSON");
    bytes.push(b'\n');
}

type Object = (Facts, Box<RawValue>);

fn read_object(
    i: usize,
    raw: &RawValue,
    markings: &crate::marking::Markings,
) -> std::result::Result<Object, Added> {
    let refused = |id: Option<&str>, reason: String| {
        let id = id.map_or_else(|| format!("objects[{i}]"), |id| shortened(id).to_owned());
        Added::Refused { id, reason }
    };
    let value = strict::read(raw.get()).map_err(|error| refused(None, error.to_string()))?;
    let facts = Facts::of(&value, markings);
    let facts = facts.map_err(|reason| refused(value["id"].as_str(), reason))?;
    // Line ends can only stand between tokens: the rest stays as it was sent.
    let text = match raw.get().contains(['\n', '\r']) {
        false => raw.to_owned(),
        true => RawValue::from_string(raw.get().replace(['\n', '\r'], " "))
            .expect("blanks between tokens are JSON as line ends are"),
    };
    Ok((facts, text))
}

fn shortened(id: &str) -> &str {
    let end = (0..=ID_BYTES_SHOWN.min(id.len())).rev().find(|end| id.is_char_boundary(*end));
    &id[..end.unwrap_or(0)]
}

/// The file, read from its beginning.
struct Reading<'r> {
    settings: &'r Settings,
    path: &'r Path,
    index: Index,
    seq: u64,
    last: Timestamp,
    remarks: &'r mut Vec<String>,
}

impl Reading<'_> {
    /// Where the last whole line ends.
    fn all(&mut self, file: &File) -> Result<u64> {
        let mut reader = BufReader::new(file);
        let mut offset = 0;
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(Error::io("read", self.path))?;
            if line.last() != Some(&b'\n') {
                return Ok(offset);
            }
            if let Err(reason) = self.line(&line, offset) {
                let place = format!("{}, byte {offset}", self.path.display());
                self.remarks.push(format!("{place}: a line is damaged and left out: {reason}"));
            }
            offset += read as u64;
        }
    }

    fn line(&mut self, bytes: &[u8], offset: u64) -> std::result::Result<(), String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let line: Line<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        self.seq = self.seq.max(line.seq);
        self.last = self.last.max(line.date_added);
        if let Some(deleted) = line.deleted {
            self.index.remove(&deleted.id, deleted.version, deleted.clearance);
        }
        let Some(object) = line.object else { return Ok(()) };
        let value = strict::read(object.get()).map_err(|error| error.to_string())?;
        let facts = Facts::of(&value, &self.settings.markings())?;
        let within = object.get().as_ptr() as usize - text.as_ptr() as usize;
        let length = u32::try_from(object.get().len()).map_err(|error| error.to_string())?;
        if !self.index.holds(&facts) {
            let place = Place { offset: offset + within as u64, length };
            // Times never go back, whatever the file says: pages are cut by them.
            self.index.insert(&facts, place, self.last);
        }
        Ok(())
    }
}

/// Makes the empty file of a new collection.
pub(crate) fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(Error::io("make", folder))
}
