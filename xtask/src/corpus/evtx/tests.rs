//! Chunks made here, and those of the data set where it is unpacked, read by the `evtx` crate.

use std::path::PathBuf;

use ::evtx::{EvtxParser, ParserSettings};

use super::*;

/// BinXML of `<Event>` around one substitution, with the template's definition if it stands first.
fn instance(at: usize, definition: Option<usize>, text: &str) -> Vec<u8> {
    let mut out = vec![0x0f, 1, 1, 0, 0x0c, 1, 1, 0, 0, 0];
    let here = at + 14;
    out[6..10].copy_from_slice(&7u32.to_le_bytes());
    out.extend_from_slice(&(definition.unwrap_or(here) as u32).to_le_bytes());
    if definition.is_none() {
        let mut body = vec![0x0f, 1, 1, 0, 0x01, 0xff, 0xff];
        let name_at = here + 24 + body.len() + 8;
        let mut name = vec![0; 8];
        name[6..8].copy_from_slice(&5u16.to_le_bytes());
        name.extend("Event\0".encode_utf16().flat_map(u16::to_le_bytes));
        body.extend_from_slice(&((name.len() + 9) as u32).to_le_bytes());
        body.extend_from_slice(&(name_at as u32).to_le_bytes());
        body.extend_from_slice(&name);
        body.extend_from_slice(&[0x02, 0x0d, 0, 0, 0x01, 0x04, 0x00]);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&7u32.to_le_bytes());
        out.extend_from_slice(&[0; 12]);
        out.extend_from_slice(&(body.len() as u32).to_le_bytes());
        out.extend_from_slice(&body);
    }
    let value: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    out.extend_from_slice(&1u32.to_le_bytes());
    out.extend_from_slice(&(value.len() as u16).to_le_bytes());
    out.extend_from_slice(&[0x01, 0]);
    out.extend_from_slice(&value);
    out
}

fn chunk(texts: &[&str]) -> Vec<u8> {
    let mut chunk = vec![0; CHUNK_BYTES];
    chunk[..8].copy_from_slice(b"ElfChnk\0");
    let (mut at, mut last) = (CHUNK_HEADER_BYTES, 0);
    let definition = CHUNK_HEADER_BYTES + 24 + 14;
    for (number, text) in texts.iter().enumerate() {
        let body = instance(at + 24, (number > 0).then_some(definition), text);
        let length = body.len() + 28;
        chunk[at..at + 4].copy_from_slice(b"**\0\0");
        chunk[at + 4..at + 8].copy_from_slice(&(length as u32).to_le_bytes());
        chunk[at + 8..at + 16].copy_from_slice(&(number as u64 + 1).to_le_bytes());
        chunk[at + 16..at + 24].copy_from_slice(&132_500_000_000_000_000u64.to_le_bytes());
        chunk[at + 24..at + 24 + body.len()].copy_from_slice(&body);
        chunk[at + length - 4..at + length].copy_from_slice(&(length as u32).to_le_bytes());
        last = at;
        at += length;
    }
    for (place, number) in [(8, 1), (16, texts.len() as u64), (24, 1), (32, texts.len() as u64)] {
        chunk[place..place + 8].copy_from_slice(&number.to_le_bytes());
    }
    chunk[40..44].copy_from_slice(&128u32.to_le_bytes());
    chunk[44..48].copy_from_slice(&(last as u32).to_le_bytes());
    chunk[48..52].copy_from_slice(&(at as u32).to_le_bytes());
    let data = crc32fast::hash(&chunk[CHUNK_HEADER_BYTES..at]);
    chunk[52..56].copy_from_slice(&data.to_le_bytes());
    let header = header_checksum(&chunk);
    chunk[124..128].copy_from_slice(&header.to_le_bytes());
    chunk
}

/// All records of a log, or the first problem.
fn read(log: Vec<u8>) -> Vec<String> {
    let settings = ParserSettings::new().validate_checksums(true).num_threads(1);
    let mut parser = EvtxParser::from_buffer(log).expect("a log").with_configuration(settings);
    parser.records_json().map(|record| record.expect("a record").data).collect()
}

fn log(path: &Path, chunks: &[Vec<u8>]) {
    let mut bytes = file_header(chunks.len() as u16);
    chunks.iter().for_each(|chunk| bytes.extend_from_slice(chunk));
    std::fs::write(path, bytes).expect("written");
}

#[test]
fn every_record_is_read_and_values_are_new() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::create_dir(&from).expect("made");
    let whole = chunk(&["HOST-1.example.org", "no digits here", "pc-20201012.example"]);
    let mut damaged = whole.clone();
    damaged[600] ^= 1;
    log(&from.join("a.evtx"), &[whole, damaged, vec![0; CHUNK_BYTES]]);
    let bytes = (FILE_HEADER_BYTES + 3 * CHUNK_BYTES) as u64;
    let made = expand(&from, &to, bytes, 1).expect("made");
    assert_eq!((made.bytes(), made.events), (bytes, 9));
    let records = read(std::fs::read(to.join("0001.evtx")).expect("read"));
    assert_eq!(records.len(), 9);
    assert!(records[0].contains("HOST-1.example.org"), "{}", records[0]);
    let new = |n: usize| records[n].to_ascii_lowercase();
    assert!(new(3).contains("host-1.example.org") && records[3] != records[0], "{}", records[3]);
    assert!(records[5].contains("pc-") && !records[5].contains("20201012"), "{}", records[5]);
    let again = expand(&from, &folder.path().join("again"), bytes, 1).expect("made");
    assert_eq!(made.digest(), again.digest());
}

#[test]
fn the_slots_of_what_is_cut_off_are_none_and_no_panic() {
    let chunk = chunk(&["a text of some length", "another one"]);
    let mut slots = Vec::new();
    for end in CHUNK_HEADER_BYTES..CHUNK_HEADER_BYTES + 300 {
        binxml::slots(&chunk[..end], CHUNK_HEADER_BYTES + 24..end, &mut slots);
    }
    for at in CHUNK_HEADER_BYTES..CHUNK_HEADER_BYTES + 300 {
        binxml::slots(&chunk, at..CHUNK_BYTES, &mut slots);
    }
    let record = records(&chunk)[1].clone();
    binxml::slots(&chunk, record.start + 24..record.end - 4, &mut slots);
    assert_eq!((slots.len(), slots[0].kind, slots[0].is_payload), (1, 0x01, false));
}

#[test]
fn the_data_sets_logs_are_read_to_the_last_record() {
    let given = std::env::var_os("BLANIK_DATA").map(PathBuf::from);
    let from =
        given.unwrap_or_else(|| crate::tree::root().join("target/data")).join("windows-evtx");
    if !from.is_dir() {
        eprintln!("SKIPPED: {} is not there", from.display());
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let made = expand(&from, folder.path(), 5_000_000, 1).expect("made");
    let records = read(std::fs::read(folder.path().join("0001.evtx")).expect("read"));
    assert_eq!(records.len() as u64, made.events);
}
