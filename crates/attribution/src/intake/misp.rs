//! MISP: galaxy clusters (who bears which names, whom they are after) and events (what one report says of an actor).

use std::collections::BTreeSet;

use serde_json::Value;

use super::draft::Draft;
use super::{ALIASES_MAX, OBJECTS_MAX, is_attack_id, list, month, short, str_of};

/// Where clusters say whom an actor is after.
const VICTIMS: &[&str] =
    &["cfr-suspected-victims", "cfr-target-category", "targeted-sector", "suspected-victims"];
/// Galaxies of actors, as tags name them.
const ACTORS: &[&str] = &[
    "threat-actor",
    "mitre-intrusion-set",
    "mitre-enterprise-attack-intrusion-set",
    "microsoft-activity-group",
];
/// Galaxies of software.
const SOFTWARE: &[&str] =
    &["malpedia", "mitre-malware", "mitre-tool", "tool", "backdoor", "rat", "ransomware", "botnet"];

/// Reads a galaxy's clusters.
pub(super) fn clusters(draft: &mut Draft<'_>, values: &[Value]) {
    if values.len() > OBJECTS_MAX {
        let more = values.len() - OBJECTS_MAX;
        draft.problem(format!("{more} clusters beyond the first {OBJECTS_MAX} are not read"));
    }
    for value in values.iter().take(OBJECTS_MAX) {
        let meta = &value["meta"];
        let (mut name, given) = (short(str_of(value, "value")), str_of(meta, "external_id"));
        let id = if is_attack_id(given, 'G') {
            // `APT28 - G0007`
            name = name.trim_end_matches(given).trim_end_matches([' ', '-']).to_owned();
            given.to_owned()
        } else {
            draft.own_id(&name)
        };
        if name.is_empty() {
            draft.problem("an actor without a name".to_owned());
            continue;
        }
        let Some(place) = draft.actor(&id, &name, &meta["synonyms"]) else { continue };
        draft.country(place, str_of(meta, "country"));
        for victim in VICTIMS.iter().flat_map(|key| list(meta, key)).filter_map(Value::as_str) {
            draft.target(place, victim);
        }
    }
}

/// The events of a text: one, a list, or an answer to a search.
pub(super) fn events_of(value: &Value) -> Option<Vec<&Value>> {
    let listed = value.as_array().or_else(|| value["response"].as_array());
    let events: Vec<&Value> = match listed {
        Some(list) => list.iter().take(OBJECTS_MAX).map(|e| &e["Event"]).collect(),
        None => vec![&value["Event"]],
    };
    events.iter().any(|e| e.is_object()).then_some(events)
}

/// Reads events: what the tags of an event about one actor name, it is said to use.
pub(super) fn events(draft: &mut Draft<'_>, events: &[&Value]) {
    for event in events {
        let (mut actors, mut what) = (BTreeSet::new(), BTreeSet::new());
        for tag in tags(event) {
            take(draft, &tag, &mut actors, &mut what);
        }
        let info = short(str_of(event, "info"));
        let who = match actors.len() {
            0 => continue,
            1 => actors.pop_first().expect("there is one"),
            n => {
                draft.problem(format!("event {info}: it names {n} actors, and not what is whose"));
                continue;
            }
        };
        let id = draft.meant(&who);
        if draft.actor(&id, &who, &Value::Null).is_none() {
            continue;
        }
        let date = month(str_of(event, "date"));
        for what in what {
            draft.say(&id, &date, &info, what);
        }
    }
}

/// Tags of an event and of its attributes, as `misp-galaxy:threat-actor="APT31"`.
fn tags(event: &Value) -> BTreeSet<String> {
    let named = |of: &Value| -> Vec<String> {
        list(of, "Tag").map(|t| str_of(t, "name").to_owned()).take(ALIASES_MAX * 4).collect()
    };
    let mut all: BTreeSet<String> = named(event).into_iter().collect();
    for attribute in list(event, "Attribute").take(OBJECTS_MAX) {
        all.extend(named(attribute));
    }
    all
}

fn take(
    draft: &mut Draft<'_>,
    tag: &str,
    actors: &mut BTreeSet<String>,
    what: &mut BTreeSet<String>,
) {
    let Some((galaxy, value)) = tag.strip_prefix("misp-galaxy:").and_then(|t| t.split_once('='))
    else {
        return;
    };
    let value = short(value.trim_matches('"'));
    // `Phishing - T1566`
    let (name, id) = value.rsplit_once(" - ").unwrap_or((&value, ""));
    if ACTORS.contains(&galaxy) {
        actors.insert(name.to_owned());
    } else if SOFTWARE.contains(&galaxy) {
        let known = is_attack_id(id, 'S').then(|| id.to_owned());
        what.extend(known.or_else(|| draft.software(name)));
    } else if galaxy.ends_with("attack-pattern") {
        if is_attack_id(id, 'T') && draft.feature(id, name) {
            what.insert(id.to_owned());
        } else {
            draft.problem(format!("tag {}: no id of a technique", short(tag)));
        }
    }
}
