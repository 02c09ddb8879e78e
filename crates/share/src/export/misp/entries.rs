//! Attributes and objects of the event. Objects follow MISP's templates, whose ids and versions they name.

use blanik_model::{IndicatorType, Timestamp, Tlp};
use serde_json::{Map, Value, json};

use super::{galaxy, hypotheses, likelihood, marking, seconds};
use crate::export::ids::Ids;
use crate::publication::{Cited, Claim, Indicator, Publication, Step};

/// A template of `misp-objects`.
struct Template {
    name: &'static str,
    category: &'static str,
    uuid: &'static str,
    version: &'static str,
    description: &'static str,
}

const ANNOTATION: Template = Template {
    name: "annotation",
    category: "misc",
    uuid: "5d8dc046-15a1-4ca3-a09f-ed4ede7c4487",
    version: "3",
    description: "An annotation object allowing analysts to add annotations, comments, executive summary to a MISP \
        event, objects or attributes.",
};

const STEP: Template = Template {
    name: "attack-step",
    category: "misc",
    uuid: "f86cd6c4-b89d-454a-95c1-165d456d8a74",
    version: "1",
    description: "An object defining a singular attack-step. Especially useful for red/purple teaming, but can also be \
        used for actual attacks.",
};

/// MISP's type and category of an indicator, and whether a sensor may look for it.
fn called(indicator: &Indicator) -> (&'static str, &'static str, bool) {
    const NETWORK: &str = "Network activity";
    const FILE: &str = "Payload delivery";
    match indicator.kind {
        IndicatorType::Address | IndicatorType::Network => ("ip-dst", NETWORK, true),
        IndicatorType::Domain => ("domain", NETWORK, true),
        IndicatorType::Url => ("url", NETWORK, true),
        IndicatorType::Md5 => ("md5", FILE, true),
        IndicatorType::Sha1 => ("sha1", FILE, true),
        IndicatorType::Sha256 => ("sha256", FILE, true),
        IndicatorType::Sha512 => ("sha512", FILE, true),
        IndicatorType::Imphash => ("imphash", FILE, true),
        IndicatorType::Ssdeep => ("ssdeep", FILE, true),
        IndicatorType::Mail => ("email", FILE, true),
        IndicatorType::FileName | IndicatorType::FilePath => ("filename", FILE, true),
        IndicatorType::Mutex => ("mutex", "Artifacts dropped", true),
        IndicatorType::RegistryKey => ("regkey", "Persistence mechanism", true),
        IndicatorType::UserAgent => ("user-agent", NETWORK, true),
        IndicatorType::Ja3 => ("ja3-fingerprint-md5", NETWORK, true),
        IndicatorType::Ja4 => ("other", NETWORK, false),
        IndicatorType::Certificate => match indicator.value.len() {
            32 => ("x509-fingerprint-md5", NETWORK, true),
            40 => ("x509-fingerprint-sha1", NETWORK, true),
            64 => ("x509-fingerprint-sha256", NETWORK, true),
            _ => ("other", NETWORK, false),
        },
        IndicatorType::Pattern => ("stix2-pattern", "Artifacts dropped", true),
    }
}

/// What all attributes have in common.
fn attribute(uuid: String, at: &str, said: (&str, &str, &str), further: Value) -> Value {
    let (ty, category, value) = said;
    let mut attribute = Map::new();
    let head = json!({
        "uuid": uuid,
        "type": ty,
        "category": category,
        "value": value,
        "to_ids": false,
        "disable_correlation": false,
        "distribution": "5",
        "timestamp": at,
        "deleted": false,
    });
    for part in [head, further] {
        if let Value::Object(part) = part {
            attribute.extend(part);
        }
    }
    Value::Object(attribute)
}

fn iso(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}

fn records(publication: &Publication, cites: &Cited) -> String {
    let named: Vec<String> = cites.records.iter().map(u64::to_string).collect();
    let further = match cites.further {
        0 => String::new(),
        further => format!(" and {further} further"),
    };
    format!("records {}{further} of the log {}", named.join(", "), publication.log.origin)
}

/// Indicators, and who it was.
pub fn attributes(publication: &Publication, ids: &Ids) -> Vec<Value> {
    let at = seconds(publication.published);
    let indicator = |indicator: &Indicator| {
        let (ty, category, to_ids) = called(indicator);
        let key = [indicator.kind.as_str(), indicator.value.as_str()];
        let mut comment = format!("{}; {}", indicator.kind, records(publication, &indicator.cites));
        if !indicator.sources.is_empty() {
            comment.push_str(&format!("; known from {}", indicator.sources.join("; ")));
        }
        let (first, last) =
            (indicator.first.min(indicator.last), indicator.first.max(indicator.last));
        let further = json!({
            "to_ids": to_ids,
            "comment": comment,
            "first_seen": iso(first),
            "last_seen": iso(last),
            "Tag": [marking(indicator.marking)],
        });
        let uuid = ids.uuid("attribute", &key).to_string();
        attribute(uuid, &at, (ty, category, &indicator.value), further)
    };
    let mut attributes: Vec<Value> = publication.indicators.iter().map(indicator).collect();
    attributes.extend(actors(publication, ids, &at));
    let mut seen = std::collections::BTreeSet::new();
    attributes.retain(|attribute| seen.insert(attribute["uuid"].to_string()));
    attributes
}

fn actors(publication: &Publication, ids: &Ids, at: &str) -> Vec<Value> {
    let Some(attribution) = &publication.attribution else { return Vec::new() };
    let actor = |h: &crate::publication::Hypothesis| {
        let mut tags = vec![marking(publication.tlp)];
        tags.extend(attribution.has_word.then(|| likelihood(h.probability)));
        let further = json!({
            "disable_correlation": true,
            "comment": format!(
                "{}: one of competing hypotheses, probability {:.3}, {} confidence",
                h.id, h.probability, attribution.confidence
            ),
            "Tag": tags,
        });
        let uuid = ids.uuid("attribute", &["threat-actor", &h.id, &h.name]).to_string();
        // Nobody is called that there is no known actor.
        let ty = if h.id == "UNKNOWN" { "other" } else { "threat-actor" };
        attribute(uuid, at, (ty, "Attribution", &h.name), further)
    };
    hypotheses(attribution).map(actor).collect()
}

/// Claims and steps.
pub fn objects(publication: &Publication, ids: &Ids) -> Vec<Value> {
    let writer = Writer { publication, ids, at: seconds(publication.published) };
    let claims = publication.claims().map(|claim| writer.claim(claim));
    let steps = publication.steps.iter().enumerate().map(|(place, step)| writer.step(place, step));
    claims.chain(steps).collect()
}

struct Writer<'p> {
    publication: &'p Publication,
    ids: &'p Ids,
    at: String,
}

impl Writer<'_> {
    fn claim(&self, claim: &Claim) -> Value {
        let comment = format!("{}; {}", claim.id, records(self.publication, &claim.cites));
        let parts = [("text", claim.text.en.as_str()), ("format", "text"), ("type", "Annotation")];
        let key = [claim.id.as_str(), &claim.text.en, &claim.text.cs];
        self.object(&ANNOTATION, &key, (&comment, claim.marking), (&parts, &[]))
    }

    fn step(&self, place: usize, step: &Step) -> Value {
        let (first, last) = (step.first.min(step.last), step.first.max(step.last));
        let detections =
            format!("{} findings: {} [{}]", step.findings, step.rule_title, step.level);
        let description = format!("{first} to {last}: {}", step.rule_title);
        let mut parts = vec![("description", description.as_str()), ("detections", &detections)];
        if let Some(host) = &step.host {
            parts.push(("dst-misc", host));
        }
        let known = |id: &String| self.publication.techniques.iter().find(|t| t.id == *id);
        let tags: Vec<Value> =
            step.techniques.iter().filter_map(known).filter_map(galaxy).collect();
        let (place, at) = (place.to_string(), step.first.to_string());
        let key = [place.as_str(), &at, &step.rule_id, &description];
        let comment = records(self.publication, &step.cites);
        self.object(&STEP, &key, (&comment, step.marking), (&parts, &tags))
    }

    /// `said`: a comment, and its marking; `parts`: relations with their texts, and tags of the first. What is empty
    /// is left out: MISP has no empty attributes.
    fn object(
        &self,
        template: &Template,
        key: &[&str],
        said: (&str, Tlp),
        parts: (&[(&str, &str)], &[Value]),
    ) -> Value {
        let (comment, label) = said;
        let uuid = self.ids.uuid(template.name, key).to_string();
        let one = |(place, (relation, value)): (usize, &(&str, &str))| {
            let tags: &[Value] = if place == 0 { parts.1 } else { &[] };
            let tags: Vec<Value> =
                std::iter::once(marking(label)).chain(tags.iter().cloned()).collect();
            let further =
                json!({ "object_relation": relation, "disable_correlation": true, "Tag": tags });
            let id = self.ids.uuid("attribute", &[&uuid, relation]).to_string();
            attribute(id, &self.at, ("text", "Other", value), further)
        };
        let written = parts.0.iter().filter(|(_, value)| !value.trim().is_empty());
        let attributes: Vec<Value> = written.enumerate().map(one).collect();
        json!({
            "uuid": uuid,
            "name": template.name,
            "meta-category": template.category,
            "description": template.description,
            "template_uuid": template.uuid,
            "template_version": template.version,
            "timestamp": self.at,
            "distribution": "5",
            "comment": comment,
            "deleted": false,
            "Attribute": attributes,
        })
    }
}
