//! STIX 2 bundles: ATT&CK of any version, and intelligence with actors. A relationship `uses` is a fact by the reports that
//! it cites; a `report` about one actor says of it all that it names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::draft::{Draft, attack_id};
use super::{CONFIDENCE_MIN, OBJECTS_MAX, is_attack_id, list, month, short, str_of};

/// What an object is for attribution.
enum Noun {
    Actor(String),
    Campaign,
    Feature(String),
}

/// Reads objects.
pub(super) fn read(draft: &mut Draft<'_>, objects: &[Value]) {
    if objects.len() > OBJECTS_MAX {
        let more = objects.len() - OBJECTS_MAX;
        draft.problem(format!("{more} objects beyond the first {OBJECTS_MAX} are not read"));
    }
    let objects = &objects[..objects.len().min(OBJECTS_MAX)];
    let nouns = nouns(draft, objects);
    name_no_confidence(draft, objects);
    let standing: Vec<&Value> = objects.iter().filter(|o| stands(o)).collect();
    let attributed = attributed(draft, &standing, &nouns);
    let is_victim = |o: &&&Value| matches!(str_of(o, "type"), "identity" | "location");
    let victims = standing.iter().filter(is_victim).map(|o| (str_of(o, "id"), *o)).collect();
    let mut unknown_patterns = 0;
    for object in &standing {
        match (str_of(object, "type"), str_of(object, "relationship_type")) {
            ("relationship", "uses") => uses(draft, object, &nouns, &attributed),
            ("relationship", "targets") => targets(draft, object, &nouns, &victims),
            ("report" | "grouping", _) => report(draft, object, &nouns),
            ("attack-pattern", _) if !nouns.contains_key(str_of(object, "id")) => {
                unknown_patterns += 1
            }
            _ => {}
        }
    }
    if unknown_patterns > 0 {
        draft.problem(format!(
            "{unknown_patterns} techniques without an id of ATT&CK are not taken"
        ));
    }
}

/// Whether an object holds by its maker's own word.
fn stands(object: &Value) -> bool {
    let is_sure = match &object["confidence"] {
        Value::Null => true,
        // 0 says that none is stated (STIX 2.1, section 3.2).
        value => matches!(value.as_i64(), Some(0 | CONFIDENCE_MIN..=100)),
    };
    is_sure && object["revoked"] != true && object["x_mitre_deprecated"] != true
}

/// Names objects whose confidence is none.
fn name_no_confidence(draft: &mut Draft<'_>, objects: &[Value]) {
    let is_none = |o: &&Value| {
        !o["confidence"].is_null() && !matches!(o["confidence"].as_i64(), Some(0..=100))
    };
    for object in objects.iter().filter(is_none) {
        draft.problem(format!(
            "{}: confidence {} is none of 0 to 100; it is not taken",
            short(str_of(object, "id")),
            short(&object["confidence"].to_string())
        ));
    }
}

fn nouns<'o>(draft: &mut Draft<'_>, objects: &'o [Value]) -> BTreeMap<&'o str, Noun> {
    let mut nouns = BTreeMap::new();
    for object in objects {
        if !stands(object) {
            continue;
        }
        let (id, name) = (str_of(object, "id"), short(str_of(object, "name")));
        let attack = attack_id(object).unwrap_or_default();
        let noun = match str_of(object, "type") {
            "intrusion-set" | "threat-actor" => actor(draft, object, attack, &name),
            "campaign" => Some(Noun::Campaign),
            "malware" | "tool" if is_attack_id(attack, 'S') => {
                draft.feature(attack, &name).then(|| Noun::Feature(attack.to_owned()))
            }
            "malware" | "tool" => draft.software(&name).map(Noun::Feature),
            "attack-pattern" if is_attack_id(attack, 'T') => {
                draft.feature(attack, &name).then(|| Noun::Feature(attack.to_owned()))
            }
            _ => None,
        };
        if let Some(noun) = noun {
            nouns.insert(id, noun);
        }
    }
    nouns
}

fn actor(draft: &mut Draft<'_>, object: &Value, attack: &str, name: &str) -> Option<Noun> {
    let id = if is_attack_id(attack, 'G') { attack.to_owned() } else { draft.meant(name) };
    if name.is_empty() {
        draft.problem(format!("{}: an actor without a name", short(str_of(object, "id"))));
        return None;
    }
    let place = draft.actor(&id, name, &object["aliases"])?;
    draft.country(place, str_of(object, "country"));
    Some(Noun::Actor(id))
}

/// Campaign → actors that it is attributed to: one step, no chains.
fn attributed<'o>(
    draft: &mut Draft<'_>,
    objects: &[&'o Value],
    nouns: &BTreeMap<&str, Noun>,
) -> BTreeMap<&'o str, BTreeSet<String>> {
    let mut to: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut circles = 0;
    for object in objects {
        let ends = (str_of(object, "source_ref"), str_of(object, "target_ref"));
        if str_of(object, "relationship_type") != "attributed-to" {
            continue;
        }
        match (nouns.get(ends.0), nouns.get(ends.1)) {
            (Some(Noun::Campaign), Some(Noun::Actor(actor))) => {
                to.entry(ends.0).or_default().insert(actor.clone());
            }
            (Some(_), Some(_)) => circles += 1,
            _ => {}
        }
    }
    if circles > 0 {
        draft.problem(format!(
            "{circles} attributions that are not from a campaign to an actor are not followed"
        ));
    }
    to
}

fn uses(
    draft: &mut Draft<'_>,
    object: &Value,
    nouns: &BTreeMap<&str, Noun>,
    attributed: &BTreeMap<&str, BTreeSet<String>>,
) {
    let (from, to) = (str_of(object, "source_ref"), str_of(object, "target_ref"));
    // A technique that uses an actor, software that uses itself: no facts.
    let Some(Noun::Feature(what)) = nouns.get(to) else { return };
    let who: Vec<String> = match nouns.get(from) {
        Some(Noun::Actor(id)) => vec![id.clone()],
        Some(Noun::Campaign) => attributed.get(from).into_iter().flatten().cloned().collect(),
        Some(Noun::Feature(id)) if id.starts_with('S') => vec![id.clone()],
        _ => return,
    };
    let created = month(str_of(object, "created"));
    let mut reports: BTreeSet<String> = list(object, "external_references")
        .map(address)
        .filter(|report| !report.is_empty())
        .take(64)
        .collect();
    if reports.is_empty() {
        reports.insert(draft.source_name());
    }
    for who in &who {
        for report in &reports {
            draft.say(who, &created, report, what.clone());
        }
    }
}

/// Whom an actor is after: names of identities and places.
fn targets(
    draft: &mut Draft<'_>,
    object: &Value,
    nouns: &BTreeMap<&str, Noun>,
    victims: &BTreeMap<&str, &Value>,
) {
    let Some(Noun::Actor(id)) = nouns.get(str_of(object, "source_ref")) else { return };
    let Some(victim) = victims.get(str_of(object, "target_ref")) else { return };
    if let Some(place) = draft.place(id) {
        draft.target(place, str_of(victim, "name"));
        for sector in list(victim, "sectors").filter_map(Value::as_str).take(16) {
            draft.target(place, sector);
        }
    }
}

/// What a report about one actor names. Of one about several, it is not said what is whose.
fn report(draft: &mut Draft<'_>, object: &Value, nouns: &BTreeMap<&str, Noun>) {
    let refs = || list(object, "object_refs").filter_map(Value::as_str).take(OBJECTS_MAX);
    let actors: BTreeSet<&String> = refs()
        .filter_map(|r| match nouns.get(r) {
            Some(Noun::Actor(id)) => Some(id),
            _ => None,
        })
        .collect();
    let name = short(str_of(object, "name"));
    let who = match actors.len() {
        0 => return,
        1 => (*actors.first().expect("there is one")).clone(),
        n => {
            draft.problem(format!("report {name}: it names {n} actors, and not what is whose"));
            return;
        }
    };
    let address = list(object, "external_references").map(address).find(|a| !a.is_empty());
    let address = address.unwrap_or(name);
    let published = month(str_of(object, "published"));
    for r in refs() {
        if let Some(Noun::Feature(what)) = nouns.get(r) {
            draft.say(&who, &published, &address, what.clone());
        }
    }
}

/// A report by its address, without what says nothing of which report it is, so that copies meet; by its key where it has no
/// address. The program's own table names reports in the same way.
fn address(reference: &Value) -> String {
    if str_of(reference, "source_name").starts_with("mitre-") {
        return String::new();
    }
    let url = str_of(reference, "url").trim();
    if url.is_empty() {
        return short(str_of(reference, "source_name"));
    }
    crate::report::address(url)
}
