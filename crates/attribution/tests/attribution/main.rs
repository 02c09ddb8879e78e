//! What a verdict says and refuses to say, on the knowledge that the program carries.

mod beside;
mod denied;
mod intake;

use blanik_attribution::fitted::Fitted;
use blanik_attribution::knowledge::Knowledge;
use blanik_attribution::observe::Observation;
use blanik_attribution::verdict::{Judge, Put, Refusal, contaminated};
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
fn one_class_alone_is_never_more_than_low_confidence() {
    let judge = judge();
    let claim = |n: usize| json!({"id": format!("c{n}"), "feature": {"claim": {"value": "they did it", "to": ["G0128"]}}, "grade": "A1", "source": format!("s{n}")});
    let many = observations((0..12).map(claim).collect());
    let verdict = judge.judge(&many, None, false).unwrap();
    assert_eq!(verdict.hypotheses[0].id, "G0128", "the number may be high");
    assert_eq!(verdict.confidence, Confidence::Low);
    assert!(verdict.remarks.iter().any(|r| r.contains("one class of evidence only")));
}

#[test]
fn a_band_without_calibration_cases_gets_no_word_of_probability() {
    let mut fitted = Fitted::builtin();
    for band in fitted.reliability.iter_mut().flatten() {
        band.cases = 29;
    }
    let judge = Judge::new(Knowledge::builtin(), fitted);
    let verdict = judge.judge(&techniques(APT31), None, false).unwrap();
    assert!(verdict.likelihood.starts_with("No word of probability is given: only 29"));
    assert_eq!(verdict.said.put, Put::FewCases(29), "as data, for other languages");
    assert!(verdict.reliability.iter().all(|r| r.refused));
    assert!(verdict.missing.iter().any(|m| m.contains("30 calibration cases")));
}

#[test]
fn a_band_that_promises_too_much_gets_no_word_of_probability() {
    let mut fitted = Fitted::builtin();
    for band in fitted.reliability.iter_mut().flatten() {
        (band.cases, band.right, band.promised) = (100, 80, 97.0);
    }
    let judge = Judge::new(Knowledge::builtin(), fitted.clone());
    let verdict = judge.judge(&techniques(APT31), None, false).unwrap();
    let says = "of 100 held-out cases of this band 80 % were right, and 97 % were promised";
    assert!(verdict.likelihood.contains(says), "{}", verdict.likelihood);
    assert!(matches!(verdict.said.put, Put::PromisesTooMuch { cases: 100, .. }));
    assert!(verdict.missing.iter().any(|m| m.contains("right as often as promised")));
    assert!(verdict.reliability.iter().all(|r| r.promises_too_much));
    // More right than promised is no reason.
    for band in fitted.reliability.iter_mut().flatten() {
        band.promised = 60.0;
    }
    let verdict =
        Judge::new(Knowledge::builtin(), fitted).judge(&techniques(APT31), None, false).unwrap();
    assert!(!verdict.likelihood.contains("No word"), "{}", verdict.likelihood);
}

/// No band of what the program carries says something almost certain in words and was wrong more than one time in twenty.
#[test]
fn what_is_almost_certain_was_right_or_is_not_said() {
    for band in Fitted::builtin().reliability.iter().filter_map(|rows| rows.last()) {
        let is_said = band.cases >= 30 && !band.promises_too_much();
        let wrong = band.cases - band.right;
        assert!(!is_said || 20 * wrong <= band.cases, "{band:?}");
    }
}

#[test]
fn no_state_is_named_without_the_confidence() {
    let judge = judge();
    let claim = json!([{"id": "c", "feature": {"claim": {"value": "said so", "to": ["nation:KP"]}}, "grade": "A1", "source": "s"}]);
    let mut items = techniques(APT31);
    items.extend(observations(claim));
    let verdict = judge.judge(&items, None, false).unwrap();
    for h in verdict.hypotheses.iter().filter(|h| h.country.is_some()) {
        assert_eq!(h.confidence, Some(verdict.confidence), "{}", h.id);
        assert!(!h.id.starts_with("UNKNOWN") || h.name.ends_with("confidence)"), "{}", h.name);
    }
    for d in verdict.denial.iter().filter(|d| d.leader.starts_with("an unknown actor of")) {
        assert!(d.leader.ends_with("confidence)"), "{}", d.leader);
    }
}

#[test]
fn whom_they_are_after_is_known_of_some() {
    let mut known = Knowledge::builtin();
    let galaxy =
        json!({"values": [{"value": "APT31", "meta": {"cfr-target-category": ["Ministries"]}}]});
    let source = blanik_attribution::knowledge::Source {
        grade: "B2".parse().unwrap(),
        ..blanik_attribution::knowledge::Source::default()
    };
    blanik_attribution::intake::add(&mut known, &galaxy.to_string(), &source).unwrap();
    let judge = Judge::new(known, Fitted::builtin());
    let mut items = techniques(APT31);
    let p = |items: &[Observation]| {
        let verdict = judge.judge(items, None, false).unwrap();
        verdict.hypotheses.iter().find(|h| h.id == "G0128").unwrap().probability
    };
    let before = p(&items);
    items.extend(observations(json!([{"id": "v", "feature": {"victimology": {"value": "ministries", "to": []}}, "grade": "B2", "source": "cert"}])));
    assert!(p(&items) > before);
}

#[test]
fn what_many_are_after_tells_less_than_what_few_are() {
    let judge = judge();
    let known = &judge.knowledge;
    let (few, many) = (known.after("Ukraine"), known.after("government"));
    assert!(few.1 < 0.3 && many.1 > 0.5, "{few:?} {many:?}");
    let worth = |victim: &str, of: &[&str]| {
        let item = json!([{"id": "v", "feature": {"victimology": {"value": victim, "to": []}}, "grade": "A1", "source": "cert"}]);
        let mut items = techniques(APT31);
        items.extend(observations(item));
        let verdict = judge.judge(&items, None, false).unwrap();
        let k = verdict.board.ids.iter().position(|id| of.contains(&id.as_str())).unwrap();
        verdict.board.items.last().unwrap()[k]
    };
    assert!(worth("Ukraine", &few.0) > 1.1 * worth("government", &many.0));
    assert!(worth("government", &many.0) > 0.0);
}

#[test]
fn what_is_not_there_speaks_against_who_shows_it_and_founds_nothing() {
    let judge = judge();
    let items = |absent: &[&str]| {
        let item = |t: &&str| json!({"id": format!("no {t}"), "feature": {"absence": t}, "grade": "A1", "source": "second hunt"});
        let mut all = techniques(&APT31[..5]);
        all.extend(observations(absent.iter().map(item).collect()));
        judge.judge(&all, None, false).unwrap()
    };
    let p = |v: &blanik_attribution::verdict::Verdict| {
        v.hypotheses.iter().find(|h| h.id == "G0128").unwrap().probability
    };
    let before = items(&[]);
    let without = items(&["T1102.002"]);
    assert!(p(&without) < p(&before), "APT31 is known for it");
    assert_eq!(without.missing.len(), before.missing.len(), "no class, no source");
    let row = without.matrix.iter().find(|r| r.id == "no T1102.002").unwrap();
    assert!(row.judged && row.counts && row.what.starts_with("not there: T1102.002"));
    // What was seen is not absent; what is not known says nothing.
    let both = items(&[APT31[0], "T0000"]);
    assert_eq!(p(&both), p(&before));
    assert_eq!(both.matrix.iter().filter(|r| r.counts).count(), 5);
}

#[test]
fn a_technique_is_there_where_its_sub_technique_is() {
    let judge = judge();
    let absent = |seen: &str| {
        let mut items = techniques(&[seen, "T1057"]);
        items.extend(observations(json!([{"id": "no", "feature": {"absence": "T1059"}, "grade": "A1", "source": "second hunt"}])));
        let verdict = judge.judge(&items, None, false).unwrap();
        let row = verdict.matrix.iter().find(|r| r.id == "no").unwrap().counts;
        (row, verdict.board.ids.clone(), verdict.board.items[2].clone())
    };
    assert!(!absent("T1059.001").0 && !absent("T1059").0, "it was seen");
    // Who shows none but sub-techniques shows the technique.
    let (counts, ids, worth) = absent("T1105");
    let feature = |id: &str| judge.corpus.find_feature(id).unwrap();
    let shown =
        |id: &str, f: &str| judge.counts.shown(judge.corpus.find_actor(id).unwrap(), feature(f));
    let reports = |id: &str| judge.counts.documents[judge.corpus.find_actor(id).unwrap()];
    let part = |k: &usize| shown(&ids[*k], "T1059.001") / reports(&ids[*k]);
    let only_sub = (0..worth.len()).filter(|k| shown(&ids[*k], "T1059") == 0.0);
    let who = only_sub.max_by(|a, b| part(a).total_cmp(&part(b))).unwrap();
    assert!(counts && worth[who] < 0.0, "{} {}", ids[who], worth[who]);
}

#[test]
fn where_tools_may_be_planted_it_says_what_numbers_were_worth() {
    let judge = judge();
    let says = |tools: &[&str]| {
        let item = |t: &&str| json!({"id": t, "feature": {"software": t}, "grade": "B2", "source": "hunt"});
        let mut items = techniques(APT31);
        items.extend(observations(tools.iter().map(item).collect()));
        let verdict = judge.judge(&items, None, false).unwrap();
        verdict.remarks.iter().any(|r| r.contains("mostly promised more than came"))
    };
    assert!(!says(&[]) && !says(&["S0002"]), "nobody's own");
    assert!(says(&["S0082", "S0118"]), "tools of two who share nothing with the techniques");
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
    let bytes = || judge().judge(&techniques(APT31), None, false).unwrap().canonical();
    assert_eq!(bytes(), bytes());
    assert!(!bytes().contains("-0.0,"));
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
