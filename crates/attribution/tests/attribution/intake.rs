//! Knowledge that others bring: what is taken of it, and what of hostile knowledge is refused, bounded and named.

use std::path::PathBuf;

use blanik_attribution::fitted::Fitted;
use blanik_attribution::intake::{Intake, IntakeError, add};
use blanik_attribution::knowledge::{Knowledge, Source};
use blanik_attribution::observe::Observation;
use blanik_attribution::verdict::Judge;
use serde_json::{Value, json};

fn source(name: &str, grade: &str) -> Source {
    Source {
        name: name.into(),
        sha256: "0".repeat(64),
        grade: grade.parse().unwrap(),
        until: "2026-11".into(),
    }
}

fn taken(known: &mut Knowledge, value: &Value) -> Intake {
    add(known, &value.to_string(), &source("hostile", "C3")).unwrap()
}

fn actor(id: &str, name: &str) -> Value {
    json!({"type": "intrusion-set", "id": id, "name": name})
}

fn technique(id: &str) -> Value {
    json!({"type": "attack-pattern", "id": id, "name": id,
        "external_references": [{"source_name": "mitre-attack", "external_id": id}]})
}

fn uses(from: &str, to: &str) -> Value {
    json!({"type": "relationship", "relationship_type": "uses", "source_ref": from, "target_ref": to,
        "created": "2025-03-04T00:00:00Z",
        "external_references": [{"source_name": "x", "url": "https://www.example.org/report#part"}]})
}

fn bundle(objects: Vec<Value>) -> Value {
    json!({"type": "bundle", "objects": objects})
}

/// One actor that does so many things and bears so many names.
fn everything(features: usize, names: usize) -> Value {
    let aliases: Vec<String> = (0..names).map(|i| format!("name {i}")).collect();
    let mut objects =
        vec![json!({"type": "intrusion-set", "id": "a", "name": "Everything", "aliases": aliases})];
    for i in 0..features {
        let id = format!("T{:04}", 1000 + i);
        objects.push(technique(&id));
        objects.push(uses("a", &id));
        objects.push(uses(&id, "a"));
    }
    bundle(objects)
}

#[test]
fn an_actor_that_does_everything_is_named_and_not_believed() {
    let mut known = Knowledge::builtin();
    let before = known.corpus().documents.len();
    let intake = taken(&mut known, &everything(600, 3));
    assert_eq!((intake.actors, intake.facts), (1, 0));
    assert!(intake.problems[0].contains("Everything: said to do 600 things"), "{intake:?}");
    assert_eq!(known.corpus().documents.len(), before);
}

#[test]
fn a_million_names_are_cut_and_circles_are_no_facts() {
    let mut known = Knowledge::default();
    let intake = taken(&mut known, &everything(5, 1_000_000));
    assert_eq!((intake.facts, intake.reports), (5, 1));
    assert_eq!(known.actors[0].aliases.len(), 64);
    assert!(intake.problems[0].contains("1000000 other names"));
    // Names of one actor that come piece by piece are bounded, too.
    for i in 0..100 {
        let aliases: Vec<String> = (0..64).map(|k| format!("{i} {k}")).collect();
        let object =
            json!({"type": "intrusion-set", "id": "a", "name": "Everything", "aliases": aliases});
        taken(&mut known, &bundle(vec![object]));
    }
    assert!(known.actors.len() == 1 && known.actors[0].aliases.len() <= 256);
}

#[test]
fn attributions_in_circles_are_named_and_not_followed() {
    let mut known = Knowledge::default();
    let attributed = |from: &str, to: &str| json!({"type": "relationship", "relationship_type": "attributed-to", "source_ref": from, "target_ref": to});
    let campaign = |id: &str| json!({"type": "campaign", "id": id, "name": id});
    let intake = taken(
        &mut known,
        &bundle(vec![
            actor("a", "One"),
            actor("b", "Two"),
            campaign("c"),
            campaign("d"),
            technique("T1059"),
            attributed("a", "b"),
            attributed("b", "a"),
            attributed("c", "d"),
            attributed("d", "c"),
            attributed("c", "a"),
            uses("c", "T1059"),
        ]),
    );
    assert_eq!(intake.facts, 1, "{intake:?}");
    assert_eq!(known.uses[0].who, "One");
    assert!(intake.problems[0].starts_with("4 attributions"), "{intake:?}");
}

#[test]
fn grades_that_are_none_and_confidence_that_is_no_number_are_named() {
    assert!("NaN".parse::<blanik_attribution::observe::Grade>().is_err());
    let mut known = Knowledge::default();
    assert!(matches!(
        add(&mut known, "{\"objects\": [NaN]}", &source("x", "A1")),
        Err(IntakeError::Json(_))
    ));
    let with = |confidence: Value| {
        let mut relation = uses("a", "T1059");
        relation["id"] = "relationship--1".into();
        relation["confidence"] = confidence;
        bundle(vec![actor("a", "One"), technique("T1059"), relation])
    };
    for (confidence, facts, problems) in [
        (json!(80), 1, 0),
        (json!(10), 0, 0),
        (json!("NaN"), 0, 1),
        (json!(1e300), 0, 1),
        (json!(-3), 0, 1),
    ] {
        let intake = taken(&mut Knowledge::default(), &with(confidence.clone()));
        assert_eq!((intake.facts, intake.problems.len()), (facts, problems), "{confidence}");
    }
}

#[test]
fn what_is_more_likely_wrong_than_right_is_shown_and_does_not_count() {
    let text = everything(20, 0).to_string();
    for (grade, counts) in [("B2", true), ("F6", false), ("E5", false)] {
        let mut known = Knowledge::builtin();
        add(&mut known, &text, &source("x", grade)).unwrap();
        assert_eq!(known.called("everything").len(), 1);
        let corpus = known.corpus();
        assert_eq!(corpus.find_actor("Everything").is_some(), counts, "{grade}");
    }
}

#[test]
fn nothing_makes_knowledge_newer_than_the_day_it_was_taken_in() {
    let mut known = Knowledge::builtin();
    let mut relation = uses("a", "T1059");
    relation["created"] = "9999-12-31T00:00:00Z".into();
    let intake = taken(&mut known, &bundle(vec![actor("a", "One"), technique("T1059"), relation]));
    assert_eq!(known.newest, "2026-11");
    assert!(intake.problems[0].contains("dated later"), "{intake:?}");
}

#[test]
fn new_actors_and_features_are_bounded() {
    let mut objects = vec![];
    for a in 0..1_200 {
        objects.push(actor(&format!("a{a}"), &format!("Actor {a}")));
        for f in 0..3 {
            let id = format!("malware--{a}-{f}");
            objects.push(json!({"type": "malware", "id": id, "name": format!("mal {a} {f}")}));
            objects.push(uses(&format!("a{a}"), &id));
        }
    }
    let mut known = Knowledge::builtin();
    let intake = taken(&mut known, &bundle(objects));
    let corpus = known.corpus();
    assert!(corpus.actors.len() <= 1_000 && corpus.features.len() < 4_000);
    assert!(intake.problems.iter().any(|p| p.contains("beyond 2000 new ones")), "{intake:?}");
    // A verdict is still given.
    let items: Vec<Observation> = serde_json::from_value(
        json!([{"feature": {"technique": "T1059.001"}, "grade": "B2"}, {"feature": {"software": "mal 7 1"}, "grade": "B2"}]),
    )
    .unwrap();
    let verdict = Judge::new(known, Fitted::builtin()).judge(&items, None, false).unwrap();
    assert!(verdict.matrix.iter().all(|r| r.counts && !r.judged), "new software is known");
}

#[test]
fn names_are_relations_that_never_merge() {
    let mut known = Knowledge::default();
    let cluster = json!({"values": [
        {"value": "One", "meta": {"synonyms": ["Shared", "Two"], "country": "cn", "cfr-target-category": ["Government"]}},
        {"value": "Two", "meta": {"synonyms": ["Shared", "One"], "country": "NaN"}},
        {"value": "", "meta": {}},
    ]});
    let intake = add(&mut known, &cluster.to_string(), &source("galaxy", "B3")).unwrap();
    assert_eq!(known.actors.len(), 2);
    assert_eq!(intake.problems, ["an actor without a name"]);
    let shared = known.bearers("shared");
    assert_eq!(shared.len(), 2);
    assert!((shared[0].weight - 0.5).abs() < 1e-9);
    // A first name means its actor more than another's alias does; and another's word adds to a relation.
    let one = known.bearers("one");
    assert!(one[0].is_first && one[0].weight > one[1].weight, "{one:?}");
    let again = json!({"values": [{"value": "One", "meta": {"synonyms": ["Shared"]}}]});
    add(&mut known, &again.to_string(), &source("other", "A2")).unwrap();
    let shared = known.bearers("shared");
    assert!(shared[0].weight > 0.5 && shared[0].said_by.len() == 2, "{shared:?}");
    assert_eq!(known.after("government"), (vec!["One"], 1.0));
    assert_eq!(known.actors[0].country.as_deref(), Some("CN"));
    assert_eq!(known.actors[1].country, None);
}

#[test]
fn reports_and_events_about_one_actor_are_documents() {
    let mut known = Knowledge::builtin();
    let report = |refs: &[&str]| json!({"type": "report", "id": "report--1", "name": "What they did", "published": "2025-05-01T00:00:00Z", "object_refs": refs});
    let objects = || vec![actor("a", "APT31"), actor("b", "Somebody New"), technique("T1059")];
    let mut one = objects();
    one.push(report(&["a", "T1059"]));
    assert_eq!(taken(&mut known, &bundle(one)).facts, 1);
    assert_eq!(known.uses.last().unwrap().who, "G0128", "by its first name, the known actor");
    let mut two = objects();
    two.push(report(&["a", "b", "T1059"]));
    let intake = taken(&mut known, &bundle(two));
    assert_eq!(intake.facts, 0);
    assert!(intake.problems[0].contains("names 2 actors"), "{intake:?}");
    let event = json!({"Event": {"info": "An event", "date": "2025-01-02", "Tag": [
        {"name": "misp-galaxy:threat-actor=\"APT31\""},
        {"name": "misp-galaxy:mitre-attack-pattern=\"PowerShell - T1059.001\""},
        {"name": "misp-galaxy:malpedia=\"Cobalt Strike\""},
        {"name": "misp-galaxy:mitre-attack-pattern=\"nonsense\""},
    ]}});
    let intake = taken(&mut known, &event);
    assert_eq!(intake.facts, 2, "{intake:?}");
    let last = known.uses.last().unwrap();
    assert_eq!(last.what, ["S0154", "T1059.001"]);
    assert_eq!(intake.problems.len(), 1);
}

#[test]
fn a_text_that_is_no_knowledge_is_an_error() {
    let mut known = Knowledge::default();
    assert!(add(&mut known, "{\"objects\": ", &source("x", "C3")).is_err());
    assert!(matches!(add(&mut known, "{}", &source("x", "C3")), Err(IntakeError::UnknownKind)));
}

/// The real files: ATT&CK adds to the table made of it nothing that is not there, and galaxies add names.
#[test]
fn real_knowledge_is_taken() {
    let Some(data) = std::env::var_os("BLANIK_DATA").map(PathBuf::from) else {
        eprintln!("SKIPPED real_knowledge_is_taken: BLANIK_DATA is not set");
        return;
    };
    let read = |name: &str| std::fs::read_to_string(data.join("cti").join(name)).unwrap();
    let mut known = Knowledge::builtin();
    let before = known.corpus().documents.len();
    let text = read("enterprise-attack-rebuilt.json");
    let intake = add(&mut known, &text, &source("MITRE", "A2")).unwrap();
    assert!(intake.actors >= 170 && intake.facts > 10_000, "{intake:?}");
    assert_eq!(known.actors.len(), 172, "{:?}", intake.problems);
    // Campaigns count for those that they are attributed to; what groups did by the same reports is the same.
    let after = known.corpus().documents.len();
    assert!(after >= before && after < before + 200, "{before} {after}");
    let galaxy = read("misp-galaxy-threat-actor.json");
    let intake = add(&mut known, &galaxy, &source("MISP", "B3")).unwrap();
    assert!(intake.actors > 900, "{}", intake.actors);
    for name in
        ["misp-galaxy-microsoft-activity-group.json", "misp-galaxy-mitre-intrusion-set.json"]
    {
        assert!(add(&mut known, &read(name), &source(name, "B3")).unwrap().actors > 50, "{name}");
    }
    let bearers = known.bearers("Violet Typhoon");
    assert!(bearers.len() >= 2, "{bearers:?}");
    assert!(known.after("Government").0.len() > 20);
}
