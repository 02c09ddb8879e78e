//! Who may see an object: its highest marking. Markings by the standard (STIX 2.1, 7.2.1.4) and by OASIS's TLP 2.0 are known;
//! a collection may name more. What is not known needs the highest clearance: it may mean anything.

use std::collections::BTreeMap;

use blanik_model::Tlp;
use serde_json::Value;

/// The marking definitions that everybody knows.
const KNOWN: &[(&str, Tlp)] = &[
    ("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp::Clear),
    ("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp::Green),
    ("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", Tlp::Amber),
    ("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp::Red),
    ("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", Tlp::Clear),
    ("marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Tlp::Green),
    ("marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", Tlp::Amber),
    ("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", Tlp::AmberStrict),
    ("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", Tlp::Red),
];

/// What a collection says of markings.
#[derive(Clone, Debug)]
pub struct Markings {
    /// Of what has none.
    pub unmarked: Tlp,
    /// Marking definitions of its own, by id: a statement of copyright, say.
    pub known: BTreeMap<String, Tlp>,
}

impl Markings {
    /// The clearance that an object needs: its highest marking, granular ones among them.
    ///
    /// # Errors
    /// If its markings are not of the standard's shape: who cannot read them cannot say who may see it.
    pub fn level(&self, object: &Value) -> Result<Tlp, String> {
        let mut level = None;
        let mut raise = |id: &str| level = level.max(Some(self.of(id)));
        for reference in list(object, "object_marking_refs")? {
            let id = reference.as_str();
            raise(id.ok_or("object_marking_refs: an entry is no text")?);
        }
        for granular in list(object, "granular_markings")? {
            let granular =
                granular.as_object().ok_or("granular_markings: an entry is no object")?;
            match granular.get("marking_ref") {
                Some(Value::String(id)) => raise(id),
                None if granular.contains_key("lang") => {}
                _ => {
                    return Err(
                        "granular_markings: an entry has neither marking_ref nor lang".into()
                    );
                }
            }
        }
        Ok(level.unwrap_or(self.unmarked))
    }

    fn of(&self, id: &str) -> Tlp {
        let known = KNOWN.iter().find(|(known, _)| *known == id).map(|(_, level)| *level);
        known.or_else(|| self.known.get(id).copied()).unwrap_or(Tlp::Red)
    }
}

fn list<'o>(object: &'o Value, name: &str) -> Result<&'o [Value], String> {
    match object.get(name) {
        None => Ok(&[]),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(format!("{name} is no list")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_highest_marking_counts_and_what_is_unknown_is_highest() {
        let mine = "marking-definition--fa42a846-8d90-4e51-bc29-71d5b4802168";
        let mut markings = Markings { unmarked: Tlp::Green, known: BTreeMap::new() };
        let (clear, amber, red) = (KNOWN[4].0, KNOWN[6].0, KNOWN[3].0);
        let level = |markings: &Markings, object| markings.level(&object);
        assert_eq!(level(&markings, json!({})), Ok(Tlp::Green));
        assert_eq!(level(&markings, json!({"object_marking_refs": []})), Ok(Tlp::Green));
        assert_eq!(level(&markings, json!({"object_marking_refs": [clear]})), Ok(Tlp::Clear));
        assert_eq!(
            level(&markings, json!({"object_marking_refs": [amber, clear]})),
            Ok(Tlp::Amber)
        );
        let granular = json!({"object_marking_refs": [clear],
            "granular_markings": [{"selectors": ["name"], "marking_ref": red}, {"lang": "cs"}]});
        assert_eq!(level(&markings, granular), Ok(Tlp::Red));
        let statement = json!({"object_marking_refs": [clear, mine]});
        assert_eq!(level(&markings, statement.clone()), Ok(Tlp::Red));
        markings.known.insert(mine.into(), Tlp::Clear);
        assert_eq!(level(&markings, statement), Ok(Tlp::Clear));
    }

    #[test]
    fn markings_of_another_shape_are_refused() {
        let markings = Markings { unmarked: Tlp::Clear, known: BTreeMap::new() };
        for object in [
            json!({"object_marking_refs": "marking-definition--x"}),
            json!({"object_marking_refs": [7]}),
            json!({"object_marking_refs": null}),
            json!({"granular_markings": {}}),
            json!({"granular_markings": [[]]}),
            json!({"granular_markings": [{"selectors": ["a"]}]}),
            json!({"granular_markings": [{"marking_ref": ["x"], "lang": "cs"}]}),
        ] {
            assert!(markings.level(&object).is_err(), "{object}");
        }
    }
}
