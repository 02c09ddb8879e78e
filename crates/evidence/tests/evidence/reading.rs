//! What is logged comes back, alone or in parts, and proofs hold for who has nothing else.

use blanik_evidence::commit::Log;
use blanik_evidence::{
    Disclosure, Error, Folder, LogProof, Reader, SigningKey, Workspace, seal, tree,
};
use serde_json::json;

fn key() -> SigningKey {
    SigningKey::from_seed("example.org/log", [1; 32]).expect("a name")
}

fn workspace() -> (tempfile::TempDir, Workspace) {
    let folder = tempfile::tempdir().expect("a folder");
    Log::create(&Folder::new(folder.path()), &key()).expect("a log");
    let open = Workspace::open_with(folder.path(), key()).expect("a workspace");
    (folder, open)
}

#[test]
fn records_come_back_in_order_and_as_they_were() {
    let (folder, mut workspace) = workspace();
    let records: Vec<_> = (0..400)
        .map(|i| json!({"type": "noted", "n": i, "big": 18_446_744_073_709_551_615u64, "f": 1.5, "l": [], "t": "a\nb"}))
        .collect();
    assert_eq!(workspace.append(&records[..1]).expect("logged"), 0..1);
    assert_eq!(workspace.append(&records[1..]).expect("logged"), 1..400);
    assert_eq!(workspace.append(&[]).expect("nothing to log"), 400..400);
    let reader = Workspace::open_read(folder.path()).expect("a workspace");
    let back: Vec<_> = reader.records().map(|r| r.expect("whole")).collect();
    assert_eq!(back, (0..).zip(records).collect::<Vec<_>>());
    assert_eq!(reader.record(399).expect("there").index, 399);
    let from = |index| reader.unsealed_from(index).map(|r| r.expect("whole").index);
    assert!(from(0).eq(0..400) && from(1).eq(1..400) && from(400).eq(400..400));
    assert!(from(7).eq(1..400), "the pack that holds it is read whole");
    assert!(matches!(reader.record(400), Err(Error::Withheld { .. })));
}

#[test]
fn two_processes_cannot_write_one_log_and_reading_hinders_nobody() {
    let (folder, mut workspace) = workspace();
    assert!(matches!(Workspace::open_with(folder.path(), key()), Err(Error::Locked)));
    let reader = Workspace::open_read(folder.path()).expect("a workspace");
    workspace.append(&[json!({"a": 1})]).expect("logged");
    assert_eq!(reader.records().count(), 0, "a reader sees what was there when it was opened");
    drop(workspace);
    Workspace::open_with(folder.path(), key()).expect("free again");
}

#[test]
fn an_init_over_something_is_refused_and_a_passphrase_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("w");
    Workspace::init(&path, &key(), "heslo").expect("a new folder");
    assert!(matches!(Workspace::init(&path, &key(), "heslo"), Err(Error::NotEmpty(_))));
    assert_eq!(Workspace::key_name(&path).expect("a key"), "example.org/log");
    assert!(matches!(Workspace::open(&path, "Heslo"), Err(Error::Passphrase(_))));
    Workspace::open(&path, "heslo").expect("its passphrase");
    assert!(matches!(Workspace::open_with(folder.path(), key()), Err(Error::Missing(_))));
}

#[test]
fn proofs_verify_alone_and_the_log_grew() {
    let (folder, mut workspace) = workspace();
    let mut trees = Vec::new();
    for count in [1, 5, 255, 300] {
        let records: Vec<_> = (0..count).map(|i| json!({"i": i, "of": count})).collect();
        workspace.append(&records).expect("logged");
        let reader = Workspace::open_read(folder.path()).expect("a workspace");
        trees.push((reader.checkpoint().size, reader.checkpoint().root));
    }
    let reader = Workspace::open_read(folder.path()).expect("a workspace");
    for index in [0, 1, 255, 256, 560] {
        let text = reader.prove(index).expect("in the log").to_string();
        let proof = LogProof::parse(&text).expect("a proof");
        let entry = reader.entry(index).expect("in the log");
        let checkpoint = proof.verify(&entry).expect("holds");
        assert_eq!(checkpoint.size, 561);
        proof.checkpoint.verify(&key().verifier()).expect("signed");
        assert!(seal::commitment_of(&entry).is_some());
    }
    for old in &trees {
        let proof = reader.prove_growth(old.0, 561).expect("in the log");
        assert!(tree::verify_consistency(*old, trees[3], &proof));
    }
    assert!(reader.prove(561).is_err());
}

#[test]
fn any_field_is_shown_or_withheld() {
    let (folder, mut workspace) = workspace();
    let record = json!({"case": "c", "host": "DC01", "account": "svoboda",
        "event": {"Image": "C:\\x.exe", "User": "svoboda", "Pid": 4}, "tags": ["a", "b"]});
    workspace.append(&[record.clone(), record]).expect("logged");
    let reader = Reader::open(folder.path()).expect("a workspace");
    let all = [
        "/case",
        "/host",
        "/account",
        "/event/Image",
        "/event/User",
        "/event/Pid",
        "/tags/#0",
        "/tags/#1",
    ];
    for mask in 0..1u32 << all.len() {
        let paths: Vec<String> =
            (0..all.len()).filter(|i| mask >> i & 1 == 1).map(|i| all[i].to_owned()).collect();
        let disclosure = reader.disclose(1, &paths).expect("there");
        let text = serde_json::to_string(&disclosure).expect("JSON");
        let read = Disclosure::parse(&text).expect("a disclosure");
        assert_eq!(read.verify().expect("holds").0, 1);
        assert_eq!(read.fields.len(), paths.len());
        assert_eq!(read.leaves, 16);
        let hides_name = mask & 0b1_0100 == 0;
        assert_eq!(!text.contains("svoboda"), hides_name, "{paths:?}");
    }
    let below = reader.disclose(1, &["/event".to_owned()]).expect("there");
    assert_eq!(below.fields.len(), 3);
    assert!(matches!(reader.disclose(1, &["/eve".to_owned()]), Err(Error::NoField(_))));
}

#[test]
fn a_disclosure_with_anything_changed_does_not_verify() {
    let (folder, mut workspace) = workspace();
    workspace.append(&[json!({"host": "DC01", "n": 1, "account": "svoboda"})]).expect("logged");
    let reader = Reader::open(folder.path()).expect("a workspace");
    let paths = ["/host".to_owned(), "/n".to_owned()];
    let good = serde_json::to_value(reader.disclose(0, &paths).expect("there")).expect("JSON");
    let verifies = |value: &serde_json::Value| {
        Disclosure::parse(&value.to_string()).and_then(|d| d.verify()).is_ok()
    };
    assert!(verifies(&good));
    let field = |name: &str, to: serde_json::Value| {
        let mut changed = good.clone();
        changed["fields"][0][name] = to;
        changed
    };
    let mut others = vec![
        field("value", json!("DC02")),
        field("path", json!("/account")),
        field("type", json!("number")),
        field("place", json!(99)),
        field("salt", good["fields"][1]["salt"].clone()),
        field("salt", json!("AAAA")),
    ];
    for leaves in [8, 15, 32, 1 << 30] {
        let mut changed = good.clone();
        changed["leaves"] = json!(leaves);
        others.push(changed);
    }
    let mut shorter = good.clone();
    shorter["hidden"].as_array_mut().expect("a list").pop();
    let mut longer = good.clone();
    let one = longer["hidden"][0].clone();
    longer["hidden"].as_array_mut().expect("a list").push(one);
    let mut twice = good.clone();
    let one = twice["fields"][0].clone();
    twice["fields"].as_array_mut().expect("a list").push(one);
    let elsewhere = json!(good["proof"].as_str().expect("text").replace("index 0", "index 1"));
    let mut moved = good.clone();
    moved["proof"] = elsewhere;
    others.extend([shorter, longer, twice, moved]);
    for other in others {
        assert!(!verifies(&other), "{other}");
    }
}
