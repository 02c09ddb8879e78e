//! From an input to its logs: walks folders, opens archives and compressed files by their content,
//! as deep as they are nested, and hands each log to the framer of its format.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::UNIX_EPOCH;

use blanik_model::{SourceId, Timestamp};

use crate::block::BLOCK_BYTES;
use crate::digested::{Constancy, Hashing};
use crate::feeder::{Outlet, Stopped};
use crate::frame::{self, About, Frame};
use crate::input::{Format, Input, Limits, Options};
use crate::mapping::{Lines, LinesAsJson};
use crate::meter::{Budget, Counted, Expanding, Peeked};
use crate::rejection::{Place, Rejection};
use crate::sniff::{Content, Packing, SNIFF_BYTES, sniff};
use crate::transcode::Utf16;
use crate::walk::{Walked, walk};
use crate::window::Window;

/// The state of one reading.
pub(crate) struct Opener {
    options: Options,
    pub outlet: Outlet,
    // Under which path a file was found first, by its real one.
    known: BTreeMap<PathBuf, PathBuf>,
}

/// Something to read, found in the inputs.
enum Found<'i> {
    Stdin,
    File(PathBuf),
    Bytes(&'i str, &'i [u8]),
}

/// Where in the nest of archives we are.
#[derive(Clone, Copy)]
pub(crate) struct Nest<'a> {
    /// The display name.
    pub name: &'a str,
    /// The log or archive itself.
    pub source: SourceId,
    /// Layers around it.
    pub depth: usize,
    /// Of the input file around all of it.
    pub budget: &'a Budget,
    /// When it was last written to, where that is known.
    pub written: Option<Timestamp>,
}

impl Opener {
    pub fn new(options: Options, outlet: Outlet) -> Self {
        Opener { options, outlet, known: BTreeMap::new() }
    }

    pub fn limits(&self) -> Limits {
        self.options.limits.clone()
    }

    /// Reads all inputs.
    pub fn run(mut self, inputs: &[Input]) -> Result<(), Stopped> {
        let mut found = Vec::new();
        for input in inputs {
            match input {
                Input::Stdin => found.push(Found::Stdin),
                Input::Path(path) => self.find(path, &mut found),
                Input::Bytes { name, bytes } => {
                    let total = &self.outlet.shared.bytes_total;
                    total.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                    found.push(Found::Bytes(name, bytes));
                }
            }
        }
        self.outlet.shared.files_total.store(found.len() as u64, Ordering::Relaxed);
        for found in found {
            match found {
                Found::Stdin => self.stream("<stdin>", io::stdin().lock())?,
                Found::File(path) => self.file(&path)?,
                Found::Bytes(name, bytes) => self.stream(name, bytes)?,
            }
            self.outlet.settle();
            self.outlet.shared.files_done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn find(&mut self, path: &Path, found: &mut Vec<Found<'_>>) {
        let depth_max = self.options.limits.folder_depth_max;
        for walked in walk(path, depth_max) {
            match walked {
                Walked::File { path, bytes } => {
                    if let Some(first) = self.known_as(&path) {
                        let reason = format!("is the file that is read as {}", first.display());
                        let source = self.outlet.source(&path.to_string_lossy());
                        self.outlet.reject(Rejection::skipped(source, reason));
                        continue;
                    }
                    self.outlet.shared.bytes_total.fetch_add(bytes, Ordering::Relaxed);
                    found.push(Found::File(path));
                }
                Walked::Skipped { path, reason } => {
                    let source = self.outlet.source(&path.to_string_lossy());
                    self.outlet.reject(Rejection::skipped(source, reason));
                }
                Walked::Unreadable { path, reason } => {
                    let source = self.outlet.source(&path.to_string_lossy());
                    self.outlet.reject(Rejection::loss(source, Place::File, 0, reason));
                }
                Walked::Missing { path, reason } => {
                    let source = self.outlet.source(&path.to_string_lossy());
                    self.outlet.reject(Rejection::missing(source, reason));
                }
            }
        }
    }

    /// The path that a file was found under before: named twice, or linked to.
    fn known_as(&mut self, path: &Path) -> Option<PathBuf> {
        // What has no real path cannot be opened either, which is said there.
        match self.known.entry(path.canonicalize().ok()?) {
            Entry::Occupied(first) => Some(first.get().clone()),
            Entry::Vacant(new) => {
                new.insert(path.to_owned());
                None
            }
        }
    }

    /// Reads what cannot be sought.
    fn stream(&mut self, name: &str, inner: impl Read) -> Result<(), Stopped> {
        let shared = self.outlet.shared.clone();
        let budget = Budget::default();
        let mut reader = Counted { inner, budget: &budget, total: &shared.bytes_read };
        let source = self.outlet.source(name);
        let nest = Nest { name, source, depth: 0, budget: &budget, written: None };
        self.visit(nest, &mut reader, None)
    }

    fn file(&mut self, path: &Path) -> Result<(), Stopped> {
        let name = path.to_string_lossy();
        let source = self.outlet.source(&name);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) => {
                let reason = format!("cannot be opened: {error}");
                self.outlet.reject(Rejection::loss(source, Place::File, 0, reason));
                return Ok(());
            }
        };
        let (budget, written) = (Budget::default(), written(&file));
        let nest = Nest { name: &name, source, depth: 0, budget: &budget, written };
        if self.options.digests {
            return self.hashed(nest, path, &file);
        }
        let shared = self.outlet.shared.clone();
        let mut reader = Counted { inner: &file, budget: &budget, total: &shared.bytes_read };
        self.visit(nest, &mut reader, Some(&file))
    }

    /// Reads a file, and keeps the digest of what was read.
    fn hashed(&mut self, nest: Nest<'_>, path: &Path, file: &File) -> Result<(), Stopped> {
        let shared = self.outlet.shared.clone();
        let mut hashing = Hashing::new(file);
        let (inner, total) = (&mut hashing, &shared.bytes_read);
        self.visit(nest, &mut Counted { inner, budget: nest.budget, total }, Some(file))?;
        let mut lost =
            |reason| self.outlet.reject(Rejection::loss(nest.source, Place::File, 0, reason));
        match hashing.finish(path) {
            Ok((digested, constancy)) => {
                if constancy == Constancy::Changed {
                    lost(
                        "was written to while it was read: its digest may be of other bytes".into(),
                    );
                }
                self.outlet.digest(digested);
            }
            Err(error) => lost(format!("cannot be read to its end for its digest: {error}")),
        }
        Ok(())
    }

    /// Reads a log or an archive. `file` is it, if it is a file on disk that can be sought.
    pub fn visit(
        &mut self,
        nest: Nest<'_>,
        reader: &mut dyn Read,
        file: Option<&File>,
    ) -> Result<(), Stopped> {
        let mut reader = Peeked::new(reader, SNIFF_BYTES);
        let content = sniff(reader.head());
        if let Some(lines) = self.own_lines(&content, reader.head()) {
            let record_bytes_max = self.options.limits.record_bytes_max.max(BLOCK_BYTES);
            let text = BufReader::new(&mut reader);
            let mut json = LinesAsJson::new(&lines, text, record_bytes_max);
            return self.frame(nest, Frame::JsonLines, &mut json);
        }
        match content {
            Content::Packed(packing) => self.unpack(nest, packing, &mut reader, file),
            Content::Utf16 { big_endian } => {
                let mut text = Utf16::new(&mut reader, big_endian);
                match self.deeper(nest) {
                    Some(inner) => self.visit(inner, &mut text, None),
                    None => Ok(()),
                }
            }
            Content::Log(frame) => self.frame(nest, frame, &mut reader),
            Content::Empty => self.empty(nest, &mut reader),
            Content::Other(what) => match self.options.format {
                Some(_) => self.frame(nest, Frame::JsonLines, &mut reader),
                None => {
                    self.outlet.reject(Rejection::skipped(nest.source, what));
                    Ok(())
                }
            },
            Content::ZeekWithoutHeader if self.options.format.is_none() => {
                let mut window = Window::new(&mut reader, self.outlet.spares());
                frame::zeek::headless(nest.source, &mut window, &mut self.outlet);
                Ok(())
            }
            Content::ZeekWithoutHeader => self.frame(nest, Frame::Zeek, &mut reader),
        }
    }

    /// The user's format that a text is of. What is told by its very form stays what it is.
    fn own_lines(&self, content: &Content, head: &[u8]) -> Option<Arc<Lines>> {
        let is_told = match content {
            Content::Empty | Content::Packed(_) | Content::Utf16 { .. } => true,
            Content::Log(Frame::Evtx { .. } | Frame::Json { .. } | Frame::JsonLines) => true,
            Content::Log(Frame::Xml | Frame::Zeek) => true,
            _ => self.options.format.is_some(),
        };
        let mut own = self.options.mapping.lines().filter(|_| !is_told);
        own.find(|lines| lines.fit(head)).cloned()
    }

    fn empty(&mut self, nest: Nest<'_>, reader: &mut dyn Read) -> Result<(), Stopped> {
        let rejection = match reader.read(&mut [0]) {
            Err(error) => Rejection::loss(nest.source, Place::File, 0, damaged(&error, 0)),
            Ok(_) => Rejection::note(nest.source, Place::File, "the file is empty"),
        };
        self.outlet.reject(rejection);
        Ok(())
    }

    fn frame(
        &mut self,
        nest: Nest<'_>,
        sniffed: Frame,
        reader: &mut dyn Read,
    ) -> Result<(), Stopped> {
        let how = match self.options.format {
            Some(format) => forced(format, sniffed),
            None => sniffed,
        };
        let mut window = Window::new(reader, self.outlet.spares());
        let record_bytes_max = self.options.limits.record_bytes_max.max(BLOCK_BYTES);
        let (year, written) = (self.options.year, nest.written);
        let about = About { source: nest.source, record_bytes_max, written, year };
        frame::run(how, about, &mut window, &mut self.outlet)?;
        if let Some(error) = window.damage() {
            let reason = damaged(error, window.end());
            let place = Place::Offset(window.end());
            self.outlet.reject(Rejection::loss(nest.source, place, 0, reason));
        }
        Ok(())
    }

    fn unpack(
        &mut self,
        nest: Nest<'_>,
        packing: Packing,
        reader: &mut Peeked<'_>,
        file: Option<&File>,
    ) -> Result<(), Stopped> {
        let Some(inner) = self.deeper(nest) else { return Ok(()) };
        match packing {
            Packing::Zip => return self.zip(inner, reader, file),
            Packing::Tar => return self.tar(inner, reader),
            _ => {}
        }
        let inner = Nest { written: packed(packing, reader.head()).or(inner.written), ..inner };
        let decoder: io::Result<Box<dyn Read + '_>> = decompressor(packing, reader);
        match decoder {
            Ok(decoder) => {
                let limits = self.limits();
                let mut reader = Expanding { inner: decoder, budget: nest.budget, limits: &limits };
                self.visit(inner, &mut reader, None)
            }
            Err(error) => {
                let reason = damaged(&error, 0);
                self.outlet.reject(Rejection::loss(nest.source, Place::File, 0, reason));
                Ok(())
            }
        }
    }

    /// One layer further in, unless that is too deep.
    fn deeper<'a>(&mut self, nest: Nest<'a>) -> Option<Nest<'a>> {
        let max = self.options.limits.nesting_max;
        if nest.depth >= max {
            let reason = format!("nested more than {max} layers deep (limit): not opened");
            self.outlet.reject(Rejection::loss(nest.source, Place::File, 0, reason));
            return None;
        }
        Some(Nest { depth: nest.depth + 1, ..nest })
    }
}

/// When a file was last written to. What was packed long ago, or by a program that keeps no times, says
/// a moment before any log.
fn written(file: &File) -> Option<Timestamp> {
    let since = file.metadata().ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    told(Timestamp::from_nanos(i64::try_from(since.as_nanos()).ok()?))
}

/// When what is packed was last written to. RFC 1952, 2.3.1: MTIME.
fn packed(packing: Packing, head: &[u8]) -> Option<Timestamp> {
    let bytes: [u8; 4] = head.get(4..8)?.try_into().ok()?;
    let seconds = i64::from(u32::from_le_bytes(bytes));
    Timestamp::from_seconds(seconds).and_then(told).filter(|_| packing == Packing::Gzip)
}

/// The moment, if it is one that says something.
pub(crate) fn told(time: Timestamp) -> Option<Timestamp> {
    /// 1981-01-01: archives have 1970 or 1980 for none.
    const FIRST_SECONDS: i64 = 347_155_200;
    (time >= Timestamp::from_seconds(FIRST_SECONDS)?).then_some(time)
}

fn decompressor<'a>(
    packing: Packing,
    reader: &'a mut Peeked<'_>,
) -> io::Result<Box<dyn Read + 'a>> {
    /// What an .xz file may ask of memory; `xz -9` asks for 65 MiB.
    const XZ_MEMORY_BYTES_MAX: u64 = 256 << 20;
    Ok(match packing {
        Packing::Gzip => Box::new(flate2::read::MultiGzDecoder::new(reader)),
        Packing::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(reader)),
        Packing::Xz => {
            let flags = liblzma::stream::CONCATENATED;
            let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY_BYTES_MAX, flags)
                .map_err(io::Error::other)?;
            Box::new(liblzma::read::XzDecoder::new_stream(reader, stream))
        }
        Packing::Zstd => Box::new(zstd::stream::read::Decoder::new(reader)?),
        Packing::Zip | Packing::Tar => unreachable!("these hold members and are opened elsewhere"),
    })
}

/// The framer for a format given by the caller; within JSON, the layout is still looked at.
fn forced(format: Format, sniffed: Frame) -> Frame {
    match (format, sniffed) {
        (Format::Evtx, Frame::Evtx { .. }) => sniffed,
        (Format::Evtx, _) => Frame::Evtx { headless: false },
        (Format::Json, Frame::JsonLines | Frame::Json { .. }) => sniffed,
        (Format::Json, _) => Frame::JsonLines,
        (Format::Xml, _) => Frame::Xml,
        (Format::ZeekTsv, _) => Frame::Zeek,
        (Format::Text(format), _) => Frame::Text(format),
    }
}

/// The sentence for a reader that failed.
pub(crate) fn damaged(error: &io::Error, at: u64) -> String {
    format!("damaged or cut off after {at} bytes: {error}; what came before was read")
}

pub(crate) fn join(outer: &str, member: &str) -> String {
    format!("{outer}!{member}")
}
