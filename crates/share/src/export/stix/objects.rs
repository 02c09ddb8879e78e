//! A bundle in the making: each object gets its id, its common properties and its marking here, and stands in the
//! bundle once.

use std::collections::{BTreeMap, BTreeSet};

use blanik_model::{Timestamp, Tlp};
use serde_json::{Map, Value, json};

use super::marking;
use crate::export::ids::{self, Ids};
use crate::publication::Publication;

/// See the module.
pub struct Bundle<'p> {
    /// What is published.
    pub publication: &'p Publication,
    /// Its ids.
    pub ids: Ids,
    author: String,
    published: String,
    objects: Vec<(Tlp, Map<String, Value>)>,
    places: BTreeMap<String, usize>,
}

impl<'p> Bundle<'p> {
    /// With nothing in it but who publishes.
    pub fn new(publication: &'p Publication) -> Self {
        let ids = Ids::of(publication);
        let publisher = &publication.publisher;
        let author =
            format!("identity--{}", ids.common("identity", &["publisher", &publisher.name]));
        let published = time(publication.published);
        let mut bundle = Bundle {
            publication,
            ids,
            author: author.clone(),
            published,
            objects: Vec::new(),
            places: BTreeMap::new(),
        };
        let properties = json!({
            "name": named(&publisher.name),
            "identity_class": "organization",
            "contact_information": publisher.contact.as_deref().filter(|c| !c.is_empty()),
        });
        bundle.put("identity", author, publication.tlp, properties);
        bundle
    }

    /// The identity of who publishes.
    pub fn author(&self) -> &str {
        &self.author
    }

    /// When it is published, as STIX writes it.
    pub fn published(&self) -> &str {
        &self.published
    }

    /// Adds an object of this publication; `key` is what of it is published and makes it another than those of its
    /// type. Properties that are null are left out. Returns its id.
    pub fn add(&mut self, ty: &str, key: &[&str], marking: Tlp, properties: Value) -> String {
        let id = self.ids.stix(ty, key);
        self.put(ty, id, marking, properties)
    }

    /// Adds an object that has an id already.
    pub fn put(&mut self, ty: &str, id: String, marking: Tlp, properties: Value) -> String {
        let mut object = Map::new();
        let head = json!({
            "type": ty,
            "spec_version": "2.1",
            "id": id,
            "created_by_ref": self.author,
            "created": self.published,
            "modified": self.published,
            "lang": if ty == "language-content" { Value::Null } else { "en".into() },
            "object_marking_refs": [marking::id(marking)],
        });
        fill(&mut object, head);
        fill(&mut object, properties);
        self.keep(id, marking, object)
    }

    /// Adds an observable; `contributing` are the properties that its id is made of, `further` others.
    pub fn observe(&mut self, ty: &str, contributing: Value, further: Value, to: Tlp) -> String {
        let id = ids::observable(ty, &contributing);
        let mut object = Map::new();
        let marking = [marking::id(to)];
        let head =
            json!({ "type": ty, "spec_version": "2.1", "id": id, "object_marking_refs": marking });
        fill(&mut object, head);
        fill(&mut object, contributing);
        fill(&mut object, further);
        self.keep(id, to, object)
    }

    /// Relates two objects.
    pub fn relate(&mut self, ends: (&str, &str, &str), marking: Tlp, further: Value) -> String {
        let (source, kind, target) = ends;
        let mut properties = Map::new();
        let ends = json!({ "relationship_type": kind, "source_ref": source, "target_ref": target });
        fill(&mut properties, ends);
        fill(&mut properties, further);
        self.add("relationship", &[source, kind, target], marking, Value::Object(properties))
    }

    /// The objects that are in it so far.
    pub fn so_far(&self) -> Vec<Value> {
        self.objects.iter().map(|(_, object)| Value::Object(object.clone())).collect()
    }

    /// Ids of all objects that a report may refer to, in their order: translations are none (4.16).
    pub fn all(&self) -> Vec<String> {
        let id = |(_, object): &(Tlp, Map<String, Value>)| {
            object["id"]
                .as_str()
                .filter(|_| object["type"] != "language-content")
                .map(str::to_owned)
        };
        self.objects.iter().filter_map(id).collect()
    }

    /// The bundle, with the definitions of its markings before all else.
    pub fn finish(self) -> Value {
        let named = |object: &Map<String, Value>| {
            let granular = object.get("granular_markings").and_then(Value::as_array);
            let refs = granular.into_iter().flatten().map(|one| one["marking_ref"].clone());
            refs.collect::<Vec<Value>>()
        };
        let mut used: BTreeSet<Tlp> = self.objects.iter().map(|(marking, _)| *marking).collect();
        let granular: Vec<Value> = self.objects.iter().flat_map(|(_, o)| named(o)).collect();
        used.extend(Tlp::ALL.iter().filter(|tlp| granular.contains(&marking::id(**tlp).into())));
        let definitions = used.into_iter().map(marking::definition);
        let objects = self.objects.into_iter().map(|(_, object)| Value::Object(object));
        json!({
            "type": "bundle",
            "id": self.ids.stix("bundle", &[]),
            "objects": definitions.chain(objects).collect::<Vec<_>>(),
        })
    }

    /// What is there already stays, under the stricter of the two markings.
    fn keep(&mut self, id: String, marking: Tlp, object: Map<String, Value>) -> String {
        match self.places.get(&id) {
            None => {
                self.places.insert(id.clone(), self.objects.len());
                self.objects.push((marking, object));
            }
            Some(&place) if self.objects[place].0 < marking => {
                self.objects[place].0 = marking;
                self.objects[place].1["object_marking_refs"] = json!([marking::id(marking)]);
            }
            Some(_) => {}
        }
        id
    }
}

fn fill(object: &mut Map<String, Value>, properties: Value) {
    if let Value::Object(properties) = properties {
        object.extend(properties.into_iter().filter(|(_, value)| !value.is_null()));
    }
}

/// A name that may not be empty.
pub fn named(name: &str) -> &str {
    if name.is_empty() { "unnamed" } else { name }
}

/// RFC 3339 to the millisecond, as the standard demands of `created`.
pub fn time(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// First and last, in their order.
pub fn span(first: Timestamp, last: Timestamp) -> (String, String) {
    (time(first.min(last)), time(first.max(last)))
}

/// A count as STIX takes it: 1 to 999,999,999.
pub fn count(number: u64) -> u64 {
    number.clamp(1, 999_999_999)
}
