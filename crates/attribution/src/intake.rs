//! Knowledge of actors that others bring: STIX 2 bundles and MISP galaxy clusters, as JSON text. Bounded, and what
//! is refused is named: a bundle may be broken, or made to mislead.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::knowledge::{ActorFacts, Knowledge, Use, folded};

/// A text beyond this is not read.
pub const BYTES_MAX: usize = 200_000_000;
const OBJECTS_MAX: usize = 200_000;
const ALIASES_MAX: usize = 64;
const NAME_MAX: usize = 120;
/// An actor that one source says does more than this is not believed: nobody does everything.
const FEATURES_MAX: usize = 250;

/// What was taken from a text, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    /// Actors new or known that the text names.
    pub actors: usize,
    /// Facts taken up.
    pub facts: usize,
    /// What was refused or cut, and why.
    pub problems: Vec<String>,
}

/// A text that is no knowledge at all.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// Too long.
    #[error("the text has {0} bytes; at most {BYTES_MAX} are read")]
    TooLong(usize),
    /// No JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Neither of the two.
    #[error("neither a STIX bundle (objects) nor a MISP galaxy cluster (values)")]
    UnknownKind,
}

/// Adds what a text says to what is known. `source` names it.
///
/// # Errors
/// A text that is too long, no JSON, or neither a bundle nor a cluster.
pub fn add(known: &mut Knowledge, text: &str, source: &str) -> Result<Intake, IntakeError> {
    if text.len() > BYTES_MAX {
        return Err(IntakeError::TooLong(text.len()));
    }
    let value: Value = serde_json::from_str(text)?;
    match (value["objects"].as_array(), value["values"].as_array()) {
        (Some(objects), _) => Ok(stix(known, objects, source)),
        (_, Some(values)) => Ok(misp(known, values, source)),
        _ => Err(IntakeError::UnknownKind),
    }
}

fn str_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control() && *c != '|').take(NAME_MAX).collect()
}

fn stix(known: &mut Knowledge, objects: &[Value], source: &str) -> Intake {
    let mut intake = Intake::default();
    if objects.len() > OBJECTS_MAX {
        let more = objects.len() - OBJECTS_MAX;
        intake.problems.push(format!("{more} objects beyond the first {OBJECTS_MAX} are not read"));
    }
    let objects = &objects[..objects.len().min(OBJECTS_MAX)];
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    for o in objects {
        let external = o["external_references"].as_array().into_iter().flatten();
        let attack = external
            .filter(|r| str_of(r, "source_name") == "mitre-attack")
            .map(|r| str_of(r, "external_id"))
            .next();
        match str_of(o, "type") {
            "intrusion-set" | "threat-actor" => {
                let id = attack.map_or_else(|| short(str_of(o, "name")), str::to_owned);
                if id.is_empty() {
                    intake
                        .problems
                        .push(format!("{}: an actor without a name", short(str_of(o, "id"))));
                    continue;
                }
                actor(known, &mut intake, &id, o, &o["aliases"], None, source);
                ids.insert(str_of(o, "id"), id);
            }
            "malware" | "tool" | "attack-pattern" => {
                if let Some(id) = attack {
                    ids.insert(str_of(o, "id"), id.to_owned());
                }
            }
            _ => {}
        }
    }
    let mut uses: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    for o in objects
        .iter()
        .filter(|o| str_of(o, "type") == "relationship" && str_of(o, "relationship_type") == "uses")
    {
        let (Some(who), Some(what)) =
            (ids.get(str_of(o, "source_ref")), ids.get(str_of(o, "target_ref")))
        else {
            continue;
        };
        let is_feature = |id: &str| id.starts_with('T') || id.starts_with('S');
        let is_actor = known.actors.iter().any(|a| a.id == *who);
        // A technique that uses an actor, software that uses itself: circles are no facts.
        if is_actor && is_feature(what) && who != what {
            uses.entry(who)
                .or_default()
                .push((what.clone(), str_of(o, "created").get(..7).unwrap_or_default().to_owned()));
        }
    }
    let mut added = Vec::new();
    for (who, mut what) in uses {
        what.sort_unstable();
        what.dedup_by(|a, b| a.0 == b.0);
        if what.len() > FEATURES_MAX {
            intake.problems.push(format!(
                "{who}: said to do {} things; more than {FEATURES_MAX} are not believed, none is taken",
                what.len()
            ));
            continue;
        }
        intake.facts += what.len();
        let month = what.iter().map(|(_, m)| m.clone()).max().unwrap_or_default();
        added.push((who.to_owned(), month, what.into_iter().map(|(w, _)| w).collect::<Vec<_>>()));
    }
    let report = known.reports.len();
    if !added.is_empty() {
        known.reports.push(short(source));
    }
    for (who, month, what) in added {
        known.uses.push(Use { who, month, reports: vec![report], what });
    }
    intake
}

fn misp(known: &mut Knowledge, values: &[Value], source: &str) -> Intake {
    let mut intake = Intake::default();
    for value in values.iter().take(OBJECTS_MAX) {
        let name = short(str_of(value, "value"));
        if name.is_empty() {
            intake.problems.push("an actor without a name".to_owned());
            continue;
        }
        let meta = &value["meta"];
        let country = str_of(meta, "country").to_uppercase();
        let is_code = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        let country = Some(country).filter(|_| is_code);
        let known_as = known.called(&name).first().map(|(a, _)| a.id.clone());
        let id = known_as.unwrap_or_else(|| name.clone());
        actor(
            known,
            &mut intake,
            &id,
            &serde_json::json!({"name": name}),
            &meta["synonyms"],
            country,
            source,
        );
    }
    intake
}

/// Adds an actor, or names to a known one. Names never merge two: each actor keeps its own list.
fn actor(
    known: &mut Knowledge,
    intake: &mut Intake,
    id: &str,
    object: &Value,
    aliases: &Value,
    country: Option<String>,
    source: &str,
) {
    let name = short(str_of(object, "name"));
    let given: Vec<String> = aliases
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .take(ALIASES_MAX + 1)
        .map(short)
        .collect();
    let all = aliases.as_array().map_or(0, Vec::len);
    if all > ALIASES_MAX {
        intake
            .problems
            .push(format!("{id}: {all} other names; only the first {ALIASES_MAX} are kept"));
    }
    let place = match known.actors.iter().position(|a| a.id == id) {
        Some(place) => place,
        None => {
            known.actors.push(ActorFacts {
                id: id.to_owned(),
                name: name.clone(),
                ..ActorFacts::default()
            });
            known.actors.len() - 1
        }
    };
    let facts = &mut known.actors[place];
    for alias in given.into_iter().take(ALIASES_MAX).chain([name]) {
        let is_new = folded(&alias) != folded(&facts.name)
            && !facts.aliases.iter().any(|a| folded(a) == folded(&alias));
        if is_new && !alias.is_empty() && facts.aliases.len() < 2 * ALIASES_MAX {
            facts.aliases.push(alias);
        }
    }
    if facts.country.is_none() && country.is_some() {
        facts.country = country;
        facts.country_source = short(source);
    }
    intake.actors += 1;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bundle(uses: usize, aliases: usize) -> String {
        let names: Vec<String> = (0..aliases).map(|i| format!("name {i}")).collect();
        let mut objects = vec![
            json!({"type": "intrusion-set", "id": "a", "name": "Everything", "aliases": names}),
        ];
        for i in 0..uses {
            let id = format!("T{:04}", 1000 + i);
            objects.push(json!({"type": "attack-pattern", "id": id, "external_references": [{"source_name": "mitre-attack", "external_id": id}]}));
            objects.push(json!({"type": "relationship", "relationship_type": "uses", "source_ref": "a", "target_ref": id}));
            objects.push(json!({"type": "relationship", "relationship_type": "uses", "source_ref": id, "target_ref": "a"}));
        }
        json!({"type": "bundle", "objects": objects}).to_string()
    }

    #[test]
    fn an_actor_that_does_everything_is_named_and_not_believed() {
        let mut known = Knowledge::default();
        let intake = add(&mut known, &bundle(600, 3), "hostile").unwrap();
        assert_eq!((intake.actors, intake.facts, known.uses.len()), (1, 0, 0));
        assert!(intake.problems[0].contains("Everything: said to do 600 things"));
    }

    #[test]
    fn a_million_names_are_cut_and_circles_are_no_facts() {
        let mut known = Knowledge::default();
        let intake = add(&mut known, &bundle(5, 1_000_000), "hostile").unwrap();
        assert_eq!(intake.facts, 5);
        assert_eq!(known.actors[0].aliases.len(), 64);
        assert!(intake.problems[0].contains("1000000 other names"));
    }

    #[test]
    fn what_is_no_knowledge_is_an_error() {
        let mut known = Knowledge::default();
        assert!(add(&mut known, "{\"objects\": NaN}", "x").is_err());
        assert!(matches!(add(&mut known, "{}", "x"), Err(IntakeError::UnknownKind)));
    }

    #[test]
    fn names_lead_to_all_who_bear_them() {
        let mut known = Knowledge::default();
        let cluster = json!({"values": [
            {"value": "One", "meta": {"synonyms": ["Shared"], "country": "cn"}},
            {"value": "Two", "meta": {"synonyms": ["Shared"], "country": "NaN"}},
        ]});
        add(&mut known, &cluster.to_string(), "galaxy").unwrap();
        assert_eq!(known.called("shared").len(), 2);
        assert_eq!(known.actors[0].country.as_deref(), Some("CN"));
        assert_eq!(known.actors[1].country, None);
    }
}
