//! STIX 2.0 and 2.1: bundles, lists of objects, a JSON object a line.
//!
//! Of the objects, indicators are taken; identities, markings, relationships and reports say who made
//! them, to whom they may be shown, and of what they tell.

use blanik_model::{Timestamp, Tlp, Validity};
use hashbrown::HashMap;
use serde_json::Value;

use super::place::Place;
use super::{List, ListAs};

/// The markings that the standard itself defines (STIX 2.1, 7.2.1.4; TLP 2.0's by OASIS).
pub(crate) const MARKINGS: &[(&str, Tlp)] = &[
    ("613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp::Clear),
    ("34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp::Green),
    ("f88d31f6-486f-44da-b317-01333bde0b82", Tlp::Amber),
    ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp::Red),
    ("94868c89-83c2-464b-929b-a1a8aa3c8487", Tlp::Clear),
    ("bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Tlp::Green),
    ("55d920b0-5e8b-4f79-9ee9-91f868d9b421", Tlp::Amber),
    ("939a9414-2ddd-4d32-a0cd-375ea402b003", Tlp::AmberStrict),
    ("e828b379-4e03-4974-9ac4-e53a884c97c1", Tlp::Red),
];

/// True for a bundle.
pub fn is_bundle(value: &Value) -> bool {
    value["type"] == "bundle" && value["objects"].is_array()
}

/// True for an object.
pub fn is_object(value: &Value) -> bool {
    let id = value["id"].as_str().unwrap_or("");
    value["type"].as_str().is_some_and(|ty| id.starts_with(ty) && id[ty.len()..].starts_with("--"))
}

/// To whom an object may be shown by its own markings, granular ones among them: the strictest counts, and one that is not known,
/// or not of the standard's shape, is the strictest of all. None if it has none.
pub(crate) fn level(object: &Value) -> Option<Tlp> {
    let one = |id: Option<&str>| {
        let uuid = id.and_then(|id| id.strip_prefix("marking-definition--"));
        let known = MARKINGS.iter().find(|(known, _)| Some(*known) == uuid);
        known.map_or(Tlp::Red, |(_, tlp)| *tlp)
    };
    let list = |name: &str| match &object[name] {
        Value::Null => Some(&[][..]),
        Value::Array(list) => Some(list.as_slice()),
        _ => None,
    };
    let (Some(refs), Some(granular)) = (list("object_marking_refs"), list("granular_markings"))
    else {
        return Some(Tlp::Red);
    };
    // A granular marking without a reference says in which language a part is.
    let parts = granular.iter().filter(|part| part.get("lang").is_none());
    let refs = refs.iter().map(Value::as_str);
    refs.chain(parts.map(|part| part["marking_ref"].as_str())).map(one).max()
}

/// A day, or a time, or seconds since 1970.
pub fn day_or_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    Timestamp::parse(text)
        .or_else(|| Timestamp::parse(&format!("{}T00:00:00Z", text.get(..10)?)))
        .or_else(|| super::table::epoch(text))
}

/// What the objects beside the indicators say, by id.
#[derive(Default)]
struct Context<'o> {
    objects: HashMap<&'o str, &'o Value>,
    // Of each object: what it indicates, is attributed to, or is reported in.
    about: HashMap<&'o str, Vec<&'o str>>,
}

impl<'o> Context<'o> {
    fn of(objects: &[&'o Value]) -> Self {
        let mut context = Context::default();
        let text = |value: &'o Value, name: &str| value[name].as_str();
        for object in objects {
            if let Some(id) = text(object, "id") {
                context.objects.insert(id, object);
            }
        }
        for object in objects {
            match text(object, "type") {
                Some("relationship") => {
                    let kind = text(object, "relationship_type").unwrap_or("");
                    if matches!(kind, "indicates" | "attributed-to" | "related-to" | "uses")
                        && let (Some(source), Some(target)) =
                            (text(object, "source_ref"), text(object, "target_ref"))
                        && (kind != "uses" || source.starts_with("campaign"))
                        && !is_doubted(kind, object)
                    {
                        context.about.entry(source).or_default().push(target);
                    }
                }
                Some("report" | "grouping") => {
                    let refs = object["object_refs"].as_array().map_or(&[][..], Vec::as_slice);
                    let id = text(object, "id").unwrap_or("");
                    for of in refs.iter().filter_map(|of| of.as_str()) {
                        if of.starts_with("indicator--") {
                            context.about.entry(of).or_default().push(id);
                        }
                    }
                }
                _ => {}
            }
        }
        context
    }

    fn name(&self, id: &str) -> Option<&'o str> {
        self.objects.get(id)?["name"].as_str()
    }

    /// Actors and campaigns that the object is about, at most two steps away.
    fn about(&self, id: &str) -> (Vec<String>, Vec<String>) {
        let (mut actors, mut campaigns) = (Vec::new(), Vec::new());
        let near = self.about.get(id).map_or(&[][..], Vec::as_slice);
        let far = near.iter().flat_map(|id| self.about.get(id).into_iter().flatten());
        for id in near.iter().chain(far) {
            let Some(name) = self.name(id) else { continue };
            let into = match id.split("--").next() {
                Some("intrusion-set" | "threat-actor") => &mut actors,
                Some("campaign" | "malware" | "tool" | "report" | "grouping") => &mut campaigns,
                _ => continue,
            };
            if !into.iter().any(|known| known == name) {
                into.push(name.to_owned());
            }
        }
        (actors, campaigns)
    }

    fn tlp(&self, object: &Value) -> Option<Tlp> {
        let refs = object["object_marking_refs"].as_array()?;
        let one = |id: &Value| {
            let id = id.as_str()?;
            let known = MARKINGS.iter().find(|(known, _)| id.ends_with(known)).map(|(_, tlp)| *tlp);
            known.or_else(|| {
                let marking = self.objects.get(id)?;
                Tlp::read(marking["definition"]["tlp"].as_str().or(marking["name"].as_str())?)
            })
        };
        refs.iter().filter_map(one).max()
    }
}

impl List<'_> {
    /// Reads objects.
    pub(super) fn stix(&mut self, objects: &[&Value], said: &ListAs, place: &Place) {
        let context = Context::of(objects);
        let own = self.provenance.clone();
        for (i, object) in objects.iter().enumerate() {
            let number = i as u32 + 1;
            match object["type"].as_str() {
                Some("indicator") => self.indicator(object, number, &context, said, place),
                Some("x-misp-attribute") => {
                    self.name_by_place(place);
                    self.misp_value(
                        object["x_misp_type"].as_str().unwrap_or(""),
                        object["x_misp_value"].as_str().unwrap_or(""),
                        Validity { date: time(object, "created"), ..Validity::default() },
                        object["x_misp_comment"].as_str().unwrap_or(""),
                        number,
                    );
                }
                _ => {}
            }
            self.provenance.clone_from(&own);
        }
    }

    fn indicator(
        &mut self,
        object: &Value,
        number: u32,
        context: &Context<'_>,
        said: &ListAs,
        place: &Place,
    ) {
        let pattern = object["pattern"].as_str().unwrap_or("");
        if object["revoked"] == true {
            return self.lose(number, "revoked by its producer", pattern);
        }
        let language = object["pattern_type"].as_str().unwrap_or("stix");
        if language != "stix" || pattern.trim_start().starts_with("rule ") {
            let language = if language == "stix" { "yara" } else { language };
            let reason = format!("a pattern in {language}, which is not matched against events");
            return self.lose(number, &reason, object["name"].as_str().unwrap_or(pattern));
        }
        let id = object["id"].as_str().unwrap_or("");
        let provenance = &mut self.provenance;
        (provenance.actors, provenance.campaigns) = context.about(id);
        provenance.tlp = context.tlp(object).or(said.tlp);
        provenance.confidence = object["confidence"].as_u64().and_then(|c| u8::try_from(c).ok());
        let producer = object["created_by_ref"].as_str().and_then(|id| context.name(id));
        if let Some(producer) = producer.filter(|_| said.source.is_none()) {
            producer.clone_into(&mut provenance.source);
        }
        self.name_by_place(place);
        let validity = Validity {
            date: time(object, "created"),
            valid_from: time(object, "valid_from"),
            valid_until: time(object, "valid_until"),
        };
        let comment = object["name"].as_str().or(object["description"].as_str()).unwrap_or("");
        self.pattern(pattern, validity, comment, number);
    }
}

fn time(object: &Value, name: &str) -> Option<Timestamp> {
    day_or_time(object[name].as_str()?)
}

/// Whether who says it holds it for less likely than not: of competing attributions, none of these is one.
fn is_doubted(kind: &str, relationship: &Value) -> bool {
    const EVEN: u64 = 50;
    kind == "attributed-to" && relationship["confidence"].as_u64().is_some_and(|c| c < EVEN)
}
