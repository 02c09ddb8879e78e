//! Small inputs of every shape, made here: whole, nested, misnamed, cut off.

use std::io::Write;
use std::path::Path;

use blanik_ingest::{Digested, Format, Input, Limits, Options};
use sha2::{Digest, Sha256};

use crate::reading::Reading;

fn read_with(name: &str, bytes: &[u8], options: Options) -> Reading {
    let dir = tempfile::tempdir().expect("writable");
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).expect("writable");
    Reading::of(&[&path], options, true)
}

fn read(bytes: &[u8]) -> Reading {
    // A name that fits none of the formats: names must not matter.
    read_with("x.png", bytes, Options::default())
}

/// The records of a log without source and hint: `1 a=1`.
fn check(bytes: &[u8], records: &[&str], problems: &[&str]) {
    let reading = read(bytes);
    let what = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let got: Vec<String> = reading
        .records
        .iter()
        .map(|r| {
            let (number, rest) =
                r.split_once('#').expect("shown so").1.split_once(' ').expect("so");
            format!("{number} {}", rest.split_once(' ').map_or("", |(_, fields)| fields))
        })
        .collect();
    assert_eq!(got, records, "{what}");
    let got = reading.problems();
    assert_eq!(got.len(), problems.len(), "{what}: {got:?}");
    for (got, expected) in got.iter().zip(problems) {
        assert!(got.contains(expected), "{what}: {got} lacks {expected}");
    }
}

#[test]
fn json_in_every_layout() {
    let two = ["1 a=1", "2 a=2"];
    check(b"{\"a\":1}\n{\"a\":2}\n", &two, &[]);
    check(b"\xef\xbb\xbf{\"a\":1}\r\n{\"a\":2}", &two, &[]);
    check(b"{\"a\":1}\n\n  \n{\"a\":2}\n", &["1 a=1", "4 a=2"], &[]);
    check(b"[{\"a\":1},\n{\"a\":2}]", &two, &[]);
    check(b"{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n", &two, &[]);
    check(b"{\"Records\":[{\"a\":1},{\"a\":2}]}", &two, &[]);
    check(b"{\"@odata.context\":\"x\",\"value\":[{\"a\":1},{\"a\":2}]}", &two, &[]);
    check(b"Record 7\n{\n \"a\": 1\n}\nRecord 9\n{\n \"a\": 2\n}\n", &["7 a=1", "9 a=2"], &[]);
    // A list of objects in an ordinary record does not make it a wrapper.
    check(b"{\"answers\":[{\"a\":1}],\"b\":2}\n", &["1 answers.a=1 b=2"], &[]);
    check(b"{}\n", &["1 "], &[]);
}

#[test]
fn json_that_is_damaged() {
    check(b"{\"a\":1}\n{\"a\":\n{\"a\":3}\n", &["1 a=1", "3 a=3"], &["line 2: invalid JSON"]);
    check(b"{\"a\":1}\n123\n", &["1 a=1"], &["line 2: valid JSON, but no object"]);
    check(b"{\"a\":1}\n{\"a\":2", &["1 a=1"], &["loss x.png: line 2"]);
    check(b"\":1}\n{\"a\":2}\n", &["2 a=2"], &["loss x.png: line 1"]);
    check(b"{\"a\":1}\n\0\0\0\0", &["1 a=1"], &["note x.png: line 2: 4 NUL bytes"]);
    check(b"{\"a\":\"\xff\"}\n", &["1 a=\"\u{fffd}\""], &["note x.png: line 1: 1 records"]);
    check(b"[{\"a\":1},{\"a\":", &["1 a=1"], &["record 2: the record breaks off"]);
    check(b"{\n\"a\": 1,\n{\n\"a\": 2\n}\n", &["2 a=2"], &["record 1: the record breaks off"]);
}

#[test]
fn utf16_text() {
    let text = "{\"a\":\"čau\"}\n{\"a\":2}\n";
    let records = ["1 a=\"čau\"", "2 a=2"];
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    check(&little, &records, &[]);
    check(&[b"\xff\xfe", &little[..]].concat(), &records, &[]);
    check(&[b"\xfe\xff", &big[..]].concat(), &records, &[]);
}

#[test]
fn windows_events_as_xml() {
    let event = |n: u32| {
        format!(
            "<Event xmlns='u'><System><Provider Name='P'/><EventID>{n}</EventID></System>\
             <EventData><Data Name='A'>b</Data></EventData></Event>"
        )
    };
    let fields = |n: u32| {
        format!(
            "{n} Event.#attributes.xmlns=\"u\" Event.System.Provider.#attributes.Name=\"P\" \
             Event.System.EventID=\"{n}\" Event.EventData.A=\"b\""
        )
    };
    let (one, two) = (fields(1), fields(2));
    let both = [&one[..], &two];
    check(format!("{}\n{}", event(1), event(2)).as_bytes(), &both, &[]);
    let document = format!("<?xml version=\"1.0\"?>\n<Events>{}{}</Events>", event(1), event(2));
    check(document.as_bytes(), &both, &[]);
    check(format!("Record 1\n{}\nRecord 2\n{}", event(1), event(2)).as_bytes(), &both, &[]);
    let cut = format!("{}<Event xmlns='u'><System><Pro", event(1));
    check(cut.as_bytes(), &both[..1], &["record 2: the record breaks off"]);
    check(b"<?xml version=\"1.0\"?><EventLog/>", &[], &["skipped x.png: file: XML without"]);
}

pub const ZEEK: &str = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n\
                    #path\tconn\n#fields\tts\tuid\tn\tok\ts\ttext\n\
                    #types\ttime\tstring\tcount\tbool\tset[string]\tstring\n";

#[test]
fn zeek_logs() {
    let log =
        format!("{ZEEK}1.500000\tC1\t7\tT\ta,b\t\\x09x\n2.0\tC2\t-\tF\t(empty)\t-\n#close\tx\n");
    let reading = read(log.as_bytes());
    assert_eq!(
        reading.records,
        [
            "0#8 zeek/conn ts=1.5 uid=\"C1\" n=7 ok=true s=[\"a\",\"b\"] text=\"\\tx\"",
            "0#9 zeek/conn ts=2 uid=\"C2\" ok=false s=[]",
        ]
    );
    assert_eq!(reading.problems(), [""; 0]);
    // A second log behind the first, with other columns, and a last line that breaks off.
    let other = "#separator \\x09\n#path\tdns\n#fields\tts\tquery\n#types\ttime\tstring\n5.5\n";
    let reading = read(format!("{log}{other}").as_bytes());
    assert_eq!(reading.records.len(), 2);
    assert!(reading.problems()[0].contains("line 15: has 1 columns where the header names 2"));
    let reading = read(format!("{log}{}", other.trim_end()).as_bytes());
    assert_eq!(reading.records[2], "0#15 zeek/dns ts=5.5");
    assert!(reading.problems()[0].contains("note x.png: line 15: the log breaks off"));
    let line = "1517336042.090842\tCi85EB2YjUI9a2eql6\t10.55.182.100\n";
    check(line.repeat(3).as_bytes(), &[], &["loss x.png: line 1: 3 lines of a Zeek log without"]);
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("to memory");
    encoder.finish().expect("to memory")
}

pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).expect("to memory");
    }
    builder.into_inner().expect("to memory")
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("to memory");
        writer.write_all(bytes).expect("to memory");
    }
    writer.finish().expect("to memory").into_inner()
}

/// What is hunted is what is hashed: logs, archives, files that are no log, and empty ones.
#[test]
fn the_digest_of_each_file_is_of_all_of_its_bytes() {
    let log: Vec<u8> = b"{\"a\":1}\n".repeat(90_000);
    let files: [(&str, Vec<u8>); 7] = [
        ("a-log", log.clone()),
        ("b-gz", gzip(&log)),
        ("c-zip", zip(&[("a", &log), ("b", &gzip(&log))])),
        ("d-tar", [tar(&[("a", &log)]), b"behind its end".repeat(30_000)].concat()),
        ("e-program", [b"MZ".to_vec(), vec![7; 200_000]].concat()),
        ("f-empty", Vec::new()),
        ("g-damaged", gzip(&log)[..1_000].to_vec()),
    ];
    let dir = tempfile::tempdir().expect("writable");
    for (name, bytes) in &files {
        std::fs::write(dir.path().join(name), bytes).expect("writable");
    }
    let inputs = || vec![Input::Path(dir.path().to_owned())];
    let plain = Reading::of_inputs(inputs(), Options::default(), true);
    let options = Options { digests: true, ..Options::default() };
    let reading = Reading::of_inputs(inputs(), options, true);
    assert_eq!((reading.problems(), &reading.records), (plain.problems(), &plain.records));
    assert_eq!(plain.digests, []);
    let expected = files.iter().map(|(name, bytes)| Digested {
        path: dir.path().join(name),
        size: bytes.len() as u64,
        sha256: Sha256::digest(bytes).into(),
    });
    assert_eq!(reading.digests, expected.collect::<Vec<_>>());
}

#[test]
fn archives_inside_archives() {
    let json = b"{\"a\":1}\n";
    let long = format!("{}/log", "d".repeat(150));
    let inner = zip(&[("host1/log.json", json), ("empty", b"")]);
    let bytes = gzip(&tar(&[("in.zip", &inner), (&long, json)]));
    let reading = read(&bytes);
    let ends: Vec<_> =
        reading.sources.iter().map(|s| s.split("x.png").nth(1).expect("its path")).collect();
    let long = format!("!{long}");
    assert_eq!(ends, ["", "!in.zip", "!in.zip!host1/log.json", "!in.zip!empty", &long]);
    assert_eq!(reading.records, ["2#1 json a=1", "4#1 json a=1"]);
    assert_eq!(reading.problems(), ["note x.png!in.zip!empty: file: the file is empty (0)"]);
    for packed in [
        zstd::stream::encode_all(&json[..], 1).expect("to memory"),
        {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(json).expect("to memory");
            encoder.finish().expect("to memory")
        },
        {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
            encoder.write_all(json).expect("to memory");
            encoder.finish().expect("to memory")
        },
        // Two streams side by side are one log.
        [gzip(json), Vec::new()].concat(),
    ] {
        check(&packed, &["1 a=1"], &[]);
        check(&packed.repeat(2), &["1 a=1", "2 a=1"], &[]);
    }
}

#[test]
fn archives_that_are_damaged_are_read_up_to_the_damage() {
    let lines: String = (0..20_000u64).map(|n| format!("{{\"a\":{}}}\n", n * n * 7919)).collect();
    let packed = gzip(lines.as_bytes());
    let reading = read(&packed[..packed.len() / 2]);
    assert!(reading.count > 5_000, "{}", reading.count);
    assert!(reading.problems().iter().any(|p| p.contains("damaged or cut off after")));

    let archive = tar(&[("a", b"{\"a\":1}\n"), ("b", lines.as_bytes())]);
    let reading = read(&archive[..archive.len() / 2]);
    assert!(reading.count > 5_000, "{}", reading.count);
    assert!(reading.problems().iter().any(|p| p.contains("x.png!b: byte")));

    let archive = zip(&[("a", b"{\"a\":1}\n"), ("b", b"{\"a\":2}\n")]);
    let reading = read(&archive[..archive.len() - 60]);
    assert_eq!(reading.records.len(), 2, "{:?}", reading.problems());
    assert!(reading.problems()[0].contains("table of contents"), "{:?}", reading.problems());
}

#[test]
fn limits_are_named() {
    let limits = Limits { nesting_max: 2, record_bytes_max: 1 << 20, ..Limits::default() };
    let options = Options { limits: limits.clone(), ..Options::default() };
    let nested = gzip(&gzip(&gzip(b"{}")));
    let reading = read_with("x", &nested, options.clone());
    assert!(reading.problems()[0].contains("more than 2 layers"), "{:?}", reading.problems());

    let long = format!("{{\"a\":1}}\n{{\"a\":\"{}\"}}\n{{\"a\":3}}\n", "x".repeat(4 << 20));
    let reading = read_with("x", long.as_bytes(), options.clone());
    assert_eq!(reading.records, ["0#1 json a=1", "0#3 json a=3"]);
    assert!(reading.problems()[0].contains("line 2: the line has"), "{:?}", reading.problems());
    let long = format!("[{{\"a\":1}},{{\"a\":\"{}\"}},{{\"a\":3}}]", "x".repeat(4 << 20));
    let reading = read_with("x", long.as_bytes(), options.clone());
    assert_eq!(reading.records, ["0#1 json a=1", "0#3 json a=3"]);
    assert!(reading.problems()[0].contains("record 2: has more than"), "{:?}", reading.problems());

    let limits = Limits { expanded_bytes_max: 1 << 20, ..limits };
    let bomb = gzip(&b"{\"a\":1}\n".repeat(1 << 20));
    let reading = read_with("x", &bomb, Options { limits, ..Options::default() });
    assert!(reading.count < 1 << 18);
    assert!(reading.problems()[0].contains("expands to more than"), "{:?}", reading.problems());
}

#[test]
fn what_is_no_log_and_what_is_missing() {
    check(b"", &[], &["note x.png: file: the file is empty"]);
    check(b"MZ\x90\0\x03\0", &[], &["skipped x.png: file: a Windows program"]);
    check(b"\xd4\xc3\xb2\xa1\x02\0\x04\0", &[], &["run Zeek or Suricata"]);
    check(b"1,2,3\n4,5,6\n", &[], &["CSV whose first line does not name its columns"]);
    let reading = Reading::of(&[Path::new("/nowhere/at/all")], Options::default(), true);
    assert!(reading.any_missing);
    assert_eq!(reading.problems(), ["missing all: file: does not exist (0)"]);
}

#[test]
fn a_file_named_or_linked_twice_is_read_once() {
    let dir = tempfile::tempdir().expect("writable");
    let at = |name: &str| dir.path().join(name);
    std::fs::create_dir(at("d")).expect("new");
    std::fs::write(at("d/log"), "{\"a\":1}\n").expect("new");
    std::fs::write(at("d/same"), "{\"a\":1}\n").expect("new");
    let again = at("d/../d/log");
    let reading = Reading::of(&[dir.path(), &again], Options::default(), true);
    // Two files of the same bytes are two files.
    assert_eq!(reading.count, 2);
    assert_eq!(reading.rejections.len(), 1, "{:?}", reading.problems());
    let first = at("d/log");
    let expected = format!("skipped log: file: is the file that is read as {}", first.display());
    assert!(reading.problems()[0].starts_with(&expected), "{:?}", reading.problems());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(at("d/log"), at("link")).expect("new");
        let reading = Reading::of(&[dir.path()], Options::default(), true);
        assert_eq!(reading.count, 2);
        assert!(reading.problems()[0].starts_with("skipped link: file: is the file that is read"));
    }
}

/// Each of these took minutes where it was read at a cost that grows with the square of its length.
#[test]
fn what_repeats_without_end_is_read_in_one_go() {
    // As many more problems as a log may have are counted, not listed.
    let opens = "<Event xmlns='u'>".repeat(2_000_000);
    let reading = read(opens.as_bytes());
    assert_eq!(reading.count, 0);
    assert_eq!(reading.rejections.iter().map(|r| r.lost).sum::<u64>(), 2_000_000);

    let columns: Vec<String> = (0..100_000).map(|n| format!("c{n}")).collect();
    let again = "#path\ta\nx\n".repeat(50_000);
    let log = format!("#separator \\x09\n#fields\t{}\n{again}", columns.join("\t"));
    let reading = read(log.as_bytes());
    // The last line breaks off.
    assert_eq!(reading.rejections.iter().map(|r| r.lost).sum::<u64>() + reading.count, 50_000);
}

#[test]
fn zeek_columns_without_a_type_are_text() {
    let log = "#separator \\x09\n#path\tx\n#fields\ta\tb\n#types\tcount\n1\t2\n";
    let reading = read(log.as_bytes());
    assert_eq!(reading.records, ["0#5 zeek/x a=1 b=\"2\""]);
    let columns = ["c"; 65_537].join("\t");
    let values = ["1"; 65_537].join("\t");
    let log = format!("#separator \\x09\n#path\tx\n#fields\t{columns}\n{values}\n");
    let reading = read(log.as_bytes());
    assert_eq!(reading.count, 0);
    assert!(reading.problems()[0].contains("line 4: it has more than 65536 fields"));
}

#[test]
fn a_format_given_overrides_the_content() {
    let options = Options { format: Some(Format::Json), ..Options::default() };
    let reading = read_with("x", b"not json\n{\"a\":1}\n", options);
    assert_eq!(reading.records, ["0#2 json a=1"]);
    assert_eq!(reading.rejections.len(), 1);
}

#[test]
fn blocks_cut_at_records_lose_none_and_keep_their_bytes() {
    let line = |n: u64| format!("{{\"n\":{n},\"pad\":\"{}\"}}", "é\\\"".repeat(n as usize % 97));
    let lines: Vec<String> = (1..=40_000).map(line).collect();
    for (open, between, close) in [("", "\n", ""), ("[", ",\n", "]"), ("", "", "")] {
        let text = format!("{open}{}{close}", lines.join(between));
        let reading = read(text.as_bytes());
        assert_eq!(reading.problems(), [""; 0]);
        assert_eq!(reading.raw.len(), lines.len());
        for (i, raw) in reading.raw.iter().enumerate() {
            assert_eq!(raw, lines[i].as_bytes());
            assert!(reading.records[i].starts_with(&format!("0#{} ", i + 1)));
        }
    }
}
