//! Any byte that is changed is found, and the file that holds it named.

use std::fs;
use std::path::{Path, PathBuf};

use blanik_evidence::verify::verify_workspace;
use blanik_evidence::{Folder, SigningKey, Workspace};

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
    let all: Vec<(PathBuf, u64)> = ["log", "committed", "sealed"]
        .into_iter()
        .flat_map(|below| files(path, below))
        .map(|file| (file.clone(), fs::metadata(file).expect("there").len()))
        .collect();
    let total: u64 = all.iter().map(|(_, length)| length).sum();
    let mut state = 42u64;
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
        flip(path, file, at as usize, bits, false);
    }
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
    use blanik_evidence::{Checkpoint, Policy};
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
