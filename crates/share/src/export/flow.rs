//! Attack Flow: a STIX bundle with the extension 2.0.0 of MITRE's Center for Threat-Informed Defense, which releases
//! 2 and 3 of Attack Flow share (<https://center-for-threat-informed-defense.github.io/attack-flow/language/>).
//!
//! Actions are the steps of the story in order of time; an action's effect is the step behind it. That one came after the
//! other is what logs show; that it came of it, they do not, and the flow's description says so.

use std::collections::BTreeSet;

use blanik_model::Tlp;
use serde_json::{Map, Value, json};

use super::ids::Ids;
use super::{attack, stix, sureness, told};
use crate::publication::{Publication, Step};

/// The extension, and who made it, as they publish it.
const EXTENSION: &str = "extension-definition--fb9c968a-745b-4ade-9b25-c324172197f4";
const AUTHOR: &str = "identity--d673f8cb-c168-42da-8ed4-0cb26725f86c";
const MADE: &str = "2022-08-02T19:34:35.143Z";

/// The bundle.
pub fn flow(publication: &Publication) -> Value {
    let writer = Writer { publication, ids: Ids::of(publication), author: author(publication) };
    let mut objects = vec![
        definition(),
        json!({
            "type": "identity",
            "spec_version": "2.1",
            "id": AUTHOR,
            "created_by_ref": AUTHOR,
            "created": MADE,
            "modified": MADE,
            "name": "MITRE Center for Threat-Informed Defense",
            "identity_class": "organization",
        }),
    ];
    objects.extend(stix::attack_patterns(publication));
    objects.extend(writer.assets());
    let start = match writer.actions() {
        actions if actions.is_empty() => writer.nothing_seen(),
        actions => actions,
    };
    objects.push(writer.flow(&start[0]["id"]));
    objects.extend(start);
    objects.extend(writer.markings(&objects));
    json!({ "type": "bundle", "id": writer.ids.stix("bundle", &["attack-flow"]), "objects": objects })
}

fn definition() -> Value {
    json!({
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": EXTENSION,
        "created_by_ref": AUTHOR,
        "created": MADE,
        "modified": MADE,
        "name": "Attack Flow",
        "description": "Extends STIX 2.1 with features to create Attack Flows.",
        "schema": "https://center-for-threat-informed-defense.github.io/attack-flow/stix/attack-flow-schema-2.0.0.json",
        "version": "2.0.0",
        "extension_types": ["new-sdo"],
        "external_references": [
            {
                "source_name": "Documentation",
                "description": "Documentation for Attack Flow",
                "url": "https://ctid.mitre.org/attack-flow",
            },
            {
                "source_name": "GitHub",
                "description": "Source code repository for Attack Flow",
                "url": "https://github.com/center-for-threat-informed-defense/attack-flow",
            },
        ],
    })
}

/// The id that the STIX bundle gives who publishes.
fn author(publication: &Publication) -> String {
    stix::author(publication)
}

struct Writer<'p> {
    publication: &'p Publication,
    ids: Ids,
    author: String,
}

impl Writer<'_> {
    fn object(&self, ty: &str, id: &str, marking: Tlp, further: Value) -> Value {
        let at = stix::time(self.publication.published);
        let mut object = Map::new();
        let head = json!({
            "type": ty,
            "spec_version": "2.1",
            "id": id,
            "created_by_ref": self.author,
            "created": at,
            "modified": at,
            "object_marking_refs": [stix::marking_id(marking)],
            "extensions": { EXTENSION: { "extension_type": "new-sdo" } },
        });
        for part in [head, further] {
            if let Value::Object(part) = part {
                object.extend(part.into_iter().filter(|(_, value)| !value.is_null()));
            }
        }
        Value::Object(object)
    }

    fn flow(&self, start: &Value) -> Value {
        let told = told(self.publication);
        let order =
            "Actions stand in order of time; that one is the effect of another is not claimed.";
        let further = json!({
            "name": self.publication.title.en,
            "description": format!("{told}\n\n{order}").trim(),
            "scope": "incident",
            "start_refs": [start],
        });
        let id = self.ids.stix("attack-flow", &[&self.publication.title.en]);
        self.object("attack-flow", &id, self.publication.tlp, further)
    }

    fn actions(&self) -> Vec<Value> {
        let mut steps: Vec<&Step> = self.publication.steps.iter().collect();
        steps.sort_by_key(|step| (step.first, step.last));
        let ids: Vec<String> =
            steps.iter().enumerate().map(|(i, s)| self.action_id(i, s)).collect();
        let action = |(i, step): (usize, &&Step)| {
            let (first, last) = (step.first.min(step.last), step.first.max(step.last));
            let effect = ids.get(i + 1).map(|next| [next]);
            let technique = step.techniques.iter().find(|id| attack::is_technique(id));
            let tactic = step.tactic.and_then(|t| blanik_model::attack::TACTICS.get(t));
            let further = json!({
                "name": self.name(step),
                "tactic_id": tactic.map(|(slug, _)| slug),
                "technique_id": technique,
                "technique_ref": technique.and_then(|id| stix::technique_id(self.publication, id)),
                "description": self.describe(step),
                "execution_start": stix::time(first),
                "execution_end": stix::time(last),
                "confidence": sureness(step.level),
                "asset_refs": step.host.as_deref().map(|host| [self.asset_id(host)]),
                "effect_refs": effect,
            });
            self.object("attack-action", &ids[i], step.marking, further)
        };
        steps.iter().enumerate().map(action).collect()
    }

    fn action_id(&self, place: usize, step: &Step) -> String {
        let host = step.host.as_deref().unwrap_or("");
        let key = [&place.to_string(), &step.first.to_string(), &step.rule_id, host];
        self.ids.stix("attack-action", &key)
    }

    /// The technique's name; without one, the rule's.
    fn name<'s>(&'s self, step: &'s Step) -> &'s str {
        let known = |id: &String| self.publication.techniques.iter().find(|t| t.id == *id);
        let technique = step.techniques.first().and_then(known);
        technique.and_then(|t| t.name.as_deref()).unwrap_or(&step.rule_title)
    }

    fn describe(&self, step: &Step) -> String {
        let mut text = format!("{} ({} findings).", step.rule_title, step.findings);
        if step.techniques.len() > 1 {
            text.push_str(&format!(" Techniques: {}.", step.techniques.join(", ")));
        }
        let records: Vec<String> = step.cites.records.iter().map(u64::to_string).collect();
        text.push_str(&format!(
            " Records {} of {}.",
            records.join(", "),
            self.publication.log.origin
        ));
        text
    }

    fn asset_id(&self, host: &str) -> String {
        self.ids.stix("attack-asset", &[host])
    }

    /// Hosts that steps name, each under the strictest marking of these steps.
    fn assets(&self) -> Vec<Value> {
        let mut hosts: Vec<(&str, Tlp)> = Vec::new();
        for step in &self.publication.steps {
            let Some(host) = step.host.as_deref() else { continue };
            match hosts.iter_mut().find(|(known, _)| *known == host) {
                Some((_, marking)) => *marking = (*marking).max(step.marking),
                None => hosts.push((host, step.marking)),
            }
        }
        let asset = |(host, marking): &(&str, Tlp)| {
            let further = json!({ "name": host });
            self.object("attack-asset", &self.asset_id(host), *marking, further)
        };
        hosts.iter().map(asset).collect()
    }

    /// Definitions of the markings that steps bear and the attack patterns do not.
    fn markings(&self, objects: &[Value]) -> Vec<Value> {
        let used: BTreeSet<Tlp> = self.publication.steps.iter().map(|step| step.marking).collect();
        let missing = |tlp: &Tlp| objects.iter().all(|o| o["id"] != stix::marking_id(*tlp));
        used.into_iter().filter(missing).map(stix::marking_definition).collect()
    }

    /// A flow must start somewhere.
    fn nothing_seen(&self) -> Vec<Value> {
        let further = json!({ "description": "No step of the intruder is published." });
        let id = self.ids.stix("attack-condition", &[]);
        vec![self.object("attack-condition", &id, self.publication.tlp, further)]
    }
}
