//! EVTX chunks → records: by their templates where these are known, else as JSON, by the `evtx`
//! crate. What the chunk's header says wrongly is repaired first, as far as the records themselves
//! tell; only chunks whose checksum fits are read by templates.

mod instance;
mod known;
mod outline;
mod template;
mod value;

use std::ops::Range;
use std::sync::Arc;

use ::evtx::err::EvtxError;
use ::evtx::{EvtxChunkData, ParserSettings};
use blanik_model::{RawBlock, SourceId};

use self::known::Known;
use super::json::JsonReader;
use super::{Origin, RecordSink, json, rejected};
use crate::block::Block;
use crate::frame::evtx::{CHUNK_HEADER_BYTES, RECORD_MAGIC};
use crate::record::{Hint, Record};
use crate::rejection::{Place, Rejection};

/// Offsets within a chunk's header (libevtx, "Windows XML Event Log format", 3).
const LAST_RECORD_ID: usize = 32;
const FREE_SPACE: usize = 48;
const STRINGS: Range<usize> = 128..384;

/// Bytes of a record before its fragment, and behind it.
const RECORD_HEADER_BYTES: usize = 24;
const RECORD_END_BYTES: usize = 4;
const FLAGS: usize = 120;
const NO_CHECKSUM: u32 = 4;
/// A FILETIME in the year 9839: what comes later is not always a time.
const TIME_MAX: u64 = 2_600_000_000_000_000_000;

/// See the module.
pub struct EvtxReader {
    settings: Arc<ParserSettings>,
    known: Known,
}

/// Where a chunk's records come from and go to.
struct Way<'a, S> {
    block: &'a Block,
    number: u64,
    // Where the chunk begins in the block.
    base: usize,
    chunk: &'a [u8],
    sink: &'a mut S,
    reader: &'a mut JsonReader,
    record: &'a mut Record,
}

/// A record of a sound chunk.
struct Placed {
    id: u64,
    span: Range<usize>,
}

impl Default for EvtxReader {
    fn default() -> Self {
        EvtxReader {
            settings: Arc::new(ParserSettings::default().indent(false)),
            known: Known::default(),
        }
    }
}

/// A chunk's records as JSON.
#[derive(Default)]
pub(crate) struct Rendered {
    pub json: Vec<u8>,
    /// Record ids, and where in `json` each record lies.
    pub records: Vec<(u64, Range<u32>)>,
    pub rejections: Vec<Rejection>,
}

impl EvtxReader {
    /// Decodes a block of chunks. A record that was rendered has its JSON as raw bytes, another its
    /// place in the chunk.
    pub(crate) fn decode(
        &mut self,
        block: &Block,
        reader: &mut JsonReader,
        record: &mut Record,
        sink: &mut impl RecordSink,
    ) {
        let chunks = block.bytes.chunks(crate::block::CHUNK_BYTES);
        for (i, chunk) in chunks.enumerate() {
            let (number, base) = (block.first + i as u64, i * crate::block::CHUNK_BYTES);
            let mut way = Way { block, number, base, chunk, sink, reader, record };
            match sound(chunk) {
                Some((data, records)) => self.by_template(&mut way, data, &records),
                None => self.as_json(&mut way, 0),
            }
        }
    }

    /// Renders the chunk; gives the records from that one on.
    fn as_json<S: RecordSink>(&mut self, way: &mut Way<'_, S>, from: usize) {
        let rendered = self.render(way.block.source, Place::Chunk(way.number), way.chunk);
        for rejection in rendered.rejections {
            way.sink.reject(rejection);
        }
        let raw: RawBlock = rendered.json.into();
        for (id, span) in rendered.records.into_iter().skip(from) {
            way.json(id, &raw, span);
        }
    }

    fn by_template<S: RecordSink>(
        &mut self,
        way: &mut Way<'_, S>,
        mut data: EvtxChunkData,
        records: &[Placed],
    ) {
        self.known.begin_chunk();
        let taken = records.iter().take_while(|record| way.take(&mut self.known, record)).count();
        if taken == records.len() {
            return;
        }
        let Ok(mut chunk) = data.parse(Arc::clone(&self.settings)) else {
            return self.as_json(way, taken);
        };
        let rest = chunk.iter().zip(records).enumerate().skip(taken);
        for (i, (item, record)) in rest {
            if i > taken && way.take(&mut self.known, record) {
                continue;
            }
            match item.and_then(::evtx::EvtxRecord::into_json_bytes) {
                Ok(json) => way.rendered(&mut self.known, record.id, json.data),
                Err(error) => {
                    way.sink.reject(lost(way.block.source, Place::Chunk(way.number), &error));
                }
            }
        }
    }

    /// Another block, or another chunk: see [`again`](Self::again).
    pub(crate) fn begin_chunk(&mut self) {
        self.known.begin_chunk();
    }

    /// Reads the record that begins where `origin` says, in a chunk that is the same as the last time
    /// unless [another](Self::begin_chunk) was begun.
    pub(crate) fn again(
        &mut self,
        chunk: &[u8],
        at: usize,
        reader: &mut JsonReader,
        record: &mut Record,
        sink: &mut impl RecordSink,
        origin: Origin<'_>,
    ) {
        let Some((_, end)) = record_at(chunk, at) else { return };
        let fragment = at + RECORD_HEADER_BYTES..end - RECORD_END_BYTES;
        if self.known.take(chunk, fragment, sink, origin.clone()) {
            return;
        }
        let Some(json) = self.rendered(chunk, at) else { return };
        let Ok(clean) = reader.read(&json, record) else { return };
        sink.record(record, Hint::WindowsXmlShape, origin);
        if clean && self.known.is_to_learn() {
            let layout = || sink.learn(record, Hint::WindowsXmlShape, true);
            self.known.learn(chunk, record, layout);
        }
    }

    /// The record that begins there in a chunk, as JSON.
    pub(crate) fn rendered(&self, chunk: &[u8], at: usize) -> Option<Vec<u8>> {
        let mut data = EvtxChunkData::new(chunk.to_vec(), false).ok()?;
        // The crate walks from the first record. With the records between made part of that one's
        // tail, which nothing reads, the second is the one asked for.
        let before = at.checked_sub(CHUNK_HEADER_BYTES)?;
        if before > 0 {
            let size = data.data.get_mut(CHUNK_HEADER_BYTES + 4..CHUNK_HEADER_BYTES + 8)?;
            size.copy_from_slice(&u32::try_from(before).ok()?.to_le_bytes());
        }
        let mut chunk = data.parse(Arc::clone(&self.settings)).ok()?;
        let record = chunk.iter().nth(usize::from(before > 0))?.ok()?;
        Some(record.into_json_bytes().ok()?.data)
    }

    /// Renders one chunk of 64 KiB.
    pub(crate) fn render(&self, source: SourceId, place: Place, chunk: &[u8]) -> Rendered {
        let mut out = Rendered::default();
        let mut bytes = chunk.to_vec();
        let note = |out: &mut Rendered, reason: &str| {
            out.rejections.push(Rejection::note(source, place, reason));
        };
        if let Ok(data) = EvtxChunkData::new(bytes.clone(), false)
            && !data.validate_checksum()
        {
            note(&mut out, "the chunk's checksum does not fit: changed, damaged, or not closed");
        }
        if extend_to_last_record(&mut bytes) {
            note(&mut out, "the chunk's header knows fewer records than there are; all are read");
        }
        let first_try = EvtxChunkData::new(bytes.clone(), false);
        let read = match first_try {
            Ok(mut data) => self.records(source, place, &mut data, &mut out),
            Err(error) => Err(error.to_string()),
        };
        if read.is_ok() {
            return out;
        }
        note(&mut out, "the chunk's table of names is damaged; names are read where they stand");
        bytes[STRINGS].fill(0);
        let again = EvtxChunkData::new(bytes, false).map_err(|error| error.to_string());
        if let Err(reason) =
            again.and_then(|mut data| self.records(source, place, &mut data, &mut out))
        {
            out.rejections.push(Rejection::loss(source, place, 0, reason));
        }
        out
    }

    fn records(
        &self,
        source: SourceId,
        place: Place,
        data: &mut EvtxChunkData,
        out: &mut Rendered,
    ) -> Result<(), String> {
        let mut chunk = data.parse(Arc::clone(&self.settings)).map_err(|e| e.to_string())?;
        for record in chunk.iter() {
            let rendered = record.and_then(|record| {
                let id = record.event_record_id;
                record.into_json_bytes().map(|json| (id, json.data))
            });
            match rendered {
                Ok((id, json)) => {
                    let at = |n| u32::try_from(n).expect("the crate bounds what a chunk becomes");
                    let start = at(out.json.len());
                    out.json.extend_from_slice(&json);
                    out.records.push((id, start..at(out.json.len())));
                }
                Err(error) => out.rejections.push(lost(source, place, &error)),
            }
        }
        Ok(())
    }
}

impl<S: RecordSink> Way<'_, S> {
    fn take(&mut self, known: &mut Known, record: &Placed) -> bool {
        let Range { start, end } = record.span;
        // A block's length is bounded far below 4 GiB.
        let span = (self.base + start) as u32..(self.base + end) as u32;
        let (source, raw) = (self.block.source, &self.block.bytes);
        let origin = Origin { source, number: record.id, raw, span };
        let fragment = start + RECORD_HEADER_BYTES..end - RECORD_END_BYTES;
        known.take(self.chunk, fragment, self.sink, origin)
    }

    /// A record that was not taken.
    fn rendered(&mut self, known: &mut Known, id: u64, json: Vec<u8>) {
        let raw: RawBlock = json.into();
        let span = 0..u32::try_from(raw.len()).expect("the crate bounds what a record becomes");
        if !known.is_to_learn() {
            return self.json(id, &raw, span);
        }
        match self.reader.read(&raw, self.record) {
            Ok(clean) => {
                let origin = Origin { source: self.block.source, number: id, raw: &raw, span };
                self.sink.record(self.record, Hint::WindowsXmlShape, origin);
                if clean {
                    let (record, sink) = (&*self.record, &mut *self.sink);
                    let layout = || sink.learn(record, Hint::WindowsXmlShape, true);
                    known.learn(self.chunk, record, layout);
                }
            }
            Err(error) => self.reject(id, &error),
        }
    }

    fn json(&mut self, id: u64, raw: &RawBlock, span: Range<u32>) {
        let text = &raw[span.start as usize..span.end as usize];
        let origin = Origin { source: self.block.source, number: id, raw, span };
        let hint = Hint::WindowsXmlShape;
        if let Err(error) = json(self.reader, text, self.record, hint, origin, self.sink) {
            self.reject(id, &error);
        }
    }

    fn reject(&mut self, id: u64, error: &super::json::JsonError) {
        self.sink.reject(rejected(self.block.source, Place::Record(id), error));
    }
}

/// The chunk and its records, if it is as its header says: its checksum fits, and its records follow
/// each other up to the free space.
fn sound(chunk: &[u8]) -> Option<(EvtxChunkData, Vec<Placed>)> {
    let data = EvtxChunkData::new(chunk.to_vec(), true).ok()?;
    if u32_at(chunk, FLAGS) & NO_CHECKSUM != 0 {
        return None;
    }
    let free = u32_at(chunk, FREE_SPACE) as usize;
    let mut records: Vec<Placed> = Vec::new();
    let mut at = CHUNK_HEADER_BYTES;
    while at < free {
        let (id, end) = record_at(chunk, at)?;
        let follows = records.last().is_none_or(|last| id == last.id.wrapping_add(1));
        if !follows || u64_at(chunk, at + 16) > TIME_MAX {
            return None;
        }
        records.push(Placed { id, span: at..end });
        at = end;
    }
    let last = records.last()?.id;
    let goes_on = record_at(chunk, at).is_some_and(|(id, _)| id == last.wrapping_add(1));
    let is_whole = at == free && last == u64_at(chunk, LAST_RECORD_ID) && !goes_on;
    is_whole.then_some((data, records))
}

fn lost(source: SourceId, chunk: Place, error: &EvtxError) -> Rejection {
    let place = match error {
        EvtxError::FailedToParseRecord { record_id, .. } => Place::Record(*record_id),
        _ => chunk,
    };
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        reason = format!("{reason}: {inner}");
        cause = inner.source();
    }
    Rejection::loss(source, place, 1, reason)
}

/// A log that was not closed has records behind what its header calls the last one. Follows them
/// as long as their ids go on by one, and corrects the header; true if there were any.
fn extend_to_last_record(chunk: &mut [u8]) -> bool {
    let mut last: Option<u64> = None;
    let mut at = CHUNK_HEADER_BYTES;
    while let Some((id, end)) = record_at(chunk, at) {
        if last.is_some_and(|last| id != last.wrapping_add(1)) {
            break;
        }
        last = Some(id);
        at = end;
    }
    let Some(last) = last else { return false };
    let free = u32_at(chunk, FREE_SPACE) as usize;
    let known = u64_at(chunk, LAST_RECORD_ID);
    if at <= free && last <= known {
        return false;
    }
    chunk[FREE_SPACE..FREE_SPACE + 4].copy_from_slice(&(at.max(free) as u32).to_le_bytes());
    chunk[LAST_RECORD_ID..LAST_RECORD_ID + 8].copy_from_slice(&last.max(known).to_le_bytes());
    true
}

/// Id and end of the whole record at an offset.
fn record_at(chunk: &[u8], at: usize) -> Option<(u64, usize)> {
    const SMALLEST: usize = 28;
    let head = chunk.get(at..at + SMALLEST)?;
    let size = u32_at(head, 4) as usize;
    let end = at.checked_add(size)?;
    let whole = head.starts_with(RECORD_MAGIC)
        && size >= SMALLEST
        && end <= chunk.len()
        && u32_at(chunk, end - 4) as usize == size;
    whole.then(|| (u64_at(head, 8), end))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}
