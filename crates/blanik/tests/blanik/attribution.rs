//! Attribution through the program: from the exercise's records to a verdict on record, what analysts and agencies add, what is
//! refused, and what is written of it in each format.

mod exercise;
mod shown;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::program::{Ran, blanik};

const PASSPHRASE: &str = "dlouhé heslo";

fn run(folder: &Path, args: &[&str]) -> Ran {
    let mut command = blanik(folder, args);
    command.env("BLANIK_PASSPHRASE", PASSPHRASE).output().expect("the program starts").into()
}

/// Runs it, expecting success; what it printed.
fn ok(folder: &Path, args: &[&str]) -> String {
    let ran = run(folder, args);
    assert_eq!(ran.code, Some(0), "{args:?}: {}{}", ran.out, ran.err);
    ran.out
}

/// The number that a command printed of the record that it made.
fn record(printed: &str) -> String {
    let number = printed.split_whitespace().nth(1).expect("`record N`");
    assert!(printed.starts_with("record ") && number.parse::<u64>().is_ok(), "{printed}");
    number.to_owned()
}

/// A workspace `w` with a case `17` that has no findings: what analysts know is all there is.
fn workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    fs::create_dir(path.join("logs")).expect("a folder");
    let line = r#"{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider_Name":"Microsoft-Windows-Sysmon","UtcTime":"2024-03-01 10:00:00.000","Computer":"PC1","Image":"C:\\x.exe","CommandLine":"x"}"#;
    fs::write(path.join("logs/sysmon.json"), line).expect("writable");
    ok(path, &["init", "w", "--origin", "cert.example/log"]);
    ok(path, &["hunt", "logs", "--case", "17", "--workspace", "w", "-q"]);
    folder
}

fn verdict(folder: &Path, args: &[&str]) -> Value {
    let all = [&["attribute", "17", "--workspace", "w", "-f", "json"], args].concat();
    serde_json::from_str::<Value>(&ok(folder, &all)).expect("JSON")["verdict"].clone()
}

fn p(verdict: &Value, id: &str) -> f64 {
    let all = verdict["hypotheses"].as_array().expect("a list");
    all.iter().find(|h| h["id"] == id).expect("a hypothesis")["probability"].as_f64().expect("one")
}

fn observe(folder: &Path, args: &[&str]) -> String {
    let all = [&["observe", "17", "--workspace", "w", "--source", "analyst 7"], args].concat();
    record(&ok(folder, &all))
}

#[test]
fn what_analysts_bring_counts_and_is_taken_back() {
    let folder = workspace();
    let path = folder.path();
    let none = run(path, &["attribute", "17", "--workspace", "w"]);
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("there is no observation"), "{}", none.err);
    observe(path, &["--class", "technique", "--what", "T1665", "--grade", "B2"]);
    observe(path, &["--class", "software", "--what", "Cobalt Strike", "--grade", "B2"]);
    let before = verdict(path, &[]);
    let claim = ["--what", "they did it", "--actor", "APT31", "--grade", "b2", "--origin", "wire"];
    let first = observe(path, &claim);
    let once = verdict(path, &[]);
    assert!(p(&once, "G0128") > p(&before, "G0128"));
    let row = once["matrix"].as_array().expect("rows").last().expect("one").clone();
    assert_eq!(row["citation"].to_string(), first, "it cites its record");
    assert_eq!((row["grade"].as_str(), row["source"].as_str()), (Some("B2"), Some("analyst 7")));
    // A copy of the same report, by another hand, counts once.
    let copy = observe(path, &claim);
    let twice = verdict(path, &[]);
    assert_eq!(p(&twice, "G0128"), p(&once, "G0128"));
    for taken_back in [copy, first] {
        ok(path, &["case", "17", "undo", &taken_back, "--workspace", "w"]);
    }
    assert_eq!(verdict(path, &[])["hypotheses"], before["hypotheses"]);
    for (args, why) in [
        (vec!["--what", "x", "--grade", "G7", "--actor", "APT31"], "is no grade"),
        (vec!["--what", "x", "--grade", "NaN", "--actor", "APT31"], "is no grade"),
        (vec!["--what", "x", "--grade", "B2"], "whom does it point to"),
        (vec!["--what", " ", "--grade", "B2", "--actor", "APT31"], "empty"),
    ] {
        let all =
            [&["observe", "17", "--workspace", "w", "--source", "s"], args.as_slice()].concat();
        let refused = run(path, &all);
        assert!(refused.code == Some(2) && refused.err.contains(why), "{args:?}: {}", refused.err);
    }
}

#[test]
fn a_verdict_on_record_is_given_again_to_the_byte() {
    let folder = workspace();
    let path = folder.path();
    observe(path, &["--class", "technique", "--what", "T1059.001", "--grade", "B2"]);
    observe(path, &["--what", "they say so", "--actor", "APT29", "--grade", "C3"]);
    let ran = run(path, &["attribute", "17", "--workspace", "w", "--record"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let index = ran.err.split_whitespace().last().expect("a number").to_owned();
    let check = |index: &str| run(path, &["attribute", "17", "--workspace", "w", "--check", index]);
    let same = check(&index);
    assert_eq!(same.code, Some(0), "{}{}", same.out, same.err);
    assert!(same.out.starts_with("Same"), "{}", same.out);
    // What comes later changes later verdicts, and not this one.
    observe(path, &["--what", "and others say so", "--actor", "APT28", "--grade", "A1"]);
    assert_eq!(check(&index).code, Some(0));
    assert!(ok(path, &["verify", "w"]).contains("Verified"));
    // The record names its inputs, the knowledge and the program.
    let shown = ok(path, &["log", "show", "w", "--json", "--from", &index]);
    let said: Value = serde_json::from_str(shown.lines().next().expect("a line")).expect("JSON");
    assert_eq!(said["type"], "concluded");
    assert_eq!(said["inputs"].as_array().map(Vec::len), Some(2));
    assert!(said["program"].as_str().is_some_and(|p| p.starts_with("blanik ")));
    assert_eq!(said["knowledge"][0].as_str().map(str::len), Some(64));
    // A journal in a file can be altered: then it is not the same.
    let lines = ok(path, &["log", "show", "w", "--json"]);
    let forged = lines.replace(r#""grade":"C3""#, r#""grade":"A1""#);
    for (text, code) in [(lines, 0), (forged, 1)] {
        fs::write(path.join("case.jsonl"), text).expect("writable");
        let ran = run(path, &["attribute", "case.jsonl", "--check", &index]);
        assert_eq!(ran.code, Some(code), "{}{}", ran.out, ran.err);
    }
    assert_eq!(check("1").code, Some(2), "record 1 is no verdict");
}

#[test]
fn knowledge_is_on_record_before_it_is_believed() {
    let folder = workspace();
    let path = folder.path();
    let bundle = json!({"type": "bundle", "objects": [
        {"type": "intrusion-set", "id": "intrusion-set--1", "name": "Invented Actor", "aliases": ["Shared Name"]},
        {"type": "malware", "id": "malware--1", "name": "InventedRAT"},
        {"type": "report", "id": "report--1", "name": "On it", "published": "2024-01-01T00:00:00Z",
            "object_refs": ["intrusion-set--1", "malware--1"]},
    ]});
    fs::write(path.join("actors.json"), bundle.to_string()).expect("writable");
    let added = ok(
        path,
        &["intel", "add", "actors.json", "--workspace", "w", "--source", "Ally", "--grade", "B2"],
    );
    assert!(added.contains("1 actor, 1 fact of 1 report"), "{added}");
    let index = record(&added);
    let galaxy = json!({"values": [{"value": "Other", "meta": {"synonyms": ["Shared Name"], "cfr-target-category": ["Government"]}}]});
    fs::write(path.join("galaxy.json"), galaxy.to_string()).expect("writable");
    ok(path, &["intel", "add", "galaxy.json", "--workspace", "w", "--grade", "D4"]);
    let listed = ok(path, &["intel", "list", "--workspace", "w"]);
    assert!(listed.contains("Ally") && listed.lines().count() == 2, "{listed}");
    let actor = ok(path, &["actor", "shared name", "--workspace", "w"]);
    assert_eq!(actor.matches("(another name of it was asked for)").count(), 2, "{actor}");
    assert!(actor.contains("is after: Government") && actor.contains("by Ally (B2)"), "{actor}");
    assert!(run(path, &["actor", "shared name"]).code == Some(2), "the program alone knows nobody");
    observe(path, &["--class", "technique", "--what", "T1059.001", "--grade", "B2"]);
    let before = p(&verdict(path, &[]), "Invented Actor");
    observe(path, &["--class", "software", "--what", "inventedrat", "--grade", "B2"]);
    let with = verdict(path, &[]);
    assert!(p(&with, "Invented Actor") > 2.0 * before, "{before}: {}", with["likelihood"]);
    assert!(with["knowledge"].as_str().is_some_and(|k| k.contains("Ally (B2)")), "{with}");
    // What was tampered with, or is gone, is not believed.
    let kept = path.join("w/intelligence");
    let mut file = fs::read_dir(&kept).expect("there").map(|f| f.expect("one").path());
    let file = file.find(|f| fs::read_to_string(f).is_ok_and(|t| t.contains("InventedRAT")));
    let file = file.expect("it is kept");
    let text = fs::read_to_string(&file).expect("there");
    fs::write(&file, text.replace("Invented Actor", "Another Actor")).expect("writable");
    let refused = run(path, &["attribute", "17", "--workspace", "w"]);
    assert!(
        refused.code == Some(2) && refused.err.contains("is not what record"),
        "{}",
        refused.err
    );
    fs::write(&file, text).expect("writable");
    // No longer believed.
    ok(path, &["case", "intelligence", "undo", &index, "--workspace", "w"]);
    let without = verdict(path, &[]);
    assert!(!without["hypotheses"].to_string().contains("Invented Actor"));
    let none = run(path, &["intel", "add", "logs/sysmon.json", "--workspace", "w"]);
    assert!(none.code == Some(2) && none.err.contains("is no knowledge of actors"), "{}", none.err);
}

#[test]
fn hostile_knowledge_is_bounded_and_named() {
    let folder = workspace();
    let path = folder.path();
    let names: Vec<String> = (0..1_000_000).map(|i| i.to_string()).collect();
    let mut objects =
        vec![json!({"type": "intrusion-set", "id": "a", "name": "APT31", "aliases": names})];
    for i in 1000..1600 {
        let id = format!("T{i}");
        objects.push(json!({"type": "attack-pattern", "id": id, "name": id, "external_references": [{"source_name": "mitre-attack", "external_id": id}]}));
        objects.push(json!({"type": "relationship", "relationship_type": "uses", "source_ref": "a", "target_ref": id, "confidence": 100}));
    }
    objects.push(json!({"type": "relationship", "relationship_type": "attributed-to", "source_ref": "a", "target_ref": "a", "confidence": "NaN"}));
    fs::write(path.join("hostile.json"), json!({"objects": objects}).to_string())
        .expect("writable");
    let ran = run(path, &["intel", "add", "hostile.json", "--workspace", "w"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for named in ["1000000 other names", "said to do 600 things", "is none of 0 to 100"] {
        assert!(ran.err.contains(named), "{named}: {}", ran.err);
    }
    let bad = run(path, &["intel", "add", "hostile.json", "--workspace", "w", "--grade", "Z9"]);
    assert!(bad.code == Some(2) && bad.err.contains("is no grade"), "{}", bad.err);
}

#[test]
fn what_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let with = |month: &str, list: Value| {
        fs::write(path.join("o.json"), json!({"month": month, "observations": list}).to_string())
            .expect("writable");
    };
    let technique = json!({"feature": {"technique": "T1059.001"}, "grade": "B2", "source": "s"});
    for (month, list, why) in [
        ("2024-01", json!([]), "there is no observation"),
        ("2031-01", json!([technique]), "what is known ends in"),
        (
            "2024-01",
            json!([{"feature": {"technique": "T0000"}, "grade": "B2"}]),
            "says anything of an actor",
        ),
        ("2024-01", json!([{"feature": {"technique": "T1059"}, "grade": "Q9"}]), "is no grade"),
    ] {
        with(month, list);
        let ran = run(path, &["attribute", "o.json"]);
        assert!(ran.code == Some(2) && ran.err.contains(why), "{why}: {}", ran.err);
        assert!(ran.out.is_empty());
    }
    with("2031-01", json!([technique]));
    let text = ok(path, &["attribute", "o.json", "--accept-old-knowledge"]);
    assert!(
        text.contains("We have low confidence") && text.contains("knowledge as new as the case")
    );
    assert!(text.contains("one class of evidence only"), "{text}");
}
