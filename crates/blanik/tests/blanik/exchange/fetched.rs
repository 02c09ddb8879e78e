//! Rules and ATT&CK from a publisher on loopback, carried in a folder, and what is refused.

use std::fs;
use std::io::{Cursor, Write};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::mock::Mock;
use super::{ok, refused};

const RULE: &str = "title: Cleared log\nid: 5a1b7f0e-6c7e-4a5e-8f3b-0a1c2d3e4f50\nstatus: test\nlogsource:\n    product: windows\n    category: process_creation\ndetection:\n    selection:\n        Image|endswith: '\\wevtutil.exe'\n    condition: selection\nlevel: high\n";

fn archive(names: &[&str]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (i, name) in names.iter().enumerate() {
        // Each rule has an id of its own.
        let rule = RULE.replacen("5a1b7f0e", &format!("{i:08x}"), 1);
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("begun");
        zip.write_all(rule.as_bytes()).expect("written");
    }
    zip.finish().expect("finished").into_inner()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn publisher(files: Vec<(&'static str, Vec<u8>)>) -> Mock {
    Mock::start(move |(_, path, ..)| {
        let (ty, none) = ("application/octet-stream", String::new());
        if path == "/latest" {
            return (302, ty, "Location: /rules.zip\r\n".into(), Vec::new());
        }
        match files.iter().find(|(name, _)| name == path) {
            Some((_, bytes)) => (200, ty, none, bytes.clone()),
            None => (404, ty, none, Vec::new()),
        }
    })
}

#[test]
fn rules_are_fetched_carried_and_verified() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let zip = archive(&["rules/windows/a.yml", "rules/b.yml", "README.md"]);
    let digest = hex(&zip);
    let sums = format!("{}  other.zip\n{digest} *sigma_all_rules.zip\n", "0".repeat(64));
    let mock = publisher(vec![("/rules.zip", zip.clone()), ("/sums", sums.into_bytes())]);
    let (from, sums) = (format!("{}/latest", mock.url), format!("{}/sums", mock.url));
    let fetched =
        ok(path, &["rules", "fetch", "--from", &from, "--sha256-from", &sums, "--to", "out"]);
    assert!(fetched.contains("2 rules") && fetched.contains(&digest), "{fetched}");
    assert!(ok(path, &["rules", "check", "out/rules"]).contains('2'));
    let manifest = fs::read_to_string(path.join("out/fetched.json")).expect("it is there");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    assert_eq!(manifest["files"][0]["source"], from);
    assert_eq!(manifest["files"][0]["sha256"], digest);
    // Into a room without network.
    ok(path, &["rules", "fetch", "--from", "out", "--to", "inside", "--sha256", &digest]);
    let inside = fs::read_to_string(path.join("inside/fetched.json")).expect("it is there");
    assert!(inside.contains(&from), "where it is from is carried along");
    assert!(path.join("inside/rules/rules/windows/a.yml").is_file());
    // What was changed on the way is not taken.
    let mut changed = zip.clone();
    changed[40] ^= 1;
    fs::write(path.join("out/sigma_all_rules.zip"), changed).expect("written");
    let said = refused(path, &["rules", "fetch", "--from", "out", "--to", "inside"]);
    assert!(said.contains("nothing was kept"), "{said}");
    assert_eq!(
        hex(&fs::read(path.join("inside/sigma_all_rules.zip")).expect("it is there")),
        digest
    );
    fs::remove_file(path.join("out/fetched.json")).expect("removed");
    assert!(
        refused(path, &["rules", "fetch", "--from", "out", "--to", "inside"])
            .contains("was it fetched")
    );
}

#[test]
fn what_is_fetched_must_be_what_was_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let bundle = br#"{"type":"bundle","id":"bundle--x","objects":[{"type":"tool"}]}"#.to_vec();
    let mock = publisher(vec![
        ("/rules.zip", b"<html>".to_vec()),
        ("/empty.zip", archive(&["README.md"])),
        ("/slip.zip", archive(&["a.yml", "../../slipped.yml"])),
        ("/attack.json", bundle.clone()),
        ("/page.json", b"{}".to_vec()),
    ]);
    let at = |name: &str| format!("{}/{name}", mock.url);
    let rules = |name: &str| refused(path, &["rules", "fetch", "--from", &at(name), "--to", "out"]);
    assert!(rules("rules.zip").contains("no zip archive"));
    assert!(rules("empty.zip").contains("no rules"));
    assert!(rules("slip.zip").contains("leads elsewhere"));
    assert!(rules("gone.zip").contains("404"));
    assert!(!path.join("slipped.yml").exists() && !path.join("out/rules").exists());
    let intel = |name: &str, digest: &str| {
        ["intel", "fetch", "--from", &at(name), "--to", "out", "--sha256", digest]
            .map(str::to_owned)
    };
    let args = |args: &[String]| args.to_vec();
    let good = args(&intel("attack.json", &hex(&bundle).to_uppercase()));
    let good: Vec<&str> = good.iter().map(String::as_str).collect();
    assert!(ok(path, &good).contains("blanik intel add"));
    let wrong = args(&intel("attack.json", &"0".repeat(64)));
    let wrong: Vec<&str> = wrong.iter().map(String::as_str).collect();
    assert!(refused(path, &wrong).contains("should be 000"));
    let page = args(&intel("page.json", &hex(b"{}")));
    let page: Vec<&str> = page.iter().map(String::as_str).collect();
    assert!(refused(path, &page).contains("is not enterprise-attack.json"));
    assert_eq!(
        fs::read(path.join("out/enterprise-attack.json")).expect("the good one stays"),
        bundle
    );
}
