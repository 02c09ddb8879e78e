//! Over real telemetry: `$BLANIK_DATA`, or the workspace's `target/data`. Skipped, loudly, without.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use blanik_ingest::{Options, Severity};

use crate::reading::Reading;

pub fn folder(name: &str) -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/data");
    let data = std::env::var_os("BLANIK_DATA").map_or(default, PathBuf::from);
    let path = data.join(name);
    if !path.exists() {
        // Straight to the stream: of a test that passes, the runner swallows what `eprintln!` says.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: {} is not there; unpack the data set",
            path.display()
        );
        return None;
    }
    Some(path)
}

/// Reads a folder; the least number of records it must give, and the most that may be lost.
fn check(name: &str, records: u64, lost: u64) {
    let Some(path) = folder(name) else { return };
    let reading = Reading::of(&[&path], Options::default(), false);
    let sum: u64 = reading.rejections.iter().map(|r| r.lost).sum();
    let of = |s: Severity| reading.rejections.iter().filter(|r| r.severity == s).count();
    eprintln!(
        "{name}: {} records; {sum} lost; {} losses, {} skipped, {} notes",
        reading.count,
        of(Severity::Loss),
        of(Severity::Skipped),
        of(Severity::Note)
    );
    if std::env::var_os("BLANIK_SHOW").is_some() {
        reading.problems().iter().for_each(|p| eprintln!("  {p}"));
    }
    assert!(reading.count >= records, "{name}: {} records", reading.count);
    assert!(sum <= lost, "{name}: {sum} lost");
}

#[test]
fn windows_evtx() {
    check("windows-evtx", 35_000, 8);
}

#[test]
fn windows_json() {
    check("windows-json-otrf", 570_000, 0);
}

#[test]
fn windows_splunk() {
    check("windows-splunk", 16_964, 0);
}

#[test]
fn zeek() {
    check("zeek", 364_000, 61);
}

#[test]
fn suricata() {
    check("suricata", 126_000, 0);
}

#[test]
fn clouds() {
    check("cloud/aws-invictus-cloudtrail", 2_900, 0);
    check("cloud/o365-ual-dev.jsonl", 5_378, 0);
    check("cloud/panther-rule-tests-dev.jsonl", 1_339, 0);
    check("linux/msticpy-osqueryd.results.log", 266, 0);
    check("linux/plaso-format-samples/jsonl", 23, 0);
    check("linux/plaso-format-samples/azure_application_gateway_access.json", 2, 0);
}

/// The same events as EVTX and as the XML that the `evtx` crate makes of them give the same names
/// and the same text. Justified differences: XML knows no types, so only text is compared, with null
/// and the empty string alike; and XML 1.0 has no control characters, for which the crate writes `_`.
#[test]
fn xml_gives_the_names_that_evtx_gives() {
    let Some(root) = folder("windows-evtx/evtx-attack-samples") else { return };
    let dir = tempfile::tempdir().expect("writable");
    let (mut compared, mut differ) = (0, Vec::new());
    for path in files(&root) {
        let Ok(mut parser) = evtx::EvtxParser::from_path(&path) else { continue };
        let xml: Vec<String> = parser.records().flatten().map(|r| r.data).collect();
        let xml_path = dir.path().join("events.xml");
        std::fs::write(&xml_path, xml.concat()).expect("writable");
        let ours = Reading::of(&[&xml_path], Options::default(), true);
        let theirs = Reading::of(&[&path], Options::default(), true);
        assert_eq!(ours.fields.len(), theirs.fields.len(), "{}", path.display());
        for (a, b) in ours.fields.iter().zip(&theirs.fields) {
            compared += 1;
            let b: Vec<_> = b.iter().map(|(n, v)| (n.clone(), v.replace(forbidden, "_"))).collect();
            if *a != b {
                let name = path.file_name().expect("a file").to_string_lossy().into_owned();
                let only = |x: &[(String, String)], y: &[(String, String)]| {
                    x.iter().filter(|f| !y.contains(f)).cloned().collect::<Vec<_>>()
                };
                differ.push(format!("{name}: xml {:?} evtx {:?}", only(a, &b), only(&b, a)));
            }
        }
    }
    differ.iter().take(12).for_each(|d| eprintln!("{d}"));
    eprintln!("{compared} compared");
    assert!(compared > 8_000);
    assert_eq!(differ.len(), 0, "differ");
}

/// XML 1.0, 2.2.
fn forbidden(c: char) -> bool {
    c < ' ' && !matches!(c, '\t' | '\n' | '\r')
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("readable");
    let mut paths: Vec<_> = entries.map(|e| e.expect("readable").path()).collect();
    paths.sort();
    paths.into_iter().flat_map(|p| if p.is_dir() { files(&p) } else { vec![p] }).collect()
}
