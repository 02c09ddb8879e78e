//! EVTX → more EVTX. Chunks stand alone, so those of all logs are packed into large files; in each
//! round times, identifiers and text inside the records are new, in place and of the same length. Text
//! without digits to draw anew gets other capitals: the same to rules, another value to a reader.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::binxml::{self, Slot};
use super::draw::{self, Draw};
use super::json::Names;
use super::report::{Compared, Made};
use super::sink::Sink;
use super::tally::Tally;
use super::variant;
use crate::tree;

const CHUNK_BYTES: usize = 1 << 16;
const CHUNK_HEADER_BYTES: usize = 512;
const FILE_HEADER_BYTES: usize = 4096;
/// Chunks of a file, which are 64 MiB; the header can count 65,535.
const FILE_CHUNKS: usize = 1024;
/// A month in units of 100 ns: between the rounds' times.
const STEP: u64 = 31 * 86_400 * 10_000_000;
/// Between the rounds' record numbers.
const RECORD_STEP: u64 = 1_000_000_000;

/// Expands the logs below `from` into files in `to`, `bytes` in all.
pub fn expand(from: &Path, to: &Path, bytes: u64, seed: u64) -> Result<Made> {
    let originals = Originals::read(from, seed)?;
    ensure!(!originals.chunks.is_empty(), "{} holds no whole chunk", from.display());
    let (mut names, mut before, mut after) = (Names::new(), Tally::default(), Tally::default());
    for chunk in &originals.chunks {
        count(chunk, &mut names, &mut before);
    }
    let per_file = FILE_HEADER_BYTES as u64 + (FILE_CHUNKS * CHUNK_BYTES) as u64;
    let chunks_max = chunks_in(bytes, per_file);
    let (mut files, mut events, mut made) = (Vec::new(), 0, 0);
    while made < chunks_max {
        let count_here = FILE_CHUNKS.min(chunks_max - made);
        let path = to.join(format!("{:04}.evtx", files.len() + 1));
        let mut sink = Sink::create(&path, per_file)?;
        sink.write(&file_header(count_here as u16))?;
        for index in made..made + count_here {
            let round = (index / originals.chunks.len()) as u64;
            let mut chunk = originals.chunks[index % originals.chunks.len()].clone();
            events += renew(&mut chunk, seed, round);
            count(&chunk, &mut names, &mut after);
            sink.write(&chunk)?;
        }
        files.push(sink.finish()?);
        made += count_here;
    }
    let rates = Compared::all(
        &before.rates(|field| names.name(field)),
        &after.rates(|field| names.name(field)),
        // Channels and providers, their GUIDs, keywords: what makes the kind.
        |name, _| matches!(name, "system.text" | "system.guid" | "system.hex64"),
    );
    let note = format!(
        "from {} logs, {} chunks ({} damaged or empty ones left out), {:.2} times",
        originals.logs,
        originals.chunks.len(),
        originals.left_out,
        made as f64 / originals.chunks.len() as f64
    );
    Ok(Made { files, events, rates, notes: vec![note], ..Made::default() })
}

/// How many chunks fit into so many bytes of files with headers.
fn chunks_in(bytes: u64, per_file: u64) -> usize {
    let rest = (bytes % per_file).saturating_sub(FILE_HEADER_BYTES as u64);
    (bytes / per_file) as usize * FILE_CHUNKS + rest as usize / CHUNK_BYTES
}

struct Originals {
    chunks: Vec<Vec<u8>>,
    logs: usize,
    left_out: usize,
}

impl Originals {
    /// All chunks that are whole, in an order that mixes the logs.
    fn read(from: &Path, seed: u64) -> Result<Originals> {
        let mut all = Originals { chunks: Vec::new(), logs: 0, left_out: 0 };
        let is_log = |path: &Path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("evtx"));
        for path in tree::files(from)?.iter().filter(|path| is_log(path)) {
            let log =
                std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            all.logs += 1;
            let chunks = log.get(FILE_HEADER_BYTES..).unwrap_or_default().chunks_exact(CHUNK_BYTES);
            for chunk in chunks {
                if is_whole(chunk) && !records(chunk).is_empty() {
                    all.chunks.push(chunk.to_vec());
                } else {
                    all.left_out += 1;
                }
            }
        }
        all.chunks.sort_by_cached_key(|chunk| draw::hash(seed, chunk));
        Ok(all)
    }
}

/// True if both checksums fit.
fn is_whole(chunk: &[u8]) -> bool {
    let end = u32_at(chunk, 48) as usize;
    chunk.starts_with(b"ElfChnk\0")
        && (CHUNK_HEADER_BYTES..=CHUNK_BYTES).contains(&end)
        && u32_at(chunk, 52) == crc32fast::hash(&chunk[CHUNK_HEADER_BYTES..end])
        && u32_at(chunk, 124) == header_checksum(chunk)
}

fn header_checksum(chunk: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&chunk[..120]);
    hasher.update(&chunk[128..CHUNK_HEADER_BYTES]);
    hasher.finalize()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// Where the records of a chunk stand.
fn records(chunk: &[u8]) -> Vec<Range<usize>> {
    let end = u32_at(chunk, 48) as usize;
    let (mut at, mut records) = (CHUNK_HEADER_BYTES, Vec::new());
    while at + 28 <= end && chunk[at..].starts_with(b"**\0\0") {
        let length = u32_at(chunk, at + 4) as usize;
        if length < 28 || at + length > end {
            break;
        }
        records.push(at..at + length);
        at += length;
    }
    records
}

/// Makes a chunk's values those of a round; returns how many records it has.
fn renew(chunk: &mut [u8], seed: u64, round: u64) -> u64 {
    let records = records(chunk);
    if round == 0 {
        return records.len() as u64;
    }
    let mut slots = Vec::new();
    for record in &records {
        let id = u64_at(chunk, record.start + 8);
        add(chunk, record.start + 8, round * RECORD_STEP);
        add(chunk, record.start + 16, round * STEP);
        binxml::slots(chunk, record.start + 24..record.end - 4, &mut slots);
        for slot in &slots {
            if slot.kind == 0x0a && slot.at.len() == 8 && u64_at(chunk, slot.at.start) == id {
                add(chunk, slot.at.start, round * RECORD_STEP);
            } else {
                renew_value(chunk, slot, seed, round);
            }
        }
    }
    // First and last record number, and their identifiers.
    for at in [8, 16, 24, 32] {
        add(chunk, at, round * RECORD_STEP);
    }
    let end = u32_at(chunk, 48) as usize;
    let data = crc32fast::hash(&chunk[CHUNK_HEADER_BYTES..end]);
    chunk[52..56].copy_from_slice(&data.to_le_bytes());
    let header = header_checksum(chunk);
    chunk[124..128].copy_from_slice(&header.to_le_bytes());
    records.len() as u64
}

fn add(chunk: &mut [u8], at: usize, number: u64) {
    let sum = u64_at(chunk, at).wrapping_add(number);
    chunk[at..at + 8].copy_from_slice(&sum.to_le_bytes());
}

fn renew_value(chunk: &mut [u8], slot: &Slot, seed: u64, round: u64) {
    let at = slot.at.start;
    let value = &mut chunk[slot.at.clone()];
    let mut draw = Draw::of(seed, value, round);
    match (slot.kind, value.len()) {
        (0x01 | 0x81, _) => renew_text(value, slot.is_payload, seed, round),
        // Numbers that identify: process ids are multiples of four.
        (0x08, 4) if u32_at(value, 0) >= 256 && u32_at(value, 0).is_multiple_of(4) => {
            let id = 4 * (64 + draw.below(1 << 22)) as u32;
            value.copy_from_slice(&id.to_le_bytes());
        }
        // Provider's GUIDs are not in the payload.
        (0x0f, 16) if slot.is_payload && value.iter().any(|&b| b != 0) => {
            let (low, high) = (draw.bits(), draw.bits());
            value[..8].copy_from_slice(&low.to_le_bytes());
            value[8..].copy_from_slice(&high.to_le_bytes());
        }
        (0x11, 8) if u64_at(value, 0) > 1 << 56 && u64_at(value, 0) < 1 << 57 => {
            add(chunk, at, round * STEP);
        }
        // A SID of a domain or a machine: revision, number of parts, authority 5, 21, three parts.
        (0x13, 24..) if value[..2] == [1, 5] && u32_at(value, 8) == 21 => {
            for part in value[12..24].iter_mut() {
                *part = draw.bits() as u8;
            }
        }
        // Sessions; keywords and status codes are larger.
        (0x15, 8) if (0x400..1 << 40).contains(&u64_at(value, 0)) => {
            let session = 0x1000 + draw.below(1 << 36);
            value.copy_from_slice(&session.to_le_bytes());
        }
        _ => {}
    }
}

/// UTF-16: only characters of ASCII change.
fn renew_text(value: &mut [u8], is_payload: bool, seed: u64, round: u64) {
    let (units, _) = value.as_chunks_mut::<2>();
    // What is not ASCII stands as a byte that nothing draws anew.
    let mut text: Vec<u8> = units
        .iter()
        .map(|unit| if unit[1] == 0 && unit[0] < 128 { unit[0] } else { 0xff })
        .collect();
    // Outside of the payload stand channels and providers, which make the kind, and the computer.
    let is_computer =
        text.iter().any(|&b| b == b'.' || b.is_ascii_digit()) && !text.contains(&b'/');
    if !is_payload && (!is_computer || text.starts_with(b"Microsoft-")) {
        return;
    }
    variant::in_place(seed, &mut text, round as u32);
    for (unit, new) in std::iter::zip(units, text) {
        if unit[1] == 0 && unit[0] < 128 {
            unit[0] = new;
        }
    }
}

/// Counts the values of a chunk by what they are.
fn count(chunk: &[u8], names: &mut Names, tally: &mut Tally) {
    let mut slots = Vec::new();
    for record in records(chunk) {
        binxml::slots(chunk, record.start + 24..record.end - 4, &mut slots);
        for slot in slots.iter().filter(|slot| !slot.at.is_empty()) {
            let kind = match slot.kind {
                0x01 | 0x81 => "text",
                0x08 => "uint32",
                0x0f => "guid",
                0x11 => "time",
                0x13 => "sid",
                0x15 => "hex64",
                _ => continue,
            };
            let place = if slot.is_payload { "payload" } else { "system" };
            let parent = names.number(None, place.as_bytes());
            let field = names.number(Some(parent), kind.as_bytes());
            tally.add(field, &chunk[slot.at.clone()]);
        }
    }
}

fn file_header(chunks: u16) -> Vec<u8> {
    let mut header = vec![0; FILE_HEADER_BYTES];
    header[..8].copy_from_slice(b"ElfFile\0");
    header[16..24].copy_from_slice(&u64::from(chunks - 1).to_le_bytes());
    header[24..32].copy_from_slice(&1u64.to_le_bytes());
    header[32..36].copy_from_slice(&128u32.to_le_bytes());
    header[36..38].copy_from_slice(&1u16.to_le_bytes());
    header[38..40].copy_from_slice(&3u16.to_le_bytes());
    header[40..42].copy_from_slice(&(FILE_HEADER_BYTES as u16).to_le_bytes());
    header[42..44].copy_from_slice(&chunks.to_le_bytes());
    let checksum = crc32fast::hash(&header[..120]);
    header[124..128].copy_from_slice(&checksum.to_le_bytes());
    header
}

#[cfg(test)]
mod tests;
