//! MISP's core format: events with attributes and objects, alone, as `response`, or as a feed has them.

use blanik_model::{Timestamp, Tlp, Validity};
use serde_json::Value;

use super::attribute::{Called, called};
use super::place::Place;
use super::{List, ListAs};

/// The events in a value.
pub fn events(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    let one = |value: &'_ Value| value["Event"].is_object();
    if one(value) {
        return Box::new(std::iter::once(&value["Event"]));
    }
    let list = match value {
        Value::Array(list) => list,
        value => match &value["response"] {
            Value::Array(list) => list,
            response if one(response) => return Box::new(std::iter::once(&response["Event"])),
            _ => return Box::new(std::iter::empty()),
        },
    };
    Box::new(list.iter().filter(move |value| one(value)).map(|value| &value["Event"]))
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn names(value: &Value) -> impl Iterator<Item = &str> {
    list(value, "Tag").iter().filter_map(|tag| tag["name"].as_str())
}

impl List<'_> {
    /// Reads events.
    pub(super) fn misp(&mut self, value: &Value, said: &ListAs, place: &Place) {
        let own = self.provenance.clone();
        for event in events(value) {
            self.event(event, said, place);
            self.provenance.clone_from(&own);
        }
    }

    fn event(&mut self, event: &Value, said: &ListAs, place: &Place) {
        let provenance = &mut self.provenance;
        let producer = event["Orgc"]["name"].as_str().or(event["Org"]["name"].as_str());
        if let Some(producer) = producer.filter(|_| said.source.is_none()) {
            producer.clone_into(&mut provenance.source);
        }
        provenance.tlp = names(event).filter_map(tlp).max().or(said.tlp);
        provenance.actors = actors(event);
        provenance.campaigns = event["info"].as_str().map(str::to_owned).into_iter().collect();
        if provenance.actors.is_empty() && provenance.campaigns.is_empty() {
            self.name_by_place(place);
        }
        let date = event["date"].as_str().and_then(super::stix::day_or_time);
        let mut number = 0;
        for attribute in list(event, "Attribute") {
            number += 1;
            self.attribute(attribute, date, number);
        }
        for object in list(event, "Object") {
            for attribute in list(object, "Attribute") {
                number += 1;
                self.attribute(attribute, date, number);
            }
        }
    }

    fn attribute(&mut self, attribute: &Value, date: Option<Timestamp>, number: u32) {
        let text = |name: &str| attribute[name].as_str().unwrap_or("");
        if attribute["deleted"] == true {
            return self.lose(number, "deleted by its producer", text("value"));
        }
        if attribute["to_ids"] == false {
            return self.lose(
                number,
                "context, not for detection (to_ids is false)",
                text("value"),
            );
        }
        let seen = ["first_seen", "timestamp"];
        let seen = seen.iter().find_map(|name| super::stix::day_or_time(text(name)));
        let validity = Validity { date: seen.or(date), ..Validity::default() };
        let tlp = names(attribute).filter_map(tlp).max();
        let own = self.provenance.tlp;
        self.provenance.tlp = tlp.or(own);
        self.misp_value(text("type"), text("value"), validity, text("comment"), number);
        self.provenance.tlp = own;
    }

    /// A value of one of MISP's types.
    pub(super) fn misp_value(
        &mut self,
        ty: &str,
        value: &str,
        validity: Validity,
        comment: &str,
        number: u32,
    ) {
        let (first, second) = value.split_once('|').unwrap_or((value, value));
        match called(ty) {
            Called::Type(ty) => self.add(ty, value, validity, comment, number),
            Called::FirstOf(ty) => self.add(ty, first, validity, comment, number),
            Called::SecondOf(ty) => self.add(ty, second, validity, comment, number),
            Called::Both(one, other) => {
                self.add(one, first, validity, comment, number);
                self.add(other, second, validity, comment, number);
            }
            Called::Indicator | Called::Other => {
                self.lose(number, &format!("{ty} is no indicator that an event can have"), value);
            }
        }
    }
}

fn tlp(tag: &str) -> Option<Tlp> {
    tag.to_ascii_lowercase().contains("tlp").then(|| Tlp::read(tag)).flatten()
}

/// Actors, of galaxies and of tags that name them.
fn actors(event: &Value) -> Vec<String> {
    let galaxies = list(event, "Galaxy").iter().filter(|galaxy| {
        let of = galaxy["type"].as_str().unwrap_or("");
        of.contains("threat-actor") || of.contains("intrusion-set")
    });
    let clusters = galaxies.flat_map(|galaxy| list(galaxy, "GalaxyCluster"));
    let named = clusters.filter_map(|cluster| cluster["value"].as_str());
    let tagged = names(event).filter_map(|tag| {
        let (galaxy, name) = tag.split_once('=')?;
        let is_actor = galaxy.contains("threat-actor") || galaxy.contains("intrusion-set");
        is_actor.then(|| name.trim_matches('"'))
    });
    let mut all: Vec<String> = Vec::new();
    for name in named.chain(tagged) {
        if !all.iter().any(|known| known == name) {
            all.push(name.to_owned());
        }
    }
    all
}
