//! Claims as notes in the very words of the advisory, in English and by language-content in Czech; and what allies
//! say as opinions.

use blanik_model::{Position, Tlp};
use serde_json::{Value, json};

use super::actors::{is_unknown, leads_unknown};
use super::objects::{Bundle, named};
use crate::publication::{Claim, Opinion, Publication};
use crate::reply::in_words;

/// Adds a note for each claim.
pub fn add(bundle: &mut Bundle<'_>, about: &str) {
    for chapter in &bundle.publication.chapters {
        let kind = serde_json::to_value(chapter.kind).unwrap_or_default();
        for claim in &chapter.claims {
            let properties = json!({
                "abstract": claim.id,
                "content": claim.text.en,
                "authors": [bundle.publication.publisher.name],
                "labels": ["claim", kind],
                "external_references": cited(bundle.publication, claim),
                "object_refs": [about],
            });
            let key = [claim.id.as_str(), &claim.text.en, &claim.text.cs];
            let note = bundle.add("note", &key, claim.marking, properties);
            let czech = json!({ "content": claim.text.cs });
            translate(bundle, &note, claim.marking, (czech, Value::Null));
        }
    }
}

/// Says properties of an object in Czech; with them go their own markings.
pub fn translate(bundle: &mut Bundle<'_>, id: &str, marking: Tlp, said: (Value, Value)) {
    let (czech, granular) = said;
    let properties = json!({
        "object_ref": id,
        "object_modified": bundle.published(),
        "contents": { "cs": czech },
        "granular_markings": granular,
    });
    bundle.add("language-content", &[id], marking, properties);
}

/// The records of the log, by their index.
fn cited(publication: &Publication, claim: &Claim) -> Vec<Value> {
    let origin = named(&publication.log.origin);
    let further = match claim.cites.further {
        0 => Value::Null,
        further => {
            format!("the last of those named; the claim rests on {further} further records").into()
        }
    };
    let last = claim.cites.records.len().saturating_sub(1);
    let one = |(place, record): (usize, &u64)| {
        let mut reference = json!({ "source_name": origin, "external_id": record.to_string() });
        if place == last && !further.is_null() {
            reference["description"] = further.clone();
        }
        reference
    };
    claim.cites.records.iter().enumerate().map(one).collect()
}

/// What allies' words can be about.
pub struct Subjects<'a> {
    /// What happened.
    pub campaign: &'a str,
    /// What says who it most probably was, if anything does.
    pub judgement: Option<&'a str>,
    /// Objects that are put into the bundle after the opinions: id and name.
    pub later: &'a [(String, &'a str)],
}

/// Adds what allies say. Of what is not in the bundle they are not said to have spoken.
pub fn opinions(bundle: &mut Bundle<'_>, subjects: &Subjects<'_>) {
    let mut objects = bundle.so_far();
    let later = subjects.later.iter();
    objects.extend(later.map(|(id, name)| json!({ "type": kind(id), "id": id, "name": name })));
    let words: Vec<(&str, String)> = in_words(&objects).collect();
    for opinion in &bundle.publication.opinions {
        let about = match opinion.grade.parse::<Position>() {
            Ok(_) => again(opinion, &objects, &words),
            // Who judged spoke of the judgement; who looked at logs and findings, of the campaign.
            Err(_) if opinion.on_attribution => subjects.judgement.into_iter().collect(),
            Err(_) => vec![subjects.campaign],
        };
        if about.is_empty() {
            continue;
        }
        let properties = json!({
            "opinion": word(bundle.publication, opinion),
            "explanation": explanation(opinion),
            "authors": [opinion.agency],
            "object_refs": about,
        });
        let at = opinion.at.map(|at| at.to_string()).unwrap_or_default();
        let key = [opinion.agency.as_str(), &opinion.grade, &at, &explanation(opinion)];
        bundle.add("opinion", &key, bundle.publication.tlp, properties);
    }
}

/// What a position was about, as far as it is published again: the object of the same id, or, published for others, the one of
/// that type that says the same.
fn again<'o>(opinion: &Opinion, objects: &'o [Value], words: &[(&'o str, String)]) -> Vec<&'o str> {
    let mut about: Vec<&str> = Vec::new();
    for (place, id) in opinion.about.iter().enumerate() {
        let same = objects.iter().filter_map(|o| o["id"].as_str()).find(|known| known == id);
        let what = opinion.what.get(place);
        let says_so = |(known, words): &&(&'o str, String)| {
            kind(known) == kind(id) && what.is_some_and(|what| what == words)
        };
        let mut alike = words.iter().filter(says_so).map(|(known, _)| *known);
        let found = same.or_else(|| alike.next().filter(|_| alike.next().is_none()));
        about.extend(found.filter(|found| !about.contains(found)));
    }
    about
}

/// The type of an object, by its id.
fn kind(id: &str) -> &str {
    id.split("--").next().unwrap_or_default()
}

/// STIX's scale; a position says it itself. A cosignature that concurs shares the judgement; one that hunted again agrees that the findings come out
/// so; one that only saw the log grow says nothing of its content. Probabilities on record: how probable they hold our leader.
fn word(publication: &Publication, opinion: &Opinion) -> &'static str {
    if let Ok(position) = opinion.grade.parse::<Position>() {
        return position.as_str();
    }
    match opinion.grade.as_str() {
        "concur" | "re-run" => return "agree",
        "assessed" => {}
        _ => return "neutral",
    }
    let Some(attribution) = &publication.attribution else { return "neutral" };
    let is_of_leader = |id: &str| match leads_unknown(attribution) {
        true => is_unknown(id),
        false => attribution.hypotheses.first().is_some_and(|leader| leader.id == id),
    };
    let of = opinion.probabilities.iter().filter(|(id, _)| is_of_leader(id));
    match of.map(|(_, p)| p.parse::<f64>().ok()).reduce(|sum, p| Some(sum? + p?)).flatten() {
        Some(p) if p >= 0.8 => "strongly-agree",
        Some(p) if p >= 0.55 => "agree",
        Some(p) if p >= 0.45 => "neutral",
        Some(p) if p >= 0.2 => "disagree",
        Some(_) => "strongly-disagree",
        None => "neutral",
    }
}

fn explanation(opinion: &Opinion) -> String {
    let mut text = match opinion.grade.as_str() {
        "consistent" => "Cosigned: the log only grew.".to_owned(),
        "re-run" => "Cosigned: hunted again, the sealed events give the same findings.".to_owned(),
        "concur" => "Cosigned: shares the judgement.".to_owned(),
        "assessed" => "An assessment of their own, on record.".to_owned(),
        position if position.parse::<Position>().is_ok() => {
            "A position on what was published before, on record.".to_owned()
        }
        other => format!("Says: {other}."),
    };
    if let Some(at) = opinion.at {
        text.push_str(&format!(" At {at}."));
    }
    if let Some(record) = opinion.record {
        text.push_str(&format!(" Record {record} of the log."));
    }
    for (hypothesis, probability) in &opinion.probabilities {
        text.push_str(&format!(" {hypothesis}: {probability}."));
    }
    text
}
