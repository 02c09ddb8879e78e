//! EVTX chunks → records as JSON, by the `evtx` crate. What the chunk's header says wrongly is
//! repaired first, as far as the records themselves tell.

use std::ops::Range;
use std::sync::Arc;

use ::evtx::err::EvtxError;
use ::evtx::{EvtxChunkData, ParserSettings};
use blanik_model::SourceId;

use crate::frame::evtx::{CHUNK_HEADER_BYTES, RECORD_MAGIC};
use crate::rejection::{Place, Rejection};

/// Offsets within a chunk's header (libevtx, "Windows XML Event Log format", 3).
const LAST_RECORD_ID: usize = 32;
const FREE_SPACE: usize = 48;
const STRINGS: Range<usize> = 128..384;

/// Renders chunks. Keeps nothing between them but settings.
pub struct EvtxReader {
    settings: Arc<ParserSettings>,
}

impl Default for EvtxReader {
    fn default() -> Self {
        EvtxReader { settings: Arc::new(ParserSettings::default().indent(false)) }
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
