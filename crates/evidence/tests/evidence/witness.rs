//! A witness answers as tlog-witness says, and remembers over being started anew.

use std::fs;

use blanik_evidence::commit::Log;
use blanik_evidence::witness::{AddCheckpoint, Answer, LOGS_FILE};
use blanik_evidence::{Checkpoint, Folder, Hash, Note, SigningKey, Witness, Workspace};
use serde_json::json;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed("example.org/log", [seed; 32]).expect("a name")
}

struct Scene {
    folder: tempfile::TempDir,
    workspace: Workspace,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        fs::create_dir_all(folder.path().join("witness")).expect("a folder");
        fs::create_dir(&log).expect("a folder");
        let logs = format!("# ours\n{}\n", key(1).verifier());
        fs::write(folder.path().join("witness").join(LOGS_FILE), logs).expect("writable");
        Log::create(&Folder::new(&log), &key(1)).expect("a log");
        let workspace = Workspace::open_with(&log, key(1)).expect("a workspace");
        Scene { folder, workspace }
    }

    fn witness(&self) -> Witness {
        let key = SigningKey::from_seed("w.example", [9; 32]).expect("a name");
        Witness::open(&self.folder.path().join("witness"), key).expect("a witness")
    }

    fn grow(&mut self, by: usize) {
        self.workspace.append(&vec![json!({"n": 1}); by]).expect("logged");
    }

    fn request(&self, old: u64) -> AddCheckpoint {
        let reader = Workspace::open_read(&self.folder.path().join("log")).expect("a workspace");
        let proof = reader.prove_growth(old, reader.checkpoint().size).expect("in the log");
        AddCheckpoint { old, proof, checkpoint: reader.note().clone() }
    }
}

#[test]
fn each_status_of_the_specification() {
    let mut scene = Scene::new();
    let witness = scene.witness();
    let ask = |request: &AddCheckpoint| witness.add_checkpoint(&request.text(), 1_700_000_000);
    scene.grow(5);
    let first = scene.request(0);
    let Answer::Cosigned(line) = ask(&first) else { panic!("it is the first") };
    let note = Note::parse(&format!("{}{line}", first.checkpoint)).expect("a note");
    assert_eq!(note.verify(&witness.cosigner()).expect("holds"), Some(1_700_000_000));
    assert!(witness.cosigner().name().ends_with("w.example/consistent"));
    scene.grow(3);
    // 409: not what it saw last; it says what that was.
    assert!(matches!(ask(&scene.request(0)), Answer::Conflict(5)));
    assert!(matches!(ask(&scene.request(3)), Answer::Conflict(5)));
    // 422: a proof that does not hold.
    let mut wrong = scene.request(5);
    wrong.proof[0] = Hash::of(b"wrong");
    assert!(matches!(ask(&wrong), Answer::NotConsistent));
    wrong.proof.clear();
    assert!(matches!(ask(&wrong), Answer::NotConsistent));
    assert!(matches!(ask(&scene.request(5)), Answer::Cosigned(_)));
    // The same again is no conflict; the same size with another root is.
    assert!(matches!(ask(&scene.request(8)), Answer::Cosigned(_)));
    let checkpoint = Checkpoint::parse(&first.checkpoint.text).expect("a checkpoint");
    let forged = Checkpoint { size: 8, ..checkpoint.clone() };
    let forged = key(1).sign(forged.to_string());
    let request = AddCheckpoint { old: 8, proof: vec![], checkpoint: forged };
    assert!(matches!(ask(&request), Answer::Conflict(8)));
    // 400: an old size above the new one, and what is no request.
    let backwards = AddCheckpoint { old: 8, proof: vec![], checkpoint: first.checkpoint.clone() };
    assert!(matches!(ask(&backwards), Answer::Malformed(_)));
    for text in ["", "old 8\n", "old 08\n\n", "old 8\n\nx\n"] {
        assert!(matches!(witness.add_checkpoint(text, 0), Answer::Malformed(_)), "{text}");
    }
    let many = first.text().replacen(
        "\n",
        &format!("\n{}", format!("{}\n", Hash::of_nothing()).repeat(64)),
        1,
    );
    assert!(matches!(witness.add_checkpoint(&many, 0), Answer::Malformed(_)));
    // 403: by another key of this name. 404: another name.
    let other = AddCheckpoint { checkpoint: key(2).sign(checkpoint.to_string()), ..first.clone() };
    assert!(matches!(ask(&other), Answer::NotSigned));
    let strange = Checkpoint { origin: "example.org/other".into(), ..checkpoint };
    let strange = AddCheckpoint { checkpoint: key(1).sign(strange.to_string()), ..first };
    assert!(matches!(ask(&strange), Answer::UnknownLog));
}

#[test]
fn it_remembers_over_being_started_anew() {
    let mut scene = Scene::new();
    scene.grow(5);
    assert!(matches!(
        scene.witness().add_checkpoint(&scene.request(0).text(), 1),
        Answer::Cosigned(_)
    ));
    scene.grow(1);
    assert!(matches!(
        scene.witness().add_checkpoint(&scene.request(0).text(), 1),
        Answer::Conflict(5)
    ));
    assert!(matches!(
        scene.witness().add_checkpoint(&scene.request(5).text(), 1),
        Answer::Cosigned(_)
    ));
}
