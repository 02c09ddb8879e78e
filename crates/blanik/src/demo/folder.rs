//! From what happened to files: where each record lies, in which spelling and wrapping, and which
//! files are damaged.
//!
//! Windows logs lie in a folder a machine, Zeek's in a folder a month, the others where [`super::feeds`] says. Some files are compressed or
//! in archives, as collections are; 2024's Zeek logs are JSON, the other years' TSV.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Cursor, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

use super::answer::{Damage, Place};
use super::chronicle::{Body, Chronicle, Entry};
use super::clock::day_of;
use super::feeds::quoted;
use super::network::Collected;
use super::spelling;
use super::windows::WindowsEvent;

/// The file that is compressed though its name does not say so.
const MISNAMED: &str = "zeek/2023-03/dns.log";
/// The forwarded events whose last line is cut.
const CUT_LINE: &str = "wec01/ForwardedEvents-2023-Q4.json";
/// The audit log with a broken line in its middle.
const BROKEN_LINE: &str = "m365/AuditLog-2024-H2.jsonl";
/// The compressed log whose end is missing.
const CUT_GZIP: &str = "zeek/2023-01/http.log.gz";
/// The XML export that ends in mid-event.
const CUT_XML: &str = "pc-pro04/Security.xml";

/// The columns of the compliance portal's export.
const PURVIEW: &str = "RecordId,CreationDate,RecordType,Operation,UserId,AuditData,AssociatedAdminUnits,AssociatedAdminUnitsNames";

/// A file's lines, before wrapping.
#[derive(Debug, Default)]
struct Draft {
    lines: Vec<String>,
    /// What stands after the last line; without it the file ends in mid-line.
    end: &'static str,
}

/// The records in their places.
#[derive(Debug, Default)]
pub struct Shelved {
    /// For each step, where its records are, in the order in which they were told.
    pub places: Vec<Vec<Place>>,
    /// How many records there are.
    pub records: u64,
    /// What is broken.
    pub damage: Vec<Damage>,
    drafts: BTreeMap<String, Draft>,
}

/// Gives every record its place and spelling.
pub fn shelve(chronicle: &Chronicle) -> Shelved {
    let entries = &chronicle.entries;
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|&index| (entries[index].time, index));
    let mut shelved = Shelved { places: vec![vec![]; chronicle.steps.len()], ..Shelved::default() };
    let mut numbers: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut told: Vec<(usize, usize, Place)> = vec![];
    for index in order {
        let entry = &entries[index];
        let file = file_of(entry);
        let line = spelled(entry, &file, &mut numbers);
        if entry.lost {
            continue;
        }
        let draft = shelved.drafts.entry(file.clone()).or_insert_with(|| begun(&file, entry));
        // An XML export's first event stands on the line of the root element.
        match draft.lines.last_mut() {
            Some(root) if root.ends_with("<Events>") => root.push_str(&line),
            _ => draft.lines.extend(line.lines().map(str::to_owned)),
        }
        shelved.records += 1;
        if let Some(step) = entry.tells {
            // Of a record of several lines, the first is where it stands.
            let record = line_number(draft.lines.len() + 1 - line.lines().count());
            told.push((step, index, Place { file, record, time: entry.time }));
        }
    }
    told.sort_by_key(|(step, index, _)| (*step, *index));
    for (step, _, place) in told {
        shelved.places[step].push(place);
    }
    shelved.break_some();
    shelved
}

fn begun(file: &str, entry: &Entry) -> Draft {
    let lines = match &entry.body {
        Body::Zeek(record) if is_tsv(file) => record.log.header(),
        Body::Windows(event) if event.host.collected == Collected::Xml => {
            vec!["<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?><Events>".into()]
        }
        Body::Mail(_) if file.ends_with(".csv") => vec![PURVIEW.into()],
        Body::Line(feed, _) => feed.header(),
        _ => vec![],
    };
    let end = if file.ends_with(".xml") { "</Events>\n" } else { "\n" };
    Draft { lines, end }
}

fn spelled<'a>(
    entry: &'a Entry,
    file: &str,
    numbers: &mut BTreeMap<(&'a str, &'a str), u64>,
) -> String {
    match &entry.body {
        Body::Windows(event) => {
            let log = (event.host.name, event.channel.name());
            // Logs that began long before have higher numbers; the offset is the name's length.
            let begin = u64::try_from(event.host.name.len() * 10_007).expect("small");
            let number = numbers.entry(log).or_insert(begin);
            *number += 1;
            spelling::spell(event, *number)
        }
        Body::Zeek(record) if is_tsv(file) => record.to_tsv(),
        Body::Zeek(record) => record.to_json(),
        Body::Mail(line) if file.ends_with(".csv") => exported(line),
        Body::Eve(line) | Body::Mail(line) | Body::Line(_, line) => line.clone(),
    }
}

/// An audit record as the compliance portal exports it: a row of CSV with the record nested as JSON.
fn exported(line: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(line).expect("it was written as JSON");
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    format!(
        "{},{}.0000000Z,{},{},{},{},,",
        text("Id"),
        text("CreationTime"),
        record["RecordType"],
        quoted(&text("Operation")),
        text("UserId"),
        quoted(line),
    )
}

fn is_tsv(file: &str) -> bool {
    !file.starts_with("zeek/2024")
}

/// The file, relative to the folder of logs; inside an archive after `!`.
fn file_of(entry: &Entry) -> String {
    let day = day_of(entry.time);
    let (year, month) = (day.year(), day.month());
    let half = (month + 5) / 6;
    match &entry.body {
        Body::Windows(event) => windows_file(event, year, (month + 2) / 3),
        Body::Zeek(record) => {
            let log = record.log.name();
            let plain = format!("zeek/{year}-{month:02}/{log}.log");
            if plain == MISNAMED || year == 2024 { plain } else { plain + ".gz" }
        }
        Body::Eve(_) if year < 2024 => format!("suricata/eve-{year}.json.gz"),
        Body::Eve(_) => format!("suricata/eve-{year}.json"),
        Body::Mail(_) if year < 2024 => {
            format!("m365/export-{year}.zip!AuditLog-{year}-H{half}.jsonl")
        }
        Body::Mail(_) if year > 2024 => format!("m365/AuditLog-{year}-H{half}.csv"),
        Body::Mail(_) => format!("m365/AuditLog-{year}-H{half}.jsonl"),
        Body::Line(feed, _) => feed.file(entry.time),
    }
}

fn windows_file(event: &WindowsEvent, year: i16, quarter: i8) -> String {
    let host = event.host.name.to_ascii_lowercase();
    let log = event.channel.name().replace('/', "%4");
    match event.host.collected {
        Collected::Forwarded => {
            let name = format!("ForwardedEvents-{year}-Q{quarter}.json");
            if year == 2022 {
                format!("wec01/ForwardedEvents-2022.zip!{name}")
            } else {
                format!("wec01/{name}")
            }
        }
        Collected::Winlogbeat => format!("{host}/winlogbeat-{year}.ndjson"),
        Collected::EvtxDump => format!("{host}/{log}.jsonl"),
        Collected::Xml => format!("{host}/{log}.xml"),
    }
}

impl Shelved {
    /// Breaks lines. Only lines that tell of no step are broken.
    fn break_some(&mut self) {
        let cut = "The last line is cut: the copy broke off.";
        self.cut_last(CUT_LINE, cut);
        self.cut_last(CUT_XML, "The last event is cut, and the root element does not end.");
        if let Some(draft) = self.drafts.get(BROKEN_LINE) {
            let record = self.free_line(BROKEN_LINE, draft.lines.len() / 2);
            self.truncate(BROKEN_LINE, record);
            self.note(BROKEN_LINE, Some(record), "The line is broken off in the middle.");
        }
        self.note(MISNAMED, None, "The file is gzip, though its name does not say so.");
        self.note(CUT_GZIP, None, "The compressed file's end is missing.");
    }

    fn cut_last(&mut self, file: &str, what: &str) {
        let Some(record) = self.drafts.get(file).map(|draft| draft.lines.len()) else { return };
        if self.tells(file, record) {
            return;
        }
        self.drafts.entry(file.into()).or_default().end = "";
        self.truncate(file, record);
        self.note(file, Some(record), what);
    }

    /// The first line from there on, counted from 1, that tells of no step.
    fn free_line(&self, file: &str, from: usize) -> usize {
        (from.max(1)..).find(|line| !self.tells(file, *line)).expect("the range has no end")
    }

    fn tells(&self, file: &str, line: usize) -> bool {
        let is_here = |place: &Place| place.file == file && place.record == line_number(line);
        self.places.iter().flatten().any(is_here)
    }

    fn truncate(&mut self, file: &str, line: usize) {
        let Some(draft) = self.drafts.get_mut(file) else { return };
        let Some(text) = draft.lines.get_mut(line - 1) else { return };
        let mut cut = text.len() * 3 / 5;
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        text.truncate(cut);
    }

    fn note(&mut self, file: &str, line: Option<usize>, what: &str) {
        if self.drafts.contains_key(file) {
            let record = line.map(line_number);
            self.damage.push(Damage { file: file.into(), record, what: what.into() });
        }
    }

    /// Writes the files under a folder.
    pub fn write(&self, logs: &Path) -> io::Result<()> {
        let mut archives: BTreeMap<&str, Vec<(&str, Vec<u8>)>> = BTreeMap::new();
        for (file, draft) in &self.drafts {
            let bytes = (draft.lines.join("\n") + draft.end).into_bytes();
            match file.split_once('!') {
                Some((archive, member)) => {
                    archives.entry(archive).or_default().push((member, bytes));
                }
                None => write_file(&logs.join(file), &wrapped(file, bytes)?)?,
            }
        }
        for (archive, members) in archives {
            write_file(&logs.join(archive), &zipped(&members)?)?;
        }
        Ok(())
    }
}

fn line_number(line: usize) -> u64 {
    u64::try_from(line).expect("a count fits")
}

fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

fn wrapped(file: &str, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if !file.ends_with(".gz") && file != MISNAMED {
        return Ok(bytes);
    }
    let mut gzip = GzEncoder::new(vec![], Compression::default());
    gzip.write_all(&bytes)?;
    let mut bytes = gzip.finish()?;
    if file == CUT_GZIP {
        bytes.truncate(bytes.len() * 9 / 10);
    }
    Ok(bytes)
}

fn zipped(members: &[(&str, Vec<u8>)]) -> io::Result<Vec<u8>> {
    // The time is fixed: the archive must be the same bytes on every run.
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    let mut archive = zip::ZipWriter::new(Cursor::new(vec![]));
    for (name, bytes) in members {
        archive.start_file(*name, options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}
