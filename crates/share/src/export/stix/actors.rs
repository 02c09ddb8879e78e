//! Who it was: a `threat-actor` or `intrusion-set` for each hypothesis, each the target of an `attributed-to` of its own.
//! They compete: at most one of them is true, and their `confidence` is its probability in percent.

use serde_json::json;

use super::objects::{Bundle, named};
use crate::export::attack;
use crate::publication::{Attribution, Hypothesis};

/// Of no known actor: nothing that a relationship could point to.
const UNKNOWN: &str = "UNKNOWN";

/// Adds them; returns the object that says who it most probably was: a relationship, or the note that it is nobody known.
pub fn add(bundle: &mut Bundle<'_>, campaign: &str) -> Option<String> {
    let attribution = bundle.publication.attribution.as_ref()?;
    let (mut relationships, mut leader) = (Vec::new(), None);
    for hypothesis in attribution.hypotheses.iter().filter(|h| h.id != UNKNOWN) {
        let percent = percent(hypothesis.probability);
        // What rounds to nothing is summed up in the note.
        if percent == 0 {
            continue;
        }
        let actor = actor(bundle, hypothesis);
        let what = json!({
            "description": format!("One of competing hypotheses: {}", said(hypothesis)),
            "confidence": percent,
        });
        let ends = (campaign, "attributed-to", actor.as_str());
        let relationship = bundle.relate(ends, bundle.publication.tlp, what);
        if is_first(attribution, hypothesis) {
            leader = Some(relationship.clone());
        }
        relationships.push(relationship);
    }
    explain(bundle, attribution, campaign, &relationships);
    let nobody = unknown(bundle, attribution, campaign);
    if leads_unknown(attribution) { Some(nobody) } else { leader }
}

fn is_first(attribution: &Attribution, hypothesis: &Hypothesis) -> bool {
    attribution.hypotheses.first().is_some_and(|first| first.id == hypothesis.id)
}

/// Whether it was most probably nobody known: unknown actors of all nations are one answer, as in the sentence.
pub fn leads_unknown(attribution: &Attribution) -> bool {
    attribution.hypotheses.first().is_some_and(|first| is_unknown(&first.id))
}

/// `UNKNOWN`, or an unknown actor of a nation.
pub fn is_unknown(id: &str) -> bool {
    id.starts_with(UNKNOWN)
}

/// Probability in percent, as STIX counts confidence (0 to 100).
fn percent(probability: f64) -> u8 {
    // A float that is none becomes 0.
    (probability * 100.0).round().clamp(0.0, 100.0) as u8
}

fn actor(bundle: &mut Bundle<'_>, hypothesis: &Hypothesis) -> String {
    let marking = bundle.publication.tlp;
    let key = [hypothesis.id.as_str(), &hypothesis.name];
    let group = attack::is_group(&hypothesis.id);
    let id = if group {
        let reference = json!({
            "source_name": "mitre-attack",
            "external_id": hypothesis.id,
            "url": format!("https://attack.mitre.org/groups/{}", hypothesis.id),
        });
        let properties =
            json!({ "name": named(&hypothesis.name), "external_references": [reference] });
        bundle.add("intrusion-set", &key, marking, properties)
    } else {
        let properties = json!({
            "name": named(&hypothesis.name),
            "description": format!("Not a known actor: the hypothesis {}.", hypothesis.id),
            "threat_actor_types": ["unknown"],
        });
        bundle.add("threat-actor", &key, marking, properties)
    };
    if let Some(country) = hypothesis.country.as_deref().filter(|c| is_country(c)) {
        let location = location(bundle, country);
        let kind = if group { "originates-from" } else { "located-at" };
        let confidence = bundle.publication.attribution.as_ref().map_or("", |a| &a.confidence);
        let what = format!("Suspected, not established ({} confidence).", named(confidence));
        bundle.relate((&id, kind, &location), marking, json!({ "description": what }));
    }
    id
}

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}

fn location(bundle: &mut Bundle<'_>, country: &str) -> String {
    let id = format!("location--{}", bundle.ids.common("location", &[country]));
    let properties = json!({ "name": country, "country": country });
    bundle.put("location", id, bundle.publication.tlp, properties)
}

fn said(hypothesis: &Hypothesis) -> String {
    format!("{} ({}), probability {:.3}", hypothesis.name, hypothesis.id, hypothesis.probability)
}

/// The note that says how the numbers are to be read.
fn explain(
    bundle: &mut Bundle<'_>,
    attribution: &Attribution,
    campaign: &str,
    relationships: &[String],
) {
    let mut content = "The attributed-to relationships of the campaign are hypotheses that compete: at most one is \
        true. The confidence of each is its probability in percent."
        .to_owned();
    let named = |h: &&Hypothesis| h.id != UNKNOWN && percent(h.probability) > 0;
    for hypothesis in attribution.hypotheses.iter().filter(named) {
        content.push_str(&format!("\n- {}", said(hypothesis)));
    }
    let rest: Vec<&Hypothesis> = attribution
        .hypotheses
        .iter()
        .filter(|h| h.id != UNKNOWN && percent(h.probability) == 0)
        .collect();
    if !rest.is_empty() {
        let sum: f64 = rest.iter().map(|h| h.probability).sum();
        content.push_str(&format!("\n- {} more, together {sum:.3}", rest.len()));
    }
    content.push_str(&format!("\n- no known actor, probability {:.3}", attribution.unknown));
    content.push_str(&format!("\nConfidence in the whole: {}.", attribution.confidence));
    let mut refs: Vec<&str> = relationships.iter().map(String::as_str).collect();
    refs.push(campaign);
    let properties = json!({
        "abstract": "How the competing attributions are to be read",
        "content": content,
        "authors": [bundle.publication.publisher.name],
        "labels": ["attribution"],
        "object_refs": refs,
    });
    bundle.add("note", &["attribution", &content], bundle.publication.tlp, properties);
}

fn unknown(bundle: &mut Bundle<'_>, attribution: &Attribution, campaign: &str) -> String {
    let p = attribution.unknown;
    let properties = json!({
        "abstract": "Hypothesis: no known actor",
        "content": format!("That no known actor did it has probability {p:.3}."),
        "authors": [bundle.publication.publisher.name],
        "confidence": percent(p),
        "labels": ["hypothesis"],
        "object_refs": [campaign],
    });
    let key = ["unknown", &format!("{p:.3}")];
    bundle.add("note", &key, bundle.publication.tlp, properties)
}
