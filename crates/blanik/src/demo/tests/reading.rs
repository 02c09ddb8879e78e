//! The exercise as blanik itself reads it: ten formats and more, nothing rejected but what was broken on purpose,
//! and every record that the key names where it says, with its time and its host.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use blanik_ingest::{Batcher, Input, entity};
use blanik_model::{Everything, SourceId, Timestamp};

use super::super::{AnswerKey, Step, network, write_exercise};
use crate::logs::Logs;

/// A record as it was read.
#[derive(Clone, Debug)]
struct Read {
    time: Option<Timestamp>,
    host: Option<String>,
    text: String,
}

/// All that was read of an exercise.
struct Sample {
    key: AnswerKey,
    /// By file, as the key names it, and record.
    records: BTreeMap<(String, u64), Read>,
    /// Kinds of records by format, as the key names these; and the records of no kind.
    kinds: BTreeMap<String, BTreeSet<String>>,
    /// Events.
    events: u64,
    /// Places that could not be read.
    rejected: Vec<String>,
}

fn sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let exercise = write_exercise(folder.path(), 1).expect("written");
        read(exercise.answers, &exercise.logs)
    })
}

fn read(key: AnswerKey, logs: &Path) -> Sample {
    let root = format!("{}/", logs.to_string_lossy());
    // A compressed file is named as it lies there, not by its only content.
    let named = |source: &str| {
        let name = source.strip_prefix(&root).unwrap_or(source).to_owned();
        match name.split_once('!') {
            Some((outer, _)) if !outer.ends_with(".zip") => outer.to_owned(),
            _ => name,
        }
    };
    let logs = Logs::new(vec![Input::Path(logs.to_owned())]);
    let mut feeder = logs.feeder();
    let mut batcher = Batcher::new(Arc::clone(&logs.normaliser), Arc::new(Everything));
    let (mut records, mut kinds) = (BTreeMap::new(), BTreeMap::new());
    let (mut events, mut rejected): (u64, Vec<SourceId>) = (0, vec![]);
    let wanted: BTreeSet<(String, u64)> = key
        .intrusions
        .iter()
        .flat_map(|one| &one.steps)
        .flat_map(|step| &step.records)
        .map(|place| (place.file.clone(), place.record))
        .collect();
    loop {
        let block = feeder.next_block();
        if let Some(block) = &block {
            batcher.take(block);
            let of_block = batcher.take_rejections();
            rejected.extend(of_block.iter().map(|r| r.source));
        }
        if block.is_none() || batcher.is_full() {
            let sources = feeder.sources();
            for batch in batcher.drain() {
                for (row, at) in batch.rows().iter().enumerate() {
                    let file = named(&sources[at.source.0 as usize]);
                    let format = key.format_of(&file).expect("every file has a format").to_owned();
                    let of_format: &mut BTreeSet<String> = kinds.entry(format).or_default();
                    of_format.insert(batch.kind().to_string());
                    events += 1;
                    let place = (file, at.record);
                    if wanted.contains(&place) {
                        let host = entity::host(&batch, row);
                        let text = String::from_utf8_lossy(batch.raw(row)).into_owned();
                        records.insert(place, Read { time: at.time, host, text });
                    }
                }
                batcher.recycle(batch);
            }
        }
        if block.is_none() {
            break;
        }
    }
    rejected.extend(feeder.rejections().iter().map(|r| r.source));
    let sources = feeder.sources();
    let mut rejected: Vec<String> =
        rejected.iter().map(|source| named(&sources[source.0 as usize])).collect();
    rejected.sort();
    rejected.dedup();
    Sample { key, records, kinds, events, rejected }
}

#[test]
fn there_are_ten_formats_and_more_and_each_is_known() {
    let sample = sample();
    let mut groups = BTreeSet::new();
    for (format, kinds) in &sample.kinds {
        assert!(!kinds.contains("other"), "{format} has records of no kind");
        groups.extend(kinds.iter().map(|kind| kind.split('/').next().unwrap_or(kind).to_owned()));
    }
    assert_eq!(
        sample.kinds.len(),
        sample.key.formats.iter().map(|f| &f.format).collect::<BTreeSet<_>>().len()
    );
    // Counted by what blanik says a record is, spellings of one product's logs once.
    let products: BTreeSet<&str> = groups.iter().map(String::as_str).collect();
    for product in [
        "access",
        "azure",
        "bind",
        "cef",
        "iis",
        "linux",
        "m365",
        "message_tracking",
        "nfdump",
        "squid",
        "suricata",
        "windows",
        "zeek",
    ] {
        assert!(products.contains(product), "{product} is not among {products:?}");
    }
    let linux: BTreeSet<&String> =
        sample.kinds.values().flatten().filter(|k| k.starts_with("linux")).collect();
    for log in ["auditd", "sshd", "sudo", "cron", "postfix", "dovecot"] {
        assert!(linux.iter().any(|kind| kind.contains(log)), "{log} is not among {linux:?}");
    }
}

#[test]
fn nothing_is_rejected_but_what_is_broken_on_purpose() {
    let sample = sample();
    let broken: BTreeSet<&str> = sample.key.damage.iter().map(|of| of.file.as_str()).collect();
    for file in &sample.rejected {
        assert!(broken.contains(file.as_str()), "{file} has rejections");
    }
    let lost = sample.key.records - sample.events;
    assert!((1..40).contains(&lost), "{lost} records are missing");
}

#[test]
fn every_record_of_the_key_is_read_with_its_time() {
    let sample = sample();
    for step in sample.key.intrusions.iter().flat_map(|one| &one.steps) {
        for place in &step.records {
            let at = (place.file.clone(), place.record);
            let read = sample.records.get(&at).unwrap_or_else(|| panic!("{place:?} is not read"));
            let time = read.time.unwrap_or_else(|| panic!("{place:?} has no time"));
            let apart = (time.as_nanos() - place.time.as_nanos()).abs();
            assert!(apart < 1_000_000_000, "{place:?} is read as {time}");
        }
    }
}

#[test]
fn every_step_is_told_by_its_host_at_its_moment() {
    let sample = sample();
    let ahead: BTreeMap<&str, i64> =
        sample.key.clocks.iter().map(|of| (of.host.as_str(), of.ahead_ms)).collect();
    let mut without = vec![];
    for step in sample.key.intrusions.iter().flat_map(|one| &one.steps) {
        let Some(best) = step.records.first() else {
            without.push(step);
            continue;
        };
        let read = &sample.records[&(best.file.clone(), best.record)];
        assert!(names_place(read, step), "{}: {:?} {}", step.what, read.host, read.text);
        // The first of a step's records is of its moment, but for what a wrong clock says, and what is written
        // when it is over.
        let own_log = best.file.starts_with("mx01/");
        let skew = ahead.get(step.host.as_str()).filter(|_| own_log).copied().unwrap_or(0);
        let late = (best.time.as_nanos() - step.time.as_nanos()) / 1_000_000 - skew;
        assert!((0..600_000).contains(&late), "{}: {late} ms late", step.what);
    }
    // What has no record is what the gap swallowed.
    assert!(!without.is_empty());
    for step in without {
        let covers = |gap: &&super::super::MissingLogs| {
            gap.host == step.host && gap.from <= step.time && step.time < gap.to
        };
        assert!(sample.key.gaps.iter().find(covers).is_some(), "{}", step.what);
    }
}

#[test]
fn a_host_without_logs_has_none_and_a_wrong_clock_is_wrong_throughout() {
    let sample = sample();
    let gap = &sample.key.gaps[0];
    for step in sample.key.intrusions.iter().flat_map(|one| &one.steps) {
        for place in &step.records {
            if place.file.starts_with("wec01/") && step.host == gap.host {
                assert!(place.time < gap.from || gap.to <= place.time, "{place:?}");
            }
            if place.file.starts_with("mx01/") {
                let skew = (place.time.as_nanos() - step.time.as_nanos()) / 1_000_000;
                assert!(skew >= sample.key.clocks[0].ahead_ms, "{place:?}");
            }
        }
    }
}

/// True if the record is about the step's machine, names its address, or in the cloud the account.
fn names_place(read: &Read, step: &Step) -> bool {
    if step.host == super::super::mail::SERVICE {
        let account = step.account.split('@').next().unwrap_or_default();
        return read.text.contains(account);
    }
    if read.host.as_deref() == Some(step.host.as_str()) {
        return true;
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
    let devices = [&network::MX01, &network::WWW02, &network::FW01];
    let device = devices.into_iter().find(|device| device.name == step.host);
    let address = host.map(|host| host.address).or(device.map(|device| device.address));
    read.text.contains(&step.host) || address.is_some_and(|address| read.text.contains(address))
}
