//! `blanik demo` from the outside: it ends with a case, each sentence of which leads to records of a log that
//! verifies; and the case is held against the answer key.

use std::collections::BTreeSet;
use std::path::Path;

use blanik_model::{Fact, Record};

use crate::program::{Ran, blanik};

const HEADINGS: &[&str] = &[
    "How they came in",
    "How they moved",
    "How they stayed",
    "What they did in the end",
    "Clocks that go wrong",
    "How far it reaches",
    "What was taken",
];

fn ok(folder: &Path, args: &[&str]) -> String {
    let ran: Ran = blanik(folder, args).output().expect("the program starts").into();
    assert_eq!(ran.code, Some(0), "{args:?}: {}{}", ran.out, ran.err);
    ran.out
}

/// The lines of the case that are sentences: all but the headings.
fn sentences(out: &str) -> Vec<&str> {
    let case = out.lines().skip_while(|line| !line.starts_with("The case ---")).skip(1);
    let case = case.take_while(|line| !line.starts_with("-----"));
    let is_heading = |line: &&str| {
        let line = line.trim();
        let number = line.strip_prefix("Intrusion ").map(|n| n.parse::<u32>().is_ok());
        line.is_empty() || number == Some(true) || HEADINGS.contains(&line)
    };
    case.filter(|line| !is_heading(line)).collect()
}

/// The numbers in the brackets at a sentence's end; none if there are no brackets.
fn cited(sentence: &str) -> Option<Vec<u64>> {
    let (_, numbers) = sentence.strip_suffix(']')?.rsplit_once('[')?;
    let numbers = numbers.split(" and ").next().unwrap_or(numbers);
    numbers.split(", ").map(|n| n.parse().ok()).collect()
}

#[test]
fn every_sentence_of_the_demos_case_leads_into_a_log_that_verifies() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let out = ok(path, &["demo", "--keep", "exercise", "-q"]);
    let sentences = sentences(&out);
    assert!(sentences.len() >= 20, "{out}");
    let mut indexes = BTreeSet::new();
    for sentence in &sentences {
        let cited = cited(sentence).unwrap_or_else(|| panic!("rests on nothing: {sentence}"));
        assert!(!cited.is_empty(), "{sentence}");
        indexes.extend(cited);
    }
    assert!(out.contains("\nVerified: "), "{out}");
    assert!(ok(path, &["verify", "exercise/workspace"]).contains("Verified"));
    let shown = ok(path, &["log", "show", "exercise/workspace", "--json"]);
    let records: Vec<Record> =
        shown.lines().map(|line| serde_json::from_str(line).expect("a record")).collect();
    for index in &indexes {
        let record = records.get(*index as usize).unwrap_or_else(|| panic!("no record {index}"));
        assert_eq!(record.case, "exercise");
        let is_evidence = matches!(
            record.fact,
            Fact::Found(_)
                | Fact::Covered(_)
                | Fact::Touched(_)
                | Fact::Unlisted(_)
                | Fact::Clocked(_)
                | Fact::LoggedOn(_)
                | Fact::Addressed(_)
        );
        assert!(is_evidence, "{index}: {record:?}");
    }
    // Each can be shown to a third party, with nothing but a proof.
    for index in [indexes.first(), indexes.last()].into_iter().flatten() {
        let proof = ok(path, &["log", "prove", &index.to_string(), "exercise/workspace"]);
        std::fs::write(path.join("proof"), proof).expect("writable");
        assert!(ok(path, &["verify", "proof"]).contains(&format!("record {index} of")));
    }
}

#[test]
fn the_case_is_held_against_the_answer_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = ok(folder.path(), &["demo", "--keep", "exercise", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let case = &told["case"];
    // One clock is wrong, by 444 s, and no other is called wrong; letters take a moment from host to host.
    let clocks = case["clocks"].as_array().expect("a list");
    assert_eq!(clocks.len(), 1, "{clocks:#?}");
    assert_eq!(
        (clocks[0]["host"].as_str(), clocks[0]["truth_ms"].as_i64()),
        (Some("mx01"), Some(444_000))
    );
    let told = clocks[0]["told_ms"].as_array().expect("a list");
    assert!(!told.is_empty(), "{clocks:#?}");
    assert!(
        told.iter().all(|ms| ms.as_i64().is_some_and(|ms| (ms - 444_000).abs() < 3_000)),
        "{told:?}"
    );
    let intruders = case["intruders"].as_array().expect("a list");
    assert_eq!(intruders.len(), 2);
    // Two planted intruders stay two: what holds most of the one's is hardly the other's.
    let main = |i: usize| &intruders[i]["main"];
    assert_ne!(main(0)["number"], main(1)["number"], "{case:#}");
    let found = case["found"].as_array().expect("a list");
    assert_eq!(found.len(), 2, "{found:#?}");
    for of in found {
        assert_eq!(of["intruders"].as_object().expect("an object").len(), 1, "{of:#}");
    }
    for of in intruders {
        let number = |name: &str| of["main"][name].as_f64().expect("a number");
        assert!(number("purity") >= 0.8, "{of:#}");
        assert!(number("order") >= 0.95, "{of:#}");
        assert!(!of["main"]["hosts"]["right"].as_array().expect("a list").is_empty(), "{of:#}");
        let steps = |name: &str| of[name].as_u64().expect("a number");
        assert_eq!(
            steps("steps_found") - steps("steps_told"),
            of["steps_left_out"].as_array().expect("a list").len() as u64
        );
        // What does not hold is named, with the truth.
        for taken in of["taken"].as_array().expect("a list") {
            let between = taken["told"].as_object().is_some_and(|told| {
                let truth = taken["truth"].as_u64().expect("a number");
                let most = told["possible"].as_u64().unwrap_or(u64::MAX);
                told["confirmed"].as_u64().expect("a number") <= truth && truth <= most
            });
            assert_eq!(taken["holds"].as_bool(), Some(between), "{taken:#}");
        }
    }
}
