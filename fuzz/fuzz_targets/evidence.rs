//! What strangers send of evidence logs: notes, checkpoints, proofs, policies, packs, disclosures, requests to
//! witnesses, time stamps. What is read is written as it was read.

#![no_main]

use blanik_evidence::witness::AddCheckpoint;
use blanik_evidence::{Checkpoint, Disclosure, LogProof, Note, Policy, VerifierKey, anchor, pack, seal, tile};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = anchor::read(bytes, b"checkpoint");
    if let Ok(entries) = tile::read_bundle(bytes) {
        let mut again = Vec::new();
        entries.iter().for_each(|(_, entry)| tile::push_entry(&mut again, entry));
        assert_eq!(again, bytes);
    }
    if let Ok(records) = pack::read("p", bytes) {
        for sealed in records.flatten() {
            let _ = seal::commitment(sealed.record, sealed.seed);
        }
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = seal::fields(text);
    if let Ok(note) = Note::parse(text) {
        assert_eq!(note.to_string(), text);
    }
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_string(), text);
    }
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(proof) = LogProof::parse(text) {
        assert_eq!(proof.to_string(), text);
        let _ = proof.verify(b"entry");
    }
    if let Ok(request) = AddCheckpoint::parse(text) {
        assert_eq!(request.text(), text);
    }
    if let Ok(disclosure) = Disclosure::parse(text) {
        let _ = disclosure.verify();
    }
    let _ = Policy::parse(text);
});
