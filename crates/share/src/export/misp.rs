//! MISP: one event in the core format (<https://www.misp-standard.org/rfc/misp-standard-core.html>).
//!
//! Indicators are attributes, claims are annotations in their own words, steps are attack steps, ATT&CK's techniques are
//! tags of its galaxy, and the advisory's text is an event report in each language. Who it was are attributes that say
//! with which probability; a tag of an actor's galaxy would say that it is so.

mod entries;
mod report;

use blanik_attribution::words;
use blanik_model::{Timestamp, Tlp};
use serde_json::{Value, json};

use super::attack;
use super::ids::Ids;
use crate::publication::{Attribution, Publication, Technique};

/// The event, as `{"Event": …}`.
pub fn event(publication: &Publication) -> Value {
    let ids = Ids::of(publication);
    let at = seconds(publication.published);
    let publisher = &publication.publisher;
    let org = json!({
        "name": publisher.name,
        "uuid": ids.common("organisation", &[&publisher.name]).to_string(),
    });
    let attributes = entries::attributes(publication, &ids);
    json!({
        "Event": {
            "uuid": ids.uuid("event", &[]).to_string(),
            "info": publication.title.en,
            "date": publication.published.to_jiff().strftime("%Y-%m-%d").to_string(),
            // High: MISP's word for what a state is behind. Analysis is complete.
            "threat_level_id": "1",
            "analysis": "2",
            "published": false,
            "timestamp": at,
            "distribution": distribution(publication.tlp),
            "disable_correlation": false,
            "attribute_count": attributes.len().to_string(),
            "Orgc": org,
            "Tag": tags(publication),
            "Attribute": attributes,
            "Object": entries::objects(publication, &ids),
            "EventReport": report::reports(publication, &ids),
        }
    })
}

/// Seconds since 1970, as text: so MISP writes them.
fn seconds(at: Timestamp) -> String {
    at.as_nanos().div_euclid(1_000_000_000).to_string()
}

/// Whom a MISP that takes the event in may show it: all; its own community; its own organisation.
fn distribution(tlp: Tlp) -> &'static str {
    match tlp {
        Tlp::Clear => "3",
        Tlp::Green => "1",
        Tlp::Amber | Tlp::AmberStrict | Tlp::Red => "0",
    }
}

fn tag(name: String) -> Value {
    json!({ "name": name })
}

fn marking(tlp: Tlp) -> Value {
    tag(format!("tlp:{tlp}"))
}

fn tags(publication: &Publication) -> Vec<Value> {
    let mut tags = vec![marking(publication.tlp)];
    if publication.exercise {
        tags.push(tag("exercise".into()));
    }
    if let Some(attribution) = &publication.attribution
        && let word @ ("low" | "moderate" | "high") = attribution.confidence.as_str()
    {
        let taxonomy = "estimative-language:confidence-in-analytic-judgment";
        tags.push(tag(format!("{taxonomy}=\"{word}\"")));
    }
    tags.extend(publication.techniques.iter().filter_map(galaxy));
    tags
}

/// ATT&CK's technique in MISP's galaxy: `misp-galaxy:mitre-attack-pattern="OS Credential Dumping - T1003"`. `None` if its
/// name is not known, or it is none of ATT&CK's: the galaxy would have no such entry.
fn galaxy(technique: &Technique) -> Option<Value> {
    let name = technique.name.as_deref()?;
    let clean = !name.is_empty() && !name.contains(['"', '\\']) && !name.contains(char::is_control);
    let known = clean && attack::is_technique(&technique.id);
    known.then(|| tag(format!("misp-galaxy:mitre-attack-pattern=\"{name} - {}\"", technique.id)))
}

/// The words of ICD 203, as MISP's taxonomy `estimative-language` has them.
fn likelihood(probability: f64) -> Value {
    let word = words::likelihood(probability).replace(' ', "-");
    tag(format!("estimative-language:likelihood-probability=\"{word}\""))
}

/// Hypotheses that a reader can tell from nothing.
fn hypotheses(attribution: &Attribution) -> impl Iterator<Item = &crate::publication::Hypothesis> {
    attribution.hypotheses.iter().filter(|h| h.probability >= 0.005)
}
