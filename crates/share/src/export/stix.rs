//! STIX 2.1 (OASIS Standard, 10 June 2021): one bundle that says what the advisory says.
//!
//! The campaign is the intrusion. Techniques, software, infrastructure and indicators hang on it; who did it are
//! competing `attributed-to` relationships, each with its own `confidence`; each claim is a note in the words of the
//! advisory. The report refers to all of it.

mod actors;
mod claims;
mod marking;
mod objects;
mod pattern;
mod seen;

use blanik_model::Tlp;
use serde_json::{Value, json};

use crate::publication::{ChapterKind, Publication, Wording};
use objects::{Bundle, named, span};

pub(crate) use marking::{definition as marking_definition, id as marking_id};
pub(super) use objects::time;

/// The name of the grouping.
const TO_LOOK_FOR: &str = "What to look for";

/// The bundle.
pub fn bundle(publication: &Publication) -> Value {
    let mut bundle = Bundle::new(publication);
    let victim = victim(&mut bundle);
    let campaign = campaign(&mut bundle, victim.as_deref());
    incident(&mut bundle, &campaign);
    let to_look_for = seen::add(&mut bundle, &campaign, victim.as_deref());
    let leader = actors::add(&mut bundle, &campaign);
    claims::add(&mut bundle, &campaign);
    let later = [
        (bundle.ids.stix("report", &[&publication.title.en]), named(&publication.title.en)),
        (bundle.ids.stix("grouping", &["what to look for"]), TO_LOOK_FOR),
    ];
    let subjects =
        claims::Subjects { campaign: &campaign, judgement: leader.as_deref(), later: &later };
    claims::opinions(&mut bundle, &subjects);
    grouping(&mut bundle, &campaign, to_look_for);
    report(&mut bundle);
    bundle.finish()
}

/// Objects of the attack that other formats built on STIX need, too: techniques by their id.
pub(super) fn attack_patterns(publication: &Publication) -> Vec<Value> {
    let mut bundle = Bundle::new(publication);
    for technique in &publication.techniques {
        seen::attack_pattern(&mut bundle, technique);
    }
    match bundle.finish() {
        Value::Object(mut bundle) => match bundle.remove("objects") {
            Some(Value::Array(objects)) => objects,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The chapter's sentences as one text, and who may see all of them.
fn told(publication: &Publication, kind: ChapterKind) -> Option<(Wording, Tlp)> {
    let chapter = publication.chapters.iter().find(|chapter| chapter.kind == kind)?;
    let marking = chapter.claims.iter().map(|claim| claim.marking).max()?;
    let joined = |texts: Vec<&str>| texts.join(" ");
    let en = joined(chapter.claims.iter().map(|claim| claim.text.en.as_str()).collect());
    let cs = joined(chapter.claims.iter().map(|claim| claim.text.cs.as_str()).collect());
    Some((Wording { en, cs }, marking))
}

fn victim(bundle: &mut Bundle<'_>) -> Option<String> {
    let sector = bundle.publication.victim.as_deref().filter(|sector| !sector.is_empty())?;
    let properties = json!({
        "name": format!("Victim: {sector}"),
        "identity_class": "class",
        "sectors": [sector],
    });
    let marking = bundle.publication.tlp;
    Some(bundle.add("identity", &["victim", sector], marking, properties))
}

fn campaign(bundle: &mut Bundle<'_>, victim: Option<&str>) -> String {
    let publication = bundle.publication;
    let (first, last) = span(publication.first, publication.last);
    let summary = described(publication);
    let properties = json!({
        "name": named(&publication.title.en),
        "description": summary.text,
        "first_seen": first,
        "last_seen": last,
        "labels": publication.exercise.then_some(["exercise"]),
        "granular_markings": summary.granular,
    });
    let campaign = bundle.add("campaign", &[&publication.title.en], publication.tlp, properties);
    if let Some(victim) = victim {
        bundle.relate((&campaign, "targets", victim), publication.tlp, Value::Null);
    }
    campaign
}

/// STIX 2.1 gives an incident a name and a description.
fn incident(bundle: &mut Bundle<'_>, campaign: &str) {
    let publication = bundle.publication;
    let summary = described(publication);
    let properties = json!({
        "name": named(&publication.title.en),
        "description": summary.text,
        "labels": publication.exercise.then_some(["exercise"]),
        "granular_markings": summary.granular,
    });
    let incident = bundle.add("incident", &[&publication.title.en], publication.tlp, properties);
    let what = json!({ "description": "The incident is where this campaign was seen." });
    bundle.relate((&incident, "related-to", campaign), publication.tlp, what);
}

/// What to look for, by itself.
fn grouping(bundle: &mut Bundle<'_>, campaign: &str, mut refs: Vec<String>) {
    let publication = bundle.publication;
    if refs.is_empty() {
        refs.push(campaign.to_owned());
    }
    let properties = json!({
        "name": TO_LOOK_FOR,
        "context": "suspicious-activity",
        "object_refs": refs,
    });
    bundle.add("grouping", &["what to look for"], publication.tlp, properties);
}

fn report(bundle: &mut Bundle<'_>) {
    let publication = bundle.publication;
    let summary = described(publication);
    let properties = json!({
        "name": named(&publication.title.en),
        "description": summary.text,
        "report_types": ["threat-report", "campaign"],
        "published": time(publication.published),
        "labels": publication.exercise.then_some(["exercise"]),
        "object_refs": bundle.all(),
        "granular_markings": summary.granular,
    });
    let report = bundle.add("report", &[&publication.title.en], publication.tlp, properties);
    let mut czech = json!({ "name": named(&publication.title.cs) });
    let (mut marking, mut granular) = (publication.tlp, Value::Null);
    if let Some((text, part)) = told(publication, ChapterKind::Summary) {
        czech["description"] = text.cs.into();
        marking = marking.max(part);
        granular = marking::granular(marking, part, &["contents.cs.description"]);
    }
    claims::translate(bundle, &report, marking, (czech, granular));
}

/// A description of the whole, and its marking where that is another than the publication's.
struct Described {
    text: Value,
    granular: Value,
}

fn described(publication: &Publication) -> Described {
    match told(publication, ChapterKind::Summary) {
        None => Described { text: Value::Null, granular: Value::Null },
        Some((text, part)) => Described {
            text: text.en.into(),
            granular: marking::granular(publication.tlp, part, &["description"]),
        },
    }
}

/// What other formats built on STIX need of it: the same ids, times and markings.
pub(super) fn author(publication: &Publication) -> String {
    Bundle::new(publication).author().to_owned()
}

/// Of a technique of the publication: the id of its attack-pattern.
pub(super) fn technique_id(publication: &Publication, technique: &str) -> Option<String> {
    let technique = publication.techniques.iter().find(|known| known.id == technique)?;
    Some(seen::attack_pattern(&mut Bundle::new(publication), technique))
}
