//! What a verdict says and refuses to say, on the knowledge that the program carries.

use blanik_attribution::fitted::Fitted;
use blanik_attribution::knowledge::Knowledge;
use blanik_attribution::observe::Observation;
use blanik_attribution::verdict::{Judge, Refusal, contaminated};
use blanik_attribution::words::Confidence;
use serde_json::{Value, json};

fn judge() -> Judge {
    Judge::new(Knowledge::builtin(), Fitted::builtin())
}

fn observations(list: Value) -> Vec<Observation> {
    serde_json::from_value(list).unwrap()
}

fn techniques(ids: &[&str]) -> Vec<Observation> {
    let item =
        |t: &&str| json!({"id": t, "feature": {"technique": t}, "grade": "B2", "source": "hunt"});
    observations(ids.iter().map(item).collect())
}

/// What ATT&CK has of APT31 (G0128), a part.
const APT31: &[&str] =
    &["T1204.001", "T1566.002", "T1583.001", "T1567.002", "T1036", "T1102.002", "T1547.001"];

#[test]
fn techniques_alone_give_low_confidence_whatever_the_number() {
    let verdict = judge().judge(&techniques(APT31), None, false).unwrap();
    assert_eq!(verdict.confidence, Confidence::Low);
    assert!(verdict.missing.iter().any(|m| m.contains("second, independent class")));
    assert!(verdict.missing.iter().any(|m| m.contains("Diamond")));
    let sum: f64 = verdict.hypotheses.iter().map(|h| h.probability).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    assert!(verdict.hypotheses.iter().any(|h| h.id == "UNKNOWN"));
    assert!(verdict.hypotheses.iter().any(|h| h.id == "UNKNOWN:CN"));
    assert_eq!(verdict.apart.len(), 2, "several actors and a false flag are always said");
}

#[test]
fn other_classes_raise_what_techniques_cannot() {
    let judge = judge();
    let alone = judge.judge(&techniques(APT31), None, false).unwrap();
    let mut more = techniques(APT31);
    more.extend(observations(json!([
        {"id": "relay", "feature": {"infrastructure": {"value": "relay network", "to": ["G0128"]}}, "grade": "A2", "source": "ally"},
        {"id": "claim", "feature": {"claim": {"value": "assessment", "to": ["APT31"]}}, "grade": "B2", "source": "agency b"},
        {"id": "victims", "feature": {"victimology": {"value": "ministry", "to": ["nation:CN"]}}, "grade": "B3", "source": "cert"},
    ])));
    let verdict = judge.judge(&more, None, false).unwrap();
    let p = |v: &blanik_attribution::verdict::Verdict| {
        v.hypotheses.iter().find(|h| h.id == "G0128").unwrap().probability
    };
    assert!(p(&verdict) > p(&alone));
    assert!(verdict.missing.len() < alone.missing.len());
    assert_eq!(verdict.denial.len(), more.len());
    let row = verdict.matrix.iter().find(|r| r.id == "relay").unwrap();
    assert!(row.judged && row.decibans.iter().all(|d| *d <= 10.0 + 1e-9));
}

#[test]
fn copies_of_one_report_count_once() {
    let judge = judge();
    let claim = |id: &str, source: &str| json!({"id": id, "feature": {"claim": {"value": "they did it", "to": ["G0016"]}}, "grade": "B2", "source": source, "origin": "wire"});
    let one = judge.judge(&observations(json!([claim("a", "x")])), None, false).unwrap();
    let three = judge
        .judge(
            &observations(json!([claim("a", "x"), claim("b", "y"), claim("c", "z")])),
            None,
            false,
        )
        .unwrap();
    assert_eq!(one.hypotheses[0].probability, three.hypotheses[0].probability);
    assert_eq!(three.matrix.iter().filter(|r| r.counts).count(), 1);
}

#[test]
fn what_it_refuses() {
    let judge = judge();
    assert_eq!(judge.judge(&[], None, false).unwrap_err(), Refusal::NoObservations);
    let old = judge.judge(&techniques(APT31), Some("2031-01"), false).unwrap_err();
    assert!(matches!(old, Refusal::OldKnowledge { .. }));
    assert!(judge.judge(&techniques(APT31), Some("2031-01"), true).is_ok());
    let nothing = judge.judge(&techniques(&["T0000"]), None, false).unwrap_err();
    assert_eq!(nothing, Refusal::NothingKnown);
}

#[test]
fn no_single_item_decides() {
    // However strong an item, its worth is bounded by the chance that it is wrong; against, too.
    assert!(contaminated(50.0, 0.1) < 50.0);
    assert!(contaminated(-50.0, 0.1) >= 0.1f64.ln() - 1e-9);
    assert!(contaminated(0.0, 0.5).abs() < 1e-12);
}

#[test]
fn the_same_observations_give_the_same_bytes() {
    let bytes =
        || serde_json::to_string(&judge().judge(&techniques(APT31), None, false).unwrap()).unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn the_table_names_its_source_and_its_actors() {
    let known = Knowledge::builtin();
    assert_eq!(known.release, "18.1");
    assert_eq!(known.digest.len(), 64);
    let found = known.called("zirconium");
    assert!(found.iter().any(|(a, _)| a.id == "G0128"));
    assert!(known.corpus().documents.len() > 900);
}
