//! A publication pack from a stranger: an archive as it comes, or one whose files are what the fuzzer makes of them. Nothing that no log
//! signed holds, and what is said of it obeys nobody.

#![no_main]

use std::collections::BTreeMap;

use blanik_verify::form::{
    CASE, LAYER, MANIFEST, PUBLICATION, SEAL, STIX, advisory_path, proof_path,
};
use blanik_verify::told::{self, Style};
use blanik_verify::{Trust, agree, container, verify};

/// Between files, where the input is no archive.
const BREAK: u8 = 0;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let page = std::str::from_utf8(bytes).unwrap_or_default();
    for (id, text) in agree::marked(page) {
        assert!(page.contains("data-claim") && id.len() <= page.len());
        assert!(text.is_none_or(|text| text.len() <= page.len()));
    }
    let archive = if bytes.starts_with(b"PK") { bytes.to_vec() } else { packed(bytes) };
    let Ok(report) = verify(&archive, &Trust::default()) else { return };
    if report.record.is_none() {
        assert!(!report.holds(), "nobody signed it");
        assert!(report.sentences.iter().all(|sentence| !sentence.wrong.is_empty()));
    }
    let said = told::text(&report, Style::default());
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "it reaches the terminal");
});

/// An archive with the files of every pack, as far as the input goes.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let (english, czech) = (advisory_path("en"), advisory_path("cs"));
    let proof = proof_path(1);
    let names = [PUBLICATION, SEAL, MANIFEST, STIX, LAYER, CASE, &proof, &english, &czech];
    let parts = bytes.split(|byte| *byte == BREAK).map(<[u8]>::to_vec);
    let files: BTreeMap<String, Vec<u8>> =
        names.iter().map(|name| (*name).to_owned()).zip(parts).collect();
    container::write(&files).expect("written to memory")
}
