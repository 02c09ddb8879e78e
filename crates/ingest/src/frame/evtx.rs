//! EVTX, chunk by chunk, in one pass and without trusting the file's header: how many chunks there
//! are, and whether the log was closed, is seen from the chunks.

use blanik_model::SourceId;

use crate::block::{BLOCK_BYTES, CHUNK_BYTES, Framing};
use crate::feeder::{Outlet, Stopped};
use crate::rejection::{Place, Rejection};
use crate::window::Window;

/// Bytes before the first chunk.
const FILE_HEADER_BYTES: usize = 4096;
/// Bytes before a chunk's first record.
pub(crate) const CHUNK_HEADER_BYTES: usize = 512;
pub(crate) const CHUNK_MAGIC: &[u8] = b"ElfChnk\0";
pub(crate) const RECORD_MAGIC: &[u8] = b"**\0\0";

/// Cuts the whole log.
pub(crate) fn run(
    source: SourceId,
    headless: bool,
    window: &mut Window<'_>,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    if headless {
        let reason = "begins with a chunk, without the file's header";
        outlet.reject(Rejection::note(source, Place::File, reason));
    } else {
        window.fill(FILE_HEADER_BYTES);
        window.skip(FILE_HEADER_BYTES.min(window.bytes().len()));
    }
    Chunks { source, number: 0, gathered: Vec::new(), first: 0 }.run(window, outlet)
}

struct Chunks {
    source: SourceId,
    number: u64,
    gathered: Vec<u8>,
    first: u64,
}

impl Chunks {
    fn run(mut self, window: &mut Window<'_>, outlet: &mut Outlet) -> Result<(), Stopped> {
        loop {
            window.fill(CHUNK_BYTES);
            if window.bytes().is_empty() {
                return self.flush(true, outlet);
            }
            match look(window.bytes()) {
                Found::Chunk => self.take(window, outlet)?,
                Found::Nothing => {
                    // The chunks of a block are numbered without gaps.
                    self.flush(false, outlet)?;
                    window.skip(CHUNK_BYTES.min(window.bytes().len()));
                    self.number += 1;
                }
                Found::Shifted(by) => {
                    let reason = format!(
                        "{by} bytes are missing or too many before this chunk: the next one \
                         begins where none should"
                    );
                    self.lose(reason, outlet);
                    window.skip(by);
                }
                Found::Garbage => {
                    self.lose("neither a chunk nor free space: overwritten".to_owned(), outlet);
                    self.flush(false, outlet)?;
                    window.skip(CHUNK_BYTES.min(window.bytes().len()));
                    self.number += 1;
                }
            }
        }
    }

    fn take(&mut self, window: &mut Window<'_>, outlet: &mut Outlet) -> Result<(), Stopped> {
        if self.gathered.is_empty() {
            self.first = self.number;
        }
        let mut chunk = window.take(CHUNK_BYTES.min(window.bytes().len()));
        if chunk.len() < CHUNK_BYTES {
            let reason = format!(
                "the file ends within this chunk, after {} of {CHUNK_BYTES} bytes; its records \
                 are read as far as they go",
                chunk.len()
            );
            self.lose(reason, outlet);
            chunk.resize(CHUNK_BYTES, 0);
        }
        if !chunk.starts_with(CHUNK_MAGIC) {
            let reason = "the chunk's first bytes are overwritten; its records are read";
            outlet.reject(Rejection::note(self.source, Place::Chunk(self.number), reason));
            chunk[..CHUNK_MAGIC.len()].copy_from_slice(CHUNK_MAGIC);
        }
        self.gathered.append(&mut chunk);
        self.number += 1;
        if self.gathered.len() >= BLOCK_BYTES { self.flush(false, outlet) } else { Ok(()) }
    }

    fn lose(&self, reason: String, outlet: &mut Outlet) {
        outlet.reject(Rejection::loss(self.source, Place::Chunk(self.number), 0, reason));
    }

    fn flush(&mut self, last: bool, outlet: &mut Outlet) -> Result<(), Stopped> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.gathered);
        outlet.block(self.source, bytes, self.first, Framing::EvtxChunks, last)
    }
}

/// What stands where a chunk should.
enum Found {
    Chunk,
    /// Zeroes, or the few bytes left of a file.
    Nothing,
    /// A chunk, so many bytes later.
    Shifted(usize),
    Garbage,
}

fn look(bytes: &[u8]) -> Found {
    let has_header = bytes.starts_with(CHUNK_MAGIC);
    let records = bytes.get(CHUNK_HEADER_BYTES..).is_some_and(|r| r.starts_with(RECORD_MAGIC));
    if records || has_header && bytes.len() > CHUNK_HEADER_BYTES {
        return Found::Chunk;
    }
    if bytes.iter().all(|&b| b == 0) {
        return Found::Nothing;
    }
    match memchr::memmem::find(bytes, CHUNK_MAGIC) {
        Some(by) if by > 0 => Found::Shifted(by),
        _ => Found::Garbage,
    }
}
