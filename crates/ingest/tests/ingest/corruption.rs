//! Valid inputs with bytes flipped, cut out, inserted and repeated: nothing panics, and what can be
//! counted adds up. What the fuzz targets in `fuzz/` look for at length, briefly and on every run.

use std::path::Path;

use blanik_ingest::{Input, Limits, Options};

use crate::data::{files, folder};
use crate::inputs::{ZEEK, gzip, tar, zip};
use crate::reading::Reading;

/// Numbers that look random and are the same on every run (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

/// Between one and four changes somewhere in the bytes from `from` on.
fn corrupted(bytes: &[u8], from: usize, numbers: &mut Numbers) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = from + numbers.below(out.len() - from);
        let len = 1 + numbers.below(40).min(out.len() - at - 1);
        match numbers.below(5) {
            0 => out[at] ^= 1 << numbers.below(8),
            1 => out[at] = [0, 0xff, b'"', b'{', b'\\', b'<', b'\t', 0x80][numbers.below(8)],
            2 => drop(out.drain(at..at + len)),
            3 => {
                let piece = out[at..at + len].to_vec();
                let to = from + numbers.below(out.len() - from);
                out.splice(to..to, piece);
            }
            _ => out.truncate((at + 1).max(from + 1)),
        }
        if out.len() <= from + 1 {
            return out;
        }
    }
    out
}

fn read(bytes: &[u8]) -> Reading {
    let limits = Limits {
        expanded_bytes_max: 16 << 20,
        ratio_from_bytes: 1 << 20,
        members_max: 100,
        ..Limits::default()
    };
    let input = Input::Bytes { name: "x".into(), bytes: bytes.into() };
    let reading = Reading::of_inputs(vec![input], Options { limits, ..Options::default() }, false);
    for rejection in &reading.rejections {
        assert!(!rejection.reason.contains("a defect of this program"), "{rejection:?}");
    }
    reading
}

fn corrupt_often(what: &str, bytes: &[u8], times: usize, seed: u64) {
    let mut numbers = Numbers(seed);
    for time in 0..times {
        let damaged = corrupted(bytes, 0, &mut numbers);
        let result = std::panic::catch_unwind(|| read(&damaged).count);
        assert!(result.is_ok(), "{what}: corruption {time} of seed {seed}");
    }
}

fn json_lines(n: usize) -> Vec<u8> {
    let line = |n| {
        format!("{{\"n\":{n},\"t\":\"2024-05-06T07:08:09Z\",\"l\":[{{\"a\":\"\\u010d\"}},1]}}\n")
    };
    (0..n).map(line).collect::<String>().into_bytes()
}

fn zeek_log(n: usize) -> Vec<u8> {
    let line = |n| format!("{n}.5\tC{n}\t{n}\tT\ta,b\t\\x09x\n");
    format!("{ZEEK}{}", (0..n).map(line).collect::<String>()).into_bytes()
}

const EVENT: &str = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
    <Provider Name='P'/><EventID Qualifiers='0'>4688</EventID><Computer>PC</Computer></System>\
    <EventData><Data Name='A'>a &lt;&#x41;&gt;</Data><Data>x</Data></EventData></Event>\n";

#[test]
fn of_every_format_and_container() {
    let log = json_lines(40);
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(EVENT.repeat(3).encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let array = format!("[{}]", String::from_utf8_lossy(&log).trim_end().replace('\n', ","));
    let seeds: Vec<(&str, Vec<u8>)> = vec![
        ("json lines", log.clone()),
        ("json array", array.clone().into_bytes()),
        ("json wrapper", format!("{{\"x\":1,\"Records\":{array}}}").into_bytes()),
        ("json pretty", array.replace(',', ",\n  ").into_bytes()),
        ("zeek", zeek_log(40)),
        ("xml", EVENT.repeat(20).into_bytes()),
        ("utf-16", utf16),
        ("gzip", gzip(&log)),
        ("zstd", zstd::stream::encode_all(&log[..], 1).expect("to memory")),
        ("tar", tar(&[("a", &log), ("b", &zeek_log(3)), (&"d/".repeat(90), b"x")])),
        ("zip", zip(&[("a", &log), ("b.gz", &gzip(&log)), ("c", b"")])),
        ("tar.gz in zip", zip(&[("a.tgz", &gzip(&tar(&[("a", &log)])))])),
    ];
    for (seed, (what, bytes)) in (1..).zip(&seeds) {
        assert!(read(bytes).count > 0, "{what} is read when it is whole");
        corrupt_often(what, bytes, 600, seed);
    }
}

/// As long as no line end is touched, lines in = records out + records lost.
#[test]
fn lines_are_read_or_rejected() {
    let mut numbers = Numbers(77);
    for (bytes, header_lines) in [(json_lines(60), 0), (zeek_log(60), 8)] {
        // The first line stays whole, by which the format is known.
        let first = memchr::memmem::find(&bytes, b"\"t\"")
            .or_else(|| memchr::memmem::find(&bytes, b"\n0.5\t").map(|n| n + 1));
        let first = first.expect("there is one");
        let start = first + bytes[first..].iter().position(|b| *b == b'\n').expect("its end") + 1;
        for _ in 0..400 {
            let mut damaged = bytes.clone();
            for _ in 0..=numbers.below(12) {
                let at = start + numbers.below(bytes.len() - start);
                let to = [0xff, b'"', b'}', b'\\', b'\t', b'7', b'[', 0xc3][numbers.below(8)];
                if damaged[at] != b'\n' {
                    damaged[at] = to;
                }
            }
            let reading = read(&damaged);
            let lost: u64 = reading.rejections.iter().map(|r| r.lost).sum();
            let shown = String::from_utf8_lossy(&damaged).into_owned();
            assert_eq!(
                reading.count + lost,
                60,
                "{header_lines} {:?}\n{shown}",
                reading.rejections
            );
        }
    }
}

/// Real files, the first 192 KiB of some of each folder.
#[test]
fn of_real_telemetry() {
    let mut seed = 1000;
    for (name, step, times) in [
        ("windows-evtx/evtx-attack-samples", 17, 20),
        ("windows-evtx/benign-and-corrupt-omerbenamram", 4, 20),
        ("windows-json-otrf", 20, 12),
        ("windows-splunk", 1, 20),
        ("zeek", 20, 10),
        ("suricata", 5, 12),
    ] {
        let Some(root) = folder(name) else { continue };
        for path in files(&root).iter().step_by(step) {
            seed += 1;
            corrupt_often(&path.display().to_string(), &head(path), times, seed);
        }
    }
}

fn head(path: &Path) -> Vec<u8> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).expect("readable");
    file.take(192 << 10).read_to_end(&mut bytes).expect("readable");
    bytes
}
