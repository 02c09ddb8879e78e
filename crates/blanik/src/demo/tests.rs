//! The exercise holds together: it is the same bytes for the same seed, its key points at what it
//! says, and nothing in it could be somebody's real address.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::OnceLock;

use blanik_model::Timestamp;
use flate2::read::GzDecoder;
use serde_json::Value;

use super::*;

type Files = BTreeMap<String, Vec<u8>>;

/// Every file below a folder, as it lies there.
fn stored(root: &Path, folder: &Path, into: &mut Files) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            stored(root, &path, into);
        } else {
            let name = path.strip_prefix(root).expect("below").to_string_lossy();
            into.insert(name.replace('\\', "/"), fs::read(&path).expect("a file"));
        }
    }
}

/// The logs unwrapped, by the names that the key uses; of a cut file what can be read.
fn unwrapped(stored: &Files) -> Files {
    let mut files = Files::new();
    for (name, bytes) in stored {
        if name.ends_with(".zip") {
            let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
            for index in 0..archive.len() {
                let mut member = archive.by_index(index).expect("a member");
                let mut content = vec![];
                member.read_to_end(&mut content).expect("whole");
                let inner = member.name().expect("a name").into_owned();
                files.insert(format!("{name}!{inner}"), content);
            }
        } else if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut content = vec![];
            // The error at the end of the cut file is what the key says of it.
            let _ = GzDecoder::new(&bytes[..]).read_to_end(&mut content);
            files.insert(name.clone(), content);
        } else {
            files.insert(name.clone(), bytes.clone());
        }
    }
    files
}

fn written(seed: u64) -> (AnswerKey, Files) {
    let folder = tempfile::tempdir().expect("a folder");
    let exercise = write_exercise(folder.path(), seed).expect("written");
    let mut files = Files::new();
    stored(folder.path(), folder.path(), &mut files);
    (exercise.answers, files)
}

/// One exercise for all tests: its key, all files, and the logs' lines.
fn sample() -> &'static (AnswerKey, Files, BTreeMap<String, Vec<String>>) {
    static SAMPLE: OnceLock<(AnswerKey, Files, BTreeMap<String, Vec<String>>)> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let (key, files) = written(1);
        let logs: Files = files
            .iter()
            .filter_map(|(name, bytes)| Some((name.strip_prefix("logs/")?.into(), bytes.clone())))
            .collect();
        let lines = unwrapped(&logs).into_iter().map(|(name, bytes)| {
            let text = String::from_utf8(bytes).expect("logs are UTF-8");
            (name, text.lines().map(str::to_owned).collect())
        });
        (key, files, lines.collect())
    })
}

fn line(lines: &BTreeMap<String, Vec<String>>, file: &str, record: u64) -> String {
    let index = usize::try_from(record).expect("small") - 1;
    lines[file].get(index).unwrap_or_else(|| panic!("{file} has no line {record}")).clone()
}

/// The time that a record itself gives; `None` if it cannot be read or is a header.
fn time_of(file: &str, line: &str) -> Option<Timestamp> {
    if file.ends_with(".xml") {
        let (_, rest) = line.split_once("SystemTime='")?;
        return line.contains("</Event>").then(|| Timestamp::parse(rest.split('\'').next()?))?;
    }
    if file.starts_with("zeek") && !line.starts_with('{') {
        return Timestamp::from_decimal_seconds(line.split('\t').next()?);
    }
    let value: Value = serde_json::from_str(line).ok()?;
    if let Some(seconds) = value.get("ts") {
        return Timestamp::from_decimal_seconds(&seconds.to_string());
    }
    let paths = [
        "/@timestamp",
        "/timestamp",
        "/CreationTime",
        "/Event/System/TimeCreated/#attributes/SystemTime",
    ];
    paths.iter().find_map(|path| Timestamp::parse(value.pointer(path)?.as_str()?))
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let (key, files) = written(1);
    let (first, first_files, _) = sample();
    assert_eq!(&key, first);
    assert!(files == *first_files, "the files differ");
    let (other_key, other) = written(2);
    assert_ne!(other_key.intrusions, key.intrusions);
    assert_ne!(other["logs/web01/Security.jsonl"], files["logs/web01/Security.jsonl"]);
}

#[test]
fn the_key_is_beside_the_logs_and_reads_back() {
    let (key, files, _) = sample();
    let read: AnswerKey = serde_json::from_slice(&files["answer-key.json"]).expect("a key");
    assert_eq!(&read, key);
    let readme = String::from_utf8_lossy(&files["EXERCISE.txt"]);
    assert!(readme.contains("invented") && key.exercise.contains("EXERCISE"));
    assert!(files.keys().all(|name| !name.starts_with("logs/") || !name.contains("answer")));
}

#[test]
fn every_step_is_where_the_key_says() {
    let (key, _, lines) = sample();
    for step in key.intrusions.iter().flat_map(|one| &one.steps) {
        for (index, (file, record)) in step.places().enumerate() {
            let text = line(lines, file, record);
            let time = time_of(file, &text).unwrap_or_else(|| panic!("no time: {file} {record}"));
            let late = (time.as_nanos() - step.time.as_nanos()) / 1_000_000_000;
            if index == 0 {
                assert!(late.abs() < 1, "{}: {time} is not {}", step.what, step.time);
                assert!(names_place(&text, step), "{}: {text}", step.what);
            }
        }
    }
}

/// True if the record names the step's machine, its address, or in the cloud the account.
fn names_place(text: &str, step: &Step) -> bool {
    if step.host == mail::SERVICE {
        return text.contains(&step.account);
    }
    let servers = [
        &network::DC01,
        &network::DC02,
        &network::FS01,
        &network::APP01,
        &network::WEB01,
        &network::BCK01,
        &network::DEP01,
    ];
    let host = servers.into_iter().chain(&network::PCS).find(|host| host.fqdn() == step.host);
    text.contains(&step.host) || host.is_some_and(|host| text.contains(host.address))
}

#[test]
fn the_intrusions_last_as_told_and_hide_in_both_kinds_of_logs() {
    let (key, _, _) = sample();
    let [a, b] = &key.intrusions[..] else { panic!("two intrusions") };
    assert!(
        a.first.to_string().starts_with("2022-08") && a.last.to_string().starts_with("2025-04")
    );
    assert!(
        b.first.to_string().starts_with("2024-02") && b.last.to_string().starts_with("2024-06")
    );
    for intrusion in [a, b] {
        assert!(intrusion.steps.len() >= 20);
        assert!(intrusion.steps.is_sorted_by_key(|step| step.time));
        for place in ["wec01", "m365", "zeek"] {
            let in_place = |step: &Step| step.places().any(|(file, _)| file.starts_with(place));
            assert!(intrusion.steps.iter().any(in_place), "{} {place}", intrusion.name);
        }
    }
}

#[test]
fn each_file_is_ordered_by_time() {
    for (name, lines) in &sample().2 {
        let times: Vec<_> = lines.iter().filter_map(|line| time_of(name, line)).collect();
        assert!(times.is_sorted(), "{name}");
        assert!(!times.is_empty(), "{name} has no records");
    }
}

#[test]
fn what_is_broken_is_in_the_key_and_nothing_else_is() {
    let (key, files, lines) = sample();
    assert_eq!(key.damage.len(), 5);
    let mut unread = vec![];
    for (name, lines) in lines {
        let header = |line: &str| line.starts_with('#');
        let broken = |line: &str| time_of(name, line).is_none() && !header(line);
        let numbered =
            (1_u64..).zip(lines).filter(|(_, line)| broken(line) && *line != "</Events>");
        unread.extend(numbered.map(|(record, _)| (name.clone(), Some(record))));
    }
    let cut_gzip = "zeek/2023-01/http.log.gz";
    unread.retain(|(name, _)| name != cut_gzip);
    let mut told: Vec<_> =
        key.damage.iter().map(|damage| (damage.file.clone(), damage.record)).collect();
    told.retain(|(_, record)| record.is_some());
    told.sort();
    assert_eq!(unread, told);
    let mut rest = vec![];
    let bytes = &files[&format!("logs/{cut_gzip}")];
    assert!(GzDecoder::new(&bytes[..]).read_to_end(&mut rest).is_err());
    assert!(files["logs/zeek/2023-03/dns.log"].starts_with(&[0x1f, 0x8b]));
    for step in key.intrusions.iter().flat_map(|one| &one.steps) {
        assert!(step.places().all(|(file, record)| !told.contains(&(file.into(), Some(record)))));
    }
}

#[test]
fn no_address_could_be_somebodys() {
    let documentation = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];
    for (name, lines) in &sample().2 {
        for line in lines {
            let words = line.split(|c: char| !c.is_ascii_digit() && c != '.');
            for address in words.filter_map(|word| word.parse::<Ipv4Addr>().ok()) {
                let [a, b, c, _] = address.octets();
                let allowed =
                    a == 10 || address.is_loopback() || documentation.contains(&[a, b, c]);
                assert!(allowed, "{address} in {name}: {line}");
            }
        }
    }
}

#[test]
fn it_is_small_and_the_records_are_counted() {
    let (key, files, lines) = sample();
    assert!((20_000..60_000).contains(&key.records), "{} records", key.records);
    let bytes: usize = files.values().map(Vec::len).sum();
    assert!((10_000_000..30_000_000).contains(&bytes), "{bytes} bytes");
    let header = |line: &&String| line.starts_with('#') || *line == "</Events>";
    let in_logs: usize =
        lines.values().map(|of| of.iter().filter(|line| !header(line)).count()).sum();
    // The cut file has lost some.
    let lost = key.records - u64::try_from(in_logs).expect("small");
    assert!(lost < 40, "{lost} records are missing");
}

#[test]
fn most_work_is_done_on_working_days() {
    let lines = &sample().2;
    let mut weekend = 0;
    let mut all = 0;
    for (name, of) in lines.iter().filter(|(name, _)| name.starts_with("m365")) {
        for time in of.iter().filter_map(|line| time_of(name, line)) {
            all += 1;
            weekend += i32::from(!clock::is_working(clock::day_of(time)));
        }
    }
    assert!(weekend > 0 && weekend * 12 < all, "{weekend} of {all} on free days");
}
