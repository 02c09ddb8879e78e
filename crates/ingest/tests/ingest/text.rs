//! Text logs: each file of `golden/text` with what is read of it beside it (`UPDATE_EXPECT=1` writes that
//! anew), and what damage and malice do to them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use blanik_ingest::{
    Batcher, Feeder, Format, Input, Normaliser, Options, Rejection, TextFormat, entity,
};
use blanik_model::{EventBatch, Everything};

use crate::data;

static NORMALISER: LazyLock<Arc<Normaliser>> = LazyLock::new(|| Arc::new(Normaliser::new()));

/// What a reading comes to.
struct Read {
    batches: Vec<EventBatch>,
    rejections: Vec<Rejection>,
    sources: Vec<Arc<str>>,
}

fn read(inputs: Vec<Input>, options: Options) -> Read {
    let mut feeder = Feeder::new(inputs, options);
    let mut batcher = Batcher::new(Arc::clone(&NORMALISER), Arc::new(Everything));
    let (mut batches, mut rejections) = (Vec::new(), Vec::new());
    while let Some(block) = feeder.next_block() {
        batcher.take(&block);
        batches.extend(batcher.drain());
        rejections.extend(batcher.take_rejections());
    }
    rejections.extend(feeder.rejections());
    Read { batches, rejections, sources: feeder.sources() }
}

fn read_bytes(bytes: &[u8], options: Options) -> Read {
    read(vec![Input::Bytes { name: "log".into(), bytes: bytes.into() }], options)
}

/// Kind, time, host, account and fields of each event, in the log's order; then what was said.
fn shown(read: &Read) -> String {
    let mut events: Vec<(u64, String)> = Vec::new();
    for batch in &read.batches {
        for (row, at) in batch.rows().iter().enumerate() {
            let time = at.time.map_or("-".into(), |t| t.to_string());
            let mut text = format!("#{} {} {time}", at.record, batch.kind());
            for (what, name) in
                [("host", entity::host(batch, row)), ("account", entity::account(batch, row))]
            {
                name.iter().for_each(|n| write!(text, " {what}={n}").expect("to memory"));
            }
            let mut fields: Vec<_> = batch.fields(row).collect();
            fields.sort_by(|a, b| a.0.cmp(b.0));
            for (name, value) in fields {
                let value = serde_json::to_string(&value).expect("serializes");
                write!(text, "\n    {name} = {value}").expect("to memory");
            }
            events.push((at.order, text));
        }
    }
    events.sort();
    let mut out: String = events.into_iter().map(|(_, text)| text + "\n").collect();
    for r in &read.rejections {
        let severity = r.severity.as_str();
        writeln!(out, "{severity} {}: {} ({})", r.place, r.reason, r.lost).expect("to memory");
    }
    out
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/text")
}

#[test]
fn each_log_is_read_as_it_stands_beside_it() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let logs =
        data::files(&folder()).into_iter().filter(|p| p.extension().is_some_and(|e| e == "log"));
    let mut differing = Vec::new();
    for path in logs {
        let bytes = std::fs::read(&path).expect("readable");
        // A file's own time must not matter here.
        let options = Options { year: Some(2023), ..Options::default() };
        let got = shown(&read_bytes(&bytes, options));
        let beside = path.with_extension("txt");
        if update {
            std::fs::write(&beside, &got).expect("writable");
        } else if std::fs::read_to_string(&beside).unwrap_or_default() != got {
            eprintln!("{}:\n{got}", path.display());
            differing.push(path);
        }
    }
    assert!(differing.is_empty(), "differ (UPDATE_EXPECT=1 writes anew): {differing:?}");
}

#[test]
fn each_log_is_the_same_however_its_lines_end() {
    for path in data::files(&folder()) {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        // In mail and in quotes, line ends are part of what is said.
        if !name.ends_with(".log") || ["mail.log", "csv.log"].contains(&name.as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("text");
        let options = Options { year: Some(2023), ..Options::default() };
        let plain = shown(&read_bytes(text.as_bytes(), options.clone()));
        let crlf = text.replace('\n', "\r\n");
        let crlf = shown(&read_bytes(crlf.as_bytes(), options.clone())).replace("\\r\\n", "\\n");
        assert_eq!(crlf, plain, "{name} with CRLF");
        let marked = format!("\u{feff}{}", text.trim_end_matches('\n'));
        assert_eq!(
            shown(&read_bytes(marked.as_bytes(), options.clone())),
            plain,
            "{name} with a mark"
        );
        let wide: Vec<u8> = "\u{feff}"
            .encode_utf16()
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(shown(&read_bytes(&wide, options)), plain, "{name} as UTF-16");
    }
}

/// Kinds, and the number of events of each.
fn kinds(read: &Read) -> Vec<(String, usize)> {
    let mut kinds = std::collections::BTreeMap::new();
    for batch in &read.batches {
        *kinds.entry(batch.kind().to_string()).or_insert(0) += batch.len();
    }
    kinds.into_iter().collect()
}

#[test]
fn a_format_given_is_used_whatever_the_text_is() {
    let noise = b"\x00\x01 nothing that \xff any format has\n\"',;|=[<(\n\n".repeat(3);
    for (word, format) in TextFormat::ALL {
        let parsed: Format = word.parse().expect("its word");
        assert_eq!(parsed, Format::Text(*format));
        let read = read_bytes(&noise, Options { format: Some(parsed), ..Options::default() });
        let events: usize = read.batches.iter().map(EventBatch::len).sum();
        let lost: u64 = read.rejections.iter().map(|r| r.lost).sum();
        assert!(events > 0 || lost > 0, "{word}: {:?}", read.rejections);
    }
}

#[test]
fn every_cut_of_every_log_is_read() {
    for path in data::files(&folder()).iter().filter(|p| p.extension().is_some_and(|e| e == "log"))
    {
        let bytes = std::fs::read(path).expect("readable");
        for cut in (0..bytes.len().min(4_000)).step_by(11) {
            let read = read_bytes(&bytes[..cut], Options::default());
            let defects = read.rejections.iter().filter(|r| r.reason.contains("defect")).count();
            assert_eq!(defects, 0, "{} to {cut}: {:?}", path.display(), read.rejections);
        }
    }
}

#[test]
fn mutations_of_every_log_are_read() {
    let mut seed = 7_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
        (seed >> 33) as usize % below
    };
    const TELLING: &[u8] = b"\n\r\0\"'=|,; \t[]()<>:#\\-%\xff\x1d";
    for path in data::files(&folder()).iter().filter(|p| p.extension().is_some_and(|e| e == "log"))
    {
        let whole = std::fs::read(path).expect("readable");
        for _ in 0..40 {
            let mut bytes = whole.clone();
            for _ in 0..1 + random(8) {
                let at = random(bytes.len());
                match random(4) {
                    0 => bytes[at] = TELLING[random(TELLING.len())],
                    1 => bytes.insert(at, TELLING[random(TELLING.len())]),
                    2 => drop(bytes.drain(at..(at + 1 + random(20)).min(bytes.len()))),
                    _ => bytes[at] ^= 1 << random(8),
                }
                if bytes.is_empty() {
                    bytes.push(b'x');
                }
            }
            let (_, format) = TextFormat::ALL[random(TextFormat::ALL.len())];
            for format in [None, Some(Format::Text(format))] {
                let read = read_bytes(&bytes, Options { format, ..Options::default() });
                let defects =
                    read.rejections.iter().filter(|r| r.reason.contains("defect")).count();
                assert_eq!(defects, 0, "{} {format:?}: {:?}", path.display(), read.rejections);
                shown(&read);
            }
        }
    }
}

#[test]
fn the_records_of_an_audit_event_are_joined_across_others() {
    let record = |ty: &str, serial: u32, rest: &str| {
        format!("type={ty} msg=audit(1700000000.100:{serial}): {rest}\n")
    };
    let mut log = String::new();
    for serial in 0..50 {
        log += &record("SYSCALL", serial, "arch=c000003e syscall=59 success=yes exe=\"/bin/x\"");
    }
    for serial in (0..50).rev() {
        log += &record("EXECVE", serial, &format!("argc=2 a0=\"x\" a1=\"{serial}\""));
    }
    let read = read_bytes(log.as_bytes(), Options::default());
    assert_eq!(kinds(&read), [("linux/auditd/process_creation".to_owned(), 50)]);
    let batch = &read.batches[0];
    for row in 0..batch.len() {
        let line = batch.value(row, "CommandLine").expect("it has one").text.to_owned();
        let raw = String::from_utf8_lossy(batch.raw(row));
        assert_eq!(raw.lines().count(), 2, "{raw}");
        let serial = line.strip_prefix("x ").expect("its second argument");
        assert_eq!(raw.matches(&format!(":{serial})")).count(), 2, "{raw}");
    }
}

#[test]
fn a_line_without_end_and_a_record_without_end_are_bounded() {
    let limits = blanik_ingest::Limits { record_bytes_max: 1 << 20, ..Default::default() };
    let options = Options { limits, ..Options::default() };
    let mut log = b"Oct  1 00:00:00 host sshd[1]: begins\n".to_vec();
    log.resize(3 << 20, b'x');
    log.extend_from_slice(b"\nOct  1 00:00:01 host sshd[1]: goes on\n");
    let read = read_bytes(&log, options.clone());
    assert_eq!(kinds(&read), [("linux/sshd".to_owned(), 2)]);
    assert!(
        read.rejections.iter().any(|r| r.reason.contains("more than 1048576")),
        "{:?}",
        read.rejections
    );
    // Lines that begin no record do not pile up into one.
    let mut log = b"Oct  1 00:00:00 host sshd[1]: begins\n".to_vec();
    (0..100_000).for_each(|_| log.extend_from_slice(b"more of it, and yet more\n"));
    let read = read_bytes(&log, options.clone());
    let longest = read.batches.iter().flat_map(|b| (0..b.len()).map(|row| b.raw(row).len())).max();
    assert!(longest < Some(200 << 10), "{longest:?}");
    // A quote that nobody closes.
    let mut log = b"a,b\n1,\"open\n".to_vec();
    (0..400_000).for_each(|_| log.extend_from_slice(b"2,three\n"));
    let read = read_bytes(&log, options);
    let events: usize = read.batches.iter().map(EventBatch::len).sum();
    assert!(events > 300_000, "{events}: {:?}", read.rejections);
}

#[test]
fn messages_in_messages_without_end_are_not_opened() {
    let mut mail =
        "Received: x\r\nFrom: a@b.example\r\nMessage-ID: <1>\r\nMIME-Version: 1.0\r\n".to_owned();
    (0..100_000).for_each(|_| mail += "Content-Type: message/rfc822\r\n\r\n");
    mail += "Subject: deep\r\n\r\nhttp://deep.example/\r\n";
    let read = read_bytes(mail.as_bytes(), Options::default());
    assert_eq!(kinds(&read), [("message/email".to_owned(), 1)]);
    let url = read.batches[0].value(0, "url").map(|v| v.text.to_owned());
    assert_eq!(url.as_deref(), Some("http://deep.example/"));
}

#[test]
fn login_records_of_both_sizes_and_orders() {
    let record = |long: bool, big: bool| {
        let mut r = vec![0_u8; if long { 400 } else { 384 }];
        let mut put = |at: usize, bytes: &[u8]| r[at..at + bytes.len()].copy_from_slice(bytes);
        let ordered = |mut bytes: Vec<u8>| {
            if big {
                bytes.reverse();
            }
            bytes
        };
        put(0, &ordered(7_i16.to_le_bytes().to_vec()));
        put(4, &ordered(1234_i32.to_le_bytes().to_vec()));
        put(8, b"pts/0");
        put(44, b"eve");
        put(76, b"far.example");
        let seconds = 1_700_000_000_i64.to_le_bytes();
        match long {
            true => put(344, &ordered(seconds.to_vec())),
            false => put(340, &ordered(seconds[..4].to_vec())),
        }
        put(if long { 360 } else { 348 }, &[203, 0, 113, 9]);
        r
    };
    for (long, big) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut bytes = record(long, big).repeat(3);
        bytes.extend_from_slice(b"torn");
        let read = read_bytes(&bytes, Options::default());
        assert_eq!(kinds(&read), [("linux/utmp".to_owned(), 3)], "{long} {big}");
        let batch = &read.batches[0];
        let of = |name: &str| batch.value(0, name).map(|v| v.text.to_owned()).unwrap_or_default();
        assert_eq!(
            [of("type"), of("user"), of("rhost"), of("src_ip"), of("pid")],
            ["USER_PROCESS", "eve", "far.example", "203.0.113.9", "1234"]
        );
        assert_eq!(batch.rows()[0].time.expect("it has one").to_string(), "2023-11-14T22:13:20Z");
        assert_eq!(read.rejections.iter().map(|r| r.lost).sum::<u64>(), 1, "{:?}", read.rejections);
    }
}

#[test]
fn a_year_is_told_by_the_file_and_by_the_caller() {
    let dir = tempfile::tempdir().expect("writable");
    let path = dir.path().join("auth.log");
    std::fs::write(&path, "Dec 31 23:59:59 h sshd[1]: a\nJan  1 00:00:01 h sshd[1]: b\n")
        .expect("new");
    let written = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_705_000_000);
    std::fs::File::options()
        .write(true)
        .open(&path)
        .and_then(|f| f.set_modified(written))
        .expect("set");
    let times = |options: Options| -> Vec<String> {
        let read = read(vec![Input::Path(path.clone())], options);
        assert!(read.rejections[0].reason.contains("no year"), "{:?}", read.rejections);
        let rows = read.batches.iter().flat_map(|b| b.rows().to_vec());
        rows.map(|r| r.time.expect("it has one").to_string()).collect()
    };
    assert_eq!(times(Options::default()), ["2023-12-31T23:59:59Z", "2024-01-01T00:00:01Z"]);
    let options = Options { year: Some(2017), ..Options::default() };
    assert_eq!(times(options), ["2017-12-31T23:59:59Z", "2018-01-01T00:00:01Z"]);
}

/// The folders of the data set that hold text logs: everything is read or named, and the share of
/// events with a kind is told.
#[test]
fn the_folders_of_text_logs_are_read() {
    let total = |name: &str, events_min: usize, lost_max: u64| {
        let Some(path) = data::folder(name) else { return };
        let read = read(vec![Input::Path(path)], Options::default());
        let events: usize = read.batches.iter().map(EventBatch::len).sum();
        let with_kind: usize =
            read.batches.iter().filter(|b| !b.kind().is_generic()).map(EventBatch::len).sum();
        let lost: u64 = read.rejections.iter().map(|r| r.lost).sum();
        eprintln!("{name}: {events} events, {with_kind} with a kind, {lost} lost");
        if std::env::var_os("BLANIK_SHOW").is_some() {
            let mut of = std::collections::BTreeMap::new();
            for batch in &read.batches {
                for row in batch.rows() {
                    let timeless = if row.time.is_none() { " TIMELESS" } else { "" };
                    let key = (row.source.0, format!("{}{timeless}", batch.kind()));
                    *of.entry(key).or_insert(0) += 1;
                }
            }
            for ((source, kind), count) in of {
                eprintln!("  {} {kind}: {count}", read.sources[source as usize]);
            }
            for r in &read.rejections {
                let source = &read.sources[r.source.0 as usize];
                eprintln!(
                    "  {} {source}: {}: {} ({})",
                    r.severity.as_str(),
                    r.place,
                    r.reason,
                    r.lost
                );
            }
        }
        assert!(events >= events_min, "{name}: {events}");
        assert!(lost <= lost_max, "{name}: {lost} lost");
    };
    total("linux", 1, 100);
    total("web", 1, 0);
    total("mail", 1, 0);
    total("endpoint", 1, 0);
    total("pcap", 0, 0);
    total("alerts-ait", 1, 0);
    total("cloud/msticpy-demo_exchange_data.csv", 1, 0);
}
