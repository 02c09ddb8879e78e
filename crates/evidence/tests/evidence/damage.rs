//! Any byte that is changed is found, and the file that holds it named.

use std::fs;
use std::path::{Path, PathBuf};

use blanik_evidence::verify::{Report, verify_workspace};
use blanik_evidence::{Folder, Grade, Hash, Policy, SigningKey, Workspace, anchor};

fn key() -> SigningKey {
    SigningKey::from_seed("example.org/log", [1; 32]).expect("a name")
}

/// A workspace with these batches. Its keys need no passphrase here: nothing is encrypted.
fn workspace(batches: &[usize]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    blanik_evidence::commit::Log::create(&Folder::new(folder.path()), &key()).expect("a log");
    let mut open = Workspace::open_with(folder.path(), key()).expect("a workspace");
    for (batch, count) in batches.iter().enumerate() {
        let record = |i: usize| {
            format!(
                r#"{{"type":"found","rule_id":"r{batch}","host":"PC{i}","event":{{"Image":"C:\\x\\{i}.exe","Pid":{i}}},"tags":["attack.t1003","čau"]}}"#
            )
        };
        let records: Vec<String> = (0..*count).map(record).collect();
        open.append_json(&records).expect("logged");
    }
    folder
}

fn files(folder: &Path, below: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.join(below)];
    while let Some(path) = open.pop() {
        if path.is_file() {
            files.push(path);
        } else {
            open.extend(fs::read_dir(path).expect("a folder").map(|e| e.expect("an entry").path()));
        }
    }
    files.sort();
    files
}

/// What others say of a log: `ally` and `second` cosign the newest checkpoint with both of their keys, and
/// so does somebody of whom no policy knows; an authority stamps it.
fn outside(folder: &Path) {
    let reader = Workspace::open_read(folder).expect("a workspace");
    let (size, mut note) = (reader.checkpoint().size, reader.note().clone());
    for name in ["ally", "second", STRANGER] {
        let key = witness(name);
        note.signatures.push(key.cosign(&note.text, 1_700_000_000));
        note.signatures.extend(key.cosign_ml_dsa_44(&note.text, 1_700_000_000));
    }
    fs::create_dir_all(folder.join("cosigned")).expect("a folder");
    fs::create_dir_all(folder.join("anchors")).expect("a folder");
    let kept = format!("cosigned/{size:016}");
    fs::write(folder.join(kept), note.to_string()).expect("writable");
    let about = reader.note().to_string();
    let answer = stamp(about.as_bytes());
    let (kept, checkpoint) = anchor::paths(size, &answer);
    fs::write(folder.join(kept), answer).expect("writable");
    fs::write(folder.join(checkpoint), about).expect("writable");
}

const STRANGER: &str = "stranger.example";

fn witness(name: &str) -> SigningKey {
    let key = SigningKey::from_seed(name, Hash::of(name.as_bytes()).0).expect("a name");
    key.graded(Grade::Consistent)
}

/// Who knows the log, `ally` and `second`, and asks for both.
fn policy() -> Policy {
    let mut text = format!("log {}\n", key().verifier());
    for name in ["ally", "second"] {
        let key = witness(name);
        text +=
            &format!("witness {name} {}\nwitness {name}2 {}\n", key.cosigner(), key.ml_dsa_44());
    }
    text += "group all all ally ally2 second second2\nquorum all\n";
    Policy::parse(&text).expect("a policy")
}

/// The parts of a TimeStampResp that stand for the whole, and an unread signature behind them.
fn stamp(about: &[u8]) -> Vec<u8> {
    let der = |tag: u8, parts: &[&[u8]]| {
        let content = parts.concat();
        let length = u16::try_from(content.len()).expect("short").to_be_bytes();
        [[tag, 0x82].as_slice(), &length, &content].concat()
    };
    let sha256 = [0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0];
    let tst_info = [6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 9, 16, 1, 4];
    let imprint = der(0x30, &[&sha256, &der(4, &[&Hash::of(about).0])]);
    let time = der(0x18, &[b"20251122101530Z"]);
    let info = der(0x30, &[&[2, 1, 1, 6, 1, 42], &imprint, &[2, 1, 7], &time]);
    let content = [&tst_info[..], &der(0xa0, &[&der(4, &[&info])])].concat();
    der(0x30, &[&der(0x30, &[&[2, 1, 0]]), &der(0x30, &[&content, &[0x5a; 256]])])
}

/// A workspace about which others said something, and what is said of it while nothing is wrong.
struct Outside<'a> {
    folder: &'a Path,
    policy: Option<&'a Policy>,
    before: Report,
}

impl<'a> Outside<'a> {
    fn new(folder: &'a Path, policy: Option<&'a Policy>) -> Self {
        let before = verify_workspace(&Folder::new(folder), policy);
        assert!(before.faults.is_empty(), "{:?}", before.faults);
        Outside { folder, policy, before }
    }
}

/// What a report says, but for the policy's verdict.
fn said(report: &Report) -> (usize, &[String]) {
    (report.faults.len(), &report.remarks)
}

/// Flips this byte of what others said. It is named as wrong, or the report tells something else; but for
/// the signature of somebody whose key nobody has. True if it is that.
fn flip_outside(outside: &Outside<'_>, file: &Path, (at, bits): (usize, u8)) -> bool {
    let Outside { folder, policy, before } = outside;
    let good = fs::read(file).expect("readable");
    let mut bad = good.clone();
    bad[at] ^= bits;
    fs::write(file, &bad).expect("writable");
    let report = verify_workspace(&Folder::new(folder), *policy);
    fs::write(file, &good).expect("writable");
    let name = file.strip_prefix(folder).expect("within").to_string_lossy().into_owned();
    let named = report.faults.iter().any(|f| f.path == name && f.offset <= at as u64);
    if named || said(&report) != said(before) {
        return false;
    }
    // The line that holds the byte: its name and the key's id are told, what it signs nobody can check.
    let start = good[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let end = at + good[at..].iter().position(|&byte| byte == b'\n').expect("lines end");
    let line = String::from_utf8_lossy(&good[start..end]).into_owned();
    let theirs = |name: &&str| line.starts_with(&format!("— {name}/"));
    let unknown: &[&str] =
        if policy.is_some() { &[STRANGER] } else { &["ally", "second", STRANGER] };
    assert!(unknown.iter().any(theirs), "{name}, byte {at} of {line:.80}: not noticed");
    true
}

#[test]
fn each_byte_that_others_said_of_a_small_workspace() {
    each_byte_outside(101);
}

#[test]
#[ignore = "takes minutes: `cargo xtask ordeal`"]
fn each_single_byte_that_others_said_of_a_small_workspace() {
    each_byte_outside(1);
}

/// Each byte whose place is a multiple of `step`.
fn each_byte_outside(step: usize) {
    let folder = workspace(&[1, 2]);
    outside(folder.path());
    let with = policy();
    for policy in [Some(&with), None] {
        let outside = Outside::new(folder.path(), policy);
        let witnesses = outside.before.verdict.as_ref().map(|verdict| verdict.witnesses.len());
        assert_eq!(witnesses, policy.map(|_| 4));
        let (mut flips, mut idle) = (0, 0);
        for below in ["cosigned", "anchors"] {
            for file in files(folder.path(), below) {
                for at in (0..fs::metadata(&file).expect("there").len() as usize).step_by(step) {
                    let flip = (at, 1 << (at % 8));
                    idle += u64::from(flip_outside(&outside, &file, flip));
                    flips += 1;
                }
            }
        }
        let words = if policy.is_some() { "with" } else { "without" };
        println!(
            "{flips} flips in cosigned/ and anchors/ {words} a policy, {idle} of them in signatures by unknown keys"
        );
        assert!(flips * step as u64 > 15_000 && idle > 0, "{flips}, {idle}");
    }
}

/// Flips this byte, and expects that the fault is named, to the byte where `exact`.
fn flip(folder: &Path, file: &Path, at: usize, bits: u8, exact: bool) {
    let good = fs::read(file).expect("readable");
    let mut bad = good.clone();
    bad[at] ^= bits;
    fs::write(file, &bad).expect("writable");
    let report = verify_workspace(&Folder::new(folder), None);
    let name = file.strip_prefix(folder).expect("within").to_string_lossy().into_owned();
    let named = report.faults.iter().any(|f| {
        f.path == name && if exact { f.offset == at as u64 } else { f.offset <= at as u64 }
    });
    assert!(named, "{name}, byte {at}: {:?}", report.faults);
    fs::write(file, good).expect("writable");
}

#[test]
fn each_byte_of_a_small_workspace() {
    let folder = workspace(&[1, 2]);
    let path = folder.path();
    assert!(verify_workspace(&Folder::new(path), None).faults.is_empty());
    let mut flipped = 0;
    for below in ["log", "committed", "log.vkey", "sealed"] {
        for file in files(path, below) {
            for at in 0..fs::metadata(&file).expect("there").len() as usize {
                // Log and committed to the byte; keys and packs to what is wrong.
                flip(path, &file, at, 1 << (at % 8), below == "log" || below == "committed");
                flipped += 1;
            }
        }
    }
    assert!(flipped > 1_200, "{flipped}");
}

#[test]
fn random_bytes_of_a_larger_workspace() {
    flips_of_a_larger_workspace(150);
}

#[test]
#[ignore = "10,000 flips take minutes: `cargo xtask ordeal`"]
fn ten_thousand_random_bytes_of_a_larger_workspace() {
    flips_of_a_larger_workspace(10_000);
}

fn flips_of_a_larger_workspace(flips: u64) {
    let folder = workspace(&[300, 1, 255, 40]);
    let path = folder.path();
    let report = verify_workspace(&Folder::new(path), None);
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!(report.records_verified, 596);
    outside(path);
    let with = policy();
    let others = Outside::new(path, Some(&with));
    let all: Vec<(PathBuf, u64)> = ["log", "committed", "sealed", "cosigned", "anchors"]
        .into_iter()
        .flat_map(|below| files(path, below))
        .map(|file| (file.clone(), fs::metadata(file).expect("there").len()))
        .collect();
    let total: u64 = all.iter().map(|(_, length)| length).sum();
    let (mut state, mut idle) = (42u64, 0);
    for _ in 0..flips {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (mut at, bits) = ((state >> 20) % total, (state >> 12) as u8 | 1);
        let (file, _) = all
            .iter()
            .find(|(_, length)| {
                let here = at < *length;
                at -= if here { 0 } else { *length };
                here
            })
            .expect("within all files");
        if ["cosigned", "anchors"].iter().any(|below| file.starts_with(path.join(below))) {
            idle += u64::from(flip_outside(&others, file, (at as usize, bits)));
        } else {
            flip(path, file, at as usize, bits, false);
        }
    }
    println!("{flips} random flips of {total} bytes, {idle} of them in signatures by unknown keys");
}

#[test]
fn what_is_missing_or_too_much() {
    let folder = workspace(&[300]);
    let path = folder.path();
    let report = || verify_workspace(&Folder::new(path), None);
    for file in files(path, "log").into_iter().chain([path.join("committed")]) {
        let bytes = fs::read(&file).expect("readable");
        fs::remove_file(&file).expect("removed");
        assert!(!report().faults.is_empty(), "{} may be missing", file.display());
        fs::write(&file, [bytes.as_slice(), b"x"].concat()).expect("writable");
        assert!(!report().faults.is_empty(), "{} may be longer", file.display());
        fs::write(&file, bytes).expect("writable");
    }
    // A pack may be withheld: the log verifies, and it is said.
    fs::remove_file(&files(path, "sealed")[0]).expect("removed");
    let report = report();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!((report.records_verified, report.records_withheld), (0, 300));
}

#[test]
fn a_log_signed_anew_by_another_key_or_shortened_is_caught_by_who_knows_better() {
    use blanik_evidence::Checkpoint;
    let folder = workspace(&[5]);
    let disk = Folder::new(folder.path());
    let policy = |key: &SigningKey| {
        Policy::parse(&format!("log {}\nquorum none\n", key.verifier())).expect("a policy")
    };
    assert!(verify_workspace(&disk, Some(&policy(&key()))).faults.is_empty());
    let other = SigningKey::from_seed("example.org/log", [2; 32]).expect("a name");
    assert!(!verify_workspace(&disk, Some(&policy(&other))).faults.is_empty());
    // Somebody kept a cosigned checkpoint of a longer log.
    let reader = Workspace::open_read(folder.path()).expect("a workspace");
    let root = blanik_evidence::Hash::of(b"what was there");
    let longer = Checkpoint { size: 6, root, ..reader.checkpoint().clone() };
    fs::create_dir(folder.path().join("cosigned")).expect("a folder");
    let note = key().sign(longer.to_string()).to_string();
    fs::write(folder.path().join("cosigned/0000000000000006"), note).expect("writable");
    let report = verify_workspace(&disk, None);
    assert_eq!(report.faults.len(), 1, "{:?}", report.faults);
    assert!(report.faults[0].reason.contains("another tree"));
}
