//! The exercise holds together: it is the same bytes for the same seed, its key points at what it
//! says, and nothing in it could be somebody's real address but what the relays' list names.

mod reading;

use std::collections::{BTreeMap, BTreeSet};
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

/// The time that a record of one line of its own gives, in the formats that the exercise can damage; `None` if it
/// cannot be read or is a header. What blanik makes of all of them is looked at in [`reading`].
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
        "/time",
        "/CreationTime",
        "/Event/System/TimeCreated/#attributes/SystemTime",
    ];
    paths.iter().find_map(|path| Timestamp::parse(value.pointer(path)?.as_str()?))
}

/// True for logs whose records are lines with a time that [`time_of`] reads.
fn is_plain(file: &str) -> bool {
    let folders = ["wec01/", "app01/", "pc-", "zeek/", "suricata/", "entra/", "web01/S", "web01/M"];
    let audit = file.starts_with("m365/") && !file.ends_with(".csv");
    (audit || folders.iter().any(|folder| file.starts_with(folder))) && !file.contains("W3SVC1")
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
fn the_intrusions_last_as_told_and_hide_in_both_kinds_of_logs() {
    let (key, _, _) = sample();
    let [a, b] = &key.intrusions[..] else { panic!("two intrusions") };
    assert!(
        a.first.to_string().starts_with("2022-07") && a.last.to_string().starts_with("2025-04")
    );
    assert!(
        b.first.to_string().starts_with("2024-02") && b.last.to_string().starts_with("2024-06")
    );
    for intrusion in [a, b] {
        assert!(intrusion.steps.len() >= 20);
        assert!(intrusion.steps.is_sorted_by_key(|step| step.time));
        for place in ["wec01", "m365", "zeek", "prx01", "nfdump", "entra", "fw01", "exch01"] {
            let in_place =
                |step: &Step| step.records.iter().any(|record| record.file.starts_with(place));
            assert!(intrusion.steps.iter().any(in_place), "{} {place}", intrusion.name);
        }
    }
}

#[test]
fn each_file_is_ordered_by_time() {
    for (name, lines) in sample().2.iter().filter(|(name, _)| is_plain(name)) {
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
    for (name, lines) in lines.iter().filter(|(name, _)| is_plain(name)) {
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
        let is_whole = |place: &Place| !told.contains(&(place.file.clone(), Some(place.record)));
        assert!(step.records.iter().all(is_whole));
    }
}

#[test]
fn no_address_could_be_somebodys_but_the_relays() {
    let documentation = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];
    let mut relays = BTreeSet::new();
    for (name, lines) in &sample().2 {
        for line in lines {
            let words = line.split(|c: char| !c.is_ascii_digit() && c != '.');
            for address in words.filter(|word| word.parse::<Ipv4Addr>().is_ok()) {
                // Versions of browsers and of Exchange have four numbers, too.
                if line.contains(&format!("/{address}")) && !line.contains(&format!("//{address}"))
                {
                    continue;
                }
                if relays::CERT_FR.contains(&address) || relays::SEKOIA.contains(&address) {
                    relays.insert(address.to_owned());
                    continue;
                }
                let [a, b, c, _] = address.parse::<Ipv4Addr>().expect("it was one").octets();
                let allowed = a == 10
                    || a == 127
                    || documentation.contains(&[a, b, c])
                    || ["15.02.1118.007", "2.0.0.0"].contains(&address);
                assert!(allowed, "{address} in {name}: {line}");
            }
        }
    }
    assert_eq!(relays.len(), relays::CERT_FR.len() + relays::SEKOIA.len(), "{relays:?}");
}

#[test]
fn the_relays_are_known_beside_the_logs_and_seen_in_flows_proxy_and_sign_ins() {
    let (_, files, lines) = sample();
    let bundle: Value =
        serde_json::from_slice(&files["intelligence/relays.stix.json"]).expect("JSON");
    let patterns: Vec<&str> = bundle["objects"]
        .as_array()
        .expect("objects")
        .iter()
        .filter_map(|object| object["pattern"].as_str())
        .collect();
    assert_eq!(patterns.len(), relays::CERT_FR.len() + relays::SEKOIA.len() + 1);
    assert!(patterns.contains(&"[domain-name:value = 'www.winserviceupdate.com']"));
    let published = relays::CERT_FR.iter().chain(&relays::SEKOIA);
    for address in published {
        assert!(patterns.iter().any(|pattern| pattern.contains(address)), "{address}");
    }
    for (place, known) in [
        ("nfdump/", &relays::CERT_FR[..]),
        ("nfdump/", &relays::SEKOIA[..]),
        ("prx01/", &relays::SEKOIA[..]),
        ("prx01/", &[relays::NAME][..]),
        ("ns01/", &[relays::NAME][..]),
        ("entra/", &relays::SEKOIA[..]),
        ("entra/", &relays::CERT_FR[..]),
        ("m365/", &relays::CERT_FR[..]),
        ("fw01/", &relays::CERT_FR[..]),
    ] {
        let of_place = lines.iter().filter(|(name, _)| name.starts_with(place));
        let seen =
            of_place.flat_map(|(_, of)| of).any(|line| known.iter().any(|k| line.contains(k)));
        assert!(seen, "{place} has none of {known:?}");
    }
}

#[test]
fn it_is_small() {
    let (key, files, _) = sample();
    assert!((50_000..100_000).contains(&key.records), "{} records", key.records);
    let bytes: usize = files.values().map(Vec::len).sum();
    assert!((20_000_000..45_000_000).contains(&bytes), "{bytes} bytes");
}

#[test]
fn what_was_taken_is_more_than_the_records_name() {
    let (key, _, lines) = sample();
    let [a, b] = &key.intrusions[..] else { panic!("two intrusions") };
    let chief = a.taken.mailboxes.iter().find(|of| of.mailbox.starts_with("mbenes")).expect("read");
    assert!(chief.messages_recorded + 1_000 < chief.messages, "{chief:?}");
    assert!(a.taken.outbound.iter().map(|out| out.bytes).sum::<u64>() > 2_000_000_000);
    for intrusion in [a, b] {
        assert!(!intrusion.taken.files.is_empty() && !intrusion.taken.mailboxes.is_empty());
        for mailbox in &intrusion.taken.mailboxes {
            assert!(mailbox.messages_recorded <= mailbox.messages && mailbox.bytes > 0);
        }
        // What went out is what the border's exporter counted, without the packets' heads.
        for out in &intrusion.taken.outbound {
            let seen =
                lines.iter().filter(|(name, _)| name.starts_with("nfdump/")).any(|(_, of)| {
                    of.iter().any(|line| {
                        let cells: Vec<&str> = line.split(',').collect();
                        let bytes = cells.get(12).and_then(|n| n.parse::<u64>().ok());
                        cells.get(4) == Some(&out.to.as_str())
                            && bytes.is_some_and(|n| n > out.bytes && n < out.bytes * 11 / 10)
                    })
                });
            assert!(seen, "{out:?}");
        }
    }
}

#[test]
fn most_work_is_done_on_working_days() {
    let lines = &sample().2;
    let mut weekend = 0;
    let mut all = 0;
    let plain = |name: &str| name.starts_with("m365") && is_plain(name);
    for (name, of) in lines.iter().filter(|(name, _)| plain(name)) {
        for time in of.iter().filter_map(|line| time_of(name, line)) {
            all += 1;
            weekend += i32::from(!clock::is_working(clock::day_of(time)));
        }
    }
    assert!(weekend > 0 && weekend * 12 < all, "{weekend} of {all} on free days");
}
