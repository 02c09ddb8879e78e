//! What allies send back under a checkpoint: kept if it holds, and if it is of this log.

use blanik_evidence::commit::Log;
use blanik_evidence::{
    Error, Folder, Grade, Note, Reader, SigningKey, VerifierKey, Workspace, allies,
};
use serde_json::json;

fn log_key() -> SigningKey {
    SigningKey::from_seed("example.org/log", [1; 32]).expect("a name")
}

fn ally(seed: u8) -> SigningKey {
    SigningKey::from_seed("ally.example", [seed; 32]).expect("a name").graded(Grade::ReRun)
}

fn keys(of: &SigningKey) -> Vec<VerifierKey> {
    vec![of.cosigner(), of.ml_dsa_44()]
}

/// The note with both signatures of that key.
fn signed(note: &Note, by: &SigningKey, at: u64) -> Note {
    let mut note = note.clone();
    note.signatures.push(by.cosign(&note.text, at));
    note.signatures.extend(by.cosign_ml_dsa_44(&note.text, at));
    note
}

fn grown(folder: &std::path::Path, key: &SigningKey, value: u64, records: usize) -> Reader {
    let mut workspace = Workspace::open_with(folder, key.clone()).expect("a workspace");
    workspace.append(&vec![json!({ "n": value }); records]).expect("logged");
    drop(workspace);
    Workspace::open_read(folder).expect("a workspace")
}

fn log(key: &SigningKey) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    Log::create(&Folder::new(folder.path()), key).expect("a log");
    folder
}

#[test]
fn what_an_ally_signed_is_kept_under_its_size_though_the_log_has_grown() {
    let folder = log(&log_key());
    let old = grown(folder.path(), &log_key(), 1, 5).note().clone();
    let reader = grown(folder.path(), &log_key(), 1, 300);
    let returned = reader.take_back(&signed(&old, &ally(7), 1_700_000_000), &keys(&ally(7)));
    let returned = returned.expect("of this log");
    assert_eq!((returned.size, returned.holds.len(), returned.left.len()), (5, 2, 0));
    assert!(returned.holds.iter().all(|h| h.at == Some(1_700_000_000) && !h.was_kept));
    let (checkpoint, kept) = &reader.cosigned().expect("readable")[0];
    assert_eq!((checkpoint.size, kept.signatures.len()), (5, 4));
    let report = blanik_evidence::verify::verify_workspace(&Folder::new(folder.path()), None);
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    // Once more: nothing is there twice.
    let again = reader.take_back(&signed(&old, &ally(7), 1_700_000_000), &keys(&ally(7)));
    assert!(again.expect("of this log").holds.iter().all(|h| h.was_kept));
    assert_eq!(reader.cosigned().expect("readable")[0].1.signatures.len(), 4);
}

#[test]
fn what_does_not_hold_is_left() {
    let folder = log(&log_key());
    let reader = grown(folder.path(), &log_key(), 1, 5);
    let note = reader.note();
    let left = |note: &Note, known: &[VerifierKey]| {
        let returned = reader.take_back(note, known).expect("of this log");
        assert_eq!(returned.holds, []);
        returned.left.iter().map(|(_, why)| *why).collect::<Vec<_>>()
    };
    let stranger = left(&signed(note, &ally(7), 1), &[]);
    assert_eq!(stranger, ["its key is not known here"; 2]);
    assert_eq!(left(&signed(note, &ally(8), 1), &keys(&ally(7))).len(), 2, "of the same name");
    let mut forged = signed(note, &ally(7), 1);
    forged.signatures[2].signature[20] ^= 1;
    forged.signatures.pop();
    assert_eq!(left(&forged, &keys(&ally(7))), ["the signature does not hold"]);
    assert!(reader.cosigned().expect("readable").is_empty(), "nothing was kept");
}

#[test]
fn a_checkpoint_of_another_tree_is_refused_and_one_by_our_own_key_is_an_alarm() {
    let folder = log(&log_key());
    let reader = grown(folder.path(), &log_key(), 1, 5);
    let refusal = |note: &Note| match reader.take_back(&signed(note, &ally(7), 1), &keys(&ally(7)))
    {
        Err(Error::Refused { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    let stranger = SigningKey::from_seed("example.org/other", [2; 32]).expect("a name");
    let of_others = log(&stranger);
    assert!(refusal(grown(of_others.path(), &stranger, 1, 5).note()).contains("another log"));
    let twin = log(&log_key());
    let fork = grown(twin.path(), &log_key(), 2, 5);
    let said = refusal(fork.note());
    assert!(said.contains("another root") && said.contains("another history"), "{said}");
    let longer = grown(twin.path(), &log_key(), 2, 5);
    assert!(refusal(longer.note()).contains("10 records"));
    // The same without the log's signature: it may be anybody's.
    let mut unsigned = fork.note().clone();
    unsigned.signatures.clear();
    assert!(!refusal(&unsigned).contains("history"));
    assert!(reader.cosigned().expect("readable").is_empty());
}

#[test]
fn an_older_checkpoint_needs_the_logs_signatures_and_a_line_finds_its_own() {
    let folder = log(&log_key());
    let mut old = grown(folder.path(), &log_key(), 1, 5).note().clone();
    let reader = grown(folder.path(), &log_key(), 1, 3);
    let known = keys(&ally(7));
    let line = ally(7).cosign(&old.text, 9);
    assert_eq!(reader.note_of(&line, &known).expect("readable"), None, "at no size that is kept");
    let own = std::mem::take(&mut old.signatures);
    assert!(reader.take_back(&signed(&old, &ally(7), 9), &known).is_err());
    old.signatures = own;
    reader.take_back(&signed(&old, &ally(7), 9), &known).expect("of this log");
    let found = reader.note_of(&ally(7).cosign(&old.text, 10), &known).expect("readable");
    assert_eq!(found.expect("a note").text, old.text);
    assert_eq!(reader.note_of(&line, &[]).expect("readable"), None);
}

#[test]
fn damage_in_a_signature_by_an_allys_key_shows() {
    let folder = log(&log_key());
    let reader = grown(folder.path(), &log_key(), 1, 5);
    let disk = Folder::new(folder.path());
    allies::add(&disk, &keys(&ally(7))).expect("kept");
    assert!(allies::add(&disk, &keys(&ally(8))).is_err(), "another key of this name");
    allies::add(&disk, &keys(&ally(7))).expect("they are there");
    let known = allies::read(&disk).expect("keys");
    assert_eq!(known.len(), 2);
    reader.take_back(&signed(reader.note(), &ally(7), 1), &known).expect("of this log");
    let report = blanik_evidence::verify::verify_workspace(&disk, None);
    assert!(report.faults.is_empty() && report.remarks.is_empty(), "{report:?}");
    let path = folder.path().join("cosigned/0000000000000005");
    let text = std::fs::read_to_string(&path).expect("there");
    let (head, line) = text.trim_end().rsplit_once('\n').expect("lines");
    let at = line.len() - 40;
    let other = if &line[at..=at] == "A" { "B" } else { "A" };
    let forged = format!("{head}\n{}{other}{}\n", &line[..at], &line[at + 1..]);
    std::fs::write(&path, forged).expect("writable");
    let report = blanik_evidence::verify::verify_workspace(&disk, None);
    assert_eq!(report.faults.len(), 1, "{report:?}");
    std::fs::write(folder.path().join("allies"), "nonsense").expect("writable");
    let report = blanik_evidence::verify::verify_workspace(&disk, None);
    assert!(report.faults.iter().any(|f| f.path == "allies"), "{report:?}");
}
