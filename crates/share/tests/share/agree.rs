//! The files say what the advisory says: its sentences, its numbers, its markings.

use std::collections::BTreeSet;

use blanik_model::Tlp;
use blanik_share::export::{case_uco, flow, misp, navigator, stix, timesketch};
use blanik_share::publication::Publication;
use serde_json::Value;

use crate::example::publication;

fn objects(ty: &str) -> Vec<Value> {
    let bundle = stix::bundle(&publication());
    let all = bundle["objects"].as_array().unwrap().clone();
    all.into_iter().filter(|o| ty.is_empty() || o["type"] == ty).collect()
}

fn texts(values: &[Value], name: &str) -> Vec<String> {
    values.iter().filter_map(|v| v[name].as_str().map(str::to_owned)).collect()
}

#[test]
fn each_claim_stands_word_for_word_in_stix_misp_and_case() {
    let publication = publication();
    let notes = objects("note");
    let translations = objects("language-content");
    let event = misp::event(&publication);
    let graph = case_uco::provenance(&publication);
    for claim in publication.claims() {
        let note = notes.iter().find(|n| n["abstract"] == claim.id.as_str()).unwrap();
        assert_eq!(note["content"], claim.text.en.as_str());
        let translation = translations.iter().find(|t| t["object_ref"] == note["id"]).unwrap();
        assert_eq!(translation["contents"]["cs"]["content"], claim.text.cs.as_str());
        let cited: Vec<String> = claim.cites.records.iter().map(u64::to_string).collect();
        let references = note["external_references"].as_array().unwrap();
        assert_eq!(texts(references, "external_id"), cited);
        let annotation = |o: &&Value| o["Attribute"][0]["value"] == claim.text.en.as_str();
        assert!(event["Event"]["Object"].as_array().unwrap().iter().any(|o| annotation(&o)));
        let stated = |n: &&Value| n["core:statement"][0] == claim.text.en.as_str();
        let node = graph["@graph"].as_array().unwrap().iter().find(stated).unwrap();
        assert_eq!(node["core:object"].as_array().unwrap().len(), cited.len());
    }
}

#[test]
fn every_reference_of_a_bundle_leads_to_an_object_and_the_report_has_all() {
    let objects = objects("");
    let known: BTreeSet<&str> = objects.iter().filter_map(|o| o["id"].as_str()).collect();
    assert_eq!(known.len(), objects.len(), "each stands once");
    let mut found = 0;
    for object in &objects {
        for (name, value) in object.as_object().unwrap() {
            let refs: Vec<&Value> = match name {
                name if name.ends_with("_refs") => value.as_array().unwrap().iter().collect(),
                name if name.ends_with("_ref") => vec![value],
                _ => continue,
            };
            for one in refs {
                assert!(known.contains(one.as_str().unwrap()), "{name}: {one}");
                found += 1;
            }
        }
    }
    assert!(found > 300, "{found}");
    let report = objects.iter().find(|o| o["type"] == "report").unwrap();
    let referred = report["object_refs"].as_array().unwrap().len();
    let apart = |o: &&Value| {
        o["type"] == "marking-definition"
            || o["type"] == "language-content"
            || o["id"] == report["id"]
    };
    assert_eq!(referred, objects.len() - objects.iter().filter(apart).count());
}

#[test]
fn attributions_compete_with_their_probabilities() {
    let all = objects("");
    let of = |r: &Value| {
        let target = all.iter().find(|o| o["id"] == r["target_ref"]).unwrap();
        (
            target["type"].as_str().unwrap().to_owned(),
            target["name"].clone(),
            r["confidence"].clone(),
        )
    };
    let attributed: Vec<_> = objects("relationship")
        .iter()
        .filter(|r| r["relationship_type"] == "attributed-to")
        .map(of)
        .collect();
    assert_eq!(
        attributed,
        [
            ("intrusion-set".to_owned(), Value::from("ZIRCONIUM"), Value::from(62)),
            ("threat-actor".to_owned(), Value::from("an unknown actor of CN"), Value::from(10)),
            ("intrusion-set".to_owned(), Value::from("APT29"), Value::from(7)),
        ]
    );
    let notes = objects("note");
    let said = |start: &str| {
        notes.iter().find(|n| n["abstract"].as_str().unwrap().starts_with(start)).unwrap()
    };
    assert_eq!(said("Hypothesis")["confidence"], 21);
    let read = said("How the competing")["content"].as_str().unwrap();
    assert!(read.contains("1 more, together 0.004"), "{read}");
    let opinions = objects("opinion");
    assert_eq!(texts(&opinions, "opinion"), ["neutral", "agree", "agree", "agree", "disagree"]);
    let about =
        |o: &Value| o["object_refs"][0].as_str().unwrap().split("--").next().unwrap().to_owned();
    let about: Vec<String> = opinions.iter().map(about).collect();
    assert_eq!(about, ["campaign", "campaign", "relationship", "relationship", "relationship"]);
    assert_ne!(opinions[4]["object_refs"], opinions[3]["object_refs"], "not about the leader");
    assert_eq!(texts(&objects("location"), "country"), ["CN", "RU"]);
}

/// The objects that opinions of a publication are about, by their word and name.
fn spoken_of(publication: &Publication) -> Vec<(String, String)> {
    let bundle = stix::bundle(publication);
    let all = bundle["objects"].as_array().unwrap();
    let name = |id: &Value| {
        let object = all.iter().find(|o| o["id"] == *id).expect("it is in the bundle");
        let target = all.iter().find(|o| o["id"] == object["target_ref"]).unwrap_or(object);
        let of = [&target["name"], &target["abstract"]].into_iter().find_map(Value::as_str);
        format!("{} {}", object["type"].as_str().unwrap(), of.unwrap())
    };
    let opinions = all.iter().filter(|o| o["type"] == "opinion");
    let said = |o: &Value| {
        let about: Vec<String> = o["object_refs"].as_array().unwrap().iter().map(name).collect();
        (o["opinion"].as_str().unwrap().to_owned(), about.join(", "))
    };
    opinions.map(said).collect()
}

/// Whoever speaks of one thing is not said to have spoken of another.
#[test]
fn an_opinion_is_about_what_its_author_spoke_of() {
    let with = |grade: &str, about: &[(&str, &str)]| {
        let mut p = publication();
        p.opinions.retain(|o| o.agency == "CERT D");
        p.opinions[0].grade = grade.into();
        p.opinions[0].about = about.iter().map(|(id, _)| (*id).to_owned()).collect();
        p.opinions[0].what = about.iter().map(|(_, what)| (*what).to_owned()).collect();
        spoken_of(&p)
    };
    let said = |word: &str, about: &str| vec![(word.to_owned(), about.to_owned())];
    let second = ("relationship--x", "Intrusion at a ministry attributed-to APT29");
    assert_eq!(
        with("strongly-disagree", &[second]),
        said("strongly-disagree", "relationship APT29")
    );
    let third = objects("note")[2]["id"].as_str().unwrap().to_owned();
    let [(_, about)] = &with("disagree", &[(&third, "note")])[..] else { panic!("one opinion") };
    assert!(about.starts_with("note "), "by its id: {about}");
    let report = ("report--x", "report Intrusion at a ministry");
    assert_eq!(with("agree", &[report]), said("agree", "report Intrusion at a ministry"));
    // What is not published again, or by that name only as something else.
    assert_eq!(with("disagree", &[("relationship--x", "Winter attributed-to APT1")]), []);
    assert_eq!(with("disagree", &[("incident--x", "report Intrusion at a ministry")]), []);
    assert_eq!(with("disagree", &[]), []);
}

#[test]
fn where_nobody_known_leads_agreement_is_with_that() {
    let mut p = publication();
    p.opinions.retain(|o| ["concur", "assessed"].contains(&o.grade.as_str()));
    let attribution = p.attribution.as_mut().unwrap();
    attribution.hypotheses.swap(0, 1);
    p.opinions[1].probabilities = vec![("UNKNOWN".into(), "0.9".into())];
    let nobody = "note Hypothesis: no known actor".to_owned();
    let wanted = [("agree".to_owned(), nobody.clone()), ("strongly-agree".to_owned(), nobody)];
    assert_eq!(spoken_of(&p), wanted);
    p.attribution = None;
    assert_eq!(spoken_of(&p), [], "of a judgement that is not published nobody speaks");
}

#[test]
fn each_object_bears_its_marking_and_a_part_that_others_may_see_its_own() {
    let all = objects("");
    let definition = |tlp: Tlp| {
        let name = format!("TLP:{}", tlp.as_str().to_ascii_uppercase());
        all.iter().find(|o| o["name"] == name.as_str()).unwrap()["id"].clone()
    };
    let (clear, amber) = (definition(Tlp::Clear), definition(Tlp::Amber));
    assert_eq!(clear, "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487");
    for object in all.iter().filter(|o| o["type"] != "marking-definition") {
        assert_eq!(object["object_marking_refs"].as_array().unwrap().len(), 1, "{object}");
    }
    let report = &objects("report")[0];
    assert_eq!(report["object_marking_refs"][0], amber);
    let granular = &report["granular_markings"][0];
    assert_eq!(
        (&granular["marking_ref"], &granular["selectors"][0]),
        (&clear, &"description".into())
    );
    let note = objects("note").into_iter().find(|n| n["abstract"] == "c3").unwrap();
    assert_eq!(note["object_marking_refs"][0], amber);
}

#[test]
fn a_flow_goes_through_all_steps_in_order_of_time() {
    let mut publication = publication();
    publication.steps.reverse();
    let flow = flow::flow(&publication);
    let objects = flow["objects"].as_array().unwrap();
    let find = |id: &Value| objects.iter().find(|o| o["id"] == *id).unwrap();
    let start = objects.iter().find(|o| o["type"] == "attack-flow").unwrap();
    let (mut at, mut times) = (&start["start_refs"][0], Vec::new());
    while !at.is_null() {
        let action = find(at);
        times.push(action["execution_start"].as_str().unwrap());
        assert_eq!(find(&action["technique_ref"])["type"], "attack-pattern");
        at = &action["effect_refs"][0];
    }
    assert_eq!(times.len(), 3);
    assert!(times.is_sorted());
    publication.steps.clear();
    let empty = flow::flow(&publication);
    assert!(empty.to_string().contains("attack-condition"));
}

#[test]
fn a_layer_counts_findings_and_a_timeline_is_in_order() {
    let publication = publication();
    let layer = navigator::layer(&publication);
    assert_eq!(layer["versions"]["layer"], "4.5");
    assert_eq!(texts(layer["techniques"].as_array().unwrap(), "techniqueID").len(), 3);
    let lines = timesketch::timeline(&publication);
    let entries: Vec<Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let times: Vec<i64> = entries.iter().map(|e| e["timestamp"].as_i64().unwrap()).collect();
    assert!(times.is_sorted());
    assert_eq!(times.len(), 2 * 3 + 1 + 2 + 2 * publication.indicators.len());
    assert!(entries.iter().all(|e| e["tag"][0] == "exercise"));
}
